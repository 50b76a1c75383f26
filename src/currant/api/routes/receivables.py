"""What accounts owe and were to pay at once, and how each of them pays."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

import msgspec
from litestar import Response, Router, get, post, put
from litestar.params import FromPath, JSONBody, QueryParameter

from currant.api.authentication import ApiRequest
from currant.api.idempotent import once
from currant.api.paging import Cursor, Limit
from currant.api.routes.charges import charges_of
from currant.api.routes.common import Body, caller_of, tenant_of
from currant.api.routes.parameters import Word
from currant.api.views import page_like
from currant.billing.charges.model import AccountTerms, PaysBy, Receivable, ReceivableState
from currant.kit.ids import AccountId, ChargeId, SessionId
from currant.kit.money import from_minor
from currant.stations.model import Page
from currant.tenancy.model import Permission

InState = Annotated[
    ReceivableState | None,
    QueryParameter(name="standing", required=False, description="Only those in this state."),
]


class ReceivableView(msgspec.Struct, frozen=True, kw_only=True):
    """Money that was to be paid at once and was not. Amounts are minor units; `left` in the currency's own unit."""

    id: str
    charge_id: ChargeId
    session_id: SessionId
    account_id: AccountId | None
    currency: str
    amount: int
    paid: int
    left: Decimal
    state: ReceivableState
    reason: str
    """Why it was not paid: the provider's or our own code (`wallet_empty`, `hold_too_small`, …)."""
    created_at: datetime
    due_at: datetime
    reminders: int
    remind_at: datetime | None


class PaymentTerms(msgspec.Struct, frozen=True, kw_only=True):
    """How an account pays, and since when it owes something overdue."""

    account_id: AccountId
    pays_by: PaysBy | None
    """None: as is usual in this installation."""
    method_id: str
    blocked_after_days: int | None
    overdue_since: datetime | None
    updated_at: datetime | None


class SetPaymentTerms(Body, frozen=True, kw_only=True):
    """How an account shall pay, from its next charge on."""

    pays_by: PaysBy | None = None
    method_id: Annotated[str, msgspec.Meta(max_length=60)] = ""
    """A stored means of payment of the account, for `card`."""
    blocked_after_days: Annotated[int, msgspec.Meta(ge=0, le=3650)] | None = None
    """Days after a due date from which it may not charge; null: as is usual in this installation."""


class WriteOff(Body, frozen=True, kw_only=True):
    """Why something owed is given up."""

    note: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


@get("/receivables", opt={"permission": Permission.BILLING_READ})
async def list_receivables(
    request: ApiRequest,
    standing: InState = None,
    account_id: Word = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[ReceivableView]:
    """What was not paid, the longest due first."""
    page = await charges_of(request).receivables(
        tenant_of(request),
        state=standing,
        account_id=None if account_id is None else AccountId(account_id),
        cursor=cursor,
        limit=limit,
    )
    return page_like(page, tuple(_view(each) for each in page.items))


@post(
    "/receivables/{receivable:str}/collect",
    status_code=200,
    opt={"permission": Permission.BILLING_WRITE, "idempotent": True},
)
async def collect_receivable(request: ApiRequest, receivable: FromPath[str]) -> Response[ReceivableView]:
    """Try again to get what is owed: from the account's wallet, then from its stored means of payment."""

    async def collect() -> ReceivableView:
        return _view(
            await charges_of(request).collect_owed(
                tenant_of(request), receivable, by=caller_of(request).label
            )
        )

    return await once(request, collect)


@post(
    "/receivables/{receivable:str}/write-off",
    status_code=200,
    opt={"permission": Permission.BILLING_WRITE, "idempotent": True},
)
async def write_off_receivable(
    request: ApiRequest, receivable: FromPath[str], data: JSONBody[WriteOff]
) -> Response[ReceivableView]:
    """Give up what will never be paid."""

    async def give_up() -> ReceivableView:
        return _view(
            await charges_of(request).write_off(
                tenant_of(request), receivable, by=caller_of(request).label, note=data.note
            )
        )

    return await once(request, give_up)


@get(
    "/accounts/{account_id:str}/payment-terms", opt={"permission": Permission.BILLING_READ}, tags=["Accounts"]
)
async def get_payment_terms(request: ApiRequest, account_id: FromPath[str]) -> PaymentTerms:
    """How an account pays."""
    return _terms(await charges_of(request).terms_of(tenant_of(request), AccountId(account_id)))


@put(
    "/accounts/{account_id:str}/payment-terms",
    opt={"permission": Permission.BILLING_WRITE},
    tags=["Accounts"],
)
async def set_payment_terms(
    request: ApiRequest, account_id: FromPath[str], data: JSONBody[SetPaymentTerms]
) -> PaymentTerms:
    """Say how an account pays from its next charge on, and how long it may owe."""
    return _terms(
        await charges_of(request).set_terms(
            tenant_of(request),
            AccountId(account_id),
            pays_by=data.pays_by,
            method_id=data.method_id,
            blocked_after_days=data.blocked_after_days,
            by=caller_of(request).label,
        )
    )


def _view(owed: Receivable) -> ReceivableView:
    fields = {name: getattr(owed, name) for name in ReceivableView.__struct_fields__ if name != "left"}
    return ReceivableView(**fields, left=from_minor(owed.amount - owed.paid, owed.currency))


def _terms(terms: AccountTerms) -> PaymentTerms:
    return PaymentTerms(**{name: getattr(terms, name) for name in PaymentTerms.__struct_fields__})


router = Router(
    "/api/v1",
    tags=["Charges"],
    route_handlers=[
        list_receivables,
        collect_receivable,
        write_off_receivable,
        get_payment_terms,
        set_payment_terms,
    ],
)
