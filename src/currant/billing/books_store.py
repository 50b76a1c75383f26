"""The tables of the ledger, and the queries that write and look up single entries, holds and accounts.

An entry is one row that carries its legs; the database itself spreads them into `ledger_legs` and refuses
what does not balance, what is changed and what is removed (see `books_guards`). So nothing needs to be
read again to know that an entry is whole, and decisions side by side do not get in each other's way.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Connection,
    Dialect,
    Index,
    Row,
    Table,
    Text,
    UniqueConstraint,
    event,
    select,
    text,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from currant.billing.books_guards import guards
from currant.billing.ledger import (
    Account,
    AccountKind,
    Entry,
    Hold,
    HoldState,
    Leg,
    Posted,
    Standing,
)
from currant.db.tables import metadata
from currant.kit.clock import instant, micros
from currant.kit.ids import EntryId, TenantId

entries = Table(
    "ledger_entries",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("source_type", Text, nullable=False),
    Column("source_id", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("memo", Text, nullable=False),
    # [[kind, owner, currency, amount], …]
    Column("legs", Text, nullable=False),
    UniqueConstraint("tenant_id", "source_type", "source_id", "purpose"),
    Index(None, "tenant_id", "id"),
)

legs = Table(
    "ledger_legs",
    metadata,
    Column("entry_id", Text, primary_key=True),
    Column("line", BigInteger, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    # With the amount, so that a balance is read from the index alone.
    Index("ix_ledger_legs_account", "tenant_id", "kind", "owner", "currency", "entry_id", "amount"),
)

# The balances of accounts that can be spent, kept with every entry.
standings = Table(
    "ledger_standings",
    metadata,
    Column("tenant_id", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("owner", Text, primary_key=True),
    Column("currency", Text, primary_key=True),
    Column("balance", BigInteger, nullable=False),
    Column("held", BigInteger, nullable=False),
    Column("credit_limit", BigInteger, nullable=False),
    CheckConstraint("kind = 'credit_line' OR balance >= held", name="not_below_zero"),
    CheckConstraint("held >= 0", name="held"),
    Index(None, "tenant_id", "owner"),
)

holds = Table(
    "ledger_holds",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("source_type", Text, nullable=False),
    Column("source_id", Text, nullable=False),
    Column("placed_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("captured", BigInteger, nullable=False),
    Column("resolved_at", BigInteger),
    # What took it.
    Column("entry_id", Text),
    UniqueConstraint("tenant_id", "source_type", "source_id", "kind"),
    UniqueConstraint("entry_id"),
    CheckConstraint("amount > 0 AND captured >= 0 AND captured <= amount", name="amounts"),
    CheckConstraint("(state = 'captured') = (captured > 0)", name="captured"),
    CheckConstraint("(state = 'open') = (resolved_at IS NULL)", name="resolved"),
    Index(
        "ix_ledger_holds_open",
        "expires_at",
        sqlite_where=text("state = 'open'"),
        postgresql_where=text("state = 'open'"),
    ),
    Index("ix_ledger_holds_account", "tenant_id", "owner", "placed_at"),
)

# Balances of all accounts up to an entry, so that they need not be added up from the beginning.
balances = Table(
    "ledger_balances",
    metadata,
    Column("tenant_id", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("owner", Text, primary_key=True),
    Column("currency", Text, primary_key=True),
    Column("balance", BigInteger, nullable=False),
)

# Up to which entry the balances of a tenant are added up.
progress = Table(
    "ledger_progress",
    metadata,
    Column("tenant_id", Text, primary_key=True),
    Column("through", Text, nullable=False),
    Column("checked_at", BigInteger, nullable=False),
)


def _guard(table: Table, connection: Connection, **_: Any) -> None:
    for statement in guards(connection.dialect.name, table.name):
        connection.exec_driver_sql(statement)


for _table in (entries, legs, holds):
    event.listen(_table, "after_create", _guard)

_RawLeg = tuple[str, str, str, int]
_legs = msgspec.json.Decoder(tuple[_RawLeg, ...])


def insert_entry(conn: Connection, tenant_id: TenantId, entry_id: EntryId, entry: Entry) -> bool:
    """Whether the entry is new: nothing happens when something is booked for its source and purpose."""
    values = {
        "id": entry_id,
        "tenant_id": tenant_id,
        "source_type": entry.source_type,
        "source_id": entry.source_id,
        "purpose": entry.purpose,
        "at": micros(entry.at),
        "memo": entry.memo,
        "legs": legs_text(entry.legs),
    }
    insert = insert_on(conn.dialect, entries).values(values).on_conflict_do_nothing().returning(entries.c.id)
    return conn.execute(insert).one_or_none() is not None


def entry_of(
    conn: Connection, tenant_id: TenantId, source_type: str, source_id: str, purpose: str
) -> Posted | None:
    c = entries.c
    row = conn.execute(
        select(entries).where(
            c.tenant_id == tenant_id,
            c.source_type == source_type,
            c.source_id == source_id,
            c.purpose == purpose,
        )
    ).one_or_none()
    return None if row is None else posted(row)


def entries_of(conn: Connection, tenant_id: TenantId, source_type: str, source_id: str) -> list[Posted]:
    """Everything booked for one source, in the order of booking."""
    c = entries.c
    query = (
        select(entries)
        .where(c.tenant_id == tenant_id, c.source_type == source_type, c.source_id == source_id)
        .order_by(c.id)
        .limit(1_000)
    )
    return [posted(row) for row in conn.execute(query)]


def standing(conn: Connection, tenant_id: TenantId, account: Account, *, lock: bool = False) -> Standing:
    """What can be spent from an account; `lock` keeps other decisions from changing it before this one ends."""
    query = select(standings).where(is_account(standings, tenant_id, account))
    row = conn.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        return Standing(account=account, balance=0)
    return _standing(row)


def standings_of(conn: Connection, tenant_id: TenantId, owner: str) -> list[Standing]:
    c = standings.c
    query = select(standings).where(c.tenant_id == tenant_id, c.owner == owner)
    return [_standing(row) for row in conn.execute(query.order_by(c.kind, c.currency).limit(100))]


def change_standing(
    conn: Connection, tenant_id: TenantId, account: Account, *, balance: int = 0, held: int = 0
) -> None:
    """Add to the balance and to what is held."""
    c = standings.c
    changed = conn.execute(
        update(standings)
        .where(is_account(standings, tenant_id, account))
        .values(balance=c.balance + balance, held=c.held + held)
    )
    if not changed.rowcount:
        # Somebody else's row in the way is a conflict of transactions, and the decision is made again.
        row = key_of(tenant_id, account) | {"balance": balance, "held": held, "credit_limit": 0}
        conn.execute(insert_on(conn.dialect, standings).values(row).on_conflict_do_nothing())


def set_limit(conn: Connection, tenant_id: TenantId, account: Account, limit: int) -> None:
    row = key_of(tenant_id, account) | {"balance": 0, "held": 0, "credit_limit": limit}
    insert = insert_on(conn.dialect, standings).values(row)
    conn.execute(
        insert.on_conflict_do_update(
            index_elements=["tenant_id", "kind", "owner", "currency"], set_={"credit_limit": limit}
        )
    )


def insert_hold(conn: Connection, tenant_id: TenantId, hold: Hold) -> bool:
    """Whether the hold is new: nothing happens when its source holds something of this kind already."""
    row = key_of(tenant_id, hold.account) | {
        "id": hold.id,
        "amount": hold.amount,
        "source_type": hold.source_type,
        "source_id": hold.source_id,
        "placed_at": micros(hold.placed_at),
        "expires_at": micros(hold.expires_at),
        "state": hold.state.value,
        "captured": hold.captured,
        "resolved_at": None,
        "entry_id": None,
    }
    insert = insert_on(conn.dialect, holds).values(row).on_conflict_do_nothing().returning(holds.c.id)
    return conn.execute(insert).one_or_none() is not None


def save_hold(conn: Connection, tenant_id: TenantId, hold: Hold) -> None:
    c = holds.c
    conn.execute(
        update(holds)
        .where(c.tenant_id == tenant_id, c.id == hold.id)
        .values(
            amount=hold.amount,
            expires_at=micros(hold.expires_at),
            state=hold.state.value,
            captured=hold.captured,
            resolved_at=None if hold.resolved_at is None else micros(hold.resolved_at),
            entry_id=hold.entry_id,
        )
    )


def hold_by_id(conn: Connection, tenant_id: TenantId, hold_id: str) -> Hold | None:
    c = holds.c
    query = select(holds).where(c.tenant_id == tenant_id, c.id == hold_id).with_for_update()
    row = conn.execute(query).one_or_none()
    return None if row is None else hold_from(row)


def hold_of(
    conn: Connection, tenant_id: TenantId, source_type: str, source_id: str, kind: AccountKind
) -> Hold | None:
    c = holds.c
    query = select(holds).where(
        c.tenant_id == tenant_id,
        c.source_type == source_type,
        c.source_id == source_id,
        c.kind == kind.value,
    )
    row = conn.execute(query).one_or_none()
    return None if row is None else hold_from(row)


def holds_of(conn: Connection, tenant_id: TenantId, owner: str, *, limit: int) -> list[Hold]:
    """What is set aside of an owner's accounts now, the oldest first."""
    c = holds.c
    query = (
        select(holds)
        .where(c.tenant_id == tenant_id, c.owner == owner, c.state == HoldState.OPEN.value)
        .order_by(c.placed_at, c.id)
        .limit(limit)
    )
    return [hold_from(row) for row in conn.execute(query)]


