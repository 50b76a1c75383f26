"""How much a station takes in one message of ours, as it says itself, and requests cut to that."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

import msgspec

T = TypeVar("T")

_WHERE = {
    "GetReport": "devicedatactrlr",
    "GetVariables": "devicedatactrlr",
    "SetVariables": "devicedatactrlr",
    "SetVariableMonitoring": "monitoringctrlr",
    "ClearVariableMonitoring": "monitoringctrlr",
}

LIMITING = {
    f"{component}.{limit}[{action.lower()}]": (action, limit)
    for action, component in _WHERE.items()
    for limit in ("itemspermessage", "bytespermessage")
}
"""The variables that say so, by their folded names."""

ITEMS = {"GetReport": 50}
ITEMS_OTHERWISE = 20
"""Of a station that has not said; few take less."""
ENVELOPE_BYTES = 150
"""What a message has beside its items."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Items and bytes by action; what is not named is not known."""

    items: Mapping[str, int] = {}
    bytes: Mapping[str, int] = {}

    def items_of(self, action: str) -> int:
        return self.items.get(action) or ITEMS.get(action, ITEMS_OTHERWISE)


def limits_from(values: Mapping[str, str | None]) -> Limits:
    """The limits in a station's variables (by folded name); nonsense says nothing."""
    items: dict[str, int] = {}
    most_bytes: dict[str, int] = {}
    for name, value in values.items():
        action, limit = LIMITING[name]
        if value is not None and value.strip().isdecimal() and int(value) > 0:
            (items if limit == "itemspermessage" else most_bytes)[action] = int(value)
    return Limits(items=items, bytes=most_bytes)


def cut(
    action: str, asked: Sequence[T], limits: Limits, size_of: Callable[[T], int]
) -> Iterator[Sequence[T]]:
    """The items in pieces that the station takes, each of at least one item, in their order."""
    most, room = limits.items_of(action), limits.bytes.get(action)
    begin, length = 0, ENVELOPE_BYTES
    for place, item in enumerate(asked):
        size = 0 if room is None else size_of(item) + 1
        if place > begin and (place - begin >= most or (room is not None and length + size > room)):
            yield asked[begin:place]
            begin, length = place, ENVELOPE_BYTES
        length += size
    if begin < len(asked):
        yield asked[begin:]
