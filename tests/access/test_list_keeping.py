"""Local lists sent by hand are known, and customers whom a station forgets come off and stay off its list."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from currant.access.events import TokenChanged
from currant.access.list_aspect import KEY, LocalListAspect
from currant.access.list_keeping import ListKeeping
from currant.access.model import TokenDraft
from currant.access.service import AccessService
from currant.db.engine import Database
from currant.db.numbers import Numbers
from currant.kit.clock import ManualClock
from currant.kit.ids import StationId, TenantId, TokenId
from currant.stations.commanding import AnyCommand
from currant.stations.commanding.displays import GetCustomerInformation
from currant.stations.commanding.lists import LocalListEntry, SendLocalList
from currant.stations.commands import CommandService, kind_of
from currant.stations.desired.aspect import Desired, Refusal
from currant.stations.desired.work import BY as RECONCILER
from currant.stations.directory import StationDirectory
from currant.stations.drafts import StationDraft
from currant.stations.events import CommandEnded
from currant.stations.inventory import Inventory
from currant.stations.model import CommandOutcome, CommandRecord, CommandStatus
from currant.stations.queueing import CommandQueue

TENANT = TenantId("tenant-1")
SECOND = timedelta(seconds=1)


class Link:
    """A station that takes everything, or says `word` to a list."""

    def __init__(self) -> None:
        self.lists: list[SendLocalList] = []
        self.word = "Accepted"
        self.online = True

    async def send(
        self,
        station_id: StationId,
        command: AnyCommand,
        *,
        deadline_s: float,
        only_if_idle: bool = False,
    ) -> CommandOutcome:
        if not self.online:
            return CommandOutcome(status=CommandStatus.OFFLINE)
        if isinstance(command, SendLocalList):
            self.lists.append(command)
            accepted = self.word == "Accepted"
            status = CommandStatus.ACCEPTED if accepted else CommandStatus.REFUSED
            return CommandOutcome(status=status, answer={"status": self.word})
        return CommandOutcome(status=CommandStatus.ACCEPTED, answer={"status": "Accepted"})

    def is_connected(self, station_id: StationId) -> bool:
        return self.online

    def profile_of(self, station_id: StationId) -> int | None:
        return 1

    def refresh(self, station_id: StationId) -> None: ...

    def drop(self, station_id: StationId, *, reason: str) -> None: ...


class Scene:
    """A station, CP-1, with all that has to do with its list."""

    def __init__(self, database: Database) -> None:
        self.clock = ManualClock()
        self.link = Link()
        self.directory = StationDirectory(database, self.clock, key=b"key")
        self.inventory = Inventory(database, self.directory, self.link, self.clock)
        self.commands = CommandService(database, self.directory, self.link, Numbers(database), self.clock)
        self.queue = CommandQueue(database, self.directory, self.link, self.commands, self.clock)
        self.access = AccessService(database, self.clock)
        self.keeping = ListKeeping(database, self.commands, self.queue, self.clock)
        self.aspect = LocalListAspect(database, self.access.local_lists, self.clock)

    async def issue(self, uid: str) -> TokenId:
        token = await self.access.create_token(TENANT, TokenDraft(uid=uid), by="olga")
        await self.changed(token.id, uid)
        return token.id

    async def changed(self, token_id: TokenId, uid: str) -> None:
        event = TokenChanged(tenant_id=TENANT, happened_at=self.clock.now(), token_id=token_id, uid=uid)
        await self.access.local_lists.follow(event)
        await self.keeping.follow(event)

    async def give(self, command: AnyCommand) -> CommandRecord:
        """By hand; everybody hears what came of it."""
        self.clock.advance(SECOND)
        record = await self.commands.give(TENANT, "CP-1", command, by="olga")
        await self.ended(record)
        return record

    async def ended(self, record: CommandRecord) -> None:
        assert record.ended_at is not None
        await self.keeping.follow(
            CommandEnded(
                tenant_id=TENANT,
                happened_at=record.ended_at,
                command_id=record.id,
                station_id=record.station_id,
                command=kind_of(record.command),
                status=record.status,
                asked_by=record.asked_by,
            )
        )

    async def forgets(self, uid: str) -> CommandRecord:
        return await self.give(GetCustomerInformation(clear=True, token_uid=uid))

    async def queued(self) -> CommandRecord:
        """What was queued, once it has ended."""
        async with asyncio.timeout(30):
            while True:
                page = await self.commands.list(TENANT, kind="SendLocalList")
                if page.items and page.items[0].ended_at is not None:
                    await self.ended(page.items[0])
                    return page.items[0]
                await asyncio.sleep(0.02)

    async def wanted(self) -> list[SendLocalList]:
        """What the reconciler would send, and sends: the list is declared."""
        entry = self.directory.find("CP-1")
        assert entry is not None
        desired = Desired(
            aspect="local_list", key=KEY, value={}, declaration_id="d", declared_at=self.clock.now()
        )
        given: list[SendLocalList] = []
        for _ in range(4):
            reported = await self.aspect.reported(entry, "2.0.1", [desired])
            if self.aspect.agrees(desired, reported.get(KEY)):
                return given
            steps = await self.aspect.steps(entry, "2.0.1", [desired], reported)
            assert not isinstance(steps, Refusal)
            self.clock.advance(SECOND)
            record = await self.commands.give(TENANT, "CP-1", steps[0].command, by=RECONCILER)
            await self.aspect.took(entry, steps[0], record)
            await self.ended(record)
            if isinstance(steps[0].command, SendLocalList):
                given.append(steps[0].command)
        raise AssertionError("It never was content.")


@pytest.fixture
async def scene(sqlite_database: Database) -> AsyncIterator[Scene]:
    made = Scene(sqlite_database)
    await made.commands.start()
    await made.queue.start()
    await made.inventory.create_station(TENANT, StationDraft(identity="CP-1"), by="olga")
    yield made
    await made.queue.stop()


def entries(*uids: str) -> tuple[LocalListEntry, ...]:
    return tuple(LocalListEntry(token_uid=uid) for uid in uids)


def gone(uid: str, version: int) -> SendLocalList:
    entry = LocalListEntry(token_uid=uid, token_kind="rfid", status=None)
    return SendLocalList(version=version, full=False, entries=(entry,))


async def test_who_is_forgotten_comes_off_a_list_that_was_sent_by_hand(scene: Scene) -> None:
    await scene.give(SendLocalList(version=5, entries=entries("AA01", "AA02")))
    await scene.give(SendLocalList(version=6, full=False, entries=entries("AA03")))
    record = await scene.forgets("aa03")
    sent = await scene.queued()
    assert scene.link.lists[-1] == gone("AA03", 7)
    assert (sent.status, sent.asked_by) == (CommandStatus.ACCEPTED, "olga")
    # Hearing of it again changes nothing.
    await scene.ended(record)
    assert (await scene.commands.list(TENANT, kind="SendLocalList")).items[0].id == sent.id


async def test_who_is_forgotten_stays_off_a_declared_list_until_the_token_changes(scene: Scene) -> None:
    first = await scene.issue("AA01")
    await scene.issue("AA02")
    assert [(each.full, each.version) for each in await scene.wanted()] == [(True, 1)]
    await scene.forgets("AA01")
    await scene.queued()
    assert scene.link.lists[-1] == gone("AA01", 2)
    assert await scene.wanted() == []
    scene.clock.advance(SECOND)
    await scene.changed(first, "AA01")
    [again] = await scene.wanted()
    assert (again.full, again.version, [each.token_uid for each in again.entries]) == (False, 3, ["AA01"])


async def test_what_is_only_reported_stays_on_the_list(scene: Scene) -> None:
    await scene.give(SendLocalList(version=5, entries=entries("AA01")))
    await scene.give(GetCustomerInformation(token_uid="AA01"))
    await scene.give(GetCustomerInformation(clear=True, customer_identifier="AA01"))
    await scene.forgets("AA02")
    page = await scene.commands.list(TENANT, kind="SendLocalList")
    assert [record.command for record in page.items] == [SendLocalList(version=5, entries=entries("AA01"))]


async def test_a_list_that_was_turned_down_leaves_open_what_the_station_holds(scene: Scene) -> None:
    await scene.issue("AA01")
    assert [each.version for each in await scene.wanted()] == [1]
    scene.link.word = "VersionMismatch"
    # An older version says nothing; a newer one may have arrived in part.
    await scene.give(SendLocalList(version=1, entries=entries("AA02")))
    assert await scene.wanted() == []
    await scene.give(SendLocalList(version=9, entries=entries("AA02")))
    scene.link.word = "Accepted"
    assert [each.full for each in await scene.wanted()] == [True]


async def test_what_was_put_on_a_declared_list_by_hand_is_put_right(scene: Scene) -> None:
    await scene.issue("AA01")
    await scene.wanted()
    await scene.give(SendLocalList(version=4, full=False, entries=entries("AA02")))
    [sent] = await scene.wanted()
    assert (sent.full, sent.version, [each.token_uid for each in sent.entries]) == (True, 5, ["AA01"])
