"""What happens to documents, as events."""

from currant.billing.documents.model import DocumentKind
from currant.kit.event import Event
from currant.kit.ids import ChargeId, DocumentId, LegalEntityId


class DocumentIssued(Event, frozen=True, kw_only=True):
    """A document has its number and will never change. Amounts are minor units."""

    document_id: DocumentId
    entity_id: LegalEntityId
    document_kind: DocumentKind
    number: str
    owner: str
    currency: str
    net: int
    tax: int
    gross: int
    rounding: int = 0
    due: int
    jurisdiction: str = ""
    booked_tax: int | None = None
    """What its charges were booked with; where the document's tax is another, the difference is to be booked."""
    preceding_id: DocumentId | None = None
    charges: tuple[ChargeId, ...] = ()
    """At most 1,000 of them; the table of charges has them all."""
    by: str = ""
    """Who issued it by hand; empty for what came by itself."""


class DocumentRegistered(Event, frozen=True, kw_only=True):
    """India's registration portal took note of a document."""

    document_id: DocumentId
    number: str
    irn: str


class DocumentRunChanged(Event, frozen=True, kw_only=True):
    """A run of monthly invoices began, came further, or ended."""

    run_id: str
    state: str
    done: int
    issued: int
    failed: int
    by: str = ""
