"""Single sign-on against a real provider on loopback, and against one that lies."""

import re
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import msgspec
import oidc_provider_mock
import pytest
from entering import Browser, Entrance
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from served import LOCAL_KEY

from currant.kit.clock import SystemClock
from currant.tenancy.model import Role
from currant.tenancy.oidc import Provider, role_of
from currant.tenancy.single_sign_on import safe_return
from services import fresh_database

START = "/login/oidc/firm/start"


@pytest.fixture
def issuer() -> Iterator[str]:
    """A real OpenID provider; who signs in there is whoever they say they are."""
    with oidc_provider_mock.run_server_in_thread(require_nonce=True) as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture
async def enter(tmp_path: Path) -> AsyncIterator[Any]:
    """Starts an API that knows a provider."""
    started: list[Entrance] = []

    async def start(issuer: str, **told: Any) -> Entrance:
        provider = Provider(
            id="firm", name="Work", issuer=issuer, client_id="currant", client_secret="a secret", **told
        )
        entrance = Entrance(fresh_database(tmp_path / f"{len(started)}.sqlite"), (provider,))
        started.append(entrance)
        await entrance.start()
        return entrance

    yield start
    for entrance in started:
        await entrance.stop()
        await entrance.database.close()


def claims_at(issuer: str, subject: str, **claims: Any) -> None:
    """What the provider says of somebody."""
    httpx.put(f"{issuer}/users/{subject}", json=claims).raise_for_status()


async def sent_back(browser: Browser, subject: str, path: str = START) -> str:
    """Go to the provider and sign in there; the address it sends the browser back to."""
    away = await browser.get(path)
    assert away.status_code == 302, away.text
    async with httpx.AsyncClient() as there:
        answer = await there.post(away.headers["location"], data={"sub": subject})
    assert answer.status_code == 302, answer.text
    return answer.headers["location"]


async def visited(browser: Browser, subject: str, path: str = START) -> str:
    """There and back: where the browser ends."""
    back = await browser.client.get(await sent_back(browser, subject, path))
    assert back.status_code == 302, back.text
    return back.headers["location"]


def problem_of(place: str) -> str:
    assert place.startswith("/console/sign-in?"), place
    return parse_qs(urlsplit(place).query)["problem"][0]


async def test_somebody_new_comes_in_with_the_role_that_is_set(issuer: str, enter: Any) -> None:
    entrance = await enter(issuer, create=True, role=Role.SUPPORT)
    claims_at(issuer, "ada", email="Ada@example.com", email_verified=True, name="Ada Lovelace")
    page = (await entrance.browser().get("/sign-in")).json()
    assert page["providers"] == [{"id": "firm", "name": "Work"}]
    browser = entrance.browser()
    assert (
        await visited(browser, "ada", f"{START}?return_to=/console/stations%3Fq%3D1")
        == "/console/stations?q=1"
    )
    me = (await browser.get("/me")).json()
    assert (me["login"], me["name"], me["role"]) == ("ada@example.com", "Ada Lovelace", "support")
    assert (await browser.get("/stations")).status_code == 200
    assert (await browser.get("/me/sign-ins")).json()["items"][0]["way"] == "single_sign_on"
    # The second time it is the same person, whatever their address is by then.
    claims_at(issuer, "ada", email="countess@example.com", email_verified=True)
    again = entrance.browser()
    await visited(again, "ada")
    assert (await again.get("/me")).json()["id"] == me["id"]
    # They have no password, neither to guess nor to have mailed.
    assert (await entrance.browser().enter("ada@example.com", " ")).status_code == 401


async def test_who_is_unknown_stays_outside_unless_accounts_are_made(issuer: str, enter: Any) -> None:
    entrance = await enter(issuer)
    assert problem_of(await visited(entrance.browser(), "stranger")) == "unknown_person"


