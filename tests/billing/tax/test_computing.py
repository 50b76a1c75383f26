"""Tax in money: the worked numbers, and what holds for any lines."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from currant.billing.tax.computing import Taxed, net_within, round_off, taxes_on
from currant.kit.money import Rounding, to_minor
from currant.pricing.bills import TaxHead


def vat(percent: str) -> TaxHead:
    return TaxHead(name="VAT", percent=Decimal(percent))


def amounts(lines: list[Taxed], currency: str = "EUR", rounding: Rounding = Rounding.HALF_UP) -> list[int]:
    return [each.amount for each in taxes_on(lines, currency, rounding)]


def test_a_price_that_holds_its_tax_is_split_once() -> None:
    gross = to_minor(Decimal("2.5") * Decimal("2.10"), "EUR")
    net = net_within(gross, (vat("13"),))
    assert (gross, net, gross - net) == (525, 465, 60)


def test_a_tax_on_a_tax_is_taken_of_both() -> None:
    heads = (
        TaxHead(name="GST", percent=Decimal(5)),
        TaxHead(name="QST", percent=Decimal("9.975"), stack=1),
    )
    first, second = taxes_on([Taxed(net=1000, heads=heads)], "CAD")
    assert (first.amount, second.base, second.amount) == (50, 1050, 105)
    assert 1000 + first.amount + second.amount == to_minor(Decimal("11.547375"), "CAD") == 1155


@pytest.mark.parametrize(("rounding", "minor"), [(Rounding.HALF_UP, 513), (Rounding.HALF_EVEN, 512)])
def test_a_half_cent_goes_where_the_rounding_says(rounding: Rounding, minor: int) -> None:
    assert to_minor(Decimal("5.125"), "EUR", rounding) == minor


def test_tax_is_rounded_by_rate_and_not_by_line() -> None:
    lines = [Taxed(net=33, heads=(vat("19"),)) for _ in range(3)]
    assert sum(amounts([line])[0] for line in lines) == 18
    assert amounts(lines) == [19]


def test_each_head_of_gst_is_rounded_by_itself() -> None:
    half = Decimal(9)
    within = (TaxHead(name="CGST", percent=half), TaxHead(name="SGST", percent=half))
    between = (TaxHead(name="IGST", percent=Decimal(18)),)
    assert amounts([Taxed(net=19950, heads=within)], "INR") == [1796, 1796]
    assert amounts([Taxed(net=19950, heads=between)], "INR") == [3591]


def test_a_sum_is_rounded_off_to_whole_rupees() -> None:
    assert round_off(23640, 100) == -40
    assert round_off(23650, 100) == 50
    assert round_off(23600, 100) == 0


def test_swiss_sums_are_rounded_to_five_rappen() -> None:
    assert [round_off(each, 5) for each in (1001, 1003, 1005)] == [-1, 2, 0]


def test_an_excise_is_on_energy_and_not_on_the_price() -> None:
    heads = (TaxHead(name="Sales tax", percent=Decimal(6)), TaxHead(name="Excise", per_kwh=Decimal("0.026")))
    sales, excise = taxes_on([Taxed(net=900, kwh=Decimal("20.5"), heads=heads)], "USD")
    assert (sales.amount, excise.amount, excise.kwh) == (54, 53, Decimal("20.5"))


def test_an_excise_cannot_be_guessed_from_a_price() -> None:
    with pytest.raises(ValueError, match="kWh"):
        net_within(1000, (TaxHead(per_kwh=Decimal("0.03")),))


def test_a_credit_and_a_new_bill_of_the_same_leave_nothing_under_any_head() -> None:
    heads = (TaxHead(name="CGST", percent=Decimal(9)), TaxHead(name="SGST", percent=Decimal(9)))
    billed = [Taxed(net=net, heads=heads) for net in (19950, 733, 1)]
    credited = [Taxed(net=-line.net, heads=heads) for line in billed]
    again = [Taxed(net=line.net, heads=heads) for line in billed]
    sums = [sum(parts) for parts in zip(amounts(billed), amounts(credited), strict=True)]
    assert sums == [0, 0]
    assert amounts(again) == amounts(billed)


nets = st.integers(-10_000_00, 10_000_00)
percents = st.sampled_from(["0", "5.5", "7", "8.1", "9", "19", "21", "25.5"]).map(Decimal)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(nets, percents), min_size=1, max_size=12))
def test_no_rate_is_ever_more_than_half_a_cent_off(drawn: list[tuple[int, Decimal]]) -> None:
    lines = [Taxed(net=net, heads=(vat(str(percent)),)) for net, percent in drawn]
    for each in taxes_on(lines, "EUR"):
        exact: Fraction = sum(
            (
                Fraction(net) * Fraction(percent) / 100
                for net, percent in drawn
                if percent == each.head.percent
            ),
            Fraction(0),
        )
        assert abs(exact - each.amount) <= Fraction(1, 2)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10_000_00), percents)
def test_what_is_taken_out_of_a_price_is_its_tax(gross: int, percent: Decimal) -> None:
    net = net_within(gross, (vat(str(percent)),))
    [tax] = amounts([Taxed(net=net, heads=(vat(str(percent)),))])
    assert abs(gross - net - tax) <= 1
