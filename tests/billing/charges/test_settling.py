"""Sessions become charges: priced as of their start, once, booked in balance, and put right when they change."""

from datetime import timedelta
from decimal import Decimal

import pytest
from shop import Shop
from sqlalchemy import Connection, func, select

from charging.made import NOON, TENANT, at, register
from charging.made import Connection as StationConnection
from currant.billing.books_store import legs
from currant.billing.charges.model import (
    Charge,
    ChargeFinal,
    ChargeKind,
    ChargeState,
    PaidState,
    PayerKind,
    PaysBy,
)
from currant.billing.ledger import AccountKind as A
from currant.charging.model import Session
from currant.kit.errors import Conflict
from currant.pricing.markets import MarketPrice, MarketPrices
from currant.pricing.model import Dimension, IdleFee, Prices, Purpose, Spot
from currant.pricing.offers import PlanDraft, PlanTerms, SubscriptionDraft
from pricing.made import component, element, energy, flat, prices

WITH_VAT = prices(energy("0.50", tax="19"), flat("1.00", tax="19"))


async def all_of(shop: Shop, session: Session) -> list[Charge]:
    """In the order in which they came about."""
    found = await shop.charges.of_session(TENANT, session.id)
    return sorted(found, key=lambda each: (each.created_at, each.id))


async def is_balanced(shop: Shop) -> bool:
    """Whether every leg that was booked adds up to nothing."""

    def total(conn: Connection) -> int:
        return int(conn.execute(select(func.coalesce(func.sum(legs.c.amount), 0))).scalar_one())

    return await shop.database.read(total) == 0


async def test_a_session_is_charged_when_it_ends(shop: Shop) -> None:
    await shop.sells(WITH_VAT)
    account, _ = await shop.customer()
    session = await shop.session(wh=20_000)
    charge = await shop.charge_of(session)
    assert charge.state is ChargeState.FINAL
    assert (charge.net, charge.tax, charge.gross) == (1100, 209, 1309)
    assert charge.payer.kind is PayerKind.ACCOUNT_INVOICE
    assert charge.paid is PaidState.INVOICED
    assert charge.number == str(session.number)
    assert await shop.balance(A.RECEIVABLE, account.id) == 1309
    assert await shop.balance(A.REVENUE) == -1100
    assert await shop.balance(A.TAX_PAYABLE, "ZZ/VAT") == -209
    assert await is_balanced(shop)
    told = [event for event in shop.events if isinstance(event, ChargeFinal)]
    assert [(event.charge_id, event.gross) for event in told] == [(charge.id, 1309)]


async def test_a_session_where_nothing_has_a_price_is_not_charged(shop: Shop) -> None:
    session = await shop.session()
    assert await all_of(shop, session) == []


async def test_it_is_charged_once_however_often_it_is_settled(shop: Shop) -> None:
    await shop.sells(WITH_VAT)
    await shop.customer()
    session = await shop.session()
    for _ in range(5):
        assert await shop.charges.settle(TENANT, session.id) == ()
    (charge,) = await all_of(shop, session)
    assert await shop.balance(A.REVENUE) == -charge.net


async def test_the_price_of_the_start_holds_although_another_is_published_meanwhile(shop: Shop) -> None:
    cheap = await shop.sells(WITH_VAT)
    await shop.customer()
    connection = await shop.connect()
    shop.go_to(at(0))
    answer = await connection.start(wh=0)
    await shop.tell()
    shop.go_to(at(10))
    await shop.sells(prices(energy("9.99", tax="19")), priority=5)
    shop.go_to(at(60))
    await connection.stop(answer.number, 60, wh=20_000)
    await shop.tell()
    charge = await shop.charge_of((await connection.only()).id)
    assert charge.version_id == cheap.id
    assert charge.gross == 1309


async def test_a_session_told_of_days_later_has_the_price_of_its_start(shop: Shop) -> None:
    cheap = await shop.sells(WITH_VAT)
    await shop.customer()
    shop.go_to(NOON + timedelta(days=1))
    await shop.sells(prices(energy("9.99", tax="19")), priority=5)
    shop.go_to(NOON + timedelta(days=2))
    now = (shop.clock.now() - NOON) / timedelta(minutes=1)
    connection = await shop.connect()
    answer = await connection.start(0, wh=0, received_at=at(now))
    await connection.stop(answer.number, 60, wh=20_000, received_at=at(now + 1))
    await shop.tell()
    session = await connection.only()
    assert session.offline
    charge = await shop.charge_of(session)
    assert (charge.version_id, charge.gross) == (cheap.id, 1309)


async def test_an_idle_fee_is_paid_for_what_the_vehicle_did_after_charging(shop: Shop) -> None:
    await shop.sells(
        Prices(
            currency="EUR",
            elements=(element(energy("0.50")),),
            idle_fee=IdleFee(price_per_minute=Decimal("0.10"), grace_s=900),
        )
    )
    await shop.customer()
    # Charging ends after 20 minutes; 40 idle, 15 of them free.
    session = await shop.session(wh=10_000, meter=[(10, 5_000), (20, 10_000), (40, 10_000)])
    charge = await shop.charge_of(session)
    assert charge.gross == 500 + 250


