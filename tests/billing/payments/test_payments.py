"""Payments from being asked for to the last refund: what is held, taken, given back, and booked."""

from datetime import timedelta
from typing import Any

import pytest
from till import (
    CALLED_BACK,
    CHALLENGED,
    DECLINED,
    DECLINED_LATER,
    GOOD,
    HOUR,
    KEY,
    OWNER,
    REFUND_FAILS,
    TENANT,
    Till,
    eur,
)

from currant.billing.ledger import AccountKind as A
from currant.billing.ledger import NotEnough
from currant.billing.payments.model import (
    ActionKind,
    CreditTo,
    DisputeState,
    MethodState,
    OperationState,
    OwnerKind,
    PaymentDraft,
    PaymentMode,
    PaymentOwner,
    PaymentState,
    PayWith,
)
from currant.billing.payments.port import Declined
from currant.billing.payments.providers import PaymentProviders, ProviderDraft
from currant.billing.payments.service import Payments
from currant.kit.errors import Conflict, Invalid, NotFound
from currant.kit.ids import SessionId, TenantId
from currant.kit.money import Money

S = PaymentState


async def test_a_hold_is_captured_exactly_and_the_rest_released(any_till: Till) -> None:
    till = any_till
    payment = await till.begin(amount=5000)
    assert payment.state is S.NEEDS_ACTION
    assert payment.next_action is not None
    assert payment.next_action.kind is ActionKind.REDIRECT
    payment = await till.pay(payment)
    assert (payment.state, payment.authorised, payment.method_label) == (S.AUTHORISED, 5000, "Visa •••• 4242")
    moved = await till.capture(payment, 3742)
    assert moved.operation.state is OperationState.DONE
    assert (moved.payment.state, moved.payment.captured) == (S.CAPTURED, 3742)
    assert await till.balance(A.PSP_CLEARING, "sandbox") == 3742
    assert await till.balance(A.SESSION, "session-1") == -3742
    payment = await till.settle(payment)
    assert await till.kinds(payment) == ["PaymentWaits", "PaymentAuthorised", "PaymentCaptured"]
    assert await till.entries(payment) == ["captured:0-3742"]


async def test_a_hold_grows_while_charging(till: Till) -> None:
    payment = await till.held(amount=2000)
    moved = await till.payments.increment(TENANT, payment.id, eur(5000), key="more")
    assert moved.payment.authorised == 5000
    assert (await till.capture(payment, 4711)).payment.captured == 4711


async def test_a_hold_that_is_not_needed_is_released_and_nothing_is_booked(till: Till) -> None:
    payment = await till.held()
    moved = await till.payments.void(TENANT, payment.id, key="no")
    assert moved.payment.state is S.VOIDED
    assert await till.entries(payment) == []
    assert (await till.kinds(payment))[-1] == "PaymentVoided"


async def test_capturing_nothing_releases_the_hold(till: Till) -> None:
    payment = await till.held()
    assert (await till.capture(payment, 0)).payment.state is S.VOIDED


async def test_a_declined_card_may_be_followed_by_a_better_one(till: Till) -> None:
    payment = await till.pay(await till.begin(), DECLINED)
    assert (payment.state, payment.failure) == (S.NEEDS_ACTION, "card_declined")
    payment = await till.pay(payment, GOOD)
    assert (payment.state, payment.failure) == (S.AUTHORISED, "")


async def test_a_bank_may_ask_its_customer_and_be_told_no(till: Till) -> None:
    payment = await till.pay(await till.begin(), CHALLENGED)
    assert payment.state is S.NEEDS_ACTION
    await till.sandbox.answer(payment.reference, yes=False)
    payment = await till.settle(payment)
    assert (payment.state, payment.failure) == (S.NEEDS_ACTION, "authentication_failed")
    await till.pay(payment, CHALLENGED)
    await till.sandbox.answer(payment.reference, yes=True)
    assert (await till.settle(payment)).state is S.AUTHORISED


async def test_only_test_numbers_are_ever_taken_by_the_sandbox(till: Till) -> None:
    payment = await till.begin()
    with pytest.raises(Declined, match="real cards are never taken"):
        await till.sandbox.present(payment.reference, "4111111111111111")


