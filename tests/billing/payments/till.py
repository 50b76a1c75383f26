"""Payments with the sandbox behind them, a clock that stands still, and messages that go straight to the till."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection

from currant.billing import books
from currant.billing.ledger import Account, AccountKind, Entry, credit, debit
from currant.billing.payments.model import (
    OwnerKind,
    Payment,
    PaymentDraft,
    PaymentMode,
    PaymentOwner,
    StoredMethod,
)
from currant.billing.payments.operations import Moved
from currant.billing.payments.providers import PaymentProviders, ProviderDraft
from currant.billing.payments.sandbox import Sandbox
from currant.billing.payments.service import Payments
from currant.billing.payments.webhooks import JOB
from currant.db import journal
from currant.db.engine import Database
from currant.db.jobs import JobRunner
from currant.kit.clock import ManualClock
from currant.kit.errors import CurrantError
from currant.kit.ids import SessionId, TenantId, new_id
from currant.kit.money import Money

KEY = b"0123456789abcdef0123456789abcdef"
TENANT = TenantId("tenant-1")
OWNER = PaymentOwner(kind=OwnerKind.DRIVER, id="driver-1")
GOOD, DECLINED, CHALLENGED = "4242424242424242", "4000000000000002", "4000002500003155"
CALLED_BACK, REFUND_FAILS, DECLINED_LATER = "4000000000000259", "4000000000005126", "4000000000000341"
HOUR = timedelta(hours=1)


def eur(minor_units: int) -> Money:
    return Money(minor_units=minor_units, currency="EUR")


class Till:
    """All of it, on one database; another Till on the same one is the same shop after a restart."""

    def __init__(self, database: Database, clock: ManualClock | None = None) -> None:
        self.database = database
        self.clock = clock or ManualClock()
        self.sandbox = Sandbox(database, self.clock)
        self.providers = PaymentProviders(database, self.clock, [self.sandbox.kind()], key=KEY)
        self.payments = Payments(database, self.providers, self.clock)
        self.jobs = JobRunner(database, {JOB: self.payments.webhooks.work_off}, clock=self.clock)
        self.sandbox.deliver = self.take

    async def open(self, webhooks: str = "prompt") -> "Till":
        await self.providers.start()
        if not self.providers.list(TENANT):
            await self.set_up(webhooks)
        return self

    async def set_up(self, webhooks: str) -> None:
        draft = ProviderDraft(
            settings={"webhooks": webhooks}, secrets={"webhook_secret": "a secret of the sandbox"}
        )
        await self.providers.put(TENANT, "sandbox", draft, by="local")

    async def take(self, path: str, headers: Mapping[str, str], body: bytes) -> int:
        """The webhook route, without HTTP."""
        _, _, provider, _, hook = path.split("/")
        try:
            await self.payments.webhooks.handle(provider, hook, headers, body)
        except CurrantError as error:
            return error.status
        return 200

    async def begin(
        self, mode: PaymentMode = PaymentMode.HOLD, amount: int | Money = 5000, **more: Any
    ) -> Payment:
        draft = PaymentDraft(
            **{
                "mode": mode,
                "amount": eur(amount) if isinstance(amount, int) else amount,
                "owner": OWNER,
                "key": new_id(),
                "session_id": SessionId("session-1") if mode is PaymentMode.HOLD else None,
            }
            | more
        )
        return await self.payments.begin(TENANT, draft)

    async def pay(self, payment: Payment, card: str = GOOD) -> Payment:
        """The payer enters a card, and word of it arrives."""
        await self.sandbox.present(payment.reference, card)
        return await self.settle(payment)

    async def held(self, amount: int = 5000, card: str = GOOD, **more: Any) -> Payment:
        return await self.pay(await self.begin(amount=amount, **more), card)

    async def captured(self, amount: int = 3742, card: str = GOOD, **more: Any) -> Payment:
        payment = await self.held(card=card, **more)
        return (await self.capture(payment, amount)).payment

    async def capture(self, payment: Payment, amount: int, key: str = "end") -> Moved:
        return await self.payments.capture(TENANT, payment.id, eur(amount), key=key)

    async def refund(self, payment: Payment, amount: int, key: str = "back") -> Moved:
        return await self.payments.refund(TENANT, payment.id, eur(amount), key=key)

    async def settle(self, payment: Payment) -> Payment:
        """Let messages arrive and be worked off; the payment as it is then."""
        await self.sandbox.tick()
        await self.work_off()
        return await self.payments.get(TENANT, payment.id)

    async def work_off(self) -> None:
        while await self.jobs.run_due():
            await self.jobs.stop()

    async def later(self, by: timedelta, payment: Payment) -> Payment:
        self.clock.advance(by)
        return await self.settle(payment)

    async def stored(self, card: str = GOOD) -> StoredMethod:
        method = await self.payments.methods.start(TENANT, OWNER)
        await self.sandbox.present(method.setup_reference, card)
        await self.sandbox.tick()
        await self.work_off()
        return await self.payments.methods.get(TENANT, method.id)

    async def events(self, payment: Payment) -> list[tuple[str, dict[str, Any]]]:
        """What was told of a payment: kinds and facts, in order."""
        import json

        rows = await self.database.read(lambda conn: journal.read_after(conn, 0, limit=10_000))
        told = [(row.kind, json.loads(row.payload)) for row in rows]
        return [(kind, facts) for kind, facts in told if facts.get("payment_id") == payment.id]

    async def kinds(self, payment: Payment) -> list[str]:
        return [kind for kind, _ in await self.events(payment)]

    async def balance(self, kind: AccountKind, owner: str = "") -> int:
        """Debits less credits of an account, from the legs themselves."""
        account = Account(kind=kind, owner=owner, currency="EUR")

        def read(conn: Connection) -> int:
            total = 0
            for payment in self._seen(conn):
                for posted in books.booked_for(conn, TENANT, "payment", payment):
                    total += sum(leg.amount for leg in posted.entry.legs if leg.account == account)
            return total

        return await self.database.read(read)

    async def spend(self, owner: str, amount: int) -> None:
        """Something else takes money from a wallet."""
        wallet = Account(kind=AccountKind.WALLET, owner=owner, currency="EUR")
        session = Account(kind=AccountKind.SESSION, owner="spent", currency="EUR")
        entry = Entry(
            source_type="test",
            source_id=new_id(),
            purpose="spent",
            at=self.clock.now(),
            legs=(debit(wallet, amount), credit(session, amount)),
        )
        await self.database.decide(lambda conn, _: books.post(conn, TENANT, [entry]), TENANT)

    async def entries(self, payment: Payment) -> list[str]:
        """The purposes of what was booked for a payment, in order."""
        found = await self.database.read(lambda conn: books.booked_for(conn, TENANT, "payment", payment.id))
        return [posted.entry.purpose for posted in found]

    def _seen(self, conn: Connection) -> list[str]:
        from sqlalchemy import text

        return [row[0] for row in conn.execute(text("SELECT id FROM payments"))]
