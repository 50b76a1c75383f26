"""Charging profiles, limits, needs and DER controls, as a client of the API meets them."""

from datetime import UTC, datetime
from typing import Any

import httpx
from served import Api

from currant.access.model import Presented, TokenKind
from currant.charging.model import EventType, TransactionReport
from currant.charging.needs import EnergyNeeds
from currant.kit.ids import StationId
from currant.stations.commanding.profiles import ChargingSchedule, SchedulePeriod
from currant.stations.model import CommandOutcome, CommandStatus
from currant.stations.profiles.model import OutsideLimit
from currant.tenancy.model import Role

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
SCHEDULE = {
    "unit": "A",
    "starts_at": "2026-01-31T12:00:00Z",
    "periods": [{"start_s": 0, "limit": 16}, {"start_s": 3600, "limit": 8.5}],
}


def body(evse: int = 0, **more: Any) -> dict[str, Any]:
    return {"evse": evse, "profile": {"purpose": "tx_default", "schedules": [SCHEDULE], **more}}


async def station(api: Api, owner: httpx.AsyncClient, version: str = "2.1") -> str:
    made = await owner.post("/api/v1/stations", json={"identity": "CP"})
    assert made.status_code == 201, made.text
    await api.attended("CP", version)
    api.link.outcome = CommandOutcome(status=CommandStatus.ACCEPTED, answer={"status": "Accepted"})
    return str(made.json()["id"])


async def test_a_profile_is_set_found_and_cleared(api: Api, owner: httpx.AsyncClient) -> None:
    station_id = await station(api, owner)
    answer = await owner.post("/api/v1/stations/CP/profiles", json=body())
    assert answer.status_code == 200, answer.text
    assert answer.json()["status"] == "accepted"
    profile_id = answer.json()["command"]["profile"]["id"]
    await owner.post("/api/v1/stations/CP/profiles", json=body(1, id=5, stack_level=1))
    [found] = (await owner.get("/api/v1/profiles", params={"profile_id": profile_id})).json()["items"]
    assert (found["station_identity"], found["evse"], found["source"]) == ("CP", 0, "cso")
    assert found["command_id"] == answer.json()["id"]
    assert found["profile"]["schedules"][0]["periods"][1] == {"start_s": 3600, "limit": 8.5}
    for query, ids in (
        ({"station": "CP"}, [5, profile_id]),
        ({"station": station_id, "evse": 1}, [5]),
        ({"purpose": "tx"}, []),
        ({"purpose": "tx_default", "stack_level": 0}, [profile_id]),
    ):
        page = (await owner.get("/api/v1/profiles", params=query)).json()["items"]
        assert [each["profile"]["id"] for each in page] == ids, query
    cleared = await owner.delete("/api/v1/stations/CP/profiles/5")
    assert (cleared.status_code, cleared.json()["status"]) == (200, "accepted")
    await owner.delete("/api/v1/stations/CP/profiles", params={"purpose": "tx_default"})
    assert (await owner.get("/api/v1/stations/CP/profiles")).json()["items"] == []


async def test_a_profile_is_set_once_however_often_it_is_asked_for(
    api: Api, owner: httpx.AsyncClient
) -> None:
    await station(api, owner)
    headers = {"Idempotency-Key": "once"}
    first = await owner.post("/api/v1/stations/CP/profiles", json=body(), headers=headers)
    again = await owner.post("/api/v1/stations/CP/profiles", json=body(), headers=headers)
    assert first.json() == again.json()
    assert len((await owner.get("/api/v1/profiles")).json()["items"]) == 1


async def test_what_is_wrong_with_a_profile_is_told_with_its_field(
    api: Api, owner: httpx.AsyncClient
) -> None:
    await station(api, owner)
    late = {**SCHEDULE, "periods": [{"start_s": 60, "limit": 16}]}
    for wrong, status, words in (
        (body(schedules=[late]), 422, "profile.schedules[0].periods[0].start_s"),
        (body(purpose="external"), 422, "profile.purpose"),
        (body(1, purpose="station_max"), 422, "evse"),
        (body(purpose="tx"), 422, "evse"),
        (body(1, purpose="tx"), 422, "profile.transaction_id"),
        ({"evse": 0}, 422, "profile"),
        (body(purpose="everything"), 422, "profile.purpose"),
    ):
        answer = await owner.post("/api/v1/stations/CP/profiles", json=wrong)
        assert answer.status_code == status, answer.text
        assert words in answer.text
    await owner.post("/api/v1/stations/CP/profiles", json=body(id=5))
    conflict = await owner.post("/api/v1/stations/CP/profiles", json=body(id=6))
    assert (conflict.status_code, conflict.json()["code"]) == (409, "conflict")
    assert "Profile 5" in conflict.json()["detail"]
    assert (await owner.delete("/api/v1/stations/CP/profiles")).status_code == 422
    assert (await owner.post("/api/v1/stations/nobody/profiles", json=body())).status_code == 404


async def test_who_may_only_look_does_not_set_profiles(api: Api, owner: httpx.AsyncClient) -> None:
    await station(api, owner)
    looker = api.client(await api.key(Role.READ_ONLY))
    assert (await looker.get("/api/v1/stations/CP/profiles")).status_code == 200
    assert (await looker.post("/api/v1/stations/CP/profiles", json=body())).status_code == 403
    assert (await looker.delete("/api/v1/stations/CP/profiles/5")).status_code == 403
    assert (await looker.get("/api/v1/stations/CP/composite-schedule")).status_code == 403


