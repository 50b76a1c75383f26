"""The two databases, and what differs between them; everything else in this package is the same.

Drivers are kept in autocommit and transactions are begun in words, because Python's sqlite3
otherwise begins and ends them at moments of its own choosing.
"""

import fcntl
import os
import sqlite3
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

import psycopg
from psycopg.types.numeric import Int8Dumper
from sqlalchemy import Connection, Dialect, Engine, create_engine, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.pool import NullPool

from currant.db.commits import Row, Write
from currant.kit.errors import StoreUnavailable

# How long a statement may wait for somebody else's lock before the store counts as unavailable.
LOCK_WAIT_SECONDS = 2.0
CONNECT_SECONDS = 3
STATEMENT_SECONDS = 30
# What must be free on SQLite's disk before a store that was away is trusted again.
ROOM_TO_RECOVER = 4_000_000

# The lock under which journal rows get their positions, and the one under which a schema changes.
_JOURNAL_LOCK = 0x43555252_0001
_SCHEMA_LOCK = 0x43555252_0002

# sqlite3 lets go of the interpreter with every statement, and a busy event loop gives it back
# late (see SWITCH_SECONDS in `engine`): so many rows, in powers of two, go into one statement.
_ROWS_AT_ONCE = 64


class Backend(Protocol):
    dialect: Dialect
    # Whether decisions share the writer's transaction, because there can be only one writer.
    one_writer: bool
    begin: str
    begin_decision: str
    begin_read: str

    def connect(self, *, read_only: bool = False) -> Connection: ...

    def connect_for_schema(self) -> Connection: ...

    def lock_schema(self, connection: Connection) -> None: ...

    def run(self, cursor: Any, write: Write, rows: Sequence[Row]) -> None: ...

    def lock_journal(self, cursor: Any) -> None: ...

    def last_position(self, cursor: Any) -> int: ...

    def check_alive(self) -> None: ...

    def check_room(self) -> None: ...

    def hold(self, connection: Connection, name: str) -> bool: ...

    def close(self) -> None: ...


def backend_for(url: str) -> "SQLite | PostgreSQL":
    """The backend of a database's address; ValueError with advice when it is neither."""
    kind = url.split(":", 1)[0].split("+", 1)[0]
    if kind == "sqlite":
        path = make_url(url).database
        if not path or path == ":memory:":
            raise ValueError("SQLite needs a file: use sqlite:///path/to/currant.sqlite.")
        return SQLite(Path(path))
    if kind in ("postgresql", "postgres"):
        return PostgreSQL(url)
    raise ValueError(f"The database's address must begin with sqlite:/// or postgresql://, not {kind}:.")


