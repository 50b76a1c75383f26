"""Events, problems, monitors, streams and the reading of models, on both kinds of database."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from currant.db.commits import ChangeSet
from currant.kit.ids import StationId, TenantId
from currant.stations.commanding.variables import (
    GetVariables,
    MonitoringBase,
    MonitorKind,
    StreamRate,
    VariableValue,
)
from currant.stations.device import naming
from currant.stations.device.model import Extent, How
from currant.stations.device.monitoring import STREAMS_MAX, Monitoring
from currant.stations.device.reading import ModelReader, ReadingPolicy
from currant.stations.device.service import DeviceModel
from currant.stations.device.watching import (
    ComponentEvent,
    EventTrigger,
    KnownMonitor,
    Origin,
    ProblemSource,
)
from currant.stations.drafts import StationDraft
from currant.stations.model import (
    AttendedStation,
    BootReport,
    CommandOutcome,
    CommandStatus,
    ConnectorStatus,
    StatusReport,
)

TENANT = TenantId("tenant-1")
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
HOT = naming.read("ChargingStation.Temperature")


class Watching:
    """Monitoring over a network of stations."""

    def __init__(self, network: Any) -> None:
        self.network = network
        self.device = DeviceModel(network.database, network.clock, key=b"a key")
        self.monitoring = self.again()

    def again(self) -> Monitoring:
        """One that has only the database to go by, as after a restart."""
        return Monitoring(self.network.database, self.device, self.network.clock)

    async def station(self, identity: str) -> AttendedStation:
        await self.network.inventory.create_station(TENANT, StationDraft(identity=identity), by="a test")
        station: AttendedStation = await self.network.attended(identity, version="2.1")
        boot = BootReport(vendor="V", model="M", firmware_version="1.0")
        await self.network.stations.boot(station, boot, at=self.network.clock.now())
        return station

    async def tells(self, station: AttendedStation, key: str, value: str, **more: Any) -> None:
        event = ComponentEvent(
            station_id=StationId(station.station_id),
            at=self.network.clock.now(),
            event_id=1,
            variable=naming.read(key),
            value=value,
            **({"trigger": EventTrigger.DELTA} | more),
        )
        await self.monitoring.note_events(station, [event])

    async def status(self, station: AttendedStation, status: ConnectorStatus, error: str) -> None:
        report = StatusReport(
            evse=1,
            connector=1,
            status=status,
            at=self.network.clock.now(),
            received_at=self.network.clock.now(),
            raw_error=error,
        )
        changes = ChangeSet(TENANT)
        state = self.network.stations.gather_status(changes, station, report)
        await self.network.database.commit(changes)
        self.network.stations.apply_status(station, state)


@pytest.fixture
def watching(network: Any) -> Watching:
    """Runs on SQLite and on PostgreSQL."""
    return Watching(network)


def monitor(number: int, origin: Origin = Origin.CUSTOM) -> KnownMonitor:
    return KnownMonitor(
        id=number,
        variable=HOT,
        kind=MonitorKind.UPPER_THRESHOLD,
        value=70.0,
        severity=3,
        origin=origin,
        known_since=NOW,
    )


async def test_one_list_has_what_is_wrong_whatever_told_of_it(watching: Watching) -> None:
    first, second = await watching.station("CS-1"), await watching.station("CP-2")
    await watching.tells(first, "RCD.Tripped@1", "true")
    watching.network.clock.advance(timedelta(minutes=1))
    await watching.status(second, ConnectorStatus.FAULTED, "HighTemperature")
    watching.network.clock.advance(timedelta(minutes=1))
    await watching.tells(first, "TokenReader.Problem", "true")

    page = await watching.monitoring.problems(TENANT)
    assert [(problem.identity, problem.error, problem.source) for problem in page.items] == [
        ("CS-1", "ReaderFailure", ProblemSource.COMPONENT),
        ("CP-2", "HighTemperature", ProblemSource.CONNECTOR),
        ("CS-1", "GroundFailure", ProblemSource.COMPONENT),
    ]
    found, cursor = [], None
    while True:
        page = await watching.monitoring.problems(TENANT, cursor=cursor, limit=1)
        found += [problem.error for problem in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert found == ["ReaderFailure", "HighTemperature", "GroundFailure"]
    only = await watching.monitoring.problems(TENANT, station_id=second.station_id)
    assert [problem.error for problem in only.items] == ["HighTemperature"]
    only = await watching.monitoring.problems(TENANT, error="GroundFailure")
    assert [problem.variable for problem in only.items] == ["RCD.Tripped@1"]

    await watching.status(second, ConnectorStatus.AVAILABLE, "")
    await watching.tells(first, "RCD.Tripped@1", "false")
    page = await watching.monitoring.problems(TENANT)
    assert [problem.error for problem in page.items] == ["ReaderFailure"]
    assert (await watching.monitoring.problems(TenantId("another"))).items == ()


async def test_a_problem_told_again_has_lasted_since_the_first_time(watching: Watching) -> None:
    station = await watching.station("CS-1")
    await watching.tells(station, "RCD.Tripped", "true")
    watching.network.clock.advance(timedelta(hours=1))
    await watching.tells(station, "rcd.tripped", "TRUE")
    [problem] = (await watching.monitoring.problems(TENANT)).items
    assert (problem.since, problem.last_at) == (NOW, NOW + timedelta(hours=1))


async def test_an_events_value_is_the_variables_value(watching: Watching) -> None:
    station = await watching.station("CS-1")
    await watching.tells(station, "ChargingStation.Temperature", "41.5", trigger=EventTrigger.PERIODIC)
    await watching.device.settled()
    assert await watching.device.value(TENANT, station.station_id, "ChargingStation.Temperature") == "41.5"


async def test_an_event_without_a_value_takes_none_away(watching: Watching) -> None:
    station = await watching.station("CS-1")
    known = VariableValue(variable=HOT, value="41.5", status="Accepted")
    await watching.device.learn(station, [known], How.REPORT)
    await watching.tells(station, "ChargingStation.Temperature", "")
    await watching.device.settled()
    assert await watching.device.value(TENANT, station.station_id, "ChargingStation.Temperature") == "41.5"


async def test_a_whole_report_of_monitors_leaves_no_others(watching: Watching) -> None:
    station = await watching.station("CS-1")
    await watching.monitoring.note_monitors(station, [monitor(1, Origin.HARDWIRED), monitor(7), monitor(8)])
    await watching.monitoring.declared(station, {7: "hot"})
    again = watching.again()
    await again.note_monitors(station, [monitor(1, Origin.UNKNOWN), monitor(7, Origin.UNKNOWN)], whole=True)
    page = await watching.again().monitors(TENANT, station.station_id)
    # What 2.0.1 does not say in its report stays as it was known.
    assert [(each.id, each.origin, each.declared_as) for each in page.items] == [
        (1, Origin.HARDWIRED, ""),
        (7, Origin.CUSTOM, "hot"),
    ]


async def test_a_base_of_monitors_drops_the_others(watching: Watching) -> None:
    station = await watching.station("CS-1")
    some = [monitor(1, Origin.HARDWIRED), monitor(2, Origin.PRECONFIGURED), monitor(7)]
    await watching.monitoring.note_monitors(station, some)
    await watching.monitoring.note_base(station, MonitoringBase.ALL)
    assert len(await watching.monitoring.known(station)) == 3
    await watching.monitoring.note_base(station, MonitoringBase.FACTORY_DEFAULT)
    assert [each.id for each in await watching.again().known(station)] == [1, 2]
    await watching.monitoring.note_base(station, MonitoringBase.HARDWIRED_ONLY)
    assert [each.id for each in await watching.again().known(station)] == [1]


async def test_streams_are_few_and_end_with_a_restart(watching: Watching) -> None:
    station, rate = await watching.station("CS-1"), StreamRate(interval_s=10)
    monitoring = watching.monitoring
    assert "monitor 7" in await monitoring.open_stream(station, stream_id=1, monitor_id=7, rate=rate)
    await monitoring.note_monitors(station, [monitor(7)])
    for number in range(STREAMS_MAX):
        assert await monitoring.open_stream(station, stream_id=number, monitor_id=7, rate=rate) == ""
    refused = await monitoring.open_stream(station, stream_id=99, monitor_id=7, rate=rate)
    assert str(STREAMS_MAX) in refused
    values = [(NOW + timedelta(seconds=second), str(second)) for second in range(0, 180, 10)]
    assert await monitoring.note_stream(station, 3, values)
    assert not await monitoring.note_stream(station, 99, values)
    page = await monitoring.streamed(TENANT, station.station_id, 7)
    assert [each.value for each in page.items] == ["170", "110", "50"]
    monitoring.forget_streams(station)
    assert not await monitoring.note_stream(station, 3, values)
    # What was noted travels with the next commit.
    await monitoring.close_stream(station, 3)
    assert await watching.again().streams(TENANT, station.station_id) == []


# Reading models


def reader(watching: Watching, **policy: Any) -> ModelReader:
    network = watching.network
    return ModelReader(
        network.database,
        watching.device,
        network.link,
        network.clock,
        ReadingPolicy(**({"settled_s": 30.0} | policy)),
    )


async def test_a_model_is_read_when_its_station_has_settled(watching: Watching) -> None:
    station = await watching.station("CS-1")
    assert await reader(watching).round() == 0
    watching.network.clock.advance(timedelta(minutes=2))
    # The link answers for the station, and the gateway would have kept what it said.
    watching.network.link.outcome = CommandOutcome(
        status=CommandStatus.ACCEPTED,
        variables=(VariableValue(variable=HOT, value="20", status="Accepted"),),
    )
    assert await reader(watching).round() == 1
    assert [type(command) for _, command in watching.network.link.sent] == [GetVariables]
    told = watching.network.link.outcome.variables
    await watching.device.learn(station, told, How.REPORT, extent=Extent.WHOLE)
    assert await reader(watching).round() == 0
    # With other firmware it may be another model.
    boot = BootReport(vendor="V", model="M", firmware_version="2.0")
    await watching.network.stations.boot(station, boot, at=watching.network.clock.now())
    assert await reader(watching).round() == 1
    # Or after long enough.
    await watching.device.learn(station, told, How.REPORT, extent=Extent.WHOLE)
    watching.network.clock.advance(timedelta(days=29))
    assert await reader(watching).round() == 0
    watching.network.clock.advance(timedelta(days=5))
    assert await reader(watching).round() == 1


async def test_a_station_that_does_not_answer_is_asked_again_later(watching: Watching) -> None:
    station = await watching.station("CS-1")
    watching.network.clock.advance(timedelta(minutes=2))
    watching.network.link.outcome = CommandOutcome(status=CommandStatus.UNANSWERED, reason="It is silent.")
    assert await reader(watching).round() == 1
    assert await reader(watching).round() == 0
    state = await watching.device.state(TENANT, station.station_id)
    assert (state.attempts, state.problem, state.read_at) == (1, "It is silent.", None)
    watching.network.clock.advance(timedelta(minutes=8))
    assert await reader(watching).round() == 1
    state = await watching.device.state(TENANT, station.station_id)
    assert state.attempts == 2


async def test_a_restart_puts_what_waited_in_force_and_has_the_station_read_again(
    watching: Watching,
) -> None:
    station = await watching.station("CS-1")
    network = watching.network
    whole = [VariableValue(variable=HOT, value="20", status="Accepted")]
    await watching.device.learn(station, whole, How.REPORT, extent=Extent.WHOLE)
    waits = VariableValue(variable=naming.read("A.X"), value="2", status="RebootRequired")
    await watching.device.learn(station, [waits], How.SET)
    network.clock.advance(timedelta(minutes=5))
    assert await reader(watching).round() == 0
    network.clock.advance(timedelta(minutes=5))
    boot = BootReport(vendor="V", model="M", firmware_version="1.0", reason="RemoteReset")
    await network.stations.boot(station, boot, at=network.clock.now())
    network.clock.advance(timedelta(minutes=5))
    assert await reader(watching).round() == 1
    [known] = (await watching.device.variables(TENANT, station.station_id, name="X")).items
    assert (known.value, known.pending, known.how) == ("2", None, How.BOOT)


async def test_a_crowd_is_left_alone(watching: Watching) -> None:
    for number in range(3):
        await watching.station(f"CS-{number}")
    watching.network.clock.advance(timedelta(seconds=40))
    assert await reader(watching, crowd=2).round() == 0
    assert await reader(watching, crowd=3).round() == 3
