"""Curves of power and energy, small enough to be drawn."""

from datetime import datetime, timedelta
from typing import Annotated

from litestar import Router, get
from litestar.params import FromPath, QueryParameter

from currant.api.authentication import ApiRequest
from currant.api.routes.common import services_of, tenant_of
from currant.api.routes.parameters import Since, Until, check_times, station_id_of
from currant.api.routes.sessions import find_session
from currant.charging.drawing import POINTS_MAX, Curves, SessionCurve, StationCurve
from currant.tenancy.model import Permission

Points = Annotated[
    int, QueryParameter(ge=4, le=POINTS_MAX, required=False, description="At most so many; peaks are kept.")
]


@get("/stations/{station:str}/curve", opt={"permission": Permission.SESSIONS_READ}, tags=["Stations"])
async def get_station_curve(
    request: ApiRequest,
    station: FromPath[str],
    since: Since = None,
    until: Until = None,
    points: Points = 300,
) -> StationCurve:
    """What a station gave to vehicles over time: mean and peak power by steps, and the energy of all of it.

    Without times it is the last 24 hours.
    """
    check_times(since=since, until=until)
    services, now = services_of(request), _now(request)
    ends = now if until is None else until
    begins = ends - timedelta(days=1) if since is None else since
    return await Curves(services.database).of_station(
        tenant_of(request), station_id_of(request, station), since=begins, until=ends, points=points
    )


@get("/sessions/{session:str}/curve", opt={"permission": Permission.SESSIONS_READ}, tags=["Sessions"])
async def get_session_curve(
    request: ApiRequest, session: FromPath[str], points: Points = 300
) -> SessionCurve:
    """A session from its first reading to its last: power, energy taken, state of charge, current and voltage."""
    found = await find_session(request, session)
    return await Curves(services_of(request).database).of_session(tenant_of(request), found.id, points=points)


def _now(request: ApiRequest) -> datetime:
    now: datetime = request.app.state.clock.now()
    return now


router = Router("/api/v1", route_handlers=[get_station_curve, get_session_curve])
