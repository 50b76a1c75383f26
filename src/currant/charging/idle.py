"""What a vehicle and its station are doing, and how long a finished vehicle has been in the way.

A session's timeline holds the changes of activity that the station reported, each with its order
(2.x: the sequence number, 1.6: the time), so that a late one finds its place. Idle time is the
stretch after energy last flowed in which the vehicle stayed plugged in of its own accord: what
the station itself held back (SuspendedEVSE) is not its fault, and a pause that ended was none.
"""

from datetime import datetime, timedelta

from msgspec.structs import replace

from currant.charging.model import Activity, Session
from currant.charging.sequences import Ranges
from currant.kit.clock import instant, micros

# The letters of a timeline.
WAITING = "w"
"""Plugged in, no energy is meant to flow: before it began, or after it is finished."""
CHARGING = "c"
VEHICLE = "v"
"""The vehicle takes nothing (SuspendedEV)."""
STATION = "s"
"""The station offers nothing (SuspendedEVSE, a fault, a limit of zero)."""
UNPLUGGED = "u"

Change = tuple[int, int, str]

CHANGES_MAX = 500
# A meter that stands still for so long, or a pause of the vehicle's that lasts, is the end of charging.
STANDSTILL = timedelta(minutes=5)
FINISHED_AFTER = timedelta(minutes=10)

_STANDSTILL_US = STANDSTILL // timedelta(microseconds=1)
_FINISHED_US = FINISHED_AFTER // timedelta(microseconds=1)


def with_change(timeline: tuple[Change, ...], change: Change, seen: Ranges | None) -> tuple[Change, ...]:
    """The timeline with one more change in its place; one that changes nothing is left out.

    `seen` are the sequence numbers received: a repetition can be left out only when nothing can
    come between it and what it repeats. None where the order is that of time.
    """
    if timeline and timeline[-1][2] == change[2] and timeline[-1][0] <= change[0] and seen is None:
        return timeline
    changes = [*timeline, change]
    if len(changes) > 1 and changes[-2][0] > change[0]:
        changes.sort(key=lambda other: other[0])
    return _compact(changes, seen)


def compact(timeline: tuple[Change, ...], seen: Ranges) -> tuple[Change, ...]:
    """The timeline without what repeats, now that more sequence numbers are known."""
    return _compact(list(timeline), seen) if len(timeline) > 1 else timeline


def _compact(changes: list[Change], seen: Ranges | None) -> tuple[Change, ...]:
    kept = changes[:1]
    for change in changes[1:]:
        before = kept[-1]
        if change[2] == before[2] and (seen is None or _unbroken(seen, before[0], change[0])):
            continue
        kept.append(change)
    # A station that changes its mind hundreds of times is broken: its beginning is forgotten.
    return tuple(kept[-CHANGES_MAX:])


def _unbroken(seen: Ranges, first: int, last: int) -> bool:
    return any(low <= first and last <= high for low, high in seen)


def settle(session: Session) -> Session:
    """The session with activity, idle time and pauses worked out from its timeline and its meter."""
    timeline = session.timeline
    read_us = None if session.read_at is None else micros(session.read_at)
    flowed_us = None if session.last_energy_at is None else micros(session.last_energy_at)
    started_us = micros(session.started_at)
    if session.ended_at is not None:
        until_us = micros(session.ended_at)
    else:
        until_us = max(started_us, read_us or 0, max((at for _, at, _ in timeline), default=0))
    spans = _spans(timeline, until_us)
    paused_us = sum(end - begin for begin, end, letter in spans if letter == STATION)
    letter, since_us = (spans[-1][2], spans[-1][0]) if spans else ("", started_us)
    finish_us = _finish(spans, flowed_us, read_us)
    idle_us = 0
    activity = _UNSTARTED.get(letter, Activity.WAITING)
    if flowed_us is not None and finish_us is None:
        activity = Activity.CHARGING
        if letter != CHARGING and spans and flowed_us > since_us:
            since_us = flowed_us
    elif flowed_us is not None and finish_us is not None:
        finish_us = max(finish_us, flowed_us)
        if spans:
            idle_us = sum(
                max(0, end - max(begin, finish_us))
                for begin, end, what in spans
                if what not in (STATION, UNPLUGGED)
            )
            # Before the first reported change, or without any, the vehicle was plugged in.
            idle_us += max(0, min(spans[0][0], until_us) - finish_us)
        else:
            idle_us = max(0, until_us - finish_us)
        activity = _after(letter, until_us - finish_us, session.soc_percent)
        if activity is Activity.IDLE:
            since_us = finish_us
    idle = activity in (Activity.IDLE, Activity.PAUSED_BY_VEHICLE) and flowed_us is not None
    return replace(
        session,
        activity=activity,
        activity_since=instant(min(since_us, until_us)),
        idle_since=instant(finish_us) if finish_us is not None and (idle or idle_us > 0) else None,
        idle_s=idle_us // 1_000_000,
        paused_by_station_s=paused_us // 1_000_000,
    )


_UNSTARTED = {
    CHARGING: Activity.CHARGING,
    VEHICLE: Activity.PAUSED_BY_VEHICLE,
    STATION: Activity.PAUSED_BY_STATION,
}


def _after(letter: str, lasted_us: int, soc_percent: float | None) -> Activity:
    """What it is called when energy has flowed and flows no more."""
    if letter == STATION:
        return Activity.PAUSED_BY_STATION
    if letter == UNPLUGGED:
        return Activity.WAITING
    if letter == VEHICLE and lasted_us < _FINISHED_US and (soc_percent is None or soc_percent < 100):
        return Activity.PAUSED_BY_VEHICLE
    return Activity.IDLE


def _spans(timeline: tuple[Change, ...], until_us: int) -> list[tuple[int, int, str]]:
    """(begin, end, letter) of each activity; times that run backwards are held at the one before."""
    spans: list[tuple[int, int, str]] = []
    begin = 0
    for index, (_, at, letter) in enumerate(timeline):
        begin = min(max(begin, at), until_us)
        following = timeline[index + 1][1] if index + 1 < len(timeline) else until_us
        spans.append((begin, min(max(begin, following), until_us), letter))
    return spans


def _finish(spans: list[tuple[int, int, str]], flowed_us: int | None, read_us: int | None) -> int | None:
    """Since when the last charging is over, by what the station says or by a meter that stands still."""
    over: int | None = None
    for begin, _, letter in reversed(spans):
        if letter == CHARGING:
            break
        over = begin
    if flowed_us is None:
        return over
    standing = read_us is not None and read_us - flowed_us >= _STANDSTILL_US
    if over is None or (flowed_us > over and spans[-1][2] != STATION):
        # It says that it charges, or says nothing, or the meter knows better than its status.
        if standing:
            return flowed_us
        return None if over is None or read_us == flowed_us else flowed_us
    return over


def moves_on(session: Session, at: datetime) -> bool:
    """Whether a reading at `at` leaves the activity as it was: it charges, says so, and the meter moves."""
    return (
        session.activity is Activity.CHARGING
        and session.last_energy_at is at
        and (not session.timeline or session.timeline[-1][2] == CHARGING)
    )
