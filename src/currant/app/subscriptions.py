"""Who is told of what: the table of every reaction in Currant. Read this first.

Facts are committed, then these are told, at least once and in order (events/delivery.py). A class
of events that stands in no line is listed under `RECORDED_ONLY`, so that silence is a decision.
"""

from currant.access.events import AuthoriserChanged
from currant.access.list_keeping import KEPT_EVENTS, ListKeeping
from currant.access.list_updates import ListUpdates
from currant.access.local_lists import LIST_EVENTS
from currant.access.rulebook import RULEBOOK_EVENTS
from currant.access.service import AccessService
from currant.app.billing import CHARGES_RECORDED
from currant.app.bookkeeping import BOOKS_RECORDED
from currant.app.desiring import DESIRED_FOLLOWED, DESIRED_SHOWN
from currant.app.driving import DRIVERS_FOLLOWED, DRIVERS_RECORDED
from currant.app.invoicing import INVOICING_RECORDED
from currant.app.live_view import LiveView
from currant.app.paying import PAYMENTS_FOLLOWED, PAYMENTS_RECORDED
from currant.app.pricing import PRICING_FOLLOWED, PRICING_RECORDED, pricing_subscriptions
from currant.app.records import AUDITED
from currant.app.securing import TOLD as SECURITY_EVENTS
from currant.app.securing import LinkSecurity
from currant.billing.bank.service import BankLineSettled
from currant.billing.evidence.events import EvidenceJudged, MeterKeyChanged
from currant.billing.evidence.service import EvidenceService
from currant.billing.settlement.model import ProviderLineOdd
from currant.charging.energy_needs import EnergyNeedsService
from currant.charging.events import (
    EnergyOutsideSession,
    SessionCorrected,
    SessionEnded,
    SessionEvent,
    SessionStarted,
)
from currant.charging.needs_model import ChargingPlanTold, EnergyNeedsTold, PriorityChargingChanged
from currant.charging.policy_use import COUNTED_EVENTS, PolicyUse
from currant.charging.reservations import hearing
from currant.charging.reservations import waiting as waiting_list
from currant.charging.reservations.events import ReservationEvent, WaitingEvent
from currant.charging.reservations.service import Reservations
from currant.charging.reservations.waiting import WaitingList
from currant.charging.service import ChargingService
from currant.charging.swaps import BatteriesSwapped, PaymentSettled
from currant.events.delivery import Subscription
from currant.kit.event import Event
from currant.pricing.service import PricingService
from currant.stations import events as stations
from currant.stations.desired.service import DesiredState
from currant.stations.directory import DIRECTORY_EVENTS, StationDirectory
from currant.stations.notes import NoteChanged
from currant.stations.onboarding import FOLLOWED as ONBOARDING_EVENTS
from currant.stations.onboarding import OnboardingService
from currant.stations.onboarding_model import OnboardingWatched, StationTurnedAway
from currant.stations.profiles.der import DerService
from currant.stations.profiles.der_model import DerAlarmEnded, DerAlarmRaised, DerControlsChanged
from currant.stations.profiles.model import (
    ChargingLimitChanged,
    ChargingLimitCleared,
    InstalledProfilesChanged,
)
from currant.stations.profiles.service import ProfileService
from currant.stations.queueing import CommandQueue
from currant.stations.transfers.model import FirmwareImageChanged, TransferChanged
from currant.stations.transfers.service import TransferService
from currant.tenancy import model as tenancy
from currant.tenancy.audit import Audit
from currant.tenancy.branding import BRANDING_EVENTS, Brandings

SHOWN: tuple[type[Event], ...] = (
    stations.StationConnected,
    stations.StationDisconnected,
    stations.StationAppeared,
    stations.StationBooted,
    stations.StationAdmitted,
    stations.StationChanged,
    stations.StationReported,
    stations.LocationChanged,
    stations.ConnectorStatusChanged,
    stations.CommandEnded,
    stations.CommandsQueued,
    stations.SecurityEventSeen,
    TransferChanged,
    *SECURITY_EVENTS,
    SessionEvent,
    EnergyOutsideSession,
    EnergyNeedsTold,
    ChargingPlanTold,
    PriorityChargingChanged,
    InstalledProfilesChanged,
    ChargingLimitChanged,
    ChargingLimitCleared,
    DerControlsChanged,
    DerAlarmRaised,
    DerAlarmEnded,
    ReservationEvent,
    WaitingEvent,
    *DESIRED_SHOWN,
    BatteriesSwapped,
    PaymentSettled,
    EvidenceJudged,
)
"""What moves on people's screens."""

FOLLOWED: tuple[type[Event], ...] = (
    *DIRECTORY_EVENTS,
    *RULEBOOK_EVENTS,
    *LIST_EVENTS,
    *DESIRED_FOLLOWED,
    *BRANDING_EVENTS,
    *DRIVERS_FOLLOWED,
    *PRICING_FOLLOWED,
    *PAYMENTS_FOLLOWED,
    StationTurnedAway,
    OnboardingWatched,
    AuthoriserChanged,
)
"""What every node hears of, so that what it holds in memory stays true."""

