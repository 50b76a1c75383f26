"""Drivers sign in, become somebody, and are forgotten; strangers learn nothing and get nothing."""

from datetime import timedelta

import pytest
from charger import now
from msgspec.structs import replace
from riding import Town

from passkeys import Passkey

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_the_site_says_what_is_possible(town: Town) -> None:
    site = await town.browser().ask("GET", "/site")
    assert site["languages"] == ["en", "de", "hi", "ar"]
    assert site["guests"] is True
    assert len(site["vapid_public_key"]) == 87
    assert site["branding"]["tenant"]


async def test_a_stranger_is_nobody_and_a_guest_is_somebody(town: Town) -> None:
    browser = town.browser()
    assert (await browser.refused("GET", "/me")).status == 401
    made = await browser.raw("POST", "/guest", json={"language": "de"})
    cookie = made.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/driver/v1" in cookie
    browser.me = made.json()
    me = await browser.ask("GET", "/me")
    assert (me["guest"], me["language"], me["email"]) == (True, "de", "")
    assert (await browser.ask("POST", "/guest", json={}))["id"] == me["id"], "already somebody"


async def test_pages_may_speak_a_language_that_the_server_writes_no_letters_in(town: Town) -> None:
    browser = town.browser()
    me = await browser.ask("POST", "/guest", json={"language": "sv"})
    assert me["language"] == "en"
    browser.me = me
    assert (await browser.ask("PATCH", "/me", json={"language": "pt-BR"}))["language"] == "pt-BR"
    assert (await browser.refused("PATCH", "/me", json={"language": "<b>"})).status == 422


async def test_a_link_signs_in_once_and_in_the_readers_language(town: Town) -> None:
    browser = town.browser(language="hi")
    await browser.ask("POST", "/sign-in/mail", json={"email": " Ada@Example.COM "})
    letter = town.mail.sent[-1]
    assert letter.to == "ada@example.com"
    assert "लिंक" in letter.text
    assert f"{town.currant.api_url}/charge/sign-in?token=" in letter.text
    secret = town.link_to("ada@example.com")
    me = await browser.ask("POST", "/sign-in/link", json={"token": secret})
    assert (me["guest"], me["email"], me["language"]) == (False, "ada@example.com", "hi")
    again = await browser.refused("POST", "/sign-in/link", json={"token": secret})
    assert (again.status, again.code) == (422, "link_used_up")


async def test_the_latest_of_several_links_ends_the_others(town: Town) -> None:
    browser = town.browser()
    await browser.ask("POST", "/sign-in/mail", json={"email": "two@example.com"})
    first = town.link_to("two@example.com")
    await browser.ask("POST", "/sign-in/mail", json={"email": "two@example.com"})
    await browser.ask("POST", "/sign-in/link", json={"token": town.link_to("two@example.com")})
    assert (await browser.refused("POST", "/sign-in/link", json={"token": first})).code == "link_used_up"


async def test_an_address_that_is_known_gets_the_same_answer_as_one_that_is_not(town: Town) -> None:
    await town.driver("known@example.com")
    browser = town.browser()
    answers = []
    for email in ("known@example.com", "unknown@example.com"):
        answer = await browser.raw("POST", "/sign-in/mail", json={"email": email})
        answers.append((answer.status_code, answer.content, sorted(answer.headers)))
    assert answers[0] == answers[1]
    letters = [mail.text.partition("?token=")[0] for mail in town.mail.sent[-2:]]
    assert letters[0] == letters[1]


async def test_nobodys_letterbox_is_flooded(town: Town) -> None:
    browser = town.browser()
    for _ in range(6):
        await browser.ask("POST", "/sign-in/mail", json={"email": "flooded@example.com"})
    assert sum(mail.to == "flooded@example.com" for mail in town.mail.sent) == 3


@pytest.mark.parametrize(
    "email",
    ["ada", "@example.com", "a@b@c.de", "ada@example.com\nBcc: x@example.com", "<a@example.com>", "a b@c.de"],
)
async def test_what_is_no_address_is_told_as_such(town: Town, email: str) -> None:
    sent = len(town.mail.sent)
    assert (await town.browser().refused("POST", "/sign-in/mail", json={"email": email})).status == 422
    assert len(town.mail.sent) == sent


async def test_a_letter_never_leads_to_a_host_that_the_request_made_up(town: Town) -> None:
    forged = town.browser(host="evil.example.org")
    refused = await forged.refused("POST", "/sign-in/mail", json={"email": "victim@example.com"})
    assert (refused.status, refused.code) == (421, "unknown_host")
    assert all(mail.to != "victim@example.com" for mail in town.mail.sent)


