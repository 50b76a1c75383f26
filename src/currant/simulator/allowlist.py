"""Whom a station lets charge by itself: the local list it was sent, and what it remembers.

OCPP 1.6, 3.4 and 3.5; OCPP 2.0.1 Part 2, C10 to C15 and D01. The list goes before the memory,
and both before letting strangers charge when there is no network.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from currant.simulator.dialect import Authorization, Switch
from currant.simulator.parts import Part

if TYPE_CHECKING:
    from currant.simulator.station import Station

LOCAL_LIST_MAX = 1_000
SEND_MAX = 500
CACHE_MAX = 100
DAY_S = 86_400.0

# Token: its status and its group; None takes it off the list.
Entries = Mapping[str, tuple[str, str | None] | None]


class KnownTokens(Part):
    """Groups of listed tokens, and what the server said of others: status, group and until when."""

    __slots__ = ("cache", "groups")

    def __init__(self, station: "Station") -> None:
        super().__init__(station)
        self.cache: dict[str, tuple[str, str | None, float]] = {}
        self.groups: dict[str, str] = {}


def send_list(station: "Station", version: int, entries: Entries, *, full: bool, items: int) -> str:
    """Take up a list or its changes; the answer's status (1.6, 5.15; 2.x, D01)."""
    if not station.dialect.switched_on(Switch.LOCAL_LIST):
        return "Failed"
    if not full and version <= station.local_list_version:
        return "VersionMismatch"
    if version <= 0 or items > SEND_MAX:
        return "Failed"
    updated = {} if full else dict(station.local_list)
    groups: dict[str, str] = {}
    for token, entry in entries.items():
        if entry is None:
            updated.pop(token, None)
        else:
            updated[token] = entry[0]
            if entry[1]:
                groups[token] = entry[1]
    if len(updated) > LOCAL_LIST_MAX:
        return "Failed"
    station.local_list = updated
    station.local_list_version = version
    known = station.has(KnownTokens)
    if known is not None or groups:
        known = station.part(KnownTokens)
        known.groups = groups if full else known.groups | groups
    return "Accepted"


def listed(station: "Station", token: str) -> Authorization | None:
    """What the local list says, if it is used and says something."""
    if not station.local_list or not station.dialect.switched_on(Switch.LOCAL_LIST):
        return None
    status = station.local_list.get(token)
    if status is None:
        return None
    known = station.has(KnownTokens)
    return Authorization(status=status, group=None if known is None else known.groups.get(token))


def remember(station: "Station", token: str, answer: Authorization) -> None:
    """The server has said whether this token may charge."""
    if not station.dialect.switched_on(Switch.CACHE):
        return
    cache = station.part(KnownTokens).cache
    cache.pop(token, None)
    while len(cache) >= CACHE_MAX:
        del cache[next(iter(cache))]
    cache[token] = (answer.status, answer.group, station.now + DAY_S)


def offline(station: "Station", token: str) -> Authorization:
    """Nobody can be asked: listed or remembered ones as they were, strangers if that is allowed."""
    words = station.dialect
    known = listed(station, token)
    if known is None and words.switched_on(Switch.CACHE):
        memory = station.has(KnownTokens)
        entry = None if memory is None else memory.cache.get(token)
        if entry is not None and entry[2] > station.now:
            known = Authorization(status=entry[0], group=entry[1])
    if known is not None:
        allowed = known.accepted and words.switched_on(Switch.OFFLINE_KNOWN)
        return known if allowed or not known.accepted else Authorization(status="Invalid")
    return Authorization(status="Accepted" if words.switched_on(Switch.OFFLINE_UNKNOWN) else "Invalid")


def describe(station: "Station", token: str) -> str:
    """What is stored of a customer, for him to read (2.x, N09)."""
    lines = []
    if token in station.local_list:
        lines.append(f"Local authorization list: {token}, {station.local_list[token]}.")
    memory = station.has(KnownTokens)
    entry = None if memory is None else memory.cache.get(token)
    if entry is not None:
        lines.append(f"Authorization cache: {token}, {entry[0]}, group {entry[1] or 'none'}.")
    for outlet in station.outlets:
        transaction = outlet.transaction
        if transaction is not None and transaction.token == token:
            lines.append(f"EVSE {outlet.number}: transaction {transaction.id} is going on.")
    return "\n".join(lines)


def forget(station: "Station", token: str) -> bool:
    """Clear what is remembered of a customer; the list is the server's own (N10.FR.02)."""
    memory = station.has(KnownTokens)
    return memory is not None and memory.cache.pop(token, None) is not None
