"""Tokens, and bulk import and export, from the command line."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from currant.app.cli.client import Client
from currant.app.cli.exits import Exit, Failure
from currant.app.cli.output import console, local, say, show, table
from currant.app.cli.state import state

token = typer.Typer(no_args_is_help=True, help="Tokens: RFID cards, app accounts, contracts.")

Uid = Annotated[str, typer.Argument(help="The token's id or uid.")]


class Kind(StrEnum):
    RFID = "rfid"
    APP = "app"
    EMAID = "emaid"
    MAC = "mac"
    CENTRAL = "central"
    KEYLESS = "keyless"


class Noun(StrEnum):
    LOCATIONS = "locations"
    STATIONS = "stations"
    TOKENS = "tokens"


class Format(StrEnum):
    CSV = "csv"
    JSON = "json"


TYPES = {Format.CSV: "text/csv", Format.JSON: "application/json"}


def register(app: typer.Typer) -> None:
    app.add_typer(token, name="token")
    app.command("import")(bring_in)
    app.command("export")(take_out)


@token.command("list")
def list_tokens(
    search: Annotated[str | None, typer.Option(help="Only those with this in uid or number.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="At most so many.")] = 200,
) -> None:
    """List tokens."""
    with Client.of(state) as client:
        table(
            client.pages("/tokens", limit=limit, search=search),
            [
                ("UID", "uid"),
                ("KIND", "kind"),
                ("NUMBER", "visual_number"),
                ("STATUS", "status"),
                ("VALID UNTIL", lambda row: local(row.get("valid_until"))),
                ("ID", "id"),
            ],
            nothing="There are no tokens. `currant token add UID` makes one.",
        )


@token.command("add")
def add_token(
    uid: Annotated[str, typer.Argument(help="What the reader reads.")],
    kind: Annotated[Kind, typer.Option(help="What sort of token it is.")] = Kind.RFID,
    number: Annotated[str, typer.Option(help="What is printed on it.")] = "",
    until: Annotated[str | None, typer.Option(help="Valid until (RFC 3339).")] = None,
) -> None:
    """Make a token that may charge everywhere."""
    body: dict[str, Any] = {"uid": uid, "kind": kind.value}
    if number:
        body["visual_number"] = number
    if until:
        body["valid_until"] = until
    with Client.of(state) as client:
        made = client.post("/tokens", body)
    show(made, lambda: say(f"{made['uid']} may charge."))


@token.command("block")
def block(uid: Uid) -> None:
    """Let a token start no more sessions."""
    _status(uid, "block")


@token.command("unblock")
def unblock(uid: Uid) -> None:
    """Let a blocked token charge again."""
    _status(uid, "unblock")


def _status(uid: str, verb: str) -> None:
    with Client.of(state) as client:
        found = client.post(f"/tokens/{uid}/{verb}", {})
    show(found, lambda: say(f"{found['uid']} is {found['status']}."))


def bring_in(
    noun: Annotated[Noun, typer.Argument(help="What the file holds.")],
    file: Annotated[Path, typer.Argument(help="CSV or JSON; - reads standard input.")],
    format: Annotated[Format | None, typer.Option(help="When the file's name does not say.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")] = False,
    partial: Annotated[
        bool, typer.Option("--partial", help="Take the good rows even when others are wrong.")
    ] = False,
) -> None:
    """Import locations, stations or tokens from a file."""
    form = format or (Format.JSON if file.suffix.lower() == ".json" else Format.CSV)
    try:
        content = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise Failure(f"{file} cannot be read: {error.strerror}.", Exit.USAGE) from error
    with Client.of(state) as client:
        report = client.request(
            "POST",
            f"/{noun.value}/import",
            query={"dry_run": dry_run, "partial": partial},
            content=content,
            headers={"Content-Type": TYPES[form]},
            timeout_s=600,
        )

    def human() -> None:
        for wrong in report["problems"]:
            console.print(
                f"row {wrong['row']}, {wrong['field']}: {wrong['message']}", style="red", markup=False
            )
        counts = ", ".join(
            f"{report[name]} {name}" for name in ("created", "changed", "unchanged", "failed") if report[name]
        )
        say(f"{report['rows']} rows: {counts or 'nothing to do'}.")
        if dry_run or (report["failed"] and not report["applied"]):
            say("Nothing was written.")

    show(report, human)
    if report["failed"]:
        raise typer.Exit(Exit.REFUSED)


def take_out(
    noun: Annotated[Noun, typer.Argument(help="What to write out.")],
    file: Annotated[Path, typer.Argument(help="Where to; its ending (csv, json) is the format.")],
    format: Annotated[Format | None, typer.Option(help="When the file's name does not say.")] = None,
) -> None:
    """Export locations, stations or tokens to a file that `import` reads."""
    form = format or (Format.JSON if file.suffix.lower() == ".json" else Format.CSV)
    with Client.of(state) as client:
        size = client.download(f"/{noun.value}/export", file, format=form.value)
    show({"file": str(file), "bytes": size}, lambda: say(f"{file}: {size} bytes."))
