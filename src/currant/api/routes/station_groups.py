"""Station groups: stations that are to be treated alike. `group` in a path is an id or the group's name."""

from typing import Annotated

import msgspec
from litestar import Router, delete, get, patch, post, put
from litestar.params import FromPath, JSONBody

from currant.api.authentication import ApiRequest
from currant.api.paging import Cursor, Limit
from currant.api.routes.common import Body, caller_of, services_of, tenant_of
from currant.api.routes.parameters import Search
from currant.api.views import page_like
from currant.kit.ids import StationId
from currant.stations.groups import (
    MEMBERS_MAX,
    StationGroup,
    StationGroupChange,
    StationGroupDraft,
    StationGroups,
)
from currant.stations.model import Page
from currant.tenancy.model import Permission

Named = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]


class GroupMembers(Body, frozen=True, kw_only=True):
    """Stations by id or identity."""

    stations: Annotated[tuple[Named, ...], msgspec.Meta(max_length=MEMBERS_MAX)]


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """A station of a group."""

    station_id: StationId
    identity: str


def groups_of(request: ApiRequest) -> StationGroups:
    groups = services_of(request).station_groups
    assert groups is not None, "Every server has them; only tests of other things leave them out."
    return groups


@get("/", opt={"permission": Permission.STATIONS_READ})
async def list_station_groups(
    request: ApiRequest, search: Search = None, cursor: Cursor = None, limit: Limit = 100
) -> Page[StationGroup]:
    """Station groups by name, with how many stations are in each."""
    return await groups_of(request).list(tenant_of(request), text=search, cursor=cursor, limit=limit)


@post("/", opt={"permission": Permission.STATIONS_WRITE})
async def create_station_group(request: ApiRequest, data: JSONBody[StationGroupDraft]) -> StationGroup:
    """Make a group, with stations (ids or identities) or without."""
    return await groups_of(request).create(tenant_of(request), data, by=caller_of(request).label)


@get("/{group:str}", opt={"permission": Permission.STATIONS_READ})
async def get_station_group(request: ApiRequest, group: FromPath[str]) -> StationGroup:
    """One group, by id or name."""
    return await groups_of(request).get(tenant_of(request), group)


@patch("/{group:str}", opt={"permission": Permission.STATIONS_WRITE})
async def change_station_group(
    request: ApiRequest, group: FromPath[str], data: JSONBody[StationGroupChange]
) -> StationGroup:
    """Change a group's name or description. What is left out stays."""
    groups, tenant_id = groups_of(request), tenant_of(request)
    known = await groups.get(tenant_id, group)
    return await groups.change(tenant_id, known.id, data, by=caller_of(request).label)


@delete("/{group:str}", opt={"permission": Permission.STATIONS_WRITE})
async def delete_station_group(request: ApiRequest, group: FromPath[str]) -> None:
    """Dissolve a group. Its stations stay; what was declared for the group holds for nobody any more."""
    await groups_of(request).delete(tenant_of(request), group, by=caller_of(request).label)


@get("/{group:str}/stations", opt={"permission": Permission.STATIONS_READ})
async def list_stations_of_group(
    request: ApiRequest, group: FromPath[str], cursor: Cursor = None, limit: Limit = 100
) -> Page[Member]:
    """The stations of a group."""
    groups, tenant_id = groups_of(request), tenant_of(request)
    known = await groups.get(tenant_id, group)
    page = await groups.members(tenant_id, known.id, cursor=cursor, limit=limit)
    return page_like(
        page, tuple(Member(station_id=entry.station_id, identity=entry.identity) for entry in page.items)
    )


@put("/{group:str}/stations", opt={"permission": Permission.STATIONS_WRITE})
async def set_stations_of_group(
    request: ApiRequest, group: FromPath[str], data: JSONBody[GroupMembers]
) -> StationGroup:
    """Have exactly these stations in a group, up to 10,000."""
    return await groups_of(request).set_members(
        tenant_of(request), group, data.stations, by=caller_of(request).label
    )


@post("/{group:str}/stations/add", status_code=200, opt={"permission": Permission.STATIONS_WRITE})
async def add_stations_to_group(
    request: ApiRequest, group: FromPath[str], data: JSONBody[GroupMembers]
) -> StationGroup:
    """Put stations into a group, up to 10,000 at a time; those in it stay."""
    return await groups_of(request).add_members(
        tenant_of(request), group, data.stations, by=caller_of(request).label
    )


@post("/{group:str}/stations/remove", status_code=200, opt={"permission": Permission.STATIONS_WRITE})
async def remove_stations_from_group(
    request: ApiRequest, group: FromPath[str], data: JSONBody[GroupMembers]
) -> StationGroup:
    """Take stations out of a group, up to 10,000 at a time."""
    return await groups_of(request).remove_members(
        tenant_of(request), group, data.stations, by=caller_of(request).label
    )


router = Router(
    "/api/v1/station-groups",
    tags=["Station groups"],
    route_handlers=[
        list_station_groups,
        create_station_group,
        get_station_group,
        change_station_group,
        delete_station_group,
        list_stations_of_group,
        set_stations_of_group,
        add_stations_to_group,
        remove_stations_from_group,
    ],
)
