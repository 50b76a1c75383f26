"""Takes events from the journal to their subscribers: at least once, in order, each at its own pace.

Every subscriber has a cursor in the database. Events that this process has just committed are
handed on from memory; what is older, or came from another node, is read from the journal. Both
ways lead through the same cursor, so nothing is skipped where they meet.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec

from currant.db import journal
from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.errors import StoreUnavailable
from currant.kit.event import Event
from currant.kit.ids import TenantId

log = logging.getLogger(__name__)

Handler = Callable[[Any], Awaitable[None] | None]

# Events kept in memory for subscribers that keep up; slower ones read the journal.
RECENT_MAX = 10_000
READ_AT_ONCE = 500
# Other nodes' events are found by looking; those of this node wake the subscriber.
LOOK_SECONDS = 1.0
# A subscriber that has seen only other kinds for so many positions saves its cursor too.
SAVE_EVERY = 5_000
# What a crash may repeat of a busy subscriber's events.
HANDLED_UNSAVED_MAX = 50
FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 60.0


class Subscription(msgspec.Struct, frozen=True):
    """Who wants to be told what: `handler` is called with each event of the classes `to`, and may be async.

    An exception of the handler has the event delivered again, after a growing pause; later ones wait.
    With `skip_after` failures the event is logged and given up instead, for subscribers that would
    rather miss one than stand still. The name stands in the database: renaming begins anew.
    A new subscriber begins with what happens from then on, or with the oldest kept event
    with `from_the_start`.
    """

    name: str
    handler: Handler
    to: Sequence[type[Event]]
    skip_after: int | None = None
    from_the_start: bool = False


class Delivery:
    """Runs the subscriptions of this node; on PostgreSQL each of them runs on one node at a time."""

    def __init__(
        self, database: Database, subscriptions: Sequence[Subscription], *, recent: int = RECENT_MAX
    ) -> None:
        names = [subscription.name for subscription in subscriptions]
        assert len(set(names)) == len(names), "Two subscriptions have the same name."
        self._database = database
        self._recent = Recent(recent)
        self._followers = [Follower(database, self._recent, subscription) for subscription in subscriptions]
        self.tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begin to deliver; returns once every new subscriber has its place in the journal."""
        self._database.listen(self._committed)
        places = [
            (follower.subscription.name, follower.subscription.from_the_start) for follower in self._followers
        ]
        await self._database.decide(
            lambda connection, changes: _enlist(connection, changes, places), TenantId("")
        )
        loop = asyncio.get_running_loop()
        self.tasks = [
            loop.create_task(follower.run(), name=f"delivery {follower.subscription.name}")
            for follower in self._followers
        ]

    async def stop(self) -> None:
        """Deliver no more and save the cursors; an event in the middle of its handler comes again at the next start."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        for follower in self._followers:
            follower.save()

    async def settled(self, *, within: float = 10.0) -> None:
        """Wait until every subscriber has seen all that is committed; TimeoutError when that takes longer."""
        async with asyncio.timeout(within):
            end = await self._database.read(journal.last_position)
            for follower in self._followers:
                follower.wake()
                await follower.reached(end)

    def lag(self) -> dict[str, int]:
        """How many positions each subscriber is behind what this node has committed."""
        return {f.subscription.name: max(self._recent.last - f.position, 0) for f in self._followers}

    def _committed(self, first_position: int, events: Sequence[Event]) -> None:
        self._recent.add(first_position, events)
        kinds = {type(event) for event in events}
        for follower in self._followers:
            if not follower.wanted.isdisjoint(kinds):
                follower.wake()


class Recent:
    """The newest events of this node, without gaps in their positions."""

    def __init__(self, size: int) -> None:
        self._events: deque[Event] = deque(maxlen=size)
        self.last = 0

    def add(self, first_position: int, events: Sequence[Event]) -> None:
        if first_position <= self.last:
            return  # two decisions on PostgreSQL told us in the other order: the journal has them both
        if first_position != self.last + 1:
            self._events.clear()
        self._events.extend(events)
        self.last = first_position + len(events) - 1

    def after(self, position: int, limit: int) -> list[Event] | None:
        """Up to `limit` events after `position`; ``None`` when memory does not reach back so far."""
        missing = self.last - position
        if missing < 0 or missing > len(self._events):
            return None
        start = len(self._events) - missing
        return [self._events[at] for at in range(start, min(start + limit, len(self._events)))]


class Follower:
    """One subscriber's way along the journal."""

    def __init__(self, database: Database, recent: Recent, subscription: Subscription) -> None:
        self.subscription = subscription
        self.position = -1
        self._database = database
        self._recent = recent
        self._saved = -1
        self._awake = asyncio.Event()
        self._moved = asyncio.Event()
        self._classes = {
            journal.kind_of(event): event for wanted in subscription.to for event in family(wanted)
        }
        self._decoders = {kind: msgspec.json.Decoder(event) for kind, event in self._classes.items()}
        self.wanted = frozenset(self._classes.values())

    def wake(self) -> None:
        self._awake.set()

    async def reached(self, position: int) -> None:
        while self.position < position:
            self._moved.clear()
            await self._moved.wait()

    async def run(self) -> None:
        while True:
            try:
                if not await self._database.hold(f"subscriber {self.subscription.name}"):
                    self.position = -1
                    await asyncio.sleep(LOOK_SECONDS)
                    continue
                if self.position < 0:
                    await self._find_place()
                await self._follow()
            except StoreUnavailable as error:
                log.warning("Subscriber %s waits for the database: %s", self.subscription.name, error)
                await asyncio.sleep(LOOK_SECONDS)
            except Exception:
                log.exception(
                    "Subscriber %s stumbled after position %d", self.subscription.name, self.position
                )
                await asyncio.sleep(LOOK_SECONDS)

    async def _find_place(self) -> None:
        """Where this subscriber stands, by whichever node ran it last."""
        places = await self._database.read(journal.cursors)
        self.position = self._saved = places[self.subscription.name]

    async def _follow(self) -> None:
        """Deliver until nothing has come for a while, then return to check that we still hold the name."""
        began = asyncio.get_running_loop().time()
        while asyncio.get_running_loop().time() - began < LOOK_SECONDS:
            self._awake.clear()
            events = self._recent.after(self.position, READ_AT_ONCE)
            if events:
                await self._deliver_recent(events)
            elif events is not None:
                if not await self._woken():
                    await self._deliver_older()
            elif not await self._deliver_older():
                await self._woken()
            self._moved.set()

    async def _woken(self) -> bool:
        with contextlib.suppress(TimeoutError):
            # Not wait_for: before 3.12 it swallows a cancellation that meets the awaited moment.
            async with asyncio.timeout(LOOK_SECONDS):
                await self._awake.wait()
            return True
        return False

    async def _deliver_recent(self, events: Sequence[Event]) -> None:
        handled = 0
        for event in events:
            if type(event) in self.wanted:
                await self._handle(event)
                handled += 1
            self.position += 1
            if handled >= HANDLED_UNSAVED_MAX:
                handled = 0
                self.save()
        if handled or self.position - self._saved >= SAVE_EVERY:
            self.save()

    async def _deliver_older(self) -> bool:
        position = self.position
        rows, end = await self._database.read(
            lambda connection: (
                journal.read_after(connection, position, limit=READ_AT_ONCE, kinds=self._classes),
                journal.last_position(connection),
            )
        )
        for row in rows:
            event = self._decoded(row)
            if event is not None:
                await self._handle(event)
            self.position = row.position
            if self.position - self._saved >= HANDLED_UNSAVED_MAX:
                self.save()
        if len(rows) < READ_AT_ONCE and end > self.position:
            # All up to here were other kinds, seen in the same view of the journal.
            self.position = end
        if rows or self.position - self._saved >= SAVE_EVERY:
            self.save()
        return self.position > position

    def _decoded(self, row: journal.Recorded) -> Event | None:
        """The event of a journal row; ``None`` for one that this version cannot read, now or later."""
        try:
            return self._decoders[row.kind].decode(row.payload)
        except msgspec.MsgspecError as error:
            log.error(
                "Subscriber %s cannot read position %d and goes on after it: %s: %s",
                *(self.subscription.name, row.position, error, row.payload),
            )
            return None

    async def _handle(self, event: Event) -> None:
        failures = 0
        while True:
            try:
                answer = self.subscription.handler(event)
                if answer is not None:
                    await answer
                return
            except Exception as error:
                failures += 1
                given_up = (
                    self.subscription.skip_after is not None and failures >= self.subscription.skip_after
                )
                log.log(
                    logging.WARNING if isinstance(error, StoreUnavailable) else logging.ERROR,
                    "Subscriber %s failed for the %d. time at position %d%s: %r",
                    self.subscription.name,
                    failures,
                    self.position + 1,
                    " and gives this event up" if given_up else "",
                    event,
                    exc_info=error,
                )
                if given_up:
                    return
                await asyncio.sleep(
                    min(FIRST_PAUSE_SECONDS * 2 ** min(failures - 1, 12), LONGEST_PAUSE_SECONDS)
                )

    def save(self) -> None:
        """Note how far we are; a crash before it is kept repeats a few events, and skips none."""
        if self.position > self._saved:
            self._database.note(journal.save_cursor, (self.subscription.name, self.position))
            self._saved = self.position


def family(event: type[Event]) -> list[type[Event]]:
    """The class and all classes below it that are kinds of their own."""
    found = [event]
    for below in event.__subclasses__():
        found += family(below)
    return found


def _enlist(connection: Any, changes: ChangeSet, places: Sequence[tuple[str, bool]]) -> None:
    known = journal.cursors(connection)
    end = journal.last_position(connection)
    for name, from_the_start in places:
        if name not in known:
            changes.write(journal.save_cursor, (name, 0 if from_the_start else end))
