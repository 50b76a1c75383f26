"""Payments: what charges, wallets and pages ask for, in the words of people who owe and pay.

Every verb writes down what it wants before the provider hears of it, and takes a key of the caller's:
the same one asks for the same thing once, however often it comes.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection

from currant.billing.payments import machine, store
from currant.billing.payments.booking import Bookkeeper, book, set_aside
from currant.billing.payments.methods import PaymentMethods
from currant.billing.payments.model import (
    DESCRIPTION_MAX,
    KEY_MAX,
    CreditTo,
    MethodState,
    Operation,
    OperationKind,
    OwnerKind,
    Payment,
    PaymentDraft,
    PaymentMode,
    PaymentOwner,
    PaymentState,
    PayWith,
    StoredMethod,
)
from currant.billing.payments.operations import Moved, Operations, new_operation
from currant.billing.payments.port import AskToPay, BalancePage, ProviderError
from currant.billing.payments.providers import PaymentProviders
from currant.billing.payments.sandbox_account import NAME as SANDBOX
from currant.billing.payments.statements import Statements
from currant.billing.payments.webhooks import Webhooks
from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.clock import Clock, micros
from currant.kit.errors import Conflict, CurrantError, Invalid, NotFound
from currant.kit.ids import PaymentId, SessionId, TenantId, new_id
from currant.kit.money import Money
from currant.stations import paging
from currant.stations.model import Page

log = logging.getLogger(__name__)

WITHIN_MIN_S = 60
WITHIN_MAX_S = 7 * 86_400
AMOUNT_MAX = 10**12
RETURN_MAX = 1_000
BACK = ("https://", "http://", "/")
AT_ONCE = 8
DUE_AT_ONCE = 100
TURNS_MAX = 20


class PaymentFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which payments; what is empty does not matter."""

    states: tuple[PaymentState, ...] = ()
    provider: str = ""
    session_id: str = ""
    owner: PaymentOwner | None = None
    since: datetime | None = None
    until: datetime | None = None


class Reconciled(msgspec.Struct, frozen=True, kw_only=True):
    """What a round of looking after payments found to do."""

    operations: int = 0
    payments: int = 0


