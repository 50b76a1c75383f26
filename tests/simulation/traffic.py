"""A network in trouble, the same one for the same seed: what it is made of and how the hours pass."""

import asyncio
import os
import random
import shutil
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import msgspec
from killable import Server
from ledger import NOTHING_UNSAID, Account, Unsaid, hold, read, unsaid_by

from currant.kit.clock import SystemClock
from currant.simulator import Fact, Faults, Fleet, Timing, Truth, invent, invent_tokens

HOUR_S = 3600.0
SETTLE_S = 600.0
# A clock that is behind by whole half hours, up to fourteen hours, is local time to the server, and is
# put right. The simulated hours lie further back than that, however long the machine takes for them: to
# the server this is a network that delivers what it kept through a long outage.
AGO_S = 96 * HOUR_S
SERVER_DOWN_S = (0.0, 1.5)
UNHEARD_S = (0.0, 0.2, 1.0)

MISFORTUNES = Faults(
    lose=0.01,
    repeat=0.02,
    delay=0.02,
    # Longer than a station waits for an answer: some come after their own repetition was answered.
    delay_s=8.0,
    disconnect=0.004,
    malformed=0.002,
    offline_per_day=4,
    offline_s=600,
    reboots_per_day=2,
    errors_per_day=2,
    power_losses_per_day=1,
)
# Real seconds. Nobody gives a message up, so that at the end everything has been acknowledged.
PATIENCE = Timing(answer_s=4.0, retry_s=0.3, attempts_max=10_000, reconnect_min_s=0.4, reconnect_max_s=4.0)


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """`hours` of the stations' time pass in `seconds` of ours."""

    seed: int
    stations: int
    hours: float = 2.0
    seconds: float = 16.0
    kills: int = 4
    faults: Faults = MISFORTUNES
    sessions_per_day: float = 40.0
    meter_interval_s: int = 600

    def again(self) -> str:
        return (
            f"seed {self.seed}; run it again with CURRANT_SIMULATION_SEEDS={self.seed}"
            f" CURRANT_SIMULATION_STATIONS={self.stations} python -m pytest tests/simulation"
        )


