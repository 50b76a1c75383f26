"""Variables and keys: reported in parts, refused with the right word, kept over restarts."""

from typing import Any

import pytest
from bench_top import Bench

V2 = pytest.mark.parametrize("version", ["2.0.1", "2.1"])


def where(component: str, variable: str, instance: str | None = None) -> dict[str, Any]:
    named: dict[str, Any] = {"name": variable}
    if instance:
        named["instance"] = instance
    return {"component": {"name": component}, "variable": named}


def set_one(bench: Bench, component: str, variable: str, value: str, instance: str | None = None) -> str:
    data = where(component, variable, instance) | {"attributeValue": value}
    [result] = bench.ask("SetVariables", {"setVariableData": [data]})["setVariableResult"]
    return str(result["attributeStatus"])


def read(bench: Bench, component: str, variable: str, instance: str | None = None) -> str:
    asked = {"getVariableData": [where(component, variable, instance)]}
    [result] = bench.ask("GetVariables", asked)["getVariableResult"]
    return str(result["attributeValue"])


def reported(bench: Bench, request_id: int) -> list[dict[str, Any]]:
    bench.run(10)
    parts = [said for said in bench.judge.said("NotifyReport") if said["requestId"] == request_id]
    assert [part["seqNo"] for part in parts] == list(range(len(parts)))
    assert [part.get("tbc", False) for part in parts] == [True] * (len(parts) - 1) + [False] * bool(parts)
    return [entry for part in parts for entry in part["reportData"]]


@V2
def test_the_three_inventories_tell_all_what_can_be_set_and_how_it_is(version: str) -> None:
    bench = Bench(version).connect()
    found = {}
    for number, base in enumerate(("FullInventory", "ConfigurationInventory", "SummaryInventory")):
        assert bench.ask("GetBaseReport", {"requestId": number, "reportBase": base})["status"] == "Accepted"
        found[base] = reported(bench, number)
    assert len(found["FullInventory"]) > 100
    settable = found["ConfigurationInventory"]
    assert 30 < len(settable) < len(found["FullInventory"])
    assert all(entry["variableAttribute"][0]["mutability"] != "ReadOnly" for entry in settable)
    names = {entry["variable"]["name"] for entry in found["SummaryInventory"]}
    assert names == {"AvailabilityState", "Problem"}


@V2
def test_no_variable_is_there_twice(version: str) -> None:
    bench = Bench(version, iso15118=True).connect()
    bench.ask("GetBaseReport", {"requestId": 1, "reportBase": "FullInventory"})
    named = [(str(entry["component"]), str(entry["variable"])) for entry in reported(bench, 1)]
    assert len(named) == len(set(named))


@V2
def test_a_password_is_never_reported(version: str) -> None:
    bench = Bench(version, password="a-secret-of-16-bytes").connect()
    bench.ask("GetBaseReport", {"requestId": 1, "reportBase": "FullInventory"})
    reported(bench, 1)
    assert "a-secret-of-16-bytes" not in str(bench.judge.calls)


@V2
def test_a_report_is_limited_to_the_components_and_variables_asked_for(version: str) -> None:
    bench = Bench(version).connect()
    asked = [
        {"component": {"name": "EVSE", "evse": {"id": 2}}, "variable": {"name": "Power"}},
        {"component": {"name": "TxCtrlr"}},
        {"component": {"name": "DeviceDataCtrlr"}, "variable": {"name": "ItemsPerMessage"}},
    ]
    assert bench.ask("GetReport", {"requestId": 4, "componentVariable": asked})["status"] == "Accepted"
    entries = reported(bench, 4)
    assert {entry["component"]["name"] for entry in entries} == {"EVSE", "TxCtrlr", "DeviceDataCtrlr"}
    [power] = [entry for entry in entries if entry["component"]["name"] == "EVSE"]
    assert power["component"]["evse"] == {"id": 2}
    assert power["variableCharacteristics"]["maxLimit"] == 22_080
    items = [entry for entry in entries if entry["variable"]["name"] == "ItemsPerMessage"]
    assert len({entry["variable"]["instance"] for entry in items}) == len(items) == 3


@V2
def test_only_components_with_a_problem_are_reported_when_problems_are_asked_for(version: str) -> None:
    bench = Bench(version).connect()
    asked = {"requestId": 5, "componentCriteria": ["Problem"]}
    assert bench.ask("GetReport", asked)["status"] == "EmptyResultSet"
    bench.station.break_down(bench.station.outlets[0], "ground", 500)
    assert bench.ask("GetReport", asked)["status"] == "Accepted"
    places = {
        (entry["component"]["name"], str(entry["component"].get("evse"))) for entry in reported(bench, 5)
    }
    assert places == {("EVSE", "{'id': 1}"), ("ChargingStation", "None")}


@V2
def test_what_was_switched_off_is_not_among_the_enabled(version: str) -> None:
    bench = Bench(version).connect()
    assert set_one(bench, "ReservationCtrlr", "Enabled", "false") == "Accepted"
    asked = {"requestId": 6, "componentCriteria": ["Enabled"]}
    assert bench.ask("GetReport", asked)["status"] == "Accepted"
    names = {entry["component"]["name"] for entry in reported(bench, 6)}
    assert "ReservationCtrlr" not in names
    assert {"LocalAuthListCtrlr", "ChargingStation"} <= names


