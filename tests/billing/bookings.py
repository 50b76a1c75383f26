"""Accounts, entries and short ways to book them, for tests of the ledger."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

from currant.billing import books
from currant.billing import books_store as store
from currant.billing.flows import clearing, session_account, wallet
from currant.billing.ledger import Account, AccountKind, Entry, Hold, Leg, Standing, credit, debit
from currant.db.engine import Database
from currant.kit.ids import EntryId, TenantId

TENANT = TenantId("tenant-1")
OTHER = TenantId("tenant-2")
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
WALLET = wallet("driver-1", "EUR")
CLEARING = clearing("sandbox", "EUR")
SESSION = session_account("session-1", "EUR")
BANK = Account(kind=AccountKind.BANK, currency="EUR")


def entry(source_id: str, *legs: Leg, purpose: str = "tested", source_type: str = "test") -> Entry:
    return Entry(source_type=source_type, source_id=source_id, purpose=purpose, at=NOW, legs=legs)


def moving(source_id: str, amount: int, *, of: Account, to: Account, purpose: str = "tested") -> Entry:
    return entry(source_id, debit(to, amount), credit(of, amount), purpose=purpose)


async def post(database: Database, *entries: Entry, tenant: TenantId = TENANT) -> tuple[EntryId | None, ...]:
    return await database.decide(lambda conn, _: books.post(conn, tenant, entries), tenant)


async def fund(
    database: Database, amount: int, account: Account = WALLET, *, source_id: str = "fund"
) -> None:
    await post(database, moving(source_id, amount, of=account, to=CLEARING))


async def standing(database: Database, account: Account = WALLET) -> Standing:
    return await database.read(lambda conn: store.standing(conn, TENANT, account))


async def hold(database: Database, amount: int, source_id: str, *, account: Account = WALLET) -> Hold:
    return await database.decide(
        lambda conn, _: books.hold(
            conn,
            TENANT,
            account,
            amount,
            source_type="session",
            source_id=source_id,
            at=NOW,
            expires_at=NOW + timedelta(hours=1),
        ),
        TENANT,
    )


async def leg_sums(database: Database) -> dict[tuple[str, str], int]:
    """What every account's legs add up to, asked of the database in its own words."""

    def read(conn: Connection) -> dict[tuple[str, str], int]:
        rows: Any = conn.execute(
            text("SELECT kind, owner, sum(amount) FROM ledger_legs GROUP BY kind, owner")
        )
        return {(row[0], row[1]): int(row[2]) for row in rows if row[2]}

    return await database.read(read)


async def run(database: Database, sql: str) -> None:
    """A statement of somebody who goes around the program."""
    await database.decide(lambda conn, _: conn.execute(text(sql)), TENANT)
