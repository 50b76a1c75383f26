"""Marks a PDF/A-3 that carries an invoice's XML as Factur-X: a few more words in its metadata.

The PDF is typst's: its metadata stand in a stream that is not packed, and where its objects are is told by a
plain table at its end. So the words are put in, and the places of what follows are moved on.
"""

import re

NAMESPACE = "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#"
FILE_NAME = "factur-x.xml"

_PROPERTIES = (
    ("DocumentFileName", "The name of the embedded XML document", FILE_NAME),
    ("DocumentType", "The type of the hybrid document in capital letters", "INVOICE"),
    ("Version", "The actual version of the standard applying to the embedded XML document", "1.0"),
    ("ConformanceLevel", "The conformance level of the embedded XML document", "EN 16931"),
)
_SCHEMA = (
    '<rdf:li rdf:parseType="Resource"><pdfaSchema:schema>Factur-X PDFA Extension Schema</pdfaSchema:schema>'
    f"<pdfaSchema:namespaceURI>{NAMESPACE}</pdfaSchema:namespaceURI><pdfaSchema:prefix>fx</pdfaSchema:prefix>"
    "<pdfaSchema:property><rdf:Seq>"
    + "".join(
        f'<rdf:li rdf:parseType="Resource"><pdfaProperty:category>external</pdfaProperty:category>'
        f"<pdfaProperty:description>{text}</pdfaProperty:description>"
        f"<pdfaProperty:name>{name}</pdfaProperty:name>"
        "<pdfaProperty:valueType>Text</pdfaProperty:valueType></rdf:li>"
        for name, text, _ in _PROPERTIES
    )
    + "</rdf:Seq></pdfaSchema:property></rdf:li>"
).encode()
_FACTS = (
    f'<rdf:Description rdf:about="" xmlns:fx="{NAMESPACE}">'
    + "".join(f"<fx:{name}>{value}</fx:{name}>" for name, _, value in _PROPERTIES)
    + "</rdf:Description>"
).encode()

_STREAM = re.compile(rb"<<([^<>]*/Length )(\d+)([^<>]*)>>(\s*stream\r?\n)(<\?xpacket begin)")
_SCHEMAS_END = b"</rdf:Bag></pdfaExtension:schemas>"
_TABLE = re.compile(rb"xref\s+0 (\d+)\s+")
_ENTRY = re.compile(rb"(\d{10}) (\d{5}) n")


def marked(pdf: bytes) -> bytes:
    """The PDF with Factur-X's words in its metadata. AssertionError when it is not built as typst's are."""
    found = _STREAM.search(pdf)
    assert found, "Its metadata are not in a stream of their own."
    begin = found.start(5)
    length = int(found.group(2))
    metadata = pdf[begin : begin + length]
    assert metadata.count(_SCHEMAS_END) == 1, "Its metadata describe no schemas."
    metadata = metadata.replace(_SCHEMAS_END, _SCHEMA + _SCHEMAS_END)
    metadata = metadata.replace(b"</rdf:RDF>", _FACTS + b"</rdf:RDF>", 1)
    head = b"<<%s%d%s>>%s" % (found.group(1), len(metadata), found.group(3), found.group(4))
    changed = pdf[: found.start()] + head + metadata + pdf[begin + length :]
    return _moved(changed, after=found.start(), by=len(changed) - len(pdf))


def _moved(pdf: bytes, *, after: int, by: int) -> bytes:
    """Every place behind a byte moved on by so many, in the table at the end."""
    start = pdf.rindex(b"startxref")
    table = int(pdf[start + 9 :].split()[0]) + by
    assert _TABLE.match(pdf, table), "Its table of objects is not plain."
    end = pdf.index(b"trailer", table)

    def place(entry: re.Match[bytes]) -> bytes:
        at = int(entry.group(1))
        return b"%010d %s n" % (at + by if at > after else at, entry.group(2))

    entries = _ENTRY.sub(place, pdf[table:end])
    return pdf[:table] + entries + pdf[end:start] + b"startxref\n%d\n%%%%EOF" % table
