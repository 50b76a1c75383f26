"""What is remarked on prices: gaps, prices that never hold, nights, limits, laws, what cannot be said."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.pricing.kept import element, prices

from currant.kit.clock import micros
from currant.kit.ids import LocationId
from currant.pricing.checks import check
from currant.pricing.coverage import CELLS_MAX, axes_of, box_of, covered
from currant.pricing.findings import PricedSite, PriceFinding, PriceIssue, PriceSeverity
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
    Weekday,
)
from currant.pricing.plans import Plan

D = Decimal
FRIDAY, SATURDAY = (Weekday.FRIDAY,), (Weekday.SATURDAY,)
QUAY = PricedSite(
    location_id=LocationId("quay"),
    name="Quay",
    country="DE",
    zone="Europe/Berlin",
    max_power_w=150_000,
    min_power_w=50_000,
)
KERB = PricedSite(
    location_id=LocationId("kerb"), name="Kerb", country="FR", max_power_w=22_000, min_power_w=11_000
)
PORTLAND = PricedSite(location_id=LocationId("us"), name="Portland", country="US", max_power_w=150_000)


def codes(found: Iterable[PriceFinding]) -> list[str]:
    return [finding.code.value for finding in found]


def remarked(wanted: Prices, issue: PriceIssue, **more: Any) -> list[PriceFinding]:
    return [finding for finding in check(wanted, **more) if finding.code is issue]


def test_a_price_at_any_time_leaves_nothing_to_remark() -> None:
    assert check(prices("0.39"), sites=[QUAY], today=date(2026, 1, 31), markets={}) == ()


def test_hours_without_a_price_of_energy_are_told_by_weekday_and_time() -> None:
    office = element("0.39", start_time="08:00", end_time="18:00", day_of_week=tuple(Weekday)[:5])
    night = element("0.29", start_time="18:00", end_time="08:00")
    [gap] = remarked(prices(office, night), PriceIssue.ENERGY_GAP)
    assert gap.facts == {"weekdays": ["saturday", "sunday"], "times": [["08:00", "18:00"]]}
    assert gap.text.startswith(
        "Energy has no price on Saturday, Sunday, from 08:00 to 18:00: it costs nothing"
    )


def test_energy_beyond_a_limit_without_a_price_is_a_gap() -> None:
    [gap] = remarked(prices(element("0.39", max_kwh=D(20))), PriceIssue.ENERGY_GAP)
    assert gap.facts == {"kwh": [["20", None]]}
    assert "from 20 kWh on" in gap.text
    tiers = prices(element("0.39", max_kwh=D(20)), element("0.30", min_kwh=D(20)))
    assert check(tiers) == ()


def test_a_price_of_nothing_on_purpose_is_no_gap() -> None:
    assert remarked(prices(element("0.39", min_duration=1800), "0"), PriceIssue.ENERGY_GAP) == []


def test_a_tariff_by_time_alone_has_no_price_of_energy() -> None:
    by_time = prices(element("3", Dimension.TIME))
    assert codes(check(by_time)) == ["no_energy_price"]


def test_what_comes_after_a_price_for_any_time_never_holds() -> None:
    [finding] = remarked(
        prices("0.39", element("0.20", start_time="22:00", end_time="06:00")), PriceIssue.SHADOWED
    )
    assert (finding.where, finding.facts["by"]) == ("elements[1]", [0])
    assert finding.severity is PriceSeverity.WARNING


def test_several_that_cover_a_later_one_only_together_shadow_it() -> None:
    day, night = (
        element("0.4", start_time="06:00", end_time="22:00"),
        element("0.2", start_time="22:00", end_time="06:00"),
    )
    noon = element("0.3", start_time="12:00", end_time="13:00")
    late = element("0.3", start_time="21:00", end_time="23:00")
    assert [
        finding.facts["by"] for finding in remarked(prices(day, night, noon, late), PriceIssue.SHADOWED)
    ] == [
        [0],
        [0, 1],
    ]
    assert remarked(prices(day, late, night), PriceIssue.SHADOWED) == []


def test_dimensions_are_looked_at_by_themselves() -> None:
    start = element("1", Dimension.FLAT)
    energy_and_time = Element(
        components=(
            Component(dimension=Dimension.ENERGY, price=D("0.3")),
            Component(dimension=Dimension.TIME, price=D(2)),
        )
    )
    assert remarked(prices(start, "0.39", element("2", Dimension.TIME)), PriceIssue.SHADOWED) == []
    [finding] = remarked(prices("0.39", energy_and_time), PriceIssue.SHADOWED)
    assert finding.facts["dimensions"] == ["energy"]
    assert finding.text.startswith("Its price of energy never holds")


@pytest.mark.parametrize(
    ("restrictions", "field"),
    [
        ({"min_kwh": D(20), "max_kwh": D(20)}, "max_kwh"),
        ({"min_power": D(50), "max_power": D(11)}, "max_power"),
        ({"min_duration": 60, "max_duration": 30}, "max_duration"),
        ({"start_date": "2026-03-01", "end_date": "2026-03-01"}, "end_date"),
    ],
)
def test_restrictions_that_nothing_can_meet_are_errors(restrictions: dict[str, Any], field: str) -> None:
    [finding] = remarked(prices(element("0.2", **restrictions), "0.3"), PriceIssue.RANGE_EMPTY)
    assert (finding.severity, finding.where) == (PriceSeverity.ERROR, f"elements[0].restrictions.{field}")


def test_a_weekday_that_two_dates_do_not_hold_never_comes() -> None:
    """2026-02-02 to before 2026-02-04 is a Monday and a Tuesday."""
    never = element("0.2", start_date="2026-02-02", end_date="2026-02-04", day_of_week=FRIDAY)
    comes = element("0.2", start_date="2026-02-02", end_date="2026-02-04", day_of_week=(Weekday.TUESDAY,))
    assert codes(check(prices(never, "0.3"))) == ["range_empty"]
    assert codes(check(prices(comes, "0.3"))) == []


def test_a_friday_night_that_ends_at_midnight_is_told_with_what_to_add() -> None:
    """Number 24 of the worked cases: 22:00 to 02:00 on Fridays is Friday's own early morning, too."""
    night = element("0.2", start_time="22:00", end_time="02:00", day_of_week=FRIDAY)
    [finding] = remarked(prices(night, "0.4"), PriceIssue.NIGHT_ENDS_AT_MIDNIGHT)
    assert finding.facts["missing"] == [{"day": "saturday", "start_time": "00:00", "end_time": "02:00"}]
    assert finding.facts["early"] == [{"day": "friday", "start_time": "00:00", "end_time": "02:00"}]


