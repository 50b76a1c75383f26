"""What must hold for any session and any prices: laws of rating, tried with many of both."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.pricing.made import total

from currant.kit.money import Rounding, minor_digits, to_minor
from currant.pricing.adjusting import Adjuster, Allowance, GroupDiscount, Voucher
from currant.pricing.bills import TaxHead, TaxRates, bill_of, credited, ocpi_totals, own_rates
from currant.pricing.charge import (
    LineKind,
    RatedCharge,
    bill_from_json,
    charge_from_json,
    to_json,
)
from currant.pricing.model import (
    Component,
    Dimension,
    Element,
    IdleFee,
    Limit,
    Prices,
    Reserved,
    Restrictions,
    Spot,
    TaxMode,
    Weekday,
)
from currant.pricing.rating import Running, rate
from currant.pricing.segments import segment
from currant.pricing.spot import QUARTER, SpotPrices
from currant.pricing.timeline import Doing, Span, Timeline

ZONES = ["UTC", "Europe/Berlin", "Asia/Kolkata", "America/St_Johns", "Australia/Lord_Howe"]
# The clocks are changed in the first two of these nights, in one place or another.
NIGHTS = [datetime(2026, 3, 28, 20, tzinfo=UTC), datetime(2026, 10, 24, 20, tzinfo=UTC)]
PLAIN_DAY = datetime(2026, 6, 11, 12, tzinfo=UTC)
MARKET = SpotPrices.of(
    "M",
    [
        (begin + number * QUARTER, Decimal(number % 7 - 1) / 10)
        for begin in (*NIGHTS, PLAIN_DAY)
        for number in range(-40, 160)
        if number % 11
    ],
)

cents = st.integers(0, 200).map(lambda value: Decimal(value) / 100)
percents = st.sampled_from([None, Decimal(0), Decimal(7), Decimal(19), Decimal("9.975")])
times_of_day = st.sampled_from(["", "00:00", "01:30", "02:30", "06:00", "17:45", "22:00"])


@st.composite
def components(draw: st.DrawFn, *, steps: bool = True, spot: bool = True) -> Component:
    dimension = draw(st.sampled_from(list(Dimension)))
    follows = spot and dimension is Dimension.ENERGY and draw(st.integers(0, 3)) == 0
    return Component(
        dimension=dimension,
        price=draw(cents),
        tax_percent=draw(percents),
        step_size=draw(st.sampled_from([1, 1, 60, 250, 900])) if steps else 1,
        spot=Spot(market="M", markup=draw(cents)) if follows else None,
    )


def pair(values: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, Any]]:
    """A lower and an upper limit, either of which may be missing."""
    both = st.tuples(values, values).filter(lambda two: two[0] != two[1]).map(lambda two: tuple(sorted(two)))
    return both.flatmap(lambda two: st.sampled_from([two, (two[0], None), (None, two[1]), (None, None)]))


@st.composite
def restrictions(draw: st.DrawFn, *, by_flow: bool = True) -> Restrictions | None:
    if draw(st.booleans()):
        return None
    kwh = draw(pair(st.integers(0, 40).map(Decimal))) if by_flow else (None, None)
    power = draw(pair(st.integers(0, 30).map(Decimal))) if by_flow else (None, None)
    duration = draw(pair(st.integers(0, 12).map(lambda tens: 600 * tens)))
    return Restrictions(
        start_time=draw(times_of_day),
        end_time=draw(times_of_day),
        min_kwh=kwh[0],
        max_kwh=kwh[1],
        min_power=power[0],
        max_power=power[1],
        min_duration=duration[0],
        max_duration=duration[1],
        day_of_week=draw(st.sampled_from([(), (Weekday.SATURDAY,), (Weekday.SUNDAY, Weekday.THURSDAY)])),
        reservation=draw(st.sampled_from([None] * 8 + list(Reserved))),
    )


@st.composite
def tariffs(draw: st.DrawFn, *, plain: bool = False) -> Prices:
    """Prices; `plain` ones are those of which more energy is never cheaper by design."""
    elements = draw(
        st.lists(
            st.builds(
                Element,
                components=st.lists(components(steps=not plain, spot=not plain), min_size=1, max_size=3).map(
                    tuple
                ),
                restrictions=restrictions(by_flow=not plain),
            ),
            min_size=1,
            max_size=4,
        )
    )
    if draw(st.booleans()):
        # As most price lists end: with prices of all that is not priced before.
        usual = (Component(dimension=Dimension.ENERGY, price=draw(cents), tax_percent=draw(percents)),)
        elements.append(Element(components=usual))
    idle = st.builds(
        IdleFee,
        price_per_minute=cents,
        grace_s=st.sampled_from([0, 900]),
        max_cost=st.none() | cents,
        exempt=st.sampled_from([(), (("22:00", "06:00"),)]),
    )
    limit = st.none() | st.builds(Limit, before_taxes=st.none() | cents, after_taxes=st.none() | cents)
    lowest, highest = draw(limit), draw(limit)
    return Prices(
        currency=draw(st.sampled_from(["EUR", "JPY", "KWD"])),
        tax_mode=draw(st.sampled_from(list(TaxMode))),
        elements=tuple(elements),
        idle_fee=draw(st.none() | idle),
        min_price=lowest,
        max_price=highest,
    )


@st.composite
def timelines(draw: st.DrawFn) -> Timeline:
    at = draw(st.sampled_from([*NIGHTS, PLAIN_DAY])) + timedelta(minutes=draw(st.integers(0, 300)))
    spans = []
    reserved = draw(st.booleans())
    for number in range(draw(st.integers(1, 6))):
        end = at + timedelta(seconds=draw(st.integers(1, 9000)))
        doing = draw(st.sampled_from([each for each in Doing if each is not Doing.RESERVED]))
        if reserved and number == 0:
            doing = Doing.RESERVED
        flows = doing is Doing.CHARGING
        spans.append(
            Span(
                begin=at,
                end=end,
                doing=doing,
                energy_wh=draw(st.integers(0, 20_000)) if flows else 0,
                export_wh=draw(st.sampled_from([0, 0, 0, 1500])) if flows else 0,
            )
        )
        at = end
    return Timeline(zone=draw(st.sampled_from(ZONES)), spans=tuple(spans))


def split(span: Span, share: Fraction) -> Iterator[Span]:
    """The same in two parts of what flows evenly."""
    lasted = (span.end - span.begin) // timedelta(microseconds=1)
    first = int(lasted * share)
    if not 0 < first < lasted:
        yield span
        return
    middle = span.begin + timedelta(microseconds=first)
    part = Fraction(first, lasted)
    yield replace(span, end=middle, energy_wh=span.energy_wh * part, export_wh=span.export_wh * part)
    rest = 1 - part
    yield replace(span, begin=middle, energy_wh=span.energy_wh * rest, export_wh=span.export_wh * rest)


def essence(charge: RatedCharge) -> object:
    """All of a charge but how its input was written."""
    lines = [replace(line, begin=None, end=None) for line in charge.lines]
    return replace(charge, lines=tuple(lines), trace=(), input_hash="")


@settings(max_examples=80, deadline=None)
@given(timelines(), tariffs(), st.lists(st.fractions(0, 1, max_denominator=97), min_size=6, max_size=6))
def test_splitting_a_span_anywhere_never_changes_a_price(
    timeline: Timeline, tariff: Prices, shares: list[Fraction]
) -> None:
    parts = tuple(
        part for span, share in zip(timeline.spans, shares, strict=False) for part in split(span, share)
    )
    whole = rate(timeline, tariff, spot=MARKET)
    assert essence(rate(replace(timeline, spans=parts), tariff, spot=MARKET)) == essence(whole)


@settings(max_examples=80, deadline=None)
@given(timelines(), tariffs(plain=True), st.integers(0, 5), st.integers(1, 30_000))
def test_more_energy_never_costs_less(timeline: Timeline, tariff: Prices, place: int, more: int) -> None:
    spans = list(timeline.spans)
    # A reservation, where there is one, comes first.
    place = -1 - place % len(spans)
    assume(spans[place].doing is not Doing.RESERVED)
    spans[place] = replace(spans[place], energy_wh=spans[place].energy_wh + more)
    less, with_more = rate(timeline, tariff), rate(replace(timeline, spans=tuple(spans)), tariff)
    assert total(with_more) >= total(less)
    before, after = ocpi_totals(less), ocpi_totals(with_more)
    assert after.before_taxes >= before.before_taxes
    assert after.after_taxes >= before.after_taxes
    # A limit may give one tax more of the sum and another less; and each tax is rounded by itself.
    unlimited = [replace(charge, min_price=None, max_price=None) for charge in (less, with_more)]
    bills = [bill_of(charge, own_rates(charge)) for charge in unlimited]
    assert bills[1].gross + len(bills[1].taxes) >= bills[0].gross


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 40_000), st.integers(0, 20_000), st.lists(cents, min_size=3, max_size=3))
def test_more_energy_never_costs_less_over_tiers_of_energy(wh: int, more: int, tiers: list[Decimal]) -> None:
    edges = [Decimal(10), Decimal(25)]
    tariff = Prices(
        currency="EUR",
        elements=tuple(
            Element(
                components=(Component(dimension=Dimension.ENERGY, price=price),),
                restrictions=Restrictions(max_kwh=edge) if edge else None,
            )
            for price, edge in zip(tiers, [*edges, None], strict=True)
        ),
    )

    def cost(energy: int) -> Fraction:
        span = Span(begin=PLAIN_DAY, end=PLAIN_DAY + timedelta(hours=1), energy_wh=energy)
        return total(rate(Timeline(zone="UTC", spans=(span,)), tariff))

    assert cost(wh + more) >= cost(wh)


@settings(max_examples=60, deadline=None)
@given(timelines(), tariffs(), st.sampled_from([(12, "Etc/GMT-12"), (-7, "Etc/GMT+7"), (1, "Etc/GMT-1")]))
def test_a_session_by_the_same_clock_of_another_zone_costs_the_same(
    timeline: Timeline, tariff: Prices, other: tuple[int, str]
) -> None:
    hours, zone = other
    # Where it is an hour later the same time of day is an hour earlier.
    spans = tuple(
        replace(span, begin=span.begin - timedelta(hours=hours), end=span.end - timedelta(hours=hours))
        for span in timeline.spans
    )
    here = rate(replace(timeline, zone="UTC"), without_markets(tariff))
    there = rate(Timeline(zone=zone, spans=spans), without_markets(tariff))
    assert essence(there) == essence(here)


@settings(max_examples=60, deadline=None)
@given(timelines(), tariffs(), st.integers(-8, 8))
def test_a_session_weeks_earlier_or_later_costs_the_same_where_clocks_are_left_alone(
    timeline: Timeline, tariff: Prices, weeks: int
) -> None:
    spans = tuple(
        replace(span, begin=span.begin + timedelta(weeks=weeks), end=span.end + timedelta(weeks=weeks))
        for span in timeline.spans
    )
    tariff = without_markets(tariff)
    now = rate(replace(timeline, zone="Asia/Kolkata"), tariff)
    then = rate(Timeline(zone="Asia/Kolkata", spans=spans), tariff)
    assert essence(then) == essence(now)


def without_markets(tariff: Prices) -> Prices:
    """Prices that go by the clock of the site alone."""
    return replace(
        tariff,
        elements=tuple(
            replace(
                element, components=tuple(replace(component, spot=None) for component in element.components)
            )
            for element in tariff.elements
        ),
    )


@settings(max_examples=80, deadline=None)
@given(timelines(), tariffs())
def test_the_cost_so_far_ends_as_the_cost_of_the_whole(timeline: Timeline, tariff: Prices) -> None:
    running = Running(tariff, timeline.zone, spot=MARKET)
    for number, span in enumerate(timeline.spans):
        assert running.charge() == rate(replace(timeline, spans=timeline.spans[:number]), tariff, spot=MARKET)
        # What might happen next is no part of what did.
        guess = running.fork()
        guess.feed(replace(span, energy_wh=span.energy_wh + 777))
        guess.charge()
        running.feed(span)
    assert running.charge() == rate(timeline, tariff, spot=MARKET)


@settings(max_examples=60, deadline=None)
@given(timelines(), tariffs())
def test_segments_are_the_session_without_holes_and_with_all_its_energy(
    timeline: Timeline, tariff: Prices
) -> None:
    parts = segment(timeline, tariff)
    assert all(one.end <= other.begin for one, other in pairwise(parts))
    assert sum(part.energy_wh for part in parts) == sum(span.energy_wh for span in timeline.spans)
    assert sum(part.export_wh for part in parts) == sum(span.export_wh for span in timeline.spans)
    lasted = sum(((span.end - span.begin) for span in timeline.spans), timedelta())
    told = sum(((part.end - part.begin) for part in parts), timedelta())
    assert abs(lasted - told) < timedelta(milliseconds=1)


ADJUSTERS = st.lists(
    st.one_of(
        st.builds(Allowance, kwh_left=st.integers(0, 30).map(Decimal)),
        st.builds(
            Voucher,
            percent=st.none() | st.integers(0, 100).map(Decimal),
            amount=st.none() | cents,
            kinds=st.sampled_from([(), (LineKind.ENERGY,), (LineKind.TIME, LineKind.FLAT)]),
            cap=st.none() | cents,
        ),
        st.builds(GroupDiscount, percent=st.integers(0, 100).map(Decimal)),
    ),
    max_size=3,
).map(tuple)

BY_PERCENT = [
    TaxRates(by_tariff=True),
    TaxRates(),
    TaxRates(otherwise=(TaxHead(percent=Decimal(19)),)),
    TaxRates(otherwise=(TaxHead(name="CGST", percent=Decimal(9)), TaxHead(name="SGST", percent=Decimal(9)))),
]
EXCISE = TaxRates(
    otherwise=(
        TaxHead(name="Excise", per_kwh=Decimal("0.03")),
        TaxHead(name="State", percent=Decimal("5.3"), stack=1),
    )
)
PERCENTAGES = st.sampled_from(BY_PERCENT)
RATES = st.sampled_from([*BY_PERCENT, EXCISE])


@settings(max_examples=100, deadline=None)
@given(timelines(), tariffs(), ADJUSTERS, RATES, st.sampled_from(list(Rounding)))
def test_a_bill_adds_up_to_the_last_cent(
    timeline: Timeline,
    tariff: Prices,
    adjusters: tuple[Adjuster, ...],
    rates: TaxRates,
    rounding: Rounding,
) -> None:
    charge = rate(timeline, tariff, spot=MARKET, adjusters=adjusters)
    bill = bill_of(charge, rates, rounding)
    assert bill.net == sum(line.net for line in bill.lines)
    assert bill.tax == sum(part.amount for part in bill.taxes)
    assert bill.gross == bill.net + bill.tax
    back = credited(bill)
    assert (back.net, back.tax, back.gross) == (-bill.net, -bill.tax, -bill.gross)
    assert credited(back) == bill
    assert charge_from_json(to_json(charge)) == charge
    assert bill_from_json(to_json(bill)) == bill


@settings(max_examples=100, deadline=None)
@given(timelines(), tariffs(), PERCENTAGES, st.sampled_from(["min_price", "max_price"]))
def test_limits_hold_on_every_bill(timeline: Timeline, tariff: Prices, rates: TaxRates, other: str) -> None:
    spans = tuple(replace(span, export_wh=0) for span in timeline.spans)
    charge = rate(replace(timeline, spans=spans), replace(tariff, **{other: None}), spot=MARKET)
    bill = bill_of(charge, rates)
    # Each tax and the net sum are rounded, which is half a cent each at most.
    slack = 1 + len(bill.taxes)
    scale = 10 ** minor_digits(charge.currency)
    if charge.min_price is not None:
        assert bill.net + 1 >= scale * (charge.min_price.before_taxes or 0)
        assert bill.gross + slack >= scale * (charge.min_price.after_taxes or 0)
    if charge.max_price is not None and charge.max_price.before_taxes is not None:
        assert bill.net <= to_minor(charge.max_price.before_taxes, charge.currency)
    if charge.max_price is not None and charge.max_price.after_taxes is not None:
        assert bill.gross <= scale * charge.max_price.after_taxes + slack
    totals = ocpi_totals(charge, rates)
    if charge.max_price is not None and charge.max_price.after_taxes is not None:
        assert totals.after_taxes * scale <= to_minor(charge.max_price.after_taxes, charge.currency)


@settings(max_examples=100, deadline=None)
@given(timelines(), tariffs(plain=True), ADJUSTERS, RATES)
def test_discounts_never_make_a_bill_negative(
    timeline: Timeline, tariff: Prices, adjusters: tuple[Adjuster, ...], rates: TaxRates
) -> None:
    spans = tuple(replace(span, export_wh=0) for span in timeline.spans)
    charge = rate(replace(timeline, spans=spans), tariff, adjusters=adjusters)
    bill = bill_of(charge, rates)
    # A price that holds its taxes may be less than a tax by the kWh: then what is left of it is below nothing.
    assert (bill.gross if charge.tax_included else bill.net) >= 0
    without = bill_of(replace(charge, discounts=()), rates)
    assert bill_of(charge, rates).net <= without.net


@settings(max_examples=40, deadline=None)
@given(timelines(), tariffs())
def test_the_same_input_has_the_same_hash_and_any_other_has_another(
    timeline: Timeline, tariff: Prices
) -> None:
    charge = rate(timeline, tariff)
    assert rate(timeline, tariff) == charge
    moved = replace(timeline.spans[-1], end=timeline.spans[-1].end + timedelta(seconds=1))
    other = rate(replace(timeline, spans=(*timeline.spans[:-1], moved)), tariff)
    assert other.input_hash != charge.input_hash
    dearer = replace(tariff, free_below_s=tariff.free_below_s + 1)
    assert rate(timeline, dearer).input_hash != charge.input_hash


def test_zones_of_these_tests_exist() -> None:
    assert [ZoneInfo(zone).key for zone in ZONES] == ZONES
