"""Locations, stations, commands, tokens, sessions and records, as a client of the API meets them."""

import asyncio
from datetime import timedelta

import httpx
import msgspec
from served import Api

from currant.access.model import Presented
from currant.charging.model import StartReport
from currant.kit.clock import micros
from currant.stations.commanding.remote import Reset
from currant.stations.model import BootReport, CommandOutcome, CommandStatus, ConnectorStatus, StatusReport


async def made_station(owner: httpx.AsyncClient, identity: str = "FR-001-A") -> dict[str, str]:
    body = {"identity": identity, "evses": [{"number": 1, "connectors": [{"number": 1}]}]}
    answer = await owner.post("/api/v1/stations", json=body)
    assert answer.status_code == 201, answer.text
    station: dict[str, str] = answer.json()
    return station


async def test_a_location_is_made_changed_listed_and_deleted(owner: httpx.AsyncClient) -> None:
    body = {
        "name": "Market Square",
        "country": "DE",
        "time_zone": "Europe/Berlin",
        "latitude": 48.0,
        "longitude": 7.8,
    }
    made = await owner.post("/api/v1/locations", json=body)
    assert made.status_code == 201
    location = made.json()
    path = f"/api/v1/locations/{location['id']}"
    changed = await owner.patch(path, json={"city": "Freiburg", "latitude": None, "longitude": None})
    assert changed.json() == location | {"city": "Freiburg", "latitude": None, "longitude": None}
    assert (await owner.get("/api/v1/locations?search=market&country=DE")).json()["items"] == [changed.json()]
    assert (await owner.get("/api/v1/locations?country=FR")).json()["items"] == []
    assert (await owner.delete(path)).status_code == 204
    assert (await owner.get(path)).status_code == 404


