"""Consoles that look on while five hundred things change every second: what they cost the server.

Stations report changes of status over their own connections; consoles follow the live stream over HTTP. What
the changes themselves cost is measured first, without anybody who looks. At the end every console knows
what the server knows: nothing was lost on the way.
"""

import asyncio
import time
from pathlib import Path
from typing import Any

import httpx
import msgspec

from currant.bench import load, scenarios
from currant.bench import messages as say
from currant.bench.report import Figure
from currant.bench.server import Installation

TOPICS = "stations,overview,problems"
CONSOLES = 200
CONSOLES_A_KEY = 20
CHANGES_A_SECOND = 500
WARM_S = 3.0
SETTLE_S = 1.5
FLEET_READS = 20
WORDS = ("Charging", "Available")


class Console:
    """One console: follows the stream, and merges what it is told where it is the one that checks."""

    def __init__(self, *, merges: bool) -> None:
        self.received = 0
        self.changes = 0
        self.reloads = 0
        self.state: dict[str, dict[str, Any]] = {}
        self.seen_at: dict[str, float] = {}
        self._merges = merges
        self._task: asyncio.Task[None] | None = None
        self._rest = b""

    async def open(self, server: Installation, key: str, position: str) -> None:
        host, port = server.api.removeprefix("http://").split("/")[0].split(":")
        reader, writer = await asyncio.open_connection(host, int(port), limit=2**22)
        path = f"/api/v1/live?topics={TOPICS}&last_event_id={position}"
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {key}\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        if b" 200 " not in head.split(b"\r\n")[0]:
            raise AssertionError(f"The live stream was refused: {head[:200]!r}")
        self._task = asyncio.create_task(self._follow(reader, writer))

    async def _follow(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while size := int(await reader.readline(), 16):
                chunk = (await reader.readexactly(size + 2))[:-2]
                self.received += len(chunk)
                if self._merges:
                    self._take(chunk)
                elif b"event: reload" in chunk:
                    self.reloads += 1
        finally:
            writer.close()

    def _take(self, chunk: bytes) -> None:
        now = time.perf_counter()
        *events, self._rest = (self._rest + chunk).split(b"\n\n")
        for event in events:
            if b"event: reload" in event:
                self.reloads += 1
            if b"event: changes" not in event:
                continue
            data = msgspec.json.decode(event[event.index(b"data: ") + 6 :])
            if data["topic"] == "stations":
                self.changes += len(data["set"])
                for key, patch in data["set"].items():
                    self.state.setdefault(key, {}).update(patch)
                    self.seen_at[key] = now

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)


