"""What a vehicle needs, what it may have, and whether its own plan keeps to that: pure.

A vehicle that speaks ISO 15118 tells its needs and is offered a schedule (2.x K15, K17, K18). Power is W in
total, current A a phase. An offer never lies above any limit that is known: the vehicle's own, the EVSE's
hardware, what installed profiles allow, what somebody outside allows. Where the vehicle takes few periods,
neighbours are joined at the lower of their limits.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Literal

import msgspec

from currant.stations.commanding.profiles import (
    ChargingProfile,
    ChargingSchedule,
    ProfileKind,
    ProfilePurpose,
    SchedulePeriod,
)

VOLTAGE_V = 230.0
"""The set voltage of the area (K01.FR.50); a vehicle's maximum voltage says nothing of it."""
HORIZON_S = 86_400
SHORTEST_S = 60
PERIODS_MAX = 1_024
SPAN_MAX_S = 10 * 366 * 86_400
# Beyond so many periods neighbours are joined in pairs first, without looking for the best ones.
JOINED_ONE_BY_ONE = 512
# EV schedules come in whole amperes or watts; a little above is rounding and no excess.
TOLERANCE = 0.01
TOLERANCE_A = 0.5
TOLERANCE_W = 50.0
# A plan is told some seconds after the offer, and counts its periods from then: what it does a little late
# is no excess.
GRACE = timedelta(seconds=60)
RECURRENCES_S = {"daily": 86_400, "weekly": 7 * 86_400}


Unit = Literal["W", "A"]


class Control(StrEnum):
    SCHEDULED = "scheduled"
    """The vehicle plans within what it is offered."""
    DYNAMIC = "dynamic"
    """The vehicle follows what it is told now (ISO 15118-20)."""


