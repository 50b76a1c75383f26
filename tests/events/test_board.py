"""Many screens watch one board: shared batches, the newest state alone, nothing lost and nothing without bounds."""

import asyncio
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from currant.events import board as boards
from currant.events.board import Board, BoardReader
from currant.events.live import TooManyReaders
from currant.kit.clock import ManualClock, SystemClock
from currant.kit.ids import TenantId

MINE, THEIRS = TenantId("mine"), TenantId("theirs")


def read(frames: bytes | None) -> list[tuple[str, Any]]:
    """(event, data) of some frames; the position of each is data's `id`."""
    found = []
    for frame in (frames or b"").decode().split("\n\n"):
        lines = dict(line.split(": ", 1) for line in frame.split("\n") if ": " in line)
        if lines:
            found.append((lines["event"], {**msgspec.json.decode(lines["data"]), "id": lines["id"]}))
    return found


async def told(reader: BoardReader) -> list[tuple[str, Any]]:
    return read(await reader.next(within=30))


async def test_changes_between_two_ticks_are_one_batch_of_newest_states() -> None:
    board = Board(SystemClock())
    reader = board.subscribe(MINE, ["stations"])
    for power in range(500):
        board.show(MINE, "stations", "s1", {"power_w": power})
    board.show(MINE, "stations", "s2", {"state": "charging"})
    board.gone(MINE, "stations", "s2")
    ((event, data),) = await told(reader)
    assert event == "changes"
    assert data["set"] == {"s1": {"power_w": 499}}
    assert data["gone"] == ["s2"]


async def test_everybody_is_sent_the_same_bytes_and_other_tenants_nothing() -> None:
    board = Board(SystemClock())
    readers = [board.subscribe(MINE, ["stations"]) for _ in range(3)]
    theirs = board.subscribe(THEIRS, ["stations"])
    board.show(MINE, "stations", "s1", {"power_w": 1})
    first, second, third = [await reader.next(within=30) for reader in readers]
    assert first is second
    assert second is third
    assert await theirs.next(within=0.05) == b""


async def test_a_topic_is_told_four_times_a_second_at_most() -> None:
    board = Board(SystemClock(), tick_s=0.1)
    reader = board.subscribe(MINE, ["stations"])
    batches, loop = 0, asyncio.get_running_loop()
    begun = loop.time()
    for number in range(25):
        board.show(MINE, "stations", "s1", {"power_w": number})
        await asyncio.sleep(0.01)
        if reader._frames:
            batches += len(await told(reader))
    # Ticks, whatever the machine makes of 25 hundredths of a second.
    assert 1 <= batches <= 2 + (loop.time() - begun) / 0.1


async def test_who_was_away_is_told_what_it_missed_merged() -> None:
    board = Board(SystemClock(), tick_s=0.01)
    reader = board.subscribe(MINE, ["stations", "sessions"])
    board.show(MINE, "stations", "old", {"state": "faulted"})
    seen = (await told(reader))[-1][1]["id"]
    reader.close()
    for number in range(3):
        board.show(MINE, "stations", "s1", {"power_w": number, f"only_{number}": True})
        await asyncio.sleep(0.05)
    back = board.subscribe(MINE, ["stations", "sessions"], since=seen)
    ((event, data),) = await told(back)
    assert event == "changes"
    assert data["set"] == {"s1": {"power_w": 2, "only_0": True, "only_1": True, "only_2": True}}
    assert data["id"] == board.position


async def test_a_position_of_another_board_or_from_before_what_is_held_means_to_reload() -> None:
    board = Board(SystemClock(), tick_s=0.01, held_max=2)
    reader = board.subscribe(MINE, ["stations"])
    board.show(MINE, "stations", "s0", {"power_w": 0})
    seen = (await told(reader))[-1][1]["id"]
    for number in range(1, 5):
        board.show(MINE, "stations", f"s{number}", {"power_w": 1})
        await told(reader)
    for since in (seen, "feedbeef-1", "nonsense", f"{board.epoch}-999999"):
        late = board.subscribe(MINE, ["stations"], since=since)
        ((event, data),) = await told(late)
        assert (event, data["topics"]) == ("reload", ["stations"])


