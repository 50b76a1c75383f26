"""What is owed, and how accounts pay: rows to values, values to rows, queries."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, tuple_

from currant.billing.charges.model import AccountTerms, PaysBy, Receivable, ReceivableState
from currant.billing.charges.store.tables import account_terms, at_of, receivables, us
from currant.kit.clock import instant, micros
from currant.kit.ids import AccountId, ChargeId, TenantId

# What is owed


def receivable_row(owed: Receivable) -> tuple[Any, ...]:
    return (
        owed.id,
        owed.tenant_id,
        owed.charge_id,
        owed.session_id,
        owed.account_id,
        owed.currency,
        owed.amount,
        owed.paid,
        owed.state.value,
        owed.reason,
        micros(owed.created_at),
        micros(owed.due_at),
        owed.reminders,
        us(owed.remind_at),
    )


def receivable_of(row: Any) -> Receivable:
    return Receivable(
        id=row.id,
        tenant_id=row.tenant_id,
        charge_id=row.charge_id,
        session_id=row.session_id,
        account_id=row.account_id,
        currency=row.currency,
        amount=row.amount,
        paid=row.paid,
        state=ReceivableState(row.state),
        reason=row.reason,
        created_at=instant(row.created_at),
        due_at=instant(row.due_at),
        reminders=row.reminders,
        remind_at=at_of(row.remind_at),
    )


def receivable_for(conn: Connection, tenant_id: TenantId, charge_id: ChargeId) -> Receivable | None:
    c = receivables.c
    query = select(receivables).where(c.charge_id == charge_id, c.tenant_id == tenant_id)
    row = conn.execute(query).first()
    return None if row is None else receivable_of(row)


def receivable(conn: Connection, tenant_id: TenantId, receivable_id: str) -> Receivable | None:
    c = receivables.c
    query = select(receivables).where(c.id == receivable_id, c.tenant_id == tenant_id)
    row = conn.execute(query).first()
    return None if row is None else receivable_of(row)


def owed_by(conn: Connection, tenant_id: TenantId, account_id: AccountId) -> list[Receivable]:
    """What an account owes and was to pay at once, the oldest first."""
    c = receivables.c
    query = select(receivables).where(
        c.account_id == account_id, c.tenant_id == tenant_id, c.state == ReceivableState.OPEN.value
    )
    return [receivable_of(row) for row in conn.execute(query.order_by(c.due_at).limit(1_000))]


def receivables_page(
    conn: Connection,
    tenant_id: TenantId,
    *,
    state: ReceivableState | None,
    account_id: AccountId | None,
    after: tuple[int, str] | None,
    limit: int,
) -> list[Receivable]:
    """What is owed, the longest due first."""
    c = receivables.c
    query = select(receivables).where(c.tenant_id == tenant_id)
    if state is not None:
        query = query.where(c.state == state.value)
    if account_id is not None:
        query = query.where(c.account_id == account_id)
    if after is not None:
        query = query.where(tuple_(c.due_at, c.id) > tuple_(*after))
    return [receivable_of(row) for row in conn.execute(query.order_by(c.due_at, c.id).limit(limit))]


def to_remind(conn: Connection, before: datetime, *, limit: int) -> list[Receivable]:
    """Of every tenant, those whose next reminder is due."""
    c = receivables.c
    query = (
        select(receivables)
        .where(c.remind_at.is_not(None), c.remind_at <= micros(before), c.state == ReceivableState.OPEN.value)
        .order_by(c.remind_at)
        .limit(limit)
    )
    return [receivable_of(row) for row in conn.execute(query)]


# How accounts pay


def terms_row(terms: AccountTerms) -> tuple[Any, ...]:
    return (
        terms.account_id,
        terms.tenant_id,
        "" if terms.pays_by is None else terms.pays_by.value,
        terms.method_id,
        terms.blocked_after_days,
        us(terms.overdue_since),
        us(terms.updated_at),
    )


def terms_of(conn: Connection, tenant_id: TenantId, account_id: AccountId) -> AccountTerms | None:
    c = account_terms.c
    query = select(account_terms).where(c.account_id == account_id, c.tenant_id == tenant_id)
    row = conn.execute(query).first()
    if row is None:
        return None
    return AccountTerms(
        tenant_id=row.tenant_id,
        account_id=row.account_id,
        pays_by=PaysBy(row.pays_by) if row.pays_by else None,
        method_id=row.method_id,
        blocked_after_days=row.blocked_after_days,
        overdue_since=at_of(row.overdue_since),
        updated_at=at_of(row.updated_at),
    )
