"""OCPP 1.6: what is refused before anything is sent, and answers that are neither a yes nor a plain no."""

from typing import Any

import pytest
from charger import Answer, Refusing
from installation import Site
from orders import not_worded, turned_down
from shows import shows
from test_16_orders import PROFILE, TX_PROFILE

pytestmark = pytest.mark.asyncio(loop_scope="module")

GET_LOG = {"command": "GetLog", "kind": "security", "request_id": 1}
RESERVE = {"command": "Reserve", "reservation_id": 1, "expires_at": "2031-01-31T12:00:00Z"}


@pytest.mark.parametrize(
    ("command", "field"),
    [
        ({"command": "StartCharging", "token_uid": ""}, "token_uid"),
        ({"command": "SetAvailability", "operative": True, "connector": 1}, "evse"),
        ({"command": "Unlock", "evse": 0}, "evse"),
        (
            {"command": "StartCharging", "token_uid": "T", "profile": PROFILE},
            "profile.purpose",
        ),
        ({"command": "SetVariables", "values": [{"variable": {"name": "A"}}]}, "value"),
        ({"command": "GetVariables", "variables": [{"name": "A"}, {"name": "a"}]}, "variables"),
        ({"command": "SetChargingProfile", "evse": 0, "profile": TX_PROFILE}, "evse"),
        ({"command": "ClearChargingProfiles"}, "profile_id"),
        ({"command": "GetCompositeSchedule", "evse": 1, "duration_s": 0}, "duration_s"),
        (
            {"command": "SendLocalList", "version": 1, "entries": [{"token_uid": "T"}, {"token_uid": "t"}]},
            "entries",
        ),
        ({**RESERVE, "reservation_id": 0, "token_uid": "T"}, "reservation_id"),
        ({**GET_LOG, "url": "telnet://files.test/"}, "url"),
        ({"command": "InstallCertificate", "use": "csms", "certificate": "none"}, "certificate"),
        ({"command": "Reset", "kind": "gently"}, "kind"),
        ({"command": "Explode"}, "command"),
    ],
    ids=str,
)
async def test_what_nobody_can_mean_never_reaches_a_1_6_station(
    site: Site, command: dict[str, Any], field: str
) -> None:
    await turned_down(site, "1.6", command, field)


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ({"command": "StartCharging", "token_uid": "T" * 21}, "20 characters"),
        ({"command": "StopCharging", "transaction_id": "abc"}, "number"),
        ({"command": "Reset", "kind": "immediate_and_resume"}, "resume"),
        ({"command": "SendLocalList", "version": 1, "entries": [{"token_uid": "T" * 21}]}, "20 characters"),
        ({**RESERVE, "token_uid": "T" * 21}, "20 characters"),
        (
            {
                "command": "SetChargingProfile",
                "evse": 1,
                "profile": {**PROFILE, "max_offline_s": 60},
            },
            "max_offline_s",
        ),
        (
            {
                "command": "SetChargingProfile",
                "evse": 1,
                "profile": {**TX_PROFILE, "transaction_id": "abc"},
            },
            "number",
        ),
        ({"command": "ClearChargingProfiles", "purpose": "priority"}, "priority"),
        ({**GET_LOG, "url": f"https://files.test/{'a' * 500}"}, "512 characters"),
        (
            {
                "command": "InstallCertificate",
                "use": "v2g",
                "certificate": "-----BEGIN CERTIFICATE-----",
            },
            "manufacturer",
        ),
    ],
    ids=str,
)
async def test_what_1_6_cannot_carry_is_refused_here(
    site: Site, command: dict[str, Any], reason: str
) -> None:
    await not_worded(site, "1.6", command, status="refused", reason=reason)


@pytest.mark.parametrize(
    "command",
    [
        {"command": "Reset", "evse": 1},
        {"command": "Trigger", "message": "transaction"},
        {**RESERVE, "token_uid": "T", "connector_standard": "IEC_62196_T2"},
        {**GET_LOG, "kind": "data_collector", "url": "https://files.test/"},
        {"command": "GetMonitoringReport"},
        {"command": "GetEventStreams"},
        {"command": "GetReport", "criteria": ["problem"]},
        {"command": "GetTransactionStatus"},
        {"command": "ClearDisplayMessage", "id": 1},
        {"command": "GetTariffs"},
        {"command": "GetDerControls"},
        {"command": "UnpublishFirmware", "checksum": "0" * 32},
    ],
    ids=str,
)
async def test_what_1_6_has_no_message_for_is_said_so(site: Site, command: dict[str, Any]) -> None:
    await not_worded(site, "1.6", command, status="unsupported", reason="OCPP 1.6")


