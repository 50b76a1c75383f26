"""What stations watch in themselves: monitors as they have them, events as they tell them, problems while they last."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.clock import EPOCH, Clock, micros
from currant.kit.ids import StationId, TenantId, new_id
from currant.stations import paging
from currant.stations.commanding.variables import MonitoringBase, StreamRate, VariableValue
from currant.stations.device import naming, store
from currant.stations.device.model import How
from currant.stations.device.problems import Verdict, judged, severity_of
from currant.stations.device.service import DeviceModel, Whose
from currant.stations.device.watching import (
    ComponentEvent,
    EventStream,
    EventTrigger,
    KnownMonitor,
    OpenProblem,
    Origin,
    StreamedValue,
)
from currant.stations.events import StationReported
from currant.stations.model import Page

MONITORS_MAX = 2_000
"""Monitors kept of one station."""
STREAMS_MAX = 16
"""Streams that a station may have open; more are rejected."""
STATIONS_REMEMBERED_MAX = 20_000
STREAM_KEPT_EVERY = timedelta(minutes=1)
"""A stream's history has one value in so long: the last."""
TEXT_MAX = 1_000


class Monitoring:
    """The monitors, events, problems and streams of all stations."""

    def __init__(self, database: Database, device: DeviceModel, clock: Clock) -> None:
        self._database = database
        self._device = device
        self._clock = clock
        self._monitors: dict[StationId, dict[int, KnownMonitor]] = {}
        self._streams: dict[StationId, dict[int, EventStream]] = {}

    # What a station tells

    async def note_events(self, station: Whose, events: Sequence[ComponentEvent]) -> None:
        """Keep what components told, in one change set; raise and clear the problems that follow from it."""
        known: Mapping[int, KnownMonitor] = {}
        if any(event.monitor_id is not None for event in events):
            known = await self._known(station)
        changes = ChangeSet(station.tenant_id)
        for event in events:
            monitor = None if event.monitor_id is None else known.get(event.monitor_id)
            verdict, error = judged(event, monitor)
            event = msgspec.structs.replace(
                event, id=new_id(), error=error, severity=severity_of(event, monitor)
            )
            if event.trigger is not EventTrigger.PERIODIC:
                changes.emit(_reported(station, event))
            changes.write(store.tables.INSERT_EVENT, store.monitoring.event_row(station.tenant_id, event))
            if verdict is Verdict.RAISED:
                row = store.monitoring.problem_row(station.tenant_id, event)
                changes.write(store.tables.RAISE_PROBLEM, row)
            elif verdict is Verdict.CLEARED:
                subject = store.monitoring.subject_of(event.variable)
                changes.write(store.tables.CLEAR_PROBLEM, (station.station_id, subject))
        if changes:
            await self._database.commit(changes)
        self._device.learn(
            station,
            [
                VariableValue(variable=event.variable, value=event.value, status="Accepted")
                for event in events
                if event.value
            ],
            How.EVENT,
        )

    async def note_monitors(
        self, station: Whose, monitors: Iterable[KnownMonitor], *, whole: bool = False
    ) -> None:
        """Keep monitors that a station reported, or took; `whole` means that it has no others."""
        known = await self._known(station)
        now: dict[int, KnownMonitor] = {}
        for monitor in monitors:
            before = known.get(monitor.id)
            now[monitor.id] = monitor if before is None else _merged(before, monitor)
        gone = [number for number in known if number not in now] if whole else []
        changes = ChangeSet(station.tenant_id)
        room = MONITORS_MAX - len(known) + len(gone)
        for number, monitor in now.items():
            if known.get(number) == monitor:
                continue
            if number not in known:
                if room <= 0:
                    continue
                room -= 1
            row = store.monitoring.monitor_row(station.tenant_id, station.station_id, monitor)
            changes.write(store.tables.SAVE_MONITOR, row)
            known[number] = monitor
        for number in gone:
            changes.write(store.tables.DELETE_MONITOR, (station.station_id, number))
            del known[number]
        if changes:
            await self._database.commit(changes)

    async def note_cleared(self, station: Whose, ids: Iterable[int]) -> None:
        """Forget monitors that a station does not have any more."""
        known = await self._known(station)
        changes = ChangeSet(station.tenant_id)
        for number in ids:
            changes.write(store.tables.DELETE_MONITOR, (station.station_id, number))
            known.pop(number, None)
        if changes:
            await self._database.commit(changes)

    async def note_base(self, station: Whose, base: MonitoringBase) -> None:
        """A station has gone back to a base of monitors (N03): what it dropped with that is known no more."""
        if base is MonitoringBase.ALL:
            return
        known = await self._known(station)
        kept = (Origin.HARDWIRED,)
        if base is MonitoringBase.FACTORY_DEFAULT:
            kept = (Origin.HARDWIRED, Origin.PRECONFIGURED)  # type: ignore[assignment]
        await self.note_cleared(station, [m.id for m in list(known.values()) if m.origin not in kept])

    async def declared(self, station: Whose, names: Mapping[int, str]) -> None:
        """Take note of the names under which these monitors are declared."""
        known = await self._known(station)
        await self.note_monitors(
            station,
            [
                msgspec.structs.replace(known[number], declared_as=name)
                for number, name in names.items()
                if number in known
            ],
        )

    async def known(self, station: Whose) -> Sequence[KnownMonitor]:
        """The monitors that a station is known to have."""
        return tuple((await self._known(station)).values())

    async def _known(self, station: Whose) -> dict[int, KnownMonitor]:
        """The station's monitors by number, loaded once; whoever changes them in the database changes them here."""
        known = self._monitors.get(station.station_id)
        if known is not None:
            return known
        tenant_id, station_id = station.tenant_id, station.station_id
        found = await self._database.read(
            lambda conn: store.monitoring.monitors_of(conn, tenant_id, station_id, limit=MONITORS_MAX)
        )
        if len(self._monitors) >= STATIONS_REMEMBERED_MAX:
            self._monitors.pop(next(iter(self._monitors)))
        return self._monitors.setdefault(station_id, {monitor.id: monitor for monitor in found})

    # Streams (2.1 N11 to N15)

    async def open_stream(self, station: Whose, *, stream_id: int, monitor_id: int, rate: StreamRate) -> str:
        """Take a stream that a station opens; why not, in words, empty when it is taken."""
        monitors, streams = await self._known(station), await self._open(station)
        if monitor_id not in monitors:
            return f"Nothing is known of monitor {monitor_id}."
        if stream_id not in streams and len(streams) >= STREAMS_MAX:
            return f"{STREAMS_MAX} streams are open already."
        now = self._clock.now()
        streams[stream_id] = EventStream(id=stream_id, monitor_id=monitor_id, rate=rate, opened_at=now)
        changes = ChangeSet(station.tenant_id)
        changes.write(
            store.tables.SAVE_STREAM,
            (
                station.station_id,
                stream_id,
                station.tenant_id,
                monitor_id,
                rate.interval_s,
                rate.values,
                micros(now),
            ),
        )
        await self._database.commit(changes)
        return ""

    async def note_rate(self, station: Whose, stream_id: int, rate: StreamRate) -> None:
        """A station sends a stream at another rate from now on."""
        stream = (await self._open(station)).get(stream_id)
        if stream is not None:
            await self.open_stream(station, stream_id=stream_id, monitor_id=stream.monitor_id, rate=rate)

    async def close_stream(self, station: Whose, stream_id: int) -> None:
        streams = await self._open(station)
        streams.pop(stream_id, None)
        changes = ChangeSet(station.tenant_id)
        changes.write(store.tables.DELETE_STREAM, (station.station_id, stream_id))
        await self._database.commit(changes)

    def forget_streams(self, station: Whose) -> None:
        """All streams of a station have ended; written some time soon."""
        self._streams[station.station_id] = {}
        self._database.note(store.tables.DELETE_STREAMS, (station.station_id,))

    async def note_stream(
        self, station: Whose, stream_id: int, values: Sequence[tuple[datetime, str]]
    ) -> bool:
        """Keep a stream's values; False when no such stream is open."""
        stream = (await self._open(station)).get(stream_id)
        if stream is None:
            return False
        monitor = (await self._known(station)).get(stream.monitor_id)
        changes = ChangeSet(station.tenant_id)
        for at, value in thinned(values):
            changes.write(
                store.tables.SAVE_STREAM_VALUE,
                (station.station_id, stream.monitor_id, micros(at), station.tenant_id, value[:TEXT_MAX]),
            )
        if changes:
            await self._database.commit(changes)
        if monitor is not None and values:
            latest = max(values, key=lambda each: each[0])
            learned = VariableValue(variable=monitor.variable, value=latest[1], status="Accepted")
            self._device.learn(station, [learned], How.STREAM, at=latest[0])
        return True

    async def _open(self, station: Whose) -> dict[int, EventStream]:
        streams = self._streams.get(station.station_id)
        if streams is not None:
            return streams
        tenant_id, station_id = station.tenant_id, station.station_id
        found = await self._database.read(
            lambda conn: store.monitoring.streams_of(conn, tenant_id, station_id)
        )
        if len(self._streams) >= STATIONS_REMEMBERED_MAX:
            self._streams.pop(next(iter(self._streams)))
        return self._streams.setdefault(station_id, {stream.id: stream for stream in found})

    # Asking

    async def monitors(
        self, tenant_id: TenantId, station_id: StationId, *, cursor: str | None = None, limit: int = 100
    ) -> Page[KnownMonitor]:
        """A station's monitors, by its numbers for them."""
        limit = paging.bounded(limit)
        after = -1 if cursor is None else int(paging.decode(cursor, int)[0])
        rows = await self._database.read(
            lambda conn: store.monitoring.monitors_of(
                conn, tenant_id, station_id, after=after, limit=limit + 1
            )
        )
        return paging.page(rows, limit, lambda monitor: paging.encode(monitor.id))

    async def events(
        self,
        tenant_id: TenantId,
        *,
        station_id: StationId | None = None,
        component: str | None = None,
        problems_only: bool = False,
        since: datetime | None = None,
        until: datetime | None = None,
        cursor: str | None = None,
        limit: int = 100,
    ) -> Page[ComponentEvent]:
        """Events of components, latest first."""
        limit = paging.bounded(limit)
        before = None if cursor is None else str(paging.decode(cursor, str)[0])
        rows = await self._database.read(
            lambda conn: store.monitoring.events(
                conn,
                tenant_id,
                station_id=station_id,
                component=component,
                problems_only=problems_only,
                since=since,
                until=until,
                before=before,
                limit=limit + 1,
            )
        )
        return paging.page(rows, limit, lambda event: paging.encode(event.id))

    async def problems(
        self,
        tenant_id: TenantId,
        *,
        station_id: StationId | None = None,
        error: str | None = None,
        location_id: str | None = None,
        cursor: str | None = None,
        limit: int = 100,
    ) -> Page[OpenProblem]:
        """What is wrong now, the newest first: components' problems, and connectors in error."""
        limit = paging.bounded(limit)
        before = None
        if cursor is not None:
            since, station, subject = paging.decode(cursor, int, str, str)
            before = (int(since), str(station), str(subject))
        rows = await self._database.read(
            lambda conn: store.monitoring.problems(
                conn,
                tenant_id,
                station_id=station_id,
                error=error,
                location_id=location_id,
                before=before,
                limit=limit + 1,
            )
        )
        return paging.page(
            rows,
            limit,
            lambda problem: paging.encode(micros(problem.since), problem.station_id, _subject(problem)),
        )

    async def streams(self, tenant_id: TenantId, station_id: StationId) -> list[EventStream]:
        """The streams that a station has open."""
        return await self._database.read(
            lambda conn: store.monitoring.streams_of(conn, tenant_id, station_id)
        )

    async def streamed(
        self,
        tenant_id: TenantId,
        station_id: StationId,
        monitor_id: int,
        *,
        cursor: str | None = None,
        limit: int = 100,
    ) -> Page[StreamedValue]:
        """The values of a monitored variable that came in streams, latest first, one a minute at most."""
        limit = paging.bounded(limit)
        before = None if cursor is None else int(paging.decode(cursor, int)[0])
        rows = await self._database.read(
            lambda conn: store.monitoring.streamed(
                conn, tenant_id, station_id, monitor_id, before=before, limit=limit + 1
            )
        )
        return paging.page(rows, limit, lambda value: paging.encode(micros(value.at)))


