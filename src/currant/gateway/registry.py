"""Which connection speaks for which station: the newest, and no other."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from currant.charging.model import Session
from currant.kit.ids import StationId
from currant.ocpp.peer import Answers
from currant.stations.commanding import AnyCommand
from currant.stations.model import AttendedStation, CommandOutcome, CommandStatus

if TYPE_CHECKING:
    from currant.gateway.connection import Connection

ANSWERS_KEPT_MAX = 100_000
"""Stations whose last answers are kept for the time after a reconnection; the longest gone are forgotten first."""


class Registry:
    """The connections of this process, by station; the `StationLink` of everybody above and beside.

    Made before the gateway, so that the services which the gateway needs can hold it already.
    """

    __slots__ = ("_answers", "_connections", "_leaving")

    def __init__(self) -> None:
        self._connections: dict[StationId, Connection] = {}
        self._leaving: dict[StationId, Connection] = {}
        self._answers: dict[StationId, Answers] = {}

    def __len__(self) -> int:
        return len(self._connections)

    def connections(self) -> list["Connection"]:
        return list(self._connections.values())

    def connection(self, station_id: StationId) -> "Connection | None":
        return self._connections.get(station_id)

    def open_sessions(self) -> Iterator[tuple[AttendedStation, Session]]:
        """The sessions under way at the stations that are connected, as their connections hold them."""
        for connection in self.connections():
            caller = connection.caller
            if caller is None:
                continue
            for session in tuple(caller.sessions.open.values()):
                yield caller.station, session

    def enter(self, connection: "Connection") -> "Connection | None":
        """Make a connection its station's current one; the one to wait for is returned: the one that it
        replaces, or one that is gone and still has a message in hand."""
        station_id = connection.station_id
        replaced = self._connections.get(station_id)
        self._connections[station_id] = connection
        self._answers.pop(station_id, None)
        leaving = self._leaving.pop(station_id, None)
        return replaced or leaving

    def leave(self, connection: "Connection") -> None:
        """Take a connection out, unless a newer one already speaks for the station."""
        station_id = connection.station_id
        if self._connections.get(station_id) is not connection:
            return
        del self._connections[station_id]
        if len(self._answers) >= ANSWERS_KEPT_MAX:
            del self._answers[next(iter(self._answers))]
        self._answers[station_id] = connection.peer.answered
        if connection.is_busy:
            self._leaving[station_id] = connection
            connection.settled().add_done_callback(lambda _: self._gone(connection))

    def _gone(self, connection: "Connection") -> None:
        if self._leaving.get(connection.station_id) is connection:
            del self._leaving[connection.station_id]

    def answers_of(self, station_id: StationId) -> Answers | None:
        """What the station was answered last, over whatever connection."""
        connection = self._connections.get(station_id)
        return connection.peer.answered if connection is not None else self._answers.get(station_id)

    async def send(
        self,
        station_id: StationId,
        command: AnyCommand,
        *,
        deadline_s: float,
        only_if_idle: bool = False,
    ) -> CommandOutcome:
        connection = self._connections.get(station_id)
        if connection is None:
            return CommandOutcome(status=CommandStatus.OFFLINE, reason="The station is not connected.")
        return await connection.carry_out(command, deadline_s=deadline_s, only_if_idle=only_if_idle)

    def is_connected(self, station_id: StationId) -> bool:
        return station_id in self._connections

    def profile_of(self, station_id: StationId) -> int | None:
        connection = self._connections.get(station_id)
        return None if connection is None else connection.profile

    def refresh(self, station_id: StationId) -> None:
        connection = self._connections.get(station_id)
        if connection is not None:
            connection.refresh()

    def drop(self, station_id: StationId, *, reason: str) -> None:
        connection = self._connections.get(station_id)
        if connection is not None:
            connection.close(reason=reason)
