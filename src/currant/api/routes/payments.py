"""Payments: looked at, captured, released, refunded; stored methods; providers and their keys; their messages."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Response, Router, delete, get, post, put
from litestar.params import FromPath, JSONBody, QueryParameter

from currant.api.authentication import PUBLIC, ApiRequest
from currant.api.idempotent import once
from currant.api.paging import Cursor, Limit
from currant.api.problems import ApiError
from currant.api.routes.common import Body, caller_of, services_of, tenant_of
from currant.api.routes.parameters import Since, Until, Word, check_times
from currant.billing.payments.model import (
    CreditTo,
    Notice,
    Operation,
    OwnerKind,
    Payment,
    PaymentDraft,
    PaymentMode,
    PaymentOwner,
    PaymentState,
    PayWith,
    StoredMethod,
)
from currant.billing.payments.operations import Moved
from currant.billing.payments.port import Ability, BalancePage
from currant.billing.payments.providers import ProviderDraft, ProviderField, ProviderKind, ProviderSet
from currant.billing.payments.sandbox_account import NAME as SANDBOX
from currant.billing.payments.service import PaymentFilter, Payments
from currant.billing.payments.webhooks import BODY_MAX, Taken
from currant.kit.errors import Invalid
from currant.kit.ids import PaymentId, SessionId, new_id
from currant.kit.money import Money
from currant.stations.model import Page
from currant.tenancy.model import Permission

# Public: what comes is believed for its signature alone. The bytes are read as they are.
WEBHOOK: dict[str, Any] = {
    "status_code": 200,
    "request_max_body_size": BODY_MAX,
    "opt": {"permission": PUBLIC, "any_parameters": True},
    "include_in_schema": False,
}

OwnerKindOf = Annotated[
    OwnerKind | None, QueryParameter(required=False, description="Of this kind of owner; with `owner_id`.")
]
OwnerIdOf = Annotated[
    str | None,
    QueryParameter(max_length=100, required=False, description="Of this owner; with `owner_kind`."),
]
States = Annotated[
    PaymentState | None, QueryParameter(name="state", required=False, description="In this state.")
]
Provider = Annotated[
    str | None, QueryParameter(max_length=40, required=False, description="Made with this provider.")
]
OfSession = Annotated[
    str | None, QueryParameter(max_length=100, required=False, description="For this session.")
]


class PaymentRequest(Body, frozen=True, kw_only=True):
    """A payment to ask for."""

    mode: PaymentMode
    amount: Money
    owner: PaymentOwner
    session_id: SessionId | None = None
    credit_to: CreditTo | None = None
    provider: str = ""
    pay_with: PayWith = PayWith.ANY
    method_id: str = ""
    upi_address: str = ""
    terminal: str = ""
    store_method: bool = False
    description: str = ""
    return_url: str = ""
    within_s: int = 900
    """How long the payer has, 60 seconds to 7 days."""
    key: str = ""
    """Names the payment: the same key of the same owner is the same payment. Made up when empty."""


class AmountRequest(Body, frozen=True, kw_only=True):
    """How much; `key` names what is asked, so that it is done once however often it comes."""

    amount: Money
    key: str = ""
    reason: str = ""


class VoidRequest(Body, frozen=True, kw_only=True):
    key: str = ""
    reason: str = ""


class MethodRequest(Body, frozen=True, kw_only=True):
    """A method of payment to be kept for somebody."""

    owner: PaymentOwner
    provider: str = ""
    return_url: str = ""


class ProviderKindView(msgspec.Struct, frozen=True, kw_only=True):
    """A provider that Currant knows, and what it has to be told."""

    name: str
    title: str
    fields: tuple[ProviderField, ...]
    abilities: tuple[Ability, ...]
    pay_with: tuple[PayWith, ...]
    currencies: tuple[str, ...]
    """None: every one."""


class PaymentDetail(msgspec.Struct, frozen=True, kw_only=True):
    """A payment with all that was asked of its provider."""

    payment: Payment
    operations: tuple[Operation, ...]


def payments_of(request: ApiRequest) -> Payments:
    payments = services_of(request).payments
    if payments is None:
        raise ApiError(501, "not_served", "This server takes no payments.")
    return payments


def owner_of(kind: OwnerKind | None, id_: str | None) -> PaymentOwner | None:
    if (kind is None) != (id_ is None):
        raise Invalid("Name an owner by `owner_kind` and `owner_id` together.", field="owner_id")
    return None if kind is None or id_ is None else PaymentOwner(kind=kind, id=id_)


def shown(payment: Payment) -> Payment:
    """A payment as operators see it: what opens it for the payer alone is left out."""
    action = payment.next_action
    if action is None or not action.secret:
        return payment
    return msgspec.structs.replace(payment, next_action=msgspec.structs.replace(action, secret=""))


@get("/payments", opt={"permission": Permission.BILLING_READ})
async def list_payments(
    request: ApiRequest,
    in_state: States = None,
    provider: Provider = None,
    session_id: OfSession = None,
    owner_kind: OwnerKindOf = None,
    owner_id: OwnerIdOf = None,
    since: Since = None,
    until: Until = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[Payment]:
    """Payments, latest first. Amounts are minor units of the payment's currency (cents, paise, yen)."""
    check_times(since=since, until=until)
    wanted = PaymentFilter(
        states=() if in_state is None else (in_state,),
        provider=provider or "",
        session_id=session_id or "",
        owner=owner_of(owner_kind, owner_id),
        since=since,
        until=until,
    )
    page = await payments_of(request).list_payments(tenant_of(request), wanted, cursor=cursor, limit=limit)
    return msgspec.structs.replace(page, items=tuple(map(shown, page.items)))


