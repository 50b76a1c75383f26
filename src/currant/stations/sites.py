"""Where stations stand, as rules about time and taxes need it: the zone and place of a location."""

import msgspec
from sqlalchemy import Connection, bindparam, select

from currant.db.queries import Query
from currant.kit.ids import LocationId, TenantId
from currant.stations.store.tables import locations


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """`time_zone` is an IANA name, `country` ISO 3166-1 alpha-2 or empty."""

    time_zone: str = "UTC"
    country: str = ""
    city: str = ""
    postal_code: str = ""


NOWHERE = Site()
_c = locations.c
_SITE = Query(
    select(_c.time_zone, _c.country, _c.city, _c.postal_code).where(
        _c.id == bindparam("location"), _c.tenant_id == bindparam("tenant")
    ),
    "location",
    "tenant",
)


def site_of(conn: Connection, tenant_id: TenantId, location_id: LocationId | None) -> Site:
    """The site of a location; that of a station without one is in UTC."""
    row = None if location_id is None else _SITE.first(conn, location_id, tenant_id)
    if row is None:
        return NOWHERE
    return Site(time_zone=row.time_zone, country=row.country, city=row.city, postal_code=row.postal_code)
