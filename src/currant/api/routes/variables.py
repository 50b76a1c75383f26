"""The device model: what stations say of their parts, one by one and across the network."""

from typing import Annotated

import msgspec
from litestar import Response, Router, get, post
from litestar.params import FromPath, FromQuery, QueryParameter

from currant.api.authentication import ApiRequest
from currant.api.idempotent import once
from currant.api.paging import Cursor, Limit
from currant.api.routes.common import caller_of, services_of, tenant_of
from currant.api.routes.parameters import Search, Word, station_id_of
from currant.kit.errors import Invalid
from currant.stations.commanding.variables import GetVariables, Variable
from currant.stations.device import mapping16
from currant.stations.device.model import (
    Fleet,
    FleetValue,
    KnownVariable,
    ModelState,
    ValueCount,
    VariableKind,
)
from currant.stations.model import CommandStatus, Page
from currant.tenancy.model import Permission

READ_DEADLINE_S = 120.0

Name = Annotated[
    str,
    QueryParameter(
        min_length=1,
        max_length=300,
        description="The variable's name, as `HeartbeatInterval`; a key of OCPP 1.6 may stand alone.",
    ),
]
Part = Annotated[
    str | None,
    QueryParameter(
        max_length=300,
        required=False,
        description="The component's name, as `OCPPCommCtrlr`; needed unless the name is a key of OCPP 1.6.",
    ),
]
Attribute = Annotated[
    str | None,
    QueryParameter(
        max_length=20, required=False, description="Actual, Target, MinSet or MaxSet; any without it."
    ),
]
Evse = Annotated[int | None, QueryParameter(ge=1, le=9_999, required=False, description="Only at this EVSE.")]


class ReadModel(msgspec.Struct, frozen=True, kw_only=True):
    """What came of having a station tell its variables, and how far its model is known now."""

    status: CommandStatus
    reason: str
    model: ModelState


@get("/stations/{station:str}/variables", opt={"permission": Permission.STATIONS_READ})
async def list_variables_of_station(
    request: ApiRequest,
    station: FromPath[str],
    component: Part = None,
    name: Word = None,
    search: Search = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[KnownVariable]:
    """A station's variables as they are known here, by name: read after its boot, and kept current since.

    Names are those of OCPP 2.x for every station; keys of OCPP 1.6 without a counterpart stand under
    the component `Ocpp16`.
    """
    return await services_of(request).device.variables(
        tenant_of(request),
        station_id_of(request, station),
        component=component,
        name=name,
        text=search,
        cursor=cursor,
        limit=limit,
    )


@get("/stations/{station:str}/device-model", opt={"permission": Permission.STATIONS_READ})
async def get_device_model(request: ApiRequest, station: FromPath[str]) -> ModelState:
    """How far a station's device model is known: when it was read, whether in whole, and what stood in the way."""
    return await services_of(request).device.state(tenant_of(request), station_id_of(request, station))


@post(
    "/stations/{station:str}/variables/read",
    status_code=200,
    opt={"permission": Permission.COMMANDS_GIVE, "idempotent": True, "body_optional": True},
)
async def read_variables_of_station(request: ApiRequest, station: FromPath[str]) -> Response[ReadModel]:
    """Have a station tell all of its variables now, and wait until they are kept.

    Whatever comes of it is a 200 with `status`, as with every command.
    """
    services, tenant_id = services_of(request), tenant_of(request)

    async def read() -> ReadModel:
        record = await services.commands.give(
            tenant_id, station, GetVariables(), by=caller_of(request).label, deadline_s=READ_DEADLINE_S
        )
        await services.device.caught_up(record.station_id)
        return ReadModel(
            status=record.status,
            reason=record.reason,
            model=await services.device.state(tenant_id, record.station_id),
        )

    return await once(request, read)


@get("/variables", opt={"permission": Permission.STATIONS_READ})
async def list_values(
    request: ApiRequest,
    name: Name,
    component: Part = None,
    instance: Word = None,
    component_instance: Word = None,
    evse: Evse = None,
    attribute: Attribute = None,
    value: Word = None,
    vendor: Word = None,
    model: Word = None,
    firmware_version: Word = None,
    ocpp_version: Word = None,
    location_id: Word = None,
    group_id: Word = None,
    connected: FromQuery[bool | None] = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[FleetValue]:
    """What the stations have of one variable, by identity: "what is the heartbeat interval of all ABB stations?"

    An instance that is not named may be any; with `value` only stations that have exactly this one.
    """
    fleet = _fleet(vendor, model, firmware_version, ocpp_version, location_id, group_id, connected)
    return await services_of(request).device.fleet_values(
        tenant_of(request),
        _variable(name, component, instance, component_instance, evse),
        fleet,
        attribute=attribute,
        value=value,
        cursor=cursor,
        limit=limit,
    )


@get("/variables/values", opt={"permission": Permission.STATIONS_READ})
async def count_values(
    request: ApiRequest,
    name: Name,
    component: Part = None,
    instance: Word = None,
    component_instance: Word = None,
    evse: Evse = None,
    attribute: Attribute = None,
    vendor: Word = None,
    model: Word = None,
    firmware_version: Word = None,
    ocpp_version: Word = None,
    location_id: Word = None,
    group_id: Word = None,
    connected: FromQuery[bool | None] = None,
) -> list[ValueCount]:
    """The values that a variable has across stations and how often, the most frequent first (a thousand at most)."""
    fleet = _fleet(vendor, model, firmware_version, ocpp_version, location_id, group_id, connected)
    return await services_of(request).device.value_counts(
        tenant_of(request),
        _variable(name, component, instance, component_instance, evse),
        fleet,
        attribute=attribute,
    )


@get("/variables/names", opt={"permission": Permission.STATIONS_READ})
async def list_names(
    request: ApiRequest,
    component: Part = None,
    search: Search = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[VariableKind]:
    """The variables that stations of the network have, by name."""
    return await services_of(request).device.kinds(
        tenant_of(request), component=component, text=search, cursor=cursor, limit=limit
    )


def _variable(
    name: str, component: str | None, instance: str | None, component_instance: str | None, evse: int | None
) -> Variable:
    if component is None and not mapping16.is_mapped(name):
        component = mapping16.OWN_COMPONENT
    if component is None:
        if instance or component_instance:
            raise Invalid("A key of OCPP 1.6 has no instances: name the component.", field="component")
        return msgspec.structs.replace(mapping16.variable_of(name), evse=evse)
    return Variable(
        component=component,
        component_instance=component_instance,
        name=name,
        instance=instance,
        evse=evse,
    )


def _fleet(
    vendor: str | None,
    model: str | None,
    firmware_version: str | None,
    ocpp_version: str | None,
    location_id: str | None,
    group_id: str | None,
    connected: bool | None,
) -> Fleet:
    return Fleet(
        vendor=vendor,
        model=model,
        firmware_version=firmware_version,
        ocpp_version=ocpp_version,
        location_id=location_id,
        group_id=group_id,
        connected=connected,
    )


router = Router(
    "/api/v1",
    tags=["Variables"],
    route_handlers=[
        list_variables_of_station,
        get_device_model,
        read_variables_of_station,
        list_values,
        count_values,
        list_names,
    ],
)
