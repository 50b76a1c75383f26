"""The sandbox: a payment service provider inside Currant, for demos and tests, which behaves like a real one.

It has state of its own that survives restarts, honours idempotency keys, sends signed messages through
the real route (late, twice and in the wrong order, when it is told to), takes fees, and pays out. Its page
under `/pay/sandbox/` is where somebody pays with test cards and test addresses.
"""

import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from random import Random

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection

from currant.billing.payments import sandbox_rules as rules
from currant.billing.payments import sandbox_store as store
from currant.billing.payments.model import (
    Dispute,
    DisputeState,
    PaymentState,
    PayWith,
    RefundState,
)
from currant.billing.payments.port import (
    Ability,
    BalanceKind,
    Declined,
    Standing,
    Unavailable,
)
from currant.billing.payments.providers import ProviderAccount, ProviderField, ProviderKind
from currant.billing.payments.sandbox_account import (
    LINES_AT_ONCE,
    NAME,
    PAID_OUT_AFTER,
    SIGNATURE,
    Message,
    SandboxProvider,
    Step,
    there,
)
from currant.billing.payments.sandbox_rules import CARDS, SandboxPayment
from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.clock import Clock, micros
from currant.kit.crypto import new_secret
from currant.kit.errors import NotFound
from currant.kit.http import signature
from currant.kit.ids import TenantId, new_id

log = logging.getLogger(__name__)

MESSAGES_AT_ONCE = 50
MESSAGE_ATTEMPTS_MAX = 12
SPREAD_S = 5.0
"""Over how long messages are mixed up, when they are."""

Deliver = Callable[[str, Mapping[str, str], bytes], Awaitable[int]]
"""Brings a message (path, headers, body) to the webhook route and answers with its status."""


