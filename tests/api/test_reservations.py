"""Reservations and waiting lists, as a client of the API meets them."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from served import Api

from currant.kit.clock import wire_time
from currant.stations.commanding.reservations import CancelReservation, Reserve
from currant.stations.model import CommandOutcome, CommandStatus, ConnectorStatus, StatusReport
from currant.tenancy.model import Role

RESERVATIONS, WAITING = "/api/v1/reservations", "/api/v1/waiting"


async def said(answer: Any, status: int) -> Any:
    got = await answer
    assert got.status_code == status, got.text
    return got.json() if got.content else None


@pytest.fixture
async def location(api: Api, owner: httpx.AsyncClient) -> str:
    """A location with a station of two EVSEs, connected and free; two tokens."""
    made = await said(owner.post("/api/v1/locations", json={"name": "Harbour"}), 201)
    evses = [
        {"number": number, "connectors": [{"number": 1, "standard": "IEC_62196_T2"}]} for number in (1, 2)
    ]
    body = {"identity": "CP-1", "location_id": made["id"], "evses": evses}
    await said(owner.post("/api/v1/stations", json=body), 201)
    station = await api.attended("CP-1")
    sessions = await api.charging.attend(station)
    now = api.clock.now()
    for evse in (1, 2):
        report = StatusReport(
            evse=evse, connector=1, status=ConnectorStatus.AVAILABLE, at=now, received_at=now
        )
        await api.charging.status(station, sessions, report)
    for uid in ("CAFE0001", "CAFE0002"):
        await said(owner.post("/api/v1/tokens", json={"uid": uid}), 201)
    location_id: str = made["id"]
    return location_id


async def test_a_place_is_reserved_looked_up_prolonged_and_cancelled(
    api: Api, owner: httpx.AsyncClient, location: str
) -> None:
    made = await said(
        owner.post(RESERVATIONS, json={"token_uid": "CAFE0001", "station": "CP-1", "evse": 2}), 201
    )
    assert (made["state"], made["place_station_identity"], made["place_evse"]) == ("held", "CP-1", 2)
    _, told = api.link.sent[-1]
    assert isinstance(told, Reserve)
    assert (told.reservation_id, told.evse) == (made["number"], 2)
    for query in (
        {"token": "cafe0001", "active": "true"},
        {"station": "CP-1", "evse": 2, "active": "true"},
        {"number": made["number"]},
        {"location_id": location, "state": "held"},
    ):
        found = await said(owner.get(RESERVATIONS, params=query), 200)
        assert found["items"] == [made]
    assert await said(owner.get(f"{RESERVATIONS}/{made['number']}"), 200) == made
    ends_at = wire_time(api.clock.now() + timedelta(hours=1))
    longer = await said(owner.patch(f"{RESERVATIONS}/{made['id']}", json={"ends_at": ends_at}), 200)
    assert longer["ends_at"].startswith(ends_at[:-1])
    over = await said(owner.delete(f"{RESERVATIONS}/{made['id']}"), 200)
    assert over["state"] == "cancelled"
    assert api.link.sent[-1][1] == CancelReservation(reservation_id=made["number"])
    assert (await said(owner.get(RESERVATIONS, params={"active": "true"}), 200))["items"] == []
    assert (await said(owner.delete(f"{RESERVATIONS}/{made['id']}"), 200)) == over


async def test_a_repeated_request_reserves_once(api: Api, owner: httpx.AsyncClient, location: str) -> None:
    body, headers = {"token_uid": "CAFE0001", "location_id": location}, {"Idempotency-Key": "tap-tap"}
    first = await said(owner.post(RESERVATIONS, json=body, headers=headers), 201)
    again = await said(owner.post(RESERVATIONS, json=body, headers=headers), 201)
    assert first == again
    assert len((await said(owner.get(RESERVATIONS), 200))["items"]) == 1


async def test_what_the_station_says_is_the_reservations_state(
    api: Api, owner: httpx.AsyncClient, location: str
) -> None:
    api.link.outcome = CommandOutcome(
        status=CommandStatus.REFUSED, reason="why", answer={"status": "Occupied"}
    )
    made = await said(
        owner.post(RESERVATIONS, json={"token_uid": "CAFE0001", "station": "CP-1", "evse": 1}), 201
    )
    assert (made["state"], made["reason"]) == ("refused", "The place is occupied or reserved already.")


async def test_slots_are_what_is_not_booked(api: Api, owner: httpx.AsyncClient, location: str) -> None:
    now = api.clock.now()
    begins, ends = wire_time(now + timedelta(hours=1)), wire_time(now + timedelta(hours=2))
    booking = {
        "token_uid": "CAFE0001",
        "station": "CP-1",
        "evse": 1,
        "starts_at": begins,
        "ends_at": ends,
    }
    made = await said(owner.post(RESERVATIONS, json=booking), 201)
    assert made["state"] == "planned"
    clash = await said(owner.post(RESERVATIONS, json=booking | {"token_uid": "CAFE0002"}), 409)
    assert "No fitting place" in clash["detail"]
    query = {"from": wire_time(now), "until": wire_time(now + timedelta(hours=3))}
    slots = (await said(owner.get(f"/api/v1/locations/{location}/slots", params=query), 200))["items"]
    assert sorted(slot["evse"] for slot in slots) == [1, 1, 2]
    assert {slot["ends_at"] for slot in slots if slot["evse"] == 1} >= {made["starts_at"]}
    none = query | {"connector_standard": "CHADEMO"}
    assert (await said(owner.get(f"/api/v1/locations/{location}/slots", params=none), 200))["items"] == []
    wrong = query | {"until": wire_time(now + timedelta(days=9))}
    assert (await owner.get(f"/api/v1/locations/{location}/slots", params=wrong)).status_code == 422


async def test_mistakes_are_told_in_words(owner: httpx.AsyncClient, location: str) -> None:
    for body, status, words in (
        ({"token_uid": "NOBODY", "location_id": location}, 422, "registered"),
        ({"token_uid": "CAFE0001"}, 422, "Name a location"),
        ({"token_uid": "CAFE0001", "evse": 1}, 422, "name the station"),
        ({"token_uid": "CAFE0001", "station": "NO-SUCH"}, 404, "NO-SUCH"),
        (
            {"token_uid": "CAFE0001", "location_id": location, "ends_at": "2020-01-01T00:00:00Z"},
            422,
            "future",
        ),
        ({"token_uid": "CAFE0001", "location_id": location, "starts_at": "2030-01-01T00:00:00"}, 422, "zone"),
    ):
        problem = await said(owner.post(RESERVATIONS, json=body), status)
        assert words in problem["detail"]
    assert (await owner.get(f"{RESERVATIONS}/4711")).status_code == 404
    assert (await owner.get(f"{RESERVATIONS}/no-such")).status_code == 404


async def test_a_driver_waits_is_called_and_gives_up(
    api: Api, owner: httpx.AsyncClient, location: str
) -> None:
    for evse in (1, 2):
        body = {"token_uid": "CAFE0002", "station": "CP-1", "evse": evse}
        await said(owner.post(RESERVATIONS, json=body), 201)
    waits = await said(owner.post(WAITING, json={"token_uid": "CAFE0001", "location_id": location}), 201)
    assert (waits["waiting"]["state"], waits["position"]) == ("waiting", 1)
    assert waits["estimated_at"] is not None
    path = f"{WAITING}/{waits['waiting']['id']}"
    held = await said(owner.get(RESERVATIONS, params={"evse": 1, "active": "true"}), 200)
    await said(owner.delete(f"{RESERVATIONS}/{held['items'][0]['id']}"), 200)
    await api.waiting.tend(api.clock.now())
    await api.reservations.settled()
    called = (await said(owner.get(path), 200))["waiting"]
    assert called["state"] == "called"
    reservation = await said(owner.get(f"{RESERVATIONS}/{called['reservation_id']}"), 200)
    assert (reservation["state"], reservation["place_evse"], reservation["waiting_id"]) == (
        "held",
        1,
        called["id"],
    )
    assert (await owner.delete(path)).status_code == 204
    assert (await said(owner.get(path), 200))["waiting"]["state"] == "cancelled"
    listed = await said(owner.get(WAITING, params={"active": "false", "token": "CAFE0001"}), 200)
    assert [each["waiting"]["id"] for each in listed["items"]] == [called["id"]]


async def test_a_wall_display_looks_and_does_not_reserve(
    api: Api, owner: httpx.AsyncClient, location: str
) -> None:
    display = api.client(await api.key(Role.READ_ONLY))
    await said(display.get(RESERVATIONS), 200)
    await said(display.get(WAITING), 200)
    body = {"token_uid": "CAFE0001", "location_id": location}
    assert (await display.post(RESERVATIONS, json=body)).status_code == 403
    assert (await display.post(WAITING, json=body)).status_code == 403
