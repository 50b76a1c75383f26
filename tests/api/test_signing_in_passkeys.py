"""Passkeys over HTTP: made, used as the second factor and instead of the password, and everything attackers try."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from authenticator import Authenticator
from entering import Browser, Entrance
from served import LOCAL_KEY, PASSWORD


async def added(browser: Browser, origin: str, device: Authenticator, **body: Any) -> httpx.Response:
    """A passkey of the device, made at the browser."""
    asked = await browser.post("/me/passkeys/options", body)
    assert asked.status_code == 200, asked.text
    credential = device.create(asked.json()["options"], origin=origin)
    told = {"challenge_id": asked.json()["challenge_id"], "name": "Phone", "credential": credential}
    return await browser.post("/me/passkeys", told)


async def shown(
    browser: Browser, origin: str, device: Authenticator, *, ticket: str = "", **more: str
) -> httpx.Response:
    """The device proves its passkey at the browser."""
    asked = await browser.post("/login/passkey/options", {"ticket": ticket} if ticket else {})
    assert asked.status_code == 200, asked.text
    return await answered(
        browser, asked.json(), device.get(asked.json()["options"], origin=origin, **more), ticket
    )


async def answered(
    browser: Browser, asked: dict[str, Any], credential: dict[str, Any], ticket: str = ""
) -> httpx.Response:
    told = {"challenge_id": asked["challenge_id"], "credential": credential}
    return browser.took(await browser.post("/login/passkey", told | ({"ticket": ticket} if ticket else {})))


@pytest.fixture
async def ada(entrance: Entrance) -> Browser:
    return await entrance.person("ada@example.com", name="Ada")


@pytest.fixture
async def device(entrance: Entrance, ada: Browser) -> Authenticator:
    """Ada's phone, with a passkey."""
    device = Authenticator()
    made = await added(ada, entrance.by_name, device)
    assert made.status_code == 201, made.text
    ada.recovery_codes = made.json()["recovery_codes"]
    return device


async def ticket_of(entrance: Entrance) -> str:
    asked = await entrance.browser().enter("ada@example.com")
    assert asked.json()["ways"] == ["passkey", "recovery_code"]
    return str(asked.json()["ticket"])


async def test_a_passkey_is_the_second_factor_after_the_password(
    entrance: Entrance, ada: Browser, device: Authenticator
) -> None:
    assert len(ada.recovery_codes) == 10
    ticket, browser = await ticket_of(entrance), entrance.browser()
    asked = (await browser.post("/login/passkey/options", {"ticket": ticket})).json()
    assert [each["type"] for each in asked["options"]["allowCredentials"]] == ["public-key"]
    let_in = await answered(browser, asked, device.get(asked["options"], origin=entrance.by_name), ticket)
    assert (let_in.status_code, let_in.json()["login"]) == (200, "ada@example.com")
    [latest, *_] = (await browser.get("/me/sign-ins")).json()["items"]
    assert (latest["way"], latest["current"]) == ("passkey", True)


async def test_a_passkey_that_recognises_its_owner_takes_the_place_of_the_password(
    entrance: Entrance, device: Authenticator
) -> None:
    browser = entrance.browser()
    let_in = await shown(browser, entrance.by_name, device)
    assert (let_in.status_code, let_in.json()["login"]) == (200, "ada@example.com")
    assert (await browser.get("/stations")).status_code == 200


async def test_a_touch_alone_does_not_take_the_place_of_the_password(
    entrance: Entrance, device: Authenticator
) -> None:
    device.verifies = False
    refused = await shown(entrance.browser(), entrance.by_name, device)
    assert (refused.status_code, refused.json()["code"]) == (401, "wrong_passkey")
    ticket = await ticket_of(entrance)
    assert (await shown(entrance.browser(), entrance.by_name, device, ticket=ticket)).status_code == 200


