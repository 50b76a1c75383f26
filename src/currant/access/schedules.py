"""When a policy's windows are open, by the clock on the wall of the site.

What the wall clock shows decides, so that a night on which clocks are changed needs no rule of its
own: an hour that is skipped is in no window, and an hour that comes twice is in its window twice.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo

import msgspec

from currant.access.policy_model import Day, Window

WEEK = (
    Day.MONDAY,
    Day.TUESDAY,
    Day.WEDNESDAY,
    Day.THURSDAY,
    Day.FRIDAY,
    Day.SATURDAY,
    Day.SUNDAY,
)
AHEAD_DAYS = 15
"""How far ahead the next change is looked for: a week, with holidays in it, comes round within that."""
MINUTES_A_DAY = 1440


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """Whether windows are open at an instant, and when that changes; None: not within two weeks."""

    open: bool
    changes_at: datetime | None


def minutes_of(text: str) -> int:
    """`HH:MM` as minutes of the day, 0 to 1440. ValueError for anything else."""
    hours, colon, minutes = text.partition(":")
    if not (colon and len(hours) == len(minutes) == 2 and hours.isdigit() and minutes.isdigit()):
        raise ValueError(text)
    told = int(hours) * 60 + int(minutes)
    if int(minutes) > 59 or told > MINUTES_A_DAY:
        raise ValueError(text)
    return told


def opening(
    windows: Sequence[Window], at: datetime, zone: tzinfo, holidays: frozenset[date] = frozenset()
) -> Opening:
    """Whether any of the windows is open, and for how long it stays so."""
    if not windows:
        return Opening(open=True, changes_at=None)
    now_open = is_open(windows, at.astimezone(zone), holidays)
    for instant in _moments(windows, at, zone):
        if is_open(windows, instant.astimezone(zone), holidays) != now_open:
            return Opening(open=now_open, changes_at=instant)
    return Opening(open=now_open, changes_at=None)


def is_open(windows: Iterable[Window], local: datetime, holidays: frozenset[date]) -> bool:
    """Whether any of the windows is open at what the wall shows."""
    today = local.date()
    yesterday = today - timedelta(days=1)
    minute = local.hour * 60 + local.minute
    for window in windows:
        begin, end = minutes_of(window.begin), minutes_of(window.end)
        if end > begin:
            if begin <= minute < end and _begins_on(window, today, holidays):
                return True
        elif (minute >= begin and _begins_on(window, today, holidays)) or (
            minute < end and _begins_on(window, yesterday, holidays)
        ):
            return True
    return False


def _begins_on(window: Window, day: date, holidays: frozenset[date]) -> bool:
    holiday = day in holidays
    if holiday and window.except_holidays:
        return False
    if not window.days:
        return True
    weekday = day.weekday()
    return (
        WEEK[weekday] in window.days
        or (weekday < 5 and Day.WEEKDAYS in window.days)
        or (weekday >= 5 and Day.WEEKENDS in window.days)
        or (holiday and Day.HOLIDAYS in window.days)
    )


def _moments(windows: Sequence[Window], at: datetime, zone: tzinfo) -> Iterator[datetime]:
    """The instants after `at` at which anything may change, in order."""
    bounds = {0} | {
        minutes_of(text) % MINUTES_A_DAY for window in windows for text in (window.begin, window.end)
    }
    first = at.astimezone(zone).date() - timedelta(days=1)
    for ahead in range(AHEAD_DAYS + 2):
        day = first + timedelta(days=ahead)
        jump = _jump(day, zone)
        found = set() if jump is None else {jump}
        for bound in bounds:
            wall = datetime.combine(day, time(bound // 60, bound % 60), zone)
            found.add(wall.astimezone(UTC))
            if jump is not None:
                found.add(wall.replace(fold=1).astimezone(UTC))
        yield from sorted(instant for instant in found if instant > at)


def _jump(day: date, zone: tzinfo) -> datetime | None:
    """The instant at which the site's clocks are changed on that day, if they are."""
    low = datetime.combine(day, time(), zone).astimezone(UTC)
    high = datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)
    before, after = low.astimezone(zone).utcoffset(), high.astimezone(zone).utcoffset()
    if before == after:
        return None
    while high - low > timedelta(minutes=1):
        middle = low + (high - low) // 2
        middle -= timedelta(seconds=middle.second, microseconds=middle.microsecond)
        if middle <= low:
            break
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high


def in_words(windows: Sequence[Window]) -> str:
    """`Monday to Friday 08:00 to 18:00`, to be read out."""
    return " and ".join(_in_words(window) for window in windows) if windows else "at any time"


def _in_words(window: Window) -> str:
    hours = f"{window.begin} to {window.end}"
    if (window.begin, window.end) == ("00:00", "24:00"):
        hours = "all day"
    days = _days_in_words(window.days)
    except_holidays = " except on holidays" if window.except_holidays else ""
    return f"{days} {hours}{except_holidays}"


def _days_in_words(days: Sequence[Day]) -> str:
    if not days:
        return "daily"
    named = {index for index, day in enumerate(WEEK) if day in days}
    if Day.WEEKDAYS in days:
        named |= {0, 1, 2, 3, 4}
    if Day.WEEKENDS in days:
        named |= {5, 6}
    parts: list[str] = []
    run: list[int] = []
    for index in range(8):
        if index in named:
            run.append(index)
        elif run:
            names = [WEEK[each].value.capitalize() for each in run]
            parts.append(f"{names[0]} to {names[-1]}" if len(names) > 2 else " and ".join(names))
            run = []
    if Day.HOLIDAYS in days:
        parts.append("holidays")
    return ", ".join(parts)
