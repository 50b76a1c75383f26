"""Openings as chargers send them, over raw sockets: what is answered, and that nothing is upset by it."""

import asyncio
import base64
import logging
from contextlib import suppress
from pathlib import Path

import pytest
import websockets
from network import PASSWORD, Network, basic, call, network, until

from currant.stations.model import Admission, StationSettings
from currant.stations.service import UnknownStations

KEY = base64.b64encode(b"0123456789abcdef").decode()


async def answer_to(network: Network, sent: bytes, *, until_closed: bool = True) -> bytes:
    """What comes back for raw bytes on the plain port."""
    port = network.gateway.ports.plain
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    got = b""
    with suppress(ConnectionError, TimeoutError):
        async with asyncio.timeout(30):
            while chunk := await reader.read(4096):
                got += chunk
                if not until_closed and b"\r\n\r\n" in got:
                    break
    writer.close()
    return got


def opening(target: str, **headers: str) -> bytes:
    lines = {
        "Host": "x",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": KEY,
        "Sec-WebSocket-Protocol": "ocpp1.6",
    } | {name.replace("_", "-"): value for name, value in headers.items()}
    text = "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value)
    return f"GET {target} HTTP/1.1\r\n{text}\r\n".encode()


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ")[1])


@pytest.mark.parametrize(
    "target",
    [
        "/ocpp/CP 1",
        "/ocpp/CP%201",
        "///CP%201",
        "/ocpp/CP%201/",
        "/ws://host:9000/x/CP%201",
        "http://h/ocpp/CP%201?a=/b",
    ],
)
async def test_a_known_station_is_found_however_it_spells_the_path(
    closed_network: Network, target: str
) -> None:
    await closed_network.add("CP 1", password=PASSWORD)
    got = await answer_to(closed_network, opening(target, **basic("CP 1", PASSWORD)), until_closed=False)
    assert status_of(got) == 101
    assert b"Sec-WebSocket-Protocol: ocpp1.6" in got
    assert b"Sec-WebSocket-Accept: " in got


async def test_a_station_without_a_path_is_known_by_its_user_name(closed_network: Network) -> None:
    await closed_network.add("CP", password=PASSWORD)
    got = await answer_to(closed_network, opening("/", **basic("CP", PASSWORD)), until_closed=False)
    assert status_of(got) == 101
    assert status_of(await answer_to(closed_network, opening("/"))) == 404


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (opening("/ocpp/CP", Connection=""), 426),
        (opening("/ocpp/CP", Upgrade=""), 426),
        (opening("/ocpp/CP", Sec_WebSocket_Key="short"), 400),
        (opening("/ocpp/CP").replace(b"GET", b"PUT"), 405),
        (opening("/"), 404),
        (opening("/api/v1/users"), 404),
        (opening("/ocpp/" + "x" * 49), 404),
        (opening("/ocpp/CP", Pad="x" * 9000), 431),
    ],
)
async def test_other_requests_get_a_short_answer(open_network: Network, sent: bytes, status: int) -> None:
    got = await answer_to(open_network, sent)
    assert status_of(got) == status
    assert b"Connection: close" in got
    assert open_network.directory.find("users") is None