async def test_a_composite_schedule_is_asked_for(api: Api, owner: httpx.AsyncClient) -> None:
    await station(api, owner)
    told = {
        "evse": 1,
        "starts_at": "2026-01-31T12:00:00Z",
        "duration_s": 300,
        "unit": "A",
        "periods": [{"start_s": 0, "limit": 10.0}],
    }
    api.link.outcome = CommandOutcome(
        status=CommandStatus.ACCEPTED, answer={"status": "Accepted", "schedule": told}
    )
    query: dict[str, Any] = {"evse": 1, "duration_s": 300, "unit": "A"}
    answer = await owner.get("/api/v1/stations/CP/composite-schedule", params=query)
    assert answer.json() == {"status": "accepted", "reason": "", "schedule": told}
    api.link.outcome = CommandOutcome(status=CommandStatus.REFUSED, reason="No.")
    answer = await owner.get("/api/v1/stations/CP/composite-schedule", params=query)
    assert answer.json() == {"status": "refused", "reason": "No.", "schedule": None}


async def test_a_station_is_asked_for_its_profiles(api: Api, owner: httpx.AsyncClient) -> None:
    await station(api, owner)
    await owner.post("/api/v1/stations/CP/profiles", json=body(id=5))
    answer = await owner.post("/api/v1/stations/CP/profiles/ask", json={"ids": [5]})
    assert answer.status_code == 200, answer.text
    assert [each["profile"]["id"] for each in answer.json()["profiles"]] == [5]
    assert (await owner.post("/api/v1/stations/CP/profiles/ask", json={})).status_code == 422


async def test_limits_from_outside_are_shown(api: Api, owner: httpx.AsyncClient) -> None:
    await station(api, owner)
    attended = await api.attended("CP", "2.1")
    schedule = ChargingSchedule(unit="W", periods=(SchedulePeriod(start_s=0, limit=4_200.0),))
    await api.profiles.limit_told(
        attended,
        OutsideLimit(
            station_id=attended.station_id,
            evse=0,
            source="so",
            at=NOON,
            schedules=(schedule,),
            grid_critical=True,
        ),
    )
    [limit] = (await owner.get("/api/v1/stations/CP/limits")).json()["items"]
    assert (limit["source"], limit["grid_critical"]) == ("so", True)
    assert limit["schedules"][0]["periods"][0]["limit"] == 4_200.0


async def test_a_vehicles_needs_are_shown_with_the_offer(api: Api, owner: httpx.AsyncClient) -> None:
    await station(api, owner)
    attended = await api.attended("CP", "2.1")
    sessions = await api.charging.attend(attended)
    now = api.clock.now()
    await api.charging.transaction(
        attended,
        sessions,
        TransactionReport(
            type=EventType.STARTED,
            transaction_id="T1",
            sequence=0,
            trigger="Authorized",
            at=now,
            received_at=now,
            evse=1,
            connector=1,
            presented=Presented(uid="04A1B2C3", kind=TokenKind.UNKNOWN),
        ),
    )
    [session] = (await owner.get("/api/v1/sessions")).json()["items"]
    path = f"/api/v1/sessions/{session['number']}"
    assert (await owner.get(f"{path}/needs")).status_code == 404
    assert (await owner.post(f"{path}/offer")).status_code == 404
    needs = EnergyNeeds(transfer="dc", max_power_w=50_000.0, soc_percent=20.0)
    await api.energy_needs.told(attended, sessions, 1, needs, at=now)
    await api.energy_needs.settled()
    shown = (await owner.get(f"{path}/needs")).json()
    assert shown["needs"] == {"transfer": "dc", "max_power_w": 50_000.0, "soc_percent": 20.0}
    assert (shown["outcome"], shown["offered"]["periods"]) == (
        "accepted",
        [{"start_s": 0, "limit": 50_000.0}],
    )
    [profile] = (await owner.get("/api/v1/profiles", params={"transaction_id": "T1"})).json()["items"]
    assert profile["profile"]["id"] == shown["profile_id"]
    again = await owner.post(f"{path}/offer", headers={"Idempotency-Key": "again"})
    assert (again.status_code, again.json()["profile_id"]) == (200, shown["profile_id"])
    # Now that the vehicle has told its needs, it may be offered several schedules.
    several = [{**SCHEDULE, "id": 1}, {**SCHEDULE, "id": 2}]
    offers = body(1, purpose="tx", transaction_id="T1", stack_level=1, schedules=several)
    assert (await owner.post("/api/v1/stations/CP/profiles", json=offers)).status_code == 200
    assert (await owner.post("/api/v1/stations/CP/profiles", json=body(schedules=several))).status_code == 422


async def test_controls_are_set_shown_and_cleared(api: Api, owner: httpx.AsyncClient) -> None:
    station_id = await station(api, owner)
    path = "/api/v1/stations/CP/der-controls"
    ramp = {
        "id": "ramp",
        "kind": "gradients",
        "default": True,
        "settings": {"gradient": 10.0, "soft_gradient": 5.0},
    }
    answer = await owner.post(path, json=ramp)
    assert (answer.status_code, answer.json()["status"]) == (200, "accepted"), answer.text
    [found] = (await owner.get(path)).json()["items"]
    assert found["control"]["settings"] == ramp["settings"]
    assert (await owner.post(path, json={**ramp, "default": False})).status_code == 422
    assert (await owner.post(f"{path}/ask", json={"kind": "gradients"})).json()["status"] == "accepted"
    assert (await owner.delete(path, params={"default": "true", "control_id": "ramp"})).status_code == 200
    assert (await owner.get(path)).json()["items"] == []
    attended = await api.attended("CP", "2.1")
    assert attended.station_id == StationId(station_id)
    await api.der.alarm(attended, "hv_may_trip", "OverVoltage", ended=False, info="", at=NOON)
    [alarm] = (await owner.get(f"{path}/alarms")).json()["items"]
    assert (alarm["kind"], alarm["fault"], alarm["ended_at"]) == ("hv_may_trip", "OverVoltage", None)
