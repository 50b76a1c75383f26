"""Commands that wait: for a station that is offline, for their time, or for their turn among many.

A waiting command is a row; what is in memory only says which stations to look at. The node that
holds a station's connection takes its oldest command that is due, so none is ever sent twice: the
row is claimed first. One that was claimed when its process died ends as unanswered, for nobody
knows whether it arrived.
"""

import asyncio
import contextlib
import logging
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection

from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.clock import Clock, micros
from currant.kit.errors import Conflict, CurrantError, Invalid, NotFound, StoreUnavailable
from currant.kit.ids import BatchId, CommandId, StationId, TenantId, new_id
from currant.stations import paging, store
from currant.stations.commanding import AnyCommand
from currant.stations.commands import CommandService, kind_of
from currant.stations.directory import StationDirectory
from currant.stations.events import CommandsQueued, StationBooted, StationConnected
from currant.stations.link import StationLink
from currant.stations.model import (
    Admission,
    BatchProgress,
    CommandBatch,
    CommandOutcome,
    CommandRecord,
    CommandStatus,
    Page,
)
from currant.stations.queue_terms import (
    AT_ONCE,
    AT_ONCE_MAX,
    KeepOne,
    Preparation,
    check_keepable,
    no_batch,
    progress_of,
    waits_until,
)

log = logging.getLogger(__name__)

WAITING_PER_STATION_MAX = 100
STATIONS_MAX = 50_000
UNDER_WAY_MAX = 400
"""Commands of the queue that are under way at the same time on this node, of all batches."""
CLAIMED_AT_ONCE = 200
LOOK_EVERY_S = 1.0
SWEEP_EVERY_S = 15.0
PAUSED_LOOK_US = 30_000_000
INSERTED_AT_ONCE = 500
EXPIRED_AT_ONCE = 1_000
SETTLED_AFTER_S = 10.0
"""What a station that has connected without a boot is left in peace for."""