async def test_an_answer_works_once(entrance: Entrance, device: Authenticator) -> None:
    browser = entrance.browser()
    asked = (await browser.post("/login/passkey/options", {})).json()
    credential = device.get(asked["options"], origin=entrance.by_name)
    assert (await answered(browser, asked, credential)).status_code == 200
    again = await answered(entrance.browser(), asked, credential)
    assert (again.status_code, again.json()["code"]) == (401, "ticket_expired")
    # Nor does it answer another question.
    other = (await browser.post("/login/passkey/options", {})).json()
    assert (await answered(entrance.browser(), other, credential)).json()["code"] == "wrong_passkey"


async def test_a_question_is_over_after_five_minutes(entrance: Entrance, device: Authenticator) -> None:
    browser = entrance.browser()
    asked = (await browser.post("/login/passkey/options", {})).json()
    entrance.time.advance(timedelta(minutes=5))
    late = await answered(browser, asked, device.get(asked["options"], origin=entrance.by_name))
    assert late.json()["code"] == "ticket_expired"


async def test_a_copied_passkey_does_not_get_in_after_the_real_one(
    entrance: Entrance, device: Authenticator
) -> None:
    thief = device.copied()
    for _ in range(2):
        assert (await shown(entrance.browser(), entrance.by_name, device)).status_code == 200
    refused = await shown(entrance.browser(), entrance.by_name, thief)
    assert (refused.status_code, refused.json()["code"]) == (401, "wrong_passkey")


async def test_a_passkey_without_a_counter_works_again_and_again(entrance: Entrance, ada: Browser) -> None:
    cloud = Authenticator(counts=False)
    assert (await added(ada, entrance.by_name, cloud)).status_code == 201
    for _ in range(3):
        assert (await shown(entrance.browser(), entrance.by_name, cloud)).status_code == 200


async def test_what_was_answered_on_another_page_is_refused(
    entrance: Entrance, device: Authenticator
) -> None:
    elsewhere = ({"origin": "https://evil.example"}, {"origin": entrance.by_name, "host": "evil.example"})
    for told in elsewhere:
        browser = entrance.browser()
        asked = (await browser.post("/login/passkey/options", {})).json()
        refused = await answered(browser, asked, device.get(asked["options"], **told))
        assert refused.json()["code"] == "wrong_passkey", told


async def test_a_passkey_of_somebody_else_is_no_second_factor(
    entrance: Entrance, device: Authenticator
) -> None:
    eve, hers = await entrance.person("eve@example.com"), Authenticator()
    assert (await added(eve, entrance.by_name, hers)).status_code == 201
    ticket = await ticket_of(entrance)
    asked = (await entrance.browser().post("/login/passkey/options", {"ticket": ticket})).json()
    refused = await answered(
        entrance.browser(), asked, hers.get(asked["options"], origin=entrance.by_name), ticket
    )
    assert refused.json()["code"] == "wrong_passkey"
    # A question put to nobody in particular does not go with Ada's ticket either.
    asked = (await entrance.browser().post("/login/passkey/options", {})).json()
    for theirs in (hers, device):
        credential = theirs.get(asked["options"], origin=entrance.by_name)
        assert (await answered(entrance.browser(), asked, credential, ticket)).status_code == 401


async def test_a_passkey_of_another_organisation_does_not_say_it_is_somebody_here(
    entrance: Entrance, ada: Browser, device: Authenticator
) -> None:
    owner = entrance.client(LOCAL_KEY)
    made = await owner.post(
        "/api/v1/organisations", json={"name": "Other", "owner_login": "other@example.com"}
    )
    other = entrance.browser()
    password = made.json()["owner"]["one_time_password"]
    await other.enter("other@example.com", password)
    other.took(await other.post("/me/password", {"current_password": password, "new_password": PASSWORD}))
    theirs = Authenticator()
    assert (await added(other, entrance.by_name, theirs)).status_code == 201
    let_in = await shown(entrance.browser(), entrance.by_name, theirs)
    assert let_in.json()["organisation"] == "Other"
    theirs.user_handle = ada.person_id.encode()
    assert (await shown(entrance.browser(), entrance.by_name, theirs)).json()["code"] == "wrong_passkey"
    [passkey] = (await ada.get("/me/second-factors")).json()["passkeys"]
    for method, path in (
        ("DELETE", f"/me/passkeys/{passkey['id']}"),
        ("PATCH", f"/me/passkeys/{passkey['id']}"),
    ):
        body = {"name": "Mine now"} if method == "PATCH" else None
        assert (await other.send(method, path, body)).status_code == 404


