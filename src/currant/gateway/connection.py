"""One station's connection: bytes in, bytes out, one message in hand at a time, in order.

What is hard stands elsewhere: `ocpp.peer` pairs calls and answers, the translators say what a
message means, `messages` puts frames together. Here is only the way between them. Translators are
stepped without a Task each, because most end without waiting for anything but their commit.

A connection that was replaced by a newer one of its station goes on as a ghost: what it has in hand
ends, its answer is remembered for the repeat, and nothing else that it does has any effect.
"""

import asyncio
from collections import deque
from datetime import datetime
from logging import getLogger
from types import CoroutineType
from typing import Any, Protocol

import msgspec
from picows import WSCloseCode

from currant.gateway import outbound
from currant.gateway.asking import Asking
from currant.gateway.asks import Asks, AsksIdle
from currant.gateway.compression import Compression
from currant.gateway.config import GatewayConfig
from currant.gateway.inbound import TRANSLATORS, may_speak
from currant.gateway.outcomes import CallUnanswered, NotIdle
from currant.gateway.poison import Poison
from currant.gateway.recorder import Recorder
from currant.gateway.services import Caller, Services, zone_named
from currant.gateway.socket import Socket, monotonic
from currant.gateway.stepping import Step, run_steps
from currant.gateway.trace import masked, text_of
from currant.gateway.turnstile import Turnstile
from currant.kit.errors import CurrantError, StoreUnavailable
from currant.kit.ids import StationId
from currant.ocpp.catalogue import Version
from currant.ocpp.codec import codec_for
from currant.ocpp.errors import ErrorCode, Refusal
from currant.ocpp.frames import id_text
from currant.ocpp.payload import Payload
from currant.ocpp.peer import (
    Answered,
    Answers,
    Called,
    Failed,
    Ignored,
    Peer,
    Queued,
    Repeated,
    ResultRejected,
    SendReceived,
)
from currant.stations.commanding import AnyCommand
from currant.stations.directory import DirectoryEntry
from currant.stations.model import Admission, CommandOutcome, CommandStatus

log = getLogger("currant.gateway")

BACKLOG_MAX = 2_000
"""Messages that wait for their turn. Reading stops while any do, so these came with the last packet."""


LOOK_AGAIN_S = 0.02
"""How often it is looked whether a station that must be idle has said all that it was saying."""


class Keeper(Protocol):
    """What a connection needs of the gateway."""

    config: GatewayConfig
    services: Services
    turnstile: Turnstile
    poison: Poison

    def entered(self, connection: "Connection") -> "Connection | None": ...

    def left(self, connection: "Connection") -> None: ...

    def answers_of(self, station_id: StationId) -> Answers | None: ...

    def waits(self, connection: "Connection") -> None:
        """It has a call under way whose deadline must be watched."""
        ...

    def departs(self) -> None:
        """A leaving is about to be written; `departed` follows."""
        ...

    def departed(self) -> None: ...


