"""The tables of documents and their queries. Documents are only ever inserted: the database refuses the rest."""

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    and_,
    func,
    or_,
    select,
    text,
)

from currant.billing.documents.chain import FIRST
from currant.billing.documents.model import Document, DocumentKind
from currant.db.appended import append_only
from currant.db.commits import insert_into, upsert
from currant.db.tables import metadata
from currant.kit.clock import instant, micros
from currant.kit.ids import ChargeId, DocumentId, LegalEntityId, TenantId

documents = Table(
    "documents",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("entity_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("series", Text, nullable=False),
    Column("fiscal_year", Text, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("number", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("buyer", Text, nullable=False),
    Column("issued_at", BigInteger, nullable=False),
    Column("issue_date", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("net", BigInteger, nullable=False),
    Column("tax", BigInteger, nullable=False),
    Column("gross", BigInteger, nullable=False),
    Column("due", BigInteger, nullable=False),
    Column("jurisdiction", Text, nullable=False),
    Column("preceding_id", Text),
    Column("hash", Text, nullable=False),
    Column("body", Text, nullable=False),
    UniqueConstraint("entity_id", "series", "fiscal_year", "sequence"),
    UniqueConstraint("entity_id", "number"),
    Index(None, "tenant_id", "issued_at"),
    Index("ix_documents_owner", "tenant_id", "owner", "issued_at"),
    Index("ix_documents_preceding", "tenant_id", "preceding_id"),
)
append_only(documents)

# The counter of a series and year: the row that everybody who issues in it waits for.
document_numbers = Table(
    "document_numbers",
    metadata,
    Column("tenant_id", Text, nullable=False),
    Column("entity_id", Text, primary_key=True),
    Column("series", Text, primary_key=True),
    Column("fiscal_year", Text, primary_key=True),
    Column("last", BigInteger, nullable=False),
    Column("last_hash", Text, nullable=False),
)

# Which charges are on a document. A charge is on one at most.
document_charges = Table(
    "document_charges",
    metadata,
    Column("charge_id", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("document_id", Text, nullable=False, index=True),
)

# What becomes of a document after it was issued: none of it is printed on it.
document_states = Table(
    "document_states",
    metadata,
    Column("document_id", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("credited", BigInteger, nullable=False),
    Column("paid", BigInteger, nullable=False),
    Column("paid_at", BigInteger),
    Column("irn", Text, nullable=False),
    Column("irn_qr", Text, nullable=False),
    Column("irn_at", BigInteger),
)

document_files = Table(
    "document_files",
    metadata,
    Column("document_id", Text, primary_key=True),
    Column("form", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("made_at", BigInteger, nullable=False),
)

INSERT = insert_into(documents)
COUNT = upsert(document_numbers, key=("entity_id", "series", "fiscal_year"))
PUT_ON = insert_into(document_charges)
STATE = upsert(document_states, key=("document_id",))
KEEP_FILE = insert_into(document_files, ignore_duplicates=True)

_BEGIN = text(
    "INSERT INTO document_numbers (tenant_id, entity_id, series, fiscal_year, last, last_hash) "
    "VALUES (:tenant, :entity, :series, :year, 0, :hash) ON CONFLICT DO NOTHING"
)

_decode = msgspec.json.Decoder(Document)


class DocumentState(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a document: how much of it is credited and paid, and whether it was registered."""

    document_id: DocumentId
    credited: int = 0
    paid: int = 0
    paid_at: datetime | None = None
    irn: str = ""
    """India's invoice reference number."""
    irn_qr: str = ""
    """The signed code that came with it."""
    irn_at: datetime | None = None


class DocumentFile(msgspec.Struct, frozen=True, kw_only=True):
    """A document as a file, kept as it was first made."""

    form: str
    media_type: str
    digest: str
    content: bytes


class DocumentRow(msgspec.Struct, frozen=True, kw_only=True):
    """A document as a list shows it."""

    id: DocumentId
    entity_id: LegalEntityId
    kind: DocumentKind
    number: str
    owner: str
    buyer: str
    issued_at: datetime
    issue_date: str
    currency: str
    net: int
    tax: int
    gross: int
    due: int
    jurisdiction: str
    credited: int
    paid: int


class DocumentFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which documents are wanted; what is None does not matter."""

    entity_id: LegalEntityId | None = None
    kind: DocumentKind | None = None
    owner: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    unpaid: bool = False


def row_of(document: Document) -> tuple[Any, ...]:
    return (
        document.id,
        document.tenant_id,
        document.entity_id,
        document.kind.value,
        document.series,
        document.fiscal_year,
        document.sequence,
        document.number,
        document.owner,
        document.buyer.name,
        micros(document.issued_at),
        document.issue_date.isoformat(),
        document.currency,
        document.net,
        document.tax,
        document.gross,
        document.due,
        document.jurisdiction,
        None if document.preceding is None else document.preceding.id,
        document.hash,
        msgspec.json.encode(document).decode(),
    )


def state_row(tenant_id: TenantId, state: DocumentState) -> tuple[Any, ...]:
    return (
        state.document_id,
        tenant_id,
        state.credited,
        state.paid,
        _micros(state.paid_at),
        state.irn,
        state.irn_qr,
        _micros(state.irn_at),
    )


def last_number(
    conn: Connection, tenant_id: TenantId, entity_id: LegalEntityId, series: str, fiscal_year: str
) -> tuple[int, str]:
    """The last number used and the hash of its document; locked until this transaction ends.

    A counter that is not there yet is made first: two that begin a year together would otherwise both see none.
    """
    c = document_numbers.c
    conn.execute(
        _BEGIN,
        {"tenant": tenant_id, "entity": entity_id, "series": series, "year": fiscal_year, "hash": FIRST},
    )
    query = select(c.last, c.last_hash).where(
        c.tenant_id == tenant_id, c.entity_id == entity_id, c.series == series, c.fiscal_year == fiscal_year
    )
    row = conn.execute(query.with_for_update()).one()
    return (row.last, row.last_hash)


def document(conn: Connection, tenant_id: TenantId, document_id: DocumentId) -> Document | None:
    c = documents.c
    body = conn.execute(
        select(c.body).where(c.tenant_id == tenant_id, c.id == document_id)
    ).scalar_one_or_none()
    return None if body is None else _decode.decode(body)


def by_number(conn: Connection, tenant_id: TenantId, number: str) -> list[DocumentId]:
    """Those with a number: one for each legal entity that uses it."""
    c = documents.c
    query = select(c.id).where(c.tenant_id == tenant_id, c.number == number).limit(10)
    return [DocumentId(row.id) for row in conn.execute(query)]


def state(conn: Connection, tenant_id: TenantId, document_id: DocumentId) -> DocumentState:
    c = document_states.c
    row = conn.execute(
        select(document_states).where(c.tenant_id == tenant_id, c.document_id == document_id)
    ).first()
    if row is None:
        return DocumentState(document_id=document_id)
    return DocumentState(
        document_id=document_id,
        credited=row.credited,
        paid=row.paid,
        paid_at=_instant(row.paid_at),
        irn=row.irn,
        irn_qr=row.irn_qr,
        irn_at=_instant(row.irn_at),
    )


def file(conn: Connection, tenant_id: TenantId, document_id: DocumentId, form: str) -> DocumentFile | None:
    c = document_files.c
    query = select(document_files).where(
        c.tenant_id == tenant_id, c.document_id == document_id, c.form == form
    )
    row = conn.execute(query).first()
    if row is None:
        return None
    return DocumentFile(form=row.form, media_type=row.media_type, digest=row.digest, content=row.content)


def document_of_charge(conn: Connection, tenant_id: TenantId, charge_id: ChargeId) -> DocumentId | None:
    c = document_charges.c
    query = select(c.document_id).where(c.tenant_id == tenant_id, c.charge_id == charge_id)
    found = conn.execute(query).scalar_one_or_none()
    return None if found is None else DocumentId(found)


def charges_of(conn: Connection, tenant_id: TenantId, document_id: DocumentId) -> list[ChargeId]:
    c = document_charges.c
    query = select(c.charge_id).where(c.tenant_id == tenant_id, c.document_id == document_id)
    return [ChargeId(row.charge_id) for row in conn.execute(query.order_by(c.charge_id))]


def charges_taken(conn: Connection, tenant_id: TenantId, charge_ids: list[ChargeId]) -> list[ChargeId]:
    """Those of the charges that are on a document already."""
    c = document_charges.c
    taken: list[ChargeId] = []
    for at in range(0, len(charge_ids), 500):
        query = select(c.charge_id).where(
            c.tenant_id == tenant_id, c.charge_id.in_(charge_ids[at : at + 500])
        )
        taken += [ChargeId(row.charge_id) for row in conn.execute(query)]
    return taken


def page(
    conn: Connection,
    tenant_id: TenantId,
    wanted: DocumentFilter,
    *,
    before: tuple[int, str] | None,
    limit: int,
) -> list[DocumentRow]:
    """The latest first, those before a place in that order."""
    c, s = documents.c, document_states.c
    query = (
        select(documents, s.credited, s.paid)
        .outerjoin(document_states, s.document_id == c.id)
        .where(c.tenant_id == tenant_id)
    )
    if wanted.entity_id is not None:
        query = query.where(c.entity_id == wanted.entity_id)
    if wanted.kind is not None:
        query = query.where(c.kind == wanted.kind.value)
    if wanted.owner is not None:
        query = query.where(c.owner == wanted.owner)
    if wanted.since is not None:
        query = query.where(c.issued_at >= micros(wanted.since))
    if wanted.until is not None:
        query = query.where(c.issued_at < micros(wanted.until))
    if wanted.unpaid:
        query = query.where(
            c.kind != DocumentKind.CREDIT_NOTE.value,
            c.due - func.coalesce(s.paid, 0) - func.coalesce(s.credited, 0) > 0,
        )
    if before is not None:
        at, id_ = before
        query = query.where(or_(c.issued_at < at, and_(c.issued_at == at, c.id < id_)))
    rows = conn.execute(query.order_by(c.issued_at.desc(), c.id.desc()).limit(limit))
    return [
        DocumentRow(
            id=DocumentId(row.id),
            entity_id=LegalEntityId(row.entity_id),
            kind=DocumentKind(row.kind),
            number=row.number,
            owner=row.owner,
            buyer=row.buyer,
            issued_at=instant(row.issued_at),
            issue_date=row.issue_date,
            currency=row.currency,
            net=row.net,
            tax=row.tax,
            gross=row.gross,
            due=row.due,
            jurisdiction=row.jurisdiction,
            credited=row.credited or 0,
            paid=row.paid or 0,
        )
        for row in rows
    ]


def series(conn: Connection, tenant_id: TenantId) -> list[tuple[LegalEntityId, str, str, int]]:
    """Every series and year that has documents, with its last number."""
    c = document_numbers.c
    query = select(c.entity_id, c.series, c.fiscal_year, c.last).where(c.tenant_id == tenant_id)
    rows = conn.execute(query.order_by(c.entity_id, c.series, c.fiscal_year))
    return [(LegalEntityId(row.entity_id), row.series, row.fiscal_year, row.last) for row in rows]


def in_series(
    conn: Connection,
    tenant_id: TenantId,
    entity_id: LegalEntityId,
    name: str,
    fiscal_year: str,
    *,
    after: int,
    limit: int,
) -> list[Document]:
    """The documents of a series and year by their numbers, those after one."""
    c = documents.c
    query = select(c.body).where(
        c.tenant_id == tenant_id,
        c.entity_id == entity_id,
        c.series == name,
        c.fiscal_year == fiscal_year,
        c.sequence > after,
    )
    return [_decode.decode(row.body) for row in conn.execute(query.order_by(c.sequence).limit(limit))]


def whole(
    conn: Connection,
    tenant_id: TenantId,
    since: datetime | None,
    until: datetime | None,
    *,
    after: str,
    limit: int,
) -> list[Document]:
    """The documents issued in a span, with all that is on them, in the order of issue."""
    c = documents.c
    query = select(c.body).where(c.tenant_id == tenant_id, c.id > after)
    if since is not None:
        query = query.where(c.issued_at >= micros(since))
    if until is not None:
        query = query.where(c.issued_at < micros(until))
    return [_decode.decode(row.body) for row in conn.execute(query.order_by(c.id).limit(limit))]


def _micros(at: datetime | None) -> int | None:
    return None if at is None else micros(at)


def _instant(at: int | None) -> datetime | None:
    return None if at is None else instant(at)
