"""The server under test: `currant serve` on an empty folder, filled through its own API."""

import asyncio
import json
import socket
import time
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx
import msgspec
from sqlalchemy import create_engine, text

from currant.bench.messages import token_uid
from currant.bench.process import Measured

START_PATIENCE_S = 60.0
ROWS_AN_IMPORT = 2_000


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """What the database holds after a run."""

    readings: int
    ended_sessions: int
    whole_session_energy: set[int]
    """The distinct energies (Wh) of the sessions that ended as a driver ends them."""


class Installation:
    """A Currant of its own: process, folder, stations, tokens."""

    def __init__(self, folder: Path, *, database: str | None) -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        self.database = database or f"sqlite:///{folder / 'currant.sqlite'}"
        self.identities: list[str] = []
        environment = {
            "CURRANT_DATA_DIR": str(folder),
            "CURRANT_DATABASE_URL": self.database,
            "CURRANT_HTTP_PORT": str(free_port()),
            "CURRANT_OCPP_PORT": str(free_port()),
            "CURRANT_OCPP_TLS": "false",
            "CURRANT_OCPP_MESSAGES_PER_SECOND": "1000000",
            "CURRANT_OCPP_PING_INTERVAL_S": "0",
        }
        self.process = Measured(
            ["-m", "currant", "serve"], log=folder / "server.log", environment=environment
        )
        self.url = ""
        self.api = ""

    def __enter__(self) -> "Installation":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.stop()

    @staticmethod
    def password_of(identity: str) -> str:
        return f"bench-{identity}"[:20].ljust(16, "x")

    async def prepare(self, *, stations: int, tokens: int) -> None:
        """Wait until the server is up, then give it stations with passwords and drivers with cards."""
        await self._up()
        self.identities = [f"BENCH-{number:05d}" for number in range(stations)]
        rows = [
            {
                "identity": identity,
                "admission": "accepted",
                "password": self.password_of(identity),
                "evses": [{"number": 1, "connectors": [{"number": 1}]}],
            }
            for identity in self.identities
        ]
        await self._import("stations", rows)
        await self._import(
            "tokens",
            [
                {"kind": "rfid", "uid": token_uid(number), "concurrent_use": "allowed"}
                for number in range(tokens)
            ],
        )

    async def _up(self) -> None:
        ends = time.monotonic() + START_PATIENCE_S
        announced = self.folder / "server.json"
        while not announced.exists():
            if self.process.ended() or time.monotonic() > ends:
                raise RuntimeError(f"The server did not start:\n{self.process.log.read_text()[-2000:]}")
            await asyncio.sleep(0.05)
        addresses = json.loads(announced.read_bytes())
        self.api = f"{addresses['api']}/api/v1"
        self.url = addresses["ocpp"].rstrip("/")

    async def _import(self, noun: str, rows: list[dict[str, Any]]) -> None:
        key = (self.folder / "cli.key").read_text().strip()
        async with httpx.AsyncClient(headers={"Authorization": f"Bearer {key}"}, timeout=120) as client:
            for first in range(0, len(rows), ROWS_AN_IMPORT):
                answer = await client.post(
                    f"{self.api}/{noun}/import", json=rows[first : first + ROWS_AN_IMPORT]
                )
                if answer.status_code != 200 or answer.json().get("errors"):
                    raise RuntimeError(f"The import of {noun} was refused: {answer.text[:500]}")

    async def counts(self) -> Counts:
        return await asyncio.to_thread(self._counts)

    def _counts(self) -> Counts:
        engine = create_engine(self.database)
        try:
            with engine.connect() as connection:
                readings = connection.execute(text("SELECT count(*) FROM readings")).scalar_one()
                ended = connection.execute(
                    text("SELECT count(*) FROM sessions WHERE phase = 'ended'")
                ).scalar_one()
                whole = connection.execute(
                    text("SELECT DISTINCT energy_wh FROM sessions WHERE stop_reason = 'EVDisconnected'")
                )
                return Counts(
                    readings=readings, ended_sessions=ended, whole_session_energy=set(whole.scalars())
                )
        finally:
            engine.dispose()


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
