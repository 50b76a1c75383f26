"""Server-sent events: what changes, as it changes, over one HTTP answer that stays open.

A stream says that it lives when nothing happens, ends when who reads it may not any more and after an
hour, and at once when the server stops; browsers reconnect by themselves.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Any

import msgspec
from litestar.response import Stream

from currant.api.authentication import ApiRequest, still_may
from currant.api.problems import ApiError
from currant.api.routes.common import caller_of, config_of

LASTS_S = 3600.0
RECONNECT_MS = 3000
STREAMS_PER_CALLER = 25
BYTES_MAX = 256 * 1024


class Happening(msgspec.Struct, frozen=True, kw_only=True):
    """One event of a stream."""

    kind: str
    data: Any


def stream(
    request: ApiRequest,
    happenings: AsyncIterator[Happening],
    *,
    on_end: Callable[[], None] | None = None,
    name: str = "",
    most: int = STREAMS_PER_CALLER,
    allowed: Callable[[], Awaitable[bool]] | None = None,
) -> Stream:
    """The answer that tells `happenings` until the reader leaves, the hour is over or the server stops.

    `on_end` is called when nothing is told any more, also when nothing ever was. `name` is whose stream it
    is where that is no caller of ours, `most` how many they may have, and `allowed` whether they still may read.
    """
    open_streams: Counter[str] = request.app.state.setdefault("open_streams", Counter())
    if not name:
        caller = caller_of(request)
        name = f"{caller.kind}:{caller.id}"
        allowed = allowed or partial(still_may, request)
    if open_streams[name] >= most:
        if on_end is not None:
            on_end()
        raise ApiError(
            429,
            "too_many_streams",
            f"At most {most} live views at once: close some.",
            headers={"Retry-After": "30"},
        )
    resumed = "last-event-id" in request.headers

    async def told() -> AsyncIterator[bytes]:
        if open_streams[name] >= most:
            # Many that came at the same moment all found room.
            if on_end is not None:
                on_end()
            return
        open_streams[name] += 1
        try:
            async with contextlib.aclosing(
                _lines(request, happenings, resumed=resumed, allowed=allowed)
            ) as lines:
                async for line in lines:
                    yield line
        finally:
            if on_end is not None:
                on_end()
            open_streams[name] -= 1
            if open_streams[name] <= 0:
                del open_streams[name]

    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return Stream(told(), media_type="text/event-stream", headers=headers)


async def _lines(
    request: ApiRequest,
    happenings: AsyncIterator[Happening],
    *,
    resumed: bool,
    allowed: Callable[[], Awaitable[bool]] | None,
) -> AsyncGenerator[bytes, None]:
    clock, config = request.app.state.clock, config_of(request)
    closing: asyncio.Event = request.app.state.closing
    ends_at = clock.monotonic() + LASTS_S
    look_at = clock.monotonic() + config.rights_s
    yield f"retry: {RECONNECT_MS}\n\n".encode()
    # Who was away has missed what happened meanwhile, and is told to look at the present state again.
    yield event(Happening(kind="reload" if resumed else "ready", data={}), 0)
    number = 0
    closed = asyncio.ensure_future(closing.wait())
    following = asyncio.ensure_future(anext(happenings))
    try:
        while clock.monotonic() < ends_at:
            done, _ = await asyncio.wait(
                (following, closed), timeout=config.heartbeat_s, return_when=asyncio.FIRST_COMPLETED
            )
            if closed in done:
                return
            if allowed is not None and clock.monotonic() >= look_at:
                if not await allowed():
                    return
                look_at = clock.monotonic() + config.rights_s
            if following not in done:
                yield b": alive\n\n"
                continue
            try:
                happening = following.result()
            except StopAsyncIteration:
                return
            number += 1
            yield event(happening, number)
            following = asyncio.ensure_future(anext(happenings))
    finally:
        closed.cancel()
        following.cancel()
        with contextlib.suppress(asyncio.CancelledError, StopAsyncIteration):
            await following
        if hasattr(happenings, "aclose"):
            await happenings.aclose()


def event(happening: Happening, number: int) -> bytes:
    """One event in the words of the protocol (WHATWG HTML, 9.2.6); JSON has no line breaks of its own."""
    data = msgspec.json.encode(happening.data, enc_hook=str)
    if len(data) > BYTES_MAX:
        data = msgspec.json.encode({"too_big": len(data)})
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (number, happening.kind.encode(), data)
