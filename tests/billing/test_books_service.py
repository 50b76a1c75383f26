"""Balances, statements and entries as people ask for them; a copy of the ledger that another program adds up."""

import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from billing.bookings import (
    BANK,
    CLEARING,
    NOW,
    OTHER,
    SESSION,
    TENANT,
    WALLET,
    fund,
    hold,
    moving,
    post,
    standing,
)
from currant.billing import books, flows
from currant.billing import books_reading_store as reading
from currant.billing import books_store as store
from currant.billing.books_service import Books, EntriesWanted, NoSuchEntry
from currant.billing.ledger import Account, AccountKind, HoldState
from currant.db.engine import Database
from currant.kit.clock import ManualClock
from currant.kit.errors import Invalid
from currant.kit.ids import EntryId
from currant.kit.money import Money


@pytest.fixture
def ledger(database: Database) -> Books:
    return Books(database, ManualClock(NOW))


def money(minor_units: int, currency: str = "EUR") -> Money:
    return Money(minor_units=minor_units, currency=currency)


async def keep(database: Database, before: str) -> None:
    """Keep the balances up to an entry."""

    def add_up(conn: Connection) -> None:
        start = reading.through(conn, TENANT)
        sums = reading.sums_between(conn, TENANT, start, before)
        assert reading.keep_balances(conn, TENANT, sums, from_id=start, through_id=before, at=NOW)

    await database.decide(lambda conn, _: add_up(conn), TENANT)


async def test_a_statement_shows_what_was_there_after_each_entry_page_by_page(
    ledger: Books, database: Database
) -> None:
    amounts = [500, 300, -200, 700, -100, 50, 25]
    ids: list[EntryId | None] = []
    for number, amount in enumerate(amounts):
        ids += await ledger.post(TENANT, moving(f"e{number}", amount, of=WALLET, to=CLEARING))
    expected = [(sum(amounts[: place + 1]), amounts[place]) for place in range(len(amounts))][::-1]

    async def pages(limit: int) -> list[tuple[int, int]]:
        lines, cursor = [], None
        while True:
            page = await ledger.statement(TENANT, CLEARING, cursor=cursor, limit=limit)
            lines += [(line.balance, line.amount) for line in page.items]
            if page.next_cursor is None:
                return lines
            cursor = page.next_cursor

    for kept_until in ("", ids[3], ids[6]):
        if kept_until:
            await keep(database, str(kept_until))
        for limit in (1, 3, 100):
            assert await pages(limit) == expected
        assert await ledger.balance(TENANT, CLEARING) == sum(amounts)
        assert await ledger.balance(TENANT, WALLET) == -sum(amounts)


async def test_a_statement_is_of_one_tenant_alone(ledger: Books, database: Database) -> None:
    await fund(database, 500)
    assert (await ledger.statement(OTHER, CLEARING)).items == ()
    assert (await ledger.accounts(OTHER)).items == ()
    assert (await ledger.entries(OTHER, EntriesWanted())).items == ()
    (found,) = (await ledger.entries(TENANT, EntriesWanted())).items
    with pytest.raises(NoSuchEntry):
        await ledger.entry(OTHER, found.id)
    assert await ledger.entry(TENANT, found.id) == found


