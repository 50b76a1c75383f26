"""EN 16931 in UN/CEFACT's Cross Industry Invoice (D16B): what Factur-X and XRechnung carry."""

from datetime import date
from typing import TypeAlias

from lxml import etree

from currant.billing.documents.model import Document, DocumentLine, Party, PaymentMeans
from currant.billing.einvoices import semantics as en
from currant.billing.einvoices.semantics import Profile
from currant.kit.money import from_minor

RSM = "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"
RAM = "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"
UDT = "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100"
QDT = "urn:un:unece:uncefact:data:standard:QualifiedDataType:100"
_NAMES = {"rsm": RSM, "ram": RAM, "udt": UDT, "qdt": QDT}

Element: TypeAlias = etree._Element


def written(document: Document, profile: Profile = Profile.FACTUR_X) -> bytes:
    """The document in CII; NotAnEInvoice when something that it needs is missing."""
    en.check(document, profile)
    root = etree.Element(f"{{{RSM}}}CrossIndustryInvoice", nsmap=_NAMES)
    context = etree.SubElement(root, f"{{{RSM}}}ExchangedDocumentContext")
    if profile is not Profile.FACTUR_X:
        _add(_add(context, "BusinessProcessSpecifiedDocumentContextParameter"), "ID", en.PROCESS)
    _add(_add(context, "GuidelineSpecifiedDocumentContextParameter"), "ID", en.GUIDELINES[profile])
    head = etree.SubElement(root, f"{{{RSM}}}ExchangedDocument")
    _add(head, "ID", document.number)
    _add(head, "TypeCode", en.type_code(document, profile))
    _day(_add(head, "IssueDateTime"), document.issue_date)
    for note in en.notes(document):
        _add(_add(head, "IncludedNote"), "Content", note)
    transaction = etree.SubElement(root, f"{{{RSM}}}SupplyChainTradeTransaction")
    for line in document.lines:
        _line(transaction, line, document)
    _agreement(transaction, document)
    delivery = _add(transaction, "ApplicableHeaderTradeDelivery")
    if document.period is not None:
        event = _add(delivery, "ActualDeliverySupplyChainEvent")
        _day(_add(event, "OccurrenceDateTime"), document.period.end)
    _settlement(transaction, document, profile)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _line(parent: Element, line: DocumentLine, document: Document) -> None:
    item = _add(parent, "IncludedSupplyChainTradeLineItem")
    about = _add(item, "AssociatedDocumentLineDocument")
    _add(about, "LineID", str(line.number))
    product = _add(item, "SpecifiedTradeProduct")
    _add(product, "Name", line.name)
    if line.note:
        _add(product, "Description", line.note)
    for name, value in en.attributes(line, document.language):
        characteristic = _add(product, "ApplicableProductCharacteristic")
        _add(characteristic, "Description", name)
        _add(characteristic, "Value", value)
    price = _add(_add(item, "SpecifiedLineTradeAgreement"), "NetPriceProductTradePrice")
    _add(price, "ChargeAmount", en.plain(line.unit_price))
    quantity = _add(_add(item, "SpecifiedLineTradeDelivery"), "BilledQuantity", en.plain(line.quantity))
    quantity.set("unitCode", line.unit)
    settlement = _add(item, "SpecifiedLineTradeSettlement")
    tax = _add(settlement, "ApplicableTradeTax")
    _add(tax, "TypeCode", "VAT")
    _add(tax, "CategoryCode", line.category)
    if en.has_rate(line.category):
        _add(tax, "RateApplicablePercent", en.percent(line))
    if line.begin is not None and line.end is not None:
        _period(settlement, line.begin.date(), line.end.date())
    sums = _add(settlement, "SpecifiedTradeSettlementLineMonetarySummation")
    _add(sums, "LineTotalAmount", en.money(line.net, document))
    if line.cost_centre:
        _add(_add(settlement, "ReceivableSpecifiedTradeAccountingAccount"), "ID", line.cost_centre)


def _agreement(parent: Element, document: Document) -> None:
    agreement = _add(parent, "ApplicableHeaderTradeAgreement")
    reference = en.buyer_reference(document)
    if reference:
        _add(agreement, "BuyerReference", reference)
    seller_vat, buyer_vat = en.vat_ids(document)
    seller = _party(agreement, "SellerTradeParty", document.seller, identifier=en.seller_identifier(document))
    _registrations(seller, seller_vat, en.tax_number(document))
    buyer = _party(agreement, "BuyerTradeParty", document.buyer)
    _registrations(buyer, buyer_vat, "")
    if document.order_reference:
        order = _add(agreement, "BuyerOrderReferencedDocument")
        _add(order, "IssuerAssignedID", document.order_reference)


def _party(parent: Element, tag: str, party: Party, *, identifier: str = "") -> Element:
    element = _add(parent, tag)
    if identifier:
        _add(element, "ID", identifier)
    _add(element, "Name", party.name)
    if party.registration:
        number = _add(_add(element, "SpecifiedLegalOrganization"), "ID", party.registration)
        if party.registration_scheme:
            number.set("schemeID", party.registration_scheme)
    if party.contact or party.phone or party.email:
        contact = _add(element, "DefinedTradeContact")
        if party.contact:
            _add(contact, "PersonName", party.contact)
        if party.phone:
            _add(_add(contact, "TelephoneUniversalCommunication"), "CompleteNumber", party.phone)
        if party.email:
            _add(_add(contact, "EmailURIUniversalCommunication"), "URIID", party.email)
    address = _add(element, "PostalTradeAddress")
    for name, value in (
        ("PostcodeCode", party.address.postal_code),
        ("LineOne", party.address.street),
        ("LineTwo", party.address.more),
        ("CityName", party.address.city),
        ("CountryID", party.address.country),
        ("CountrySubDivisionName", party.address.state),
    ):
        if value:
            _add(address, name, value)
    if party.endpoint:
        uri = _add(_add(element, "URIUniversalCommunication"), "URIID", party.endpoint)
        uri.set("schemeID", party.endpoint_scheme or "EM")
    return element


