"""Evidence as the file that the transparency software of S.A.F.E. opens. Pure."""

from xml.etree.ElementTree import Element, SubElement, tostring

from currant.billing.evidence.model import Nature, SessionEvidence, SignedFormat

_CONTEXTS = {
    Nature.BEGIN: "Transaction.Begin",
    Nature.END: "Transaction.End",
    Nature.BOTH: "Transaction.Begin",
    Nature.BETWEEN: "Sample.Periodic",
}


def transparency_xml(evidence: SessionEvidence) -> bytes:
    """All signed values of a session with the key they were checked by, exactly as the meter wrote them."""
    root = Element("values")
    for record in evidence.records:
        value = SubElement(
            root,
            "value",
            transactionId=str(evidence.number),
            context=_CONTEXTS[record.nature],
        )
        data = SubElement(value, "signedData", encoding="plain")
        name = record.format if record.format is not SignedFormat.OTHER else record.name
        if name:
            data.set("format", name)
        data.text = record.text
        key = evidence.judgement.key or record.key
        if key:
            SubElement(value, "publicKey", encoding="hex").text = key
    return bytes(tostring(root, encoding="utf-8", xml_declaration=True))
