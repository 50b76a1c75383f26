"""Tenants' external authorisers: rows to values, values to rows, queries."""

import msgspec
from sqlalchemy import Connection, select

from currant.access.authoriser_model import Authoriser
from currant.access.store import tables
from currant.access.store.tables import authorisers
from currant.db.commits import ChangeSet
from currant.kit.clock import instant, micros
from currant.kit.ids import TenantId


def save_authoriser(changes: ChangeSet, authoriser: Authoriser) -> None:
    assert authoriser.changed_at is not None
    fields = {
        name: getattr(authoriser, name)
        for name in authoriser.__struct_fields__
        if name not in ("tenant_id", "secret", "changed_at")
    }
    changes.write(
        tables.SAVE_AUTHORISER,
        (
            authoriser.tenant_id,
            msgspec.json.encode(fields).decode(),
            authoriser.secret,
            micros(authoriser.changed_at),
        ),
    )


def authoriser(conn: Connection, tenant_id: TenantId) -> Authoriser | None:
    found = _read(conn, tenant_id)
    return found[0] if found else None


def all_authorisers(conn: Connection) -> list[Authoriser]:
    return _read(conn, None)


def _read(conn: Connection, tenant_id: TenantId | None) -> list[Authoriser]:
    query = select(authorisers)
    if tenant_id is not None:
        query = query.where(authorisers.c.tenant_id == tenant_id)
    return [
        msgspec.convert(
            msgspec.json.decode(row.settings)
            | {"tenant_id": row.tenant_id, "secret": row.secret, "changed_at": instant(row.changed_at)},
            Authoriser,
        )
        for row in conn.execute(query)
    ]
