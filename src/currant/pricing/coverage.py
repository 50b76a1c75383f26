"""Where the elements of a tariff hold, as boxes on a grid: what never comes to hold, and what nobody prices.

Every restriction bounds one axis (dates, weekdays, time of day, energy, power, current, duration), and an
element holds where all of them do: a box. All bounds together cut each axis into slots, so that inside
a cell of slots nothing changes. Elements take cells in their order; who finds none left never holds, and
what remains at the end has no price.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import product
from math import prod

import msgspec

from currant.pricing.model import Element, Restrictions, Weekday

CELLS_MAX = 20_000
"""More cells than this are not looked through: it would take seconds."""
DAY_MINUTES = 24 * 60
WEEK = tuple(Weekday)

Cell = tuple[int, ...]
Box = tuple[frozenset[int], ...]
"""Slots by axis."""
Number = Decimal | int


class Axes(msgspec.Struct, frozen=True, kw_only=True):
    """How each axis is cut: slot n of a measured axis begins at `edges[n]` and ends where the next begins."""

    dates: tuple[date, ...]
    """Slot 0 is all before the first."""
    times: tuple[int, ...]
    """Minutes of the day, from 0."""
    kwh: tuple[Number, ...]
    power: tuple[Number, ...]
    current: tuple[Number, ...]
    duration: tuple[Number, ...]

    @property
    def sizes(self) -> tuple[int, ...]:
        measured = (self.times, self.kwh, self.power, self.current, self.duration)
        return (len(self.dates) + 1, len(WEEK), *map(len, measured))

    def weekdays_in(self, slot: int) -> frozenset[int]:
        """The weekdays that there are between two dates."""
        if slot in (0, len(self.dates)):
            return frozenset(range(7))
        days = min((self.dates[slot] - self.dates[slot - 1]).days, 7)
        return frozenset((self.dates[slot - 1] + timedelta(days=day)).weekday() for day in range(days))


class Covered(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of elements that are asked one after the other."""

    never: tuple[tuple[int, tuple[int, ...]], ...]
    """(place, the places of those that hold instead) of elements that never come to hold."""
    empty: tuple[int, ...]
    """Places of those that would hold nowhere even by themselves."""
    left: tuple[Box, ...]
    """Where none of them holds."""


def axes_of(elements: Sequence[Element]) -> Axes:
    rules = [element.restrictions for element in elements if element.restrictions is not None]

    def measured(low: str, high: str) -> tuple[Number, ...]:
        edges = {edge for rule in rules for edge in (getattr(rule, low), getattr(rule, high)) if edge}
        return (0, *sorted(edges))

    times = {minutes_of(text) for rule in rules for text in (rule.start_time, rule.end_time) if text}
    dates = {date.fromisoformat(text) for rule in rules for text in (rule.start_date, rule.end_date) if text}
    return Axes(
        dates=tuple(sorted(dates)),
        times=(0, *sorted(times - {0})),
        kwh=measured("min_kwh", "max_kwh"),
        power=measured("min_power", "max_power"),
        current=measured("min_current", "max_current"),
        duration=measured("min_duration", "max_duration"),
    )


def covered(elements: Sequence[Element], axes: Axes) -> Covered | None:
    """Ask elements in their order for every cell; None when there are too many cells to look through."""
    if prod(axes.sizes) > CELLS_MAX:
        return None
    remaining: set[Cell] = set()
    for slot in range(axes.sizes[0]):
        rest = [range(size) for size in axes.sizes[2:]]
        remaining.update(product((slot,), axes.weekdays_in(slot), *rest))
    everything = set(remaining)
    boxes = [box_of(element.restrictions, axes) for element in elements]
    never, empty = [], []
    for place, box in enumerate(boxes):
        cells = everything.intersection(product(*box))
        if not cells:
            empty.append(place)
        elif cells.isdisjoint(remaining):
            others = tuple(n for n in range(place) if any(_meets(boxes[n], cell) for cell in cells))
            never.append((place, others))
        remaining -= cells
    return Covered(never=tuple(never), empty=tuple(empty), left=boxes_of(remaining))


