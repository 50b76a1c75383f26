"""Every tenant's declarations in memory, on every node: what the reconciler looks at instead of asking for it.

The database is the truth. A node that hears of a change takes in the declarations that it touched,
as they are by then: hearing of changes late, twice or in another order leaves the same book.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence

import msgspec
from sqlalchemy import Connection

from currant.db.engine import Database
from currant.kit.event import Event
from currant.kit.ids import TenantId
from currant.stations.desired import store
from currant.stations.desired.events import DeclarationsChanged, DesiredPaused, RolloutChanged
from currant.stations.desired.model import Declaration, Pause, Rollout
from currant.stations.desired.resolution import AspectKey, Book, keys_of

BOOK_EVENTS: tuple[type[Event], ...] = (DeclarationsChanged, RolloutChanged, DesiredPaused)


class OpenRollout(msgspec.Struct, frozen=True):
    """A rollout that has not ended, and what it is about."""

    rollout: Rollout
    keys: frozenset[AspectKey]


class TenantBook:
    """One tenant's declarations, open rollouts and pauses."""

    def __init__(self, book: Book, rollouts: Mapping[str, OpenRollout], pauses: Mapping[str, Pause]) -> None:
        self.book = book
        self.changed = 0
        """How often the declarations were changed: what was resolved before is not valid after."""
        self.pauses = dict(pauses)
        self.rollouts: dict[str, OpenRollout] = {}
        self._about: dict[AspectKey, list[OpenRollout]] = {}
        self.set_rollouts(rollouts)

    def set_rollouts(self, rollouts: Mapping[str, OpenRollout]) -> None:
        self.rollouts = dict(rollouts)
        self._about = {}
        for under_way in self.rollouts.values():
            for key in under_way.keys:
                self._about.setdefault(key, []).append(under_way)

    @property
    def is_empty(self) -> bool:
        return not len(self.book) and not self.rollouts

    def rollouts_about(self, key: AspectKey) -> Sequence[OpenRollout]:
        return self._about.get(key, ())

    def paused(self, aspect: str) -> Pause | None:
        return self.pauses.get("") or self.pauses.get(aspect)


class Books:
    """The book of every tenant that was asked for, kept current by `follow`.

    A tenant's book is read by one at a time: of two readers side by side, the one that began first
    and ended last would put back what the other had already replaced.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._books: dict[TenantId, TenantBook] = {}
        self._reading: dict[TenantId, asyncio.Lock] = {}

    def peek(self, tenant_id: TenantId) -> TenantBook | None:
        """The book, if it is in memory already."""
        return self._books.get(tenant_id)

    async def load(self, tenant_ids: Iterable[TenantId]) -> None:
        """Have these tenants' books in memory before anybody asks for them."""
        for tenant_id in set(tenant_ids):
            await self.of(tenant_id)

    async def of(self, tenant_id: TenantId) -> TenantBook:
        known = self._books.get(tenant_id)
        if known is not None:
            return known
        async with self._reading_of(tenant_id):
            known = self._books.get(tenant_id)
            if known is None:
                declarations, rollouts, pauses = await self._database.read(
                    lambda conn: (
                        store.declarations.all_of(conn, tenant_id),
                        _open_rollouts(conn, tenant_id, {}),
                        store.declarations.pauses_of(conn, tenant_id),
                    )
                )
                known = TenantBook(Book(declarations), rollouts, {pause.aspect: pause for pause in pauses})
                self._books[tenant_id] = known
            return known

    async def follow(self, event: Event) -> None:
        """Take in what was changed, here or on another node: a subscriber of `BOOK_EVENTS`."""
        if isinstance(event, DeclarationsChanged):
            await self.take_in(event.tenant_id, event.revision_id)
        elif isinstance(event, RolloutChanged):
            await self.take_in_rollouts(event.tenant_id)
        elif isinstance(event, DesiredPaused):
            await self.take_in_pauses(event.tenant_id)

    async def take_in(self, tenant_id: TenantId, revision_id: str) -> None:
        tenant = await self.of(tenant_id)

        def read(conn: Connection) -> tuple[list[str], dict[str, Declaration], dict[str, OpenRollout]]:
            ids = [
                change.declaration_id
                for change in store.declarations.changes_of(conn, tenant_id, revision_id)
            ]
            return (
                ids,
                store.declarations.by_ids(conn, tenant_id, ids),
                _open_rollouts(conn, tenant_id, tenant.rollouts),
            )

        async with self._reading_of(tenant_id):
            ids, found, rollouts = await self._database.read(read)
            tenant.changed += 1
            for declaration_id in ids:
                if declaration_id in found:
                    tenant.book.put(found[declaration_id])
                else:
                    tenant.book.remove(declaration_id)
            tenant.set_rollouts(rollouts)

    async def take_in_rollouts(self, tenant_id: TenantId) -> None:
        tenant = await self.of(tenant_id)
        async with self._reading_of(tenant_id):
            tenant.set_rollouts(
                await self._database.read(lambda conn: _open_rollouts(conn, tenant_id, tenant.rollouts))
            )

    async def take_in_pauses(self, tenant_id: TenantId) -> None:
        tenant = await self.of(tenant_id)
        async with self._reading_of(tenant_id):
            pauses = await self._database.read(lambda conn: store.declarations.pauses_of(conn, tenant_id))
            tenant.pauses = {pause.aspect: pause for pause in pauses}

    def _reading_of(self, tenant_id: TenantId) -> asyncio.Lock:
        return self._reading.setdefault(tenant_id, asyncio.Lock())


def _open_rollouts(
    conn: Connection, tenant_id: TenantId, known: Mapping[str, OpenRollout]
) -> dict[str, OpenRollout]:
    found: dict[str, OpenRollout] = {}
    for rollout in store.rollouts.open_of(conn, tenant_id):
        before = known.get(rollout.id)
        keys = (
            before.keys
            if before is not None
            else frozenset(keys_of(store.declarations.changes_of(conn, tenant_id, rollout.revision_id)))
        )
        found[rollout.id] = OpenRollout(rollout, keys)
    return found
