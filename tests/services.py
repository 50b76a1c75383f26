"""Real services for tests: a private PostgreSQL on a free loopback port, and new databases on either kind.

Servers live in a temporary folder, keep fsync on, and end with the test process even when that is killed.
Tables are made once for each set of stores; every further database is a copy of that one.
"""

import ctypes
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from glob import glob
from pathlib import Path
from uuid import uuid4

import psycopg

from currant.db import migrating
from currant.db.backends import backend_for
from currant.db.engine import Database, Limits
from currant.db.tables import load_own, metadata
from currant.kit.clock import Clock, SystemClock

_PR_SET_PDEATHSIG = 1


class PostgresServer:
    """A PostgreSQL of our own, on loopback, with trust for its superuser `postgres`."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="currant-postgresql-"))
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._templates: dict[frozenset[str], str] = {}
        # PostgreSQL refuses to run as root.
        self._user = "postgres" if os.getuid() == 0 else None
        if self._user is not None:
            account = pwd.getpwnam(self._user)
            os.chown(self.folder, account.pw_uid, account.pw_gid)
        subprocess.run(
            [
                _program("initdb"),
                "-D",
                self._data,
                "-U",
                "postgres",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--locale=C",
            ],
            check=True,
            capture_output=True,
            user=self._user,
            cwd=self.folder,
        )
        self.start()

    @property
    def _data(self) -> str:
        return str(self.folder / "data")

    def url(self, name: str = "postgres") -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{name}"

    def start(self) -> None:
        log = (self.folder / "log").open("ab")
        self._process = subprocess.Popen(
            [
                *(_program("postgres"), "-D", self._data, "-h", "127.0.0.1", "-p", str(self.port)),
                *("-k", str(self.folder), "-c", "shared_buffers=32MB", "-c", "max_connections=200"),
                # It would walk round hundreds of databases that live for a second each.
                *("-c", "autovacuum=off"),
            ],
            stdout=log,
            stderr=log,
            user=self._user,
            cwd=self.folder,
            preexec_fn=_end_with_parent,
        )
        log.close()
        self._wait_until_ready()

    def stop(self, *, kill: bool = False) -> None:
        """Shut down fast but orderly, or at once with `kill`."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT if kill else signal.SIGINT)
            self._process.wait(30)
            self._process = None

    def new_database(self) -> str:
        """The address of a new, empty database."""
        return self._create()

    def new_tables(self) -> str:
        """The address of a new database with the tables of every store imported so far."""
        wanted = _tables()
        if wanted not in self._templates:
            address = self._create()
            _make_tables(address)
            self._templates[wanted] = address.rpartition("/")[2]
        address = self._create(self._templates[wanted])
        _copies[address] = wanted
        return address

    def _create(self, template: str = "") -> str:
        name = f"test_{uuid4().hex}"
        copied = f" TEMPLATE {template}" if template else ""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}{copied}".encode())
        return self.url(name)

    def close(self) -> None:
        self.stop(kill=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _wait_until_ready(self) -> None:
        until = time.monotonic() + 30
        while True:
            try:
                psycopg.connect(self.url(), connect_timeout=2).close()
                return
            except psycopg.OperationalError:
                assert self._process is not None
                if self._process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError((self.folder / "log").read_text()[-2000:]) from None
                time.sleep(0.05)


def postgres_server() -> PostgresServer:
    """Start a private PostgreSQL; call `close` when done (the fixture `postgres` does)."""
    return PostgresServer()


def fresh_database(
    where: Path | str, *, clock: Clock | None = None, limits: Limits | None = None
) -> Database:
    """A database with the tables of every store imported so far; `where` is a file's path or an address."""
    url = address(where)
    path = Path(url.removeprefix("sqlite:///"))
    if url.startswith("sqlite:///") and not path.exists():
        copy_of_tables(path)
        _copies[url] = _tables()
    if _copies.pop(url, None) == _tables():
        return Database(backend_for(url), clock or SystemClock(), limits or Limits())
    return Database.open(url, clock=clock, limits=limits, create_all=True)


def copy_of_tables(path: Path) -> None:
    """Make this SQLite file, with the tables of every store imported so far."""
    wanted = _tables()
    if wanted not in _sqlite_templates:
        with tempfile.TemporaryDirectory(prefix="currant-tables-") as folder:
            made = Path(folder) / "tables.sqlite"
            _make_tables(address(made))
            _sqlite_templates[wanted] = made.read_bytes()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_bytes(_sqlite_templates[wanted])


# Copies that nobody has opened yet: they need not be asked whether all tables are there.
_copies: dict[str, frozenset[str]] = {}
_sqlite_templates: dict[frozenset[str], bytes] = {}


def _tables() -> frozenset[str]:
    load_own()
    return frozenset(metadata.tables)


def _make_tables(url: str) -> None:
    backend = backend_for(url)
    try:
        migrating.prepare(backend, create_all=True)
    finally:
        backend.close()


def address(where: Path | str) -> str:
    return f"sqlite:///{where}" if isinstance(where, Path) or "://" not in where else where


def free_port() -> int:
    """A port that nobody listens at, from below those that connections and servers are given by chance."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


def _program(name: str) -> str:
    # Debian keeps the server's programs out of PATH.
    places = [shutil.which(name), *sorted(glob(f"/usr/lib/postgresql/*/bin/{name}"), reverse=True)]
    for place in places:
        if place:
            return place
    raise RuntimeError(f"The tests need PostgreSQL's `{name}`: install the package postgresql.")


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGQUIT)
