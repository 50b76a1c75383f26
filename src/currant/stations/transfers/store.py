"""The tables of transfers, files and firmware images, and every query over them; imported by this package alone."""

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Table,
    Text,
    UniqueConstraint,
    bindparam,
    func,
    or_,
    select,
)
from sqlalchemy.engine import Row

from currant.db.commits import ChangeSet, delete_from, upsert
from currant.db.queries import Query
from currant.db.tables import metadata
from currant.kit.clock import instant, micros
from currant.kit.ids import BatchId, FileId, FirmwareId, StationId, TenantId, TransferId
from currant.stations.transfers.model import (
    FAMILIES,
    UNDER_WAY,
    Family,
    FirmwareImage,
    SigningState,
    Step,
    StoredFile,
    Transfer,
    TransferKind,
    TransferStatus,
)


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


def _time(name: str, *, nullable: bool = True) -> Column[int]:
    return Column(name, BigInteger, nullable=nullable)


transfers = Table(
    "transfers",
    metadata,
    Column("id", Text, primary_key=True),
    _text("tenant_id"),
    _text("station_id"),
    _text("kind"),
    Column("request_id", BigInteger, nullable=False),
    _text("status"),
    _text("reason"),
    _text("asked_by"),
    _time("asked_at", nullable=False),
    _time("heard_at", nullable=False),
    _time("ended_at"),
    _text("url"),
    Column("command_id", Text),
    Column("batch_id", Text),
    _time("oldest"),
    _time("latest"),
    _text("file_name"),
    Column("file_id", Text),
    Column("firmware_id", Text),
    _text("version"),
    _text("version_before"),
    _text("version_after"),
    _time("retrieve_at"),
    _time("install_at"),
    _time("fetched_at"),
    _text("checksum"),
    _text("locations"),
    _text("steps"),
    Index(None, "station_id", "id"),
    Index(None, "tenant_id", "id"),
    Index(None, "status", "heard_at"),
    Index(None, "firmware_id", "status"),
    Index(None, "batch_id"),
)

files = Table(
    "files",
    metadata,
    Column("id", Text, primary_key=True),
    _text("tenant_id"),
    _text("station_id"),
    _text("transfer_id"),
    _text("kind"),
    _text("name"),
    _text("media_type"),
    Column("size", BigInteger, nullable=False),
    _text("sha256"),
    _time("created_at", nullable=False),
    Index(None, "tenant_id", "id"),
    Index(None, "station_id", "id"),
    Index(None, "created_at"),
)

images = Table(
    "firmware_images",
    metadata,
    Column("id", Text, primary_key=True),
    _text("tenant_id"),
    _text("version"),
    _text("vendor"),
    _text("models"),
    _text("release_notes"),
    _text("name"),
    Column("size", BigInteger, nullable=False),
    _text("sha256"),
    _text("md5"),
    _text("signing"),
    _text("certificate"),
    _text("signature"),
    _time("created_at", nullable=False),
    _text("created_by"),
    UniqueConstraint("tenant_id", "sha256", "version"),
)

TRANSFER = upsert(transfers, key=("id",))
FILE = upsert(files, key=("id",))
IMAGE = upsert(images, key=("id",))
FILE_GONE = delete_from(files, where=("id", "tenant_id"))
IMAGE_GONE = delete_from(images, where=("id", "tenant_id"))


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _micros(at: datetime | None) -> int | None:
    return None if at is None else micros(at)


def _instant(stored: int | None) -> datetime | None:
    return None if stored is None else instant(stored)


def save(changes: ChangeSet, transfer: Transfer) -> None:
    changes.write(
        TRANSFER,
        (
            transfer.id,
            transfer.tenant_id,
            transfer.station_id,
            transfer.kind.value,
            transfer.request_id,
            transfer.status.value,
            transfer.reason,
            transfer.asked_by,
            micros(transfer.asked_at),
            micros(transfer.heard_at),
            _micros(transfer.ended_at),
            transfer.url,
            transfer.command_id,
            transfer.batch_id,
            _micros(transfer.oldest),
            _micros(transfer.latest),
            transfer.file_name,
            transfer.file_id,
            transfer.firmware_id,
            transfer.version,
            transfer.version_before,
            transfer.version_after,
            _micros(transfer.retrieve_at),
            _micros(transfer.install_at),
            _micros(transfer.fetched_at),
            transfer.checksum,
            _json(transfer.locations),
            _json(transfer.steps),
        ),
    )


