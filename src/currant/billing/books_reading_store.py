"""What is read from the ledger: accounts with their balances, statements, entries; and how balances are kept.

A balance is the sum of the legs. So that it need not be added up from the beginning, the sums of all
accounts are kept up to one entry (`ledger_progress`), some minutes behind the newest, where nothing
can be booked any more. An account whose sum is nothing has no row there.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Table, and_, delete, func, or_, select, union_all, update

from currant.billing.books_store import (
    account_of,
    balances,
    entries,
    insert_on,
    is_account,
    key_of,
    legs,
    posted,
    progress,
)
from currant.billing.ledger import Account, AccountKind, Posted
from currant.kit.clock import micros
from currant.kit.ids import EntryId, TenantId, first_id_of

Place = tuple[str, str, str]
"""Kind, owner and currency: where an account stands in the list of all."""


def tenants(conn: Connection) -> list[TenantId]:
    """Who has a ledger."""
    query = select(entries.c.tenant_id).distinct().order_by(entries.c.tenant_id)
    return [TenantId(each) for each in conn.execute(query).scalars()]


def through(conn: Connection, tenant_id: TenantId) -> str:
    """Before which entry the kept balances end; empty when none are kept."""
    query = select(progress.c.through).where(progress.c.tenant_id == tenant_id)
    return conn.execute(query).scalar_one_or_none() or ""


def balance(conn: Connection, tenant_id: TenantId, account: Account, *, before: str = "") -> int:
    """What is on an account (debits less credits), or was before an entry was booked."""
    kept_until = through(conn, tenant_id)
    found = conn.execute(select(balances.c.balance).where(is_account(balances, tenant_id, account)))
    kept = found.scalar_one_or_none() or 0
    c = legs.c
    since = is_account(legs, tenant_id, account)
    if not before:
        return kept + _sum(conn, and_(since, c.entry_id >= kept_until))
    if before >= kept_until:
        return kept + _sum(conn, and_(since, c.entry_id >= kept_until, c.entry_id < before))
    return kept - _sum(conn, and_(since, c.entry_id >= before, c.entry_id < kept_until))


def accounts(
    conn: Connection,
    tenant_id: TenantId,
    *,
    kind: AccountKind | None,
    owner: str | None,
    after: Place | None,
    limit: int,
    with_nothing: bool = False,
) -> list[tuple[Account, int]]:
    """Accounts with their balances, by kind, owner and currency; those with nothing on them on demand.

    Of those with nothing on them, only what was booked on lately is known.
    """

    def chosen(table: Table) -> Any:
        c = table.c
        wanted = [c.tenant_id == tenant_id]
        if kind is not None:
            wanted.append(c.kind == kind.value)
        if owner is not None:
            wanted.append(c.owner == owner)
        if after is not None:
            wanted.append(_beyond(c, after))
        return and_(*wanted)

    b, g = balances.c, legs.c
    parts = union_all(
        select(b.kind, b.owner, b.currency, b.balance.label("amount")).where(chosen(balances)),
        select(g.kind, g.owner, g.currency, g.amount).where(
            chosen(legs), g.entry_id >= through(conn, tenant_id)
        ),
    ).subquery()
    p = parts.c
    total = func.sum(p.amount)
    query = select(p.kind, p.owner, p.currency, total.label("total")).group_by(p.kind, p.owner, p.currency)
    if not with_nothing:
        query = query.having(total != 0)
    query = query.order_by(p.kind, p.owner, p.currency).limit(limit)
    return [(account_of(row), int(row.total)) for row in conn.execute(query)]


def movements(
    conn: Connection, tenant_id: TenantId, account: Account, *, before: str, limit: int
) -> list[tuple[Posted, int]]:
    """The entries that touch an account, the latest first, each with what it changes there."""
    c = legs.c
    wanted = [is_account(legs, tenant_id, account)]
    if before:
        wanted.append(c.entry_id < before)
    query = select(c.entry_id, func.sum(c.amount).label("amount")).where(*wanted).group_by(c.entry_id)
    rows = conn.execute(query.order_by(c.entry_id.desc()).limit(limit)).all()
    found = by_ids(conn, tenant_id, [row.entry_id for row in rows])
    return [(found[row.entry_id], int(row.amount)) for row in rows]


def by_ids(conn: Connection, tenant_id: TenantId, ids: Sequence[str]) -> dict[str, Posted]:
    c = entries.c
    rows = conn.execute(select(entries).where(c.tenant_id == tenant_id, c.id.in_(ids)))
    return {row.id: posted(row) for row in rows}


def list_entries(
    conn: Connection,
    tenant_id: TenantId,
    *,
    source_type: str | None,
    source_id: str | None,
    since: datetime | None,
    until: datetime | None,
    before: str,
    limit: int,
) -> list[Posted]:
    """Entries, the latest booked first; `since` and `until` are moments of booking."""
    c = entries.c
    wanted = [c.tenant_id == tenant_id]
    if source_type is not None:
        wanted.append(c.source_type == source_type)
    if source_id is not None:
        wanted.append(c.source_id == source_id)
    if since is not None:
        wanted.append(c.id >= first_id_of(micros(since) // 1000))
    if until is not None:
        wanted.append(c.id < first_id_of(micros(until) // 1000))
    if before:
        wanted.append(c.id < before)
    query = select(entries).where(*wanted).order_by(c.id.desc()).limit(limit)
    return [posted(row) for row in conn.execute(query)]


def entries_after(conn: Connection, tenant_id: TenantId, after: str, *, limit: int) -> list[Posted]:
    """Entries in the order of booking."""
    c = entries.c
    query = select(entries).where(c.tenant_id == tenant_id, c.id > after).order_by(c.id).limit(limit)
    return [posted(row) for row in conn.execute(query)]


def entry_by_id(conn: Connection, tenant_id: TenantId, entry_id: EntryId) -> Posted | None:
    return by_ids(conn, tenant_id, [entry_id]).get(entry_id)


def newest(conn: Connection, tenant_id: TenantId) -> str:
    """The id of the newest entry; empty when there is none."""
    c = entries.c
    query = select(c.id).where(c.tenant_id == tenant_id).order_by(c.id.desc()).limit(1)
    return conn.execute(query).scalar_one_or_none() or ""


def nth_after(conn: Connection, tenant_id: TenantId, after: str, number: int) -> str:
    """The id of the entry that many after the given one; empty when there are not so many."""
    c = entries.c
    query = select(c.id).where(c.tenant_id == tenant_id, c.id >= after).order_by(c.id).offset(number).limit(1)
    return conn.execute(query).scalar_one_or_none() or ""


def sums_between(
    conn: Connection, tenant_id: TenantId, start: str, end: str, *, kinds: Sequence[AccountKind] = ()
) -> dict[Account, int]:
    """What legs add up to on each account, from one entry on and before another; without end when it is empty."""
    c = legs.c
    wanted = [c.tenant_id == tenant_id, c.entry_id >= start]
    if end:
        wanted.append(c.entry_id < end)
    if kinds:
        wanted.append(c.kind.in_([kind.value for kind in kinds]))
    total = func.sum(c.amount)
    query = (
        select(c.kind, c.owner, c.currency, total.label("total"))
        .where(*wanted)
        .group_by(c.kind, c.owner, c.currency)
        .having(total != 0)
    )
    return {account_of(row): int(row.total) for row in conn.execute(query)}


def kept_balances(conn: Connection, tenant_id: TenantId) -> dict[Account, int]:
    query = select(balances).where(balances.c.tenant_id == tenant_id)
    return {account_of(row): row.balance for row in conn.execute(query)}


def keep_balances(
    conn: Connection,
    tenant_id: TenantId,
    changes: dict[Account, int],
    *,
    from_id: str,
    through_id: str,
    at: datetime,
) -> bool:
    """Add sums to the kept balances, which then go on to `through_id`; False when somebody else did meanwhile."""
    if through(conn, tenant_id) != from_id:
        return False
    c = balances.c
    for account, change in changes.items():
        where = is_account(balances, tenant_id, account)
        changed = conn.execute(update(balances).where(where).values(balance=c.balance + change))
        if not changed.rowcount:
            row = key_of(tenant_id, account) | {"balance": change}
            conn.execute(insert_on(conn.dialect, balances).values(row))
    conn.execute(delete(balances).where(c.tenant_id == tenant_id, c.balance == 0))
    keep_progress(conn, tenant_id, through_id, at)
    return True


def forget_balances(conn: Connection, tenant_id: TenantId, at: datetime) -> None:
    """Begin anew: nothing is kept, and all is added up again."""
    conn.execute(delete(balances).where(balances.c.tenant_id == tenant_id))
    keep_progress(conn, tenant_id, "", at)


def keep_progress(conn: Connection, tenant_id: TenantId, through_id: str, at: datetime) -> None:
    row = {"tenant_id": tenant_id, "through": through_id, "checked_at": micros(at)}
    insert = insert_on(conn.dialect, progress).values(row)
    conn.execute(
        insert.on_conflict_do_update(
            index_elements=["tenant_id"], set_={"through": through_id, "checked_at": micros(at)}
        )
    )


def _beyond(c: Any, place: Place) -> Any:
    kind, owner, currency = place
    return or_(
        c.kind > kind,
        and_(c.kind == kind, c.owner > owner),
        and_(c.kind == kind, c.owner == owner, c.currency > currency),
    )


def _sum(conn: Connection, where: Any) -> int:
    row: Row[Any] = conn.execute(select(func.coalesce(func.sum(legs.c.amount), 0)).where(where)).one()
    return int(row[0])
