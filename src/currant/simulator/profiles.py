"""A station's charging profiles: which it takes, keeps and drops, and what they come to over time.

OCPP 1.6, 3.13 and 5.16; OCPP 2.0.1 and 2.1 Part 2, K01, K21 and K28.
"""

from typing import TYPE_CHECKING

import msgspec

from currant.simulator import limits
from currant.simulator.limits import Profile, Purpose
from currant.simulator.vehicle import PHASE_VOLTAGE_V

if TYPE_CHECKING:
    from currant.simulator.outlet import Outlet
    from currant.simulator.station import Station

PROFILES_MAX = 50
STACK_LEVEL_MAX = 10
PERIODS_MAX = 24
COMPOSITE_PERIODS_MAX = 24
COMPOSITE_S_MAX = 8 * 86_400


def fits(station: "Station", outlet: "Outlet | None", profile: Profile) -> bool:
    """What every version asks of a profile; `outlet` None is the whole station."""
    starts = [period.starts_after_s for period in profile.periods]
    if not starts or starts[0] != 0 or starts != sorted(starts) or len(starts) > PERIODS_MAX:
        return False
    if not 0 <= profile.stack_level <= STACK_LEVEL_MAX:
        return False
    if (
        profile.valid_from is not None
        and profile.valid_to is not None
        and profile.valid_from >= profile.valid_to
    ):
        return False
    if profile.purpose is Purpose.STATION_MAX and profile.relative:
        return False
    if profile.purpose is Purpose.TRANSACTION:
        if outlet is None or outlet.transaction is None:
            return False
        return profile.transaction in (None, station.dialect_transaction(outlet.transaction))
    return True


def conflicts(station: "Station", profile: Profile) -> bool:
    """Another profile says the same at the same level and time: 2.x has the new one refused (K01.FR.06, 39)."""
    for other in station.profiles.values():
        if other.id == profile.id or other.purpose is not profile.purpose:
            continue
        if other.stack_level != profile.stack_level:
            continue
        # Of defaults, one for the station meets those of each EVSE (K01.FR.52, 53).
        meets = other.evse == profile.evse or (
            profile.purpose is Purpose.DEFAULT and 0 in (other.evse, profile.evse)
        )
        if meets and _overlap(other, profile):
            return True
    return False


def _overlap(left: Profile, right: Profile) -> bool:
    infinity = float("inf")
    return (left.valid_from or -infinity) < (right.valid_to or infinity) and (
        right.valid_from or -infinity
    ) < (left.valid_to or infinity)


def store(station: "Station", profile: Profile) -> bool:
    """Keep it and act on it. One of the same id, or of the same purpose, level and EVSE, is replaced."""
    before = station.profiles.get(profile.id)
    if before is not None and before.purpose is Purpose.EXTERNAL and profile.purpose is not Purpose.EXTERNAL:
        return False
    alike = [
        other.id
        for other in station.profiles.values()
        if (other.purpose, other.stack_level, other.evse)
        == (profile.purpose, profile.stack_level, profile.evse)
        and _overlap(other, profile)
    ]
    for other in alike:
        del station.profiles[other]
    if len(station.profiles) >= PROFILES_MAX and profile.id not in station.profiles:
        return False
    _account(station)
    station.profiles[profile.id] = profile
    _review(station)
    return True


def transaction_over(station: "Station", outlet: "Outlet") -> None:
    """What was for this session goes with it (1.6, 3.13.1; 2.x, K01)."""
    gone = [
        profile.id
        for profile in station.profiles.values()
        if profile.purpose is Purpose.TRANSACTION and profile.evse == outlet.number
    ]
    for profile_id in gone:
        del station.profiles[profile_id]


def update(station: "Station", profile_id: int, limit: float | None) -> bool:
    """A dynamic profile's only period gets another limit (2.1, K28.FR.06, 11)."""
    profile = station.profiles.get(profile_id)
    if profile is None or not profile.dynamic:
        return False
    if limit is not None:
        _account(station)
        period = msgspec.structs.replace(profile.periods[0], limit=limit)
        station.profiles[profile_id] = msgspec.structs.replace(profile, periods=(period,))
        _review(station)
    return True


def review(station: "Station") -> None:
    """Something else decides now what may flow."""
    _account(station)
    _review(station)


def clear(
    station: "Station",
    *,
    id: int | None = None,
    evse: int | None = None,
    purpose: Purpose | None = None,
    stack_level: int | None = None,
) -> int:
    """How many were cleared; what is None is not asked for."""
    cleared = [
        profile.id
        for profile in station.profiles.values()
        if profile.purpose is not Purpose.EXTERNAL
        and (id is None or profile.id == id)
        and (evse is None or profile.evse == evse)
        and (purpose is None or profile.purpose is purpose)
        and (stack_level is None or profile.stack_level == stack_level)
    ]
    _account(station)
    for profile_id in cleared:
        del station.profiles[profile_id]
    _review(station)
    return len(cleared)


def _account(station: "Station") -> None:
    """What flowed until now flowed under the old limits."""
    for outlet in station.outlets:
        outlet.meter()


def _review(station: "Station") -> None:
    def review() -> None:
        for outlet in station.outlets:
            outlet.review()

    station.run_steps([(1.0, review)])


def composite(
    station: "Station", outlet: "Outlet | None", duration: int, *, in_watts: bool
) -> list[tuple[int, float]]:
    """(seconds from now, limit) where the limit changes, for one outlet or the whole station."""
    duration = min(max(duration, 1), COMPOSITE_S_MAX)
    starts = {0}
    for profile in station.profiles.values():
        for period in profile.periods:
            begins = profile.starts_at if profile.starts_at is not None else station.now
            offset = begins + period.starts_after_s - station.now
            if profile.repeats_s:
                offset %= profile.repeats_s
            if 0 < offset < duration:
                starts.add(int(offset))
    found: list[tuple[int, float]] = []
    for start in sorted(starts):
        limit = _limit(station, outlet, station.now + start, in_watts=in_watts)
        if not found or found[-1][1] != limit:
            found.append((start, limit))
    return found[:COMPOSITE_PERIODS_MAX]


def _limit(station: "Station", outlet: "Outlet | None", at: float, *, in_watts: bool) -> float:
    outlets = station.outlets if outlet is None else [outlet]
    watts = 0.0
    for each in outlets:
        transaction = each.transaction
        limit = limits.limit_w(
            station.profiles.values(),
            evse=each.number,
            phases=each.spec.phases,
            now=at,
            transaction=None if transaction is None else station.dialect_transaction(transaction),
            transaction_began=None if transaction is None else transaction.began,
            sharing=len(outlets),
            priority=each.priority,
        )
        watts += each.spec.max_power_w if limit is None else min(limit, each.spec.max_power_w)
    if in_watts:
        return round(watts, 1)
    return round(watts / outlets[0].spec.phases / PHASE_VOLTAGE_V, 1)
