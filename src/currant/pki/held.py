"""Which certificates stations hold: asked, remembered, named where we know them, and changed.

A station names what it holds by digests. Those of the roots that Currant knows are computed here,
so that a person reads names.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization

from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.clock import Clock
from currant.kit.errors import Conflict, Invalid
from currant.kit.event import Event
from currant.kit.ids import StationId, TenantId
from currant.pki import store
from currant.pki.hashes import (
    ALGORITHMS,
    find_named,
    fingerprint,
    folded_serial,
    hash_of_root,
    read_certificates,
    same,
)
from currant.pki.model import (
    InstalledCertificate,
    InstalledCertificates,
    InstalledCertificatesChanged,
    KnownRoot,
)
from currant.stations.admission import entry_of
from currant.stations.commanding.certificates import (
    CertificateHash,
    DeleteCertificate,
    GetInstalledCertificates,
    InstallCertificate,
    RootUse,
)
from currant.stations.commands import CommandService
from currant.stations.directory import DirectoryEntry, StationDirectory
from currant.stations.events import CommandEnded
from currant.stations.model import CommandRecord, CommandStatus

HELD_MAX = 200
"""Certificates of one station that are remembered."""
KNOWN_MAX = 1_000
CHAIN = "v2g_chain"
COMMANDS = (GetInstalledCertificates, InstallCertificate, DeleteCertificate)


class HeldCertificates:
    """The verbs of the certificates in stations. A station is named by its id or its identity."""

    def __init__(
        self,
        database: Database,
        directory: StationDirectory,
        commands: CommandService,
        clock: Clock,
        *,
        own: Iterable[x509.Certificate] = (),
        others: Iterable[x509.Certificate] = (),
    ) -> None:
        """`own` are the roots that this server's certificates come from; `others` are known by name."""
        self._database = database
        self._directory = directory
        self._commands = commands
        self._clock = clock
        self._own = list(own)
        self._known: dict[str, x509.Certificate] = {}
        for root in (*self._own, *others):
            self._known[fingerprint(root)] = root
        self._told = frozenset(self._known)

    async def load(self) -> None:
        """Take in the roots that stations were given before; at start."""
        for pem in await self._database.read(lambda conn: store.all_known(conn, limit=KNOWN_MAX)):
            root = read_certificates(pem)[0]
            self._known.setdefault(fingerprint(root), root)

    def learn(self, root: x509.Certificate) -> None:
        """Know a root by name from now on."""
        mark = fingerprint(root)
        if mark not in self._known and len(self._known) < KNOWN_MAX:
            self._known[mark] = root
            pem = root.public_bytes(serialization.Encoding.PEM).decode()
            self._database.note(store.LEARN, (mark, pem))

    def known(self, mark: str) -> x509.Certificate | None:
        """The root with this fingerprint, if we know it."""
        return self._known.get(mark)

    def known_roots(self) -> tuple[KnownRoot, ...]:
        """The roots that this installation builds on, its own first, with what stations call them."""
        own = {fingerprint(root) for root in self._own}
        return tuple(
            KnownRoot(
                name=root.subject.rfc4514_string(),
                certificate=root.public_bytes(serialization.Encoding.PEM).decode(),
                fingerprint=mark,
                valid_until=root.not_valid_after_utc,
                hashes=tuple(hash_of_root(root, algorithm=algorithm) for algorithm in ALGORITHMS),
                own=mark in own,
            )
            for mark, root in self._known.items()
            if mark in self._told
        )

    @property
    def own_roots(self) -> tuple[x509.Certificate, ...]:
        return tuple(self._own)

    # Asking

    async def ask(
        self,
        tenant_id: TenantId,
        station: StationId | str,
        *,
        by: str,
        uses: tuple[RootUse, ...] = (),
        chains: bool = True,
    ) -> CommandRecord:
        """Have a station say what it holds, and remember it."""
        command = GetInstalledCertificates(uses=uses, chains=chains)
        record = await self._commands.give(tenant_id, station, command, by=by)
        await self.remember(record)
        return record

    async def of(self, tenant_id: TenantId, station: StationId | str) -> InstalledCertificates:
        """What a station holds as far as we know."""
        entry = entry_of(self._directory, tenant_id, station)
        held, asked_at = await self._database.read(
            lambda conn: store.held_by(conn, tenant_id, entry.station_id)
        )
        return InstalledCertificates(items=tuple(map(self._named, held)), asked_at=asked_at)

    def _named(self, held: InstalledCertificate) -> InstalledCertificate:
        root = find_named(held.hash, self._known.values())
        if root is None:
            return held
        return msgspec.structs.replace(
            held, name=root.subject.rfc4514_string(), valid_until=root.not_valid_after_utc
        )

    async def holds_own_root(self, tenant_id: TenantId, station: StationId | str) -> bool | None:
        """Whether the station trusts this server; None when nobody asked it yet."""
        found = await self.of(tenant_id, station)
        if found.asked_at is None:
            return None
        held = [each.hash for each in found.items if each.use == RootUse.CSMS]
        return any(find_named(each, self._own) is not None for each in held)

    # Changing

    async def install(
        self, tenant_id: TenantId, station: StationId | str, *, use: RootUse, pem: str, by: str
    ) -> CommandRecord:
        """Have a station hold a root certificate (M05)."""
        check_root(pem, now=self._clock.now())
        command = InstallCertificate(use=use, certificate=pem)
        record = await self._commands.give(tenant_id, station, command, by=by)
        await self.remember(record)
        return record

    async def delete(
        self,
        tenant_id: TenantId,
        station: StationId | str,
        named: CertificateHash,
        *,
        by: str,
        even_last: bool = False,
    ) -> CommandRecord:
        """Have a station forget a certificate (M04); Conflict for the last root by which it trusts a server.

        Without one a station in security profile 2 or 3 never comes back.
        """
        if not even_last and await self.is_last_csms_root(tenant_id, station, named):
            raise Conflict(
                "This is the last root by which the station trusts a server: install another one first."
            )
        record = await self._commands.give(tenant_id, station, DeleteCertificate(hash=named), by=by)
        await self.remember(record)
        return record

    async def is_last_csms_root(
        self, tenant_id: TenantId, station: StationId | str, named: CertificateHash
    ) -> bool:
        found = await self.of(tenant_id, station)
        roots = [each for each in found.items if each.use == RootUse.CSMS]
        return any(same(each.hash, named) for each in roots) and len(roots) == 1

    # Remembering

    async def follow(self, event: Event) -> None:
        """Remember what came of commands that were given in another way than here."""
        if isinstance(event, CommandEnded) and event.command in {each.__name__ for each in COMMANDS}:
            await self.remember(await self._commands.get(event.tenant_id, event.command_id))

    async def remember(self, record: CommandRecord) -> None:
        """Take note of what a command about certificates came to; twice is once."""
        entry = self._directory.by_id(record.station_id)
        if entry is None:
            return
        command = record.command
        now = record.ended_at or self._clock.now()
        if isinstance(command, GetInstalledCertificates) and record.status is CommandStatus.ACCEPTED:
            told = read_report((record.answer or {}).get("certificates", ()), entry.station_id, now)
            await self._replace(entry, command, told, now)
        elif isinstance(command, InstallCertificate) and record.status is CommandStatus.ACCEPTED:
            root = _root_in(command.certificate)
            if root is not None:
                self.learn(root)
                await self._add(entry, command.use, root, now)
        elif isinstance(command, DeleteCertificate):
            gone = (
                record.status is CommandStatus.ACCEPTED or (record.answer or {}).get("status") == "NotFound"
            )
            if gone:
                await self._remove(entry, command.hash, now)

    async def _replace(
        self,
        entry: DirectoryEntry,
        command: GetInstalledCertificates,
        told: list[InstalledCertificate],
        now: datetime,
    ) -> None:
        before, asked_at = await self._database.read(
            lambda conn: store.held_by(conn, entry.tenant_id, entry.station_id)
        )
        if asked_at is not None and asked_at >= now:
            return
        # What was not asked for stays as it was known; a 1.6 station knows two uses alone.
        every = command.roots and command.chains and not command.uses
        roots = (command.uses or tuple(RootUse)) if command.roots else ()
        asked = {use.value for use in roots} | ({CHAIN} if command.chains else set())
        kept = {_key(each): each for each in told}
        changes = ChangeSet(entry.tenant_id)
        changed = False
        for each in before:
            if _key(each) not in kept and (every or each.use in asked):
                store.delete_installed(changes, entry.tenant_id, each)
                changed = True
        known = {_key(each) for each in before}
        for key, each in kept.items():
            store.save_installed(changes, entry.tenant_id, each)
            changed = changed or key not in known
        if (command.roots and not command.uses) or (asked_at is None and RootUse.CSMS in command.uses):
            store.note_asked(changes, entry.tenant_id, entry.station_id, now=now)
        if changed:
            changes.emit(self._changed(entry, len(kept)))
        await self._database.commit(changes)

    async def _add(self, entry: DirectoryEntry, use: RootUse, root: x509.Certificate, now: datetime) -> None:
        held, _ = await self._database.read(
            lambda conn: store.held_by(conn, entry.tenant_id, entry.station_id)
        )
        # In the algorithm in which the station speaks of the others (M04.FR.07).
        algorithm = next(
            (each.hash.algorithm for each in held if each.hash.algorithm in ALGORITHMS), "SHA256"
        )
        named = hash_of_root(root, algorithm=algorithm)
        if any(each.use == use and same(each.hash, named) for each in held):
            return
        changes = ChangeSet(entry.tenant_id)
        fresh = InstalledCertificate(station_id=entry.station_id, use=use.value, hash=named, at=now)
        store.save_installed(changes, entry.tenant_id, fresh)
        changes.emit(self._changed(entry, len(held) + 1))
        await self._database.commit(changes)

    async def _remove(self, entry: DirectoryEntry, named: CertificateHash, now: datetime) -> None:
        held, _ = await self._database.read(
            lambda conn: store.held_by(conn, entry.tenant_id, entry.station_id)
        )
        gone = [each for each in held if same(each.hash, named) and each.at <= now]
        if not gone:
            return
        changes = ChangeSet(entry.tenant_id)
        for each in gone:
            store.delete_installed(changes, entry.tenant_id, each)
        changes.emit(self._changed(entry, len(held) - len(gone)))
        await self._database.commit(changes)

    def _changed(self, entry: DirectoryEntry, count: int) -> InstalledCertificatesChanged:
        return InstalledCertificatesChanged(
            tenant_id=entry.tenant_id,
            happened_at=self._clock.now(),
            station_id=entry.station_id,
            identity=entry.identity,
            count=count,
        )


