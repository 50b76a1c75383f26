"""Desired state from the command line: what is declared, for whom, and how far stations are."""

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from currant.app.cli.client import Client
from currant.app.cli.exits import Exit, Failure
from currant.app.cli.names import group_names, identities
from currant.app.cli.output import ago, console, line, local, say, show, table
from currant.app.cli.state import state

WATCH_EVERY_S = 1.0

desired = typer.Typer(no_args_is_help=True, help="Declare what stations shall be, and see how far they are.")
rollout = typer.Typer(no_args_is_help=True, help="Watch, pause, resume and undo a change on its way.")

Limit = Annotated[int, typer.Option(min=1, max=100_000, help="At most so many.")]
RolloutId = Annotated[str, typer.Argument(help="The rollout's id; `latest` for the newest.")]
Aspect = Annotated[str | None, typer.Option(help="Only of this aspect, as `variables`.")]


def register(app: typer.Typer) -> None:
    desired.add_typer(rollout, name="rollout")
    app.add_typer(desired, name="desired")


@desired.command("list")
def list_declarations(
    aspect: Aspect = None,
    station: Annotated[str | None, typer.Option(help="Only for this station.")] = None,
    limit: Limit = 500,
) -> None:
    """List what is declared."""
    with Client.of(state) as client:
        rows = list(client.pages("/desired/declarations", limit=limit, aspect=aspect, station=station))
        whom = told_for(client, rows)
        table(
            rows,
            [
                ("ID", "id"),
                ("FOR", whom),
                ("ASPECT", "aspect"),
                ("KEY", "key"),
                ("VALUE", lambda row: _short(row.get("value"))),
                ("PRIORITY", "priority"),
                ("BY", "declared_by"),
                ("SINCE", lambda row: local(row.get("declared_at"))),
            ],
            nothing="Nothing is declared. Begin with `currant desired declare KEY VALUE --all`.",
        )


@desired.command("declare")
def declare(
    key: Annotated[str, typer.Argument(help="As `OCPPCommCtrlr.HeartbeatInterval`, or a key of OCPP 1.6.")],
    value: Annotated[str, typer.Argument(help="Text, or JSON with --json-value; `-` reads it from input.")],
    aspect: Annotated[str, typer.Option(help="What kind of thing it is.")] = "variables",
    station: Annotated[str | None, typer.Option(help="For this station.")] = None,
    group: Annotated[str | None, typer.Option(help="For this station group (name or id).")] = None,
    vendor: Annotated[str | None, typer.Option(help="For a model: its vendor.")] = None,
    model: Annotated[str | None, typer.Option(help="For a model: its name.")] = None,
    everybody: Annotated[bool, typer.Option("--all", help="For all stations.")] = False,
    version: Annotated[str, typer.Option(help="Only stations of this OCPP version.")] = "",
    may_restart: Annotated[bool, typer.Option("--may-restart", help="Stations may restart for it.")] = False,
    priority: Annotated[int, typer.Option(help="The higher one wins within a scope.")] = 0,
    json_value: Annotated[bool, typer.Option("--json-value", help="The value is JSON.")] = False,
    why: Annotated[str, typer.Option(help="Why, for the record.")] = "",
    at_once: Annotated[int | None, typer.Option(help="So many stations at one time.")] = None,
    per_minute: Annotated[int | None, typer.Option(help="So many stations a minute.")] = None,
    canary: Annotated[int | None, typer.Option(help="So many stations first.")] = None,
    stop_above: Annotated[
        float | None, typer.Option(help="Stop when more than so many percent fail.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say who would change, and change nothing.")
    ] = False,
) -> None:
    """Declare what stations shall have, for a station, a group, a model or all."""
    draft = {
        "scope": _scope(station, group, vendor or model, everybody),
        "station": station,
        "group": group,
        "vendor": vendor,
        "model": model,
        "version": version,
        "aspect": aspect,
        "key": key,
        "value": _value(value, json_value),
        "may_restart": may_restart,
        "priority": priority,
    }
    pace = {
        "at_once": at_once,
        "per_minute": per_minute,
        "canary": canary,
        "stop_above_percent": stop_above,
    }
    with Client.of(state) as client:
        if dry_run:
            found = client.post("/desired/declarations/preview", {"declarations": [draft]})
            show(found, lambda: _previewed(found))
            return
        made = client.post(
            "/desired/declarations",
            {
                "declarations": [draft],
                "why": why,
                "pace": {name: each for name, each in pace.items() if each is not None},
            },
        )
    show(made, lambda: _made(made))


