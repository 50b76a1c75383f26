"""What a station can take of a charging profile, what is in the way, and what a command does to what it has."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from currant.kit.errors import Conflict, Invalid
from currant.stations.commanding.profiles import (
    ChargingProfile,
    ClearChargingProfiles,
    GetChargingProfiles,
    ProfilePurpose,
)
from currant.stations.profiles.model import InstalledProfile

# Never removed by a clear (2.0.1 K10.FR.04, 2.1 with local generation).
NOT_CLEARED = frozenset({ProfilePurpose.EXTERNAL, ProfilePurpose.LOCAL_GENERATION})


class DeviceLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What a station says that it can take; None where it does not say."""

    stack_level_max: int | None = None
    periods_max: int | None = None
    profiles_max: int | None = None
    units: frozenset[str] | None = None
    phase_switching: bool | None = None
    external_id_max: int | None = None
    dynamic: bool | None = None
    local_time: bool | None = None
    purposes: frozenset[str] | None = None
    """2.1: purposes beyond those of 2.0.1, in the station's words."""
    operation_modes: frozenset[str] | None = None
    available: bool | None = None


# 1.6 names currents and powers, 2.x their units.
_UNITS = {"current": "A", "power": "W", "a": "A", "w": "W"}
_TRUE = ("true", "1")


def limits_of(values: Mapping[str, str | None]) -> DeviceLimits:
    """What stands in a station's variables: 1.6 configuration keys, or `Component.Variable` of 2.x.

    A value that cannot be read is as good as none.
    """
    known = {name.lower(): value for name, value in values.items() if value is not None}

    def text(*names: str) -> str | None:
        return next((known[name.lower()] for name in names if name.lower() in known), None)

    def number(*names: str) -> int | None:
        try:
            return int(text(*names) or "")
        except ValueError:
            return None

    def yes(*names: str) -> bool | None:
        told = text(*names)
        return None if told is None else told.strip().lower() in _TRUE

    def words(*names: str) -> frozenset[str] | None:
        told = text(*names)
        return None if told is None else frozenset(word.strip() for word in told.split(",") if word.strip())

    units = words("ChargingScheduleAllowedChargingRateUnit", "SmartChargingCtrlr.RateUnit")
    named = (
        None if units is None else frozenset(_UNITS[unit.lower()] for unit in units if unit.lower() in _UNITS)
    )
    return DeviceLimits(
        stack_level_max=number("ChargeProfileMaxStackLevel", "SmartChargingCtrlr.ProfileStackLevel"),
        periods_max=number("ChargingScheduleMaxPeriods", "SmartChargingCtrlr.PeriodsPerSchedule"),
        profiles_max=number(
            "MaxChargingProfilesInstalled",
            "SmartChargingCtrlr.Entries[ChargingProfiles].MaxLimit",
        ),
        units=named or None,
        phase_switching=yes("SmartChargingCtrlr.ACPhaseSwitchingSupported"),
        external_id_max=number("SmartChargingCtrlr.MaxExternalConstraintsId"),
        dynamic=yes("SmartChargingCtrlr.SupportsDynamicProfiles"),
        local_time=yes("SmartChargingCtrlr.SupportsUseLocalTime"),
        purposes=words("SmartChargingCtrlr.SupportedAdditionalPurposes"),
        operation_modes=words("V2XChargingCtrlr.SupportedOperationModes"),
        available=yes("SmartChargingCtrlr.Enabled"),
    )


_PURPOSE_WORDS = {
    ProfilePurpose.PRIORITY: "PriorityCharging",
    ProfilePurpose.LOCAL_GENERATION: "LocalGeneration",
}


def check_device(profile: ChargingProfile, limits: DeviceLimits) -> None:
    """Raise Invalid where the station says of itself that it cannot take this profile."""
    if limits.available is False:
        raise Invalid(
            "Smart charging is switched off at the station: set SmartChargingCtrlr.Enabled to true first.",
            field="profile",
        )
    if limits.stack_level_max is not None and profile.stack_level > limits.stack_level_max:
        raise Invalid(
            f"The station takes stack levels up to {limits.stack_level_max}.", field="profile.stack_level"
        )
    if limits.external_id_max is not None and profile.id <= limits.external_id_max:
        # K01.FR.80
        raise Invalid(
            f"Ids up to {limits.external_id_max} are for the station's own profiles: choose a higher one.",
            field="profile.id",
        )
    word = _PURPOSE_WORDS.get(profile.purpose)
    if word is not None and limits.purposes is not None and word not in limits.purposes:
        raise Invalid(f"The station takes no profiles of purpose {profile.purpose}.", field="profile.purpose")
    if profile.kind == "dynamic" and limits.dynamic is False:
        raise Invalid("The station takes no dynamic profiles.", field="profile.kind")
    for number, schedule in enumerate(profile.schedules):
        field = f"profile.schedules[{number}]"
        if limits.units is not None and schedule.unit not in limits.units:
            # K01.FR.26
            raise Invalid(
                f"The station takes limits in {' or '.join(sorted(limits.units))}.", field=f"{field}.unit"
            )
        if limits.periods_max is not None and len(schedule.periods) > limits.periods_max:
            raise Invalid(
                f"The station takes {limits.periods_max} periods a schedule; this has "
                f"{len(schedule.periods)}: join some of them.",
                field=f"{field}.periods",
            )
        if schedule.local_time and limits.local_time is False:
            raise Invalid("The station does not know local time.", field=f"{field}.local_time")
        for place, period in enumerate(schedule.periods):
            if period.phase_to_use is not None and limits.phase_switching is not True:
                # K01.FR.20: only an EVSE that says that it can.
                raise Invalid(
                    "The station does not say that it can choose the phase: leave phase_to_use out.",
                    field=f"{field}.periods[{place}].phase_to_use",
                )


