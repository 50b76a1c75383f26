"""A document as a value: all that is printed on it and stands in its XML, and nothing that is looked up later.

Words are those of EN 16931 where it has them (BT and BG numbers are its); amounts are whole minor units of the
document's currency.
"""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

import msgspec

from currant.billing.tax.model import CustomerKind
from currant.kit.ids import DocumentId, LegalEntityId, TenantId
from currant.pricing.bills import TaxHead
from currant.pricing.model import LineKind


class DocumentKind(StrEnum):
    INVOICE = "invoice"
    RECEIPT = "receipt"
    """An invoice that is paid already: what a driver gets at once."""
    CREDIT_NOTE = "credit_note"
    SELF_BILL = "self_bill"
    """What a host would write to us for its share, written by us for it (UNTDID 1001: 389)."""
    REIMBURSEMENT = "reimbursement"
    """What an employer gives back for charging at home: a statement, no invoice, without VAT."""


class PostalAddress(msgspec.Struct, frozen=True, kw_only=True):
    street: str = ""
    more: str = ""
    city: str = ""
    postal_code: str = ""
    state: str = ""
    country: str = ""
    """ISO 3166-1, two letters."""


class Party(msgspec.Struct, frozen=True, kw_only=True):
    """Who sells, or buys, as it stood on the day of issue."""

    name: str
    address: PostalAddress = PostalAddress()
    vat_id: str = ""
    """BT-31, BT-48; in India the GSTIN."""
    tax_number: str = ""
    """BT-32: the number of the local tax office."""
    registration: str = ""
    """BT-30: in the register of companies."""
    registration_scheme: str = ""
    """ISO 6523 code of that register, such as 0204 for Leitweg-ID."""
    endpoint: str = ""
    """BT-34, BT-49: the electronic address."""
    endpoint_scheme: str = ""
    """EAS code: EM for an e-mail address, 0088 for a GLN, 9930 for a German VAT number."""
    contact: str = ""
    email: str = ""
    phone: str = ""


class PaymentMeans(msgspec.Struct, frozen=True, kw_only=True):
    """How it is, or was, paid (BG-16)."""

    code: str = "58"
    """UNTDID 4461: 58 SEPA credit transfer, 30 credit transfer, 48 card, 59 direct debit, 1 anything else."""
    iban: str = ""
    bic: str = ""
    account_name: str = ""
    reference: str = ""
    """BT-83: what to write on the transfer."""
    card_last4: str = ""
    mandate: str = ""
    """BT-89: of a direct debit."""
    creditor_id: str = ""
    """BT-90."""


class DocumentLine(msgspec.Struct, frozen=True, kw_only=True):
    """One position. quantity x unit_price is its net amount but for the rounding of a minor unit."""

    number: int
    """From 1."""
    kind: LineKind | None = None
    name: str
    note: str = ""
    quantity: Decimal
    unit: str = "C62"
    """UN/ECE recommendation 20: KWH, HUR, MIN, C62 (pieces)."""
    unit_price: Decimal
    """Net and never negative: what is taken off has a negative quantity (BR-27)."""
    net: int
    heads: tuple[TaxHead, ...]
    kwh: Decimal = Decimal(0)
    """What an excise is on."""
    begin: datetime | None = None
    end: datetime | None = None
    cost_centre: str = ""
    vehicle: str = ""
    driver: str = ""
    location: str = ""
    charge_id: str = ""
    session_number: int | None = None
    service_code: str = ""
    """SAC or HSN."""

    @property
    def category(self) -> str:
        return self.heads[0].category

    @property
    def percent(self) -> Decimal:
        """The heads' percentages together."""
        return sum((head.percent for head in self.heads), Decimal(0))


class DocumentTax(msgspec.Struct, frozen=True, kw_only=True):
    """One head of tax over the lines that it is on (BG-23)."""

    name: str
    category: str
    percent: Decimal
    per_kwh: Decimal | None = None
    kwh: Decimal = Decimal(0)
    stack: int = 0
    base: int
    amount: int
    reason_code: str = ""
    """BT-121."""
    reason: str = ""
    """BT-120, in the document's language."""


class TaxInCurrency(msgspec.Struct, frozen=True, kw_only=True):
    """The tax once more in the currency of the country that levies it (BT-6, BT-111)."""

    currency: str
    tax: int
    rate: Decimal
    """One unit of the document's currency in this one."""
    source: str
    on: date


class Preceding(msgspec.Struct, frozen=True, kw_only=True):
    """The document that this one corrects (BG-3)."""

    id: DocumentId
    number: str
    issue_date: date


class BillingPeriod(msgspec.Struct, frozen=True, kw_only=True):
    """Days, both included (BG-14)."""

    begin: date
    end: date


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A document before it has a number: complete but for what is given to it when it is issued."""

    kind: DocumentKind
    self_billed: bool = False
    """A credit note to a self-billed invoice (UNTDID 1001: 261)."""
    entity_id: LegalEntityId
    owner: str = ""
    """Whose it is: `account:<id>`, `driver:<id>` or `host:<id>`; empty for a guest."""
    currency: str
    language: str = "en"
    jurisdiction: str = ""
    """Whose tax is on it."""
    place_of_supply: str = ""
    """Of GST: two digits."""
    seller: Party
    buyer: Party
    buyer_kind: CustomerKind = CustomerKind.CONSUMER
    sez: bool = False
    lines: tuple[DocumentLine, ...]
    taxes: tuple[DocumentTax, ...]
    net: int
    tax: int
    gross: int
    rounding: int = 0
    """BT-114: what was added to the sum to be paid."""
    prepaid: int = 0
    """BT-113."""
    period: BillingPeriod | None = None
    due_in_days: int = 0
    buyer_reference: str = ""
    """BT-10: what the buyer wants to be found by; a Leitweg-ID for German authorities."""
    order_reference: str = ""
    """BT-13."""
    preceding: Preceding | None = None
    payment: PaymentMeans | None = None
    notes: tuple[str, ...] = ()
    reverse_charge: bool = False
    tax_currency: TaxInCurrency | None = None
    texts: Mapping[str, str] = {}
    """Further facts that are printed, by stable code."""

    @property
    def due(self) -> int:
        """BT-115: what is left to be paid."""
        return self.gross - self.prepaid + self.rounding


class Document(Draft, frozen=True, kw_only=True):
    """An issued document. It never changes: its hash covers all of it and the one before it."""

    id: DocumentId
    tenant_id: TenantId
    series: str
    fiscal_year: str
    """As its law calls it: `2026`, in India `2026-27`."""
    sequence: int
    """From 1 within entity, series and fiscal year, without gaps."""
    number: str
    issued_at: datetime
    issue_date: date
    """In the zone of the legal entity."""
    due_date: date | None = None
    previous_hash: str
    """Of the document before it in the same series and year; 64 zeros for the first."""
    hash: str = ""
    """SHA-256 over all the rest (chain.py)."""
