"""Live updates: one stream a browser, of the topics that its page shows (docs/live.md)."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from typing import Annotated

import msgspec
from litestar import Router, get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.response import Stream

from currant.api.authentication import ApiRequest, still_may
from currant.api.problems import ApiError
from currant.api.routes.common import Body, caller_of, config_of, services_of
from currant.api.streams import LASTS_S, RECONNECT_MS, STREAMS_PER_CALLER
from currant.events.board import TOPICS_MAX, Board, BoardReader
from currant.events.live import READERS_MAX, TooManyReaders
from currant.kit.errors import Invalid, NotFound
from currant.tenancy.model import Caller, Permission

POSITION_MAX = 40

NEEDS: dict[str, Permission] = {
    "stations": Permission.STATIONS_READ,
    "locations": Permission.LOCATIONS_READ,
    "overview": Permission.STATIONS_READ,
    "problems": Permission.STATIONS_READ,
    "sessions": Permission.SESSIONS_READ,
    "commands": Permission.COMMANDS_READ,
    "onboarding": Permission.STATIONS_READ,
}
"""What a topic needs."""
NEEDS_OF_ONE: dict[str, Permission] = {
    "station": Permission.STATIONS_READ,
    "session": Permission.SESSIONS_READ,
    "messages": Permission.MESSAGES_READ,
}
"""What a topic about one thing needs: `station:<id>`."""


class Topics(Body, frozen=True, kw_only=True):
    """What a stream shall tell from now on, instead of what it told; `since` is a `live_id` to go on from."""

    topics: Annotated[list[str], msgspec.Meta(max_length=TOPICS_MAX)]
    since: Annotated[str, msgspec.Meta(max_length=POSITION_MAX)] | None = None


class TopicsTold(msgspec.Struct, frozen=True, kw_only=True):
    """What a stream tells now; `refused` are topics that there are not, or that the caller may not read."""

    live_id: str
    topics: list[str]
    refused: list[str]


@get(
    "/live",
    opt={
        "permission": Permission.EVENTS_READ,
        "never_compressed": True,
        "gives": ("text/event-stream",),
        "answer": "Server-sent events: `ready`, `changes` and `reload`, with JSON as `data`.",
    },
)
async def follow_topics(
    request: ApiRequest,
    topics: Annotated[
        str,
        QueryParameter(
            max_length=2_000,
            required=False,
            description="Separated by commas: `stations`, `overview`, `sessions`, `problems`, `commands`, "
            "`locations`, `onboarding`, `station:<id>`, `session:<id>`, `messages:<station id>`.",
        ),
    ] = "",
    last_event_id: Annotated[
        str | None,
        QueryParameter(
            max_length=POSITION_MAX,
            required=False,
            description="A `live_id` to go on from; the header `Last-Event-ID` of a browser that comes "
            "back counts before it.",
        ),
    ] = None,
) -> Stream:
    """Follow the newest state of things, in batches, at most four a second for each topic.

    `ready` names the stream, so that its topics can be changed. `changes` has what is new of each key
    (`set`: only the properties that changed) and what is gone. `reload` names topics to be loaded anew:
    what was missed is not held any more.
    """
    caller, board = caller_of(request), _board(request)
    told, refused = _allowed(caller, topics.split(","))
    owner = f"{caller.kind}:{caller.id}"
    open_streams: Counter[str] = request.app.state.setdefault("open_streams", Counter())
    if open_streams[owner] >= STREAMS_PER_CALLER:
        raise ApiError(
            429,
            "too_many_streams",
            f"At most {STREAMS_PER_CALLER} live views at once: close some.",
            headers={"Retry-After": "30"},
        )
    since = request.headers.get("last-event-id") or last_event_id
    resumed = None if since is None else since[:POSITION_MAX]
    if board.readers >= READERS_MAX:
        raise TooManyReaders

    async def lines() -> AsyncIterator[bytes]:
        # Here and not before: what never begins to be read must not be counted for ever. Many that came at
        # the same moment all found room.
        if open_streams[owner] >= STREAMS_PER_CALLER or board.readers >= READERS_MAX:
            return
        reader = board.subscribe(caller.tenant_id, told, since=resumed, owner=owner)
        open_streams[owner] += 1
        ready = {"stream_id": reader.id, "live_id": board.position, "topics": told, "refused": refused}
        # Numbered only where nothing was missed: who breaks off now shall still be told it.
        number = f"id: {board.position}\n" if resumed is None else ""
        first = f"retry: {RECONNECT_MS}\n\n{number}event: ready\ndata: ".encode()
        first += msgspec.json.encode(ready)
        try:
            async with _ending(request, reader):
                yield first + b"\n\n"
                async with contextlib.aclosing(
                    reader.batches(heartbeat_s=config_of(request).heartbeat_s)
                ) as all_of:  # type: ignore[type-var]
                    async for batch in all_of:
                        yield batch
        finally:
            reader.close()
            open_streams[owner] -= 1
            if open_streams[owner] <= 0:
                del open_streams[owner]

    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return Stream(lines(), media_type="text/event-stream", headers=headers)


@contextlib.asynccontextmanager
async def _ending(request: ApiRequest, reader: BoardReader) -> AsyncIterator[None]:
    """Close the reader when the server stops, when it may not read any more, and after an hour."""
    loop = asyncio.get_running_loop()
    closing: asyncio.Event = request.app.state.closing
    stopped = loop.create_task(closing.wait(), name="live stream's end")
    stopped.add_done_callback(lambda _: reader.close())
    timer = loop.call_later(LASTS_S, reader.close)
    looking = loop.create_task(_close_without_rights(request, reader), name="live stream's rights")
    try:
        yield
    finally:
        timer.cancel()
        stopped.cancel()
        looking.cancel()


async def _close_without_rights(request: ApiRequest, reader: BoardReader) -> None:
    while True:
        await asyncio.sleep(config_of(request).rights_s)
        if not await still_may(request):
            reader.close()
            return


@post("/live/{stream_id:str}/topics", status_code=200, opt={"permission": Permission.EVENTS_READ})
async def change_topics(request: ApiRequest, stream_id: FromPath[str], data: JSONBody[Topics]) -> TopicsTold:
    """Change what an open stream tells, without a new connection."""
    caller, board = caller_of(request), _board(request)
    owner = f"{caller.kind}:{caller.id}"
    reader = board.reader(stream_id, tenant_id=caller.tenant_id, owner=owner)
    if reader is None:
        raise NotFound("There is no such stream here: open one with `GET /api/v1/live`.", field="stream_id")
    told, refused = _allowed(caller, data.topics)
    board.turn(reader, told, since=data.since)
    return TopicsTold(live_id=board.position, topics=told, refused=refused)


def _allowed(caller: Caller, asked: list[str]) -> tuple[list[str], list[str]]:
    """The topics that the caller may read, and those that are refused."""
    told: list[str] = []
    refused: list[str] = []
    for topic in dict.fromkeys(each.strip() for each in asked):
        if not topic:
            continue
        kind, _, about = topic.partition(":")
        needed = NEEDS_OF_ONE.get(kind) if about else NEEDS.get(kind)
        known = needed is not None and len(topic) <= 100
        (told if known and caller.may(needed) else refused).append(topic)  # type: ignore[arg-type]
    if len(told) + len(refused) > TOPICS_MAX:
        raise Invalid(f"Name at most {TOPICS_MAX} topics.", field="topics")
    return told, refused


def _board(request: ApiRequest) -> Board:
    board = services_of(request).board
    if board is None:
        raise NotFound("Nothing is shown live here.")
    return board


router = Router("/api/v1", tags=["Overview"], route_handlers=[follow_topics, change_topics])
