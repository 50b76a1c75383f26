"""What was to be paid at once and was not: owed, reminded of, collected later, and in the end written off.

An account that owes for too long may not charge until it has paid: that is a ruling on its tokens
(access/rulings.py), given here and taken back here.
"""

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from msgspec.structs import replace
from sqlalchemy import Connection

from currant.billing import books
from currant.billing.charges import bookings, store, words
from currant.billing.charges.common import Common
from currant.billing.charges.model import (
    AccountTerms,
    AccountTermsChanged,
    Charge,
    ChargeReleased,
    PaidState,
    PaymentOverdue,
    PaysBy,
    Receivable,
    ReceivableState,
    facts_of,
)
from currant.billing.payments.model import CreditTo, OwnerKind, PaymentDraft, PaymentMode, PaymentOwner
from currant.db.commits import ChangeSet
from currant.kit.clock import micros
from currant.kit.errors import Conflict, Invalid, NotFound
from currant.kit.ids import AccountId, TenantId
from currant.kit.mail import Mailer
from currant.kit.money import Money, from_minor
from currant.stations import paging
from currant.stations.model import Page

log = logging.getLogger(__name__)

REMINDED_AT_ONCE = 200
BLOCK_DAYS_MAX = 3_650

NameOf = Callable[[TenantId], Awaitable[str]]
"""What an organisation is called."""


def no_receivable(receivable_id: str) -> NotFound:
    return NotFound("There is no such receivable.", field="receivable", receivable=receivable_id[:60])


