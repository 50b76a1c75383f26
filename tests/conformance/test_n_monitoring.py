"""OCPP 2.0.1, block N, as far as it is about monitors: set, cleared, reported, and the events that come of them."""

import asyncio
import itertools
from typing import Any

import pytest
from charger import Answer, ScriptedCharger, now
from installation import Site
from shows import shows

pytestmark = pytest.mark.asyncio(loop_scope="module")

_numbers = itertools.count(1)

STATION_STATE: dict[str, Any] = {"component": "ChargingStation", "name": "AvailabilityState"}
EVSE_STATE: dict[str, Any] = {"component": "EVSE", "evse": 1, "name": "AvailabilityState"}
STATION_POWER: dict[str, Any] = {"component": "ChargingStation", "name": "Power"}
EVSE_POWER: dict[str, Any] = {"component": "EVSE", "evse": 1, "name": "Power"}


def on_wire(variable: dict[str, Any]) -> dict[str, Any]:
    component: dict[str, Any] = {"name": variable["component"]}
    if "evse" in variable:
        component["evse"] = {"id": variable["evse"]}
    return {"component": component, "variable": {"name": variable["name"]}}


def monitor(number: int, variable: dict[str, Any], kind: str, value: float = 1) -> dict[str, Any]:
    """A monitor as a station reports it."""
    told = {"id": number, "transaction": False, "value": value, "type": kind, "severity": 8}
    return {**on_wire(variable), "variableMonitoring": [told]}


async def asks(
    site: Site, station: ScriptedCharger, *parts: list[dict[str, Any]], **wanted: Any
) -> tuple[Any, Any]:
    """Ask for monitors; the station reports them in these parts, none when there is no such monitor."""
    station.answers["GetMonitoringReport"] = {"status": "Accepted" if parts else "EmptyResultSet"}
    asking = asyncio.create_task(site.command(station.identity, "GetMonitoringReport", **wanted))
    request = await station.asked_for("GetMonitoringReport")
    for number, part in enumerate(parts):
        answer = await station.call(
            "NotifyMonitoringReport",
            requestId=request["requestId"],
            seqNo=number,
            generatedAt=now(),
            tbc=number < len(parts) - 1,
            monitor=part,
        )
        assert answer == {}
    return await asking, request


async def known(site: Site, station: ScriptedCharger) -> list[tuple[int, str, str]]:
    found = await site.ask("GET", f"/stations/{station.identity}/monitors")
    return [
        (each["id"], each["kind"], f"{each['variable']['component']}.{each['variable']['name']}")
        for each in found["items"]
    ]


def asked(request: Any) -> tuple[Any, Any]:
    return request.get("monitoringCriteria"), request.get("componentVariable")


@shows("TC_N_01_CSMS")
async def test_monitors_of_a_kind_are_reported(site: Site) -> None:
    async with site.charger(await site.register()) as station:
        await station.boot()
        nothing, request = await asks(site, station, criteria=["delta"])
        assert asked(request) == (["DeltaMonitoring"], None)
        assert (nothing["status"], nothing.get("report", [])) == ("accepted", [])
        parts = [
            [monitor(1, STATION_POWER, "UpperThreshold", 22_000.0)],
            [monitor(2, EVSE_POWER, "LowerThreshold", 100.0)],
        ]
        report, request = await asks(site, station, *parts, criteria=["threshold"])
        assert asked(request) == (["ThresholdMonitoring"], None)
        assert [each["id"] for each in report["report"]] == [1, 2]
        assert await known(site, station) == [
            (1, "upper_threshold", "ChargingStation.Power"),
            (2, "lower_threshold", "EVSE.Power"),
        ]


@shows("TC_N_02_CSMS")
async def test_monitors_on_a_variable_are_reported(site: Site) -> None:
    async with site.charger(await site.register()) as station:
        await station.boot()
        nothing, request = await asks(site, station, components=[STATION_POWER])
        assert asked(request) == (None, [on_wire(STATION_POWER)])
        assert (nothing["status"], nothing.get("report", [])) == ("accepted", [])
        _, request = await asks(site, station, [monitor(3, EVSE_STATE, "Delta")], components=[EVSE_STATE])
        assert asked(request) == (None, [on_wire(EVSE_STATE)])
        assert await known(site, station) == [(3, "delta", "EVSE.AvailabilityState")]


@shows("TC_N_03_CSMS")
async def test_monitors_of_a_kind_on_a_variable_are_reported(site: Site) -> None:
    async with site.charger(await site.register()) as station:
        await station.boot()
        nothing, request = await asks(site, station, criteria=["delta"], components=[EVSE_STATE])
        assert asked(request) == (["DeltaMonitoring"], [on_wire(EVSE_STATE)])
        assert (nothing["status"], nothing.get("report", [])) == ("accepted", [])
        part = [monitor(4, STATION_POWER, "UpperThreshold", 22_000.0)]
        _, request = await asks(site, station, part, criteria=["threshold"], components=[STATION_POWER])
        assert asked(request) == (["ThresholdMonitoring"], [on_wire(STATION_POWER)])
        assert await known(site, station) == [(4, "upper_threshold", "ChargingStation.Power")]