class EnergyNeeds(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a vehicle said that it needs and can do. Absent values were not said.

    `transfer` is one of ac_single_phase, ac_three_phase, dc, ac_bpt, dc_bpt, …; power towards the vehicle is
    positive, and `max_discharge_w` is how much it can give back.
    """

    transfer: str
    available_transfers: tuple[str, ...] = ()
    departure_at: datetime | None = None
    energy_wh: float | None = None
    min_current_a: float | None = None
    max_current_a: float | None = None
    max_voltage_v: float | None = None
    min_power_w: float | None = None
    max_power_w: float | None = None
    max_discharge_w: float | None = None
    min_energy_wh: float | None = None
    max_energy_wh: float | None = None
    battery_wh: float | None = None
    soc_percent: float | None = None
    target_soc_percent: float | None = None
    full_soc_percent: float | None = None
    bulk_soc_percent: float | None = None
    control: Control = Control.SCHEDULED
    mobility: str = ""
    """Who sees to it that the vehicle is charged in time: ev, or ev_and_station."""
    iso15118_20: bool = False
    max_periods: int | None = None
    """How many periods the vehicle takes in a schedule."""

    @property
    def alternating(self) -> bool:
        return self.transfer.startswith("ac")

    @property
    def phases(self) -> int:
        """How many phases are assumed: 3 where the vehicle does not say (K01.FR.49)."""
        return {"ac_single_phase": 1, "ac_two_phase": 2}.get(self.transfer, 3)


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """From `start_s` (after now) until the next one: at most `limit_w`; None is no limit."""

    start_s: int
    limit_w: float | None


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to keep to. `profiles` are installed ones (with the EVSE each is for)."""

    max_power_w: float | None = None
    """What the EVSE's hardware gives."""
    profiles: tuple[ChargingProfile, ...] = ()
    outside: tuple[ChargingSchedule, ...] = ()
    session_started_at: datetime | None = None
    periods_max: int | None = None
    """What the station takes in a schedule."""
    units: frozenset[str] | None = None
    """The units that the station takes; None when it does not say."""


def refusal_of(needs: EnergyNeeds, *, allowed: Sequence[str] | None) -> str | None:
    """Why the way of energy transfer is not accepted (2.1 Q01.FR.04), None when it is.

    `allowed` are those that the session was allowed; None: nobody said.
    """
    if allowed is not None and needs.transfer not in allowed:
        return f"The session may not use {needs.transfer}."
    return None


def can_offer(needs: EnergyNeeds) -> bool:
    """Whether there is enough to go by: a limit of the vehicle's own, or at least its way of transfer."""
    return needs.transfer != "wpt"


def offer(needs: EnergyNeeds, bounds: Bounds, *, now: datetime) -> ChargingSchedule:
    """The schedule to offer, from `now` until the vehicle leaves (a day when it does not say).

    In amperes for AC where the station takes them, else in watts. Where the limit lies between nothing
    and the least that the vehicle can take, it is 0, for the vehicle could not keep to it.
    """
    horizon = _horizon(needs, now)
    unit = _unit(needs, bounds.units)
    spans = [_vehicle(needs), [Span(start_s=0, limit_w=bounds.max_power_w)]]
    phases = needs.phases if needs.alternating else None
    spans += [
        spans_of(schedule, bounds.session_started_at or now, now, horizon, phases)
        for schedule in bounds.outside
    ]
    spans += _installed(bounds, now, horizon, phases)
    lowest = _lowest(spans, horizon)
    most = min(
        limit
        for limit in (needs.max_periods, bounds.periods_max, PERIODS_MAX)
        if limit is not None and limit > 0
    )
    limits = [(span.start_s, _in_unit(_floor(span, needs), needs, unit)) for span in lowest]
    return ChargingSchedule(
        id=1,
        unit=unit,
        starts_at=now,
        duration_s=horizon,
        periods=tuple(
            SchedulePeriod(start_s=start_s, limit=limit, phases=phases)
            for start_s, limit in _joined(limits, most)
        ),
    )


def profile_for(
    schedule: ChargingSchedule,
    *,
    profile_id: int,
    transaction_id: str,
    stack_level: int = 0,
    relative_to: datetime | None = None,
) -> ChargingProfile:
    """The transaction's profile that carries an offer."""
    return ChargingProfile(
        id=profile_id,
        purpose=ProfilePurpose.TX,
        kind=ProfileKind.ABSOLUTE,
        stack_level=stack_level,
        transaction_id=transaction_id,
        schedules=(schedule,),
    )


def exceeds(
    planned: ChargingSchedule, offered: ChargingSchedule, *, time_base: datetime, phases: int = 3
) -> str | None:
    """Where a vehicle's own plan lies above what it was offered, in words; None when nowhere (K15.FR.11, .12).

    The plan begins at `time_base`; compared is what lies within the offer's time, and a plan that goes on
    after it is the station's to limit (the next valid profile). Units may differ.
    """
    start = offered.starts_at or time_base
    plan, given = _Steps(planned, time_base, phases), _Steps(offered, start, phases)
    slack_w = TOLERANCE_W
    if "A" in (planned.unit, offered.unit):
        slack_w = max(slack_w, TOLERANCE_A * VOLTAGE_V * phases)
    begins = {*plan.starts, *given.starts}
    for at in sorted(begins | {moment + GRACE for moment in begins}):
        wanted, allowed = plan.at(at), given.most_about(at)
        if wanted is None or allowed is None:
            continue
        if wanted > allowed * (1 + TOLERANCE) + (slack_w if allowed > 0 else 0.0):
            return f"From {at:%Y-%m-%dT%H:%M:%SZ} the vehicle plans {wanted:.0f} W where {allowed:.0f} W are offered."
    return None


def best_of(planned: ChargingSchedule, profile: ChargingProfile, chosen: int | None) -> ChargingSchedule:
    """Which of a profile's schedules a plan follows: the one the vehicle says (2.1), else the plan's own id."""
    wanted = planned.id if chosen is None else chosen
    return next((offer for offer in profile.schedules if offer.id == wanted), profile.schedules[0])


def spans_of(
    schedule: ChargingSchedule,
    relative_to: datetime,
    now: datetime,
    horizon_s: int,
    phases: int | None = None,
    *,
    every_s: int | None = None,
) -> list[Span]:
    """A schedule as it limits from `now` on; `every_s`: it begins anew so often. Before and after it: no limit."""
    start = schedule.starts_at or relative_to
    offset = int((now - start).total_seconds())
    if every_s is None:
        return _one_run(schedule, offset, horizon_s, phases)
    runs: list[Span] = [Span(start_s=0, limit_w=None)]
    first = -(offset % every_s)
    for begin in range(first, horizon_s, every_s):
        runs += [
            Span(start_s=span.start_s, limit_w=span.limit_w)
            for span in _one_run(schedule, -begin, horizon_s, phases, every_s)
            if span.start_s >= max(begin, 0)
        ]
    return _ordered(runs)


def _one_run(
    schedule: ChargingSchedule, offset: int, horizon_s: int, phases: int | None, longest_s: int | None = None
) -> list[Span]:
    end = schedule.duration_s if schedule.duration_s is not None else longest_s
    spans = [Span(start_s=0, limit_w=None)]
    for number, period in enumerate(schedule.periods):
        following = schedule.periods[number + 1].start_s if number + 1 < len(schedule.periods) else end
        begins, ends = period.start_s - offset, None if following is None else following - offset
        if begins >= horizon_s or (ends is not None and ends <= 0):
            continue
        if end is not None and period.start_s >= end:
            break
        spans.append(Span(start_s=max(begins, 0), limit_w=_watts(period, schedule.unit, phases)))
    if end is not None and 0 <= end - offset < horizon_s:
        spans.append(Span(start_s=end - offset, limit_w=None))
    return _ordered(spans)


def _ordered(spans: Iterable[Span]) -> list[Span]:
    """By time; of two that begin at once the later given one counts."""
    by_start = {span.start_s: span for span in spans}
    return [by_start[start] for start in sorted(by_start)]


def _installed(bounds: Bounds, now: datetime, horizon: int, phases: int | None) -> list[list[Span]]:
    """What installed profiles allow: by purpose the highest stack level that is valid, of purposes the lowest.

    The transaction's own profiles are what is being made anew, and do not count.
    """
    by_purpose: dict[ProfilePurpose, list[ChargingProfile]] = {}
    for profile in bounds.profiles:
        if profile.purpose in (
            ProfilePurpose.STATION_MAX,
            ProfilePurpose.TX_DEFAULT,
            ProfilePurpose.EXTERNAL,
        ):
            by_purpose.setdefault(profile.purpose, []).append(profile)
    return [
        _stacked(profiles, bounds.session_started_at or now, now, horizon, phases)
        for profiles in by_purpose.values()
    ]


def _stacked(
    profiles: Sequence[ChargingProfile],
    relative_to: datetime,
    now: datetime,
    horizon: int,
    phases: int | None,
) -> list[Span]:
    """K01.FR.17: at each moment the highest level that says something there."""
    layers = [
        _valid(
            spans_of(
                profile.schedules[0],
                relative_to,
                now,
                horizon,
                phases,
                every_s=None if profile.recurrency is None else RECURRENCES_S[profile.recurrency],
            ),
            profile,
            now,
        )
        for profile in sorted(profiles, key=lambda profile: -profile.stack_level)
    ]
    starts = sorted({span.start_s for layer in layers for span in layer})
    return [
        Span(
            start_s=start,
            limit_w=next((w for layer in layers if (w := _limit_at(layer, start)) is not None), None),
        )
        for start in starts
    ]


def _valid(spans: list[Span], profile: ChargingProfile, now: datetime) -> list[Span]:
    """Only as long as the profile is valid (K01.FR.36, .37)."""
    if profile.valid_until is not None:
        until = int((profile.valid_until - now).total_seconds())
        spans = [span for span in spans if span.start_s < until] + [Span(start_s=max(until, 0), limit_w=None)]
    if profile.valid_from is not None and profile.valid_from > now:
        since = int((profile.valid_from - now).total_seconds())
        then = _limit_at(spans, since)
        spans = [
            Span(start_s=0, limit_w=None),
            Span(start_s=since, limit_w=then),
            *(span for span in spans if span.start_s > since),
        ]
    return _ordered(spans)


def _limit_at(spans: Sequence[Span], start_s: int) -> float | None:
    place = bisect_right(spans, start_s, key=lambda span: span.start_s)
    return spans[place - 1].limit_w if place else None


def _lowest(layers: Sequence[Sequence[Span]], horizon: int) -> list[Span]:
    starts = sorted({0, *(span.start_s for layer in layers for span in layer if 0 < span.start_s < horizon)})
    lowest = []
    for start in starts:
        told = [limit for layer in layers if (limit := _limit_at(layer, start)) is not None]
        lowest.append(Span(start_s=start, limit_w=min(told) if told else None))
    return lowest


def _vehicle(needs: EnergyNeeds) -> list[Span]:
    power = needs.max_power_w
    if needs.max_current_a is not None:
        if needs.alternating:
            by_current = needs.max_current_a * VOLTAGE_V * needs.phases
        elif needs.max_voltage_v is not None:
            by_current = needs.max_current_a * needs.max_voltage_v
        else:
            by_current = None
        if by_current is not None:
            power = by_current if power is None else min(power, by_current)
    return [Span(start_s=0, limit_w=power)]


def _floor(span: Span, needs: EnergyNeeds) -> float:
    """W; 0 where it is less than the vehicle can take. Without any limit the most that it could be."""
    limit = span.limit_w
    if limit is None:
        # Nobody limits anything: a schedule must still say something, and this no vehicle exceeds.
        return 44_000.0 if needs.alternating else 1_000_000.0
    least = needs.min_power_w or 0.0
    if needs.min_current_a is not None and needs.alternating:
        least = max(least, needs.min_current_a * VOLTAGE_V * needs.phases)
    return 0.0 if limit < least - 1e-6 else max(limit, 0.0)


def _unit(needs: EnergyNeeds, units: frozenset[str] | None) -> Unit:
    wanted: Unit = "A" if needs.alternating else "W"
    if units is None or wanted in units:
        return wanted
    return "W" if wanted == "A" else "A"


def _in_unit(power_w: float, needs: EnergyNeeds, unit: str) -> float:
    """Rounded down to a tenth: never above the limit."""
    value = power_w
    if unit == "A":
        value = (
            power_w / (VOLTAGE_V * needs.phases)
            if needs.alternating
            else power_w / (needs.max_voltage_v or 400.0)
        )
    return int(value * 10 + 1e-6) / 10


def _watts(period: SchedulePeriod, unit: str, phases: int | None) -> float | None:
    """Of a period's limit (or setpoint), W in all; None where it says nothing."""
    limit = period.limit if period.limit is not None else period.setpoint
    if limit is None:
        return None
    if unit == "W":
        return limit
    # K01.FR.49: three phases where nothing else is said; a vehicle on one uses one.
    count = min(period.phases or 3, phases) if phases is not None else period.phases or 3
    return limit * VOLTAGE_V * count


class _Steps:
    """What a schedule says at each moment, found quickly: stations may send a thousand periods."""

    def __init__(self, schedule: ChargingSchedule, start: datetime, phases: int) -> None:
        self.starts = [start + _span(period.start_s) for period in schedule.periods]
        self.watts = [_watts(period, schedule.unit, phases) for period in schedule.periods]
        self.end = None if schedule.duration_s is None else start + _span(schedule.duration_s)

    def at(self, moment: datetime) -> float | None:
        if self.end is not None and moment >= self.end:
            return None
        place = bisect_right(self.starts, moment)
        return self.watts[place - 1] if place else None

    def most_about(self, moment: datetime) -> float | None:
        """The most that is said within the grace before and after."""
        first, last = bisect_right(self.starts, moment - GRACE), bisect_left(self.starts, moment + GRACE)
        near = (moment - GRACE, moment, moment + GRACE, *self.starts[first:last])
        told = [watts for each in near if (watts := self.at(each)) is not None]
        return max(told) if told else None


def _span(seconds: int) -> timedelta:
    """No schedule lasts longer than this, whatever a station says."""
    return timedelta(seconds=min(max(seconds, 0), SPAN_MAX_S))


def _horizon(needs: EnergyNeeds, now: datetime) -> int:
    if needs.departure_at is None or needs.departure_at <= now:
        return HORIZON_S
    return max(SHORTEST_S, min(int((needs.departure_at - now).total_seconds()), 7 * HORIZON_S))


def _joined(limits: Sequence[tuple[int, float]], most: int) -> list[tuple[int, float]]:
    """At most so many periods: equal neighbours become one, then those whose joining loses the least."""
    periods = _unequal(limits)
    while len(periods) > max(JOINED_ONE_BY_ONE, most):
        pairs = [periods[at : at + 2] for at in range(0, len(periods), 2)]
        periods = _unequal([(pair[0][0], min(limit for _, limit in pair)) for pair in pairs])
    while len(periods) > most:
        losses = [abs(later[1] - earlier[1]) for earlier, later in pairwise(periods)]
        at = losses.index(min(losses))
        (start, one), (_, other) = periods[at], periods[at + 1]
        periods[at : at + 2] = [(start, min(one, other))]
        if at and periods[at - 1][1] == periods[at][1]:
            del periods[at]
    return periods


def _unequal(limits: Sequence[tuple[int, float]]) -> list[tuple[int, float]]:
    periods = [limits[0]]
    for start, limit in limits[1:]:
        if limit != periods[-1][1]:
            periods.append((start, limit))
    return periods
