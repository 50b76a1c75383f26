"""Charges: what sessions cost, why, who pays it, and what people decide about it."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

import msgspec
from litestar import Response, Router, get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.response import Stream

from currant.api.authentication import ApiRequest
from currant.api.idempotent import once
from currant.api.paging import Cursor, Limit
from currant.api.routes.bulk import TYPES, Form, download
from currant.api.routes.common import Body, Count, caller_of, services_of, tenant_of
from currant.api.routes.parameters import Since, Station, Until, Word, check_times, station_id_of
from currant.api.routes.sessions import find_session
from currant.api.views import page_like
from currant.billing.charges.costs import Costs
from currant.billing.charges.model import (
    Charge,
    ChargeDetails,
    ChargeFilter,
    ChargeKind,
    ChargeState,
    PaidState,
    Payer,
    RunningCost,
)
from currant.billing.charges.service import Charges
from currant.kit.errors import NotFound
from currant.kit.ids import (
    AccountId,
    ChargeId,
    DocumentId,
    LocationId,
    SessionId,
    StationId,
    TariffVersionId,
    TokenId,
)
from currant.kit.money import as_decimal, from_minor
from currant.pricing.charge import BillLine, RatedLine, TaxPart
from currant.pricing.model import PricePurpose
from currant.stations.bulk import Format, Row, export
from currant.stations.model import Page
from currant.tenancy.model import Permission

READ_AT_ONCE = 500
EXACT_DIGITS = 10

InState = Annotated[
    ChargeState | None,
    QueryParameter(name="standing", required=False, description="Only those in this state."),
]
OfKind = Annotated[ChargeKind | None, QueryParameter(name="kind", required=False)]
ForPurpose = Annotated[PricePurpose | None, QueryParameter(name="purpose", required=False)]
PaidAs = Annotated[PaidState | None, QueryParameter(name="paid", required=False)]


class ChargeView(msgspec.Struct, frozen=True, kw_only=True):
    """What a session comes to for one purpose. Amounts are minor units of the currency (cents, paise)."""

    id: ChargeId
    number: str
    """Its name for people: the session's number, and which charge of it."""
    session_id: SessionId
    session_number: int
    purpose: PricePurpose
    kind: ChargeKind
    state: ChargeState
    reasons: tuple[str, ...]
    """Why it waits: codes of the session's repairs, `no_payer`, `large_amount`, `evidence_failed`,
    `taken_back_before`, `refunded_before`; quarter-hours whose market price is not known."""
    paid: PaidState
    payer: Payer
    currency: str
    net: int
    tax: int
    gross: int
    collected: int
    energy_wh: int
    version_id: TariffVersionId
    rule_id: str
    account_id: AccountId | None
    token_id: TokenId | None
    location_id: LocationId | None
    station_id: StationId
    station_identity: str
    evse: int | None
    started_at: datetime
    ended_at: datetime
    time_zone: str
    created_at: datetime
    finalised_at: datetime | None
    released_by: str
    credits: ChargeId | None
    """The charge that this credit takes back."""
    document_id: DocumentId | None
    note: str


class ExactLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of rating before any rounding; long fractions are cut after ten digits here, and nowhere else."""

    kind: str
    quantity: Decimal
    unit_price: Decimal
    amount: Decimal
    tax_percent: Decimal | None
    begin: datetime | None
    end: datetime | None
    element: int | None
    note: str


class ChargeExplained(msgspec.Struct, frozen=True, kw_only=True):
    """A charge with all that explains it."""

    charge: ChargeView
    lines: tuple[BillLine, ...]
    taxes: tuple[TaxPart, ...]
    exact: tuple[ExactLine, ...]
    trace: tuple[str, ...]
    """Every step of the rating in words, then of the rounding."""
    engine: str
    input_hash: str
    estimated: bool


class CostOfSession(msgspec.Struct, frozen=True, kw_only=True):
    """What a session costs: so far, or `final`. Amounts are minor units; 0 and no currency without a price."""

    session_id: SessionId
    final: bool
    currency: str
    net: int
    tax: int
    gross: int
    at: datetime | None
    """Until when it is counted, while it goes on."""
    version_id: TariffVersionId | None
    """The version of the tariff that it keeps."""
    rule_id: str
    so_far: RunningCost | None
    charge: ChargeExplained | None
    history: tuple[ChargeView, ...]
    """Every charge and credit of the session."""


class ReleaseCharge(Body, frozen=True, kw_only=True):
    """Why a charge is let through, and who pays where nobody was known."""

    note: Annotated[str, msgspec.Meta(max_length=500)] = ""
    account_id: AccountId | None = None


class DecideCharge(Body, frozen=True, kw_only=True):
    """Why a charge is voided or taken back; kept with it."""

    note: Annotated[str, msgspec.Meta(min_length=1, max_length=500, examples=["Cable was broken"])]


class RefundCharge(Body, frozen=True, kw_only=True):
    """How much of a charge is given back, in the currency's own unit with tax, and why."""

    amount: Annotated[Decimal, msgspec.Meta(examples=["2.50"])]
    note: Annotated[str, msgspec.Meta(min_length=1, max_length=500, examples=["Waited for a technician"])]


