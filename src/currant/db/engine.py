"""The database as the rest of Currant meets it: commit, note, decide and read, from one event loop.

`commit` and `note` cost the loop an append to a list. Once per turn of the loop all of it is
handed to the writer's thread as one batch; while that is being written the next one gathers.
So a lonely change set is written at once, and a crowd shares one transaction and one fsync.
"""

import asyncio
import contextlib
import logging
import sys
import threading
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from queue import SimpleQueue
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Connection

from currant.db import migrating, writer
from currant.db.backends import Backend, backend_for
from currant.db.commits import ChangeSet, Row, Write
from currant.db.crew import Crew, begin
from currant.db.failures import problem_of
from currant.db.turns import Turns
from currant.db.writer import Decision, Failed, Outcome, Work, Writer
from currant.kit.clock import Clock, SystemClock
from currant.kit.errors import StoreUnavailable
from currant.kit.event import Event
from currant.kit.ids import TenantId

log = logging.getLogger(__name__)
T = TypeVar("T")

BATCH_MAX = 4_000
NOTES_PER_BATCH_MAX = 10_000

# Notes that meet no commit wait this long for company.
NOTE_DELAY_SECONDS = 0.1
# Under load batches begin no more often than this, so that more change sets share an fsync.
PACE_SECONDS = 0.004
PACE_FROM = 4
# While the store is away it is asked this often, and commits in between fail at once.
AWAY_RETRY_SECONDS = 0.25
# An idle store is asked this often whether it is still there.
IDLE_CHECK_SECONDS = 5.0
# A batch that takes longer than this is a problem worth telling, though not yet a failure.
SILENT_SECONDS = 5.0

# sqlite3 lets go of the interpreter with every row, and a busy event loop gives it back only
# after this long. Python's own 5 ms made batches take seconds under a loop that never rests.
SWITCH_SECONDS = 0.0005

READERS = 3
DECIDERS = 4

