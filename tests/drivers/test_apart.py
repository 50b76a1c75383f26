"""Two networks on one installation, and two drivers on one network: none sees or moves what is the other's."""

from typing import Any

import pytest
from charger import now
from riding import Browser, Town

from currant.api.driver import account, sessions, things
from currant.api.driver.signed_in import DRIVER

pytestmark = pytest.mark.asyncio(loop_scope="module")

HOST = "charge.rival.example"


async def rival(town: Town) -> tuple[str, str, str]:
    """(organisation, place, identity of its station), made once."""
    made = getattr(town, "rival", None)
    if made is None:
        created = await town.ask("POST", "/organisations", json={"name": "Rival", "owner_login": "rival"})
        organisation = created["organisation"]
        theirs = {"Currant-Tenant": organisation["id"]}
        await town.ask("PUT", f"/organisations/{organisation['id']}/hosts", json={"hosts": [HOST]})
        place = await town.ask(
            "POST", "/locations/", json={"name": "Theirs", "latitude": 1.0, "longitude": 1.0}, headers=theirs
        )
        evse = {"number": 1, "connectors": [{"number": 1}]}
        await town.ask(
            "POST",
            "/stations/",
            json={"identity": "RIVAL-1", "location_id": place["id"], "evses": [evse]},
            headers=theirs,
        )
        await town.settled()
        made = (organisation["id"], place["id"], "RIVAL-1")
        town.rival = made  # type: ignore[attr-defined]
    return made


async def test_each_host_name_shows_its_own_network(town: Town) -> None:
    _, place, identity = await rival(town)
    mine = await town.place("Ours")
    ours = await town.station(mine)
    await town.settled()
    here, there = town.browser(), town.browser(host=HOST)
    assert (await there.ask("GET", "/site"))["branding"]["tenant"] == "Rival"
    assert [each["name"] for each in (await there.ask("GET", "/map"))["items"]] == ["Theirs"]
    assert "Theirs" not in [each["name"] for each in (await here.ask("GET", "/map"))["items"]]
    assert (await there.ask("GET", f"/evses/{identity}"))["place"]["id"] == place
    for browser, code, other in ((here, identity, place), (there, ours, mine)):
        assert (await browser.refused("GET", f"/evses/{code}")).status == 404
        assert (await browser.refused("GET", f"/places/{other}")).status == 404
        assert (await browser.refused("GET", "/live", params={"place": other})).status == 404


async def test_a_cookie_of_one_network_is_nobody_at_the_other(town: Town) -> None:
    await rival(town)
    guest = await town.guest()
    there = town.browser(host=HOST)
    there.http.headers["Cookie"] = guest.http.headers["Cookie"]
    there.me = guest.me
    assert (await there.refused("GET", "/me")).status == 401
    assert (await there.refused("POST", "/sessions", json={"code": "RIVAL-1"})).status == 401


async def test_a_link_of_one_network_opens_nothing_at_the_other(town: Town) -> None:
    await rival(town)
    here, there = town.browser(), town.browser(host=HOST)
    await there.ask("POST", "/sign-in/mail", json={"email": "both@example.com"})
    letter = town.mail.sent[-1]
    assert f"http://{HOST}/charge/sign-in?token=" in letter.text
    secret = town.link_to("both@example.com")
    assert (await here.refused("POST", "/sign-in/link", json={"token": secret})).code == "link_used_up"
    there.me = await there.ask("POST", "/sign-in/link", json={"token": secret})
    ours = await town.driver("both@example.com")
    assert ours.me["id"] != there.me["id"]


async def test_nobody_starts_at_the_others_stations(town: Town) -> None:
    _, _, identity = await rival(town)
    async with town.charger(identity, "1.6") as station:
        await station.boot()
        await station.status("Available")
        await town.settled()
        guest = await town.guest()
        assert (await guest.refused("POST", "/sessions", json={"code": identity})).status == 404
        driver = await town.driver()
        assert (await driver.refused("POST", "/reservations", json={"code": identity})).status == 404
        assert station.not_asked_for("RemoteStartTransaction")


async def test_an_organisation_may_do_without_guests_and_without_an_app(town: Town) -> None:
    organisation, _, identity = await rival(town)
    theirs = {"Currant-Tenant": organisation}
    guest = await town.guest(host=HOST)
    async with town.charger(identity, "1.6") as station:
        await station.boot()
        await station.status("Available")
        await town.settled()
        await town.ask("PUT", "/branding", json={"guests": False, "hosts": [HOST]}, headers=theirs)
        await town.settled()
        stranger = town.browser(host=HOST)
        assert (await stranger.ask("GET", "/site"))["guests"] is False
        assert (await stranger.refused("POST", "/guest", json={})).status == 403
        found = await stranger.ask("GET", f"/evses/{identity}")
        assert (found["can_start"], found["why"]["code"]) == (False, "no_guests")
        refused = await guest.refused("POST", "/sessions", json={"code": identity})
        assert refused.facts == {"why": "no_guests"}
        driver = await town.driver(host=HOST)
        assert (await driver.ask("GET", f"/evses/{identity}"))["can_start"] is True
        await town.ask("PUT", "/branding", json={"driver_app": False, "hosts": [HOST]}, headers=theirs)
        await town.settled()
        for path in ("/site", "/map", "/me", f"/evses/{identity}"):
            assert (await driver.refused("GET", path)).status == 404, path
        await town.ask("PUT", "/branding", json={"hosts": [HOST]}, headers=theirs)
        await town.settled()


