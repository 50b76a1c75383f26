"""The ten things that always hold in a ledger, looked for in the database itself.

1 every entry sums to nothing in each currency; 2 nothing is changed or removed; 3 a balance is the sum of
its legs; 4 nothing is spent that is not there; 5 a hold is settled once, and what is taken and released make it up;
6 no more is refunded than was taken; 7 the same is booked once; 8 what only passes through passes
through; 9 currencies meet on the exchange account alone; 10 the tax on documents is the tax that is booked.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec
from sqlalchemy import Connection

from currant.billing import books_audit_store as audit
from currant.billing import books_reading_store as reading
from currant.billing.ledger import AccountKind, balanced, problem_of
from currant.kit.ids import TenantId

ENTRIES_AT_ONCE = 2_000
FINDINGS_MAX = 500


class PaperTax(msgspec.Struct, frozen=True, kw_only=True):
    """The tax that a document shows for the charges on it; of a credit note, less than nothing."""

    document_id: str
    number: str
    currency: str
    tax: int
    heads: int = 1
    """How many taxes it is made of: each is rounded by itself."""
    charges: tuple[str, ...]


TaxOnPaper = Callable[[Connection, TenantId], Iterable[PaperTax]]
"""Every issued document that has charges on it."""


class BooksSeverity(StrEnum):
    ERROR = "error"
    """The ledger is wrong: somebody has gone around it, or the program has a mistake."""
    WARNING = "warning"
    """The ledger is right, and something in the business waits for somebody."""


class LedgerFinding(msgspec.Struct, frozen=True, kw_only=True):
    """Something in the ledger that must not be, or should not last."""

    code: str
    rule: int
    """Which of the ten rules it breaks."""
    severity: BooksSeverity = BooksSeverity.ERROR
    subject: str
    """The entry, account, hold or payment it is about."""
    text: str
    facts: dict[str, str | int] = {}


class LedgerReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a check has looked at and found."""

    checked_at: datetime
    entries: int
    accounts: int
    findings: tuple[LedgerFinding, ...] = ()

    @property
    def ok(self) -> bool:
        return not any(each.severity is BooksSeverity.ERROR for each in self.findings)


def report(
    conn: Connection,
    tenant_id: TenantId,
    now: datetime,
    *,
    clearing_days: int = 14,
    tax_on_paper: TaxOnPaper | None = None,
) -> LedgerReport:
    """Everything that is wrong in a tenant's ledger, the most telling first."""
    walk = _Walk()
    findings: list[LedgerFinding] = []
    for found in (
        _guards(conn),
        walk.entries_and_legs(conn, tenant_id),
        _twice(conn, tenant_id),
        _balances(conn, tenant_id),
        _standings(conn, tenant_id),
        _holds(conn, tenant_id),
        _refunds(conn, tenant_id),
        _clearing(conn, tenant_id, now, timedelta(days=clearing_days)),
        () if tax_on_paper is None else _taxes(conn, tenant_id, tax_on_paper),
    ):
        for each in found:
            if len(findings) < FINDINGS_MAX:
                findings.append(each)
    accounts = len(reading.sums_between(conn, tenant_id, "", ""))
    return LedgerReport(checked_at=now, entries=walk.entries, accounts=accounts, findings=tuple(findings))


def _guards(conn: Connection) -> Iterator[LedgerFinding]:
    for name in audit.guards_missing(conn):
        yield LedgerFinding(
            code="guard_missing",
            rule=2,
            subject=name,
            text=f"The database's own guard {name} is gone, off or not the one this version knows.",
        )


class _Walk:
    """Goes through all entries and their legs once, side by side."""

    def __init__(self) -> None:
        self.entries = 0

    def entries_and_legs(self, conn: Connection, tenant_id: TenantId) -> Iterator[LedgerFinding]:
        after = ""
        while some := reading.entries_after(conn, tenant_id, after, limit=ENTRIES_AT_ONCE):
            self.entries += len(some)
            rows: dict[str, list[audit.LegRow]] = {}
            for row in audit.legs_between(conn, tenant_id, after, some[-1].id):
                rows.setdefault(row.entry_id, []).append(row)
            for posted in some:
                entry = posted.entry
                name = f"{entry.source_type} {entry.source_id} {entry.purpose}"
                problem = problem_of(entry)
                if problem:
                    wrong = not balanced(entry)
                    yield LedgerFinding(
                        code="entry_unbalanced" if wrong else "entry_malformed",
                        rule=1 if wrong else 9,
                        subject=posted.id,
                        text=f"{name}: {problem}",
                    )
                if not audit.same_legs(rows.get(posted.id, ()), entry.legs):
                    yield LedgerFinding(
                        code="legs_changed",
                        rule=2,
                        subject=posted.id,
                        text=f"{name}: its legs do not stand as they were booked.",
                    )
            after = some[-1].id
        for row in audit.legs_astray(conn, tenant_id):
            yield LedgerFinding(
                code="leg_without_entry",
                rule=2,
                subject=row.entry_id,
                text=f"{row.leg.amount} on {row.leg.account.code} is in no entry.",
            )


