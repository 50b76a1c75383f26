"""Charges are paid exactly: from holds, wallets, prepaid sums and stored cards; what is not paid is owed."""

from datetime import timedelta

import pytest
from shop import Shop
from till import DECLINED, DECLINED_LATER, GOOD

from charging.made import TENANT, at, register
from currant.access.model import Presented, Reason
from currant.billing.charges.model import (
    Charge,
    PaidState,
    PayerKind,
    PaysBy,
    ReceivableState,
)
from currant.billing.ledger import AccountKind as A
from currant.billing.payments.model import OwnerKind, PaymentMode, PaymentOwner, PaymentState
from currant.charging.model import Session
from currant.kit.ids import PaymentId, SessionId
from currant.kit.mail import KeptMail
from pricing.made import energy, prices

FORTY_CENTS = prices(energy("0.40"))
"""20 kWh are 8.00 EUR."""


async def begun(shop: Shop, *, uid: str = "CAFE0001") -> tuple[SessionId, int]:
    connection = await shop.connect()
    shop.go_to(at(0))
    answer = await connection.start(wh=0, uid=uid)
    await shop.tell()
    return (await connection.only()).id, answer.number


async def ended(shop: Shop, number: int, *, wh: int = 20_000) -> Charge:
    connection = await shop.connect()
    shop.go_to(at(60))
    await connection.stop(number, 60, wh=wh)
    await shop.tell()
    return await shop.charge_of((await connection.only()).id)


async def held(shop: Shop, amount: int) -> tuple[SessionId, int, PaymentId]:
    """A session whose driver had so much held on a card."""
    await shop.sells(FORTY_CENTS)
    await shop.customer()
    session_id, number = await begun(shop)
    payment = await shop.till.ask(PaymentMode.HOLD, amount, session_id)
    payment = await shop.till.present(payment)
    await shop.tell()
    assert payment.state is PaymentState.AUTHORISED
    return session_id, number, payment.id


async def test_a_hold_is_captured_to_the_cent_and_the_rest_released(shop: Shop) -> None:
    session_id, number, payment_id = await held(shop, 5000)
    charge = await ended(shop, number)
    payment = await shop.payments.get(TENANT, payment_id)
    assert (payment.state, payment.captured) == (PaymentState.CAPTURED, 800)
    charge = await shop.charge_of(session_id)
    assert (charge.payer.kind, charge.paid, charge.collected) == (PayerKind.CARD, PaidState.PAID, 800)
    assert await shop.balance(A.SESSION, session_id) == 0
    assert await shop.balance(A.PSP_CLEARING, "sandbox") == 800


async def test_what_a_hold_does_not_reach_for_is_owed(shop: Shop) -> None:
    session_id, number, _ = await held(shop, 500)
    await ended(shop, number)
    charge = await shop.charge_of(session_id)
    assert (charge.paid, charge.collected) == (PaidState.FAILED, 500)
    (owed,) = (await shop.charges.receivables(TENANT)).items
    assert (owed.amount, owed.reason) == (300, "hold_too_small")
    assert await shop.balance(A.SESSION, session_id) == 0
    assert await shop.balance(A.RECEIVABLE, charge.account_id or "") == 300


async def test_a_session_that_costs_nothing_releases_the_hold(shop: Shop) -> None:
    session_id, number, payment_id = await held(shop, 5000)
    await ended(shop, number, wh=0)
    payment = await shop.payments.get(TENANT, payment_id)
    assert (payment.state, payment.captured) == (PaymentState.VOIDED, 0)
    assert await shop.balance(A.SESSION, session_id) == 0


async def test_of_a_prepaid_sum_the_rest_is_given_back(shop: Shop) -> None:
    session_id, number, payment_id = await held_prepaid(shop, 5000)
    await ended(shop, number)
    charge = await shop.charge_of(session_id)
    payment = await shop.payments.get(TENANT, payment_id)
    assert (payment.captured, payment.refunded) == (5000, 4200)
    assert (charge.paid, charge.collected) == (PaidState.PAID, 800)
    assert await shop.balance(A.SESSION, session_id) == 0
    assert await shop.balance(A.DEPOSIT, payment_id) == 0  # type: ignore[arg-type]
    assert await shop.balance(A.PSP_CLEARING, "sandbox") == 800


async def held_prepaid(shop: Shop, amount: int) -> tuple[SessionId, int, PaymentId]:
    await shop.sells(FORTY_CENTS)
    await shop.customer()
    session_id, number = await begun(shop)
    payment = await shop.till.ask(PaymentMode.PREPAY, amount, session_id)
    payment = await shop.till.present(payment)
    await shop.tell()
    return session_id, number, payment.id


async def test_a_credit_gives_back_what_was_captured(shop: Shop) -> None:
    session_id, number, payment_id = await held(shop, 5000)
    await ended(shop, number)
    charge = await shop.charge_of(session_id)
    await shop.charges.credit(TENANT, charge.id, by="ada", note="Broken")
    await shop.tell()
    payment = await shop.payments.get(TENANT, payment_id)
    assert (payment.state, payment.refunded) == (PaymentState.REFUNDED, 800)
    assert await shop.balance(A.SESSION, session_id) == 0
    assert await shop.balance(A.PSP_CLEARING, "sandbox") == 0
    assert await shop.balance(A.REVENUE) == 0