async def test_the_same_key_is_the_same_payment(till: Till) -> None:
    first = await till.begin(key="session-1/hold")
    again = await till.begin(key="session-1/hold")
    assert first.id == again.id
    with pytest.raises(Conflict, match="another payment"):
        await till.begin(amount=1, key="session-1/hold")
    other = await till.begin(key="session-1/hold", owner=PaymentOwner(kind=OwnerKind.DRIVER, id="driver-2"))
    assert other.id != first.id


async def test_the_same_key_captures_once_and_refunds_once(till: Till) -> None:
    payment = await till.held()
    for _ in range(3):
        moved = await till.capture(payment, 3000, key="end")
        assert moved.payment.captured == 3000
    for _ in range(3):
        assert (await till.refund(payment, 1000, key="a")).payment.refunded == 1000
    with pytest.raises(Conflict, match="another amount"):
        await till.refund(payment, 1001, key="a")
    assert await till.balance(A.PSP_CLEARING, "sandbox") == 2000


async def test_refunds_never_exceed_what_was_captured(till: Till) -> None:
    payment = await till.captured(3742)
    moved = await till.refund(payment, 742, key="a")
    assert moved.payment.state is S.PARTLY_REFUNDED
    with pytest.raises(Conflict, match="At most 3000"):
        await till.refund(payment, 3001, key="b")
    assert (await till.refund(payment, 3000, key="c")).payment.state is S.REFUNDED
    assert await till.balance(A.PSP_CLEARING, "sandbox") == 0
    assert await till.balance(A.SESSION, "session-1") == 0


async def test_a_refund_that_fails_comes_back_to_us(till: Till) -> None:
    payment = await till.captured(3000, card=REFUND_FAILS)
    assert (await till.refund(payment, 1000)).payment.refunded == 1000
    payment = await till.later(timedelta(minutes=1), payment)
    assert (payment.refunded, payment.state) == (0, S.CAPTURED)
    assert await till.balance(A.PSP_CLEARING, "sandbox") == 3000
    events = [facts["amount"] for kind, facts in await till.events(payment) if kind == "PaymentRefunded"]
    assert events == [1000, -1000]


@pytest.mark.parametrize("won", [True, False])
async def test_money_called_back_is_owed_until_the_dispute_is_won(till: Till, *, won: bool) -> None:
    payment = await till.captured(3000, card=CALLED_BACK)
    payment = await till.later(timedelta(minutes=1), payment)
    assert (payment.state, payment.refundable) == (S.DISPUTED, 0)
    assert await till.balance(A.PSP_CLEARING, "sandbox") == 0
    assert await till.balance(A.RECEIVABLE, OWNER.id) == 3000
    await till.sandbox.decide_dispute(payment.reference, won=won)
    payment = await till.settle(payment)
    assert payment.state is (S.CAPTURED if won else S.DISPUTED)
    assert payment.disputes[0].state is (DisputeState.WON if won else DisputeState.LOST)
    assert await till.balance(A.PSP_CLEARING, "sandbox") == (3000 if won else 0)
    assert await till.balance(A.RECEIVABLE, OWNER.id) == (0 if won else 3000)
    assert (await till.kinds(payment)).count("PaymentDisputed") == 2


async def test_a_top_up_ends_in_the_wallet(till: Till) -> None:
    payment = await till.pay(await till.begin(PaymentMode.TOP_UP, 2500))
    assert (payment.state, payment.credit_to) == (S.CAPTURED, CreditTo.WALLET)
    assert await till.balance(A.WALLET, OWNER.id) == -2500


async def test_a_top_up_that_was_spent_is_not_given_back_but_one_called_back_is_owed(till: Till) -> None:
    payment = await till.pay(await till.begin(PaymentMode.TOP_UP, 2500), CALLED_BACK)
    await till.spend(OWNER.id, 2000)
    with pytest.raises(NotEnough):
        await till.refund(payment, 501)
    await till.later(timedelta(minutes=1), payment)
    # What was left in the wallet goes, and the rest is owed: never less than nothing is in a wallet.
    assert await till.balance(A.WALLET, OWNER.id) == -2500 + 500
    assert await till.balance(A.RECEIVABLE, OWNER.id) == 2000


