"""Certificates for stations, from a station's request to its word that it took what was signed.

A request is judged at once, so that the station is told at once. Signing may take an outside
authority's time and happens beside the conversation; then the certificate is sent, and what the
station says of it is kept. A station that hears nothing asks again (2.x A02.FR.17), and gets the
same certificate if it asks for the same key.
"""

import asyncio
from collections.abc import Coroutine
from datetime import datetime, timedelta
from logging import getLogger
from typing import Any

import msgspec
from cryptography import x509

from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.clock import Clock
from currant.kit.errors import Conflict, CurrantError, NotFound
from currant.kit.ids import StationId, TenantId, new_id
from currant.pki import requests, store
from currant.pki.hashes import fingerprint, read_certificates
from currant.pki.model import (
    CertificateNotSigned,
    CertificateStatus,
    StationCertificate,
    StationCertificateChanged,
)
from currant.pki.requests import Asked, Sound, Unfit
from currant.pki.revocation import Revocations
from currant.pki.signers import CertificateSigner, NotSigned
from currant.pki.store import Kept
from currant.stations import paging
from currant.stations.admission import entry_of
from currant.stations.commanding.certificates import LeafUse, SendSignedCertificate
from currant.stations.commanding.remote import Trigger
from currant.stations.commands import CommandService
from currant.stations.directory import DirectoryEntry, StationDirectory
from currant.stations.link import StationLink
from currant.stations.model import CommandRecord, CommandStatus, Page, Severity
from currant.stations.service import StationService

log = getLogger(__name__)

BY = "system:certificates"
AT_ONCE = 20
"""Requests that are signed at the same time; more wait, up to `WAITING_MAX`."""
WAITING_MAX = 2_000
ASKED_AN_HOUR_MAX = 30
"""Requests of one station: each may be a certificate, and each is kept."""
PAUSES_S = (1.0, 5.0, 20.0)
"""Between attempts to have a request signed by an authority that is away."""
SAME_KEY_WITHIN = timedelta(days=7)
SEND_WITHIN_S = 60.0

TRIGGERS = {
    LeafUse.STATION: "sign_certificate",
    LeafUse.V2G: "sign_v2g_certificate",
    LeafUse.V2G20: "sign_v2g20_certificate",
    LeafUse.COMBINED: "sign_combined_certificate",
}

TOWARDS_US = (LeafUse.STATION, LeafUse.COMBINED)
"""What a station shows to this server."""


