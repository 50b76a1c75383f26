"""Transfers: stations asked for logs, given firmware, and how far that has come."""

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Response, Router, get, post
from litestar.params import FromPath, FromQuery, JSONBody

from currant.api.authentication import ApiRequest
from currant.api.idempotent import once
from currant.api.paging import Cursor, Limit
from currant.api.routes.batches import ManyStations, check_meant, stations_meant, terms_of
from currant.api.routes.commands import Deadline, NotBefore, QueueUntil
from currant.api.routes.common import Body, caller_of, services_of, tenant_of
from currant.api.routes.parameters import Station, Word, check_times, station_id_of
from currant.kit.errors import Invalid
from currant.kit.ids import BatchId, FirmwareId, StationId, TransferId
from currant.stations.commanding.base import Retrying
from currant.stations.commanding.transfers import FirmwareSigning, LogKind
from currant.stations.model import CommandBatch, CommandRecord, Page
from currant.stations.transfers.making import FirmwareWanted, LogWanted
from currant.stations.transfers.model import Transfer, TransferKind, TransferStatus
from currant.stations.transfers.service import TransferService, When
from currant.tenancy.model import Permission

Url = Annotated[str, msgspec.Meta(max_length=2_000)]


class LogRequest(Body, frozen=True, kw_only=True):
    """Which log, about what time. It comes over Currant's own link, or to `url` (http, https, ftp, ftps, sftp)."""

    kind: LogKind = LogKind.DIAGNOSTICS
    oldest: datetime | None = None
    latest: datetime | None = None
    url: Url | None = None
    retrying: Retrying | None = None
    security_extension: bool = True
    """False: ask for diagnostics in OCPP 1.6's first words (GetDiagnostics), not those of its security extension."""


class FirmwareRequest(Body, frozen=True, kw_only=True):
    """An image that is kept here (`firmware_id`), or one at `url`, which should say its `version` too.

    Without `retrieve_at` the station fetches it at once, without `install_at` it installs it as soon as it can.
    """

    firmware_id: FirmwareId | None = None
    url: Url | None = None
    version: Annotated[str, msgspec.Meta(max_length=100)] = ""
    retrieve_at: datetime | None = None
    install_at: datetime | None = None
    signing: FirmwareSigning | None = None
    """Of an image at `url`; one that is kept here brings its own."""
    signed: bool = True
    """False: do not send the image's signature, for stations that know only unsigned firmware."""
    retrying: Retrying | None = None


class PublishRequest(Body, frozen=True, kw_only=True):
    """An image that is kept here (`firmware_id`), or one at `url`, with its MD5 in `checksum`."""

    firmware_id: FirmwareId | None = None
    url: Url | None = None
    checksum: Annotated[str, msgspec.Meta(max_length=32)] = ""
    retrying: Retrying | None = None


class UnpublishRequest(Body, frozen=True, kw_only=True):
    """The MD5 of what was published."""

    checksum: Annotated[str, msgspec.Meta(max_length=32)]


def transfers_of(request: ApiRequest) -> TransferService:
    transfers = services_of(request).transfers
    assert transfers is not None, "Where transfers have routes they have a service."
    return transfers


def _when(queue_until: datetime | None, not_before: datetime | None) -> When:
    check_times(queue_until=queue_until, not_before=not_before)
    return When(queue_until=queue_until, not_before=not_before)


def _log_of(data: LogRequest) -> LogWanted:
    return LogWanted(
        oldest=data.oldest,
        latest=data.latest,
        url=data.url,
        retrying=data.retrying,
        security_extension=data.security_extension,
    )


def _firmware_of(data: FirmwareRequest) -> FirmwareWanted:
    return FirmwareWanted(
        firmware_id=data.firmware_id,
        url=data.url,
        version=data.version,
        retrieve_at=data.retrieve_at,
        install_at=data.install_at,
        signing=data.signing,
        signed=data.signed,
        retrying=data.retrying,
    )


@post(
    "/stations/{station:str}/logs",
    status_code=200,
    opt={"permission": Permission.COMMANDS_GIVE, "idempotent": True},
)
async def request_log(
    request: ApiRequest,
    station: FromPath[str],
    data: JSONBody[LogRequest],
    deadline_s: Deadline = None,
    queue_until: QueueUntil = None,
    not_before: NotBefore = None,
) -> Response[Transfer]:
    """Ask a station for a log. The answer is the transfer as it stands when the station has answered.

    With `queue_until` or `not_before` it may be `waiting`: its command (`command_id`) is queued, and can be cancelled.
    """
    when = _when(queue_until, not_before)
    return await once(
        request,
        lambda: transfers_of(request).request_log(
            tenant_of(request),
            station,
            data.kind,
            by=caller_of(request).label,
            deadline_s=deadline_s,
            when=when,
            **_log_of(data),
        ),
    )


@post(
    "/stations/{station:str}/firmware",
    status_code=200,
    opt={"permission": Permission.COMMANDS_GIVE, "idempotent": True},
)
async def update_firmware(
    request: ApiRequest,
    station: FromPath[str],
    data: JSONBody[FirmwareRequest],
    deadline_s: Deadline = None,
    queue_until: QueueUntil = None,
    not_before: NotBefore = None,
) -> Response[Transfer]:
    """Have a station install firmware. It is done when the station says so, or has started with the new version.

    With `queue_until` or `not_before` it may be `waiting`, as a log may.
    """
    when = _when(queue_until, not_before)
    return await once(
        request,
        lambda: transfers_of(request).update_firmware(
            tenant_of(request),
            station,
            by=caller_of(request).label,
            deadline_s=deadline_s,
            when=when,
            **_firmware_of(data),
        ),
    )


