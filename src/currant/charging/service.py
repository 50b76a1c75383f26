"""The verbs of charging: what stations report of sessions, and what operators ask about them."""

from collections.abc import Sequence

from currant.charging import past
from currant.charging.model import StationSessions
from currant.charging.operating import Operating
from currant.charging.reporting import Reporting
from currant.kit.ids import TenantId

__all__ = ["ChargingService", "StationSessions"]


class ChargingService(Reporting, Operating):
    """Sessions. The gateway calls what stands in reporting.py, the API and the duties what in operating.py."""

    async def take_in(self, tenant_id: TenantId, sessions: Sequence[past.PastSession]) -> int:
        """Keep sessions that are over (past.py); how many."""
        return await past.take_in(self._database, self._numbers, tenant_id, sessions)