async def test_a_drivers_session_is_nobody_elses(town: Town) -> None:
    identity = await town.station(await town.place())
    owner, other, stranger = await town.driver(), await town.driver(), town.browser()
    async with town.charger(identity, "1.6") as station:
        await station.boot()
        await station.status("Available")
        await town.settled()
        session = await owner.ask("POST", "/sessions", json={"code": identity})
        uid = (await station.asked_for("RemoteStartTransaction"))["idTag"]
        answer = await station.call(
            "StartTransaction", connectorId=1, idTag=uid, meterStart=0, timestamp=now()
        )
        await station.status("Charging")
        await town.settled()
        real = await town.ask("GET", f"/sessions/{answer['transactionId']}")
        for name in (session["id"], real["id"], str(answer["transactionId"]), "x", "%2e%2e"):
            for method, path in _about(name):
                assert (await other.refused(method, path)).status == 404, path
                assert (await stranger.refused(method, path)).status == 401, path
        assert (await other.refused("GET", "/live", params={"session": real["id"]})).status == 404
        assert (await stranger.refused("GET", "/live", params={"session": real["id"]})).status == 401
        assert station.not_asked_for("RemoteStopTransaction")
        found = await other.ask("GET", f"/evses/{identity}")
        assert (found["can_start"], found["session_id"]) == (False, None)
        assert (await other.refused("POST", "/sessions", json={"code": identity})).facts == {"why": "in_use"}
        told = str(found) + str(await other.ask("GET", f"/places/{found['place']['id']}"))
        for secret in (uid, owner.me["id"], owner.me["email"], real["id"], session["id"]):
            assert secret not in told


def _about(name: str) -> list[tuple[str, str]]:
    return [
        ("GET", f"/sessions/{name}"),
        ("POST", f"/sessions/{name}/stop"),
        ("GET", f"/sessions/{name}/curve"),
        ("GET", f"/sessions/{name}/receipt"),
    ]


async def test_a_drivers_cookie_opens_no_door_of_the_operators(town: Town) -> None:
    driver = await town.driver()
    for path in ("/api/v1/me", "/api/v1/stations/", "/api/v1/tokens/"):
        answer = await driver.http.get(path)
        assert answer.status_code == 401, path
    secret = {"Authorization": driver.http.headers["Cookie"].partition("=")[2]}
    assert (await driver.http.get("/api/v1/me", headers=secret)).status_code == 401


async def test_an_operators_key_is_no_driver(town: Town) -> None:
    for path in ("/me", "/sessions", "/cards"):
        answer = await town.api.get(f"/driver/v1{path}")
        assert answer.status_code == 401, path


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"code": ""},
        {"code": 5},
        {"code": "x" * 400},
        {"code": "CP-1", "connector": 0},
        {"code": "CP-1", "token_uid": "somebody"},
        {"code": "CP-1", "driver_id": "somebody"},
        [],
    ],
)
async def test_nonsense_starts_nothing(town: Town, body: Any) -> None:
    guest: Browser = await town.guest()
    assert (await guest.refused("POST", "/sessions", json=body)).status in (400, 422)


BODIES: dict[str, Any] = {
    "/cards": {"uid": "04AABBCCDD"},
    "/sessions": {"code": "x"},
    "/me/passkeys": {"challenge_id": "x", "credential": {}},
    "/waiting": {"place_id": "x"},
    "/push": {"subscription": {"endpoint": "x", "keys": {"p256dh": "x", "auth": "x"}}},
}


async def test_only_what_says_so_is_open_to_strangers(town: Town) -> None:
    stranger, closed = town.browser(), 0
    for handler in (*account.routes, *sessions.routes, *things.routes):
        if handler.opt.get("access") != DRIVER["access"]:
            continue
        closed += 1
        (method,) = handler.http_methods - {"OPTIONS", "HEAD"}
        (path,) = handler.paths
        for name in ("session", "card", "reservation", "passkey", "waiting"):
            path = path.replace(f"{{{name}:str}}", "x")
        body = BODIES.get(path, {}) if method != "GET" else None
        answer = await stranger.raw(method, path, json=body)
        assert answer.status_code == 401, (method, path, answer.text)
    assert closed >= 20
