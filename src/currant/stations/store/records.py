"""What stations were told and what they did wrong: commands, findings, security events."""

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Integer, Row, bindparam, func, select
from sqlalchemy import update as update_rows

from currant.db.commits import ChangeSet
from currant.db.queries import Query
from currant.kit.clock import instant, micros
from currant.kit.ids import BatchId, CommandId, StationId, TenantId
from currant.stations.commanding import AnyCommand
from currant.stations.commanding.variables import VariableValue
from currant.stations.model import (
    CommandOutcome,
    CommandRecord,
    CommandStatus,
    Finding,
    SecurityEvent,
    Severity,
)
from currant.stations.store import tables
from currant.stations.store.stations import at
from currant.stations.store.tables import commands, findings, security_events, stations

_command: msgspec.json.Decoder[AnyCommand] = msgspec.json.Decoder(AnyCommand)
_variables = msgspec.json.Decoder(tuple[VariableValue, ...])
_answer = msgspec.json.Decoder(dict[str, Any])
_report = msgspec.json.Decoder(tuple[dict[str, Any], ...])


# Commands


def insert_command(changes: ChangeSet, record: CommandRecord, kind: str) -> None:
    changes.write(
        tables.INSERT_COMMAND,
        (
            record.id,
            record.tenant_id,
            record.station_id,
            kind,
            msgspec.json.encode(record.command).decode(),
            record.asked_by,
            micros(record.asked_at),
            record.status,
            record.reason,
            None if record.answer is None else msgspec.json.encode(record.answer).decode(),
            msgspec.json.encode(record.variables).decode(),
            msgspec.json.encode(record.report).decode(),
            None if record.ended_at is None else micros(record.ended_at),
            None if record.not_before is None else micros(record.not_before),
            None if record.expires_at is None else micros(record.expires_at),
            record.batch_id,
        ),
    )


def end_command(
    changes: ChangeSet, tenant_id: TenantId, command_id: CommandId, outcome: CommandOutcome, *, now: datetime
) -> None:
    answer = None if outcome.answer is None else msgspec.json.encode(outcome.answer).decode()
    variables = msgspec.json.encode(outcome.variables).decode()
    report = msgspec.json.encode(outcome.report).decode()
    changes.write(
        tables.END_COMMAND,
        (outcome.status, outcome.reason, answer, variables, report, micros(now), command_id, tenant_id),
    )


def command(conn: Connection, tenant_id: TenantId, command_id: CommandId) -> CommandRecord | None:
    c = commands.c
    row = conn.execute(select(commands).where(c.tenant_id == tenant_id, c.id == command_id)).one_or_none()
    return None if row is None else record_from(row)


def search_commands(
    conn: Connection,
    tenant_id: TenantId,
    *,
    station_id: StationId | None,
    kind: str | None,
    status: CommandStatus | None,
    batch_id: BatchId | None,
    before: str | None,
    limit: int,
) -> list[CommandRecord]:
    """Latest first; `before` is the id of the last one seen (ids ascend with time)."""
    c = commands.c
    query = select(commands).where(c.tenant_id == tenant_id)
    if station_id is not None:
        query = query.where(c.station_id == station_id)
    if kind is not None:
        query = query.where(c.kind == kind)
    if status is not None:
        query = query.where(c.status == status.value)
    if batch_id is not None:
        query = query.where(c.batch_id == batch_id)
    if before is not None:
        query = query.where(c.id < before)
    return [record_from(row) for row in conn.execute(query.order_by(c.id.desc()).limit(limit))]


# Every start of a 1.6 session asks this: prepared.
_RECENT_COMMANDS = Query(
    select(commands)
    .where(
        commands.c.tenant_id == bindparam("tenant"),
        commands.c.station_id == bindparam("station"),
        commands.c.kind == bindparam("kind"),
        commands.c.asked_at >= bindparam("since"),
    )
    .order_by(commands.c.id.desc())
    .limit(bindparam("most", type_=Integer)),
    "tenant",
    "station",
    "kind",
    "since",
    "most",
)


def recent_commands(
    conn: Connection, tenant_id: TenantId, station_id: StationId, kind: str, *, since: datetime, limit: int
) -> list[CommandRecord]:
    """A station's latest commands of one kind, latest first."""
    rows = _RECENT_COMMANDS.all(conn, tenant_id, station_id, kind, micros(since), limit)
    return [record_from(row) for row in rows]


