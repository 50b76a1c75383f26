"""Groups of stations, made and filled by operators: what is declared or allowed for a group holds for its members.

A station may be in several groups. Who is in which stands in the directory and with every
connection, so that an authorisation asks nobody.
"""

from collections.abc import Sequence

import msgspec
from msgspec import UNSET, UnsetType
from sqlalchemy import Connection

from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.clock import Clock, micros
from currant.kit.errors import Conflict, Invalid, NotFound
from currant.kit.ids import StationGroupId, StationId, TenantId, new_id
from currant.stations import paging, store
from currant.stations.admission import entry_of
from currant.stations.directory import DirectoryEntry, StationDirectory
from currant.stations.events import StationChanged
from currant.stations.group_model import StationGroup
from currant.stations.link import StationLink
from currant.stations.model import Page

__all__ = ["StationGroup", "StationGroupChange", "StationGroupDraft", "StationGroups"]

GROUPS_MAX = 2_000
"""Groups a tenant may have."""
MEMBERS_MAX = 10_000
"""Stations named in one request."""
GROUPS_A_STATION = 50
TOGETHER = 500
"""Memberships written in one transaction."""
NAME_MAX = 100
DESCRIPTION_MAX = 500


class StationGroupDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A group to be made; `stations` are ids or identities."""

    name: str
    description: str = ""
    stations: tuple[str, ...] = ()


class StationGroupChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What shall be different about a group; what is not named stays."""

    name: str | UnsetType = UNSET
    description: str | UnsetType = UNSET