async def test_the_passkey_of_who_may_not_sign_in_any_more_opens_nothing(
    entrance: Entrance, ada: Browser, device: Authenticator
) -> None:
    owner = entrance.client(LOCAL_KEY)
    await owner.patch(f"/api/v1/people/{ada.person_id}", json={"active": False})
    assert (await shown(entrance.browser(), entrance.by_name, device)).status_code == 401
    await owner.delete(f"/api/v1/people/{ada.person_id}")
    assert (await shown(entrance.browser(), entrance.by_name, device)).status_code == 401


async def test_a_passkey_is_made_only_for_who_asked_and_with_a_fresh_proof(
    entrance: Entrance, ada: Browser
) -> None:
    eve = await entrance.person("eve@example.com")
    asked = (await ada.post("/me/passkeys/options", {})).json()
    credential = Authenticator().create(asked["options"], origin=entrance.by_name)
    told = {"challenge_id": asked["challenge_id"], "name": "Eve's", "credential": credential}
    assert (await eve.post("/me/passkeys", told)).status_code == 422
    # The question was Ada's, and is used up by that.
    assert (await ada.post("/me/passkeys", told)).status_code == 422
    entrance.time.advance(timedelta(minutes=16))
    stale = await ada.post("/me/passkeys/options", {})
    assert (stale.status_code, stale.json()["code"]) == (403, "password_needed")
    assert (await ada.post("/me/passkeys/options", {"password": PASSWORD})).status_code == 200


async def test_passkeys_are_named_listed_and_removed(
    entrance: Entrance, ada: Browser, device: Authenticator
) -> None:
    second = await added(ada, entrance.by_name, Authenticator())
    assert second.json()["recovery_codes"] == []
    renamed = await ada.send("PATCH", f"/me/passkeys/{second.json()['id']}", {"name": " Key  ring "})
    assert renamed.json()["name"] == "Key ring"
    listed = (await ada.get("/me/second-factors")).json()["passkeys"]
    assert [each["name"] for each in listed] == ["Phone", "Key ring"]
    for each in listed:
        assert (await ada.send("DELETE", f"/me/passkeys/{each['id']}")).status_code == 204
    assert (await ada.get("/me")).json()["second_factor"] is False
    assert (await entrance.browser().enter("ada@example.com")).status_code == 200
    assert (await shown(entrance.browser(), entrance.by_name, device)).status_code == 401


async def test_nonsense_from_a_browser_is_told_and_breaks_nothing(
    entrance: Entrance, ada: Browser, device: Authenticator
) -> None:
    for credential in ({}, {"id": 7}, {"id": "a" * 5_000}, {"id": "AAAA", "response": {}}, {"id": "ä"}):
        asked = (await entrance.browser().post("/login/passkey/options", {})).json()
        refused = await answered(entrance.browser(), asked, credential)
        assert refused.status_code in (401, 422), refused.text
        begun = (await ada.post("/me/passkeys/options", {})).json()
        told = {"challenge_id": begun["challenge_id"], "name": "x", "credential": credential}
        assert (await ada.post("/me/passkeys", told)).status_code == 422


async def test_the_page_is_told_where_passkeys_can_work(entrance: Entrance) -> None:
    by_name = (await entrance.browser().get("/sign-in")).json()
    assert (by_name["passkeys"], by_name["organisation"]) == (True, "Test network")
    by_number = await entrance.client().get("/api/v1/sign-in")
    assert by_number.json()["passkeys"] is False
    refused = await entrance.client().post("/api/v1/login/passkey/options", json={})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "host")
