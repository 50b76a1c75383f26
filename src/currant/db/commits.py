"""What a service hands to the database: rows and events that become durable together, or not at all.

A store prepares its statements once, at import, as `Write`s; a service gathers one `ChangeSet`
for one decision. Statements are rendered here for the raw driver and their rows are plain
tuples, because the way through an expression compiler costs more than the insert itself.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Dialect, Table, UniqueConstraint

from currant.kit.event import Event
from currant.kit.ids import TenantId

Row = tuple[Any, ...]


class Write:
    """A prepared statement that takes rows of driver-ready values (int, str, float, bytes, bool, None).

    `key_at` says where in a row the table's primary key stands; it is ``None`` when a row may
    touch another row than the one its key names, so that the order among rows must be kept.
    `many_values` says whether one statement takes several rows (``VALUES (…), (…)``), and
    `copied_columns` names the columns of a plain insert, which PostgreSQL can take by COPY.
    """

    __slots__ = ("_render", "_sql", "copied_columns", "key_at", "many_values", "table", "width")

    def __init__(
        self,
        table: Table,
        render: Callable[[Dialect, int], str],
        *,
        width: int,
        key_at: tuple[int, ...] | None,
        many_values: bool = False,
        copied_columns: tuple[str, ...] | None = None,
    ) -> None:
        self.table = table
        self.width = width
        self.key_at = key_at
        self.many_values = many_values
        self.copied_columns = copied_columns
        self._render = render
        self._sql: dict[tuple[str, int], str] = {}

    def sql(self, dialect: Dialect, rows: int = 1) -> str:
        """The statement in the driver's words, for so many rows at once."""
        key = (dialect.name, rows)
        sql = self._sql.get(key)
        if sql is None:
            sql = self._sql[key] = self._render(dialect, rows)
        return sql

    def __repr__(self) -> str:
        return f"<Write {self.table.name}>"


def insert_into(table: Table, *columns: str, ignore_duplicates: bool = False) -> Write:
    """New rows; all columns in the table's order when none are named.

    A row whose key exists is a `Conflict` of its change set, or nothing at all with
    `ignore_duplicates`.
    """
    columns = columns or tuple(table.columns.keys())
    end = " ON CONFLICT DO NOTHING" if ignore_duplicates else ""
    return Write(
        table,
        lambda dialect, rows: _insert(dialect, table, columns, rows) + end,
        width=len(columns),
        key_at=None if _other_unique_columns(table) else _places(table, columns),
        many_values=True,
        copied_columns=None if ignore_duplicates else columns,
    )


def upsert(table: Table, *columns: str, key: tuple[str, ...], keep: tuple[str, ...] = ()) -> Write:
    """New rows, or new values of all columns but `key` and `keep` where a row with that `key` exists.

    Columns in `keep` are thus set when the row is born and never again. `key` must be the
    primary key or a unique constraint of the table.
    """
    columns = columns or tuple(table.columns.keys())
    changing = [name for name in columns if name not in key and name not in keep]

    def render(dialect: Dialect, rows: int) -> str:
        quote = dialect.identifier_preparer.quote
        clash = ", ".join(map(quote, key))
        if not changing:
            return f"{_insert(dialect, table, columns, rows)} ON CONFLICT ({clash}) DO NOTHING"
        new = ", ".join(f"{quote(name)} = excluded.{quote(name)}" for name in changing)
        return f"{_insert(dialect, table, columns, rows)} ON CONFLICT ({clash}) DO UPDATE SET {new}"

    primary = set(key) == {column.name for column in table.primary_key}
    keyed = primary and not _other_unique_columns(table) & set(columns)
    return Write(
        table,
        render,
        width=len(columns),
        key_at=_places(table, columns) if keyed else None,
        many_values=True,
    )


def update(table: Table, *, set: tuple[str, ...], where: tuple[str, ...]) -> Write:
    """New values of the rows whose `where` columns equal the given ones: a row holds set, then where.

    No row that fits is no error; a ``None`` in `where` fits nothing.
    """
    settled = frozenset(set)
    guarded = _other_unique_columns(table) | {column.name for column in table.primary_key}

    def render(dialect: Dialect, rows: int) -> str:
        quote, mark = dialect.identifier_preparer.quote, _mark(dialect)
        new = ", ".join(f"{quote(_known(table, name))} = {mark}" for name in set)
        return f"UPDATE {_name(dialect, table)} SET {new} WHERE {_condition(dialect, table, where)}"

    places = _places(table, where)
    keyed = places is not None and not settled & guarded
    return Write(
        table,
        render,
        width=len(set) + len(where),
        key_at=tuple(len(set) + place for place in places) if keyed and places else None,
    )


def delete_from(table: Table, *, where: tuple[str, ...]) -> Write:
    """Remove the rows whose `where` columns equal the given ones; none that fits is no error."""
    return Write(
        table,
        lambda dialect, rows: (
            f"DELETE FROM {_name(dialect, table)} WHERE {_condition(dialect, table, where)}"
        ),
        width=len(where),
        key_at=_places(table, where),
    )


class ChangeSet:
    """The rows and events of one decision; they become durable together, or not at all."""

    __slots__ = ("events", "rows", "tenant_id")

    def __init__(self, tenant_id: TenantId) -> None:
        self.tenant_id = tenant_id
        self.rows: list[tuple[Write, Row]] = []
        self.events: list[Event] = []

    def write(self, write: Write, row: Row) -> None:
        self.rows.append((write, row))

    def emit(self, event: Event) -> None:
        assert event.tenant_id == self.tenant_id, "An event belongs to the tenant of its change set."
        self.events.append(event)

    def __bool__(self) -> bool:
        return bool(self.rows or self.events)


def _insert(dialect: Dialect, table: Table, columns: tuple[str, ...], rows: int) -> str:
    quote = dialect.identifier_preparer.quote
    names = ", ".join(quote(_known(table, name)) for name in columns)
    values = ", ".join([f"({', '.join([_mark(dialect)] * len(columns))})"] * rows)
    return f"INSERT INTO {_name(dialect, table)} ({names}) VALUES {values}"


def _condition(dialect: Dialect, table: Table, where: tuple[str, ...]) -> str:
    quote, mark = dialect.identifier_preparer.quote, _mark(dialect)
    return " AND ".join(f"{quote(_known(table, name))} = {mark}" for name in where)


def _name(dialect: Dialect, table: Table) -> str:
    return dialect.identifier_preparer.format_table(table)


def _mark(dialect: Dialect) -> str:
    return "?" if dialect.name == "sqlite" else "%s"


def _known(table: Table, name: str) -> str:
    assert name in table.columns, f"Table {table.name} has no column {name}."
    return name


def _places(table: Table, columns: tuple[str, ...]) -> tuple[int, ...] | None:
    """Where the primary key's columns stand among `columns`; ``None`` unless all of them do."""
    key = [column.name for column in table.primary_key]
    if not key or not set(key) <= set(columns):
        return None
    return tuple(columns.index(name) for name in key)


def _other_unique_columns(table: Table) -> set[str]:
    constraints = [c for c in table.constraints if isinstance(c, UniqueConstraint)]
    names = {column.name for constraint in constraints for column in constraint.columns}
    return names | {column.name for index in table.indexes if index.unique for column in index.columns}
