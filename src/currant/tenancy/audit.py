"""The audit log: what people and their programs did, kept longer than the journal it is taken from.

A subscriber of the events in `audit_kinds.KINDS`; delivered twice, an event is one act all the same.
"""

import hashlib
from collections.abc import AsyncIterator

import msgspec

from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.clock import micros
from currant.kit.event import Event
from currant.kit.ids import TenantId
from currant.tenancy import audit_store as store
from currant.tenancy.audit_kinds import KINDS, act_of, kinds
from currant.tenancy.audit_model import AuditEntry, AuditFilter, AuditKind

READ_AT_ONCE = 500
EXPORTED_MAX = 1_000_000
_encode = msgspec.json.Encoder().encode


class Audit:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def note(self, event: Event) -> None:
        """Keep an event as an act, if it is somebody's."""
        name = str(event.__struct_config__.tag)
        if name not in KINDS:
            return
        act = act_of(name, msgspec.to_builtins(event))
        if act is None:
            return
        changes = ChangeSet(event.tenant_id)
        about = act.about
        changes.write(
            store.INSERT,
            (
                event.tenant_id,
                micros(event.happened_at),
                act.kind,
                act.by,
                "" if about is None else about.type,
                "" if about is None else about.id,
                "" if about is None else about.label,
                _encode(act.facts).decode(),
                hashlib.blake2b(_encode(event), digest_size=16).digest(),
            ),
        )
        await self._database.commit(changes)

    def kinds(self) -> tuple[AuditKind, ...]:
        """What acts there are."""
        return kinds()

    async def search(
        self,
        tenant_id: TenantId,
        wanted: AuditFilter,
        *,
        before: tuple[int, int] | None = None,
        limit: int = READ_AT_ONCE,
    ) -> list[AuditEntry]:
        """Newest first, those before (microseconds, id)."""
        return await self._database.read(
            lambda connection: store.search(connection, tenant_id, wanted, before=before, limit=limit)
        )

    async def everything(self, tenant_id: TenantId, wanted: AuditFilter) -> AsyncIterator[AuditEntry]:
        """All that fits, newest first, read a little at a time."""
        before: tuple[int, int] | None = None
        told = 0
        while told < EXPORTED_MAX:
            found = await self.search(tenant_id, wanted, before=before)
            for entry in found:
                yield entry
            told += len(found)
            if len(found) < READ_AT_ONCE:
                return
            before = (micros(found[-1].at), found[-1].id)
