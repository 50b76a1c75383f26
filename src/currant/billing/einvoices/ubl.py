"""EN 16931 in OASIS UBL 2.1: invoices and credit notes for Peppol BIS Billing 3, and XRechnung in that syntax."""

from typing import Any, TypeAlias

from lxml import etree

from currant.billing.documents.model import Document, DocumentKind, DocumentLine, Party, PaymentMeans
from currant.billing.einvoices import semantics as en
from currant.billing.einvoices.semantics import Profile
from currant.kit.money import from_minor

CAC = "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
CBC = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"
INVOICE = "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
CREDIT_NOTE = "urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2"

Element: TypeAlias = etree._Element


def written(document: Document, profile: Profile = Profile.PEPPOL) -> bytes:
    """The document in UBL; NotAnEInvoice when something that it needs is missing."""
    en.check(document, profile)
    credit = document.kind is DocumentKind.CREDIT_NOTE
    names = CREDIT_NOTE if credit else INVOICE
    prefixes: Any = {None: names, "cac": CAC, "cbc": CBC}
    root = etree.Element(f"{{{names}}}{'CreditNote' if credit else 'Invoice'}", nsmap=prefixes)
    _add(root, "CustomizationID", en.GUIDELINES[profile])
    _add(root, "ProfileID", en.PROCESS)
    _add(root, "ID", document.number)
    _add(root, "IssueDate", document.issue_date.isoformat())
    if document.due_date is not None and not credit:
        _add(root, "DueDate", document.due_date.isoformat())
    _add(root, "CreditNoteTypeCode" if credit else "InvoiceTypeCode", en.type_code(document, profile))
    notes = en.notes(document)
    if notes:
        # Peppol takes one note (PEPPOL-EN16931-R002).
        _add(root, "Note", "\n".join(notes))
    _add(root, "DocumentCurrencyCode", document.currency)
    if document.tax_currency is not None:
        _add(root, "TaxCurrencyCode", document.tax_currency.currency)
    reference = en.buyer_reference(document)
    if reference:
        _add(root, "BuyerReference", reference)
    if document.period is not None:
        period = _part(root, "InvoicePeriod")
        _add(period, "StartDate", document.period.begin.isoformat())
        _add(period, "EndDate", document.period.end.isoformat())
    if document.order_reference:
        _add(_part(root, "OrderReference"), "ID", document.order_reference)
    if document.preceding is not None:
        before = _part(_part(root, "BillingReference"), "InvoiceDocumentReference")
        _add(before, "ID", document.preceding.number)
        _add(before, "IssueDate", document.preceding.issue_date.isoformat())
    seller_vat, buyer_vat = en.vat_ids(document)
    _party(
        _part(root, "AccountingSupplierParty"),
        document.seller,
        vat=seller_vat,
        local=en.tax_number(document),
        identifier=en.seller_identifier(document),
        creditor=document.payment.creditor_id if document.payment else "",
    )
    _party(_part(root, "AccountingCustomerParty"), document.buyer, vat=buyer_vat)
    if document.payment is not None:
        _means(root, document.payment)
    words = en.terms(document)
    if words:
        _add(_part(root, "PaymentTerms"), "Note", words)
    _taxes(root, document, profile)
    _sums(root, document)
    for line in document.lines:
        _line(root, line, document, credit=credit)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _party(
    parent: Element, party: Party, *, vat: str, local: str = "", identifier: str = "", creditor: str = ""
) -> None:
    element = _part(parent, "Party")
    if party.endpoint:
        _add(element, "EndpointID", party.endpoint).set("schemeID", party.endpoint_scheme or "EM")
    if identifier:
        _add(_part(element, "PartyIdentification"), "ID", identifier)
    if creditor:
        _add(_part(element, "PartyIdentification"), "ID", creditor).set("schemeID", "SEPA")
    address = _part(element, "PostalAddress")
    for name, value in (
        ("StreetName", party.address.street),
        ("AdditionalStreetName", party.address.more),
        ("CityName", party.address.city),
        ("PostalZone", party.address.postal_code),
        ("CountrySubentity", party.address.state),
    ):
        if value:
            _add(address, name, value)
    _add(_part(address, "Country"), "IdentificationCode", party.address.country)
    for number, scheme in ((vat, "VAT"), (local, "TAX")):
        if number:
            registration = _part(element, "PartyTaxScheme")
            _add(registration, "CompanyID", number)
            _add(_part(registration, "TaxScheme"), "ID", scheme)
    entity = _part(element, "PartyLegalEntity")
    _add(entity, "RegistrationName", party.name)
    if party.registration:
        company = _add(entity, "CompanyID", party.registration)
        if party.registration_scheme:
            company.set("schemeID", party.registration_scheme)
    if party.contact or party.phone or party.email:
        contact = _part(element, "Contact")
        for name, value in (
            ("Name", party.contact),
            ("Telephone", party.phone),
            ("ElectronicMail", party.email),
        ):
            if value:
                _add(contact, name, value)


