"""What is wrong, or probably not meant, about prices: looked at whenever a tariff is saved. Pure."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from babel.numbers import get_territory_currencies, list_currencies

from currant.pricing.coverage import (
    DAY_MINUTES,
    WEEK,
    Axes,
    Box,
    Covered,
    axes_of,
    covered,
    date_stretches,
    passes_midnight,
    stretches,
    time_text,
    within,
)
from currant.pricing.findings import PricedSite, PriceFinding, PriceIssue, PriceSeverity
from currant.pricing.laws import charging_elements, has_price, laws
from currant.pricing.model import Component, Dimension, Element, PriceLimit, Prices, Restrictions, Weekday
from currant.pricing.sayable import cannot_say

GAPS_TOLD = 5
# Where one unit of money is worth about as much as a kWh: more than this per kWh is a slip of the pen.
_UNUSUAL = dict.fromkeys(("EUR", "USD", "GBP", "CHF", "CAD", "AUD", "SGD", "NZD"), Decimal(3))
_UNUSUAL_MINUTE = Decimal(5)


def check(
    prices: Prices,
    *,
    sites: Sequence[PricedSite] = (),
    today: date | None = None,
    markets: Mapping[str, str] | None = None,
) -> tuple[PriceFinding, ...]:
    """Remarks on prices, the gravest first.

    `sites` are those that the prices shall hold at, `markets` the currencies of the known markets;
    without them what depends on them is not looked at.
    """
    ranges = _ranges(prices, today)
    contradictory = frozenset(
        finding.facts["element"] for finding in ranges if finding.code is PriceIssue.RANGE_EMPTY
    )
    found = [
        *_currency(prices, sites),
        *ranges,
        *_coverage(prices, contradictory),
        *_nights(prices),
        *_limits(prices),
        *_components(prices, markets),
        *_idle_fee(prices),
        *laws(prices, sites),
        *cannot_say(prices),
    ]
    order = list(PriceSeverity)
    return tuple(sorted(found, key=lambda finding: order.index(finding.severity)))


def _currency(prices: Prices, sites: Sequence[PricedSite]) -> list[PriceFinding]:
    if prices.currency not in list_currencies():
        return [
            PriceFinding(
                code=PriceIssue.CURRENCY_UNKNOWN,
                severity=PriceSeverity.ERROR,
                where="currency",
                facts={"currency": prices.currency},
                text=f"{prices.currency} is no currency (ISO 4217).",
            )
        ]
    foreign: dict[str, list[str]] = {}
    for site in sites:
        if site.country and prices.currency not in get_territory_currencies(site.country):
            foreign.setdefault(site.country, []).append(site.name or site.location_id)
    return [
        PriceFinding(
            code=PriceIssue.CURRENCY_FOREIGN,
            severity=PriceSeverity.WARNING,
            where="currency",
            facts={"currency": prices.currency, "country": country, "sites": names[:20]},
            text=f"{prices.currency} is not the currency of {country}, where {', '.join(names[:3])} "
            f"{'is' if len(names) == 1 else 'are'}.",
        )
        for country, names in foreign.items()
    ]


def _ranges(prices: Prices, today: date | None) -> list[PriceFinding]:
    found = []
    for place, element in enumerate(prices.elements):
        rule = element.restrictions
        if rule is None:
            continue
        for low, high, unit in (
            ("min_kwh", "max_kwh", "kWh"),
            ("min_power", "max_power", "kW"),
            ("min_current", "max_current", "A"),
            ("min_duration", "max_duration", "s"),
            ("start_date", "end_date", ""),
        ):
            least, most = getattr(rule, low), getattr(rule, high)
            if least in (None, "") or most in (None, "") or least < most:
                continue
            found.append(
                PriceFinding(
                    code=PriceIssue.RANGE_EMPTY,
                    severity=PriceSeverity.ERROR,
                    where=f"elements[{place}].restrictions.{high}",
                    facts={"element": place, low: str(least), high: str(most)},
                    text=f"Element {place + 1} never holds: it begins at {least} {unit}".rstrip()
                    + f" and ends before {most}".rstrip()
                    + ".",
                )
            )
        if today is not None and rule.end_date and rule.end_date <= today.isoformat():
            found.append(
                PriceFinding(
                    code=PriceIssue.PAST,
                    severity=PriceSeverity.INFO,
                    where=f"elements[{place}].restrictions.end_date",
                    facts={"end_date": rule.end_date},
                    text=f"Element {place + 1} holds no more: it ended on {rule.end_date}.",
                )
            )
        if rule.reservation is not None:
            found += _reservation(place, element)
    return found


def _reservation(place: int, element: Element) -> list[PriceFinding]:
    return [
        PriceFinding(
            code=PriceIssue.RESERVATION_DIMENSION,
            severity=PriceSeverity.WARNING,
            where=f"elements[{place}].components[{index}]",
            facts={"dimension": component.dimension.value},
            text=f"A reservation has no {component.dimension.value.replace('_', ' ')}: element {place + 1} can "
            "price its time and a fee for it.",
        )
        for index, component in enumerate(element.components)
        if component.dimension not in (Dimension.TIME, Dimension.FLAT)
    ]


def _coverage(prices: Prices, told_already: frozenset[int]) -> list[PriceFinding]:
    """Who never comes to hold, dimension by dimension; and where energy has no price."""
    found: list[PriceFinding] = []
    charging = charging_elements(prices)
    shadowed: dict[int, dict[Dimension, tuple[int, ...]]] = {}
    nowhere: set[int] = set()
    for dimension in Dimension:
        having = [(place, element) for place, element in charging if _component(element, dimension)]
        if not having:
            continue
        elements = [element for _, element in having]
        axes = axes_of(elements)
        outcome = covered(elements, axes)
        if outcome is None:
            return [
                PriceFinding(
                    code=PriceIssue.TOO_MANY_RULES,
                    severity=PriceSeverity.INFO,
                    text="There are too many different limits to look for gaps and for prices that never hold.",
                )
            ]
        for index, others in outcome.never:
            place = having[index][0]
            shadowed.setdefault(place, {})[dimension] = tuple(having[other][0] for other in others)
        nowhere.update(having[index][0] for index in outcome.empty)
        if dimension is Dimension.ENERGY:
            found += _gaps(outcome, axes)
    found += [
        PriceFinding(
            code=PriceIssue.RANGE_EMPTY,
            severity=PriceSeverity.ERROR,
            where=f"elements[{place}].restrictions",
            facts={"element": place},
            text=f"Element {place + 1} never holds: its restrictions leave no time, amount or day.",
        )
        for place in sorted(nowhere)
        if place not in told_already
    ]
    for place, dimensions in sorted(shadowed.items()):
        found += _shadowed(prices, place, dimensions)
    if not has_price(prices, Dimension.ENERGY):
        found.append(
            PriceFinding(
                code=PriceIssue.NO_ENERGY_PRICE,
                severity=PriceSeverity.WARNING,
                text="Energy has no price: a kWh costs nothing, whatever else is charged for.",
            )
        )
    return found


def _component(element: Element, dimension: Dimension) -> Component | None:
    return next((each for each in element.components if each.dimension is dimension), None)


def _shadowed(
    prices: Prices, place: int, dimensions: Mapping[Dimension, tuple[int, ...]]
) -> list[PriceFinding]:
    whole = all(component.dimension in dimensions for component in prices.elements[place].components)
    by = sorted({other for others in dimensions.values() for other in others})
    told = " and ".join(str(other + 1) for other in by)
    what = (
        "It never holds"
        if whole
        else "Its price of "
        + " and ".join(each.value.replace("_", " ") for each in dimensions)
        + " never holds"
    )
    return [
        PriceFinding(
            code=PriceIssue.SHADOWED,
            severity=PriceSeverity.WARNING,
            where=f"elements[{place}]",
            facts={"element": place, "by": by, "dimensions": [each.value for each in dimensions]},
            text=f"{what}: whenever element {place + 1} could, element {told} does first. Put the more "
            "particular one before it.",
        )
    ]


def _gaps(outcome: Covered, axes: Axes) -> list[PriceFinding]:
    found = []
    for box in outcome.left[:GAPS_TOLD]:
        facts = _facts_of(box, axes)
        more = len(outcome.left) - GAPS_TOLD
        found.append(
            PriceFinding(
                code=PriceIssue.ENERGY_GAP,
                severity=PriceSeverity.WARNING,
                facts=facts | ({"more": more} if more > 0 else {}),
                text=f"Energy has no price {_told(facts)}: it costs nothing there. If that is meant, give it a price "
                "of 0.",
            )
        )
    return found


def _facts_of(box: Box, axes: Axes) -> dict[str, Any]:
    """Where a gap is, by the axes that matter."""
    facts: dict[str, Any] = {}
    dates, weekdays, times, kwh, power, current, duration = box
    if len(dates) < len(axes.dates) + 1:
        facts["dates"] = [list(each) for each in date_stretches(dates, axes.dates)]
    if len(weekdays) < 7:
        facts["weekdays"] = [WEEK[day].value for day in sorted(weekdays)]
    if len(times) < len(axes.times):
        facts["times"] = [
            [time_text(int(begin)), time_text(int(end or DAY_MINUTES) % DAY_MINUTES)]
            for begin, end in stretches(times, axes.times)
        ]
    for name, slots, edges in (
        ("kwh", kwh, axes.kwh),
        ("power_kw", power, axes.power),
        ("current_a", current, axes.current),
        ("duration_s", duration, axes.duration),
    ):
        if len(slots) < len(edges):
            facts[name] = [
                [str(begin), None if end is None else str(end)] for begin, end in stretches(slots, edges)
            ]
    return facts


def _told(facts: Mapping[str, Any]) -> str:
    parts = []
    if "weekdays" in facts:
        parts.append("on " + ", ".join(day.capitalize() for day in facts["weekdays"]))
    if "times" in facts:
        parts.append(" and ".join(f"from {begin} to {end}" for begin, end in facts["times"]))
    if "dates" in facts:
        parts.append(" and ".join(_bounds(begin or None, end or None, "") for begin, end in facts["dates"]))
    for name, unit in (("kwh", "kWh"), ("power_kw", "kW"), ("current_a", "A"), ("duration_s", "s")):
        if name in facts:
            parts.append(
                " and ".join(
                    _bounds(None if begin == "0" else begin, end, unit) for begin, end in facts[name]
                )
            )
    return ", ".join(parts) or "at any time"


def _bounds(begin: str | None, end: str | None, unit: str) -> str:
    unit = f" {unit}" if unit else ""
    if begin is None:
        return f"before {end}{unit}"
    return f"from {begin}{unit} on" if end is None else f"from {begin} to {end}{unit}"


def _nights(prices: Prices) -> list[PriceFinding]:
    """A window that passes midnight on some weekdays holds on those alone: its night ends at midnight."""
    found = []
    for place, element in enumerate(prices.elements):
        rule = element.restrictions
        if rule is None or not passes_midnight(rule) or not 0 < len(rule.day_of_week) < 7:
            continue
        missing = [day for day in rule.day_of_week if _next(day) not in rule.day_of_week]
        early = [day for day in rule.day_of_week if _before(day) not in rule.day_of_week]
        if not missing or _goes_on(prices, place, rule, missing):
            continue
        day, morning = missing[0], early[0]
        found.append(
            PriceFinding(
                code=PriceIssue.NIGHT_ENDS_AT_MIDNIGHT,
                severity=PriceSeverity.WARNING,
                where=f"elements[{place}].restrictions",
                facts={
                    "element": place,
                    "missing": [
                        {"day": _next(each).value, "start_time": "00:00", "end_time": rule.end_time}
                        for each in missing
                    ],
                    "early": [
                        {"day": each.value, "start_time": "00:00", "end_time": rule.end_time}
                        for each in early
                    ],
                },
                text=f"The night of {day.value.capitalize()} ends at midnight: the hours from 00:00 to "
                f"{rule.end_time} are those of {morning.value.capitalize()} itself, and not of the "
                f"{_next(day).value.capitalize()} after it. If the night is meant, end this element at 00:00 and "
                f"add one for {_next(day).value.capitalize()} from 00:00 to {rule.end_time}.",
            )
        )
    return found


def _goes_on(prices: Prices, place: int, rule: Restrictions, missing: Sequence[Weekday]) -> bool:
    """Whether other elements with the same prices take the hours after midnight of those days."""
    components = prices.elements[place].components
    for day in missing:
        for other, element in enumerate(prices.elements):
            their = element.restrictions
            if other == place or element.components != components:
                continue
            if their is None:
                return True
            days = their.day_of_week or WEEK
            if _next(day) in days and within(0, their.start_time, their.end_time):
                break
        else:
            return False
    return True


def _next(day: Weekday) -> Weekday:
    return WEEK[(WEEK.index(day) + 1) % 7]


def _before(day: Weekday) -> Weekday:
    return WEEK[WEEK.index(day) - 1]


def _limits(prices: Prices) -> list[PriceFinding]:
    low, high = prices.min_price or PriceLimit(), prices.max_price or PriceLimit()
    found = []
    for name in ("before_taxes", "after_taxes"):
        least, most = getattr(low, name), getattr(high, name)
        if least is not None and most is not None and least > most:
            found.append(
                PriceFinding(
                    code=PriceIssue.LIMITS_CONTRADICT,
                    severity=PriceSeverity.ERROR,
                    where=f"min_price.{name}",
                    facts={"min_price": str(least), "max_price": str(most)},
                    text=f"The lowest price {least} is above the highest {most}.",
                )
            )
    for name, limit in (("min_price", low), ("max_price", high)):
        before, after = limit.before_taxes, limit.after_taxes
        if before is not None and after is not None and after < before:
            found.append(
                PriceFinding(
                    code=PriceIssue.LIMITS_CONTRADICT,
                    severity=PriceSeverity.WARNING,
                    where=f"{name}.after_taxes",
                    facts={"before_taxes": str(before), "after_taxes": str(after)},
                    text=f"This limit is lower with tax ({after}) than without ({before}).",
                )
            )
    return found


def _components(prices: Prices, markets: Mapping[str, str] | None) -> list[PriceFinding]:
    found = []
    for place, element in enumerate(prices.elements):
        for index, component in enumerate(element.components):
            where = f"elements[{place}].components[{index}]"
            found += _component_findings(prices, component, where, markets)
    return found


def _component_findings(
    prices: Prices, component: Component, where: str, markets: Mapping[str, str] | None
) -> list[PriceFinding]:
    found = []

    def add(code: PriceIssue, severity: PriceSeverity, text: str, *, field: str = "", **facts: Any) -> None:
        found.append(
            PriceFinding(code=code, severity=severity, where=f"{where}{field}", facts=facts, text=text)
        )

    price, name = component.price, component.dimension.value.replace("_", " ")
    if price < 0:
        meaning = (
            "drivers pay for what they give back"
            if component.dimension is Dimension.EXPORT
            else "drivers are paid for it"
        )
        add(
            PriceIssue.NEGATIVE_PRICE,
            PriceSeverity.WARNING,
            f"The price of {name} is negative: {meaning}.",
            field=".price",
            price=str(price),
        )
    usual = _UNUSUAL.get(prices.currency)
    if component.dimension is Dimension.ENERGY and usual is not None and price > usual:
        add(
            PriceIssue.UNUSUAL_PRICE,
            PriceSeverity.WARNING,
            f"{price} {prices.currency} for a kWh is a lot: prices are in {prices.currency}, not in hundredths.",
            field=".price",
            price=str(price),
        )
    if component.step_size > 1 and component.dimension not in (Dimension.FLAT, Dimension.EXPORT):
        unit = "Wh" if component.dimension is Dimension.ENERGY else "s"
        add(
            PriceIssue.STEP_SIZE,
            PriceSeverity.INFO,
            f"A step of {component.step_size} {unit} bills more than was used. OCPI 3 does away with steps, and "
            "OCPP 2.1 knows none: 1 bills what was used.",
            field=".step_size",
            step_size=component.step_size,
        )
    spot = component.spot
    if spot is None:
        return found
    if spot.floor is not None and spot.ceiling is not None and spot.floor > spot.ceiling:
        add(
            PriceIssue.LIMITS_CONTRADICT,
            PriceSeverity.ERROR,
            f"The price's floor {spot.floor} is above its ceiling {spot.ceiling}.",
            field=".spot.floor",
        )
    if spot.floor is None or spot.floor < 0:
        add(
            PriceIssue.MAY_BE_NEGATIVE,
            PriceSeverity.INFO,
            "When the market's price falls below zero far enough, drivers are paid: a floor of 0 prevents it.",
            field=".spot.floor",
        )
    if markets is not None and spot.market not in markets:
        add(
            PriceIssue.MARKET_UNKNOWN,
            PriceSeverity.WARNING,
            f"No prices of the market {spot.market} have been brought in: sessions would wait for them"
            f"{'' if spot.fallback is None else ', or cost the fallback'}.",
            field=".spot.market",
            market=spot.market,
        )
    elif markets is not None and markets[spot.market] != prices.currency:
        add(
            PriceIssue.MARKET_CURRENCY,
            PriceSeverity.ERROR,
            f"The market {spot.market} is in {markets[spot.market]}, and these prices are in {prices.currency}.",
            field=".spot.market",
            market=spot.market,
        )
    return found


def _idle_fee(prices: Prices) -> list[PriceFinding]:
    fee = prices.idle_fee
    if fee is None:
        return []
    found = []
    if has_price(prices, Dimension.PARKING_TIME):
        found.append(
            PriceFinding(
                code=PriceIssue.CHARGED_TWICE,
                severity=PriceSeverity.WARNING,
                where="idle_fee",
                text="After charging both the idle fee and the price of parking time are counted: leave one out.",
            )
        )
    if _all_day(fee.exempt):
        found.append(
            PriceFinding(
                code=PriceIssue.IDLE_FEE_NEVER,
                severity=PriceSeverity.WARNING,
                where="idle_fee.exempt",
                text="The exempt hours are the whole day: the idle fee is never counted.",
            )
        )
    if prices.currency in _UNUSUAL and fee.price_per_minute > _UNUSUAL_MINUTE:
        found.append(
            PriceFinding(
                code=PriceIssue.UNUSUAL_PRICE,
                severity=PriceSeverity.WARNING,
                where="idle_fee.price_per_minute",
                facts={"price": str(fee.price_per_minute)},
                text=f"{fee.price_per_minute} {prices.currency} for a minute is a lot: this is per minute, not per hour.",
            )
        )
    return found


def _all_day(exempt: Sequence[tuple[str, str]]) -> bool:
    return bool(exempt) and all(
        any(within(minute, begin, end) for begin, end in exempt) for minute in range(DAY_MINUTES)
    )