async def test_what_is_about_to_be_given_back_cannot_be_spent_meanwhile(any_till: Till) -> None:
    till = any_till
    payment = await till.pay(await till.begin(PaymentMode.TOP_UP, 2500))
    till.sandbox.loses.append("question")
    moved = await till.refund(payment, 2000)
    assert moved.operation.state is OperationState.INTENDED
    with pytest.raises(NotEnough):
        await till.spend(OWNER.id, 501)
    await till.spend(OWNER.id, 500)
    till.clock.advance(timedelta(minutes=2))
    await till.payments.reconcile()
    assert (await till.payments.get(TENANT, payment.id)).refunded == 2000
    assert await till.balance(A.WALLET, OWNER.id) == -500
    assert await till.balance(A.RECEIVABLE, OWNER.id) == 0


async def test_a_refund_that_the_provider_refuses_leaves_the_money_where_it_was(till: Till) -> None:
    payment = await till.pay(await till.begin(PaymentMode.TOP_UP, 2500))
    # Somebody refunds at the provider itself, and word of it has not come yet.
    provider = till.providers.of(TENANT, "sandbox")
    await provider.refund(payment.reference, eur(1000), key="by hand")
    moved = await till.refund(payment, 2000)
    assert (moved.operation.state, moved.operation.failure) == (OperationState.FAILED, "amount_too_large")
    assert moved.payment.refunded == 1000
    await till.spend(OWNER.id, 1500)


async def test_a_prepaid_sum_is_a_deposit_and_its_rest_goes_back(till: Till) -> None:
    inr = Money(minor_units=50_000, currency="INR")
    payment = await till.begin(PaymentMode.PREPAY, amount=inr, pay_with=PayWith.UPI_QR)
    assert payment.next_action is not None
    assert payment.next_action.url.startswith("upi://pay?")
    assert "am=500.00&cu=INR" in payment.next_action.url
    await till.sandbox.answer(payment.reference, yes=True)
    payment = await till.settle(payment)
    assert (payment.state, payment.credit_to, payment.credit_id) == (
        S.CAPTURED,
        CreditTo.DEPOSIT,
        payment.id,
    )
    rest = Money(minor_units=12_258, currency="INR")
    moved = await till.payments.refund(TENANT, payment.id, rest, key="rest")
    assert moved.payment.refunded == 12_258


async def test_an_upi_request_is_answered_in_the_payers_app(till: Till) -> None:
    inr = Money(minor_units=50_000, currency="INR")
    asked: dict[str, Any] = {"amount": inr, "pay_with": PayWith.UPI_COLLECT}
    yes = await till.begin(PaymentMode.PREPAY, **asked, upi_address="success@upi")
    no = await till.begin(PaymentMode.PREPAY, **asked, upi_address="failure@upi")
    assert yes.next_action is not None
    assert yes.next_action.kind is ActionKind.WAIT
    assert (await till.later(timedelta(seconds=5), yes)).state is S.CAPTURED
    no = await till.settle(no)
    assert (no.state, no.failure) == (S.FAILED, "payer_declined")
    assert (await till.kinds(no))[-1] == "PaymentFailed"


async def test_who_pays_after_the_time_was_over_gets_it_back(till: Till) -> None:
    inr = Money(minor_units=50_000, currency="INR")
    payment = await till.begin(
        PaymentMode.PREPAY, amount=inr, pay_with=PayWith.UPI_COLLECT, upi_address="late@upi"
    )
    till.clock.advance(timedelta(minutes=16))
    await till.payments.reconcile()
    payment = await till.payments.get(TENANT, payment.id)
    assert payment.state is S.VOIDED
    payment = await till.later(2 * HOUR, payment)
    assert (payment.state, payment.captured, payment.refunded) == (S.REFUNDED, 50_000, 50_000)
    late = [facts["late"] for kind, facts in await till.events(payment) if kind == "PaymentCaptured"]
    assert late == [True]


