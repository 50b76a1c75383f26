"""What stations show: messages (2.x block O), running cost (I02, I03), and information about customers (N09, N10)."""

from decimal import Decimal
from enum import StrEnum

from currant.stations.commanding.base import Command, Instant, Part
from currant.stations.commanding.certificates import CertificateHash


class MessagePriority(StrEnum):
    ALWAYS_FRONT = "always_front"
    IN_FRONT = "in_front"
    NORMAL_CYCLE = "normal_cycle"


class MessageState(StrEnum):
    CHARGING = "charging"
    FAULTED = "faulted"
    IDLE = "idle"
    UNAVAILABLE = "unavailable"
    SUSPENDED = "suspended"
    """2.1."""
    DISCHARGING = "discharging"
    """2.1."""


class MessageFormat(StrEnum):
    ASCII = "ascii"
    HTML = "html"
    URI = "uri"
    UTF8 = "utf8"
    QR_CODE = "qr_code"
    """2.1."""


class MessageText(Part, frozen=True, kw_only=True):
    text: str
    format: MessageFormat = MessageFormat.UTF8
    language: str | None = None
    """RFC 5646, at most 8 characters."""


class DisplayMessage(Part, frozen=True, kw_only=True):
    """`id` is ours; setting one again replaces it (O06). The texts after the first are 2.1's translations."""

    id: int
    texts: tuple[MessageText, ...]
    priority: MessagePriority = MessagePriority.NORMAL_CYCLE
    state: MessageState | None = None
    starts_at: Instant | None = None
    ends_at: Instant | None = None
    transaction_id: str | None = None
    evse: int | None = None
    """On the display of this EVSE; None on the main one."""


class SetDisplayMessage(Command, frozen=True, kw_only=True):
    message: DisplayMessage


class GetDisplayMessages(Command, frozen=True, kw_only=True):
    ids: tuple[int, ...] = ()
    priority: MessagePriority | None = None
    state: MessageState | None = None


class ClearDisplayMessage(Command, frozen=True, kw_only=True):
    id: int


class PriceShown(Part, frozen=True, kw_only=True):
    """The prices that hold at a moment, with taxes: per kWh, per hour, once."""

    per_kwh: Decimal | None = None
    per_hour: Decimal | None = None
    once: Decimal | None = None
    idle_per_hour: Decimal | None = None
    idle_grace_minutes: int | None = None


class CostShown(Part, frozen=True, kw_only=True):
    """What OCPP 1.6 tells along with a cost (OCA, OCPP and California Pricing Requirements, 3.1.3 and 3.1.4)."""

    at: Instant
    meter_wh: int
    """The meter's register at that time."""
    idle: bool = False
    price: PriceShown = PriceShown()
    changes_at: Instant | None = None
    """When other prices hold; the station sends its meter then."""
    then: PriceShown | None = None
    texts: tuple[MessageText, ...] = ()
    """For the end: what was paid for, in words."""
    link: str = ""
    """For the end: where the receipt is, as a code to be scanned."""


class ShowCost(Command, frozen=True, kw_only=True):
    """CostUpdated: what a session costs by now, with taxes, in the currency that the station was configured with.

    OCPP 1.6 has no such message; stations that follow the OCA's California Pricing Requirements take it as
    DataTransfer (`RunningCost`, and `FinalCost` when `final`), and need `shown`.
    """

    transaction_id: str
    total_cost: Decimal
    final: bool = False
    shown: CostShown | None = None


class GetCustomerInformation(Command, frozen=True, kw_only=True):
    """Report and/or clear what the station holds about one customer, named in exactly one way."""

    report: bool = True
    clear: bool = False
    token_uid: str | None = None
    token_kind: str = "rfid"
    customer_identifier: str | None = None
    certificate: CertificateHash | None = None
