"""Merging rows into few statements never changes what they leave behind."""

import sqlite3

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import BigInteger, Column, MetaData, Table, Text, UniqueConstraint
from sqlalchemy.dialects import sqlite

from currant.db.batch import as_written, merged
from currant.db.commits import Row, Write, delete_from, insert_into, update, upsert

plain = Table("plain", MetaData(), Column("id", Text, primary_key=True), Column("n", BigInteger))
unique = Table(
    "uniq",
    MetaData(),
    Column("id", Text, primary_key=True),
    Column("n", BigInteger),
    UniqueConstraint("n"),
)


def writes_of(table: Table) -> list[Write]:
    return [
        insert_into(table, "id", "n", ignore_duplicates=True),
        upsert(table, "id", "n", key=("id",)),
        upsert(table, "n", "id", key=("id",)),
        update(table, set=("n",), where=("id",)),
        update(table, set=("id",), where=("id",)),
        delete_from(table, where=("id",)),
        delete_from(table, where=("n",)),
    ]


def row_for(write: Write, key: str, n: int) -> Row:
    sql = write.sql(DIALECT)
    if sql.startswith("INSERT"):
        return (n, key) if "(n, id)" in sql else (key, n)
    if sql.startswith("UPDATE"):
        return (n, key) if "SET n" in sql else (f"{n}", key)
    return (key,) if "WHERE id" in sql else (n,)


DIALECT = sqlite.dialect()
WRITES = {table: writes_of(table) for table in (plain, unique)}
steps = st.lists(
    st.tuples(st.sampled_from([plain, unique]), st.integers(0, 6), st.sampled_from("123"), st.integers(0, 3)),
    max_size=25,
)


def state_after(runs: list[tuple[Write, list[Row]]]) -> tuple[object, object] | str:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE plain (id TEXT PRIMARY KEY, n INTEGER)")
    connection.execute("CREATE TABLE uniq (id TEXT PRIMARY KEY, n INTEGER UNIQUE)")
    try:
        for write, rows in runs:
            connection.executemany(write.sql(DIALECT), rows)
        return (
            connection.execute("SELECT * FROM plain ORDER BY id").fetchall(),
            connection.execute("SELECT * FROM uniq ORDER BY id").fetchall(),
        )
    except sqlite3.IntegrityError:
        return "conflict"
    finally:
        connection.close()


@given(steps)
def test_merged_rows_leave_the_same_state_as_rows_one_by_one(
    given_steps: list[tuple[Table, int, str, int]],
) -> None:
    rows = [
        (WRITES[table][which], row_for(WRITES[table][which], key, n)) for table, which, key, n in given_steps
    ]
    in_order = state_after(list(as_written(rows)))
    together = state_after(merged(rows, {plain: 0, unique: 1}))
    # A conflict sends the batch to be done one by one, so only a success must be the same.
    if together != "conflict":
        assert together == in_order
    else:
        assert in_order == "conflict"


def test_different_rows_of_two_statements_are_merged() -> None:
    put, drop = WRITES[plain][1], WRITES[plain][5]
    rows = [(put, ("1", 1)), (drop, ("2",)), (put, ("3", 1)), (drop, ("4",))]
    assert merged(rows, {plain: 0}) == [(put, [("1", 1), ("3", 1)]), (drop, [("2",), ("4",)])]


def test_parents_go_before_children() -> None:
    put, other = WRITES[plain][1], WRITES[unique][1]
    assert [run[0] for run in merged([(put, ("1", 1)), (other, ("1", 1))], {unique: 0, plain: 1})] == [
        other,
        put,
    ]
