"""A full disk, a locked or vanished database: no false acknowledgement, a plain word, and back by itself."""

import asyncio
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from shelf import add, all_books, book

from currant.db.commits import ChangeSet
from currant.db.engine import Database, Limits
from currant.kit.errors import StoreUnavailable
from currant.kit.ids import TenantId
from services import PostgresServer, fresh_database

TENANT = TenantId("t1")


def changes_of(title: str, remark: str = "") -> ChangeSet:
    changes = ChangeSet(TENANT)
    changes.write(add, (title, 1, remark))
    return changes


async def healthy_again(database: Database) -> None:
    async with asyncio.timeout(30):
        while not database.health.ok:
            await asyncio.sleep(0.05)


async def fill_until_refused(database: Database) -> set[str]:
    """Commit large rows until the store refuses; returns what it acknowledged."""
    acknowledged: set[str] = set()
    for number in range(10_000):
        try:
            await database.commit(changes_of(str(number), "x" * 100_000))
        except StoreUnavailable:
            return acknowledged
        acknowledged.add(str(number))
    raise AssertionError("The disk never became full.")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 48 MB of its own, or a limit on the size of files when we may not mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", str(folder)], check=False, capture_output=True
    )
    if mounted.returncode != 0:
        pytest.skip("Mounting a small disk needs root; the limit on a file's size is tested beside this.")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


async def test_a_full_disk_acknowledges_nothing_and_recovers(small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * 30_000_000)
    database = fresh_database(small_disk / "currant.sqlite")
    acknowledged = await fill_until_refused(database)
    assert not database.health.ok
    assert "disk that holds the database is full" in (database.health.problem or "")
    assert database.health.since is not None
    assert set(await database.read(all_books)) == acknowledged

    ballast.unlink()
    await healthy_again(database)
    await database.commit(changes_of("after"))
    assert set(await database.read(all_books)) == acknowledged | {"after"}
    await database.close()


async def test_a_file_at_its_limit_acknowledges_nothing_and_recovers(tmp_path: Path) -> None:
    database = fresh_database(tmp_path / "currant.sqlite")
    await database.commit(changes_of("first"))
    await limit_pages(database, 60)
    acknowledged = {"first"} | await fill_until_refused(database)
    assert "is full" in (database.health.problem or "")
    await healthy_again(database)  # a new connection has the usual limit again
    await database.commit(changes_of("after"))
    assert set(await database.read(all_books)) == acknowledged | {"after"}
    await database.close()


async def limit_pages(database: Database, pages: int) -> None:
    await database.decide(lambda c, _: c.exec_driver_sql(f"PRAGMA max_page_count = {pages}").scalar(), TENANT)


async def test_a_locked_database_is_refused_in_bounded_time_and_recovers(tmp_path: Path) -> None:
    path = tmp_path / "currant.sqlite"
    database = fresh_database(path)
    await database.commit(changes_of("before"))
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD_LOCK, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    holder.stdout.readline()
    began = time.monotonic()
    with pytest.raises(StoreUnavailable, match="locked"):
        await database.commit(changes_of("refused"))
    assert time.monotonic() - began < 5
    assert "locked" in (database.health.problem or "")
    assert set(await database.read(all_books)) == {"before"}, "Reading goes on while somebody else writes."

    began = time.monotonic()
    with pytest.raises(StoreUnavailable):
        await database.commit(changes_of("refused at once"))
    assert time.monotonic() - began < 3
    holder.communicate(b"\n")
    await healthy_again(database)
    await database.commit(changes_of("after"))
    assert set(await database.read(all_books)) == {"before", "after"}
    await database.close()


HOLD_LOCK = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""