@post("/payments", opt={"permission": Permission.BILLING_WRITE, "idempotent": True})
async def begin_payment(request: ApiRequest, data: JSONBody[PaymentRequest]) -> Response[Payment]:
    """Ask somebody to pay: a link to send, a code to show, a reader to present a card at, or a stored method.

    What the payer has to do is in `next_action`. A payment that stays `created` was not answered by its
    provider yet: it is asked again by itself.
    """
    draft = PaymentDraft(
        **{name: getattr(data, name) for name in data.__struct_fields__ if name != "key"},
        key=data.key or new_id(),
    )
    return await once(
        request,
        lambda: payments_of(request).begin(tenant_of(request), draft, by=caller_of(request).label),
        status=201,
    )


@get("/payments/{payment_id:str}", opt={"permission": Permission.BILLING_READ})
async def get_payment(request: ApiRequest, payment_id: FromPath[str]) -> PaymentDetail:
    """One payment, with everything that was asked of its provider."""
    payments, tenant_id = payments_of(request), tenant_of(request)
    payment = await payments.get(tenant_id, PaymentId(payment_id))
    operations = await payments.operations_of(tenant_id, payment.id)
    return PaymentDetail(payment=shown(payment), operations=operations)


@post(
    "/payments/{payment_id:str}/increment",
    status_code=200,
    opt={"permission": Permission.BILLING_WRITE, "idempotent": True},
)
async def increment_payment(
    request: ApiRequest, payment_id: FromPath[str], data: JSONBody[AmountRequest]
) -> Response[Moved]:
    """Hold more: `amount` in all."""
    return await once(
        request,
        lambda: payments_of(request).increment(
            tenant_of(request),
            PaymentId(payment_id),
            data.amount,
            key=data.key or new_id(),
            by=caller_of(request).label,
        ),
    )


@post(
    "/payments/{payment_id:str}/capture",
    status_code=200,
    opt={"permission": Permission.BILLING_WRITE, "idempotent": True},
)
async def capture_payment(
    request: ApiRequest, payment_id: FromPath[str], data: JSONBody[AmountRequest]
) -> Response[Moved]:
    """Take of what is held, once; the rest is released.

    The operation in the answer is `done`, `failed`, or `intended` when the provider did not answer: then it is
    asked again by itself, and `GET /payments/{payment_id}` tells.
    """
    return await once(
        request,
        lambda: payments_of(request).capture(
            tenant_of(request),
            PaymentId(payment_id),
            data.amount,
            key=data.key or new_id(),
            by=caller_of(request).label,
        ),
    )