async def closed_too_soon(shop: Shop) -> tuple[StationConnection, Session]:
    """A session that an operator closed at 10 kWh, while it went on."""
    connection = await shop.connect()
    shop.go_to(at(0))
    answer = await connection.start(wh=0)
    await shop.tell()
    shop.go_to(at(30))
    await connection.meter(30, register(30, 10_000), transaction_id=str(answer.number))
    session = await connection.only()
    await shop.charging.close(TENANT, session.id, by="test", reason="It looked dead.")
    await shop.tell()
    return connection, await connection.only()


async def test_what_is_not_certain_waits_for_a_person_and_nothing_is_booked(shop: Shop) -> None:
    await shop.sells(WITH_VAT)
    await shop.customer()
    _, session = await closed_too_soon(shop)
    charge = await shop.charge_of(session)
    assert charge.state is ChargeState.REVIEW
    assert charge.reasons == ("closed_by_operator",)
    assert await shop.balance(A.REVENUE) == 0
    released = await shop.charges.release(TENANT, charge.id, by="ada", note="Looks right")
    assert (released.state, released.released_by) == (ChargeState.FINAL, "ada")
    assert await shop.balance(A.REVENUE) == -released.net
    with pytest.raises(Conflict):
        await shop.charges.release(TENANT, charge.id, by="ada", note="Again")


async def test_what_turns_out_otherwise_before_it_is_final_is_only_priced_anew(shop: Shop) -> None:
    await shop.sells(WITH_VAT)
    await shop.customer()
    connection, session = await closed_too_soon(shop)
    first = await shop.charge_of(session)
    shop.go_to(at(61))
    await connection.stop(session.number, 60, wh=20_000)
    await shop.tell()
    (charge,) = await all_of(shop, session)
    assert charge.id == first.id
    assert (charge.state, charge.gross) == (ChargeState.FINAL, 1309)


async def test_a_correction_of_a_final_charge_is_a_credit_and_a_new_charge(shop: Shop) -> None:
    await shop.sells(WITH_VAT)
    account, _ = await shop.customer()
    connection, session = await closed_too_soon(shop)
    first = await shop.charge_of(session)
    await shop.charges.release(TENANT, first.id, by="ada", note="")
    shop.go_to(at(61))
    await connection.stop(session.number, 60, wh=20_000)
    await shop.tell()
    old, credit, new = await all_of(shop, session)
    assert (old.id, old.state, old.gross) == (first.id, ChargeState.CREDITED, first.gross)
    assert (credit.kind, credit.credits, credit.gross) == (ChargeKind.CREDIT, old.id, -old.gross)
    assert credit.number == f"{session.number}-C1"
    assert (new.state, new.revision, new.gross) == (ChargeState.FINAL, 2, 1309)
    # Credit and charge come to nothing for the account and for every tax.
    assert await shop.balance(A.RECEIVABLE, account.id) == new.gross
    assert await shop.balance(A.TAX_PAYABLE, "ZZ/VAT") == -new.tax
    bills = [(await shop.details(each)).bill for each in (old, credit)]
    assert [sum(part.amount for part in bill.taxes) for bill in bills] == [old.tax, -old.tax]
    assert await is_balanced(shop)


async def test_a_charge_that_a_person_took_back_is_not_made_again_by_the_machine(shop: Shop) -> None:
    await shop.sells(WITH_VAT)
    account, _ = await shop.customer()
    session = await shop.session()
    charge = await shop.charge_of(session)
    credit = await shop.charges.credit(TENANT, charge.id, by="ada", note="Cable was broken")
    assert (credit.gross, credit.released_by) == (-charge.gross, "ada")
    await shop.charges.settle(TENANT, session.id)
    assert len(await all_of(shop, session)) == 2
    assert await shop.balance(A.RECEIVABLE, account.id) == 0
    assert await shop.balance(A.REVENUE) == 0
    with pytest.raises(Conflict):
        await shop.charges.credit(TENANT, charge.id, by="ada", note="Twice")


@pytest.mark.parametrize("amount", [1, 309, 1308])
async def test_part_of_a_charge_can_be_given_back(shop: Shop, amount: int) -> None:
    await shop.sells(WITH_VAT)
    account, _ = await shop.customer()
    session = await shop.session()
    charge = await shop.charge_of(session)
    less = await shop.charges.refund(TENANT, charge.id, amount, by="ada", note="Had to wait")
    assert (less.gross, less.reduced_by) == (charge.gross - amount, amount)
    bill = (await shop.details(less)).bill
    assert sum(line.net for line in bill.lines) == bill.net == less.net
    assert sum(part.amount for part in bill.taxes) == bill.tax == less.tax
    assert bill.gross == less.gross
    assert await shop.balance(A.RECEIVABLE, account.id) == less.gross
    # The same session settled again changes nothing of what a person gave.
    assert await shop.charges.settle(TENANT, session.id) == ()


