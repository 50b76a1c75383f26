"""What must not be lost without a network, and what the station says of it."""

import pytest
from bench_top import Bench
from driving import VERSIONS, start


@pytest.mark.parametrize("version", VERSIONS)
def test_a_security_event_waits_for_the_network(version: str) -> None:
    bench = Bench(version).connect()
    bench.run(10)
    bench.drop()
    bench.station.dialect.security_event("TamperDetectionActivated", "the lid")
    assert bench.judge.said("SecurityEventNotification") == []
    bench.connect().run(10)
    [said] = bench.judge.said("SecurityEventNotification")
    assert said["techInfo"] == "the lid"


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
@pytest.mark.parametrize(("severity", "told"), [(4, 1), (7, 0)])
def test_events_grave_enough_wait_for_the_network(version: str, severity: int, told: int) -> None:
    bench = Bench(version).connect()
    where = {"component": {"name": "ChargingStation"}, "variable": {"name": "Temperature"}}
    data = where | {"type": "UpperThreshold", "value": 50, "severity": severity}
    [set_] = bench.ask("SetVariableMonitoring", {"setMonitoringData": [data]})["setMonitoringResult"]
    bench.drop()
    bench.station.says.measures("ChargingStation", "Temperature", "60")
    bench.connect().run(10)
    events = [event for said in bench.judge.said("NotifyEvent") for event in said["eventData"]]
    assert len([event for event in events if event["variableMonitoringId"] == set_["id"]]) == told


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
def test_messages_of_a_session_are_in_the_queue_until_they_are_answered(version: str) -> None:
    bench = Bench(version).connect()
    transaction = start(bench)
    asked = {"transactionId": transaction}
    assert bench.ask("GetTransactionStatus", asked) == {"messagesInQueue": False, "ongoingIndicator": True}
    bench.hears = False
    bench.station.outlets[0].unplug()
    bench.run(5)
    bench.hears = True
    assert bench.ask("GetTransactionStatus", asked) == {"messagesInQueue": True, "ongoingIndicator": False}
    other = {"transactionId": "unknown"}
    assert bench.ask("GetTransactionStatus", other) == {"messagesInQueue": False, "ongoingIndicator": False}
    assert bench.ask("GetTransactionStatus", {}) == {"messagesInQueue": True}