def box_of(rule: Restrictions | None, axes: Axes) -> Box:
    """The slots in which a restriction holds; an empty set where it cannot."""
    rule = rule or Restrictions()
    return (
        _dates(rule, axes),
        frozenset(WEEK.index(day) for day in rule.day_of_week) or frozenset(range(7)),
        frozenset(
            slot for slot, minute in enumerate(axes.times) if within(minute, rule.start_time, rule.end_time)
        ),
        _slots(axes.kwh, rule.min_kwh, rule.max_kwh),
        _slots(axes.power, rule.min_power, rule.max_power),
        _slots(axes.current, rule.min_current, rule.max_current),
        _slots(axes.duration, rule.min_duration, rule.max_duration),
    )


def boxes_of(cells: set[Cell]) -> tuple[Box, ...]:
    """The same cells as few boxes: times of a day are put together first, then days, and so on."""
    boxes: set[Box] = {tuple(frozenset((slot,)) for slot in cell) for cell in cells}
    # Time of day, weekday, then whatever else.
    for axis in (2, 1, 0, 3, 4, 5, 6):
        together: dict[Box, list[frozenset[int]]] = {}
        for box in boxes:
            together.setdefault((*box[:axis], *box[axis + 1 :]), []).append(box[axis])
        boxes = {
            (*others[:axis], frozenset().union(*slots), *others[axis:]) for others, slots in together.items()
        }
    return tuple(sorted(boxes, key=lambda box: [sorted(slots) for slots in box]))


def within(minute: int, start: str, end: str) -> bool:
    """Whether a minute of the day lies in a window; one that ends no later than it begins passes midnight."""
    if not start and not end:
        return True
    begin = minutes_of(start) if start else 0
    until = minutes_of(end) if end else DAY_MINUTES
    if until == 0:
        until = DAY_MINUTES
    if begin < until:
        return begin <= minute < until
    return minute >= begin or minute < until


def passes_midnight(rule: Restrictions) -> bool:
    """Whether a window of time goes on after midnight."""
    if not rule.start_time or not rule.end_time:
        return False
    return 0 < minutes_of(rule.end_time) <= minutes_of(rule.start_time)


def minutes_of(text: str) -> int:
    """Minutes since midnight of HH:MM."""
    return int(text[:2]) * 60 + int(text[3:])


def time_text(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def stretches(slots: frozenset[int], edges: Sequence[Number]) -> list[tuple[Number, Number | None]]:
    """(from, to before) of slots that follow each other; None where there is no end."""
    found: list[tuple[Number, Number | None]] = []
    for slot in sorted(slots):
        end = edges[slot + 1] if slot + 1 < len(edges) else None
        if found and found[-1][1] == edges[slot]:
            found[-1] = (found[-1][0], end)
        else:
            found.append((edges[slot], end))
    return found


def date_stretches(slots: frozenset[int], dates: Sequence[date]) -> list[tuple[str, str]]:
    """(from, to before) as dates; empty where there is no bound."""
    runs: list[list[int]] = []
    for slot in sorted(slots):
        if runs and runs[-1][-1] == slot - 1:
            runs[-1].append(slot)
        else:
            runs.append([slot])
    return [
        (
            dates[run[0] - 1].isoformat() if run[0] else "",
            dates[run[-1]].isoformat() if run[-1] < len(dates) else "",
        )
        for run in runs
    ]


def _dates(rule: Restrictions, axes: Axes) -> frozenset[int]:
    first = axes.dates.index(date.fromisoformat(rule.start_date)) + 1 if rule.start_date else 0
    beyond = axes.dates.index(date.fromisoformat(rule.end_date)) + 1 if rule.end_date else len(axes.dates) + 1
    return frozenset(range(first, beyond))


def _slots(edges: Sequence[Number], least: Number | None, most: Number | None) -> frozenset[int]:
    return frozenset(
        slot
        for slot, edge in enumerate(edges)
        if (least is None or edge >= least) and (most is None or edge < most)
    )


def _meets(box: Box, cell: Cell) -> bool:
    return all(slot in slots for slot, slots in zip(cell, box, strict=True))
