"""What sessions cost while they go on: kept for those that somebody looks at, in constant time a reading.

A reading of a session that nobody asks about costs one look-up. For the others the rating goes on where it
stood (pricing/rating.py, Running): what flowed since the reading before is fed to it once. Time in which
nothing flows is fed only when energy moves again, because until then nobody knows whether it was a pause
or the end of charging. The charge itself is never made of this: it is rated anew from all readings.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import msgspec

from currant.billing.charges.model import ChargeFinal, RunningCost, RunningLine
from currant.billing.charges.timelines import spans_between, timeline_of
from currant.charging.model import Phase, Reading, Session
from currant.events.board import Board
from currant.kit.clock import Clock, instant, micros
from currant.kit.errors import CurrantError
from currant.kit.ids import SessionId, TariffVersionId
from currant.kit.money import Rounding
from currant.pricing.adjusting import Adjuster
from currant.pricing.bills import bill_of
from currant.pricing.model import Prices, Purpose
from currant.pricing.rating import Running
from currant.pricing.spot import NO_SPOT, SpotPrices
from currant.pricing.taxing import TaxRates
from currant.pricing.timeline import Wh

log = logging.getLogger(__name__)

HELD_MAX = 20_000
"""Sessions whose cost is kept; beyond it those asked about longest ago are worked out anew when asked again."""
WAITING_MAX = 32
"""Readings that may wait to be rated until somebody asks."""
GATHER_S = 0.2
KEPT_FOR = timedelta(minutes=30)


class Basis(msgspec.Struct, frozen=True, kw_only=True):
    """What a session is rated by."""

    prices: Prices
    version_id: TariffVersionId
    zone: str
    rates: TaxRates
    rounding: Rounding = Rounding.HALF_UP
    spot: SpotPrices = NO_SPOT
    adjusters: tuple[Adjuster, ...] = ()
    reserved: tuple[datetime, datetime] | None = None
    """For how long the place was kept before it."""


BasisOf = Callable[[Session], Awaitable[Basis | None]]
MeasuredOf = Callable[[Session], Awaitable[tuple[Session, tuple[Reading, ...]]]]


class RunningSession:
    """One session's rating as it goes on."""

    __slots__ = (
        "_basis",
        "_fed_until",
        "_fed_wh",
        "_read_at",
        "_read_wh",
        "_running",
        "_waiting",
        "asked_at",
        "latest",
    )

    def __init__(self, basis: Basis, session: Session, readings: tuple[Reading, ...]) -> None:
        self._basis = basis
        self._running = Running(
            basis.prices, basis.zone, version_id=basis.version_id, spot=basis.spot, adjusters=basis.adjusters
        )
        self._waiting: list[Session] = []
        self.latest = session
        self.asked_at: datetime | None = None
        self._fed_until = micros(session.started_at)
        self._fed_wh: Wh = 0
        flowed = session.last_energy_at or session.started_at
        for span in timeline_of(session, readings, zone=basis.zone, reserved=basis.reserved).spans:
            # What came after energy last flowed stays open.
            if span.begin >= flowed:
                break
            self._running.feed(span)
            self._fed_until = micros(span.end)
            self._fed_wh += span.energy_wh
        self._read_at = max(micros(session.read_at or session.started_at), self._fed_until)
        self._read_wh: Wh = session.energy_wh

    def take(self, session: Session) -> bool:
        """Note where the session stands now; False when it turned out otherwise than it seemed."""
        if session.energy_wh < self.latest.energy_wh or session.started_at != self.latest.started_at:
            return False
        if session.read_at is not self.latest.read_at:
            self._waiting.append(session)
        self.latest = session
        if len(self._waiting) >= WAITING_MAX:
            self._fold()
        return True

    def _fold(self) -> None:
        waiting, self._waiting = self._waiting, []
        for session in waiting:
            at = session.read_at or session.started_at
            read_at = micros(at)
            if read_at <= self._read_at:
                continue
            if session.last_energy_at == at:
                self._feed(session, self._fed_until, self._read_at, self._read_wh - self._fed_wh)
                self._feed(session, self._read_at, read_at, session.energy_wh - self._read_wh)
                self._fed_until, self._fed_wh = read_at, session.energy_wh
            self._read_at, self._read_wh = read_at, session.energy_wh

    def _feed(self, session: Session, begin: int, end: int, energy_wh: Wh) -> None:
        for span in spans_between(session, begin, end, energy_wh):
            self._running.feed(span)

    def cost(self, at: datetime) -> RunningCost:
        """What it has cost until then, as if it ended there."""
        self._fold()
        running, session = self._running.fork(), self.latest
        until = max(micros(at), self._read_at)
        # A trickle since charging ended, or what the first reading tells of the time before it.
        trickle = session.energy_wh - self._fed_wh
        read_at = self._read_at if self._read_at > self._fed_until else until
        spans = spans_between(session, self._fed_until, read_at, trickle)
        for span in [*spans, *spans_between(session, read_at, until, 0)]:
            running.feed(span)
        charge = running.charge()
        bill = bill_of(charge, self._basis.rates, self._basis.rounding)
        return RunningCost(
            currency=bill.currency,
            net=bill.net,
            tax=bill.tax,
            gross=bill.gross,
            at=instant(until),
            energy_wh=self.latest.energy_wh,
            lines=tuple(
                RunningLine(
                    kind=line.kind.value,
                    quantity=line.quantity,
                    unit=line.unit,
                    unit_price=line.unit_price,
                    net=line.net,
                )
                for line in bill.lines
            ),
            waits_for=charge.waits_for,
        )


