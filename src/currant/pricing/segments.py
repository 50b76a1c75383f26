"""A timeline cut wherever a price may change: by the clock, by energy, by duration, by market quarter-hours.

What flows in a span flows evenly, so a cut shares its energy exactly by time; cutting anywhere else
changes nothing. Whatever a session has used so far decides where it stands, so a walk along its spans
needs nothing of what lies behind but a few sums.
"""

from bisect import bisect_right
from datetime import datetime, timedelta
from fractions import Fraction

import msgspec

from currant.kit.clock import EPOCH, instant
from currant.pricing.model import Dimension, Prices
from currant.pricing.plans import FAR, HOUR_US, Number, Plan, plan_of, whole_or
from currant.pricing.spot import QUARTER_US
from currant.pricing.timeline import Doing, Span, Timeline

_MICROSECOND = timedelta(microseconds=1)


class Segment(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of a session in which no price changes."""

    begin: datetime
    end: datetime
    doing: Doing
    energy_wh: Fraction
    export_wh: Fraction
    elements: dict[Dimension, int]
    """Which element of the tariff prices each dimension, from 0; what is not there costs nothing."""


def segment(timeline: Timeline, prices: Prices) -> tuple[Segment, ...]:
    """A session cut where its prices change, each piece with the elements that hold in it.

    Instants between microseconds, where a limit of energy is reached, are told rounded down.
    """
    walk = _Segments(plan_of(prices, timeline.zone), expired=timeline.reservation_expired)
    for span in timeline.spans:
        walk.feed(span)
    return tuple(walk.found)


class Walk:
    """Along a session, span by span; `take` is told every piece in which nothing changes."""

    def __init__(self, plan: Plan, *, expired: bool = False) -> None:
        self.plan = plan
        self.expired = expired
        self.until = -FAR
        """The end of the last span."""
        self.reserved_at: int | None = None
        self.started_at: int | None = None
        self.energy: Number = 0
        self.export: Number = 0
        self.charging_us = 0
        self.parking_us = 0
        self.estimated = False
        # As long as neither time nor energy leaves these bounds the elements of these bits hold.
        self._calm_from: Number = FAR
        self._calm_until: Number = FAR
        self._calm_wh: Number = FAR
        self._calm_bits = 0
        self._until_datetime: datetime | None = None

    def feed(self, span: Span) -> None:
        """Take in what happened next.

        Raises ValueError when the span runs backwards, begins before the last one's end, or holds
        negative energy.
        """
        # Spans mostly begin with the very instant that the last one ended with.
        begin = self.until if span.begin is self._until_datetime else (span.begin - EPOCH) // _MICROSECOND
        end = (span.end - EPOCH) // _MICROSECOND
        energy, export = span.energy_wh, span.export_wh
        if end < begin or begin < self.until:
            raise ValueError(f"The span from {span.begin} to {span.end} runs backwards or overlaps the last.")
        if energy < 0 or export < 0:
            raise ValueError(f"The span from {span.begin} holds negative energy.")
        self.until = end
        self._until_datetime = span.end
        if begin == end and not energy and not export:
            return
        if span.estimated:
            self.estimated = True
        doing = span.doing
        if doing is Doing.RESERVED:
            if self.reserved_at is None:
                self.reserved_at = begin
            since = self.reserved_at
        else:
            if self.started_at is None:
                self.started_at = begin
            since = self.started_at
            if doing is Doing.PARKED or doing is Doing.IDLE:
                self.parking_us += end - begin
            else:
                self.charging_us += end - begin
        if export:
            self.export += export
        plan = self.plan
        allowed = -1
        if plan.power:
            allowed &= self._power(span, end - begin)
        if plan.current:
            allowed &= self._current(span)
        used = self.energy + energy
        if (
            self._calm_from <= begin
            and end <= self._calm_until
            and used <= self._calm_wh
            and self.energy < self._calm_wh
            and doing is not Doing.RESERVED
        ):
            self.energy = used
            self.take(begin, end, energy, export, self._calm_bits & allowed, doing)
            return
        self._cut(begin, end, energy, export, since, allowed, doing)
        # The same as the sum of all pieces, and a whole number where it is one.
        self.energy = used
        if doing is Doing.RESERVED:
            self.forget_bounds()

    def forget_bounds(self) -> None:
        """Look again what holds: prices, or what time is counted from, are others now."""
        self._calm_from = FAR

    def take(
        self, begin: Number, end: Number, energy: Number, export: Number, bits: int, doing: Doing
    ) -> None:
        """A piece from `begin` to `end` (microseconds), in which the elements of `bits` hold."""
        raise NotImplementedError

    def _cut(
        self, begin: int, end: int, energy: Number, export: Number, since: int, allowed: int, doing: Doing
    ) -> None:
        plan, lasted = self.plan, end - begin
        at: Number = begin
        energy_left, export_left = energy, export
        while True:
            until: Number
            since_clock, until, bits = plan.clock(at)
            if plan.lasting:
                index = bisect_right(plan.lasting, at - since)
                bits &= plan.lasting_bits[index]
                if index < len(plan.lasting):
                    until = min(until, since + plan.lasting[index])
            if plan.has_spot:
                until = min(until, (at // QUARTER_US + 1) * QUARTER_US)
            limit: Number = FAR
            if plan.kwh:
                index = bisect_right(plan.kwh, self.energy)
                bits &= plan.kwh_bits[index]
                if index < len(plan.kwh):
                    limit = plan.kwh[index]
            cut: Number = min(end, until)
            part = energy_left if cut == end else share(energy, cut - at, lasted)
            if self.energy + part > limit:
                part = limit - self.energy
                cut = at + share(part, lasted, energy)
            export_part = export_left if cut == end else share(export, cut - at, lasted)
            self.energy += part
            self.take(at, cut, part, export_part, bits & allowed, doing)
            energy_left -= part
            export_left -= export_part
            if cut == end and not energy_left:
                self._calm_from, self._calm_until = max(since_clock, at), until
                self._calm_wh, self._calm_bits = limit, bits
                return
            at = cut

    def _power(self, span: Span, lasted: int) -> int:
        plan = self.plan
        if span.power_w is not None:
            return plan.power_bits[bisect_right(plan.power, Fraction(span.power_w))]
        if not lasted:
            return plan.unknown_power_bits
        drawn = span.energy_wh * HOUR_US
        return plan.power_bits[sum(edge * lasted <= drawn for edge in plan.power)]

    def _current(self, span: Span) -> int:
        plan = self.plan
        if span.current_a is not None:
            return plan.current_bits[bisect_right(plan.current, Fraction(span.current_a))]
        # What gives nothing has no current; what was not measured matches no limit of it.
        return (
            plan.unknown_current_bits
            if span.energy_wh or span.export_wh
            else plan.current_bits[bisect_right(plan.current, 0)]
        )


def share(amount: Number, part: Number, whole: Number) -> Number:
    """amount x part / whole, exactly."""
    if isinstance(amount, int) and isinstance(part, int) and isinstance(whole, int):
        quotient, rest = divmod(amount * part, whole)
        return quotient if not rest else Fraction(amount * part, whole)
    return whole_or(Fraction(amount) * Fraction(part) / Fraction(whole))


class _Segments(Walk):
    def __init__(self, plan: Plan, *, expired: bool) -> None:
        super().__init__(plan, expired=expired)
        self.found: list[Segment] = []

    def take(
        self, begin: Number, end: Number, energy: Number, export: Number, bits: int, doing: Doing
    ) -> None:
        elements = self._elements(bits, doing)
        last = self.found[-1] if self.found else None
        if last and last.end == _instant(begin) and last.doing is doing and last.elements == elements:
            self.found[-1] = msgspec.structs.replace(
                last, end=_instant(end), energy_wh=last.energy_wh + energy, export_wh=last.export_wh + export
            )
            return
        self.found.append(
            Segment(
                begin=_instant(begin),
                end=_instant(end),
                doing=doing,
                energy_wh=Fraction(energy),
                export_wh=Fraction(export),
                elements=elements,
            )
        )

    def _elements(self, bits: int, doing: Doing) -> dict[Dimension, int]:
        if doing is Doing.RESERVED:
            choice = self.plan.choose_reserved(bits, expired=self.expired)
            chosen = {Dimension.TIME: choice.time, Dimension.FLAT: choice.flat}
        else:
            choice = self.plan.choose(bits)
            parked = doing is Doing.PARKED or doing is Doing.IDLE
            chosen = {
                Dimension.ENERGY: choice.energy,
                Dimension.EXPORT: choice.export,
                Dimension.FLAT: choice.flat,
                **({Dimension.PARKING_TIME: choice.parking} if parked else {Dimension.TIME: choice.time}),
            }
        return {dimension: self.plan.priced[at].element for dimension, at in chosen.items() if at >= 0}


def _instant(at: Number) -> datetime:
    return instant(int(at // 1))
