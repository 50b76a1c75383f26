"""Documents from charges: lines, taxes by rate, sums, and what they must share to be one document."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.billing.making import INDIAN, SWISS, TENANT, charge, decided, entity, profile

from currant.billing.documents.billable import HomeCharge, Share, month_of
from currant.billing.documents.chain import FIRST, ChainCheck, adds_up, sealed
from currant.billing.documents.composing import (
    credit_of,
    grouped,
    of_charges,
    parted,
    reimbursement,
    self_bill,
    unit_price,
)
from currant.billing.documents.model import Document, DocumentKind, Draft
from currant.billing.documents.words import _WORDS, LANGUAGES, word
from currant.billing.entities_model import Split
from currant.billing.tax.model import Customer, CustomerKind
from currant.kit.clock import instant
from currant.kit.errors import Invalid
from currant.kit.ids import DocumentId, TokenId
from currant.pricing.model import LineKind


def issued(draft: Draft, *, sequence: int = 1, previous: str = FIRST) -> Document:
    facts = {name: getattr(draft, name) for name in Draft.__struct_fields__}
    return sealed(
        Document(
            **facts,
            id=DocumentId(f"document-{sequence}"),
            tenant_id=TENANT,
            series="main",
            fiscal_year="2026",
            sequence=sequence,
            number=f"2026-{sequence}",
            issued_at=instant(1_780_000_000_000_000),
            issue_date=date(2026, 6, 1),
            previous_hash=previous,
        )
    )


def test_an_invoice_has_the_lines_of_its_charges_and_tax_by_rate() -> None:
    seller = entity()
    decision = decided(seller)
    charges = [charge(decision, kwh="0.733", price="0.45", number=at) for at in range(3)]
    invoice = of_charges(charges, seller, profile(), kind=DocumentKind.INVOICE)
    assert [line.net for line in invoice.lines] == [33, 33, 33]
    [tax] = invoice.taxes
    # Three times 0.06 by charge, and 0.19 by rate.
    assert (sum(each.tax for each in charges), tax.amount, tax.base) == (18, 19, 99)
    assert (invoice.net, invoice.gross, invoice.due) == (99, 118, 118)


def test_a_receipt_over_what_was_paid_leaves_nothing_to_pay() -> None:
    seller = entity()
    receipt = of_charges([charge(decided(seller), paid=True)], seller, None, kind=DocumentKind.RECEIPT)
    assert (receipt.gross, receipt.prepaid, receipt.rounding, receipt.due) == (1078, 1078, 0, 0)
    assert receipt.buyer.name == "Gast"


def test_a_cent_between_charges_and_rate_is_the_rounding_of_what_is_paid() -> None:
    seller = entity()
    decision = decided(seller)
    charges = [charge(decision, kwh="0.733", price="0.45", number=at, paid=True) for at in range(9)]
    statement = of_charges(charges, seller, profile(), kind=DocumentKind.INVOICE)
    assert (statement.tax, sum(each.tax for each in charges)) == (56, 54)
    assert (statement.rounding, statement.due) == (-2, 0)


def test_what_is_owed_in_india_is_whole_rupees() -> None:
    seller = entity(INDIAN)
    decision = decided(seller, site="IN", state="KA")
    bill = charge(decision, kwh="11.05", price="18.0588", currency="INR")
    invoice = of_charges([bill], seller, None, kind=DocumentKind.INVOICE)
    assert [(tax.name, tax.amount) for tax in invoice.taxes] == [("CGST", 1796), ("SGST", 1796)]
    assert (invoice.net, invoice.gross) == (19955, 23547)
    assert (invoice.rounding, invoice.due) == (-47, 23500)


def test_what_is_owed_in_switzerland_is_a_multiple_of_five() -> None:
    seller = entity(SWISS)
    bill = charge(decided(seller, site="CH"), kwh="10.01", price="0.51", currency="CHF")
    invoice = of_charges([bill], seller, None, kind=DocumentKind.INVOICE)
    assert invoice.due % 5 == 0
    assert abs(invoice.rounding) <= 2


def test_what_is_outside_of_vat_or_another_office_s_has_a_document_of_its_own() -> None:
    seller = entity()
    german, austrian = decided(seller), decided(seller, site="AT")
    foreign = decided(
        seller, Customer(kind=CustomerKind.TAXABLE_DEALER, country="CH", tax_id="CHE107787577MWST")
    )
    groups = grouped([charge(german), charge(austrian), charge(german), charge(foreign)])
    assert [len(members) for members in groups.values()] == [2, 1, 1]
    assert [group.jurisdiction for group in groups] == ["DE", "AT", "DE"]


def test_long_invoices_are_split_and_no_charge_is_torn() -> None:
    decision = decided(entity())
    charges = [charge(decision, minutes="7", number=at) for at in range(5)]
    assert [len(part) for part in parted(charges, lines_max=5)] == [2, 2, 1]


def test_lines_stand_by_cost_centre_then_vehicle_then_driver() -> None:
    seller = entity()
    decision = decided(seller)
    splits = {
        TokenId("a"): Split(cost_centre="20 Vertrieb", vehicle="B-XY 2"),
        TokenId("b"): Split(cost_centre="10 Service", vehicle="B-XY 9", driver="Ada"),
        TokenId("c"): Split(cost_centre="10 Service", vehicle="B-XY 1"),
    }
    fleet = profile(splits=splits)
    charges = [charge(decision, token=token, number=at) for at, token in enumerate("abcab")]
    invoice = of_charges(charges, seller, fleet, kind=DocumentKind.INVOICE)
    assert [line.vehicle for line in invoice.lines] == ["B-XY 1", "B-XY 9", "B-XY 9", "B-XY 2", "B-XY 2"]
    summed = of_charges(charges, seller, fleet, kind=DocumentKind.INVOICE, by_session=False)
    assert [(line.vehicle, line.quantity) for line in summed.lines] == [
        ("B-XY 1", Decimal("20.125")),
        ("B-XY 9", Decimal("40.250")),
        ("B-XY 2", Decimal("40.250")),
    ]
    assert (summed.net, summed.tax) == (invoice.net, invoice.tax)


def test_reverse_charge_says_why_there_is_no_tax() -> None:
    seller = entity()
    dealer = Customer(kind=CustomerKind.TAXABLE_DEALER, country="NL", tax_id="NL004495445B01")
    invoice = of_charges(
        [charge(decided(seller, dealer))], seller, profile(country="NL"), kind=DocumentKind.INVOICE
    )
    [tax] = invoice.taxes
    assert (tax.category, tax.amount, tax.reason_code) == ("AE", 0, "VATEX-EU-AE")
    assert tax.reason == word("reverse_charge", "de") == invoice.notes[0]


def test_more_credits_than_charges_make_a_credit_note() -> None:
    seller = entity()
    decision = decided(seller)
    credits = [charge(decision, kwh="40", sign=-1), charge(decision, kwh="10")]
    note = of_charges(credits, seller, profile(), kind=DocumentKind.INVOICE)
    assert note.kind is DocumentKind.CREDIT_NOTE
    assert (note.net, note.gross) == (1350, 1607)
    assert all(line.unit_price >= 0 for line in note.lines)


def test_a_credit_note_gives_back_every_head_to_the_cent() -> None:
    seller = entity(INDIAN)
    decision = decided(seller, site="IN", state="KA")
    invoice = issued(
        of_charges(
            [charge(decision, kwh="11.05", price="18.0588", currency="INR")],
            seller,
            None,
            kind=DocumentKind.INVOICE,
        )
    )
    note = credit_of(invoice, reason="Zähler defekt")
    assert [tax.amount for tax in note.taxes] == [tax.amount for tax in invoice.taxes]
    assert (note.gross, note.due) == (invoice.gross, invoice.due)
    assert note.preceding is not None
    assert (note.preceding.number, note.notes[-1]) == ("2026-1", "Zähler defekt")


def test_some_lines_are_credited_by_their_numbers() -> None:
    seller = entity()
    charges = [charge(decided(seller), minutes="30")]
    invoice = issued(of_charges(charges, seller, profile(), kind=DocumentKind.INVOICE))
    note = credit_of(invoice, [2])
    assert ([line.kind for line in note.lines], note.gross) == ([LineKind.IDLE_FEE], 357)
    with pytest.raises(Invalid, match="Name lines"):
        credit_of(invoice, [3])
    with pytest.raises(Invalid, match="not credited"):
        credit_of(issued(note), None)


def test_a_host_sells_and_we_buy_on_a_self_billed_invoice() -> None:
    seller = entity()
    host = profile("Hotel Post", owner="host:1")
    share = Share(name="", quantity=Decimal("812.5"), net=9750, heads=decided(seller).heads)
    bill = self_bill([share], seller, host, decided(seller), currency="EUR", period=month_of(2026, 5))
    assert (bill.seller.name, bill.buyer.name) == ("Hotel Post", "Strom & Rad GmbH")
    assert (bill.gross, bill.lines[0].unit_price) == (11603, Decimal("0.1200"))
    assert credit_of(issued(bill)).self_billed


def test_home_charging_is_given_back_without_tax_and_rounded_once() -> None:
    nights = [HomeCharge(kwh=Decimal("1.01"), on=date(2026, 5, day)) for day in range(1, 11)]
    statement = reimbursement(
        nights,
        entity(),
        profile("Ada", owner="driver:1"),
        price_per_kwh=Decimal("0.34"),
        flat_rate=True,
        currency="EUR",
        period=month_of(2026, 5),
    )
    # 10.1 kWh x 0.34 = 3.434; each night by itself would make 3.40.
    assert (statement.gross, statement.tax) == (343, 0)
    assert {line.net for line in statement.lines} == {34, 35}
    assert "Strompreispauschale" in statement.lines[0].name


def test_a_chain_tells_what_was_done_to_it() -> None:
    seller = entity()
    drafts = [
        of_charges([charge(decided(seller), number=at)], seller, None, kind=DocumentKind.INVOICE)
        for at in range(4)
    ]
    documents: list[Document] = []
    for at, draft in enumerate(drafts, start=1):
        documents.append(issued(draft, sequence=at, previous=documents[-1].hash if documents else FIRST))

    def findings(seen: list[Document], last: int = 4) -> set[str]:
        check = ChainCheck()
        for each in seen:
            check.see(each)
        check.end(last)
        return {finding.code for finding in check.findings}

    assert findings(documents) == set()
    cheaper = Document(
        **{
            **{name: getattr(documents[1], name) for name in Document.__struct_fields__},
            "gross": 1,
        }
    )
    assert findings([documents[0], cheaper, *documents[2:]]) == {"changed", "sums"}
    assert findings([documents[0], sealed(cheaper), *documents[2:]]) == {"sums", "not_linked"}
    assert findings([documents[0], *documents[2:]]) == {"gap", "not_linked"}
    assert findings(documents[:3]) == {"gap"}


def test_every_word_is_said_in_every_language() -> None:
    for code, row in _WORDS.items():
        assert len(row) == len(LANGUAGES), code
        assert all(row), code


@settings(max_examples=200, deadline=None)
@given(
    st.integers(1, 10_000_000),
    st.decimals("0.001", "5000", places=3),
)
def test_quantity_times_price_is_the_amount_of_the_line(net: int, quantity: Decimal) -> None:
    price = unit_price(net, quantity, "EUR")
    assert abs(price * quantity - Decimal(net) / 100) < Decimal("0.005")


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.decimals("0.01", "120", places=2), st.sampled_from([1, -1]), st.booleans()),
        min_size=1,
        max_size=8,
    ),
    st.sampled_from(["DE", "AT", "FI"]),
)
def test_documents_always_add_up(drawn: list[tuple[Decimal, int, bool]], site: str) -> None:
    seller = entity()
    decision = decided(seller, site=site)
    charges = [
        charge(decision, kwh=str(kwh), sign=sign, paid=paid, number=at)
        for at, (kwh, sign, paid) in enumerate(drawn)
    ]
    draft = of_charges(charges, seller, profile(), kind=DocumentKind.INVOICE)
    assert adds_up(issued(draft))
    sign = -1 if draft.kind is DocumentKind.CREDIT_NOTE else 1
    paid = sum(each.paid for each in charges)
    assert draft.due == sign * (sum(each.gross for each in charges) - paid) + (
        draft.rounding + sign * (sign * draft.gross - sum(each.gross for each in charges))
    )
