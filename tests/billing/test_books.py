"""Booking on SQLite and PostgreSQL: what the database refuses, and what meets at the same moment."""

import asyncio
from collections import Counter
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
    entry,
    fund,
    hold,
    leg_sums,
    moving,
    post,
    run,
    standing,
)
from currant.billing import books
from currant.billing.books import NoSuchHold
from currant.billing.flows import wallet
from currant.billing.ledger import (
    BookedOtherwise,
    Entry,
    HoldSettled,
    HoldState,
    NotEnough,
    Unbalanced,
    credit,
    debit,
)
from currant.db.backends import backend_for
from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.errors import Conflict, CurrantError, Invalid
from currant.kit.ids import EntryId
from services import PostgresServer, fresh_database


async def test_an_entry_is_booked_once_and_answers_the_same_again(database: Database) -> None:
    first = await post(database, moving("1", 500, of=WALLET, to=CLEARING))
    again = await post(database, entry("1", credit(WALLET, 500), debit(CLEARING, 500)))
    assert first == again
    assert (await standing(database)).balance == 500


async def test_something_else_for_the_same_source_and_purpose_is_refused(database: Database) -> None:
    await fund(database, 500)
    with pytest.raises(BookedOtherwise):
        await fund(database, 501)
    assert (await standing(database)).balance == 500


async def test_the_same_source_of_two_tenants_is_two_entries(database: Database) -> None:
    mine, theirs = moving("1", 500, of=WALLET, to=CLEARING), moving("1", 700, of=WALLET, to=CLEARING)
    assert await post(database, mine) != await post(database, theirs, tenant=OTHER)
    assert (await standing(database)).balance == 500


async def test_what_comes_to_nothing_is_no_entry(database: Database) -> None:
    assert await post(database, entry("1")) == (None,)


async def test_with_one_wrong_entry_nothing_of_a_decision_is_booked(database: Database) -> None:
    with pytest.raises(Unbalanced):
        await post(
            database, moving("1", 500, of=WALLET, to=CLEARING), entry("2", debit(BANK, 2), credit(SESSION, 1))
        )
    assert await leg_sums(database) == {}
    assert (await standing(database)).balance == 0


async def test_a_wallet_does_not_go_below_nothing(database: Database) -> None:
    await fund(database, 500)
    with pytest.raises(NotEnough):
        await post(database, moving("2", 501, of=SESSION, to=WALLET))
    await post(database, moving("2", 500, of=SESSION, to=WALLET))
    assert (await standing(database)).balance == 0


GONE_AROUND = {
    "an amount changed": "UPDATE ledger_legs SET amount = amount + 1",
    "legs removed": "DELETE FROM ledger_legs",
    "a memo changed": "UPDATE ledger_entries SET memo = 'x'",
    "an entry removed": "DELETE FROM ledger_entries",
    "an entry that does not balance": (
        "INSERT INTO ledger_entries (id, tenant_id, source_type, source_id, purpose, at, memo, legs)"
        """ VALUES ('e', 't', 'a', 'b', 'c', 0, '', '[["bank","","EUR",5],["revenue","","EUR",-4]]')"""
    ),
    "an entry that balances over two currencies": (
        "INSERT INTO ledger_entries (id, tenant_id, source_type, source_id, purpose, at, memo, legs)"
        """ VALUES ('e', 't', 'a', 'b', 'c', 0, '', '[["bank","","EUR",5],["bank","","USD",-5]]')"""
    ),
    "an entry of one leg": (
        "INSERT INTO ledger_entries (id, tenant_id, source_type, source_id, purpose, at, memo, legs)"
        """ VALUES ('e', 't', 'a', 'b', 'c', 0, '', '[["bank","","EUR",0]]')"""
    ),
    "a leg of an entry added": (
        "INSERT INTO ledger_legs (entry_id, line, tenant_id, kind, owner, currency, amount)"
        " SELECT id, 7, tenant_id, 'bank', '', 'EUR', 5 FROM ledger_entries"
    ),
    "a leg of no entry": (
        "INSERT INTO ledger_legs (entry_id, line, tenant_id, kind, owner, currency, amount)"
        " VALUES ('e', 0, 't', 'bank', '', 'EUR', 5)"
    ),
    "a settled hold opened again": (
        "UPDATE ledger_holds SET state = 'open', captured = 0, resolved_at = NULL, entry_id = NULL"
        " WHERE state <> 'open'"
    ),
    "a hold given to somebody else": "UPDATE ledger_holds SET owner = 'driver-2' WHERE state = 'open'",
    "a hold removed": "DELETE FROM ledger_holds",
    "more taken than held": (
        "UPDATE ledger_holds SET state = 'captured', captured = amount + 1, resolved_at = 1"
        " WHERE state = 'open'"
    ),
    "a wallet below nothing": "UPDATE ledger_standings SET balance = -1",
    "more held than there is": "UPDATE ledger_standings SET held = balance + 1",
}


