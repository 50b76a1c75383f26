"""Asks stations for logs and gives them firmware, and follows what becomes of it."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Unpack

import msgspec

from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.db.numbers import Numbers
from currant.kit.clock import Clock
from currant.kit.errors import NotFound
from currant.kit.event import Event
from currant.kit.ids import FirmwareId, StationId, TenantId
from currant.stations.commanding import AnyCommand
from currant.stations.commanding.transfers import (
    LogKind,
    UnpublishFirmware,
    UpdateFirmware,
)
from currant.stations.commands import CommandService
from currant.stations.directory import DirectoryEntry, StationDirectory
from currant.stations.events import CommandEnded
from currant.stations.inventory import Inventory
from currant.stations.link import StationLink
from currant.stations.model import CommandBatch, CommandRecord
from currant.stations.queue_terms import Terms
from currant.stations.queueing import CommandQueue
from currant.stations.transfers import rules, store
from currant.stations.transfers.addresses import without_word
from currant.stations.transfers.addressing import Addressing
from currant.stations.transfers.following import Following, keep
from currant.stations.transfers.making import (
    ASKING,
    Asked,
    AskingCommand,
    FirmwareWanted,
    LogWanted,
    Maker,
    ProtocolsOf,
    PublishingWanted,
)
from currant.stations.transfers.model import (
    Family,
    FirmwareImage,
    Transfer,
    TransferKind,
    TransferStatus,
)

ASKING_KINDS = frozenset(kind.__name__ for kind in ASKING)


class When(msgspec.Struct, frozen=True, kw_only=True):
    """When a station is asked: at once, or when it comes until `queue_until`, and not before a time."""

    queue_until: datetime | None = None
    not_before: datetime | None = None


NOW = When()


class TransferService(Following):
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
        queue: CommandQueue | None = None,
    ) -> None:
        super().__init__(database, clock)
        self._commands = commands
        self._link = link
        self._maker = Maker(
            database, directory, inventory, link, numbers, addressing, clock, protocols_of=protocols_of
        )
        self._queue = queue

    async def start(self) -> None:
        await self._maker.start()
        if self._queue is not None:
            self._queue.prepare(ASKING, self)

    async def request_log(
        self,
        tenant_id: TenantId,
        station: StationId | str,
        kind: LogKind,
        *,
        by: str,
        deadline_s: float | None = None,
        when: When = NOW,
        **wanted: Unpack[LogWanted],
    ) -> Transfer:
        """Ask a station for a log; it comes over Currant's own link, or to `url`.

        Every outcome is a state of the transfer. Raises as `CommandService.give` does, or `CommandQueue.put`.
        """
        asked = await self._maker.log(tenant_id, station, kind, by=by, **wanted)
        return (await self._ask(asked, by=by, deadline_s=deadline_s, when=when))[0]

    async def update_firmware(
        self,
        tenant_id: TenantId,
        station: StationId | str,
        *,
        by: str,
        deadline_s: float | None = None,
        when: When = NOW,
        **wanted: Unpack[FirmwareWanted],
    ) -> Transfer:
        """Have a station install an image that is kept here, or one from `url`.

        An image's own signature goes with it unless `signed` is False; `signing` is for one from `url`.
        """
        asked = await self._maker.firmware(tenant_id, station, by=by, **wanted)
        return (await self._ask(asked, by=by, deadline_s=deadline_s, when=when))[0]

    async def publish_firmware(
        self,
        tenant_id: TenantId,
        station: StationId | str,
        *,
        by: str,
        deadline_s: float | None = None,
        when: When = NOW,
        **wanted: Unpack[PublishingWanted],
    ) -> Transfer:
        """Have a local controller offer an image to its stations; `checksum` (MD5) is needed with `url` alone."""
        asked = await self._maker.publishing(tenant_id, station, by=by, **wanted)
        return (await self._ask(asked, by=by, deadline_s=deadline_s, when=when))[0]

    async def give(
        self,
        tenant_id: TenantId,
        station: StationId | str,
        command: AskingCommand,
        *,
        by: str,
        deadline_s: float | None = None,
        when: When = NOW,
    ) -> CommandRecord:
        """Give a station such a command as somebody wrote it, and follow its transfer like any other."""
        self._commands.told(tenant_id, station, command)
        asked = await self._maker.of_command(tenant_id, station, command, by=by)
        return (await self._ask(asked, by=by, deadline_s=deadline_s, when=when))[1]

    # Of many stations

    async def request_logs(
        self,
        tenant_id: TenantId,
        stations: Sequence[StationId],
        kind: LogKind,
        terms: Terms,
        **wanted: Unpack[LogWanted],
    ) -> CommandBatch:
        """Ask many stations for a log, as `CommandQueue.put_many` does: a transfer and a command for each."""
        return await self._ask_many(
            tenant_id,
            stations,
            lambda station: self._maker.log(tenant_id, station, kind, by=terms.by, **wanted),
            terms,
        )

    async def update_many(
        self,
        tenant_id: TenantId,
        stations: Sequence[StationId],
        terms: Terms,
        **wanted: Unpack[FirmwareWanted],
    ) -> CommandBatch:
        """Have many stations install firmware."""
        return await self._ask_many(
            tenant_id,
            stations,
            lambda station: self._maker.firmware(tenant_id, station, by=terms.by, **wanted),
            terms,
        )

    async def give_many(
        self,
        tenant_id: TenantId,
        stations: Sequence[StationId],
        command: AskingCommand,
        terms: Terms,
    ) -> CommandBatch:
        """Give many stations such a command as somebody wrote it."""
        return await self._ask_many(
            tenant_id,
            stations,
            lambda station: self._maker.of_command(tenant_id, station, command, by=terms.by),
            terms,
        )

    async def _ask_many(
        self,
        tenant_id: TenantId,
        stations: Sequence[StationId],
        make: Callable[[StationId], Awaitable[Asked]],
        terms: Terms,
    ) -> CommandBatch:
        queue = self._queued()
        told = queue.tellable(tenant_id, stations)
        made = {station: await make(station) for station in told}

        def keep_one(changes: ChangeSet, record: CommandRecord) -> CommandRecord:
            return self._keep_waiting(changes, made[record.station_id], record)[1]

        return await queue.put_many(
            tenant_id,
            told,
            _kept(made[told[0]]),
            by=terms.by,
            expires_at=terms.expires_at,
            not_before=terms.not_before,
            at_once=terms.at_once,
            note=terms.note,
            keep_one=keep_one,
        )

    # Of those that wait

    async def ready(self, record: CommandRecord) -> AnyCommand:
        """What a queued command says now that it is sent: its link begins today, not when it was asked for."""
        transfer = await self._of_record(record)
        if transfer is None:
            raise NotFound("The transfer that it was to begin is not here any more.")
        assert isinstance(record.command, ASKING), "It is called for no others."
        asked = await self._maker.current(Asked(transfer, record.command))
        now = self._clock.now()
        await self.change(
            transfer.tenant_id,
            transfer.id,
            lambda found: rules.asked(
                msgspec.structs.replace(
                    found,
                    version_before=asked.transfer.version_before,
                    retrieve_at=asked.transfer.retrieve_at,
                ),
                now=now,
            ),
        )
        return asked.command

    async def waits_again(self, record: CommandRecord) -> None:
        """The station went away before it was asked."""
        transfer = await self._of_record(record)
        if transfer is not None:
            now = self._clock.now()
            await self.change(transfer.tenant_id, transfer.id, lambda found: rules.waits(found, now=now))

    async def command_ended(self, event: Event) -> None:
        """A subscriber of CommandEnded: what came of a command that had waited."""
        assert isinstance(event, CommandEnded), "It is told of nothing else."
        if event.command not in ASKING_KINDS:
            return
        record = await self._commands.get(event.tenant_id, event.command_id)
        transfer = None if record.expires_at is None else await self._of_record(record)
        if transfer is not None:
            await self._answered(transfer, record)

    async def _of_record(self, record: CommandRecord) -> Transfer | None:
        assert isinstance(record.command, ASKING), "It is called for no others."
        number = record.command.request_id
        return await self._database.read(
            lambda conn: store.of_request(conn, record.tenant_id, record.station_id, number)
        )

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
            transfer = await self._maker.planned(
                station.tenant_id, station.station_id, TransferKind.FIRMWARE, by=by
            )
            transfer = msgspec.structs.replace(
                await self._maker.with_version(transfer),
                firmware_id=image.id,
                version=version or image.version,
                retrieve_at=self._clock.now(),
            )
            changes = ChangeSet(transfer.tenant_id)
            store.save(changes, transfer)
            await self._database.commit(changes)
        return transfer, self._maker.update(transfer, image, signed=signed)

    async def begun(self, record: CommandRecord) -> Transfer | None:
        """Take note of what came of a command that `plan_update` made; None when it is of no transfer of ours."""
        command = record.command
        if not isinstance(command, UpdateFirmware):
            return None
        for each in await self.latest_of(record.tenant_id, record.station_id, Family.FIRMWARE):
            if each.request_id == command.request_id:
                return await self._answered(each, record)
        return None

    async def image(self, tenant_id: TenantId, firmware_id: FirmwareId) -> FirmwareImage:
        return await self._maker.image(tenant_id, firmware_id)

    async def _ask(
        self, asked: Asked, *, by: str, deadline_s: float | None, when: When
    ) -> tuple[Transfer, CommandRecord]:
        """Ask the station, or have it asked when that is possible."""
        transfer = asked.transfer
        offline = when.queue_until is not None and not self._link.is_connected(transfer.station_id)
        if not offline and when.not_before is None:
            return await self._give(asked, by=by, deadline_s=deadline_s)
        waiting: list[Transfer] = []

        def keep_one(changes: ChangeSet, record: CommandRecord) -> CommandRecord:
            kept, record = self._keep_waiting(changes, asked, record)
            waiting.append(kept)
            return record

        record = await self._queued().put(
            transfer.tenant_id,
            transfer.station_id,
            _kept(asked),
            by=by,
            expires_at=when.queue_until,
            not_before=when.not_before,
            keep_one=keep_one,
        )
        return waiting[-1], record

    def _keep_waiting(
        self, changes: ChangeSet, asked: Asked, record: CommandRecord
    ) -> tuple[Transfer, CommandRecord]:
        """Write a transfer beside its command, so that there is never one without the other."""
        waiting = msgspec.structs.replace(
            rules.waits(asked.transfer, now=record.asked_at), command_id=record.id, batch_id=record.batch_id
        )
        keep(changes, asked.transfer, waiting)
        return waiting, msgspec.structs.replace(record, command=_kept(asked))

    def _queued(self) -> CommandQueue:
        assert self._queue is not None, "What waits does so in a queue."
        return self._queue

    async def _give(
        self, asked: Asked, *, by: str, deadline_s: float | None
    ) -> tuple[Transfer, CommandRecord]:
        transfer, command = asked.transfer, asked.command
        self._commands.told(transfer.tenant_id, transfer.station_id, command)
        transfer = rules.asked(await self._maker.with_version(transfer), now=self._clock.now())
        changes = ChangeSet(transfer.tenant_id)
        store.save(changes, transfer)
        # A report may come before the answer, and the row is there before either.
        await self._database.commit(changes)
        record = await self._commands.give(
            transfer.tenant_id, transfer.station_id, command, by=by, deadline_s=deadline_s
        )
        return await self._answered(transfer, record), record


def _kept(asked: Asked) -> AskingCommand:
    """The command as it may wait: without the word of Currant's own link, which is made anew when it is sent."""
    command = asked.command
    if not asked.transfer.own_link:
        return command
    return msgspec.structs.replace(command, url=without_word(command.url))
