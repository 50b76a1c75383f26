"""Desired state put together: its aspects, in one list, and what it is told of."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from currant.access.events import GroupChanged, PolicyChanged, TokenChanged
from currant.access.list_aspect import LocalListAspect
from currant.access.list_room import room_known_to
from currant.billing.onsite.prices_at import PricesAtStations
from currant.charging.busy import SessionsAtStations
from currant.charging.events import SessionEnded
from currant.kit.event import Event
from currant.pki.aspects import ConnectionProfiles, PasswordRotation, RootCertificates, SecurityProfiles
from currant.pki.model import InstalledCertificatesChanged
from currant.pki.upgrading import SecurityUpgradeChanged
from currant.pricing.events import PriceRuleChanged, TariffPublished, TariffWithdrawn
from currant.stations import events as stations
from currant.stations.desired import events as desired
from currant.stations.desired.aspect import Aspect
from currant.stations.desired.displays import DisplayMessages
from currant.stations.desired.heartbeats import DeclaredHeartbeats
from currant.stations.desired.reconciler import ReconcilerConfig
from currant.stations.desired.service import DesiredState
from currant.stations.desired.tariffs import Tariffs
from currant.stations.device.aspects import MonitorsAspect, VariablesAspect
from currant.stations.groups import StationGroups
from currant.stations.profiles.aspects import ChargingProfilesAspect, DerControlsAspect
from currant.stations.profiles.model import InstalledProfilesChanged
from currant.stations.security_model import PasswordRotated
from currant.stations.transfers.aspect import FirmwareAspect
from currant.stations.transfers.model import TransferChanged

if TYPE_CHECKING:
    from currant.app.container import Currant

DESIRED_SHOWN: tuple[type[Event], ...] = (
    desired.DeclarationsChanged,
    desired.RolloutChanged,
    desired.DesiredPaused,
    desired.StandingChanged,
)
"""What of it moves on people's screens."""

STIRRING: dict[type[Event], str] = {
    # Who may charge is on the stations' own lists, too.
    TokenChanged: "local_list",
    GroupChanged: "local_list",
    PolicyChanged: "local_list",
    # And so are prices.
    TariffPublished: "tariffs",
    TariffWithdrawn: "tariffs",
    PriceRuleChanged: "tariffs",
}
"""What lets an aspect be looked at wherever it is declared."""

DESIRED_FOLLOWED: tuple[type[Event], ...] = (
    desired.DeclarationsChanged,
    desired.RolloutChanged,
    desired.RolloutAdvanced,
    desired.DesiredPaused,
    desired.DesiredRetried,
    stations.StationConnected,
    stations.StationBooted,
    stations.StationAdmitted,
    stations.StationChanged,
    stations.StationReported,
    stations.CommandEnded,
    TransferChanged,
    InstalledProfilesChanged,
    SessionEnded,
    *STIRRING,
    InstalledCertificatesChanged,
    SecurityUpgradeChanged,
    PasswordRotated,
)
"""What may let a station be taken closer to what it shall be."""


def aspects_of(currant: "Currant") -> Sequence[Aspect]:
    """Everything that can be declared. Each says in `order` when its turn comes at a station."""
    return [
        LocalListAspect(
            currant.database,
            currant.access.local_lists,
            currant.clock,
            room_of=room_known_to(currant.device),
        ),
        VariablesAspect(currant.device),
        MonitorsAspect(currant.monitoring),
        DisplayMessages(currant.database, currant.clock),
        Tariffs(
            currant.database,
            currant.clock,
            prices_at=PricesAtStations(currant.pricing, currant.clock),
        ),
        PasswordRotation(currant.securing.credentials, currant.clock),
        RootCertificates(currant.securing.held, currant.clock),
        SecurityProfiles(currant.securing.upgrades, currant.registry, currant.clock),
        ConnectionProfiles(currant.database, currant.clock),
        ChargingProfilesAspect(currant.profiles),
        DerControlsAspect(currant.der),
        FirmwareAspect(currant.transfers, currant.inventory, currant.clock),
    ]


def make_desired_state(currant: "Currant", *, node: str) -> None:
    """Make it, before anything is delivered; `start_desired_state` begins the work."""
    database, clock, wanted = currant.database, currant.clock, currant.settings.desired
    currant.station_groups = StationGroups(database, currant.directory, currant.registry, clock)
    currant.desired = DesiredState(
        database,
        currant.directory,
        currant.registry,
        currant.commands,
        SessionsAtStations(database),
        clock,
        aspects=aspects_of(currant),
        stirs=STIRRING,
        config=ReconcilerConfig(
            node=node,
            at_once=wanted.stations_at_once,
            per_second=wanted.stations_per_second,
            sweep_s=wanted.sweep_minutes * 60.0,
        ),
    )


async def prepare_desired_state(currant: "Currant") -> None:
    """What must be known before a station connects."""
    await currant.desired.books.load(entry.tenant_id for entry in currant.directory)
    currant.stations.declared_heartbeat = DeclaredHeartbeats(currant.desired.books).of


def start_desired_state(currant: "Currant", stack: AsyncExitStack) -> None:
    currant.desired.reconciler.start()
    stack.push_async_callback(currant.desired.reconciler.stop)
