"""Monitors: set with the right words, reported in parts, and speaking up when there is something to say."""

from typing import Any

import pytest
from bench_top import TOKEN, Bench

V2 = pytest.mark.parametrize("version", ["2.0.1", "2.1"])
POWER = {"component": {"name": "EVSE", "evse": {"id": 1}}, "variable": {"name": "Power"}}
HEAT = {"component": {"name": "ChargingStation"}, "variable": {"name": "Temperature"}}
STATE = {"component": {"name": "EVSE", "evse": {"id": 1}}, "variable": {"name": "AvailabilityState"}}


def monitor(
    bench: Bench, where: dict[str, Any], kind: str, value: float, severity: int = 4, **more: Any
) -> Any:
    data = where | {"type": kind, "value": value, "severity": severity} | more
    [result] = bench.ask("SetVariableMonitoring", {"setMonitoringData": [data]})["setMonitoringResult"]
    return result


def events(bench: Bench, monitor_id: int) -> list[dict[str, Any]]:
    found = [event for said in bench.judge.said("NotifyEvent") for event in said["eventData"]]
    return [event for event in found if event.get("variableMonitoringId") == monitor_id]


@V2
def test_a_threshold_speaks_up_when_it_is_crossed_and_once_more_when_that_is_over(version: str) -> None:
    bench = Bench(version).connect()
    set_ = monitor(bench, HEAT, "UpperThreshold", 50)
    assert set_["status"] == "Accepted"
    for reading in ("45", "55", "60", "40"):
        bench.station.says.measures("ChargingStation", "Temperature", reading)
        bench.run(5)
    told = events(bench, set_["id"])
    assert [(event["actualValue"], event.get("cleared", False)) for event in told] == [
        ("55", False),
        ("40", True),
    ]
    assert {event["trigger"] for event in told} == {"Alerting"}
    assert {event["eventNotificationType"] for event in told} == {"CustomMonitor"}


@V2
def test_a_change_of_state_is_told_to_who_watches_it(version: str) -> None:
    bench = Bench(version).connect()
    set_ = monitor(bench, STATE, "Delta", 1)
    bench.ask(
        "RequestStartTransaction",
        {"idToken": {"idToken": TOKEN, "type": "ISO14443"}, "remoteStartId": 1, "evseId": 1},
    )
    bench.run(60)
    assert [event["actualValue"] for event in events(bench, set_["id"])] == ["Occupied"]


@V2
def test_a_number_that_moved_less_than_the_delta_says_nothing(version: str) -> None:
    bench = Bench(version).connect()
    set_ = monitor(bench, HEAT, "Delta", 5)
    for reading in ("27", "31", "33"):
        bench.station.says.measures("ChargingStation", "Temperature", reading)
    bench.run(5)
    assert [event["actualValue"] for event in events(bench, set_["id"])] == ["31"]


@V2
def test_periodic_monitors_follow_simulated_time_until_they_are_cleared(version: str) -> None:
    bench = Bench(version).connect()
    every = monitor(bench, POWER, "Periodic", 60)["id"]
    aligned = monitor(bench, POWER, "PeriodicClockAligned", 300)["id"]
    bench.run(605)
    assert len(events(bench, every)) == 10
    assert len(events(bench, aligned)) == 2
    assert all(event["timestamp"][14:16] in ("05", "10") for event in events(bench, aligned))
    cleared = bench.ask("ClearVariableMonitoring", {"id": [every, aligned]})["clearMonitoringResult"]
    assert [each["status"] for each in cleared] == ["Accepted", "Accepted"]
    bench.run(600)
    assert len(events(bench, every)) == 10


@V2
@pytest.mark.parametrize(
    ("where", "kind", "value", "severity", "status"),
    [
        ({"component": {"name": "Toaster"}, "variable": {"name": "Heat"}}, "Delta", 1, 4, "UnknownComponent"),
        ({"component": {"name": "TxCtrlr"}, "variable": {"name": "Heat"}}, "Delta", 1, 4, "UnknownVariable"),
        (STATE, "UpperThreshold", 1, 4, "UnsupportedMonitorType"),
        (
            {"component": {"name": "ChargingStation"}, "variable": {"name": "Model"}},
            "Delta",
            1,
            4,
            "UnsupportedMonitorType",
        ),
        (POWER, "UpperThreshold", 1e9, 4, "Rejected"),
        (POWER, "Delta", -1, 4, "Rejected"),
        (POWER, "Delta", 100, 12, "Rejected"),
        (HEAT, "UpperThreshold", 60, 2, "Duplicate"),
    ],
)
def test_a_monitor_that_cannot_be_is_refused_with_the_right_word(
    version: str, where: Any, kind: str, value: float, severity: int, status: str
) -> None:
    result = monitor(Bench(version).connect(), where, kind, value, severity)
    assert result["status"] == status
    assert "id" not in result


