"""One's own account: name and address, where one is signed in, what pages keep; and what is told about it."""

from datetime import timedelta

import pytest
from entering import Browser, Entrance
from served import LOCAL_KEY, PASSWORD


@pytest.fixture
async def ada(entrance: Entrance) -> Browser:
    return await entrance.person("ada@example.com", name="Ada")


async def test_people_change_their_own_name_language_and_zone(ada: Browser) -> None:
    told = {"name": " Ada Lovelace ", "language": "de-AT", "time_zone": "Europe/Vienna"}
    changed = (await ada.send("PATCH", "/me", told)).json()
    assert (changed["name"], changed["language"], changed["time_zone"]) == (
        "Ada Lovelace",
        "de-AT",
        "Europe/Vienna",
    )
    assert (changed["login"], changed["organisation"], changed["host"]) == (
        "ada@example.com",
        "Test network",
        True,
    )
    for wrong in ({"time_zone": "../../etc/passwd"}, {"time_zone": "Mars/Olympus"}, {"language": "klingon!"}):
        assert (await ada.send("PATCH", "/me", wrong)).status_code == 422
    assert (await ada.send("PATCH", "/me", {"role": "owner"})).status_code == 422
    assert (await ada.get("/me")).json()["time_zone"] == "Europe/Vienna"


async def test_another_address_takes_the_password_and_is_told_to_the_old_one(
    entrance: Entrance, ada: Browser
) -> None:
    entrance.time.advance(timedelta(minutes=16))
    refused = await ada.send("PATCH", "/me", {"email": "eve@example.com"})
    assert (refused.status_code, refused.json()["code"]) == (403, "password_needed")
    assert (await ada.send("PATCH", "/me", {"email": "ada@example.com"})).status_code == 200
    wrong = await ada.send("PATCH", "/me", {"email": "eve@example.com", "password": "guess"})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "password")
    moved = await ada.send("PATCH", "/me", {"email": "new@example.com", "password": PASSWORD})
    assert moved.json()["email"] == "new@example.com"
    assert "the e-mail address was changed" in (await entrance.letter_to("ada@example.com")).text


async def test_guessing_the_password_in_a_stolen_session_is_slowed_down(
    entrance: Entrance, ada: Browser
) -> None:
    body = {"email": "eve@example.com", "password": "guess"}
    codes = [(await ada.send("PATCH", "/me", body)).status_code for _ in range(8)]
    assert (codes[0], codes[-1]) == (422, 429)


async def test_sign_ins_are_listed_and_ended_one_by_one(entrance: Entrance, ada: Browser) -> None:
    phone, tablet = entrance.browser(), entrance.browser()
    for browser in (phone, tablet):
        entrance.time.advance(timedelta(minutes=1))
        await browser.enter("ada@example.com")
    listed = (await ada.get("/me/sign-ins")).json()["items"]
    assert [each["current"] for each in listed] == [False, False, True]
    assert {each["way"] for each in listed} == {"password"}
    assert listed[0]["remote_address"] in ("127.0.0.1", "::1")
    assert "python-httpx" in listed[0]["user_agent"]
    assert (await ada.send("DELETE", f"/me/sign-ins/{listed[0]['id']}")).status_code == 204
    assert (await tablet.get("/me")).status_code == 401
    assert (await phone.get("/me")).status_code == 200
    assert (await ada.send("DELETE", f"/me/sign-ins/{listed[0]['id']}")).status_code == 404
    assert (await ada.post("/me/sign-ins/end-others")).status_code == 204
    assert (await phone.get("/me")).status_code == 401
    assert (await ada.get("/me")).status_code == 200


async def test_nobody_ends_the_sign_ins_of_somebody_else(entrance: Entrance, ada: Browser) -> None:
    eve = await entrance.person("eve@example.com")
    [hers] = (await ada.get("/me/sign-ins")).json()["items"]
    assert (await eve.send("DELETE", f"/me/sign-ins/{hers['id']}")).status_code == 404
    await eve.post("/me/sign-ins/end-others")
    assert (await ada.get("/me")).status_code == 200


async def test_pages_keep_what_they_like_up_to_a_limit(entrance: Entrance, ada: Browser) -> None:
    assert (await ada.get("/me/preferences")).json() == {}
    kept = {"stations": {"columns": ["name", "power_w"]}, "theme": "dark"}
    assert (await ada.send("PUT", "/me/preferences", kept)).json() == kept
    assert (await ada.get("/me/preferences")).json() == kept
    assert (await ada.send("PUT", "/me/preferences", {"x": "y" * 32_768})).status_code == 422
    eve = await entrance.person("eve@example.com")
    assert (await eve.get("/me/preferences")).json() == {}


async def test_a_key_has_no_account(entrance: Entrance) -> None:
    program = entrance.client(LOCAL_KEY)
    for method, path in (
        ("GET", "/me/sign-ins"),
        ("GET", "/me/second-factors"),
        ("GET", "/me/preferences"),
        ("POST", "/me/totp"),
    ):
        answer = await program.request(method, f"/api/v1{path}")
        assert (answer.status_code, answer.json()["code"]) == (409, "conflict"), path


async def test_what_changes_about_signing_in_is_mailed(entrance: Entrance, ada: Browser) -> None:
    await ada.set_up_totp(entrance.time)
    assert "a second factor was added" in (await entrance.letter_to("ada@example.com")).text
    await ada.send("DELETE", "/me/totp", {"password": PASSWORD})
    assert "a second factor was removed" in (await entrance.letter_to("ada@example.com")).text


async def test_the_first_run_is_over_when_somebody_has_signed_in(entrance: Entrance) -> None:
    browser = entrance.browser()
    page = (await browser.get("/sign-in")).json()
    assert (page["first_run"], page["mail"], page["providers"]) == (True, True, [])
    first = entrance.first_login
    assert first is not None
    await browser.enter(first.login, first.password)
    assert (await browser.get("/sign-in")).json()["first_run"] is False
