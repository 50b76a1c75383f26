"""What stations have of the things that nothing else in Currant keeps: read once after every boot, kept since."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.clock import Clock, instant, micros
from currant.stations.desired import store
from currant.stations.desired.aspect import Desired, Reported
from currant.stations.directory import DirectoryEntry


def plain(value: Any) -> Any:
    """A value as it is after it was kept: what is compared must be of one form."""
    return msgspec.json.decode(msgspec.json.encode(value))


class Knowing:
    """The memory of one aspect. A station that was never asked, or has booted since, is unknown."""

    def __init__(self, database: Database, clock: Clock, aspect: str) -> None:
        self._database = database
        self._clock = clock
        self._aspect = aspect

    async def reported(self, station: DirectoryEntry, desired: Sequence[Desired]) -> Mapping[str, Reported]:
        """What it has under the desired keys; nothing at all while it is unknown."""
        known = await self._known(station)
        if known is None or known.stale:
            return {}
        at = instant(known.read_at)
        return {each.key: Reported(key=each.key, value=known.items.get(each.key), at=at) for each in desired}

    async def items(self, station: DirectoryEntry) -> dict[str, Any]:
        """All that was last known, also from before its last boot."""
        known = await self._known(station)
        return {} if known is None else known.items

    async def read(self, station: DirectoryEntry, items: Mapping[str, Any]) -> None:
        """It has told everything that it has."""
        await self._save(station, dict(items), read_at=micros(self._clock.now()))

    async def took(self, station: DirectoryEntry, key: str, value: Any) -> None:
        """It has taken one thing, or (None) given one up."""
        known = await self._known(station)
        if known is not None and not known.stale:
            items = {**known.items, key: value}
            if value is None:
                del items[key]
            await self._save(station, items, read_at=known.read_at)

    async def forget(self, station: DirectoryEntry) -> None:
        """What it has is not certain any more: an answer was lost. It is asked again."""
        items = await self.items(station)
        await self._save(station, items, read_at=0)

    async def _known(self, station: DirectoryEntry) -> store.known.Known | None:
        return await self._database.read(
            lambda conn: store.known.of_station(conn, station.tenant_id, station.station_id, self._aspect)
        )

    async def _save(self, station: DirectoryEntry, items: dict[str, Any], *, read_at: int) -> None:
        changes = ChangeSet(station.tenant_id)
        store.known.save(changes, station.station_id, self._aspect, items, read_at=read_at)
        await self._database.commit(changes)
