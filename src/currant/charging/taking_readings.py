"""Meter values of connected stations: the most frequent thing there is, so nothing is asked of the database
that the connection does not hold already.

Where a report comes late, or after the end, its session is counted anew from what is stored.
"""

from datetime import datetime

from msgspec.structs import replace
from sqlalchemy import Connection

from currant.charging import lifecycle, reading_store, repairs, store
from currant.charging.common import Common
from currant.charging.events import EnergyOutsideSession
from currant.charging.metering import normalise
from currant.charging.model import MeterReport, Phase, Reading, Session, StationSessions
from currant.db.commits import ChangeSet
from currant.kit.clock import micros
from currant.stations.model import AttendedStation

# Ids that no session of ours ever has; stations that missed the answer to their start send them.
NOBODYS = frozenset({"", "0", "-1"})
OUTSIDE_FROM_WH = 100.0


class TakesReadings(Common):
    """What stations measured."""

    async def meter(self, station: AttendedStation, sessions: StationSessions, report: MeterReport) -> None:
        """Take note of meter values, of a session where one is running."""
        if sessions.stale:
            await self._reload(station, sessions)
        received_at = report.received_at
        readings = normalise(report.samples, received_at=received_at, evse=report.evse)
        if not readings:
            return
        named = report.transaction_id
        session: Session | None = None
        if named is not None and named not in NOBODYS:
            session = sessions.open.get(named)
            if session is None:
                session = await self._named(station, sessions, named, readings)
        if session is None and report.evse > 0:
            session = sessions.at(report.evse)
        evse = report.evse if session is None or session.evse is None else session.evse
        readings, merged = _news(sessions, evse, readings)
        if not readings:
            return
        flags: lifecycle.Flags = lifecycle.NO_FLAGS
        after = session
        if session is not None:
            max_power_w = sessions.max_power_w.get(evse)
            after, late, flags = lifecycle.metered(session, readings, received_at, max_power_w=max_power_w)
            if late:
                await self._recount(station, sessions, session.transaction_id, readings, received_at, evse)
                return
        meter = sessions.meters.get(evse)
        if meter is None:
            meter = await self._meter(station, sessions, evse)
        changes = ChangeSet(station.tenant_id)
        received_us = micros(received_at)
        read_us = self._write_readings(
            changes, readings, merged, meter, None if session is None else session.number, received_us, flags
        )
        outside = None
        if session is not None and after is not None:
            self._save_metered(changes, session, after, read_us, received_at, received_us)
        elif evse > 0:
            outside = self._outside(changes, station, sessions, evse, readings[-1], received_at)
        await self._database.commit(changes)
        for reading in readings:
            sessions.last_readings[evse, reading.context] = reading
        if after is not None:
            sessions.open[after.transaction_id] = after
            self._show(after)
        elif evse > 0 and outside is not None:
            sessions.outside_wh[evse] = None if outside < 0 else outside

    def _write_readings(
        self,
        changes: ChangeSet,
        readings: tuple[Reading, ...],
        merged: bool,
        meter: int,
        number: int | None,
        received_us: int,
        flags: lifecycle.Flags,
    ) -> int:
        """Rows of readings; the microseconds of the last one."""
        read_us = 0
        for index, reading in enumerate(readings):
            read_us = micros(reading.at)
            flag = flags.get(index, 0) if flags else 0
            row = reading_store.row(meter, reading, read_us, received_us, number, flag)
            if merged:
                changes.write(reading_store.REPLACE, row)
            else:
                changes.write(*reading_store.insertion(row))
        return read_us

    def _save_metered(
        self,
        changes: ChangeSet,
        before: Session,
        after: Session,
        read_us: int,
        received_at: datetime,
        received_us: int,
    ) -> None:
        """The session's row: the few columns that readings move, or all when more than they has changed."""
        if _only_metered(before, after):
            changes.write(store.METERED, store.metered_row(after, read_us, received_us))
        else:
            self._save(changes, before, after, received_at)

    async def _named(
        self,
        station: AttendedStation,
        sessions: StationSessions,
        named: str,
        readings: tuple[Reading, ...],
    ) -> Session | None:
        """A session of this station that is not running, but that these readings are of: they come late, or
        the session was given up too soon."""
        known = sessions.ended.get(named)
        if known is None:
            tenant_id, station_id = station.tenant_id, station.station_id
            known = await self._database.read(
                lambda conn: store.of_transaction(conn, tenant_id, station_id, named)
            )
        if known is None or known.phase is Phase.ACTIVE:
            return known
        if repairs.ended_by_us(known):
            return known
        assert known.ended_at is not None
        return known if readings[0].at <= known.ended_at else None

    async def _recount(
        self,
        station: AttendedStation,
        sessions: StationSessions,
        transaction_id: str,
        readings: tuple[Reading, ...],
        received_at: datetime,
        evse: int,
    ) -> None:
        """Count a session's readings anew, because some came late or after its end."""

        def recount(conn: Connection, changes: ChangeSet) -> Session | None:
            before = store.of_transaction(conn, station.tenant_id, station.station_id, transaction_id)
            if before is None:
                return None
            after = before
            if repairs.ended_by_us(before) and readings[-1].at > (before.ended_at or before.started_at):
                after = lifecycle.revived(before, received_at)
            stored = reading_store.of_session(conn, station.tenant_id, before)
            after = lifecycle.recounted(
                replace(after, updated_at=received_at),
                together(stored, readings),
                max_power_w=sessions.max_power_w.get(evse),
            )
            meter = reading_store.meter_at(
                conn, station.tenant_id, station.station_id, evse, station.location_id
            )
            self._insert_readings(changes, readings, meter, before.number, received_at)
            self._save(changes, before, after, received_at)
            return after

        session = await self._database.decide(recount, station.tenant_id)
        if session is not None:
            self._keep(sessions, session)
            self._show(session)

    def _outside(
        self,
        changes: ChangeSet,
        station: AttendedStation,
        sessions: StationSessions,
        evse: int,
        reading: Reading,
        received_at: datetime,
    ) -> float | None:
        """Watch the register of an EVSE without a session (quirk E13): the new level to compare with, -1 once told."""
        wh = reading.energy_wh
        if wh is None:
            return None
        if evse not in sessions.outside_wh:
            return wh
        level = sessions.outside_wh[evse]
        if level is None or wh - level < OUTSIDE_FROM_WH:
            return wh if level is not None and wh < level else None
        changes.emit(
            EnergyOutsideSession(
                tenant_id=station.tenant_id,
                happened_at=received_at,
                station_id=station.station_id,
                location_id=station.location_id,
                evse=evse,
                energy_wh=wh - level,
            )
        )
        return -1.0


