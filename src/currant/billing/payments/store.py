"""The tables of payments, what is asked of providers, stored methods and messages of providers."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Index,
    LargeBinary,
    Row,
    Select,
    Table,
    Text,
    UniqueConstraint,
    func,
    or_,
    select,
)

from currant.billing.payments.model import (
    MethodState,
    NextAction,
    Notice,
    Operation,
    OperationKind,
    OperationState,
    OwnerKind,
    Payment,
    PaymentOwner,
    StoredMethod,
)
from currant.db.commits import ChangeSet, delete_from, insert_into, update, upsert
from currant.db.tables import metadata
from currant.kit.clock import instant, micros
from currant.kit.ids import PaymentId, SessionId, TenantId

payment_providers = Table(
    "payment_providers",
    metadata,
    Column("tenant_id", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    # Where its messages come to: long and random, for some providers sign nothing.
    Column("hook", Text, nullable=False, unique=True),
    Column("enabled", Boolean, nullable=False),
    Column("priority", BigInteger, nullable=False),
    Column("settings", Text, nullable=False),
    # Sealed (kit.crypto.seal): they are sent to the provider as they are.
    Column("secrets", LargeBinary, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
)

payments = Table(
    "payments",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("mode", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("authorised", BigInteger, nullable=False),
    Column("captured", BigInteger, nullable=False),
    Column("refunded", BigInteger, nullable=False),
    Column("owner_kind", Text, nullable=False),
    Column("owner_id", Text, nullable=False),
    Column("session_id", Text),
    Column("reference", Text),
    Column("second_reference", Text),
    Column("key", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    # When the provider is asked how it stands, should it say nothing by itself; none: never again.
    Column("look_at", BigInteger),
    # The whole value (model.Payment) as JSON.
    Column("payment", Text, nullable=False),
    UniqueConstraint("tenant_id", "owner_kind", "owner_id", "key"),
    UniqueConstraint("tenant_id", "provider", "reference"),
    Index(None, "tenant_id", "id"),
    Index(None, "tenant_id", "session_id"),
    Index(None, "tenant_id", "second_reference"),
    Index(None, "look_at"),
)

payment_operations = Table(
    "payment_operations",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("payment_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("key", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("request", Text, nullable=False),
    Column("attempts", BigInteger, nullable=False),
    Column("failure", Text, nullable=False),
    Column("failure_text", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("next_at", BigInteger, nullable=False),
    UniqueConstraint("tenant_id", "payment_id", "kind", "key"),
    Index(None, "state", "next_at"),
)

payment_methods = Table(
    "payment_methods",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("owner_kind", Text, nullable=False),
    Column("owner_id", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("setup_reference", Text, nullable=False),
    Column("customer_reference", Text, nullable=False),
    Column("reference", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("brand", Text, nullable=False),
    Column("last4", Text, nullable=False),
    Column("expires", Text, nullable=False),
    Column("is_default", Boolean, nullable=False),
    Column("next_action", Text, nullable=False),
    Column("failure", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Index(None, "tenant_id", "owner_kind", "owner_id"),
    Index(None, "tenant_id", "setup_reference"),
)

payment_notices = Table(
    "payment_notices",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("about", Text, nullable=False),
    Column("reference", Text, nullable=False),
    Column("payment_id", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("handled_at", BigInteger),
    Column("outcome", Text, nullable=False),
    UniqueConstraint("tenant_id", "provider", "event_id"),
    Index(None, "received_at"),
)

SAVE_PROVIDER = upsert(payment_providers, key=("tenant_id", "name"), keep=("hook",))
DELETE_PROVIDER = delete_from(payment_providers, where=("tenant_id", "name"))
INSERT_PAYMENT = insert_into(payments)
_CHANGING = (
    "state",
    "authorised",
    "captured",
    "refunded",
    "session_id",
    "reference",
    "second_reference",
    "changed_at",
    "look_at",
    "payment",
)
UPDATE_PAYMENT = update(payments, set=_CHANGING, where=("id", "tenant_id"))
LOOK_LATER = update(payments, set=("look_at",), where=("id", "tenant_id"))
INSERT_OPERATION = insert_into(payment_operations)
END_OPERATION = update(
    payment_operations,
    set=("state", "request", "attempts", "failure", "failure_text"),
    where=("id", "tenant_id"),
)
TRY_AGAIN = update(
    payment_operations, set=("attempts", "failure", "failure_text", "next_at"), where=("id", "tenant_id")
)
SAVE_METHOD = upsert(payment_methods, key=("id",))
NO_DEFAULT = update(payment_methods, set=("is_default",), where=("tenant_id", "owner_kind", "owner_id"))
INSERT_NOTICE = insert_into(payment_notices)
HANDLE_NOTICE = update(payment_notices, set=("handled_at", "outcome"), where=("id", "tenant_id"))

_payment = msgspec.json.Decoder(Payment)
_encode = msgspec.json.Encoder().encode


def add_payment(changes: ChangeSet, payment: Payment, *, look_at: int | None) -> None:
    changes.write(
        INSERT_PAYMENT,
        (
            payment.id,
            payment.tenant_id,
            payment.provider,
            payment.mode.value,
            payment.state.value,
            payment.currency,
            payment.amount,
            payment.authorised,
            payment.captured,
            payment.refunded,
            payment.owner.kind.value,
            payment.owner.id,
            payment.session_id,
            payment.reference or None,
            payment.second_reference or None,
            payment.key,
            micros(payment.created_at),
            micros(payment.changed_at),
            look_at,
            _encode(payment).decode(),
        ),
    )


def save_payment(changes: ChangeSet, payment: Payment, *, look_at: int | None) -> None:
    changes.write(
        UPDATE_PAYMENT,
        (
            payment.state.value,
            payment.authorised,
            payment.captured,
            payment.refunded,
            payment.session_id,
            payment.reference or None,
            payment.second_reference or None,
            micros(payment.changed_at),
            look_at,
            _encode(payment).decode(),
            payment.id,
            payment.tenant_id,
        ),
    )


def add_operation(changes: ChangeSet, operation: Operation) -> None:
    changes.write(
        INSERT_OPERATION,
        (
            operation.id,
            operation.tenant_id,
            operation.payment_id,
            operation.kind.value,
            operation.amount,
            operation.key,
            operation.state.value,
            operation.request,
            operation.attempts,
            operation.failure,
            operation.failure_text,
            operation.by,
            operation.reason,
            micros(operation.created_at),
            micros(operation.next_at),
        ),
    )


def save_method(changes: ChangeSet, method: StoredMethod) -> None:
    changes.write(
        SAVE_METHOD,
        (
            method.id,
            method.tenant_id,
            method.owner.kind.value,
            method.owner.id,
            method.provider,
            method.state.value,
            method.setup_reference,
            method.customer_reference,
            method.reference,
            method.label,
            method.brand,
            method.last4,
            method.expires,
            method.default,
            "" if method.next_action is None else _encode(method.next_action).decode(),
            method.failure,
            micros(method.created_at),
            micros(method.changed_at),
        ),
    )


def provider_rows(connection: Connection) -> list[Row[Any]]:
    """Every organisation's providers; they are few and held in memory."""
    return list(connection.execute(select(payment_providers)))


