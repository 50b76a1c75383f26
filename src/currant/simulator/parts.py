"""Drawers of a station's memory that are made when they are first opened.

Ten thousand idle stations have no display messages, no monitors and no certificates; what one of
them is given is kept in a part of its own, which outlives reboots.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from currant.simulator.station import Station


class Part:
    """What a station remembers of one matter. Made by `Station.part`, with the station alone."""

    __slots__ = ("station",)

    def __init__(self, station: "Station") -> None:
        self.station = station

    def rebooted(self) -> None:
        """The station has gone down: what does not outlive that is forgotten."""

    def accepted(self) -> None:
        """The server has let the station in after a boot."""
