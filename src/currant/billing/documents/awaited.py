"""Invoices that somebody has still to pay by transfer: the bank's side of documents (bank.service.Expecting)."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Connection

from currant.billing import books, flows
from currant.billing.bank.model import BankLine, Expected, ExpectedKind
from currant.billing.documents import store
from currant.billing.documents.issuing import Issuer
from currant.billing.documents.model import DocumentKind
from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.clock import Clock
from currant.kit.errors import Conflict, NotFound
from currant.kit.ids import DocumentId, TenantId
from currant.kit.money import Money

# Where an invoice says nothing of when it is due.
USUALLY_DUE = timedelta(days=14)


class InvoicesAwaited:
    """What was invoiced and not paid yet, of an organisation."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def open(self, tenant_id: TenantId, *, limit: int) -> Sequence[Expected]:
        """Unpaid invoices, the latest first; each is known by its number."""
        wanted = store.DocumentFilter(kind=DocumentKind.INVOICE, unpaid=True)
        rows = await self._database.read(
            lambda conn: store.page(conn, tenant_id, wanted, before=None, limit=limit)
        )
        return [
            Expected(
                kind=ExpectedKind.DOCUMENT,
                id=row.id,
                owner=row.owner,
                amount=left,
                currency=row.currency,
                references=(row.number,),
                names=(row.buyer,) if row.buyer else (),
                since=date.fromisoformat(row.issue_date),
                due_on=date.fromisoformat(row.issue_date) + USUALLY_DUE,
            )
            for row in rows
            if (left := row.due - row.credited - row.paid) > 0
        ]

    def settle(
        self, connection: Connection, changes: ChangeSet, tenant_id: TenantId, id_: str, line: BankLine
    ) -> None:
        """Book that an invoice, or a part of it, was paid to the bank: what its owner owed is less."""
        document = store.document(connection, tenant_id, DocumentId(id_))
        if document is None or document.kind is not DocumentKind.INVOICE:
            raise NotFound("There is no such invoice.", field="id")
        amount, currency = line.line.amount, line.line.currency
        if currency != document.currency or amount <= 0:
            raise Conflict(f"{document.number} is paid in {document.currency}, with more than nothing.")
        state = store.state(connection, tenant_id, document.id)
        left = document.due - state.credited - state.paid
        if amount > left:
            raise Conflict(
                f"{left} {currency} (minor units) of {document.number} are left to be paid, and {amount} came: "
                "find out what the rest is for."
            )
        at = datetime.combine(line.line.booked_on, datetime.min.time(), tzinfo=UTC)
        money = Money(minor_units=amount, currency=currency)
        # The books know accounts by their ids alone.
        owed = flows.receivable(document.owner.removeprefix("account:"), currency)
        entry = flows.received("bank_line", line.id, money, owed, at=at)
        books.post(connection, tenant_id, [entry])
        Issuer(connection, changes, now=self._clock.now()).paid(tenant_id, document, amount)
