"""Who may take part: stations accepted, refused and retired, and the passwords they come with."""

import asyncio
from datetime import timedelta

import msgspec
from sqlalchemy import Connection

from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit import crypto
from currant.kit.clock import Clock, micros
from currant.kit.errors import Invalid, NotFound
from currant.kit.ids import LocationId, StationId, TenantId
from currant.stations import store
from currant.stations.commanding.remote import Trigger
from currant.stations.directory import DirectoryEntry, StationDirectory
from currant.stations.events import StationAdmitted, StationChanged
from currant.stations.link import StationLink
from currant.stations.model import Admission, CommandStatus, Station
from currant.stations.security_model import PasswordStatus

PASSWORD_LENGTH = 20
"""Fits every version: 1.6 takes 16 to 20 bytes (as 32 to 40 hex digits in ChangeConfiguration),
2.0.1 16 to 40 characters (security whitepaper ed. 3, A00.FR.203; 2.0.1 Part 2, A00.FR.205)."""
PASSWORD_MIN, PASSWORD_MAX = 16, 64
PREVIOUS_TAKEN_FOR = timedelta(days=2)
BOOT_ASKED_WITHIN_S = 30.0
STATUSES_ASKED_MAX = 16
# After these a boot is coming, or nobody is there to say anything.
_NO_MORE_TO_ASK = (CommandStatus.ACCEPTED, CommandStatus.SCHEDULED, CommandStatus.OFFLINE)


class Admissions:
    """What operators decide on stations. A station is named by its id or its identity."""

    def __init__(
        self, database: Database, directory: StationDirectory, link: StationLink, clock: Clock
    ) -> None:
        self._database = database
        self._directory = directory
        self._link = link
        self._clock = clock
        self._asking: set[asyncio.Task[None]] = set()

    async def accept(
        self,
        tenant_id: TenantId,
        station: StationId | str,
        *,
        by: str,
        location_id: LocationId | None = None,
        name: str | None = None,
    ) -> Station:
        """Let a station take part; if it is connected it is asked to boot again, and then told so.

        One that will not boot again is asked for the status of its connectors.
        """
        accepted = await self._decide(
            tenant_id, station, Admission.ACCEPTED, by=by, location_id=location_id, name=name
        )
        self._link.refresh(accepted.id)
        if self._link.is_connected(accepted.id):
            self._introduce(accepted)
        return accepted

    async def refuse(self, tenant_id: TenantId, station: StationId | str, *, by: str) -> Station:
        """Turn a station away: its connection ends, and it is not let in again."""
        return await self._turn_away(tenant_id, station, Admission.REFUSED, by=by)

    async def retire(self, tenant_id: TenantId, station: StationId | str, *, by: str) -> Station:
        """Take a station out of the network for good; what it did stays on record."""
        return await self._turn_away(tenant_id, station, Admission.RETIRED, by=by)

    async def _turn_away(
        self, tenant_id: TenantId, station: StationId | str, admission: Admission, *, by: str
    ) -> Station:
        gone = await self._decide(tenant_id, station, admission, by=by)
        self._link.refresh(gone.id)
        self._link.drop(gone.id, reason=f"The station was {admission.value} by {by}.")
        return gone

    async def _decide(
        self,
        tenant_id: TenantId,
        ref: StationId | str,
        admission: Admission,
        *,
        by: str,
        location_id: LocationId | None = None,
        name: str | None = None,
    ) -> Station:
        entry = entry_of(self._directory, tenant_id, ref)
        now = self._clock.now()

        def decide(conn: Connection, changes: ChangeSet) -> Station:
            before = store.stations.by_id(conn, tenant_id, entry.station_id)
            if before is None:
                raise unknown_station(ref)
            if location_id is not None and store.locations.by_id(conn, tenant_id, location_id) is None:
                raise NotFound(f"There is no location {location_id}.", field="location_id")
            after = msgspec.structs.replace(
                before,
                admission=admission,
                location_id=before.location_id if location_id is None else location_id,
                name=before.name if name is None else name,
            )
            if after == before:
                return after
            changes.write(
                store.tables.ADMIT,
                (after.admission, after.location_id, after.name, micros(now), after.id, tenant_id),
            )
            changes.emit(
                StationAdmitted(
                    tenant_id=tenant_id,
                    happened_at=now,
                    station_id=after.id,
                    identity=after.identity,
                    admission=admission,
                    by=by,
                )
            )
            return after

        decided = await self._database.decide(decide, tenant_id)
        current = self._directory.by_id(entry.station_id) or entry
        self._directory.put(
            msgspec.structs.replace(current, admission=decided.admission, location_id=decided.location_id)
        )
        return decided

    def _introduce(self, station: Station) -> None:
        """Have a station that was pending until now say what a boot tells, or at least how its connectors are."""

        async def ask() -> None:
            booting = await self._link.send(
                station.id, Trigger(message="boot"), deadline_s=BOOT_ASKED_WITHIN_S
            )
            if booting.status in _NO_MORE_TO_ASK:
                return
            for trigger in _status_triggers(station):
                told = await self._link.send(station.id, trigger, deadline_s=BOOT_ASKED_WITHIN_S)
                if told.status is not CommandStatus.ACCEPTED:
                    return

        asking = asyncio.get_running_loop().create_task(ask(), name=f"introduce {station.id}")
        self._asking.add(asking)
        asking.add_done_callback(self._asking.discard)

    # Passwords

    async def new_password(
        self, tenant_id: TenantId, station: StationId | str, *, by: str, keep_previous: bool = False
    ) -> str:
        """Give a station a fresh random password, and say it this once: it is kept as a digest."""
        password = crypto.new_secret(PASSWORD_LENGTH)
        await self.set_password(tenant_id, station, password, by=by, keep_previous=keep_previous)
        return password

    async def set_password(
        self,
        tenant_id: TenantId,
        station: StationId | str,
        password: str | bytes,
        *,
        by: str,
        keep_previous: bool = False,
    ) -> None:
        """Set what a station authenticates with, as the bytes that come over the wire.

        `keep_previous` takes the password before it for two days more, while the station learns the
        new one; otherwise its present connection ends.
        """
        secret = password.encode() if isinstance(password, str) else password
        check_password(secret)
        entry = entry_of(self._directory, tenant_id, station)
        now = self._clock.now()
        kept = entry.digest if keep_previous else None
        until = micros(now + PREVIOUS_TAKEN_FOR) if kept is not None else None
        digest = self._directory.digest(secret)
        changes = ChangeSet(tenant_id)
        changes.write(
            store.tables.SAVE_CREDENTIAL, (entry.station_id, tenant_id, digest, kept, until, micros(now))
        )
        # What was offered to it over the link is no way in any more.
        store.security.end_all(
            changes,
            tenant_id,
            entry.station_id,
            PasswordStatus.LAPSED,
            reason="Another password was set by hand.",
            now=now,
        )
        self._emit_changed(changes, entry, "password", by)
        await self._database.commit(changes)
        current = self._directory.by_id(entry.station_id) or entry
        self._directory.put(
            msgspec.structs.replace(current, digest=digest, previous_digest=kept, previous_until=until or 0)
        )
        if not keep_previous:
            self._link.drop(entry.station_id, reason="Its password was changed.")

    async def forget_password(self, tenant_id: TenantId, station: StationId | str, *, by: str) -> None:
        """Let a station have no password any more: it cannot use security profiles 1 and 2 until it has one."""
        entry = entry_of(self._directory, tenant_id, station)
        changes = ChangeSet(tenant_id)
        changes.write(store.tables.DELETE_CREDENTIAL, (entry.station_id, tenant_id))
        store.security.end_all(
            changes,
            tenant_id,
            entry.station_id,
            PasswordStatus.LAPSED,
            reason="Its password was taken away.",
            now=self._clock.now(),
        )
        self._emit_changed(changes, entry, "password", by)
        await self._database.commit(changes)
        current = self._directory.by_id(entry.station_id) or entry
        self._directory.put(
            msgspec.structs.replace(current, digest=None, previous_digest=None, previous_until=0)
        )

    def _emit_changed(self, changes: ChangeSet, entry: DirectoryEntry, field: str, by: str) -> None:
        changes.emit(
            StationChanged(
                tenant_id=entry.tenant_id,
                happened_at=self._clock.now(),
                station_id=entry.station_id,
                identity=entry.identity,
                fields=(field,),
                by=by,
            )
        )


