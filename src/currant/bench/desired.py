"""One variable changed for every station of a network: how long it takes, what it costs, who notices.

A part of the stations charges meanwhile; what they wait for their answers is measured with the
change under way and without it.
"""

import asyncio
import time
from pathlib import Path
from typing import Any

import httpx
import msgspec
from picows import WSFrame, WSMsgType, WSTransport

from currant.bench import load, scenarios
from currant.bench.report import Figure
from currant.bench.server import Installation

METERING = 100
"""Stations that charge meanwhile."""
EVERY_S = 0.05
"""How often each of them sends what it metered: 2,000 events a second together."""
QUIET_S = 10.0
CALM_WITHIN_S = 60
CALM = 0.15
"""CPU seconds within a second that a server spends when nothing is asked of it, at most."""
PATIENCE_S = 900.0
VARIABLE = "OCPPCommCtrlr.HeartbeatInterval"
KEY = "HeartbeatInterval"


class Settable(load.Station):
    """A 1.6 station that can be asked for its heartbeat interval, and given another."""

    def __init__(self) -> None:
        super().__init__()
        self.interval = "300"

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.TEXT:
            message = msgspec.json.decode(frame.get_payload_as_bytes())
            if message[0] == 2:
                answer = msgspec.json.encode([3, message[1], self._obey(message[2], message[3])])
                transport.send(WSMsgType.TEXT, answer)
                return
        super().on_ws_frame(transport, frame)

    def _obey(self, action: str, asked: dict[str, Any]) -> dict[str, Any]:
        if action == "ChangeConfiguration":
            self.interval = asked["value"]
            return {"status": "Accepted"}
        if action == "GetConfiguration":
            return {"configurationKey": [{"key": KEY, "readonly": False, "value": self.interval}]}
        return {"status": "NotImplemented"}


async def change_for_all(folder: Path, *, stations: int, database: str | None = None) -> list[Figure]:
    """Declare one variable for `stations` stations, and wait until every one has it."""
    with Installation(folder, database=database) as server:
        await server.prepare(stations=stations, tokens=METERING)
        there = await load.connect_many(
            server.url, server.identities, "1.6", server.password_of, make=Settable
        )
        await load.play_all(there, [scenarios.boots("1.6") for _ in there], limit_s=120)
        metering = [scenarios.Metering16(number) for number in range(METERING)]
        charging = there[:METERING]
        await load.play_all(charging, [each.begin() for each in metering], limit_s=60)
        await _calm(server)
        memory = server.process.memory_bytes()
        quiet = await _meanwhile(server, charging, metering, asyncio.sleep(QUIET_S))
        busy = await _meanwhile(server, charging, metering, _changed(server, there))
        grown = (server.process.memory_bytes() - memory) / 1_000_000
        load.disconnect_all(there)
    own = busy.cpu_s - quiet.cpu_s / quiet.took_s * busy.took_s
    return [
        Figure(
            name=f"one variable changed for {stations:,} stations",
            value=busy.took_s,
            unit="s",
            count=stations,
        ),
        Figure(
            name="server CPU a changed station",
            value=own / stations * 1000,
            unit="ms",
            count=stations,
            note=f"{own:.1f} of {busy.cpu_s:.1f} s, the rest is for those that charge; "
            f"memory {memory / 1_000_000:.0f} {grown:+.0f} MB",
        ),
        *(
            Figure(
                name=f"{name} answer to charging stations {when}",
                value=found.latency(share),
                unit="ms",
                count=len(found.latencies),
            )
            for when, found in (("before", quiet), ("meanwhile", busy))
            for name, share in (("p50", 0.5), ("p99", 0.99))
        ),
    ]


async def _changed(server: Installation, stations: list[load.Station]) -> None:
    """One call; then wait until every station has the value."""
    key = (server.folder / "cli.key").read_text().strip()
    wish = {"scope": "all", "aspect": "variables", "key": VARIABLE, "value": "900"}
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {key}"}, timeout=60) as client:
        answer = await client.post(f"{server.api}/desired/declarations", json={"declarations": [wish]})
        answer.raise_for_status()
        rollout = f"{server.api}/desired/rollouts/{answer.json()['rollout']['id']}"
        ends = time.perf_counter() + PATIENCE_S
        while any(isinstance(each, Settable) and each.interval != "900" for each in stations):
            if time.perf_counter() > ends:
                raise AssertionError(f"Not every station has it: {(await client.get(rollout)).text}")
            await asyncio.sleep(0.25)
        while (found := (await client.get(rollout)).json())["rollout"]["state"] != "done":
            if time.perf_counter() > ends:
                raise AssertionError(f"The rollout does not end: {found}")
            await asyncio.sleep(0.5)
    if found["by_standing"] != {"in_step": len(stations)}:
        raise AssertionError(f"Every station has it, and the rollout says {found['by_standing']}")


async def _calm(server: Installation) -> None:
    """Wait until the server has done what ten thousand boots at once leave behind, so that it is not counted here."""
    for _ in range(CALM_WITHIN_S):
        before = server.process.cpu_seconds()
        await asyncio.sleep(1.0)
        if server.process.cpu_seconds() - before < CALM:
            return


class _Spell(msgspec.Struct, frozen=True):
    """What a while was like: how long it took, what the server spent, what charging stations waited (ms, ascending)."""

    took_s: float
    cpu_s: float
    latencies: list[float]

    def latency(self, share: float) -> float:
        return self.latencies[int(len(self.latencies) * share)]


async def _meanwhile(
    server: Installation, stations: list[load.Station], metering: list[scenarios.Metering16], what: Any
) -> _Spell:
    """Have charging stations send what they metered, each every `EVERY_S`, while `what` goes on."""
    for station in stations:
        station.latencies = []
    cpu, began = server.process.cpu_seconds(), time.perf_counter()
    done = asyncio.ensure_future(what)

    async def one(station: load.Station, each: scenarios.Metering16, delay: float) -> None:
        due = time.perf_counter() + delay
        while not done.done():
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            await station.play(each.go_on(1))
            due += EVERY_S

    pairs = enumerate(zip(stations, metering, strict=True))
    await asyncio.gather(*(one(s, m, EVERY_S * n / len(stations)) for n, (s, m) in pairs))
    await done
    return _Spell(
        time.perf_counter() - began,
        server.process.cpu_seconds() - cpu,
        sorted(value * 1000 for station in stations for value in station.latencies or ()),
    )
