"""A backup made under traffic is whole, and comes back where nobody is at work."""

import asyncio
import stat
from pathlib import Path

import pytest
from shelf import Shelved, add, all_books, book, put

from currant.db import journal
from currant.db.backup import BackupFailed, back_up, restore
from currant.db.commits import ChangeSet
from currant.kit.clock import ManualClock
from currant.kit.ids import TenantId
from services import PostgresServer, fresh_database

TENANT = TenantId("t1")


def changes_of(title: str) -> ChangeSet:
    changes = ChangeSet(TENANT)
    changes.write(put, book(title, 1))
    changes.emit(Shelved(tenant_id=TENANT, happened_at=ManualClock().now(), book=title))
    return changes


async def test_a_backup_under_traffic_holds_all_that_was_acknowledged_before_it(
    database_url: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    database = fresh_database(database_url)
    for number in range(200):
        await database.commit(changes_of(f"before {number}"))
    copying = asyncio.create_task(asyncio.to_thread(back_up, database_url, tmp_path / "copy"))
    meanwhile = 0
    while not copying.done():
        await database.commit(changes_of(f"meanwhile {meanwhile}"))
        meanwhile += 1
    await copying
    await database.close()
    assert stat.S_IMODE((tmp_path / "copy").stat().st_mode) == 0o600

    target = f"sqlite:///{tmp_path}/restored/currant.sqlite"
    if database_url.startswith("postgresql"):
        server: PostgresServer = request.getfixturevalue("postgres")
        target = server.new_database()
    restore(target, tmp_path / "copy")
    restored = fresh_database(target)
    books = await restored.read(all_books)
    events = await restored.read(lambda c: journal.read_after(c, 0, limit=1_000_000))
    assert {f"before {number}" for number in range(200)} <= set(books)
    assert len(events) == len(books), "Rows and their events are copied at one moment."
    await restored.commit(changes_of("after"))
    await restored.close()


async def test_restoring_is_refused_while_the_database_is_in_use(database_url: str, tmp_path: Path) -> None:
    database = fresh_database(database_url)
    await database.commit(changes_of("a"))
    back_up(database_url, tmp_path / "copy")
    with pytest.raises(BackupFailed, match="in use"):
        restore(database_url, tmp_path / "copy", force=True)
    assert "a" in await database.read(all_books)
    await database.close()


async def test_an_existing_database_is_overwritten_only_by_force(database_url: str, tmp_path: Path) -> None:
    database = fresh_database(database_url)
    await database.commit(changes_of("a"))
    await asyncio.to_thread(back_up, database_url, tmp_path / "copy")
    await database.commit(changes_of("b"))
    await database.close()
    with pytest.raises(BackupFailed, match="--force"):
        restore(database_url, tmp_path / "copy")
    restore(database_url, tmp_path / "copy", force=True)
    database = fresh_database(database_url)
    assert set(await database.read(all_books)) == {"a"}
    await database.close()


async def test_a_backup_never_overwrites_a_file(database_url: str, tmp_path: Path) -> None:
    await fresh_database(database_url).close()
    (tmp_path / "copy").write_text("precious")
    with pytest.raises(BackupFailed, match="exists already"):
        back_up(database_url, tmp_path / "copy")
    assert (tmp_path / "copy").read_text() == "precious"


async def test_a_damaged_backup_is_refused_before_anything_is_replaced(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/currant.sqlite"
    database = fresh_database(url)
    changes = changes_of("a")
    changes.write(add, ("long", 1, "x" * 50_000))
    await database.commit(changes)
    await database.close()
    back_up(url, tmp_path / "copy")
    content = bytearray((tmp_path / "copy").read_bytes())
    content[4096 * 3 : 4096 * 4] = b"\xff" * 4096
    (tmp_path / "copy").write_bytes(content)
    with pytest.raises(BackupFailed):
        restore(url, tmp_path / "copy", force=True)
    database = fresh_database(url)
    assert set(await database.read(all_books)) == {"a", "long"}
    await database.close()
