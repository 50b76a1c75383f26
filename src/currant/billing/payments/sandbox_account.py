"""One organisation's account with the sandbox: the provider that payments see."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import Connection

from currant.billing.payments import sandbox_rules as rules
from currant.billing.payments import sandbox_store as store
from currant.billing.payments.model import ActionKind, NextAction, PaymentState
from currant.billing.payments.port import (
    Ability,
    AskToPay,
    AskToStore,
    BalanceKind,
    BalanceLine,
    BalancePage,
    Declined,
    MethodStanding,
    News,
    NewsAbout,
    NotGenuine,
    Standing,
)
from currant.billing.payments.providers import ProviderAccount
from currant.billing.payments.sandbox_rules import CARDS, SandboxPayment
from currant.billing.payments.signing import check_timed
from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.clock import Clock, instant, micros
from currant.kit.crypto import new_secret
from currant.kit.ids import PaymentId
from currant.kit.money import Money

if TYPE_CHECKING:
    from currant.billing.payments.sandbox import Sandbox

NAME = "sandbox"
SIGNATURE = "sandbox-signature"
LINES_AT_ONCE = 100
PAID_OUT_AFTER = timedelta(days=1)

Step = Callable[[SandboxPayment], SandboxPayment]


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """What the sandbox tells: that something changed, and of what."""

    id: str
    kind: str
    reference: str
    payment_id: str = ""
    state: str = ""


class SandboxProvider:
    """One organisation's account with the sandbox."""

    name = NAME
    abilities = frozenset(Ability)
    keys_last = timedelta(hours=24)

    def __init__(self, bank: "Sandbox", account: ProviderAccount, database: Database, clock: Clock) -> None:
        self._bank = bank
        self._account = account
        self._tenant_id = account.tenant_id
        self._database = database
        self._clock = clock

    async def authorise(self, wanted: AskToPay, *, key: str) -> Standing:
        def work(conn: Connection, changes: ChangeSet) -> SandboxPayment:
            card = ""
            if wanted.method_reference:
                row = store.method(conn, self._tenant_id, reference=wanted.method_reference)
                if row is None or row.state != PaymentState.CAPTURED.value:
                    raise Declined("There is no such method.", code="no_such_method")
                card = row.card
            reference = f"sb_{new_secret(24)}"
            after = rules.begun(wanted, reference, card=card, now=self._clock.now())
            self._bank.keep(changes, self._account, None, after)
            return after

        return await self._bank.once(self._account, key, wanted, work)

    async def increment(self, reference: str, to: Money, *, key: str) -> Standing:
        return await self._step(
            "increment", reference, to, key, lambda p: rules.incremented(p, to.minor_units)
        )

    async def capture(self, reference: str, amount: Money, *, key: str) -> Standing:
        now = self._clock.now()
        return await self._step(
            "capture", reference, amount, key, lambda p: rules.captured(p, amount.minor_units, now=now)
        )

    async def void(self, reference: str, *, key: str) -> Standing:
        return await self._step("void", reference, None, key, rules.voided)

    async def refund(self, reference: str, amount: Money, *, key: str) -> Standing:
        now = self._clock.now()
        return await self._step(
            "refund",
            reference,
            amount,
            key,
            lambda p: rules.refunded(p, amount.minor_units, reference=f"sbr_{key}", operation=key, now=now),
        )

    async def fetch(self, reference: str) -> Standing:
        self._bank.lose("question")
        found = await self._database.read(lambda conn: store.payment(conn, self._tenant_id, reference))
        return self._bank.standing(there(found))

    async def find(self, payment_id: PaymentId) -> Standing | None:
        self._bank.lose("question")
        found = await self._database.read(lambda conn: store.payment_of(conn, self._tenant_id, payment_id))
        return None if found is None else self._bank.standing(found)

    def parse_webhook(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> News:
        check_timed(headers.get(SIGNATURE, ""), body, self._account.secrets["webhook_secret"], now=now)
        try:
            message = msgspec.json.decode(body, type=Message)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise NotGenuine(f"It is no message of the sandbox: {error}") from None
        of_method = message.kind.startswith("method.")
        return News(
            event_id=message.id,
            kind=message.kind,
            about=NewsAbout.METHOD if of_method else NewsAbout.PAYMENT,
            reference=message.reference,
            payment_id=message.payment_id,
        )

    async def list_balance_transactions(self, *, since: datetime, cursor: str = "") -> BalancePage:
        found = await self._database.read(
            lambda conn: store.lines(
                conn, self._tenant_id, since=micros(since), after=cursor, limit=LINES_AT_ONCE
            )
        )
        lines = tuple(
            BalanceLine(
                id=row.id,
                kind=BalanceKind(row.kind),
                currency=row.currency,
                gross=row.gross,
                fee=row.fee,
                net=row.net,
                at=instant(row.at),
                reference=row.reference,
                payment_reference=row.payment_reference,
                payout_reference=row.payout,
                available_at=instant(row.at) + PAID_OUT_AFTER,
            )
            for row in found
        )
        return BalancePage(lines=lines, next_cursor=lines[-1].id if len(lines) == LINES_AT_ONCE else "")

    async def start_setup(self, wanted: AskToStore, *, key: str) -> MethodStanding:
        setup, owner = f"sbs_{new_secret(24)}", f"{wanted.owner.kind.value}:{wanted.owner.id}"
        changes = ChangeSet(self._tenant_id)
        row = (f"sbm_{new_secret(20)}", self._tenant_id, self._account.hook, setup)
        changes.write(
            store.SAVE_METHOD, (*row, PaymentState.NEEDS_ACTION.value, "", owner, wanted.return_url, "")
        )
        await self._database.commit(changes)
        return await self.fetch_setup(setup)

    async def fetch_setup(self, setup_reference: str) -> MethodStanding:
        self._bank.lose("question")
        row = await self._database.read(
            lambda conn: store.method(conn, self._tenant_id, setup=setup_reference)
        )
        if row is None:
            raise Declined("There is no such method.", code="no_such_method")
        state, card = PaymentState(row.state), CARDS.get(row.card)
        url = self._bank.page_url(setup_reference)
        action = NextAction(kind=ActionKind.REDIRECT, url=url, page_url=url)
        return MethodStanding(
            setup_reference=setup_reference,
            state=state,
            reference=row.reference if card is not None else "",
            customer_reference=f"sbc_{row.owner}",
            label=card.label if card is not None else "",
            brand=card.brand if card is not None else "",
            last4=row.card[-4:],
            expires="12/2034" if card is not None else "",
            next_action=action if state is PaymentState.NEEDS_ACTION else None,
            failure=row.failure,
        )

    async def forget_method(self, reference: str) -> None:
        def apply(conn: Connection, changes: ChangeSet) -> None:
            row = store.method(conn, self._tenant_id, reference=reference)
            if row is not None:
                kept = (row.reference, self._tenant_id, self._account.hook, row.setup)
                changes.write(store.SAVE_METHOD, (*kept, PaymentState.VOIDED.value, "", row.owner, "", ""))

        await self._database.decide(apply, self._tenant_id)

    async def _step(self, what: str, reference: str, amount: Money | None, key: str, step: Step) -> Standing:
        def work(conn: Connection, changes: ChangeSet) -> SandboxPayment:
            before = there(store.payment(conn, self._tenant_id, reference))
            after = step(before)
            if after != before:
                self._bank.keep(changes, self._account, before, after)
            return after

        return await self._bank.once(self._account, key, (what, reference, amount), work)


def there(payment: SandboxPayment | None) -> SandboxPayment:
    if payment is None:
        raise Declined("There is no such payment.", code="no_such_payment")
    return payment
