"""Price rules: rows to values, values to rows, queries."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, or_, select

from currant.db.commits import ChangeSet
from currant.kit.clock import instant, micros
from currant.kit.ids import TariffId, TenantId
from currant.pricing.model import PriceRule, Purpose, Scope
from currant.pricing.store import tables

_r = tables.price_rules.c


def save(changes: ChangeSet, rule: PriceRule) -> None:
    changes.write(
        tables.SAVE_RULE,
        (
            rule.id,
            rule.tenant_id,
            rule.tariff_id,
            rule.purpose.value,
            rule.scope.value,
            rule.about,
            rule.priority,
            None if rule.valid_from is None else micros(rule.valid_from),
            None if rule.valid_until is None else micros(rule.valid_until),
            micros(rule.created_at),
            rule.revision,
        ),
    )


def delete(changes: ChangeSet, tenant_id: TenantId, rule_id: str) -> None:
    changes.write(tables.DELETE_RULE, (rule_id, tenant_id))


def by_id(conn: Connection, tenant_id: TenantId, rule_id: str) -> PriceRule | None:
    query = select(tables.price_rules).where(_r.tenant_id == tenant_id, _r.id == rule_id)
    row = conn.execute(query).one_or_none()
    return None if row is None else _rule(row)


def count_live(conn: Connection, tenant_id: TenantId, *, at: datetime) -> int:
    """Those that have not ended."""
    query = select(func.count()).select_from(tables.price_rules).where(_r.tenant_id == tenant_id)
    return conn.execute(query.where(_live(at))).scalar_one()


def live_of_tariff(
    conn: Connection, tenant_id: TenantId, tariff_id: TariffId, *, at: datetime, limit: int
) -> list[PriceRule]:
    """Rules that give this tariff, now or later."""
    query = select(tables.price_rules).where(_r.tenant_id == tenant_id, _r.tariff_id == tariff_id, _live(at))
    return [_rule(row) for row in conn.execute(query.order_by(_r.id).limit(limit))]


def search(
    conn: Connection,
    tenant_id: TenantId,
    *,
    tariff_id: TariffId | None,
    scope: Scope | None,
    about: str | None,
    purpose: Purpose | None,
    live_at: datetime | None,
    before: str | None,
    limit: int,
) -> list[PriceRule]:
    """The latest made first; `before` is the id of the last one seen."""
    query = select(tables.price_rules).where(_r.tenant_id == tenant_id)
    if tariff_id is not None:
        query = query.where(_r.tariff_id == tariff_id)
    if scope is not None:
        query = query.where(_r.scope == scope.value)
    if about is not None:
        query = query.where(_r.about == about)
    if purpose is not None:
        query = query.where(_r.purpose == purpose.value)
    if live_at is not None:
        query = query.where(_live(live_at))
    if before is not None:
        query = query.where(_r.id < before)
    return [_rule(row) for row in conn.execute(query.order_by(_r.id.desc()).limit(limit))]


def everybodys(conn: Connection, *, after: str, limit: int) -> list[PriceRule]:
    """Of every tenant, by id: for nodes that start."""
    query = select(tables.price_rules).where(_r.id > after).order_by(_r.id).limit(limit)
    return [_rule(row) for row in conn.execute(query)]


def _live(at: datetime) -> Any:
    return or_(_r.valid_until.is_(None), _r.valid_until > micros(at))


def _rule(row: Row[Any]) -> PriceRule:
    return PriceRule(
        id=row.id,
        tenant_id=row.tenant_id,
        tariff_id=row.tariff_id,
        purpose=Purpose(row.purpose),
        scope=Scope(row.scope),
        about=row.about,
        priority=row.priority,
        valid_from=None if row.valid_from is None else instant(row.valid_from),
        valid_until=None if row.valid_until is None else instant(row.valid_until),
        created_at=instant(row.created_at),
        revision=row.revision,
    )