def _means(root: Element, payment: PaymentMeans) -> None:
    means = _part(root, "PaymentMeans")
    _add(means, "PaymentMeansCode", payment.code)
    if payment.reference:
        _add(means, "PaymentID", payment.reference)
    if payment.card_last4:
        card = _part(means, "CardAccount")
        _add(card, "PrimaryAccountNumberID", payment.card_last4)
        _add(card, "NetworkID", "NA")
    if payment.iban and payment.code in ("30", "58"):
        account = _part(means, "PayeeFinancialAccount")
        _add(account, "ID", payment.iban)
        if payment.account_name:
            _add(account, "Name", payment.account_name)
        if payment.bic:
            _add(_part(account, "FinancialInstitutionBranch"), "ID", payment.bic)
    elif payment.mandate:
        mandate = _part(means, "PaymentMandate")
        _add(mandate, "ID", payment.mandate)
        if payment.iban:
            _add(_part(mandate, "PayerFinancialAccount"), "ID", payment.iban)


def _taxes(root: Element, document: Document, profile: Profile) -> None:
    total = _part(root, "TaxTotal")
    _money(total, "TaxAmount", document.tax, document)
    for tax in document.taxes:
        part = _part(total, "TaxSubtotal")
        _money(part, "TaxableAmount", tax.base, document)
        _money(part, "TaxAmount", tax.amount, document)
        category = _part(part, "TaxCategory")
        _add(category, "ID", tax.category)
        rate = en.breakdown_percent(tax, profile)
        if rate:
            _add(category, "Percent", rate)
        code, text = en.reason(tax, document)
        if code:
            _add(category, "TaxExemptionReasonCode", code)
        if text:
            _add(category, "TaxExemptionReason", text)
        _add(_part(category, "TaxScheme"), "ID", "VAT")
    if document.tax_currency is not None:
        local = document.tax_currency
        other = _part(root, "TaxTotal")
        amount = _add(other, "TaxAmount", f"{from_minor(local.tax, local.currency):f}")
        amount.set("currencyID", local.currency)


def _sums(root: Element, document: Document) -> None:
    sums = _part(root, "LegalMonetaryTotal")
    _money(sums, "LineExtensionAmount", document.net, document)
    _money(sums, "TaxExclusiveAmount", document.net, document)
    _money(sums, "TaxInclusiveAmount", document.gross, document)
    if document.prepaid:
        _money(sums, "PrepaidAmount", document.prepaid, document)
    if document.rounding:
        _money(sums, "PayableRoundingAmount", document.rounding, document)
    _money(sums, "PayableAmount", document.due, document)


def _line(root: Element, line: DocumentLine, document: Document, *, credit: bool) -> None:
    element = _part(root, "CreditNoteLine" if credit else "InvoiceLine")
    _add(element, "ID", str(line.number))
    quantity = _add(element, "CreditedQuantity" if credit else "InvoicedQuantity", en.plain(line.quantity))
    quantity.set("unitCode", line.unit)
    _money(element, "LineExtensionAmount", line.net, document)
    if line.cost_centre:
        _add(element, "AccountingCost", line.cost_centre)
    if line.begin is not None and line.end is not None:
        period = _part(element, "InvoicePeriod")
        _add(period, "StartDate", line.begin.date().isoformat())
        _add(period, "EndDate", line.end.date().isoformat())
    item = _part(element, "Item")
    if line.note:
        _add(item, "Description", line.note)
    _add(item, "Name", line.name)
    category = _part(item, "ClassifiedTaxCategory")
    _add(category, "ID", line.category)
    if en.has_rate(line.category):
        _add(category, "Percent", en.percent(line))
    _add(_part(category, "TaxScheme"), "ID", "VAT")
    for name, value in en.attributes(line, document.language):
        attribute = _part(item, "AdditionalItemProperty")
        _add(attribute, "Name", name)
        _add(attribute, "Value", value)
    price = _part(element, "Price")
    _add(price, "PriceAmount", en.plain(line.unit_price)).set("currencyID", document.currency)


def _money(parent: Element, tag: str, minor: int, document: Document) -> None:
    _add(parent, tag, en.money(minor, document)).set("currencyID", document.currency)


def _part(parent: Element, tag: str) -> Element:
    return etree.SubElement(parent, f"{{{CAC}}}{tag}")


def _add(parent: Element, tag: str, text: str) -> Element:
    element = etree.SubElement(parent, f"{{{CBC}}}{tag}")
    element.text = text
    return element
