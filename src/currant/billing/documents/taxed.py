"""What issued documents say of tax, charge by charge: for whoever compares the books with them."""

from collections.abc import Iterator

from sqlalchemy import Connection

from currant.billing.books_checks import PaperTax
from currant.billing.documents import store
from currant.billing.documents.model import DocumentKind
from currant.kit.ids import TenantId

AT_ONCE = 500


def tax_on_documents(conn: Connection, tenant_id: TenantId) -> Iterator[PaperTax]:
    """The tax of every document that has charges on it, in the order of issue; of a credit note, less than nothing."""
    after = ""
    while some := store.whole(conn, tenant_id, None, None, after=after, limit=AT_ONCE):
        for document in some:
            # What a host or an employer gets is no sale of ours.
            if document.kind in (DocumentKind.SELF_BILL, DocumentKind.REIMBURSEMENT) or document.self_billed:
                continue
            charges = tuple(store.charges_of(conn, tenant_id, document.id))
            sign = -1 if document.kind is DocumentKind.CREDIT_NOTE else 1
            if charges:
                yield PaperTax(
                    document_id=document.id,
                    number=document.number,
                    currency=document.currency,
                    tax=sign * document.tax,
                    heads=len(document.taxes),
                    charges=charges,
                )
        after = some[-1].id
