"""Asks providers for what was written down before, and writes down what became of it: once, whatever dies in between.

An operation is a row before the provider hears of it, and its id is the provider's idempotency key. When
the process dies after the provider has done it and before that was kept, the row is found again and
the provider asked the same with the same key. Money in the books and the payment's state move in one
transaction.
"""

import logging
from datetime import datetime, timedelta

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection

from currant.billing.payments import machine, store
from currant.billing.payments.booking import Bookkeeper, set_free, tell
from currant.billing.payments.machine import Effect, EffectKind
from currant.billing.payments.methods import kept_with
from currant.billing.payments.model import (
    Operation,
    OperationKind,
    OperationState,
    Payment,
    PaymentState,
)
from currant.billing.payments.port import (
    AskToPay,
    Declined,
    Misconfigured,
    PaymentProvider,
    ProviderError,
    Standing,
    Unavailable,
    Unsupported,
)
from currant.billing.payments.providers import PaymentProviders
from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.clock import Clock, micros
from currant.kit.errors import CurrantError
from currant.kit.ids import new_id
from currant.kit.money import Money

log = logging.getLogger(__name__)

CALL_LASTS = timedelta(seconds=90)
"""Longer than a provider is waited for: until then, whoever asked is still waiting."""
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=1)
GIVEN_UP_AFTER = timedelta(days=7)
TEXT_MAX = 500

_ask = msgspec.json.Decoder(AskToPay)


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """A payment after something was asked of its provider, and whether that was done."""

    payment: Payment
    operation: Operation


