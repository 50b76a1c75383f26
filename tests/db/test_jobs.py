"""Jobs are done once their time has come, again when they fail, and by one node at a time."""

import asyncio
from datetime import timedelta

from sqlalchemy import select

from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.db.jobs import ATTEMPTS_MAX, LEASE, Job, JobRunner, add_job, jobs, pause_after
from currant.kit.clock import ManualClock
from currant.kit.ids import TenantId

TENANT = TenantId("t1")


async def ask(
    database: Database, clock: ManualClock, payload: object, *, after: timedelta = timedelta()
) -> None:
    changes = ChangeSet(TENANT)
    add_job(changes, "mail", payload, run_at=clock.now() + after)
    await database.commit(changes)


class Mail:
    def __init__(self, *, failures: int = 0) -> None:
        self.done: list[Job] = []
        self.failures = failures

    async def send(self, job: Job) -> None:
        if self.failures:
            self.failures -= 1
            raise ConnectionError("the post office is closed")
        self.done.append(job)


async def test_a_job_runs_when_its_time_has_come_and_only_once(database: Database) -> None:
    clock, mail = ManualClock(), Mail()
    runner = JobRunner(database, {"mail": mail.send}, clock=clock)
    await ask(database, clock, {"to": "a@example.org"}, after=timedelta(minutes=1))
    assert await runner.run_due() == 0
    clock.advance(timedelta(minutes=1))
    assert await runner.run_due() == 1
    await runner.stop()
    assert [(job.tenant_id, job.payload) for job in mail.done] == [(TENANT, {"to": "a@example.org"})]
    clock.advance(timedelta(days=1))
    assert await runner.run_due() == 0


async def test_a_failed_job_comes_again_after_growing_pauses(database: Database) -> None:
    clock, mail = ManualClock(), Mail(failures=2)
    runner = JobRunner(database, {"mail": mail.send}, clock=clock)
    await ask(database, clock, 1)
    for attempt in (1, 2):
        assert await runner.run_due() == 1
        await runner.stop()
        assert await runner.run_due() == 0
        clock.advance(pause_after(attempt))
    assert await runner.run_due() == 1
    await runner.stop()
    assert [job.attempts for job in mail.done] == [2]


async def test_a_job_that_fails_too_often_is_kept_for_a_person(database: Database) -> None:
    clock, mail = ManualClock(), Mail(failures=100)
    runner = JobRunner(database, {"mail": mail.send}, clock=clock)
    await ask(database, clock, 1)
    for _ in range(ATTEMPTS_MAX):
        assert await runner.run_due() == 1
        await runner.stop()
        clock.advance(timedelta(hours=2))
    assert await runner.run_due() == 0
    row = await database.read(lambda c: c.execute(select(jobs)).one())
    assert row.given_up_at is not None
    assert row.last_error == "ConnectionError: the post office is closed"


async def test_two_nodes_never_run_one_job_at_once(database: Database) -> None:
    clock, mail = ManualClock(), Mail()
    nodes = [JobRunner(database, {"mail": mail.send}, clock=clock) for _ in range(2)]
    for number in range(30):
        await ask(database, clock, number)
    while sum(await asyncio.gather(*(node.run_due() for node in nodes))):
        for node in nodes:
            await node.stop()
    assert sorted(job.payload for job in mail.done) == list(range(30))


async def test_the_job_of_a_node_that_died_is_taken_over_when_its_lease_ends(database: Database) -> None:
    clock, mail = ManualClock(), Mail()
    never = asyncio.Event()

    async def die(_: Job) -> None:
        await never.wait()

    dead = JobRunner(database, {"mail": die}, clock=clock)
    living = JobRunner(database, {"mail": mail.send}, clock=clock)
    await ask(database, clock, 1)
    assert await dead.run_due() == 1
    assert await living.run_due() == 0
    clock.advance(LEASE + timedelta(seconds=1))
    assert await living.run_due() == 1
    await living.stop()
    assert len(mail.done) == 1
    never.set()
    await dead.stop()


async def test_a_started_runner_finds_jobs_by_itself(sqlite_database: Database) -> None:
    clock, mail = ManualClock(), Mail()
    runner = JobRunner(sqlite_database, {"mail": mail.send}, clock=clock)
    runner.start()
    await ask(sqlite_database, clock, 1)
    runner.wake()
    async with asyncio.timeout(30):
        while not mail.done:
            await asyncio.sleep(0.01)
    await runner.stop()
