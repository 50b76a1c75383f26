"""Signing in and out, and who one is."""

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Response, Router, get, post
from litestar.datastructures import Cookie
from litestar.params import JSONBody

from currant.api.authentication import CSRF_COOKIE, PUBLIC, SESSION_COOKIE, ApiRequest, session_cookies
from currant.api.routes.common import Body, caller_of, remote_address, services_of
from currant.kit.errors import Conflict
from currant.kit.ids import PersonId, TenantId
from currant.tenancy.model import Caller, CallerKind, Permission, Role, SignedIn
from currant.tenancy.sign_in import SESSION_LASTS


class Login(Body, frozen=True, kw_only=True):
    """A sign-in by name and password."""

    login: Annotated[str, msgspec.Meta(min_length=1, max_length=120, examples=["ada@example.com"])]
    password: Annotated[str, msgspec.Meta(min_length=1, max_length=500, examples=["four random words here"])]


class NewPassword(Body, frozen=True, kw_only=True):
    """A password of one's own: at least 10 characters, of any kind."""

    current_password: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
    new_password: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


class Me(msgspec.Struct, frozen=True, kw_only=True):
    """Who is calling and what they may do. `csrf_token` is for browsers, and empty for keys."""

    kind: CallerKind
    id: str
    tenant_id: TenantId
    name: str
    role: Role
    permissions: tuple[Permission, ...]
    must_change_password: bool = False
    csrf_token: str = ""
    session_expires_at: datetime | None = None


@post("/login", status_code=200, opt={"permission": PUBLIC, "never_compressed": True}, tags=["Signing in"])
async def sign_in(request: ApiRequest, data: JSONBody[Login]) -> Response[Me]:
    """Sign in with a login and a password.

    Sets a session cookie. With a one-time password the answer says `must_change_password`, and until that
    is done nothing else works. Guessing is slowed down per login and per address.
    """
    signed_in = await services_of(request).tenancy.sign_in.sign_in(
        login=data.login,
        password=data.password,
        remote_address=remote_address(request),
        user_agent=request.headers.get("user-agent", ""),
    )
    return await _welcome(request, signed_in)


@post("/logout", status_code=204, opt={"permission": Permission.SELF}, tags=["Signing in"])
async def sign_out(request: ApiRequest) -> Response[None]:
    """End the session of this browser."""
    await services_of(request).tenancy.sign_in.sign_out(caller_of(request))
    gone = [Cookie(key=name, value="", path="/", max_age=0) for name in (SESSION_COOKIE, CSRF_COOKIE)]
    return Response(None, status_code=204, cookies=gone)


@get("/me", opt={"permission": Permission.SELF, "never_compressed": True}, tags=["Signing in"])
async def who_am_i(request: ApiRequest) -> Me:
    """Who is calling, for which organisation, and with which permissions."""
    return _me(caller_of(request))


@post(
    "/me/password",
    status_code=200,
    opt={"permission": Permission.SELF, "never_compressed": True},
    tags=["Signing in"],
)
async def change_my_password(request: ApiRequest, data: JSONBody[NewPassword]) -> Response[Me]:
    """Change one's own password. All sessions end; this browser gets a new one."""
    caller = caller_of(request)
    if caller.kind is not CallerKind.PERSON:
        raise Conflict("Keys have no password: make a new key instead.")
    tenancy = services_of(request).tenancy
    person_id = PersonId(caller.id)
    await tenancy.people.change_password(
        caller.tenant_id, person_id, current=data.current_password, new=data.new_password
    )
    person = await tenancy.people.get(caller.tenant_id, person_id)
    signed_in = await tenancy.sign_in.open_session(
        person,
        remote_address=remote_address(request),
        user_agent=request.headers.get("user-agent", ""),
    )
    return await _welcome(request, signed_in)


async def _welcome(request: ApiRequest, signed_in: SignedIn) -> Response[Me]:
    caller = await services_of(request).tenancy.caller_of_cookie(signed_in.cookie)
    assert caller is not None, "A session just opened is known."
    cookies = session_cookies(
        request.scope,
        cookie=signed_in.cookie,
        csrf_token=signed_in.csrf_token,
        max_age=int(SESSION_LASTS.total_seconds()),
    )
    me = msgspec.structs.replace(_me(caller), session_expires_at=signed_in.expires_at)
    return Response(me, status_code=200, cookies=cookies)


def _me(caller: Caller) -> Me:
    return Me(
        kind=caller.kind,
        id=caller.id,
        tenant_id=caller.tenant_id,
        name=caller.name,
        role=caller.role,
        permissions=tuple(sorted(caller.permissions)),
        must_change_password=caller.must_change_password,
        csrf_token=caller.csrf_token,
    )


router = Router("/api/v1", route_handlers=[sign_in, sign_out, who_am_i, change_my_password])
