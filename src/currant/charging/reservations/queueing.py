"""Who of those that wait is next, for which place, and about when: pure."""

import heapq
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from statistics import median

from currant.charging.reservations.assignment import fits, least_first
from currant.charging.reservations.model import PlaceKey, Waiting, WaitingState
from currant.kit.ids import WaitingId
from currant.stations.places import EvsePlace

USUAL_STAY = timedelta(minutes=45)
"""How long a session lasts where none has been seen yet."""
SHORTEST_STAY = timedelta(minutes=5)
LONGEST_STAY = timedelta(hours=12)


def calls(waiting: Sequence[Waiting], free: Sequence[EvsePlace]) -> list[tuple[Waiting, EvsePlace]]:
    """Who is called to which free place: first come, first served, each to the least place that will do.

    Somebody for whom no free place will do keeps their turn, and does not keep those behind from theirs.
    """
    left = least_first(free)
    called = []
    for driver in waiting:
        if driver.state is not WaitingState.WAITING:
            continue
        place = next((each for each in left if fits(driver.wanted, each)), None)
        if place is not None:
            left.remove(place)
            called.append((driver, place))
    return called


def positions(waiting: Sequence[Waiting]) -> Mapping[WaitingId, int]:
    """Everybody's place in the line, counted from 1; who was called is out of the line."""
    line = [driver.id for driver in waiting if driver.state is WaitingState.WAITING]
    return {waiting_id: position for position, waiting_id in enumerate(line, start=1)}


def usual_stay(lengths: Sequence[float]) -> timedelta:
    """How long a session lasts, by the latest ones (in seconds): their median, within reason."""
    if not lengths:
        return USUAL_STAY
    return min(max(timedelta(seconds=median(lengths)), SHORTEST_STAY), LONGEST_STAY)


def estimates(
    waiting: Sequence[Waiting],
    places: Sequence[EvsePlace],
    taken_until: Mapping[PlaceKey, datetime],
    *,
    stay: timedelta,
    now: datetime,
) -> Mapping[WaitingId, datetime]:
    """About when each of those in line gets a place, if everybody stays as long as is usual.

    `taken_until` says when places that are taken become free by what is known; the others are free
    now. Who cannot be served by any place is missing.
    """
    # One heap a place would do no harm, but drivers want different places: the soonest fitting one is looked for.
    soonest = [
        (max(taken_until.get(place.key, now), now), order, place)
        for order, place in enumerate(least_first(places))
        if place.works
    ]
    heapq.heapify(soonest)
    expected: dict[WaitingId, datetime] = {}
    for driver in waiting:
        if driver.state is not WaitingState.WAITING:
            continue
        passed = []
        while soonest:
            at, order, place = heapq.heappop(soonest)
            if fits(driver.wanted, place):
                expected[driver.id] = at
                heapq.heappush(soonest, (at + stay, order, place))
                break
            passed.append((at, order, place))
        for entry in passed:
            heapq.heappush(soonest, entry)
    return expected


def leaves_at(started_at: datetime, *, stay: timedelta, now: datetime) -> datetime:
    """When a session that runs is likely to be over: one that has lasted longer than usual may end any moment."""
    return max(started_at + stay, now + SHORTEST_STAY)
