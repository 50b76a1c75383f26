"""Fragments, compression and pace: what a connection may send, and how much of it."""

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from picows import WSCloseCode, WSFrame, WSMsgType
from picows.picows import _make_test_ws_frame

from currant.gateway.compression import TooLarge, agree, inflate
from currant.gateway.messages import Assembly, Broken
from currant.gateway.pace import Pace

TEXT, MORE = WSMsgType.TEXT, WSMsgType.CONTINUATION
LIMIT = 1000


def frame(kind: WSMsgType, payload: bytes, *, fin: bool, rsv1: bool = False) -> WSFrame:
    return _make_test_ws_frame(kind, payload, fin, rsv1)


@given(st.binary(max_size=LIMIT), st.integers(1, 7), st.booleans())
def test_a_message_in_pieces_is_the_message(message: bytes, pieces: int, compressed: bool) -> None:
    agreed = agree("permessage-deflate")
    assert agreed is not None
    data = agreed.deflate(message) if compressed else message
    size = max(len(data) // pieces, 1)
    parts = [data[at : at + size] for at in range(0, len(data), size)] or [b""]
    assembly = Assembly()
    got = None
    for index, part in enumerate(parts):
        kind = MORE if index else TEXT
        got = assembly.add(
            frame(kind, part, fin=index == len(parts) - 1, rsv1=compressed and not index),
            may_compress=True,
            limit=LIMIT + 100,
        )
    assert got == message


def broken(*frames: WSFrame, may_compress: bool = False) -> WSCloseCode:
    assembly = Assembly()
    try:
        for one in frames:
            assembly.add(one, may_compress=may_compress, limit=LIMIT)
    except Broken as error:
        return error.code
    raise AssertionError("These frames should not be accepted.")


def test_wrong_sequences_of_frames_end_the_connection() -> None:
    assert broken(frame(MORE, b"x", fin=True)) == WSCloseCode.PROTOCOL_ERROR
    assert broken(frame(TEXT, b"x", fin=False), frame(TEXT, b"y", fin=True)) == WSCloseCode.PROTOCOL_ERROR
    assert broken(frame(TEXT, b"x", fin=False, rsv1=True)) == WSCloseCode.PROTOCOL_ERROR


def test_a_message_has_a_largest_size_however_it_is_cut() -> None:
    parts = [frame(TEXT, b"x" * 400, fin=False), *[frame(MORE, b"x" * 400, fin=False)] * 2]
    assert broken(*parts) == WSCloseCode.MESSAGE_TOO_BIG


def test_a_zip_bomb_is_not_inflated() -> None:
    bomb = zlib.compress(bytes(50_000_000), 9, wbits=-15)
    with pytest.raises(TooLarge):
        inflate(bomb, limit=LIMIT)
    assert broken(
        frame(TEXT, bomb[:100], fin=False, rsv1=True), frame(MORE, b"", fin=True), may_compress=True
    ) in (WSCloseCode.MESSAGE_TOO_BIG, WSCloseCode.INVALID_TEXT)


def test_what_is_no_deflate_stream_is_refused() -> None:
    assert broken(
        frame(TEXT, b"\xff\xff\xff\xff", fin=False, rsv1=True), frame(MORE, b"", fin=True), may_compress=True
    ) == (WSCloseCode.INVALID_TEXT)


@pytest.mark.parametrize(
    ("offer", "answer"),
    [
        ("", None),
        ("x-webkit-deflate-frame", None),
        ("permessage-deflate; server_max_window_bits=8", None),
        ("permessage-deflate; server_max_window_bits=8, permessage-deflate", 15),
        ("permessage-deflate; client_max_window_bits", 15),
        ("permessage-deflate; client_max_window_bits=12; server_max_window_bits=10", 10),
        ('permessage-deflate; server_max_window_bits="9"', 9),
        ("permessage-deflate; server_no_context_takeover; client_no_context_takeover", 15),
        ("permessage-deflate; nonsense=1", None),
        ("permessage-deflate; client_max_window_bits=99", None),
        ("permessage-deflate; server_no_context_takeover; server_no_context_takeover", None),
    ],
)
def test_compression_is_agreed_on_as_offered(offer: str, answer: int | None) -> None:
    agreed = agree(offer)
    assert (None if agreed is None else agreed.window_bits) == answer


def test_a_window_that_the_client_limited_is_kept_to() -> None:
    agreed = agree("permessage-deflate; server_max_window_bits=9")
    assert agreed is not None
    assert "server_max_window_bits=9" in agreed.header
    message = b'{"x":"' + bytes(range(32, 120)) * 40 + b'"}'
    reader = zlib.decompressobj(-9)
    assert reader.decompress(agreed.deflate(message) + b"\x00\x00\xff\xff") == message


def test_a_burst_is_let_through_and_then_the_pace_is_held() -> None:
    pace = Pace(10, now=100.0)
    assert [pace.spend(2.0, 10, now=100.0) for _ in range(10)] == [0.0] * 10
    assert pace.spend(2.0, 10, now=100.0) == pytest.approx(1.0)
    assert pace.throttled_for(now=160.0) == pytest.approx(60.0)


def test_who_pauses_long_enough_is_no_longer_throttled() -> None:
    pace = Pace(10, now=100.0)
    for _ in range(11):
        pace.spend(2.0, 10, now=100.0)
    assert pace.spend(2.0, 10, now=120.0) == 0.0
    assert pace.throttled_for(now=120.0) == 0.0