class StationGroups:
    """Groups made, changed, filled and listed."""

    def __init__(
        self, database: Database, directory: StationDirectory, link: StationLink, clock: Clock
    ) -> None:
        self._database = database
        self._directory = directory
        self._link = link
        self._clock = clock

    async def create(self, tenant_id: TenantId, draft: StationGroupDraft, *, by: str) -> StationGroup:
        _check(draft.name, draft.description)
        entries = self._entries(tenant_id, draft.stations)
        now = self._clock.now()
        group = StationGroup(
            id=StationGroupId(new_id()),
            tenant_id=tenant_id,
            name=draft.name,
            description=draft.description,
            stations=len(entries),
            created_at=now,
            updated_at=now,
        )

        def make(conn: Connection, changes: ChangeSet) -> None:
            if store.groups.by_name(conn, tenant_id, draft.name) is not None:
                raise Conflict(f"There is a station group {draft.name} already.", field="name")
            if store.groups.count(conn, tenant_id) >= GROUPS_MAX:
                raise Conflict(f"There are {GROUPS_MAX} station groups already: delete one first.")
            changes.write(
                store.groups.INSERT_GROUP,
                (group.id, tenant_id, group.name, group.description, micros(now), micros(now)),
            )

        await self._database.decide(make, tenant_id)
        await self._change_members(tenant_id, group.id, add=entries, remove=(), by=by)
        return group

    async def change(
        self, tenant_id: TenantId, group_id: str, change: StationGroupChange, *, by: str
    ) -> StationGroup:
        now = self._clock.now()

        def apply(conn: Connection, changes: ChangeSet) -> StationGroup:
            before = _known(store.groups.by_id(conn, tenant_id, group_id), group_id)
            after = msgspec.structs.replace(
                before,
                name=before.name if change.name is UNSET else change.name,
                description=before.description if change.description is UNSET else change.description,
                updated_at=now,
            )
            _check(after.name, after.description)
            if after.name != before.name and store.groups.by_name(conn, tenant_id, after.name) is not None:
                raise Conflict(f"There is a station group {after.name} already.", field="name")
            changes.write(
                store.groups.UPDATE_GROUP, (after.name, after.description, micros(now), group_id, tenant_id)
            )
            return after

        return await self._database.decide(apply, tenant_id)

    async def delete(self, tenant_id: TenantId, group_id: str, *, by: str) -> None:
        """Dissolve a group. What was declared for it holds for nobody any more."""
        group = await self.get(tenant_id, group_id)
        ids = await self._database.read(lambda conn: store.groups.members(conn, tenant_id, group.id))
        gone = [entry for entry in map(self._directory.by_id, ids) if entry is not None]
        await self._change_members(tenant_id, group.id, add=(), remove=gone, by=by)
        changes = ChangeSet(tenant_id)
        store.groups.remove_members(changes, group.id, ids)
        changes.write(store.groups.DELETE_GROUP, (group.id, tenant_id))
        await self._database.commit(changes)

    async def get(self, tenant_id: TenantId, group: str) -> StationGroup:
        """By id or by name."""
        found = await self._database.read(
            lambda conn: (
                store.groups.by_id(conn, tenant_id, group) or store.groups.by_name(conn, tenant_id, group)
            )
        )
        return _known(found, group)

    async def list(
        self,
        tenant_id: TenantId,
        *,
        text: str | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[StationGroup]:
        """By name."""
        limit = paging.bounded(limit)
        after = None if cursor is None else str(paging.decode(cursor, str)[0])
        rows = await self._database.read(
            lambda conn: store.groups.search(conn, tenant_id, text=text, after=after, limit=limit + 1)
        )
        return paging.page(rows, limit, lambda group: paging.encode(group.name))

    async def members(
        self, tenant_id: TenantId, group_id: str, *, cursor: str | None = None, limit: int = 50
    ) -> Page[DirectoryEntry]:
        """Its stations by id."""
        limit = paging.bounded(limit)
        after = "" if cursor is None else str(paging.decode(cursor, str)[0])
        await self.get(tenant_id, group_id)
        ids = await self._database.read(lambda conn: store.groups.members(conn, tenant_id, group_id))
        entries = [
            entry
            for entry in map(self._directory.by_id, ids)
            if entry is not None and entry.station_id > after
        ]
        return paging.page(entries[: limit + 1], limit, lambda entry: paging.encode(entry.station_id))

    async def add_members(
        self, tenant_id: TenantId, group_id: str, stations: Sequence[str], *, by: str
    ) -> StationGroup:
        """Put stations (ids or identities) into a group; those in it already stay."""
        group = await self.get(tenant_id, group_id)
        entries = self._entries(tenant_id, stations)
        await self._change_members(tenant_id, group.id, add=entries, remove=(), by=by)
        return await self.get(tenant_id, group.id)

    async def remove_members(
        self, tenant_id: TenantId, group_id: str, stations: Sequence[str], *, by: str
    ) -> StationGroup:
        group = await self.get(tenant_id, group_id)
        entries = self._entries(tenant_id, stations)
        await self._change_members(tenant_id, group.id, add=(), remove=entries, by=by)
        return await self.get(tenant_id, group.id)

    async def set_members(
        self, tenant_id: TenantId, group_id: str, stations: Sequence[str], *, by: str
    ) -> StationGroup:
        """Have exactly these stations in a group."""
        group = await self.get(tenant_id, group_id)
        wanted = {entry.station_id: entry for entry in self._entries(tenant_id, stations)}
        had = set(await self._database.read(lambda conn: store.groups.members(conn, tenant_id, group.id)))
        gone = [entry for entry in map(self._directory.by_id, had - wanted.keys()) if entry is not None]
        new = [entry for station_id, entry in wanted.items() if station_id not in had]
        await self._change_members(tenant_id, group.id, add=new, remove=gone, by=by)
        return await self.get(tenant_id, group.id)

    def _entries(self, tenant_id: TenantId, stations: Sequence[str]) -> Sequence[DirectoryEntry]:
        if len(stations) > MEMBERS_MAX:
            raise Invalid(f"Name at most {MEMBERS_MAX:,} stations at a time.", field="stations")
        found = {}
        for station in stations:
            entry = entry_of(self._directory, tenant_id, station)
            found[entry.station_id] = entry
        return list(found.values())

    async def _change_members(
        self,
        tenant_id: TenantId,
        group_id: StationGroupId,
        *,
        add: Sequence[DirectoryEntry],
        remove: Sequence[DirectoryEntry],
        by: str,
    ) -> None:
        joining = [entry for entry in add if group_id not in entry.groups]
        full = next((entry for entry in joining if len(entry.groups) >= GROUPS_A_STATION), None)
        if full is not None:
            raise Invalid(
                f"{full.identity} is in {GROUPS_A_STATION} groups already: take it out of one first.",
                field="stations",
            )
        leaving = [entry for entry in remove if group_id in entry.groups]
        for first in range(0, max(len(joining), len(leaving)), TOGETHER):
            await self._write_members(
                tenant_id,
                group_id,
                joining[first : first + TOGETHER],
                leaving[first : first + TOGETHER],
                by,
            )

    async def _write_members(
        self,
        tenant_id: TenantId,
        group_id: StationGroupId,
        joining: Sequence[DirectoryEntry],
        leaving: Sequence[DirectoryEntry],
        by: str,
    ) -> None:
        changes = ChangeSet(tenant_id)
        store.groups.add_members(changes, group_id, [entry.station_id for entry in joining])
        store.groups.remove_members(changes, group_id, [entry.station_id for entry in leaving])
        now = self._clock.now()
        for entry in (*joining, *leaving):
            changes.emit(
                StationChanged(
                    tenant_id=tenant_id,
                    happened_at=now,
                    station_id=entry.station_id,
                    identity=entry.identity,
                    fields=("groups",),
                    by=by,
                )
            )
        await self._database.commit(changes)
        joined = {entry.station_id for entry in joining}
        for entry in (*joining, *leaving):
            current = self._directory.by_id(entry.station_id) or entry
            others = [group for group in current.groups if group != group_id]
            groups = sorted([*others, group_id]) if entry.station_id in joined else others
            self._directory.put(msgspec.structs.replace(current, groups=tuple(groups)))
            self._link.refresh(StationId(entry.station_id))


def _check(name: str, description: str) -> None:
    if not 1 <= len(name) <= NAME_MAX or name != name.strip() or not name.isprintable():
        raise Invalid(f"A group's name is 1 to {NAME_MAX} printable characters.", field="name")
    if len(description) > DESCRIPTION_MAX:
        raise Invalid(f"A description has at most {DESCRIPTION_MAX} characters.", field="description")


def _known(group: StationGroup | None, asked: str) -> StationGroup:
    if group is None:
        raise NotFound(f"There is no station group {asked}.", field="group", group=asked)
    return group