async def test_a_refund_of_part_gives_back_that_part(shop: Shop) -> None:
    session_id, number, payment_id = await held(shop, 5000)
    await ended(shop, number)
    charge = await shop.charge_of(session_id)
    await shop.charges.refund(TENANT, charge.id, 150, by="ada", note="Waited")
    await shop.tell()
    payment = await shop.payments.get(TENANT, payment_id)
    assert payment.refunded == 150
    less = await shop.charge_of(session_id)
    assert (less.gross, less.collected, less.paid) == (650, 650, PaidState.PAID)
    assert await shop.balance(A.SESSION, session_id) == 0


async def test_the_same_job_a_dozen_times_moves_money_once(shop: Shop) -> None:
    session_id, number, payment_id = await held(shop, 5000)
    charge = await ended(shop, number)
    for _ in range(12):
        await shop.charges.collect(TENANT, charge.id)
        await shop.charges.settle(TENANT, session_id)
    await shop.tell()
    payment = await shop.payments.get(TENANT, payment_id)
    assert (payment.captured, payment.refunded) == (800, 0)
    assert await shop.balance(A.PSP_CLEARING, "sandbox") == 800


async def charged_to_wallet(shop: Shop, in_it: int, **session: object) -> tuple[Session, Charge]:
    await shop.sells(FORTY_CENTS)
    account, _ = await shop.customer(pays_by=PaysBy.WALLET)
    if in_it:
        await shop.put_in(account.id, in_it)
    told = await shop.session(**session)  # type: ignore[arg-type]
    return told, await shop.charge_of(told)


async def test_a_wallet_pays_at_once(shop: Shop) -> None:
    session, charge = await charged_to_wallet(shop, 1000)
    assert (charge.paid, charge.collected) == (PaidState.PAID, 800)
    assert await shop.balance(A.WALLET, charge.payer.owner) == -200
    assert await shop.balance(A.SESSION, session.id) == 0


async def test_a_wallet_never_goes_below_nothing_and_the_rest_is_owed(shop: Shop) -> None:
    session, charge = await charged_to_wallet(shop, 300)
    assert (charge.paid, charge.collected) == (PaidState.FAILED, 300)
    assert await shop.balance(A.WALLET, charge.payer.owner) == 0
    assert await shop.balance(A.RECEIVABLE, charge.payer.owner) == 500
    assert await shop.balance(A.SESSION, session.id) == 0
    (owed,) = (await shop.charges.receivables(TENANT)).items
    # Once there is money in the wallet, it pays.
    await shop.put_in(charge.account_id, 600)  # type: ignore[arg-type]
    paid = await shop.charges.collect_owed(TENANT, owed.id, by="ada")
    assert (paid.state, paid.paid) == (ReceivableState.PAID, 500)
    assert await shop.balance(A.RECEIVABLE, charge.payer.owner) == 0
    assert await shop.balance(A.WALLET, charge.payer.owner) == -100
    charge = await shop.charge_of(session)
    assert (charge.paid, charge.collected) == (PaidState.PAID, 800)


async def test_a_correction_gives_the_difference_back_to_the_wallet(shop: Shop) -> None:
    await shop.sells(FORTY_CENTS)
    account, _ = await shop.customer(pays_by=PaysBy.WALLET)
    await shop.put_in(account.id, 1000)
    connection = await shop.connect()
    shop.go_to(at(0))
    answer = await connection.start(wh=0)
    await shop.tell()
    shop.go_to(at(30))
    await connection.meter(30, register(30, 10_000), transaction_id=str(answer.number))
    session = await connection.only()
    await shop.charging.close(TENANT, session.id, by="test", reason="")
    await shop.tell()
    first = await shop.charge_of(session)
    await shop.charges.release(TENANT, first.id, by="ada", note="")
    assert await shop.balance(A.WALLET, account.id) == -600
    shop.go_to(at(61))
    await connection.stop(answer.number, 60, wh=15_000)
    await shop.tell()
    charge = await shop.charge_of(session)
    assert (charge.gross, charge.collected, charge.paid) == (600, 600, PaidState.PAID)
    assert await shop.balance(A.WALLET, account.id) == -400
    await shop.charges.credit(TENANT, charge.id, by="ada", note="Gift")
    assert await shop.balance(A.WALLET, account.id) == -1000
    assert await shop.balance(A.SESSION, session.id) == 0


