"""Which declarations hold for a station, as pure functions of declarations and facts.

Of all declarations of a key that apply to a station one wins: station over group over model over
all; within a scope the higher priority, then the more particular (a firmware, a version), then the newer.
"""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from currant.stations.desired.aspect import Desired
from currant.stations.desired.model import Change, Declaration, Facts, Scope

AspectKey = tuple[str, str]
Rank = tuple[int, int, int, int, str]

_WIDTH = {Scope.STATION: 3, Scope.GROUP: 2, Scope.MODEL: 1, Scope.ALL: 0}


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """A key that another declaration holds for at a station than before; None where none does."""

    station_id: str
    aspect: str
    key: str
    before: Declaration | None
    after: Declaration | None


class Explained(msgspec.Struct, frozen=True, kw_only=True):
    """The declaration that holds, and those that it prevails over with the reason why, strongest first."""

    winner: Declaration
    lost: tuple[tuple[Declaration, str], ...] = ()


class Book:
    """A tenant's declarations, filed by whom they are for. Changed only by `put` and `remove`."""

    def __init__(self, declarations: Iterable[Declaration] = ()) -> None:
        self._by_id: dict[str, Declaration] = {}
        self._for: dict[tuple[str, ...], dict[str, Declaration]] = {}
        for declaration in declarations:
            self.put(declaration)

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[Declaration]:
        return iter(self._by_id.values())

    def get(self, declaration_id: str) -> Declaration | None:
        return self._by_id.get(declaration_id)

    def put(self, declaration: Declaration) -> None:
        self.remove(declaration.id)
        self._by_id[declaration.id] = declaration
        self._for.setdefault(target_of(declaration), {})[declaration.id] = declaration

    def remove(self, declaration_id: str) -> None:
        known = self._by_id.pop(declaration_id, None)
        if known is not None:
            target = target_of(known)
            filed = self._for[target]
            del filed[declaration_id]
            if not filed:
                del self._for[target]

    def applying(self, facts: Facts) -> Iterator[Declaration]:
        """Every declaration that is for this station, in no order."""
        for target in _targets(facts):
            filed = self._for.get(target)
            if filed:
                for declaration in filed.values():
                    if applies(declaration, facts):
                        yield declaration

    def resolve(self, facts: Facts) -> dict[AspectKey, Declaration]:
        """The declaration that holds for a station, by aspect and key."""
        winners: dict[AspectKey, Declaration] = {}
        for declaration in self.applying(facts):
            at = (declaration.aspect, declaration.key)
            best = winners.get(at)
            if best is None or rank(declaration) > rank(best):
                winners[at] = declaration
        return winners

    def explain(self, facts: Facts) -> dict[AspectKey, Explained]:
        """Which declaration holds, and which do not because of it."""
        found: dict[AspectKey, list[Declaration]] = {}
        for declaration in self.applying(facts):
            found.setdefault((declaration.aspect, declaration.key), []).append(declaration)
        explained: dict[AspectKey, Explained] = {}
        for at, candidates in found.items():
            first, *others = sorted(candidates, key=rank, reverse=True)
            explained[at] = Explained(
                winner=first, lost=tuple((other, why_lost(first, other)) for other in others)
            )
        return explained

    def about(self, keys: set[AspectKey]) -> "Book":
        """The part of the book that is about these keys."""
        return Book(declaration for declaration in self if (declaration.aspect, declaration.key) in keys)

    def before(self, changes: Sequence[Change]) -> "Book":
        """The book as it was before these changes."""
        book = Book(self)
        for change in changes:
            book.remove(change.declaration_id)
            if change.before is not None:
                book.put(change.before)
        return book


def target_of(declaration: Declaration) -> tuple[str, ...]:
    """Whom a declaration is for, as a key that equal targets share."""
    match declaration.scope:
        case Scope.STATION:
            return ("station", str(declaration.station_id))
        case Scope.GROUP:
            return ("group", str(declaration.group_id))
        case Scope.MODEL:
            return ("model", declaration.vendor.casefold(), declaration.model.casefold())
        case Scope.ALL:
            return ("all",)


def applies(declaration: Declaration, facts: Facts) -> bool:
    """Whether a declaration of a fitting target is for this station: its firmware and version."""
    return (not declaration.firmware or declaration.firmware == facts.firmware) and (
        not declaration.version or declaration.version == facts.version
    )


def rank(declaration: Declaration) -> Rank:
    """The higher one wins."""
    return (
        _WIDTH[declaration.scope],
        declaration.priority,
        bool(declaration.firmware) + bool(declaration.version),
        int(declaration.declared_at.timestamp() * 1_000_000),
        declaration.id,
    )


def why_lost(winner: Declaration, loser: Declaration) -> str:
    """Why one declaration prevails over another, in words."""
    first, second = rank(winner), rank(loser)
    if first[0] != second[0]:
        wide = {
            Scope.STATION: "the station itself",
            Scope.GROUP: "its group",
            Scope.MODEL: "its model",
            Scope.ALL: "all",
        }
        return f"A declaration for {wide[winner.scope]} prevails over one for {wide[loser.scope]}."
    if first[1] != second[1]:
        return f"Its priority is {loser.priority}, the other's {winner.priority}."
    if first[2] != second[2]:
        return "The other one names a firmware or OCPP version and so fits more closely."
    return "The other one is newer."


def desired_of(declaration: Declaration) -> Desired:
    return Desired(
        aspect=declaration.aspect,
        key=declaration.key,
        value=declaration.value,
        declaration_id=declaration.id,
        declared_at=declaration.declared_at,
        may_restart=declaration.may_restart,
    )


def keys_of(changes: Sequence[Change]) -> set[AspectKey]:
    """What changes are about."""
    return {
        (declaration.aspect, declaration.key)
        for change in changes
        for declaration in (change.before, change.after)
        if declaration is not None
    }


def differences(before: Book, after: Book, stations: Iterable[Facts]) -> Iterator[Difference]:
    """What a change of declarations means for each station. Give books that are `about` the changed keys alone."""
    for facts in stations:
        was, shall = before.resolve(facts), after.resolve(facts)
        for at in sorted(was.keys() | shall.keys()):
            old, new = was.get(at), shall.get(at)
            if not _same(old, new):
                yield Difference(station_id=facts.station_id, aspect=at[0], key=at[1], before=old, after=new)


def _same(old: Declaration | None, new: Declaration | None) -> bool:
    if old is None or new is None:
        return old is new
    return old.value == new.value and old.may_restart == new.may_restart


def _targets(facts: Facts) -> Iterator[tuple[str, ...]]:
    yield ("all",)
    yield ("model", facts.vendor.casefold(), facts.model.casefold())
    for group in facts.groups:
        yield ("group", group)
    yield ("station", facts.station_id)
