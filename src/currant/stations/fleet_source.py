"""Reads what rows of the fleet are made of: a whole tenant's stations, one anew, the places of a map."""

from typing import Any

from currant.db.engine import Database
from currant.kit.ids import StationId, TenantId
from currant.stations.fleet import StationNow
from currant.stations.store import fleet

PLACES_MAX = 20_000


class FleetSource:
    """The database's side of the fleet."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def stations(self, tenant_id: TenantId) -> list[StationNow]:
        return await self._database.read(lambda conn: fleet.stations_now(conn, tenant_id))

    async def station(self, tenant_id: TenantId, station_id: StationId) -> StationNow | None:
        found = await self._database.read(
            lambda conn: fleet.stations_now(conn, tenant_id, station_id=station_id)
        )
        return found[0] if found else None

    async def places(self, tenant_id: TenantId) -> list[dict[str, Any]]:
        return await self._database.read(lambda conn: fleet.places(conn, tenant_id, limit=PLACES_MAX))
