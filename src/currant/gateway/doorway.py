"""The first seconds of a TCP connection: from bytes to an admitted station, or to a short answer and the end.

An ordinary asyncio protocol reads the request head itself, because picows is (rightly) stricter
with it than chargers are; once the station is admitted, picows is given a head in perfect order
and takes the socket over. Nothing that can be sent here costs a traceback or a query.
"""

import asyncio
import ssl
import sys
from collections.abc import Coroutine
from http import HTTPStatus
from importlib.util import find_spec
from logging import LoggerAdapter, getLogger
from typing import Any, Protocol, cast

from picows import (
    WSAutoPingStrategy,
    WSCloseCode,
    WSListener,
    WSTransport,
    WSUpgradeResponse,
    WSUpgradeResponseWithListener,
)
from picows.picows import WSProtocol  # type: ignore[attr-defined]

from currant.gateway import handshake, knocking
from currant.gateway.compression import Compression
from currant.gateway.handshake import BadRequest, Opening
from currant.gateway.stepping import run_steps
from currant.stations.directory import StationDirectory
from currant.stations.onboarding_model import Knock

log = getLogger("currant.gateway")

# An adapter, not a logger: picows makes a child of a plain logger for every connection and keeps it.
_PICOWS_LOG = LoggerAdapter(getLogger("currant.gateway.sockets"), {})
getLogger("currant.gateway.sockets").setLevel("CRITICAL")

# picows tries to import an optional package for every connection, and a package that is missing is
# searched for on the disk each time: known to be missing, it costs nothing.
if find_spec("aiofastnet") is None:
    sys.modules.setdefault("aiofastnet", None)  # type: ignore[arg-type]

_REST_BYTES_MAX = 64 * 1024


class Refused(Exception):
    """An opening is answered with an HTTP status instead of a WebSocket."""

    def __init__(self, status: int, message: str, **headers: str) -> None:
        self.status = status
        self.message = message
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}
        super().__init__(message)


class Welcome:
    """An opening is accepted: `listener` gets the frames, `subprotocol` and `compression` are confirmed."""

    __slots__ = ("compression", "listener", "subprotocol")

    def __init__(
        self, listener: WSListener, subprotocol: str | None, compression: Compression | None
    ) -> None:
        self.listener = listener
        self.subprotocol = subprotocol
        self.compression = compression


class Host(Protocol):
    """Who decides about openings, and counts what never became one."""

    handshake_timeout_s: float
    max_message_bytes: int
    read_buffer_bytes: int
    counters: dict[str, int]

    def has_room(self) -> bool: ...

    def count(self, what: str) -> None: ...

    def stranger(self, address: str, kind: str, words: str) -> None:
        """Somebody came who may well be a charger, and cannot be understood."""
        ...

    @property
    def directory(self) -> StationDirectory: ...

    def knocked(self, knock: Knock) -> None:
        """Somebody is turned away, and this is all that is known of them."""
        ...

    def admit(
        self, opening: Opening, *, address: str, certificate: dict[str, Any] | None, encrypted: bool
    ) -> Coroutine[Any, Any, Welcome]:
        """Raises `Refused`."""
        ...

    def closed(self) -> None:
        """A socket that had been counted by `has_room` is a connection now, or gone."""
        ...


class Farewell(WSListener):
    """Ends a WebSocket as soon as it stands: no agreed subprotocol (OCPP-J 1.6, 3.1.2; 2.x Part 4, 3.1.2)."""

    __slots__ = ("_reason",)

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def on_ws_connected(self, transport: WSTransport) -> None:
        transport.send_close(WSCloseCode.PROTOCOL_ERROR, self._reason.encode())
        asyncio.get_running_loop().call_later(0.05, transport.disconnect)


