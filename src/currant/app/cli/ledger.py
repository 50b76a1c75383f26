"""The ledger from the command line: accounts, entries, a copy for another program, and what a check finds."""

from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from currant.app.cli.client import Client
from currant.app.cli.exits import Exit, Failure
from currant.app.cli.output import console, local, say, show, table
from currant.app.cli.state import state
from currant.kit.clock import SystemClock

ledger = typer.Typer(no_args_is_help=False, help="Double entry: accounts, entries, a copy to check.")

Kind = Annotated[str | None, typer.Option(help="Only this kind of account: wallet, revenue, …")]
Limit = Annotated[int, typer.Option(min=1, max=100_000, help="At most so many.")]


def register(app: typer.Typer) -> None:
    app.add_typer(ledger, name="ledger")


@ledger.callback(invoke_without_command=True)
def without_verb(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        list_accounts()


@ledger.command("accounts")
def list_accounts(
    kind: Kind = None,
    owner: Annotated[str | None, typer.Option(help="Only this owner's.")] = None,
    limit: Limit = 1_000,
) -> None:
    """List accounts with something on them: debits less credits, in minor units."""
    with Client.of(state) as client:
        table(
            client.pages("/ledger/accounts", limit=limit, kind=kind, owner=owner),
            [
                ("KIND", "kind"),
                ("OWNER", "owner"),
                ("CURRENCY", "currency"),
                ("BALANCE", "balance"),
            ],
            nothing="Nothing is on any account.",
        )


@ledger.command("entries")
def list_entries(
    source_type: Annotated[
        str | None, typer.Option("--source-type", help="Only what was booked for a payment, charge, …")
    ] = None,
    source_id: Annotated[str | None, typer.Option("--source", help="Only what was booked for this.")] = None,
    limit: Limit = 100,
) -> None:
    """List entries, the latest booked first."""
    with Client.of(state) as client:
        table(
            client.pages("/ledger/entries", limit=limit, source_type=source_type, source_id=source_id),
            [
                ("AT", lambda row: local(row["at"])),
                ("SOURCE", lambda row: f"{row['source_type']} {row['source_id']}"),
                ("PURPOSE", "purpose"),
                ("LEGS", _legs),
            ],
            nothing="Nothing is booked.",
        )


@ledger.command("export")
def export(to: Annotated[Path, typer.Argument(help="The file to write.")]) -> None:
    """Write the whole ledger as a beancount journal, with the balance of every account at its end.

    `bean-check` adds it up on its own; a copy in which something was changed does not check any more.
    """
    if to.exists():
        raise Failure(f"{to} exists already.", Exit.USAGE, hint="Choose another name, or move it away.")
    with Client.of(state) as client:
        size = client.download("/ledger/export", to)
    show({"file": str(to), "bytes": size}, lambda: say(f"{to} holds the ledger ({size:,} bytes)."))


def check_ledger() -> None:
    """What `currant check --ledger` says."""
    from currant.app.ledger_check import check_ledgers

    found = check_ledgers(state.settings(), SystemClock())

    def human() -> None:
        for each in found:
            for finding in each.findings:
                style = "red" if finding.severity == "error" else "yellow"
                words = f"{finding.severity}: {finding.code} (rule {finding.rule}): {finding.text}"
                console.print(words, style=style, markup=False)
        say(
            f"{sum(each.entries for each in found):,} entries of {len(found)} organisation(s) were looked through:"
            f" {'the books are in order' if all(each.ok for each in found) else 'the books are NOT in order'}."
        )

    show(msgspec.to_builtins(found), human)
    if not all(each.ok for each in found):
        raise typer.Exit(Exit.REFUSED)


def _legs(row: dict[str, Any]) -> str:
    parts = []
    for leg in row["legs"]:
        name = ":".join(filter(None, (leg["kind"], leg["owner"])))
        parts.append(f"{name} {leg['amount']:+d} {leg['currency']}")
    return ", ".join(parts)
