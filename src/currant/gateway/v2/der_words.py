"""Controls of distributed energy resources in the words of OCPP 2.1, and back."""

from typing import Any

import msgspec

from currant.ocpp import v21
from currant.stations.commanding.der import DerControl
from currant.stations.commanding.rules.der import CURVES

KINDS: dict[str, v21.DERControlEnumType] = {
    "enter_service": "EnterService",
    "freq_droop": "FreqDroop",
    "freq_watt": "FreqWatt",
    "fixed_pf_absorb": "FixedPFAbsorb",
    "fixed_pf_inject": "FixedPFInject",
    "fixed_var": "FixedVar",
    "gradients": "Gradients",
    "hf_must_trip": "HFMustTrip",
    "hf_may_trip": "HFMayTrip",
    "hv_must_trip": "HVMustTrip",
    "hv_mom_cess": "HVMomCess",
    "hv_may_trip": "HVMayTrip",
    "limit_max_discharge": "LimitMaxDischarge",
    "lf_must_trip": "LFMustTrip",
    "lv_must_trip": "LVMustTrip",
    "lv_mom_cess": "LVMomCess",
    "lv_may_trip": "LVMayTrip",
    "power_monitoring_must_trip": "PowerMonitoringMustTrip",
    "volt_var": "VoltVar",
    "volt_watt": "VoltWatt",
    "watt_pf": "WattPF",
    "watt_var": "WattVar",
}
KINDS_READ: dict[str, str] = {wire: neutral for neutral, wire in KINDS.items()}
UNITS: dict[str, v21.DERUnitEnumType] = {
    "not_applicable": "Not_Applicable",
    "percent_max_w": "PctMaxW",
    "percent_max_var": "PctMaxVar",
    "percent_w_avail": "PctWAvail",
    "percent_var_avail": "PctVarAvail",
    "percent_effective_v": "PctEffectiveV",
}
_UNITS_READ: dict[str, str] = {wire: neutral for neutral, wire in UNITS.items()}
CESSATIONS: dict[str, v21.PowerDuringCessationEnumType] = {"active": "Active", "reactive": "Reactive"}

# Where a curve's settings stand on the wire.
_PARTS: dict[str, tuple[Any, tuple[str, ...]]] = {
    "hysteresis": (
        v21.HysteresisType,
        ("hysteresis_high", "hysteresis_low", "hysteresis_delay", "hysteresis_gradient"),
    ),
    "reactive_power_params": (
        v21.ReactivePowerParamsType,
        ("v_ref", "autonomous_v_ref_enable", "autonomous_v_ref_time_constant"),
    ),
    "voltage_params": (
        v21.VoltageParamsType,
        ("hv10_min_mean_value", "hv10_min_mean_trip_delay", "power_during_cessation"),
    ),
}

# The kinds that are no curves: the field of SetDERControl and ReportDERControl, and its type.
_OTHERS: dict[str, tuple[str, Any]] = {
    "enter_service": ("enter_service", v21.EnterServiceType),
    "fixed_pf_absorb": ("fixed_pf_absorb", v21.FixedPFType),
    "fixed_pf_inject": ("fixed_pf_inject", v21.FixedPFType),
    "fixed_var": ("fixed_var", v21.FixedVarType),
    "freq_droop": ("freq_droop", v21.FreqDroopType),
    "gradients": ("gradient", v21.GradientType),
    "limit_max_discharge": ("limit_max_discharge", v21.LimitMaxDischargeType),
}
_WITHOUT_TIMES = frozenset({"enter_service", "gradients"})
_COMMON = frozenset({"priority", "start_time", "duration", "custom_data"})


class ReportedControl(msgspec.Struct, frozen=True, kw_only=True):
    """A control as a station reports it."""

    control: DerControl
    superseded: bool = False


