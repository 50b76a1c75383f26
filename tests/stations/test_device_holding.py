"""What is held of stations that are worked on is what the database says, whatever they tell meanwhile."""

from typing import Any

import pytest

from currant.kit.ids import TenantId
from currant.stations.commanding.variables import Traits, VariableValue
from currant.stations.device import naming
from currant.stations.device.model import Extent, How
from currant.stations.device.service import DeviceModel
from currant.stations.directory import DirectoryEntry
from currant.stations.drafts import StationDraft

TENANT = TenantId("tenant-1")
INTERVAL = "OCPPCommCtrlr.HeartbeatInterval"
PING = "OCPPCommCtrlr.WebSocketPingInterval"
OTHER = "SampledDataCtrlr.TxUpdatedInterval"
HELD = (INTERVAL, PING)
NUMBER = Traits(mutability="ReadWrite", data_type="integer")
READ_ONLY = Traits(mutability="ReadOnly", data_type="integer")
KEY = b"an installation's own key"


class Counting:
    """A database that counts what is asked of it."""

    def __init__(self, database: Any) -> None:
        self._database = database
        self.reads = 0

    def read(self, function: Any) -> Any:
        self.reads += 1
        return self._database.read(function)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)


class Held:
    def __init__(self, network: Any) -> None:
        self.network = network
        self.database = Counting(network.database)
        self.model = DeviceModel(self.database, network.clock, key=KEY)  # type: ignore[arg-type]

    async def station(self, identity: str) -> DirectoryEntry:
        await self.network.inventory.create_station(TENANT, StationDraft(identity=identity), by="a test")
        entry = self.network.directory.find(identity)
        assert entry is not None
        return entry

    async def hold(self, *entries: DirectoryEntry) -> None:
        variables = [naming.read(key) for key in HELD]
        await self.model.hold(TENANT, {entry.station_id: variables for entry in entries})

    async def known(self, entry: DirectoryEntry, *keys: str) -> Any:
        return await self.model.known(TENANT, entry.station_id, [naming.read(key) for key in keys])

    async def agrees(self, entry: DirectoryEntry) -> None:
        """What is known here is what one knows that holds nothing."""
        fresh = DeviceModel(self.network.database, self.network.clock, key=KEY)
        variables = [naming.read(key) for key in HELD]
        assert await self.known(entry, *HELD) == await fresh.known(TENANT, entry.station_id, variables)


@pytest.fixture
def held(network: Any) -> Held:
    """Runs on SQLite and on PostgreSQL."""
    return Held(network)


def told(key: str, value: str | None, status: str = "Accepted", traits: Traits | None = None) -> Any:
    return VariableValue(variable=naming.read(key), value=value, status=status, traits=traits)


async def test_many_stations_are_read_at_once_and_then_cost_no_query(held: Held) -> None:
    entries = [await held.station(f"CS-{number}") for number in range(5)]
    for entry in entries[:3]:
        await held.model.learn(entry, [told(INTERVAL, entry.identity, traits=NUMBER)], How.GET)
    await held.hold(*entries)
    before = held.database.reads
    for entry in entries:
        found = await held.known(entry, *HELD)
        assert [each.value for each in found.values()] == [entry.identity] * (entry in entries[:3])
        await held.model.limits_of(entry)
        await held.model.learn(entry, [told(PING, "7", traits=NUMBER)], How.GET)
        assert (await held.known(entry, PING))[PING.lower()].value == "7"
    assert held.database.reads == before
    for entry in entries:
        await held.agrees(entry)


@pytest.mark.parametrize(
    ("values", "how", "extent"),
    [
        ([told(INTERVAL, "61", traits=NUMBER)], How.GET, Extent.PART),
        ([told(INTERVAL, "61")], How.SET, Extent.PART),
        ([told(INTERVAL, "61", "Rejected")], How.SET, Extent.PART),
        ([told(INTERVAL, "61", "RebootRequired")], How.SET, Extent.PART),
        ([told(INTERVAL, None, "UnknownVariable")], How.GET, Extent.PART),
        ([told(INTERVAL, "60", traits=READ_ONLY)], How.GET, Extent.PART),
        ([told(OTHER, "5", traits=NUMBER)], How.GET, Extent.PART),
        ([told(OTHER, "5", traits=NUMBER), told(PING, "8", traits=NUMBER)], How.EVENT, Extent.PART),
        ([told(f"{INTERVAL}#Target", "9")], How.SET, Extent.PART),
        ([told(f"{INTERVAL}@1", "9", traits=NUMBER)], How.GET, Extent.PART),
        ([told("HeartbeatInterval", "44", traits=NUMBER)], How.GET, Extent.PART),
        ([told(PING, "8", traits=NUMBER)], How.REPORT, Extent.WHOLE),
    ],
)
async def test_what_a_station_tells_meanwhile_is_held_as_it_is_kept(
    held: Held, values: Any, how: How, extent: Extent
) -> None:
    entry = await held.station("CS-1")
    await held.model.learn(entry, [told(INTERVAL, "60", traits=NUMBER)], How.GET)
    await held.hold(entry)
    await held.model.learn(entry, values, how, extent=extent)
    await held.agrees(entry)
    # And once more: what is compared next is what was held.
    await held.model.learn(entry, [told(INTERVAL, "62"), told(PING, "3", traits=NUMBER)], How.SET)
    await held.agrees(entry)


async def test_what_is_told_while_it_is_being_read_is_not_missed(held: Held) -> None:
    entry = await held.station("CS-1")
    await held.model.learn(entry, [told(INTERVAL, "60", traits=NUMBER)], How.GET)
    learning = held.model.learn(entry, [told(INTERVAL, "61")], How.SET)
    await held.hold(entry)
    await learning
    await held.agrees(entry)


async def test_a_station_that_is_let_go_is_asked_for_in_the_database_again(held: Held) -> None:
    entry = await held.station("CS-1")
    await held.hold(entry)
    held.model.let_go(entry.station_id)
    other = DeviceModel(held.network.database, held.network.clock, key=KEY)
    await other.learn(entry, [told(INTERVAL, "99", traits=NUMBER)], How.GET)
    assert (await held.known(entry, INTERVAL))[INTERVAL.lower()].value == "99"
