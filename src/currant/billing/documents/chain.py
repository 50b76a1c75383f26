"""The chain of issued documents: each one's hash covers its content and the hash of the one before.

So whoever changes, removes or slips in a document of the past has to change all that follow it.
"""

import hashlib

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


class ChainCheck:
    """Goes through the documents of one series and year, which come in the order of their numbers."""

    def __init__(self) -> None:
        self.findings: list[ChainFinding] = []
        self.last: Document | None = None

    def see(self, document: Document) -> None:
        """The next document."""
        before = self.last
        if document.hash != hash_of(document):
            self._find(document, "changed", "is not what was issued: its hash does not fit.")
        expected = 1 if before is None else before.sequence + 1
        if document.sequence != expected:
            self._find(document, "gap", f"is number {document.sequence}, not {expected}.")
        if document.previous_hash != (FIRST if before is None else before.hash):
            self._find(document, "not_linked", "does not follow the one before it.")
        if not adds_up(document):
            self._find(document, "sums", "does not add up.")
        self.last = document

    def end(self, last: int) -> None:
        """No more documents come; so many numbers were used."""
        if self.last is not None and self.last.sequence != last:
            self._find(self.last, "gap", f"is the last there is, although {last} numbers were used.")

    def _find(self, document: Document, code: str, text: str) -> None:
        self.findings.append(
            ChainFinding(
                document_id=document.id, number=document.number, code=code, text=f"{document.number} {text}"
            )
        )


def adds_up(document: Document) -> bool:
    """Whether lines, taxes and sums agree to the minor unit."""
    return (
        sum(line.net for line in document.lines) == document.net
        and sum(tax.amount for tax in document.taxes) == document.tax
        and document.net + document.tax == document.gross
    )
