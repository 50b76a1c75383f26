"""The journal: every event that ever became durable, in the order in which it did.

Positions ascend in commit order, also on PostgreSQL, where `Backend.lock_journal` sees to it.
Whoever follows the journal therefore needs to remember one number.
"""

from collections.abc import Collection
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Column, Connection, Index, Table, Text, delete, func, select

from currant.db.commits import Row, insert_into, upsert
from currant.db.tables import Position, metadata
from currant.kit.clock import micros
from currant.kit.event import Event

journal = Table(
    "journal",
    metadata,
    Column("position", Position, primary_key=True, autoincrement=True),
    Column("tenant_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("happened_at", BigInteger, nullable=False),
    Column("written_at", BigInteger, nullable=False),
    Column("payload", Text, nullable=False),
    Index("ix_journal_written_at", "written_at"),
    # A position is never given twice, even after every row was trimmed away.
    sqlite_autoincrement=True,
)

# How far each subscriber has read.
subscribers = Table(
    "subscribers",
    metadata,
    Column("name", Text, primary_key=True),
    Column("position", BigInteger, nullable=False),
)

append = insert_into(journal, "tenant_id", "kind", "happened_at", "written_at", "payload")
save_cursor = upsert(subscribers, "name", "position", key=("name",))

_encode = msgspec.json.Encoder().encode


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the journal; `payload` is the event as JSON."""

    position: int
    tenant_id: str
    kind: str
    payload: str


def kind_of(event: Event | type[Event]) -> str:
    return str(event.__struct_config__.tag)


def row_of(event: Event, *, written_at: int) -> Row:
    return (
        event.tenant_id,
        event.__struct_config__.tag,
        micros(event.happened_at),
        written_at,
        _encode(event).decode(),
    )


def read_after(
    connection: Connection, position: int, *, limit: int = 500, kinds: Collection[str] | None = None
) -> list[Recorded]:
    """Up to `limit` rows after `position` in order, of these kinds or of all."""
    query = (
        select(journal.c.position, journal.c.tenant_id, journal.c.kind, journal.c.payload)
        .where(journal.c.position > position)
        .order_by(journal.c.position)
        .limit(limit)
    )
    if kinds is not None:
        query = query.where(journal.c.kind.in_(sorted(kinds)))
    return [
        Recorded(position=row[0], tenant_id=row[1], kind=row[2], payload=row[3])
        for row in connection.execute(query)
    ]


def last_position(connection: Connection) -> int:
    return int(connection.execute(select(func.coalesce(func.max(journal.c.position), 0))).scalar_one())


def cursors(connection: Connection) -> dict[str, int]:
    """How far each subscriber has read, by name."""
    return {row[0]: row[1] for row in connection.execute(select(subscribers.c.name, subscribers.c.position))}


def trim(connection: Connection, *, before: int, limit: int = 5_000) -> int:
    """Delete up to `limit` rows written before `before` (microseconds) that every subscriber has read.

    Returns how many went; fewer than `limit` means that nothing is left to trim.
    """
    read_by_all = connection.execute(select(func.min(subscribers.c.position))).scalar()
    old = select(journal.c.position).where(journal.c.written_at < before)
    if read_by_all is not None:
        old = old.where(journal.c.position <= read_by_all)
    result: Any = connection.execute(
        delete(journal).where(journal.c.position.in_(old.order_by(journal.c.position).limit(limit)))
    )
    return int(result.rowcount)