async def test_a_letter_leads_to_the_very_name_that_was_given_and_to_nothing_behind_it(town: Town) -> None:
    me = await town.ask("GET", "/me")
    await town.ask("PUT", f"/organisations/{me['tenant_id']}/hosts", json={"hosts": ["own.example.org"]})
    for forged in (
        "own.example.org:80@evil.example",
        "own.example.org:evil.example",
        "[own.example.org]evil.example",
        "evil.example, own.example.org",
    ):
        answer = await town.browser(host=forged).raw(
            "POST", "/sign-in/mail", json={"email": "aimed@example.com"}
        )
        assert answer.status_code == 400, forged
    assert all(mail.to != "aimed@example.com" for mail in town.mail.sent)
    await town.browser(host="OWN.example.org.:8443").ask(
        "POST", "/sign-in/mail", json={"email": "aimed@example.com"}
    )
    await town.ask("PUT", f"/organisations/{me['tenant_id']}/hosts", json={"hosts": []})
    assert "http://OWN.example.org.:8443/charge/sign-in?token=" in town.mail.sent[-1].text


async def test_a_guest_becomes_the_account_and_nobody_else_keeps_a_cookie_to_it(town: Town) -> None:
    guest = await town.guest()
    thief = town.browser()
    thief.http.headers["Cookie"] = guest.http.headers["Cookie"]
    thief.me = guest.me
    before = guest.me["id"]
    await town.sign_in(guest, "became@example.com")
    assert (guest.me["id"], guest.me["guest"], guest.me["email"]) == (before, False, "became@example.com")
    assert (await thief.refused("GET", "/me")).status == 401
    accounts = await town.ask("GET", "/accounts", params={"search": "became@example.com"})
    assert [each["email"] for each in accounts["items"]] == ["became@example.com"]


async def test_a_link_opened_elsewhere_gives_the_one_who_asked_for_it_nothing(town: Town) -> None:
    attacker, victim = await town.guest(), town.browser()
    await attacker.ask("POST", "/sign-in/mail", json={"email": "lured@example.com"})
    victim.me = await victim.ask("POST", "/sign-in/link", json={"token": town.link_to("lured@example.com")})
    assert victim.me["id"] != attacker.me["id"]
    assert (await attacker.ask("GET", "/me"))["guest"] is True


async def test_a_passkey_signs_in_without_anything_else(town: Town) -> None:
    browser = await town.driver()
    device = Passkey(town.currant.api_url)
    asked = await browser.ask("POST", "/me/passkeys/options")
    assert asked["options"]["rp"]["id"] == "127.0.0.1"
    made = await browser.ask(
        "POST",
        "/me/passkeys",
        json={
            "challenge_id": asked["challenge_id"],
            "credential": device.create(asked["options"]),
            "name": "Phone",
        },
    )
    assert made["name"] == "Phone"
    elsewhere = town.browser()
    asked = await elsewhere.ask("POST", "/sign-in/passkey/options")
    answer = {"challenge_id": asked["challenge_id"], "credential": device.get(asked["options"])}
    me = await elsewhere.ask("POST", "/sign-in/passkey", json=answer)
    assert (me["id"], [each["name"] for each in me["passkeys"]]) == (browser.me["id"], ["Phone"])
    again = await elsewhere.refused("POST", "/sign-in/passkey", json=answer)
    assert again.code == "passkey_wrong", "a challenge is used once"
    await browser.ask("DELETE", f"/me/passkeys/{made['id']}")
    asked = await elsewhere.ask("POST", "/sign-in/passkey/options")
    answer = {"challenge_id": asked["challenge_id"], "credential": device.get(asked["options"])}
    assert (await elsewhere.refused("POST", "/sign-in/passkey", json=answer)).code == "passkey_wrong"


async def test_a_challenge_given_to_one_driver_is_no_good_for_another(town: Town) -> None:
    one, other = await town.driver(), await town.driver()
    asked = await one.ask("POST", "/me/passkeys/options")
    answer = {
        "challenge_id": asked["challenge_id"],
        "credential": Passkey(town.currant.api_url).create(asked["options"]),
    }
    assert (await other.refused("POST", "/me/passkeys", json=answer)).code == "passkey_wrong"
    await one.ask("POST", "/me/passkeys", json=answer)


async def test_a_guest_with_a_passkey_is_a_guest_no_more_and_keeps_a_way_in(town: Town) -> None:
    guest = await town.guest()
    device = Passkey(town.currant.api_url)
    asked = await guest.ask("POST", "/me/passkeys/options")
    made = await guest.ask(
        "POST",
        "/me/passkeys",
        json={"challenge_id": asked["challenge_id"], "credential": device.create(asked["options"])},
    )
    assert (await guest.ask("GET", "/me"))["guest"] is False
    assert (await guest.refused("DELETE", f"/me/passkeys/{made['id']}")).status == 409