class CommandQueue:
    """Keeps commands until they can be sent, and sends them."""

    def __init__(
        self,
        database: Database,
        directory: StationDirectory,
        link: StationLink,
        commands: CommandService,
        clock: Clock,
    ) -> None:
        self._database = database
        self._directory = directory
        self._link = link
        self._commands = commands
        self._clock = clock
        self._due: dict[StationId, int] = {}
        """When to look at a station (microseconds since 1970)."""
        self._busy: set[StationId] = set()
        self._by_batch: Counter[BatchId] = Counter()
        self._blocked: dict[BatchId, deque[StationId]] = {}
        """Stations that wait for a place in a batch that is under way to as many as it may be."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._preparations: dict[type[AnyCommand], Preparation] = {}
        self._wake = asyncio.Event()
        self._loop: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Look at what waits, and begin to work it off."""
        await self._look(await self._database.read(lambda conn: store.queue.waiting(conn)))
        self._loop = asyncio.get_running_loop().create_task(self._work(), name="command queue")

    async def stop(self) -> None:
        """Send no more; what is under way ends as its link ends it."""
        tasks = [task for task in (self._loop, *self._tasks) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def reaches(self, station_id: StationId) -> bool:
        """Whether the station is connected now."""
        return self._link.is_connected(station_id)

    def prepare(self, kinds: Sequence[type[AnyCommand]], preparation: Preparation) -> None:
        """Have commands of these kinds made ready before they are sent."""
        self._preparations.update(dict.fromkeys(kinds, preparation))

    def tellable(self, tenant_id: TenantId, stations: Sequence[StationId]) -> list[StationId]:
        """Those of these stations that may be told something; Invalid when there are none, or too many."""
        told = [station for station in dict.fromkeys(stations) if self._may_be_told(tenant_id, station)]
        if not told:
            raise Invalid("There is no accepted station among these.", field="stations")
        if len(told) > STATIONS_MAX:
            raise Invalid(f"Name at most {STATIONS_MAX} stations at a time.", field="stations")
        return told

    # Putting and taking back

    async def put(
        self,
        tenant_id: TenantId,
        station: StationId | str,
        command: AnyCommand,
        *,
        by: str,
        expires_at: datetime | None = None,
        not_before: datetime | None = None,
        keep_one: KeepOne | None = None,
    ) -> CommandRecord:
        """Keep a command for a station (by id or identity) until it can be sent, `WAIT_MAX` at most.

        Raises as `CommandService.give` does, and Conflict when too many wait for the station already.
        """
        now = self._clock.now()
        expires_at = waits_until(now, not_before, expires_at)
        check_keepable(command)
        entry = self._commands.told(tenant_id, station, command)
        record = CommandRecord(
            id=CommandId(new_id()),
            tenant_id=tenant_id,
            station_id=entry.station_id,
            command=self._commands.numbered(command),
            asked_by=by,
            asked_at=now,
            status=CommandStatus.QUEUED,
            not_before=not_before,
            expires_at=expires_at,
        )

        def keep(conn: Connection, changes: ChangeSet) -> CommandRecord:
            if store.queue.count_waiting(conn, tenant_id, entry.station_id) >= WAITING_PER_STATION_MAX:
                raise Conflict(
                    f"{WAITING_PER_STATION_MAX} commands wait for this station already: cancel some first."
                )
            kept = record if keep_one is None else keep_one(changes, record)
            store.records.insert_command(changes, kept, kind_of(command))
            changes.emit(
                CommandsQueued(
                    tenant_id=tenant_id,
                    happened_at=now,
                    station_id=entry.station_id,
                    command=kind_of(command),
                    by=by,
                )
            )
            return kept

        record = await self._database.decide(keep, tenant_id)
        await self._look([(entry.station_id, 0 if not_before is None else micros(not_before))])
        return record

    async def put_many(
        self,
        tenant_id: TenantId,
        stations: Sequence[StationId],
        command: AnyCommand,
        *,
        by: str,
        expires_at: datetime | None = None,
        not_before: datetime | None = None,
        at_once: int = AT_ONCE,
        note: str = "",
        keep_one: KeepOne | None = None,
    ) -> CommandBatch:
        """Give one command to many stations: `at_once` of them at a time, offline ones when they come.

        Stations that may not be told this are not among them (they are not accepted); Invalid when
        none is left. Returns once all are kept; `progress` tells the rest.
        """
        now = self._clock.now()
        expires_at = waits_until(now, not_before, expires_at)
        check_keepable(command)
        if not 1 <= at_once <= AT_ONCE_MAX:
            raise Invalid(f"Give it to 1 to {AT_ONCE_MAX} stations at once.", field="at_once")
        told = self.tellable(tenant_id, stations)
        self._commands.told(tenant_id, told[0], command)
        batch = CommandBatch(
            id=BatchId(new_id()),
            tenant_id=tenant_id,
            command=command,
            asked_by=by,
            asked_at=now,
            stations=len(told),
            at_once=at_once,
            note=note[:500],
            not_before=not_before,
            expires_at=expires_at,
        )
        changes = ChangeSet(tenant_id)
        store.queue.insert_batch(changes, batch, kind_of(command))
        await self._database.commit(changes)
        for begin in range(0, len(told), INSERTED_AT_ONCE):
            some = told[begin : begin + INSERTED_AT_ONCE]
            changes = ChangeSet(tenant_id)
            for station_id in some:
                record = CommandRecord(
                    id=CommandId(new_id()),
                    tenant_id=tenant_id,
                    station_id=station_id,
                    command=self._commands.numbered(command),
                    asked_by=by,
                    asked_at=now,
                    status=CommandStatus.QUEUED,
                    not_before=not_before,
                    expires_at=expires_at,
                    batch_id=batch.id,
                )
                if keep_one is not None:
                    record = keep_one(changes, record)
                store.records.insert_command(changes, record, kind_of(command))
            await self._database.commit(changes)
            await self._look(
                [(station_id, 0 if not_before is None else micros(not_before)) for station_id in some]
            )
        changes = ChangeSet(tenant_id)
        changes.emit(
            CommandsQueued(
                tenant_id=tenant_id, happened_at=now, batch_id=batch.id, command=kind_of(command), by=by
            )
        )
        await self._database.commit(changes)
        return batch

    async def cancel(self, tenant_id: TenantId, command_id: CommandId, *, by: str) -> CommandRecord:
        """Take back a command that waits. Conflict when it does not wait any more."""

        def end(conn: Connection, changes: ChangeSet) -> CommandRecord:
            now = self._clock.now()
            ended = store.queue.end_waiting(
                conn,
                status=CommandStatus.CANCELLED,
                reason=f"Taken back by {by[:100]}.",
                now=now,
                limit=1,
                tenant_id=tenant_id,
                command_id=command_id,
            )
            if not ended:
                found = store.records.command(conn, tenant_id, command_id)
                if found is None:
                    raise NotFound(f"There is no command {command_id}.", field="command")
                raise Conflict(f"The command does not wait any more: it is {found.status.value}.")
            self._commands.tell_ended(changes, ended[0])
            return ended[0]

        return await self._database.decide(end, tenant_id)

    async def cancel_batch(self, tenant_id: TenantId, batch_id: BatchId, *, by: str) -> BatchProgress:
        """Take back what of a batch still waits; what was sent stays sent."""
        await self._change(tenant_id, batch_id, cancelled_at=micros(self._clock.now()))
        while await self._end_some(
            tenant_id,
            status=CommandStatus.CANCELLED,
            reason=f"Taken back by {by[:100]}.",
            batch_id=batch_id,
        ):
            pass
        return await self.progress(tenant_id, batch_id)

    async def pause_batch(self, tenant_id: TenantId, batch_id: BatchId) -> BatchProgress:
        await self._change(tenant_id, batch_id, paused=True)
        return await self.progress(tenant_id, batch_id)

    async def resume_batch(self, tenant_id: TenantId, batch_id: BatchId) -> BatchProgress:
        await self._change(tenant_id, batch_id, paused=False)
        await self._look(await self._database.read(lambda conn: store.queue.waiting(conn, batch_id=batch_id)))
        return await self.progress(tenant_id, batch_id)

    async def progress(self, tenant_id: TenantId, batch_id: BatchId) -> BatchProgress:
        def look(conn: Connection) -> BatchProgress:
            batch = store.queue.batch(conn, tenant_id, batch_id)
            if batch is None:
                raise no_batch(batch_id)
            return progress_of(batch, store.queue.counts(conn, tenant_id, [batch_id]).get(batch_id, {}))

        return await self._database.read(look)

    async def batches(
        self, tenant_id: TenantId, *, cursor: str | None = None, limit: int = 50
    ) -> Page[BatchProgress]:
        """Latest first."""
        limit = paging.bounded(limit)
        before = None if cursor is None else str(paging.decode(cursor, str)[0])

        def look(conn: Connection) -> list[BatchProgress]:
            found = store.queue.batches(conn, tenant_id, before=before, limit=limit + 1)
            counted = store.queue.counts(conn, tenant_id, [batch.id for batch in found])
            return [progress_of(batch, counted.get(batch.id, {})) for batch in found]

        return paging.page(await self._database.read(look), limit, lambda one: paging.encode(one.batch.id))

    # What moves it

    async def follow(self, event: StationBooted | StationConnected | CommandsQueued) -> None:
        """Look at a station that has come, and at what another node was asked for."""
        now = micros(self._clock.now())
        if isinstance(event, CommandsQueued):
            station_ids = None if event.station_id is None else [event.station_id]
            await self._look(
                await self._database.read(
                    lambda conn: store.queue.waiting(conn, station_ids=station_ids, batch_id=event.batch_id)
                )
            )
        elif event.station_id in self._due:
            # One that boots may be told at once; one that comes back without may be about to boot.
            pause = 0 if isinstance(event, StationBooted) else int(SETTLED_AFTER_S * 1_000_000)
            self._due[event.station_id] = now + pause
            self._wake.set()

    async def _look(self, waiting: Sequence[tuple[StationId, int]]) -> None:
        for station_id, due in waiting:
            known = self._due.get(station_id)
            self._due[station_id] = due if known is None else min(known, due)
        if waiting:
            self._wake.set()

    async def _work(self) -> None:
        swept = self._clock.monotonic()
        while True:
            try:
                if self._clock.monotonic() - swept >= SWEEP_EVERY_S:
                    swept = self._clock.monotonic()
                    await self._expire()
                while await self._round():
                    pass
            except CurrantError as error:
                log.warning("The command queue waits for its next turn: %s", error)
            except Exception:
                log.exception("The command queue failed and will try again.")
            self._wake.clear()
            # Not wait_for: in Python 3.11 it swallows a cancellation that comes with the wake.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._wake.wait()

    async def _round(self) -> bool:
        """Claim what can be sent now, and send it; whether there may be more."""
        room = min(UNDER_WAY_MAX - len(self._busy), CLAIMED_AT_ONCE)
        if room <= 0:
            return False
        now = self._clock.now()
        moment = micros(now)
        ready: list[StationId] = []
        for station_id, due in self._due.items():
            if due <= moment and station_id not in self._busy and self._link.is_connected(station_id):
                ready.append(station_id)
                if len(ready) == room:
                    break
        if not ready:
            return False
        under_way = dict(self._by_batch)

        def claim(
            conn: Connection, _: ChangeSet
        ) -> tuple[list[CommandRecord], dict[StationId, BatchId], list[tuple[StationId, int]]]:
            claimed, blocked = store.queue.claim(conn, ready, now=now, under_way=under_way)
            settled = blocked.keys() | {record.station_id for record in claimed}
            others = [station_id for station_id in ready if station_id not in settled]
            return claimed, blocked, store.queue.waiting(conn, station_ids=others) if others else []

        # Taken out before the claim: what is put for them meanwhile enters them anew.
        for station_id in ready:
            del self._due[station_id]
        try:
            claimed, blocked, others = await self._database.decide(claim, TenantId(""))
        except BaseException:
            for station_id in ready:
                self._due.setdefault(station_id, 0)
            raise
        for station_id, batch_id in blocked.items():
            self._blocked.setdefault(batch_id, deque()).append(station_id)
        for station_id, due in others:
            # Due and not claimed: of a batch that is paused. Its resumption wakes it, or time.
            self._due.setdefault(station_id, due if due > moment else moment + PAUSED_LOOK_US)
        loop = asyncio.get_running_loop()
        for record in claimed:
            self._busy.add(record.station_id)
            if record.batch_id is not None:
                self._by_batch[record.batch_id] += 1
            task = loop.create_task(self._send(record))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return True

    async def _send(self, record: CommandRecord) -> None:
        try:
            await self._send_or_put_back(record)
        finally:
            self._busy.discard(record.station_id)
            if record.batch_id is not None:
                self._by_batch[record.batch_id] -= 1
                self._unblock(record.batch_id)
            # More may wait for it; the claim finds out.
            self._due.setdefault(record.station_id, 0)
            self._wake.set()

    async def _send_or_put_back(self, record: CommandRecord) -> None:
        preparation = self._preparations.get(type(record.command))
        outcome: CommandOutcome | None = None
        ready = record
        try:
            if preparation is not None:
                ready = msgspec.structs.replace(record, command=await preparation.ready(record))
        except StoreUnavailable:
            outcome = CommandOutcome(status=CommandStatus.OFFLINE)
        except CurrantError as error:
            outcome = CommandOutcome(status=CommandStatus.REFUSED, reason=error.message)
        if outcome is None:
            outcome = await self._commands.send(ready)
        if outcome.status is not CommandStatus.OFFLINE:
            ended = outcome
            await self._until_kept(record, lambda: self._commands.end(record, ended))
            return
        if preparation is not None:
            again = preparation
            await self._until_kept(record, lambda: again.waits_again(record))
        await self._until_kept(
            record,
            lambda: self._database.decide(
                lambda conn, _: store.queue.put_back(conn, record.tenant_id, record.id), record.tenant_id
            ),
        )

    async def _until_kept(self, record: CommandRecord, keep: Callable[[], Awaitable[object]]) -> None:
        """Keep what became of a command, however long the database is away: nobody else knows it."""
        while True:
            try:
                await keep()
                return
            except StoreUnavailable as error:
                log.warning("What became of command %s is kept later: %s", record.id, error.message)
                await asyncio.sleep(LOOK_EVERY_S)
            except CurrantError as error:
                log.warning("What became of command %s cannot be kept: %s", record.id, error.message)
                return

    def _unblock(self, batch_id: BatchId) -> None:
        """Let the next station have the batch's place that has become free."""
        blocked = self._blocked.get(batch_id)
        if blocked:
            self._due.setdefault(blocked.popleft(), 0)
        if not self._by_batch[batch_id]:
            del self._by_batch[batch_id]
            for station_id in self._blocked.pop(batch_id, ()):
                self._due.setdefault(station_id, 0)

    async def _expire(self) -> None:
        while True:
            now = self._clock.now()
            tenant_id = await self._database.read(
                lambda conn: store.queue.tenant_of_expired(conn, now=now)  # noqa: B023 - read at once
            )
            if tenant_id is None:
                return
            await self._end_some(
                tenant_id,
                status=CommandStatus.EXPIRED,
                reason="The station was not there before the command's time was over.",
                expired=True,
            )

    async def _end_some(
        self,
        tenant_id: TenantId,
        *,
        status: CommandStatus,
        reason: str,
        batch_id: BatchId | None = None,
        expired: bool = False,
    ) -> int:
        """End some waiting commands, and tell of it; how many."""

        def end(conn: Connection, changes: ChangeSet) -> int:
            ended = store.queue.end_waiting(
                conn,
                status=status,
                reason=reason,
                now=self._clock.now(),
                limit=EXPIRED_AT_ONCE,
                tenant_id=tenant_id,
                batch_id=batch_id,
                expired=expired,
            )
            for record in ended:
                self._commands.tell_ended(changes, record)
            return len(ended)

        return await self._database.decide(end, tenant_id)

    async def _change(self, tenant_id: TenantId, batch_id: BatchId, **values: object) -> None:
        def change(conn: Connection, _: ChangeSet) -> None:
            batch = store.queue.batch(conn, tenant_id, batch_id)
            if batch is None:
                raise no_batch(batch_id)
            if batch.cancelled_at is not None:
                raise Conflict("The batch was cancelled.")
            store.queue.set_batch(conn, tenant_id, batch_id, **values)

        await self._database.decide(change, tenant_id)

    def _may_be_told(self, tenant_id: TenantId, station_id: StationId) -> bool:
        entry = self._directory.by_id(station_id)
        return entry is not None and entry.tenant_id == tenant_id and entry.admission is Admission.ACCEPTED