Listener = Callable[[int, Sequence[Event]], None]
_Entry = tuple[Work, "asyncio.Future[Any]"]


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What may wait for the database; beyond it commits and reads are refused, and the oldest notes dropped."""

    commits_waiting: int = 50_000
    notes_waiting: int = 100_000
    reads_waiting: int = 5_000


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """How the store is: `problem` says in words what is wrong, and `since` when that began."""

    ok: bool
    problem: str | None = None
    since: datetime | None = None
    queue_depth: int = 0
    notes_waiting: int = 0
    notes_dropped: int = 0
    reads_waiting: int = 0
    batches: int = 0
    commits: int = 0


class Database:
    """One database and the threads that talk to it; used from one event loop."""

    def __init__(self, backend: Backend, clock: Clock, limits: Limits) -> None:
        self._limits = limits
        self.backend = backend
        self.clock = clock
        self._writer = Writer(backend, clock)
        self._inbox: SimpleQueue[tuple[list[_Entry], list[tuple[Write, Row]], bool] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run_writer, name="currant-writer", daemon=True)
        self._readers = Crew(
            "reader",
            size=READERS,
            limit=limits.reads_waiting,
            connect=lambda: backend.connect(read_only=True),
            on_away=self._suspect,
        )
        self._turns = Turns()
        self._deciders = Crew(
            "decider",
            size=DECIDERS,
            limit=limits.reads_waiting,
            connect=backend.connect,
            on_away=self._suspect,
        )
        # Locks last as long as their connection, so they have one that nobody else uses.
        self._holders = Crew("holder", size=1, limit=1_000, connect=backend.connect, on_away=self._suspect)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: list[_Entry] = []
        self._notes: deque[tuple[Write, Row]] = deque()
        self._notes_dropped = 0
        self._in_flight = False
        self._handing_over: asyncio.Handle | None = None
        self._note_timer: asyncio.TimerHandle | None = None
        self._last_start = 0.0
        self._last_size = 0
        self._batches = 0
        self._commits = 0
        self._problem: str | None = None
        self._since: datetime | None = None
        self._retry_at = 0.0
        self._closed = False
        self._idle: asyncio.Future[None] | None = None
        self._listeners: list[Listener] = []

    @classmethod
    def open(
        cls, url: str, *, clock: Clock | None = None, limits: Limits | None = None, create_all: bool = False
    ) -> "Database":
        """Open a database (`sqlite:///path` or `postgresql://…`) with its schema up to date.

        Migrations run first, under a lock; `create_all` makes the tables of all imported
        stores without them, for tests.
        Raises SchemaTooNew when a newer Currant has used this database, StoreUnavailable when it
        cannot be reached, ValueError when the address is neither kind.
        """
        try:
            backend = backend_for(url)
        except OSError as error:
            raise StoreUnavailable(problem_of(error)) from error
        try:
            migrating.prepare(backend, create_all=create_all)
        except BaseException:
            backend.close()
            raise
        return cls(backend, clock or SystemClock(), limits or Limits())

    def commit(self, changes: ChangeSet) -> asyncio.Future[None]:
        """Keep rows and events; the future resolves once they are durable.

        Fails with Conflict or Invalid when this change set cannot be kept, with StoreUnavailable when
        none can. Applied in the order of the calls.
        """
        return self._enqueue(changes)

    def decide(
        self, function: Callable[[Connection, ChangeSet], T], tenant_id: TenantId
    ) -> asyncio.Future[T]:
        """Look and write in one transaction that sees the latest state; resolves to what `function` returned.

        `function` may be called more than once, and must be quick: on SQLite everybody waits for it.
        What it raises is raised here, and nothing of it is kept.
        """
        if self.backend.one_writer:
            return self._enqueue(Decision(function, tenant_id))
        loop = self._bound()
        if self._closed:
            return _failed(loop, StoreUnavailable("The database is closed."))
        decision = Decision(function, tenant_id)
        told: list[tuple[int, Sequence[Event]]] = []

        def decide(connection: Connection) -> T:
            result, position, events = writer.decide_alone(
                self.backend, self.clock, connection, decision, self._turns
            )
            if events:
                told.append((position, events))
            return result  # type: ignore[no-any-return]

        def tell(_: asyncio.Future[T]) -> None:
            for position, events in told:
                self._tell(position, events)

        future = self._deciders.submit(loop, decide)
        future.add_done_callback(tell)
        return future

    def note(self, write: Write, row: Row) -> None:
        """Keep a row some time soon, unacknowledged: it joins a coming batch, in no order with commits.

        While the store is away the newest are kept for later; the oldest are dropped and counted.
        """
        notes = self._notes
        notes.append((write, row))
        if len(notes) > self._limits.notes_waiting:
            notes.popleft()
            self._notes_dropped += 1
        if self._note_timer is None and not self._closed:
            self._note_timer = self._bound().call_later(NOTE_DELAY_SECONDS, self._flush_notes)

    def read(self, function: Callable[[Connection], T]) -> asyncio.Future[T]:
        """What `function` returns from one consistent view that holds every acknowledged fact."""
        loop = self._bound()
        if self._closed:
            return _failed(loop, StoreUnavailable("The database is closed."))

        def read(connection: Connection) -> T:
            cursor = begin(connection, self.backend.begin_read)
            try:
                return function(connection)
            finally:
                with contextlib.suppress(Exception):  # a lost connection is reported by what was asked of it
                    cursor.execute("ROLLBACK")

        return self._readers.submit(loop, read)

    def hold(self, name: str) -> asyncio.Future[bool]:
        """Whether this node has the named lock now; taken when it is free, kept until `close`.

        Always so on SQLite, which serves one node. Ask again from time to time: a lost connection
        loses the lock.
        """
        return self._holders.submit(self._bound(), lambda connection: self.backend.hold(connection, name))

    def listen(self, listener: Listener) -> None:
        """Call `listener(first_position, events)` in the loop after each commit that emitted events."""
        self._listeners.append(listener)

    @property
    def health(self) -> Health:
        problem, since = self._problem, self._since
        if problem is None and self._in_flight and self._loop is not None:
            silent = self._loop.time() - self._last_start
            if silent > SILENT_SECONDS:
                problem = f"The database has not answered for {silent:.0f} seconds. Check its disk or server."
                since = self.clock.now() - timedelta(seconds=silent)
        return Health(
            ok=problem is None and not self._closed,
            problem=problem,
            since=since,
            queue_depth=len(self._waiting),
            notes_waiting=len(self._notes),
            notes_dropped=self._notes_dropped,
            reads_waiting=self._readers.waiting + self._deciders.waiting,
            batches=self._batches,
            commits=self._commits,
        )

    async def close(self) -> None:
        """Write what waits, notes too, and let go of the database."""
        if self._closed:
            return
        if self._loop is not None:
            while (self._waiting or self._notes or self._in_flight) and (
                self._problem is None or self._in_flight
            ):
                self._idle = self._loop.create_future()
                self._schedule()
                await self._idle
        self._closed = True
        for entry in self._waiting:
            _resolve(entry[1], Failed(StoreUnavailable("The database is closed.")))
        self._waiting = []
        if self._note_timer is not None:
            self._note_timer.cancel()
        await asyncio.get_running_loop().run_in_executor(None, self._stop)

    def _stop(self) -> None:
        self._inbox.put(None)
        if self._thread.ident is not None:
            self._thread.join()
        for crew in (self._readers, self._deciders, self._holders):
            crew.stop()
        self._writer.disconnect()
        self.backend.close()

    def _enqueue(self, work: Work) -> asyncio.Future[Any]:
        loop = self._loop or self._bound()
        future: asyncio.Future[Any] = loop.create_future()
        if self._problem is not None and loop.time() < self._retry_at:
            future.set_exception(StoreUnavailable(self._problem))
        elif self._closed:
            future.set_exception(StoreUnavailable("The database is closed."))
        elif len(self._waiting) >= self._limits.commits_waiting:
            future.set_exception(StoreUnavailable("The database is too busy: try again in a moment."))
        else:
            self._waiting.append((work, future))
            if self._handing_over is None and not self._in_flight:
                self._schedule()
        return future

    def _bound(self) -> asyncio.AbstractEventLoop:
        """The loop that this database serves: the first one it was used from."""
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
            sys.setswitchinterval(min(sys.getswitchinterval(), SWITCH_SECONDS))
            self._thread.start()
            self._loop.call_later(AWAY_RETRY_SECONDS, self._look_after)
        return self._loop

    def _schedule(self) -> None:
        """Hand over at the end of this turn of the loop; under load, not sooner than the pace allows."""
        if self._handing_over is not None or self._in_flight:
            return
        loop = self._bound()
        wait = self._last_start + PACE_SECONDS - loop.time() if self._last_size >= PACE_FROM else 0.0
        if wait > 0:
            self._handing_over = loop.call_later(wait, self._hand_over)
        else:
            self._handing_over = loop.call_soon(self._hand_over)

    def _hand_over(self, *, probing: bool = False) -> None:
        self._handing_over = None
        if self._in_flight:
            return
        entries = self._waiting
        if len(entries) <= BATCH_MAX:
            self._waiting = []
        else:
            entries, self._waiting = entries[:BATCH_MAX], entries[BATCH_MAX:]
        count = min(len(self._notes), NOTES_PER_BATCH_MAX)
        if count == len(self._notes):
            notes = list(self._notes)
            self._notes.clear()
        else:
            notes = [self._notes.popleft() for _ in range(count)]
        self._in_flight = True
        self._last_start = self._loop.time() if self._loop else 0.0
        self._last_size = len(entries)
        self._inbox.put((entries, notes, probing))

    def _flush_notes(self) -> None:
        self._note_timer = None
        if self._notes and self._problem is None:
            self._schedule()

    def _run_writer(self) -> None:
        while (batch := self._inbox.get()) is not None:
            entries, notes, probing = batch
            if entries or notes:
                outcome = self._writer.write([entry[0] for entry in entries], notes)
            else:
                outcome = Outcome()
                outcome.away = self._writer.probe(deeply=probing)
            assert self._loop is not None
            with contextlib.suppress(RuntimeError):  # the loop was closed meanwhile: nobody waits any more
                self._loop.call_soon_threadsafe(self._finish, entries, notes, outcome)

    def _finish(self, entries: list[_Entry], notes: list[tuple[Write, Row]], outcome: Outcome) -> None:
        assert self._loop is not None
        self._in_flight = False
        if outcome.away is None:
            self._batches += 1
            self._commits += len(entries)
            self._notes_dropped += outcome.unkept_notes
            if self._problem is not None:
                log.warning("The database is back.")
                self._problem, self._since = None, None
        else:
            self._retry_at = self._loop.time() + AWAY_RETRY_SECONDS
            self._keep_for_later(notes)
            if self._problem is None:
                self._since = self.clock.now()
                log.error("The database is not available: %s", outcome.away)
            self._problem = problem_of(outcome.away)
        for (_, future), result in zip(entries, outcome.results, strict=True):
            if future.done():
                continue
            if type(result) is Failed:
                future.set_exception(result.error)
            else:
                future.set_result(result)
        # After the answers: a station hears from us before anybody reacts to what it said.
        if outcome.events:
            self._tell(outcome.first_position, outcome.events)
        if self._waiting or (self._notes and outcome.away is None and self._note_timer is None):
            self._schedule()
        if self._idle is not None and not self._idle.done():
            self._idle.set_result(None)

    def _keep_for_later(self, notes: list[tuple[Write, Row]]) -> None:
        self._notes.extendleft(reversed(notes))
        while len(self._notes) > self._limits.notes_waiting:
            self._notes.popleft()
            self._notes_dropped += 1

    def _tell(self, first_position: int, events: Sequence[Event]) -> None:
        for listener in self._listeners:
            listener(first_position, events)

    def _look_after(self) -> None:
        """Ask a store that is away whether it is back, and an idle one whether it is still there."""
        if self._closed or self._loop is None:
            return
        if not self._in_flight and self._handing_over is None:
            idle = self._loop.time() - self._last_start
            if self._problem is not None or idle >= IDLE_CHECK_SECONDS:
                self._hand_over(probing=self._problem is not None)
        self._loop.call_later(AWAY_RETRY_SECONDS, self._look_after)

    def _suspect(self, error: BaseException) -> None:
        """A read or decision found the store away: have the writer find out whether it is."""
        if self._problem is None and not self._in_flight and not self._closed:
            self._hand_over()


def _resolve(future: asyncio.Future[Any], result: Failed) -> None:
    if not future.done():
        future.set_exception(result.error)


def _failed(loop: asyncio.AbstractEventLoop, error: Exception) -> asyncio.Future[Any]:
    future: asyncio.Future[Any] = loop.create_future()
    future.set_exception(error)
    return future
