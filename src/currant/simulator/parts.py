"""Drawers of a station's memory that are made when they are first opened.

Ten thousand idle stations have no display messages, no monitors and no certificates; what one of
them is given is kept in a part of its own, which outlives reboots.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeVar, cast

if TYPE_CHECKING:
    from currant.simulator.station import Station

P = TypeVar("P", bound="Part")


class Part:
    """What a station remembers of one matter. Made by `Station.part`, with the station alone."""

    __slots__ = ("station",)

    def __init__(self, station: "Station") -> None:
        self.station = station

    def rebooted(self) -> None:
        """The station has gone down: what does not outlive that is forgotten."""

    def accepted(self) -> None:
        """The server has let the station in after a boot."""


class Drawers:
    """What holds the parts; nothing until the first of them is opened."""

    def __init__(self) -> None:
        self._parts: dict[type[Part], Part] | None = None

    def part(self, kind: type[P]) -> P:
        """This part, made when it is asked for the first time."""
        if self._parts is None:
            self._parts = {}
        found = self._parts.get(kind)
        if found is None:
            found = self._parts[kind] = kind(cast("Station", self))
        return cast("P", found)

    def has(self, kind: type[P]) -> P | None:
        """The same, where it has been opened before."""
        return None if self._parts is None else cast("P | None", self._parts.get(kind))

    def parts(self) -> Iterable[Part]:
        return list((self._parts or {}).values())