@pytest.mark.parametrize(
    "elements",
    [
        (element("0.2", start_time="22:00", end_time="00:00", day_of_week=FRIDAY),),
        (element("0.2", start_time="22:00", end_time="02:00"),),
        (element("0.2", start_time="22:00", end_time="02:00", day_of_week=tuple(Weekday)),),
        (
            element("0.2", start_time="22:00", end_time="02:00", day_of_week=FRIDAY),
            element("0.2", start_time="00:00", end_time="02:00", day_of_week=SATURDAY),
        ),
    ],
)
def test_nights_that_go_on_are_not_remarked(elements: tuple[Element, ...]) -> None:
    assert remarked(prices(*elements, "0.4"), PriceIssue.NIGHT_ENDS_AT_MIDNIGHT) == []


def test_a_lowest_price_above_the_highest_is_an_error() -> None:
    wrong = prices("0.39", min_price=Limit(before_taxes=D(5)), max_price=Limit(before_taxes=D(4)))
    [finding] = remarked(wrong, PriceIssue.LIMITS_CONTRADICT)
    assert (finding.severity, finding.where) == (PriceSeverity.ERROR, "min_price.before_taxes")


def test_a_limit_that_is_lower_with_tax_than_without_is_remarked() -> None:
    odd = prices("0.39", min_price=Limit(before_taxes=D("0.60"), after_taxes=D("0.50")))
    assert [finding.severity.value for finding in remarked(odd, PriceIssue.LIMITS_CONTRADICT)] == ["warning"]


def test_currencies_are_known_and_those_of_the_sites() -> None:
    assert codes(check(Prices(currency="XYZ", elements=(element("1"),)))) == ["currency_unknown"]
    [finding] = remarked(prices("0.39"), PriceIssue.CURRENCY_FOREIGN, sites=[QUAY, PORTLAND])
    assert (finding.facts["country"], finding.facts["sites"]) == ("US", ["Portland"])


def test_slips_of_the_pen_are_remarked() -> None:
    assert codes(check(prices("39"))) == ["unusual_price"]
    assert codes(check(prices("-0.39"))) == ["negative_price"]
    assert codes(check(prices("39", currency="INR"))) == []
    assert "unusual_price" in codes(check(prices("0.39", idle_fee=IdleFee(price_per_minute=D(10)))))


def test_steps_are_remarked_and_not_allowed_where_energy_is_sold_by_calibrated_meters() -> None:
    stepped = Prices(
        currency="EUR",
        elements=(
            Element(components=(Component(dimension=Dimension.ENERGY, price=D("0.3"), step_size=1000),)),
        ),
    )
    found = codes(check(stepped, sites=[QUAY]))
    assert found[0] == "step_size_not_allowed"
    assert "step_size" in found
    assert "ocpp_cannot_say" in found
    assert "step_size_not_allowed" not in codes(check(stepped, sites=[KERB]))


