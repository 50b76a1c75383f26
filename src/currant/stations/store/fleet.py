"""What rows of the fleet are made of: narrow queries that take in a whole network quickly."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, and_, func, select

from currant.kit.clock import instant
from currant.kit.ids import StationId, TenantId
from currant.stations.fleet import ConnectorNow, StationNow
from currant.stations.model import Admission, ConnectorStatus
from currant.stations.store.stations import at
from currant.stations.store.tables import connector_states, connectors, evses, locations, stations


def stations_now(
    conn: Connection, tenant_id: TenantId, *, station_id: StationId | None = None
) -> list[StationNow]:
    """A tenant's stations, or one of them, with what their connectors last reported; without sessions."""
    s, c, e, k = stations.c, connector_states.c, evses.c, connectors.c
    query = select(
        *(s.id, s.identity, s.name, s.location_id, s.vendor, s.model, s.firmware_version, s.ocpp_version),
        *(s.admission, s.connected, s.connected_at, s.disconnected_at, s.last_seen_at, s.created_at),
    ).where(s.tenant_id == tenant_id)
    # An EVSE gives what it says of itself, or what its strongest connector does.
    capacities = (
        select(e.station_id, e.number, func.coalesce(e.max_power_w, func.max(k.max_power_w)))
        .select_from(evses.outerjoin(connectors, and_(k.station_id == e.station_id, k.evse == e.number)))
        .where(e.tenant_id == tenant_id)
        .group_by(e.station_id, e.number, e.max_power_w)
    )
    places = select(k.station_id, k.evse, k.number).where(k.tenant_id == tenant_id)
    states = select(c.station_id, c.evse, c.connector, c.status, c.error, c.since).where(
        c.tenant_id == tenant_id
    )
    if station_id is not None:
        query, states = query.where(s.id == station_id), states.where(c.station_id == station_id)
        places, capacities = (
            places.where(k.station_id == station_id),
            capacities.where(e.station_id == station_id),
        )
    found = {row[0]: _station(row, tenant_id) for row in conn.execute(query)}
    for owner, _, watts in conn.execute(capacities):
        if watts and owner in found:
            found[owner].capacity_w += int(watts)
    for owner, evse, number in conn.execute(places):
        if owner in found:
            found[owner].connectors[evse, number] = ConnectorNow()
    for owner, evse, number, status, error, since in conn.execute(states):
        if owner in found:
            found[owner].connectors[evse, number] = ConnectorNow(
                status=ConnectorStatus(status),
                error=error,
                since=None if since is None else instant(since),
            )
    return list(found.values())


def _station(row: Sequence[Any], tenant_id: TenantId) -> StationNow:
    return StationNow(
        id=row[0],
        tenant_id=tenant_id,
        identity=row[1],
        name=row[2],
        location_id=row[3],
        vendor=row[4],
        model=row[5],
        firmware=row[6],
        version=row[7],
        admission=Admission(row[8]),
        connected=bool(row[9]),
        connected_at=at(row[10]),
        disconnected_at=at(row[11]),
        last_seen_at=at(row[12]),
        created_at=at(row[13]),
    )


PLACE = ("id", "name", "city", "country", "address", "latitude", "longitude", "time_zone")


def places(conn: Connection, tenant_id: TenantId, *, limit: int) -> list[dict[str, Any]]:
    """Locations by name, with what a map shows of them."""
    c = locations.c
    query = select(*(c[name] for name in PLACE)).where(c.tenant_id == tenant_id)
    rows = conn.execute(query.order_by(c.name, c.id).limit(limit))
    return [dict(zip(PLACE, row, strict=True)) for row in rows]
