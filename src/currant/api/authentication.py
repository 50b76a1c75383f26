"""Who is calling, whether this often, and whether they may: before any route is entered.

A program sends `Authorization: Bearer cur_…`; a browser has a cookie, and then an unsafe request must
also carry the CSRF token and come from our own pages. Every route names the permission it needs in
`opt`, and `create_app` refuses to start with one that does not.
"""

from functools import partial
from typing import Any, Final, cast
from urllib.parse import urlsplit

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie, Headers, State
from litestar.enums import ScopeType
from litestar.handlers import BaseRouteHandler
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send

from currant.api.problems import ApiError
from currant.api.rates import Rates
from currant.api.services import ApiConfig, ApiServices
from currant.kit.clock import Clock
from currant.kit.errors import CurrantError, NotAllowed
from currant.tenancy.attempts import Attempts
from currant.tenancy.model import Caller, Permission

SESSION_COOKIE = "currant_session"
CSRF_COOKIE = "currant_csrf"
CSRF_HEADER = "X-CSRF-Token"
TENANT_HEADER = "Currant-Tenant"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

PUBLIC: Final = "public"
"""The permission of the few routes that need none: health, version, signing in, the documentation."""

ApiRequest = Request[Caller, str, State]


class PasswordChangeRequired(NotAllowed):
    """Signed in with a one-time password: first choose one's own."""

    code = "password_change_required"


class SecondFactorRequired(NotAllowed):
    """The organisation requires a second factor, and there is none yet."""

    code = "second_factor_required"


def address_of(scope: Scope) -> str:
    client = scope.get("client")
    return client[0] if client else ""


def permitted(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """The guard of every route: does the caller have the permission the route names?"""
    needed = handler.opt["permission"]
    if needed == PUBLIC:
        return
    caller: Caller | None = connection.scope["user"]
    if caller is None:
        raise ApiError(
            401,
            "not_authenticated",
            "Sign in first, or send an API key: `Authorization: Bearer cur_…`.",
            headers={"WWW-Authenticate": "Bearer"},
        )
    if caller.must_change_password and needed is not Permission.SELF:
        raise PasswordChangeRequired("Choose a password of your own first: POST /api/v1/me/password.")
    if caller.second_factor_missing and needed is not Permission.SELF:
        raise SecondFactorRequired(
            "Your organisation requires a second factor: set one up first, with POST /api/v1/me/totp "
            "or a passkey."
        )
    if not caller.may(needed):
        raise NotAllowed(
            f"The role {caller.role.value} may not do this: it needs the permission {needed.value}.",
            permission=needed.value,
        )


class Authentication(ASGIMiddleware):
    """Finds the caller of a request, and slows down who asks too often."""

    def __init__(self, services: ApiServices, config: ApiConfig, clock: Clock) -> None:
        self.stand_on(services, config, clock)

    def stand_on(self, services: ApiServices, config: ApiConfig, clock: Clock) -> None:
        """Know callers by these services; who asked too often before is forgotten."""
        self._tenancy = services.tenancy
        self._clock = clock
        self._origins = config.allowed_origins
        self._rates = Rates(per_second=config.requests_per_second, burst=config.requests_burst)
        self._wrong_keys = Attempts(free=20, first_pause_s=1, longest_s=300, forget_s=3600)

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        scope = cast("HTTPScope", scope)  # `scopes` keeps everything else away
        if scope["route_handler"].opt.get("uncounted"):
            # Parts of the pages lie in memory, and a page asks for dozens of them at once.
            scope["user"], scope["auth"] = None, ""
            await next_app(scope, receive, send)
            return
        headers = Headers.from_scope(scope)
        address = address_of(scope)
        caller, how = await self._find(scope, headers, address)
        scope["user"] = caller
        scope["auth"] = how
        # For answers that last: rights end while they are told.
        scope["look_again"] = partial(self._find, scope, headers, address)  # type: ignore[typeddict-unknown-key]
        key = f"{caller.kind}:{caller.id}" if caller is not None else f"address:{address}"
        wait = self._rates.take(key, now=self._clock.monotonic())
        if wait > 0:
            raise _too_many(wait)
        if scope["method"] not in SAFE and how != "key":
            self._check_origin(scope, headers)
            if caller is not None and scope["route_handler"].opt["permission"] != PUBLIC:
                self._check_csrf(caller, headers)
        await next_app(scope, receive, send)

    async def _find(self, scope: Scope, headers: Headers, address: str) -> tuple[Caller | None, str]:
        scheme, _, secret = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            wait = self._wrong_keys.pause(address, now=self._clock.monotonic())
            if wait > 0:
                raise _too_many(wait)
            tenant_id = headers.get(TENANT_HEADER, "")
            caller = await self._tenancy.caller_of_secret(
                secret.strip(), remote_address=address, tenant_id=tenant_id
            )
            if caller is None:
                self._wrong_keys.fail(address, now=self._clock.monotonic())
            return caller, "key"
        cookie = ASGIConnection(scope).cookies.get(SESSION_COOKIE)
        if cookie:
            return await self._tenancy.caller_of_cookie(cookie), "cookie"
        return None, ""

    def _check_origin(self, scope: Scope, headers: Headers) -> None:
        # Browsers say where a request comes from; programs do not, and need not.
        origin = headers.get("origin")
        if origin is None:
            foreign = headers.get("sec-fetch-site") == "cross-site"
        else:
            told = urlsplit(origin).netloc  # empty for the origin `null`, of a page that is nowhere
            foreign = (not told or told != headers.get("host", "")) and origin not in self._origins
        if foreign:
            raise ApiError(403, "foreign_origin", "Requests from other web pages are not taken.")

    def _check_csrf(self, caller: Caller, headers: Headers) -> None:
        if not self._tenancy.sessions.csrf_token_fits(caller, headers.get(CSRF_HEADER, "")):
            raise ApiError(
                403,
                "csrf_token_missing",
                f"Send the `csrf_token` of /api/v1/me in the header {CSRF_HEADER}.",
            )


async def still_may(request: ApiRequest) -> bool:
    """Whether the caller is still who they were when the request came, with the same rights."""
    before: Caller | None = request.scope["user"]
    if before is None:
        return False
    try:
        caller: Caller | None = (await request.scope["look_again"]())[0]  # type: ignore[typeddict-item]
    except ApiError:
        return False
    except CurrantError:
        return True  # the database is away for a moment: that is no reason
    return caller is not None and (
        (caller.kind, caller.id, caller.tenant_id, caller.permissions)
        == (before.kind, before.id, before.tenant_id, before.permissions)
        and caller.must_change_password == before.must_change_password
        and caller.second_factor_missing == before.second_factor_missing
    )


def session_cookies(scope: Scope, *, cookie: str, csrf_token: str, max_age: int) -> list[Cookie]:
    """The session's cookie, out of reach of scripts, and the CSRF token, which scripts must read."""
    secure = scope.get("scheme") == "https"
    return [
        Cookie(
            key=SESSION_COOKIE,
            value=cookie,
            path="/",
            httponly=True,
            samesite="lax",
            secure=secure,
            max_age=max_age,
        ),
        Cookie(
            key=CSRF_COOKIE, value=csrf_token, path="/", samesite="strict", secure=secure, max_age=max_age
        ),
    ]


def _too_many(wait: float) -> ApiError:
    return ApiError(
        429,
        "too_many_requests",
        "Too many requests: wait as long as Retry-After says.",
        headers={"Retry-After": str(int(wait) + 1)},
    )
