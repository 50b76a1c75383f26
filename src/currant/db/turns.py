"""Who may try at the same time: first attempts side by side, repeated ones alone.

Transactions that look before they write (PostgreSQL, serializable) can go on getting in each other's
way, without end when every one of them touches the same small tables. One that has been turned back
is therefore tried again with no other beside it.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Turns:
    """A lock of threads that many hold together, or one alone; who wants it alone goes first."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._together = 0
        self._alone = False
        self._wanting_alone = 0

    @contextmanager
    def together(self) -> Iterator[None]:
        with self._changed:
            self._changed.wait_for(lambda: not self._alone and not self._wanting_alone)
            self._together += 1
        try:
            yield
        finally:
            with self._changed:
                self._together -= 1
                self._changed.notify_all()

    @contextmanager
    def alone(self) -> Iterator[None]:
        with self._changed:
            self._wanting_alone += 1
            self._changed.wait_for(lambda: not self._alone and not self._together)
            self._wanting_alone -= 1
            self._alone = True
        try:
            yield
        finally:
            with self._changed:
                self._alone = False
                self._changed.notify_all()
