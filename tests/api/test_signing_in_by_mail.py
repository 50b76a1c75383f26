"""Forgotten passwords and invitations: what is mailed, what a link does once, and what it does not tell."""

from datetime import timedelta

import pytest
from entering import Browser, Entrance, word_in
from served import LOCAL_KEY, PASSWORD

NEW = "another long password"


@pytest.fixture
async def ada(entrance: Entrance) -> Browser:
    return await entrance.person("ada@example.com", name="Ada", language="de")


async def forgotten(entrance: Entrance, login: str = "ada@example.com") -> str:
    """The word that is mailed to who forgot a password."""
    assert (await entrance.browser().post("/login/forgotten", {"login": login})).status_code == 204
    return word_in(await entrance.letter_to("ada@example.com"))


async def test_a_forgotten_password_is_set_anew_by_a_link_that_works_once(
    entrance: Entrance, ada: Browser
) -> None:
    word = await forgotten(entrance, " ADA@example.com")
    mail = await entrance.letter_to("ada@example.com")
    assert mail.subject == "Ein neues Passwort für Test network"
    assert f"https://charge.example/console/reset#token={word}" in mail.text
    assert word in mail.html
    browser = entrance.browser()
    done = browser.took(await browser.post("/login/reset", {"token": word, "new_password": NEW}))
    assert (done.status_code, done.json()["login"]) == (200, "ada@example.com")
    assert (await browser.get("/stations")).status_code == 200
    # Whoever was signed in with the old password is not any more.
    assert (await ada.get("/me")).status_code == 401
    assert (await entrance.browser().enter("ada@example.com", PASSWORD)).status_code == 401
    assert (await entrance.browser().enter("ada@example.com", NEW)).status_code == 200
    again = await entrance.browser().post("/login/reset", {"token": word, "new_password": "x" * 3 + NEW})
    assert (again.status_code, again.json()["code"]) == (401, "link_expired")
    told = await entrance.letter_to("ada@example.com")
    assert "Das Passwort wurde geändert" in told.text


async def test_a_link_ends_after_an_hour(entrance: Entrance, ada: Browser) -> None:
    word = await forgotten(entrance)
    entrance.time.advance(timedelta(hours=1))
    late = await entrance.browser().post("/login/reset", {"token": word, "new_password": NEW})
    assert late.json()["code"] == "link_expired"


async def test_a_password_that_will_not_do_leaves_the_link_as_it_was(
    entrance: Entrance, ada: Browser
) -> None:
    word = await forgotten(entrance)
    short = await entrance.browser().post("/login/reset", {"token": word, "new_password": "short"})
    assert (short.status_code, short.json()["errors"][0]["field"]) == (422, "new_password")
    done = await entrance.browser().post("/login/reset", {"token": word, "new_password": NEW})
    assert done.status_code == 200


async def test_using_one_link_voids_the_others(entrance: Entrance, ada: Browser) -> None:
    first, second = await forgotten(entrance), await forgotten(entrance)
    assert first != second
    body = {"token": second, "new_password": NEW}
    assert (await entrance.browser().post("/login/reset", body)).status_code == 200
    body["token"] = first
    assert (await entrance.browser().post("/login/reset", body)).json()["code"] == "link_expired"


async def test_changing_the_password_or_the_address_voids_links_on_their_way(
    entrance: Entrance, ada: Browser
) -> None:
    word = await forgotten(entrance)
    ada.took(await ada.post("/me/password", {"current_password": PASSWORD, "new_password": NEW}))
    body = {"token": word, "new_password": "x" + NEW}
    assert (await entrance.browser().post("/login/reset", body)).json()["code"] == "link_expired"
    body["token"] = await forgotten(entrance)
    assert (await ada.send("PATCH", "/me", {"email": "new@example.com"})).status_code == 200
    assert (await entrance.browser().post("/login/reset", body)).json()["code"] == "link_expired"


