"""What the API stands on: the services it calls and the settings it obeys."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from currant.access.importing import TokenImports
    from currant.access.service import AccessService
    from currant.billing.bank.service import BankService
    from currant.billing.books_service import Books
    from currant.billing.charges.costs import Costs
    from currant.billing.charges.service import Charges
    from currant.billing.documents.filing import DocumentFiles
    from currant.billing.documents.runs import DocumentRuns
    from currant.billing.documents.service import Documents
    from currant.billing.entities import Entities
    from currant.billing.evidence.service import EvidenceService
    from currant.billing.payments.sandbox import Sandbox
    from currant.billing.payments.service import Payments
    from currant.billing.settlement.service import Settlement
    from currant.billing.wallets import Wallets
    from currant.charging.energy_needs import EnergyNeedsService
    from currant.charging.network import Network
    from currant.charging.overview import NetworkOverview
    from currant.charging.reservations.service import Reservations
    from currant.charging.reservations.waiting import WaitingList
    from currant.charging.service import ChargingService
    from currant.charging.swaps import Swaps
    from currant.db.engine import Database
    from currant.drivers.service import Drivers
    from currant.events.board import Board
    from currant.events.live import LiveFeed
    from currant.pki.authority import Authority
    from currant.pki.held import HeldCertificates
    from currant.pki.signing import Signing
    from currant.pki.upgrading import Upgrades
    from currant.pricing.service import PricingService
    from currant.stations.admission import Admissions
    from currant.stations.commands import CommandService
    from currant.stations.desired.service import DesiredState
    from currant.stations.device.monitoring import Monitoring
    from currant.stations.device.service import DeviceModel
    from currant.stations.directory import StationDirectory
    from currant.stations.groups import StationGroups
    from currant.stations.importing import StationImports
    from currant.stations.inventory import Inventory
    from currant.stations.messages import MessageLog
    from currant.stations.notes import Notes
    from currant.stations.onboarding import OnboardingService
    from currant.stations.profiles.der import DerService
    from currant.stations.profiles.service import ProfileService
    from currant.stations.queueing import CommandQueue
    from currant.stations.security import Credentials
    from currant.stations.transfers.files import FileService
    from currant.stations.transfers.firmware import FirmwareLibrary
    from currant.stations.transfers.service import TransferService
    from currant.tenancy.audit import Audit
    from currant.tenancy.branding import Brandings
    from currant.tenancy.service import Tenancy


class SettingShown(msgspec.Struct, frozen=True, kw_only=True):
    """One setting as it holds; `source` is default, file (or the command line) or environment."""

    key: str
    value: Any
    default: Any
    source: str
    doc: str


class ApiServices(msgspec.Struct, frozen=True, kw_only=True):
    """The services behind the routes."""

    database: "Database"
    live: "LiveFeed"
    tenancy: "Tenancy"
    directory: "StationDirectory"
    inventory: "Inventory"
    admissions: "Admissions"
    station_imports: "StationImports"
    commands: "CommandService"
    queue: "CommandQueue"
    messages: "MessageLog"
    device: "DeviceModel"
    monitoring: "Monitoring"
    access: "AccessService"
    token_imports: "TokenImports"
    charging: "ChargingService"
    swaps: "Swaps"
    profiles: "ProfileService"
    der: "DerService"
    energy_needs: "EnergyNeedsService"
    reservations: "Reservations"
    waiting: "WaitingList"
    transfers: "TransferService | None" = None
    files: "FileService | None" = None
    firmware: "FirmwareLibrary | None" = None
    """None, all three, where no files travel."""
    signing: "Signing | None" = None
    held: "HeldCertificates | None" = None
    credentials: "Credentials | None" = None
    upgrades: "Upgrades | None" = None
    authority: "Authority | None" = None
    """None, all five, where no links are secured."""
    station_groups: "StationGroups | None" = None
    desired: "DesiredState | None" = None
    """None, both, where nothing is declared."""
    brandings: "Brandings | None" = None
    """None where nobody looks at pages."""
    drivers: "Drivers | None" = None
    """None where drivers are not served."""
    pricing: "PricingService | None" = None
    """None where nothing has a price."""
    entities: "Entities | None" = None
    documents: "Documents | None" = None
    document_files: "DocumentFiles | None" = None
    document_runs: "DocumentRuns | None" = None
    """None, all three, where nothing is billed."""
    settings: Callable[[], tuple[SettingShown, ...]] = tuple
    """How the installation is set, without its secrets."""
    books: "Books | None" = None
    wallets: "Wallets | None" = None
    charges: "Charges | None" = None
    costs: "Costs | None" = None
    evidence: "EvidenceService | None" = None
    bank: "BankService | None" = None
    settlement: "Settlement | None" = None
    """None, all of them, where nothing is billed."""
    payments: "Payments | None" = None
    """None where no payments are taken."""
    sandbox: "Sandbox | None" = None
    """None where money is real."""
    audit: "Audit | None" = None
    notes: "Notes | None" = None
    onboarding: "OnboardingService | None" = None
    """None where no gateway is."""
    board: "Board | None" = None
    network: "Network | None" = None
    overview: "NetworkOverview | None" = None
    """None, all three, where nobody looks on."""
    turned_away: Callable[[], Mapping[str, int]] = dict
    """What never became a station's connection, counted by kind since the start."""


class ApiConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Limits and habits of the API; the defaults are right for one installation behind no proxy."""

    body_max_bytes: int = 1_000_000
    requests_per_second: float = 50.0
    """Over time, for one key, person or unknown address."""
    requests_burst: int = 200
    allowed_origins: tuple[str, ...] = ()
    """Web origins besides our own that may use the API from a browser (CORS); none by default."""
    heartbeat_s: float = 15.0
    """How often a silent event stream says that it is alive."""
    rights_s: float = 15.0
    """How often it is looked whether who reads a stream still may: signed out, or with other rights, ends it."""
    ocpp_urls: tuple[str, ...] = ()
    """The addresses that stations connect to, shown by `GET /api/v1/status`."""
    public_url: str = ""
    """Where people reach this server, if the operator said so."""