LIMIT_EVENTS: tuple[type[Event], ...] = (ChargingLimitChanged, ChargingLimitCleared)

RECORDED_ONLY: tuple[type[Event], ...] = (
    # The audit log keeps them; nothing else reacts to them, and not everybody who may follow the
    # network may know of drivers and colleagues.
    FirmwareImageChanged,
    NoteChanged,
    MeterKeyChanged,
    BankLineSettled,
    ProviderLineOdd,
    tenancy.PersonAdded,
    tenancy.PersonChanged,
    tenancy.PersonRemoved,
    tenancy.PasswordChanged,
    tenancy.PersonSignedIn,
    tenancy.SignInFailed,
    tenancy.SecondFactorChanged,
    tenancy.SecondFactorRequired,
    tenancy.PersonInvited,
    tenancy.PersonLinked,
    tenancy.KeyMade,
    tenancy.KeyRevoked,
    *DRIVERS_RECORDED,
    *CHARGES_RECORDED,
    *PRICING_RECORDED,
    *INVOICING_RECORDED,
    *PAYMENTS_RECORDED,
    *BOOKS_RECORDED,
)


def subscriptions(
    *,
    node: str,
    securing: LinkSecurity,
    directory: StationDirectory,
    access: AccessService,
    lists: ListKeeping,
    charging: ChargingService,
    reservations: Reservations,
    waiting: WaitingList,
    queue: CommandQueue,
    transfers: TransferService,
    profiles: ProfileService,
    der: DerService,
    energy_needs: EnergyNeedsService,
    desired: DesiredState,
    live: LiveView,
    brandings: Brandings,
    charges: list[Subscription],
    documents: list[Subscription],
    drivers: list[Subscription],
    payments: list[Subscription],
    pricing: PricingService,
    onboarded: OnboardingService,
    evidence: EvidenceService,
    audit: Audit,
) -> list[Subscription]:
    # A subscriber runs on one node at a time; what every node must hear has the node in its name.
    return [
        Subscription(f"directory of {node}", directory.follow, to=DIRECTORY_EVENTS),
        *securing.subscriptions(node),
        Subscription(f"brandings of {node}", brandings.follow, to=BRANDING_EVENTS),
        Subscription("audit log", audit.note, to=AUDITED, skip_after=10, from_the_start=True),
        Subscription(f"onboarding of {node}", onboarded.follow, to=ONBOARDING_EVENTS, skip_after=3),
        Subscription(f"rulebook of {node}", access.rulebook.follow, to=RULEBOOK_EVENTS),
        Subscription(
            f"local lists of {node}",
            ListUpdates(access.local_lists, directory, desired).follow,
            to=LIST_EVENTS,
        ),
        Subscription("local lists as sent", lists.follow, to=KEPT_EVENTS, skip_after=3),
        Subscription(f"authorisers of {node}", access.authorisers.follow, to=(AuthoriserChanged,)),
        Subscription("use of policies", PolicyUse(access, charging).follow, to=COUNTED_EVENTS),
        Subscription(f"sessions held by {node}", charging.follow, to=(SessionEnded, SessionCorrected)),
        Subscription(
            f"command queue of {node}",
            queue.follow,
            to=(stations.StationBooted, stations.StationConnected, stations.CommandsQueued),
        ),
        Subscription(
            "evidence of sessions", evidence.told, to=(SessionEnded, SessionCorrected), skip_after=5
        ),
        Subscription("reservations", reservations.follow, to=hearing.FOLLOWED, skip_after=5),
        Subscription("waiting lists", waiting.follow, to=waiting_list.FOLLOWED, skip_after=5),
        Subscription("firmware updates", transfers.booted, to=(stations.StationBooted,)),
        Subscription("transfers that waited", transfers.command_ended, to=(stations.CommandEnded,)),
        *smart_charging(profiles, der, energy_needs, node=node),
        *charges,
        *documents,
        *drivers,
        *payments,
        *pricing_subscriptions(pricing, node=node),
        Subscription(
            f"desired state at {node}", desired.reconciler.follow, to=DESIRED_FOLLOWED, skip_after=3
        ),
        Subscription(f"live view of {node}", live.show, to=SHOWN, skip_after=3),
    ]


def smart_charging(
    profiles: ProfileService, der: DerService, needs: EnergyNeedsService, *, node: str = "this node"
) -> list[Subscription]:
    """What follows for charging profiles, DER controls and vehicles' needs from what happens elsewhere."""
    ended = (stations.CommandEnded,)
    return [
        Subscription("charging profiles set and cleared", profiles.command_ended, to=ended),
        Subscription("charging profiles lost", profiles.booted, to=(stations.StationBooted,)),
        Subscription("controls set and cleared", der.command_ended, to=ended),
        Subscription("energy transfers allowed", needs.command_ended, to=ended),
        # Needs that wait for their transaction do so where their station is connected.
        Subscription(f"offers to vehicles of {node}", needs.session_started, to=(SessionStarted,)),
        Subscription("charging profiles of sessions", needs.session_ended, to=(SessionEnded,)),
        Subscription("new offers to vehicles", needs.limit_changed, to=LIMIT_EVENTS),
    ]
