"""Which connection speaks for which station: the newest, and no other."""

from typing import TYPE_CHECKING

from currant.kit.ids import StationId
from currant.stations.model import AnyCommand, CommandOutcome, CommandStatus

if TYPE_CHECKING:
    from currant.gateway.connection import Connection


class Registry:
    """The connections of this process, by station; the `StationLink` of everybody above and beside.

    Made before the gateway, so that the services which the gateway needs can hold it already.
    """

    __slots__ = ("_connections",)

    def __init__(self) -> None:
        self._connections: dict[StationId, Connection] = {}

    def __len__(self) -> int:
        return len(self._connections)

    def connections(self) -> list["Connection"]:
        return list(self._connections.values())

    def connection(self, station_id: StationId) -> "Connection | None":
        return self._connections.get(station_id)

    def enter(self, connection: "Connection") -> "Connection | None":
        """Make a connection its station's current one; the one that it replaces is returned."""
        replaced = self._connections.get(connection.station_id)
        self._connections[connection.station_id] = connection
        return replaced

    def leave(self, connection: "Connection") -> bool:
        """Take a connection out; False when a newer one already speaks for the station."""
        if self._connections.get(connection.station_id) is not connection:
            return False
        del self._connections[connection.station_id]
        return True

    async def send(self, station_id: StationId, command: AnyCommand, *, deadline_s: float) -> CommandOutcome:
        connection = self._connections.get(station_id)
        if connection is None:
            return CommandOutcome(status=CommandStatus.OFFLINE, reason="The station is not connected.")
        return await connection.carry_out(command, deadline_s=deadline_s)

    def is_connected(self, station_id: StationId) -> bool:
        return station_id in self._connections

    def refresh(self, station_id: StationId) -> None:
        connection = self._connections.get(station_id)
        if connection is not None:
            connection.refresh()

    def drop(self, station_id: StationId, *, reason: str) -> None:
        connection = self._connections.get(station_id)
        if connection is not None:
            connection.close(reason=reason)
