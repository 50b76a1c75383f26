"""How a payment moves: in any order of news, the same payment; and what may be asked of it."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from currant.billing.payments import machine
from currant.billing.payments.machine import EffectKind, effects, joined
from currant.billing.payments.model import (
    CreditTo,
    Dispute,
    DisputeState,
    Operation,
    OperationKind,
    OwnerKind,
    Payment,
    PaymentMode,
    PaymentOwner,
    PaymentState,
    Refund,
    RefundState,
)
from currant.billing.payments.port import Standing
from currant.kit.errors import Conflict, Invalid
from currant.kit.ids import PaymentId, TenantId
from currant.kit.money import Money

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
S = PaymentState


def a_payment(**more: object) -> Payment:
    values = {
        "id": PaymentId("p1"),
        "tenant_id": TenantId("t1"),
        "provider": "sandbox",
        "mode": PaymentMode.HOLD,
        "amount": 5000,
        "currency": "EUR",
        "owner": PaymentOwner(kind=OwnerKind.DRIVER, id="d1"),
        "credit_to": CreditTo.SESSION,
        "credit_id": "s1",
        "created_at": NOW,
        "changed_at": NOW,
    }
    return Payment(**(values | more))  # type: ignore[arg-type]


def seen(state: PaymentState, **more: object) -> Standing:
    return Standing(**({"reference": "r1", "state": state, "currency": "EUR"} | more))  # type: ignore[arg-type]


# One life of a payment as its provider tells it, from asking to a dispute that was won.
REFUNDED = Refund(reference="f1", amount=1000, state=RefundState.PENDING)
LIFE = (
    seen(S.CREATED),
    seen(S.NEEDS_ACTION, failure="card_declined"),
    seen(S.AUTHORISED, authorised=5000),
    seen(S.AUTHORISED, authorised=8000),
    seen(S.CAPTURED, authorised=8000, captured=3742),
    seen(S.CAPTURED, authorised=8000, captured=3742, refunds=(REFUNDED,)),
    seen(
        S.CAPTURED,
        authorised=8000,
        captured=3742,
        refunds=(replace(REFUNDED, state=RefundState.SUCCEEDED),),
        disputes=(Dispute(reference="d1", amount=2742, state=DisputeState.OPEN),),
    ),
    seen(
        S.CAPTURED,
        authorised=8000,
        captured=3742,
        refunds=(replace(REFUNDED, state=RefundState.SUCCEEDED),),
        disputes=(Dispute(reference="d1", amount=2742, state=DisputeState.WON),),
    ),
)


def after(standings: tuple[Standing, ...] | list[Standing]) -> Payment:
    payment = a_payment()
    for each in standings:
        payment = joined(payment, each, now=NOW)
    return payment


@settings(max_examples=150)
@given(
    st.lists(st.sampled_from(LIFE), max_size=12).flatmap(
        lambda news: st.tuples(st.just(news), st.permutations(news + news))
    )
)
def test_late_and_repeated_news_end_at_the_same_payment(news: tuple[list[Standing], list[Standing]]) -> None:
    once, mixed = after(news[0]), after(news[1])
    assert (once.state, once.authorised, once.captured, once.refunds, once.disputes) == (
        mixed.state,
        mixed.authorised,
        mixed.captured,
        mixed.refunds,
        mixed.disputes,
    )


@settings(max_examples=150)
@given(st.permutations(LIFE))
def test_whatever_the_order_each_effect_is_there_once_and_sums_are_right(news: list[Standing]) -> None:
    payment, told = a_payment(), []
    for each in [*news, *news]:
        moved = joined(payment, each, now=NOW)
        told += effects(payment, moved)
        payment = moved
    assert sum(each.amount for each in told if each.kind is EffectKind.CAPTURED) == 3742
    assert sum(each.amount for each in told if each.kind is EffectKind.REFUNDED) == 1000
    purposes = [each.purpose for each in told if each.purpose]
    assert len(purposes) == len(set(purposes))
    assert payment.state is S.PARTLY_REFUNDED


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (seen(S.VOIDED, authorised=5000), seen(S.AUTHORISED, authorised=5000)),
        (seen(S.AUTHORISED, authorised=5000), seen(S.NEEDS_ACTION)),
        (seen(S.AUTHORISED, authorised=5000), seen(S.FAILED)),
        (seen(S.EXPIRED, authorised=5000), seen(S.AUTHORISED, authorised=5000)),
        (seen(S.CAPTURED, authorised=5000, captured=5000), seen(S.VOIDED)),
        (seen(S.CAPTURED, authorised=5000, captured=5000), seen(S.FAILED)),
    ],
)
def test_an_earlier_state_that_comes_late_undoes_nothing(first: Standing, then: Standing) -> None:
    payment = after([first])
    assert joined(payment, then, now=NOW + timedelta(hours=1)).state is payment.state


def test_a_payer_whose_first_card_failed_may_pay_with_another() -> None:
    payment = after([seen(S.NEEDS_ACTION, failure="card_declined", failure_text="The card was declined.")])
    assert payment.failure == "card_declined"
    payment = joined(payment, seen(S.AUTHORISED, authorised=5000), now=NOW)
    assert (payment.state, payment.failure, payment.failure_text) == (S.AUTHORISED, "", "")


def test_news_of_another_payment_or_currency_are_a_mistake() -> None:
    payment = after([seen(S.CREATED)])
    with pytest.raises(ValueError, match="r2"):
        joined(payment, replace(seen(S.CREATED), reference="r2"), now=NOW)
    with pytest.raises(ValueError, match="USD"):
        joined(payment, replace(seen(S.CREATED), currency="USD"), now=NOW)


def test_a_refund_that_failed_counts_no_more_and_says_so_once() -> None:
    paid = after([seen(S.CAPTURED, authorised=5000, captured=5000, refunds=(REFUNDED,))])
    assert (paid.refunded, paid.refundable) == (1000, 4000)
    failed = seen(
        S.CAPTURED,
        authorised=5000,
        captured=5000,
        refunds=(replace(REFUNDED, state=RefundState.FAILED),),
    )
    back = joined(paid, failed, now=NOW)
    assert (back.refunded, back.state) == (0, S.CAPTURED)
    assert [each.kind for each in effects(paid, back)] == [EffectKind.REFUND_FAILED]
    assert effects(back, joined(back, failed, now=NOW)) == ()


def test_a_dispute_withholds_until_it_is_won() -> None:
    for state, expected, refundable in (
        (DisputeState.INQUIRY, S.CAPTURED, 5000),
        (DisputeState.OPEN, S.DISPUTED, 2000),
        (DisputeState.LOST, S.DISPUTED, 2000),
        (DisputeState.WON, S.CAPTURED, 5000),
    ):
        dispute = Dispute(reference="d1", amount=3000, state=state)
        payment = after([seen(S.CAPTURED, authorised=5000, captured=5000, disputes=(dispute,))])
        assert (payment.state, payment.refundable) == (expected, refundable)


def an_operation(kind: OperationKind, amount: int = 100) -> Operation:
    return Operation(
        id="o1",
        tenant_id=TenantId("t1"),
        payment_id=PaymentId("p1"),
        kind=kind,
        amount=amount,
        key="k",
        created_at=NOW,
        next_at=NOW,
    )


HELD = after([seen(S.AUTHORISED, authorised=5000)])
PAID = after([seen(S.CAPTURED, authorised=5000, captured=5000)])


def eur(minor_units: int) -> Money:
    return Money(minor_units=minor_units, currency="EUR")


def test_no_more_is_captured_than_was_held_and_only_once() -> None:
    machine.check_capture(HELD, eur(5000), ())
    with pytest.raises(Invalid, match="At most"):
        machine.check_capture(HELD, eur(5001), ())
    with pytest.raises(Invalid, match="more than nothing"):
        machine.check_capture(HELD, eur(0), ())
    with pytest.raises(Invalid, match="EUR"):
        machine.check_capture(HELD, Money(minor_units=1, currency="USD"), ())
    with pytest.raises(Conflict, match="captured"):
        machine.check_capture(PAID, eur(1), ())
    for kind in (OperationKind.CAPTURE, OperationKind.VOID, OperationKind.INCREMENT):
        with pytest.raises(Conflict, match="has not answered"):
            machine.check_capture(HELD, eur(1), (an_operation(kind),))


def test_a_hold_is_raised_only_upwards_and_released_only_while_it_is_one() -> None:
    machine.check_increment(HELD, eur(5001), ())
    with pytest.raises(Invalid, match="more than is held"):
        machine.check_increment(HELD, eur(5000), ())
    machine.check_void(HELD, ())
    with pytest.raises(Conflict, match="Refund it instead"):
        machine.check_void(PAID, ())


def test_refunds_on_their_way_count_against_what_can_be_refunded() -> None:
    machine.check_refund(PAID, eur(5000), ())
    machine.check_refund(PAID, eur(4000), (an_operation(OperationKind.REFUND, 1000),))
    with pytest.raises(Conflict, match="At most 4000"):
        machine.check_refund(PAID, eur(4001), (an_operation(OperationKind.REFUND, 1000),))
    with pytest.raises(Conflict, match="At most 0"):
        machine.check_refund(HELD, eur(1), ())


@pytest.mark.parametrize(
    ("mode", "state", "minutes", "late"),
    [
        (PaymentMode.HOLD, S.AUTHORISED, 14, False),
        (PaymentMode.HOLD, S.AUTHORISED, 16, False),
        (PaymentMode.HOLD, S.AUTHORISED, 18, True),
        (PaymentMode.PREPAY, S.CAPTURED, 18, True),
        (PaymentMode.TOP_UP, S.CAPTURED, 18, False),
        (PaymentMode.POSTPAID, S.CAPTURED, 18, False),
        (PaymentMode.HOLD, S.NEEDS_ACTION, 18, False),
    ],
)
def test_money_for_what_was_given_up_is_late(
    mode: PaymentMode, state: PaymentState, minutes: int, late: bool
) -> None:
    before = a_payment(mode=mode, abandon_at=NOW + timedelta(minutes=15))
    taken = 5000 if state is S.CAPTURED else 0
    held = 5000 if state is not S.NEEDS_ACTION else 0
    now = joined(before, seen(state, authorised=held, captured=taken), now=NOW)
    assert machine.is_late(before, now, now=NOW + timedelta(minutes=minutes)) is late


def test_money_for_what_was_released_is_late_at_any_time() -> None:
    before = after([seen(S.VOIDED)])
    now = joined(before, seen(S.CAPTURED, authorised=5000, captured=5000), now=NOW)
    assert machine.is_late(before, now, now=NOW)


def test_a_waiting_payer_is_asked_after_less_and_less_often_and_at_the_end_of_their_time() -> None:
    waits = a_payment(reference="r1", state=S.NEEDS_ACTION, abandon_at=NOW + timedelta(minutes=15))
    times = list(
        itertools.accumulate(range(20), lambda at, _: machine.next_look(waits, now=at) or at, initial=NOW)
    )
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert gaps[0] == timedelta(seconds=20)
    assert NOW + timedelta(minutes=15) in times
    assert machine.next_look(PAID, now=NOW) is None
