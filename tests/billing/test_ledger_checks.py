"""A check finds each of the ten things that must not be, once somebody has gone around the database's guards."""

from datetime import timedelta

import pytest
from sqlalchemy import Connection, text

from billing.bookings import (
    CLEARING,
    NOW,
    SESSION,
    TENANT,
    WALLET,
    fund,
    hold,
    moving,
    post,
    run,
)
from currant.billing import books, books_audit_store, books_checks, flows
from currant.billing import books_reading_store as reading
from currant.billing import books_store as store
from currant.billing.books_checks import BooksSeverity, LedgerFinding, PaperTax
from currant.billing.books_service import Books
from currant.billing.ledger import Account, AccountKind
from currant.db.engine import Database
from currant.kit.clock import ManualClock
from currant.kit.money import Money

FIRST = "(SELECT min(id) FROM ledger_entries)"
ALTERED = '[["psp_clearing","sandbox","EUR",6000],["wallet","driver-1","EUR",-5000]]'
MIXED = (
    '[["psp_clearing","sandbox","EUR",5],["wallet","driver-9","EUR",-5],'
    '["bank","","INR",7],["revenue","","INR",-7]]'
)
REFUND = '[["psp_clearing","sandbox","EUR",-9000],["receivable","driver-1","EUR",9000]]'


async def unguarded(database: Database) -> None:
    """Take the database's own guards away, as only somebody with all rights in it can."""

    def drop(conn: Connection) -> None:
        if conn.dialect.name == "sqlite":
            named = (
                conn.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all()
            )
            for name in named:
                conn.execute(text(f"DROP TRIGGER {name}"))
        else:
            for table in ("ledger_entries", "ledger_legs", "ledger_holds"):
                conn.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
            for table, name in (
                ("ledger_standings", "ck_ledger_standings_not_below_zero"),
                ("ledger_standings", "ck_ledger_standings_held"),
            ):
                conn.execute(text(f"ALTER TABLE {table} DROP CONSTRAINT {name}"))
        if conn.dialect.name == "sqlite":
            conn.execute(text("PRAGMA ignore_check_constraints = ON"))

    await database.decide(lambda conn, _: drop(conn), TENANT)


async def findings(database: Database, *, days: int = 0) -> list[LedgerFinding]:
    now = NOW + timedelta(days=days)
    found = await database.read(lambda conn: books_checks.report(conn, TENANT, now))
    return list(found.findings)


async def in_use(database: Database) -> None:
    """A wallet with 50.00 of which 10.00 are set aside and 7.00 were taken, and a payment of 20.00."""
    await fund(database, 5000)
    held = await hold(database, 900, "session-1")
    taking = moving("charge-1", 700, of=SESSION, to=WALLET)
    await database.decide(lambda conn, _: books.capture(conn, TENANT, held.id, taking, at=NOW), TENANT)
    await hold(database, 1000, "session-2")
    owed = flows.receivable("driver-1", "EUR")
    await post(database, flows.captured("payment-1", "sandbox", euros(2000), owed, at=NOW))
    await post(database, flows.refunded("payment-1", "refund-1", "sandbox", euros(500), owed, at=NOW))
    await Books(database, ManualClock(NOW)).rebuild_balances(TENANT)
    await database.decide(lambda conn, _: keep_all(conn), TENANT)


def keep_all(conn: Connection) -> None:
    start, newest = reading.through(conn, TENANT), reading.newest(conn, TENANT)
    sums = reading.sums_between(conn, TENANT, start, newest)
    assert reading.keep_balances(conn, TENANT, sums, from_id=start, through_id=newest, at=NOW)


def euros(minor_units: int) -> Money:
    return Money(minor_units=minor_units, currency="EUR")


TAMPERED = {
    (1, "entry_unbalanced"): f"UPDATE ledger_entries SET legs = '{ALTERED}' WHERE id = {FIRST}",
    (2, "legs_changed"): (f"UPDATE ledger_legs SET amount = amount * 2 WHERE entry_id = {FIRST}"),
    (2, "leg_without_entry"): f"DELETE FROM ledger_entries WHERE id = {FIRST}",
    (2, "guard_missing"): "SELECT 1",
    (3, "balance_differs"): "UPDATE ledger_balances SET balance = balance + 1 WHERE kind = 'psp_clearing'",
    (4, "below_zero"): "UPDATE ledger_standings SET balance = -1 WHERE kind = 'wallet'",
    (5, "held_differs"): "UPDATE ledger_standings SET held = held + 1",
    (5, "hold_booked_otherwise"): "UPDATE ledger_holds SET captured = 699 WHERE state = 'captured'",
    (5, "hold_out_of_order"): ("UPDATE ledger_holds SET entry_id = NULL WHERE state = 'captured'"),
    (6, "refunded_too_much"): (
        "INSERT INTO ledger_entries (id, tenant_id, source_type, source_id, purpose, at, memo, legs)"
        f" VALUES ('f', '{TENANT}', 'payment', 'payment-1', 'refunded:x', 0, '', '{REFUND}');"
        "INSERT INTO ledger_legs (entry_id, line, tenant_id, kind, owner, currency, amount)"
        f" VALUES ('f', 0, '{TENANT}', 'psp_clearing', 'sandbox', 'EUR', -9000),"
        f" ('f', 1, '{TENANT}', 'receivable', 'driver-1', 'EUR', 9000)"
    ),
    (9, "entry_malformed"): (
        "INSERT INTO ledger_entries (id, tenant_id, source_type, source_id, purpose, at, memo, legs)"
        f" VALUES ('f', '{TENANT}', 'test', 'x', 'x', 0, '', '{MIXED}')"
    ),
}


