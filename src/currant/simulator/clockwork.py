"""Time inside a station: what is planned happens at its own moment, in the order it was planned."""

import heapq
from collections.abc import Callable
from datetime import UTC, datetime


class Clockwork:
    """Epoch seconds that move only when `advance` is called, and an agenda."""

    def __init__(self) -> None:
        self.now = 0.0
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._planned = 0

    def at(self, when: float, action: Callable[[], None]) -> None:
        """Plan something; what is planned for one moment happens in the order it was planned."""
        self._planned += 1
        heapq.heappush(self._agenda, (when, self._planned, action))

    @property
    def next_wake(self) -> float | None:
        """When `advance` has something to do, epoch seconds."""
        return self._agenda[0][0] if self._agenda else None

    def advance(self, now: float) -> None:
        """Let time pass to `now`; everything due happens at its own moment, in order."""
        while self._agenda and self._agenda[0][0] <= now:
            when, _, action = heapq.heappop(self._agenda)
            self.now = max(self.now, when)
            action()
            self._acted()
        self.now = max(self.now, now)
        self._acted()

    def resume(self, now: float, action: Callable[[], None]) -> None:
        """Something that went on outside has come to its end."""
        self.advance(now)
        action()
        self._acted()

    def _acted(self) -> None:
        """Something may have been done, and something be left to say."""

    def stamp(self) -> datetime:
        """The station's clock, to the second, as chargers tell it."""
        return self.stamp_of(self.now)

    def stamp_of(self, when: float) -> datetime:
        return datetime.fromtimestamp(int(when), UTC)
