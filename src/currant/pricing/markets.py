"""Prices of markets: brought in by people and feeds, held in memory for what is charged now.

Prices are per kWh and by the quarter-hour in UTC (see `spot`). Those of hours stand for four quarter-hours.
"""

import csv
import io
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import partial
from typing import Protocol

import msgspec
from sqlalchemy import Connection

from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.clock import Clock, instant, micros
from currant.kit.errors import Conflict, Invalid, NotFound
from currant.kit.event import Event
from currant.kit.ids import TenantId
from currant.pricing import store
from currant.pricing.drafts import MARKET_MAX, check_currency, check_number
from currant.pricing.events import SpotPricesChanged
from currant.pricing.spot import NO_SPOT, QUARTER, QUARTER_US, SpotPrices, quarter_of

HELD_FOR = timedelta(days=45)
"""What is older is read from the database when an old session is rated anew."""
ROWS_MAX = 40_000
"""Brought in at once: a year of quarter-hours."""
MARKETS_MAX = 100
TOGETHER = 5_000


class PerEnergy(StrEnum):
    """What a price of a market is for: exchanges tell theirs per MWh."""

    KWH = "kwh"
    MWH = "mwh"


class MarketPrice(msgspec.Struct, frozen=True, kw_only=True):
    """A price from `begin` on, until the next one's beginning: a quarter of an hour, or an hour."""

    begin: datetime
    price: Decimal


class MarketPrices(msgspec.Struct, frozen=True, kw_only=True):
    """Prices to be brought in; those of quarter-hours that are known already are replaced."""

    prices: tuple[MarketPrice, ...]
    currency: str
    per: PerEnergy = PerEnergy.KWH
    minutes: int = 15
    """How long each price holds: 15 or 60 minutes (30 where a market trades them)."""


class Market(msgspec.Struct, frozen=True, kw_only=True):
    """A series of prices that tariffs may follow."""

    market: str
    currency: str
    changed_at: datetime


class SpotFeed(Protocol):
    """Whoever fetches prices of a market; what it gives is brought in as a person would."""

    async def fetch(self, market: str, *, begin: datetime, end: datetime) -> MarketPrices: ...


class SpotMarkets:
    """Markets and their prices."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._series: dict[TenantId, dict[str, dict[int, Decimal]]] = {}
        self._made: dict[TenantId, SpotPrices] = {}

    async def load(self) -> None:
        """Take in what is recent, of everybody; at start."""
        since, after = self._clock.now() - HELD_FOR, ("", "", 0)
        while True:
            rows = await self._database.read(
                partial(store.spot.everybodys, since=since, after=after, limit=TOGETHER)
            )
            for tenant_id, market, begin, price in rows:
                series = self._series.setdefault(tenant_id, {}).setdefault(market, {})
                series[begin // QUARTER_US] = price
            if len(rows) < TOGETHER:
                return
            after = rows[-1][:3]

    def held(self, tenant_id: TenantId) -> SpotPrices:
        """What is known of the last weeks and of what comes, without waiting."""
        made = self._made.get(tenant_id)
        if made is None:
            series = self._series.get(tenant_id)
            if series is None:
                return NO_SPOT
            made = self._made[tenant_id] = SpotPrices(series)
        return made

    async def prices(
        self, tenant_id: TenantId, markets: Sequence[str], *, begin: datetime, end: datetime
    ) -> SpotPrices:
        """What is known for a session between the two: from memory, or read where it is older."""
        if not markets:
            return NO_SPOT
        if begin >= self._clock.now() - HELD_FOR + QUARTER:
            return self.held(tenant_id)

        def look(conn: Connection) -> SpotPrices:
            return spot_between(conn, tenant_id, markets, begin=begin, end=end)

        return await self._database.read(look)

    async def bring(self, tenant_id: TenantId, market: str, new: MarketPrices, *, by: str) -> Market:
        """Keep prices of a market; the first time says which currency it is in, for good."""
        if not 1 <= len(market) <= MARKET_MAX or not market.isprintable() or market != market.strip():
            raise Invalid(f"A market has a name of 1 to {MARKET_MAX} characters.", field="market")
        check_currency(new.currency)
        rows = _quarters(new)
        now = self._clock.now()
        begin, end = min(rows), max(rows) + QUARTER

        def keep(conn: Connection, changes: ChangeSet) -> Market:
            known = store.spot.currency_of(conn, tenant_id, market)
            if known is None and len(store.spot.markets(conn, tenant_id, limit=MARKETS_MAX)) >= MARKETS_MAX:
                raise Conflict(f"There are {MARKETS_MAX} markets already.", field="market")
            if known not in (None, new.currency):
                raise Conflict(
                    f"The market {market} is in {known}: another currency is another market.",
                    field="currency",
                )
            store.spot.save_market(changes, market, new.currency, now=now)
            store.spot.save_prices(changes, market, sorted(rows.items()))
            changes.emit(
                SpotPricesChanged(
                    tenant_id=tenant_id, happened_at=now, market=market, begin=begin, end=end, by=by
                )
            )
            return Market(market=market, currency=new.currency, changed_at=now)

        kept = await self._database.decide(keep, tenant_id)
        self._put(tenant_id, market, {quarter_of(begin): price for begin, price in rows.items()})
        return kept

    async def refresh(
        self, tenant_id: TenantId, market: str, feed: SpotFeed, *, begin: datetime, end: datetime
    ) -> Market:
        """Have a feed fetch prices, and keep them."""
        return await self.bring(
            tenant_id, market, await feed.fetch(market, begin=begin, end=end), by="spot feed"
        )

    async def markets(self, tenant_id: TenantId) -> tuple[Market, ...]:
        rows = await self._database.read(partial(store.spot.markets, tenant_id=tenant_id, limit=MARKETS_MAX))
        return tuple(Market(market=name, currency=money, changed_at=at) for name, money, at in rows)

    async def series(
        self, tenant_id: TenantId, market: str, *, begin: datetime, end: datetime, limit: int
    ) -> tuple[Market, tuple[MarketPrice, ...]]:
        """A market, and its quarter-hours from `begin` to before `end`; NotFound when there is none."""

        def look(conn: Connection) -> tuple[Market, tuple[MarketPrice, ...]]:
            currency = store.spot.currency_of(conn, tenant_id, market)
            if currency is None:
                raise NotFound(f"There is no market {market}: bring its prices in first.", market=market)
            changed = {name: at for name, _, at in store.spot.markets(conn, tenant_id, limit=MARKETS_MAX)}
            rows = store.spot.prices(conn, tenant_id, market, begin=begin, end=end, limit=limit)
            return (
                Market(market=market, currency=currency, changed_at=changed[market]),
                tuple(MarketPrice(begin=at, price=price) for at, price in rows),
            )

        return await self._database.read(look)

    async def follow(self, event: Event) -> None:
        """Keep up with what other nodes brought in: a subscriber of `SpotPricesChanged`."""
        assert isinstance(event, SpotPricesChanged)
        tenant_id, market = event.tenant_id, event.market
        begin = max(event.begin, self._clock.now() - HELD_FOR)
        rows = await self._database.read(
            partial(
                store.spot.prices,
                tenant_id=tenant_id,
                market=market,
                begin=begin,
                end=event.end,
                limit=ROWS_MAX * 4,
            )
        )
        self._put(tenant_id, market, {quarter_of(at): price for at, price in rows})

    def _put(self, tenant_id: TenantId, market: str, rows: dict[int, Decimal]) -> None:
        first = quarter_of(self._clock.now() - HELD_FOR)
        series = self._series.setdefault(tenant_id, {}).setdefault(market, {})
        series.update((quarter, price) for quarter, price in rows.items() if quarter >= first)
        for quarter in [quarter for quarter in series if quarter < first]:
            del series[quarter]
        self._made.pop(tenant_id, None)


def spot_between(
    connection: Connection, tenant_id: TenantId, markets: Sequence[str], *, begin: datetime, end: datetime
) -> SpotPrices:
    """What is known of some markets between the two: for use inside anybody's read or decision."""
    first = instant(quarter_of(begin) * QUARTER_US)
    return SpotPrices(
        {
            market: {
                quarter_of(at): price
                for at, price in store.spot.prices(
                    connection, tenant_id, market, begin=first, end=end, limit=ROWS_MAX
                )
            }
            for market in markets
        }
    )


