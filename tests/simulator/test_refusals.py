"""Stations that say no on purpose, always, a few times, or for want of the part."""

from typing import Any

import pytest
from bench_top import TOKEN, Bench
from driving import VERSIONS, remote_start


@pytest.mark.parametrize("version", VERSIONS)
def test_an_action_is_refused_the_first_times_and_then_taken(version: str) -> None:
    action = "RemoteStartTransaction" if version == "1.6" else "RequestStartTransaction"
    bench = Bench(version, refusals={action: 2}).connect()
    assert [remote_start(bench) for _ in range(3)] == ["Rejected", "Rejected", "Accepted"]


@pytest.mark.parametrize("version", VERSIONS)
def test_an_action_can_be_refused_for_ever(version: str) -> None:
    bench = Bench(version, refusals={"ClearCache": -1}).connect()
    assert {bench.ask("ClearCache", {})["status"] for _ in range(5)} == {"Rejected"}


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
def test_a_variable_is_refused_while_others_are_taken(version: str) -> None:
    bench = Bench(version, refusals={"TxCtrlr.EVConnectionTimeOut": 1}).connect()
    data = [
        {"component": {"name": "TxCtrlr"}, "variable": {"name": name}, "attributeValue": value}
        for name, value in (("EVConnectionTimeOut", "90"), ("StopTxOnInvalidId", "false"))
    ]
    rounds: list[Any] = []
    for _ in range(2):
        results = bench.ask("SetVariables", {"setVariableData": data})["setVariableResult"]
        rounds.append([each["attributeStatus"] for each in results])
    assert rounds == [["Rejected", "Accepted"], ["Accepted", "Accepted"]]


def test_a_key_is_refused_while_others_are_taken() -> None:
    bench = Bench("1.6", refusals={"BlinkRepeat": -1}).connect()
    answers = [
        bench.ask("ChangeConfiguration", {"key": key, "value": "9"})["status"]
        for key in ("BlinkRepeat", "LightIntensity")
    ]
    assert answers == ["Rejected", "Accepted"]


@pytest.mark.parametrize("version", VERSIONS)
def test_what_a_station_has_no_part_for_is_an_error(version: str) -> None:
    bench = Bench(version, unsupported=frozenset({"ReserveNow"})).connect()
    if version == "1.6":
        request: dict[str, Any] = {
            "connectorId": 1,
            "expiryDate": "2026-01-31T13:00:00Z",
            "idTag": TOKEN,
            "reservationId": 1,
        }
    else:
        token = {"idToken": TOKEN, "type": "ISO14443"}
        request = {"id": 1, "expiryDateTime": "2026-01-31T13:00:00Z", "idToken": token}
    assert bench.ask("ReserveNow", request) == "NotSupported"


def test_an_action_whose_answer_has_no_word_for_no_is_an_error() -> None:
    bench = Bench("2.0.1", refusals={"CostUpdated": 1}).connect()
    request = {"totalCost": 1.5, "transactionId": "t"}
    assert bench.ask("CostUpdated", request) == "InternalError"
    assert bench.ask("CostUpdated", request) == {}