def _twice(conn: Connection, tenant_id: TenantId) -> Iterator[LedgerFinding]:
    for source_type, source_id, purpose, number in audit.booked_twice(conn, tenant_id):
        yield LedgerFinding(
            code="booked_twice",
            rule=7,
            subject=source_id,
            text=f"{source_type} {source_id} has {purpose} booked {number} times.",
        )


def _balances(conn: Connection, tenant_id: TenantId) -> Iterator[LedgerFinding]:
    through = reading.through(conn, tenant_id)
    kept = reading.kept_balances(conn, tenant_id)
    summed = reading.sums_between(conn, tenant_id, "", through) if through else {}
    for account in sorted(kept.keys() | summed.keys()):
        if kept.get(account, 0) != summed.get(account, 0):
            yield LedgerFinding(
                code="balance_differs",
                rule=3,
                subject=account.code,
                text=f"{account.code} is kept as {kept.get(account, 0)}, and its legs add up to"
                f" {summed.get(account, 0)}.",
            )


def _standings(conn: Connection, tenant_id: TenantId) -> Iterator[LedgerFinding]:
    kept = audit.all_standings(conn, tenant_id)
    summed = audit.guarded_sums(conn, tenant_id)
    held = audit.held_sums(conn, tenant_id)
    for account in sorted(kept.keys() | summed.keys() | held.keys()):
        balance, set_aside, limit = kept.get(account, (0, 0, 0))
        if balance != summed.get(account, 0):
            yield LedgerFinding(
                code="balance_differs",
                rule=3,
                subject=account.code,
                text=f"{account.code} can be spent as {balance}, and its legs add up to"
                f" {summed.get(account, 0)}.",
            )
        if set_aside != held.get(account, 0):
            yield LedgerFinding(
                code="held_differs",
                rule=5,
                subject=account.code,
                text=f"Of {account.code} {set_aside} are set aside, and its open holds add up to"
                f" {held.get(account, 0)}.",
            )
        if balance - set_aside + limit < 0:
            credit = account.kind is AccountKind.CREDIT_LINE
            yield LedgerFinding(
                code="beyond_limit" if credit else "below_zero",
                rule=4,
                # A limit may be lowered below what was used already.
                severity=BooksSeverity.WARNING if credit else BooksSeverity.ERROR,
                subject=account.code,
                text=f"{account.code}: {balance} less {set_aside} set aside is below what it may be.",
            )


def _holds(conn: Connection, tenant_id: TenantId) -> Iterator[LedgerFinding]:
    for hold_id, state, amount, captured in audit.holds_out_of_order(conn, tenant_id):
        yield LedgerFinding(
            code="hold_out_of_order",
            rule=5,
            subject=hold_id,
            text=f"A hold of {amount} is {state} with {captured} taken.",
        )
    for hold_id, captured, taken in audit.holds_booked_otherwise(conn, tenant_id):
        yield LedgerFinding(
            code="hold_booked_otherwise",
            rule=5,
            subject=hold_id,
            text=f"Of a hold {captured} were taken, and its entry took {taken}.",
        )


def _refunds(conn: Connection, tenant_id: TenantId) -> Iterator[LedgerFinding]:
    for payment_id, currency, too_much in audit.refunded_too_much(conn, tenant_id):
        yield LedgerFinding(
            code="refunded_too_much",
            rule=6,
            subject=payment_id,
            text=f"Of payment {payment_id} {too_much} {currency} (minor units) more were given back than taken.",
        )


def _clearing(
    conn: Connection, tenant_id: TenantId, now: datetime, longest: timedelta
) -> Iterator[LedgerFinding]:
    for account, amount, last in audit.old_sessions(conn, tenant_id, now - longest):
        yield LedgerFinding(
            code="session_unsettled",
            rule=8,
            severity=BooksSeverity.WARNING,
            subject=account.code,
            text=f"{amount} {account.currency} (minor units) of session {account.owner} are neither paid nor"
            f" owed by anybody since {last:%Y-%m-%d}.",
            facts={"amount": amount},
        )
    for account, balance in reading.accounts(
        conn, tenant_id, kind=AccountKind.PSP_CLEARING, owner=None, after=None, limit=audit.FOUND_MAX
    ):
        since = audit.oldest_open(conn, tenant_id, account, balance)
        if since is None or since < now - longest:
            age = "" if since is None else f" since {since:%Y-%m-%d}"
            yield LedgerFinding(
                code="clearing_old",
                rule=8,
                severity=BooksSeverity.WARNING,
                subject=account.code,
                text=f"{balance} {account.currency} (minor units) are with {account.owner}{age}, and were not"
                " paid out.",
                facts={"amount": balance},
            )


def _taxes(conn: Connection, tenant_id: TenantId, on_paper: TaxOnPaper) -> Iterator[LedgerFinding]:
    for paper in on_paper(conn, tenant_id):
        due = audit.tax_of_charges(conn, tenant_id, paper.charges, paper.currency)
        # A document rounds each tax once, and charges round theirs one by one: half a unit each way.
        if abs(due - paper.tax) > (len(paper.charges) + 1) * paper.heads // 2:
            yield LedgerFinding(
                code="tax_differs",
                rule=10,
                subject=paper.document_id,
                text=f"Document {paper.number} shows {paper.tax} {paper.currency} (minor units) of tax, and"
                f" {due} are booked for what is on it.",
                facts={"ledger": due, "document": paper.tax},
            )
