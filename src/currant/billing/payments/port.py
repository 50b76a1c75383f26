"""What every payment service provider is to Currant: one protocol, and how it says no.

A provider is asked with our idempotency key and answers with a *standing*: all that it knows of a
payment now, in sums since its beginning. Whoever gets two standings in the wrong order loses
nothing by joining them (machine.py).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

import msgspec

from currant.billing.payments.model import (
    Dispute,
    NextAction,
    PaymentMode,
    PaymentOwner,
    PaymentState,
    PayWith,
    Refund,
)
from currant.kit.ids import PaymentId, TenantId
from currant.kit.money import Money


class Ability(StrEnum):
    """What a provider can do besides taking money."""

    HOLD = "hold"
    INCREMENT = "increment"
    STORED = "stored"
    """Keeps methods, and charges them without the payer being there."""
    REFUND = "refund"
    BALANCE = "balance"
    """Lists what it booked: fees, payouts."""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider knows of a payment: one of the states without those of money given back, and sums."""

    reference: str
    second_reference: str = ""
    """What else the provider calls it, in its messages and statements."""
    state: PaymentState
    """created (it works on it), needs_action, authorised, captured, voided, expired or failed."""
    currency: str
    authorised: int = 0
    captured: int = 0
    refunds: tuple[Refund, ...] = ()
    disputes: tuple[Dispute, ...] = ()
    next_action: NextAction | None = None
    failure: str = ""
    failure_text: str = ""
    hold_until: datetime | None = None
    method_label: str = ""
    method_reference: str = ""
    """The method, where the provider keeps it for later."""
    customer_reference: str = ""
    payment_id: str = ""
    """Ours, as the provider kept it."""


class AskToPay(msgspec.Struct, frozen=True, kw_only=True):
    """All that a provider needs to begin a payment; kept until it has answered, to be sent again word by word."""

    payment_id: PaymentId
    tenant_id: TenantId
    mode: PaymentMode
    amount: int
    currency: str
    pay_with: PayWith
    owner: PaymentOwner
    description: str = ""
    return_url: str = ""
    method_reference: str = ""
    customer_reference: str = ""
    store_method: bool = False
    upi_address: str = ""
    terminal: str = ""
    pay_until: datetime | None = None

    @property
    def takes_at_once(self) -> bool:
        """Whether the money is taken as soon as the payer agreed, and not only held."""
        return self.mode is not PaymentMode.HOLD

    @property
    def money(self) -> Money:
        return Money(minor_units=self.amount, currency=self.currency)


class AskToStore(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider needs to begin to keep a method for somebody."""

    method_id: str
    tenant_id: TenantId
    owner: PaymentOwner
    customer_reference: str = ""
    return_url: str = ""


class MethodStanding(msgspec.Struct, frozen=True, kw_only=True):
    """How far the keeping of a method is."""

    setup_reference: str
    state: PaymentState
    """created, needs_action, captured (it is kept) or failed."""
    reference: str = ""
    customer_reference: str = ""
    label: str = ""
    brand: str = ""
    last4: str = ""
    expires: str = ""
    next_action: NextAction | None = None
    failure: str = ""


class NewsAbout(StrEnum):
    PAYMENT = "payment"
    METHOD = "method"
    NOTHING = "nothing"
    """Genuine, and nothing that we follow."""


class News(msgspec.Struct, frozen=True, kw_only=True):
    """A genuine message of a provider: what to ask it about. What the message claims is never believed itself."""

    event_id: str
    """Unique at the provider; the same news again has the same one."""
    kind: str
    """The provider's own word."""
    about: NewsAbout
    reference: str = ""
    payment_id: str = ""


class BalanceKind(StrEnum):
    CHARGE = "charge"
    REFUND = "refund"
    DISPUTE = "dispute"
    FEE = "fee"
    PAYOUT = "payout"
    ADJUSTMENT = "adjustment"


class BalanceLine(msgspec.Struct, frozen=True, kw_only=True):
    """One booking of the provider on its account for us; `net` is what the balance changed by."""

    id: str
    kind: BalanceKind
    currency: str
    gross: int
    fee: int
    net: int
    at: datetime
    reference: str = ""
    """Of the payment, refund, dispute or payout."""
    payment_reference: str = ""
    payout_reference: str = ""
    """The payout it was part of, where that is known."""
    available_at: datetime | None = None


class BalancePage(msgspec.Struct, frozen=True, kw_only=True):
    """Balance lines, latest first or as the provider orders them; empty `next_cursor`: no more."""

    lines: tuple[BalanceLine, ...]
    next_cursor: str = ""


class ProviderError(Exception):
    """A provider did not do what it was asked."""

    def __init__(self, text: str, *, code: str = "") -> None:
        self.text = text
        self.code = code
        super().__init__(text)


class Declined(ProviderError):
    """It was understood and refused for good: the card, the bank or the state of the payment is against it."""


class Unavailable(ProviderError):
    """Whether it was done is not known: ask again later, with the same key."""


class Unsupported(ProviderError):
    """This provider cannot do that, whoever asks."""


class Misconfigured(ProviderError):
    """The provider does not know us: keys are wrong, or the account may not do this."""


class NotGenuine(ProviderError):
    """A message that this provider did not sign."""


class PaymentProvider(Protocol):
    """One organisation's account with a provider.

    Every verb that moves money takes `key`, and asked again with the same key it answers the same and
    moves nothing twice. All raise Declined, Unavailable, Unsupported or Misconfigured.
    """

    name: str
    abilities: frozenset[Ability]
    keys_last: timedelta
    """How long it knows a key again; asked later than that, it is looked first whether it was done."""

    async def authorise(self, wanted: AskToPay, *, key: str) -> Standing:
        """Begin a payment: hold or take the money now, or say what the payer has to do."""
        ...

    async def increment(self, reference: str, to: Money, *, key: str) -> Standing:
        """Hold more: `to` in all."""
        ...

    async def capture(self, reference: str, amount: Money, *, key: str) -> Standing:
        """Take of what is held, once; the rest is released."""
        ...

    async def void(self, reference: str, *, key: str) -> Standing:
        """Release a hold whole, or give up what the payer has not finished."""
        ...

    async def refund(self, reference: str, amount: Money, *, key: str) -> Standing:
        """Give captured money back."""
        ...

    async def fetch(self, reference: str) -> Standing:
        """What is known of a payment now."""
        ...

    async def find(self, payment_id: PaymentId) -> Standing | None:
        """The payment that was begun for ours, when its reference got lost; None when there is none."""
        ...

    def parse_webhook(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> News:
        """What a message is about. Raises NotGenuine. Header names are in lower case."""
        ...

    async def list_balance_transactions(self, *, since: datetime, cursor: str = "") -> BalancePage:
        """What the provider booked for us since then."""
        ...

    async def start_setup(self, wanted: AskToStore, *, key: str) -> MethodStanding:
        """Begin to keep a method of payment for later."""
        ...

    async def fetch_setup(self, setup_reference: str) -> MethodStanding:
        """How far that is."""
        ...

    async def forget_method(self, reference: str) -> None:
        """Keep the method no longer."""
        ...
