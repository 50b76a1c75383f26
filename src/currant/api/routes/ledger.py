"""The ledger: accounts and their balances, statements, entries, what is wrong, and a copy to check elsewhere."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Router, get
from litestar.params import FromPath, QueryParameter
from litestar.response import Stream

from currant.api.authentication import ApiRequest
from currant.api.paging import Cursor, Limit
from currant.api.routes.common import services_of, tenant_of
from currant.api.routes.parameters import Since, Until, check_times
from currant.billing.books_checks import LedgerFinding
from currant.billing.books_service import AccountBalance, Books, EntriesWanted, StatementLine
from currant.billing.ledger import Account, AccountKind, Leg, Posted
from currant.kit.ids import EntryId
from currant.stations.model import Page
from currant.tenancy.model import Permission

BEANCOUNT = "text/plain"

Kind = Annotated[AccountKind | None, QueryParameter(name="kind", required=False)]
Owner = Annotated[
    str | None,
    QueryParameter(
        max_length=200,
        required=False,
        description="Whose account: a provider, account, driver, session, host or tax.",
    ),
]
Word = Annotated[str | None, QueryParameter(max_length=200, required=False)]
Currency = Annotated[
    str, QueryParameter(min_length=3, max_length=3, description="ISO 4217, three capital letters.")
]


class LedgerAccount(msgspec.Struct, frozen=True, kw_only=True):
    """An account of the ledger. `balance` is debits less credits, in minor units of the currency."""

    kind: AccountKind
    owner: str
    currency: str
    balance: int


class LedgerLeg(msgspec.Struct, frozen=True, kw_only=True):
    """One side of an entry: a debit, or (less than nothing) a credit, in minor units."""

    kind: AccountKind
    owner: str
    currency: str
    amount: int


class LedgerEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An entry: what happened `at`, booked for a source and purpose, once. Its legs sum to nothing."""

    id: EntryId
    at: datetime
    booked_at: datetime
    source_type: str
    source_id: str
    purpose: str
    memo: str
    legs: tuple[LedgerLeg, ...]


class LedgerLine(msgspec.Struct, frozen=True, kw_only=True):
    """What an entry changes on one account, and what is on it then; minor units."""

    amount: int
    balance: int
    entry: LedgerEntry


class LedgerChecked(msgspec.Struct, frozen=True, kw_only=True):
    """What was looked at, and what was found. `ok`: nothing is wrong with the books themselves."""

    ok: bool
    checked_at: datetime
    entries: int
    accounts: int
    findings: tuple[LedgerFinding, ...]


def books_of(request: ApiRequest) -> Books:
    books = services_of(request).books
    assert books is not None, "Where there is an API with money there are books."
    return books


def entry_view(posted: Posted) -> LedgerEntry:
    entry = posted.entry
    return LedgerEntry(
        id=posted.id,
        at=entry.at,
        booked_at=posted.booked_at,
        source_type=entry.source_type,
        source_id=entry.source_id,
        purpose=entry.purpose,
        memo=entry.memo,
        legs=tuple(map(_leg_view, entry.legs)),
    )


def _leg_view(leg: Leg) -> LedgerLeg:
    account = leg.account
    return LedgerLeg(kind=account.kind, owner=account.owner, currency=account.currency, amount=leg.amount)


def _account_view(found: AccountBalance) -> LedgerAccount:
    account = found.account
    return LedgerAccount(
        kind=account.kind, owner=account.owner, currency=account.currency, balance=found.balance
    )


def _line_view(line: StatementLine) -> LedgerLine:
    return LedgerLine(amount=line.amount, balance=line.balance, entry=entry_view(line.posted))


@get("/ledger/accounts", opt={"permission": Permission.BILLING_READ})
async def list_ledger_accounts(
    request: ApiRequest,
    kind: Kind = None,
    owner: Owner = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[LedgerAccount]:
    """Accounts with something on them, by kind, owner and currency."""
    page = await books_of(request).accounts(
        tenant_of(request), kind=kind, owner=owner, cursor=cursor, limit=limit
    )
    return Page(items=tuple(map(_account_view, page.items)), next_cursor=page.next_cursor)


@get("/ledger/statement", opt={"permission": Permission.BILLING_READ})
async def get_ledger_statement(
    request: ApiRequest,
    kind: Annotated[AccountKind, QueryParameter(name="kind")],
    currency: Currency,
    owner: Annotated[str, QueryParameter(max_length=200, required=False)] = "",
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[LedgerLine]:
    """What moved an account, the latest first, each with the balance after it."""
    account = Account(kind=kind, owner=owner, currency=currency)
    page = await books_of(request).statement(tenant_of(request), account, cursor=cursor, limit=limit)
    return Page(items=tuple(map(_line_view, page.items)), next_cursor=page.next_cursor)


@get("/ledger/entries", opt={"permission": Permission.BILLING_READ})
async def list_ledger_entries(
    request: ApiRequest,
    source_type: Word = None,
    source_id: Word = None,
    since: Since = None,
    until: Until = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[LedgerEntry]:
    """Entries, the latest booked first. `since` and `until` are moments of booking."""
    check_times(since=since, until=until)
    wanted = EntriesWanted(source_type=source_type, source_id=source_id, since=since, until=until)
    page = await books_of(request).entries(tenant_of(request), wanted, cursor=cursor, limit=limit)
    return Page(items=tuple(map(entry_view, page.items)), next_cursor=page.next_cursor)


@get("/ledger/entries/{entry_id:str}", opt={"permission": Permission.BILLING_READ})
async def get_ledger_entry(request: ApiRequest, entry_id: FromPath[str]) -> LedgerEntry:
    """One entry with its legs."""
    return entry_view(await books_of(request).entry(tenant_of(request), EntryId(entry_id)))


@get("/ledger/check", opt={"permission": Permission.BILLING_READ})
async def check_ledger(request: ApiRequest) -> LedgerChecked:
    """Look through the whole ledger for what must not be in it.

    Entries that do not balance, something changed or removed, balances that are not the sum of their legs, more
    spent or refunded than was there, holds settled twice, the same booked twice. As warnings: what has
    been with a provider for too long, and sessions that nobody pays.
    """
    found = await books_of(request).check(tenant_of(request))
    return LedgerChecked(
        ok=found.ok,
        checked_at=found.checked_at,
        entries=found.entries,
        accounts=found.accounts,
        findings=found.findings,
    )


@get("/ledger/export", opt={"permission": Permission.BILLING_READ, "gives": (BEANCOUNT,)})
async def export_ledger(request: ApiRequest) -> Stream:
    """The whole ledger as a file for beancount, which adds it up on its own.

    It ends with the balance of every account: a copy in which something was changed does not check any more.
    """
    chunks = books_of(request).export(tenant_of(request))

    async def encoded() -> AsyncIterator[bytes]:
        async for chunk in chunks:
            yield chunk.encode()

    headers = {"Content-Disposition": 'attachment; filename="ledger.beancount"'}
    return Stream(encoded(), media_type=BEANCOUNT, headers=headers)


router = Router(
    "/api/v1",
    tags=["Ledger"],
    route_handlers=[
        list_ledger_accounts,
        get_ledger_statement,
        list_ledger_entries,
        get_ledger_entry,
        check_ledger,
        export_ledger,
    ],
)
