"""The values of charges: what a session's price was fixed to, what it came to, and who pays it.

A charge belongs to one session and one purpose: what the driver pays, what a roaming partner pays or what
the host of the site gets, all of them worked out on the same timeline. While it is open it may be worked
out anew; once it is final it never changes. A session that turns out otherwise after that gets a credit
(the charge with its signs turned) and a new charge.
"""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

import msgspec

from currant.billing.tax.model import TaxDecision
from currant.kit.event import Event
from currant.kit.ids import (
    AccountId,
    ChargeId,
    DocumentId,
    LegalEntityId,
    LocationId,
    PaymentId,
    SessionId,
    StationId,
    TariffVersionId,
    TenantId,
    TokenId,
)
from currant.pricing.charge import Bill, RatedCharge
from currant.pricing.model import Purpose


class PayerKind(StrEnum):
    """How a charge is paid."""

    CARD = "card"
    """A payment that was begun before the session, or a stored card of the account."""
    WALLET = "wallet"
    ACCOUNT_INVOICE = "account_invoice"
    """Gathered on the account's next invoice."""
    TERMINAL = "terminal"
    """The terminal at the station takes the money and settles it itself."""
    ROAMING = "roaming"
    """The driver's own provider pays, by its agreement with us."""
    HOST = "host"
    """Nobody pays: it is what the host of the site gets."""
    FREE = "free"
    NOBODY = "nobody"
    """Somebody charged whom nobody knows: a person has to decide."""


class Payer(msgspec.Struct, frozen=True, kw_only=True):
    """Who pays, and by what. `owner` is whose wallet, account or agreement it is."""

    kind: PayerKind
    owner: str = ""
    payment_id: PaymentId | None = None
    """The payment begun for the session, whose hold is captured."""
    method_id: str = ""
    """A stored means of payment, to be asked once the sum is known."""


class PaysBy(StrEnum):
    """How an account pays, as it is set for it."""

    WALLET = "wallet"
    ACCOUNT_INVOICE = "account_invoice"
    CARD = "card"
    FREE = "free"


class AccountTerms(msgspec.Struct, frozen=True, kw_only=True):
    """How an account pays for its sessions, and what follows when it does not."""

    tenant_id: TenantId
    account_id: AccountId
    pays_by: PaysBy | None = None
    """None: as is usual in this installation."""
    method_id: str = ""
    """The stored means of payment, where it pays by card."""
    blocked_after_days: int | None = None
    """So many days after a receivable was due the account may not charge any more; None: the usual number."""
    overdue_since: datetime | None = None
    """The oldest due date of what it owes and has not paid."""
    updated_at: datetime | None = None


class ChargeState(StrEnum):
    PENDING = "pending"
    """Priced, and still to be settled."""
    WAITING_SPOT = "waiting_spot"
    """Waits for market prices that are not known yet."""
    REVIEW = "review"
    """A person has to look at it first; `reasons` say why."""
    FINAL = "final"
    CREDITED = "credited"
    """Final, and taken back by a credit."""
    VOID = "void"
    """Never became final: the session turned out to be no sale, or another charge took its place."""


class ChargeKind(StrEnum):
    CHARGE = "charge"
    CREDIT = "credit"
    """Takes a final charge back: the same with its signs turned."""


class PaidState(StrEnum):
    """What became of the money of a final charge."""

    NOTHING = "nothing"
    """Nothing is owed, or not by a payment of its own (free, host, credit)."""
    OPEN = "open"
    """Asked for, and not there yet."""
    INVOICED = "invoiced"
    """Gathered for the account's invoice."""
    PAID = "paid"
    FAILED = "failed"
    """The payment failed: it is owed, and reminded of."""


class PriceLock(msgspec.Struct, frozen=True, kw_only=True):
    """The version of a tariff that a session is priced by, fixed as of its beginning."""

    tenant_id: TenantId
    session_id: SessionId
    purpose: Purpose
    version_id: TariffVersionId
    rule_id: str = ""
    at: datetime
    """The moment as of which it was chosen: the session's start, even of one reported days later."""
    token_id: TokenId | None = None


class Charge(msgspec.Struct, frozen=True, kw_only=True):
    """What a session comes to for one purpose. Amounts are minor units of the currency."""

    id: ChargeId
    tenant_id: TenantId
    session_id: SessionId
    session_number: int
    purpose: Purpose = Purpose.RETAIL
    kind: ChargeKind = ChargeKind.CHARGE
    revision: int = 1
    """Which charge (or which credit) of the session and purpose it is, from 1."""
    state: ChargeState
    reasons: tuple[str, ...] = ()
    """Why it waits for a person: the session's repairs, `no_payer`, `signature_failed`, …"""
    paid: PaidState = PaidState.NOTHING
    payer: Payer
    currency: str
    net: int
    tax: int
    gross: int
    energy_wh: int
    version_id: TariffVersionId
    rule_id: str = ""
    account_id: AccountId | None = None
    token_id: TokenId | None = None
    location_id: LocationId | None = None
    station_id: StationId
    evse: int | None = None
    started_at: datetime
    ended_at: datetime
    time_zone: str = "UTC"
    jurisdiction: str = ""
    """Whose taxes are on it: a country, or country and state."""
    created_at: datetime
    finalised_at: datetime | None = None
    released_by: str = ""
    """Who let it through, where a person had to."""
    credits: ChargeId | None = None
    """The charge that this credit takes back."""
    document_id: DocumentId | None = None
    collected: int = 0
    """What the ledger says was taken for the session so far, less what was given back."""
    reduced_by: int = 0
    """What a person took off the sum that was worked out."""
    note: str = ""

    @property
    def number(self) -> str:
        """Its name for people: the session's number, which charge of it, and what for."""
        purpose = "" if self.purpose is Purpose.RETAIL else self.purpose.value[0].upper()
        if self.kind is ChargeKind.CREDIT:
            return f"{self.session_number}{purpose}-C{self.revision}"
        return f"{self.session_number}{purpose}" + ("" if self.revision == 1 else f"-{self.revision}")


