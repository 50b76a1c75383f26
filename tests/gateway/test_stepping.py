"""Coroutines stepped without a Task end as awaited ones do."""

import asyncio

from currant.gateway.stepping import run_steps


async def test_a_coroutine_that_waits_for_nothing_ends_at_once() -> None:
    async def handler() -> int:
        return 42

    ended: list[object] = []
    run_steps(handler(), ended.append, ended.append)
    assert ended == [42]


async def test_a_coroutine_goes_on_when_its_future_is_done() -> None:
    future: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def handler() -> int:
        await asyncio.sleep(0)
        return await future + 1

    ended: list[object] = []
    run_steps(handler(), ended.append, ended.append)
    await asyncio.sleep(0.01)
    assert ended == []
    future.set_result(1)
    await asyncio.sleep(0.01)
    assert ended == [2]


async def test_failures_are_handed_on_whole() -> None:
    future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    cancelled: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    ended: list[object] = []

    async def handler(waited_for: "asyncio.Future[int]") -> int:
        return await waited_for

    run_steps(handler(future), ended.append, ended.append)
    run_steps(handler(cancelled), ended.append, ended.append)
    error = ValueError("no")
    future.set_exception(error)
    cancelled.cancel()
    await asyncio.sleep(0.01)
    assert ended[0] is error
    assert isinstance(ended[1], RuntimeError)
