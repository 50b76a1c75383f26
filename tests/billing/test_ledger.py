"""Entries balance or are refused, holds are settled once: the pure rules."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.bookings import BANK, CLEARING, NOW, SESSION, TENANT, WALLET, entry, moving
from currant.billing import flows
from currant.billing.ledger import (
    Account,
    AccountKind,
    Entry,
    Hold,
    HoldSettled,
    HoldState,
    Leg,
    NotEnough,
    Standing,
    Unbalanced,
    after,
    balanced,
    captured_hold,
    changed_hold,
    checked,
    credit,
    debit,
    expired_hold,
    problem_of,
    reversed_entry,
    sums,
    voided_hold,
)
from currant.kit.errors import Invalid
from currant.kit.money import Money


def euros(minor_units: int) -> Money:
    return Money(minor_units=minor_units, currency="EUR")


HOLD = Hold(
    id="hold-1",
    tenant_id=TENANT,
    account=WALLET,
    amount=5000,
    source_type="session",
    source_id="session-1",
    placed_at=NOW,
    expires_at=NOW + timedelta(hours=1),
)


def test_an_entry_that_sums_to_nothing_can_be_booked() -> None:
    assert problem_of(moving("1", 3742, of=SESSION, to=CLEARING)) == ""


@pytest.mark.parametrize(
    ("legs", "why"),
    [
        ((debit(BANK, 5), credit(CLEARING, 4)), "add up to 1"),
        ((debit(BANK, 5),), "2 to 200 legs"),
        ((debit(BANK, 0), credit(CLEARING, 0)), "no amount"),
        ((debit(BANK, 10**16), credit(CLEARING, 10**16)), "no amount"),
        (
            (
                debit(BANK, 5),
                credit(BANK, 5),
                Leg(account=Account(kind=AccountKind.BANK, currency="eur"), amount=5),
            ),
            "no currency",
        ),
        (
            (
                debit(BANK, 5),
                credit(CLEARING, 5),
                debit(Account(kind=AccountKind.BANK, currency="INR"), 7),
                credit(Account(kind=AccountKind.REVENUE, currency="INR"), 7),
            ),
            "exchange",
        ),
    ],
)
def test_what_is_no_entry_is_refused_in_words(legs: tuple[Leg, ...], why: str) -> None:
    wrong = entry("1", *legs)
    with pytest.raises(Unbalanced, match=why):
        checked(wrong)


def test_an_entry_without_a_source_could_be_booked_twice_and_is_refused() -> None:
    assert "what it was booked for" in problem_of(entry("", debit(BANK, 5), credit(CLEARING, 5)))


def test_currencies_meet_on_their_exchange_accounts_alone() -> None:
    rupees = Money(minor_units=90_000, currency="INR")
    to = Account(kind=AccountKind.BANK, currency="INR")
    found = flows.exchanged("1", euros(1000), rupees, of=BANK, to=to, at=NOW, memo="90.00, central bank")
    assert problem_of(found) == ""
    assert sums(found.legs) == {"EUR": 0, "INR": 0}


def test_what_is_reversed_and_what_was_booked_come_to_nothing() -> None:
    first = moving("1", 3742, of=SESSION, to=CLEARING)
    back = reversed_entry(first, purpose="reversed", at=NOW)
    assert sorted((leg.account, -leg.amount) for leg in back.legs) == sorted(
        (leg.account, leg.amount) for leg in first.legs
    )


def test_a_session_of_5_euros_is_booked_from_beginning_to_end_as_it_is_worked_out() -> None:
    # 37.42 with 19 % inside: held 50.00, taken 37.42, paid out less a fee of 0.85.
    booked = [
        flows.recognised("c1", "s1", "EUR", net=3145, taxes={"DE/VAT": 597}, at=NOW),
        flows.captured("p1", "stripe", euros(3742), flows.session_account("s1", "EUR"), at=NOW),
        flows.fee_taken("p1", "stripe", euros(85), at=NOW),
        flows.paid_out("po1", "stripe", euros(3657), at=NOW),
        flows.host_share("c1", "host-1", euros(1000), at=NOW),
        flows.host_paid("hp1", "host-1", euros(1000), at=NOW),
    ]
    totals: dict[Account, int] = {}
    for each in booked:
        assert problem_of(each) == ""
        for leg in each.legs:
            totals[leg.account] = totals.get(leg.account, 0) + leg.amount
    left = {account.kind: amount for account, amount in totals.items() if amount}
    assert left == {
        AccountKind.BANK: 2657,
        AccountKind.PSP_FEES: 85,
        AccountKind.REVENUE: -3145,
        AccountKind.TAX_PAYABLE: -597,
        AccountKind.HOST_COST: 1000,
    }


amounts = st.integers(-(10**9), 10**9)


@given(net=amounts, tax=amounts, more_tax=amounts, gross=st.none() | amounts)
def test_recognising_and_crediting_come_to_nothing_whatever_the_signs(
    net: int, tax: int, more_tax: int, gross: int | None
) -> None:
    taxes = {"IN-KA/CGST": tax, "IN-KA/SGST": more_tax}
    booked = flows.recognised("c1", "s1", "INR", net=net, taxes=taxes, gross=gross, at=NOW)
    taken_back = flows.credited("c2", "s1", "INR", net=net, taxes=taxes, gross=gross, at=NOW)
    assert balanced(booked)
    assert balanced(taken_back)
    totals: dict[Account, int] = {}
    for leg in (*booked.legs, *taken_back.legs):
        totals[leg.account] = totals.get(leg.account, 0) + leg.amount
    assert not any(totals.values())


def each_flow() -> list[Entry]:
    some = euros(1234)
    owed = flows.receivable("account-1", "EUR")
    own = flows.wallet("account-1", "EUR")
    return [
        flows.captured("p", "stripe", some, owed, at=NOW),
        flows.topped_up("p", "stripe", some, "account-1", at=NOW),
        flows.refunded("p", "r", "stripe", some, owed, at=NOW),
        flows.refund_failed("p", "r", "stripe", some, owed, at=NOW),
        flows.disputed("p", "d", "stripe", some, owed, at=NOW),
        flows.dispute_won("p", "d", "stripe", some, owed, at=NOW),
        flows.fee_taken("p", "stripe", some, at=NOW),
        flows.paid_out("po", "stripe", some, 34, at=NOW),
        flows.received("bank_line", "b", some, owed, at=NOW),
        flows.recognised("c", "s", "EUR", net=1000, taxes={"DE/VAT": 190}, gross=1200, at=NOW),
        flows.credited("c2", "s", "EUR", net=1000, taxes={"DE/VAT": 190}, gross=1200, at=NOW),
        flows.moved("charge", "c", "moved", some, to=owed, of=own, at=NOW),
        flows.paid_from(own, "c", "s", 1234, at=NOW),
        flows.put_on_account("c", "s", "account-1", some, at=NOW),
        flows.promoted("c", "s", "SUMMER", some, at=NOW),
        flows.written_off("receivable", "r", some, owed, at=NOW),
        flows.host_share("c", "host", some, at=NOW),
        flows.host_paid("hp", "host", some, at=NOW),
        flows.roaming_sold("c", "DE*ABC", "EUR", net=1000, taxes={}, at=NOW),
        flows.roaming_bought("c", "DE*ABC", some, at=NOW),
        flows.partner_paid("pp", "DE*ABC", some, at=NOW),
        flows.adjusted("a", own, -500, "Counted wrong", at=NOW),
    ]


def test_every_flow_is_an_entry_that_can_be_booked() -> None:
    for each in each_flow():
        assert problem_of(each) == "", each.purpose


def test_no_two_flows_of_one_source_have_the_same_purpose() -> None:
    named = [(each.source_type, each.purpose) for each in each_flow()]
    # A top-up is a capture, into a wallet.
    named.remove(("payment", "captured"))
    assert len(named) == len(set(named))


def test_a_flow_of_nothing_has_no_legs() -> None:
    assert flows.host_share("c", "host", euros(0), at=NOW).legs == ()


def test_a_flow_in_the_wrong_currency_is_a_mistake_of_the_program() -> None:
    with pytest.raises(ValueError, match="INR"):
        flows.captured("p", "stripe", Money(minor_units=5, currency="INR"), flows.wallet("a", "EUR"), at=NOW)


def test_a_hold_of_50_taken_for_37_42_releases_12_58() -> None:
    settled = captured_hold(HOLD, 3742, NOW)
    assert (settled.state, settled.captured, settled.released) == (HoldState.CAPTURED, 3742, 1258)
    assert HOLD.released == 0


def test_a_hold_is_settled_once_and_the_same_again_changes_nothing() -> None:
    taken, free, lapsed = (
        captured_hold(HOLD, 1, NOW),
        voided_hold(HOLD, NOW),
        expired_hold(HOLD, HOLD.expires_at),
    )
    assert captured_hold(taken, 1, NOW + timedelta(1)) is taken
    assert voided_hold(free, NOW + timedelta(1)) is free
    assert voided_hold(lapsed, NOW) is lapsed
    assert expired_hold(taken, HOLD.expires_at) is taken
    for again in (
        lambda: captured_hold(taken, 2, NOW),
        lambda: voided_hold(taken, NOW),
        lambda: captured_hold(free, 1, NOW),
        lambda: captured_hold(lapsed, 1, NOW),
        lambda: changed_hold(taken, 1, HOLD.expires_at),
    ):
        with pytest.raises(HoldSettled):
            again()


def test_no_more_is_taken_than_is_held() -> None:
    for amount in (0, -1, 5001):
        with pytest.raises(Invalid):
            captured_hold(HOLD, amount, NOW)


def test_a_hold_lapses_when_its_time_is_over_and_not_before() -> None:
    assert expired_hold(HOLD, HOLD.expires_at - timedelta(microseconds=1)) is HOLD
    assert expired_hold(HOLD, HOLD.expires_at).state is HoldState.EXPIRED


def test_what_is_set_aside_cannot_be_spent() -> None:
    there = Standing(account=WALLET, balance=1000, held=700)
    assert after(there, balance=-300).available == 0
    with pytest.raises(NotEnough) as refused:
        after(there, balance=-301)
    assert refused.value.facts == {"available": 300, "needed": 301, "currency": "EUR"}


def test_a_credit_line_goes_below_nothing_as_far_as_its_limit_less_what_is_owed() -> None:
    line = Standing(account=flows.credit_line("account-1", "EUR"), balance=-100, limit=1000, owed=400)
    assert line.available == 500
    assert after(line, balance=-500).available == 0
    with pytest.raises(NotEnough):
        after(line, held=501)


def test_what_comes_in_is_welcome_where_too_much_was_used_before() -> None:
    lowered = Standing(account=flows.credit_line("account-1", "EUR"), balance=-900, limit=100)
    assert after(lowered, balance=300).available == -500
    with pytest.raises(NotEnough):
        after(lowered, balance=-1)
