"""What is done about stations' certificates again and again: renewed before they end, sent until they arrive."""

from datetime import timedelta
from logging import getLogger

from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.clock import Clock
from currant.kit.errors import CurrantError
from currant.pki import store
from currant.pki.signing import BY, SAME_KEY_WITHIN, Signing
from currant.stations.directory import StationDirectory
from currant.stations.link import StationLink
from currant.stations.model import Severity

log = getLogger(__name__)

RENEWALS_A_ROUND = 100
RENEWAL_AGAIN_AFTER = timedelta(days=1)
DELIVERIES_A_ROUND = 50


class Renewing:
    """Sees to the certificates of the stations that are connected to this node."""

    def __init__(
        self,
        database: Database,
        directory: StationDirectory,
        link: StationLink,
        signing: Signing,
        clock: Clock,
        *,
        renew_before: timedelta = timedelta(days=30),
    ) -> None:
        self._database = database
        self._directory = directory
        self._link = link
        self._signing = signing
        self._clock = clock
        self._renew_before = renew_before

    async def renew_ending(self) -> int:
        """Ask connected stations whose certificates end soon to renew them; how many were asked."""
        now = self._clock.now()
        ending = await self._database.read(
            lambda conn: store.ending(
                conn,
                before=now + self._renew_before,
                asked_before=now - RENEWAL_AGAIN_AFTER,
                limit=RENEWALS_A_ROUND * 5,
            )
        )
        asked = 0
        for kept in ending:
            certificate = kept.certificate
            entry = self._directory.by_id(certificate.station_id)
            if entry is None or asked >= RENEWALS_A_ROUND:
                continue
            connected = self._link.is_connected(entry.station_id)
            if not connected and certificate.renewal_asked_at is not None:
                continue
            changes = ChangeSet(entry.tenant_id)
            store.note_renewal(changes, entry.tenant_id, certificate.id, now=now)
            await self._database.commit(changes)
            until = f"{certificate.valid_until:%Y-%m-%d}"
            severity = Severity.CRITICAL if certificate.valid_until <= now else Severity.MEDIUM
            if certificate.renewal_asked_at is None:
                detail = f"The {certificate.use.value} certificate ends on {until}."
                await self._signing.note(entry, "CertificateExpiring", detail, severity)
            if connected:
                asked += 1
                try:
                    await self._signing.renew(entry.tenant_id, entry.station_id, use=certificate.use, by=BY)
                except CurrantError as error:
                    log.warning("Station %s is not asked to renew: %s", entry.identity, error)
        return asked

    async def deliver_waiting(self) -> int:
        """Send again what connected stations have neither taken nor refused; how many were sent."""
        since = self._clock.now() - SAME_KEY_WITHIN
        waiting = await self._database.read(
            lambda conn: store.undelivered(conn, since=since, limit=DELIVERIES_A_ROUND * 10)
        )
        sent = 0
        for kept in waiting:
            entry = self._directory.by_id(kept.certificate.station_id)
            if (
                entry is None
                or sent >= DELIVERIES_A_ROUND
                or self._signing.is_serving(entry.station_id, kept.key_digest)
                or not self._link.is_connected(entry.station_id)
            ):
                continue
            sent += 1
            try:
                await self._signing.deliver(entry, kept)
            except CurrantError as error:
                log.warning("The certificate of station %s has to wait: %s", entry.identity, error)
        return sent
