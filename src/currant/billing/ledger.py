"""Double entry: accounts, entries that balance, and holds that are settled once. Pure.

An amount is whole minor units of its account's currency: positive is a debit, negative a credit. Every
entry sums to nothing in each of its currencies, is never changed, and is known by what it was booked
for (source and purpose), so that booking it again books nothing.

Money that may still be spent (a wallet, a deposit, a credit line) is set aside by a hold and then taken
wholly, partly or not at all; what is not taken is free again by itself.
"""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

import msgspec

from currant.kit.errors import Conflict, Invalid
from currant.kit.ids import EntryId, TenantId

LEGS_MAX = 200
TEXT_MAX = 200
MEMO_MAX = 500
# Far more than any account will ever hold, and far less than 64 bits.
AMOUNT_MAX = 10**15


class AccountKind(StrEnum):
    """What an account stands for, and (in brackets) whose it is: the `owner` of the account."""

    BANK = "bank"
    PSP_CLEARING = "psp_clearing"
    """(provider) What a provider has taken and not yet paid out; comes back to nothing."""
    PSP_FEES = "psp_fees"
    """(provider)"""
    RECEIVABLE = "receivable"
    """(account or driver) What somebody owes on invoices and unpaid sessions."""
    SESSION = "session"
    """(session) What a session comes to until it is paid or owed by somebody; comes back to nothing."""
    WALLET = "wallet"
    """(account or driver) Money paid ahead: ours to keep, theirs to spend."""
    DEPOSIT = "deposit"
    """(account or driver) Money held as security."""
    CREDIT_LINE = "credit_line"
    """(account) What a company has used of what it may use before it pays."""
    REVENUE = "revenue"
    TAX_PAYABLE = "tax_payable"
    """(jurisdiction and tax, such as ``DE/VAT``)"""
    HOST_COST = "host_cost"
    HOST_PAYABLE = "host_payable"
    """(host)"""
    ROAMING_REVENUE = "roaming_revenue"
    ROAMING_RECEIVABLE = "roaming_receivable"
    """(partner)"""
    ROAMING_COST = "roaming_cost"
    ROAMING_PAYABLE = "roaming_payable"
    """(partner)"""
    PROMO = "promo"
    ROUNDING = "rounding"
    BAD_DEBT = "bad_debt"
    EXCHANGE = "exchange"
    """The only way from one currency into another."""
    ADJUSTMENT = "adjustment"
    """What a person corrected by hand, until it is known where it belongs."""


GUARDED = frozenset({AccountKind.WALLET, AccountKind.DEPOSIT, AccountKind.CREDIT_LINE})
"""What can be spent, and never more than is there: their balances are kept beside the entries and locked."""