def _transfer(row: Row[Any]) -> Transfer:
    return Transfer(
        id=TransferId(row.id),
        tenant_id=TenantId(row.tenant_id),
        station_id=StationId(row.station_id),
        kind=TransferKind(row.kind),
        request_id=row.request_id,
        status=TransferStatus(row.status),
        reason=row.reason,
        asked_by=row.asked_by,
        asked_at=instant(row.asked_at),
        heard_at=instant(row.heard_at),
        ended_at=_instant(row.ended_at),
        url=row.url,
        command_id=row.command_id,
        batch_id=row.batch_id,
        oldest=_instant(row.oldest),
        latest=_instant(row.latest),
        file_name=row.file_name,
        file_id=row.file_id,
        firmware_id=row.firmware_id,
        version=row.version,
        version_before=row.version_before,
        version_after=row.version_after,
        retrieve_at=_instant(row.retrieve_at),
        install_at=_instant(row.install_at),
        fetched_at=_instant(row.fetched_at),
        checksum=row.checksum,
        locations=msgspec.json.decode(row.locations, type=tuple[str, ...]),
        steps=msgspec.json.decode(row.steps, type=tuple[Step, ...]),
    )


def transfer(conn: Connection, tenant_id: TenantId, transfer_id: TransferId) -> Transfer | None:
    query = select(transfers).where(transfers.c.id == transfer_id, transfers.c.tenant_id == tenant_id)
    row = conn.execute(query).first()
    return None if row is None else _transfer(row)


def transfer_of_link(conn: Connection, transfer_id: TransferId) -> Transfer | None:
    """The transfer that a signed link is for: the link says no more than its id, and whose it is stands here."""
    row = conn.execute(select(transfers).where(transfers.c.id == transfer_id)).first()
    return None if row is None else _transfer(row)


def of_request(
    conn: Connection, tenant_id: TenantId, station_id: StationId, request_id: int
) -> Transfer | None:
    """A station's latest transfer of this number."""
    c = transfers.c
    query = (
        select(transfers)
        .where(c.station_id == station_id, c.tenant_id == tenant_id, c.request_id == request_id)
        .order_by(c.id.desc())
        .limit(1)
    )
    row = conn.execute(query).first()
    return None if row is None else _transfer(row)


def latest(
    conn: Connection, tenant_id: TenantId, station_id: StationId, family: Family, *, limit: int
) -> list[Transfer]:
    """A station's transfers of a family, latest first."""
    query = (
        select(transfers)
        .where(
            transfers.c.station_id == station_id,
            transfers.c.tenant_id == tenant_id,
            transfers.c.kind.in_(sorted(kind.value for kind in FAMILIES[family])),
        )
        .order_by(transfers.c.id.desc())
        .limit(limit)
    )
    return [_transfer(row) for row in conn.execute(query)]


# Every start of a station asks this: prepared.
_ANY_OF_KIND = Query(
    select(transfers.c.id)
    .where(
        transfers.c.tenant_id == bindparam("tenant"),
        transfers.c.station_id == bindparam("station"),
        transfers.c.kind == bindparam("kind"),
    )
    .limit(1),
    "tenant",
    "station",
    "kind",
)


def has_any(conn: Connection, tenant_id: TenantId, station_id: StationId, kind: TransferKind) -> bool:
    """Whether a station was ever given such a transfer."""
    return _ANY_OF_KIND.first(conn, tenant_id, station_id, kind.value) is not None


def search_transfers(
    conn: Connection,
    tenant_id: TenantId,
    *,
    station_id: StationId | None,
    kind: TransferKind | None,
    status: TransferStatus | None,
    firmware_id: FirmwareId | None,
    batch_id: BatchId | None = None,
    before: str | None,
    limit: int,
) -> list[Transfer]:
    c = transfers.c
    query = select(transfers).where(c.tenant_id == tenant_id)
    if station_id is not None:
        query = query.where(c.station_id == station_id)
    if kind is not None:
        query = query.where(c.kind == kind.value)
    if status is not None:
        query = query.where(c.status == status.value)
    else:
        query = query.where(c.status != TransferStatus.PLANNED.value)
    if firmware_id is not None:
        query = query.where(c.firmware_id == firmware_id)
    if batch_id is not None:
        query = query.where(c.batch_id == batch_id)
    if before is not None:
        query = query.where(c.id < before)
    return [_transfer(row) for row in conn.execute(query.order_by(c.id.desc()).limit(limit))]


def quiet(conn: Connection, *, heard_before: datetime, limit: int) -> list[Transfer]:
    """Transfers under way of which nothing was heard since then, the quietest first."""
    c = transfers.c
    query = (
        select(transfers)
        .where(c.status.in_(sorted(status.value for status in UNDER_WAY)), c.heard_at < micros(heard_before))
        .order_by(c.heard_at)
        .limit(limit)
    )
    return [_transfer(row) for row in conn.execute(query)]


def uses_of_image(conn: Connection, tenant_id: TenantId, firmware_id: FirmwareId) -> int:
    """How many transfers of an image are under way, or wait for their stations."""
    c = transfers.c
    query = select(func.count()).where(
        c.tenant_id == tenant_id,
        c.firmware_id == firmware_id,
        c.status.in_(sorted(status.value for status in UNDER_WAY | {TransferStatus.WAITING})),
    )
    return int(conn.execute(query).scalar_one())


