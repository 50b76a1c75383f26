"""The only place that asks what time it is.

Everything else is handed a `Clock`, so that a test can stand still, run ahead or set a
station's clock wrong. Times are aware and in UTC; stores keep them as whole microseconds
since 1970 (`micros`, `instant`), one representation for SQLite and PostgreSQL.
"""

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Clock(Protocol):
    """What the time is: on the calendar (`now`) and for measuring spans (`monotonic`, seconds)."""

    def now(self) -> datetime: ...

    def monotonic(self) -> float: ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


class ManualClock:
    """A clock that moves only when told to."""

    def __init__(self, now: datetime = datetime(2026, 1, 31, 12, tzinfo=UTC)) -> None:
        self._now = now
        self._monotonic = 0.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def advance(self, by: timedelta) -> None:
        self._now += by
        self._monotonic += by.total_seconds()


def micros(at: datetime) -> int:
    """Whole microseconds since 1970 UTC, as stores keep an instant."""
    return (at - EPOCH) // _MICROSECOND


def instant(stored: int) -> datetime:
    """The aware UTC datetime of a stored number of microseconds."""
    return EPOCH + timedelta(microseconds=stored)


def wire_time(at: datetime) -> str:
    """RFC 3339 to the second with a ``Z``: the one form every charger reads (`2026-01-31T12:00:00Z`)."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