class RunningCosts:
    """The costs of sessions under way."""

    def __init__(
        self, board: Board, clock: Clock, *, basis_of: BasisOf, measured: MeasuredOf, held_max: int = HELD_MAX
    ) -> None:
        self._board = board
        self._clock = clock
        self._basis_of = basis_of
        self._measured = measured
        self._held_max = held_max
        self._held: OrderedDict[SessionId, RunningSession] = OrderedDict()
        self._due: dict[SessionId, Session] = {}
        self._showing: asyncio.Task[None] | None = None

    @property
    def held(self) -> int:
        """Sessions whose cost is kept."""
        return len(self._held)

    def metered(self, session: Session) -> None:
        """Take note of where a session of this node stands; told of every reading, so it does the least."""
        held = self._held.get(session.id)
        if held is not None and not held.take(session):
            del self._held[session.id]
        if self._board.readers and self._looked_at(session):
            self._due[session.id] = session
            if self._showing is None or self._showing.done():
                self._showing = asyncio.get_running_loop().create_task(self._show(), name="costs shown")

    def ended(self, session_id: SessionId) -> None:
        """Keep it no longer."""
        self._held.pop(session_id, None)
        self._due.pop(session_id, None)

    def charged(self, event: ChargeFinal) -> None:
        """Show what a session comes to in the end."""
        if event.purpose is not Purpose.RETAIL or event.credits is not None:
            return
        patch = {
            "cost": {
                "minor_units": event.gross,
                "net": event.net,
                "tax": event.tax,
                "currency": event.currency,
                "final": True,
                "at": event.happened_at,
            }
        }
        self._board.show(event.tenant_id, "sessions", event.session_id, patch)
        self._board.show(event.tenant_id, f"session:{event.session_id}", "session", patch)

    async def cost_of(self, session: Session, *, until: datetime | None = None) -> RunningCost | None:
        """What a session has cost until now; None where it has no price."""
        held = self._held.get(session.id)
        if held is not None and session is not held.latest and not self._as_new(held, session):
            held = None
        if held is None:
            held = await self._load(session)
            if held is None:
                return None
        now = self._clock.now()
        held.asked_at = now
        self._held.move_to_end(session.id)
        ended = session.ended_at if session.phase is Phase.ENDED else None
        return held.cost(until or ended or now)

    def known(self, session: Session) -> RunningCost | None:
        """The same without waiting, as far as it is held here; None where it is not."""
        held = self._held.get(session.id)
        if held is None or (session is not held.latest and not self._as_new(held, session)):
            return None
        return held.cost(session.ended_at or self._clock.now())

    async def stop(self) -> None:
        """Show nothing any more."""
        if self._showing is not None:
            self._showing.cancel()
            await asyncio.gather(self._showing, return_exceptions=True)

    def _as_new(self, held: RunningSession, session: Session) -> bool:
        """Whether what is held goes on to this state of its session, or is beyond it already."""
        latest = held.latest
        known, told = latest.updated_at, session.updated_at
        if known is not None and told is not None and told <= known and session.phase is latest.phase:
            return True
        return held.take(session)

    async def _load(self, session: Session) -> RunningSession | None:
        basis = await self._basis_of(session)
        if basis is None:
            return None
        session, readings = await self._measured(session)
        held = RunningSession(basis, session, readings)
        if session.phase is Phase.ACTIVE:
            self._held[session.id] = held
            while len(self._held) > self._held_max:
                self._held.popitem(last=False)
        else:
            self._held[session.id] = held
            self._held.move_to_end(session.id, last=False)
        return held

    def forget_unasked(self) -> int:
        """Let go of what nobody has asked about for long; how many that were."""
        before = self._clock.now() - KEPT_FOR
        gone = [
            session_id
            for session_id, held in self._held.items()
            if held.asked_at is None or held.asked_at < before
        ]
        for session_id in gone:
            del self._held[session_id]
        return len(gone)

    def _looked_at(self, session: Session) -> bool:
        wanted, tenant_id = self._board.wanted, session.tenant_id
        return wanted(tenant_id, "sessions") or wanted(tenant_id, f"session:{session.id}")

    async def _show(self) -> None:
        while self._due:
            await asyncio.sleep(GATHER_S)
            due, self._due = self._due, {}
            for session in due.values():
                try:
                    cost = await self.cost_of(session)
                except CurrantError as error:
                    log.warning("The cost of session %s could not be shown: %s", session.number, error)
                    continue
                if cost is not None:
                    self._put(session, cost)

    def _put(self, session: Session, cost: RunningCost) -> None:
        shown = {
            "minor_units": cost.gross,
            "net": cost.net,
            "tax": cost.tax,
            "currency": cost.currency,
            "final": False,
            "at": cost.at,
        }
        patch = {"cost": shown}
        self._board.show(session.tenant_id, "sessions", session.id, patch)
        self._board.show(session.tenant_id, f"session:{session.id}", "session", patch)
