"""A board that many screens watch: the newest state of things by topic and key, told in shared batches.

What changes is gathered for a moment and encoded once, however many look. Every batch has a number, and
the newest state of what changed lately is held, so that a screen which was away is told what it missed
and no more. What is held is bounded by the number of things, not by how often they change.
"""

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from currant.events.live import READERS_MAX, TooManyReaders
from currant.kit.clock import Clock
from currant.kit.ids import TenantId

TICK_S = 0.25
FIRST_S = 0.03
"""After a silence a change waits so long for company, and not for the whole tick."""
HELD_S = 600.0
HELD_MAX = 50_000
"""Things of all topics whose newest state is held for those who were away."""
KEYS_MAX = 25_000
"""Things of one topic that may change within one tick; beyond it everybody loads the topic anew."""
BATCH_BYTES_MAX = 256 * 1024
READER_BYTES_MAX = 2 * 1024 * 1024
"""What may wait for one reader; beyond it the reader loads its topics anew."""
TOPICS_MAX = 32
"""Topics of one reader."""

UNREAD_MAX = 5_000
"""Topics held although nobody looks at them any more; beyond it those left longest ago are forgotten."""

Patch = Mapping[str, Any]
"""The new values of a thing's properties, all of them where the thing is new."""

_encode = msgspec.json.Encoder(enc_hook=str).encode


class Topic:
    """One topic of one tenant: what waits for the next tick, and what is held for those who were away."""

    __slots__ = ("crowded", "floor", "held", "name", "pending", "readers", "tenant_id", "wanted_until")

    def __init__(self, tenant_id: TenantId, name: str, floor: int) -> None:
        self.tenant_id = tenant_id
        self.name = name
        self.floor = floor
        """Everything after the batch of this number is held."""
        self.readers: set[BoardReader] = set()
        self.pending: dict[str, dict[str, Any] | None] = {}
        self.held: dict[str, tuple[int, float, dict[str, Any] | None]] = {}
        self.wanted_until = 0.0
        self.crowded = False