async def test_pages_show_everything_once(owner: httpx.AsyncClient) -> None:
    for number in range(7):
        await owner.post("/api/v1/locations", json={"name": f"Place {number}"})
    seen, cursor = [], None
    while True:
        query = {"limit": 3} | ({"cursor": cursor} if cursor else {})
        page = (await owner.get("/api/v1/locations", params=query)).json()
        assert len(page["items"]) <= 3
        seen += [item["name"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == [f"Place {number}" for number in range(7)]


async def test_a_station_is_found_by_identity_and_by_id(api: Api, owner: httpx.AsyncClient) -> None:
    station = await made_station(owner)
    by_id = await owner.get(f"/api/v1/stations/{station['id']}")
    by_identity = await owner.get("/api/v1/stations/FR-001-A")
    assert by_id.json() == by_identity.json()
    assert by_id.json()["connected"] is False
    assert by_id.json()["admission"] == "accepted"
    await api.attended("FR-001-A")
    assert (await owner.get("/api/v1/stations?connected=true")).json()["items"][0]["identity"] == "FR-001-A"
    assert (await owner.get("/api/v1/stations/count?connected=false")).json() == {"count": 0}
    overview = (await owner.get("/api/v1/status")).json()
    assert overview["stations"] == {"accepted": 1, "connected": 1, "faulted": 0, "pending": 0}
    assert overview["ready"] is True
    assert overview["sessions_active"] == 0


async def test_an_unknown_station_is_listed_and_accepted_with_or_without_a_body(
    api: Api, owner: httpx.AsyncClient
) -> None:
    for identity in ("NEW-1", "NEW-2"):
        await api.stations.unknown_station(identity, remote_address="192.0.2.1", version="1.6")
    pending = (await owner.get("/api/v1/stations?admission=pending")).json()["items"]
    assert [each["identity"] for each in pending] == ["NEW-1", "NEW-2"]
    refused = await owner.post("/api/v1/stations/NEW-1/commands", json={"command": "Unlock", "evse": 1})
    assert (refused.status_code, refused.json()["code"]) == (409, "station_not_accepted")
    accepted = await owner.post("/api/v1/stations/NEW-1/accept")
    assert accepted.json()["admission"] == "accepted"
    accepted = await owner.post("/api/v1/stations/NEW-2/accept", json={"name": "By the door"})
    assert accepted.json()["name"] == "By the door"
    assert (await owner.post("/api/v1/stations/NEW-2/refuse", json={})).json()["admission"] == "refused"
    assert (await owner.post("/api/v1/stations/NEW-2/accept", json={"nam": "x"})).status_code == 422


async def test_a_password_is_told_once_and_fits(api: Api, owner: httpx.AsyncClient) -> None:
    await made_station(owner)
    made = (await owner.post("/api/v1/stations/FR-001-A/password")).json()
    entry = api.directory.find("FR-001-A")
    assert entry is not None
    assert api.directory.check_password(entry, made["password"].encode())
    given = await owner.post("/api/v1/stations/FR-001-A/password", json={"password": "0123456789abcdef"})
    assert given.json()["password"] is None
    entry = api.directory.find("FR-001-A")
    assert entry is not None
    assert api.directory.check_password(entry, b"0123456789abcdef")
    short = await owner.post("/api/v1/stations/FR-001-A/password", json={"password": "short"})
    assert short.status_code == 422


async def test_a_command_is_given_and_its_outcome_is_the_answer(api: Api, owner: httpx.AsyncClient) -> None:
    await made_station(owner)
    path = "/api/v1/stations/FR-001-A/commands"
    offline = (await owner.post(path, json={"command": "Reset"})).json()
    assert offline["status"] == "offline"
    await api.attended("FR-001-A")
    api.link.outcome = CommandOutcome(status=CommandStatus.REFUSED, reason="It is busy.")
    refused = await owner.post(path, json={"command": "Reset", "kind": "immediate"})
    assert refused.status_code == 200
    assert (refused.json()["status"], refused.json()["reason"]) == ("refused", "It is busy.")
    assert api.link.sent[-1][1] == Reset(kind="immediate")  # type: ignore[arg-type]
    listed = (await owner.get("/api/v1/commands?status=refused")).json()["items"]
    assert [each["id"] for each in listed] == [refused.json()["id"]]
    [last] = (await owner.get("/api/v1/commands?status=refused&limit=1")).json()["items"]
    assert last["station_identity"] == "FR-001-A"
    one = (await owner.get(f"/api/v1/commands/{refused.json()['id']}")).json()
    assert one == {**refused.json(), "station_identity": "FR-001-A"}
    assert len((await owner.get(path)).json()["items"]) == 2


async def test_a_wrong_command_is_refused_before_it_is_sent(api: Api, owner: httpx.AsyncClient) -> None:
    await made_station(owner)
    await api.attended("FR-001-A")
    path = "/api/v1/stations/FR-001-A/commands"
    for body in (
        {"command": "SelfDestruct"},
        {"command": "Reset", "knd": "immediate"},
        {"command": "Unlock"},
        {"command": "Unlock", "evse": "one"},
        {"command": "SetVariables", "values": [{"variable": {"nme": "x"}, "value": "1"}]},
        {},
        [],
    ):
        answer = await owner.post(path, json=body)
        assert answer.status_code == 422, body
        assert answer.json()["errors"], body
    assert (await owner.post(path + "?deadline_s=100000", json={"command": "Reset"})).status_code == 422
    assert api.link.sent == []


async def test_a_repeated_request_is_done_once(api: Api, owner: httpx.AsyncClient) -> None:
    await made_station(owner)
    await api.attended("FR-001-A")
    path, headers = "/api/v1/stations/FR-001-A/commands", {"Idempotency-Key": "only-once"}
    first = await owner.post(path, json={"command": "Reset"}, headers=headers)
    again = await owner.post(path, json={"command": "Reset"}, headers=headers)
    assert again.json() == first.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert len(api.link.sent) == 1
    other = await owner.post(path, json={"command": "Unlock", "evse": 1}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    # A key whose request was a mistake may be used for the right one.
    headers = {"Idempotency-Key": "second"}
    wrong = await owner.post("/api/v1/stations/nobody/commands", json={"command": "Reset"}, headers=headers)
    assert wrong.status_code == 404
    assert (await owner.post(path, json={"command": "Reset"}, headers=headers)).status_code == 200


async def test_two_equal_requests_at_once_give_one_command(api: Api, owner: httpx.AsyncClient) -> None:
    await made_station(owner)
    await api.attended("FR-001-A")
    path, headers = "/api/v1/stations/FR-001-A/commands", {"Idempotency-Key": "race"}
    answers = await asyncio.gather(
        *(owner.post(path, json={"command": "Reset"}, headers=headers) for _ in range(8))
    )
    assert len(api.link.sent) == 1
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert len({answer.json()["id"] for answer in answers if answer.status_code == 200}) == 1


async def test_a_token_is_found_however_a_reader_spells_it(owner: httpx.AsyncClient) -> None:
    made = await owner.post("/api/v1/tokens", json={"uid": "04:a2:b3:c4:d5:e6:80"})
    assert made.status_code == 201
    token = made.json()
    assert (await owner.get("/api/v1/tokens/04A2B3C4D5E680")).json() == token
    assert (await owner.get("/api/v1/tokens?uid=80E6D5C4B3A204")).json()["items"] == [token]
    assert (await owner.post("/api/v1/tokens/04A2B3C4D5E680/block")).json()["status"] == "blocked"
    assert (await owner.get("/api/v1/tokens?status=blocked")).json()["items"][0]["id"] == token["id"]
    assert (await owner.post(f"/api/v1/tokens/{token['id']}/unblock")).json()["status"] == "active"
    account = (await owner.post("/api/v1/accounts", json={"name": "Ada"})).json()
    group = (await owner.post("/api/v1/groups", json={"name": "Fleet"})).json()
    path = f"/api/v1/tokens/{token['id']}"
    changed = await owner.patch(path, json={"account_id": account["id"], "group_id": group["id"]})
    assert changed.json()["account_id"] == account["id"]
    assert (await owner.delete(f"/api/v1/accounts/{account['id']}")).status_code == 409
    assert (await owner.delete(path)).status_code == 204
    assert (await owner.delete(f"/api/v1/accounts/{account['id']}")).status_code == 204
    assert (await owner.delete(f"/api/v1/groups/{group['id']}")).status_code == 204


async def test_a_session_is_found_by_number_token_and_state_and_closed_by_hand(
    api: Api, owner: httpx.AsyncClient
) -> None:
    await made_station(owner)
    await owner.post("/api/v1/tokens", json={"uid": "04A2B3C4D5E680"})
    station = await api.attended("FR-001-A")
    await api.stations.boot(station, BootReport(vendor="Example", model="X"), at=api.clock.now())
    sessions = await api.charging.attend(station)
    now = api.clock.now()
    report = StartReport(
        evse=1,
        connector=1,
        presented=Presented(uid="04A2B3C4D5E680"),
        meter_wh=1000,
        at=now - timedelta(minutes=5),
        received_at=now,
    )
    started = await api.charging.start(station, sessions, report)
    listed = (await owner.get("/api/v1/sessions?active=true&limit=1")).json()["items"]
    assert listed[0]["number"] == started.number
    assert listed[0]["station_identity"] == "FR-001-A"
    for query in ("token=04A2B3C4D5E680", "station=FR-001-A", f"number={started.number}", "active=true"):
        found = (await owner.get(f"/api/v1/sessions?{query}")).json()["items"]
        assert [each["id"] for each in found] == [listed[0]["id"]], query
    for query in ("token=FFFFFFFF", "active=false", "since=2100-01-01T00:00:00Z"):
        assert (await owner.get(f"/api/v1/sessions?{query}")).json()["items"] == [], query
    assert (await owner.get("/api/v1/sessions/count?active=true")).json() == {"count": 1}
    by_number = await owner.get(f"/api/v1/sessions/{started.number}")
    assert by_number.json()["id"] == listed[0]["id"]
    await api.charging.status(
        station,
        sessions,
        StatusReport(
            evse=1,
            connector=1,
            status=ConnectorStatus.CHARGING,
            at=now,
            received_at=now,
            raw_status="Charging",
        ),
    )
    shown = (await owner.get(f"/api/v1/sessions/{started.number}")).json()
    assert [doing["what"] for doing in shown["timeline"]] == ["charging"]
    assert shown["token_kind"] == "rfid"
    workings = {
        "base_wh",
        "before_wh",
        "odd_count",
        "meter_notes",
        "sequences_seen",
        "estimated_wh",
        "heard_at",
    }
    assert not workings & set(shown)
    assert (await owner.get(f"/api/v1/sessions/{started.number}/readings")).status_code == 200
    stop = await owner.post(f"/api/v1/sessions/{started.number}/stop", headers={"Idempotency-Key": "stop"})
    assert stop.json()["status"] == "accepted"
    assert stop.json()["command"]["command"] == "StopCharging"
    closed = await owner.post(f"/api/v1/sessions/{started.number}/close", json={"reason": "Dismantled"})
    assert closed.json()["phase"] == "ended"
    assert closed.json()["certain"] is False
    again = await owner.post(f"/api/v1/sessions/{started.number}/close", json={"reason": "Dismantled"})
    assert again.status_code == 409


async def test_a_session_is_started_remotely(api: Api, owner: httpx.AsyncClient) -> None:
    await made_station(owner)
    await owner.post("/api/v1/tokens", json={"uid": "04A2B3C4D5E680"})
    await api.attended("FR-001-A")
    body = {"station": "FR-001-A", "token_uid": "04A2B3C4D5E680", "evse": 1}
    answer = await owner.post("/api/v1/sessions", json=body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["command"]["token_uid"] == "04A2B3C4D5E680"
    assert answer.json()["command"]["remote_start_id"] > 0
    assert len(api.link.sent) == 1


async def test_a_session_is_started_with_a_profile_of_its_own(api: Api, owner: httpx.AsyncClient) -> None:
    await made_station(owner)
    await owner.post("/api/v1/tokens", json={"uid": "04A2B3C4D5E680"})
    await api.attended("FR-001-A")
    schedule = {"unit": "W", "periods": [{"start_s": 0, "limit": 11_000}]}
    body = {
        "station": "FR-001-A",
        "token_uid": "04A2B3C4D5E680",
        "evse": 1,
        "profile": {"purpose": "tx", "kind": "relative", "schedules": [schedule]},
    }
    answer = await owner.post("/api/v1/sessions", json=body)
    assert answer.status_code == 200, answer.text
    profile = answer.json()["command"]["profile"]
    assert profile["id"] > 0
    assert profile["purpose"] == "tx"
    wrong = await owner.post(
        "/api/v1/sessions", json={**body, "profile": {**body["profile"], "purpose": "tx_default"}}
    )
    assert wrong.status_code == 422
    assert len(api.link.sent) == 1


async def test_the_message_log_is_searched_and_followed(api: Api, owner: httpx.AsyncClient) -> None:
    station = await made_station(owner)
    other = await made_station(owner, "FR-001-B")

    def log(station_id: str, action: str, outcome: str = "answered") -> None:
        api.messages.record(
            api.tenancy.host_tenant_id, station_id, micros(api.clock.now()), "in", action, "1",  # type: ignore[arg-type]
            outcome, f'[2,"1","{action}",{{}}]', "[3]", 20, 3, 250,
        )  # fmt: skip

    log(station["id"], "Heartbeat")
    log(station["id"], "BootNotification", "error:FormationViolation")
    log(other["id"], "Heartbeat")
    async with asyncio.timeout(30):
        while len((await owner.get("/api/v1/messages")).json()["items"]) < 3:
            await asyncio.sleep(0.05)
    found = (await owner.get("/api/v1/messages?station=FR-001-A&outcome=error:")).json()["items"]
    assert [each["action"] for each in found] == ["BootNotification"]
    assert found[0]["station_identity"] == "FR-001-A"
    assert (await owner.get("/api/v1/stations/FR-001-B/messages")).json()["items"][0]["action"] == "Heartbeat"
    assert (await owner.get("/api/v1/messages?direction=sideways")).status_code == 422
    async with owner.stream("GET", "/api/v1/messages/follow?station=FR-001-A&outcome=answered") as stream:
        lines = stream.aiter_lines()
        async with asyncio.timeout(30):
            while await anext(lines) != "event: ready":
                pass
            log(other["id"], "Heartbeat")
            log(station["id"], "StatusNotification", "error:GenericError")
            log(station["id"], "MeterValues")
            while await anext(lines) != "event: message":
                pass
            message = msgspec.json.decode((await anext(lines)).removeprefix("data: "))
    assert (message["action"], message["station_identity"]) == ("MeterValues", "FR-001-A")


async def test_imports_and_exports_come_back_as_they_went(owner: httpx.AsyncClient) -> None:
    locations = (
        b"reference,name,country,time_zone\nL1,Market Square,DE,Europe/Berlin\nL2,Harbour,NO,Europe/Oslo\n"
    )
    csv = {"Content-Type": "text/csv"}
    dry = await owner.post("/api/v1/locations/import?dry_run=true", content=locations, headers=csv)
    assert (dry.json()["created"], dry.json()["applied"]) == (2, False)
    assert (await owner.get("/api/v1/locations")).json()["items"] == []
    done = await owner.post("/api/v1/locations/import", content=locations, headers=csv)
    assert (done.json()["created"], done.json()["applied"]) == (2, True)
    exported = await owner.get("/api/v1/locations/export?format=csv")
    assert exported.headers["content-disposition"] == 'attachment; filename="locations.csv"'
    again = await owner.post("/api/v1/locations/import", content=exported.content, headers=csv)
    assert again.json()["unchanged"] == 2, again.text
    stations = b"identity,location_reference,evse,connector\nA,L1,1,1\nA,L1,2,1\nB,L2,1,1\n"
    done = await owner.post("/api/v1/stations/import", content=stations, headers=csv)
    assert done.json()["created"] == 2, done.text
    assert len((await owner.get("/api/v1/stations/A")).json()["evses"]) == 2
    tokens = msgspec.json.encode([{"uid": "04A2B3C4D5E680"}, {"uid": "04A2B3C4D5E680"}, {"kind": "rfid"}])
    json_type = {"Content-Type": "application/json"}
    wrong = await owner.post("/api/v1/tokens/import", content=tokens, headers=json_type)
    assert wrong.json()["applied"] is False
    assert {problem["row"] for problem in wrong.json()["problems"]} >= {2, 3}
    partly = await owner.post("/api/v1/tokens/import?partial=true", content=tokens, headers=json_type)
    assert (partly.json()["created"], partly.json()["failed"]) == (1, 2)
    exported = await owner.get("/api/v1/tokens/export?format=json")
    assert exported.json()[0]["uid"] == "04A2B3C4D5E680"
    unknown = await owner.post("/api/v1/tokens/import", content=b"x", headers={"Content-Type": "text/plain"})
    assert unknown.status_code == 415


async def test_a_network_of_many_stations_is_exported_whole(owner: httpx.AsyncClient) -> None:
    rows = ["identity,evse,connector", *(f"ST-{number:04},1,1" for number in range(1200))]
    done = await owner.post(
        "/api/v1/stations/import", content="\n".join(rows).encode(), headers={"Content-Type": "text/csv"}
    )
    assert done.json()["created"] == 1200
    exported = await owner.get("/api/v1/stations/export")
    assert len(exported.text.strip().splitlines()) == 1201
    assert (await owner.get("/api/v1/stations/count")).json() == {"count": 1200}


async def test_security_events_and_findings_are_listed(api: Api, owner: httpx.AsyncClient) -> None:
    await made_station(owner)
    await api.stations.security_event(
        None, identity="FR-001-A", kind="login_failed", at=api.clock.now(), remote_address="192.0.2.7"
    )
    events = (await owner.get("/api/v1/security-events?kind=login_failed")).json()["items"]
    assert [each["identity"] for each in events] == ["FR-001-A"]
    station = await api.attended("FR-001-A")
    api.stations.note_findings(station, "StatusNotification", [("time_without_zone", "timestamp", "2026")])
    api.stations.flush_findings()
    async with asyncio.timeout(30):
        while not (found := (await owner.get("/api/v1/findings?station=FR-001-A")).json()["items"]):
            await asyncio.sleep(0.05)
    assert found[0]["code"] == "time_without_zone"
    assert (await owner.get("/api/v1/stations/FR-001-A/findings")).json()["items"] == found