class Payments:
    """The verbs of payments."""

    def __init__(
        self, database: Database, providers: PaymentProviders, clock: Clock, *, bookkeeper: Bookkeeper = book
    ) -> None:
        self._database = database
        self._clock = clock
        self.providers = providers
        self.operations = Operations(database, providers, clock, bookkeeper)
        self.statements = Statements(database, providers, self.operations, clock)
        self.methods = PaymentMethods(database, providers, clock)
        self.webhooks = Webhooks(database, providers, self.operations, self.methods, clock)

    # Asking for money

    async def begin(self, tenant_id: TenantId, draft: PaymentDraft, *, by: str = "") -> Payment:
        """Ask somebody to pay. What they have to do is in `next_action`, if it is not done already.

        The payment is `created` still when the provider did not answer: it is asked again, and what comes
        of it is an event. Raises Invalid or Conflict for what no provider here can do.
        """
        _check(draft)
        method = await self._method(tenant_id, draft)
        provider = self.providers.choose(tenant_id, draft, method)
        now = self._clock.now()
        payment = _payment_of(tenant_id, draft, provider, method, now)
        asked = _ask_of(payment, draft, method)
        if provider != SANDBOX:
            # Others cannot know where an address without a server leads.
            asked = replace(asked, return_url=self.providers.absolute(asked.return_url))
        request = msgspec.json.encode(asked).decode()

        def write(conn: Connection, changes: ChangeSet) -> tuple[Payment, Operation | None]:
            known = store.payment_by_key(conn, tenant_id, draft.owner, draft.key)
            if known is not None:
                if (known.mode, known.amount, known.currency) != (
                    payment.mode,
                    payment.amount,
                    payment.currency,
                ):
                    raise Conflict("This key came before with another payment: use a new one.", field="key")
                return known, None
            store.add_payment(changes, payment, look_at=None)
            operation = new_operation(
                payment,
                OperationKind.AUTHORISE,
                amount=payment.amount,
                key=draft.key,
                now=now,
                request=request,
                by=by,
            )
            store.add_operation(changes, operation)
            return payment, operation

        begun, operation = await self._database.decide(write, tenant_id)
        if operation is None:
            return begun
        return (await self.operations.carry_out(begun, operation)).payment

    async def attach(self, tenant_id: TenantId, payment_id: PaymentId, session_id: SessionId) -> Payment:
        """Say which session a payment is for, when that is known only after it was begun."""

        def apply(conn: Connection, changes: ChangeSet) -> Payment:
            before = _found(store.payment(conn, tenant_id, payment_id))
            if before.session_id == session_id:
                return before
            if before.session_id is not None:
                raise Conflict("This payment is for another session.", session_id=before.session_id)
            after = replace(before, session_id=session_id)
            if before.credit_to is CreditTo.SESSION and not before.captured:
                after = replace(after, credit_id=session_id)
            look = machine.next_look(after, now=self._clock.now())
            store.save_payment(changes, after, look_at=None if look is None else micros(look))
            return after

        return await self._database.decide(apply, tenant_id)

    async def increment(
        self, tenant_id: TenantId, payment_id: PaymentId, to: Money, *, key: str, by: str = ""
    ) -> Moved:
        """Hold more, `to` in all. The operation is `failed` when the provider or the bank does not."""
        return await self._move(
            tenant_id,
            payment_id,
            OperationKind.INCREMENT,
            key=key,
            by=by,
            amount=to.minor_units,
            check=lambda payment, known: machine.check_increment(payment, to, known),
        )

    async def capture(
        self, tenant_id: TenantId, payment_id: PaymentId, amount: Money, *, key: str, by: str = ""
    ) -> Moved:
        """Take of what is held, exactly, once; the rest is released. Nothing at all releases it whole."""
        if amount.minor_units == 0:
            return await self.void(tenant_id, payment_id, key=key, by=by)
        return await self._move(
            tenant_id,
            payment_id,
            OperationKind.CAPTURE,
            key=key,
            by=by,
            amount=amount.minor_units,
            check=lambda payment, known: machine.check_capture(payment, amount, known),
        )

    async def void(
        self, tenant_id: TenantId, payment_id: PaymentId, *, key: str, by: str = "", reason: str = ""
    ) -> Moved:
        """Release a hold, or give up what the payer has not finished."""
        return await self._move(
            tenant_id, payment_id, OperationKind.VOID, key=key, by=by, reason=reason, check=machine.check_void
        )

    async def refund(
        self,
        tenant_id: TenantId,
        payment_id: PaymentId,
        amount: Money,
        *,
        key: str,
        by: str = "",
        reason: str = "",
    ) -> Moved:
        """Give captured money back, in part or whole."""
        return await self._move(
            tenant_id,
            payment_id,
            OperationKind.REFUND,
            key=key,
            by=by,
            reason=reason,
            amount=amount.minor_units,
            check=lambda payment, known: machine.check_refund(payment, amount, known),
        )

    # Looking

    async def get(self, tenant_id: TenantId, payment_id: PaymentId) -> Payment:
        return _found(await self._database.read(lambda conn: store.payment(conn, tenant_id, payment_id)))

    async def operations_of(self, tenant_id: TenantId, payment_id: PaymentId) -> tuple[Operation, ...]:
        """All that was asked of the provider for a payment, in order; never what was sent."""
        found = await self._database.read(lambda conn: store.operations_of(conn, tenant_id, payment_id))
        return tuple(replace(each, request="") for each in found)

    async def of_session(self, tenant_id: TenantId, session_id: SessionId) -> Sequence[Payment]:
        """The payments of a session, the oldest first."""
        return await self._database.read(lambda conn: store.session_payments(conn, tenant_id, session_id))

    async def list_payments(
        self, tenant_id: TenantId, wanted: PaymentFilter, *, cursor: str | None = None, limit: int = 100
    ) -> Page[Payment]:
        """Latest first."""
        limit = paging.bounded(limit)
        before = "" if cursor is None else str(paging.decode(cursor, str)[0])
        rows = await self._database.read(
            lambda conn: store.list_payments(
                conn,
                tenant_id,
                states=[state.value for state in wanted.states],
                provider=wanted.provider,
                session_id=wanted.session_id,
                owner=wanted.owner,
                since=None if wanted.since is None else micros(wanted.since),
                until=None if wanted.until is None else micros(wanted.until),
                before=before,
                limit=limit,
            )
        )
        return paging.page(rows, limit, lambda payment: paging.encode(payment.id))

    async def refresh(self, tenant_id: TenantId, payment_id: PaymentId) -> Payment:
        """Ask the provider now how a payment stands. Conflict when it does not say."""
        payment = await self.get(tenant_id, payment_id)
        try:
            return await self.operations.refresh(payment)
        except ProviderError as error:
            raise Conflict(f"{payment.provider} does not say: {error.text}", reason=error.code) from None

    async def balance(
        self, tenant_id: TenantId, provider: str, *, since: datetime, cursor: str = ""
    ) -> BalancePage:
        """What a provider booked for us: payments, fees, payouts."""
        try:
            return await self.providers.of(tenant_id, provider).list_balance_transactions(
                since=since, cursor=cursor
            )
        except ProviderError as error:
            raise Conflict(f"{provider} does not say: {error.text}", reason=error.code) from None

    # Looking after

    async def reconcile(self) -> Reconciled:
        """Ask again what got lost, and how those stand of whom nothing was heard; for every organisation."""
        operations = payments = 0
        for _ in range(TURNS_MAX):
            due = await self._due()
            if not due:
                break
            await _some_at_once([partial(self._again, each) for each in due])
            operations += len(due)
        for _ in range(TURNS_MAX):
            silent = await self._silent()
            if not silent:
                break
            await _some_at_once([partial(self._look, each) for each in silent])
            payments += len(silent)
        return Reconciled(operations=operations, payments=payments)

    async def _due(self) -> list[Operation]:
        now = micros(self._clock.now())
        return await self._database.read(lambda conn: store.operations_due(conn, now=now, limit=DUE_AT_ONCE))

    async def _silent(self) -> list[Payment]:
        now = micros(self._clock.now())
        return await self._database.read(
            lambda conn: store.payments_to_look_at(conn, now=now, limit=DUE_AT_ONCE)
        )

    async def _again(self, operation: Operation) -> None:
        payment = await self.get(operation.tenant_id, operation.payment_id)
        await self.operations.carry_out(payment, operation)

    async def _look(self, payment: Payment) -> None:
        now = self._clock.now()
        try:
            payment = await self.operations.refresh(payment)
        except (ProviderError, CurrantError) as error:
            log.warning("How payment %s stands is not known: %s", payment.id, error)
            changes = ChangeSet(payment.tenant_id)
            later = micros(now + timedelta(minutes=5))
            changes.write(store.LOOK_LATER, (later, payment.id, payment.tenant_id))
            await self._database.commit(changes)
            return
        if machine.is_abandoned(payment, now=now):
            try:
                await self.void(
                    payment.tenant_id,
                    payment.id,
                    key="abandoned",
                    reason="The payer did nothing in time.",
                )
            except Conflict as error:
                log.info("Payment %s cannot be given up now: %s", payment.id, error)

    # Inside

    async def _move(
        self,
        tenant_id: TenantId,
        payment_id: PaymentId,
        kind: OperationKind,
        *,
        key: str,
        check: Callable[[Payment, tuple[Operation, ...]], None],
        amount: int = 0,
        by: str = "",
        reason: str = "",
    ) -> Moved:
        _check_key(key)

        def write(conn: Connection, changes: ChangeSet) -> tuple[Payment, Operation, bool]:
            payment = _found(store.payment(conn, tenant_id, payment_id))
            known = store.operations_of(conn, tenant_id, payment_id)
            for each in known:
                if each.kind is kind and each.key == key:
                    if each.amount != amount:
                        raise Conflict("This key came before with another amount.", field="key")
                    return payment, each, False
            check(payment, known)
            operation = new_operation(
                payment,
                kind,
                amount=amount,
                key=key,
                now=self._clock.now(),
                by=by,
                reason=reason[:DESCRIPTION_MAX],
            )
            if kind is OperationKind.REFUND:
                set_aside(conn, payment, operation)
            store.add_operation(changes, operation)
            return payment, operation, True

        payment, operation, new = await self._database.decide(write, tenant_id)
        if not new:
            return Moved(payment=payment, operation=operation)
        return await self.operations.carry_out(payment, operation)

    async def _method(self, tenant_id: TenantId, draft: PaymentDraft) -> StoredMethod | None:
        if not draft.method_id:
            return None
        method = await self.methods.get(tenant_id, draft.method_id)
        if method.owner != draft.owner:
            raise NotFound("There is no such method of this owner.", field="method_id")
        if method.state is not MethodState.ACTIVE:
            raise Conflict(f"This method is {method.state.value}: it cannot be charged.", field="method_id")
        return method


