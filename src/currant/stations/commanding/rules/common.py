"""Checks that the rules of several blocks share; each raises Invalid with a sentence for the caller."""

from currant.kit.errors import Invalid


def text(field: str, value: str, *, least: int, most: int) -> None:
    if not least <= len(value) <= most:
        raise Invalid(f"{field} has {least} to {most} characters; this has {len(value)}.", field=field)


def count(field: str, number: int, *, least: int, most: int) -> None:
    if not least <= number <= most:
        raise Invalid(f"{field}: name {least} to {most}, not {number}.", field=field)


def between(field: str, number: float | None, least: float, most: float) -> None:
    """None is in order."""
    if number is not None and not least <= number <= most:
        raise Invalid(f"{field} is {least} to {most}; this is {number}.", field=field)


def place(evse: int | None, connector: int | None = None, *, station_allowed: bool = False) -> None:
    """EVSEs and connectors are numbered from 1; 0 is the station itself, where that is allowed."""
    for field, number in (("evse", evse), ("connector", connector)):
        if number == 0 and field == "evse" and station_allowed:
            continue
        if number is not None and not 1 <= number <= 9_999:
            raise Invalid(f"EVSEs and connectors are numbered from 1; this is {number}.", field=field)
    if connector is not None and evse is None:
        raise Invalid("A connector is one of an EVSE: name the EVSE too.", field="evse")
