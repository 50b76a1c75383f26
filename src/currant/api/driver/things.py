"""What drivers have: cards, reservations, and messages to their browsers."""

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import delete, get, post, put
from litestar.params import FromPath, JSONBody

from currant.api.authentication import ApiRequest
from currant.api.driver.asking import drivers_of, slowed, tenant_of
from currant.api.driver.places import Limit
from currant.api.driver.signed_in import DRIVER, required
from currant.api.paging import Cursor
from currant.api.routes.common import Body
from currant.drivers.model import CardView, DriverReservation, DriverWaiting
from currant.drivers.push import PushSubscription
from currant.stations.model import Page


class Cards(msgspec.Struct, frozen=True, kw_only=True):
    items: tuple[CardView, ...]


class NewCard(Body, frozen=True, kw_only=True):
    """A card to be linked: the number that readers show of it."""

    uid: Annotated[str, msgspec.Meta(min_length=1, max_length=60, examples=["04A2B3C4D5E680"])]
    name: Annotated[str, msgspec.Meta(max_length=100, examples=["Blue card"])] = ""


class NewReservation(Body, frozen=True, kw_only=True):
    """A place to be kept: an EVSE by its code, or any at a place; from now on where no time is named."""

    code: Annotated[str, msgspec.Meta(min_length=1, max_length=300)] | None = None
    place_id: Annotated[str, msgspec.Meta(min_length=1, max_length=60)] | None = None
    from_: datetime | None = msgspec.field(name="from", default=None)
    until: datetime | None = None


class NewWaiting(Body, frozen=True, kw_only=True):
    """A place to wait at."""

    place_id: Annotated[str, msgspec.Meta(min_length=1, max_length=60)]


class Lines(msgspec.Struct, frozen=True, kw_only=True):
    items: tuple[DriverWaiting, ...]


class PushWanted(Body, frozen=True, kw_only=True):
    """Where this browser takes messages."""

    subscription: PushSubscription


@get("/cards", opt=DRIVER)
async def driver_list_cards(request: ApiRequest) -> Cards:
    """The cards that charge for the driver."""
    who = await required(request, tenant_of(request))
    return Cards(items=await drivers_of(request).accounts.cards(who.driver))


@post("/cards", status_code=201, opt=DRIVER)
async def driver_add_card(request: ApiRequest, data: JSONBody[NewCard]) -> CardView:
    """Link a card. One that is registered already cannot be linked, and for whom it is is not told."""
    who = await required(request, tenant_of(request))
    slowed(request, "card", who.driver.id)
    return await drivers_of(request).accounts.add_card(who.driver, uid=data.uid, name=data.name)


@delete("/cards/{card:str}", opt=DRIVER)
async def driver_remove_card(request: ApiRequest, card: FromPath[str]) -> None:
    """Unlink a card: it charges no more."""
    who = await required(request, tenant_of(request))
    await drivers_of(request).accounts.remove_card(who.driver, card)


@get("/reservations", opt=DRIVER)
async def driver_list_reservations(
    request: ApiRequest, cursor: Cursor = None, limit: Limit = 30
) -> Page[DriverReservation]:
    """The driver's reservations, latest made first."""
    who = await required(request, tenant_of(request))
    return await drivers_of(request).reserving.list(who.driver, cursor=cursor, limit=limit)


@post("/reservations", status_code=201, opt=DRIVER)
async def driver_reserve(request: ApiRequest, data: JSONBody[NewReservation]) -> DriverReservation:
    """Keep a place for the driver; one from now on is told to its charger before the answer comes."""
    who = await required(request, tenant_of(request))
    slowed(request, "reserve", who.driver.id)
    return await drivers_of(request).reserving.reserve(
        who.driver, code=data.code, place_id=data.place_id, begins=data.from_, ends=data.until
    )


@delete("/reservations/{reservation:str}", opt=DRIVER)
async def driver_cancel_reservation(request: ApiRequest, reservation: FromPath[str]) -> None:
    """Give a place free again."""
    who = await required(request, tenant_of(request))
    await drivers_of(request).reserving.cancel(who.driver, reservation)


@get("/waiting", opt=DRIVER)
async def driver_list_waiting(request: ApiRequest) -> Lines:
    """Where the driver waits for a free EVSE, or was called to one."""
    who = await required(request, tenant_of(request))
    return Lines(items=await drivers_of(request).reserving.lines(who.driver))


@post("/waiting", status_code=201, opt=DRIVER)
async def driver_wait(request: ApiRequest, data: JSONBody[NewWaiting]) -> DriverWaiting:
    """Wait for the next free EVSE of a place. Where one is free already it is held at once (`called`)."""
    who = await required(request, tenant_of(request))
    slowed(request, "reserve", who.driver.id)
    return await drivers_of(request).reserving.wait(who.driver, data.place_id)


@delete("/waiting/{waiting:str}", opt=DRIVER)
async def driver_wait_no_more(request: ApiRequest, waiting: FromPath[str]) -> None:
    """Leave a line; an EVSE that was held goes to the next."""
    who = await required(request, tenant_of(request))
    await drivers_of(request).reserving.leave(who.driver, waiting)


@put("/push", status_code=204, opt=DRIVER)
async def driver_put_push(request: ApiRequest, data: JSONBody[PushWanted]) -> None:
    """Send messages to this browser: when charging ends, is finished, or does not start. At most 5 browsers."""
    who = await required(request, tenant_of(request))
    slowed(request, "push", who.driver.id)
    await drivers_of(request).push.put(who, data.subscription)


@delete("/push", opt=DRIVER)
async def driver_remove_push(request: ApiRequest) -> None:
    """Send no more messages to this browser."""
    who = await required(request, tenant_of(request))
    await drivers_of(request).push.remove(who)


routes = (
    driver_list_cards,
    driver_add_card,
    driver_remove_card,
    driver_list_reservations,
    driver_reserve,
    driver_cancel_reservation,
    driver_list_waiting,
    driver_wait,
    driver_wait_no_more,
    driver_put_push,
    driver_remove_push,
)
