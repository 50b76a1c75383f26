"""A real `currant serve` in a process of its own, and the command line against it."""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

CURRANT = [sys.executable, "-m", "currant"]
SOURCE = Path(__file__).parent.parent.parent / "src"
ANY_PORTS = ["--http-port", "0", "--ocpp-port", "0", "--ocpp-tls-port", "0"]
PATIENCE_S = 60


def environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CURRANT_")}
    return {**kept, "PYTHONPATH": str(SOURCE), "CURRANT_OCPP_TLS_HOST": "127.0.0.1", **more}


class Server:
    """Runs on `folder` until the block ends; `said` is what it says of itself at the start."""

    def __init__(self, folder: Path, *arguments: str, verb: str = "serve", **variables: str) -> None:
        self.folder = folder
        line = [*CURRANT, verb, "--json", "--data-dir", str(folder), *ANY_PORTS, *arguments]
        self.errors = folder.with_name(f"{folder.name}-{len(list(folder.parent.iterdir()))}.log")
        self._log = self.errors.open("wb")
        self.process = subprocess.Popen(
            line, stdout=subprocess.PIPE, stderr=self._log, env=environment(**variables), cwd=folder.parent
        )
        assert self.process.stdout is not None
        # A server that never says anything must not hang the tests.
        patience = threading.Timer(PATIENCE_S, self.process.kill)
        patience.start()
        first = self.process.stdout.readline()
        patience.cancel()
        assert first, f"The server did not start:\n{self.errors.read_text()}"
        self.said: dict[str, str] = json.loads(first)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_S)

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.stop()
        assert self.process.stdout is not None
        self.process.stdout.close()
        self._log.close()

    def run(self, *arguments: str, exit: int = 0) -> Any:
        """What a command prints as JSON."""
        return currant("--data-dir", str(self.folder), *arguments, exit=exit)


def currant(*arguments: str, exit: int = 0, working: Path | None = None, **variables: str) -> Any:
    """What a command prints as JSON: its answer, or its error."""
    done = finished("--json", *arguments, exit=exit, working=working, **variables)
    return json.loads(done.stdout or done.stderr)


def finished(
    *arguments: str, exit: int = 0, working: Path | None = None, **variables: str
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [*CURRANT, *arguments],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        env=environment(**variables),
        cwd=working,
        check=False,
    )
    assert done.returncode == exit, f"{arguments} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
    return done
