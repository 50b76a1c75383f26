"""Tariffs of OCPI 2.2.1 and 2.3.0 as prices, and back, with a list of what either cannot say.

The two versions differ in two things: 2.3.0 tells whether prices hold tax (`tax_included`) and names
limits `before_taxes` and `after_taxes`, 2.2.1 has `excl_vat` and `incl_vat`, and its prices are without
VAT. Numbers are read as they are written: 0.1 is a tenth (OCPI 2.3.0, types: number).
"""

import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

import msgspec

from currant.kit.errors import Invalid
from currant.pricing.model import (
    Component,
    Dimension,
    Element,
    Limit,
    Prices,
    Reserved,
    Restrictions,
    TaxMode,
    Weekday,
)

OcpiVersion = Literal["2.2.1", "2.3.0"]

_TAX_MODES = {"YES": TaxMode.INCLUDED, "NO": TaxMode.EXCLUDED, "N/A": TaxMode.NONE}
_DIMENSIONS = {each.value.upper(): each for each in Dimension if each is not Dimension.EXPORT}
# What a tariff of OCPI tells beside its prices, where a sentence is due when we cannot keep it.
_BESIDES = {
    "type": "which sessions it is for is a price rule's to say",
    "tariff_alt_text": "texts belong to the version of a tariff",
    "tariff_alt_url": "no address of an explanation is kept",
    "start_date_time": "from when it holds belongs to the version of a tariff",
    "end_date_time": "until when it holds belongs to the version of a tariff",
    "energy_mix": "the mix of energy is not kept with prices",
    "preauthorize_amount": "how much is held before charging is worked out anew",
}
# OCPI's numbers have so many digits after the point (2.3.0, types: number).
_DIGITS = 4


class Unsaid(msgspec.Struct, frozen=True, kw_only=True):
    """Something that one side says and the other cannot."""

    code: str
    where: str
    """Such as `elements[2].components[0]`."""
    text: str


class FromOcpi(msgspec.Struct, frozen=True, kw_only=True):
    prices: Prices
    unsaid: tuple[Unsaid, ...] = ()


class ToOcpi(msgspec.Struct, frozen=True, kw_only=True):
    tariff: dict[str, Any]
    """The tariff's currency, prices and limits; numbers are `Decimal`s. Whose it is and its id are not in it."""
    unsaid: tuple[Unsaid, ...] = ()


def read_tariff(text: str | bytes) -> dict[str, Any]:
    """A tariff's JSON with every number as it is written."""
    read = json.loads(text, parse_float=Decimal)
    if not isinstance(read, dict):
        raise Invalid("An OCPI tariff is a JSON object.")
    return read


def write_tariff(tariff: Mapping[str, Any]) -> bytes:
    """JSON of a tariff, with its numbers as numbers."""
    return _WRITER.encode(tariff)


def prices_from_ocpi(tariff: Mapping[str, Any]) -> FromOcpi:
    """The prices of a tariff of either version, as parsed from JSON.

    Raises Invalid where it is no tariff that OCPI allows.
    """
    unsaid = [
        Unsaid(code=f"not_kept_{name}", where=name, text=f"{name}: {why}.")
        for name, why in _BESIDES.items()
        if tariff.get(name) not in (None, [], "")
    ]
    elements = tariff.get("elements")
    if not isinstance(elements, list) or not elements:
        raise Invalid("elements: an OCPI tariff has at least one.")
    included = tariff.get("tax_included", "NO")
    if included not in _TAX_MODES:
        raise Invalid(f"tax_included: {included!r} is none of YES, NO and N/A.")
    currency = tariff.get("currency")
    if not isinstance(currency, str) or len(currency) != 3:
        raise Invalid("currency: write its code of three letters, such as EUR.")
    prices = Prices(
        currency=currency.upper(),
        tax_mode=_TAX_MODES[included],
        elements=tuple(_element(f"elements[{number}]", element) for number, element in enumerate(elements)),
        min_price=_limit("min_price", tariff.get("min_price")),
        max_price=_limit("max_price", tariff.get("max_price")),
    )
    return FromOcpi(prices=prices, unsaid=tuple(unsaid))


