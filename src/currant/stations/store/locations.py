"""Locations: rows to values, values to rows, queries."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, and_, exists, or_, select

from currant.db.commits import ChangeSet, Write
from currant.kit.clock import micros
from currant.kit.ids import LocationId, TenantId
from currant.stations.model import Location, OpeningPeriod
from currant.stations.store import tables
from currant.stations.store.tables import locations, stations

_hours = msgspec.json.Decoder(tuple[OpeningPeriod, ...])
_words = msgspec.json.Decoder(tuple[str, ...])


def insert(changes: ChangeSet, location: Location, *, now: datetime) -> None:
    _write(changes, tables.INSERT_LOCATION, location, now)


def save(changes: ChangeSet, location: Location, *, now: datetime) -> None:
    _write(changes, tables.UPSERT_LOCATION, location, now)


def delete(changes: ChangeSet, tenant_id: TenantId, location_id: LocationId) -> None:
    changes.write(tables.DELETE_LOCATION, (location_id, tenant_id))


def _write(changes: ChangeSet, write: Write, location: Location, now: datetime) -> None:
    changes.write(
        write,
        (
            location.id,
            location.tenant_id,
            location.name,
            location.address,
            location.city,
            location.postal_code,
            location.country,
            location.latitude,
            location.longitude,
            location.time_zone,
            msgspec.json.encode(location.opening_hours).decode(),
            msgspec.json.encode(location.facilities).decode(),
            location.reference or None,
            micros(now),
            micros(now),
        ),
    )


def by_id(conn: Connection, tenant_id: TenantId, location_id: LocationId) -> Location | None:
    c = locations.c
    row = conn.execute(select(locations).where(c.tenant_id == tenant_id, c.id == location_id)).one_or_none()
    return None if row is None else _location(row)


def by_references(conn: Connection, tenant_id: TenantId, references: Sequence[str]) -> dict[str, Location]:
    """Those of `references` (a few hundred at most) that the tenant has."""
    c = locations.c
    rows = conn.execute(select(locations).where(c.tenant_id == tenant_id, c.reference.in_(references)))
    return {row.reference: _location(row) for row in rows}


def search(
    conn: Connection,
    tenant_id: TenantId,
    *,
    text: str | None,
    country: str | None,
    after: tuple[str, str] | None,
    limit: int,
) -> list[Location]:
    """By name; `after` is (name, id) of the last one seen."""
    c = locations.c
    query = select(locations).where(c.tenant_id == tenant_id)
    if country is not None:
        query = query.where(c.country == country)
    if text:
        columns = (c.name, c.address, c.city, c.postal_code, c.reference)
        query = query.where(or_(*(column.icontains(text, autoescape=True) for column in columns)))
    if after is not None:
        query = query.where(or_(c.name > after[0], and_(c.name == after[0], c.id > after[1])))
    return [_location(row) for row in conn.execute(query.order_by(c.name, c.id).limit(limit))]


def has_stations(conn: Connection, tenant_id: TenantId, location_id: LocationId) -> bool:
    s = stations.c
    return conn.execute(
        select(exists().where(s.tenant_id == tenant_id, s.location_id == location_id))
    ).scalar_one()


def _location(row: Row[Any]) -> Location:
    return Location(
        id=row.id,
        tenant_id=row.tenant_id,
        name=row.name,
        address=row.address,
        city=row.city,
        postal_code=row.postal_code,
        country=row.country,
        latitude=row.latitude,
        longitude=row.longitude,
        time_zone=row.time_zone,
        opening_hours=_hours.decode(row.opening_hours),
        facilities=_words.decode(row.facilities),
        reference=row.reference or "",
    )
