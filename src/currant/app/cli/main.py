"""The command tree, and what becomes of everything that goes wrong in it."""

import json
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from currant import __version__
from currant.app.cli import (
    access,
    bookings,
    desired,
    ledger,
    log,
    people,
    policies,
    security,
    server,
    sessions,
    stations,
    tell,
    tools,
    transfers,
    variables,
)
from currant.app.cli.exits import MEANINGS, Exit, Failure
from currant.app.cli.output import errors
from currant.app.cli.state import hoisted, state
from currant.app.settings import SettingsWrong
from currant.kit.errors import CurrantError, StoreUnavailable

EPILOG = "Exit codes: " + "; ".join(f"{exit.value} {meaning}" for exit, meaning in MEANINGS.items()) + "."

app = typer.Typer(
    name="currant",
    no_args_is_help=True,
    add_completion=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    epilog=EPILOG,
)


@app.callback()
def options(
    json: Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", help="Print no sentences, only what was asked for.")
    ] = False,
    url: Annotated[
        str | None, typer.Option(help="The server's address, as in http://127.0.0.1:8080 (CURRANT_URL).")
    ] = None,
    key: Annotated[
        str | None, typer.Option(help="An API key (CURRANT_KEY); on the server's machine none is needed.")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="The settings file (CURRANT_CONFIG).")] = None,
    data_dir: Annotated[Path | None, typer.Option(help="The data directory (CURRANT_DATA_DIR).")] = None,
) -> None:
    """Currant runs a charging network: OCPP 1.6, 2.0.1 and 2.1.

    The options here may stand anywhere in the line.
    """
    state.json, state.quiet = json, quiet
    state.url, state.key, state.config, state.data_dir = url, key, config, data_dir


server.register(app)
stations.register(app)
tell.register(app)
desired.register(app)
variables.register(app)
transfers.register(app)
security.register(app)
sessions.register(app)
bookings.register(app)
policies.register(app)
log.register(app)
access.register(app)
people.register(app)
ledger.register(app)
tools.register(app)


@app.command()
def version() -> None:
    """Print the version."""
    if state.json:
        print(json.dumps({"version": __version__}))
    else:
        print(f"currant {__version__}")


def main() -> None:
    """Run the command line; every way out has a meaning (exits.py)."""
    try:
        # Usage errors end inside, with their own message and Exit.USAGE.
        app(hoisted(sys.argv[1:]), prog_name="currant")
    except Failure as failure:
        _end(failure.message, failure.exit, hint=failure.hint, code=failure.code)
    except SettingsWrong as wrong:
        _end(str(wrong), Exit.USAGE, code="settings_wrong")
    except StoreUnavailable as error:
        _end(error.message, Exit.BROKEN, code=error.code)
    except CurrantError as error:
        _end(error.message, Exit.NOT_FOUND if error.status == 404 else Exit.REFUSED, code=error.code)
    except KeyboardInterrupt:
        sys.exit(Exit.INTERRUPTED)
    except BrokenPipeError:
        # `currant log -f | head`: nobody reads any more, which is no failure.
        sys.stderr.close()
        sys.exit(Exit.OK)


def _end(message: str, exit: Exit, *, hint: str = "", code: str = "") -> NoReturn:
    if state.json:
        print(
            json.dumps({"error": message, "code": code or exit.name.lower(), "hint": hint}), file=sys.stderr
        )
    else:
        errors.print(message, style="red", markup=False)
        if hint:
            errors.print(hint, markup=False)
    sys.exit(exit)
