"""What a charging profile must be before it is sent: by example, one rule at a time, and by property."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from currant.kit.errors import Conflict, Invalid
from currant.kit.ids import StationId
from currant.stations.commanding import rules as all_rules
from currant.stations.commanding.profiles import (
    AllowEnergyTransfer,
    ChargingProfile,
    ChargingSchedule,
    ClearChargingProfiles,
    GetChargingProfiles,
    GetCompositeSchedule,
    ProfileKind,
    ProfilePurpose,
    SchedulePeriod,
    SetChargingProfile,
    UpdateDynamicSchedule,
)
from currant.stations.commanding.remote import StartCharging
from currant.stations.commanding.rules.operation_modes import MODES, Use
from currant.stations.commanding.rules.profile_versions import version_problem
from currant.stations.profiles import rules
from currant.stations.profiles.model import InstalledProfile
from currant.stations.profiles.rules import DeviceLimits

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
STATION = StationId("station-1")


def schedule(*limits: tuple[int, float], **more: Any) -> ChargingSchedule:
    periods = tuple(SchedulePeriod(start_s=start, limit=limit) for start, limit in limits or ((0, 16.0),))
    return ChargingSchedule(**({"unit": "A", "periods": periods, "starts_at": NOON} | more))


def profile(**more: Any) -> ChargingProfile:
    return ChargingProfile(
        **({"id": 7, "purpose": ProfilePurpose.TX_DEFAULT, "schedules": (schedule(),)} | more)
    )


def refused(given: ChargingProfile, evse: int = 1, **how: Any) -> str:
    """The field that is found wrong."""
    with pytest.raises(Invalid) as found:
        all_rules.profiles.check_profile(given, evse, **how)
    assert found.value.message.endswith(".")
    return str(found.value.facts["field"])


def taken(given: ChargingProfile, evse: int = 1) -> None:
    all_rules.check(SetChargingProfile(evse=evse, profile=given))


def test_a_plain_profile_of_each_purpose_is_taken() -> None:
    taken(profile(), 0)
    taken(profile(), 3)
    taken(profile(purpose=ProfilePurpose.STATION_MAX), 0)
    taken(profile(purpose=ProfilePurpose.TX, transaction_id="T1"), 1)
    taken(profile(purpose=ProfilePurpose.PRIORITY), 1)
    taken(profile(purpose=ProfilePurpose.LOCAL_GENERATION), 0)


def test_purposes_have_their_places() -> None:
    assert refused(profile(purpose=ProfilePurpose.STATION_MAX), 1) == "evse"
    assert refused(profile(purpose=ProfilePurpose.LOCAL_GENERATION), 2) == "evse"
    assert refused(profile(purpose=ProfilePurpose.TX, transaction_id="T1"), 0) == "evse"
    assert refused(profile(purpose=ProfilePurpose.EXTERNAL), 0) == "profile.purpose"
    assert refused(profile(), -1) == "evse"


def test_a_transaction_is_named_for_its_own_profile_and_no_other() -> None:
    assert refused(profile(purpose=ProfilePurpose.TX)) == "profile.transaction_id"
    assert refused(profile(transaction_id="T1")) == "profile.transaction_id"
    assert refused(profile(purpose=ProfilePurpose.TX, transaction_id="x" * 37)) == "profile.transaction_id"


def test_a_remote_start_takes_a_profile_without_a_transaction() -> None:
    own = profile(purpose=ProfilePurpose.TX, kind=ProfileKind.RELATIVE, schedules=(schedule(starts_at=None),))
    all_rules.check(StartCharging(token_uid="04A1", evse=1, profile=own))
    assert refused(replace(own, transaction_id="T1"), starting=True) == "profile.transaction_id"
    assert refused(profile(), starting=True) == "profile.purpose"


def test_kinds_say_when_they_begin() -> None:
    relative = schedule(starts_at=None)
    taken(profile(kind=ProfileKind.RELATIVE, schedules=(relative,)))
    assert refused(profile(kind=ProfileKind.RELATIVE)) == "profile.schedules[0].starts_at"
    assert refused(profile(schedules=(relative,))) == "profile.schedules[0].starts_at"
    naive = schedule(starts_at=datetime(2026, 1, 31, 12))  # noqa: DTZ001
    assert refused(profile(schedules=(naive,))) == "profile.schedules[0].starts_at"
    maximum = profile(purpose=ProfilePurpose.STATION_MAX, kind=ProfileKind.RELATIVE, schedules=(relative,))
    assert refused(maximum, 0) == "profile.kind"


def test_a_recurring_profile_fits_into_its_recurrence() -> None:
    daily = profile(kind=ProfileKind.RECURRING, recurrency="daily")
    taken(daily)
    assert refused(profile(kind=ProfileKind.RECURRING)) == "profile.recurrency"
    assert refused(profile(recurrency="daily")) == "profile.recurrency"
    too_long = replace(daily, schedules=(schedule(duration_s=86_401),))
    assert refused(too_long) == "profile.schedules[0].duration_s"
    taken(replace(too_long, recurrency="weekly"))
    late = replace(daily, schedules=(schedule((0, 16.0), (86_400, 8.0)),))
    assert refused(late) == "profile.schedules[0].periods"


def test_periods_begin_at_nought_and_ascend_within_the_duration() -> None:
    assert refused(profile(schedules=(schedule((60, 16.0)),))) == "profile.schedules[0].periods[0].start_s"
    twice = schedule((0, 16.0), (60, 8.0), (60, 6.0))
    assert refused(profile(schedules=(twice,))) == "profile.schedules[0].periods[2].start_s"
    after_the_end = schedule((0, 16.0), (600, 8.0), duration_s=600)
    assert refused(profile(schedules=(after_the_end,))) == "profile.schedules[0].periods[1].start_s"
    nothing = ChargingSchedule(unit="A", periods=(), starts_at=NOON)
    assert refused(profile(schedules=(nothing,))) == "profile.schedules[0].periods"


def test_limits_have_one_decimal_and_are_not_negative() -> None:
    taken(profile(schedules=(schedule((0, 8.1)),)))
    assert refused(profile(schedules=(schedule((0, 8.15)),))) == "profile.schedules[0].periods[0].limit"
    assert refused(profile(schedules=(schedule((0, -1.0)),))) == "profile.schedules[0].periods[0].limit"
    nan = schedule((0, float("nan")))
    assert refused(profile(schedules=(nan,))) == "profile.schedules[0].periods[0].limit"
    assert refused(profile(schedules=(schedule(min_rate=6.05),))) == "profile.schedules[0].min_rate"


def test_a_phase_is_named_for_one_phase_alone() -> None:
    def with_phases(**more: Any) -> ChargingProfile:
        return profile(schedules=(schedule(periods=(SchedulePeriod(start_s=0, limit=16.0, **more),)),))

    taken(with_phases(phases=1, phase_to_use=2))
    assert refused(with_phases(phases=3, phase_to_use=2)) == "profile.schedules[0].periods[0].phase_to_use"
    assert refused(with_phases(phase_to_use=2)) == "profile.schedules[0].periods[0].phase_to_use"
    assert refused(with_phases(phases=4)) == "profile.schedules[0].periods[0].phases"


def test_validity_has_a_beginning_before_its_end() -> None:
    taken(profile(valid_from=NOON, valid_until=NOON + timedelta(hours=1)))
    assert refused(profile(valid_from=NOON, valid_until=NOON)) == "profile.valid_until"
    assert refused(profile(valid_from=datetime(2026, 1, 1))) == "profile.valid_from"  # noqa: DTZ001


def test_up_to_three_schedules_each_with_its_id() -> None:
    three = tuple(schedule(id=number) for number in (1, 2, 3))
    taken(profile(purpose=ProfilePurpose.TX, transaction_id="T1", schedules=three))
    assert refused(profile(schedules=(*three, schedule(id=4)))) == "profile.schedules"
    assert refused(profile(schedules=(schedule(), schedule()))) == "profile.schedules"
    assert refused(profile(schedules=())) == "profile.schedules"


def test_a_dynamic_profile_has_one_period() -> None:
    dynamic = profile(
        purpose=ProfilePurpose.TX, transaction_id="T1", kind=ProfileKind.DYNAMIC, dynamic_interval_s=60
    )
    taken(dynamic)
    assert refused(replace(dynamic, schedules=(schedule((0, 16.0), (60, 8.0)),))) == "profile.schedules"
    assert refused(profile(dynamic_interval_s=60)) == "profile.dynamic_interval_s"


def test_priority_charging_has_no_end_and_only_charges() -> None:
    priority = profile(purpose=ProfilePurpose.PRIORITY)
    ends = replace(priority, schedules=(schedule(duration_s=600),))
    assert refused(ends) == "profile.schedules[0].duration_s"
    idle = schedule(periods=(SchedulePeriod(start_s=0, operation_mode="idle"),))
    assert refused(replace(priority, schedules=(idle,))) == "profile.schedules[0].periods[0].operation_mode"


def test_a_randomised_delay_is_for_transactions() -> None:
    delayed = (schedule(randomized_delay_s=60),)
    taken(profile(schedules=delayed))
    station = profile(purpose=ProfilePurpose.STATION_MAX, schedules=delayed)
    assert refused(station, 0) == "profile.schedules[0].randomized_delay_s"


FIELDS: dict[str, Any] = {
    "limit": 11_000.0,
    "discharge_limit": -11_000.0,
    "setpoint": 1_000.0,
    "setpoint_reactive": 100.0,
    "frequency_watt": ((49.9, 5_000.0), (50.1, -5_000.0)),
    "signal_watt": ((-1, -5_000.0), (1, 5_000.0)),
    "baseline_w": 0.0,
}


@pytest.mark.parametrize("mode", sorted(MODES))
def test_each_mode_takes_its_own_fields_and_no_other(mode: str) -> None:
    uses = {name: getattr(MODES[mode], name) for name in FIELDS}
    needed = {name: FIELDS[name] for name, use in uses.items() if use is Use.REQUIRED}

    def with_fields(fields: dict[str, Any]) -> ChargingProfile:
        period = SchedulePeriod(start_s=0, operation_mode=mode, **fields)
        return profile(schedules=(ChargingSchedule(unit="W", periods=(period,), starts_at=NOON),))

    taken(with_fields(needed))
    for name, use in uses.items():
        field = f"profile.schedules[0].periods[0].{name}"
        if use is Use.REQUIRED:
            assert refused(with_fields({key: needed[key] for key in needed if key != name})) == field
        elif use is Use.ABSENT:
            assert refused(with_fields(needed | {name: FIELDS[name]})) == field
        else:
            taken(with_fields(needed | {name: FIELDS[name]}))


def test_a_setpoint_lies_within_its_limits() -> None:
    def of(**more: Any) -> ChargingProfile:
        period = SchedulePeriod(start_s=0, operation_mode="central_setpoint", **more)
        return profile(schedules=(ChargingSchedule(unit="W", periods=(period,), starts_at=NOON),))

    taken(of(setpoint=-400.0, limit=1_000.0, discharge_limit=-500.0))
    field = "profile.schedules[0].periods[0].setpoint"
    assert refused(of(setpoint=-750.0, limit=1_000.0, discharge_limit=-500.0)) == field
    assert refused(of(setpoint=2_000.0, limit=1_000.0)) == field
    assert refused(of(setpoint=1.0, discharge_limit=5.0)).endswith("discharge_limit")


def test_a_curve_is_in_watts_and_in_order() -> None:
    def of(unit: str, points: Any) -> ChargingProfile:
        period = SchedulePeriod(
            start_s=0, operation_mode="local_frequency", frequency_watt=points, baseline_w=0.0
        )
        return profile(schedules=(schedule(unit=unit, periods=(period,)),))

    field = "profile.schedules[0].periods[0].frequency_watt"
    assert refused(of("A", FIELDS["frequency_watt"])) == field
    assert refused(of("W", FIELDS["frequency_watt"][::-1])) == field
    assert refused(of("W", FIELDS["frequency_watt"][:1])) == field


def test_older_versions_are_not_told_what_they_cannot_know() -> None:
    plain = profile()
    assert {version_problem(plain, version) for version in ("1.6", "2.0.1", "2.1")} == {None}
    three = tuple(schedule(id=number) for number in (1, 2, 3))
    phase = schedule(periods=(SchedulePeriod(start_s=0, limit=6.0, phases=1, phase_to_use=1),))
    for newer, old in (
        (profile(purpose=ProfilePurpose.PRIORITY), ("1.6", "2.0.1")),
        (profile(kind=ProfileKind.DYNAMIC), ("1.6", "2.0.1")),
        (profile(max_offline_s=60), ("1.6", "2.0.1")),
        (profile(schedules=(schedule(local_time=True),)), ("1.6", "2.0.1")),
        (
            profile(schedules=(schedule(periods=(SchedulePeriod(start_s=0, limit=1.0, limit_l2=1.0),)),)),
            ("1.6", "2.0.1"),
        ),
        (
            profile(schedules=(schedule(periods=(SchedulePeriod(start_s=0, operation_mode="idle"),)),)),
            ("1.6", "2.0.1"),
        ),
        (profile(schedules=three), ("1.6",)),
        (profile(schedules=(phase,)), ("1.6",)),
        (profile(purpose=ProfilePurpose.TX, transaction_id="T1"), ("1.6",)),
    ):
        for version in ("1.6", "2.0.1", "2.1"):
            assert (version_problem(newer, version) is not None) == (version in old), (newer, version)


def test_questions_and_clears_say_which() -> None:
    for wrong in (
        ClearChargingProfiles(),
        ClearChargingProfiles(purpose=ProfilePurpose.EXTERNAL),
        ClearChargingProfiles(purpose=ProfilePurpose.LOCAL_GENERATION),
        GetChargingProfiles(),
        GetChargingProfiles(evse=1),
        GetCompositeSchedule(evse=0, duration_s=0),
        UpdateDynamicSchedule(profile_id=1),
        UpdateDynamicSchedule(profile_id=1, discharge_limit=5.0),
        AllowEnergyTransfer(transaction_id="T1", modes=("steam",)),
    ):
        with pytest.raises(Invalid):
            all_rules.check(wrong)
    all_rules.check(ClearChargingProfiles(profile_id=1))
    all_rules.check(ClearChargingProfiles(evse=0))
    all_rules.check(GetChargingProfiles(sources=("ems",)))


# What a station can take


def test_a_stations_own_limits_are_read_from_either_version() -> None:
    of_16 = rules.limits_of(
        {
            "ChargeProfileMaxStackLevel": "3",
            "ChargingScheduleMaxPeriods": "24",
            "MaxChargingProfilesInstalled": "5",
            "ChargingScheduleAllowedChargingRateUnit": "Current,Power",
        }
    )
    assert (of_16.stack_level_max, of_16.periods_max, of_16.profiles_max) == (3, 24, 5)
    assert of_16.units == {"A", "W"}
    of_2 = rules.limits_of(
        {
            "SmartChargingCtrlr.ProfileStackLevel": "3",
            "SmartChargingCtrlr.PeriodsPerSchedule": "many",
            "SmartChargingCtrlr.RateUnit": "A",
            "SmartChargingCtrlr.ACPhaseSwitchingSupported": "true",
            "SmartChargingCtrlr.MaxExternalConstraintsId": "99",
        }
    )
    assert (of_2.stack_level_max, of_2.periods_max, of_2.units) == (3, None, {"A"})
    assert (of_2.phase_switching, of_2.external_id_max) == (True, 99)


def test_what_a_station_says_it_cannot_take_is_not_sent() -> None:
    periods = schedule(*[(number * 60, 6.0) for number in range(5)])
    phase = schedule(periods=(SchedulePeriod(start_s=0, limit=6.0, phases=1, phase_to_use=1),))
    for wrong, limits, field in (
        (profile(stack_level=4), DeviceLimits(stack_level_max=3), "profile.stack_level"),
        (profile(), DeviceLimits(units=frozenset({"W"})), "profile.schedules[0].unit"),
        (profile(schedules=(periods,)), DeviceLimits(periods_max=4), "profile.schedules[0].periods"),
        (profile(schedules=(phase,)), DeviceLimits(), "profile.schedules[0].periods[0].phase_to_use"),
        (profile(id=7), DeviceLimits(external_id_max=7), "profile.id"),
        (profile(kind=ProfileKind.DYNAMIC), DeviceLimits(dynamic=False), "profile.kind"),
        (
            profile(purpose=ProfilePurpose.PRIORITY),
            DeviceLimits(purposes=frozenset({"LocalGeneration"})),
            "profile.purpose",
        ),
        (profile(), DeviceLimits(available=False), "profile"),
    ):
        with pytest.raises(Invalid) as found:
            rules.check_device(wrong, limits)
        assert found.value.facts["field"] == field
    rules.check_device(profile(schedules=(phase,)), DeviceLimits(phase_switching=True))


# Beside what it has


def installed(evse: int = 1, **more: Any) -> InstalledProfile:
    return InstalledProfile(station_id=STATION, evse=evse, profile=profile(**more), installed_at=NOON)


def beside(given: ChargingProfile, evse: int, version: str, *others: InstalledProfile) -> bool:
    try:
        rules.check_beside(given, evse, version, others, DeviceLimits())
    except Conflict:
        return False
    return True


def test_no_two_profiles_of_one_level_are_valid_at_once() -> None:
    morning = {"valid_from": NOON - timedelta(hours=6), "valid_until": NOON}
    evening = {"valid_from": NOON, "valid_until": NOON + timedelta(hours=6)}
    assert not beside(profile(id=8), 1, "2.0.1", installed())
    assert beside(profile(id=8, stack_level=1), 1, "2.0.1", installed())
    assert beside(profile(id=8), 2, "2.0.1", installed())
    assert beside(profile(id=8, **evening), 1, "2.0.1", installed(**morning))
    assert not beside(profile(id=8, **evening), 1, "2.0.1", installed())
    assert beside(profile(id=7, stack_level=2), 1, "2.0.1", installed())  # it takes its own place


def test_defaults_of_the_station_and_of_an_evse_do_not_share_a_level() -> None:
    assert not beside(profile(id=8), 0, "2.0.1", installed(2))
    assert not beside(profile(id=8), 2, "2.1", installed(0))
    # In 1.6 the one of the connector takes the place of the other, there (3.13.1).
    assert beside(profile(id=8), 2, "1.6", installed(0))


def test_two_transactions_may_have_profiles_of_one_level() -> None:
    first = installed(purpose=ProfilePurpose.TX, transaction_id="T1")
    second = profile(id=8, purpose=ProfilePurpose.TX, transaction_id="T2")
    assert beside(second, 1, "2.0.1", first)
    assert not beside(replace(second, transaction_id="T1"), 1, "2.0.1", first)


def test_ocpp_16_replaces_where_2_refuses() -> None:
    there = installed()
    assert beside(profile(id=8), 1, "1.6", there)
    assert rules.replaced_by(profile(id=8), 1, "1.6", [there]) == [there]
    assert rules.replaced_by(profile(id=8), 1, "2.0.1", [there]) == []
    assert rules.replaced_by(profile(id=7), 2, "2.0.1", [there]) == [there]


def test_a_station_that_is_full_takes_only_replacements() -> None:
    there = [installed(id=1, stack_level=1), installed(id=2, stack_level=2)]
    limits = DeviceLimits(profiles_max=2)
    with pytest.raises(Conflict):
        rules.check_beside(profile(id=3, stack_level=3), 1, "2.0.1", there, limits)
    rules.check_beside(profile(id=2, stack_level=3), 1, "2.0.1", there, limits)


def test_the_stations_own_limit_is_not_replaced() -> None:
    external = installed(0, purpose=ProfilePurpose.EXTERNAL)
    assert not beside(profile(id=7), 0, "2.0.1", external)


def test_several_schedules_are_for_vehicles_that_told_their_needs() -> None:
    offers = profile(
        purpose=ProfilePurpose.TX, transaction_id="T1", schedules=(schedule(id=1), schedule(id=2))
    )
    with pytest.raises(Invalid):
        rules.check_beside(offers, 1, "2.0.1", [], DeviceLimits())
    rules.check_beside(offers, 1, "2.0.1", [], DeviceLimits(), iso15118=True)


def test_a_clear_takes_what_it_names_and_never_what_is_not_ours() -> None:
    mine, other = installed(1, id=1), installed(2, id=2, stack_level=1)
    external = installed(0, id=-1, purpose=ProfilePurpose.EXTERNAL)
    everything = [mine, other, external]
    assert rules.cleared_by(ClearChargingProfiles(profile_id=1), everything) == [mine]
    assert rules.cleared_by(ClearChargingProfiles(evse=2), everything) == [other]
    assert rules.cleared_by(ClearChargingProfiles(stack_level=0), everything) == [mine]
    assert rules.cleared_by(ClearChargingProfiles(profile_id=-1), everything) == []
    assert rules.cleared_by(ClearChargingProfiles(evse=0), everything) == []


def test_a_restart_costs_what_the_version_lets_it_cost() -> None:
    own = installed(purpose=ProfilePurpose.TX, transaction_id="T1")
    default, external = installed(id=2), installed(0, id=-1, purpose=ProfilePurpose.EXTERNAL)
    everything = [own, default, external]
    assert rules.gone_after_boot("1.6", everything) == [own]
    assert rules.gone_after_boot("2.0.1", everything) == []
    assert rules.gone_after_boot("2.1", everything) == [own, external]


# By property

times = st.one_of(st.none(), st.integers(0, 48).map(lambda hours: NOON + timedelta(hours=hours)))
some_profiles = st.builds(
    lambda id, purpose, level, since, until, transaction: profile(
        id=id,
        purpose=purpose,
        stack_level=level,
        valid_from=since,
        valid_until=until,
        transaction_id=transaction if purpose is ProfilePurpose.TX else None,
    ),
    st.integers(1, 6),
    st.sampled_from([ProfilePurpose.TX, ProfilePurpose.TX_DEFAULT, ProfilePurpose.STATION_MAX]),
    st.integers(0, 2),
    times,
    times,
    st.sampled_from(["T1", "T2"]),
)


@given(
    st.sampled_from(["1.6", "2.0.1", "2.1"]),
    st.lists(st.tuples(some_profiles, st.integers(0, 2)), max_size=12),
)
def test_what_is_let_in_never_leaves_two_in_force_at_one_level(
    version: str, sent: list[tuple[ChargingProfile, int]]
) -> None:
    there: list[InstalledProfile] = []
    for one, evse in sent:
        if not beside(one, evse, version, *there):
            continue
        gone = rules.replaced_by(one, evse, version, there)
        there = [other for other in there if other not in gone]
        there.append(InstalledProfile(station_id=STATION, evse=evse, profile=one, installed_at=NOON))
    assert len({other.profile.id for other in there}) == len(there)
    for at in range(-1, 50):
        moment = NOON + timedelta(hours=at, minutes=30)
        valid = [
            (other.evse, other.profile.purpose, other.profile.stack_level, other.profile.transaction_id)
            for other in there
            if (other.profile.valid_from is None or other.profile.valid_from <= moment)
            and (other.profile.valid_until is None or moment < other.profile.valid_until)
        ]
        assert len(set(valid)) == len(valid)