@shows("1.6 ChangeAvailability", "1.6 TriggerMessage", "1.6 GetLocalListVersion", "1.6 UnlockConnector")
@pytest.mark.parametrize(
    ("command", "action", "answer", "status", "reason"),
    [
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
            {"status": "NotImplemented"},
            "unsupported",
            "NotImplemented",
        ),
        (
            {"command": "GetLocalListVersion"},
            "GetLocalListVersion",
            {"listVersion": -1},
            "unsupported",
            "no local authorisation lists",
        ),
        (
            {"command": "Unlock", "evse": 1},
            "UnlockConnector",
            {"status": "NotSupported"},
            "refused",
            "NotSupported",
        ),
        ({"command": "ClearCache"}, "ClearCache", {"status": "Perhaps"}, "failed", ""),
        ({"command": "ClearCache"}, "ClearCache", {}, "failed", ""),
    ],
    ids=str,
)
async def test_an_answer_of_1_6_is_told_for_what_it_is(
    site: Site, command: dict[str, Any], action: str, answer: dict[str, Any], status: str, reason: str
) -> None:
    identity = await site.register()
    async with site.charger(identity, "1.6", answers={action: answer}) as station:
        await station.boot()
        record = await site.command(identity, **command)
    assert (record["status"], reason in record["reason"]) == (status, True), record


@shows("1.6 ChangeConfiguration")
async def test_a_key_that_takes_effect_after_a_restart_is_told_so(site: Site) -> None:
    identity = await site.register()
    answers: dict[str, Answer] = {
        "ChangeConfiguration": lambda told: {
            "status": "RebootRequired" if told["key"] == "A" else "NotSupported"
        }
    }
    async with site.charger(identity, "1.6", answers=answers) as station:
        await station.boot()
        values = [{"variable": {"name": name}, "value": "1"} for name in "AB"]
        record = await site.command(identity, "SetVariables", values=values[:1])
        assert (record["status"], "restarted" in record["reason"]) == ("accepted", True)
        record = await site.command(identity, "SetVariables", values=values)
        assert (record["status"], record["reason"]) == ("refused", "Not set: B: NotSupported.")
        assert [each["status"] for each in record["variables"]] == ["RebootRequired", "NotSupported"]


@shows("1.6 GetConfiguration")
async def test_a_whole_configuration_of_1_6_is_read_and_kept(site: Site) -> None:
    from test_16_orders import READ

    def told(request: dict[str, Any]) -> dict[str, Any]:
        if "key" in request:
            return {"unknownKey": request["key"]}
        return {"configurationKey": [READ, {"key": "VendorThing", "readonly": True, "value": "7"}]}

    identity = await site.register()
    async with site.charger(identity, "1.6", answers={"GetConfiguration": told}) as station:
        await station.boot()
        record = await site.command(identity, "GetVariables")
        assert record["status"] == "accepted"
        assert await station.asked_for("GetConfiguration") == {}
        values = {each["variable"]["name"]: each["value"] for each in record["variables"]}
        assert values == {"HeartbeatInterval": "300", "VendorThing": "7"}

    async def kept() -> bool:
        found = await site.ask("GET", f"/stations/{identity}/variables")
        return "VendorThing" in str(found)

    assert await site.eventually(kept)


@shows("1.6 SendLocalList")
async def test_a_long_local_list_of_1_6_goes_in_several_messages(site: Site) -> None:
    identity = await site.register()
    entries = [{"token_uid": f"T{number}"} for number in range(5)]
    async with site.charger(identity, "1.6") as station:
        await station.boot()
        record = await site.command(
            identity, "SendLocalList", version=7, entries=entries, entries_a_message=2
        )
        assert record["status"] == "accepted"
        sent = [await station.asked_for("SendLocalList") for _ in range(3)]
    assert [each["listVersion"] for each in sent] == [5, 6, 7]
    assert [each["updateType"] for each in sent] == ["Full", "Differential", "Differential"]
    assert [len(each["localAuthorizationList"]) for each in sent] == [2, 2, 1]


@shows("1.6 GetInstalledCertificateIds")
async def test_a_1_6_station_without_roots_says_so(site: Site) -> None:
    identity = await site.register()
    answers: dict[str, Answer] = {"GetInstalledCertificateIds": {"status": "NotFound"}}
    async with site.charger(identity, "1.6", answers=answers) as station:
        await station.boot()
        record = await site.command(identity, "GetInstalledCertificates")
        assert (record["status"], record["report"]) == ("accepted", [])
        asked = [(await station.asked_for("GetInstalledCertificateIds"))["certificateType"] for _ in range(2)]
        assert asked == ["CentralSystemRootCertificate", "ManufacturerRootCertificate"]


@shows("1.6 Reset")
async def test_a_1_6_station_that_says_nothing_is_told_so(site: Site) -> None:
    identity = await site.register()
    async with site.charger(identity, "1.6", answers={"Reset": None}) as station:
        await station.boot()
        record = await site.command(identity, "Reset", deadline_s=0.3)
        assert record["status"] == "unanswered"

    async def offline() -> bool:
        return not (await site.ask("GET", f"/stations/{identity}"))["connection"]["connected"]

    assert await site.eventually(offline)
    assert (await site.command(identity, "Reset"))["status"] == "offline"


@shows("1.6 Reset")
async def test_an_error_of_a_1_6_station_is_told(site: Site) -> None:
    def broken(_: Any) -> Any:
        raise Refusing("InternalError")

    identity = await site.register()
    async with site.charger(identity, "1.6", answers={"Reset": broken}) as station:
        await station.boot()
        record = await site.command(identity, "Reset")
        assert (record["status"], "InternalError" in record["reason"]) == ("failed", True)
