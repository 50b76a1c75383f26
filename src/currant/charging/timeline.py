"""The story of a session, told from everything that is known of it: a pure function from facts to moments.

Stations tell things late and twice, people give commands in between, and Currant repairs what does
not fit. Whoever wonders about a bill reads all of it in one order, each moment in words.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import msgspec

from currant.charging import idle
from currant.charging.model import Phase, Reading, Session
from currant.charging.repairs import OUR_ENDS, UNCERTAIN
from currant.kit.clock import instant
from currant.stations.commanding import profiles, remote, tariffs
from currant.stations.model import CommandRecord, StatusChange

Facts = dict[str, Any]

BEFORE = timedelta(minutes=15)
"""What was asked or reported so long before a session began may be why it did."""
AFTER = timedelta(minutes=5)
GAP = timedelta(minutes=30)
"""Between readings of a session under way: longer is worth a word."""


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened. `kind` and `facts` are for pages, `text` is the English of it."""

    at: datetime
    kind: str
    facts: Facts = {}
    text: str = ""


# In this order where two have the same time.
KINDS = (
    "reserved",
    "command",
    "started",
    "authorised",
    "activity",
    "metered",
    "energy_began",
    "status",
    "gap",
    "energy_ended",
    "metering",
    "ended",
    "repair",
)
_PLACE = {kind: place for place, kind in enumerate(KINDS)}

ACTIVITIES = {
    idle.WAITING: ("waiting", "Plugged in; no energy flows yet."),
    idle.CHARGING: ("charging", "Charging."),
    idle.VEHICLE: ("paused_by_vehicle", "The vehicle takes nothing for now."),
    idle.STATION: ("paused_by_station", "The station holds charging back (a limit, or a fault)."),
    idle.UNPLUGGED: ("unplugged", "The vehicle was unplugged."),
}

# Commands that can have to do with a session; reading variables and files does not.
_ABOUT_CHARGING = (
    remote.StartCharging,
    remote.StopCharging,
    remote.Unlock,
    remote.Reset,
    remote.SetAvailability,
    profiles.SetChargingProfile,
    profiles.ClearChargingProfiles,
    profiles.UsePriorityCharging,
    profiles.UpdateDynamicSchedule,
    profiles.AllowEnergyTransfer,
    tariffs.ChangeTransactionTariff,
)


def story_of(
    session: Session,
    *,
    statuses: Iterable[StatusChange] = (),
    commands: Iterable[CommandRecord] = (),
    readings: Sequence[Reading] = (),
    with_tokens: bool = True,
) -> tuple[Moment, ...]:
    """The moments of a session in order; `with_tokens` False leaves out what drivers presented."""
    moments = [
        *_beginning(session, with_tokens),
        *_activities(session),
        *_metering(session, readings),
        *(_status(change) for change in statuses),
        *(_command(record) for record in commands if concerns(record, session)),
        *_end(session, with_tokens),
        *_repairs(session),
    ]
    return tuple(sorted(moments, key=lambda moment: (moment.at, _PLACE[moment.kind])))


def _beginning(session: Session, with_tokens: bool) -> Iterable[Moment]:
    facts: Facts = {
        "evse": session.evse,
        "connector": session.connector,
        "cause": session.start_cause or None,
        "meter_wh": session.meter_start_wh,
        "offline": session.offline,
        "known": session.started_known,
        "remote_start_id": session.remote_start_id,
        "reservation_id": session.reservation_id,
    }
    where = f" at EVSE {session.evse}" if session.evse is not None else ""
    why = f" ({session.start_cause})" if session.start_cause else ""
    text = f"Began{where}{why}."
    if not session.started_known:
        text = f"Was under way{where}; its beginning was not reported."
    yield Moment(at=session.started_at, kind="started", facts=facts, text=text)
    if session.authorisation:
        token = session.token_uid if with_tokens and session.token_uid else None
        said = "was let charge" if session.authorised else "was not let charge"
        who = token or "What was presented"
        yield Moment(
            at=session.started_at,
            kind="authorised",
            facts={"authorised": session.authorised, "reason": session.authorisation, "token": token},
            text=f"{who} {said}: {session.authorisation.replace('_', ' ')}.",
        )


def _activities(session: Session) -> Iterable[Moment]:
    for _, at, letter in session.timeline:
        code, text = ACTIVITIES[letter]
        yield Moment(at=instant(at), kind="activity", facts={"activity": code}, text=text)


