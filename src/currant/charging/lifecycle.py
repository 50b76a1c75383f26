"""The life of a charging session, as pure functions from (session, report) to session.

Stations repeat themselves, deliver late, lose power and forget. So a report is never trusted to
be the next one. OCPP 2.x numbers its reports, and what they come to does not depend on the order
or number of their arrivals. OCPP 1.6 numbers nothing: a repeated start is known by its content,
the first stop counts, and a stop that names nobody's session stops nothing.

A session whose end Currant had to make up (a zombie, a lost stop) is corrected by the real end,
whenever that arrives.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from currant.charging import clocks, idle, repairs, tally
from currant.charging.model import (
    EventType,
    Phase,
    Reading,
    Session,
    StartReport,
    StopReport,
    TransactionReport,
)
from currant.charging.sequences import contains, with_sequence
from currant.kit.clock import micros
from currant.kit.ids import LocationId, SessionId, StationId, TenantId

# Two clockless starts with the same content are one if no more than this lies between them.
SAME_START = timedelta(minutes=15)
# A register read this shortly before the end is as good as one at the end.
FRESH_ENOUGH = timedelta(minutes=2)

# 2.x ChargingStateEnumType (OCPP 2.0.1 Part 2, 3.16) as letters of the timeline.
CHARGING_STATES = {
    "Charging": idle.CHARGING,
    "SuspendedEV": idle.VEHICLE,
    "SuspendedEVSE": idle.STATION,
    "EVConnected": idle.WAITING,
    "Idle": idle.UNPLUGGED,
}
Flags = Mapping[int, int]
"""What readings earned (measurands.Flag), by their place in the report."""
NO_FLAGS: Flags = {}
STOPPING_TRIGGERS = frozenset({"StopAuthorized", "Deauthorized", "RemoteStop"})


class Place:
    """Whose session it is and where it takes place; the same for all sessions of one station."""

    __slots__ = ("location_id", "station_id", "tenant_id")

    def __init__(self, tenant_id: TenantId, station_id: StationId, location_id: LocationId | None) -> None:
        self.tenant_id = tenant_id
        self.station_id = station_id
        self.location_id = location_id


# OCPP 1.6


def begin(report: StartReport, place: Place, *, session_id: SessionId, number: int) -> Session:
    """The session that a StartTransaction begins."""
    at, problem = clocks.believed(report.at, report.received_at)
    session = Session(
        id=session_id,
        number=number,
        tenant_id=place.tenant_id,
        station_id=place.station_id,
        location_id=place.location_id,
        transaction_id=str(number),
        started_at=at,
        activity_since=at,
        evse=report.evse,
        connector=report.connector,
        token_uid=report.presented.uid,
        token_kind=report.presented.kind.value,
        reservation_id=report.reservation_id,
        meter_start_wh=report.meter_wh,
        meter_last_wh=report.meter_wh,
        meter_last_at=at,
        base_wh=report.meter_wh,
        offline=clocks.is_late(report.at, report.received_at),
        received_at=report.received_at,
        updated_at=report.received_at,
        reported_started_at=report.at,
        heard_at=at,
    )
    return _clock_noted(session, problem, "start")


def is_repeat(session: Session, report: StartReport) -> bool:
    """Whether a StartTransaction is one that had been taken already (quirk E7): same connector, tag,
    register and time; without a time, the same soon after."""
    return (
        session.evse == report.evse
        and session.connector == report.connector
        and session.token_uid == report.presented.uid
        and session.meter_start_wh == report.meter_wh
        and session.reported_started_at == report.at
        and (
            clocks.problem_of(report.at, report.received_at) is None
            or session.received_at is None
            or report.received_at - session.received_at <= SAME_START
        )
    )


def stop(
    session: Session, report: StopReport, readings: Sequence[Reading], *, max_power_w: int | None = None
) -> Session:
    """The session after a StopTransaction; the first one counts, and a different one is only noted (quirk E8)."""
    ended_at, problem = clocks.believed(report.at, report.received_at)
    if session.phase is Phase.ENDED and not repairs.ended_by_us(session):
        return _second_stop(session, report, ended_at if problem is None else None)
    session = repairs.without(session, repairs.OUR_ENDS)
    session = replace(session, phase=Phase.ACTIVE, ended_at=None, meter_stop_wh=None)
    session = _clock_noted(session, problem, "end")
    delivered_by = ended_at
    if ended_at < session.started_at:
        session = repairs.noted(
            session, "end_before_start", "Its end was reported as before its start; it was given no length."
        )
        ended_at = session.started_at
        delivered_by = max(ended_at, report.received_at)
    for reading in readings:
        if reading.at <= ended_at and (session.read_at is None or reading.at >= session.read_at):
            session, _ = tally.count(session, reading, max_power_w=max_power_w)
    if report.meter_wh is not None:
        session = tally.close_with(session, report.meter_wh, delivered_by, max_power_w=max_power_w)
        session = replace(session, read_at=ended_at)
    else:
        session = _without_stop_register(session, ended_at)
    return _end(
        session,
        ended_at,
        reason=report.reason,
        stop_token_uid=report.presented.uid if report.presented else "",
        received_at=report.received_at,
        offline=clocks.is_late(report.at, report.received_at),
    )


def orphan(
    report: StopReport,
    readings: Sequence[Reading],
    place: Place,
    *,
    session_id: SessionId,
    number: int,
    transaction_id: str,
) -> Session:
    """What a stop tells of a session whose start was never received (quirk E10): little, and nothing for certain."""
    ended_at, problem = clocks.believed(report.at, report.received_at)
    before = [reading for reading in readings if reading.at <= ended_at]
    started_at = min((reading.at for reading in before), default=ended_at)
    session = Session(
        id=session_id,
        number=number,
        tenant_id=place.tenant_id,
        station_id=place.station_id,
        location_id=place.location_id,
        transaction_id=transaction_id,
        started_at=started_at,
        activity_since=started_at,
        started_known=False,
        token_uid=report.presented.uid if report.presented else "",
        token_kind=report.presented.kind.value if report.presented else "",
        received_at=report.received_at,
        updated_at=report.received_at,
    )
    session = _clock_noted(session, problem, "end")
    for reading in before:
        session, _ = tally.count(session, reading)
    if report.meter_wh is not None:
        session = tally.close_with(session, report.meter_wh, ended_at)
    session = repairs.noted(
        session,
        "stop_unassigned",
        f"The station ended its transaction {report.transaction_id}, which is none of its sessions here.",
    )
    return _end(
        session,
        ended_at,
        reason=report.reason,
        stop_token_uid=report.presented.uid if report.presented else "",
        received_at=report.received_at,
        offline=clocks.is_late(report.at, report.received_at),
    )


def status(session: Session, letter: str, at: datetime, received_at: datetime) -> Session:
    """The session after its connector said what it is doing (1.6), or that nobody is there."""
    at_us = micros(at)
    timeline = idle.with_change(session.timeline, (at_us, at_us, letter), None)
    freed = letter == idle.UNPLUGGED
    if timeline == session.timeline and freed == (session.freed_at is not None):
        return session
    return idle.settle(
        replace(
            session,
            timeline=timeline,
            freed_at=(session.freed_at or at) if freed else None,
            updated_at=received_at,
            power_w=session.power_w
            if letter == idle.CHARGING
            else 0.0
            if session.power_w is not None
            else None,
        )
    )


# OCPP 2.x


def begin_transaction(
    report: TransactionReport, place: Place, *, session_id: SessionId, number: int
) -> Session:
    """A session of which nothing is known but that this report speaks of it; `advance` it by the report."""
    at, _ = clocks.believed(report.at, report.received_at, live=not report.offline)
    return Session(
        id=session_id,
        number=number,
        tenant_id=place.tenant_id,
        station_id=place.station_id,
        location_id=place.location_id,
        transaction_id=report.transaction_id,
        started_at=at,
        activity_since=at,
        started_known=False,
        received_at=report.received_at,
    )


def is_taken(session: Session, report: TransactionReport) -> bool:
    """Whether a report had been taken already, by its sequence number.

    Some stations send one number over and over; theirs is a new report if it is newer than all others.
    """
    if not contains(session.sequences_seen, report.sequence):
        return False
    if session.heard_at is None or report.at is None or report.at <= session.heard_at:
        return True
    return clocks.believed(report.at, report.received_at, live=not report.offline)[1] is not None


def is_another(session: Session, report: TransactionReport) -> bool:
    """Whether a Started names an id that the station has used before, for a session that is over."""
    return (
        report.type is EventType.STARTED
        and report.at is not None
        and session.started_known
        and contains(session.sequences_seen, report.sequence)
        and clocks.problem_of(report.at, report.received_at) is None
        and report.at > (session.ended_at or session.heard_at or session.started_at)
    )


def advance(
    session: Session,
    report: TransactionReport,
    readings: Sequence[Reading],
    *,
    max_power_w: int | None = None,
) -> tuple[Session, bool, Flags]:
    """The session after a TransactionEvent, and whether its readings must be counted anew (`recounted`).

    A report that is not the newest changes what came before others; then energy follows only from
    all readings in order, which the caller has to bring. Last, the flags that readings earned.
    """
    if is_taken(session, report):
        return session, False, NO_FLAGS
    at, problem = clocks.believed(report.at, report.received_at, live=not report.offline)
    seen = session.sequences_seen
    sequence = report.sequence
    newest = not seen or sequence > seen[-1][1]
    first = not seen or sequence < seen[0][0]
    late = not newest or (bool(readings) and session.read_at is not None and readings[0].at < session.read_at)
    now_seen = with_sequence(seen, sequence)
    timeline = session.timeline
    letter = CHARGING_STATES.get(report.charging_state)
    if letter is not None and (not timeline or letter != timeline[-1][2] or not newest or len(now_seen) > 1):
        timeline = idle.with_change(timeline, (sequence, micros(at), letter), now_seen)
    elif not newest:
        timeline = idle.compact(timeline, now_seen)
    ends = report.type is EventType.ENDED and (
        session.ended_sequence is None or sequence < session.ended_sequence or repairs.ended_by_us(session)
    )
    plain = newest and not first and not ends and problem is None and len(now_seen) == len(seen)
    notes = session.meter_notes
    flags = NO_FLAGS
    if not late and readings:
        session, flags = _counted(session, readings, max_power_w)
    same_activity = timeline is session.timeline and (not readings or idle.moves_on(session, readings[-1].at))
    heard_at = at if session.heard_at is None or at > session.heard_at else session.heard_at
    plain = plain and report.presented is None and session.evse is not None and session.meter_notes == notes
    if plain:
        session = replace(
            session,
            sequences_seen=now_seen,
            timeline=timeline,
            heard_at=heard_at,
            updated_at=report.received_at,
            offline=session.offline or report.offline,
            remote_start_id=report.remote_start_id or session.remote_start_id,
        )
        return (session if same_activity or late else idle.settle(session)), late, flags
    session = replace(
        session,
        sequences_seen=now_seen,
        timeline=timeline,
        heard_at=heard_at,
        updated_at=report.received_at,
        offline=session.offline or report.offline,
        evse=session.evse if session.evse is not None else report.evse,
        connector=session.connector if session.connector is not None else report.connector,
        remote_start_id=session.remote_start_id if report.remote_start_id is None else report.remote_start_id,
        reservation_id=session.reservation_id if report.reservation_id is None else report.reservation_id,
    )
    if first:
        session = replace(session, started_at=at, reported_started_at=report.at, start_cause=report.trigger)
    if report.type is EventType.STARTED:
        session = replace(session, started_known=True)
    session = _with_token(session, report)
    session = _clock_noted(session, problem, "end" if ends else "start" if first else "report")
    if ends:
        session = _ended_by(session, report, at, readings)
        late = late or not newest
    if late:
        return repairs.derived(session), True, flags
    return repairs.derived(idle.settle(session)), False, flags


def recounted(session: Session, readings: Iterable[Reading], *, max_power_w: int | None = None) -> Session:
    """The session with its readings counted anew and everything that follows from them."""
    session = tally.recount(session, readings, max_power_w=max_power_w)
    if session.phase is Phase.ENDED:
        if session.sequences_seen:
            session = _stop_register(session)
        elif session.meter_stop_wh is None:
            session = _without_stop_register(session, session.ended_at or session.started_at)
        else:
            session = replace(session, read_at=session.ended_at)
        session = replace(session, power_w=None)
    return repairs.derived(idle.settle(session))


# Of every version


def metered(
    session: Session,
    readings: Sequence[Reading],
    received_at: datetime,
    *,
    max_power_w: int | None = None,
) -> tuple[Session, bool, Flags]:
    """The session after MeterValues, whether all its readings must be counted anew, and their flags."""
    late = session.read_at is not None and readings[0].at < session.read_at
    if late or session.phase is Phase.ENDED:
        return replace(session, updated_at=received_at), True, NO_FLAGS
    notes = session.meter_notes
    session, flags = _counted(session, readings, max_power_w)
    if not idle.moves_on(session, readings[-1].at):
        session = idle.settle(session)
    if session.meter_notes != notes:
        session = repairs.derived(session)
    return replace(session, updated_at=received_at), False, flags


def _counted(session: Session, readings: Sequence[Reading], max_power_w: int | None) -> tuple[Session, Flags]:
    flags: Flags = NO_FLAGS
    for index, reading in enumerate(readings):
        if session.ended_at is not None and not tally.counts(session, reading):
            continue
        session, earned = tally.count(session, reading, max_power_w=max_power_w)
        if earned:
            flags = {**flags, index: earned}
    return session, flags


def rebooted(session: Session, at: datetime) -> Session:
    """The session after its station booted: it may go on, or its stop may be in the queue (quirk B16)."""
    session = replace(session, rebooted_at=at)
    return repairs.noted(session, "station_rebooted", "The station restarted while it was running.", at)


def closed(session: Session, ended_at: datetime, *, code: str, explanation: str, reason: str) -> Session:
    """The session ended by Currant with what is known of it, because nobody reported its end."""
    ended_at = max(ended_at, session.started_at)
    session = repairs.noted(session, code, explanation)
    if session.meter_last_wh is not None and session.meter_notes & tally.Note.REGISTER_READ:
        session = replace(session, meter_stop_wh=session.meter_last_wh)
    return _end(session, ended_at, reason=reason, received_at=session.updated_at)


def revived(session: Session, at: datetime) -> Session:
    """A session that Currant had given up, and that shows life again."""
    session = repairs.without(session, repairs.OUR_ENDS)
    session = replace(
        session, phase=Phase.ACTIVE, ended_at=None, stop_reason="", meter_stop_wh=None, freed_at=None
    )
    return repairs.noted(session, "revived", "It had been given up for dead, and was reported again.", at)


def last_sign(session: Session) -> datetime:
    """The latest time at which the session is known to have been going on."""
    times = (session.started_at, session.read_at, session.heard_at, session.last_energy_at)
    return max(time for time in times if time is not None)


def _end(
    session: Session,
    ended_at: datetime,
    *,
    reason: str,
    received_at: datetime | None,
    stop_token_uid: str = "",
    offline: bool = False,
) -> Session:
    session = replace(
        session,
        phase=Phase.ENDED,
        ended_at=ended_at,
        stop_reason=reason,
        stop_token_uid=stop_token_uid,
        power_w=None,
        offline=session.offline or offline,
        updated_at=received_at,
    )
    return repairs.derived(idle.settle(session))


def _second_stop(session: Session, report: StopReport, ended_at: datetime | None) -> Session:
    same_meter = report.meter_wh is None or report.meter_wh == session.meter_stop_wh
    if same_meter and (ended_at is None or ended_at == session.ended_at):
        return session
    said = f"at register {report.meter_wh} Wh" if report.meter_wh is not None else "without a register"
    when = f" at {ended_at:%Y-%m-%d %H:%M:%S} UTC" if ended_at else ""
    return repairs.noted(
        session, "stop_repeated", f"A second, different end was reported{when} {said}; the first one counts."
    )


def _clock_noted(session: Session, problem: str | None, of: str) -> Session:
    if problem is None:
        return session
    if of == "report":
        # Neither its start nor its end: nothing that would be billed.
        return repairs.noted(
            session, "report_clock_wrong", f"{problem}; the time of receipt was taken instead."
        )
    return repairs.noted(session, "clock_wrong", f"{problem} ({of}); the time of receipt was taken instead.")


def _with_token(session: Session, report: TransactionReport) -> Session:
    """Who charges is in the first report that has a token; who stopped it, in the last (E01, E05, E07)."""
    presented = report.presented
    if presented is None:
        return session
    if report.type is EventType.ENDED or report.trigger in STOPPING_TRIGGERS:
        return replace(session, stop_token_uid=presented.uid)
    if session.token_sequence is not None and session.token_sequence <= report.sequence:
        return session
    return replace(
        session,
        token_uid=presented.uid,
        token_kind=presented.kind.value,
        token_sequence=report.sequence,
    )


def _ended_by(
    session: Session, report: TransactionReport, at: datetime, readings: Sequence[Reading]
) -> Session:
    session = repairs.without(session, repairs.OUR_ENDS)
    session = replace(
        session,
        phase=Phase.ENDED,
        ended_at=max(at, session.started_at),
        ended_sequence=report.sequence,
        stop_reason=report.stopped_reason or "Local",
        power_w=None,
    )
    return _stop_register(session)


def _stop_register(session: Session) -> Session:
    """2.x has no stop register of its own: the last reading is it, if it is of the end."""
    assert session.ended_at is not None
    if session.meter_last_wh is None or session.meter_last_at is None:
        return _without_stop_register(session, session.ended_at)
    if session.ended_at - session.meter_last_at > FRESH_ENOUGH:
        return _without_stop_register(session, session.ended_at)
    return replace(
        session,
        meter_stop_wh=session.meter_last_wh,
        meter_notes=session.meter_notes & ~tally.Note.STOP_MISSING,
    )


def _without_stop_register(session: Session, ended_at: datetime) -> Session:
    read_at = session.meter_last_at if session.meter_notes & tally.Note.REGISTER_READ else None
    if read_at is not None and ended_at - read_at <= FRESH_ENOUGH:
        return replace(session, meter_stop_wh=session.meter_last_wh)
    return replace(session, meter_stop_wh=None, meter_notes=session.meter_notes | tally.Note.STOP_MISSING)
