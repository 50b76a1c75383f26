"""What people write down about stations, places and sessions, for those who look after them next."""

from datetime import datetime
from typing import Annotated

import msgspec
from sqlalchemy import Connection

from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.clock import Clock, micros
from currant.kit.errors import Conflict, Invalid, NotAllowed, NotFound
from currant.kit.event import Event
from currant.kit.ids import NoteId, TenantId, new_id
from currant.stations import notes_store as store
from currant.stations.notes_model import Note

TEXT_MAX = 4_000
NOTES_MAX = 500
"""About one thing; they are read together."""
KINDS = ("station", "location", "session")


class NoteDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something to write down; `about` is `station:<id>`, `location:<id>` or `session:<id>`."""

    about: Annotated[str, msgspec.Meta(max_length=100, examples=["station:FR-001-A"])]
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=TEXT_MAX)]
    pinned: bool = False
    """Shown above all others."""


class NoteChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What shall be different; what is left out stays."""

    text: Annotated[str, msgspec.Meta(min_length=1, max_length=TEXT_MAX)] | msgspec.UnsetType = msgspec.UNSET
    pinned: bool | msgspec.UnsetType = msgspec.UNSET


class NoteChanged(Event, frozen=True, kw_only=True):
    """A note was written, changed or deleted (`what`). The text is in the note alone."""

    note_id: NoteId
    about: str
    what: str
    by: str


class Notes:
    """What a note is about is checked by whoever calls: sessions are known further up."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def list(self, tenant_id: TenantId, about: str) -> tuple[Note, ...]:
        """Pinned ones first, then the latest."""
        return tuple(await self._database.read(lambda conn: store.about(conn, tenant_id, about)))

    async def write(self, tenant_id: TenantId, about: str, text: str, *, pinned: bool, by: str) -> Note:
        note = Note(
            id=NoteId(new_id()),
            tenant_id=tenant_id,
            about=about,
            text=_checked(text),
            pinned=pinned,
            by=by,
            at=self._clock.now(),
        )

        def write(conn: Connection, changes: ChangeSet) -> None:
            if store.count(conn, tenant_id, about) >= NOTES_MAX:
                raise Conflict(f"There are {NOTES_MAX} notes about this: delete some first.", field="about")
            changes.write(store.INSERT, store.row_of(note))
            changes.emit(self._changed(note, "written", by, note.at))

        await self._database.decide(write, tenant_id)
        return note

    async def change(
        self, tenant_id: TenantId, note_id: NoteId, change: NoteChange, *, by: str, others: bool
    ) -> Note:
        """Change a note; that of somebody else only where `others`, except for whether it is pinned."""
        now = self._clock.now()

        def apply(conn: Connection, changes: ChangeSet) -> Note:
            before = _known(store.by_id(conn, tenant_id, note_id))
            after = before
            if change.text is not msgspec.UNSET:
                text = _checked(change.text)
                if text != before.text:
                    _check_own(before, by, others)
                    after = msgspec.structs.replace(after, text=text, edited_at=now)
            if change.pinned is not msgspec.UNSET:
                after = msgspec.structs.replace(after, pinned=change.pinned)
            if after != before:
                changes.write(
                    store.CHANGE,
                    (after.text, after.pinned, _micros(after.edited_at), note_id, tenant_id),
                )
                changes.emit(self._changed(after, "changed", by, now))
            return after

        return await self._database.decide(apply, tenant_id)

    async def delete(self, tenant_id: TenantId, note_id: NoteId, *, by: str, others: bool) -> None:
        now = self._clock.now()

        def delete(conn: Connection, changes: ChangeSet) -> None:
            note = _known(store.by_id(conn, tenant_id, note_id))
            _check_own(note, by, others)
            changes.write(store.DELETE, (note_id, tenant_id))
            changes.emit(self._changed(note, "deleted", by, now))

        await self._database.decide(delete, tenant_id)

    @staticmethod
    def _changed(note: Note, what: str, by: str, at: datetime) -> NoteChanged:
        return NoteChanged(
            tenant_id=note.tenant_id, happened_at=at, note_id=note.id, about=note.about, what=what, by=by
        )


def split_about(about: str) -> tuple[str, str]:
    """(kind, id) of what a note is about; Invalid for what notes are not written about."""
    kind, colon, id_ = about.partition(":")
    if kind not in KINDS or not colon or not 0 < len(id_) <= 60:
        raise Invalid(
            "Say what it is about as `station:<id>`, `location:<id>` or `session:<id>`.", field="about"
        )
    return kind, id_


def _checked(text: str) -> str:
    text = text.replace("\r\n", "\n").strip()
    if not 0 < len(text) <= TEXT_MAX:
        raise Invalid(f"A note has 1 to {TEXT_MAX} characters; this has {len(text)}.", field="text")
    if "\0" in text:
        raise Invalid("A note holds no NUL character.", field="text")
    return text


def _check_own(note: Note, by: str, others: bool) -> None:
    if note.by != by and not others:
        raise NotAllowed("Only its writer and owners of the organisation may change a note's words.")


def _known(note: Note | None) -> Note:
    if note is None:
        raise NotFound("There is no such note (any more).", field="note")
    return note


def _micros(at: datetime | None) -> int | None:
    return None if at is None else micros(at)
