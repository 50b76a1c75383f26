"""Chance that can be repeated: small random streams, each named by what it decides.

A stream is named by seed, station and purpose, so that who arrives tomorrow does not depend on
how many messages the network lost today. `random.Random` keeps 2.5 KB of state; this one keeps
a number (splitmix64), because a process holds tens of thousands of streams.
"""

import math
from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")

_WORD = 0xFFFFFFFFFFFFFFFF


class Dice:
    """A stream of chance; the same names give the same stream, always."""

    __slots__ = ("_state",)

    def __init__(self, *names: object) -> None:
        text = "/".join(str(name) for name in names)
        self._state = int.from_bytes(blake2b(text.encode(), digest_size=8).digest())

    def _next(self) -> int:
        self._state = state = (self._state + 0x9E3779B97F4A7C15) & _WORD
        state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _WORD
        state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & _WORD
        return state ^ (state >> 31)

    def random(self) -> float:
        """Uniform in [0, 1)."""
        return (self._next() >> 11) / (1 << 53)

    def uniform(self, low: float, high: float) -> float:
        return low + (high - low) * self.random()

    def integer(self, low: int, high: int) -> int:
        """Uniform over low..high, both included."""
        return low + self._next() % (high - low + 1)

    def happens(self, probability: float) -> bool:
        return probability > 0 and self.random() < probability

    def choice(self, options: Sequence[T]) -> T:
        return options[self._next() % len(options)]

    def weighted(self, options: Sequence[T], weights: Sequence[float]) -> T:
        mark = self.random() * sum(weights)
        for option, weight in zip(options, weights, strict=True):
            mark -= weight
            if mark < 0:
                return option
        return options[-1]

    def wait(self, rate: float) -> float:
        """Seconds until the next event of a Poisson process with `rate` events a second."""
        return -math.log(1.0 - self.random()) / rate

    def normal(self, mean: float, deviation: float) -> float:
        radius = math.sqrt(-2.0 * math.log(1.0 - self.random()))
        return mean + deviation * radius * math.cos(2.0 * math.pi * self.random())

    def hex(self, length: int) -> str:
        text = ""
        while len(text) < length:
            text += f"{self._next():016X}"
        return text[:length]

    def uuid(self) -> str:
        """A version 4 UUID in its usual text form."""
        text = f"{self._next():016x}{self._next():016x}"
        variant = "89ab"[int(text[16], 16) & 3]
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{variant}{text[17:20]}-{text[20:]}"
