"""A second factor by an authenticator app: set up, asked for, not taken twice, recovered and required."""

from datetime import timedelta

from entering import Browser, Entrance
from served import LOCAL_KEY, PASSWORD
from sqlalchemy import text


async def ticket_of(entrance: Entrance, login: str) -> str:
    asked = await entrance.browser().enter(login)
    assert asked.status_code == 202, asked.text
    return str(asked.json()["ticket"])


async def test_after_the_password_a_code_is_asked_for(entrance: Entrance) -> None:
    ada = await entrance.person("ada@example.com")
    await ada.set_up_totp(entrance.time)
    assert (await ada.get("/me")).json()["second_factor"] is True
    browser = entrance.browser()
    asked = await browser.enter("ada@example.com")
    assert (asked.status_code, asked.json()["ways"]) == (202, ["totp", "recovery_code"])
    assert "set-cookie" not in asked.headers
    assert (await browser.get("/me")).status_code == 401
    body = {"ticket": asked.json()["ticket"], "code": ada.code(entrance.time)}
    let_in = browser.took(await browser.post("/login/totp", body))
    assert (let_in.status_code, let_in.json()["login"]) == (200, "ada@example.com")
    assert (await browser.get("/stations")).status_code == 200


async def test_a_code_works_once_and_so_does_a_ticket(entrance: Entrance) -> None:
    ada = await entrance.person("ada@example.com")
    await ada.set_up_totp(entrance.time)
    code = ada.code(entrance.time)
    first, second = [await ticket_of(entrance, "ada@example.com") for _ in range(2)]
    assert (await entrance.browser().post("/login/totp", {"ticket": first, "code": code})).status_code == 200
    seen = await entrance.browser().post("/login/totp", {"ticket": second, "code": code})
    assert (seen.status_code, seen.json()["code"]) == (401, "wrong_code")
    entrance.time.advance(timedelta(seconds=30))
    fresh = ada.code(entrance.time)
    used = await entrance.browser().post("/login/totp", {"ticket": first, "code": fresh})
    assert (used.status_code, used.json()["code"]) == (401, "ticket_expired")
    assert (
        await entrance.browser().post("/login/totp", {"ticket": second, "code": fresh})
    ).status_code == 200


async def test_the_code_that_set_it_up_does_not_sign_in(entrance: Entrance) -> None:
    ada = await entrance.person("ada@example.com")
    ada.secret = (await ada.post("/me/totp")).json()["secret"]
    code = ada.code(entrance.time)
    assert (await ada.post("/me/totp/confirm", {"code": code})).status_code == 200
    ticket = await ticket_of(entrance, "ada@example.com")
    seen = await entrance.browser().post("/login/totp", {"ticket": ticket, "code": code})
    assert seen.json()["code"] == "wrong_code"


async def test_clocks_may_differ_by_half_a_minute_and_no_more(entrance: Entrance) -> None:
    ada = await entrance.person("ada@example.com")
    await ada.set_up_totp(entrance.time)
    codes = []
    for _ in range(3):
        entrance.time.advance(timedelta(seconds=30))
        codes.append(ada.code(entrance.time))
    ticket = await ticket_of(entrance, "ada@example.com")
    late = await entrance.browser().post("/login/totp", {"ticket": ticket, "code": codes[0]})
    assert late.status_code == 401
    assert (
        await entrance.browser().post("/login/totp", {"ticket": ticket, "code": codes[1]})
    ).status_code == 200


async def test_a_ticket_ends_after_five_minutes_and_after_five_wrong_codes(entrance: Entrance) -> None:
    ada = await entrance.person("ada@example.com")
    await ada.set_up_totp(entrance.time)
    old = await ticket_of(entrance, "ada@example.com")
    entrance.time.advance(timedelta(minutes=5))
    late = await entrance.browser().post("/login/totp", {"ticket": old, "code": ada.code(entrance.time)})
    assert late.json()["code"] == "ticket_expired"
    guessed = await ticket_of(entrance, "ada@example.com")
    for _ in range(5):
        wrong = await entrance.browser().post("/login/totp", {"ticket": guessed, "code": "000000"})
        assert wrong.json()["code"] == "wrong_code"
    right = {"ticket": guessed, "code": ada.code(entrance.time)}
    assert (await entrance.browser().post("/login/totp", right)).json()["code"] == "ticket_expired"


