"""The tables of branding and their queries."""

from typing import Any

import msgspec
from sqlalchemy import BigInteger, Column, Connection, Index, LargeBinary, Table, Text, select

from currant.db.commits import delete_from, insert_into, upsert
from currant.db.tables import metadata
from currant.kit.clock import instant
from currant.kit.ids import TenantId
from currant.tenancy.branding_model import BrandingDraft, BrandingRow, Logos

brandings = Table(
    "brandings",
    metadata,
    Column("tenant_id", Text, primary_key=True),
    Column("draft", Text, nullable=False),
    Column("logos", Text, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
)

# A host name leads to one organisation, whoever asked for it first.
branding_hosts = Table(
    "branding_hosts",
    metadata,
    Column("host", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Index(None, "tenant_id"),
)

branding_files = Table(
    "branding_files",
    metadata,
    Column("tenant_id", Text, primary_key=True),
    Column("digest", Text, primary_key=True),
    Column("media_type", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
)

SAVE = upsert(brandings, key=("tenant_id",))
INSERT_HOST = insert_into(branding_hosts)
DELETE_HOST = delete_from(branding_hosts, where=("host", "tenant_id"))
SAVE_FILE = insert_into(branding_files, ignore_duplicates=True)
DELETE_FILE = delete_from(branding_files, where=("tenant_id", "digest"))


def row_of(row: BrandingRow, *, now: int) -> tuple[Any, ...]:
    return (
        row.tenant_id,
        msgspec.json.encode(row.draft).decode(),
        msgspec.json.encode(row.logos).decode(),
        now,
    )


def everybodys(connection: Connection) -> list[BrandingRow]:
    """Every organisation's branding; they are few and held in memory."""
    return [_read(row) for row in connection.execute(select(brandings))]


def of_tenant(connection: Connection, tenant_id: TenantId) -> BrandingRow | None:
    row = connection.execute(select(brandings).where(brandings.c.tenant_id == tenant_id)).first()
    return None if row is None else _read(row)


def owner_of_host(connection: Connection, host: str) -> TenantId | None:
    found = connection.execute(
        select(branding_hosts.c.tenant_id).where(branding_hosts.c.host == host)
    ).scalar()
    return None if found is None else TenantId(found)


def file(connection: Connection, tenant_id: TenantId, digest: str) -> tuple[str, bytes] | None:
    row = connection.execute(
        select(branding_files.c.media_type, branding_files.c.content).where(
            branding_files.c.tenant_id == tenant_id, branding_files.c.digest == digest
        )
    ).first()
    return None if row is None else (row.media_type, bytes(row.content))


def _read(row: Any) -> BrandingRow:
    return BrandingRow(
        tenant_id=TenantId(row.tenant_id),
        draft=msgspec.json.decode(row.draft, type=BrandingDraft),
        logos=msgspec.json.decode(row.logos, type=Logos),
        updated_at=instant(row.updated_at),
    )
