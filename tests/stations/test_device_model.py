"""The device model on real databases: what is learned, what is new of it, and what is asked across stations."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from currant.kit.errors import NotFound
from currant.kit.ids import TenantId
from currant.stations.commanding.variables import Traits, Variable, VariableValue
from currant.stations.device import naming
from currant.stations.device.model import Extent, Fleet, How
from currant.stations.device.service import DeviceModel
from currant.stations.device.store.tables import device_values
from currant.stations.directory import DirectoryEntry
from currant.stations.drafts import StationDraft
from currant.stations.model import BootReport

TENANT = TenantId("tenant-1")
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
INTERVAL = "OCPPCommCtrlr.HeartbeatInterval"
NUMBER = Traits(mutability="ReadWrite", data_type="integer", unit="s")


def told(
    key: str, value: str | None, status: str = "Accepted", traits: Traits | None = None
) -> VariableValue:
    return VariableValue(variable=naming.read(key), value=value, status=status, traits=traits)


class Learning:
    """A device model over a network of stations."""

    def __init__(self, network: Any) -> None:
        self.network = network
        self.database = network.database
        self.model = DeviceModel(network.database, network.clock, key=b"an installation's own key")

    async def station(self, identity: str, *, vendor: str = "ABB", model: str = "Terra") -> DirectoryEntry:
        await self.network.inventory.create_station(TENANT, StationDraft(identity=identity), by="a test")
        entry = self.network.directory.find(identity)
        assert entry is not None
        attended = await self.network.stations.attend(
            entry, version="2.0.1", security_profile=1, remote_address="", at=NOW
        )
        boot = BootReport(vendor=vendor, model=model, firmware_version="1.0")
        await self.network.stations.boot(attended, boot, at=self.network.clock.now())
        return entry

    async def values(self, entry: DirectoryEntry) -> dict[str, str | None]:
        page = await self.model.variables(TENANT, entry.station_id)
        return {known.key: known.value for known in page.items}


@pytest.fixture
def learning(network: Any) -> Learning:
    """Runs on SQLite and on PostgreSQL."""
    return Learning(network)


async def test_a_report_is_kept_with_what_it_says_of_each_variable(learning: Learning) -> None:
    entry = await learning.station("CS-1")
    await learning.model.learn(entry, [told(INTERVAL, "60", traits=NUMBER)], How.REPORT, extent=Extent.WHOLE)
    [known] = (await learning.model.variables(TENANT, entry.station_id)).items
    assert (known.key, known.value, known.traits) == (INTERVAL, "60", NUMBER)
    assert (known.how, known.known_since, known.ocpp16_key) == (How.REPORT, NOW, "HeartbeatInterval")
    state = await learning.model.state(TENANT, entry.station_id)
    assert (state.variables, state.read_at, state.complete, state.vendor) == (1, NOW, True, "ABB")


async def test_the_same_report_again_writes_no_values(learning: Learning) -> None:
    entry = await learning.station("CS-1")
    report = [told(f"Ctrlr.Variable{n}", str(n), traits=NUMBER) for n in range(300)]
    await learning.model.learn(entry, report, How.REPORT, extent=Extent.WHOLE)
    learning.network.clock.advance(timedelta(hours=1))
    await learning.model.learn(entry, report, How.REPORT, extent=Extent.WHOLE)
    page = await learning.model.variables(TENANT, entry.station_id, limit=500)
    assert {known.known_since for known in page.items} == {NOW}
    assert len(page.items) == 300


async def test_what_a_whole_report_leaves_out_is_gone(learning: Learning) -> None:
    entry = await learning.station("CS-1")
    await learning.model.learn(entry, [told("A.X", "1"), told("A.Y", "2")], How.REPORT, extent=Extent.WHOLE)
    await learning.model.learn(entry, [told("A.Y", "3")], How.REPORT, extent=Extent.WHOLE)
    assert await learning.values(entry) == {"A.Y": "3"}


async def test_a_part_of_a_report_leaves_the_rest_alone(learning: Learning) -> None:
    entry = await learning.station("CS-1")
    await learning.model.learn(entry, [told("A.X", "1"), told("A.Y", "2")], How.REPORT, extent=Extent.WHOLE)
    await learning.model.learn(entry, [told("A.Y", "3")], How.EVENT)
    assert await learning.values(entry) == {"A.X": "1", "A.Y": "3"}


async def test_a_variable_the_station_does_not_know_any_more_is_forgotten(learning: Learning) -> None:
    entry = await learning.station("CS-1")
    await learning.model.learn(entry, [told("A.X", "1"), told("A.Y", "2")], How.REPORT)
    await learning.model.learn(entry, [told("A.X", None, "UnknownVariable")], How.GET)
    assert await learning.values(entry) == {"A.Y": "2"}


async def test_names_are_the_same_in_any_case(learning: Learning) -> None:
    entry = await learning.station("CS-1")
    await learning.model.learn(entry, [told("Ctrlr.Enabled", "true")], How.REPORT)
    await learning.model.learn(entry, [told("CTRLR.enabled", "false")], How.GET)
    assert await learning.values(entry) == {"Ctrlr.Enabled": "false"}


async def test_a_value_that_needs_a_restart_waits_for_it(learning: Learning) -> None:
    entry = await learning.station("CS-1")
    await learning.model.learn(entry, [told(INTERVAL, "60")], How.REPORT)
    learning.network.clock.advance(timedelta(minutes=1))
    await learning.model.learn(entry, [told(INTERVAL, "90", "RebootRequired")], How.SET)
    # Until then it may report either.
    await learning.model.learn(entry, [told(INTERVAL, "60")], How.GET)
    [known] = (await learning.model.variables(TENANT, entry.station_id)).items
    assert (known.value, known.pending) == ("60", "90")
    state = await learning.model.state(TENANT, entry.station_id)
    assert state.restart_pending_since == NOW + timedelta(minutes=1)


async def test_a_password_is_kept_as_a_digest_alone(learning: Learning) -> None:
    entry = await learning.station("CS-1")
    key = "SecurityCtrlr.BasicAuthPassword"
    await learning.model.learn(entry, [told(key, "sixteen-chars-or-more")], How.SET)
    [known] = (await learning.model.variables(TENANT, entry.station_id)).items
    assert known.value is None
    assert known.digest == learning.model.digest("sixteen-chars-or-more")


async def test_what_was_set_of_a_variable_nobody_may_read_is_not_kept_in_clear(learning: Learning) -> None:
    entry = await learning.station("CS-1")
    hidden = Traits(mutability="WriteOnly", data_type="string")
    await learning.model.learn(entry, [told("Modem.Pin", None, traits=hidden)], How.REPORT)
    await learning.model.learn(entry, [told("Modem.Pin", "1234")], How.SET)
    [known] = (await learning.model.variables(TENANT, entry.station_id)).items
    assert (known.value, known.digest) == (None, learning.model.digest("1234"))
    await learning.model.learn(
        entry, [told("Modem.Pin", None, traits=hidden)], How.REPORT, extent=Extent.WHOLE
    )
    [known] = (await learning.model.variables(TENANT, entry.station_id)).items
    assert known.digest == learning.model.digest("1234")


async def test_a_key_of_1_6_is_the_variable_it_stands_for(learning: Learning) -> None:
    entry = await learning.station("CP-1")
    values = [
        VariableValue(variable=Variable(name="HeartbeatInterval"), value="300", status="Accepted"),
        VariableValue(variable=Variable(name="BlinkRepeat"), value="3", status="Accepted"),
    ]
    await learning.model.learn(entry, values, How.GET)
    assert await learning.values(entry) == {INTERVAL: "300", "Ocpp16.BlinkRepeat": "3"}
    assert await learning.model.value(TENANT, entry.station_id, "HeartbeatInterval") == "300"


async def test_variables_are_paged_in_the_order_of_their_names(learning: Learning) -> None:
    entry = await learning.station("CS-1")
    keys = ["A.X@1/1", "A.X@1/2", "A.X@2", "A.X@2#Target", "B.Y", "C.Z[one]", "C.Z[two]"]
    await learning.model.learn(entry, [told(key, "1") for key in reversed(keys)], How.REPORT)
    found: list[str] = []
    cursor = None
    while True:
        page = await learning.model.variables(TENANT, entry.station_id, cursor=cursor, limit=2)
        found += [known.key for known in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert found == keys


async def test_one_question_is_answered_by_every_station(learning: Learning) -> None:
    for number in range(6):
        entry = await learning.station(f"CS-{number}", vendor="ABB" if number < 4 else "Alfen")
        await learning.model.learn(entry, [told(INTERVAL, str(60 + number % 2))], How.REPORT)
    wanted = Variable(name="HeartbeatInterval")
    counted = await learning.model.value_counts(TENANT, wanted, Fleet(vendor="ABB"))
    assert {(each.value, each.count, each.stations) for each in counted} == {("60", 2, 2), ("61", 2, 2)}
    page = await learning.model.fleet_values(TENANT, wanted, Fleet(), value="60", limit=2)
    assert [value.identity for value in page.items] == ["CS-0", "CS-2"]
    page = await learning.model.fleet_values(
        TENANT, wanted, Fleet(), value="60", limit=2, cursor=page.next_cursor
    )
    assert [(value.identity, value.key) for value in page.items] == [("CS-4", INTERVAL)]
    assert page.next_cursor is None


async def test_a_variable_that_no_station_has_is_not_found(learning: Learning) -> None:
    with pytest.raises(NotFound, match=r"Nobody\.Has"):
        await learning.model.value_counts(TENANT, naming.read("Nobody.Has"), Fleet())


async def test_other_tenants_stations_are_not_counted(learning: Learning) -> None:
    entry = await learning.station("CS-1")
    await learning.model.learn(entry, [told(INTERVAL, "60")], How.REPORT)
    with pytest.raises(NotFound):
        await learning.model.value_counts(TenantId("another"), naming.read(INTERVAL), Fleet())


async def test_parts_that_come_at_once_are_kept_in_their_order(learning: Learning) -> None:
    entries = [await learning.station(f"CS-{number}") for number in range(10)]
    for value in range(20):
        for entry in entries:
            learning.model.learn(entry, [told("A.X", str(value)), told(f"A.Y{value}", "y")], How.EVENT)
    await learning.model.settled()
    for entry in entries:
        assert (await learning.values(entry))["A.X"] == "19"
    count = await learning.database.read(
        lambda conn: conn.execute(select(func.count()).select_from(device_values)).scalar_one()
    )
    assert count == 10 * 21
