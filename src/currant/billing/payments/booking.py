"""What a payment's effects are in the books and in the journal: one place, used by every way in which news come."""

from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import Connection

from currant.billing import books
from currant.billing.ledger import GUARDED, HoldState
from currant.billing.payments.entries import SOURCE, credited, entry_of, withheld_purpose
from currant.billing.payments.machine import Effect, EffectKind
from currant.billing.payments.model import (
    DisputeState,
    Operation,
    Payment,
    PaymentAuthorised,
    PaymentCaptured,
    PaymentDisputed,
    PaymentEvent,
    PaymentFailed,
    PaymentRefunded,
    PaymentVoided,
    PaymentWaits,
)
from currant.db.commits import ChangeSet

SET_ASIDE = "payment_refund"
ASIDE_LASTS = timedelta(days=30)
"""Longer than a provider is asked again."""


class Bookkeeper(Protocol):
    """Writes down money that moved: in the transaction that moves the payment, or not at all."""

    def __call__(self, connection: Connection, payment: Payment, effect: Effect, *, at: datetime) -> None: ...


def book(connection: Connection, payment: Payment, effect: Effect, *, at: datetime) -> None:
    """Post what an effect is in the ledger; again posts nothing more."""
    tenant_id = payment.tenant_id
    earlier = None
    if effect.kind is EffectKind.DISPUTE:
        posted = books.booked(connection, tenant_id, SOURCE, payment.id, withheld_purpose(effect))
        earlier = None if posted is None else posted.entry
    if effect.kind is EffectKind.REFUNDED:
        set_free(connection, payment, effect.operation, at=at)
    account = credited(payment)
    available = books.standing(connection, tenant_id, account).available if account.kind in GUARDED else None
    entry = entry_of(payment, effect, at=at, available=available, earlier=earlier)
    if entry is not None:
        books.post(connection, tenant_id, [entry])


def set_aside(connection: Connection, payment: Payment, operation: Operation) -> None:
    """Keep what is about to be given back from being spent meanwhile.

    Raises NotEnough when what was paid into (a wallet, a deposit) has been spent, so that it is not given back.
    """
    account = credited(payment)
    if account.kind in GUARDED:
        books.hold(
            connection,
            payment.tenant_id,
            account,
            operation.amount,
            source_type=SET_ASIDE,
            source_id=operation.id,
            at=operation.created_at,
            expires_at=operation.created_at + ASIDE_LASTS,
        )


def set_free(connection: Connection, payment: Payment, operation_id: str, *, at: datetime) -> None:
    """What was set aside for an operation may be taken: by its refund, or by anybody when there is none."""
    account = credited(payment)
    if account.kind not in GUARDED or not operation_id:
        return
    held = books.held_for(connection, payment.tenant_id, SET_ASIDE, operation_id, account.kind)
    if held is not None and held.state is HoldState.OPEN:
        books.void(connection, payment.tenant_id, held.id, at=at)


def tell(
    changes: ChangeSet, payment: Payment, effect: Effect, *, at: datetime, by: str = "", late: bool = False
) -> None:
    """Emit what an effect is to those who wait for it."""
    event = _event(payment, effect, _common(payment, at=at, by=by), late=late)
    if event is not None:
        changes.emit(event)


def _event(payment: Payment, effect: Effect, common: dict[str, Any], *, late: bool) -> PaymentEvent | None:
    kind = effect.kind
    if kind is EffectKind.AUTHORISED:
        # Nobody waits any more for what came too late: it is released.
        return None if late else PaymentAuthorised(**common, authorised=payment.authorised)
    if kind is EffectKind.CAPTURED:
        return PaymentCaptured(**common, amount=effect.amount, captured=payment.captured, late=late)
    if kind is EffectKind.REFUNDED:
        return PaymentRefunded(**common, amount=effect.amount, refunded=payment.refunded)
    if kind is EffectKind.REFUND_FAILED:
        return PaymentRefunded(**common, amount=-effect.amount, refunded=payment.refunded)
    if kind is EffectKind.VOIDED:
        return PaymentVoided(**common)
    if kind is EffectKind.FAILED:
        return PaymentFailed(
            **common, reason=payment.failure or payment.state.value, text=payment.failure_text
        )
    if kind is EffectKind.WAITS:
        return PaymentWaits(**common)
    dispute = effect.dispute
    return PaymentDisputed(
        **common,
        dispute=dispute.reference if dispute is not None else "",
        dispute_state=dispute.state if dispute is not None else DisputeState.OPEN,
        amount=effect.amount,
    )


def _common(payment: Payment, *, at: datetime, by: str) -> dict[str, Any]:
    return {
        "tenant_id": payment.tenant_id,
        "happened_at": at,
        "payment_id": payment.id,
        "provider": payment.provider,
        "mode": payment.mode,
        "state": payment.state,
        "currency": payment.currency,
        "owner": payment.owner,
        "session_id": payment.session_id,
        "by": by,
    }
