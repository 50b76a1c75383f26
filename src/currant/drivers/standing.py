"""How a driver's session stands, in one word and with a reason: pure, from what was asked and what is reported."""

from datetime import datetime, timedelta

from currant.charging.model import Activity, Phase, Session
from currant.drivers.model import EvseState, SessionState, Start, StartState
from currant.stations.model import CommandRecord, CommandStatus

ANSWER_WITHIN = timedelta(seconds=90)
"""A station that was asked and has not answered by then never will: the process that waited is gone."""
ENDING_FOR = timedelta(minutes=2)
"""So long a station may take to end what it said it would."""
BEGINS_SOON_WITHIN = timedelta(seconds=12)
"""A vehicle that is plugged in gets its session so soon. After that it may be missing: many stations of 1.6 say
`Preparing` for "somebody may charge" as well as for "a cable is in"."""
BEGINS_LATE_WITHIN = timedelta(minutes=20)
"""A session may answer a wish that was given up, for so long after it was asked for."""

ACTIVITIES = {
    Activity.CHARGING: SessionState.CHARGING,
    Activity.PAUSED_BY_VEHICLE: SessionState.PAUSED_BY_VEHICLE,
    Activity.PAUSED_BY_STATION: SessionState.PAUSED_BY_STATION,
    Activity.IDLE: SessionState.FINISHED,
}
WITH_A_REASON = frozenset({SessionState.PAUSED_BY_VEHICLE, SessionState.PAUSED_BY_STATION})

# Why sessions end, as stations of all versions say it (1.6 Reason, 2.x ReasonEnumType).
ENDED_BECAUSE = {
    "Remote": "stopped_remotely",
    "EVDisconnected": "unplugged",
    "Local": "stopped_at_charger",
    "StoppedByEV": "paused_by_vehicle",
    "EmergencyStop": "emergency_stop",
    "PowerLoss": "power_lost",
    "Reboot": "power_lost",
    "HardReset": "power_lost",
    "SoftReset": "power_lost",
    "ImmediateReset": "power_lost",
    "DeAuthorized": "not_allowed",
    "Timeout": "not_plugged_in",
}

# What a station answered to a start that did not come to be.
NOT_STARTED = {
    CommandStatus.REFUSED: "refused",
    CommandStatus.OFFLINE: "offline",
    CommandStatus.UNANSWERED: "no_answer",
    CommandStatus.UNSUPPORTED: "not_supported",
}


def outcome_of(record: CommandRecord) -> tuple[StartState, str]:
    """What a remote start's outcome makes of the wish: its state, and why it failed."""
    if record.status in (CommandStatus.ACCEPTED, CommandStatus.SCHEDULED):
        return StartState.AGREED, ""
    if record.status is CommandStatus.REFUSED and record.answer is None:
        # The station was not even asked: the decision was ours.
        return StartState.FAILED, "not_allowed"
    return StartState.FAILED, NOT_STARTED.get(record.status, "failed")


def given_up(start: Start, now: datetime, *, plug_in_within: timedelta) -> str:
    """Why a wish that no session answers is to be given up by now; empty while it may still come true."""
    waited = now - start.asked_at
    if start.state is StartState.ASKED and waited > ANSWER_WITHIN:
        return "no_answer"
    if start.state is StartState.AGREED and waited > plug_in_within:
        return "not_plugged_in"
    return ""


def answers(start: Start, *, evse: int | None, at: datetime) -> bool:
    """Whether a session that began now, at the wish's station, is what was wished for. `at` is by our clock."""
    if start.state is StartState.BEGUN or (evse is not None and evse != start.evse):
        return False
    late = start.state is StartState.FAILED and start.why not in ("no_answer", "cancelled", "not_plugged_in")
    return not late and at - start.asked_at <= BEGINS_LATE_WITHIN


def of_start(start: Start, evse: EvseState, now: datetime) -> tuple[SessionState, str]:
    """How a wish without a session stands, and why."""
    if start.state is StartState.FAILED:
        return SessionState.FAILED, start.why or "failed"
    if start.state is StartState.AGREED and evse is EvseState.AVAILABLE:
        return SessionState.PLUG_IN, "plug_in"
    if start.state is StartState.AGREED and now - start.asked_at > BEGINS_SOON_WITHIN:
        return SessionState.PLUG_IN, "plug_in_if_not"
    return SessionState.STARTING, ""


def of_session(
    session: Session, start: Start | None, evse: EvseState, now: datetime
) -> tuple[SessionState, str]:
    """How a session stands, and why."""
    stop_asked_at = None if start is None else start.stop_asked_at
    if session.phase is Phase.ENDED:
        if session.energy_wh == 0 and session.first_energy_at is None and session.stop_reason == "Timeout":
            return SessionState.FAILED, "not_plugged_in"
        if not session.authorised and session.energy_wh == 0:
            return SessionState.FAILED, "not_allowed"
        if stop_asked_at is not None and session.stop_reason in ("Remote", ""):
            return SessionState.ENDED, "stopped_by_you"
        why = ENDED_BECAUSE.get(session.stop_reason, "")
        return SessionState.ENDED, "" if why == "paused_by_vehicle" else why
    if stop_asked_at is not None and now - stop_asked_at <= ENDING_FOR:
        return SessionState.ENDING, ""
    if session.activity is Activity.WAITING:
        if evse is EvseState.AVAILABLE:
            return SessionState.PLUG_IN, "plug_in"
        return SessionState.STARTING, ""
    state = ACTIVITIES[session.activity]
    return state, state.value if state in WITH_A_REASON else ""
