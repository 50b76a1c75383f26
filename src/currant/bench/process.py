"""A process under measurement: started, watched through the operating system, ended."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

STOP_PATIENCE_S = 20.0


class Measured:
    """A child process whose CPU seconds and resident memory can be read while it runs (Linux)."""

    def __init__(
        self, arguments: list[str], *, log: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        self._output = log.open("wb")
        self.log = log
        self._process = subprocess.Popen(
            [sys.executable, *arguments],
            stdout=self._output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
        )
        self.pid = self._process.pid
        # The CPU clock of another process (clock_getcpuclockid(3)): nanoseconds of all its threads.
        self._clock = (~self.pid << 3) | 2

    def cpu_seconds(self) -> float:
        return time.clock_gettime(self._clock)

    def memory_bytes(self) -> int:
        """Resident memory (VmRSS)."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise ProcessLookupError(f"Process {self.pid} has no VmRSS: it ended. See {self.log}.")

    def ended(self) -> bool:
        return self._process.poll() is not None

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(STOP_PATIENCE_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._output.close()

    def __enter__(self) -> "Measured":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
