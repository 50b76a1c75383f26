"""A shop with bad luck: payers, captures and refunds in any order, with whatever can get lost getting lost.

Afterwards, when everything was asked again, the provider, the payments, the books and the journal must
agree to the cent. A failure names its seed.
"""

import asyncio
import contextlib
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from till import CALLED_BACK, CHALLENGED, DECLINED, GOOD, OWNER, REFUND_FAILS, TENANT, Till, eur

from currant.billing.ledger import AccountKind as A
from currant.billing.payments.model import OperationState, Payment, PaymentMode, PaymentState, RefundState
from currant.billing.payments.port import BalanceKind, Declined
from currant.billing.payments.service import PaymentFilter
from currant.kit.errors import CurrantError
from services import fresh_database

STEPS = 70
CARDS = [GOOD, GOOD, GOOD, DECLINED, CHALLENGED, CALLED_BACK, REFUND_FAILS]
WITHHELD = ("open", "lost")


class Luck:
    """Random steps at a till."""

    def __init__(self, till: Till, seed: int) -> None:
        self.till = till
        self.random = Random(seed)
        self.payments: list[str] = []
        self.keys = 0

    async def step(self) -> None:
        till, random = self.till, self.random
        if random.random() < 0.3:
            till.sandbox.loses.append(random.choice(["question", "answer"]))
        does = random.choice(
            [
                self.begin,
                self.pay,
                self.pay,
                self.capture,
                self.capture,
                self.refund,
                self.void,
                self.wait,
                self.raise_hold,
            ]
        )
        # What cannot be done now is turned down, and that is right.
        with contextlib.suppress(CurrantError, Declined):
            await does()

    async def begin(self) -> None:
        mode = self.random.choice([PaymentMode.HOLD, PaymentMode.TOP_UP])
        payment = await self.till.begin(mode, self.random.randrange(1000, 9000))
        self.payments.append(payment.id)

    async def pay(self) -> None:
        payment = await self.some()
        if payment.reference:
            page = await self.till.sandbox.present(payment.reference, self.random.choice(CARDS))
            if page.payment is not None and page.payment.challenged:
                await self.till.sandbox.answer(payment.reference, yes=self.random.random() < 0.7)

    async def capture(self) -> None:
        payment = await self.some()
        amount = eur(self.random.randrange(1, payment.amount + 1))
        await self.till.payments.capture(TENANT, payment.id, amount, key=self.key())

    async def refund(self) -> None:
        payment = await self.some()
        amount = eur(self.random.randrange(1, max(payment.captured, 1) + 1))
        await self.till.payments.refund(TENANT, payment.id, amount, key=self.key())

    async def void(self) -> None:
        payment = await self.some()
        await self.till.payments.void(TENANT, payment.id, key=self.key())

    async def raise_hold(self) -> None:
        payment = await self.some()
        to = eur(payment.authorised + 1000)
        await self.till.payments.increment(TENANT, payment.id, to, key=self.key())

    async def wait(self) -> None:
        till = self.till
        till.clock.advance(timedelta(seconds=self.random.choice([1, 20, 120, 1200, 90_000])))
        duties = [till.sandbox.tick, till.work_off, till.payments.reconcile]
        for does in self.random.sample(duties, 2):
            await does()
        await till.payments.statements.compare_all()

    async def some(self) -> Payment:
        if not self.payments:
            await self.begin()
        return await self.till.payments.get(TENANT, self.random.choice(self.payments[-6:]))  # type: ignore[arg-type]

    def key(self) -> str:
        self.keys += self.random.random() < 0.8
        return f"key-{self.keys}"