def lapsed(conn: Connection, now: datetime, *, limit: int) -> list[Hold]:
    """Open holds whose time is over, the oldest first."""
    c = holds.c
    query = (
        select(holds)
        .where(c.state == HoldState.OPEN.value, c.expires_at <= micros(now))
        .order_by(c.expires_at)
        .limit(limit)
    )
    return [hold_from(row) for row in conn.execute(query)]


def legs_text(some: Sequence[Leg]) -> str:
    """Legs as an entry keeps them."""
    raw = [(leg.account.kind.value, leg.account.owner, leg.account.currency, leg.amount) for leg in some]
    return msgspec.json.encode(raw).decode()


def legs_from(kept: str) -> tuple[Leg, ...]:
    return tuple(
        Leg(account=Account(kind=AccountKind(kind), owner=owner, currency=currency), amount=amount)
        for kind, owner, currency, amount in _legs.decode(kept)
    )


def posted(row: Row[Any]) -> Posted:
    return Posted(
        id=EntryId(row.id),
        tenant_id=TenantId(row.tenant_id),
        booked_at=booked_at(row.id),
        entry=Entry(
            source_type=row.source_type,
            source_id=row.source_id,
            purpose=row.purpose,
            at=instant(row.at),
            legs=legs_from(row.legs),
            memo=row.memo,
        ),
    )


