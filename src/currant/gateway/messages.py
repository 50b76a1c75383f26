"""Puts the frames of one connection together: fragments, compression, control frames.

picows hands over frames; this gives back whole messages, within the limits, or says how the
WebSocket has to end (RFC 6455 5.4 and 7.4, RFC 7692 6.2).
"""

import zlib

from picows import WSCloseCode, WSFrame, WSMsgType

from currant.gateway.compression import TooLarge, inflate

FRAGMENTS_MAX = 1024

_DATA = (WSMsgType.TEXT, WSMsgType.BINARY)


class Broken(Exception):
    """The peer breaks the WebSocket protocol; the connection ends with `code`."""

    def __init__(self, code: WSCloseCode, reason: str) -> None:
        self.code = code
        self.reason = reason
        super().__init__(reason)


class Assembly:
    """The parts of a fragmented message; made for a connection when the first fragment comes."""

    __slots__ = ("_compressed", "_parts", "_size")

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0
        self._compressed = False

    @property
    def is_open(self) -> bool:
        return bool(self._parts)

    def add(self, frame: WSFrame, *, may_compress: bool, limit: int) -> bytes | None:
        """The whole message, or None when more fragments are to come. Raises `Broken`."""
        first = frame.msg_type in _DATA
        if frame.rsv2 or frame.rsv3 or (frame.rsv1 and not (first and may_compress)):
            raise Broken(WSCloseCode.PROTOCOL_ERROR, "A reserved bit is set that was not agreed on.")
        if first == self.is_open:
            what = "A new message began within another one." if first else "Nothing is there to be continued."
            raise Broken(WSCloseCode.PROTOCOL_ERROR, what)
        if first:
            self._compressed = bool(frame.rsv1)
        part = frame.get_payload_as_bytes()
        self._size += len(part)
        if self._size > limit or len(self._parts) >= FRAGMENTS_MAX:
            raise Broken(WSCloseCode.MESSAGE_TOO_BIG, f"Messages may have {limit} bytes.")
        self._parts.append(part)
        if not frame.fin:
            return None
        message = part if len(self._parts) == 1 else b"".join(self._parts)
        self._parts = []
        self._size = 0
        return expand(message, limit=limit) if self._compressed else message


def expand(message: bytes, *, limit: int) -> bytes:
    """Inflate a compressed message. Raises `Broken`."""
    try:
        return inflate(message, limit=limit)
    except TooLarge:
        raise Broken(WSCloseCode.MESSAGE_TOO_BIG, f"Messages may have {limit} bytes.") from None
    except zlib.error:
        raise Broken(WSCloseCode.INVALID_TEXT, "The compressed message cannot be read.") from None