async def test_what_nobody_has_looked_at_for_long_is_not_held() -> None:
    clock = ManualClock()
    board = Board(clock, tick_s=0.01)
    board.keep(MINE, "stations")
    assert board.wanted(MINE, "stations")
    clock.advance(timedelta(seconds=boards.HELD_S + 11))
    board.keep(MINE, "overview")
    assert not board.wanted(MINE, "stations")
    board.show(MINE, "stations", "s1", {"power_w": 1})
    assert board._waiting == set()


async def test_a_reader_that_does_not_read_is_told_to_reload_and_holds_nobody_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(boards, "READER_BYTES_MAX", 2_000)
    board = Board(SystemClock(), tick_s=0.01)
    slow, quick = board.subscribe(MINE, ["stations"]), board.subscribe(MINE, ["stations"])
    for number in range(20):
        board.show(MINE, "stations", f"s{number}", {"text": "x" * 300})
        assert (await told(quick))[0][0] == "changes"
    events = await told(slow)
    assert "reload" in [event for event, _ in events]
    assert len(events) < 20
    board.show(MINE, "stations", "s1", {"text": "after"})
    assert (await told(slow))[0][1]["set"] == {"s1": {"text": "after"}}


async def test_more_things_than_a_tick_can_tell_have_everybody_reload(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(boards, "KEYS_MAX", 10)
    board = Board(SystemClock(), tick_s=0.01)
    reader = board.subscribe(MINE, ["stations"])
    for number in range(11):
        board.show(MINE, "stations", f"s{number}", {"power_w": 1})
    ((event, data),) = await told(reader)
    assert (event, data["topics"]) == ("reload", ["stations"])


async def test_a_big_batch_comes_in_several_events(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boards, "BATCH_BYTES_MAX", 1_000)
    board = Board(SystemClock(), tick_s=0.01)
    reader = board.subscribe(MINE, ["stations"])
    for number in range(40):
        board.show(MINE, "stations", f"s{number}", {"text": "x" * 50})
    events = await told(reader)
    assert len(events) > 3
    assert sum(len(data["set"]) for _, data in events) == 40
    assert len({data["id"] for _, data in events}) == len(events)


async def test_topics_are_turned_without_losing_what_is_kept_of_the_others() -> None:
    board = Board(SystemClock(), tick_s=0.01)
    reader = board.subscribe(MINE, ["stations"], owner="person:1")
    board.turn(reader, ["sessions"])
    board.show(MINE, "stations", "s1", {"power_w": 1})
    board.show(MINE, "sessions", "x1", {"power_w": 1})
    assert [data["topic"] for _, data in await told(reader)] == ["sessions"]
    assert board.reader(reader.id, tenant_id=MINE, owner="person:2") is None
    assert board.reader(reader.id, tenant_id=MINE, owner="person:1") is reader


async def test_there_is_an_end_to_readers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boards, "READERS_MAX", 2)
    board = Board(SystemClock())
    readers = [board.subscribe(MINE, ["stations"]) for _ in range(2)]
    with pytest.raises(TooManyReaders):
        board.subscribe(MINE, ["stations"])
    readers[0].close()
    assert await readers[0].next(within=30) is None
    board.subscribe(MINE, ["stations"]).close()


async def test_topics_that_nobody_looks_at_any_more_are_held_in_bounded_number() -> None:
    board = Board(SystemClock())
    looked_at = board.subscribe(MINE, ["stations"])
    passing = board.subscribe(THEIRS, [])
    for number in range(boards.UNREAD_MAX + 500):
        board.turn(passing, [f"station:{number}"])
    assert len(board._topics) <= boards.UNREAD_MAX + 2
    assert not board.wanted(THEIRS, "station:0")
    assert board.wanted(THEIRS, f"station:{boards.UNREAD_MAX}")
    board.show(MINE, "stations", "s1", {"power_w": 1})
    ((event, data),) = await told(looked_at)
    assert (event, data["set"]) == ("changes", {"s1": {"power_w": 1}})


async def test_a_topic_new_after_a_silence_is_held_from_its_first_reader_on() -> None:
    clock = ManualClock()
    board = Board(clock)
    clock.advance(timedelta(hours=1))
    board.subscribe(MINE, ["session:1"])
    assert board.wanted(MINE, "session:1")
