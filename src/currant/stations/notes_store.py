"""The table of notes and its queries."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Connection, Index, Table, Text, func, select

from currant.db.commits import delete_from, insert_into, update
from currant.db.tables import metadata
from currant.kit.clock import instant, micros
from currant.kit.ids import NoteId, TenantId
from currant.stations.notes_model import Note

notes = Table(
    "notes",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("about", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("pinned", Boolean, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("edited_at", BigInteger),
    Index(None, "tenant_id", "about"),
)

INSERT = insert_into(notes)
CHANGE = update(notes, set=("text", "pinned", "edited_at"), where=("id", "tenant_id"))
DELETE = delete_from(notes, where=("id", "tenant_id"))


def row_of(note: Note) -> tuple[Any, ...]:
    return (
        note.id,
        note.tenant_id,
        note.about,
        note.text,
        note.pinned,
        note.by,
        micros(note.at),
        _micros(note.edited_at),
    )


def about(conn: Connection, tenant_id: TenantId, about: str) -> list[Note]:
    """Those about one thing: pinned ones first, then the latest."""
    c = notes.c
    query = select(notes).where(c.tenant_id == tenant_id, c.about == about)
    return [_note(row) for row in conn.execute(query.order_by(c.pinned.desc(), c.at.desc(), c.id.desc()))]


def count(conn: Connection, tenant_id: TenantId, about: str) -> int:
    c = notes.c
    query = select(func.count()).select_from(notes).where(c.tenant_id == tenant_id, c.about == about)
    return int(conn.execute(query).scalar_one())


def by_id(conn: Connection, tenant_id: TenantId, note_id: NoteId) -> Note | None:
    c = notes.c
    row = conn.execute(select(notes).where(c.tenant_id == tenant_id, c.id == note_id)).first()
    return None if row is None else _note(row)


def _note(row: Any) -> Note:
    return Note(
        id=row.id,
        tenant_id=row.tenant_id,
        about=row.about,
        text=row.text,
        pinned=row.pinned,
        by=row.by,
        at=instant(row.at),
        edited_at=None if row.edited_at is None else instant(row.edited_at),
    )


def _micros(at: datetime | None) -> int | None:
    return None if at is None else micros(at)
