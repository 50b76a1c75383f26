"""The table of runs: all invoices of a period, and how far they are."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Column, Connection, Index, Table, Text, and_, or_, select

from currant.billing.documents.model import BillingPeriod
from currant.db.commits import insert_into, update
from currant.db.tables import metadata
from currant.kit.clock import instant, micros
from currant.kit.ids import TenantId

document_runs = Table(
    "document_runs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("begins", Text, nullable=False),
    Column("ends", Text, nullable=False),
    Column("total", BigInteger, nullable=False),
    Column("done", BigInteger, nullable=False),
    Column("issued", BigInteger, nullable=False),
    Column("failed", BigInteger, nullable=False),
    Column("last_owner", Text, nullable=False),
    Column("errors", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Index(None, "tenant_id", "created_at"),
)

INSERT = insert_into(document_runs)
PROGRESS = update(
    document_runs,
    set=("state", "done", "issued", "failed", "last_owner", "errors", "ended_at"),
    where=("id", "tenant_id"),
)


class RunState(StrEnum):
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    """A person stopped it; what was issued stays."""


class RunError(msgspec.Struct, frozen=True, kw_only=True):
    """Why somebody has no invoice."""

    owner: str
    text: str


class DocumentRun(msgspec.Struct, frozen=True, kw_only=True):
    """All invoices of a period."""

    id: str
    tenant_id: TenantId
    state: RunState = RunState.RUNNING
    period: BillingPeriod
    total: int
    """Whose charges there were when it began."""
    done: int = 0
    issued: int = 0
    """Documents."""
    failed: int = 0
    last_owner: str = ""
    """It goes on after this one."""
    errors: tuple[RunError, ...] = ()
    by: str
    created_at: datetime
    ended_at: datetime | None = None


_errors = msgspec.json.Decoder(tuple[RunError, ...])


def row_of(run: DocumentRun) -> tuple[Any, ...]:
    return (
        run.id,
        run.tenant_id,
        run.state.value,
        run.period.begin.isoformat(),
        run.period.end.isoformat(),
        run.total,
        run.done,
        run.issued,
        run.failed,
        run.last_owner,
        msgspec.json.encode(run.errors).decode(),
        run.by,
        micros(run.created_at),
        None if run.ended_at is None else micros(run.ended_at),
    )


def progress_row(run: DocumentRun) -> tuple[Any, ...]:
    return (
        run.state.value,
        run.done,
        run.issued,
        run.failed,
        run.last_owner,
        msgspec.json.encode(run.errors).decode(),
        None if run.ended_at is None else micros(run.ended_at),
        run.id,
        run.tenant_id,
    )


def run(conn: Connection, tenant_id: TenantId, run_id: str) -> DocumentRun | None:
    c = document_runs.c
    row = conn.execute(select(document_runs).where(c.tenant_id == tenant_id, c.id == run_id)).one_or_none()
    return None if row is None else _run(row)


def under_way(conn: Connection, tenant_id: TenantId) -> DocumentRun | None:
    c = document_runs.c
    query = select(document_runs).where(c.tenant_id == tenant_id, c.state == RunState.RUNNING.value)
    row = conn.execute(query.order_by(c.created_at).limit(1)).one_or_none()
    return None if row is None else _run(row)


def page(
    conn: Connection, tenant_id: TenantId, *, before: tuple[int, str] | None, limit: int
) -> list[DocumentRun]:
    """The latest first, those before a place in that order."""
    c = document_runs.c
    query = select(document_runs).where(c.tenant_id == tenant_id)
    if before is not None:
        at, id_ = before
        query = query.where(or_(c.created_at < at, and_(c.created_at == at, c.id < id_)))
    rows = conn.execute(query.order_by(c.created_at.desc(), c.id.desc()).limit(limit))
    return [_run(row) for row in rows]


def _run(row: Any) -> DocumentRun:
    return DocumentRun(
        id=row.id,
        tenant_id=row.tenant_id,
        state=RunState(row.state),
        period=BillingPeriod(begin=date.fromisoformat(row.begins), end=date.fromisoformat(row.ends)),
        total=row.total,
        done=row.done,
        issued=row.issued,
        failed=row.failed,
        last_owner=row.last_owner,
        errors=_errors.decode(row.errors),
        by=row.by,
        created_at=instant(row.created_at),
        ended_at=None if row.ended_at is None else instant(row.ended_at),
    )
