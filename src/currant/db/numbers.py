"""Whole numbers that are never given twice, for what needs short ones (OCPP 1.6 transaction ids).

Blocks of them are leased durably before they are used, so giving one out costs nothing and a
restart only skips what was left of a block.
"""

import asyncio
import logging

from sqlalchemy import BigInteger, Column, Connection, Table, Text, select

from currant.db.commits import ChangeSet, upsert
from currant.db.engine import Database
from currant.db.tables import metadata
from currant.kit.errors import StoreUnavailable
from currant.kit.ids import TenantId

log = logging.getLogger(__name__)

numbers = Table(
    "numbers",
    metadata,
    Column("name", Text, primary_key=True),
    Column("next", BigInteger, nullable=False),
)
lease = upsert(numbers, "name", "next", key=("name",))

# What a 32-bit signed integer holds, as OCPP and many a charger keep their ids.
NUMBER_MAX = 2**31 - 1
BLOCK = 1_000


class NumbersExhausted(StoreUnavailable):
    """All numbers of this name have been given out."""

    code = "numbers_exhausted"


class Numbers:
    """Gives out ascending numbers from 1 by name; blocks are leased ahead, in the background."""

    def __init__(self, database: Database, *, block: int = BLOCK) -> None:
        self._database = database
        self._block = block
        self._ranges: dict[str, list[range]] = {}
        self._next: dict[str, int] = {}
        self._leasing: dict[str, asyncio.Future[range]] = {}

    async def prepare(self, name: str) -> None:
        """Have numbers of this name ready to take."""
        if not self._left(name):
            await asyncio.shield(self._lease_more(name))

    async def next(self, name: str) -> int:
        """The next number; in a burst that has used up all leased ones, the one after waiting for more.

        Raises StoreUnavailable when the database gives none.
        """
        while not self._left(name):
            await asyncio.shield(self._lease_more(name))
        return self.take(name)

    def take(self, name: str) -> int:
        """The next number of a prepared name.

        Raises StoreUnavailable when the leased ones are used up and the database gave no more.
        """
        ranges = self._ranges.get(name)
        if not ranges:
            self._lease_more(name)
            raise StoreUnavailable(f"No number for {name} is ready: try again in a moment.")
        number = self._next[name]
        current = ranges[0]
        if number + 1 < current.stop:
            self._next[name] = number + 1
        else:
            ranges.pop(0)
            if ranges:
                self._next[name] = ranges[0].start
        if len(ranges) < 2 and self._left(name) * 2 < self._block:
            self._lease_more(name)
        return number

    def _left(self, name: str) -> int:
        ranges = self._ranges.get(name)
        return sum(map(len, ranges)) - (self._next[name] - ranges[0].start) if ranges else 0

    def _lease_more(self, name: str) -> asyncio.Future[range]:
        under_way = self._leasing.get(name)
        if under_way is not None:
            return under_way
        block = self._block

        def take_block(connection: Connection, changes: ChangeSet) -> range:
            query = select(numbers.c.next).where(numbers.c.name == name)
            start = connection.execute(query).scalar_one_or_none() or 1
            if start > NUMBER_MAX:
                raise NumbersExhausted(f"All numbers for {name} are used up.")
            stop = min(start + block, NUMBER_MAX + 1)
            changes.write(lease, (name, stop))
            return range(start, stop)

        # Numbers belong to the whole installation, not to a tenant.
        future = self._database.decide(take_block, TenantId(""))
        self._leasing[name] = future
        future.add_done_callback(lambda done: self._leased(name, done))
        return future

    def _leased(self, name: str, done: asyncio.Future[range]) -> None:
        self._leasing.pop(name, None)
        if done.cancelled():
            return
        error = done.exception()
        if error is not None:
            log.error("No new numbers for %s: %s", name, error)
            return
        ranges = self._ranges.setdefault(name, [])
        if not ranges:
            self._next[name] = done.result().start
        ranges.append(done.result())
