"""Charges are paid: holds captured exactly, prepaid sums settled, stored cards asked, the rest given back.

One job brings a charge's session to nothing on its account of the ledger, from wherever it stands: it
asks what is due, does what brings that closer and comes again when the provider has answered. Every
request has a key of the charge's own, so a job that runs twice, or after a crash, moves nothing twice.
"""

import logging
from collections.abc import Sequence

from sqlalchemy import Connection

from currant.billing import books
from currant.billing.charges import bookings, store
from currant.billing.charges.common import COLLECT, PAYS_AT_ONCE
from currant.billing.charges.model import (
    Charge,
    ChargeKind,
    ChargeState,
    PaidState,
    PayerKind,
    Receivable,
    ReceivableState,
)
from currant.billing.charges.owed import Owed
from currant.billing.payments.model import (
    CreditTo,
    OperationState,
    OwnerKind,
    Payment,
    PaymentDraft,
    PaymentEvent,
    PaymentMode,
    PaymentOwner,
    PaymentState,
)
from currant.billing.payments.operations import Moved
from currant.db.commits import ChangeSet
from currant.db.jobs import Job, add_job
from currant.kit.errors import Conflict, Invalid, NotFound
from currant.kit.ids import ChargeId, TenantId
from currant.kit.money import Money
from currant.pricing.model import Purpose

log = logging.getLogger(__name__)

UNDER_WAY = frozenset({PaymentState.CREATED, PaymentState.NEEDS_ACTION})