def _metering(session: Session, readings: Sequence[Reading]) -> Iterable[Moment]:
    if session.first_energy_at is not None:
        yield Moment(at=session.first_energy_at, kind="energy_began", text="Energy began to flow.")
    if session.last_energy_at is not None and session.phase is Phase.ENDED:
        yield Moment(
            at=session.last_energy_at,
            kind="energy_ended",
            facts={"energy_wh": session.energy_wh, "idle_s": session.idle_s},
            text=f"Energy flowed for the last time; {_kwh(session.energy_wh)} had been taken.",
        )
    for before, after in pairwise(readings):
        if after.at - before.at > GAP:
            minutes = int((after.at - before.at).total_seconds() // 60)
            yield Moment(
                at=before.at,
                kind="gap",
                facts={"minutes": minutes, "until": after.at},
                text=f"For {minutes} minutes no reading arrived.",
            )
    if not readings:
        return
    powers = [reading.power_w for reading in readings if reading.power_w is not None]
    charges = [reading.soc_percent for reading in readings if reading.soc_percent is not None]
    facts: Facts = {
        "readings": len(readings),
        "first_at": readings[0].at,
        "last_at": readings[-1].at,
        "energy_wh": session.energy_wh,
        "max_power_w": max(powers, default=None),
        "soc_from": charges[0] if charges else None,
        "soc_to": charges[-1] if charges else None,
        "meter_start_wh": session.meter_start_wh,
        "meter_last_wh": session.meter_last_wh,
        "odd": sum(1 for reading in readings if reading.flags),
    }
    text = f"Metered {_kwh(session.energy_wh)}"
    if powers:
        text += f", at most {max(powers) / 1000:.1f} kW"
    if charges:
        text += f", from {charges[0]:.0f} to {charges[-1]:.0f} % charged"
    yield Moment(at=readings[-1].at, kind="metering", facts=facts, text=f"{text}.")


def _status(change: StatusChange) -> Moment:
    text = f"EVSE {change.evse} connector {change.connector}: {change.status.value}"
    error = change.error or change.raw_error
    return Moment(
        at=change.at,
        kind="status",
        facts={
            "evse": change.evse,
            "connector": change.connector,
            "status": change.status.value,
            "raw_status": change.raw_status or None,
            "error": change.error or None,
            "raw_error": change.raw_error or None,
            "vendor_error": change.vendor_error or None,
            "info": change.info or None,
        },
        text=f"{text} ({error})." if error else f"{text}.",
    )


def concerns(record: CommandRecord, session: Session) -> bool:
    """Whether a command at the session's station had to do with the session."""
    command = record.command
    if not isinstance(command, _ABOUT_CHARGING):
        return False
    if isinstance(command, remote.StartCharging):
        # A start begins one session, and every other start on the EVSE another.
        if session.remote_start_id is not None and command.remote_start_id is not None:
            return command.remote_start_id == session.remote_start_id
        return command.evse in (None, session.evse) and record.asked_at <= session.started_at
    transaction = getattr(command, "transaction_id", None)
    if transaction is None and isinstance(command, profiles.SetChargingProfile):
        transaction = command.profile.transaction_id
    if transaction is not None:
        return bool(transaction == session.transaction_id or transaction == str(session.number))
    ends_at = session.ended_at
    if ends_at is not None and record.asked_at > ends_at:
        return False
    if record.asked_at < session.started_at:
        return False
    return getattr(command, "evse", None) in (None, 0, session.evse)


def _command(record: CommandRecord) -> Moment:
    name = type(record.command).__name__
    reason = f" ({record.reason})" if record.reason else ""
    return Moment(
        at=record.asked_at,
        kind="command",
        facts={
            "command_id": record.id,
            "command": name,
            "status": record.status.value,
            "reason": record.reason or None,
            "by": record.asked_by,
            "ended_at": record.ended_at,
        },
        text=f"{name} by {record.asked_by}: {record.status.value}{reason}.",
    )


def _end(session: Session, with_tokens: bool) -> Iterable[Moment]:
    if session.ended_at is None:
        return
    minutes = int((session.ended_at - session.started_at).total_seconds() // 60)
    ours = sorted({repair.code for repair in session.repairs} & OUR_ENDS)
    why = f" ({session.stop_reason})" if session.stop_reason else ""
    text = f"Ended{why} after {minutes} minutes with {_kwh(session.energy_wh)}."
    if ours:
        text = f"Was taken as ended after {minutes} minutes with {_kwh(session.energy_wh)}."
    yield Moment(
        at=session.ended_at,
        kind="ended",
        facts={
            "reason": session.stop_reason or None,
            "token": (session.stop_token_uid or None) if with_tokens else None,
            "meter_wh": session.meter_stop_wh,
            "energy_wh": session.energy_wh,
            "idle_s": session.idle_s,
            "ended_by_us": ours[0] if ours else None,
            "certain": session.certain,
        },
        text=text,
    )


def _repairs(session: Session) -> Iterable[Moment]:
    """Each repair where it belongs: at its own time, at the start, or at the end of what is known."""
    last = session.ended_at or session.updated_at or session.started_at
    for repair in session.repairs:
        at = repair.at or (session.started_at if repair.code == "start_lost" else last)
        yield Moment(
            at=at,
            kind="repair",
            facts={"code": repair.code, "touches_bill": repair.code in UNCERTAIN},
            text=repair.explanation,
        )


def _kwh(energy_wh: int) -> str:
    return f"{energy_wh / 1000:.2f} kWh"
