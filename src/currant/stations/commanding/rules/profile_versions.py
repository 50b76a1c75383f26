"""What each OCPP version cannot say of a charging profile; the gateway refuses it before a station would."""

from currant.stations.commanding.profiles import ChargingProfile, ProfileKind, ProfilePurpose, SchedulePeriod

NEW_IN_21 = frozenset({ProfilePurpose.PRIORITY, ProfilePurpose.LOCAL_GENERATION})
PERIOD_21 = (
    *("limit_l2", "limit_l3", "discharge_limit", "setpoint", "setpoint_reactive"),
    *("frequency_watt", "signal_watt", "baseline_w", "preconditioning", "evse_sleep"),
)
PROFILE_21 = ("max_offline_s", "invalid_after_offline", "dynamic_interval_s", "dynamic_updated_at")
SCHEDULE_21 = ("local_time", "randomized_delay_s")


def version_problem(profile: ChargingProfile, version: str) -> str | None:
    """Why a profile cannot be worded in this version, as a sentence; None when it can."""
    if version == "2.1":
        return None
    if profile.purpose in NEW_IN_21:
        return f"OCPP {version} has no profiles of purpose {profile.purpose}: 2.1 does."
    if profile.kind is ProfileKind.DYNAMIC:
        return f"OCPP {version} has no dynamic profiles: 2.1 does."
    if any(period.operation_mode not in (None, "charging_only") for period in _periods(profile)):
        return f"OCPP {version} has no modes of operation: 2.1 does."
    newer = [
        *_given(profile, PROFILE_21),
        *(name for schedule in profile.schedules for name in _given(schedule, SCHEDULE_21)),
        *(name for period in _periods(profile) for name in _given(period, PERIOD_21)),
    ]
    if newer:
        return f"OCPP {version} has no {newer[0]} in a charging profile: 2.1 does."
    if any(period.limit is None for period in _periods(profile)):
        return f"In OCPP {version} every period has a limit."
    if version == "1.6":
        return _problem_of_16(profile)
    return None


def _problem_of_16(profile: ChargingProfile) -> str | None:
    if len(profile.schedules) != 1:
        return "In OCPP 1.6 a profile has one schedule."
    if any(period.phase_to_use is not None for period in _periods(profile)):
        return "OCPP 1.6 cannot name the phase to use."
    transaction = profile.transaction_id
    if transaction is not None and not transaction.removeprefix("-").isdigit():
        return "In OCPP 1.6 a transaction id is a number."
    return None


def _periods(profile: ChargingProfile) -> list[SchedulePeriod]:
    return [period for schedule in profile.schedules for period in schedule.periods]


def _given(part: object, names: tuple[str, ...]) -> list[str]:
    return [name for name in names if getattr(part, name) not in (None, ())]