@V2
def test_more_items_than_a_message_may_hold_are_refused_as_a_whole(version: str) -> None:
    bench = Bench(version, items_per_message=2).connect()
    three = [where("TxCtrlr", "EVConnectionTimeOut")] * 3
    assert bench.ask("GetVariables", {"getVariableData": three}) == "OccurrenceConstraintViolation"
    setting = [each | {"attributeValue": "9"} for each in three]
    assert bench.ask("SetVariables", {"setVariableData": setting}) == "OccurrenceConstraintViolation"
    assert read(bench, "TxCtrlr", "EVConnectionTimeOut") == "60"
    assert read(bench, "DeviceDataCtrlr", "ItemsPerMessage", "GetVariables") == "2"


@V2
@pytest.mark.parametrize(
    ("component", "variable", "value", "status"),
    [
        ("ChargingStation", "Model", "Other", "Rejected"),
        ("TxCtrlr", "EVConnectionTimeOut", "0", "Rejected"),
        ("TxCtrlr", "EVConnectionTimeOut", "soon", "Rejected"),
        ("AuthCtrlr", "LocalPreAuthorize", "perhaps", "Rejected"),
        ("SampledDataCtrlr", "TxUpdatedMeasurands", "Energy.Active.Import.Register,Warmth", "Rejected"),
        ("SampledDataCtrlr", "TxUpdatedMeasurands", "SoC,Voltage", "Accepted"),
        ("SecurityCtrlr", "BasicAuthPassword", "short", "Rejected"),
        ("TxCtrlr", "Nonsense", "1", "UnknownVariable"),
        ("Toaster", "Heat", "1", "UnknownComponent"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_the_right_word(
    version: str, component: str, variable: str, value: str, status: str
) -> None:
    bench = Bench(version).connect()
    assert set_one(bench, component, variable, value) == status


@V2
def test_what_needs_a_restart_takes_effect_with_it_and_all_survives_another(version: str) -> None:
    bench = Bench(version).connect()
    assert set_one(bench, "ClockCtrlr", "TimeSource", "NTP,RTC") == "RebootRequired"
    assert set_one(bench, "TxCtrlr", "EVConnectionTimeOut", "90") == "Accepted"
    assert read(bench, "ClockCtrlr", "TimeSource") == "Heartbeat"
    for _ in range(2):
        bench.ask("Reset", {"type": "Immediate"})
        bench.run(60)
        assert read(bench, "ClockCtrlr", "TimeSource") == "NTP,RTC"
        assert read(bench, "TxCtrlr", "EVConnectionTimeOut") == "90"


@V2
def test_only_the_actual_value_has_an_attribute(version: str) -> None:
    bench = Bench(version).connect()
    asked = where("TxCtrlr", "EVConnectionTimeOut") | {"attributeType": "Target"}
    [got] = bench.ask("GetVariables", {"getVariableData": [asked]})["getVariableResult"]
    assert got["attributeStatus"] == "NotSupportedAttributeType"


def test_a_key_that_needs_a_restart_says_so_and_takes_effect_with_it() -> None:
    bench = Bench("1.6").connect()
    change = {"key": "ConnectorPhaseRotation", "value": "0.RTS"}
    assert bench.ask("ChangeConfiguration", change)["status"] == "RebootRequired"
    asked = {"key": ["ConnectorPhaseRotation"]}
    assert bench.ask("GetConfiguration", asked)["configurationKey"][0]["value"] == "0.RST"
    bench.ask("Reset", {"type": "Soft"})
    bench.run(60)
    assert bench.ask("GetConfiguration", asked)["configurationKey"][0]["value"] == "0.RTS"


def test_no_more_keys_are_answered_than_the_station_states() -> None:
    bench = Bench("1.6").connect()
    limit = bench.ask("GetConfiguration", {"key": ["GetConfigurationMaxKeys"]})["configurationKey"][0]
    asked = [f"Unknown{number}" for number in range(int(limit["value"]) + 20)]
    assert len(bench.ask("GetConfiguration", {"key": asked})["unknownKey"]) == int(limit["value"])


@pytest.mark.parametrize(
    ("key", "value", "status"),
    [
        ("MeterValuesSampledData", "Energy.Active.Import.Register,Warmth", "Rejected"),
        ("LightIntensity", "101", "Rejected"),
        ("LocalPreAuthorize", "perhaps", "Rejected"),
        ("LocalPreAuthorize", "false", "Accepted"),
        ("AuthorizationKey", "f" * 41, "Rejected"),
    ],
)
def test_a_key_takes_only_what_fits_it(key: str, value: str, status: str) -> None:
    bench = Bench("1.6").connect()
    assert bench.ask("ChangeConfiguration", {"key": key, "value": value})["status"] == status


def test_the_authorization_key_can_be_written_and_not_read() -> None:
    bench = Bench("1.6", password="old").connect()
    key = b"sixteen bytes!!!".hex()
    assert bench.ask("ChangeConfiguration", {"key": "AuthorizationKey", "value": key})["status"] == "Accepted"
    assert bench.station.password == "sixteen bytes!!!"
    answer = bench.ask("GetConfiguration", {"key": ["AuthorizationKey"]})
    assert answer == {"configurationKey": [{"key": "AuthorizationKey", "readonly": False}]}
