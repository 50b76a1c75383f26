"""A simulated charging station, without sockets: what it does in time, and what it says of it.

Time is the caller's: epoch seconds that only move when `advance` is called, so a day can pass in a
second. Bytes leave through the function given to `connected`; `wants_connection` says whether the
station is on and has a network. Two runs with the same seed and the same answers are the same run.
"""

from collections.abc import Callable, Sequence

from currant.ocpp.catalogue import ACTIONS, Version
from currant.ocpp.payload import Payload
from currant.simulator import calendar, network, reservations, verbs
from currant.simulator.clockwork import Clockwork
from currant.simulator.dialect import Answering, BootAnswer, Dialect, Refused
from currant.simulator.dice import Dice
from currant.simulator.limits import Profile
from currant.simulator.line import Line, Send
from currant.simulator.monitoring import Monitors
from currant.simulator.network import Network, Way
from currant.simulator.outbox import Letter, Outbox, Weight
from currant.simulator.outlet import Outlet, Status, Transaction
from currant.simulator.parts import Drawers
from currant.simulator.refusals import Refusals, refusal
from currant.simulator.says import Says
from currant.simulator.specs import Fact, Faults, StationSpec, Timing, Told
from currant.simulator.transfers import Carrier
from currant.simulator.v2 import V2
from currant.simulator.v16 import V16

TIMEOUTS_BEFORE_RECONNECT = 3


