"""The command tree."""

import typer

app = typer.Typer(name="currant", no_args_is_help=True)


def main() -> None:
    app()
