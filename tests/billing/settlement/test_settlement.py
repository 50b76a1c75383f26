"""Payment, provider and bank agree to the cent, or somebody is shown where they do not."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from billing.payments.till import TENANT, Till
from currant.billing import books
from currant.billing.bank.model import BankBooking, ExpectedKind, Statement
from currant.billing.bank.service import BankService
from currant.billing.ledger import Account, AccountKind
from currant.billing.payments.port import BalanceKind, BalanceLine
from currant.billing.settlement.model import Oddity, ProviderLineOdd
from currant.billing.settlement.service import Settlement, oddity_of
from currant.kit.errors import Conflict, Invalid, NotFound
from currant.kit.ids import TenantId
from services import PostgresServer, fresh_database


@pytest.fixture(params=["sqlite", "postgresql"])
async def till(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Till]:
    where: str | Path = tmp_path / "currant.sqlite"
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres")
        where = server.new_tables()
    opened = await Till(fresh_database(where)).open()
    yield opened
    await opened.database.close()


class Shop:
    """A till whose money reaches a bank."""

    def __init__(self, till: Till) -> None:
        self.till = till
        self.settlement = Settlement(till.database, till.payments, till.clock)
        self.bank = BankService(till.database, till.clock, {ExpectedKind.PAYOUT: self.settlement})

    async def balance(self, kind: AccountKind, owner: str = "sandbox") -> int:
        account = Account(kind=kind, owner="" if kind is AccountKind.BANK else owner, currency="EUR")
        return await self.till.database.read(lambda conn: books.balance(conn, TENANT, account))

    async def paid_out(self) -> Any:
        """A day later the provider pays out; the payout as it is awaited."""
        self.till.clock.advance(timedelta(days=2))
        await self.till.sandbox.tick()
        await self.settlement.look(TENANT)
        (expected,) = await self.settlement.open(TENANT, limit=10)
        return expected

    async def statement(self, amount: int, text: str) -> Any:
        line = BankBooking(
            key=f"DE1/{text}/{amount}",
            booked_on=self.till.clock.now().date(),
            amount=amount,
            currency="EUR",
            name="SANDBOX payments",
            text=text,
        )
        found = Statement(account="DE1", name=text, currency="EUR", lines=(line,))
        return await self.bank.take_in(TENANT, [found], by="ada")


async def test_every_cent_of_a_payment_is_found_again_at_the_bank(till: Till) -> None:
    shop = Shop(till)
    payment = await till.captured(3742)
    await till.refund(payment, 742)
    await till.settle(payment)
    assert await shop.settlement.look(TENANT) == 2
    assert await shop.settlement.look(TENANT) == 0, "what is known is not booked again"
    fees = await shop.balance(AccountKind.PSP_FEES)
    assert fees > 0
    assert await shop.balance(AccountKind.PSP_CLEARING) == 3000 - fees

    payout = await shop.paid_out()
    assert (payout.amount, payout.owner) == (3000 - fees, "sandbox")
    done = await shop.statement(payout.amount, f"payout {payout.references[0]}")
    assert (done.settled, done.proposed) == (1, 0)
    assert await shop.balance(AccountKind.PSP_CLEARING) == 0
    assert await shop.balance(AccountKind.BANK) == 3000 - fees
    assert await shop.settlement.open(TENANT, limit=10) == []
    assert (await shop.settlement.lines(TENANT, odd=True)).items == ()
    again = await shop.statement(payout.amount, f"payout {payout.references[0]}")
    assert (again.known, again.settled) == (1, 0)


async def test_a_payout_that_came_short_is_not_booked_and_shown(till: Till) -> None:
    shop = Shop(till)
    await till.captured(5000)
    payout = await shop.paid_out()
    done = await shop.statement(payout.amount - 100, f"payout {payout.references[0]}")
    assert (done.settled, done.proposed) == (0, 1)
    (line,) = (await shop.bank.lines(TENANT)).items
    with pytest.raises(Conflict, match="ask the provider"):
        await shop.bank.settle(TENANT, line.id, ExpectedKind.PAYOUT, payout.id, by="ada")
    assert await shop.balance(AccountKind.BANK) == 0
    with pytest.raises(NotFound):
        await shop.bank.settle(TENANT, line.id, ExpectedKind.PAYOUT, "sandbox:nothing", by="ada")
    till.clock.advance(timedelta(days=20))
    assert [each.id for each in (await shop.bank.work_list(TENANT)).overdue] == [payout.id]


async def test_what_does_not_fit_is_shown_until_somebody_explains_it(till: Till) -> None:
    shop = Shop(till)
    told: list[Any] = []
    till.database.listen(lambda _, events: told.extend(events))
    stranger = BalanceLine(
        id="txn_1",
        kind=BalanceKind.CHARGE,
        currency="EUR",
        gross=100,
        fee=0,
        net=100,
        at=till.clock.now(),
        reference="pi_nobody",
    )
    await shop.settlement._keep(
        TENANT, "sandbox", [stranger, replace(stranger, id="txn_2", kind=BalanceKind.ADJUSTMENT)]
    )
    odd = (await shop.settlement.lines(TENANT, odd=True)).items
    assert {line.id: line.oddity for line in odd} == {"txn_1": Oddity.NO_PAYMENT, "txn_2": Oddity.UNEXPLAINED}
    assert len([event for event in told if isinstance(event, ProviderLineOdd)]) == 2
    with pytest.raises(Invalid):
        await shop.settlement.explain(TENANT, "sandbox", "txn_1", " ", by="ada")
    with pytest.raises(NotFound):
        await shop.settlement.explain(TenantId("another"), "sandbox", "txn_1", "mine", by="eve")
    said = await shop.settlement.explain(TENANT, "sandbox", "txn_1", "Another shop's.", by="ada")
    assert (said.explained, said.by) == ("Another shop's.", "ada")
    assert [line.id for line in (await shop.settlement.lines(TENANT, odd=True)).items] == ["txn_2"]
    (newest,) = (await shop.settlement.lines(TENANT, limit=1)).items
    page = await shop.settlement.lines(TENANT, limit=1)
    (oldest,) = (await shop.settlement.lines(TENANT, limit=1, cursor=page.next_cursor)).items
    assert {newest.id, oldest.id} == {"txn_1", "txn_2"}


async def test_a_provider_s_own_fee_is_booked_and_nothing_odd(till: Till) -> None:
    shop = Shop(till)
    fee = BalanceLine(
        id="fee_1", kind=BalanceKind.FEE, currency="EUR", gross=-250, fee=0, net=-250, at=till.clock.now()
    )
    await shop.settlement._keep(TENANT, "sandbox", [fee])
    assert await shop.balance(AccountKind.PSP_FEES) == 250
    assert await shop.balance(AccountKind.PSP_CLEARING) == -250
    assert (await shop.settlement.lines(TENANT, odd=True)).items == ()


async def test_each_way_of_not_fitting_has_its_name(till: Till) -> None:
    payment = await till.captured(3742)
    line = BalanceLine(
        id="x", kind=BalanceKind.CHARGE, currency="EUR", gross=3742, fee=0, net=3742, at=till.clock.now()
    )
    assert oddity_of(line, payment) is Oddity.NONE
    assert oddity_of(line, None) is Oddity.NO_PAYMENT
    assert oddity_of(replace(line, currency="USD"), payment) is Oddity.CURRENCY
    assert oddity_of(replace(line, gross=3741), payment) is Oddity.AMOUNT
    back = replace(line, kind=BalanceKind.REFUND, gross=-100)
    assert oddity_of(back, payment) is Oddity.AMOUNT, "nothing was given back"
    assert oddity_of(back, replace(payment, refunded=100)) is Oddity.NONE