class Simulation:
    """A server, its stations and their truth. Everything chance decides follows from the plan's seed."""

    def __init__(self, plan: Plan, folder: Path, *, database: str | None = None) -> None:
        self.plan = plan
        self.folder = folder
        self.server = Server(folder, database=database)
        self.fate = random.Random(plan.seed)
        self.kills = 0
        self.accounts: list[Account] = []
        self.began = time.monotonic()
        self.specs = invent(
            plan.stations,
            seed=plan.seed,
            versions={"1.6": 1, "2.0.1": 1, "2.1": 1},
            password="{identity}-secret-of-its-own",
            sessions_per_day=plan.sessions_per_day,
            meter_interval_s=plan.meter_interval_s,
            heartbeat_s=1800,
        )
        self.tokens = invent_tokens(max(20, plan.stations // 2), seed=plan.seed)
        speed = plan.hours * HOUR_S / plan.seconds
        self.fleet = Fleet(
            self.specs,
            self.server.stations_url,
            seed=plan.seed,
            tokens=self.tokens,
            faults=plan.faults,
            timing=PATIENCE,
            speed=speed,
            starts_at=SystemClock().now().timestamp() - AGO_S - plan.hours * HOUR_S,
            boot_spread_s=min(3.0, plan.seconds / 4),
            truth=Truth(folder / "truth.jsonl"),
        )

    async def __aenter__(self) -> Self:
        await self.server.start()
        await self.server.introduce(self.specs, self.tokens)
        self.fleet.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.fleet.stop()
        await asyncio.to_thread(self.server.stop)

    async def suffer_kills(self) -> None:
        """Let the hours pass, and kill the server now and then, at moments that the seed decides."""
        plan = self.plan
        moments = sorted(self.fate.uniform(0.1, 0.95) * plan.seconds for _ in range(plan.kills))
        # The time in which there is no server does not count as traffic.
        passed = 0.0
        for moment in moments:
            await asyncio.sleep(moment - passed)
            passed = moment
            await self.kill_and_restart()
        await asyncio.sleep(plan.seconds - passed)

    async def kill_and_restart(self) -> None:
        """For a moment no answer arrives, then the server dies: what it kept last, nobody has seen acknowledged,
        and all of it is said again to the next one."""
        self.fleet.deaf = True
        await asyncio.sleep(self.fate.choice(UNHEARD_S))
        self.server.kill()
        self.fleet.deaf = False
        self.kills += 1
        self.look("after a kill")
        await asyncio.sleep(self.fate.uniform(*SERVER_DOWN_S))
        await self.server.start()

    def look(self, when: str) -> None:
        """Hold the truth of this moment against the database as it is now."""
        facts, unsaid = list(self.fleet.truth.facts), unsaid_by(self.fleet.stations)
        self._judge(when, facts, unsaid, settled=False)

    async def settle(self) -> None:
        """Let everybody say all there is to say, and hold the whole truth against the database.

        Where servers are killed one is killed here too: most stops are in flight now.
        """
        settling = asyncio.create_task(self.fleet.settle(within_s=SETTLE_S))
        if self.plan.kills:
            await asyncio.sleep(self.fate.uniform(0.1, 2.0))
            await self.kill_and_restart()
        settled = await settling
        assert settled, f"{self.plan.again()}\nNot everything was acknowledged: {self._stuck()}"
        self.server.kill()
        self.kills += 1
        self._judge("at the end", list(self.fleet.truth.facts), NOTHING_UNSAID, settled=True)

    def _judge(self, when: str, facts: Sequence[Fact], unsaid: Unsaid, *, settled: bool) -> None:
        url = self.server.database
        if url.startswith("sqlite") and not self.server.up:
            # Looking at the file itself would recover it; that is for the server to do.
            copy = self.folder / "copy.sqlite"
            for suffix in ("", "-wal"):
                source = Path(f"{self.server.sqlite}{suffix}")
                Path(f"{copy}{suffix}").unlink(missing_ok=True)
                if source.exists():
                    shutil.copyfile(source, f"{copy}{suffix}")
            Path(f"{copy}-shm").unlink(missing_ok=True)
            url = f"sqlite:///{copy}"
        account = hold(facts, read(url), unsaid=unsaid, settled=settled)
        self.accounts.append(account)
        assert not account.wrong, f"{self.plan.again()}\n{when}, server life {self.server.lives}: {account}"

    def _stuck(self) -> str:
        stuck = [station for station in self.fleet.stations if not station.all_told]
        words = Counter(
            (station.outbox.transactional[0].action if station.outbox.transactional else "awaiting")
            for station in stuck
        )
        some = [station.spec.identity for station in stuck[:5]]
        return f"{len(stuck)} stations, {dict(words)}, such as {some}\n{self.fleet.status()}"

    def report(self) -> str:
        """The figures of a run in a line or two."""
        status = self.fleet.status()
        return (
            f"seed {self.plan.seed}: {self.plan.stations} stations, {self.kills} kills,"
            f" {time.monotonic() - self.began:.0f} s, {status.messages_sent} messages,"
            f" {status.connections} connections, {sum(each.unacknowledged for each in self.accounts)} starts"
            f" that a kill left unacknowledged; {self.accounts[-1].figures()}"
        )


def seeds(default: tuple[int, ...]) -> list[int]:
    """CURRANT_SIMULATION_SEEDS: `7,8,9` or `1-50`."""
    found: list[int] = []
    for part in os.environ.get("CURRANT_SIMULATION_SEEDS", "").split(","):
        low, _, high = part.strip().partition("-")
        if low:
            found.extend(range(int(low), int(high or low) + 1))
    return found or list(default)


def stations(default: int) -> int:
    return int(os.environ.get("CURRANT_SIMULATION_STATIONS") or default)