def prices_to_ocpi(prices: Prices, *, version: OcpiVersion = "2.3.0") -> ToOcpi:
    """A tariff of OCPI with these prices, as far as OCPI can say them."""
    unsaid: list[Unsaid] = []
    elements: list[dict[str, Any]] = []
    for number, element in enumerate(prices.elements):
        where = f"elements[{number}]"
        components = [
            _component_said(f"{where}.components[{place}]", component, unsaid)
            for place, component in enumerate(element.components)
            if not _is_export(f"{where}.components[{place}]", component, unsaid)
        ]
        if components:
            said: dict[str, Any] = {"price_components": components}
            restrictions = _restrictions_said(element.restrictions)
            if restrictions:
                said["restrictions"] = restrictions
            elements.append(said)
    tariff: dict[str, Any] = {"currency": prices.currency, "elements": elements}
    if version == "2.3.0":
        tariff["tax_included"] = next(said for said, mode in _TAX_MODES.items() if mode is prices.tax_mode)
    elif prices.tax_mode is not TaxMode.EXCLUDED:
        unsaid.append(
            Unsaid(
                code="tax_mode",
                where="tax_mode",
                text="OCPI 2.2.1 tells prices without VAT: these would be read as such.",
            )
        )
    for name, limit in (("min_price", prices.min_price), ("max_price", prices.max_price)):
        said_limit = _limit_said(name, limit, version, unsaid)
        if said_limit:
            tariff[name] = said_limit
    if prices.idle_fee is not None:
        unsaid.append(
            Unsaid(
                code="idle_fee",
                where="idle_fee",
                text="OCPI cannot count from the end of charging: tell the idle fee in tariff_alt_text.",
            )
        )
    if not elements:
        unsaid.append(Unsaid(code="nothing", where="elements", text="Nothing is left that OCPI could say."))
    return ToOcpi(tariff=tariff, unsaid=tuple(unsaid))


def _element(where: str, element: Any) -> Element:
    if not isinstance(element, dict) or not isinstance(element.get("price_components"), list):
        raise Invalid(f"{where}.price_components: an element has a list of them.")
    components = tuple(
        _component(f"{where}.price_components[{number}]", component)
        for number, component in enumerate(element["price_components"])
    )
    if not components:
        raise Invalid(f"{where}.price_components: an element has at least one.")
    return Element(
        components=components,
        restrictions=_restrictions(f"{where}.restrictions", element.get("restrictions")),
    )


def _component(where: str, component: Any) -> Component:
    if not isinstance(component, dict) or component.get("type") not in _DIMENSIONS:
        raise Invalid(f"{where}.type: one of {', '.join(_DIMENSIONS)}.")
    step = component.get("step_size", 1)
    if not isinstance(step, int) or step < 0:
        raise Invalid(f"{where}.step_size: a whole number.")
    return Component(
        dimension=_DIMENSIONS[component["type"]],
        price=_number(f"{where}.price", component.get("price")),
        tax_percent=_maybe_number(f"{where}.vat", component.get("vat")),
        step_size=max(1, step),
    )


def _restrictions(where: str, said: Any) -> Restrictions | None:
    if said is None or said == {}:
        return None
    if not isinstance(said, dict):
        raise Invalid(f"{where}: an object.")
    days = said.get("day_of_week") or []
    if not isinstance(days, list) or any(day not in Weekday.__members__ for day in days):
        raise Invalid(f"{where}.day_of_week: a list of {', '.join(Weekday.__members__)}.")
    reservation = said.get("reservation")
    if reservation is not None and reservation not in Reserved.__members__:
        raise Invalid(f"{where}.reservation: one of {', '.join(Reserved.__members__)}.")
    return Restrictions(
        start_time=_text(where, said, "start_time"),
        end_time=_text(where, said, "end_time"),
        start_date=_text(where, said, "start_date"),
        end_date=_text(where, said, "end_date"),
        **{
            name: _maybe_number(f"{where}.{name}", said.get(name))
            for name in ("min_kwh", "max_kwh", "min_current", "max_current", "min_power", "max_power")
        },
        min_duration=_seconds(where, said, "min_duration"),
        max_duration=_seconds(where, said, "max_duration"),
        day_of_week=tuple(Weekday[day] for day in days),
        reservation=None if reservation is None else Reserved[reservation],
    )


