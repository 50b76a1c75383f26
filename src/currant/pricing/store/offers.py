"""Vouchers and subscriptions: rows to values, values to rows, queries."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, func, insert, or_, select, update
from sqlalchemy import delete as delete_rows

from currant.db.commits import ChangeSet
from currant.kit.clock import instant, micros
from currant.kit.ids import TenantId
from currant.pricing.offers import (
    ChargingSubscription,
    PlanTerms,
    SubscriptionPlan,
    VoucherOffer,
    VoucherTerms,
    VoucherUse,
)
from currant.pricing.store import tables

_c, _u = tables.vouchers.c, tables.voucher_uses.c
_p, _s = tables.subscription_plans.c, tables.subscriptions.c
_m, _k = tables.allowance_months.c, tables.allowance_takes.c
_json = msgspec.json.Encoder()
_voucher_terms = msgspec.json.Decoder(VoucherTerms)
_plan_terms = msgspec.json.Decoder(PlanTerms)


# Vouchers


def insert_voucher(changes: ChangeSet, voucher: VoucherOffer) -> None:
    changes.write(
        tables.INSERT_VOUCHER,
        (
            voucher.id,
            voucher.tenant_id,
            voucher.code,
            voucher.name,
            _json.encode(voucher.terms).decode(),
            voucher.archived,
            voucher.used,
            micros(voucher.created_at),
        ),
    )


def save_voucher(changes: ChangeSet, voucher: VoucherOffer) -> None:
    changes.write(
        tables.UPDATE_VOUCHER,
        (
            voucher.name,
            _json.encode(voucher.terms).decode(),
            voucher.archived,
            voucher.id,
            voucher.tenant_id,
        ),
    )


def delete_voucher(changes: ChangeSet, tenant_id: TenantId, voucher_id: str) -> None:
    changes.write(tables.DELETE_VOUCHER, (voucher_id, tenant_id))


def voucher(conn: Connection, tenant_id: TenantId, voucher_id: str) -> VoucherOffer | None:
    query = select(tables.vouchers).where(_c.tenant_id == tenant_id, _c.id == voucher_id)
    row = conn.execute(query).one_or_none()
    return None if row is None else _voucher(row)


def voucher_by_code(conn: Connection, tenant_id: TenantId, code: str) -> VoucherOffer | None:
    query = select(tables.vouchers).where(_c.tenant_id == tenant_id, _c.code == code)
    row = conn.execute(query).one_or_none()
    return None if row is None else _voucher(row)


def count_vouchers(conn: Connection, tenant_id: TenantId) -> int:
    query = select(func.count()).select_from(tables.vouchers).where(_c.tenant_id == tenant_id)
    return conn.execute(query).scalar_one()


def search_vouchers(
    conn: Connection,
    tenant_id: TenantId,
    *,
    text: str | None,
    archived: bool,
    before: str | None,
    limit: int,
) -> list[VoucherOffer]:
    """The latest made first; `before` is the id of the last one seen."""
    query = select(tables.vouchers).where(_c.tenant_id == tenant_id)
    if not archived:
        query = query.where(_c.archived.is_(False))
    if text:
        query = query.where(
            or_(_c.name.icontains(text, autoescape=True), _c.code.icontains(text, autoescape=True))
        )
    if before is not None:
        query = query.where(_c.id < before)
    return [_voucher(row) for row in conn.execute(query.order_by(_c.id.desc()).limit(limit))]


def use_of(conn: Connection, tenant_id: TenantId, source_id: str) -> VoucherUse | None:
    query = select(tables.voucher_uses).where(_u.tenant_id == tenant_id, _u.source_id == source_id)
    row = conn.execute(query).one_or_none()
    return None if row is None else _use(row)


def uses_of_voucher(
    conn: Connection, tenant_id: TenantId, voucher_id: str, *, after: str, limit: int
) -> list[VoucherUse]:
    """By what they were for, beginning after `after`."""
    query = select(tables.voucher_uses).where(
        _u.tenant_id == tenant_id, _u.voucher_id == voucher_id, _u.source_id > after
    )
    return [_use(row) for row in conn.execute(query.order_by(_u.source_id).limit(limit))]


def count_uses(conn: Connection, tenant_id: TenantId, voucher_id: str, holder: str) -> int:
    query = select(func.count()).select_from(tables.voucher_uses)
    query = query.where(_u.tenant_id == tenant_id, _u.voucher_id == voucher_id, _u.holder == holder)
    return conn.execute(query).scalar_one()


def add_use(conn: Connection, tenant_id: TenantId, use: VoucherUse) -> None:
    """Within a decision, at once: whoever looks next in it sees it."""
    conn.execute(
        insert(tables.voucher_uses).values(
            tenant_id=tenant_id,
            source_id=use.source_id,
            voucher_id=use.voucher_id,
            holder=use.holder,
            used_at=micros(use.used_at),
        )
    )
    _count_use(conn, tenant_id, use.voucher_id, 1)


def remove_use(conn: Connection, tenant_id: TenantId, use: VoucherUse) -> None:
    conn.execute(
        delete_rows(tables.voucher_uses).where(_u.tenant_id == tenant_id, _u.source_id == use.source_id)
    )
    _count_use(conn, tenant_id, use.voucher_id, -1)


def _count_use(conn: Connection, tenant_id: TenantId, voucher_id: str, by: int) -> None:
    conn.execute(
        update(tables.vouchers)
        .where(_c.tenant_id == tenant_id, _c.id == voucher_id)
        .values(used=_c.used + by)
    )


# Plans and subscriptions


def insert_plan(changes: ChangeSet, plan: SubscriptionPlan) -> None:
    changes.write(
        tables.INSERT_PLAN,
        (
            plan.id,
            plan.tenant_id,
            plan.name,
            _json.encode(plan.terms).decode(),
            plan.archived,
            micros(plan.created_at),
        ),
    )


def save_plan(changes: ChangeSet, plan: SubscriptionPlan) -> None:
    changes.write(
        tables.UPDATE_PLAN,
        (plan.name, _json.encode(plan.terms).decode(), plan.archived, plan.id, plan.tenant_id),
    )


def plan(conn: Connection, tenant_id: TenantId, plan_id: str) -> SubscriptionPlan | None:
    query = select(tables.subscription_plans).where(_p.tenant_id == tenant_id, _p.id == plan_id)
    row = conn.execute(query).one_or_none()
    return None if row is None else _plan(row)


def plan_by_name(conn: Connection, tenant_id: TenantId, name: str) -> str | None:
    """Its id."""
    query = select(_p.id).where(_p.tenant_id == tenant_id, _p.name == name)
    return conn.execute(query).scalar_one_or_none()


def count_plans(conn: Connection, tenant_id: TenantId) -> int:
    query = select(func.count()).select_from(tables.subscription_plans).where(_p.tenant_id == tenant_id)
    return conn.execute(query).scalar_one()


def search_plans(
    conn: Connection, tenant_id: TenantId, *, archived: bool, after: str, limit: int
) -> list[SubscriptionPlan]:
    """By name, beginning after the name `after`."""
    query = select(tables.subscription_plans).where(_p.tenant_id == tenant_id, _p.name > after)
    if not archived:
        query = query.where(_p.archived.is_(False))
    return [_plan(row) for row in conn.execute(query.order_by(_p.name).limit(limit))]


def insert_subscription(changes: ChangeSet, subscription: ChargingSubscription) -> None:
    until = subscription.valid_until
    changes.write(
        tables.INSERT_SUBSCRIPTION,
        (
            subscription.id,
            subscription.tenant_id,
            subscription.plan_id,
            subscription.holder,
            subscription.zone,
            _json.encode(subscription.terms).decode(),
            micros(subscription.valid_from),
            None if until is None else micros(until),
            micros(subscription.created_at),
        ),
    )


def save_subscription(changes: ChangeSet, subscription: ChargingSubscription) -> None:
    until = subscription.valid_until
    changes.write(
        tables.UPDATE_SUBSCRIPTION,
        (None if until is None else micros(until), subscription.id, subscription.tenant_id),
    )


def subscription(conn: Connection, tenant_id: TenantId, subscription_id: str) -> ChargingSubscription | None:
    query = select(tables.subscriptions).where(_s.tenant_id == tenant_id, _s.id == subscription_id)
    row = conn.execute(query).one_or_none()
    return None if row is None else _subscription(row)


def subscription_at(
    conn: Connection, tenant_id: TenantId, holder: str, *, at: datetime
) -> ChargingSubscription | None:
    """The one that somebody has at an instant."""
    query = select(tables.subscriptions).where(
        _s.tenant_id == tenant_id,
        _s.holder == holder,
        _s.valid_from <= micros(at),
        or_(_s.valid_until.is_(None), _s.valid_until > micros(at)),
    )
    row = conn.execute(query.order_by(_s.valid_from.desc()).limit(1)).one_or_none()
    return None if row is None else _subscription(row)


def overlapping(
    conn: Connection, tenant_id: TenantId, holder: str, *, begin: datetime, end: datetime | None
) -> str | None:
    """The id of a subscription of the same holder that runs at some time between the two."""
    query = select(_s.id).where(
        _s.tenant_id == tenant_id,
        _s.holder == holder,
        or_(_s.valid_until.is_(None), _s.valid_until > micros(begin)),
    )
    if end is not None:
        query = query.where(_s.valid_from < micros(end))
    return conn.execute(query.limit(1)).scalar_one_or_none()


def search_subscriptions(
    conn: Connection,
    tenant_id: TenantId,
    *,
    plan_id: str | None,
    holder: str | None,
    live_at: datetime | None,
    before: str | None,
    limit: int,
) -> list[ChargingSubscription]:
    """The latest made first; `before` is the id of the last one seen."""
    query = select(tables.subscriptions).where(_s.tenant_id == tenant_id)
    if plan_id is not None:
        query = query.where(_s.plan_id == plan_id)
    if holder is not None:
        query = query.where(_s.holder == holder)
    if live_at is not None:
        query = query.where(or_(_s.valid_until.is_(None), _s.valid_until > micros(live_at)))
    if before is not None:
        query = query.where(_s.id < before)
    return [_subscription(row) for row in conn.execute(query.order_by(_s.id.desc()).limit(limit))]


def running_between(
    conn: Connection,
    tenant_id: TenantId,
    *,
    begin: datetime,
    end: datetime,
    holders: Sequence[str] | None,
    after: str,
    limit: int,
) -> list[ChargingSubscription]:
    """Those that run at some time between the two, by id, beginning after `after`."""
    query = select(tables.subscriptions).where(
        _s.tenant_id == tenant_id,
        _s.valid_from < micros(end),
        or_(_s.valid_until.is_(None), _s.valid_until > micros(begin)),
        _s.id > after,
    )
    if holders is not None:
        query = query.where(_s.holder.in_(holders))
    return [_subscription(row) for row in conn.execute(query.order_by(_s.id).limit(limit))]


# Allowances


def used_wh(conn: Connection, tenant_id: TenantId, subscription_id: str, month: str) -> int:
    query = select(_m.used_wh).where(
        _m.tenant_id == tenant_id, _m.subscription_id == subscription_id, _m.month == month
    )
    return conn.execute(query).scalar_one_or_none() or 0


def takes_of(conn: Connection, tenant_id: TenantId, source_id: str) -> list[tuple[str, str, int]]:
    """(subscription, month, Wh) of what a source has taken."""
    query = select(_k.subscription_id, _k.month, _k.energy_wh).where(
        _k.tenant_id == tenant_id, _k.source_id == source_id
    )
    return [(row[0], row[1], row[2]) for row in conn.execute(query)]


def add_take(
    conn: Connection,
    tenant_id: TenantId,
    source_id: str,
    subscription_id: str,
    month: str,
    energy_wh: int,
    *,
    at: datetime,
) -> None:
    """Within a decision, at once."""
    conn.execute(
        insert(tables.allowance_takes).values(
            tenant_id=tenant_id,
            source_id=source_id,
            subscription_id=subscription_id,
            month=month,
            energy_wh=energy_wh,
            taken_at=micros(at),
        )
    )
    _count_wh(conn, tenant_id, subscription_id, month, energy_wh)


def remove_takes(conn: Connection, tenant_id: TenantId, source_id: str) -> None:
    for subscription_id, month, energy_wh in takes_of(conn, tenant_id, source_id):
        _count_wh(conn, tenant_id, subscription_id, month, -energy_wh)
    conn.execute(
        delete_rows(tables.allowance_takes).where(_k.tenant_id == tenant_id, _k.source_id == source_id)
    )


def _count_wh(conn: Connection, tenant_id: TenantId, subscription_id: str, month: str, by: int) -> None:
    counted = conn.execute(
        update(tables.allowance_months)
        .where(_m.tenant_id == tenant_id, _m.subscription_id == subscription_id, _m.month == month)
        .values(used_wh=_m.used_wh + by)
    )
    if not counted.rowcount:
        conn.execute(
            insert(tables.allowance_months).values(
                subscription_id=subscription_id, month=month, tenant_id=tenant_id, used_wh=by
            )
        )


def _voucher(row: Row[Any]) -> VoucherOffer:
    return VoucherOffer(
        id=row.id,
        tenant_id=row.tenant_id,
        code=row.code,
        name=row.name,
        terms=_voucher_terms.decode(row.terms),
        archived=row.archived,
        used=row.used,
        created_at=instant(row.created_at),
    )


def _use(row: Row[Any]) -> VoucherUse:
    return VoucherUse(
        voucher_id=row.voucher_id,
        source_id=row.source_id,
        holder=row.holder,
        used_at=instant(row.used_at),
    )


def _plan(row: Row[Any]) -> SubscriptionPlan:
    return SubscriptionPlan(
        id=row.id,
        tenant_id=row.tenant_id,
        name=row.name,
        terms=_plan_terms.decode(row.terms),
        archived=row.archived,
        created_at=instant(row.created_at),
    )


def _subscription(row: Row[Any]) -> ChargingSubscription:
    return ChargingSubscription(
        id=row.id,
        tenant_id=row.tenant_id,
        plan_id=row.plan_id,
        holder=row.holder,
        zone=row.zone,
        terms=_plan_terms.decode(row.terms),
        valid_from=instant(row.valid_from),
        valid_until=None if row.valid_until is None else instant(row.valid_until),
        created_at=instant(row.created_at),
    )
