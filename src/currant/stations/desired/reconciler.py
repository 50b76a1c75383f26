"""Makes stations what they shall be: hears what happens, and serves the stations connected here, a few at a time.

The queue in memory says only whom to look at; what is desired and how a station stands is in the
database. A node that dies forgets its queue, and its stations connect anew, which puts them in it.
"""

import asyncio
import logging
import random
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from itertools import islice

import msgspec

from currant.db.engine import Database
from currant.kit.clock import Clock, micros
from currant.kit.errors import CurrantError, StoreUnavailable
from currant.kit.event import Event
from currant.kit.ids import StationId, TenantId
from currant.stations.commands import CommandService
from currant.stations.desired import store
from currant.stations.desired.aspect import Aspect
from currant.stations.desired.books import BOOK_EVENTS, Books
from currant.stations.desired.events import (
    DeclarationsChanged,
    DesiredPaused,
    DesiredRetried,
    RolloutAdvanced,
    RolloutChanged,
)
from currant.stations.desired.facts import groups_by_station
from currant.stations.desired.model import AspectState, Facts, RolloutState, RolloutStation
from currant.stations.desired.rollouts import Rollouts
from currant.stations.desired.turn import Loaded, Turn
from currant.stations.desired.work import BY, Busy, Worker
from currant.stations.directory import StationDirectory
from currant.stations.events import (
    CommandEnded,
    StationAdmitted,
    StationBooted,
    StationChanged,
    StationConnected,
)
from currant.stations.link import StationLink

log = logging.getLogger(__name__)

QUEUE_MAX = 200_000
"""Stations that may wait; those beyond it are found by the next sweep."""
TOGETHER = 64
"""Stations whose states are read together, at most."""
TOGETHER_FOR_S = 0.5
"""And no more than are begun within this time: what was read is used while it is fresh."""
STRIDE_S = 0.1
STRIDE_MAX = 8
"""Stations are begun a few at a time, which then share their commits, and evenly, so that no answer waits for many."""
DUE_AT_ONCE = 1_000
AWAY_S = 5.0
"""After how long a station is looked at again that the database was away for."""
ELSEWHERE_S = 30.0
"""After how long one that another node works on."""
ROLLOUTS_HELD_AS = "desired rollouts"


class ReconcilerConfig(msgspec.Struct, frozen=True, kw_only=True):
    """How hard the reconciler may work."""

    node: str = ""
    at_once: int = 100
    """Stations served side by side."""
    per_second: float = 50.0
    """Stations begun within a second: what keeps the message path quick."""
    sweep_s: float = 3600.0
    """How often every connected station is looked at without a reason."""
    connect_grace_s: float = 5.0
    """How long a station that connected may take to boot before it is told anything."""
    stir_s: float = 10.0
    """How long changes of what an aspect follows from (tokens, of local lists) are gathered."""
    answer_within_s: float = 600.0
    """A station has at most so long for an answer, whatever a step allows."""
    look_s: float = 1.0
    """How often what is due is looked for."""