class Signing:
    """The verbs of stations' certificates. A station is named by its id or its identity."""

    def __init__(
        self,
        database: Database,
        directory: StationDirectory,
        link: StationLink,
        stations: StationService,
        commands: CommandService,
        revocations: Revocations,
        clock: Clock,
        *,
        signer: CertificateSigner,
        v2g_signer: CertificateSigner | None = None,
        organisation: str | None = None,
    ) -> None:
        """`v2g_signer` signs what stations show to vehicles, the other one without it."""
        self._database = database
        self._directory = directory
        self._link = link
        self._stations = stations
        self._commands = commands
        self._revocations = revocations
        self._clock = clock
        self._signer = signer
        self._v2g_signer = v2g_signer or signer
        self._organisation = organisation
        self._under_way: dict[tuple[StationId, str], asyncio.Task[None]] = {}
        self._room = asyncio.Semaphore(AT_ONCE)
        self._noting: set[asyncio.Task[None]] = set()
        self._asked: dict[StationId, list[float]] = {}
        self._shown: dict[StationId, str] = {}

    async def stop(self) -> None:
        """End what is under way; stations ask again."""
        tasks = [*self._under_way.values(), *self._noting]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def is_serving(self, station_id: StationId, key_digest: str) -> bool:
        """Whether this very key is being signed or its certificate sent."""
        return (station_id, key_digest) in self._under_way

    @property
    def is_busy(self) -> bool:
        """Whether anything is being signed, sent or written down."""
        return bool(self._under_way or self._noting)

    # A station asks

    def ask(self, tenant_id: TenantId, station_id: StationId, asked: Asked) -> Unfit | None:
        """Take a request on, or say why not; the certificate follows as a command of its own."""
        entry = self._directory.by_id(station_id)
        if entry is None or entry.tenant_id != tenant_id:
            return Unfit(code="UnknownStation", reason="The station is not known any more.")
        if self._asks_too_often(station_id):
            return Unfit(code="TooManyRequests", reason="The station asks for certificates too often.")
        judged = requests.judge(
            asked,
            identity=entry.identity,
            serial_number=entry.serial_number,
            organisation=self._organisation,
        )
        if isinstance(judged, Sound) and len(self._under_way) >= WAITING_MAX:
            judged = Unfit(code="Busy", reason="Too many requests are waiting to be signed.")
        if isinstance(judged, Unfit):
            self._spawn(self._turned_down(entry, asked.use, judged.reason))
            return judged
        key = (station_id, judged.key_digest)
        if key not in self._under_way:
            task = asyncio.get_running_loop().create_task(
                self._serve(entry, asked, judged), name=f"certificate for {entry.identity}"
            )
            self._under_way[key] = task
            task.add_done_callback(lambda _: self._under_way.pop(key, None))
        return None

    def _asks_too_often(self, station_id: StationId) -> bool:
        now = self._clock.monotonic()
        asked = [at for at in self._asked.get(station_id, ()) if at > now - 3600.0]
        self._asked[station_id] = [*asked, now][-ASKED_AN_HOUR_MAX:]
        return len(asked) >= ASKED_AN_HOUR_MAX

    async def _serve(self, entry: DirectoryEntry, asked: Asked, request: Sound) -> None:
        try:
            async with self._room:
                kept = await self._issued_before(entry, asked, request)
                if kept is None:
                    chain = await self._signed(entry, asked, request)
                    if chain is None:
                        return
                    kept = await self._record(entry, asked, request, chain)
                elif kept.request_id != asked.request_id:
                    kept = msgspec.structs.replace(kept, request_id=asked.request_id)
            await self.deliver(entry, kept)
        except CurrantError as error:
            log.warning("The certificate of station %s has to wait: %s", entry.identity, error)
        except Exception:
            log.exception("Signing a certificate for station %s failed", entry.identity)

    async def _issued_before(self, entry: DirectoryEntry, asked: Asked, request: Sound) -> Kept | None:
        """What was signed for this very key and use, and has not reached the station."""
        since = self._clock.now() - SAME_KEY_WITHIN
        rows = await self._database.read(
            lambda conn: store.search(
                conn,
                entry.tenant_id,
                station_id=entry.station_id,
                use=asked.use,
                status=CertificateStatus.ISSUED,
                limit=20,
            )
        )
        for row in rows:
            if row.key_digest == request.key_digest and row.certificate.created_at >= since:
                return row
        return None

    async def _signed(self, entry: DirectoryEntry, asked: Asked, request: Sound) -> str | None:
        signer = self._signer_for(asked.use)
        for pause in (*PAUSES_S, None):
            try:
                return await signer.sign(request, use=asked.use, identity=entry.identity)
            except NotSigned as error:
                if error.final or pause is None:
                    await self._turned_down(entry, asked.use, error.reason)
                    return None
                log.info("Signing for station %s: %s Trying again.", entry.identity, error.reason)
                await asyncio.sleep(pause)
        return None

    def _signer_for(self, use: LeafUse) -> CertificateSigner:
        return self._v2g_signer if use in (LeafUse.V2G, LeafUse.V2G20) else self._signer

    async def _record(self, entry: DirectoryEntry, asked: Asked, request: Sound, chain: str) -> Kept:
        certificate = self._value(
            entry,
            read_certificates(chain)[0],
            use=asked.use,
            status=CertificateStatus.ISSUED,
            signed_by=self._signer_for(asked.use).name,
        )
        changes = ChangeSet(entry.tenant_id)
        store.insert(
            changes, certificate, chain=chain, key_digest=request.key_digest, request_id=asked.request_id
        )
        changes.emit(self._changed(entry, certificate, by=BY))
        await self._database.commit(changes)
        return Kept(
            certificate=certificate,
            chain=chain,
            key_digest=request.key_digest,
            request_id=asked.request_id,
        )

    def _value(
        self,
        entry: DirectoryEntry,
        leaf: x509.Certificate,
        *,
        use: LeafUse,
        status: CertificateStatus,
        signed_by: str,
    ) -> StationCertificate:
        now = self._clock.now()
        return StationCertificate(
            id=new_id(),
            tenant_id=entry.tenant_id,
            station_id=entry.station_id,
            use=use,
            status=status,
            serial_number=f"{leaf.serial_number:x}",
            fingerprint=fingerprint(leaf),
            subject=leaf.subject.rfc4514_string(),
            issuer=leaf.issuer.rfc4514_string(),
            valid_from=leaf.not_valid_before_utc,
            valid_until=leaf.not_valid_after_utc,
            signed_by=signed_by,
            created_at=now,
            changed_at=now,
        )

    async def deliver(self, entry: DirectoryEntry, kept: Kept) -> None:
        """Send a certificate to its station, and keep what the station says of it."""
        certificate = kept.certificate
        command = SendSignedCertificate(chain=kept.chain, use=certificate.use, request_id=kept.request_id)
        record = await self._commands.give(
            entry.tenant_id, entry.station_id, command, by=BY, deadline_s=SEND_WITHIN_S
        )
        if record.status is CommandStatus.ACCEPTED:
            await self._taken(entry, certificate)
        elif record.status in (CommandStatus.REFUSED, CommandStatus.UNSUPPORTED, CommandStatus.FAILED):
            await self._set(entry, certificate, CertificateStatus.REFUSED, record.reason)
            await self.note(entry, "InvalidChargingStationCertificate", record.reason, Severity.MEDIUM)

    async def _taken(self, entry: DirectoryEntry, certificate: StationCertificate) -> None:
        """The station has it: the ones before it are superseded."""
        now = self._clock.now()
        before = await self._database.read(
            lambda conn: store.search(
                conn,
                entry.tenant_id,
                station_id=entry.station_id,
                status=CertificateStatus.INSTALLED,
                limit=100,
            )
        )
        alike = TOWARDS_US if certificate.use in TOWARDS_US else (certificate.use,)
        changes = ChangeSet(entry.tenant_id)
        for each in before:
            if each.certificate.id != certificate.id and each.certificate.use in alike:
                store.set_status(
                    changes,
                    entry.tenant_id,
                    each.certificate.id,
                    CertificateStatus.SUPERSEDED,
                    reason="A newer one is installed.",
                    now=now,
                )
        store.set_status(
            changes, entry.tenant_id, certificate.id, CertificateStatus.INSTALLED, reason="", now=now
        )
        installed = msgspec.structs.replace(certificate, status=CertificateStatus.INSTALLED)
        changes.emit(self._changed(entry, installed, by=BY))
        await self._database.commit(changes)

    async def _set(
        self,
        entry: DirectoryEntry,
        certificate: StationCertificate,
        status: CertificateStatus,
        reason: str,
    ) -> None:
        changes = ChangeSet(entry.tenant_id)
        store.set_status(
            changes, entry.tenant_id, certificate.id, status, reason=reason, now=self._clock.now()
        )
        changed = msgspec.structs.replace(certificate, status=status, reason=reason)
        changes.emit(self._changed(entry, changed, by=BY))
        await self._database.commit(changes)

    async def _turned_down(self, entry: DirectoryEntry, use: LeafUse, reason: str) -> None:
        changes = ChangeSet(entry.tenant_id)
        changes.emit(
            CertificateNotSigned(
                tenant_id=entry.tenant_id,
                happened_at=self._clock.now(),
                station_id=entry.station_id,
                identity=entry.identity,
                use=use,
                reason=reason,
            )
        )
        await self._database.commit(changes)
        await self.note(entry, "CertificateNotSigned", reason, Severity.MEDIUM)

    # A station shows one

    def shown(self, entry: DirectoryEntry, der: bytes) -> None:
        """A station came with this certificate: it is kept, and so is that it works. Does not wait."""
        leaf = x509.load_der_x509_certificate(der)
        mark = fingerprint(leaf)
        if self._shown.get(entry.station_id) != mark and len(self._noting) < WAITING_MAX:
            self._shown[entry.station_id] = mark
            self._spawn(self._note_shown(entry, leaf, mark))

    async def _note_shown(self, entry: DirectoryEntry, leaf: x509.Certificate, mark: str) -> None:
        rows = await self._database.read(
            lambda conn: store.search(
                conn, entry.tenant_id, station_id=entry.station_id, fingerprint=mark, limit=1
            )
        )
        if rows:
            # Its answer to CertificateSigned was lost, and yet it uses it.
            if rows[0].certificate.status is CertificateStatus.ISSUED:
                await self._taken(entry, rows[0].certificate)
            return
        certificate = self._value(
            entry, leaf, use=LeafUse.STATION, status=CertificateStatus.INSTALLED, signed_by="brought"
        )
        changes = ChangeSet(entry.tenant_id)
        store.insert(changes, certificate, chain="", key_digest="", request_id=None)
        changes.emit(self._changed(entry, certificate, by="station"))
        await self._database.commit(changes)

    # Operators

    async def get(self, tenant_id: TenantId, certificate_id: str) -> StationCertificate:
        return (await self._kept(tenant_id, certificate_id)).certificate

    async def _kept(self, tenant_id: TenantId, certificate_id: str) -> Kept:
        kept = await self._database.read(lambda conn: store.by_id(conn, tenant_id, certificate_id))
        if kept is None:
            raise NotFound(f"There is no certificate {certificate_id}.", field="certificate")
        return kept

    async def list(
        self,
        tenant_id: TenantId,
        *,
        station_id: StationId | None = None,
        use: LeafUse | None = None,
        status: CertificateStatus | None = None,
        ends_before: datetime | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[StationCertificate]:
        """Latest first."""
        limit = paging.bounded(limit)
        before = None if cursor is None else str(paging.decode(cursor, str)[0])
        rows = await self._database.read(
            lambda conn: store.search(
                conn,
                tenant_id,
                station_id=station_id,
                use=use,
                status=status,
                ends_before=ends_before,
                before=before,
                limit=limit + 1,
            )
        )
        certificates = [row.certificate for row in rows]
        return paging.page(certificates, limit, lambda each: paging.encode(each.id))

    async def has_valid(self, tenant_id: TenantId, station_id: StationId) -> bool:
        """Whether the station holds a client certificate that is good now."""
        now = self._clock.now()
        rows = await self._database.read(
            lambda conn: store.search(
                conn, tenant_id, station_id=station_id, status=CertificateStatus.INSTALLED, limit=100
            )
        )
        return any(row.certificate.use in TOWARDS_US and row.certificate.valid_until > now for row in rows)

    async def renew(
        self,
        tenant_id: TenantId,
        station: StationId | str,
        *,
        use: LeafUse = LeafUse.STATION,
        by: str,
    ) -> CommandRecord:
        """Have a station make a new key and ask for a certificate for it."""
        record = await self._commands.give(tenant_id, station, Trigger(message=TRIGGERS[use]), by=by)
        if use is LeafUse.COMBINED and record.status in (CommandStatus.REFUSED, CommandStatus.UNSUPPORTED):
            # A station without ISO 15118 leaves the use out as well, and has no combined one.
            only = Trigger(message=TRIGGERS[LeafUse.STATION])
            return await self._commands.give(tenant_id, station, only, by=by)
        return record

    async def revoke(
        self, tenant_id: TenantId, certificate_id: str, *, by: str, reason: str = ""
    ) -> StationCertificate:
        """Believe a certificate no more: its station is disconnected, and not let in with it again."""
        certificate = await self.get(tenant_id, certificate_id)
        if certificate.status is CertificateStatus.REVOKED:
            raise Conflict("The certificate is revoked already.", field="certificate")
        now = self._clock.now()
        revoked = msgspec.structs.replace(
            certificate,
            status=CertificateStatus.REVOKED,
            reason=reason,
            changed_at=now,
            revoked_at=now,
            revoked_by=by,
        )
        entry = entry_of(self._directory, tenant_id, certificate.station_id)
        changes = ChangeSet(tenant_id)
        store.revoke(changes, tenant_id, certificate_id, reason=reason, by=by, now=now)
        changes.emit(self._changed(entry, revoked, by=by))
        await self._database.commit(changes)
        self._revocations.add(revoked)
        self._shown.pop(entry.station_id, None)
        if self._link.profile_of(entry.station_id) == 3:
            self._link.drop(entry.station_id, reason="Its certificate was revoked.")
        await self.note(
            entry, "CertificateRevoked", f"{certificate.serial_number}: {reason or 'by the operator'}",
            Severity.MEDIUM,
        )  # fmt: skip
        await self._revocations.publish()
        return revoked

    # What is told

    def _changed(
        self, entry: DirectoryEntry, certificate: StationCertificate, *, by: str
    ) -> StationCertificateChanged:
        return StationCertificateChanged(
            tenant_id=entry.tenant_id,
            happened_at=self._clock.now(),
            station_id=entry.station_id,
            identity=entry.identity,
            certificate_id=certificate.id,
            use=certificate.use,
            status=certificate.status,
            serial_number=certificate.serial_number,
            valid_until=certificate.valid_until,
            reason=certificate.reason,
            by=by,
        )

    async def note(self, entry: DirectoryEntry, kind: str, detail: str, severity: Severity) -> None:
        """Keep a security event about a station's certificate."""
        await self._stations.security_event(
            entry.tenant_id,
            identity=entry.identity,
            station_id=entry.station_id,
            kind=kind,
            at=self._clock.now(),
            detail=detail,
            severity=severity,
        )

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        if len(self._noting) >= WAITING_MAX:
            work.close()
            return
        task = asyncio.get_running_loop().create_task(self._logged(work))
        self._noting.add(task)
        task.add_done_callback(self._noting.discard)

    async def _logged(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except CurrantError as error:
            log.warning("A fact about a certificate was lost: %s", error)
        except Exception:
            log.exception("Taking note of a certificate failed")
