"""What onboarding asks the database that nobody else does."""

from datetime import datetime

from sqlalchemy import Connection, select

from currant.kit.clock import instant
from currant.kit.ids import StationId, TenantId
from currant.stations.store.tables import credentials


def password_set_at(conn: Connection, tenant_id: TenantId, station_id: StationId) -> datetime | None:
    """Since when the station has the password it has; None when it has none."""
    found = conn.execute(
        select(credentials.c.changed_at).where(
            credentials.c.station_id == station_id, credentials.c.tenant_id == tenant_id
        )
    ).scalar()
    return None if found is None else instant(found)
