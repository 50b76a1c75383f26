"""The built pages that browser tests look at: built once, when what they are made of has changed.

Who works on the pages points CURRANT_WEB_FOLDER at a build of their own, and nothing is built.
"""

import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import hatch_build

AXE = hatch_build.WEB / "node_modules" / "axe-core" / "axe.min.js"


def pages() -> None:
    """Make the pages what the sources are, and see to it that axe is there to judge them."""
    with _alone():
        if not AXE.is_file():
            _run("--development")
        if not os.environ.get("CURRANT_WEB_FOLDER") and not hatch_build.is_current():
            _run()


def _run(*arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, str(hatch_build.ROOT / "hatch_build.py"), *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"The pages could not be built:\n{done.stdout}\n{done.stderr}"


@contextmanager
def _alone() -> Iterator[None]:
    """Several test processes start at once, and one of them builds."""
    path = Path(hatch_build.ROOT) / ".cache" / "pages.lock"
    path.parent.mkdir(exist_ok=True)
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
