"""What a payment's effects are in the ledger: pure.

Captured money is the provider's debt to us until it pays out (psp_clearing). What it pays for is credited:
a session, a wallet, a deposit, or what somebody owes. Giving back takes it from there again; what a wallet
or a deposit has not any more, its owner owes.
"""

from datetime import datetime

from currant.billing.ledger import Account, AccountKind, Entry, Leg, credit, debit, reversed_entry
from currant.billing.payments.machine import WITHHELD, Effect, EffectKind
from currant.billing.payments.model import CreditTo, Payment

SOURCE = "payment"


def clearing(payment: Payment) -> Account:
    """What the provider owes us."""
    return Account(kind=AccountKind.PSP_CLEARING, owner=payment.provider, currency=payment.currency)


def owed_by(payment: Payment) -> Account:
    """What the payer owes us."""
    return Account(kind=AccountKind.RECEIVABLE, owner=payment.owner.id, currency=payment.currency)


def credited(payment: Payment) -> Account:
    """What the money pays for."""
    kind, owner = AccountKind(payment.credit_to.value), payment.credit_id
    if payment.credit_to is CreditTo.SESSION and not owner:
        # Taken before it was known for which session: it waits with the payment.
        kind, owner = AccountKind.DEPOSIT, payment.id
    return Account(kind=kind, owner=owner, currency=payment.currency)


def entry_of(
    payment: Payment, effect: Effect, *, at: datetime, available: int | None, earlier: Entry | None
) -> Entry | None:
    """What is booked for an effect; None when no money moves.

    `available` is what a guarded account has to give (None: it has no limit); `earlier` what was booked
    when this dispute took the money, if it did.
    """
    amount = effect.amount
    if not amount:
        return None
    if effect.kind is EffectKind.CAPTURED:
        return _entry(
            payment, effect, at, debit(clearing(payment), amount), credit(credited(payment), amount)
        )
    if effect.kind is EffectKind.REFUND_FAILED:
        return _entry(
            payment, effect, at, debit(clearing(payment), amount), credit(credited(payment), amount)
        )
    if effect.kind is EffectKind.REFUNDED:
        return _entry(payment, effect, at, *_given_back(payment, amount, available))
    if effect.kind is not EffectKind.DISPUTE or effect.dispute is None:
        return None
    if effect.dispute.state in WITHHELD:
        if earlier is not None:
            return None
        legs = (
            _given_back(payment, amount, available)
            if payment.credit_to is CreditTo.WALLET
            else (debit(owed_by(payment), amount), credit(clearing(payment), amount))
        )
        return Entry(
            source_type=SOURCE,
            source_id=payment.id,
            purpose=withheld_purpose(effect),
            at=at,
            legs=legs,
            memo=f"Called back: {effect.dispute.reason or effect.dispute.reference}",
        )
    if earlier is None:
        return None
    return reversed_entry(
        earlier, purpose=f"returned:{effect.dispute.reference}", at=at, memo="The dispute was won"
    )


def withheld_purpose(effect: Effect) -> str:
    """What the entry of a dispute that takes money is known by."""
    assert effect.dispute is not None
    return f"withheld:{effect.dispute.reference}"


def _given_back(payment: Payment, amount: int, available: int | None) -> tuple[Leg, ...]:
    there = amount if available is None else max(min(available, amount), 0)
    legs = [debit(credited(payment), there)] if there else []
    if amount > there:
        legs.append(debit(owed_by(payment), amount - there))
    return (*legs, credit(clearing(payment), amount))


def _entry(payment: Payment, effect: Effect, at: datetime, *legs: Leg) -> Entry:
    return Entry(
        source_type=SOURCE,
        source_id=payment.id,
        purpose=effect.purpose,
        at=at,
        legs=legs,
        memo=payment.description,
    )