class ChargesSettled(msgspec.Struct, frozen=True, kw_only=True):
    """The charges that are new or different; none where everything was right."""

    items: tuple[ChargeView, ...]


def charges_of(request: ApiRequest) -> Charges:
    charges = services_of(request).charges
    if charges is None:
        raise NotFound("This installation sells nothing.")
    return charges


def costs_of(request: ApiRequest) -> Costs:
    costs = services_of(request).costs
    if costs is None:
        raise NotFound("This installation sells nothing.")
    return costs


@get("/sessions/{session:str}/cost", opt={"permission": Permission.SESSIONS_READ}, tags=["Sessions"])
async def get_session_cost(request: ApiRequest, session: FromPath[str]) -> CostOfSession:
    """What a session costs: until now while it goes on, finally once it is charged for; with every line."""
    found = await find_session(request, session)
    charges, costs = charges_of(request), costs_of(request)
    history = await charges.of_session(found.tenant_id, found.id)
    charged = await costs.charged(found)
    if charged is not None:
        charge, details = charged
        return CostOfSession(
            session_id=found.id,
            final=charge.finalised_at is not None,
            currency=charge.currency,
            net=charge.net,
            tax=charge.tax,
            gross=charge.gross,
            at=charge.ended_at,
            version_id=charge.version_id,
            rule_id=charge.rule_id,
            so_far=None,
            charge=explained(request, charge, details),
            history=tuple(charge_view(request, each) for each in history),
        )
    lock = await charges.lock_of(found)
    running = await costs.now(found)
    return CostOfSession(
        session_id=found.id,
        final=False,
        currency="" if running is None else running.currency,
        net=0 if running is None else running.net,
        tax=0 if running is None else running.tax,
        gross=0 if running is None else running.gross,
        at=None if running is None else running.at,
        version_id=None if lock is None else lock.version_id,
        rule_id="" if lock is None else lock.rule_id,
        so_far=running,
        charge=None,
        history=tuple(charge_view(request, each) for each in history),
    )


