"""Whom a station lets charge by itself: its list, its memory and strangers."""

from typing import Any

import pytest
from bench_top import TOKEN, Bench
from driving import VERSIONS

from currant.simulator import drivers
from currant.simulator.allowlist import LOCAL_LIST_MAX, SEND_MAX


@pytest.fixture(params=VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def send(bench: Bench, number: int, entries: dict[str, str | None], update: str = "Full") -> str:
    if bench.judge.version == "1.6":
        listed: list[dict[str, Any]] = [
            {"idTag": token} | ({} if status is None else {"idTagInfo": {"status": status}})
            for token, status in entries.items()
        ]
        request: dict[str, Any] = {"listVersion": number}
    else:
        listed = [
            {"idToken": {"idToken": token, "type": "ISO14443"}}
            | ({} if status is None else {"idTokenInfo": {"status": status}})
            for token, status in entries.items()
        ]
        request = {"versionNumber": number}
    request |= {"updateType": update} | ({"localAuthorizationList": listed} if listed else {})
    return str(bench.ask("SendLocalList", request)["status"])


def list_version(bench: Bench) -> int:
    answer = bench.ask("GetLocalListVersion", {})
    return int(answer["listVersion"] if "listVersion" in answer else answer["versionNumber"])


def setting(bench: Bench, key: str, component: str, variable: str, value: str) -> None:
    if bench.judge.version == "1.6":
        assert bench.ask("ChangeConfiguration", {"key": key, "value": value})["status"] == "Accepted"
    else:
        data = {"component": {"name": component}, "variable": {"name": variable}, "attributeValue": value}
        [result] = bench.ask("SetVariables", {"setVariableData": [data]})["setVariableResult"]
        assert result["attributeStatus"] == "Accepted"


def visit_offline(bench: Bench, token: str) -> bool:
    """Somebody shows his card while there is no network; whether he was let charge."""
    bench.drop()
    outlet = bench.station.outlets[0]
    outlet.receive_visit(drivers.visit(bench.station.spec, 1, token, bench.station.drivers_dice))
    for _ in range(200):
        bench.now += 1
        bench.station.advance(bench.now)
        if outlet.transaction is not None:
            return True
    return False


def test_a_list_is_replaced_changed_and_refused_when_it_is_older(version: str) -> None:
    bench = Bench(version).connect()
    assert list_version(bench) == 0
    assert send(bench, 5, {"A": "Accepted", "B": "Blocked"}) == "Accepted"
    assert send(bench, 7, {"B": None, "C": "Accepted"}, "Differential") == "Accepted"
    assert bench.station.local_list == {"A": "Accepted", "C": "Accepted"}
    assert send(bench, 7, {"D": "Accepted"}, "Differential") == "VersionMismatch"
    assert send(bench, 2, {"E": "Accepted"}) == "Accepted"
    assert (bench.station.local_list, list_version(bench)) == ({"E": "Accepted"}, 2)
    assert send(bench, 3, {}) == "Accepted"
    assert bench.station.local_list == {}


def test_a_list_that_is_too_long_changes_nothing(version: str) -> None:
    bench = Bench(version).connect()
    assert send(bench, 1, {f"T{number}": "Accepted" for number in range(SEND_MAX + 1)}) == "Failed"
    for part in range(LOCAL_LIST_MAX // SEND_MAX):
        entries: dict[str, str | None] = {f"T{part}-{number}": "Accepted" for number in range(SEND_MAX)}
        assert send(bench, part + 1, entries, "Differential") == "Accepted"
    assert send(bench, 9, {"LAST": "Accepted"}, "Differential") == "Failed"
    assert list_version(bench) == LOCAL_LIST_MAX // SEND_MAX


def test_lists_that_are_switched_off_are_not_taken(version: str) -> None:
    bench = Bench(version).connect()
    setting(bench, "LocalAuthListEnabled", "LocalAuthListCtrlr", "Enabled", "false")
    assert send(bench, 1, {"A": "Accepted"}) == ("NotSupported" if version == "1.6" else "Failed")
    assert list_version(bench) == (-1 if version == "1.6" else 0)


@pytest.mark.parametrize(("listed", "charges"), [("Accepted", True), ("Blocked", False)])
def test_without_a_network_the_list_decides(version: str, listed: str, *, charges: bool) -> None:
    bench = Bench(version).connect()
    setting(bench, "AllowOfflineTxForUnknownId", "AuthCtrlr", "OfflineTxForUnknownIdEnabled", "false")
    send(bench, 1, {TOKEN: listed})
    assert visit_offline(bench, TOKEN) is charges


def test_a_list_may_not_be_used_offline_where_that_is_switched_off(version: str) -> None:
    bench = Bench(version).connect()
    send(bench, 1, {TOKEN: "Accepted"})
    setting(bench, "LocalAuthorizeOffline", "AuthCtrlr", "LocalAuthorizeOffline", "false")
    assert visit_offline(bench, TOKEN) is False


@pytest.mark.parametrize("allowed", [True, False])
def test_strangers_charge_offline_only_where_that_is_allowed(version: str, *, allowed: bool) -> None:
    bench = Bench(version).connect()
    value = str(allowed).lower()
    setting(bench, "AllowOfflineTxForUnknownId", "AuthCtrlr", "OfflineTxForUnknownIdEnabled", value)
    assert visit_offline(bench, "STRANGER") is allowed


@pytest.mark.parametrize("cleared", [True, False])
def test_who_charged_before_is_remembered_until_the_cache_is_cleared(version: str, *, cleared: bool) -> None:
    bench = Bench(version).connect()
    setting(bench, "AllowOfflineTxForUnknownId", "AuthCtrlr", "OfflineTxForUnknownIdEnabled", "false")
    outlet = bench.station.outlets[0]
    outlet.receive_visit(drivers.visit(bench.station.spec, 1, TOKEN, bench.station.drivers_dice))
    bench.run(120, until=lambda: outlet.transaction is not None)
    outlet.unplug()
    bench.run(20)
    if cleared:
        assert bench.ask("ClearCache", {})["status"] == "Accepted"
    assert visit_offline(bench, TOKEN) is not cleared


def test_a_cache_that_is_switched_off_cannot_be_cleared(version: str) -> None:
    bench = Bench(version).connect()
    setting(bench, "AuthorizationCacheEnabled", "AuthCacheCtrlr", "Enabled", "false")
    assert bench.ask("ClearCache", {})["status"] == "Rejected"
