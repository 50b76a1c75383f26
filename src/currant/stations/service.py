"""What stations tell of themselves: coming and going, booting, statuses, findings, security events.

The gateway calls these verbs. Those on the hot path make no task and no query: what they need
stands in the `AttendedStation` that the connection holds.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.clock import Clock, micros
from currant.kit.errors import Conflict
from currant.kit.ids import StationId, TenantId, new_id
from currant.stations import store
from currant.stations.attending import Attendance
from currant.stations.directory import DirectoryEntry, StationDirectory
from currant.stations.errors import error_of
from currant.stations.events import (
    ConnectorStatusChanged,
    SecurityEventSeen,
    StationAppeared,
    StationBooted,
    StationConnected,
    StationDisconnected,
    StationReported,
)
from currant.stations.findings import FindingsCounter
from currant.stations.model import (
    Admission,
    AttendedStation,
    BootAnswer,
    BootReport,
    ConnectorState,
    ConnectorStatus,
    SecurityEvent,
    Severity,
    Station,
    StatusReport,
)
from currant.stations.reports import (
    TEXT_MAX,
    acceptable_identity,
    error_in,
    plausible,
    raw_error_in,
)

SEEN_EVERY_S = 60.0
"""How often at most a station's `last_seen_at` is written."""
BOOT_REPEATED_WITHIN = timedelta(seconds=60)
PENDING_MAX = 1_000
"""Stations that nobody decided on yet; beyond it unknown ones are refused, or anybody could fill the store."""
PLACES_MAX = 256
"""Connectors a station may have; what it reports beyond is a finding and no row."""
NUMBER_MAX = 9_999
SECURITY_REPEATED_WITHIN_S = 10.0
SECURITY_REMEMBERED_MAX = 10_000


class UnknownStations(StrEnum):
    """What becomes of a station that connects and is not registered."""

    PENDING = "pending"
    """It is kept, answered Pending, and listed for somebody to accept."""
    REFUSED = "refused"
    OPEN = "open"
    """It is accepted at once; for test benches."""


class StationPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """The network's defaults for its stations."""

    unknown_stations: UnknownStations = UnknownStations.PENDING
    tenant_id: TenantId
    """Whose an unknown station becomes."""
    heartbeat_interval_s: int = 300
    retry_interval_s: int = 60
    """When a station that is not accepted shall boot again."""
    node: str = ""
    """This node's name; it must stay the same when the node starts again."""


