"""What an installation has for documents: legal entities, invoices, and what is recorded of them."""

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from currant.billing.charges.model import ChargeFinal
from currant.billing.documents import charged
from currant.billing.documents.events import (
    DocumentIssued,
    DocumentRegistered,
    DocumentRunChanged,
)
from currant.billing.documents.filing import DocumentFiles
from currant.billing.documents.paper import PaperLook
from currant.billing.documents.receipts import KIND as RECEIPT
from currant.billing.documents.receipts import Receipts
from currant.billing.documents.runs import KIND as RUN
from currant.billing.documents.runs import DocumentRuns
from currant.billing.documents.service import Documents
from currant.billing.entities import Entities
from currant.billing.entities_model import BillingProfileChanged, LegalEntityChanged, TaxSettingsChanged
from currant.db.jobs import JobRunner
from currant.events.delivery import Subscription
from currant.kit.errors import NotFound
from currant.kit.event import Event
from currant.kit.ids import TenantId

if TYPE_CHECKING:
    from currant.app.container import Currant

INVOICING_RECORDED: tuple[type[Event], ...] = (
    LegalEntityChanged,
    BillingProfileChanged,
    TaxSettingsChanged,
    DocumentIssued,
    DocumentRegistered,
    DocumentRunChanged,
)
"""They are about money and customers, which not everybody who follows the network may see."""

INVOICING_AUDITED: tuple[type[Event], ...] = (
    LegalEntityChanged,
    BillingProfileChanged,
    TaxSettingsChanged,
    DocumentIssued,
    DocumentRunChanged,
)


def start_invoicing(currant: "Currant", stack: AsyncExitStack) -> None:
    """Make the services of documents, and go on with runs of invoices that were under way."""
    database, clock = currant.database, currant.clock
    currant.entities = Entities(database, clock)
    currant.documents = Documents(database, clock, unbilled=charged.unbilled, book=charged.book)
    currant.document_files = DocumentFiles(database, clock, look_of=lambda tenant: _look(currant, tenant))
    stack.callback(currant.document_files.close)
    currant.document_runs = DocumentRuns(
        database, clock, currant.documents, currant.document_files, owners=charged.owners
    )
    currant.receipts = Receipts(database, clock, currant.documents)
    handlers = {RUN: currant.document_runs.work, RECEIPT: currant.receipts.work}
    runner = JobRunner(database, handlers, clock=clock)
    runner.start()
    stack.push_async_callback(runner.stop)


def invoicing_subscriptions(receipts: Receipts) -> list[Subscription]:
    """Who follows what for documents."""
    return [Subscription("receipts", receipts.follow, to=(ChargeFinal,), skip_after=10)]


async def _look(currant: "Currant", tenant_id: TenantId) -> PaperLook:
    """The organisation's colour and logo."""
    branding = currant.brandings.get(tenant_id)
    colour = branding.primary_colour
    digest, _, ending = (branding.logo_url or "").rpartition("/")[2].partition(".")
    if not digest:
        return PaperLook(colour=colour)
    try:
        picture = await currant.brandings.picture(digest)
    except NotFound:
        return PaperLook(colour=colour)
    return PaperLook(colour=colour, logo=picture.content, logo_ending=ending)