def _found(payment: Payment | None) -> Payment:
    if payment is None:
        raise NotFound("There is no such payment.", field="payment_id")
    return payment


def _check_key(key: str) -> None:
    if not 1 <= len(key) <= KEY_MAX:
        raise Invalid(f"A key has 1 to {KEY_MAX} characters.", field="key")


def _check(draft: PaymentDraft) -> None:
    _check_key(draft.key)
    if not 0 < draft.amount.minor_units <= AMOUNT_MAX:
        raise Invalid("The amount must be more than nothing.", field="amount")
    if len(draft.amount.currency) != 3 or not draft.amount.currency.isupper():
        raise Invalid("A currency has three capital letters (ISO 4217).", field="currency")
    if not WITHIN_MIN_S <= draft.within_s <= WITHIN_MAX_S:
        raise Invalid(f"A payer has {WITHIN_MIN_S} to {WITHIN_MAX_S} seconds.", field="within_s")
    if len(draft.return_url) > RETURN_MAX or (draft.return_url and not draft.return_url.startswith(BACK)):
        raise Invalid("Send payers back to an address that begins with https://.", field="return_url")
    if len(draft.description) > DESCRIPTION_MAX:
        raise Invalid(f"At most {DESCRIPTION_MAX} characters.", field="description")
    if (draft.pay_with is PayWith.UPI_COLLECT) != bool(draft.upi_address):
        raise Invalid("Give the payer's UPI address together with upi_collect.", field="upi_address")
    if draft.upi_address and draft.amount.currency != "INR":
        raise Invalid("UPI moves INR alone.", field="currency")
    if (draft.pay_with is PayWith.TERMINAL) != bool(draft.terminal):
        raise Invalid("Name the reader together with terminal.", field="terminal")
    if draft.store_method and (draft.method_id or draft.owner.kind is OwnerKind.GUEST):
        raise Invalid("Only what a known payer enters anew is stored.", field="store_method")
    if draft.method_id and draft.pay_with is not PayWith.ANY:
        raise Invalid("A stored method says itself what is paid with.", field="pay_with")