class Doorway(asyncio.Protocol):
    """One accepted socket until its opening is answered."""

    __slots__ = ("_data", "_deciding", "_done", "_encrypted", "_host", "_timer", "_transport")

    def __init__(self, host: Host, *, encrypted: bool) -> None:
        self._host = host
        self._encrypted = encrypted
        self._data = b""
        self._transport: asyncio.Transport | None = None
        self._deciding = False
        self._done = False
        self._timer = asyncio.get_running_loop().call_later(host.handshake_timeout_s, self._too_late)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        if not self._host.has_room():
            self._host.count("no_room")
            self._done = True
            self._answer(Refused(503, "Too many stations are connected.", Retry_After="60"))

    def data_received(self, data: bytes) -> None:
        if self._done or self._transport is None:
            return
        self._data += data
        if self._deciding:
            if len(self._data) > _REST_BYTES_MAX:
                self._refuse(Refused(400, "Frames were sent before the opening was answered."))
            return
        if not handshake.looks_like_http(self._data):
            if self._data[:1] == b"\x16":
                self._host.count("tls_on_plain_port")
                words = "It speaks TLS on the port without it."
                self._host.stranger(self._address(), "TlsHandshakeFailed", words)
            else:
                self._host.count("garbage")
            self._host.knocked(
                knocking.of_first_bytes(self._data, self._address(), encrypted=self._encrypted)
            )
            self._finish()
            self._transport.abort()
            return
        head, end, rest = self._data.partition(b"\r\n\r\n")
        if not end:
            if len(self._data) > handshake.HEAD_BYTES_MAX:
                self._refuse(Refused(431, "The request head is too large."))
            return
        try:
            if len(head) > handshake.HEAD_BYTES_MAX:
                raise BadRequest(431, "The request head is too large.")
            opening = handshake.read_opening(head)
        except BadRequest as bad:
            self._host.knocked(
                knocking.of_bad_request(
                    bad,
                    head,
                    self._address(),
                    encrypted=self._encrypted,
                    directory=self._host.directory,
                )
            )
            self._refuse(Refused(bad.status, str(bad)))
            return
        self._data = rest
        self._deciding = True
        run_steps(
            self._host.admit(
                opening,
                address=self._address(),
                certificate=self._certificate(),
                encrypted=self._encrypted,
            ),
            lambda welcome: self._open(opening, welcome),
            self._not_admitted,
        )

    def _address(self) -> str:
        assert self._transport is not None
        peer = self._transport.get_extra_info("peername")
        return str(peer[0] if isinstance(peer, tuple) else peer or "")

    def _certificate(self) -> dict[str, Any] | None:
        if not self._encrypted or self._transport is None:
            return None
        secured = self._transport.get_extra_info("ssl_object")
        try:
            told = secured.getpeercert() if secured is not None else None
            # As it came too: what is revoked is known by its exact bytes.
            return {**told, "der": secured.getpeercert(binary_form=True)} if told else None
        except (ssl.SSLError, ValueError):
            return None

    def _not_admitted(self, error: Exception) -> None:
        if isinstance(error, Refused):
            self._refuse(error)
        else:
            log.error("An opening could not be judged", exc_info=error)
            self._refuse(Refused(503, "The server cannot take new connections now.", Retry_After="10"))

    def _open(self, opening: Opening, welcome: Welcome) -> None:
        """Hand the socket to picows."""
        transport = self._transport
        if transport is None or transport.is_closing() or self._done:
            return
        self._finish()
        self._timer.cancel()
        response = WSUpgradeResponse.create_101_response(_confirmed(welcome))
        socket = WSProtocol(
            None, None, False,
            lambda request: WSUpgradeResponseWithListener(response, welcome.listener),
            _PICOWS_LOG,
            True, None,
            # Pings are the gateway's own: a timer and a task for each connection would be a lot of them.
            False, 0, 0, WSAutoPingStrategy.PING_WHEN_IDLE, False,
            self._host.max_message_bytes, None, self._host.read_buffer_bytes,
        )  # fmt: skip
        transport.set_protocol(socket)
        socket.connection_made(transport)
        head = (
            "GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {opening.key}\r\n\r\n"
        )
        rest, self._data, self._transport = head.encode() + self._data, b"", None
        while rest and not transport.is_closing():
            room = socket.get_buffer(-1)
            taken = min(len(room), len(rest))
            room[:taken] = rest[:taken]
            del room
            socket.buffer_updated(taken)
            rest = rest[taken:]

    def _refuse(self, refused: Refused) -> None:
        if self._done:
            return
        self._finish()
        self._host.count(f"refused_{refused.status}")
        self._answer(refused)

    def _finish(self) -> None:
        """The opening is answered, one way or another: the socket no longer counts as one of those waiting."""
        self._done = True
        self._host.closed()

    def _answer(self, refused: Refused) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        phrase = HTTPStatus(refused.status).phrase
        body = f"{refused.message}\n".encode()
        headers = {
            "Content-Type": "text/plain; charset=utf-8",
            "Content-Length": str(len(body)),
            "Connection": "close",
            **refused.headers,
        }
        if refused.status == 426:
            headers |= {"Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self._transport.write(f"HTTP/1.1 {refused.status} {phrase}\r\n{lines}\r\n".encode() + body)
        self._transport.close()

    def _too_late(self) -> None:
        """Nothing happened for too long."""
        # Without a transport the TLS handshake is still under way, and has a time of its own.
        if self._done or self._transport is None:
            return
        self._host.count("handshake_timeout")
        self._transport.abort()

    def abandon(self) -> None:
        """The TLS handshake failed: nothing will come."""
        self._done = True
        self._timer.cancel()

    def connection_lost(self, error: Exception | None) -> None:
        self._timer.cancel()
        if not self._done:
            self._finish()
            self._host.count("left_before_opening")


def _confirmed(welcome: Welcome) -> dict[str, str]:
    headers = {}
    if welcome.subprotocol is not None:
        headers["Sec-WebSocket-Protocol"] = welcome.subprotocol
    if welcome.compression is not None:
        headers["Sec-WebSocket-Extensions"] = welcome.compression.header
    return headers
