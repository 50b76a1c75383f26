"""The quick rating comes to the same as a slow and plain one: minute by minute, rule by rule, by wall clock."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.pricing.test_rating_laws import tariffs, timelines, without_markets

from currant.pricing.charge import LineKind
from currant.pricing.model import Component, Dimension, Element, Prices, Restrictions, Weekday
from currant.pricing.rating import rate
from currant.pricing.timeline import Doing, Span, Timeline

SECOND = timedelta(seconds=1)
KINDS = {
    Dimension.ENERGY: LineKind.ENERGY,
    Dimension.TIME: LineKind.TIME,
    Dimension.PARKING_TIME: LineKind.PARKING_TIME,
    Dimension.EXPORT: LineKind.EXPORT,
}


def plainly(timeline: Timeline, tariff: Prices) -> dict[LineKind, Fraction]:
    """What each kind of line comes to, without steps, fees of idleness and of starting."""
    found: dict[LineKind, Fraction] = defaultdict(Fraction)
    zone = ZoneInfo(timeline.zone)
    spans = [span for span in timeline.spans if span.doing is not Doing.RESERVED]
    used = Fraction(0)
    for span in spans:
        watts = Fraction(span.energy_wh * 3600) / Fraction((span.end - span.begin) / SECOND)
        for begin, end, share in pieces(span, used, tariff, spans[0].begin):
            wh, exported = span.energy_wh * share, span.export_wh * share
            middle = begin + (end - begin) / 2
            at = datetime.fromtimestamp(float(middle), zone)
            lasted = middle - Fraction(spans[0].begin.timestamp())
            hours = (end - begin) / 3600
            parked = span.doing in (Doing.PARKED, Doing.IDLE)
            for dimension, quantity in (
                (Dimension.ENERGY, wh / 1000),
                (Dimension.EXPORT, -exported / 1000),
                (Dimension.PARKING_TIME if parked else Dimension.TIME, hours),
            ):
                price = first(tariff, dimension, at, used + wh / 2, watts, lasted)
                found[KINDS[dimension]] += quantity * Fraction(price.price if price else 0)
            used += wh
    return {kind: amount for kind, amount in found.items() if amount}


def pieces(
    span: Span, used: Fraction, tariff: Prices, began: datetime
) -> Iterator[tuple[Fraction, Fraction, Fraction]]:
    """Cut at every whole minute, at every limit of energy, and at every limit of duration."""
    begin, end = Fraction(span.begin.timestamp()), Fraction(span.end.timestamp())
    cuts = {begin, end}
    cuts |= {Fraction(minute) for minute in range(int(begin // 60) * 60 + 60, int(end), 60)}
    for element in tariff.elements:
        rule = element.restrictions or Restrictions()
        for seconds in (rule.min_duration, rule.max_duration):
            if seconds is not None:
                cuts.add(Fraction(began.timestamp()) + seconds)
        for kwh in (rule.min_kwh, rule.max_kwh):
            if kwh is not None and span.energy_wh:
                cuts.add(begin + (end - begin) * (Fraction(kwh) * 1000 - used) / Fraction(span.energy_wh))
    ordered = sorted(cut for cut in cuts if begin <= cut <= end)
    for one, other in pairwise(ordered):
        yield one, other, (other - one) / (end - begin)


def first(
    tariff: Prices, dimension: Dimension, at: datetime, used: Fraction, watts: Fraction, lasted: Fraction
) -> Component | None:
    for element in tariff.elements:
        if holds(element.restrictions or Restrictions(), at, used, watts, lasted):
            for component in element.components:
                if component.dimension is dimension:
                    return component
    return None


def holds(rule: Restrictions, at: datetime, used: Fraction, watts: Fraction, lasted: Fraction) -> bool:
    if rule.reservation is not None:
        return False
    if rule.day_of_week and list(Weekday)[at.weekday()] not in rule.day_of_week:
        return False
    clock, begin, end = f"{at:%H:%M}", rule.start_time or "00:00", rule.end_time or "24:00"
    end = "24:00" if end == "00:00" else end
    within = begin <= clock < end if begin < end else clock >= begin or clock < end
    return (
        within
        and (rule.min_kwh is None or used >= 1000 * Fraction(rule.min_kwh))
        and (rule.max_kwh is None or used < 1000 * Fraction(rule.max_kwh))
        and (rule.min_power is None or watts >= 1000 * Fraction(rule.min_power))
        and (rule.max_power is None or watts < 1000 * Fraction(rule.max_power))
        and (rule.min_duration is None or lasted >= rule.min_duration)
        and (rule.max_duration is None or lasted < rule.max_duration)
    )


def without_steps(tariff: Prices) -> Prices:
    return replace(
        without_markets(tariff),
        elements=tuple(
            replace(element, components=tuple(replace(each, step_size=1) for each in element.components))
            for element in tariff.elements
        ),
        idle_fee=None,
        free_below_s=0,
    )


@settings(max_examples=60, deadline=None)
@given(timelines(), tariffs(), st.integers(0, 59))
def test_it_comes_to_the_same_as_plain_rating(timeline: Timeline, tariff: Prices, seconds: int) -> None:
    spans = tuple(
        replace(span, begin=span.begin + seconds * SECOND, end=span.end + seconds * SECOND)
        for span in timeline.spans
    )
    same(replace(timeline, spans=spans), without_steps(tariff))


@st.composite
def nights(draw: st.DrawFn) -> Timeline:
    """Charging and parking through the hours in which clocks are changed."""
    zone, begin = draw(
        st.sampled_from(
            [
                ("Europe/Berlin", datetime(2026, 3, 29, 0, 10, tzinfo=UTC)),
                ("Europe/Berlin", datetime(2026, 10, 24, 23, 50, tzinfo=UTC)),
                ("Australia/Lord_Howe", datetime(2026, 4, 4, 14, 5, tzinfo=UTC)),
                ("America/St_Johns", datetime(2026, 11, 1, 3, 40, tzinfo=UTC)),
            ]
        )
    )
    spans = []
    for number in range(draw(st.integers(2, 5))):
        end = begin + timedelta(minutes=draw(st.sampled_from([20, 35, 50])))
        parked = number > 0 and draw(st.integers(0, 3)) == 0
        spans.append(
            Span(
                begin=begin,
                end=end,
                doing=Doing.PARKED if parked else Doing.CHARGING,
                energy_wh=0 if parked else draw(st.integers(3000, 9000)),
            )
        )
        begin = end
    return Timeline(zone=zone, spans=tuple(spans))


@st.composite
def tiers(draw: st.DrawFn) -> Prices:
    """Prices by the small hours and by energy, no two alike."""
    numbers = iter(range(1, 100))

    def components() -> list[Component]:
        dimensions = [Dimension.ENERGY, Dimension.TIME, Dimension.PARKING_TIME]
        return [Component(dimension=each, price=Decimal(next(numbers))) for each in dimensions]

    begin, end = draw(st.permutations(["00:45", "01:30", "02:00", "02:40", "03:15"]))[:2]
    return Prices(
        currency="EUR",
        elements=(
            Element(
                components=tuple(components()),
                restrictions=Restrictions(min_kwh=Decimal(draw(st.integers(4, 16)))),
            ),
            Element(
                components=tuple(components()), restrictions=Restrictions(start_time=begin, end_time=end)
            ),
            Element(
                components=tuple(components()),
                restrictions=Restrictions(max_duration=draw(st.sampled_from([1500, 3000]))),
            ),
            Element(components=tuple(components())),
        )[draw(st.integers(0, 1)) :],
        free_below_s=0,
    )


@settings(max_examples=40, deadline=None)
@given(nights(), tiers())
def test_and_so_it_does_while_clocks_are_changed(timeline: Timeline, tariff: Prices) -> None:
    same(timeline, tariff)


def same(timeline: Timeline, tariff: Prices) -> None:
    found: dict[LineKind, Fraction] = defaultdict(Fraction)
    for line in rate(timeline, tariff).lines:
        if line.kind not in (LineKind.FLAT, LineKind.RESERVATION):
            found[line.kind] += line.amount
    assert {kind: amount for kind, amount in found.items() if amount} == plainly(timeline, tariff)
