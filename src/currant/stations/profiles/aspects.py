"""Declared charging profiles and DER controls, as the reconciler knows them.

A declaration's key is its name. The id at the station follows from it, in a range that nothing else uses,
so that a declared profile is known for ours in any report, and one whose name is not declared any more is
known for a remnant and cleared.
"""

import hashlib
import zlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec.structs import replace

from currant.kit.errors import CurrantError, Invalid
from currant.stations.commanding.der import ClearDerControls, DerControl, SetDerControl
from currant.stations.commanding.profiles import (
    ChargingProfile,
    ChargingSchedule,
    ClearChargingProfiles,
    ProfilePurpose,
    SchedulePeriod,
    SetChargingProfile,
)
from currant.stations.commanding.rules.der import check_control
from currant.stations.commanding.rules.profile_versions import version_problem
from currant.stations.commanding.rules.profiles import check_profile
from currant.stations.desired.aspect import Desired, Refusal, Reported, Step
from currant.stations.directory import DirectoryEntry
from currant.stations.model import CommandRecord, CommandStatus
from currant.stations.profiles import rules
from currant.stations.profiles.der import DerService
from currant.stations.profiles.model import DECLARED_COUNT, DECLARED_FROM, InstalledProfile, ProfileDraft
from currant.stations.profiles.service import ProfileService

KEY_MAX = 200
_HEARD = frozenset(
    {CommandStatus.ACCEPTED, CommandStatus.SCHEDULED, CommandStatus.REFUSED, CommandStatus.UNSUPPORTED}
)
_PURPOSES = (ProfilePurpose.STATION_MAX, ProfilePurpose.TX_DEFAULT)


class DeclaredProfile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A profile as it is declared: EVSE 0 is the station, and for tx_default every EVSE."""

    evse: int
    profile: ProfileDraft


def id_of(key: str) -> int:
    """The profile id of a declaration's name."""
    return DECLARED_FROM + zlib.crc32(key.encode()) % DECLARED_COUNT


def is_declared(profile_id: int) -> bool:
    return DECLARED_FROM <= profile_id < DECLARED_FROM + DECLARED_COUNT


