"""Charging profiles reduced to the one question a station asks: how much may flow now?

Neutral between protocol versions. OCPP 1.6, 3.13 and OCPP 2.0.1 Part 2, K01: of one purpose the
highest stack level that has something to say counts; a transaction's own profile goes before the
default; the station's maximum caps whatever is left.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

import msgspec

from currant.simulator.vehicle import PHASE_VOLTAGE_V

DAY_S = 86_400.0
WEEK_S = 7 * DAY_S


class Purpose(StrEnum):
    STATION_MAX = "station_max"
    DEFAULT = "default"
    TRANSACTION = "transaction"
    EXTERNAL = "external"
    PRIORITY = "priority"
    LOCAL_GENERATION = "local_generation"


class Period(msgspec.Struct, frozen=True, kw_only=True):
    starts_after_s: float
    limit: float
    phases: int | None = None


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """A stored profile; times in epoch seconds, `evse` 0 is the whole station, `repeats_s` recurs.

    `wire` is the profile as it was given, to be reported as it is; `source` who set the limit.
    """

    id: int
    evse: int
    purpose: Purpose
    stack_level: int
    in_watts: bool
    periods: tuple[Period, ...]
    relative: bool = False
    starts_at: float | None = None
    duration_s: float | None = None
    repeats_s: float | None = None
    valid_from: float | None = None
    valid_to: float | None = None
    transaction: str | None = None
    dynamic: bool = False
    source: str = "CSO"
    wire: Any = None

    def period_at(self, now: float, *, transaction_began: float | None) -> Period | None:
        """The period in force, or None when the profile has nothing to say at this moment."""
        if self.valid_from is not None and now < self.valid_from:
            return None
        if self.valid_to is not None and now >= self.valid_to:
            return None
        if self.dynamic:
            return self.periods[0]
        begins = transaction_began if self.relative else self.starts_at
        elapsed = now - (begins if begins is not None else transaction_began or now)
        if self.repeats_s is not None:
            elapsed %= self.repeats_s
        if elapsed < 0 or (self.duration_s is not None and elapsed >= self.duration_s):
            return None
        found = None
        for period in self.periods:
            if period.starts_after_s > elapsed:
                break
            found = period
        return found

    def watts(self, period: Period, phases: int) -> float:
        if self.in_watts:
            return period.limit
        return period.limit * PHASE_VOLTAGE_V * (period.phases or phases)


def limit_w(
    profiles: Iterable[Profile],
    *,
    evse: int,
    phases: int,
    now: float,
    transaction: str | None,
    transaction_began: float | None,
    sharing: int = 1,
    priority: bool = False,
) -> float | None:
    """W that this EVSE may draw now; None without any profile.

    A limit of the whole station is shared equally by the `sharing` EVSEs that charge. With
    `priority` its own profiles stand back behind the one for priority charging (2.1, K21.FR.04).
    """
    own = None
    if priority:
        own = _strongest(profiles, Purpose.PRIORITY, (evse, 0), now, transaction_began, None)
    if own is None:
        own = _strongest(profiles, Purpose.TRANSACTION, (evse,), now, transaction_began, transaction)
    if own is None:
        own = _strongest(profiles, Purpose.DEFAULT, (evse, 0), now, transaction_began, None)
    cap = _strongest(profiles, Purpose.STATION_MAX, (0, evse), now, transaction_began, None)
    limits = []
    if own is not None:
        limits.append(own[0].watts(own[1], phases))
    if cap is not None:
        limits.append(cap[0].watts(cap[1], phases) / max(1, sharing))
    for each in (0, evse):
        outside = _strongest(profiles, Purpose.EXTERNAL, (each,), now, transaction_began, None)
        if outside is not None:
            limits.append(outside[0].watts(outside[1], phases) / (1 if each else max(1, sharing)))
    return min(limits, default=None)


def _strongest(
    profiles: Iterable[Profile],
    purpose: Purpose,
    evses: tuple[int, ...],
    now: float,
    transaction_began: float | None,
    transaction: str | None,
) -> tuple[Profile, Period] | None:
    best: tuple[Profile, Period] | None = None
    for profile in profiles:
        if profile.purpose is not purpose or profile.evse not in evses:
            continue
        if profile.transaction is not None and profile.transaction != transaction:
            continue
        if best is not None and profile.stack_level <= best[0].stack_level:
            continue
        period = profile.period_at(now, transaction_began=transaction_began)
        if period is not None:
            best = (profile, period)
    return best
