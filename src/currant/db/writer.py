"""One transaction for many change sets, on a thread of its own.

First everything is tried together, in one transaction with one fsync. When something in it
breaks a constraint, the whole is rolled back and done again one by one under savepoints, so that
only the guilty fail. When the store itself is away, everybody is told, and nothing was kept.
"""

import contextlib
import itertools
import logging
import random
import time
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, Table

from currant.db import journal
from currant.db.backends import Backend
from currant.db.batch import as_written, merged
from currant.db.commits import ChangeSet, Row, Write
from currant.db.crew import begin
from currant.db.failures import Cause, cause_of, translated
from currant.db.tables import metadata
from currant.db.turns import Turns
from currant.kit.clock import Clock, micros
from currant.kit.event import Event
from currant.kit.ids import TenantId

log = logging.getLogger(__name__)

# How often a transaction that met another one is done again before its caller is told.
ATTEMPTS_MAX = 12
PAUSE_MAX_SECONDS = 0.1


class Decision:
    """A function that looks before it writes, and whose facts these are."""

    __slots__ = ("function", "tenant_id")

    def __init__(self, function: Callable[[Connection, ChangeSet], Any], tenant_id: TenantId) -> None:
        self.function = function
        self.tenant_id = tenant_id


class Outcome:
    """What became of a batch: a result or an error for each piece of work, and the journal's news."""

    __slots__ = ("away", "events", "first_position", "results", "unkept_notes")

    def __init__(self) -> None:
        self.results: list[Any] = []
        self.events: list[Event] = []
        self.first_position = 0
        self.away: BaseException | None = None
        self.unkept_notes = 0


class Failed:
    """The error of one piece of work, in the place of its result."""

    __slots__ = ("error",)

    def __init__(self, error: BaseException) -> None:
        self.error = error


Work = ChangeSet | Decision
Notes = Sequence[tuple[Write, Row]]


_undone = itertools.count()


