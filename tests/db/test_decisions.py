"""A decision looks before it writes, sees the latest state, and stands or falls as a whole."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from shelf import Shelved, add, all_books, book, books, change, put
from sqlalchemy import Connection, func, select

from currant.db import journal
from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.errors import Conflict, NotAllowed
from currant.kit.ids import TenantId

TENANT = TenantId("t1")
AT = datetime(2026, 1, 31, 12, tzinfo=UTC)


def lend_one(connection: Connection, changes: ChangeSet) -> int:
    left = connection.execute(select(books.c.copies).where(books.c.title == "a")).scalar_one()
    if left == 0:
        raise NotAllowed("There is none left.")
    changes.write(change, (left - 1, "a"))
    changes.emit(Shelved(tenant_id=TENANT, happened_at=AT, book="a"))
    return int(left) - 1


async def stock(database: Database, copies: int) -> None:
    changes = ChangeSet(TENANT)
    changes.write(add, book("a", copies))
    await database.commit(changes)


async def test_decisions_at_the_same_moment_never_lend_one_copy_twice(database: Database) -> None:
    await stock(database, 10)
    outcomes = await asyncio.gather(
        *(database.decide(lend_one, TENANT) for _ in range(13)), return_exceptions=True
    )
    assert sorted(left for left in outcomes if isinstance(left, int)) == list(range(10))
    assert sum(isinstance(refused, NotAllowed) for refused in outcomes) == 3
    assert await database.read(all_books) == {"a": 0}
    assert len(await database.read(lambda c: journal.read_after(c, 0))) == 10


async def test_a_decision_sees_what_was_acknowledged_before_it(database: Database) -> None:
    for copies in range(1, 20):
        await database.commit(_set("b", copies))
        assert await database.decide(lambda c, _: all_books(c)["b"], TENANT) == copies


async def test_a_decision_that_raises_leaves_nothing(database: Database) -> None:
    def add_and_fail(connection: Connection, changes: ChangeSet) -> None:
        connection.execute(books.insert().values(title="x", copies=1, remark=""))
        changes.write(add, book("y", 1))
        raise KeyError("x")

    beside = ChangeSet(TENANT)
    beside.write(add, book("z", 1))
    decided, committed = database.decide(add_and_fail, TENANT), database.commit(beside)
    with pytest.raises(KeyError):
        await decided
    await committed
    assert await database.read(all_books) == {"z": 1}


async def test_a_decision_that_breaks_a_constraint_is_a_conflict(database: Database) -> None:
    await stock(database, 1)
    with pytest.raises(Conflict):
        await database.decide(lambda _, changes: changes.write(add, book("a", 2)), TENANT)
    with pytest.raises(Conflict):
        await database.decide(
            lambda connection, _: connection.execute(books.insert().values(title="a", copies=1, remark="")),
            TENANT,
        )
    assert await database.read(all_books) == {"a": 1}


async def test_a_read_cannot_write(database: Database) -> None:
    with pytest.raises(Exception, match=r"(?i)read-?only"):
        await database.read(lambda c: c.execute(books.insert().values(title="a", copies=1, remark="")))
    assert await database.read(all_books) == {}


def _set(title: str, copies: int) -> ChangeSet:
    changes = ChangeSet(TENANT)
    changes.write(put, book(title, copies))
    return changes


async def test_decisions_that_all_get_in_each_others_way_are_all_taken(database: Database) -> None:
    await stock(database, 1)

    def look_around_and_add(number: int) -> Callable[[Connection, ChangeSet], None]:
        def take(connection: Connection, changes: ChangeSet) -> None:
            # Reads what every other decision writes, and takes its time: none fits beside another.
            connection.execute(select(func.count()).select_from(books)).scalar_one()
            time.sleep(0.002)
            changes.write(add, book(str(number), 1))

        return take

    await asyncio.gather(*(database.decide(look_around_and_add(number), TENANT) for number in range(400)))
    assert len(await database.read(all_books)) == 401


async def test_a_statement_that_failed_in_one_decision_works_in_the_next(database: Database) -> None:
    """PostgreSQL's driver prepares statements on its own, and must not believe so of what was rolled back."""

    def add_two(connection: Connection, changes: ChangeSet) -> None:
        changes.write(add, book("a", 1))
        changes.write(add, book("c", 1))
        # The order of tables' rows is kept, so this one is not merged with those above.
        changes.write(change, (2, "a"))
        changes.write(add, book("d", 1))

    for round_ in range(12):
        await database.commit(_set("a", round_))
        with pytest.raises(Conflict):
            await database.decide(add_two, TENANT)
        assert "d" not in await database.read(all_books)

    def add_alone(connection: Connection, changes: ChangeSet) -> None:
        changes.write(add, book("d", 1))
        changes.write(change, (3, "d"))

    await database.decide(add_alone, TENANT)
    assert (await database.read(all_books))["d"] == 3
