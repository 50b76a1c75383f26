"""Prices of markets: brought in, held in memory, read from tables, followed by other nodes."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.pricing.kept import ANOTHER, NOW, TENANT

from currant.db.engine import Database
from currant.kit.clock import ManualClock
from currant.kit.errors import Conflict, Invalid, NotFound
from currant.kit.event import Event
from currant.pricing.markets import (
    HELD_FOR,
    MarketPrice,
    MarketPrices,
    PerEnergy,
    SpotMarkets,
    read_csv,
)
from services import fresh_database

D = Decimal
QUARTER = timedelta(minutes=15)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = fresh_database(tmp_path / "currant.sqlite")
    yield database
    await database.close()


@pytest.fixture
def markets(database: Database, clock: ManualClock) -> SpotMarkets:
    return SpotMarkets(database, clock)


def rows(*given: str, begin: datetime = NOW, **more: Any) -> MarketPrices:
    step = timedelta(minutes=more.get("minutes", 15))
    return MarketPrices(
        prices=tuple(
            MarketPrice(begin=begin + index * step, price=D(price)) for index, price in enumerate(given)
        ),
        **{"currency": "EUR", **more},
    )


async def test_a_price_is_known_from_its_quarter_hour_on_until_the_next(markets: SpotMarkets) -> None:
    assert markets.held(TENANT).price_at("DE-LU", NOW) is None
    await markets.bring(TENANT, "DE-LU", rows("0.10", "-0.20"), by="a test")
    moments = [NOW - QUARTER, NOW, NOW + QUARTER - timedelta(seconds=1), NOW + QUARTER, NOW + 2 * QUARTER]
    found = [markets.held(TENANT).price_at("DE-LU", at) for at in moments]
    assert found == [None, D("0.10"), D("0.10"), D("-0.20"), None]
    assert markets.held(ANOTHER).price_at("DE-LU", NOW) is None


async def test_prices_per_mwh_of_hours_become_prices_per_kwh_of_quarter_hours(markets: SpotMarkets) -> None:
    await markets.bring(TENANT, "DE-LU", rows("85.37", "90", per=PerEnergy.MWH, minutes=60), by="a test")
    _, series = await markets.series(TENANT, "DE-LU", begin=NOW, end=NOW + 9 * QUARTER, limit=100)
    assert [each.price for each in series] == [D("0.08537")] * 4 + [D("0.09")] * 4
    assert [each.begin for each in series] == [NOW + index * QUARTER for index in range(8)]


async def test_what_is_brought_in_again_replaces_what_was_known(markets: SpotMarkets) -> None:
    await markets.bring(TENANT, "DE-LU", rows("0.10", "0.20"), by="a test")
    await markets.bring(TENANT, "DE-LU", rows("0.30"), by="a test")
    found = [markets.held(TENANT).price_at("DE-LU", at) for at in (NOW, NOW + QUARTER)]
    assert found == [D("0.30"), D("0.20")]


async def test_the_first_prices_say_a_markets_currency_for_good(markets: SpotMarkets) -> None:
    await markets.bring(TENANT, "SE3", rows("0.9", currency="SEK"), by="a test")
    with pytest.raises(Conflict, match="is in SEK"):
        await markets.bring(TENANT, "SE3", rows("0.1"), by="a test")
    assert [(each.market, each.currency) for each in await markets.markets(TENANT)] == [("SE3", "SEK")]
    with pytest.raises(NotFound):
        await markets.series(ANOTHER, "SE3", begin=NOW, end=NOW + QUARTER, limit=9)


@pytest.mark.parametrize(
    "wrong",
    [
        rows(),
        rows("0.1", begin=NOW + timedelta(minutes=7)),
        rows("0.1", begin=NOW + QUARTER, minutes=60),
        rows("0.1", begin=NOW.replace(tzinfo=None)),
        rows("0.1", minutes=20),
        rows("NaN"),
        MarketPrices(prices=(MarketPrice(begin=NOW, price=D(1)),) * 2, currency="EUR"),
        rows("0.1", currency="euro"),
    ],
)
async def test_prices_that_mean_nothing_are_refused(markets: SpotMarkets, wrong: MarketPrices) -> None:
    with pytest.raises(Invalid):
        await markets.bring(TENANT, "DE-LU", wrong, by="a test")
    assert await markets.markets(TENANT) == ()


async def test_old_prices_are_read_where_they_are_needed_and_not_held(
    markets: SpotMarkets, database: Database, clock: ManualClock
) -> None:
    old = NOW - HELD_FOR - timedelta(days=3)
    await markets.bring(TENANT, "DE-LU", rows("0.10", begin=old), by="a test")
    await markets.bring(TENANT, "DE-LU", rows("0.20"), by="a test")
    assert markets.held(TENANT).price_at("DE-LU", old) is None
    read = await markets.prices(TENANT, ["DE-LU"], begin=old + timedelta(minutes=3), end=old + QUARTER)
    assert read.price_at("DE-LU", old) == D("0.10")
    again = SpotMarkets(database, clock)
    await again.load()
    assert again.held(TENANT).price_at("DE-LU", NOW) == D("0.20")
    assert again.held(TENANT).price_at("DE-LU", old) is None


async def test_another_node_follows(markets: SpotMarkets, database: Database, clock: ManualClock) -> None:
    events: list[Event] = []
    database.listen(lambda _, told: events.extend(told))
    await markets.bring(TENANT, "DE-LU", rows("0.10", "0.20"), by="a test")
    other = SpotMarkets(database, clock)
    for event in events:
        await other.follow(event)
    assert other.held(TENANT).price_at("DE-LU", NOW + QUARTER) == D("0.20")


async def test_a_feed_brings_in_what_it_fetches(markets: SpotMarkets) -> None:
    class Feed:
        async def fetch(self, market: str, *, begin: datetime, end: datetime) -> MarketPrices:
            return rows("0.42", begin=begin)

    await markets.refresh(TENANT, "DE-LU", Feed(), begin=NOW, end=NOW + QUARTER)
    assert markets.held(TENANT).price_at("DE-LU", NOW) == D("0.42")


@pytest.mark.parametrize(
    "table",
    [
        "begin,price\n2026-01-31T12:00:00Z,85.37\n2026-01-31T13:00:00+01:00,90\n",
        "2026-01-31T12:00:00Z;85,37\r\n2026-01-31T13:00:00+01:00;90\r\n\r\n",
        "Zeit\tPreis\n2026-01-31T12:00:00Z\t85.37\n2026-01-31T13:00:00+01:00\t90",
    ],
)
def test_tables_are_read_with_or_without_names_and_with_either_point(table: str) -> None:
    found = read_csv(table)
    assert [each.price for each in found] == [D("85.37"), D(90)]
    assert {each.begin for each in found} == {datetime(2026, 1, 31, 12, tzinfo=UTC)}


@pytest.mark.parametrize("table", ["a,b\n2026-01-31T12:00:00,1", "a\n2026-01-31T12:00:00Z", "a,b\nc,d"])
def test_rows_that_are_not_understood_are_named(table: str) -> None:
    with pytest.raises(Invalid, match="Row 1 is not understood"):
        read_csv(table)
