"""What a session costs, exactly: a fold over the spans of its timeline.

The rules are OCPI's (2.3.0, mod_tariffs) with the choices that it leaves open made once, here:

* A price is found by dimension: the first element that has it and whose restrictions hold at that moment.
* A start fee is due once, at the first moment at which an element with one holds.
* Steps are rounded once, at the end: of all energy with the step of the last price of energy; of all
  parking where there was any, else of all charging time, with the step of the last price of it. The rest
  costs what that price is, whatever the clock says by then.
* A reservation is priced by its own elements and rounded by itself. Where it expired, what that costs
  replaces what a reservation costs, dimension by dimension. Its durations count from its own beginning.
* A restriction of current or power that nobody measured does not hold.
* The idle fee is counted along the longest unbroken time in which the vehicle asked for nothing. Exempt
  hours are left out before the grace is: nothing is counted in them. A pause by the station breaks it,
  and so does charging.
* A session with less energy and less time than the tariff's `free_below` costs nothing; a reservation
  before it still does.
* While a market's price is not known the usual price stands in, and the charge says what it waits for.

Nothing is rounded here but what steps round. Amounts are fractions until `bills` makes money of them.
"""

from decimal import Decimal
from fractions import Fraction
from hashlib import sha256

import msgspec

from currant.kit.ids import TariffVersionId
from currant.pricing.adjusting import Adjuster, Allowance
from currant.pricing.charge import RatedCharge, RatedLine
from currant.pricing.model import LineKind, Prices, TaxMode
from currant.pricing.plans import Choice, Number, plan_of
from currant.pricing.segments import Walk
from currant.pricing.spot import NO_SPOT, QUARTER_US, SpotPrices, begin_of, following
from currant.pricing.tallies import UNITS, IdleTime, Tally, figure, instant_of
from currant.pricing.timeline import Doing, Span, Timeline

ENGINE = "1"
"""Counted up whenever the same input would cost something else."""

# A charge tells so much of itself at most.
TRACE_MAX = 64
WAITS_MAX = 200

_ORDER = [
    LineKind.RESERVATION,
    LineKind.FLAT,
    LineKind.ENERGY,
    LineKind.ALLOWANCE,
    LineKind.TIME,
    LineKind.PARKING_TIME,
    LineKind.IDLE_FEE,
    LineKind.EXPORT,
]


def rate(
    timeline: Timeline,
    prices: Prices,
    *,
    version_id: TariffVersionId | None = None,
    spot: SpotPrices = NO_SPOT,
    adjusters: tuple[Adjuster, ...] = (),
) -> RatedCharge:
    """What a timeline costs by `prices`.

    Raises ValueError when its spans overlap, run backwards or hold negative energy.
    """
    running = Running(
        prices,
        timeline.zone,
        version_id=version_id,
        spot=spot,
        adjusters=adjusters,
        reservation_expired=timeline.reservation_expired,
    )
    for span in timeline.spans:
        running.feed(span)
    return running.charge()


