"""What the verbs of charges share: how a step becomes rows, ledger entries, events and work to be done."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection

from currant.access.service import AccessService
from currant.billing import books
from currant.billing.charges import bookings, settling, store
from currant.billing.charges.locking import PriceLocks
from currant.billing.charges.model import (
    AccountTerms,
    AccountTermsChanged,
    Charge,
    ChargeFinal,
    ChargeInReview,
    ChargeKind,
    PaidState,
    PayerKind,
    Receivable,
    ReceivableState,
    facts_of,
)
from currant.billing.charges.payers import Usual
from currant.billing.charges.settling import File, Step
from currant.billing.ledger import Entry
from currant.billing.payments.service import Payments
from currant.charging.model import Session
from currant.charging.reservations.model import Reservation
from currant.charging.service import ChargingService
from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.db.jobs import add_job
from currant.kit.clock import Clock
from currant.kit.errors import NotFound
from currant.kit.ids import AccountId, ChargeId, SessionId, TenantId, TokenId, new_id
from currant.pricing.model import Purpose
from currant.pricing.service import PricingService

SETTLE = "charges.settle"
COLLECT = "charges.collect"

PAYS_AT_ONCE = frozenset({PayerKind.CARD, PayerKind.TERMINAL, PayerKind.WALLET})
REASON_MAX = 100


class ChargeTerms(msgspec.Struct, frozen=True, kw_only=True):
    """How this installation charges, where an account's own terms say nothing else."""

    settle_after: timedelta = timedelta(seconds=30)
    """After the end of a session, so that what its station sends last is counted at once."""
    review_above: int | None = None
    """A charge of more (minor units, gross) waits for a person."""
    usual: Usual = Usual()
    due_after: timedelta = timedelta(days=7)
    """What was not paid at once is due then."""
    reminders: tuple[int, ...] = (3, 10, 20)
    """Days after the first letter on which the next ones are sent."""
    block_after: timedelta | None = timedelta(days=14)
    """So long after it was due the account may charge no more; None: never."""
    ask_market_again: timedelta = timedelta(hours=1)


class Evidence(Protocol):
    """What charges want of metering law."""

    async def holds_back(self, session: Session) -> str:
        """Why a session must not be billed before somebody has looked at it; empty when it may."""
        ...


class KeptPlaces(Protocol):
    """What charges want of reservations."""

    async def of_session(
        self, tenant_id: TenantId, token_id: TokenId, session_id: SessionId
    ) -> Reservation | None:
        """The reservation that a session used."""
        ...


