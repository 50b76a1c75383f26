"""Photos of places, and whether places are shown at all: what operators keep for drivers."""

import asyncio
import hashlib

from sqlalchemy import Connection

from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.drivers import places_store as store
from currant.drivers.events import PlaceListingChanged
from currant.kit.clock import Clock, micros
from currant.kit.errors import Conflict, Invalid, NotFound
from currant.kit.ids import LocationId, TenantId, new_id
from currant.kit.pictures import cleaned, kind_of
from currant.stations.inventory import Inventory

PHOTO_BYTES_MAX = 4 * 1024 * 1024
PHOTOS_A_PLACE = 10
TENANT_BYTES_MAX = 2_000_000_000

MEDIA_TYPES = {"jpg": "image/jpeg", "png": "image/png", "webp": "image/webp"}


class Photos:
    """Photos and listings of places."""

    def __init__(self, database: Database, inventory: Inventory, clock: Clock) -> None:
        self._database = database
        self._inventory = inventory
        self._clock = clock

    async def names(self, tenant_id: TenantId, location_id: LocationId) -> tuple[str, ...]:
        """The photos of a location, in their order; NotFound where there is no such location."""
        await self._inventory.get_location(tenant_id, location_id)
        rows = await self._database.read(lambda conn: store.photo_rows(conn, tenant_id, location_id))
        return tuple(name for _, name, _ in rows)

    async def add(
        self, tenant_id: TenantId, location_id: LocationId, content: bytes, *, by: str
    ) -> tuple[str, ...]:
        """Show a photo of a location, behind those it has."""
        if not kind_of(content) or len(content) > PHOTO_BYTES_MAX:
            raise Invalid("A photo is a JPEG, PNG or WebP picture of at most 4 MB.", field="body")
        await self._inventory.get_location(tenant_id, location_id)
        # Everybody may see it: where and with what it was taken is not theirs to know.
        clean = await asyncio.to_thread(cleaned, content)
        content, now = clean.content, self._clock.now()
        name = f"{hashlib.sha256(content).hexdigest()[:40]}.{clean.ending}"

        def add(conn: Connection, changes: ChangeSet) -> tuple[str, ...]:
            known = store.photo_rows(conn, tenant_id, location_id)
            names = tuple(each for _, each, _ in known)
            if name in names:
                return names
            if len(known) >= PHOTOS_A_PLACE:
                raise Conflict(f"A location has at most {PHOTOS_A_PLACE} photos: remove one first.")
            if store.bytes_of_photos(conn, tenant_id) + len(content) > TENANT_BYTES_MAX:
                raise Conflict("All photos together take too much room: remove some first.")
            changes.write(store.INSERT_FILE, (tenant_id, name, content))
            changes.write(
                store.INSERT_PHOTO,
                (new_id(), tenant_id, location_id, name, len(content), micros(now), by[:200]),
            )
            self._tell(conn, changes, tenant_id, location_id, by)
            return (*names, name)

        return await self._database.decide(add, tenant_id)

    async def remove(
        self, tenant_id: TenantId, location_id: LocationId, number: int, *, by: str
    ) -> tuple[str, ...]:
        """Show the photo of this number (from 1) no more."""

        def remove(conn: Connection, changes: ChangeSet) -> tuple[str, ...]:
            known = list(store.photo_rows(conn, tenant_id, location_id))
            if not 1 <= number <= len(known):
                raise NotFound("There is no such photo.", field="number")
            photo_id, name, _ = known.pop(number - 1)
            changes.write(store.DELETE_PHOTO, (tenant_id, photo_id))
            if store.uses_of(conn, tenant_id, name) <= 1:
                changes.write(store.DELETE_FILE, (tenant_id, name))
            self._tell(conn, changes, tenant_id, location_id, by)
            return tuple(each for _, each, _ in known)

        return await self._database.decide(remove, tenant_id)

    async def is_listed(self, tenant_id: TenantId, location_id: LocationId) -> bool:
        """Whether drivers are shown a location."""
        await self._inventory.get_location(tenant_id, location_id)
        hidden = await self._database.read(lambda conn: store.unlisted(conn, tenant_id, location_id))
        return location_id not in hidden

    async def set_listed(
        self, tenant_id: TenantId, location_id: LocationId, *, listed: bool, by: str
    ) -> None:
        """Show drivers a location, or let it be there for nobody but its operator."""
        await self._inventory.get_location(tenant_id, location_id)
        now = self._clock.now()
        changes = ChangeSet(tenant_id)
        changes.write(store.SET_LISTING, (tenant_id, location_id, listed))
        changes.emit(
            PlaceListingChanged(
                tenant_id=tenant_id,
                happened_at=now,
                location_id=location_id,
                listed=listed,
                fields=("listed",),
                by=by,
            )
        )
        await self._database.commit(changes)

    async def content(self, tenant_id: TenantId, name: str) -> tuple[bytes, str]:
        """(the photo, its media type); NotFound for any name but those of photos that are shown."""
        media_type = MEDIA_TYPES.get(name.rpartition(".")[2])
        found = None
        if media_type is not None and len(name) <= 60:
            found = await self._database.read(lambda conn: store.content(conn, tenant_id, name))
        if found is None or media_type is None:
            raise NotFound("There is no such photo.")
        return found, media_type

    def _tell(
        self, conn: Connection, changes: ChangeSet, tenant_id: TenantId, location_id: LocationId, by: str
    ) -> None:
        listed = location_id not in store.unlisted(conn, tenant_id, location_id)
        changes.emit(
            PlaceListingChanged(
                tenant_id=tenant_id,
                happened_at=self._clock.now(),
                location_id=location_id,
                listed=listed,
                fields=("photos",),
                by=by,
            )
        )
