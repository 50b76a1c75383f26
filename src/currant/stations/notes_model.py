"""The value of a note."""

from datetime import datetime

import msgspec

from currant.kit.ids import NoteId, TenantId


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """Something that somebody wrote down; plain text."""

    id: NoteId
    tenant_id: TenantId
    about: str
    text: str
    pinned: bool = False
    by: str
    at: datetime
    edited_at: datetime | None = None