class StationService:
    """The verbs of a connected station."""

    def __init__(
        self,
        database: Database,
        directory: StationDirectory,
        clock: Clock,
        policy: StationPolicy,
    ) -> None:
        self._database = database
        self._directory = directory
        self._clock = clock
        self._policy = policy
        self._attendance = Attendance(database)
        self._findings = FindingsCounter(database, clock)
        self._pending = 0
        self._security_seen: dict[tuple[str, str, str], float] = {}
        self.declared_heartbeat: Callable[[AttendedStation], int | None] = lambda _: None
        """The heartbeat interval that desired state has for a station; it is asked at every boot, and must not wait."""

    async def start(self) -> None:
        """Load the directory, and forget the connections this node held when it last stopped."""
        now, node = self._clock.now(), self._policy.node
        await self._database.decide(
            lambda conn, _: store.stations.forget_connections(conn, node, now=now), self._policy.tenant_id
        )
        await self._directory.load()
        self._pending = sum(entry.admission is Admission.PENDING for entry in self._directory)

    # Coming and going

    async def unknown_station(
        self,
        identity: str,
        *,
        remote_address: str = "",
        version: str | None = None,
        secret: bytes | None = None,
    ) -> DirectoryEntry | None:
        """Keep a station nobody registered as the policy says; None when it shall be turned away.

        A `secret` it came with becomes its password, so that nobody else can come as that station
        while it waits to be accepted.
        """
        known = self._directory.find(identity)
        if known is not None:
            return known
        if not acceptable_identity(identity):
            return None
        admission = _ADMISSIONS[self._policy.unknown_stations]
        if admission is Admission.REFUSED:
            return None
        if admission is Admission.PENDING and self._pending_count() >= PENDING_MAX:
            return None
        changes = ChangeSet(self._policy.tenant_id)
        now = self._clock.now()
        station = Station(
            id=StationId(new_id()),
            tenant_id=self._policy.tenant_id,
            identity=identity,
            admission=admission,
            ocpp_version=version,
        )
        store.stations.insert(changes, station, now=now, remote_address=remote_address)
        digest = self._directory.digest(secret) if secret else None
        if digest is not None:
            changes.write(
                store.tables.SAVE_CREDENTIAL,
                (station.id, station.tenant_id, digest, None, None, micros(now)),
            )
        changes.emit(
            StationAppeared(
                tenant_id=station.tenant_id,
                happened_at=now,
                station_id=station.id,
                identity=identity,
                admission=admission,
                remote_address=remote_address,
            )
        )
        try:
            await self._database.commit(changes)
        except Conflict:
            # It came twice at once, or on another node: the first one's row stands.
            return await self._directory.reload(identity=identity)
        entry = DirectoryEntry(
            station_id=station.id,
            tenant_id=station.tenant_id,
            identity=identity,
            admission=admission,
            digest=digest,
        )
        self._directory.put(entry)
        return entry

    def _pending_count(self) -> int:
        # Counted anew only at the limit, where the admissions made since matter.
        if self._pending >= PENDING_MAX:
            self._pending = sum(entry.admission is Admission.PENDING for entry in self._directory)
        self._pending += 1
        return self._pending - 1

    async def attend(
        self,
        entry: DirectoryEntry,
        *,
        version: str,
        security_profile: int,
        remote_address: str,
        at: datetime,
    ) -> AttendedStation:
        """Load what a station's new connection holds, and record that it is connected.

        Ten thousand may come at once: their states are read together, their rows committed together.
        """
        station = AttendedStation(
            tenant_id=entry.tenant_id,
            station_id=entry.station_id,
            identity=entry.identity,
            version=version,
            admission=entry.admission,
            location_id=entry.location_id,
            groups=entry.groups,
            settings=entry.settings,
            connected_at=at,
        )
        changes = ChangeSet(entry.tenant_id)
        moment = micros(at)
        changes.write(
            store.tables.CONNECT,
            (
                True,
                moment,
                moment,
                version,
                remote_address,
                self._policy.node,
                entry.station_id,
                entry.tenant_id,
            ),
        )
        changes.emit(
            StationConnected(
                tenant_id=entry.tenant_id,
                happened_at=at,
                station_id=entry.station_id,
                identity=entry.identity,
                version=version,
                security_profile=security_profile,
                remote_address=remote_address,
            )
        )
        recorded = self._database.commit(changes)
        try:
            await self._attendance.fill(station)
        finally:
            await recorded
        station.last_seen_noted = at.timestamp()
        return station

    async def reload(self, station: AttendedStation) -> None:
        """Load anew what the connection holds: somebody else wrote (`StationLink.refresh`)."""
        entry = self._directory.by_id(station.station_id)
        if entry is not None:
            station.admission = entry.admission
            station.location_id, station.groups = entry.location_id, entry.groups
            station.settings = entry.settings
        await self._attendance.fill(station)

    async def departed(self, station: AttendedStation, *, at: datetime, reason: str = "") -> None:
        """Record that this connection is over; a newer one of the same station is left alone."""
        assert station.connected_at is not None
        changes = ChangeSet(station.tenant_id)
        changes.write(
            store.tables.DISCONNECT,
            (False, micros(at), station.station_id, station.tenant_id, micros(station.connected_at)),
        )
        changes.emit(
            StationDisconnected(
                tenant_id=station.tenant_id,
                happened_at=at,
                station_id=station.station_id,
                identity=station.identity,
                reason=reason,
                connected_at=station.connected_at,
            )
        )
        await self._database.commit(changes)

    def seen(self, station: AttendedStation, at: datetime) -> None:
        """Take note that a station lives; written once a minute at most."""
        moment = at.timestamp()
        if moment - station.last_seen_noted < SEEN_EVERY_S:
            return
        station.last_seen_noted = moment
        self._database.note(store.tables.SEEN, (micros(at), station.station_id, station.tenant_id))

    # What it says

    async def boot(self, station: AttendedStation, report: BootReport, *, at: datetime) -> BootAnswer:
        """Take note of what a station says of itself, and tell it whether it may take part.

        Repeats within a minute write nothing (charger_quirks B16); sessions are not touched here.
        """
        entry = self._directory.by_id(station.station_id)
        if entry is not None:
            station.admission, station.settings = entry.admission, entry.settings
            station.location_id, station.groups = entry.location_id, entry.groups
        if not self._is_repeated(station, report, at):
            changes = ChangeSet(station.tenant_id)
            told = report
            if entry is not None and entry.serial_number and not report.serial_number:
                # Its certificate may be known by it: a station that does not say it has it all the same.
                told = msgspec.structs.replace(report, serial_number=entry.serial_number)
            changes.write(store.tables.BOOT, store.stations.boot_row(station, told, at))
            changes.emit(
                StationBooted(
                    tenant_id=station.tenant_id,
                    happened_at=at,
                    station_id=station.station_id,
                    identity=station.identity,
                    admission=station.admission,
                    vendor=report.vendor[:TEXT_MAX],
                    model=report.model[:TEXT_MAX],
                    serial_number=report.serial_number[:TEXT_MAX],
                    firmware_version=report.firmware_version[:TEXT_MAX],
                    reason=report.reason[:TEXT_MAX],
                )
            )
            await self._database.commit(changes)
            station.last_boot, station.last_boot_at = report, at
            self._directory.put_serial_number(station.station_id, report.serial_number[:TEXT_MAX])
            station.last_seen_noted = at.timestamp()
        return self.boot_answer(station)

    def boot_answer(self, station: AttendedStation) -> BootAnswer:
        if station.admission is Admission.ACCEPTED:
            interval_s = (
                self.declared_heartbeat(station)
                or station.settings.heartbeat_interval_s
                or self._policy.heartbeat_interval_s
            )
            station.heartbeat_s = interval_s
            return BootAnswer(admission=Admission.ACCEPTED, interval_s=interval_s)
        return BootAnswer(admission=station.admission, interval_s=self._policy.retry_interval_s)

    @staticmethod
    def _is_repeated(station: AttendedStation, report: BootReport, at: datetime) -> bool:
        return (
            station.last_boot == report
            and station.last_boot_at is not None
            and at - station.last_boot_at < BOOT_REPEATED_WITHIN
        )

    def gather_status(
        self, changes: ChangeSet, station: AttendedStation, report: StatusReport
    ) -> ConnectorState | None:
        """Add a status report to a change set; None when it is no news, and then nothing is added.

        The caller commits, and then calls `apply_status` with what this returned.
        """
        place = (report.evse, report.connector)
        before = station.connectors.get(place)
        raw_error = raw_error_in(report)
        vendor_error = report.vendor_error[:TEXT_MAX]
        if (
            before is not None
            and before.status is report.status
            and before.raw_error == raw_error
            and before.vendor_error == vendor_error
        ):
            return None
        if before is None and not self._has_room(station, report):
            return None
        info = report.info[:TEXT_MAX]
        state = ConnectorState(
            evse=report.evse,
            connector=report.connector,
            status=report.status,
            since=plausible(report.at, report.received_at),
            error=error_in(report),
            raw_error=raw_error,
            vendor_error=vendor_error,
            info=info,
        )
        assert state.since is not None
        store.stations.save_state(changes, station.tenant_id, station.station_id, state, report)
        if station.learns and report.evse > 0 and place not in station.places:
            store.stations.learn(
                changes, station.tenant_id, station.station_id, report.evse, report.connector
            )
        changes.emit(
            ConnectorStatusChanged(
                tenant_id=station.tenant_id,
                happened_at=state.since,
                station_id=station.station_id,
                evse=report.evse,
                connector=report.connector,
                before=ConnectorStatus.UNKNOWN if before is None else before.status,
                after=state.status,
                location_id=station.location_id,
                error=state.error,
                raw_error=raw_error,
                vendor_error=vendor_error,
            )
        )
        return state

    def apply_status(self, station: AttendedStation, state: ConnectorState) -> None:
        """Let the connection know a state that is durable now."""
        place = (state.evse, state.connector)
        station.connectors[place] = state
        if station.learns and state.evse > 0:
            station.places.add(place)

    def _has_room(self, station: AttendedStation, report: StatusReport) -> bool:
        if (
            len(station.connectors) < PLACES_MAX
            and 0 <= report.evse <= NUMBER_MAX
            and 0 <= report.connector <= NUMBER_MAX
        ):
            return True
        detail = f"EVSE {report.evse}, connector {report.connector}"
        self.note_findings(station, "StatusNotification", [("too-many-connectors", "connectorId", detail)])
        return False

    def note_findings(
        self, station: AttendedStation, action: str, findings: Sequence[tuple[str, str, str]]
    ) -> None:
        """Count (code, field, detail) against the station; written every few seconds, together."""
        self._findings.note(station, action, findings)

    def flush_findings(self) -> None:
        """Write what was counted at once; before stopping."""
        self._findings.flush()

    async def note_fact(
        self,
        station: AttendedStation,
        *,
        topic: str,
        at: datetime,
        status: str = "",
        evse: int | None = None,
        connector: int | None = None,
        error: str = "",
        detail: str = "",
    ) -> None:
        """Keep something else a station told (firmware, diagnostics, log, component events) as a fact.

        `error` is a code as the station spells it; it is kept in Currant's vocabulary, and raw in `detail`.
        """
        changes = ChangeSet(station.tenant_id)
        changes.emit(
            StationReported(
                tenant_id=station.tenant_id,
                happened_at=at,
                station_id=station.station_id,
                topic=topic,
                status=status[:TEXT_MAX],
                evse=evse,
                connector=connector,
                error=error_of(error) if error else "",
                detail=detail[: 4 * TEXT_MAX],
            )
        )
        await self._database.commit(changes)

    async def security_event(
        self,
        tenant_id: TenantId | None,
        *,
        identity: str,
        kind: str,
        at: datetime,
        detail: str = "",
        severity: Severity = Severity.LOW,
        station_id: StationId | None = None,
        remote_address: str = "",
    ) -> None:
        """Record something security-relevant; the same again within ten seconds is the same thing.

        `tenant_id` None is the network's own (a stranger at the door).
        """
        if self._security_is_repeated((identity, kind, remote_address)):
            return
        event = SecurityEvent(
            id=new_id(),
            tenant_id=tenant_id or self._policy.tenant_id,
            station_id=station_id,
            identity=identity[:TEXT_MAX],
            kind=kind[:TEXT_MAX],
            at=at,
            detail=detail[:TEXT_MAX],
            severity=severity,
            remote_address=remote_address[:TEXT_MAX],
        )
        changes = ChangeSet(event.tenant_id)
        store.records.insert_security_event(changes, event)
        changes.emit(
            SecurityEventSeen(
                tenant_id=event.tenant_id,
                happened_at=at,
                station_id=station_id,
                identity=event.identity,
                what=event.kind,
                severity=severity,
                detail=event.detail,
                remote_address=event.remote_address,
            )
        )
        await self._database.commit(changes)

    def _security_is_repeated(self, key: tuple[str, str, str]) -> bool:
        now = self._clock.monotonic()
        before = self._security_seen.get(key)
        if before is not None and now - before < SECURITY_REPEATED_WITHIN_S:
            return True
        if len(self._security_seen) >= SECURITY_REMEMBERED_MAX:
            self._security_seen.clear()
        self._security_seen[key] = now
        return False


_ADMISSIONS = {
    UnknownStations.PENDING: Admission.PENDING,
    UnknownStations.REFUSED: Admission.REFUSED,
    UnknownStations.OPEN: Admission.ACCEPTED,
}
