"""How fast a station may speak: a token bucket that says for how long not to listen."""


class Pace:
    """`per_second` messages on average, `burst` at once. `now` is monotonic seconds."""

    __slots__ = ("_left", "_throttled_since", "_updated_at")

    def __init__(self, burst: int, *, now: float) -> None:
        self._left = float(burst)
        self._updated_at = now
        self._throttled_since = 0.0

    def spend(self, per_second: float, burst: int, *, now: float) -> float:
        """Take one message's worth; how many seconds to stop reading for (0.0 mostly)."""
        left = self._left + (now - self._updated_at) * per_second
        self._updated_at = now
        if left > burst:
            left = burst
            self._throttled_since = 0.0
        self._left = left = left - 1.0
        if left >= 0.0:
            return 0.0
        if self._throttled_since == 0.0:
            self._throttled_since = now
        return min(1.0 - left, burst) / per_second

    def throttled_for(self, *, now: float) -> float:
        """Seconds since it was first held back and never caught its breath since."""
        return now - self._throttled_since if self._throttled_since else 0.0
