"""Which taxes are on a session, whose rounding holds, and where it is sold."""

from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection

from currant.billing.entities import taxed
from currant.billing.tax.model import TaxDecision, TaxEngine, TaxPlace, Treatment
from currant.kit.ids import AccountId, LegalEntityId, LocationId, TenantId
from currant.kit.money import Rounding
from currant.pricing.model import Prices, TaxMode
from currant.pricing.taxing import NO_TAX, TaxRates
from currant.stations.sites import Site

# The tariff's own tax holds where the site's usual one would; not where there is a reason for another.
_USUAL = frozenset({Treatment.STANDARD, Treatment.OSS})


class SessionTax(msgspec.Struct, frozen=True, kw_only=True):
    """What is needed to turn an exact charge into money."""

    rates: TaxRates
    rounding: Rounding = Rounding.HALF_UP
    country: str = ""
    """Where it is taxed: a country, or country and state."""
    decision: TaxDecision | None = None
    entity_id: LegalEntityId | None = None


def tax_of(
    conn: Connection,
    tenant_id: TenantId,
    prices: Prices,
    site: Site,
    *,
    location_id: LocationId | None,
    account_id: AccountId | None,
    ended_at: datetime,
    engine: TaxEngine | None = None,
) -> SessionTax:
    """The taxes on a session by its site, by whoever sells there and whoever buys; on the day it ends.

    Where no legal entity is entered, and where a tariff tells its own tax, that of the tariff.
    """
    if prices.tax_mode is TaxMode.NONE:
        return SessionTax(rates=NO_TAX, country=site.country)
    found = taxed(
        conn,
        tenant_id,
        location_id=location_id,
        place=TaxPlace(country=site.country, city=site.city, postal_code=site.postal_code),
        owner="" if account_id is None else f"account:{account_id}",
        on=ended_at.astimezone(ZoneInfo(site.time_zone)).date(),
        engine=engine,
    )
    if found is None:
        return SessionTax(rates=TaxRates(by_tariff=True), country=site.country)
    usual = found.decision.treatment in _USUAL
    return SessionTax(
        rates=replace(found.rates, by_tariff=True) if usual else found.rates,
        rounding=found.entity.rounding,
        country=found.decision.jurisdiction,
        decision=found.decision,
        entity_id=found.entity.id,
    )
