"""OCPP 2.0.1, block F: sessions begun and ended from afar, connectors unlocked, messages triggered."""

from typing import Any

import pytest
from charger import Payload, ScriptedCharger, now
from installation import Site
from shows import shows
from visit import Visit, booted, card, connector_shown, tell_connector

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def driver(site: Site, station: ScriptedCharger, evse: int = 1) -> Visit:
    """Somebody whose card may charge."""
    uid = card()
    await site.token(uid)
    return Visit(station, uid, evse=evse)


# Sessions begun from afar (F01, F02)


async def starts(site: Site, visit: Visit, answer: Payload) -> int:
    """Have the station begin a session for the driver; the number of the request."""
    station = visit.station
    station.answers["RequestStartTransaction"] = {"status": "Accepted", **answer}
    record = await site.ask(
        "POST",
        "/sessions/",
        json={"station": station.identity, "token_uid": visit.token["idToken"], "evse": visit.evse},
    )
    assert record["status"] == "accepted"
    asked = await station.asked_for("RequestStartTransaction")
    number = asked.pop("remoteStartId")
    assert isinstance(number, int)
    assert asked == {"idToken": visit.token, "evseId": visit.evse}
    return number


async def is_its_session(site: Site, visit: Visit, number: int, **wanted: Any) -> None:
    """The session is the one that was asked for, and its driver is known though the station names nobody."""
    session = await visit.session(site)
    wanted |= {"remote_start_id": number, "token_uid": visit.token["idToken"], "authorised": True}
    assert {name: session[name] for name in wanted} == wanted


@shows("TC_F_01_CSMS")
async def test_a_session_is_begun_where_a_vehicle_is_plugged_in(site: Site) -> None:
    async with booted(site) as station:
        visit = await driver(site, station)
        await visit.plugged_in()
        number = await starts(site, visit, {"transactionId": visit.transaction_id})
        await visit.event("RemoteStart", info={"remoteStartId": number})
        await visit.charging()
        await is_its_session(site, visit, number, phase="active", activity="charging")


@shows("TC_F_02_CSMS")
async def test_a_session_is_begun_by_a_station_that_asks_about_the_card_itself(site: Site) -> None:
    async with booted(site) as station:
        visit = await driver(site, station)
        number = await starts(site, visit, {})
        await visit.authorize()
        await visit.event("RemoteStart", info={"remoteStartId": number})
        await visit.plugged_in()
        await visit.charging()
        await is_its_session(site, visit, number, phase="active", activity="charging")


@shows("TC_F_03_CSMS")
async def test_a_session_is_begun_by_a_station_that_asks_nothing_more(site: Site) -> None:
    async with booted(site) as station:
        visit = await driver(site, station)
        number = await starts(site, visit, {})
        await visit.event("RemoteStart", info={"remoteStartId": number})
        await visit.plugged_in()
        await visit.charging()
        await is_its_session(site, visit, number, phase="active", activity="charging")


@shows("TC_F_04_CSMS")
async def test_nobody_plugs_in_after_a_session_was_begun(site: Site) -> None:
    async with booted(site) as station:
        visit = await driver(site, station)
        number = await starts(site, visit, {})
        await visit.event("RemoteStart", info={"remoteStartId": number})
        assert await visit.event("EVConnectTimeout") == {}
        await is_its_session(site, visit, number, activity="waiting", energy_wh=0)


# Connectors unlocked (F05)


@shows("TC_F_06_CSMS")
async def test_a_connector_is_unlocked(site: Site) -> None:
    async with booted(site) as station:
        station.answers["UnlockConnector"] = {"status": "Unlocked"}
        record = await site.command(station.identity, "Unlock", evse=1, connector=1)
        assert record["status"] == "accepted"
        assert await station.asked_for("UnlockConnector") == {"evseId": 1, "connectorId": 1}


# Messages triggered (F06)


async def triggers(site: Site, station: ScriptedCharger, message: str, **where: int) -> Payload:
    """Have the station send a message, to which it agrees; what it was asked."""
    record = await site.command(station.identity, "Trigger", message=message, **where)
    assert record["status"] == "accepted"
    return await station.asked_for("TriggerMessage")


