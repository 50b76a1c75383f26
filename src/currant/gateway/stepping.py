"""Steps a coroutine without a Task: most handlers end without waiting, and a Task costs more than they do.

A handler awaits futures only (a commit, a read, an answer); each one resumes it when done. What
needs a Task of its own (`asyncio.timeout`, `wait_for`, task groups) cannot be used in a handler.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Step(Generic[T]):
    """One coroutine on its way; `done` gets its result, `failed` its exception. Neither may raise."""

    __slots__ = ("_coroutine", "_done", "_failed")

    def __init__(
        self,
        coroutine: Coroutine[Any, Any, T],
        done: Callable[[T], None],
        failed: Callable[[Exception], None],
    ) -> None:
        self._coroutine = coroutine
        self._done = done
        self._failed = failed

    def go_on(self, _: object = None) -> None:
        """Run until the coroutine waits for a future or ends."""
        try:
            waited_for = self._coroutine.send(None)
        except StopIteration as end:
            self._done(end.value)
        except Exception as error:  # noqa: BLE001 - handed on whole, to be logged with its context
            self._failed(error)
        except asyncio.CancelledError:
            # A future that the handler awaited was cancelled: somebody shut its source down.
            self._failed(RuntimeError("What a handler waited for was cancelled."))
        else:
            if waited_for is None:
                asyncio.get_running_loop().call_soon(self.go_on)
            else:
                # What asyncio.Task does with a future it waits for.
                waited_for._asyncio_future_blocking = False
                waited_for.add_done_callback(self.go_on)


def run_steps(
    coroutine: Coroutine[Any, Any, T], done: Callable[[T], None], failed: Callable[[Exception], None]
) -> None:
    """Start a coroutine; it may have ended when this returns."""
    Step(coroutine, done, failed).go_on()
