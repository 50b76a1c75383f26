"""The transactions of OCPP 2.x: one report for everything, in an order of its own.

An update of what the connection holds goes straight through. Whatever begins, ends, presents a
token or comes late looks at the database first, in the same transaction that it writes.
"""

from msgspec.structs import replace
from sqlalchemy import Connection

from currant.access.model import Decision, Opinion, Presented, Purpose, TokenKind
from currant.charging import lifecycle, reading_store, repairs, store
from currant.charging.common import authorised, place_of
from currant.charging.metering import normalise
from currant.charging.model import (
    EventType,
    Phase,
    Session,
    StationSessions,
    TransactionAnswer,
    TransactionReport,
)
from currant.charging.numbering import Offered
from currant.charging.reservations import gate
from currant.charging.taking_readings import TakesReadings, together
from currant.db.commits import ChangeSet
from currant.kit.clock import micros
from currant.kit.ids import SessionId, new_id
from currant.stations.model import AttendedStation

# What a session is asked for with is central to stations, whatever it is registered as.
_KINDS = {kind.value: kind for kind in TokenKind if kind is not TokenKind.CENTRAL}


class TakesTransactions(TakesReadings):
    """What stations report of their transactions."""

    async def transaction(
        self, station: AttendedStation, sessions: StationSessions, report: TransactionReport
    ) -> TransactionAnswer:
        """Take a 2.x TransactionEvent; the decision is on the token it presents, if any."""
        if sessions.stale:
            await self._reload(station, sessions)
        session = sessions.open.get(report.transaction_id)
        if (
            report.remote_start_id is not None
            and (session is None or session.remote_start_id is None)
            and report.presented is None
            and report.type is not EventType.ENDED
            and report.trigger not in lifecycle.STOPPING_TRIGGERS
        ):
            report = await self._with_driver(station, report)
            if report.presented is not None:
                await self._transaction_with_care(station, sessions, report)
                # It presented nothing, so there is nothing to say of a token.
                return TransactionAnswer()
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
        sessions.open[after.transaction_id] = after
        self._show(after)
        return TransactionAnswer()

    async def _with_driver(self, station: AttendedStation, report: TransactionReport) -> TransactionReport:
        """The report with the token that the session was asked for: stations may leave it to us (F01, F02)."""
        commands, number = self._commands, report.remote_start_id
        if commands is None or number is None:
            return report
        asked = await self._database.read(
            lambda conn: commands.remote_start(
                conn, station.tenant_id, station.station_id, number, at=report.received_at
            )
        )
        if asked is None:
            return report
        kind = _KINDS.get(asked.token_kind, TokenKind.UNKNOWN)
        return replace(report, presented=Presented(uid=asked.token_uid, kind=kind))

    async def _transaction_with_care(
        self, station: AttendedStation, sessions: StationSessions, report: TransactionReport
    ) -> TransactionAnswer:
        """A TransactionEvent that needs a look at the database: a beginning, an end, a token, or a late one."""
        opinion = None
        if report.presented is not None and not _is_stopping(report):
            opinion = await self._opinion(station, report.presented, report.evse)
        session_id = SessionId(new_id())
        meters: dict[int, int] = {}

        def take(
            conn: Connection, changes: ChangeSet, number: Offered
        ) -> tuple[Session, Decision | None, list[Session]]:
            tenant_id, station_id = station.tenant_id, station.station_id
            before = store.of_transaction(conn, tenant_id, station_id, report.transaction_id)
            reused = before is not None and lifecycle.is_another(before, report)
            if before is not None and reused:
                self._retire(changes, before, report)
                before = None
            session = before
            if session is None:
                session = lifecycle.begin_transaction(
                    report, place_of(station), session_id=session_id, number=number.take()
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
                after, decision = self._present(conn, station, report, known, after, opinion)
            first_token = after.token_sequence != known.token_sequence
            if known.reservation_id is None and (first_token or after.reservation_id):
                after = gate.used_up(conn, changes, after, decision, now=report.received_at)
            if reused:
                after = repairs.noted(
                    after, "transaction_id_reused", "The station had used this transaction id before."
                )
            closed: list[Session] = []
            if after is not known or before is None:
                if readings:
                    meter = reading_store.meter_at(conn, tenant_id, station_id, evse, station.location_id)
                    meters[evse] = meter
                    self._insert_readings(changes, readings, meter, after.number, report.received_at, flags)
                if after.phase is Phase.ACTIVE and (known.evse is None or before is None):
                    closed = self._close_others(conn, changes, after, report.received_at)
                self._save(changes, before, after, report.received_at)
            return after, decision, closed

        session, decision, closed = await self._numbers.decide(
            take, station.tenant_id, likely=_is_likely_new(sessions, report)
        )
        sessions.meters.update(meters)
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
        opinion: Opinion | None,
    ) -> tuple[Session, Decision]:
        """Decide on the token of a TransactionEvent; it is the session's own if it was the first."""
        assert report.presented is not None
        decision = self._decide(
            conn,
            station,
            report.presented,
            report.received_at if after.phase is Phase.ACTIVE else after.started_at,
            purpose=Purpose.STOP if _is_stopping(report) else Purpose.START,
            evse=after.evse,
            number=after.number,
            opinion=opinion,
        )
        if after.token_sequence != before.token_sequence:
            after = authorised(after, decision)
        if after is not before:
            after = self._with_stop_token(conn, after)
        return after, decision


def _is_stopping(report: TransactionReport) -> bool:
    return report.type is EventType.ENDED or report.trigger == "StopAuthorized"


def _is_likely_new(sessions: StationSessions, report: TransactionReport) -> bool:
    """Whether a report begins a session, as far as the connection can tell."""
    known = sessions.open.get(report.transaction_id) or sessions.ended.get(report.transaction_id)
    return known is None or lifecycle.is_another(known, report)