@pytest.mark.parametrize(("rule", "code"), list(TAMPERED))
async def test_a_check_finds_what_somebody_did_around_the_guards(
    database: Database, rule: int, code: str
) -> None:
    await in_use(database)
    assert await findings(database) == []
    await unguarded(database)
    for sql in TAMPERED[rule, code].split(";"):
        await run(database, sql)
    found = {(each.rule, each.code) for each in await findings(database)}
    assert (rule, code) in found
    assert (2, "guard_missing") in found


async def test_the_same_booked_twice_is_found(sqlite_database: Database) -> None:
    await in_use(sqlite_database)
    await unguarded(sqlite_database)
    # The constraint cannot be taken off a table in SQLite: the table is made anew without it.
    await run(sqlite_database, "CREATE TABLE copied AS SELECT * FROM ledger_entries")
    await run(sqlite_database, "DROP TABLE ledger_entries")
    await run(sqlite_database, "ALTER TABLE copied RENAME TO ledger_entries")
    await run(
        sqlite_database,
        "INSERT INTO ledger_entries SELECT 'f', tenant_id, source_type, source_id, purpose, at, memo, legs"
        f" FROM ledger_entries WHERE id = {FIRST}",
    )
    assert (7, "booked_twice") in {(each.rule, each.code) for each in await findings(sqlite_database)}


async def test_what_stays_with_a_provider_and_what_nobody_pays_is_told_after_a_while(
    database: Database,
) -> None:
    await in_use(database)
    assert await findings(database, days=13) == []
    later = await findings(database, days=15)
    assert {(each.code, each.severity, each.facts["amount"]) for each in later} == {
        ("clearing_old", BooksSeverity.WARNING, 6500),
        ("session_unsettled", BooksSeverity.WARNING, -700),
    }
    await post(database, flows.paid_out("payout-1", "sandbox", euros(6500), at=NOW))
    session = flows.session_account("session-1", "EUR")
    await post(
        database,
        flows.recognised("charge-1", "session-1", "EUR", net=700, taxes={}, at=NOW, against=session),
    )
    assert await findings(database, days=15) == []


async def test_what_came_first_is_taken_to_leave_first(database: Database) -> None:
    for day, amount in ((0, 100), (10, 100), (20, 100)):
        at = NOW + timedelta(days=day)
        money = euros(amount)
        await post(database, flows.captured(f"p{day}", "sandbox", money, SESSION, at=at))
    await post(database, flows.paid_out("payout-1", "sandbox", euros(150), at=NOW + timedelta(days=21)))
    since = await database.read(lambda conn: books_audit_store.oldest_open(conn, TENANT, CLEARING, 150))
    assert since == NOW + timedelta(days=10)


async def test_tax_on_documents_is_the_tax_that_is_booked(database: Database) -> None:
    for number in range(4):
        charge, session = f"c{number}", f"s{number}"
        await post(
            database, flows.recognised(charge, session, "EUR", net=1000, taxes={"DE/VAT": 190}, at=NOW)
        )
    await post(database, flows.credited("k0", "s0", "EUR", net=1000, taxes={"DE/VAT": 190}, at=NOW))

    async def codes(tax: int, *charges: str) -> list[str]:
        paper = PaperTax(document_id="d", number="2026-1", currency="EUR", tax=tax, charges=charges)
        found = await database.read(
            lambda conn: books_checks.report(conn, TENANT, NOW, tax_on_paper=lambda *_: [paper])
        )
        return [each.code for each in found.findings]

    assert await codes(190, "c0") == []
    assert await codes(-190, "k0") == []
    assert await codes(0, "c0", "k0") == []
    assert await codes(190, "k0") == ["tax_differs"]
    # Four charges that are rounded one by one, and once on their invoice.
    assert await codes(758, "c0", "c1", "c2", "c3") == []
    assert await codes(757, "c0", "c1", "c2", "c3") == ["tax_differs"]
    assert await codes(760, "c0", "c1", "c2") == ["tax_differs"]


async def test_a_limit_below_what_is_used_is_told_and_is_no_error(database: Database) -> None:
    line = flows.credit_line("account-1", "EUR")
    await database.decide(lambda conn, _: store.set_limit(conn, TENANT, line, 1000), TENANT)
    await post(database, moving("charge-1", 800, of=SESSION, to=line))
    assert await findings(database) == []
    await database.decide(lambda conn, _: store.set_limit(conn, TENANT, line, 500), TENANT)
    assert [(each.code, each.severity) for each in await findings(database)] == [
        ("beyond_limit", BooksSeverity.WARNING)
    ]


async def test_a_credit_line_counts_what_is_owed_already(database: Database) -> None:
    line, owed = flows.credit_line("driver-1", "EUR"), flows.receivable("driver-1", "EUR")
    await database.decide(lambda conn, _: store.set_limit(conn, TENANT, line, 1000), TENANT)
    await post(
        database, moving("charge-1", 400, of=Account(kind=AccountKind.REVENUE, currency="EUR"), to=owed)
    )
    there = await database.decide(lambda conn, _: books.standing(conn, TENANT, line), TENANT)
    assert there.available == 600