@desired.command("remove")
def remove(
    declaration: Annotated[str, typer.Argument(help="The declaration's id.")],
    why: Annotated[str, typer.Option(help="Why, for the record.")] = "",
) -> None:
    """Declare something no more."""
    with Client.of(state) as client:
        made = client.request("DELETE", f"/desired/declarations/{declaration}", query={"why": why or None})
    show(made, lambda: _made(made))


@desired.command("show")
def show_station(station: Annotated[str, typer.Argument(help="A station's identity or id.")]) -> None:
    """Show what a station shall have, what it has, and how far it is."""
    with Client.of(state) as client:
        found = client.get(f"/stations/{station}/desired")
        whom = told_for(client, [row["declaration"] for row in found["keys"]])
    if state.json:
        line(found)
        return
    table(
        found["keys"],
        [
            ("ASPECT", "aspect"),
            ("KEY", "key"),
            ("DESIRED", lambda row: _short(row.get("desired"))),
            ("REPORTED", lambda row: _short(row.get("reported"))),
            ("STANDING", _standing),
            ("SINCE", lambda row: ago(row.get("since"))),
            ("FROM", lambda row: whom(row["declaration"])),
            ("REASON", "reason"),
        ],
        nothing="Nothing is declared for this station.",
    )


@desired.command("status")
def status(
    aspect: Aspect = None,
    standing: Annotated[
        str | None, typer.Option(help="List the stations that stand so, as `refused`.")
    ] = None,
    limit: Limit = 500,
) -> None:
    """Show how many stations stand how; or which, with --standing."""
    with Client.of(state) as client:
        if standing is None:
            table(
                (row for row in client.get("/desired/counts")["items"] if aspect in (None, row["aspect"])),
                [("ASPECT", "aspect"), ("STANDING", _standing), ("STATIONS", "stations")],
                nothing="Nothing is declared for any station.",
            )
            return
        table(
            client.pages("/desired/stations", limit=limit, aspect=aspect, standing=standing),
            [
                ("STATION", "identity"),
                ("ASPECT", "aspect"),
                ("STANDING", _standing),
                ("SINCE", lambda row: ago(row.get("since"))),
                ("REASON", "reason"),
            ],
            nothing="No station stands so.",
        )


@desired.command("retry")
def retry(station: Annotated[str, typer.Argument(help="A station's identity or id.")]) -> None:
    """Have a station asked again now, also for what it refused."""
    with Client.of(state) as client:
        client.post(f"/stations/{station}/desired/retry")
    say(f"{station} is asked again.")


@desired.command("history")
def history(limit: Limit = 50) -> None:
    """List changes of what is declared, the latest first."""
    with Client.of(state) as client:
        table(
            client.pages("/desired/revisions", limit=limit),
            [
                ("ID", "id"),
                ("AT", lambda row: local(row["at"])),
                ("WHAT", "kind"),
                ("CHANGES", "changes"),
                ("BY", "by"),
                ("WHY", "why"),
                ("UNDONE", lambda row: bool(row.get("undone_by"))),
                ("ROLLOUT", "rollout_id"),
            ],
            nothing="Nothing was ever declared.",
        )


@rollout.command("list")
def list_rollouts(limit: Limit = 50) -> None:
    """List changes on their way, the latest first."""
    with Client.of(state) as client:
        table(
            client.pages("/desired/rollouts", limit=limit),
            [
                ("ID", "id"),
                ("BEGAN", lambda row: local(row["began_at"])),
                ("STATE", "state"),
                ("STATIONS", "stations"),
                ("BY", "by"),
                ("REASON", "reason"),
            ],
            nothing="Nothing was ever rolled out.",
        )


@rollout.command("watch")
def watch(
    rollout_id: RolloutId,
    once: Annotated[bool, typer.Option("--once", help="Show where it is, and end.")] = False,
) -> None:
    """Watch a rollout until it is done, stopped, paused or undone."""
    with Client.of(state) as client:
        known = _rollout(client, rollout_id)
        before = ""
        while True:
            found = client.get(f"/desired/rollouts/{known}")
            told = _progress(found)
            if state.json:
                line(found)
            elif told != before:
                console.print(told, markup=False)
            before = told
            if once or found["rollout"]["state"] not in ("starting", "running"):
                break
            time.sleep(WATCH_EVERY_S)
    if found["rollout"]["state"] == "stopped":
        raise typer.Exit(Exit.REFUSED)


