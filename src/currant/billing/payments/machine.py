"""How a payment moves, as pure functions: what may be asked, and what a provider's standing makes of it.

Standings come late, twice and in any order. So a payment is a join of all that was ever seen: sums
only grow, refunds and disputes are known by their references, and a state gives way only to one that
can come after it. Joining is commutative and idempotent, and a later fact is never undone.
"""

from datetime import datetime, timedelta
from enum import StrEnum

import msgspec
from msgspec.structs import replace

from currant.billing.payments.model import (
    Dispute,
    DisputeState,
    Operation,
    OperationKind,
    OperationState,
    Payment,
    PaymentMode,
    PaymentState,
    Refund,
    RefundState,
)
from currant.billing.payments.port import Standing
from currant.kit.errors import Conflict, Invalid
from currant.kit.money import Money

S = PaymentState
REFUNDS_MAX = 100
LATE_AFTER = timedelta(minutes=2)
"""A payer who was on the way when the time was over is not turned back at the door."""
LOOK_FIRST = timedelta(seconds=20)
LOOK_DAILY = timedelta(days=1)

# A later row may follow an earlier one, never the other way round. A failed attempt may be followed by one
# that succeeds; what was released can only turn out to have been captured before.
_RANK = {
    S.CREATED: 0,
    S.NEEDS_ACTION: 1,
    S.FAILED: 2,
    S.AUTHORISED: 3,
    S.EXPIRED: 4,
    S.VOIDED: 5,
    S.CAPTURED: 6,
    S.PARTLY_REFUNDED: 6,
    S.REFUNDED: 6,
    S.DISPUTED: 6,
}
_REFUND_RANK = {RefundState.PENDING: 0, RefundState.SUCCEEDED: 1, RefundState.FAILED: 2}
_DISPUTE_RANK = {
    DisputeState.INQUIRY: 0,
    DisputeState.OPEN: 1,
    DisputeState.WON: 2,
    DisputeState.LOST: 3,
}
# Disputes that have taken the money, until they are won.
WITHHELD = (DisputeState.OPEN, DisputeState.LOST)


class EffectKind(StrEnum):
    """What a change of a payment means for the books and for those who wait."""

    AUTHORISED = "authorised"
    CAPTURED = "captured"
    REFUNDED = "refunded"
    REFUND_FAILED = "refund_failed"
    VOIDED = "voided"
    FAILED = "failed"
    WAITS = "waits"
    DISPUTE = "dispute"


class Effect(msgspec.Struct, frozen=True, kw_only=True):
    """One of them. `purpose` names it once and for all: the same effect is never booked twice."""

    kind: EffectKind
    amount: int = 0
    purpose: str = ""
    operation: str = ""
    """The operation that a refund was asked for by, if it was one of ours."""
    dispute: Dispute | None = None
    dispute_before: DisputeState | None = None


def joined(payment: Payment, seen: Standing, *, now: datetime) -> Payment:
    """The payment with what a provider says of it now, or said some time ago.

    Raises ValueError for a standing of another payment or in another currency.
    """
    if seen.currency != payment.currency:
        raise ValueError(f"The provider speaks of {seen.currency}, the payment is in {payment.currency}.")
    if payment.reference and seen.reference != payment.reference:
        raise ValueError(f"The provider speaks of {seen.reference}, the payment is {payment.reference}.")
    captured = max(payment.captured, seen.captured)
    authorised = max(payment.authorised, seen.authorised, captured)
    refunds = _joined_refunds(payment.refunds, seen.refunds)
    refunded = sum(each.amount for each in refunds if each.state is not RefundState.FAILED)
    disputes = _joined_disputes(payment.disputes, seen.disputes)
    state = _state(payment.state, seen.state, captured=captured, refunded=refunded, disputes=disputes)
    waits = state in (S.CREATED, S.NEEDS_ACTION)
    failure, text = payment.failure, payment.failure_text
    if seen.failure:
        failure, text = seen.failure, seen.failure_text
    if state not in (S.FAILED, S.EXPIRED, S.NEEDS_ACTION):
        failure = text = ""
    after = replace(
        payment,
        reference=seen.reference or payment.reference,
        second_reference=seen.second_reference or payment.second_reference,
        state=state,
        authorised=authorised,
        captured=captured,
        refunds=refunds,
        refunded=refunded,
        disputes=disputes,
        next_action=(seen.next_action or payment.next_action) if waits else None,
        failure=failure,
        failure_text=text,
        hold_until=(seen.hold_until or payment.hold_until) if state is S.AUTHORISED else None,
        method_label=seen.method_label or payment.method_label,
        authorised_at=payment.authorised_at or (now if authorised else None),
        captured_at=payment.captured_at or (now if captured else None),
    )
    return after if after == payment else replace(after, changed_at=now)


