"""What the demo network charges: by day and night, and more where it is fast, in every country's own money.

The prices are invented, with the taxes that the countries have; those of the past hold since before the
days that are made up, so that these have prices too.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal

import msgspec

from currant.billing.charges.common import SETTLE
from currant.charging.model import Phase, SessionFilter
from currant.charging.service import ChargingService
from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.db.jobs import add_job
from currant.kit.ids import LocationId, StationId, TariffId, TenantId
from currant.pricing.choosing import about_of
from currant.pricing.drafts import PriceRuleDraft, TariffDraft, TariffVersionDraft
from currant.pricing.model import (
    Component,
    Dimension,
    Element,
    IdleFee,
    Prices,
    PriceScope,
    Restrictions,
    TaxMode,
)
from currant.pricing.offers import PlanDraft, PlanTerms, VoucherDraft, VoucherTerms
from currant.pricing.service import PricingService

BY = "demo"
HELD_FOR = timedelta(days=60)
GRACE_S = 15 * 60
TOGETHER = 500
# Made-up sessions are charged for while people look on: not so fast that they would notice.
FIRST_AFTER, ONE_EACH = timedelta(seconds=15), timedelta(milliseconds=50)
NIGHT = Restrictions(start_time="22:00", end_time="06:00")


class Country(msgspec.Struct, frozen=True):
    """Prices per kWh, and per minute of a vehicle that stays after it has charged."""

    name: str
    currency: str
    tax: str
    day: str
    night: str
    fast: str
    idle: str
    idle_at_most: str
    with_tax: bool = True


COUNTRIES: Mapping[str, Country] = {
    "DE": Country("Germany", "EUR", "19", "0.49", "0.39", "0.59", "0.10", "12"),
    "NL": Country("Netherlands", "EUR", "21", "0.45", "0.37", "0.62", "0.10", "12"),
    "FR": Country("France", "EUR", "20", "0.42", "0.34", "0.55", "0.20", "20"),
    "ES": Country("Spain", "EUR", "21", "0.44", "0.35", "0.54", "0.10", "10"),
    "IT": Country("Italy", "EUR", "22", "0.56", "0.46", "0.69", "0.10", "12"),
    "NO": Country("Norway", "NOK", "25", "4.50", "3.60", "5.90", "1", "120"),
    "GB": Country("United Kingdom", "GBP", "20", "0.54", "0.42", "0.79", "0.15", "15"),
    "US": Country("Oregon", "USD", "0", "0.35", "0.28", "0.49", "0.40", "30", with_tax=False),
    "CA": Country("Ontario", "CAD", "13", "0.40", "0.32", "0.57", "0.40", "30", with_tax=False),
    "SG": Country("Singapore", "SGD", "9", "0.62", "0.52", "0.80", "0.20", "20"),
    "AU": Country("Victoria", "AUD", "10", "0.52", "0.42", "0.65", "0.50", "30"),
}
USUAL = "DE"
"""Whose prices hold for the network where no other rule does."""


class FastCharger(msgspec.Struct, frozen=True, kw_only=True):
    """A station, or the EVSEs of it, that charge with direct current."""

    station_id: StationId
    location_id: LocationId
    evses: tuple[int, ...] = ()
    """Empty for all of it."""


async def make_prices(
    pricing: PricingService,
    tenant_id: TenantId,
    *,
    places: Mapping[LocationId, str],
    fast: Iterable[FastCharger],
) -> None:
    """Tariffs, and the rules that give them: `places` are locations with their countries."""
    since = pricing.now() - HELD_FOR
    chargers = tuple(fast)
    countries = sorted({country for country in places.values() if country in COUNTRIES} | {USUAL})
    usual: dict[str, TariffId] = {}
    for country in countries:
        named = COUNTRIES[country]
        usual[country] = await _tariff(
            pricing, tenant_id, f"Day and night, {named.name}", day_and_night(named), since
        )
    await _rule(pricing, tenant_id, PriceRuleDraft(tariff_id=usual[USUAL], valid_from=since))
    for location_id, country in places.items():
        if country in usual and country != USUAL:
            draft = PriceRuleDraft(
                tariff_id=usual[country],
                scope=PriceScope.LOCATION,
                about=location_id,
                valid_from=since,
            )
            await _rule(pricing, tenant_id, draft)
    quick: dict[str, TariffId] = {}
    for charger in chargers:
        country = places.get(charger.location_id, USUAL)
        if country not in COUNTRIES:
            continue
        if country not in quick:
            named = COUNTRIES[country]
            quick[country] = await _tariff(
                pricing, tenant_id, f"Fast charging, {named.name}", fast_charging(named), since
            )
        for evse in charger.evses or (None,):
            draft = PriceRuleDraft(
                tariff_id=quick[country],
                scope=PriceScope.STATION,
                about=about_of(charger.station_id, evse),
                valid_from=since,
            )
            await _rule(pricing, tenant_id, draft)
    await _offers(pricing, tenant_id)


def day_and_night(country: Country) -> Prices:
    """Alternating current: cheaper from 22:00 to 06:00."""
    return Prices(
        currency=country.currency,
        tax_mode=TaxMode.INCLUDED if country.with_tax else TaxMode.EXCLUDED,
        elements=(
            Element(components=(_energy(country.night, country.tax),), restrictions=NIGHT),
            Element(components=(_energy(country.day, country.tax),)),
        ),
    )


def fast_charging(country: Country) -> Prices:
    """Direct current: one price per kWh, and a fee for staying after charging is over."""
    return Prices(
        currency=country.currency,
        tax_mode=TaxMode.INCLUDED if country.with_tax else TaxMode.EXCLUDED,
        elements=(Element(components=(_energy(country.fast, country.tax),)),),
        idle_fee=IdleFee(
            price_per_minute=Decimal(country.idle),
            grace_s=GRACE_S,
            max_cost=Decimal(country.idle_at_most),
            tax_percent=Decimal(country.tax),
        ),
    )


def _energy(price: str, tax: str) -> Component:
    return Component(dimension=Dimension.ENERGY, price=Decimal(price), tax_percent=Decimal(tax))


async def _tariff(
    pricing: PricingService, tenant_id: TenantId, name: str, prices: Prices, since: datetime
) -> TariffId:
    tariff = await pricing.tariffs.create(tenant_id, TariffDraft(name=name, currency=prices.currency), by=BY)
    await pricing.tariffs.draft(tenant_id, tariff.id, TariffVersionDraft(prices=prices), by=BY)
    await pricing.tariffs.publish(tenant_id, tariff.id, 1, valid_from=since, past=True, by=BY)
    return tariff.id


async def _rule(pricing: PricingService, tenant_id: TenantId, draft: PriceRuleDraft) -> None:
    await pricing.rules.create(tenant_id, draft, past=True, by=BY)


async def charge_for_the_past(
    database: Database, charging: ChargingService, tenant_id: TenantId, *, now: datetime
) -> int:
    """Have sessions that were made up charged for, the newest first and a few each second; how many."""
    wanted, count, cursor = SessionFilter(phase=Phase.ENDED), 0, None
    while True:
        page = await charging.list(tenant_id, wanted, cursor=cursor, limit=TOGETHER)
        changes = ChangeSet(tenant_id)
        for session in page.items:
            add_job(changes, SETTLE, {"session_id": session.id}, run_at=now + FIRST_AFTER + count * ONE_EACH)
            count += 1
        await database.commit(changes)
        cursor = page.next_cursor
        if cursor is None:
            return count


async def _offers(pricing: PricingService, tenant_id: TenantId) -> None:
    terms = VoucherTerms(percent=Decimal(10), cap=Decimal(3), currency="EUR", uses_max=1_000)
    await pricing.vouchers.create(
        tenant_id, VoucherDraft(code="WELCOME10", name="Ten per cent for newcomers", terms=terms), by=BY
    )
    hundred = PlanTerms(currency="EUR", monthly_fee=Decimal("34.90"), allowance_kwh=Decimal(100))
    await pricing.subscriptions.create_plan(
        tenant_id, PlanDraft(name="A hundred kWh a month", terms=hundred), by=BY
    )
