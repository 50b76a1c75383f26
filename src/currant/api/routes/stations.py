"""Stations: registered, admitted, looked at. `station` in a path is an id or the identity it connects with."""

from typing import Annotated

import msgspec
from litestar import Router, get, patch, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from currant.api.authentication import ApiRequest
from currant.api.paging import Cursor, Limit
from currant.api.routes.common import Body, Count, caller_of, services_of, tenant_of
from currant.api.routes.parameters import Search, Since, Until, Word, check_times, station_id_of
from currant.api.views import StationView, page_like, station_view
from currant.kit.errors import Invalid
from currant.kit.ids import LocationId, StationGroupId
from currant.stations.drafts import StationChange, StationDraft
from currant.stations.inventory import StationFilters
from currant.stations.model import Admission, ConnectorStatus, Finding, Page, Station, StatusChange
from currant.tenancy.model import Permission

Connected = Annotated[
    bool | None, QueryParameter(required=False, description="Only those that are, or are not, connected.")
]
Group = Annotated[
    str | None,
    QueryParameter(max_length=100, required=False, description="Only those in this station group (id)."),
]
Version = Annotated[
    str | None, QueryParameter(max_length=10, required=False, description="OCPP version: 1.6, 2.0.1 or 2.1.")
]


class AcceptStation(Body, frozen=True, kw_only=True):
    """Where an accepted station stands and what people call it; what is left out stays."""

    location_id: LocationId | None = None
    name: Annotated[str, msgspec.Meta(max_length=200)] | None = None


class SetPassword(Body, frozen=True, kw_only=True):
    """A password of one's own choice; a new random one without it."""

    password: Annotated[str, msgspec.Meta(min_length=16, max_length=64)] | None = None
    keep_previous: bool = False
    """Take the old one for two days more, while the station learns the new one."""


class StationPassword(msgspec.Struct, frozen=True, kw_only=True):
    """A station's new password, shown this once; None when it was given."""

    identity: str
    password: str | None = None


