"""Reports that come in parts after the station has agreed to send them (2.x: NotifyReport and its like)."""

import asyncio
import itertools
from collections.abc import Callable
from typing import Any

import msgspec

from currant.gateway.outcomes import Ask, CallUnanswered
from currant.gateway.services import COLLECTORS_MAX, Caller
from currant.kit.errors import Conflict
from currant.ocpp.payload import Payload

PARTS_MAX = 2_000
LATE_S = 2.0
"""How long parts may come after the one that says that it is the last; then they are missing."""

_request_ids = itertools.count(1)


class Collected(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to the request, and the parts in their order; `missing` are numbers that never came."""

    answer: Any
    parts: tuple[Any, ...] = ()
    complete: bool = True
    missing: tuple[int, ...] = ()


async def collected(
    caller: Caller, ask: Ask, action: str, report: str, request: Callable[[int], Payload]
) -> Collected:
    """Ask for a report, and wait for its parts (`report` is the action that carries them) until the deadline.

    `request` makes the call from its request id. Any answer but Accepted ends it without parts. Parts
    may come out of order and before the answer; one that has no `tbc` is the last. Raises
    CallUnanswered when nothing came, Conflict when too many reports are under way.
    """
    collectors = caller.collectors
    if collectors is None:
        collectors = caller.collectors = {}
    if len(collectors) >= COLLECTORS_MAX:
        raise Conflict("Reports of the station are under way already: wait for them to end.")
    request_id = next(_request_ids)
    parts: dict[int, Any] = {}
    last: int | None = None
    loop = asyncio.get_running_loop()
    complete: asyncio.Future[None] = loop.create_future()
    ended: asyncio.Future[None] = loop.create_future()

    def collect(part: Any) -> None:
        nonlocal last
        # A report without numbers (NotifyDisplayMessages, ReportChargingProfiles) is in the order of arrival.
        number = getattr(part, "seq_no", None)
        if number is None:
            number = len(parts)
        if len(parts) < PARTS_MAX:
            parts[number] = part
        if not part.tbc:
            last = number
            if not ended.done():
                ended.set_result(None)
        if last is not None and len(parts) > last and not complete.done():
            complete.set_result(None)

    collectors[request_id] = collect
    # What it reports may come before it is accepted (B02.FR.06).
    caller.asked |= {report}
    try:
        answer = await ask(action, request(request_id))
        if answer.status != "Accepted":
            return Collected(answer=answer)
        try:
            await asyncio.wait_for(ended, ask.left_s)
            await asyncio.wait_for(complete, min(LATE_S, ask.left_s))
        except TimeoutError:
            if not parts:
                raise CallUnanswered(lost=False, agreed=True) from None
    finally:
        del collectors[request_id]
    end = max(parts) if last is None else last
    return Collected(
        answer=answer,
        parts=tuple(parts[number] for number in sorted(parts)),
        complete=complete.done() and not complete.cancelled(),
        # Never all of them: a station may name any number as its last.
        missing=tuple(itertools.islice((n for n in range(end + 1) if n not in parts), PARTS_MAX)),
    )


def hand_over(caller: Caller, part: Any) -> bool:
    """Give a part to who waits for it; whether somebody does."""
    collect = (caller.collectors or {}).get(part.request_id)
    if collect is None:
        return False
    collect(part)
    return True
