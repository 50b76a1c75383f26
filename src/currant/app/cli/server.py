"""The server itself from the command line: run it, look at it, check, migrate, back up and restore."""

import contextlib
import gc
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from currant.app.cli.client import Client
from currant.app.cli.exits import Exit, Failure
from currant.app.cli.ledger import check_ledger
from currant.app.cli.output import console, errors, fields, local, say, show
from currant.app.cli.state import state
from currant.kit.clock import SystemClock

if TYPE_CHECKING:
    from currant.app.container import Currant
    from currant.app.settings import Settings

Database = Annotated[str | None, typer.Option("--database", help="sqlite:///path or postgresql://…")]
HttpPort = Annotated[int | None, typer.Option("--http-port", help="The API's port; 0 takes any free one.")]
OcppPort = Annotated[int | None, typer.Option("--ocpp-port", help="Port for stations without TLS; 0: any.")]
TlsPort = Annotated[int | None, typer.Option("--ocpp-tls-port", help="Port for stations with TLS; 0: any.")]


def register(app: typer.Typer) -> None:
    app.command()(serve)
    app.command()(demo)
    app.command()(status)
    app.command()(check)
    app.command()(migrate)
    app.command()(backup)
    app.command()(restore)


def serve(
    database: Database = None,
    http_port: HttpPort = None,
    ocpp_port: OcppPort = None,
    tls_port: TlsPort = None,
) -> None:
    """Run the server until it is stopped (Ctrl-C, or SIGTERM)."""
    options = {
        "database.url": database,
        "http.port": http_port,
        "ocpp.port": ocpp_port,
        "ocpp.tls_port": tls_port,
    }
    settings = state.settings(**options)

    async def run() -> None:
        from currant.app.container import running

        async with running(settings) as currant:
            _settle()
            _introduce(currant)
            await currant.until_stopped()

    _run(run, settings)


def demo(
    http_port: HttpPort = None,
    ocpp_port: OcppPort = None,
    tls_port: TlsPort = None,
    stations: Annotated[int, typer.Option(min=1, max=2000, help="How many simulated stations.")] = 100,
    seed: Annotated[int, typer.Option(help="Another number makes another network.")] = 1,
) -> None:
    """Run the server with a demo network: a dozen sites, simulated stations of every OCPP version.

    It has a data directory of its own, `demo` in the usual one; real chargers can connect too. Unless mail is
    set up, letters are files in its `mail`, links to sign in with among them.
    """
    options = {"http.port": http_port, "ocpp.port": ocpp_port, "ocpp.tls_port": tls_port}
    usual = state.settings(**options)
    folder = usual.data_dir / "demo"
    changed: dict[str, Any] = {
        "data_dir": folder,
        # No money moves in a demo, and payers are there to be looked at.
        "payments": usual.payments.model_copy(update={"sandbox": True}),
    }
    if not usual.mail.url:
        # Whoever tries it out is at hand to read letters where they lie.
        changed["mail"] = usual.mail.model_copy(update={"url": f"file:{(folder / 'mail').absolute()}"})
    settings = usual.model_copy(update=changed)
    if settings.database.url:
        raise Failure(
            "The demo network has a database of its own, and database.url is set.",
            Exit.USAGE,
            hint="Run `currant serve` on that database, or leave database.url out.",
        )

    async def run() -> None:
        from currant.app.container import running
        from currant.app.demo import DemoNetwork

        async with running(settings) as currant:
            network = DemoNetwork(currant, stations=stations, seed=seed)
            await network.prepare()
            async with network.alive():
                _settle()
                _introduce(currant, f"{stations} simulated stations at {network.sites} sites are connecting.")
                await currant.until_stopped()

    _run(run, settings)


def status() -> None:
    """How the running server is, and its network: stations, sessions, database."""
    with Client.of(state) as client:
        found = client.get("/status")
        found["url"] = client.base
    show(found, lambda: _show_status(found))


def check(
    ledger: Annotated[
        bool, typer.Option("--ledger", help="Look through the books instead: all entries, balances, holds.")
    ] = False,
) -> None:
    """Say what is wrong with the settings, certificates, ports and database; changes nothing."""
    if ledger:
        check_ledger()
        return
    from currant.app.check import check as find

    problems = find(state.settings(), SystemClock())
    wrong = any(problem.error for problem in problems)
    rows = [
        {"where": p.where, "what": p.what, "severity": "error" if p.error else "warning"} for p in problems
    ]

    def human() -> None:
        for row in rows:
            style = "red" if row["severity"] == "error" else "yellow"
            console.print(f"{row['severity']}: {row['where']}: {row['what']}", style=style, markup=False)
        if not rows:
            say("Nothing is wrong.")

    show(rows, human)
    if wrong:
        raise typer.Exit(Exit.REFUSED)