class Running(Walk):
    """The cost of a session that goes on: feed it spans in order, ask for the charge so far at any time.

    Both take constant time however long the session lasts.
    """

    def __init__(
        self,
        prices: Prices,
        zone: str,
        *,
        version_id: TariffVersionId | None = None,
        spot: SpotPrices = NO_SPOT,
        adjusters: tuple[Adjuster, ...] = (),
        reservation_expired: bool = False,
    ) -> None:
        super().__init__(plan_of(prices, zone), expired=reservation_expired)
        self._prices = prices
        self._zone = zone
        self._version_id = version_id
        self._spot = spot
        self._discounts = tuple(each for each in adjusters if not isinstance(each, Allowance))
        allowance = sum((each.kwh_left for each in adjusters if isinstance(each, Allowance)), Decimal(0))
        self._allowed_wh: Number = Fraction(allowance * 1000) if allowance > 0 else 0
        self._begin_digest(adjusters)
        self._tallies: list[Tally | None] = [None] * len(self.plan.priced)
        self._reserved: list[Tally | None] = [None] * len(self.plan.priced)
        self._all: list[Tally] = []
        self._last: dict[LineKind, Tally] = {}
        self._flat = self._reserved_flat = False
        self._waits: dict[str, None] = {}
        self._quarters: list[str] = []
        self._idle = IdleTime()

    def feed(self, span: Span) -> None:
        """Take in what happened next.

        Raises ValueError when the span runs backwards, begins before the last one's end, or holds
        negative energy.
        """
        super().feed(span)
        self._digest.update(_ENCODER.encode(span))

    def switch(self, prices: Prices, *, version_id: TariffVersionId | None = None) -> None:
        """Go on with other prices of the same currency: no step is rounded and no start fee is due again.

        Raises ValueError for another currency or another way of telling tax.
        """
        if (prices.currency, prices.tax_mode) != (self._prices.currency, self._prices.tax_mode):
            raise ValueError("A session keeps its currency and whether its prices hold tax.")
        self.plan = plan_of(prices, self._zone)
        self.forget_bounds()
        self._prices, self._version_id = prices, version_id
        self._tallies = [None] * len(self.plan.priced)
        self._reserved = [None] * len(self.plan.priced)
        self._digest.update(self.plan.digest)

    def fork(self) -> "Running":
        """The same so far, to be fed what may happen without changing this one."""
        twin = Running.__new__(Running)
        twin.__dict__.update(self.__dict__)
        copies = {id(tally): tally.copy() for tally in self._all}
        twin._digest = self._digest.copy()
        twin._all = [copies[id(tally)] for tally in self._all]
        twin._tallies = [copies[id(tally)] if tally else None for tally in self._tallies]
        twin._reserved = [copies[id(tally)] if tally else None for tally in self._reserved]
        twin._last = {kind: copies[id(tally)] for kind, tally in self._last.items()}
        twin._waits = dict(self._waits)
        twin._quarters = list(self._quarters)
        twin._idle = self._idle.copy()
        return twin

    def charge(self) -> RatedCharge:
        """What it costs so far, as if it ended now."""
        prices = self._prices
        void = self._is_void()
        steps = {} if void else self._steps()
        lines: list[RatedLine] = []
        trace: list[str] = []
        if void:
            trace.append(
                f"nothing: less than {prices.free_below_kwh} kWh and less than {prices.free_below_s} s"
            )
        covered: Number = 0
        for tally in self._all:
            if void and not tally.reserved:
                continue
            line = tally.line(steps.get(tally, 0))
            lines.append(line)
            trace.append(self._told(tally, line, steps.get(tally, 0)))
            if tally.covered:
                covered += tally.covered
                free = tally.allowance_line()
                lines.append(free)
                trace.append(
                    f"allowance: {figure(-free.quantity)} kWh of it are paid for already"
                    f" = {figure(free.amount)} {prices.currency}"
                )
        idle = None if void or prices.idle_fee is None else self._idle_line()
        if idle is not None:
            lines.append(idle)
            trace.append(self._idle_told(idle))
        if len(lines) > 1:
            lines.sort(key=lambda line: _ORDER.index(line.kind))
        trace.extend(self._quarters)
        return RatedCharge(
            currency=prices.currency,
            tax_included=prices.tax_mode is TaxMode.INCLUDED,
            untaxed=prices.tax_mode is TaxMode.NONE,
            lines=tuple(lines),
            energy_wh=Fraction(self.energy),
            export_wh=Fraction(self.export),
            charging_us=self.charging_us,
            parking_us=self.parking_us,
            allowance_wh=Fraction(covered),
            # A reservation without a session, or a void one, is not raised to the lowest price.
            min_price=None if void or self.started_at is None else prices.min_price,
            max_price=prices.max_price,
            discounts=self._discounts,
            usual_tax_percent=self.plan.usual_tax_percent,
            void=void,
            waits_for=tuple(self._waits),
            estimated=self.estimated,
            trace=tuple(trace[:TRACE_MAX]),
            engine=ENGINE,
            input_hash=self._digest.hexdigest(),
        )

    def take(
        self, begin: Number, end: Number, energy: Number, export: Number, bits: int, doing: Doing
    ) -> None:
        if doing is Doing.RESERVED:
            self._take_reserved(begin, end, bits)
            return
        plan = self.plan
        choice = plan.choices.get(bits) or plan.choose(bits)
        if choice.flat >= 0 and not self._flat:
            self._flat = True
            self._tally(choice.flat, begin).add(1, begin)
        if energy and choice.energy >= 0:
            tally = self._tallies[choice.energy] or self._tally(choice.energy, begin)
            self._last[LineKind.ENERGY] = tally
            if tally.priced.spot or self._allowed_wh:
                self._add_energy(tally, energy, begin, end)
            else:
                # What was cut into fractions is kept apart: whole numbers are quicker to add.
                if type(energy) is int:
                    tally.quantity += energy
                else:
                    tally.fractions += energy
                tally.end = end
        if export and choice.export >= 0:
            tally = self._tallies[choice.export] or self._tally(choice.export, begin)
            if tally.priced.spot:
                tally.worth += export * self._market_price(tally, begin)
            tally.add(export, end)
        if doing is Doing.CHARGING or doing is Doing.PAUSED_BY_STATION:
            self._idle.broken()
            place, kind = choice.time, LineKind.TIME
        else:
            self._idle.add(begin, end, exempt=bool(bits & plan.exempt_bit))
            place, kind = choice.parking, LineKind.PARKING_TIME
        if place >= 0 and end > begin:
            tally = self._tallies[place] or self._tally(place, begin)
            tally.add(end - begin, end)
            self._last[kind] = tally

    def _take_reserved(self, begin: Number, end: Number, bits: int) -> None:
        choice: Choice = self.plan.choose_reserved(bits, expired=self.expired)
        if choice.flat >= 0 and not self._reserved_flat:
            self._reserved_flat = True
            self._reserved_tally(choice.flat, begin).add(1, begin)
        if choice.time >= 0:
            tally = self._reserved[choice.time] or self._reserved_tally(choice.time, begin)
            tally.add(end - begin, end)
            self._last[LineKind.RESERVATION] = tally

    def _add_energy(self, tally: "Tally", energy: Number, begin: Number, end: Number) -> None:
        price = self._market_price(tally, begin) if tally.priced.spot else tally.price
        covered = min(self._allowed_wh, energy)
        if covered:
            self._allowed_wh -= covered
            tally.covered += covered
            tally.covered_worth += covered * price
        if tally.priced.spot:
            tally.worth += energy * price
        tally.add(energy, end)

    def _market_price(self, tally: "Tally", at: Number) -> Fraction:
        """The price in force in this quarter-hour, as the component follows its market."""
        spot = tally.priced.spot
        assert spot is not None
        quarter = int(at // QUARTER_US)
        asked = self._spot.price_in(spot.market, quarter)
        if asked is None and spot.fallback is not None:
            price = spot.fallback
        elif asked is None:
            price = tally.priced.component.price
            if len(self._waits) < WAITS_MAX:
                self._waits[f"{spot.market} {begin_of(quarter):%Y-%m-%dT%H:%MZ}"] = None
        else:
            price = following(spot, asked)
        exact = Fraction(price)
        if exact != tally.last_price and len(self._quarters) < TRACE_MAX:
            known = "unknown" if asked is None else f"{asked}"
            self._quarters.append(
                f"market: {spot.market} asks {known} from {begin_of(quarter):%Y-%m-%dT%H:%MZ},"
                f" which makes {figure(exact)} {self._prices.currency}/kWh"
            )
        tally.last_price = exact
        self._digest.update(f"{quarter} {price}".encode())
        return exact

    def _tally(self, place: int, begin: Number) -> "Tally":
        tally = self._tallies[place]
        if tally is None:
            tally = Tally(self.plan, place, self._version_id, begin, reserved=False, expired=False)
            self._tallies[place] = tally
            self._all.append(tally)
        return tally

    def _reserved_tally(self, place: int, begin: Number) -> "Tally":
        tally = self._reserved[place]
        if tally is None:
            tally = Tally(self.plan, place, self._version_id, begin, reserved=True, expired=self.expired)
            self._reserved[place] = tally
            self._all.append(tally)
        return tally

    def _begin_digest(self, adjusters: tuple[Adjuster, ...]) -> None:
        self._digest = sha256(self.plan.digest)
        self._digest.update(f"{ENGINE} {self._version_id} {self.expired}".encode())
        if adjusters:
            self._digest.update(_ENCODER.encode(adjusters))

    def _is_void(self) -> bool:
        if self.started_at is None:
            return False
        little = self.energy + self.export < self.plan.free_below_wh
        return little and self.until - self.started_at < self._prices.free_below_s * 1_000_000

    def _steps(self) -> dict["Tally", Number]:
        """What rounding up to steps adds, to which price."""
        last = self._last
        wanted = [(LineKind.ENERGY, 1), (LineKind.RESERVATION, 1_000_000)]
        # Where time and parking are both priced only all parking is rounded (OCPI 2.3.0, mod_tariffs).
        wanted.append((LineKind.PARKING_TIME if LineKind.PARKING_TIME in last else LineKind.TIME, 1_000_000))
        added: dict[Tally, Number] = {}
        for kind, unit in wanted:
            tally = last.get(kind)
            if tally is None or tally.priced.component.step_size <= 1:
                continue
            step = tally.priced.component.step_size * unit
            used: Number = sum(each.used for each in self._all if each.kind is kind)
            rest = -used % step
            if rest:
                added[tally] = rest
        return added

    def _idle_line(self) -> RatedLine | None:
        fee, idle = self._prices.idle_fee, self._idle
        assert fee is not None
        billed = idle.best - fee.grace_s * 1_000_000
        if billed <= 0:
            return None
        minutes = Fraction(billed) / 60_000_000
        amount = minutes * Fraction(fee.price_per_minute)
        notes = ["grace"] if fee.grace_s else []
        if idle.best_exempt:
            notes.append("exempt")
        if fee.max_cost is not None and amount > fee.max_cost:
            amount = Fraction(fee.max_cost)
            notes.append("capped")
        return RatedLine(
            kind=LineKind.IDLE_FEE,
            quantity=minutes,
            unit_price=fee.price_per_minute,
            amount=amount,
            tax_percent=fee.tax_percent,
            begin=instant_of(idle.best_begin),
            end=instant_of(idle.best_end),
            version_id=self._version_id,
            note=" ".join(notes),
        )

    def _told(self, tally: "Tally", line: RatedLine, rest: Number) -> str:
        unit = UNITS[line.kind]
        quantity = figure(abs(line.quantity))
        said = f"{line.kind.value}: {tally.plan.labels[tally.priced.element]}, {self._between(line)}"
        mean = " on average" if tally.priced.spot else ""
        if line.kind is LineKind.FLAT:
            said += f", once {line.unit_price}"
        else:
            said += f", {quantity} {unit} at {line.unit_price} {self._prices.currency}/{unit}{mean}"
        if rest:
            used = figure(abs(line.quantity) - tally.in_units(rest))
            said += f" ({used} {unit} rounded up to steps of {tally.priced.component.step_size})"
        return f"{said} = {figure(line.amount)} {self._prices.currency}"

    def _idle_told(self, line: RatedLine) -> str:
        fee = self._prices.idle_fee
        assert fee is not None
        said = f"idle_fee: {self._between(line)}, {figure(line.quantity)} min after {fee.grace_s} s of grace"
        if "exempt" in line.note:
            said += ", without exempt hours"
        said += f" at {fee.price_per_minute} {self._prices.currency}/min"
        if "capped" in line.note:
            said += f", at most {fee.max_cost}"
        return f"{said} = {figure(line.amount)} {self._prices.currency}"

    def _between(self, line: RatedLine) -> str:
        zone = self.plan.zone
        begin = line.begin.astimezone(zone).isoformat(" ", "seconds") if line.begin else ""
        if line.end is None or line.end == line.begin:
            return f"at {begin}"
        return f"{begin} to {line.end.astimezone(zone).isoformat(' ', 'seconds')}"


def _written(value: object) -> str:
    if isinstance(value, Fraction):
        return str(value)
    raise NotImplementedError


_ENCODER = msgspec.msgpack.Encoder(enc_hook=_written)
