"""Curves of power and energy over time, made small enough to be drawn: pure.

A curve is never thinned by leaving out what stands out: each stretch keeps its lowest and its highest
point. Energy is spread over the time in which it flowed.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

P = TypeVar("P")

NICE_STEPS_S = (1, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400)


def keeping_peaks(points: Sequence[P], most: int, value: Callable[[P], float | None]) -> list[P]:
    """At most `most` (4 or more) of some points, in their order: the first, the last, and of each stretch between the
    lowest and the highest."""
    if len(points) <= most:
        return list(points)
    stretches = (most - 2) // 2
    inner = len(points) - 2
    kept: set[int] = {0, len(points) - 1}
    for number in range(stretches):
        begin = 1 + inner * number // stretches
        end = 1 + inner * (number + 1) // stretches
        known = [(found, index) for index in range(begin, end) if (found := value(points[index])) is not None]
        if known:
            kept.add(min(known)[1])
            kept.add(max(known)[1])
        else:
            kept.add(begin)
    return [points[index] for index in sorted(kept)]


def step_of(span_s: float, points: int) -> int:
    """Seconds of a step, a round number where there is one, so that a span has at most so many."""
    wanted = span_s / points
    for step in NICE_STEPS_S:
        if step >= wanted:
            return step
    days = -(-int(wanted) // 86_400)
    return days * 86_400


def spread(
    flows: Iterable[tuple[int, int, float]], *, since_us: int, step_us: int, steps: int
) -> list[float]:
    """Energy by steps of time: each (from, until, Wh) is spread evenly over its time, and what lies outside counts
    nowhere. Energy that flowed at one instant counts to its step."""
    found = [0.0] * steps
    end_us = since_us + steps * step_us
    for begin, end, energy in flows:
        if energy <= 0 or end < since_us or begin >= end_us:
            continue
        if end <= begin:
            found[(begin - since_us) // step_us] += energy
            continue
        per_us = energy / (end - begin)
        first = max((begin - since_us) // step_us, 0)
        last = min((end - 1 - since_us) // step_us, steps - 1)
        for step in range(first, last + 1):
            low = since_us + step * step_us
            found[step] += per_us * (min(end, low + step_us) - max(begin, low))
    return found


def so_far(by_step: Sequence[float], *, step_us: int, elapsed_us: int) -> float:
    """What of some steps lies before a moment; the step that it falls into counts in part."""
    whole, part = divmod(max(elapsed_us, 0), step_us)
    if whole >= len(by_step):
        return sum(by_step)
    return sum(by_step[:whole]) + by_step[whole] * part / step_us


def registered(levels: Iterable[tuple[float, float]]) -> float:
    """Wh that a register counted, from its lowest and highest value in each step, in order of time.

    A register that fell was changed or set back: what it showed before counts no more.
    """
    energy, before = 0.0, None
    for low, high in levels:
        if before is None or low < before:
            energy += high - low
        else:
            energy += high - before
        before = high
    return energy


def summed(curves: Iterable[Sequence[float | None]], steps: int) -> list[float | None]:
    """Several curves as one; None where none of them says anything."""
    total: list[float | None] = [None] * steps
    for curve in curves:
        for step, value in enumerate(curve):
            if value is not None:
                total[step] = (total[step] or 0.0) + value
    return total


def carried(known: dict[int, float], *, steps: int, reach: int) -> list[float | None]:
    """A curve from what is known of some steps: a step without a reading between two with one goes on as before, when
    they are not more than `reach` apart."""
    curve: list[float | None] = [None] * steps
    ordered = sorted(known)
    for place, step in enumerate(ordered):
        following = ordered[place + 1] if place + 1 < len(ordered) else step + 1
        until = following if following - step <= reach else step + 1
        for filled in range(max(step, 0), min(until, steps)):
            curve[filled] = known[step]
    return curve
