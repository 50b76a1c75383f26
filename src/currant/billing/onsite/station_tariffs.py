"""Between our prices and the tariffs that stations reckon with themselves (OCPP 2.1 block I). Pure.

Either way everything that the other side cannot say is named, so that nothing gets lost in silence. A station
is only given a tariff that lost nothing: otherwise its costs are worked out here and told to it (I02).

The two differ: OCPP has conditions at every single price, per minute and without tax, the first that holds
counts within each kind (2.1 part 2, I 1.2); it knows idle time and no steps.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

import msgspec

from currant.pricing.model import (
    Component,
    Dimension,
    Element,
    IdleFee,
    PriceLimit,
    Prices,
    Reserved,
    Restrictions,
    TaxMode,
    Weekday,
)
from currant.stations.commanding.displays import MessageText
from currant.stations.commanding.tariffs import (
    Bounds,
    Price,
    PriceConditions,
    PriceList,
    StationTariff,
    TaxRate,
)

MINUTES = Decimal(60)
# A price per minute that is no finite decimal is told to so many digits: a day of it is off by less than 0.0001.
DIGITS = Decimal("0.00000001")
_DAYS = tuple(Weekday)
_BLOCKS = ("energy", "charging_time", "idle_time", "fixed_fee", "reservation_time", "reservation_fixed")
_BLOCK_OF = {
    Dimension.ENERGY: "energy",
    Dimension.TIME: "charging_time",
    Dimension.PARKING_TIME: "idle_time",
    Dimension.FLAT: "fixed_fee",
}
_RESERVED_BLOCK_OF = {Dimension.TIME: "reservation_time", Dimension.FLAT: "reservation_fixed"}
_PER_MINUTE = frozenset({"charging_time", "idle_time", "reservation_time"})


class Lost(msgspec.Struct, frozen=True, kw_only=True):
    """Something that the other side cannot say; `code` is stable."""

    code: str
    text: str


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """A tariff as a station takes it, and what it lacks."""

    tariff: StationTariff
    lost: tuple[Lost, ...] = ()


class Read(msgspec.Struct, frozen=True, kw_only=True):
    """A station's tariff as our prices, and what they lack."""

    prices: Prices
    lost: tuple[Lost, ...] = ()


class _Losses:
    def __init__(self) -> None:
        self.found: dict[str, Lost] = {}

    def note(self, code: str, text: str) -> None:
        self.found.setdefault(code, Lost(code=code, text=text))


def to_station(
    prices: Prices,
    *,
    id_: str,
    taxes: Mapping[str, tuple[TaxRate, ...]] | None = None,
    texts: tuple[MessageText, ...] = (),
) -> Told:
    """Our prices as a station's tariff. `taxes` by block (`energy`, `charging_time`, …) hold where the prices
    say no tax of their own."""
    losses = _Losses()
    blocks: dict[str, list[Price]] = {}
    rates: dict[str, list[tuple[TaxRate, ...]]] = {}
    given = taxes or {}
    for element in prices.elements:
        for component in element.components:
            block = _block(element, component, losses)
            if block is None:
                continue
            own = _own_tax(prices.tax_mode, component.tax_percent, given.get(block, ()))
            conditions = _conditions(element.restrictions, block, losses)
            price = _net(component.price, prices.tax_mode, own, losses)
            if block in _PER_MINUTE:
                price = _exact(price / MINUTES, losses)
            blocks.setdefault(block, []).append(Price(price=price, conditions=conditions))
            rates.setdefault(block, []).append(own)
    if prices.idle_fee is not None:
        own = _own_tax(prices.tax_mode, prices.idle_fee.tax_percent, given.get("idle_time", ()))
        for row in _idle_rows(prices.idle_fee, prices.tax_mode, own, losses):
            if "idle_time" in blocks and row is not None and rates["idle_time"] and _was_parking(prices):
                losses.note(
                    "idle_beside_parking",
                    "Parking time and an idle fee add up here; a station takes the first.",
                )
            blocks.setdefault("idle_time", []).append(row)
            rates.setdefault("idle_time", []).append(own)
    lists = {
        block: PriceList(prices=tuple(rows), taxes=_one_tax(block, rates[block], losses))
        for block, rows in blocks.items()
    }
    tariff = StationTariff(
        id=id_,
        currency=prices.currency,
        texts=texts,
        min_cost=_bounds(prices.min_price),
        max_cost=_bounds(prices.max_price),
    )
    tariff = msgspec.structs.replace(tariff, **lists)
    return Told(tariff=tariff, lost=tuple(losses.found.values()))


