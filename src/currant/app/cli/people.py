"""People who sign in and keys that programs use, from the command line."""

from enum import StrEnum
from typing import Annotated

import typer

from currant.app.cli.client import Client
from currant.app.cli.exits import Exit, Failure
from currant.app.cli.output import ago, local, say, show, table
from currant.app.cli.state import state

user = typer.Typer(no_args_is_help=True, help="People who sign in.")
key = typer.Typer(no_args_is_help=True, help="API keys for programs.")


class Role(StrEnum):
    OWNER = "owner"
    OPERATOR = "operator"
    SUPPORT = "support"
    READ_ONLY = "read_only"
    INTEGRATION = "integration"


def register(app: typer.Typer) -> None:
    app.add_typer(user, name="user")
    app.add_typer(key, name="key")


@user.command("list")
def list_people() -> None:
    """List people."""
    with Client.of(state) as client:
        table(
            client.pages("/people", limit=10_000),
            [
                ("LOGIN", "login"),
                ("NAME", "name"),
                ("ROLE", "role"),
                ("ACTIVE", "active"),
                ("2ND FACTOR", "second_factor"),
                ("LAST LOGIN", lambda row: ago(row.get("last_login_at"))),
            ],
            nothing="There is nobody.",
        )


@user.command("add")
def add_person(
    login: Annotated[str, typer.Argument(help="An e-mail address or a short name.")],
    role: Annotated[Role, typer.Option(help="What they are to the organisation.")] = Role.OPERATOR,
    name: Annotated[str, typer.Option(help="Their name.")] = "",
    email: Annotated[str, typer.Option(help="Their address, when the login is none.")] = "",
    invite: Annotated[bool, typer.Option("--invite", help="Mail them a link to choose a password.")] = False,
) -> None:
    """Add somebody; a one-time password is shown, once, or an invitation is mailed."""
    body = {"login": login, "role": role.value, "name": name, "email": email, "invite": invite}
    with Client.of(state) as client:
        made = client.post("/people", body)
    if invite:
        show(made, lambda: say(f"An invitation is on its way to {made['person']['email']}."))
    else:
        show(made, lambda: say(f"{login} signs in once with: {made['one_time_password']}"))


@user.command("invite")
def invite_again(login: Annotated[str, typer.Argument(help="Who has not chosen a password yet.")]) -> None:
    """Mail somebody a new invitation; the one before ends to work."""
    with Client.of(state) as client:
        person = client.post(f"/people/{_person(client, login)}/invitation", {})
    show(person, lambda: say(f"An invitation is on its way to {person['email']}."))


@user.command("reset-second-factor")
def reset_second_factor(
    login: Annotated[str, typer.Argument(help="Who lost phone and recovery codes.")],
) -> None:
    """Take all second factors from somebody, and end their sessions: the password alone opens again.

    Make sure first that it is really them who ask.
    """
    with Client.of(state) as client:
        client.delete(f"/people/{_person(client, login)}/second-factors")
    show({"reset": login}, lambda: say(f"{login} signs in with the password alone."))


@user.command("password")
def reset_password(login: Annotated[str, typer.Argument(help="Whose password is forgotten.")]) -> None:
    """Give somebody a new one-time password; their old one ends to work."""
    with Client.of(state) as client:
        person = _person(client, login)
        made = client.post(f"/people/{person}/one-time-password", {})
    show(made, lambda: say(f"{login} signs in once with: {made['one_time_password']}"))


@user.command("remove")
def remove_person(login: Annotated[str, typer.Argument(help="Who leaves.")]) -> None:
    """Remove somebody; what they did stays on record."""
    with Client.of(state) as client:
        client.delete(f"/people/{_person(client, login)}")
    show({"removed": login}, lambda: say(f"{login} is removed."))


@key.command("list")
def list_keys() -> None:
    """List API keys; their secrets are not kept."""
    with Client.of(state) as client:
        table(
            client.pages("/keys", limit=10_000),
            [
                ("NAME", "name"),
                ("PREFIX", "prefix"),
                ("ROLE", "role"),
                ("LAST USED", lambda row: ago(row.get("last_used_at"))),
                ("EXPIRES", lambda row: local(row.get("expires_at"))),
                ("REVOKED", lambda row: local(row.get("revoked_at"))),
                ("ID", "id"),
            ],
            nothing="There are no keys. `currant key add NAME` makes one.",
        )


@key.command("add")
def add_key(
    name: Annotated[str, typer.Argument(help="What it is for.")],
    role: Annotated[Role, typer.Option(help="What it may do.")] = Role.INTEGRATION,
    expires: Annotated[str | None, typer.Option(help="Until when it works (RFC 3339).")] = None,
) -> None:
    """Make an API key; its secret is shown, once."""
    body = {"name": name, "role": role.value}
    if expires:
        body["expires_at"] = expires
    with Client.of(state) as client:
        made = client.post("/keys", body)
    show(made, lambda: say(f"The key {name}, shown this once: {made['secret']}"))


@key.command("revoke")
def revoke_key(name: Annotated[str, typer.Argument(help="The key's name, prefix or id.")]) -> None:
    """End a key."""
    with Client.of(state) as client:
        for row in client.pages("/keys", limit=10_000):
            if name in (row["id"], row["name"], row["prefix"]) and not row.get("revoked_at"):
                client.delete(f"/keys/{row['id']}")
                show({"revoked": row["id"]}, lambda: say(f"The key {name} is revoked."))
                return
    raise Failure(f"There is no key {name}.", Exit.NOT_FOUND)


def _person(client: Client, login: str) -> str:
    for row in client.pages("/people", limit=10_000):
        if login in (row["login"], row["id"]):
            return str(row["id"])
    raise Failure(f"There is nobody called {login}.", Exit.NOT_FOUND)
