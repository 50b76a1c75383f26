"""Documents: receipts at once, invoices of a month, credit notes, self-billing and home charging.

Charges come in through a port (`Unbilled`); what is issued never changes; files (PDF, XML) are made from the
issued document when they are first asked for, kept, and the same ever after.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import Connection

from currant.billing import entities_store
from currant.billing.documents import composing, store
from currant.billing.documents.billable import BillableCharge, HomeCharge, Share, Unbilled
from currant.billing.documents.chain import ChainCheck, ChainFinding
from currant.billing.documents.events import DocumentRegistered
from currant.billing.documents.issuing import Issuer, unbilled_of
from currant.billing.documents.model import BillingPeriod, Document, DocumentKind, Draft, Party, Preceding
from currant.billing.documents.reporting import TaxSum, TaxSums
from currant.billing.documents.store import DocumentFilter, DocumentRow, DocumentState
from currant.billing.einvoices import inv01
from currant.billing.entities_model import BillingProfile, LegalEntity, check_owner
from currant.billing.tax.model import (
    Customer,
    CustomerKind,
    Product,
    Registration,
    Seller,
    Supply,
    TaxDecision,
    TaxPlace,
)
from currant.billing.tax.rules import RuleEngine
from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.clock import Clock, micros
from currant.kit.errors import Conflict, Invalid, NotFound
from currant.kit.ids import ChargeId, DocumentId, LegalEntityId, TenantId
from currant.kit.money import to_minor
from currant.stations import paging
from currant.stations.model import Page

CHECK_AT_ONCE = 500
HOME_MAX = 1_000

# Runs in the transaction that issues a document: books what it changes.
Booking = Callable[[Connection, ChangeSet, Document, Sequence[BillableCharge]], None]


class InvoiceWanted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An invoice over all that somebody owes for a span of days (in the zone of the legal entity)."""

    owner: Annotated[str, msgspec.Meta(max_length=80)]
    period: BillingPeriod
    language: Annotated[str, msgspec.Meta(max_length=35)] = ""