def provider_row(connection: Connection, tenant_id: TenantId, name: str) -> Row[Any] | None:
    p = payment_providers.c
    return connection.execute(
        select(payment_providers).where(p.tenant_id == tenant_id, p.name == name)
    ).first()


def payment(connection: Connection, tenant_id: TenantId, payment_id: str) -> Payment | None:
    p = payments.c
    return _one(connection, select(p.payment).where(p.id == payment_id, p.tenant_id == tenant_id))


def payment_by_key(
    connection: Connection, tenant_id: TenantId, owner: PaymentOwner, key: str
) -> Payment | None:
    p = payments.c
    return _one(
        connection,
        select(p.payment).where(
            p.tenant_id == tenant_id, p.owner_kind == owner.kind.value, p.owner_id == owner.id, p.key == key
        ),
    )


def payment_by_reference(
    connection: Connection, tenant_id: TenantId, provider: str, reference: str
) -> Payment | None:
    """The payment that the provider calls so, in one place or another."""
    p = payments.c
    called = or_(p.reference == reference, p.second_reference == reference)
    return _one(
        connection,
        select(p.payment).where(p.tenant_id == tenant_id, called, p.provider == provider).limit(1),
    )


def list_payments(
    connection: Connection,
    tenant_id: TenantId,
    *,
    states: Sequence[str] = (),
    provider: str = "",
    session_id: str = "",
    owner: PaymentOwner | None = None,
    since: int | None = None,
    until: int | None = None,
    before: str = "",
    limit: int = 100,
) -> list[Payment]:
    """Latest first; up to one more than `limit`."""
    p = payments.c
    query = select(p.payment).where(p.tenant_id == tenant_id)
    if states:
        query = query.where(p.state.in_(states))
    if provider:
        query = query.where(p.provider == provider)
    if session_id:
        query = query.where(p.session_id == session_id)
    if owner is not None:
        query = query.where(p.owner_kind == owner.kind.value, p.owner_id == owner.id)
    if since is not None:
        query = query.where(p.created_at >= since)
    if until is not None:
        query = query.where(p.created_at < until)
    if before:
        query = query.where(p.id < before)
    found = connection.execute(query.order_by(p.id.desc()).limit(limit + 1))
    return [_payment.decode(row.payment) for row in found]


