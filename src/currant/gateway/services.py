"""What the gateway stands on, gathered in one value, and what a translator is told of the one who calls."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from functools import cache
from types import ModuleType
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from currant.charging.energy_needs import EnergyNeedsService
from currant.charging.model import Session, StationSessions
from currant.charging.reservations.service import Reservations
from currant.charging.service import ChargingService
from currant.charging.swaps import Swaps
from currant.gateway.config import GatewayConfig
from currant.gateway.securing import Securing
from currant.kit.clock import Clock
from currant.ocpp import v16, v21, v201
from currant.ocpp.catalogue import Version
from currant.ocpp.errors import Finding
from currant.stations.device.monitoring import Monitoring
from currant.stations.device.service import DeviceModel
from currant.stations.directory import StationDirectory
from currant.stations.messages import MessageLog
from currant.stations.model import AttendedStation
from currant.stations.onboarding import OnboardingService
from currant.stations.profiles.der import DerService
from currant.stations.profiles.service import ProfileService
from currant.stations.service import StationService
from currant.stations.transfers.service import TransferService

TYPES: dict[Version, ModuleType] = {Version.V16: v16, Version.V201: v201, Version.V21: v21}

COLLECTORS_MAX = 4


class Services(msgspec.Struct, frozen=True, kw_only=True):
    """The services that stand behind the gateway."""

    directory: StationDirectory
    stations: StationService
    charging: ChargingService
    messages: MessageLog
    device: DeviceModel
    monitoring: Monitoring
    profiles: ProfileService
    der: DerService
    energy_needs: EnergyNeedsService
    swaps: Swaps
    clock: Clock
    transfers: TransferService | None = None
    """None where no files travel, as under the bench."""
    securing: Securing = Securing()
    reservations: Reservations | None = None
    onboarding: OnboardingService | None = None
    """None where nobody waits for chargers, as under the bench."""
    total_cost: Callable[[Session], Decimal | None] | None = None
    """What a session has come to that ends, where it is known at once; None where nothing has a price."""


class Caller:
    """A connected station, as its messages' translators see it.

    `types` are the message types of its version: 2.0.1 and 2.1 have the same fields for what both
    know, so that one translator serves both. `asked` are actions that a station which is not
    accepted was told to send, and may therefore send (2.x B02.FR.06). `findings` are those of the
    message in hand. `collectors` gather the parts of a report that somebody waits for, by request id.
    """

    __slots__ = (
        "asked",
        "booted",
        "collectors",
        "config",
        "findings",
        "remote_address",
        "services",
        "sessions",
        "station",
        "types",
        "version",
    )

    def __init__(
        self,
        *,
        version: Version,
        station: AttendedStation,
        sessions: StationSessions,
        remote_address: str,
        config: GatewayConfig,
        services: Services,
    ) -> None:
        self.version = version
        self.types: Any = TYPES[version]
        self.station = station
        self.sessions = sessions
        self.remote_address = remote_address
        self.config = config
        self.services = services
        self.booted = False
        self.asked: frozenset[str] = frozenset()
        self.findings: Sequence[Finding] = ()
        self.collectors: dict[int, Callable[[Any], None]] | None = None

    def spelled_as(self, field: str, read_as: str) -> str:
        """How the station itself spelled a word that was read as another one."""
        for finding in self.findings:
            if finding.field == field and finding.code == "unknown-word":
                return finding.detail
        return read_as


@cache
def zone_named(name: str) -> tzinfo:
    """The zone of this IANA name; UTC when the machine knows none of it. Settings are checked when they are made."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return UTC


def reported_at(timestamp: datetime | None, received_at: datetime) -> datetime:
    """When it happened by the station's clock, or when we heard of it if its clock knows nothing."""
    return timestamp if timestamp is not None else received_at
