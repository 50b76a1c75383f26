"""Prices and timelines for tests, in few words."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from currant.pricing.charge import RatedCharge
from currant.pricing.model import Component, Dimension, Element, Prices, Restrictions
from currant.pricing.timeline import Doing, Span, Timeline, Wh

MONDAY = datetime(2026, 1, 12, 10, tzinfo=UTC)
"""A Monday morning in winter."""


def energy(price: str, **more: Any) -> Component:
    return component(Dimension.ENERGY, price, **more)


def time(price: str, **more: Any) -> Component:
    return component(Dimension.TIME, price, **more)


def parking(price: str, **more: Any) -> Component:
    return component(Dimension.PARKING_TIME, price, **more)


def flat(price: str, **more: Any) -> Component:
    return component(Dimension.FLAT, price, **more)


def export(price: str, **more: Any) -> Component:
    return component(Dimension.EXPORT, price, **more)


def component(dimension: Dimension, price: str, *, tax: str | None = None, **more: Any) -> Component:
    percent = None if tax is None else Decimal(tax)
    return Component(dimension=dimension, price=Decimal(price), tax_percent=percent, **more)


def element(*components: Component, **restrictions: Any) -> Element:
    return Element(components=components, restrictions=Restrictions(**restrictions) if restrictions else None)


def prices(*elements: Element | Component, **more: Any) -> Prices:
    """Prices of elements; components by themselves are one element without restrictions."""
    given = [each for each in elements if isinstance(each, Element)]
    loose = tuple(each for each in elements if isinstance(each, Component))
    if loose:
        given.append(Element(components=loose))
    return Prices(**{"currency": "EUR", "elements": tuple(given), **more})


def local(text: str, zone: str) -> datetime:
    """A wall clock's time as an instant; `text` may end in an offset where the clock shows it twice."""
    at = datetime.fromisoformat(text)
    return (at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)


def session(
    *parts: tuple[float, str | int | Wh] | tuple[float, str | int | Wh, Doing],
    begin: datetime = MONDAY,
    zone: str = "UTC",
    **more: Any,
) -> Timeline:
    """A session of parts that follow each other: minutes, kWh and what was done."""
    spans = []
    at = begin
    for minutes, kwh, *doing in parts:
        end = at + timedelta(minutes=minutes)
        wh = Fraction(Decimal(str(kwh)) if not isinstance(kwh, Fraction) else kwh) * 1000
        spans.append(Span(begin=at, end=end, energy_wh=wh, doing=doing[0] if doing else Doing.CHARGING))
        at = end
    return Timeline(zone=zone, spans=tuple(spans), **more)


def between(begin: str, end: str, *, zone: str, kw: str | None = None, kwh: str | None = None) -> Timeline:
    """A session between two wall clock times at one power, or with so much energy."""
    first, last = local(begin, zone), local(end, zone)
    hours = Fraction((last - first) // timedelta(seconds=1), 3600)
    wh = Fraction(kw) * hours * 1000 if kw is not None else Fraction(kwh or 0) * 1000
    return Timeline(zone=zone, spans=(Span(begin=first, end=last, energy_wh=wh),))


def total(charge: RatedCharge) -> Fraction:
    """What all lines come to, exactly."""
    return sum((line.amount for line in charge.lines), Fraction(0))


def amounts(charge: RatedCharge) -> Sequence[tuple[str, Fraction]]:
    return [(line.kind.value, line.amount) for line in charge.lines]
