"""Telling a station something from the command line: what came of it, and the exit code that says so."""

import json
from typing import Any

import typer

from currant.app.cli.client import Client
from currant.app.cli.exits import Exit
from currant.app.cli.output import console, line, local, say
from currant.app.cli.state import state
from currant.kit.ids import new_id

# Above the longest that the server waits for a station by itself.
COMMAND_TIMEOUT_S = 150.0

EXITS = {
    "accepted": Exit.OK,
    "scheduled": Exit.OK,
    "queued": Exit.OK,
    "offline": Exit.STATION_AWAY,
    "unanswered": Exit.STATION_AWAY,
    "expired": Exit.STATION_AWAY,
}
"""By the status of a command; anything else is Exit.REFUSED."""


def ask(path: str, body: dict[str, Any] | None = None, *, method: str = "POST", **query: Any) -> Any:
    """Have the server do something at a station, once; its answer."""
    sent = None if body is None else {key: value for key, value in body.items() if value is not None}
    # A line typed again is a new command; what the HTTP client might repeat by itself is not.
    headers = {"Idempotency-Key": new_id()}
    wait = (query.get("deadline_s") or 0.0) + COMMAND_TIMEOUT_S
    with Client.of(state) as client:
        return client.request(method, path, body=sent, query=query, headers=headers, timeout_s=wait)


def tell(path: str, body: dict[str, Any] | None = None, *, method: str = "POST", **query: Any) -> None:
    """Tell a station something, print what comes of it, and end with the exit code that says it."""
    told(ask(path, body, method=method, **query))


def told(record: dict[str, Any]) -> None:
    """Print what came of a command (its record), and end with the exit code that says it."""
    if state.json:
        line(record)
    else:
        _in_words(record)
    exit = EXITS.get(record["status"], Exit.REFUSED)
    if exit is not Exit.OK:
        raise typer.Exit(exit)


def _in_words(record: dict[str, Any]) -> None:
    reason = f": {record['reason']}" if record.get("reason") else ""
    if record["status"] == "queued":
        if record.get("not_before"):
            reason += f": to be sent at {local(record['not_before'])}"
        elif record.get("expires_at"):
            reason += f": until {local(record['expires_at'])}"
        reason += "; `currant command list` shows what becomes of it"
    say(f"{record['status']}{reason}")
    for value in record.get("variables") or []:
        named = value["variable"]
        name = f"{named['component']}.{named['name']}" if named.get("component") else named["name"]
        told = "-" if value.get("value") is None else value["value"]
        console.print(f"{name} = {told}  {value.get('status') or ''}".rstrip(), markup=False)
    for item in record.get("report") or []:
        console.print(json.dumps(item, ensure_ascii=False), markup=False)
    if record["status"] == "accepted" and not (record.get("variables") or record.get("report")):
        answer = {name: value for name, value in (record.get("answer") or {}).items() if name != "status"}
        if answer:
            console.print(json.dumps(answer, ensure_ascii=False), markup=False)
