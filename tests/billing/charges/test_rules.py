"""What is decided about charges, as pure rules: who pays, what a refund takes off, what a credit undoes."""

from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from charging.made import at
from currant.billing.charges.model import AccountTerms, PayerKind, PaysBy
from currant.billing.charges.payers import Known, Usual, payer_of, reasons_to_review
from currant.billing.charges.settling import reduced_bill
from currant.kit.ids import AccountId, PaymentId, TariffVersionId, TenantId
from currant.pricing.bills import bill_of, credited
from currant.pricing.charge import Bill
from currant.pricing.rating import rate
from currant.pricing.taxing import TaxRates
from currant.pricing.timeline import Doing, Span, Timeline
from pricing.made import energy, flat, prices, time

ACCOUNT = AccountId("ada")


def known(**more: object) -> Known:
    return Known(**{"gross": 800, "account_id": ACCOUNT, **more})  # type: ignore[arg-type]


def terms(pays_by: PaysBy | None, **more: str) -> AccountTerms:
    return AccountTerms(tenant_id=TenantId("tenant"), account_id=ACCOUNT, pays_by=pays_by, **more)


@pytest.mark.parametrize(
    ("who", "pays"),
    [
        (known(payment_id=PaymentId("p"), terms=terms(PaysBy.WALLET)), PayerKind.CARD),
        (known(settled_by_terminal=True, payment_id=PaymentId("p")), PayerKind.TERMINAL),
        (known(terms=terms(PaysBy.WALLET)), PayerKind.WALLET),
        (known(terms=terms(PaysBy.CARD, method_id="m")), PayerKind.CARD),
        # One that is to pay by card and has none gets an invoice.
        (known(terms=terms(PaysBy.CARD)), PayerKind.ACCOUNT_INVOICE),
        (known(terms=terms(PaysBy.FREE)), PayerKind.FREE),
        (known(terms=terms(None)), PayerKind.ACCOUNT_INVOICE),
        (known(), PayerKind.ACCOUNT_INVOICE),
        (known(partner="them"), PayerKind.ROAMING),
        (known(gross=0), PayerKind.FREE),
        # A hold is let go of by whoever would have been paid by it.
        (known(gross=0, payment_id=PaymentId("p")), PayerKind.CARD),
        (known(account_id=None, token_kind="keyless"), PayerKind.FREE),
        (known(account_id=None, token_kind="rfid"), PayerKind.NOBODY),
    ],
)
def test_what_was_agreed_for_the_session_goes_before_what_is_usual(who: Known, pays: PayerKind) -> None:
    assert payer_of(who, Usual()).kind is pays


def test_open_charging_is_free_only_where_it_is_said_to_be() -> None:
    nobody = known(account_id=None, token_kind="keyless")
    assert payer_of(nobody, Usual(open_is_free=False)).kind is PayerKind.NOBODY


def test_a_person_looks_at_what_is_odd_and_not_at_what_costs_nothing() -> None:
    def reasons(**more: object) -> tuple[str, ...]:
        usual = {
            "certain": True,
            "authorised": True,
            "repairs": (),
            "uncertain": frozenset({"zombie_closed"}),
            "payer": payer_of(known(), Usual()),
            "gross": 800,
            "most": None,
        }
        return reasons_to_review(**{**usual, **more})  # type: ignore[arg-type]

    assert reasons() == ()
    odd = {"certain": False, "repairs": ("zombie_closed", "sequence_gap")}
    assert reasons(**odd) == ("zombie_closed",)
    assert reasons(**odd, gross=0) == ()
    assert reasons(authorised=False) == ("not_authorised",)
    assert reasons(most=700) == ("large_amount",)
    assert reasons(held_back="evidence_failed") == ("evidence_failed",)


@st.composite
def bills(draw: st.DrawFn) -> Bill:
    """Bills of one session with one or two rates of tax."""
    first, second = draw(st.sampled_from([("19", "19"), ("19", "7"), ("0", "19"), (None, "25")]))
    priced = prices(
        energy(str(draw(st.decimals("0", "1", places=3))), tax=first),
        time(str(draw(st.decimals("0", "3", places=2))), tax=second),
        flat(str(draw(st.decimals("0", "2", places=2))), tax=second),
    )
    span = Span(begin=at(0), end=at(50), doing=Doing.CHARGING, energy_wh=draw(st.integers(500, 60_000)))
    rated = rate(Timeline(zone="UTC", spans=(span,)), priced, version_id=TariffVersionId("v"))
    return bill_of(rated, TaxRates(by_tariff=True))


@given(bills(), st.integers(1, 20_000))
def test_a_refund_takes_off_exactly_its_sum_and_every_part_still_adds_up(bill: Bill, amount: int) -> None:
    assume(amount <= bill.gross)
    less = reduced_bill(bill, amount)
    assert less.gross == bill.gross - amount
    assert less.net + less.tax == less.gross
    assert sum(line.net for line in less.lines) == less.net
    assert sum(part.amount for part in less.taxes) == less.tax
    assert less.net >= 0
    for part in less.taxes:
        # Within a unit for each time that something was rounded.
        assert abs(Decimal(part.base) * part.percent / 100 - part.amount) <= 2


@given(bills())
def test_a_credit_undoes_a_bill_head_by_head(bill: Bill) -> None:
    undone = credited(bill)
    assert (bill.net + undone.net, bill.tax + undone.tax, bill.gross + undone.gross) == (0, 0, 0)
    assert [part.amount + other.amount for part, other in zip(bill.taxes, undone.taxes, strict=True)] == [
        0
    ] * len(bill.taxes)


def test_no_more_than_a_bill_can_be_given_back() -> None:
    span = Span(begin=at(0), end=at(60), doing=Doing.CHARGING, energy_wh=10_000)
    rated = rate(Timeline(zone="UTC", spans=(span,)), prices(energy("0.50")))
    bill = bill_of(rated, TaxRates())
    for amount in (0, -1, bill.gross + 1):
        with pytest.raises(ValueError, match="given back"):
            reduced_bill(bill, amount)