def test_from_50_kw_on_only_a_fee_against_long_occupancy_may_be_added_in_the_european_union() -> None:
    start = prices("0.59", element("1", Dimension.FLAT))
    [finding] = remarked(start, PriceIssue.AFIR_OTHER_FEES, sites=[QUAY])
    assert finding.where == "elements[1].components[0]"
    assert finding.facts["law"] == "Regulation (EU) 2023/1804, Article 5(4)"
    assert finding.facts["sites"] == ["Quay"]
    assert remarked(start, PriceIssue.AFIR_OTHER_FEES, sites=[KERB, PORTLAND]) == []
    by_time = prices("0.59", element("6", Dimension.TIME))
    assert codes(remarked(by_time, PriceIssue.AFIR_OTHER_FEES, sites=[QUAY])) == ["afir_other_fees"]


def test_a_fee_per_minute_for_staying_long_is_allowed_there() -> None:
    late = prices("0.59", element("6", Dimension.TIME, min_duration=3600))
    idle = prices("0.59", idle_fee=IdleFee(price_per_minute=D("0.10"), grace_s=900))
    parking = prices("0.59", element("6", Dimension.PARKING_TIME))
    for allowed in (late, idle, parking):
        assert remarked(allowed, PriceIssue.AFIR_OTHER_FEES, sites=[QUAY]) == []


def test_a_lowest_price_is_more_than_a_price_per_kwh_there() -> None:
    least = prices("0.59", min_price=Limit(before_taxes=D(2)))
    assert [finding.where for finding in remarked(least, PriceIssue.AFIR_OTHER_FEES, sites=[QUAY])] == [
        "min_price"
    ]


def test_without_a_price_per_kwh_laws_of_several_countries_are_broken() -> None:
    by_time = prices(element("6", Dimension.TIME))
    london = PricedSite(location_id=LocationId("gb"), name="Dock", country="GB")
    found = codes(check(by_time, sites=[QUAY, PORTLAND, london]))
    for broken in ("afir_per_kwh", "de_per_kwh", "uk_per_kwh", "nevi_per_kwh"):
        assert broken in found


def test_below_50_kw_the_order_of_components_is_recalled() -> None:
    [finding] = remarked(prices("0.4", element("1", Dimension.FLAT)), PriceIssue.AFIR_ORDER, sites=[KERB])
    assert (finding.severity, finding.facts["components"]) == (PriceSeverity.INFO, ["energy", "flat"])
    assert remarked(prices("0.4"), PriceIssue.AFIR_ORDER, sites=[KERB]) == []


def test_prices_that_follow_the_clock_may_break_the_price_lock_of_funded_sites() -> None:
    bands = prices(element("0.6", start_time="16:00", end_time="21:00"), "0.3", currency="USD")
    [finding] = remarked(bands, PriceIssue.NEVI_PRICE_CHANGES, sites=[PORTLAND])
    assert finding.facts["law"] == "23 CFR 680.116(a)"
    assert check(prices("0.39", currency="USD"), sites=[PORTLAND]) == ()


def test_markets_are_known_and_in_the_same_currency() -> None:
    spot = Component(
        dimension=Dimension.ENERGY,
        price=D("0.3"),
        spot=Spot(market="DE-LU", floor=D("0.5"), ceiling=D("0.4")),
    )
    follows = prices(Element(components=(spot,)))
    assert codes(check(follows, markets={}))[:2] == ["limits_contradict", "market_unknown"]
    assert "market_currency" in codes(check(follows, markets={"DE-LU": "SEK"}))
    found = codes(check(follows, markets={"DE-LU": "EUR"}))
    assert not {"market_unknown", "market_currency"} & set(found)


def test_a_reservation_has_time_and_a_fee_and_prices_nothing_else() -> None:
    reserved = element("0.2", reservation=Reserved.RESERVATION)
    assert codes(check(prices(reserved, "0.39"))) == ["reservation_dimension"]
    assert codes(check(prices(element("5", Dimension.TIME, reservation=Reserved.RESERVATION), "0.3"))) == []


def test_an_idle_fee_is_not_counted_beside_parking_time_nor_in_exempt_hours_alone() -> None:
    fee = IdleFee(price_per_minute=D("0.1"), exempt=(("06:00", "22:00"), ("22:00", "06:00")))
    found = codes(check(prices("0.39", element("6", Dimension.PARKING_TIME), idle_fee=fee)))
    assert found[:2] == ["charged_twice", "idle_fee_never"]