async def test_the_first_visit_is_linked_by_a_verified_address_where_that_is_allowed(
    issuer: str, enter: Any
) -> None:
    trusting, careful = await enter(issuer, link_by_email=True), await enter(issuer)
    claims_at(issuer, "ada", email="ADA@example.com", email_verified=True)
    claims_at(issuer, "eve", email="ada@example.com", email_verified=False)
    for entrance in (trusting, careful):
        await entrance.person("ada@example.com")
    assert problem_of(await visited(careful.browser(), "ada")) == "unknown_person"
    assert problem_of(await visited(trusting.browser(), "eve")) == "unknown_person"
    browser = trusting.browser()
    assert await visited(browser, "ada") == "/console/"
    assert (await browser.get("/me")).json()["login"] == "ada@example.com"


async def test_an_address_that_somebody_gave_themselves_links_nobody(issuer: str, enter: Any) -> None:
    entrance = await enter(issuer, link_by_email=True)
    eve = await entrance.person("eve@example.com")
    assert (await eve.send("PATCH", "/me", {"email": "boss@example.com"})).status_code == 200
    claims_at(issuer, "boss", email="boss@example.com", email_verified=True)
    assert problem_of(await visited(entrance.browser(), "boss")) == "unknown_person"


async def test_roles_follow_the_claim_at_every_visit(issuer: str, enter: Any) -> None:
    entrance = await enter(
        issuer,
        create=True,
        role_claim="access.roles",
        roles={"admins": Role.OWNER, "ops": Role.OPERATOR},
    )
    claims_at(issuer, "ada", access={"roles": ["ops", "staff"]})
    browser = entrance.browser()
    await visited(browser, "ada")
    assert (await browser.get("/me")).json()["role"] == "operator"
    claims_at(issuer, "ada", access={"roles": ["admins", "ops"]})
    await visited(browser, "ada")
    assert (await browser.get("/me")).json()["role"] == "owner"
    claims_at(issuer, "ada", access={"roles": ["guests"]})
    assert problem_of(await visited(browser, "ada")) == "not_allowed"


async def test_who_was_locked_out_here_does_not_come_in_from_there(issuer: str, enter: Any) -> None:
    entrance = await enter(issuer, create=True, role=Role.SUPPORT)
    browser = entrance.browser()
    await visited(browser, "ada")
    person_id = (await browser.get("/me")).json()["id"]
    owner = entrance.client(LOCAL_KEY)
    await owner.patch(f"/api/v1/people/{person_id}", json={"active": False})
    assert problem_of(await visited(entrance.browser(), "ada")) == "not_allowed"


async def test_a_second_factor_is_asked_for_here_when_the_provider_did_not(issuer: str, enter: Any) -> None:
    entrance = await enter(issuer, link_by_email=True)
    ada = await entrance.person("ada@example.com")
    await ada.set_up_totp(entrance.time)
    claims_at(issuer, "ada", email="ada@example.com", email_verified=True)
    browser = entrance.browser()
    place = urlsplit(await visited(browser, "ada", f"{START}?return_to=/console/map"))
    told = parse_qs(place.fragment)
    assert (place.path, place.query) == ("/console/sign-in", "")
    assert (told["ways"], told["return_to"]) == (["totp,recovery_code"], ["/console/map"])
    assert (await browser.get("/me")).status_code == 401
    body = {"ticket": told["ticket"][0], "code": ada.code(entrance.time)}
    assert (await browser.post("/login/totp", body)).status_code == 200
    claims_at(issuer, "ada", email="ada@example.com", email_verified=True, amr=["pwd", "mfa"])
    assert await visited(entrance.browser(), "ada") == "/console/"


async def test_a_visit_belongs_to_the_browser_that_began_it_and_ends_once(issuer: str, enter: Any) -> None:
    entrance = await enter(issuer, create=True, role=Role.SUPPORT)
    mallory, victim = entrance.browser(), entrance.browser()
    # Mallory signs in at the provider and gives the address back to somebody else.
    place = await sent_back(mallory, "mallory")
    assert problem_of((await victim.client.get(place)).headers["location"]) == "other_browser"
    # It is used up by that, for everybody.
    assert problem_of((await mallory.client.get(place)).headers["location"]) == "expired"
    # A browser on a visit of its own is not let in by another's answer either.
    theirs, own = await sent_back(mallory, "mallory"), await sent_back(victim, "victim")
    state = parse_qs(urlsplit(theirs).query)["state"][0]
    mixed = re.sub(r"state=[^&]+", f"state={state}", own)
    assert problem_of((await victim.client.get(mixed)).headers["location"]) == "other_browser"
    assert (await victim.get("/me")).status_code == 401


