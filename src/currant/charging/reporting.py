"""The verbs of connected stations: what they report of their sessions becomes durable, then true.

What a connection holds (`StationSessions`) is replaced only after the change set is durable, so
that a report which fails is one that never was: the station repeats it.
"""

from datetime import datetime, timedelta

from msgspec.structs import replace
from sqlalchemy import Connection

from currant.access.model import Decision, Presented, Purpose
from currant.charging import clocks, idle, lifecycle, reading_store, repairs, store
from currant.charging.common import NUMBERS, Common, authorised, place_of
from currant.charging.events import EnergyOutsideSession
from currant.charging.metering import normalise
from currant.charging.model import (
    EventType,
    MeterReport,
    Phase,
    Reading,
    Session,
    StartAnswer,
    StartReport,
    StationSessions,
    StopReport,
    TransactionAnswer,
    TransactionReport,
)
from currant.db.commits import ChangeSet
from currant.kit.clock import micros
from currant.kit.ids import SessionId, new_id
from currant.stations.model import AttendedStation, ConnectorStatus, StatusReport

# OCPP 1.6's statuses of a connector with a session, as letters of its timeline.
LETTERS = {
    ConnectorStatus.PREPARING: idle.WAITING,
    ConnectorStatus.CHARGING: idle.CHARGING,
    ConnectorStatus.SUSPENDED_EV: idle.VEHICLE,
    ConnectorStatus.SUSPENDED_EVSE: idle.STATION,
    ConnectorStatus.FINISHING: idle.WAITING,
    ConnectorStatus.FAULTED: idle.STATION,
    ConnectorStatus.AVAILABLE: idle.UNPLUGGED,
}
# Ids that no session of ours ever has; stations that missed the answer to their start send them.
NOBODYS = frozenset({"", "0", "-1"})
OUTSIDE_FROM_WH = 100.0
BOOT_REPEATED_WITHIN = timedelta(minutes=1)
LATEST_LOOKED_AT = 5


