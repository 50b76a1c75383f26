"""How a station's standing changes with what it reports and answers: pure, and the whole of the retry policy."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

import msgspec

from currant.stations.desired.aspect import Refusal
from currant.stations.desired.model import AspectState, Cause, KeyState, Standing
from currant.stations.model import CommandStatus

SECOND = 1_000_000
FIRST_PAUSE = timedelta(seconds=10)
LONGEST_PAUSE = timedelta(hours=1)
SETTLES_WITHIN = timedelta(seconds=15)
"""How long a station may take to show what it has accepted, before it is said not to have kept it."""
PATIENCE = timedelta(minutes=5)
"""How often something that takes long (a download) is looked after when no report comes."""
NOT_KEPT_MAX = 3
"""Accepted so often and never kept is a refusal."""
FAILED_MAX = 6
"""Errors in a row that make a refusal."""
RECONNECTIONS_MAX = 3
REASON_MAX = 300
READS = "?"
"""How the words of steps begin that only read."""

_encode = msgspec.json.Encoder(order="deterministic").encode


def digest(*parts: Any) -> str:
    """A short word for values; equal words mean equal values."""
    return hashlib.blake2b(_encode(parts), digest_size=8).hexdigest()


def pause_after(attempts: int, *, chance: float) -> int:
    """Microseconds until the next attempt: 10 s, 20 s, 40 s … an hour, give or take a fifth by `chance` (0 to 1).

    The spread keeps ten thousand stations that failed at once from being asked at once again.
    """
    pause = min(FIRST_PAUSE * (1 << min(max(attempts - 1, 0), 16)), LONGEST_PAUSE)
    return int(pause / timedelta(microseconds=1) * (0.8 + 0.4 * chance))


def moved(
    state: KeyState, standing: Standing, *, now: int, cause: Cause = Cause.NONE, reason: str = "", **more: Any
) -> KeyState:
    """The state with another standing; `since` stays while standing and cause are the same."""
    same = state.standing is standing and state.cause is cause
    return msgspec.structs.replace(
        state,
        standing=standing,
        cause=cause,
        reason=reason[:REASON_MAX],
        since=state.since if same and state.since else now,
        **more,
    )


def in_step(state: KeyState, *, wanted: str, now: int) -> KeyState:
    return moved(state, Standing.IN_STEP, now=now, digest=wanted, attempts=0, next_at=0, given_at=0, given={})


def begun_anew(state: KeyState, *, wanted: str) -> KeyState:
    """The state without what was learnt of another value or another firmware."""
    return (
        state
        if state.digest == wanted
        else KeyState(digest=wanted, standing=_before(state), since=state.since)
    )


def _before(state: KeyState) -> Standing:
    # What was in step with another value is not drifting: it has simply not been served yet.
    return Standing.UNKNOWN if state.standing is not Standing.WAITING else state.standing


def is_settled(state: KeyState) -> bool:
    """Refused or unsupported: asking again is of no use until the declaration or the firmware changes."""
    return state.standing in (Standing.REFUSED, Standing.UNSUPPORTED)


def must_rest(state: KeyState, *, now: int) -> bool:
    """Whether an attempt failed too lately for another one."""
    return state.standing is Standing.WAITING and state.next_at > now


def reconnected(state: KeyState) -> KeyState:
    """A station that comes back is asked at once what it did not answer before.

    One that keeps going away when it is asked is not: what it is asked may be what makes it go.
    """
    if state.cause is Cause.UNANSWERED and state.attempts <= RECONNECTIONS_MAX:
        return msgspec.structs.replace(state, next_at=0)
    return state


def working(state: KeyState, *, now: int) -> KeyState:
    """A step for this key is under way. What drifted goes on to be called so until it is in step again."""
    if state.standing in (Standing.IN_STEP, Standing.DRIFTING):
        reason = (
            state.reason
            if state.standing is Standing.DRIFTING
            else "The station reports another value than it had."
        )
        return moved(state, Standing.DRIFTING, now=now, reason=reason)
    return moved(state, Standing.IN_PROGRESS, now=now)


def held(state: KeyState, cause: Cause, reason: str, *, now: int) -> KeyState:
    """Nothing can be done now. It is looked at again when that which it waits for happens."""
    return moved(state, Standing.WAITING, now=now, cause=cause, reason=reason, next_at=0)


def later(state: KeyState, cause: Cause, reason: str, *, now: int, chance: float) -> KeyState:
    """An attempt failed: again after a pause; what fails too often with an error is refused."""
    attempts = state.attempts + 1
    if cause is Cause.FAILED and attempts >= FAILED_MAX:
        return moved(
            state,
            Standing.REFUSED,
            now=now,
            reason=reason or "The station answers with an error every time.",
            attempts=attempts,
            next_at=0,
        )
    return moved(
        state,
        Standing.WAITING,
        now=now,
        cause=cause,
        reason=reason,
        attempts=attempts,
        next_at=now + pause_after(attempts, chance=chance),
    )


def refused(
    state: KeyState, refusal: Refusal, *, now: int, chance: float, unsupported: bool = False
) -> KeyState:
    if not refusal.final:
        return later(state, Cause.FAILED, refusal.reason, now=now, chance=chance)
    standing = Standing.UNSUPPORTED if unsupported or refusal.unsupported else Standing.REFUSED
    return moved(state, standing, now=now, reason=refusal.reason, next_at=0)


def answered(
    state: KeyState,
    status: CommandStatus,
    reason: str,
    *,
    step: str,
    says: Refusal | None,
    heard: bool,
    now: int,
    chance: float,
) -> KeyState:
    """What an answer to a step means for one of its keys.

    `says` is what the aspect made of it, `heard` whether it made anything of it for this key: an
    answer that refuses some and accepts others is told key by key.
    """
    if says is not None:
        return refused(state, says, now=now, chance=chance, unsupported=status is CommandStatus.UNSUPPORTED)
    match status:
        case CommandStatus.OFFLINE:
            return held(state, Cause.OFFLINE, "The station is not connected.", now=now)
        case CommandStatus.UNANSWERED | CommandStatus.SENT:
            return later(
                state, Cause.UNANSWERED, reason or "The station did not answer.", now=now, chance=chance
            )
        case CommandStatus.UNSUPPORTED:
            return refused(
                state,
                Refusal(reason=reason or "The station does not know this."),
                now=now,
                chance=chance,
                unsupported=True,
            )
        case CommandStatus.FAILED:
            return later(
                state, Cause.FAILED, reason or "The station answered with an error.", now=now, chance=chance
            )
        case CommandStatus.REFUSED if not heard:
            return refused(state, Refusal(reason=reason or "The station refused."), now=now, chance=chance)
        case _:
            # What was read before something was written may be read again at once.
            given = {
                word: times
                for word, times in state.given.items()
                if step.startswith(READS) or not word.startswith(READS)
            }
            given[step] = given.get(step, 0) + 1
            if len(given) > 8:
                given = {step: given[step]}
            return msgspec.structs.replace(
                working(state, now=now), attempts=0, next_at=0, given_at=now, given=given
            )


class Repeated(msgspec.Struct, frozen=True):
    """A step was accepted before and the station is still not in step: how the key stands, and whether to give it again."""

    state: KeyState
    again: bool
    finding: bool = False


def repeated(
    state: KeyState,
    step: str,
    *,
    reported: str,
    now: int,
    chance: float,
    within: timedelta = SETTLES_WITHIN,
) -> Repeated | None:
    """What to do about a step that was accepted before; None when it never was."""
    times = state.given.get(step, 0)
    if not times:
        return None
    settles_at = state.given_at + int(within / timedelta(microseconds=1)) * times
    if now < settles_at:
        return Repeated(msgspec.structs.replace(working(state, now=now), next_at=settles_at), again=False)
    if step.startswith(READS):
        # Asked, answered, and none the wiser: more and more rarely again, and never held against it.
        if 0 < state.next_at <= now:
            return Repeated(state, again=True)
        state = msgspec.structs.replace(state, attempts=times - 1)
        silent = "The station answers and does not say what it has."
        return Repeated(
            later(state, Cause.UNANSWERED, silent, now=now, chance=chance),
            again=False,
        )
    told = (
        f"The station accepts this and keeps {reported}."
        if reported
        else "The station accepts this and does not show it."
    )
    if times >= NOT_KEPT_MAX:
        return Repeated(
            moved(state, Standing.REFUSED, now=now, reason=told, next_at=0), again=False, finding=True
        )
    return Repeated(moved(state, Standing.DRIFTING, now=now, reason=told), again=True, finding=True)


_WORST_FIRST = (
    Standing.REFUSED,
    Standing.DRIFTING,
    Standing.UNSUPPORTED,
    Standing.IN_PROGRESS,
    Standing.WAITING,
    Standing.UNKNOWN,
    Standing.IN_STEP,
)
_PLACE = {standing: place for place, standing in enumerate(_WORST_FIRST)}


def worst(states: Iterable[KeyState]) -> KeyState:
    """The one that a summary shall show; in step when there are none."""
    return min(
        states,
        key=lambda state: (_PLACE[state.standing], state.since),
        default=KeyState(standing=Standing.IN_STEP),
    )


def summed_up(before: AspectState, keys: Mapping[str, KeyState], *, now: int, **more: Any) -> AspectState:
    """An aspect's state by the states of its keys; `since` stays while standing and cause are the same."""
    shown = worst(keys.values())
    same = before.standing is shown.standing and before.cause is shown.cause
    return msgspec.structs.replace(
        before,
        standing=shown.standing,
        cause=shown.cause,
        reason=shown.reason,
        since=before.since if same and before.since else now,
        attempts=max((state.attempts for state in keys.values()), default=0),
        next_at=min((state.next_at for state in keys.values() if state.next_at), default=0),
        keys=dict(keys),
        **more,
    )
