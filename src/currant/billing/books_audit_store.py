"""Queries that look for what must not be in the ledger, for `currant check --ledger`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, and_, func, not_, or_, select, text

from currant.billing.books_guards import TABLES, guards
from currant.billing.books_store import account_of, entries, holds, legs, standings
from currant.billing.ledger import GUARDED, Account, AccountKind, HoldState, Leg
from currant.kit.clock import instant, micros
from currant.kit.ids import EntryId, TenantId

FOUND_MAX = 100
_WALK_MAX = 20_000
_CHARGES_AT_ONCE = 500


class LegRow(msgspec.Struct, frozen=True):
    """A leg as it stands in its own table."""

    entry_id: EntryId
    line: int
    leg: Leg


def guards_missing(conn: Connection) -> list[str]:  # whose rows: of the whole installation
    """Which of the database's own guards are gone, switched off or changed."""
    dialect = conn.dialect.name
    wanted: dict[str, str] = {}
    for table in TABLES:
        for statement in guards(dialect, table):
            words = statement.replace("()", "").split()
            name = words[words.index("TRIGGER" if "TRIGGER" in words[:2] else "FUNCTION") + 1]
            wanted[name] = " ".join(statement.split())
    if dialect == "sqlite":
        rows = conn.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"))
        there = {row.name: " ".join(row.sql.split()) for row in rows}
        return sorted(name for name, sql in wanted.items() if there.get(name) != sql)
    rows = conn.execute(text("SELECT tgname AS name FROM pg_trigger WHERE tgenabled = 'O'"))
    names = {row.name for row in rows}
    bodies = conn.execute(text("SELECT proname AS name, prosrc AS body FROM pg_proc"))
    functions = {row.name: " ".join(row.body.split()) for row in bodies}
    missing = []
    for name, statement in wanted.items():
        if statement.startswith("CREATE TRIGGER"):
            if name not in names:
                missing.append(name)
        elif functions.get(name) != statement.split("$$")[1].strip():
            missing.append(name)
    return sorted(missing)


def legs_between(conn: Connection, tenant_id: TenantId, after: str, last: str) -> list[LegRow]:
    """The rows of legs of the entries after one, up to the last; all that follow when that is empty."""
    c = legs.c
    wanted = [c.tenant_id == tenant_id, c.entry_id > after]
    if last:
        wanted.append(c.entry_id <= last)
    rows = conn.execute(select(legs).where(*wanted).order_by(c.entry_id, c.line))
    return [_leg_row(row) for row in rows]


def legs_astray(conn: Connection, tenant_id: TenantId) -> list[LegRow]:
    """Legs of no entry, or of another tenant's."""
    c, e = legs.c, entries.c
    joined = legs.outerjoin(entries, and_(e.id == c.entry_id, e.tenant_id == c.tenant_id))
    query = select(legs).select_from(joined).where(c.tenant_id == tenant_id, e.id.is_(None))
    return [_leg_row(row) for row in conn.execute(query.order_by(c.entry_id).limit(FOUND_MAX))]


def booked_twice(conn: Connection, tenant_id: TenantId) -> list[tuple[str, str, str, int]]:
    """Sources and purposes with more than one entry, and how many."""
    c = entries.c
    number = func.count()
    query = (
        select(c.source_type, c.source_id, c.purpose, number)
        .where(c.tenant_id == tenant_id)
        .group_by(c.source_type, c.source_id, c.purpose)
        .having(number > 1)
        .limit(FOUND_MAX)
    )
    return [(row[0], row[1], row[2], row[3]) for row in conn.execute(query)]


def guarded_sums(conn: Connection, tenant_id: TenantId) -> dict[Account, int]:
    """What the legs of wallets, deposits and credit lines add up to, as seen from whose they are."""
    c = legs.c
    query = (
        select(c.kind, c.owner, c.currency, func.sum(c.amount).label("total"))
        .where(c.tenant_id == tenant_id, c.kind.in_([kind.value for kind in GUARDED]))
        .group_by(c.kind, c.owner, c.currency)
    )
    return {account_of(row): -int(row.total) for row in conn.execute(query)}


def all_standings(conn: Connection, tenant_id: TenantId) -> dict[Account, tuple[int, int, int]]:
    """Balance, held and limit of everything that can be spent."""
    query = select(standings).where(standings.c.tenant_id == tenant_id)
    return {account_of(row): (row.balance, row.held, row.credit_limit) for row in conn.execute(query)}


def held_sums(conn: Connection, tenant_id: TenantId) -> dict[Account, int]:
    """What open holds add up to on each account."""
    c = holds.c
    query = (
        select(c.kind, c.owner, c.currency, func.sum(c.amount).label("total"))
        .where(c.tenant_id == tenant_id, c.state == HoldState.OPEN.value)
        .group_by(c.kind, c.owner, c.currency)
    )
    return {account_of(row): int(row.total) for row in conn.execute(query)}