class Operations:
    """Carries operations out, and joins what providers say to payments."""

    def __init__(
        self, database: Database, providers: PaymentProviders, clock: Clock, book: Bookkeeper
    ) -> None:
        self._database = database
        self._providers = providers
        self._clock = clock
        self._book = book

    async def carry_out(self, payment: Payment, operation: Operation) -> Moved:
        """Ask the provider, and keep what it answers. An answer that did not come is asked for again later."""
        now = self._clock.now()
        try:
            provider = self._providers.of(payment.tenant_id, payment.provider)
            standing = await self._asked(provider, payment, operation, now)
        except (Unavailable, CurrantError) as error:
            return await self._later(operation, error)
        except Misconfigured as error:
            # A new payment is better turned down at once; of old ones the money is there, and keys can be mended.
            if operation.kind is not OperationKind.AUTHORISE:
                return await self._later(operation, error)
            return await self._refused(payment, operation, error, None)
        except (Declined, Unsupported) as error:
            return await self._refused(payment, operation, error, await self._seen(provider, payment))
        return await self._done(operation, standing)

    async def refresh(self, payment: Payment, *, notice_id: str = "") -> Payment:
        """Ask the provider how a payment stands, and join that. ProviderError when it does not say."""
        provider = self._providers.of(payment.tenant_id, payment.provider)
        reference = payment.reference
        standing = await provider.fetch(reference) if reference else await provider.find(payment.id)
        if standing is None:
            return payment
        tenant_id, payment_id = payment.tenant_id, payment.id
        found: Standing = standing

        def apply(conn: Connection, changes: ChangeSet) -> tuple[Payment, Operation | None]:
            now = self._clock.now()
            before = store.payment(conn, tenant_id, payment_id)
            assert before is not None, "Payments are never deleted."
            joined = kept_with(conn, changes, machine.joined(before, found, now=now), found)
            after, sent_back = self.record(conn, changes, before, joined)
            if notice_id:
                changes.write(store.HANDLE_NOTICE, (micros(now), after.state.value, notice_id, tenant_id))
            return after, sent_back

        after, sent_back = await self._database.decide(apply, tenant_id)
        if sent_back is not None:
            after = (await self.carry_out(after, sent_back)).payment
        return after

    def record(
        self, conn: Connection, changes: ChangeSet, before: Payment, after: Payment, *, by: str = ""
    ) -> tuple[Payment, Operation | None]:
        """Keep a payment's new state with its books and events; and what is to be sent back, if it came too late."""
        now = self._clock.now()
        look = machine.next_look(after, now=now)
        look_at = None if look is None else micros(look)
        if after == before:
            changes.write(store.LOOK_LATER, (look_at, before.id, before.tenant_id))
            return before, None
        late = machine.is_late(before, after, now=now)
        for effect in machine.effects(before, after):
            self._book(conn, after, effect, at=now)
            tell(changes, after, effect, at=now, by=by, late=late)
        store.save_payment(changes, after, look_at=look_at)
        if not late:
            return after, None
        held = after.state is PaymentState.AUTHORISED
        back = new_operation(
            after,
            OperationKind.VOID if held else OperationKind.REFUND,
            amount=after.authorised if held else after.captured,
            key="late",
            now=now,
            reason="The payer was too late.",
        )
        known = store.operations_of(conn, after.tenant_id, after.id)
        if any(each.key == back.key and each.kind is back.kind for each in known):
            return after, None
        store.add_operation(changes, back)
        return after, back

    async def _asked(
        self, provider: PaymentProvider, payment: Payment, operation: Operation, now: datetime
    ) -> Standing:
        key, reference = operation.id, payment.reference
        money = Money(minor_units=operation.amount, currency=payment.currency)
        # Asked before, and too long ago for the provider to know the key: it may have been done.
        forgotten = operation.attempts > 0 or now - operation.created_at >= CALL_LASTS
        forgotten = forgotten and now - operation.created_at >= provider.keys_last
        if operation.kind is OperationKind.AUTHORISE:
            done = await provider.find(payment.id) if forgotten else None
            if done is not None:
                return done
            if forgotten and payment.abandon_at is not None and now > payment.abandon_at:
                raise Declined("The provider was away until it was too late.", code="provider_unavailable")
            return await provider.authorise(_ask.decode(operation.request), key=key)
        if not reference:
            found = await provider.find(payment.id)
            if found is None:
                if operation.kind is OperationKind.VOID:
                    raise Declined("The provider never began this payment.", code="never_begun")
                raise Unavailable("The provider has not answered to the beginning of this payment yet.")
            reference = found.reference
        if forgotten:
            standing = await provider.fetch(reference)
            if _is_done(operation, payment, standing):
                return standing
        if operation.kind is OperationKind.INCREMENT:
            return await provider.increment(reference, money, key=key)
        if operation.kind is OperationKind.CAPTURE:
            return await provider.capture(reference, money, key=key)
        if operation.kind is OperationKind.VOID:
            return await provider.void(reference, key=key)
        return await provider.refund(reference, money, key=key)

    async def _seen(self, provider: PaymentProvider, payment: Payment) -> Standing | None:
        """How it stands after a refusal; None when that cannot be told now."""
        if not payment.reference:
            return None
        try:
            return await provider.fetch(payment.reference)
        except ProviderError:
            return None

    async def _done(self, operation: Operation, standing: Standing) -> Moved:
        tenant_id = operation.tenant_id

        def apply(conn: Connection, changes: ChangeSet) -> tuple[Moved, Operation | None]:
            now = self._clock.now()
            before, asked = self._both(conn, operation)
            if asked.state is not OperationState.INTENDED:
                return Moved(payment=before, operation=asked), None
            ended = replace(
                asked,
                state=OperationState.DONE,
                request="",
                attempts=asked.attempts + 1,
                failure="",
                failure_text="",
            )
            self._end(changes, ended)
            # Of a refund that the provider tells of without our id, nothing else says that it was this one.
            set_free(conn, before, asked.id, at=now)
            joined = kept_with(conn, changes, machine.joined(before, standing, now=now), standing)
            after, back = self.record(conn, changes, before, joined, by=asked.by)
            return Moved(payment=after, operation=ended), back

        moved, back = await self._database.decide(apply, tenant_id)
        if back is not None:
            sent = await self.carry_out(moved.payment, back)
            moved = replace(moved, payment=sent.payment)
        return moved

    async def _refused(
        self, payment: Payment, operation: Operation, error: ProviderError, seen: Standing | None
    ) -> Moved:
        def apply(conn: Connection, changes: ChangeSet) -> Moved:
            now = self._clock.now()
            before, asked = self._both(conn, operation)
            if asked.state is not OperationState.INTENDED:
                return Moved(payment=before, operation=asked)
            code, text = error.code or "refused", error.text[:TEXT_MAX]
            ended = replace(
                asked,
                state=OperationState.FAILED,
                request="",
                attempts=asked.attempts + 1,
                failure=code,
                failure_text=text,
            )
            self._end(changes, ended)
            set_free(conn, before, asked.id, at=now)
            after = before if seen is None else machine.joined(before, seen, now=now)
            if asked.kind is OperationKind.AUTHORISE:
                after = machine.ended(after, PaymentState.FAILED, failure=code, text=text, now=now)
            elif asked.kind is OperationKind.VOID and code == "never_begun":
                after = machine.ended(after, PaymentState.EXPIRED, failure=code, text=text, now=now)
            after, _ = self.record(conn, changes, before, after, by=asked.by)
            told = any(each.kind is EffectKind.FAILED for each in machine.effects(before, after))
            if asked.kind is OperationKind.CAPTURE and not told and not after.captured:
                # Whoever charges has to know that this money does not come, though the hold may still stand.
                failed = replace(after, failure=code, failure_text=text)
                tell(changes, failed, Effect(kind=EffectKind.FAILED), at=now, by=asked.by)
            return Moved(payment=after, operation=ended)

        return await self._database.decide(apply, operation.tenant_id)

    async def _later(self, operation: Operation, error: Exception) -> Moved:
        text = str(error)[:TEXT_MAX]

        def apply(conn: Connection, changes: ChangeSet) -> Moved:
            now = self._clock.now()
            before, asked = self._both(conn, operation)
            if asked.state is not OperationState.INTENDED:
                return Moved(payment=before, operation=asked)
            attempts = asked.attempts + 1
            code = getattr(error, "code", "") or "unavailable"
            if now - asked.created_at > GIVEN_UP_AFTER:
                ended = replace(
                    asked,
                    state=OperationState.FAILED,
                    request="",
                    attempts=attempts,
                    failure="unanswered",
                    failure_text=text,
                )
                self._end(changes, ended)
                set_free(conn, before, asked.id, at=now)
                after = before
                if asked.kind is OperationKind.AUTHORISE:
                    after = machine.ended(
                        before, PaymentState.FAILED, failure="unanswered", text=text, now=now
                    )
                after, _ = self.record(conn, changes, before, after)
                return Moved(payment=after, operation=ended)
            pause = min(FIRST_PAUSE * 2 ** min(attempts - 1, 12), LONGEST_PAUSE)
            waits = replace(asked, attempts=attempts, failure=code, failure_text=text, next_at=now + pause)
            changes.write(
                store.TRY_AGAIN, (attempts, code, text, micros(waits.next_at), asked.id, asked.tenant_id)
            )
            return Moved(payment=before, operation=waits)

        log.warning(
            "The provider of payment %s did not answer to the %s; it is asked again: %s",
            operation.payment_id,
            operation.kind.value,
            text,
        )
        return await self._database.decide(apply, operation.tenant_id)

    def _both(self, conn: Connection, operation: Operation) -> tuple[Payment, Operation]:
        payment = store.payment(conn, operation.tenant_id, operation.payment_id)
        asked = store.operation(conn, operation.tenant_id, operation.id)
        assert payment is not None, "Payments are never deleted."
        assert asked is not None, "Operations are never deleted."
        return payment, asked

    def _end(self, changes: ChangeSet, ended: Operation) -> None:
        changes.write(
            store.END_OPERATION,
            (
                ended.state.value,
                ended.request,
                ended.attempts,
                ended.failure,
                ended.failure_text,
                ended.id,
                ended.tenant_id,
            ),
        )


def new_operation(
    payment: Payment,
    kind: OperationKind,
    *,
    amount: int,
    key: str,
    now: datetime,
    request: str = "",
    by: str = "",
    reason: str = "",
) -> Operation:
    """What is about to be asked of a payment's provider; it is carried out at once, and again should that get lost."""
    return Operation(
        id=new_id(),
        tenant_id=payment.tenant_id,
        payment_id=payment.id,
        kind=kind,
        amount=amount,
        key=key,
        request=request,
        by=by,
        reason=reason,
        created_at=now,
        next_at=now + CALL_LASTS,
    )


def _is_done(operation: Operation, payment: Payment, standing: Standing) -> bool:
    """Whether a provider shows that it has done an operation already."""
    if operation.kind is OperationKind.INCREMENT:
        return standing.authorised >= operation.amount
    if operation.kind is OperationKind.CAPTURE:
        return standing.captured > payment.captured or standing.captured >= operation.amount
    if operation.kind is OperationKind.VOID:
        return standing.state in (PaymentState.VOIDED, PaymentState.EXPIRED, PaymentState.FAILED)
    return any(each.operation == operation.id for each in standing.refunds)
