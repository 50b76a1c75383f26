"""Structured invoices before the official rules: no error in any tax case, and errors where there is something wrong."""

import re

import msgspec
import pytest
from lxml import etree
from tests.billing.einvoices.official import (
    CII_RULES,
    UBL_RULES,
    all_errors,
    national_errors,
    peppol_errors,
    rule_errors,
)
from tests.billing.einvoices.papers import issued, tax_cases
from tests.billing.making import INDIAN, charge, decided, entity

from currant.billing.documents.composing import of_charges
from currant.billing.documents.model import Document, DocumentKind
from currant.billing.einvoices import cii, ubl
from currant.billing.einvoices.semantics import NotAnEInvoice, Profile

CASES = tax_cases()
NOT_FACTUR_X = "FX-SCH-A-000556: Value of 'ram:ID' is not allowed."


@pytest.mark.parametrize("name", CASES)
def test_cii_of_every_tax_case_has_no_error(name: str) -> None:
    assert all_errors(cii.written(CASES[name])) == []


@pytest.mark.parametrize("name", CASES)
def test_ubl_of_every_tax_case_has_no_error(name: str) -> None:
    assert all_errors(ubl.written(CASES[name])) == []


@pytest.mark.parametrize("name", CASES)
def test_xrechnung_of_every_tax_case_has_no_error_in_either_syntax(name: str) -> None:
    in_ubl = ubl.written(CASES[name], Profile.XRECHNUNG)
    in_cii = cii.written(CASES[name], Profile.XRECHNUNG)
    assert all_errors(in_ubl) + national_errors(in_ubl) + national_errors(in_cii) == []
    # Factur-X's rules know their own profiles alone; everything else in them is EN 16931.
    assert [each for each in all_errors(in_cii) if each != NOT_FACTUR_X] == []


@pytest.mark.parametrize("name", CASES)
def test_peppol_s_own_rules_find_nothing(name: str) -> None:
    assert peppol_errors(ubl.written(CASES[name])) == []


def test_the_rules_do_find_what_is_wrong() -> None:
    # Otherwise nothing above would say anything.
    good = CASES["domestic"]
    dearer = msgspec.structs.replace(good, gross=good.gross + 100)
    for content, rules in ((cii.written(dearer), CII_RULES), (ubl.written(dearer), UBL_RULES)):
        assert any("BR-CO-15" in each for each in rule_errors(content, rules))
    unit = msgspec.structs.replace(
        good, lines=tuple(msgspec.structs.replace(line, unit="kWh") for line in good.lines)
    )
    assert any("BR-CL-23" in each for each in rule_errors(ubl.written(unit), UBL_RULES))
    nowhere = msgspec.structs.replace(good, buyer=msgspec.structs.replace(good.buyer, endpoint=""))
    told = ubl.written(nowhere, Profile.FACTUR_X)
    assert any("R010" in each for each in peppol_errors(told))
    assert any("BR-DE-21" in each for each in national_errors(told))
    wrong = cii.written(good).replace(b"<ram:TypeCode>VAT</ram:TypeCode>", b"", 1)
    assert all_errors(wrong)


def test_both_syntaxes_say_the_same() -> None:
    for name, document in CASES.items():
        assert _said_in_cii(document) == _said_in_ubl(document), name


def test_a_credit_note_names_what_it_corrects() -> None:
    content = ubl.written(CASES["credit note"]).decode()
    assert "<cbc:CreditNoteTypeCode>381<" in content
    assert re.search(r"<cac:BillingReference><cac:InvoiceDocumentReference><cbc:ID>2026-000001<", content)
    assert "<cbc:CreditNoteTypeCode>261<" in ubl.written(CASES["self-billed credit"]).decode()
    assert "<ram:TypeCode>389</ram:TypeCode>" in cii.written(CASES["self-billed"]).decode()


