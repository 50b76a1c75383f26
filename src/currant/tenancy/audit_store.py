"""The table of the audit log and its queries, newest first."""

from typing import Any

import msgspec
from sqlalchemy import BigInteger, Column, Connection, Index, LargeBinary, Table, Text, and_, or_, select

from currant.db.commits import insert_into
from currant.db.tables import Position, metadata
from currant.kit.clock import instant, micros
from currant.kit.ids import TenantId
from currant.tenancy.audit_kinds import in_words
from currant.tenancy.audit_model import AuditAbout, AuditEntry, AuditFilter

audit_log = Table(
    "audit_log",
    metadata,
    Column("id", Position, primary_key=True, autoincrement=True),
    Column("tenant_id", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("about_type", Text, nullable=False),
    Column("about_id", Text, nullable=False),
    Column("about_label", Text, nullable=False),
    Column("facts", Text, nullable=False),
    # Of the event: one that is delivered twice is one act.
    Column("digest", LargeBinary, nullable=False, unique=True),
    Index(None, "tenant_id", "at"),
    Index("ix_audit_log_kind", "tenant_id", "kind", "at"),
    Index("ix_audit_log_by", "tenant_id", "by", "at"),
    Index("ix_audit_log_about", "tenant_id", "about_id", "at"),
    # For those that are forgotten, of every tenant.
    Index("ix_audit_log_at", "at"),
)

INSERT = insert_into(
    audit_log,
    *(column.name for column in audit_log.columns if column.name != "id"),
    ignore_duplicates=True,
)


def search(
    connection: Connection,
    tenant_id: TenantId,
    wanted: AuditFilter,
    *,
    before: tuple[int, int] | None,
    limit: int,
) -> list[AuditEntry]:
    """Those before (microseconds, id), newest first."""
    c = audit_log.c
    query = select(audit_log).where(c.tenant_id == tenant_id)
    if wanted.kinds:
        query = query.where(c.kind.in_(wanted.kinds))
    if wanted.by:
        query = query.where(c.by.in_((wanted.by, f"person:{wanted.by}", f"key:{wanted.by}")))
    if wanted.about:
        type_, colon, id_ = wanted.about.partition(":")
        query = query.where(c.about_id == (id_ if colon else wanted.about))
        if colon:
            query = query.where(c.about_type == type_)
    if wanted.since is not None:
        query = query.where(c.at >= micros(wanted.since))
    if wanted.until is not None:
        query = query.where(c.at < micros(wanted.until))
    if before is not None:
        at, last = before
        query = query.where(c.at <= at, or_(c.at < at, and_(c.at == at, c.id < last)))
    rows = connection.execute(query.order_by(c.at.desc(), c.id.desc()).limit(limit))
    return [_entry(row) for row in rows]


def _entry(row: Any) -> AuditEntry:
    about = None
    if row.about_id:
        about = AuditAbout(type=row.about_type, id=row.about_id, label=row.about_label)
    facts = msgspec.json.decode(row.facts)
    return AuditEntry(
        id=row.id,
        at=instant(row.at),
        kind=row.kind,
        by=row.by,
        about=about,
        facts=facts,
        text=in_words(row.kind, facts, about),
    )
