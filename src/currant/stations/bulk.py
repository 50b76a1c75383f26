"""Many rows at once, in CSV or JSON: read with a problem named per row, and written so that they can be read again.

A row is a mapping of field to value. In CSV an empty cell says nothing, lists are separated by
``|``, and the header's words are the fields of the API.
"""

import csv
import io
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Any, Protocol, TypeVar

import msgspec

from currant.kit.errors import CurrantError, Invalid
from currant.stations.model import Page

ROWS_MAX = 100_000
BYTES_MAX = 64 * 1024 * 1024
CELL_MAX = 64 * 1024
PROBLEMS_MAX = 1_000
"""Problems told of one import; they are counted beyond that."""
TOGETHER = 200
"""Rows written in one transaction: short enough that no station waits for an import."""

Row = dict[str, Any]
T = TypeVar("T")
S = TypeVar("S", bound=msgspec.Struct)
N = TypeVar("N", bound="Numbered")
Tried = TypeVar("Tried", bound="Numbered", contravariant=True)


class Format(StrEnum):
    CSV = "csv"
    JSON = "json"


class RowProblem(msgspec.Struct, frozen=True, kw_only=True):
    """Why a row cannot be taken, and what to do. Rows are numbered as a person sees them: a CSV's header is row 1,
    the first object of a JSON list is row 1."""

    row: int
    field: str
    message: str


class ImportReport(msgspec.Struct, frozen=True, kw_only=True):
    """What an import did, or with `dry_run` would do. `applied` is False when nothing was written at all."""

    rows: int
    created: int
    changed: int
    unchanged: int
    failed: int
    applied: bool
    problems: tuple[RowProblem, ...] = ()


class Problems:
    """Gathers what is wrong, row by row."""

    def __init__(self) -> None:
        self.found: list[RowProblem] = []
        self.rows: set[int] = set()

    def add(self, row: int, field: str, message: str) -> None:
        self.rows.add(row)
        if len(self.found) < PROBLEMS_MAX:
            self.found.append(RowProblem(row=row, field=field, message=message))

    def add_error(self, row: int, error: CurrantError) -> None:
        self.add(row, str(error.facts.get("field", "")), error.message)


Errors = list[tuple[int, CurrantError]]
Outcome = tuple["Counts", Errors]


class Counts:
    """How many rows became what."""

    def __init__(self) -> None:
        self.created = self.changed = self.unchanged = 0

    def count(self, fields: tuple[str, ...]) -> None:
        """One more, by the names of what is different about it."""
        if not fields:
            self.unchanged += 1
        elif "created" in fields:
            self.created += 1
        else:
            self.changed += 1

    def add(self, outcome: Outcome, problems: Problems) -> None:
        """What became of some rows, and what was wrong with the others."""
        some, errors = outcome
        self.created += some.created
        self.changed += some.changed
        self.unchanged += some.unchanged
        for row, error in errors:
            problems.add_error(row, error)


class Numbered(Protocol):
    """A row that was read, with its number."""

    @property
    def row(self) -> int: ...


class Apply(Protocol[Tried]):
    """Tries rows, writing them only if `really`, and adds what became of them to `counted`."""

    async def __call__(self, some: Sequence[Tried], *, really: bool, counted: Counts) -> None: ...


def read_rows(content: bytes, form: Format) -> list[tuple[int, Row]]:
    """The rows with their numbers. Invalid when the whole cannot be read, or is too much."""
    if len(content) > BYTES_MAX:
        raise Invalid(f"An import has at most {BYTES_MAX // 2**20} MiB: split it.", field="content")
    rows = _read_csv(content) if form == Format.CSV else _read_json(content)
    if len(rows) > ROWS_MAX:
        raise Invalid(
            f"An import has at most {ROWS_MAX:,} rows, this one {len(rows):,}: split it.", field="content"
        )
    return rows


def _read_json(content: bytes) -> list[tuple[int, Row]]:
    try:
        whole = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid(f"This is not JSON: {error}.", field="content") from error
    if isinstance(whole, dict) and isinstance(whole.get("items"), list):
        whole = whole["items"]
    if not isinstance(whole, list) or not all(isinstance(row, dict) for row in whole):
        raise Invalid(
            "Send a JSON list of objects, or an object with such a list as `items`.", field="content"
        )
    return list(enumerate(whole, start=1))


