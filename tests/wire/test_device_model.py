"""Device models over real sockets: read, kept, set, watched, in every version of OCPP."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
import websockets
from network import TENANT, Network, until
from ocpp.routing import on
from ocpp.v16 import ChargePoint as ChargePoint16
from ocpp.v16 import call as call16
from ocpp.v16 import call_result as result16
from ocpp.v201 import ChargePoint as ChargePoint201
from ocpp.v201 import call as call201
from ocpp.v201 import call_result as result201

from currant.kit.clock import SystemClock, wire_time
from currant.simulator import EvseSpec, Fleet, Station, StationSpec
from currant.simulator.fleet import Link
from currant.simulator.specs import VersionName
from currant.stations.commanding import AnyCommand
from currant.stations.commanding.variables import (
    ClearMonitors,
    GetMonitoringReport,
    GetReport,
    GetVariables,
    Monitor,
    MonitoringBase,
    MonitorKind,
    ReportBase,
    SetMonitoringBase,
    SetMonitoringLevel,
    SetMonitors,
    SetVariables,
    StreamRate,
    Variable,
    VariableValue,
)
from currant.stations.device import naming
from currant.stations.device.model import Fleet as Stations
from currant.stations.device.reading import ModelReader, ReadingPolicy
from currant.stations.device.watching import EventTrigger, Origin
from currant.stations.model import CommandRecord, CommandStatus

TEMPERATURE = naming.read("ChargingStation.Temperature")
INTERVAL = "OCPPCommCtrlr.HeartbeatInterval"
VERSIONS: tuple[VersionName, ...] = ("1.6", "2.0.1", "2.1")


@asynccontextmanager
async def simulated(network: Network, version: VersionName, **spec: Any) -> AsyncIterator[Link]:
    """One simulated station, booted; its time runs twenty times as fast."""
    made = StationSpec(identity="ST-1", version=version, evses=(EvseSpec(), EvseSpec()), **spec)
    fleet = Fleet([made], f"{network.url}/{{identity}}", seed=5, speed=20)
    fleet.start()
    try:
        [link] = fleet.links
        await until(lambda: link.station.accepted, within_s=30)
        yield link
    finally:
        await fleet.stop()


def say(link: Link, happens: Callable[[Station], None]) -> None:
    """Let something happen at the station now."""
    link.station.resume(link.fleet.time.now(), lambda: happens(link.station))
    link.arrange()


async def give(network: Network, command: AnyCommand) -> CommandRecord:
    record = await network.commands.give(TENANT, "ST-1", command, by="a test")
    await network.device.caught_up(record.station_id)
    return record


async def value(network: Network, key: str) -> str | None:
    entry = network.directory.find("ST-1")
    assert entry is not None
    await network.device.caught_up(entry.station_id)
    return await network.device.value(TENANT, entry.station_id, key)


async def comes(found: Callable[[], Awaitable[bool]], *, within_s: float = 30) -> None:
    async with asyncio.timeout(within_s):
        while not await found():
            await asyncio.sleep(0.05)


def setting(key: str, text: str) -> SetVariables:
    return SetVariables(values=(VariableValue(variable=naming.read(key), value=text),))


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_station_is_read_and_one_question_has_one_name(
    open_network: Network, version: VersionName
) -> None:
    async with simulated(open_network, version):
        read = await give(open_network, GetVariables())
        assert read.status is CommandStatus.ACCEPTED, read.reason
        state = await open_network.device.state(TENANT, read.station_id)
        assert state.complete, state.problem
        assert state.variables >= len(read.variables) > 20
        [counted] = await open_network.device.value_counts(TENANT, naming.read(INTERVAL), Stations())
        assert (counted.value, counted.stations) == (await value(open_network, INTERVAL), 1)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("key", ["MeterValueSampleInterval", "SampledDataCtrlr.TxUpdatedInterval"])
async def test_either_name_of_a_variable_sets_it_in_every_version(
    open_network: Network, version: VersionName, key: str
) -> None:
    async with simulated(open_network, version):
        given = await give(open_network, setting(key, "120"))
        assert given.status is CommandStatus.ACCEPTED, given.reason
        assert await value(open_network, "SampledDataCtrlr.TxUpdatedInterval") == "120"
        read = await give(open_network, GetVariables(variables=(naming.read(key),)))
        assert [(got.variable, got.value) for got in read.variables] == [(naming.read(key), "120")]


@pytest.mark.parametrize("version", VERSIONS)
async def test_what_a_station_will_not_take_is_refused_and_not_learned(
    open_network: Network, version: VersionName
) -> None:
    async with simulated(open_network, version):
        given = await give(open_network, setting("Nobody.Has" if version != "1.6" else "NobodyHas", "1"))
        assert given.status is CommandStatus.REFUSED
        assert await value(open_network, "Nobody.Has") is None
        assert await value(open_network, "NobodyHas") is None


async def test_words_of_1_6_and_2_x_are_translated(open_network: Network) -> None:
    async with simulated(open_network, "1.6"):
        units = naming.read("SmartChargingCtrlr.RateUnit")
        read = await give(open_network, GetVariables(variables=(units,)))
        assert [got.value for got in read.variables] == ["A,W"]
        read = await give(
            open_network, GetVariables(variables=(Variable(name="ChargingScheduleAllowedChargingRateUnit"),))
        )
        assert [got.value for got in read.variables] == ["Current,Power"]
        read = await give(open_network, GetVariables(variables=(naming.read("TxCtrlr.TxStartPoint"),)))
        assert [got.status for got in read.variables] == ["UnknownVariable"]


@pytest.mark.parametrize("version", VERSIONS[1:])
async def test_reports_may_be_of_less_than_everything(open_network: Network, version: VersionName) -> None:
    async with simulated(open_network, version):
        full = await give(open_network, GetReport())
        configuration = await give(open_network, GetReport(base=ReportBase.CONFIGURATION))
        summary = await give(open_network, GetReport(base=ReportBase.SUMMARY))
        assert len(full.variables) > len(configuration.variables) > 0 < len(summary.variables)
        part = await give(open_network, GetReport(components=(Variable(component="TxCtrlr", name=""),)))
        assert {got.variable.component for got in part.variables} == {"TxCtrlr"}
        none = await give(open_network, GetReport(criteria=("problem",)))
        assert none.status is CommandStatus.ACCEPTED
        assert none.variables == ()


async def test_long_questions_are_cut_to_what_the_station_takes(open_network: Network) -> None:
    async with simulated(open_network, "2.0.1", items_per_message=7):
        await give(open_network, GetVariables())
        wanted = tuple(Variable(component="TxCtrlr", name=f"V{n}") for n in range(16))
        read = await give(open_network, GetVariables(variables=wanted))
        assert len(read.variables) == 16
    asked = [m for m in await open_network.log("ST-1", direction="out") if m.action == "GetVariables"]
    assert [message.request.count("TxCtrlr") for message in reversed(asked)] == [7, 7, 2]


async def test_a_station_that_takes_less_than_it_was_asked_is_asked_in_halves(open_network: Network) -> None:
    async with simulated(open_network, "2.0.1", items_per_message=3):
        # Nothing was read yet: its limit is not known.
        wanted = tuple(Variable(component="TxCtrlr", name=f"V{n}") for n in range(10))
        read = await give(open_network, GetVariables(variables=wanted))
        assert len(read.variables) == 10


@pytest.mark.parametrize("version", VERSIONS)
async def test_models_are_read_after_a_boot_and_not_again(
    open_network: Network, version: VersionName
) -> None:
    reader = ModelReader(
        open_network.database,
        open_network.device,
        open_network.registry,
        open_network.clock,
        ReadingPolicy(settled_s=0),
    )
    async with simulated(open_network, version):
        entry = open_network.directory.find("ST-1")
        assert entry is not None
        assert await reader.round() == 1
        state = await open_network.device.state(TENANT, entry.station_id)
        assert (state.complete, state.problem, state.firmware_version) == (True, "", "4.2.1")
        if version != "1.6":
            monitors = await open_network.monitoring.monitors(TENANT, entry.station_id)
            assert monitors.items
        assert await reader.round() == 0
    assert await reader.round() == 0


async def test_nothing_is_read_in_a_crowd_or_too_early(open_network: Network) -> None:
    def reader(**policy: Any) -> ModelReader:
        return ModelReader(
            open_network.database,
            open_network.device,
            open_network.registry,
            open_network.clock,
            ReadingPolicy(**policy),
        )

    async with simulated(open_network, "2.0.1"):
        assert await reader(settled_s=60).round() == 0
        assert await reader(settled_s=0, crowd=0).round() == 0
        assert await reader(settled_s=0).round() == 1


def watching(kind: MonitorKind, number: float, severity: int = 4, **more: Any) -> Monitor:
    return Monitor(variable=TEMPERATURE, kind=kind, value=number, severity=severity, **more)


@pytest.mark.parametrize("version", VERSIONS[1:])
async def test_a_threshold_is_set_crossed_and_left(open_network: Network, version: VersionName) -> None:
    async with simulated(open_network, version) as link:
        given = await give(open_network, SetMonitors(monitors=(watching(MonitorKind.UPPER_THRESHOLD, 60.0),)))
        assert given.status is CommandStatus.ACCEPTED, given.reason
        number = given.report[0]["id"]
        page = await open_network.monitoring.monitors(TENANT, given.station_id)
        assert [(known.id, known.origin) for known in page.items] == [(number, Origin.CUSTOM)]

        async def problems() -> list[tuple[str, str, int | None]]:
            found = await open_network.monitoring.problems(TENANT)
            return [(problem.variable, problem.error, problem.severity) for problem in found.items]

        say(link, lambda station: station.says.measures("ChargingStation", "Temperature", "65.5"))
        await comes(lambda: _is(problems, [("ChargingStation.Temperature", "HighTemperature", 4)]))
        assert await value(open_network, "ChargingStation.Temperature") == "65.5"
        say(link, lambda station: station.says.measures("ChargingStation", "Temperature", "40"))
        await comes(lambda: _is(problems, []))
        events = (await open_network.monitoring.events(TENANT)).items
        assert [(event.cleared, event.monitor_id, event.value) for event in events] == [
            (True, number, "40"),
            (False, number, "65.5"),
        ]


async def _is(found: Callable[[], Awaitable[Any]], wanted: Any) -> bool:
    return bool(await found() == wanted)


@pytest.mark.parametrize("version", VERSIONS[1:])
async def test_monitors_are_reported_and_cleared(open_network: Network, version: VersionName) -> None:
    async with simulated(open_network, version):
        given = await give(open_network, SetMonitors(monitors=(watching(MonitorKind.DELTA, 5.0),)))
        number = given.report[0]["id"]
        report = await give(open_network, GetMonitoringReport())
        assert {monitor["id"] for monitor in report.report} == {1, 2, number}
        threshold = await give(open_network, GetMonitoringReport(criteria=("threshold",)))
        assert {monitor["id"] for monitor in threshold.report} == {1, 2}
        cleared = await give(open_network, ClearMonitors(ids=(number,)))
        assert cleared.status is CommandStatus.ACCEPTED
        cleared = await give(open_network, ClearMonitors(ids=(1, 999)))
        assert cleared.status is CommandStatus.REFUSED
        assert "1: Rejected" in cleared.reason
        assert "999: NotFound" in cleared.reason
        known = await open_network.monitoring.monitors(TENANT, given.station_id)
        assert [monitor.id for monitor in known.items] == [1, 2]
        if version == "2.1":
            assert [monitor.origin for monitor in known.items] == [Origin.HARDWIRED, Origin.PRECONFIGURED]
            await give(open_network, SetMonitoringBase(base=MonitoringBase.HARDWIRED_ONLY))
            known = await open_network.monitoring.monitors(TENANT, given.station_id)
            assert [monitor.id for monitor in known.items] == [1]


@pytest.mark.parametrize("version", VERSIONS[1:])
async def test_a_periodic_monitor_tells_values_and_no_problems(
    open_network: Network, version: VersionName
) -> None:
    async with simulated(open_network, version) as link:
        say(link, lambda station: station.says.measures("ChargingStation", "Temperature", "31"))
        await give(open_network, SetMonitors(monitors=(watching(MonitorKind.PERIODIC, 5.0, 8),)))

        async def told() -> bool:
            events = (await open_network.monitoring.events(TENANT)).items
            return len(events) >= 2 and {event.trigger for event in events} == {EventTrigger.PERIODIC}

        await comes(told)
        assert await value(open_network, "ChargingStation.Temperature") == "31"
        assert (await open_network.monitoring.problems(TENANT)).items == ()


@pytest.mark.parametrize("version", VERSIONS[1:])
async def test_a_level_is_set_or_rejected(open_network: Network, version: VersionName) -> None:
    async with simulated(open_network, version):
        given = await give(open_network, SetMonitoringLevel(severity=5))
        assert given.status is CommandStatus.ACCEPTED


async def test_a_component_says_by_itself_that_it_has_a_problem(open_network: Network) -> None:
    async with simulated(open_network, "2.0.1") as link:
        say(link, lambda station: station.says.event("ConnectorPlugRetentionLock", "Problem", "true", evse=1))

        async def problems() -> list[tuple[str, int]]:
            found = await open_network.monitoring.problems(TENANT)
            return [(problem.error, problem.evse) for problem in found.items]

        await comes(lambda: _is(problems, [("ConnectorLockFailure", 1)]))
        say(
            link, lambda station: station.says.event("ConnectorPlugRetentionLock", "Problem", "false", evse=1)
        )
        await comes(lambda: _is(problems, []))


async def test_1_6_has_no_monitors_and_says_so(open_network: Network) -> None:
    async with simulated(open_network, "1.6") as link:
        monitor = watching(MonitorKind.DELTA, 1.0)
        given = await give(open_network, SetMonitors(monitors=(monitor,)))
        assert given.status is CommandStatus.UNSUPPORTED
        assert "1.6" in given.reason
        # Its errors are problems all the same.
        say(link, lambda station: station.break_down(station.outlets[0], "temperature", 6000.0))

        async def problems() -> list[tuple[str, int]]:
            found = await open_network.monitoring.problems(TENANT)
            return [(problem.error, problem.evse) for problem in found.items]

        await comes(lambda: _is(problems, [("HighTemperature", 1)]))


async def test_a_stream_carries_the_values_of_its_monitor(open_network: Network) -> None:
    async with simulated(open_network, "2.1") as link:
        say(link, lambda station: station.says.measures("ChargingStation", "Temperature", "33"))
        rate = StreamRate(interval_s=10, values=3)
        given = await give(
            open_network, SetMonitors(monitors=(watching(MonitorKind.PERIODIC, 2.0, 8, stream=rate),))
        )
        assert given.status is CommandStatus.ACCEPTED, given.reason
        number = given.report[0]["id"]

        async def streamed() -> bool:
            page = await open_network.monitoring.streamed(TENANT, given.station_id, number)
            return [each.value for each in page.items][:1] == ["33"]

        await comes(streamed)
        [stream] = await open_network.monitoring.streams(TENANT, given.station_id)
        assert (stream.monitor_id, stream.rate) == (number, rate)
        assert await value(open_network, "ChargingStation.Temperature") == "33"


async def test_a_stream_of_a_monitor_that_nobody_knows_is_rejected(open_network: Network) -> None:
    async with simulated(open_network, "2.1") as link:
        # The hard-wired one, which it has told nobody of yet.
        say(link, lambda station: station.says.open_event_stream(1, interval=10))

        async def asked() -> bool:
            log = await open_network.log("ST-1")
            return any(message.action == "OpenPeriodicEventStream" for message in log)

        await comes(asked)
        [message] = [m for m in await open_network.log("ST-1") if m.action == "OpenPeriodicEventStream"]
        assert message.response is not None
        assert '"Rejected"' in message.response
        assert "monitor 1" in message.response


# Stations of another make, with habits of their own


@asynccontextmanager
async def connected(network: Network, station_type: Any, subprotocol: str, boot: Any) -> AsyncIterator[Any]:
    async with websockets.connect(f"{network.url}/ST-1", subprotocols=[subprotocol]) as socket:
        station = station_type("ST-1", socket)
        listening = asyncio.create_task(station.start())
        await station.call(boot)
        yield station
        listening.cancel()


BOOT_16 = call16.BootNotification(charge_point_model="M", charge_point_vendor="V")
BOOT_201 = call201.BootNotification(charging_station={"model": "M", "vendor_name": "V"}, reason="PowerUp")


class Curt(ChargePoint16):
    """Tells no more than three keys at once, and ignores that more were asked for."""

    keys = {  # noqa: RUF012 - of a test
        "GetConfigurationMaxKeys": "3",
        "HeartbeatInterval": "300",
        "ConnectionTimeOut": "60",
        "MeterValueSampleInterval": "30",
        "ResetRetries": "1",
        "NumberOfConnectors": "1",
        "VendorThing": "x",
    }

    @on("GetConfiguration")
    def on_get(self, key: Sequence[str] | None = None) -> Any:
        names = list(self.keys) if key is None else [name for name in key if name in self.keys]
        unknown = [name for name in key or () if name not in self.keys]
        return result16.GetConfiguration(
            configuration_key=[
                {"key": name, "readonly": False, "value": self.keys[name]} for name in names[:3]
            ],
            unknown_key=unknown or None,
        )


async def test_a_short_configuration_is_completed_by_asking_for_what_is_missing(
    open_network: Network,
) -> None:
    async with connected(open_network, Curt, "ocpp1.6", BOOT_16):
        read = await give(open_network, GetVariables())
        assert read.status is CommandStatus.ACCEPTED
        told = {got.variable.name for got in read.variables}
        assert told >= set(Curt.keys) - {"VendorThing"}


class Gappy(ChargePoint201):
    """Loses the middle part of its first report, and supports whatever `supports` says."""

    supports = ("FullInventory",)
    reports = 0

    @on("GetBaseReport")
    def on_report(self, request_id: int, report_base: str) -> Any:
        if report_base not in self.supports:
            return result201.GetBaseReport(status="NotSupported")
        self.reports += 1
        self.sending = asyncio.create_task(self.send(request_id, lost=1 if self.reports == 1 else None))
        return result201.GetBaseReport(status="Accepted")

    async def send(self, request_id: int, lost: int | None) -> None:
        for part in range(3):
            if part != lost:
                await self.call(self.part(request_id, part, more=part < 2))

    @staticmethod
    def part(request_id: int, part: int, *, more: bool) -> Any:
        return call201.NotifyReport(
            request_id=request_id,
            generated_at=wire_time(SystemClock().now()),
            seq_no=part,
            tbc=more,
            report_data=[
                {
                    "component": {"name": "Ctrlr"},
                    "variable": {"name": f"Variable{part}"},
                    "variable_attribute": [{"value": str(part)}],
                }
            ],
        )

    @on("GetVariables")
    def on_get(self, get_variable_data: list[dict[str, Any]]) -> Any:
        return result201.GetVariables(
            get_variable_result=[
                {
                    **{k: v for k, v in asked.items() if k in ("component", "variable")},
                    "attribute_status": "Accepted"
                    if asked["component"]["name"] == "TxCtrlr"
                    else "UnknownComponent",
                    **({"attribute_value": "60"} if asked["component"]["name"] == "TxCtrlr" else {}),
                }
                for asked in get_variable_data
            ]
        )


async def test_a_report_with_a_gap_is_asked_for_again_and_found(open_network: Network) -> None:
    async with connected(open_network, Gappy, "ocpp2.0.1", BOOT_201) as station:
        record = await give(open_network, GetReport())
        assert record.status is CommandStatus.ACCEPTED
        assert station.reports == 2
        assert ("report-gap", "NotifyReport") in await open_network.findings()
        assert await value(open_network, "Ctrlr.Variable1") == "1"
        state = await open_network.device.state(TENANT, record.station_id)
        assert state.complete


class Boundless(Gappy):
    """Says that what it sends is the last of more parts than anybody could count."""

    async def send(self, request_id: int, lost: int | None) -> None:
        await self.call(self.part(request_id, 2**40, more=False))


async def test_a_last_part_with_a_huge_number_costs_nothing(open_network: Network) -> None:
    async with connected(open_network, Boundless, "ocpp2.0.1", BOOT_201):
        async with asyncio.timeout(20):
            record = await give(open_network, GetReport())
        assert (record.status, "broke off" in record.reason) == (CommandStatus.ACCEPTED, True)
        assert ("report-gap", "NotifyReport") in await open_network.findings()


class Poor(Gappy):
    supports = ()


async def test_a_station_without_reports_is_asked_for_the_usual_variables(open_network: Network) -> None:
    async with connected(open_network, Poor, "ocpp2.0.1", BOOT_201):
        read = await give(open_network, GetVariables())
        assert read.status is CommandStatus.ACCEPTED
        assert {got.variable.component for got in read.variables} == {"TxCtrlr"}
        state = await open_network.device.state(TENANT, read.station_id)
        assert not state.complete
        assert "no reports" in state.problem
        assert await value(open_network, "TxCtrlr.EVConnectionTimeOut") == "60"


async def test_a_report_that_nobody_asked_for_is_kept(open_network: Network) -> None:
    async with connected(open_network, Gappy, "ocpp2.0.1", BOOT_201) as station:
        await station.call(Gappy.part(4711, 0, more=False))
        assert await value(open_network, "Ctrlr.Variable0") == "0"


async def test_a_value_that_waits_for_a_restart_is_in_force_after_it(open_network: Network) -> None:
    class Slow(ChargePoint16):
        @on("ChangeConfiguration")
        def on_change(self, key: str, value: str) -> Any:
            return result16.ChangeConfiguration(status="RebootRequired")

    reader = ModelReader(
        open_network.database,
        open_network.device,
        open_network.registry,
        open_network.clock,
        ReadingPolicy(settled_s=3600),
    )
    async with connected(open_network, Slow, "ocpp1.6", BOOT_16) as station:
        given = await give(open_network, setting("HeartbeatInterval", "77"))
        assert given.status is CommandStatus.ACCEPTED
        assert await value(open_network, INTERVAL) is None
        await reader.round()
        assert await value(open_network, INTERVAL) is None
        await station.call(
            call16.BootNotification(
                charge_point_model="M", charge_point_vendor="V", firmware_version="after its restart"
            )
        )
        await reader.round()
        assert await value(open_network, INTERVAL) == "77"
        state = await open_network.device.state(TENANT, given.station_id)
        assert state.restart_pending_since is None


def test_the_first_of_a_hundred_stations_is_not_read_when_the_last_is() -> None:
    from currant.stations.device.reading import FIRST_PAUSE, LONGEST_PAUSE, pause_after

    assert pause_after(FIRST_PAUSE, 1, "a") != pause_after(FIRST_PAUSE, 1, "b")
    assert pause_after(FIRST_PAUSE, 60, "a") <= LONGEST_PAUSE * 1.5
    assert pause_after(timedelta(hours=1), 3, "a") >= timedelta(hours=4)