def _key(held: InstalledCertificate) -> tuple[str, str, str]:
    return held.use, held.hash.issuer_key_hash.lower(), folded_serial(held.hash.serial_number)


def read_report(
    told: Iterable[Mapping[str, Any]], station_id: StationId, now: datetime
) -> list[InstalledCertificate]:
    """What a station reported (the gateway's words), as values; bounded."""
    found = []
    for each in list(told)[:HELD_MAX]:
        children = tuple(msgspec.convert(child, CertificateHash) for child in each.get("children", ()))
        found.append(
            InstalledCertificate(
                station_id=station_id,
                use=each["use"],
                hash=msgspec.convert(each["hash"], CertificateHash),
                children=children,
                at=now,
            )
        )
    return found


def _root_in(pem: str) -> x509.Certificate | None:
    """The certificate, when it is a root: what another one is called cannot be known without its issuer."""
    try:
        certificate = read_certificates(pem)[0]
    except ValueError:
        return None
    return certificate if certificate.issuer == certificate.subject else None


def check_root(pem: str, *, now: datetime) -> x509.Certificate:
    """The certificate in a PEM text; raises Invalid when no station could build on it."""
    try:
        certificates = read_certificates(pem)
    except ValueError as error:
        raise Invalid(f"This is no certificate in PEM: {error}", field="certificate") from error
    if len(certificates) != 1:
        raise Invalid("Give one certificate, not a chain.", field="certificate")
    certificate = certificates[0]
    if certificate.not_valid_after_utc <= now:
        raise Invalid(
            f"The certificate ended on {certificate.not_valid_after_utc:%Y-%m-%d}.", field="certificate"
        )
    try:
        basic = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    except x509.ExtensionNotFound:
        basic = None
    if basic is not None and not basic.ca:
        raise Invalid("The certificate is of no authority: it cannot vouch for others.", field="certificate")
    if certificate.issuer == certificate.subject:
        try:
            certificate.verify_directly_issued_by(certificate)
        except (InvalidSignature, ValueError, TypeError) as error:
            raise Invalid("The certificate's own signature does not hold.", field="certificate") from error
    return certificate
