"""Removes what has been kept long enough, a little at a time, so that nobody waits behind it."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Column, Connection, Table, Text, delete, select, tuple_

from currant.db import journal
from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.clock import micros
from currant.kit.ids import TenantId, first_id_of

CHUNK = 2_000


class Keep(msgspec.Struct, frozen=True):
    """How long a table's rows are kept, by a column that holds an instant, or an id that we made (`new_id`).

    An index should lead to the column. An id tells when its row was made, whatever a station's clock said.
    """

    table: Table
    column: str
    age: timedelta


async def remove_older(database: Database, keep: Keep, *, now: datetime, chunk: int = CHUNK) -> int:
    """Delete the rows that have outlived `keep.age`; returns how many those were."""
    key: Sequence[Column[Any]] = tuple(keep.table.primary_key.columns)
    assert len(key) >= 1, f"Table {keep.table.name} has no primary key to delete by."
    when = keep.table.columns[keep.column]
    before = micros(now - keep.age)
    limit = first_id_of(before // 1000) if isinstance(when.type, Text) else before

    def remove(connection: Connection, _: ChangeSet) -> int:
        old = select(*key).where(when < limit).order_by(when).limit(chunk)
        result: Any = connection.execute(delete(keep.table).where(tuple_(*key).in_(old)))
        return int(result.rowcount)

    return await _chunks(database, remove, chunk)


async def trim_journal(database: Database, *, age: timedelta, now: datetime, chunk: int = CHUNK) -> int:
    """Delete events older than `age` that every subscriber has seen; returns how many those were."""
    before = micros(now - age)
    return await _chunks(database, lambda c, _: journal.trim(c, before=before, limit=chunk), chunk)


async def _chunks(database: Database, remove: Callable[[Connection, ChangeSet], int], chunk: int) -> int:
    removed = 0
    while True:
        # Old rows belong to every tenant alike.
        count = await database.decide(remove, TenantId(""))
        removed += count
        if count < chunk:
            return removed