async def test_the_database_itself_refuses_who_goes_around_the_program(database: Database) -> None:
    await fund(database, 500)
    settled = await hold(database, 100, "session-1")
    await database.decide(lambda conn, _: books.void(conn, TENANT, settled.id, at=NOW), TENANT)
    await hold(database, 100, "session-2")
    before = await leg_sums(database)
    for what, sql in GONE_AROUND.items():
        with pytest.raises(CurrantError) as refused:
            await run(database, sql)
        assert refused.type is Conflict, what
    assert await leg_sums(database) == before


async def test_a_replacement_removes_nothing(sqlite_database: Database) -> None:
    # SQLite's OR REPLACE removes rows without telling the triggers that watch over removals.
    await fund(sqlite_database, 500)
    columns = "id, tenant_id, source_type, source_id, purpose, at, memo, legs"
    legs = '[["bank","","EUR",5],["revenue","","EUR",-5]]'
    for new_id in ("id", "'another'"):
        values = f"{new_id}, tenant_id, source_type, source_id, purpose, at, memo, '{legs}'"
        try:
            await run(
                sqlite_database,
                f"INSERT OR REPLACE INTO ledger_entries ({columns}) SELECT {values} FROM ledger_entries",
            )
        except Conflict:
            continue
    with pytest.raises(Conflict):
        await run(
            sqlite_database,
            "INSERT OR REPLACE INTO ledger_legs SELECT entry_id, line, tenant_id, kind, owner, currency, 5"
            " FROM ledger_legs",
        )
    assert await leg_sums(sqlite_database) == {("psp_clearing", "sandbox"): 500, ("wallet", "driver-1"): -500}


async def test_a_hold_is_taken_for_less_and_the_rest_is_free_again(database: Database) -> None:
    await fund(database, 6000)
    held = await hold(database, 5000, "session-1")
    assert (await standing(database)).available == 1000
    taking = moving("c1", 3742, of=SESSION, to=WALLET)
    settled, entry_id = await database.decide(
        lambda conn, _: books.capture(conn, TENANT, held.id, taking, at=NOW), TENANT
    )
    assert (settled.state, settled.captured, settled.entry_id) == (HoldState.CAPTURED, 3742, entry_id)
    found = await standing(database)
    assert (found.balance, found.held, found.available) == (2258, 0, 2258)
    again = await database.decide(
        lambda conn, _: books.capture(conn, TENANT, held.id, taking, at=NOW + timedelta(1)), TENANT
    )
    assert again == (settled, entry_id)


async def test_a_hold_is_found_by_what_it_is_for_and_placed_once(database: Database) -> None:
    await fund(database, 6000)
    first = await hold(database, 5000, "session-1")
    assert await hold(database, 5000, "session-1") == first
    with pytest.raises(BookedOtherwise):
        await hold(database, 4000, "session-1")
    assert (await standing(database)).held == 5000
    found = await database.read(lambda conn: books.held_for(conn, TENANT, "session", "session-1"))
    assert found == first


