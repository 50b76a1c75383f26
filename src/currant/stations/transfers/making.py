"""Transfers made ready, each with the command that asks its station for it."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypedDict

import msgspec

from currant.db.engine import Database
from currant.db.numbers import Numbers
from currant.kit.clock import Clock
from currant.kit.errors import Invalid, NotFound
from currant.kit.ids import FirmwareId, StationId, TenantId, TransferId, new_id
from currant.stations.admission import entry_of
from currant.stations.commanding.base import Retrying
from currant.stations.commanding.transfers import (
    FirmwareSigning,
    GetLog,
    LogKind,
    PublishFirmware,
    UpdateFirmware,
)
from currant.stations.directory import DirectoryEntry, StationDirectory
from currant.stations.inventory import Inventory
from currant.stations.link import StationLink
from currant.stations.transfers import store
from currant.stations.transfers.addresses import check_address, masked, protocol_of
from currant.stations.transfers.addressing import Addressing
from currant.stations.transfers.model import FirmwareImage, Transfer, TransferKind, TransferStatus

NUMBERS = "transfer"
"""The name of the numbers that stations call transfers by."""

ProtocolsOf = Callable[[TenantId, StationId], Awaitable[frozenset[str]]]
"""The ways of transfer that a station says it has (HTTPS, FTP, …); empty when that is not known."""

AskingCommand = GetLog | UpdateFirmware | PublishFirmware
ASKING = (GetLog, UpdateFirmware, PublishFirmware)
"""The commands that transfers begin with."""


class LogWanted(TypedDict, total=False):
    """What a log shall hold, and where it shall go."""

    oldest: datetime | None
    latest: datetime | None
    url: str | None
    retrying: Retrying | None
    security_extension: bool


class FirmwareWanted(TypedDict, total=False):
    """Which firmware, and when."""

    firmware_id: FirmwareId | None
    url: str | None
    version: str
    retrieve_at: datetime | None
    install_at: datetime | None
    signing: FirmwareSigning | None
    signed: bool
    retrying: Retrying | None


class PublishingWanted(TypedDict, total=False):
    """What a local controller shall offer."""

    firmware_id: FirmwareId | None
    url: str | None
    checksum: str
    retrying: Retrying | None


class Asked(msgspec.Struct, frozen=True):
    """A transfer that is planned, and the command that begins it."""

    transfer: Transfer
    command: AskingCommand


class Maker:
    """Makes transfers and their commands; nothing of it is kept or sent here."""

    def __init__(
        self,
        database: Database,
        directory: StationDirectory,
        inventory: Inventory,
        link: StationLink,
        numbers: Numbers,
        addressing: Addressing,
        clock: Clock,
        *,
        protocols_of: ProtocolsOf | None = None,
    ) -> None:
        self._database = database
        self._directory = directory
        self._inventory = inventory
        self._link = link
        self._numbers = numbers
        self._addressing = addressing
        self._clock = clock
        self._protocols_of = protocols_of

    async def start(self) -> None:
        await self._numbers.prepare(NUMBERS)

    async def log(
        self,
        tenant_id: TenantId,
        station: StationId | str,
        kind: LogKind,
        *,
        by: str,
        oldest: datetime | None = None,
        latest: datetime | None = None,
        url: str | None = None,
        retrying: Retrying | None = None,
        security_extension: bool = True,
    ) -> Asked:
        transfer = await self.planned(tenant_id, station, TransferKind(kind.value), by=by, url=url)
        transfer = msgspec.structs.replace(transfer, oldest=oldest, latest=latest)
        command = GetLog(
            kind=kind,
            url=url or self._upload(transfer),
            request_id=transfer.request_id,
            oldest=oldest,
            latest=latest,
            retrying=retrying,
            security_extension=security_extension,
        )
        return Asked(transfer, command)

    async def firmware(
        self,
        tenant_id: TenantId,
        station: StationId | str,
        *,
        by: str,
        firmware_id: FirmwareId | None = None,
        url: str | None = None,
        version: str = "",
        retrieve_at: datetime | None = None,
        install_at: datetime | None = None,
        signing: FirmwareSigning | None = None,
        signed: bool = True,
        retrying: Retrying | None = None,
    ) -> Asked:
        transfer, image = await self._of_image(
            tenant_id, station, TransferKind.FIRMWARE, firmware_id=firmware_id, url=url, by=by
        )
        transfer = msgspec.structs.replace(
            transfer,
            version=image.version if image else version,
            retrieve_at=retrieve_at or self._clock.now(),
            install_at=install_at,
        )
        command = self.update(transfer, image, url=url, signing=signing, signed=signed, retrying=retrying)
        return Asked(transfer, command)

    async def publishing(
        self,
        tenant_id: TenantId,
        station: StationId | str,
        *,
        by: str,
        firmware_id: FirmwareId | None = None,
        url: str | None = None,
        checksum: str = "",
        retrying: Retrying | None = None,
    ) -> Asked:
        transfer, image = await self._of_image(
            tenant_id, station, TransferKind.PUBLISHED_FIRMWARE, firmware_id=firmware_id, url=url, by=by
        )
        transfer = msgspec.structs.replace(
            transfer, checksum=image.md5 if image else checksum, version=image.version if image else ""
        )
        command = PublishFirmware(
            url=url or self._download(transfer, image),
            checksum=transfer.checksum,
            request_id=transfer.request_id,
            retrying=retrying,
        )
        return Asked(transfer, command)

    async def of_command(
        self, tenant_id: TenantId, station: StationId | str, command: AskingCommand, *, by: str
    ) -> Asked:
        """The transfer of a command that somebody wrote himself, by the number that he gave it."""
        kind = TransferKind.FIRMWARE
        if isinstance(command, GetLog):
            kind = TransferKind(command.kind.value)
        elif isinstance(command, PublishFirmware):
            kind = TransferKind.PUBLISHED_FIRMWARE
        transfer = await self.planned(
            tenant_id, station, kind, by=by, url=command.url, request_id=command.request_id
        )
        if isinstance(command, GetLog):
            transfer = msgspec.structs.replace(transfer, oldest=command.oldest, latest=command.latest)
        elif isinstance(command, UpdateFirmware):
            transfer = msgspec.structs.replace(
                transfer, retrieve_at=command.retrieve_at, install_at=command.install_at
            )
        else:
            transfer = msgspec.structs.replace(transfer, checksum=command.checksum)
        return Asked(transfer, command)

    async def planned(
        self,
        tenant_id: TenantId,
        station: StationId | str,
        kind: TransferKind,
        *,
        by: str,
        url: str | None = None,
        request_id: int | None = None,
    ) -> Transfer:
        """A transfer of which no more is known than what it is and whose."""
        entry = entry_of(self._directory, tenant_id, station)
        if url is not None:
            check_address(url)
            await self._check_protocol(entry, url)
        now = self._clock.now()
        return Transfer(
            id=TransferId(new_id()),
            tenant_id=tenant_id,
            station_id=entry.station_id,
            kind=kind,
            request_id=await self._numbers.next(NUMBERS) if request_id is None else request_id,
            status=TransferStatus.PLANNED,
            asked_by=by,
            asked_at=now,
            heard_at=now,
            url="" if url is None else masked(url),
        )

    async def current(self, asked: Asked) -> Asked:
        """The same with what is true now: links that have just begun, and the version that the station has."""
        transfer, command = asked.transfer, asked.command
        image = None
        if transfer.firmware_id is not None:
            image = await self.image(transfer.tenant_id, transfer.firmware_id)
        if isinstance(command, UpdateFirmware):
            retrieve_at = max(command.retrieve_at, self._clock.now())
            transfer = msgspec.structs.replace(await self.with_version(transfer), retrieve_at=retrieve_at)
            command = msgspec.structs.replace(command, retrieve_at=retrieve_at)
        if transfer.own_link:
            link = self._upload(transfer) if isinstance(command, GetLog) else self._download(transfer, image)
            command = msgspec.structs.replace(command, url=link)
        return Asked(transfer, command)

    async def with_version(self, transfer: Transfer) -> Transfer:
        """An update with what the station calls its firmware before it."""
        if transfer.kind is not TransferKind.FIRMWARE:
            return transfer
        overview = await self._inventory.get_station(transfer.tenant_id, transfer.station_id)
        return msgspec.structs.replace(transfer, version_before=overview.station.firmware_version)

    def update(
        self,
        transfer: Transfer,
        image: FirmwareImage | None,
        *,
        url: str | None = None,
        signing: FirmwareSigning | None = None,
        signed: bool = True,
        retrying: Retrying | None = None,
    ) -> UpdateFirmware:
        if image is not None and image.signature:
            signing = FirmwareSigning(certificate=image.certificate, signature=image.signature)
        return UpdateFirmware(
            url=url or self._download(transfer, image),
            request_id=transfer.request_id,
            retrieve_at=transfer.retrieve_at or self._clock.now(),
            install_at=transfer.install_at,
            signing=signing if signed else None,
            retrying=retrying,
        )

    async def image(self, tenant_id: TenantId, firmware_id: FirmwareId) -> FirmwareImage:
        found = await self._database.read(lambda conn: store.image(conn, tenant_id, firmware_id))
        if found is None:
            raise NotFound(f"There is no firmware {firmware_id}.", field="firmware_id", firmware=firmware_id)
        return found

    async def _of_image(
        self,
        tenant_id: TenantId,
        station: StationId | str,
        kind: TransferKind,
        *,
        firmware_id: FirmwareId | None,
        url: str | None,
        by: str,
    ) -> tuple[Transfer, FirmwareImage | None]:
        if (firmware_id is None) == (url is None):
            raise Invalid(
                "Name either an image that is kept here (firmware_id) or an address (url).", field="url"
            )
        image = None if firmware_id is None else await self.image(tenant_id, firmware_id)
        transfer = await self.planned(tenant_id, station, kind, by=by, url=url)
        return msgspec.structs.replace(transfer, firmware_id=firmware_id), image

    async def _check_protocol(self, entry: DirectoryEntry, url: str) -> None:
        if self._protocols_of is None:
            return
        known = await self._protocols_of(entry.tenant_id, entry.station_id)
        if known and protocol_of(url) not in known:
            raise Invalid(
                f"The station transfers files by {', '.join(sorted(known))} and not by {protocol_of(url)}.",
                field="url",
            )

    def _encrypted(self, station_id: StationId) -> bool:
        """Whether a station's files travel over TLS: as its own connection does."""
        return self._link.profile_of(station_id) not in (0, 1)

    def _upload(self, transfer: Transfer) -> str:
        return self._addressing.for_upload(transfer.id, encrypted=self._encrypted(transfer.station_id))

    def _download(self, transfer: Transfer, image: FirmwareImage | None) -> str:
        return self._addressing.for_download(
            transfer.id,
            name=image.name if image else "",
            encrypted=self._encrypted(transfer.station_id),
            begins=transfer.retrieve_at,
        )
