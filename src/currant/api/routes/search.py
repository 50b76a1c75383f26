"""One search for everything there is, as for a command palette."""

from typing import Annotated

from litestar import Router, get
from litestar.params import QueryParameter

from currant.api.authentication import ApiRequest
from currant.api.routes.common import caller_of, services_of
from currant.api.searching import QUERY_MAX, Hits, Search
from currant.tenancy.model import Permission

Query = Annotated[
    str,
    QueryParameter(
        name="q",
        max_length=QUERY_MAX,
        description="Part of an identity, name, address or login; a session's number; a token's uid.",
    ),
]
Few = Annotated[
    int,
    QueryParameter(name="limit", ge=1, le=20, required=False, description="How many of each kind at most."),
]


@get("/search", opt={"permission": Permission.SELF})
async def search(request: ApiRequest, words: Query, few: Few = 5) -> Hits:
    """Find stations, locations, sessions, tokens, accounts, people and groups: those the caller may see.

    The best of each kind come first: what is just the word, then what begins with it, then what contains it.
    """
    return await Search(services_of(request), caller_of(request), words, few).run()


router = Router("/api/v1", tags=["Search"], route_handlers=[search])
