"""What documents add up to: tax by office, rate and kind for a return; rows for books and spreadsheets. Pure."""

import csv
import io
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

import msgspec

from currant.billing.documents.model import Document, DocumentKind
from currant.kit.ids import LegalEntityId
from currant.kit.money import from_minor


class TaxSum(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a tax report. Credit notes are taken off; amounts are minor units."""

    entity_id: LegalEntityId
    jurisdiction: str
    name: str
    category: str
    percent: Decimal
    per_kwh: Decimal | None = None
    currency: str
    base: int = 0
    tax: int = 0
    kwh: Decimal = Decimal(0)
    documents: int = 0


class TaxSums:
    """Sums up documents one by one, so that a year of them needs no room."""

    def __init__(self) -> None:
        self._sums: dict[tuple[object, ...], TaxSum] = {}

    def add(self, document: Document) -> None:
        """Take a document in. What is no supply of ours (self-billing, reimbursement) is left out."""
        if document.kind in (DocumentKind.SELF_BILL, DocumentKind.REIMBURSEMENT) or document.self_billed:
            return
        sign = -1 if document.kind is DocumentKind.CREDIT_NOTE else 1
        for tax in document.taxes:
            key = (
                document.entity_id,
                document.jurisdiction,
                tax.name,
                tax.category,
                tax.percent,
                tax.per_kwh,
                document.currency,
            )
            before = self._sums.get(key) or TaxSum(
                entity_id=document.entity_id,
                jurisdiction=document.jurisdiction,
                name=tax.name,
                category=tax.category,
                percent=tax.percent,
                per_kwh=tax.per_kwh,
                currency=document.currency,
            )
            self._sums[key] = msgspec.structs.replace(
                before,
                base=before.base + sign * tax.base,
                tax=before.tax + sign * tax.amount,
                kwh=before.kwh + sign * tax.kwh,
                documents=before.documents + 1,
            )

    def rows(self) -> tuple[TaxSum, ...]:
        """By entity, office, name, category and rate."""
        return tuple(
            sorted(
                self._sums.values(),
                key=lambda each: (
                    each.entity_id,
                    each.jurisdiction,
                    each.name,
                    each.category,
                    each.percent,
                    each.currency,
                ),
            )
        )


JOURNAL = (
    "number",
    "kind",
    "issue_date",
    "due_date",
    "owner",
    "buyer",
    "buyer_tax_id",
    "currency",
    "net",
    "tax",
    "gross",
    "rounding",
    "prepaid",
    "due",
    "jurisdiction",
    "taxes",
    "corrects",
    "hash",
)


def journal_row(document: Document) -> dict[str, Any]:
    """A document as a row of a spreadsheet; amounts in the currency's own unit, credit notes below zero."""
    sign = -1 if document.kind is DocumentKind.CREDIT_NOTE else 1

    def money(minor: int) -> Decimal:
        return from_minor(sign * minor, document.currency)

    taxes = "; ".join(
        f"{tax.name} {tax.category} {tax.percent.normalize():f} %: {money(tax.amount)}"
        for tax in document.taxes
    )
    return {
        "number": document.number,
        "kind": document.kind.value,
        "issue_date": document.issue_date.isoformat(),
        "due_date": document.due_date.isoformat() if document.due_date else "",
        "owner": document.owner,
        "buyer": document.buyer.name,
        "buyer_tax_id": document.buyer.vat_id,
        "currency": document.currency,
        "net": money(document.net),
        "tax": money(document.tax),
        "gross": money(document.gross),
        "rounding": money(document.rounding),
        "prepaid": money(document.prepaid),
        "due": money(document.due),
        "jurisdiction": document.jurisdiction,
        "taxes": taxes,
        "corrects": document.preceding.number if document.preceding else "",
        "hash": document.hash,
    }


LINES = (
    "number",
    "position",
    "session",
    "begin",
    "end",
    "location",
    "cost_centre",
    "vehicle",
    "driver",
    "what",
    "quantity",
    "unit",
    "unit_price",
    "net",
    "tax_percent",
    "currency",
)


def line_rows(document: Document) -> list[dict[str, Any]]:
    """A document's positions: the annex that fleets read into their own books."""
    sign = -1 if document.kind is DocumentKind.CREDIT_NOTE else 1
    return [
        {
            "number": document.number,
            "position": line.number,
            "session": "" if line.session_number is None else line.session_number,
            "begin": line.begin.isoformat() if line.begin else "",
            "end": line.end.isoformat() if line.end else "",
            "location": line.location,
            "cost_centre": line.cost_centre,
            "vehicle": line.vehicle,
            "driver": line.driver,
            "what": line.name,
            "quantity": line.quantity,
            "unit": line.unit,
            "unit_price": line.unit_price,
            "net": from_minor(sign * line.net, document.currency),
            "tax_percent": f"{line.percent.normalize():f}",
            "currency": document.currency,
        }
        for line in document.lines
    ]


class DatevAccounts(msgspec.Struct, frozen=True, kw_only=True):
    """The accounts that a DATEV export books on; the defaults are of the chart SKR 03."""

    receivable: str = "1400"
    revenue: str = "8400"
    revenue_reverse: str = "8337"
    revenue_exempt: str = "8200"
    consultant: str = "1001"
    client: str = "1"


DATEV_COLUMNS = (
    "Umsatz (ohne Soll/Haben-Kz)",
    "Soll/Haben-Kennzeichen",
    "WKZ Umsatz",
    "Konto",
    "Gegenkonto (ohne BU-Schlüssel)",
    "BU-Schlüssel",
    "Belegdatum",
    "Belegfeld 1",
    "Buchungstext",
    "EU-Land u. UStID",
    "KOST1 - Kostenstelle",
)


def datev_rows(document: Document, accounts: DatevAccounts) -> Iterator[tuple[str, ...]]:
    """A document as lines of a booking stack: gross by rate of tax, receivable against revenue."""
    if document.kind in (DocumentKind.SELF_BILL, DocumentKind.REIMBURSEMENT) or document.self_billed:
        return
    side = "H" if document.kind is DocumentKind.CREDIT_NOTE else "S"
    for tax in document.taxes:
        gross = tax.base + tax.amount
        if not gross:
            continue
        account = {"S": accounts.revenue, "AE": accounts.revenue_reverse}.get(
            tax.category, accounts.revenue_exempt
        )
        yield (
            str(from_minor(abs(gross), document.currency)).replace(".", ","),
            side if gross > 0 else {"S": "H", "H": "S"}[side],
            document.currency,
            accounts.receivable,
            account,
            # 9 is 19 % in SKR 03's keys; other rates have an account of their own to carry them.
            "9" if tax.percent == 19 and document.jurisdiction == "DE" else "",
            f"{document.issue_date:%d%m}",
            document.number[:36],
            f"{document.buyer.name}"[:60],
            document.buyer.vat_id if tax.category == "AE" else "",
            "",
        )


def datev_csv(rows: Iterable[tuple[str, ...]]) -> str:
    """Rows with semicolons between them, as DATEV reads a booking stack by a format of one's own."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", quoting=csv.QUOTE_MINIMAL, lineterminator="\r\n")
    writer.writerows(rows)
    return out.getvalue()
