"""Prices worked out by hand, each a case that is easily got wrong."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from tests.pricing.made import (
    MONDAY,
    amounts,
    between,
    element,
    energy,
    export,
    flat,
    local,
    parking,
    prices,
    session,
    time,
    total,
)

from currant.kit.money import Rounding, to_minor
from currant.pricing.adjusting import Allowance, Voucher
from currant.pricing.bills import TaxHead, TaxRates, bill_of, credited, ocpi_totals, own_rates
from currant.pricing.charge import Bill, RatedCharge
from currant.pricing.model import (
    IdleFee,
    Limit,
    LineKind,
    Prices,
    Reserved,
    Spot,
    TaxMode,
    Weekday,
)
from currant.pricing.ocpi import prices_from_ocpi, read_tariff
from currant.pricing.rating import Running, rate
from currant.pricing.spot import SpotPrices
from currant.pricing.timeline import Doing, Span, Timeline

BERLIN = "Europe/Berlin"
IDLE, PARKED, PAUSED = Doing.IDLE, Doing.PARKED, Doing.PAUSED_BY_STATION


def billed(timeline: Timeline, tariff: Prices) -> Bill:
    charge = rate(timeline, tariff)
    return bill_of(charge, own_rates(charge))


def money(bill: Bill) -> tuple[int, int, int]:
    return bill.net, bill.tax, bill.gross


def limits(before: str, after: str) -> Limit:
    return Limit(before_taxes=Decimal(before), after_taxes=Decimal(after))


def test_01_energy_with_one_tax() -> None:
    assert money(billed(session((60, 20)), prices(energy("0.25", tax="10")))) == (500, 50, 550)


def test_03_a_start_and_energy_with_two_taxes() -> None:
    tariff = prices(flat("0.50", tax="20"), energy("0.25", tax="10"))
    assert money(billed(session((60, 20)), tariff)) == (550, 60, 610)


def test_04_the_lowest_price_is_reached_from_below() -> None:
    tariff = prices(energy("0.25", tax="10"), min_price=limits("0.50", "0.55"))
    charge = rate(session((60, "1.2")), tariff)
    assert total(charge) == Fraction("0.30")
    bill = bill_of(charge, own_rates(charge))
    assert [(line.kind, line.net) for line in bill.lines] == [(LineKind.ENERGY, 30), (LineKind.MIN_PRICE, 20)]
    assert money(bill) == (50, 5, 55)


def test_05_lowest_prices_that_disagree_both_hold_for_a_cdr_and_the_stricter_for_a_bill() -> None:
    tariff = prices(energy("0.25", tax="10"), min_price=limits("0.50", "0.60"))
    charge = rate(session((60, "1.9")), tariff)
    totals = ocpi_totals(charge)
    assert (totals.before_taxes, totals.after_taxes) == (Decimal("0.50"), Decimal("0.60"))
    # What is added holds tax at the same rate, so that tax is a tenth of what it is taken of.
    assert money(bill_of(charge, own_rates(charge))) == (55, 5, 60)


def test_06_highest_prices_that_disagree_both_hold_for_a_cdr_and_the_stricter_for_a_bill() -> None:
    tariff = prices(flat("0.50", tax="20"), energy("0.25", tax="10"), max_price=limits("10", "11"))
    charge = rate(session((60, 50)), tariff)
    assert total(charge) == 13
    totals = ocpi_totals(charge)
    assert (totals.before_taxes, totals.after_taxes) == (Decimal("10.00"), Decimal("11.00"))
    bill = bill_of(charge, own_rates(charge))
    assert money(bill) == (997, 103, 1100)
    assert [line.kind for line in bill.lines] == [LineKind.FLAT, LineKind.ENERGY, *[LineKind.MAX_PRICE] * 2]


def test_07_a_highest_price_is_shared_by_taxes_in_proportion() -> None:
    tariff = prices(
        energy("0.45", tax="19"), parking("6", tax="0", step_size=60), max_price=limits("20", "23")
    )
    timeline = session((60, 30), (90 + 20 / 60, 0, PARKED))
    charge = rate(timeline, tariff)
    assert amounts(charge) == [("energy", Fraction("13.50")), ("parking_time", Fraction("9.10"))]
    unlimited = Prices(currency="EUR", elements=tariff.elements)
    exact = rate(timeline, unlimited)
    assert total(exact) + Fraction("13.50") * 19 / 100 == Fraction("25.165")
    totals = ocpi_totals(charge)
    assert (totals.before_taxes, totals.after_taxes) == (Decimal("20.00"), Decimal("23.00"))
    bill = bill_of(charge, own_rates(charge))
    assert [(part.percent, part.base, part.amount) for part in bill.taxes] == [
        (Decimal(19), 1195, 227),
        (Decimal(0), 805, 0),
    ]
    assert money(bill) == (2000, 227, 2227)


def test_08_time_then_parking_rounds_the_parking() -> None:
    tariff = prices(time("3", tax="10", step_size=60), parking("5", tax="20", step_size=300))
    assert money(billed(session((150, 1), (42, 0, PARKED)), tariff)) == (1125, 150, 1275)


def test_09_only_the_last_is_rounded() -> None:
    tariff = prices(
        flat("2.50", tax="15"), time("1", tax="20", step_size=900), parking("5", tax="10", step_size=300)
    )
    charge = rate(session((165, 5), (42, 0, PARKED)), tariff)
    assert amounts(charge) == [
        ("flat", Fraction("2.5")),
        ("time", Fraction("2.75")),
        ("parking_time", Fraction("3.75")),
    ]
    assert ocpi_totals(charge).after_taxes == Decimal("10.30")
    # Of three taxes two end in half a cent, and each is rounded by itself on a bill (EN 16931, BR-CO-17).
    assert money(bill_of(charge, own_rates(charge))) == (900, 131, 1031)


def steps() -> Prices:
    return prices(
        element(time("1.20", step_size=1800), parking("1.00", step_size=900), end_time="17:00"),
        element(
            time("2.40", step_size=900), parking("1.00", step_size=900), start_time="17:00", end_time="20:00"
        ),
    )


def test_10_another_element_in_the_middle_and_parking_at_the_end() -> None:
    timeline = session((10, 1), (2, 0, PARKED), begin=datetime(2026, 1, 12, 16, 55, tzinfo=UTC))
    assert amounts(rate(timeline, steps())) == [
        ("time", Fraction("0.10")),
        ("time", Fraction("0.20")),
        ("parking_time", Fraction("0.25")),
    ]


def test_11_the_last_step_is_of_the_whole_time() -> None:
    timeline = session((35, 1), begin=datetime(2026, 1, 12, 16, 35, tzinfo=UTC))
    charge = rate(timeline, steps())
    assert [line.quantity * 60 for line in charge.lines] == [25, 20]
    assert total(charge) == Fraction("1.30")
    assert charge.lines[1].note == "step_rounding"


def test_15_a_reservation_before_charging() -> None:
    tariff = prices(
        element(time("5", tax="20", step_size=60), reservation=Reserved.RESERVATION),
        flat("0.50", tax="20"),
        energy("0.25", tax="10"),
    )
    assert money(billed(session((15, 0, Doing.RESERVED), (60, 20)), tariff)) == (675, 85, 760)


def test_16_what_an_expired_reservation_costs_replaces_what_it_cost() -> None:
    reserved = element(time("2", tax="20", step_size=600), reservation=Reserved.RESERVATION)
    fee = element(flat("4", tax="20"), reservation=Reserved.RESERVATION_EXPIRES)
    hour = element(time("3", tax="20"), reservation=Reserved.RESERVATION_EXPIRES)
    nobody_came = session((60, 0, Doing.RESERVED), reservation_expired=True)
    assert money(billed(nobody_came, prices(fee, reserved, energy("0.25")))) == (600, 120, 720)
    assert total(rate(nobody_came, prices(reserved, hour, energy("0.25")))) == 3
    assert total(rate(session((60, 0, Doing.RESERVED), (60, 4)), prices(reserved, hour, energy("0.25")))) == 3


def test_18_the_first_half_hour_free_inside_one_reading() -> None:
    tariff = prices(element(energy("0"), max_duration=1800), element(energy("0.25"), min_duration=1800))
    assert total(rate(session((60, 10)), tariff)) == Fraction("1.25")


def test_19_a_dearer_first_part_inside_one_reading() -> None:
    tariff = prices(element(energy("0.40"), max_kwh=Decimal(20)), energy("0.30"))
    assert total(rate(session((60, 50)), tariff)) == 17


def test_20_a_night_that_passes_midnight() -> None:
    tariff = prices(element(energy("0.20"), start_time="22:00", end_time="06:00"), energy("0.40"))
    timeline = between("2026-01-12 21:30", "2026-01-13 06:30", zone=BERLIN, kw="7.4")
    charge = rate(timeline, tariff)
    assert total(charge) == Fraction("14.80")
    assert amounts(charge) == [("energy", Fraction("2.96")), ("energy", Fraction("11.84"))]


def test_21_the_night_that_is_an_hour_short() -> None:
    timeline = between("2026-03-29 00:30", "2026-03-29 04:30", zone=BERLIN, kw="10")
    assert timeline.spans[0].end - timeline.spans[0].begin == timedelta(hours=3)
    tariff = prices(element(energy("0.50"), start_time="01:00", end_time="04:00"), energy("0.30"))
    assert total(rate(timeline, tariff)) == 13


def test_22_the_night_that_is_an_hour_long() -> None:
    tariff = prices(element(energy("0.50"), start_time="02:00", end_time="03:00"), energy("0.30"))
    autumn = between("2026-10-25 01:30", "2026-10-25 03:30", zone=BERLIN, kw="10")
    assert autumn.spans[0].end - autumn.spans[0].begin == timedelta(hours=3)
    assert total(rate(autumn, tariff)) == 13
    spring = between("2026-03-29 00:30", "2026-03-29 04:30", zone=BERLIN, kw="10")
    assert total(rate(spring, tariff)) == 9


@pytest.mark.parametrize(("zone", "cost"), [("Asia/Kolkata", "8.00"), (BERLIN, "6.00")])
def test_23_hours_are_the_sites(zone: str, cost: str) -> None:
    tariff = prices(element(energy("0.50"), start_time="18:00"), energy("0.30"))
    timeline = session((60, 20), begin=datetime(2026, 1, 12, 12, tzinfo=UTC), zone=zone)
    # Half past five is no whole hour away: 12:30Z is 18:00 there.
    assert total(rate(timeline, tariff)) == Fraction(cost)


def test_24_a_friday_night_ends_at_midnight() -> None:
    tariff = prices(
        element(energy("0.10"), start_time="22:00", end_time="02:00", day_of_week=(Weekday.FRIDAY,)),
        energy("0.40"),
    )
    night = between("2026-01-16 22:00", "2026-01-17 02:00", zone=BERLIN, kw="10")
    assert total(rate(night, tariff)) == 10
    assert amounts(rate(night, tariff)) == [("energy", Fraction(2)), ("energy", Fraction(8))]


def test_25_each_dimension_finds_its_own_element() -> None:
    tariff = prices(
        element(time("1"), start_time="08:00", end_time="18:00"), element(energy("0.30"), time("0.20"))
    )
    timeline = between("2026-01-12 17:00", "2026-01-12 19:00", zone=BERLIN, kwh="20")
    assert sorted(amounts(rate(timeline, tariff))) == [
        ("energy", Fraction(6)),
        ("time", Fraction("0.20")),
        ("time", Fraction(1)),
    ]


def test_26_a_start_fee_is_due_once() -> None:
    timeline = session((20, 1), (20, 0, PAUSED), (20, 1))
    assert amounts(rate(timeline, prices(flat("1.00")))) == [("flat", Fraction(1))]


@pytest.mark.parametrize(
    ("parts", "cost"),
    [
        ([(60, 10), (40, 0, IDLE)], "2.50"),
        ([(60, 10), (40, 0, PARKED)], "2.50"),
        ([(60, 10), (40, 0, PAUSED)], "0"),
        ([(60, 10), (300, 0, IDLE)], "10.00"),
        ([(60, 10), (15, 0, IDLE)], "0"),
        # The longest counts, whether charging or the station comes between.
        ([(60, 10), (40, 0, PARKED), (10, 1), (20, 0, IDLE)], "2.50"),
        ([(60, 10), (20, 0, PARKED), (10, 0, PAUSED), (40, 0, IDLE)], "2.50"),
        ([(60, 10), (20, 0, PARKED), (20, 0, IDLE)], "2.50"),
    ],
)
def test_27_an_idle_fee_counts_the_longest_unbroken_time_after_its_grace(
    parts: list[tuple[float, int]], cost: str
) -> None:
    fee = IdleFee(price_per_minute=Decimal("0.10"), grace_s=900, max_cost=Decimal(10))
    charge = rate(session(*parts), prices(energy("0"), idle_fee=fee))
    assert total(charge) == Fraction(cost)


def test_27_an_idle_fee_rests_at_night() -> None:
    fee = IdleFee(price_per_minute=Decimal("0.10"), grace_s=900, exempt=(("22:00", "06:00"),))
    tariff = prices(energy("0"), idle_fee=fee)
    begin = local("2026-01-12 20:50", BERLIN)
    overnight = session((60, 10), (9 * 60, 0, IDLE), begin=begin, zone=BERLIN)
    # 21:50 to 22:00 and 06:00 to 06:50, of which a quarter of an hour is grace.
    (line,) = (line for line in rate(overnight, tariff).lines if line.kind is LineKind.IDLE_FEE)
    assert (line.quantity, line.amount, line.note) == (45, Fraction("4.50"), "grace exempt")


def test_28_tax_is_the_rest_beside_the_rounded_net_price() -> None:
    tariff = prices(time("2.10", tax="13"), currency="CAD", tax_mode=TaxMode.INCLUDED)
    assert money(billed(session((150, 1)), tariff)) == (465, 60, 525)


def test_29_taxes_upon_taxes() -> None:
    charge = rate(session((60, 10)), prices(energy("1"), currency="CAD"))
    heads = (
        TaxHead(name="GST", percent=Decimal(5)),
        TaxHead(name="QST", percent=Decimal("9.975"), stack=1),
    )
    bill = bill_of(charge, TaxRates(otherwise=heads))
    assert [(part.name, part.base, part.amount) for part in bill.taxes] == [
        ("GST", 1000, 50),
        ("QST", 1050, 105),
    ]
    assert bill.gross == 1155


def test_30_halves_go_up_unless_told_otherwise_and_taxes_are_taken_of_sums() -> None:
    assert to_minor(Decimal("5.125"), "EUR") == 513
    assert to_minor(Decimal("5.125"), "EUR", Rounding.HALF_EVEN) == 512
    tariff = prices(flat("0.33", tax="19"), energy("0.33", tax="19"), time("0.33", tax="19"))
    bill = billed(session((60, 1)), tariff)
    # By line it would be 3 x 0.06.
    assert (bill.net, bill.tax) == (99, 19)


def test_31_every_head_of_a_tax_is_rounded_by_itself() -> None:
    charge = rate(session((60, 10)), prices(energy("19.95"), currency="INR"))
    half = TaxHead(name="CGST", percent=Decimal(9)), TaxHead(name="SGST", percent=Decimal(9))
    local_bill = bill_of(charge, TaxRates(otherwise=half))
    assert [part.amount for part in local_bill.taxes] == [1796, 1796]
    whole = TaxHead(name="IGST", percent=Decimal(18))
    assert bill_of(charge, TaxRates(otherwise=(whole,))).tax == 3591


def test_32_a_price_that_follows_quarter_hours() -> None:
    spot = Spot(market="DE-LU", markup=Decimal("0.15"))
    tariff = prices(energy("0.30", spot=spot))
    # Prices of an hour are those of its quarter-hours.
    eleven = datetime(2026, 1, 12, 11, tzinfo=UTC)
    quarter = timedelta(minutes=15)
    market = SpotPrices.of(
        "DE-LU",
        [(eleven - (i + 1) * quarter, Decimal("0.10")) for i in range(4)]
        + [(eleven + i * quarter, Decimal("0.20")) for i in range(4)],
    )
    timeline = session((30, 5), begin=datetime(2026, 1, 12, 10, 50, tzinfo=UTC))
    charge = rate(timeline, tariff, spot=market)
    assert total(charge) == Fraction(10, 6) * Fraction("0.25") + Fraction(20, 6) * Fraction("0.35")
    assert round(float(total(charge)), 4) == 1.5833
    assert charge.waits_for == ()


@pytest.mark.parametrize(("floor", "cost"), [(Decimal(0), "0"), (None, "-0.50")])
def test_32_a_market_below_zero_stops_at_the_floor(floor: Decimal | None, cost: str) -> None:
    spot = Spot(market="DE-LU", markup=Decimal("0.15"), floor=floor)
    market = SpotPrices.of(
        "DE-LU", [(MONDAY + i * timedelta(minutes=15), Decimal("-0.20")) for i in range(4)]
    )
    charge = rate(session((60, 10)), prices(energy("0.30", spot=spot)), spot=market)
    assert total(charge) == Fraction(cost)


def test_34_other_prices_in_the_middle_round_no_step_and_start_nothing_anew() -> None:
    first = prices(flat("1"), time("1.20", step_size=1800))
    later = prices(flat("1"), time("2.40", step_size=900))
    running = Running(first, "UTC", version_id=None)
    running.feed(Span(begin=MONDAY, end=MONDAY + timedelta(minutes=25), energy_wh=1000))
    running.switch(later)
    running.feed(
        Span(begin=MONDAY + timedelta(minutes=25), end=MONDAY + timedelta(minutes=35), energy_wh=1000)
    )
    assert amounts(running.charge()) == [
        ("flat", Fraction(1)),
        ("time", Fraction("0.50")),
        ("time", Fraction("0.80")),
    ]
    with pytest.raises(ValueError, match="currency"):
        running.switch(prices(energy("1"), currency="USD"))


@pytest.mark.parametrize(
    ("minutes", "kwh", "cost"),
    [(1.9, "0.09", "0"), (2, "0.09", "1.018"), (1.9, "0.1", "1.02")],
)
def test_35_a_session_that_was_none_costs_nothing(minutes: float, kwh: str, cost: str) -> None:
    tariff = prices(flat("1"), energy("0.20"), min_price=limits("1", "1"))
    charge = rate(session((minutes, kwh)), tariff)
    assert total(charge) == Fraction(cost)
    assert charge.void is (cost == "0")
    assert (bill_of(charge, own_rates(charge)).net == 0) is charge.void


def test_36_a_register_that_runs_backwards_is_never_paid_out() -> None:
    with pytest.raises(ValueError, match="negative"):
        rate(session((60, -1)), prices(energy("0.25")))


def test_36_a_gap_that_was_estimated_is_told() -> None:
    span = Span(begin=MONDAY, end=MONDAY + timedelta(hours=1), energy_wh=5000, estimated=True)
    charge = rate(Timeline(zone="UTC", spans=(span,)), prices(energy("0.25")))
    assert charge.estimated
    assert total(charge) == Fraction("1.25")


def test_37_a_voucher_comes_after_the_limits_and_before_tax() -> None:
    voucher = Voucher(percent=Decimal(10), kinds=(LineKind.ENERGY,), cap=Decimal(3))
    timeline = session((60, 20))
    charge = rate(timeline, prices(energy("0.59", tax="19")), adjusters=(voucher,))
    assert total(charge) == Fraction("11.80")
    bill = bill_of(charge, own_rates(charge))
    assert (bill.net, bill.tax) == (1062, 202)
    limited = prices(energy("0.59", tax="19"), max_price=Limit(before_taxes=Decimal(10)))
    assert bill_of(rate(timeline, limited, adjusters=(voucher,)), own_rates(charge)).net == 900
    capped = Voucher(percent=Decimal(50), cap=Decimal(3))
    assert bill_of(rate(timeline, prices(energy("0.59")), adjusters=(capped,)), TaxRates()).net == 880


def test_38_what_is_left_of_an_allowance_is_free() -> None:
    charge = rate(session((60, 12)), prices(energy("0.39")), adjusters=(Allowance(kwh_left=Decimal(5)),))
    assert total(charge) == Fraction("2.73")
    assert charge.allowance_wh == 5000
    assert amounts(charge) == [("energy", Fraction("4.68")), ("allowance", Fraction("-1.95"))]


def test_41_one_rate_of_tax_for_a_session_over_midnight() -> None:
    timeline = between("2026-12-31 23:00", "2027-01-01 01:00", zone=BERLIN, kw="10")
    tariff = prices(element(energy("0.30"), end_date="2027-01-01"), energy("0.40"))
    charge = rate(timeline, tariff)
    bill = bill_of(charge, TaxRates(otherwise=(TaxHead(percent=Decimal(20)),)))
    assert [(part.base, part.amount) for part in bill.taxes] == [(700, 140)]


def test_42_energy_given_back_is_bought_at_its_own_price_and_not_taken_off_before_tax() -> None:
    span = Span(begin=MONDAY, end=MONDAY + timedelta(hours=1), energy_wh=10_000, export_wh=4_000)
    tariff = prices(energy("0.40", tax="19"), export("0.25"))
    charge = rate(Timeline(zone="UTC", spans=(span,)), tariff)
    assert amounts(charge) == [("energy", Fraction(4)), ("export", Fraction(-1))]
    assert charge.lines[1].quantity == -4
    bill = bill_of(charge, own_rates(charge))
    assert [(part.base, part.amount) for part in bill.taxes] == [(400, 76)]
    assert money(bill) == (300, 76, 376)


def test_43_a_bill_and_its_credit_come_to_nothing_for_every_tax() -> None:
    bill = billed(session((60, 20)), prices(flat("0.55", tax="20"), energy("0.333", tax="10")))
    back = credited(bill)
    assert [part.amount + other.amount for part, other in zip(bill.taxes, back.taxes, strict=True)] == [0, 0]
    assert [line.net + other.net for line, other in zip(bill.lines, back.lines, strict=True)] == [0, 0]
    assert (bill.net + back.net, bill.tax + back.tax, bill.gross + back.gross) == (0, 0, 0)


def test_44_one_timeline_has_as_many_results_as_there_are_prices() -> None:
    timeline = session((60, 20), (40, 0, IDLE))

    def result(tariff: Prices) -> RatedCharge:
        return rate(timeline, tariff)

    fee = IdleFee(price_per_minute=Decimal("0.10"), grace_s=900)
    retail, wholesale, host = (
        result(prices(energy("0.59"), idle_fee=fee)),
        result(prices(energy("0.45"))),
        result(prices(energy("0.05"))),
    )
    assert (total(retail), total(wholesale), total(host)) == (Fraction("14.30"), Fraction(9), Fraction(1))


def test_45_numbers_are_read_as_they_are_written() -> None:
    text = """{"currency": "EUR", "elements": [{"price_components": [
        {"type": "ENERGY", "price": 0.1, "step_size": 1}, {"type": "FLAT", "price": 0.2, "step_size": 1}]}]}"""
    charge = rate(session((60, 1)), prices_from_ocpi(read_tariff(text)).prices)
    assert total(charge) == Fraction("0.3")
