"""Exact amounts become money once, and no cent is lost on the way."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from currant.kit.money import (
    Money,
    Rounding,
    as_decimal,
    from_minor,
    minor_digits,
    rounded,
    rounded_parts,
    shared_out,
    to_minor,
)

exact = st.fractions(-1000, 1000, max_denominator=997)


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("5.125", "EUR", 513),
        ("-5.125", "EUR", -513),
        ("1.5", "JPY", 2),
        ("1.0005", "KWD", 1001),
        ("0.004999", "INR", 0),
    ],
)
def test_halves_go_away_from_zero_by_the_currencys_own_digits(amount: str, currency: str, minor: int) -> None:
    assert to_minor(Decimal(amount), currency) == minor
    assert to_minor(Fraction(amount), currency) == minor


def test_halves_go_to_even_numbers_where_asked() -> None:
    assert [rounded(Fraction(half, 2), Rounding.HALF_EVEN) for half in (1, 3, 5, -1, -3)] == [0, 2, 2, 0, -2]


@given(st.integers(), st.sampled_from(["EUR", "JPY", "KWD", "INR"]))
def test_minor_units_are_the_amount_in_the_currencys_unit(minor: int, currency: str) -> None:
    amount = Fraction(minor, 10 ** minor_digits(currency))
    assert to_minor(amount, currency) == minor
    if abs(minor) < 10**20:
        assert Fraction(from_minor(minor, currency)) == amount


def test_different_currencies_are_never_added() -> None:
    euros, yen = Money(minor_units=100, currency="EUR"), Money(minor_units=100, currency="JPY")
    with pytest.raises(ValueError, match="exchange"):
        euros + yen
    assert (euros + euros - -euros).amount == Decimal("3.00")
    assert yen.amount == Decimal(100)


@given(st.integers(-(10**6), 10**6), st.lists(st.integers(0, 50), min_size=1, max_size=8))
def test_shares_come_to_the_whole_and_are_next_to_what_is_fair(total: int, weights: list[int]) -> None:
    parts = shared_out(total, weights)
    assert sum(parts) == total
    whole = sum(weights)
    if whole:
        for part, weight in zip(parts, weights, strict=True):
            assert abs(part - Fraction(total * weight, whole)) < 1


def test_sharing_needs_weights() -> None:
    for weights in ([], [1, -1]):
        with pytest.raises(ValueError, match="weights"):
            shared_out(5, weights)
    assert shared_out(5, [0, 0]) == [5, 0]


@given(st.lists(exact, min_size=1, max_size=8))
def test_rounded_parts_come_to_the_rounded_sum_and_are_next_to_what_they_were(parts: list[Fraction]) -> None:
    total = rounded(sum(parts, Fraction(0)))
    whole = rounded_parts(parts, total)
    assert sum(whole) == total
    assert all(abs(number - part) < 1 for number, part in zip(whole, parts, strict=True))


def test_what_a_total_is_further_away_is_spread_over_all() -> None:
    assert rounded_parts([Fraction(10), Fraction(20)], 27) == [9, 18]
    assert sum(rounded_parts([Fraction(10), Fraction(20)], 33)) == 33
    assert rounded_parts([], 0) == []
    with pytest.raises(ValueError, match="Nothing"):
        rounded_parts([], 1)


@given(exact, st.integers(0, 8))
def test_a_decimal_is_next_to_the_exact_amount_and_ends_in_no_zero(value: Fraction, digits: int) -> None:
    shown = as_decimal(value, digits)
    assert abs(Fraction(shown) - value) * 2 <= Fraction(1, 10**digits)
    assert "E" not in f"{shown:f}"
    assert "." not in f"{shown:f}" or not f"{shown:f}".endswith("0")
