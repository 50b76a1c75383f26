"""Our prices as stations reckon with them and back: nothing changes, or what does is named."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from currant.billing.onsite.station_tariffs import from_station, to_station
from currant.pricing.model import (
    Component,
    Dimension,
    Element,
    IdleFee,
    PriceLimit,
    Prices,
    Reserved,
    Restrictions,
    Spot,
    TaxMode,
    Weekday,
)
from currant.pricing.rating import rate
from currant.pricing.timeline import Doing, Span, Timeline
from currant.stations.commanding.rules.tariffs import tariff as check
from currant.stations.commanding.tariffs import Price, PriceConditions, PriceList, StationTariff, TaxRate

NOON = datetime(2026, 5, 11, 12, tzinfo=UTC)


def component(dimension: Dimension, price: str, **more: Any) -> Component:
    return Component(dimension=dimension, price=Decimal(price), **more)


def prices(*elements: Element, **more: Any) -> Prices:
    return Prices(currency="EUR", elements=elements, **more)


def element(*components: Component, **restrictions: Any) -> Element:
    return Element(components=components, restrictions=Restrictions(**restrictions) if restrictions else None)


DAY = prices(
    element(
        component(Dimension.ENERGY, "0.59", tax_percent=Decimal(19)),
        component(Dimension.FLAT, "1.00", tax_percent=Decimal(19)),
        start_time="08:00",
        end_time="20:00",
        day_of_week=(Weekday.MONDAY, Weekday.FRIDAY),
    ),
    element(component(Dimension.ENERGY, "0.39", tax_percent=Decimal(19)), max_kwh=Decimal(20)),
    element(
        component(Dimension.ENERGY, "0.45", tax_percent=Decimal(19)),
        component(Dimension.TIME, "1.20", tax_percent=Decimal(19)),
    ),
    idle_fee=IdleFee(price_per_minute=Decimal("0.10"), grace_s=900, exempt=(("22:00", "06:00"),)),
    min_price=PriceLimit(before_taxes=Decimal("0.50"), after_taxes=Decimal("0.60")),
    max_price=PriceLimit(after_taxes=Decimal(50)),
)


def test_a_tariff_is_told_as_ocpp_has_it() -> None:
    told = to_station(DAY, id_="day-1")
    assert told.lost == ()
    tariff = told.tariff
    check(tariff)
    assert tariff.energy is not None
    assert [price.price for price in tariff.energy.prices] == [
        Decimal("0.59"),
        Decimal("0.39"),
        Decimal("0.45"),
    ]
    assert tariff.energy.taxes == (TaxRate(name="VAT", percent=Decimal(19)),)
    first, second, third = (price.conditions for price in tariff.energy.prices)
    assert first == PriceConditions(from_time="08:00", until_time="20:00", weekdays=(1, 5))
    assert second == PriceConditions(max_energy_wh=20_000)
    assert third is None
    assert tariff.charging_time == PriceList(
        prices=(Price(price=Decimal("0.02")),), taxes=(TaxRate(name="VAT", percent=Decimal(19)),)
    )
    assert tariff.idle_time is not None
    assert [(p.price, p.conditions) for p in tariff.idle_time.prices] == [
        (Decimal("0.10"), PriceConditions(from_time="06:00", until_time="22:00", min_idle_s=900))
    ]
    assert tariff.fixed_fee is not None
    assert tariff.min_cost is not None
    assert (tariff.min_cost.excluding_tax, tariff.min_cost.including_tax) == (
        Decimal("0.50"),
        Decimal("0.60"),
    )


def test_it_comes_back_as_it_was() -> None:
    read = from_station(to_station(DAY, id_="day-1").tariff)
    assert read.lost == ()
    assert read.prices.idle_fee == IdleFee(
        price_per_minute=Decimal("0.10"), grace_s=900, exempt=(("22:00", "06:00"),)
    )
    assert (read.prices.min_price, read.prices.max_price) == (DAY.min_price, DAY.max_price)
    assert cost(read.prices, 12.5) == cost(DAY, 12.5)


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        (prices(element(component(Dimension.ENERGY, "0.3", step_size=1000))), "step_size"),
        (prices(element(component(Dimension.ENERGY, "0.3", spot=Spot(market="DE-LU")))), "spot"),
        (prices(element(component(Dimension.EXPORT, "0.3"))), "export"),
        (prices(element(component(Dimension.TIME, "1.00"))), "per_minute"),
        (prices(element(component(Dimension.FLAT, "1"), min_kwh=Decimal(5))), "fixed_fee_conditions"),
        (
            prices(element(component(Dimension.FLAT, "1"), reservation=Reserved.RESERVATION_EXPIRES)),
            "reservation_expires",
        ),
        (prices(element(component(Dimension.ENERGY, "1"), reservation=Reserved.RESERVATION)), "energy"),
        (
            prices(
                element(component(Dimension.ENERGY, "1", tax_percent=Decimal(19)), max_kwh=Decimal(1)),
                element(component(Dimension.ENERGY, "1", tax_percent=Decimal(7))),
            ),
            "taxes_differ",
        ),
        (
            prices(
                element(component(Dimension.ENERGY, "0.59", tax_percent=Decimal(19))),
                tax_mode=TaxMode.INCLUDED,
            ),
            "tax_included",
        ),
        (prices(idle_fee=IdleFee(price_per_minute=Decimal(1), max_cost=Decimal(10))), "idle_limit"),
        (prices(idle_fee=IdleFee(price_per_minute=Decimal(1), exempt=(("00:00", "00:00"),))), "idle_never"),
        (
            prices(
                element(component(Dimension.PARKING_TIME, "6")), idle_fee=IdleFee(price_per_minute=Decimal(1))
            ),
            "idle_beside_parking",
        ),
    ],
)
def test_what_a_station_cannot_be_told_is_named(wanted: Prices, code: str) -> None:
    assert [each.code for each in to_station(wanted, id_="x").lost] == [code]


@pytest.mark.parametrize(
    ("conditions", "code"),
    [
        (PriceConditions(current_kind="DC"), "current_kind"),
        (PriceConditions(min_charging_s=60), "charging_time"),
        (PriceConditions(max_idle_s=60), "idle_time"),
        (PriceConditions(payment_brand="VISA"), "payment"),
    ],
)
def test_what_our_prices_cannot_say_is_named(conditions: PriceConditions, code: str) -> None:
    tariff = StationTariff(
        id="x", currency="EUR", energy=PriceList(prices=(Price(price=Decimal(1), conditions=conditions),))
    )
    assert [each.code for each in from_station(tariff).lost] == [code]


def test_taxes_of_the_site_hold_where_the_tariff_says_none_and_stack() -> None:
    taxes = {
        "energy": (
            TaxRate(name="GST", percent=Decimal(5), stack=0),
            TaxRate(name="QST", percent=Decimal(10), stack=1),
        )
    }
    told = to_station(prices(element(component(Dimension.ENERGY, "0.40"))), id_="x", taxes=taxes)
    assert told.tariff.energy is not None
    assert told.tariff.energy.taxes == taxes["energy"]
    read = from_station(told.tariff)
    assert [each.code for each in read.lost] == ["several_taxes"]
    (only,) = read.prices.elements[0].components
    assert only.tax_percent == Decimal("15.5")


def cost(
    wanted: Prices, kwh: float, *, minutes: int = 90, idle: int = 40, begin: datetime = NOON
) -> Fraction:
    half = begin + timedelta(minutes=minutes)
    line = Timeline(
        zone="Europe/Berlin",
        spans=(
            Span(begin=begin, end=half, energy_wh=int(kwh * 1000)),
            Span(begin=half, end=half + timedelta(minutes=idle), doing=Doing.IDLE),
        ),
    )
    return sum((each.amount for each in rate(line, wanted).lines), Fraction(0))


CLOCKS = st.sampled_from(["", "00:00", "06:30", "12:00", "18:45"])
SIXTHS = st.integers(0, 50).map(lambda n: Decimal(n) * Decimal("0.06"))
RESTRICTIONS = st.builds(
    Restrictions,
    start_time=CLOCKS,
    end_time=CLOCKS,
    day_of_week=st.lists(st.sampled_from(Weekday), max_size=3, unique=True).map(tuple),
    min_kwh=st.none() | st.sampled_from([Decimal(1), Decimal("7.5")]),
    max_kwh=st.none() | st.sampled_from([Decimal(10), Decimal(20)]),
    min_duration=st.none() | st.sampled_from([600, 3600]),
)
ELEMENTS = st.builds(
    Element,
    components=st.lists(
        st.builds(
            Component,
            dimension=st.sampled_from([Dimension.ENERGY, Dimension.TIME, Dimension.PARKING_TIME]),
            price=SIXTHS,
        ),
        min_size=1,
        max_size=3,
        unique_by=lambda each: each.dimension,
    ).map(tuple),
    restrictions=st.none() | RESTRICTIONS,
)


@settings(max_examples=150)
@given(
    elements=st.lists(ELEMENTS, min_size=1, max_size=4).map(tuple),
    kwh=st.floats(0.2, 60),
    hour=st.integers(0, 23),
    minutes=st.integers(3, 600),
)
def test_what_lost_nothing_costs_the_same_after_the_way_there_and_back(
    elements: tuple[Element, ...], kwh: float, hour: int, minutes: int
) -> None:
    wanted = prices(*elements)
    told = to_station(wanted, id_="x")
    assume(not told.lost)
    check(told.tariff)
    read = from_station(told.tariff)
    assert read.lost == ()
    begin = NOON.replace(hour=hour)
    assert cost(read.prices, kwh, minutes=minutes, begin=begin) == cost(
        wanted, kwh, minutes=minutes, begin=begin
    )
