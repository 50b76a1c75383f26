"""Drivers charge at real sockets: they start, plug in, watch, stop, and read what became of it."""

import asyncio
import json
from typing import Any

import pytest
from charger import ScriptedCharger, now
from plugged import Visit
from riding import Browser, Town

from currant.drivers.words import REASONS

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def ready(station: ScriptedCharger, evse: int = 1) -> None:
    await station.boot()
    await station.status("Available", evse)


async def seen(town: Town, browser: Browser, session: Any, *states: str) -> Any:
    """The session once it is in one of these states."""

    async def look() -> Any:
        found = await browser.ask("GET", f"/sessions/{session['id']}")
        return found if found["state"] in states else None

    return await town.eventually(look)


async def test_a_guest_charges_at_a_station_of_ocpp_16(town: Town) -> None:
    place = await town.place("Harbour", address="Quay 1", city="Town")
    identity = await town.station(place)
    async with town.charger(identity, "1.6") as station:
        await ready(station)
        await town.settled()
        browser = await town.guest()
        found = await browser.ask("GET", f"/evses/{identity}")
        assert (found["can_start"], found["price"], found.get("why")) == (True, None, None)
        started = await browser.ask("POST", "/sessions", json={"code": identity.lower()})
        assert (started["state"], started["why"]["code"]) == ("plug_in", "plug_in")
        assert started["place"] == {"id": place, "name": "Harbour", "address": "Quay 1, Town"}
        told = await station.asked_for("RemoteStartTransaction")
        uid = told["idTag"]

        again = await browser.ask("POST", "/sessions", json={"code": identity})
        assert again["id"] == started["id"], "the same wish again"
        assert station.not_asked_for("RemoteStartTransaction")

        await station.status("Preparing")
        answer = await station.call(
            "StartTransaction", connectorId=1, idTag=uid, meterStart=1_000, timestamp=now()
        )
        assert answer["idTagInfo"]["status"] == "Accepted"
        await station.status("Charging")
        await station.call(
            "MeterValues",
            connectorId=1,
            transactionId=answer["transactionId"],
            meterValue=[
                {
                    "timestamp": now(),
                    "sampledValue": [
                        {"value": "2500", "measurand": "Energy.Active.Import.Register", "unit": "Wh"},
                        {"value": "11000", "measurand": "Power.Active.Import", "unit": "W"},
                        {"value": "55", "measurand": "SoC", "unit": "Percent"},
                    ],
                }
            ],
        )
        charging = await seen(town, browser, started, "charging")
        assert (charging["energy_wh"], charging["power_w"], charging["soc"]) == (1_500, 11_000.0, 55.0)
        assert (charging["can_stop"], charging["stale"]) == (True, False)
        assert (await browser.ask("GET", f"/evses/{identity}"))["session_id"]

        ending = await browser.ask("POST", f"/sessions/{started['id']}/stop")
        assert ending["state"] == "ending"
        await station.asked_for("RemoteStopTransaction")
        await station.call(
            "StopTransaction",
            transactionId=answer["transactionId"],
            meterStop=3_000,
            timestamp=now(),
            reason="Remote",
        )
        ended = await seen(town, browser, started, "ended")
        assert (ended["energy_wh"], ended["why"]["code"]) == (2_000, "stopped_by_you")
        assert ended["number"] == answer["transactionId"]

        receipt = await browser.ask("GET", f"/sessions/{started['id']}/receipt")
        assert (receipt["meter_start_wh"], receipt["meter_stop_wh"], receipt["energy_wh"]) == (
            1000,
            3000,
            2000,
        )
        page = await browser.raw("GET", f"/sessions/{started['id']}/receipt", headers={"Accept": "text/html"})
        assert page.headers["content-type"].startswith("text/html")
        assert "2.000 kWh" in page.text
        assert "script" not in page.headers["content-security-policy"]
        (listed,) = (await browser.ask("GET", "/sessions"))["items"]
        assert listed["id"] == started["id"]
        curve = await browser.ask("GET", f"/sessions/{started['id']}/curve")
        assert [each["power_w"] for each in curve["points"] if each["power_w"]] == [11_000.0]


async def test_a_driver_charges_at_a_station_of_ocpp_201(town: Town) -> None:
    identity = await town.station(await town.place())
    async with town.charger(identity, "2.0.1") as station:
        await ready(station)
        await town.settled()
        browser = await town.driver()
        started = await browser.ask("POST", "/sessions", json={"code": identity, "connector": 1})
        assert started["state"] == "plug_in"
        told = await station.asked_for("RequestStartTransaction")
        visit = Visit(station, told["idToken"]["idToken"], kind=told["idToken"]["type"])
        await station.status("Occupied")
        await visit.event(
            "RemoteStart",
            state="EVConnected",
            info={"remoteStartId": told["remoteStartId"]},
            idToken=visit.token,
            evse={"id": 1, "connectorId": 1},
        )
        await seen(town, browser, started, "starting")
        await visit.charging()
        await seen(town, browser, started, "charging")
        await visit.event("ChargingStateChanged", state="SuspendedEV")
        paused = await seen(town, browser, started, "paused_by_vehicle", "finished")
        assert paused["can_stop"]
        await visit.event(
            "EVCommunicationLost", state="Idle", eventType="Ended", info={"stoppedReason": "EVDisconnected"}
        )
        ended = await seen(town, browser, started, "ended")
        assert ended["why"]["code"] == "unplugged"


