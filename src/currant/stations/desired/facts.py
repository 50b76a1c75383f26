"""What declarations look at of stations, as far as the directory knows it."""

from collections.abc import Iterable

from currant.kit.ids import StationId, TenantId
from currant.stations.directory import StationDirectory


def groups_by_station(
    directory: StationDirectory, tenant_id: TenantId, station_ids: Iterable[StationId] | None = None
) -> dict[str, tuple[str, ...]]:
    """The groups of a tenant's stations, or of some of them; those in none are left out."""
    if station_ids is None:
        entries = [entry for entry in directory if entry.tenant_id == tenant_id]
    else:
        entries = [
            entry
            for entry in map(directory.by_id, station_ids)
            if entry is not None and entry.tenant_id == tenant_id
        ]
    return {entry.station_id: entry.groups for entry in entries if entry.groups}
