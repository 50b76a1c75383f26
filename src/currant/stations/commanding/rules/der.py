"""Controls of distributed energy resources: which fields each kind needs (2.1 R01 to R04, SetDERControlRequest)."""

from collections.abc import Callable
from typing import Any

import msgspec

from currant.kit.errors import Invalid
from currant.stations.commanding import der
from currant.stations.commanding.der import DerControl
from currant.stations.commanding.rules.common import between, text

POINTS_MAX = 10
PRIORITY_MAX = 1_000_000
UNITS = (
    *("not_applicable", "percent_max_w", "percent_max_var", "percent_w_avail", "percent_var_avail"),
    "percent_effective_v",
)


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """What a kind of control consists of."""

    required: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()
    curve: bool = False
    may_curve: bool = False
    """A curve may be given (limit_max_discharge), and then has a unit."""
    unit: bool = False
    default_only: bool = False


_CURVE = frozenset(
    {
        *("response_time", "hysteresis_high", "hysteresis_low", "hysteresis_delay", "hysteresis_gradient"),
        *("v_ref", "autonomous_v_ref_enable", "autonomous_v_ref_time_constant"),
        *("hv10_min_mean_value", "hv10_min_mean_trip_delay", "power_during_cessation"),
    }
)
CURVES = (
    *("freq_watt", "hf_must_trip", "hf_may_trip", "hv_must_trip", "hv_mom_cess", "hv_may_trip"),
    *("lf_must_trip", "lv_must_trip", "lv_mom_cess", "lv_may_trip", "power_monitoring_must_trip"),
    *("volt_var", "volt_watt", "watt_pf", "watt_var"),
)
KINDS: dict[str, Kind] = {
    **{name: Kind(curve=True, unit=True, optional=_CURVE) for name in CURVES},
    "enter_service": Kind(
        required=frozenset({"high_voltage", "low_voltage", "high_freq", "low_freq"}),
        optional=frozenset({"delay", "random_delay", "ramp_rate"}),
        default_only=True,
    ),
    "gradients": Kind(required=frozenset({"gradient", "soft_gradient"}), default_only=True),
    "freq_droop": Kind(
        required=frozenset({"over_freq", "under_freq", "over_droop", "under_droop", "response_time"})
    ),
    "fixed_pf_absorb": Kind(required=frozenset({"displacement", "excitation"})),
    "fixed_pf_inject": Kind(required=frozenset({"displacement", "excitation"})),
    "fixed_var": Kind(required=frozenset({"setpoint"}), unit=True),
    "limit_max_discharge": Kind(optional=frozenset({"pct_max_discharge_power"}), may_curve=True),
}
_YES_OR_NO = frozenset({"excitation", "autonomous_v_ref_enable"})
_WORDS = {"power_during_cessation": ("active", "reactive")}


def check_control(control: DerControl) -> None:
    """Raise Invalid where a control is not what its kind says."""
    text("control.id", control.id, least=1, most=36)
    kind = KINDS.get(control.kind)
    if kind is None:
        raise Invalid(
            f"control.kind is one of {', '.join(sorted(KINDS))}; this is {control.kind}.",
            field="control.kind",
        )
    between("control.priority", control.priority, 0, PRIORITY_MAX)
    _check_time(control, kind)
    _check_curve(control, kind)
    _check_settings(control, kind)


def _check_time(control: DerControl, kind: Kind) -> None:
    if kind.default_only and not control.default:
        raise Invalid(
            f"{control.kind} is a default control alone: set default to true.", field="control.default"
        )
    if control.default:
        if control.starts_at is not None or control.duration_s is not None:
            raise Invalid(
                "A default control is in force whenever no scheduled one is: leave starts_at and "
                "duration_s out.",
                field="control.starts_at",
            )
        return
    if control.starts_at is None:
        raise Invalid(
            "A scheduled control says when it begins: set starts_at, or default to true.",
            field="control.starts_at",
        )
    if control.starts_at.tzinfo is None:
        raise Invalid(
            "control.starts_at needs a time zone, as in 2026-01-31T12:00:00Z.", field="control.starts_at"
        )
    if control.duration_s is None:
        raise Invalid(
            "A scheduled control says how long it lasts: set duration_s.", field="control.duration_s"
        )
    between("control.duration_s", control.duration_s, 0.001, 366 * 86_400)


def _check_curve(control: DerControl, kind: Kind) -> None:
    points = control.points
    if kind.curve and not points:
        raise Invalid(f"{control.kind} is a curve: give its points.", field="control.points")
    if points and not (kind.curve or kind.may_curve):
        raise Invalid(f"{control.kind} is no curve: leave points out.", field="control.points")
    if len(points) > POINTS_MAX:
        raise Invalid(
            f"A curve has up to {POINTS_MAX} points; this has {len(points)}.", field="control.points"
        )
    needs_unit = kind.unit or bool(points)
    if needs_unit and control.y_unit not in UNITS:
        raise Invalid(f"control.y_unit is one of {', '.join(UNITS)}.", field="control.y_unit")
    if not needs_unit and control.y_unit is not None:
        raise Invalid(f"{control.kind} has no unit: leave y_unit out.", field="control.y_unit")


def _check_settings(control: DerControl, kind: Kind) -> None:
    for name in sorted(kind.required - set(control.settings)):
        raise Invalid(f"{control.kind} needs {name} among its settings.", field=f"control.settings.{name}")
    for name, value in control.settings.items():
        field = f"control.settings.{name}"
        if name not in kind.required | kind.optional and not (control.points and name in _CURVE):
            raise Invalid(
                f"{control.kind} has no setting {name}: it has "
                f"{', '.join(sorted(kind.required | kind.optional)) or 'none'}.",
                field=field,
            )
        if name in _WORDS:
            if value not in _WORDS[name]:
                raise Invalid(f"{name} is one of {', '.join(_WORDS[name])}.", field=field)
        elif name in _YES_OR_NO:
            if not isinstance(value, bool):
                raise Invalid(f"{name} is true or false.", field=field)
        elif isinstance(value, bool) or not isinstance(value, int | float):
            raise Invalid(f"{name} is a number.", field=field)
    if control.kind == "limit_max_discharge":
        percent = control.settings.get("pct_max_discharge_power")
        between("control.settings.pct_max_discharge_power", percent, 0, 100)
        if percent is None and not control.points:
            raise Invalid(
                "Say how much may be discharged: pct_max_discharge_power, or points of the curve at which "
                "it must trip.",
                field="control.settings",
            )
    if "displacement" in control.settings:
        between("control.settings.displacement", control.settings["displacement"], 0, 1)


def set_der_control(command: der.SetDerControl) -> None:
    check_control(command.control)


def get_der_controls(command: der.GetDerControls) -> None:
    _check_which(command.id, command.kind)


def clear_der_controls(command: der.ClearDerControls) -> None:
    _check_which(command.id, command.kind)


def _check_which(control_id: str | None, kind: str | None) -> None:
    if control_id is not None:
        text("id", control_id, least=1, most=36)
        if kind is not None:
            # R04: the type is not used when the id is given.
            raise Invalid("Name a control by its id, or those of a kind, not both.", field="kind")
    if kind is not None and kind not in KINDS:
        raise Invalid(f"kind is one of {', '.join(sorted(KINDS))}; this is {kind}.", field="kind")


CHECKS: dict[type, Callable[[Any], None]] = {
    der.ClearDerControls: clear_der_controls,
    der.GetDerControls: get_der_controls,
    der.SetDerControl: set_der_control,
}