def together(stored: list[Reading], arrived: tuple[Reading, ...]) -> list[Reading]:
    """Readings with those that just came; one that is stored already is not counted twice."""
    known = {(reading.at, reading.context, reading.evse) for reading in stored}
    return [*stored, *(new for new in arrived if (new.at, new.context, new.evse) not in known)]


def _news(
    sessions: StationSessions, evse: int, readings: tuple[Reading, ...]
) -> tuple[tuple[Reading, ...], bool]:
    """The readings that are new, and whether one of them adds to what was measured at the same instant.

    Some stations send a message per measurand, and all of them repeat a message whose answer was lost.
    """
    last = sessions.last_readings
    if len(readings) == 1:
        reading = readings[0]
        before = last.get((evse, reading.context))
        if before is None or before.at != reading.at:
            return readings, False
    news: list[Reading] = []
    merged = False
    for reading in readings:
        before = last.get((evse, reading.context))
        if before is None or before.at != reading.at:
            news.append(reading)
            continue
        more = _merge(before, reading)
        if more is not None:
            news.append(more)
            merged = True
    return tuple(news), merged


def _merge(before: Reading, after: Reading) -> Reading | None:
    """Two readings of one instant as one; ``None`` when the second adds nothing."""
    new = {
        name: value
        for name in _MEASURED
        if (value := getattr(after, name)) is not None and getattr(before, name) is None
    }
    others = {**(after.others or {}), **(before.others or {})}
    if others != (before.others or {}):
        new["others"] = others
    signed = tuple(value for value in after.signed if value not in before.signed)
    if signed:
        new["signed"] = (*before.signed, *signed)
    if not new:
        return None
    return replace(before, flags=before.flags | after.flags, **new)


_MEASURED = tuple(
    name
    for name in Reading.__struct_fields__
    if name.endswith(("_wh", "_w", "_a", "_v", "_percent", "_c", "_hz"))
)


def _only_metered(before: Session, after: Session) -> bool:
    """Whether only those columns differ that `store.METERED` writes."""
    return (
        after.activity_since is before.activity_since
        and after.first_energy_at is before.first_energy_at
        and after.repairs is before.repairs
        and after.timeline is before.timeline
        and after.base_wh == before.base_wh
        and after.odd_count == before.odd_count
        and after.odd_last_wh == before.odd_last_wh
        and after.evse == before.evse
        and after.offline == before.offline
        and after.remote_start_id == before.remote_start_id
        and after.idle_s == before.idle_s
    )
