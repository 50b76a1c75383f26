"""Cursors of long lists: the sort key of the last row shown, opaque to whoever carries it back."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec

from currant.kit.errors import Invalid
from currant.stations.model import Page

LIMIT_MAX = 500
CURSOR_MAX = 2_000

T = TypeVar("T")
Key = tuple[str | int, ...]


def encode(*key: str | int) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(key)).decode().rstrip("=")


def decode(cursor: str, *types: type[str] | type[int]) -> Key:
    """The sort key in a cursor; `Invalid` when it is none of ours."""
    try:
        if len(cursor) > CURSOR_MAX:
            raise ValueError("too long")
        key = msgspec.json.decode(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(key, list) or [type(part) for part in key] != list(types):
            raise ValueError("of another list")
    except (ValueError, binascii.Error, msgspec.DecodeError, RecursionError) as error:
        raise Invalid(
            "This cursor is not one of this list's: begin again without a cursor.", field="cursor"
        ) from error
    return tuple(key)


def bounded(limit: int) -> int:
    """How many rows a page may have: what was asked for, if it is between 1 and `LIMIT_MAX`."""
    if not 1 <= limit <= LIMIT_MAX:
        raise Invalid(f"Ask for 1 to {LIMIT_MAX} rows at a time.", field="limit", limit=limit)
    return limit


def page(rows: Sequence[T], limit: int, cursor_of: Callable[[T], str]) -> Page[T]:
    """A page of at most `limit` of `rows`, of which one more than that was read if there is more."""
    if len(rows) <= limit:
        return Page(items=tuple(rows))
    return Page(items=tuple(rows[:limit]), next_cursor=cursor_of(rows[limit - 1]))
