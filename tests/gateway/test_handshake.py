"""How the opening of a connection is read: charger quirks A1 to A8, OCPP-J R1 to R4."""

import pytest

from currant.gateway.handshake import (
    BadRequest,
    basic_credentials,
    choose_version,
    identity_of,
    is_endpoint,
    looks_like_http,
    read_opening,
)

HEAD = (
    b"GET %b HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
    b"sec-websocket-version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
)


@pytest.mark.parametrize(
    ("target", "identity"),
    [
        (b"/ocpp/CP_1", "CP_1"),
        (b"/CP_1", "CP_1"),
        (b"/ocpp/CP_1/", "CP_1"),
        (b"///CP_1", "CP_1"),
        (b"/ocpp//CP_1", "CP_1"),
        (b"/ocpp/CP_1?token=abc/def", "CP_1"),
        (b"/ws://host:9000/CP_1/SERIAL", "SERIAL"),
        (b"ws://host:9000/ocpp/CP_1", "CP_1"),
        (b"/ocpp/RDAM%7C123", "RDAM|123"),
        (b"/ocpp/RDAM|123", "RDAM|123"),
        (b"/ocpp/north%20gate", "north gate"),
        (b"/ocpp/north gate", "north gate"),
        (b"/ocpp/a%2Fb", "a/b"),
        ("/ocpp/Küche".encode(), "Küche"),
        (b"/ocpp/" + b"x" * 48, "x" * 48),
        (b"/ocpp/" + b"x" * 49, None),
        (b"/", None),
        (b"/ocpp", None),
        (b"/ocpp/", None),
        (b"ws://host:9000", None),
        (b"/ocpp/%ff%fe", None),
        (b"/ocpp/a%00b", None),
    ],
)
def test_the_identity_is_the_last_segment_decoded_after_splitting(
    target: bytes, identity: str | None
) -> None:
    assert identity_of(target) == identity


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (b"/ocpp/CP", True),
        (b"/CP", True),
        (b"ws://host:9000/ocpp/CP", True),
        (b"/api/v1/users", False),
        (b"/ws://host/a/CP", False),
    ],
)
def test_only_published_paths_make_a_station_known(target: bytes, expected: bool) -> None:
    assert is_endpoint(target) is expected


@pytest.mark.parametrize(
    ("offered", "assumed", "chosen"),
    [
        ("ocpp1.6", None, ("1.6", "ocpp1.6")),
        ("ocpp2.1, ocpp2.0.1, ocpp1.6", None, ("2.1", "ocpp2.1")),
        ("ocpp1.6,ocpp2.0.1", None, ("1.6", "ocpp1.6")),
        ("ocpp1.5, ocpp2.0.1", None, ("2.0.1", "ocpp2.0.1")),
        ("OCPP1.6", None, ("1.6", "OCPP1.6")),
        ("ocpp1.5", "1.6", (None, None)),
        ("", None, (None, None)),
        ("", "1.6", ("1.6", None)),
    ],
)
def test_the_client_decides_among_the_subprotocols(
    offered: str, assumed: str | None, chosen: tuple[str | None, str | None]
) -> None:
    assert choose_version(offered, assumed=assumed) == chosen


def test_a_head_with_a_space_in_the_target_and_odd_headers_is_read() -> None:
    opening = read_opening(HEAD % b"/ocpp/north gate")
    assert opening.target == b"/ocpp/north gate"
    assert opening.key == "dGhlIHNhbXBsZSBub25jZQ=="


@pytest.mark.parametrize(
    ("before", "after", "status"),
    [
        (b"GET", b"POST", 405),
        (b"HTTP/1.1", b"HTTP/1.0", 505),
        (b"keep-alive, Upgrade", b"keep-alive", 426),
        (b"websocket\r\n", b"h2c\r\n", 426),
        (b"version: 13", b"version: 8", 426),
        (b"dGhlIHNhbXBsZSBub25jZQ==", b"c2hvcnQ=", 400),
        (b"Host: x", b"Host: x\r\nContent-Length: 5", 400),
        (b"Host: x", b"no colon", 400),
        (b"Host: x", b"\r\n".join([b"X: y"] * 120), 431),
    ],
)
def test_what_is_no_opening_is_answered_with_a_reason(before: bytes, after: bytes, status: int) -> None:
    head = HEAD % b"/ocpp/CP"
    assert before in head
    with pytest.raises(BadRequest) as refused:
        read_opening(head.replace(before, after))
    assert refused.value.status == status


@pytest.mark.parametrize("data", [b"\x16\x03\x01\x02", b"\x00\x01", b"\xff"])
def test_bytes_of_tls_and_garbage_are_known_at_once(data: bytes) -> None:
    assert not looks_like_http(data)
    assert looks_like_http(b"G")


def test_credentials_are_bytes_and_may_hold_colons() -> None:
    assert basic_credentials("basic Q1A6YTpi") == (b"CP", b"a:b")
    assert basic_credentials("Basic Q1A6/wCA") == (b"CP", b"\xff\x00\x80")
    assert basic_credentials("Bearer Q1A6YTpi") is None
    assert basic_credentials("Basic !!!") is None
    assert basic_credentials(None) is None
