"""Drivers: when they come, how long they stay, and how they end it.

Each station has arrivals of its own. Many independent Poisson streams are, taken together, the
Poisson stream of their site, so that no two stations need to agree on anything.
"""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec

from currant.simulator.dice import Dice
from currant.simulator.showroom import drive_up
from currant.simulator.specs import Demand, StationSpec
from currant.simulator.vehicle import PowerType, Vehicle

HOUR_S = 3600.0
DAY_S = 86_400.0

# Relative arrivals in each local hour, midnight first.
PROFILES: dict[Demand, tuple[int, ...]] = {
    "public": (2, 1, 1, 1, 1, 2, 4, 7, 9, 9, 9, 10, 11, 10, 9, 9, 10, 12, 13, 11, 8, 6, 4, 3),
    "workplace": (0, 0, 0, 0, 1, 3, 12, 30, 34, 18, 7, 5, 6, 9, 5, 3, 2, 2, 1, 1, 0, 0, 0, 0),
    "residential": (3, 1, 1, 1, 0, 0, 1, 1, 2, 2, 2, 3, 3, 3, 4, 6, 10, 18, 20, 17, 13, 10, 8, 5),
    "highway": (2, 2, 1, 1, 2, 3, 5, 7, 8, 10, 12, 13, 13, 12, 12, 13, 14, 14, 12, 10, 8, 6, 4, 3),
    "depot": (1, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 3, 2, 3, 6, 14, 24, 22, 12, 8, 5, 3, 2),
    "constant": (1,) * 24,
}
# Median hours parked on AC; on DC people leave when the car has what they want.
_AC_HOURS: dict[Demand, float] = {
    "public": 2.2,
    "workplace": 7.5,
    "residential": 10.0,
    "highway": 1.0,
    "depot": 9.0,
    "constant": 1.5,
}


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """One driver's visit: a car, a token, seconds of stay; the rest is how this driver behaves."""

    vehicle: Vehicle
    token: str
    connector: int
    stays_s: float
    token_first: bool
    leaves_when_satisfied: bool
    stops_by_unplugging: bool


def next_arrival(spec: StationSpec, dice: Dice, after: float) -> float | None:
    """Epoch seconds of the next driver; None when nobody ever comes (thinning, Lewis and Shedler 1979)."""
    if spec.sessions_per_day <= 0:
        return None
    profile = PROFILES[spec.demand]
    mean, peak = sum(profile) / 24, max(profile)
    rate = spec.sessions_per_day / DAY_S * peak / mean
    zone = ZoneInfo(spec.time_zone)
    at = after
    while True:
        at += dice.wait(rate)
        hour = datetime.fromtimestamp(at, UTC).astimezone(zone).hour
        if dice.random() * peak < profile[hour]:
            return at


def visit(spec: StationSpec, evse: int, token: str, dice: Dice) -> Visit:
    """Who comes to this EVSE (counted from 1) and what for."""
    outlet = spec.evses[evse - 1]
    dc = outlet.power_type is PowerType.DC
    vehicle = drive_up(dice, outlet.power_type)
    if dc:
        stays = dice.uniform(0.2, 1.1) * HOUR_S
    else:
        stays = max(0.25, _AC_HOURS[spec.demand] * (0.4 + 0.6 * dice.random() + 0.4 * dice.random())) * HOUR_S
    connector = 1
    if len(outlet.connectors) > 1 and dice.happens(0.1):
        connector = dice.integer(2, len(outlet.connectors))
    return Visit(
        vehicle=vehicle,
        token=token,
        connector=connector,
        stays_s=stays,
        token_first=dice.happens(0.25),
        leaves_when_satisfied=dc and dice.happens(0.8),
        stops_by_unplugging=not dc and not outlet.cable_attached and dice.happens(0.5),
    )
