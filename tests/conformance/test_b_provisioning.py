"""OCPP 2.0.1, block B: booting, the device model read and set, restarts, and network connection profiles."""

import asyncio
from typing import Any

import pytest
from charger import CallError, Payload, ScriptedCharger, now
from installation import Site
from plugged import connector_event
from shows import shows
from visit import Visit, card, connector_shown, tell_connector

pytestmark = pytest.mark.asyncio(loop_scope="module")

OFFLINE_THRESHOLD = {"component": "OCPPCommCtrlr", "name": "OfflineThreshold"}
REMOTE_START = {"component": "AuthCtrlr", "name": "AuthorizeRemoteStart"}


async def booted(station: ScriptedCharger, reason: str = "PowerUp") -> None:
    """Switched on, let in, and its connector told."""
    answer = await station.boot(reason)
    assert answer["status"] == "Accepted"
    assert answer["interval"] > 0
    await tell_connector(station, "Available")


# Booting (B01 to B03)


@shows("TC_B_01_CSMS")
async def test_a_registered_station_is_accepted(site: Site) -> None:
    identity = await site.register()
    async with site.charger(identity) as station:
        await booted(station)
        assert await connector_shown(site, identity) == "available"


@shows("TC_B_02_CSMS")
async def test_a_pending_station_is_accepted_at_its_next_boot_once_an_operator_says_so(site: Site) -> None:
    identity = await site.register(admission="pending")
    async with site.charger(identity, answers={"TriggerMessage": {"status": "Rejected"}}) as station:
        answer = await station.boot()
        assert answer["status"] == "Pending"
        assert answer["interval"] > 0
        await site.ask("POST", f"/stations/{identity}/accept")
        await booted(station)


@shows("TC_B_30_CSMS")
async def test_a_pending_station_may_say_nothing_else(site: Site) -> None:
    identity = await site.register(admission="pending")
    async with site.charger(identity) as station:
        assert (await station.boot())["status"] == "Pending"
        with pytest.raises(CallError) as refused:
            await station.status("Available")
        assert refused.value.code == "SecurityError"
        with pytest.raises(CallError) as refused:
            await connector_event(station, "Available")
        assert refused.value.code == "SecurityError"
        assert await connector_shown(site, identity) != "available"


@shows("TC_B_31_CSMS")
async def test_a_station_that_is_accepted_is_asked_to_boot_again_at_once(site: Site) -> None:
    identity = await site.register(admission="pending")
    async with site.charger(identity) as station:
        assert (await station.boot())["status"] == "Pending"
        await site.ask("POST", f"/stations/{identity}/accept")
        assert await station.asked_for("TriggerMessage") == {"requestedMessage": "BootNotification"}
        await booted(station, "Triggered")


# Variables read and set (B05, B06)


class Variables:
    """The variables of a scripted charger, as it answers for them."""

    def __init__(self, **values: str) -> None:
        self.values = values
        """By the variable's name and instance."""

    def get(self, request: Payload) -> Payload:
        told = []
        for asked in request["getVariableData"]:
            value = self.values.get(self._key(asked))
            told.append(
                {
                    "attributeStatus": "UnknownVariable" if value is None else "Accepted",
                    **({} if value is None else {"attributeValue": value}),
                    "component": asked["component"],
                    "variable": asked["variable"],
                }
            )
        return {"getVariableResult": told}

    def set(self, request: Payload) -> Payload:
        told = []
        for asked in request["setVariableData"]:
            self.values[self._key(asked)] = asked["attributeValue"]
            told.append(
                {
                    "attributeStatus": "Accepted",
                    "component": asked["component"],
                    "variable": asked["variable"],
                }
            )
        return {"setVariableResult": told}

    @staticmethod
    def _key(asked: Payload) -> str:
        return "_".join([asked["variable"]["name"], *filter(None, [asked["variable"].get("instance")])])


def is_about(asked: Payload, wanted: Payload) -> bool:
    """Whether an item of a request is about this variable, and about its present value."""
    return (
        asked["component"] == {"name": wanted["component"]}
        and asked["variable"]["name"] == wanted["name"]
        and asked["variable"].get("instance") == wanted.get("instance")
        and asked.get("attributeType", "Actual") == "Actual"
    )


async def shown(site: Site, identity: str, component: str, name: str) -> Any:
    """The value of a variable as the API shows it."""
    page = await site.ask(
        "GET", f"/stations/{identity}/variables", params={"component": component, "name": name}
    )
    return [each["value"] for each in page["items"]]


