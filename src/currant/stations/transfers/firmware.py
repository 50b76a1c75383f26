"""Firmware images as operators keep them here: added, described, signed, deleted while nobody fetches them."""

from collections.abc import AsyncIterator, Callable
from typing import Annotated

import msgspec
from sqlalchemy import Connection

from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.clock import Clock
from currant.kit.errors import Conflict, Invalid, NotFound
from currant.kit.ids import FirmwareId, TenantId, new_id
from currant.stations import paging
from currant.stations.model import Page
from currant.stations.transfers import store
from currant.stations.transfers.files import Content, FileLimits, FileService, shown_name
from currant.stations.transfers.model import FirmwareImage, FirmwareImageChanged, SigningState
from currant.stations.transfers.shelf import Shelf
from currant.stations.transfers.signing import check_signature

Word = Annotated[str, msgspec.Meta(max_length=100)]


class FirmwareDraft(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of an image when it is added."""

    version: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    vendor: Word = ""
    models: Annotated[tuple[Word, ...], msgspec.Meta(max_length=50)] = ()
    release_notes: Annotated[str, msgspec.Meta(max_length=20_000)] = ""
    name: Annotated[str, msgspec.Meta(max_length=200)] = ""
    certificate: Annotated[str, msgspec.Meta(max_length=5_500)] = ""
    signature: Annotated[str, msgspec.Meta(max_length=800)] = ""


class FirmwareChange(msgspec.Struct, frozen=True, kw_only=True):
    """What shall be otherwise; what is left out stays. Certificate and signature come together, empty for none."""

    version: Annotated[str, msgspec.Meta(min_length=1, max_length=100)] | None = None
    vendor: Word | None = None
    models: Annotated[tuple[Word, ...], msgspec.Meta(max_length=50)] | None = None
    release_notes: Annotated[str, msgspec.Meta(max_length=20_000)] | None = None
    certificate: Annotated[str, msgspec.Meta(max_length=5_500)] | None = None
    signature: Annotated[str, msgspec.Meta(max_length=800)] | None = None


class FirmwareLibrary:
    """The images of every organisation."""

    def __init__(
        self, database: Database, shelf: Shelf, files: FileService, clock: Clock, limits: FileLimits
    ) -> None:
        self._database = database
        self._shelf = shelf
        self._files = files
        self._clock = clock
        self._limits = limits

    async def add(
        self, tenant_id: TenantId, content: Content, describe: Callable[[], FirmwareDraft], *, by: str
    ) -> FirmwareImage:
        """Keep an image. `describe` is asked for its draft once all has been read.

        Raises Invalid when it is signed wrongly, Conflict when it is here already, and as `FileService.take`.
        """
        firmware_id = FirmwareId(new_id())
        kept = await self._files.take(
            tenant_id, firmware_id, firmware_id, content, most_bytes=self._limits.firmware_bytes
        )
        try:
            draft = describe()
            image = FirmwareImage(
                id=firmware_id,
                tenant_id=tenant_id,
                version=draft.version,
                vendor=draft.vendor,
                models=draft.models,
                release_notes=draft.release_notes,
                name=shown_name(draft.name or content.name) or f"firmware-{draft.version}",
                size=kept.size,
                sha256=kept.sha256,
                md5=kept.md5,
                created_at=self._clock.now(),
                created_by=by,
            )
            image = self._signed(image, draft.certificate, draft.signature)
            await self._database.decide(lambda conn, changes: _add(conn, changes, image, by), tenant_id)
        except BaseException:
            await self._shelf.remove(firmware_id)
            raise
        return image

    async def change(
        self, tenant_id: TenantId, firmware_id: FirmwareId, change: FirmwareChange, *, by: str
    ) -> FirmwareImage:
        now = self._clock.now()

        def decide(conn: Connection, changes: ChangeSet) -> FirmwareImage:
            before = _found(conn, tenant_id, firmware_id)
            given = {
                name: value
                for name in ("version", "vendor", "models", "release_notes")
                if (value := getattr(change, name)) is not None
            }
            after = msgspec.structs.replace(before, **given)
            if change.certificate is not None or change.signature is not None:
                after = self._signed(after, change.certificate or "", change.signature or "")
            if after == before:
                return before
            if after.version != before.version:
                _check_new(conn, after)
            store.save_image(changes, after)
            changes.emit(
                FirmwareImageChanged(
                    tenant_id=tenant_id,
                    happened_at=now,
                    firmware_id=firmware_id,
                    version=after.version,
                    what="changed",
                    by=by,
                )
            )
            return after

        return await self._database.decide(decide, tenant_id)

    async def delete(self, tenant_id: TenantId, firmware_id: FirmwareId, *, by: str) -> None:
        """Raises Conflict while a station is being given it."""
        now = self._clock.now()

        def decide(conn: Connection, changes: ChangeSet) -> None:
            image = _found(conn, tenant_id, firmware_id)
            uses = store.uses_of_image(conn, tenant_id, firmware_id)
            if uses:
                raise Conflict(f"{uses} stations are being given this firmware: wait until they have it.")
            changes.write(store.IMAGE_GONE, (firmware_id, tenant_id))
            changes.emit(
                FirmwareImageChanged(
                    tenant_id=tenant_id,
                    happened_at=now,
                    firmware_id=firmware_id,
                    version=image.version,
                    what="deleted",
                    by=by,
                )
            )

        await self._database.decide(decide, tenant_id)
        await self._shelf.remove(firmware_id)

    async def get(self, tenant_id: TenantId, firmware_id: FirmwareId) -> FirmwareImage:
        return await self._database.read(lambda conn: _found(conn, tenant_id, firmware_id))

    async def list(
        self,
        tenant_id: TenantId,
        *,
        vendor: str | None = None,
        search: str | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[FirmwareImage]:
        """Latest first."""
        limit = paging.bounded(limit)
        before = None if cursor is None else str(paging.decode(cursor, str)[0])
        rows = await self._database.read(
            lambda conn: store.search_images(
                conn, tenant_id, vendor=vendor, search=search, before=before, limit=limit + 1
            )
        )
        return paging.page(rows, limit, lambda image: paging.encode(image.id))

    def read(self, firmware_id: FirmwareId, *, begin: int, end: int) -> AsyncIterator[bytes]:
        return self._shelf.read(firmware_id, begin=begin, end=end)

    def _signed(self, image: FirmwareImage, certificate: str, signature: str) -> FirmwareImage:
        if not certificate and not signature:
            return msgspec.structs.replace(image, signing=SigningState.UNSIGNED, certificate="", signature="")
        if not certificate or not signature:
            raise Invalid("Certificate and signature belong together: give both.", field="signature")
        check_signature(bytes.fromhex(image.sha256), certificate, signature, now=self._clock.now())
        return msgspec.structs.replace(
            image, signing=SigningState.SIGNED, certificate=certificate, signature=signature
        )


def _found(conn: Connection, tenant_id: TenantId, firmware_id: FirmwareId) -> FirmwareImage:
    found = store.image(conn, tenant_id, firmware_id)
    if found is None:
        raise NotFound(f"There is no firmware {firmware_id}.", field="firmware", firmware=firmware_id)
    return found


def _check_new(conn: Connection, image: FirmwareImage) -> None:
    same = store.image_named(conn, image.tenant_id, sha256=image.sha256, version=image.version)
    if same is not None and same.id != image.id:
        raise Conflict(f"This very image is here already, as {same.id}.", firmware=same.id)


def _add(conn: Connection, changes: ChangeSet, image: FirmwareImage, by: str) -> None:
    _check_new(conn, image)
    store.save_image(changes, image)
    changes.emit(
        FirmwareImageChanged(
            tenant_id=image.tenant_id,
            happened_at=image.created_at,
            firmware_id=image.id,
            version=image.version,
            what="added",
            by=by,
        )
    )
