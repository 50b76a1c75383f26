"""Stations that come at once are loaded together, and none waits for ever."""

import asyncio

from currant.gateway.turnstile import TOGETHER_MAX, Turnstile


async def test_the_first_goes_in_at_once_and_the_next_together() -> None:
    turnstile = Turnstile()
    rounds: list[int] = []

    def come() -> None:
        turnstile.enter(lambda: rounds.append(turnstile.round))

    come()
    assert rounds == [1]
    for _ in range(5):
        come()
    assert rounds == [1]
    turnstile.is_in(1)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert rounds == [1, 2, 2, 2, 2, 2]


async def test_a_round_has_a_largest_size_and_all_get_in() -> None:
    turnstile = Turnstile()
    inside = 0

    def start() -> None:
        nonlocal inside
        inside += 1
        asyncio.get_running_loop().call_soon(turnstile.is_in, turnstile.round)

    for _ in range(3 * TOGETHER_MAX + 7):
        turnstile.enter(start)
    async with asyncio.timeout(30):
        while inside < 3 * TOGETHER_MAX + 7:
            await asyncio.sleep(0.001)


async def test_one_that_comes_too_late_out_of_its_round_changes_nothing() -> None:
    turnstile = Turnstile()
    started: list[str] = []
    turnstile.enter(lambda: started.append("a"))
    turnstile.is_in(1)
    turnstile.enter(lambda: started.append("b"))
    turnstile.is_in(1)
    turnstile.enter(lambda: started.append("c"))
    await asyncio.sleep(0.01)
    assert started == ["a", "b"]
    turnstile.is_in(2)
    await asyncio.sleep(0.01)
    assert started == ["a", "b", "c"]
