"""What laws say of prices at some sites, each with where it is written. Pure, and no legal advice.

Regulation (EU) 2023/1804 (AFIR), Article 5(4): where a publicly accessible recharging point has 50 kW
or more, its ad hoc price is based on the price per kWh, and only an occupancy fee per minute, to
discourage long occupancy, may come on top; below, components are told in the order kWh, minute, session,
other. 23 CFR 680.116(a): at sites that were built with the funds of the United States' programme
(NEVI), the price is per kWh, and does not change during a session.
"""

from collections.abc import Sequence

from currant.pricing.findings import PricedSite, PriceFinding, PriceIssue, PriceSeverity
from currant.pricing.model import Dimension, Element, Prices

EU = frozenset(
    [
        "AT",
        "BE",
        "BG",
        "CY",
        "CZ",
        "DE",
        "DK",
        "EE",
        "ES",
        "FI",
        "FR",
        "GR",
        "HR",
        "HU",
        "IE",
        "IT",
        "LT",
        "LU",
        "LV",
        "MT",
        "NL",
        "PL",
        "PT",
        "RO",
        "SE",
        "SI",
        "SK",
    ]
)
AFIR = "Regulation (EU) 2023/1804, Article 5(4)"
NEVI = "23 CFR 680.116(a)"
UK = "Public Charge Point Regulations 2023 (SI 2023/1168)"
PANGV = "Preisangabenverordnung, § 14"
AFIR_POWER_W = 50_000

# Where electricity for vehicles is sold by the calibrated kWh, a started unit must not be billed as a
# whole one. Countries and sources as far as they are known here; an operator knows their own better.
NO_STEPS = {
    "DE": "Mess- und Eichgesetz; Mess- und Eichverordnung",
    "AT": "Maß- und Eichgesetz",
    "US": "NIST Handbook 44, 3.40",
}
NAMED_MAX = 20


def laws(prices: Prices, sites: Sequence[PricedSite]) -> list[PriceFinding]:
    """What the laws of the sites' countries have against these prices."""
    fast = [
        site
        for site in sites
        if site.country in EU and (site.max_power_w is None or site.max_power_w >= AFIR_POWER_W)
    ]
    slow = [
        site
        for site in sites
        if site.country in EU and (site.min_power_w is None or site.min_power_w < AFIR_POWER_W)
    ]
    return [
        *_afir_fast(prices, fast),
        *_afir_slow(prices, slow),
        *_nevi(prices, _in(sites, "US")),
        *_per_kwh(prices, _in(sites, "GB"), PriceIssue.UK_PER_KWH, UK, "the price is shown in pence per kWh"),
        *_per_kwh(prices, _in(sites, "DE"), PriceIssue.DE_PER_KWH, PANGV, "the price is told per kWh"),
        *_steps(prices, sites),
    ]


def _in(sites: Sequence[PricedSite], country: str) -> list[PricedSite]:
    return [site for site in sites if site.country == country]


def charging_elements(prices: Prices) -> list[tuple[int, Element]]:
    """The elements that are not about reservations, with their places."""
    return [
        (place, element)
        for place, element in enumerate(prices.elements)
        if element.restrictions is None or element.restrictions.reservation is None
    ]


def has_price(prices: Prices, dimension: Dimension) -> bool:
    return any(
        component.dimension is dimension
        for _, element in charging_elements(prices)
        for component in element.components
    )


def _afir_fast(prices: Prices, sites: Sequence[PricedSite]) -> list[PriceFinding]:
    if not sites:
        return []
    found = []
    if not has_price(prices, Dimension.ENERGY):
        found.append(
            _finding(
                PriceIssue.AFIR_PER_KWH,
                AFIR,
                sites,
                "From 50 kW on, the ad hoc price is based on the price per kWh, and these prices have none.",
            )
        )
    for place, element in charging_elements(prices):
        rule = element.restrictions
        for index, component in enumerate(element.components):
            if not component.price:
                continue
            told = None
            if component.dimension is Dimension.FLAT:
                told = "a fee per session"
            elif component.dimension is Dimension.TIME and not (rule and rule.min_duration):
                told = "a fee for time from the first minute on"
            if told is not None:
                found.append(
                    _finding(
                        PriceIssue.AFIR_OTHER_FEES,
                        AFIR,
                        sites,
                        f"From 50 kW on, only a fee per minute against long occupancy may be added to the price "
                        f"per kWh in ad hoc prices; this is {told}.",
                        where=f"elements[{place}].components[{index}]",
                        fee=component.dimension.value,
                    )
                )
    if prices.min_price is not None and (prices.min_price.before_taxes or prices.min_price.after_taxes):
        found.append(
            _finding(
                PriceIssue.AFIR_OTHER_FEES,
                AFIR,
                sites,
                "From 50 kW on, only a fee per minute against long occupancy may be added to the price per kWh in "
                "ad hoc prices; a lowest price is more than that for a short session.",
                where="min_price",
                fee="min_price",
            )
        )
    return found