def _payment_of(
    tenant_id: TenantId, draft: PaymentDraft, provider: str, method: StoredMethod | None, now: datetime
) -> Payment:
    payment_id = PaymentId(new_id())
    credit = draft.credit_to
    if credit is None:
        if draft.mode is PaymentMode.TOP_UP:
            credit = CreditTo.WALLET
        elif draft.mode is PaymentMode.PREPAY:
            credit = CreditTo.DEPOSIT
        elif draft.mode is PaymentMode.HOLD or draft.session_id is not None:
            credit = CreditTo.SESSION
        else:
            credit = CreditTo.RECEIVABLE
    usual = {
        CreditTo.SESSION: draft.session_id or "",
        CreditTo.DEPOSIT: payment_id,
        CreditTo.WALLET: draft.owner.id,
        CreditTo.RECEIVABLE: draft.owner.id,
    }
    return Payment(
        id=payment_id,
        tenant_id=tenant_id,
        provider=provider,
        mode=draft.mode,
        amount=draft.amount.minor_units,
        currency=draft.amount.currency,
        owner=draft.owner,
        session_id=draft.session_id,
        credit_to=credit,
        credit_id=draft.credit_id or usual[credit],
        pay_with=draft.pay_with,
        method_id=draft.method_id,
        method_label="" if method is None else method.label,
        store_method=draft.store_method,
        description=draft.description,
        return_url=draft.return_url,
        created_at=now,
        changed_at=now,
        abandon_at=now + timedelta(seconds=draft.within_s),
        key=draft.key,
    )


def _ask_of(payment: Payment, draft: PaymentDraft, method: StoredMethod | None) -> AskToPay:
    return AskToPay(
        payment_id=payment.id,
        tenant_id=payment.tenant_id,
        mode=payment.mode,
        amount=payment.amount,
        currency=payment.currency,
        pay_with=payment.pay_with,
        owner=payment.owner,
        description=payment.description,
        return_url=payment.return_url,
        method_reference="" if method is None else method.reference,
        customer_reference="" if method is None else method.customer_reference,
        store_method=draft.store_method,
        upi_address=draft.upi_address,
        terminal=draft.terminal,
        pay_until=payment.abandon_at,
    )


async def _some_at_once(work: Sequence[Callable[[], Awaitable[None]]]) -> None:
    """Do all of it, a few at a time; one that fails is logged and holds up none of the others."""
    room = asyncio.Semaphore(AT_ONCE)

    async def one(each: Callable[[], Awaitable[None]]) -> None:
        async with room:
            try:
                await each()
            except CurrantError as error:
                log.warning("A payment is looked after later: %s", error)

    await asyncio.gather(*(one(each) for each in work))