def save_file(changes: ChangeSet, file: StoredFile) -> None:
    changes.write(
        FILE,
        (
            file.id,
            file.tenant_id,
            file.station_id,
            file.transfer_id,
            file.kind.value,
            file.name,
            file.media_type,
            file.size,
            file.sha256,
            micros(file.created_at),
        ),
    )


def _file(row: Row[Any]) -> StoredFile:
    return StoredFile(
        id=FileId(row.id),
        tenant_id=TenantId(row.tenant_id),
        station_id=StationId(row.station_id),
        transfer_id=TransferId(row.transfer_id),
        kind=TransferKind(row.kind),
        name=row.name,
        media_type=row.media_type,
        size=row.size,
        sha256=row.sha256,
        created_at=instant(row.created_at),
    )


def file(conn: Connection, tenant_id: TenantId, file_id: FileId) -> StoredFile | None:
    row = conn.execute(select(files).where(files.c.id == file_id, files.c.tenant_id == tenant_id)).first()
    return None if row is None else _file(row)


def search_files(
    conn: Connection,
    tenant_id: TenantId,
    *,
    station_id: StationId | None,
    before: str | None,
    limit: int,
) -> list[StoredFile]:
    """Latest first."""
    query = select(files).where(files.c.tenant_id == tenant_id)
    if station_id is not None:
        query = query.where(files.c.station_id == station_id)
    if before is not None:
        query = query.where(files.c.id < before)
    return [_file(row) for row in conn.execute(query.order_by(files.c.id.desc()).limit(limit))]


def old_files(conn: Connection, *, created_before: datetime, limit: int) -> list[StoredFile]:
    query = (
        select(files)
        .where(files.c.created_at < micros(created_before))
        .order_by(files.c.created_at)
        .limit(limit)
    )
    return [_file(row) for row in conn.execute(query)]


def bytes_of(conn: Connection, tenant_id: TenantId) -> int:
    """What a tenant's files and images take together."""
    sums = [
        conn.execute(select(func.sum(table.c.size)).where(table.c.tenant_id == tenant_id)).scalar_one()
        for table in (files, images)
    ]
    return sum(int(each or 0) for each in sums)


def known_among(conn: Connection, ids: list[str]) -> set[str]:
    """Which of these are ids of files or images of anybody's."""
    found: set[str] = set()
    for table in (files, images):
        found |= set(conn.execute(select(table.c.id).where(table.c.id.in_(ids))).scalars())
    return found


def save_image(changes: ChangeSet, image: FirmwareImage) -> None:
    changes.write(
        IMAGE,
        (
            image.id,
            image.tenant_id,
            image.version,
            image.vendor,
            _json(image.models),
            image.release_notes,
            image.name,
            image.size,
            image.sha256,
            image.md5,
            image.signing.value,
            image.certificate,
            image.signature,
            micros(image.created_at),
            image.created_by,
        ),
    )


def _image(row: Row[Any]) -> FirmwareImage:
    return FirmwareImage(
        id=FirmwareId(row.id),
        tenant_id=TenantId(row.tenant_id),
        version=row.version,
        vendor=row.vendor,
        models=msgspec.json.decode(row.models, type=tuple[str, ...]),
        release_notes=row.release_notes,
        name=row.name,
        size=row.size,
        sha256=row.sha256,
        md5=row.md5,
        signing=SigningState(row.signing),
        certificate=row.certificate,
        signature=row.signature,
        created_at=instant(row.created_at),
        created_by=row.created_by,
    )


def image(conn: Connection, tenant_id: TenantId, firmware_id: FirmwareId) -> FirmwareImage | None:
    query = select(images).where(images.c.id == firmware_id, images.c.tenant_id == tenant_id)
    row = conn.execute(query).first()
    return None if row is None else _image(row)


def image_named(conn: Connection, tenant_id: TenantId, *, sha256: str, version: str) -> FirmwareImage | None:
    """The image with this content under this version."""
    query = select(images).where(
        images.c.tenant_id == tenant_id, images.c.sha256 == sha256, images.c.version == version
    )
    row = conn.execute(query).first()
    return None if row is None else _image(row)


def search_images(
    conn: Connection,
    tenant_id: TenantId,
    *,
    vendor: str | None,
    search: str | None,
    before: str | None,
    limit: int,
) -> list[FirmwareImage]:
    """Latest first."""
    c = images.c
    query = select(images).where(c.tenant_id == tenant_id)
    if vendor is not None:
        query = query.where(c.vendor == vendor)
    if search is not None:
        query = query.where(
            or_(*(each.icontains(search, autoescape=True) for each in (c.version, c.name, c.release_notes)))
        )
    if before is not None:
        query = query.where(c.id < before)
    return [_image(row) for row in conn.execute(query.order_by(c.id.desc()).limit(limit))]
