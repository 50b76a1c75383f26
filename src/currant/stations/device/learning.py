"""What a station's word changes about what is known of it: rows that differ, and nothing when nothing does."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from currant.stations.device.model import How


class Place(NamedTuple):
    """Which row: the variable's number, where it is (0: nowhere in particular), and which attribute."""

    variable: int
    evse: int
    connector: int
    attribute: int


class Row(NamedTuple):
    """What is kept of one attribute. `traits` is a number, 0 when nothing is known of the variable's kind."""

    value: str | None
    traits: int
    known_at: int
    how: int
    pending: str | None
    digest: str | None


class Learned(NamedTuple):
    """One value that a station told or took, with its own word for what became of it."""

    place: Place
    value: str | None
    status: str
    traits: int
    how: How
    at: int
    digest: str | None = None
    """Of the value; given for what was set, and for what is hidden."""
    hidden: bool = False
    """Whether the value itself is not to be kept."""


class Differences(NamedTuple):
    written: dict[Place, Row]
    removed: list[Place]


_HOWS = {how: number for number, how in enumerate(How)}
_GONE = ("UnknownComponent", "UnknownVariable")
_READ = ("Accepted", "")


def differences(
    known: Mapping[Place, Row], learned: Iterable[Learned], *, whole: bool = False, room: int = 5_000
) -> Differences:
    """What must be written and removed, given what is known already.

    `whole` says that the values read are all that the station has: what is not among them is gone.
    Beyond `room` variables a station's new ones are not kept.
    """
    now: dict[Place, Row] = {}
    removed: dict[Place, None] = {}
    told: set[Place] = set()
    size = len(known)
    for each in learned:
        place = each.place
        told.add(place)
        before = None if place in removed else now.get(place) or known.get(place)
        if before is not None and _is_no_news(before, each):
            continue
        if each.how is not How.SET and each.status in _GONE:
            if before is not None:
                removed[place] = None
                now.pop(place, None)
            continue
        after = _after(before, each)
        if after is None or (before is not None and _same(before, after)):
            continue
        if before is None:
            if size >= room:
                continue
            size += 1
        removed.pop(place, None)
        now[place] = after
    if whole:
        for place, row in known.items():
            # What waits for a restart was taken by the station, whatever it reports until then.
            if place not in told and row.pending is None:
                removed[place] = None
    return Differences(
        {place: row for place, row in now.items() if place not in known or not _same(known[place], row)},
        [place for place in removed if place in known],
    )


def _is_no_news(before: Row, learned: Learned) -> bool:
    """What nearly every value of nearly every report is."""
    return (
        learned.value == before.value
        and (learned.traits == before.traits or not learned.traits)
        and bool(learned.value)
        and learned.how is not How.SET
        and learned.status in _READ
        and not learned.hidden
    )


def _after(before: Row | None, learned: Learned) -> Row | None:
    """The row that follows from one value; None when it says nothing."""
    if learned.how is How.SET:
        return _after_setting(before, learned)
    if learned.status not in _READ:
        return None
    value, digest = learned.value, None
    if learned.hidden:
        value, digest = None, learned.digest
    elif not value and before is not None:
        # What was set last stays known of a write-only one; an event about it has an empty value (N07.FR.12).
        digest = before.digest
        value = before.value if learned.how is How.EVENT else value
    return Row(
        value=value,
        traits=learned.traits or (0 if before is None else before.traits),
        known_at=learned.at,
        how=_HOWS[learned.how],
        pending=None if before is None else before.pending,
        digest=digest,
    )


def _after_setting(before: Row | None, learned: Learned) -> Row | None:
    traits = learned.traits or (0 if before is None else before.traits)
    at, how = learned.at, _HOWS[How.SET]
    # One whose kind is known and whose value is not is one that nobody may read.
    unread = before is not None and before.traits != 0 and before.value is None and before.pending is None
    hidden = learned.hidden or unread
    if learned.status == "Accepted":
        return Row(
            value=None if hidden else learned.value,
            traits=traits,
            known_at=at,
            how=how,
            pending=None,
            digest=learned.digest if hidden else None,
        )
    if learned.status == "RebootRequired":
        return Row(
            value=None if before is None else before.value,
            traits=traits,
            known_at=at if before is None else before.known_at,
            how=how if before is None else before.how,
            pending="" if hidden else learned.value,
            digest=learned.digest if hidden else None,
        )
    return None


def _same(left: Row, right: Row) -> bool:
    """Whether nothing is new but the moment and the way in which it was told."""
    return (
        left.value == right.value
        and left.traits == right.traits
        and left.pending == right.pending
        and left.digest == right.digest
    )