async def sends_meter_values(station: ScriptedCharger, *evses: int) -> None:
    for evse in evses:
        reading = Visit(station, evse=evse).reading(context="Trigger")
        assert await station.call("MeterValues", evseId=evse, meterValue=[reading]) == {}


@shows("TC_F_11_CSMS")
async def test_the_meter_of_an_evse_is_asked_for(site: Site) -> None:
    async with booted(site) as station:
        asked = await triggers(site, station, "meter_values", evse=1)
        assert asked == {"requestedMessage": "MeterValues", "evse": {"id": 1}}
        await sends_meter_values(station, 1)


@shows("TC_F_12_CSMS")
async def test_the_meters_of_all_evses_are_asked_for(site: Site) -> None:
    async with booted(site) as station:
        assert await triggers(site, station, "meter_values") == {"requestedMessage": "MeterValues"}
        await sends_meter_values(station, 1, 2)


async def sends_transaction(site: Site, visit: Visit, **where: Payload) -> None:
    reading = visit.reading(300, context="Trigger")
    answer = await visit.event("Trigger", state="Charging", meterValue=[reading], **where)
    assert answer == {}
    assert (await visit.session(site))["meter_last_wh"] == reading["sampledValue"][0]["value"]


@shows("TC_F_13_CSMS")
async def test_the_transaction_of_an_evse_is_asked_for(site: Site) -> None:
    async with booted(site) as station:
        visit = await driver(site, station)
        await visit.started()
        asked = await triggers(site, station, "transaction", evse=1)
        assert asked == {"requestedMessage": "TransactionEvent", "evse": {"id": 1}}
        await sends_transaction(site, visit, evse={"id": 1})


@shows("TC_F_14_CSMS")
async def test_the_transactions_of_all_evses_are_asked_for(site: Site) -> None:
    async with booted(site) as station:
        visits = [await driver(site, station, evse) for evse in (1, 2)]
        for visit in visits:
            await visit.started()
        assert await triggers(site, station, "transaction") == {"requestedMessage": "TransactionEvent"}
        for visit in visits:
            await sends_transaction(site, visit)


@shows("TC_F_15_CSMS", "TC_F_18_CSMS")
@pytest.mark.parametrize(
    ("message", "action"),
    [("log_status", "LogStatusNotification"), ("firmware_status", "FirmwareStatusNotification")],
)
async def test_a_station_is_asked_how_far_a_transfer_is_when_there_is_none(
    site: Site, message: str, action: str
) -> None:
    async with booted(site) as station:
        assert await triggers(site, station, message) == {"requestedMessage": action}
        assert await station.call(action, status="Idle") == {}


@shows("TC_F_20_CSMS")
async def test_a_station_is_asked_for_a_heartbeat(site: Site) -> None:
    async with booted(site) as station:
        assert await triggers(site, station, "heartbeat") == {"requestedMessage": "Heartbeat"}
        before = now()
        assert (await station.call("Heartbeat"))["currentTime"] >= before


@shows("TC_F_23_CSMS", "TC_F_24_CSMS")
@pytest.mark.parametrize("status", ["Available", "Occupied"])
async def test_the_status_of_a_connector_is_asked_for(site: Site, status: str) -> None:
    async with booted(site) as station:
        if status == "Occupied":
            await tell_connector(station, status)
        asked = await triggers(site, station, "status", evse=1)
        # F06.FR.12: of one connector.
        assert asked == {"requestedMessage": "StatusNotification", "evse": {"id": 1, "connectorId": 1}}
        await tell_connector(station, status)
        assert await connector_shown(site, station.identity) == status.lower()


@shows("TC_F_27_CSMS")
async def test_a_station_that_cannot_send_a_message_says_so(site: Site) -> None:
    async with booted(site) as station:
        station.answers["TriggerMessage"] = {"status": "NotImplemented"}
        record = await site.command(station.identity, "Trigger", message="sign_certificate")
        assert record["status"] == "unsupported"
        assert "NotImplemented" in record["reason"]
        # Nothing is awaited of it any more, and it goes on.
        await tell_connector(station, "Available")
