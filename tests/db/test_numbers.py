"""Numbers are short, ascend, and never come twice, whatever restarts in between."""

import asyncio

import pytest

from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.db.numbers import NUMBER_MAX, Numbers, NumbersExhausted, lease
from currant.kit.errors import StoreUnavailable
from currant.kit.ids import TenantId
from services import fresh_database


async def test_numbers_ascend_from_one_while_blocks_are_leased_ahead(database: Database) -> None:
    numbers = Numbers(database, block=10)
    await numbers.prepare("session")
    taken = []
    for _ in range(95):
        taken.append(await numbers.next("session"))
    assert taken == list(range(1, 96))


async def test_a_burst_waits_for_the_next_block_instead_of_failing(database: Database) -> None:
    numbers = Numbers(database, block=5)
    taken = await asyncio.gather(*(numbers.next("session") for _ in range(40)))
    assert sorted(taken) == list(range(1, 41))


async def test_a_restart_never_repeats_a_number(database_url: str) -> None:
    taken: list[int] = []
    for _ in range(3):
        database = fresh_database(database_url)
        numbers = Numbers(database, block=10)
        await numbers.prepare("session")
        taken += [numbers.take("session") for _ in range(7)]
        await database.close()
    assert len(set(taken)) == len(taken) == 21
    assert taken == sorted(taken)


async def test_two_nodes_never_give_the_same_number(database: Database) -> None:
    one, other = Numbers(database, block=5), Numbers(database, block=5)
    await asyncio.gather(one.prepare("session"), other.prepare("session"))
    taken = []
    for _ in range(40):
        taken += [one.take("session"), other.take("session")]
        await asyncio.gather(one.prepare("session"), other.prepare("session"))
        await asyncio.sleep(0.01)
    assert len(set(taken)) == 80


async def test_without_leased_numbers_taking_one_is_refused_and_leases_more(
    sqlite_database: Database,
) -> None:
    numbers = Numbers(sqlite_database, block=3)
    await numbers.prepare("session")
    for _ in range(3):
        numbers.take("session")
    with pytest.raises(StoreUnavailable):
        numbers.take("session")
    await numbers.prepare("session")
    assert numbers.take("session") == 4


async def test_names_count_by_themselves(sqlite_database: Database) -> None:
    numbers = Numbers(sqlite_database)
    await asyncio.gather(numbers.prepare("a"), numbers.prepare("b"))
    assert [numbers.take("a"), numbers.take("a"), numbers.take("b")] == [1, 2, 1]


async def test_the_last_number_fits_32_bits(sqlite_database: Database) -> None:
    changes = ChangeSet(TenantId("t1"))
    changes.write(lease, ("session", NUMBER_MAX - 1))
    await sqlite_database.commit(changes)
    numbers = Numbers(sqlite_database)
    await numbers.prepare("session")
    assert [numbers.take("session"), numbers.take("session")] == [2**31 - 2, 2**31 - 1]
    with pytest.raises(NumbersExhausted):
        await numbers.prepare("session")
