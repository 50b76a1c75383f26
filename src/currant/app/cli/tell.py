"""Every command there is, for one station or for many, and batches on their way."""

import time
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.live import Live

from currant.app.cli import outcomes
from currant.app.cli.client import Client
from currant.app.cli.exits import Exit, Failure
from currant.app.cli.fields import (
    COMMANDS,
    HOW_TO_LIST,
    command_named,
    command_of,
    described,
    described_within,
    moment_given,
    read_body,
)
from currant.app.cli.names import location_id
from currant.app.cli.output import console, line, local, say, show, table
from currant.app.cli.state import state
from currant.kit.clock import SystemClock
from currant.kit.ids import new_id

WATCH_EVERY_S = 1.0
LEFT_WAITING = "1d"
"""How long a batch for connected stations waits for one that has gone away meanwhile."""

batches = typer.Typer(no_args_is_help=False, help="Commands for many stations: how far they are.")

BatchId = Annotated[str, typer.Argument(help="The batch's id; `latest` for the newest.")]
Limit = Annotated[int, typer.Option(min=1, max=100_000, help="At most so many.")]


def register(app: typer.Typer) -> None:
    app.command("tell")(tell)
    app.add_typer(batches, name="batches")


def tell(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            help="STATION COMMAND FIELD=VALUE …, as `CP-1 Reset kind=on_idle`; with --all, --group and the "
            "like, COMMAND FIELD=VALUE …"
        ),
    ] = None,
    json_body: Annotated[
        Path | None, typer.Option("--json-body", help="The command's fields as JSON in a file; - is input.")
    ] = None,
    at: Annotated[
        str | None, typer.Option(help="Send it then: a time (RFC 3339), or 2h, 30min, 3d from now.")
    ] = None,
    queue_until: Annotated[
        str | None, typer.Option(help="Keep it for a station that is offline, until then.")
    ] = None,
    deadline: Annotated[
        float | None, typer.Option(help="Wait so many seconds for the station's answer.")
    ] = None,
    everybody: Annotated[bool, typer.Option("--all", help="To all accepted stations.")] = False,
    group: Annotated[str | None, typer.Option(help="To those of this station group (name or id).")] = None,
    location: Annotated[str | None, typer.Option(help="To those of this location (name or id).")] = None,
    vendor: Annotated[str | None, typer.Option(help="To those of this vendor.")] = None,
    model: Annotated[str | None, typer.Option(help="To those of this model.")] = None,
    version: Annotated[str | None, typer.Option(help="To those that speak this OCPP version.")] = None,
    at_once: Annotated[int, typer.Option(min=1, max=1000, help="Of many: so many at one time.")] = 100,
    note: Annotated[str, typer.Option(help="Of many: what it is for.")] = "",
    wait: Annotated[bool, typer.Option(help="Of many: watch until it is done.")] = True,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Of many: only say how many.")] = False,
    describe: Annotated[
        bool, typer.Option("--describe", help="List the commands, or the fields of one.")
    ] = False,
) -> None:
    """Give a station, or many, any command, and say what came of it.

    Lists are separated by commas, fields of fields by dots (profile.stack_level=1), and what is more than that is JSON;
    text=@FILE takes a text from a file.
    To many stations it goes to those connected now; with --queue-until also to the others, when they come.
    """
    given = list(words or [])
    if describe:
        _describe(given)
        return
    which = {"vendor": vendor, "model": model, "version": version}
    many = everybody or group or location or any(which.values())
    if not given or (len(given) < 2 and not many):
        raise Failure("Say which station, and which command.", Exit.USAGE, hint=HOW_TO_LIST)
    station = None if many else given.pop(0)
    kind = command_named(given.pop(0))
    if json_body is not None and given:
        raise Failure("Give the fields on the line or in a file, not both.", Exit.USAGE)
    command = read_body(json_body, kind) if json_body is not None else command_of(kind, given)
    now = SystemClock().now()
    not_before = None if at is None else moment_given(at, now=now)
    until = None if queue_until is None else moment_given(queue_until, now=now)
    if station is not None:
        outcomes.tell(
            f"/stations/{station}/commands",
            command,
            deadline_s=deadline,
            queue_until=until,
            not_before=not_before,
        )
        return
    if deadline is not None:
        raise Failure("A deadline is for one station; use --queue-until for many.", Exit.USAGE)
    with Client.of(state) as client:
        chosen: dict[str, Any] = {name: value for name, value in which.items() if value is not None}
        if group is not None:
            chosen["group_id"] = client.get(f"/station-groups/{group}")["id"]
        if location is not None:
            chosen["location_id"] = location_id(client, location)
        if until is None:
            chosen["connected"] = True
        if dry_run:
            _count(client, chosen)
            return
        begun = client.request(
            "POST",
            "/command-batches",
            body={
                "command": command,
                "which": chosen,
                "at_once": at_once,
                "note": note,
                **({} if not_before is None else {"not_before": not_before}),
                "expires_at": until or _expiry(not_before),
            },
            headers={"Idempotency-Key": new_id()},
        )
        if wait:
            _watch(client, begun["id"])
        else:
            show(begun, lambda: say(f"Given to {begun['stations']} stations: `currant batches watch`."))


def _expiry(not_before: str | None) -> str:
    begin = SystemClock().now() if not_before is None else datetime.fromisoformat(not_before)
    return moment_given(LEFT_WAITING, now=begin)


def _count(client: Client, chosen: dict[str, Any]) -> None:
    query = {**chosen, "group": chosen.get("group_id")}
    query.pop("group_id", None)
    found = client.get("/stations/count", admission="accepted", **query)
    show(found, lambda: say(f"{found['count']} stations would be told."))


