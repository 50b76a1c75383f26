"""A charger that follows a script: it says exactly what a test tells it to, and judges what it is told.

Everything that Currant sends is held against the official JSON schemas (of the PyPI package
`ocpp`) by an independent validator; what breaks one fails the test. Calls of Currant are answered
from `answers` (by action: a payload, a function of the request, or None for no answer at all) and
kept in `asked`.
"""

import asyncio
import importlib.util
import itertools
import json
import ssl
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import websockets

from currant.kit.clock import SystemClock, wire_time

Payload = dict[str, Any]
Answer = Payload | Callable[[Payload], Payload | None] | None
FOLDERS = {"1.6": "v16", "2.0.1": "v201", "2.1": "v21"}
PATIENCE_S = 30.0


class CallError(Exception):
    """Currant answered a call with an error: code, description, details."""

    def __init__(self, code: str, description: str, details: Payload) -> None:
        self.code, self.description, self.details = code, description, details
        super().__init__(f"{code}: {description}")


class Refusing(Exception):
    """Raised by an answer function to reply with a CALLERROR of this code."""

    def __init__(self, code: str = "NotSupported") -> None:
        self.code = code
        super().__init__(code)


class ScriptedCharger:
    """One connection of a charger; `identity` and `version` are its own."""

    def __init__(self, socket: Any, identity: str, version: str) -> None:
        self.identity = identity
        self.version = version
        self.answers: dict[str, Answer] = {}
        self.asked: dict[str, list[Payload]] = defaultdict(list)
        """What Currant asked, by action, in order."""
        self.sent_by_currant: list[tuple[str, Payload]] = []
        self._socket = socket
        self._ids = itertools.count(1)
        self._waiting: dict[str, asyncio.Future[Payload]] = {}
        self._news = asyncio.Condition()
        self._seen: dict[str, int] = defaultdict(int)
        self.faults: list[str] = []
        """What Currant sent against the schemas; must be empty at the end."""
        self.result_errors: list[CallError] = []
        """Answers of ours that Currant could not read, as it says in OCPP 2.1 (CALLRESULTERROR)."""

    # Saying

    async def call(self, action: str, /, **payload: Any) -> Payload:
        """Call Currant; its answer, or `CallError`."""
        message_id = f"{self.identity}-{next(self._ids)}"
        answer: asyncio.Future[Payload] = asyncio.get_running_loop().create_future()
        self._waiting[message_id] = answer
        await self._socket.send(json.dumps([2, message_id, action, payload]))
        told = await asyncio.wait_for(answer, PATIENCE_S)
        self._judge(action, told, answer=True)
        return told

    async def send(self, action: str, /, **payload: Any) -> None:
        """A message of OCPP 2.1 that is never answered (type 6)."""
        await self._socket.send(json.dumps([6, f"{self.identity}-{next(self._ids)}", action, payload]))

    async def boot(self, reason: str = "PowerUp", **more: Any) -> Payload:
        """BootNotification in the charger's version."""
        if self.version == "1.6":
            return await self.call(
                "BootNotification", chargePointVendor="Vendor", chargePointModel="Model", **more
            )
        station = {"model": "Model", "vendorName": "Vendor", **more}
        return await self.call("BootNotification", reason=reason, chargingStation=station)

    async def status(self, status: str, evse: int = 1, connector: int = 1) -> Payload:
        """StatusNotification of a connector; in 1.6 the EVSE's number is the connector's."""
        if self.version == "1.6":
            return await self.call("StatusNotification", connectorId=evse, status=status, errorCode="NoError")
        return await self.call(
            "StatusNotification",
            timestamp=now(),
            connectorStatus=status,
            evseId=evse,
            connectorId=connector,
        )

    # Being asked

    async def asked_for(self, action: str, *, within_s: float = PATIENCE_S) -> Payload:
        """The next request of this action that the test has not seen yet."""
        async with self._news:
            try:
                async with asyncio.timeout(within_s):
                    await self._news.wait_for(lambda: len(self.asked[action]) > self._seen[action])
            except TimeoutError:
                raise AssertionError(
                    f"{action} was not asked for; so far: {[name for name, _ in self.sent_by_currant]}"
                ) from None
        request = self.asked[action][self._seen[action]]
        self._seen[action] += 1
        return request

    def not_asked_for(self, action: str) -> bool:
        """Whether no request of this action has come that the test has not seen."""
        return len(self.asked[action]) == self._seen[action]

    async def closed(self, *, within_s: float = PATIENCE_S) -> int:
        """Waits until Currant closes the connection; the WebSocket close code."""
        await asyncio.wait_for(self._socket.wait_closed(), within_s)
        return int(self._socket.close_code or 0)

    async def leave(self) -> None:
        await self._socket.close()

    # Hearing

    async def listen(self) -> None:
        async for text in self._socket:
            message = json.loads(text)
            kind, message_id = message[0], message[1]
            if kind == 3:
                self._waiting.pop(message_id).set_result(message[2])
            elif kind == 4:
                self._waiting.pop(message_id).set_exception(CallError(message[2], message[3], message[4]))
            elif kind == 2:
                await self._asked(message_id, message[2], message[3])
            elif kind == 5 and self.version == "2.1":
                self.result_errors.append(CallError(message[2], message[3], message[4]))
            else:
                self.faults.append(f"Currant sent a message of type {kind}: {text!r}")

    async def _asked(self, message_id: str, action: str, payload: Payload) -> None:
        self._judge(action, payload, answer=False)
        answer = self.answers.get(action, {"status": "Accepted"})
        try:
            if callable(answer):
                answer = answer(payload)
        except Refusing as refusing:
            await self._socket.send(json.dumps([4, message_id, refusing.code, "", {}]))
            answer = None
        if answer is not None:
            await self._socket.send(json.dumps([3, message_id, answer]))
        self.sent_by_currant.append((action, payload))
        async with self._news:
            self.asked[action].append(payload)
            self._news.notify_all()

    def _judge(self, action: str, payload: Payload, *, answer: bool) -> None:
        for error in judge(self.version, action, answer).iter_errors(payload):
            self.faults.append(
                f"{action}{' answer' * answer}: {error.message} at {list(error.instance_path)}"
            )


