"""From sessions to documents: what real charges become on invoices and receipts, and that every cent is booked."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "charges"))

from datetime import timedelta
from decimal import Decimal

import pytest
from shop import Shop
from sqlalchemy import Connection
from tests.billing.einvoices.official import all_errors
from tests.billing.making import GERMAN

from charging.made import TENANT, at
from currant.billing.charges.model import ChargeFinal, PaysBy
from currant.billing.documents import charged, store
from currant.billing.documents.model import BillingPeriod, Document, DocumentKind
from currant.billing.documents.receipts import KIND, Receipts
from currant.billing.documents.service import Crediting, Documents, InvoiceWanted
from currant.billing.documents.store import DocumentFilter
from currant.billing.einvoices import cii
from currant.billing.entities import Entities
from currant.billing.entities_model import BillingProfileDraft, LegalEntity
from currant.billing.ledger import AccountKind as A
from currant.billing.tax.model import CustomerKind
from currant.db.engine import Database
from currant.db.jobs import JobRunner
from pricing.made import energy, flat, prices

DAY = at(0).date()
THESE_DAYS = BillingPeriod(begin=DAY - timedelta(days=1), end=DAY + timedelta(days=1))
WITHOUT_VAT = prices(energy("0.4567"), flat("0.33"))


class Office(Shop):
    """A shop that writes documents."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.entities = Entities(database, self.clock)
        self.documents = Documents(database, self.clock, unbilled=charged.unbilled, book=charged.book)
        self.receipts = Receipts(database, self.clock, self.documents)
        self.papers = JobRunner(database, {KIND: self.receipts.work}, clock=self.clock)

    async def seller(self) -> LegalEntity:
        return await self.entities.add(TENANT, GERMAN, by="test")

    async def write_receipts(self, *, later: timedelta = timedelta(seconds=2)) -> list[Document]:
        for event in [each for each in self.events if isinstance(each, ChargeFinal)]:
            await self.receipts.follow(event)
        self.events = []
        self.clock.advance(later)
        while await self.papers.run_due():
            await self.papers.stop()
        page = await self.documents.page(TENANT, DocumentFilter(), cursor=None, limit=100)
        return [(await self.documents.get(TENANT, row.id)).document for row in reversed(page.items)]

    async def adds_up(self) -> bool:
        """Whether tax in the ledger is tax on documents, and nothing was left behind."""

        def read(conn: Connection) -> list[Document]:
            return store.whole(conn, TENANT, None, None, after="", limit=100)

        owed: dict[str, int] = {}
        for document in await self.database.read(read):
            sign = -1 if document.kind is DocumentKind.CREDIT_NOTE else 1
            for tax in document.taxes:
                owner = f"{document.jurisdiction}/{tax.name}"
                owed[owner] = owed.get(owner, 0) + sign * tax.amount
        booked = {owner: -await self.balance(A.TAX_PAYABLE, owner) for owner in owed}
        return owed == booked


@pytest.fixture
async def office(sqlite_database: Database) -> Office:
    office = Office(sqlite_database)
    await office.till.open()
    return office


async def invoice(office: Office, account_id: str) -> list[Document]:
    office.clock.advance(timedelta(days=2))
    wanted = InvoiceWanted(owner=f"account:{account_id}", period=THESE_DAYS)
    return list(await office.documents.invoice(TENANT, wanted))


