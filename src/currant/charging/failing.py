"""What is wrong with stations that neither their connection nor their connectors tell, for the rows of the fleet.

Asked of the database twice a minute: desired state that is refused, security events, sessions without a
sign of life.
"""

from datetime import datetime, timedelta

from currant.charging.model import Phase, SessionFilter
from currant.charging.network import Network
from currant.charging.operating import Operating
from currant.kit.clock import Clock
from currant.kit.ids import StationId, TenantId
from currant.stations.desired.model import Standing
from currant.stations.desired.service import DesiredState
from currant.stations.inventory import Inventory
from currant.stations.model import Severity

LATELY = timedelta(days=1)
STUCK_AFTER = timedelta(hours=48)
AT_ONCE, PAGES_MAX = 500, 10
Found = dict[StationId, dict[str, datetime | None]]


class FailingStations:
    """Looks for them in every tenant, and tells the network in memory."""

    def __init__(
        self,
        network: Network,
        inventory: Inventory,
        charging: Operating,
        clock: Clock,
        *,
        desired: DesiredState | None = None,
    ) -> None:
        self._network = network
        self._inventory = inventory
        self._charging = charging
        self._clock = clock
        self._desired = desired

    async def look(self) -> None:
        """Look once, in every tenant."""
        for tenant_id in self._network.tenants():
            self._network.failing(tenant_id, await self._of(tenant_id))

    async def _of(self, tenant_id: TenantId) -> Found:
        found: Found = {}
        now = self._clock.now()
        await self._security(tenant_id, now, found)
        for standing in (Standing.REFUSED, Standing.DRIFTING):
            await self._wishes(tenant_id, standing, found)
        await self._stuck(tenant_id, now, found)
        return found

    async def _security(self, tenant_id: TenantId, now: datetime, found: Found) -> None:
        page = await self._inventory.list_security_events(
            tenant_id, severity=Severity.CRITICAL, since=now - LATELY, limit=AT_ONCE
        )
        for event in page.items:
            if event.station_id is not None:
                # The latest come first, so that the first of the day is what stays.
                found.setdefault(event.station_id, {})["security_critical"] = event.at

    async def _wishes(self, tenant_id: TenantId, standing: Standing, found: Found) -> None:
        if self._desired is None:
            return
        cursor: str | None = None
        for _ in range(PAGES_MAX):
            page = await self._desired.overview.stations(
                tenant_id, standing=standing, cursor=cursor, limit=AT_ONCE
            )
            for row in page.items:
                found.setdefault(row.station_id, {}).setdefault("desired_failing", row.since)
            cursor = page.next_cursor
            if cursor is None:
                return

    async def _stuck(self, tenant_id: TenantId, now: datetime, found: Found) -> None:
        page = await self._charging.list(
            tenant_id, SessionFilter(phase=Phase.ACTIVE, until=now - STUCK_AFTER), limit=AT_ONCE
        )
        for session in page.items:
            heard = session.updated_at or session.started_at
            if now - heard >= STUCK_AFTER:
                found.setdefault(session.station_id, {})["session_stuck"] = heard
