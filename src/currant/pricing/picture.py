"""A tariff over a day as a picture: what a kWh and an hour cost, quarter-hour by quarter-hour. Pure."""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import msgspec

from currant.kit.clock import micros
from currant.pricing.model import Component, Prices, Spot
from currant.pricing.plans import Plan, plan_of
from currant.pricing.spot import NO_SPOT, QUARTER, QUARTER_US, SpotPrices, following


class PriceQuarter(msgspec.Struct, frozen=True, kw_only=True):
    """Prices from `begin` on for a quarter of an hour; None where there is none."""

    begin: datetime
    local_time: str
    """At the site, as in `07:15`; where clocks are put back an hour is there twice."""
    energy: Decimal | None = None
    """Per kWh."""
    energy_element: int | None = None
    """Which element of the tariff says so, from 0."""
    charging_hour: Decimal | None = None
    """For an hour of charging, besides the energy."""
    parking_hour: Decimal | None = None
    """For an hour in which the vehicle takes nothing."""
    start: Decimal | None = None
    """Once for a session that begins here."""
    export: Decimal | None = None
    """Per kWh that the vehicle gives back."""
    idle_minute: Decimal | None = None
    """For a minute after charging, once the grace is over; None in exempt hours and without such a fee."""
    by_market: bool = False
    """Whether the price of energy follows a market."""
    market_known: bool = True
    """False where the market's price is not known yet: `energy` is the usual price then."""


def picture(
    prices: Prices,
    zone: str,
    day: date,
    *,
    power_kw: Decimal = Decimal(11),
    after_kwh: Decimal = Decimal(0),
    after_s: int = 0,
    spot: SpotPrices = NO_SPOT,
) -> tuple[PriceQuarter, ...]:
    """What holds over a day at a site (92 to 100 quarter-hours), for a session in which so much has happened.

    What changes within a quarter-hour is shown as it is at its beginning.
    """
    plan = plan_of(prices, zone)
    where = ZoneInfo(zone)
    at = datetime.combine(day, time(), tzinfo=where).astimezone(UTC)
    end = datetime.combine(day + timedelta(days=1), time(), tzinfo=where).astimezone(UTC)
    session = (
        plan.power_bits[bisect_right(plan.power, Fraction(power_kw) * 1000)]
        & plan.kwh_bits[bisect_right(plan.kwh, Fraction(after_kwh) * 1000)]
        & plan.lasting_bits[bisect_right(plan.lasting, after_s * 1_000_000)]
        & plan.unknown_current_bits
    )
    found = []
    while at < end:
        found.append(_quarter(plan, at, at.astimezone(where), session, spot))
        at += QUARTER
    return tuple(found)


def _quarter(plan: Plan, at: datetime, local: datetime, session: int, spot: SpotPrices) -> PriceQuarter:
    bits = plan.clock(micros(at))[2]
    choice = plan.choose(bits & session)
    energy = _component(plan, choice.energy)
    price, known = _energy(energy, at, spot)
    fee = plan.prices.idle_fee
    exempt = bool(fee and fee.exempt and bits & plan.exempt_bit)
    return PriceQuarter(
        begin=at,
        local_time=local.strftime("%H:%M"),
        energy=price,
        energy_element=None if choice.energy < 0 else plan.priced[choice.energy].element,
        charging_hour=_price(plan, choice.time),
        parking_hour=_price(plan, choice.parking),
        start=_price(plan, choice.flat),
        export=_price(plan, choice.export),
        idle_minute=None if fee is None or exempt else fee.price_per_minute,
        by_market=energy is not None and energy.spot is not None,
        market_known=known,
    )


def _component(plan: Plan, place: int) -> Component | None:
    return None if place < 0 else plan.priced[place].component


def _price(plan: Plan, place: int) -> Decimal | None:
    component = _component(plan, place)
    return None if component is None else component.price


def _energy(component: Component | None, at: datetime, spot: SpotPrices) -> tuple[Decimal | None, bool]:
    if component is None or component.spot is None:
        return (None if component is None else component.price), True
    market = spot.price_in(component.spot.market, micros(at) // QUARTER_US)
    if market is not None:
        return market_price(component.spot, market), True
    fallback = component.spot.fallback
    return (component.price if fallback is None else fallback), False


def market_price(spot: Spot, market: Decimal) -> Decimal:
    """What a kWh costs when the market asks so much."""
    return following(spot, market)


def bands(quarters: Sequence[PriceQuarter]) -> tuple[tuple[str, str, Decimal | None], ...]:
    """(from, to, price per kWh) of stretches of the day with the same price of energy."""
    found: list[tuple[str, str, Decimal | None]] = []
    for index, quarter in enumerate(quarters):
        end = quarters[index + 1].local_time if index + 1 < len(quarters) else "24:00"
        if found and found[-1][2] == quarter.energy:
            found[-1] = (found[-1][0], end, quarter.energy)
        else:
            found.append((quarter.local_time, end, quarter.energy))
    return tuple(found)