class ChargingProfilesAspect:
    """`charging_profiles`: default and maximum profiles of a station."""

    name = "charging_profiles"
    order = 50

    def __init__(self, profiles: ProfileService) -> None:
        self._profiles = profiles

    def check(self, key: str, value: Any) -> Any:
        """The value in its plain form: `{"evse": 0, "profile": {...}}`, the profile without an id."""
        _check_key(key)
        declared = _read(DeclaredProfile, value)
        draft = declared.profile
        if draft.id is not None:
            raise Invalid("A declared profile gets its id from its name: leave it out.", field="profile.id")
        if draft.purpose not in _PURPOSES:
            raise Invalid(
                f"Declared are profiles of purpose {' or '.join(_PURPOSES)}.", field="profile.purpose"
            )
        check_profile(draft.numbered(id_of(key)), declared.evse)
        return msgspec.to_builtins(declared)

    async def reported(
        self, station: DirectoryEntry, version: str, desired: Sequence[Desired]
    ) -> Mapping[str, Reported]:
        installed = await self._profiles.of_station(station.tenant_id, station.station_id)
        keys = {id_of(each.key): each.key for each in desired}
        remnants = [
            found.profile.id
            for found in installed
            if is_declared(found.profile.id) and found.profile.id not in keys
        ]
        return {
            keys[found.profile.id]: Reported(
                key=keys[found.profile.id],
                value={
                    "evse": found.evse,
                    "profile": msgspec.to_builtins(found.profile),
                    "undeclared": remnants,
                },
                at=_known_at(found),
            )
            for found in installed
            if found.profile.id in keys
        }

    def agrees(self, desired: Desired, reported: Reported | None) -> bool:
        if reported is None or desired.value is None:
            return reported is None and desired.value is None
        declared = _read(DeclaredProfile, desired.value)
        found = msgspec.convert(reported.value["profile"], ChargingProfile)
        return (
            not reported.value["undeclared"]
            and reported.value["evse"] == declared.evse
            and plain(found) == plain(declared.profile.numbered(id_of(desired.key)))
        )

    async def steps(
        self,
        station: DirectoryEntry,
        version: str,
        differing: Sequence[Desired],
        reported: Mapping[str, Reported],
    ) -> Sequence[Step] | Refusal:
        """Remnants first, for they may be in the way; then what shall be gone; then what shall be there."""
        keys = tuple(each.key for each in differing)
        remnants = {number for told in reported.values() for number in told.value["undeclared"]}
        steps = [
            Step(command=ClearChargingProfiles(profile_id=number), keys=keys) for number in sorted(remnants)
        ]
        steps += [
            Step(command=ClearChargingProfiles(profile_id=id_of(each.key)), keys=(each.key,))
            for each in differing
            if each.value is None
        ]
        if steps:
            return steps
        installed = await self._profiles.of_station(station.tenant_id, station.station_id)
        limits = await self._profiles.device_limits(station.tenant_id, station.station_id)
        for each in differing:
            declared = _read(DeclaredProfile, each.value)
            profile = declared.profile.numbered(id_of(each.key))
            problem = version_problem(profile, version)
            if problem is not None:
                return Refusal(reason=problem)
            try:
                rules.check_device(profile, limits)
                rules.check_beside(profile, declared.evse, version, installed, limits)
            except CurrantError as refused:
                # What is in the way may be cleared; what the station cannot take stays so.
                return Refusal(reason=refused.message, final=isinstance(refused, Invalid))
            steps.append(
                Step(command=SetChargingProfile(evse=declared.evse, profile=profile), keys=(each.key,))
            )
        return steps

    async def took(
        self, station: DirectoryEntry, step: Step, record: CommandRecord
    ) -> Mapping[str, Refusal | None]:
        await self._profiles.note(record)
        gone = isinstance(step.command, ClearChargingProfiles) and _says(record, "Unknown")
        return _says_of(record, step, gone=gone)


class DerControlsAspect:
    """`der_controls`: default controls of a station, as a grid code has them."""

    name = "der_controls"
    order = 55

    def __init__(self, der: DerService) -> None:
        self._der = der

    def check(self, key: str, value: Any) -> Any:
        """The value in its plain form: a control without id and times; declared are default controls."""
        _check_key(key)
        if not isinstance(value, dict) or "id" in value:
            raise Invalid("A declared control gets its id from its name: leave it out.", field="id")
        control = _control(key, value)
        check_control(control)
        return {name: part for name, part in msgspec.to_builtins(control).items() if name != "id"}

    async def reported(
        self, station: DirectoryEntry, version: str, desired: Sequence[Desired]
    ) -> Mapping[str, Reported]:
        keys = {control_id_of(each.key): each.key for each in desired}
        return {
            keys[found.control.id]: Reported(
                key=keys[found.control.id],
                value=msgspec.to_builtins(found.control),
                at=found.changed_at,
            )
            for found in await self._der.controls(station.tenant_id, station.station_id)
            if found.control.id in keys
        }

    def agrees(self, desired: Desired, reported: Reported | None) -> bool:
        if reported is None or desired.value is None:
            return reported is None and desired.value is None
        has = msgspec.convert(reported.value, DerControl)
        return bool(_in_six_decimals(has) == _in_six_decimals(_control(desired.key, desired.value)))

    async def steps(
        self,
        station: DirectoryEntry,
        version: str,
        differing: Sequence[Desired],
        reported: Mapping[str, Reported],
    ) -> Sequence[Step] | Refusal:
        if version != "2.1":
            return Refusal(reason=f"OCPP {version} has no DER controls: 2.1 does.", unsupported=True)
        return [
            Step(
                command=ClearDerControls(default=True, id=control_id_of(each.key))
                if each.value is None
                else SetDerControl(control=_control(each.key, each.value)),
                keys=(each.key,),
            )
            for each in sorted(differing, key=lambda each: each.value is not None)
        ]

    async def took(
        self, station: DirectoryEntry, step: Step, record: CommandRecord
    ) -> Mapping[str, Refusal | None]:
        await self._der.note(record)
        gone = isinstance(step.command, ClearDerControls) and _says(record, "NotFound")
        return _says_of(record, step, gone=gone)