async def test_what_changes_something_needs_the_token_and_our_own_pages(town: Town) -> None:
    browser = await town.driver()
    token = browser.me["csrf_token"]
    for header in ("", "x" * len(token), token[:-1]):
        refused = await browser.refused("PATCH", "/me", json={"name": "X"}, headers={"X-CSRF-Token": header})
        assert (refused.status, refused.code) == (403, "csrf_token_missing")
    foreign = await browser.refused(
        "PATCH", "/me", json={"name": "X"}, headers={"Origin": "https://evil.example.org"}
    )
    assert (foreign.status, foreign.code) == (403, "foreign_origin")
    login = await town.browser().refused("POST", "/guest", json={}, headers={"Sec-Fetch-Site": "cross-site"})
    assert login.code == "foreign_origin"
    changed = await browser.ask(
        "PATCH", "/me", json={"name": " Ada  L ", "language": "ar"}, headers={"Origin": town.currant.api_url}
    )
    assert (changed["name"], changed["language"]) == ("Ada L", "ar")


async def test_signing_out_ends_the_cookie(town: Town) -> None:
    browser = await town.driver()
    await browser.ask("POST", "/sign-out")
    assert (await browser.refused("GET", "/me")).status == 401


async def test_a_card_of_somebody_elses_is_refused_without_telling_whose(town: Town) -> None:
    first, second = await town.driver(), await town.driver()
    await first.ask("POST", "/cards", json={"uid": "04AABBCCDDEE01"})
    await town.token("04AABBCCDDEE02")
    told = [
        await second.refused("POST", "/cards", json={"uid": uid})
        for uid in ("04AABBCCDDEE01", "01eeddccbbaa04", "04:aa:bb:cc:dd:ee:02")
    ]
    assert {(each.status, each.problem["detail"]) for each in told} == {
        (409, "This card cannot be linked: ask the operator about it.")
    }
    app_uid = (await town.ask("GET", "/tokens/", params={"kind": "app", "limit": 1}))["items"][0]["uid"]
    assert (await second.refused("POST", "/cards", json={"uid": app_uid})).status == 409
    for nonsense in ("", "xyz", "12", "0" * 40):
        assert (await second.refused("POST", "/cards", json={"uid": nonsense})).status == 422
    guest = await town.guest()
    assert (await guest.refused("POST", "/cards", json={"uid": "04AABBCCDDEE09"})).status == 409
    (card,) = (await first.ask("GET", "/cards"))["items"]
    assert (await second.refused("DELETE", f"/cards/{card['id']}")).status == 404


async def test_an_erased_driver_is_forgotten_and_what_was_charged_is_nobodys(town: Town) -> None:
    identity = await town.station(await town.place())
    browser = await town.driver("erased@example.com")
    await browser.ask("POST", "/cards", json={"uid": "04E7A5ED000001"})
    async with town.charger(identity, "1.6") as station:
        await station.boot()
        await station.status("Available")
        answer = await station.call(
            "StartTransaction", connectorId=1, idTag="04E7A5ED000001", meterStart=0, timestamp=now()
        )
        await town.settled()
        assert (await browser.refused("DELETE", "/me")).status == 409, "a session of theirs runs"
        number = answer["transactionId"]
        await station.call(
            "StopTransaction",
            transactionId=number,
            meterStop=900,
            timestamp=now(),
            idTag="04E7A5ED000001",
            reason="Local",
        )
        await town.settled()
        await browser.ask("DELETE", "/me")
    assert (await browser.refused("GET", "/me")).status == 401
    session = await town.ask("GET", f"/sessions/{number}")
    assert session["energy_wh"] == 900
    assert (session["token_uid"], session["account_id"], session["token_id"]) == ("", None, None)
    assert "04E7A5ED000001" not in str(session)
    assert (await town.ask("GET", "/tokens/", params={"uid": "04E7A5ED000001"}))["items"] == []
    assert (await town.ask("GET", "/accounts", params={"search": "erased"}))["items"] == []
    again = await town.driver("erased@example.com")
    assert again.me["id"] != browser.me["id"]
    assert (await again.ask("GET", "/sessions"))["items"] == []


async def test_guests_who_do_not_come_back_are_forgotten(town: Town) -> None:
    drivers = town.currant.drivers
    guest, kept = await town.guest(), await town.driver()
    terms = drivers.terms
    drivers.terms = replace(terms, guests_kept=timedelta(seconds=-1))
    try:
        assert await drivers.forget_old() >= 1
    finally:
        drivers.terms = terms
    assert (await guest.refused("GET", "/me")).status == 401
    assert (await kept.ask("GET", "/me"))["id"] == kept.me["id"]


async def test_one_who_asks_all_the_time_is_slowed_down(town: Town) -> None:
    browser = town.browser()
    for _ in range(70):
        answer = await browser.raw("POST", "/sign-in/link", json={"token": "x" * 43})
        if answer.status_code == 429:
            assert int(answer.headers["retry-after"]) >= 1
            return
        assert answer.json()["code"] == "link_used_up"
    raise AssertionError("nobody slowed it down")
