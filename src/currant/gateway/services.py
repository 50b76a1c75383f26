"""What the gateway stands on, gathered in one value, and what a translator is told of the one who calls."""

from datetime import datetime
from types import ModuleType
from typing import TYPE_CHECKING, Protocol

import msgspec

from currant.gateway.config import GatewayConfig
from currant.kit.clock import Clock
from currant.ocpp.catalogue import Version
from currant.stations.model import AttendedStation

if TYPE_CHECKING:
    from currant.charging.model import StationSessions
    from currant.charging.service import ChargingService
    from currant.stations.directory import StationDirectory
    from currant.stations.messages import MessageLog
    from currant.stations.service import StationService


class Services(msgspec.Struct, frozen=True, kw_only=True):
    """The services that stand behind the gateway."""

    directory: "StationDirectory"
    stations: "StationService"
    charging: "ChargingService"
    messages: "MessageLog"
    clock: Clock


class ReportCollector(Protocol):
    """Somebody waits for the parts of a base report (2.x NotifyReport)."""

    def add(self, report: object) -> None: ...


class Caller:
    """A connected station, as its messages' translators see it."""

    __slots__ = ("asked", "collectors", "config", "sessions", "station", "types", "version")

    def __init__(
        self,
        *,
        version: Version,
        types: ModuleType,
        station: AttendedStation,
        sessions: "StationSessions",
        config: GatewayConfig,
    ) -> None:
        self.version = version
        self.types = types
        """The message types of the connection's version (`currant.ocpp.v201` or `v21`): both have the same
        fields for what both know, so that one translator serves both."""
        self.station = station
        self.sessions = sessions
        self.config = config
        self.asked: set[str] = set()
        """Actions that a station which is not accepted was asked for, and may therefore send (2.x B02.FR.06)."""
        self.collectors: dict[int, ReportCollector] = {}


def reported_at(timestamp: datetime | None, received_at: datetime) -> datetime:
    """When it happened by the station's clock, or when we heard of it if its clock knows nothing."""
    return timestamp if timestamp is not None else received_at
