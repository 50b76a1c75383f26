"""Which limits and setpoints a period may carry in each mode of operation (2.1 Q, "Limits and setpoints per
operation mode").

The table and Q03.FR.02 contradict each other about limits beside a central setpoint: the table allows them,
the requirement forbids them, and V2X.05 says what to do when both are given. So they are allowed here, and
the setpoint has to lie within them.
"""

from enum import StrEnum
from itertools import pairwise

import msgspec

from currant.kit.errors import Invalid
from currant.stations.commanding.profiles import ProfilePurpose, SchedulePeriod

CURVE_POINTS_MAX = 20
CURVE_POINTS_MIN = 2


class Use(StrEnum):
    REQUIRED = "required"
    OPTIONAL = "optional"
    ABSENT = "absent"


class Mode(msgspec.Struct, frozen=True, kw_only=True):
    """What a mode makes of a period's fields."""

    limit: Use = Use.ABSENT
    discharge_limit: Use = Use.ABSENT
    setpoint: Use = Use.ABSENT
    setpoint_reactive: Use = Use.ABSENT
    frequency_watt: Use = Use.ABSENT
    signal_watt: Use = Use.ABSENT
    baseline_w: Use = Use.ABSENT
    bidirectional: bool = False


CHARGING_ONLY = "charging_only"

MODES: dict[str, Mode] = {
    CHARGING_ONLY: Mode(limit=Use.REQUIRED),
    "central_setpoint": Mode(
        limit=Use.OPTIONAL,
        discharge_limit=Use.OPTIONAL,
        setpoint=Use.REQUIRED,
        setpoint_reactive=Use.OPTIONAL,
        bidirectional=True,
    ),
    "central_frequency": Mode(
        limit=Use.OPTIONAL, discharge_limit=Use.OPTIONAL, setpoint=Use.REQUIRED, bidirectional=True
    ),
    # Q08.FR.01, .02; the signal curve makes it aFRR (Q08.FR.10).
    "local_frequency": Mode(
        frequency_watt=Use.REQUIRED, signal_watt=Use.OPTIONAL, baseline_w=Use.REQUIRED, bidirectional=True
    ),
    "external_setpoint": Mode(limit=Use.OPTIONAL, discharge_limit=Use.OPTIONAL),
    "external_limits": Mode(),
    "local_load_balancing": Mode(bidirectional=True),
    "idle": Mode(bidirectional=True),
}

# 2.1 K, table 95: what each purpose may do; setting external constraints is not ours at all.
MODES_OF: dict[ProfilePurpose, frozenset[str]] = {
    ProfilePurpose.TX: frozenset(MODES),
    ProfilePurpose.TX_DEFAULT: frozenset(MODES),
    ProfilePurpose.PRIORITY: frozenset({CHARGING_ONLY}),  # K01.FR.71
    ProfilePurpose.STATION_MAX: frozenset({CHARGING_ONLY}),
    ProfilePurpose.LOCAL_GENERATION: frozenset({CHARGING_ONLY, "external_limits"}),
}


def check_period(field: str, period: SchedulePeriod, purpose: ProfilePurpose, unit: str) -> None:
    """Raise Invalid where a period's fields are not those of its mode."""
    name = period.operation_mode or CHARGING_ONLY
    mode = MODES.get(name)
    if mode is None:
        raise Invalid(
            f"{field}.operation_mode is one of {', '.join(MODES)}; this is {name}.",
            field=f"{field}.operation_mode",
        )
    allowed = MODES_OF.get(purpose, frozenset({CHARGING_ONLY}))
    if name not in allowed:
        raise Invalid(
            f"A profile of purpose {purpose} can only be {', '.join(sorted(allowed))}: {name} is for tx and "
            "tx_default.",
            field=f"{field}.operation_mode",
        )
    for part, use, given in (
        ("limit", mode.limit, period.limit is not None),
        ("discharge_limit", mode.discharge_limit, period.discharge_limit is not None),
        ("setpoint", mode.setpoint, period.setpoint is not None),
        ("setpoint_reactive", mode.setpoint_reactive, period.setpoint_reactive is not None),
        ("frequency_watt", mode.frequency_watt, bool(period.frequency_watt)),
        ("signal_watt", mode.signal_watt, bool(period.signal_watt)),
        ("baseline_w", mode.baseline_w, period.baseline_w is not None),
    ):
        if use is Use.REQUIRED and not given:
            raise Invalid(f"{field}.{part} must be given in mode {name}.", field=f"{field}.{part}")
        if use is Use.ABSENT and given:
            raise Invalid(
                f"{field}.{part} has no meaning in mode {name}: leave it out.", field=f"{field}.{part}"
            )
    if period.evse_sleep and name != "idle":
        raise Invalid(
            "An EVSE sleeps in mode idle alone: set operation_mode to idle.", field=f"{field}.evse_sleep"
        )
    _check_curves(field, period, unit)
    _check_range(field, period)


def _check_curves(field: str, period: SchedulePeriod, unit: str) -> None:
    for name, points in (("frequency_watt", period.frequency_watt), ("signal_watt", period.signal_watt)):
        if points and not CURVE_POINTS_MIN <= len(points) <= CURVE_POINTS_MAX:
            raise Invalid(
                f"{field}.{name} has {CURVE_POINTS_MIN} to {CURVE_POINTS_MAX} points; this has {len(points)}.",
                field=f"{field}.{name}",
            )
        if any(later[0] <= earlier[0] for earlier, later in pairwise(points)):
            raise Invalid(
                f"{field}.{name}: order the points by their first number, each but once.",
                field=f"{field}.{name}",
            )
    # Q08.FR.05
    if (period.frequency_watt or period.signal_watt) and unit != "W":
        raise Invalid("A curve gives power: set the schedule's unit to W.", field=f"{field}.frequency_watt")


def _check_range(field: str, period: SchedulePeriod) -> None:
    """V2X.05: a setpoint lies between what may be discharged and what may be charged."""
    if period.discharge_limit is not None and period.discharge_limit > 0:
        raise Invalid(
            f"{field}.discharge_limit is 0 or below: power towards the grid is negative.",
            field=f"{field}.discharge_limit",
        )
    setpoint = period.setpoint
    if setpoint is None:
        return
    if period.limit is not None and setpoint > period.limit:
        raise Invalid(
            f"{field}.setpoint lies above its limit of {period.limit:g}.", field=f"{field}.setpoint"
        )
    if period.discharge_limit is not None and setpoint < period.discharge_limit:
        raise Invalid(
            f"{field}.setpoint lies below its discharge limit of {period.discharge_limit:g}.",
            field=f"{field}.setpoint",
        )