def test_what_partners_and_stations_cannot_be_told_is_told_to_people() -> None:
    capped = IdleFee(price_per_minute=D("0.1"), max_cost=D(10))
    found = check(prices("0.39", element("0.2", Dimension.EXPORT), idle_fee=capped))
    assert {finding.code.value for finding in found} == {"ocpi_cannot_say", "ocpp_cannot_say"}
    assert all(finding.severity is PriceSeverity.INFO for finding in found)


def test_what_is_over_is_told() -> None:
    past = element("0.2", end_date="2026-01-31")
    assert codes(check(prices(past, "0.3"), today=date(2026, 1, 31))) == ["past"]
    assert codes(check(prices(past, "0.3"), today=date(2026, 1, 30))) == []


def test_too_many_different_limits_are_not_looked_through() -> None:
    many = [
        element(
            "0.3",
            start_time=f"{n % 24:02d}:{n:02d}",
            min_kwh=D(n),
            min_power=D(n),
            min_duration=n,
        )
        for n in range(1, 50)
    ]
    assert codes(check(prices(*many))) == ["too_many_rules"]
    assert covered(many, axes_of(many)) is None
    assert CELLS_MAX < 10**6


times = st.sampled_from(["", "00:00", "02:00", "06:00", "12:30", "22:00"])
ranges = st.sampled_from([(None, None), (None, D(10)), (D(10), None), (D(5), D(20)), (D(10), D(10))])
dates = st.sampled_from([("", ""), ("2026-02-02", ""), ("", "2026-02-05"), ("2026-02-02", "2026-02-05")])
elements = st.builds(
    lambda start, end, day, days, kwh, power: element(
        "0.3",
        start_time=start,
        end_time=end,
        start_date=day[0],
        end_date=day[1],
        day_of_week=tuple(days),
        min_kwh=kwh[0],
        max_kwh=kwh[1],
        min_power=power[0],
        max_power=power[1],
    ),
    times,
    times,
    dates,
    st.lists(st.sampled_from(list(Weekday)), unique=True, max_size=3),
    ranges,
    ranges,
)
moments = st.tuples(
    st.integers(0, 10 * 24 * 4), st.sampled_from([0, 7, 10, 19, 25]), st.sampled_from([0, 7, 10, 19, 25])
)


@settings(max_examples=150)
@given(st.lists(elements, min_size=1, max_size=4), st.lists(moments, min_size=1, max_size=40))
def test_who_is_said_never_to_hold_is_never_chosen_and_gaps_are_where_nothing_is(
    drawn: list[Element], asked: list[tuple[int, int, int]]
) -> None:
    """Against the plan by which sessions are rated, which knows nothing of boxes."""
    axes = axes_of(drawn)
    outcome = covered(drawn, axes)
    assert outcome is not None
    plan = Plan(prices(*drawn), "UTC")
    never = {place for place, _ in outcome.never} | set(outcome.empty)
    begin = datetime(2026, 1, 30, tzinfo=UTC)
    for quarter, kwh, power in asked:
        at = begin + quarter * timedelta(minutes=15)
        holding = [
            place
            for place, each in enumerate(drawn)
            if _holds(each.restrictions or Restrictions(), plan, place, at, D(kwh), D(power))
        ]
        assert not holding or holding[0] not in never
        cell = (
            sum(at.date() >= edge for edge in axes.dates),
            at.weekday(),
            sum(at.hour * 60 + at.minute >= edge for edge in axes.times) - 1,
            sum(kwh >= edge for edge in axes.kwh) - 1,
            sum(power >= edge for edge in axes.power) - 1,
            0,
            0,
        )
        in_a_gap = any(
            all(slot in slots for slot, slots in zip(cell, box, strict=True)) for box in outcome.left
        )
        assert in_a_gap == (not holding)
        for place in holding:
            assert all(
                slot in slots
                for slot, slots in zip(cell, box_of(drawn[place].restrictions, axes), strict=True)
            )


def _holds(rule: Restrictions, plan: Plan, place: int, at: datetime, kwh: Decimal, power: Decimal) -> bool:
    by_clock = bool(plan.clock(micros(at))[2] >> place & 1)
    return (
        by_clock
        and (rule.min_kwh is None or kwh >= rule.min_kwh)
        and (rule.max_kwh is None or kwh < rule.max_kwh)
        and (rule.min_power is None or power >= rule.min_power)
        and (rule.max_power is None or power < rule.max_power)
    )


def test_every_remark_is_explained_to_operators() -> None:
    page = (Path(__file__).parent.parent.parent / "docs" / "tariffs.md").read_text()
    for issue in PriceIssue:
        assert f"`{issue.value}`" in page
