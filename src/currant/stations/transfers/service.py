"""Asks stations for logs and gives them firmware, and follows what becomes of it."""

from collections.abc import Awaitable, Callable
from datetime import datetime

import msgspec
from sqlalchemy import Connection

from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.db.numbers import Numbers
from currant.kit.clock import Clock
from currant.kit.errors import Invalid, NotFound
from currant.kit.event import Event
from currant.kit.ids import FirmwareId, StationId, TenantId, TransferId, new_id
from currant.stations import paging
from currant.stations.admission import entry_of
from currant.stations.commanding.base import Retrying
from currant.stations.commanding.transfers import (
    FirmwareSigning,
    GetLog,
    LogKind,
    PublishFirmware,
    UnpublishFirmware,
    UpdateFirmware,
)
from currant.stations.commands import CommandService
from currant.stations.directory import DirectoryEntry, StationDirectory
from currant.stations.events import StationBooted
from currant.stations.inventory import Inventory
from currant.stations.link import StationLink
from currant.stations.model import AttendedStation, CommandRecord, CommandStatus, Page
from currant.stations.transfers import rules, store
from currant.stations.transfers.addresses import check_address, masked, protocol_of
from currant.stations.transfers.addressing import Addressing
from currant.stations.transfers.model import (
    UNDER_WAY,
    Family,
    FirmwareImage,
    Stage,
    Transfer,
    TransferChanged,
    TransferKind,
    TransferStatus,
)

NUMBERS = "transfer"
"""The name of the numbers that stations call transfers by."""
LOOKED_AT = 20
"""How many of a station's latest transfers a report without a number may be about."""
SWEPT_AT_ONCE = 500
WORD_MAX = 500
LOCATIONS_MAX = 20

Change = Callable[[Transfer], Transfer]
ProtocolsOf = Callable[[TenantId, StationId], Awaitable[frozenset[str]]]
"""The ways of transfer that a station says it has (HTTPS, FTP, …); empty when that is not known."""


