"""What operators say of tariffs and rules, checked: drafts of new ones, changes of known ones."""

from datetime import date, datetime
from decimal import Decimal

import msgspec
from msgspec import UNSET, UnsetType

from currant.kit.errors import Invalid
from currant.kit.ids import TariffId
from currant.pricing.model import (
    Component,
    Element,
    IdleFee,
    PriceLimit,
    PricePurpose,
    Prices,
    PriceScope,
    Restrictions,
    Spot,
)

NAME_MAX = 200
ELEMENTS_MAX = 60
COMPONENTS_MAX = 10
EXEMPT_MAX = 10
TEXT_MAX = 2_000
TEXTS_MAX = 20
MARKET_MAX = 50
PLACES_MAX = 9
"""Digits after the point: the smallest currencies and largest numbers stay exact and short."""
PRICE_MAX = Decimal(10) ** 7
ABOUT_MAX = 120
PRIORITY_MAX = 1_000_000


class TariffDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A tariff to be made; its prices come with its first version."""

    name: str
    currency: str


class TariffChange(msgspec.Struct, frozen=True, kw_only=True):
    """What shall be different about a tariff; what is not named stays."""

    name: str | UnsetType = UNSET
    archived: bool | UnsetType = UNSET


class TariffVersionDraft(msgspec.Struct, frozen=True, kw_only=True):
    """Prices, and what drivers are shown instead of Currant's own words, by language."""

    prices: Prices
    texts: dict[str, str] = {}


class PriceRuleDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A price rule to be made. `about` is the id of what `scope` names, empty for the network.

    For one EVSE of a station, `scope` is `station` and `about` `<station id>/<EVSE>`.
    """

    tariff_id: TariffId
    purpose: PricePurpose = PricePurpose.RETAIL
    scope: PriceScope = PriceScope.NETWORK
    about: str = ""
    priority: int = 0
    valid_from: datetime | None = None
    """Now, when left out."""
    valid_until: datetime | None = None


class PriceRuleChange(msgspec.Struct, frozen=True, kw_only=True):
    """What shall be different about a rule; what is not named stays."""

    tariff_id: TariffId | UnsetType = UNSET
    priority: int | UnsetType = UNSET
    valid_from: datetime | UnsetType = UNSET
    valid_until: datetime | UnsetType | None = UNSET


def check_name(name: str) -> str:
    """The name without spaces around it; raises Invalid when it is none."""
    name = name.strip()
    if not 1 <= len(name) <= NAME_MAX or not name.isprintable():
        raise Invalid(f"A name is 1 to {NAME_MAX} printable characters.", field="name")
    return name


def check_currency(currency: str) -> None:
    if not (len(currency) == 3 and currency.isascii() and currency.isalpha() and currency.isupper()):
        raise Invalid("A currency is three capital letters (ISO 4217), as in `EUR`.", field="currency")


def check_version(draft: TariffVersionDraft, currency: str) -> None:
    """Raise Invalid where prices cannot be read at all; what is merely unwise is told by `checks`."""
    if draft.prices.currency != currency:
        raise Invalid(
            f"The tariff is in {currency}, and these prices are in {draft.prices.currency}: another currency "
            "is another tariff.",
            field="prices.currency",
        )
    check_prices(draft.prices)
    if len(draft.texts) > TEXTS_MAX:
        raise Invalid(f"At most {TEXTS_MAX} languages.", field="texts")
    for language, text in draft.texts.items():
        if not 2 <= len(language) <= 35 or not language.replace("-", "").isalnum():
            raise Invalid(f"{language!r} is no language: write a tag, as in `de`.", field="texts")
        if not 1 <= len(text) <= TEXT_MAX or "\0" in text:
            raise Invalid(f"A text has 1 to {TEXT_MAX} characters.", field=f"texts.{language}")


def check_prices(prices: Prices, *, field: str = "prices") -> None:
    """Raise Invalid where prices mean nothing: no such time of day, no number, too much of it."""
    check_currency(prices.currency)
    if not 1 <= len(prices.elements) <= ELEMENTS_MAX:
        raise Invalid(f"Prices have 1 to {ELEMENTS_MAX} elements.", field=f"{field}.elements")
    for index, element in enumerate(prices.elements):
        _check_element(element, f"{field}.elements[{index}]")
    if prices.idle_fee is not None:
        _check_idle_fee(prices.idle_fee, f"{field}.idle_fee")
    for name in ("min_price", "max_price"):
        limit: PriceLimit | None = getattr(prices, name)
        if limit is not None:
            check_number(f"{field}.{name}.before_taxes", limit.before_taxes, least=Decimal(0))
            check_number(f"{field}.{name}.after_taxes", limit.after_taxes, least=Decimal(0))
    check_number(f"{field}.free_below_kwh", prices.free_below_kwh, least=Decimal(0))
    if not 0 <= prices.free_below_s <= 86_400:
        raise Invalid("free_below_s is 0 to 86400 seconds.", field=f"{field}.free_below_s")


def _check_element(element: Element, field: str) -> None:
    if not 1 <= len(element.components) <= COMPONENTS_MAX:
        raise Invalid(f"An element has 1 to {COMPONENTS_MAX} prices.", field=f"{field}.components")
    seen = set()
    for index, component in enumerate(element.components):
        where = f"{field}.components[{index}]"
        if component.dimension in seen:
            raise Invalid(
                f"This element has two prices for {component.dimension}, and only the first would ever hold: "
                "put the other into an element of its own.",
                field=where,
            )
        seen.add(component.dimension)
        _check_component(component, where)
    if element.restrictions is not None:
        _check_restrictions(element.restrictions, f"{field}.restrictions")


def _check_component(component: Component, field: str) -> None:
    check_number(f"{field}.price", component.price)
    check_number(f"{field}.tax_percent", component.tax_percent, least=Decimal(0), most=Decimal(1_000))
    if not 1 <= component.step_size <= 1_000_000:
        raise Invalid(
            "A step is 1 to 1000000 Wh or seconds; 1 bills what was used.", field=f"{field}.step_size"
        )
    if component.spot is not None:
        _check_spot(component.spot, f"{field}.spot")


def _check_spot(spot: Spot, field: str) -> None:
    if not 1 <= len(spot.market) <= MARKET_MAX or not spot.market.isprintable():
        raise Invalid(f"A market has a name of 1 to {MARKET_MAX} characters.", field=f"{field}.market")
    check_number(f"{field}.factor", spot.factor, least=Decimal(0))
    for name in ("markup", "floor", "ceiling", "fallback"):
        check_number(f"{field}.{name}", getattr(spot, name))


def _check_restrictions(restrictions: Restrictions, field: str) -> None:
    for name in ("start_time", "end_time"):
        text = getattr(restrictions, name)
        if text:
            _time_of_day(f"{field}.{name}", text, end=name == "end_time")
    for name in ("start_date", "end_date"):
        text = getattr(restrictions, name)
        if text:
            _date(f"{field}.{name}", text)
    for name in ("min_kwh", "max_kwh", "min_current", "max_current", "min_power", "max_power"):
        check_number(f"{field}.{name}", getattr(restrictions, name), least=Decimal(0))
    for name in ("min_duration", "max_duration"):
        seconds = getattr(restrictions, name)
        if seconds is not None and not 0 <= seconds <= 31 * 86_400:
            raise Invalid(f"{name} is 0 to {31 * 86_400} seconds.", field=f"{field}.{name}")
    if len(set(restrictions.day_of_week)) != len(restrictions.day_of_week):
        raise Invalid("A weekday is named twice.", field=f"{field}.day_of_week")


def _check_idle_fee(fee: IdleFee, field: str) -> None:
    check_number(f"{field}.price_per_minute", fee.price_per_minute, least=Decimal(0))
    check_number(f"{field}.max_cost", fee.max_cost, least=Decimal(0))
    check_number(f"{field}.tax_percent", fee.tax_percent, least=Decimal(0), most=Decimal(1_000))
    if not 0 <= fee.grace_s <= 7 * 86_400:
        raise Invalid(f"grace_s is 0 to {7 * 86_400} seconds.", field=f"{field}.grace_s")
    if len(fee.exempt) > EXEMPT_MAX:
        raise Invalid(f"At most {EXEMPT_MAX} exempt times.", field=f"{field}.exempt")
    for begin, end in fee.exempt:
        _time_of_day(f"{field}.exempt", begin)
        _time_of_day(f"{field}.exempt", end, end=True)


def check_number(
    field: str, value: Decimal | None, *, least: Decimal | None = None, most: Decimal | None = None
) -> None:
    if value is None:
        return
    if not value.is_finite() or abs(value) >= PRICE_MAX:
        raise Invalid(f"This is no number below {PRICE_MAX:,}.", field=field)
    exponent = value.normalize().as_tuple().exponent
    if isinstance(exponent, int) and -exponent > PLACES_MAX:
        raise Invalid(f"A number has at most {PLACES_MAX} digits after its point.", field=field)
    if least is not None and value < least:
        raise Invalid(f"This is {least} or more; it is {value}.", field=field)
    if most is not None and value > most:
        raise Invalid(f"This is {most} or less; it is {value}.", field=field)


def _time_of_day(field: str, text: str, *, end: bool = False) -> None:
    hours, _, minutes = text.partition(":")
    digits = len(text) == 5 and text.isascii() and (hours + minutes).isdecimal()
    if not digits or int(hours) > 23 or int(minutes) > 59:
        more = " Midnight at the end is `00:00`." if end and text == "24:00" else ""
        raise Invalid(f"{text!r} is no time of day: write HH:MM, as in `07:30`.{more}", field=field)


def _date(field: str, text: str) -> None:
    try:
        known = len(text) == 10 and bool(date.fromisoformat(text))
    except ValueError:
        known = False
    if not known:
        raise Invalid(f"{text!r} is no date: write YYYY-MM-DD, as in `2026-01-31`.", field=field)


def check_rule(draft: PriceRuleDraft) -> None:
    """Raise Invalid where a rule contradicts itself."""
    if (draft.scope is PriceScope.NETWORK) != (draft.about == ""):
        raise Invalid(
            "A rule of the network is about nothing in particular, and every other is about something: give "
            "the id of what its scope names.",
            field="about",
        )
    if len(draft.about) > ABOUT_MAX or not draft.about.isprintable():
        raise Invalid(f"An id has at most {ABOUT_MAX} characters.", field="about")
    check_priority(draft.priority)
    check_span(draft.valid_from, draft.valid_until)


def check_priority(priority: int) -> None:
    if abs(priority) > PRIORITY_MAX:
        raise Invalid(f"A priority lies between {-PRIORITY_MAX} and {PRIORITY_MAX}.", field="priority")


def check_span(valid_from: datetime | None, valid_until: datetime | None) -> None:
    for field, at in (("valid_from", valid_from), ("valid_until", valid_until)):
        if at is not None and at.tzinfo is None:
            raise Invalid(f"{field} needs a time zone, as in 2026-01-31T12:00:00Z.", field=field)
    if valid_from is not None and valid_until is not None and valid_until < valid_from:
        raise Invalid("valid_until comes after valid_from.", field="valid_until")
