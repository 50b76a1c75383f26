"""Invoices, receipts, credit notes and statements: issued, listed, downloaded, checked."""

from collections.abc import AsyncIterator
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

import msgspec
from litestar import Response, Router, get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.response import Stream

from currant.api.authentication import ApiRequest
from currant.api.idempotent import once
from currant.api.paging import Cursor, Limit
from currant.api.routes.bulk import TYPES, Form, download
from currant.api.routes.common import Body, caller_of, services_of, tenant_of
from currant.api.routes.parameters import Since, Until, check_times
from currant.billing.documents import reporting
from currant.billing.documents.chain import ChainFinding
from currant.billing.documents.filing import DocumentFiles, FileForm, file_name
from currant.billing.documents.model import BillingPeriod, Document, DocumentKind
from currant.billing.documents.run_store import DocumentRun
from currant.billing.documents.runs import DocumentRuns
from currant.billing.documents.service import (
    Crediting,
    Documents,
    DocumentView,
    InvoiceWanted,
    Registering,
    Reimbursing,
    SelfBilling,
)
from currant.billing.documents.store import DocumentFilter, DocumentRow, DocumentState
from currant.kit.errors import NotFound
from currant.kit.ids import DocumentId, LegalEntityId, TenantId
from currant.stations.bulk import Format, Row, export
from currant.stations.model import Page
from currant.tenancy.model import Permission

READ_AT_ONCE = 200

Owner = Annotated[
    str | None,
    QueryParameter(
        required=False, max_length=80, description="Only of `account:<id>`, `driver:<id>`, `host:<id>`."
    ),
]
Kind = Annotated[DocumentKind | None, QueryParameter(required=False)]
Entity = Annotated[str | None, QueryParameter(required=False, max_length=60, name="entity_id")]
Unpaid = Annotated[bool, QueryParameter(required=False, description="Only what is still to be paid.")]


class Rows(StrEnum):
    """What an export has a row for."""

    DOCUMENTS = "documents"
    LINES = "lines"


class DocumentsIssued(msgspec.Struct, frozen=True, kw_only=True):
    """What was issued; nothing, where nothing was owed."""

    items: tuple[Document, ...]


class RunWanted(Body, frozen=True, kw_only=True):
    """For which days everybody is invoiced."""

    period: BillingPeriod


class DocumentPaid(Body, frozen=True, kw_only=True):
    """That a document was paid, or a part of it, in its currency's own unit."""

    amount: Annotated[Decimal, msgspec.Meta(examples=["10.00"])]