def payments_to_look_at(connection: Connection, *, now: int, limit: int) -> list[Payment]:
    """Of every organisation: those whose provider should be asked how they stand."""
    p = payments.c
    found = connection.execute(select(p.payment).where(p.look_at <= now).order_by(p.look_at).limit(limit))
    return [_payment.decode(row.payment) for row in found]


def operation(connection: Connection, tenant_id: TenantId, operation_id: str) -> Operation | None:
    o = payment_operations.c
    row = connection.execute(
        select(payment_operations).where(o.id == operation_id, o.tenant_id == tenant_id)
    ).first()
    return None if row is None else _operation(row)


def operations_of(
    connection: Connection, tenant_id: TenantId, payment_id: PaymentId
) -> tuple[Operation, ...]:
    """In the order in which they were asked for."""
    o = payment_operations.c
    found = connection.execute(
        select(payment_operations).where(o.payment_id == payment_id, o.tenant_id == tenant_id).order_by(o.id)
    )
    return tuple(_operation(row) for row in found)


def operations_due(connection: Connection, *, now: int, limit: int) -> list[Operation]:
    """Of every organisation: those that a provider is to be asked again."""
    o = payment_operations.c
    found = connection.execute(
        select(payment_operations)
        .where(o.state == OperationState.INTENDED.value, o.next_at <= now)
        .order_by(o.next_at)
        .limit(limit)
    )
    return [_operation(row) for row in found]


def count_unanswered(connection: Connection, tenant_id: TenantId, *, before: int) -> int:
    """How many operations a provider has not answered since then."""
    o = payment_operations.c
    query = (
        select(func.count())
        .select_from(payment_operations)
        .where(o.tenant_id == tenant_id, o.state == OperationState.INTENDED.value, o.created_at < before)
    )
    return int(connection.execute(query).scalar_one())


def method(connection: Connection, tenant_id: TenantId, method_id: str) -> StoredMethod | None:
    m = payment_methods.c
    row = connection.execute(
        select(payment_methods).where(m.id == method_id, m.tenant_id == tenant_id)
    ).first()
    return None if row is None else _method(row)


