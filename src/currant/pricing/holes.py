"""Prices that never come to hold, and energy that nobody prices: what boxes on a grid show, in words. Pure."""

from collections.abc import Mapping
from typing import Any

from currant.pricing.coverage import (
    DAY_MINUTES,
    WEEK,
    Axes,
    Box,
    Covered,
    axes_of,
    covered,
    date_stretches,
    stretches,
    time_text,
)
from currant.pricing.findings import PriceFinding, PriceIssue, PriceSeverity
from currant.pricing.laws import charging_elements, has_price
from currant.pricing.model import Component, Dimension, Element, Prices

GAPS_TOLD = 5


def holes(prices: Prices, told_already: frozenset[int]) -> list[PriceFinding]:
    """Who never comes to hold, dimension by dimension; and where energy has no price."""
    found: list[PriceFinding] = []
    charging = charging_elements(prices)
    shadowed: dict[int, dict[Dimension, tuple[int, ...]]] = {}
    nowhere: set[int] = set()
    for dimension in Dimension:
        having = [(place, element) for place, element in charging if _component(element, dimension)]
        if not having:
            continue
        elements = [element for _, element in having]
        axes = axes_of(elements)
        outcome = covered(elements, axes)
        if outcome is None:
            return [
                PriceFinding(
                    code=PriceIssue.TOO_MANY_RULES,
                    severity=PriceSeverity.INFO,
                    text="There are too many different limits to look for gaps and for prices that never hold.",
                )
            ]
        for index, others in outcome.never:
            place = having[index][0]
            shadowed.setdefault(place, {})[dimension] = tuple(having[other][0] for other in others)
        nowhere.update(having[index][0] for index in outcome.empty)
        if dimension is Dimension.ENERGY:
            found += _gaps(outcome, axes)
    found += [
        PriceFinding(
            code=PriceIssue.RANGE_EMPTY,
            severity=PriceSeverity.ERROR,
            where=f"elements[{place}].restrictions",
            facts={"element": place},
            text=f"Element {place + 1} never holds: its restrictions leave no time, amount or day.",
        )
        for place in sorted(nowhere)
        if place not in told_already
    ]
    for place, dimensions in sorted(shadowed.items()):
        found += _shadowed(prices, place, dimensions)
    if not has_price(prices, Dimension.ENERGY):
        found.append(
            PriceFinding(
                code=PriceIssue.NO_ENERGY_PRICE,
                severity=PriceSeverity.WARNING,
                text="Energy has no price: a kWh costs nothing, whatever else is charged for.",
            )
        )
    return found


def _component(element: Element, dimension: Dimension) -> Component | None:
    return next((each for each in element.components if each.dimension is dimension), None)


def _shadowed(
    prices: Prices, place: int, dimensions: Mapping[Dimension, tuple[int, ...]]
) -> list[PriceFinding]:
    whole = all(component.dimension in dimensions for component in prices.elements[place].components)
    by = sorted({other for others in dimensions.values() for other in others})
    told = " and ".join(str(other + 1) for other in by)
    what = (
        "It never holds"
        if whole
        else "Its price of "
        + " and ".join(each.value.replace("_", " ") for each in dimensions)
        + " never holds"
    )
    return [
        PriceFinding(
            code=PriceIssue.SHADOWED,
            severity=PriceSeverity.WARNING,
            where=f"elements[{place}]",
            facts={"element": place, "by": by, "dimensions": [each.value for each in dimensions]},
            text=f"{what}: whenever element {place + 1} could, element {told} does first. Put the more "
            "particular one before it.",
        )
    ]


def _gaps(outcome: Covered, axes: Axes) -> list[PriceFinding]:
    found = []
    for box in outcome.left[:GAPS_TOLD]:
        facts = _facts_of(box, axes)
        more = len(outcome.left) - GAPS_TOLD
        found.append(
            PriceFinding(
                code=PriceIssue.ENERGY_GAP,
                severity=PriceSeverity.WARNING,
                facts=facts | ({"more": more} if more > 0 else {}),
                text=f"Energy has no price {_told(facts)}: it costs nothing there. If that is meant, give it a price "
                "of 0.",
            )
        )
    return found


def _facts_of(box: Box, axes: Axes) -> dict[str, Any]:
    """Where a gap is, by the axes that matter."""
    facts: dict[str, Any] = {}
    dates, weekdays, times, kwh, power, current, duration = box
    if len(dates) < len(axes.dates) + 1:
        facts["dates"] = [list(each) for each in date_stretches(dates, axes.dates)]
    if len(weekdays) < 7:
        facts["weekdays"] = [WEEK[day].value for day in sorted(weekdays)]
    if len(times) < len(axes.times):
        facts["times"] = [
            [time_text(int(begin)), time_text(int(end or DAY_MINUTES) % DAY_MINUTES)]
            for begin, end in stretches(times, axes.times)
        ]
    for name, slots, edges in (
        ("kwh", kwh, axes.kwh),
        ("power_kw", power, axes.power),
        ("current_a", current, axes.current),
        ("duration_s", duration, axes.duration),
    ):
        if len(slots) < len(edges):
            facts[name] = [
                [str(begin), None if end is None else str(end)] for begin, end in stretches(slots, edges)
            ]
    return facts


def _told(facts: Mapping[str, Any]) -> str:
    parts = []
    if "weekdays" in facts:
        parts.append("on " + ", ".join(day.capitalize() for day in facts["weekdays"]))
    if "times" in facts:
        parts.append(" and ".join(f"from {begin} to {end}" for begin, end in facts["times"]))
    if "dates" in facts:
        parts.append(" and ".join(_bounds(begin or None, end or None, "") for begin, end in facts["dates"]))
    for name, unit in (("kwh", "kWh"), ("power_kw", "kW"), ("current_a", "A"), ("duration_s", "s")):
        if name in facts:
            parts.append(
                " and ".join(
                    _bounds(None if begin == "0" else begin, end, unit) for begin, end in facts[name]
                )
            )
    return ", ".join(parts) or "at any time"


def _bounds(begin: str | None, end: str | None, unit: str) -> str:
    unit = f" {unit}" if unit else ""
    if begin is None:
        return f"before {end}{unit}"
    return f"from {begin}{unit} on" if end is None else f"from {begin} to {end}{unit}"
