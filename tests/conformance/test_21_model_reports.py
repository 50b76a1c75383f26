"""OCPP 2.1: what stations tell of their components: reports, events, and streams of values; and what Currant knows then."""

from typing import Any

import pytest
from charger import Payload, ScriptedCharger, now
from installation import Site
from shows import shows
from telling import found, look

pytestmark = pytest.mark.asyncio(loop_scope="module")

TEMPERATURE: Payload = {"component": {"name": "ChargingStation"}, "variable": {"name": "Temperature"}}


@shows("2.1 NotifyReport")
async def test_a_report_that_nobody_asked_for_is_kept(site: Site) -> None:
    identity = await site.register()
    async with site.charger(identity, "2.1") as station:
        await station.boot()
        data = {
            **TEMPERATURE,
            "variableAttribute": [{"value": "21", "mutability": "ReadOnly"}],
            "variableCharacteristics": {"dataType": "decimal", "supportsMonitoring": True, "unit": "Celsius"},
        }
        told = {"requestId": 0, "generatedAt": now(), "seqNo": 0, "reportData": [data]}
        assert await station.call("NotifyReport", **told) == {}

        async def kept() -> Any:
            known = await site.ask("GET", f"/stations/{identity}/variables")
            return "ChargingStation" in str(known) and known

        assert "21" in str(await site.eventually(kept))


async def monitored(site: Site, station: ScriptedCharger, **more: Any) -> Any:
    """Has the station watch its temperature; the monitor has the number 7."""
    station.answers["SetVariableMonitoring"] = lambda asked: {
        "setMonitoringResult": [
            {
                **TEMPERATURE,
                "type": one["type"],
                "severity": one["severity"],
                "status": "Accepted",
                "id": 7,
            }
            for one in asked["setMonitoringData"]
        ]
    }
    monitor = {
        "variable": {"component": "ChargingStation", "name": "Temperature"},
        "kind": "upper_threshold",
        "value": 60,
        "severity": 4,
        **more,
    }
    record = await site.command(station.identity, "SetMonitors", monitors=[monitor])
    assert record["status"] == "accepted"
    return record


def event(number: int, value: str, **more: Any) -> Payload:
    return {
        **TEMPERATURE,
        "eventId": number,
        "timestamp": now(),
        "trigger": "Alerting",
        "actualValue": value,
        "eventNotificationType": "CustomMonitor",
        "variableMonitoringId": 7,
        **more,
    }


@shows("2.1 SetVariableMonitoring", "2.1 NotifyEvent")
async def test_a_threshold_is_crossed_and_left(site: Site) -> None:
    identity = await site.register()
    async with site.charger(identity, "2.1") as station:
        await station.boot()
        await monitored(site, station)
        told = event(1, "65.5", techCode="T-1", severity=4)
        answer = await station.call("NotifyEvent", generatedAt=now(), seqNo=0, tbc=True, eventData=[told])
        assert answer == {}
        [problem] = await look(site, f"/stations/{identity}/problems")
        assert (problem["error"], problem["value"], problem["tech_code"]) == (
            "HighTemperature",
            "65.5",
            "T-1",
        )
        assert problem["severity"] == 4
        over = event(2, "40", cleared=True, cause=1, severity=4)
        await station.call("NotifyEvent", generatedAt=now(), seqNo=1, eventData=[over])
        assert await look(site, f"/stations/{identity}/problems") == []
        events = await look(site, f"/stations/{identity}/events")
    assert [(each["event_id"], each["value"], each["monitor_id"]) for each in events] == [
        (2, "40", 7),
        (1, "65.5", 7),
    ]


