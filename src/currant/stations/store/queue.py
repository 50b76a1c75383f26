"""Commands that wait, and batches of them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, func, or_, select
from sqlalchemy import update as update_rows

from currant.db.commits import ChangeSet
from currant.kit.clock import instant, micros
from currant.kit.ids import BatchId, CommandId, StationId, TenantId
from currant.stations.commanding import AnyCommand
from currant.stations.model import CommandBatch, CommandRecord, CommandStatus
from currant.stations.store import tables
from currant.stations.store.records import record_from
from currant.stations.store.stations import at
from currant.stations.store.tables import command_batches, commands

_command: msgspec.json.Decoder[AnyCommand] = msgspec.json.Decoder(AnyCommand)
LOOKED_THROUGH = 20
"""Waiting commands that are looked through for each station."""
_QUEUED = commands.c.status == CommandStatus.QUEUED.value


def insert_batch(changes: ChangeSet, batch: CommandBatch, kind: str) -> None:
    changes.write(
        tables.INSERT_BATCH,
        (
            batch.id,
            batch.tenant_id,
            kind,
            msgspec.json.encode(batch.command).decode(),
            batch.asked_by,
            micros(batch.asked_at),
            batch.stations,
            batch.at_once,
            batch.note,
            None if batch.not_before is None else micros(batch.not_before),
            None if batch.expires_at is None else micros(batch.expires_at),
            batch.paused,
            None if batch.cancelled_at is None else micros(batch.cancelled_at),
        ),
    )


def waiting(
    conn: Connection, *, station_ids: Sequence[StationId] | None = None, batch_id: BatchId | None = None
) -> list[tuple[StationId, int]]:
    """Stations for which commands wait, of every tenant, and when the first of theirs is due (0: now)."""
    c = commands.c
    query = (
        select(c.station_id, func.min(func.coalesce(c.not_before, 0))).where(_QUEUED).group_by(c.station_id)
    )
    if station_ids is not None:
        query = query.where(c.station_id.in_(station_ids))
    if batch_id is not None:
        query = query.where(c.batch_id == batch_id)
    return [(row[0], row[1]) for row in conn.execute(query)]


def claim(
    conn: Connection, station_ids: Sequence[StationId], *, now: datetime, under_way: Mapping[BatchId, int]
) -> tuple[list[CommandRecord], dict[StationId, BatchId]]:
    """Take the oldest due command of each station as `sent`.

    None of a paused batch, nor more of a batch than may be under way at once: stations that only
    wait for such a batch are returned with it.
    """
    c, b = commands.c, command_batches.c
    moment = micros(now)
    query = (
        select(commands, b.at_once)
        .join(command_batches, b.id == c.batch_id, isouter=True)
        .where(
            c.station_id.in_(station_ids),
            _QUEUED,
            func.coalesce(c.not_before, 0) <= moment,
            or_(c.expires_at.is_(None), c.expires_at > moment),
            or_(b.paused.is_(None), b.paused.is_(False)),
        )
        .order_by(c.asked_at, c.id)
        .limit(len(station_ids) * LOOKED_THROUGH)
    )
    taken: dict[str, Row[Any]] = {}
    counted = Counter(under_way)
    blocked: dict[StationId, BatchId] = {}
    for row in conn.execute(query):
        if row.station_id in taken:
            continue
        if row.batch_id is not None:
            if counted[row.batch_id] >= row.at_once:
                blocked.setdefault(row.station_id, row.batch_id)
                continue
            counted[row.batch_id] += 1
        taken[row.station_id] = row
        blocked.pop(row.station_id, None)
    if not taken:
        return [], blocked
    conn.execute(
        update_rows(commands)
        .where(c.id.in_([row.id for row in taken.values()]))
        .values(status=CommandStatus.SENT.value)
    )
    claimed = [msgspec.structs.replace(record_from(row), status=CommandStatus.SENT) for row in taken.values()]
    return claimed, blocked


def put_back(conn: Connection, tenant_id: TenantId, command_id: CommandId) -> None:
    """Have a claimed command wait again: its station went away before it was sent."""
    conn.execute(
        update_rows(commands)
        .where(commands.c.tenant_id == tenant_id, commands.c.id == command_id)
        .values(status=CommandStatus.QUEUED.value)
    )


def end_waiting(
    conn: Connection,
    *,
    status: CommandStatus,
    reason: str,
    now: datetime,
    limit: int,
    tenant_id: TenantId | None = None,
    command_id: CommandId | None = None,
    batch_id: BatchId | None = None,
    expired: bool = False,
) -> list[CommandRecord]:
    """End waiting commands: one, those of a batch, or those whose time is over; at most `limit` of them."""
    c = commands.c
    query = select(commands).where(_QUEUED)
    if tenant_id is not None:
        query = query.where(c.tenant_id == tenant_id)
    if command_id is not None:
        query = query.where(c.id == command_id)
    if batch_id is not None:
        query = query.where(c.batch_id == batch_id)
    if expired:
        query = query.where(c.expires_at <= micros(now))
    ended = [record_from(row) for row in conn.execute(query.limit(limit))]
    if ended:
        conn.execute(
            update_rows(commands)
            .where(c.id.in_([record.id for record in ended]))
            .values(status=status.value, reason=reason, ended_at=micros(now))
        )
    return [msgspec.structs.replace(record, status=status, reason=reason, ended_at=now) for record in ended]


def tenant_of_expired(conn: Connection, *, now: datetime) -> TenantId | None:
    """A tenant that has waiting commands whose time is over."""
    query = select(commands.c.tenant_id).where(_QUEUED, commands.c.expires_at <= micros(now)).limit(1)
    return conn.execute(query).scalar_one_or_none()


def count_waiting(conn: Connection, tenant_id: TenantId, station_id: StationId) -> int:
    c = commands.c
    query = select(func.count()).where(c.tenant_id == tenant_id, c.station_id == station_id, _QUEUED)
    return conn.execute(query).scalar_one()


def batch(conn: Connection, tenant_id: TenantId, batch_id: BatchId) -> CommandBatch | None:
    b = command_batches.c
    row = conn.execute(
        select(command_batches).where(b.tenant_id == tenant_id, b.id == batch_id)
    ).one_or_none()
    return None if row is None else _batch(row)


def batches(conn: Connection, tenant_id: TenantId, *, before: str | None, limit: int) -> list[CommandBatch]:
    """Latest first."""
    b = command_batches.c
    query = select(command_batches).where(b.tenant_id == tenant_id)
    if before is not None:
        query = query.where(b.id < before)
    return [_batch(row) for row in conn.execute(query.order_by(b.id.desc()).limit(limit))]


def counts(conn: Connection, tenant_id: TenantId, batch_ids: Sequence[BatchId]) -> dict[str, dict[str, int]]:
    """How many commands of each batch have which status."""
    c = commands.c
    query = (
        select(c.batch_id, c.status, func.count())
        .where(c.tenant_id == tenant_id, c.batch_id.in_(batch_ids))
        .group_by(c.batch_id, c.status)
    )
    counted: dict[str, dict[str, int]] = {}
    for batch_id, status, number in conn.execute(query):
        counted.setdefault(batch_id, {})[status] = number
    return counted


def set_batch(conn: Connection, tenant_id: TenantId, batch_id: BatchId, **values: Any) -> None:
    b = command_batches.c
    conn.execute(
        update_rows(command_batches).where(b.tenant_id == tenant_id, b.id == batch_id).values(**values)
    )


def _batch(row: Row[Any]) -> CommandBatch:
    return CommandBatch(
        id=row.id,
        tenant_id=row.tenant_id,
        command=_command.decode(row.command),
        asked_by=row.asked_by,
        asked_at=instant(row.asked_at),
        stations=row.stations,
        at_once=row.at_once,
        note=row.note,
        not_before=at(row.not_before),
        expires_at=at(row.expires_at),
        paused=row.paused,
        cancelled_at=at(row.cancelled_at),
    )
