"""OCPP 2.0.1, block H: places are kept for drivers, given free again, and given up by stations."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from charger import Answer, ScriptedCharger
from installation import Site
from plugged import connector_event
from shows import shows

from currant.kit.clock import SystemClock, wire_time

pytestmark = pytest.mark.asyncio(loop_scope="module")

EVSES = [{"number": number, "connectors": [{"number": 1}]} for number in (1, 2)]


@asynccontextmanager
async def there(site: Site, *, answer: Answer = None, **draft: Any) -> AsyncIterator[ScriptedCharger]:
    """A station with two free EVSEs."""
    identity = await site.register(**({"evses": EVSES} | draft))
    answers: dict[str, Answer] = {} if answer is None else {"ReserveNow": answer}
    async with site.charger(identity, answers=answers) as station:
        await station.boot()
        for evse in (1, 2):
            await station.status("Available", evse)
        yield station


async def driver(site: Site, station: ScriptedCharger, number: int = 1, **draft: Any) -> str:
    uid = f"DRIVER-{station.identity}-{number}"
    await site.token(uid, **draft)
    return uid


async def reserve(site: Site, station: ScriptedCharger, uid: str, **wanted: Any) -> Any:
    draft = {"token_uid": uid, "station": station.identity, **wanted}
    return await site.ask("POST", "/reservations", json=draft)


async def stands(site: Site, made: Any) -> str:
    return str((await site.ask("GET", f"/reservations/{made['id']}"))["state"])


async def becomes(site: Site, station: ScriptedCharger, evse: int, status: str) -> None:
    """The station tells of a connector, in both ways."""
    await station.status(status, evse)
    await connector_event(station, status, evse)


def asked(request: Any) -> tuple[Any, Any, Any]:
    """What a reservation is for: EVSE, kind of connector, token."""
    return request.get("evseId"), request.get("connectorType"), request["idToken"]


def of_card(uid: str) -> dict[str, str]:
    return {"idToken": uid, "type": "ISO14443"}


@shows("TC_H_01_CSMS")
async def test_an_evse_is_kept_for_a_driver(site: Site) -> None:
    async with there(site) as station:
        uid = await driver(site, station)
        made = await reserve(site, station, uid, evse=1)
        request = await station.asked_for("ReserveNow")
        assert asked(request) == (1, None, of_card(uid))
        assert request["id"] == made["number"]
        await becomes(site, station, 1, "Reserved")
        assert await stands(site, made) == "held"


@shows("TC_H_07_CSMS")
async def test_a_station_tells_that_the_driver_did_not_come(site: Site) -> None:
    async with there(site) as station:
        uid = await driver(site, station)
        # A station whose clock is up to two minutes fast is believed: so this need not take a minute.
        ends_at = SystemClock().now().replace(microsecond=0) + timedelta(seconds=90)
        made = await reserve(site, station, uid, evse=1, ends_at=wire_time(ends_at))
        request = await station.asked_for("ReserveNow")
        assert asked(request) == (1, None, of_card(uid))
        assert datetime.fromisoformat(request["expiryDateTime"]) == ends_at
        await becomes(site, station, 1, "Reserved")
        await becomes(site, station, 1, "Available")
        told = {"reservationId": request["id"], "reservationUpdateStatus": "Expired"}
        assert await station.call("ReservationStatusUpdate", **told) == {}
        assert await stands(site, made) == "expired"
        assert station.not_asked_for("CancelReservation")


@shows("TC_H_08_CSMS")
async def test_any_evse_of_a_station_is_kept_for_a_driver(site: Site) -> None:
    async with there(site) as station:
        uid = await driver(site, station)
        made = await reserve(site, station, uid)
        assert asked(await station.asked_for("ReserveNow")) == (None, None, of_card(uid))
        assert (made["state"], made["any_evse"]) == ("held", True)


@shows("TC_H_14_CSMS")
async def test_as_many_drivers_reserve_as_there_are_evses(site: Site) -> None:
    async with there(site) as station:
        made = []
        for number in (1, 2):
            uid = await driver(site, station, number)
            made.append(await reserve(site, station, uid))
            assert asked(await station.asked_for("ReserveNow")) == (None, None, of_card(uid))
        for evse in (1, 2):
            await becomes(site, station, evse, "Reserved")
        assert [await stands(site, each) for each in made] == ["held", "held"]
        overview = await site.ask("GET", f"/stations/{station.identity}")
        assert [state["status"] for state in overview["connectors"]] == ["reserved", "reserved"]
        late = await driver(site, station, 3)
        answer = await site.api.post(
            "/api/v1/reservations", json={"token_uid": late, "station": station.identity}
        )
        assert answer.status_code == 409


@shows("TC_H_15_CSMS")
async def test_a_kind_of_connector_is_kept_for_a_driver(site: Site) -> None:
    plug = {"number": 1, "standard": "IEC_62196_T2_COMBO", "format": "cable"}
    socket = {"number": 1, "standard": "IEC_62196_T2", "format": "socket"}
    evses = [{"number": 1, "connectors": [socket]}, {"number": 2, "connectors": [plug]}]
    async with there(site, evses=evses) as station:
        uid = await driver(site, station)
        made = await reserve(site, station, uid, connector_standard="IEC_62196_T2_COMBO")
        assert asked(await station.asked_for("ReserveNow")) == (None, "cCCS2", of_card(uid))
        await becomes(site, station, 2, "Reserved")
        assert await stands(site, made) == "held"


@shows("TC_H_17_CSMS")
async def test_a_kept_place_is_given_free(site: Site) -> None:
    async with there(site) as station:
        uid = await driver(site, station)
        made = await reserve(site, station, uid, evse=1)
        number = (await station.asked_for("ReserveNow"))["id"]
        await becomes(site, station, 1, "Reserved")
        over = await site.ask("DELETE", f"/reservations/{made['id']}")
        assert await station.asked_for("CancelReservation") == {"reservationId": number}
        await becomes(site, station, 1, "Available")
        assert over["state"] == "cancelled"


@shows("TC_H_19_CSMS")
async def test_a_place_is_kept_for_a_group(site: Site) -> None:
    async with there(site) as station:
        group = await site.ask("POST", "/groups", json={"name": "Fleet", "parent_uid": station.identity})
        uid = await driver(site, station, group_id=group["id"])
        made = await reserve(site, station, uid, evse=1, for_group=True)
        request = await station.asked_for("ReserveNow")
        assert asked(request) == (1, None, of_card(uid))
        assert request["groupIdToken"] == {"idToken": station.identity, "type": "Central"}
        await becomes(site, station, 1, "Reserved")
        assert await stands(site, made) == "held"


@shows("TC_H_20_CSMS")
async def test_a_station_that_breaks_down_gives_a_reservation_up(site: Site) -> None:
    async with there(site) as station:
        uid = await driver(site, station)
        made = await reserve(site, station, uid, evse=1)
        request = await station.asked_for("ReserveNow")
        assert asked(request) == (1, None, of_card(uid))
        await becomes(site, station, 1, "Reserved")
        await becomes(site, station, 1, "Faulted")
        told = {"reservationId": request["id"], "reservationUpdateStatus": "Removed"}
        assert await station.call("ReservationStatusUpdate", **told) == {}
        assert await stands(site, made) == "removed"


@shows("TC_H_22_CSMS")
async def test_a_station_that_keeps_no_places_is_helped_out(site: Site) -> None:
    async with there(site, answer={"status": "Rejected"}) as station:
        uid = await driver(site, station)
        made = await reserve(site, station, uid, evse=1)
        assert asked(await station.asked_for("ReserveNow")) == (1, None, of_card(uid))
        assert made["state"] == "held_by_us"
        assert made["reason"]
