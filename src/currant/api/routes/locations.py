"""Locations: places with stations."""

from datetime import datetime
from typing import Annotated

from litestar import Router, delete, get, patch, post
from litestar.params import FromPath, JSONBody, QueryParameter

from currant.api.authentication import ApiRequest
from currant.api.paging import Cursor, Limit
from currant.api.routes.common import caller_of, services_of, tenant_of
from currant.api.routes.parameters import Search, check_times
from currant.charging.model import LoadPoint
from currant.kit.errors import Invalid
from currant.kit.ids import LocationId
from currant.stations.drafts import LocationChange, LocationDraft
from currant.stations.model import Location, Page
from currant.tenancy.model import Permission

LOAD_POINTS_MAX = 5_000


@get("/", opt={"permission": Permission.LOCATIONS_READ})
async def list_locations(
    request: ApiRequest,
    search: Search = None,
    country: Annotated[
        str | None,
        QueryParameter(min_length=2, max_length=2, required=False, description="ISO 3166-1 alpha-2."),
    ] = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[Location]:
    """Locations by name."""
    return await services_of(request).inventory.list_locations(
        tenant_of(request), text=search, country=country, cursor=cursor, limit=limit
    )


@post("/", opt={"permission": Permission.LOCATIONS_WRITE})
async def create_location(request: ApiRequest, data: JSONBody[LocationDraft]) -> Location:
    """Make a location."""
    return await services_of(request).inventory.create_location(
        tenant_of(request), data, by=caller_of(request).label
    )


@get("/{location_id:str}", opt={"permission": Permission.LOCATIONS_READ})
async def get_location(request: ApiRequest, location_id: FromPath[str]) -> Location:
    """One location."""
    return await services_of(request).inventory.get_location(tenant_of(request), LocationId(location_id))


@patch("/{location_id:str}", opt={"permission": Permission.LOCATIONS_WRITE})
async def change_location(
    request: ApiRequest, location_id: FromPath[str], data: JSONBody[LocationChange]
) -> Location:
    """Change a location. What is present changes, the rest stays."""
    return await services_of(request).inventory.update_location(
        tenant_of(request), LocationId(location_id), data, by=caller_of(request).label
    )


@delete("/{location_id:str}", opt={"permission": Permission.LOCATIONS_WRITE})
async def delete_location(request: ApiRequest, location_id: FromPath[str]) -> None:
    """Delete a location that has no stations."""
    await services_of(request).inventory.delete_location(
        tenant_of(request), LocationId(location_id), by=caller_of(request).label
    )


@get("/{location_id:str}/load", opt={"permission": Permission.SESSIONS_READ})
async def get_location_load(
    request: ApiRequest,
    location_id: FromPath[str],
    since: Annotated[datetime, QueryParameter(description="From this time on (RFC 3339).")],
    until: Annotated[datetime, QueryParameter(description="Before this time (RFC 3339).")],
    step_s: Annotated[
        int, QueryParameter(ge=10, le=86_400, description="The length of a step in seconds.", required=False)
    ] = 900,
) -> Page[LoadPoint]:
    """The power a location drew over time, step by step, in W."""
    check_times(since=since, until=until)
    if until <= since:
        raise Invalid("The time span ends before it begins.", field="until")
    if (until - since).total_seconds() / step_s > LOAD_POINTS_MAX:
        raise Invalid(f"More than {LOAD_POINTS_MAX} steps: take a longer step_s.", field="step_s")
    services, tenant_id = services_of(request), tenant_of(request)
    location = await services.inventory.get_location(tenant_id, LocationId(location_id))
    points = await services.charging.load(tenant_id, location.id, since=since, until=until, step_s=step_s)
    return Page(items=points)


router = Router(
    "/api/v1/locations",
    tags=["Locations"],
    route_handlers=[
        list_locations,
        create_location,
        get_location,
        change_location,
        delete_location,
        get_location_load,
    ],
)