class ChargeDetails(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that explains a charge: the exact lines with their trace, and the bill."""

    rated: RatedCharge
    bill: Bill
    decision: TaxDecision | None = None
    """Which taxes are on it and why; None where the tariff alone said so."""
    entity_id: LegalEntityId | None = None
    """Who sold it."""


class ReceivableState(StrEnum):
    OPEN = "open"
    PAID = "paid"
    WRITTEN_OFF = "written_off"
    CANCELLED = "cancelled"
    """What it was owed for was credited."""


class Receivable(msgspec.Struct, frozen=True, kw_only=True):
    """Money that was to be paid at once and was not; reminded of until it is."""

    id: str
    tenant_id: TenantId
    charge_id: ChargeId
    session_id: SessionId
    account_id: AccountId | None = None
    currency: str
    amount: int
    paid: int = 0
    state: ReceivableState = ReceivableState.OPEN
    reason: str = ""
    """Why the payment failed, in the provider's or our own code."""
    created_at: datetime
    due_at: datetime
    reminders: int = 0
    remind_at: datetime | None = None
    """When the next reminder is due; None when there are no more."""


class ChargeFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which charges are wanted, newest first; what is None does not matter."""

    state: ChargeState | None = None
    kind: ChargeKind | None = None
    purpose: Purpose | None = None
    paid: PaidState | None = None
    session_id: SessionId | None = None
    account_id: AccountId | None = None
    location_id: LocationId | None = None
    station_id: StationId | None = None
    since: datetime | None = None
    """Ended at or after."""
    until: datetime | None = None
    """Ended before."""


class ChargeEvent(Event, frozen=True, kw_only=True):
    """Something about one charge, as it stands after it."""

    charge_id: ChargeId
    session_id: SessionId
    session_number: int
    purpose: Purpose
    account_id: AccountId | None = None
    location_id: LocationId | None = None
    currency: str
    net: int
    tax: int
    gross: int
    payer_kind: PayerKind


class ChargeFinal(ChargeEvent, frozen=True, kw_only=True):
    """A charge or credit became final: from now on it is on invoices, in statements and in reports."""

    credits: ChargeId | None = None
    energy_wh: int = 0
    started_at: datetime
    token_id: TokenId | None = None
    station_id: StationId
    evse: int | None = None


class ChargeInReview(ChargeEvent, frozen=True, kw_only=True):
    """A charge waits for a person."""

    reasons: tuple[str, ...] = ()


class ChargeReleased(ChargeEvent, frozen=True, kw_only=True):
    """A person let a charge through, or had it taken back."""

    by: str
    action: str
    """`released`, `voided`, `credited`, `refunded` or `written_off`."""
    note: str = ""


class PaymentOverdue(Event, frozen=True, kw_only=True):
    """Something owed was not paid, and the account hears of it (again)."""

    receivable_id: str
    charge_id: ChargeId
    account_id: AccountId | None = None
    currency: str
    amount: int
    reminders: int


class AccountTermsChanged(Event, frozen=True, kw_only=True):
    """How an account pays, or whether it may still charge, is different now."""

    account_id: AccountId
    pays_by: PaysBy | None = None
    overdue_since: datetime | None = None
    by: str = ""


CHARGE_EVENTS: tuple[type[Event], ...] = (ChargeFinal, ChargeInReview, ChargeReleased)
RECEIVABLE_EVENTS: tuple[type[Event], ...] = (PaymentOverdue, AccountTermsChanged)


def facts_of(charge: Charge) -> dict[str, Any]:
    """The fields every event of a charge carries."""
    return {
        "tenant_id": charge.tenant_id,
        "charge_id": charge.id,
        "session_id": charge.session_id,
        "session_number": charge.session_number,
        "purpose": charge.purpose,
        "account_id": charge.account_id,
        "location_id": charge.location_id,
        "currency": charge.currency,
        "net": charge.net,
        "tax": charge.tax,
        "gross": charge.gross,
        "payer_kind": charge.payer.kind,
    }


class RunningCost(msgspec.Struct, frozen=True, kw_only=True):
    """What a session has cost until now, as it would be billed if it ended here. Minor units."""

    currency: str
    net: int
    tax: int
    gross: int
    at: datetime
    """Until when it is counted."""
    energy_wh: int
    lines: tuple["RunningLine", ...] = ()
    waits_for: tuple[str, ...] = ()


class RunningLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of what has been used so far."""

    kind: str
    quantity: Decimal
    unit: str
    unit_price: Decimal
    net: int
