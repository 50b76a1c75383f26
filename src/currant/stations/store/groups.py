"""Station groups and who is in them: tables, rows and queries."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Index, Row, Table, Text, UniqueConstraint, func, select

from currant.db.commits import ChangeSet, delete_from, insert_into, update
from currant.db.tables import metadata
from currant.kit.clock import instant
from currant.kit.ids import StationGroupId, StationId, TenantId
from currant.stations.group_model import StationGroup

station_groups = Table(
    "station_groups",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    UniqueConstraint("tenant_id", "name"),
)

station_group_members = Table(
    "station_group_members",
    metadata,
    Column("group_id", Text, primary_key=True),
    Column("station_id", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Index(None, "station_id"),
)

INSERT_GROUP = insert_into(station_groups)
UPDATE_GROUP = update(station_groups, set=("name", "description", "updated_at"), where=("id", "tenant_id"))
DELETE_GROUP = delete_from(station_groups, where=("id", "tenant_id"))
ADD_MEMBER = insert_into(station_group_members, ignore_duplicates=True)
REMOVE_MEMBER = delete_from(station_group_members, where=("group_id", "station_id", "tenant_id"))

_AT_ONCE = 500


def by_id(conn: Connection, tenant_id: TenantId, group_id: str) -> StationGroup | None:
    g = station_groups.c
    found = conn.execute(_counted.where(g.tenant_id == tenant_id, g.id == group_id)).one_or_none()
    return None if found is None else _group(found)


def by_name(conn: Connection, tenant_id: TenantId, name: str) -> StationGroup | None:
    g = station_groups.c
    found = conn.execute(_counted.where(g.tenant_id == tenant_id, g.name == name)).one_or_none()
    return None if found is None else _group(found)


def search(
    conn: Connection, tenant_id: TenantId, *, text: str | None, after: str | None, limit: int
) -> list[StationGroup]:
    """By name, beginning after the name `after`."""
    g = station_groups.c
    query = _counted.where(g.tenant_id == tenant_id)
    if text:
        query = query.where(g.name.icontains(text, autoescape=True))
    if after is not None:
        query = query.where(g.name > after)
    return [_group(row) for row in conn.execute(query.order_by(g.name).limit(limit))]


def count(conn: Connection, tenant_id: TenantId) -> int:
    query = select(func.count()).select_from(station_groups).where(station_groups.c.tenant_id == tenant_id)
    return conn.execute(query).scalar_one()


def members(conn: Connection, tenant_id: TenantId, group_id: str) -> list[StationId]:
    m = station_group_members.c
    query = select(m.station_id).where(m.tenant_id == tenant_id, m.group_id == group_id)
    return [row[0] for row in conn.execute(query.order_by(m.station_id))]


def groups_of(
    conn: Connection, tenant_id: TenantId, station_ids: Sequence[str]
) -> dict[str, tuple[StationGroupId, ...]]:
    """The groups of each of these stations that is in one."""
    found: dict[str, list[StationGroupId]] = {}
    m = station_group_members.c
    for first in range(0, len(station_ids), _AT_ONCE):
        some = station_ids[first : first + _AT_ONCE]
        query = select(m.station_id, m.group_id).where(m.tenant_id == tenant_id, m.station_id.in_(some))
        for station_id, group_id in conn.execute(query.order_by(m.group_id)):
            found.setdefault(station_id, []).append(group_id)
    return {station_id: tuple(groups) for station_id, groups in found.items()}


def memberships(conn: Connection, *, station_id: str | None = None) -> dict[str, tuple[StationGroupId, ...]]:
    """The groups of every station of every tenant, or of one: for the directory."""
    m = station_group_members.c
    query = select(m.station_id, m.group_id).order_by(m.group_id)
    if station_id is not None:
        query = query.where(m.station_id == station_id)
    found: dict[str, list[StationGroupId]] = {}
    for station, group in conn.execute(query):
        found.setdefault(station, []).append(group)
    return {station: tuple(groups) for station, groups in found.items()}


def remove_members(changes: ChangeSet, group_id: str, station_ids: Sequence[str]) -> None:
    for station_id in station_ids:
        changes.write(REMOVE_MEMBER, (group_id, station_id, changes.tenant_id))


def add_members(changes: ChangeSet, group_id: str, station_ids: Sequence[str]) -> None:
    for station_id in station_ids:
        changes.write(ADD_MEMBER, (group_id, station_id, changes.tenant_id))


_counted = select(
    station_groups,
    select(func.count())
    .select_from(station_group_members)
    .where(station_group_members.c.group_id == station_groups.c.id)
    .scalar_subquery()
    .label("stations"),
)


def _group(row: Row[Any]) -> StationGroup:
    return StationGroup(
        id=row.id,
        tenant_id=row.tenant_id,
        name=row.name,
        description=row.description,
        stations=row.stations,
        created_at=instant(row.created_at),
        updated_at=instant(row.updated_at),
    )
