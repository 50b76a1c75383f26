"""Points in time as stations write them: without a zone, without a clock, in many spellings.

What is meant is an instant in UTC, or None when the station plainly did not know the time: an
empty text, or a year before OCPP existed, as clocks show that have not been set since power-up.
"""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo

from currant.kit.clock import EPOCH

# Clocks that were never set start in 1970, 1980 (GPS) or 2000 (RTC chips); OCPP 1.6 is of 2015.
FIRST_SENSIBLE_YEAR = 2010

# Fields that tell when something happened. Others, as a profile's validFrom, may well lie in 1970.
REPORTED = frozenset({"timestamp", "generatedAt", "basetime"})

_WRITTEN = re.compile(
    r"(\d{4})-(\d\d?)-(\d\d?)"
    r"(?:[Tt ]+(\d\d?):(\d\d)(?::(\d\d)(?:[.,](\d*))?)?)?"
    r"\s*([Zz]|[+-]\d\d?(?::?\d\d)?)?"
)


class Unreadable(Exception):
    """The text names no point in time."""


def read_instant(text: str, *, local: tzinfo = UTC) -> tuple[datetime, bool]:
    """The instant and whether its zone was given; `Unreadable` when it is none. No zone means `local`.

    An hour that a clock shows twice in autumn is the first of the two.
    """
    match = _WRITTEN.fullmatch(text.strip())
    if match is None:
        raise Unreadable
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    fraction, zone = match[7] or "", match[8]
    try:
        at = datetime(year, month, day, tzinfo=_zone(zone, local))
        # As spans, because some write 24:00:00, and a leap second is 23:59:60.
        if hour > 24 or minute > 59 or second > 60:
            raise Unreadable
        at += timedelta(hours=hour, minutes=minute, seconds=second, microseconds=int(f"{fraction:0<6}"[:6]))
        return at.astimezone(UTC), bool(zone)
    except (ValueError, OverflowError):
        raise Unreadable from None


def from_epoch(number: float) -> datetime:
    """Seconds or milliseconds since 1970, told apart by their size; `Unreadable` when neither fits."""
    if not 0 <= number < 1e13:
        raise Unreadable
    seconds = number / 1000 if number > 1e11 else number
    return EPOCH + timedelta(seconds=seconds)


def is_unset(at: datetime) -> bool:
    """Whether a clock that shows this was never set (quirk D4)."""
    return at.year < FIRST_SENSIBLE_YEAR


def _zone(written: str | None, local: tzinfo) -> tzinfo:
    if not written:
        return local
    if written in "Zz":
        return UTC
    digits = written[1:].replace(":", "")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:] or 0))
    return timezone(-offset if written[0] == "-" else offset)
