"""The book at the door: attempts to connect that failed, those of late, by station; and of strangers.

Held in memory and bounded: what counts is why the last ones failed. It also knows what has to be
told to other nodes, and how seldom, because a charger with a wrong password tries for years.
"""

from collections import OrderedDict, deque
from collections.abc import Callable, Iterable

from msgspec.structs import replace

from currant.kit.ids import StationId, TenantId
from currant.stations.onboarding_model import Attempt

ATTEMPTS_MAX = 20
STATIONS_MAX = 2_000
STRANGERS_MAX = 200
WATCHED_MAX = 200
WATCHED_FOR_S = 2 * 3600.0
TOLD_EVERY_S = 10.0
"""How often one problem of a station somebody looks at is told to other nodes."""
TOLD_UNWATCHED_EVERY_S = 600.0
TOLD_MAX = 5_000
TOLD_AT_ONCE_MAX = 30
"""Events of strangers within `TOLD_EVERY_S`, however many there are."""


class Book:
    """`now` is monotonic seconds."""

    def __init__(self) -> None:
        self._attempts: OrderedDict[StationId, deque[Attempt]] = OrderedDict()
        self._strangers: deque[Attempt] = deque(maxlen=STRANGERS_MAX)
        self._watched: OrderedDict[StationId, tuple[TenantId, str, float]] = OrderedDict()
        self._told: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._round_began = float("-inf")
        self._round_told = 0

    def write(self, station_id: StationId | None, attempt: Attempt) -> None:
        """Take down an attempt; one just like the one before it is counted with it."""
        if station_id is None:
            _put(self._strangers, attempt)
            return
        kept = self._attempts.get(station_id)
        if kept is None:
            kept = self._attempts[station_id] = deque(maxlen=ATTEMPTS_MAX)
            if len(self._attempts) > STATIONS_MAX:
                self._attempts.popitem(last=False)
        else:
            self._attempts.move_to_end(station_id)
        _put(kept, attempt)

    def of(self, station_id: StationId) -> tuple[Attempt, ...]:
        """A station's attempts, latest first."""
        return tuple(reversed(self._attempts.get(station_id, ())))

    def strangers(self) -> tuple[Attempt, ...]:
        return tuple(reversed(self._strangers))

    def forget(self, station_id: StationId) -> None:
        self._attempts.pop(station_id, None)

    # Who is looked at

    def watch(self, station_id: StationId, tenant_id: TenantId, identity: str, *, now: float) -> bool:
        """Note that somebody looks; True when other nodes should be told (again)."""
        before = self._watched.pop(station_id, None)
        self._watched[station_id] = (tenant_id, identity, now)
        while len(self._watched) > WATCHED_MAX:
            self._watched.popitem(last=False)
        return self.may_tell(f"watched {station_id}", "", every_s=TOLD_UNWATCHED_EVERY_S, now=now) or (
            before is None or now - before[2] > WATCHED_FOR_S
        )

    def is_watched(self, station_id: StationId | None, *, now: float) -> bool:
        kept = None if station_id is None else self._watched.get(station_id)
        return kept is not None and now - kept[2] <= WATCHED_FOR_S

    def any_watched(self, *, now: float) -> bool:
        return any(now - at <= WATCHED_FOR_S for _, _, at in self._watched.values())

    def resembling(self, identity: str, *, now: float) -> StationId | None:
        """The one station looked at whose identity was probably meant by this one; None when none or several."""
        found = [
            station_id
            for station_id, (_, own, at) in self._watched.items()
            if now - at <= WATCHED_FOR_S and resembles(identity, own)
        ]
        return found[0] if len(found) == 1 else None

    def last_from(self, address: str, *, now: float, known: Callable[[StationId], str]) -> StationId | None:
        """The one station looked at that comes from this address, by its attempts or by `known`."""
        if not address:
            return None
        found = [
            station_id
            for station_id, (_, _, at) in self._watched.items()
            if now - at <= WATCHED_FOR_S
            and (
                known(station_id) == address
                or any(attempt.remote_address == address for attempt in self._attempts.get(station_id, ()))
            )
        ]
        return found[0] if len(found) == 1 else None

    # What is told to other nodes

    def may_tell(self, who: str, problem: str, *, every_s: float, now: float) -> bool:
        key = (who, problem)
        if now - self._told.get(key, float("-inf")) < every_s:
            return False
        self._told.pop(key, None)
        self._told[key] = now
        while len(self._told) > TOLD_MAX:
            self._told.popitem(last=False)
        return True

    def has_room(self, *, now: float) -> bool:
        """Whether one more of a stranger may be told in this while."""
        if now - self._round_began >= TOLD_EVERY_S:
            self._round_began, self._round_told = now, 0
        self._round_told += 1
        return self._round_told <= TOLD_AT_ONCE_MAX


def _put(kept: deque[Attempt], attempt: Attempt) -> None:
    if kept and _alike(kept[-1], attempt):
        before = kept.pop()
        times = before.facts.get("times")
        attempt = replace(
            attempt, facts={**attempt.facts, "times": (times if isinstance(times, int) else 1) + 1}
        )
    kept.append(attempt)


def _alike(one: Attempt, other: Attempt) -> bool:
    return (
        one.problem is other.problem
        and one.remote_address == other.remote_address
        and one.identity == other.identity
        and one.path == other.path
        and one.facts.get("variant") == other.facts.get("variant")
    )


def resembles(identity: str, expected: str) -> bool:
    """Whether somebody who typed one may have meant the other: other capitals or signs, or one letter apart."""
    one, other = _letters(identity), _letters(expected)
    if not one or not other:
        return False
    if one == other:
        return True
    if min(len(one), len(other)) >= 5 and (one in other or other in one):
        return True
    return min(len(one), len(other)) >= 4 and _one_apart(one, other)


def _letters(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())


def _one_apart(one: str, other: str) -> bool:
    """One letter changed, added or left out, or two neighbours exchanged."""
    if abs(len(one) - len(other)) > 1:
        return False
    differing = [at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b]
    if not differing:
        return True
    first = differing[0]
    if len(one) != len(other):
        longer, shorter = (one, other) if len(one) > len(other) else (other, one)
        return longer[:first] + longer[first + 1 :] == shorter
    if len(differing) == 1:
        return True
    return len(differing) == 2 and _exchanged(one, other, differing)


def _exchanged(one: str, other: str, at: Iterable[int]) -> bool:
    first, second = at
    return second == first + 1 and one[first] == other[second] and one[second] == other[first]
