"""Policies (where, when and how much somebody may charge), holiday calendars, and the external authoriser."""

from datetime import date, datetime
from typing import Annotated

import msgspec
from litestar import Router, delete, get, patch, post, put
from litestar.params import FromPath, JSONBody, QueryParameter

from currant.access.authoriser_model import Asked, Authoriser, AuthoriserDraft, Fallback, Health
from currant.access.giving import Giving, Holder
from currant.access.model import TokenKind
from currant.access.policy_model import (
    CalendarChange,
    CalendarDraft,
    HolidayCalendar,
    Members,
    Policy,
    PolicyChange,
    PolicyDraft,
    Quota,
    QuotaUse,
)
from currant.api.authentication import ApiRequest
from currant.api.paging import Cursor, Limit
from currant.api.routes.common import caller_of, services_of, tenant_of
from currant.api.routes.parameters import Search, Word
from currant.kit.ids import AccountId, CalendarId, LocationId, PolicyId, TokenId
from currant.stations.model import Page
from currant.tenancy.model import Permission

Site = Annotated[
    str | None,
    QueryParameter(
        max_length=100,
        required=False,
        description="The location whose calendar tells the days, weeks and months; UTC without one.",
    ),
]


class QuotaUseView(msgspec.Struct, frozen=True, kw_only=True):
    """A quota and what of it is used: Wh, sessions, or minor units of its currency."""

    quota: Quota
    used: int
    remaining: int
    exhausted: bool
    first_day: date
    """Of the period."""
    next_first_day: date
    """On which it begins anew."""


class Consumption(msgspec.Struct, frozen=True, kw_only=True):
    """What is used of a policy."""

    policy_id: PolicyId
    policy_name: str
    quotas: tuple[QuotaUseView, ...]


class AuthoriserView(msgspec.Struct, frozen=True, kw_only=True):
    """The external authoriser. Its secret is told once: in the answer to the request that had it made."""

    url: str
    deadline_ms: int
    asked: Asked
    kinds: tuple[TokenKind, ...]
    fallback: Fallback
    cache_s: int
    enabled: bool
    changed_at: datetime | None
    health: Health
    secret: str = ""


def consumption_of(policy: Policy, uses: tuple[QuotaUse, ...]) -> Consumption:
    return Consumption(
        policy_id=policy.id,
        policy_name=policy.name,
        quotas=tuple(
            QuotaUseView(
                quota=use.quota,
                used=use.used,
                remaining=max(use.quota.limit - use.used, 0),
                exhausted=use.exhausted,
                first_day=use.first_day,
                next_first_day=use.next_first_day,
            )
            for use in uses
        ),
    )


async def time_zone_of(request: ApiRequest, location: str | None) -> str:
    if location is None:
        return "UTC"
    found = await services_of(request).inventory.get_location(tenant_of(request), LocationId(location))
    return found.time_zone


@get("/policies", opt={"permission": Permission.TOKENS_READ})
async def list_policies(
    request: ApiRequest, search: Search = None, cursor: Cursor = None, limit: Limit = 100
) -> Page[Policy]:
    """Policies by name."""
    return await services_of(request).access.policies.list_policies(
        tenant_of(request), text=search, cursor=cursor, limit=limit
    )


@post("/policies", opt={"permission": Permission.TOKENS_WRITE})
async def create_policy(request: ApiRequest, data: JSONBody[PolicyDraft]) -> Policy:
    """Make a policy. What is left out restricts nothing.

    It does nothing until it is given to tokens, groups or accounts. Several that apply to one token
    apply together: every one of them has to allow. Quotas count from the day on which the policy was
    given, and sessions count for the calendar day at their site on which they began. Money is not
    counted before Currant prices sessions: a quota of money is never used up until then.
    """
    return await services_of(request).access.policies.create_policy(
        tenant_of(request), data, by=caller_of(request).label
    )


@get("/policies/{policy_id:str}", opt={"permission": Permission.TOKENS_READ})
async def get_policy(request: ApiRequest, policy_id: FromPath[str]) -> Policy:
    """One policy."""
    return await services_of(request).access.policies.get_policy(tenant_of(request), PolicyId(policy_id))


