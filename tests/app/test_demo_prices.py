"""What the demo network charges: everywhere, in the money of the country, and since before its past."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from currant.app.demo import SITES
from currant.app.demo_prices import COUNTRIES, FastCharger, day_and_night, fast_charging, make_prices
from currant.kit.clock import ManualClock
from currant.kit.ids import LocationId, StationId, TenantId
from currant.pricing.checks import check
from currant.pricing.drafts import check_prices
from currant.pricing.findings import PricedSite, PriceSeverity
from currant.pricing.model import Asker
from currant.pricing.service import PricingService
from services import fresh_database

TENANT = TenantId("demo")
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.fixture
async def pricing(tmp_path: Path) -> AsyncIterator[PricingService]:
    database = fresh_database(tmp_path / "currant.sqlite")
    yield PricingService(database, ManualClock(NOW))
    await database.close()


async def test_every_place_has_a_price_in_its_own_money_and_fast_chargers_their_own(
    pricing: PricingService,
) -> None:
    places = {LocationId(site.location.name): site.location.country for site in SITES}
    fast = [
        FastCharger(station_id=StationId(f"fast at {place}"), location_id=place, evses=(2,))
        for place in places
    ]
    await make_prices(pricing, TENANT, places=places, fast=fast)
    for place, country in places.items():
        at = NOW - timedelta(days=30)
        usual = pricing.chosen(Asker(tenant_id=TENANT, location_id=place), at)
        mixed = Asker(tenant_id=TENANT, location_id=place, station_id=StationId(f"fast at {place}"), evse=1)
        assert usual is not None
        assert usual.version.prices == day_and_night(COUNTRIES[country])
        assert pricing.chosen(mixed, at) == usual
        quick = pricing.chosen(replace(mixed, evse=2), at)
        assert quick is not None
        assert quick.version.prices == fast_charging(COUNTRIES[country])
    nowhere = pricing.chosen(Asker(tenant_id=TENANT), NOW)
    assert nowhere is not None
    assert nowhere.version.prices.currency == "EUR"
    [voucher] = (await pricing.vouchers.list(TENANT)).items
    assert voucher.code == "WELCOME10"


@pytest.mark.parametrize("country", list(COUNTRIES))
def test_there_is_nothing_to_warn_of_about_these_prices(country: str) -> None:
    fast = PricedSite(
        location_id=LocationId("x"), name="Fast", country=country, max_power_w=150_000, min_power_w=50_000
    )
    slow = PricedSite(
        location_id=LocationId("y"), name="Slow", country=country, max_power_w=22_000, min_power_w=11_000
    )
    for prices, site in (
        (fast_charging(COUNTRIES[country]), fast),
        (day_and_night(COUNTRIES[country]), slow),
    ):
        check_prices(prices)
        grave = [each.code for each in check(prices, sites=[site]) if each.severity is not PriceSeverity.INFO]
        # What is open about federal funds there is told to whoever has prices by the clock.
        assert grave == (["nevi_price_changes"] if country == "US" and site is slow else [])
