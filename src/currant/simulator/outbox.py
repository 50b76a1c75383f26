"""What a station still has to say, in the order in which it must be said.

Messages of transactions are kept until answered, through lost connections, reboots and power cuts,
and leave strictly in order (OCPP 1.6, 3.7.1; OCPP 2.0.1 Part 2, E04). Everything else may go
between them and is forgotten with the connection.
"""

from collections import deque
from collections.abc import Callable
from enum import Enum

from currant.ocpp.payload import Payload

BOOT = "BootNotification"
URGENT_MAX = 64
TRANSACTIONAL_MAX = 5_000


class Weight(Enum):
    """What may be dropped when the memory of a station is full: samples, never starts and stops."""

    PASSING = "passing"
    SAMPLE = "sample"
    MILESTONE = "milestone"


class Letter:
    """One message to the server. `build` is asked at each sending: an id may only be known by then."""

    __slots__ = ("action", "answered", "attempts", "build", "failed", "message_id", "not_before", "weight")

    def __init__(
        self,
        action: str,
        build: Callable[[], Payload],
        *,
        weight: Weight = Weight.PASSING,
        answered: Callable[[Payload], None] | None = None,
        failed: Callable[[str], None] | None = None,
    ) -> None:
        self.action = action
        self.build = build
        self.weight = weight
        self.answered = answered
        self.failed = failed
        self.attempts = 0
        self.not_before = 0.0
        self.message_id: str | None = None


class Outbox:
    """Two queues: passing messages go first, transactions' messages go in order."""

    __slots__ = ("samples_dropped", "transactional", "urgent")

    def __init__(self) -> None:
        self.urgent: deque[Letter] = deque()
        self.transactional: deque[Letter] = deque()
        self.samples_dropped = 0

    def __len__(self) -> int:
        return len(self.urgent) + len(self.transactional)

    def post(self, letter: Letter) -> None:
        """Queue a message; the oldest passing one, or this sample, gives way when there is no room."""
        if letter.action == BOOT:
            # Nothing else may leave before it is answered: behind other messages it would wait for ever.
            self.urgent.appendleft(letter)
        elif letter.weight is Weight.PASSING:
            if len(self.urgent) >= URGENT_MAX:
                del self.urgent[1 if self.urgent[0].action == BOOT else 0]
            self.urgent.append(letter)
        elif letter.weight is Weight.SAMPLE and len(self.transactional) >= TRANSACTIONAL_MAX:
            self.samples_dropped += 1
        else:
            self.transactional.append(letter)

    def take(self, now: float, *, boot_only: bool) -> Letter | None:
        """The next message that may leave now, taken out of its queue."""
        if self.urgent and (not boot_only or self.urgent[0].action == BOOT):
            return self.urgent.popleft()
        if not boot_only and self.transactional and self.transactional[0].not_before <= now:
            return self.transactional.popleft()
        return None

    def put_back(self, letter: Letter) -> None:
        """Return a transaction's message that got no answer to the head of its queue."""
        self.transactional.appendleft(letter)

    def forget_passing(self) -> None:
        self.urgent.clear()
