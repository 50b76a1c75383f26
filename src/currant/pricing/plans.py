"""Prices made ready for rating: every restriction as a bit, every boundary as a number.

An element of a tariff is a bit. Time of day, energy, duration, power and current each say which bits they
allow; what is left after all of them says, by dimension, which price holds. Both questions are answered
from tables that are made once for a version of a tariff and a zone, so that rating a span of time is a few
look-ups.

Times of day are the site's. A day is laid out along real time: where clocks are put back an hour happens
twice, where they are put forward it does not happen.
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from hashlib import sha256
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from currant.kit.clock import EPOCH
from currant.pricing.model import (
    Component,
    Dimension,
    Element,
    Prices,
    Reserved,
    Restrictions,
    Spot,
    Weekday,
)

Number = int | Fraction

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
FAR = 1 << 62
"""Later than anything."""

# So many days and combinations of one version and zone are kept, and so many versions.
DAYS_KEPT = 2_000
CHOICES_KEPT = 4_096
PLANS_KEPT = 512
_EPOCH_DAY = EPOCH.toordinal()


class Choice(NamedTuple):
    """Which price holds for each dimension: places in `Plan.priced`, -1 for none."""

    energy: int
    time: int
    parking: int
    flat: int
    export: int


class Priced(NamedTuple):
    """A component at its place in the tariff."""

    element: int
    component: Component
    spot: Spot | None


class Day(NamedTuple):
    """A day of UTC cut where what holds changes: beginnings in microseconds, and the bits from each on."""

    begins: list[int]
    bits: list[int]


class Plan:
    """One version's prices at sites of one zone."""

    def __init__(self, prices: Prices, zone: str) -> None:
        self.prices = prices
        self.zone = ZoneInfo(zone)
        self.digest = sha256(_ENCODER.encode((prices, zone))).digest()
        rules = [element.restrictions or Restrictions() for element in prices.elements]
        self.all_bits = (1 << len(rules)) - 1
        # No element but the hours in which no idle fee is counted; no restriction takes it away.
        self.exempt_bit = 1 << len(rules)
        self.priced: list[Priced] = []
        self._places: list[dict[Dimension, int]] = []
        for number, element in enumerate(prices.elements):
            self._places.append(self._place(number, element))
        self.labels = [_label(number, rule) for number, rule in enumerate(rules)]
        exempt = self.exempt_bit
        self.kwh, self.kwh_bits = _brackets(
            [(_thousand(rule.min_kwh), _thousand(rule.max_kwh)) for rule in rules], exempt
        )
        self.power, self.power_bits = _brackets(
            [(_thousand(rule.min_power), _thousand(rule.max_power)) for rule in rules], exempt
        )
        self.current, self.current_bits = _brackets(
            [(_exact(rule.min_current), _exact(rule.max_current)) for rule in rules], exempt
        )
        self.lasting, self.lasting_bits = _brackets(
            [(_micros(rule.min_duration), _micros(rule.max_duration)) for rule in rules], exempt
        )
        self.unknown_power_bits = _without(rules, exempt, lambda rule: (rule.min_power, rule.max_power))
        self.unknown_current_bits = _without(rules, exempt, lambda rule: (rule.min_current, rule.max_current))
        self.exact_prices = [Fraction(each.component.price) for each in self.priced]
        self.free_below_wh = whole_or(1000 * Fraction(prices.free_below_kwh))
        self.usual_tax_percent = _usual_tax(prices)
        self.has_spot = any(each.spot for each in self.priced)
        self._windows = [_Window(rule) for rule in rules]
        self._exempt = [_times(*hours) for hours in prices.idle_fee.exempt] if prices.idle_fee else []
        self.by_clock = any(window.bounded for window in self._windows) or bool(self._exempt)
        self._cuts = sorted(
            {0}
            | {time % DAY_US for window in self._windows for time in (window.begin, window.end)}
            | {time % DAY_US for hours in self._exempt for time in hours}
        )
        self._days: dict[int, Day] = {}
        self._charging = [number for number, rule in enumerate(rules) if rule.reservation is None]
        reserved = [number for number, rule in enumerate(rules) if rule.reservation is Reserved.RESERVATION]
        expired = [
            number for number, rule in enumerate(rules) if rule.reservation is Reserved.RESERVATION_EXPIRES
        ]
        # What an expired reservation costs replaces what a reservation costs, dimension by dimension.
        self._reserved = {False: reserved, True: expired + reserved}
        self.choices: dict[int, Choice] = {}
        self._reserved_choices: dict[tuple[int, bool], Choice] = {}

    def choose(self, bits: int) -> Choice:
        """Which prices of charging hold where these elements do."""
        choice = self.choices.get(bits)
        if choice is None:
            if len(self.choices) >= CHOICES_KEPT:
                self.choices.clear()
            choice = self.choices[bits] = self._first(self._charging, bits)
        return choice

    def choose_reserved(self, bits: int, *, expired: bool) -> Choice:
        """Which prices of a reservation hold where these elements do."""
        key = (bits, expired)
        choice = self._reserved_choices.get(key)
        if choice is None:
            if len(self._reserved_choices) >= CHOICES_KEPT:
                self._reserved_choices.clear()
            choice = self._reserved_choices[key] = self._first(self._reserved[expired], bits)
        return choice

    def clock(self, at: Number) -> tuple[int, int, int]:
        """The elements that time of day, date and weekday allow at an instant, and from when until when."""
        if not self.by_clock:
            return -FAR, FAR, self.all_bits
        number = int(at // DAY_US)
        day = self._day(number)
        index = bisect_right(day.begins, at) - 1
        begin, bits = day.begins[index], day.bits[index]
        if index + 1 < len(day.begins):
            return begin, day.begins[index + 1], bits
        end = (number + 1) * DAY_US
        following = self._day(number + 1)
        if following.bits[0] == bits:
            end = following.begins[1] if len(following.begins) > 1 else end + DAY_US
        return begin, end, bits

    def _day(self, number: int) -> Day:
        day = self._days.get(number)
        if day is None:
            if len(self._days) >= DAYS_KEPT:
                self._days.clear()
            day = self._days[number] = self._laid_out(number)
        return day

    def _laid_out(self, number: int) -> Day:
        day = Day([], [])
        for begin, end, offset in _offsets(self.zone, number):
            first, last = (begin + offset) // DAY_US, (end - 1 + offset) // DAY_US
            cuts = (local * DAY_US + cut - offset for local in range(first, last + 1) for cut in self._cuts)
            for at in [begin, *(cut for cut in cuts if begin < cut < end)]:
                bits = self._bits(*divmod(at + offset, DAY_US))
                if not day.bits or day.bits[-1] != bits:
                    day.begins.append(at)
                    day.bits.append(bits)
        return day

    def _bits(self, day: int, time: int) -> int:
        bits = sum(1 << number for number, window in enumerate(self._windows) if window.holds(day, time))
        if any(_within(time, *hours) for hours in self._exempt):
            bits |= self.exempt_bit
        return bits

    def _place(self, number: int, element: Element) -> dict[Dimension, int]:
        places: dict[Dimension, int] = {}
        for component in element.components:
            if component.dimension not in places:
                places[component.dimension] = len(self.priced)
                follows = component.dimension in (Dimension.ENERGY, Dimension.EXPORT)
                self.priced.append(Priced(number, component, component.spot if follows else None))
        return places

    def _first(self, elements: list[int], bits: int) -> Choice:
        def of(dimension: Dimension) -> int:
            for number in elements:
                if bits >> number & 1 and dimension in self._places[number]:
                    return self._places[number][dimension]
            return -1

        return Choice(
            energy=of(Dimension.ENERGY),
            time=of(Dimension.TIME),
            parking=of(Dimension.PARKING_TIME),
            flat=of(Dimension.FLAT),
            export=of(Dimension.EXPORT),
        )


_PLANS: dict[tuple[int, str], tuple[Prices, Plan]] = {}


def plan_of(prices: Prices, zone: str) -> Plan:
    """The plan of these prices; the same as before where the same object is asked for again.

    Raises zoneinfo.ZoneInfoNotFoundError for a zone that does not exist, ValueError for a time or date
    that is none.
    """
    key = (id(prices), zone)
    kept = _PLANS.get(key)
    # The kept prices are held, so an equal id is the same object.
    if kept is not None and kept[0] is prices:
        return kept[1]
    plan = Plan(prices, zone)
    if len(_PLANS) >= PLANS_KEPT:
        # The oldest goes. Another thread may have been quicker.
        _PLANS.pop(next(iter(_PLANS)), None)
    _PLANS[key] = (prices, plan)
    return plan


class _Window:
    """Times of day, dates and weekdays in which an element holds."""

    def __init__(self, rule: Restrictions) -> None:
        self.begin, self.end = _times(rule.start_time, rule.end_time)
        self._from = _day_number(rule.start_date) if rule.start_date else -FAR
        self._until = _day_number(rule.end_date) if rule.end_date else FAR
        self._weekdays = frozenset(list(Weekday).index(day) for day in rule.day_of_week)
        self.bounded = bool(
            rule.start_time or rule.end_time or rule.start_date or rule.end_date or rule.day_of_week
        )

    def holds(self, day: int, time: int) -> bool:
        if not self._from <= day < self._until:
            return False
        # 1970 began on a Thursday.
        if self._weekdays and (day + 3) % 7 not in self._weekdays:
            return False
        return _within(time, self.begin, self.end)


def _within(time: int, begin: int, end: int) -> bool:
    return begin <= time < end if begin < end else time >= begin or time < end


def _times(begin: str, end: str) -> tuple[int, int]:
    return _time_of_day(begin) % DAY_US if begin else 0, (_time_of_day(end) if end else 0) or DAY_US


def _time_of_day(text: str) -> int:
    hours, _, minutes = text.partition(":")
    if not (hours.isdigit() and minutes.isdigit() and int(minutes) < 60 and int(hours) < 24):
        if text == "24:00":
            return DAY_US
        raise ValueError(f"{text!r} is no time of day: write hours and minutes, such as 09:30.")
    return (int(hours) * 60 + int(minutes)) * 60_000_000


def _day_number(text: str) -> int:
    return date.fromisoformat(text).toordinal() - _EPOCH_DAY


def _offsets(zone: ZoneInfo, number: int) -> list[tuple[int, int, int]]:
    """A day of UTC in pieces of one offset to local time: begin, end and offset in microseconds."""
    begin, end = number * 86_400, (number + 1) * 86_400
    pieces: list[tuple[int, int, int]] = []
    since, offset = begin, _offset(zone, begin)
    for probe in range(begin + 3600, end + 1, 3600):
        if _offset(zone, probe) != offset:
            low, high = probe - 3600, probe
            while high - low > 1:
                middle = (low + high) // 2
                if _offset(zone, middle) == offset:
                    low = middle
                else:
                    high = middle
            if high < end:
                pieces.append((since * 1_000_000, high * 1_000_000, offset))
                since, offset = high, _offset(zone, probe)
    return [*pieces, (since * 1_000_000, end * 1_000_000, offset)]


def _offset(zone: ZoneInfo, second: int) -> int:
    offset = datetime.fromtimestamp(second, UTC).astimezone(zone).utcoffset() or timedelta(0)
    return offset // timedelta(microseconds=1)


def _brackets(
    limits: Sequence[tuple[Number | None, Number | None]], always: int
) -> tuple[list[Number], list[int]]:
    """Where elements begin and cease to hold along a quantity, and which hold before and from each on.

    The lower limit is included, the upper is not (OCPI TariffRestrictions).
    """
    edges: list[Number] = sorted({edge for pair in limits for edge in pair if edge is not None})
    bits = []
    for index in range(len(edges) + 1):
        low = edges[index - 1] if index else None
        holding = always
        for number, (least, most) in enumerate(limits):
            begun = least is None or (low is not None and least <= low)
            ceased = most is not None and low is not None and most <= low
            if begun and not ceased:
                holding |= 1 << number
        bits.append(holding)
    return edges, bits


def _without(
    rules: list[Restrictions],
    always: int,
    limits: Callable[[Restrictions], tuple[Decimal | None, Decimal | None]],
) -> int:
    return always | sum(1 << number for number, rule in enumerate(rules) if limits(rule) == (None, None))


def _exact(value: Decimal | None) -> Number | None:
    return None if value is None else whole_or(Fraction(value))


def _thousand(value: Decimal | None) -> Number | None:
    return None if value is None else whole_or(1000 * Fraction(value))


def _micros(seconds: int | None) -> int | None:
    return None if seconds is None else seconds * 1_000_000


def whole_or(value: Fraction) -> Number:
    """A whole number where it is one: those are quicker to work with."""
    return value.numerator if value.denominator == 1 else value


def _usual_tax(prices: Prices) -> Decimal | None:
    """Energy's tax, or that of the first price there is."""
    components = [component for element in prices.elements for component in element.components]
    energy = [each for each in components if each.dimension is Dimension.ENERGY]
    return next((each.tax_percent for each in energy + components), None)


def _label(number: int, rule: Restrictions) -> str:
    """An element and its restrictions in the words of a trace."""
    said = []
    if rule.reservation:
        said.append(rule.reservation.value)
    if rule.day_of_week:
        said.append(" ".join(day.value[:3] for day in rule.day_of_week))
    if rule.start_time or rule.end_time:
        said.append(f"{rule.start_time or '00:00'}-{rule.end_time or '24:00'}")
    if rule.start_date or rule.end_date:
        said.append(f"from {rule.start_date or 'ever'} until {rule.end_date or 'ever'}")
    for least, most, unit in (
        (rule.min_kwh, rule.max_kwh, "kWh"),
        (rule.min_power, rule.max_power, "kW"),
        (rule.min_current, rule.max_current, "A"),
        (rule.min_duration, rule.max_duration, "s"),
    ):
        if least is not None or most is not None:
            said.append(f"{'' if least is None else least}..{'' if most is None else most} {unit}")
    return f"element {number + 1}" + (f" [{', '.join(said)}]" if said else "")


_ENCODER = msgspec.msgpack.Encoder()
