"""Policies and station groups from the command line: who may charge where, and what is treated alike."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from currant.app.cli.client import Client
from currant.app.cli.exits import Exit, Failure
from currant.app.cli.output import fields, say, show, table
from currant.app.cli.state import state

policies = typer.Typer(no_args_is_help=False, help="Rules of where, when and how much tokens may charge.")
groups = typer.Typer(no_args_is_help=False, help="Station groups: stations to be treated alike.")

Policy = Annotated[str, typer.Argument(help="The policy's name or id.")]
Token = Annotated[str | None, typer.Option(help="A token (uid or id).")]
Account = Annotated[str | None, typer.Option(help="An account (id).")]
TokenGroup = Annotated[str | None, typer.Option(help="A group of tokens (id).")]
Group = Annotated[str, typer.Argument(help="The group's name or id.")]
Stations = Annotated[list[str], typer.Argument(help="Stations by identity or id.")]
Limit = Annotated[int, typer.Option(min=1, max=100_000, help="At most so many.")]


def register(app: typer.Typer) -> None:
    app.add_typer(policies, name="policies")
    app.add_typer(groups, name="groups")


@policies.callback(invoke_without_command=True)
def policies_without_verb(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        list_policies()


@policies.command("list")
def list_policies(limit: Limit = 200) -> None:
    """List policies."""
    with Client.of(state) as client:
        table(
            client.pages("/policies", limit=limit),
            [
                ("NAME", "name"),
                ("PLACES", lambda row: _count(row, "locations", "station_groups", "stations")),
                ("WINDOWS", lambda row: _count(row, "windows")),
                ("QUOTAS", lambda row: _count(row, "quotas")),
                ("AT ONCE", lambda row: (row.get("parallel") or {}).get("limit")),
                ("ID", "id"),
            ],
            nothing="There is no policy: tokens may charge everywhere, at any time.",
        )


@policies.command("show")
def show_policy(policy: Policy) -> None:
    """Show a policy, whom it is given to, and what of its common quotas is used."""
    with Client.of(state) as client:
        found = _policy(client, policy)
        members = client.get(f"/policies/{found['id']}/members")
        used = client.get(f"/policies/{found['id']}/consumption")

    def human() -> None:
        fields(found, leave_out=("tenant_id", "revision"))
        say(", ".join(f"{len(members[name])} {name}" for name in ("tokens", "groups", "accounts")))
        for each in used["quotas"]:
            quota = each["quota"]
            say(f"{quota['measure']} a {quota.get('period', 'day')}: {each['used']} of {quota['limit']} used")

    show({"policy": found, "members": members, "consumption": used}, human)


@policies.command("add")
def add_policy(
    file: Annotated[Path, typer.Argument(help="The policy as JSON, as the API takes it; - is input.")],
) -> None:
    """Make a policy. It does nothing until it is given to somebody."""
    try:
        draft = json.loads(sys.stdin.read() if str(file) == "-" else file.read_text())
    except OSError as error:
        raise Failure(f"{file} cannot be read: {error.strerror}.", Exit.USAGE) from error
    except ValueError as error:
        raise Failure(f"{file} is not JSON: {error}.", Exit.USAGE) from error
    with Client.of(state) as client:
        made = client.post("/policies", draft)
    show(made, lambda: say(f"The policy {made['name']} is made. Give it with `currant policies give`."))


@policies.command("give")
def give(policy: Policy, token: Token = None, group: TokenGroup = None, account: Account = None) -> None:
    """Have a policy hold for a token, a group of tokens, or an account."""
    _turn("PUT", policy, token, group, account)


@policies.command("take")
def take(policy: Policy, token: Token = None, group: TokenGroup = None, account: Account = None) -> None:
    """Have a policy hold no more for a token, a group of tokens, or an account."""
    _turn("DELETE", policy, token, group, account)


def _turn(method: str, policy: str, token: str | None, group: str | None, account: str | None) -> None:
    given = [(noun, name) for noun, name in zip(HOLDERS, (token, group, account), strict=True) if name]
    if len(given) != 1:
        raise Failure("Name a token, a group or an account: one of them.", Exit.USAGE)
    holder, named = given[0]
    with Client.of(state) as client:
        found = _policy(client, policy)
        known = client.get(f"/tokens/{named}")["id"] if holder == "tokens" else named
        client.request(method, f"/policies/{found['id']}/{holder}/{known}")
    holds = "holds" if method == "PUT" else "holds no more"
    show({"policy": found["id"], holder: known}, lambda: say(f"{found['name']} {holds} for {named}."))


HOLDERS = ("tokens", "groups", "accounts")


def _policy(client: Client, named: str) -> Any:
    for row in client.pages("/policies", limit=1000, search=named):
        if row["name"] == named:
            return row
    return client.get(f"/policies/{named}")


def _count(row: dict[str, Any], *names: str) -> int | str:
    return sum(len(row[name]) for name in names) or "any"


@groups.callback(invoke_without_command=True)
def groups_without_verb(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        list_groups()


@groups.command("list")
def list_groups(limit: Limit = 500) -> None:
    """List station groups."""
    with Client.of(state) as client:
        table(
            client.pages("/station-groups", limit=limit),
            [("NAME", "name"), ("STATIONS", "stations"), ("DESCRIPTION", "description"), ("ID", "id")],
            nothing="There is no station group. `currant groups add NAME STATION …` makes one.",
        )


@groups.command("show")
def show_group(group: Group, limit: Limit = 1000) -> None:
    """List the stations of a group."""
    with Client.of(state) as client:
        table(
            client.pages(f"/station-groups/{group}/stations", limit=limit),
            [("STATION", "identity"), ("ID", "station_id")],
            nothing="No station is in it.",
        )


@groups.command("add")
def add(
    group: Annotated[str, typer.Argument(help="The group's name; it is made if there is none.")],
    stations: Annotated[list[str] | None, typer.Argument(help="Stations by identity or id.")] = None,
) -> None:
    """Put stations into a group."""
    with Client.of(state) as client:
        known = any(row["name"] == group for row in client.pages("/station-groups", limit=1000, search=group))
        named = list(stations or [])
        made = (
            client.post(f"/station-groups/{group}/stations/add", {"stations": named})
            if known
            else client.post("/station-groups", {"name": group, "stations": named})
        )
    show(made, lambda: say(f"{made['stations']} stations are in {made['name']}."))


@groups.command("remove")
def remove(group: Group, stations: Stations) -> None:
    """Take stations out of a group."""
    with Client.of(state) as client:
        found = client.post(f"/station-groups/{group}/stations/remove", {"stations": stations})
    show(found, lambda: say(f"{found['stations']} stations are in {found['name']}."))


@groups.command("dissolve")
def dissolve(group: Group) -> None:
    """End a group. Its stations stay; what was declared for it holds for nobody any more."""
    with Client.of(state) as client:
        client.delete(f"/station-groups/{group}")
    show({"dissolved": group}, lambda: say(f"{group} is no more."))
