"""How often somebody may guess: failures counted per name and per address, with growing pauses.

Sans-I/O: the time comes in as an argument. The table is bounded; when it is full the entry that was
quiet longest makes room, so an attacker with many addresses cannot fill the memory.
"""

from collections import OrderedDict
from collections.abc import Hashable

ENTRIES_MAX = 20_000


class Attempts:
    """Failures by key; after `free` of them each further one doubles the pause, up to `longest_s`."""

    def __init__(self, *, free: int, first_pause_s: float, longest_s: float, forget_s: float) -> None:
        self._free = free
        self._first_pause_s = first_pause_s
        self._longest_s = longest_s
        self._forget_s = forget_s
        self._failures: OrderedDict[Hashable, tuple[int, float]] = OrderedDict()

    def pause(self, key: Hashable, *, now: float) -> float:
        """Seconds to wait until `key` may try again; 0 when it may now."""
        count, last = self._failures.get(key, (0, 0.0))
        if count <= self._free or now - last >= self._forget_s:
            return 0.0
        # The exponent is bounded before it is raised: a thousand failures must not overflow a float.
        length = min(self._first_pause_s * 2.0 ** min(count - self._free - 1, 30), self._longest_s)
        return max(0.0, last + length - now)

    def fail(self, key: Hashable, *, now: float) -> int:
        """Count a failure; how many there are now."""
        count, last = self._failures.pop(key, (0, now))
        count = 1 if now - last >= self._forget_s else count + 1
        self._failures[key] = (count, now)
        if len(self._failures) > ENTRIES_MAX:
            self._failures.popitem(last=False)
        return count

    def succeed(self, key: Hashable) -> None:
        self._failures.pop(key, None)

    def __len__(self) -> int:
        return len(self._failures)