def control_id_of(key: str) -> str:
    """The control id of a declaration's name, in the 36 characters there are."""
    return f"declared-{hashlib.blake2b(key.encode(), digest_size=12).hexdigest()}"


def _control(key: str, value: Any) -> DerControl:
    control: DerControl = _read(DerControl, {**value, "id": control_id_of(key)})
    return replace(control, default=True)


def plain(profile: ChargingProfile) -> ChargingProfile:
    """A profile with what stations may add or leave out in a report taken away, for comparing."""
    found: ChargingProfile = replace(
        profile,
        valid_from=_second(profile.valid_from),
        valid_until=_second(profile.valid_until),
        dynamic_updated_at=None,
        invalid_after_offline=profile.invalid_after_offline or None,
        schedules=tuple(_plain_schedule(schedule) for schedule in profile.schedules),
    )
    rounded: ChargingProfile = _in_six_decimals(found)
    return rounded


def _plain_schedule(schedule: ChargingSchedule) -> ChargingSchedule:
    return replace(
        schedule,
        id=0,
        starts_at=_second(schedule.starts_at),
        local_time=schedule.local_time or None,
        randomized_delay_s=schedule.randomized_delay_s or None,
        periods=tuple(_plain_period(period) for period in schedule.periods),
    )


def _plain_period(period: SchedulePeriod) -> SchedulePeriod:
    # K01.FR.49: three phases are meant where none are named; 2.1: charging only where no mode is.
    return replace(
        period,
        phases=None if period.phases == 3 else period.phases,
        operation_mode=None if period.operation_mode == "charging_only" else period.operation_mode,
        preconditioning=period.preconditioning or None,
        evse_sleep=period.evse_sleep or None,
    )


def _in_six_decimals(value: Any) -> Any:
    """A value with all numbers in it as they travel (2.x Part 2, 2.1.1)."""
    match value:
        case float():
            return round(value, 6)
        case dict():
            return {name: _in_six_decimals(each) for name, each in value.items()}
        case list() | tuple():
            return tuple(_in_six_decimals(each) for each in value)
        case msgspec.Struct():
            return type(value)(
                **{name: _in_six_decimals(getattr(value, name)) for name in value.__struct_fields__}
            )
    return value


def _second(at: datetime | None) -> datetime | None:
    """Times travel in whole seconds."""
    return None if at is None else at.replace(microsecond=0)


def _known_at(found: InstalledProfile) -> datetime:
    return found.installed_at if found.confirmed_at is None else found.confirmed_at


def _says_of(record: CommandRecord, step: Step, *, gone: bool) -> Mapping[str, Refusal | None]:
    """Nothing where the station was not heard; `gone`: it has none of it, which is what was wanted."""
    if record.status not in _HEARD:
        return {}
    if gone or record.status in (CommandStatus.ACCEPTED, CommandStatus.SCHEDULED):
        return dict.fromkeys(step.keys)
    return dict.fromkeys(
        step.keys, Refusal(reason=record.reason or f"The station's answer was {record.status}.")
    )


def _says(record: CommandRecord, status: str) -> bool:
    return (record.answer or {}).get("status") == status


def _check_key(key: str) -> None:
    if not 1 <= len(key) <= KEY_MAX:
        raise Invalid(f"A name has 1 to {KEY_MAX} characters.", field="key")


def _read(kind: Any, value: Any) -> Any:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise Invalid(f"The value is not what it must be: {error}.", field="value") from error
