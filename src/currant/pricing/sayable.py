"""What roaming partners and stations cannot be told of prices: OCPI's tariffs and those of OCPP 2.1.

What OCPI cannot say is known where its tariffs are written (`ocpi`). For stations this only foretells:
they may refuse more than what stands here, and then show costs that are worked out centrally.
"""

from collections.abc import Iterator

from currant.pricing.findings import PriceFinding, PriceIssue, PriceSeverity
from currant.pricing.model import Component, Dimension, Prices, Restrictions, TaxMode
from currant.pricing.ocpi import prices_to_ocpi


def cannot_say(prices: Prices) -> list[PriceFinding]:
    """One remark for each thing that is lost on the way to partners, and to stations."""
    ocpi = [
        _finding(PriceIssue.OCPI_CANNOT_SAY, each.where, each.code, each.text)
        for each in prices_to_ocpi(prices).unsaid
    ]
    ocpp = [_finding(PriceIssue.OCPP_CANNOT_SAY, where, code, text) for where, code, text in _ocpp(prices)]
    return [*ocpi, *ocpp]


def _finding(issue: PriceIssue, where: str, code: str, text: str) -> PriceFinding:
    whom = "Roaming partners" if issue is PriceIssue.OCPI_CANNOT_SAY else "Stations (OCPP 2.1)"
    return PriceFinding(
        code=issue,
        severity=PriceSeverity.INFO,
        where=where,
        facts={"what": code},
        text=f"{whom} cannot be told this: {text}",
    )


def _ocpp(prices: Prices) -> Iterator[tuple[str, str, str]]:
    taxes: dict[Dimension, set[object]] = {}
    for place, element in enumerate(prices.elements):
        for index, component in enumerate(element.components):
            taxes.setdefault(component.dimension, set()).add(component.tax_percent)
            yield from _component(f"elements[{place}].components[{index}]", component, element.restrictions)
    for dimension, rates in taxes.items():
        if len(rates) > 1:
            yield (
                "elements",
                "several_taxes",
                f"all prices of {dimension.value.replace('_', ' ')} have the same tax rates in a station's tariff.",
            )
    if prices.tax_mode is TaxMode.INCLUDED and any(None in rates for rates in taxes.values()):
        yield (
            "tax_mode",
            "prices_with_tax",
            "a station's prices are without tax, so a tax rate is needed to take it out of these.",
        )
    fee = prices.idle_fee
    if fee is not None and fee.max_cost is not None:
        yield "idle_fee.max_cost", "idle_fee_cap", "the idle fee's highest sum."
    if prices.free_below_kwh and prices.free_below_s and Dimension.FLAT in taxes:
        yield (
            "free_below_kwh",
            "free_when_short",
            "that a very short session costs nothing, not even its start.",
        )


def _component(where: str, component: Component, rule: Restrictions | None) -> Iterator[tuple[str, str, str]]:
    if component.dimension is Dimension.EXPORT:
        yield where, "export", "prices for energy that vehicles give back."
    if component.spot is not None:
        yield (
            f"{where}.spot",
            "market_price",
            "a price that follows a market; the station gets each new price in turn.",
        )
    if component.step_size > 1:
        yield f"{where}.step_size", "step_size", f"steps of {component.step_size}."
    if (
        component.dimension is Dimension.PARKING_TIME
        and rule is not None
        and (rule.min_duration is not None or rule.max_duration is not None)
    ):
        yield (
            where,
            "parking_by_duration",
            "parking time that depends on how long the session has lasted; idle time counts from its own beginning.",
        )
