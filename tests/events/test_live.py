"""Screens see the latest state of everything, and a slow one slows nobody."""

import asyncio

import pytest

from currant.events import live
from currant.events.live import Change, LiveFeed, TooManyReaders
from currant.kit.ids import TenantId

MINE, THEIRS = TenantId("mine"), TenantId("theirs")


async def take(reader: live.Reader, count: int) -> list[Change]:
    async with asyncio.timeout(30):
        return [await anext(reader) for _ in range(count)]


async def test_a_reader_sees_its_own_tenant_only() -> None:
    feed = LiveFeed()
    async with feed.subscribe(MINE) as reader:
        feed.publish(THEIRS, "status", "faulted", key="s1")
        feed.publish(MINE, "status", "charging", key="s2")
        assert await take(reader, 1) == [Change(kind="status", key="s2", payload="charging")]


async def test_a_slow_reader_gets_the_latest_state_of_each_thing() -> None:
    feed = LiveFeed()
    async with feed.subscribe(MINE) as reader:
        for power in range(1_000):
            feed.publish(MINE, "power", power, key=f"s{power % 2}")
        assert [(change.key, change.payload) for change in await take(reader, 2)] == [
            ("s0", 998),
            ("s1", 999),
        ]


async def test_a_reader_sees_only_what_it_wants() -> None:
    feed = LiveFeed()
    async with feed.subscribe(MINE, lambda change: change.key == "s1") as reader:
        feed.publish(MINE, "status", 1, key="s2")
        feed.publish(MINE, "status", 2, key="s1")
        assert [change.payload for change in await take(reader, 1)] == [2]


async def test_a_reader_that_missed_changes_is_told_how_many() -> None:
    feed = LiveFeed()
    async with feed.subscribe(MINE) as reader:
        for number in range(live.WAITING_MAX + 3):
            feed.publish(MINE, "status", number, key=str(number))
        first = (await take(reader, 1))[0]
        assert (first.payload, first.missed) == (3, 3)
        assert (await take(reader, 1))[0].missed == 0


async def test_a_waiting_reader_is_woken_by_a_change() -> None:
    feed = LiveFeed()
    async with feed.subscribe(MINE) as reader:
        waiting = asyncio.ensure_future(take(reader, 1))
        await asyncio.sleep(0)
        feed.publish(MINE, "status", "charging", key="s1")
        assert [change.payload for change in await waiting] == ["charging"]


async def test_closing_ends_the_iteration_and_leaves_nothing_behind() -> None:
    feed = LiveFeed()
    reader = feed.subscribe(MINE)
    assert feed.watched(MINE)

    async def read_all() -> list[Change]:
        return [change async for change in reader]

    reading = asyncio.ensure_future(read_all())
    await asyncio.sleep(0)
    reader.close()
    assert await reading == []
    assert not feed.watched(MINE)


async def test_there_is_a_limit_to_readers() -> None:
    feed = LiveFeed()
    readers = [feed.subscribe(MINE) for _ in range(live.READERS_MAX)]
    with pytest.raises(TooManyReaders):
        feed.subscribe(THEIRS)
    readers[0].close()
    readers[0].close()
    feed.subscribe(THEIRS).close()