async def test_sessions_of_a_month_are_on_one_valid_invoice_and_the_ledger_agrees(office: Office) -> None:
    entity = await office.seller()
    await office.sells(WITHOUT_VAT)
    account, _ = await office.customer()
    profile = BillingProfileDraft(
        name="Flotte AG",
        address=GERMAN.address,
        kind=CustomerKind.BUSINESS,
        tax_id="DE129273398",
        tax_id_checked=True,
        email="eingang@example.org",
    )
    await office.entities.save_profile(TENANT, f"account:{account.id}", profile, by="test")
    charges = [
        await office.charge_of(await office.session(wh=7_160, station=f"station{at_}")) for at_ in range(3)
    ]
    [document] = await invoice(office, account.id)
    assert document.entity_id == entity.id
    assert [line.session_number for line in document.lines[::2]] == [each.session_number for each in charges]
    assert document.net == sum(each.net for each in charges)
    assert document.gross == await office.balance(A.RECEIVABLE, account.id)
    # 68.4 cents of tax each: 68 by charge, and 205 together.
    assert (document.tax, sum(each.tax for each in charges)) == (205, 204)
    assert await office.adds_up()
    assert all_errors(cii.written(document)) == []
    assert await invoice(office, account.id) == []


async def test_a_credit_note_by_hand_is_booked(office: Office) -> None:
    await office.seller()
    await office.sells(WITHOUT_VAT)
    account, _ = await office.customer()
    await office.session(wh=7_001)
    [document] = await invoice(office, account.id)
    await office.documents.credit(TENANT, document.id, Crediting(), by="test")
    assert await office.balance(A.RECEIVABLE, account.id) == 0
    assert await office.balance(A.REVENUE) == 0
    assert await office.adds_up()


async def test_who_pays_from_a_wallet_has_a_receipt_at_once(office: Office) -> None:
    await office.seller()
    await office.sells(WITHOUT_VAT)
    account, _ = await office.customer(pays_by=PaysBy.WALLET)
    await office.put_in(account.id, 5_000)
    charge = await office.charge_of(await office.session(wh=7_001))
    [receipt] = await office.write_receipts()
    assert (receipt.kind, receipt.gross, receipt.due) == (DocumentKind.RECEIPT, charge.gross, 0)
    assert (await office.charge_of(charge.session_id)).document_id == receipt.id
    assert await office.write_receipts() == [receipt]
    assert await office.adds_up()


async def test_what_is_taken_back_has_a_credit_note_that_names_its_receipt(office: Office) -> None:
    await office.seller()
    await office.sells(WITHOUT_VAT)
    account, _ = await office.customer(pays_by=PaysBy.WALLET)
    await office.put_in(account.id, 5_000)
    charge = await office.charge_of(await office.session(wh=7_001))
    [receipt] = await office.write_receipts()
    await office.charges.credit(TENANT, charge.id, by="test", note="Zähler defekt")
    await office.tell()
    first, note = await office.write_receipts()
    assert first == receipt
    assert (note.kind, note.gross, note.due) == (DocumentKind.CREDIT_NOTE, receipt.gross, 0)
    assert note.preceding is not None
    assert note.preceding.number == receipt.number
    assert await office.balance(A.WALLET, account.id) == -5_000
    assert await office.adds_up()


async def test_what_is_not_paid_has_none_until_it_is(office: Office) -> None:
    await office.seller()
    await office.sells(WITHOUT_VAT)
    await office.customer(pays_by=PaysBy.WALLET)
    await office.session(wh=7_001)
    assert await office.write_receipts() == []


async def test_a_tax_of_the_tariff_s_own_is_on_the_document(office: Office) -> None:
    await office.seller()
    await office.sells(prices(energy("0.50", tax="7")))
    account, _ = await office.customer()
    await office.session(wh=10_000)
    [document] = await invoice(office, account.id)
    assert [(tax.name, tax.percent, tax.amount) for tax in document.taxes] == [("VAT", Decimal(7), 35)]


async def test_without_anybody_who_sells_nothing_is_issued(office: Office) -> None:
    await office.sells(prices(energy("0.50", tax="19")))
    account, _ = await office.customer()
    await office.session(wh=10_000)
    office.clock.advance(timedelta(days=2))
    wanted = InvoiceWanted(owner=f"account:{account.id}", period=THESE_DAYS)
    with pytest.raises(Exception, match="add a legal entity first"):
        await office.documents.invoice(TENANT, wanted)
    await office.seller()
    assert len(await invoice(office, account.id)) == 1
