"""The message log: recorded, found again, followed, trimmed."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from currant.kit.clock import micros
from currant.kit.errors import Invalid
from currant.kit.ids import StationId, TenantId
from currant.stations.messages import DROP_AT_ONCE, MessageLog

TENANT = TenantId("tenant-1")
ONE, TWO = StationId("station-1"), StationId("station-2")
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def record(
    network, *, station=ONE, action="Heartbeat", second=0, outcome="answered", request="{}", tenant=TENANT
):
    at = micros(NOW + timedelta(seconds=second))
    network.messages.record(
        tenant, station, at, "in", action, f"id-{second}", outcome, request, "{}", len(request), 2, 1_500
    )


async def written(network, count: int) -> None:
    """Wait until the log holds `count` messages: they are written unacknowledged."""
    for _ in range(200):
        if len((await network.messages.search(TENANT, limit=500)).items) >= count:
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"the log never held {count} messages")


async def test_an_exchange_is_found_again_with_all_its_facts(network):
    record(network, request='{"idTag":"ABC"}')
    await written(network, 1)
    (message,) = (await network.messages.search(TENANT, station_id=ONE)).items
    assert (message.at, message.direction, message.action, message.message_id) == (
        NOW,
        "in",
        "Heartbeat",
        "id-0",
    )
    assert (message.request, message.response) == ('{"idTag":"ABC"}', "{}")
    assert (message.request_bytes, message.response_bytes, message.latency_us) == (15, 2, 1_500)


async def test_the_log_is_searched_by_station_action_outcome_and_time(network):
    record(network, second=1)
    record(network, second=2, action="MeterValues", outcome="error:InternalError")
    record(network, second=3, station=TWO)
    record(network, second=4, tenant=TenantId("another"))
    await written(network, 3)

    async def found(**wanted) -> list[str]:
        return [message.message_id for message in (await network.messages.search(TENANT, **wanted)).items]

    assert await found() == ["id-3", "id-2", "id-1"]
    assert await found(station_id=ONE) == ["id-2", "id-1"]
    assert await found(action="MeterValues") == ["id-2"]
    assert await found(outcome="answered") == ["id-3", "id-1"]
    assert await found(outcome="error:") == ["id-2"]
    assert await found(direction="out") == []
    assert await found(since=NOW + timedelta(seconds=2), until=NOW + timedelta(seconds=3)) == ["id-2"]


@pytest.mark.parametrize("station_id", [ONE, None])
async def test_pages_of_the_log_hold_every_message_once(network, station_id):
    for second in range(25):
        record(network, second=second // 3)
    await written(network, 25)
    ids: list[int] = []
    cursor = None
    while True:
        page = await network.messages.search(TENANT, station_id=station_id, cursor=cursor, limit=4)
        ids += [message.id for message in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert len(ids) == len(set(ids)) == 25


async def test_a_search_for_what_is_rare_goes_on_in_steps(small):
    log = MessageLog(small.database, small.clock, looks_at=10)
    for second in range(35):
        record(small, second=second, action="Rare" if second in (3, 20) else "Heartbeat")
    await written(small, 35)
    found, steps, cursor = [], 0, None
    while True:
        page = await log.search(TENANT, action="Rare", cursor=cursor)
        found += [message.message_id for message in page.items]
        steps, cursor = steps + 1, page.next_cursor
        if cursor is None:
            break
    assert found == ["id-20", "id-3"]
    assert steps == 4


async def test_a_search_begins_near_the_time_that_was_asked_for(small):
    log = MessageLog(small.database, small.clock, looks_at=40)
    for hour in range(200):
        record(small, second=hour * 3_600)
    await written(small, 200)
    since, until = NOW + timedelta(hours=50), NOW + timedelta(hours=53)
    page = await log.search(TENANT, since=since, until=until)
    assert [message.at for message in page.items] == [NOW + timedelta(hours=hour) for hour in (52, 51, 50)]
    assert page.next_cursor is None


async def test_a_cursor_of_another_list_is_refused(small):
    for cursor in ("nonsense", "WyJhIl0", "WzEsMl0x"):
        with pytest.raises(Invalid):
            await small.messages.search(TENANT, cursor=cursor)


async def test_nul_characters_do_not_keep_a_message_out_of_any_store(network):
    record(network, request='{"idTag":"A\0B"}')
    await written(network, 1)
    (message,) = (await network.messages.search(TENANT)).items
    assert message.request == '{"idTag":"A␀B"}'


async def test_who_follows_a_station_sees_its_messages_and_nobody_elses(small):
    async with small.messages.follow(TENANT, station_id=ONE) as reader:
        record(small, second=1, station=TWO)
        record(small, second=2)
        record(small, second=2)
        record(small, second=3, tenant=TenantId("another"))
        seen = [(await anext(reader)).payload.message_id for _ in range(2)]
        assert seen == ["id-2", "id-2"]
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await anext(reader)


async def test_old_messages_are_dropped_and_newer_ones_kept(network):
    for second in (0, 1, 7_200, 7_201):
        record(network, second=second)
    await written(network, 4)
    network.clock.advance(timedelta(hours=3))
    assert await network.messages.trim(keep_for=timedelta(hours=2), keep_bytes=None) == 2
    left = (await network.messages.search(TENANT)).items
    assert [message.message_id for message in left] == ["id-7201", "id-7200"]


async def test_the_log_keeps_to_its_size(network):
    for second in range(100):
        record(network, second=second, request="x" * 9_750)
    await written(network, 100)
    dropped = await network.messages.trim(keep_for=None, keep_bytes=400_000)
    left = (await network.messages.search(TENANT, limit=500)).items
    assert dropped + len(left) == 100
    assert 35 <= len(left) <= 40
    assert left[0].message_id == "id-99", "the newest stay"
    assert await network.messages.trim(keep_for=None, keep_bytes=400_000) == 0


async def test_more_than_one_bite_is_dropped_in_bites(small):
    for second in range(DROP_AT_ONCE + 100):
        record(small, second=0 if second < DROP_AT_ONCE + 50 else 10_000)
        if second % 1_000 == 0:
            await asyncio.sleep(0.05)
    await asyncio.sleep(0.5)
    small.clock.advance(timedelta(hours=2))
    assert await small.messages.trim(keep_for=timedelta(hours=1), keep_bytes=None) == DROP_AT_ONCE + 50


async def test_an_empty_log_is_trimmed_without_ado(network):
    assert await network.messages.trim(keep_for=timedelta(days=1), keep_bytes=1) == 0
