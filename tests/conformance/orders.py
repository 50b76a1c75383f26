"""Orders: what an operator has a station do, what the station must then hear, and what is told of its answers.

An order is given through the API to a station that first refuses it, then does not know the message,
and then does it. Everything that Currant sends meanwhile is compared, field by field.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from charger import Refusing, ScriptedCharger
from installation import Site

Payload = dict[str, Any]
ACCEPTED: Payload = {"status": "Accepted"}
REJECTED: Payload = {"status": "Rejected"}


class _Number:
    """Equal to every whole number: a request's id is Currant's to choose."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, int) and not isinstance(other, bool)

    __hash__ = None  # type: ignore[assignment]


NUMBER: Any = _Number()


@dataclass(frozen=True, kw_only=True)
class Order:
    """A command as the API takes it, and the message that must come of it."""

    command: Payload
    action: str
    wire: Payload
    yes: Payload = field(default_factory=lambda: ACCEPTED)
    no: Payload | None = field(default_factory=lambda: REJECTED)
    """None where the message cannot be refused."""
    parts: tuple[tuple[str, Payload], ...] = ()
    """What the station calls Currant with after a yes; the request's id is put in."""
    report: list[Payload] | None = None
    """What the API must then tell item by item."""
    variables: list[Payload] | None = None
    answer: Payload | None = None
    falls_back: bool = False
    """Whether Currant tries something else where the message is not known."""

    def __str__(self) -> str:
        return f"{self.action} by {self.command['command']}"


async def carried_out(site: Site, version: str, order: Order) -> None:
    """Give the order three times, and check all that was sent and told."""
    identity = await site.register()
    async with site.charger(identity, version) as station:
        await station.boot()
        expected = 0
        if order.no is not None:
            record = await _given(site, station, order, order.no, ())
            assert record["status"] == "refused", record
            assert record["reason"], "It says why."
            expected += 1
        if not order.falls_back:
            record = await _given(site, station, order, _unknown, ())
            assert record["status"] == "unsupported", record
            assert "NotImplemented" in record["reason"]
            expected += 1
        record = await _given(site, station, order, order.yes, order.parts)
        assert record["status"] == "accepted", record
        assert [action for action, _ in station.sent_by_currant] == [order.action] * (expected + 1)
    for name in ("report", "variables", "answer"):
        wanted = getattr(order, name)
        assert wanted is None or record[name] == wanted
    [kept, *_] = (await site.ask("GET", f"/stations/{identity}/commands"))["items"]
    assert (kept["id"], kept["status"]) == (record["id"], "accepted")


async def _given(
    site: Site, station: ScriptedCharger, order: Order, answer: Any, parts: tuple[tuple[str, Payload], ...]
) -> Any:
    station.answers[order.action] = answer
    giving = asyncio.create_task(site.command(station.identity, **order.command))
    asking = asyncio.create_task(station.asked_for(order.action))
    await asyncio.wait({giving, asking}, return_when=asyncio.FIRST_COMPLETED)
    if not asking.done():
        # An order that ended before its message was heard was not sent, or is heard of in a moment.
        await asyncio.wait({asking}, timeout=1)
        assert asking.done(), await giving
    heard = asking.result()
    for action, payload in parts:
        assert await station.call(action, requestId=heard["requestId"], **payload) == {}
    record = await giving
    assert heard == order.wire
    return record


def _unknown(_: Payload) -> Payload:
    raise Refusing("NotImplemented")


async def turned_down(site: Site, version: str, command: Payload, field: str, *, code: int = 422) -> None:
    """What nobody could mean is refused with the field's name, and no station hears of it."""
    identity = await site.register()
    async with site.charger(identity, version) as station:
        await station.boot()
        answer = await site.api.post(f"/api/v1/stations/{identity}/commands", json=command)
        assert answer.status_code == code, answer.text
        assert field in answer.text
        assert station.sent_by_currant == []
        assert (await site.ask("GET", f"/stations/{identity}/commands"))["items"] == []


async def not_worded(site: Site, version: str, command: Payload, *, status: str, reason: str) -> None:
    """What the version has no words for is told so, and no station hears of it."""
    identity = await site.register()
    async with site.charger(identity, version) as station:
        await station.boot()
        record = await site.command(identity, **command)
        assert record["status"] == status
        assert reason in record["reason"]
        assert station.sent_by_currant == []