def _was_parking(prices: Prices) -> bool:
    return any(
        component.dimension is Dimension.PARKING_TIME
        for element in prices.elements
        for component in element.components
    )


def _block(element: Element, component: Component, losses: _Losses) -> str | None:
    """Where a price stands in a station's tariff; None where it cannot stand."""
    if component.spot is not None:
        losses.note("spot", "A station does not follow market prices.")
        return None
    if component.step_size > 1:
        losses.note("step_size", "OCPP has no steps: what was used is billed exactly.")
    reserved = element.restrictions.reservation if element.restrictions else None
    if reserved is Reserved.RESERVATION_EXPIRES:
        losses.note("reservation_expires", "OCPP has no price of its own for a reservation that nobody used.")
        return None
    table = _BLOCK_OF if reserved is None else _RESERVED_BLOCK_OF
    if component.dimension not in table:
        losses.note(
            component.dimension.value,
            f"OCPP has no price for {component.dimension.value.replace('_', ' ')} there.",
        )
        return None
    return table[component.dimension]


def _own_tax(mode: TaxMode, percent: Decimal | None, given: tuple[TaxRate, ...]) -> tuple[TaxRate, ...]:
    if mode is TaxMode.NONE:
        return ()
    return given if percent is None else (TaxRate(name="VAT", percent=percent),)


def _net(price: Decimal, mode: TaxMode, taxes: Sequence[TaxRate], losses: _Losses) -> Decimal:
    """The price without tax."""
    if mode is not TaxMode.INCLUDED:
        return price
    share = _with_tax(taxes)
    if share == 1:
        return price
    losses.note("tax_included", "A station is told prices without tax: sums may differ by a cent.")
    return (price / share).quantize(DIGITS)


def _with_tax(taxes: Sequence[TaxRate]) -> Decimal:
    """What 1 is with its taxes, those of a higher stack upon those below (2.1: TaxRateType.stack)."""
    whole = Decimal(1)
    for stack in sorted({tax.stack or 0 for tax in taxes}):
        whole += whole * sum((tax.percent for tax in taxes if (tax.stack or 0) == stack), Decimal(0)) / 100
    return whole


def _exact(price: Decimal, losses: _Losses) -> Decimal:
    short = price.quantize(DIGITS)
    if short != price:
        losses.note("per_minute", "The price per minute is no finite number: it is told to eight digits.")
    return short.normalize() if short else short


def _one_tax(block: str, rates: list[tuple[TaxRate, ...]], losses: _Losses) -> tuple[TaxRate, ...]:
    if len(set(rates)) > 1:
        losses.note("taxes_differ", f"OCPP has one set of taxes for all of {block.replace('_', ' ')}.")
    return rates[0]