@shows("TC_N_60_CSMS")
async def test_monitors_of_a_kind_on_several_variables_are_reported(site: Site) -> None:
    async with site.charger(await site.register()) as station:
        await station.boot()
        powers, states = [STATION_POWER, EVSE_POWER], [STATION_STATE, EVSE_STATE]
        nothing, request = await asks(site, station, criteria=["threshold"], components=powers)
        assert asked(request) == (["ThresholdMonitoring"], [on_wire(each) for each in powers])
        assert (nothing["status"], nothing.get("report", [])) == ("accepted", [])
        parts = [[monitor(5, STATION_STATE, "Delta"), monitor(6, EVSE_STATE, "Delta")]]
        _, request = await asks(site, station, *parts, criteria=["delta"], components=states)
        assert asked(request) == (["DeltaMonitoring"], [on_wire(each) for each in states])
        assert await known(site, station) == [
            (5, "delta", "ChargingStation.AvailabilityState"),
            (6, "delta", "EVSE.AvailabilityState"),
        ]


@shows("TC_N_47_CSMS")
async def test_all_monitors_are_reported(site: Site) -> None:
    async with site.charger(await site.register()) as station:
        await station.boot()
        parts = [[monitor(7, STATION_STATE, "Delta")], [monitor(8, STATION_POWER, "Periodic", 60.0)]]
        _, request = await asks(site, station, *parts)
        assert request.keys() == {"requestId"}
        assert [number for number, _, _ in await known(site, station)] == [7, 8]


@shows("TC_N_05_CSMS")
async def test_a_base_of_monitors_is_set(site: Site) -> None:
    async with site.charger(await site.register()) as station:
        await station.boot()
        for base, word in (
            ("all", "All"),
            ("factory_default", "FactoryDefault"),
            ("hardwired_only", "HardWiredOnly"),
        ):
            record = await site.command(station.identity, "SetMonitoringBase", base=base)
            assert record["status"] == "accepted"
            assert await station.asked_for("SetMonitoringBase") == {"monitoringBase": word}


def setting(request: Any) -> dict[str, Any]:
    """A station that takes all monitors, in the reverse order of what was asked."""
    return {
        "setMonitoringResult": [
            {
                "id": next(_numbers),
                "status": "Accepted",
                **{word: data[word] for word in ("type", "severity", "component", "variable")},
            }
            for data in reversed(request["setMonitoringData"])
        ]
    }


async def monitors_are_set(site: Site, *variables: dict[str, Any]) -> None:
    answers: dict[str, Answer] = {"SetVariableMonitoring": setting}
    async with site.charger(await site.register(), answers=answers) as station:
        await station.boot()
        monitors = [
            {"variable": variable, "kind": "delta", "value": 1, "severity": 8} for variable in variables
        ]
        record = await site.command(station.identity, "SetMonitors", monitors=monitors)
        assert record["status"] == "accepted"
        expected = [{"value": 1, "type": "Delta", "severity": 8, **on_wire(each)} for each in variables]
        assert await station.asked_for("SetVariableMonitoring") == {"setMonitoringData": expected}
        names = {f"{each['component']}.{each['name']}" for each in variables}
        assert {name for _, _, name in await known(site, station)} == names


@shows("TC_N_08_CSMS")
async def test_a_monitor_is_set(site: Site) -> None:
    await monitors_are_set(site, EVSE_STATE)


@shows("TC_N_09_CSMS")
async def test_several_monitors_are_set_at_once(site: Site) -> None:
    await monitors_are_set(site, EVSE_STATE, STATION_STATE)


@shows("TC_N_16_CSMS")
async def test_the_level_of_events_is_set(site: Site) -> None:
    async with site.charger(await site.register()) as station:
        await station.boot()
        record = await site.command(station.identity, "SetMonitoringLevel", severity=4)
        assert record["status"] == "accepted"
        assert await station.asked_for("SetMonitoringLevel") == {"severity": 4}


@shows("TC_N_17_CSMS")
async def test_a_level_of_events_is_refused(site: Site) -> None:
    answers: dict[str, Answer] = {"SetMonitoringLevel": {"status": "Rejected"}}
    async with site.charger(await site.register(), answers=answers) as station:
        await station.boot()
        record = await site.command(station.identity, "SetMonitoringLevel", severity=4)
        assert await station.asked_for("SetMonitoringLevel") == {"severity": 4}
        assert (record["status"], "Rejected" in record["reason"]) == ("refused", True)


