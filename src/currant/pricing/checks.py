"""What is wrong, or probably not meant, about prices: looked at whenever a tariff is saved. Pure."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from babel.numbers import get_territory_currencies, list_currencies

from currant.pricing.coverage import (
    DAY_MINUTES,
    WEEK,
    passes_midnight,
    within,
)
from currant.pricing.findings import PricedSite, PriceFinding, PriceIssue, PriceSeverity
from currant.pricing.holes import holes
from currant.pricing.laws import has_price, laws
from currant.pricing.model import Component, Dimension, Element, PriceLimit, Prices, Restrictions, Weekday
from currant.pricing.sayable import cannot_say

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
        *holes(prices, contradictory),
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
