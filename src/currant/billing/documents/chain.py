"""The chain of issued documents: each one's hash covers its content and the hash of the one before.

So whoever changes, removes or slips in a document of the past has to change all that follow it.
"""

import hashlib
from collections.abc import Iterable

import msgspec

from currant.billing.documents.model import Document
from currant.kit.ids import DocumentId

FIRST = "0" * 64


class ChainFinding(msgspec.Struct, frozen=True, kw_only=True):
    """Something about issued documents that must not be."""

    document_id: DocumentId
    number: str
    code: str
    """`changed`, `not_linked`, `gap`, `sums`."""
    text: str


def sealed(document: Document) -> Document:
    """The document with its hash."""
    return msgspec.structs.replace(document, hash=hash_of(document))


def hash_of(document: Document) -> str:
    """SHA-256 (hex) over the document's JSON with sorted names and an empty hash."""
    bare = msgspec.structs.replace(document, hash="")
    return hashlib.sha256(msgspec.json.encode(bare, order="sorted")).hexdigest()


def checked(documents: Iterable[Document]) -> list[ChainFinding]:
    """What is wrong with the documents of one series and year, which come in the order of their numbers."""
    findings: list[ChainFinding] = []
    previous, sequence = FIRST, 0
    for document in documents:
        sequence += 1
        if document.hash != hash_of(document):
            findings.append(_finding(document, "changed", "is not what was issued: its hash does not fit."))
        if document.sequence != sequence:
            findings.append(_finding(document, "gap", f"is number {document.sequence}, not {sequence}."))
            sequence = document.sequence
        if document.previous_hash != previous:
            findings.append(_finding(document, "not_linked", "does not follow the one before it."))
        if not adds_up(document):
            findings.append(_finding(document, "sums", "does not add up."))
        previous = document.hash
    return findings


def adds_up(document: Document) -> bool:
    """Whether lines, taxes and sums agree to the minor unit."""
    return (
        sum(line.net for line in document.lines) == document.net
        and sum(tax.amount for tax in document.taxes) == document.tax
        and document.net + document.tax == document.gross
    )


def _finding(document: Document, code: str, text: str) -> ChainFinding:
    return ChainFinding(
        document_id=document.id, number=document.number, code=code, text=f"{document.number} {text}"
    )
