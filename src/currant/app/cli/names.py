"""Names instead of ids: what people call locations, stations and station groups."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from currant.app.cli.client import Client
from currant.app.cli.exits import Exit, Failure
from currant.app.cli.state import state

LOOKED_UP_MAX = 50
"""Names that one table looks up; further rows show ids."""


def location_id(client: Client, named: str) -> str:
    """The id of the location with this id or name."""
    found = [row for row in client.pages("/locations", limit=1000, search=named) if row["name"] == named]
    if len(found) > 1:
        raise Failure(f"{len(found)} locations are called {named}: use the id.", Exit.USAGE)
    return str(found[0]["id"] if found else client.get(f"/locations/{named}")["id"])


def identities(client: Client, station_ids: Iterable[str | None]) -> Callable[[str | None], str | None]:
    """How to call stations by their ids; machines get ids alone."""
    return _called(station_ids, lambda id: client.get(f"/stations/{id}")["identity"])


def group_names(client: Client, group_ids: Iterable[str | None]) -> Callable[[str | None], str | None]:
    """How to call station groups by their ids."""
    return _called(group_ids, lambda id: client.get(f"/station-groups/{id}")["name"])


def _called(ids: Iterable[str | None], look_up: Callable[[str], Any]) -> Callable[[str | None], str | None]:
    wanted: Sequence[str] = [] if state.json else list(dict.fromkeys(id for id in ids if id))
    known: dict[str, str] = {}
    for id in wanted[:LOOKED_UP_MAX]:
        try:
            known[id] = str(look_up(id))
        except Failure as failure:
            # What is gone since is called by its id, and so is what this key may not see.
            if failure.exit not in (Exit.NOT_FOUND, Exit.NOT_ALLOWED):
                raise
    return lambda id: known.get(id, id) if id else None