@patch("/policies/{policy_id:str}", opt={"permission": Permission.TOKENS_WRITE})
async def change_policy(
    request: ApiRequest, policy_id: FromPath[str], data: JSONBody[PolicyChange]
) -> Policy:
    """Change a policy. What is present changes; a list is replaced as a whole."""
    return await services_of(request).access.policies.update_policy(
        tenant_of(request), PolicyId(policy_id), data, by=caller_of(request).label
    )


@delete("/policies/{policy_id:str}", opt={"permission": Permission.TOKENS_WRITE})
async def delete_policy(request: ApiRequest, policy_id: FromPath[str]) -> None:
    """Delete a policy that nobody has any more, and what was counted for it."""
    await services_of(request).access.policies.delete_policy(
        tenant_of(request), PolicyId(policy_id), by=caller_of(request).label
    )


@get("/policies/{policy_id:str}/members", opt={"permission": Permission.TOKENS_READ})
async def list_policy_members(request: ApiRequest, policy_id: FromPath[str]) -> Members:
    """Whom a policy is given to: at most 1,000 tokens, groups and accounts each."""
    return await services_of(request).access.policies.members(tenant_of(request), PolicyId(policy_id))


@put(
    "/policies/{policy_id:str}/{holder:str}/{holder_id:str}",
    status_code=204,
    opt={"permission": Permission.TOKENS_WRITE},
)
async def give_policy(
    request: ApiRequest, policy_id: FromPath[str], holder: FromPath[Holder], holder_id: FromPath[str]
) -> None:
    """Give a policy to a token, a group or an account (`tokens`, `groups`, `accounts`)."""
    services = services_of(request)
    await Giving(services.database, services.access).give(
        tenant_of(request), PolicyId(policy_id), holder, holder_id, by=caller_of(request).label
    )


@delete("/policies/{policy_id:str}/{holder:str}/{holder_id:str}", opt={"permission": Permission.TOKENS_WRITE})
async def take_policy(
    request: ApiRequest, policy_id: FromPath[str], holder: FromPath[Holder], holder_id: FromPath[str]
) -> None:
    """Take a policy from a token, a group or an account."""
    services = services_of(request)
    await Giving(services.database, services.access).take(
        tenant_of(request), PolicyId(policy_id), holder, holder_id, by=caller_of(request).label
    )


@get("/policies/{policy_id:str}/consumption", opt={"permission": Permission.TOKENS_READ})
async def get_policy_consumption(
    request: ApiRequest,
    policy_id: FromPath[str],
    token_id: Word = None,
    account_id: Word = None,
    location: Site = None,
) -> Consumption:
    """What is used of a policy's quotas in their present periods, open sessions up to now.

    Its pools, and with `token_id` or `account_id` also what that token or account has used.
    """
    services, tenant_id = services_of(request), tenant_of(request)
    policy = await services.access.policies.get_policy(tenant_id, PolicyId(policy_id))
    uses = await services.charging.consumption(
        tenant_id,
        policy.id,
        token_id=None if token_id is None else TokenId(token_id),
        account_id=None if account_id is None else AccountId(account_id),
        time_zone=await time_zone_of(request, location),
    )
    return consumption_of(policy, uses)


@get("/holiday-calendars", opt={"permission": Permission.TOKENS_READ})
async def list_holiday_calendars(
    request: ApiRequest, search: Search = None, cursor: Cursor = None, limit: Limit = 100
) -> Page[HolidayCalendar]:
    """Holiday calendars by name."""
    return await services_of(request).access.policies.list_calendars(
        tenant_of(request), text=search, cursor=cursor, limit=limit
    )


@post("/holiday-calendars", opt={"permission": Permission.TOKENS_WRITE})
async def create_holiday_calendar(request: ApiRequest, data: JSONBody[CalendarDraft]) -> HolidayCalendar:
    """Make a holiday calendar, which policies can name."""
    return await services_of(request).access.policies.create_calendar(
        tenant_of(request), data, by=caller_of(request).label
    )


