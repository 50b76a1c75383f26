"""Every station of the installation as it stands now, in memory on each node: what lists, maps and overviews show.

Loaded once, then kept by events (from whichever node they come) and by what this node meters. A reading
costs next to nothing here: it is put aside, and rows are made anew when somebody looks, four times a
second at most. What no event tells is put right from the database from time to time.
"""

import asyncio
import gzip
import logging
from collections.abc import Awaitable, Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from currant.charging import running_store
from currant.charging.events import (
    SessionActivityChanged,
    SessionCorrected,
    SessionEnded,
    SessionEvent,
    SessionStarted,
)
from currant.charging.model import Activity, Phase, Session
from currant.db.engine import Database
from currant.events.board import Board
from currant.kit.clock import Clock, instant, micros
from currant.kit.event import Event
from currant.kit.ids import LocationId, SessionId, StationId, TenantId
from currant.stations import events as stations
from currant.stations.directory import StationDirectory
from currant.stations.fleet import (
    COLUMNS,
    SEVERITIES,
    ConnectorNow,
    Counts,
    RunningSession,
    StationNow,
    counted,
    news,
    problems_of,
    row_of,
)
from currant.stations.fleet_source import FleetSource
from currant.stations.model import Admission

log = logging.getLogger(__name__)

GATHER_S = 0.25
OVERVIEW_EVERY_S = 1.0
SNAPSHOT_LASTS_S = 1.0
METERED_MAX = 20_000
_LAST_SEEN = COLUMNS.index("last_seen_at")

FOLLOWED: tuple[type[Event], ...] = (
    stations.StationConnected,
    stations.StationDisconnected,
    stations.StationAppeared,
    stations.StationBooted,
    stations.StationAdmitted,
    stations.StationChanged,
    stations.ConnectorStatusChanged,
    SessionEvent,
)


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """The whole fleet as JSON, plain and compressed; `position` is where the live board goes on from it."""

    position: str
    plain: bytes
    zipped: bytes
    made_at: float


class _Tenant:
    """What is held of one tenant."""

    def __init__(self) -> None:
        self.stations: dict[StationId, StationNow] = {}
        self.stale: dict[StationId, StationNow] = {}
        self.snapshot: Snapshot | None = None
        self.overview_at = 0.0
        self.overview_stale = True


