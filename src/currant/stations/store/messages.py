"""The message log's rows: searched by station, action and time; dropped by age and by size."""

from datetime import datetime
from hashlib import blake2b

from sqlalchemy import Connection, and_, func, or_, select
from sqlalchemy import delete as delete_rows

from currant.kit.clock import instant, micros
from currant.kit.ids import StationId, TenantId
from currant.stations.model import Message
from currant.stations.store.tables import messages

ROW_OVERHEAD = 250
"""Bytes a row takes beside its two texts: keys, times, index entries. Measured on SQLite, roughly."""


def station_key(station_id: StationId) -> int:
    """A number for a station's id, to be indexed by: 64 bits of its hash, compared together with the id itself."""
    return int.from_bytes(blake2b(station_id.encode(), digest_size=8).digest(), signed=True)


def search(
    conn: Connection,
    tenant_id: TenantId,
    *,
    station_id: StationId | None,
    action: str | None,
    direction: str | None,
    outcome: str | None,
    since: datetime | None,
    until: datetime | None,
    before: tuple[int, int] | None,
    limit: int,
) -> list[Message]:
    """Latest first; `before` is (at in microseconds, id) of the last one seen.

    An outcome that ends with a colon stands for all that begin with it: `error:`.
    """
    c = messages.c
    query = select(messages).where(c.tenant_id == tenant_id)
    if action is not None:
        query = query.where(c.action == action)
    if direction is not None:
        query = query.where(c.direction == direction)
    if outcome is not None:
        whole = (
            c.outcome.startswith(outcome, autoescape=True) if outcome.endswith(":") else c.outcome == outcome
        )
        query = query.where(whole)
    if since is not None:
        query = query.where(c.at >= micros(since))
    if until is not None:
        query = query.where(c.at < micros(until))
    if station_id is not None:
        query = query.where(c.station_key == station_key(station_id), c.station_id == station_id)
        if before is not None:
            query = query.where(or_(c.at < before[0], and_(c.at == before[0], c.id < before[1])))
        query = query.order_by(c.at.desc(), c.id.desc())
    else:
        # Along the key, which was given in the order of arrival.
        if before is not None:
            query = query.where(c.id < before[1])
        query = query.order_by(c.id.desc())
    return [
        Message(
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
        for row in conn.execute(query.limit(limit))
    ]


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