def migrate(database: Database = None) -> None:
    """Bring the database's schema up to date; `serve` does so too."""
    from currant.app.place import Place
    from currant.db.backends import backend_for
    from currant.db.migrating import newest_version, prepare

    settings = state.settings(**{"database.url": database})
    if settings.database_url.startswith("sqlite"):
        Place(settings.data_dir).prepare()
    backend = backend_for(settings.database_url)
    try:
        prepare(backend)
    finally:
        backend.close()
    version = newest_version()
    show({"schema": version}, lambda: say(f"The schema is at {version}."))


def backup(
    to: Annotated[Path, typer.Argument(help="A new folder for the backup.")], database: Database = None
) -> None:
    """Copy the whole installation into a folder, while the server runs or not."""
    from rich.progress import Progress

    from currant.app.backups import make

    settings = state.settings(**{"database.url": database})
    with Progress(console=errors, transient=True, disable=state.json or not errors.is_terminal) as bar:
        task = bar.add_task("Copying the database", total=None)
        contents = make(
            settings,
            to,
            SystemClock(),
            progress=lambda left, total: bar.update(task, total=total, completed=total - left),
        )
    size = sum(file.stat().st_size for file in to.rglob("*") if file.is_file())
    found = {
        "folder": str(to),
        "bytes": size,
        "version": contents.version,
        "made_at": contents.made_at.isoformat(),
    }
    show(found, lambda: say(f"{to}: {size:,} bytes. It holds secrets: keep it where nobody else reads."))


def restore(
    source: Annotated[Path, typer.Argument(help="The folder that `currant backup` made.")],
    force: Annotated[bool, typer.Option("--force", help="Overwrite what is there.")] = False,
    database: Database = None,
) -> None:
    """Make this installation what a backup holds. The server must not run."""
    from currant.app.backups import put_back

    settings = state.settings(**{"database.url": database})
    contents = put_back(settings, source, force=force)
    found = {"data_dir": str(settings.data_dir.absolute()), "made_at": contents.made_at.isoformat()}
    show(found, lambda: say(f"{found['data_dir']} is as it was at {local(found['made_at'])}."))


def _run(main: Callable[[], Any], settings: "Settings") -> None:
    import uvloop

    from currant.app.logs import set_up

    set_up(settings.log_level.value)
    # A fifth of a start was the collector looking through what is being imported, over and over.
    gc.disable()
    try:
        uvloop.run(main())
    except OSError as error:
        hint = "`currant check` says which addresses are taken."
        raise Failure(f"The server could not start: {error}.", Exit.REFUSED, hint=hint) from error


def _settle() -> None:
    """What is there now stays: the collector need not look at it again, and begins with what comes."""
    gc.collect()
    gc.freeze()
    gc.enable()


def _introduce(currant: "Currant", more: str = "") -> None:
    """Where everything is, and how to begin."""
    first = currant.first_login
    found = {
        "console": f"{currant.api_url}/console/",
        "drivers": f"{currant.api_url}/charge/",
        "api": f"{currant.api_url}/api/v1",
        "documentation": f"{currant.api_url}/api/docs",
        "ocpp": currant.ocpp_url,
        "ocpp_tls": currant.ocpp_tls_url,
        "root_certificate": str(currant.authority.root) if currant.settings.ocpp.tls else "",
        "data_dir": str(currant.place.folder),
    }
    if currant.settings.mail.url.startswith("file:"):
        found["mail"] = currant.settings.mail.url.removeprefix("file:")
    if first is not None:
        found["login"], found["one_time_password"] = first.login, first.password
    if state.json:
        import json

        print(json.dumps(found), flush=True)
        return
    say("")
    if more:
        say(more)
    fields(found)
    if first is not None:
        until = local(first.expires_at.isoformat())
        say(f"The one-time password works until {until}, or until you have chosen your own.")
    say("")
    command = _command()
    say(f"Connect a charger: register it with `{command} stations add IDENTITY`, give it the address above")
    say(f"and the password shown; or just connect it, and let it in with `{command} accept IDENTITY`.")
    say("Ctrl-C stops the server.")


def _command() -> str:
    """How a person in this directory calls this program: by its name, or by the way to it."""
    called = Path(sys.argv[0])
    if called.name != "currant":
        return "python -m currant"
    if shutil.which("currant") is not None:
        return "currant"
    with contextlib.suppress(ValueError):
        return str(called.absolute().relative_to(Path.cwd()))
    return str(called)


def _show_status(found: dict[str, Any]) -> None:
    flat: dict[str, Any] = {}
    for name, value in found.items():
        if isinstance(value, dict):
            inner = ", ".join(f"{count} {word.replace('_', ' ')}" for word, count in value.items() if count)
            flat[name] = inner or "none"
        elif isinstance(value, list):
            flat[name] = ", ".join(str(each) for each in value)
        else:
            flat[name] = value
    fields(flat)
