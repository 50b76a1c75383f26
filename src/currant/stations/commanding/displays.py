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


class ShowCost(Command, frozen=True, kw_only=True):
    """CostUpdated: what a session costs by now, with taxes, in the currency that the station was configured with."""

    transaction_id: str
    total_cost: Decimal


class GetCustomerInformation(Command, frozen=True, kw_only=True):
    """Report and/or clear what the station holds about one customer, named in exactly one way."""

    report: bool = True
    clear: bool = False
    token_uid: str | None = None
    token_kind: str = "rfid"
    customer_identifier: str | None = None
    certificate: CertificateHash | None = None
