"""The values of payments: what is asked of a payer, how far it has come, and what happened to it.

Amounts are minor units of the payment's currency. A provider's own words stop at the providers;
everything here means the same for all of them.
"""

from datetime import datetime
from enum import StrEnum

import msgspec

from currant.kit.event import Event
from currant.kit.ids import PaymentId, SessionId, TenantId
from currant.kit.money import Money

DESCRIPTION_MAX = 200
REFERENCE_MAX = 255
KEY_MAX = 200


class PaymentMode(StrEnum):
    """When money moves, seen from the charging session."""

    HOLD = "hold"
    """Held before charging, captured exactly afterwards, the rest released."""
    PREPAY = "prepay"
    """Taken before charging, the rest given back: where nothing can be held (UPI)."""
    POSTPAID = "postpaid"
    """Taken afterwards, from a stored method or a link that was sent."""
    TOP_UP = "top_up"
    """Put into a wallet."""


class PaymentState(StrEnum):
    CREATED = "created"
    """Written down; the provider has not answered yet."""
    NEEDS_ACTION = "needs_action"
    """The payer has to do something: enter a card, confirm at the bank, approve in an app."""
    AUTHORISED = "authorised"
    CAPTURED = "captured"
    PARTLY_REFUNDED = "partly_refunded"
    REFUNDED = "refunded"
    VOIDED = "voided"
    FAILED = "failed"
    EXPIRED = "expired"
    """The payer did nothing in time, or the hold lapsed."""
    DISPUTED = "disputed"
    """The payer's bank has called money back, and it is not decided or was lost."""


OPEN_STATES = frozenset({PaymentState.CREATED, PaymentState.NEEDS_ACTION, PaymentState.AUTHORISED})
"""States in which something may still come by itself."""
PAID_STATES = frozenset({PaymentState.CAPTURED, PaymentState.PARTLY_REFUNDED, PaymentState.REFUNDED})


class PayWith(StrEnum):
    """What the payer pays with."""

    ANY = "any"
    """Whatever the provider's page offers."""
    CARD = "card"
    UPI_COLLECT = "upi_collect"
    """A request that the payer approves in the app of their UPI address."""
    UPI_INTENT = "upi_intent"
    """A link that opens an UPI app."""
    UPI_QR = "upi_qr"
    """A code to scan with an UPI app."""
    TERMINAL = "terminal"
    """A card reader at the charger."""


class CreditTo(StrEnum):
    """What captured money pays for: the account that is credited."""

    SESSION = "session"
    """A session's charge, which is booked against it."""
    WALLET = "wallet"
    RECEIVABLE = "receivable"
    """What the owner owes (an invoice, several sessions)."""
    DEPOSIT = "deposit"
    """Nothing yet: whoever makes the charge takes it from there, and the rest goes back."""


class OwnerKind(StrEnum):
    DRIVER = "driver"
    ACCOUNT = "account"
    GUEST = "guest"
    """Somebody who pays without being known; the id is the session's or the page's."""


class PaymentOwner(msgspec.Struct, frozen=True, kw_only=True):
    """Whose payment it is."""

    kind: OwnerKind
    id: str


class ActionKind(StrEnum):
    REDIRECT = "redirect"
    """Open `url`; the payer comes back to the return address."""
    CLIENT_SECRET = "client_secret"
    """Confirm on our page with the provider's script, `secret` and `publishable_key`."""
    UPI_LINK = "upi_link"
    """Open `url` (upi://pay?…) on a phone, or show it as a code."""
    WAIT = "wait"
    """The payer was asked elsewhere (in the app of their bank): wait."""
    TERMINAL = "terminal"
    """Present a card at the reader."""


class NextAction(msgspec.Struct, frozen=True, kw_only=True):
    """What the payer has to do."""

    kind: ActionKind
    url: str = ""
    secret: str = ""
    publishable_key: str = ""
    image_url: str = ""
    """A picture of the code to scan."""
    page_url: str = ""
    """A page on which the payer can do it too."""
    expires_at: datetime | None = None


class RefundState(StrEnum):
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    """The money came back to us: the payer's account took it not."""


