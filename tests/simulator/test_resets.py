"""Restarts and availability around sessions: at once, when idle, of one EVSE, and going on afterwards."""

from typing import Any

import pytest
from bench_top import TOKEN, Bench
from driving import VERSIONS, boots, ended, remote_start, start, statuses, updates

from currant.simulator import drivers
from currant.simulator.specs import EvseSpec

V2 = pytest.mark.parametrize("version", ["2.0.1", "2.1"])


@V2
def test_a_restart_on_idle_waits_for_every_session(version: str) -> None:
    bench = Bench(version).connect()
    start(bench, evse=1)
    start(bench, evse=2)
    assert bench.ask("Reset", {"type": "OnIdle"})["status"] == "Scheduled"
    bench.station.outlets[0].unplug()
    bench.run(60)
    assert boots(bench) == ["PowerUp"]
    bench.station.outlets[1].unplug()
    bench.run(60)
    assert boots(bench) == ["PowerUp", "ScheduledReset"]
    assert [each["transactionInfo"]["stoppedReason"] for each in ended(bench)] == ["EVDisconnected"] * 2


@V2
def test_one_evse_restarts_alone_and_its_neighbour_charges_on(version: str) -> None:
    bench = Bench(version).connect()
    start(bench, evse=1)
    start(bench, evse=2)
    assert bench.ask("Reset", {"type": "Immediate", "evseId": 1})["status"] == "Accepted"
    bench.run(120)
    assert [each["transactionInfo"]["stoppedReason"] for each in ended(bench)] == ["ImmediateReset"]
    assert bench.station.outlets[1].transaction is not None
    assert "Unavailable" in statuses(bench, 1)
    assert statuses(bench, 1)[-1] == "Available"
    assert boots(bench) == ["PowerUp"]


@V2
def test_one_evse_restarts_when_its_own_session_is_over(version: str) -> None:
    bench = Bench(version).connect()
    start(bench, evse=1)
    assert bench.ask("Reset", {"type": "OnIdle", "evseId": 1})["status"] == "Scheduled"
    bench.run(30)
    assert "Unavailable" not in statuses(bench, 1)
    bench.station.outlets[0].unplug()
    bench.run(60)
    assert statuses(bench, 1)[-2:] == ["Unavailable", "Available"]


@V2
def test_an_evse_that_cannot_restart_alone_refuses(version: str) -> None:
    bench = Bench(version, evse_reset=False).connect()
    assert bench.ask("Reset", {"type": "Immediate", "evseId": 1})["status"] == "Rejected"
    where = {"component": {"name": "EVSE", "evse": {"id": 1}}, "variable": {"name": "AllowReset"}}
    [read] = bench.ask("GetVariables", {"getVariableData": [where]})["getVariableResult"]
    assert read["attributeValue"] == "false"


def test_a_session_goes_on_after_a_restart_that_resumes_it() -> None:
    bench = Bench("2.1").connect()
    transaction = start(bench)
    assert bench.ask("Reset", {"type": "ImmediateAndResume"})["status"] == "Accepted"
    bench.run(20)
    before = bench.station.outlets[0].meter_wh
    bench.run(120)
    [resumed] = updates(bench, "TxResumed")
    assert resumed["transactionInfo"]["transactionId"] == transaction
    assert (ended(bench), boots(bench)) == ([], ["PowerUp", "RemoteReset"])
    assert bench.station.outlets[0].meter_wh > before


@pytest.mark.parametrize("version", VERSIONS)
def test_going_out_of_service_waits_for_the_session_and_outlives_restarts(version: str) -> None:
    bench = Bench(version).connect()
    start(bench)
    if version == "1.6":
        request: dict[str, Any] = {"connectorId": 1, "type": "Inoperative"}
        reset = {"type": "Soft"}
    else:
        request = {"operationalStatus": "Inoperative", "evse": {"id": 1}}
        reset = {"type": "Immediate"}
    assert bench.ask("ChangeAvailability", request)["status"] == "Scheduled"
    bench.run(30)
    assert "Unavailable" not in statuses(bench)
    bench.station.outlets[0].unplug()
    bench.run(10)
    assert statuses(bench)[-1] == "Unavailable"
    bench.ask("Reset", reset)
    bench.run(60)
    assert statuses(bench)[-1] == "Unavailable"
    assert remote_start(bench) == "Rejected"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_session_that_began_in_the_last_moment_before_a_restart_goes_on_after_it(version: str) -> None:
    bench = Bench(version).connect()
    bench.run(10)
    bench.station.reboot("Watchdog")
    outlet = bench.station.outlets[0]
    visit = drivers.visit(bench.station.spec, 1, TOKEN, bench.station.drivers_dice)
    outlet.receive_visit(visit, authorized=True)
    outlet.plug_in()
    outlet._begin_allowed()
    bench.run(120)
    assert outlet.transaction is not None
    assert outlet.transaction.state == "Charging"
    assert ended(bench) == []


@pytest.mark.parametrize("version", VERSIONS)
def test_one_connector_out_of_service_leaves_the_other(version: str) -> None:
    two = EvseSpec(connectors=("IEC_62196_T2_COMBO", "CHADEMO"))
    bench = Bench(version, evses=(two,)).connect()

    def told() -> dict[int, str]:
        word = "status" if version == "1.6" else "connectorStatus"
        return {said["connectorId"]: said[word] for said in bench.judge.said("StatusNotification")}

    def set_first(kind: str) -> str:
        if version == "1.6":
            return str(bench.ask("ChangeAvailability", {"connectorId": 1, "type": kind})["status"])
        evse = {"id": 1, "connectorId": 1}
        return str(bench.ask("ChangeAvailability", {"operationalStatus": kind, "evse": evse})["status"])

    assert set_first("Inoperative") == "Accepted"
    bench.run(5)
    assert (told()[1], told()[2]) == ("Unavailable", "Available")
    assert bench.station.outlets[0].free
    # 1.6 counts connectors, 2.x has them within their EVSE.
    assert remote_start(bench, evse=2 if version == "1.6" else 1) == "Accepted"
    bench.run(60)
    assert bench.station.outlets[0].transaction is not None
    assert bench.station.outlets[0].connector == 2
    assert told()[1] == "Unavailable"
    bench.station.outlets[0].unplug()
    bench.run(10)
    assert set_first("Operative") == "Accepted"
    bench.run(5)
    assert (told()[1], told()[2]) == ("Available", "Available")
