"""Listens for TLS and makes the handshake on each socket, so that a handshake that fails is seen.

asyncio's own server tells nobody of those: a charger with an old TLS version or a root certificate
that it no longer trusts would just never appear (quirks A11 and A12). So sockets are accepted here.
"""

import asyncio
import errno
import socket
import ssl
from collections.abc import Callable
from contextvars import ContextVar
from logging import getLogger
from typing import Any, Protocol

log = getLogger("currant.gateway")

ACCEPTED_AT_ONCE = 64
HANDSHAKES_MAX = 2_000
"""Handshakes under way; more wait in the system's queue."""
OUT_OF_MEANS = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
PAUSE_S = 1.0


# Whether the ClientHello of the connection at hand has come: its callbacks run in the context of its task.
_greetings: ContextVar[list[str | None]] = ContextVar("greetings")


def _greeted(secured: ssl.SSLObject, name: str | None, context: ssl.SSLContext) -> None:
    greetings = _greetings.get(None)
    if greetings is not None:
        greetings.append(name)


class Door(Protocol):
    """What a secured connection is handed to: an `asyncio.Protocol` that can also be told that none comes."""

    def abandon(self) -> None: ...


class TlsListener:
    """`failed` is told of every handshake that came to nothing: the address, the error, and whether TLS was begun."""

    def __init__(
        self,
        context: ssl.SSLContext,
        *,
        door: Callable[[], Any],
        failed: Callable[[str, Exception, bool], None],
        handshake_timeout_s: float,
        backlog: int,
    ) -> None:
        self._context = context
        context.sni_callback = _greeted
        self._door = door
        self._failed = failed
        self._handshake_timeout_s = handshake_timeout_s
        self._backlog = backlog
        self._sockets: list[socket.socket] = []
        self._handshakes: set[asyncio.Task[None]] = set()
        self._paused = False
        self._closed = False

    async def start(self, host: str, port: int) -> int:
        """Listen on every address of `host`; the port is returned. Raises OSError when it is taken."""
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        try:
            for family, address in dict.fromkeys((each[0], each[4]) for each in found):
                self._listen(family, (address[0], port, *address[2:]))
                port = self._sockets[0].getsockname()[1]
        except OSError:
            self.close()
            raise
        self._resume()
        return port

    def _listen(self, family: int, address: tuple[Any, ...]) -> None:
        listening = socket.socket(family, socket.SOCK_STREAM)
        self._sockets.append(listening)
        listening.setblocking(False)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listening.bind(address)
        listening.listen(self._backlog)

    def close(self) -> None:
        """Listen no more, and break off the handshakes under way."""
        self._pause()
        self._closed = True
        for listening in self._sockets:
            listening.close()
        for handshake in self._handshakes:
            handshake.cancel()

    def _pause(self) -> None:
        if not self._paused and not self._closed:
            self._paused = True
            for listening in self._sockets:
                asyncio.get_running_loop().remove_reader(listening.fileno())

    def _resume(self) -> None:
        self._paused = False
        if not self._closed:
            for listening in self._sockets:
                asyncio.get_running_loop().add_reader(listening.fileno(), self._accept, listening)

    def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(ACCEPTED_AT_ONCE):
            if len(self._handshakes) >= HANDSHAKES_MAX:
                self._pause()
                return
            try:
                accepted, address = listening.accept()
            except OSError as error:
                if error.errno in OUT_OF_MEANS:
                    log.error("No more connections can be accepted for now: %s", error)
                    self._pause()
                    loop.call_later(PAUSE_S, self._resume)
                # Others mean that there is none (any more): it is asked again when there is.
                return
            accepted.setblocking(False)
            handshake = loop.create_task(self._secure(accepted, str(address[0])))
            self._handshakes.add(handshake)
            handshake.add_done_callback(self._secured)

    async def _secure(self, accepted: socket.socket, address: str) -> None:
        door = self._door()
        greetings: list[str | None] = []
        _greetings.set(greetings)
        try:
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: door,
                accepted,
                ssl=self._context,
                ssl_handshake_timeout=self._handshake_timeout_s,
                ssl_shutdown_timeout=2.0,
            )
        except Exception as error:  # noqa: BLE001 - whatever it was, the socket is gone
            door.abandon()
            self._failed(address, error, bool(greetings))
        except asyncio.CancelledError:
            door.abandon()
            raise

    def _secured(self, handshake: "asyncio.Task[None]") -> None:
        self._handshakes.discard(handshake)
        if self._paused and len(self._handshakes) == HANDSHAKES_MAX - 1:
            self._resume()
