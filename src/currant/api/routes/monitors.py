"""What stations watch in themselves: monitors, events of components, and what is wrong now."""

from litestar import Router, get
from litestar.params import FromPath, FromQuery

from currant.api.authentication import ApiRequest
from currant.api.paging import Cursor, Limit
from currant.api.routes.common import services_of, tenant_of
from currant.api.routes.parameters import Since, Station, Until, Word, check_times, station_id_of
from currant.kit.errors import NotFound
from currant.stations.device.watching import (
    ComponentEvent,
    EventStream,
    KnownMonitor,
    OpenProblem,
    StreamedValue,
)
from currant.stations.model import Page
from currant.tenancy.model import Permission


@get("/stations/{station:str}/monitors", opt={"permission": Permission.STATIONS_READ})
async def list_monitors(
    request: ApiRequest, station: FromPath[str], cursor: Cursor = None, limit: Limit = 100
) -> Page[KnownMonitor]:
    """The monitors a station has, as far as it has told: hard-wired, preconfigured, and those that were set."""
    return await services_of(request).monitoring.monitors(
        tenant_of(request), station_id_of(request, station), cursor=cursor, limit=limit
    )


@get("/stations/{station:str}/events", opt={"permission": Permission.STATIONS_READ})
async def list_events_of_station(
    request: ApiRequest,
    station: FromPath[str],
    component: Word = None,
    problems_only: FromQuery[bool] = False,
    since: Since = None,
    until: Until = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[ComponentEvent]:
    """What a station's components told of themselves, latest first. `error` is Currant's word for what is wrong."""
    check_times(since=since, until=until)
    return await services_of(request).monitoring.events(
        tenant_of(request),
        station_id=station_id_of(request, station),
        component=component,
        problems_only=problems_only,
        since=since,
        until=until,
        cursor=cursor,
        limit=limit,
    )


@get("/stations/{station:str}/problems", opt={"permission": Permission.STATIONS_READ})
async def list_problems_of_station(
    request: ApiRequest, station: FromPath[str], cursor: Cursor = None, limit: Limit = 100
) -> Page[OpenProblem]:
    """What is wrong at a station now: components that reported a problem, and connectors in error."""
    return await services_of(request).monitoring.problems(
        tenant_of(request), station_id=station_id_of(request, station), cursor=cursor, limit=limit
    )


@get("/problems", opt={"permission": Permission.STATIONS_READ})
async def list_problems(
    request: ApiRequest,
    station: Station = None,
    error: Word = None,
    location_id: Word = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[OpenProblem]:
    """What is wrong in the network now, the newest first, whatever version a station speaks."""
    return await services_of(request).monitoring.problems(
        tenant_of(request),
        station_id=None if station is None else station_id_of(request, station),
        error=error,
        location_id=location_id,
        cursor=cursor,
        limit=limit,
    )


@get("/stations/{station:str}/event-streams", opt={"permission": Permission.STATIONS_READ})
async def list_event_streams(request: ApiRequest, station: FromPath[str]) -> list[EventStream]:
    """The streams of values that a station has open (OCPP 2.1)."""
    return await services_of(request).monitoring.streams(tenant_of(request), station_id_of(request, station))


@get("/stations/{station:str}/monitors/{monitor_id:str}/values", opt={"permission": Permission.STATIONS_READ})
async def list_streamed_values(
    request: ApiRequest,
    station: FromPath[str],
    monitor_id: FromPath[str],
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[StreamedValue]:
    """The values of a monitored variable that came in streams, latest first, one a minute at most."""
    if not monitor_id.isdecimal() or len(monitor_id) > 18:
        raise NotFound(f"Monitors have numbers; {monitor_id[:50]!r} is none.", field="monitor_id")
    return await services_of(request).monitoring.streamed(
        tenant_of(request), station_id_of(request, station), int(monitor_id), cursor=cursor, limit=limit
    )


router = Router(
    "/api/v1",
    tags=["Monitoring"],
    route_handlers=[
        list_monitors,
        list_events_of_station,
        list_problems_of_station,
        list_problems,
        list_event_streams,
        list_streamed_values,
    ],
)