class Owed(Common):
    """The verbs of what is owed, and of how accounts pay."""

    mailer: Mailer | None = None
    name_of: NameOf | None = None

    # How accounts pay

    async def terms_of(self, tenant_id: TenantId, account_id: AccountId) -> AccountTerms:
        """How an account pays; the usual terms when nothing was set. NotFound for no account."""
        await self._access.get_account(tenant_id, account_id)
        found = await self._database.read(lambda conn: store.terms_of(conn, tenant_id, account_id))
        return found or AccountTerms(tenant_id=tenant_id, account_id=account_id)

    async def set_terms(
        self,
        tenant_id: TenantId,
        account_id: AccountId,
        *,
        pays_by: PaysBy | None,
        by: str,
        method_id: str = "",
        blocked_after_days: int | None = None,
    ) -> AccountTerms:
        """Say how an account pays, from its next charge on."""
        await self._access.get_account(tenant_id, account_id)
        if pays_by is PaysBy.CARD and not method_id:
            raise Invalid("To pay by card an account needs a stored means of payment.", field="method_id")
        if blocked_after_days is not None and not 0 <= blocked_after_days <= BLOCK_DAYS_MAX:
            raise Invalid(f"Give 0 to {BLOCK_DAYS_MAX} days.", field="blocked_after_days")
        if method_id and self._payments is not None:
            method = await self._payments.methods.get(tenant_id, method_id)
            if method.owner != PaymentOwner(kind=OwnerKind.ACCOUNT, id=account_id):
                raise Invalid("This means of payment is somebody else's.", field="method_id")

        def save(conn: Connection, changes: ChangeSet) -> AccountTerms:
            now = self._clock.now()
            before = store.terms_of(conn, tenant_id, account_id)
            overdue = None if before is None else before.overdue_since
            after = AccountTerms(
                tenant_id=tenant_id,
                account_id=account_id,
                pays_by=pays_by,
                method_id=method_id,
                blocked_after_days=blocked_after_days,
                overdue_since=overdue,
                updated_at=now,
            )
            changes.write(store.SAVE_TERMS, store.terms_row(after))
            blocked = self._is_blocked(blocked_after_days, overdue, now)
            self._access.note_payment_overdue(conn, changes, account_id, overdue=blocked)
            changes.emit(
                AccountTermsChanged(
                    tenant_id=tenant_id,
                    happened_at=now,
                    account_id=account_id,
                    pays_by=pays_by,
                    overdue_since=overdue,
                    by=by,
                )
            )
            return after

        return await self._database.decide(save, tenant_id)

    # What is owed

    async def receivables(
        self,
        tenant_id: TenantId,
        *,
        state: ReceivableState | None = None,
        account_id: AccountId | None = None,
        cursor: str | None = None,
        limit: int = 100,
    ) -> Page[Receivable]:
        """What is owed, the longest due first."""
        limit = paging.bounded(limit)
        after: tuple[int, str] | None = None
        if cursor is not None:
            at, receivable_id = paging.decode(cursor, int, str)
            after = (int(at), str(receivable_id))
        found = await self._database.read(
            lambda conn: store.receivables_page(
                conn, tenant_id, state=state, account_id=account_id, after=after, limit=limit + 1
            )
        )
        return paging.page(found, limit, lambda owed: paging.encode(micros(owed.due_at), owed.id))

    async def collect_owed(self, tenant_id: TenantId, receivable_id: str, *, by: str) -> Receivable:
        """Try again to get what is owed: from the account's wallet, then from its stored means of payment.

        Conflict when it is owed no more, or when there is nothing to take it from.
        """
        owed = await self._from_their_wallet(tenant_id, receivable_id)
        if owed.state is not ReceivableState.OPEN:
            return owed
        method_id = ""
        if owed.account_id is not None:
            method_id = (await self.terms_of(tenant_id, owed.account_id)).method_id
        if not method_id or self._payments is None:
            raise Conflict("There is nothing to take it from: no money in a wallet, no stored card.")
        assert owed.account_id is not None, "A method is an account's."
        await self._payments.begin(
            tenant_id,
            PaymentDraft(
                mode=PaymentMode.POSTPAID,
                amount=Money(minor_units=owed.amount - owed.paid, currency=owed.currency),
                owner=PaymentOwner(kind=OwnerKind.ACCOUNT, id=owed.account_id),
                key=f"receivable:{owed.id}:{self._clock.now():%Y%m%d%H%M}",
                session_id=owed.session_id,
                credit_to=CreditTo.RECEIVABLE,
                method_id=method_id,
                description="Open session",
            ),
            by=by,
        )
        return await self.note_owed_paid(tenant_id, owed)

    async def _from_their_wallet(self, tenant_id: TenantId, receivable_id: str) -> Receivable:
        def take(conn: Connection, changes: ChangeSet) -> Receivable:
            owed = store.receivable(conn, tenant_id, receivable_id)
            if owed is None:
                raise no_receivable(receivable_id)
            if owed.state is not ReceivableState.OPEN:
                raise Conflict(f"This is {owed.state.value}: nothing is owed any more.")
            if owed.account_id is None:
                return owed
            wallet = bookings.wallet_account(owed.account_id, owed.currency)
            there = max(books.standing(conn, tenant_id, wallet).available, 0)
            amount = min(there, owed.amount - owed.paid)
            if not amount:
                return owed
            nth = 1 + len(books.booked_for(conn, tenant_id, "receivable", owed.id))
            now = self._clock.now()
            self._post(conn, tenant_id, bookings.owed_paid_from_wallet(owed, amount, now, nth=nth))
            return self._paid(conn, changes, owed, owed.paid + amount, now)

        return await self._database.decide(take, tenant_id)

    async def note_owed_paid(self, tenant_id: TenantId, owed: Receivable) -> Receivable:
        """Note what payments have paid of what is owed."""
        if self._payments is None:
            return owed
        payments = await self._payments.of_session(tenant_id, owed.session_id)
        taken = sum(
            each.captured - each.refunded for each in payments if each.credit_to is CreditTo.RECEIVABLE
        )

        def note(conn: Connection, changes: ChangeSet) -> Receivable:
            known = store.receivable(conn, tenant_id, owed.id)
            assert known is not None, "What is owed is never forgotten."
            account = bookings.receivable_account(known.account_id, known.session_id, known.currency)
            from_wallet = sum(
                -leg.amount
                for posted in books.booked_for(conn, tenant_id, "receivable", known.id)
                for leg in posted.entry.legs
                if leg.account == account
            )
            paid = min(taken + from_wallet, known.amount)
            if paid == known.paid or known.state is not ReceivableState.OPEN:
                return known
            return self._paid(conn, changes, known, paid, self._clock.now())

        return await self._database.decide(note, tenant_id)

    def _paid(
        self, conn: Connection, changes: ChangeSet, owed: Receivable, paid: int, now: datetime
    ) -> Receivable:
        after = replace(owed, paid=paid)
        if paid >= owed.amount:
            after = replace(after, state=ReceivableState.PAID, remind_at=None)
            self._stand_again(conn, changes, after, now)
        changes.write(store.SAVE_RECEIVABLE, store.receivable_row(after))
        self._note_charge(conn, changes, after)
        return after

    def _note_charge(self, conn: Connection, changes: ChangeSet, owed: Receivable) -> None:
        charge = store.one(conn, owed.tenant_id, owed.charge_id)
        if charge is None:
            return
        collected = charge.gross - self._due(conn, charge) - owed.amount + owed.paid
        done = owed.state is ReceivableState.PAID
        after: Charge = replace(
            charge, collected=collected, paid=PaidState.PAID if done else PaidState.FAILED
        )
        changes.write(store.SAVE_CHARGE, store.charge_row(after))

    async def write_off(self, tenant_id: TenantId, receivable_id: str, *, by: str, note: str) -> Receivable:
        """Give up what will never be paid. Conflict when it is owed no more."""

        def give_up(conn: Connection, changes: ChangeSet) -> Receivable:
            owed = store.receivable(conn, tenant_id, receivable_id)
            if owed is None:
                raise no_receivable(receivable_id)
            if owed.state is not ReceivableState.OPEN:
                raise Conflict(f"This is {owed.state.value}: nothing is owed any more.")
            now = self._clock.now()
            after = replace(owed, state=ReceivableState.WRITTEN_OFF, remind_at=None)
            self._post(conn, tenant_id, bookings.written_off(owed, now))
            changes.write(store.SAVE_RECEIVABLE, store.receivable_row(after))
            self._stand_again(conn, changes, after, now)
            charge = store.one(conn, tenant_id, owed.charge_id)
            assert charge is not None, "What is owed is owed for a charge."
            changes.emit(
                ChargeReleased(happened_at=now, by=by, action="written_off", note=note, **facts_of(charge))
            )
            return after

        return await self._database.decide(give_up, tenant_id)

    # Reminding

    async def remind(self) -> int:
        """Write to those who owe, and let no account charge that owes for too long; how many were written to."""
        now = self._clock.now()
        due = await self._database.read(lambda conn: store.to_remind(conn, now, limit=REMINDED_AT_ONCE))
        for owed in due:
            await self._remind(owed, now)
        return len(due)

    async def _remind(self, owed: Receivable, now: datetime) -> None:
        def note(conn: Connection, changes: ChangeSet) -> tuple[Receivable, bool] | None:
            known = store.receivable(conn, owed.tenant_id, owed.id)
            if known is None or known.state is not ReceivableState.OPEN or known.remind_at != owed.remind_at:
                return None
            after = replace(known, reminders=known.reminders + 1, remind_at=self._next_reminder(known, now))
            changes.write(store.SAVE_RECEIVABLE, store.receivable_row(after))
            blocked = False
            if known.account_id is not None:
                dues = [each.due_at for each in store.owed_by(conn, owed.tenant_id, known.account_id)]
                overdue = min((due for due in dues if due <= now), default=None)
                self._set_overdue(conn, changes, known.account_id, overdue, now)
                terms = store.terms_of(conn, owed.tenant_id, known.account_id)
                days = None if terms is None else terms.blocked_after_days
                blocked = self._is_blocked(days, overdue, now)
            changes.emit(
                PaymentOverdue(
                    tenant_id=owed.tenant_id,
                    happened_at=now,
                    receivable_id=owed.id,
                    charge_id=owed.charge_id,
                    account_id=owed.account_id,
                    currency=owed.currency,
                    amount=known.amount - known.paid,
                    reminders=after.reminders,
                )
            )
            return known, blocked

        noted = await self._database.decide(note, owed.tenant_id)
        if noted is not None:
            await self._write_to(*noted)

    def _next_reminder(self, owed: Receivable, now: datetime) -> datetime | None:
        """When to look again: for the next letter, or when the account's time is over."""
        days = self.terms.reminders
        if owed.reminders < len(days):
            return owed.created_at + timedelta(days=days[owed.reminders])
        limit = None if self.terms.block_after is None else owed.due_at + self.terms.block_after
        return limit if limit is not None and limit > now else None

    async def _write_to(self, owed: Receivable, blocked: bool) -> None:
        if self.mailer is None or owed.account_id is None:
            return
        try:
            account = await self._access.get_account(owed.tenant_id, owed.account_id)
            charge = await self._database.read(lambda conn: store.one(conn, owed.tenant_id, owed.charge_id))
        except NotFound:
            return
        if not account.email or charge is None:
            return
        name = "" if self.name_of is None else await self.name_of(owed.tenant_id)
        await self.mailer.send(
            words.reminder(
                to=account.email,
                organisation=name,
                language="",
                number=str(charge.session_number),
                amount=from_minor(owed.amount - owed.paid, owed.currency),
                currency=owed.currency,
                due=f"{owed.due_at:%Y-%m-%d}",
                nth=owed.reminders,
                blocked=blocked,
            )
        )
