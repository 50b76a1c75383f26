"""The security of links from the command line: passwords, certificates, security profiles."""

import time
from typing import Annotated, Any

import typer

from currant.app.cli.client import Client
from currant.app.cli.exits import Exit
from currant.app.cli.outcomes import ask
from currant.app.cli.outcomes import tell as tell_station
from currant.app.cli.output import ago, console, local, say, show, table
from currant.app.cli.state import state

WATCH_EVERY_S = 1.0

certificates = typer.Typer(no_args_is_help=False, help="Certificates signed for stations.")
security = typer.Typer(no_args_is_help=True, help="How stations are let in: passwords, security profiles.")

Station = Annotated[str, typer.Argument(help="A station's identity or id.")]
Certificate = Annotated[str, typer.Argument(help="The certificate's id.")]
Limit = Annotated[int, typer.Option(min=1, max=100_000, help="At most so many.")]


def register(app: typer.Typer) -> None:
    app.add_typer(certificates, name="certificates")
    app.add_typer(security, name="security")


@certificates.callback(invoke_without_command=True)
def without_verb(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        list_certificates()


@certificates.command("list")
def list_certificates(
    station: Annotated[str | None, typer.Option(help="Only of this station.")] = None,
    status: Annotated[str | None, typer.Option(help="Only with this status, as `installed`.")] = None,
    ends_before: Annotated[str | None, typer.Option(help="Only those that end before (RFC 3339).")] = None,
    limit: Limit = 200,
) -> None:
    """List certificates of stations."""
    with Client.of(state) as client:
        table(
            client.pages(
                "/certificates", limit=limit, station=station, status=status, ends_before=ends_before
            ),
            [
                ("ID", "id"),
                ("SUBJECT", "subject"),
                ("USE", "use"),
                ("STATUS", "status"),
                ("VALID UNTIL", lambda row: local(row["valid_until"])),
                ("SIGNED BY", "signed_by"),
                ("REASON", "reason"),
            ],
            nothing="No certificate was signed for a station.",
        )


@certificates.command("revoke")
def revoke(
    certificate: Certificate, reason: Annotated[str, typer.Option(help="Why, for the record.")] = ""
) -> None:
    """End a certificate: its station is disconnected, and not let in with it again."""
    with Client.of(state) as client:
        found = client.post(f"/certificates/{certificate}/revoke", {"reason": reason})
    show(found, lambda: say(f"The certificate {found['serial_number']} is revoked."))


@certificates.command("renew")
def renew(station: Station) -> None:
    """Ask a station to request a new certificate."""
    tell_station(f"/stations/{station}/certificates/renew")


@certificates.command("installed")
def installed(
    station: Station,
    read: Annotated[bool, typer.Option("--read", help="Ask the station first.")] = False,
) -> None:
    """Show the certificates that a station holds, as it was last asked."""
    if read:
        ask(f"/stations/{station}/certificates/installed/read")
    with Client.of(state) as client:
        found = client.get(f"/stations/{station}/certificates/installed")
    table(
        found["items"],
        [
            ("USE", "use"),
            ("NAME", lambda row: row.get("name")),
            ("SERIAL", lambda row: (row.get("hash") or {}).get("serial_number")),
        ],
        nothing="None is known. --read asks the station." if not found["asked_at"] else "It holds none.",
    )


@security.command("show")
def show_station(station: Station) -> None:
    """Show how a station is let in: its password's age, and its moves between security profiles."""
    with Client.of(state) as client:
        found = {
            "credentials": client.get(f"/stations/{station}/credentials"),
            "upgrades": list(client.pages("/security-upgrades", limit=20, station=station)),
        }

    def human() -> None:
        held = found["credentials"]
        age = f", {ago(held['password_set_at'])} old" if held.get("password_set_at") else ""
        say(f"password: {'set' + age if held['has_password'] else 'none'}")
        for offer in held["rotations"]:
            said = f": {offer['reason']}" if offer["reason"] else ""
            console.print(f"{local(offer['offered_at'])} rotated, {offer['status']}{said}", markup=False)
        for move in found["upgrades"]:
            console.print(f"{local(move['started_at'])} {_move(move)}", markup=False)

    show(found, human)


@security.command("rotate")
def rotate(station: Station) -> None:
    """Give a connected station a new password over its link. Nobody sees it."""
    found = ask(f"/stations/{station}/password/rotate")
    show(found, lambda: say(f"{found['status']}{': ' + found['reason'] if found['reason'] else ''}"))
    if found["status"] in ("rejected", "failed"):
        raise typer.Exit(Exit.REFUSED)


@security.command("upgrade")
def upgrade(
    station: Station,
    profile: Annotated[int, typer.Argument(min=1, max=3, help="The security profile to move to.")],
    url: Annotated[str, typer.Option(help="Where it shall connect; this server's address without it.")] = "",
    address_key: Annotated[str, typer.Option(help="1.6: the key in which this make keeps the address.")] = "",
    wait: Annotated[bool, typer.Option(help="Wait until it has come back.")] = True,
) -> None:
    """Move a station to another security profile. Ctrl-C ends the waiting, not the move."""
    body: dict[str, Any] = {"to_profile": profile, "url": url or None, "address_key": address_key or None}
    with Client.of(state) as client:
        found = client.post(
            f"/stations/{station}/security-upgrade", {name: each for name, each in body.items() if each}
        )
        told = ""
        while wait and not found["ended_at"]:
            if _move(found) != told and not state.json:
                console.print(_move(found), markup=False)
            told = _move(found)
            time.sleep(WATCH_EVERY_S)
            found = client.get(f"/stations/{station}/security-upgrade")
    show(found, lambda: say(_move(found)))
    if found["ended_at"] and found["phase"] != "done":
        raise typer.Exit(Exit.REFUSED)


@security.command("cancel")
def cancel(station: Station) -> None:
    """Give up a station's move to another security profile."""
    with Client.of(state) as client:
        found = client.delete(f"/stations/{station}/security-upgrade")
    show(found, lambda: say(_move(found)))


@security.command("upgrades")
def upgrades(
    phase: Annotated[str | None, typer.Option(help="Only in this phase, as `fallen_back`.")] = None,
    limit: Limit = 100,
) -> None:
    """List moves between security profiles, the latest first."""
    with Client.of(state) as client:
        table(
            client.pages("/security-upgrades", limit=limit, phase=phase),
            [
                ("BEGAN", lambda row: local(row["started_at"])),
                ("STATION", "identity"),
                ("FROM", "from_profile"),
                ("TO", "to_profile"),
                ("PHASE", "phase"),
                ("BY", "started_by"),
                ("REASON", "reason"),
            ],
            nothing="No station was moved.",
        )


def _move(row: dict[str, Any]) -> str:
    reason = f": {row['reason']}" if row["reason"] else ""
    return f"profile {row['from_profile']} to {row['to_profile']}, {row['phase'].replace('_', ' ')}{reason}"
