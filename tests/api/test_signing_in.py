"""Signing in over HTTP: cookies, CSRF, one-time passwords, guessing, keys."""

import asyncio
import logging
from datetime import timedelta

import httpx
import pytest
from served import LOCAL_KEY, PASSWORD, Api
from sqlalchemy import text

from currant.api.authentication import CSRF_COOKIE, CSRF_HEADER, SESSION_COOKIE
from currant.kit.clock import SystemClock
from currant.tenancy.model import Role


async def signed_in(api: Api) -> httpx.AsyncClient:
    """The administrator's browser, after the first password change."""
    browser = api.client()
    first = await browser.post("/api/v1/login", json={"login": "admin", "password": api.first_login.password})
    assert first.status_code == 200, first.text
    body = {"current_password": api.first_login.password, "new_password": PASSWORD}
    changed = await browser.post(
        "/api/v1/me/password", json=body, headers={CSRF_HEADER: first.json()["csrf_token"]}
    )
    assert changed.status_code == 200, changed.text
    browser.headers[CSRF_HEADER] = changed.json()["csrf_token"]
    return browser


async def test_the_first_administrator_must_choose_a_password_before_anything_else(api: Api) -> None:
    browser = api.client()
    answer = await browser.post(
        "/api/v1/login", json={"login": "admin", "password": api.first_login.password}
    )
    assert answer.json()["must_change_password"] is True
    refused = await browser.get("/api/v1/stations")
    assert (refused.status_code, refused.json()["code"]) == (403, "password_change_required")
    browser = await signed_in(api)
    assert (await browser.get("/api/v1/stations")).status_code == 200
    # The one-time password is used up.
    again = await api.client().post(
        "/api/v1/login", json={"login": "admin", "password": api.first_login.password}
    )
    assert (again.status_code, again.json()["code"]) == (401, "wrong_login")


async def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(api: Api) -> None:
    browser = api.client()
    answer = await browser.post(
        "/api/v1/login", json={"login": "admin", "password": api.first_login.password}
    )
    cookies = {line.split("=")[0]: line.lower() for line in answer.headers.get_list("set-cookie")}
    assert "httponly" in cookies[SESSION_COOKIE]
    assert "samesite=lax" in cookies[SESSION_COOKIE]
    assert "secure" not in cookies[SESSION_COOKIE]  # this server speaks plain HTTP on loopback
    assert "httponly" not in cookies[CSRF_COOKIE]
    assert browser.cookies[SESSION_COOKIE] not in answer.text


async def test_an_unsafe_request_of_a_browser_needs_the_csrf_token(api: Api) -> None:
    browser = await signed_in(api)
    body = {"name": "Market Square"}
    token = browser.headers.pop(CSRF_HEADER)
    refused = await browser.post("/api/v1/locations", json=body)
    assert (refused.status_code, refused.json()["code"]) == (403, "csrf_token_missing")
    for wrong in (b"", token[:-1].encode(), "ä".encode(), b"\xff"):
        refused = await browser.post("/api/v1/locations", json=body, headers=[(CSRF_HEADER.encode(), wrong)])
        assert refused.status_code == 403
    assert (await browser.get("/api/v1/locations")).json()["items"] == []
    assert (
        await browser.post("/api/v1/locations", json=body, headers={CSRF_HEADER: token})
    ).status_code == 201


