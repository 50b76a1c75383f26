"""The values of smart charging at a station: profiles that it has, and limits from outside."""

from datetime import datetime
from typing import Literal

import msgspec

from currant.kit.event import Event
from currant.kit.ids import CommandId, StationId
from currant.stations.commanding.profiles import (
    ChargingProfile,
    ChargingSchedule,
    ProfileKind,
    ProfilePurpose,
)

# Ids of profiles. Stations number their own (external constraints) low or below 0 (2.1 K11.FR.06), people
# choose small ones: ours begin far above both. Those that are declared have a range of their own, by which
# a declared profile that is no longer wanted is known for ours (K01.FR.80).
GIVEN_FROM = 100_000
DECLARED_FROM = 1_000_000_000
DECLARED_COUNT = 1_000_000_000


class InstalledProfile(msgspec.Struct, frozen=True, kw_only=True):
    """A charging profile that a station has, as far as is known.

    `source` is who set the limit: cso (an operator, as we are), ems, so, other, or a 2.1 station's own word.
    """

    station_id: StationId
    evse: int
    profile: ChargingProfile
    source: str = "cso"
    installed_at: datetime
    """When it was accepted, or first reported."""
    confirmed_at: datetime | None = None
    """When the station last reported it; None for what it only accepted."""
    command_id: CommandId | None = None
    """The command that set it; None when somebody else did."""


class ProfileDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A charging profile to be set. Without an `id` it gets one that nothing else has."""

    purpose: ProfilePurpose
    schedules: tuple[ChargingSchedule, ...]
    id: int | None = None
    kind: ProfileKind = ProfileKind.ABSOLUTE
    stack_level: int = 0
    recurrency: Literal["daily", "weekly"] | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    transaction_id: str | None = None
    max_offline_s: int | None = None
    invalid_after_offline: bool | None = None
    dynamic_interval_s: int | None = None

    def numbered(self, profile_id: int) -> ChargingProfile:
        return ChargingProfile(**{**msgspec.structs.asdict(self), "id": profile_id})


class ProfileFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which installed profiles are wanted; what is None does not matter."""

    station_id: StationId | None = None
    evse: int | None = None
    profile_id: int | None = None
    purpose: ProfilePurpose | None = None
    stack_level: int | None = None
    transaction_id: str | None = None
    source: str | None = None


class DynamicValues(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The values in force of a dynamic profile, in its schedule's unit (2.1 K28)."""

    limit: float | None = None
    limit_l2: float | None = None
    limit_l3: float | None = None
    discharge_limit: float | None = None
    setpoint: float | None = None
    setpoint_reactive: float | None = None


class OutsideLimit(msgspec.Struct, frozen=True, kw_only=True):
    """A limit that somebody outside put on a station (EVSE 0) or an EVSE (2.x K11 to K14).

    Without `schedules` the station did not say how much: that it is limited is all there is to know.
    """

    station_id: StationId
    evse: int
    source: str
    at: datetime
    schedules: tuple[ChargingSchedule, ...] = ()
    grid_critical: bool = False
    local_generation: bool = False


class ChargingLimitChanged(Event, frozen=True, kw_only=True):
    """Somebody outside limits a station or an EVSE, or does so differently now."""

    station_id: StationId
    evse: int
    source: str
    grid_critical: bool = False


class ChargingLimitCleared(Event, frozen=True, kw_only=True):
    """A limit from outside is gone."""

    station_id: StationId
    evse: int
    source: str


class InstalledProfilesChanged(Event, frozen=True, kw_only=True):
    """A station has other charging profiles than before, by a command, a report or the end of a session."""

    station_id: StationId
    set: tuple[int, ...] = ()
    removed: tuple[int, ...] = ()


class Reported(msgspec.Struct, frozen=True, kw_only=True):
    """One part of a station's report of its profiles (2.x ReportChargingProfiles)."""

    evse: int
    source: str
    profiles: tuple[ChargingProfile, ...]


class CompositeSchedule(msgspec.Struct, frozen=True, kw_only=True):
    """What a station will allow an EVSE (0: all of it), as it works that out itself; an indication (K08)."""

    evse: int
    starts_at: datetime
    duration_s: int
    unit: Literal["W", "A"]
    periods: tuple["CompositePeriod", ...]


class CompositePeriod(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """From `start_s` on. Limits in the schedule's unit."""

    start_s: int
    limit: float | None = None
    limit_l2: float | None = None
    limit_l3: float | None = None
    phases: int | None = None
    discharge_limit: float | None = None
    setpoint: float | None = None
    operation_mode: str | None = None


class ProfilesOf(msgspec.Struct, frozen=True, kw_only=True):
    """What a station says, or what is known, of its profiles: `reason` says which."""

    status: str
    reason: str = ""
    profiles: tuple[InstalledProfile, ...] = ()