def method_by_setup(
    connection: Connection, tenant_id: TenantId, provider: str, reference: str
) -> StoredMethod | None:
    m = payment_methods.c
    row = connection.execute(
        select(payment_methods).where(
            m.tenant_id == tenant_id, m.setup_reference == reference, m.provider == provider
        )
    ).first()
    return None if row is None else _method(row)


def methods_of(
    connection: Connection, tenant_id: TenantId, owner: PaymentOwner, *, limit: int
) -> list[StoredMethod]:
    """Those that are not removed, the latest first."""
    m = payment_methods.c
    found = connection.execute(
        select(payment_methods)
        .where(
            m.tenant_id == tenant_id,
            m.owner_kind == owner.kind.value,
            m.owner_id == owner.id,
            m.state != MethodState.REMOVED.value,
        )
        .order_by(m.id.desc())
        .limit(limit)
    )
    return [_method(row) for row in found]


def notice(connection: Connection, tenant_id: TenantId, notice_id: str) -> Notice | None:
    n = payment_notices.c
    row = connection.execute(_notices().where(n.id == notice_id, n.tenant_id == tenant_id)).first()
    return None if row is None else _notice(row)


def notice_known(connection: Connection, tenant_id: TenantId, provider: str, event_id: str) -> bool:
    n = payment_notices.c
    query = select(n.id).where(n.tenant_id == tenant_id, n.provider == provider, n.event_id == event_id)
    return connection.execute(query).first() is not None


def list_notices(
    connection: Connection,
    tenant_id: TenantId,
    *,
    provider: str = "",
    payment_id: str = "",
    before: str = "",
    limit: int = 100,
) -> list[Notice]:
    """Latest first; up to one more than `limit`."""
    n = payment_notices.c
    query = _notices().where(n.tenant_id == tenant_id)
    if provider:
        query = query.where(n.provider == provider)
    if payment_id:
        query = query.where(n.payment_id == payment_id)
    if before:
        query = query.where(n.id < before)
    return [_notice(row) for row in connection.execute(query.order_by(n.id.desc()).limit(limit + 1))]


def _notices() -> Select[Any]:
    return select(*(column for column in payment_notices.columns if column.name != "body"))


def _one(connection: Connection, query: Select[Any]) -> Payment | None:
    row = connection.execute(query).first()
    return None if row is None else _payment.decode(row.payment)


def _operation(row: Row[Any]) -> Operation:
    values = dict(row._mapping)
    return Operation(
        **values
        | {
            "kind": OperationKind(row.kind),
            "state": OperationState(row.state),
            "created_at": instant(row.created_at),
            "next_at": instant(row.next_at),
        }
    )


def _method(row: Row[Any]) -> StoredMethod:
    return StoredMethod(
        id=row.id,
        tenant_id=TenantId(row.tenant_id),
        owner=PaymentOwner(kind=OwnerKind(row.owner_kind), id=row.owner_id),
        provider=row.provider,
        state=MethodState(row.state),
        setup_reference=row.setup_reference,
        customer_reference=row.customer_reference,
        reference=row.reference,
        label=row.label,
        brand=row.brand,
        last4=row.last4,
        expires=row.expires,
        default=bool(row.is_default),
        next_action=msgspec.json.decode(row.next_action, type=NextAction) if row.next_action else None,
        failure=row.failure,
        created_at=instant(row.created_at),
        changed_at=instant(row.changed_at),
    )


def _notice(row: Row[Any]) -> Notice:
    values = dict(row._mapping)
    return Notice(
        **values
        | {
            "received_at": instant(row.received_at),
            "handled_at": None if row.handled_at is None else instant(row.handled_at),
        }
    )


def session_payments(connection: Connection, tenant_id: TenantId, session_id: SessionId) -> list[Payment]:
    """All of one session, the oldest first."""
    p = payments.c
    found = connection.execute(
        select(p.payment).where(p.tenant_id == tenant_id, p.session_id == session_id).order_by(p.id)
    )
    return [_payment.decode(row.payment) for row in found]