class DocumentsChecked(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with issued documents; nothing, as it should be."""

    ok: bool
    findings: tuple[ChainFinding, ...]


def documents_of(request: ApiRequest) -> Documents:
    documents = services_of(request).documents
    if documents is None:
        raise NotFound("This installation does no billing.")
    return documents


@get("/", opt={"permission": Permission.BILLING_READ})
async def list_documents(
    request: ApiRequest,
    kind: Kind = None,
    owner: Owner = None,
    entity: Entity = None,
    since: Since = None,
    until: Until = None,
    unpaid: Unpaid = False,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[DocumentRow]:
    """Documents, the latest first."""
    check_times(since=since, until=until)
    wanted = DocumentFilter(
        kind=kind,
        owner=owner,
        entity_id=None if entity is None else LegalEntityId(entity),
        since=since,
        until=until,
        unpaid=unpaid,
    )
    return await documents_of(request).page(tenant_of(request), wanted, cursor=cursor, limit=limit)


@get("/{document_id:str}", opt={"permission": Permission.BILLING_READ})
async def get_document(request: ApiRequest, document_id: FromPath[str]) -> DocumentView:
    """One document with all that is on it, and what became of it."""
    return await documents_of(request).get(tenant_of(request), DocumentId(document_id))


@post("/invoice", opt={"permission": Permission.BILLING_WRITE, "idempotent": True}, status_code=200)
async def issue_invoice(request: ApiRequest, data: JSONBody[InvoiceWanted]) -> Response[DocumentsIssued]:
    """Invoice all that somebody owes for a span of days: one document for each seller, currency and tax office.

    A charge is never on two documents, so asking again issues only what has come since.
    """
    caller = caller_of(request)

    async def issue() -> DocumentsIssued:
        issued = await documents_of(request).invoice(caller.tenant_id, data, by=caller.label)
        return DocumentsIssued(items=issued)

    return await once(request, issue)


@post("/reimbursement", opt={"permission": Permission.BILLING_WRITE, "idempotent": True}, status_code=200)
async def issue_reimbursement(request: ApiRequest, data: JSONBody[Reimbursing]) -> Response[Document]:
    """A statement of what an employer gives back for charging at home: metered kWh at one price, without VAT."""
    caller = caller_of(request)

    async def issue() -> Document:
        return await documents_of(request).reimburse(caller.tenant_id, data, by=caller.label)

    return await once(request, issue)


@post("/self-bill", opt={"permission": Permission.BILLING_WRITE, "idempotent": True}, status_code=200)
async def issue_self_bill(request: ApiRequest, data: JSONBody[SelfBilling]) -> Response[Document]:
    """Write the invoice that a host would write to us for its share. The host's billing profile says whose it is."""
    caller = caller_of(request)

    async def issue() -> Document:
        return await documents_of(request).self_bill_shares(caller.tenant_id, data, by=caller.label)

    return await once(request, issue)


@post(
    "/{document_id:str}/credit",
    opt={"permission": Permission.BILLING_WRITE, "idempotent": True},
    status_code=200,
)
async def credit_document(
    request: ApiRequest, document_id: FromPath[str], data: JSONBody[Crediting]
) -> Response[Document]:
    """Issue a credit note over a document, or over some of its lines. Never more than was billed."""
    caller = caller_of(request)

    async def credit() -> Document:
        return await documents_of(request).credit(
            caller.tenant_id, DocumentId(document_id), data, by=caller.label
        )

    return await once(request, credit)


@post(
    "/{document_id:str}/paid",
    opt={"permission": Permission.BILLING_WRITE, "idempotent": True},
    status_code=200,
)
async def mark_document_paid(
    request: ApiRequest, document_id: FromPath[str], data: JSONBody[DocumentPaid]
) -> Response[DocumentState]:
    """Write down by hand that a document was paid, or a part of it."""
    tenant_id = tenant_of(request)

    async def pay() -> DocumentState:
        return await documents_of(request).pay(tenant_id, DocumentId(document_id), data.amount)

    return await once(request, pay)


@get("/check", opt={"permission": Permission.BILLING_READ})
async def check_documents(request: ApiRequest) -> DocumentsChecked:
    """Whether all issued documents are what was issued: numbers without a gap, hashes that follow, sums that agree."""
    findings = await documents_of(request).check(tenant_of(request))
    return DocumentsChecked(ok=not findings, findings=findings)


@get("/export", opt={"permission": Permission.BILLING_READ, "gives": tuple(TYPES)})
async def export_documents(
    request: ApiRequest,
    rows: Annotated[
        Rows, QueryParameter(required=False, description="A row per document or per line.")
    ] = Rows.DOCUMENTS,
    since: Since = None,
    until: Until = None,
    form: Form = Format.CSV,
) -> Stream:
    """Export documents in the order of issue, for spreadsheets and other books."""
    check_times(since=since, until=until)
    documents, tenant_id = documents_of(request), tenant_of(request)

    async def pages(cursor: str | None) -> Page[Document]:
        return await documents.whole(tenant_id, since, until, cursor=cursor, limit=READ_AT_ONCE)

    def rows_of(document: Document) -> list[Row]:
        if rows is Rows.LINES:
            return list(reporting.line_rows(document))
        return [reporting.journal_row(document)]

    columns = reporting.LINES if rows is Rows.LINES else reporting.JOURNAL
    return download(export(pages, rows_of, columns, form), rows.value, form)


@get("/export/datev", opt={"permission": Permission.BILLING_READ, "gives": ("text/csv",)})
async def export_datev(
    request: ApiRequest,
    since: Annotated[datetime, QueryParameter(description="At or after this time (RFC 3339).")],
    until: Annotated[datetime, QueryParameter(description="Before this time (RFC 3339).")],
    receivable: Annotated[str, QueryParameter(required=False, pattern="^[0-9]{1,9}$")] = "1400",
    revenue: Annotated[str, QueryParameter(required=False, pattern="^[0-9]{1,9}$")] = "8400",
    revenue_reverse: Annotated[str, QueryParameter(required=False, pattern="^[0-9]{1,9}$")] = "8337",
    revenue_exempt: Annotated[str, QueryParameter(required=False, pattern="^[0-9]{1,9}$")] = "8200",
) -> Stream:
    """The documents of a span as lines of a booking stack, in DATEV's columns, receivable against revenue.

    Accounts are those of the chart SKR 03 unless said otherwise.
    """
    check_times(since=since, until=until)
    tenant_id = tenant_of(request)
    accounts = reporting.DatevAccounts(
        receivable=receivable, revenue=revenue, revenue_reverse=revenue_reverse, revenue_exempt=revenue_exempt
    )
    chunks = _datev(documents_of(request), tenant_id, since, until, accounts)
    headers = {"Content-Disposition": 'attachment; filename="datev.csv"'}
    return Stream(chunks, media_type="text/csv; charset=utf-8", headers=headers)


async def _datev(
    documents: Documents,
    tenant_id: TenantId,
    since: datetime,
    until: datetime,
    accounts: reporting.DatevAccounts,
) -> AsyncIterator[bytes]:
    yield reporting.datev_csv([reporting.DATEV_COLUMNS]).encode()
    cursor, more = None, True
    while more:
        page = await documents.whole(tenant_id, since, until, cursor=cursor, limit=READ_AT_ONCE)
        lines = [row for document in page.items for row in reporting.datev_rows(document, accounts)]
        yield reporting.datev_csv(lines).encode()
        cursor = page.next_cursor
        more = cursor is not None


@get(
    "/{document_id:str}/files/{form:str}",
    opt={
        "permission": Permission.BILLING_READ,
        "gives": ("application/pdf", "application/xml", "application/json"),
    },
)
async def download_document(
    request: ApiRequest, document_id: FromPath[str], form: FromPath[str]
) -> Response[bytes]:
    """A document as a file: `pdf` (PDF/A-3, with Factur-X inside where the document can be said in it), `cii`,
    `xrechnung`, `xrechnung_ubl`, `peppol` or `inv01`. It is made once and the same ever after.

    422 with `not_an_einvoice` says what is missing for a structured form.
    """
    try:
        wanted = FileForm(form)
    except ValueError:
        forms = ", ".join(each.value for each in FileForm)
        raise NotFound(f"Documents have no such form: ask for one of {forms}.", field="form") from None
    tenant_id, id_ = tenant_of(request), DocumentId(document_id)
    file = await _files_of(request).get(tenant_id, id_, wanted)
    document = (await documents_of(request).get(tenant_id, id_)).document
    headers = {
        "Content-Disposition": f'attachment; filename="{file_name(document, wanted)}"',
        "ETag": f'"{file.digest[:32]}"',
    }
    return Response(file.content, media_type=file.media_type, headers=headers)


@post(
    "/{document_id:str}/registration",
    opt={"permission": Permission.BILLING_WRITE, "idempotent": True},
    status_code=200,
)
async def register_document(
    request: ApiRequest, document_id: FromPath[str], data: JSONBody[Registering]
) -> Response[DocumentState]:
    """Write down India's reference number and signed code of a document; its paper has them from then on."""
    tenant_id = tenant_of(request)

    async def register() -> DocumentState:
        return await documents_of(request).register(tenant_id, DocumentId(document_id), data)

    return await once(request, register)


@get("/runs", opt={"permission": Permission.BILLING_READ})
async def list_runs(request: ApiRequest, cursor: Cursor = None, limit: Limit = 50) -> Page[DocumentRun]:
    """Runs of invoices and how far they are, the latest first."""
    return await _runs_of(request).page(tenant_of(request), cursor=cursor, limit=limit)


@post("/runs", opt={"permission": Permission.BILLING_WRITE, "idempotent": True}, status_code=201)
async def begin_run(request: ApiRequest, data: JSONBody[RunWanted]) -> Response[DocumentRun]:
    """Invoice everybody for a period that is over. It goes on by itself, also after a restart; one at a time."""
    caller = caller_of(request)

    async def begin() -> DocumentRun:
        return await _runs_of(request).begin(caller.tenant_id, data.period, by=caller.label)

    return await once(request, begin, status=201)


@get("/runs/{run_id:str}", opt={"permission": Permission.BILLING_READ})
async def get_run(request: ApiRequest, run_id: FromPath[str]) -> DocumentRun:
    """How far a run is, and whose invoice could not be made and why (at most 100 of them)."""
    return await _runs_of(request).get(tenant_of(request), run_id)


@post("/runs/{run_id:str}/stop", opt={"permission": Permission.BILLING_WRITE}, status_code=200)
async def stop_run(request: ApiRequest, run_id: FromPath[str]) -> DocumentRun:
    """Let a run issue no more. What it issued stays; a later run takes what is left."""
    caller = caller_of(request)
    return await _runs_of(request).stop(caller.tenant_id, run_id, by=caller.label)


def _files_of(request: ApiRequest) -> DocumentFiles:
    files = services_of(request).document_files
    if files is None:
        raise NotFound("This installation does no billing.")
    return files


def _runs_of(request: ApiRequest) -> DocumentRuns:
    runs = services_of(request).document_runs
    if runs is None:
        raise NotFound("This installation does no billing.")
    return runs


router = Router(
    "/api/v1/documents",
    tags=["Documents"],
    route_handlers=[
        list_documents,
        issue_invoice,
        issue_reimbursement,
        issue_self_bill,
        check_documents,
        export_documents,
        export_datev,
        list_runs,
        begin_run,
        get_run,
        stop_run,
        get_document,
        download_document,
        register_document,
        credit_document,
        mark_document_paid,
    ],
)
