"""What the sandbox provider keeps, apart from everything that Currant keeps of the same payments.

It is another company's database for all that the rest of the product knows: nothing here is read or written
in a transaction with payments, or it could not lose an answer as real ones do.
"""

from typing import Any

import msgspec
from sqlalchemy import BigInteger, Column, Connection, Index, LargeBinary, Row, Table, Text, select

from currant.billing.payments.sandbox_rules import SandboxPayment
from currant.db.commits import ChangeSet, delete_from, insert_into, update, upsert
from currant.db.tables import metadata
from currant.kit.clock import micros
from currant.kit.ids import TenantId

sandbox_payments = Table(
    "sandbox_payments",
    metadata,
    Column("reference", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("hook", Text, nullable=False),
    Column("payment_id", Text, nullable=False),
    Column("payment", Text, nullable=False),
    Column("moves_at", BigInteger),
    Index(None, "tenant_id", "payment_id"),
    Index(None, "moves_at"),
)

# Stored methods, and those about to be stored.
sandbox_methods = Table(
    "sandbox_methods",
    metadata,
    Column("reference", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("hook", Text, nullable=False),
    Column("setup", Text, nullable=False, unique=True),
    Column("state", Text, nullable=False),
    Column("card", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("return_url", Text, nullable=False),
    Column("failure", Text, nullable=False),
)

sandbox_keys = Table(
    "sandbox_keys",
    metadata,
    Column("tenant_id", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("request", Text, nullable=False),
    # The reference it led to; empty: it was declined, as `failure` says.
    Column("reference", Text, nullable=False),
    Column("failure", Text, nullable=False),
    Column("failure_text", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Index(None, "at"),
)

sandbox_messages = Table(
    "sandbox_messages",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("hook", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("due_at", BigInteger),
    Column("attempts", BigInteger, nullable=False),
    Index(None, "due_at"),
)

sandbox_balance = Table(
    "sandbox_balance",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("gross", BigInteger, nullable=False),
    Column("fee", BigInteger, nullable=False),
    Column("net", BigInteger, nullable=False),
    Column("reference", Text, nullable=False),
    Column("payment_reference", Text, nullable=False),
    Column("payout", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Index(None, "tenant_id", "at"),
)

SAVE_PAYMENT = upsert(sandbox_payments, key=("reference",), keep=("tenant_id", "hook", "payment_id"))
SAVE_METHOD = upsert(sandbox_methods, key=("reference",), keep=("tenant_id", "hook", "setup"))
INSERT_KEY = insert_into(sandbox_keys)
INSERT_MESSAGE = insert_into(sandbox_messages)
DELETE_MESSAGE = delete_from(sandbox_messages, where=("id", "tenant_id"))
SEND_LATER = update(sandbox_messages, set=("due_at", "attempts"), where=("id", "tenant_id"))
INSERT_LINE = insert_into(sandbox_balance)
PAY_OUT = update(sandbox_balance, set=("payout",), where=("id", "tenant_id"))

_payment = msgspec.json.Decoder(SandboxPayment)


def save_payment(changes: ChangeSet, payment: SandboxPayment, *, hook: str) -> None:
    changes.write(
        SAVE_PAYMENT,
        (
            payment.reference,
            changes.tenant_id,
            hook,
            payment.payment_id,
            msgspec.json.encode(payment).decode(),
            None if payment.moves_at is None else micros(payment.moves_at),
        ),
    )


def payment(connection: Connection, tenant_id: TenantId, reference: str) -> SandboxPayment | None:
    s = sandbox_payments.c
    row = connection.execute(
        select(s.payment).where(s.reference == reference, s.tenant_id == tenant_id)
    ).first()
    return None if row is None else _payment.decode(row.payment)


def payment_of(connection: Connection, tenant_id: TenantId, payment_id: str) -> SandboxPayment | None:
    s = sandbox_payments.c
    row = connection.execute(
        select(s.payment).where(s.tenant_id == tenant_id, s.payment_id == payment_id)
    ).first()
    return None if row is None else _payment.decode(row.payment)


def whose_page(connection: Connection, reference: str) -> tuple[TenantId, str, bool] | None:
    """Whose page an address is: organisation, hook, and whether it is of a payment (or of a method)."""
    s, m = sandbox_payments.c, sandbox_methods.c
    row = connection.execute(select(s.tenant_id, s.hook).where(s.reference == reference)).first()
    if row is not None:
        return TenantId(row.tenant_id), row.hook, True
    row = connection.execute(select(m.tenant_id, m.hook).where(m.setup == reference)).first()
    return None if row is None else (TenantId(row.tenant_id), row.hook, False)


def payments_that_move(connection: Connection, *, now: int, limit: int) -> list[tuple[TenantId, str, str]]:
    """Of every organisation: (tenant, hook, reference) of those with which something happens by itself now."""
    s = sandbox_payments.c
    found = connection.execute(
        select(s.tenant_id, s.hook, s.reference).where(s.moves_at <= now).order_by(s.moves_at).limit(limit)
    )
    return [(TenantId(row.tenant_id), row.hook, row.reference) for row in found]


def method(
    connection: Connection, tenant_id: TenantId, *, reference: str = "", setup: str = ""
) -> Row[Any] | None:
    m = sandbox_methods.c
    query = select(sandbox_methods).where(m.tenant_id == tenant_id)
    query = query.where(m.setup == setup) if setup else query.where(m.reference == reference)
    return connection.execute(query).first()


def known_key(connection: Connection, tenant_id: TenantId, key: str) -> Row[Any] | None:
    k = sandbox_keys.c
    return connection.execute(select(sandbox_keys).where(k.tenant_id == tenant_id, k.key == key)).first()


def messages_due(connection: Connection, *, now: int, limit: int) -> list[Row[Any]]:
    """Of every organisation."""
    m = sandbox_messages.c
    found = connection.execute(
        select(sandbox_messages).where(m.due_at <= now).order_by(m.due_at, m.id).limit(limit)
    )
    return list(found)


def lines(
    connection: Connection, tenant_id: TenantId, *, since: int, after: str, limit: int
) -> list[Row[Any]]:
    """In the order of booking, from after a line on."""
    b = sandbox_balance.c
    query = select(sandbox_balance).where(b.tenant_id == tenant_id, b.at >= since, b.id > after)
    return list(connection.execute(query.order_by(b.id).limit(limit)))


def lines_to_pay_out(
    connection: Connection, tenant_id: TenantId, *, before: int, limit: int
) -> list[Row[Any]]:
    """Booked before then, and in no payout yet."""
    b = sandbox_balance.c
    query = select(sandbox_balance).where(
        b.tenant_id == tenant_id, b.payout == "", b.at < before, b.kind != "payout"
    )
    return list(connection.execute(query.order_by(b.id).limit(limit)))


def tenants_with_money(connection: Connection, *, before: int) -> list[TenantId]:
    """Organisations with something that was booked before then and is in no payout yet."""
    b = sandbox_balance.c
    query = select(b.tenant_id).where(b.payout == "", b.at < before, b.kind != "payout").distinct()
    return [TenantId(row.tenant_id) for row in connection.execute(query)]
