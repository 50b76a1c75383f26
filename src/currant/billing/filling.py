"""Fills wallets by payments: what a rule asks for is taken from a stored method."""

from currant.billing.payments.model import (
    PAID_STATES,
    CreditTo,
    PaymentDraft,
    PaymentMode,
    PaymentState,
)
from currant.billing.payments.service import Payments
from currant.billing.top_ups import Fill, FillState, TopUpRule
from currant.billing.wallets import Filled
from currant.kit.errors import Conflict, Invalid, NotFound
from currant.kit.money import Money


class FillingByPayment:
    """Asks for fillings' money; the payment itself books it into the wallet."""

    def __init__(self, payments: Payments) -> None:
        self._payments = payments

    async def __call__(self, rule: TopUpRule, fill: Fill) -> Filled:
        try:
            method = await self._payments.methods.get(fill.tenant_id, rule.method_id)
            payment = await self._payments.begin(
                fill.tenant_id,
                PaymentDraft(
                    mode=PaymentMode.TOP_UP,
                    amount=Money(minor_units=fill.amount, currency=fill.currency),
                    owner=method.owner,
                    key=f"fill:{fill.id}",
                    method_id=rule.method_id,
                    credit_to=CreditTo.WALLET,
                    credit_id=fill.owner,
                    description="Automatic top-up",
                ),
            )
        except (Invalid, Conflict, NotFound) as error:
            # No such method, or no provider that can take it: it will not be otherwise by itself.
            return Filled(state=FillState.FAILED, reason=error.code)
        if payment.state in PAID_STATES:
            return Filled(state=FillState.DONE, payment_id=payment.id)
        if payment.state in (PaymentState.CREATED, PaymentState.AUTHORISED):
            return Filled(state=FillState.ASKED, payment_id=payment.id)
        # Nobody is there who could confirm it.
        return Filled(
            state=FillState.FAILED,
            payment_id=payment.id,
            reason=payment.failure or payment.state.value,
        )