def wire_control(control: DerControl) -> v21.SetDERControl:
    """The request that sets a control, which keeps the rules of its kind (rules/der.py)."""
    fields: dict[str, Any] = {
        "is_default": control.default,
        "control_id": control.id,
        "control_type": KINDS[control.kind],
    }
    if control.kind in CURVES:
        fields["curve"] = _wire_curve(control, times=True)
    else:
        field, made = _OTHERS[control.kind]
        settings = {name: value for name, value in control.settings.items() if name in made.__struct_fields__}
        if control.kind not in _WITHOUT_TIMES:
            settings |= {"start_time": control.starts_at, "duration": control.duration_s}
        if control.kind == "fixed_var":
            settings["unit"] = UNITS[control.y_unit or "not_applicable"]
        if control.kind == "limit_max_discharge" and control.points:
            settings["power_monitoring_must_trip"] = _wire_curve(control, times=False)
        fields[field] = made(priority=control.priority, **settings)
    return v21.SetDERControl(**fields)


def _wire_curve(control: DerControl, *, times: bool) -> v21.DERCurveType:
    parts: dict[str, Any] = {}
    for part, (made, names) in _PARTS.items():
        given = {name: control.settings[name] for name in names if name in control.settings}
        if "power_during_cessation" in given:
            given["power_during_cessation"] = CESSATIONS[given["power_during_cessation"]]
        if given:
            parts[part] = made(**given)
    return v21.DERCurveType(
        curve_data=[v21.DERCurvePointsType(x=x, y=y) for x, y in control.points],
        priority=control.priority,
        y_unit=UNITS[control.y_unit or "not_applicable"],
        response_time=control.settings.get("response_time"),
        start_time=control.starts_at if times else None,
        duration=control.duration_s if times else None,
        **parts,
    )


def neutral_controls(report: v21.ReportDERControl) -> list[ReportedControl]:
    """What one part of a report holds."""
    found = [
        ReportedControl(
            control=_neutral_curve(entry.id, KINDS_READ[entry.curve_type], entry.is_default, entry.curve),
            superseded=entry.is_superseded,
        )
        for entry in report.curve or ()
    ]
    for kind, (field, _) in _OTHERS.items():
        for entry in getattr(report, field) or ():
            inner = "fixed_pf" if kind.startswith("fixed_pf") else field
            found.append(
                ReportedControl(
                    # Enter service and gradients do not say so: they are defaults alone.
                    control=_neutral_other(
                        entry.id, kind, getattr(entry, "is_default", True), getattr(entry, inner)
                    ),
                    superseded=getattr(entry, "is_superseded", False),
                )
            )
    return found


def _neutral_curve(control_id: str, kind: str, default: bool, curve: v21.DERCurveType) -> DerControl:
    return DerControl(
        id=control_id,
        kind=kind,
        default=default,
        priority=curve.priority,
        starts_at=curve.start_time,
        duration_s=curve.duration,
        points=tuple((point.x, point.y) for point in curve.curve_data),
        y_unit=_UNITS_READ[curve.y_unit],
        settings=_curve_settings(curve),
    )


def _curve_settings(curve: v21.DERCurveType) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    if curve.response_time is not None:
        settings["response_time"] = curve.response_time
    for part, (_, names) in _PARTS.items():
        values = getattr(curve, part)
        if values is not None:
            settings |= {name: value for name in names if (value := getattr(values, name)) is not None}
    if "power_during_cessation" in settings:
        settings["power_during_cessation"] = settings["power_during_cessation"].lower()
    return settings


def _neutral_other(control_id: str, kind: str, default: bool, wire: Any) -> DerControl:
    settings = {
        name: value
        for name in wire.__struct_fields__
        if name not in _COMMON
        and name not in ("unit", "power_monitoring_must_trip")
        and (value := getattr(wire, name)) is not None
    }
    curve = getattr(wire, "power_monitoring_must_trip", None)
    unit = getattr(wire, "unit", None) if curve is None else curve.y_unit
    if curve is not None:
        settings |= _curve_settings(curve)
    return DerControl(
        id=control_id,
        kind=kind,
        default=default,
        priority=wire.priority,
        starts_at=getattr(wire, "start_time", None),
        duration_s=getattr(wire, "duration", None),
        points=() if curve is None else tuple((point.x, point.y) for point in curve.curve_data),
        y_unit=None if unit is None else _UNITS_READ[unit],
        settings=settings,
    )