def _limit(where: str, said: Any) -> Limit | None:
    if said is None:
        return None
    if not isinstance(said, dict):
        # OCPI 2.1.1 and some senders of later versions give a bare number without VAT.
        return Limit(before_taxes=_number(where, said))
    return Limit(
        before_taxes=_maybe_number(where, said.get("before_taxes", said.get("excl_vat"))),
        after_taxes=_maybe_number(where, said.get("after_taxes", said.get("incl_vat"))),
    )


def _text(where: str, said: Mapping[str, Any], name: str) -> str:
    value = said.get(name) or ""
    if not isinstance(value, str):
        raise Invalid(f"{where}.{name}: a text.")
    return value


def _seconds(where: str, said: Mapping[str, Any], name: str) -> int | None:
    value = said.get(name)
    if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
        raise Invalid(f"{where}.{name}: whole seconds.")
    return value


def _maybe_number(where: str, value: Any) -> Decimal | None:
    return None if value is None else _number(where, value)


def _number(where: str, value: Any) -> Decimal:
    """A number as it was written; of a float, what it prints as."""
    if isinstance(value, Decimal | int | float | str) and not isinstance(value, bool):
        try:
            number = Decimal(str(value))
        except InvalidOperation:
            number = Decimal("NaN")
        if number.is_finite():
            return number
    raise Invalid(f"{where}: a number.")


def _is_export(where: str, component: Component, unsaid: list[Unsaid]) -> bool:
    if component.dimension is not Dimension.EXPORT:
        return False
    unsaid.append(
        Unsaid(code="export", where=where, text="OCPI has no price of energy that the vehicle gives.")
    )
    return True


def _component_said(where: str, component: Component, unsaid: list[Unsaid]) -> dict[str, Any]:
    if component.spot is not None:
        unsaid.append(
            Unsaid(
                code="spot",
                where=where,
                text=f"OCPI cannot follow the market {component.spot.market}: the usual price is told.",
            )
        )
    said: dict[str, Any] = {
        "type": component.dimension.value.upper(),
        "price": _digits(f"{where}.price", component.price, unsaid),
        "step_size": component.step_size,
    }
    if component.tax_percent is not None:
        said["vat"] = _digits(f"{where}.tax_percent", component.tax_percent, unsaid)
    return said


def _restrictions_said(rules: Restrictions | None) -> dict[str, Any]:
    if rules is None:
        return {}
    said: dict[str, Any] = {
        name: value
        for name in rules.__struct_fields__
        if (value := getattr(rules, name)) not in (None, "", ())
    }
    if rules.day_of_week:
        said["day_of_week"] = [day.name for day in rules.day_of_week]
    if rules.reservation:
        said["reservation"] = rules.reservation.name
    return said


def _limit_said(
    where: str, limit: Limit | None, version: OcpiVersion, unsaid: list[Unsaid]
) -> dict[str, Any] | None:
    if limit is None or (limit.before_taxes is None and limit.after_taxes is None):
        return None
    before, after = ("before_taxes", "after_taxes") if version == "2.3.0" else ("excl_vat", "incl_vat")
    if limit.before_taxes is None:
        unsaid.append(
            Unsaid(
                code="limit_after_tax", where=where, text="OCPI has no limit after tax without one before."
            )
        )
        return None
    said = {before: _digits(where, limit.before_taxes, unsaid)}
    if limit.after_taxes is not None:
        said[after] = _digits(where, limit.after_taxes, unsaid)
    return said


def _digits(where: str, value: Decimal, unsaid: list[Unsaid]) -> Decimal:
    if value != round(value, _DIGITS):
        unsaid.append(
            Unsaid(
                code="digits", where=where, text=f"{value} has more digits than OCPI's numbers ({_DIGITS})."
            )
        )
    return value


_WRITER = msgspec.json.Encoder(decimal_format="number")
