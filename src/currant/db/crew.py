"""A few threads that each keep a connection and do one piece of work at a time for the event loop."""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

from sqlalchemy import Connection

from currant.db.failures import Cause, cause_of, translated
from currant.kit.errors import StoreUnavailable

Task = Callable[[Connection], Any]


class Crew:
    """Threads for reads, or for decisions on PostgreSQL; at most `limit` pieces of work wait for them."""

    def __init__(
        self,
        name: str,
        *,
        size: int,
        limit: int,
        connect: Callable[[], Connection],
        on_away: Callable[[BaseException], None],
    ) -> None:
        self._connect = connect
        self._on_away = on_away
        self._limit = limit
        self._waiting = 0
        self._inbox: SimpleQueue[tuple[asyncio.AbstractEventLoop, asyncio.Future[Any], Task] | None] = (
            SimpleQueue()
        )
        self._threads = [
            threading.Thread(target=self._run, name=f"currant-{name}-{number}", daemon=True)
            for number in range(size)
        ]
        self._started = False

    @property
    def waiting(self) -> int:
        return self._waiting

    def submit(self, loop: asyncio.AbstractEventLoop, task: Task) -> asyncio.Future[Any]:
        future: asyncio.Future[Any] = loop.create_future()
        if self._waiting >= self._limit:
            future.set_exception(StoreUnavailable("The database is too busy: try again in a moment."))
            return future
        if not self._started:
            self._started = True
            for thread in self._threads:
                thread.start()
        self._waiting += 1
        self._inbox.put((loop, future, task))
        return future

    def stop(self) -> None:
        """End the threads once what waits is done; returns when they have ended."""
        for _ in self._threads:
            self._inbox.put(None)
        if self._started:
            for thread in self._threads:
                thread.join()

    def _run(self) -> None:
        connection: Connection | None = None
        while (item := self._inbox.get()) is not None:
            loop, future, task = item
            result, error = None, None
            # A connection that died while idle is no reason to refuse: the work is tried once more.
            for fresh in (connection is None, True):
                try:
                    if connection is None:
                        connection = self._connect()
                    result, error = task(connection), None
                    break
                except BaseException as caught:  # noqa: BLE001 - it belongs to whoever waits for the future
                    error = caught
                    if cause_of(caught) is not Cause.AWAY:
                        break
                    if connection is not None:
                        _drop(connection)
                        connection = None
                    if fresh or not _before_any_answer(caught):
                        break
            with contextlib.suppress(RuntimeError):  # the loop was closed meanwhile: nobody waits any more
                loop.call_soon_threadsafe(self._finish, future, result, error)
        if connection is not None:
            connection.close()

    def _finish(self, future: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
        self._waiting -= 1
        if error is not None and cause_of(error) is Cause.AWAY:
            self._on_away(error)
        if future.done():
            return
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(translated(error))


class BeforeBegin(StoreUnavailable):
    """The connection turned out dead before anything was asked of it, so asking again repeats nothing."""


def begin(connection: Connection, statement: str) -> Any:
    """A cursor in a new transaction of the raw connection."""
    driver: Any = connection.connection.driver_connection
    cursor = driver.cursor()
    try:
        cursor.execute(statement)
    except Exception as error:
        if cause_of(error) is Cause.AWAY:
            message = translated(error)
            raise BeforeBegin(str(message)) from error
        raise
    return cursor


def _before_any_answer(error: BaseException) -> bool:
    return isinstance(error, BeforeBegin)


def _drop(connection: Connection) -> None:
    with contextlib.suppress(Exception):
        connection.invalidate()
    with contextlib.suppress(Exception):
        connection.close()
