"""The message log's rows: searched by station, action and time; dropped by age and by size."""

from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, and_, func, or_, select
from sqlalchemy import delete as delete_rows

from currant.kit.clock import instant, micros
from currant.kit.ids import StationId, TenantId
from currant.stations.model import Message
from currant.stations.store.tables import messages

DISORDER = timedelta(minutes=15)
"""A message is dated by its call and kept after its answer, which commands wait for up to ten minutes."""
ROW_OVERHEAD = 250
"""Bytes a row takes beside its two texts: keys, times, index entries. Measured on SQLite, roughly."""


def station_key(station_id: StationId) -> int:
    """A number for a station's id, to be indexed by: 64 bits of its hash, compared together with the id itself."""
    return int.from_bytes(blake2b(station_id.encode(), digest_size=8).digest(), signed=True)


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which messages; None asks for nothing in particular.

    An outcome that ends with a colon stands for all that begin with it: `error:`.
    """

    action: str | None = None
    direction: str | None = None
    outcome: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def of_station(
    conn: Connection,
    tenant_id: TenantId,
    station_id: StationId,
    wanted: Wanted,
    *,
    before: tuple[int, int] | None,
    limit: int,
) -> list[Message]:
    """A station's messages, latest first; `before` is (at in microseconds, id) of the last one seen."""
    c = messages.c
    query = select(messages).where(
        c.station_key == station_key(station_id),
        c.station_id == station_id,
        c.tenant_id == tenant_id,
        *_conditions(wanted),
    )
    if before is not None:
        query = query.where(or_(c.at < before[0], and_(c.at == before[0], c.id < before[1])))
    return [_message(row) for row in conn.execute(query.order_by(c.at.desc(), c.id.desc()).limit(limit))]


def of_network(
    conn: Connection, tenant_id: TenantId, wanted: Wanted, *, before: int | None, limit: int, looks_at: int
) -> tuple[list[Message], int | None]:
    """Messages of all stations in the order of arrival, latest first, and where to look on.

    `before` is the id to look below. At most `looks_at` rows are looked at, so that a search for
    what is rare answers soon: then there may be few rows or none, and yet an id to look on below.
    """
    whole = span(conn)
    if whole is None:
        return [], None
    first, last = whole
    if wanted.since is not None:
        first = max(first, _first_since(conn, whole, wanted.since - DISORDER))
    if wanted.until is not None:
        last = min(last, _first_since(conn, whole, wanted.until + DISORDER))
    if before is not None:
        last = min(last, before - 1)
    lowest = max(first, last - looks_at + 1)
    c = messages.c
    query = (
        select(messages)
        .where(c.tenant_id == tenant_id, c.id.between(lowest, last), *_conditions(wanted))
        .order_by(c.id.desc())
        .limit(limit)
    )
    rows = [_message(row) for row in conn.execute(query)]
    if len(rows) == limit:
        return rows, rows[-1].id
    return rows, lowest if lowest > first else None


def _first_since(conn: Connection, whole: tuple[int, int], moment: datetime) -> int:
    """About the first id from `moment` on, by bisection: ids are given nearly in the order of time."""
    c, low, high = messages.c, whole[0], whole[1] + 1
    while low < high:
        middle = (low + high) // 2
        at = conn.execute(select(c.at).where(c.id >= middle).order_by(c.id).limit(1)).scalar_one_or_none()
        if at is None or at >= micros(moment):
            high = middle
        else:
            low = middle + 1
    return low


def _conditions(wanted: Wanted) -> list[Any]:
    c = messages.c
    conditions: list[Any] = []
    if wanted.action is not None:
        conditions.append(c.action == wanted.action)
    if wanted.direction is not None:
        conditions.append(c.direction == wanted.direction)
    if wanted.outcome is not None and wanted.outcome.endswith(":"):
        conditions.append(c.outcome.startswith(wanted.outcome, autoescape=True))
    elif wanted.outcome is not None:
        conditions.append(c.outcome == wanted.outcome)
    if wanted.since is not None:
        conditions.append(c.at >= micros(wanted.since))
    if wanted.until is not None:
        conditions.append(c.at < micros(wanted.until))
    return conditions


def _message(row: Row[Any]) -> Message:
    return Message(
        id=row.id,
        tenant_id=row.tenant_id,
        station_id=row.station_id,
        at=instant(row.at),
        direction=row.direction,
        action=row.action,
        message_id=row.message_id,
        outcome=row.outcome,
        request=row.request,
        response=row.response,
        request_bytes=row.request_bytes,
        response_bytes=row.response_bytes,
        latency_us=row.latency_us,
    )


# Retention is the installation's, whatever the tenant.


def span(conn: Connection) -> tuple[int, int] | None:
    """The first and the last key, or None when the log is empty."""
    first, last = conn.execute(select(func.min(messages.c.id), func.max(messages.c.id))).one()
    return None if first is None else (first, last)


def bytes_a_row(conn: Connection, *, sample: int) -> float:
    """What a row takes at the mean of the latest `sample` rows."""
    latest = (
        select((messages.c.request_bytes + messages.c.response_bytes).label("size"))
        .order_by(messages.c.id.desc())
        .limit(sample)
        .subquery()
    )
    mean = conn.execute(select(func.avg(latest.c.size))).scalar_one()
    return float(mean or 0) + ROW_OVERHEAD


def drop_oldest(conn: Connection, *, below: int, older_than: datetime | None, limit: int) -> int:
    """Delete of the `limit` oldest rows those with a key under `below`, or older than `older_than`."""
    c = messages.c
    edge = conn.execute(select(c.id).order_by(c.id).limit(1).offset(limit - 1)).scalar_one_or_none()
    condition = c.id < below
    if older_than is not None:
        condition = or_(condition, c.at < micros(older_than))
    if edge is not None:
        condition = and_(condition, c.id <= edge)
    return conn.execute(delete_rows(messages).where(condition)).rowcount
