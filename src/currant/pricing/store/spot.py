"""Markets and their prices by the quarter-hour: rows to values, values to rows, queries."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, select, tuple_

from currant.db.commits import ChangeSet
from currant.kit.clock import instant, micros
from currant.kit.ids import TenantId
from currant.pricing.store import tables

_m, _s = tables.spot_markets.c, tables.spot_prices.c


def save_market(changes: ChangeSet, market: str, currency: str, *, now: datetime) -> None:
    changes.write(tables.SAVE_MARKET, (changes.tenant_id, market, currency, micros(now)))


def save_prices(changes: ChangeSet, market: str, prices: Sequence[tuple[datetime, Decimal]]) -> None:
    for begin, price in prices:
        changes.write(tables.SAVE_SPOT, (changes.tenant_id, market, micros(begin), str(price)))


def currency_of(conn: Connection, tenant_id: TenantId, market: str) -> str | None:
    query = select(_m.currency).where(_m.tenant_id == tenant_id, _m.market == market)
    return conn.execute(query).scalar_one_or_none()


def markets(conn: Connection, tenant_id: TenantId, *, limit: int) -> list[tuple[str, str, datetime]]:
    """(market, currency, when it last changed), by name."""
    query = select(tables.spot_markets).where(_m.tenant_id == tenant_id).order_by(_m.market).limit(limit)
    return [(row.market, row.currency, instant(row.changed_at)) for row in conn.execute(query)]


def prices(
    conn: Connection, tenant_id: TenantId, market: str, *, begin: datetime, end: datetime, limit: int
) -> list[tuple[datetime, Decimal]]:
    """Quarter-hours that begin from `begin` to before `end`, in order."""
    query = select(_s.begin_at, _s.price).where(
        _s.tenant_id == tenant_id,
        _s.market == market,
        _s.begin_at >= micros(begin),
        _s.begin_at < micros(end),
    )
    rows = conn.execute(query.order_by(_s.begin_at).limit(limit))
    return [(instant(row.begin_at), Decimal(row.price)) for row in rows]


def everybodys(
    conn: Connection, *, since: datetime, after: tuple[str, str, int], limit: int
) -> list[tuple[TenantId, str, int, Decimal]]:
    """(tenant, market, microseconds, price) of every tenant since an instant: for nodes that start."""
    query = select(tables.spot_prices).where(
        _s.begin_at >= micros(since), tuple_(_s.tenant_id, _s.market, _s.begin_at) > after
    )
    rows = conn.execute(query.order_by(_s.tenant_id, _s.market, _s.begin_at).limit(limit))
    return [(row.tenant_id, row.market, row.begin_at, Decimal(row.price)) for row in rows]
