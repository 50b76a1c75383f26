"""Work to be done later and surely: durable, leased to one node, retried with growing pauses.

A job is written with the facts that ask for it, in the same change set. It may run more than
once (a node dies after the work and before the note of it), so handlers repeat harmlessly.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Column, Connection, Index, Table, Text, func, or_, select

from currant.db.commits import ChangeSet, delete_from, insert_into, update
from currant.db.engine import Database
from currant.db.tables import metadata
from currant.kit.clock import Clock, micros
from currant.kit.errors import StoreUnavailable
from currant.kit.ids import TenantId, new_id

log = logging.getLogger(__name__)

jobs = Table(
    "jobs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("payload", Text, nullable=False),
    Column("run_at", BigInteger, nullable=False),
    Column("attempts", BigInteger, nullable=False),
    Column("leased_until", BigInteger),
    # A job that failed too often stays, for a person to look at.
    Column("given_up_at", BigInteger),
    Column("last_error", Text),
    Index("ix_jobs_run_at", "run_at"),
)
_add = insert_into(jobs, "id", "tenant_id", "kind", "payload", "run_at", "attempts")
_lease = update(jobs, set=("leased_until",), where=("id",))
_retry = update(jobs, set=("run_at", "attempts", "leased_until", "last_error"), where=("id",))
_give_up = update(jobs, set=("given_up_at", "attempts", "leased_until", "last_error"), where=("id",))
_done = delete_from(jobs, where=("id",))

AT_ONCE = 20
ATTEMPTS_MAX = 12
LEASE = timedelta(minutes=10)
FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(hours=1)
ERROR_TEXT_MAX = 2_000
LOOK_SECONDS = 1.0


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One piece of work; `attempts` counts the failed ones so far."""

    id: str
    tenant_id: TenantId
    kind: str
    payload: Any
    attempts: int = 0


Handler = Callable[[Job], Awaitable[None]]


def add_job(changes: ChangeSet, kind: str, payload: Any, *, run_at: datetime) -> str:
    """Have the job done at `run_at` or soon after; `payload` is any JSON value. Returns its id."""
    job_id = new_id()
    text = msgspec.json.encode(payload).decode()
    changes.write(_add, (job_id, changes.tenant_id, kind, text, micros(run_at), 0))
    return job_id


def count_jobs(connection: Connection, kind: str) -> int:
    """How many jobs of a kind there are, those given up included."""
    query = select(func.count()).select_from(jobs).where(jobs.c.kind == kind)
    return int(connection.execute(query).scalar_one())


def pause_after(attempts: int) -> timedelta:
    """How long a job rests after so many failures: 5 s, 10 s, 20 s, … an hour."""
    return min(FIRST_PAUSE * (1 << max(attempts - 1, 0)), LONGEST_PAUSE)


class JobRunner:
    """Runs due jobs of the kinds it has handlers for, some at once, until it is stopped."""

    def __init__(self, database: Database, handlers: Mapping[str, Handler], *, clock: Clock) -> None:
        self._database = database
        self._handlers = dict(handlers)
        self._clock = clock
        self._running: set[asyncio.Task[None]] = set()
        self._looking: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()

    def start(self) -> None:
        self._looking = asyncio.get_running_loop().create_task(self._look())

    def wake(self) -> None:
        """Look for due jobs now."""
        self._wake.set()

    async def stop(self) -> None:
        """Begin no more jobs, and wait for those under way."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)
        await asyncio.gather(*self._running, return_exceptions=True)

    async def run_due(self) -> int:
        """Run what is due now, up to what may run at once; returns how many jobs that were."""
        free = AT_ONCE - len(self._running)
        if free <= 0 or not self._handlers:
            return 0
        # The lease is durable before the work begins, or two nodes would do it.
        leased = await self._database.decide(lambda c, changes: self._leased(c, changes, free), TenantId(""))
        tasks = [asyncio.get_running_loop().create_task(self._run(job)) for job in leased]
        for task in tasks:
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        return len(tasks)

    def _leased(self, connection: Connection, changes: ChangeSet, limit: int) -> list[Job]:
        now = micros(self._clock.now())
        query = (
            select(jobs.c.id, jobs.c.tenant_id, jobs.c.kind, jobs.c.payload, jobs.c.attempts)
            .where(
                jobs.c.run_at <= now, jobs.c.given_up_at.is_(None), jobs.c.kind.in_(sorted(self._handlers))
            )
            .where(or_(jobs.c.leased_until.is_(None), jobs.c.leased_until < now))
            .order_by(jobs.c.run_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        due = [
            Job(
                id=row.id,
                tenant_id=row.tenant_id,
                kind=row.kind,
                payload=msgspec.json.decode(row.payload),
                attempts=row.attempts,
            )
            for row in connection.execute(query)
        ]
        for job in due:
            changes.write(_lease, (now + LEASE // timedelta(microseconds=1), job.id))
        return due

    async def _look(self) -> None:
        while True:
            try:
                found = await self.run_due()
            except StoreUnavailable:
                found = 0
            except Exception:
                log.exception("Looking for due jobs failed")
                found = 0
            if not found:
                self._wake.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_SECONDS):
                        await self._wake.wait()
            elif len(self._running) >= AT_ONCE:
                await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)

    async def _run(self, job: Job) -> None:
        changes = ChangeSet(job.tenant_id)
        try:
            async with asyncio.timeout(LEASE.total_seconds()):
                await self._handlers[job.kind](job)
            changes.write(_done, (job.id,))
        except Exception as error:
            attempts = job.attempts + 1
            text = f"{type(error).__name__}: {error}"[:ERROR_TEXT_MAX]
            now = self._clock.now()
            log.exception(
                "Job %s of tenant %s failed for the %d. time: %s", job.kind, job.tenant_id, attempts, job
            )
            if attempts >= ATTEMPTS_MAX:
                changes.write(_give_up, (micros(now), attempts, None, text, job.id))
            else:
                changes.write(_retry, (micros(now + pause_after(attempts)), attempts, None, text, job.id))
        try:
            await self._database.commit(changes)
        except StoreUnavailable:
            # The lease runs out and the job is done again.
            log.warning("The end of job %s (%s) could not be kept.", job.id, job.kind)
