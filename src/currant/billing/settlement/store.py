"""The table of what providers booked, and every query over it."""

from datetime import datetime

from sqlalchemy import BigInteger, Column, Connection, Index, Row, Table, Text, func, select

from currant.billing.payments.port import BalanceKind
from currant.billing.settlement.model import Oddity, ProviderLine
from currant.db.commits import ChangeSet, upsert
from currant.db.tables import metadata
from currant.kit.clock import instant, micros
from currant.kit.ids import TenantId

lines = Table(
    "provider_lines",
    metadata,
    Column("tenant_id", Text, primary_key=True),
    Column("provider", Text, primary_key=True),
    Column("line_id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("gross", BigInteger, nullable=False),
    Column("fee", BigInteger, nullable=False),
    Column("net", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("payment_id", Text, nullable=False),
    Column("reference", Text, nullable=False),
    Column("oddity", Text, nullable=False),
    Column("explained", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("arrived", Text, nullable=False),
    Index(None, "tenant_id", "at"),
    Index(None, "tenant_id", "oddity", "explained"),
    Index(None, "tenant_id", "kind", "arrived"),
)

_KEY = ("tenant_id", "provider", "line_id")
_SAVE = upsert(lines, key=_KEY)


def save(changes: ChangeSet, line: ProviderLine) -> None:
    changes.write(
        _SAVE,
        (
            line.tenant_id,
            line.provider,
            line.id,
            line.kind.value,
            line.currency,
            line.gross,
            line.fee,
            line.net,
            micros(line.at),
            line.payment_id,
            line.reference,
            line.oddity.value,
            line.explained,
            line.by,
            line.arrived,
        ),
    )


def one(conn: Connection, tenant_id: TenantId, provider: str, line_id: str) -> ProviderLine | None:
    c = lines.c
    row = conn.execute(
        select(lines).where(c.tenant_id == tenant_id, c.provider == provider, c.line_id == line_id)
    ).one_or_none()
    return None if row is None else _line(row)


def latest(conn: Connection, tenant_id: TenantId, provider: str) -> datetime | None:
    """When the newest known line of a provider was booked."""
    c = lines.c
    found = conn.execute(
        select(func.max(c.at)).where(c.tenant_id == tenant_id, c.provider == provider)
    ).scalar_one()
    return None if found is None else instant(int(found))


def search(
    conn: Connection,
    tenant_id: TenantId,
    *,
    odd: bool = False,
    payouts_awaited: bool = False,
    before: tuple[int, str] | None = None,
    limit: int,
) -> list[ProviderLine]:
    """Latest first: all, those that are odd and unexplained, or payouts that no bank has told of."""
    c = lines.c
    query = select(lines).where(c.tenant_id == tenant_id)
    if odd:
        query = query.where(c.oddity != "", c.explained == "")
    if payouts_awaited:
        query = query.where(c.kind == BalanceKind.PAYOUT.value, c.arrived == "", c.oddity == "")
    if before is not None:
        query = query.where((c.at < before[0]) | ((c.at == before[0]) & (c.line_id < before[1])))
    rows = conn.execute(query.order_by(c.at.desc(), c.line_id.desc()).limit(limit))
    return [_line(row) for row in rows]


def _line(row: Row[tuple[object, ...]]) -> ProviderLine:
    values = row._mapping
    return ProviderLine(
        id=values["line_id"],
        tenant_id=values["tenant_id"],
        provider=values["provider"],
        kind=BalanceKind(values["kind"]),
        currency=values["currency"],
        gross=values["gross"],
        fee=values["fee"],
        net=values["net"],
        at=instant(values["at"]),
        payment_id=values["payment_id"],
        reference=values["reference"],
        oddity=Oddity(values["oddity"]),
        explained=values["explained"],
        by=values["by"],
        arrived=values["arrived"],
    )
