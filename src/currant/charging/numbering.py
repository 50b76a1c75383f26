"""The numbers of sessions: one is taken only for a session that comes to be.

Whether a report begins a session is known for certain only within the decision, in the database's
thread, where no number can be taken. So one is brought along where a beginning is likely, and kept
for the next one if it was not needed; where one is needed after all, the decision is made anew.
"""

import heapq
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection

from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.db.numbers import Numbers
from currant.kit.ids import TenantId

T = TypeVar("T")

NUMBERS = "session"
UNUSED_MAX = 1_000
"""Numbers kept for later; more of them, after a burst, stay gaps."""


class Offered:
    """A number that a decision may take; without one, the decision is asked again with one."""

    __slots__ = ("_number", "taken")

    def __init__(self, number: int | None) -> None:
        self._number = number
        self.taken = False

    def take(self) -> int:
        if self._number is None:
            raise NumberWanted
        self.taken = True
        return self._number


class NumberWanted(Exception):
    """A decision begins a session although that was not likely."""


class SessionNumbers:
    """Brings numbers to decisions, and keeps those that come back."""

    def __init__(self, database: Database, numbers: Numbers) -> None:
        self._database = database
        self._numbers = numbers
        self._unused: list[int] = []

    async def prepare(self) -> None:
        """Have numbers ready."""
        await self._numbers.prepare(NUMBERS)

    async def decide(
        self, function: Callable[[Connection, ChangeSet, Offered], T], tenant_id: TenantId, *, likely: bool
    ) -> T:
        """`Database.decide` with a number on offer; `likely` when it will probably be taken."""
        number = await self.next() if likely else None
        try:
            return await self._with(number, function, tenant_id)
        except NumberWanted:
            return await self._with(await self.next(), function, tenant_id)

    async def _with(
        self,
        number: int | None,
        function: Callable[[Connection, ChangeSet, Offered], T],
        tenant_id: TenantId,
    ) -> T:
        offered = Offered(number)
        result = await self._database.decide(
            lambda conn, changes: function(conn, changes, offered), tenant_id
        )
        # A decision that failed may have been kept all the same: then its number is not given again.
        if number is not None and not offered.taken and len(self._unused) < UNUSED_MAX:
            heapq.heappush(self._unused, number)
        return result

    async def next(self) -> int:
        """A number for a session that comes to be in any case."""
        return heapq.heappop(self._unused) if self._unused else await self._numbers.next(NUMBERS)
