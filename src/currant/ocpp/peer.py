"""One end of an OCPP-J conversation, without socket and clock.

Frames go in (`receive`), what they mean comes out as one event, and what is to be sent goes to the
`send` given at birth. Each side has one call under way at a time (OCPP-J 1.6, 4.1.1; 2.x Part 4,
4.1.2), so calls of ours wait in a queue, and pipelined calls of the station are handed out one by one:

    event = peer.receive(data, now=now)
    while event is a Called:
        peer.answer(event.message_id, response)
        event = peer.next_inbound()

Stations repeat what they think was lost, under the same message id or a new one. What was answered
is remembered (`Answers`), also across a reconnection, and a repeated transaction message gets the
answer it got before without being handed out again.
"""

import itertools
import secrets
from collections import deque
from collections.abc import Callable
from typing import Any, TypeAlias

import msgspec
from msgspec import Raw

from currant.ocpp.catalogue import Version
from currant.ocpp.codec import SIGNED, Codec, codec_for
from currant.ocpp.errors import Disconnected, ErrorCode, Finding, TooManyCallsWaiting
from currant.ocpp.frames import (
    MESSAGE_ID_MAX,
    Call,
    CallError,
    CallResult,
    CallResultError,
    Malformed,
    Repaired,
    Send,
    id_text,
    parse_frame,
)
from currant.ocpp.payload import Payload

CALLS_WAITING_MAX = 32
INBOUND_WAITING_MAX = 32
ANSWERS_KEPT_MAX = 4

_UNREADABLE_ID = b'"-1"'  # 2.x Part 4, 4.2.3
_TOKEN_MAX = MESSAGE_ID_MAX + 2

# Unique over restarts by the prefix, over connections by the count (errata 3.7 of OCPP-J 1.6).
_prefix = secrets.token_hex(5)
_count = itertools.count(1)


class Called(msgspec.Struct, frozen=True, gc=False):
    """The station asks; answer with `answer` or `refuse` under this very `message_id`."""

    message_id: bytes
    action: str
    payload: Raw
    findings: tuple[Finding, ...] = ()


class Queued(msgspec.Struct, frozen=True, gc=False):
    """The station asked before its last call was answered: `next_inbound` will hand it out."""

    message_id: bytes
    action: str


class Repeated(msgspec.Struct, frozen=True, gc=False):
    """A call that was answered before; the same answer has been sent again."""

    message_id: bytes
    action: str
    answer: bytes


class OutboundCall(msgspec.Struct, frozen=True):
    """A call of ours. `context` is the caller's own, and may refer back to what holds the call."""

    message_id: str
    action: str
    payload: bytes
    deadline: float
    """When it is given up on, sent or not, on the clock that `now` comes from."""
    context: Any = None


class Answered(msgspec.Struct, frozen=True):
    """The station's answer to a call of ours, its payload still as JSON."""

    call: OutboundCall
    payload: Raw
    findings: tuple[Finding, ...] = ()


class Failed(msgspec.Struct, frozen=True):
    """The station answered a call of ours with an error, or with something unreadable.

    `code` is its meaning in any spelling, `written` what the station wrote.
    """

    call: OutboundCall
    code: ErrorCode
    written: str
    description: str
    details: bytes = b"{}"


class Unanswered(msgspec.Struct, frozen=True):
    """No answer came in time, or the connection was lost before; `queued` when the call had not been sent."""

    call: OutboundCall
    queued: bool = False


class SendReceived(msgspec.Struct, frozen=True, gc=False):
    """A message that wants no answer (2.1)."""

    message_id: bytes
    action: str
    payload: Raw
    findings: tuple[Finding, ...] = ()


class ResultRejected(msgspec.Struct, frozen=True, gc=False):
    """The station could not use an answer of ours (2.1)."""

    message_id: bytes
    code: ErrorCode
    description: str


