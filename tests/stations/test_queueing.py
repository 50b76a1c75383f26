"""Commands that wait for their station, their time or their turn, and batches of them."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from currant.db.numbers import Numbers
from currant.kit.errors import Conflict, Invalid, NotFound
from currant.kit.ids import BatchId, StationId, TenantId
from currant.stations.commanding.remote import ClearCache, Reset
from currant.stations.commanding.variables import SetVariables, Variable, VariableValue
from currant.stations.commands import CommandService
from currant.stations.drafts import StationDraft
from currant.stations.events import StationBooted
from currant.stations.model import Admission, CommandOutcome, CommandStatus
from currant.stations.queueing import CommandQueue

TENANT = TenantId("tenant-1")


@pytest.fixture
async def queue(network) -> AsyncIterator[CommandQueue]:
    queue = CommandQueue(network.database, network.directory, network.link, network.commands, network.clock)
    await queue.start()
    yield queue
    await queue.stop()


async def registered(network, *identities: str) -> list[StationId]:
    made = [
        await network.inventory.create_station(TENANT, StationDraft(identity=identity), by="olga")
        for identity in identities
    ]
    return [station.id for station in made]


async def comes(network, queue: CommandQueue, identity: str) -> None:
    """The station connects and boots."""
    entry = network.directory.find(identity)
    network.link.connected.add(entry.station_id)
    await queue.follow(
        StationBooted(
            tenant_id=TENANT,
            happened_at=network.clock.now(),
            station_id=entry.station_id,
            identity=identity,
            admission=Admission.ACCEPTED,
        )
    )


async def ended(network, command_id, *, within_s: float = 30.0):
    for _ in range(int(within_s / 0.02)):
        record = await network.commands.get(TENANT, command_id)
        if record.status not in (CommandStatus.QUEUED, CommandStatus.SENT):
            return record
        await asyncio.sleep(0.02)
    raise AssertionError(f"still {record.status}")


async def test_a_command_waits_until_its_station_has_booted(network, queue):
    await registered(network, "CP-1")
    record = await queue.put(TENANT, "CP-1", ClearCache(), by="olga")
    assert record.status is CommandStatus.QUEUED
    assert network.link.sent == []
    await comes(network, queue, "CP-1")
    assert (await ended(network, record.id)).status is CommandStatus.ACCEPTED
    assert [command for _, command in network.link.sent] == [ClearCache()]


async def test_commands_of_one_station_are_sent_in_the_order_they_were_given(network, queue):
    await registered(network, "CP-1")
    records = [
        await queue.put(TENANT, "CP-1", command, by="olga")
        for command in (ClearCache(), Reset(), ClearCache())
    ]
    await comes(network, queue, "CP-1")
    for record in records:
        await ended(network, record.id)
    assert [type(command) for _, command in network.link.sent] == [ClearCache, Reset, ClearCache]


async def test_a_command_survives_the_process_that_kept_it(network, queue):
    await registered(network, "CP-1")
    record = await queue.put(TENANT, "CP-1", ClearCache(), by="olga")
    await queue.stop()
    again = CommandQueue(network.database, network.directory, network.link, network.commands, network.clock)
    await again.start()
    await comes(network, again, "CP-1")
    assert (await ended(network, record.id)).status is CommandStatus.ACCEPTED
    await again.stop()


async def test_a_command_is_not_sent_before_its_time(network, queue):
    await registered(network, "CP-1")
    later = network.clock.now() + timedelta(hours=1)
    record = await queue.put(TENANT, "CP-1", Reset(), by="olga", not_before=later)
    await comes(network, queue, "CP-1")
    await asyncio.sleep(0.3)
    assert network.link.sent == []
    network.clock.advance(timedelta(hours=2))
    assert (await ended(network, record.id)).status is CommandStatus.ACCEPTED


async def test_a_command_whose_time_is_over_is_not_sent_any_more(network, queue):
    await registered(network, "CP-1")
    soon = network.clock.now() + timedelta(minutes=5)
    record = await queue.put(TENANT, "CP-1", Reset(), by="olga", expires_at=soon)
    network.clock.advance(timedelta(minutes=6))
    await comes(network, queue, "CP-1")
    done = await ended(network, record.id)
    assert done.status is CommandStatus.EXPIRED
    assert network.link.sent == []


async def test_a_station_that_goes_before_it_is_told_keeps_its_command(network, queue):
    await registered(network, "CP-1")
    record = await queue.put(TENANT, "CP-1", ClearCache(), by="olga")
    network.link.outcomes = [CommandOutcome(status=CommandStatus.OFFLINE)]
    await comes(network, queue, "CP-1")
    assert (await ended(network, record.id)).status is CommandStatus.ACCEPTED
    assert len(network.link.sent) == 2


async def test_a_waiting_command_can_be_taken_back_and_a_sent_one_cannot(network, queue):
    await registered(network, "CP-1")
    record = await queue.put(TENANT, "CP-1", ClearCache(), by="olga")
    taken = await queue.cancel(TENANT, record.id, by="otto")
    assert (taken.status, taken.reason) == (CommandStatus.CANCELLED, "Taken back by otto.")
    with pytest.raises(Conflict):
        await queue.cancel(TENANT, record.id, by="otto")
    with pytest.raises(NotFound):
        await queue.cancel(TenantId("another"), record.id, by="otto")


async def test_a_command_with_a_password_is_not_kept(network, queue):
    await registered(network, "CP-1")
    secret = SetVariables(
        values=(VariableValue(variable=Variable(name="AuthorizationKey"), value="0123456789abcdef"),)
    )
    with pytest.raises(Invalid, match="password"):
        await queue.put(TENANT, "CP-1", secret, by="olga")


async def test_only_so_many_commands_wait_for_a_station(network, queue, monkeypatch):
    monkeypatch.setattr("currant.stations.queueing.WAITING_PER_STATION_MAX", 3)
    await registered(network, "CP-1")
    for _ in range(3):
        await queue.put(TENANT, "CP-1", ClearCache(), by="olga")
    with pytest.raises(Conflict, match="cancel some"):
        await queue.put(TENANT, "CP-1", ClearCache(), by="olga")


async def test_one_command_reaches_many_stations_and_the_offline_ones_when_they_come(network, queue):
    ids = await registered(network, *(f"CP-{number}" for number in range(12)))
    network.link.connected |= set(ids[:10])
    batch = await queue.put_many(TENANT, ids, ClearCache(), by="olga", at_once=3, note="after the recall")
    for _ in range(250):
        progress = await queue.progress(TENANT, batch.id)
        if progress.by_status.get("accepted") == 10:
            break
        await asyncio.sleep(0.02)
    assert progress.by_status == {"accepted": 10, "queued": 2}
    assert not progress.done
    await comes(network, queue, "CP-10")
    await comes(network, queue, "CP-11")
    for _ in range(250):
        progress = await queue.progress(TENANT, batch.id)
        if progress.done:
            break
        await asyncio.sleep(0.02)
    assert progress.by_status == {"accepted": 12}
    assert sorted(station for station, _ in network.link.sent) == sorted(ids), "each once"
    page = await network.commands.list(TENANT, batch_id=batch.id)
    assert len(page.items) == 12
    listed = await queue.batches(TENANT)
    assert [one.batch.note for one in listed.items] == ["after the recall"]


class SlowLink:
    """Wraps a link and holds every answer back until it is let go."""

    def __init__(self, link) -> None:
        self.link = link
        self.under_way = 0
        self.most = 0
        self.go = asyncio.Event()

    async def send(self, station_id, command, *, deadline_s, only_if_idle=False):
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        await self.go.wait()
        self.under_way -= 1
        return CommandOutcome(status=CommandStatus.ACCEPTED)

    def __getattr__(self, name):
        return getattr(self.link, name)


async def test_a_batch_is_under_way_to_no_more_stations_than_it_said(network):
    slow = SlowLink(network.link)
    commands = CommandService(
        network.database, network.directory, slow, Numbers(network.database), network.clock
    )
    queue = CommandQueue(network.database, network.directory, slow, commands, network.clock)
    await queue.start()
    ids = await registered(network, *(f"CP-{number}" for number in range(9)))
    network.link.connected |= set(ids)
    batch = await queue.put_many(TENANT, ids, ClearCache(), by="olga", at_once=4)
    for _ in range(100):
        if slow.under_way == 4:
            break
        await asyncio.sleep(0.02)
    await asyncio.sleep(0.2)
    assert slow.under_way == 4

    assert (await queue.pause_batch(TENANT, batch.id)).batch.paused
    slow.go.set()
    await asyncio.sleep(0.3)
    assert (await queue.progress(TENANT, batch.id)).by_status == {"accepted": 4, "queued": 5}, "paused"
    await queue.resume_batch(TENANT, batch.id)
    for _ in range(250):
        if (await queue.progress(TENANT, batch.id)).done:
            break
        await asyncio.sleep(0.02)
    assert (await queue.progress(TENANT, batch.id)).by_status == {"accepted": 9}
    assert slow.most == 4
    await queue.stop()


async def test_what_waits_of_a_batch_can_be_taken_back(network, queue):
    ids = await registered(network, "CP-1", "CP-2")
    batch = await queue.put_many(TENANT, ids, Reset(), by="olga")
    progress = await queue.cancel_batch(TENANT, batch.id, by="otto")
    assert progress.by_status == {"cancelled": 2}
    assert progress.done
    with pytest.raises(Conflict):
        await queue.resume_batch(TENANT, batch.id)
    with pytest.raises(NotFound):
        await queue.progress(TENANT, BatchId("none"))


async def test_a_batch_needs_an_accepted_station(network, queue):
    await network.stations.unknown_station("NEW")
    entry = network.directory.find("NEW")
    with pytest.raises(Invalid, match="accepted"):
        await queue.put_many(TENANT, [entry.station_id], Reset(), by="olga")