@get("/", opt={"permission": Permission.STATIONS_READ})
async def list_stations(
    request: ApiRequest,
    location_id: Word = None,
    admission: FromQuery[Admission | None] = None,
    connected: Connected = None,
    version: Version = None,
    vendor: Word = None,
    model: Word = None,
    status: FromQuery[ConnectorStatus | None] = None,
    search: Search = None,
    group: Group = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[StationView]:
    """Stations by identity, with the state of their connectors."""
    filters = _filters(location_id, admission, connected, version, vendor, model, status, search, group)
    page = await services_of(request).inventory.list_stations(
        tenant_of(request), filters, cursor=cursor, limit=limit
    )
    return page_like(page, tuple(map(station_view, page.items)))


@get("/count", opt={"permission": Permission.STATIONS_READ})
async def count_stations(
    request: ApiRequest,
    location_id: Word = None,
    admission: FromQuery[Admission | None] = None,
    connected: Connected = None,
    version: Version = None,
    vendor: Word = None,
    model: Word = None,
    status: FromQuery[ConnectorStatus | None] = None,
    search: Search = None,
    group: Group = None,
) -> Count:
    """How many stations there are, with the filters of the list."""
    filters = _filters(location_id, admission, connected, version, vendor, model, status, search, group)
    return Count(count=await services_of(request).inventory.count_stations(tenant_of(request), filters))


def _filters(
    location_id: str | None,
    admission: Admission | None,
    connected: bool | None,
    version: str | None,
    vendor: str | None,
    model: str | None,
    status: ConnectorStatus | None,
    search: str | None,
    group: str | None,
) -> StationFilters:
    return StationFilters(
        location_id=None if location_id is None else LocationId(location_id),
        admission=admission,
        connected=connected,
        version=version,
        vendor=vendor,
        model=model,
        status=status,
        text=search,
        group_id=None if group is None else StationGroupId(group),
    )


@post("/", opt={"permission": Permission.STATIONS_WRITE})
async def register_station(request: ApiRequest, data: JSONBody[StationDraft]) -> Station:
    """Register a station before it connects. It is accepted unless the body says otherwise."""
    return await services_of(request).inventory.create_station(
        tenant_of(request), data, by=caller_of(request).label
    )


@get("/{station:str}", opt={"permission": Permission.STATIONS_READ})
async def get_station(request: ApiRequest, station: FromPath[str]) -> StationView:
    """One station with its EVSEs and the state of its connectors."""
    return station_view(await services_of(request).inventory.get_station(tenant_of(request), station))


@patch("/{station:str}", opt={"permission": Permission.STATIONS_WRITE})
async def change_station(
    request: ApiRequest, station: FromPath[str], data: JSONBody[StationChange]
) -> Station:
    """Change a station's registration. `evses` replaces all of them; what is left out stays."""
    return await services_of(request).inventory.update_station(
        tenant_of(request), station, data, by=caller_of(request).label
    )


@post(
    "/{station:str}/accept",
    status_code=200,
    opt={"permission": Permission.STATIONS_ADMIT, "body_optional": True},
)
async def accept_station(
    request: ApiRequest, station: FromPath[str], data: JSONBody[AcceptStation | None] = None
) -> Station:
    """Let a station take part in the network. A connected one is asked to boot again, and then told so."""
    data = data or AcceptStation()
    return await services_of(request).admissions.accept(
        tenant_of(request),
        station,
        by=caller_of(request).label,
        location_id=data.location_id,
        name=data.name,
    )


@post("/{station:str}/refuse", status_code=200, opt={"permission": Permission.STATIONS_ADMIT})
async def refuse_station(request: ApiRequest, station: FromPath[str]) -> Station:
    """Turn a station away. Its connection ends and it is not let in again."""
    return await services_of(request).admissions.refuse(
        tenant_of(request), station, by=caller_of(request).label
    )


@post("/{station:str}/retire", status_code=200, opt={"permission": Permission.STATIONS_ADMIT})
async def retire_station(request: ApiRequest, station: FromPath[str]) -> Station:
    """Take a station out of the network for good. What it did stays on record."""
    return await services_of(request).admissions.retire(
        tenant_of(request), station, by=caller_of(request).label
    )


@post(
    "/{station:str}/password",
    status_code=200,
    opt={"permission": Permission.STATIONS_ADMIT, "body_optional": True, "never_compressed": True},
)
async def set_station_password(
    request: ApiRequest, station: FromPath[str], data: JSONBody[SetPassword | None] = None
) -> StationPassword:
    """Give a station a new password. A random one is in this answer and nowhere else."""
    data, by = data or SetPassword(), caller_of(request).label
    services, tenant_id = services_of(request), tenant_of(request)
    made: str | None = None
    if data.password is None:
        made = await services.admissions.new_password(
            tenant_id, station, by=by, keep_previous=data.keep_previous
        )
    else:
        if not data.password.isprintable() or not data.password.isascii():
            raise Invalid("A password is plain ASCII, so that every charger can hold it.", field="password")
        await services.admissions.set_password(
            tenant_id, station, data.password, by=by, keep_previous=data.keep_previous
        )
    entry = services.directory.by_id(station_id_of(request, station))
    assert entry is not None, "It has just been given a password."
    return StationPassword(identity=entry.identity, password=made)


@get("/{station:str}/history", opt={"permission": Permission.STATIONS_READ})
async def get_status_history(
    request: ApiRequest,
    station: FromPath[str],
    evse: Annotated[
        int | None, QueryParameter(ge=0, le=9_999, required=False, description="0: the station.")
    ] = None,
    connector: Annotated[int | None, QueryParameter(ge=0, le=9_999, required=False)] = None,
    since: Since = None,
    until: Until = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[StatusChange]:
    """What a station's connectors reported, latest first."""
    check_times(since=since, until=until)
    return await services_of(request).inventory.status_history(
        tenant_of(request),
        station,
        evse=evse,
        connector=connector,
        since=since,
        until=until,
        cursor=cursor,
        limit=limit,
    )


@get("/{station:str}/findings", opt={"permission": Permission.FINDINGS_READ})
async def list_findings_of_station(
    request: ApiRequest, station: FromPath[str], limit: Limit = 200
) -> Page[Finding]:
    """What a station does against the specification, the most frequent first."""
    found = await services_of(request).inventory.list_findings(
        tenant_of(request), station=station, limit=limit
    )
    return Page(items=found)


router = Router(
    "/api/v1/stations",
    tags=["Stations"],
    route_handlers=[
        list_stations,
        count_stations,
        register_station,
        get_station,
        change_station,
        accept_station,
        refuse_station,
        retire_station,
        set_station_password,
        get_status_history,
        list_findings_of_station,
    ],
)