def end_abandoned_commands(conn: Connection, *, asked_before: datetime, now: datetime, reason: str) -> int:
    """End what a stopped process left `sent`, of every tenant: nobody waits for those answers any more."""
    done = conn.execute(
        update_rows(commands)
        .where(commands.c.status == CommandStatus.SENT.value, commands.c.asked_at < micros(asked_before))
        .values(status=CommandStatus.UNANSWERED.value, reason=reason, ended_at=micros(now))
    )
    return done.rowcount


def record_from(row: Row[Any]) -> CommandRecord:
    return CommandRecord(
        id=row.id,
        tenant_id=row.tenant_id,
        station_id=row.station_id,
        command=_command.decode(row.command),
        asked_by=row.asked_by,
        asked_at=instant(row.asked_at),
        status=CommandStatus(row.status),
        reason=row.reason,
        answer=None if row.answer is None else _answer.decode(row.answer),
        variables=_variables.decode(row.variables),
        report=_report.decode(row.report),
        ended_at=at(row.ended_at),
        not_before=at(row.not_before),
        expires_at=at(row.expires_at),
        batch_id=row.batch_id,
    )


# Findings


def search_findings(
    conn: Connection,
    tenant_id: TenantId,
    *,
    station_id: StationId | None,
    code: str | None,
    vendor: str | None,
    model: str | None,
    by_model: bool,
    limit: int,
) -> list[Finding]:
    """The most frequent first; `by_model` sums the stations of one vendor and model."""
    f, s = findings.c, stations.c
    joined = findings.join(stations, (s.id == f.station_id) & (s.tenant_id == f.tenant_id))
    who: list[Any] = [s.vendor, s.model] if by_model else [f.station_id, s.vendor, s.model]
    what = [f.code, f.action, f.field]
    total = func.sum(f.count).label("total")
    query = (
        select(
            *who,
            *what,
            total,
            func.min(f.first_at).label("first_at"),
            func.max(f.last_at).label("last_at"),
            func.max(f.example).label("example"),
        )
        .select_from(joined)
        .where(f.tenant_id == tenant_id)
        .group_by(*who, *what)
        .order_by(total.desc(), *what, *who)
        .limit(limit)
    )
    if station_id is not None:
        query = query.where(f.station_id == station_id)
    if code is not None:
        query = query.where(f.code == code)
    if vendor is not None:
        query = query.where(s.vendor == vendor)
    if model is not None:
        query = query.where(s.model == model)
    return [
        Finding(
            code=row.code,
            action=row.action,
            field=row.field,
            count=int(row.total),
            first_at=instant(row.first_at),
            last_at=instant(row.last_at),
            example=row.example,
            station_id=None if by_model else row.station_id,
            vendor=row.vendor,
            model=row.model,
        )
        for row in conn.execute(query)
    ]


# Security events


def insert_security_event(changes: ChangeSet, event: SecurityEvent) -> None:
    changes.write(
        tables.INSERT_SECURITY_EVENT,
        (
            event.id,
            event.tenant_id,
            event.station_id,
            event.identity,
            event.kind,
            micros(event.at),
            event.detail,
            event.severity,
            event.remote_address,
        ),
    )


def search_security_events(
    conn: Connection,
    tenant_id: TenantId,
    *,
    station_id: StationId | None,
    kind: str | None,
    severity: Severity | None,
    since: datetime | None,
    until: datetime | None,
    before: str | None,
    limit: int,
) -> list[SecurityEvent]:
    """Latest kept first; `before` is the id of the last one seen."""
    c = security_events.c
    query = select(security_events).where(c.tenant_id == tenant_id)
    if station_id is not None:
        query = query.where(c.station_id == station_id)
    if kind is not None:
        query = query.where(c.kind == kind)
    if severity is not None:
        query = query.where(c.severity == severity.value)
    if since is not None:
        query = query.where(c.at >= micros(since))
    if until is not None:
        query = query.where(c.at < micros(until))
    if before is not None:
        query = query.where(c.id < before)
    return [
        SecurityEvent(
            id=row.id,
            tenant_id=row.tenant_id,
            station_id=row.station_id,
            identity=row.identity,
            kind=row.kind,
            at=instant(row.at),
            detail=row.detail,
            severity=Severity(row.severity),
            remote_address=row.remote_address,
        )
        for row in conn.execute(query.order_by(c.id.desc()).limit(limit))
    ]