async def test_guesses_with_many_tickets_are_slowed_down_by_person(entrance: Entrance) -> None:
    ada = await entrance.person("ada@example.com")
    await ada.set_up_totp(entrance.time)
    answers = []
    for _ in range(8):
        ticket = await ticket_of(entrance, "ada@example.com")
        answers.append(await entrance.browser().post("/login/totp", {"ticket": ticket, "code": "000000"}))
    assert answers[0].json()["code"] == "wrong_code"
    assert (answers[-1].status_code, answers[-1].json()["code"]) == (429, "too_many_attempts")


async def test_a_ticket_of_one_kind_is_nothing_elsewhere(entrance: Entrance) -> None:
    ada = await entrance.person("ada@example.com", email="ada@example.com")
    await ada.set_up_totp(entrance.time)
    ticket = await ticket_of(entrance, "ada@example.com")
    body = {"token": ticket, "new_password": "another long password"}
    assert (await entrance.browser().post("/login/reset", body)).json()["code"] == "link_expired"
    body = {"token": ticket, "password": "another long password", "name": ""}
    assert (await entrance.browser().post("/login/invitation", body)).json()["code"] == "link_expired"


async def test_a_recovery_code_works_once_however_it_is_typed(entrance: Entrance) -> None:
    ada = await entrance.person("ada@example.com")
    await ada.set_up_totp(entrance.time)
    assert len(set(ada.recovery_codes)) == 10
    code = ada.recovery_codes[3].upper().replace("-", " ")
    for expected in (200, 401):
        body = {"ticket": await ticket_of(entrance, "ada@example.com"), "code": code}
        assert (await entrance.browser().post("/login/recovery-code", body)).status_code == expected
    assert (await ada.get("/me/second-factors")).json()["recovery_codes_left"] == 9


async def test_a_recovery_code_of_somebody_else_opens_nothing(entrance: Entrance) -> None:
    ada, eve = [await entrance.person(login) for login in ("ada@example.com", "eve@example.com")]
    await ada.set_up_totp(entrance.time)
    await eve.set_up_totp(entrance.time)
    body = {"ticket": await ticket_of(entrance, "ada@example.com"), "code": eve.recovery_codes[0]}
    assert (await entrance.browser().post("/login/recovery-code", body)).json()["code"] == "wrong_code"


async def test_an_app_counts_only_once_it_was_confirmed(entrance: Entrance) -> None:
    ada = await entrance.person("ada@example.com")
    draft = (await ada.post("/me/totp")).json()
    assert draft["uri"].startswith("otpauth://totp/")
    assert draft["secret"] in draft["uri"]
    assert draft["qr_svg"].startswith("<svg")
    assert (await entrance.browser().enter("ada@example.com")).status_code == 200
    wrong = await ada.post("/me/totp/confirm", {"code": "000000"})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "code")
    assert (await ada.get("/me/second-factors")).json()["totp"] is None


async def test_removing_the_app_takes_the_password_even_just_after_signing_in(entrance: Entrance) -> None:
    ada = await entrance.person("ada@example.com")
    await ada.set_up_totp(entrance.time)
    asked = await ada.send("DELETE", "/me/totp", {})
    assert (asked.status_code, asked.json()["code"]) == (403, "password_needed")
    assert (await ada.send("DELETE", "/me/totp", {"password": "wrong"})).status_code == 422
    assert (await ada.send("DELETE", "/me/totp", {"password": PASSWORD})).status_code == 204
    assert (await entrance.browser().enter("ada@example.com")).status_code == 200
    # The codes went with the last factor.
    assert (await ada.get("/me/second-factors")).json()["recovery_codes_left"] == 0


