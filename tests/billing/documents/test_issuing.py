"""Numbers and immutability, on both databases: no gap, none doubled, nothing changed afterwards."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from tests.billing.making import BEGAN, GERMAN, INDIAN, TENANT, charge, decided
from tests.services import fresh_database

from currant.billing.documents import store
from currant.billing.documents.billable import BillableCharge, month_of
from currant.billing.documents.events import DocumentIssued
from currant.billing.documents.model import DocumentKind
from currant.billing.documents.numbering import check_form, fiscal_year, worded
from currant.billing.documents.service import Crediting, Documents, InvoiceWanted
from currant.billing.documents.store import DocumentFilter
from currant.billing.entities import Entities
from currant.billing.entities_model import BillingProfileDraft, LegalEntity, SeriesRule
from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.clock import ManualClock
from currant.kit.errors import Conflict, Invalid
from currant.kit.ids import TenantId

NOW = BEGAN + timedelta(days=30)
MAY = month_of(2026, 5)


class Office:
    """Documents over charges that a test puts on the pile."""

    def __init__(self, database: Database, clock: ManualClock) -> None:
        self.database = database
        self.clock = clock
        self.pile: list[BillableCharge] = []
        self.entities = Entities(database, clock)
        self.documents = Documents(database, clock, unbilled=self._unbilled)

    def _unbilled(
        self, conn: Connection, tenant_id: TenantId, owner: str, since: datetime, until: datetime
    ) -> list[BillableCharge]:
        return [each for each in self.pile if each.owner == owner and since <= each.end < until]


@pytest_asyncio.fixture
async def office(database_url: str, request: pytest.FixtureRequest) -> Any:
    clock = ManualClock(NOW)
    database = fresh_database(database_url, clock=clock)
    yield Office(database, clock)
    await database.close()


async def german(office: Office) -> LegalEntity:
    return await office.entities.add(TENANT, GERMAN, by="test")


def test_fiscal_years_begin_where_their_law_says() -> None:
    assert fiscal_year(datetime(2026, 12, 31, tzinfo=UTC).date(), 1).label == "2026"
    march, april = datetime(2026, 3, 31, tzinfo=UTC).date(), datetime(2026, 4, 1, tzinfo=UTC).date()
    assert (fiscal_year(march, 4).label, fiscal_year(april, 4).label) == ("2025-26", "2026-27")
    assert fiscal_year(datetime(2099, 5, 1, tzinfo=UTC).date(), 4).label == "2099-00"


def test_forms_of_numbers_are_checked() -> None:
    year = fiscal_year(BEGAN.date(), 1)
    assert worded("{prefix}{year}-{number:06}", prefix="R", year=year, number=7) == "R2026-000007"
    for form in ("{prefix}{year}", "{number}", "{year}{number!r}", "{year}{number:>9}", "{year}{number}_"):
        with pytest.raises(Invalid):
            check_form(form, "", country="DE")
    with pytest.raises(Invalid, match="at most 16"):
        check_form("{prefix}{year}/{number:06}", "INVOICE", country="IN")
    with pytest.raises(Invalid, match="at most 16"):
        check_form("0{prefix}{yy}{number}", "", country="IN")
    with pytest.raises(Invalid, match="state's digits"):
        check_form("{yy}{number}", "", country="IN")


async def test_numbers_of_many_at_once_have_no_gap_and_none_twice(office: Office) -> None:
    entity = await german(office)
    decision = decided(entity)
    charges = [
        charge(decision, number=at, paid=True, entity_id=entity.id, owner="", id_=f"charge-{at:02}")
        for at in range(30)
    ]
    # Every receipt is asked for twice, all of them at the same moment.
    asked = [office.documents.receipt(TENANT, each) for each in charges * 2]
    receipts = await asyncio.gather(*asked)
    numbers = sorted(document.number for document in receipts)
    assert numbers == sorted(2 * [f"2026-{at:06}" for at in range(1, 31)])
    assert await office.documents.check(TENANT) == ()


async def test_what_fails_uses_no_number(office: Office) -> None:
    entity = await german(office)
    decision = decided(entity)

    def fails(conn: Connection, changes: ChangeSet) -> None:
        one = charge(decision, paid=True, entity_id=entity.id, owner="")
        office.documents.receipt_in(conn, changes, TENANT, one, now=NOW)
        raise Conflict("Something else went wrong.")

    with pytest.raises(Conflict):
        await office.database.decide(fails, TENANT)
    one = await office.documents.receipt(TENANT, charge(decision, paid=True, entity_id=entity.id, owner=""))
    assert one.number == "2026-000001"


async def test_the_database_refuses_to_change_or_delete_a_document(office: Office) -> None:
    entity = await german(office)
    document = await office.documents.receipt(
        TENANT, charge(decided(entity), paid=True, entity_id=entity.id, owner="")
    )
    said: list[str] = []
    for statement in ("UPDATE documents SET gross = 1", "DELETE FROM documents"):

        def tamper(conn: Connection, changes: ChangeSet, statement: str = statement) -> None:
            try:
                conn.execute(text(statement))
            except DBAPIError as error:
                said.append(str(error))
                raise

        with pytest.raises(Conflict):
            await office.database.decide(tamper, TENANT)
    assert ["never changed or deleted" in each for each in said] == [True, True]
    assert (await office.documents.get(TENANT, document.id)).document == document


async def test_whoever_gets_round_that_is_found_by_the_chain(tmp_path: Path) -> None:
    clock = ManualClock(NOW)
    office = Office(fresh_database(tmp_path / "tampered.sqlite", clock=clock), clock)
    entity = await german(office)
    for at in range(3):
        one = charge(decided(entity), number=at, paid=True, entity_id=entity.id, owner="")
        await office.documents.receipt(TENANT, one)

    def tamper(conn: Connection, changes: ChangeSet) -> None:
        conn.execute(text("DROP TRIGGER documents_no_update"))
        cheaper = text("UPDATE documents SET body = replace(body, :before, :after) WHERE sequence = 2")
        conn.execute(cheaper, {"before": '"gross":1078', "after": '"gross":78'})

    await office.database.decide(tamper, TENANT)
    findings = await office.documents.check(TENANT)
    assert {(finding.number, finding.code) for finding in findings} == {
        ("2026-000002", "changed"),
        ("2026-000002", "sums"),
    }
    await office.database.close()


async def test_a_month_is_invoiced_once_and_what_comes_late_on_the_next(office: Office) -> None:
    entity = await german(office)
    decision = decided(entity)
    await office.entities.save_profile(
        TENANT, "account:fleet", BillingProfileDraft(name="Flotte AG", address=GERMAN.address), by="test"
    )
    wanted = InvoiceWanted(owner="account:fleet", period=MAY)
    assert await office.documents.invoice(TENANT, wanted) == ()
    office.pile += [charge(decision, number=at, entity_id=entity.id) for at in range(3)]
    office.pile.append(charge(decision, number=9, entity_id=entity.id, days=29))
    [invoice] = await office.documents.invoice(TENANT, wanted)
    assert [line.session_number for line in invoice.lines] == [0, 1, 2]
    assert invoice.buyer.name == "Flotte AG"
    assert invoice.due_date is not None
    assert (invoice.due_date - invoice.issue_date).days == 14
    assert invoice.payment is not None
    assert invoice.payment.reference == invoice.number
    assert await office.documents.invoice(TENANT, wanted) == ()
    late = charge(decision, number=7, entity_id=entity.id)
    office.pile.append(late)
    [second] = await office.documents.invoice(TENANT, wanted)
    assert [line.charge_id for line in second.lines] == [late.id]


async def test_two_invoicings_at_once_bill_nothing_twice(office: Office) -> None:
    entity = await german(office)
    office.pile += [charge(decided(entity), number=at, entity_id=entity.id) for at in range(5)]
    wanted = InvoiceWanted(owner="account:fleet", period=MAY)
    results = await asyncio.gather(*[office.documents.invoice(TENANT, wanted) for _ in range(6)])
    assert sorted(len(each) for each in results) == [0, 0, 0, 0, 0, 1]


async def test_indian_states_have_numbers_of_their_own(office: Office) -> None:
    entity = await office.entities.add(TENANT, INDIAN, by="test")
    numbers = []
    for state in ("KA", "DL", "KA"):
        decision = decided(entity, site="IN", state=state)
        one = charge(decision, currency="INR", paid=True, entity_id=entity.id, owner="")
        numbers.append((await office.documents.receipt(TENANT, one)).number)
    assert numbers == ["C29-2627/00001", "C07-2627/00001", "C29-2627/00002"]
    assert await office.documents.check(TENANT) == ()


async def test_a_new_year_begins_with_one(office: Office) -> None:
    entity = await german(office)

    async def number() -> str:
        one = charge(decided(entity), paid=True, entity_id=entity.id, owner="")
        return (await office.documents.receipt(TENANT, one)).number

    office.clock.advance(datetime(2026, 12, 31, 22, 59, tzinfo=UTC) - NOW)
    assert await number() == "2026-000001"
    # New year's eve is over in Berlin an hour before it is in UTC.
    office.clock.advance(timedelta(minutes=2))
    assert await number() == "2027-000001"
    assert await office.documents.check(TENANT) == ()


async def test_no_more_is_credited_than_was_billed(office: Office) -> None:
    entity = await german(office)
    office.pile.append(charge(decided(entity), minutes="30", entity_id=entity.id))
    [invoice] = await office.documents.invoice(TENANT, InvoiceWanted(owner="account:fleet", period=MAY))
    first = await office.documents.credit(TENANT, invoice.id, Crediting(lines=(2,), reason="Stau"), by="test")
    assert (first.kind, first.gross) == (DocumentKind.CREDIT_NOTE, 357)
    with pytest.raises(Conflict, match="credited already"):
        await office.documents.credit(TENANT, invoice.id, Crediting(), by="test")
    rest = await office.documents.credit(TENANT, invoice.id, Crediting(lines=(1,)), by="test")
    assert first.gross + rest.gross == invoice.gross
    assert (await office.documents.get(TENANT, invoice.id)).state.credited == invoice.gross


async def test_a_kind_may_have_a_series_of_its_own(office: Office) -> None:
    numbered = {
        DocumentKind.RECEIPT: SeriesRule(series="receipts", prefix="Q", form="{prefix}{yy}{number:05}")
    }
    draft = GERMAN.__class__(
        **{**{name: getattr(GERMAN, name) for name in GERMAN.__struct_fields__}, "series": numbered}
    )
    entity = await office.entities.add(TENANT, draft, by="test")
    office.pile.append(charge(decided(entity), entity_id=entity.id))
    [invoice] = await office.documents.invoice(TENANT, InvoiceWanted(owner="account:fleet", period=MAY))
    one = charge(decided(entity), paid=True, entity_id=entity.id, owner="")
    assert (invoice.number, (await office.documents.receipt(TENANT, one)).number) == (
        "2026-000001",
        "Q2600001",
    )


async def test_a_list_goes_on_page_by_page_and_by_filter(office: Office) -> None:
    entity = await german(office)
    for at in range(5):
        office.pile.append(charge(decided(entity), number=at, entity_id=entity.id))
        await office.documents.invoice(TENANT, InvoiceWanted(owner="account:fleet", period=MAY))
    first = await office.documents.page(TENANT, DocumentFilter(), cursor=None, limit=3)
    rest = await office.documents.page(TENANT, DocumentFilter(), cursor=first.next_cursor, limit=3)
    assert [row.number for row in (*first.items, *rest.items)] == [f"2026-{at:06}" for at in range(5, 0, -1)]
    await office.documents.credit(TENANT, first.items[0].id, Crediting(), by="test")
    owed = await office.documents.page(TENANT, DocumentFilter(unpaid=True), cursor=None, limit=10)
    assert [row.number for row in owed.items] == [f"2026-{at:06}" for at in range(4, 0, -1)]
    other = await office.documents.page(TenantId("other"), DocumentFilter(), cursor=None, limit=10)
    assert other.items == ()


async def test_what_is_issued_is_told_with_what_was_booked(tmp_path: Path) -> None:
    clock = ManualClock(NOW)
    database = fresh_database(tmp_path / "told.sqlite", clock=clock)
    office = Office(database, clock)
    entity = await german(office)
    heard: list[DocumentIssued] = []
    database.listen(
        lambda _, events: heard.extend(each for each in events if isinstance(each, DocumentIssued))
    )
    office.pile += [
        charge(decided(entity), kwh="0.733", price="0.45", number=at, entity_id=entity.id) for at in range(3)
    ]
    [invoice] = await office.documents.invoice(TENANT, InvoiceWanted(owner="account:fleet", period=MAY))
    [told] = heard
    assert (told.number, told.tax, told.booked_tax) == (invoice.number, 19, 18)
    assert set(told.charges) == {each.id for each in office.pile}
    rows = await database.read(lambda conn: store.charges_of(conn, TENANT, invoice.id))
    assert set(rows) == set(told.charges)
    await database.close()
