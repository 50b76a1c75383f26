"""The key of the command line on the same machine: whoever can read the server's files runs the server."""

import contextlib
import os
from pathlib import Path

from currant.kit.crypto import new_secret

FILE_NAME = "cli.key"
PREFIX = "local_"


def ensure_local_key(data_dir: Path) -> str:
    """The secret in `cli.key`, made on first use, readable by its owner alone.

    Made in a file of its own and moved into place, so that two processes that start at once agree.
    """
    path = data_dir / FILE_NAME
    if not path.exists():
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_name(f"{FILE_NAME}.{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(PREFIX + new_secret(43) + "\n")
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    return read_local_key(data_dir)


def read_local_key(data_dir: Path) -> str:
    """The secret of an existing `cli.key`; FileNotFoundError or PermissionError say what is wrong."""
    return (data_dir / FILE_NAME).read_text().strip()
