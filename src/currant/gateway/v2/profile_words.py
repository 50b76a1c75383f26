"""Charging profiles in the words of OCPP 2.x, and back: for what is sent and for what stations report."""

from collections.abc import Iterable
from typing import Any

import msgspec

from currant.gateway.services import Caller
from currant.ocpp.catalogue import Version
from currant.stations.commanding.profiles import (
    ChargingProfile,
    ChargingSchedule,
    ProfileKind,
    ProfilePurpose,
    SchedulePeriod,
)

PURPOSES = {
    ProfilePurpose.STATION_MAX: "ChargingStationMaxProfile",
    ProfilePurpose.TX_DEFAULT: "TxDefaultProfile",
    ProfilePurpose.TX: "TxProfile",
    ProfilePurpose.EXTERNAL: "ChargingStationExternalConstraints",
    ProfilePurpose.PRIORITY: "PriorityCharging",
    ProfilePurpose.LOCAL_GENERATION: "LocalGeneration",
}
KINDS = {
    ProfileKind.ABSOLUTE: "Absolute",
    ProfileKind.RECURRING: "Recurring",
    ProfileKind.RELATIVE: "Relative",
    ProfileKind.DYNAMIC: "Dynamic",
}
RECURRENCIES = {"daily": "Daily", "weekly": "Weekly"}
OPERATION_MODES = {
    "idle": "Idle",
    "charging_only": "ChargingOnly",
    "central_setpoint": "CentralSetpoint",
    "external_setpoint": "ExternalSetpoint",
    "external_limits": "ExternalLimits",
    "central_frequency": "CentralFrequency",
    "local_frequency": "LocalFrequency",
    "local_load_balancing": "LocalLoadBalancing",
}
# 2.0.1 knows these four (ChargingLimitSourceEnumType); in 2.1 they are the usual ones among any words.
SOURCES = {"ems": "EMS", "other": "Other", "so": "SO", "cso": "CSO"}

_PURPOSES_READ = {wire: neutral for neutral, wire in PURPOSES.items()}
_KINDS_READ = {wire: neutral for neutral, wire in KINDS.items()}
_MODES_READ = {wire: neutral for neutral, wire in OPERATION_MODES.items()}


def wire_profile(caller: Caller, profile: ChargingProfile) -> Any:
    """A ChargingProfileType of the caller's version, whose rules it keeps (rules/profile_versions.py)."""
    newer: dict[str, Any] = {}
    if caller.version is Version.V21:
        newer = {
            "max_offline_duration": profile.max_offline_s,
            "invalid_after_offline_duration": profile.invalid_after_offline,
            "dyn_update_interval": profile.dynamic_interval_s,
            "dyn_update_time": profile.dynamic_updated_at,
        }
    return caller.types.ChargingProfileType(
        id=profile.id,
        stack_level=profile.stack_level,
        charging_profile_purpose=PURPOSES[profile.purpose],
        charging_profile_kind=KINDS[profile.kind],
        charging_schedule=[_wire_schedule(caller, schedule) for schedule in profile.schedules],
        recurrency_kind=None if profile.recurrency is None else RECURRENCIES[profile.recurrency],
        valid_from=profile.valid_from,
        valid_to=profile.valid_until,
        transaction_id=profile.transaction_id,
        **newer,
    )


def _wire_schedule(caller: Caller, schedule: ChargingSchedule) -> Any:
    newer: dict[str, Any] = {}
    if caller.version is Version.V21:
        newer = {"use_local_time": schedule.local_time, "randomized_delay": schedule.randomized_delay_s}
    return caller.types.ChargingScheduleType(
        id=schedule.id,
        charging_rate_unit=schedule.unit,
        charging_schedule_period=[_wire_period(caller, period) for period in schedule.periods],
        start_schedule=schedule.starts_at,
        duration=schedule.duration_s,
        min_charging_rate=schedule.min_rate,
        **newer,
    )


