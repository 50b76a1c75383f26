"""Giving a draft its number: a plain function inside any part's `decide`.

The counter's row is locked, the number taken, the document sealed to the one before it and inserted, all in
one transaction. So a number is used exactly when its document exists: no gap after a crash, none doubled.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import Connection

from currant.billing.documents import store
from currant.billing.documents.billable import BillableCharge
from currant.billing.documents.chain import adds_up, sealed
from currant.billing.documents.events import DocumentIssued
from currant.billing.documents.model import Document, DocumentKind, Draft
from currant.billing.documents.numbering import fiscal_year, prefix_in, worded
from currant.billing.documents.store import DocumentState
from currant.billing.entities_model import LegalEntity
from currant.db.commits import ChangeSet
from currant.kit.errors import Conflict
from currant.kit.ids import ChargeId, DocumentId, TenantId, new_id

CHARGES_TOLD = 1_000


class Issuer:
    """Issues documents within one transaction. Two of one series follow each other as they are issued."""

    def __init__(self, connection: Connection, changes: ChangeSet, *, now: datetime) -> None:
        self._connection = connection
        self._changes = changes
        self._now = now
        # What this transaction has used itself is not in the database before it ends.
        self._last: dict[tuple[str, str, str], tuple[int, str]] = {}

    def issue(
        self,
        tenant_id: TenantId,
        entity: LegalEntity,
        draft: Draft,
        *,
        charges: Sequence[ChargeId] = (),
        booked_tax: int | None = None,
        by: str = "",
    ) -> Document:
        """The draft with its number, kept for ever."""
        numbered = sealed(self._numbered(tenant_id, entity, draft))
        assert adds_up(numbered), "A document's sums are those of its lines."
        changes = self._changes
        changes.write(store.INSERT, store.row_of(numbered))
        key = (numbered.entity_id, numbered.series, numbered.fiscal_year)
        self._last[key] = (numbered.sequence, numbered.hash)
        changes.write(
            store.COUNT,
            (tenant_id, *key, numbered.sequence, numbered.hash),
        )
        for charge_id in charges:
            changes.write(store.PUT_ON, (charge_id, tenant_id, numbered.id))
        changes.emit(
            DocumentIssued(
                tenant_id=tenant_id,
                happened_at=self._now,
                document_id=numbered.id,
                entity_id=numbered.entity_id,
                document_kind=numbered.kind,
                number=numbered.number,
                owner=numbered.owner,
                currency=numbered.currency,
                net=numbered.net,
                tax=numbered.tax,
                gross=numbered.gross,
                rounding=numbered.rounding,
                due=numbered.due,
                jurisdiction=numbered.jurisdiction,
                booked_tax=booked_tax,
                preceding_id=None if numbered.preceding is None else numbered.preceding.id,
                charges=tuple(charges[:CHARGES_TOLD]),
                by=by,
            )
        )
        return numbered

    def credit(
        self, tenant_id: TenantId, entity: LegalEntity, credited: Document, draft: Draft, *, by: str = ""
    ) -> Document:
        """Issue a credit note over a document; Conflict when more would be credited than was billed."""
        state = store.state(self._connection, tenant_id, credited.id)
        if state.credited + draft.gross > credited.gross:
            raise Conflict(
                f"{credited.number} is over {credited.gross} and {state.credited} of it is credited already "
                "(minor units): credit less.",
                credited=state.credited,
            )
        issued = self.issue(tenant_id, entity, draft, by=by)
        after = msgspec.structs.replace(state, credited=state.credited + draft.gross)
        self._changes.write(store.STATE, store.state_row(tenant_id, after))
        return issued

    def paid(self, tenant_id: TenantId, document: Document, amount: int) -> DocumentState:
        """Write down that (more of) a document is paid."""
        state = store.state(self._connection, tenant_id, document.id)
        after = msgspec.structs.replace(state, paid=state.paid + amount, paid_at=self._now)
        self._changes.write(store.STATE, store.state_row(tenant_id, after))
        return after

    def _numbered(self, tenant_id: TenantId, entity: LegalEntity, draft: Draft) -> Document:
        rule = entity.rule_for(draft.kind)
        day = self._now.astimezone(ZoneInfo(entity.zone)).date()
        year = fiscal_year(day, entity.year_begins)
        series = rule.series
        if draft.jurisdiction.startswith("IN-") and draft.kind is not DocumentKind.SELF_BILL:
            series = f"{series}/{draft.jurisdiction[3:]}"
        last, last_hash = self._before(tenant_id, entity, series, year.label)
        number = worded(
            rule.form, prefix=prefix_in(rule.prefix, draft.jurisdiction), year=year, number=last + 1
        )
        owed = draft.kind is not DocumentKind.CREDIT_NOTE and draft.due > 0
        payment = draft.payment
        if payment is not None and payment.iban and not payment.reference:
            payment = msgspec.structs.replace(payment, reference=number)
        facts = {name: getattr(draft, name) for name in Draft.__struct_fields__ if name != "payment"}
        return Document(
            **facts,
            payment=payment,
            id=DocumentId(new_id()),
            tenant_id=tenant_id,
            series=series,
            fiscal_year=year.label,
            sequence=last + 1,
            number=number,
            issued_at=self._now,
            issue_date=day,
            due_date=day + timedelta(days=draft.due_in_days) if owed else None,
            previous_hash=last_hash,
        )

    def _before(self, tenant_id: TenantId, entity: LegalEntity, series: str, year: str) -> tuple[int, str]:
        here = self._last.get((entity.id, series, year))
        if here is not None:
            return here
        return store.last_number(self._connection, tenant_id, entity.id, series, year)


def unbilled_of(
    connection: Connection, tenant_id: TenantId, charges: Sequence[BillableCharge]
) -> list[BillableCharge]:
    """Those of the charges that are on no document yet."""
    taken = set(store.charges_taken(connection, tenant_id, [charge.id for charge in charges]))
    return [charge for charge in charges if charge.id not in taken]