async def test_a_code_of_another_visit_does_not_fit_this_one(issuer: str, enter: Any) -> None:
    entrance = await enter(issuer, create=True, role=Role.SUPPORT)
    mallory, victim = entrance.browser(), entrance.browser()
    stolen = parse_qs(urlsplit(await sent_back(victim, "victim")).query)["code"][0]
    own = await sent_back(mallory, "mallory")
    injected = re.sub(r"code=[^&]+", f"code={stolen}", own)
    assert problem_of((await mallory.client.get(injected)).headers["location"]) in (
        "not_verified",
        "provider_refused",
    )
    assert (await mallory.get("/me")).status_code == 401


async def test_a_visit_that_was_broken_off_or_took_too_long_is_told(issuer: str, enter: Any) -> None:
    entrance = await enter(issuer, create=True, role=Role.SUPPORT)
    browser = entrance.browser()
    place = await sent_back(browser, "ada")
    state = parse_qs(urlsplit(place).query)["state"][0]
    denied = await browser.get(f"/login/oidc/firm/return?state={state}&error=access_denied&session_state=x")
    assert problem_of(denied.headers["location"]) == "cancelled"
    foreign = f"{await sent_back(browser, 'ada')}&iss=https://evil.example"
    assert problem_of((await browser.client.get(foreign)).headers["location"]) == "not_verified"
    assert problem_of((await browser.get("/login/oidc/firm/return")).headers["location"]) == "expired"
    assert (await browser.get("/login/oidc/nowhere/start")).status_code == 404


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "/console/\\evil.example",
        "/console//evil.example",
        "/console/../api/v1/me",
        "/console/%2e%2e/evil",
        "/consoleevil",
        "/api/v1/logout",
        "javascript:alert(1)",
        "/console/\r\nSet-Cookie: a=b",
        "/console/ä",
        "/console/" + "x" * 1_000,
        "",
    ],
)
def test_nobody_is_sent_back_to_anywhere_but_our_own_pages(wanted: str) -> None:
    assert safe_return(wanted) == "/console/"


@pytest.mark.parametrize(
    "wanted", ["/console", "/console/", "/console/stations?q=a//b", "/console/map#3/48/7"]
)
def test_pages_of_the_console_are_come_back_to(wanted: str) -> None:
    assert safe_return(wanted) == wanted


def test_a_role_claim_of_any_shape_is_read_or_says_nothing() -> None:
    provider = Provider(
        id="x", name="x", issuer="x", client_id="x", role_claim="a.b", roles={"ops": Role.OPERATOR}
    )
    assert role_of({"a": {"b": "ops"}}, provider) is Role.OPERATOR
    for claims in ({}, {"a": 3}, {"a": {"b": {"c": 1}}}, {"a": {"b": [{"ops": 1}, 7]}}, {"a": ["ops"]}):
        assert role_of(claims, provider) is None


class Liar:
    """A provider that answers whatever a test wants: `token` makes the id token."""

    def __init__(self) -> None:
        self.key = RSAKey.generate_key(2048, parameters={"kid": "k1"})
        self.issuer = ""
        self.nonce = ""
        self.describes_itself_as = ""
        self.claims: dict[str, Any] = {}
        self.header: dict[str, Any] = {"alg": "RS256", "kid": "k1"}
        self.signed_with: Any = self.key

    def token(self) -> str:
        now = int(SystemClock().now().timestamp())
        claims = {
            "iss": self.issuer,
            "sub": "ada",
            "aud": "currant",
            "iat": now,
            "exp": now + 300,
            "nonce": self.nonce,
        }
        claims |= self.claims
        return jwt.encode(
            self.header,
            {k: v for k, v in claims.items() if v is not None},
            self.signed_with,
            algorithms=["RS256", "HS256"],
        )

    def answer(self, path: str) -> dict[str, Any]:
        if path.startswith("/.well-known"):
            return {
                "issuer": self.describes_itself_as or self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
            }
        if path == "/keys":
            return {"keys": [self.key.as_dict(private=False)]}
        return {"access_token": "x", "token_type": "Bearer", "id_token": self.token()}


