"""A bad line between a station and its server, decided by chance and not by sockets."""

from enum import StrEnum

import msgspec

from currant.simulator.dice import Dice
from currant.simulator.specs import Faults

# What broken firmware has been seen to send (truncated, a value missing, an array begun with a comma).
GARBAGE = (
    b'[2,"77","Heartbeat",{',
    b'[2,"78","MeterValues",{"connectorId":1,"transactionId":,"meterValue":[]}]',
    b'[2,"79","MeterValues",{"connectorId":1,"meterValue":[{"sampledValue":[,{"value":"1"}]}]}]',
    b"\x00\x00",
    b"[99]",
    b"{}",
)


class Mishap(StrEnum):
    LOST = "lost"
    REPEATED = "repeated"
    DELAYED = "delayed"
    DISCONNECTED = "disconnected"
    MALFORMED = "malformed"


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of one frame: these, in order, after `delay_s`; or the end of the connection."""

    frames: tuple[bytes, ...] = ()
    delay_s: float = 0.0
    disconnects: bool = False
    mishap: Mishap | None = None


class BadLine:
    """Rolls the dice for every frame, both ways, and keeps count of what went wrong."""

    __slots__ = ("_dice", "_faults", "count")

    def __init__(self, faults: Faults, dice: Dice) -> None:
        self._faults = faults
        self._dice = dice
        self.count: dict[Mishap, int] = {}

    def outbound(self, frame: bytes) -> Delivery:
        faults, dice = self._faults, self._dice
        if dice.happens(faults.disconnect):
            return self._note(Delivery(disconnects=True, mishap=Mishap.DISCONNECTED))
        if dice.happens(faults.lose / 2):
            return self._note(Delivery(mishap=Mishap.LOST))
        if dice.happens(faults.malformed):
            return self._note(Delivery(frames=(dice.choice(GARBAGE), frame), mishap=Mishap.MALFORMED))
        if dice.happens(faults.repeat):
            return self._note(Delivery(frames=(frame, frame), mishap=Mishap.REPEATED))
        if dice.happens(faults.delay):
            held = dice.uniform(0, faults.delay_s)
            return self._note(Delivery(frames=(frame,), delay_s=held, mishap=Mishap.DELAYED))
        return Delivery(frames=(frame,))

    def inbound(self, frame: bytes) -> Delivery:
        """The other half of the losses: the server heard us, and we never hear its answer."""
        if self._dice.happens(self._faults.lose / 2):
            return self._note(Delivery(mishap=Mishap.LOST))
        return Delivery(frames=(frame,))

    def _note(self, delivery: Delivery) -> Delivery:
        assert delivery.mishap is not None
        self.count[delivery.mishap] = self.count.get(delivery.mishap, 0) + 1
        return delivery
