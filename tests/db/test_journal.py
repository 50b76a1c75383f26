"""Whoever follows the journal by position misses nothing, however late a transaction commits."""

import asyncio
from datetime import UTC, datetime

import msgspec
from shelf import Lent, Shelved, add

from currant.db import journal
from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.event import Event
from currant.kit.ids import TenantId
from services import PostgresServer, fresh_database

TENANT = TenantId("t1")
AT = datetime(2026, 1, 31, 12, tzinfo=UTC)


def changes_of(event: type[Event], book: str) -> ChangeSet:
    changes = ChangeSet(TENANT)
    changes.emit(event(tenant_id=TENANT, happened_at=AT, book=book))  # type: ignore[call-arg]
    return changes


async def test_a_follower_of_two_busy_nodes_misses_no_event(database_url: str, database: Database) -> None:
    """On PostgreSQL positions are given before commits happen: here two nodes and their decisions race."""
    nodes = [database, fresh_database(database_url)]
    written = 0

    async def write(node: Database, name: str) -> None:
        nonlocal written
        for number in range(60):
            changes = changes_of(Shelved, f"{name}/{number}")
            if number % 2:
                await node.commit(changes)
            else:
                await node.decide(lambda _, own, changes=changes: own.emit(changes.events[0]), TENANT)
            written += 1

    seen: list[str] = []

    async def follow() -> None:
        position = 0
        while len(seen) < 480:
            for row in await nodes[0].read(lambda c, after=position: journal.read_after(c, after, limit=7)):
                assert row.position > position
                position = row.position
                seen.append(row.payload)
            await asyncio.sleep(0)

    async with asyncio.timeout(30):
        await asyncio.gather(
            follow(), *(write(node, f"{at}{n}") for at, node in enumerate(nodes) for n in range(4))
        )
    assert written == 480
    assert len(set(seen)) == 480
    await nodes[1].close()


async def test_only_the_wanted_kinds_are_read(database: Database) -> None:
    for number in range(6):
        await database.commit(changes_of(Lent if number % 3 == 0 else Shelved, str(number)))
    rows = await database.read(lambda c: journal.read_after(c, 0, kinds={"Lent"}))
    assert [(row.position, row.kind) for row in rows] == [(1, "Lent"), (4, "Lent")]


async def test_listeners_are_told_the_positions_after_the_commit(database: Database) -> None:
    told: list[tuple[int, str]] = []
    database.listen(
        lambda first, events: told.extend((first + at, event.book) for at, event in enumerate(events))
    )
    await asyncio.gather(*(database.commit(changes_of(Shelved, str(number))) for number in range(20)))
    await database.decide(lambda _, own: own.emit(changes_of(Lent, "x").events[0]), TENANT)
    await asyncio.sleep(0.05)
    rows = await database.read(lambda c: journal.read_after(c, 0))
    assert told == [(number + 1, str(number)) for number in range(20)] + [(21, "x")]
    assert [row.position for row in rows] == [position for position, _ in told]


SLOW_TO_COMMIT = """
CREATE FUNCTION sleep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.5); RETURN NULL; END';
CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON test_books DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION sleep();
"""


async def test_who_sees_a_later_event_sees_the_earlier_one_too_however_slow_its_commit(
    postgres: PostgresServer,
) -> None:
    database = fresh_database(postgres.new_tables())
    await database.decide(lambda c, _: c.exec_driver_sql(SLOW_TO_COMMIT) and None, TENANT)

    def write_slowly(_: object, own: ChangeSet) -> None:
        own.write(add, ("slow", 1, ""))
        own.emit(Shelved(tenant_id=TENANT, happened_at=AT, book="first"))

    slow = database.decide(write_slowly, TENANT)
    await asyncio.sleep(0.2)
    await database.commit(changes_of(Shelved, "second"))
    rows = await database.read(lambda c: journal.read_after(c, 0))
    assert [msgspec.json.decode(row.payload)["book"] for row in rows] == ["first", "second"]
    await slow
    await database.close()