@contextmanager
def serving(liar: Liar) -> Iterator[None]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = msgspec.json.encode(liar.answer(self.path))
            self.rfile.read(int(self.headers.get("content-length", "0")))
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    liar.issuer = f"http://localhost:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield
    server.shutdown()
    server.server_close()


async def told_by(liar: Liar, entrance: Entrance) -> str:
    """Where a browser ends that comes back from the liar."""
    browser = entrance.browser()
    away = parse_qs(urlsplit((await browser.get(START)).headers["location"]).query)
    assert (away["code_challenge_method"], away["response_type"]) == (["S256"], ["code"])
    liar.nonce = away["nonce"][0]
    back = await browser.get(f"/login/oidc/firm/return?state={away['state'][0]}&code=c")
    return str(back.headers["location"])


async def test_an_id_token_is_believed_only_when_everything_about_it_is_right(enter: Any) -> None:
    liar = Liar()
    with serving(liar):
        entrance = await enter(liar.issuer, create=True, role=Role.SUPPORT)
        assert await told_by(liar, entrance) == "/console/"
        for lie in (
            {"iss": "https://evil.example"},
            {"aud": "somebody else"},
            {"aud": ["currant", "somebody else"]},
            {"azp": "somebody else"},
            {"exp": 1_000_000_000},
            {"exp": None},
            {"iat": None},
            {"nonce": "another visit's"},
            {"nonce": None},
            {"sub": None},
            {"sub": ""},
            {"sub": 7},
            {"at_hash": "not of this access token"},
        ):
            liar.claims = lie
            assert problem_of(await told_by(liar, entrance)) == "not_verified", lie


async def test_an_id_token_signed_by_another_key_or_with_our_secret_is_not_believed(enter: Any) -> None:
    liar = Liar()
    with serving(liar):
        entrance = await enter(liar.issuer, create=True, role=Role.SUPPORT)
        liar.signed_with = RSAKey.generate_key(2048, parameters={"kid": "k1"})
        assert problem_of(await told_by(liar, entrance)) == "not_verified"
        liar.header, liar.signed_with = {"alg": "HS256"}, OctKey.import_key("a secret")
        assert problem_of(await told_by(liar, entrance)) == "not_verified"
        liar.header, liar.signed_with = (
            {"alg": "HS256"},
            OctKey.import_key(str(liar.key.as_dict(private=False)["n"])),
        )
        assert problem_of(await told_by(liar, entrance)) == "not_verified"


async def test_new_keys_of_a_provider_are_fetched_when_they_are_needed(enter: Any) -> None:
    liar = Liar()
    with serving(liar):
        entrance = await enter(liar.issuer, create=True, role=Role.SUPPORT)
        assert await told_by(liar, entrance) == "/console/"
        liar.key = liar.signed_with = RSAKey.generate_key(2048, parameters={"kid": "k2"})
        liar.header = {"alg": "RS256", "kid": "k2"}
        # Not more often than every half minute, whatever tokens come.
        assert problem_of(await told_by(liar, entrance)) == "not_verified"
        entrance.time.advance(timedelta(seconds=31))
        assert await told_by(liar, entrance) == "/console/"


async def test_a_provider_that_is_away_or_speaks_for_another_is_told_on_the_page(enter: Any) -> None:
    liar = Liar()
    with serving(liar):
        entrance = await enter(liar.issuer)
        liar.describes_itself_as = "https://evil.example"
        assert problem_of((await entrance.browser().get(START)).headers["location"]) == "provider_wrong"
    away = await enter("http://localhost:9")
    assert problem_of((await away.browser().get(START)).headers["location"]) == "provider_unreachable"