async def test_a_removed_file_takes_no_more_facts_until_it_is_back(tmp_path: Path) -> None:
    path = tmp_path / "currant.sqlite"
    database = fresh_database(path)
    await database.commit(changes_of("before"))
    away = tmp_path / "away"
    away.mkdir()
    names = [
        name for name in os.listdir(tmp_path) if name.startswith("currant.sqlite") and "lock" not in name
    ]
    for name in names:
        (tmp_path / name).rename(away / name)
    with pytest.raises(StoreUnavailable, match="removed or replaced"):
        await database.commit(changes_of("lost"))
    assert not database.health.ok
    await asyncio.sleep(0.6)
    assert not path.exists(), "No new, empty database may take the place of the lost one."
    for name in names:
        (away / name).rename(tmp_path / name)
    await healthy_again(database)
    await database.commit(changes_of("after"))
    assert {"before", "after"} <= set(await database.read(all_books))
    await database.close()


async def test_a_vanished_postgresql_acknowledges_nothing_and_recovers() -> None:
    server = PostgresServer()
    try:
        database = fresh_database(server.new_tables())
        await database.commit(changes_of("before"))
        assert await database.decide(lambda c, _: len(all_books(c)), TENANT) == 1

        server.stop(kill=True)
        with pytest.raises(StoreUnavailable):
            await database.commit(changes_of("refused"))
        assert not database.health.ok
        assert "PostgreSQL" in (database.health.problem or "")
        with pytest.raises(StoreUnavailable):
            await database.read(all_books)
        with pytest.raises(StoreUnavailable):
            await database.decide(lambda c, _: all_books(c), TENANT)
        database.note(add, book("noted meanwhile", 1))

        server.start()
        await healthy_again(database)
        await database.commit(changes_of("after"))
        async with asyncio.timeout(30):
            while len(await database.read(all_books)) < 3:
                await asyncio.sleep(0.05)
        assert set(await database.read(all_books)) == {"before", "noted meanwhile", "after"}
        await database.close()
    finally:
        server.close()


async def test_commits_under_load_while_postgresql_is_killed_are_kept_or_refused() -> None:
    server = PostgresServer()
    try:
        database = fresh_database(server.new_tables())
        acknowledged: set[str] = set()

        async def station(name: int) -> None:
            for number in range(10_000):
                title = f"{name}/{number}"
                with suppress(StoreUnavailable):
                    await database.commit(changes_of(title))
                    acknowledged.add(title)
                if stop.is_set():
                    return
                await asyncio.sleep(0.001)

        stop = asyncio.Event()
        stations = [asyncio.ensure_future(station(name)) for name in range(20)]
        for _ in range(2):
            await asyncio.sleep(0.4)
            await asyncio.to_thread(server.stop, kill=True)
            await asyncio.sleep(0.2)
            await asyncio.to_thread(server.start)
            await healthy_again(database)
        await asyncio.sleep(0.3)
        stop.set()
        await asyncio.gather(*stations)
        kept = set(await database.read(all_books))
        assert len(acknowledged) > 100
        assert acknowledged <= kept
        await database.close()
    finally:
        server.close()


async def test_an_idle_database_notices_by_itself_that_it_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "currant.sqlite"
    database = fresh_database(path)
    await database.commit(changes_of("before"))
    path.unlink()
    async with asyncio.timeout(40):
        while database.health.ok:
            await asyncio.sleep(0.1)
    assert "removed" in (database.health.problem or "")
    await database.close()


async def test_what_comes_beyond_the_limit_is_refused_as_too_busy(tmp_path: Path) -> None:
    database = fresh_database(tmp_path / "currant.sqlite", limits=Limits(commits_waiting=10, notes_waiting=5))
    futures = [database.commit(changes_of(str(number))) for number in range(12)]
    for number in range(8):
        database.note(add, book(f"note {number}", 1))
    outcomes = await asyncio.gather(*futures, return_exceptions=True)
    assert outcomes[:10] == [None] * 10
    assert all(isinstance(outcome, StoreUnavailable) and "busy" in str(outcome) for outcome in outcomes[10:])
    assert database.health.notes_dropped == 3
    await database.close()
    kept = sqlite3.connect(tmp_path / "currant.sqlite").execute("SELECT title FROM test_books").fetchall()
    assert {title for (title,) in kept if title.startswith("note")} == {
        f"note {number}" for number in range(3, 8)
    }
