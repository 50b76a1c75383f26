"""Whether two texts are the same value of a variable: stations write numbers, lists and truth in their own way."""

from datetime import datetime
from decimal import Decimal, InvalidOperation

from currant.stations.commanding.variables import Traits

_NUMBERS = ("decimal", "integer")
_SETS = ("MemberList", "OptionList")
_TRUTH = {"true": True, "false": False}


def same_value(wanted: str, reported: str | None, traits: Traits | None = None) -> bool:
    """Whether a station that reports this has what is wanted; None is a value that nobody may read."""
    if reported is None:
        return False
    if wanted == reported:
        return True
    wanted, reported = wanted.strip(), reported.strip()
    kind = "" if traits is None else traits.data_type
    if kind in _NUMBERS:
        return _numbers_agree(wanted, reported)
    if kind in _SETS:
        return set(_members(wanted)) == set(_members(reported))
    if kind == "SequenceList":
        return _members(wanted) == _members(reported)
    if kind == "boolean":
        return wanted.lower() == reported.lower()
    if kind == "dateTime":
        return _instants_agree(wanted, reported)
    if kind == "string":
        return wanted == reported
    # A station that tells no characteristics: 60 and 60.0, true and True are the same to everybody.
    return (
        wanted == reported
        or (wanted.lower() in _TRUTH and wanted.lower() == reported.lower())
        or _numbers_agree(wanted, reported)
        or ("," in wanted and _members(wanted) == _members(reported))
    )


def why_not(value: str, traits: Traits | None) -> str:
    """Why a variable of this kind cannot have a value, in words; empty when nothing speaks against it."""
    if traits is None:
        return ""
    if traits.mutability == "ReadOnly":
        return "The station says that it is read-only."
    kind = traits.data_type
    if kind in _NUMBERS:
        number = _number(value)
        if number is None or (kind == "integer" and number != number.to_integral_value()):
            return f"The station says that it is of type {kind}: {value[:50]!r} is not."
        if traits.min_limit is not None and number < Decimal(str(traits.min_limit)):
            return f"The station says that it is at least {traits.min_limit:g}."
        if traits.max_limit is not None and number > Decimal(str(traits.max_limit)):
            return f"The station says that it is at most {traits.max_limit:g}."
    elif kind == "boolean" and value.strip().lower() not in _TRUTH:
        return f"The station says that it is true or false: {value[:50]!r} is neither."
    elif kind in (*_SETS, "SequenceList") and traits.values:
        allowed = {member.lower() for member in _members(traits.values)}
        for member in _members(value):
            if member.lower() not in allowed:
                return f"The station says that {member[:50]!r} is not among its values: {traits.values}."
    if kind in ("string", *_SETS, "SequenceList"):
        most = traits.max_limit
        if most and len(value) > most:
            return f"The station says that it has at most {most:g} characters: this has {len(value)}."
    return ""


def _numbers_agree(left: str, right: str) -> bool:
    number = _number(left)
    return number is not None and number == _number(right)


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _instants_agree(left: str, right: str) -> bool:
    try:
        first, second = datetime.fromisoformat(left), datetime.fromisoformat(right)
    except ValueError:
        return False
    return (first.tzinfo is None) == (second.tzinfo is None) and first == second


def _members(text: str) -> list[str]:
    return [member.strip() for member in text.split(",") if member.strip()]