class Crediting(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What of a document is credited: some lines by their numbers, or without any all of it."""

    lines: Annotated[tuple[int, ...], msgspec.Meta(max_length=1_000)] | None = None
    reason: Annotated[str, msgspec.Meta(max_length=300)] = ""


class Reimbursing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Home charging of an employee in a month, to be given back. The employer is the legal entity."""

    entity_id: LegalEntityId
    owner: Annotated[str, msgspec.Meta(max_length=80)]
    period: BillingPeriod
    price_per_kwh: Decimal
    """Of the employee's own contract with its share of the base fee; or the flat rate of the year."""
    flat_rate: bool = False
    """A choice for a whole calendar year (Germany: 0.34 EUR in 2026)."""
    currency: Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$")] = "EUR"
    charges: Annotated[tuple[HomeCharge, ...], msgspec.Meta(min_length=1, max_length=HOME_MAX)]


class Registering(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What India's portal answered for a document."""

    irn: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$", examples=["0" * 64])]
    signed_qr: Annotated[str, msgspec.Meta(min_length=10, max_length=8_000)]
    """`SignedQRCode`: a JSON web token."""


class HostShare(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of what a host gets, without tax."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    quantity: Decimal = Decimal(1)
    unit: Literal["kWh", "h", "min", "pcs"] = "pcs"
    net: Annotated[Decimal, msgspec.Meta(examples=["97.50"])]
    """In the currency's own unit."""


class SelfBilling(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A host's share of a span, billed by us for the host. The host agreed to that before."""

    entity_id: LegalEntityId
    host: Annotated[str, msgspec.Meta(max_length=80)]
    """`host:<id>`, with a billing profile."""
    period: BillingPeriod
    currency: Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$", examples=["EUR"])]
    shares: Annotated[tuple[HostShare, ...], msgspec.Meta(min_length=1, max_length=1_000)]


class DocumentView(msgspec.Struct, frozen=True, kw_only=True):
    """A document, and what became of it."""

    document: Document
    state: DocumentState


def _nothing_unbilled(*_: object) -> Sequence[BillableCharge]:
    return ()


class Documents:
    """Issues documents and keeps them."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        unbilled: Unbilled = _nothing_unbilled,
        book: Booking | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self.unbilled = unbilled
        self.book = book

    async def receipt(
        self, tenant_id: TenantId, charge: BillableCharge, *, language: str = "", guest: Party | None = None
    ) -> Document:
        """The receipt for a paid charge; the same one whenever it is asked for again."""
        now = self._clock.now()

        def issue(conn: Connection, changes: ChangeSet) -> Document:
            return self.receipt_in(conn, changes, tenant_id, charge, now=now, language=language, guest=guest)

        return await self._database.decide(issue, tenant_id)

    def receipt_in(
        self,
        conn: Connection,
        changes: ChangeSet,
        tenant_id: TenantId,
        charge: BillableCharge,
        *,
        now: datetime,
        language: str = "",
        guest: Party | None = None,
    ) -> Document:
        """The same within somebody's `decide`: a charge becomes final and has its receipt at one stroke."""
        known = store.document_of_charge(conn, tenant_id, charge.id)
        if known is not None:
            return _known(store.document(conn, tenant_id, known))
        entity = _entity(conn, tenant_id, charge.entity_id)
        profile = entities_store.profile(conn, tenant_id, charge.owner) if charge.owner else None
        draft = composing.of_charges(
            [charge], entity, profile, kind=DocumentKind.RECEIPT, language=language, guest=guest
        )
        if charge.credits is not None:
            draft = _naming_what_it_corrects(conn, tenant_id, draft, charge.credits)
        issuer = Issuer(conn, changes, now=now)
        document = issuer.issue(tenant_id, entity, draft, charges=[charge.id], booked_tax=charge.tax)
        self._booked(conn, changes, document, [charge])
        return document

    async def invoice(
        self, tenant_id: TenantId, wanted: InvoiceWanted, *, by: str = ""
    ) -> tuple[Document, ...]:
        """Invoices over all that somebody owes for a span; one for each seller, currency and tax office.

        Nothing is issued where nothing is owed, and no charge is ever on two documents.
        """
        owner = check_owner(wanted.owner)
        if wanted.period.end < wanted.period.begin:
            raise Invalid("A period ends on or after its first day.", field="period")
        now = self._clock.now()

        def issue(conn: Connection, changes: ChangeSet) -> tuple[Document, ...]:
            profile = entities_store.profile(conn, tenant_id, owner)
            since, until = span_of(wanted.period, zone_of(conn, tenant_id))
            charges = unbilled_of(conn, tenant_id, self.unbilled(conn, tenant_id, owner, since, until))
            issuer = Issuer(conn, changes, now=now)
            issued: list[Document] = []
            for group, members in composing.grouped(charges).items():
                entity = _entity(conn, tenant_id, LegalEntityId(group.entity_id))
                for part in composing.parted(members):
                    draft = composing.of_charges(
                        part,
                        entity,
                        profile,
                        kind=DocumentKind.INVOICE,
                        period=wanted.period,
                        language=wanted.language,
                        by_session=profile is None or profile.by_session,
                    )
                    booked = sum(charge.tax for charge in part)
                    document = issuer.issue(
                        tenant_id,
                        entity,
                        draft,
                        charges=[charge.id for charge in part],
                        booked_tax=booked,
                        by=by,
                    )
                    self._booked(conn, changes, document, part)
                    issued.append(document)
            return tuple(issued)

        return await self._database.decide(issue, tenant_id)

    async def credit(
        self, tenant_id: TenantId, document_id: DocumentId, wanted: Crediting, *, by: str
    ) -> Document:
        """A credit note over a document or some of its lines. A document is never credited beyond its sum."""
        now = self._clock.now()

        def credit(conn: Connection, changes: ChangeSet) -> Document:
            credited = _known(store.document(conn, tenant_id, document_id))
            entity = _entity(conn, tenant_id, credited.entity_id)
            draft = composing.credit_of(credited, wanted.lines, reason=wanted.reason)
            note = Issuer(conn, changes, now=now).credit(tenant_id, entity, credited, draft, by=by)
            self._booked(conn, changes, note, ())
            return note

        return await self._database.decide(credit, tenant_id)

    async def self_bill(
        self,
        tenant_id: TenantId,
        entity_id: LegalEntityId,
        host: str,
        shares: Sequence[Share],
        decision: TaxDecision,
        *,
        currency: str,
        period: BillingPeriod,
        by: str = "",
    ) -> Document:
        """The invoice that a host would write to us for its share, written by us."""
        now = self._clock.now()

        def issue(conn: Connection, changes: ChangeSet) -> Document:
            entity = _entity(conn, tenant_id, entity_id)
            profile = _profile(conn, tenant_id, host)
            draft = composing.self_bill(shares, entity, profile, decision, currency=currency, period=period)
            document = Issuer(conn, changes, now=now).issue(tenant_id, entity, draft, by=by)
            self._booked(conn, changes, document, ())
            return document

        return await self._database.decide(issue, tenant_id)

    async def self_bill_shares(self, tenant_id: TenantId, wanted: SelfBilling, *, by: str) -> Document:
        """The same, of shares as somebody entered them; the tax is that of a service from the host to us."""
        check_owner(wanted.host)
        now = self._clock.now()

        def decide(conn: Connection) -> TaxDecision:
            entity = _entity(conn, tenant_id, wanted.entity_id)
            host = _profile(conn, tenant_id, wanted.host)
            number = Registration(jurisdiction=host.address.country, number=host.tax_id)
            supply = Supply(
                seller=Seller(
                    country=host.address.country,
                    state=host.address.state,
                    registrations=(number,) if host.tax_id else (),
                    small_business=not host.tax_id,
                ),
                customer=Customer(
                    kind=CustomerKind.BUSINESS,
                    country=entity.country,
                    state=entity.address.state,
                    tax_id=entity.seller().number_in(entity.country) or "",
                ),
                place=TaxPlace(country=host.address.country, state=host.address.state),
                product=Product.SUBSCRIPTION,
                on=now.astimezone(ZoneInfo(entity.zone)).date(),
            )
            return RuleEngine(entities_store.tax(conn, tenant_id)).decide(supply)

        decision = await self._database.read(decide)
        shares = [
            Share(
                name=share.name,
                quantity=share.quantity,
                unit=share.unit,
                net=to_minor(share.net, wanted.currency),
                heads=decision.heads,
            )
            for share in wanted.shares
        ]
        return await self.self_bill(
            tenant_id,
            wanted.entity_id,
            wanted.host,
            shares,
            decision,
            currency=wanted.currency,
            period=wanted.period,
            by=by,
        )

    async def reimburse(self, tenant_id: TenantId, wanted: Reimbursing, *, by: str = "") -> Document:
        """A statement of what an employer gives back for home charging."""
        check_owner(wanted.owner)
        if not Decimal(0) < wanted.price_per_kwh < Decimal(100):
            raise Invalid("A price by the kWh is above 0 and below 100.", field="price_per_kwh")
        for each in wanted.charges:
            if not wanted.period.begin <= each.on <= wanted.period.end:
                raise Invalid(f"{each.on} is not in the period of the statement.", field="charges")
        now = self._clock.now()

        def issue(conn: Connection, changes: ChangeSet) -> Document:
            entity = _entity(conn, tenant_id, wanted.entity_id)
            draft = composing.reimbursement(
                wanted.charges,
                entity,
                _profile(conn, tenant_id, wanted.owner),
                price_per_kwh=wanted.price_per_kwh,
                flat_rate=wanted.flat_rate,
                currency=wanted.currency,
                period=wanted.period,
            )
            return Issuer(conn, changes, now=now).issue(tenant_id, entity, draft, by=by)

        return await self._database.decide(issue, tenant_id)

    async def pay(self, tenant_id: TenantId, document_id: DocumentId, amount: Decimal) -> DocumentState:
        """Write down that a document was paid, or a part of it."""
        now = self._clock.now()

        def pay(conn: Connection, changes: ChangeSet) -> DocumentState:
            document = _known(store.document(conn, tenant_id, document_id))
            minor = to_minor(amount, document.currency)
            if minor <= 0:
                raise Invalid("What is paid is more than nothing.", field="amount")
            before = store.state(conn, tenant_id, document_id)
            if before.paid + minor > document.due:
                raise Conflict(
                    f"{document.number} is paid with less: {document.due - before.paid} minor units are left."
                )
            return Issuer(conn, changes, now=now).paid(tenant_id, document, minor)

        return await self._database.decide(pay, tenant_id)

    async def register(
        self, tenant_id: TenantId, document_id: DocumentId, wanted: Registering
    ) -> DocumentState:
        """Write down what India's portal answered; Invalid when that is about another document."""
        now = self._clock.now()

        def register(conn: Connection, changes: ChangeSet) -> DocumentState:
            document = _known(store.document(conn, tenant_id, document_id))
            if wanted.irn != inv01.irn_of(document):
                raise Invalid(
                    "This IRN is of another document: look at the number and the year.", field="irn"
                )
            inv01.check_signed_code(wanted.signed_qr, document)
            before = store.state(conn, tenant_id, document_id)
            if before.irn:
                return before
            after = msgspec.structs.replace(before, irn=wanted.irn, irn_qr=wanted.signed_qr, irn_at=now)
            changes.write(store.STATE, store.state_row(tenant_id, after))
            changes.emit(
                DocumentRegistered(
                    tenant_id=tenant_id,
                    happened_at=now,
                    document_id=document_id,
                    number=document.number,
                    irn=wanted.irn,
                )
            )
            return after

        return await self._database.decide(register, tenant_id)

    async def get(self, tenant_id: TenantId, document_id: DocumentId) -> DocumentView:
        def read(conn: Connection) -> DocumentView:
            document = _known(store.document(conn, tenant_id, document_id))
            return DocumentView(document=document, state=store.state(conn, tenant_id, document_id))

        return await self._database.read(read)

    async def page(
        self, tenant_id: TenantId, wanted: DocumentFilter, *, cursor: str | None, limit: int
    ) -> Page[DocumentRow]:
        """The latest first."""
        bound = paging.bounded(limit)
        before = None
        if cursor is not None:
            at, id_ = paging.decode(cursor, int, str)
            before = (int(at), str(id_))
        rows = await self._database.read(
            lambda conn: store.page(conn, tenant_id, wanted, before=before, limit=bound + 1)
        )
        return paging.page(rows, bound, lambda row: paging.encode(micros(row.issued_at), row.id))

    async def whole(
        self,
        tenant_id: TenantId,
        since: datetime | None,
        until: datetime | None,
        *,
        cursor: str | None,
        limit: int,
    ) -> Page[Document]:
        """Documents with all that is on them, in the order of issue."""
        after = "" if cursor is None else str(paging.decode(cursor, str)[0])
        rows = await self._database.read(
            lambda conn: store.whole(conn, tenant_id, since, until, after=after, limit=limit + 1)
        )
        return paging.page(rows, limit, lambda row: paging.encode(row.id))

    async def tax_sums(self, tenant_id: TenantId, since: datetime, until: datetime) -> tuple[TaxSum, ...]:
        """What was taxed in a span, by legal entity, office and rate; credit notes are taken off."""
        sums, cursor, more = TaxSums(), None, True
        while more:
            page = await self.whole(tenant_id, since, until, cursor=cursor, limit=CHECK_AT_ONCE)
            for document in page.items:
                sums.add(document)
            cursor = page.next_cursor
            more = cursor is not None
        return sums.rows()

    async def check(self, tenant_id: TenantId) -> tuple[ChainFinding, ...]:
        """Whether every issued document is what was issued, numbered without a gap, and adds up."""
        findings: list[ChainFinding] = []
        for entity_id, series, year, last in await self._database.read(
            lambda conn: store.series(conn, tenant_id)
        ):
            check = ChainCheck()
            after, more = 0, True
            while more:

                def read(
                    conn: Connection,
                    entity_id: LegalEntityId = entity_id,
                    series: str = series,
                    year: str = year,
                    after: int = after,
                ) -> list[Document]:
                    return store.in_series(
                        conn, tenant_id, entity_id, series, year, after=after, limit=CHECK_AT_ONCE
                    )

                part = await self._database.read(read)
                for document in part:
                    check.see(document)
                    after = document.sequence
                more = len(part) == CHECK_AT_ONCE
            check.end(last)
            findings += check.findings
        return tuple(findings)

    def _booked(
        self, conn: Connection, changes: ChangeSet, document: Document, charges: Sequence[BillableCharge]
    ) -> None:
        if self.book is not None:
            self.book(conn, changes, document, charges)


def _naming_what_it_corrects(
    conn: Connection, tenant_id: TenantId, draft: Draft, credited: ChargeId
) -> Draft:
    before = store.document_of_charge(conn, tenant_id, credited)
    if before is None:
        return draft
    document = _known(store.document(conn, tenant_id, before))
    preceding = Preceding(id=document.id, number=document.number, issue_date=document.issue_date)
    return msgspec.structs.replace(draft, preceding=preceding)


def span_of(period: BillingPeriod, zone: str) -> tuple[datetime, datetime]:
    """The instants between which days of a zone lie."""
    place = ZoneInfo(zone)
    begin = datetime(period.begin.year, period.begin.month, period.begin.day, tzinfo=place)
    last = period.end.toordinal() + 1
    following = period.end.fromordinal(last)
    end = datetime(following.year, following.month, following.day, tzinfo=place)
    return begin.astimezone(UTC), end.astimezone(UTC)


def zone_of(conn: Connection, tenant_id: TenantId) -> str:
    entity = entities_store.default_entity(conn, tenant_id)
    return "UTC" if entity is None else entity.zone


def _entity(conn: Connection, tenant_id: TenantId, entity_id: LegalEntityId) -> LegalEntity:
    entity = entities_store.entity(conn, tenant_id, entity_id)
    if entity is None:
        raise NotFound("There is no such legal entity.", field="entity_id")
    return entity


def _profile(conn: Connection, tenant_id: TenantId, owner: str) -> BillingProfile:
    profile = entities_store.profile(conn, tenant_id, owner)
    if profile is None:
        raise NotFound("Say first who they are and where: they have no billing profile.", owner=owner)
    return profile


def _known(document: Document | None) -> Document:
    if document is None:
        raise NotFound("There is no such document.", field="document_id")
    return document
