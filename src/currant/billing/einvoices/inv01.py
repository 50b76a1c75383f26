"""India's e-invoice: the INV-01 schema (version 1.1), the invoice reference number, and both QR codes.

The number is SHA-256 over GSTIN, fiscal year, type and number of the document, so it is known before the
portal says it; what the portal signs is checked against the document.
"""

import base64
import binascii
import hashlib
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import msgspec

from currant.billing.documents.model import Document, DocumentKind, DocumentLine, Party
from currant.billing.documents.numbering import fiscal_year
from currant.billing.einvoices.semantics import NotAnEInvoice
from currant.billing.tax.states import digits_of, state_of_gstin
from currant.kit.errors import Invalid
from currant.kit.money import from_minor, shared_out

VERSION = "1.1"
LINES_MAX = 1_000
_TYPES = {DocumentKind.INVOICE: "INV", DocumentKind.RECEIPT: "INV", DocumentKind.CREDIT_NOTE: "CRN"}
_HEADS = {"CGST": "CgstAmt", "SGST": "SgstAmt", "UTGST": "SgstAmt", "IGST": "IgstAmt"}
_encoder = msgspec.json.Encoder(decimal_format="number")


def irn(gstin: str, on: date, kind: str, number: str) -> str:
    """The invoice reference number of a document, as the portal works it out."""
    year = fiscal_year(on, 4).label
    return hashlib.sha256(f"{gstin}{year}{kind}{number}".encode()).hexdigest()


def irn_of(document: Document) -> str:
    return irn(document.seller.vat_id, document.issue_date, kind_of(document), document.number)


def kind_of(document: Document) -> str:
    """INV or CRN; NotAnEInvoice for what is neither."""
    kind = _TYPES.get(document.kind)
    if kind is None or document.self_billed:
        raise NotAnEInvoice("INV-01 knows invoices and credit notes of one's own.")
    return kind


def written(document: Document) -> bytes:
    """The document as the portal takes it; NotAnEInvoice when it need not or cannot be registered."""
    return _encoder.encode(said(document))


def said(document: Document) -> dict[str, Any]:
    """The same before it is JSON."""
    kind = kind_of(document)
    seller, buyer = document.seller, document.buyer
    if not state_of_gstin(seller.vat_id) or document.currency != "INR":
        raise NotAnEInvoice("INV-01 is for Indian sellers with a GSTIN, in rupees.")
    if not state_of_gstin(buyer.vat_id):
        raise NotAnEInvoice("The buyer has no GSTIN: such a sale is not registered with the portal.")
    if len(document.lines) > LINES_MAX:
        raise NotAnEInvoice(f"INV-01 takes {LINES_MAX} lines; split the invoice.")
    heads = _by_line(document)
    items = [_item(document, line, heads[at]) for at, line in enumerate(document.lines)]
    totals = {name: _rupees(sum(each[name] for each in heads)) for name in ("CgstAmt", "SgstAmt", "IgstAmt")}
    content: dict[str, Any] = {
        "Version": VERSION,
        "TranDtls": {"TaxSch": "GST", "SupTyp": _supply(document), "RegRev": "N"},
        "DocDtls": {"Typ": kind, "No": document.number, "Dt": f"{document.issue_date:%d/%m/%Y}"},
        "SellerDtls": _party(seller),
        "BuyerDtls": {**_party(buyer), "Pos": document.place_of_supply},
        "ItemList": items,
        "ValDtls": {
            "AssVal": _rupees(document.net),
            "CgstVal": totals["CgstAmt"],
            "SgstVal": totals["SgstAmt"],
            "IgstVal": totals["IgstAmt"],
            "RndOffAmt": _rupees(document.rounding),
            "TotInvVal": _rupees(document.gross + document.rounding),
        },
    }
    if document.preceding is not None:
        content["RefDtls"] = {
            "PrecDocDtls": [
                {
                    "InvNo": document.preceding.number,
                    "InvDt": f"{document.preceding.issue_date:%d/%m/%Y}",
                }
            ]
        }
    return content


def payment_link(address: str, document: Document) -> str:
    """What a driver's UPI app reads from the code on a document (NPCI linking specification 1.6)."""
    facts = {
        "pa": address,
        "pn": document.seller.name,
        "tr": document.number.replace("/", "-"),
        "am": f"{from_minor(document.due, document.currency):f}",
        "cu": "INR",
        "tn": document.number,
    }
    return "upi://pay?" + "&".join(f"{name}={quote(value, safe='@')}" for name, value in facts.items())


