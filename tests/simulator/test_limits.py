"""Charging profiles: which one counts, and what it allows."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from currant.simulator.limits import DAY_S, Period, Profile, Purpose, limit_w

NOW = 1_769_860_800.0


def profile(limit: float, purpose: Purpose = Purpose.DEFAULT, **fields: Any) -> Profile:
    values: dict[str, Any] = {
        "id": 1,
        "evse": 1,
        "stack_level": 0,
        "in_watts": True,
        "periods": (Period(starts_after_s=0, limit=limit),),
        "starts_at": NOW - 60,
    }
    return Profile(purpose=purpose, **(values | fields))


def limit(*profiles: Profile, now: float = NOW, began: float = NOW - 100, sharing: int = 1) -> float | None:
    return limit_w(
        profiles,
        evse=1,
        phases=3,
        now=now,
        transaction="7",
        transaction_began=began,
        sharing=sharing,
    )


def test_without_a_profile_there_is_no_limit() -> None:
    assert limit() is None


def test_amperes_are_per_phase() -> None:
    assert limit(profile(16, in_watts=False)) == 16 * 230 * 3


def test_the_highest_stack_level_counts() -> None:
    assert limit(profile(7_000, stack_level=1), profile(3_000, stack_level=0)) == 7_000


def test_a_transactions_own_profile_goes_before_the_default() -> None:
    assert limit(profile(3_000), profile(9_000, Purpose.TRANSACTION, transaction="7")) == 9_000


def test_a_profile_for_another_transaction_says_nothing() -> None:
    assert limit(profile(9_000, Purpose.TRANSACTION, transaction="8")) is None


def test_the_station_maximum_is_shared_and_caps_everything() -> None:
    whole = profile(10_000, Purpose.STATION_MAX, evse=0)
    assert limit(whole, profile(9_000), sharing=2) == 5_000


def test_a_recurring_day_comes_round_again() -> None:
    periods = (Period(starts_after_s=0, limit=11_000), Period(starts_after_s=3_600, limit=4_000))
    daily = profile(0, periods=periods, repeats_s=DAY_S, starts_at=NOW - 3 * DAY_S)
    assert [limit(daily, now=NOW + after) for after in (60, 3_700, DAY_S + 60)] == [11_000, 4_000, 11_000]


def test_a_relative_profile_begins_with_the_transaction() -> None:
    periods = (Period(starts_after_s=0, limit=11_000), Period(starts_after_s=600, limit=4_000))
    relative = profile(0, periods=periods, relative=True, starts_at=None)
    assert limit(relative, began=NOW - 599) == 11_000
    assert limit(relative, began=NOW - 600) == 4_000


def test_outside_its_validity_or_duration_a_profile_says_nothing() -> None:
    assert limit(profile(1, valid_from=NOW + 1)) is None
    assert limit(profile(1, valid_to=NOW)) is None
    assert limit(profile(1, duration_s=60)) is None
    assert limit(profile(1, duration_s=61)) == 1


# What limits by itself; the others count for a session charged first, and for power of one's own.
LIMITING = (Purpose.STATION_MAX, Purpose.DEFAULT, Purpose.TRANSACTION, Purpose.EXTERNAL)


@given(st.lists(st.tuples(st.sampled_from(LIMITING), st.floats(0, 50_000), st.integers(0, 3)), max_size=6))
def test_the_limit_is_never_above_the_stations_maximum(cases: list[tuple[Purpose, float, int]]) -> None:
    profiles = [
        profile(watts, purpose, stack_level=level, id=number)
        for number, (purpose, watts, level) in enumerate(cases)
    ]
    found = limit(*profiles)
    caps = [each for each in profiles if each.purpose is Purpose.STATION_MAX]
    if caps:
        strongest = max(caps, key=lambda each: each.stack_level)
        assert found is not None
        assert found <= strongest.periods[0].limit
    assert (found is None) == (not profiles)


def test_priority_charging_sets_the_other_profiles_aside_but_not_the_stations_maximum() -> None:
    profiles = [
        profile(1_000, Purpose.TRANSACTION, id=1),
        profile(9_000, Purpose.PRIORITY, id=2),
        profile(7_000, Purpose.STATION_MAX, id=3),
    ]
    asked: dict[str, Any] = {"evse": 1, "phases": 3, "now": NOW, "transaction": "7", "transaction_began": NOW}
    assert limit_w(profiles, **asked) == 1_000
    assert limit_w(profiles, priority=True, **asked) == 7_000
