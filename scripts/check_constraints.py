"""Whether constraints.txt is what it must be: an exact pin for all that Currant needs, and no address.

`--write` makes it from the environment this runs in: do that after a deliberate update.
"""

import re
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
FILE = ROOT / "constraints.txt"
PIN = re.compile(r"[a-z0-9][a-z0-9-]*==[A-Za-z0-9.!+]+")
HEADER = "# Exact versions of everything that Currant runs on and is tested with: see scripts/check_constraints.py.\n"


def needed() -> dict[str, str]:
    """Name and installed version of every package that pyproject.toml asks for, and what those ask for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = [
        *project["dependencies"],
        *(wish for extra in project["optional-dependencies"].values() for wish in extra),
    ]
    waiting = [Requirement(wish) for wish in asked]
    found: dict[str, str] = {}
    seen: set[str] = set()
    while waiting:
        wish = waiting.pop()
        if str(wish) in seen:
            continue
        seen.add(str(wish))
        try:
            package = distribution(wish.name)
        except PackageNotFoundError:
            sys.exit(f"{wish.name} is asked for and not installed: make check does that.")
        found[canonicalize_name(wish.name)] = package.version
        for text in package.requires or []:
            inner = Requirement(text)
            extras = wish.extras or {""}
            if inner.marker is None or any(inner.marker.evaluate({"extra": extra}) for extra in extras):
                waiting.append(inner)
    return dict(sorted(found.items()))


def problems(text: str) -> list[str]:
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    found = [f"{line!r} is no exact pin" for line in lines if not PIN.fullmatch(line)]
    pinned = dict(line.split("==") for line in lines if PIN.fullmatch(line))
    for name, version in needed().items():
        if name not in pinned:
            found.append(f"{name} {version} is needed and not pinned")
        elif pinned[name] != version:
            found.append(f"{name} is pinned to {pinned[name]}, but {version} is installed")
    return found


def main() -> int:
    if "--write" in sys.argv:
        FILE.write_text(HEADER + "".join(f"{name}=={version}\n" for name, version in needed().items()))
        return 0
    found = problems(FILE.read_text())
    for problem in found:
        print(
            f"constraints.txt: {problem}. After a deliberate update: {sys.argv[0]} --write", file=sys.stderr
        )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
