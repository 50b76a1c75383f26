"""The port through which stations are spoken to; the gateway is what stands behind it."""

from typing import Protocol

from currant.kit.ids import StationId
from currant.stations.commanding import AnyCommand
from currant.stations.model import CommandOutcome, CommandStatus

NOT_IDLE = CommandOutcome(
    status=CommandStatus.REFUSED, reason="A session is running at the station: the command was not sent."
)
"""The outcome of what was to be sent to an idle station only."""


class StationLink(Protocol):
    """Reaches the connection of a station, wherever it is."""

    async def send(
        self,
        station_id: StationId,
        command: AnyCommand,
        *,
        deadline_s: float,
        only_if_idle: bool = False,
    ) -> CommandOutcome:
        """Word the command for the station's version, send it, wait for the answer; never raises for an outcome.

        With `only_if_idle` nothing is sent while the connection knows of a session (`NOT_IDLE`): it is looked
        at in the very moment of sending.
        """
        ...

    def is_connected(self, station_id: StationId) -> bool: ...

    def profile_of(self, station_id: StationId) -> int | None:
        """The security profile that the station's connection uses; None where it has none here."""
        ...

    def refresh(self, station_id: StationId) -> None:
        """Have the connection load what it holds anew before its next message: somebody else wrote."""
        ...

    def drop(self, station_id: StationId, *, reason: str) -> None:
        """Close the station's connection, if there is one."""
        ...


class NoLink:
    """A link that reaches nothing: every station is offline. For processes without a gateway."""

    async def send(
        self,
        station_id: StationId,
        command: AnyCommand,
        *,
        deadline_s: float,
        only_if_idle: bool = False,
    ) -> CommandOutcome:
        return CommandOutcome(
            status=CommandStatus.OFFLINE, reason="This process holds no station connections."
        )

    def is_connected(self, station_id: StationId) -> bool:
        return False

    def profile_of(self, station_id: StationId) -> int | None:
        return None

    def refresh(self, station_id: StationId) -> None:
        return None

    def drop(self, station_id: StationId, *, reason: str) -> None:
        return None
