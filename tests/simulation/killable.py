"""A `currant serve` that is killed and started again on the same folder and the same ports."""

import asyncio
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from currant.simulator import StationSpec
from services import free_port

SOURCE = Path(__file__).parent.parent.parent / "src"
START_PATIENCE_S = 60.0
STOP_PATIENCE_S = 30.0
ROWS_AN_IMPORT = 2_000


class Server:
    """One installation over many lives of its process."""

    def __init__(self, folder: Path, *, database: str | None = None) -> None:
        self.folder = folder / "data"
        self.database = database or f"sqlite:///{self.folder / 'currant.sqlite'}"
        self.log = folder / "server.log"
        self.lives = 0
        self._http_port, self._ocpp_port = free_port(), free_port()
        self._process: subprocess.Popen[bytes] | None = None
        kept = {name: value for name, value in os.environ.items() if not name.startswith("CURRANT_")}
        self._environment = kept | {
            "PYTHONPATH": str(SOURCE),
            "CURRANT_DATA_DIR": str(self.folder),
            "CURRANT_DATABASE_URL": self.database,
            "CURRANT_HTTP_PORT": str(self._http_port),
            "CURRANT_OCPP_PORT": str(self._ocpp_port),
            "CURRANT_OCPP_TLS": "false",
            # An hour of theirs is seconds of ours: what is too fast for a station is right for these.
            "CURRANT_OCPP_MESSAGES_PER_SECOND": "1000000",
        }

    @property
    def sqlite(self) -> Path:
        return self.folder / "currant.sqlite"

    @property
    def stations_url(self) -> str:
        return f"ws://127.0.0.1:{self._ocpp_port}/ocpp/{{identity}}"

    @property
    def up(self) -> bool:
        return self._process is not None and self._process.poll() is None

    async def start(self) -> None:
        """Start, and wait until stations and requests are taken."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "currant", "serve"],
                stdout=log,
                stderr=log,
                env=self._environment,
                cwd=self.folder.parent,
            )
        self.lives += 1
        ends = time.monotonic() + START_PATIENCE_S
        while not self._announced():
            if self._process.poll() is not None or time.monotonic() > ends:
                raise AssertionError(f"The server did not start:\n{self.log.read_text()[-3000:]}")
            await asyncio.sleep(0.05)

    def _announced(self) -> bool:
        assert self._process is not None
        try:
            found = json.loads((self.folder / "server.json").read_bytes())
        except (OSError, ValueError):
            return False
        # One that was killed leaves its announcement behind.
        return bool(found["pid"] == self._process.pid)

    def kill(self) -> None:
        """As a power cut would: SIGKILL, and not one instruction more."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.kill()

    def limit_files(self, largest: int | None) -> None:
        """Let no file of the process grow beyond this many bytes, as if the disk were full; None: any size."""
        assert self._process is not None
        _, hard = resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE)
        limit = resource.RLIM_INFINITY if largest is None else largest
        resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE, (limit, hard))

    async def ready(self) -> tuple[bool, str]:
        """What the server says of its own health: (ready, problem)."""
        async with httpx.AsyncClient(timeout=10) as client:
            answer = await client.get(f"http://127.0.0.1:{self._http_port}/health/ready")
        found = answer.json()
        assert (answer.status_code == 200) == found["ready"]
        return found["ready"], found.get("problem") or ""

    async def introduce(self, stations: Sequence[StationSpec], tokens: Sequence[str]) -> None:
        """Register stations with their passwords and hardware, and drivers' cards, as an operator would."""
        await self._import("stations", [_row(spec) for spec in stations])
        await self._import(
            "tokens", [{"kind": "rfid", "uid": uid, "concurrent_use": "allowed"} for uid in tokens]
        )

    async def _import(self, noun: str, rows: list[dict[str, Any]]) -> None:
        key = (self.folder / "cli.key").read_text().strip()
        async with httpx.AsyncClient(headers={"Authorization": f"Bearer {key}"}, timeout=120) as client:
            for first in range(0, len(rows), ROWS_AN_IMPORT):
                answer = await client.post(
                    f"http://127.0.0.1:{self._http_port}/api/v1/{noun}/import",
                    json=rows[first : first + ROWS_AN_IMPORT],
                )
                assert answer.status_code == 200, answer.text[:500]
                assert not answer.json().get("errors"), answer.text[:500]

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self.stop)


def _row(spec: StationSpec) -> dict[str, Any]:
    evses, flat = [], 0
    for number, evse in enumerate(spec.evses, start=1):
        connectors = []
        for connector in range(1, len(evse.connectors) + 1):
            # 1.6 counts the connectors of a station through.
            flat += 1
            connectors.append({"number": connector, "ocpp16_connector_id": flat})
        evses.append({"number": number, "max_power_w": evse.max_power_w, "connectors": connectors})
    return {"identity": spec.identity, "admission": "accepted", "password": spec.password, "evses": evses}
