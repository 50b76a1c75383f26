"""Change sets become durable together or not at all, and only the guilty fail."""

import asyncio
from datetime import UTC, datetime

import pytest
from shelf import Shelved, add, all_books, book, books, change, drop, put

from currant.db import journal
from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.errors import Conflict, Invalid
from currant.kit.ids import TenantId

TENANT = TenantId("t1")
AT = datetime(2026, 1, 31, 12, tzinfo=UTC)


def changes_of(*rows: tuple[object, tuple[object, ...]], events: int = 0) -> ChangeSet:
    changes = ChangeSet(TENANT)
    for write, row in rows:
        changes.write(write, row)  # type: ignore[arg-type]
    for number in range(events):
        changes.emit(Shelved(tenant_id=TENANT, happened_at=AT, book=str(number)))
    return changes


async def test_a_committed_row_and_its_event_can_be_read(database: Database) -> None:
    await database.commit(changes_of((add, book("a", 1)), events=1))
    assert await database.read(all_books) == {"a": 1}
    rows = await database.read(lambda c: journal.read_after(c, 0))
    assert [(row.position, row.kind, row.tenant_id) for row in rows] == [(1, "Shelved", "t1")]


async def test_many_change_sets_share_a_batch(database: Database) -> None:
    before = database.health.batches
    await asyncio.gather(*(database.commit(changes_of((add, book(str(n), n)), events=1)) for n in range(300)))
    assert await database.read(all_books) == {str(n): n for n in range(300)}
    assert database.health.batches - before == 1
    assert len(await database.read(lambda c: journal.read_after(c, 0))) == 300


async def test_one_that_breaks_a_constraint_fails_alone(database: Database) -> None:
    await database.commit(changes_of((add, book("a", 1))))
    futures = [
        database.commit(changes_of((add, book("b", 2)), events=1)),
        database.commit(changes_of((add, book("c", 3)), (add, book("a", 9)), events=1)),
        database.commit(changes_of((add, book("d", 4)), events=1)),
    ]
    outcomes = await asyncio.gather(*futures, return_exceptions=True)
    assert outcomes[0] is None
    assert isinstance(outcomes[1], Conflict)
    assert outcomes[2] is None
    assert await database.read(all_books) == {"a": 1, "b": 2, "d": 4}
    assert len(await database.read(lambda c: journal.read_after(c, 0))) == 2


async def test_a_value_that_cannot_be_stored_fails_alone(database: Database) -> None:
    futures = [
        database.commit(changes_of((add, book("a", 1)))),
        database.commit(changes_of((add, book("b", 2**80)))),
        database.commit(changes_of((add, book("\ud800", 1)))),
        database.commit(changes_of((add, book("c", 3)))),
    ]
    outcomes = await asyncio.gather(*futures, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [type(None), Invalid, Invalid, type(None)]
    assert await database.read(all_books) == {"a": 1, "c": 3}


async def test_a_broken_statement_fails_with_its_own_error(database: Database) -> None:
    futures = [
        database.commit(changes_of((add, ("too", "few")))),
        database.commit(changes_of((add, book("a", 1)))),
    ]
    outcomes = await asyncio.gather(*futures, return_exceptions=True)
    assert isinstance(outcomes[0], Exception)
    assert not isinstance(outcomes[0], Conflict | Invalid)
    assert outcomes[1] is None
    assert database.health.ok


async def test_an_upsert_keeps_what_is_set_at_birth(database: Database) -> None:
    await database.commit(changes_of((put, ("a", 1, "first"))))
    await database.commit(changes_of((put, ("a", 2, "second"))))
    rows = await database.read(lambda c: list(c.execute(books.select())))
    assert [(row.title, row.copies, row.remark) for row in rows] == [("a", 2, "first")]


async def test_the_later_of_two_writes_to_a_row_wins(database: Database) -> None:
    await database.commit(
        changes_of((add, book("a", 1)), (change, (2, "a")), (put, ("a", 3, "")), (change, (4, "a")))
    )
    assert await database.read(all_books) == {"a": 4}


async def test_a_row_deleted_and_added_again_in_one_batch_is_there(database: Database) -> None:
    await database.commit(changes_of((add, book("a", 1))))
    await asyncio.gather(
        database.commit(changes_of((add, book("x", 1)))),
        database.commit(changes_of((drop, ("a",)))),
        database.commit(changes_of((add, book("a", 2)))),
        database.commit(changes_of((drop, ("x",)))),
    )
    assert await database.read(all_books) == {"a": 2}


async def test_a_note_becomes_durable_without_being_waited_for(database: Database) -> None:
    database.note(add, book("a", 1))
    async with asyncio.timeout(30):
        while await database.read(all_books) != {"a": 1}:
            await asyncio.sleep(0.02)


async def test_a_note_that_cannot_be_kept_harms_nobody(database: Database) -> None:
    database.note(add, book("a", 1))
    database.note(add, book("a", 2))
    database.note(add, book("b", 3))
    await database.commit(changes_of((add, book("c", 4))))
    assert await database.read(all_books) == {"a": 1, "b": 3, "c": 4}
    assert database.health.notes_dropped == 1


async def test_closing_writes_what_waits(database: Database) -> None:
    later = database.commit(changes_of((add, book("a", 1))))
    database.note(add, book("b", 2))
    await database.close()
    assert later.done()
    assert later.exception() is None


async def test_an_event_of_another_tenant_is_a_broken_assumption() -> None:
    with pytest.raises(AssertionError):
        ChangeSet(TenantId("t2")).emit(Shelved(tenant_id=TENANT, happened_at=AT, book="a"))
