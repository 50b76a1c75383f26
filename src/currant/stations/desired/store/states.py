"""How stations stand, who works on them, and what declarations look at of them: rows and queries."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, func, select

from currant.db.commits import ChangeSet
from currant.kit.ids import StationId, TenantId
from currant.stations.desired.model import AspectState, Cause, Facts, KeyState, Standing
from currant.stations.desired.store import tables
from currant.stations.desired.store.tables import claims, states
from currant.stations.store.tables import stations

_keys = msgspec.json.Decoder(dict[str, KeyState])
_AT_ONCE = 500


def save(changes: ChangeSet, state: AspectState) -> None:
    changes.write(
        tables.SAVE_STATE,
        (
            state.station_id,
            state.aspect,
            state.tenant_id,
            state.standing,
            state.cause,
            state.reason,
            state.since,
            state.attempts,
            state.next_at,
            state.desired_digest,
            state.reported_digest,
            state.last_command_id,
            state.checked_at,
            msgspec.json.encode(state.keys).decode(),
            state.updated_at,
        ),
    )


def delete(changes: ChangeSet, state: AspectState) -> None:
    changes.write(tables.DELETE_STATE, (state.station_id, state.aspect, state.tenant_id))


def of_stations(
    conn: Connection, tenant_id: TenantId, station_ids: Sequence[str]
) -> dict[str, dict[str, AspectState]]:
    """What is known of each of some stations, by station and aspect."""
    s = states.c
    found: dict[str, dict[str, AspectState]] = {}
    for first in range(0, len(station_ids), _AT_ONCE):
        some = station_ids[first : first + _AT_ONCE]
        query = select(states).where(s.tenant_id == tenant_id, s.station_id.in_(some))
        for row in conn.execute(query):
            found.setdefault(row.station_id, {})[row.aspect] = _state(row)
    return found


def facts_of(
    conn: Connection,
    tenant_id: TenantId,
    groups: Mapping[str, tuple[str, ...]],
    *,
    station_ids: Sequence[str] | None = None,
) -> list[Facts]:
    """What declarations look at, of some stations or of all that the tenant has. `groups` are each one's own."""
    s = stations.c
    query = select(
        s.id, s.vendor, s.model, s.firmware_version, s.ocpp_version, s.connected, s.last_boot_at
    ).where(s.tenant_id == tenant_id)
    if station_ids is not None:
        query = query.where(s.id.in_(station_ids))
    return [
        Facts(
            station_id=row.id,
            groups=groups.get(row.id, ()),
            vendor=row.vendor,
            model=row.model,
            firmware=row.firmware_version,
            version=row.ocpp_version or "",
            connected=row.connected,
            booted_at=row.last_boot_at or 0,
        )
        for row in conn.execute(query.order_by(s.id))
    ]


def due(conn: Connection, *, node: str, now: int, limit: int) -> list[tuple[str, int]]:
    """(station, when) of those connected to a node that something is to be tried again at, of every tenant."""
    query = (
        select(states.c.station_id, func.min(states.c.next_at))
        .join(stations, stations.c.id == states.c.station_id)
        .where(states.c.next_at > 0, states.c.next_at <= now)
        .where(stations.c.connected.is_(True), stations.c.node == node)
        .group_by(states.c.station_id)
        .order_by(func.min(states.c.next_at))
        .limit(limit)
    )
    return [(row[0], int(row[1])) for row in conn.execute(query)]


def with_aspect(conn: Connection, tenant_id: TenantId, aspect: str, *, node: str) -> list[StationId]:
    """The stations connected to a node that something of an aspect is declared for."""
    query = (
        select(states.c.station_id)
        .join(stations, stations.c.id == states.c.station_id)
        .where(states.c.tenant_id == tenant_id, states.c.aspect == aspect)
        .where(stations.c.connected.is_(True), stations.c.node == node)
    )
    return [row[0] for row in conn.execute(query)]


def counts(conn: Connection, tenant_id: TenantId) -> list[tuple[str, Standing, Cause, bool, int]]:
    """(aspect, standing, cause, connected, how many stations)."""
    query = (
        select(states.c.aspect, states.c.standing, states.c.cause, stations.c.connected, func.count())
        .join(stations, stations.c.id == states.c.station_id)
        .where(states.c.tenant_id == tenant_id)
        .group_by(states.c.aspect, states.c.standing, states.c.cause, stations.c.connected)
    )
    return [
        (aspect, Standing(standing), Cause(cause), bool(connected), int(number))
        for aspect, standing, cause, connected, number in conn.execute(query)
    ]


def search(
    conn: Connection,
    tenant_id: TenantId,
    *,
    aspect: str | None,
    standing: Standing | None,
    after: tuple[str, str],
    limit: int,
) -> list[tuple[AspectState, str, bool]]:
    """(state, identity, connected) by station and aspect."""
    s = states.c
    query = (
        select(states, stations.c.identity, stations.c.connected)
        .join(stations, stations.c.id == s.station_id)
        .where(s.tenant_id == tenant_id)
        .where((s.station_id > after[0]) | ((s.station_id == after[0]) & (s.aspect > after[1])))
    )
    if aspect is not None:
        query = query.where(s.aspect == aspect)
    if standing is not None:
        query = query.where(s.standing == standing.value)
    rows = conn.execute(query.order_by(s.station_id, s.aspect).limit(limit))
    return [(_state(row), row.identity, bool(row.connected)) for row in rows]


def claimed_elsewhere(
    conn: Connection, tenant_id: TenantId, station_ids: Sequence[StationId], *, node: str, now: int
) -> set[str]:
    """Those of some stations that another node works on."""
    c = claims.c
    rows = conn.execute(
        select(c.station_id, c.node, c.until, c.released)
        .where(c.tenant_id == tenant_id, c.station_id.in_(station_ids))
        .order_by(c.station_id)
        .with_for_update()
    )
    return {row.station_id for row in rows if row.node != node and not row.released and row.until > now}


def claim(changes: ChangeSet, tenant_id: TenantId, station_id: StationId, *, node: str, until: int) -> None:
    changes.write(tables.SAVE_CLAIM, (station_id, tenant_id, node, until, False))


def _state(row: Row[Any]) -> AspectState:
    return AspectState(
        station_id=row.station_id,
        tenant_id=row.tenant_id,
        aspect=row.aspect,
        standing=Standing(row.standing),
        cause=Cause(row.cause),
        reason=row.reason,
        since=row.since,
        attempts=row.attempts,
        next_at=row.next_at,
        desired_digest=row.desired_digest,
        reported_digest=row.reported_digest,
        last_command_id=row.last_command_id,
        checked_at=row.checked_at,
        keys=_keys.decode(row.keys),
        updated_at=row.updated_at,
    )