class Network:
    """The stations of every tenant as they stand."""

    def __init__(self, database: Database, directory: StationDirectory, board: Board, clock: Clock) -> None:
        self._database = database
        self._directory = directory
        self._source = FleetSource(database)
        self._board = board
        self._clock = clock
        self._tenants: dict[TenantId, _Tenant] = {}
        self._metered: dict[SessionId, Session] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._before_load: list[Event] | None = []
        self._touched: set[StationId] | None = None

    # Loading

    async def load(self) -> None:
        """Take in every station and every session under way; what happened meanwhile is made good."""
        for tenant_id in {entry.tenant_id for entry in self._directory}:
            for station in await self._read(tenant_id):
                self._keep(station)
        waiting, self._before_load = self._before_load or [], None
        for event in waiting:
            answer = self.follow(event)
            if answer is not None:
                await answer

    async def refresh(self) -> int:
        """Compare with the database and put right what no event told; how many stations that changed."""
        changed = 0
        for tenant_id in {entry.tenant_id for entry in self._directory}:
            self._touched = set()
            found = await self._read(tenant_id)
            touched, self._touched = self._touched, None
            known = self._tenant(tenant_id).stations
            for station in found:
                if station.id in touched:
                    continue
                before = known.get(station.id)
                if before is not None:
                    station.row, station.failing = before.row, before.failing
                    if not news(row_of(before), row_of(station)):
                        continue
                changed += 1
                self._keep(station)
        return changed

    async def _read(self, tenant_id: TenantId) -> list[StationNow]:
        found = await self._source.stations(tenant_id)
        running = await self._read_running(tenant_id)
        by_id = {station.id: station for station in found}
        for row in running:
            station = by_id.get(row.station_id)
            if station is not None:
                station.sessions[row.id] = _running(
                    Activity(row.activity), row.power_w, _at(row.activity_since), _at(row.read_at)
                )
        return found

    async def _read_running(self, tenant_id: TenantId, *, since_us: int = 0) -> list[Any]:
        return await self._database.read(
            lambda conn: running_store.running(conn, tenant_id, since_us=since_us)
        )

    def _keep(self, station: StationNow) -> None:
        self._tenant(station.tenant_id).stations[station.id] = station
        self._stale(station)

    def _tenant(self, tenant_id: TenantId) -> _Tenant:
        found = self._tenants.get(tenant_id)
        if found is None:
            found = self._tenants[tenant_id] = _Tenant()
        return found

    # What happens

    def metered(self, session: Session) -> None:
        """Take note of where a session of this node stands."""
        self._metered[session.id] = session
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(GATHER_S, self._gather)

    def follow(self, event: Event) -> Awaitable[None] | None:
        """Keep up with what happened anywhere: a subscriber of `FOLLOWED`."""
        if self._before_load is not None:
            self._before_load.append(event)
            return None
        if isinstance(event, (stations.StationAppeared, stations.StationChanged)):
            return self._reload(event.tenant_id, event.station_id)
        station_id = getattr(event, "station_id", None)
        station = None if station_id is None else self._tenant(event.tenant_id).stations.get(station_id)
        if station is None:
            return None
        if self._touched is not None:
            self._touched.add(station.id)
        if isinstance(event, SessionEvent):
            self._session(station, event)
        else:
            _happened(station, event)
        if station.last_seen_at is None or station.last_seen_at < event.happened_at:
            station.last_seen_at = event.happened_at
        self._stale(station)
        return None

    def _session(self, station: StationNow, event: SessionEvent) -> None:
        ended = isinstance(event, SessionEnded) or (
            isinstance(event, SessionCorrected) and event.ended_at is not None
        )
        if ended:
            station.sessions.pop(event.session_id, None)
            self._metered.pop(event.session_id, None)
        elif isinstance(event, SessionActivityChanged):
            before = station.sessions.get(event.session_id, RunningSession())
            charging = event.after is Activity.CHARGING
            power_w = before.power_w if charging or event.after is Activity.WAITING else 0.0
            station.sessions[event.session_id] = RunningSession(power_w=power_w, charging=charging)
        elif isinstance(event, (SessionStarted, SessionCorrected)):
            station.sessions.setdefault(event.session_id, RunningSession())

    async def _reload(self, tenant_id: TenantId, station_id: StationId) -> None:
        fresh = await self._source.station(tenant_id, station_id)
        held = self._tenant(tenant_id)
        before = held.stations.get(station_id)
        if fresh is None:
            if before is not None:
                del held.stations[station_id]
                held.stale.pop(station_id, None)
                self._board.gone(tenant_id, "stations", station_id)
                held.overview_stale = True
            return
        if before is not None:
            fresh.row, fresh.sessions, fresh.failing = before.row, before.sessions, before.failing
        if self._touched is not None:
            self._touched.add(station_id)
        self._keep(fresh)

    def failing(self, tenant_id: TenantId, problems: Mapping[StationId, dict[str, datetime | None]]) -> None:
        """Take note of what else is wrong with stations; those not named have nothing."""
        for station in self._tenant(tenant_id).stations.values():
            codes = problems.get(station.id, {})
            if station.failing != codes:
                station.failing = codes
                self._stale(station)

    async def look_elsewhere(self, since: datetime) -> None:
        """Take in what other nodes have metered since; of no use where there is one node alone."""
        for tenant_id, held in list(self._tenants.items()):
            if not self._looked_at(tenant_id):
                continue
            rows = await self._read_running(tenant_id, since_us=micros(since))
            for row in rows:
                station = held.stations.get(row.station_id)
                if station is None or row.id in self._metered:
                    continue
                station.sessions[row.id] = _running(
                    Activity(row.activity), row.power_w, _at(row.activity_since), _at(row.read_at)
                )
                self._stale(station)
                patch = {
                    name: getattr(row, name)
                    for name in ("energy_wh", "power_w", "soc_percent", "idle_s", "activity")
                }
                self._board.show(tenant_id, "sessions", row.id, patch)
                self._board.show(tenant_id, f"session:{row.id}", "session", patch)

    # Rows

    def _stale(self, station: StationNow) -> None:
        self._tenant(station.tenant_id).stale[station.id] = station
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(GATHER_S, self._gather)

    def _looked_at(self, tenant_id: TenantId) -> bool:
        wanted = self._board.wanted
        return any(wanted(tenant_id, topic) for topic in ("stations", "overview", "problems", "sessions"))

    def _gather(self) -> None:
        """Make rows anew for whoever looks; what nobody looks at stays put aside."""
        self._timer = None
        if self._metered and (
            len(self._metered) > METERED_MAX
            or any(self._looked_at(tenant_id) for tenant_id in self._tenants)
            or self._board.readers
        ):
            self._take_in_metered()
        for tenant_id, held in self._tenants.items():
            if held.stale and (self._looked_at(tenant_id) or self._board.readers):
                self._make_rows(tenant_id, held)
            self._show_overview(tenant_id, held)
        if self._timer is None and any(
            held.overview_stale and self._board.wanted(tenant_id, "overview")
            for tenant_id, held in self._tenants.items()
        ):
            self._timer = asyncio.get_running_loop().call_later(GATHER_S, self._gather)

    def _take_in_metered(self) -> None:
        metered, self._metered = self._metered, {}
        for session in metered.values():
            station = self._tenant(session.tenant_id).stations.get(session.station_id)
            if station is None:
                continue
            if session.phase is Phase.ENDED:
                station.sessions.pop(session.id, None)
            else:
                station.sessions[session.id] = _running(
                    session.activity, session.power_w, session.activity_since, session.read_at
                )
            if session.updated_at is not None and (
                station.last_seen_at is None or station.last_seen_at < session.updated_at
            ):
                station.last_seen_at = session.updated_at
            self._tenant(session.tenant_id).stale[station.id] = station
            self._show_session(session)

    def _show_session(self, session: Session) -> None:
        board, tenant_id = self._board, session.tenant_id
        to_list, alone = board.wanted(tenant_id, "sessions"), f"session:{session.id}"
        if not to_list and not board.wanted(tenant_id, alone):
            return
        patch = {
            "phase": session.phase,
            "activity": session.activity,
            "activity_since": session.activity_since,
            "energy_wh": session.energy_wh,
            "power_w": session.power_w,
            "soc_percent": session.soc_percent,
            "idle_s": session.idle_s,
            "meter_last_wh": session.meter_last_wh,
            "meter_last_at": session.meter_last_at,
            "updated_at": session.updated_at,
        }
        board.show(tenant_id, "sessions", session.id, patch)
        board.show(tenant_id, alone, "session", patch)

    def _make_rows(self, tenant_id: TenantId, held: _Tenant) -> None:
        board, stale = self._board, held.stale
        held.stale = {}
        for station in stale.values():
            before, after = station.row, row_of(station)
            patch = news(before, after)
            station.row = after
            if not patch:
                continue
            held.overview_stale = True
            board.show(tenant_id, "stations", station.id, patch)
            board.show(tenant_id, f"station:{station.id}", "row", patch)
            if "problem" in patch:
                self._show_problem(tenant_id, station)

    def _show_problem(self, tenant_id: TenantId, station: StationNow) -> None:
        found = problems_of(station)
        if found:
            code, since = found[0]
            facts = {"code": code, "severity": SEVERITIES[code], "identity": station.identity, "since": since}
            self._board.show(tenant_id, "problems", station.id, facts)
        else:
            self._board.gone(tenant_id, "problems", station.id)

    def _show_overview(self, tenant_id: TenantId, held: _Tenant) -> None:
        if not held.overview_stale or not self._board.wanted(tenant_id, "overview"):
            return
        now = self._clock.monotonic()
        if now - held.overview_at < OVERVIEW_EVERY_S:
            return
        held.overview_at, held.overview_stale = now, False
        counts = counted(held.stations.values())
        self._board.show(tenant_id, "overview", "now", overview_now(counts, self._clock.now()))

    # Looking

    def _up_to_date(self, tenant_id: TenantId) -> _Tenant:
        held = self._tenant(tenant_id)
        if self._metered:
            self._take_in_metered()
        if held.stale:
            self._make_rows(tenant_id, held)
        return held

    def snapshot(self, tenant_id: TenantId) -> Snapshot:
        """Every station of a tenant, and where the live board goes on from there; not older than a second."""
        # Whoever asks for this follows these from here on.
        for topic in ("stations", "overview", "problems"):
            self._board.keep(tenant_id, topic)
        held, now = self._tenant(tenant_id), self._clock.monotonic()
        known = held.snapshot
        if known is not None and now - known.made_at < SNAPSHOT_LASTS_S:
            return known
        self._up_to_date(tenant_id)
        rows = []
        for station in held.stations.values():
            assert station.row is not None, "Rows are up to date."
            station.row[_LAST_SEEN] = station.last_seen_at
            rows.append(station.row)
        plain = _json.encode(
            {"at": self._clock.now(), "live_id": self._board.position, "columns": COLUMNS, "rows": rows}
        )
        held.snapshot = Snapshot(
            position=self._board.position, plain=plain, zipped=gzip.compress(plain, 1), made_at=now
        )
        return held.snapshot

    def stations(self, tenant_id: TenantId, *, location_id: LocationId | None = None) -> Iterable[StationNow]:
        """A tenant's stations as they stand, of one place or all."""
        held = self._up_to_date(tenant_id).stations.values()
        return held if location_id is None else [each for each in held if each.location_id == location_id]

    def tenants(self) -> list[TenantId]:
        """The tenants that have stations."""
        return list(self._tenants)

    def station(self, tenant_id: TenantId, station_id: StationId) -> StationNow | None:
        return self._up_to_date(tenant_id).stations.get(station_id)

    def counts(self, tenant_id: TenantId, *, location_id: LocationId | None = None) -> Counts:
        """A tenant's stations added up."""
        return counted(self.stations(tenant_id, location_id=location_id))

    async def places(self, tenant_id: TenantId) -> list[dict[str, Any]]:
        """A tenant's locations, as a map shows them."""
        return await self._source.places(tenant_id)


