"""Sessions from the command line."""

from typing import Annotated, Any

import typer

from currant.app.cli.client import Client
from currant.app.cli.output import console, fields, kwh, local, say, show, table
from currant.app.cli.state import state

sessions = typer.Typer(help="List and show charging sessions.")

Session = Annotated[str, typer.Argument(help="The session's number or id.")]


def register(app: typer.Typer) -> None:
    app.add_typer(sessions, name="sessions")


@sessions.callback(invoke_without_command=True)
def without_verb(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        list_sessions()


@sessions.command("list")
def list_sessions(
    active: Annotated[bool | None, typer.Option(help="Only those under way, or only ended ones.")] = None,
    station: Annotated[str | None, typer.Option(help="Only of this station (identity or id).")] = None,
    token: Annotated[str | None, typer.Option(help="Only with this token (uid).")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="At most so many.")] = 50,
) -> None:
    """List sessions, the latest first."""
    with Client.of(state) as client:
        table(
            client.pages("/sessions", limit=limit, active=active, station=station, token=token),
            [
                ("NUMBER", "number"),
                ("STATION", lambda row: row["station_identity"] or row["station_id"]),
                ("EVSE", "evse"),
                ("STARTED", lambda row: local(row.get("started_at"))),
                ("ENDED", lambda row: local(row.get("ended_at"))),
                ("PHASE", lambda row: row["phase"] if row["phase"] == "ended" else row["activity"]),
                ("KWH", lambda row: kwh(row.get("energy_wh"))),
                ("TOKEN", "token_uid"),
                ("CERTAIN", "certain"),
            ],
            nothing="There are no such sessions.",
        )


@sessions.command("show")
def show_session(
    session: Session,
    curve: Annotated[bool, typer.Option("--curve", help="With its meter readings.")] = False,
) -> None:
    """Show one session: what is known of it, what was repaired and why."""
    with Client.of(state) as client:
        found: dict[str, Any] = client.get(f"/sessions/{session}")
        if curve:
            found["readings"] = client.get(f"/sessions/{found['id']}/readings")["items"]

    def human() -> None:
        fields(found, leave_out=("repairs", "readings", "timeline"))
        for doing in found.get("timeline") or []:
            console.print(f"{local(doing['at'])}  {doing['what'].replace('_', ' ')}", markup=False)
        for repair in found.get("repairs") or []:
            console.print(f"repaired: {repair['code']}: {repair['explanation']}", markup=False)
        for reading in found.get("readings") or []:
            power = reading.get("power_w")
            console.print(
                f"{local(reading['at'])}  {kwh(reading.get('energy_wh')):>10} kWh  "
                f"{'' if power is None else f'{power / 1000:.1f} kW'}",
                markup=False,
            )

    show(found, human)


@sessions.command("close")
def close_session(session: Session, reason: Annotated[str, typer.Option(help="Why; kept with it.")]) -> None:
    """Close a session that its station will never end, with what is known of it."""
    with Client.of(state) as client:
        found = client.post(f"/sessions/{session}/close", {"reason": reason})
    show(found, lambda: say(f"Session {found['number']} is closed with {kwh(found['energy_wh'])} kWh."))