async def test_requests_from_other_pages_are_refused_even_with_cookie_and_token(api: Api) -> None:
    browser = await signed_in(api)
    body = {"name": "Market Square"}
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        refused = await browser.post("/api/v1/locations", json=body, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (403, "foreign_origin")
    login = {"login": "admin", "password": PASSWORD}
    foreign = await api.client().post("/api/v1/login", json=login, headers={"Origin": "https://evil.example"})
    assert foreign.status_code == 403
    own = await browser.post("/api/v1/locations", json=body, headers={"Origin": api.address})
    assert own.status_code == 201


async def test_signing_out_ends_the_session_and_not_only_the_cookie(api: Api) -> None:
    browser = await signed_in(api)
    stolen = browser.cookies[SESSION_COOKIE]
    assert (await browser.post("/api/v1/logout")).status_code == 204
    thief = api.client(Cookie=f"{SESSION_COOKIE}={stolen}")
    assert (await thief.get("/api/v1/me")).status_code == 401


async def test_changing_the_password_ends_all_other_sessions(api: Api) -> None:
    browser = await signed_in(api)
    other = api.client()
    await other.post("/api/v1/login", json={"login": "admin", "password": PASSWORD})
    assert (await other.get("/api/v1/me")).status_code == 200
    body = {"current_password": PASSWORD, "new_password": "another long password"}
    assert (await browser.post("/api/v1/me/password", json=body)).status_code == 200
    assert (await other.get("/api/v1/me")).status_code == 401
    assert (await browser.get("/api/v1/me")).status_code == 200


async def test_a_password_must_not_be_short_common_or_the_old_one(api: Api) -> None:
    browser = await signed_in(api)
    for new in ("short", "1234567890", "aaaaaaaaaaaa", PASSWORD):
        body = {"current_password": PASSWORD, "new_password": new}
        answer = await browser.post("/api/v1/me/password", json=body)
        assert answer.status_code == 422, new
        assert answer.json()["errors"][0]["field"] == "new_password"
    body = {"current_password": "not this one", "new_password": "quite long enough"}
    answer = await browser.post("/api/v1/me/password", json=body)
    assert answer.json()["errors"][0]["field"] == "current_password"


async def test_guessing_is_slowed_down_for_logins_that_exist_and_those_that_do_not(api: Api) -> None:
    browser = api.client()
    for login in ("admin", "nobody"):
        codes = []
        for _ in range(8):
            answer = await browser.post("/api/v1/login", json={"login": login, "password": "guess"})
            codes.append(answer.status_code)
        assert codes[:6] == [401] * 6, login
        assert codes[-1] == 429, login
        assert int(answer.headers["retry-after"]) >= 1
    # The right password has to wait too, or waiting would tell that it is wrong.
    right = {"login": "admin", "password": api.first_login.password}
    assert (await browser.post("/api/v1/login", json=right)).status_code == 429


async def test_a_person_signs_in_with_a_one_time_password_and_loses_access_with_the_account(
    api: Api, owner: httpx.AsyncClient
) -> None:
    made = await owner.post("/api/v1/people", json={"login": "Ada@Example.com", "role": "support"})
    assert made.status_code == 201
    person = made.json()["person"]
    assert person["login"] == "ada@example.com"
    browser = api.client()
    login = {"login": "ADA@example.com ", "password": made.json()["one_time_password"]}
    assert (await browser.post("/api/v1/login", json=login)).status_code == 200
    await owner.patch(f"/api/v1/people/{person['id']}", json={"active": False})
    assert (await browser.get("/api/v1/me")).status_code == 401
    assert (await api.client().post("/api/v1/login", json=login)).status_code == 401


async def test_a_key_works_until_it_is_revoked_and_its_secret_is_told_once(
    api: Api, owner: httpx.AsyncClient
) -> None:
    made = (await owner.post("/api/v1/keys", json={"name": "billing", "role": "read_only"})).json()
    program = api.client(made["secret"])
    assert (await program.get("/api/v1/me")).json()["name"] == "billing"
    assert (await program.post("/api/v1/locations", json={"name": "x"})).json()["code"] == "not_allowed"
    listed = await owner.get("/api/v1/keys")
    assert made["secret"] not in listed.text
    assert listed.json()["items"][0]["prefix"] == made["secret"][:14]
    assert (await owner.delete(f"/api/v1/keys/{made['key']['id']}")).json()["revoked_at"]
    assert (await program.get("/api/v1/me")).status_code == 401


async def test_a_key_ends_when_it_said_it_would(api: Api, owner: httpx.AsyncClient) -> None:
    past = (SystemClock().now() - timedelta(minutes=1)).isoformat()
    answer = await owner.post("/api/v1/keys", json={"name": "late", "role": "support", "expires_at": past})
    assert answer.status_code == 422
    soon = (SystemClock().now() + timedelta(seconds=1)).isoformat()
    made = await owner.post("/api/v1/keys", json={"name": "brief", "role": "support", "expires_at": soon})
    program = api.client(made.json()["secret"])
    assert (await program.get("/api/v1/me")).status_code == 200
    await asyncio.sleep(1.1)
    assert (await program.get("/api/v1/me")).status_code == 401


async def test_wrong_keys_are_slowed_down_by_address(api: Api) -> None:
    guesser = api.client("cur_" + "a" * 42)
    codes = [(await guesser.get("/api/v1/me")).status_code for _ in range(25)]
    assert codes[0] == 401
    assert codes[-1] == 429


async def test_nobody_gives_away_more_than_they_have(api: Api, owner: httpx.AsyncClient) -> None:
    operator = api.client(await api.key(Role.OPERATOR))
    assert (await operator.post("/api/v1/people", json={"login": "eve", "role": "owner"})).status_code == 403
    assert (await operator.post("/api/v1/keys", json={"name": "eve", "role": "owner"})).status_code == 403


async def test_the_last_owner_stays(api: Api, owner: httpx.AsyncClient) -> None:
    admin = (await owner.get("/api/v1/people")).json()["items"][0]
    for answer in (
        await owner.delete(f"/api/v1/people/{admin['id']}"),
        await owner.patch(f"/api/v1/people/{admin['id']}", json={"role": "support"}),
        await owner.patch(f"/api/v1/people/{admin['id']}", json={"active": False}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


async def test_organisations_are_walled_off_from_each_other(api: Api, owner: httpx.AsyncClient) -> None:
    made = await owner.post(
        "/api/v1/organisations", json={"name": "Other", "owner_login": "other@example.com"}
    )
    assert made.status_code == 201, made.text
    other_id = made.json()["organisation"]["id"]
    location = (await owner.post("/api/v1/locations", json={"name": "Ours"})).json()
    station = (await owner.post("/api/v1/stations", json={"identity": "OURS-1"})).json()
    token = (await owner.post("/api/v1/tokens", json={"uid": "04A2B3C4D5E680"})).json()
    key = (await owner.post("/api/v1/keys", json={"name": "ours", "role": "support"})).json()["key"]
    person = (await owner.get("/api/v1/people")).json()["items"][0]
    # The command line may act for any organisation; what it is told of one is told of no other.
    other = api.client(LOCAL_KEY, **{"Currant-Tenant": other_id})
    assert (await other.get("/api/v1/organisation")).json()["name"] == "Other"
    for path in (
        f"/api/v1/locations/{location['id']}",
        f"/api/v1/stations/{station['id']}",
        "/api/v1/stations/OURS-1",
        "/api/v1/stations/OURS-1/history",
        "/api/v1/stations/OURS-1/messages",
        "/api/v1/stations/OURS-1/commands",
        "/api/v1/sessions?station=OURS-1",
        f"/api/v1/tokens/{token['id']}",
        f"/api/v1/tokens/{token['uid']}",
        f"/api/v1/keys/{key['id']}",
        f"/api/v1/people/{person['id']}",
        "/api/v1/events/stream?station=OURS-1",
    ):
        answer = await other.get(path)
        assert answer.status_code == 404, f"{path}: {answer.text}"
    for path in ("locations", "stations", "tokens", "keys", "messages", "sessions", "findings"):
        assert (await other.get(f"/api/v1/{path}")).json()["items"] == [], path
    assert (
        await other.post("/api/v1/stations/OURS-1/commands", json={"command": "Reset"})
    ).status_code == 404
    assert (await other.get("/api/v1/organisations")).status_code == 403
    assert (await api.client(LOCAL_KEY, **{"Currant-Tenant": "none"}).get("/api/v1/me")).status_code == 401


async def test_the_log_of_requests_holds_no_secrets(
    api: Api, owner: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        browser = await signed_in(api)
        made = (await owner.post("/api/v1/keys", json={"name": "billing"})).json()
        await api.client(made["secret"]).get("/api/v1/tokens?uid=04A2B3C4D5E680")
        await owner.get("/api/v1/forged%0AGET%20/line")
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("currant")]
    assert any("/api/v1/keys 201" in line and "caller=local" in line for line in ours)
    assert any("/api/v1/tokens 200" in line and "caller=key:billing" in line for line in ours)
    secrets = (
        PASSWORD,
        LOCAL_KEY,
        made["secret"],
        api.first_login.password,
        browser.cookies[SESSION_COOKIE],
        "04A2B3C4D5E680",
    )
    for line in ours:
        assert "\n" not in line
        assert not any(secret in line for secret in secrets), line


async def test_what_happens_to_people_and_keys_is_in_the_journal(api: Api, owner: httpx.AsyncClient) -> None:
    await signed_in(api)
    person = (await owner.post("/api/v1/people", json={"login": "ada", "role": "support"})).json()["person"]
    await owner.patch(f"/api/v1/people/{person['id']}", json={"role": "operator"})
    await owner.delete(f"/api/v1/people/{person['id']}")
    key = (await owner.post("/api/v1/keys", json={"name": "billing"})).json()["key"]
    await owner.delete(f"/api/v1/keys/{key['id']}")
    await api.client().post("/api/v1/login", json={"login": "admin", "password": "wrong"})

    kinds = await api.database.read(
        lambda connection: [
            row.kind for row in connection.execute(text("SELECT kind FROM journal ORDER BY position"))
        ]
    )
    assert kinds == [
        "OrganisationCreated",
        "PersonAdded",
        "PersonSignedIn",
        "PasswordChanged",
        "PersonSignedIn",
        "PersonAdded",
        "PersonChanged",
        "PersonRemoved",
        "KeyMade",
        "KeyRevoked",
        "SignInFailed",
    ]
