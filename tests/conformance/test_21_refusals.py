"""OCPP 2.1: what is refused before anything is sent, and answers that are neither a yes nor a plain no."""

from typing import Any

import pytest
from charger import Answer, CallError, Refusing, now
from installation import Site
from orders import not_worded, turned_down
from shows import shows
from test_21_der_orders import CURVE, ENTER
from test_21_energy_orders import DYNAMIC, PROFILE
from test_21_model_orders import MESSAGE, POWER
from test_21_orders import HASH
from test_21_trade_orders import TARIFF

pytestmark = pytest.mark.asyncio(loop_scope="module")

MONITOR: dict[str, Any] = {"variable": POWER, "kind": "periodic", "value": 10, "severity": 8}
CONNECTION: dict[str, Any] = {"url": "wss://csms.test/", "security_profile": 2, "version": "2.1"}


def with_period(**period: Any) -> dict[str, Any]:
    """A command whose profile has one period that no mode allows."""
    schedule = {"unit": "W", "starts_at": "2031-01-31T12:00:00Z", "periods": [{"start_s": 0, **period}]}
    profile = {"id": 5, "purpose": "tx_default", "schedules": [schedule]}
    return {"command": "SetChargingProfile", "evse": 1, "profile": profile}


@pytest.mark.parametrize(
    ("command", "field"),
    [
        ({"command": "NotifyWebPaymentStarted", "evse": 1, "timeout_s": 0}, "timeout_s"),
        ({"command": "RequestBatterySwap", "token_uid": ""}, "token_uid"),
        ({"command": "GetTransactionStatus", "transaction_id": "x" * 37}, "transaction_id"),
        ({"command": "SetMonitors", "monitors": [{**MONITOR, "severity": 10}]}, "severity"),
        ({"command": "SetMonitors", "monitors": [{**MONITOR, "value": 0}]}, "value"),
        (
            {"command": "SetMonitors", "monitors": [{**MONITOR, "kind": "delta", "stream": {"values": 1}}]},
            "stream",
        ),
        ({"command": "SetMonitors", "monitors": [MONITOR, MONITOR]}, "monitors"),
        ({"command": "AdjustEventStream", "id": 1, "rate": {}}, "rate"),
        ({"command": "GetReport", "criteria": ["broken"]}, "criteria"),
        ({"command": "GetMonitoringReport", "criteria": ["always"]}, "criteria"),
        ({"command": "SetNetworkProfile", "slot": 1, "profile": {**CONNECTION, "url": "ws://a/"}}, "url"),
        (
            {"command": "SetNetworkProfile", "slot": 1, "profile": {**CONNECTION, "password": "short"}},
            "password",
        ),
        (with_period(), "limit"),
        (with_period(operation_mode="central_setpoint"), "setpoint"),
        (with_period(operation_mode="central_setpoint", setpoint=9, limit=8), "setpoint"),
        (with_period(limit=5, evse_sleep=True), "evse_sleep"),
        (with_period(operation_mode="external_limits", limit=5), "limit"),
        (with_period(limit=5.25), "limit"),
        (
            {"command": "SetChargingProfile", "evse": 1, "profile": {**PROFILE, "purpose": "priority"}},
            "duration_s",
        ),
        ({"command": "SetChargingProfile", "evse": 1, "profile": DYNAMIC}, "transaction_id"),
        (
            {"command": "SetChargingProfile", "evse": 1, "profile": {**PROFILE, "purpose": "external"}},
            "purpose",
        ),
        ({"command": "ClearChargingProfiles", "purpose": "local_generation"}, "purpose"),
        ({"command": "GetChargingProfiles"}, "purpose"),
        ({"command": "UpdateDynamicSchedule", "profile_id": 6}, "limit"),
        ({"command": "UpdateDynamicSchedule", "profile_id": 6, "discharge_limit": 1}, "discharge_limit"),
        ({"command": "AllowEnergyTransfer", "transaction_id": "T", "modes": ["steam"]}, "modes"),
        ({"command": "SendAfrrSignal", "at": "2031-01-31T12:00:00", "signal": 1}, "at"),
        ({"command": "SetDerControl", "control": {**CURVE, "points": []}}, "points"),
        ({"command": "SetDerControl", "control": {**CURVE, "kind": "volt_age"}}, "kind"),
        ({"command": "SetDerControl", "control": {**ENTER, "default": False}}, "default"),
        ({"command": "SetDerControl", "control": {**ENTER, "settings": {}}}, "settings"),
        ({"command": "ClearDerControls", "default": True, "id": "a", "kind": "volt_var"}, "kind"),
        ({"command": "SetDefaultTariff", "tariff": {**TARIFF, "currency": "euro"}}, "currency"),
        ({"command": "SetDefaultTariff", "tariff": {**TARIFF, "energy": {"prices": []}}}, "energy"),
        ({"command": "SetDefaultTariff", "tariff": {**TARIFF, "min_cost": {}}}, "min_cost"),
        ({"command": "SetDisplayMessage", "message": {**MESSAGE, "texts": []}}, "texts"),
        (
            {"command": "SetDisplayMessage", "message": {**MESSAGE, "ends_at": MESSAGE["starts_at"]}},
            "ends_at",
        ),
        ({"command": "GetCustomerInformation"}, "token_uid"),
        ({"command": "GetCustomerInformation", "token_uid": "T", "report": False}, "report"),
        ({"command": "DeleteCertificate", "hash": {**HASH, "issuer_key_hash": "key"}}, "issuer_key_hash"),
        ({"command": "UnpublishFirmware", "checksum": "123"}, "checksum"),
        (
            {"command": "GetLog", "kind": "security", "request_id": 1, "url": f"https://a/{'b' * 2_000}"},
            "url",
        ),
    ],
    ids=str,
)
async def test_what_nobody_can_mean_never_reaches_a_2_1_station(
    site: Site, command: dict[str, Any], field: str
) -> None:
    await turned_down(site, "2.1", command, field)


