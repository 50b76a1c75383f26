"""Pages of long lists: at most 500 things, and an opaque word that continues where they ended.

Services of the domain make their own cursors; these are for lists whose place is one text.
"""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar

from litestar.params import Parameter

from currant.kit.errors import Invalid
from currant.stations.model import Page

LIMIT_MAX = 500
T = TypeVar("T")

Limit = Annotated[
    int, Parameter(ge=1, le=LIMIT_MAX, description=f"How many at most, 1 to {LIMIT_MAX}.", required=False)
]
Cursor = Annotated[
    str | None,
    Parameter(
        max_length=500,
        description="The `next_cursor` of the page before; absent for the first.",
        required=False,
    ),
]


def place_of(cursor: str | None) -> str:
    """The text a cursor stands for; empty for the first page."""
    if cursor is None:
        return ""
    try:
        return base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)).decode()
    except (binascii.Error, UnicodeError, ValueError):
        raise Invalid("This is no cursor: take `next_cursor` of a page as it is.", field="cursor") from None


def page_of(found: Sequence[T], limit: int, place: Callable[[T], str]) -> Page[T]:
    """The page of a list that was asked for one more than `limit`."""
    items = tuple(found[:limit])
    if len(found) <= limit:
        return Page(items=items)
    cursor = base64.urlsafe_b64encode(place(items[-1]).encode()).decode().rstrip("=")
    return Page(items=items, next_cursor=cursor)
