"""OCPP 2.0.1, block E: how transactions begin and end, wherever a station sees their beginning and end."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from charger import ScriptedCharger
from installation import Site
from shows import shows
from visit import Visit, booted, card, connector_shown

pytestmark = pytest.mark.asyncio(loop_scope="module")


@asynccontextmanager
async def visiting(site: Site) -> AsyncIterator[Visit]:
    """A driver with a card that may charge, before a station that has been switched on."""
    uid = card()
    await site.token(uid)
    async with booted(site) as station:
        yield Visit(station, uid)


async def seen(site: Site, visit: Visit, **wanted: Any) -> Any:
    """The session as the API shows it, which is so."""
    session = await visit.session(site)
    assert {name: session[name] for name in wanted} == wanted
    return session


# Where a transaction begins (E01 to E03)


@shows("TC_E_01_CSMS")
async def test_it_begins_when_the_power_path_is_closed(site: Site) -> None:
    async with visiting(site) as visit:
        await visit.authorize()
        await visit.available("Occupied")
        answer = await visit.event(
            "ChargingStateChanged", state="SuspendedEVSE", idToken=visit.token, evse=visit.place
        )
        visit.is_accepted(answer)
        await seen(site, visit, activity="paused_by_station", token_uid=visit.token["idToken"], evse=1)
        assert await visit.event("ChargingStateChanged", state="Charging") == {}
        await seen(site, visit, activity="charging", authorised=True, connector=1)


@shows("TC_E_02_CSMS")
async def test_it_begins_when_energy_flows(site: Site) -> None:
    async with visiting(site) as visit:
        await visit.authorize()
        await visit.available("Occupied")
        answer = await visit.event(
            "ChargingStateChanged", state="Charging", idToken=visit.token, evse=visit.place
        )
        visit.is_accepted(answer)
        await seen(site, visit, activity="charging", authorised=True, evse=1)


@shows("TC_E_03_CSMS")
async def test_the_cable_comes_first(site: Site) -> None:
    async with visiting(site) as visit:
        await visit.plugged_in()
        await seen(site, visit, activity="waiting", authorised=False, token_uid="")
        await visit.authorized()
        await visit.charging()
        await seen(site, visit, activity="charging", authorised=True, token_uid=visit.token["idToken"])


@shows("TC_E_04_CSMS")
async def test_the_card_comes_first(site: Site) -> None:
    async with visiting(site) as visit:
        await visit.authorized()
        await seen(site, visit, activity="waiting", authorised=True)
        await visit.plugged_in()
        await visit.charging()
        await seen(site, visit, activity="charging", evse=1, connector=1)


@shows("TC_E_09_CSMS")
async def test_it_begins_when_the_vehicle_is_connected(site: Site) -> None:
    async with visiting(site) as visit:
        await visit.plugged_in()
        await seen(site, visit, phase="active", start_cause="CablePluggedIn", evse=1, connector=1)
        assert await connector_shown(site, visit.station.identity) == "occupied"


@shows("TC_E_10_CSMS")
async def test_it_begins_when_the_driver_is_authorised(site: Site) -> None:
    async with visiting(site) as visit:
        await visit.authorized()
        await seen(site, visit, phase="active", start_cause="Authorized", token_uid=visit.token["idToken"])


@shows("TC_E_11_CSMS")
async def test_it_begins_with_a_signed_reading(site: Site) -> None:
    async with visiting(site) as visit:
        await visit.authorize()
        await visit.available("Occupied")
        reading = visit.reading(context="Transaction.Begin")
        reading["sampledValue"][0] |= {
            "value": 0.0,
            "signedMeterValue": {
                "signedMeterData": "T0NNRnx7fXx7fQ==",
                "signingMethod": "ECDSA-secp256r1-SHA256",
                "encodingMethod": "OCMF",
                "publicKey": "MFkwEwYHKoZIzj0CAQ==",
            },
        }
        answer = await visit.event(
            "SignedDataReceived", idToken=visit.token, evse=visit.place, meterValue=[reading]
        )
        visit.is_accepted(answer)
        session = await seen(site, visit, meter_start_wh=0, authorised=True)
        [kept] = (await site.ask("GET", f"/sessions/{session['id']}/readings"))["items"]
        assert kept["signed"][0]["signedMeterData"] == "T0NNRnx7fXx7fQ=="
        assert await visit.event("ChargingStateChanged", state="Charging") == {}
        await seen(site, visit, activity="charging")


@shows("TC_E_12_CSMS")
async def test_it_begins_when_the_parking_bay_is_taken(site: Site) -> None:
    async with visiting(site) as visit:
        assert await visit.event("EVDetected") == {}
        await seen(site, visit, phase="active", start_cause="EVDetected", token_uid="")


@shows("TC_E_38_CSMS")
async def test_a_vehicle_that_is_not_ready_does_not_charge_yet(site: Site) -> None:
    async with visiting(site) as visit:
        await visit.authorized()
        await visit.plugged_in()
        assert await visit.event("ChargingStateChanged", state="SuspendedEV") == {}
        await seen(site, visit, phase="active", activity="paused_by_vehicle", energy_wh=0)


@shows("TC_E_53_CSMS")
async def test_the_events_of_every_transaction_are_counted_from_zero(site: Site) -> None:
    async with visiting(site) as first:
        second = Visit(first.station, first.token["idToken"])
        for visit in (first, second):
            await visit.started()
            await visit.stopped()
            assert await visit.left() == {}
            session = await seen(site, visit, phase="ended", stop_reason="EVDisconnected")
            assert "sequence_gap" not in {repair["code"] for repair in session["repairs"]}
        assert len(await site.sessions(first.station.identity)) == 2


# Where a transaction ends (E06, E10)


@shows("TC_E_39_CSMS")
async def test_it_ends_when_no_vehicle_is_connected_in_time(site: Site) -> None:
    async with visiting(site) as visit:
        await visit.authorized()
        assert await visit.ended("EVConnectTimeout", "Timeout") == {}
        await seen(site, visit, phase="ended", stop_reason="Timeout", energy_wh=0)


@shows("TC_E_14_CSMS")
async def test_it_ends_when_the_cable_is_unplugged_at_the_station(site: Site) -> None:
    async with visiting(site) as visit:
        await visit.started()
        await visit.stopped()
        assert await visit.left() == {}
        await seen(site, visit, phase="ended", stop_reason="EVDisconnected")
        assert await connector_shown(site, visit.station.identity) == "available"


@shows("TC_E_20_CSMS")
async def test_it_ends_when_a_suspended_vehicle_is_unplugged_after_its_driver_stopped(site: Site) -> None:
    async with visiting(site) as visit:
        await visit.started()
        await visit.suspended()
        await visit.stopped()
        assert await visit.left() == {}
        await seen(site, visit, phase="ended", stop_reason="EVDisconnected")


@shows("TC_E_17_CSMS")
async def test_it_ends_when_a_suspended_vehicle_unplugs(site: Site) -> None:
    async with visiting(site) as visit:
        await visit.started()
        await visit.suspended()
        assert await visit.ended("EVCommunicationLost", "EVDisconnected", state="Idle") == {}
        await seen(site, visit, phase="ended", stop_reason="EVDisconnected")


@shows("TC_E_15_CSMS", "TC_E_07_CSMS")
@pytest.mark.parametrize("token_is_sent", [False, True], ids=["stop is authorised", "power path is opened"])
async def test_it_ends_when_the_driver_stops_at_the_station(site: Site, token_is_sent: bool) -> None:
    async with visiting(site) as visit:
        await visit.started()
        token = {"idToken": visit.token} if token_is_sent else {}
        answer = await visit.ended("StopAuthorized", "Local", **token)
        assert answer.get("idTokenInfo", {}).get("status") == ("Accepted" if token_is_sent else None)
        await seen(site, visit, phase="ended", stop_reason="Local")


@shows("TC_E_21_CSMS")
async def test_it_ends_when_an_operator_stops_it(site: Site) -> None:
    async with visiting(site) as visit:
        await visit.started()
        session = await visit.session(site)
        record = await site.ask("POST", f"/sessions/{session['id']}/stop")
        assert record["status"] == "accepted"
        asked = await visit.station.asked_for("RequestStopTransaction")
        assert asked == {"transactionId": visit.transaction_id}
        assert await visit.ended("RemoteStop", "Remote") == {}
        await seen(site, visit, phase="ended", stop_reason="Remote")


@shows("TC_E_08_CSMS")
async def test_it_ends_when_energy_flows_no_more_after_a_stop(site: Site) -> None:
    async with visiting(site) as visit:
        await visit.started()
        await visit.stop_authorized()
        assert await visit.ended("ChargingStateChanged", "Local", state="EVConnected") == {}
        await seen(site, visit, phase="ended", stop_reason="Local")


@shows("TC_E_16_CSMS")
async def test_it_ends_when_the_card_is_not_accepted(site: Site) -> None:
    async with visiting(site) as known:
        visit = Visit(known.station, card())
        answer = await visit.event("Authorized", idToken=visit.token)
        assert answer["idTokenInfo"]["status"] == "Unknown"
        assert await visit.ended("Deauthorized", "DeAuthorized") == {}
        await seen(site, visit, phase="ended", stop_reason="DeAuthorized", authorised=False)


@shows("TC_E_22_CSMS")
async def test_it_ends_when_the_vehicle_takes_no_more_energy(site: Site) -> None:
    async with visiting(site) as visit:
        await visit.started()
        assert await visit.ended("ChargingStateChanged", "StoppedByEV", state="SuspendedEV") == {}
        await seen(site, visit, phase="ended", stop_reason="StoppedByEV")


@shows("TC_E_19_CSMS")
async def test_it_ends_when_the_parking_bay_is_left(site: Site) -> None:
    async with visiting(site) as visit:
        await visit.started()
        await visit.stopped()
        await visit.available("Available")
        assert await visit.event("EVCommunicationLost", state="Idle") == {}
        await seen(site, visit, phase="active")
        assert await visit.ended("EVDeparted", "Local") == {}
        await seen(site, visit, phase="ended", stop_reason="Local")


@shows("TC_E_26_CSMS")
async def test_it_goes_on_when_the_vehicle_is_plugged_in_again(site: Site) -> None:
    async with visiting(site) as visit:
        await visit.started()
        await visit.suspended()
        assert await visit.event("EVCommunicationLost", state="Idle") == {}
        await visit.available("Available")
        await seen(site, visit, phase="active")
        assert await visit.event("CablePluggedIn", state="EVConnected") == {}
        assert await visit.event("ChargingStateChanged", state="Charging") == {}
        await seen(site, visit, phase="active", activity="charging", ended_at=None)
        assert len(await site.sessions(visit.station.identity)) == 1


# How it stands with a transaction (E14)


@asynccontextmanager
async def away_and_back(site: Site, visit: Visit) -> AsyncIterator[ScriptedCharger]:
    """The station loses its connection, and comes back without having been switched off."""
    await visit.station.leave()

    async def is_away() -> bool:
        shown = await site.ask("GET", f"/stations/{visit.station.identity}")
        return not shown["connection"]["connected"]

    await site.eventually(is_away)
    async with site.charger(visit.station.identity) as station:
        visit.station = station
        yield station


async def status_of(site: Site, visit: Visit, answer: dict[str, Any], *, one: bool = True) -> tuple[Any, Any]:
    """Ask how it stands with the transaction, or with all; what the station was asked, and what came of it."""
    visit.station.answers["GetTransactionStatus"] = answer
    named = {"transaction_id": visit.transaction_id} if one else {}
    record = await site.command(visit.station.identity, "GetTransactionStatus", **named)
    assert record["status"] == "accepted"
    [told] = record["report"]
    return await visit.station.asked_for("GetTransactionStatus"), told


@shows("TC_E_29_CSMS")
async def test_it_goes_on_and_messages_about_it_are_still_to_come(site: Site) -> None:
    async with visiting(site) as visit:
        await visit.started()
        async with away_and_back(site, visit):
            asked, told = await status_of(site, visit, {"ongoingIndicator": True, "messagesInQueue": True})
            assert asked == {"transactionId": visit.transaction_id}
            assert told == {"ongoing": True, "messages_queued": True}
            late = await visit.event("MeterValuePeriodic", meterValue=[visit.reading(700)], offline=True)
            assert late == {}
        await seen(site, visit, phase="active", meter_last_wh=1_700, offline=True)


@shows("TC_E_30_CSMS")
async def test_it_goes_on_and_everything_about_it_has_come(site: Site) -> None:
    async with visiting(site) as visit:
        await visit.started()
        asked, told = await status_of(site, visit, {"ongoingIndicator": True, "messagesInQueue": False})
        assert asked == {"transactionId": visit.transaction_id}
        assert told == {"ongoing": True, "messages_queued": False}


@shows("TC_E_31_CSMS")
async def test_it_has_ended_and_messages_about_it_are_still_to_come(site: Site) -> None:
    async with visiting(site) as visit:
        await visit.started()
        async with away_and_back(site, visit) as station:
            assert await station.status("Available") == {}
            begun = 3
            end = await visit.ended(
                "EVCommunicationLost", "EVDisconnected", state="Idle", offline=True, seqNo=begun + 2
            )
            assert end == {}
            asked, told = await status_of(site, visit, {"ongoingIndicator": False, "messagesInQueue": True})
            assert asked == {"transactionId": visit.transaction_id}
            assert told == {"ongoing": False, "messages_queued": True}
            visit.is_accepted(
                await visit.event("StopAuthorized", idToken=visit.token, offline=True, seqNo=begun)
            )
            late = await visit.event(
                "ChargingStateChanged", state="EVConnected", offline=True, seqNo=begun + 1
            )
            assert late == {}
        session = await seen(site, visit, phase="ended", stop_reason="EVDisconnected")
        assert "sequence_gap" not in {repair["code"] for repair in session["repairs"]}


@shows("TC_E_33_CSMS")
async def test_messages_about_some_transaction_are_still_to_come(site: Site) -> None:
    async with visiting(site) as visit:
        await visit.started()
        async with away_and_back(site, visit):
            asked, told = await status_of(site, visit, {"messagesInQueue": True}, one=False)
            assert (asked, told) == ({}, {"ongoing": None, "messages_queued": True})
            late = await visit.event("MeterValuePeriodic", meterValue=[visit.reading(700)], offline=True)
            assert late == {}
        await seen(site, visit, meter_last_wh=1_700)


@shows("TC_E_34_CSMS")
async def test_messages_about_all_transactions_have_come(site: Site) -> None:
    async with visiting(site) as visit:
        asked, told = await status_of(site, visit, {"messagesInQueue": False}, one=False)
        assert (asked, told) == ({}, {"ongoing": None, "messages_queued": False})