@get("/holiday-calendars/{calendar_id:str}", opt={"permission": Permission.TOKENS_READ})
async def get_holiday_calendar(request: ApiRequest, calendar_id: FromPath[str]) -> HolidayCalendar:
    """One holiday calendar."""
    return await services_of(request).access.policies.get_calendar(
        tenant_of(request), CalendarId(calendar_id)
    )


@patch("/holiday-calendars/{calendar_id:str}", opt={"permission": Permission.TOKENS_WRITE})
async def change_holiday_calendar(
    request: ApiRequest, calendar_id: FromPath[str], data: JSONBody[CalendarChange]
) -> HolidayCalendar:
    """Change a holiday calendar. The list of holidays is replaced as a whole."""
    return await services_of(request).access.policies.update_calendar(
        tenant_of(request), CalendarId(calendar_id), data, by=caller_of(request).label
    )


@delete("/holiday-calendars/{calendar_id:str}", opt={"permission": Permission.TOKENS_WRITE})
async def delete_holiday_calendar(request: ApiRequest, calendar_id: FromPath[str]) -> None:
    """Delete a holiday calendar that no policy names."""
    await services_of(request).access.policies.delete_calendar(
        tenant_of(request), CalendarId(calendar_id), by=caller_of(request).label
    )


@get("/authoriser", opt={"permission": Permission.TOKENS_READ})
async def get_authoriser(request: ApiRequest) -> AuthoriserView | None:
    """The external authoriser, and how it has been doing as this server saw it; null when none is set."""
    authoriser = await services_of(request).access.authorisers.find(tenant_of(request))
    return None if authoriser is None else _view(request, authoriser)


@put("/authoriser", opt={"permission": Permission.TOKENS_WRITE})
async def set_authoriser(request: ApiRequest, data: JSONBody[AuthoriserDraft]) -> AuthoriserView:
    """Have another server asked who may charge.

    Currant sends it `POST` with JSON: `question_id`, `at`, `token` (`uid`, `kind`, `known`) and
    `station` (`station_id`, `identity`, `location_id`, `evse`). The header `Currant-Signature` holds
    `t=<seconds since 1970>,v1=<hex>`, the HMAC-SHA256 of the seconds, a full stop and the body, keyed
    with the secret. It answers 200 with `allowed`, and if it likes `reason` (one of the reasons of a
    decision), `explanation`, `reference` (kept with the session), `parent_uid` and `valid_until`.
    Whatever else it answers, and silence until the deadline, lets the `fallback` hold; after five
    failures in a row it is left alone for 5 seconds, and longer each time, up to 5 minutes.

    A token that is registered here needs both: what the rules here say, and the authoriser where it is
    asked. Without a `secret` in the request the one that is set stays, or one is made and told.
    """
    authoriser, made = await services_of(request).access.authorisers.set(
        tenant_of(request), data, by=caller_of(request).label
    )
    return _view(request, authoriser, secret=authoriser.secret if made else "")


@delete("/authoriser", opt={"permission": Permission.TOKENS_WRITE})
async def remove_authoriser(request: ApiRequest) -> None:
    """Ask nobody else any more."""
    await services_of(request).access.authorisers.remove(tenant_of(request), by=caller_of(request).label)


def _view(request: ApiRequest, authoriser: Authoriser, *, secret: str = "") -> AuthoriserView:
    return AuthoriserView(
        url=authoriser.url,
        deadline_ms=authoriser.deadline_ms,
        asked=authoriser.asked,
        kinds=authoriser.kinds,
        fallback=authoriser.fallback,
        cache_s=authoriser.cache_s,
        enabled=authoriser.enabled,
        changed_at=authoriser.changed_at,
        health=services_of(request).access.authorisers.health(authoriser.tenant_id),
        secret=secret,
    )


router = Router(
    "/api/v1",
    tags=["Policies"],
    route_handlers=[
        list_policies,
        create_policy,
        get_policy,
        change_policy,
        delete_policy,
        list_policy_members,
        give_policy,
        take_policy,
        get_policy_consumption,
        list_holiday_calendars,
        create_holiday_calendar,
        get_holiday_calendar,
        change_holiday_calendar,
        delete_holiday_calendar,
        get_authoriser,
        set_authoriser,
        remove_authoriser,
    ],
)
