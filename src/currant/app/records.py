"""What is kept and shown about the network beside its work: how organisations look, who knocks at the door."""

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from currant.access import events as access
from currant.app.invoicing import INVOICING_AUDITED
from currant.billing.bank.service import BankLineSettled
from currant.billing.books_events import PERSONS_EVENTS
from currant.billing.charges.model import AccountTermsChanged, ChargeReleased
from currant.billing.evidence.events import MeterKeyChanged
from currant.billing.payments import model as payments
from currant.billing.settlement.model import ProviderLineOdd
from currant.charging.reservations import events as reservations
from currant.drivers.events import PlaceListingChanged
from currant.kit.event import Event
from currant.pki.model import StationCertificateChanged
from currant.pki.upgrading import SecurityUpgradeChanged
from currant.pricing import events as pricing
from currant.stations import events as stations
from currant.stations.desired import events as desired
from currant.stations.notes import NoteChanged, Notes
from currant.stations.onboarding import Addresses, OnboardingService
from currant.stations.security_model import PasswordRotated
from currant.stations.transfers.model import FirmwareImageChanged
from currant.tenancy import model as tenancy
from currant.tenancy.audit import Audit
from currant.tenancy.branding import Brandings
from currant.tenancy.branding_model import BrandingChanged

if TYPE_CHECKING:
    from currant.app.container import Currant


AUDITED: tuple[type[Event], ...] = (
    *PERSONS_EVENTS,
    ChargeReleased,
    AccountTermsChanged,
    tenancy.PersonSignedIn,
    tenancy.SignInFailed,
    tenancy.PasswordChanged,
    tenancy.SecondFactorChanged,
    tenancy.SecondFactorRequired,
    tenancy.PersonLinked,
    tenancy.PersonAdded,
    tenancy.PersonInvited,
    tenancy.PersonChanged,
    tenancy.PersonRemoved,
    tenancy.KeyMade,
    tenancy.KeyRevoked,
    tenancy.OrganisationCreated,
    tenancy.OrganisationRenamed,
    BrandingChanged,
    stations.LocationChanged,
    stations.StationChanged,
    stations.StationAdmitted,
    stations.CommandEnded,
    stations.CommandsQueued,
    NoteChanged,
    MeterKeyChanged,
    *INVOICING_AUDITED,
    BankLineSettled,
    ProviderLineOdd,
    PlaceListingChanged,
    FirmwareImageChanged,
    payments.PaymentProviderChanged,
    payments.PaymentAuthorised,
    payments.PaymentWaits,
    payments.PaymentFailed,
    payments.PaymentDisputed,
    payments.PaymentCaptured,
    payments.PaymentRefunded,
    payments.PaymentVoided,
    payments.MethodChanged,
    desired.DeclarationsChanged,
    desired.RolloutChanged,
    desired.DesiredPaused,
    desired.DesiredRetried,
    PasswordRotated,
    SecurityUpgradeChanged,
    StationCertificateChanged,
    access.TokenChanged,
    access.GroupChanged,
    access.AccountChanged,
    access.PolicyChanged,
    access.HolidayCalendarChanged,
    access.AuthoriserChanged,
    pricing.TariffChanged,
    pricing.TariffPublished,
    pricing.TariffWithdrawn,
    pricing.PriceRuleChanged,
    pricing.SpotPricesChanged,
    pricing.VoucherChanged,
    pricing.SubscriptionPlanChanged,
    pricing.SubscriptionChanged,
    reservations.ReservationMade,
    reservations.ReservationChanged,
    reservations.ReservationEnded,
)
"""What somebody may have done: the audit log keeps those that somebody did (tenancy/audit_kinds.py)."""


async def start_records(currant: "Currant", stack: AsyncExitStack, *, node: str, names: list[str]) -> None:
    """Make these services, on those of tenancy and stations; `names` are the server's own, the most public first."""
    currant.brandings = Brandings(
        currant.database, currant.tenancy.organisations, currant.clock, own_hosts=names
    )
    await currant.brandings.start()
    currant.audit = Audit(currant.database)
    currant.notes = Notes(currant.database, currant.clock)
    currant.onboarding = OnboardingService(
        currant.database,
        currant.directory,
        currant.inventory,
        currant.admissions,
        currant.board,
        currant.clock,
        node=node,
        host_tenant_id=currant.tenancy.host_tenant_id,
        addresses=lambda: station_addresses(currant, names[0]),
    )
    stack.push_async_callback(currant.onboarding.stop)


def station_addresses(currant: "Currant", name: str) -> Addresses:
    """Where stations are told to connect: as it was set, or as far as this machine can know it."""
    settings, ports = currant.settings, currant.gateway.ports
    host = f"[{name}]" if ":" in name else name
    tls = settings.certificates.stations_url or f"wss://{host}:{ports.tls}/ocpp"
    plain = settings.ocpp.public_url or f"ws://{host}:{ports.plain}/ocpp"
    return Addresses(plain=plain if ports.plain else "", tls=tls if ports.tls else "")
