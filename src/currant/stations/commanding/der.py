"""Controls of distributed energy resources (2.1 block R), after IEEE 1547 and IEC 61850-7-420."""

from typing import Any

import msgspec

from currant.stations.commanding.base import Command, Instant, Part


class DerControl(Part, frozen=True, kw_only=True):
    """One control. `kind` is its name in snake_case: enter_service, freq_droop, freq_watt, fixed_pf_absorb,
    fixed_pf_inject, fixed_var, gradients, hf_must_trip, hf_may_trip, hv_must_trip, hv_mom_cess, hv_may_trip,
    limit_max_discharge, lf_must_trip, lv_must_trip, lv_mom_cess, lv_may_trip, power_monitoring_must_trip,
    volt_var, volt_watt, watt_pf, watt_var.

    Curves are `points` with a unit and `priority`; every other kind has `settings` of plain numbers, named
    as in the specification, in snake_case.
    """

    id: str
    kind: str
    default: bool = False
    priority: int = 0
    starts_at: Instant | None = None
    duration_s: float | None = None
    points: tuple[tuple[float, float], ...] = ()
    y_unit: str | None = None
    """percent_max_w, percent_max_var, percent_w_avail, percent_var_avail, percent_effective_v, not_applicable"""
    settings: dict[str, Any] = msgspec.field(default_factory=dict)


class SetDerControl(Command, frozen=True, kw_only=True):
    control: DerControl


class GetDerControls(Command, frozen=True, kw_only=True):
    id: str | None = None
    kind: str | None = None
    default: bool | None = None


class ClearDerControls(Command, frozen=True, kw_only=True):
    default: bool
    id: str | None = None
    kind: str | None = None
