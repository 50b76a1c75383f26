"""Stations from the command line: who there is, who may join, and what they are told to do."""

from typing import Annotated, Any

import typer

from currant.app.cli.client import Client
from currant.app.cli.exits import Exit, Failure
from currant.app.cli.fields import variable
from currant.app.cli.outcomes import tell
from currant.app.cli.output import ago, console, fields, local, say, show, table
from currant.app.cli.state import state

stations = typer.Typer(no_args_is_help=False, help="List, show, add stations; give them passwords.")
command = typer.Typer(
    no_args_is_help=True, help="Tell a station to do something, and wait for what comes of it."
)

Station = Annotated[str, typer.Argument(help="A station's identity or id.")]
Limit = Annotated[int, typer.Option(min=1, max=100_000, help="At most so many.")]
Evse = Annotated[int | None, typer.Option(min=0, help="The EVSE's number.")]
Connector = Annotated[int | None, typer.Option(min=0, help="The connector's number on its EVSE.")]


def register(app: typer.Typer) -> None:
    app.add_typer(stations, name="stations")
    app.add_typer(command, name="command")
    app.command()(accept)
    app.command()(refuse)
    app.command()(findings)


@stations.callback(invoke_without_command=True)
def without_verb(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        list_stations()


@stations.command("list")
def list_stations(
    admission: Annotated[
        str | None, typer.Option(help="pending, accepted, refused or retired.", show_default=False)
    ] = None,
    connected: Annotated[
        bool | None, typer.Option(help="Only those that are, or are not, connected.")
    ] = None,
    location: Annotated[str | None, typer.Option(help="Only those of this location (id).")] = None,
    search: Annotated[str | None, typer.Option(help="Only those with this in identity or name.")] = None,
    limit: Limit = 500,
) -> None:
    """List stations."""
    with Client.of(state) as client:
        rows = client.pages(
            "/stations",
            limit=limit,
            admission=admission,
            connected=connected,
            location_id=location,
            search=search,
        )
        table(
            rows,
            [
                ("IDENTITY", "identity"),
                ("NAME", "name"),
                ("ADMISSION", "admission"),
                ("ONLINE", "connected"),
                ("OCPP", "ocpp_version"),
                ("CONNECTORS", _states),
                ("VENDOR", "vendor"),
                ("MODEL", "model"),
                ("SEEN", lambda row: ago(row.get("last_seen_at"))),
            ],
            nothing="There are no such stations. Point a charger at the OCPP address that `currant status` shows.",
        )


@stations.command("show")
def show_station(station: Station) -> None:
    """Show one station with its EVSEs and connectors."""
    with Client.of(state) as client:
        found = client.get(f"/stations/{station}")

    def human() -> None:
        fields(found, leave_out=("evses", "connectors", "settings", *_OF_CONNECTION))
        console.print(_connection(found["connection"]), markup=False)
        for connector in found.get("connectors") or []:
            since = local(connector.get("since"))
            error = f"  {connector['error'] or connector['raw_error']}" if connector.get("raw_error") else ""
            console.print(
                f"EVSE {connector['evse']} connector {connector['connector']}: {connector['status']} "
                f"since {since}{error}"
            )

    show(found, human)


@stations.command("add")
def add_station(
    identity: Annotated[str, typer.Argument(help="What it connects with: the last part of its OCPP URL.")],
    name: Annotated[str, typer.Option(help="What people call it.")] = "",
    location: Annotated[str | None, typer.Option(help="The location's id.")] = None,
    profile: Annotated[int | None, typer.Option(min=0, max=3, help="Security profile it must use.")] = None,
    password: Annotated[bool, typer.Option(help="Make a password for it and show it, once.")] = True,
) -> None:
    """Register a station before it first connects, accepted, with a password."""
    body = {"identity": identity, "name": name, "location_id": location, "security_profile": profile}
    with Client.of(state) as client:
        made = client.post("/stations", {k: v for k, v in body.items() if v not in (None, "")})
        if made.get("admission") == "pending":
            made = client.post(f"/stations/{made['id']}/accept", {})
        secret = client.post(f"/stations/{made['id']}/password", {}) if password else None
    if secret:
        made = {**made, "password": secret["password"]}

    def human() -> None:
        say(f"{identity} is registered and accepted.")
        if secret:
            say(f"Its password, shown this once: {secret['password']}")

    show(made, human)


@stations.command("password")
def password(
    station: Station,
    secret: Annotated[
        str | None,
        typer.Option(
            "--set",
            help="Use this one (16 to 64 characters; hexadecimal digits if need be), not a new random one.",
        ),
    ] = None,
) -> None:
    """Give a station a new password; the old one ends to work."""
    with Client.of(state) as client:
        answer = client.post(f"/stations/{station}/password", {"password": secret} if secret else {})
    show(
        answer,
        lambda: say(
            f"The new password of {station} is set."
            if secret
            else f"The new password of {station}, shown this once: {answer['password']}"
        ),
    )


def accept(
    station: Station,
    name: Annotated[str | None, typer.Option(help="What people call it.")] = None,
    location: Annotated[str | None, typer.Option(help="The location's id.")] = None,
) -> None:
    """Let a pending station take part in the network."""
    body = {key: value for key, value in (("name", name), ("location_id", location)) if value is not None}
    with Client.of(state) as client:
        found = client.post(f"/stations/{station}/accept", body)
    show(found, lambda: say(f"{station} is accepted."))


def refuse(station: Station) -> None:
    """Turn a station away."""
    with Client.of(state) as client:
        found = client.post(f"/stations/{station}/refuse", {})
    show(found, lambda: say(f"{station} is refused."))


def findings(
    station: Annotated[str | None, typer.Option(help="Only of this station.")] = None,
    vendor: Annotated[str | None, typer.Option(help="Only of this vendor.")] = None,
    model: Annotated[str | None, typer.Option(help="Only of this model.")] = None,
    limit: Limit = 200,
) -> None:
    """What stations do against the specification, counted: what to show a vendor."""
    with Client.of(state) as client:
        query = {"station": station, "vendor": vendor, "model": model}
        table(
            client.pages("/findings", limit=limit, **query),
            [
                ("FINDING", "code"),
                ("ACTION", "action"),
                ("FIELD", "field"),
                ("COUNT", "count"),
                ("VENDOR", "vendor"),
                ("MODEL", "model"),
                ("LAST", lambda row: local(row.get("last_at"))),
                ("EXAMPLE", "example"),
            ],
            nothing="Nothing was found against the specification.",
        )


# Commands to stations.


@command.command("start")
def start(
    station: Station,
    token: Annotated[str, typer.Argument(help="The uid of the driver's token.")],
    evse: Evse = None,
    connector: Connector = None,
) -> None:
    """Begin a session for a token."""
    body = {"station": station, "token_uid": token, "evse": evse, "connector": connector}
    tell("/sessions", body)


@command.command("stop")
def stop(session: Annotated[str, typer.Argument(help="The session's number or id.")]) -> None:
    """End a session."""
    tell(f"/sessions/{session}/stop")


@command.command("unlock")
def unlock(
    station: Station, evse: Annotated[int, typer.Option(min=1)] = 1, connector: Connector = None
) -> None:
    """Unlock a connector."""
    _give(station, {"command": "Unlock", "evse": evse, "connector": connector})


@command.command("reset")
def reset(
    station: Station,
    now: Annotated[bool, typer.Option("--now", help="At once, ending sessions; else when idle.")] = False,
    evse: Evse = None,
) -> None:
    """Restart a station."""
    _give(station, {"command": "Reset", "kind": "immediate" if now else "on_idle", "evse": evse})


@command.command("availability")
def availability(
    station: Station,
    operative: Annotated[bool, typer.Option("--in-service/--out-of-service")],
    evse: Evse = None,
    connector: Connector = None,
) -> None:
    """Put a station, an EVSE or a connector in or out of service."""
    _give(
        station, {"command": "SetAvailability", "operative": operative, "evse": evse, "connector": connector}
    )


@command.command("trigger")
def trigger(
    station: Station,
    message: Annotated[str, typer.Argument(help="boot, heartbeat, status, meter_values, transaction, …")],
    evse: Evse = None,
    connector: Connector = None,
) -> None:
    """Ask for a message now."""
    _give(station, {"command": "Trigger", "message": message, "evse": evse, "connector": connector})


@command.command("get")
def get_variables(
    station: Station,
    names: Annotated[
        list[str] | None, typer.Argument(help="Keys (1.6) or Component.Variable (2.x); none means all.")
    ] = None,
) -> None:
    """Read configuration keys (1.6) or variables (2.x)."""
    _give(station, {"command": "GetVariables", "variables": [variable(name) for name in names or []]})


@command.command("set")
def set_variables(
    station: Station,
    values: Annotated[list[str], typer.Argument(help="Key=value or Component.Variable=value.")],
) -> None:
    """Write configuration keys (1.6) or variables (2.x)."""
    given = []
    for pair in values:
        name, equals, value = pair.partition("=")
        if not equals:
            raise Failure(f"{pair!r} is not of the form name=value.", Exit.USAGE)
        given.append({"variable": variable(name), "value": value})
    _give(station, {"command": "SetVariables", "values": given})


@command.command("data")
def transfer_data(
    station: Station,
    vendor: Annotated[str, typer.Argument(help="The vendor's id.")],
    message: Annotated[str | None, typer.Option(help="The message's id.")] = None,
    data: Annotated[str | None, typer.Option(help="What to send.")] = None,
) -> None:
    """Send a vendor's own message (DataTransfer)."""
    _give(station, {"command": "TransferData", "vendor_id": vendor, "message_id": message, "data": data})


@command.command("list")
def list_commands(
    station: Annotated[str | None, typer.Option(help="Only of this station.")] = None, limit: Limit = 50
) -> None:
    """What stations were told lately, and what came of it."""
    path = f"/stations/{station}/commands" if station else "/commands"
    with Client.of(state) as client:
        table(
            client.pages(path, limit=limit),
            [
                ("ASKED", lambda row: local(row.get("asked_at"))),
                ("STATION", lambda row: row.get("station_identity") or row["station_id"]),
                ("BY", "asked_by"),
                ("COMMAND", lambda row: row["command"]["command"]),
                ("STATUS", "status"),
                ("REASON", "reason"),
            ],
            nothing="No station was told anything.",
        )


def _give(station: str, body: dict[str, Any]) -> None:
    tell(f"/stations/{station}/commands", body)


# Shown together, in words.
_OF_CONNECTION = ("connection", "connected", "connected_at", "disconnected_at", "ocpp_version")


def _connection(told: dict[str, Any]) -> str:
    """`connected since … with OCPP 1.6 from 192.0.2.1, security profile 2`."""
    words = "connected" if told["connected"] else "not connected"
    if told.get("since"):
        words += f" since {local(told['since'])}"
    if not told["connected"] and told.get("ocpp_version"):
        words += ", last"
    if told.get("ocpp_version"):
        words += f" with OCPP {told['ocpp_version']}"
    if told.get("remote_address"):
        words += f" from {told['remote_address']}"
    if told.get("security_profile") is not None:
        words += f", security profile {told['security_profile']}"
    return words


def _states(row: dict[str, Any]) -> str:
    states = [each["status"] for each in row.get("connectors") or [] if each.get("connector")]
    return ", ".join(f"{states.count(status)} {status}" for status in dict.fromkeys(states))
