"""What somebody wants to declare, checked: whom it is for, how fast it goes out, and why."""

from collections.abc import Sequence

from currant.kit.errors import Invalid
from currant.stations.desired.model import Declaration, DeclarationDraft, Pace, Scope
from currant.stations.desired.resolution import target_of
from currant.stations.desired.standing import digest

AT_ONCE_MAX = 1_000
"""Declarations in one request."""
WORD_MAX = 255
WHY_MAX = 1_000
VERSIONS = ("", "1.6", "2.0.1", "2.1")


def slot_of(declaration: Declaration) -> str:
    """A word for whom and what a declaration is about: there is one of each."""
    return digest(
        target_of(declaration), declaration.firmware, declaration.version, declaration.aspect, declaration.key
    )


def check_scope(draft: DeclarationDraft) -> None:
    """Raise Invalid unless a draft names exactly what its scope needs."""
    needed = {
        Scope.STATION: {"station"},
        Scope.GROUP: {"group"},
        Scope.MODEL: {"vendor", "model"},
        Scope.ALL: set[str](),
    }[draft.scope]
    for field in ("station", "group", "vendor", "model"):
        given = bool(getattr(draft, field))
        if given and field not in needed:
            raise Invalid(f"A declaration for scope {draft.scope.value} names no {field}.", field=field)
        if not given and field in needed:
            raise Invalid(f"A declaration for scope {draft.scope.value} names a {field}.", field=field)
    if draft.firmware and draft.scope is not Scope.MODEL:
        raise Invalid("Only a declaration for a model names a firmware version.", field="firmware")
    for field in ("vendor", "model", "firmware"):
        if len(getattr(draft, field) or "") > WORD_MAX:
            raise Invalid(f"{field} has at most {WORD_MAX} characters.", field=field)
    if draft.version not in VERSIONS:
        raise Invalid("A version is 1.6, 2.0.1 or 2.1.", field="version")
    if not -1_000_000 <= draft.priority <= 1_000_000:
        raise Invalid("A priority lies between -1000000 and 1000000.", field="priority")


def check_pace(pace: Pace) -> None:
    for field, most in (("at_once", 100_000), ("per_minute", 1_000_000), ("canary", 100_000)):
        value = getattr(pace, field)
        if value is not None and not 1 <= value <= most:
            raise Invalid(f"{field} is 1 to {most:,}; this is {value}.", field=f"pace.{field}")
    percent = pace.stop_above_percent
    if percent is not None and not 0 <= percent < 100:
        raise Invalid("stop_above_percent lies between 0 and 100.", field="pace.stop_above_percent")


def check_why(why: str) -> None:
    if len(why) > WHY_MAX:
        raise Invalid(f"A reason has at most {WHY_MAX} characters.", field="why")


def check_count(things: Sequence[object]) -> None:
    if not 1 <= len(things) <= AT_ONCE_MAX:
        raise Invalid(f"Change 1 to {AT_ONCE_MAX:,} declarations at a time.", field="declarations")
