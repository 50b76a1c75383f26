"""Bills say what is owed so that a reader, a tax office and a validator come to the same cent."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from tests.pricing.made import energy, export, flat, prices, session, time
from tests.pricing.test_rating_laws import ADJUSTERS, MARKET, RATES, tariffs, timelines

from currant.kit.money import minor_digits, rounded
from currant.pricing.adjusting import Adjuster, Allowance, GroupDiscount, Voucher
from currant.pricing.bills import NO_TAX, TaxHead, TaxRates, bill_of, own_rates
from currant.pricing.charge import BillLine
from currant.pricing.model import IdleFee, Limit, LineKind, Prices, TaxMode
from currant.pricing.rating import rate
from currant.pricing.timeline import Doing, Timeline

VAT = TaxHead(percent=Decimal(19))
CGST, SGST = (TaxHead(name=name, percent=Decimal(9)) for name in ("CGST", "SGST"))


def shown(line: BillLine) -> tuple[str, Decimal, str, Decimal, int]:
    return line.kind.value, line.quantity, line.unit, line.unit_price, line.net


@settings(max_examples=150, deadline=None)
@given(timelines(), tariffs(), ADJUSTERS, RATES)
def test_a_line_is_its_quantity_times_its_price_to_the_cent(
    timeline: Timeline, tariff: Prices, adjusters: tuple[Adjuster, ...], rates: TaxRates
) -> None:
    charge = rate(timeline, tariff, spot=MARKET, adjusters=adjusters)
    bill = bill_of(charge, rates)
    scale = 10 ** minor_digits(bill.currency)
    heads = max([1, *(len(each) for each in [rates.otherwise])])
    for line in bill.lines:
        assert line.unit_price >= 0
        exact = Fraction(line.quantity) * Fraction(line.unit_price) * scale
        # Six digits of quantity and price are shown; a sum of several rounded taxes moves the lines by cents.
        digits = (abs(line.quantity) + line.unit_price) * scale / 10**6
        assert abs(exact - line.net) <= heads + digits


@settings(max_examples=100, deadline=None)
@given(timelines(), tariffs(), ADJUSTERS, RATES)
def test_every_tax_is_its_percentage_of_what_it_is_taken_of(
    timeline: Timeline, tariff: Prices, adjusters: tuple[Adjuster, ...], rates: TaxRates
) -> None:
    charge = rate(timeline, tariff, spot=MARKET, adjusters=adjusters)
    bill = bill_of(charge, rates)
    gross_first = charge.tax_included or any("gross sum" in line for line in bill.trace)
    for part in bill.taxes:
        exact = part.base * Fraction(part.percent) / 100
        if part.per_kwh is not None:
            assert part.kwh is not None
        elif gross_first:
            assert abs(part.amount - exact) < 2
        else:
            assert part.amount == rounded(exact)


def test_an_excise_is_taken_of_the_energy_and_taxed_itself() -> None:
    charge = rate(session((60, 40)), prices(flat("1"), energy("0.35"), currency="USD"))
    rates = TaxRates(
        otherwise=(
            TaxHead(name="EV excise", per_kwh=Decimal("0.03")),
            TaxHead(name="Sales tax", percent=Decimal("6.25"), stack=1),
        )
    )
    bill = bill_of(charge, rates)
    assert [(part.name, part.base, part.amount, part.kwh) for part in bill.taxes] == [
        ("EV excise", 1500, 120, Decimal(40)),
        ("Sales tax", 1620, 101, None),
    ]
    assert (bill.net, bill.gross) == (1500, 1721)


def test_a_highest_price_with_tax_leaves_room_for_an_excise() -> None:
    charge = rate(
        session((60, 40)),
        prices(energy("0.35"), currency="USD", max_price=Limit(after_taxes=Decimal(10))),
    )
    heads = TaxHead(name="EV excise", per_kwh=Decimal("0.03")), TaxHead(name="Sales tax", percent=Decimal(10))
    bill = bill_of(charge, TaxRates(otherwise=heads))
    assert bill.gross == 1000
    assert bill.taxes[0].amount == 120


def test_a_price_with_two_heads_in_it_has_equal_halves() -> None:
    charge = rate(session((60, 10)), prices(energy("23.541"), currency="INR", tax_mode=TaxMode.INCLUDED))
    bill = bill_of(charge, TaxRates(otherwise=(CGST, SGST)))
    assert [part.amount for part in bill.taxes] == [1796, 1796]
    assert bill.gross == 23541
    # Of the unit price, what is left without tax.
    assert bill.lines[0].unit_price == Decimal("19.95")


def test_where_no_tax_applies_none_is_taken_whatever_the_rates_say() -> None:
    charge = rate(session((60, 10)), prices(energy("0.35"), tax_mode=TaxMode.NONE))
    bill = bill_of(charge, TaxRates(otherwise=(VAT,)))
    assert (bill.tax, bill.gross, bill.lines[0].category) == (0, 350, "O")


def test_the_tariffs_own_tax_goes_before_the_sites_and_zero_is_a_tax_of_its_own() -> None:
    charge = rate(session((60, 10)), prices(energy("0.30", tax="7"), flat("1", tax="0"), time("2")))
    rates = TaxRates(by_tariff=True, otherwise=(VAT,))
    assert [(part.percent, part.category, part.base) for part in bill_of(charge, rates).taxes] == [
        (0, "Z", 100),
        (7, "S", 300),
        (19, "S", 200),
    ]


def test_a_lowest_price_of_what_cost_nothing_is_taxed_as_energy_is() -> None:
    tariff = prices(
        energy("0", tax="19"), min_price=Limit(before_taxes=Decimal(1), after_taxes=Decimal("1.19"))
    )
    charge = rate(session((60, 10)), tariff)
    bill = bill_of(charge, own_rates(charge))
    assert [(line.kind, line.net, line.tax_percent) for line in bill.lines] == [
        (LineKind.ENERGY, 0, 19),
        (LineKind.MIN_PRICE, 100, 19),
    ]
    assert bill.gross == 119
    included = rate(session((60, 10)), Prices(**{**_fields(tariff), "tax_mode": TaxMode.INCLUDED}))
    assert bill_of(included, own_rates(included)).gross == 119


def _fields(tariff: Prices) -> dict[str, object]:
    return {name: getattr(tariff, name) for name in tariff.__struct_fields__}


def test_a_capped_idle_fee_is_a_price_by_itself() -> None:
    fee = IdleFee(price_per_minute=Decimal("0.10"), max_cost=Decimal(5))
    charge = rate(session((60, 10), (90, 0, Doing.IDLE)), prices(energy("0.30"), idle_fee=fee))
    assert [shown(line) for line in bill_of(charge, NO_TAX).lines] == [
        ("energy", Decimal(10), "kWh", Decimal("0.3"), 300),
        ("idle_fee", Decimal(1), "pcs", Decimal(5), 500),
    ]


def test_what_is_taken_off_has_a_negative_quantity_and_never_a_negative_price() -> None:
    charge = rate(
        session((60, 20)),
        prices(energy("0.50"), export("0.1"), max_price=Limit(before_taxes=Decimal(6))),
        adjusters=(Allowance(kwh_left=Decimal(4)), GroupDiscount(percent=Decimal(50), note="staff")),
    )
    bill = bill_of(charge, NO_TAX)
    assert [shown(line) for line in bill.lines] == [
        ("energy", Decimal(20), "kWh", Decimal("0.5"), 1000),
        ("allowance", Decimal(-4), "kWh", Decimal("0.5"), -200),
        ("max_price", Decimal(-1), "pcs", Decimal(2), -200),
        ("discount", Decimal(-1), "pcs", Decimal(3), -300),
    ]
    assert bill.trace == (
        "max_price: 6 before tax, -2 EUR",
        "discount staff: -3 EUR",
        "rounded half_up: net sum first, 3.00 + 0.00 tax = 3.00 EUR",
    )


@pytest.mark.parametrize(
    ("adjusters", "net"),
    [
        ((Voucher(amount=Decimal(3)),), 800),
        ((Voucher(amount=Decimal(300)),), 0),
        ((Voucher(amount=Decimal(3), kinds=(LineKind.FLAT,)),), 1000),
        ((Voucher(percent=Decimal(50), kinds=(LineKind.ENERGY,)), Voucher(percent=Decimal(50))), 300),
        ((Voucher(percent=Decimal(50), cap=Decimal(2)), GroupDiscount(percent=Decimal(10))), 810),
        # Of what an allowance leaves of the energy.
        ((Allowance(kwh_left=Decimal(10)), Voucher(percent=Decimal(50), kinds=(LineKind.ENERGY,))), 350),
        ((Voucher(percent=Decimal(0)),), 1100),
    ],
)
def test_discounts_are_taken_one_after_the_other_of_what_is_left(
    adjusters: tuple[Adjuster, ...], net: int
) -> None:
    charge = rate(session((60, 20)), prices(energy("0.50"), flat("1")), adjusters=adjusters)
    assert bill_of(charge, NO_TAX).net == net


def test_a_discount_is_shared_by_taxes_in_proportion() -> None:
    charge = rate(
        session((60, 20)),
        prices(energy("0.50", tax="19"), flat("5", tax="7")),
        adjusters=(Voucher(percent=Decimal(20)),),
    )
    bill = bill_of(charge, own_rates(charge))
    assert [(part.percent, part.base, part.amount) for part in bill.taxes] == [(7, 400, 28), (19, 800, 152)]


def test_energy_given_back_keeps_out_of_limits_and_discounts() -> None:
    timeline = session((60, 10))
    span = timeline.spans[0]
    timeline = Timeline(
        zone="UTC",
        spans=(type(span)(begin=span.begin, end=span.end, energy_wh=span.energy_wh, export_wh=20_000),),
    )
    tariff = prices(energy("0.30"), export("0.25"), min_price=Limit(before_taxes=Decimal(4)))
    charge = rate(timeline, tariff, adjusters=(GroupDiscount(percent=Decimal(50)),))
    # 4.00 of the lowest price, halved, and 5.00 for what came back.
    assert bill_of(charge, NO_TAX).net == 200 - 500
