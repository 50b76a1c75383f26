"""A table and an event for tests: a shelf of books."""

from sqlalchemy import BigInteger, Column, Connection, Table, Text

from currant.db.commits import delete_from, insert_into, update, upsert
from currant.db.tables import metadata
from currant.kit.event import Event

books = Table(
    "test_books",
    metadata,
    Column("title", Text, primary_key=True),
    Column("copies", BigInteger, nullable=False),
    Column("remark", Text, nullable=False),
)

add = insert_into(books, "title", "copies", "remark")
put = upsert(books, "title", "copies", "remark", key=("title",), keep=("remark",))
change = update(books, set=("copies",), where=("title",))
drop = delete_from(books, where=("title",))


class Shelved(Event):
    book: str


class Lent(Event):
    book: str


def book(title: str, copies: int) -> tuple[str, int, str]:
    return title, copies, ""


def all_books(connection: Connection) -> dict[str, int]:
    return {row.title: row.copies for row in connection.execute(books.select())}
