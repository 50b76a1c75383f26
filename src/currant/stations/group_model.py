"""The value of a station group; what is done with groups is in groups.py."""

from datetime import datetime

import msgspec

from currant.kit.ids import StationGroupId, TenantId


class StationGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Stations that are to be treated alike, whatever their make or place. Its name is unique in the tenant."""

    id: StationGroupId
    tenant_id: TenantId
    name: str
    description: str = ""
    stations: int = 0
    """How many are in it."""
    created_at: datetime | None = None
    updated_at: datetime | None = None
