"""Charges as documents see them: the way from what a session cost to what is billed, and what is booked of it."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import Connection

from currant.billing import books, entities_store
from currant.billing.charges import service as charges
from currant.billing.charges.model import Charge, ChargeDetails, ChargeKind, ChargeState, PaidState, PayerKind
from currant.billing.documents import bookings
from currant.billing.documents.billable import BillableCharge, BillableLine
from currant.billing.documents.model import Document, DocumentKind
from currant.billing.tax.model import TaxDecision
from currant.db.commits import ChangeSet
from currant.kit.errors import Conflict
from currant.kit.ids import AccountId, ChargeId, LegalEntityId, TenantId
from currant.pricing.charge import Bill, BillLine
from currant.pricing.model import LineKind, Purpose
from currant.pricing.taxing import TaxHead
from currant.stations.sites import site_of


class Due(StrEnum):
    """When a charge has its receipt."""

    NOW = "now"
    SOON = "soon"
    """Its payment is under way."""
    WHEN_SETTLED = "when_settled"
    """Its payment failed, and it is owed."""
    NEVER = "never"


# What is paid at once has its receipt at once.
PAID_AT_ONCE = (PayerKind.CARD, PayerKind.WALLET, PayerKind.TERMINAL)


def unbilled(
    connection: Connection, tenant_id: TenantId, owner: str, since: datetime, until: datetime
) -> Sequence[BillableCharge]:
    """The charges of an account that are to be invoiced (the port `Unbilled`)."""
    kind, _, id_ = owner.partition(":")
    if kind != "account":
        return ()
    found = charges.unbilled(connection, tenant_id, AccountId(id_), since, until)
    return [billable(connection, tenant_id, charge, details) for charge, details in found]


def owners(
    connection: Connection, tenant_id: TenantId, since: datetime, until: datetime, after: str, limit: int
) -> Sequence[str]:
    """Whose charges are to be invoiced (the port `OwnersUnbilled`)."""
    found = charges.accounts_unbilled(
        connection, tenant_id, since, until, after=after.removeprefix("account:"), limit=limit
    )
    return [f"account:{account_id}" for account_id in found]


def one(
    connection: Connection, tenant_id: TenantId, charge_id: ChargeId
) -> tuple[Due, BillableCharge | None]:
    """Whether a charge has its receipt now, later or never, and for now the charge."""
    found = charges.charge_in(connection, tenant_id, charge_id)
    if found is None:
        return Due.NEVER, None
    charge, details = found
    if charge.payer.kind not in PAID_AT_ONCE or charge.purpose is not Purpose.RETAIL or not charge.gross:
        return Due.NEVER, None
    if charge.kind is ChargeKind.CREDIT:
        # What was taken back before it had a receipt needs none for that.
        before = None if charge.credits is None else charges.charge_in(connection, tenant_id, charge.credits)
        if before is None or before[0].document_id is None:
            return Due.NEVER, None
    elif charge.state is not ChargeState.FINAL:
        return Due.NEVER, None
    elif charge.paid is not PaidState.PAID:
        return (Due.WHEN_SETTLED if charge.paid is PaidState.FAILED else Due.SOON), None
    return Due.NOW, billable(connection, tenant_id, charge, details)


def book(
    connection: Connection,
    changes: ChangeSet,
    document: Document,
    on_it: Sequence[BillableCharge],
) -> None:
    """Book what a document makes different, and note on its charges that they are on it (the port `Booking`)."""
    tenant_id = document.tenant_id
    if on_it:
        entry = bookings.of_charges(document, on_it)
        charges.mark_documented(connection, tenant_id, [charge.id for charge in on_it], document.id)
    elif document.kind is DocumentKind.SELF_BILL or document.self_billed:
        entry = bookings.self_billed(document)
    elif document.kind is DocumentKind.CREDIT_NOTE:
        entry = bookings.credited(document)
    else:
        entry = None
    if entry is not None:
        books.post(connection, tenant_id, [entry])


def billable(
    connection: Connection, tenant_id: TenantId, charge: Charge, details: ChargeDetails
) -> BillableCharge:
    """A charge with its bill; Conflict where nobody sells who could put it on a document."""
    entity_id = details.entity_id or _seller(connection, tenant_id, charge)
    decision = details.decision or _by_tariff(charge, details.bill)
    bill = details.bill
    taxes: dict[str, int] = {}
    for part in bill.taxes:
        taxes[part.name] = taxes.get(part.name, 0) + part.amount
    site = site_of(connection, tenant_id, charge.location_id)
    return BillableCharge(
        id=charge.id,
        entity_id=entity_id,
        session_number=charge.session_number,
        owner=f"account:{charge.account_id}" if charge.account_id else "",
        currency=charge.currency,
        decision=decision,
        lines=tuple(_line(line, bill, decision) for line in bill.lines),
        net=charge.net,
        tax=charge.tax,
        gross=charge.gross,
        taxes=taxes,
        # What is taken at once is taken whole; what failed is reminded of, and has its receipt all the same.
        paid=charge.gross if charge.payer.kind in PAID_AT_ONCE else 0,
        begin=charge.started_at,
        end=charge.ended_at,
        zone=charge.time_zone,
        energy_kwh=Decimal(charge.energy_wh) / 1000,
        location=" ".join(part for part in (site.postal_code, site.city) if part),
        location_id=charge.location_id,
        token_id=charge.token_id,
        credits=charge.credits,
    )


def _line(line: BillLine, bill: Bill, decision: TaxDecision) -> BillableLine:
    return BillableLine(
        kind=line.kind,
        quantity=line.quantity,
        unit=line.unit,
        net=line.net,
        unit_price=abs(line.unit_price),
        heads=_heads(line, bill, decision),
        kwh=line.quantity if line.kind is LineKind.ENERGY else Decimal(0),
        begin=line.begin,
        end=line.end,
    )


def _heads(line: BillLine, bill: Bill, decision: TaxDecision) -> tuple[TaxHead, ...]:
    """The taxes that were on a line: those of the decision where they come to the same, else what the bill tells."""
    percents = tuple(head for head in decision.heads if head.per_kwh is None)
    by_kwh = tuple(
        head for head in decision.heads if head.per_kwh is not None and line.kind is LineKind.ENERGY
    )
    same = sum((head.percent for head in percents), Decimal(0)) == line.tax_percent
    if same and percents and percents[0].category == line.category:
        return (*percents, *by_kwh)
    name = bill.taxes[0].name if bill.taxes else "VAT"
    return (TaxHead(name=name, category=line.category, percent=line.tax_percent), *by_kwh)


def _by_tariff(charge: Charge, bill: Bill) -> TaxDecision:
    """Where the tariff alone said what tax there is."""
    heads = tuple(
        TaxHead(name=part.name, category=part.category, percent=part.percent, per_kwh=part.per_kwh)
        for part in bill.taxes
    )
    return TaxDecision(heads=heads or (TaxHead(name="VAT", category="O"),), jurisdiction=charge.jurisdiction)


def _seller(connection: Connection, tenant_id: TenantId, charge: Charge) -> LegalEntityId:
    entity = entities_store.entity_at(connection, tenant_id, charge.location_id)
    if entity is None:
        raise Conflict("Nobody sells at this location: add a legal entity first.", field="entity_id")
    return entity.id