class Ignored(msgspec.Struct, frozen=True, gc=False):
    """A frame that changed nothing, and why (`answer-unasked`, `frame-malformed`, ...).

    `answered` tells whether a CALLERROR went out all the same.
    """

    reason: str
    description: str = ""
    answered: bool = False


Event: TypeAlias = (
    Called | Queued | Repeated | Answered | Failed | SendReceived | ResultRejected | Ignored
)  # fmt: skip


class Answers:
    """The last answers to transaction messages of one station, to be given again when it repeats one.

    A message is known again by its content: retries may come under a new message id (OCPP 1.6,
    3.7.1; 2.1 Part 4 allows the old one). Contents are compared by hash and length, which within
    a handful of messages of one station never meet by chance.
    """

    __slots__ = ("_kept",)

    def __init__(self) -> None:
        self._kept: tuple[tuple[str, int, int, bytes], ...] = ()

    def find(self, action: str, content: bytes) -> bytes | None:
        """The payload that answered the same content before."""
        for known, length, digest, answer in self._kept:
            if length == len(content) and known == action and digest == hash(content):
                return answer
        return None

    def keep(self, action: str, content: bytes, answer: bytes) -> None:
        kept = self._kept
        # A station without a clock and a meter starts each session with the same words. A retry comes
        # before the session's next message, so a stop ends the memory of starts, and a start of stops.
        other = _OPPOSITE.get(action)
        if other is not None:
            kept = tuple(entry for entry in kept if entry[0] != other)
        self._kept = (*kept[-ANSWERS_KEPT_MAX + 1 :], (action, len(content), hash(content), answer))


_OPPOSITE = {"StartTransaction": "StopTransaction", "StopTransaction": "StartTransaction"}
_TRANSACTIONAL = {
    Version.V16: frozenset({"StartTransaction", "StopTransaction"}),
    Version.V201: frozenset({"TransactionEvent", "TransactionEvent" + SIGNED}),
    Version.V21: frozenset({"TransactionEvent", "TransactionEvent" + SIGNED}),
}