def ended(payment: Payment, state: PaymentState, *, failure: str, text: str, now: datetime) -> Payment:
    """The payment when it ends without the provider knowing of it, or before it was told."""
    if _RANK[state] <= _RANK[payment.state]:
        return payment
    return replace(
        payment,
        state=state,
        failure=failure,
        failure_text=text,
        next_action=None,
        hold_until=None,
        changed_at=now,
    )


def effects(before: Payment, after: Payment) -> tuple[Effect, ...]:
    """What has happened between two states of a payment, each once, in the order in which it is told."""
    found: list[Effect] = []
    if after.authorised > before.authorised and (after.state is S.AUTHORISED or after.captured):
        found.append(Effect(kind=EffectKind.AUTHORISED, amount=after.authorised))
    if after.captured > before.captured:
        found.append(
            Effect(
                kind=EffectKind.CAPTURED,
                amount=after.captured - before.captured,
                purpose=f"captured:{before.captured}-{after.captured}",
            )
        )
    found += _refund_effects(before.refunds, after.refunds)
    known = {each.reference: each.state for each in before.disputes}
    found += [
        Effect(
            kind=EffectKind.DISPUTE,
            amount=each.amount,
            purpose=f"dispute:{each.reference}:{each.state.value}",
            dispute=each,
            dispute_before=known.get(each.reference),
        )
        for each in after.disputes
        if known.get(each.reference) is not each.state
    ]
    if after.state is not before.state:
        if after.state is S.VOIDED:
            # Without ever having been held, it was given up rather than released.
            found.append(Effect(kind=EffectKind.VOIDED if after.authorised else EffectKind.FAILED))
        elif after.state in (S.FAILED, S.EXPIRED):
            found.append(Effect(kind=EffectKind.FAILED))
        elif after.state is S.NEEDS_ACTION:
            found.append(Effect(kind=EffectKind.WAITS))
    return tuple(found)


def is_late(before: Payment, after: Payment, *, now: datetime) -> bool:
    """Whether money came that nobody waits for any more: what it was for has been given up, so it goes back."""
    if after.mode not in (PaymentMode.HOLD, PaymentMode.PREPAY) or before.authorised or before.captured:
        return False
    if not after.captured and after.state is not S.AUTHORISED:
        return False
    if before.state is S.VOIDED:
        return True
    return after.abandon_at is not None and now > after.abandon_at + LATE_AFTER


def is_abandoned(payment: Payment, *, now: datetime) -> bool:
    """Whether the payer has let the time go by."""
    waits = payment.state in (S.CREATED, S.NEEDS_ACTION) and payment.reference
    return bool(waits) and payment.abandon_at is not None and now >= payment.abandon_at


def next_look(payment: Payment, *, now: datetime) -> datetime | None:
    """When its provider is asked how it stands, should no message come: they get lost, and some come late."""
    if not payment.reference:
        return None
    if payment.state in (S.CREATED, S.NEEDS_ACTION):
        look = now + max(LOOK_FIRST, (now - payment.created_at) / 3)
        if payment.abandon_at is not None and payment.abandon_at > now:
            look = min(look, payment.abandon_at)
        return look
    if payment.state is S.AUTHORISED:
        if payment.hold_until is not None and payment.hold_until > now:
            return min(payment.hold_until + LOOK_FIRST, now + LOOK_DAILY)
        return now + LOOK_DAILY
    if any(each.state is RefundState.PENDING for each in payment.refunds):
        return now + LOOK_DAILY
    if any(each.state in (DisputeState.INQUIRY, DisputeState.OPEN) for each in payment.disputes):
        return now + LOOK_DAILY
    return None


def check_capture(payment: Payment, amount: Money, operations: tuple[Operation, ...]) -> None:
    """Raise when so much cannot be captured as things stand."""
    _check_money(payment, amount)
    if payment.state is not S.AUTHORISED:
        raise Conflict(
            f"Only a payment that is authorised can be captured; this one is {payment.state.value}.",
            state=payment.state.value,
        )
    _check_idle(operations)
    if any(each.kind is OperationKind.CAPTURE and each.state is OperationState.DONE for each in operations):
        # Some providers say that they have, some time before they do.
        raise Conflict(
            "The provider was told already what to capture: wait for it.", state=payment.state.value
        )
    if amount.minor_units > payment.authorised:
        raise Invalid(
            f"At most the {payment.authorised} {payment.currency} minor units that are held can be captured.",
            field="amount",
            authorised=payment.authorised,
        )