class SQLite:
    """The embedded database: one file, one writer, many readers."""

    one_writer = True
    begin = "BEGIN IMMEDIATE"
    begin_decision = "BEGIN IMMEDIATE"
    begin_read = "BEGIN"

    def __init__(self, path: Path) -> None:
        self.path = path
        self.dialect: Dialect = sqlite.dialect()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._in_use = lock_file(path)
        try:
            fcntl.flock(self._in_use, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._in_use)
            raise StoreUnavailable(
                f"A backup is being restored into {path}. Wait until it is done."
            ) from error
        if not path.exists():
            # Readable by its user alone: it holds people's names and stations' keys.
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        self._file = _identity(path)
        self._writing = self._engine(read_only=False)
        self._reading = self._engine(read_only=True)

    def connect(self, *, read_only: bool = False) -> Connection:
        if read_only:
            return self._reading.connect()
        self._file = _identity(self.path)
        if self._file is None:
            raise self._gone()
        return self._writing.connect()

    def connect_for_schema(self) -> Connection:
        connection = self._writing.connect()
        # A table is changed in SQLite by making it anew, which foreign keys would forbid.
        connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
        connection.exec_driver_sql("PRAGMA busy_timeout = 60000")
        return connection

    def lock_schema(self, connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    def run(self, cursor: Any, write: Write, rows: Sequence[Row]) -> None:
        if not write.many_values:
            cursor.executemany(write.sql(self.dialect), rows)
            return
        if set(map(len, rows)) != {write.width}:
            raise ValueError(f"A row for {write} does not have {write.width} values.")
        start, size = 0, _ROWS_AT_ONCE
        while start < len(rows):
            while start + size > len(rows):
                size //= 2
            some = rows[start : start + size]
            cursor.execute(write.sql(self.dialect, size), tuple(chain.from_iterable(some)))
            start += size

    def lock_journal(self, cursor: Any) -> None:
        """Nothing to do: whoever writes at all is alone."""

    def last_position(self, cursor: Any) -> int:
        return int(cursor.execute("SELECT last_insert_rowid()").fetchone()[0])

    def check_alive(self) -> None:
        """A file that was removed or replaced still takes writes on Linux, and keeps none of them."""
        if _identity(self.path) != self._file:
            raise self._gone()

    def _gone(self) -> StoreUnavailable:
        return StoreUnavailable(
            f"The database file {self.path} was removed or replaced. Put it back; Currant goes on by itself."
        )

    def check_room(self) -> None:
        """A full disk may have room for one small probe; it is well again when there is room to work."""
        disk = os.statvfs(self.path)
        if disk.f_bavail * disk.f_frsize < ROOM_TO_RECOVER:
            raise StoreUnavailable(
                "The disk that holds the database is full. Free some space; Currant goes on by itself."
            )

    def hold(self, connection: Connection, name: str) -> bool:
        return True

    def close(self) -> None:
        self._writing.dispose()
        self._reading.dispose()
        os.close(self._in_use)

    def _engine(self, *, read_only: bool) -> Engine:
        # mode=rw: a connection must never make a new, empty file in the place of a lost one.
        address = f"file:{quote(str(self.path))}?mode=rw"

        def connect() -> sqlite3.Connection:
            return sqlite3.connect(
                address,
                uri=True,
                timeout=LOCK_WAIT_SECONDS,
                isolation_level=None,
                check_same_thread=False,
                cached_statements=512,
            )

        engine = create_engine("sqlite://", creator=connect, poolclass=NullPool, isolation_level="AUTOCOMMIT")

        @event.listens_for(engine, "connect")
        def prepare(connection: sqlite3.Connection, _: object) -> None:
            for pragma in (
                "journal_mode = WAL",
                "synchronous = FULL",
                "foreign_keys = ON",
                # Kilobytes of cache. No memory map: a disk error in one kills the process.
                f"cache_size = {-8000 if read_only else -16000}",
                "temp_store = MEMORY",
                # 8 MB of log before it is folded into the file, and no more than 64 MB kept of it.
                "wal_autocheckpoint = 2000",
                "journal_size_limit = 67108864",
                f"query_only = {'ON' if read_only else 'OFF'}",
            ):
                connection.execute(f"PRAGMA {pragma}")

        return engine


class PostgreSQL:
    """The database for more than one node, or more than one machine's worth of readings."""

    one_writer = False
    # Commits are blind writes, so each of them fits before or after any decision; decisions look
    # before they write and must not miss each other.
    begin = "BEGIN ISOLATION LEVEL READ COMMITTED"
    begin_decision = "BEGIN ISOLATION LEVEL SERIALIZABLE"
    begin_read = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

    def __init__(self, url: str) -> None:
        self.dialect: Dialect = postgresql.psycopg.dialect(paramstyle="format")  # type: ignore[no-untyped-call]
        self.url = make_url(url).set(drivername="postgresql+psycopg")
        self._engine = create_engine(
            self.url,
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
            connect_args={
                "connect_timeout": CONNECT_SECONDS,
                "application_name": "currant",
                "keepalives_idle": 5,
                "keepalives_interval": 2,
                "keepalives_count": 3,
                "tcp_user_timeout": 10_000,
                "options": f"-c lock_timeout={int(LOCK_WAIT_SECONDS * 1000)}"
                f" -c statement_timeout={STATEMENT_SECONDS * 1000}"
                " -c idle_in_transaction_session_timeout=60000 -c timezone=UTC",
            },
        )

        @event.listens_for(self._engine, "connect")
        def prepare(connection: psycopg.Connection[Any], _: object) -> None:
            # One width for all integers: otherwise each mixture of small and large ones is
            # another statement to prepare.
            connection.adapters.register_dumper(int, Int8Dumper)

    def connect(self, *, read_only: bool = False) -> Connection:
        return self._engine.connect()

    def connect_for_schema(self) -> Connection:
        connection = self._engine.connect()
        connection.exec_driver_sql("SET lock_timeout = '60s'")
        connection.exec_driver_sql("SET statement_timeout = 0")
        return connection

    def lock_schema(self, connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_SCHEMA_LOCK})")

    def run(self, cursor: Any, write: Write, rows: Sequence[Row]) -> None:
        if write.copied_columns is None or len(rows) < 4:
            if len(rows) == 1:
                cursor.execute(write.sql(self.dialect), rows[0])
            else:
                cursor.executemany(write.sql(self.dialect), rows)
            return
        quote_name = self.dialect.identifier_preparer.quote
        columns = ", ".join(map(quote_name, write.copied_columns))
        table = self.dialect.identifier_preparer.format_table(write.table)
        with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)

    def lock_journal(self, cursor: Any) -> None:
        """From here to the commit nobody else gets a position, so positions ascend in commit order.

        A reader that has seen a row has thus seen every row before it. Taken last in a
        transaction: who holds it waits for nobody, and it cannot be part of a deadlock.
        """
        cursor.execute(f"SELECT pg_advisory_xact_lock({_JOURNAL_LOCK})")

    def last_position(self, cursor: Any) -> int:
        return int(cursor.execute("SELECT lastval()").fetchone()[0])

    def check_alive(self) -> None:
        """Nothing to do: a server that is gone says so."""

    def check_room(self) -> None:
        """Nothing to do: the server's disk is out of our sight."""

    def hold(self, connection: Connection, name: str) -> bool:
        """Take the named lock, or check that this connection still has it."""
        held = connection.exec_driver_sql(
            "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND granted"
            " AND ((classid::bigint << 32) | objid::bigint) = hashtextextended(%s, 7)",
            (name,),
        ).scalar()
        if held:
            return True
        return bool(
            connection.exec_driver_sql(
                "SELECT pg_try_advisory_lock(hashtextextended(%s, 7))", (name,)
            ).scalar()
        )

    def close(self) -> None:
        self._engine.dispose()


def lock_file(path: Path) -> int:
    """A handle on the file that processes lock to say that they use this SQLite database."""
    return os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino
