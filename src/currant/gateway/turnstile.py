"""Lets those in together who come while others are on their way in.

After a power cut thousands of stations come within seconds. What one of them holds is a few rows;
read for each alone they cost a thread switch and several queries each, read together next to
nothing. Like group commit, it waits for nobody: the first goes in at once, and those who come
until it is in go next, all in one turn of the loop, in which the services share their queries.
"""

import asyncio
from collections import deque
from collections.abc import Callable

TOGETHER_MAX = 500
PATIENCE_S = 2.0
"""After so long those on their way no longer hold the others up (the database is slow, or away)."""


class Turnstile:
    __slots__ = ("_on_their_way", "_round", "_waiting")

    def __init__(self) -> None:
        self._waiting: deque[Callable[[], None]] = deque()
        self._on_their_way = 0
        self._round = 0

    def enter(self, start: Callable[[], None]) -> None:
        """Call `start` now or with the next round; whoever was started says `is_in(round)` in the end."""
        self._waiting.append(start)
        if not self._on_their_way:
            self._let_in()

    @property
    def round(self) -> int:
        return self._round

    def is_in(self, round_: int) -> None:
        """One of a round has what it came for, or gave up."""
        if round_ != self._round:
            return
        self._on_their_way -= 1
        if self._on_their_way <= 0 and self._waiting:
            # With the next turn, so that more of those who come at the same time go together.
            asyncio.get_running_loop().call_soon(self._let_in_next, round_)

    def _let_in_next(self, round_: int) -> None:
        if round_ == self._round and self._waiting:
            self._let_in()

    def _let_in(self) -> None:
        self._round += 1
        group = [self._waiting.popleft() for _ in range(min(len(self._waiting), TOGETHER_MAX))]
        self._on_their_way = len(group)
        asyncio.get_running_loop().call_later(PATIENCE_S, self._let_in_next, self._round)
        for start in group:
            start()