class Collecting(Owed):
    """The verbs of getting paid."""

    async def collect_job(self, job: Job) -> None:
        """Bring a charge's session to nothing, as far as that can be done now."""
        await self.collect(job.tenant_id, ChargeId(job.payload["charge_id"]))

    async def follow_payment(self, event: PaymentEvent) -> None:
        """Note what a payment did for its session, and go on."""
        if event.session_id is None:
            return
        session_id = event.session_id
        await self._note_receivables(event)

        def note(conn: Connection, changes: ChangeSet) -> None:
            mine = [
                each
                for each in store.of_session(conn, event.tenant_id, session_id)
                if each.purpose is Purpose.RETAIL
                and each.payer.kind in PAYS_AT_ONCE
                and each.state is ChargeState.FINAL
            ]
            if not mine:
                return
            last = mine[-1]
            stands = self.stands(conn, last)
            if stands != last:
                changes.write(store.SAVE_CHARGE, store.charge_row(stands))
            if stands.paid is PaidState.OPEN and stands.payer.kind is not PayerKind.WALLET:
                add_job(changes, COLLECT, {"charge_id": last.id}, run_at=self._clock.now())

        await self._database.decide(note, event.tenant_id)

    async def _note_receivables(self, event: PaymentEvent) -> None:
        """What is owed may have been paid by a payment made for that."""
        session_id, tenant_id = event.session_id, event.tenant_id
        assert session_id is not None, "Asked only where there is one."

        def owed(conn: Connection) -> list[Receivable]:
            charges = store.of_session(conn, tenant_id, session_id)
            found = [store.receivable_for(conn, tenant_id, each.id) for each in charges]
            return [each for each in found if each is not None and each.state is ReceivableState.OPEN]

        for each in await self._database.read(owed):
            await self.note_owed_paid(tenant_id, each)

    async def collect(self, tenant_id: TenantId, charge_id: ChargeId) -> None:
        """Do what brings a charge's session closer to being paid, exactly."""
        if self._payments is None:
            return
        charge = await self._database.read(lambda conn: store.one(conn, tenant_id, charge_id))
        if charge is None or charge.state is not ChargeState.FINAL or charge.payer.kind not in PAYS_AT_ONCE:
            return
        payments = [
            each
            for each in await self._payments.of_session(tenant_id, charge.session_id)
            if each.credit_to in (CreditTo.SESSION, CreditTo.DEPOSIT) and each.currency == charge.currency
        ]
        due = await self._from_deposits(charge, payments)
        if due > 0:
            await self._take(charge, due, payments)
        else:
            await self._release(charge, payments)
            if due < 0:
                await self._refund(charge, -due, payments)
        await self._note(charge)

    async def _from_deposits(self, charge: Charge, payments: Sequence[Payment]) -> int:
        """Take what is due from sums that were paid beforehand; what is due after that."""
        prepaid = [each for each in payments if _waits_as_deposit(each)]

        def take(conn: Connection, changes: ChangeSet) -> int:
            due = self._due(conn, charge)
            for payment in prepaid:
                deposit = bookings.deposit_account(payment.id, charge.currency)
                amount = min(due, max(books.standing(conn, charge.tenant_id, deposit).available, 0))
                if amount > 0:
                    entry = bookings.taken_from_deposit(charge, payment.id, amount, self._clock.now())
                    self._post(conn, charge.tenant_id, entry)
                    due -= amount
            return due

        return await self._database.decide(take, charge.tenant_id)

    async def _take(self, charge: Charge, due: int, payments: Sequence[Payment]) -> None:
        assert self._payments is not None, "What is taken is taken by somebody."
        held = next((each for each in payments if each.state is PaymentState.AUTHORISED), None)
        if held is not None:
            amount = Money(minor_units=min(due, held.authorised), currency=charge.currency)
            moved = await self._payments.capture(
                charge.tenant_id, held.id, amount, key=f"charge:{charge.id}", by="charges"
            )
            if moved.operation.state is OperationState.FAILED:
                await self._is_owed(charge, moved.operation.failure or "capture_failed")
            elif moved.operation.state is OperationState.DONE and due > amount.minor_units:
                await self._is_owed(charge, "hold_too_small")
            return
        if any(each.state in UNDER_WAY for each in payments):
            # The payer, or the provider, has still to answer.
            return
        if charge.payer.method_id:
            await self._ask_method(charge, due)
            return
        if charge.payer.kind is PayerKind.TERMINAL and not payments:
            # The terminal tells of its settlement by itself.
            return
        failed = next((each.failure for each in reversed(payments) if each.failure), "")
        await self._is_owed(charge, failed or "not_paid")

    async def _ask_method(self, charge: Charge, due: int) -> None:
        """Have a stored means of payment pay, without its owner being there."""
        assert self._payments is not None, "What is taken is taken by somebody."
        draft = PaymentDraft(
            mode=PaymentMode.POSTPAID,
            amount=Money(minor_units=due, currency=charge.currency),
            owner=PaymentOwner(kind=OwnerKind.ACCOUNT, id=charge.payer.owner),
            key=f"charge:{charge.id}",
            session_id=charge.session_id,
            credit_to=CreditTo.SESSION,
            method_id=charge.payer.method_id,
            description=f"Session {charge.session_number}",
        )
        try:
            payment = await self._payments.begin(charge.tenant_id, draft, by="charges")
        except (Conflict, Invalid, NotFound) as error:
            log.info("Charge %s is not paid by its stored method: %s", charge.id, error.message)
            await self._is_owed(charge, "method_unusable")
            return
        if payment.state in (PaymentState.FAILED, PaymentState.EXPIRED, PaymentState.VOIDED):
            await self._is_owed(charge, payment.failure or payment.state.value)

    async def _release(self, charge: Charge, payments: Sequence[Payment]) -> None:
        """Let go of what is held, and give back what is left of prepaid sums."""
        assert self._payments is not None, "What is held is held by somebody."
        for payment in payments:
            if payment.state is PaymentState.AUTHORISED:
                await self._payments.void(
                    charge.tenant_id, payment.id, key=f"charge:{charge.id}", by="charges"
                )
            elif _waits_as_deposit(payment):
                left = await self._left_of(charge, payment)
                if left > 0:
                    await self._give_back(charge, payment, left)

    async def _left_of(self, charge: Charge, payment: Payment) -> int:
        deposit = bookings.deposit_account(payment.id, charge.currency)
        left = await self._database.read(lambda conn: -books.balance(conn, charge.tenant_id, deposit))
        return min(left, payment.refundable)

    async def _refund(self, charge: Charge, amount: int, payments: Sequence[Payment]) -> None:
        """Give so much back, from the payments that paid for the session."""
        for payment in reversed(payments):
            back = min(amount, payment.refundable)
            if back > 0 and payment.credit_to is CreditTo.SESSION:
                await self._give_back(charge, payment, back)
                amount -= back
        if amount:
            log.warning("Of charge %s, %s %s could not be given back.", charge.id, amount, charge.currency)

    async def _give_back(self, charge: Charge, payment: Payment, amount: int) -> Moved:
        assert self._payments is not None, "What is given back was taken by somebody."
        return await self._payments.refund(
            charge.tenant_id,
            payment.id,
            Money(minor_units=amount, currency=charge.currency),
            key=f"charge:{charge.id}",
            by="charges",
            reason="Rest" if charge.kind is ChargeKind.CHARGE else "Credited",
        )

    async def _is_owed(self, charge: Charge, reason: str) -> None:
        """Note that a charge was not paid, and is owed."""

        def owe(conn: Connection, changes: ChangeSet) -> None:
            now_known = store.one(conn, charge.tenant_id, charge.id)
            if now_known is None or now_known.state is not ChargeState.FINAL:
                return
            after = self._owe(conn, changes, now_known, reason, self._clock.now())
            changes.write(store.SAVE_CHARGE, store.charge_row(after))

        await self._database.decide(owe, charge.tenant_id)

    async def _note(self, charge: Charge) -> None:
        """Keep with the charge what the ledger says was taken for it."""

        def note(conn: Connection, changes: ChangeSet) -> None:
            known = store.one(conn, charge.tenant_id, charge.id)
            if known is None or known.state is not ChargeState.FINAL:
                return
            after = self.stands(conn, known)
            if after != known:
                changes.write(store.SAVE_CHARGE, store.charge_row(after))

        await self._database.decide(note, charge.tenant_id)


def _waits_as_deposit(payment: Payment) -> bool:
    return payment.credit_to is CreditTo.DEPOSIT and payment.captured > payment.refunded