def booked_at(entry_id: str) -> datetime:
    """When an entry was booked: its id says so, to the millisecond."""
    return instant(int(entry_id[:8] + entry_id[9:13], 16) * 1000)


def hold_from(row: Row[Any]) -> Hold:
    return Hold(
        id=row.id,
        tenant_id=TenantId(row.tenant_id),
        account=account_of(row),
        amount=row.amount,
        source_type=row.source_type,
        source_id=row.source_id,
        placed_at=instant(row.placed_at),
        expires_at=instant(row.expires_at),
        state=HoldState(row.state),
        captured=row.captured,
        resolved_at=None if row.resolved_at is None else instant(row.resolved_at),
        entry_id=row.entry_id,
    )


def account_of(row: Any) -> Account:
    return Account(kind=AccountKind(row.kind), owner=row.owner, currency=row.currency)


def _standing(row: Row[Any]) -> Standing:
    return Standing(account=account_of(row), balance=row.balance, held=row.held, limit=row.credit_limit)


def key_of(tenant_id: TenantId, account: Account) -> dict[str, Any]:
    return {
        "tenant_id": tenant_id,
        "kind": account.kind.value,
        "owner": account.owner,
        "currency": account.currency,
    }


def is_account(table: Table, tenant_id: TenantId, account: Account) -> Any:
    c = table.c
    return (
        (c.tenant_id == tenant_id)
        & (c.kind == account.kind.value)
        & (c.owner == account.owner)
        & (c.currency == account.currency)
    )


def insert_on(dialect: Dialect, table: Table) -> Any:
    # The two dialects say "on conflict" alike, and each has its own class for it.
    return (sqlite if dialect.name == "sqlite" else postgresql).insert(table)