def _conditions(wanted: Restrictions | None, block: str, losses: _Losses) -> PriceConditions | None:
    if wanted is None:
        return None
    found = PriceConditions(
        from_time=wanted.start_time or ("00:00" if wanted.end_time else None),
        until_time=wanted.end_time or ("00:00" if wanted.start_time else None),
        weekdays=tuple(_DAYS.index(day) + 1 for day in wanted.day_of_week),
        from_date=wanted.start_date or None,
        until_date=wanted.end_date or None,
    )
    flowing = PriceConditions(
        min_energy_wh=_times(wanted.min_kwh, 1000),
        max_energy_wh=_times(wanted.max_kwh, 1000),
        min_current_a=_times(wanted.min_current, 1),
        max_current_a=_times(wanted.max_current, 1),
        min_power_w=_times(wanted.min_power, 1000),
        max_power_w=_times(wanted.max_power, 1000),
        min_time_s=wanted.min_duration,
        max_time_s=wanted.max_duration,
    )
    if block in ("fixed_fee", "reservation_fixed"):
        if flowing != PriceConditions():
            losses.note("fixed_fee_conditions", "A fixed fee depends on the hour and the day alone.")
        return found if found != PriceConditions() else None
    flows = {
        name: value
        for name in flowing.__struct_fields__
        if (value := getattr(flowing, name)) not in (None, ())
    }
    made = msgspec.structs.replace(found, **flows)
    return made if made != PriceConditions() else None


def _times(value: Decimal | None, factor: int) -> float | None:
    return None if value is None else float(value * factor)


def _idle_rows(fee: IdleFee, mode: TaxMode, taxes: Sequence[TaxRate], losses: _Losses) -> Iterator[Price]:
    if fee.max_cost is not None:
        losses.note("idle_limit", "OCPP has no limit for what idling costs.")
    price = _net(fee.price_per_minute, mode, taxes, losses)
    for begin, end in _not_exempt(fee.exempt, losses):
        conditions = PriceConditions(from_time=begin, until_time=end, min_idle_s=fee.grace_s or None)
        yield Price(price=price, conditions=None if conditions == PriceConditions() else conditions)


def _not_exempt(exempt: Sequence[tuple[str, str]], losses: _Losses) -> list[tuple[str | None, str | None]]:
    """The hours of a day outside of these, as OCPP has them: `00:00` as an end is midnight."""
    if not exempt:
        return [(None, None)]
    free = bytearray(24 * 60)
    for begin, end in exempt:
        start, stop = _minute(begin), _minute(end) or 24 * 60
        for minute in range(start, stop if stop > start else stop + 24 * 60):
            free[minute % (24 * 60)] = 1
    found: list[tuple[str | None, str | None]] = []
    at = 0
    while at < len(free):
        if free[at]:
            at += 1
            continue
        begin_at = at
        while at < len(free) and not free[at]:
            at += 1
        found.append((_clock(begin_at), _clock(at % len(free))))
    if len(found) > 1 and found[0][0] == "00:00" and found[-1][1] == "00:00":
        # What goes on past midnight is one time.
        found = [*found[1:-1], (found[-1][0], found[0][1])]
    if not found:
        losses.note("idle_never", "The idle fee is never counted.")
    return found


def _minute(clock: str) -> int:
    hours, _, minutes = clock.partition(":")
    return (int(hours) % 24) * 60 + int(minutes)


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _bounds(limit: PriceLimit | None) -> Bounds | None:
    if limit is None:
        return None
    return Bounds(excluding_tax=limit.before_taxes, including_tax=limit.after_taxes)


def from_station(tariff: StationTariff) -> Read:
    """A station's tariff as our prices: one element for each of its prices, in its order."""
    losses = _Losses()
    elements: list[Element] = []
    fee: IdleFee | None = None
    for block in _BLOCKS:
        prices: PriceList | None = getattr(tariff, block)
        if prices is None:
            continue
        percent = _percent(prices.taxes, losses)
        if block == "idle_time" and _is_idle_fee(prices):
            fee = _fee(prices, percent, losses)
            continue
        for price in prices.prices:
            elements.append(_element(block, price, percent, losses))
    return Read(
        prices=Prices(
            currency=tariff.currency,
            tax_mode=TaxMode.EXCLUDED,
            elements=tuple(elements),
            idle_fee=fee,
            min_price=_limit(tariff.min_cost),
            max_price=_limit(tariff.max_cost),
        ),
        lost=tuple(losses.found.values()),
    )


def _percent(taxes: Sequence[TaxRate], losses: _Losses) -> Decimal | None:
    if not taxes:
        return None
    if len(taxes) > 1:
        losses.note("several_taxes", "Several taxes are taken together as one.")
    return (_with_tax(taxes) - 1) * 100


