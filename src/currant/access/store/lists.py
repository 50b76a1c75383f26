"""The local authorisation lists that stations hold: rows to values, values to rows, queries."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection, select

from currant.access.store import tables
from currant.access.store.tables import list_clearances, list_contents, station_lists
from currant.db.commits import ChangeSet
from currant.kit.clock import instant, micros
from currant.kit.ids import StationId, TenantId
from currant.stations.commanding.lists import LocalListEntry

_entries = msgspec.json.Decoder(tuple[LocalListEntry, ...])

ListKey = tuple[str, str]
"""What names an entry on a list: its uid, folded, and the kind of token."""
CLEARANCES_MAX = 1_000
"""Of one station that are looked at, the latest first."""


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """What a station holds: a version, and the digest of what is on it where that is known."""

    version: int
    digest: str
    checked_at: datetime


def held(conn: Connection, tenant_id: TenantId, station_id: StationId) -> Held | None:
    c = station_lists.c
    row = conn.execute(
        select(station_lists).where(c.station_id == station_id, c.tenant_id == tenant_id)
    ).one_or_none()
    if row is None:
        return None
    return Held(version=row.version, digest=row.digest, checked_at=instant(row.checked_at))


def content(conn: Connection, tenant_id: TenantId, digest: str) -> tuple[LocalListEntry, ...] | None:
    c = list_contents.c
    row = conn.execute(select(c.entries).where(c.tenant_id == tenant_id, c.digest == digest)).one_or_none()
    return None if row is None else _entries.decode(row.entries)


def save(
    conn: Connection, changes: ChangeSet, tenant_id: TenantId, station_id: StationId, now_held: Held | None
) -> None:
    """Keep what a station holds (None: nobody knows); content that no station holds any more goes."""
    before = held(conn, tenant_id, station_id)
    if now_held is None:
        changes.write(tables.DELETE_STATION_LIST, (station_id, tenant_id))
    else:
        changes.write(
            tables.SAVE_STATION_LIST,
            (station_id, tenant_id, now_held.version, now_held.digest, micros(now_held.checked_at)),
        )
    if before is None or not before.digest or (now_held is not None and now_held.digest == before.digest):
        return
    c = station_lists.c
    others = conn.execute(
        select(c.station_id)
        .where(c.tenant_id == tenant_id, c.digest == before.digest, c.station_id != station_id)
        .limit(1)
    ).first()
    if others is None:
        changes.write(tables.DELETE_LIST_CONTENT, (tenant_id, before.digest))


def save_content(
    changes: ChangeSet, tenant_id: TenantId, digest: str, entries: Sequence[LocalListEntry]
) -> None:
    changes.write(tables.SAVE_LIST_CONTENT, (tenant_id, digest, msgspec.json.encode(entries).decode()))


def cleared(conn: Connection, tenant_id: TenantId, station_id: StationId) -> frozenset[ListKey]:
    """The tokens that a station was told to forget."""
    c = list_clearances.c
    rows = conn.execute(
        select(c.uid, c.kind)
        .where(c.station_id == station_id, c.tenant_id == tenant_id)
        .order_by(c.cleared_at.desc())
        .limit(CLEARANCES_MAX)
    )
    return frozenset((row.uid, row.kind) for row in rows)


def save_cleared(
    changes: ChangeSet, tenant_id: TenantId, station_id: StationId, key: ListKey, at: datetime
) -> None:
    changes.write(tables.SAVE_LIST_CLEARANCE, (station_id, *key, tenant_id, micros(at)))


def clearances_of(
    conn: Connection, tenant_id: TenantId, uid: str, *, before: datetime
) -> list[tuple[StationId, ListKey]]:
    """Where tokens of this (folded) uid were cleared before then."""
    c = list_clearances.c
    rows = conn.execute(
        select(c.station_id, c.uid, c.kind).where(
            c.tenant_id == tenant_id, c.uid == uid, c.cleared_at < micros(before)
        )
    )
    return [(StationId(row.station_id), (row.uid, row.kind)) for row in rows]


def delete_cleared(changes: ChangeSet, tenant_id: TenantId, station_id: StationId, key: ListKey) -> None:
    changes.write(tables.DELETE_LIST_CLEARANCE, (station_id, *key, tenant_id))
