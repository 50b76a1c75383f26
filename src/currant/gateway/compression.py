"""permessage-deflate (RFC 7692) without context takeover: nothing is kept for a connection between messages.

Required of a CSMS by OCPP 2.0.1 and 2.1 (Part 4, 3.1.4). Without context a kilobyte of JSON still
shrinks to a third, and ten thousand idle connections cost no window of 32 KB each.
"""

import zlib

_TAIL = b"\x00\x00\xff\xff"


class TooLarge(Exception):
    """A message inflates to more than is allowed (a mistake, or a bomb)."""


class Compression:
    """What was agreed; `window_bits` limits our own window where the client asked for it."""

    __slots__ = ("window_bits",)

    def __init__(self, window_bits: int = 15) -> None:
        self.window_bits = window_bits

    @property
    def header(self) -> str:
        words = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
        return words if self.window_bits == 15 else f"{words}; server_max_window_bits={self.window_bits}"

    def deflate(self, data: bytes) -> bytes:
        compressor = zlib.compressobj(1, zlib.DEFLATED, -self.window_bits, 6)
        return (compressor.compress(data) + compressor.flush(zlib.Z_SYNC_FLUSH))[:-4]


def inflate(data: bytes, *, limit: int) -> bytes:
    """The message of a compressed frame. Raises `TooLarge`, or `zlib.error` when it is no deflate stream."""
    inflator = zlib.decompressobj(-15)
    message = inflator.decompress(data + _TAIL, limit + 1)
    if len(message) > limit:
        raise TooLarge
    return message


_DEFAULT = Compression()


def agree(offers: str) -> Compression | None:
    """The first offer of a Sec-WebSocket-Extensions header that can be met, or None."""
    for offer in offers.split(","):
        name, *parameters = (part.strip() for part in offer.split(";"))
        if name == "permessage-deflate":
            agreed = _agree(parameters)
            if agreed is not None:
                return agreed
    return None


def _agree(parameters: list[str]) -> Compression | None:
    window_bits = 15
    seen = set()
    for parameter in parameters:
        name, _, value = (part.strip() for part in parameter.partition("="))
        value = value.strip('"')
        if name in seen:
            return None  # RFC 7692, 7.1: an offer that names a parameter twice is declined.
        seen.add(name)
        if name in ("server_no_context_takeover", "client_no_context_takeover"):
            if value:
                return None
        elif name == "client_max_window_bits":
            if value and value not in _WINDOWS:
                return None
        elif name == "server_max_window_bits":
            # zlib makes no raw streams with a window of 2^8.
            if value not in _WINDOWS or value == "8":
                return None
            window_bits = int(value)
        else:
            return None
    return _DEFAULT if window_bits == 15 else Compression(window_bits)


_WINDOWS = frozenset(str(bits) for bits in range(8, 16))