@shows("TC_B_06_CSMS")
async def test_one_variable_is_read(site: Site) -> None:
    identity = await site.register()
    variables = Variables(OfflineThreshold="60")
    async with site.charger(identity, answers={"GetVariables": variables.get}) as station:
        await booted(station)
        record = await site.command(identity, "GetVariables", variables=[OFFLINE_THRESHOLD])
        [asked] = (await station.asked_for("GetVariables"))["getVariableData"]
        assert is_about(asked, OFFLINE_THRESHOLD)
        assert record["status"] == "accepted"
        [told] = record["variables"]
        assert (told["variable"]["name"], told["value"], told["status"]) == (
            "OfflineThreshold",
            "60",
            "Accepted",
        )

        async def kept() -> bool:
            return await shown(site, identity, "OCPPCommCtrlr", "OfflineThreshold") == ["60"]

        await site.eventually(kept)


@shows("TC_B_07_CSMS")
async def test_several_variables_are_read_in_one_message(site: Site) -> None:
    identity = await site.register()
    variables = Variables(OfflineThreshold="60", AuthorizeRemoteStart="true")
    async with site.charger(identity, answers={"GetVariables": variables.get}) as station:
        await booted(station)
        record = await site.command(identity, "GetVariables", variables=[OFFLINE_THRESHOLD, REMOTE_START])
        first, second = (await station.asked_for("GetVariables"))["getVariableData"]
        assert is_about(first, OFFLINE_THRESHOLD)
        assert is_about(second, REMOTE_START)
        assert [each["value"] for each in record["variables"]] == ["60", "true"]


@shows("TC_B_08_CSMS")
async def test_no_more_variables_are_asked_for_in_one_message_than_the_station_takes(site: Site) -> None:
    identity = await site.register()
    variables = Variables(
        ItemsPerMessage_GetVariables="4",
        ItemsPerMessage_GetReport="4",
        BytesPerMessage_GetVariables="8000",
        BytesPerMessage_GetReport="8000",
        AuthorizeRemoteStart="true",
    )
    async with site.charger(identity, answers={"GetVariables": variables.get}) as station:
        await booted(station)
        wanted = [
            {"component": "DeviceDataCtrlr", "name": f"{what}PerMessage", "instance": action}
            for what in ("Items", "Bytes")
            for action in ("GetReport", "GetVariables")
        ]
        await site.command(identity, "GetVariables", variables=[wanted[1]])
        await station.asked_for("GetVariables")
        wanted.append(REMOTE_START)
        record = await site.command(identity, "GetVariables", variables=wanted)
        asked = [(await station.asked_for("GetVariables"))["getVariableData"] for _ in range(2)]
        assert sorted(map(len, asked)) == [1, 4]
        for each in wanted:
            assert sum(is_about(item, each) for some in asked for item in some) == 1
        assert [each["value"] for each in record["variables"]] == ["4", "4", "8000", "8000", "true"]
        assert station.not_asked_for("GetVariables")


@shows("TC_B_09_CSMS")
async def test_one_variable_is_set(site: Site) -> None:
    identity = await site.register()
    variables = Variables()
    async with site.charger(identity, answers={"SetVariables": variables.set}) as station:
        await booted(station)
        record = await site.command(
            identity, "SetVariables", values=[{"variable": OFFLINE_THRESHOLD, "value": "123"}]
        )
        [asked] = (await station.asked_for("SetVariables"))["setVariableData"]
        assert is_about(asked, OFFLINE_THRESHOLD)
        assert asked["attributeValue"] == "123"
        assert record["status"] == "accepted"

        async def kept() -> bool:
            return await shown(site, identity, "OCPPCommCtrlr", "OfflineThreshold") == ["123"]

        await site.eventually(kept)


@shows("TC_B_10_CSMS")
async def test_several_variables_are_set_in_one_message(site: Site) -> None:
    identity = await site.register()
    variables = Variables()
    async with site.charger(identity, answers={"SetVariables": variables.set}) as station:
        await booted(station)
        record = await site.command(
            identity,
            "SetVariables",
            values=[
                {"variable": OFFLINE_THRESHOLD, "value": "123"},
                {"variable": REMOTE_START, "value": "false"},
            ],
        )
        first, second = (await station.asked_for("SetVariables"))["setVariableData"]
        assert is_about(first, OFFLINE_THRESHOLD)
        assert is_about(second, REMOTE_START)
        assert (first["attributeValue"], second["attributeValue"]) == ("123", "false")
        assert [each["status"] for each in record["variables"]] == ["Accepted", "Accepted"]


