"""Notices messages that a station sends again and again although they never succeed (quirk B18).

Such a station is stuck: it keeps what it has to say in a queue behind the message that cannot be
taken. Nothing here sees a message that succeeds.
"""

from hashlib import blake2b

from currant.kit.ids import StationId

REFUSED_TIMES = 5
"""How often the same content is refused before it is called poisoned."""
KEPT_MAX = 10_000
"""Messages watched, of all stations; the one that failed longest ago is forgotten first."""


class Poison:
    """Counts failures by station and content, over all its connections."""

    __slots__ = ("_counts",)

    def __init__(self) -> None:
        self._counts: dict[bytes, int] = {}

    def __len__(self) -> int:
        return len(self._counts)

    def failed(self, station_id: StationId, action: str, content: bytes) -> int | None:
        """Count a message that failed. The count, when it shall be told: the fifth time, the 50th, the 500th, …"""
        # Kept as a digest: a message may be large, and what is in it is nobody's business here.
        key = blake2b(
            b"%b\0%b\0%b" % (station_id.encode(), action.encode(), content), digest_size=16
        ).digest()
        times = self._counts.pop(key, 0) + 1
        if len(self._counts) >= KEPT_MAX:
            del self._counts[next(iter(self._counts))]
        self._counts[key] = times
        told = REFUSED_TIMES
        while told < times:
            told *= 10
        return times if told == times else None
