"""Documents on paper: PDF/A-3 by typst, in the tenant's looks and the customer's language.

Everything enters the template as data. One `Press` holds typst's compiler with its fonts, which come from
packages and never from the machine, so that the same document gives the same bytes anywhere.
"""

import hashlib
import logging
import tempfile
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, date
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec
import typst
from babel import Locale
from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, format_decimal

from currant.billing.documents.model import Document, DocumentKind, DocumentLine, Party
from currant.billing.documents.words import word, words
from currant.billing.einvoices import cii, inv01
from currant.billing.einvoices.facturx import marked
from currant.billing.einvoices.semantics import NotAnEInvoice, Profile
from currant.kit.money import from_minor
from currant.kit.qr import TEXT_MAX, svg_of

log = logging.getLogger(__name__)

TEMPLATE = "paper.typ"
FONTS = ("justmytype_intl_south_asia", "justmytype_intl_rtl")
ATTACHED = "factur-x.xml"
ROWS_MAX = 5_000
QR_MASK = 2
"""A thousand invoices would look for the best one for seconds."""
_LOGO_ENDINGS = ("png", "jpg", "jpeg", "svg", "webp")


class PaperLook(msgspec.Struct, frozen=True, kw_only=True):
    """How a tenant's documents look."""

    colour: str = "#333333"
    logo: bytes = b""
    logo_ending: str = ""
    paper: str = "a4"
    """Or `us-letter`."""


class PaperFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is printed on a document besides what is in it."""

    footer: str = ""
    irn: str = ""
    irn_qr: str = ""
    """The portal's signed code."""
    upi: str = ""
    """Where UPI pays to."""


class Press:
    """Makes PDFs. It may be used from several threads; each has a compiler of its own, made once."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="currant-paper-")
        self._root = Path(self._folder.name)
        template = files("currant.billing.documents").joinpath(TEMPLATE).read_bytes()
        (self._root / TEMPLATE).write_bytes(template)
        self._fonts = [str(files(package).joinpath("fonts")) for package in FONTS]
        self._own = threading.local()
        self._logos: set[str] = set()

    def close(self) -> None:
        self._folder.cleanup()

    def pdf(
        self, document: Document, look: PaperLook | None = None, facts: PaperFacts | None = None
    ) -> bytes:
        """The document as PDF/A-3b; with its EN 16931 XML inside (Factur-X), where it can be said in that."""
        look, facts = look or PaperLook(), facts or PaperFacts()
        xml = _structured(document)
        logo = self._logo(look)
        try:
            made = self._made(content_of(document, look, facts, logo=logo, attached=bool(xml)), xml)
        except typst.TypstError:
            if logo is None:
                raise
            # A picture that typst cannot read is no reason to have no invoices.
            log.warning("The logo of %s cannot be printed: documents go without it.", document.seller.name)
            made = self._made(content_of(document, look, facts, attached=bool(xml)), xml)
        return marked(made) if xml else made

    def _made(self, content: dict[str, Any], xml: bytes) -> bytes:
        inputs = {"content": msgspec.json.encode(content).decode(), "xml": xml.decode()}
        made = self._compiler().compile(format="pdf", pdf_standards=["a-3b"], sys_inputs=inputs)
        assert isinstance(made, bytes)
        return made

    def _compiler(self) -> Any:
        compiler = getattr(self._own, "compiler", None)
        if compiler is None:
            compiler = self._own.compiler = typst.Compiler(
                input=str(self._root / TEMPLATE),
                root=str(self._root),
                font_paths=self._fonts,
                ignore_system_fonts=True,
            )
        return compiler

    def _logo(self, look: PaperLook) -> str | None:
        if not look.logo or look.logo_ending not in _LOGO_ENDINGS:
            return None
        name = f"logo-{hashlib.sha256(look.logo).hexdigest()[:16]}.{look.logo_ending}"
        if name not in self._logos:
            (self._root / name).write_bytes(look.logo)
            self._logos.add(name)
        return name


def content_of(
    document: Document, look: PaperLook, facts: PaperFacts, *, logo: str | None = None, attached: bool = False
) -> dict[str, Any]:
    """What the template prints, in words and numbers of the document's language."""
    say = _Saying(document)
    at = document.issued_at.astimezone(UTC)
    return {
        "language": document.language,
        "title": say.title(),
        "number": document.number,
        "made": [at.year, at.month, at.day, at.hour, at.minute, at.second],
        "colour": look.colour,
        "paper": look.paper,
        "logo": logo,
        "attached": {"name": ATTACHED, "description": "EN 16931"} if attached else None,
        "words": dict(words(document.language)),
        "seller": {"name": document.seller.name, "lines": say.party(document.seller)},
        "buyer": {"name": document.buyer.name, "lines": say.party(document.buyer)},
        "facts": say.facts(),
        "rows": list(say.rows()),
        "sums": say.sums(),
        "notes": list(dict.fromkeys(document.notes)),
        "payment": say.payment(facts),
        "code": _code(document, facts),
        "footer": [
            each
            for each in (
                document.seller.name,
                document.seller.registration,
                facts.footer,
                f"{word('hash', document.language)}: {document.hash[:16]}",
            )
            if each
        ],
    }