def thinned(values: Sequence[tuple[datetime, str]]) -> list[tuple[datetime, str]]:
    """One value a minute, the last one; its time is that of the minute, so that a later one replaces it."""
    last: dict[datetime, tuple[datetime, str]] = {}
    for at, value in values:
        minute = EPOCH + (at - EPOCH) // STREAM_KEPT_EVERY * STREAM_KEPT_EVERY
        if minute not in last or last[minute][0] <= at:
            last[minute] = (at, value)
    return [(minute, value) for minute, (_, value) in last.items()]


def _merged(before: KnownMonitor, now: KnownMonitor) -> KnownMonitor:
    """A monitor that is reported again: what the report leaves open stays as it was known."""
    if before.variable != now.variable or before.kind is not now.kind:
        return now
    return msgspec.structs.replace(
        now,
        origin=before.origin if now.origin is Origin.UNKNOWN else now.origin,
        stream=before.stream if now.stream is None else now.stream,
        declared_as=now.declared_as or before.declared_as,
        known_since=before.known_since,
    )


def _subject(problem: OpenProblem) -> str:
    return problem.variable.lower() or f"connector/{problem.evse}/{problem.connector}"


def _reported(station: Whose, event: ComponentEvent) -> StationReported:
    parts = (naming.text_of(event.variable), event.value, event.tech_code, event.tech_info)
    return StationReported(
        tenant_id=station.tenant_id,
        happened_at=event.at,
        station_id=station.station_id,
        topic="component_event",
        status="cleared" if event.cleared else event.value[:255],
        evse=event.variable.evse,
        connector=event.variable.connector,
        error=event.error,
        detail=" ".join(part for part in parts if part)[:TEXT_MAX],
    )