@post(
    "/stations/{station:str}/published-firmware",
    status_code=200,
    opt={"permission": Permission.COMMANDS_GIVE, "idempotent": True},
)
async def publish_firmware(
    request: ApiRequest,
    station: FromPath[str],
    data: JSONBody[PublishRequest],
    deadline_s: Deadline = None,
    queue_until: QueueUntil = None,
    not_before: NotBefore = None,
) -> Response[Transfer]:
    """Have a local controller offer firmware to the stations behind it (OCPP 2.x)."""
    when = _when(queue_until, not_before)
    return await once(
        request,
        lambda: transfers_of(request).publish_firmware(
            tenant_of(request),
            station,
            by=caller_of(request).label,
            firmware_id=data.firmware_id,
            url=data.url,
            checksum=data.checksum,
            retrying=data.retrying,
            deadline_s=deadline_s,
            when=when,
        ),
    )


@post(
    "/stations/{station:str}/unpublish-firmware",
    status_code=200,
    opt={"permission": Permission.COMMANDS_GIVE, "idempotent": True},
)
async def unpublish_firmware(
    request: ApiRequest,
    station: FromPath[str],
    data: JSONBody[UnpublishRequest],
    deadline_s: Deadline = None,
) -> Response[CommandRecord]:
    """Have a local controller offer firmware no longer."""
    return await once(
        request,
        lambda: transfers_of(request).unpublish_firmware(
            tenant_of(request),
            station,
            checksum=data.checksum,
            by=caller_of(request).label,
            deadline_s=deadline_s,
        ),
    )


class ManyTransfers(ManyStations, frozen=True, kw_only=True):
    """What to ask for, a `log` or `firmware`, and whom: `stations` (ids or identities) or `which`."""

    log: LogRequest | None = None
    firmware: FirmwareRequest | None = None


@post("/transfers/batch", opt={"permission": Permission.COMMANDS_GIVE, "idempotent": True})
async def ask_many(request: ApiRequest, data: JSONBody[ManyTransfers]) -> Response[CommandBatch]:
    """Ask many stations for a log, or have them install firmware.

    Answered once every station's transfer is kept: `GET /transfers?batch=` tells of them. Their commands are a batch
    as others are, which can be paused and cancelled (`/command-batches/{id}`).
    """
    check_meant(data)
    if (data.log is None) == (data.firmware is None):
        raise Invalid("Ask for a log or for firmware: one of the two.", field="log")

    async def ask() -> CommandBatch:
        tenant_id, told, terms = (
            tenant_of(request),
            await stations_meant(request, data),
            terms_of(request, data),
        )
        if data.log is not None:
            return await transfers_of(request).request_logs(
                tenant_id, told, data.log.kind, terms, **_log_of(data.log)
            )
        assert data.firmware is not None
        return await transfers_of(request).update_many(tenant_id, told, terms, **_firmware_of(data.firmware))

    return await once(request, ask)


@get("/stations/{station:str}/transfers", opt={"permission": Permission.COMMANDS_READ})
async def list_transfers_of_station(
    request: ApiRequest,
    station: FromPath[str],
    kind: FromQuery[TransferKind | None] = None,
    status: FromQuery[TransferStatus | None] = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[Transfer]:
    """A station's transfers, latest first."""
    return await _list(request, station_id_of(request, station), kind, status, None, None, cursor, limit)


@get("/transfers", opt={"permission": Permission.COMMANDS_READ})
async def list_transfers(
    request: ApiRequest,
    station: Station = None,
    kind: FromQuery[TransferKind | None] = None,
    status: FromQuery[TransferStatus | None] = None,
    firmware_id: Word = None,
    batch: Word = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[Transfer]:
    """Transfers, latest first; `firmware_id` for those of one image, `batch` for those asked for together."""
    station_id = None if station is None else station_id_of(request, station)
    return await _list(request, station_id, kind, status, firmware_id, batch, cursor, limit)


@get("/transfers/{transfer_id:str}", opt={"permission": Permission.COMMANDS_READ})
async def get_transfer(request: ApiRequest, transfer_id: FromPath[str]) -> Transfer:
    """One transfer with its time line."""
    return await transfers_of(request).get(tenant_of(request), TransferId(transfer_id))


async def _list(
    request: ApiRequest,
    station_id: StationId | None,
    kind: TransferKind | None,
    status: TransferStatus | None,
    firmware_id: str | None,
    batch: str | None,
    cursor: str | None,
    limit: int,
) -> Page[Transfer]:
    return await transfers_of(request).list(
        tenant_of(request),
        station_id=station_id,
        kind=kind,
        status=status,
        firmware_id=None if firmware_id is None else FirmwareId(firmware_id),
        batch_id=None if batch is None else BatchId(batch),
        cursor=cursor,
        limit=limit,
    )


router = Router(
    "/api/v1",
    tags=["Transfers"],
    route_handlers=[
        request_log,
        update_firmware,
        publish_firmware,
        unpublish_firmware,
        ask_many,
        list_transfers_of_station,
        list_transfers,
        get_transfer,
    ],
)
