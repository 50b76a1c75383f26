"""Documents as files: PDF and structured invoices, made once, kept, and the same ever after."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from enum import StrEnum

from sqlalchemy import Connection

from currant.billing import entities_store
from currant.billing.documents import store
from currant.billing.documents.model import Document
from currant.billing.documents.paper import PaperFacts, PaperLook, Press
from currant.billing.documents.store import DocumentFile, DocumentState
from currant.billing.einvoices import cii, inv01, ubl
from currant.billing.einvoices.semantics import Profile
from currant.billing.entities_model import LegalEntity
from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.clock import Clock, micros
from currant.kit.errors import NotFound
from currant.kit.ids import DocumentId, TenantId

AT_ONCE = 2
"""Presses at work: more would keep stations waiting."""

LookOf = Callable[[TenantId], Awaitable[PaperLook]]


class FileForm(StrEnum):
    """What a document can be had as."""

    PDF = "pdf"
    """PDF/A-3; with the invoice of EN 16931 inside it is Factur-X."""
    CII = "cii"
    """EN 16931 in CII, as inside the PDF."""
    XRECHNUNG = "xrechnung"
    """XRechnung in CII."""
    XRECHNUNG_UBL = "xrechnung_ubl"
    PEPPOL = "peppol"
    """Peppol BIS Billing 3, UBL."""
    INV01 = "inv01"
    """What India's portal is told."""


MEDIA = {FileForm.PDF: "application/pdf", FileForm.INV01: "application/json"}
ENDINGS = {FileForm.PDF: "pdf", FileForm.INV01: "json"}


class DocumentFiles:
    """Makes files of documents, a few at a time, off the loop."""

    def __init__(self, database: Database, clock: Clock, *, look_of: LookOf) -> None:
        self._database = database
        self._clock = clock
        self.look_of = look_of
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._press: Press | None = None

    def close(self) -> None:
        if self._press is not None:
            self._press.close()

    async def get(self, tenant_id: TenantId, document_id: DocumentId, form: FileForm) -> DocumentFile:
        """A document's file as it was first made. NotAnEInvoice where it has no such form."""

        def read(
            conn: Connection,
        ) -> tuple[DocumentFile | None, Document | None, DocumentState, LegalEntity | None]:
            document = store.document(conn, tenant_id, document_id)
            state = store.state(conn, tenant_id, document_id)
            kept = store.file(conn, tenant_id, document_id, _kept_as(form, state))
            if document is None:
                return kept, None, state, None
            entity = entities_store.entity(conn, tenant_id, document.entity_id)
            return kept, document, state, entity

        kept, document, state, entity = await self._database.read(read)
        if document is None:
            raise NotFound("There is no such document.", field="document_id")
        if kept is not None:
            return kept
        look = await self.look_of(tenant_id)
        async with self._turn:
            content = await asyncio.to_thread(self._made, document, state, entity, look, form)
        file = DocumentFile(
            form=_kept_as(form, state),
            media_type=MEDIA.get(form, "application/xml"),
            digest=hashlib.sha256(content).hexdigest(),
            content=content,
        )
        changes = ChangeSet(tenant_id)
        # Who makes it at the same moment makes the same: the first one stays.
        row = (document_id, file.form, tenant_id, file.media_type, file.digest, content)
        changes.write(store.KEEP_FILE, (*row, micros(self._clock.now())))
        await self._database.commit(changes)
        return file

    def _made(
        self,
        document: Document,
        state: DocumentState,
        entity: LegalEntity | None,
        look: PaperLook,
        form: FileForm,
    ) -> bytes:
        match form:
            case FileForm.PDF:
                facts = PaperFacts(
                    footer="" if entity is None else _footer(entity, document.language),
                    irn=state.irn,
                    irn_qr=state.irn_qr,
                    upi="" if entity is None else entity.upi,
                )
                if self._press is None:
                    self._press = Press()
                return self._press.pdf(document, look, facts)
            case FileForm.CII:
                return cii.written(document, Profile.FACTUR_X)
            case FileForm.XRECHNUNG:
                return cii.written(document, Profile.XRECHNUNG)
            case FileForm.XRECHNUNG_UBL:
                return ubl.written(document, Profile.XRECHNUNG)
            case FileForm.PEPPOL:
                return ubl.written(document, Profile.PEPPOL)
            case FileForm.INV01:
                return inv01.written(document)


def file_name(document: Document, form: FileForm) -> str:
    """What it is called where it is saved."""
    return f"{document.number.replace('/', '-')}.{ENDINGS.get(form, 'xml')}"


def _kept_as(form: FileForm, state: DocumentState) -> str:
    """A paper that was printed before the portal's number came does not have it: then there are two."""
    return f"{form.value}+irn" if form is FileForm.PDF and state.irn else form.value


def _footer(entity: LegalEntity, language: str) -> str:
    return entity.footer.get(language) or entity.footer.get(entity.language, "")
