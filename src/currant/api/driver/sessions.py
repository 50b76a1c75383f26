"""Drivers start, watch and stop their sessions."""

from typing import Annotated, Any

import msgspec
from litestar import MediaType, Response, get, post
from litestar.params import FromPath, JSONBody, QueryParameter

from currant.api.authentication import ApiRequest
from currant.api.driver.asking import (
    branding_of,
    drivers_of,
    guests_allowed,
    language_for,
    slowed,
    tenant_of,
)
from currant.api.driver.places import Limit
from currant.api.driver.signed_in import DRIVER, required
from currant.api.paging import Cursor
from currant.api.routes.common import Body
from currant.drivers import receipts, words
from currant.drivers.model import Curve, DriverSession, Receipt
from currant.drivers.sessions import CannotStart
from currant.stations.model import Page


class ChargingWanted(Body, frozen=True, kw_only=True):
    """Where to charge: the code on the charger, and which connector where it has several."""

    code: Annotated[str, msgspec.Meta(min_length=1, max_length=300, examples=["DE*ABC*E0042"])]
    connector: Annotated[int, msgspec.Meta(ge=1, le=9_999)] | None = None


@post("/sessions", status_code=201, opt=DRIVER)
async def driver_start_session(request: ApiRequest, data: JSONBody[ChargingWanted]) -> DriverSession:
    """Start to charge.

    The answer does not wait for the vehicle: `starting` or `plug_in` at first, `failed` with a reason where
    the charger does not agree. Asked again while it is under way, it is the same session.
    """
    tenant_id = tenant_of(request)
    who = await required(request, tenant_id)
    slowed(request, "start", who.driver.id)
    language = language_for(request, who.driver.language)
    if who.driver.guest and not guests_allowed(request, tenant_id):
        raise CannotStart(words.why("no_guests", language).text, why="no_guests")
    return await drivers_of(request).sessions.start(
        who.driver, data.code, connector=data.connector, language=language
    )


@get("/sessions", opt=DRIVER)
async def driver_list_sessions(
    request: ApiRequest, cursor: Cursor = None, limit: Limit = 30
) -> Page[DriverSession]:
    """The driver's sessions, latest first. The first page begins with what was asked for and has not begun."""
    who = await required(request, tenant_of(request))
    return await drivers_of(request).sessions.list(
        who.driver, cursor=cursor, limit=limit, language=language_for(request, who.driver.language)
    )


@get("/sessions/{session:str}", opt=DRIVER)
async def driver_get_session(request: ApiRequest, session: FromPath[str]) -> DriverSession:
    """One of the driver's own sessions."""
    who = await required(request, tenant_of(request))
    return await drivers_of(request).sessions.get(
        who.driver, session, language=language_for(request, who.driver.language)
    )


@post("/sessions/{session:str}/stop", status_code=200, opt=DRIVER)
async def driver_stop_session(request: ApiRequest, session: FromPath[str]) -> DriverSession:
    """Stop charging, or take back the wish to. One that has ended already stays as it is."""
    who = await required(request, tenant_of(request))
    slowed(request, "stop", who.driver.id)
    return await drivers_of(request).sessions.stop(
        who.driver, session, language=language_for(request, who.driver.language)
    )


@get("/sessions/{session:str}/curve", opt=DRIVER)
async def driver_get_curve(
    request: ApiRequest,
    session: FromPath[str],
    points: Annotated[int, QueryParameter(ge=2, le=1_000, required=False)] = 200,
) -> Curve:
    """Power, energy and state of charge over a session."""
    who = await required(request, tenant_of(request))
    return await drivers_of(request).sessions.curve(who.driver, session, points=points)


@get(
    "/sessions/{session:str}/receipt",
    opt={**DRIVER, "answer": "The receipt; a page to print where HTML is asked for."},
)
async def driver_get_receipt(request: ApiRequest, session: FromPath[str]) -> Response[Receipt]:
    """The receipt of a session that has ended: JSON, or a page to print for `Accept: text/html`."""
    tenant_id = tenant_of(request)
    who = await required(request, tenant_id)
    language = language_for(request, who.driver.language)
    receipt = await drivers_of(request).sessions.receipt(
        who.driver, session, organisation=branding_of(request, tenant_id).name, language=language
    )
    headers = {"Vary": "Accept"}
    if "text/html" in request.headers.get("accept", ""):
        headers["Content-Security-Policy"] = receipts.POLICY
        printable: Any = receipts.page(receipt, language)
        return Response(printable, media_type=MediaType.HTML, headers=headers)
    return Response(receipt, headers=headers)


routes = (
    driver_start_session,
    driver_list_sessions,
    driver_get_session,
    driver_stop_session,
    driver_get_curve,
    driver_get_receipt,
)