def _read_csv(content: bytes) -> list[tuple[int, Row]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid("This CSV is not in UTF-8: save it as `CSV UTF-8`.", field="content") from error
    header, _, _ = text.partition("\n")
    # Spreadsheets of many countries separate with semicolons.
    delimiter = max(",;\t", key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[tuple[int, Row]] = []
    try:
        names = [name.strip() for name in next(reader, [])]
        if not any(names):
            raise Invalid("This CSV has no header: name the fields in its first row.", field="content")
        if len(set(names)) < len(names):
            raise Invalid("Two columns of this CSV have the same name.", field="content")
        for cells in reader:
            if len(rows) > ROWS_MAX:
                break
            if any(cell.strip() for cell in cells):
                rows.append((reader.line_num, _csv_row(names, cells)))
    except csv.Error as error:
        raise Invalid(
            f"Line {reader.line_num} of this CSV cannot be read: {error}.", field="content"
        ) from error
    return rows


def _csv_row(names: Sequence[str], cells: Sequence[str]) -> Row:
    row: Row = {
        name: _unescaped(cell.strip()) for name, cell in zip(names, cells, strict=False) if cell.strip()
    }
    if len(cells) > len(names):
        row["(no column)"] = "more cells than the header names"
    return row


def convert(row: Row, kind: type[S], form: Format) -> S:
    """A row as a Struct; Invalid names the field that does not fit. In CSV all values are words."""
    try:
        return msgspec.convert(row, kind, strict=form == Format.JSON)
    except msgspec.ValidationError as error:
        reason, _, path = str(error).partition(" - at `")
        field = path.strip("`").removeprefix("$").removeprefix(".")
        if not field and "`" in reason:
            # "Object contains unknown field `x`", "Object missing required field `x`"
            field = reason.split("`")[1]
        raise Invalid(f"{reason}.", field=field) from error


def listed(row: Row, field: str, form: Format) -> None:
    """In CSV, make the list that a cell holds separated by ``|``, or as JSON."""
    cell = row.get(field)
    if form != Format.CSV or not isinstance(cell, str):
        return
    if cell.startswith("["):
        try:
            row[field] = msgspec.json.decode(cell)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Invalid(f"This is not a list in JSON: {error}.", field=field) from error
    else:
        row[field] = [word.strip() for word in cell.split("|") if word.strip()]


async def in_two_rounds(
    good: Sequence[N], apply: Apply[N], counts: Counts, problems: Problems, *, dry_run: bool, partial: bool
) -> bool:
    """Look first whether everything would go in, and put it in if so; whether anything was written.

    Written `TOGETHER` rows a transaction: what fails in the middle can be repeated as a whole.
    """
    looked = Counts()
    for some in _bites(good):
        await apply(some, really=False, counted=looked)
    if dry_run or (problems.rows and not partial):
        counts.created, counts.changed, counts.unchanged = looked.created, looked.changed, looked.unchanged
        return False
    for some in _bites([each for each in good if each.row not in problems.rows]):
        await apply(some, really=True, counted=counts)
    return counts.created + counts.changed > 0


def _bites(rows: Sequence[N]) -> Iterator[Sequence[N]]:
    return (rows[begin : begin + TOGETHER] for begin in range(0, len(rows), TOGETHER))


def report(rows: int, counts: Counts, problems: Problems, *, applied: bool) -> ImportReport:
    return ImportReport(
        rows=rows,
        created=counts.created,
        changed=counts.changed,
        unchanged=counts.unchanged,
        failed=len(problems.rows),
        applied=applied,
        problems=tuple(sorted(problems.found, key=lambda problem: problem.row)),
    )


async def export(
    pages: Callable[[str | None], Awaitable[Page[T]]],
    rows_of: Callable[[T], Iterable[Row]],
    columns: Sequence[str],
    form: Format,
) -> AsyncIterator[bytes]:
    """The rows of page after page, as bytes to be sent while they are read."""
    cursor: str | None = None
    first = True
    if form == Format.CSV:
        yield _csv_line(columns)
    else:
        yield b"["
    while True:
        page = await pages(cursor)
        rows = [row for item in page.items for row in rows_of(item)]
        if form == Format.CSV:
            yield b"".join(_csv_line([_cell(row.get(column)) for column in columns]) for row in rows)
        elif rows:
            text = b",\n".join(msgspec.json.encode(row) for row in rows)
            yield text if first else b",\n" + text
            first = False
        cursor = page.next_cursor
        if cursor is None:
            break
    if form == Format.JSON:
        yield b"]\n"


def _csv_line(cells: Sequence[str]) -> bytes:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(cells)
    return line.getvalue().encode()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        if all(isinstance(item, str) and "|" not in item for item in value):
            return _escaped("|".join(value))
        # A semicolon in JSON stands in words alone, and can be written without itself.
        return msgspec.json.encode(value).decode().replace(";", "\\u003b")
    return _escaped(value) if isinstance(value, str) else str(value)


# A spreadsheet would take a cell that begins so for a formula, and its words may be a stranger's.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
# One that separates with semicolons or tabs, or minds no quotes, begins a cell within our cell.
_WITHIN = re.compile(r"(?<=[;\t\r\n])(\s*)('*[=+\-@])")
_WITHIN_ESCAPED = re.compile(r"(?<=[;\t\r\n])(\s*)'('*[=+\-@])")


def _escaped(cell: str) -> str:
    cell = "'" + cell if cell.startswith((*_FORMULA, "'")) else cell
    return _WITHIN.sub(r"\1'\2", cell)


def _unescaped(cell: str) -> str:
    cell = _WITHIN_ESCAPED.sub(r"\1\2", cell)
    return cell[1:] if cell.startswith("'") and cell[1:].startswith((*_FORMULA, "'")) else cell
