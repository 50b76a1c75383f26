"""The tables of rules that fill wallets, and of what they asked for."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Index,
    Row,
    Table,
    Text,
    and_,
    func,
    select,
    text,
)

from currant.billing.books_store import standings
from currant.billing.ledger import AccountKind
from currant.billing.top_ups import Fill, FillState, TopUpRule
from currant.db.commits import ChangeSet, upsert
from currant.db.tables import metadata
from currant.kit.clock import instant, micros
from currant.kit.ids import TenantId

rules = Table(
    "wallet_rules",
    metadata,
    Column("tenant_id", Text, primary_key=True),
    Column("owner", Text, primary_key=True),
    Column("currency", Text, primary_key=True),
    Column("below", BigInteger, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("most_a_month", BigInteger, nullable=False),
    Column("method_id", Text, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("failures", BigInteger, nullable=False),
    Column("last_failure", BigInteger),
    Column("changed_at", BigInteger, nullable=False),
)

fills = Table(
    "wallet_fills",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("asked_at", BigInteger, nullable=False),
    Column("payment_id", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Index("ix_wallet_fills_owner", "tenant_id", "owner", "currency", "asked_at"),
    # One at a time for a wallet.
    Index(
        "uq_wallet_fills_asked",
        "tenant_id",
        "owner",
        "currency",
        unique=True,
        sqlite_where=text("state = 'asked'"),
        postgresql_where=text("state = 'asked'"),
    ),
)

_SAVE_RULE = upsert(rules, key=("tenant_id", "owner", "currency"))
_SAVE_FILL = upsert(fills, key=("id",), keep=("tenant_id", "owner", "currency", "amount", "asked_at"))

FILLS_SHOWN = 20


def save_rule(changes: ChangeSet, rule: TopUpRule) -> None:
    values: dict[str, Any] = {
        "tenant_id": rule.tenant_id,
        "owner": rule.owner,
        "currency": rule.currency,
        "below": rule.below,
        "amount": rule.amount,
        "most_a_month": rule.most_a_month,
        "method_id": rule.method_id,
        "active": rule.active,
        "failures": rule.failures,
        "last_failure": None if rule.last_failure is None else micros(rule.last_failure),
        "changed_at": micros(rule.changed_at),
    }
    changes.write(_SAVE_RULE, tuple(values[column.name] for column in rules.columns))


def rule_of(conn: Connection, tenant_id: TenantId, owner: str, currency: str) -> TopUpRule | None:
    c = rules.c
    row = conn.execute(
        select(rules).where(c.tenant_id == tenant_id, c.owner == owner, c.currency == currency)
    ).one_or_none()
    return None if row is None else _rule(row)


def rules_of(conn: Connection, tenant_id: TenantId, owner: str) -> list[TopUpRule]:
    c = rules.c
    query = select(rules).where(c.tenant_id == tenant_id, c.owner == owner).order_by(c.currency)
    return [_rule(row) for row in conn.execute(query.limit(20))]


def in_want(conn: Connection, *, limit: int) -> list[TopUpRule]:
    """Active rules whose wallets are too low, or of whose filling nothing was heard."""
    r, s, f = rules.c, standings.c, fills.c
    wallet = and_(
        s.tenant_id == r.tenant_id,
        s.owner == r.owner,
        s.currency == r.currency,
        s.kind == AccountKind.WALLET.value,
    )
    asked = and_(
        f.tenant_id == r.tenant_id,
        f.owner == r.owner,
        f.currency == r.currency,
        f.state == FillState.ASKED.value,
    )
    query = (
        select(rules)
        .select_from(rules.outerjoin(standings, wallet).outerjoin(fills, asked))
        .where(
            r.active,
            (func.coalesce(s.balance - s.held, 0) < r.below) | f.id.is_not(None),
        )
        .order_by(r.changed_at)
        .limit(limit)
    )
    return [_rule(row) for row in conn.execute(query)]


def save_fill(changes: ChangeSet, fill: Fill) -> None:
    changes.write(
        _SAVE_FILL,
        (
            fill.id,
            fill.tenant_id,
            fill.owner,
            fill.currency,
            fill.amount,
            fill.state.value,
            micros(fill.asked_at),
            fill.payment_id,
            fill.reason,
        ),
    )


def fill_by_id(conn: Connection, tenant_id: TenantId, fill_id: str) -> Fill | None:
    query = select(fills).where(fills.c.tenant_id == tenant_id, fills.c.id == fill_id)
    row = conn.execute(query).one_or_none()
    return None if row is None else _fill(row)


def under_way(conn: Connection, tenant_id: TenantId, owner: str, currency: str) -> Fill | None:
    c = fills.c
    query = select(fills).where(
        c.tenant_id == tenant_id,
        c.owner == owner,
        c.currency == currency,
        c.state == FillState.ASKED.value,
    )
    row = conn.execute(query).one_or_none()
    return None if row is None else _fill(row)


def filled_since(conn: Connection, tenant_id: TenantId, owner: str, currency: str, since: datetime) -> int:
    """What fillings have put in since, in minor units."""
    c = fills.c
    query = select(func.coalesce(func.sum(c.amount), 0)).where(
        c.tenant_id == tenant_id,
        c.owner == owner,
        c.currency == currency,
        c.state == FillState.DONE.value,
        c.asked_at >= micros(since),
    )
    return int(conn.execute(query).scalar_one())


def latest_fills(conn: Connection, tenant_id: TenantId, owner: str) -> list[Fill]:
    c = fills.c
    query = select(fills).where(c.tenant_id == tenant_id, c.owner == owner)
    return [_fill(row) for row in conn.execute(query.order_by(c.asked_at.desc()).limit(FILLS_SHOWN))]


def owners(conn: Connection, tenant_id: TenantId, *, after: str, limit: int) -> list[str]:
    """Whoever has a wallet, a deposit or a credit line, by name."""
    c = standings.c
    query = select(c.owner).distinct().where(c.tenant_id == tenant_id, c.owner > after)
    return list(conn.execute(query.order_by(c.owner).limit(limit)).scalars())


def _rule(row: Row[Any]) -> TopUpRule:
    return TopUpRule(
        tenant_id=TenantId(row.tenant_id),
        owner=row.owner,
        currency=row.currency,
        below=row.below,
        amount=row.amount,
        most_a_month=row.most_a_month,
        method_id=row.method_id,
        active=bool(row.active),
        failures=row.failures,
        last_failure=None if row.last_failure is None else instant(row.last_failure),
        changed_at=instant(row.changed_at),
    )


def _fill(row: Row[Any]) -> Fill:
    return Fill(
        id=row.id,
        tenant_id=TenantId(row.tenant_id),
        owner=row.owner,
        currency=row.currency,
        amount=row.amount,
        state=FillState(row.state),
        asked_at=instant(row.asked_at),
        payment_id=row.payment_id,
        reason=row.reason,
    )
