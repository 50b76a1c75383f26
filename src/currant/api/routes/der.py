"""Controls of distributed energy resources at a station, and the alarms they raise (OCPP 2.1)."""

from typing import Annotated

from litestar import Response, Router, delete, get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from currant.api.authentication import ApiRequest
from currant.api.idempotent import once
from currant.api.paging import Cursor, Limit
from currant.api.routes.common import Body, caller_of, services_of, tenant_of
from currant.api.routes.parameters import Word, station_id_of
from currant.api.routes.profiles import Deadline
from currant.stations.commanding.der import ClearDerControls, DerControl, GetDerControls, SetDerControl
from currant.stations.commands import DEADLINE_S
from currant.stations.model import CommandRecord, Page
from currant.stations.profiles.der_model import DerAlarm, InstalledControl
from currant.tenancy.model import Permission


class AskForControls(Body, frozen=True, kw_only=True):
    """Which controls to ask for; nothing means all of them."""

    id: str | None = None
    kind: str | None = None
    default: bool | None = None


@get("/", opt={"permission": Permission.STATIONS_READ})
async def list_controls(request: ApiRequest, station: FromPath[str]) -> Page[InstalledControl]:
    """The controls that a station is known to have, and which of them are in force."""
    found = await services_of(request).der.controls(tenant_of(request), station_id_of(request, station))
    return Page(items=tuple(found))


@post("/", status_code=200, opt={"permission": Permission.COMMANDS_GIVE, "idempotent": True})
async def set_control(
    request: ApiRequest, station: FromPath[str], data: JSONBody[DerControl], deadline_s: Deadline = DEADLINE_S
) -> Response[CommandRecord]:
    """Set a default or scheduled control, and wait for what the station makes of it."""
    return await _give(request, station, SetDerControl(control=data), deadline_s)


@post("/ask", status_code=200, opt={"permission": Permission.COMMANDS_GIVE, "idempotent": True})
async def ask_for_controls(
    request: ApiRequest,
    station: FromPath[str],
    data: JSONBody[AskForControls],
    deadline_s: Deadline = DEADLINE_S,
) -> Response[CommandRecord]:
    """Ask a station for its controls, and correct what is known by that."""
    command = GetDerControls(id=data.id, kind=data.kind, default=data.default)
    return await _give(request, station, command, deadline_s)


@delete("/", status_code=200, opt={"permission": Permission.COMMANDS_GIVE, "idempotent": True})
async def clear_controls(
    request: ApiRequest,
    station: FromPath[str],
    default: Annotated[
        bool, QueryParameter(description="true: the default controls; false: the scheduled ones.")
    ],
    control_id: Word = None,
    kind: FromQuery[str | None] = None,
    deadline_s: Deadline = DEADLINE_S,
) -> Response[CommandRecord]:
    """Clear the default or the scheduled controls: one, those of a kind, or all."""
    command = ClearDerControls(default=default, id=control_id, kind=kind)
    return await _give(request, station, command, deadline_s)


async def _give(
    request: ApiRequest,
    station: str,
    command: SetDerControl | GetDerControls | ClearDerControls,
    deadline_s: float,
) -> Response[CommandRecord]:
    return await once(
        request,
        lambda: services_of(request).der.give(
            tenant_of(request), station, command, by=caller_of(request).label, deadline_s=deadline_s
        ),
    )


@get("/alarms", opt={"permission": Permission.STATIONS_READ})
async def list_alarms(
    request: ApiRequest, station: FromPath[str], cursor: Cursor = None, limit: Limit = 100
) -> Page[DerAlarm]:
    """When controls had a station deviate for a fault of the grid, latest first."""
    return await services_of(request).der.alarms(
        tenant_of(request), station_id_of(request, station), cursor=cursor, limit=limit
    )


router = Router(
    "/api/v1/stations/{station:str}/der-controls",
    tags=["DER controls"],
    route_handlers=[list_controls, set_control, ask_for_controls, clear_controls, list_alarms],
)
