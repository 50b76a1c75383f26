"""What every route of the driver's API needs: whose network, which language, under what address, and how often."""

from currant.api.authentication import ApiRequest
from currant.api.problems import ApiError
from currant.api.rates import Rates
from currant.api.routes.common import remote_address, services_of
from currant.drivers.service import Drivers
from currant.drivers.words import language_of
from currant.kit.errors import NotFound
from currant.kit.ids import TenantId
from currant.tenancy.branding import Brandings
from currant.tenancy.branding_model import PublicBranding
from currant.tenancy.branding_rules import host_of as bare_host

# (at once, per second over time) of what costs or tells something, by address or by driver. A whole
# mobile network may stand behind one address.
ALLOWED = {
    "code": (120, 2.0),
    "guest": (120, 0.2),
    "mail": (60, 0.1),
    "link": (60, 0.5),
    "passkey": (60, 0.2),
    "start": (10, 0.1),
    "stop": (20, 0.5),
    "card": (20, 0.01),
    "reserve": (20, 0.02),
    "push": (20, 0.1),
}


def drivers_of(request: ApiRequest) -> Drivers:
    drivers = services_of(request).drivers
    assert drivers is not None, "Where drivers have routes they have a service."
    return drivers


def _brandings_of(request: ApiRequest) -> Brandings:
    brandings = services_of(request).brandings
    assert brandings is not None, "Where drivers have routes there are brandings."
    return brandings


def host_of(request: ApiRequest) -> str:
    return request.headers.get("host", "")[:255]


def tenant_of(request: ApiRequest) -> TenantId:
    """Whose network is asked for; NotFound where its operator serves no drivers."""
    brandings = _brandings_of(request)
    tenant_id = brandings.tenant_of_host(host_of(request))
    if not brandings.public(tenant_id).driver_app:
        raise NotFound("There is no app for drivers here.")
    return tenant_id


def branding_of(request: ApiRequest, tenant_id: TenantId) -> PublicBranding:
    return _brandings_of(request).public(tenant_id)


def guests_allowed(request: ApiRequest, tenant_id: TenantId) -> bool:
    return branding_of(request, tenant_id).guests


def origin_of(request: ApiRequest) -> str:
    """The origin that this request came to, as its browser calls it."""
    return f"{request.scope['scheme']}://{host_of(request)}"


def rp_id_of(request: ApiRequest) -> str:
    """The name that passkeys are bound to: the host without its port."""
    return bare_host(host_of(request))


def base_of(request: ApiRequest, tenant_id: TenantId) -> str:
    """Where a letter may lead: to a name that is known to be ours, and never to one that a request made up."""
    brandings, drivers = _brandings_of(request), drivers_of(request)
    host = host_of(request)
    if brandings.is_branded(host):
        return origin_of(request)
    if drivers.public_url:
        return drivers.public_url
    if bare_host(host) in drivers.own_hosts:
        return origin_of(request)
    known = brandings.host_of(tenant_id)
    if known:
        return f"https://{known}"
    raise ApiError(
        421,
        "unknown_host",
        "This server does not know itself by this name: give it to an organisation as one of its hosts, or "
        "set `public_url` of `[http]`.",
    )


def language_for(request: ApiRequest, chosen: str = "") -> str:
    return language_of(chosen, request.headers.get("accept-language", ""))


def slowed(request: ApiRequest, name: str, key: str = "") -> None:
    """Take from what a stranger or a driver may ask of this kind; ApiError 429 where that is used up."""
    rates: dict[str, Rates] = request.app.state.setdefault("driver_rates", {})
    burst, per_second = ALLOWED[name]
    bucket = rates.setdefault(name, Rates(per_second=per_second, burst=burst))
    wait = bucket.take(key or remote_address(request), now=request.app.state.clock.monotonic())
    if wait > 0:
        raise ApiError(
            429,
            "too_many_requests",
            "Too many requests: wait as long as Retry-After says.",
            headers={"Retry-After": str(int(wait) + 1)},
        )
