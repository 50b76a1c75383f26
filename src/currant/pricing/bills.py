"""From an exact charge to money: limits, discounts, taxes and the one rounding at the end."""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

import msgspec

from currant.kit.money import Rounding
from currant.pricing.charge import Bill, RatedCharge
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


class TaxRates(msgspec.Struct, frozen=True, kw_only=True):
    """Which taxes are on what: by kind of line, and for every other kind."""

    by_kind: Mapping[LineKind, tuple[TaxHead, ...]] = {}
    otherwise: tuple[TaxHead, ...] = ()
    by_tariff: bool = False
    """A line with a tax of the tariff's own goes by that instead."""
    name: str = "VAT"
    """What the tariff's own tax is called."""


class OcpiTotals(msgspec.Struct, frozen=True, kw_only=True):
    """A charge as a CDR tells it: both limits hold by themselves (OCPI PriceLimit), tax is the difference."""

    before_taxes: Decimal
    after_taxes: Decimal


NO_TAX = TaxRates()


def own_rates(charge: RatedCharge, *, name: str = "VAT") -> TaxRates:
    """The taxes that the tariff itself tells with its prices."""
    return TaxRates(by_tariff=True, name=name)


def bill_of(charge: RatedCharge, rates: TaxRates, rounding: Rounding = Rounding.HALF_UP) -> Bill:
    """What is owed for a charge under these taxes."""
    return Bill(currency=charge.currency, lines=(), taxes=(), net=0, tax=0, gross=0)


def ocpi_totals(
    charge: RatedCharge, rates: TaxRates | None = None, rounding: Rounding = Rounding.HALF_UP
) -> OcpiTotals:
    """The pair of totals that OCPI publishes; without `rates` by the tariff's own taxes."""
    return OcpiTotals(before_taxes=Decimal(Fraction(0).numerator), after_taxes=Decimal(0))
