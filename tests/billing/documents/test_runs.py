"""Runs of invoices: all customers once, resumed after a crash, stopped by a person; and the files they leave."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import Connection
from tests.billing.einvoices.test_inv01 import signed
from tests.billing.making import BEGAN, GERMAN, INDIAN, TENANT, charge, decided
from tests.services import fresh_database

from currant.billing.documents import composing, store
from currant.billing.documents.billable import BillableCharge, month_of
from currant.billing.documents.filing import DocumentFiles, FileForm
from currant.billing.documents.paper import PaperLook
from currant.billing.documents.run_store import DocumentRun, RunState
from currant.billing.documents.runs import KIND, DocumentRuns
from currant.billing.documents.service import Crediting, Documents, InvoiceWanted, Registering
from currant.billing.documents.store import DocumentFilter
from currant.billing.einvoices import inv01
from currant.billing.einvoices.semantics import NotAnEInvoice
from currant.billing.entities import Entities
from currant.billing.entities_model import BillingProfileDraft, LegalEntity
from currant.billing.tax.model import CustomerKind
from currant.db.engine import Database
from currant.db.jobs import Job, JobRunner
from currant.kit.clock import ManualClock
from currant.kit.errors import Conflict, Invalid, NotFound
from currant.kit.ids import TenantId

MAY = month_of(2026, 5)


class Office:
    """A legal entity with charges of many customers."""

    def __init__(self, database: Database, clock: ManualClock) -> None:
        self.database = database
        self.clock = clock
        self.pile: list[BillableCharge] = []
        self.entities = Entities(database, clock)
        self.documents = Documents(database, clock, unbilled=self._unbilled)
        self.files = DocumentFiles(database, clock, look_of=self._look)
        self.runs = DocumentRuns(database, clock, self.documents, self.files, owners=self._owners)
        self.failing: set[str] = set()
        self.looks = 0

    async def _look(self, tenant_id: TenantId) -> PaperLook:
        self.looks += 1
        return PaperLook()

    def _unbilled(
        self, conn: Connection, tenant_id: TenantId, owner: str, since: datetime, until: datetime
    ) -> list[BillableCharge]:
        if owner in self.failing:
            raise RuntimeError("The node dies here.")
        return [each for each in self.pile if each.owner == owner and since <= each.end < until]

    def _owners(
        self, conn: Connection, tenant_id: TenantId, since: datetime, until: datetime, after: str, limit: int
    ) -> Sequence[str]:
        taken = set(store.charges_taken(conn, tenant_id, [each.id for each in self.pile]))
        owners = {each.owner for each in self.pile if since <= each.end < until and each.id not in taken}
        return sorted(owner for owner in owners if owner > after)[:limit]

    async def seller(self) -> LegalEntity:
        return await self.entities.add(TENANT, GERMAN, by="test")

    def fill(self, seller: LegalEntity, customers: int) -> None:
        decision = decided(seller)
        for at in range(customers):
            for session in range(2):
                self.pile.append(
                    charge(decision, number=2 * at + session, owner=f"account:{at:04}", entity_id=seller.id)
                )

    async def work(self, run: DocumentRun) -> None:
        await self.runs.work(Job(id="job", tenant_id=TENANT, kind=KIND, payload=run.id))

    async def numbers(self) -> list[str]:
        page = await self.documents.page(TENANT, DocumentFilter(), cursor=None, limit=500)
        return sorted(row.number for row in page.items)


@pytest_asyncio.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    clock = ManualClock(BEGAN + timedelta(days=30))
    database = fresh_database(tmp_path / "office.sqlite", clock=clock)
    made = Office(database, clock)
    yield made
    made.files.close()
    await database.close()


async def test_everybody_gets_one_invoice_and_its_paper(office: Office) -> None:
    office.fill(await office.seller(), 23)
    run = await office.runs.begin(TENANT, MAY, by="Ada")
    assert (run.state, run.total) == (RunState.RUNNING, 23)
    await office.work(run)
    ended = await office.runs.get(TENANT, run.id)
    assert (ended.state, ended.done, ended.issued, ended.failed) == (RunState.DONE, 23, 23, 0)
    assert await office.numbers() == [f"2026-{at:06}" for at in range(1, 24)]
    page = await office.documents.page(TENANT, DocumentFilter(), cursor=None, limit=1)
    document = page.items[0].id
    looked = office.looks
    kept = await office.files.get(TENANT, document, FileForm.PDF)
    assert kept.content.startswith(b"%PDF-1.7")
    assert office.looks == looked


async def test_a_run_is_worked_off_by_its_job(office: Office) -> None:
    office.fill(await office.seller(), 3)
    run = await office.runs.begin(TENANT, MAY, by="Ada")
    runner = JobRunner(office.database, {KIND: office.runs.work}, clock=office.clock)
    assert await runner.run_due() == 1
    await runner.stop()
    assert (await office.runs.get(TENANT, run.id)).state is RunState.DONE
    assert await runner.run_due() == 0


async def test_what_breaks_off_goes_on_and_bills_nothing_twice(office: Office) -> None:
    office.fill(await office.seller(), 45)
    run = await office.runs.begin(TENANT, MAY, by="Ada")
    office.failing = {"account:0033"}
    with pytest.raises(RuntimeError, match="dies here"):
        await office.work(run)
    halfway = await office.runs.get(TENANT, run.id)
    assert (halfway.state, halfway.done) == (RunState.RUNNING, 20)
    assert len(await office.numbers()) == 33
    office.failing = set()
    await office.work(run)
    ended = await office.runs.get(TENANT, run.id)
    assert (ended.state, ended.done) == (RunState.DONE, 45)
    assert await office.numbers() == [f"2026-{at:06}" for at in range(1, 46)]
    assert await office.documents.check(TENANT) == ()


async def test_who_cannot_be_billed_is_told_and_keeps_nobody_else_waiting(office: Office) -> None:
    seller = await office.seller()
    office.fill(seller, 3)
    office.pile.append(charge(decided(seller), owner="account:0001x", entity_id="another"))
    run = await office.runs.begin(TENANT, MAY, by="Ada")
    await office.work(run)
    ended = await office.runs.get(TENANT, run.id)
    assert (ended.issued, ended.failed) == (3, 1)
    [error] = ended.errors
    assert (error.owner, error.text) == ("account:0001x", "There is no such legal entity.")


async def test_a_paper_that_cannot_be_printed_is_told_and_stops_nothing(office: Office) -> None:
    office.fill(await office.seller(), 3)

    async def no_look(tenant_id: TenantId) -> PaperLook:
        office.looks += 1
        if office.looks == 2:
            raise RuntimeError("The press is jammed.")
        return PaperLook()

    office.files.look_of = no_look
    run = await office.runs.begin(TENANT, MAY, by="Ada")
    await office.work(run)
    ended = await office.runs.get(TENANT, run.id)
    assert (ended.state, ended.issued, ended.failed) == (RunState.DONE, 3, 1)
    [error] = ended.errors
    assert error.text.endswith("is issued and could not be printed.")
    page = await office.documents.page(TENANT, DocumentFilter(), cursor=None, limit=10)
    for row in page.items:
        assert (await office.files.get(TENANT, row.id, FileForm.PDF)).content.startswith(b"%PDF")


async def test_a_person_stops_a_run_and_the_next_takes_the_rest(office: Office) -> None:
    office.fill(await office.seller(), 25)
    run = await office.runs.begin(TENANT, MAY, by="Ada")
    with pytest.raises(Conflict, match="under way"):
        await office.runs.begin(TENANT, MAY, by="Ben")
    stopped = await office.runs.stop(TENANT, run.id, by="Ben")
    assert stopped.state is RunState.STOPPED
    await office.work(run)
    assert await office.numbers() == []
    again = await office.runs.begin(TENANT, MAY, by="Ben")
    await office.work(again)
    assert len(await office.numbers()) == 25
    page = await office.runs.page(TENANT, cursor=None, limit=1)
    assert [each.id for each in page.items] == [again.id]
    rest = await office.runs.page(TENANT, cursor=page.next_cursor, limit=1)
    assert [each.id for each in rest.items] == [run.id]


async def test_a_month_that_is_not_over_is_not_run(office: Office) -> None:
    await office.seller()
    with pytest.raises(Invalid, match="not over"):
        await office.runs.begin(TENANT, month_of(2026, 6), by="Ada")


async def test_files_are_made_once_however_many_ask(office: Office) -> None:
    office.fill(await office.seller(), 1)
    [invoice] = await office.documents.invoice(TENANT, InvoiceWanted(owner="account:0000", period=MAY))
    files = await asyncio.gather(*[office.files.get(TENANT, invoice.id, FileForm.PDF) for _ in range(5)])
    assert len({file.digest for file in files}) == 1
    # A new look does not change what was printed.
    office.looks = 0
    await office.files.get(TENANT, invoice.id, FileForm.PDF)
    assert office.looks == 0


async def test_every_form_of_an_invoice_can_be_had_or_says_why_not(office: Office) -> None:
    seller = await office.seller()
    await office.entities.save_profile(
        TENANT,
        "account:0000",
        BillingProfileDraft(
            name="Stadt Hamburg",
            address=GERMAN.address,
            email="eingang@example.org",
            buyer_reference="04011000-12345-34",
        ),
        by="test",
    )
    office.fill(seller, 2)
    [known] = await office.documents.invoice(TENANT, InvoiceWanted(owner="account:0000", period=MAY))
    [unknown] = await office.documents.invoice(TENANT, InvoiceWanted(owner="account:0001", period=MAY))
    for form in FileForm:
        if form is FileForm.INV01:
            with pytest.raises(NotAnEInvoice):
                await office.files.get(TENANT, known.id, form)
        else:
            assert (await office.files.get(TENANT, known.id, form)).content
    with pytest.raises(NotAnEInvoice, match="buyer's country"):
        await office.files.get(TENANT, unknown.id, FileForm.PEPPOL)
    assert (await office.files.get(TENANT, unknown.id, FileForm.PDF)).content
    with pytest.raises(NotFound):
        await office.files.get(TenantId("other"), known.id, FileForm.PDF)


async def test_an_indian_paper_is_printed_anew_with_its_number(office: Office) -> None:
    seller = await office.entities.add(TENANT, INDIAN, by="test")
    profile = BillingProfileDraft(
        name="Fleet Limited",
        address=INDIAN.address,
        kind=CustomerKind.BUSINESS,
        tax_id="29AAGCB7383J1Z4",
        tax_id_checked=True,
    )
    await office.entities.save_profile(TENANT, "account:fleet", profile, by="test")
    decision = decided(seller, site="IN", state="KA")
    office.pile.append(charge(decision, currency="INR", entity_id=seller.id))
    [invoice] = await office.documents.invoice(TENANT, InvoiceWanted(owner="account:fleet", period=MAY))
    before = await office.files.get(TENANT, invoice.id, FileForm.PDF)
    irn = inv01.irn_of(invoice)
    with pytest.raises(Invalid, match="another document"):
        await office.documents.register(
            TENANT, invoice.id, Registering(irn="0" * 64, signed_qr=signed(invoice))
        )
    state = await office.documents.register(
        TENANT, invoice.id, Registering(irn=irn, signed_qr=signed(invoice))
    )
    assert state.irn == irn
    after = await office.files.get(TENANT, invoice.id, FileForm.PDF)
    assert after.digest != before.digest
    note = await office.documents.credit(TENANT, invoice.id, Crediting(), by="test")
    assert b'"Typ":"CRN"' in (await office.files.get(TENANT, note.id, FileForm.INV01)).content


def test_months_are_whole() -> None:
    assert [month_of(2026, month).end.day for month in (2, 4, 12)] == [28, 30, 31]
    assert month_of(2026, 12).end.year == 2026
    assert composing.LINES_MAX == 1_000
