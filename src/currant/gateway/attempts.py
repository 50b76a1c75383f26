"""Counts failed log-ins per identity and per address, so that guessing stays slow and working stations stay in.

Where an identity last logged in from is remembered: from there it is always let through to the
password check, so that neither a guesser elsewhere nor a misconfigured neighbour behind the same
router can lock a working station out. Both tables are bounded; the oldest entries go first.
"""

TRACKED_MAX = 20_000


class _Window:
    __slots__ = ("count", "since", "told_at")

    def __init__(self, since: float) -> None:
        self.count = 0
        self.since = since
        self.told_at = float("-inf")


class Attempts:
    """`now` is monotonic seconds."""

    __slots__ = ("_addresses", "_good", "_identities", "_per_address", "_per_identity", "_window_s")

    def __init__(self, *, per_identity: int, per_address: int, window_s: float) -> None:
        self._per_identity = per_identity
        self._per_address = per_address
        self._window_s = window_s
        self._identities: dict[str, _Window] = {}
        self._addresses: dict[str, _Window] = {}
        self._good: dict[str, str] = {}

    def allowed(self, identity: str, address: str, *, now: float) -> bool:
        """Whether credentials may be looked at at all."""
        if self._good.get(identity) == address:
            return True
        return self._below(self._identities, identity, self._per_identity, now) and self._below(
            self._addresses, address, self._per_address, now
        )

    def failed(self, identity: str, address: str, *, now: float) -> bool:
        """Count a failure; True when it should be told (once per identity and window)."""
        window = self._count(self._identities, identity, now)
        self._count(self._addresses, address, now)
        if now - window.told_at < self._window_s:
            return False
        window.told_at = now
        return True

    def succeeded(self, identity: str, address: str) -> None:
        self._identities.pop(identity, None)
        if self._good.get(identity) != address:
            if len(self._good) >= TRACKED_MAX:
                del self._good[next(iter(self._good))]
            self._good[identity] = address

    def _below(self, table: dict[str, _Window], key: str, limit: int, now: float) -> bool:
        window = table.get(key)
        return window is None or now - window.since >= self._window_s or window.count < limit

    def _count(self, table: dict[str, _Window], key: str, now: float) -> _Window:
        window = table.get(key)
        if window is None:
            if len(table) >= TRACKED_MAX:
                del table[next(iter(table))]
            window = table[key] = _Window(now)
        elif now - window.since >= self._window_s:
            window.since = now
            window.count = 0
        window.count += 1
        return window