async def test_accounts_with_something_on_them_are_listed_page_by_page(
    ledger: Books, database: Database
) -> None:
    for number in range(5):
        own = flows.wallet(f"driver-{number}", "EUR")
        await post(database, moving(f"fund-{number}", 100 + number, of=own, to=CLEARING))
    newest = await database.read(lambda conn: reading.newest(conn, TENANT))
    await keep(database, newest)
    # One is empty again since, another one is new.
    await post(database, moving("spent", 100, of=SESSION, to=flows.wallet("driver-0", "EUR")))
    found, cursor = [], None
    while True:
        page = await ledger.accounts(TENANT, cursor=cursor, limit=2)
        found += [(each.account.kind.value, each.account.owner, each.balance) for each in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert found == [
        ("psp_clearing", "sandbox", 510),
        ("session", "session-1", -100),
        *[("wallet", f"driver-{number}", -100 - number) for number in range(1, 5)],
    ]
    only = await ledger.accounts(TENANT, kind=AccountKind.WALLET, owner="driver-3")
    assert [each.balance for each in only.items] == [-103]
    with pytest.raises(Invalid):
        await ledger.accounts(TENANT, cursor="nonsense")


async def test_entries_are_found_by_their_source_and_by_when_they_were_booked(
    ledger: Books, database: Database
) -> None:
    await fund(database, 500)
    await post(database, flows.topped_up("payment-1", "sandbox", money(700), "driver-1", at=NOW))
    found = await ledger.entries(TENANT, EntriesWanted(source_type="payment", source_id="payment-1"))
    (posted,) = found.items
    assert posted.entry.purpose == "captured"
    hour = timedelta(hours=1)
    for wanted, count in (
        (EntriesWanted(since=posted.booked_at - hour), 2),
        (EntriesWanted(since=posted.booked_at + hour), 0),
        (EntriesWanted(until=posted.booked_at + hour), 2),
        (EntriesWanted(until=posted.booked_at - hour), 0),
    ):
        assert len((await ledger.entries(TENANT, wanted)).items) == count


async def test_balances_are_kept_as_far_as_nothing_can_be_booked_any_more(
    ledger: Books, database: Database
) -> None:
    def old(conn: Connection) -> None:
        # An entry of an hour ago: its id says when it was booked.
        entry = moving("old", 500, of=WALLET, to=CLEARING)
        newest = reading.newest(conn, TENANT)
        milliseconds = int(newest[:8] + newest[9:13], 16) - 3_600_000
        old_id = f"{milliseconds:012x}"
        store.insert_entry(conn, TENANT, EntryId(f"{old_id[:8]}-{old_id[8:]}{newest[13:]}"), entry)
        store.change_standing(conn, TENANT, WALLET, balance=500)

    await fund(database, 70)
    await database.decide(lambda conn, _: old(conn), TENANT)
    await ledger.keep_balances()
    kept = await database.read(lambda conn: reading.kept_balances(conn, TENANT))
    assert kept == {WALLET: -500, CLEARING: 500}
    assert await ledger.balance(TENANT, CLEARING) == 570
    await ledger.rebuild_balances(TENANT)
    assert await database.read(lambda conn: reading.kept_balances(conn, TENANT)) == kept
    assert (await ledger.check(TENANT)).findings == ()


async def test_who_adds_up_after_somebody_else_did_adds_nothing(ledger: Books, database: Database) -> None:
    await fund(database, 500)
    newest = await database.read(lambda conn: reading.newest(conn, TENANT))
    sums = {CLEARING: 500}
    for done in (True, False):
        kept = await database.decide(
            lambda conn, _: reading.keep_balances(
                conn, TENANT, sums, from_id="", through_id=f"{newest}~", at=NOW
            ),
            TENANT,
        )
        assert kept is done


async def test_what_was_set_aside_too_long_is_released_and_told(ledger: Books, database: Database) -> None:
    await fund(database, 1000)
    held = await hold(database, 400, "session-1")
    late = Books(database, ManualClock(held.expires_at))
    assert await ledger.release_lapsed() == 0
    assert await late.release_lapsed() == 1
    assert await late.release_lapsed() == 0
    assert (await standing(database)).available == 1000
    settled = await database.read(lambda conn: books.held_for(conn, TENANT, "session", "session-1"))
    assert settled is not None
    assert settled.state is HoldState.EXPIRED
    told = await database.read(
        lambda conn: conn.execute(text("SELECT count(*) FROM journal WHERE kind = 'HoldLapsed'")).scalar()
    )
    assert told == 1


async def test_a_check_of_all_tells_what_is_wrong(ledger: Books, database: Database) -> None:
    await fund(database, 1000)
    await ledger.check_all()
    count = text("SELECT count(*) FROM journal WHERE kind = 'LedgerOutOfOrder'")
    assert await database.read(lambda conn: conn.execute(count).scalar()) == 0
    await database.decide(
        lambda conn, _: conn.execute(text("UPDATE ledger_standings SET balance = balance + 1")), TENANT
    )
    await ledger.check_all()
    assert await database.read(lambda conn: conn.execute(count).scalar()) == 1


# A copy for another program


async def journal(ledger: Books) -> str:
    return "".join([chunk async for chunk in ledger.export(TENANT)])


def bean_check(folder: Path, journal: str) -> str:
    """What beancount, in a process of its own, has to say of a journal; nothing when it adds up."""
    file = folder / "ledger.beancount"
    file.write_text(journal)
    done = subprocess.run(
        [sys.executable, "-m", "beancount.scripts.check", "--no-cache", str(file)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode == 0) == (done.stdout + done.stderr == ""), done.stdout + done.stderr
    return done.stdout + done.stderr


async def a_month(ledger: Books) -> None:
    for number in range(40):
        at = NOW + timedelta(hours=11 * number - 200)
        charge, session, payment = f"charge-{number}", f"session-{number}", f"payment-{number}"
        net, tax = 1000 + 37 * number, 190 + 7 * number
        account = flows.session_account(session, "EUR")
        await ledger.post(
            TENANT,
            flows.recognised(charge, session, "EUR", net=net, taxes={"DE/VAT 19 %": tax}, at=at),
            flows.captured(payment, "stripe", money(net + tax), account, at=at),
            flows.fee_taken(payment, "stripe", money(25), at=at),
            flows.host_share(charge, "Müller & Söhne", money(net // 10), at=at),
            flows.topped_up(f"top-up-{number}", "razorpay", money(90_000, "INR"), "driver-1", at=at),
        )
    rupees = Account(kind=AccountKind.BANK, currency="INR")
    yen = Account(kind=AccountKind.BANK, currency="JPY")
    await ledger.post(
        TENANT,
        flows.paid_out("payout-1", "stripe", money(20_000), 55, at=NOW),
        flows.exchanged("x-1", money(1000), money(90_000, "INR"), of=BANK, to=rupees, at=NOW, memo='"90.00"'),
        flows.exchanged("x-2", money(1000), money(1_650, "JPY"), of=BANK, to=yen, at=NOW, memo="a\\b"),
    )


async def test_another_program_adds_the_exported_ledger_up_and_agrees(
    sqlite_database: Database, tmp_path: Path
) -> None:
    ledger = Books(sqlite_database, ManualClock(NOW))
    await a_month(ledger)
    exported = await journal(ledger)
    assert bean_check(tmp_path, exported) == ""
    assert exported.count(" * ") == 203
    assert "balance Assets:Bank:EUR  179.45 ~ 0 EUR" in exported
    assert "balance Assets:Bank:JPY  1650 ~ 0 JPY" in exported


async def test_another_program_notices_a_copy_that_was_tampered_with(
    sqlite_database: Database, tmp_path: Path
) -> None:
    ledger = Books(sqlite_database, ManualClock(NOW))
    await a_month(ledger)
    exported = await journal(ledger)
    entry = re.search(r"\n\d{4}-\d\d-\d\d \* .*paid_out.*\n(?:  .*\n)+", exported)
    assert entry is not None
    one_cent = entry.group().replace("199.45", "199.46")
    both_sides = entry.group().replace("199.45", "189.45").replace("-200.00", "-190.00")
    both_by_one = entry.group().replace("199.45", "199.44").replace("-200.00", "-199.99")
    assert len({entry.group(), one_cent, both_sides, both_by_one}) == 4
    assert "does not balance" in bean_check(tmp_path, exported.replace(entry.group(), one_cent))
    assert "Balance failed" in bean_check(tmp_path, exported.replace(entry.group(), both_sides))
    assert "Balance failed" in bean_check(tmp_path, exported.replace(entry.group(), both_by_one))
    assert "Balance failed" in bean_check(tmp_path, exported.replace(entry.group(), "\n"))


async def test_a_ledger_without_entries_is_a_journal_too(sqlite_database: Database, tmp_path: Path) -> None:
    assert bean_check(tmp_path, await journal(Books(sqlite_database, ManualClock(NOW)))) == ""
