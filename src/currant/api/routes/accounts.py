"""Accounts, who answer for tokens, and groups, whose tokens may stop each other's sessions."""

from litestar import Router, delete, get, patch, post
from litestar.params import FromPath, FromQuery, JSONBody

from currant.access.model import Account, AccountChange, AccountDraft, Group, GroupChange, GroupDraft
from currant.api.authentication import ApiRequest
from currant.api.paging import Cursor, Limit
from currant.api.routes.common import caller_of, services_of, tenant_of
from currant.api.routes.parameters import Search
from currant.api.routes.policies import Consumption, Site, consumption_of, time_zone_of
from currant.kit.ids import AccountId, GroupId
from currant.stations.model import Page
from currant.tenancy.model import Permission


@get("/accounts", opt={"permission": Permission.TOKENS_READ})
async def list_accounts(
    request: ApiRequest,
    search: Search = None,
    blocked: FromQuery[bool | None] = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[Account]:
    """Accounts by name."""
    return await services_of(request).access.list_accounts(
        tenant_of(request), text=search, blocked=blocked, cursor=cursor, limit=limit
    )


@post("/accounts", opt={"permission": Permission.TOKENS_WRITE})
async def create_account(request: ApiRequest, data: JSONBody[AccountDraft]) -> Account:
    """Make an account for a driver or a company."""
    return await services_of(request).access.create_account(
        tenant_of(request), data, by=caller_of(request).label
    )


@get("/accounts/{account_id:str}", opt={"permission": Permission.TOKENS_READ})
async def get_account(request: ApiRequest, account_id: FromPath[str]) -> Account:
    """One account."""
    return await services_of(request).access.get_account(tenant_of(request), AccountId(account_id))


@patch("/accounts/{account_id:str}", opt={"permission": Permission.TOKENS_WRITE})
async def change_account(
    request: ApiRequest, account_id: FromPath[str], data: JSONBody[AccountChange]
) -> Account:
    """Change an account. `blocked` keeps all its tokens from charging."""
    return await services_of(request).access.update_account(
        tenant_of(request), AccountId(account_id), data, by=caller_of(request).label
    )


@get("/accounts/{account_id:str}/consumption", opt={"permission": Permission.TOKENS_READ})
async def get_account_consumption(
    request: ApiRequest, account_id: FromPath[str], location: Site = None
) -> list[Consumption]:
    """What an account has used of its policies, pools included."""
    services, tenant_id = services_of(request), tenant_of(request)
    account = await services.access.get_account(tenant_id, AccountId(account_id))
    time_zone = await time_zone_of(request, location)
    told = []
    for policy_id in account.policies:
        policy = await services.access.policies.get_policy(tenant_id, policy_id)
        uses = await services.charging.consumption(
            tenant_id, policy_id, account_id=account.id, time_zone=time_zone
        )
        told.append(consumption_of(policy, uses))
    return told


@delete("/accounts/{account_id:str}", opt={"permission": Permission.TOKENS_WRITE})
async def delete_account(request: ApiRequest, account_id: FromPath[str]) -> None:
    """Delete an account that answers for no tokens."""
    await services_of(request).access.delete_account(
        tenant_of(request), AccountId(account_id), by=caller_of(request).label
    )


@get("/groups", opt={"permission": Permission.TOKENS_READ})
async def list_groups(
    request: ApiRequest, search: Search = None, cursor: Cursor = None, limit: Limit = 100
) -> Page[Group]:
    """Groups by name."""
    return await services_of(request).access.list_groups(
        tenant_of(request), text=search, cursor=cursor, limit=limit
    )


@post("/groups", opt={"permission": Permission.TOKENS_WRITE})
async def create_group(request: ApiRequest, data: JSONBody[GroupDraft]) -> Group:
    """Make a group. Without a `parent_uid` it gets a virtual one."""
    return await services_of(request).access.create_group(
        tenant_of(request), data, by=caller_of(request).label
    )


@get("/groups/{group_id:str}", opt={"permission": Permission.TOKENS_READ})
async def get_group(request: ApiRequest, group_id: FromPath[str]) -> Group:
    """One group."""
    return await services_of(request).access.get_group(tenant_of(request), GroupId(group_id))


@patch("/groups/{group_id:str}", opt={"permission": Permission.TOKENS_WRITE})
async def change_group(request: ApiRequest, group_id: FromPath[str], data: JSONBody[GroupChange]) -> Group:
    """Change a group. Its `parent_uid` never changes, because stations keep it."""
    return await services_of(request).access.update_group(
        tenant_of(request), GroupId(group_id), data, by=caller_of(request).label
    )


@delete("/groups/{group_id:str}", opt={"permission": Permission.TOKENS_WRITE})
async def delete_group(request: ApiRequest, group_id: FromPath[str]) -> None:
    """Delete a group that no token belongs to."""
    await services_of(request).access.delete_group(
        tenant_of(request), GroupId(group_id), by=caller_of(request).label
    )


router = Router(
    "/api/v1",
    tags=["Accounts and groups"],
    route_handlers=[
        list_accounts,
        create_account,
        get_account,
        change_account,
        get_account_consumption,
        delete_account,
        list_groups,
        create_group,
        get_group,
        change_group,
        delete_group,
    ],
)