class Reporting(Common):
    """What stations report."""

    async def attend(self, station: AttendedStation) -> StationSessions:
        """What is known of the station's sessions, for its connection to hold."""
        sessions = StationSessions()
        await self._numbers.prepare(NUMBERS)
        await self._load(station, sessions)
        self._attended[station.station_id] = sessions
        return sessions

    async def authorize(
        self,
        station: AttendedStation,
        sessions: StationSessions,
        presented: Presented,
        evse: int | None = None,
    ) -> Decision:
        """Whether a token may charge here. What it charges at this very station is not held against it:
        it may be presented in order to stop."""
        at = self._clock.now()
        return await self._database.read(lambda conn: self._decide(conn, station, presented, at, evse=evse))

    async def start(
        self, station: AttendedStation, sessions: StationSessions, report: StartReport
    ) -> StartAnswer:
        """Begin a session, whether or not its token may charge: the station begins it in any case."""
        if sessions.stale:
            await self._reload(station, sessions)
        number = self._numbers.take(NUMBERS)
        session_id = SessionId(new_id())

        def begin(conn: Connection, changes: ChangeSet) -> tuple[Session, Decision, list[Session]]:
            known = self._repeated(conn, station, report)
            fresh = lifecycle.begin(report, place_of(station), session_id=session_id, number=number)
            decision = self._decide(
                conn,
                station,
                report.presented,
                fresh.started_at,
                evse=report.evse,
                number=None if known is None else known.number,
            )
            if known is not None:
                return known, decision, []
            session = authorised(fresh, decision)
            if self._commands is not None:
                remote = self._commands.remote_start_of(
                    conn,
                    station.tenant_id,
                    station.station_id,
                    token_uid=report.presented.uid,
                    evse=report.evse,
                    at=report.received_at,
                )
                if remote is not None:
                    session = replace(session, remote_start_id=remote, start_cause="RemoteStart")
            closed = self._close_others(conn, changes, session, report.received_at)
            self._save(changes, None, session, report.received_at)
            reading_store.meter_at(
                conn, station.tenant_id, station.station_id, report.evse, station.location_id
            )
            return session, decision, closed

        session, decision, closed = await self._database.decide(begin, station.tenant_id)
        for other in closed:
            self._keep(sessions, other)
        if session.phase is Phase.ACTIVE or session.transaction_id not in sessions.ended:
            self._keep(sessions, session)
        return StartAnswer(number=session.number, decision=decision)

    def _repeated(self, conn: Connection, station: AttendedStation, report: StartReport) -> Session | None:
        """The session that this start began when it was sent before (quirk E7)."""
        tenant_id, station_id = station.tenant_id, station.station_id
        at, problem = clocks.believed(report.at, report.received_at)
        if problem is None:
            candidates = store.started_at(conn, tenant_id, station_id, at)
        else:
            candidates = store.latest_of(
                conn, tenant_id, station_id, evse=report.evse, limit=LATEST_LOOKED_AT
            )
        return next((known for known in candidates if lifecycle.is_repeat(known, report)), None)

    async def stop(
        self, station: AttendedStation, sessions: StationSessions, report: StopReport
    ) -> Decision | None:
        """End a session; the decision is on the token that stopped it, if there was one."""
        if sessions.stale:
            await self._reload(station, sessions)
        number = self._numbers.take(NUMBERS)
        session_id = SessionId(new_id())
        presented = report.presented if report.presented and report.presented.uid.strip() else None

        def end(conn: Connection, changes: ChangeSet) -> tuple[Session, Decision | None]:
            decision = None
            if presented is not None:
                decision = self._decide(conn, station, presented, report.received_at, purpose=Purpose.STOP)
            before = self._meant_by_stop(conn, station, report)
            evse = (before.evse if before else None) or 0
            readings = normalise(report.samples, received_at=report.received_at, evse=evse)
            if before is None:
                after: Session = lifecycle.orphan(
                    report,
                    readings,
                    place_of(station),
                    session_id=session_id,
                    number=number,
                    transaction_id=_orphan_id(report),
                )
                if decision is not None:
                    after = replace(after, token_id=decision.token_id, account_id=decision.account_id)
                self._save(changes, None, after, report.received_at)
            else:
                after = lifecycle.stop(before, report, readings, max_power_w=sessions.max_power_w.get(evse))
                foreign = (
                    decision is not None
                    and presented is not None
                    and not self._may_stop(conn, before, decision, presented)
                )
                if foreign and before.phase is Phase.ACTIVE:
                    after = repairs.noted(
                        after,
                        "stop_token_foreign",
                        "The station let it be ended with a token that is neither its own nor of its group.",
                    )
                if after is not before:
                    self._save(changes, before, after, report.received_at)
            if readings and (before is None or before.phase is Phase.ACTIVE):
                meter = reading_store.meter_at(
                    conn, station.tenant_id, station.station_id, evse, station.location_id
                )
                self._insert_readings(changes, readings, meter, after.number, report.received_at)
            return after, decision

        session, decision = await self._database.decide(end, station.tenant_id)
        self._keep(sessions, session)
        return decision

    def _meant_by_stop(
        self, conn: Connection, station: AttendedStation, report: StopReport
    ) -> Session | None:
        """The session that a stop means: one of this station's, or none at all.

        Id 0 or -1 is a station's that never learned its id (quirk E2); it can mean what the
        station has open, where that is one session, or one session of that token.
        """
        tenant_id, station_id = station.tenant_id, station.station_id
        named = str(report.transaction_id)
        if named not in NOBODYS:
            session = store.of_transaction(conn, tenant_id, station_id, named)
            if session is not None:
                return session
        repeated = store.of_transaction(conn, tenant_id, station_id, _orphan_id(report))
        if repeated is not None or named not in NOBODYS:
            return repeated
        running = store.active_of(conn, tenant_id, [station_id])
        if len(running) > 1 and report.presented is not None:
            running = [session for session in running if session.token_uid == report.presented.uid]
        if len(running) == 1:
            return running[0]
        # It may be the same stop once more, after the session it meant has ended.
        recent = store.latest_of(conn, tenant_id, station_id, limit=LATEST_LOOKED_AT)
        return next(
            (
                session
                for session in recent
                if not running
                and session.phase is Phase.ENDED
                and session.ended_at == report.at
                and session.meter_stop_wh == report.meter_wh
            ),
            None,
        )

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
        write = reading_store.REPLACE if merged else reading_store.INSERT
        read_us = 0
        for index, reading in enumerate(readings):
            read_us = micros(reading.at)
            flag = flags.get(index, 0) if flags else 0
            changes.write(write, reading_store.row(meter, reading, read_us, received_us, number, flag))
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

    async def transaction(
        self, station: AttendedStation, sessions: StationSessions, report: TransactionReport
    ) -> TransactionAnswer:
        """Take a 2.x TransactionEvent; the decision is on the token it presents, if any."""
        if sessions.stale:
            await self._reload(station, sessions)
        session = sessions.open.get(report.transaction_id)
        if session is None or report.presented is not None or report.type is not EventType.UPDATED:
            return await self._transaction_with_care(station, sessions, report)
        if lifecycle.is_taken(session, report):
            return TransactionAnswer()
        evse = session.evse if session.evse is not None else (report.evse or 0)
        readings = normalise(
            report.samples,
            received_at=report.received_at,
            evse=evse,
            sequence=report.sequence,
            live=not report.offline,
        )
        max_power_w = sessions.max_power_w.get(evse)
        after, late, flags = lifecycle.advance(session, report, readings, max_power_w=max_power_w)
        if late:
            return await self._transaction_with_care(station, sessions, report)
        changes = ChangeSet(station.tenant_id)
        received_us = micros(report.received_at)
        read_us = 0
        if readings:
            meter = sessions.meters.get(evse)
            if meter is None:
                meter = await self._meter(station, sessions, evse)
            read_us = self._write_readings(
                changes, readings, False, meter, session.number, received_us, flags
            )
        elif after.read_at is not None:
            read_us = micros(after.read_at)
        if after.read_at is None:
            self._save(changes, session, after, report.received_at)
        else:
            self._save_metered(changes, session, after, read_us, report.received_at, received_us)
        await self._database.commit(changes)
        self._keep(sessions, after)
        self._show(after)
        return TransactionAnswer()

    async def _transaction_with_care(
        self, station: AttendedStation, sessions: StationSessions, report: TransactionReport
    ) -> TransactionAnswer:
        """A TransactionEvent that needs a look at the database: a beginning, an end, a token, or a late one."""
        number = self._numbers.take(NUMBERS)
        session_id = SessionId(new_id())

        def take(conn: Connection, changes: ChangeSet) -> tuple[Session, Decision | None, list[Session]]:
            tenant_id, station_id = station.tenant_id, station.station_id
            before = store.of_transaction(conn, tenant_id, station_id, report.transaction_id)
            reused = before is not None and lifecycle.is_another(before, report)
            if before is not None and reused:
                self._retire(changes, before, report)
                before = None
            session = before
            if session is None:
                session = lifecycle.begin_transaction(
                    report, place_of(station), session_id=session_id, number=number
                )
            if before is not None and repairs.ended_by_us(before) and not lifecycle.is_taken(before, report):
                session = lifecycle.revived(session, report.received_at)
            evse = session.evse if session.evse is not None else (report.evse or 0)
            readings = normalise(
                report.samples,
                received_at=report.received_at,
                evse=evse,
                sequence=report.sequence,
                live=not report.offline,
            )
            max_power_w = sessions.max_power_w.get(evse)
            known = session
            after, late, flags = lifecycle.advance(session, report, readings, max_power_w=max_power_w)
            if late:
                stored = reading_store.of_session(conn, tenant_id, after) if before is not None else []
                after = lifecycle.recounted(after, together(stored, readings), max_power_w=max_power_w)
            decision = None
            if report.presented is not None:
                after, decision = self._present(conn, station, report, known, after)
            if reused:
                after = repairs.noted(
                    after, "transaction_id_reused", "The station had used this transaction id before."
                )
            closed: list[Session] = []
            if after is not known or before is None:
                if readings:
                    meter = reading_store.meter_at(conn, tenant_id, station_id, evse, station.location_id)
                    self._insert_readings(changes, readings, meter, after.number, report.received_at, flags)
                if after.phase is Phase.ACTIVE and (known.evse is None or before is None):
                    closed = self._close_others(conn, changes, after, report.received_at)
                self._save(changes, before, after, report.received_at)
            return after, decision, closed

        session, decision, closed = await self._database.decide(take, station.tenant_id)
        for other in closed:
            self._keep(sessions, other)
        self._keep(sessions, session)
        self._show(session)
        return TransactionAnswer(decision=decision)

    def _retire(self, changes: ChangeSet, before: Session, report: TransactionReport) -> None:
        """Make room for a session that takes an older one's id."""
        if before.phase is Phase.ACTIVE:
            ended = lifecycle.closed(
                before,
                lifecycle.last_sign(before),
                code="stop_lost",
                explanation="Its end was never reported; the station began another one under its id.",
                reason="",
            )
            self._save(changes, before, ended, report.received_at)
        changes.write(store.RENAME, (f"{before.transaction_id}#{before.number}", before.number))

    def _present(
        self,
        conn: Connection,
        station: AttendedStation,
        report: TransactionReport,
        before: Session,
        after: Session,
    ) -> tuple[Session, Decision]:
        """Decide on the token of a TransactionEvent; it is the session's own if it was the first."""
        assert report.presented is not None
        stopping = report.type is EventType.ENDED or report.trigger == "StopAuthorized"
        decision = self._decide(
            conn,
            station,
            report.presented,
            report.received_at if after.phase is Phase.ACTIVE else after.started_at,
            purpose=Purpose.STOP if stopping else Purpose.START,
            evse=after.evse,
            number=after.number,
        )
        if after.token_sequence != before.token_sequence:
            after = authorised(after, decision)
        elif stopping and after is not before and not self._may_stop(conn, after, decision, report.presented):
            after = repairs.noted(
                after,
                "stop_token_foreign",
                "The station let it be ended with a token that is neither its own nor of its group.",
            )
        return after, decision

    async def status(self, station: AttendedStation, sessions: StationSessions, report: StatusReport) -> None:
        """Take note of a connector's status, and of what it says of the session there."""
        if sessions.stale:
            await self._reload(station, sessions)
        changes = ChangeSet(station.tenant_id)
        state = self._stations.gather_status(changes, station, report)
        before = sessions.at(report.evse) if report.evse > 0 else None
        after = before
        if before is not None:
            after = self._with_status(station, before, report)
            if after is not before:
                self._save(changes, before, after, report.received_at)
        if changes:
            await self._database.commit(changes)
        if state is not None:
            self._stations.apply_status(station, state)
        if after is not None and after is not before:
            sessions.open[after.transaction_id] = after
            self._show(after)

    def _with_status(self, station: AttendedStation, session: Session, report: StatusReport) -> Session:
        letter = LETTERS.get(report.status)
        if letter is None or (session.connector or report.connector) != report.connector:
            return session
        at, _ = clocks.believed(report.at, report.received_at)
        if at < session.started_at:
            return session
        if session.sequences_seen:
            # 2.x says what it does in its TransactionEvents; the status only tells that nobody is there.
            freed = letter == idle.UNPLUGGED
            if freed == (session.freed_at is not None):
                return session
            return replace(session, freed_at=at if freed else None, updated_at=report.received_at)
        return lifecycle.status(session, letter, at, report.received_at)

    async def booted(self, station: AttendedStation, sessions: StationSessions, *, at: datetime) -> None:
        """Mark what was running: after a boot a station may go on, or still deliver the stop (quirk B16)."""
        if sessions.stale:
            await self._reload(station, sessions)
        running = [
            session
            for session in sessions.open.values()
            if session.rebooted_at is None or at - session.rebooted_at >= BOOT_REPEATED_WITHIN
        ]
        if not running:
            return
        changes = ChangeSet(station.tenant_id)
        marked = []
        for session in running:
            after = lifecycle.rebooted(session, at)
            self._save(changes, session, after, at)
            marked.append(after)
        await self._database.commit(changes)
        for after in marked:
            sessions.open[after.transaction_id] = after

    async def _reload(self, station: AttendedStation, sessions: StationSessions) -> None:
        sessions.stale = False
        try:
            await self._load(station, sessions)
        except BaseException:
            sessions.stale = True
            raise


def together(stored: list[Reading], arrived: tuple[Reading, ...]) -> list[Reading]:
    """Readings with those that just came; one that is stored already is not counted twice."""
    known = {(reading.at, reading.context, reading.evse) for reading in stored}
    return [*stored, *(new for new in arrived if (new.at, new.context, new.evse) not in known)]


def _orphan_id(report: StopReport) -> str:
    """The name of a session of which only the stop is known; the same for the same stop."""
    at = report.at.isoformat() if report.at is not None else f"meter {report.meter_wh}"
    return f"{report.transaction_id}@{at}"


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
        and after.evse == before.evse
        and after.offline == before.offline
        and after.remote_start_id == before.remote_start_id
        and after.idle_s == before.idle_s
    )