@post(
    "/payments/{payment_id:str}/void",
    status_code=200,
    opt={"permission": Permission.BILLING_WRITE, "idempotent": True},
)
async def void_payment(
    request: ApiRequest, payment_id: FromPath[str], data: JSONBody[VoidRequest]
) -> Response[Moved]:
    """Release a hold whole, or give up what the payer has not finished."""
    return await once(
        request,
        lambda: payments_of(request).void(
            tenant_of(request),
            PaymentId(payment_id),
            key=data.key or new_id(),
            by=caller_of(request).label,
            reason=data.reason,
        ),
    )


@post(
    "/payments/{payment_id:str}/refund",
    status_code=200,
    opt={"permission": Permission.BILLING_WRITE, "idempotent": True},
)
async def refund_payment(
    request: ApiRequest, payment_id: FromPath[str], data: JSONBody[AmountRequest]
) -> Response[Moved]:
    """Give captured money back. What was paid into a wallet and spent cannot be given back."""
    return await once(
        request,
        lambda: payments_of(request).refund(
            tenant_of(request),
            PaymentId(payment_id),
            data.amount,
            key=data.key or new_id(),
            by=caller_of(request).label,
            reason=data.reason,
        ),
    )


@post("/payments/{payment_id:str}/refresh", status_code=200, opt={"permission": Permission.BILLING_WRITE})
async def refresh_payment(request: ApiRequest, payment_id: FromPath[str]) -> Payment:
    """Ask the provider now how a payment stands."""
    return shown(await payments_of(request).refresh(tenant_of(request), PaymentId(payment_id)))


@get("/payment-methods", opt={"permission": Permission.BILLING_READ})
async def list_payment_methods(
    request: ApiRequest,
    owner_kind: Annotated[OwnerKind, QueryParameter(description="Whose: a driver's, an account's.")],
    owner_id: Annotated[str, QueryParameter(max_length=100, description="Their id.")],
) -> Page[StoredMethod]:
    """The stored methods of somebody: what they are called at the provider, never card numbers."""
    owner = PaymentOwner(kind=owner_kind, id=owner_id)
    return Page(items=await payments_of(request).methods.of(tenant_of(request), owner))


@post("/payment-methods", opt={"permission": Permission.BILLING_WRITE})
async def store_payment_method(request: ApiRequest, data: JSONBody[MethodRequest]) -> StoredMethod:
    """Have a method kept for somebody. They enter it with the provider, as `next_action` says."""
    return await payments_of(request).methods.start(
        tenant_of(request),
        data.owner,
        provider=data.provider,
        return_url=data.return_url,
        by=caller_of(request).label,
    )


@post(
    "/payment-methods/{method_id:str}/refresh", status_code=200, opt={"permission": Permission.BILLING_WRITE}
)
async def refresh_payment_method(request: ApiRequest, method_id: FromPath[str]) -> StoredMethod:
    """Ask the provider whether it keeps the method now."""
    return await payments_of(request).methods.refresh(tenant_of(request), method_id)


@post(
    "/payment-methods/{method_id:str}/prefer", status_code=200, opt={"permission": Permission.BILLING_WRITE}
)
async def prefer_payment_method(request: ApiRequest, method_id: FromPath[str]) -> StoredMethod:
    """Take this method when nobody chooses."""
    return await payments_of(request).methods.prefer(
        tenant_of(request), method_id, by=caller_of(request).label
    )


@delete("/payment-methods/{method_id:str}", opt={"permission": Permission.BILLING_WRITE})
async def remove_payment_method(request: ApiRequest, method_id: FromPath[str]) -> None:
    """Charge a method no more, and have the provider forget it."""
    await payments_of(request).methods.remove(tenant_of(request), method_id, by=caller_of(request).label)


@get("/payment-providers", opt={"permission": Permission.BILLING_READ})
async def list_payment_providers(request: ApiRequest) -> Page[ProviderSet]:
    """The providers that payments are taken with, in the order in which they are; without their secrets."""
    return Page(items=payments_of(request).providers.list(tenant_of(request)))


@get("/payment-providers/kinds", opt={"permission": Permission.BILLING_READ})
async def list_payment_provider_kinds(request: ApiRequest) -> Page[ProviderKindView]:
    """The providers that Currant knows, and what each has to be told."""
    return Page(items=tuple(_kind_view(kind) for kind in payments_of(request).providers.kinds))