# Reports (B07, B08)


async def reports(station: ScriptedCharger, request: Payload, *values: tuple[str, str, str]) -> None:
    """The report that was asked for, a variable (component, name, value) a message."""
    for number, (component, name, value) in enumerate(values):
        where = {"id": 1} if component == "EVSE" else None
        assert (
            await station.call(
                "NotifyReport",
                requestId=request["requestId"],
                generatedAt=now(),
                seqNo=number,
                tbc=number < len(values) - 1,
                reportData=[
                    {
                        "component": {"name": component, **({} if where is None else {"evse": where})},
                        "variable": {"name": name},
                        "variableAttribute": [{"value": value}],
                    }
                ],
            )
            == {}
        )


async def base_report(site: Site, base: str, word: str) -> None:
    identity = await site.register()
    async with site.charger(identity) as station:
        await booted(station)
        giving = asyncio.create_task(site.command(identity, "GetReport", base=base))
        request = await station.asked_for("GetBaseReport")
        assert request["reportBase"] == word
        assert isinstance(request["requestId"], int)
        assert request["requestId"] >= 0
        await reports(
            station,
            request,
            ("OCPPCommCtrlr", "HeartbeatInterval", "300"),
            ("ChargingStation", "AvailabilityState", "Available"),
        )
        record = await giving
        assert record["status"] == "accepted"
        assert [(each["variable"]["name"], each["value"]) for each in record["variables"]] == [
            ("HeartbeatInterval", "300"),
            ("AvailabilityState", "Available"),
        ]

        async def kept() -> bool:
            return await shown(site, identity, "OCPPCommCtrlr", "HeartbeatInterval") == ["300"]

        await site.eventually(kept)


@shows("TC_B_12_CSMS")
async def test_the_configuration_is_reported(site: Site) -> None:
    await base_report(site, "configuration", "ConfigurationInventory")


@shows("TC_B_13_CSMS")
async def test_everything_is_reported(site: Site) -> None:
    await base_report(site, "full", "FullInventory")


@shows("TC_B_14_CSMS")
async def test_what_hinders_charging_is_reported(site: Site) -> None:
    await base_report(site, "summary", "SummaryInventory")


@shows("TC_B_18_CSMS")
async def test_some_variables_of_some_components_are_reported(site: Site) -> None:
    identity = await site.register()
    state = {"component": "EVSE", "evse": 1, "name": "AvailabilityState"}
    wanted = {"component": {"name": "EVSE", "evse": {"id": 1}}, "variable": {"name": "AvailabilityState"}}
    async with site.charger(identity, answers={"GetReport": {"status": "EmptyResultSet"}}) as station:
        await booted(station)
        record = await site.command(identity, "GetReport", criteria=["problem"], components=[state])
        request = await station.asked_for("GetReport")
        assert (request["componentCriteria"], request["componentVariable"]) == (["Problem"], [wanted])
        assert (record["status"], record["variables"]) == ("accepted", [])
        station.answers["GetReport"] = {"status": "Accepted"}
        giving = asyncio.create_task(
            site.command(identity, "GetReport", criteria=["available"], components=[state])
        )
        request = await station.asked_for("GetReport")
        assert (request["componentCriteria"], request["componentVariable"]) == (["Available"], [wanted])
        await reports(station, request, ("EVSE", "AvailabilityState", "Available"))
        record = await giving
        assert [each["value"] for each in record["variables"]] == ["Available"]


# Restarts (B11, B12)


async def reset(site: Site, station: ScriptedCharger, status: str, kind: str, **where: int) -> Payload:
    """Have the station restarted, which it answers with this status; what it was asked."""
    station.answers["Reset"] = {"status": status}
    record = await site.command(station.identity, "Reset", kind=kind, **where)
    assert record["status"] == status.lower()
    return await station.asked_for("Reset")


async def ends_on_idle(visit: Visit) -> None:
    """The driver stops and unplugs, which is what the restart waits for."""
    answer = await visit.event("StopAuthorized", state="EVConnected", idToken=visit.token)
    visit.is_accepted(answer)
    assert await visit.ended("EVCommunicationLost", "EVDisconnected", state="Idle") == {}


@shows("TC_B_20_CSMS")
async def test_an_idle_station_is_restarted(site: Site) -> None:
    identity = await site.register()
    async with site.charger(identity) as station:
        await booted(station)
        assert await reset(site, station, "Accepted", "on_idle") == {"type": "OnIdle"}
    async with site.charger(identity) as station:
        await booted(station, "RemoteReset")