class Station(Clockwork, Drawers):
    """One station. Build it, `power_up`, then connect it, feed it frames and let time pass."""

    def __init__(
        self,
        spec: StationSpec,
        *,
        seed: object = 0,
        tokens: Sequence[str] = (),
        faults: Faults | None = None,
        timing: Timing | None = None,
        tell: Told | None = None,
    ) -> None:
        Clockwork.__init__(self)
        Drawers.__init__(self)
        self.spec = spec
        self.tokens = tokens
        self.faults = faults or Faults()
        self.timing = timing or Timing()
        self.dice = Dice(seed, spec.identity, "station")
        self.drivers_dice = Dice(seed, spec.identity, "drivers")
        self._seed = seed
        self._ids = Dice(seed, spec.identity, "ids")
        self._tell = tell
        version = Version(spec.version)
        self.line = Line(version)
        self.outbox = Outbox()
        self.dialect: Dialect = V16(self) if version is Version.V16 else V2(self, version)
        self.outlets = [
            Outlet(self, number, evse, _register(spec, number, self.dice))
            for number, evse in enumerate(spec.evses, start=1)
        ]
        self.powered = False
        self.accepted = False
        self.has_network = True
        self.open_for_business = True
        self.firmware = spec.firmware
        self.password = spec.password
        self.boot_reason = "PowerUp"
        self.heartbeat_s = float(spec.heartbeat_s or 300)
        self.sample_interval_s = float(spec.meter_interval_s)
        self.settings: dict[str, str] = {}
        self.local_list: dict[str, str] = {}
        self.local_list_version = 0
        self.profiles: dict[int, Profile] = {}
        self._when_idle: list[Callable[[], None]] | None = None
        self.transactions_started = 0
        self.transactions_ended = 0
        self.messages_sent = 0
        self.messages_answered = 0
        self.errors_received = 0
        self._timeouts = 0
        self._heart = 0
        self._life = 0
        self._boots = 0
        self._remote_starts: dict[int, int] = {}
        self.pending_settings: dict[str, str] | None = None
        # How to reach the server, where that is not as the station was delivered.
        self.way: Way | None = None
        # What moves files, where they really move.
        self.carrier: Carrier | None = None
        # What the shell must do: drop the socket it has. Read and cleared by it.
        self.wants_disconnect = False

    @property
    def says(self) -> Says:
        """What this station can be made to say of its own (2.x)."""
        assert isinstance(self.dialect, V2), "1.6 has no words for it"
        return self.dialect.says

    def refuses(self, what: str) -> bool:
        """Whether this action, key or variable is to be refused now."""
        return what in self.spec.refusals and self.part(Refusals).take(what)

    def power_up(self, now: float, *, first_boot_after: float = 0.0) -> None:
        """Mains on. The first time, the calendar of drivers and misfortunes begins as well."""
        first = self._life == 0
        self.now = max(self.now, now)
        self._life += 1
        if first:
            # An id must never come again, in another run with the same seed neither (OCPP-J 1.6 errata 3.7).
            self._ids = Dice(self._seed, self.spec.identity, "ids", self.now)
            calendar.begin(self, Dice(self._seed, self.spec.identity, "faults"))
        self._boot_later(first_boot_after)

    def _boot_later(self, seconds: float) -> None:
        life = self._life

        def boot() -> None:
            if self._life == life:
                self.powered = True

        self.at(self.now + seconds, boot)

    @property
    def wants_connection(self) -> bool:
        return self.powered and self.has_network

    @property
    def online(self) -> bool:
        """Connected, and accepted by the server."""
        return self.line.connected and self.accepted

    def connected(self, now: float, send: Send) -> None:
        """The handshake is done. A station that was accepted before does not boot again (2.x, B01.FR.10)."""
        self.advance(now)
        self.wants_disconnect = False
        self._timeouts = 0
        network.connected(self)
        self.line.open(send)
        if self.accepted:
            self._say_changed_statuses()
        else:
            self._boot()
        self._acted()

    def disconnected(self, now: float) -> None:
        """The socket is gone, by whoever's doing."""
        self.advance(now)
        letter = self.line.close()
        passing = list(self.outbox.urgent)
        self.outbox.forget_passing()
        if letter is not None:
            if letter.weight is Weight.PASSING:
                passing.insert(0, letter)
            else:
                self.outbox.put_back(letter)
        for lost in passing:
            if lost.failed is not None:
                lost.failed("offline")

    def connection_failed(self) -> None:
        """The shell could not connect: not there, or not let in."""
        ways = self.has(Network)
        if ways is not None:
            ways.failed()

    def receive(self, now: float, data: bytes) -> None:
        """A frame came in."""
        self.advance(now)
        answered = self.line.receive(data, self._answer)
        if answered is not None:
            self._timeouts = 0
            self._settle(*answered)
        self._acted()

    def lose_network(self) -> None:
        """Offline for a while: charging goes on, and what happens is told later."""
        if not self.has_network:
            return
        self.has_network = False
        self.wants_disconnect = True
        seconds = self.dice.uniform(0.3, 1.7) * self.faults.offline_s

        def back() -> None:
            self.has_network = True

        self.at(self.now + seconds, back)

    def lose_power(self) -> None:
        """Everything stops at once, and is told after power has come back."""
        self._stop_all("PowerLoss")
        self._go_down("PowerUp", self.dice.uniform(30, 900))

    def reboot(self, reason: str, *, stopping: str = "Reboot", resuming: bool = False) -> None:
        """An orderly restart: sessions end, their last messages get a moment to leave.

        With `resuming` they only pause, and go on afterwards (2.1, ImmediateAndResume).
        """
        if not resuming:
            self._stop_all(stopping)
        life = self._life

        def down() -> None:
            if self._life == life:
                self._go_down(reason, self.timing.boot_s * self.dice.uniform(0.7, 1.5))

        self.at(self.now + 2.0, down)

    def _go_down(self, reason: str, seconds: float) -> None:
        self._life += 1
        self.powered = False
        self.accepted = False
        self.boot_reason = reason
        self.wants_disconnect = True
        self._when_idle = None
        self.settings.update(self.pending_settings or {})
        self.pending_settings = None
        for part in self.parts():
            part.rebooted()
        for outlet in self.outlets:
            outlet.reported = None
            outlet.paused = outlet.transaction is not None
            if outlet.transaction is None and outlet.allowed_token:
                outlet.allowed_token = None
        self._boot_later(seconds)

    def _resume_sessions(self) -> None:
        for outlet in self.outlets:
            if outlet.paused:
                outlet.paused = False
                if outlet.transaction is not None:
                    self.dialect.resumed(outlet, outlet.transaction)
                    outlet.review()

    def _stop_all(self, reason: str) -> None:
        for outlet in self.outlets:
            outlet.stop(reason)

    def post(
        self,
        action: str,
        build: Callable[[], Payload],
        *,
        weight: Weight = Weight.PASSING,
        answered: Callable[[Payload], None] | None = None,
        failed: Callable[[str], None] | None = None,
    ) -> None:
        """Queue a message to the server; passing ones are not kept for later when offline."""
        if weight is Weight.PASSING and not self.line.connected:
            if failed is not None:
                failed("offline")
            return
        self.outbox.post(Letter(action, build, weight=weight, answered=answered, failed=failed))

    def stream(self, action: str, message: Payload) -> None:
        """Send what wants no answer (2.1); it waits for nothing."""
        if self.online:
            self.messages_sent += 1
            self.line.tell(self._ids.uuid(), action, message)

    def tell(self, fact: Fact) -> None:
        if self._tell is not None:
            self._tell(fact)

    def _acted(self) -> None:
        if self.line.idle and self.outbox:
            letter = self.outbox.take(self.now, boot_only=not self.accepted)
            if letter is not None:
                self._ask(letter)

    def _ask(self, letter: Letter) -> None:
        letter.attempts += 1
        # 2.1 may repeat the id with the message, 1.6 and 2.0.1 take a new one for each sending.
        if letter.message_id is None or self.line_version is not Version.V21:
            message_id = self._ids.uuid()
        else:
            message_id = letter.message_id
        self.messages_sent += 1
        deadline = self.now + self.timing.answer_s
        self.line.ask(letter, message_id=message_id, deadline=deadline)

        def overdue() -> None:
            if (
                self.line.awaited is letter
                and letter.message_id == message_id
                and self.line.deadline <= self.now
            ):
                self.line.awaited = None
                self._settle(letter, Refused(code="timeout"))

        self.at(deadline, overdue)

    @property
    def line_version(self) -> Version:
        return self.dialect.version

    def _settle(self, letter: Letter, outcome: Payload | Refused) -> None:
        if not isinstance(outcome, Refused):
            self.messages_answered += 1
            if letter.answered is not None:
                letter.answered(outcome)
            return
        if outcome.code == "timeout":
            self._timeouts += 1
            if self._timeouts >= TIMEOUTS_BEFORE_RECONNECT:
                self.wants_disconnect = True
        else:
            self.errors_received += 1
        if outcome.code == "SecurityError" and self.accepted and letter.action != "BootNotification":
            # The server does not know us any more: introduce ourselves again (2.x, B02.FR.09).
            self.accepted = False
            self._boot()
        if letter.weight is not Weight.PASSING and (
            outcome.code in ("timeout", "SecurityError") or letter.attempts < self.timing.attempts_max
        ):
            # 1.6: TransactionMessageRetryInterval times the number of attempts (3.7.1).
            letter.not_before = self.now + self.timing.retry_s * min(letter.attempts, 10)
            self.outbox.put_back(letter)
            self.at(letter.not_before, _nothing)
        elif letter.failed is not None:
            letter.failed(outcome.code)

    def _answer(self, action: str, request: Payload) -> Answering:
        if action in self.spec.unsupported:
            return Refused(code="NotSupported", description=f"{action} is not for this station.")
        if self.refuses(action):
            return refusal(ACTIONS[self.line_version][action].response)
        return self.dialect.answer(action, request)

    def _boot(self) -> None:
        self._boots += 1
        life = self._life

        def answered(answer: BootAnswer) -> None:
            if self._life != life:
                return
            if answer.status == "Accepted":
                self.accepted = True
                self.heartbeat_s = float(self.spec.heartbeat_s or answer.interval_s or 300)
                self._say_all_statuses()
                for part in self.parts():
                    part.accepted()
                self._resume_sessions()
                self._beat_later(self.dice.random())
            else:
                # 0 leaves the interval to the station (2.x, B02.FR.04).
                self._boot_again(float(answer.interval_s or 60))

        self.accepted = False
        self.dialect.boot(self.boot_reason, answered)

    def boot_again_now(self) -> None:
        """Asked to: it changes nothing but what the server knows."""
        self.boot_reason = "Triggered"
        self._boot()

    def boot_failed(self, _: str) -> None:
        self._boot_again(self.timing.retry_s * self.dice.uniform(1, 2))

    def _boot_again(self, seconds: float) -> None:
        attempt = self._boots

        def again() -> None:
            if self._boots == attempt and self.line.connected and not self.accepted:
                self._boot()

        self.at(self.now + seconds, again)

    def _beat_later(self, share: float = 1.0) -> None:
        self._heart += 1
        heart = self._heart

        def beat() -> None:
            if self._heart == heart:
                if self.online:
                    self.dialect.heartbeat()
                self._beat_later()

        self.at(self.now + self.heartbeat_s * share, beat)

    def change_heartbeat(self, seconds: float) -> None:
        self.heartbeat_s = seconds
        self._beat_later()

    def show_status(self, outlet: Outlet) -> None:
        """Tell the outlet's status if it is news."""
        status = outlet.status
        if status is not outlet.reported and self.online:
            outlet.reported = status
            self.dialect.status(outlet)
            self.look()

    def look(self) -> None:
        """Something that may be watched has changed."""
        watching = self.has(Monitors)
        if watching is not None:
            watching.look()

    def _say_all_statuses(self) -> None:
        self.dialect.station_status()
        for outlet in self.outlets:
            outlet.reported = outlet.status
            self.dialect.status(outlet)

    def _say_changed_statuses(self) -> None:
        for outlet in self.outlets:
            self.show_status(outlet)

    def close_shop(self) -> None:
        """No driver comes any more, and those who are here leave: the end of a test."""
        self.open_for_business = False
        for outlet in self.outlets:
            outlet.unplug()
        self._acted()

    @property
    def all_told(self) -> bool:
        """Nothing of any session is left to say or unanswered."""
        return not (
            self.outbox.transactional
            or self.line.awaited is not None
            or any(outlet.transaction is not None for outlet in self.outlets)
        )

    def break_down(self, outlet: Outlet, fault: str, seconds: float) -> None:
        """An outlet fails, with its session if it has one, and is well again after `seconds`."""
        outlet.fault = fault
        reservations.dislodge(self, outlet)
        outlet.stop("Other" if fault not in ("ground", "overcurrent") else "EmergencyStop")
        outlet.reported = Status.FAULTED
        self.dialect.faulted(outlet, fault, cleared=False)

        def mended() -> None:
            outlet.fault = None
            self.dialect.faulted(outlet, fault, cleared=True)
            self.show_status(outlet)

        self.at(self.now + seconds, mended)

    @property
    def starts_when_connected(self) -> bool:
        return self.spec.starts_on == "connected" and self.line_version is not Version.V16

    def new_id(self) -> str:
        return self._ids.uuid()

    def dialect_transaction(self, transaction: Transaction) -> str:
        """The id by which the server's charging profiles call this transaction."""
        if self.line_version is Version.V16:
            return str(transaction.number)
        return transaction.id

    def remember_remote_start(self, outlet: int, remote_start_id: int) -> None:
        self._remote_starts[outlet] = remote_start_id

    def take_remote_start(self, outlet: int) -> int | None:
        return self._remote_starts.pop(outlet, None)

    def outlet_idle(self, outlet: Outlet) -> None:
        """A session or visit is over: what waited for that happens now."""
        if outlet.reset_when_idle and outlet.transaction is None:
            verbs.reset_outlet(self, outlet)
        if self._when_idle and all(other.transaction is None for other in self.outlets):
            waiting, self._when_idle = self._when_idle, None
            for action in waiting:
                action()

    def when_idle(self, action: Callable[[], None]) -> None:
        """Do it as soon as no session is going on; a restart forgets it."""
        self._when_idle = [*(self._when_idle or []), action]

    def run_steps(self, steps: Sequence[tuple[float, Callable[[], None]]]) -> None:
        """A slow job (firmware, logs): each step after its own pause, unless the station goes down."""
        life, when = self._life, self.now
        for pause, action in steps:
            when += pause

            def due(action: Callable[[], None] = action) -> None:
                if self._life == life:
                    action()

            self.at(when, due)


def _nothing() -> None:
    """A reason to wake up: sending is tried again after every appointment."""


def _register(spec: StationSpec, number: int, dice: Dice) -> float:
    if number <= len(spec.register_wh):
        return float(spec.register_wh[number - 1])
    return float(dice.integer(10_000, 30_000_000))
