"""Live streams and the server itself: what is told, when it ends, and that nothing is left behind."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from served import LOCAL_KEY, Api, MakeApi

from currant.api.server import ApiServer, Tls
from currant.api.streams import STREAMS_PER_CALLER
from currant.kit.clock import SystemClock
from currant.tenancy.model import Role


async def until(lines: AsyncIterator[str], wanted: str) -> list[str]:
    """The lines of a stream up to the wanted one."""
    seen: list[str] = []
    async with asyncio.timeout(30):
        async for line in lines:
            seen.append(line)
            if line == wanted:
                return seen
    raise AssertionError(f"{wanted!r} never came: {seen}")


async def test_changes_are_told_as_they_happen_to_those_who_may_know(api: Api) -> None:
    tenant_id = api.tenancy.host_tenant_id
    reader = api.client(await api.key(Role.READ_ONLY))
    async with reader.stream("GET", "/api/v1/events/stream") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        lines = stream.aiter_lines()
        await until(lines, "event: ready")
        api.live.publish(tenant_id, "SecurityEventSeen", {"what": "secret"}, key="1")
        api.live.publish(tenant_id, "SessionStarted", {"station_id": "s1", "number": 7}, key="2")
        seen = await until(lines, 'data: {"station_id":"s1","number":7}')
        assert "event: SessionStarted" in seen
        assert "event: SecurityEventSeen" not in seen


async def test_a_stream_can_be_narrowed_to_kinds_and_a_station(api: Api, owner: httpx.AsyncClient) -> None:
    tenant_id = api.tenancy.host_tenant_id
    station = (await owner.post("/api/v1/stations", json={"identity": "A"})).json()
    path = "/api/v1/events/stream?station=A&kinds=SessionStarted,SessionEnded"
    async with owner.stream("GET", path, headers={"Last-Event-ID": "17"}) as stream:
        lines = stream.aiter_lines()
        await until(lines, "event: reload")
        api.live.publish(tenant_id, "SessionStarted", {"station_id": "other"}, key="1")
        api.live.publish(tenant_id, "StationBooted", {"station_id": station["id"]}, key="2")
        api.live.publish(tenant_id, "SessionEnded", {"station_id": station["id"]}, key="3")
        seen = await until(lines, "event: SessionEnded")
        assert [line for line in seen if line.startswith("event:")] == ["event: SessionEnded"]


async def test_a_silent_stream_says_that_it_lives(make_api: MakeApi) -> None:
    api = await make_api(heartbeat_s=0.05)
    async with api.client(LOCAL_KEY).stream("GET", "/api/v1/events/stream") as stream:
        lines = stream.aiter_lines()
        await until(lines, ": alive")
        await until(lines, ": alive")


async def test_a_reader_that_leaves_is_forgotten(api: Api) -> None:
    client = api.client(LOCAL_KEY)
    for path in ("/api/v1/events/stream", "/api/v1/messages/follow"):
        async with client.stream("GET", path) as stream:
            await until(stream.aiter_lines(), "event: ready")
            assert api.app.state.open_streams
        async with asyncio.timeout(30):
            while api.app.state.open_streams:
                await asyncio.sleep(0.02)
    assert not api.live.watched(api.tenancy.host_tenant_id)


async def test_one_caller_opens_a_bounded_number_of_streams(api: Api, owner: httpx.AsyncClient) -> None:
    async with contextlib.AsyncExitStack() as stack:
        kept = []  # an iterator over a stream that is let go closes the stream
        for _ in range(STREAMS_PER_CALLER):
            stream = await stack.enter_async_context(owner.stream("GET", "/api/v1/events/stream"))
            kept.append(stream.aiter_lines())
            await until(kept[-1], "event: ready")
        async with asyncio.timeout(30):
            refused = await api.client(LOCAL_KEY).get("/api/v1/events/stream")
        assert (refused.status_code, refused.json()["code"]) == (429, "too_many_streams")


async def test_stopping_the_server_ends_streams_at_once(make_api: MakeApi) -> None:
    api = await make_api()
    async with api.client(LOCAL_KEY).stream("GET", "/api/v1/events/stream") as stream:
        lines = stream.aiter_lines()
        await until(lines, "event: ready")
        # Whoever waited for the stream would wait for the whole grace.
        api.server._server.config.timeout_graceful_shutdown = 600
        async with asyncio.timeout(60):
            await api.server.stop()
        assert [line async for line in lines if line.startswith("event")] == []


async def test_a_taken_port_is_said_in_words(api: Api) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        server = ApiServer(api.app, host="127.0.0.1", port=taken.getsockname()[1])
        with pytest.raises(OSError, match="is it taken"):
            await server.start()


async def test_over_tls_cookies_are_secure_and_browsers_are_told_to_stay(api: Api, tmp_path: Path) -> None:
    tls = certificate(tmp_path)
    server = ApiServer(api.app, host="127.0.0.1", port=0, tls=tls)
    await server.start()
    context = ssl.create_default_context(cafile=str(tls.certificate))
    async with httpx.AsyncClient(base_url=f"https://localhost:{server.port}", verify=context) as browser:
        login = {"login": "admin", "password": api.first_login.password}
        answer = await browser.post("/api/v1/login", json=login)
        assert answer.status_code == 200, answer.text
        assert all("Secure" in line for line in answer.headers.get_list("set-cookie"))
        assert "max-age" in answer.headers["strict-transport-security"]
        assert (await browser.get("/api/v1/me")).status_code == 200
    # The certificate is renewed while the server runs: only who trusts the new one gets in.
    certificate(tmp_path)
    server.reload_certificate()
    renewed = ssl.create_default_context(cafile=str(tls.certificate))
    async with httpx.AsyncClient(base_url=f"https://localhost:{server.port}", verify=renewed) as browser:
        assert (await browser.get("/health/live")).status_code == 200
    async with httpx.AsyncClient(base_url=f"https://localhost:{server.port}", verify=context) as browser:
        with pytest.raises(httpx.ConnectError):
            await browser.get("/health/live")
    await server.stop()


def certificate(folder: Path) -> Tls:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = SystemClock().now()
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    tls = Tls(certificate=folder / "certificate.pem", key=folder / "key.pem")
    tls.certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    tls.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return tls