@shows("TC_B_21_CSMS")
async def test_a_station_that_charges_is_restarted_once_it_is_idle(site: Site) -> None:
    identity, uid = await site.register(), card()
    await site.token(uid)
    async with site.charger(identity) as station:
        await booted(station)
        visit = Visit(station, uid)
        await visit.started()
        assert await reset(site, station, "Scheduled", "on_idle") == {"type": "OnIdle"}
        await ends_on_idle(visit)
    async with site.charger(identity) as station:
        await booted(station, "ScheduledReset")
    session = await visit.session(site)
    assert (session["phase"], session["stop_reason"]) == ("ended", "EVDisconnected")


@shows("TC_B_22_CSMS")
async def test_a_station_that_charges_is_restarted_at_once(site: Site) -> None:
    identity, uid = await site.register(), card()
    await site.token(uid)
    async with site.charger(identity) as station:
        await booted(station)
        visit = Visit(station, uid)
        await visit.started()
        assert await reset(site, station, "Accepted", "immediate") == {"type": "Immediate"}
        assert await visit.ended("ResetCommand", "ImmediateReset", state="EVConnected") == {}
    async with site.charger(identity) as station:
        assert (await station.boot("RemoteReset"))["status"] == "Accepted"
        await tell_connector(station, "Occupied")
        await tell_connector(station, "Available", evse=2)
        assert await connector_shown(site, identity) == "occupied"
        assert await connector_shown(site, identity, 2) == "available"
    session = await visit.session(site)
    assert (session["phase"], session["stop_reason"]) == ("ended", "ImmediateReset")


@shows("TC_B_25_CSMS")
async def test_an_idle_evse_is_restarted(site: Site) -> None:
    identity = await site.register()
    async with site.charger(identity) as station:
        await booted(station)
        assert await reset(site, station, "Accepted", "on_idle", evse=1) == {"type": "OnIdle", "evseId": 1}


@shows("TC_B_26_CSMS")
async def test_an_evse_that_charges_is_restarted_once_it_is_idle(site: Site) -> None:
    identity, uid = await site.register(), card()
    await site.token(uid)
    async with site.charger(identity) as station:
        await booted(station)
        visit = Visit(station, uid)
        await visit.started()
        assert await reset(site, station, "Scheduled", "on_idle", evse=1) == {"type": "OnIdle", "evseId": 1}
        await ends_on_idle(visit)
        assert (await visit.session(site))["phase"] == "ended"


@shows("TC_B_27_CSMS")
async def test_an_evse_that_charges_is_restarted_at_once(site: Site) -> None:
    identity, uid = await site.register(), card()
    await site.token(uid)
    async with site.charger(identity) as station:
        await booted(station)
        visit = Visit(station, uid)
        await visit.started()
        asked = await reset(site, station, "Accepted", "immediate", evse=1)
        assert asked == {"type": "Immediate", "evseId": 1}
        assert await visit.ended("ResetCommand", "ImmediateReset", state="EVConnected") == {}
        assert (await visit.session(site))["stop_reason"] == "ImmediateReset"


# Network connection profiles (B09)

PROFILE = {"url": "wss://csms.example.org/ocpp", "security_profile": 2, "message_timeout_s": 45}


@shows("TC_B_42_CSMS")
async def test_a_connection_profile_is_set(site: Site) -> None:
    identity = await site.register()
    async with site.charger(identity) as station:
        await booted(station)
        profile = {**PROFILE, "interface": "Wireless0"}
        record = await site.command(identity, "SetNetworkProfile", slot=1, profile=profile)
        assert record["status"] == "accepted"
        assert await station.asked_for("SetNetworkProfile") == {
            "configurationSlot": 1,
            "connectionData": {
                "messageTimeout": 45,
                "ocppCsmsUrl": "wss://csms.example.org/ocpp",
                "ocppInterface": "Wireless0",
                "ocppTransport": "JSON",
                "ocppVersion": "OCPP20",
                "securityProfile": 2,
            },
        }


@shows("TC_B_44_CSMS")
async def test_a_connection_profile_that_cannot_be_set_is_told(site: Site) -> None:
    identity = await site.register()
    async with site.charger(identity, answers={"SetNetworkProfile": {"status": "Failed"}}) as station:
        await booted(station)
        record = await site.command(identity, "SetNetworkProfile", slot=1, profile=PROFILE)
        await station.asked_for("SetNetworkProfile")
        assert record["status"] == "refused"
        assert "Failed" in record["reason"]
