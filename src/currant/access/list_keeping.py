"""What follows for stations' local lists from commands: lists sent by hand are known, customers cleared come off.

A station that is told to forget a customer leaves its local list alone, for only the CSMS counts the list's
versions (2.x N10.FR.02, .06). So the token is taken off by a differential update, and stays off the list that
is declared for the station until somebody changes the token.
"""

from datetime import timedelta

from sqlalchemy import Connection

from currant.access import store
from currant.access.events import TokenChanged
from currant.access.list_aspect import NEVER_SENT, keep_sent, key_of
from currant.access.store.lists import ListKey
from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.clock import Clock
from currant.kit.event import Event
from currant.stations.commanding.displays import GetCustomerInformation
from currant.stations.commanding.lists import LocalListEntry, SendLocalList
from currant.stations.commands import CommandService
from currant.stations.desired.work import BY as RECONCILER
from currant.stations.events import CommandEnded
from currant.stations.model import CommandRecord, CommandStatus
from currant.stations.queueing import CommandQueue

BY = "customer information"
WAITS = timedelta(days=30)
"""For a station that is offline by then."""
NOTHING_SAID = (*NEVER_SENT, CommandStatus.UNSUPPORTED)


class ListKeeping:
    """A subscriber of `KEPT_EVENTS`; hearing of something twice changes nothing."""

    def __init__(
        self, database: Database, commands: CommandService, queue: CommandQueue, clock: Clock
    ) -> None:
        self._database = database
        self._commands = commands
        self._queue = queue
        self._clock = clock

    async def follow(self, event: Event) -> None:
        if isinstance(event, TokenChanged):
            await self._changed(event)
        elif isinstance(event, CommandEnded):
            # What the reconciler sends it keeps itself (list_aspect.py).
            by_hand = event.command == SendLocalList.__name__ and event.asked_by != RECONCILER
            cleared = event.command == GetCustomerInformation.__name__
            if by_hand or (cleared and event.status is CommandStatus.ACCEPTED):
                await self._ended(await self._commands.get(event.tenant_id, event.command_id))

    async def _ended(self, record: CommandRecord) -> None:
        command = record.command
        if isinstance(command, SendLocalList) and record.status not in NOTHING_SAID:
            await self._sent(record, command)
        elif isinstance(command, GetCustomerInformation) and command.clear and command.token_uid:
            await self._cleared(record, (command.token_uid.casefold(), command.token_kind))

    async def _sent(self, record: CommandRecord, sent: SendLocalList) -> None:
        tenant_id, station_id = record.tenant_id, record.station_id
        at = record.ended_at or self._clock.now()

        def keep(conn: Connection, changes: ChangeSet) -> None:
            held = store.lists.held(conn, tenant_id, station_id)
            if held is not None and held.checked_at >= at:
                return
            if record.status is CommandStatus.ACCEPTED:
                before = "" if held is None else held.digest
                keep_sent(conn, changes, tenant_id, station_id, sent, before, at)
            elif held is not None and sent.version > held.version:
                # Some of it may have arrived; that an older one was turned down says nothing.
                store.lists.save(conn, changes, tenant_id, station_id, None)

        await self._database.decide(keep, tenant_id)

    async def _cleared(self, record: CommandRecord, key: ListKey) -> None:
        tenant_id, station_id = record.tenant_id, record.station_id
        at = record.ended_at or self._clock.now()

        def keep(conn: Connection, changes: ChangeSet) -> tuple[int, LocalListEntry] | None:
            """Off the list from now on; the list's version and the entry, where it is known to stand there."""
            store.lists.save_cleared(changes, tenant_id, station_id, key, at)
            held = store.lists.held(conn, tenant_id, station_id)
            content = None
            if held is not None and held.digest:
                content = store.lists.content(conn, tenant_id, held.digest)
            found = next((entry for entry in content or () if key_of(entry) == key), None)
            return None if held is None or found is None else (held.version, found)

        stands = await self._database.decide(keep, tenant_id)
        if stands is None:
            return
        version, entry = stands
        gone = LocalListEntry(token_uid=entry.token_uid, token_kind=entry.token_kind, status=None)
        await self._queue.put(
            tenant_id,
            station_id,
            SendLocalList(version=max(version, 0) + 1, full=False, entries=(gone,)),
            by=record.asked_by or BY,
            expires_at=self._clock.now() + WAITS,
        )

    async def _changed(self, event: TokenChanged) -> None:
        """A token that somebody changed may stand on lists again."""
        tenant_id, uid, before = event.tenant_id, event.uid.casefold(), event.happened_at
        if not await self._database.read(
            lambda conn: store.lists.clearances_of(conn, tenant_id, uid, before=before)
        ):
            return

        def forget(conn: Connection, changes: ChangeSet) -> None:
            for station_id, key in store.lists.clearances_of(conn, tenant_id, uid, before=before):
                store.lists.delete_cleared(changes, tenant_id, station_id, key)

        await self._database.decide(forget, tenant_id)


KEPT_EVENTS: tuple[type[Event], ...] = (CommandEnded, TokenChanged)
