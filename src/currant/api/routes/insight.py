"""What a station is doing and why, and what is wrong with it, in codes and words."""

from litestar import Router, get
from litestar.params import FromPath

from currant.api.authentication import ApiRequest
from currant.api.routes.common import caller_of, services_of, tenant_of
from currant.api.routes.parameters import station_id_of
from currant.charging.insight import StationInsight
from currant.stations.insight_model import Insight
from currant.tenancy.model import Permission


@get("/{station:str}/insight", opt={"permission": Permission.STATIONS_READ})
async def get_station_insight(request: ApiRequest, station: FromPath[str]) -> Insight:
    """What a station is doing, EVSE by EVSE too, and what is wrong with it, the worst first, with what to do.

    Codes are stable; `text` says the same in English. Security events count for those who may read them.
    """
    services = services_of(request)
    asked = StationInsight(
        inventory=services.inventory,
        charging=services.charging,
        monitoring=services.monitoring,
        profiles=services.profiles,
        reservations=services.reservations,
        commands=services.commands,
        messages=services.messages,
        clock=request.app.state.clock,
        desired=services.desired,
        transfers=services.transfers,
    )
    return await asked.of(
        tenant_of(request),
        station_id_of(request, station),
        security=caller_of(request).may(Permission.SECURITY_READ),
    )


router = Router("/api/v1/stations", tags=["Stations"], route_handlers=[get_station_insight])