@rollout.command("pause")
def pause(rollout_id: RolloutId) -> None:
    """Begin no more stations, and do no more at those begun."""
    _turn(rollout_id, "pause")


@rollout.command("resume")
def resume(rollout_id: RolloutId) -> None:
    """Go on with one that was paused, or stopped by itself."""
    _turn(rollout_id, "resume")


@rollout.command("release")
def release(rollout_id: RolloutId) -> None:
    """End the pacing: serve the rest as soon as it can be."""
    _turn(rollout_id, "release")


@rollout.command("undo")
def undo(rollout_id: RolloutId, why: Annotated[str, typer.Option(help="Why, for the record.")] = "") -> None:
    """Have what was declared before it."""
    with Client.of(state) as client:
        made = client.post(f"/desired/rollouts/{_rollout(client, rollout_id)}/undo", {"why": why})
    show(made, lambda: _made(made))


def _turn(rollout_id: str, verb: str) -> None:
    with Client.of(state) as client:
        found = client.post(f"/desired/rollouts/{_rollout(client, rollout_id)}/{verb}")
    show(found, lambda: say(f"The rollout is {found['state']}."))


def _rollout(client: Client, named: str) -> str:
    if named != "latest":
        return named
    newest = client.get("/desired/rollouts", limit=1)["items"]
    if not newest:
        raise Failure("Nothing was ever rolled out.", Exit.NOT_FOUND)
    return str(newest[0]["id"])


def _scope(station: str | None, group: str | None, model: str | None, everybody: bool) -> str:
    given = [
        scope
        for scope, value in (("station", station), ("group", group), ("model", model), ("all", everybody))
        if value
    ]
    if len(given) != 1:
        raise Failure(
            "Say for whom: --station, --group, --vendor with --model, or --all.",
            Exit.USAGE,
            hint="One of them, so that nothing goes to all stations by mistake.",
        )
    return given[0]


def _value(given: str, is_json: bool) -> Any:
    text = Path("/dev/stdin").read_text() if given == "-" else given
    if not is_json:
        return text
    try:
        return json.loads(text)
    except ValueError as error:
        raise Failure(f"The value is not JSON: {error}.", Exit.USAGE) from error


def _made(made: dict[str, Any]) -> None:
    if made.get("rollout") is None:
        say("That is declared already: nothing was changed.")
    else:
        say(f"Declared. Watch it with `currant desired rollout watch {made['rollout']['id']}`.")


def _previewed(found: dict[str, Any]) -> None:
    say(f"{found['stations']} stations would change, {found['connected']} of them are connected.")
    for station in found["examples"]:
        for change in station["changes"]:
            before = _short(change["before"]["value"]) if change.get("before") else "nothing"
            after = _short(change["after"]["value"]) if change.get("after") else "nothing"
            told = f"{station['identity']}: {change['aspect']} {change['key']}: {before} -> {after}"
            console.print(told, markup=False)


def _progress(found: dict[str, Any]) -> str:
    going = found["rollout"]
    counts = ", ".join(f"{number} {name}" for name, number in sorted(found["by_standing"].items()))
    reason = f" ({going['reason']})" if going.get("reason") else ""
    return f"{going['state']}{reason}: {going['stations']} stations, {found['begun']} begun; {counts}"


def told_for(client: Client, rows: Sequence[dict[str, Any]]) -> Callable[[dict[str, Any]], str]:
    """What tells whom a declaration is for, with the names of the stations and groups of these."""
    stations = identities(client, (row["station_id"] for row in rows))
    groups = group_names(client, (row["group_id"] for row in rows))
    return lambda row: _whom(row, station=stations(row["station_id"]), group=groups(row["group_id"]))


def _whom(row: dict[str, Any], *, station: str | None, group: str | None) -> str:
    match row["scope"]:
        case "station":
            told = f"station {station}"
        case "group":
            told = f"group {group}"
        case "model":
            told = f"{row['vendor']} {row['model']}"
        case _:
            told = "all"
    for name in ("firmware", "version"):
        if row.get(name):
            told += f", {'OCPP' if name == 'version' else name} {row[name]}"
    return told


def _standing(row: dict[str, Any]) -> str:
    cause = f" ({row['cause']})" if row.get("cause") else ""
    return f"{row['standing']}{cause}"


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "…"