class Account(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """An account of the ledger; it exists as soon as something is booked on it."""

    kind: AccountKind
    owner: str = ""
    currency: str

    @property
    def code(self) -> str:
        """Its name in one word, for people and exports."""
        return f"{self.kind}:{self.owner}:{self.currency}"


class Leg(msgspec.Struct, frozen=True, kw_only=True):
    """One side of an entry: a debit of an account, or (negative) a credit."""

    account: Account
    amount: int


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What is booked at once. Source and purpose name it: the same is never booked twice."""

    source_type: str
    """What it was booked for: `payment`, `charge`, `document`, `payout`, `person`, …"""
    source_id: str
    purpose: str
    """Which of the things booked for that source: `captured`, `recognised`, `refunded:<refund>`, …"""
    at: datetime
    """When it happened; when it was booked is another moment."""
    legs: tuple[Leg, ...]
    memo: str = ""


class Posted(msgspec.Struct, frozen=True, kw_only=True):
    """An entry as the ledger keeps it."""

    id: EntryId
    tenant_id: TenantId
    booked_at: datetime
    entry: Entry


class Unbalanced(Invalid):
    """An entry does not sum to nothing, or is otherwise none."""

    code = "entry_unbalanced"


class BookedOtherwise(Conflict):
    """Something else was booked for the same source and purpose."""

    code = "booked_otherwise"


class NotEnough(Conflict):
    """There is less to spend than is asked for; the facts say how much there is."""

    code = "not_enough"


class HoldSettled(Conflict):
    """A hold was taken, released or has lapsed already, and otherwise."""

    code = "hold_settled"


def debit(account: Account, amount: int) -> Leg:
    return Leg(account=account, amount=amount)


def credit(account: Account, amount: int) -> Leg:
    return Leg(account=account, amount=-amount)


def sums(legs: Iterable[Leg]) -> dict[str, int]:
    """What legs add up to in each currency."""
    totals: dict[str, int] = {}
    for leg in legs:
        totals[leg.account.currency] = totals.get(leg.account.currency, 0) + leg.amount
    return totals


def balanced(entry: Entry) -> bool:
    """Whether the entry sums to nothing in each of its currencies."""
    return not any(sums(entry.legs).values())


def problem_of(entry: Entry) -> str:
    """Why this cannot be booked, in words; empty when it can."""
    if not entry.source_type or not entry.source_id or not entry.purpose:
        return "An entry says what it was booked for: give source_type, source_id and purpose."
    if max(len(entry.source_type), len(entry.source_id), len(entry.purpose)) > TEXT_MAX:
        return f"Source and purpose have at most {TEXT_MAX} characters each."
    if len(entry.memo) > MEMO_MAX:
        return f"A memo has at most {MEMO_MAX} characters."
    if not 2 <= len(entry.legs) <= LEGS_MAX:
        return f"An entry has 2 to {LEGS_MAX} legs; this one has {len(entry.legs)}."
    for leg in entry.legs:
        account = leg.account
        if not 0 < abs(leg.amount) <= AMOUNT_MAX:
            return f"{leg.amount} on {account.code} is no amount that can be booked."
        if len(account.currency) != 3 or not (account.currency.isascii() and account.currency.isupper()):
            return f"{account.currency} is no currency: give its three capital letters."
        if len(account.owner) > TEXT_MAX:
            return f"The owner of an account has at most {TEXT_MAX} characters."
    totals = sums(entry.legs)
    for currency, total in totals.items():
        if total:
            return f"The legs in {currency} add up to {total} and not to nothing."
    if len(totals) > 1:
        exchanged = {leg.account.currency for leg in entry.legs if leg.account.kind is AccountKind.EXCHANGE}
        if exchanged != set(totals):
            return "Two currencies meet in one entry only by way of the account exchange, in each of them."
    return ""


def checked(entry: Entry) -> Entry:
    """The entry, when it can be booked. Raises Unbalanced."""
    problem = problem_of(entry)
    if problem:
        raise Unbalanced(problem, source=f"{entry.source_type} {entry.source_id} {entry.purpose}")
    return entry


def reversed_entry(entry: Entry, *, purpose: str, at: datetime, memo: str = "") -> Entry:
    """What takes an entry back: the same with its signs turned, for the same source."""
    legs = tuple(Leg(account=leg.account, amount=-leg.amount) for leg in entry.legs)
    return msgspec.structs.replace(entry, purpose=purpose, at=at, legs=legs, memo=memo or entry.memo)


class HoldState(StrEnum):
    OPEN = "open"
    CAPTURED = "captured"
    """Taken, wholly or in part; the rest is free again."""
    VOIDED = "voided"
    EXPIRED = "expired"


class Hold(msgspec.Struct, frozen=True, kw_only=True):
    """Money of a guarded account that is set aside, until it is taken, released or lapses."""

    id: str
    tenant_id: TenantId
    account: Account
    amount: int
    """Minor units, more than nothing."""
    source_type: str
    source_id: str
    placed_at: datetime
    expires_at: datetime
    state: HoldState = HoldState.OPEN
    captured: int = 0
    resolved_at: datetime | None = None
    entry_id: EntryId | None = None
    """What took it."""

    @property
    def released(self) -> int:
        """What is free again."""
        return 0 if self.state is HoldState.OPEN else self.amount - self.captured


def captured_hold(hold: Hold, amount: int, at: datetime) -> Hold:
    """The hold once `amount` of it is taken; the rest is released.

    Once only: the same again changes nothing. Raises HoldSettled when it was settled otherwise, Invalid for
    more than is held. A hold whose time is over but which nobody has released may still be taken.
    """
    if hold.state is HoldState.CAPTURED and hold.captured == amount:
        return hold
    _must_be_open(hold)
    if not 0 < amount <= hold.amount:
        raise Invalid(f"Of {hold.amount} held, {amount} cannot be taken.", field="amount", held=hold.amount)
    return msgspec.structs.replace(hold, state=HoldState.CAPTURED, captured=amount, resolved_at=at)


def voided_hold(hold: Hold, at: datetime) -> Hold:
    """The hold once all of it is released; one that is free already stays as it is. Raises HoldSettled."""
    if hold.state in (HoldState.VOIDED, HoldState.EXPIRED):
        return hold
    _must_be_open(hold)
    return msgspec.structs.replace(hold, state=HoldState.VOIDED, resolved_at=at)


def expired_hold(hold: Hold, now: datetime) -> Hold:
    """The hold, released when its time is over; a settled one stays as it is."""
    if hold.state is not HoldState.OPEN or now < hold.expires_at:
        return hold
    return msgspec.structs.replace(hold, state=HoldState.EXPIRED, resolved_at=now)


def changed_hold(hold: Hold, amount: int, expires_at: datetime) -> Hold:
    """An open hold over another amount or for longer. Raises HoldSettled, Invalid."""
    _must_be_open(hold)
    if not 0 < amount <= AMOUNT_MAX:
        raise Invalid(f"{amount} cannot be held.", field="amount")
    return msgspec.structs.replace(hold, amount=amount, expires_at=expires_at)


def _must_be_open(hold: Hold) -> None:
    if hold.state is not HoldState.OPEN:
        raise HoldSettled(f"This hold is {hold.state} already.", hold_id=hold.id, state=hold.state)


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What can be spent from a guarded account. Amounts are minor units, seen from whose it is."""

    account: Account
    balance: int
    """What is theirs; of a credit line, less than nothing by what was used."""
    held: int = 0
    limit: int = 0
    """How far below nothing it may go: a credit line's limit, nothing for all others."""
    owed: int = 0
    """What the owner of a credit line owes already on invoices and for sessions: that much less may be used."""

    @property
    def available(self) -> int:
        return self.balance - self.held + self.limit - self.owed


def after(standing: Standing, *, balance: int = 0, held: int = 0) -> Standing:
    """The account after its balance and its holds have changed by so much.

    Raises NotEnough when that would leave less than nothing to spend, and takes something to spend away:
    what comes in is always welcome, also where too much was used before.
    """
    changed = msgspec.structs.replace(standing, balance=standing.balance + balance, held=standing.held + held)
    if changed.available < min(0, standing.available):
        asked = standing.available - changed.available
        raise NotEnough(
            f"{max(0, standing.available)} {standing.account.currency} (minor units) are there,"
            f" and {asked} are needed.",
            available=max(0, standing.available),
            needed=asked,
            currency=standing.account.currency,
        )
    return changed
