"""Variables, monitors and problems from the command line: of a station, and across all of them."""

from typing import Annotated, Any

import typer

from currant.app.cli.client import Client
from currant.app.cli.exits import Exit
from currant.app.cli.fields import variable
from currant.app.cli.names import location_id
from currant.app.cli.outcomes import EXITS, ask
from currant.app.cli.output import ago, local, say, show, table
from currant.app.cli.state import state

variables = typer.Typer(no_args_is_help=True, help="What stations say of their parts, and what is wrong.")

Station = Annotated[str, typer.Argument(help="A station's identity or id.")]
Limit = Annotated[int, typer.Option(min=1, max=100_000, help="At most so many.")]


def register(app: typer.Typer) -> None:
    app.add_typer(variables, name="variables")
    app.command("problems")(problems)


@variables.command("show")
def show_variables(
    station: Station,
    component: Annotated[str | None, typer.Option(help="Only of this component.")] = None,
    search: Annotated[str | None, typer.Option(help="Only those with this in their names.")] = None,
    limit: Limit = 1000,
) -> None:
    """Show a station's variables as they are known here, without asking the station."""
    with Client.of(state) as client:
        table(
            client.pages(f"/stations/{station}/variables", limit=limit, component=component, search=search),
            [
                ("VARIABLE", "key"),
                ("VALUE", _value),
                ("KEY OF 1.6", "ocpp16_key"),
                ("MAY", lambda row: (row.get("traits") or {}).get("mutability")),
                ("SINCE", lambda row: ago(row["known_since"])),
                ("KNOWN BY", "how"),
            ],
            nothing=f"None is known. `currant variables read {station}` asks the station for all of them.",
        )


@variables.command("read")
def read(station: Station) -> None:
    """Have a station tell all of its variables now."""
    found = ask(f"/stations/{station}/variables/read")

    def human() -> None:
        reason = f": {found['reason']}" if found.get("reason") else ""
        say(f"{found['status']}{reason}; {found['model'].get('variables', 0)} values are known.")

    show(found, human)
    exit = EXITS.get(found["status"], Exit.REFUSED)
    if exit is not Exit.OK:
        raise typer.Exit(exit)


@variables.command("values")
def values(
    name: Annotated[str, typer.Argument(help="As `OCPPCommCtrlr.HeartbeatInterval`, or a key of OCPP 1.6.")],
    value: Annotated[str | None, typer.Option(help="List the stations with this value.")] = None,
    stations: Annotated[bool, typer.Option("--stations", help="List station by station.")] = False,
    vendor: Annotated[str | None, typer.Option(help="Only of this vendor.")] = None,
    model: Annotated[str | None, typer.Option(help="Only of this model.")] = None,
    group: Annotated[str | None, typer.Option(help="Only of this station group (name or id).")] = None,
    location: Annotated[str | None, typer.Option(help="Only of this location (name or id).")] = None,
    version: Annotated[str | None, typer.Option(help="Only those that speak this OCPP version.")] = None,
    limit: Limit = 1000,
) -> None:
    """Count the values that stations have of a variable; or list the stations, with --stations or --value."""
    with Client.of(state) as client:
        query: dict[str, Any] = {**variable(name), "vendor": vendor, "model": model, "ocpp_version": version}
        if group is not None:
            query["group_id"] = client.get(f"/station-groups/{group}")["id"]
        if location is not None:
            query["location_id"] = location_id(client, location)
        if stations or value is not None:
            table(
                client.pages("/variables", limit=limit, value=value, **query),
                [
                    ("STATION", "identity"),
                    ("VENDOR", "vendor"),
                    ("MODEL", "model"),
                    ("VARIABLE", "key"),
                    ("VALUE", _value),
                    ("SINCE", lambda row: ago(row["known_since"])),
                ],
                nothing="No station is known to have it.",
            )
            return
        table(
            client.get("/variables/values", **query),
            [("VARIABLE", "key"), ("VALUE", "value"), ("STATIONS", "stations")],
            nothing="No station is known to have it.",
        )


@variables.command("monitors")
def monitors(station: Station, limit: Limit = 500) -> None:
    """Show what a station watches in itself."""
    with Client.of(state) as client:
        table(
            client.pages(f"/stations/{station}/monitors", limit=limit),
            [
                ("ID", "id"),
                ("VARIABLE", lambda row: _named(row["variable"])),
                ("KIND", "kind"),
                ("VALUE", "value"),
                ("SEVERITY", "severity"),
                ("ORIGIN", "origin"),
                ("DECLARED AS", "declared_as"),
            ],
            nothing="No monitor is known.",
        )


def problems(
    station: Annotated[str | None, typer.Option(help="Only of this station.")] = None,
    error: Annotated[str | None, typer.Option(help="Only this error, as `GroundFailure`.")] = None,
    limit: Limit = 500,
) -> None:
    """List what is wrong at stations now."""
    with Client.of(state) as client:
        table(
            client.pages("/problems", limit=limit, station=station, error=error),
            [
                ("STATION", "identity"),
                ("EVSE", "evse"),
                ("ERROR", "error"),
                ("COMPONENT", lambda row: row.get("variable") or row.get("component")),
                ("SINCE", lambda row: local(row["since"])),
                ("VALUE", "value"),
                ("CODE", lambda row: row.get("tech_code") or row.get("tech_info")),
            ],
            nothing="Nothing is wrong at any station, as far as they say.",
        )


def _value(row: dict[str, Any]) -> str | None:
    told = row.get("value")
    if row.get("pending") is not None:
        return f"{told} ({row['pending']} after a restart)"
    if told is None and row.get("digest"):
        return "(hidden)"
    return told


def _named(row: dict[str, Any]) -> str:
    place = "".join(f"/{row[name]}" for name in ("evse", "connector") if row.get(name) is not None)
    name = ".".join(part for part in (row.get("component"), row["name"]) if part)
    return f"{name}@{place[1:]}" if place else name
