"""Tokens: what drivers present. `token` in a path is an id, or a uid that only one token has."""

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Router, delete, get, patch, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from currant.access.model import (
    Decision,
    Presented,
    Ruling,
    Token,
    TokenChange,
    TokenDraft,
    TokenKind,
    TokenStatus,
)
from currant.api.authentication import ApiRequest
from currant.api.paging import Cursor, Limit
from currant.api.routes.common import caller_of, services_of, tenant_of
from currant.api.routes.parameters import Search, Word, check_times
from currant.api.routes.policies import Consumption, Site, consumption_of, time_zone_of
from currant.kit.errors import Conflict, NotFound
from currant.kit.ids import AccountId, GroupId, TokenId
from currant.stations.admission import entry_of
from currant.stations.model import Page
from currant.tenancy.model import Permission

Place = Annotated[
    str, QueryParameter(max_length=100, description="At which station: its id or its identity.")
]
Moment = Annotated[
    datetime | None, QueryParameter(required=False, description="At this time instead of now (RFC 3339).")
]


class StandingView(msgspec.Struct, frozen=True, kw_only=True):
    """What would be decided on a token, and what every rule says of it."""

    decision: Decision
    rulings: tuple[Ruling, ...]
    at: datetime
    authoriser_is_asked: bool
    """Whether an external authoriser would have a say as well."""


@get("/", opt={"permission": Permission.TOKENS_READ})
async def list_tokens(
    request: ApiRequest,
    kind: FromQuery[TokenKind | None] = None,
    status: FromQuery[TokenStatus | None] = None,
    group_id: Word = None,
    account_id: Word = None,
    uid: Word = None,
    search: Search = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[Token]:
    """Tokens. `uid` finds a card however a reader spells it; `search` looks into uid and printed number."""
    return await services_of(request).access.list_tokens(
        tenant_of(request),
        kind=kind,
        status=status,
        group_id=None if group_id is None else GroupId(group_id),
        account_id=None if account_id is None else AccountId(account_id),
        uid=uid,
        text=search,
        cursor=cursor,
        limit=limit,
    )


@post("/", opt={"permission": Permission.TOKENS_WRITE})
async def create_token(request: ApiRequest, data: JSONBody[TokenDraft]) -> Token:
    """Make a token. Without a `uid` it gets a virtual one that every charger can carry."""
    return await services_of(request).access.create_token(
        tenant_of(request), data, by=caller_of(request).label
    )


@get("/{token:str}", opt={"permission": Permission.TOKENS_READ})
async def get_token(request: ApiRequest, token: FromPath[str]) -> Token:
    """One token."""
    return await _find(request, token)


@get("/{token:str}/standing", opt={"permission": Permission.TOKENS_READ})
async def get_token_standing(
    request: ApiRequest,
    token: FromPath[str],
    station: Place,
    evse: FromQuery[int | None] = None,
    at: Moment = None,
) -> StandingView:
    """What would be decided on a token at a station, and why: every rule, and what it says.

    Now, or `at` another time with what is used up to now. The first rule that does not pass is the reason
    of the decision. An external authoriser is not asked for this; whether one would be is told.
    """
    check_times(at=at)
    services, tenant_id = services_of(request), tenant_of(request)
    found = await _find(request, token)
    entry = entry_of(services.directory, tenant_id, station)
    standing = await services.charging.standing(
        entry, Presented(uid=found.uid, kind=found.kind), evse=evse, at=at
    )
    return StandingView(
        decision=standing.decision,
        rulings=standing.rulings,
        at=standing.at,
        authoriser_is_asked=services.access.authorisers.asks_about(
            tenant_id, found, allowed=standing.decision.allowed
        ),
    )


@get("/{token:str}/consumption", opt={"permission": Permission.TOKENS_READ})
async def get_token_consumption(
    request: ApiRequest, token: FromPath[str], location: Site = None
) -> list[Consumption]:
    """What a token has used of every policy that applies to it, pools included."""
    services, tenant_id = services_of(request), tenant_of(request)
    found = await _find(request, token)
    time_zone = await time_zone_of(request, location)
    told = []
    for policy in await services.access.policies_of(tenant_id, found.id):
        uses = await services.charging.consumption(
            tenant_id, policy.id, token_id=found.id, account_id=found.account_id, time_zone=time_zone
        )
        told.append(consumption_of(policy, uses))
    return told


@patch("/{token:str}", opt={"permission": Permission.TOKENS_WRITE})
async def change_token(request: ApiRequest, token: FromPath[str], data: JSONBody[TokenChange]) -> Token:
    """Change a token. What is present changes; kind and uid never do."""
    found = await _find(request, token)
    return await services_of(request).access.update_token(
        tenant_of(request), found.id, data, by=caller_of(request).label
    )


@post("/{token:str}/block", status_code=200, opt={"permission": Permission.TOKENS_WRITE})
async def block_token(request: ApiRequest, token: FromPath[str]) -> Token:
    """Let a token start no more sessions."""
    found = await _find(request, token)
    return await services_of(request).access.block_token(
        tenant_of(request), found.id, by=caller_of(request).label
    )


@post("/{token:str}/unblock", status_code=200, opt={"permission": Permission.TOKENS_WRITE})
async def unblock_token(request: ApiRequest, token: FromPath[str]) -> Token:
    """Let a blocked token charge again."""
    found = await _find(request, token)
    return await services_of(request).access.unblock_token(
        tenant_of(request), found.id, by=caller_of(request).label
    )


@delete("/{token:str}", opt={"permission": Permission.TOKENS_WRITE})
async def delete_token(request: ApiRequest, token: FromPath[str]) -> None:
    """Delete a token. Sessions that it began keep its uid."""
    found = await _find(request, token)
    await services_of(request).access.delete_token(tenant_of(request), found.id, by=caller_of(request).label)


async def _find(request: ApiRequest, token: str) -> Token:
    access, tenant_id = services_of(request).access, tenant_of(request)
    try:
        return await access.get_token(tenant_id, TokenId(token))
    except NotFound:
        page = await access.list_tokens(tenant_id, uid=token, limit=2)
    if not page.items:
        raise NotFound(f"There is no token {token[:60]}.", field="token")
    if len(page.items) > 1:
        raise Conflict("More than one token has this uid: name it by its id.", field="token")
    return page.items[0]


router = Router(
    "/api/v1/tokens",
    tags=["Tokens"],
    route_handlers=[
        list_tokens,
        create_token,
        get_token,
        get_token_standing,
        get_token_consumption,
        change_token,
        block_token,
        unblock_token,
        delete_token,
    ],
)
