"""Which part of a file a request wants (RFC 9110, 13 and 14): so that a broken download goes on where it ended."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime

import msgspec

_RANGE = re.compile(r"bytes=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*", re.IGNORECASE)


class Unsatisfiable(Exception):
    """None of the file lies in the range that was asked for."""


class Part(msgspec.Struct, frozen=True):
    """The bytes from `begin` up to, and without, `end`."""

    begin: int
    end: int


def part_wanted(wanted: str, *, if_range: str, tag: str, changed_at: datetime, size: int) -> Part | None:
    """The part that a Range header names; None for the whole file.

    What is no single range of bytes is answered with the whole, as is a range of a file that
    has changed since (`if_range`). Raises Unsatisfiable.
    """
    found = _RANGE.fullmatch(wanted.strip())
    if found is None or not any(found.groups()) or not _unchanged(if_range.strip(), tag, changed_at):
        return None
    first, last = found.groups()
    if not first:
        length = int(last)
        if length == 0 or size == 0:
            raise Unsatisfiable
        return Part(max(0, size - length), size)
    begin = int(first)
    if last and int(last) < begin:
        return None
    if begin >= size:
        raise Unsatisfiable
    return Part(begin, min(size, int(last) + 1) if last else size)


def _unchanged(if_range: str, tag: str, changed_at: datetime) -> bool:
    if not if_range:
        return True
    if if_range.startswith(('"', "W/")):
        # A weak tag says nothing about bytes.
        return if_range == tag
    try:
        then = parsedate_to_datetime(if_range)
    except ValueError:
        return False
    if then.tzinfo is None:
        then = then.replace(tzinfo=UTC)
    return abs(then - changed_at) < timedelta(seconds=1)


def http_date(at: datetime) -> str:
    return format_datetime(at.astimezone(UTC).replace(microsecond=0), usegmt=True)