def _registrations(party: Element, vat: str, local: str) -> None:
    for number, scheme in ((vat, "VA"), (local, "FC")):
        if number:
            _add(_add(party, "SpecifiedTaxRegistration"), "ID", number).set("schemeID", scheme)


def _settlement(parent: Element, document: Document, profile: Profile) -> None:
    settlement = _add(parent, "ApplicableHeaderTradeSettlement")
    payment = document.payment
    if payment is not None and payment.creditor_id:
        _add(settlement, "CreditorReferenceID", payment.creditor_id)
    if payment is not None and payment.reference:
        _add(settlement, "PaymentReference", payment.reference)
    if document.tax_currency is not None:
        _add(settlement, "TaxCurrencyCode", document.tax_currency.currency)
    _add(settlement, "InvoiceCurrencyCode", document.currency)
    if payment is not None:
        _means(settlement, payment)
    for tax in document.taxes:
        code, text = en.reason(tax, document)
        element = _add(settlement, "ApplicableTradeTax")
        _add(element, "CalculatedAmount", en.money(tax.amount, document))
        _add(element, "TypeCode", "VAT")
        if text:
            _add(element, "ExemptionReason", text)
        _add(element, "BasisAmount", en.money(tax.base, document))
        _add(element, "CategoryCode", tax.category)
        if code:
            _add(element, "ExemptionReasonCode", code)
        rate = en.breakdown_percent(tax, profile)
        if rate:
            _add(element, "RateApplicablePercent", rate)
    if document.period is not None:
        _period(settlement, document.period.begin, document.period.end)
    words = en.terms(document)
    mandate = "" if payment is None else payment.mandate
    if words or document.due_date is not None or mandate:
        terms = _add(settlement, "SpecifiedTradePaymentTerms")
        if words:
            _add(terms, "Description", words)
        if document.due_date is not None:
            _day(_add(terms, "DueDateDateTime"), document.due_date)
        if mandate:
            _add(terms, "DirectDebitMandateID", mandate)
    _sums(settlement, document)
    if document.preceding is not None:
        before = _add(settlement, "InvoiceReferencedDocument")
        _add(before, "IssuerAssignedID", document.preceding.number)
        _day(_add(before, "FormattedIssueDateTime"), document.preceding.issue_date, names=QDT)


def _means(parent: Element, payment: PaymentMeans) -> None:
    means = _add(parent, "SpecifiedTradeSettlementPaymentMeans")
    _add(means, "TypeCode", payment.code)
    if payment.card_last4:
        _add(_add(means, "ApplicableTradeSettlementFinancialCard"), "ID", payment.card_last4)
    if payment.iban and payment.code in ("30", "58"):
        account = _add(means, "PayeePartyCreditorFinancialAccount")
        _add(account, "IBANID", payment.iban)
        if payment.account_name:
            _add(account, "AccountName", payment.account_name)
        if payment.bic:
            _add(_add(means, "PayeeSpecifiedCreditorFinancialInstitution"), "BICID", payment.bic)
    elif payment.iban:
        _add(_add(means, "PayerPartyDebtorFinancialAccount"), "IBANID", payment.iban)


def _sums(parent: Element, document: Document) -> None:
    sums = _add(parent, "SpecifiedTradeSettlementHeaderMonetarySummation")
    _add(sums, "LineTotalAmount", en.money(document.net, document))
    _add(sums, "TaxBasisTotalAmount", en.money(document.net, document))
    _add(sums, "TaxTotalAmount", en.money(document.tax, document)).set("currencyID", document.currency)
    if document.tax_currency is not None:
        local = document.tax_currency
        other = _add(sums, "TaxTotalAmount", f"{from_minor(local.tax, local.currency):f}")
        other.set("currencyID", local.currency)
    if document.rounding:
        _add(sums, "RoundingAmount", en.money(document.rounding, document))
    _add(sums, "GrandTotalAmount", en.money(document.gross, document))
    if document.prepaid:
        _add(sums, "TotalPrepaidAmount", en.money(document.prepaid, document))
    _add(sums, "DuePayableAmount", en.money(document.due, document))


def _period(parent: Element, begin: date, end: date) -> None:
    period = _add(parent, "BillingSpecifiedPeriod")
    _day(_add(period, "StartDateTime"), begin)
    _day(_add(period, "EndDateTime"), end)


def _day(parent: Element, on: date, *, names: str = UDT) -> None:
    text = etree.SubElement(parent, f"{{{names}}}DateTimeString")
    text.set("format", "102")
    text.text = en.day(on)


def _add(parent: Element, tag: str, text: str | None = None) -> Element:
    element = etree.SubElement(parent, f"{{{RAM}}}{tag}")
    if text is not None:
        element.text = text
    return element
