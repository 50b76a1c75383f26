"""Reservations and waiting lists from the command line."""

from typing import Annotated, Any

import typer

from currant.app.cli.client import Client
from currant.app.cli.exits import Exit
from currant.app.cli.fields import moment_given
from currant.app.cli.names import location_id
from currant.app.cli.outcomes import ask
from currant.app.cli.output import local, say, show, table
from currant.app.cli.state import state
from currant.kit.clock import SystemClock

reservations = typer.Typer(no_args_is_help=False, help="Places kept for drivers.")
waiting = typer.Typer(no_args_is_help=False, help="Drivers who want the next free place.")

Uid = Annotated[str, typer.Argument(help="The token's uid.")]
Limit = Annotated[int, typer.Option(min=1, max=100_000, help="At most so many.")]
AtStation = Annotated[str | None, typer.Option("--station", help="At this station (identity or id).")]
AtLocation = Annotated[str | None, typer.Option("--location", help="At this location (name or id).")]
Plug = Annotated[str | None, typer.Option("--connector", help="Only with this plug, as `IEC_62196_T2`.")]


def register(app: typer.Typer) -> None:
    app.add_typer(reservations, name="reservations")
    app.add_typer(waiting, name="waiting")


@reservations.callback(invoke_without_command=True)
def reservations_without_verb(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        list_reservations()


@reservations.command("list")
def list_reservations(
    active: Annotated[
        bool | None, typer.Option(help="Only those that still hold, or only the others.")
    ] = None,
    station: AtStation = None,
    token: Annotated[str | None, typer.Option(help="Only with this token (uid).")] = None,
    limit: Limit = 100,
) -> None:
    """List reservations, the latest first."""
    with Client.of(state) as client:
        table(
            client.pages("/reservations", limit=limit, active=active, station=station, token=token),
            [
                ("NUMBER", "number"),
                ("TOKEN", "token_uid"),
                ("STATION", "place_station_identity"),
                ("EVSE", "place_evse"),
                ("FROM", lambda row: local(row["starts_at"])),
                ("UNTIL", lambda row: local(row["ends_at"])),
                ("STATE", "state"),
                ("REASON", "reason"),
            ],
            nothing="There is no reservation.",
        )


@reservations.command("make")
def make(
    token: Uid,
    station: AtStation = None,
    evse: Annotated[int | None, typer.Option(min=1, help="This EVSE of the station.")] = None,
    location: AtLocation = None,
    connector: Plug = None,
    begin: Annotated[
        str | None, typer.Option("--from", help="From then on: a time (RFC 3339), or 2h, 30min from now.")
    ] = None,
    end: Annotated[str | None, typer.Option("--until", help="Until then.")] = None,
    for_group: Annotated[bool, typer.Option("--for-group", help="Its group's tokens may use it.")] = False,
) -> None:
    """Keep a place for a token, from now on or ahead of time."""
    now = SystemClock().now()
    found = ask(
        "/reservations",
        {
            "token_uid": token,
            "station": station,
            "evse": evse,
            "location_id": _location(location),
            "connector_standard": connector,
            "starts_at": None if begin is None else moment_given(begin, now=now),
            "ends_at": None if end is None else moment_given(end, now=now),
            "for_group": for_group or None,
        },
    )
    show(found, lambda: say(_reserved(found)))
    if found["state"] == "refused":
        raise typer.Exit(Exit.REFUSED)


@reservations.command("cancel")
def cancel(reservation: Annotated[str, typer.Argument(help="The reservation's number or id.")]) -> None:
    """Give a place free again."""
    with Client.of(state) as client:
        found = client.delete(f"/reservations/{reservation}")
    show(found, lambda: say(_reserved(found)))


@waiting.callback(invoke_without_command=True)
def waiting_without_verb(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        list_waiting()


@waiting.command("list")
def list_waiting(
    location: AtLocation = None,
    everybody: Annotated[bool, typer.Option("--all", help="Also those who are gone.")] = False,
    limit: Limit = 100,
) -> None:
    """List who waits, and where in the line."""
    place = _location(location)
    with Client.of(state) as client:
        table(
            client.pages("/waiting", limit=limit, location_id=place, active=None if everybody else True),
            [
                ("ID", lambda row: row["waiting"]["id"]),
                ("TOKEN", lambda row: row["waiting"]["token_uid"]),
                ("POSITION", "position"),
                ("TURN AT ABOUT", lambda row: local(row.get("estimated_at"))),
                ("STATE", lambda row: row["waiting"]["state"]),
            ],
            nothing="Nobody waits.",
        )


@waiting.command("join")
def join(token: Uid, location: AtLocation = None, station: AtStation = None, connector: Plug = None) -> None:
    """Put a driver on the waiting list of a location, or for one of its stations."""
    body = {
        "token_uid": token,
        "location_id": _location(location),
        "station": station,
        "connector_standard": connector,
    }
    found = ask("/waiting", body)
    show(found, lambda: say(_in_line(found)))


@waiting.command("leave")
def leave(waiter: Annotated[str, typer.Argument(help="The id in the waiting list.")]) -> None:
    """Take a driver off a waiting list."""
    with Client.of(state) as client:
        client.delete(f"/waiting/{waiter}")
    show({"left": waiter}, lambda: say("Off the list."))


def _location(named: str | None) -> str | None:
    if named is None:
        return None
    with Client.of(state) as client:
        return location_id(client, named)


def _in_line(row: dict[str, Any]) -> str:
    if row["waiting"]["state"] == "called":
        return "A place is free: it is held, see `currant reservations`."
    about = f", about {local(row['estimated_at'])}" if row.get("estimated_at") else ""
    return f"Number {row['position']} in line{about}."


def _reserved(row: dict[str, Any]) -> str:
    place = f"{row['place_station_identity']} EVSE {row['place_evse']}"
    reason = f" ({row['reason']})" if row["reason"] else ""
    return f"Reservation {row['number']}: {row['state']}{reason}, {place} until {local(row['ends_at'])}."
