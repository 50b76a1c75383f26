"""Which time to believe: the station's own, or that of our receipt.

A station knows best when something happened, above all what it kept while it was offline. But
some begin in 1970 until their clock is set, some send no time at all, and some run in local
time and call it UTC. The receipt time replaces theirs only when theirs cannot be true.
"""

from datetime import UTC, datetime, timedelta

# No charger in the field speaks of sessions before this; clocks that were never set do (1970, 2000).
EARLIEST = datetime(2015, 1, 1, tzinfo=UTC)
# A clock may run this far ahead of ours before it is called wrong; heartbeats set it to the second.
AHEAD_MAX = timedelta(minutes=5)
# Longer than any outage after which a station still delivers what it kept.
OLDEST = timedelta(days=400)
# What is older than this on arrival was kept while offline, or comes from a clock that is behind.
LATE_FROM = timedelta(minutes=10)
# Clocks in local time are off by whole half hours, give or take the way of the message.
ZONE_STEP_S = 1800
ZONE_TOLERANCE_S = 60


def problem_of(at: datetime | None, received_at: datetime) -> str | None:
    """Why a station's time cannot be true, in words; ``None`` when it can."""
    if at is None:
        return "The station gave no time that can be read"
    if at > received_at:
        if at - received_at <= AHEAD_MAX:
            return None
        return f"The station's time {at:%Y-%m-%d %H:%M:%S} UTC was in the future"
    if at < EARLIEST:
        return f"The station's clock had not been set ({at:%Y-%m-%d})"
    if received_at - at > OLDEST:
        return f"The station's time {at:%Y-%m-%d %H:%M:%S} UTC was too long ago"
    return None


def believed(
    at: datetime | None, received_at: datetime, *, live: bool = False
) -> tuple[datetime, str | None]:
    """The time to go by and what was wrong with the station's, if anything.

    `live` says that the station vouches for sending at once (2.x `offline` false): then a time
    that is whole half hours behind ours is local time labelled as UTC. Any other lag is believed:
    many stations forget to say that they were offline.
    """
    if at is not None and at <= received_at and received_at - at <= LATE_FROM:
        return at, None
    problem = problem_of(at, received_at)
    if at is None or problem is not None:
        return received_at, problem
    if live and received_at - at > LATE_FROM:
        lag = (received_at - at).total_seconds()
        steps = round(lag / ZONE_STEP_S)
        if 1 <= steps <= 28 and abs(lag - steps * ZONE_STEP_S) <= ZONE_TOLERANCE_S:
            return received_at, f"The station's clock was {steps * 30} minutes behind, as if in local time"
    return at, None


def is_late(at: datetime | None, received_at: datetime) -> bool:
    """Whether a report was kept at the station for a while before it was sent."""
    return at is not None and EARLIEST <= at < received_at - LATE_FROM