@pytest.mark.parametrize(
    "sent", [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"\x00" * 100, b"\xff\xfe"]
)
async def test_tls_and_garbage_on_the_plain_port_are_closed_and_counted(
    open_network: Network, sent: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert await answer_to(open_network, sent) == b""
    assert caplog.records == []
    assert sum(open_network.gateway.counters.values()) == 1


async def test_without_a_subprotocol_the_opening_is_completed_and_then_closed(open_network: Network) -> None:
    await open_network.add("CP")
    got = await answer_to(open_network, opening("/ocpp/CP", Sec_WebSocket_Protocol="ocpp1.5"))
    head, _, frames = got.partition(b"\r\n\r\n")
    assert status_of(head) == 101
    assert b"sec-websocket-protocol" not in head.lower()
    assert frames[0] == 0x88  # a close frame, and nothing else


async def test_a_version_can_be_assumed_for_a_station_that_offers_none(open_network: Network) -> None:
    await open_network.add("GRIZZLY", settings=StationSettings(assume_version="1.6"))
    async with websockets.connect(f"{open_network.url}/GRIZZLY") as socket:
        assert socket.subprotocol is None
        await socket.send(call("1", "Heartbeat"))
        assert str(await socket.recv()).startswith('[3,"1",{"currentTime"')


async def test_an_unknown_station_is_listed_or_turned_away_by_policy(tmp_path: Path) -> None:
    for policy in UnknownStations:
        folder = tmp_path / policy.value
        folder.mkdir()
        async with network(folder, unknown=policy, allow_unauthenticated=False) as built:
            got = await answer_to(built, opening("/ocpp/NEW"), until_closed=False)
            entry = built.directory.find("NEW")
            if policy is UnknownStations.REFUSED:
                assert (status_of(got), entry) == (404, None)
            elif policy is UnknownStations.PENDING:
                assert status_of(got) == 101
                assert entry is not None
                assert entry.admission is Admission.PENDING
            else:
                # Taken in, and then asked for what it has to have: there is no password yet.
                assert status_of(got) == 401
                assert entry is not None


async def test_the_password_a_pending_station_came_with_stays_its_own(closed_network: Network) -> None:
    first = await answer_to(
        closed_network, opening("/ocpp/NEW", **basic("NEW", PASSWORD)), until_closed=False
    )
    assert status_of(first) == 101
    impostor = await answer_to(closed_network, opening("/ocpp/NEW", **basic("NEW", "another-password-1")))
    assert status_of(impostor) == 401


@pytest.mark.parametrize(
    "given",
    [
        {},
        basic("CP", "wrong-password-wrong"),
        basic("cp", PASSWORD),
        basic("CP", ""),
        {"Authorization": "Bearer x"},
        {"Authorization": "Basic !"},
    ],
)
async def test_bad_credentials_are_answered_401_and_recorded(
    closed_network: Network, given: dict[str, str]
) -> None:
    await closed_network.add("CP", password=PASSWORD)
    got = await answer_to(closed_network, opening("/ocpp/CP", **given))
    assert status_of(got) == 401
    assert b'WWW-Authenticate: Basic realm="ocpp"' in got
    assert await closed_network.security_events() == ["FailedToAuthenticateAtCsms"]


async def test_the_authorization_header_has_any_case_and_the_password_any_bytes(
    closed_network: Network,
) -> None:
    secret = bytes(range(236, 256))
    await closed_network.add("CP", password=secret)
    given = {"aUTHORIZATION": basic("CP", secret)["Authorization"]}
    got = await answer_to(closed_network, opening("/ocpp/CP", **given), until_closed=False)
    assert status_of(got) == 101


async def test_guessing_is_slowed_down(tmp_path: Path) -> None:
    async with network(tmp_path, allow_unauthenticated=False, failures_per_identity=3) as built:
        await built.add("CP", password=PASSWORD)
        wrong = opening("/ocpp/CP", **basic("CP", "wrong-password-wrong"))
        assert [status_of(await answer_to(built, wrong)) for _ in range(4)] == [401, 401, 401, 429]
        assert status_of(await answer_to(built, wrong)) == 429
        # Each is told once, however often it goes on.
        assert sorted(await built.security_events()) == ["FailedToAuthenticateAtCsms", "TooManyFailedLogins"]


async def test_an_opening_that_never_ends_is_cut_off(tmp_path: Path) -> None:
    async with network(tmp_path, handshake_timeout_s=0.2) as built:
        assert await answer_to(built, b"GET /ocpp/CP HTTP/1.1\r\nHost") == b""
        assert built.gateway.counters["handshake_timeout"] == 1


async def test_a_full_gateway_says_so(tmp_path: Path) -> None:
    async with network(tmp_path, max_connections=1, unknown=UnknownStations.OPEN) as built:
        async with websockets.connect(f"{built.url}/CP1", subprotocols=["ocpp1.6"]):
            assert status_of(await answer_to(built, opening("/ocpp/CP2"))) == 503
        # Whatever came of the sockets in between, none of them is counted any more.
        for sent in (b"\x16\x03\x01", opening("/"), opening("/ocpp/CP2", Connection="")):
            await answer_to(built, sent)
        await until(lambda: len(built.registry) == 0)
        assert status_of(await answer_to(built, opening("/ocpp/CP2"), until_closed=False)) == 101
