"""Writes docs/command-line.md from the commands themselves; `--check` only says whether it is current."""

import sys
from pathlib import Path
from typing import Any

import typer.main

from currant.app.cli.exits import MEANINGS
from currant.app.cli.main import app

FILE = Path(__file__).parent.parent / "docs" / "command-line.md"

HEAD = """# Command line

<!-- Made by scripts/document_commands.py from src/currant/app/cli: change it there. -->

`currant` runs the server and talks to a running one over its API. On the server's own machine it finds the
server and its key by the data directory; from elsewhere it takes `--url` and `--key` (`CURRANT_URL`, `CURRANT_KEY`).
The options of the first section may stand anywhere in the line. With `--json` every command prints JSON, and
errors are JSON on standard error.

## Exit codes

| code | meaning |
|---|---|
"""


def page() -> str:
    root = typer.main.get_command(app)
    codes = "".join(f"| {exit.value} | {meaning} |\n" for exit, meaning in MEANINGS.items())
    return HEAD + codes + "\n## currant\n\n" + _options(root) + _below(root, "currant")


def _below(group: Any, path: str) -> str:
    parts = []
    for name, command in group.commands.items():
        full = f"{path} {name}"
        arguments = " ".join(_argument(each) for each in command.params if each.param_type_name == "argument")
        has_verbs = hasattr(command, "commands")
        parts.append(f"\n## {full}\n" if path == "currant" else f"\n### {full}\n")
        help_text = " ".join((command.help or "").split())
        parts.append(f"\n{help_text}\n")
        if not has_verbs:
            parts.append(f"\n    {full} {arguments}".rstrip() + "\n")
        options = _options(command)
        parts.append(f"\n{options}" if options else "")
        if has_verbs:
            parts.append(_below(command, full))
    return "".join(parts)


def _argument(parameter: Any) -> str:
    name = parameter.name.upper()
    name = f"{name} ..." if parameter.nargs == -1 else name
    return name if parameter.required else f"[{name}]"


def _options(command: Any) -> str:
    lines = []
    for parameter in command.params:
        names = ", ".join(f"`{name}`" for name in [*parameter.opts, *parameter.secondary_opts])
        if parameter.param_type_name == "argument":
            if parameter.help:
                lines.append(f"- `{parameter.name.upper()}`: {parameter.help}\n")
        elif parameter.name not in ("help", "install_completion", "show_completion"):
            lines.append(f"- {names}: {parameter.help or ''}".rstrip(": ") + "\n")
    return "".join(lines)


def main() -> int:
    if "--check" not in sys.argv:
        FILE.parent.mkdir(exist_ok=True)
        FILE.write_text(page(), encoding="utf-8")
        return 0
    if FILE.exists() and FILE.read_text(encoding="utf-8") == page():
        return 0
    print(f"{FILE} is not what the commands say: run scripts/document_commands.py", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
