"""Copies of the whole database that are complete and consistent, made while it is in use, and put back.

SQLite is copied page by page by its own backup interface and the copy is checked before it gets
its name. For PostgreSQL its own `pg_dump` and `pg_restore` do the work.
"""

import fcntl
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import URL, make_url

from currant.db.backends import lock_file
from currant.kit.errors import CurrantError

# Pages copied before the writer gets its turn again, and how long it is given.
PAGES_AT_ONCE = 2_000
PAUSE_SECONDS = 0.005

Progress = Callable[[int, int], None]


class BackupFailed(CurrantError):
    """A backup or restore was not done; the message says why and what to do."""

    code = "backup_failed"
    status = 500


def back_up(url: str, to: Path, *, progress: Progress | None = None) -> None:
    """Copy the database at `url` into the new file `to`, readable by its user alone.

    `progress` is told how many pages remain and how many there are (SQLite only).
    """
    if to.exists():
        raise BackupFailed(f"{to} exists already: choose another name, or move it away.")
    to.parent.mkdir(parents=True, exist_ok=True)
    partial = to.with_name(to.name + ".partial")
    # Made first, so that what it will hold is never readable by others.
    os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    try:
        if _is_sqlite(url):
            _copy_sqlite(_path(url), partial, progress)
        else:
            _run("pg_dump", "--format=custom", "--no-owner", "--file", str(partial), url=url)
        _make_durable(partial)
        os.replace(partial, to)
        _make_durable(to.parent)
    finally:
        partial.unlink(missing_ok=True)


def restore(url: str, source: Path, *, force: bool = False) -> None:
    """Put the backup `source` in the place of the database at `url`.

    Refused while Currant uses that database; with `force` an existing one is overwritten.
    """
    if not source.is_file():
        raise BackupFailed(f"There is no backup at {source}.")
    if _is_sqlite(url):
        _restore_sqlite(source, _path(url), force=force)
    else:
        _restore_postgresql(url, source, force=force)


def _restore_sqlite(source: Path, to: Path, *, force: bool) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    handle = lock_file(to)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise BackupFailed(f"{to} is in use: stop Currant first.") from error
        if to.exists() and to.stat().st_size > 0 and not force:
            raise BackupFailed(f"{to} exists already: move it away, or say --force to overwrite it.")
        partial = to.with_name(to.name + ".partial")
        os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        try:
            _copy_sqlite(source, partial, None)
            _make_durable(partial)
            # A log left by the old file would be replayed into the new one.
            for rest in ("-wal", "-shm"):
                to.with_name(to.name + rest).unlink(missing_ok=True)
            os.replace(partial, to)
            _make_durable(to.parent)
        finally:
            partial.unlink(missing_ok=True)
    finally:
        os.close(handle)


def _restore_postgresql(url: str, source: Path, *, force: bool) -> None:
    in_use = _run(
        "psql",
        *("--no-psqlrc", "--tuples-only", "--no-align", "--command"),
        "SELECT (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND application_name = 'currant'), (SELECT count(*) FROM pg_tables WHERE schemaname = 'public')",
        url=url,
    )
    users, tables = (int(number) for number in in_use.strip().split("|"))
    if users:
        raise BackupFailed("The database is in use: stop every node of Currant first.")
    if tables and not force:
        raise BackupFailed("The database is not empty: create a new one, or say --force to overwrite it.")
    options = ["--no-owner", "--exit-on-error", "--single-transaction"]
    if tables:
        options += ["--clean", "--if-exists"]
    _run("pg_restore", *options, str(source), url=url)


def _copy_sqlite(source: Path, to: Path, progress: Progress | None) -> None:
    def report(_: int, remaining: int, total: int) -> None:
        if progress is not None:
            progress(remaining, total)

    try:
        # mode=rw, not ro: whoever reads a file that has a write-ahead log takes part in its locks.
        with (
            closing(sqlite3.connect(f"file:{quote(str(source))}?mode=rw", uri=True, timeout=30)) as original,
            closing(sqlite3.connect(to)) as copy,
        ):
            original.execute("PRAGMA query_only = ON")
            original.backup(copy, pages=PAGES_AT_ONCE, progress=report, sleep=PAUSE_SECONDS)
            copy.execute("PRAGMA journal_mode = DELETE")
            damage = copy.execute("PRAGMA integrity_check(1)").fetchone()[0]
    except sqlite3.Error as error:
        raise BackupFailed(f"{source} could not be copied to {to}: {error}.") from error
    if damage != "ok":
        raise BackupFailed(f"The copy of {source} is damaged: {damage}.")


def _run(program: str, *arguments: str, url: str) -> str:
    found = shutil.which(program)
    if found is None:
        raise BackupFailed(
            f"`{program}` is not in PATH: install PostgreSQL's client programs (postgresql-client)."
        )
    address = make_url(url)
    # The password goes through the environment: everybody on the machine can read arguments.
    environment = dict(os.environ)
    if address.password:
        environment["PGPASSWORD"] = str(address.password)
    try:
        done = subprocess.run(
            [found, f"--dbname={_without_password(address)}", *arguments],
            capture_output=True,
            text=True,
            env=environment,
            check=False,
        )
    except OSError as error:
        raise BackupFailed(f"`{program}` did not start: {error}.") from error
    if done.returncode != 0:
        raise BackupFailed(f"`{program}` failed: {done.stderr.strip()[-1000:]}")
    return done.stdout


def _without_password(address: URL) -> str:
    plain = URL.create(
        "postgresql",
        username=address.username,
        host=address.host,
        port=address.port,
        database=address.database,
        query=address.query,
    )
    return plain.render_as_string(hide_password=False)


def _make_durable(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _is_sqlite(url: str) -> bool:
    return url.startswith("sqlite")


def _path(url: str) -> Path:
    path = make_url(url).database
    if not path:
        raise BackupFailed("SQLite needs a file: use sqlite:///path/to/currant.sqlite.")
    return Path(path)