async def test_a_mailbox_is_no_second_factor(entrance: Entrance, ada: Browser) -> None:
    await ada.set_up_totp(entrance.time)
    word, browser = await forgotten(entrance), entrance.browser()
    asked = await browser.post("/login/reset", {"token": word, "new_password": NEW})
    assert (asked.status_code, asked.json()["ways"]) == (202, ["totp", "recovery_code"])
    assert (await browser.get("/me")).status_code == 401
    body = {"ticket": asked.json()["ticket"], "code": ada.code(entrance.time)}
    assert (await browser.post("/login/totp", body)).status_code == 200


async def test_nothing_tells_whether_a_login_exists(entrance: Entrance, ada: Browser) -> None:
    before = len(entrance.letters.sent)
    answers = [
        await entrance.browser().post("/login/forgotten", {"login": login})
        for login in ("ada@example.com", "nobody@example.com", "admin")
    ]
    assert {(answer.status_code, answer.text) for answer in answers} == {(204, "")}
    await entrance.tenancy.mail_links.stop()
    assert [mail.to for mail in entrance.letters.sent[before:]] == ["ada@example.com"]


async def test_a_mailbox_cannot_be_flooded(entrance: Entrance, ada: Browser) -> None:
    for _ in range(10):
        assert (
            await entrance.browser().post("/login/forgotten", {"login": "ada@example.com"})
        ).status_code == 204
    await entrance.tenancy.mail_links.stop()
    assert len([mail for mail in entrance.letters.sent if "#token=" in mail.text]) == 3


async def test_who_asks_for_many_logins_is_slowed_down(entrance: Entrance) -> None:
    codes = [
        (await entrance.browser().post("/login/forgotten", {"login": f"nobody{n}"})).status_code
        for n in range(25)
    ]
    assert (codes[0], codes[-1]) == (204, 429)


async def test_who_may_not_sign_in_gets_no_link_and_an_old_one_is_void(
    entrance: Entrance, ada: Browser
) -> None:
    word = await forgotten(entrance)
    before = len(entrance.letters.sent)
    owner = entrance.client(LOCAL_KEY)
    await owner.patch(f"/api/v1/people/{ada.person_id}", json={"active": False})
    assert (
        await entrance.browser().post("/login/forgotten", {"login": "ada@example.com"})
    ).status_code == 204
    await entrance.tenancy.mail_links.stop()
    assert len(entrance.letters.sent) == before
    body = {"token": word, "new_password": NEW}
    assert (await entrance.browser().post("/login/reset", body)).json()["code"] == "link_expired"


async def invited(entrance: Entrance, login: str = "bob@example.com", **more: str) -> tuple[str, str]:
    """The id of somebody invited, and the word that was mailed."""
    body = {"login": login, "role": "support", "invite": True, **more}
    made = await entrance.client(LOCAL_KEY).post("/api/v1/people", json=body)
    assert made.status_code == 201, made.text
    assert made.json()["one_time_password"] == ""
    return made.json()["person"]["id"], word_in(await entrance.letter_to(more.get("email", login)))


async def test_an_invitation_is_looked_at_and_taken_up_once(entrance: Entrance) -> None:
    person_id, word = await invited(entrance, language="ar")
    assert 'dir="rtl"' in (await entrance.letter_to("bob@example.com")).html
    browser = entrance.browser()
    look = (await browser.post("/login/invitation/look", {"token": word})).json()
    assert (look["login"], look["organisation"], look["role"]) == (
        "bob@example.com",
        "Test network",
        "support",
    )
    body = {"token": word, "name": "Bob", "password": PASSWORD}
    let_in = browser.took(await browser.post("/login/invitation", body))
    assert (let_in.json()["name"], let_in.json()["must_change_password"]) == ("Bob", False)
    assert (await browser.get("/stations")).status_code == 200
    again = await entrance.browser().post("/login/invitation", body | {"password": NEW})
    assert (again.status_code, again.json()["code"]) == (401, "link_expired")
    person = (await entrance.client(LOCAL_KEY).get(f"/api/v1/people/{person_id}")).json()
    assert (person["invited_until"], person["second_factor"]) == (None, False)
    late = await entrance.client(LOCAL_KEY).post(f"/api/v1/people/{person_id}/invitation")
    assert (late.status_code, late.json()["code"]) == (409, "conflict")