class Connection(Socket):
    __slots__ = (
        "_asking",
        "_backlog",
        "_caller",
        "_decode_request",
        "_in_hand",
        "_in_hand_since",
        "_keeper",
        "_loaded",
        "_received_at",
        "_recorder",
        "_reload",
        "_round",
        "_services",
        "_settled",
        "_superseded",
        "_translators",
        "address",
        "boot_wanted",
        "entry",
        "peer",
        "profile",
        "version",
    )

    def __init__(
        self,
        keeper: Keeper,
        entry: DirectoryEntry,
        *,
        version: Version,
        profile: int,
        address: str,
        compression: Compression | None,
    ) -> None:
        super().__init__(keeper.config, compression)
        self._keeper = keeper
        self._services = keeper.services
        self.entry = entry
        self.version = version
        self.profile = profile
        self.address = address
        self._translators = TRANSLATORS[version]
        self._decode_request = codec_for(version).decode_request
        self._caller: Caller | None = None
        # Messages kept back while others are in hand, or until everything is loaded; None when none need be.
        self._backlog: list[bytes] | None = []
        self._loaded = False
        self._in_hand: Called | None = None
        self._in_hand_since = 0.0
        self._recorder = Recorder(keeper.services, entry, address)
        self._received_at: datetime | None = None
        self._reload = False
        self._round = 0
        self._settled: asyncio.Future[None] | None = None
        self._superseded = False
        self.boot_wanted = False
        self.peer = Peer(version, self.send, answered=keeper.answers_of(entry.station_id))
        self._asking = Asking(self.peer, self._recorder, keeper.services.clock)

    @property
    def station_id(self) -> StationId:
        return self.entry.station_id

    @property
    def caller(self) -> Caller | None:
        """What the connection holds; None until it is loaded."""
        return self._caller

    @property
    def is_busy(self) -> bool:
        return self._in_hand is not None

    # What the socket tells

    def _opened(self) -> None:
        replaced = self._keeper.entered(self)
        # Until everything is loaded nothing is read, so that nothing piles up here.
        self.hold()
        if replaced is None:
            self._come_in(None)
        else:
            # What the one before has in hand is written first: the rows read must hold it.
            replaced.settled().add_done_callback(self._come_in)

    def _come_in(self, _: object) -> None:
        self._keeper.turnstile.enter(self._start_attending)

    def _start_attending(self) -> None:
        self._round = self._keeper.turnstile.round
        if not self.current:
            # It left, or was replaced, while it waited: nobody ever knew that it was here.
            self._loaded = True
            self._keeper.turnstile.is_in(self._round)
            self._settle()
            return
        run_steps(self._attend(), self._attended, self._not_attended)

    def _message(self, data: bytes, now: float) -> None:
        if self._backlog is None:
            self._take(data, now)
        elif len(self._backlog) < BACKLOG_MAX:
            self._backlog.append(data)
        else:
            self.close(WSCloseCode.POLICY_VIOLATION, reason="Too many messages at once.")

    def _work_off(self) -> None:
        """Take what was kept back, until one has to wait again."""
        backlog, self._backlog = deque(self._backlog or ()), None
        now = monotonic()
        while backlog:
            self._take(backlog.popleft(), now)
            # Taking one may have made the others wait again.
            waiting: list[bytes] | None = self._backlog
            if waiting is not None:
                waiting.extend(backlog)
                return

    def _left(self) -> None:
        self._keeper.left(self)
        self._asking.lost(monotonic())
        if self._caller is not None and not self._superseded:
            self._depart()

    def _odd(self, code: str, detail: str) -> None:
        self._recorder.found("", code, detail)

    def _too_fast(self) -> None:
        self._recorder.security_event("MessageRateExceeded", "More messages than allowed for too long.")

    # Coming

    async def _attend(self) -> Caller:
        """Load what the connection holds."""
        services, entry = self._services, self.entry
        station = await services.stations.attend(
            entry,
            version=self.version.value,
            security_profile=self.profile,
            remote_address=self.address,
            at=services.clock.now(),
        )
        sessions = await services.charging.attend(station)
        return Caller(
            version=self.version,
            station=station,
            sessions=sessions,
            remote_address=self.address,
            config=self._config,
            services=services,
        )

    def _attended(self, caller: Caller) -> None:
        self._caller = caller
        self._recorder.station = caller.station
        self._keeper.turnstile.is_in(self._round)
        self._loaded = True
        if not self.current:
            # It left while it was coming. A newer one writes itself what is true.
            self._settle()
            if not self._superseded:
                self._depart()
            return
        self._settle()
        self._work_off()
        self.let_go()

    def _not_attended(self, error: Exception) -> None:
        self._loaded = True
        self._keeper.turnstile.is_in(self._round)
        if not isinstance(error, StoreUnavailable):
            log.error("Station %s could not be attended", self.entry.identity, exc_info=error)
        self.close(WSCloseCode.TRY_AGAIN_LATER, reason="The server cannot take the station on now.")
        self._settle()

    # What the station says

    def _take(self, data: bytes, now: float) -> None:
        event = self.peer.receive(data, now=now)
        if isinstance(event, Called):
            self._called(event, now)
        elif isinstance(event, Queued):
            self._queued()
        elif isinstance(event, Repeated):
            self._repeated(event)
        elif isinstance(event, Answered):
            self._asking.answered(event, now)
        elif isinstance(event, Failed):
            self._asking.failed(event, now)
        elif isinstance(event, SendReceived):
            self._sent(event)
        elif isinstance(event, ResultRejected):
            self._recorder.found("", "answer-rejected", f"{event.code}: {event.description}")
            self._recorder.frame("rejected", data)
        else:
            self._ignored(event, data)

    def _called(self, event: Called, now: float) -> None:
        """Hand a call to its translator. The peer hands out one at a time."""
        caller = self._caller
        assert caller is not None
        services = self._services
        self._in_hand = event
        self._in_hand_since = now
        self._received_at = received_at = services.clock.now()
        services.stations.seen(caller.station, received_at)
        try:
            if self._reload:
                result: Any = self._reloaded(event, caller, received_at)
            else:
                result = self._translate(event, caller, received_at)
        except Exception as error:  # noqa: BLE001 - handed on whole
            self._not_handled(error)
            return
        if type(result) is CoroutineType:
            Step(result, self._answer, self._not_handled).go_on()
        else:
            self._answer(result)

    def _translate(self, event: Called, caller: Caller, received_at: datetime) -> Any:
        """The answer, a coroutine that makes it, or a `Refusal`."""
        action = event.action
        if caller.station.admission is not Admission.ACCEPTED and not may_speak(action, caller):
            # OCPP-J 1.6 errata 3.10; 2.x B02.FR.09 and B03.FR.07.
            return Refusal(
                code=ErrorCode.SECURITY_ERROR, description="The station's boot has not been accepted yet."
            )
        decoded = self._decode_request(action, event.payload)
        if isinstance(decoded, Refusal):
            return decoded
        caller.findings = decoded.findings
        if decoded.findings or event.findings:
            self._recorder.findings(action, (*event.findings, *decoded.findings))
            zone = caller.station.settings.clock_zone
            if zone is not None and decoded.findings:
                # Its times without a zone are local ones (quirk D1): only here may there be any.
                decoded = self.peer.codec.decode_in_zone(action, event.payload, zone_named(zone))
                if isinstance(decoded, Refusal):
                    return decoded
        translator = self._translators.get(action) or self._translators.get(action.removesuffix("-Signed"))
        if translator is None:
            return Refusal(code=ErrorCode.NOT_SUPPORTED, description=f"{action} is not for stations to send.")
        return translator(decoded.message, caller, self._services, received_at)

    async def _reloaded(self, event: Called, caller: Caller, received_at: datetime) -> Any:
        self._reload = False
        services = self._services
        try:
            await services.stations.reload(caller.station)
            caller.sessions = await services.charging.attend(caller.station)
        except BaseException:
            self._reload = True
            raise
        result = self._translate(event, caller, received_at)
        return await result if type(result) is CoroutineType else result

    def _answer(self, response: Payload | bytes | Refusal | None) -> None:
        """Send the answer, remember the exchange, take the next call that waits."""
        event = self._in_hand
        assert event is not None
        if isinstance(response, bytes):
            payload = response
        elif response is None:
            # It wants no answer (2.1 Part 4, 4.2.5), but who calls waits for one all the same.
            self._recorder.found(event.action, "called-not-sent", "")
            payload = b"{}"
        elif isinstance(response, Refusal):
            if response.code is not ErrorCode.SECURITY_ERROR:
                self._recorder.found(
                    event.action, "refused", response.description, field=response.details.get("field", "")
                )
                self._failed(event.action, event.payload, response.description)
            self._refuse(event, response.code, response.description, response.details)
            return
        else:
            try:
                payload = self.peer.codec.encode(response)
            except CurrantError as error:
                self._not_handled(error)
                return
        self.peer.answer(event.message_id, payload)
        self._record(event, "answered", payload)
        self._go_on()

    def _not_handled(self, error: Exception) -> None:
        """A translator failed: nothing was acknowledged, so that the station keeps what it has."""
        event = self._in_hand
        assert event is not None
        if isinstance(error, StoreUnavailable):
            description = "It could not be kept now: try again later."
        elif isinstance(error, CurrantError):
            description = error.message
            log.warning("%s of station %s: %s", event.action, self.entry.identity, error.message)
            self._failed(event.action, event.payload, description)
        else:
            description = "It could not be handled: try again later."
            log.error(
                "%s of station %s (%s, id %s) failed: %s",
                event.action,
                self.entry.identity,
                self.version,
                id_text(event.message_id),
                masked(event.action, text_of(bytes(event.payload)))[:2000],
                exc_info=error,
            )
            self._failed(event.action, event.payload, description)
        self._refuse(event, ErrorCode.INTERNAL_ERROR, description)

    def _failed(self, action: str, content: msgspec.Raw | bytes, description: str) -> None:
        """Take note of a message that the station will send again, in vain."""
        times = self._keeper.poison.failed(self.station_id, action, bytes(content))
        if times is not None:
            self._recorder.poisoned(action, description, times)

    def _refuse(
        self, event: Called, code: ErrorCode, description: str, details: dict[str, Any] | None = None
    ) -> None:
        self.peer.refuse(event.message_id, code, description, details)
        answer = msgspec.json.encode([description, details or {}])
        self._record(event, f"error:{code.spelled(self.version)}", answer)
        self._go_on()

    def _record(self, event: Called, outcome: str, answer: bytes) -> None:
        assert self._received_at is not None
        self._recorder.called(
            event, outcome, answer, at=self._received_at, latency_s=monotonic() - self._in_hand_since
        )

    def _go_on(self) -> None:
        self._in_hand = None
        peer = self.peer
        if not peer.has_inbound:
            if self._settled is not None:
                self._settle()
            return
        event = peer.next_inbound()
        while isinstance(event, Repeated):
            self._repeated(event)
            event = peer.next_inbound()
        if event is not None and self.current:
            # By way of the loop, so that a long queue is no deep stack and takes its turn with the others.
            self._in_hand = event
            asyncio.get_running_loop().call_soon(self._called_later, event)
        elif self._settled is not None:
            self._settle()

    def _called_later(self, event: Called) -> None:
        if self.current and self._transport is not None:
            self._called(event, monotonic())
        else:
            self._in_hand = None
            self._settle()

    def _queued(self) -> None:
        """A call waits for its turn: what comes after it is kept back, and nothing more is read."""
        if self._backlog is None:
            self._backlog = []
            self.hold()
            self.settled().add_done_callback(self._unqueued)

    def _unqueued(self, _: object) -> None:
        self._work_off()
        self.let_go()

    def _repeated(self, event: Repeated) -> None:
        self._recorder.found(event.action, "repeated", id_text(event.message_id))
        self._recorder.heard(event.action, event.message_id, "repeated", b"", event.answer)

    def _sent(self, event: SendReceived) -> None:
        """Kept and translated, never answered (2.1 Part 4, 4.2.5)."""
        decoded = self.peer.codec.decode_request(event.action, event.payload)
        spec = self.peer.codec.spec(event.action)
        if spec is not None and spec.response is not None:
            # Its place among the calls is not known, and nobody would hear that it was refused.
            decoded = Refusal(
                code=ErrorCode.MESSAGE_TYPE_NOT_SUPPORTED,
                description=f"{event.action} is to be called, not sent.",
            )
        outcome = "send"
        if isinstance(decoded, Refusal):
            outcome = "ignored"
            self._recorder.found(event.action, "refused", decoded.description)
        else:
            self._recorder.findings(event.action, (*event.findings, *decoded.findings))
        self._recorder.heard(event.action, event.message_id, outcome, bytes(event.payload))
        caller, translator = self._caller, self._translators.get(event.action)
        if isinstance(decoded, Refusal) or caller is None or translator is None:
            return
        if caller.station.admission is Admission.ACCEPTED:
            services = self._services
            result = translator(decoded.message, caller, services, services.clock.now())
            if type(result) is CoroutineType:
                run_steps(result, lambda _: None, lambda error: self._not_taken(event.action, error))

    def _not_taken(self, action: str, error: Exception) -> None:
        log.error("%s of station %s could not be taken", action, self.entry.identity, exc_info=error)

    def _ignored(self, event: Ignored, data: bytes) -> None:
        if event.reason == "answer-unasked":
            self._recorder.frame("ignored", data)
            return
        self._recorder.found("", event.reason, event.description)
        self._recorder.frame("malformed", data)
        if event.reason == "frame-malformed":
            self._failed("", data, event.description)

    # What we ask of the station

    async def carry_out(
        self, command: AnyCommand, *, deadline_s: float, only_if_idle: bool = False
    ) -> CommandOutcome:
        """Word a command, send it, read the answer. Every outcome is a value."""
        until = monotonic() + deadline_s
        if not self._loaded:
            await asyncio.wait((self.settled(),), timeout=deadline_s)
        caller = self._caller
        if caller is None or not self.current:
            return CommandOutcome(status=CommandStatus.OFFLINE, reason="The station is not connected.")
        ask = AsksIdle(self, until) if only_if_idle else Asks(self, until)
        return await outbound.carry_out(command, caller, ask)

    async def ask_idle(self, action: str, request: Payload, *, until: float) -> Any:
        """Call the station unless a session is running there; raises `NotIdle`.

        What it said last is understood first, and nothing of ours stands in the queue before it: no time
        passes between the look at its sessions and the sending.
        """
        while self.current and self._caller is not None:
            if self._caller.sessions.open:
                raise NotIdle
            if not self.is_busy and not self.peer.calls_outstanding:
                break
            if monotonic() >= until:
                raise CallUnanswered(lost=False, queued=True)
            await asyncio.sleep(LOOK_AGAIN_S)
        return await self.ask(action, request, until=until)

    def ask(self, action: str, request: Payload, *, until: float) -> "asyncio.Future[Any]":
        """Call the station; raises `CallUnanswered` where that is of no use any more."""
        if not self.current:
            raise CallUnanswered(lost=True)
        now = monotonic()
        if now >= until:
            raise CallUnanswered(lost=False)
        future = self._asking.ask(action, request, now=now, deadline_s=until - now)
        self._keeper.waits(self)
        return future

    def expire(self, now: float) -> bool:
        """Give up on calls whose deadline has passed; whether others are still outstanding."""
        self._asking.expire(now)
        if self._asking.unanswered_in_a_row >= self._config.call_timeouts_in_a_row:
            # Heartbeats may go on while calls get no answer any more (quirk A19): a new socket cures it.
            self.close(WSCloseCode.SERVICE_RESTART, reason="The station answers no calls: reconnect.")
            return False
        return self.peer.calls_outstanding > 0

    # Going

    def refresh(self) -> None:
        """Load anew before the next message. A station that may not be here as it is, is told so."""
        self._reload = True
        services = self._services
        entry = services.directory.by_id(self.station_id)
        if entry is None:
            return
        self.entry = entry
        if self._caller is not None:
            self._caller.station.admission = entry.admission
        if (
            entry.admission is Admission.ACCEPTED
            and self.profile == 0
            and entry.security_profile != 0
            and not self._config.allow_unauthenticated
        ):
            self.close(
                WSCloseCode.POLICY_VIOLATION, reason="The station was accepted: connect with its password."
            )

    def supersede(self) -> None:
        """A newer connection speaks for the station from now on."""
        self._superseded = True
        self.close(WSCloseCode.GOING_AWAY, reason="The station connected anew.")

    def settled(self) -> "asyncio.Future[None]":
        """Done once nothing is in hand and everything is loaded. Shared by all who wait: shield it."""
        if self._settled is not None:
            return self._settled
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self._in_hand is None and self._loaded:
            future.set_result(None)
        else:
            self._settled = future
        return future

    def _settle(self) -> None:
        settled, self._settled = self._settled, None
        if settled is not None and not settled.done():
            settled.set_result(None)

    def _depart(self) -> None:
        caller = self._caller
        assert caller is not None
        services = self._services
        departed = services.stations.departed(
            caller.station, at=services.clock.now(), reason=self._closing or "The connection was lost."
        )
        self._keeper.departs()
        run_steps(departed, self._departed, self._not_departed)

    def _departed(self, _: None) -> None:
        self._keeper.departed()

    def _not_departed(self, error: Exception) -> None:
        self._keeper.departed()
        log.warning("The leaving of station %s could not be written: %s", self.entry.identity, error)