class Reconciler:
    """Runs on every node, for the stations connected to it."""

    def __init__(
        self,
        database: Database,
        directory: StationDirectory,
        link: StationLink,
        commands: CommandService,
        busy: Busy,
        books: Books,
        rollouts: Rollouts,
        aspects: Mapping[str, Aspect],
        clock: Clock,
        config: ReconcilerConfig,
        *,
        chance: Callable[[], float] = random.random,
        stirs: Mapping[type[Event], str] | None = None,
    ) -> None:
        """`stirs` names events after which an aspect is to be looked at wherever it is declared."""
        self._database = database
        self._directory = directory
        self._link = link
        self._books = books
        self._rollouts = rollouts
        self._clock = clock
        self._config = config
        self._worker = Worker(
            database,
            commands,
            link,
            busy,
            books,
            aspects,
            clock,
            node=config.node,
            answer_within_s=config.answer_within_s,
            chance=chance,
        )
        self._queue: dict[StationId, None] = {}
        self._soon: deque[tuple[float, StationId]] = deque()
        self._working: dict[StationId, asyncio.Task[None]] = {}
        self._again: set[StationId] = set()
        self._loading: set[StationId] = set()
        self._stirs = dict(stirs or {})
        self._stirred_aspects: dict[tuple[TenantId, str], float] = {}
        self._reconnected: set[StationId] = set()
        self._open: dict[StationId, TenantId] = {}
        self._awake = asyncio.Event()
        self._free = asyncio.Event()
        self._stirred = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._wakened = False
        self._swept_at = 0.0
        self._due = 0.0
        self.served = 0
        self.dropped = 0

    def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._swept_at = self._clock.monotonic()
        self._tasks = [
            loop.create_task(self._dispatch(), name="desired state"),
            loop.create_task(self._look_around(), name="desired state, what is due"),
        ]

    async def stop(self) -> None:
        """Begin nothing more. Commands under way are abandoned: what became of them is read again at the next start."""
        for task in (*self._tasks, *self._working.values()):
            task.cancel()
        await asyncio.gather(*self._tasks, *self._working.values(), return_exceptions=True)

    @property
    def waiting(self) -> int:
        return len(self._queue) + len(self._soon)

    @property
    def is_idle(self) -> bool:
        return not (self._queue or self._loading or self._working or self._soon)

    def want(self, station_id: StationId) -> None:
        """Look at a station soon; nothing for one that is not connected here."""
        if not self._link.is_connected(station_id):
            return
        if len(self._queue) >= QUEUE_MAX:
            self.dropped += 1
            return
        self._queue[station_id] = None
        self._awake.set()

    async def follow(self, event: Event) -> None:
        """React to what happened; `app/subscriptions.py` says to what."""
        if isinstance(event, BOOK_EVENTS):
            await self._books.follow(event)
        aspect = self._stirs.get(type(event))
        if aspect is not None:
            # Many come together (an import of tokens): they are looked at once, a little later.
            due = self._clock.monotonic() + self._config.stir_s
            self._stirred_aspects.setdefault((event.tenant_id, aspect), due)
            return
        match event:
            case RolloutAdvanced():
                for station_id in event.station_ids:
                    self.want(station_id)
            case DesiredRetried():
                self.want(event.station_id)
            case DeclarationsChanged():
                self._stirred.set()
            case RolloutChanged(state=RolloutState.RUNNING) | DesiredPaused(paused=False):
                self._stirred.set()
                for station_id, tenant_id in list(self._open.items()):
                    if tenant_id == event.tenant_id:
                        self.want(station_id)
            case StationConnected():
                if await self._concerns(event.tenant_id, event.station_id):
                    self._reconnected.add(event.station_id)
                    due = self._clock.monotonic() + self._config.connect_grace_s
                    self._soon.append((due, event.station_id))
            case StationBooted() | StationAdmitted():
                if await self._concerns(event.tenant_id, event.station_id):
                    self._reconnected.add(event.station_id)
                    self.want(event.station_id)
            case StationChanged():
                if {"groups", "vendor", "model", "created"} & set(event.fields):
                    self.want(event.station_id)
            case CommandEnded(asked_by=asked_by) if asked_by == BY or event.command.startswith("Get"):
                pass
            case _:
                await self._something_of(event)

    async def _something_of(self, event: Event) -> None:
        """A session ended, a report was learned, a person gave a command: it may matter to the station's standing."""
        station_id: StationId | None = getattr(event, "station_id", None)
        if station_id is None:
            return
        if station_id in self._open or (
            isinstance(event, LOOKED_AT) and await self._concerns(event.tenant_id, station_id)
        ):
            self.want(station_id)

    async def _concerns(self, tenant_id: TenantId, station_id: StationId) -> bool:
        """Whether anything is, or was, declared that a station may have to do with."""
        return station_id in self._open or not (await self._books.of(tenant_id)).is_empty

    async def look_for_due(self) -> int:
        """Queue the stations that something is to be tried again at; how many these were."""
        now = micros(self._clock.now())
        found = await self._database.read(
            lambda conn: store.states.due(conn, node=self._config.node, now=now, limit=DUE_AT_ONCE)
        )
        for station_id, _ in found:
            if station_id not in self._working:
                self.want(StationId(station_id))
        return len(found)

    async def look_at(self, tenant_id: TenantId, aspect: str) -> int:
        """Queue every station connected here that something of an aspect is declared for; how many these are."""
        found = await self._database.read(
            lambda conn: store.states.with_aspect(conn, tenant_id, aspect, node=self._config.node)
        )
        for station_id in found:
            self.want(station_id)
        return len(found)

    async def look_after_rollouts(self, *, all_of_them: bool = False) -> int:
        """Take rollouts further, if this node is the one that does; how many are under way."""
        if not await self._database.hold(ROLLOUTS_HELD_AS):
            return 0
        return await self._rollouts.look_after(all_of_them=all_of_them)

    async def settled(self, *, within_s: float = 10.0) -> None:
        """Wait until nobody waits to be looked at; TimeoutError when that takes longer."""
        async with asyncio.timeout(within_s):
            while not self.is_idle:  # noqa: ASYNC110 - for tests and the bench, which may look
                await asyncio.sleep(0.005)

    async def _look_around(self) -> None:
        under_way, looked = 1, 0.0
        while True:
            try:
                self._stirred.clear()
                now = self._clock.monotonic()
                while self._soon and self._soon[0][0] <= now:
                    self.want(self._soon.popleft()[1])
                # A network where nothing is rolled out is asked for it rarely.
                if under_way or looked + 30.0 <= now or self._wakened:
                    self._wakened = False
                    looked = now
                    under_way = await self.look_after_rollouts()
                await self.look_for_due()
                for stirred, due in list(self._stirred_aspects.items()):
                    if due <= now:
                        del self._stirred_aspects[stirred]
                        await self.look_at(*stirred)
                if now - self._swept_at >= self._config.sweep_s:
                    self._swept_at = now
                    await self._sweep()
            except CurrantError as error:
                log.warning("Desired state waits for the database: %s", error.message)
            except Exception:
                log.exception("Looking for what is due failed")
            try:
                async with asyncio.timeout(self._config.look_s):
                    await self._stirred.wait()
                    self._wakened = True
            except TimeoutError:
                pass

    async def _sweep(self) -> None:
        for number, entry in enumerate(list(self._directory)):
            if self._link.is_connected(entry.station_id) and await self._concerns(
                entry.tenant_id, entry.station_id
            ):
                self.want(entry.station_id)
            if number % 500 == 499:
                await asyncio.sleep(0)

    async def _dispatch(self) -> None:
        while True:
            try:
                await self._awake.wait()
                room = self._config.at_once - len(self._working)
                if room <= 0:
                    self._free.clear()
                    await self._free.wait()
                    continue
                some = list(islice(self._queue, min(room, self._together)))
                if not some:
                    self._awake.clear()
                    continue
                await self._begin(some)
            except CurrantError as error:
                log.warning("Desired state waits for the database: %s", error.message)
                await asyncio.sleep(1.0)
            except Exception:
                log.exception("Serving stations failed")
                await asyncio.sleep(1.0)

    @property
    def _together(self) -> int:
        return min(TOGETHER, max(1, int(self._config.per_second * TOGETHER_FOR_S)))

    async def _begin(self, some: Sequence[StationId]) -> None:
        by_tenant: dict[TenantId, list[StationId]] = {}
        for station_id in some:
            # Out of the queue before anything is read: who wants it from now on wants what is read later.
            del self._queue[station_id]
            entry = self._directory.by_id(station_id)
            if station_id in self._working:
                self._again.add(station_id)
            elif entry is not None:
                by_tenant.setdefault(entry.tenant_id, []).append(station_id)
        for tenant_id, ids in by_tenant.items():
            self._loading.update(ids)
            try:
                loaded = await self._load(tenant_id, ids)
                self._reconnected.difference_update(ids)
                await self._begin_evenly(await self._worker.prepare(loaded))
            except StoreUnavailable:
                for station_id in ids:
                    self.want(station_id)
                raise
            finally:
                self._loading.difference_update(ids)

    async def _begin_evenly(self, turns: Sequence[Turn]) -> None:
        """Give one turn after the other its task, as fast as the pace allows."""
        loop, waiting = asyncio.get_running_loop(), deque(turns)
        stride = min(STRIDE_MAX, max(1, round(self._config.per_second * STRIDE_S)))
        # Reading ahead takes time of the pace, too.
        due = max(self._due, loop.time() - 2 * STRIDE_S)
        try:
            while waiting:
                for _ in range(min(stride, len(waiting))):
                    turn = waiting.popleft()
                    station_id = turn.entry.station_id
                    self._working[station_id] = loop.create_task(self._serve(turn))
                    self._loading.discard(station_id)
                    due += 1.0 / self._config.per_second
                    await asyncio.sleep(0)
                await asyncio.sleep(max(0.0, due - loop.time()))
        finally:
            self._due = due
            for turn in waiting:
                self._worker.end(turn)

    async def _load(self, tenant_id: TenantId, ids: Sequence[StationId]) -> list[Loaded]:
        """What is known of these stations, in three queries."""
        groups = groups_by_station(self._directory, tenant_id, ids)
        facts, states, rollouts = await self._database.read(
            lambda conn: (
                store.states.facts_of(conn, tenant_id, groups, station_ids=ids),
                store.states.of_stations(conn, tenant_id, ids),
                store.rollouts.of_stations(conn, tenant_id, ids),
            )
        )
        return self._put_together(facts, states, rollouts)

    def _put_together(
        self,
        facts: Sequence[Facts],
        states: Mapping[str, Mapping[str, AspectState]],
        rollouts: Mapping[str, Mapping[str, RolloutStation]],
    ) -> list[Loaded]:
        found = []
        for each in facts:
            entry = self._directory.by_id(each.station_id)
            if entry is not None:
                found.append(
                    Loaded(
                        entry=entry,
                        facts=each,
                        states=states.get(each.station_id, {}),
                        rollouts=rollouts.get(each.station_id, {}),
                        reconnected=each.station_id in self._reconnected,
                    )
                )
        return found

    async def _serve(self, turn: Turn) -> None:
        station_id, entry = turn.entry.station_id, turn.entry
        try:
            left = await self._worker.serve(turn)
            if left is None:
                asyncio.get_running_loop().call_later(ELSEWHERE_S, self.want, station_id)
            if left is False:
                self._open.pop(station_id, None)
            else:
                self._open[station_id] = entry.tenant_id
            self.served += 1
        except StoreUnavailable as error:
            self._open[station_id] = entry.tenant_id
            asyncio.get_running_loop().call_later(AWAY_S, self.want, station_id)
            log.warning("%s waits for the database: %s", entry.identity, error.message)
        except Exception:
            log.exception("Serving %s failed", entry.identity)
        finally:
            del self._working[station_id]
            self._free.set()
            if station_id in self._again:
                self._again.discard(station_id)
                self.want(station_id)


LOOKED_AT: tuple[type[Event], ...] = (CommandEnded,)
"""Events after which a station is looked at even if it was in step: what was set by hand may have to be put right."""
