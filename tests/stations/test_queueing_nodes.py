"""One queue of commands on several nodes, and through times in which the database is away."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator

import pytest
from tests.stations.conftest import TENANT, Network

from currant.kit.errors import StoreUnavailable
from currant.kit.ids import StationId
from currant.stations.commanding import AnyCommand
from currant.stations.commanding.remote import ClearCache, Reset
from currant.stations.drafts import StationDraft
from currant.stations.model import CommandOutcome, CommandRecord, CommandStatus
from currant.stations.queueing import CommandQueue
from services import PostgresServer, fresh_database, postgres_server

STATIONS = 30


class Node:
    """A node: connections to the database of its own, a link of its own, a queue of its own."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.queue = CommandQueue(
            network.database, network.directory, network.link, network.commands, network.clock
        )

    @property
    def told(self) -> list[StationId]:
        return [station for station, _ in self.network.link.sent]


@pytest.fixture
async def nodes(postgres: PostgresServer) -> AsyncIterator[list[Node]]:
    url = postgres.new_tables()
    databases = [fresh_database(url), fresh_database(url)]
    made = [Node(await Network(database).started()) for database in databases]
    yield made
    for node in made:
        await node.queue.stop()
    for database in databases:
        await database.close()


async def stations_at(network: Network, count: int) -> list[StationId]:
    return [
        (await network.inventory.create_station(TENANT, StationDraft(identity=f"CP-{number}"), by="olga")).id
        for number in range(count)
    ]


async def all_ended(network: Network, count: int, *, within_s: float = 60.0) -> list[CommandStatus]:
    async with asyncio.timeout(within_s):
        while True:
            with contextlib.suppress(StoreUnavailable):
                found = (await network.commands.list(TENANT, limit=500)).items
                if len(found) == count and all(record.ended_at is not None for record in found):
                    return [record.status for record in found]
            await asyncio.sleep(0.05)


async def test_every_command_is_sent_once_by_the_node_that_holds_its_station(nodes: list[Node]) -> None:
    first, second = nodes
    stations = await stations_at(first.network, STATIONS)
    for node in nodes:
        await node.network.directory.load()
    for station in stations:
        for command in (ClearCache(), Reset()):
            await first.queue.put(TENANT, station, command, by="olga")
    here, there, moving = stations[:10], stations[10:20], stations[20:]
    # Those that have just come to another node are held by both, until the old connection is found dead.
    first.network.link.connected |= {*here, *moving}
    second.network.link.connected |= {*there, *moving}
    await asyncio.gather(*(node.queue.start() for node in nodes))
    statuses = await all_ended(first.network, 2 * STATIONS)
    assert set(statuses) == {CommandStatus.ACCEPTED}
    told = Counter(first.told) + Counter(second.told)
    assert told == Counter(dict.fromkeys(stations, 2))
    assert not set(first.told) & set(there)
    assert not set(second.told) & set(here)


async def test_a_database_that_goes_away_in_the_middle_loses_nothing() -> None:
    server = postgres_server()
    database = fresh_database(server.new_tables())
    network = await Network(database).started()
    node = Node(network)
    stations = await stations_at(network, 6)
    for station in stations[:5]:
        await node.queue.put(TENANT, station, ClearCache(), by="olga")
    # It goes away while commands are under way, and one of the stations goes away with it.
    gone = stations[5]
    await node.queue.put(TENANT, gone, Reset(), by="olga")
    answer, away = network.link.send, asyncio.Event()

    async def answers_later(
        station_id: StationId, command: AnyCommand, *, deadline_s: float
    ) -> CommandOutcome:
        if not away.is_set():
            away.set()
            await asyncio.to_thread(server.stop, kill=True)
        if station_id == gone and gone in network.link.connected:
            network.link.connected.discard(gone)
            return CommandOutcome(status=CommandStatus.OFFLINE)
        return await answer(station_id, command, deadline_s=deadline_s)

    network.link.send = answers_later  # type: ignore[method-assign]
    network.link.connected.update(stations)
    await node.queue.start()
    try:
        async with asyncio.timeout(30):
            await away.wait()
            while database.health.ok:
                await asyncio.sleep(0.05)
        await asyncio.to_thread(server.start)
        async with asyncio.timeout(30):
            while sum(record.ended_at is not None for record in await records(network)) < 5:
                await asyncio.sleep(0.05)
        (waiting,) = [record for record in await records(network) if record.station_id == gone]
        assert waiting.ended_at is None
        network.link.connected.add(gone)
        network.link.send = answer  # type: ignore[method-assign]
        assert await all_ended(network, 6) == [CommandStatus.ACCEPTED] * 6
        assert Counter(node.told) == Counter(dict.fromkeys(stations, 1))
    finally:
        await node.queue.stop()
        await database.close()
        server.close()


async def records(network: Network) -> tuple[CommandRecord, ...]:
    with contextlib.suppress(StoreUnavailable):
        return (await network.commands.list(TENANT, limit=500)).items
    return ()