async def test_a_hold_grows_as_long_as_there_is_something_to_spend(database: Database) -> None:
    await fund(database, 6000)
    held = await hold(database, 5000, "session-1")
    later = NOW + timedelta(hours=2)

    def grow(amount: int) -> object:
        return database.decide(
            lambda conn, _: books.change_hold(conn, TENANT, held.id, amount, expires_at=later), TENANT
        )

    await grow(6000)  # type: ignore[misc]
    assert (await standing(database)).available == 0
    with pytest.raises(NotEnough):
        await grow(6001)  # type: ignore[misc]
    assert (await standing(database)).held == 6000


async def test_nothing_is_held_of_what_nobody_can_spend(database: Database) -> None:
    with pytest.raises(Invalid):
        await hold(database, 1, "session-1", account=BANK)
    with pytest.raises(NotEnough):
        await hold(database, 1, "session-1")
    with pytest.raises(NoSuchHold):
        await database.decide(lambda conn, _: books.void(conn, TENANT, "no-such", at=NOW), TENANT)


async def test_two_stations_and_one_wallet_spend_no_more_than_there_is(database: Database) -> None:
    await fund(database, 1000)

    async def spend(number: int) -> str:
        try:
            await post(database, moving(f"charge-{number}", 70, of=SESSION, to=WALLET))
        except NotEnough:
            return "refused"
        return "paid"

    outcomes = Counter(await asyncio.gather(*(spend(number) for number in range(40))))
    assert outcomes == {"paid": 14, "refused": 26}
    assert (await standing(database)).balance == 1000 - 14 * 70
    assert await leg_sums(database) == {
        ("psp_clearing", "sandbox"): 1000,
        ("session", "session-1"): -980,
        ("wallet", "driver-1"): -20,
    }


async def test_holds_of_many_stations_at_once_set_aside_no_more_than_there_is(database: Database) -> None:
    await fund(database, 1000)

    async def begin(number: int) -> bool:
        try:
            await hold(database, 300, f"session-{number}")
        except NotEnough:
            return False
        return True

    begun = await asyncio.gather(*(begin(number) for number in range(20)))
    assert sum(begun) == 3
    assert (await standing(database)).held == 900


async def test_the_same_entry_a_hundred_times_at_once_is_booked_once(database: Database) -> None:
    same = moving("webhook-1", 500, of=WALLET, to=CLEARING)
    ids = await asyncio.gather(*(post(database, same) for _ in range(100)))
    assert len(set(ids)) == 1
    assert (await standing(database)).balance == 500
    assert await leg_sums(database) == {("psp_clearing", "sandbox"): 500, ("wallet", "driver-1"): -500}


async def test_many_wallets_are_booked_side_by_side(database: Database) -> None:
    entries = [
        moving(f"charge-{number}", 10, of=wallet(f"driver-{number % 7}", "EUR"), to=CLEARING)
        for number in range(60)
    ]
    ids = await asyncio.gather(*(post(database, each) for each in entries))
    assert len(set(ids)) == 60
    sums = await leg_sums(database)
    assert sums["psp_clearing", "sandbox"] == 600
    assert sum(sums.values()) == 0


