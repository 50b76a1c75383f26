"""Single sign-on: a browser goes to a provider and comes back."""

import logging
from typing import Annotated
from urllib.parse import quote, urlsplit

from litestar import Response, Router, get
from litestar.datastructures import Cookie
from litestar.params import FromPath, QueryParameter

from currant.api.authentication import PUBLIC, ApiRequest
from currant.api.routes.common import config_of, services_of
from currant.api.routes.welcome import cookies_of, visit_of
from currant.tenancy.model import SecondFactorNeeded, SignInRefused
from currant.tenancy.oidc import ProviderFailed

log = logging.getLogger(__name__)

VISIT_COOKIE = "currant_visit"
VISIT_PATH = "/api/v1/login/oidc/"
VISIT_LASTS_S = 600
PAGE = "/console/sign-in"

ReturnTo = Annotated[
    str,
    QueryParameter(
        description="A page of the console to come back to, as in `/console/stations`.", max_length=1_000
    ),
]
State = Annotated[str, QueryParameter(name="state", max_length=200)]
Code = Annotated[str, QueryParameter(max_length=4_000)]
Told = Annotated[str, QueryParameter(max_length=2_000)]
OPEN = {"permission": PUBLIC, "never_compressed": True}


@get("/{provider:str}/start", status_code=302, opt=OPEN)
async def start_single_sign_on(
    request: ApiRequest, provider: FromPath[str], return_to: ReturnTo = ""
) -> Response[None]:
    """Send the browser to a provider of single sign-on."""
    try:
        started = await services_of(request).tenancy.single_sign_on.start(
            provider,
            redirect_uri=f"{base_of(request)}{VISIT_PATH}{quote(provider)}/return",
            return_to=return_to,
            visit=visit_of(request),
        )
    except ProviderFailed as error:
        return _back(request, provider, error)
    return Response(
        None,
        status_code=302,
        headers={"Location": started.address},
        cookies=[_visit_cookie(request, started.cookie, VISIT_LASTS_S)],
    )


class _Anything:
    """What a provider sends along besides is its own business: no parameter is a mistake here."""

    def __contains__(self, name: object) -> bool:
        return True


@get("/{provider:str}/return", status_code=302, opt={**OPEN, "known_parameters": _Anything()})
async def finish_single_sign_on(
    request: ApiRequest,
    provider: FromPath[str],
    visit: State = "",
    code: Code = "",
    error: Told = "",
    iss: Told = "",
) -> Response[None]:
    """Take the browser back from a provider: to where it wanted to go, or to the sign-in page with `problem`.

    Who has a second factor that the provider did not ask for goes on with it there: the ticket stands
    behind the `#` of the address.
    """
    try:
        returned = await services_of(request).tenancy.single_sign_on.finish(
            provider,
            state=visit,
            cookie=request.cookies.get(VISIT_COOKIE, ""),
            code=code,
            error=error,
            issuer=iss,
            visit=visit_of(request),
        )
    except ProviderFailed as failed:
        return _back(request, provider, failed)
    except SignInRefused as refused:
        return _back(request, provider, ProviderFailed(refused.reason, refused.message))
    gone = _visit_cookie(request, "", 0)
    if isinstance(returned.signed_in, SecondFactorNeeded):
        ways = ",".join(returned.signed_in.ways)
        place = (
            f"{PAGE}#ticket={quote(returned.signed_in.ticket)}&ways={ways}"
            f"&return_to={quote(returned.return_to, safe='')}"
        )
        return Response(None, status_code=302, headers={"Location": place}, cookies=[gone])
    cookies = [gone, *cookies_of(request, returned.signed_in)]
    return Response(None, status_code=302, headers={"Location": returned.return_to}, cookies=cookies)


def base_of(request: ApiRequest) -> str:
    """Where the browser is: our own address as it sees it, for a provider must send it back to this very host."""
    host = request.headers.get("host", "")
    scheme = str(request.scope.get("scheme", "http"))
    # A proxy may take the encryption off without telling; the operator has told then.
    told = urlsplit(config_of(request).public_url)
    if told.netloc == host and told.scheme:
        scheme = told.scheme
    return f"{scheme}://{host}"


def _back(request: ApiRequest, provider: str, error: ProviderFailed) -> Response[None]:
    # For the operator: what the person is told is a code and no more.
    log.warning("Single sign-on by %s failed (%s): %s", provider, error.code, ascii(str(error))[:500])
    return Response(
        None,
        status_code=302,
        headers={"Location": f"{PAGE}?problem={quote(error.code)}"},
        cookies=[_visit_cookie(request, "", 0)],
    )


def _visit_cookie(request: ApiRequest, value: str, lasts_s: int) -> Cookie:
    return Cookie(
        key=VISIT_COOKIE,
        value=value,
        path=VISIT_PATH,
        httponly=True,
        # Lax, for the provider sends the browser back from its own site.
        samesite="lax",
        secure=request.scope.get("scheme") == "https",
        max_age=lasts_s,
    )


router = Router(
    "/api/v1/login/oidc",
    tags=["Signing in"],
    route_handlers=[start_single_sign_on, finish_single_sign_on],
)
