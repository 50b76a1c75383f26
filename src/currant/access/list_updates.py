"""Has stations looked at again soon after tokens or rules changed, where their local lists are kept here."""

import asyncio

from currant.access.list_aspect import LocalListAspect
from currant.access.local_lists import LocalLists
from currant.kit.event import Event
from currant.kit.ids import TenantId
from currant.stations.desired.service import DesiredState
from currant.stations.directory import StationDirectory

DELAY_S = 20.0
"""Changes come in crowds (an import): stations are looked at once for all of these."""


class ListUpdates:
    """A subscriber of `LIST_EVENTS`, on every node."""

    def __init__(
        self,
        lists: LocalLists,
        directory: StationDirectory,
        desired: DesiredState,
        *,
        delay_s: float = DELAY_S,
    ) -> None:
        self._lists = lists
        self._directory = directory
        self._desired = desired
        self._delay_s = delay_s
        self._soon: set[TenantId] = set()

    async def follow(self, event: Event) -> None:
        await self._lists.follow(event)
        tenant_id = event.tenant_id
        if tenant_id in self._soon:
            return
        declared = (await self._desired.books.of(tenant_id)).book
        if any(declaration.aspect == LocalListAspect.name for declaration in declared):
            self._soon.add(tenant_id)
            asyncio.get_running_loop().call_later(self._delay_s, self._look, tenant_id)

    def _look(self, tenant_id: TenantId) -> None:
        self._soon.discard(tenant_id)
        for entry in self._directory:
            if entry.tenant_id == tenant_id:
                self._desired.reconciler.want(entry.station_id)
