"""Drivers on waiting lists."""

from typing import Annotated

import msgspec
from litestar import delete, get, post
from litestar.params import FromPath, JSONBody

from currant.api.authentication import PUBLIC, ApiRequest
from currant.api.driver.asking import drivers_of, slowed, tenant_of
from currant.api.driver.signed_in import required
from currant.api.routes.common import Body
from currant.drivers.queueing import DriverWaiting


class WaitingWanted(Body, frozen=True, kw_only=True):
    """The place at which one wants to wait."""

    place_id: Annotated[str, msgspec.Meta(min_length=1, max_length=60)]


class WaitingLists(msgspec.Struct, frozen=True, kw_only=True):
    items: tuple[DriverWaiting, ...]


@get("/waiting", opt={"permission": PUBLIC})
async def driver_list_waiting(request: ApiRequest) -> WaitingLists:
    """The waiting lists that the driver is on, and where."""
    who = await required(request, tenant_of(request))
    return WaitingLists(items=await drivers_of(request).queueing.list(who.driver))


@post("/waiting", status_code=201, opt={"permission": PUBLIC})
async def driver_join_waiting(request: ApiRequest, data: JSONBody[WaitingWanted]) -> DriverWaiting:
    """Wait for the next free EVSE of a place. When it is one's turn, it is kept under a reservation for some minutes.

    Asked again, it is the same place in the line.
    """
    who = await required(request, tenant_of(request))
    slowed(request, "reserve", who.driver.id)
    return await drivers_of(request).queueing.join(who.driver, data.place_id)


@delete("/waiting/{waiting:str}", opt={"permission": PUBLIC})
async def driver_leave_waiting(request: ApiRequest, waiting: FromPath[str]) -> None:
    """Wait no more. An EVSE that was kept already goes to the next in the line."""
    who = await required(request, tenant_of(request))
    await drivers_of(request).queueing.leave(who.driver, waiting)


routes = (driver_list_waiting, driver_join_waiting, driver_leave_waiting)