def read_csv(text: str) -> tuple[MarketPrice, ...]:
    """Prices of a table with a column of instants and one of prices, with or without a first line of names.

    Columns are separated by commas, semicolons or tabs; instants are RFC 3339 with their zone, and a
    decimal comma is understood where the columns are not separated by commas.
    """
    sample = text[:2_000]
    delimiter = max(";\t,", key=sample.count)
    rows = [row for row in csv.reader(io.StringIO(text), delimiter=delimiter) if any(map(str.strip, row))]
    if rows and _instant(rows[0][0]) is None:
        rows = rows[1:]
    if len(rows) > ROWS_MAX:
        raise Invalid(f"Bring in at most {ROWS_MAX:,} prices at a time.", field="prices")
    found = []
    for number, row in enumerate(rows, start=1):
        begin = _instant(row[0])
        price = _price(row[1], comma=delimiter != ",") if len(row) > 1 else None
        if begin is None or price is None:
            raise Invalid(
                f"Row {number} is not understood: write an instant with its zone and a price, as in "
                "`2026-01-31T12:00:00Z,0.1234`.",
                field="prices",
                row=number,
            )
        found.append(MarketPrice(begin=begin, price=price))
    return tuple(found)


def _instant(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return at if at.tzinfo is not None else None


def _price(text: str, *, comma: bool) -> Decimal | None:
    try:
        return Decimal(text.strip().replace(",", ".") if comma else text.strip())
    except InvalidOperation:
        return None


def _quarters(new: MarketPrices) -> dict[datetime, Decimal]:
    """Every quarter-hour with its price per kWh; raises Invalid where that cannot be said."""
    if not 1 <= len(new.prices) <= ROWS_MAX:
        raise Invalid(f"Bring in 1 to {ROWS_MAX:,} prices at a time.", field="prices")
    if new.minutes not in (15, 30, 60):
        raise Invalid("A price holds for 15, 30 or 60 minutes.", field="minutes")
    per = Decimal(1_000) if new.per is PerEnergy.MWH else Decimal(1)
    rows: dict[datetime, Decimal] = {}
    for index, each in enumerate(new.prices):
        if each.begin.tzinfo is None or micros(each.begin) % (new.minutes * 60 * 1_000_000):
            raise Invalid(
                f"A price begins on a full {new.minutes} minutes, with a time zone.",
                field=f"prices[{index}].begin",
            )
        check_number(f"prices[{index}].price", each.price)
        for part in range(new.minutes // 15):
            begin = instant(micros(each.begin)) + part * QUARTER
            if begin in rows:
                raise Invalid("There are two prices for one time.", field=f"prices[{index}].begin")
            rows[begin] = each.price / per
    return rows
