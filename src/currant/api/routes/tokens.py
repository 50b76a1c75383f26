"""Tokens: what drivers present. `token` in a path is an id, or a uid that only one token has."""

from litestar import Router, delete, get, patch, post
from litestar.params import FromPath, FromQuery, JSONBody

from currant.access.model import Token, TokenChange, TokenDraft, TokenKind, TokenStatus
from currant.api.authentication import ApiRequest
from currant.api.paging import Cursor, Limit
from currant.api.routes.common import caller_of, services_of, tenant_of
from currant.api.routes.parameters import Search, Word
from currant.kit.errors import Conflict, NotFound
from currant.kit.ids import AccountId, GroupId, TokenId
from currant.stations.model import Page
from currant.tenancy.model import Permission


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
        change_token,
        block_token,
        unblock_token,
        delete_token,
    ],
)
