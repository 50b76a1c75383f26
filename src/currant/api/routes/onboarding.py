"""Taking chargers in: what to enter at them, how far they have come, and why they do not get further."""

from litestar import Router, get, post
from litestar.params import FromPath, JSONBody

from currant.api.authentication import ApiRequest
from currant.api.routes.common import caller_of, services_of, tenant_of
from currant.kit.errors import NotAllowed
from currant.stations.model import Page
from currant.stations.onboarding import OnboardingService
from currant.stations.onboarding_model import Attempt, Onboarding, OnboardingDraft, OnboardingProgress
from currant.tenancy.model import Permission


def onboarding_of(request: ApiRequest) -> OnboardingService:
    onboarding = services_of(request).onboarding
    assert onboarding is not None, "Where chargers are taken in there is a gateway."
    return onboarding


@post("/", opt={"permission": Permission.STATIONS_ADMIT, "never_compressed": True})
async def begin_onboarding(request: ApiRequest, data: JSONBody[OnboardingDraft]) -> Onboarding:
    """Register a charger, with its place if that is new, and get what is to be entered at it.

    The password is in this answer and nowhere else. A charger that came by itself and waits to be accepted
    is taken by its identity.
    """
    caller = caller_of(request)
    if data.location is not None and not caller.may(Permission.LOCATIONS_WRITE):
        raise NotAllowed("Making a place needs the permission locations:write.", permission="locations:write")
    return await onboarding_of(request).begin(caller.tenant_id, data, by=caller.label)


@get("/attempts", opt={"permission": Permission.STATIONS_ADMIT})
async def list_strangers(request: ApiRequest) -> Page[Attempt]:
    """Attempts to connect that fit no station, latest first; only the host organisation sees any.

    Each node holds the latest 200 in memory. New ones come live too (topic `onboarding`, key `strangers`).
    """
    if tenant_of(request) != services_of(request).tenancy.host_tenant_id:
        return Page(items=())
    return Page(items=onboarding_of(request).strangers())


@get("/{station:str}", opt={"permission": Permission.STATIONS_READ})
async def get_onboarding(request: ApiRequest, station: FromPath[str]) -> OnboardingProgress:
    """How far a station has come: every step, and the attempts of late that failed, each with what to do.

    For two hours from now on, what happens to it is shown live (topic `onboarding`).
    """
    return await onboarding_of(request).progress(tenant_of(request), station)


@post(
    "/{station:str}/password",
    status_code=200,
    opt={"permission": Permission.STATIONS_ADMIT, "never_compressed": True},
)
async def renew_password(request: ApiRequest, station: FromPath[str]) -> Onboarding:
    """Give a station a new password, where the one before was lost. Its connection ends, if it has one."""
    caller = caller_of(request)
    return await onboarding_of(request).new_password(caller.tenant_id, station, by=caller.label)


router = Router(
    "/api/v1/onboarding",
    tags=["Onboarding"],
    route_handlers=[begin_onboarding, list_strangers, get_onboarding, renew_password],
)