def _afir_slow(prices: Prices, sites: Sequence[PricedSite]) -> list[PriceFinding]:
    """Below 50 kW several components are fine as long as they are told in order."""
    kinds = [
        dimension
        for dimension in (Dimension.ENERGY, Dimension.TIME, Dimension.PARKING_TIME, Dimension.FLAT)
        if has_price(prices, dimension)
    ]
    if not sites or len(kinds) < 2:
        return []
    return [
        _finding(
            PriceIssue.AFIR_ORDER,
            AFIR,
            sites,
            "Below 50 kW, all components of the ad hoc price are told before a session, in this order: per kWh, "
            "per minute, per session, others. Currant's own words keep to it; texts of your own should.",
            severity=PriceSeverity.INFO,
            components=[dimension.value for dimension in kinds],
        )
    ]


def _nevi(prices: Prices, sites: Sequence[PricedSite]) -> list[PriceFinding]:
    if not sites:
        return []
    found = []
    if not has_price(prices, Dimension.ENERGY):
        found.append(
            _finding(
                PriceIssue.NEVI_PER_KWH,
                NEVI,
                sites,
                "At sites built with federal funds, the price is based on the price per kWh, and these prices "
                "have none.",
            )
        )
    changing = [
        place
        for place, element in charging_elements(prices)
        if _changes_during_a_session(element)
        and any(component.dimension is Dimension.ENERGY for component in element.components)
    ]
    if changing:
        found.append(
            _finding(
                PriceIssue.NEVI_PRICE_CHANGES,
                NEVI,
                sites,
                "At sites built with federal funds, the price at the start of a session cannot change during it: "
                "a price per kWh that follows the clock or a market may be taken for such a change. Currant "
                "always keeps the version of the tariff; whether bands that were told before are a change is "
                "an open question.",
                where=f"elements[{changing[0]}]",
                elements=changing,
            )
        )
    return found


def _changes_during_a_session(element: Element) -> bool:
    rule = element.restrictions
    by_clock = rule is not None and bool(
        rule.start_time or rule.end_time or rule.day_of_week or rule.start_date or rule.end_date
    )
    return by_clock or any(component.spot is not None for component in element.components)


def _per_kwh(
    prices: Prices, sites: Sequence[PricedSite], issue: PriceIssue, law: str, says: str
) -> list[PriceFinding]:
    if not sites or has_price(prices, Dimension.ENERGY):
        return []
    return [_finding(issue, law, sites, f"At public sites here {says}, and these prices have none.")]


def _steps(prices: Prices, sites: Sequence[PricedSite]) -> list[PriceFinding]:
    found = []
    for country, law in NO_STEPS.items():
        where = _in(sites, country)
        if not where:
            continue
        for place, element in charging_elements(prices):
            for index, component in enumerate(element.components):
                if component.dimension is Dimension.ENERGY and component.step_size > 1:
                    found.append(
                        _finding(
                            PriceIssue.STEP_SIZE_NOT_ALLOWED,
                            law,
                            where,
                            f"Where energy is sold by the calibrated kWh, what was not delivered is not billed: "
                            f"steps of {component.step_size} Wh round up.",
                            where=f"elements[{place}].components[{index}].step_size",
                            country=country,
                        )
                    )
    return found


def _finding(
    code: PriceIssue,
    law: str,
    sites: Sequence[PricedSite],
    text: str,
    *,
    severity: PriceSeverity = PriceSeverity.WARNING,
    where: str = "",
    **facts: object,
) -> PriceFinding:
    return PriceFinding(
        code=code,
        severity=severity,
        where=where,
        facts={"law": law, "sites": [site.name or site.location_id for site in sites[:NAMED_MAX]], **facts},
        text=f"{text} ({law})",
    )
