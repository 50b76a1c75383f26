"""An invoice paid by transfer: known by its number on the bank's statement, booked once."""

from datetime import timedelta

import pytest

from billing.documents.test_issuing import MAY, Office, german, office  # noqa: F401
from billing.making import GERMAN, TENANT, charge, decided
from currant.billing import books
from currant.billing.bank.model import BankBooking, ExpectedKind, LineState, Statement
from currant.billing.bank.service import BankService, Imported
from currant.billing.documents.awaited import InvoicesAwaited
from currant.billing.documents.model import Document
from currant.billing.documents.service import InvoiceWanted
from currant.billing.entities_model import BillingProfileDraft
from currant.billing.ledger import Account, AccountKind
from currant.kit.errors import Conflict

OWNER = "account:fleet"


async def invoiced(office: Office) -> Document:  # noqa: F811
    entity = await german(office)
    profile = BillingProfileDraft(name="Flotte AG", address=GERMAN.address)
    await office.entities.save_profile(TENANT, OWNER, profile, by="test")
    office.pile.append(charge(decided(entity), number=1, entity_id=entity.id))
    [invoice] = await office.documents.invoice(TENANT, InvoiceWanted(owner=OWNER, period=MAY))
    return invoice


def bank_of(office: Office) -> BankService:  # noqa: F811
    awaited = InvoicesAwaited(office.database, office.clock)
    return BankService(office.database, office.clock, {ExpectedKind.DOCUMENT: awaited})


async def came(bank: BankService, invoice: Document, amount: int, *, key: str = "1") -> Imported:
    line = BankBooking(
        key=key,
        booked_on=invoice.issue_date + timedelta(days=3),
        amount=amount,
        currency=invoice.currency,
        name="FLOTTE AG",
        text=f"Rechnung {invoice.number}",
    )
    return await bank.take_in(
        TENANT, [Statement(account="DE1", name=key, currency=invoice.currency, lines=(line,))], by="ada"
    )


async def owed(office: Office, invoice: Document) -> int:  # noqa: F811
    account = Account(kind=AccountKind.RECEIVABLE, owner="fleet", currency=invoice.currency)
    return await office.database.read(lambda conn: books.balance(conn, TENANT, account))


async def test_it_is_paid_by_its_number_and_amount(office: Office) -> None:  # noqa: F811
    invoice, bank = await invoiced(office), bank_of(office)
    assert (await came(bank, invoice, invoice.due)).settled == 1
    view = await office.documents.get(TENANT, invoice.id)
    assert view.state.paid == invoice.due
    assert await owed(office, invoice) == -invoice.due, "what was owed is taken off, whoever booked it before"
    assert (await came(bank, invoice, invoice.due, key="2")).settled == 0, "nothing is awaited any more"


async def test_a_part_is_proposed_and_the_rest_stays_due(office: Office) -> None:  # noqa: F811
    invoice, bank = await invoiced(office), bank_of(office)
    assert (await came(bank, invoice, 100)).proposed == 1
    (line,) = (await bank.lines(TENANT)).items
    await bank.settle(TENANT, line.id, ExpectedKind.DOCUMENT, invoice.id, by="ada")
    assert (await office.documents.get(TENANT, invoice.id)).state.paid == 100
    done = await came(bank, invoice, invoice.due - 100, key="2")
    assert done.settled == 1


async def test_more_than_is_due_waits_for_a_person(office: Office) -> None:  # noqa: F811
    invoice, bank = await invoiced(office), bank_of(office)
    await came(bank, invoice, invoice.due + 1)
    (line,) = (await bank.lines(TENANT)).items
    with pytest.raises(Conflict, match="find out what the rest is for"):
        await bank.settle(TENANT, line.id, ExpectedKind.DOCUMENT, invoice.id, by="ada")
    (line,) = (await bank.lines(TENANT)).items
    assert line.state is LineState.OPEN
    assert await owed(office, invoice) == 0
