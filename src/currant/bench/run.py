"""The bench itself: floors, then each scenario against a server of its own, then the checks."""

import asyncio
import platform
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec
import uvloop

import currant
from currant.bench import desired, live, load, scenarios
from currant.bench import messages as say
from currant.bench.process import Measured
from currant.bench.report import ECHO_THERE, Figure, Report
from currant.bench.server import Installation, free_port
from currant.kit.clock import SystemClock, wire_time

Progress = Callable[[str], None]

STATIONS = 100
SETTLE_S = 1.0


class Size(msgspec.Struct, frozen=True, kw_only=True):
    """How much is measured: a full run takes some minutes, a quick one shows that all of it works."""

    messages: int = 40_000
    sessions: int = 1_000
    crowd: int = 10_000
    steady_s: float = 20.0
    steady_rate: int = 2_000
    declared: int = 10_000
    """Stations that one variable is changed for."""
    looked_at: int = 5_000
    """Stations that consoles look at."""
    consoles: int = 200
    looks_s: float = 12.0


FULL = Size()
QUICK = Size(
    messages=2_000,
    sessions=100,
    crowd=300,
    steady_s=2.0,
    steady_rate=500,
    declared=300,
    looked_at=300,
    consoles=20,
    looks_s=2.0,
)


class Bench:
    """One run: its size, where it works, and what it has found."""

    def __init__(self, size: Size, folder: Path, *, database: str | None, progress: Progress) -> None:
        self.size = size
        self.folder = folder
        self.database = database
        self.progress = progress
        self.figures: list[Figure] = []
        self.checks: list[str] = []
        self.slowness = 1.0
        """How many times as much an echo costs here as where the goals were set."""

    async def run(self) -> None:
        echo_floor = await self._echo_floor()
        row_floor = self._insert_floor()
        with Installation(self.folder / "hot", database=self.database) as server:
            await server.prepare(stations=STATIONS, tokens=say.TOKEN_UIDS)
            await self._hot_path(server, echo_floor, row_floor)
        with Installation(self.folder / "crowd", database=self.database) as server:
            await server.prepare(stations=self.size.crowd, tokens=1)
            await self._crowd(server)

    async def run_desired(self) -> None:
        """Only what desired state costs."""
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (limits[1], limits[1]))
        self.progress(f"one variable changed for {self.size.declared:,} stations")
        self.figures += await desired.change_for_all(
            self.folder / "desired", stations=self.size.declared, database=self.database
        )

    async def run_live(self) -> None:
        """Only what it costs that consoles look on."""
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (limits[1], limits[1]))
        self.progress(f"{self.size.consoles} consoles look at {self.size.looked_at:,} stations")
        self.figures += await live.watched(
            self.folder / "live",
            stations=self.size.looked_at,
            seconds=self.size.looks_s,
            consoles=self.size.consoles,
            database=self.database,
        )

    async def _echo_floor(self) -> float:
        self.progress("floor: a bare picows echo")
        port = free_port()
        with Measured(
            ["-m", "currant.bench.floors", "echo", str(port)], log=self.folder / "echo.log"
        ) as process:
            await until_listening(port)
            stations = await load.connect_many(f"ws://127.0.0.1:{port}", names("ECHO", STATIONS), "1.6", None)
            for station in stations:
                station.echoed = True
            spent = await self._spent(
                process, stations, [scenarios.heartbeats(self.size.messages // STATIONS) for _ in stations]
            )
            load.disconnect_all(stations)
        cost = spent / self.size.messages * 1000
        self.slowness = cost / ECHO_THERE
        self.figures.append(
            Figure(name="floor: bare echo", value=cost, unit="CPU s / 1,000", count=self.size.messages)
        )
        return cost

    def _insert_floor(self) -> float:
        self.progress("floor: a bare batched insert")
        command = [
            sys.executable,
            "-m",
            "currant.bench.floors",
            "insert",
            str(self.folder / "floor.sqlite"),
            str(self.size.messages),
        ]
        spent = float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        cost = spent / self.size.messages * 1000
        self.figures.append(
            Figure(
                name="floor: bare batched insert", value=cost, unit="CPU s / 1,000", count=self.size.messages
            )
        )
        return cost

    async def _spent(
        self, process: Measured, stations: list[load.Station], scripts: Iterable[load.Script]
    ) -> float:
        """CPU seconds the process spends while the scripts are played, its own writing-behind included."""
        await asyncio.sleep(SETTLE_S / 4)
        before = process.cpu_seconds()
        await load.play_all(stations, scripts, limit_s=300)
        await asyncio.sleep(SETTLE_S)
        return process.cpu_seconds() - before

    async def _hot_path(self, server: Installation, echo: float, row: float) -> None:
        size, each = self.size, self.size.messages // STATIONS
        old = await load.connect_many(server.url, server.identities, "1.6", server.password_of)
        await load.play_all(old, [scenarios.boots("1.6") for _ in old], limit_s=60)

        self.progress("heartbeats")
        await load.play_all(old, [scenarios.heartbeats(each // 10) for _ in old], limit_s=60)
        spent = await self._spent(server.process, old, [scenarios.heartbeats(each) for _ in old])
        self._add("Heartbeat", spent, size.messages, goal=0.015, floor=echo)

        self.progress("meter values, 1.6")
        running = [scenarios.Metering16(number) for number in range(STATIONS)]
        await load.play_all(old, [metering.begin() for metering in running], limit_s=60)
        await load.play_all(old, [metering.go_on(each // 10) for metering in running], limit_s=60)
        spent = await self._spent(server.process, old, [metering.go_on(each) for metering in running])
        self._add("MeterValues 1.6, four values", spent, size.messages, goal=0.035, floor=echo + row)
        metered = sum(metering.samples for metering in running)
        load.disconnect_all(old)
        await asyncio.sleep(SETTLE_S)

        self.progress("whole sessions, 1.6")
        old = await load.connect_many(server.url, server.identities, "1.6", server.password_of)
        await load.play_all(old, [scenarios.boots("1.6") for _ in old], limit_s=60)
        count = size.sessions // STATIONS
        spent = await self._spent(
            server.process, old, [scenarios.sessions_16(n, count, first=30) for n in range(STATIONS)]
        )
        self._add(
            "whole sessions 1.6, 14 calls each",
            spent,
            size.sessions * scenarios.CALLS_A_SESSION,
            goal=0.060,
            floor=echo,
        )
        load.disconnect_all(old)
        await asyncio.sleep(SETTLE_S)

        self.progress("transaction events, 2.0.1")
        new = await load.connect_many(server.url, server.identities, "2.0.1", server.password_of)
        await load.play_all(new, [scenarios.boots("2.0.1") for _ in new], limit_s=60)
        running2 = [
            scenarios.Metering2(n, "metered", second=40_000, energy_wh=50_000) for n in range(STATIONS)
        ]
        await load.play_all(new, [metering.begin() for metering in running2], limit_s=60)
        await load.play_all(new, [metering.go_on(each // 10) for metering in running2], limit_s=60)
        spent = await self._spent(server.process, new, [metering.go_on(each) for metering in running2])
        self._add(
            "TransactionEvent Updated 2.0.1, four values", spent, size.messages, goal=0.040, floor=echo + row
        )
        metered += sum(metering.samples for metering in running2)
        load.disconnect_all(new)
        await asyncio.sleep(SETTLE_S)

        self.progress("whole sessions, 2.0.1")
        new = await load.connect_many(server.url, server.identities, "2.0.1", server.password_of)
        await load.play_all(new, [scenarios.boots("2.0.1") for _ in new], limit_s=60)
        spent = await self._spent(
            server.process, new, [scenarios.sessions_2(n, count, first=60) for n in range(STATIONS)]
        )
        self._add(
            "whole sessions 2.0.1, 14 calls each",
            spent,
            size.sessions * scenarios.CALLS_A_SESSION,
            goal=0.060,
            floor=echo,
        )

        await self._steady(server, new)
        load.disconnect_all(new)
        await self._check(server, readings=metered, sessions=2 * count * STATIONS)

    async def _steady(self, server: Installation, stations: list[load.Station]) -> None:
        """Latency at a steady rate, open loop: a slow answer does not slow the asking elsewhere."""
        self.progress(f"{self.size.steady_rate} messages a second")
        for station in stations:
            station.latencies = []
        pause = len(stations) / self.size.steady_rate
        ends = time.perf_counter() + self.size.steady_s
        running = [
            scenarios.Metering2(n, "steady", second=80_000, energy_wh=100_000) for n in range(len(stations))
        ]
        await load.play_all(stations, [metering.begin() for metering in running], limit_s=60)

        async def one(station: load.Station, metering: scenarios.Metering2, delay: float) -> None:
            due = time.perf_counter() + delay
            while due < ends:
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                await station.play(metering.go_on(1))
                due += pause

        await asyncio.gather(
            *(
                one(s, m, pause * n / len(stations))
                for n, (s, m) in enumerate(zip(stations, running, strict=True))
            )
        )
        latencies = sorted(value for station in stations for value in station.latencies or ())
        self.figures.append(
            Figure(
                name=f"p99 answer at {self.size.steady_rate:,} metered events/s",
                value=latencies[int(len(latencies) * 0.99)] * 1000,
                unit="ms",
                goal=20.0,
                count=len(latencies),
                note=f"median {latencies[len(latencies) // 2] * 1000:.2f} ms, {len(latencies) / self.size.steady_s:,.0f}/s",
            )
        )

    async def _crowd(self, server: Installation) -> None:
        size = self.size
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (limits[1], limits[1]))
        self.progress(f"{size.crowd:,} stations reconnect and boot at once")
        before = server.process.memory_bytes()
        for attempt in ("first", "again"):
            spent_before, began = server.process.cpu_seconds(), time.perf_counter()
            stations = await load.connect_many(server.url, server.identities, "1.6", server.password_of)
            await load.play_all(stations, [scenarios.boots("1.6") for _ in stations], limit_s=120)
            took = time.perf_counter() - began
            lost = sum(1 for station in stations if station.problem)
            if attempt == "first":
                await load.play_all(stations, [scenarios.heartbeats(2) for _ in stations], limit_s=60)
                await asyncio.sleep(3)
                held = (server.process.memory_bytes() - before) / size.crowd / 1024
                self.figures.append(
                    Figure(
                        name=f"memory for a connected station, {size.crowd:,} connected",
                        value=held,
                        unit="KB",
                        goal=40.0,
                        floor=15.0,
                    )
                )
                load.disconnect_all(stations)
                await asyncio.sleep(2)
        self.figures.append(
            Figure(
                name=f"{size.crowd:,} stations reconnect and boot",
                value=took,
                unit="s",
                goal=10.0,
                count=size.crowd,
                note=f"{lost} lost, server CPU {server.process.cpu_seconds() - spent_before:.1f} s; the load's own share of the machine is in it",
            )
        )
        load.disconnect_all(stations)
        assert lost == 0, f"{lost} stations were lost in the crowd"

    def _add(self, name: str, spent: float, count: int, *, goal: float, floor: float) -> None:
        self.figures.append(
            Figure(
                name=name,
                value=spent / count * 1000,
                unit="CPU s / 1,000",
                goal=goal,
                goal_here=goal * self.slowness,
                floor=floor,
                count=count,
            )
        )

    async def _check(self, server: Installation, *, readings: int, sessions: int) -> None:
        found = await server.counts()
        if found.readings < readings:
            raise AssertionError(
                f"{readings} samples were acknowledged, {found.readings} readings are stored"
            )
        if found.ended_sessions < sessions:
            raise AssertionError(f"{sessions} sessions ended, {found.ended_sessions} are stored as ended")
        expected = scenarios.METERINGS_A_SESSION * scenarios.WATT_HOURS_A_SAMPLE
        if found.whole_session_energy != {expected}:
            raise AssertionError(
                f"whole sessions metered {found.whole_session_energy} Wh; each is {expected} Wh"
            )
        self.checks.append(
            f"every answer was right; {found.readings:,} readings and {found.ended_sessions:,} ended sessions of {expected} Wh are in the database"
        )


def names(prefix: str, count: int) -> list[str]:
    return [f"{prefix}-{number:05d}" for number in range(count)]


async def until_listening(port: int, patience_s: float = 20.0) -> None:
    ends = time.perf_counter() + patience_s
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            if time.perf_counter() > ends:
                raise
            await asyncio.sleep(0.02)
        else:
            writer.close()
            return


def bench(
    size: Size = FULL,
    *,
    database: str | None = None,
    only: str = "",
    progress: Progress = lambda _: None,
) -> Report:
    """Run everything in a temporary folder; raises WrongAnswer or AssertionError when the server is wrong."""
    with tempfile.TemporaryDirectory(prefix="currant-bench-") as folder:
        run = Bench(size, Path(folder), database=database, progress=progress)
        scenario = {"desired": run.run_desired, "live": run.run_live}.get(only, run.run)
        uvloop.run(scenario())
    return Report(
        version=currant.__version__,
        python=platform.python_version(),
        machine=f"{platform.machine()}, {platform.system()} {platform.release()}, SQLite {sqlite3.sqlite_version}",
        at=wire_time(SystemClock().now()),
        database=database or "SQLite",
        figures=run.figures,
        checks=run.checks,
    )
