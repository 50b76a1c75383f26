"""Prepared look-ups: a statement built once, at import, and run on the raw driver.

Building and caching a SELECT through the expression compiler takes some ten times as long as
SQLite needs to answer it. What runs for every start of a session or connection of a station is
therefore a `Query`; everything else may stay an ordinary `select`.
"""

from collections import namedtuple
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Dialect, Select


class Query:
    """A SELECT whose bind parameters are given by position, in the order of `parameters`.

    Rows come as named tuples with the selected columns' names (labels where there are any). An
    ``IN`` needs a fixed number of parameters (the last value repeated); SQLite's booleans are 0 and 1.
    """

    __slots__ = ("_make", "_parameters", "_prepared", "_statement")

    def __init__(self, statement: Select[Any], *parameters: str) -> None:
        self._statement = statement
        self._parameters = parameters
        names = [str(column.key) for column in statement.selected_columns]
        row: Any = namedtuple("Row", names)  # type: ignore[misc]
        self._make: Callable[[Any], Any] = row._make
        self._prepared: dict[str, tuple[str, tuple[Callable[[tuple[Any, ...]], Any], ...]]] = {}

    def all(self, connection: Connection, *values: Any) -> list[Any]:
        """Every row."""
        return [self._make(row) for row in self._run(connection, values).fetchall()]

    def first(self, connection: Connection, *values: Any) -> Any | None:
        """The first row, or None."""
        row = self._run(connection, values).fetchone()
        return None if row is None else self._make(row)

    def _run(self, connection: Connection, values: tuple[Any, ...]) -> Any:
        if len(values) != len(self._parameters):
            raise ValueError(
                f"This query takes {', '.join(self._parameters)}: {len(values)} values were given."
            )
        prepared = self._prepared.get(connection.dialect.name)
        if prepared is None:
            prepared = self._prepared[connection.dialect.name] = self._prepare(connection.dialect)
        sql, takers = prepared
        driver: Any = connection.connection.driver_connection
        return driver.cursor().execute(sql, tuple([take(values) for take in takers]))

    def _prepare(self, dialect: Dialect) -> tuple[str, tuple[Callable[[tuple[Any, ...]], Any], ...]]:
        driver: Any = type(dialect)
        positional = driver(paramstyle="qmark" if dialect.name == "sqlite" else "format")
        compiled = self._statement.compile(dialect=positional, compile_kwargs={"render_postcompile": True})
        constants = compiled.params
        names: list[str] = getattr(compiled, "positiontup", None) or []
        takers = tuple(self._taker(name, constants) for name in names)
        return str(compiled), takers

    def _taker(self, name: str, constants: Any) -> Callable[[tuple[Any, ...]], Any]:
        if name in self._parameters:
            place = self._parameters.index(name)
            return lambda values: values[place]
        constant = constants[name]
        assert constant is not None, f"The query's parameter {name} is not among those that are given."
        return lambda values: constant
