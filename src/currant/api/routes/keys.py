"""API keys: how programs come in."""

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Router, delete, get, post
from litestar.params import FromPath, JSONBody

from currant.api.authentication import ApiRequest
from currant.api.paging import Cursor, Limit, page_of, place_of
from currant.api.routes.common import Body, caller_of, services_of, tenant_of
from currant.kit.ids import KeyId
from currant.stations.model import Page
from currant.tenancy.model import ApiKey, NewKey, Permission, Role


class MakeKey(Body, frozen=True, kw_only=True):
    """A key for one program; name it after the program, so that it can be revoked without guessing."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=120, examples=["billing export"])]
    role: Role = Role.INTEGRATION
    expires_at: datetime | None = None


@get("/", opt={"permission": Permission.KEYS_MANAGE})
async def list_keys(request: ApiRequest, cursor: Cursor = None, limit: Limit = 100) -> Page[ApiKey]:
    """Keys, oldest first, the revoked included."""
    found = await services_of(request).tenancy.keys.list(
        tenant_of(request), after=place_of(cursor), limit=limit + 1
    )
    return page_of(found, limit, lambda key: key.id)


@post("/", opt={"permission": Permission.KEYS_MANAGE, "never_compressed": True})
async def make_key(request: ApiRequest, data: JSONBody[MakeKey]) -> NewKey:
    """Make a key. Its secret is in this answer and nowhere else."""
    return await services_of(request).tenancy.keys.make(
        tenant_of(request),
        name=data.name,
        role=data.role,
        expires_at=data.expires_at,
        by=caller_of(request),
    )


@get("/{key_id:str}", opt={"permission": Permission.KEYS_MANAGE})
async def get_key(request: ApiRequest, key_id: FromPath[str]) -> ApiKey:
    """One key, without its secret."""
    return await services_of(request).tenancy.keys.get(tenant_of(request), KeyId(key_id))


@delete("/{key_id:str}", status_code=200, opt={"permission": Permission.KEYS_MANAGE})
async def revoke_key(request: ApiRequest, key_id: FromPath[str]) -> ApiKey:
    """Revoke a key: it opens nothing any more, and stays listed."""
    return await services_of(request).tenancy.keys.revoke(
        tenant_of(request), KeyId(key_id), by=caller_of(request)
    )


router = Router("/api/v1/keys", tags=["Keys"], route_handlers=[list_keys, make_key, get_key, revoke_key])