class SignedCode(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """What stands in the portal's signed QR code."""

    seller_gstin: str
    buyer_gstin: str
    doc_no: str
    doc_typ: str
    doc_dt: str
    tot_inv_val: float
    item_cnt: int
    irn: str
    main_hsn_code: str = ""
    irn_dt: str = ""


class _Payload(msgspec.Struct):
    data: str


def check_signed_code(code: str, document: Document) -> SignedCode:
    """What a signed QR code says; Invalid unless it is about this document.

    The signature itself is the portal's, and is checked by whoever scans the code with the portal's app.
    """
    try:
        middle = code.split(".")[1]
        padded = middle + "=" * (-len(middle) % 4)
        payload = msgspec.json.decode(base64.urlsafe_b64decode(padded), type=_Payload)
        said = msgspec.json.decode(payload.data, type=SignedCode)
    except (IndexError, ValueError, binascii.Error, msgspec.DecodeError) as error:
        raise Invalid("This is not the portal's signed QR code.", field="signed_qr") from error
    total = float(from_minor(document.gross + document.rounding, document.currency))
    wanted = (irn_of(document), document.number, kind_of(document), document.seller.vat_id)
    if (said.irn, said.doc_no, said.doc_typ, said.seller_gstin) != wanted or said.tot_inv_val != total:
        raise Invalid("This signed QR code is of another document.", field="signed_qr")
    return said


def _by_line(document: Document) -> list[dict[str, int]]:
    """What of each head falls on each line: shared out, so that the lines sum up to the document's heads."""
    lines = document.lines
    parts = [{"CgstAmt": 0, "SgstAmt": 0, "IgstAmt": 0} for _ in lines]
    for tax in document.taxes:
        name = _HEADS.get(tax.name)
        if name is None:
            raise NotAnEInvoice(f"INV-01 has no place for {tax.name}.")
        on = [line.net if any(head.name == tax.name for head in line.heads) else 0 for line in lines]
        # Shares are of what is positive and what is negative by themselves: a credit lowers the tax.
        sign = -1 if sum(on) < 0 else 1
        weights = [max(sign * each, 0) for each in on]
        opposite = [min(sign * each, 0) for each in on]
        taken = [round(Decimal(-each) * tax.percent / 100) for each in opposite]
        for at, share in enumerate(shared_out(tax.amount + sign * sum(taken), weights)):
            parts[at][name] += share - sign * taken[at]
    return parts


def _item(document: Document, line: DocumentLine, heads: dict[str, int]) -> dict[str, Any]:
    sign = -1 if line.net < 0 else 1
    return {
        "SlNo": str(line.number),
        "PrdDesc": line.name[:300],
        "IsServc": "Y",
        "HsnCd": line.service_code or "998714",
        "Qty": abs(line.quantity).quantize(Decimal("0.001")),
        "Unit": "OTH",
        "UnitPrice": (sign * line.unit_price).quantize(Decimal("0.001")),
        "TotAmt": _rupees(line.net),
        "AssAmt": _rupees(line.net),
        "GstRt": line.percent,
        **{name: _rupees(amount) for name, amount in heads.items()},
        "TotItemVal": _rupees(line.net + sum(heads.values())),
    }


def _supply(document: Document) -> str:
    if document.sez:
        return "SEZWP" if document.tax else "SEZWOP"
    return "B2B"


def _party(party: Party) -> dict[str, Any]:
    pin = "".join(each for each in party.address.postal_code if each.isdigit())
    state = digits_of(party.address.state) or state_of_gstin(party.vat_id)
    if len(pin) != 6 or len(party.address.city) < 3 or not party.address.street:
        raise NotAnEInvoice(f"{party.name} needs a street, a town and a PIN code of six digits.")
    facts: dict[str, Any] = {
        "Gstin": party.vat_id,
        "LglNm": party.name[:100],
        "Addr1": party.address.street[:100],
        "Loc": party.address.city[:50],
        "Pin": int(pin),
        "Stcd": state,
    }
    if party.address.more:
        facts["Addr2"] = party.address.more[:100]
    digits = "".join(each for each in party.phone if each.isdigit())
    if 6 <= len(digits) <= 12:
        facts["Ph"] = digits
    if party.email:
        facts["Em"] = party.email[:100]
    return facts


def _rupees(minor: int) -> Decimal:
    return from_minor(minor, "INR")
