"""The waiting lists of locations: drivers who want the next free place."""

from typing import Annotated

from litestar import Response, Router, delete, get, post
from litestar.params import FromPath, JSONBody, QueryParameter

from currant.api.authentication import ApiRequest
from currant.api.idempotent import once
from currant.api.paging import Cursor, Limit
from currant.api.routes.common import caller_of, services_of, tenant_of
from currant.api.routes.parameters import Word
from currant.charging.reservations.model import WaitingDraft, WaitingPlace
from currant.kit.ids import LocationId, WaitingId
from currant.stations.model import Page
from currant.tenancy.model import Permission

OnTheList = Annotated[
    bool | None,
    QueryParameter(required=False, description="true: those who wait or were called; false: those who left."),
]
TokenUid = Annotated[
    str | None, QueryParameter(max_length=255, required=False, description="Of the token with this uid.")
]


@post("/", status_code=201, opt={"permission": Permission.SESSIONS_WRITE, "idempotent": True})
async def join_waiting_list(request: ApiRequest, data: JSONBody[WaitingDraft]) -> Response[WaitingPlace]:
    """Put a driver on the waiting list of a location, or for one of its stations.

    Whoever comes first is called first: a place is held for a few minutes under a reservation, whose id
    is then in `reservation_id`, and the event WaitingDriverCalled tells which place. Where one is free
    now, that happens at once.
    """
    return await once(
        request,
        lambda: services_of(request).waiting.join(tenant_of(request), data, by=caller_of(request).label),
        status=201,
    )


@get("/", opt={"permission": Permission.SESSIONS_READ})
async def list_waiting_drivers(
    request: ApiRequest,
    active: OnTheList = None,
    location_id: Word = None,
    token: TokenUid = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[WaitingPlace]:
    """Drivers who wait or waited, latest joined first, with their position and about when their turn comes."""
    return await services_of(request).waiting.list(
        tenant_of(request),
        location_id=None if location_id is None else LocationId(location_id),
        token_uid=token,
        waiting=active,
        cursor=cursor,
        limit=limit,
    )


@get("/{waiting:str}", opt={"permission": Permission.SESSIONS_READ})
async def get_waiting_driver(request: ApiRequest, waiting: FromPath[str]) -> WaitingPlace:
    """One driver's place in the line, and about when their turn comes."""
    return await services_of(request).waiting.get(tenant_of(request), WaitingId(waiting))


@delete("/{waiting:str}", opt={"permission": Permission.SESSIONS_WRITE})
async def leave_waiting_list(request: ApiRequest, waiting: FromPath[str]) -> None:
    """Take a driver off the list. The place that was held for one who had been called goes to the next."""
    await services_of(request).waiting.leave(
        tenant_of(request), WaitingId(waiting), by=caller_of(request).label
    )


router = Router(
    "/api/v1/waiting",
    tags=["Waiting lists"],
    route_handlers=[join_waiting_list, list_waiting_drivers, get_waiting_driver, leave_waiting_list],
)