def _wire_period(caller: Caller, period: SchedulePeriod) -> Any:
    types = caller.types
    newer: dict[str, Any] = {}
    if caller.version is Version.V21:
        newer = {
            "limit_l2": period.limit_l2,
            "limit_l3": period.limit_l3,
            "discharge_limit": period.discharge_limit,
            "setpoint": period.setpoint,
            "setpoint_reactive": period.setpoint_reactive,
            "preconditioning_request": period.preconditioning,
            "evse_sleep": period.evse_sleep,
            "v2x_baseline": period.baseline_w,
            "operation_mode": OPERATION_MODES[period.operation_mode] if period.operation_mode else None,
            "v2x_freq_watt_curve": [
                types.V2XFreqWattPointType(frequency=frequency, power=power)
                for frequency, power in period.frequency_watt
            ]
            or None,
            "v2x_signal_watt_curve": [
                types.V2XSignalWattPointType(signal=signal, power=power)
                for signal, power in period.signal_watt
            ]
            or None,
        }
    return types.ChargingSchedulePeriodType(
        start_period=period.start_s,
        limit=period.limit,
        number_phases=period.phases,
        phase_to_use=period.phase_to_use,
        **newer,
    )


def neutral_profiles(reported: Iterable[Any]) -> tuple[ChargingProfile, ...]:
    """Reported profiles but for those that hold no schedule which could be read: these limit nothing."""
    profiles = [neutral_profile(wire) for wire in reported if wire.charging_schedule]
    kept = [
        msgspec.structs.replace(profile, schedules=tuple(each for each in profile.schedules if each.periods))
        for profile in profiles
    ]
    return tuple(profile for profile in kept if profile.schedules)


def neutral_profile(wire: Any) -> ChargingProfile:
    """A reported profile, as far as it can be said in neutral words."""
    recurrency = wire.recurrency_kind
    return ChargingProfile(
        id=wire.id,
        purpose=_PURPOSES_READ[wire.charging_profile_purpose],
        schedules=tuple([neutral_schedule(schedule) for schedule in wire.charging_schedule]),
        kind=_KINDS_READ[wire.charging_profile_kind],
        stack_level=wire.stack_level,
        recurrency="daily" if recurrency == "Daily" else "weekly" if recurrency == "Weekly" else None,
        valid_from=wire.valid_from,
        valid_until=wire.valid_to,
        transaction_id=wire.transaction_id,
        max_offline_s=getattr(wire, "max_offline_duration", None),
        invalid_after_offline=getattr(wire, "invalid_after_offline_duration", None),
        dynamic_interval_s=getattr(wire, "dyn_update_interval", None),
        dynamic_updated_at=getattr(wire, "dyn_update_time", None),
    )


def neutral_schedule(wire: Any) -> ChargingSchedule:
    return ChargingSchedule(
        id=wire.id,
        unit=wire.charging_rate_unit,
        periods=neutral_periods(wire.charging_schedule_period),
        starts_at=wire.start_schedule,
        duration_s=wire.duration,
        min_rate=wire.min_charging_rate,
        local_time=getattr(wire, "use_local_time", None),
        randomized_delay_s=getattr(wire, "randomized_delay", None),
    )


def neutral_periods(wire: list[Any]) -> tuple[SchedulePeriod, ...]:
    return tuple([_neutral_period(period) for period in wire])


def _neutral_period(wire: Any) -> SchedulePeriod:
    mode = getattr(wire, "operation_mode", None)
    return SchedulePeriod(
        start_s=wire.start_period,
        limit=wire.limit,
        limit_l2=getattr(wire, "limit_l2", None),
        limit_l3=getattr(wire, "limit_l3", None),
        phases=wire.number_phases,
        phase_to_use=wire.phase_to_use,
        discharge_limit=getattr(wire, "discharge_limit", None),
        setpoint=getattr(wire, "setpoint", None),
        setpoint_reactive=getattr(wire, "setpoint_reactive", None),
        operation_mode=None if mode is None else _MODES_READ[mode],
        frequency_watt=tuple(
            [(point.frequency, point.power) for point in getattr(wire, "v2x_freq_watt_curve", None) or ()]
        ),
        signal_watt=tuple(
            [(point.signal, point.power) for point in getattr(wire, "v2x_signal_watt_curve", None) or ()]
        ),
        baseline_w=getattr(wire, "v2x_baseline", None),
        preconditioning=getattr(wire, "preconditioning_request", None),
        evse_sleep=getattr(wire, "evse_sleep", None),
    )


def source_of(wire: str) -> str:
    """Who limits, in neutral words: ems, other, so, cso, or whatever word a 2.1 station has."""
    return wire.lower() if wire in SOURCES.values() else wire
