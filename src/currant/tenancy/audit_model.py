"""Who did what, and when: the values of the audit log."""

from datetime import datetime
from typing import Any

import msgspec

Facts = dict[str, Any]


class AuditAbout(msgspec.Struct, frozen=True, kw_only=True):
    """What an act was about: `type` is station, location, person, token, …"""

    type: str
    id: str
    label: str = ""


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One act. `by` is who did it, as `person:<login>`, `key:<name>` or `local`; `text` says it in English."""

    id: int
    at: datetime
    kind: str
    by: str
    about: AuditAbout | None = None
    facts: Facts = {}
    text: str = ""


class AuditKind(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of act, as filters know it; `group` is what it belongs to."""

    kind: str
    group: str
    text: str


class AuditFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which acts are wanted; what is None does not matter."""

    kinds: tuple[str, ...] = ()
    by: str | None = None
    about: str | None = None
    since: datetime | None = None
    until: datetime | None = None
