"""Whether a session is running at a station: for whoever must not disturb one."""

from sqlalchemy import bindparam, select, text

from currant.charging.store import sessions
from currant.db.engine import Database
from currant.db.queries import Query
from currant.kit.ids import StationId, TenantId

# Spelled out, so that the index of what is active is seen to fit.
_RUNNING = Query(
    select(sessions.c.id)
    .where(
        sessions.c.station_id == bindparam("station"),
        sessions.c.tenant_id == bindparam("tenant"),
        sessions.c.phase == text("'active'"),
    )
    .limit(1),
    "station",
    "tenant",
)


class SessionsAtStations:
    """Asks the sessions; `stations.desired.work.Busy` is the port."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def has_session(self, tenant_id: TenantId, station_id: StationId) -> bool:
        found = await self._database.read(lambda conn: _RUNNING.first(conn, station_id, tenant_id))
        return found is not None
