"""What screens see move: changes fanned out to browsers and terminals, the latest state of each thing.

A slow reader never slows the publisher and never piles up history: while it is away, a newer
change of the same thing takes the older one's place.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from types import TracebackType
from typing import Any

import msgspec

from currant.kit.ids import TenantId

# Different things that may wait for one reader; beyond it the oldest go, and it is told to reload.
WAITING_MAX = 5_000
READERS_MAX = 2_000


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A thing's new state; `missed` counts older changes this reader was too slow for."""

    kind: str
    key: str
    payload: Any
    missed: int = 0


class TooManyReaders(Exception):
    """No more live views can be opened: close some of them, or start another node."""


Wanted = Callable[[Change], bool]


class LiveFeed:
    """Hands changes to everyone of the tenant who looks; used from one event loop."""

    def __init__(self) -> None:
        self._readers: dict[TenantId, set[Reader]] = {}
        self._count = 0

    def publish(self, tenant_id: TenantId, kind: str, payload: Any, *, key: str) -> None:
        """Show a thing's new state; `key` names the thing, and only its latest state is kept for the slow."""
        readers = self._readers.get(tenant_id)
        if readers:
            change = Change(kind=kind, key=key, payload=payload)
            for reader in readers:
                reader.offer(change)

    def watched(self, tenant_id: TenantId) -> bool:
        """Whether anybody looks, so that nobody prepares what nobody sees."""
        return tenant_id in self._readers

    def subscribe(self, tenant_id: TenantId, wanted: Wanted | None = None) -> "Reader":
        """A reader of all changes from now on that are `wanted`: `async with` it, then `async for` over it."""
        if self._count >= READERS_MAX:
            raise TooManyReaders
        reader = Reader(wanted, self._leave, tenant_id)
        self._readers.setdefault(tenant_id, set()).add(reader)
        self._count += 1
        return reader

    def _leave(self, reader: "Reader") -> None:
        readers = self._readers.get(reader.tenant_id, set())
        if reader in readers:
            readers.discard(reader)
            self._count -= 1
            if not readers:
                del self._readers[reader.tenant_id]


class Reader:
    """One browser's or terminal's view of the feed."""

    def __init__(self, wanted: Wanted | None, leave: Callable[["Reader"], None], tenant_id: TenantId) -> None:
        self.tenant_id = tenant_id
        self._wanted = wanted
        self._leave = leave
        self._waiting: dict[tuple[str, str], Change] = {}
        self._missed = 0
        self._ready = asyncio.Event()
        self._closed = False

    def offer(self, change: Change) -> None:
        if self._wanted is not None and not self._wanted(change):
            return
        waiting = self._waiting
        # Taken out and put in again: changes come in the order of their latest state.
        waiting.pop((change.kind, change.key), None)
        if len(waiting) >= WAITING_MAX:
            del waiting[next(iter(waiting))]
            self._missed += 1
        waiting[change.kind, change.key] = change
        self._ready.set()

    def close(self) -> None:
        """Look no more; an iteration under way ends."""
        self._closed = True
        self._ready.set()
        self._leave(self)

    async def __aenter__(self) -> "Reader":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __aiter__(self) -> AsyncIterator[Change]:
        return self

    async def __anext__(self) -> Change:
        while not self._waiting:
            if self._closed:
                raise StopAsyncIteration
            self._ready.clear()
            await self._ready.wait()
        change = self._waiting.pop(next(iter(self._waiting)))
        if self._missed:
            change = msgspec.structs.replace(change, missed=self._missed)
            self._missed = 0
        return change