async def test_who_was_invited_has_no_password_that_could_be_guessed(entrance: Entrance) -> None:
    await invited(entrance)
    for guess in ("", "nobody's password", "bob@example.com"):
        answer = await entrance.browser().enter("bob@example.com", guess or " ")
        assert answer.json()["code"] == "wrong_login"
    # And none that could be reset: the invitation is the way in.
    before = len(entrance.letters.sent)
    await entrance.browser().post("/login/forgotten", {"login": "bob@example.com"})
    await entrance.tenancy.mail_links.stop()
    assert len(entrance.letters.sent) == before


async def test_a_new_invitation_ends_the_one_before(entrance: Entrance) -> None:
    person_id, first = await invited(entrance)
    again = await entrance.client(LOCAL_KEY).post(f"/api/v1/people/{person_id}/invitation")
    assert again.json()["invited_until"]
    second = word_in(await entrance.letter_to("bob@example.com"))
    browser = entrance.browser()
    assert (await browser.post("/login/invitation/look", {"token": first})).status_code == 401
    assert (await browser.post("/login/invitation/look", {"token": second})).status_code == 200


async def test_an_invitation_ends_after_a_week_and_with_the_person(entrance: Entrance) -> None:
    _, old = await invited(entrance)
    entrance.time.advance(timedelta(days=7))
    body = {"token": old, "name": "Bob", "password": PASSWORD}
    assert (await entrance.browser().post("/login/invitation", body)).json()["code"] == "link_expired"
    person_id, word = await invited(entrance, "eve@example.com")
    await entrance.client(LOCAL_KEY).delete(f"/api/v1/people/{person_id}")
    for path in ("/login/invitation", "/login/invitation/look"):
        body = {"token": word} | ({"password": PASSWORD} if path == "/login/invitation" else {})
        assert (await entrance.browser().post(path, body)).json()["code"] == "link_expired"


async def test_an_invitation_to_another_address_than_before_is_void(entrance: Entrance) -> None:
    person_id, word = await invited(entrance)
    await entrance.client(LOCAL_KEY).patch(
        f"/api/v1/people/{person_id}", json={"email": "robert@example.com"}
    )
    assert (await entrance.browser().post("/login/invitation/look", {"token": word})).status_code == 401


async def test_an_invitation_needs_somewhere_to_go(entrance: Entrance) -> None:
    owner = entrance.client(LOCAL_KEY)
    made = await owner.post("/api/v1/people", json={"login": "bob", "role": "support", "invite": True})
    assert (made.status_code, made.json()["errors"][0]["field"]) == (422, "email")
    assert all(person["login"] != "bob" for person in (await owner.get("/api/v1/people")).json()["items"])
    for email in ("no address", "a@b\r\nBcc: all@example.com", "<a@b>", "a,b@c"):
        body = {"login": "bob", "role": "support", "email": email}
        assert (await owner.post("/api/v1/people", json=body)).status_code == 422


async def test_nobody_invites_to_a_role_above_their_own(entrance: Entrance, ada: Browser) -> None:
    body = {"login": "bob@example.com", "role": "owner", "invite": True}
    assert (await ada.post("/people", body)).status_code == 403


async def test_names_are_written_as_text_and_not_as_html(entrance: Entrance) -> None:
    owner = entrance.client(LOCAL_KEY)
    await owner.patch("/api/v1/organisation", json={"name": "<b>{login}</b> & Söhne"})
    await invited(entrance)
    mail = await entrance.letter_to("bob@example.com")
    assert "&lt;b&gt;{login}&lt;/b&gt; &amp; Söhne" in mail.html
    assert "<b>" not in mail.html
