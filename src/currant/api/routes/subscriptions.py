"""Subscriptions: plans with a monthly fee and energy that is paid for with it, and who has one."""

from datetime import datetime

from litestar import Response, Router, get, patch, post
from litestar.params import FromPath, JSONBody

from currant.api.authentication import ApiRequest
from currant.api.idempotent import once
from currant.api.paging import Cursor, Limit
from currant.api.routes.common import Body, caller_of, services_of, tenant_of
from currant.api.routes.parameters import Word
from currant.api.routes.price_rules import Ended
from currant.api.routes.tariffs import Archived, pricing_of
from currant.kit.errors import Invalid, NotFound
from currant.kit.ids import AccountId
from currant.pricing.offers import (
    ChargingSubscription,
    PlanChange,
    PlanDraft,
    SubscriptionDraft,
    SubscriptionPlan,
    check_subscription,
)
from currant.pricing.subscriptions import AllowanceLeft
from currant.stations.model import Page
from currant.tenancy.model import Permission


class EndSubscription(Body, frozen=True, kw_only=True):
    """When a subscription ends; now, when left out."""

    at: datetime | None = None


@get("/subscription-plans", opt={"permission": Permission.BILLING_READ})
async def list_subscription_plans(
    request: ApiRequest, archived: Archived = False, cursor: Cursor = None, limit: Limit = 100
) -> Page[SubscriptionPlan]:
    """Plans by name."""
    return await pricing_of(request).subscriptions.list_plans(
        tenant_of(request), archived=archived, cursor=cursor, limit=limit
    )


@post("/subscription-plans", opt={"permission": Permission.BILLING_WRITE})
async def create_subscription_plan(request: ApiRequest, data: JSONBody[PlanDraft]) -> SubscriptionPlan:
    """Make a plan. What energy costs beyond its allowance is for price rules to say."""
    return await pricing_of(request).subscriptions.create_plan(
        tenant_of(request), data, by=caller_of(request).label
    )


@get("/subscription-plans/{plan:str}", opt={"permission": Permission.BILLING_READ})
async def get_subscription_plan(request: ApiRequest, plan: FromPath[str]) -> SubscriptionPlan:
    """One plan."""
    return await pricing_of(request).subscriptions.get_plan(tenant_of(request), plan)


@patch("/subscription-plans/{plan:str}", opt={"permission": Permission.BILLING_WRITE})
async def change_subscription_plan(
    request: ApiRequest, plan: FromPath[str], data: JSONBody[PlanChange]
) -> SubscriptionPlan:
    """Change a plan for those who subscribe from now on; those who have it keep its terms."""
    return await pricing_of(request).subscriptions.change_plan(
        tenant_of(request), plan, data, by=caller_of(request).label
    )


@get("/subscriptions", opt={"permission": Permission.BILLING_READ})
async def list_subscriptions(
    request: ApiRequest,
    plan: Word = None,
    holder: Word = None,
    ended: Ended = False,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[ChargingSubscription]:
    """Subscriptions, the latest made first."""
    return await pricing_of(request).subscriptions.list(
        tenant_of(request), plan_id=plan, holder=holder, ended=ended, cursor=cursor, limit=limit
    )


@post("/subscriptions", status_code=201, opt={"permission": Permission.BILLING_WRITE, "idempotent": True})
async def create_subscription(
    request: ApiRequest, data: JSONBody[SubscriptionDraft]
) -> Response[ChargingSubscription]:
    """Begin a subscription for an account (`account:<id>`) or a driver (`driver:<id>`), who has one at a time.

    The plan's terms hold as they are now. Its months are calendar months in `zone`.
    """
    check_subscription(data)
    kind, _, holder = data.holder.partition(":")
    if kind == "account":
        try:
            await services_of(request).access.get_account(tenant_of(request), AccountId(holder))
        except NotFound as error:
            raise Invalid(error.message, field="holder") from error
    return await once(
        request,
        lambda: pricing_of(request).subscriptions.subscribe(
            tenant_of(request), data, by=caller_of(request).label
        ),
        status=201,
    )


@get("/subscriptions/{subscription:str}", opt={"permission": Permission.BILLING_READ})
async def get_subscription(request: ApiRequest, subscription: FromPath[str]) -> ChargingSubscription:
    """One subscription."""
    return await pricing_of(request).subscriptions.get(tenant_of(request), subscription)


@post("/subscriptions/{subscription:str}/end", status_code=200, opt={"permission": Permission.BILLING_WRITE})
async def end_subscription(
    request: ApiRequest, subscription: FromPath[str], data: JSONBody[EndSubscription]
) -> ChargingSubscription:
    """End a subscription now, or at a time to come. A month that has begun is paid whole."""
    return await pricing_of(request).subscriptions.end(
        tenant_of(request), subscription, at=data.at, by=caller_of(request).label
    )


@get("/subscriptions/{subscription:str}/allowance", opt={"permission": Permission.BILLING_READ})
async def get_allowance(request: ApiRequest, subscription: FromPath[str]) -> AllowanceLeft:
    """What is left of this month's energy."""
    return await pricing_of(request).subscriptions.left(tenant_of(request), subscription)


router = Router(
    "/api/v1",
    tags=["Subscriptions"],
    route_handlers=[
        list_subscription_plans,
        create_subscription_plan,
        get_subscription_plan,
        change_subscription_plan,
        list_subscriptions,
        create_subscription,
        get_subscription,
        end_subscription,
        get_allowance,
    ],
)
