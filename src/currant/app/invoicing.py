"""What an installation has for documents: legal entities, invoices, and what is recorded of them."""

from typing import TYPE_CHECKING

from currant.billing.documents.events import (
    DocumentIssued,
    DocumentRegistered,
    DocumentRunChanged,
    DocumentSent,
)
from currant.billing.documents.service import Documents
from currant.billing.entities import Entities
from currant.billing.entities_model import BillingProfileChanged, LegalEntityChanged, TaxSettingsChanged
from currant.kit.event import Event

if TYPE_CHECKING:
    from currant.app.container import Currant

INVOICING_RECORDED: tuple[type[Event], ...] = (
    LegalEntityChanged,
    BillingProfileChanged,
    TaxSettingsChanged,
    DocumentIssued,
    DocumentSent,
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


def start_invoicing(currant: "Currant") -> None:
    """Make the services of documents. Charges come to them by `documents.unbilled`, which whoever keeps them sets."""
    currant.entities = Entities(currant.database, currant.clock)
    currant.documents = Documents(currant.database, currant.clock)