async def test_a_hold_that_is_taken_and_released_at_once_is_one_of_them(database: Database) -> None:
    await fund(database, 10_000)
    taken = released = 0
    for number in range(12):
        held = await hold(database, 500, f"session-{number}")
        taking = moving(f"charge-{number}", 400, of=SESSION, to=WALLET)

        def take(conn: Connection, _: ChangeSet, id_: str = held.id, taking: Entry = taking) -> EntryId:
            return books.capture(conn, TENANT, id_, taking, at=NOW)[1]

        def release(conn: Connection, _: ChangeSet, id_: str = held.id) -> HoldState:
            return books.void(conn, TENANT, id_, at=NOW).state

        first, second = (take, release) if number % 2 else (release, take)
        outcomes = await asyncio.gather(
            database.decide(first, TENANT), database.decide(second, TENANT), return_exceptions=True
        )
        failed = [each for each in outcomes if isinstance(each, BaseException)]
        assert [type(each) for each in failed] == [HoldSettled]
        settled = await database.read(
            lambda conn, id_=f"session-{number}": books.held_for(conn, TENANT, "session", id_)  # type: ignore[misc]
        )
        assert settled is not None
        taken += settled.state is HoldState.CAPTURED
        released += settled.state is HoldState.VOIDED
    found = await standing(database)
    assert taken + released == 12
    assert (found.balance, found.held) == (10_000 - 400 * taken, 0)


async def test_a_hold_that_lapses_while_it_is_taken_is_one_of_them(database: Database) -> None:
    await fund(database, 1000)
    held = await hold(database, 500, "session-1")
    taking = moving("charge-1", 500, of=SESSION, to=WALLET)
    late = held.expires_at
    outcomes = await asyncio.gather(
        *(
            database.decide(lambda conn, _: books.expire(conn, TENANT, held.id, now=late).state, TENANT)
            for _ in range(5)
        ),
        *(
            database.decide(
                lambda conn, _: books.capture(conn, TENANT, held.id, taking, at=late)[0].state, TENANT
            )
            for _ in range(5)
        ),
        return_exceptions=True,
    )
    states = {each for each in outcomes if isinstance(each, HoldState)}
    assert len(states) == 1
    found = await standing(database)
    assert (found.balance, found.held) in {(500, 0), (1000, 0)}
    assert (found.balance == 500) == (states == {HoldState.CAPTURED})


# More than one node


async def test_two_nodes_and_one_wallet_spend_no_more_than_there_is(postgres: PostgresServer) -> None:
    address = postgres.new_tables()
    nodes = [fresh_database(address), Database.open(address, create_all=True)]
    await fund(nodes[0], 1000)

    async def spend(number: int) -> str:
        try:
            await post(nodes[number % 2], moving(f"charge-{number}", 70, of=SESSION, to=WALLET))
        except NotEnough:
            return "refused"
        return "paid"

    same = moving("webhook-1", 1, of=BANK, to=CLEARING)
    outcomes, ids = await asyncio.gather(
        asyncio.gather(*(spend(number) for number in range(30))),
        asyncio.gather(*(post(nodes[number % 2], same) for number in range(30))),
    )
    assert Counter(outcomes) == {"paid": 14, "refused": 16}
    assert len(set(ids)) == 1
    assert (await standing(nodes[1])).balance == 20
    for node in nodes:
        await node.close()


# The migration


def guards_of(address: str) -> dict[str, str]:
    """The triggers and their functions in a database, in its own words."""
    backend = backend_for(address)
    with backend.connect() as connection:
        if connection.dialect.name == "sqlite":
            query = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'ledger%'"
        else:
            query = (
                "SELECT tgname AS name, pg_get_triggerdef(oid) AS sql FROM pg_trigger WHERE tgname LIKE 'ledger%'"
                " UNION ALL SELECT proname, prosrc FROM pg_proc WHERE proname LIKE 'currant_ledger%'"
            )
        found = {row.name: row.sql for row in connection.execute(text(query))}
    backend.close()
    return found


async def test_a_migrated_database_is_guarded_as_a_new_one(tmp_path: Path, postgres: PostgresServer) -> None:
    made = [f"sqlite:///{tmp_path}/made.sqlite", postgres.new_tables()]
    migrated = [f"sqlite:///{tmp_path}/migrated.sqlite", postgres.new_database()]
    for new, old in zip(made, migrated, strict=True):
        await fresh_database(new).close()
        await Database.open(old).close()
        guarded = guards_of(new)
        assert len(guarded) >= 9
        assert guards_of(old) == guarded
