"""The tables of bank statements and their lines, and every query over them."""

from datetime import date, datetime

import msgspec
from sqlalchemy import BigInteger, Column, Connection, Index, Table, Text, UniqueConstraint, func, select

from currant.billing.bank.model import BankBooking, BankLine, ExpectedKind, LineState, Match, Statement
from currant.db.commits import ChangeSet, insert_into, upsert
from currant.db.tables import metadata
from currant.kit.clock import instant, micros
from currant.kit.ids import TenantId

statements = Table(
    "bank_statements",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("opening", BigInteger),
    Column("closing", BigInteger),
    Column("lines", BigInteger, nullable=False),
    Column("imported_at", BigInteger, nullable=False),
    Column("by", Text, nullable=False),
    UniqueConstraint("tenant_id", "account", "name"),
)

lines = Table(
    "bank_lines",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("statement", Text, nullable=False),
    Column("booked_on", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("line", Text, nullable=False),
    Column("proposed", Text, nullable=False),
    Column("matched_kind", Text, nullable=False),
    Column("matched_id", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("imported_at", BigInteger, nullable=False),
    UniqueConstraint("tenant_id", "key"),
    Index(None, "tenant_id", "state", "id"),
)

_ADD_STATEMENT = insert_into(statements, *statements.c.keys())
_SAVE = upsert(
    lines, key=("id",), keep=("tenant_id", "key", "account", "statement", "booked_on", "line", "imported_at")
)
_line = msgspec.json.Decoder(BankBooking)
_matches = msgspec.json.Decoder(tuple[Match, ...])
AT_ONCE = 500


def add_statement(
    changes: ChangeSet, id_: str, tenant_id: TenantId, found: Statement, *, at: datetime, by: str
) -> None:
    changes.write(
        _ADD_STATEMENT,
        (
            id_,
            tenant_id,
            found.account,
            found.name,
            found.currency,
            found.opening,
            found.closing,
            len(found.lines),
            micros(at),
            by,
        ),
    )


def has_statement(conn: Connection, tenant_id: TenantId, account: str, name: str) -> bool:
    c = statements.c
    query = select(c.id).where(c.tenant_id == tenant_id, c.account == account, c.name == name)
    return conn.execute(query).first() is not None


def last_closing(conn: Connection, tenant_id: TenantId, account: str) -> int | None:
    """The closing balance of the statement of an account that was imported last; None without one."""
    c = statements.c
    query = (
        select(c.closing)
        .where(c.tenant_id == tenant_id, c.account == account, c.closing.is_not(None))
        .order_by(c.id.desc())
        .limit(1)
    )
    found = conn.execute(query).scalar_one_or_none()
    return None if found is None else int(found)


def known_keys(conn: Connection, tenant_id: TenantId, keys: list[str]) -> set[str]:
    """Which of these lines are kept already."""
    found: set[str] = set()
    for start in range(0, len(keys), AT_ONCE):
        part = keys[start : start + AT_ONCE]
        query = select(lines.c.key).where(lines.c.tenant_id == tenant_id, lines.c.key.in_(part))
        found.update(conn.execute(query).scalars())
    return found


def save(changes: ChangeSet, kept: BankLine) -> None:
    changes.write(
        _SAVE,
        (
            kept.id,
            kept.tenant_id,
            kept.line.key,
            kept.account,
            kept.statement,
            kept.line.booked_on.isoformat(),
            kept.state.value,
            msgspec.json.encode(kept.line).decode(),
            msgspec.json.encode(kept.proposed).decode(),
            kept.matched_kind or "",
            kept.matched_id,
            kept.note,
            kept.by,
            micros(kept.imported_at),
        ),
    )


def one(conn: Connection, tenant_id: TenantId, line_id: str) -> BankLine | None:
    c = lines.c
    row = conn.execute(select(lines).where(c.tenant_id == tenant_id, c.id == line_id)).one_or_none()
    return None if row is None else _kept(row)


def search(
    conn: Connection,
    tenant_id: TenantId,
    *,
    state: LineState | None = None,
    since: date | None = None,
    before: str | None = None,
    limit: int,
) -> list[BankLine]:
    """Latest first; `before` is the id of the last one seen."""
    c = lines.c
    query = select(lines).where(c.tenant_id == tenant_id)
    if state is not None:
        query = query.where(c.state == state.value)
    if since is not None:
        query = query.where(c.booked_on >= since.isoformat())
    if before is not None:
        query = query.where(c.id < before)
    return [_kept(row) for row in conn.execute(query.order_by(c.id.desc()).limit(limit))]


def count_open(conn: Connection, tenant_id: TenantId) -> int:
    c = lines.c
    query = select(func.count()).where(c.tenant_id == tenant_id, c.state == LineState.OPEN.value)
    return int(conn.execute(query).scalar_one())


def _kept(row: object) -> BankLine:
    values = row._mapping  # type: ignore[attr-defined]
    return BankLine(
        id=values["id"],
        tenant_id=values["tenant_id"],
        account=values["account"],
        statement=values["statement"],
        line=_line.decode(values["line"]),
        state=LineState(values["state"]),
        proposed=_matches.decode(values["proposed"]),
        matched_kind=ExpectedKind(values["matched_kind"]) if values["matched_kind"] else None,
        matched_id=values["matched_id"],
        note=values["note"],
        by=values["by"],
        imported_at=instant(values["imported_at"]),
    )
