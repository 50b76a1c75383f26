"""The verbs of connected stations: what they report of their sessions becomes durable, then true.

What a connection holds (`StationSessions`) is replaced only after the change set is durable, so
that a report which fails is one that never was: the station repeats it.
"""

from datetime import datetime, timedelta

from msgspec.structs import replace
from sqlalchemy import Connection

from currant.access.model import Decision, Presented, Purpose
from currant.charging import clocks, idle, lifecycle, reading_store, repairs, store
from currant.charging.common import authorised, kind_of, place_of
from currant.charging.metering import normalise
from currant.charging.model import (
    Phase,
    Session,
    StartAnswer,
    StartReport,
    StationSessions,
    StopReport,
)
from currant.charging.numbering import Offered
from currant.charging.reservations import gate
from currant.charging.taking_readings import NOBODYS
from currant.charging.transactions import TakesTransactions
from currant.db.commits import ChangeSet
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
BOOT_REPEATED_WITHIN = timedelta(minutes=1)
LATEST_LOOKED_AT = 5


class Reporting(TakesTransactions):
    """What stations report."""

    async def attend(self, station: AttendedStation) -> StationSessions:
        """What is known of the station's sessions, for its connection to hold."""
        sessions = StationSessions()
        await self._numbers.prepare()
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
        opinion = await self._opinion(station, presented, evse)
        at = self._clock.now()
        return await self._database.read(
            lambda conn: self._decide(conn, station, presented, at, evse=evse, opinion=opinion, may_end=True)
        )

    async def start(
        self, station: AttendedStation, sessions: StationSessions, report: StartReport
    ) -> StartAnswer:
        """Begin a session, whether or not its token may charge: the station begins it in any case."""
        if sessions.stale:
            await self._reload(station, sessions)
        opinion = await self._opinion(station, report.presented, report.evse)
        session_id = SessionId(new_id())
        meters: list[int] = []

        def begin(
            conn: Connection, changes: ChangeSet, number: Offered
        ) -> tuple[Session, Decision, list[Session]]:
            known = self._repeated(conn, station, report)
            decision = self._decide(
                conn,
                station,
                report.presented,
                clocks.believed(report.at, report.received_at)[0],
                evse=report.evse,
                number=None if known is None else known.number,
                opinion=opinion,
            )
            if known is not None:
                return known, decision, []
            fresh = lifecycle.begin(report, place_of(station), session_id=session_id, number=number.take())
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
            session = gate.used_up(conn, changes, session, decision, now=report.received_at)
            closed = self._close_others(conn, changes, session, report.received_at)
            self._save(changes, None, session, report.received_at)
            meters.append(
                reading_store.meter_at(
                    conn, station.tenant_id, station.station_id, report.evse, station.location_id
                )
            )
            return session, decision, closed

        session, decision, closed = await self._numbers.decide(begin, station.tenant_id, likely=True)
        if meters:
            sessions.meters[report.evse] = meters[-1]
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
        session_id = SessionId(new_id())
        presented = report.presented if report.presented and report.presented.uid.strip() else None

        def end(conn: Connection, changes: ChangeSet, number: Offered) -> tuple[Session, Decision | None]:
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
                    number=number.take(),
                    transaction_id=_orphan_id(report),
                )
                if decision is not None:
                    after = replace(
                        after,
                        token_id=decision.token_id,
                        token_kind=kind_of(after, decision),
                        account_id=decision.account_id,
                    )
                self._save(changes, None, after, report.received_at)
            else:
                after = lifecycle.stop(before, report, readings, max_power_w=sessions.max_power_w.get(evse))
                if after is not before and before.phase is Phase.ACTIVE:
                    after = self._with_stop_token(conn, after)
                if after is not before:
                    self._save(changes, before, after, report.received_at)
            if readings and (before is None or before.phase is Phase.ACTIVE or repairs.ended_by_us(before)):
                meter = reading_store.meter_at(
                    conn, station.tenant_id, station.station_id, evse, station.location_id
                )
                self._insert_readings(changes, readings, meter, after.number, report.received_at)
            return after, decision

        session, decision = await self._numbers.decide(end, station.tenant_id, likely=False)
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


def _orphan_id(report: StopReport) -> str:
    """The name of a session of which only the stop is known; the same for the same stop."""
    at = report.at.isoformat() if report.at is not None else f"meter {report.meter_wh}"
    return f"{report.transaction_id}@{at}"