class Refund(msgspec.Struct, frozen=True, kw_only=True):
    """Money given back, by the provider's reference of it."""

    reference: str
    amount: int
    state: RefundState = RefundState.SUCCEEDED
    operation: str = ""
    """The id of ours that asked for it, as far as the provider kept it."""
    reason: str = ""


class DisputeState(StrEnum):
    INQUIRY = "inquiry"
    """A question of the bank: no money has moved yet."""
    OPEN = "open"
    """The money is withheld until it is decided."""
    WON = "won"
    LOST = "lost"


class Dispute(msgspec.Struct, frozen=True, kw_only=True):
    """Money that the payer's bank called back."""

    reference: str
    amount: int
    state: DisputeState
    reason: str = ""


class Payment(msgspec.Struct, frozen=True, kw_only=True):
    """One payment at one provider, from being asked for to its last refund."""

    id: PaymentId
    tenant_id: TenantId
    provider: str
    mode: PaymentMode
    state: PaymentState = PaymentState.CREATED
    amount: int
    """What was asked for first."""
    currency: str
    authorised: int = 0
    """The most that was held."""
    captured: int = 0
    refunded: int = 0
    """What was given back or is on its way."""
    owner: PaymentOwner
    session_id: SessionId | None = None
    credit_to: CreditTo
    credit_id: str
    """The owner of the credited account: a session's, driver's, account's or payment's id."""
    pay_with: PayWith = PayWith.ANY
    method_id: str = ""
    """The stored method it is paid with, or that was stored with it."""
    store_method: bool = False
    """Whether the payer agreed that the method is kept."""
    method_label: str = ""
    """How the payer knows it: `Visa •••• 4242`."""
    reference: str = ""
    """The provider's; empty until it has answered."""
    second_reference: str = ""
    """What the provider calls it in other places: a page's payment, a link's order."""
    description: str = ""
    return_url: str = ""
    next_action: NextAction | None = None
    failure: str = ""
    """Why the last attempt failed, as a word for machines: `card_declined`, `insufficient_funds`, …"""
    failure_text: str = ""
    refunds: tuple[Refund, ...] = ()
    disputes: tuple[Dispute, ...] = ()
    created_at: datetime
    changed_at: datetime
    authorised_at: datetime | None = None
    captured_at: datetime | None = None
    hold_until: datetime | None = None
    """When the hold lapses by itself, as far as the provider says."""
    abandon_at: datetime | None = None
    """What is not authorised by then is given up, and what is authorised later is released."""
    key: str = ""
    """The caller's idempotency key."""

    @property
    def money(self) -> Money:
        return Money(minor_units=self.amount, currency=self.currency)

    @property
    def refundable(self) -> int:
        """What was captured and neither given back nor called back."""
        called_back = sum(
            dispute.amount
            for dispute in self.disputes
            if dispute.state in (DisputeState.OPEN, DisputeState.LOST)
        )
        return max(self.captured - self.refunded - called_back, 0)


class PaymentDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A payment to be asked for."""

    mode: PaymentMode
    amount: Money
    owner: PaymentOwner
    key: str
    """Whoever asks names the payment: the same key of the same owner is the same payment."""
    session_id: SessionId | None = None
    credit_to: CreditTo | None = None
    """By the mode when None: wallet for a top-up; the session, where there is one; else what the owner
    owes, or a deposit where money is taken beforehand."""
    credit_id: str = ""
    """By `credit_to` when empty: the session, the owner, or this payment."""
    provider: str = ""
    """The organisation's first one that can do it, when empty."""
    pay_with: PayWith = PayWith.ANY
    method_id: str = ""
    """A stored method: charged without the payer being there."""
    upi_address: str = ""
    """For `upi_collect`."""
    store_method: bool = False
    """Whether the method is kept for later, as the payer agreed."""
    description: str = ""
    return_url: str = ""
    terminal: str = ""
    """The provider's id of the reader, for `terminal`."""
    within_s: int = 900
    """How long the payer has."""


class MethodState(StrEnum):
    ACTIVE = "active"
    NEEDS_ACTION = "needs_action"
    FAILED = "failed"
    REMOVED = "removed"


