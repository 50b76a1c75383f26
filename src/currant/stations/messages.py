"""The message log: every exchange with every station, found again by station, action and time.

It is written on the hot path, unacknowledged, with whatever is committed next; it is followed live;
and its oldest rows go when they are too old, or when the log has become too big.
"""

from datetime import datetime, timedelta
from itertools import count

from sqlalchemy import Connection

from currant.db.engine import Database
from currant.events.board import Board, facts_of
from currant.events.live import Change, LiveFeed, Reader
from currant.kit.clock import Clock, instant, micros
from currant.kit.ids import StationId, TenantId
from currant.stations import paging, store
from currant.stations.model import Message, Page

DROP_AT_ONCE = 5_000
LOOKS_AT = 100_000
"""About a tenth of a second's worth of rows."""
LIVE_KIND = "Message"
SAMPLE = 10_000
KEYS_MAX = 100_000


class MessageLog:
    """Records exchanges, finds them again, drops the oldest."""

    def __init__(self, database: Database, clock: Clock, *, looks_at: int = LOOKS_AT) -> None:
        """`looks_at` bounds the rows that one search of the whole network looks at."""
        self._database = database
        self._clock = clock
        self._looks_at = looks_at
        # A feed of its own: nobody who watches the map shall make every message be shown.
        self._live = LiveFeed()
        self._shown = count(1)
        self.board: Board | None = None
        """Where whoever follows one station reads its exchanges, under the topic `messages:<station>`."""
        self._keys: dict[StationId, int] = {}
        self._note = database.note
        self._insert = store.tables.INSERT_MESSAGE

    def record(
        self,
        tenant_id: TenantId,
        station_id: StationId,
        at: int,
        direction: str,
        action: str,
        message_id: str,
        outcome: str,
        request: str,
        response: str | None,
        request_bytes: int,
        response_bytes: int,
        latency_us: int | None,
    ) -> None:
        """Keep one exchange; `at` is microseconds since 1970. Secrets have been masked by the caller."""
        if "\x00" in request or (response is not None and "\x00" in response) or "\x00" in message_id:
            # PostgreSQL's text cannot hold it (charger_quirks B4).
            request, message_id = request.replace("\x00", "␀"), message_id.replace("\x00", "␀")
            response = None if response is None else response.replace("\x00", "␀")
        key = self._keys.get(station_id)
        if key is None:
            key = self._key(station_id)
        row = (
            tenant_id,
            station_id,
            key,
            at,
            direction,
            action,
            message_id,
            outcome,
            request,
            response,
            request_bytes,
            response_bytes,
            latency_us,
        )
        self._note(self._insert, row)
        watched = self._live.watched(tenant_id) or (
            self.board is not None and self.board.wanted(tenant_id, f"messages:{station_id}")
        )
        if watched:
            self._show(
                Message(
                    id=0,
                    tenant_id=tenant_id,
                    station_id=station_id,
                    at=instant(at),
                    direction=direction,
                    action=action,
                    message_id=message_id,
                    outcome=outcome,
                    request=request,
                    response=response,
                    request_bytes=request_bytes,
                    response_bytes=response_bytes,
                    latency_us=latency_us,
                )
            )

    def _key(self, station_id: StationId) -> int:
        if len(self._keys) >= KEYS_MAX:
            self._keys.clear()
        key = self._keys[station_id] = store.messages.station_key(station_id)
        return key

    def _show(self, message: Message) -> None:
        key = str(next(self._shown))
        self._live.publish(message.tenant_id, LIVE_KIND, message, key=key)
        if self.board is not None:
            self.board.show(message.tenant_id, f"messages:{message.station_id}", key, facts_of(message))

    def follow(
        self, tenant_id: TenantId, *, station_id: StationId | None = None, action: str | None = None
    ) -> Reader:
        """The messages from now on, as a live reader: `async with` it, then `async for` over its changes.

        A change's `payload` is a `Message`, whose `id` is 0, as it may not be stored yet.
        """

        def wanted(change: Change) -> bool:
            message = change.payload
            return (station_id is None or message.station_id == station_id) and (
                action is None or message.action == action
            )

        return self._live.subscribe(tenant_id, wanted)

    async def search(
        self,
        tenant_id: TenantId,
        *,
        station_id: StationId | None = None,
        action: str | None = None,
        direction: str | None = None,
        outcome: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[Message]:
        """Latest first: a station's by time, the network's by arrival.

        An `outcome` that ends with a colon stands for all that begin with it (`error:`). A page of the
        whole network may hold fewer messages than there are, or none, and yet a cursor to search on.
        """
        limit = paging.bounded(limit)
        wanted = store.messages.Wanted(
            action=action, direction=direction, outcome=outcome, since=since, until=until
        )
        before: tuple[int, int] | None = None
        if cursor is not None:
            at, last = paging.decode(cursor, int, int)
            before = (int(at), int(last))
        if station_id is not None:
            rows = await self._database.read(
                lambda conn: store.messages.of_station(
                    conn, tenant_id, station_id, wanted, before=before, limit=limit + 1
                )
            )
            return paging.page(rows, limit, _cursor)
        rows, below = await self._database.read(
            lambda conn: store.messages.of_network(
                conn,
                tenant_id,
                wanted,
                before=None if before is None else before[1],
                limit=limit,
                looks_at=self._looks_at,
            )
        )
        return Page(items=tuple(rows), next_cursor=None if below is None else paging.encode(0, below))

    async def trim(self, *, keep_for: timedelta | None, keep_bytes: int | None) -> int:
        """Drop what is older than `keep_for`, and the oldest of what exceeds `keep_bytes`; how many rows went.

        Small bites with room for everybody else between them. The log's size is judged by the mean of
        its latest rows, since adding all of them up would take longer than what it is for.
        """
        below = await self._database.read(lambda conn: _surplus_below(conn, keep_bytes))
        older_than = None if keep_for is None else self._clock.now() - keep_for
        dropped = 0
        while True:
            gone = await self._database.decide(
                lambda conn, _: store.messages.drop_oldest(
                    conn, below=below, older_than=older_than, limit=DROP_AT_ONCE
                ),
                TenantId(""),
            )
            dropped += gone
            if gone < DROP_AT_ONCE:
                return dropped


def _surplus_below(conn: Connection, keep_bytes: int | None) -> int:
    """The key under which rows are more than `keep_bytes` have room for."""
    span = store.messages.span(conn)
    if keep_bytes is None or span is None:
        return 0
    first, last = span
    rows_kept = int(keep_bytes / store.messages.bytes_a_row(conn, sample=SAMPLE))
    return max(first, last + 1 - rows_kept)


def _cursor(message: Message) -> str:
    return paging.encode(micros(message.at), message.id)