async def test_a_payer_who_does_nothing_is_given_up(till: Till) -> None:
    payment = await till.begin()
    till.clock.advance(timedelta(minutes=16))
    await till.payments.reconcile()
    payment = await till.payments.get(TENANT, payment.id)
    assert payment.state is S.VOIDED
    assert (await till.kinds(payment)) == ["PaymentWaits", "PaymentFailed"]
    with pytest.raises(Declined):
        await till.sandbox.present(payment.reference, GOOD)


async def test_a_hold_that_lapsed_cannot_be_captured_and_whoever_charges_is_told(till: Till) -> None:
    payment = await till.held()
    till.clock.advance(timedelta(days=8))
    # The provider knows before we do.
    till.sandbox.deliver = None
    await till.sandbox.tick()
    moved = await till.capture(payment, 3000)
    assert (moved.operation.state, moved.payment.state) == (OperationState.FAILED, S.EXPIRED)
    assert (await till.kinds(payment))[-1] == "PaymentFailed"
    assert await till.entries(payment) == []


async def test_a_stored_card_is_charged_without_its_holder(till: Till) -> None:
    method = await till.stored()
    assert (method.state, method.label, method.default) == (MethodState.ACTIVE, "Visa •••• 4242", True)
    payment = await till.begin(PaymentMode.POSTPAID, 1234, method_id=method.id)
    assert (payment.state, payment.captured) == (S.CAPTURED, 1234)
    held = await till.begin(PaymentMode.HOLD, 5000, method_id=method.id)
    assert held.state is S.AUTHORISED


async def test_a_stored_card_that_is_declined_fails_the_payment_at_once(till: Till) -> None:
    method = await till.stored(DECLINED_LATER)
    payment = await till.begin(PaymentMode.POSTPAID, 1234, method_id=method.id)
    assert (payment.state, payment.failure) == (S.FAILED, "card_declined")
    assert await till.kinds(payment) == ["PaymentFailed"]


async def test_a_card_that_is_stored_with_a_payment_can_be_charged_again(till: Till) -> None:
    payment = await till.pay(await till.begin(PaymentMode.TOP_UP, 2500, store_method=True))
    (method,) = await till.payments.methods.of(TENANT, OWNER)
    assert (method.id, method.label, method.default) == (payment.method_id, "Visa •••• 4242", True)
    again = await till.begin(PaymentMode.POSTPAID, 1234, method_id=method.id)
    assert again.state is S.CAPTURED
    await till.payments.refresh(TENANT, payment.id)
    assert len(await till.payments.methods.of(TENANT, OWNER)) == 1
    with pytest.raises(Invalid, match="anew"):
        await till.begin(store_method=True, method_id=method.id)


async def test_a_removed_method_is_charged_no_more_here_nor_there(till: Till) -> None:
    method = await till.stored()
    await till.payments.methods.remove(TENANT, method.id)
    with pytest.raises(Conflict, match="removed"):
        await till.begin(PaymentMode.POSTPAID, 1234, method_id=method.id)
    assert await till.payments.methods.of(TENANT, OWNER) == ()
    assert await till.payments.methods.usual(TENANT, OWNER) is None


async def test_nobody_charges_a_method_of_somebody_else(till: Till) -> None:
    method = await till.stored()
    stranger = PaymentOwner(kind=OwnerKind.DRIVER, id="driver-2")
    with pytest.raises(NotFound):
        await till.begin(PaymentMode.POSTPAID, 1234, method_id=method.id, owner=stranger)


async def test_the_first_method_is_taken_until_another_is_preferred(till: Till) -> None:
    first, second = await till.stored(), await till.stored("5555555555554444")
    assert [each.id for each in await till.payments.methods.of(TENANT, OWNER)] == [first.id, second.id]
    await till.payments.methods.prefer(TENANT, second.id)
    usual = await till.payments.methods.usual(TENANT, OWNER)
    assert usual is not None
    assert (usual.id, usual.default) == (second.id, True)