def clearing(status: str) -> Answer:
    return lambda request: {
        "clearMonitoringResult": [{"id": number, "status": status} for number in request["id"]]
    }


@shows("TC_N_18_CSMS")
async def test_no_more_monitors_are_cleared_at_once_than_the_station_takes(site: Site) -> None:
    limit = {
        "component": {"name": "MonitoringCtrlr"},
        "variable": {"name": "ItemsPerMessage", "instance": "ClearVariableMonitoring"},
    }

    def reading(request: Any) -> dict[str, Any]:
        return {
            "getVariableResult": [
                {**limit, "attributeStatus": "Accepted", "attributeValue": "2"}
                if data == limit
                else {
                    "component": data["component"],
                    "variable": data["variable"],
                    "attributeStatus": "UnknownVariable",
                }
                for data in request["getVariableData"]
            ]
        }

    answers = {"GetVariables": reading, "ClearVariableMonitoring": clearing("NotFound")}
    async with site.charger(await site.register(), answers=answers) as station:
        await station.boot()
        variable = {
            "component": "MonitoringCtrlr",
            "name": "ItemsPerMessage",
            "instance": "ClearVariableMonitoring",
        }
        await site.command(station.identity, "GetVariables", variables=[variable])
        assert {"getVariableData": [limit]} in station.asked["GetVariables"]
        await site.command(station.identity, "ClearMonitors", ids=[1, 2, 3, 4, 5])
        assert station.asked["ClearVariableMonitoring"] == [{"id": [1, 2]}, {"id": [3, 4]}, {"id": [5]}]


@shows("TC_N_44_CSMS")
async def test_a_monitor_that_cannot_be_cleared_stays_known(site: Site) -> None:
    answers = {"ClearVariableMonitoring": clearing("Rejected")}
    async with site.charger(await site.register(), answers=answers) as station:
        await station.boot()
        await asks(site, station, [monitor(9, STATION_STATE, "Delta")])
        record = await site.command(station.identity, "ClearMonitors", ids=[9])
        assert await station.asked_for("ClearVariableMonitoring") == {"id": [9]}
        assert (record["status"], record["reason"]) == ("refused", "Not cleared: 9: Rejected.")
        assert [number for number, _, _ in await known(site, station)] == [9]


async def tells(station: ScriptedCharger, **event: Any) -> None:
    """NotifyEvent; answered with nothing."""
    answer = await station.call(
        "NotifyEvent",
        generatedAt=now(),
        seqNo=0,
        eventData=[
            {
                "eventId": next(_numbers),
                "timestamp": now(),
                "eventNotificationType": "CustomMonitor",
                **event,
            }
        ],
    )
    assert answer == {}


async def events(site: Site, station: ScriptedCharger) -> list[Any]:
    """What is known of them, the latest first."""
    return list((await site.ask("GET", f"/stations/{station.identity}/events"))["items"])


@shows("TC_N_24_CSMS", "TC_N_50_CSMS")
async def test_a_periodic_monitor_tells_again_and_again(site: Site) -> None:
    async with site.charger(await site.register()) as station:
        await station.boot()
        for watts in ("7000", "7100", "7050"):
            await tells(
                station,
                trigger="Periodic",
                actualValue=watts,
                variableMonitoringId=8,
                **on_wire(STATION_POWER),
            )
        found = await events(site, station)
        assert [(each["trigger"], each["value"]) for each in found] == [
            ("periodic", "7050"),
            ("periodic", "7100"),
            ("periodic", "7000"),
        ]


@shows("TC_N_48_CSMS")
async def test_a_variable_that_cannot_be_read_alerts_without_its_value(site: Site) -> None:
    async with site.charger(await site.register()) as station:
        await station.boot()
        secret = {"component": "SecurityCtrlr", "name": "BasicAuthPassword"}
        await tells(station, trigger="Alerting", actualValue="", variableMonitoringId=9, **on_wire(secret))
        [found] = await events(site, station)
        assert (found["trigger"], found.get("value", "")) == ("alerting", "")
        assert found["variable"]["name"] == "BasicAuthPassword"


@shows("TC_N_49_CSMS")
async def test_an_alert_is_over_after_a_reboot(site: Site) -> None:
    async with site.charger(await site.register()) as station:
        await station.boot()
        about = {"variableMonitoringId": 10, **on_wire(EVSE_POWER)}
        await tells(station, trigger="Alerting", actualValue="23000", cleared=False, **about)
        await station.boot("LocalReset")
        await tells(station, trigger="Alerting", actualValue="0", cleared=True, **about)
        found = await events(site, station)
        assert [each.get("cleared", False) for each in found] == [True, False]
