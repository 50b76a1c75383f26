"""Declarations and their history: values to rows, rows to values, queries."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, func, select

from currant.db.commits import ChangeSet
from currant.kit.clock import instant, micros
from currant.kit.ids import TenantId
from currant.stations.desired.model import Change, Declaration, Pause, Revision, RevisionKind
from currant.stations.desired.store import tables
from currant.stations.desired.store.tables import changes, declarations, pauses, revisions

_declaration = msgspec.json.Decoder(Declaration)
_AT_ONCE = 500


def text_of(declaration: Declaration) -> str:
    return msgspec.json.encode(declaration).decode()


def insert(writing: ChangeSet, declaration: Declaration, slot: str) -> None:
    writing.write(
        tables.INSERT_DECLARATION,
        (
            declaration.id,
            declaration.tenant_id,
            declaration.scope,
            str(declaration.station_id or declaration.group_id or ""),
            declaration.aspect,
            declaration.key,
            slot,
            text_of(declaration),
        ),
    )


def save(writing: ChangeSet, declaration: Declaration) -> None:
    row = (text_of(declaration), declaration.id, declaration.tenant_id)
    writing.write(tables.UPDATE_DECLARATION, row)


def delete(writing: ChangeSet, declaration: Declaration) -> None:
    writing.write(tables.DELETE_DECLARATION, (declaration.id, declaration.tenant_id))


def insert_revision(writing: ChangeSet, revision: Revision, made: Sequence[Change]) -> None:
    writing.write(
        tables.INSERT_REVISION,
        (
            revision.id,
            revision.tenant_id,
            revision.kind,
            revision.by,
            micros(revision.at),
            revision.why,
            revision.undoes,
            revision.undone_by,
            revision.rollout_id,
            revision.changes,
        ),
    )
    for change in made:
        writing.write(
            tables.INSERT_CHANGE,
            (
                revision.id,
                change.declaration_id,
                revision.tenant_id,
                None if change.before is None else text_of(change.before),
                None if change.after is None else text_of(change.after),
            ),
        )


def all_of(conn: Connection, tenant_id: TenantId) -> list[Declaration]:
    d = declarations.c
    rows = conn.execute(select(d.body).where(d.tenant_id == tenant_id).order_by(d.id))
    return [_declaration.decode(row[0]) for row in rows]


def by_slots(conn: Connection, tenant_id: TenantId, slots: Sequence[str]) -> dict[str, Declaration]:
    """Those that stand already, by slot."""
    d = declarations.c
    found: dict[str, Declaration] = {}
    for first in range(0, len(slots), _AT_ONCE):
        some = slots[first : first + _AT_ONCE]
        query = select(d.slot, d.body).where(d.tenant_id == tenant_id, d.slot.in_(some))
        found.update({slot: _declaration.decode(body) for slot, body in conn.execute(query)})
    return found


def by_ids(conn: Connection, tenant_id: TenantId, ids: Sequence[str]) -> dict[str, Declaration]:
    d = declarations.c
    found: dict[str, Declaration] = {}
    for first in range(0, len(ids), _AT_ONCE):
        some = ids[first : first + _AT_ONCE]
        query = select(d.id, d.body).where(d.tenant_id == tenant_id, d.id.in_(some))
        found.update({each: _declaration.decode(body) for each, body in conn.execute(query)})
    return found


def search(
    conn: Connection,
    tenant_id: TenantId,
    *,
    aspect: str | None,
    key: str | None,
    scope: str | None,
    target: str | None,
    before: str | None,
    limit: int,
) -> list[Declaration]:
    """The latest made first."""
    d = declarations.c
    query = select(d.body).where(d.tenant_id == tenant_id)
    for column, wanted in ((d.aspect, aspect), (d.key, key), (d.scope, scope), (d.target, target)):
        if wanted is not None:
            query = query.where(column == wanted)
    if before is not None:
        query = query.where(d.id < before)
    rows = conn.execute(query.order_by(d.id.desc()).limit(limit))
    return [_declaration.decode(row[0]) for row in rows]


def count(conn: Connection, tenant_id: TenantId) -> int:
    query = select(func.count()).select_from(declarations).where(declarations.c.tenant_id == tenant_id)
    return conn.execute(query).scalar_one()


def revision(conn: Connection, tenant_id: TenantId, revision_id: str) -> Revision | None:
    r = revisions.c
    row = conn.execute(select(revisions).where(r.tenant_id == tenant_id, r.id == revision_id)).one_or_none()
    return None if row is None else _revision(row)


def search_revisions(
    conn: Connection, tenant_id: TenantId, *, before: str | None, limit: int
) -> list[Revision]:
    """Latest first."""
    r = revisions.c
    query = select(revisions).where(r.tenant_id == tenant_id)
    if before is not None:
        query = query.where(r.id < before)
    return [_revision(row) for row in conn.execute(query.order_by(r.id.desc()).limit(limit))]


def changes_of(conn: Connection, tenant_id: TenantId, revision_id: str) -> list[Change]:
    c = changes.c
    query = select(changes).where(c.tenant_id == tenant_id, c.revision_id == revision_id)
    return [
        Change(
            declaration_id=row.declaration_id,
            before=None if row.before is None else _declaration.decode(row.before),
            after=None if row.after is None else _declaration.decode(row.after),
        )
        for row in conn.execute(query.order_by(c.declaration_id))
    ]


def save_pause(writing: ChangeSet, pause: Pause) -> None:
    writing.write(tables.SAVE_PAUSE, (pause.tenant_id, pause.aspect, pause.by, micros(pause.at), pause.why))


def pauses_of(conn: Connection, tenant_id: TenantId) -> list[Pause]:
    p = pauses.c
    return [
        Pause(
            tenant_id=row.tenant_id,
            aspect=row.aspect,
            by=row.paused_by,
            at=instant(row.paused_at),
            why=row.why,
        )
        for row in conn.execute(select(pauses).where(p.tenant_id == tenant_id).order_by(p.aspect))
    ]


def _revision(row: Row[Any]) -> Revision:
    return Revision(
        id=row.id,
        tenant_id=row.tenant_id,
        kind=RevisionKind(row.kind),
        by=row.changed_by,
        at=instant(row.changed_at),
        why=row.why,
        undoes=row.undoes,
        undone_by=row.undone_by,
        rollout_id=row.rollout_id,
        changes=row.changes,
    )