class Writer:
    """Keeps one connection and writes batches through it; used by one thread at a time."""

    def __init__(self, backend: Backend, clock: Clock) -> None:
        self._backend = backend
        self._clock = clock
        self._connection: Connection | None = None
        self._rank: dict[Table, int] = {}

    def write(self, work: Sequence[Work], notes: Notes) -> Outcome:
        """Keep all of it durably; what this returns may be acknowledged."""
        for _ in range(ATTEMPTS_MAX):
            try:
                return self._transaction(lambda outcome: self._together(work, notes, outcome))
            except Exception as error:  # noqa: BLE001 - every error is looked at, and told to its caller
                cause = cause_of(error)
                if cause is Cause.AWAY:
                    return self._away(work, error)
                if cause is not Cause.AGAIN:
                    break
        try:
            return self._transaction(lambda outcome: self._one_by_one(work, notes, outcome))
        except Exception as error:  # noqa: BLE001 - as above
            return self._away(work, error)

    def probe(self, *, deeply: bool) -> BaseException | None:
        """The reason why the store would not take a batch now; `deeply` really writes one."""
        try:
            cursor = self._begun()
            if deeply:
                self._backend.check_room()
                cursor.execute(
                    "INSERT INTO numbers (name, next) VALUES ('probe', 1)"
                    " ON CONFLICT (name) DO UPDATE SET next = numbers.next % 1000000 + 1"
                )
                cursor.execute("COMMIT")
            else:
                cursor.execute("ROLLBACK")
            self._backend.check_alive()
        except Exception as error:  # noqa: BLE001 - the answer is the error
            self.disconnect()
            return translated(error)
        return None

    def disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(Exception):
                connection.invalidate()
            with contextlib.suppress(Exception):
                connection.close()

    def _transaction(self, body: Callable[[Outcome], None]) -> Outcome:
        outcome = Outcome()
        cursor = self._begun()
        try:
            body(outcome)
            cursor.execute("COMMIT")
            self._backend.check_alive()
        except BaseException as error:
            if cause_of(error) is Cause.AWAY:
                self.disconnect()
            else:
                self._roll_back(cursor)
            raise
        return outcome

    def _begun(self) -> Any:
        """A cursor in a new transaction; a connection that died while idle is replaced once."""
        for last in (False, True):
            fresh = self._connection is None
            if self._connection is None:
                self._connection = self._backend.connect()
            cursor = self._cursor()
            try:
                self._backend.check_alive()
                cursor.execute(self._backend.begin)
                return cursor
            except Exception as error:
                locked = self._backend.one_writer and "locked" in str(error)
                self.disconnect()
                if last or fresh or locked:
                    raise
        raise AssertionError

    def _cursor(self) -> Any:
        assert self._connection is not None
        driver: Any = self._connection.connection.driver_connection
        return driver.cursor()

    def _roll_back(self, cursor: Any) -> None:
        try:
            cursor.connection.rollback()
        except Exception:  # noqa: BLE001 - SQLite has sometimes rolled back by itself; a new connection is clean
            self.disconnect()

    def _together(self, work: Sequence[Work], notes: Notes, outcome: Outcome) -> None:
        cursor = self._cursor()
        waiting: list[tuple[Write, Row]] = []
        for piece in work:
            if isinstance(piece, ChangeSet):
                waiting += piece.rows
                outcome.events += piece.events
                outcome.results.append(None)
            else:
                # A decision sees what was handed over before it.
                self._run_merged(cursor, waiting)
                waiting = []
                outcome.results.append(self._decide(cursor, piece, outcome))
        self._run_merged(cursor, waiting)
        self._run_merged(cursor, notes)
        self._append_to_journal(cursor, outcome)

    def _one_by_one(self, work: Sequence[Work], notes: Notes, outcome: Outcome) -> None:
        cursor = self._cursor()
        for piece in work:
            if isinstance(piece, Decision):
                outcome.results.append(self._decide(cursor, piece, outcome))
                continue
            error = self._guarded(cursor, piece.rows, piece.events)
            if error is None:
                outcome.events += piece.events
            outcome.results.append(None if error is None else Failed(error))
        if notes and self._guarded(cursor, notes) is not None:
            for note in notes:
                error = self._guarded(cursor, [note])
                if error is not None:
                    outcome.unkept_notes += 1
                    log.error("A note for %s was dropped: %s", note[0].table.name, error)
        self._append_to_journal(cursor, outcome)

    def _decide(self, cursor: Any, decision: Decision, outcome: Outcome) -> Any:
        assert self._connection is not None
        changes = ChangeSet(decision.tenant_id)
        cursor.execute("SAVEPOINT decision")
        try:
            result = decision.function(self._connection, changes)
            self._run_strictly(cursor, changes.rows)
            self._encoded(changes.events)
        except Exception as error:
            if cause_of(error) in (Cause.AWAY, Cause.AGAIN):
                raise
            self._undo(cursor, "decision")
            return Failed(translated(error))
        cursor.execute("RELEASE SAVEPOINT decision")
        outcome.events += changes.events
        return result

    def _guarded(self, cursor: Any, rows: Notes, events: Sequence[Event] = ()) -> BaseException | None:
        cursor.execute("SAVEPOINT piece")
        try:
            self._run_strictly(cursor, rows)
            self._encoded(events)
        except Exception as error:
            if cause_of(error) in (Cause.AWAY, Cause.AGAIN):
                raise
            self._undo(cursor, "piece")
            return translated(error)
        cursor.execute("RELEASE SAVEPOINT piece")
        return None

    def _undo(self, cursor: Any, savepoint: str) -> None:
        # What fails within a pipeline may be prepared in psycopg's books and not in the server. psycopg
        # clears its books at a rollback, but looks only at statements that it has not seen before: so
        # each one is new. (A whole rollback is the connection's own method, which clears them always.)
        cursor.execute(f"ROLLBACK TO SAVEPOINT {savepoint} -- {next(_undone)}")
        cursor.execute(f"RELEASE SAVEPOINT {savepoint}")

    def _run_merged(self, cursor: Any, rows: Notes) -> None:
        if not rows:
            return
        for write, values in merged(rows, self._ranks(rows)):
            self._backend.run(cursor, write, values)

    def _run_strictly(self, cursor: Any, rows: Notes) -> None:
        for write, values in as_written(rows):
            self._backend.run(cursor, write, values)

    def _ranks(self, rows: Notes) -> dict[Table, int]:
        if len(self._rank) != len(metadata.tables):
            self._rank = {table: place for place, table in enumerate(metadata.sorted_tables)}
        return self._rank

    def _encoded(self, events: Sequence[Event]) -> list[Row]:
        written_at = micros(self._clock.now())
        return [journal.row_of(event, written_at=written_at) for event in events]

    def _append_to_journal(self, cursor: Any, outcome: Outcome) -> None:
        if not outcome.events:
            return
        self._backend.lock_journal(cursor)
        self._backend.run(cursor, journal.append, self._encoded(outcome.events))
        outcome.first_position = self._backend.last_position(cursor) - len(outcome.events) + 1

    def _away(self, work: Sequence[Work], error: BaseException) -> Outcome:
        outcome = Outcome()
        outcome.away = translated(error)
        outcome.results = [Failed(outcome.away)] * len(work)
        return outcome


def decide_alone(
    backend: Backend, clock: Clock, connection: Connection, decision: Decision, turns: Turns
) -> tuple[Any, int, list[Event]]:
    """A decision in a transaction of its own: its result, and its events with the first one's position.

    Done again when another transaction got in its way: then with no other decision of this process
    beside it, and against those of other nodes after a pause of chance length.
    """
    for attempt in range(ATTEMPTS_MAX):
        if attempt > 1:
            time.sleep(random.uniform(0, min(PAUSE_MAX_SECONDS, 0.002 * 2**attempt)))
        with turns.alone() if attempt else turns.together():
            try:
                return _decide_once(backend, clock, connection, decision)
            except Exception as error:
                if cause_of(error) is not Cause.AGAIN or attempt + 1 == ATTEMPTS_MAX:
                    raise
    raise AssertionError


def _decide_once(
    backend: Backend, clock: Clock, connection: Connection, decision: Decision
) -> tuple[Any, int, list[Event]]:
    changes = ChangeSet(decision.tenant_id)
    position = 0
    cursor = begin(connection, backend.begin_decision)
    try:
        result = decision.function(connection, changes)
        for write, values in as_written(changes.rows):
            backend.run(cursor, write, values)
        if changes.events:
            written_at = micros(clock.now())
            rows = [journal.row_of(event, written_at=written_at) for event in changes.events]
            backend.lock_journal(cursor)
            backend.run(cursor, journal.append, rows)
            position = backend.last_position(cursor) - len(rows) + 1
        cursor.execute("COMMIT")
    except Exception as error:
        if cause_of(error) is not Cause.AWAY:
            # Not as a statement: see `_undo`.
            driver: Any = connection.connection.driver_connection
            driver.rollback()
        raise
    return result, position, changes.events
