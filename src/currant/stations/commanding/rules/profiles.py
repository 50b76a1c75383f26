"""Charging profiles: what the commands must be, whatever the version (1.6 3.13, 7.8 to 7.14; 2.x K01 to K10).

What a version cannot say stands in profile_versions.py, what a station cannot take, and what is in the way of
what it has already, in stations/profiles/rules.py.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

from currant.kit.errors import Invalid
from currant.stations.commanding import profiles
from currant.stations.commanding.profiles import (
    ChargingProfile,
    ChargingSchedule,
    ProfileKind,
    ProfilePurpose,
    SchedulePeriod,
)
from currant.stations.commanding.rules.common import between, count, place, text
from currant.stations.commanding.rules.operation_modes import check_period

PERIODS_MAX = 1_024
SCHEDULES_MAX = 3
STACK_LEVEL_MAX = 10_000
DURATION_MAX_S = 366 * 86_400
NUMBER_MAX = 2**31 - 1
IDS_MAX = 100
RECURRENCES_S = {"daily": 86_400, "weekly": 7 * 86_400}

# What is the station's own (K01.FR.22, K10.FR.06; 2.1 for local generation).
NOT_OURS_TO_SET = frozenset({ProfilePurpose.EXTERNAL})
NOT_OURS_TO_CLEAR = frozenset({ProfilePurpose.EXTERNAL, ProfilePurpose.LOCAL_GENERATION})

ENERGY_TRANSFERS = frozenset(
    {
        *("ac_single_phase", "ac_two_phase", "ac_three_phase", "dc", "ac_bpt", "ac_bpt_der", "ac_der"),
        *("dc_bpt", "dc_acdp", "dc_acdp_bpt", "wpt"),
    }
)


def check_profile(profile: ChargingProfile, evse: int, *, starting: bool = False) -> None:
    """Raise Invalid where a profile could not be meant; `starting`: it goes with a remote start.

    The transaction of a remote start has no id yet, so that its profile names none (F01.FR.11, TC_K_37).
    """
    between("profile.id", profile.id, 0, NUMBER_MAX)
    between("profile.stack_level", profile.stack_level, 0, STACK_LEVEL_MAX)
    _check_place(profile, evse, starting=starting)
    _check_kind(profile)
    _check_times(profile)
    if not 1 <= len(profile.schedules) <= SCHEDULES_MAX:
        raise Invalid(
            f"A profile has one schedule; up to {SCHEDULES_MAX} where the vehicle speaks ISO 15118.",
            field="profile.schedules",
        )
    for number, schedule in enumerate(profile.schedules):
        check_schedule(f"profile.schedules[{number}]", schedule, profile)
    ids = [schedule.id for schedule in profile.schedules]
    if len(set(ids)) != len(ids):
        raise Invalid("Give each schedule of a profile an id of its own.", field="profile.schedules")


def _check_place(profile: ChargingProfile, evse: int, *, starting: bool) -> None:
    place(evse, station_allowed=True)
    purpose = profile.purpose
    if purpose in NOT_OURS_TO_SET:
        raise Invalid(
            "External constraints are reported by stations and never set (K01.FR.22): use station_max or tx.",
            field="profile.purpose",
        )
    # K01.FR.16; 1.6 3.13.1.
    if purpose is ProfilePurpose.TX and evse == 0 and not starting:
        raise Invalid("A profile of purpose tx is for one EVSE: name it, from 1 upwards.", field="evse")
    if purpose in (ProfilePurpose.STATION_MAX, ProfilePurpose.LOCAL_GENERATION) and evse != 0:
        raise Invalid(f"A profile of purpose {purpose} is for the whole station: EVSE 0.", field="evse")
    if starting:
        if purpose is not ProfilePurpose.TX:
            raise Invalid("The profile of a remote start is of purpose tx.", field="profile.purpose")
        if profile.transaction_id is not None:
            raise Invalid(
                "The session has not begun and has no transaction id yet: leave it out.",
                field="profile.transaction_id",
            )
    elif purpose is ProfilePurpose.TX:
        # K01.FR.03; 1.6 lets it be left out, and then it may hit another session than was meant.
        if not profile.transaction_id:
            raise Invalid(
                "A profile of purpose tx names the session's transaction id.", field="profile.transaction_id"
            )
        text("profile.transaction_id", profile.transaction_id, least=1, most=36)
    elif profile.transaction_id is not None:
        raise Invalid(
            "A transaction id belongs to purpose tx alone: leave it out, or set the purpose to tx.",
            field="profile.transaction_id",
        )


def _check_kind(profile: ChargingProfile) -> None:
    kind, purpose = profile.kind, profile.purpose
    if kind is ProfileKind.RELATIVE and purpose is ProfilePurpose.STATION_MAX:
        raise Invalid(
            "A station's maximum is not relative to anything (K01.FR.38): make it absolute or recurring.",
            field="profile.kind",
        )
    if kind is ProfileKind.RECURRING and profile.recurrency is None:
        raise Invalid(
            "A recurring profile says how often: set recurrency to daily or weekly.",
            field="profile.recurrency",
        )
    if kind is not ProfileKind.RECURRING and profile.recurrency is not None:
        raise Invalid(
            "Only a recurring profile has a recurrency: leave it out, or set the kind to recurring.",
            field="profile.recurrency",
        )
    if kind is ProfileKind.DYNAMIC:
        between("profile.dynamic_interval_s", profile.dynamic_interval_s, 0, 86_400)
        # K28.FR.01
        if len(profile.schedules) != 1 or len(profile.schedules[0].periods) != 1:
            raise Invalid("A dynamic profile has one schedule with one period.", field="profile.schedules")
    elif profile.dynamic_interval_s is not None or profile.dynamic_updated_at is not None:
        # K01.FR.122, K28.FR.04
        raise Invalid(
            "Only a dynamic profile is updated while it is in force: set the kind to dynamic.",
            field="profile.dynamic_interval_s",
        )


def _check_times(profile: ChargingProfile) -> None:
    for field, at in (
        ("profile.valid_from", profile.valid_from),
        ("profile.valid_until", profile.valid_until),
        ("profile.dynamic_updated_at", profile.dynamic_updated_at),
    ):
        if at is not None and at.tzinfo is None:
            raise Invalid(f"{field} needs a time zone, as in 2026-01-31T12:00:00Z.", field=field)
    if (
        profile.valid_from is not None
        and profile.valid_until is not None
        and profile.valid_until <= profile.valid_from
    ):
        raise Invalid("A profile is valid until a time after it begins to be.", field="profile.valid_until")
    between("profile.max_offline_s", profile.max_offline_s, 0, DURATION_MAX_S)
    if profile.invalid_after_offline is not None and profile.max_offline_s is None:
        raise Invalid(
            "Say with max_offline_s after how long offline the profile becomes invalid.",
            field="profile.invalid_after_offline",
        )


def check_schedule(field: str, schedule: ChargingSchedule, profile: ChargingProfile) -> None:
    if not 1 <= len(schedule.periods) <= PERIODS_MAX:
        raise Invalid(
            f"A schedule has 1 to {PERIODS_MAX} periods; this has {len(schedule.periods)}.",
            field=f"{field}.periods",
        )
    _check_start(field, schedule, profile)
    between(f"{field}.duration_s", schedule.duration_s, 1, DURATION_MAX_S)
    _check_rate(f"{field}.min_rate", schedule.min_rate)
    if profile.purpose is ProfilePurpose.PRIORITY and schedule.duration_s is not None:
        # K01.FR.70
        raise Invalid(
            "Priority charging lasts until the session ends or it is ended: leave the duration out.",
            field=f"{field}.duration_s",
        )
    if schedule.randomized_delay_s:
        between(f"{field}.randomized_delay_s", schedule.randomized_delay_s, 0, 86_400)
        if profile.purpose not in (ProfilePurpose.TX, ProfilePurpose.TX_DEFAULT):
            # K01.FR.95
            raise Invalid(
                "A randomised delay is for profiles of purpose tx and tx_default.",
                field=f"{field}.randomized_delay_s",
            )
    _check_recurrence(field, schedule, profile)
    _check_periods(field, schedule, profile)


def _check_start(field: str, schedule: ChargingSchedule, profile: ChargingProfile) -> None:
    starts_at = schedule.starts_at
    if starts_at is not None and starts_at.tzinfo is None:
        raise Invalid(
            f"{field}.starts_at needs a time zone, as in 2026-01-31T12:00:00Z.", field=f"{field}.starts_at"
        )
    if profile.kind in (ProfileKind.ABSOLUTE, ProfileKind.RECURRING) and starts_at is None:
        # K01.FR.40
        raise Invalid(
            f"A schedule that is {profile.kind} says when it begins: set starts_at.",
            field=f"{field}.starts_at",
        )
    if profile.kind is ProfileKind.RELATIVE and starts_at is not None:
        # K01.FR.41
        raise Invalid(
            "A relative schedule begins when charging may begin: leave starts_at out.",
            field=f"{field}.starts_at",
        )


def _check_recurrence(field: str, schedule: ChargingSchedule, profile: ChargingProfile) -> None:
    if profile.recurrency is None:
        return
    length = RECURRENCES_S[profile.recurrency]
    # 1.6 3.13.1, 2.x K01.FR.13: it begins anew after this time, whatever was to come.
    if schedule.duration_s is not None and schedule.duration_s > length:
        raise Invalid(
            f"A {profile.recurrency} schedule lasts at most {length} seconds.", field=f"{field}.duration_s"
        )
    if schedule.periods and schedule.periods[-1].start_s >= length:
        raise Invalid(
            f"A {profile.recurrency} schedule begins anew after {length} seconds: its periods begin before.",
            field=f"{field}.periods",
        )


def _check_periods(field: str, schedule: ChargingSchedule, profile: ChargingProfile) -> None:
    first = f"{field}.periods[0]"
    if schedule.periods[0].start_s != 0:
        # K01.FR.31
        raise Invalid("The first period of a schedule begins at 0.", field=f"{first}.start_s")
    for number, (earlier, later) in enumerate(pairwise(schedule.periods), start=1):
        if later.start_s <= earlier.start_s:
            # K01.FR.35
            raise Invalid(
                "Periods stand in the order of their beginnings, each later than the one before.",
                field=f"{field}.periods[{number}].start_s",
            )
    if schedule.duration_s is not None and schedule.periods[-1].start_s >= schedule.duration_s:
        # K01.FR.11: it would never be executed.
        raise Invalid(
            f"The last period begins after the schedule's end at {schedule.duration_s} seconds: "
            "remove it, or let the schedule last longer.",
            field=f"{field}.periods[{len(schedule.periods) - 1}].start_s",
        )
    for number, period in enumerate(schedule.periods):
        name = f"{field}.periods[{number}]"
        _check_phases(name, period)
        _check_limits(name, period)
        check_period(name, period, profile.purpose, schedule.unit)


def _check_phases(field: str, period: SchedulePeriod) -> None:
    between(f"{field}.phases", period.phases, 1, 3)
    between(f"{field}.phase_to_use", period.phase_to_use, 1, 3)
    if period.phase_to_use is not None and period.phases != 1:
        # K01.FR.19
        raise Invalid(
            "A phase to use is named for charging on one phase: set phases to 1, or leave it out.",
            field=f"{field}.phase_to_use",
        )


def _check_limits(field: str, period: SchedulePeriod) -> None:
    for name, value in (
        ("limit", period.limit),
        ("limit_l2", period.limit_l2),
        ("limit_l3", period.limit_l3),
    ):
        _check_rate(f"{field}.{name}", value)
    if (period.limit_l2 is not None or period.limit_l3 is not None) and period.limit is None:
        raise Invalid("Limits of L2 and L3 stand beside the limit of L1.", field=f"{field}.limit")
    for name, value in (
        ("discharge_limit", period.discharge_limit),
        ("setpoint", period.setpoint),
        ("setpoint_reactive", period.setpoint_reactive),
        ("baseline_w", period.baseline_w),
    ):
        _check_decimals(f"{field}.{name}", value)


def _check_rate(field: str, value: float | None) -> None:
    between(field, value, 0, 10_000_000)
    _check_decimals(field, value)


def _check_decimals(field: str, value: float | None) -> None:
    """1.6 7.14 and 2.x ChargingSchedulePeriodType: limits have at most one digit after the point."""
    if value is None:
        return
    if abs(value) > 10_000_000 or value != value:
        raise Invalid(f"{field} is no power or current: this is {value}.", field=field)
    if abs(value * 10 - round(value * 10)) > 1e-6:
        raise Invalid(f"{field} has at most one digit after the point; this is {value:g}.", field=field)


# The commands


def set_charging_profile(command: profiles.SetChargingProfile) -> None:
    check_profile(command.profile, command.evse)


def clear_charging_profiles(command: profiles.ClearChargingProfiles) -> None:
    criteria = (command.evse, command.purpose, command.stack_level)
    if command.profile_id is None and all(value is None for value in criteria):
        # K10.FR.02; 1.6 takes it for all of them, which is asked for with the purposes.
        raise Invalid(
            "Say which profiles: profile_id, or at least one of evse, purpose and stack_level.",
            field="profile_id",
        )
    between("profile_id", command.profile_id, -NUMBER_MAX, NUMBER_MAX)
    place(command.evse, station_allowed=True)
    between("stack_level", command.stack_level, 0, STACK_LEVEL_MAX)
    if command.purpose in NOT_OURS_TO_CLEAR:
        # K10.FR.06
        raise Invalid(f"Profiles of purpose {command.purpose} are the station's own.", field="purpose")


def get_charging_profiles(command: profiles.GetChargingProfiles) -> None:
    if not (command.ids or command.purpose is not None or command.stack_level is not None or command.sources):
        # K09.FR.03
        raise Invalid("Say which profiles: ids, or purpose, stack_level or sources.", field="purpose")
    place(command.evse, station_allowed=True)
    count("ids", len(command.ids), least=0, most=IDS_MAX)
    count("sources", len(command.sources), least=0, most=4)
    for source in command.sources:
        text("sources", source, least=1, most=20)
    between("stack_level", command.stack_level, 0, STACK_LEVEL_MAX)


def get_composite_schedule(command: profiles.GetCompositeSchedule) -> None:
    place(command.evse, station_allowed=True)
    between("duration_s", command.duration_s, 1, DURATION_MAX_S)


def use_priority_charging(command: profiles.UsePriorityCharging) -> None:
    text("transaction_id", command.transaction_id, least=1, most=36)


def update_dynamic_schedule(command: profiles.UpdateDynamicSchedule) -> None:
    between("profile_id", command.profile_id, -NUMBER_MAX, NUMBER_MAX)
    values = {name: getattr(command, name) for name in command.__struct_fields__ if name != "profile_id"}
    if all(value is None for value in values.values()):
        raise Invalid("Give at least one new value, as limit or setpoint.", field="limit")
    for name, value in values.items():
        _check_decimals(name, value)
    for name in ("limit", "limit_l2", "limit_l3"):
        between(name, values[name], 0, 10_000_000)
    if command.discharge_limit is not None and command.discharge_limit > 0:
        raise Invalid("A discharge limit is 0 or below.", field="discharge_limit")


def allow_energy_transfer(command: profiles.AllowEnergyTransfer) -> None:
    text("transaction_id", command.transaction_id, least=1, most=36)
    count("modes", len(command.modes), least=1, most=len(ENERGY_TRANSFERS))
    for mode in command.modes:
        if mode not in ENERGY_TRANSFERS:
            raise Invalid(
                f"{mode} is no way of energy transfer: use {', '.join(sorted(ENERGY_TRANSFERS))}.",
                field="modes",
            )


def send_afrr_signal(command: profiles.SendAfrrSignal) -> None:
    if command.at.tzinfo is None:
        raise Invalid("at needs a time zone, as in 2026-01-31T12:00:00Z.", field="at")
    between("signal", command.signal, -NUMBER_MAX, NUMBER_MAX)


CHECKS: dict[type, Callable[[Any], None]] = {
    profiles.AllowEnergyTransfer: allow_energy_transfer,
    profiles.ClearChargingProfiles: clear_charging_profiles,
    profiles.GetChargingProfiles: get_charging_profiles,
    profiles.GetCompositeSchedule: get_composite_schedule,
    profiles.SendAfrrSignal: send_afrr_signal,
    profiles.SetChargingProfile: set_charging_profile,
    profiles.UpdateDynamicSchedule: update_dynamic_schedule,
    profiles.UsePriorityCharging: use_priority_charging,
}
