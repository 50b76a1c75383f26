"""Rollouts and the stations on them: rows and queries."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, and_, case, delete, func, or_, select
from sqlalchemy import update as update_rows

from currant.db.commits import ChangeSet
from currant.kit.clock import instant, micros
from currant.kit.ids import StationId, TenantId
from currant.stations.desired.model import ENDED, OPEN, Pace, Rollout, RolloutState, RolloutStation, Standing
from currant.stations.desired.store import tables
from currant.stations.desired.store.tables import rollout_stations, rollouts
from currant.stations.store.tables import stations

_pace = msgspec.json.Decoder(Pace)
_OPEN = [state.value for state in OPEN]


def insert(changes: ChangeSet, rollout: Rollout) -> None:
    changes.write(
        tables.INSERT_ROLLOUT,
        (
            rollout.id,
            rollout.tenant_id,
            rollout.revision_id,
            rollout.state,
            rollout.reason,
            msgspec.json.encode(rollout.pace).decode(),
            rollout.stations,
            rollout.by,
            micros(rollout.began_at),
            None,
        ),
    )


def save(changes: ChangeSet, rollout: Rollout) -> None:
    changes.write(
        tables.SAVE_ROLLOUT,
        (
            rollout.state,
            rollout.reason,
            msgspec.json.encode(rollout.pace).decode(),
            rollout.stations,
            None if rollout.ended_at is None else micros(rollout.ended_at),
            rollout.id,
            rollout.tenant_id,
        ),
    )


def by_id(conn: Connection, tenant_id: TenantId, rollout_id: str) -> Rollout | None:
    r = rollouts.c
    row = conn.execute(select(rollouts).where(r.tenant_id == tenant_id, r.id == rollout_id)).one_or_none()
    return None if row is None else _rollout(row)


def search(
    conn: Connection, tenant_id: TenantId, *, state: str | None, before: str | None, limit: int
) -> list[Rollout]:
    """Latest first."""
    r = rollouts.c
    query = select(rollouts).where(r.tenant_id == tenant_id)
    if state is not None:
        query = query.where(r.state == state)
    if before is not None:
        query = query.where(r.id < before)
    return [_rollout(row) for row in conn.execute(query.order_by(r.id.desc()).limit(limit))]


def open_of(conn: Connection, tenant_id: TenantId) -> list[Rollout]:
    """Those that may hold stations back."""
    r = rollouts.c
    query = select(rollouts).where(r.tenant_id == tenant_id, r.state.in_(_OPEN))
    return [_rollout(row) for row in conn.execute(query)]


def all_under_way(conn: Connection, *, limit: int) -> list[Rollout]:
    """Those of every tenant that somebody must see to, oldest first."""
    states = [RolloutState.STARTING.value, RolloutState.RUNNING.value]
    query = select(rollouts).where(rollouts.c.state.in_(states)).order_by(rollouts.c.id).limit(limit)
    return [_rollout(row) for row in conn.execute(query)]


def counts(conn: Connection, tenant_id: TenantId, rollout_id: str) -> list[tuple[Standing, bool, int]]:
    """(standing, had its turn, how many)."""
    s = rollout_stations.c
    begun = s.begun_at.is_not(None)
    query = (
        select(s.standing, begun, func.count())
        .where(s.rollout_id == rollout_id, s.tenant_id == tenant_id)
        .group_by(s.standing, begun)
    )
    return [(Standing(standing), bool(begun), int(number)) for standing, begun, number in conn.execute(query)]


def begun_since(conn: Connection, tenant_id: TenantId, rollout_id: str, at: datetime) -> int:
    s = rollout_stations.c
    query = (
        select(func.count())
        .select_from(rollout_stations)
        .where(s.rollout_id == rollout_id, s.tenant_id == tenant_id, s.begun_at >= micros(at))
    )
    return conn.execute(query).scalar_one()


def under_way(conn: Connection, tenant_id: TenantId, rollout_id: str, *, left_since: int) -> tuple[int, int]:
    """How many stations had their turn and are not done, and how many of them left in the midst of it and stay away.

    Those that are not connected count while they are in progress: firmware takes a station away. The
    first number leaves out those of them for which nothing has happened since `left_since`.
    """
    s = rollout_stations.c
    away = stations.c.connected.is_(False)
    long_away = case((and_(away, s.since < left_since), 1), else_=0)
    query = (
        select(func.count(), func.coalesce(func.sum(long_away), 0))
        .select_from(rollout_stations.join(stations, stations.c.id == s.station_id))
        .where(
            s.rollout_id == rollout_id,
            s.tenant_id == tenant_id,
            s.begun_at.is_not(None),
            s.standing.not_in([standing.value for standing in ENDED]),
            or_(stations.c.connected.is_(True), s.standing == Standing.IN_PROGRESS.value),
        )
    )
    everyone, gone = conn.execute(query).one()
    return int(everyone) - int(gone), int(gone)


def next_stations(
    conn: Connection, tenant_id: TenantId, rollout_id: str, *, connected_only: bool, limit: int
) -> list[StationId]:
    """Stations whose turn has not come."""
    s = rollout_stations.c
    query = select(s.station_id).where(
        s.rollout_id == rollout_id, s.tenant_id == tenant_id, s.begun_at.is_(None)
    )
    if connected_only:
        query = query.where(
            s.station_id.in_(
                select(stations.c.id).where(stations.c.tenant_id == tenant_id, stations.c.connected.is_(True))
            )
        )
    return [row[0] for row in conn.execute(query.order_by(s.station_id).limit(limit))]


def of_stations(
    conn: Connection, tenant_id: TenantId, station_ids: Sequence[str]
) -> dict[str, dict[str, RolloutStation]]:
    """Where some stations stand on the rollouts that are open, by station and rollout."""
    s = rollout_stations.c
    query = (
        select(rollout_stations)
        .join(rollouts, rollouts.c.id == s.rollout_id)
        .where(s.tenant_id == tenant_id, s.station_id.in_(station_ids), rollouts.c.state.in_(_OPEN))
    )
    found: dict[str, dict[str, RolloutStation]] = {}
    for row in conn.execute(query):
        found.setdefault(row.station_id, {})[row.rollout_id] = _station(row, "")
    return found


def stations_of(
    conn: Connection,
    tenant_id: TenantId,
    rollout_id: str,
    *,
    standing: Standing | None,
    after: str,
    limit: int,
) -> list[RolloutStation]:
    """By id."""
    s = rollout_stations.c
    query = (
        select(rollout_stations, stations.c.identity)
        .join(stations, stations.c.id == s.station_id)
        .where(s.rollout_id == rollout_id, s.tenant_id == tenant_id, s.station_id > after)
    )
    if standing is not None:
        query = query.where(s.standing == standing.value)
    return [_station(row, row.identity) for row in conn.execute(query.order_by(s.station_id).limit(limit))]


def begin_all(conn: Connection, tenant_id: TenantId, rollout_id: str, *, at: datetime) -> int:
    s = rollout_stations.c
    done = conn.execute(
        update_rows(rollout_stations)
        .where(s.rollout_id == rollout_id, s.tenant_id == tenant_id, s.begun_at.is_(None))
        .values(begun_at=micros(at))
    )
    return done.rowcount


def forget_ended(conn: Connection, *, before: datetime, limit: int) -> int:
    """Remove the stations of rollouts that ended long ago; the rollouts themselves stay for the record."""
    old = (
        select(rollouts.c.id)
        .where(rollouts.c.ended_at < micros(before))
        .where(rollouts.c.id.in_(select(rollout_stations.c.rollout_id).distinct()))
        .limit(limit)
    )
    done = conn.execute(delete(rollout_stations).where(rollout_stations.c.rollout_id.in_(old)))
    return done.rowcount


def _rollout(row: Row[Any]) -> Rollout:
    return Rollout(
        id=row.id,
        tenant_id=row.tenant_id,
        revision_id=row.revision_id,
        state=RolloutState(row.state),
        reason=row.reason,
        pace=_pace.decode(row.pace),
        stations=row.stations,
        by=row.begun_by,
        began_at=instant(row.began_at),
        ended_at=None if row.ended_at is None else instant(row.ended_at),
    )


def _station(row: Row[Any], identity: str) -> RolloutStation:
    return RolloutStation(
        rollout_id=row.rollout_id,
        station_id=row.station_id,
        station_identity=identity,
        begun_at=None if row.begun_at is None else instant(row.begun_at),
        standing=Standing(row.standing),
        reason=row.reason,
        since=instant(row.since),
    )
