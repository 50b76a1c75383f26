"""How many requests a caller may make: a token bucket each, in a bounded table. Sans-I/O."""

from collections import OrderedDict

BUCKETS_MAX = 20_000


class Rates:
    """`burst` requests at once and `per_second` over time, by key."""

    def __init__(self, *, per_second: float, burst: int) -> None:
        self.per_second = per_second
        self.burst = burst
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str, *, now: float, cost: float = 1.0) -> float:
        """Take from the bucket: 0 when there was enough, else the seconds until there is (nothing is taken)."""
        level, at = self._buckets.pop(key, (float(self.burst), now))
        level = min(float(self.burst), level + (now - at) * self.per_second)
        wait = 0.0 if level >= cost else (cost - level) / self.per_second
        self._buckets[key] = (level if wait else level - cost, now)
        if len(self._buckets) > BUCKETS_MAX:
            # The one quiet for longest is the one most likely full again: forgetting it changes nothing.
            self._buckets.popitem(last=False)
        return wait

    def __len__(self) -> int:
        return len(self._buckets)
