"""The values of bank statements: a statement, its lines, what was expected, and how they fit."""

from datetime import date, datetime
from enum import StrEnum

import msgspec

from currant.kit.errors import Invalid
from currant.kit.ids import TenantId

LINES_MAX = 20_000
TEXT_MAX = 1_000


class StatementWrong(Invalid):
    """A file is no bank statement, or does not add up; says where."""

    code = "statement_wrong"


class BankBooking(msgspec.Struct, frozen=True, kw_only=True):
    """One booking of the bank. What came in is positive, what went out negative: minor units."""

    key: str
    """What the bank calls it, unique on the account: the same line in two statements is one line."""
    booked_on: date
    valued_on: date | None = None
    amount: int
    currency: str
    name: str = ""
    """Whoever paid, or was paid."""
    iban: str = ""
    reference: str = ""
    """End-to-end or creditor reference."""
    text: str = ""
    """What it says it is for."""
    returned: bool = False
    """A direct debit or payment that came back."""


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """What a bank says of one account over some days."""

    account: str
    """IBAN, or the account's number."""
    name: str
    """What the bank calls the statement."""
    currency: str
    opening: int | None = None
    closing: int | None = None
    lines: tuple[BankBooking, ...]


class LineState(StrEnum):
    OPEN = "open"
    """Nobody knows yet what it is for."""
    MATCHED = "matched"
    """It fits what was expected, and is booked."""
    SET_ASIDE = "set_aside"
    """A person said that it is none of ours."""


class ExpectedKind(StrEnum):
    PAYOUT = "payout"
    """A payment provider pays out what it has taken."""
    DOCUMENT = "document"
    """Somebody pays an invoice."""
    HOST = "host"
    """We pay a host its share: an amount below nothing."""


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """Money that should come or go: what it is for, and by what it is known."""

    kind: ExpectedKind
    id: str
    owner: str = ""
    """The provider, the payer's account, the host."""
    amount: int
    """Minor units; what we pay is below nothing."""
    currency: str
    references: tuple[str, ...] = ()
    """Any of these in a line's words names it: an invoice's number, a payout's name."""
    names: tuple[str, ...] = ()
    """What a bank may call the other side."""
    since: date
    """Not before this day."""
    due_on: date | None = None


class Certainty(StrEnum):
    CERTAIN = "certain"
    """Named by its reference, with the very amount: booked without asking."""
    LIKELY = "likely"
    """The only one of that amount and name: proposed."""
    PARTIAL = "partial"
    """Named by its reference, with another amount: proposed."""


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """A line and what it seems to be for."""

    line: str
    """Its key."""
    kind: ExpectedKind
    id: str
    certainty: Certainty


class BankLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line as it is kept, with what became of it."""

    id: str
    tenant_id: TenantId
    account: str
    statement: str
    line: BankBooking
    state: LineState = LineState.OPEN
    proposed: tuple[Match, ...] = ()
    matched_kind: ExpectedKind | None = None
    matched_id: str = ""
    note: str = ""
    by: str = ""
    imported_at: datetime