@V2
def test_a_monitor_is_replaced_by_its_id_and_the_hard_wired_one_cannot_be(version: str) -> None:
    bench = Bench(version).connect()
    own = monitor(bench, HEAT, "UpperThreshold", 50)["id"]
    assert monitor(bench, HEAT, "UpperThreshold", 55, id=own)["status"] == "Accepted"
    assert monitor(bench, POWER, "UpperThreshold", 55, id=own)["status"] == "Rejected"
    assert monitor(bench, HEAT, "UpperThreshold", 55, id=999)["status"] == "Rejected"
    assert monitor(bench, HEAT, "LowerThreshold", 5, id=1)["status"] == "Rejected"
    cleared = bench.ask("ClearVariableMonitoring", {"id": [1, 2, own, 999]})["clearMonitoringResult"]
    assert [each["status"] for each in cleared] == ["Rejected", "Accepted", "Accepted", "NotFound"]


@V2
def test_monitors_are_reported_in_parts_and_by_what_is_asked_for(version: str) -> None:
    bench = Bench(version).connect()
    monitor(bench, POWER, "Periodic", 60)
    monitor(bench, STATE, "Delta", 1)
    reports = []
    for number, asked in enumerate(
        ({}, {"monitoringCriteria": ["DeltaMonitoring"]}, {"componentVariable": [POWER]}), start=1
    ):
        answer = bench.ask("GetMonitoringReport", {"requestId": number} | asked)
        assert answer["status"] == "Accepted"
        bench.run(5)
        parts = [said for said in bench.judge.said("NotifyMonitoringReport") if said["requestId"] == number]
        reports.append(
            [
                (entry["variable"]["name"], each["type"])
                for part in parts
                for entry in part["monitor"]
                for each in entry["variableMonitoring"]
            ]
        )
    assert len(reports[0]) == 4
    assert reports[1] == [("AvailabilityState", "Delta")]
    assert reports[2] == [("Power", "Periodic")]
    nothing = {"requestId": 9, "componentVariable": [{"component": {"name": "TxCtrlr"}}]}
    assert bench.ask("GetMonitoringReport", nothing)["status"] == "EmptyResultSet"


@V2
def test_events_above_the_level_are_kept_back(version: str) -> None:
    bench = Bench(version).connect()
    loud, quiet = (
        monitor(bench, HEAT, "UpperThreshold", 50, 3)["id"],
        monitor(bench, HEAT, "UpperThreshold", 50, 7)["id"],
    )
    assert bench.ask("SetMonitoringLevel", {"severity": 12})["status"] == "Rejected"
    assert bench.ask("SetMonitoringLevel", {"severity": 5})["status"] == "Accepted"
    bench.station.says.measures("ChargingStation", "Temperature", "60")
    bench.run(5)
    assert (len(events(bench, loud)), len(events(bench, quiet))) == (1, 0)


@V2
def test_the_base_decides_which_monitors_are_left(version: str) -> None:
    bench = Bench(version).connect()

    def left() -> set[int]:
        bench.judge.calls.clear()
        bench.ask("GetMonitoringReport", {"requestId": 1})
        bench.run(5)
        said = bench.judge.said("NotifyMonitoringReport")
        monitors = [entry for part in said for entry in part["monitor"]]
        return {each["id"] for entry in monitors for each in entry["variableMonitoring"]}

    own = monitor(bench, POWER, "Periodic", 60)["id"]
    bench.ask("ClearVariableMonitoring", {"id": [2]})
    bench.ask("SetMonitoringBase", {"monitoringBase": "All"})
    assert left() == {1, 2, own}
    bench.ask("SetMonitoringBase", {"monitoringBase": "FactoryDefault"})
    assert left() == {1, 2}
    bench.ask("SetMonitoringBase", {"monitoringBase": "HardWiredOnly"})
    assert left() == {1}


def test_a_stream_carries_what_its_monitor_sees() -> None:
    bench = Bench("2.1").connect()
    own = monitor(bench, POWER, "Periodic", 10, periodicEventStream={"interval": 60, "values": 4})["id"]
    bench.run(125)
    [opened] = bench.judge.said("OpenPeriodicEventStream")
    assert opened["constantStreamData"]["variableMonitoringId"] == own
    flushed = bench.judge.said("NotifyPeriodicEventStream")
    assert [len(each["data"]) for each in flushed][:2] == [4, 2]
    assert [element["t"] for element in flushed[0]["data"]] == [0, 10, 20, 30]
    assert events(bench, own) == []
    [listed] = bench.ask("GetPeriodicEventStream", {})["constantStreamData"]
    assert listed == opened["constantStreamData"]
    adjusted = {"id": listed["id"], "params": {"interval": 0, "values": 2}}
    assert bench.ask("AdjustPeriodicEventStream", adjusted)["status"] == "Accepted"
    bench.judge.calls.clear()
    bench.run(45)
    assert {len(each["data"]) for each in bench.judge.said("NotifyPeriodicEventStream")} == {2}
    bench.ask("ClearVariableMonitoring", {"id": [own]})
    bench.run(5)
    assert bench.judge.said("ClosePeriodicEventStream") == [{"id": listed["id"]}]


def test_without_a_stream_of_its_own_a_monitor_tells_events() -> None:
    bench = Bench("2.1").connect()
    bench.judge.prepared["OpenPeriodicEventStream"] = {"status": "Rejected"}
    own = monitor(bench, POWER, "Periodic", 10, periodicEventStream={"interval": 60})["id"]
    bench.run(65)
    assert len(events(bench, own)) == 6
    assert bench.judge.said("NotifyPeriodicEventStream") == []
    assert bench.ask("AdjustPeriodicEventStream", {"id": 1, "params": {"values": 2}})["status"] == "Rejected"