def _status_triggers(station: Station) -> list[Trigger]:
    """What asks for the status of all connectors: one for them all in 1.6, one for each in 2.x (F06.FR.12).

    Of a station that nobody described, EVSEs are asked one after another until there is no such one.
    """
    if station.ocpp_version == "1.6":
        return [Trigger(message="status")]
    known = [(evse.number, connector.number) for evse in station.evses for connector in evse.connectors]
    places = known or [(evse, 1) for evse in range(1, STATUSES_ASKED_MAX + 1)]
    return [
        Trigger(message="status", evse=evse, connector=connector)
        for evse, connector in places[:STATUSES_ASKED_MAX]
    ]


def check_password(secret: bytes) -> None:
    """Raise Invalid when no version could carry this password."""
    if not PASSWORD_MIN <= len(secret) <= PASSWORD_MAX:
        raise Invalid(
            f"A station's password has {PASSWORD_MIN} to {PASSWORD_MAX} bytes; this one has {len(secret)}.",
            field="password",
        )


def entry_of(directory: StationDirectory, tenant_id: TenantId, station: StationId | str) -> DirectoryEntry:
    """The tenant's station of this id or identity; `NotFound` for another tenant's too."""
    entry = directory.by_id(StationId(station)) or directory.find(station)
    if entry is None or entry.tenant_id != tenant_id:
        raise unknown_station(station)
    return entry


def unknown_station(station: str) -> NotFound:
    return NotFound(f"There is no station {station}.", field="station", station=station)
