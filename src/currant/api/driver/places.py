"""Places to charge at, as drivers find them."""

from typing import Annotated, cast

from litestar import Response, get
from litestar.params import FromPath, QueryParameter

from currant.api.authentication import PUBLIC, ApiRequest
from currant.api.driver.asking import drivers_of, guests_allowed, language_for, slowed, tenant_of
from currant.api.driver.signed_in import signed_in
from currant.api.paging import Cursor
from currant.drivers.looking import Search
from currant.drivers.model import EvseFound, Place, PlaceDetails, PlaceMap
from currant.kit.errors import Invalid
from currant.stations.model import ConnectorStandard, Page

Latitude = Annotated[float | None, QueryParameter(ge=-90, le=90, required=False)]
Longitude = Annotated[float | None, QueryParameter(ge=-180, le=180, required=False)]
Limit = Annotated[
    int, QueryParameter(ge=1, le=100, required=False, description="How many at most, 1 to 100.")
]


@get("/map", opt={"permission": PUBLIC, "never_compressed": True})
async def driver_map(request: ApiRequest) -> Response[PlaceMap]:
    """Every place that can be put on a map, and how many EVSEs are free there now; at most 10,000.

    It is drawn anew every 2 seconds at most; ask with `If-None-Match`.
    """
    drivers, now_s = drivers_of(request), request.app.state.clock.monotonic()
    drawn = await drivers.looking.map(await drivers.places.of(tenant_of(request)), at_s=now_s)
    headers = {"ETag": drawn.tag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding, Host"}
    content, status = drawn.plain, 200
    if drawn.tag in request.headers.get("if-none-match", ""):
        content, status = b"", 304
    elif "gzip" in request.headers.get("accept-encoding", ""):
        content, headers["Content-Encoding"] = drawn.packed, "gzip"
    # Bytes pass through Litestar as they are; for the reader they are the map they were made from.
    answer = Response(content, status_code=status, media_type="application/json", headers=headers)
    return cast("Response[PlaceMap]", answer)


@get("/places", opt={"permission": PUBLIC})
async def driver_list_places(
    request: ApiRequest,
    lat: Latitude = None,
    lon: Longitude = None,
    radius_km: Annotated[float | None, QueryParameter(gt=0, le=20_100, required=False)] = None,
    standard: Annotated[ConnectorStandard | None, QueryParameter(required=False)] = None,
    min_power_w: Annotated[int | None, QueryParameter(ge=0, le=10_000_000, required=False)] = None,
    available: Annotated[
        bool | None, QueryParameter(required=False, description="true: only with a free EVSE that fits.")
    ] = None,
    q: Annotated[
        str | None, QueryParameter(max_length=100, required=False, description="In the name or address.")
    ] = None,
    cursor: Cursor = None,
    limit: Limit = 30,
) -> Page[Place]:
    """Places with chargers, the nearest first; by name without `lat` and `lon`.

    With `standard` and `min_power_w` the counts are of the EVSEs that fit.
    """
    if (lat is None) != (lon is None):
        raise Invalid("Coordinates are a latitude and a longitude: give both or neither.", field="lat")
    if radius_km is not None and lat is None:
        raise Invalid("A radius needs a middle: give `lat` and `lon` too.", field="radius_km")
    drivers = drivers_of(request)
    return drivers.looking.search(
        await drivers.places.of(tenant_of(request)),
        Search(
            lat=lat,
            lon=lon,
            radius_km=radius_km,
            standard=standard,
            min_power_w=min_power_w,
            available=available,
            text=q or "",
        ),
        now=request.app.state.clock.now(),
        language=language_for(request),
        cursor=cursor,
        limit=limit,
    )


@get("/places/{place:str}", opt={"permission": PUBLIC})
async def driver_get_place(request: ApiRequest, place: FromPath[str]) -> PlaceDetails:
    """One place with its EVSEs, when it is open, and how many drivers wait there."""
    return await drivers_of(request).place(tenant_of(request), place, language=language_for(request))


@get("/evses/{code:str}", opt={"permission": PUBLIC})
async def driver_get_evse(request: ApiRequest, code: FromPath[str]) -> EvseFound:
    """What the code on a charger leads to, whether one can start there now, and if not why.

    Blanks, case and stars of a code do not matter.
    """
    tenant_id = tenant_of(request)
    slowed(request, "code")
    driver = await signed_in(request, tenant_id)
    return await drivers_of(request).evse(
        tenant_id,
        code,
        driver=driver,
        guests=guests_allowed(request, tenant_id),
        language=language_for(request, driver.language if driver is not None else ""),
    )


routes = (driver_map, driver_list_places, driver_get_place, driver_get_evse)
