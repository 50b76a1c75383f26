"""The ledger as people and programs look at it: balances, statements, entries, what is wrong, and a copy to check."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection

from currant.billing import beancount, books, books_checks
from currant.billing import books_reading_store as reading
from currant.billing import books_store as store
from currant.billing.books_checks import LedgerReport, TaxOnPaper
from currant.billing.books_events import HoldLapsed, LedgerOutOfOrder
from currant.billing.ledger import Account, AccountKind, Entry, HoldState, Posted
from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.clock import Clock, instant
from currant.kit.errors import NotFound
from currant.kit.ids import EntryId, TenantId, first_id_of
from currant.stations import paging
from currant.stations.model import Page

# No transaction lasts this long, so nothing is booked any more among entries that are older.
SETTLED_AFTER = timedelta(minutes=10)
ENTRIES_ADDED_UP_AT_ONCE = 20_000
LAPSED_AT_ONCE = 200
EXPORTED_AT_ONCE = 1_000
CLEARING_DAYS = 14


class NoSuchEntry(NotFound):
    """There is no such entry in the ledger."""

    code = "no_such_entry"


class AccountBalance(msgspec.Struct, frozen=True, kw_only=True):
    """An account and what is on it: debits less credits, in minor units."""

    account: Account
    balance: int


class StatementLine(msgspec.Struct, frozen=True, kw_only=True):
    """One entry as an account sees it. Amounts are debits less credits, in minor units."""

    posted: Posted
    amount: int
    balance: int
    """After this entry."""


class EntriesWanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which entries are wanted; `since` and `until` are moments of booking. What is None does not matter."""

    source_type: str | None = None
    source_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class Books:
    """What can be asked of the ledger, and what is done for it again and again."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        clearing_days: int = CLEARING_DAYS,
        tax_on_paper: TaxOnPaper | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._clearing_days = clearing_days
        self._tax_on_paper = tax_on_paper

    async def post(self, tenant_id: TenantId, *entries: Entry) -> tuple[EntryId | None, ...]:
        """Book entries that belong to no other decision; see `books.post`."""
        return await self._database.decide(lambda conn, _: books.post(conn, tenant_id, entries), tenant_id)

    async def balance(self, tenant_id: TenantId, account: Account) -> int:
        """Debits less credits of an account, in minor units."""
        return await self._database.read(lambda conn: reading.balance(conn, tenant_id, account))

    async def accounts(
        self,
        tenant_id: TenantId,
        *,
        kind: AccountKind | None = None,
        owner: str | None = None,
        cursor: str | None = None,
        limit: int = 100,
    ) -> Page[AccountBalance]:
        """Accounts with something on them, by kind, owner and currency."""
        paging.bounded(limit)
        after = None
        if cursor is not None:
            place = paging.decode(cursor, str, str, str)
            after = (str(place[0]), str(place[1]), str(place[2]))
        found = await self._database.read(
            lambda conn: reading.accounts(
                conn, tenant_id, kind=kind, owner=owner, after=after, limit=limit + 1
            )
        )
        rows = [AccountBalance(account=account, balance=balance) for account, balance in found]
        return paging.page(
            rows,
            limit,
            lambda row: paging.encode(row.account.kind.value, row.account.owner, row.account.currency),
        )

    async def statement(
        self, tenant_id: TenantId, account: Account, *, cursor: str | None = None, limit: int = 100
    ) -> Page[StatementLine]:
        """What moved an account, the latest first, with its balance after each entry."""
        paging.bounded(limit)
        before = "" if cursor is None else str(paging.decode(cursor, str)[0])

        def read(conn: Connection) -> list[StatementLine]:
            balance = reading.balance(conn, tenant_id, account, before=before)
            lines = []
            for posted, amount in reading.movements(conn, tenant_id, account, before=before, limit=limit + 1):
                lines.append(StatementLine(posted=posted, amount=amount, balance=balance))
                balance -= amount
            return lines

        found = await self._database.read(read)
        return paging.page(found, limit, lambda line: paging.encode(line.posted.id))

    async def entries(
        self, tenant_id: TenantId, wanted: EntriesWanted, *, cursor: str | None = None, limit: int = 100
    ) -> Page[Posted]:
        """Entries, the latest booked first."""
        paging.bounded(limit)
        before = "" if cursor is None else str(paging.decode(cursor, str)[0])
        found = await self._database.read(
            lambda conn: reading.list_entries(
                conn,
                tenant_id,
                source_type=wanted.source_type,
                source_id=wanted.source_id,
                since=wanted.since,
                until=wanted.until,
                before=before,
                limit=limit + 1,
            )
        )
        return paging.page(found, limit, lambda posted: paging.encode(posted.id))

    async def entry(self, tenant_id: TenantId, entry_id: EntryId) -> Posted:
        """One entry. Raises NoSuchEntry."""
        found = await self._database.read(lambda conn: reading.entry_by_id(conn, tenant_id, entry_id))
        if found is None:
            raise NoSuchEntry("There is no such entry in the ledger.", entry_id=entry_id)
        return found

    async def tenants(self) -> list[TenantId]:
        """Who has a ledger."""
        return await self._database.read(ledgers)

    async def check(self, tenant_id: TenantId) -> LedgerReport:
        """Look for what must not be in a tenant's ledger, all of it, in one consistent view."""
        now = self._clock.now()
        return await self._database.read(
            lambda conn: books_checks.report(
                conn,
                tenant_id,
                now,
                clearing_days=self._clearing_days,
                tax_on_paper=self._tax_on_paper,
            )
        )

    async def export(self, tenant_id: TenantId) -> AsyncIterator[str]:
        """The whole ledger as a beancount file, with every account's balance at its end, piece by piece.

        The balances are read apart from the entries, so that a file in which an entry was changed or left
        out does not add up.
        """
        file = beancount.Journal()
        yield file.head()
        after, stated = "", None
        while stated is None:
            some, stated = await self._database.read(
                lambda conn, after=after: _exported(conn, tenant_id, after)  # type: ignore[misc]
            )
            yield file.entries(some)
            after = some[-1].id if some else after
        yield file.tail(stated)

    async def keep_balances(self) -> None:
        """Add up what was booked since, for every tenant."""
        for tenant_id in await self.tenants():
            while await self._add_up(tenant_id):
                pass

    async def rebuild_balances(self, tenant_id: TenantId) -> None:
        """Forget the kept balances of a tenant and add up all of its entries again."""
        now = self._clock.now()
        await self._database.decide(lambda conn, _: reading.forget_balances(conn, tenant_id, now), tenant_id)
        while await self._add_up(tenant_id):
            pass

    async def release_lapsed(self) -> int:
        """Release what was set aside for longer than it may be; how many holds."""
        now = self._clock.now()
        lapsed = await self._database.read(lambda conn: store.lapsed(conn, now, limit=LAPSED_AT_ONCE))
        for each in lapsed:

            def release(conn: Connection, changes: ChangeSet, hold_id: str = each.id) -> None:
                hold = books.expire(conn, changes.tenant_id, hold_id, now=now)
                if hold.state is HoldState.EXPIRED and hold.resolved_at == now:
                    changes.emit(
                        HoldLapsed(
                            tenant_id=changes.tenant_id,
                            happened_at=now,
                            hold_id=hold.id,
                            owner=hold.account.owner,
                            source_type=hold.source_type,
                            source_id=hold.source_id,
                            currency=hold.account.currency,
                            amount=hold.amount,
                        )
                    )

            await self._database.decide(release, each.tenant_id)
        return len(lapsed)

    async def check_all(self) -> None:
        """Check every tenant's ledger, and tell what is wrong."""
        for tenant_id in await self.tenants():
            found = await self.check(tenant_id)
            if found.ok:
                continue
            changes = ChangeSet(tenant_id)
            changes.emit(
                LedgerOutOfOrder(
                    tenant_id=tenant_id,
                    happened_at=found.checked_at,
                    codes=tuple(sorted({each.code for each in found.findings})),
                    findings=len(found.findings),
                )
            )
            await self._database.commit(changes)

    async def _add_up(self, tenant_id: TenantId) -> bool:
        """Whether there is more to add up."""

        def read(conn: Connection) -> tuple[str, str, dict[Account, int], bool]:
            start, newest = reading.through(conn, tenant_id), reading.newest(conn, tenant_id)
            if not newest:
                return start, start, {}, False
            settled = first_id_of(_milliseconds(store.booked_at(newest) - SETTLED_AFTER))
            nth = reading.nth_after(conn, tenant_id, start, ENTRIES_ADDED_UP_AT_ONCE)
            end = min(settled, nth) if nth else settled
            if end <= start:
                return start, start, {}, False
            return start, end, reading.sums_between(conn, tenant_id, start, end), bool(nth) and nth < settled

        start, end, sums, more = await self._database.read(read)
        if end == start:
            return False
        now = self._clock.now()
        await self._database.decide(
            lambda conn, _: reading.keep_balances(
                conn, tenant_id, sums, from_id=start, through_id=end, at=now
            ),
            tenant_id,
        )
        return more


def ledgers(conn: Connection) -> list[TenantId]:
    """Who has a ledger."""
    return reading.tenants(conn)


def _exported(
    conn: Connection, tenant_id: TenantId, after: str
) -> tuple[list[Posted], dict[Account, int] | None]:
    """Some entries; with the last ones, in the same view, every account's balance from the legs' own table."""
    some = reading.entries_after(conn, tenant_id, after, limit=EXPORTED_AT_ONCE)
    if len(some) == EXPORTED_AT_ONCE:
        return some, None
    last = some[-1].id if some else after
    return some, reading.sums_between(conn, tenant_id, "", f"{last}~" if last else "")


def _milliseconds(at: datetime) -> int:
    return int((at - instant(0)) / timedelta(milliseconds=1))