@get("/charges", opt={"permission": Permission.BILLING_READ})
async def list_charges(
    request: ApiRequest,
    standing: InState = None,
    kind: OfKind = None,
    purpose: ForPurpose = None,
    paid: PaidAs = None,
    session_id: Word = None,
    account_id: Word = None,
    location_id: Word = None,
    station: Station = None,
    since: Since = None,
    until: Until = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[ChargeView]:
    """Charges and credits, the latest end of a session first. `since` and `until` are about that end."""
    wanted = charges_wanted(
        request,
        standing=standing,
        kind=kind,
        purpose=purpose,
        paid=paid,
        session_id=session_id,
        account_id=account_id,
        location_id=location_id,
        station=station,
        since=since,
        until=until,
    )
    page = await charges_of(request).list(tenant_of(request), wanted, cursor=cursor, limit=limit)
    return page_like(page, tuple(charge_view(request, each) for each in page.items))


@get("/charges/count", opt={"permission": Permission.BILLING_READ})
async def count_charges(
    request: ApiRequest,
    standing: InState = None,
    kind: OfKind = None,
    purpose: ForPurpose = None,
    paid: PaidAs = None,
    account_id: Word = None,
    location_id: Word = None,
    since: Since = None,
    until: Until = None,
) -> Count:
    """How many charges there are, with the filters of the list; 10,000 stands for that or more."""
    wanted = charges_wanted(
        request,
        standing=standing,
        kind=kind,
        purpose=purpose,
        paid=paid,
        account_id=account_id,
        location_id=location_id,
        since=since,
        until=until,
    )
    return Count(count=await charges_of(request).count(tenant_of(request), wanted))


CHARGE_COLUMNS = (
    "number",
    "id",
    "session_number",
    "session_id",
    "purpose",
    "kind",
    "state",
    "paid",
    "payer",
    "payer_owner",
    "started_at",
    "ended_at",
    "time_zone",
    "station_identity",
    "evse",
    "location_id",
    "account_id",
    "token_id",
    "energy_wh",
    "currency",
    "net",
    "tax",
    "gross",
    "collected",
    "version_id",
    "document_id",
)


@get("/charges/export", opt={"permission": Permission.BILLING_READ, "gives": tuple(TYPES)})
async def export_charges(
    request: ApiRequest,
    standing: InState = None,
    kind: OfKind = None,
    purpose: ForPurpose = None,
    paid: PaidAs = None,
    account_id: Word = None,
    location_id: Word = None,
    since: Since = None,
    until: Until = None,
    form: Form = Format.CSV,
) -> Stream:
    """Export charges and credits with the filters of the list; amounts in the currency's own unit."""
    wanted = charges_wanted(
        request,
        standing=standing,
        kind=kind,
        purpose=purpose,
        paid=paid,
        account_id=account_id,
        location_id=location_id,
        since=since,
        until=until,
    )
    charges, tenant_id = charges_of(request), tenant_of(request)

    async def pages(cursor: str | None) -> Page[Charge]:
        return await charges.list(tenant_id, wanted, cursor=cursor, limit=READ_AT_ONCE)

    return download(
        export(pages, lambda charge: [_row(charge_view(request, charge))], CHARGE_COLUMNS, form),
        "charges",
        form,
    )


def _row(view: ChargeView) -> Row:
    row: dict[str, Any] = {
        name: getattr(view, name) for name in CHARGE_COLUMNS if name not in ("payer", "payer_owner")
    }
    row |= {"payer": view.payer.kind.value, "payer_owner": view.payer.owner}
    plain: Row = msgspec.to_builtins(row)
    # As numbers: a text that begins with a sign would be taken for a formula, and so be marked as text.
    amounts = ("net", "tax", "gross", "collected")
    return plain | {name: from_minor(row[name], view.currency) for name in amounts}


@get("/charges/{charge:str}", opt={"permission": Permission.BILLING_READ})
async def get_charge(request: ApiRequest, charge: FromPath[str]) -> ChargeExplained:
    """One charge with its lines, taxes, and every step that led to them."""
    found, details = await charges_of(request).get(tenant_of(request), ChargeId(charge))
    return explained(request, found, details)


@post(
    "/charges/{charge:str}/release",
    status_code=200,
    opt={"permission": Permission.BILLING_WRITE, "idempotent": True},
)
async def release_charge(
    request: ApiRequest, charge: FromPath[str], data: JSONBody[ReleaseCharge]
) -> Response[ChargeView]:
    """Let a charge through that waits for a person; with `account_id` that account's invoice pays it."""

    async def release() -> ChargeView:
        released = await charges_of(request).release(
            tenant_of(request),
            ChargeId(charge),
            by=caller_of(request).label,
            note=data.note,
            account_id=data.account_id,
        )
        return charge_view(request, released)

    return await once(request, release)


@post(
    "/charges/{charge:str}/void",
    status_code=200,
    opt={"permission": Permission.BILLING_WRITE, "idempotent": True},
)
async def void_charge(
    request: ApiRequest, charge: FromPath[str], data: JSONBody[DecideCharge]
) -> Response[ChargeView]:
    """Say of a charge that waits that nothing is owed. One that is final is credited instead."""

    async def void() -> ChargeView:
        voided = await charges_of(request).void(
            tenant_of(request), ChargeId(charge), by=caller_of(request).label, note=data.note
        )
        return charge_view(request, voided)

    return await once(request, void)


@post(
    "/charges/{charge:str}/credit",
    status_code=200,
    opt={"permission": Permission.BILLING_WRITE, "idempotent": True},
)
async def credit_charge(
    request: ApiRequest, charge: FromPath[str], data: JSONBody[DecideCharge]
) -> Response[ChargeView]:
    """Take a final charge back whole: the credit. What was paid for it is given back."""

    async def credit() -> ChargeView:
        credited = await charges_of(request).credit(
            tenant_of(request), ChargeId(charge), by=caller_of(request).label, note=data.note
        )
        return charge_view(request, credited)

    return await once(request, credit)


@post(
    "/charges/{charge:str}/refund",
    status_code=200,
    opt={"permission": Permission.BILLING_WRITE, "idempotent": True},
)
async def refund_charge(
    request: ApiRequest, charge: FromPath[str], data: JSONBody[RefundCharge]
) -> Response[ChargeView]:
    """Give part of a final charge back: it is credited, and the charge that takes its place is less by that."""

    async def refund() -> ChargeView:
        lessened = await charges_of(request).refund_of(
            tenant_of(request),
            ChargeId(charge),
            data.amount,
            by=caller_of(request).label,
            note=data.note,
        )
        return charge_view(request, lessened)

    return await once(request, refund)


@post(
    "/sessions/{session:str}/settle",
    status_code=200,
    opt={"permission": Permission.BILLING_WRITE, "idempotent": True},
    tags=["Sessions"],
)
async def settle_session(request: ApiRequest, session: FromPath[str]) -> Response[ChargesSettled]:
    """Charge for a session that has ended now, as it is known now; what is right already stays as it is."""
    found = await find_session(request, session)

    async def settle() -> ChargesSettled:
        settled = await charges_of(request).settle(found.tenant_id, found.id)
        return ChargesSettled(items=tuple(charge_view(request, each) for each in settled))

    return await once(request, settle)


def charges_wanted(
    request: ApiRequest,
    *,
    standing: ChargeState | None,
    kind: ChargeKind | None,
    purpose: PricePurpose | None,
    paid: PaidState | None,
    account_id: str | None,
    location_id: str | None,
    since: datetime | None,
    until: datetime | None,
    session_id: str | None = None,
    station: str | None = None,
) -> ChargeFilter:
    check_times(since=since, until=until)
    return ChargeFilter(
        state=standing,
        kind=kind,
        purpose=purpose,
        paid=paid,
        session_id=None if session_id is None else SessionId(session_id),
        account_id=None if account_id is None else AccountId(account_id),
        location_id=None if location_id is None else LocationId(location_id),
        station_id=None if station is None else station_id_of(request, station),
        since=since,
        until=until,
    )


_FIELDS = tuple(name for name in ChargeView.__struct_fields__ if name != "station_identity")


def charge_view(request: ApiRequest, charge: Charge) -> ChargeView:
    """A charge as the API tells it."""
    entry = services_of(request).directory.by_id(charge.station_id)
    return ChargeView(
        **{name: getattr(charge, name) for name in _FIELDS},
        station_identity="" if entry is None else entry.identity,
    )


def explained(request: ApiRequest, charge: Charge, details: ChargeDetails) -> ChargeExplained:
    """A charge with its lines and their reasons."""
    rated, bill = details.rated, details.bill
    return ChargeExplained(
        charge=charge_view(request, charge),
        lines=bill.lines,
        taxes=bill.taxes,
        exact=tuple(_exact(line) for line in rated.lines),
        trace=(*rated.trace, *bill.trace),
        engine=rated.engine,
        input_hash=rated.input_hash,
        estimated=rated.estimated,
    )


def _exact(line: RatedLine) -> ExactLine:
    return ExactLine(
        kind=line.kind.value,
        quantity=as_decimal(line.quantity, EXACT_DIGITS),
        unit_price=line.unit_price,
        amount=as_decimal(line.amount, EXACT_DIGITS),
        tax_percent=line.tax_percent,
        begin=line.begin,
        end=line.end,
        element=line.element,
        note=line.note,
    )


router = Router(
    "/api/v1",
    tags=["Charges"],
    route_handlers=[
        get_session_cost,
        settle_session,
        list_charges,
        count_charges,
        export_charges,
        get_charge,
        release_charge,
        void_charge,
        credit_charge,
        refund_charge,
    ],
)
