"""Tax in money: each head is rounded once, over all that it is on, and the total is the sum of the heads.

EN 16931 asks for one amount by category and rate (BR-CO-17), Indian GST for one by head. Rounding line by
line gives other cents: three lines of 0.33 at 19 % have 0.18 of tax by line and 0.19 together.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction

import msgspec

from currant.kit.money import Rounding, minor_digits, rounded
from currant.pricing.bills import TaxHead


class Taxed(msgspec.Struct, frozen=True, kw_only=True):
    """A net amount in minor units (exact, if it is not rounded yet) and the taxes on it."""

    net: int | Fraction
    kwh: Decimal | Fraction = Decimal(0)
    """What excises are on."""
    heads: tuple[TaxHead, ...]


class TaxAmount(msgspec.Struct, frozen=True, kw_only=True):
    """What one head comes to."""

    head: TaxHead
    base: int
    """Minor units that it is on; for an excise the net amount of those lines."""
    kwh: Decimal = Decimal(0)
    amount: int


def taxes_on(
    lines: Iterable[Taxed], currency: str, rounding: Rounding = Rounding.HALF_UP
) -> tuple[TaxAmount, ...]:
    """One amount for every head on any of the lines, in the order in which they first appear.

    A head of stack 1 is on the net amount and the exact taxes of stack 0; nothing is rounded in between.
    """
    bases: dict[TaxHead, Fraction] = {}
    nets: dict[TaxHead, Fraction] = {}
    kwhs: dict[TaxHead, Fraction] = {}
    exact: dict[TaxHead, Fraction] = {}
    unit = 10 ** minor_digits(currency)
    for line in lines:
        for head, base, amount in _parts(line, unit):
            bases[head] = bases.get(head, Fraction(0)) + base
            nets[head] = nets.get(head, Fraction(0)) + Fraction(line.net)
            kwhs[head] = kwhs.get(head, Fraction(0)) + Fraction(line.kwh)
            exact[head] = exact.get(head, Fraction(0)) + amount
    return tuple(
        TaxAmount(
            head=head,
            base=rounded(bases[head], rounding),
            kwh=_decimal(kwhs[head]),
            amount=rounded(amount, rounding),
        )
        for head, amount in exact.items()
    )


def net_within(gross: int, heads: Sequence[TaxHead], rounding: Rounding = Rounding.HALF_UP) -> int:
    """What is left of an amount that holds its taxes. The tax is then the rest, and nothing is taken twice.

    Raises ValueError for an excise by the kWh: it cannot be told from the amount alone.
    """
    if any(head.per_kwh is not None for head in heads):
        raise ValueError("An amount that holds an excise by the kWh cannot be split without the energy.")
    factor = Fraction(1)
    for stack in sorted({head.stack for head in heads}):
        percent = sum((Fraction(head.percent) for head in heads if head.stack == stack), Fraction(0))
        factor *= 1 + percent / 100
    return rounded(gross / factor, rounding)


def round_off(gross: int, to: int, rounding: Rounding = Rounding.HALF_UP) -> int:
    """What is added to a sum so that it is a multiple of `to` minor units: 236.40 to whole rupees gives -40."""
    return rounded(Fraction(gross, to), rounding) * to - gross


def _parts(line: Taxed, unit: int) -> Iterable[tuple[TaxHead, Fraction, Fraction]]:
    net = Fraction(line.net)
    below = Fraction(0)
    for stack in sorted({head.stack for head in line.heads}):
        base, sum_here = net + below, Fraction(0)
        for head in line.heads:
            if head.stack != stack:
                continue
            if head.per_kwh is not None:
                amount = Fraction(head.per_kwh) * Fraction(line.kwh) * unit
            else:
                amount = base * Fraction(head.percent) / 100
            sum_here += amount
            yield head, base, amount
        below += sum_here


def _decimal(value: Fraction) -> Decimal:
    return (Decimal(value.numerator) / Decimal(value.denominator)).quantize(Decimal("0.000001")).normalize()
