"""Wakes whoever watches a session or a place when something about it moved; what it is now they look up.

One reader of the live feed serves all drivers of a tenant, however many watch.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Iterable
from types import TracebackType
from typing import Any

from currant.events.live import Change, LiveFeed
from currant.kit.errors import CurrantError
from currant.kit.ids import TenantId

WATCHES_MAX = 20_000

_KEYS = ("session_id", "station_id", "location_id")
_KINDS = frozenset(
    {
        "session_metered",
        "SessionStarted",
        "SessionAuthorised",
        "SessionActivityChanged",
        "SessionEnded",
        "SessionCorrected",
        "StationConnected",
        "StationDisconnected",
        "StationAdmitted",
        "StationChanged",
        "LocationChanged",
        "ConnectorStatusChanged",
        "ReservationMade",
        "ReservationEnded",
        "ReservationChanged",
    }
)


class TooManyWatch(CurrantError):
    """No more live views can be opened on this node."""

    code = "too_many_streams"
    status = 503


class Watch:
    """What one browser looks at; `changed` returns once something about it moved."""

    def __init__(self, watching: "Watching", tenant_id: TenantId, keys: frozenset[str]) -> None:
        self._watching = watching
        self.tenant_id = tenant_id
        self.keys = keys
        self._moved = asyncio.Event()
        self.closed = False

    def wake(self) -> None:
        self._moved.set()

    async def changed(self, *, within_s: float) -> bool:
        """Whether something moved before the time was over; what moved since the last look counts."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._moved.wait()
        moved = self._moved.is_set()
        self._moved.clear()
        return moved

    async def pause(self, seconds: float) -> None:
        """Let things gather for a moment."""
        await asyncio.sleep(seconds)

    def look_at(self, keys: frozenset[str]) -> None:
        """Watch these things from now on."""
        self._watching.change(self, keys)

    def close(self) -> None:
        self._watching.leave(self)

    async def __aenter__(self) -> "Watch":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Watching:
    """Everybody who watches, by what they watch: ids of sessions, stations, locations and drivers."""

    def __init__(self, live: LiveFeed) -> None:
        self._live = live
        self._by_key: dict[tuple[TenantId, str], set[Watch]] = {}
        self._tenants: Counter[TenantId] = Counter()
        self._readers: dict[TenantId, asyncio.Task[None]] = {}
        self._count = 0

    def watch(self, tenant_id: TenantId, keys: frozenset[str]) -> Watch:
        """Begin to watch; `close` it in the end."""
        if self._count >= WATCHES_MAX:
            raise TooManyWatch("Too many live views are open: try again in a moment.")
        self._count += 1
        self._tenants[tenant_id] += 1
        if tenant_id not in self._readers:
            self._readers[tenant_id] = asyncio.create_task(self._read(tenant_id), name="drivers watch")
        watch = Watch(self, tenant_id, frozenset())
        self.change(watch, keys)
        return watch

    def change(self, watch: Watch, keys: frozenset[str]) -> None:
        for key in watch.keys - keys:
            self._drop(watch, key)
        for key in keys - watch.keys:
            self._by_key.setdefault((watch.tenant_id, key), set()).add(watch)
        watch.keys = keys

    def leave(self, watch: Watch) -> None:
        if watch.closed:
            return
        watch.closed = True
        self.change(watch, frozenset())
        self._count -= 1
        self._tenants[watch.tenant_id] -= 1
        if not self._tenants[watch.tenant_id]:
            del self._tenants[watch.tenant_id]
            self._readers.pop(watch.tenant_id).cancel()

    def wake(self, tenant_id: TenantId, key: str) -> None:
        """Something moved that the live feed does not tell."""
        _wake(self._by_key.get((tenant_id, key), ()))

    async def stop(self) -> None:
        readers = list(self._readers.values())
        for reader in readers:
            reader.cancel()
        await asyncio.gather(*readers, return_exceptions=True)

    def _drop(self, watch: Watch, key: str) -> None:
        watches = self._by_key.get((watch.tenant_id, key))
        if watches is not None:
            watches.discard(watch)
            if not watches:
                del self._by_key[watch.tenant_id, key]

    async def _read(self, tenant_id: TenantId) -> None:
        async with self._live.subscribe(tenant_id, lambda change: change.kind in _KINDS) as reader:
            async for change in reader:
                if change.missed:
                    for (whose, _), watches in list(self._by_key.items()):
                        if whose == tenant_id:
                            _wake(watches)
                self._tell(tenant_id, change)

    def _tell(self, tenant_id: TenantId, change: Change) -> None:
        payload: Any = change.payload
        if not isinstance(payload, dict):
            return
        for name in _KEYS:
            key = payload.get(name)
            if key:
                _wake(self._by_key.get((tenant_id, key), ()))


def _wake(watches: Iterable[Watch]) -> None:
    for watch in tuple(watches):
        watch.wake()