class Board:
    """Topics, their readers, and the tick that joins them; used from one event loop."""

    def __init__(self, clock: Clock, *, tick_s: float = TICK_S, held_max: int = HELD_MAX) -> None:
        self._clock = clock
        self._tick_s = tick_s
        self._held_max = held_max
        self._topics: dict[tuple[TenantId, str], Topic] = {}
        self._unread: OrderedDict[tuple[TenantId, str], Topic] = OrderedDict()
        self._waiting: set[Topic] = set()
        self._readers: dict[str, BoardReader] = {}
        self._held = 0
        self._timer: asyncio.TimerHandle | None = None
        self._ticked_at = -1.0
        self._swept_at = clock.monotonic()
        self.epoch = secrets.token_hex(4)
        """Of this board alone: a number of another process means nothing here."""
        self.number = 0

    @property
    def position(self) -> str:
        """What has been told so far; `subscribe` goes on from there."""
        return f"{self.epoch}-{self.number}"

    @property
    def readers(self) -> int:
        """How many look at anything."""
        return len(self._readers)

    # Showing

    def wanted(self, tenant_id: TenantId, topic: str) -> bool:
        """Whether anybody looks, or looked lately, so that nobody prepares what nobody sees."""
        return (tenant_id, topic) in self._topics

    def show(self, tenant_id: TenantId, topic: str, key: str, patch: Patch) -> None:
        """Tell new properties of a thing at the next tick."""
        found = self._topics.get((tenant_id, topic))
        if found is None:
            return
        waiting = found.pending.get(key)
        if waiting is not None:
            waiting.update(patch)
            return
        self._put(found, key, dict(patch))

    def gone(self, tenant_id: TenantId, topic: str, key: str) -> None:
        """Tell at the next tick that there is no such thing any more."""
        found = self._topics.get((tenant_id, topic))
        if found is not None:
            self._put(found, key, None)

    def _put(self, topic: Topic, key: str, value: dict[str, Any] | None) -> None:
        if len(topic.pending) >= KEYS_MAX and key not in topic.pending:
            topic.crowded = True
            return
        topic.pending[key] = value
        self._waiting.add(topic)
        if self._timer is None:
            since = self._clock.monotonic() - self._ticked_at
            pause = FIRST_S if self._ticked_at < 0 or since >= self._tick_s else self._tick_s - since
            self._timer = asyncio.get_running_loop().call_later(min(pause, self._tick_s), self._tick)

    # Looking

    def keep(self, tenant_id: TenantId, topic: str) -> None:
        """Hold what changes of a topic from now on although nobody looks yet: somebody will soon."""
        self._topic(tenant_id, topic)

    def subscribe(
        self,
        tenant_id: TenantId,
        topics: Iterable[str],
        *,
        since: str | None = None,
        owner: str = "",
    ) -> "BoardReader":
        """A reader of these topics, told first what it missed since the position `since`."""
        if len(self._readers) >= READERS_MAX:
            raise TooManyReaders
        reader = BoardReader(self, tenant_id, owner)
        self._readers[reader.id] = reader
        self.turn(reader, topics, since=since)
        return reader

    def reader(self, reader_id: str, *, tenant_id: TenantId, owner: str) -> "BoardReader | None":
        """The open reader of this id, if it is this tenant's and this owner's."""
        found = self._readers.get(reader_id)
        if found is None or (found.tenant_id, found.owner) != (tenant_id, owner):
            return None
        return found

    def turn(self, reader: "BoardReader", topics: Iterable[str], *, since: str | None = None) -> None:
        """Have a reader look at these topics and no others; those new to it are told since `since`."""
        wanted = set(topics)
        for name in reader.topics - wanted:
            self._leave(reader, name)
        new = wanted - reader.topics
        missed: list[str] = []
        number = None if since is None else self._number_of(since)
        for name in sorted(new):
            topic = self._topic(reader.tenant_id, name)
            topic.readers.add(reader)
            self._unread.pop((topic.tenant_id, name), None)
            if since is None:
                continue
            if number is None or number < topic.floor:
                missed.append(name)
            else:
                self._repeat(reader, topic, number)
        reader.topics = wanted
        if missed:
            reader.reload(missed)

    def close(self, reader: "BoardReader") -> None:
        if self._readers.pop(reader.id, None) is not None:
            for name in reader.topics:
                self._leave(reader, name)

    def _topic(self, tenant_id: TenantId, name: str) -> Topic:
        # Before a new one is made: nobody looks at that yet.
        self._sweep()
        topic = self._topics.get((tenant_id, name))
        if topic is None:
            topic = self._topics[tenant_id, name] = Topic(tenant_id, name, self.number)
        self._left(topic)
        return topic

    def _leave(self, reader: "BoardReader", name: str) -> None:
        topic = self._topics.get((reader.tenant_id, name))
        if topic is not None:
            topic.readers.discard(reader)
            self._left(topic)

    def _left(self, topic: Topic) -> None:
        """Hold a topic for a while although nobody looks. Who looks names topics as they like: not any number."""
        topic.wanted_until = self._clock.monotonic() + HELD_S
        if topic.readers:
            return
        key = (topic.tenant_id, topic.name)
        self._unread[key] = topic
        self._unread.move_to_end(key)
        while len(self._unread) > UNREAD_MAX:
            self._forget(next(iter(self._unread)))

    def _forget(self, key: tuple[TenantId, str]) -> None:
        topic = self._topics.pop(key)
        self._unread.pop(key, None)
        self._waiting.discard(topic)
        self._held -= len(topic.held)

    def _number_of(self, position: str) -> int | None:
        """The number in a position of ours; None in another board's, or what is none."""
        epoch, _, number = position.rpartition("-")
        if epoch != self.epoch or not number.isdecimal() or len(number) > 15 or int(number) > self.number:
            return None
        return int(number)

    def _repeat(self, reader: "BoardReader", topic: Topic, number: int) -> None:
        """Tell a reader the newest state of what changed after the batch `number`."""
        changed: dict[str, dict[str, Any] | None] = {}
        for key in reversed(topic.held):
            at, _, value = topic.held[key]
            if at <= number:
                break
            changed[key] = value
        if changed:
            # It has the number of what was told last: what is told next is new to this reader, too.
            for frame in self._frames(topic.name, changed, lambda: self.number):
                reader.offer(frame)

    # The tick

    def _tick(self) -> None:
        self._timer = None
        now = self._clock.monotonic()
        self._ticked_at = now
        topics, self._waiting = self._waiting, set()
        for topic in topics:
            pending, topic.pending = topic.pending, {}
            if topic.crowded:
                self._start_anew(topic)
                continue
            if topic.readers:
                frames = self._frames(topic.name, pending, self._next)
                for reader in topic.readers:
                    for frame in frames:
                        reader.offer(frame)
            else:
                self._next()
            self._hold(topic, pending, now)
        self._sweep()

    def _next(self) -> int:
        self.number += 1
        return self.number

    def _start_anew(self, topic: Topic) -> None:
        topic.crowded = False
        self._held -= len(topic.held)
        topic.held.clear()
        topic.floor = self._next()
        for reader in topic.readers:
            reader.reload((topic.name,))

    def _hold(self, topic: Topic, changed: Mapping[str, dict[str, Any] | None], now: float) -> None:
        held, number = topic.held, self.number
        before = len(held)
        for key, value in changed.items():
            known = held.pop(key, None)
            if value is not None and known is not None and known[2] is not None:
                value = {**known[2], **value}
            held[key] = (number, now, value)
        self._held += len(held) - before
        old = now - HELD_S
        while held:
            oldest = next(iter(held))
            at, when, _ = held[oldest]
            if when >= old and self._held <= self._held_max:
                break
            del held[oldest]
            self._held -= 1
            topic.floor = at

    def _sweep(self) -> None:
        """Forget topics that nobody has looked at for long."""
        now = self._clock.monotonic()
        if now - self._swept_at < 10.0:
            return
        self._swept_at = now
        for key, topic in list(self._topics.items()):
            if not topic.readers and topic.wanted_until < now:
                self._forget(key)

    def _frames(
        self, topic: str, changed: Mapping[str, dict[str, Any] | None], number: Callable[[], int]
    ) -> list[bytes]:
        data = _encode(
            {
                "topic": topic,
                "at": self._clock.now(),
                "set": {key: value for key, value in changed.items() if value is not None},
                "gone": [key for key, value in changed.items() if value is None],
            }
        )
        if len(data) > BATCH_BYTES_MAX and len(changed) > 1:
            keys = list(changed)
            middle = len(keys) // 2
            return [
                *self._frames(topic, {key: changed[key] for key in keys[:middle]}, number),
                *self._frames(topic, {key: changed[key] for key in keys[middle:]}, number),
            ]
        return [frame("changes", data, f"{self.epoch}-{number()}")]