@shows("2.1 NotifyMonitoringReport", "2.1 GetMonitoringReport")
async def test_monitors_that_a_2_1_station_reports_are_known(site: Site) -> None:
    identity = await site.register()

    def report(number: int, kind: str, maker: str) -> Payload:
        monitor = {
            "id": number,
            "transaction": False,
            "value": 60,
            "type": kind,
            "severity": 4,
            "eventNotificationType": maker,
        }
        return {**TEMPERATURE, "variableMonitoring": [monitor]}

    async with site.charger(identity, "2.1") as station:
        await station.boot()
        first, second = (
            report(1, "UpperThreshold", "HardWiredMonitor"),
            report(2, "TargetDeltaRelative", "PreconfiguredMonitor"),
        )
        told = {"requestId": 0, "generatedAt": now(), "seqNo": 0, "monitor": [first, second]}
        assert await station.call("NotifyMonitoringReport", **told) == {}
        kept = await found(site, f"/stations/{identity}/monitors", number=2)
    assert [(each["id"], each["kind"], each["origin"]) for each in kept] == [
        (1, "upper_threshold", "hardwired"),
        (2, "target_delta_relative", "preconfigured"),
    ]


@shows(
    "2.1 OpenPeriodicEventStream",
    "2.1 NotifyPeriodicEventStream",
    "2.1 AdjustPeriodicEventStream",
    "2.1 ClosePeriodicEventStream",
)
async def test_a_stream_of_values_is_opened_followed_adjusted_and_closed(site: Site) -> None:
    identity = await site.register()
    path = f"/stations/{identity}/event-streams"
    async with site.charger(identity, "2.1") as station:
        await station.boot()
        await monitored(
            site, station, kind="periodic", value=2, severity=8, stream={"interval_s": 60, "values": 3}
        )
        stream = {"id": 5, "variableMonitoringId": 7, "params": {"interval": 60, "values": 3}}
        answer = await station.call("OpenPeriodicEventStream", constantStreamData=stream)
        assert answer == {"status": "Accepted"}
        [opened] = await site.ask("GET", path)
        assert (opened["id"], opened["monitor_id"]) == (5, 7)
        assert opened["rate"] == {"interval_s": 60, "values": 3}
        # A message of its own kind: it has no answer, and what comes after it is answered all the same.
        data = [{"t": 0, "v": "31"}, {"t": 61, "v": "32.5"}]
        await station.send("NotifyPeriodicEventStream", id=5, pending=0, basetime=now(minutes=-2), data=data)
        assert "currentTime" in await station.call("Heartbeat")
        values = await found(site, f"/stations/{identity}/monitors/7/values", number=2)
        assert [each["value"] for each in values] == ["32.5", "31"]
        record = await site.command(identity, "AdjustEventStream", id=5, rate={"interval_s": 30})
        assert record["status"] == "accepted"
        assert await station.asked_for("AdjustPeriodicEventStream") == {"id": 5, "params": {"interval": 30}}
        [adjusted] = await site.ask("GET", path)
        assert adjusted["rate"] == {"interval_s": 30}
        assert await station.call("ClosePeriodicEventStream", id=5) == {}
        assert await site.ask("GET", path) == []


@shows("2.1 OpenPeriodicEventStream", "2.1 NotifyPeriodicEventStream")
async def test_a_stream_of_a_monitor_that_nobody_knows_is_rejected_and_found(site: Site) -> None:
    identity = await site.register()
    async with site.charger(identity, "2.1") as station:
        await station.boot()
        stream = {"id": 5, "variableMonitoringId": 404, "params": {"interval": 60}}
        answer = await station.call("OpenPeriodicEventStream", constantStreamData=stream)
        assert (answer["status"], answer["statusInfo"]["reasonCode"]) == ("Rejected", "InvalidValue")
        assert await site.ask("GET", f"/stations/{identity}/event-streams") == []
        await station.send(
            "NotifyPeriodicEventStream", id=5, pending=0, basetime=now(), data=[{"t": 0, "v": "1"}]
        )

        async def noted() -> bool:
            findings = await look(site, "/findings", station=identity)
            return "stream-unknown" in [each["code"] for each in findings]

        assert await site.eventually(noted)