@cache
def judge(version: str, action: str, answer: bool) -> Any:
    """The official schema's validator for a message."""
    spec = importlib.util.find_spec("ocpp")
    assert spec is not None
    assert spec.origin is not None
    folder = Path(spec.origin).parent / FOLDERS[version] / "schemas"
    names = [f"{action}Response"] if answer else [f"{action}Request", action]
    path = next(path for name in names if (path := folder / f"{name}.json").exists())
    return jsonschema_rs.validator_for(json.loads(path.read_text("utf-8-sig")), validate_formats=True)


@asynccontextmanager
async def charger(
    url: str,
    identity: str = "CP-1",
    version: str = "2.0.1",
    *,
    headers: Mapping[str, str] | None = None,
    tls: ssl.SSLContext | None = None,
    answers: Mapping[str, Answer] | None = None,
) -> AsyncIterator[ScriptedCharger]:
    """A connected charger that has said nothing yet. `url` is the network's, without the identity."""
    async with websockets.connect(
        f"{url}/{identity}",
        subprotocols=[websockets.Subprotocol(f"ocpp{version}")],
        additional_headers=dict(headers or {}),
        ssl=tls,
    ) as socket:
        station = ScriptedCharger(socket, identity, version)
        station.answers.update(answers or {})
        listening = asyncio.create_task(station.listen())
        try:
            yield station
        finally:
            await socket.close()
            await asyncio.gather(listening, return_exceptions=True)
        assert station.faults == [], "Currant broke the specification."


def now(**later: float) -> str:
    """An instant as OCPP writes it; `later` as for timedelta."""
    from datetime import timedelta

    return wire_time(SystemClock().now() + timedelta(**later))
