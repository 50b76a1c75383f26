"""What Currant asks of other people's servers is bounded in time, size and reach."""

import asyncio
import hashlib
import hmac
import ipaddress
import ssl
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.kit.http_servers import answered, read_request, serving

from currant.kit.clock import SystemClock
from currant.kit.errors import Invalid
from currant.kit.http import Failure, Outbound, RequestFailed, check_url, is_public, signature
from currant.pki.authority import Authority


@pytest.fixture
async def outbound() -> AsyncIterator[Outbound]:
    made = Outbound(allow_private=True)
    yield made
    await made.close()


async def test_a_request_arrives_as_it_was_given_and_its_answer_comes_back(outbound: Outbound) -> None:
    seen = []

    async def polite(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await read_request(reader))
        writer.write(answered(b"yes", more="X-Kind: Good\r\n"))

    async with serving(polite) as url:
        answer = await outbound.request(
            "POST", f"{url}/ask?a=1", content=b"who?", headers={"X-Asks": "us"}, deadline_s=5
        )
    assert (answer.status, answer.body, answer.headers["x-kind"], answer.ok) == (200, b"yes", "Good", True)
    (asked,) = seen
    assert (asked.method, asked.target, asked.body, asked.headers["x-asks"]) == (
        "POST",
        "/ask?a=1",
        b"who?",
        "us",
    )


async def test_a_connection_is_used_again(outbound: Outbound) -> None:
    connections = 0

    async def patient(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        while True:
            await read_request(reader)
            writer.write(answered(b"again"))

    async with serving(patient) as url:
        for _ in range(3):
            assert (await outbound.request("GET", url, deadline_s=5)).body == b"again"
    assert connections == 1


async def test_a_redirect_is_told_and_not_followed(outbound: Outbound) -> None:
    asked = []

    async def elsewhere(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await read_request(reader))
        writer.write(answered(b"", status="302 Found", more="Location: /secret\r\n"))

    async with serving(elsewhere) as url:
        answer = await outbound.request("GET", url, deadline_s=5)
    assert (answer.status, answer.ok, len(asked)) == (302, False, 1)


async def test_who_never_answers_is_given_up_at_the_deadline(outbound: Outbound) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(30)

    async with serving(silent) as url:
        began = time.monotonic()
        with pytest.raises(RequestFailed, match=r"within 0\.3 seconds") as failed:
            await outbound.request("GET", url, deadline_s=0.3)
    assert failed.value.failure is Failure.TOO_SLOW
    assert time.monotonic() - began < 5


async def test_who_answers_a_byte_at_a_time_is_given_up_too(outbound: Outbound) -> None:
    async def dripping(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while True:
            writer.write(b".")
            await writer.drain()
            await asyncio.sleep(0.02)

    async with serving(dripping) as url:
        with pytest.raises(RequestFailed) as failed:
            await outbound.request("GET", url, deadline_s=0.3)
    assert failed.value.failure is Failure.TOO_SLOW


@pytest.mark.parametrize("announces", [True, False])
async def test_an_answer_without_end_is_not_read(outbound: Outbound, announces: bool) -> None:
    async def flooding(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        length = "Content-Length: 999999999999\r\n" if announces else ""
        writer.write(f"HTTP/1.1 200 OK\r\n{length}Connection: close\r\n\r\n".encode())
        while True:
            writer.write(b"x" * 10_000)
            await writer.drain()

    async with serving(flooding) as url:
        with pytest.raises(RequestFailed) as failed:
            await outbound.request("GET", url, deadline_s=10, most_bytes=50_000)
    assert failed.value.failure is Failure.TOO_LARGE


async def test_what_is_no_http_is_said_to_be_none(outbound: Outbound) -> None:
    async def babbling(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH\r\n\r\n")

    async with serving(babbling) as url:
        with pytest.raises(RequestFailed) as failed:
            await outbound.request("GET", url, deadline_s=5)
    assert failed.value.failure is Failure.NOT_HTTP


async def test_where_nobody_listens_is_unreachable(outbound: Outbound) -> None:
    async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None: ...

    async with serving(never) as url:
        pass
    with pytest.raises(RequestFailed) as failed:
        await outbound.request("GET", url, deadline_s=5)
    assert failed.value.failure is Failure.UNREACHABLE


async def test_a_name_that_leads_into_our_network_is_not_followed_there() -> None:
    strict = Outbound()
    # A name that is no address by its text, and 127.0.0.1 to whoever resolves it.
    with pytest.raises(RequestFailed) as failed:
        await strict.request("GET", "https://2130706433/", deadline_s=5)
    assert failed.value.failure is Failure.FORBIDDEN
    await strict.close()


@pytest.mark.parametrize(
    ("name", "trusted", "failure"),
    [
        ("localhost", True, None),
        ("localhost", False, Failure.NO_TRUST),
        ("elsewhere.example", True, Failure.NO_TRUST),
    ],
)
async def test_a_certificate_has_to_be_of_somebody_trusted_and_of_the_name_that_was_asked(
    tmp_path: Path, name: str, trusted: bool, failure: Failure | None
) -> None:
    async def polite(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(answered(b"yes"))

    authority = Authority.open(tmp_path, clock=SystemClock(), organisation="Test")
    files = authority.server_certificates([name])[0]
    theirs = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    theirs.load_cert_chain(files.certificate, files.key)
    ours = ssl.create_default_context(cafile=str(authority.root)) if trusted else None
    outbound = Outbound(allow_private=True, trust=ours)
    async with serving(polite, tls=theirs, host="localhost") as url:
        if failure is None:
            assert (await outbound.request("GET", url, deadline_s=5)).body == b"yes"
        else:
            with pytest.raises(RequestFailed) as failed:
                await outbound.request("GET", url, deadline_s=5)
            assert failed.value.failure is failure
    await outbound.close()


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "ftp://example.com/",
        "https://",
        "https://127.0.0.1/",
        "https://localhost/x",
        "https://10.1.2.3/",
        "https://[::1]/",
        "https://[::ffff:192.168.0.1]/",
        "https://169.254.169.254/latest/meta-data",
        "https://user:word@example.com/",
        "not an address",
        "https://example.com/" + "x" * 3000,
    ],
)
def test_an_address_that_is_never_asked_is_refused_when_it_is_set(url: str) -> None:
    with pytest.raises(Invalid):
        check_url(url, allow_private=False)


def test_without_encryption_only_this_very_machine_is_asked_and_only_where_that_is_allowed() -> None:
    check_url("http://127.0.0.1:8080/x", allow_private=True)
    check_url("https://10.0.0.1/", allow_private=True)
    check_url("https://example.com/", allow_private=False)
    with pytest.raises(Invalid, match="encrypted"):
        check_url("http://10.0.0.1/", allow_private=True)


@pytest.mark.parametrize(
    ("text", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("::ffff:10.0.0.1", False),
        ("2002:0a00:0001::1", False),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b::808:808", True),
        ("fe80::1", False),
        ("fd00::1", False),
    ],
)
def test_private_addresses_are_known_in_every_wrapping(text: str, public: bool) -> None:
    assert is_public(ipaddress.ip_address(text)) is public


def test_a_signature_covers_the_time_and_the_body() -> None:
    told = signature(b"{}", secret="s3cret", at=1_700_000_000)
    expected = hmac.new(b"s3cret", b"1700000000.{}", hashlib.sha256).hexdigest()
    assert told == f"t=1700000000,v1={expected}"
    assert signature(b"{} ", secret="s3cret", at=1_700_000_000) != told
    assert signature(b"{}", secret="s3cret", at=1_700_000_001) != told
