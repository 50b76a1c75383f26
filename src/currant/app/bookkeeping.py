"""What an installation keeps its books with: the ledger, wallets, what is looked after, and what is recorded of it."""

from typing import TYPE_CHECKING

from currant.app.duties import Duty
from currant.billing.books_events import PERSONS_EVENTS, WALLET_EVENTS
from currant.billing.books_service import Books
from currant.billing.documents.taxed import tax_on_documents
from currant.billing.filling import FillingByPayment
from currant.billing.wallets import Wallets
from currant.kit.event import Event

if TYPE_CHECKING:
    from currant.app.container import Currant

BOOKS_RECORDED: tuple[type[Event], ...] = (*WALLET_EVENTS, *PERSONS_EVENTS)
"""Not everybody who may follow the network may know of people's money."""


def start_books(currant: "Currant") -> None:
    """Make the ledger's and the wallets' services; wallets are filled by the payments that were made before."""
    currant.books = Books(currant.database, currant.clock, tax_on_paper=tax_on_documents)
    filling = FillingByPayment(currant.payments)
    currant.wallets = Wallets(currant.database, currant.clock, filling=filling)


def books_duties(currant: "Currant") -> list[Duty]:
    """What is done for the books again and again."""
    return [
        Duty(name="holds that lapse", every_s=30, run=currant.books.release_lapsed, first_s=15),
        Duty(name="filling of wallets", every_s=30, run=currant.wallets.fill_all, first_s=40),
        Duty(name="balances", every_s=900, run=currant.books.keep_balances, first_s=240),
        Duty(name="check of the ledger", every_s=86_400, run=currant.books.check_all, first_s=1_800),
    ]