def _describe(names: list[str]) -> None:
    if not names:
        rows = [{"command": name, "fields": _signature(kind)} for name, kind in sorted(COMMANDS.items())]
        table(rows, [("COMMAND", "command"), ("FIELDS", "fields")], nothing="")
        return
    kind = command_named(names[-1])
    told = [
        {"field": name, "needed": needed, "takes": takes} for name, takes, needed in described_within(kind)
    ]

    def human() -> None:
        say(f"{kind.__name__}: {' '.join((kind.__doc__ or '').split())}")
        table(
            told,
            [("FIELD", "field"), ("NEEDED", "needed"), ("TAKES", "takes")],
            nothing="It has no fields.",
        )

    show({"command": kind.__name__, "fields": told}, human)


def _signature(kind: Any) -> str:
    return " ".join(name if needed else f"[{name}]" for name, _, needed in described(kind))


# Batches on their way.


@batches.callback(invoke_without_command=True)
def without_verb(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        list_batches()


@batches.command("list")
def list_batches(limit: Limit = 20) -> None:
    """List batches, the latest first."""
    with Client.of(state) as client:
        table(
            client.pages("/command-batches", limit=limit),
            [
                ("ID", lambda row: row["batch"]["id"]),
                ("ASKED", lambda row: local(row["batch"]["asked_at"])),
                ("COMMAND", lambda row: row["batch"]["command"]["command"]),
                ("BY", lambda row: row["batch"]["asked_by"]),
                ("STATIONS", lambda row: row["batch"]["stations"]),
                ("STATE", _state),
                ("OUTCOMES", _counts),
                ("NOTE", lambda row: row["batch"]["note"]),
            ],
            nothing="Nothing was given to many stations. `currant tell --all COMMAND` does it.",
        )


@batches.command("watch")
def watch(
    batch: BatchId = "latest",
    once: Annotated[bool, typer.Option("--once", help="Show where it is, and end.")] = False,
) -> None:
    """Watch a batch until it is done. Ctrl-C ends the watching, not the batch."""
    with Client.of(state) as client:
        _watch(client, _id(client, batch), once=once)


@batches.command("show")
def show_batch(
    batch: BatchId = "latest",
    status: Annotated[str | None, typer.Option(help="Only commands with this status, as `refused`.")] = None,
    limit: Limit = 500,
) -> None:
    """Show what came of a batch at each station."""
    with Client.of(state) as client:
        table(
            client.pages("/commands", limit=limit, batch=_id(client, batch), status=status),
            [
                ("STATION", lambda row: row.get("station_identity") or row["station_id"]),
                ("STATUS", "status"),
                ("ENDED", lambda row: local(row.get("ended_at"))),
                ("REASON", "reason"),
            ],
            nothing="There is no such command in it.",
        )


@batches.command("pause")
def pause(batch: BatchId = "latest") -> None:
    """Send no more of a batch until it is resumed."""
    _turn(batch, "pause")


@batches.command("resume")
def resume(batch: BatchId = "latest") -> None:
    """Go on with a paused batch."""
    _turn(batch, "resume")


@batches.command("cancel")
def cancel(batch: BatchId = "latest") -> None:
    """Take back what of a batch still waits."""
    _turn(batch, "cancel")


def _turn(batch: str, verb: str) -> None:
    with Client.of(state) as client:
        found = client.post(f"/command-batches/{_id(client, batch)}/{verb}")
    show(found, lambda: say(_progress(found)))


def _id(client: Client, named: str) -> str:
    if named != "latest":
        return named
    newest = client.get("/command-batches", limit=1)["items"]
    if not newest:
        raise Failure("Nothing was ever given to many stations.", Exit.NOT_FOUND)
    return str(newest[0]["batch"]["id"])


def _watch(client: Client, batch: str, *, once: bool = False) -> None:
    """Print how far it is whenever that changes; on a terminal, one line that moves."""
    before = ""
    live = None if state.json or not console.is_terminal else Live(console=console, auto_refresh=False)
    try:
        if live:
            live.start()
        while True:
            found = client.get(f"/command-batches/{batch}")
            told = _progress(found)
            if told != before:
                if state.json:
                    line(found)
                elif live:
                    live.update(told, refresh=True)
                else:
                    console.print(told, markup=False)
            before = told
            if once or found["done"]:
                break
            time.sleep(WATCH_EVERY_S)
    except KeyboardInterrupt:
        say(
            f"It goes on. `currant batches watch {batch}` shows it, `currant batches cancel {batch}` ends it."
        )
        raise
    finally:
        if live:
            live.stop()
    if found["done"]:
        _end(found)


def _end(found: dict[str, Any]) -> None:
    exits = {outcomes.EXITS.get(status, Exit.REFUSED) for status in found["by_status"]}
    if exits - {Exit.OK}:
        if not state.json:
            say(f"`currant batches show {found['batch']['id']}` says what came of it at each station.")
        raise typer.Exit(Exit.REFUSED if Exit.REFUSED in exits else Exit.STATION_AWAY)


def _state(row: dict[str, Any]) -> str:
    if "cancelled" in row["by_status"]:
        return "cancelled"
    if row["done"]:
        return "done"
    return "paused" if row["batch"]["paused"] else "running"


def _counts(row: dict[str, Any]) -> str:
    return ", ".join(f"{number} {status}" for status, number in sorted(row["by_status"].items()))


def _progress(row: dict[str, Any]) -> str:
    return f"{_state(row)}: {row['batch']['stations']} stations; {_counts(row)}"
