"""Search, notes, the audit log, a session's story, exports, QR codes and settings, as pages meet them."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from served import LOCAL_KEY, Api, MakeApi

from currant.access.model import Presented
from currant.api.services import SettingShown
from currant.app.records import AUDITED
from currant.app.settings import load
from currant.app.settings_view import fit_to_show, settings_shown
from currant.charging.model import MeterReport, MeterSample, SampledValue, StartReport, StopReport
from currant.events.delivery import Delivery, Subscription
from currant.stations.commanding.remote import StopCharging, Unlock
from currant.stations.model import ConnectorStatus, StatusReport
from currant.tenancy.model import Role


@asynccontextmanager
async def recording(api: Api) -> AsyncIterator[Delivery]:
    """What people do is taken down, as in a running server."""
    delivery = Delivery(
        api.database, [Subscription("audit log", api.audit.note, to=AUDITED, from_the_start=True)]
    )
    await delivery.start()
    try:
        yield delivery
    finally:
        await delivery.stop()


async def a_network(api: Api, owner: httpx.AsyncClient) -> dict[str, Any]:
    place = {"name": "Market Square", "address": "Hauptstr. 5", "city": "Ulm", "postal_code": "89073"}
    location = (await owner.post("/api/v1/locations", json=place)).json()
    stations = [
        (
            await owner.post(
                "/api/v1/stations",
                json={
                    "identity": identity,
                    "name": name,
                    "location_id": location["id"],
                    "evses": [{"number": 1, "connectors": [{"number": 1}]}],
                },
            )
        ).json()
        for identity, name in (("MUC-0042", "Left of the gate"), ("HAM-0042", ""), ("MUC-00421", ""))
    ]
    account = (await owner.post("/api/v1/accounts", json={"name": "Ada Lovelace"})).json()
    token = (
        await owner.post(
            "/api/v1/tokens", json={"uid": "04A2B3C4D5E680", "kind": "rfid", "account_id": account["id"]}
        )
    ).json()
    return {"location": location, "stations": stations, "account": account, "token": token}


async def a_session(api: Api, *, ended: bool = True) -> Any:
    station = await api.attended("MUC-0042")
    sessions = await api.charging.attend(station)
    now = api.clock.now
    await api.charging.status(
        station,
        sessions,
        StatusReport(evse=1, connector=1, status=ConnectorStatus.OCCUPIED, at=now(), received_at=now()),
    )
    started = await api.charging.start(
        station,
        sessions,
        StartReport(
            evse=1,
            connector=1,
            presented=Presented(uid="04A2B3C4D5E680"),
            meter_wh=1_000,
            at=now(),
            received_at=now(),
        ),
    )
    values = (
        SampledValue(value=3_000, measurand="Energy.Active.Import.Register", unit="Wh"),
        SampledValue(value=11_000, measurand="Power.Active.Import", unit="W"),
    )
    await asyncio.sleep(0.01)
    await api.charging.meter(
        station,
        sessions,
        MeterReport(
            evse=1,
            connector=1,
            samples=(MeterSample(at=now(), values=values),),
            received_at=now(),
            transaction_id=str(started.number),
        ),
    )
    if ended:
        await asyncio.sleep(0.01)
        await api.charging.stop(
            station,
            sessions,
            StopReport(
                transaction_id=started.number, meter_wh=3_000, at=now(), received_at=now(), reason="Remote"
            ),
        )
    return started


# Search


async def hits(client: httpx.AsyncClient, text: str, **more: Any) -> list[tuple[str, str]]:
    answer = await client.get("/api/v1/search", params={"q": text, **more})
    assert answer.status_code == 200, answer.text
    return [(hit["type"], hit["title"]) for hit in answer.json()["hits"]]


async def test_everything_is_found_by_what_it_is_known_by(api: Api, owner: httpx.AsyncClient) -> None:
    await a_network(api, owner)
    started = await a_session(api)
    assert await hits(owner, "muc-0042") == [("station", "MUC-0042"), ("station", "MUC-00421")]
    assert await hits(owner, "left of") == [("station", "MUC-0042")]
    assert await hits(owner, "hauptstr") == [("location", "Market Square")]
    assert await hits(owner, "ulm") == [("location", "Market Square")]
    assert await hits(owner, "lovelace") == [("account", "Ada Lovelace")]
    assert ("session", f"#{started.number}") in await hits(owner, str(started.number))
    assert ("session", f"#{started.number}") in await hits(owner, f"#{started.number}")
    found = await hits(owner, "04a2b3c4d5e680")
    assert ("token", "04A2B3C4D5E680") in found
    assert await hits(owner, "04:A2:B3:C4:D5:E6:80") == [("token", "04A2B3C4D5E680")], "in any spelling"
    assert ("person", "admin") in await hits(owner, "adm")
    assert await hits(owner, "   ") == []
    assert await hits(owner, "%") == [], "Signs of the database's language are letters like any other."


async def test_the_best_comes_first_and_no_more_than_were_asked_for(
    api: Api, owner: httpx.AsyncClient
) -> None:
    for number in range(30):
        await owner.post("/api/v1/stations", json={"identity": f"A-{number:03}-X1"})
    await owner.post("/api/v1/stations", json={"identity": "X1"})
    await owner.post("/api/v1/stations", json={"identity": "X1-B"})
    found = await hits(owner, "x1", limit=4)
    assert [title for _, title in found] == ["X1", "X1-B", "A-000-X1", "A-001-X1"]


async def test_nobody_finds_what_they_may_not_see(api: Api, owner: httpx.AsyncClient) -> None:
    await a_network(api, owner)
    await a_session(api)
    watcher = api.client(await api.key(Role.READ_ONLY))
    assert await hits(watcher, "04A2B3C4D5E680") == []
    assert await hits(watcher, "lovelace") == []
    assert await hits(watcher, "adm") == []
    assert await hits(watcher, "MUC-0042") == [("station", "MUC-0042"), ("station", "MUC-00421")]
    caller = await api.owner()
    other, _ = await api.tenancy.organisations.create(
        name="Elsewhere", owner_login="eve@example.com", by=caller
    )
    elsewhere = api.client(LOCAL_KEY, **{"Currant-Tenant": other.id})
    for text in ("MUC", "Market", "04A2B3C4D5E680", "lovelace", "adm", "1"):
        assert await hits(elsewhere, text) == []
    assert (await api.client().get("/api/v1/search?q=x")).status_code == 401


# Notes


async def test_notes_are_written_pinned_changed_and_deleted(api: Api, owner: httpx.AsyncClient) -> None:
    network = await a_network(api, owner)
    station = network["stations"][0]
    for text, pinned in (("Key is at the kiosk.", True), ("Cable replaced.", False), ("Painted.", False)):
        body = {"about": "station:MUC-0042", "text": text, "pinned": pinned}
        made = await owner.post("/api/v1/notes", json=body)
        assert made.status_code == 201, made.text
        assert made.json()["about"] == f"station:{station['id']}"
    listed = (await owner.get(f"/api/v1/notes?about=station:{station['id']}")).json()["items"]
    assert [note["text"] for note in listed] == ["Key is at the kiosk.", "Painted.", "Cable replaced."]
    assert listed[0]["by"] == "local"
    path = f"/api/v1/notes/{listed[2]['id']}"
    changed = (await owner.patch(path, json={"text": "Cable 2 replaced.", "pinned": True})).json()
    assert (changed["text"], changed["pinned"]) == ("Cable 2 replaced.", True)
    assert changed["edited_at"] is not None
    assert (await owner.delete(path)).status_code == 204
    assert (await owner.delete(path)).status_code == 404
    assert len((await owner.get("/api/v1/notes?about=station:MUC-0042")).json()["items"]) == 2


async def test_notes_are_about_things_that_there_are(api: Api, owner: httpx.AsyncClient) -> None:
    network = await a_network(api, owner)
    started = await a_session(api)
    for about in (f"session:{started.number}", f"location:{network['location']['id']}"):
        made = await owner.post("/api/v1/notes", json={"about": about, "text": "x"})
        assert made.status_code == 201
        assert len((await owner.get("/api/v1/notes", params={"about": about})).json()["items"]) == 1
    for about, status in (("station:NO", 404), ("session:99999", 404), ("person:x", 422), ("station", 422)):
        made = await owner.post("/api/v1/notes", json={"about": about, "text": "x"})
        assert made.status_code == status, about


async def test_only_its_writer_and_owners_change_a_notes_words(api: Api, owner: httpx.AsyncClient) -> None:
    await a_network(api, owner)
    support, other = api.client(await api.key(Role.SUPPORT)), api.client(await api.key(Role.OPERATOR))
    note = (await support.post("/api/v1/notes", json={"about": "station:MUC-0042", "text": "mine"})).json()
    path = f"/api/v1/notes/{note['id']}"
    assert (await other.patch(path, json={"text": "theirs"})).status_code == 403
    assert (await other.patch(path, json={"pinned": True})).status_code == 200
    assert (await other.delete(path)).status_code == 403
    assert (await support.patch(path, json={"text": "still mine"})).status_code == 200
    assert (await owner.delete(path)).status_code == 204
    watcher = api.client(await api.key(Role.READ_ONLY))
    body = {"about": "station:MUC-0042", "text": "x"}
    assert (await watcher.post("/api/v1/notes", json=body)).status_code == 403


# The audit log


async def test_what_people_do_is_in_the_audit_log(api: Api, owner: httpx.AsyncClient) -> None:
    await a_network(api, owner)
    await api.attended("MUC-0042")
    await owner.post(
        "/api/v1/stations/MUC-0042/commands", json={"command": "Unlock", "evse": 1, "connector": 1}
    )
    browser = api.client()
    wrong = await browser.post("/api/v1/login", json={"login": "admin", "password": "guessed it is not"})
    assert wrong.status_code == 401
    async with recording(api) as delivery:
        await delivery.settled()
        entries = (await owner.get("/api/v1/audit")).json()["items"]
        by_kind = {entry["kind"]: entry for entry in entries}
        command = by_kind["CommandEnded"]
        assert command["by"] == "local"
        assert command["about"]["type"] == "station"
        assert command["about"]["label"] == "MUC-0042"
        assert command["text"] == "Unlock: accepted"
        failed = by_kind["SignInFailed"]
        assert (failed["by"], failed["about"]["label"]) == ("person:admin", "admin")
        assert "127.0.0.1" in failed["text"]
        assert "guessed" not in str(entries)
        assert {"TokenChanged", "AccountChanged", "LocationChanged", "StationChanged"} <= set(by_kind)
        assert [entry["at"] for entry in entries] == sorted((e["at"] for e in entries), reverse=True)


async def test_the_audit_log_is_filtered_and_paged(api: Api, owner: httpx.AsyncClient) -> None:
    network = await a_network(api, owner)
    clerk = api.client(await api.key(Role.OPERATOR))
    for name in ("a", "b", "c"):
        await clerk.patch("/api/v1/stations/HAM-0042", json={"name": name})
    async with recording(api) as delivery:
        await delivery.settled()

        async def found(**query: Any) -> list[dict[str, Any]]:
            answer = await owner.get("/api/v1/audit", params=query)
            assert answer.status_code == 200, answer.text
            items: list[dict[str, Any]] = answer.json()["items"]
            return items

        mine = await found(by="a operator key")
        assert [entry["facts"]["fields"] for entry in mine] == [["name"]] * 3
        assert await found(by="key:a operator key") == mine
        station = network["stations"][1]["id"]
        assert len(await found(about=f"station:{station}")) == 4
        assert await found(about="station:HAM-0042") == await found(about=f"station:{station}")
        assert {entry["kind"] for entry in await found(kind="TokenChanged,KeyMade")} == {
            "TokenChanged",
            "KeyMade",
        }
        assert await found(until="2020-01-01T00:00:00Z") == []
        assert (await owner.get("/api/v1/audit?kind=Nothing")).status_code == 422
        seen, cursor = [], None
        while True:
            query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
            page = (await owner.get("/api/v1/audit", params=query)).json()
            seen += [entry["id"] for entry in page["items"]]
            if (cursor := page["next_cursor"]) is None:
                break
        assert seen == [entry["id"] for entry in await found()]
        assert len(set(seen)) == len(seen)


async def test_an_event_that_comes_twice_is_one_act(api: Api, owner: httpx.AsyncClient) -> None:
    await a_network(api, owner)
    async with recording(api) as delivery:
        await delivery.settled()
    again = Delivery(
        api.database, [Subscription("audit log anew", api.audit.note, to=AUDITED, from_the_start=True)]
    )
    before = (await owner.get("/api/v1/audit?limit=500")).json()["items"]
    await again.start()
    await again.settled()
    await again.stop()
    assert (await owner.get("/api/v1/audit?limit=500")).json()["items"] == before
    assert before


async def test_the_audit_log_is_for_owners_and_of_their_own_organisation(
    api: Api, owner: httpx.AsyncClient
) -> None:
    await a_network(api, owner)
    other, _ = await api.tenancy.organisations.create(
        name="Elsewhere", owner_login="eve@example.com", by=await api.owner()
    )
    async with recording(api) as delivery:
        await delivery.settled()
        for role in (Role.OPERATOR, Role.SUPPORT, Role.READ_ONLY, Role.INTEGRATION):
            assert (await api.client(await api.key(role)).get("/api/v1/audit")).status_code == 403
        elsewhere = api.client(LOCAL_KEY, **{"Currant-Tenant": other.id})
        kinds = [entry["kind"] for entry in (await elsewhere.get("/api/v1/audit")).json()["items"]]
        assert sorted(kinds) == ["OrganisationCreated", "PersonAdded"]
        listed = (await owner.get("/api/v1/audit/kinds")).json()["items"]
        assert {"kind": "PersonSignedIn", "group": "signing_in", "text": "Signed in"} in listed


# A session's story


async def test_a_session_tells_its_story_in_order(api: Api, owner: httpx.AsyncClient) -> None:
    await a_network(api, owner)
    started = await a_session(api, ended=False)
    for command in (
        StopCharging(transaction_id=str(started.number)),
        Unlock(evse=2),
        StopCharging(transaction_id="12345"),
    ):
        entry = api.directory.find("MUC-0042")
        assert entry is not None
        await api.commands.give(entry.tenant_id, entry.station_id, command, by="person:ada")
    answer = await owner.get(f"/api/v1/sessions/{started.number}/timeline")
    items = answer.json()["items"]
    kinds = [item["kind"] for item in items]
    assert kinds[0] == "status"
    assert {"started", "authorised", "metering", "command"} <= set(kinds)
    assert [item["at"] for item in items] == sorted(item["at"] for item in items)
    commands = [item for item in items if item["kind"] == "command"]
    assert [item["facts"]["command"] for item in commands] == ["StopCharging"], "Others are not about it."
    metering = next(item for item in items if item["kind"] == "metering")
    assert metering["facts"]["max_power_w"] == 11_000
    assert "at most 11.0 kW" in metering["text"]
    authorised = next(item for item in items if item["kind"] == "authorised")
    assert authorised["facts"]["token"] == "04A2B3C4D5E680"


async def test_a_closed_sessions_repair_is_explained(api: Api, owner: httpx.AsyncClient) -> None:
    await a_network(api, owner)
    started = await a_session(api, ended=False)
    await owner.post(f"/api/v1/sessions/{started.number}/close", json={"reason": "Station was dismantled"})
    items = (await owner.get(f"/api/v1/sessions/{started.number}/timeline")).json()["items"]
    ended = next(item for item in items if item["kind"] == "ended")
    assert ended["facts"]["ended_by_us"] == "closed_by_operator"
    repair = next(item for item in items if item["facts"].get("code") == "closed_by_operator")
    assert repair["facts"]["touches_bill"] is True
    assert "dismantled" in repair["text"]
    watcher = api.client(await api.key(Role.READ_ONLY))
    told = (await watcher.get(f"/api/v1/sessions/{started.number}/timeline")).text
    assert "04A2B3C4D5E680" not in told


# Exports


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


async def test_sessions_are_exported_with_the_filters_of_the_list(api: Api, owner: httpx.AsyncClient) -> None:
    await a_network(api, owner)
    started = await a_session(api)
    answer = await owner.get("/api/v1/sessions/export?active=false&station=MUC-0042")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert 'filename="sessions.csv"' in answer.headers["content-disposition"]
    (row,) = table(answer.text)
    assert (row["number"], row["station_identity"], row["energy_wh"]) == (
        str(started.number),
        "MUC-0042",
        "2000",
    )
    assert row["started_at"].endswith("Z")
    assert table((await owner.get("/api/v1/sessions/export?active=true")).text) == []
    as_json = (await owner.get("/api/v1/sessions/export?format=json")).json()
    assert [each["number"] for each in as_json] == [started.number]


async def test_findings_and_the_audit_log_are_exported(api: Api, owner: httpx.AsyncClient) -> None:
    await a_network(api, owner)
    station = await api.attended("MUC-0042")
    api.stations.note_findings(station, "BootNotification", [("too-long", "model", "=HYPERLINK(1)")])
    api.stations.flush_findings()
    await api.database.decide(lambda conn, changes: None, station.tenant_id)
    (row,) = table((await owner.get("/api/v1/findings/export")).text)
    assert (row["station"], row["code"], row["count"]) == ("MUC-0042", "too-long", "1")
    assert row["example"] == "'=HYPERLINK(1)", "A spreadsheet runs nothing of it."
    async with recording(api) as delivery:
        await delivery.settled()
        rows = table((await owner.get("/api/v1/audit/export?kind=StationChanged")).text)
    assert [row["about_label"] for row in rows] == ["MUC-00421", "HAM-0042", "MUC-0042"]


# QR codes


async def test_an_evses_code_leads_drivers_to_it(api: Api, owner: httpx.AsyncClient) -> None:
    evses = [{"number": 1}, {"number": 2, "reference": "DE*ABC*E 1234"}]
    await owner.post("/api/v1/stations", json={"identity": "MUC 1", "evses": evses})
    first = (await owner.get("/api/v1/stations/MUC 1/evses/1/qr")).json()
    second = (await owner.get("/api/v1/stations/MUC 1/evses/2/qr")).json()
    assert first["url"] == f"{api.address}/c/MUC%201-1"
    assert second["url"] == f"{api.address}/c/DE*ABC*E1234"
    assert first["svg"].startswith('<svg xmlns="http://www.w3.org/2000/svg"')
    assert "href" not in first["svg"]
    assert 'fill="#fff"' in first["svg"]
    assert (await owner.get("/api/v1/stations/MUC 1/evses/3/qr")).status_code == 404
    await owner.put("/api/v1/branding", json={"hosts": ["charge.ulm.example"]})
    branded = (await owner.get("/api/v1/stations/MUC 1/evses/1/qr")).json()
    assert branded["url"] == "https://charge.ulm.example/c/MUC%201-1"


# Onboarding, as pages call it


async def test_a_charger_is_registered_with_its_place_and_all_that_is_to_be_entered(
    api: Api, owner: httpx.AsyncClient
) -> None:
    body = {
        "location": {"name": "Depot", "city": "Ulm"},
        "identity": "MUC 1",
        "evses": [{"number": 1, "connectors": [{"number": 1}]}],
    }
    answer = await owner.post("/api/v1/onboarding", json=body)
    assert answer.status_code == 201, answer.text
    begun = answer.json()
    assert begun["station"]["security_profile"] == 2
    assert [url["url"] for url in begun["urls"]] == [
        "wss://csms.example:9443/ocpp/MUC%201",
        "wss://csms.example:9443/ocpp",
    ]
    assert [url["note_code"] for url in begun["urls"]] == ["with_identity", "without_identity"]
    entry = api.directory.find("MUC 1")
    assert entry is not None
    assert api.directory.check_password(entry, begun["password"].encode())
    progress = (await owner.get("/api/v1/onboarding/MUC 1")).json()
    assert [step["code"] for step in progress["steps"]] == [
        "reached", "tls", "path", "subprotocol", "password", "booted", "accepted", "status", "ready",
    ]  # fmt: skip
    assert begun["password"] not in str(progress)
    again = (await owner.post("/api/v1/onboarding/MUC 1/password")).json()
    assert again["password"] != begun["password"]
    assert not api.directory.check_password(api.directory.find("MUC 1") or entry, begun["password"].encode())
    assert (await owner.post("/api/v1/onboarding", json=body)).status_code == 409
    assert (await owner.get("/api/v1/locations?search=Depot")).json()["items"][1:] == []


async def test_onboarding_needs_the_right_to_admit_stations(api: Api, owner: httpx.AsyncClient) -> None:
    await a_network(api, owner)
    support = api.client(await api.key(Role.SUPPORT))
    assert (await support.post("/api/v1/onboarding", json={})).status_code == 403
    assert (await support.get("/api/v1/onboarding/MUC-0042")).status_code == 200
    assert (await support.get("/api/v1/onboarding/attempts")).status_code == 403
    assert (await owner.get("/api/v1/onboarding/attempts")).json()["items"] == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"security_profile": 4}, "security_profile"),
        ({"version": "1.5"}, "version"),
        ({"location": {"name": "x"}, "location_id": "y"}, "location"),
        ({"identity": "a/b"}, "identity"),
        ({"evses": [{"number": 0}]}, "evses"),
    ],
)
async def test_what_cannot_be_onboarded_leaves_nothing_behind(
    api: Api, owner: httpx.AsyncClient, body: dict[str, Any], field: str
) -> None:
    answer = await owner.post("/api/v1/onboarding", json={"location": {"name": "Depot"}} | body)
    assert answer.status_code in (400, 422), answer.text
    assert field in answer.text
    assert (await owner.get("/api/v1/locations")).json()["items"] == []
    assert (await owner.get("/api/v1/stations/count")).json() == {"count": 0}


# Settings


def test_settings_are_shown_without_their_secrets() -> None:
    environment = {
        "CURRANT_OCPP_PORT": "9100",
        "CURRANT_MAIL_URL": "smtp://ada:hunter2@mail.example:587",
        "CURRANT_CERTIFICATES_SIGNER_TOKEN": "hunter3",
        "CURRANT_DATABASE_URL": "postgresql://currant:hunter4@db.example/currant?password=hunter5",
    }
    settings = load(options={"ocpp.host": "192.0.2.1"}, environment=environment)
    shown = {item.key: item for item in settings_shown(settings, environment)}
    port = shown["ocpp.port"]
    assert (port.value, port.default, port.source) == (9100, 9000, "environment")
    assert shown["ocpp.host"].source == "file"
    assert shown["http.port"].source == "default"
    assert shown["mail.url"].value == "smtp://set@mail.example:587"
    assert shown["certificates.signer_token"].value == "set"
    assert shown["certificates.signer_password"].value == ""
    assert all(item.doc for item in shown.values())
    assert "hunter" not in str(shown)
    nested = fit_to_show("providers", ({"id": "x", "client_secret": "hunter6"},))
    assert nested == [{"id": "x", "client_secret": "set"}]


async def test_settings_are_for_owners_of_the_installation(make_api: MakeApi) -> None:
    api: Api = await make_api()
    owner = api.client(LOCAL_KEY)
    assert (await owner.get("/api/v1/settings")).json() == {"items": []}
    for role in (Role.OPERATOR, Role.READ_ONLY):
        assert (await api.client(await api.key(role)).get("/api/v1/settings")).status_code == 403
    assert SettingShown.__struct_fields__ == ("key", "value", "default", "source", "doc")
