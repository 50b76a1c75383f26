"""The tables of installed profiles and outside limits, and the queries on them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Boolean, Column, Connection, Index, Row, Table, Text, bindparam, select

from currant.db.commits import ChangeSet, delete_from, update, upsert
from currant.db.queries import Query
from currant.db.tables import metadata
from currant.kit.clock import instant, micros
from currant.kit.ids import StationId, TenantId
from currant.stations.commanding.profiles import ChargingProfile, ChargingSchedule
from currant.stations.profiles.model import DynamicValues, InstalledProfile, OutsideLimit, ProfileFilter
from currant.stations.store.tables import stations

installed_profiles = Table(
    "station_profiles",
    metadata,
    Column("station_id", Text, primary_key=True),
    Column("profile_id", BigInteger, primary_key=True, autoincrement=False),
    Column("tenant_id", Text, nullable=False),
    Column("evse", BigInteger, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("stack_level", BigInteger, nullable=False),
    Column("transaction_id", Text),
    Column("source", Text, nullable=False),
    Column("profile", Text, nullable=False),
    Column("installed_at", BigInteger, nullable=False),
    Column("confirmed_at", BigInteger),
    Column("command_id", Text),
    # 2.1: the values in force of a dynamic profile, where they are not those of its schedule any more.
    Column("dynamic_values", Text),
    Index(None, "tenant_id", "profile_id", "station_id"),
    Index(None, "tenant_id", "transaction_id"),
)

outside_limits = Table(
    "station_outside_limits",
    metadata,
    Column("station_id", Text, primary_key=True),
    Column("evse", BigInteger, primary_key=True, autoincrement=False),
    Column("source", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("schedules", Text, nullable=False),
    Column("grid_critical", Boolean, nullable=False),
    Column("local_generation", Boolean, nullable=False),
    Index(None, "tenant_id", "station_id"),
)

_UPSERT_PROFILE = upsert(installed_profiles, key=("station_id", "profile_id"))
_DELETE_PROFILE = delete_from(installed_profiles, where=("station_id", "profile_id", "tenant_id"))
_SET_DYNAMIC = update(
    installed_profiles, set=("dynamic_values",), where=("station_id", "profile_id", "tenant_id")
)
_UPSERT_LIMIT = upsert(outside_limits, key=("station_id", "evse", "source"))
_DELETE_LIMIT = delete_from(outside_limits, where=("station_id", "evse", "source", "tenant_id"))

_profile = msgspec.json.Decoder(ChargingProfile)
_schedules = msgspec.json.Decoder(tuple[ChargingSchedule, ...])
_dynamic = msgspec.json.Decoder(DynamicValues)

PROFILES_A_STATION_MAX = 1_000


def save_profile(changes: ChangeSet, found: InstalledProfile) -> None:
    profile = found.profile
    changes.write(
        _UPSERT_PROFILE,
        (
            found.station_id,
            profile.id,
            changes.tenant_id,
            found.evse,
            profile.purpose.value,
            profile.stack_level,
            profile.transaction_id,
            found.source,
            msgspec.json.encode(profile).decode(),
            micros(found.installed_at),
            None if found.confirmed_at is None else micros(found.confirmed_at),
            found.command_id,
            None,
        ),
    )


def remove_profiles(changes: ChangeSet, gone: Iterable[InstalledProfile]) -> None:
    for found in gone:
        changes.write(_DELETE_PROFILE, (found.station_id, found.profile.id, changes.tenant_id))


def save_dynamic(changes: ChangeSet, station_id: StationId, profile_id: int, values: DynamicValues) -> None:
    changes.write(
        _SET_DYNAMIC, (msgspec.json.encode(values).decode(), station_id, profile_id, changes.tenant_id)
    )


_OF_STATION = Query(
    select(installed_profiles)
    .where(
        installed_profiles.c.tenant_id == bindparam("tenant"),
        installed_profiles.c.station_id == bindparam("station"),
    )
    .order_by(installed_profiles.c.profile_id)
    .limit(PROFILES_A_STATION_MAX),
    "tenant",
    "station",
)


def profiles_of(conn: Connection, tenant_id: TenantId, station_id: StationId) -> list[InstalledProfile]:
    """All profiles of a station, by id."""
    return [_installed(row) for row in _OF_STATION.all(conn, tenant_id, station_id)]


_DYNAMIC = Query(
    select(installed_profiles.c.profile, installed_profiles.c.dynamic_values).where(
        installed_profiles.c.tenant_id == bindparam("tenant"),
        installed_profiles.c.station_id == bindparam("station"),
        installed_profiles.c.profile_id == bindparam("profile"),
    ),
    "tenant",
    "station",
    "profile",
)


def dynamic_of(
    conn: Connection, tenant_id: TenantId, station_id: StationId, profile_id: int
) -> tuple[ChargingProfile, DynamicValues | None] | None:
    """A profile and the values that were last given to it; None when the station has none such."""
    row = _DYNAMIC.first(conn, tenant_id, station_id, profile_id)
    if row is None:
        return None
    values = None if row.dynamic_values is None else _dynamic.decode(row.dynamic_values)
    return _profile.decode(row.profile), values


def search_profiles(
    conn: Connection,
    tenant_id: TenantId,
    wanted: ProfileFilter,
    *,
    after: tuple[int, str] | None,
    limit: int,
) -> list[InstalledProfile]:
    """By profile id, then station; `after` is the place of the last one seen."""
    c = installed_profiles.c
    query = select(installed_profiles).where(c.tenant_id == tenant_id)
    for column, value in (
        (c.station_id, wanted.station_id),
        (c.evse, wanted.evse),
        (c.profile_id, wanted.profile_id),
        (c.purpose, None if wanted.purpose is None else wanted.purpose.value),
        (c.stack_level, wanted.stack_level),
        (c.transaction_id, wanted.transaction_id),
        (c.source, wanted.source),
    ):
        if value is not None:
            query = query.where(column == value)
    if after is not None:
        profile_id, station_id = after
        query = query.where(
            (c.profile_id > profile_id) | ((c.profile_id == profile_id) & (c.station_id > station_id))
        )
    return [_installed(row) for row in conn.execute(query.order_by(c.profile_id, c.station_id).limit(limit))]


def _installed(row: Any) -> InstalledProfile:
    return InstalledProfile(
        station_id=row.station_id,
        evse=row.evse,
        profile=_profile.decode(row.profile),
        source=row.source,
        installed_at=instant(row.installed_at),
        confirmed_at=None if row.confirmed_at is None else instant(row.confirmed_at),
        command_id=row.command_id,
    )


# Outside limits


def save_limit(changes: ChangeSet, limit: OutsideLimit) -> None:
    changes.write(
        _UPSERT_LIMIT,
        (
            limit.station_id,
            limit.evse,
            limit.source,
            changes.tenant_id,
            micros(limit.at),
            msgspec.json.encode(limit.schedules).decode(),
            limit.grid_critical,
            limit.local_generation,
        ),
    )


def remove_limit(changes: ChangeSet, station_id: StationId, evse: int, source: str) -> None:
    changes.write(_DELETE_LIMIT, (station_id, evse, source, changes.tenant_id))


LIMITS_A_STATION_MAX = 200


def limits_of(conn: Connection, tenant_id: TenantId, station_id: StationId) -> list[OutsideLimit]:
    """What limits a station from outside, by EVSE and source."""
    c = outside_limits.c
    rows: Sequence[Row[Any]] = conn.execute(
        select(outside_limits)
        .where(c.tenant_id == tenant_id, c.station_id == station_id)
        .order_by(c.evse, c.source)
        .limit(LIMITS_A_STATION_MAX)
    ).all()
    return [
        OutsideLimit(
            station_id=row.station_id,
            evse=row.evse,
            source=row.source,
            at=instant(row.at),
            schedules=_schedules.decode(row.schedules),
            grid_critical=row.grid_critical,
            local_generation=row.local_generation,
        )
        for row in rows
    ]


_VERSION = Query(
    select(stations.c.ocpp_version).where(
        stations.c.tenant_id == bindparam("tenant"), stations.c.id == bindparam("station")
    ),
    "tenant",
    "station",
)


def version_of(conn: Connection, tenant_id: TenantId, station_id: StationId) -> str:
    """The OCPP version that a station speaks, or last spoke; empty before it ever connected."""
    row = _VERSION.first(conn, tenant_id, station_id)
    return "" if row is None else row.ocpp_version or ""


def known_at(found: InstalledProfile) -> datetime:
    """When it was last certain that the station has it."""
    return found.installed_at if found.confirmed_at is None else found.confirmed_at
