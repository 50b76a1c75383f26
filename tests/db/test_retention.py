"""Old rows go in small steps, and no event goes that somebody has yet to see."""

from datetime import timedelta

from shelf import Shelved
from sqlalchemy import BigInteger, Column, Index, Table, Text, select

from currant.db import journal
from currant.db.commits import ChangeSet, insert_into
from currant.db.engine import Database
from currant.db.retention import Keep, remove_older, trim_journal
from currant.db.tables import metadata
from currant.kit.clock import ManualClock, SystemClock, micros
from currant.kit.ids import TenantId, first_id_of, new_id
from services import fresh_database

TENANT = TenantId("t1")

samples = Table(
    "test_samples",
    metadata,
    Column("id", Text, primary_key=True),
    Column("part", BigInteger, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Index("ix_test_samples_at", "at"),
)
add_sample = insert_into(samples)


async def test_rows_older_than_their_age_go_and_the_others_stay(database: Database) -> None:
    clock = ManualClock()
    changes = ChangeSet(TENANT)
    for day in range(50):
        changes.write(add_sample, ("s", day, micros(clock.now() - timedelta(days=day))))
    await database.commit(changes)
    keep = Keep(samples, "at", timedelta(days=30))
    assert await remove_older(database, keep, now=clock.now(), chunk=4) == 19
    left = await database.read(lambda c: sorted(c.execute(select(samples.c.part)).scalars()))
    assert left == list(range(31))


async def test_rows_are_as_old_as_the_ids_we_gave_them(database: Database) -> None:
    ids = [new_id() for _ in range(9)]
    changes = ChangeSet(TENANT)
    for id in ids:
        # What the row says of its own time does not matter: it may be a station's.
        changes.write(add_sample, (id, 1, 0))
    changes.write(add_sample, (first_id_of(1), 1, 0))
    await database.commit(changes)
    keep = Keep(samples, "id", timedelta(days=30))
    now = SystemClock().now()
    assert await remove_older(database, keep, now=now + timedelta(days=29)) == 1
    left = await database.read(lambda c: sorted(c.execute(select(samples.c.id)).scalars()))
    assert left == ids
    assert await remove_older(database, keep, now=now + timedelta(days=31), chunk=2) == 9


async def test_the_journal_keeps_what_a_subscriber_has_not_seen(database_url: str) -> None:
    clock = ManualClock()
    database = fresh_database(database_url, clock=clock)
    for number in range(10):
        changes = ChangeSet(TENANT)
        changes.emit(Shelved(tenant_id=TENANT, happened_at=clock.now(), book=str(number)))
        await database.commit(changes)
    changes = ChangeSet(TENANT)
    changes.write(journal.save_cursor, ("slow", 4))
    changes.write(journal.save_cursor, ("quick", 10))
    await database.commit(changes)
    assert await trim_journal(database, age=timedelta(days=1), now=clock.now()) == 0
    clock.advance(timedelta(days=2))
    assert await trim_journal(database, age=timedelta(days=1), now=clock.now(), chunk=3) == 4
    assert [row.position for row in await database.read(lambda c: journal.read_after(c, 0))] == [
        5,
        6,
        7,
        8,
        9,
        10,
    ]
    await database.close()


async def test_positions_go_on_after_everything_was_trimmed(database_url: str) -> None:
    clock = ManualClock()
    database = fresh_database(database_url, clock=clock)

    async def tell() -> list[int]:
        changes = ChangeSet(TENANT)
        changes.emit(Shelved(tenant_id=TENANT, happened_at=clock.now(), book="a"))
        await database.commit(changes)
        return [row.position for row in await database.read(lambda c: journal.read_after(c, 0))]

    assert await tell() == [1]
    clock.advance(timedelta(days=2))
    assert await trim_journal(database, age=timedelta(days=1), now=clock.now()) == 1
    assert await tell() == [2]
    await database.close()