class SandboxPage(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody sees who is to pay, or to store a card."""

    reference: str
    payment: SandboxPayment | None
    """None when a card is stored."""
    method_state: PaymentState = PaymentState.NEEDS_ACTION
    failure: str = ""
    return_url: str = ""


class Sandbox:
    """The provider's company: every organisation's accounts with it, on one database."""

    def __init__(self, database: Database, clock: Clock, *, base_url: str = "", seed: int = 0) -> None:
        """`base_url` is where its pages are found; empty for addresses on the same server."""
        self._database = database
        self._clock = clock
        self._base_url = base_url.rstrip("/")
        self._random = Random(seed)
        self._accounts: dict[str, ProviderAccount] = {}
        self.deliver: Deliver | None = None
        self.loses: deque[str] = deque()
        """For tests: what gets lost of the next calls, `question` or `answer`."""

    def kind(self) -> ProviderKind:
        """What it is to those who configure providers."""
        return ProviderKind(
            name=NAME,
            title="Sandbox",
            fields=(
                ProviderField(name="webhook_secret", title="Secret of its messages", secret=True),
                ProviderField(
                    name="webhooks",
                    title="How its messages come",
                    required=False,
                    choices=("prompt", "late", "twice", "mixed", "never"),
                    default="prompt",
                ),
            ),
            abilities=frozenset(Ability),
            pay_with=frozenset(PayWith),
            make=self.account,
        )

    def account(self, account: ProviderAccount) -> SandboxProvider:
        """An organisation's account."""
        self._accounts[account.hook] = account
        return SandboxProvider(self, account, self._database, self._clock)

    def page_url(self, reference: str) -> str:
        return f"{self._base_url}/pay/sandbox/{reference}"

    def lose(self, what: str) -> None:
        """Raise Unavailable when this call's question or answer is to get lost."""
        if self.loses and self.loses[0] == what:
            self.loses.popleft()
            raise Unavailable(f"The {what} was lost.", code="lost")

    # Payments

    async def once(
        self,
        account: ProviderAccount,
        key: str,
        request: object,
        work: Callable[[Connection, ChangeSet], SandboxPayment],
    ) -> Standing:
        """Do a request once: the same key answers what is known now of what it led to, or was declined with."""
        tenant_id, asked = account.tenant_id, msgspec.json.encode(request).decode()
        self.lose("question")

        def apply(conn: Connection, changes: ChangeSet) -> SandboxPayment | Declined:
            known = store.known_key(conn, tenant_id, key)
            if known is not None:
                if known.request != asked:
                    return Declined("This key came before with another request.", code="key_reused")
                if known.failure:
                    return Declined(known.failure_text, code=known.failure)
                return there(store.payment(conn, tenant_id, known.reference))
            row = [tenant_id, key, asked, "", "", "", micros(self._clock.now())]
            try:
                after = work(conn, changes)
            except Declined as error:
                row[4:6] = [error.code, error.text]
                changes.write(store.INSERT_KEY, tuple(row))
                return error
            row[3] = after.reference
            changes.write(store.INSERT_KEY, tuple(row))
            return after

        answer = await self._database.decide(apply, tenant_id)
        self.lose("answer")
        if isinstance(answer, Declined):
            raise answer
        return self.standing(answer)

    def standing(self, payment: SandboxPayment) -> Standing:
        return rules.standing_of(payment, page_url=self.page_url(payment.reference))

    def keep(
        self,
        changes: ChangeSet,
        account: ProviderAccount,
        before: SandboxPayment | None,
        after: SandboxPayment,
    ) -> None:
        """Keep a payment's new state, book what money moved, and send word of it."""
        now = self._clock.now()
        store.save_payment(changes, after, hook=account.hook)
        self._book(changes, before, after, now)
        if before is None and after.state is PaymentState.NEEDS_ACTION:
            return
        self._send(
            changes,
            account,
            Message(
                id=f"evt_{new_id()}",
                kind=f"payment.{after.state.value}",
                reference=after.reference,
                payment_id=after.payment_id,
                state=after.state.value,
            ),
        )

    async def change(self, account: ProviderAccount, reference: str, step: Step) -> SandboxPayment:
        """Something happens to a payment on the provider's side. Raises Declined."""
        tenant_id = account.tenant_id

        def apply(conn: Connection, changes: ChangeSet) -> SandboxPayment:
            before = there(store.payment(conn, tenant_id, reference))
            after = step(before)
            if after != before:
                after = self._stored(conn, changes, account, after)
                self.keep(changes, account, before, after)
            return after

        return await self._database.decide(apply, tenant_id)

    def _stored(
        self, conn: Connection, changes: ChangeSet, account: ProviderAccount, payment: SandboxPayment
    ) -> SandboxPayment:
        """With the card kept, where the payer agreed to that."""
        if not (payment.store_method and payment.card and payment.authorised) or payment.method_reference:
            return payment
        reference = f"sbm_{new_secret(20)}"
        row = (
            reference,
            account.tenant_id,
            account.hook,
            f"sbs_{new_secret(20)}",
            PaymentState.CAPTURED.value,
        )
        changes.write(store.SAVE_METHOD, (*row, payment.card, payment.owner, "", ""))
        return replace(payment, method_reference=reference)

    # The page

    async def page(self, reference: str) -> SandboxPage:
        """What is on a page. NotFound."""
        account, of_payment = await self._account_of(reference)
        tenant_id = account.tenant_id
        if of_payment:
            payment = await self._database.read(lambda conn: store.payment(conn, tenant_id, reference))
            payment = there(payment)
            return SandboxPage(
                reference=reference,
                payment=payment,
                failure=rules.FAILURES.get(payment.failure, ""),
                return_url=payment.return_url,
            )
        row = await self._database.read(lambda conn: store.method(conn, tenant_id, setup=reference))
        assert row is not None, "It was found a moment ago, and nothing here is deleted."
        return SandboxPage(
            reference=reference,
            payment=None,
            method_state=PaymentState(row.state),
            failure=rules.FAILURES.get(row.failure, ""),
            return_url=row.return_url,
        )

    async def present(self, reference: str, number: str) -> SandboxPage:
        """Somebody enters a test number. Raises Declined for one that is none."""
        account, of_payment = await self._account_of(reference)
        if of_payment:
            now = self._clock.now()
            await self.change(account, reference, lambda before: rules.presented(before, number, now=now))
        else:
            await self._store(account, reference, "".join(number.split()))
        return await self.page(reference)

    async def answer(self, reference: str, *, yes: bool) -> SandboxPage:
        """Somebody confirms to their bank or UPI app, or does not."""
        account, _ = await self._account_of(reference)
        now = self._clock.now()
        await self.change(account, reference, lambda before: rules.confirmed(before, yes=yes, now=now))
        return await self.page(reference)

    async def decide_dispute(self, reference: str, *, won: bool) -> None:
        """The bank decides."""
        account, _ = await self._account_of(reference)
        await self.change(account, reference, lambda before: rules.decided(before, won=won))

    async def _store(self, account: ProviderAccount, setup: str, number: str) -> None:
        card = CARDS.get(number)
        if card is None:
            raise Declined("This is none of the test numbers.", code="unknown_card")
        tenant_id = account.tenant_id

        def apply(conn: Connection, changes: ChangeSet) -> None:
            row = store.method(conn, tenant_id, setup=setup)
            assert row is not None
            if row.state != PaymentState.NEEDS_ACTION.value:
                return
            state = PaymentState.NEEDS_ACTION if card.declines else PaymentState.CAPTURED
            kept = "" if card.declines else number
            changes.write(
                store.SAVE_METHOD,
                (
                    *(row.reference, tenant_id, account.hook, setup, state.value, kept),
                    *(row.owner, row.return_url, card.declines),
                ),
            )
            told = Message(id=f"evt_{new_id()}", kind="method.changed", reference=setup)
            self._send(changes, account, told)

        await self._database.decide(apply, tenant_id)

    async def _account_of(self, reference: str) -> tuple[ProviderAccount, bool]:
        found = await self._database.read(lambda conn: store.whose_page(conn, reference))
        account = None if found is None else self._accounts.get(found[1])
        if found is None or account is None:
            raise NotFound("There is nothing to pay here.")
        return account, found[2]

    # What happens by itself

    async def tick(self) -> int:
        """Let happen what is due: requests answered, holds lapsed, messages sent, money paid out. How much that was."""
        now = self._clock.now()
        due = await self._database.read(
            lambda conn: store.payments_that_move(conn, now=micros(now), limit=LINES_AT_ONCE)
        )
        for _, hook, reference in due:
            if account := self._accounts.get(hook):
                await self.change(account, reference, lambda before: rules.moved(before, now=now))
        before = micros(now - PAID_OUT_AFTER)
        for tenant_id in await self._database.read(
            lambda conn: store.tenants_with_money(conn, before=before)
        ):
            await self._pay_out(tenant_id, before)
        return len(due) + await self.send_due()

    async def send_due(self) -> int:
        """Bring the messages that are due to the webhook route; those that are not taken come again."""
        if self.deliver is None:
            return 0
        now = self._clock.now()
        due = await self._database.read(
            lambda conn: store.messages_due(conn, now=micros(now), limit=MESSAGES_AT_ONCE)
        )
        for row in due:
            account = self._accounts.get(row.hook)
            status = 0 if account is None else await self._bring(account, bytes(row.body), now)
            changes = ChangeSet(TenantId(row.tenant_id))
            attempts = row.attempts + 1
            if 200 <= status < 300 or attempts >= MESSAGE_ATTEMPTS_MAX:
                changes.write(store.DELETE_MESSAGE, (row.id, row.tenant_id))
            else:
                again = micros(now + timedelta(seconds=2**attempts))
                changes.write(store.SEND_LATER, (again, attempts, row.id, row.tenant_id))
            await self._database.commit(changes)
        return len(due)

    async def _bring(self, account: ProviderAccount, body: bytes, now: datetime) -> int:
        assert self.deliver is not None
        signed = signature(body, secret=account.secrets["webhook_secret"], at=int(now.timestamp()))
        headers = {SIGNATURE: signed, "content-type": "application/json"}
        return await self.deliver(f"/pay/{NAME}/webhook/{account.hook}", headers, body)

    def _send(self, changes: ChangeSet, account: ProviderAccount, message: Message) -> None:
        how = account.settings.get("webhooks", "prompt")
        if how == "never":
            return
        now = self._clock.now()
        delays = {"late": [60.0], "twice": [0.0, 1.0], "mixed": [self._random.uniform(0, SPREAD_S)] * 2}
        body = msgspec.json.encode(message)
        for delay in delays.get(how, [0.0]):
            due = micros(now + timedelta(seconds=delay))
            changes.write(store.INSERT_MESSAGE, (new_id(), account.tenant_id, account.hook, body, due, 0))

    def _book(
        self, changes: ChangeSet, before: SandboxPayment | None, after: SandboxPayment, now: datetime
    ) -> None:
        taken = after.captured - (0 if before is None else before.captured)
        if taken:
            self._line(changes, after, BalanceKind.CHARGE, taken, rules.fee_of(after, taken), "", now)
        known = {} if before is None else {each.reference: each.state for each in before.refunds}
        for refund in after.refunds:
            failed = refund.state is RefundState.FAILED
            if refund.reference not in known and not failed:
                self._line(changes, after, BalanceKind.REFUND, -refund.amount, 0, refund.reference, now)
            elif failed and known.get(refund.reference) is RefundState.PENDING:
                self._line(changes, after, BalanceKind.REFUND, refund.amount, 0, refund.reference, now)
        open_before: tuple[Dispute, ...] = () if before is None else before.disputes
        states = {each.reference: each.state for each in open_before}
        for dispute in after.disputes:
            was = states.get(dispute.reference)
            if was is None and dispute.state is DisputeState.OPEN:
                self._line(changes, after, BalanceKind.DISPUTE, -dispute.amount, 1500, dispute.reference, now)
            elif was is DisputeState.OPEN and dispute.state is DisputeState.WON:
                self._line(changes, after, BalanceKind.DISPUTE, dispute.amount, 0, dispute.reference, now)

    def _line(
        self,
        changes: ChangeSet,
        payment: SandboxPayment,
        kind: BalanceKind,
        gross: int,
        fee: int,
        reference: str,
        now: datetime,
    ) -> None:
        changes.write(
            store.INSERT_LINE,
            (
                f"txn_{new_id()}",
                changes.tenant_id,
                kind.value,
                payment.currency,
                gross,
                fee,
                gross - fee,
                reference or payment.reference,
                payment.reference,
                "",
                micros(now),
            ),
        )

    async def _pay_out(self, tenant_id: TenantId, before: int) -> None:
        def apply(conn: Connection, changes: ChangeSet) -> None:
            found = store.lines_to_pay_out(conn, tenant_id, before=before, limit=LINES_AT_ONCE)
            now = micros(self._clock.now())
            for currency in sorted({row.currency for row in found}):
                mine = [row for row in found if row.currency == currency]
                total = sum(row.net for row in mine)
                payout = f"po_{new_id()}"
                for row in mine:
                    changes.write(store.PAY_OUT, (payout, row.id, tenant_id))
                changes.write(
                    store.INSERT_LINE,
                    (
                        *(f"txn_{new_id()}", tenant_id, BalanceKind.PAYOUT.value, currency),
                        *(-total, 0, -total, payout, "", payout, now),
                    ),
                )

        await self._database.decide(apply, tenant_id)