@put("/payment-providers/{name:str}", opt={"permission": Permission.ORGANISATION_WRITE})
async def set_payment_provider(
    request: ApiRequest, name: FromPath[str], data: JSONBody[ProviderDraft]
) -> ProviderSet:
    """Take payments with a provider. Secrets are kept sealed and never told again; one left out stays.

    Enter `webhook_url` at the provider (`webhook_path` behind this server's public address when that is not
    set), so that it tells what happens to payments.
    """
    return await payments_of(request).providers.put(
        tenant_of(request), name, data, by=caller_of(request).label
    )


@delete("/payment-providers/{name:str}", opt={"permission": Permission.ORGANISATION_WRITE})
async def remove_payment_provider(request: ApiRequest, name: FromPath[str]) -> None:
    """Forget a provider and its keys. Its payments that are under way cannot be looked after any more."""
    await payments_of(request).providers.remove(tenant_of(request), name, by=caller_of(request).label)


@get("/payment-providers/{name:str}/balance", opt={"permission": Permission.BILLING_READ})
async def list_provider_balance(
    request: ApiRequest,
    name: FromPath[str],
    since: Annotated[datetime, QueryParameter(description="Booked at or after this time.")],
    cursor: Cursor = None,
) -> BalancePage:
    """What a provider booked for us: payments, refunds, fees, disputes, payouts. Asked of the provider now."""
    check_times(since=since)
    return await payments_of(request).balance(tenant_of(request), name, since=since, cursor=cursor or "")


@get("/payment-notices", opt={"permission": Permission.BILLING_READ})
async def list_payment_notices(
    request: ApiRequest,
    provider: Provider = None,
    payment_id: Word = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[Notice]:
    """Messages of providers as they came, and what became of each; latest first."""
    return await payments_of(request).webhooks.list_notices(
        tenant_of(request),
        provider=provider or "",
        payment_id=payment_id or "",
        cursor=cursor,
        limit=limit,
    )


@post("/pay/{provider:str}/webhook/{hook:str}", **WEBHOOK)
async def take_webhook(request: ApiRequest, provider: FromPath[str], hook: FromPath[str]) -> Taken:
    """Where a provider sends its messages for one organisation: verified as they came, kept once, worked off later."""
    return await _taken(request, provider, hook)


@post("/pay/{provider:str}/webhook", **WEBHOOK)
async def take_webhook_of_the_only_one(request: ApiRequest, provider: FromPath[str]) -> Taken:
    """The same, where one organisation alone uses the provider."""
    return await _taken(request, provider, "")


@post("/pay/sandbox/webhook/{hook:str}", **WEBHOOK)
async def take_sandbox_webhook(request: ApiRequest, hook: FromPath[str]) -> Taken:
    """The same for the sandbox, whose pages lie under the same address."""
    return await _taken(request, SANDBOX, hook)


async def _taken(request: ApiRequest, provider: str, hook: str) -> Taken:
    headers = {name.lower(): value for name, value in request.headers.items()}
    return await payments_of(request).webhooks.handle(provider, hook, headers, await request.body())


def _kind_view(kind: ProviderKind) -> ProviderKindView:
    return ProviderKindView(
        name=kind.name,
        title=kind.title,
        fields=kind.fields,
        abilities=tuple(sorted(kind.abilities)),
        pay_with=tuple(sorted(kind.pay_with)),
        currencies=tuple(sorted(kind.currencies)),
    )


router = Router(
    "/api/v1",
    tags=["Payments"],
    route_handlers=[
        list_payments,
        begin_payment,
        get_payment,
        increment_payment,
        capture_payment,
        void_payment,
        refund_payment,
        refresh_payment,
        list_payment_methods,
        store_payment_method,
        refresh_payment_method,
        prefer_payment_method,
        remove_payment_method,
        list_payment_providers,
        list_payment_provider_kinds,
        set_payment_provider,
        remove_payment_provider,
        list_provider_balance,
        list_payment_notices,
    ],
)
webhook_router = Router(
    "/", tags=["Payments"], route_handlers=[take_webhook, take_webhook_of_the_only_one, take_sandbox_webhook]
)