@pytest.mark.parametrize("language", ["en", "de", "hi", "ar"])
async def test_a_refusal_is_told_in_the_drivers_language(town: Town, language: str) -> None:
    identity = await town.station(await town.place())
    answers: dict[str, Any] = {"RemoteStartTransaction": {"status": "Rejected"}}
    async with town.charger(identity, "1.6", answers=answers) as station:
        await ready(station)
        await town.settled()
        browser = town.browser(language=language)
        browser.me = await browser.ask("POST", "/guest", json={})
        assert browser.me["language"] == language
        failed = await browser.ask("POST", "/sessions", json={"code": identity})
        assert (failed["state"], failed["why"]["code"], failed["can_stop"]) == ("failed", "refused", False)
        assert failed["why"]["text"] == REASONS["refused"][language]
        # Nothing holds them: they may try again at once.
        await browser.ask("POST", "/sessions", json={"code": identity})
        assert len((await browser.ask("GET", "/sessions"))["items"]) == 2


async def test_a_station_that_is_away_broken_or_busy_is_not_even_asked(town: Town) -> None:
    identity = await town.station(await town.place())
    await town.settled()
    browser = await town.guest()
    refused = await browser.refused("POST", "/sessions", json={"code": identity})
    assert (refused.status, refused.code, refused.facts) == (409, "cannot_start", {"why": "offline"})
    async with town.charger(identity, "1.6") as station:
        await ready(station)
        await station.status("Faulted")
        await town.settled()
        refused = await browser.refused("POST", "/sessions", json={"code": identity})
        assert refused.facts == {"why": "faulted"}
        await station.status("Charging")
        await town.settled()
        refused = await browser.refused("POST", "/sessions", json={"code": identity})
        assert refused.facts == {"why": "in_use"}
        assert station.not_asked_for("RemoteStartTransaction")


async def test_a_guest_keeps_to_one_session_and_a_driver_to_a_few(town: Town) -> None:
    place = await town.place()
    pair = await town.station(place, evses=4)
    async with town.charger(pair, "1.6") as station:
        await station.boot()
        for evse in range(1, 5):
            await station.status("Available", evse)
        await town.settled()
        guest = await town.guest()
        first = await guest.ask("POST", "/sessions", json={"code": f"{pair}-1"})
        refused = await guest.refused("POST", "/sessions", json={"code": f"{pair}-2"})
        assert refused.facts == {"why": "already_charging"}
        await guest.ask("POST", f"/sessions/{first['id']}/stop")
        assert (await guest.ask("GET", f"/sessions/{first['id']}"))["why"]["code"] == "cancelled"
        await guest.ask("POST", "/sessions", json={"code": f"{pair}-2"})

        driver = await town.driver()
        both = await asyncio.gather(
            *(driver.raw("POST", "/sessions", json={"code": f"{pair}-{evse}"}) for evse in range(1, 5))
        )
        assert sorted(each.status_code for each in both) == [201, 201, 201, 409]


async def test_a_wish_taken_back_is_stopped_when_the_station_begins_it_all_the_same(town: Town) -> None:
    identity = await town.station(await town.place())
    async with town.charger(identity, "1.6") as station:
        await ready(station)
        await town.settled()
        browser = await town.guest()
        started = await browser.ask("POST", "/sessions", json={"code": identity})
        uid = (await station.asked_for("RemoteStartTransaction"))["idTag"]
        await browser.ask("POST", f"/sessions/{started['id']}/stop")
        answer = await station.call(
            "StartTransaction", connectorId=1, idTag=uid, meterStart=0, timestamp=now()
        )
        told = await station.asked_for("RemoteStopTransaction")
        assert told["transactionId"] == answer["transactionId"]


async def test_a_station_that_goes_away_leaves_what_was_last_known(town: Town) -> None:
    identity = await town.station(await town.place())
    browser = await town.guest()
    async with town.charger(identity, "1.6") as station:
        await ready(station)
        await town.settled()
        started = await browser.ask("POST", "/sessions", json={"code": identity})
        uid = (await station.asked_for("RemoteStartTransaction"))["idTag"]
        await station.call("StartTransaction", connectorId=1, idTag=uid, meterStart=0, timestamp=now())
        await station.status("Charging")
        await seen(town, browser, started, "charging")

    async def stale() -> Any:
        found = await browser.ask("GET", f"/sessions/{started['id']}")
        return found if found["stale"] else None

    found = await town.eventually(stale)
    assert (found["state"], found["can_stop"]) == ("charging", False)
    refused = await browser.refused("POST", f"/sessions/{started['id']}/stop")
    assert (refused.code, refused.facts) == ("cannot_stop", {"why": "offline"})


