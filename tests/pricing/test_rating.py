"""How a charge explains itself, and what happens at the edges of a session."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfoNotFoundError

import pytest
from msgspec.structs import replace
from tests.pricing.made import (
    MONDAY,
    amounts,
    between,
    element,
    energy,
    flat,
    local,
    parking,
    prices,
    session,
    time,
    total,
)

from currant.pricing.adjusting import Allowance
from currant.pricing.model import Dimension, IdleFee, Limit, LineKind, Prices, Reserved, Spot
from currant.pricing.plans import DAY_US, HOUR_US, PLANS_KEPT, Plan, plan_of
from currant.pricing.rating import TRACE_MAX, WAITS_MAX, Running, rate
from currant.pricing.segments import segment
from currant.pricing.spot import SpotPrices
from currant.pricing.timeline import Doing, Span, Timeline

BERLIN = "Europe/Berlin"


def test_a_charge_tells_how_every_line_came_about() -> None:
    tariff = prices(
        element(energy("0.39"), start_time="11:00", end_time="12:00", max_kwh=Decimal(10)),
        element(flat("1"), energy("0.29", step_size=500)),
        idle_fee=IdleFee(price_per_minute=Decimal("0.10"), grace_s=900, max_cost=Decimal(2)),
    )
    timeline = session((120, "20.001"), (60, 0, Doing.IDLE), zone=BERLIN)
    charge = rate(timeline, tariff, adjusters=(Allowance(kwh_left=Decimal(5)),))
    assert charge.trace == (
        "flat: element 2, at 2026-01-12 11:00:00+01:00, once 1 = 1 EUR",
        "energy: element 1 [11:00-12:00, ..10 kWh], 2026-01-12 11:00:00+01:00 to 2026-01-12 11:59:59+01:00,"
        " 10 kWh at 0.39 EUR/kWh = 3.9 EUR",
        "allowance: 5 kWh of it are paid for already = -1.95 EUR",
        "energy: element 2, 2026-01-12 11:59:59+01:00 to 2026-01-12 13:00:00+01:00,"
        " 10.5 kWh at 0.29 EUR/kWh (10.001 kWh rounded up to steps of 500) = 3.045 EUR",
        "idle_fee: 2026-01-12 13:00:00+01:00 to 2026-01-12 14:00:00+01:00, 45 min after 900 s of grace"
        " at 0.10 EUR/min, at most 2 = 2 EUR",
    )
    assert [line.kind for line in charge.lines] == [
        LineKind.FLAT,
        LineKind.ENERGY,
        LineKind.ENERGY,
        LineKind.ALLOWANCE,
        LineKind.IDLE_FEE,
    ]


def test_segments_say_which_element_prices_what() -> None:
    tariff = prices(element(time("1"), end_time="18:00"), element(energy("0.30"), time("0.20"), parking("2")))
    timeline = session((60, 6), (30, 0, Doing.PARKED), begin=local("2026-01-12 17:30", BERLIN), zone=BERLIN)
    parts = segment(timeline, tariff)
    assert [((part.end - part.begin).seconds // 60, part.energy_wh, part.elements) for part in parts] == [
        (30, 3000, {Dimension.ENERGY: 1, Dimension.TIME: 0}),
        (30, 3000, {Dimension.ENERGY: 1, Dimension.TIME: 1}),
        (30, 0, {Dimension.PARKING_TIME: 1, Dimension.ENERGY: 1}),
    ]


def test_a_night_is_one_segment_though_it_passes_midnight_of_utc() -> None:
    tariff = prices(element(energy("0.20"), start_time="22:00", end_time="06:00"), energy("0.40"))
    timeline = between("2026-01-12 21:00", "2026-01-13 07:00", zone=BERLIN, kw="1")
    assert [part.elements[Dimension.ENERGY] for part in segment(timeline, tariff)] == [1, 0, 1]


def test_a_pause_of_the_station_is_charging_time_and_never_parking() -> None:
    tariff = prices(time("1"), parking("10"))
    assert total(rate(session((30, 5), (30, 0, Doing.PAUSED_BY_STATION), (60, 5)), tariff)) == 2


@pytest.mark.parametrize(
    ("current", "wh", "cost"),
    [(Decimal(40), 5000, 3), (Decimal(32), 5000, 3), (Decimal(31), 5000, 2), (None, 5000, 1), (None, 0, 2)],
)
def test_a_current_nobody_measured_matches_no_limit_of_it(
    current: Decimal | None, wh: int, cost: int
) -> None:
    tariff = prices(
        element(time("3"), min_current=Decimal(32)), element(time("2"), max_current=Decimal(32)), time("1")
    )
    span = Span(begin=MONDAY, end=MONDAY + timedelta(hours=1), energy_wh=wh, current_a=current)
    assert total(rate(Timeline(zone="UTC", spans=(span,)), tariff)) == cost


@pytest.mark.parametrize(("kwh", "power", "cost"), [(50, None, 1), (49, None, 2), (49, Decimal(50_000), 1)])
def test_power_is_measured_or_the_mean(kwh: int, power: Decimal | None, cost: int) -> None:
    tariff = prices(element(time("1"), min_power=Decimal(50)), time("2"))
    span = Span(begin=MONDAY, end=MONDAY + timedelta(hours=1), energy_wh=1000 * kwh, power_w=power)
    assert total(rate(Timeline(zone="UTC", spans=(span,)), tariff)) == cost


def test_energy_of_an_instant_is_priced_as_the_clock_and_the_energy_before_say() -> None:
    tariff = prices(element(energy("0.40"), max_kwh=Decimal(20)), energy("0.30"))
    spans = (
        Span(begin=MONDAY, end=MONDAY + timedelta(hours=1), energy_wh=10_000),
        Span(begin=MONDAY + timedelta(hours=1), end=MONDAY + timedelta(hours=1), energy_wh=40_000),
    )
    assert total(rate(Timeline(zone="UTC", spans=spans), tariff)) == 17


def test_spans_come_in_order() -> None:
    hour = timedelta(hours=1)
    for spans in (
        [Span(begin=MONDAY, end=MONDAY - hour)],
        [Span(begin=MONDAY, end=MONDAY + hour), Span(begin=MONDAY, end=MONDAY + hour)],
    ):
        with pytest.raises(ValueError, match="backwards or overlaps"):
            rate(Timeline(zone="UTC", spans=tuple(spans)), prices(energy("1")))


def test_a_start_fee_of_a_restricted_element_is_due_when_it_first_holds() -> None:
    tariff = prices(element(flat("2"), min_kwh=Decimal(5)), energy("0"))
    assert amounts(rate(session((60, 4)), tariff)) == [("energy", 0)]
    charge = rate(session((60, 10)), tariff)
    assert charge.lines[0].begin == MONDAY + timedelta(minutes=30)
    assert total(charge) == 2


def test_nothing_at_all_costs_nothing_and_a_lowest_price_is_of_sessions() -> None:
    tariff = prices(
        energy("0.25"),
        element(flat("4"), reservation=Reserved.RESERVATION),
        min_price=Limit(before_taxes=Decimal(10)),
    )
    assert rate(Timeline(zone="UTC", spans=()), tariff).lines == ()
    nobody_came = rate(session((60, 0, Doing.RESERVED), reservation_expired=True), tariff)
    assert (total(nobody_came), nobody_came.min_price) == (4, None)
    too_short = rate(session((60, 0, Doing.RESERVED), (1, 0)), tariff)
    assert (too_short.void, total(too_short), too_short.min_price) == (True, 4, None)


def test_durations_of_a_reservation_count_from_its_own_beginning() -> None:
    tariff = prices(
        element(time("0"), reservation=Reserved.RESERVATION, max_duration=900),
        element(time("4"), reservation=Reserved.RESERVATION),
        element(energy("0.5"), max_duration=1800),
    )
    charge = rate(session((30, 0, Doing.RESERVED), (60, 2)), tariff)
    assert amounts(charge) == [("reservation", 0), ("reservation", 1), ("energy", Fraction(1, 2))]


SPOT = Spot(market="DE-LU", factor=Decimal("1.1"), markup=Decimal("0.05"))


def test_a_session_waits_for_quarter_hours_it_knows_no_price_of() -> None:
    market = SpotPrices.of("DE-LU", [(MONDAY, Decimal("0.10"))])
    charge = rate(session((30, 10)), prices(energy("0.30", spot=SPOT)), spot=market)
    assert charge.waits_for == ("DE-LU 2026-01-12T10:15Z",)
    # Until it is known, the usual price stands in.
    assert total(charge) == 5 * Fraction("0.16") + 5 * Fraction("0.30")
    (line,) = charge.lines
    assert (line.note, line.unit_price) == ("spot", Decimal("0.23"))
    fallback = replace(SPOT, fallback=Decimal("0.40"))
    known = rate(session((30, 10)), prices(energy("0.30", spot=fallback)), spot=market)
    assert (known.waits_for, total(known)) == ((), 5 * Fraction("0.16") + 5 * Fraction("0.40"))


def test_a_ceiling_holds_and_an_allowance_takes_the_first_quarter_hours() -> None:
    market = SpotPrices.of("DE-LU", [(MONDAY + i * timedelta(minutes=15), Decimal(i)) for i in range(4)])
    tariff = prices(energy("0.30", spot=replace(SPOT, factor=Decimal(1), ceiling=Decimal(2))))
    charge = rate(session((60, 8)), tariff, spot=market, adjusters=(Allowance(kwh_left=Decimal(3)),))
    each = [Fraction("0.05"), Fraction("1.05"), Fraction(2), Fraction(2)]
    paid = -(2 * each[0] + each[1])
    assert amounts(charge) == [("energy", 2 * sum(each)), ("allowance", paid)]
    assert charge.lines[1].quantity == -3


def test_what_a_charge_tells_of_itself_is_bounded() -> None:
    charge = rate(session((60 * 24 * 7, 1000)), prices(energy("0.30", spot=SPOT)))
    assert len(charge.waits_for) == WAITS_MAX
    many = SpotPrices.of(
        "DE-LU", [(MONDAY + i * timedelta(minutes=15), Decimal(i) / 1000) for i in range(700)]
    )
    known = rate(session((60 * 24 * 7, 1000)), prices(energy("0.30", spot=SPOT)), spot=many)
    assert len(known.trace) == TRACE_MAX
    assert len(known.lines) == 1


def test_what_might_happen_is_no_part_of_what_did() -> None:
    running = Running(prices(flat("1"), energy("0.25")), "UTC", adjusters=(Allowance(kwh_left=Decimal(5)),))
    running.feed(Span(begin=MONDAY, end=MONDAY + timedelta(hours=1), energy_wh=4000))
    before = running.charge()
    guess = running.fork()
    guess.feed(Span(begin=MONDAY + timedelta(hours=1), end=MONDAY + timedelta(hours=2), energy_wh=8000))
    assert total(guess.charge()) == 1 + 7 * Fraction("0.25")
    assert running.charge() == before
    assert total(before) == 1


@pytest.mark.parametrize("time_of_day", ["25:00", "9", "09:60", "noon", "-1:00"])
def test_a_time_of_day_that_is_none_is_refused(time_of_day: str) -> None:
    with pytest.raises(ValueError, match="time of day"):
        rate(session((60, 1)), prices(element(energy("1"), start_time=time_of_day)))


def test_a_zone_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ZoneInfoNotFoundError):
        rate(session((60, 1), zone="Mars/Olympus"), prices(energy("1")))


def clock_of(tariff: Prices, zone: str, day: datetime) -> list[tuple[float, int]]:
    """A day of UTC as hours and bits."""
    plan = Plan(tariff, zone)
    begin = int(day.timestamp()) * 1_000_000
    at, found = begin, []
    while at < begin + DAY_US:
        _, until, bits = plan.clock(at)
        found.append(((at - begin) / HOUR_US, bits))
        at = until
    return found


def test_a_day_is_laid_out_along_real_time() -> None:
    tariff = prices(element(energy("1"), start_time="02:00", end_time="03:00"))
    assert clock_of(tariff, BERLIN, datetime(2026, 6, 1, tzinfo=UTC)) == [(0, 1), (1, 0)]
    # Two o'clock does not come in March and comes twice in October.
    assert clock_of(tariff, BERLIN, datetime(2026, 3, 29, tzinfo=UTC)) == [(0, 0)]
    assert clock_of(tariff, BERLIN, datetime(2026, 10, 25, tzinfo=UTC)) == [(0, 1), (2, 0)]
    # Half an hour's change, and a zone that lies no whole hour away.
    assert clock_of(tariff, "Australia/Lord_Howe", datetime(2026, 4, 4, tzinfo=UTC)) == [
        (0, 0),
        (15.5, 1),
        (16.5, 0),
    ]
    assert clock_of(tariff, "Asia/Kathmandu", datetime(2026, 6, 1, tzinfo=UTC)) == [
        (0, 0),
        (20.25, 1),
        (21.25, 0),
    ]


def test_dates_begin_and_end_at_the_sites_midnight() -> None:
    tariff = prices(element(energy("1"), start_date="2026-06-02", end_date="2026-06-03"))
    assert clock_of(tariff, "Asia/Kolkata", datetime(2026, 6, 1, tzinfo=UTC)) == [(0, 0), (18.5, 1)]
    assert clock_of(tariff, "Asia/Kolkata", datetime(2026, 6, 2, tzinfo=UTC)) == [(0, 1), (18.5, 0)]


def test_a_plan_is_made_once_for_the_same_prices() -> None:
    tariff = prices(energy("1"))
    plan = plan_of(tariff, "UTC")
    assert plan_of(tariff, "UTC") is plan
    assert plan_of(tariff, BERLIN) is not plan
    # Only so many are kept; one that had to go is made again just as it was.
    others = [prices(energy(f"{number}")) for number in range(PLANS_KEPT + 1)]
    for other in others:
        plan_of(other, "UTC")
    again = plan_of(tariff, "UTC")
    assert again is not plan
    assert again.digest == plan.digest