def check_increment(payment: Payment, to: Money, operations: tuple[Operation, ...]) -> None:
    _check_money(payment, to)
    if payment.state is not S.AUTHORISED:
        raise Conflict(
            f"Only a hold can be raised; this payment is {payment.state.value}.", state=payment.state.value
        )
    _check_idle(operations)
    if to.minor_units <= payment.authorised:
        raise Invalid("A hold is raised to more than is held already.", field="amount")


def check_void(payment: Payment, operations: tuple[Operation, ...]) -> None:
    if payment.state not in (S.CREATED, S.NEEDS_ACTION, S.AUTHORISED):
        raise Conflict(
            f"Only what is not captured yet can be released; this payment is {payment.state.value}. "
            "Refund it instead, if money was taken.",
            state=payment.state.value,
        )
    _check_idle(operations)


def check_refund(payment: Payment, amount: Money, operations: tuple[Operation, ...]) -> None:
    _check_money(payment, amount)
    if len(payment.refunds) + len(operations) >= REFUNDS_MAX:
        raise Conflict(f"A payment can be refunded in at most {REFUNDS_MAX} parts.")
    on_their_way = sum(
        each.amount
        for each in operations
        if each.kind is OperationKind.REFUND and each.state is OperationState.INTENDED
    )
    most = payment.refundable - on_their_way
    if amount.minor_units > most:
        raise Conflict(
            f"At most {max(most, 0)} minor units can be refunded: what was captured, less what was given or "
            "called back.",
            refundable=max(most, 0),
        )


def _check_money(payment: Payment, amount: Money) -> None:
    if amount.currency != payment.currency:
        raise Invalid(f"This payment is in {payment.currency}.", field="currency")
    if amount.minor_units <= 0:
        raise Invalid("The amount must be more than nothing.", field="amount")


def _check_idle(operations: tuple[Operation, ...]) -> None:
    """One thing at a time happens to a hold: two captures, or a capture and a release, must not cross."""
    for each in operations:
        if each.state is OperationState.INTENDED and each.kind is not OperationKind.REFUND:
            raise Conflict(
                f"The provider has not answered to the {each.kind.value} before this one: try again in a moment.",
                operation=each.id,
            )


def _state(
    before: PaymentState,
    seen: PaymentState,
    *,
    captured: int,
    refunded: int,
    disputes: tuple[Dispute, ...],
) -> PaymentState:
    if captured:
        if any(each.state in WITHHELD for each in disputes):
            return S.DISPUTED
        if not refunded:
            return S.CAPTURED
        return S.REFUNDED if refunded >= captured else S.PARTLY_REFUNDED
    if seen is S.CAPTURED:
        # Nothing was taken of what was held (a capture of nothing): it is released.
        seen = S.VOIDED
    return max(before, seen, key=_RANK.__getitem__)


def _joined_refunds(known: tuple[Refund, ...], seen: tuple[Refund, ...]) -> tuple[Refund, ...]:
    found = {each.reference: each for each in known}
    for each in seen:
        before = found.get(each.reference)
        if before is None or _REFUND_RANK[each.state] > _REFUND_RANK[before.state]:
            found[each.reference] = each
    return tuple(sorted(found.values(), key=lambda each: each.reference))


def _joined_disputes(known: tuple[Dispute, ...], seen: tuple[Dispute, ...]) -> tuple[Dispute, ...]:
    found = {each.reference: each for each in known}
    for each in seen:
        before = found.get(each.reference)
        if before is None or _DISPUTE_RANK[each.state] > _DISPUTE_RANK[before.state]:
            found[each.reference] = each
    return tuple(sorted(found.values(), key=lambda each: each.reference))


def _refund_effects(before: tuple[Refund, ...], after: tuple[Refund, ...]) -> list[Effect]:
    known = {each.reference: each.state for each in before}
    found = []
    for each in after:
        was = known.get(each.reference)
        failed = each.state is RefundState.FAILED
        if was is None and not failed:
            kind, purpose = EffectKind.REFUNDED, f"refunded:{each.reference}"
        elif was not in (None, RefundState.FAILED) and failed:
            kind, purpose = EffectKind.REFUND_FAILED, f"refund_failed:{each.reference}"
        else:
            continue
        found.append(Effect(kind=kind, amount=each.amount, purpose=purpose, operation=each.operation))
    return found
