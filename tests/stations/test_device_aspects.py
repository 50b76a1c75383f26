"""Variables and monitors as desired state: what differs, what is done about it, what comes of it."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from currant.kit.errors import Invalid
from currant.kit.ids import CommandId, TenantId
from currant.stations.commanding import AnyCommand
from currant.stations.commanding.variables import (
    ClearMonitors,
    GetMonitoringReport,
    GetVariables,
    Monitor,
    MonitorKind,
    SetMonitors,
    SetVariables,
    Traits,
    VariableValue,
)
from currant.stations.desired.aspect import Desired, Refusal, Step
from currant.stations.device import naming
from currant.stations.device.aspects import MonitorsAspect, VariablesAspect
from currant.stations.device.model import Extent, How
from currant.stations.device.monitoring import Monitoring
from currant.stations.device.service import DeviceModel
from currant.stations.device.watching import KnownMonitor, Origin
from currant.stations.directory import DirectoryEntry
from currant.stations.drafts import StationDraft
from currant.stations.model import CommandRecord, CommandStatus

TENANT = TenantId("tenant-1")
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
INTERVAL = "OCPPCommCtrlr.HeartbeatInterval"
WRITABLE = Traits(mutability="ReadWrite", data_type="integer", min_limit=10)


class Station:
    """One station, and both aspects of it."""

    def __init__(self, network: Any, entry: DirectoryEntry) -> None:
        self.entry = entry
        self.device = DeviceModel(network.database, network.clock, key=b"a key")
        self.monitoring = Monitoring(network.database, self.device, network.clock)
        self.variables = VariablesAspect(self.device)
        self.monitors = MonitorsAspect(self.monitoring)

    async def says(self, key: str, value: str | None, traits: Traits | None = None) -> None:
        told = VariableValue(variable=naming.read(key), value=value, status="Accepted", traits=traits)
        await self.device.learn(self.entry, [told], How.REPORT, extent=Extent.PART)

    async def look(self, aspect: Any, version: str = "2.0.1", **wanted: Any) -> Any:
        """What is to be done about these: the steps, a refusal, or None when everything agrees."""
        desired = [declared(aspect, key.replace("__", "."), value) for key, value in wanted.items()]
        return await self.differing(aspect, desired, version)

    async def differing(self, aspect: Any, desired: list[Desired], version: str = "2.0.1") -> Any:
        reported = await aspect.reported(self.entry, version, desired)
        differing = [each for each in desired if not aspect.agrees(each, reported.get(each.key))]
        if not differing:
            return None
        return await aspect.steps(self.entry, version, differing, reported)

    def record(self, command: AnyCommand, **outcome: Any) -> CommandRecord:
        return CommandRecord(
            id=CommandId("1"),
            tenant_id=TENANT,
            station_id=self.entry.station_id,
            command=command,
            asked_by="desired state",
            asked_at=NOW,
            **({"status": CommandStatus.ACCEPTED} | outcome),
        )


def declared(aspect: Any, key: str, value: Any) -> Desired:
    return Desired(
        aspect=aspect.name,
        key=key,
        value=aspect.check(key, value),
        declaration_id="d",
        declared_at=NOW,
    )


@pytest.fixture
async def station(small: Any) -> Station:
    await small.inventory.create_station(TENANT, StationDraft(identity="CS-1"), by="a test")
    entry = small.directory.find("CS-1")
    return Station(small, entry)


@pytest.mark.parametrize(
    ("value", "text"), [("60", "60"), (60, "60"), (0.5, "0.5"), (True, "true"), (["a", "b"], "a,b")]
)
async def test_a_value_is_kept_as_stations_write_it(station: Station, value: Any, text: str) -> None:
    assert station.variables.check(INTERVAL, value) == text


@pytest.mark.parametrize(
    ("key", "value"),
    [(INTERVAL, None), (INTERVAL, {}), (INTERVAL, "x" * 3_000), ("A.[", "1"), ("AuthorizationKey", "secret")],
)
async def test_what_no_station_could_take_is_not_declared(station: Station, key: str, value: Any) -> None:
    with pytest.raises(Invalid):
        station.variables.check(key, value)


async def test_a_station_in_step_is_left_alone(station: Station) -> None:
    await station.says(INTERVAL, "60.0", WRITABLE)
    assert await station.look(station.variables, OCPPCommCtrlr__HeartbeatInterval=60) is None
    assert await station.look(station.variables, HeartbeatInterval=60) is None


async def test_what_is_not_known_is_read_first(station: Station) -> None:
    [step] = await station.look(station.variables, OCPPCommCtrlr__HeartbeatInterval=60)
    assert step.command == GetVariables(variables=(naming.read(INTERVAL),))


async def test_what_differs_is_set_together(station: Station) -> None:
    await station.says(INTERVAL, "60", WRITABLE)
    await station.says("TxCtrlr.StopTxOnInvalidId", "TRUE", Traits(data_type="boolean"))
    [step] = await station.look(station.variables, HeartbeatInterval=90, TxCtrlr__StopTxOnInvalidId=False)
    assert isinstance(step.command, SetVariables)
    assert {(naming.text_of(v.variable), v.value) for v in step.command.values} == {
        (INTERVAL, "90"),
        ("TxCtrlr.StopTxOnInvalidId", "false"),
    }
    assert set(step.keys) == {"HeartbeatInterval", "TxCtrlr.StopTxOnInvalidId"}


async def test_a_restart_is_known_to_be_pending(station: Station) -> None:
    await station.says(INTERVAL, "60", WRITABLE)
    taken = VariableValue(variable=naming.read(INTERVAL), value="90", status="RebootRequired")
    await station.device.learn(station.entry, [taken], How.SET)
    desired = declared(station.variables, INTERVAL, 90)
    reported = await station.variables.reported(station.entry, "2.0.1", [desired])
    assert reported[INTERVAL].restart_pending
    assert station.variables.agrees(desired, reported[INTERVAL])
    other = declared(station.variables, INTERVAL, 60)
    reported = await station.variables.reported(station.entry, "2.0.1", [other])
    assert not reported[INTERVAL].restart_pending


@pytest.mark.parametrize(
    ("traits", "value", "why"),
    [
        (Traits(mutability="ReadOnly"), "90", "read-only"),
        (WRITABLE, "5", "at least 10"),
        (Traits(data_type="OptionList", values="a,b"), "c", "not among its values"),
    ],
)
async def test_what_the_station_says_it_will_not_take_is_refused_unasked(
    station: Station, traits: Traits, value: str, why: str
) -> None:
    await station.says("A.X", "60", traits)
    refusal = await station.look(station.variables, A__X=value)
    assert isinstance(refusal, Refusal)
    assert why in refusal.reason


async def test_a_refused_variable_does_not_hold_up_the_others(station: Station) -> None:
    await station.says("A.X", "1", Traits(mutability="ReadOnly"))
    await station.says("A.Y", "1")
    [step] = await station.look(station.variables, A__X="2", A__Y="2")
    assert step.keys == ("A.Y",)


def test_a_variable_has_one_key_however_it_is_spelt(station: Station) -> None:
    name = "OCPPCommCtrlr.HeartbeatInterval"
    assert station.variables.canonical("HeartbeatInterval") == name
    assert station.variables.canonical(name) == name
    assert station.variables.canonical("BlinkRepeat") == "Ocpp16.BlinkRepeat"


async def test_a_variable_in_two_spellings_is_asked_for_once(station: Station) -> None:
    [step] = await station.look(station.variables, A__X="1", a__x="2")
    assert step.keys == ("A.X",)
    await station.says("A.X", "0")
    [step] = await station.look(station.variables, A__X="1", a__x="2")
    assert step.keys == ("A.X",)


async def test_what_a_version_does_not_have_is_refused(station: Station) -> None:
    refusal = await station.look(station.variables, version="1.6", TxCtrlr__TxStartPoint="EVConnected")
    assert isinstance(refusal, Refusal)
    refusal = await station.look(station.variables, version="2.1", BlinkRepeat=3)
    assert isinstance(refusal, Refusal)
    assert isinstance(await station.look(station.variables, version="1.6", BlinkRepeat=3), list)


async def test_what_nobody_may_read_is_compared_with_what_was_set(station: Station) -> None:
    await station.says("Modem.Pin", None, Traits(mutability="WriteOnly"))
    [step] = await station.look(station.variables, Modem__Pin="1234")
    assert isinstance(step.command, SetVariables)
    taken = VariableValue(variable=naming.read("Modem.Pin"), value="1234", status="Accepted")
    await station.device.learn(station.entry, [taken], How.SET)
    assert await station.look(station.variables, Modem__Pin="1234") is None
    assert await station.look(station.variables, Modem__Pin="4321") is not None


async def test_each_variable_has_its_own_answer(station: Station) -> None:
    values = [
        VariableValue(variable=naming.read(key), value="1", status=status)
        for key, status in (
            ("A.Accepted", "Accepted"),
            ("A.Later", "RebootRequired"),
            ("A.Refused", "Rejected"),
            ("A.Unknown", "UnknownVariable"),
        )
    ]
    step = Step(
        command=SetVariables(values=tuple(values)),
        keys=("A.Accepted", "A.Later", "A.Refused", "A.Unknown", "A.LeftOut"),
    )
    record = station.record(step.command, status=CommandStatus.REFUSED, variables=tuple(values))
    says = await station.variables.took(station.entry, step, record)
    assert says["A.Accepted"] is None
    assert says["A.Later"] is None
    refused, unknown, left_out = says["A.Refused"], says["A.Unknown"], says["A.LeftOut"]
    assert refused is not None
    assert refused.final
    assert unknown is not None
    assert "no such variable" in unknown.reason
    assert left_out is not None
    assert not left_out.final
    unanswered = station.record(step.command, status=CommandStatus.UNANSWERED)
    assert await station.variables.took(station.entry, step, unanswered) == {}


# Monitors

HOT = Monitor(
    variable=naming.read("ChargingStation.Temperature"),
    kind=MonitorKind.UPPER_THRESHOLD,
    value=70.0,
    severity=4,
)


def known(monitor: Monitor, number: int) -> KnownMonitor:
    return KnownMonitor(
        id=number,
        variable=monitor.variable,
        kind=monitor.kind,
        value=monitor.value,
        severity=monitor.severity,
        origin=Origin.CUSTOM,
        known_since=NOW,
    )


def value_of(monitor: Monitor | None) -> Any:
    return None if monitor is None else msgspec.to_builtins(monitor)


async def test_a_monitor_is_set_and_known_by_its_name(station: Station) -> None:
    [step] = await station.look(station.monitors, hot=value_of(HOT))
    assert step.command == SetMonitors(monitors=(HOT,))
    await station.monitoring.note_monitors(station.entry, [known(HOT, 7)])
    record = station.record(step.command, report=({"status": "Accepted", "id": 7},))
    assert await station.monitors.took(station.entry, step, record) == {"hot": None}
    assert await station.look(station.monitors, hot=value_of(HOT)) is None


async def test_another_value_replaces_the_monitor_under_its_number(station: Station) -> None:
    await station.monitoring.note_monitors(station.entry, [known(HOT, 7)])
    await station.monitoring.declared(station.entry, {7: "hot"})
    hotter = msgspec.structs.replace(HOT, value=75.0)
    [step] = await station.look(station.monitors, hot=value_of(hotter))
    assert step.command == SetMonitors(monitors=(msgspec.structs.replace(hotter, id=7),))


async def test_a_monitor_of_another_variable_takes_the_place_of_the_first(station: Station) -> None:
    await station.monitoring.note_monitors(station.entry, [known(HOT, 7)])
    await station.monitoring.declared(station.entry, {7: "hot"})
    moved = msgspec.structs.replace(HOT, variable=naming.read("EVSE.Temperature@1"))
    [step] = await station.look(station.monitors, hot=value_of(moved))
    assert step.command == ClearMonitors(ids=(7,))
    await station.monitoring.note_cleared(station.entry, [7])
    [step] = await station.look(station.monitors, hot=value_of(moved))
    assert step.command == SetMonitors(monitors=(moved,))


async def test_a_monitor_that_shall_not_be_is_cleared(station: Station) -> None:
    await station.monitoring.note_monitors(station.entry, [known(HOT, 7), known(HOT, 8)])
    await station.monitoring.declared(station.entry, {7: "hot"})
    [step] = await station.look(station.monitors, hot=None)
    assert step.command == ClearMonitors(ids=(7,))
    await station.monitoring.note_cleared(station.entry, [7])
    assert await station.look(station.monitors, hot=None) is None


async def test_a_duplicate_has_the_station_asked_for_its_monitors(station: Station) -> None:
    [step] = await station.look(station.monitors, hot=value_of(HOT))
    record = station.record(step.command, status=CommandStatus.REFUSED, report=({"status": "Duplicate"},))
    says = await station.monitors.took(station.entry, step, record)
    assert says["hot"] is not None
    assert not says["hot"].final
    [step] = await station.look(station.monitors, hot=value_of(HOT))
    assert step.command == GetMonitoringReport()


async def test_1_6_cannot_be_watched(station: Station) -> None:
    refusal = await station.look(station.monitors, version="1.6", hot=value_of(HOT))
    assert isinstance(refusal, Refusal)


@pytest.mark.parametrize(
    "change",
    [{"severity": 10}, {"value": -1.0, "kind": "delta"}, {"id": 3}, {"kind": "nonsense"}, {"value": "x"}],
)
async def test_a_monitor_that_no_station_could_take_is_not_declared(
    station: Station, change: dict[str, Any]
) -> None:
    with pytest.raises(Invalid):
        station.monitors.check("hot", value_of(HOT) | change)
