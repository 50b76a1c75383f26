"""Who gets which EVSE: places for stretches of time, so that no place is given twice.

Whoever asked for one EVSE gets that one or none. Whoever asked for any gets the least of those that
will do, so that fast ones stay free for those who need them; and what was planned for any place may
still be moved to another one, where that makes room.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from currant.charging.reservations.model import PlaceKey, Slot, Wanted
from currant.stations.places import EvsePlace

STEPS_MAX = 300
"""How many placings are tried before a place counts as not to be had."""


class Booking(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of time for which somebody has, or wants, a place."""

    id: str
    wanted: Wanted
    starts_at: datetime
    ends_at: datetime
    place: PlaceKey | None = None
    movable: bool = False
    """Nobody has been told of the place yet, and another one would do."""
    avoid: frozenset[PlaceKey] = frozenset()
    """Places that will not do for it now."""

    def overlaps(self, other: "Booking") -> bool:
        return self.starts_at < other.ends_at and other.starts_at < self.ends_at


def fits(wanted: Wanted, place: EvsePlace) -> bool:
    """Whether a place is one of those asked for, and offers what it must.

    What nobody has said of a place is not held against it: a plug that is not described may fit, a
    limit that is not known may be enough.
    """
    return (
        (wanted.station_id is None or place.station_id == wanted.station_id)
        and (wanted.evse is None or place.evse == wanted.evse)
        and (
            wanted.connector_standard is None
            or not place.standards
            or wanted.connector_standard in place.standards
        )
        and (
            wanted.min_power_w is None or place.max_power_w is None or place.max_power_w >= wanted.min_power_w
        )
    )


def least_first(places: Iterable[EvsePlace]) -> list[EvsePlace]:
    """The places in the order in which they are given away: what works first, then the weaker and the plainer."""
    return sorted(
        places,
        key=lambda place: (
            not place.works,
            not place.is_free,
            place.max_power_w or 0,
            len(place.standards),
            place.station_id,
            place.evse,
        ),
    )


def assign(
    booking: Booking, places: Sequence[EvsePlace], others: Iterable[Booking]
) -> Mapping[str, PlaceKey] | None:
    """Where this booking goes, and where others have to move for it, by booking's id; None when it cannot be had."""
    return _Attempt(least_first(places), others).place(booking)


class _Attempt:
    """One search for room; `self.at` is what is booked where as the search sees it."""

    def __init__(self, places: Sequence[EvsePlace], others: Iterable[Booking]) -> None:
        self.places = places
        self.steps = STEPS_MAX
        self.at: dict[PlaceKey, list[Booking]] = {place.key: [] for place in places}
        self.moved: dict[str, PlaceKey] = {}
        for other in others:
            if other.place is not None:
                self.at.setdefault(other.place, []).append(other)

    def place(self, booking: Booking) -> Mapping[str, PlaceKey] | None:
        return self.moved if self._put(booking, frozenset({booking.id})) else None

    def _put(self, booking: Booking, moving: frozenset[str]) -> bool:
        fitting = [
            place.key
            for place in self.places
            if place.key not in booking.avoid and fits(booking.wanted, place)
        ]
        for key in fitting:
            if not self._in_the_way(booking, key):
                self._take(booking, key)
                return True
        for key in fitting:
            in_the_way = self._in_the_way(booking, key)
            if any(not other.movable or other.id in moving for other in in_the_way):
                continue
            before = ({place: list(booked) for place, booked in self.at.items()}, dict(self.moved))
            self.at[key] = [other for other in self.at[key] if other not in in_the_way]
            self._take(booking, key)
            aside = moving | {other.id for other in in_the_way}
            if all(self._move(other, aside) for other in in_the_way):
                return True
            self.at, self.moved = before
        return False

    def _move(self, booking: Booking, moving: frozenset[str]) -> bool:
        self.steps -= 1
        return self.steps > 0 and self._put(booking, moving)

    def _in_the_way(self, booking: Booking, key: PlaceKey) -> list[Booking]:
        return [other for other in self.at[key] if other.overlaps(booking)]

    def _take(self, booking: Booking, key: PlaceKey) -> None:
        self.at[key] = [*self.at[key], booking]
        self.moved[booking.id] = key


def open_slots(
    wanted: Wanted,
    places: Sequence[EvsePlace],
    booked: Iterable[Booking],
    *,
    since: datetime,
    until: datetime,
    most: int,
) -> tuple[Slot, ...]:
    """The stretches between `since` and `until` for which fitting places can be booked, by time and place."""
    by_place: dict[PlaceKey, list[Booking]] = {}
    for booking in booked:
        if booking.place is not None:
            by_place.setdefault(booking.place, []).append(booking)
    slots = []
    for place in places:
        if not fits(wanted, place) or not place.works:
            continue
        begins = since
        for taken in sorted(by_place.get(place.key, []), key=lambda each: each.starts_at):
            if taken.starts_at > begins:
                slots.append(_slot(place, begins, min(taken.starts_at, until)))
            begins = max(begins, taken.ends_at)
            if begins >= until:
                break
        if begins < until:
            slots.append(_slot(place, begins, until))
    slots.sort(key=lambda slot: (slot.starts_at, slot.station_identity, slot.evse))
    return tuple(slots[:most])


def _slot(place: EvsePlace, starts_at: datetime, ends_at: datetime) -> Slot:
    return Slot(
        station_id=place.station_id,
        station_identity=place.identity,
        evse=place.evse,
        reference=place.reference,
        starts_at=starts_at,
        ends_at=ends_at,
        standards=tuple(sorted(place.standards)),
        max_power_w=place.max_power_w,
        occupied_now=place.connected and not place.is_free,
    )