class TransferService:
    """One transfer is one row; what a station says of it, and what we see of it, moves it on."""

    def __init__(
        self,
        database: Database,
        directory: StationDirectory,
        commands: CommandService,
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
        self._commands = commands
        self._inventory = inventory
        self._link = link
        self._numbers = numbers
        self._addressing = addressing
        self._clock = clock
        self._protocols_of = protocols_of

    async def start(self) -> None:
        await self._numbers.prepare(NUMBERS)

    async def request_log(
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
        deadline_s: float | None = None,
    ) -> Transfer:
        """Ask a station for a log; it comes over Currant's own link, or to `url`.

        Every outcome is a state of the transfer. Raises as `CommandService.give` does.
        """
        transfer = await self._made(tenant_id, station, TransferKind(kind.value), by=by, url=url)
        transfer = msgspec.structs.replace(transfer, oldest=oldest, latest=latest)
        command = GetLog(
            kind=kind,
            url=url
            or self._addressing.for_upload(transfer.id, encrypted=self._encrypted(transfer.station_id)),
            request_id=transfer.request_id,
            oldest=oldest,
            latest=latest,
            retrying=retrying,
            security_extension=security_extension,
        )
        return await self._give(transfer, command, by=by, deadline_s=deadline_s)

    async def update_firmware(
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
        deadline_s: float | None = None,
    ) -> Transfer:
        """Have a station install an image that is kept here, or one from `url`.

        An image's own signature goes with it unless `signed` is False; `signing` is for one from `url`.
        """
        transfer, image = await self._made_of_image(
            tenant_id, station, TransferKind.FIRMWARE, firmware_id=firmware_id, url=url, by=by
        )
        transfer = msgspec.structs.replace(
            transfer,
            version=image.version if image else version,
            retrieve_at=retrieve_at or self._clock.now(),
            install_at=install_at,
            version_before=await self._version_of(transfer),
        )
        command = self._update(transfer, image, url=url, signing=signing, signed=signed, retrying=retrying)
        return await self._give(transfer, command, by=by, deadline_s=deadline_s)

    async def publish_firmware(
        self,
        tenant_id: TenantId,
        station: StationId | str,
        *,
        by: str,
        firmware_id: FirmwareId | None = None,
        url: str | None = None,
        checksum: str = "",
        retrying: Retrying | None = None,
        deadline_s: float | None = None,
    ) -> Transfer:
        """Have a local controller offer an image to its stations; `checksum` (MD5) is needed with `url` alone."""
        transfer, image = await self._made_of_image(
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
        return await self._give(transfer, command, by=by, deadline_s=deadline_s)

    async def unpublish_firmware(
        self,
        tenant_id: TenantId,
        station: StationId | str,
        *,
        checksum: str,
        by: str,
        deadline_s: float | None = None,
    ) -> CommandRecord:
        """Have a local controller offer an image no longer (2.x L04)."""
        command = UnpublishFirmware(checksum=checksum)
        return await self._commands.give(tenant_id, station, command, by=by, deadline_s=deadline_s)

    async def plan_update(
        self,
        station: DirectoryEntry,
        image: FirmwareImage,
        *,
        by: str,
        version: str = "",
        signed: bool = True,
    ) -> tuple[Transfer, UpdateFirmware]:
        """An update made ready, and the command that begins it, for somebody else to give (`begun`).

        Asked again before it began, it is the same transfer.
        """
        planned = [
            each
            for each in await self.latest_of(station.tenant_id, station.station_id, Family.FIRMWARE)
            if each.status is TransferStatus.PLANNED and each.firmware_id == image.id
        ]
        if planned:
            transfer = msgspec.structs.replace(planned[0], retrieve_at=self._clock.now())
        else:
            transfer = await self._made(station.tenant_id, station.station_id, TransferKind.FIRMWARE, by=by)
            transfer = msgspec.structs.replace(
                transfer,
                firmware_id=image.id,
                version=version or image.version,
                retrieve_at=self._clock.now(),
                version_before=await self._version_of(transfer),
            )
            changes = ChangeSet(transfer.tenant_id)
            store.save(changes, transfer)
            await self._database.commit(changes)
        return transfer, self._update(transfer, image, signed=signed)

    async def begun(self, record: CommandRecord) -> Transfer | None:
        """Take note of what came of a command that `plan_update` made; None when it is of no transfer of ours."""
        command = record.command
        if not isinstance(command, UpdateFirmware):
            return None
        for each in await self.latest_of(record.tenant_id, record.station_id, Family.FIRMWARE):
            if each.request_id == command.request_id:
                return await self._answered(each, record)
        return None

    async def report(
        self,
        station: AttendedStation,
        family: Family,
        stage: Stage,
        *,
        said: str,
        request_id: int | None = None,
        detail: str = "",
        locations: tuple[str, ...] = (),
    ) -> bool:
        """Take note of what a station says of a transfer; False when it is of none that Currant knows."""
        now = self._clock.now()

        def note(conn: Connection, changes: ChangeSet) -> bool:
            known = store.latest(conn, station.tenant_id, station.station_id, family, limit=LOOKED_AT)
            transfer = _meant(known, request_id)
            if transfer is None:
                return False
            after = rules.reported(
                transfer,
                stage,
                now=now,
                said=said[:WORD_MAX],
                detail=detail[:WORD_MAX],
                named=request_id is not None,
                locations=tuple(each[:WORD_MAX] for each in locations[:LOCATIONS_MAX]),
            )
            keep(changes, transfer, after)
            # What says no number and changes nothing that has ended is of something that Currant did not begin.
            return request_id is not None or transfer.status in UNDER_WAY or after != transfer

        return await self._database.decide(note, station.tenant_id)

    async def booted(self, event: Event) -> None:
        """A subscriber of StationBooted: a start with other firmware ends an update."""
        assert isinstance(event, StationBooted), "It is told of nothing else."

        def look(conn: Connection) -> bool:
            return store.has_any(conn, event.tenant_id, event.station_id, TransferKind.FIRMWARE)

        # Few starts follow an update, and a whole network may start at once.
        if not await self._database.read(look):
            return
        now = self._clock.now()

        def note(conn: Connection, changes: ChangeSet) -> None:
            known = store.latest(conn, event.tenant_id, event.station_id, Family.FIRMWARE, limit=LOOKED_AT)
            transfer = _meant(known, None)
            if transfer is not None:
                keep(changes, transfer, rules.booted(transfer, event.firmware_version, now=now))

        await self._database.decide(note, event.tenant_id)

    async def sweep(self) -> int:
        """Give up the transfers of which nothing was heard for too long; returns how many those were."""
        now = self._clock.now()
        quiet = await self._database.read(
            lambda conn: store.quiet(conn, heard_before=now - rules.ARRIVED_PATIENCE, limit=SWEPT_AT_ONCE)
        )
        over = [each for each in quiet if rules.given_up(each, now=now) is not each]
        for each in over:
            await self.change(each.tenant_id, each.id, lambda found: rules.given_up(found, now=now))
        return len(over)

    async def get(self, tenant_id: TenantId, transfer_id: TransferId) -> Transfer:
        found = await self._database.read(lambda conn: store.transfer(conn, tenant_id, transfer_id))
        if found is None:
            raise NotFound(f"There is no transfer {transfer_id}.", field="transfer", transfer=transfer_id)
        return found

    async def list(
        self,
        tenant_id: TenantId,
        *,
        station_id: StationId | None = None,
        kind: TransferKind | None = None,
        status: TransferStatus | None = None,
        firmware_id: FirmwareId | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[Transfer]:
        """Latest first."""
        limit = paging.bounded(limit)
        before = None if cursor is None else str(paging.decode(cursor, str)[0])
        rows = await self._database.read(
            lambda conn: store.search_transfers(
                conn,
                tenant_id,
                station_id=station_id,
                kind=kind,
                status=status,
                firmware_id=firmware_id,
                before=before,
                limit=limit + 1,
            )
        )
        return paging.page(rows, limit, lambda transfer: paging.encode(transfer.id))

    async def latest_of(
        self, tenant_id: TenantId, station_id: StationId, family: Family
    ) -> tuple[Transfer, ...]:
        """A station's last transfers of a family, latest first."""
        return tuple(
            await self._database.read(
                lambda conn: store.latest(conn, tenant_id, station_id, family, limit=LOOKED_AT)
            )
        )

    async def image(self, tenant_id: TenantId, firmware_id: FirmwareId) -> FirmwareImage:
        found = await self._database.read(lambda conn: store.image(conn, tenant_id, firmware_id))
        if found is None:
            raise NotFound(f"There is no firmware {firmware_id}.", field="firmware_id", firmware=firmware_id)
        return found

    async def change(self, tenant_id: TenantId, transfer_id: TransferId, change: Change) -> Transfer | None:
        """Move a transfer on; None when it is gone."""

        def move(conn: Connection, changes: ChangeSet) -> Transfer | None:
            before = store.transfer(conn, tenant_id, transfer_id)
            if before is None:
                return None
            after = change(before)
            keep(changes, before, after)
            return after

        return await self._database.decide(move, tenant_id)

    async def _made(
        self,
        tenant_id: TenantId,
        station: StationId | str,
        kind: TransferKind,
        *,
        by: str,
        url: str | None = None,
    ) -> Transfer:
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
            request_id=await self._numbers.next(NUMBERS),
            status=TransferStatus.PLANNED,
            asked_by=by,
            asked_at=now,
            heard_at=now,
            url="" if url is None else masked(url),
        )

    async def _made_of_image(
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
        transfer = await self._made(tenant_id, station, kind, by=by, url=url)
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

    async def _version_of(self, transfer: Transfer) -> str:
        overview = await self._inventory.get_station(transfer.tenant_id, transfer.station_id)
        return overview.station.firmware_version

    def _encrypted(self, station_id: StationId) -> bool:
        """Whether a station's files travel over TLS: as its own connection does."""
        return self._link.profile_of(station_id) not in (0, 1)

    def _download(self, transfer: Transfer, image: FirmwareImage | None) -> str:
        return self._addressing.for_download(
            transfer.id,
            name=image.name if image else "",
            encrypted=self._encrypted(transfer.station_id),
            begins=transfer.retrieve_at,
        )

    def _update(
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

    async def _give(
        self,
        transfer: Transfer,
        command: GetLog | UpdateFirmware | PublishFirmware,
        *,
        by: str,
        deadline_s: float | None,
    ) -> Transfer:
        self._commands.told(transfer.tenant_id, transfer.station_id, command)
        transfer = rules.asked(transfer, now=self._clock.now())
        changes = ChangeSet(transfer.tenant_id)
        store.save(changes, transfer)
        # A report may come before the answer, and the row is there before either.
        await self._database.commit(changes)
        record = await self._commands.give(
            transfer.tenant_id, transfer.station_id, command, by=by, deadline_s=deadline_s
        )
        return await self._answered(transfer, record)

    async def _answered(self, transfer: Transfer, record: CommandRecord) -> Transfer:
        now = self._clock.now()

        def note(conn: Connection, changes: ChangeSet) -> Transfer:
            before = store.transfer(conn, transfer.tenant_id, transfer.id) or transfer
            after = rules.answered(
                before,
                record.status,
                now=now,
                reason=record.reason,
                file_name=_named_in(record),
                command_id=record.id,
            )
            keep(changes, before, after)
            if record.status in (CommandStatus.ACCEPTED, CommandStatus.SCHEDULED):
                for other in store.latest(
                    conn, transfer.tenant_id, transfer.station_id, transfer.family, limit=LOOKED_AT
                ):
                    if other.id < transfer.id:
                        keep(changes, other, rules.replaced(other, now=now))
            return after

        return await self._database.decide(note, transfer.tenant_id)


def _named_in(record: CommandRecord) -> str:
    """The name of the file that a station says it will send; the versions spell the field alike but for a capital."""
    for key, value in (record.answer or {}).items():
        if key.lower() == "filename" and isinstance(value, str):
            return value[:255]
    return ""


def _meant(known: list[Transfer], request_id: int | None) -> Transfer | None:
    """Which of a station's transfers, latest first, a report is about."""
    if request_id is not None:
        return next((each for each in known if each.request_id == request_id), None)
    begun = [each for each in known if each.status is not TransferStatus.PLANNED]
    return next((each for each in begun if each.status in UNDER_WAY), begun[0] if begun else None)


def keep(changes: ChangeSet, before: Transfer, after: Transfer) -> None:
    """Write a transfer that changed, and tell when it came to another state."""
    if after is before or after == before:
        return
    store.save(changes, after)
    if (after.status, after.reason, after.file_id) == (before.status, before.reason, before.file_id):
        return
    changes.emit(
        TransferChanged(
            tenant_id=after.tenant_id,
            happened_at=after.steps[-1].at if after.steps else after.heard_at,
            station_id=after.station_id,
            transfer_id=after.id,
            transfer=after.kind,
            status=after.status,
            reason=after.reason,
            said=after.steps[-1].said if after.steps else "",
            file_id=after.file_id,
            version=after.version_after or after.version,
        )
    )
