"""Many change sets are one transaction: what the fsyncs are counted by, and a loop that never rests."""

import asyncio
import time
from pathlib import Path

from shelf import all_books, put

from currant.db.commits import ChangeSet
from currant.kit.ids import TenantId
from services import fresh_database

TENANT = TenantId("t1")


def changes_of(title: str) -> ChangeSet:
    changes = ChangeSet(TENANT)
    changes.write(put, (title, 1, ""))
    return changes


async def test_a_crowd_shares_transactions_and_a_lonely_one_does_not_wait(tmp_path: Path) -> None:
    database = fresh_database(tmp_path / "currant.sqlite")

    async def station(name: int) -> None:
        for number in range(20):
            await database.commit(changes_of(f"{name}/{number}"))

    await asyncio.gather(*(station(name) for name in range(100)))
    # Each station waits for its own, so 20 rounds are the least; stragglers make some more.
    assert 20 <= database.health.batches <= 60
    assert database.health.commits == 2_000

    await database.commit(changes_of("one"))
    began = time.perf_counter()
    for number in range(20):
        await database.commit(changes_of(f"alone {number}"))
    assert time.perf_counter() - began < 2
    assert len(await database.read(all_books)) == 2_021
    await database.close()


async def test_a_busy_loop_does_not_starve_the_writer(tmp_path: Path) -> None:
    database = fresh_database(tmp_path / "currant.sqlite")
    futures = [database.commit(changes_of(str(number))) for number in range(500)]
    began = time.perf_counter()
    while not futures[-1].done():
        busy_until = time.perf_counter() + 0.002
        while time.perf_counter() < busy_until:
            sum(range(200))
        await asyncio.sleep(0)
        assert time.perf_counter() - began < 5, "500 rows took more than 5 s beside a busy loop"
    await database.close()
