"""Charging profiles and what goes with them (1.6 3.13; 2.x block K). Power in W, current in A a phase."""

from enum import StrEnum
from typing import Literal

from currant.stations.commanding.base import Command, Instant, Part


class ProfilePurpose(StrEnum):
    STATION_MAX = "station_max"
    """1.6 ChargePointMaxProfile, 2.x ChargingStationMaxProfile."""
    TX_DEFAULT = "tx_default"
    TX = "tx"
    EXTERNAL = "external"
    """2.x ChargingStationExternalConstraints: reported by stations, never set by us (K01.FR.22)."""
    PRIORITY = "priority"
    """2.1."""
    LOCAL_GENERATION = "local_generation"
    """2.1."""


class ProfileKind(StrEnum):
    ABSOLUTE = "absolute"
    RECURRING = "recurring"
    RELATIVE = "relative"
    DYNAMIC = "dynamic"
    """2.1."""


class SchedulePeriod(Part, frozen=True, kw_only=True):
    """From `start_s` after the schedule's start until the next period. Limits in the schedule's unit."""

    start_s: int
    limit: float | None = None
    limit_l2: float | None = None
    limit_l3: float | None = None
    phases: int | None = None
    phase_to_use: int | None = None
    discharge_limit: float | None = None
    setpoint: float | None = None
    setpoint_reactive: float | None = None
    operation_mode: str | None = None
    """2.1 Q: charging_only, central_setpoint, external_setpoint, external_limits, central_frequency,
    local_frequency, local_load_balancing, idle."""
    frequency_watt: tuple[tuple[float, float], ...] = ()
    """2.1: (Hz, W) points for local_frequency."""
    signal_watt: tuple[tuple[int, float], ...] = ()
    """2.1: (aFRR signal, W) points for central_frequency."""
    baseline_w: float | None = None
    preconditioning: bool | None = None
    evse_sleep: bool | None = None


class ChargingSchedule(Part, frozen=True, kw_only=True):
    unit: Literal["W", "A"]
    periods: tuple[SchedulePeriod, ...]
    id: int = 0
    starts_at: Instant | None = None
    duration_s: int | None = None
    min_rate: float | None = None
    local_time: bool | None = None
    """2.1: the station's own time zone."""
    randomized_delay_s: int | None = None


class ChargingProfile(Part, frozen=True, kw_only=True):
    id: int
    purpose: ProfilePurpose
    schedules: tuple[ChargingSchedule, ...]
    """One; up to three for ISO 15118 (2.x)."""
    kind: ProfileKind = ProfileKind.ABSOLUTE
    stack_level: int = 0
    recurrency: Literal["daily", "weekly"] | None = None
    valid_from: Instant | None = None
    valid_until: Instant | None = None
    transaction_id: str | None = None
    max_offline_s: int | None = None
    invalid_after_offline: bool | None = None
    dynamic_interval_s: int | None = None
    dynamic_updated_at: Instant | None = None


class SetChargingProfile(Command, frozen=True, kw_only=True):
    """EVSE 0 is the whole station (purpose tx_default: every EVSE)."""

    evse: int
    profile: ChargingProfile


class ClearChargingProfiles(Command, frozen=True, kw_only=True):
    """By id, or by all of the criteria given (1.6 5.5; 2.x K10)."""

    profile_id: int | None = None
    evse: int | None = None
    purpose: ProfilePurpose | None = None
    stack_level: int | None = None


class GetChargingProfiles(Command, frozen=True, kw_only=True):
    """2.x K09. EVSE 0 is the station itself, None everything. `sources`: ems, other, so, cso (2.1: any word)."""

    evse: int | None = None
    ids: tuple[int, ...] = ()
    purpose: ProfilePurpose | None = None
    stack_level: int | None = None
    sources: tuple[str, ...] = ()


class GetCompositeSchedule(Command, frozen=True, kw_only=True):
    evse: int
    duration_s: int
    unit: Literal["W", "A"] | None = None


class UsePriorityCharging(Command, frozen=True, kw_only=True):
    """2.1 K21."""

    transaction_id: str
    activate: bool = True


class UpdateDynamicSchedule(Command, frozen=True, kw_only=True):
    """2.1 K28: new values of a dynamic profile that is in force."""

    profile_id: int
    limit: float | None = None
    limit_l2: float | None = None
    limit_l3: float | None = None
    discharge_limit: float | None = None
    setpoint: float | None = None
    setpoint_reactive: float | None = None


class AllowEnergyTransfer(Command, frozen=True, kw_only=True):
    """2.1 Q01: which ways of energy transfer a session may use: ac_single_phase, ac_three_phase, dc,
    ac_bpt, ac_der, dc_bpt, …"""

    transaction_id: str
    modes: tuple[str, ...]


class SendAfrrSignal(Command, frozen=True, kw_only=True):
    """2.1 Q08: an aFRR signal of the grid operator."""

    at: Instant
    signal: int