async def test_what_2_1_has_no_word_for_is_told_here(site: Site) -> None:
    command = {"command": "Trigger", "message": "diagnostics_status"}
    await not_worded(site, "2.1", command, status="unsupported", reason="cannot trigger")


@shows(
    "2.1 Reset", "2.1 ChangeAvailability", "2.1 TriggerMessage", "2.1 SetDERControl", "2.1 UnlockConnector"
)
@pytest.mark.parametrize(
    ("command", "action", "answer", "status", "reason"),
    [
        ({"command": "Reset"}, "Reset", {"status": "Scheduled"}, "scheduled", ""),
        (
            {"command": "SetAvailability", "operative": False},
            "ChangeAvailability",
            {"status": "Scheduled"},
            "scheduled",
            "",
        ),
        (
            {"command": "Trigger", "message": "heartbeat"},
            "TriggerMessage",
            {"status": "NotImplemented", "statusInfo": {"reasonCode": "NoSuch", "additionalInfo": "Never"}},
            "unsupported",
            "NoSuch: Never",
        ),
        (
            {"command": "SetDerControl", "control": CURVE},
            "SetDERControl",
            {"status": "NotSupported"},
            "unsupported",
            "does not support",
        ),
        (
            {"command": "Unlock", "evse": 1},
            "UnlockConnector",
            {"status": "UnknownConnector", "statusInfo": {"reasonCode": "UnknownConnectorId"}},
            "refused",
            "UnknownConnectorId",
        ),
    ],
    ids=str,
)
async def test_an_answer_of_2_1_is_told_for_what_it_is(
    site: Site, command: dict[str, Any], action: str, answer: dict[str, Any], status: str, reason: str
) -> None:
    identity = await site.register()
    async with site.charger(identity, "2.1", answers={action: answer}) as station:
        await station.boot()
        record = await site.command(identity, **command)
    assert (record["status"], reason in record["reason"]) == (status, True), record


@shows("2.1 GetDERControl", "2.1 ClearDERControl", "2.1 SetDERControl")
async def test_der_controls_are_kept_as_the_station_answers(site: Site) -> None:
    identity = await site.register()
    path = f"/stations/{identity}/der-controls/"

    async def known() -> list[str]:
        return [each["control"]["id"] for each in (await site.ask("GET", path))["items"]]

    async with site.charger(identity, "2.1", answers={"SetDERControl": {"status": "Rejected"}}) as station:
        await station.boot()
        assert (await site.ask("POST", path, json=CURVE))["status"] == "refused"
        assert await known() == []
        station.answers["SetDERControl"] = {"status": "Accepted", "supersededIds": []}
        assert (await site.ask("POST", path, json=CURVE))["status"] == "accepted"
        assert await known() == ["volt-1"]
        station.answers["GetDERControl"] = {"status": "NotFound"}
        assert (await site.ask("POST", f"{path}ask", json={"default": True}))["report"] == []
        assert await known() == ["volt-1"]
        cleared = await site.ask("DELETE", path, params={"default": False, "control_id": "volt-1"})
        assert cleared["status"] == "accepted"
        assert await station.asked_for("ClearDERControl") == {"isDefault": False, "controlId": "volt-1"}
        assert await known() == []


@shows("2.1 ClearCache")
async def test_an_answer_that_cannot_be_read_is_told_to_operator_and_station(site: Site) -> None:
    identity = await site.register()
    async with site.charger(identity, "2.1", answers={"ClearCache": {"status": "Perhaps"}}) as station:
        await station.boot()
        assert (await site.command(identity, "ClearCache"))["status"] == "failed"
        assert "currentTime" in await station.call("Heartbeat")
        assert [error.code for error in station.result_errors] == ["PropertyConstraintViolation"]


@shows("2.1 Reset")
async def test_a_2_1_station_that_says_nothing_or_an_error_is_told_so(site: Site) -> None:
    def broken(_: Any) -> Any:
        raise Refusing("InternalError")

    identity = await site.register()
    answers: dict[str, Answer] = {"Reset": broken, "ClearCache": None}
    async with site.charger(identity, "2.1", answers=answers) as station:
        await station.boot()
        record = await site.command(identity, "Reset")
        assert (record["status"], "InternalError" in record["reason"]) == ("failed", True)
        assert (await site.command(identity, "ClearCache", deadline_s=0.3))["status"] == "unanswered"


async def test_a_message_that_2_1_does_not_know_is_refused(site: Site) -> None:
    async with site.charger(await site.register(), "2.1") as station:
        await station.boot()
        with pytest.raises(CallError, match="NotImplemented"):
            await station.call("StartTransaction", connectorId=1, idTag="T", meterStart=0, timestamp=now())