class Peer:
    """The conversation with one station (or, in the simulator, with one CSMS) over one connection."""

    __slots__ = (
        "_answered",
        "_codec",
        "_in_hand",
        "_inbound",
        "_lost",
        "_send",
        "_transactional",
        "_under_way",
        "_version",
        "_waiting",
    )

    def __init__(
        self, version: Version, send: Callable[[bytes], object], *, answered: Answers | None = None
    ) -> None:
        self._version = version
        self._codec = codec_for(version)
        self._transactional = _TRANSACTIONAL[version]
        self._send = send
        self._answered = Answers() if answered is None else answered
        self._lost = False
        self._in_hand: Called | None = None
        self._under_way: OutboundCall | None = None
        # Most stations never need the queues, and there are many stations.
        self._inbound: deque[Called] | None = None
        self._waiting: deque[OutboundCall] | None = None

    @property
    def version(self) -> Version:
        return self._version

    @property
    def codec(self) -> Codec:
        return self._codec

    @property
    def answered(self) -> Answers:
        """What the successor of this peer, after a reconnection, needs to know repeats again."""
        return self._answered

    @property
    def next_deadline(self) -> float | None:
        """When `expire` has something to do, on the clock that `now` comes from."""
        calls = [] if self._under_way is None else [self._under_way]
        return min((call.deadline for call in (*calls, *(self._waiting or ()))), default=None)

    @property
    def calls_outstanding(self) -> int:
        """Calls of ours under way or waiting."""
        return (self._under_way is not None) + len(self._waiting or ())

    @property
    def has_inbound(self) -> bool:
        """Whether calls of the station wait for `next_inbound`."""
        return bool(self._inbound)

    # What comes in

    def receive(self, data: bytes | bytearray | memoryview, *, now: float) -> Event:
        """What a frame means. Malformed, late and unknown ones are `Ignored` and harm nothing."""
        frame = parse_frame(data, self._version)
        if type(frame) is Call:
            return self._receive_call(Called(bytes(frame.message_id), frame.action, frame.payload))
        findings: tuple[Finding, ...] = ()
        if isinstance(frame, Repaired):
            findings, frame = frame.findings, frame.frame
        match frame:
            case Call():
                return self._receive_call(
                    Called(bytes(frame.message_id), frame.action, frame.payload, findings)
                )
            case CallResult():
                call = self._finish(bytes(frame.message_id), now)
                return _UNASKED if call is None else Answered(call, frame.payload, findings)
            case CallError():
                call = self._finish(bytes(frame.message_id), now)
                if call is None:
                    return _UNASKED
                code = ErrorCode.read(frame.code)
                return Failed(call, code, frame.code, frame.description, bytes(frame.details))
            case Send():
                return SendReceived(bytes(frame.message_id), frame.action, frame.payload, findings)
            case CallResultError():
                return ResultRejected(bytes(frame.message_id), ErrorCode.read(frame.code), frame.description)
            case Malformed():
                return self._receive_malformed(frame, now)
            case _:
                raise AssertionError(frame)

    def next_inbound(self) -> Called | Repeated | None:
        """The next call of the station that had to wait; None while one is in hand, or none waits."""
        if self._in_hand is not None or not self._inbound:
            return None
        return self._hand_out(self._inbound.popleft())

    def answer(self, message_id: bytes, response: Payload | bytes) -> bool:
        """Answer the call in hand; False when it is not in hand any more.

        Raises `Unsendable`, with the call still in hand, when the response breaks the schema. After
        `lost` nothing is sent, but the answer is kept: the station will ask again.
        """
        called = self._in_hand
        if called is None or called.message_id != message_id:
            return False
        payload = response if isinstance(response, bytes) else self._codec.encode(response)
        self._in_hand = None
        if called.action in self._transactional:
            self._answered.keep(called.action, bytes(called.payload), payload)
        self._send(b"[3,%b,%b]" % (message_id, payload))
        return True

    def refuse(
        self, message_id: bytes, code: ErrorCode, description: str = "", details: dict[str, Any] | None = None
    ) -> bool:
        """Answer the call in hand with a CALLERROR; False when it is not in hand any more."""
        called = self._in_hand
        if called is None or called.message_id != message_id:
            return False
        self._in_hand = None
        self._send(self._codec.encode_error(message_id, code, description, details))
        return True

    # What goes out

    def call(
        self, action: str, request: Payload | bytes, *, now: float, deadline_s: float, context: Any = None
    ) -> str:
        """Send a call, or let it wait for the one under way; its message id comes back.

        `deadline_s` runs from now on, also while it waits. Raises `Unsendable`, `TooManyCallsWaiting` or,
        after `lost`, `Disconnected`.
        """
        if self._lost:
            raise Disconnected("The connection to the station is gone: try again when it is back.")
        waiting = self._waiting
        if waiting is not None and len(waiting) >= CALLS_WAITING_MAX:
            raise TooManyCallsWaiting("The station has too many commands waiting: try again later.")
        payload = self._codec.encode_request(action, request)
        call = OutboundCall(f"{_prefix}-{next(_count):x}", action, payload, now + deadline_s, context)
        if self._under_way is None:
            self._dispatch(call)
        elif waiting is None:
            self._waiting = deque((call,))
        else:
            waiting.append(call)
        return call.message_id

    def send(self, action: str, request: Payload | bytes) -> str:
        """Send what wants no answer (2.1); it does not wait for calls under way (2.1 Part 4, 4.1.3)."""
        message_id = f"{_prefix}-{next(_count):x}"
        self._send(self._codec.encode_send(message_id, action, request))
        return message_id

    def reject_result(self, call: OutboundCall, code: ErrorCode, description: str = "") -> bool:
        """Tell the station that its answer was unusable; only 2.1 has a message for it (FR.06)."""
        if self._version is not Version.V21 or self._lost:
            return False
        message_id = msgspec.json.encode(call.message_id)
        self._send(self._codec.encode_result_error(message_id, code, description))
        return True

    def expire(self, now: float) -> tuple[Unanswered, ...]:
        """The calls whose deadline has passed, under way or waiting; the next one is sent."""
        deadline = self.next_deadline
        if deadline is None or now < deadline:
            return ()
        over: list[Unanswered] = []
        if self._waiting:
            over = [Unanswered(call, queued=True) for call in self._waiting if call.deadline <= now]
            self._waiting = deque(call for call in self._waiting if call.deadline > now)
        call = self._under_way
        if call is not None and call.deadline <= now:
            over.insert(0, Unanswered(call))
            self._next(now)
        return tuple(over)

    def lost(self) -> tuple[Unanswered, ...]:
        """The connection is gone: every call of ours fails, every waiting one of the station is dropped."""
        over = [Unanswered(call, queued=True) for call in self._waiting or ()]
        if self._under_way is not None:
            over.insert(0, Unanswered(self._under_way))
        self._lost = True
        self._send = _nowhere
        self._under_way = self._waiting = self._inbound = None
        return tuple(over)

    def _receive_call(self, called: Called) -> Event:
        if len(called.message_id) > _TOKEN_MAX:
            found = Finding(code="message-id-too-long", field="", detail=id_text(called.message_id)[:100])
            called = Called(called.message_id, called.action, called.payload, (*called.findings, found))
        if self._in_hand is None and not self._inbound:
            return self._hand_out(called)
        if self._inbound is None:
            self._inbound = deque()
        if len(self._inbound) >= INBOUND_WAITING_MAX:
            description = "Too many calls are waiting: send one at a time."
            self._send(
                self._codec.encode_error(called.message_id, ErrorCode.RPC_FRAMEWORK_ERROR, description)
            )
            return Ignored("too-many-calls", called.action, answered=True)
        self._inbound.append(called)
        return Queued(called.message_id, called.action)

    def _hand_out(self, called: Called) -> Called | Repeated:
        if called.action in self._transactional:
            answer = self._answered.find(called.action, bytes(called.payload))
            if answer is not None:
                self._send(b"[3,%b,%b]" % (called.message_id, answer))
                return Repeated(called.message_id, called.action, answer)
        self._in_hand = called
        return called

    def _receive_malformed(self, frame: Malformed, now: float) -> Event:
        if frame.kind in (3, 4) and frame.message_id is not None:
            call = self._finish(frame.message_id, now)
            if call is not None:
                return Failed(call, ErrorCode.FORMAT_VIOLATION, "", frame.description)
        if frame.code is None:
            return Ignored("frame-malformed", frame.description)
        message_id = frame.message_id or _UNREADABLE_ID
        self._send(self._codec.encode_error(message_id, frame.code, frame.description))
        return Ignored("frame-malformed", frame.description, answered=True)

    def _finish(self, message_id: bytes, now: float) -> OutboundCall | None:
        """The call under way, when `message_id` is its own; the next one is sent."""
        call = self._under_way
        if call is None or id_text(message_id) != call.message_id:
            return None
        self._next(now)
        return call

    def _next(self, now: float) -> None:
        self._under_way = None
        # One whose time is over is left to `expire`: what was given up on must not be done after all.
        for index, call in enumerate(self._waiting or ()):
            if call.deadline > now:
                assert self._waiting is not None
                del self._waiting[index]
                self._dispatch(call)
                return

    def _dispatch(self, call: OutboundCall) -> None:
        self._under_way = call
        self._send(b'[2,"%b","%b",%b]' % (call.message_id.encode(), call.action.encode(), call.payload))


def _nowhere(data: bytes) -> None:
    """Where the words of a peer go whose connection is gone."""


_UNASKED = Ignored("answer-unasked")
