"""Which driver asks: by a cookie of their own, and with its CSRF token for everything but looking."""

from typing import Final

from litestar.datastructures import Cookie

from currant.api.authentication import CSRF_HEADER, PUBLIC, SAFE, ApiRequest
from currant.api.driver.asking import drivers_of
from currant.api.problems import ApiError
from currant.drivers.model import Driver, NewSignIn, SignedInDriver
from currant.kit.ids import TenantId

COOKIE = "currant_driver"

DRIVER: Final = {
    "permission": PUBLIC,
    "never_compressed": True,
    "access": "For the driver who is signed in at this browser; whatever changes something also carries the CSRF token.",
}
"""The options of a route that asks for a driver (`required`); to the operators' side it is open."""


async def found(request: ApiRequest, tenant_id: TenantId) -> SignedInDriver | None:
    """Whoever is signed in at this browser; None where nobody is. For routes that strangers may use too."""
    cookie = request.cookies.get(COOKIE, "")
    return await drivers_of(request).sign_in.authenticate(tenant_id, cookie) if cookie else None


async def signed_in(request: ApiRequest, tenant_id: TenantId) -> Driver | None:
    """The driver, where somebody is signed in."""
    who = await found(request, tenant_id)
    return None if who is None else who.driver


async def required(request: ApiRequest, tenant_id: TenantId) -> SignedInDriver:
    """Whoever is signed in; ApiError 401 where nobody is, 403 where what changes something comes without the token."""
    who = await found(request, tenant_id)
    if who is None:
        raise ApiError(401, "not_authenticated", "Sign in first, or go on as a guest.")
    if request.method not in SAFE and not drivers_of(request).sign_in.csrf_token_fits(
        who, request.headers.get(CSRF_HEADER, "")
    ):
        raise ApiError(
            403,
            "csrf_token_missing",
            f"Send the `csrf_token` of /driver/v1/me in the header {CSRF_HEADER}.",
        )
    return who


def cookie_of(request: ApiRequest, made: NewSignIn) -> Cookie:
    age = made.expires_at - request.app.state.clock.now()
    return Cookie(
        key=COOKIE,
        value=made.cookie,
        path="/driver/v1",
        httponly=True,
        samesite="lax",
        secure=request.scope.get("scheme") == "https",
        max_age=int(age.total_seconds()),
    )


def no_cookie() -> Cookie:
    return Cookie(key=COOKIE, value="", path="/driver/v1", max_age=0)
