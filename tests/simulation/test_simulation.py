"""No acknowledged fact is lost and no session counts twice, whatever happens to messages and servers."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
import uvloop
from traffic import Plan, Simulation, seeds, stations

from services import PostgresServer, postgres_server

OUTAGE_S = 3.0
Cause = Callable[[Simulation], AbstractAsyncContextManager[None]]


def run(story: Coroutine[None, None, None]) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(story)


@pytest.mark.parametrize("seed", seeds((1,)))
def test_what_was_acknowledged_survives_killed_servers(seed: int, tmp_path: Path) -> None:
    run(hours_of_trouble(Plan(seed=seed, stations=stations(1_000)), tmp_path))


@pytest.mark.parametrize("seed", seeds((2,)))
def test_what_was_acknowledged_survives_killed_servers_on_postgresql(
    seed: int, tmp_path: Path, postgres: PostgresServer
) -> None:
    plan = Plan(seed=seed, stations=stations(1_000) // 5, seconds=8, kills=2)
    run(hours_of_trouble(plan, tmp_path, database=postgres.new_database()))


async def hours_of_trouble(plan: Plan, folder: Path, *, database: str | None = None) -> None:
    async with Simulation(plan, folder, database=database) as simulation:
        await simulation.suffer_kills()
        await simulation.settle()
        print(simulation.report())


@pytest.mark.parametrize("seed", seeds((3,)))
def test_a_locked_database_is_never_mistaken_for_a_kept_fact(seed: int, tmp_path: Path) -> None:
    run(an_outage(plan_of_an_outage(seed), tmp_path, locked, "locked"))


@pytest.mark.parametrize("seed", seeds((4,)))
def test_a_disk_that_takes_no_more_is_never_mistaken_for_a_kept_fact(seed: int, tmp_path: Path) -> None:
    run(an_outage(plan_of_an_outage(seed), tmp_path, exhausted, "disk"))


@pytest.mark.parametrize("seed", seeds((5,)))
def test_a_vanished_database_server_is_never_mistaken_for_a_kept_fact(seed: int, tmp_path: Path) -> None:
    # A server of its own: the one that the other tests share ends with the thread that started it.
    server = postgres_server()

    @asynccontextmanager
    async def vanished(_: Simulation) -> AsyncIterator[None]:
        await asyncio.to_thread(server.stop, kill=True)
        try:
            yield
        finally:
            await asyncio.to_thread(server.start)

    story = an_outage(
        plan_of_an_outage(seed),
        tmp_path,
        vanished,
        "PostgreSQL cannot be reached",
        database=server.new_database(),
    )
    try:
        run(story)
    finally:
        server.close()


def plan_of_an_outage(seed: int) -> Plan:
    return Plan(seed=seed, stations=stations(1_000) // 10, hours=2, seconds=6, kills=0, sessions_per_day=60)


@asynccontextmanager
async def locked(simulation: Simulation) -> AsyncIterator[None]:
    """Somebody else writes, and does not end."""
    holder = sqlite3.connect(simulation.server.sqlite, isolation_level=None, timeout=30)
    holder.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        holder.close()


@asynccontextmanager
async def exhausted(simulation: Simulation) -> AsyncIterator[None]:
    """Nothing can be written to a file beyond what is little already."""
    simulation.server.limit_files(100_000)
    try:
        yield
    finally:
        simulation.server.limit_files(None)


async def an_outage(
    plan: Plan, folder: Path, cause: Cause, problem: str, *, database: str | None = None
) -> None:
    """In the middle of traffic the store is away for a while, and then it is back."""
    async with Simulation(plan, folder, database=database) as simulation:
        truth = simulation.fleet.truth
        await asyncio.sleep(plan.seconds / 2)
        async with cause(simulation):
            await asyncio.sleep(OUTAGE_S / 2)
            before = truth.count.total()
            await asyncio.sleep(OUTAGE_S / 2)
            during = truth.count.total() - before
            is_ready, said = await simulation.server.ready()
            if database is None:
                simulation.look("while the store was away")
        assert not is_ready, plan.again()
        assert problem in said, f"{plan.again()}: the server says {said!r}"
        # What is asked again is answered again, if it had been kept; more than that would be a lie.
        assert during <= plan.stations // 10, f"{plan.again()}: {during} facts were acknowledged"
        simulation.look("when the store was back")
        await asyncio.sleep(plan.seconds / 2)
        assert simulation.server.lives == 1
        assert (await simulation.server.ready())[0], f"{plan.again()}: it did not recover by itself"
        await simulation.settle()
        print(simulation.report())
