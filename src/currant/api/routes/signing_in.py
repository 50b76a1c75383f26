"""Signing in and out: by password, with a second factor where there is one."""

from typing import Annotated

import msgspec
from litestar import Response, Router, post
from litestar.datastructures import Cookie
from litestar.params import JSONBody

from currant.api.authentication import CSRF_COOKIE, PUBLIC, SESSION_COOKIE, ApiRequest
from currant.api.routes.common import Body, caller_of, remote_address, services_of
from currant.api.routes.welcome import Me, visit_of, welcome, welcome_or_ask
from currant.tenancy.model import Permission, SecondFactorNeeded

Ticket = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]


class Login(Body, frozen=True, kw_only=True):
    """A sign-in by name and password."""

    login: Annotated[str, msgspec.Meta(min_length=1, max_length=120, examples=["ada@example.com"])]
    password: Annotated[str, msgspec.Meta(min_length=1, max_length=500, examples=["four random words here"])]


class CodeLogin(Body, frozen=True, kw_only=True):
    """The second step: the ticket that came after the password, and a code."""

    ticket: Ticket
    code: Annotated[str, msgspec.Meta(min_length=1, max_length=40, examples=["123 456"])]


@post(
    "/login",
    status_code=200,
    opt={"permission": PUBLIC, "never_compressed": True},
)
async def sign_in(request: ApiRequest, data: JSONBody[Login]) -> Response[Me | SecondFactorNeeded]:
    """Sign in with a login and a password.

    Sets a session cookie. With a one-time password the answer says `must_change_password`, and until that
    is done nothing else works. Who has a second factor is answered 202, with a ticket for the second step
    and the `ways` it can be done: `/login/totp`, `/login/passkey` or `/login/recovery-code`, within five
    minutes. Guessing is slowed down per login and per address.
    """
    signed_in = await services_of(request).tenancy.sign_in.sign_in(
        login=data.login,
        password=data.password,
        remote_address=remote_address(request),
        user_agent=request.headers.get("user-agent", ""),
    )
    return await welcome_or_ask(request, signed_in)


@post("/login/totp", status_code=200, opt={"permission": PUBLIC, "never_compressed": True})
async def sign_in_with_totp(request: ApiRequest, data: JSONBody[CodeLogin]) -> Response[Me]:
    """The second step with the code of an authenticator app. A code works once."""
    signed_in = await services_of(request).tenancy.sign_in.with_totp(
        ticket=data.ticket, code=data.code, visit=visit_of(request)
    )
    return await welcome(request, signed_in)


@post("/login/recovery-code", status_code=200, opt={"permission": PUBLIC, "never_compressed": True})
async def sign_in_with_recovery_code(request: ApiRequest, data: JSONBody[CodeLogin]) -> Response[Me]:
    """The second step with one of the codes that were shown when the second factor was set up."""
    signed_in = await services_of(request).tenancy.sign_in.with_recovery_code(
        ticket=data.ticket, code=data.code, visit=visit_of(request)
    )
    return await welcome(request, signed_in)


@post("/logout", status_code=204, opt={"permission": Permission.SELF})
async def sign_out(request: ApiRequest) -> Response[None]:
    """End the session of this browser."""
    await services_of(request).tenancy.sessions.end_this(caller_of(request))
    gone = [Cookie(key=name, value="", path="/", max_age=0) for name in (SESSION_COOKIE, CSRF_COOKIE)]
    return Response(None, status_code=204, cookies=gone)


router = Router(
    "/api/v1",
    tags=["Signing in"],
    route_handlers=[sign_in, sign_in_with_totp, sign_in_with_recovery_code, sign_out],
)