class Common:
    """The collaborators of every verb, and what is done with a step."""

    def __init__(
        self,
        database: Database,
        charging: ChargingService,
        pricing: PricingService,
        locks: PriceLocks,
        access: AccessService,
        clock: Clock,
        terms: ChargeTerms,
        *,
        payments: Payments | None = None,
        evidence: Evidence | None = None,
        reservations: KeptPlaces | None = None,
    ) -> None:
        self._database = database
        self._charging = charging
        self._pricing = pricing
        self.locks = locks
        self._access = access
        self._clock = clock
        self.terms = terms
        self._payments = payments
        self._evidence = evidence
        self._reservations = reservations

    # A step

    def _file(self, conn: Connection, tenant_id: TenantId, charges: Sequence[Charge]) -> File:
        final = settling.final_of(charges)
        return File(
            charges=tuple(charges),
            final_details=None if final is None else store.details_of(conn, tenant_id, final.id),
            # By their ids a credit comes before the charge that takes its place.
            credit_id=ChargeId(new_id()),
            charge_id=ChargeId(new_id()),
            now=self._clock.now(),
        )

    def _apply(self, conn: Connection, changes: ChangeSet, step: Step) -> dict[ChargeId, Charge]:
        """Write a step, book what became final and begin to collect it. The charges as they stand then."""
        now, tenant_id = self._clock.now(), changes.tenant_id
        written = {charge.id: charge for charge, _ in step.written}
        details = {charge.id: told for charge, told in step.written if told is not None}
        for charge in step.final:
            told = details.get(charge.id) or store.details_of(conn, tenant_id, charge.id)
            assert told is not None, "A charge has its details."
            self._post(conn, tenant_id, bookings.recognised(charge, told.bill))
            if charge.kind is ChargeKind.CREDIT:
                self._owed_no_more(conn, changes, charge, now)
        if step.final:
            # The last one says who pays now, or who is given back what was taken.
            last = step.final[-1]
            written[last.id] = self._collect(conn, changes, last, now)
        for charge in step.final:
            changes.emit(_final_event(charge, now))
        for charge in step.in_review:
            changes.emit(ChargeInReview(happened_at=now, reasons=charge.reasons, **facts_of(charge)))
        for charge in written.values():
            changes.write(store.SAVE_CHARGE, store.charge_row(charge))
        for charge_id, told in details.items():
            changes.write(store.SAVE_DETAILS, store.details_row(tenant_id, charge_id, told))
        return written

    @staticmethod
    def _post(conn: Connection, tenant_id: TenantId, *entries: Entry | None) -> None:
        books.post(conn, tenant_id, [entry for entry in entries if entry is not None])

    # Money

    def _due(self, conn: Connection, charge: Charge) -> int:
        """What is still to be paid for the session, or (less than nothing) to be given back: the ledger knows."""
        account = bookings.session_account(charge.session_id, charge.currency)
        return books.balance(conn, charge.tenant_id, account)

    def _collect(self, conn: Connection, changes: ChangeSet, charge: Charge, now: datetime) -> Charge:
        """Have what is due for a charge's session paid: at once where that is a matter of ours."""
        if charge.purpose is not Purpose.RETAIL:
            return charge
        due = self._due(conn, charge)
        kind = charge.payer.kind
        if kind is PayerKind.WALLET:
            return self._from_wallet(conn, changes, charge, due, now)
        if kind in PAYS_AT_ONCE:
            add_job(changes, COLLECT, {"charge_id": charge.id}, run_at=now)
            return self.stands(conn, charge)
        if due:
            # Somebody else was to pay at first: what they paid counts for who is asked now.
            self._post(conn, charge.tenant_id, bookings.became_owed(charge, due, now))
        return charge

    def _from_wallet(
        self, conn: Connection, changes: ChangeSet, charge: Charge, due: int, now: datetime
    ) -> Charge:
        tenant_id = charge.tenant_id
        held = books.held_for(conn, tenant_id, "session", charge.session_id)
        if held is not None and held.resolved_at is None:
            books.void(conn, tenant_id, held.id, at=now)
        amount = due
        if due > 0:
            wallet = bookings.wallet_account(charge.payer.owner, charge.currency)
            amount = min(due, max(books.standing(conn, tenant_id, wallet).available, 0))
        self._post(conn, tenant_id, bookings.paid_from_wallet(charge, amount, now))
        if amount < due:
            return self._owe(conn, changes, charge, "wallet_empty", now)
        return self.stands(conn, charge)

    def stands(self, conn: Connection, charge: Charge) -> Charge:
        """The charge with what was taken for it, as the ledger has it now."""
        if charge.payer.kind not in PAYS_AT_ONCE or charge.purpose is not Purpose.RETAIL:
            return charge
        due = self._due(conn, charge)
        owed = store.receivable_for(conn, charge.tenant_id, charge.id)
        if owed is not None and owed.state in (ReceivableState.OPEN, ReceivableState.WRITTEN_OFF):
            return replace(
                charge, collected=charge.gross - due - owed.amount + owed.paid, paid=PaidState.FAILED
            )
        paid = PaidState.OPEN if due else PaidState.PAID
        if charge.kind is ChargeKind.CREDIT:
            return replace(charge, paid=PaidState.OPEN if due else PaidState.NOTHING)
        return replace(charge, collected=charge.gross - due, paid=paid if charge.gross else PaidState.NOTHING)

    def _owe(
        self, conn: Connection, changes: ChangeSet, charge: Charge, reason: str, now: datetime
    ) -> Charge:
        """What is due and was not paid is owed from now on, and its debtor hears of it."""
        due = self._due(conn, charge)
        if due <= 0 or store.receivable_for(conn, charge.tenant_id, charge.id) is not None:
            return self.stands(conn, charge)
        owed = Receivable(
            id=new_id(),
            tenant_id=charge.tenant_id,
            charge_id=charge.id,
            session_id=charge.session_id,
            account_id=charge.account_id,
            currency=charge.currency,
            amount=due,
            reason=reason[:REASON_MAX],
            created_at=now,
            due_at=now + self.terms.due_after,
            remind_at=now,
        )
        self._post(conn, charge.tenant_id, bookings.became_owed(charge, due, now))
        changes.write(store.SAVE_RECEIVABLE, store.receivable_row(owed))
        return replace(charge, collected=charge.gross - due, paid=PaidState.FAILED)

    def _owed_no_more(self, conn: Connection, changes: ChangeSet, credit: Charge, now: datetime) -> None:
        """Take back what is owed for the charge that a credit takes back."""
        assert credit.credits is not None, "A credit is one of something."
        owed = store.receivable_for(conn, credit.tenant_id, credit.credits)
        if owed is None or owed.state is not ReceivableState.OPEN:
            return
        self._post(conn, credit.tenant_id, bookings.no_longer_owed(credit, owed, now))
        gone = replace(owed, state=ReceivableState.CANCELLED, remind_at=None)
        changes.write(store.SAVE_RECEIVABLE, store.receivable_row(gone))
        self._stand_again(conn, changes, owed, now)

    def _stand_again(self, conn: Connection, changes: ChangeSet, gone: Receivable, now: datetime) -> None:
        """Let an account charge again once nothing that it owes is overdue any more."""
        if gone.account_id is None:
            return
        left = [each for each in store.owed_by(conn, gone.tenant_id, gone.account_id) if each.id != gone.id]
        overdue = min((each.due_at for each in left if each.due_at <= now), default=None)
        self._set_overdue(conn, changes, gone.account_id, overdue, now)

    def _set_overdue(
        self,
        conn: Connection,
        changes: ChangeSet,
        account_id: AccountId,
        overdue: datetime | None,
        now: datetime,
    ) -> None:
        """Note since when an account owes, and let its tokens charge or not as the policy says."""
        terms = store.terms_of(conn, changes.tenant_id, account_id)
        before = None if terms is None else terms.overdue_since
        terms = terms or AccountTerms(tenant_id=changes.tenant_id, account_id=account_id)
        blocked = self._is_blocked(terms.blocked_after_days, overdue, now)
        self._access.note_payment_overdue(conn, changes, account_id, overdue=blocked)
        if before == overdue:
            return
        after = replace(terms, overdue_since=overdue, updated_at=now)
        changes.write(store.SAVE_TERMS, store.terms_row(after))
        changes.emit(
            AccountTermsChanged(
                tenant_id=changes.tenant_id,
                happened_at=now,
                account_id=account_id,
                pays_by=after.pays_by,
                overdue_since=overdue,
            )
        )

    def _is_blocked(self, after_days: int | None, overdue: datetime | None, now: datetime) -> bool:
        after = self.terms.block_after if after_days is None else timedelta(days=after_days)
        return overdue is not None and after is not None and now - overdue >= after


def _final_event(charge: Charge, now: datetime) -> ChargeFinal:
    return ChargeFinal(
        happened_at=now,
        credits=charge.credits,
        energy_wh=charge.energy_wh,
        started_at=charge.started_at,
        token_id=charge.token_id,
        station_id=charge.station_id,
        evse=charge.evse,
        **facts_of(charge),
    )


def no_charge(charge_id: str) -> NotFound:
    return NotFound("There is no such charge.", field="charge", charge=charge_id[:60])