_json = msgspec.json.Encoder()


def overview_now(counts: Counts, at: datetime) -> dict[str, Any]:
    """The part of an overview that moves all the time."""
    return {
        "at": at,
        "stations": {"by_state": counts.by_state, "total": counts.total, "connected": counts.connected},
        "connectors": {"by_status": counts.by_status},
        "power_w": round(counts.power_w),
        "capacity_w": counts.capacity_w,
        "sessions_active": counts.sessions,
    }


def _happened(station: StationNow, event: Event) -> None:
    if isinstance(event, stations.ConnectorStatusChanged):
        station.connectors[event.evse, event.connector] = ConnectorNow(
            status=event.after, error=event.error, since=event.happened_at
        )
    elif isinstance(event, stations.StationConnected):
        station.connected, station.connected_at = True, event.happened_at
        station.version = event.version
    elif isinstance(event, stations.StationDisconnected):
        newer = (
            station.connected_at is not None
            and event.connected_at is not None
            and station.connected_at > event.connected_at
        )
        if not newer:
            station.connected, station.disconnected_at = False, event.happened_at
    elif isinstance(event, stations.StationBooted):
        station.admission = event.admission
        station.vendor = event.vendor or station.vendor
        station.model = event.model or station.model
        station.firmware = event.firmware_version or station.firmware
    elif isinstance(event, stations.StationAdmitted):
        station.admission = Admission(event.admission)


def _running(
    activity: Activity, power_w: float | None, activity_since: datetime | None, read_at: datetime | None
) -> RunningSession:
    """A pause is one without power, unless a reading has come since that says otherwise (quirk F7)."""
    charging = activity is Activity.CHARGING
    paused = not charging and activity is not Activity.WAITING
    read_since = activity_since is not None and read_at is not None and read_at > activity_since
    return RunningSession(power_w=0.0 if paused and not read_since else power_w or 0.0, charging=charging)


def _at(stored: int | None) -> datetime | None:
    return None if stored is None else instant(stored)
