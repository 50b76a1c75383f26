"""What operators add to places for drivers: whether they are shown at all, and photos of them."""

from collections.abc import Sequence

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Index,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    func,
    select,
)

from currant.db.commits import delete_from, insert_into, upsert
from currant.db.tables import metadata
from currant.kit.ids import LocationId, TenantId

place_listings = Table(
    "place_listings",
    metadata,
    Column("tenant_id", Text, primary_key=True),
    Column("location_id", Text, primary_key=True),
    Column("listed", Boolean, nullable=False),
)

place_photos = Table(
    "place_photos",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("location_id", Text, nullable=False),
    # `<sha256>.<ext>`: what the photo is called in addresses.
    Column("name", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("added_at", BigInteger, nullable=False),
    Column("added_by", Text, nullable=False),
    UniqueConstraint("tenant_id", "location_id", "name"),
    Index("ix_place_photos_name", "tenant_id", "name"),
)

photo_files = Table(
    "photo_files",
    metadata,
    Column("tenant_id", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("content", LargeBinary, nullable=False),
)

SET_LISTING = upsert(place_listings, key=("tenant_id", "location_id"))
INSERT_PHOTO = insert_into(place_photos)
DELETE_PHOTO = delete_from(place_photos, where=("tenant_id", "id"))
INSERT_FILE = insert_into(photo_files, ignore_duplicates=True)
DELETE_FILE = delete_from(photo_files, where=("tenant_id", "name"))


def unlisted(
    conn: Connection, tenant_id: TenantId, location_id: LocationId | None = None
) -> frozenset[LocationId]:
    """The locations that drivers are not shown: all of them, or the one if it is."""
    query = select(place_listings.c.location_id).where(
        place_listings.c.tenant_id == tenant_id, place_listings.c.listed.is_(False)
    )
    if location_id is not None:
        query = query.where(place_listings.c.location_id == location_id)
    return frozenset(row.location_id for row in conn.execute(query))


def photos(
    conn: Connection, tenant_id: TenantId, location_id: LocationId | None = None
) -> dict[LocationId, tuple[str, ...]]:
    """The names of the photos of places, the oldest first."""
    query = select(place_photos.c.location_id, place_photos.c.name).where(
        place_photos.c.tenant_id == tenant_id
    )
    if location_id is not None:
        query = query.where(place_photos.c.location_id == location_id)
    found: dict[LocationId, tuple[str, ...]] = {}
    for row in conn.execute(query.order_by(place_photos.c.id)):
        found[row.location_id] = (*found.get(row.location_id, ()), row.name)
    return found


def photo_rows(
    conn: Connection, tenant_id: TenantId, location_id: LocationId
) -> Sequence[tuple[str, str, int]]:
    """(id, name, bytes) of a place's photos, the oldest first."""
    rows = conn.execute(
        select(place_photos.c.id, place_photos.c.name, place_photos.c.size)
        .where(place_photos.c.tenant_id == tenant_id, place_photos.c.location_id == location_id)
        .order_by(place_photos.c.id)
    )
    return [(row.id, row.name, row.size) for row in rows]


def bytes_of_photos(conn: Connection, tenant_id: TenantId) -> int:
    """How much the tenant's photos take."""
    total = conn.execute(
        select(func.coalesce(func.sum(place_photos.c.size), 0)).where(place_photos.c.tenant_id == tenant_id)
    ).scalar_one()
    return int(total)


def uses_of(conn: Connection, tenant_id: TenantId, name: str) -> int:
    """At how many places a photo is shown."""
    found = conn.execute(
        select(func.count()).where(place_photos.c.tenant_id == tenant_id, place_photos.c.name == name)
    )
    return int(found.scalar_one())


def content(conn: Connection, tenant_id: TenantId, name: str) -> bytes | None:
    """A photo that is shown somewhere; None for any other name."""
    row = conn.execute(
        select(photo_files.c.content).where(photo_files.c.tenant_id == tenant_id, photo_files.c.name == name)
    ).first()
    return None if row is None else bytes(row.content)