@pytest.mark.parametrize("seed", range(10))
async def test_however_unlucky_no_cent_is_lost_or_double(tmp_path: Path, seed: int) -> None:
    till = await Till(fresh_database(tmp_path / "currant.sqlite")).open(
        ["prompt", "mixed", "never"][seed % 3]
    )
    try:
        luck = Luck(till, seed)
        for _ in range(STEPS):
            await luck.step()
        till.sandbox.loses.clear()
        for _ in range(4):
            till.clock.advance(timedelta(hours=25))
            await till.sandbox.tick()
            await till.work_off()
            await till.payments.reconcile()
            await till.payments.statements.compare_all()
        page = await till.payments.list_payments(TENANT, PaymentFilter(), limit=500)
        for payment in page.items:
            await agrees(till, payment)
        await adds_up(till, page.items)
    finally:
        await till.database.close()


async def agrees(till: Till, payment: Payment) -> None:
    """The payment is what the provider says, and every operation is over."""
    provider = till.providers.of(TENANT, "sandbox")
    if not payment.reference:
        # The provider never heard of it until it was too late.
        assert (payment.state, await provider.find(payment.id)) == (PaymentState.FAILED, None)
        return
    standing = await provider.fetch(payment.reference)
    assert (payment.captured, payment.refunds, payment.disputes) == (
        standing.captured,
        standing.refunds,
        standing.disputes,
    )
    operations = await till.payments.operations_of(TENANT, payment.id)
    assert {each.state for each in operations} <= {OperationState.DONE, OperationState.FAILED}
    done = [each for each in operations if each.kind == "refund" and each.state is OperationState.DONE]
    assert sorted(each.id for each in done) == sorted(each.operation for each in payment.refunds)
    assert sum(each.kind == "capture" and each.state is OperationState.DONE for each in operations) <= 1
    assert payment.refunded <= payment.captured <= max(payment.authorised, 0)
    told = await till.events(payment)
    captured = sum(facts["amount"] for kind, facts in told if kind == "PaymentCaptured")
    refunded = sum(facts["amount"] for kind, facts in told if kind == "PaymentRefunded")
    assert (captured, refunded) == (payment.captured, payment.refunded)


async def adds_up(till: Till, payments: tuple[Payment, ...]) -> None:
    """The provider's statement, the books and the payments tell of the same money."""
    lines, cursor = [], ""
    while True:
        since = till.clock.now() - timedelta(days=400)
        page = await till.payments.balance(TENANT, "sandbox", since=since, cursor=cursor)
        lines += page.lines
        cursor = page.next_cursor
        if not cursor:
            break
    moved = sum(line.gross for line in lines if line.kind is not BalanceKind.PAYOUT)
    kept = sum(payment.captured - payment.refunded for payment in payments)
    called_back = sum(
        each.amount for payment in payments for each in payment.disputes if each.state in WITHHELD
    )
    assert moved == kept - called_back == await till.balance(A.PSP_CLEARING, "sandbox")
    # A wallet is what we owe its owner: it may be empty, and never less.
    assert await till.balance(A.WALLET, OWNER.id) <= 0
    pending = [r for p in payments for r in p.refunds if r.state is RefundState.PENDING]
    assert pending == []
    assert not [p for p in payments if p.state in (PaymentState.CREATED, PaymentState.NEEDS_ACTION)]


async def test_ten_captures_at_once_take_once(any_till: Till) -> None:
    till = any_till
    payment = await till.held()
    asked = await asyncio.gather(
        *(till.capture(payment, 3000, key=f"k{number % 3}") for number in range(10)), return_exceptions=True
    )
    assert any(not isinstance(each, BaseException) for each in asked)
    assert all(isinstance(each, CurrantError) for each in asked if isinstance(each, BaseException))
    payment = await till.settle(payment)
    assert payment.captured == 3000
    assert await till.balance(A.PSP_CLEARING, "sandbox") == 3000


async def test_refunds_at_once_never_exceed_what_was_captured(any_till: Till) -> None:
    till = any_till
    payment = await till.captured(3000)
    await asyncio.gather(
        *(till.refund(payment, 1000, key=f"k{number}") for number in range(8)), return_exceptions=True
    )
    payment = await till.settle(payment)
    assert (payment.refunded, payment.state) == (3000, PaymentState.REFUNDED)
    assert await till.balance(A.PSP_CLEARING, "sandbox") == 0
