"""Prepared look-ups say what an ordinary select says, on both databases."""

import pytest
from sqlalchemy import bindparam, func, or_, select

from currant.db import jobs
from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.db.queries import Query
from currant.kit.clock import micros
from currant.kit.ids import TenantId

TENANT = TenantId("t")
table = jobs.jobs
BY_KIND = Query(
    select(table.c.kind, table.c.payload.label("content"))
    .where(
        table.c.tenant_id == bindparam("tenant"),
        or_(table.c.kind == bindparam("one"), table.c.kind == bindparam("two")),
    )
    .where(table.c.attempts < 5)
    .order_by(table.c.payload)
    .limit(2),
    "tenant",
    "one",
    "two",
)
COUNT = Query(
    select(func.count().label("n")).select_from(table).where(table.c.kind == bindparam("kind")), "kind"
)


async def _filled(database: Database) -> None:
    changes = ChangeSet(TENANT)
    for number in range(4):
        kind = "even" if number % 2 == 0 else "odd"
        jobs.add_job(changes, kind, {"n": number}, run_at=database.clock.now())
    await database.commit(changes)


async def test_parameters_go_by_position_and_constants_stay(database: Database) -> None:
    await _filled(database)
    rows = await database.read(lambda conn: BY_KIND.all(conn, TENANT, "even", "odd"))
    assert [row.kind for row in rows] == ["even", "odd"]
    assert rows[0].content == '{"n":0}'
    only = await database.read(lambda conn: BY_KIND.all(conn, TENANT, "odd", "odd"))
    assert [row.content for row in only] == ['{"n":1}', '{"n":3}']


async def test_the_first_row_or_none(database: Database) -> None:
    await _filled(database)
    assert (await database.read(lambda conn: COUNT.first(conn, "even"))).n == 2
    assert await database.read(lambda conn: BY_KIND.first(conn, "another", "even", "odd")) is None


async def test_a_decision_sees_its_own_transaction(database: Database) -> None:
    await _filled(database)

    def look(conn: object, changes: ChangeSet) -> int:
        return int(COUNT.first(conn, "odd").n)  # type: ignore[arg-type, union-attr]

    assert await database.decide(look, TENANT) == 2


async def test_a_forgotten_value_is_said(database: Database) -> None:
    with pytest.raises(ValueError, match="tenant, one, two"):
        await database.read(lambda conn: BY_KIND.all(conn, TENANT))
    assert micros(database.clock.now()) > 0