class StoredMethod(msgspec.Struct, frozen=True, kw_only=True):
    """A way to pay that a provider keeps for an owner; here is only what it is called there."""

    id: str
    tenant_id: TenantId
    owner: PaymentOwner
    provider: str
    state: MethodState
    setup_reference: str = ""
    customer_reference: str = ""
    reference: str = ""
    label: str = ""
    brand: str = ""
    last4: str = ""
    expires: str = ""
    """Month and year: `04/2029`."""
    default: bool = False
    next_action: NextAction | None = None
    failure: str = ""
    created_at: datetime
    changed_at: datetime


class OperationKind(StrEnum):
    AUTHORISE = "authorise"
    INCREMENT = "increment"
    CAPTURE = "capture"
    VOID = "void"
    REFUND = "refund"


class OperationState(StrEnum):
    INTENDED = "intended"
    """Written down before the provider is asked: whether it did it, is not known yet."""
    DONE = "done"
    FAILED = "failed"
    """The provider did not do it, and will not."""


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One thing asked of a provider; its id is the idempotency key that the provider is given."""

    id: str
    tenant_id: TenantId
    payment_id: PaymentId
    kind: OperationKind
    amount: int
    key: str
    """The caller's: the same one is the same operation."""
    state: OperationState = OperationState.INTENDED
    request: str = ""
    """What has to be sent again, word by word, should the answer get lost (JSON); empty once it is over."""
    attempts: int = 0
    failure: str = ""
    failure_text: str = ""
    by: str = ""
    reason: str = ""
    created_at: datetime
    next_at: datetime
    """When it is asked again, as long as it is only intended."""


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """A message of a provider as it came, and what became of it."""

    id: str
    tenant_id: TenantId
    provider: str
    event_id: str
    kind: str
    about: str
    reference: str
    payment_id: str
    received_at: datetime
    handled_at: datetime | None = None
    outcome: str = ""


class PaymentEvent(Event, frozen=True, kw_only=True):
    """Something happened to a payment; amounts in minor units."""

    payment_id: PaymentId
    provider: str
    mode: PaymentMode
    state: PaymentState
    currency: str
    owner: PaymentOwner
    session_id: SessionId | None = None
    by: str = ""


class PaymentAuthorised(PaymentEvent, frozen=True, kw_only=True):
    """Money is held, or more than before."""

    authorised: int


class PaymentCaptured(PaymentEvent, frozen=True, kw_only=True):
    """Money was taken: `amount` now, `captured` in all."""

    amount: int
    captured: int
    late: bool = False
    """The payer was too late: what it was for has been given up, and it goes back."""


class PaymentRefunded(PaymentEvent, frozen=True, kw_only=True):
    """Money was given back; less than nothing when a refund failed and it came back to us."""

    amount: int
    refunded: int


class PaymentFailed(PaymentEvent, frozen=True, kw_only=True):
    """No money will come of it: it failed, expired or could not be captured."""

    reason: str
    text: str = ""


class PaymentVoided(PaymentEvent, frozen=True, kw_only=True):
    """A hold was released whole."""


class PaymentWaits(PaymentEvent, frozen=True, kw_only=True):
    """The payer has to do something."""


class PaymentDisputed(PaymentEvent, frozen=True, kw_only=True):
    """A payer's bank called money back, or that was decided."""

    dispute: str
    dispute_state: DisputeState
    amount: int


class MethodChanged(Event, frozen=True, kw_only=True):
    """A stored method was added, failed or was removed."""

    method_id: str
    owner: PaymentOwner
    provider: str
    state: MethodState
    label: str = ""
    by: str = ""


class PaymentProviderChanged(Event, frozen=True, kw_only=True):
    """How an organisation takes payments was changed; secrets are named, never told."""

    provider: str
    fields: tuple[str, ...]
    by: str = ""


PAYMENT_EVENTS: tuple[type[PaymentEvent], ...] = (
    PaymentAuthorised,
    PaymentCaptured,
    PaymentRefunded,
    PaymentFailed,
    PaymentVoided,
    PaymentWaits,
    PaymentDisputed,
)
