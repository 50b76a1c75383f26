"""What both syntaxes of EN 16931 share: type codes, amounts as written, and which documents can be said in it."""

from datetime import date
from decimal import Decimal
from enum import StrEnum

import msgspec

from currant.billing.documents.model import Document, DocumentKind, DocumentLine, DocumentTax, Party
from currant.billing.documents.words import word
from currant.kit.errors import Invalid
from currant.kit.money import from_minor

EN16931 = "urn:cen.eu:en16931:2017"
PROCESS = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"


class Profile(StrEnum):
    """Whose rules a structured invoice follows, beside the norm's own."""

    FACTUR_X = "facturx"
    """France and Germany: EN 16931 as it is, inside a PDF."""
    XRECHNUNG = "xrechnung"
    """Germany, also for its authorities."""
    PEPPOL = "peppol"
    """BIS Billing 3."""


GUIDELINES = {
    Profile.FACTUR_X: EN16931,
    Profile.XRECHNUNG: f"{EN16931}#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0",
    Profile.PEPPOL: f"{EN16931}#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0",
}

TYPES = {
    DocumentKind.INVOICE: "380",
    DocumentKind.RECEIPT: "380",
    DocumentKind.CREDIT_NOTE: "381",
    DocumentKind.SELF_BILL: "389",
}
SELF_BILLED_CREDIT = "261"

# Categories with a rate of nothing say why there is no tax (BR-E-10, BR-AE-10, BR-O-10, …).
WITHOUT_TAX = ("AE", "E", "G", "K", "O")


class NotAnEInvoice(Invalid):
    """The document cannot be written as this kind of structured invoice."""

    code = "not_an_einvoice"


class Missing(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a profile wants and the document does not have."""

    term: str
    """Of EN 16931: BT-10."""
    text: str


def type_code(document: Document, profile: Profile) -> str:
    """UNTDID 1001."""
    credit = document.kind is DocumentKind.CREDIT_NOTE
    # XRechnung knows no credit note that the buyer writes (BR-DE-17).
    if credit and document.self_billed and profile is not Profile.XRECHNUNG:
        return SELF_BILLED_CREDIT
    return TYPES[document.kind]


def check(document: Document, profile: Profile) -> None:
    """NotAnEInvoice, with all that is missing, unless the document can be written in this profile."""
    if document.kind not in TYPES:
        raise NotAnEInvoice("A reimbursement is a statement and no invoice: it has no structured form.")
    if any(len(line.heads) != 1 or line.heads[0].per_kwh is not None for line in document.lines):
        raise NotAnEInvoice(
            "EN 16931 knows one VAT on a line; this document has several taxes or an excise by the kWh."
        )
    missing = missing_of(document, profile)
    if missing:
        raise NotAnEInvoice(
            "Something is missing for this kind of invoice: " + "; ".join(each.text for each in missing),
            terms=[each.term for each in missing],
        )


def missing_of(document: Document, profile: Profile) -> list[Missing]:
    """What the norm and the profile want besides, in words that say where to enter it."""
    seller, buyer = document.seller, document.buyer
    found: list[Missing] = []

    def want(value: str, term: str, text: str) -> None:
        if not value:
            found.append(Missing(term=term, text=text))

    category = {line.category for line in document.lines}
    if category - {"O"}:
        want(seller.vat_id or seller.tax_number, "BT-31", "a VAT or tax number of the seller")
    if "AE" in category:
        want(buyer.vat_id or buyer.registration, "BT-48", "a VAT number of the buyer (reverse charge)")
        want(seller.vat_id or seller.tax_number, "BT-31", "a VAT number of the seller")
    want(seller.address.country, "BT-40", "the seller's country")
    want(buyer.address.country, "BT-55", "the buyer's country")
    if profile is Profile.FACTUR_X:
        return found
    want(seller.endpoint, "BT-34", "an electronic address of the seller")
    want(buyer.endpoint, "BT-49", "an electronic address of the buyer")
    if profile is Profile.PEPPOL:
        return found
    want(document.buyer_reference, "BT-10", "the buyer's reference (Leitweg-ID)")
    want(seller.contact, "BT-41", "the seller's contact")
    want(seller.phone, "BT-42", "the seller's telephone number")
    want(seller.email, "BT-43", "the seller's e-mail address")
    want(seller.address.city, "BT-37", "the seller's town")
    want(seller.address.postal_code, "BT-38", "the seller's postal code")
    want(buyer.address.city, "BT-52", "the buyer's town")
    want(buyer.address.postal_code, "BT-53", "the buyer's postal code")
    if document.payment is None:
        found.append(Missing(term="BG-16", text="how to pay (a bank account of the seller)"))
    return found


def money(minor: int, document: Document) -> str:
    """An amount as it is written: with the currency's own digits, at most two of them (BR-DEC)."""
    amount = from_minor(minor, document.currency)
    return f"{amount:f}"


def plain(value: Decimal) -> str:
    """A number without needless zeros and without an exponent."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent(tax: DocumentTax | DocumentLine) -> str:
    return plain(tax.percent)


def has_rate(category: str) -> bool:
    """What is outside of VAT has not even a rate of nothing (BR-O-05)."""
    return category != "O"


def breakdown_percent(tax: DocumentTax, profile: Profile) -> str:
    """BT-119; what is outside of VAT has none, except that XRechnung wants one of everything (BR-DE-14)."""
    return percent(tax) if has_rate(tax.category) or profile is Profile.XRECHNUNG else ""


def vat_ids(document: Document) -> tuple[str, str]:
    """The VAT numbers of seller and buyer; neither is on what is outside of VAT (BR-O-02)."""
    if any(line.category == "O" for line in document.lines):
        return "", ""
    return _spaceless(document.seller.vat_id), _spaceless(document.buyer.vat_id)


def seller_identifier(document: Document) -> str:
    """BT-29, where nothing else says who sells (BR-CO-26)."""
    seller = document.seller
    if vat_ids(document)[0] or seller.registration:
        return ""
    return _spaceless(seller.vat_id) or seller.tax_number or seller.name


def tax_number(document: Document) -> str:
    """BT-32."""
    return "" if vat_ids(document) == ("", "") and document.seller.vat_id else document.seller.tax_number


def terms(document: Document) -> str:
    """BT-20: something is owed and no day is set for it (BR-CO-25)."""
    if document.due > 0 and document.due_date is None:
        return word("to_return", document.language)
    return ""


def reason(tax: DocumentTax, document: Document) -> tuple[str, str]:
    """BT-121 and BT-120: why there is no tax."""
    if tax.category not in WITHOUT_TAX:
        return "", ""
    return tax.reason_code, tax.reason or word("outside_scope", document.language)


def buyer_reference(document: Document) -> str:
    """BT-10; Peppol wants one or an order (PEPPOL-EN16931-R003)."""
    return document.buyer_reference or ("" if document.order_reference else document.owner or document.number)


def notes(document: Document) -> list[str]:
    return [each for each in document.notes if each]


def attributes(line: DocumentLine, language: str) -> list[tuple[str, str]]:
    """BG-32: what a company's books sort by."""
    facts = (
        ("session", "" if line.session_number is None else str(line.session_number)),
        ("vehicle", line.vehicle),
        ("driver", line.driver),
    )
    return [(word(code, language), value) for code, value in facts if value]


def lines_of_address(party: Party) -> tuple[str, str]:
    return party.address.street, party.address.more


def day(on: date) -> str:
    """As UN/CEFACT writes it in format 102."""
    return f"{on:%Y%m%d}"


def _spaceless(number: str) -> str:
    return "".join(number.split())