class _Saying:
    """A document in the words and numbers of its language."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._locale = Locale.parse(document.language)

    def title(self) -> str:
        document = self._document
        if document.kind is DocumentKind.INVOICE and document.place_of_supply:
            return word("tax_invoice", document.language)
        return word(document.kind.value, document.language)

    def money(self, minor: int) -> str:
        amount = from_minor(minor, self._document.currency)
        return format_currency(amount, self._document.currency, locale=self._locale)

    def number(self, value: Decimal) -> str:
        return format_decimal(value, format="#,##0.###", locale=self._locale)

    def price(self, value: Decimal) -> str:
        return format_decimal(value, format="#,##0.00####", locale=self._locale)

    def day(self, on: date) -> str:
        return _unmarked(format_date(on, format="medium", locale=self._locale))

    def party(self, party: Party) -> list[str]:
        language, address = self._document.language, party.address
        town = f"{address.postal_code} {address.city}".strip()
        country = self._locale.territories.get(address.country, address.country)
        indian = self._document.currency == "INR"
        return [
            each
            for each in (
                address.street,
                address.more,
                " ".join(part for part in (town, address.state) if part),
                country,
                f"{word('gstin' if indian else 'vat_id', language)}: {party.vat_id}" if party.vat_id else "",
                f"{word('tax_number', language)}: {party.tax_number}" if party.tax_number else "",
            )
            if each
        ]

    def facts(self) -> list[tuple[str, str]]:
        document, language = self._document, self._document.language
        found = [
            (word("number", language), document.number),
            (word("date", language), self.day(document.issue_date)),
        ]
        if document.period is not None:
            span = document.period
            days = (
                self.day(span.begin)
                if span.begin == span.end
                else f"{self.day(span.begin)} – {self.day(span.end)}"
            )
            found.append((word("period", language), days))
        if document.due_date is not None:
            found.append((word("due_date", language), self.day(document.due_date)))
        if document.preceding is not None:
            before = document.preceding
            found.append((word("corrects", language), f"{before.number} ({self.day(before.issue_date)})"))
        for code, value in (
            ("your_reference", document.buyer_reference),
            ("order", document.order_reference),
            ("place_of_supply", document.place_of_supply),
        ):
            if value:
                found.append((word(code, language), value))
        return found

    def rows(self) -> Iterator[dict[str, Any]]:
        """Lines, with a heading and its sum wherever cost centre, vehicle or driver change."""
        document = self._document
        group: tuple[str, str, str] = ("", "", "")
        sums: dict[tuple[str, str, str], int] = {}
        for line in document.lines:
            sums[_group(line)] = sums.get(_group(line), 0) + line.net
        several = len(sums) > 1
        for line in document.lines[:ROWS_MAX]:
            if several and _group(line) != group:
                group = _group(line)
                yield {"kind": "group", "name": self._group_name(group), "amount": self.money(sums[group])}
            yield {
                "kind": "line",
                "number": str(line.number),
                "name": line.name,
                "note": self._note(line),
                "quantity": f"{self.number(line.quantity)} {word(line.unit, document.language)}",
                "price": self.price(line.unit_price),
                "tax": " + ".join(
                    f"{self.number(head.percent)} %" for head in line.heads if head.per_kwh is None
                ),
                "amount": self.money(line.net),
            }

    def sums(self) -> list[tuple[str, str, bool]]:
        """(what, amount, whether it is the one that matters)."""
        document, language = self._document, self._document.language
        rows = [(word("net", language), self.money(document.net), False)]
        for tax in document.taxes:
            if tax.per_kwh is not None:
                rate = f"{self.price(tax.per_kwh)}/kWh × {self.number(tax.kwh)} kWh"
            else:
                rate = f"{self.number(tax.percent)} % {word('base', language)} {self.money(tax.base)}"
            rows.append((f"{word(tax.name, language)} {rate}", self.money(tax.amount), False))
        rows.append((word("gross", language), self.money(document.gross), False))
        if document.rounding:
            rows.append((word("rounding", language), self.money(document.rounding), False))
        if document.prepaid:
            rows.append((word("prepaid", language), self.money(-document.prepaid), False))
        to_return = document.kind is DocumentKind.CREDIT_NOTE
        rows.append((word("to_return" if to_return else "due", language), self.money(document.due), True))
        if document.tax_currency is not None:
            local = document.tax_currency
            amount = format_currency(
                from_minor(local.tax, local.currency), local.currency, locale=self._locale
            )
            rows.append(
                (f"{word('tax_in', language)} {local.currency} ({local.rate} {local.source})", amount, False)
            )
        return rows

    def payment(self, facts: PaperFacts) -> list[tuple[str, str]]:
        document, language = self._document, self._document.language
        means, found = document.payment, []
        if document.due == 0 and document.prepaid:
            card = f" •••• {means.card_last4}" if means is not None and means.card_last4 else ""
            found.append((word("paid_thanks", language), card))
        elif means is not None and means.iban and document.kind is not DocumentKind.CREDIT_NOTE:
            found += [
                (word("pay_to", language), means.account_name or document.seller.name),
                ("IBAN", " ".join(means.iban[at : at + 4] for at in range(0, len(means.iban), 4))),
            ]
            if means.bic:
                found.append(("BIC", means.bic))
            if means.reference:
                found.append((word("reference", language), means.reference))
        if facts.irn:
            found.append((word("irn", language), f"{facts.irn[:32]}\n{facts.irn[32:]}"))
        return found

    def _note(self, line: DocumentLine) -> str:
        document = self._document
        parts = [line.note]
        if line.session_number is not None:
            parts.append(f"{word('session', document.language)} {line.session_number}")
        if line.begin is not None:
            parts.append(_unmarked(format_datetime(line.begin, "short", line.begin.tzinfo, self._locale)))
        return " · ".join(part for part in parts if part)

    def _group_name(self, group: tuple[str, str, str]) -> str:
        language = self._document.language
        named = zip(("cost_centre", "vehicle", "driver"), group, strict=True)
        return " · ".join(f"{word(code, language)} {value}" for code, value in named if value) or "–"


def _unmarked(text: str) -> str:
    """Without the marks of direction that Arabic dates carry: the template says the direction itself."""
    return text.replace("\u200f", "").replace("\u200e", "")


def _group(line: DocumentLine) -> tuple[str, str, str]:
    return (line.cost_centre, line.vehicle, line.driver)


def _structured(document: Document) -> bytes:
    try:
        return cii.written(document, Profile.FACTUR_X)
    except NotAnEInvoice:
        return b""


def _code(document: Document, facts: PaperFacts) -> dict[str, Any] | None:
    """The code on the paper: the portal's signed one, else one to pay by."""
    language, means = document.language, document.payment
    if 0 < len(facts.irn_qr) <= TEXT_MAX:
        return {
            "svg": svg_of(facts.irn_qr, error="l", mask=QR_MASK),
            "size": 42,
            "text": word("irn", language),
        }
    if document.due <= 0 or document.kind not in (DocumentKind.INVOICE, DocumentKind.RECEIPT):
        return None
    text = word("scan_to_pay", language)
    if facts.upi and document.currency == "INR":
        return {
            "svg": svg_of(inv01.payment_link(facts.upi, document), error="m", mask=QR_MASK),
            "size": 26,
            "text": text,
        }
    if means is not None and means.iban and means.code == "58" and document.currency == "EUR":
        return {
            "svg": svg_of("\n".join(_transfer(document)), error="m", mask=QR_MASK),
            "size": 26,
            "text": text,
        }
    return None


def _transfer(document: Document) -> Sequence[str]:
    """The lines of a code for SEPA transfers (EPC069-12, version 002)."""
    means = document.payment
    assert means is not None, "Only what is paid to an account has such a code."
    amount = from_minor(document.due, document.currency)
    return (
        *("BCD", "002", "1", "SCT", means.bic, (means.account_name or document.seller.name)[:70]),
        *(means.iban, f"EUR{amount:f}", "", "", (means.reference or document.number)[:140]),
    )