async def test_two_stations_and_one_wallet_lose_no_cent(shop: Shop) -> None:
    await shop.sells(FORTY_CENTS)
    account, _ = await shop.customer(pays_by=PaysBy.WALLET)
    await shop.token("CAFE0002", account_id=account.id)
    await shop.put_in(account.id, 1000)
    one, two = await shop.connect("one"), await shop.connect("two")
    shop.go_to(at(0))
    first = await one.start(wh=0, uid="CAFE0001")
    second = await two.start(wh=0, uid="CAFE0002")
    await shop.tell()
    shop.go_to(at(60))
    await one.stop(first.number, 60, wh=20_000)
    await two.stop(second.number, 60, wh=20_000)
    await shop.tell()
    charges = [await shop.charge_of((await each.only()).id) for each in (one, two)]
    assert sorted(charge.collected for charge in charges) == [200, 800]
    assert await shop.balance(A.WALLET, account.id) == 0
    assert await shop.balance(A.RECEIVABLE, account.id) == 600
    assert await shop.balance(A.REVENUE) == -1600


async def test_a_credit_takes_back_what_is_still_owed(shop: Shop) -> None:
    session, charge = await charged_to_wallet(shop, 300)
    await shop.charges.credit(TENANT, charge.id, by="ada", note="Broken")
    (owed,) = (await shop.charges.receivables(TENANT)).items
    assert owed.state is ReceivableState.CANCELLED
    assert await shop.balance(A.RECEIVABLE, charge.payer.owner) == 0
    assert await shop.balance(A.WALLET, charge.payer.owner) == -300
    assert await shop.balance(A.SESSION, session.id) == 0


async def test_what_is_owed_is_reminded_of_and_in_the_end_keeps_the_account_from_charging(shop: Shop) -> None:
    shop.charges.mailer = post = KeptMail()
    session, charge = await charged_to_wallet(shop, 0)
    await shop.charges.remind()
    assert [mail.to for mail in post.sent] == ["ada@example.com"]
    assert f"session {session.number}" in post.sent[0].text
    assert "€8.00" in post.sent[0].text
    assert await shop.charges.remind() == 0

    async def may_charge() -> Reason:
        station = await shop.connect()
        presented = Presented(uid="CAFE0001")
        decision = await station.charging.authorize(station.station, station.sessions, presented)
        return decision.reason

    assert await may_charge() is Reason.ACCEPTED
    for days in (3, 10, 20):
        shop.go_to(at(60) + timedelta(days=days))
        await shop.charges.remind()
    assert len(post.sent) == 4
    shop.go_to(at(60) + timedelta(days=22))
    await shop.charges.remind()
    assert "cannot start charging" in post.sent[-1].text
    account = await shop.access.get_account(TENANT, charge.account_id)  # type: ignore[arg-type]
    assert account.payment_overdue
    assert await may_charge() is Reason.PAYMENT_OVERDUE
    (owed,) = (await shop.charges.receivables(TENANT)).items
    await shop.put_in(account.id, 800)
    await shop.charges.collect_owed(TENANT, owed.id, by="ada")
    account = await shop.access.get_account(TENANT, account.id)
    assert not account.payment_overdue
    assert await may_charge() is Reason.ACCEPTED


async def test_what_is_written_off_is_a_loss_and_no_debt(shop: Shop) -> None:
    _, charge = await charged_to_wallet(shop, 0)
    (owed,) = (await shop.charges.receivables(TENANT)).items
    await shop.charges.write_off(TENANT, owed.id, by="ada", note="Moved away")
    assert await shop.balance(A.BAD_DEBT) == 800
    assert await shop.balance(A.RECEIVABLE, charge.payer.owner) == 0


async def test_what_a_payer_never_finishes_is_owed_in_the_end(shop: Shop) -> None:
    await shop.sells(FORTY_CENTS)
    account, _ = await shop.customer()
    session_id, number = await begun(shop)
    payment = await shop.till.ask(PaymentMode.HOLD, 5000, session_id)
    await shop.till.present(payment, DECLINED)
    await shop.tell()
    charge = await ended(shop, number)
    assert charge.paid is PaidState.OPEN
    shop.go_to(at(120))
    await shop.payments.reconcile()
    await shop.tell()
    charge = await shop.charge_of(session_id)
    assert charge.paid is PaidState.FAILED
    assert await shop.balance(A.RECEIVABLE, account.id) == 800


@pytest.mark.parametrize("card", [GOOD, DECLINED_LATER])
async def test_a_stored_card_is_asked_when_the_sum_is_known(shop: Shop, card: str) -> None:
    await shop.sells(FORTY_CENTS)
    account, _ = await shop.customer()
    owner = PaymentOwner(kind=OwnerKind.ACCOUNT, id=account.id)
    method = await shop.payments.methods.start(TENANT, owner)
    await shop.till.sandbox.present(method.setup_reference, card)
    await shop.tell()
    await shop.charges.set_terms(TENANT, account.id, pays_by=PaysBy.CARD, method_id=method.id, by="test")
    session = await shop.session(wh=20_000)
    charge = await shop.charge_of(session)
    (payment,) = await shop.payments.of_session(TENANT, session.id)
    assert await shop.balance(A.SESSION, session.id) == 0
    if card == GOOD:
        assert (payment.captured, charge.paid, charge.collected) == (800, PaidState.PAID, 800)
        return
    assert (payment.state, charge.paid) == (PaymentState.FAILED, PaidState.FAILED)
    (owed,) = (await shop.charges.receivables(TENANT)).items
    assert (owed.amount, owed.reason) == (800, payment.failure)