def holds_booked_otherwise(conn: Connection, tenant_id: TenantId) -> list[tuple[str, int, int]]:
    """Captured holds whose entry took something else from the account: id, captured, taken."""
    h, g = holds.c, legs.c
    same = and_(
        g.entry_id == h.entry_id,
        g.tenant_id == h.tenant_id,
        g.kind == h.kind,
        g.owner == h.owner,
        g.currency == h.currency,
    )
    taken = func.coalesce(func.sum(g.amount), 0)
    query = (
        select(h.id, h.captured, taken.label("taken"))
        .select_from(holds.outerjoin(legs, same))
        .where(h.tenant_id == tenant_id, h.state == HoldState.CAPTURED.value)
        .group_by(h.id, h.captured)
        .having(taken != h.captured)
        .limit(FOUND_MAX)
    )
    return [(row.id, row.captured, int(row.taken)) for row in conn.execute(query)]


def holds_out_of_order(conn: Connection, tenant_id: TenantId) -> list[tuple[str, str, int, int]]:
    """Holds that cannot be as they are: id, state, amount, captured."""
    c = holds.c
    is_captured = c.state == HoldState.CAPTURED.value
    wrong = or_(
        c.amount <= 0,
        c.captured < 0,
        c.captured > c.amount,
        and_(is_captured, or_(c.captured == 0, c.entry_id.is_(None))),
        and_(not_(is_captured), or_(c.captured != 0, c.entry_id.is_not(None))),
        and_(c.state == HoldState.OPEN.value, c.resolved_at.is_not(None)),
        and_(c.state != HoldState.OPEN.value, c.resolved_at.is_(None)),
    )
    query = select(c.id, c.state, c.amount, c.captured).where(c.tenant_id == tenant_id, wrong)
    return [(row.id, row.state, row.amount, row.captured) for row in conn.execute(query.limit(FOUND_MAX))]


def refunded_too_much(conn: Connection, tenant_id: TenantId) -> list[tuple[str, str, int]]:
    """Payments of which more was given back than was taken: id, currency, by how much."""
    e, g = entries.c, legs.c
    total = func.sum(g.amount)
    query = (
        select(e.source_id, g.currency, total.label("total"))
        .select_from(entries.join(legs, g.entry_id == e.id))
        .where(
            e.tenant_id == tenant_id,
            e.source_type == "payment",
            g.kind == AccountKind.PSP_CLEARING.value,
            or_(e.purpose.like("captured%"), e.purpose.like("refund%")),
        )
        .group_by(e.source_id, g.currency)
        .having(total < 0)
        .limit(FOUND_MAX)
    )
    return [(row.source_id, row.currency, -int(row.total)) for row in conn.execute(query)]


def old_sessions(
    conn: Connection, tenant_id: TenantId, before: datetime
) -> list[tuple[Account, int, datetime]]:
    """Sessions that are neither paid nor owed by anybody, untouched since: account, amount, last movement."""
    e, g = entries.c, legs.c
    total, last = func.sum(g.amount), func.max(e.at)
    query = (
        select(g.kind, g.owner, g.currency, total.label("total"), last.label("last"))
        .select_from(legs.join(entries, e.id == g.entry_id))
        .where(g.tenant_id == tenant_id, g.kind == AccountKind.SESSION.value)
        .group_by(g.kind, g.owner, g.currency)
        .having(and_(total != 0, last < micros(before)))
        .limit(FOUND_MAX)
    )
    return [(account_of(row), int(row.total), instant(row.last)) for row in conn.execute(query)]


def oldest_open(conn: Connection, tenant_id: TenantId, account: Account, balance: int) -> datetime | None:
    """When the oldest of what is on an account came there, if what came first also leaves first.

    None when it lies further back than is worth walking.
    """
    e, g = entries.c, legs.c
    sign = 1 if balance > 0 else -1
    query = (
        select(g.amount, e.at)
        .select_from(legs.join(entries, e.id == g.entry_id))
        .where(
            g.tenant_id == tenant_id,
            g.kind == account.kind.value,
            g.owner == account.owner,
            g.currency == account.currency,
            g.amount * sign > 0,
        )
        .order_by(e.at.desc(), e.id.desc())
        .limit(_WALK_MAX)
    )
    left = abs(balance)
    for row in conn.execute(query):
        left -= abs(row.amount)
        if left <= 0:
            return instant(row.at)
    return None


def tax_of_charges(conn: Connection, tenant_id: TenantId, charges: Sequence[str], currency: str) -> int:
    """The tax that is booked for charges."""
    e, g = entries.c, legs.c
    total = 0
    for at in range(0, len(charges), _CHARGES_AT_ONCE):
        query = (
            select(func.coalesce(func.sum(g.amount), 0))
            .select_from(legs.join(entries, e.id == g.entry_id))
            .where(
                e.tenant_id == tenant_id,
                e.source_type == "charge",
                e.source_id.in_(charges[at : at + _CHARGES_AT_ONCE]),
                g.kind == AccountKind.TAX_PAYABLE.value,
                g.currency == currency,
            )
        )
        total -= int(conn.execute(query).scalar_one())
    return total


def _leg_row(row: Row[Any]) -> LegRow:
    return LegRow(row.entry_id, row.line, Leg(account=account_of(row), amount=row.amount))


def same_legs(rows: Sequence[LegRow], kept: Sequence[Leg]) -> bool:
    """Whether an entry's legs stand in their own table as the entry has them."""
    return [(row.line, row.leg) for row in rows] == list(enumerate(kept))
