"""An external authoriser, real and over HTTP: polite, slow, erring, lying, flooding."""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.kit.http_servers import Asked as Request
from tests.kit.http_servers import answered, read_request, serving

from currant.access import authorisers as module
from currant.access.authoriser_model import Asked, AuthoriserDraft, Fallback
from currant.access.events import AuthoriserChanged
from currant.access.model import Opinion, Place, Presented, Reason, TokenDraft, TokenKind, TokenStatus
from currant.access.service import AccessService
from currant.db.engine import Database
from currant.kit.clock import ManualClock
from currant.kit.errors import Invalid, NotFound
from currant.kit.http import Outbound
from currant.kit.ids import LocationId, StationId, TenantId

TENANT = TenantId("tenant")
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
PLACE = Place(station_id=StationId("station"), location_id=LocationId("here"), evse=2)
SECRET = "a secret of the two of us"


class Server:
    """Somebody's authoriser; `answer` is what it says, `asked` what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Request] = []
        self.answer = answered(b'{"allowed": true}')
        self.pause_s = 0.0

    async def behave(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            self.asked.append(await read_request(reader))
            await asyncio.sleep(self.pause_s)
            writer.write(self.answer)
            await writer.drain()

    def says(self, **words: Any) -> None:
        self.answer = answered(json.dumps(words).encode())


@asynccontextmanager
async def asking(
    database: Database, server: Server, **words: Any
) -> AsyncIterator[tuple[AccessService, ManualClock]]:
    outbound, clock = Outbound(allow_private=True), ManualClock(NOW)
    access = AccessService(database, clock, outbound=outbound)
    async with serving(server.behave) as url:
        draft = AuthoriserDraft(**{"url": f"{url}/ask", "secret": SECRET, "deadline_ms": 1_000, **words})
        await access.authorisers.set(TENANT, draft, by="olga")
        yield access, clock
        await access.authorisers.stop()
    await outbound.close()


async def opinion(
    access: AccessService, uid: str = "CAFE0001", kind: TokenKind = TokenKind.RFID
) -> Opinion | None:
    return await access.opinion(TENANT, Presented(uid=uid, kind=kind), PLACE, identity="FR-001")


async def test_it_is_asked_with_who_where_and_a_signature(sqlite_database: Database) -> None:
    server = Server()
    server.says(allowed=True, reference="R-77", explanation="Paid up.", parent_uid="FLEET", more="ignored")
    async with asking(sqlite_database, server) as (access, _):
        told = await opinion(access)
    assert told == Opinion(
        allowed=True,
        explanation="The external authoriser allows it: Paid up.",
        reference="R-77",
        parent_uid="FLEET",
    )
    (request,) = server.asked
    question = json.loads(request.body)
    assert (request.method, request.target) == ("POST", "/ask")
    assert question["token"] == {"uid": "CAFE0001", "kind": "rfid", "known": False}
    assert question["station"] == {
        "station_id": "station",
        "identity": "FR-001",
        "location_id": "here",
        "evse": 2,
    }
    at, told_signature = request.headers["currant-signature"].split(",")
    signed = f"{at[2:]}.".encode() + request.body
    assert told_signature == "v1=" + hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()


async def test_without_an_authoriser_nobody_is_asked_and_nothing_is_read(sqlite_database: Database) -> None:
    access = AccessService(sqlite_database, ManualClock(NOW))
    asked = access.opinion(TENANT, Presented(uid="CAFE0001"), PLACE, identity="FR-001")
    with pytest.raises(StopIteration) as ended:
        asked.send(None)  # type: ignore[attr-defined]
    assert ended.value.value is None


async def test_a_refusal_keeps_its_reason(sqlite_database: Database) -> None:
    server = Server()
    async with asking(sqlite_database, server) as (access, _):
        server.says(allowed=False, reason="quota_used_up", explanation="The purse is empty.")
        told = await opinion(access)
        server.says(allowed=False, reason="accepted")
        contradicting = await opinion(access)
    assert told is not None
    assert contradicting is not None
    assert (told.allowed, told.reason) == (False, Reason.QUOTA_USED_UP)
    assert contradicting.reason is Reason.REFUSED_BY_AUTHORISER


@pytest.mark.parametrize(
    ("fallback", "unknown", "known"),
    [
        (Fallback.ALLOW, (True, Reason.ACCEPTED), (None, Reason.ACCEPTED)),
        (Fallback.REFUSE, (False, Reason.AUTHORISER_SILENT), (False, Reason.AUTHORISER_SILENT)),
        (Fallback.AS_KNOWN, (None, Reason.ACCEPTED), (None, Reason.ACCEPTED)),
    ],
)
async def test_silence_until_the_deadline_lets_the_fallback_hold(
    sqlite_database: Database, fallback: Fallback, unknown: Any, known: Any
) -> None:
    server = Server()
    server.pause_s = 30
    words = {"deadline_ms": 150, "fallback": fallback, "asked": Asked.ALL}
    async with asking(sqlite_database, server, **words) as (access, _):
        await access.create_token(TENANT, TokenDraft(uid="CAFE0002"), by="olga")
        began = time.monotonic()
        of_unknown = await opinion(access)
        assert time.monotonic() - began < 5
        of_known = await opinion(access, "CAFE0002")
    assert of_unknown is not None
    assert of_known is not None
    assert ((of_unknown.allowed, of_unknown.reason), (of_known.allowed, of_known.reason)) == (unknown, known)
    assert "within" in of_unknown.explanation


@pytest.mark.parametrize(
    "answer",
    [
        answered(b"", status="500 Internal Server Error"),
        answered(b'{"allowed": true}', status="201 Created"),
        answered(b"", status="302 Found", more="Location: https://example.org/\r\n"),
        answered(b"yes, of course"),
        answered(b'{"allowed": "yes"}'),
        answered(b'{"allowed": true, "reason": "because"}'),
        answered(b"{}"),
        answered(b'{"allowed": true, "x": "' + b"x" * 20_000 + b'"}'),
        answered(b"\xff\xfe"),
        answered(b"[" * 9_000),
        b"220 smtp.example.org ESMTP\r\n\r\n",
    ],
)
async def test_an_answer_that_is_none_lets_the_fallback_hold(
    sqlite_database: Database, answer: bytes
) -> None:
    server = Server()
    server.answer = answer
    async with asking(sqlite_database, server, fallback=Fallback.REFUSE) as (access, _):
        told = await opinion(access)
        assert told is not None
        assert (told.allowed, told.reason, told.answered) == (False, Reason.AUTHORISER_SILENT, False)
        assert access.authorisers.health(TENANT).failed == 1
        assert access.authorisers.health(TENANT).last_failure


async def test_a_verdict_that_has_ended_is_none(sqlite_database: Database) -> None:
    server = Server()
    server.says(allowed=True, valid_until="2026-01-31T11:59:00Z")
    async with asking(sqlite_database, server) as (access, _):
        told = await opinion(access)
    assert told is not None
    assert (told.allowed, told.reason) == (False, Reason.EXPIRED)


@pytest.mark.parametrize(
    ("words", "asked_about"),
    [
        ({"asked": Asked.UNKNOWN}, {"unknown card"}),
        ({"asked": Asked.ALL}, {"unknown card", "card", "contract"}),
        ({"asked": Asked.KINDS, "kinds": (TokenKind.EMAID,)}, {"contract"}),
        ({"asked": Asked.ALL, "enabled": False}, set()),
    ],
)
async def test_it_is_asked_about_the_tokens_it_is_declared_for(
    sqlite_database: Database, words: dict[str, Any], asked_about: set[str]
) -> None:
    server = Server()
    async with asking(sqlite_database, server, **words) as (access, _):
        await access.create_token(TENANT, TokenDraft(uid="CAFE0002"), by="olga")
        await access.create_token(TENANT, TokenDraft(uid="CAFE0003", status=TokenStatus.BLOCKED), by="olga")
        await access.create_token(TENANT, TokenDraft(uid="DECUR123456789", kind=TokenKind.EMAID), by="olga")
        told = {
            "unknown card": await opinion(access),
            "card": await opinion(access, "CAFE0002"),
            "blocked card": await opinion(access, "CAFE0003"),
            "contract": await opinion(access, "DECUR123456789", TokenKind.EMAID),
            "button": await opinion(access, "", TokenKind.KEYLESS),
            "pin": await opinion(access, "1234", TokenKind.LOCAL),
        }
    assert {name for name, said in told.items() if said is not None} == asked_about
    assert len(server.asked) == len(asked_about)


async def test_an_answer_is_believed_for_a_while_and_never_longer_than_it_says(
    sqlite_database: Database,
) -> None:
    server = Server()
    async with asking(sqlite_database, server, cache_s=60) as (access, clock):
        for _ in range(3):
            assert await opinion(access)
        assert len(server.asked) == 1
        clock.advance(timedelta(seconds=61))
        server.says(allowed=True, valid_until=(clock.now() + timedelta(seconds=10)).isoformat())
        await opinion(access)
        clock.advance(timedelta(seconds=11))
        server.says(allowed=False)
        told = await opinion(access)
        assert told is not None
        assert told.allowed is False
        assert access.authorisers.health(TENANT).from_cache == 2


async def test_the_same_question_is_asked_once_at_a_time(sqlite_database: Database) -> None:
    server = Server()
    server.pause_s = 0.2
    async with asking(sqlite_database, server) as (access, _):
        told = await asyncio.gather(*[opinion(access) for _ in range(20)])
    assert all(each is not None and each.allowed for each in told)
    assert len(server.asked) == 1


async def test_one_that_fails_again_and_again_is_left_alone_but_for_a_trial(
    sqlite_database: Database,
) -> None:
    server = Server()
    server.answer = answered(b"", status="503 Service Unavailable")
    async with asking(sqlite_database, server) as (access, clock):
        for number in range(module.FAILURES_MAX + 4):
            await opinion(access, f"CAFE{number:04}")
        assert len(server.asked) == module.FAILURES_MAX
        health = access.authorisers.health(TENANT)
        assert (health.failed, health.not_asked, health.failing_since) == (
            module.FAILURES_MAX,
            4,
            clock.now(),
        )
        clock.advance(timedelta(seconds=module.FIRST_REST_S))
        # Of those who come now one is the trial, and nobody waits for it but him.
        await asyncio.gather(*[opinion(access, f"BEEF{number:04}") for number in range(5)])
        assert len(server.asked) == module.FAILURES_MAX + 1
        clock.advance(timedelta(seconds=2 * module.FIRST_REST_S))
        server.says(allowed=True)
        told = await opinion(access)
        assert told is not None
        assert told.allowed
        assert access.authorisers.health(TENANT).failing_since is None
        assert await opinion(access, "CAFE0009")
        assert len(server.asked) == module.FAILURES_MAX + 3


async def test_questions_on_their_way_are_bounded_and_hold_nobody_else_up(sqlite_database: Database) -> None:
    server = Server()
    server.pause_s = 30
    async with asking(sqlite_database, server, deadline_ms=3_000) as (access, _):
        waiting = [
            asyncio.ensure_future(opinion(access, f"CAFE{number:04}")) for number in range(module.AT_ONCE_MAX)
        ]
        while access.authorisers.health(TENANT).answered + len(server.asked) < module.AT_ONCE_MAX:
            await asyncio.sleep(0.01)
        began = time.monotonic()
        told = await opinion(access, "BEEF0001")
        assert time.monotonic() - began < 1
        assert told is not None
        assert "too many questions" in told.explanation
        await access.authorisers.stop()
        assert all(each is not None and not each.answered for each in await asyncio.gather(*waiting))


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ({"url": "http://192.0.2.1/"}, "url"),
        ({"url": "ftp://example.org/"}, "url"),
        ({"deadline_ms": 99}, "deadline_ms"),
        ({"deadline_ms": 10_001}, "deadline_ms"),
        ({"secret": "short"}, "secret"),
        ({"cache_s": -1}, "cache_s"),
        ({"asked": Asked.KINDS}, "kinds"),
        ({"kinds": (TokenKind.RFID,)}, "kinds"),
    ],
)
async def test_what_cannot_be_asked_is_refused(
    sqlite_database: Database, words: dict[str, Any], field: str
) -> None:
    access = AccessService(sqlite_database, ManualClock(NOW))
    with pytest.raises(Invalid) as refused:
        await access.authorisers.set(
            TENANT, AuthoriserDraft(**{"url": "https://example.org/", **words}), by="olga"
        )
    assert refused.value.facts["field"] == field


async def test_private_addresses_are_refused_unless_the_installation_allows_them(
    sqlite_database: Database,
) -> None:
    outbound = Outbound()
    access = AccessService(sqlite_database, ManualClock(NOW), outbound=outbound)
    for url in ("https://127.0.0.1/", "https://10.0.0.1/", "http://localhost/"):
        with pytest.raises(Invalid):
            await access.authorisers.set(TENANT, AuthoriserDraft(url=url), by="olga")
    # A name that is no address by its text, and loopback to whoever resolves it.
    draft = AuthoriserDraft(url="https://2130706433/", fallback=Fallback.REFUSE)
    await access.authorisers.set(TENANT, draft, by="olga")
    told = await opinion(access)
    assert told is not None
    assert "private network" in told.explanation
    await outbound.close()


async def test_a_secret_is_made_once_and_stays_until_another_is_given(database: Database) -> None:
    access = AccessService(database, ManualClock(NOW))
    draft = AuthoriserDraft(url="https://example.org/")
    first, made = await access.authorisers.set(TENANT, draft, by="olga")
    assert made
    assert len(first.secret) == 32
    second, made = await access.authorisers.set(TENANT, draft, by="olga")
    assert (second.secret, made) == (first.secret, False)
    other = AccessService(database, ManualClock(NOW))
    await other.authorisers.start()
    assert other.authorisers.asks(TENANT)
    assert not other.authorisers.asks(TenantId("another"))
    await access.authorisers.remove(TENANT, by="olga")
    assert not access.authorisers.asks(TENANT)
    await other.authorisers.follow(AuthoriserChanged(tenant_id=TENANT, happened_at=NOW))
    assert not other.authorisers.asks(TENANT)
    with pytest.raises(NotFound):
        await access.authorisers.get(TENANT)