async def test_a_payment_for_a_session_that_begins_later_is_credited_to_it(till: Till) -> None:
    payment = await till.held(session_id=None)
    await till.payments.attach(TENANT, payment.id, SessionId("session-9"))
    await till.capture(payment, 1000)
    assert await till.balance(A.SESSION, "session-9") == -1000
    with pytest.raises(Conflict, match="another session"):
        await till.payments.attach(TENANT, payment.id, SessionId("session-8"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": eur(0)},
        {"amount": Money(minor_units=1, currency="euro")},
        {"within_s": 5},
        {"key": ""},
        {"pay_with": PayWith.UPI_COLLECT},
        {"pay_with": PayWith.TERMINAL},
        {"description": "x" * 201},
    ],
)
async def test_what_cannot_be_paid_is_turned_down_before_anybody_is_asked(
    till: Till, wrong: dict[str, object]
) -> None:
    with pytest.raises(Invalid):
        await till.begin(**wrong)  # type: ignore[arg-type]


async def test_nothing_is_held_by_upi(till: Till) -> None:
    with pytest.raises(Conflict, match="prepay"):
        await till.begin(PaymentMode.HOLD, pay_with=PayWith.UPI_QR)


async def test_a_provider_that_is_switched_off_takes_nothing_new_and_finishes_what_is_old(till: Till) -> None:
    payment = await till.held()
    await till.providers.put(TENANT, "sandbox", ProviderDraft(enabled=False), by="local")
    with pytest.raises(Conflict, match="switched off"):
        await till.begin()
    assert (await till.capture(payment, 100)).payment.captured == 100


async def test_another_organisation_has_neither_the_payment_nor_the_provider(till: Till) -> None:
    payment = await till.held()
    stranger = TenantId("tenant-2")
    with pytest.raises(NotFound):
        await till.payments.get(stranger, payment.id)
    with pytest.raises(NotFound):
        await till.payments.capture(stranger, payment.id, eur(1), key="x")
    draft = PaymentDraft(mode=PaymentMode.HOLD, amount=eur(1), owner=OWNER, key="x")
    with pytest.raises(Conflict, match="No payment provider"):
        await till.payments.begin(stranger, draft)


async def test_what_the_provider_booked_adds_up_with_what_we_booked(till: Till) -> None:
    for amount in (1000, 2000, 3000):
        await till.captured(amount)
    await till.refund(await till.captured(500), 200)
    page = await till.payments.balance(TENANT, "sandbox", since=till.clock.now() - HOUR)
    assert sum(line.gross for line in page.lines) == await till.balance(A.PSP_CLEARING, "sandbox") == 6300
    fees = sum(line.fee for line in page.lines)
    assert fees == (14 + 25) + (28 + 25) + (42 + 25) + (7 + 25)
    till.clock.advance(timedelta(days=2))
    await till.sandbox.tick()
    page = await till.payments.balance(TENANT, "sandbox", since=till.clock.now() - 72 * HOUR)
    payout = page.lines[-1]
    assert (payout.kind.value, payout.net) == ("payout", -(6300 - fees))
    assert {line.payout_reference for line in page.lines} == {payout.reference}


async def test_keys_that_cannot_be_opened_any_more_stop_payments_and_not_the_server(till: Till) -> None:
    payment = await till.held()
    other = PaymentProviders(till.database, till.clock, [till.sandbox.kind()], key=b"another key" * 3)
    await other.start()
    (shown,) = other.list(TENANT)
    assert (shown.enabled, shown.secrets) == (False, ())
    with pytest.raises(Conflict, match="set its keys again"):
        other.of(TENANT, "sandbox")
    payments = Payments(till.database, other, till.clock)
    moved = await payments.capture(TENANT, payment.id, eur(1000), key="end")
    assert moved.operation.state is OperationState.INTENDED
    # With the keys back, what was asked meanwhile is done.
    till.clock.advance(timedelta(minutes=2))
    await till.payments.reconcile()
    assert (await till.payments.get(TENANT, payment.id)).captured == 1000


async def test_an_address_without_a_server_is_made_whole_for_other_companies(till: Till) -> None:
    kinds = [till.sandbox.kind()]
    known = PaymentProviders(till.database, till.clock, kinds, key=KEY, public_url="https://csms.example/")
    assert known.absolute("/charge/1") == "https://csms.example/charge/1"
    assert till.providers.absolute("/charge/1") == ""
    assert till.providers.absolute("https://shop.example/back") == "https://shop.example/back"
