"""Taxes on exact amounts: what is on top of a net price, and what of a gross one is not tax."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

import msgspec

from currant.pricing.model import LineKind


class TaxHead(msgspec.Struct, frozen=True, kw_only=True):
    """One tax: a percentage, or an amount by the kWh."""

    name: str = "VAT"
    category: str = "S"
    """UNTDID 5305."""
    percent: Decimal = Decimal(0)
    stack: int = 0
    """0 is taken of the net price, 1 of that and all taxes of stack 0, and so on."""
    per_kwh: Decimal | None = None
    """An excise, in the currency's own unit; its percent is not looked at."""


Heads = tuple[TaxHead, ...]


class TaxRates(msgspec.Struct, frozen=True, kw_only=True):
    """Which taxes are on what: by kind of line, and for every other kind."""

    by_kind: Mapping[LineKind, Heads] = {}
    otherwise: Heads = ()
    by_tariff: bool = False
    """A line with a tax of the tariff's own goes by that instead."""
    name: str = "VAT"
    """What the tariff's own tax is called."""

    def of(self, kind: LineKind, tariff_percent: Decimal | None) -> Heads:
        """The taxes on a line."""
        if self.by_tariff and tariff_percent is not None:
            category = "S" if tariff_percent else "Z"
            return (TaxHead(name=self.name, category=category, percent=tariff_percent),)
        return self.by_kind.get(kind, self.otherwise)


NO_TAX = TaxRates()


@lru_cache(maxsize=1024)
def levels(heads: Heads) -> list[list[TaxHead]]:
    """Heads by stack, the lowest first."""
    return [
        [head for head in heads if head.stack == stack] for stack in sorted({head.stack for head in heads})
    ]


def taxes_by_head(net: Fraction, kwh: Fraction, heads: Heads) -> list[Fraction]:
    """Each tax on a net amount, stack by stack."""
    amounts: list[Fraction] = []
    for level in levels(heads):
        beneath = net + sum_of(amounts)
        amounts += [tax_of_head(head, beneath, kwh, 1) for head in level]
    return amounts


def tax_of_head(head: TaxHead, base: Fraction | int, kwh: Fraction, scale: int) -> Fraction:
    if head.per_kwh is not None:
        return Fraction(head.per_kwh) * kwh * scale
    return base * Fraction(head.percent) / 100


def tax_on(net: Fraction, kwh: Fraction, heads: Heads) -> Fraction:
    share, by_kwh = slopes(heads)
    return net * share + kwh * by_kwh if by_kwh else net * share


def net_of(gross: Fraction, kwh: Fraction, heads: Heads) -> Fraction:
    """What is left of a gross amount without its taxes."""
    share, by_kwh = slopes(heads)
    return (gross - kwh * by_kwh) / (1 + share)


@lru_cache(maxsize=1024)
def slopes(heads: Heads) -> tuple[Fraction, Fraction]:
    """All taxes together, of 1 of a net amount and of 1 kWh: whatever is stacked upon what, both are all it takes."""
    nothing, one = Fraction(0), Fraction(1)
    return sum_of(taxes_by_head(one, nothing, heads)), sum_of(taxes_by_head(nothing, one, heads))


def sum_of(amounts: Iterable[Fraction]) -> Fraction:
    return sum(amounts, Fraction(0))
