"""The screen and what the station knows of its customers (OCPP 2.x)."""

from typing import Any

import pytest
from bench_top import TOKEN, Bench
from driving import start

from currant.simulator.v2_display import MESSAGES_MAX, Screen

V2 = pytest.mark.parametrize("version", ["2.0.1", "2.1"])


def message(id: int, **fields: Any) -> dict[str, Any]:
    content = {"format": "UTF8", "content": f"Message {id}"}
    return {"id": id, "priority": "NormalCycle", "message": content} | fields


def show(bench: Bench, id: int, **fields: Any) -> str:
    return str(bench.ask("SetDisplayMessage", {"message": message(id, **fields)})["status"])


def shown(bench: Bench, request_id: int, **criteria: Any) -> list[dict[str, Any]]:
    asked = {"requestId": request_id} | criteria
    assert bench.ask("GetDisplayMessages", asked)["status"] == "Accepted"
    bench.run(5)
    parts = [each for each in bench.judge.said("NotifyDisplayMessages") if each["requestId"] == request_id]
    assert [part.get("tbc", False) for part in parts] == [True] * (len(parts) - 1) + [False]
    return [each for part in parts for each in part["messageInfo"]]


@V2
def test_messages_are_shown_replaced_reported_and_cleared(version: str) -> None:
    bench = Bench(version).connect()
    assert [show(bench, number, state="Idle") for number in range(7)] == ["Accepted"] * 7
    show(bench, 3, state="Charging", priority="InFront")
    assert len(shown(bench, 1)) == 7
    assert [each["id"] for each in shown(bench, 2, state="Charging")] == [3]
    assert [each["id"] for each in shown(bench, 3, id=[2, 4, 99])] == [2, 4]
    assert [each["id"] for each in shown(bench, 4, priority="InFront")] == [3]
    assert bench.ask("ClearDisplayMessage", {"id": 3})["status"] == "Accepted"
    assert bench.ask("ClearDisplayMessage", {"id": 3})["status"] == "Unknown"
    nothing = {"requestId": 5, "priority": "InFront"}
    assert bench.ask("GetDisplayMessages", nothing)["status"] == "Unknown"


@V2
def test_only_one_message_is_always_in_front(version: str) -> None:
    bench = Bench(version).connect()
    for number in (1, 2):
        show(bench, number, priority="AlwaysFront")
    assert [each["id"] for each in shown(bench, 1)] == [2]


@V2
def test_what_the_screen_cannot_do_is_refused_with_the_reason(version: str) -> None:
    bench = Bench(version).connect()
    html = {"format": "HTML", "content": "<p>"}
    assert show(bench, 1, message=html) == "NotSupportedMessageFormat"
    assert show(bench, 1, transactionId="unknown") == "UnknownTransaction"
    for number in range(MESSAGES_MAX):
        assert show(bench, number) == "Accepted"
    assert show(bench, 77) == "Rejected"
    assert show(bench, 3) == "Accepted"
    if version == "2.1":
        assert show(bench, 1, state="Suspended") == "NotSupportedState"


@V2
def test_a_message_ends_at_its_time_or_with_its_session_and_outlives_restarts(version: str) -> None:
    bench = Bench(version).connect()
    transaction = start(bench)
    show(bench, 1, endDateTime="2026-01-31T12:10:00Z")
    show(bench, 2, transactionId=transaction)
    show(bench, 3)
    assert {each["id"] for each in shown(bench, 1)} == {1, 2, 3}
    bench.ask("Reset", {"type": "Immediate"})
    bench.run(700)
    assert {each["id"] for each in shown(bench, 2)} == {3}


@V2
def test_a_cost_is_shown_with_its_session(version: str) -> None:
    bench = Bench(version).connect()
    transaction = start(bench)
    bench.ask("CostUpdated", {"totalCost": 4.25, "transactionId": transaction})
    bench.ask("CostUpdated", {"totalCost": 9.0, "transactionId": "unknown"})
    assert bench.station.part(Screen).costs == {transaction: 4.25}


def customer(bench: Bench, request_id: int, **fields: Any) -> tuple[str, str]:
    request = {"requestId": request_id, "report": True, "clear": False} | fields
    status = str(bench.ask("CustomerInformation", request)["status"])
    bench.run(5)
    said = [each for each in bench.judge.said("NotifyCustomerInformation") if each["requestId"] == request_id]
    assert [each["seqNo"] for each in said] == list(range(len(said)))
    return status, "".join(each["data"] for each in said)


@V2
def test_a_customer_is_told_what_is_stored_and_it_can_be_cleared(version: str) -> None:
    bench = Bench(version).connect()
    token = {"idToken": {"idToken": TOKEN, "type": "ISO14443"}}
    listed = {
        "versionNumber": 1,
        "updateType": "Full",
        "localAuthorizationList": [token | {"idTokenInfo": {"status": "Accepted"}}],
    }
    bench.ask("SendLocalList", listed)
    start(bench)
    status, told = customer(bench, 1, **token)
    assert status == "Accepted"
    assert "Local authorization list" in told
    assert "is going on" in told
    assert customer(bench, 2, customerIdentifier="nobody") == (
        "Accepted",
        "No data is kept of this customer.",
    )
    assert customer(bench, 3, report=False, clear=True, **token)[0] == "Accepted"


@V2
def test_a_customer_must_be_named_in_one_way_and_something_be_wanted(version: str) -> None:
    bench = Bench(version).connect()
    token = {"idToken": {"idToken": TOKEN, "type": "ISO14443"}}
    assert customer(bench, 1) == ("Invalid", "")
    assert customer(bench, 2, customerIdentifier="x", **token) == ("Invalid", "")
    assert customer(bench, 3, report=False, customerIdentifier="x") == ("Rejected", "")


@V2
def test_a_long_answer_to_a_customer_comes_in_parts(version: str) -> None:
    bench = Bench(version).connect()
    token = "T" * 36
    station = bench.station
    station.local_list = {token: "Accepted"}
    evses = [outlet for outlet in station.outlets for _ in range(10)]
    for outlet in station.outlets:
        start(bench, evse=outlet.number)
        assert outlet.transaction is not None
        outlet.transaction.token = token
    station.outlets = evses
    _, told = customer(bench, 4, customerIdentifier=token)
    assert len(told) > 512
    said = bench.judge.said("NotifyCustomerInformation")
    assert [each.get("tbc", False) for each in said] == [True] * (len(said) - 1) + [False]