async def test_new_recovery_codes_end_the_old_ones(entrance: Entrance) -> None:
    ada = await entrance.person("ada@example.com")
    assert (await ada.post("/me/recovery-codes", {"password": PASSWORD})).status_code == 409
    await ada.set_up_totp(entrance.time)
    made = await ada.post("/me/recovery-codes", {"password": PASSWORD})
    fresh = made.json()["recovery_codes"]
    assert not set(fresh) & set(ada.recovery_codes)
    body = {"ticket": await ticket_of(entrance, "ada@example.com"), "code": ada.recovery_codes[0]}
    assert (await entrance.browser().post("/login/recovery-code", body)).status_code == 401
    body["code"] = fresh[0]
    assert (await entrance.browser().post("/login/recovery-code", body)).status_code == 200


async def test_a_lost_phone_is_helped_by_who_may_manage_people(entrance: Entrance) -> None:
    ada = await entrance.person("ada@example.com")
    await ada.set_up_totp(entrance.time)
    half_way = await ticket_of(entrance, "ada@example.com")
    other = await entrance.person("eve@example.com")
    path = f"/people/{ada.person_id}/second-factors"
    assert (await other.send("DELETE", path)).status_code == 403
    owner = entrance.client(LOCAL_KEY)
    assert (await owner.delete(f"/api/v1{path}")).status_code == 204
    assert (await ada.get("/me")).status_code == 401
    body = {"ticket": half_way, "code": ada.code(entrance.time)}
    assert (await entrance.browser().post("/login/totp", body)).json()["code"] == "ticket_expired"
    assert (await entrance.browser().enter("ada@example.com")).status_code == 200


async def required(entrance: Entrance) -> Browser:
    """The administrator's browser, with a second factor, which is now required of everybody."""
    owner = await entrance.person("owner@example.com", role="owner")
    first = await owner.send("PATCH", "/organisation", {"require_second_factor": True})
    assert (first.status_code, first.json()["code"]) == (409, "conflict")
    await owner.set_up_totp(entrance.time)
    changed = await owner.send("PATCH", "/organisation", {"require_second_factor": True})
    assert changed.json()["require_second_factor"] is True
    return owner


async def test_where_a_second_factor_is_required_nothing_else_works_until_there_is_one(
    entrance: Entrance,
) -> None:
    ada = await entrance.person("ada@example.com")
    owner = await required(entrance)
    assert (await owner.get("/stations")).status_code == 200
    refused = await ada.get("/stations")
    assert (refused.status_code, refused.json()["code"]) == (403, "second_factor_required")
    me = (await ada.get("/me")).json()
    assert (me["second_factor"], me["second_factor_required"]) == (False, True)
    # Programs are not people.
    assert (await entrance.client(LOCAL_KEY).get("/api/v1/stations")).status_code == 200
    await ada.set_up_totp(entrance.time)
    assert (await ada.get("/stations")).status_code == 200
    assert (await ada.get("/me")).json()["second_factor_required"] is False


async def test_where_a_second_factor_is_required_the_last_one_stays(entrance: Entrance) -> None:
    owner = await required(entrance)
    refused = await owner.send("DELETE", "/me/totp", {"password": PASSWORD})
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    assert (await owner.get("/me")).json()["second_factor"] is True


async def test_who_reads_the_database_reads_neither_secrets_nor_codes(entrance: Entrance) -> None:
    ada = await entrance.person("ada@example.com")
    await ada.set_up_totp(entrance.time)
    ticket = await ticket_of(entrance, "ada@example.com")

    def everything(connection: object) -> bytes:
        rows = []
        for table in ("totp_secrets", "recovery_codes", "tickets", "logins", "journal"):
            rows += connection.execute(text(f"SELECT * FROM {table}")).all()  # type: ignore[attr-defined]
        return b"\n".join(
            value if isinstance(value, bytes) else str(value).encode() for row in rows for value in row
        )

    kept = await entrance.database.read(everything)
    for secret in (
        ada.secret,
        ticket,
        *ada.recovery_codes,
        *[c.replace("-", "") for c in ada.recovery_codes],
    ):
        assert secret.encode() not in kept
