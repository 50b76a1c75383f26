"""What the options that may stand anywhere in the line say: where the server is, and how to print."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from currant.app.settings import Settings, find_file, load


class State(msgspec.Struct, kw_only=True):
    json: bool = False
    url: str | None = None
    key: str | None = None
    config: Path | None = None
    data_dir: Path | None = None
    quiet: bool = False

    def settings(self, **options: Any) -> Settings:
        """The settings, with this command's options (dotted keys) over them."""
        given = {"data_dir": self.data_dir, **options}
        return load(find_file(self.config), options=given)


state = State()
"""Of this process, which runs one command."""

FLAGS = {"--json", "--quiet"}
VALUED = {"--url", "--key", "--config", "--data-dir"}


def hoisted(arguments: Sequence[str]) -> list[str]:
    """The options of every command moved to the front, so that they may stand anywhere before ``--``."""
    front: list[str] = []
    rest: list[str] = []
    waiting = list(arguments)
    while waiting:
        argument = waiting.pop(0)
        if argument == "--":
            rest += [argument, *waiting]
            break
        if argument in FLAGS or (argument.split("=", 1)[0] in VALUED and "=" in argument):
            front.append(argument)
        elif argument in VALUED and waiting:
            front += [argument, waiting.pop(0)]
        else:
            rest.append(argument)
    return front + rest
