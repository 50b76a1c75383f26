"""Battery swaps, and what payment terminals in stations settled."""

from typing import Annotated

from litestar import Router, get
from litestar.params import QueryParameter

from currant.api.authentication import ApiRequest
from currant.api.paging import Cursor, Limit
from currant.api.routes.common import services_of, tenant_of
from currant.api.routes.parameters import Station, station_id_of
from currant.charging.swaps import Settlement, SwapEvent
from currant.stations.model import Page
from currant.tenancy.model import Permission

RequestNumber = Annotated[
    int | None, QueryParameter(ge=0, required=False, description="The steps of one swap, by its number.")
]


@get("/battery-swaps", opt={"permission": Permission.SESSIONS_READ})
async def list_battery_swaps(
    request: ApiRequest,
    station: Station = None,
    request_id: RequestNumber = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[SwapEvent]:
    """Batteries put in and taken out, latest first."""
    return await services_of(request).swaps.list_swaps(
        tenant_of(request),
        station_id=None if station is None else station_id_of(request, station),
        request_id=request_id,
        cursor=cursor,
        limit=limit,
    )


@get("/terminal-settlements", opt={"permission": Permission.SESSIONS_READ})
async def list_settlements(
    request: ApiRequest, station: Station = None, cursor: Cursor = None, limit: Limit = 100
) -> Page[Settlement]:
    """How payments at stations' own terminals ended, latest first."""
    return await services_of(request).swaps.list_settlements(
        tenant_of(request),
        station_id=None if station is None else station_id_of(request, station),
        cursor=cursor,
        limit=limit,
    )


router = Router("/api/v1", tags=["Sessions"], route_handlers=[list_battery_swaps, list_settlements])
