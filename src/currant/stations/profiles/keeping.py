"""What the outcome of a command changes in the rows of a station's profiles; the service says when."""

from datetime import datetime

import msgspec
from sqlalchemy import Connection

from currant.db.commits import ChangeSet
from currant.kit.ids import StationId
from currant.stations.commanding.profiles import ChargingProfile, SchedulePeriod, UpdateDynamicSchedule
from currant.stations.model import CommandRecord
from currant.stations.profiles import rules, store
from currant.stations.profiles.model import DynamicValues, InstalledProfile, InstalledProfilesChanged


def install(
    changes: ChangeSet,
    record: CommandRecord,
    evse: int,
    profile: ChargingProfile,
    version: str,
    installed: list[InstalledProfile],
    at: datetime,
) -> None:
    replaced = rules.replaced_by(profile, evse, version, installed)
    store.remove_profiles(changes, [found for found in replaced if found.profile.id != profile.id])
    store.save_profile(
        changes,
        InstalledProfile(
            station_id=record.station_id,
            evse=evse,
            profile=profile,
            installed_at=at,
            command_id=record.id,
        ),
    )
    changes.emit(
        InstalledProfilesChanged(
            tenant_id=record.tenant_id,
            happened_at=at,
            station_id=record.station_id,
            set=(profile.id,),
            removed=tuple(found.profile.id for found in replaced if found.profile.id != profile.id),
        )
    )


def remove(changes: ChangeSet, station_id: StationId, gone: list[InstalledProfile], at: datetime) -> None:
    if not gone:
        return
    store.remove_profiles(changes, gone)
    changes.emit(
        InstalledProfilesChanged(
            tenant_id=changes.tenant_id,
            happened_at=at,
            station_id=station_id,
            removed=tuple(found.profile.id for found in gone),
        )
    )


def update(
    changes: ChangeSet, conn: Connection, record: CommandRecord, command: UpdateDynamicSchedule
) -> None:
    found = store.dynamic_of(conn, record.tenant_id, record.station_id, command.profile_id)
    if found is None:
        return
    profile, before = found
    values = msgspec.structs.asdict(before or values_of(profile))
    given = {name: getattr(command, name) for name in values}
    values |= {name: value for name, value in given.items() if value is not None}
    store.save_dynamic(changes, record.station_id, command.profile_id, DynamicValues(**values))


def values_of(profile: ChargingProfile) -> DynamicValues:
    [period, *_] = profile.schedules[0].periods or (SchedulePeriod(start_s=0),)
    return DynamicValues(**{name: getattr(period, name) for name in DynamicValues.__struct_fields__})


def unknown(record: CommandRecord) -> bool:
    """The station has nothing of the kind (ClearChargingProfile's Unknown)."""
    return (record.answer or {}).get("status") == "Unknown"


def complete(record: CommandRecord) -> bool:
    return bool((record.answer or {}).get("complete"))