async def test_a_charge_nobody_is_known_for_waits_until_somebody_names_an_account(shop: Shop) -> None:
    await shop.sells(WITH_VAT)
    session = await shop.session(uid="FFFFFFFF")
    charge = await shop.charge_of(session)
    assert (charge.state, charge.reasons) == (ChargeState.REVIEW, ("no_payer",))
    with pytest.raises(Conflict):
        await shop.charges.release(TENANT, charge.id, by="ada", note="")
    account, _ = await shop.customer("CAFE0002")
    await shop.charges.release(TENANT, charge.id, by="ada", note="It was Ada", account_id=account.id)
    assert await shop.balance(A.RECEIVABLE, account.id) == charge.gross


async def test_a_charge_that_is_voided_never_costs_anything(shop: Shop) -> None:
    await shop.sells(WITH_VAT)
    session = await shop.session(uid="FFFFFFFF")
    charge = await shop.charge_of(session)
    voided = await shop.charges.void(TENANT, charge.id, by="ada", note="A test")
    assert voided.state is ChargeState.VOID
    assert await shop.charges.settle(TENANT, session.id) == ()
    assert await shop.balance(A.REVENUE) == 0


async def test_a_charge_of_a_market_price_waits_until_that_is_known(shop: Shop) -> None:
    spot = component(Dimension.ENERGY, "0.30", spot=Spot(market="DE-LU", markup=Decimal("0.10")))
    await shop.sells(prices(spot))
    await shop.customer()
    session = await shop.session(wh=10_000)
    charge = await shop.charge_of(session)
    assert charge.state is ChargeState.WAITING_SPOT
    assert await shop.balance(A.REVENUE) == 0
    quarters = tuple(MarketPrice(begin=at(15 * number), price=Decimal("0.20")) for number in range(4))
    await shop.pricing.markets.bring(
        TENANT, "DE-LU", MarketPrices(currency="EUR", prices=quarters), by="test"
    )
    await shop.tell()
    charge = await shop.charge_of(session)
    assert (charge.state, charge.gross) == (ChargeState.FINAL, 300)


async def test_the_host_gets_a_share_worked_out_on_the_same_session(shop: Shop) -> None:
    await shop.sells(WITH_VAT)
    await shop.sells(prices(energy("0.12")), purpose=Purpose.HOST)
    await shop.customer()
    session = await shop.session(wh=20_000)
    host = await shop.charge_of(session, Purpose.HOST)
    assert (host.net, host.tax, host.payer.kind) == (240, 0, PayerKind.HOST)
    assert await shop.balance(A.HOST_COST) == 240
    assert await shop.balance(A.HOST_PAYABLE, "location") == -240
    assert await shop.balance(A.REVENUE) == -1100


async def test_a_subscription_pays_for_energy_once_and_only_what_is_left(shop: Shop) -> None:
    # 95 of 100 kWh used: a session of 12 pays for 7 (facts 38).
    await shop.sells(prices(energy("0.39")))
    account, _ = await shop.customer()
    plan = await shop.pricing.subscriptions.create_plan(
        TENANT,
        PlanDraft(
            name="Much",
            terms=PlanTerms(currency="EUR", monthly_fee=Decimal("9"), allowance_kwh=Decimal(100)),
        ),
        by="test",
    )
    await shop.pricing.subscriptions.subscribe(
        TENANT, SubscriptionDraft(plan_id=plan.id, holder=f"account:{account.id}"), by="test"
    )
    first = await shop.session(wh=95_000, minutes=60, evse=1)
    assert (await shop.charge_of(first)).gross == 0
    second = await shop.session(wh=12_000, minutes=60, evse=2)
    assert (await shop.charge_of(second)).gross == 273
    # Settled again, neither takes more nor gives anything away.
    await shop.charges.settle(TENANT, first.id)
    await shop.charges.settle(TENANT, second.id)
    assert (await shop.charge_of(second)).gross == 273


async def test_an_account_that_charges_for_free_owes_nothing(shop: Shop) -> None:
    await shop.sells(WITH_VAT)
    await shop.customer(pays_by=PaysBy.FREE)
    charge = await shop.charge_of(await shop.session())
    assert (charge.state, charge.gross, charge.paid) == (ChargeState.FINAL, 0, PaidState.NOTHING)
    assert await shop.balance(A.REVENUE) == 0


async def test_a_session_whose_job_was_given_up_is_charged_for_after_all(shop: Shop) -> None:
    await shop.sells(WITH_VAT)
    await shop.customer()
    connection = await shop.connect()
    shop.go_to(at(0))
    answer = await connection.start(wh=0)
    await shop.tell()
    shop.go_to(at(60))
    await connection.stop(answer.number, 60, wh=20_000)
    assert await shop.charges.charge_forgotten() == 0
    shop.go_to(at(60) + timedelta(hours=7))
    assert await shop.charges.charge_forgotten() == 1
    assert await shop.charges.charge_forgotten() == 0
    assert (await shop.charge_of(await connection.only())).gross == 1309
