"""What stations are told of the prices in force: those for whoever comes, if a station can reckon with them."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from currant.billing.onsite.prices_at import PricesAtStations
from currant.db.engine import Database
from currant.kit.clock import ManualClock
from currant.kit.ids import LocationId, StationId, TenantId
from currant.pricing.drafts import PriceRuleDraft, TariffDraft, TariffVersionDraft
from currant.pricing.model import Component, Dimension, Element, Prices, PriceScope
from currant.pricing.service import PricingService
from currant.stations.commanding.tariffs import StationTariff
from currant.stations.desired.tariffs import Untold
from currant.stations.directory import DirectoryEntry
from currant.stations.model import Admission

TENANT = TenantId("tenant")
NOON = datetime(2026, 5, 11, 12, tzinfo=UTC)


def station(name: str = "s1", place: str = "here") -> DirectoryEntry:
    return DirectoryEntry(
        station_id=StationId(name),
        tenant_id=TENANT,
        identity=name,
        admission=Admission.ACCEPTED,
        location_id=LocationId(place),
    )


@pytest.fixture
async def pricing(sqlite_database: Database) -> PricingService:
    service = PricingService(sqlite_database, ManualClock(NOON))
    await service.start()
    return service


async def sell(pricing: PricingService, price: str, *, step: int = 1, **rule: str) -> str:
    """Publish a tariff and say where it holds; the version's id."""
    tariff = await pricing.tariffs.create(TENANT, TariffDraft(name=price, currency="EUR"), by="ada")
    prices = Prices(
        currency="EUR",
        elements=(
            Element(
                components=(
                    Component(
                        dimension=Dimension.ENERGY,
                        price=Decimal(price),
                        step_size=step,
                        tax_percent=Decimal(19),
                    ),
                )
            ),
        ),
    )
    version = await pricing.tariffs.draft(
        TENANT,
        tariff.id,
        TariffVersionDraft(prices=prices, texts={"en": "By the kWh", "zh-Hant-TW": "x"}),
        by="ada",
    )
    published = await pricing.tariffs.publish(TENANT, tariff.id, version.number, by="ada")
    await pricing.rules.create(
        TENANT,
        PriceRuleDraft(
            tariff_id=tariff.id, scope=PriceScope(rule.get("scope", "network")), about=rule.get("about", "")
        ),
        by="ada",
    )
    await pricing.book.load()
    return published.id


async def test_a_station_is_told_the_price_of_its_place(pricing: PricingService) -> None:
    prices_at = PricesAtStations(pricing, ManualClock(NOON))
    assert prices_at(station(), 0) is None
    network = await sell(pricing, "0.59")
    place = await sell(pricing, "0.39", scope="location", about="here")
    told = prices_at(station(), 0)
    assert isinstance(told, StationTariff)
    assert (told.id, told.energy and told.energy.prices[0].price) == (place, Decimal("0.39"))
    assert [(text.text, text.language) for text in told.texts] == [("By the kWh", "en"), ("x", "zh")]
    there = prices_at(station("s2", "there"), 2)
    assert isinstance(there, StationTariff)
    assert there.id == f"{network}-2"


async def test_what_it_cannot_reckon_with_it_is_not_told(pricing: PricingService) -> None:
    await sell(pricing, "0.59", step=1000)
    told = PricesAtStations(pricing, ManualClock(NOON))(station(), 0)
    assert isinstance(told, Untold)
    assert "no steps" in told.reason
