"""Signing in and out: by password, with a second factor where there is one, and by links that were mailed."""

from typing import Annotated

import msgspec
from litestar import Response, Router, get, post
from litestar.datastructures import Cookie
from litestar.params import JSONBody

from currant.api.authentication import CSRF_COOKIE, PUBLIC, SESSION_COOKIE, ApiRequest
from currant.api.routes.common import Body, caller_of, remote_address, services_of
from currant.api.routes.signing_in_passkeys import passkey_host
from currant.api.routes.welcome import Me, visit_of, welcome, welcome_or_ask
from currant.tenancy.mail_links import Invitation
from currant.tenancy.model import Permission, SecondFactorNeeded
from currant.tenancy.single_sign_on import ProviderView

Ticket = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]


class Login(Body, frozen=True, kw_only=True):
    """A sign-in by name and password."""

    login: Annotated[str, msgspec.Meta(min_length=1, max_length=120, examples=["ada@example.com"])]
    password: Annotated[str, msgspec.Meta(min_length=1, max_length=500, examples=["four random words here"])]


class Forgotten(Body, frozen=True, kw_only=True):
    """Whose password is forgotten."""

    login: Annotated[str, msgspec.Meta(min_length=1, max_length=120, examples=["ada@example.com"])]


class ResetPassword(Body, frozen=True, kw_only=True):
    """The word of the link that was mailed, and a password of at least 10 characters."""

    token: Ticket
    new_password: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


class LookAtInvitation(Body, frozen=True, kw_only=True):
    token: Ticket


class AcceptInvitation(Body, frozen=True, kw_only=True):
    """The word of the invitation's link, one's name, and a password of at least 10 characters."""

    token: Ticket
    name: Annotated[str, msgspec.Meta(max_length=200, examples=["Ada Lovelace"])] = ""
    password: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


class SignInPage(msgspec.Struct, frozen=True, kw_only=True):
    """What the sign-in page needs to know."""

    organisation: str
    """Whose installation it is."""
    first_run: bool
    """Nobody has signed in yet: the first password was printed when the server started."""
    passkeys: bool
    """Whether passkeys can work at the address the browser is at."""
    mail: bool
    """Whether a forgotten password can be set anew by mail."""
    providers: tuple[ProviderView, ...]
    """Of single sign-on: `/login/oidc/{id}/start` leads there."""


class CodeLogin(Body, frozen=True, kw_only=True):
    """The second step: the ticket that came after the password, and a code."""

    ticket: Ticket
    code: Annotated[str, msgspec.Meta(min_length=1, max_length=40, examples=["123 456"])]


OPEN = {"permission": PUBLIC, "never_compressed": True}


@get("/sign-in", opt={"permission": PUBLIC})
async def sign_in_page(request: ApiRequest) -> SignInPage:
    """What a page needs to know before anybody has signed in."""
    tenancy = services_of(request).tenancy
    name = passkey_host(request.headers.get("host", ""))
    return SignInPage(
        organisation=tenancy.organisations.host.name,
        first_run=await tenancy.organisations.is_first_run(),
        # Browsers have passkeys on encrypted pages, and on this very machine.
        passkeys=bool(name) and (request.scope.get("scheme") == "https" or name.endswith("localhost")),
        mail=tenancy.mail_arrives,
        providers=tenancy.single_sign_on.providers,
    )


@post("/login", status_code=200, opt=OPEN)
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


@post("/login/totp", status_code=200, opt=OPEN)
async def sign_in_with_totp(request: ApiRequest, data: JSONBody[CodeLogin]) -> Response[Me]:
    """The second step with the code of an authenticator app. A code works once."""
    signed_in = await services_of(request).tenancy.sign_in.with_totp(
        ticket=data.ticket, code=data.code, visit=visit_of(request)
    )
    return await welcome(request, signed_in)


@post("/login/recovery-code", status_code=200, opt=OPEN)
async def sign_in_with_recovery_code(request: ApiRequest, data: JSONBody[CodeLogin]) -> Response[Me]:
    """The second step with one of the codes that were shown when the second factor was set up."""
    signed_in = await services_of(request).tenancy.sign_in.with_recovery_code(
        ticket=data.ticket, code=data.code, visit=visit_of(request)
    )
    return await welcome(request, signed_in)


@post("/login/forgotten", status_code=204, opt=OPEN)
async def forgot_password(request: ApiRequest, data: JSONBody[Forgotten]) -> None:
    """Have a link to set a new password mailed. The answer is the same whether there is such a login or not."""
    await services_of(request).tenancy.mail_links.forgotten(login=data.login, visit=visit_of(request))


@post("/login/reset", status_code=200, opt=OPEN)
async def reset_password(
    request: ApiRequest, data: JSONBody[ResetPassword]
) -> Response[Me | SecondFactorNeeded]:
    """Set a new password by the word of a mailed link, which works once within an hour.

    All sessions end. Who has a second factor is answered 202 and goes on with it.
    """
    signed_in = await services_of(request).tenancy.mail_links.reset(
        token=data.token, new_password=data.new_password, visit=visit_of(request)
    )
    return await welcome_or_ask(request, signed_in)


@post("/login/invitation/look", status_code=200, opt=OPEN)
async def look_at_invitation(request: ApiRequest, data: JSONBody[LookAtInvitation]) -> Invitation:
    """What an invitation is for."""
    return await services_of(request).tenancy.mail_links.look(token=data.token, visit=visit_of(request))


@post("/login/invitation", status_code=200, opt=OPEN)
async def accept_invitation(
    request: ApiRequest, data: JSONBody[AcceptInvitation]
) -> Response[Me | SecondFactorNeeded]:
    """Take an invitation up: choose a password and be signed in. It works once, within seven days."""
    signed_in = await services_of(request).tenancy.mail_links.accept(
        token=data.token, name=data.name, password=data.password, visit=visit_of(request)
    )
    return await welcome_or_ask(request, signed_in)


@post("/logout", status_code=204, opt={"permission": Permission.SELF})
async def sign_out(request: ApiRequest) -> Response[None]:
    """End the session of this browser."""
    await services_of(request).tenancy.sessions.end_this(caller_of(request))
    gone = [Cookie(key=name, value="", path="/", max_age=0) for name in (SESSION_COOKIE, CSRF_COOKIE)]
    return Response(None, status_code=204, cookies=gone)


router = Router(
    "/api/v1",
    tags=["Signing in"],
    route_handlers=[
        sign_in_page,
        sign_in,
        sign_in_with_totp,
        sign_in_with_recovery_code,
        forgot_password,
        reset_password,
        look_at_invitation,
        accept_invitation,
        sign_out,
    ],
)