def test_what_a_profile_wants_and_is_not_there_is_told_with_its_term() -> None:
    domestic = CASES["domestic"]
    bare = msgspec.structs.replace(
        domestic,
        buyer_reference="",
        seller=msgspec.structs.replace(domestic.seller, phone="", endpoint=""),
    )
    with pytest.raises(NotAnEInvoice) as refused:
        cii.written(bare, Profile.XRECHNUNG)
    assert refused.value.facts["terms"] == ["BT-34", "BT-10", "BT-42"]
    with pytest.raises(NotAnEInvoice) as refused:
        ubl.written(bare, Profile.PEPPOL)
    assert refused.value.facts["terms"] == ["BT-34"]
    assert all_errors(cii.written(bare, Profile.FACTUR_X)) == []


def test_what_has_several_taxes_is_not_said_in_it() -> None:
    seller = entity(INDIAN)
    decision = decided(seller, site="IN", state="KA")
    draft = of_charges([charge(decision, currency="INR")], seller, None, kind=DocumentKind.INVOICE)
    with pytest.raises(NotAnEInvoice, match="several taxes"):
        cii.written(issued(draft, "C1"))


def test_markup_in_names_stays_a_name() -> None:
    domestic = CASES["domestic"]
    evil = msgspec.structs.replace(
        domestic, buyer=msgspec.structs.replace(domestic.buyer, name="<b>&amp;]]> Ü \u0928")
    )
    for content in (cii.written(evil), ubl.written(evil)):
        assert all_errors(content) == []
        assert "<b>&amp;]]> Ü \u0928" in "".join(map(str, etree.fromstring(content).itertext()))


def _said_in_cii(document: Document) -> dict[str, list[str]]:
    root = etree.fromstring(cii.written(document))
    names = {"ram": cii.RAM}

    def texts(path: str) -> list[str]:
        return [each.text or "" for each in root.iterfind(path, names)]

    sums = ".//ram:SpecifiedTradeSettlementHeaderMonetarySummation/ram:"
    return {
        "net": texts(f"{sums}TaxBasisTotalAmount"),
        "tax": texts(f"{sums}TaxTotalAmount"),
        "gross": texts(f"{sums}GrandTotalAmount"),
        "due": texts(f"{sums}DuePayableAmount"),
        "lines": texts(".//ram:SpecifiedTradeSettlementLineMonetarySummation/ram:LineTotalAmount"),
        "prices": texts(".//ram:NetPriceProductTradePrice/ram:ChargeAmount"),
        "quantities": texts(".//ram:BilledQuantity"),
        "categories": texts(".//ram:ApplicableHeaderTradeSettlement/ram:ApplicableTradeTax/ram:CategoryCode"),
        "seller": texts(".//ram:SellerTradeParty/ram:SpecifiedTaxRegistration/ram:ID"),
    }


def _said_in_ubl(document: Document) -> dict[str, list[str]]:
    root = etree.fromstring(ubl.written(document, Profile.FACTUR_X))
    names = {"cac": ubl.CAC, "cbc": ubl.CBC}

    def texts(path: str) -> list[str]:
        return [each.text or "" for each in root.iterfind(path, names)]

    line = "CreditNoteLine" if document.kind is DocumentKind.CREDIT_NOTE else "InvoiceLine"
    quantity = "CreditedQuantity" if document.kind is DocumentKind.CREDIT_NOTE else "InvoicedQuantity"
    return {
        "net": texts("cac:LegalMonetaryTotal/cbc:TaxExclusiveAmount"),
        "tax": texts("cac:TaxTotal/cbc:TaxAmount"),
        "gross": texts("cac:LegalMonetaryTotal/cbc:TaxInclusiveAmount"),
        "due": texts("cac:LegalMonetaryTotal/cbc:PayableAmount"),
        "lines": texts(f"cac:{line}/cbc:LineExtensionAmount"),
        "prices": texts(f"cac:{line}/cac:Price/cbc:PriceAmount"),
        "quantities": texts(f"cac:{line}/cbc:{quantity}"),
        "categories": texts("cac:TaxTotal/cac:TaxSubtotal/cac:TaxCategory/cbc:ID"),
        "seller": texts("cac:AccountingSupplierParty/cac:Party/cac:PartyTaxScheme/cbc:CompanyID"),
    }
