"""The values of settlement: what a provider booked for us, and what is odd about it."""

from datetime import datetime
from enum import StrEnum

import msgspec

from currant.billing.payments.port import BalanceKind
from currant.kit.event import Event
from currant.kit.ids import TenantId


class Oddity(StrEnum):
    """What is odd about a line of a provider."""

    NONE = ""
    NO_PAYMENT = "no_payment"
    """It took or gave back money for a payment that is none of ours."""
    AMOUNT = "amount"
    """It took another sum than the payment says."""
    CURRENCY = "currency"
    """It booked in another currency than the payment is in."""
    UNEXPLAINED = "unexplained"
    """An adjustment that nothing here knows."""


class ProviderLine(msgspec.Struct, frozen=True, kw_only=True):
    """One booking of a provider on its account for us, as it was told. Minor units; `net` changed the balance."""

    id: str
    """The provider's own."""
    tenant_id: TenantId
    provider: str
    kind: BalanceKind
    currency: str
    gross: int
    fee: int
    net: int
    at: datetime
    payment_id: str = ""
    reference: str = ""
    oddity: Oddity = Oddity.NONE
    explained: str = ""
    """What a person said about an odd one."""
    by: str = ""
    arrived: str = ""
    """Of a payout: the line of the bank statement with which it came."""


class ProviderLineOdd(Event, frozen=True, kw_only=True):
    """A provider booked something that does not fit; or a person explained it."""

    provider: str
    line_id: str
    oddity: Oddity
    explained: str = ""
    by: str = ""
