"""Taxes of the United States: percentages of state, county and city on top of each other, and excises by the kWh.

Whether charging is taxed at all differs from state to state, and rates from street to street: they are the
tenant's settings, or come from a service through the port. What Currant knows by itself are the excises that
states have put on charging, as presets.
"""

from datetime import date
from decimal import Decimal

from currant.billing.tax.model import Product, Supply, TaxDecision, TaxSettings, Treatment, UsRate
from currant.pricing.bills import TaxHead, TaxRates
from currant.pricing.model import LineKind

_CHARGING = (Product.CHARGING,)


def _excise(state: str, per_kwh: str, since: date) -> UsRate:
    return UsRate(
        name=f"{state} EV excise",
        state=state,
        per_kwh=Decimal(per_kwh),
        kinds=(LineKind.ENERGY,),
        products=_CHARGING,
        excise=True,
        since=since,
    )


EXCISES = (
    _excise("IA", "0.026", date(2023, 7, 1)),
    _excise("KY", "0.03", date(2024, 1, 1)),
    _excise("MT", "0.03", date(2023, 7, 1)),
    _excise("OK", "0.03", date(2024, 1, 1)),
    _excise("WI", "0.03", date(2025, 1, 1)),
)
"""As their laws began; some are adjusted every year, so a tenant checks them (docs/tax.md)."""


def decide(supply: Supply, settings: TaxSettings) -> TaxDecision:
    """All that is on a supply, whatever its lines are of."""
    return _decision(supply, tuple(rate for rate in rates_at(supply, settings)))


def rates(supply: Supply, settings: TaxSettings) -> TaxRates:
    """By kind of line: an excise is on energy alone, and a state may tax time otherwise."""
    found = rates_at(supply, settings)
    by_kind = {
        kind: _decision(supply, tuple(rate for rate in found if not rate.kinds or kind in rate.kinds)).heads
        for kind in LineKind
    }
    return TaxRates(by_kind=by_kind, otherwise=by_kind[LineKind.TIME])


def rates_at(supply: Supply, settings: TaxSettings) -> list[UsRate]:
    """What holds at a site on a day: state first, then county, city and postal code."""
    own = [rate for rate in settings.us_rates if _holds(rate, supply)]
    if settings.us_excise_presets:
        told = {(rate.state, rate.name) for rate in settings.us_rates}
        own += [rate for rate in EXCISES if (rate.state, rate.name) not in told and _holds(rate, supply)]
    return sorted(own, key=_width)


def _holds(rate: UsRate, supply: Supply) -> bool:
    place, customer = supply.place, supply.customer
    if rate.state != place.state.upper().removeprefix("US-"):
        return False
    if rate.county and rate.county.casefold() != place.county.casefold():
        return False
    if rate.city and rate.city.casefold() != place.city.casefold():
        return False
    if rate.postal_codes and place.postal_code[:5] not in rate.postal_codes:
        return False
    if rate.products and supply.product not in rate.products:
        return False
    if customer.exempt and not rate.excise:
        return False
    return rate.since <= supply.on and (rate.until is None or supply.on < rate.until)


def _width(rate: UsRate) -> tuple[bool, bool, bool, bool]:
    return (rate.per_kwh is not None, bool(rate.postal_codes), bool(rate.city), bool(rate.county))


def _decision(supply: Supply, found: tuple[UsRate, ...]) -> TaxDecision:
    state = supply.place.state.upper().removeprefix("US-")
    heads = tuple(
        TaxHead(name=rate.name, percent=rate.percent, stack=rate.stack, per_kwh=rate.per_kwh)
        for rate in found
    )
    exempt = bool(supply.customer.exempt)
    return TaxDecision(
        heads=heads or (TaxHead(name="Sales tax", category="E" if exempt else "O"),),
        treatment=Treatment.STANDARD if heads else Treatment.EXEMPT if exempt else Treatment.OUTSIDE_SCOPE,
        jurisdiction=f"US-{state}" if state else "US",
        seller_number=supply.seller.number_in(f"US-{state}") or "",
        texts=("exempt_certificate",) if exempt else (),
        warnings=("excise_preset",) if any(rate in EXCISES for rate in found) else (),
    )