def _is_idle_fee(prices: PriceList) -> bool:
    """Whether idle time is priced by how long it lasted, which parking time cannot say."""
    return any(price.conditions is not None and price.conditions.min_idle_s for price in prices.prices)


def _fee(prices: PriceList, percent: Decimal | None, losses: _Losses) -> IdleFee:
    first = prices.prices[0]
    grace = (first.conditions.min_idle_s if first.conditions else None) or 0
    hours: list[tuple[str, str]] = []
    for price in prices.prices:
        conditions = price.conditions or PriceConditions()
        plain = PriceConditions(
            from_time=conditions.from_time, until_time=conditions.until_time, min_idle_s=conditions.min_idle_s
        )
        if price.price != first.price or (conditions.min_idle_s or 0) != grace or conditions != plain:
            losses.note(
                "idle_prices", "Idle prices that differ by more than the hour are taken as the first."
            )
        if conditions.from_time or conditions.until_time:
            hours.append((conditions.from_time or "00:00", conditions.until_time or "00:00"))
    exempt = tuple((begin or "00:00", end or "00:00") for begin, end in _not_exempt(hours, _Losses()))
    return IdleFee(
        price_per_minute=first.price, grace_s=grace, exempt=exempt if hours else (), tax_percent=percent
    )


def _element(block: str, price: Price, percent: Decimal | None, losses: _Losses) -> Element:
    dimension, reserved = _DIMENSIONS[block]
    amount = price.price * MINUTES if block in _PER_MINUTE else price.price
    restrictions = _restrictions(price.conditions, losses)
    if reserved:
        restrictions = msgspec.structs.replace(
            restrictions or Restrictions(), reservation=Reserved.RESERVATION
        )
    return Element(
        components=(Component(dimension=dimension, price=amount, tax_percent=percent),),
        restrictions=restrictions,
    )


_DIMENSIONS: dict[str, tuple[Dimension, bool]] = {
    **{block: (dimension, False) for dimension, block in _BLOCK_OF.items()},
    **{block: (dimension, True) for dimension, block in _RESERVED_BLOCK_OF.items()},
}


def _restrictions(conditions: PriceConditions | None, losses: _Losses) -> Restrictions | None:
    if conditions is None:
        return None
    for names, code, text in (
        (("current_kind",), "current_kind", "Prices here do not depend on AC or DC: give them to the EVSEs."),
        (("min_charging_s", "max_charging_s"), "charging_time", "Durations here are of the whole session."),
        (("min_idle_s", "max_idle_s"), "idle_time", "Only an idle fee depends on how long it lasted."),
        (
            ("payment_brand", "payment_recognition"),
            "payment",
            "Prices here do not depend on how somebody pays.",
        ),
    ):
        if any(getattr(conditions, name) for name in names):
            losses.note(code, text)
    return Restrictions(
        start_time=conditions.from_time or "",
        end_time=conditions.until_time or "",
        start_date=conditions.from_date or "",
        end_date=conditions.until_date or "",
        day_of_week=tuple(_DAYS[day - 1] for day in conditions.weekdays),
        min_kwh=_part(conditions.min_energy_wh, 1000),
        max_kwh=_part(conditions.max_energy_wh, 1000),
        min_current=_part(conditions.min_current_a, 1),
        max_current=_part(conditions.max_current_a, 1),
        min_power=_part(conditions.min_power_w, 1000),
        max_power=_part(conditions.max_power_w, 1000),
        min_duration=conditions.min_time_s,
        max_duration=conditions.max_time_s,
    )


def _part(value: float | None, factor: int) -> Decimal | None:
    return None if value is None else Decimal(str(value)) / factor


def _limit(bounds: Bounds | None) -> PriceLimit | None:
    if bounds is None:
        return None
    return PriceLimit(before_taxes=bounds.excluding_tax, after_taxes=bounds.including_tax)
