"""Stations as cheap as they can be made: they send what a script says and check every answer.

A script is a generator: it yields (frame, check) and is sent the answer's payload. Each
connection has one call in flight, as OCPP wants, and stops at the first wrong answer.
"""

import asyncio
import base64
import time
from collections.abc import Awaitable, Callable, Generator, Iterable
from typing import Any

import msgspec
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from currant.bench.messages import Check

Script = Generator[tuple[bytes, Check], Any, None]

CONNECTING_AT_ONCE = 256
_decode = msgspec.json.Decoder().decode


class WrongAnswer(Exception):
    """The server answered, and not with what it must answer."""


class Station(WSListener):
    """One connection of the load."""

    def __init__(self) -> None:
        self.transport: WSTransport | None = None
        self.problem: str | None = None
        self.answered = 0
        self.latencies: list[float] | None = None
        self._script: Script | None = None
        self._check: Check | None = None
        self._finished: asyncio.Future[None] | None = None
        self._sent_at = 0.0
        self.echoed = False

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self._end("disconnected by the server")

    def play(self, script: Script) -> "asyncio.Future[None]":
        """Send the script's frames one after the other; the future ends with the script."""
        self._finished = finished = asyncio.get_running_loop().create_future()
        self._script = script
        self._next(None)
        return finished

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        kind = frame.msg_type
        if kind == WSMsgType.CLOSE:
            transport.disconnect()
            return
        if kind != WSMsgType.TEXT:
            return
        message = _decode(frame.get_payload_as_memoryview())
        if message[0] == 2 and not self.echoed:
            # Whatever the server asks of its own accord (a TriggerMessage, say) is not measured here.
            transport.send(WSMsgType.TEXT, msgspec.json.encode([4, message[1], "NotImplemented", "", {}]))
            return
        if self.latencies is not None:
            self.latencies.append(time.perf_counter() - self._sent_at)
        if self._check is None:
            return
        if not self.echoed and (message[0] != 3 or not self._check(message[2])):
            self._end(f"wrong answer: {message!r}"[:300])
            return
        self.answered += 1
        self._next(message[2])

    def _next(self, answer: Any) -> None:
        assert self._script is not None
        try:
            frame, self._check = self._script.send(answer)
        except StopIteration:
            self._end(None)
            return
        self._sent_at = time.perf_counter()
        assert self.transport is not None
        self.transport.send(WSMsgType.TEXT, frame)

    def _end(self, problem: str | None) -> None:
        self.problem = self.problem or problem
        finished, self._finished, self._check = self._finished, None, None
        if finished is not None and not finished.done():
            if problem is None:
                finished.set_result(None)
            else:
                finished.set_exception(WrongAnswer(problem))


async def connect(
    url: str, identity: str, version: str, password: str | None, make: Callable[[], Station] = Station
) -> Station:
    """A connected station; retried while the server's accept queue is full, as a charger would."""
    headers: list[tuple[str, str]] = [("Sec-WebSocket-Protocol", f"ocpp{version}")]
    if password is not None:
        secret = base64.b64encode(f"{identity}:{password}".encode()).decode()
        headers.append(("Authorization", f"Basic {secret}"))
    station = make()
    await ws_connect(
        lambda: station,
        f"{url}/{identity}",
        extra_headers=headers,
        websocket_handshake_timeout=30,
        read_buffer_init_size=2048,
    )
    return station


async def connect_many(
    url: str,
    identities: Iterable[str],
    version: str,
    password: Callable[[str], str] | None,
    make: Callable[[], Station] = Station,
) -> list[Station]:
    gate = asyncio.Semaphore(CONNECTING_AT_ONCE)

    async def one(identity: str) -> Station:
        async with gate:
            return await connect(url, identity, version, password(identity) if password else None, make)

    return list(await asyncio.gather(*(one(identity) for identity in identities)))


async def play_all(stations: list[Station], scripts: Iterable[Script], *, limit_s: float) -> None:
    """Play one script on each station at once; raises WrongAnswer or TimeoutError."""
    waiting: list[Awaitable[None]] = [
        station.play(script) for station, script in zip(stations, scripts, strict=True)
    ]
    await asyncio.wait_for(asyncio.gather(*waiting), limit_s)


def disconnect_all(stations: list[Station]) -> None:
    for station in stations:
        if station.transport is not None:
            station._finished = None
            station.transport.disconnect()