async def watched(
    folder: Path,
    *,
    stations: int,
    seconds: float,
    consoles: int = CONSOLES,
    rate: int = CHANGES_A_SECOND,
    database: str | None = None,
    warm_s: float = WARM_S,
    fleet_reads: int = FLEET_READS,
) -> list[Figure]:
    """CPU a second of the server with nobody, one and many looking on; what they get, and how soon."""
    with Installation(folder, database=database) as server:
        await server.prepare(stations=stations, tokens=1)
        there = await load.connect_many(server.url, server.identities, "1.6", server.password_of)
        await load.play_all(there, [scenarios.boots("1.6") for _ in there], limit_s=120)
        changing = Changing(there, rate=rate)
        await changing.go_on(warm_s)
        await asyncio.sleep(warm_s)
        fleet_cpu, position, ids = await _fleet(server, fleet_reads)
        alone = await _spent(server, changing, seconds)
        keys = await _keys(server, -(-consoles // CONSOLES_A_KEY) + 1)
        first = Console(merges=True)
        await first.open(server, keys[0], position)
        await changing.go_on(warm_s)
        one = await _spent(server, changing, seconds, first)
        late = sorted(
            (first.seen_at[ids[name]] - at) * 1000
            for name, at in changing.sent_at.items()
            if first.seen_at.get(ids[name], 0.0) >= at
        )
        more = [Console(merges=False) for _ in range(consoles - 1)]
        await asyncio.gather(
            *(each.open(server, keys[1 + n // CONSOLES_A_KEY], position) for n, each in enumerate(more))
        )
        await changing.go_on(warm_s)
        many = await _spent(server, changing, seconds, first)
        await asyncio.sleep(SETTLE_S)
        await _check(server, first, more)
        for each in (first, *more):
            await each.close()
        load.disconnect_all(there)
    told = f"{rate} changes/s, {stations:,} stations"
    a_console = (many.cpu - one.cpu) / (consoles - 1)
    return [
        Figure(name=f"{told}, nobody looks", value=alone.cpu, unit="CPU s / s"),
        Figure(name=f"{told}, 1 console", value=one.cpu, unit="CPU s / s"),
        Figure(name=f"{told}, {consoles} consoles", value=many.cpu, unit="CPU s / s", count=consoles),
        Figure(name="one console more", value=a_console * 1000, unit="CPU ms / s", goal=1.0, count=consoles),
        Figure(name="sent to one console", value=many.received / 1000, unit="KB / s"),
        Figure(
            name="from the station's report to a console, p50",
            value=late[len(late) // 2],
            unit="ms",
            count=len(late),
            note=f"p99 {late[int(len(late) * 0.99)]:.0f} ms; rows are made anew four times a second",
        ),
        Figure(
            name=f"the whole fleet in one answer, {stations:,} stations",
            value=fleet_cpu * 1000,
            unit="CPU ms",
            goal=100.0,
            count=fleet_reads,
        ),
    ]


class _Spell(msgspec.Struct, frozen=True):
    """A second of a while: CPU seconds of the server, bytes to the one console."""

    cpu: float
    received: float


class Changing:
    """Stations that report another status, so many a second, each in its turn."""

    def __init__(self, stations: list[load.Station], *, rate: int) -> None:
        self._stations = stations
        self._rate = rate
        self._number = 0
        self.sent_at: dict[int, float] = {}

    async def go_on(self, seconds: float) -> None:
        self.sent_at = {}
        began = time.perf_counter()
        playing: list[asyncio.Future[None]] = []
        for sent in range(int(seconds * self._rate)):
            due = began + sent / self._rate
            if (pause := due - time.perf_counter()) > 0.002:
                await asyncio.sleep(pause)
            index = self._number % len(self._stations)
            round_ = self._number // len(self._stations)
            self._number += 1
            self.sent_at[index] = time.perf_counter()
            playing.append(self._stations[index].play(_one(round_)))
        await asyncio.wait_for(asyncio.gather(*playing), 60)


def _one(round_: int) -> load.Script:
    yield say.status_16(round_, WORDS[round_ % len(WORDS)], 1000 + round_)


async def _spent(
    server: Installation, changing: Changing, seconds: float, console: Console | None = None
) -> _Spell:
    before, received = server.process.cpu_seconds(), 0 if console is None else console.received
    began = time.perf_counter()
    await changing.go_on(seconds)
    await asyncio.sleep(0.5)
    took = time.perf_counter() - began
    return _Spell(
        (server.process.cpu_seconds() - before) / took,
        (0 if console is None else console.received - received) / took,
    )


def _client(server: Installation) -> httpx.AsyncClient:
    key = (server.folder / "cli.key").read_text().strip()
    return httpx.AsyncClient(headers={"Authorization": f"Bearer {key}"}, timeout=60)


async def _fleet(server: Installation, reads: int) -> tuple[float, str, dict[int, str]]:
    """CPU seconds of one answer with the whole fleet, its position, and the stations' ids by their places."""
    async with _client(server) as client:
        before = server.process.cpu_seconds()
        for _ in range(reads):
            answer = await client.get(f"{server.api}/fleet")
            answer.raise_for_status()
            # The answer is kept for a second, and this is about making it.
            await asyncio.sleep(1.02)
        quiet_before = server.process.cpu_seconds()
        await asyncio.sleep(reads / 4)
        idle = (server.process.cpu_seconds() - quiet_before) * 4
        spent = (quiet_before - before - idle) / reads
    fleet = answer.json()
    place = fleet["columns"].index("identity")
    by_identity = {row[place]: row[0] for row in fleet["rows"]}
    return spent, fleet["live_id"], {n: by_identity[name] for n, name in enumerate(server.identities)}


async def _keys(server: Installation, count: int) -> list[str]:
    async with _client(server) as client:
        made = []
        for number in range(count):
            answer = await client.post(
                f"{server.api}/keys", json={"name": f"console {number}", "role": "read_only"}
            )
            answer.raise_for_status()
            made.append(answer.json()["secret"])
        return made


async def _check(server: Installation, first: Console, more: list[Console]) -> None:
    """The console that merged what it was told has every station as the server has it."""
    async with _client(server) as client:
        fleet = (await client.get(f"{server.api}/fleet")).json()
    for values in fleet["rows"]:
        row = dict(zip(fleet["columns"], values, strict=True))
        for name, value in first.state.get(row["id"], {}).items():
            if name != "last_seen_at" and row[name] != value:
                raise AssertionError(
                    f"A console has {value!r} as {name} of {row['identity']}; it is {row[name]!r}"
                )
    if not first.changes or any(each.received == 0 for each in more):
        raise AssertionError("A console was told nothing.")
    if first.reloads or any(each.reloads for each in more):
        raise AssertionError("A console was told to load anew, although it kept up.")