async def test_a_card_of_ones_own_charges_for_one(town: Town) -> None:
    identity = await town.station(await town.place())
    browser, other = await town.driver(), await town.driver()
    card = await browser.ask("POST", "/cards", json={"uid": "04:a2:b3:c4:d5:e6:99", "name": "Blue"})
    assert (card["uid"], card["name"]) == ("04A2B3C4D5E699", "Blue")
    assert (await browser.ask("GET", "/cards"))["items"] == [card]
    async with town.charger(identity, "1.6") as station:
        await ready(station)
        answer = await station.call(
            "StartTransaction", connectorId=1, idTag="04A2B3C4D5E699", meterStart=0, timestamp=now()
        )
        assert answer["idTagInfo"]["status"] == "Accepted"
        await station.status("Charging")
        await town.settled()
        (mine,) = (await browser.ask("GET", "/sessions"))["items"]
        assert (mine["number"], mine["evse_code"]) == (answer["transactionId"], identity)
        assert (await other.ask("GET", "/sessions"))["items"] == []
        await browser.ask("POST", f"/sessions/{mine['id']}/stop")
        assert (await browser.ask("GET", f"/sessions/{mine['id']}"))["state"] == "ending"
    await browser.ask("DELETE", f"/cards/{card['id']}")
    assert (await browser.ask("GET", "/cards"))["items"] == []


async def test_a_session_can_be_followed_live(town: Town) -> None:
    place = await town.place()
    identity = await town.station(place)
    async with town.charger(identity, "1.6") as station:
        await ready(station)
        await town.settled()
        browser = await town.guest()
        started = await browser.ask("POST", "/sessions", json={"code": identity})
        uid = (await station.asked_for("RemoteStartTransaction"))["idTag"]
        told: list[tuple[str, Any]] = []

        async def follow() -> None:
            params = {"session": started["id"], "place": place}
            async with browser.http.stream("GET", "/driver/v1/live", params=params) as answer:
                assert answer.headers["content-type"].startswith("text/event-stream")
                kind = ""
                async for line in answer.aiter_lines():
                    if line.startswith("event: "):
                        kind = line[7:]
                    if line.startswith("data: "):
                        told.append((kind, json.loads(line[6:])))

        following = asyncio.create_task(follow())
        await town.eventually(lambda: _met(any(kind == "place" for kind, _ in told)))
        await station.status("Preparing")
        await station.call("StartTransaction", connectorId=1, idTag=uid, meterStart=0, timestamp=now())
        await station.status("Charging")
        await town.eventually(
            lambda: _met(any(kind == "session" and data["state"] == "charging" for kind, data in told))
        )
        await town.eventually(
            lambda: _met(
                any(kind == "place" and data["evses"][0]["state"] == "charging" for kind, data in told)
            )
        )
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        assert next(kind for kind, _ in told) == "ready"


async def test_a_wish_that_ends_is_told_at_once(town: Town) -> None:
    identity = await town.station(await town.place())
    async with town.charger(identity, "1.6") as station:
        await ready(station)
        await town.settled()
        browser = await town.guest()
        started = await browser.ask("POST", "/sessions", json={"code": identity})
        async with (
            # By itself a stream looks again after a quarter of a minute.
            asyncio.timeout(12),
            browser.http.stream("GET", "/driver/v1/live", params={"session": started["id"]}) as answer,
        ):
            states = []
            async for line in answer.aiter_lines():
                if line.startswith('data: {"id"'):
                    states.append(json.loads(line[6:])["state"])
                    if states == ["plug_in"]:
                        await browser.ask("POST", f"/sessions/{started['id']}/stop")
                if states == ["plug_in", "failed"]:
                    break


async def _met(condition: bool) -> bool:
    return condition


async def test_a_place_can_be_kept_and_given_free(town: Town) -> None:
    place = await town.place()
    identity = await town.station(place)
    async with town.charger(identity, "1.6") as station:
        await ready(station)
        await town.settled()
        browser, other = await town.driver(), await town.driver()
        kept = await browser.ask("POST", "/reservations", json={"code": identity})
        assert (kept["state"], kept["evse_code"], kept["place"]["id"]) == ("held", identity, place)
        await station.asked_for("ReserveNow")
        assert [each["id"] for each in (await browser.ask("GET", "/reservations"))["items"]] == [kept["id"]]
        assert (await other.ask("GET", "/reservations"))["items"] == []
        assert (await other.refused("DELETE", f"/reservations/{kept['id']}")).status == 404
        refused = await other.refused("POST", "/reservations", json={"code": identity})
        assert refused.status == 409
        await browser.ask("DELETE", f"/reservations/{kept['id']}")
        await station.asked_for("CancelReservation")
        guest = await town.guest()
        assert (await guest.refused("POST", "/reservations", json={"place_id": place})).status == 409
        assert (await browser.refused("POST", "/reservations", json={})).status == 422
