"""The message log from the command line: every frame, searched or followed."""

import json
from typing import Annotated, Any

import typer
from rich.text import Text

from currant.app.cli.client import Client
from currant.app.cli.output import console, line, local, say
from currant.app.cli.state import state

ARROWS = {"in": "→", "out": "←"}


def register(app: typer.Typer) -> None:
    app.command("log")(log)


def log(
    station: Annotated[
        str | None, typer.Argument(help="A station's identity or id; all when left out.")
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what comes in.")] = False,
    action: Annotated[str | None, typer.Option(help="Only this OCPP action.")] = None,
    outcome: Annotated[
        str | None, typer.Option(help="answered, error:<code>, unanswered, malformed, …")
    ] = None,
    since: Annotated[str | None, typer.Option(help="From this time on (RFC 3339).")] = None,
    until: Annotated[str | None, typer.Option(help="Up to this time (RFC 3339).")] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=0, max=100_000, help="At most so many.")] = 50,
    bodies: Annotated[bool, typer.Option("--bodies/--no-bodies", help="With what was said.")] = True,
) -> None:
    """What was said between stations and Currant (→ from the station, ← to it)."""
    with Client.of(state) as client:
        query = {"station": station, "action": action, "outcome": outcome, "since": since, "until": until}
        path = "/messages"
        found = list(client.pages(path, limit=limit, **query)) if limit else []
        for message in reversed(found):
            _print(message, bodies=bodies)
        if not found and not follow:
            say("Nothing was said.")
        while follow:
            for kind, message in client.events(
                "/messages/follow", station=station, action=action, outcome=outcome
            ):
                if kind == "message":
                    _print(message, bodies=bodies)
                elif kind == "missed":
                    say(f"{message['count']} messages went by too fast to be shown.")
            say("The server ended the connection; following again.")


def _print(message: dict[str, Any], *, bodies: bool) -> None:
    if state.json:
        line(message)
        return
    latency = message.get("latency_us")
    head = Text(f"{local(message['at'])} {ARROWS.get(message['direction'], '?')} ", style="dim")
    head.append(f"{message['station_identity'] or message['station_id']} ")
    head.append(message["action"], style="bold")
    outcome = message.get("outcome", "")
    head.append(f" {outcome}", style="red" if outcome not in ("answered", "send") else "green")
    if latency is not None:
        head.append(f" {latency / 1000:.1f} ms", style="dim")
    console.print(head)
    if bodies:
        for part in ("request", "response"):
            body = message.get(part)
            if body:
                text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
                console.print(Text(f"    {text}", style="" if part == "request" else "cyan"))