def check_beside(
    profile: ChargingProfile,
    evse: int,
    version: str,
    installed: Sequence[InstalledProfile],
    limits: DeviceLimits,
    *,
    iso15118: bool = False,
) -> None:
    """Raise Conflict where the profile and what the station has already cannot be there together.

    A profile with the same id takes its place (K01.FR.05). In 1.6 so does one with the same purpose, stack
    level and connector (3.13.2). `iso15118`: the vehicle has told its needs, so that several schedules make
    sense (K01.FR.34).
    """
    if len(profile.schedules) > 1 and not iso15118:
        raise Invalid(
            "Several schedules are for vehicles that speak ISO 15118 and have told their needs: send one.",
            field="profile.schedules",
        )
    replaced = {other.profile.id for other in replaced_by(profile, evse, version, installed)}
    standing = [other for other in installed if other.profile.id not in replaced]
    same = next((other for other in installed if other.profile.id == profile.id), None)
    if same is not None and same.profile.purpose is ProfilePurpose.EXTERNAL:
        raise Conflict(
            f"Profile {profile.id} is the station's own external limit, which cannot be replaced: "
            "choose another id.",
            field="profile.id",
        )
    for other in standing:
        if _in_the_way(profile, evse, version, other):
            where = "the station" if other.evse == 0 else f"EVSE {other.evse}"
            raise Conflict(
                f"Profile {other.profile.id} at {where} has the same purpose and stack level "
                f"({profile.stack_level}) at the same time: clear it, use its id, or take another stack level.",
                field="profile.stack_level",
                profile_id=other.profile.id,
            )
    if limits.profiles_max is not None:
        ours = [other for other in standing if other.profile.purpose is not ProfilePurpose.EXTERNAL]
        if len(ours) >= limits.profiles_max:
            raise Conflict(
                f"The station holds {limits.profiles_max} profiles and has as many: clear one first.",
                field="profile",
            )


def _in_the_way(profile: ChargingProfile, evse: int, version: str, other: InstalledProfile) -> bool:
    theirs = other.profile
    if theirs.purpose is not profile.purpose or theirs.stack_level != profile.stack_level:
        return False
    if profile.purpose is ProfilePurpose.TX:
        # K01.FR.39
        return theirs.transaction_id == profile.transaction_id
    # K01.FR.52 and .53: a default of the whole station and one of an EVSE, whenever they are valid.
    if profile.purpose is ProfilePurpose.TX_DEFAULT and version != "1.6" and evse != other.evse:
        return 0 in (evse, other.evse)
    # K01.FR.06
    return evse == other.evse and _overlap(profile, theirs)


def _overlap(one: ChargingProfile, other: ChargingProfile) -> bool:
    """Whether there is a time at which both are valid; without times a profile is so for ever (K01.FR.10)."""
    if one.valid_until is not None and other.valid_from is not None and one.valid_until <= other.valid_from:
        return False
    return not (
        other.valid_until is not None and one.valid_from is not None and other.valid_until <= one.valid_from
    )


def replaced_by(
    profile: ChargingProfile, evse: int, version: str, installed: Iterable[InstalledProfile]
) -> list[InstalledProfile]:
    """What is no longer there once the station has accepted this profile."""
    gone = []
    for other in installed:
        theirs = other.profile
        if theirs.id == profile.id or (
            version == "1.6"
            and theirs.purpose is profile.purpose
            and theirs.stack_level == profile.stack_level
            and other.evse == evse
        ):
            gone.append(other)
    return gone


def cleared_by(
    command: ClearChargingProfiles, installed: Iterable[InstalledProfile]
) -> list[InstalledProfile]:
    """What is no longer there once the station has accepted to clear it, or does not know of any (K10)."""
    return [
        other
        for other in installed
        if other.profile.purpose not in NOT_CLEARED
        and (
            other.profile.id == command.profile_id
            if command.profile_id is not None
            else _matches(other, command.evse, command.purpose, command.stack_level)
        )
    ]


def asked_for(command: GetChargingProfiles, installed: Iterable[InstalledProfile]) -> list[InstalledProfile]:
    """What a station would report to this question (K09.FR.04 to .06)."""
    sources = {source.lower() for source in command.sources}
    return [
        other
        for other in installed
        if (not command.ids or other.profile.id in command.ids)
        and (not sources or other.source.lower() in sources)
        and _matches(other, command.evse, command.purpose, command.stack_level)
    ]


def _matches(
    other: InstalledProfile, evse: int | None, purpose: ProfilePurpose | None, stack_level: int | None
) -> bool:
    return (
        (evse is None or other.evse == evse)
        and (purpose is None or other.profile.purpose is purpose)
        and (stack_level is None or other.profile.stack_level == stack_level)
    )


def gone_after_boot(version: str, installed: Iterable[InstalledProfile]) -> list[InstalledProfile]:
    """What a station no longer has after a restart.

    Transactions of 1.6 end with it, and their profiles with them. 2.0.1 keeps all (K01.FR.27); 2.1 need not
    keep those of transactions, of local generation and of external systems, and reports what it kept.
    """
    lost = {
        "1.6": frozenset({ProfilePurpose.TX}),
        "2.1": frozenset({ProfilePurpose.TX, ProfilePurpose.LOCAL_GENERATION, ProfilePurpose.EXTERNAL}),
    }.get(version, frozenset[ProfilePurpose]())
    return [other for other in installed if other.profile.purpose in lost]