class BoardReader:
    """One screen's view of the board: its frames, as bytes ready to be sent."""

    def __init__(self, board: Board, tenant_id: TenantId, owner: str) -> None:
        self.id = secrets.token_urlsafe(12)
        self.tenant_id = tenant_id
        self.owner = owner
        self.topics: set[str] = set()
        self._board = board
        self._frames: list[bytes] = []
        self._bytes = 0
        self._lost: set[str] = set()
        self._awaited: asyncio.Future[None] | None = None
        self._closed = False

    def offer(self, frame: bytes) -> None:
        if self._bytes + len(frame) > READER_BYTES_MAX:
            # What was dropped may have been of any topic.
            self._frames.clear()
            self._bytes = 0
            self.reload(self.topics)
            return
        self._frames.append(frame)
        self._bytes += len(frame)
        self._wake()

    def reload(self, topics: Collection[str]) -> None:
        """Have the reader load these topics anew."""
        self._lost.update(topics)
        self._wake()

    def close(self) -> None:
        """Look no more; whoever waits for what comes next is told that nothing does."""
        self._closed = True
        self._board.close(self)
        self._wake()

    def _wake(self) -> None:
        if self._awaited is not None and not self._awaited.done():
            self._awaited.set_result(None)

    async def next(self, *, within: float) -> bytes | None:
        """All that waits, at once; empty when nothing came in so many seconds, None when it is closed."""
        if not self._frames and not self._lost and not self._closed:
            loop = asyncio.get_running_loop()
            self._awaited = loop.create_future()
            timer = loop.call_later(within, self._wake)
            try:
                await self._awaited
            finally:
                timer.cancel()
                self._awaited = None
        if self._closed:
            return None
        frames, self._frames, self._bytes = self._frames, [], 0
        if self._lost:
            lost, self._lost = sorted(self._lost), set()
            # Numbered as the last told: what comes after it is new.
            frames.append(frame("reload", _encode({"topics": lost}), self._board.position))
        return frames[0] if len(frames) == 1 else b"".join(frames)

    async def batches(self, *, heartbeat_s: float) -> AsyncIterator[bytes]:
        """What to send, until it is closed; a comment where nothing has happened for so long."""
        while (told := await self.next(within=heartbeat_s)) is not None:
            yield told or b": alive\n\n"


def frame(event: str, data: bytes, position: str) -> bytes:
    """One event in the words of the protocol (WHATWG HTML, 9.2.6); JSON has no line breaks of its own."""
    return b"id: %s\nevent: %s\ndata: %s\n\n" % (position.encode(), event.encode(), data)


def facts_of(value: Any, *, at: datetime | None = None) -> dict[str, Any]:
    """A value as properties of a thing on the board."""
    facts: dict[str, Any] = msgspec.to_builtins(value, builtin_types=(datetime,))
    return facts if at is None else {**facts, "at": at}
