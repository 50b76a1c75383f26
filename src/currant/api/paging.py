"""Pages of long lists: at most 500 things, and an opaque word that continues where they ended.

Services of the domain make their own cursors; these helpers are for lists whose place is one text.
"""

from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar

from litestar.params import QueryParameter

from currant.stations import paging
from currant.stations.model import Page

LIMIT_MAX = 500
T = TypeVar("T")

Limit = Annotated[
    int,
    QueryParameter(ge=1, le=LIMIT_MAX, description=f"How many at most, 1 to {LIMIT_MAX}.", required=False),
]
Cursor = Annotated[
    str | None,
    QueryParameter(
        max_length=500,
        description="The `next_cursor` of the page before; absent for the first.",
        required=False,
    ),
]


def place_of(cursor: str | None) -> str:
    """The text a cursor stands for; empty for the first page."""
    return "" if cursor is None else str(paging.decode(cursor, str)[0])


def page_of(found: Sequence[T], limit: int, place: Callable[[T], str]) -> Page[T]:
    """The page of a list that was asked for one more than `limit`."""
    return paging.page(found, limit, lambda item: paging.encode(place(item)))
