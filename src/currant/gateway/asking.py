"""Calls of ours to one station, from the question to the typed answer, or to why there is none."""

import asyncio
from typing import Any

import msgspec

from currant.gateway.outcomes import CallFailed, CallUnanswered
from currant.gateway.recorder import Recorder
from currant.kit.clock import Clock, micros
from currant.ocpp.errors import Refusal
from currant.ocpp.payload import Payload
from currant.ocpp.peer import Answered, Failed, OutboundCall, Peer


class Asked(msgspec.Struct, frozen=True, gc=False):
    """Who waits for an answer, and since when (microseconds since 1970, and monotonic seconds)."""

    future: "asyncio.Future[Any]"
    at: int
    since: float


class Asking:
    """`unanswered_in_a_row` counts calls that ran out of time since the last answer of any kind."""

    __slots__ = ("_clock", "_peer", "_recorder", "unanswered_in_a_row")

    def __init__(self, peer: Peer, recorder: Recorder, clock: Clock) -> None:
        self._peer = peer
        self._recorder = recorder
        self._clock = clock
        self.unanswered_in_a_row = 0

    def ask(self, action: str, request: Payload, *, now: float, deadline_s: float) -> "asyncio.Future[Any]":
        """Call the station; the future has the typed answer, `CallFailed` or `CallUnanswered`.

        Raises `Unsendable`, or `TooManyCallsWaiting`.
        """
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        asked = Asked(future, micros(self._clock.now()), now)
        self._peer.call(action, request, now=now, deadline_s=deadline_s, context=asked)
        return future

    def answered(self, event: Answered, now: float) -> None:
        self.unanswered_in_a_row = 0
        call, payload = event.call, bytes(event.payload)
        decoded = self._peer.codec.decode_response(call.action, payload)
        if isinstance(decoded, Refusal):
            # 2.1 FR.06; the other versions have no way to say so (quirk B12).
            self._peer.reject_result(call, decoded.code, decoded.description)
            self._recorder.found(call.action, "answer-unreadable", decoded.description)
            self._end(call, f"error:{decoded.code.value}", payload, now)
            _fail(call, CallFailed(decoded.code, "", f"The answer cannot be read: {decoded.description}"))
            return
        self._recorder.findings(call.action, (*event.findings, *decoded.findings))
        self._end(call, "answered", payload, now)
        future = call.context.future
        if not future.done():
            future.set_result(decoded.message)

    def failed(self, event: Failed, now: float) -> None:
        self.unanswered_in_a_row = 0
        text = msgspec.json.encode([event.description, event.details.decode("utf-8", "replace")])
        self._end(event.call, f"error:{event.written or event.code.value}", text, now)
        _fail(event.call, CallFailed(event.code, event.written, event.description))

    def expire(self, now: float) -> None:
        """Give up on the call under way and on those that wait, as far as their time has come."""
        for unanswered in self._peer.expire(now):
            # A call that was never sent says nothing about the station.
            self.unanswered_in_a_row += not unanswered.queued
            self._unanswered(unanswered.call, now, queued=unanswered.queued)

    def lost(self, now: float) -> None:
        """The connection is gone: no answer comes any more."""
        for unanswered in self._peer.lost():
            self._unanswered(unanswered.call, now, lost=True, queued=unanswered.queued)

    def _unanswered(
        self, call: OutboundCall, now: float, *, lost: bool = False, queued: bool = False
    ) -> None:
        # What was never sent stands in no message log.
        if not queued:
            self._end(call, "unanswered", None, now)
        _fail(call, CallUnanswered(lost=lost, queued=queued))

    def _end(self, call: OutboundCall, outcome: str, answer: bytes | None, now: float) -> None:
        asked: Asked = call.context
        self._recorder.asked(call, outcome, answer, at=asked.at, latency_s=now - asked.since)


def _fail(call: OutboundCall, error: Exception) -> None:
    future = call.context.future
    if not future.done():
        future.set_exception(error)
