"""Documents on paper: what is on them, in every language, and the invoice inside them."""

import io
import re
import struct
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from zlib import compress, crc32

import facturx  # type: ignore[import-untyped]
import msgspec
import pypdf
import pytest
from tests.billing.einvoices.official import all_errors
from tests.billing.einvoices.papers import issued, tax_cases
from tests.billing.making import INDIAN, charge, decided, entity

from currant.billing.documents.composing import of_charges
from currant.billing.documents.model import Document, DocumentKind
from currant.billing.documents.paper import PaperFacts, PaperLook, Press, content_of
from currant.billing.documents.words import LANGUAGES
from currant.billing.einvoices import cii, inv01

CASES = tax_cases()
BROKEN = b"\x89PNG\r\n\x1a\n" + bytes(60)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 4"><rect width="4" height="4" fill="#080"/></svg>'


@pytest.fixture(scope="module")
def press() -> Any:
    made = Press()
    yield made
    made.close()


def png() -> bytes:
    """The smallest picture."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", crc32(kind + content))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", compress(b"\0\x9b\x1b\x4b"))
        + chunk(b"IEND", b"")
    )


def spoken(language: str) -> Document:
    return msgspec.structs.replace(CASES["by cost centre"], language=language)


def rupees() -> Document:
    seller = entity(INDIAN)
    bill = charge(decided(seller, site="IN", state="KA"), currency="INR", minutes="7")
    return issued(of_charges([bill], seller, None, kind=DocumentKind.INVOICE), "C29-2627/00001")


def test_the_invoice_inside_a_pdf_is_valid_factur_x(press: Press) -> None:
    for name in ("domestic", "reverse charge", "credit note", "hundreds of sessions"):
        pdf = press.pdf(CASES[name])
        # Opens the PDF, finds the file by its name, and checks it by the profile's schema.
        found, xml = facturx.get_facturx_xml_from_pdf(pdf, check_xsd=True)
        assert found == "factur-x.xml"
        assert xml == cii.written(CASES[name])
        assert all_errors(xml) == []


def test_its_metadata_say_pdf_a_3_and_factur_x(press: Press) -> None:
    reader = pypdf.PdfReader(io.BytesIO(press.pdf(CASES["domestic"])), strict=True)
    root: Any = reader.trailer["/Root"]
    metadata = root["/Metadata"].get_object().get_data().decode()
    said = dict(re.findall(r"<(pdfaid:\w+|fx:\w+)>([^<]+)<", metadata))
    assert said == {
        "pdfaid:part": "3",
        "pdfaid:conformance": "B",
        "fx:DocumentFileName": "factur-x.xml",
        "fx:DocumentType": "INVOICE",
        "fx:Version": "1.0",
        "fx:ConformanceLevel": "EN 16931",
    }
    # Every place in the table of objects is right: all of them can be read.
    assert all(reader.get_object(at) is not None for at in range(1, len(reader.xref[0]) + 1))
    relationship = root["/AF"][0].get_object()["/AFRelationship"]
    assert relationship == "/Alternative"


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_written_in_the_customer_s_language_with_fonts_of_our_own(press: Press, language: str) -> None:
    reader = pypdf.PdfReader(io.BytesIO(press.pdf(spoken(language))))
    fonts = {str(font) for page in reader.pages for font in _fonts(page)}
    assert any("NotoSansDevanagari" in font for font in fonts)
    assert any("NotoSansArabic" in font for font in fonts) == (language == "ar")
    assert "Libertinus" not in " ".join(fonts)
    text = reader.pages[0].extract_text()
    assert "2026-000008" in text
    assert "DE02 1203 0000 0000 2020 51" in text


def test_numbers_and_days_are_written_as_the_language_writes_them() -> None:
    def said(language: str) -> str:
        return str(content_of(spoken(language), PaperLook(), PaperFacts()))

    assert "9,06\xa0€" in said("de").replace("\\xa0", "\xa0")
    assert "01.06.2026" in said("de")
    assert "Jun 1, 2026" in said("en")
    assert "€9.06" in said("en")
    assert "1 जून 2026" in said("hi")
    assert "\\u200f01" not in said("ar")


def test_the_same_document_makes_the_same_bytes(press: Press) -> None:
    document = CASES["domestic"]
    other = Press()
    assert press.pdf(document) == other.pdf(document)
    other.close()


def test_many_may_print_at_once(press: Press) -> None:
    documents = [CASES[name] for name in ("domestic", "reverse charge", "by cost centre", "card")] * 3
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(press.pdf, documents))
    assert made == [press.pdf(document) for document in documents]


def test_what_somebody_wrote_is_never_markup(press: Press) -> None:
    evil = msgspec.structs.replace(
        CASES["domestic"],
        buyer=msgspec.structs.replace(CASES["domestic"].buyer, name='#read("/etc/passwd") $x$ *b* <a> \\'),
    )
    text = pypdf.PdfReader(io.BytesIO(press.pdf(evil))).pages[0].extract_text()
    assert '#read("/etc/passwd") $x$ *b* <a> \\' in " ".join(text.split())


@pytest.mark.parametrize(("logo", "ending"), [(png(), "png"), (SVG, "svg")], ids=["png", "svg"])
def test_it_looks_like_its_tenant(press: Press, logo: bytes, ending: str) -> None:
    look = PaperLook(colour="#9b1b4b", logo=logo, logo_ending=ending, paper="us-letter")
    page = pypdf.PdfReader(io.BytesIO(press.pdf(CASES["domestic"], look))).pages[0]
    assert [round(float(side)) for side in page.mediabox[2:]] == [612, 792]
    plain = pypdf.PdfReader(io.BytesIO(press.pdf(CASES["domestic"]))).pages[0]
    # The name gives way to the logo at the head; it stands on in its address and at the foot.
    assert page.extract_text().count("Strom & Rad GmbH") == plain.extract_text().count("Strom & Rad GmbH") - 1


def test_a_logo_that_cannot_be_printed_stops_no_invoice(press: Press) -> None:
    look = PaperLook(logo=BROKEN, logo_ending="png")
    assert press.pdf(CASES["domestic"], look) == press.pdf(CASES["domestic"], PaperLook())


def test_long_invoices_have_many_pages_and_their_sum_on_the_last(press: Press) -> None:
    document = CASES["hundreds of sessions"]
    reader = pypdf.PdfReader(io.BytesIO(press.pdf(document)))
    assert len(reader.pages) > 5
    assert f"Seite {len(reader.pages)} / {len(reader.pages)}" in reader.pages[-1].extract_text()
    assert "Zu zahlen" in reader.pages[-1].extract_text()


def test_a_code_to_pay_by_says_whom_and_how_much() -> None:
    drawn = content_of(CASES["domestic"], PaperLook(), PaperFacts())["code"]
    assert drawn["text"] == "Zum Bezahlen scannen"
    indian = content_of(rupees(), PaperLook(), PaperFacts(upi="bijli@upi"))["code"]
    assert indian["svg"] != drawn["svg"]
    assert content_of(rupees(), PaperLook(), PaperFacts())["code"] is None
    assert content_of(CASES["paid by card"], PaperLook(), PaperFacts())["code"] is None
    assert content_of(CASES["credit note"], PaperLook(), PaperFacts())["code"] is None


def test_india_s_registration_is_on_the_paper(press: Press) -> None:
    document = rupees()
    irn = inv01.irn_of(document)
    facts = PaperFacts(irn=irn, irn_qr="eyJhbGciOiJSUzI1NiJ9.e30.c2ln")
    text = pypdf.PdfReader(io.BytesIO(press.pdf(document, facts=facts))).pages[0].extract_text()
    assert irn[:32] in text
    # It has no EN 16931 inside.
    assert b"factur-x.xml" not in press.pdf(document)


def _fonts(page: Any) -> list[Any]:
    return [font.get_object()["/BaseFont"] for font in page["/Resources"]["/Font"].values()]
