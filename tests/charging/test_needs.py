"""Schedules worked out for vehicles, and vehicles' own plans judged: by example and by property."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from currant.charging import needs as rules
from currant.charging.needs import Bounds, EnergyNeeds
from currant.stations.commanding.profiles import (
    ChargingProfile,
    ChargingSchedule,
    ProfileKind,
    ProfilePurpose,
    SchedulePeriod,
)

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
AC = EnergyNeeds(
    transfer="ac_three_phase", energy_wh=20_000, min_current_a=6.0, max_current_a=32.0, max_voltage_v=400.0
)
DC = EnergyNeeds(transfer="dc", max_current_a=200.0, max_voltage_v=400.0, max_power_w=50_000.0)


def steps(schedule: ChargingSchedule) -> list[tuple[int, float | None]]:
    return [(period.start_s, period.limit) for period in schedule.periods]


def schedule(*limits: tuple[int, float], unit: str = "W", **more: Any) -> ChargingSchedule:
    return ChargingSchedule(
        **(
            {
                "unit": unit,
                "starts_at": NOON,
                "periods": tuple(SchedulePeriod(start_s=start, limit=limit) for start, limit in limits),
            }
            | more
        )
    )


def installed(purpose: ProfilePurpose, *limits: tuple[int, float], **more: Any) -> ChargingProfile:
    fields = {name: more.pop(name) for name in ("starts_at", "duration_s", "unit") if name in more}
    return ChargingProfile(
        **({"id": 1, "purpose": purpose, "schedules": (schedule(*limits, **fields),)} | more)
    )


def offer(needs: EnergyNeeds, **bounds: Any) -> ChargingSchedule:
    return rules.offer(needs, Bounds(**bounds), now=NOON)


def test_ac_is_offered_amperes_a_phase_up_to_what_the_vehicle_takes() -> None:
    offered = offer(AC)
    assert (offered.unit, steps(offered), offered.periods[0].phases) == ("A", [(0, 32.0)], 3)
    assert (offered.starts_at, offered.duration_s) == (NOON, 86_400)


def test_dc_is_offered_watts_up_to_the_lower_of_power_and_current() -> None:
    assert steps(offer(DC)) == [(0, 50_000.0)]
    weak = EnergyNeeds(transfer="dc", max_current_a=100.0, max_voltage_v=400.0, max_power_w=50_000.0)
    assert steps(offer(weak)) == [(0, 40_000.0)]


def test_the_evses_hardware_is_a_limit() -> None:
    assert steps(offer(AC, max_power_w=11_040.0)) == [(0, 16.0)]
    assert steps(offer(DC, max_power_w=22_000.0)) == [(0, 22_000.0)]


def test_a_station_that_takes_watts_alone_is_sent_watts() -> None:
    assert steps(offer(AC, max_power_w=11_000.0, units=frozenset({"W"}))) == [(0, 11_000.0)]


def test_the_offer_ends_when_the_vehicle_leaves() -> None:
    leaving = EnergyNeeds(transfer="dc", departure_at=NOON + timedelta(hours=2))
    assert offer(leaving).duration_s == 7_200
    late = EnergyNeeds(transfer="dc", departure_at=NOON - timedelta(hours=2))
    assert offer(late).duration_s == 86_400


def test_an_outside_limit_holds_for_its_time() -> None:
    outside = schedule((0, 6_900.0), (1_800, 13_800.0), duration_s=3_600)
    assert steps(offer(AC, outside=(outside,))) == [(0, 10.0), (1_800, 20.0), (3_600, 32.0)]


def test_what_began_earlier_is_met_in_the_middle() -> None:
    outside = schedule(
        (0, 6_900.0), (3_600, 13_800.0), duration_s=7_200, starts_at=NOON - timedelta(minutes=30)
    )
    assert steps(offer(AC, outside=(outside,))) == [(0, 10.0), (1_800, 20.0), (5_400, 32.0)]


def test_the_lowest_of_the_purposes_counts_and_the_highest_of_the_levels() -> None:
    station = installed(ProfilePurpose.STATION_MAX, (0, 13_800.0))
    default = installed(ProfilePurpose.TX_DEFAULT, (0, 16_560.0), (3_600, 6_900.0))
    above = installed(ProfilePurpose.TX_DEFAULT, (0, 20_700.0), duration_s=1_800, stack_level=3)
    offered = offer(AC, profiles=(station, default, above))
    assert steps(offered) == [(0, 20.0), (3_600, 10.0)]
    alone = offer(AC, profiles=(default, above))
    assert steps(alone) == [(0, 30.0), (1_800, 24.0), (3_600, 10.0)]


def test_a_daily_profile_comes_again() -> None:
    nights = installed(
        ProfilePurpose.TX_DEFAULT,
        (0, 6_900.0),
        duration_s=6 * 3_600,
        starts_at=NOON - timedelta(days=3, hours=16),
        kind=ProfileKind.RECURRING,
        recurrency="daily",
    )
    # From 20:00 to 02:00 each day; from noon on that is in 8 hours, for 6.
    assert steps(offer(AC, profiles=(nights,))) == [(0, 32.0), (28_800, 10.0), (50_400, 32.0)]


def test_a_profile_limits_only_while_it_is_valid() -> None:
    until = installed(ProfilePurpose.TX_DEFAULT, (0, 6_900.0), valid_until=NOON + timedelta(hours=1))
    assert steps(offer(AC, profiles=(until,))) == [(0, 10.0), (3_600, 32.0)]
    later = installed(ProfilePurpose.TX_DEFAULT, (0, 6_900.0), valid_from=NOON + timedelta(hours=1))
    assert steps(offer(AC, profiles=(later,))) == [(0, 32.0), (3_600, 10.0)]


def test_too_little_for_the_vehicle_is_nothing() -> None:
    # 0 < limit < 6 A cannot be signalled (IEC 61851-1).
    assert steps(offer(AC, max_power_w=3_000.0)) == [(0, 0.0)]


def test_a_vehicle_that_takes_few_periods_gets_few_and_never_more_power() -> None:
    outside = schedule((0, 6_900.0), (600, 7_590.0), (1_200, 20_700.0), (1_800, 13_800.0))
    few = EnergyNeeds(transfer="ac_three_phase", max_current_a=32.0, max_periods=2)
    assert steps(offer(few, outside=(outside,))) == [(0, 10.0), (1_200, 20.0)]
    assert len(offer(AC, outside=(outside,), periods_max=1).periods) == 1


def test_a_plan_within_the_offer_is_accepted_and_one_above_is_not() -> None:
    offered = schedule((0, 16.0), (3_600, 10.0), unit="A", duration_s=7_200)
    same = rules.exceeds(offered, offered, time_base=NOON)
    assert same is None
    lower = schedule((0, 10.0), unit="A", starts_at=None)
    assert rules.exceeds(lower, offered, time_base=NOON) is None
    too_long = schedule((0, 16.0), unit="A", starts_at=None)
    told = rules.exceeds(too_long, offered, time_base=NOON)
    assert told is not None
    assert "13:01:00" in told  # a minute is left to it


def test_a_plan_told_some_seconds_later_is_no_excess() -> None:
    offered = schedule((0, 16.0), (3_600, 10.0), unit="A", duration_s=7_200)
    assert rules.exceeds(offered, offered, time_base=NOON + timedelta(seconds=20)) is None
    assert rules.exceeds(offered, offered, time_base=NOON + timedelta(minutes=10)) is not None


def test_units_are_compared_by_their_power() -> None:
    offered = schedule((0, 16.0), unit="A")
    assert rules.exceeds(schedule((0, 11_040.0)), offered, time_base=NOON) is None
    assert rules.exceeds(schedule((0, 15_000.0)), offered, time_base=NOON) is not None
    one_phase = schedule((0, 7_360.0))
    assert rules.exceeds(one_phase, offered, time_base=NOON, phases=1) is not None


def test_nothing_offered_allows_nothing() -> None:
    assert rules.exceeds(schedule((0, 100.0)), schedule((0, 0.0)), time_base=NOON) is not None


def test_a_plan_follows_the_schedule_that_the_vehicle_chose() -> None:
    profile = ChargingProfile(
        id=1, purpose=ProfilePurpose.TX, schedules=(schedule((0, 1.0), id=1), schedule((0, 2.0), id=2))
    )
    assert rules.best_of(schedule((0, 1.0), id=9), profile, 2).id == 2
    assert rules.best_of(schedule((0, 1.0), id=2), profile, None).id == 2
    assert rules.best_of(schedule((0, 1.0), id=9), profile, None).id == 1


def test_a_thousand_periods_and_absurd_times_are_judged_at_once() -> None:
    """A station's message must not hold everybody else's up."""
    busy = schedule(*[(second, float(second % 7 * 1_000)) for second in range(1_024)], unit="W")
    absurd = schedule((0, 1.0), (2**62, 2.0), duration_s=2**62, starts_at=NOON - timedelta(days=9_000))
    began = time.process_time()
    assert rules.exceeds(busy, busy, time_base=NOON) is None
    assert rules.exceeds(absurd, busy, time_base=NOON) is None
    offered = offer(EnergyNeeds(transfer="dc", max_periods=3), outside=(busy, absurd, busy))
    assert len(offered.periods) <= 3
    assert time.process_time() - began < 2.0


starts = st.lists(st.integers(1, 200), max_size=6, unique=True).map(lambda ends: [0, *sorted(ends)])
limits = st.integers(0, 400).map(lambda tenths: tenths * 100.0)
random_schedules = starts.flatmap(
    lambda at: st.tuples(
        st.tuples(*[limits for _ in at]), st.integers(-100, 100), st.one_of(st.none(), st.integers(1, 300))
    ).map(
        lambda drawn: ChargingSchedule(
            unit="W",
            starts_at=NOON + timedelta(minutes=drawn[1]),
            duration_s=None if drawn[2] is None else (at[-1] + drawn[2]) * 60,
            periods=tuple(
                SchedulePeriod(start_s=start * 60, limit=limit)
                for start, limit in zip(at, drawn[0], strict=True)
            ),
        )
    )
)


def allowed_by(limit: ChargingSchedule, at: datetime) -> float | None:
    """What a schedule says at a moment, read off it in the plainest way."""
    assert limit.starts_at is not None
    since = (at - limit.starts_at).total_seconds()
    if since < 0 or (limit.duration_s is not None and since >= limit.duration_s):
        return None
    return [period.limit for period in limit.periods if period.start_s <= since][-1]


@given(
    st.lists(random_schedules, max_size=4),
    st.one_of(st.none(), st.integers(1, 3)),
    st.sampled_from([AC, DC, EnergyNeeds(transfer="ac_single_phase", max_current_a=16.0)]),
    st.one_of(st.none(), limits),
)
def test_an_offer_is_never_above_any_limit(
    outside: list[ChargingSchedule], most: int | None, needs: EnergyNeeds, hardware: float | None
) -> None:
    offered = rules.offer(
        needs, Bounds(outside=tuple(outside), periods_max=most, max_power_w=hardware), now=NOON
    )
    assert most is None or len(offered.periods) <= most
    assert offered.periods[0].start_s == 0
    assert all(period.limit is not None and period.limit >= 0 for period in offered.periods)
    for minute in range(0, 600, 7):
        at = NOON + timedelta(minutes=minute)
        limit = allowed_by(offered, at)
        assert limit is not None
        watts = limit * rules.VOLTAGE_V * needs.phases if offered.unit == "A" else limit
        for other in outside:
            told = allowed_by(other, at)
            assert told is None or watts <= told + 1e-6
        assert hardware is None or watts <= hardware + 1e-6


@given(st.lists(random_schedules, min_size=1, max_size=3))
def test_a_vehicle_that_does_as_it_is_offered_is_never_turned_down(outside: list[ChargingSchedule]) -> None:
    offered = rules.offer(AC, Bounds(outside=tuple(outside)), now=NOON)
    assert rules.exceeds(offered, offered, time_base=NOON) is None
