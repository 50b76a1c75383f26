"""A session or a place as it changes, for the driver who looks at it."""

from collections.abc import AsyncIterator
from typing import Annotated

from litestar import get
from litestar.params import QueryParameter
from litestar.response import Stream

from currant.api.authentication import PUBLIC, ApiRequest
from currant.api.driver.asking import drivers_of, language_for, tenant_of
from currant.api.driver.signed_in import required, signed_in
from currant.api.routes.common import remote_address
from currant.api.streams import Happening, stream
from currant.kit.errors import Invalid, NotFound

OWN_MAX = 10
STRANGERS_MAX = 100
PACE_S = 1.0
LOOK_AGAIN_S = 15.0
"""What nobody tells (a place opens, a wish is given up) is seen after this long at the latest."""

Word = Annotated[str | None, QueryParameter(min_length=1, max_length=60, required=False)]


@get(
    "/live",
    opt={
        "permission": PUBLIC,
        "never_compressed": True,
        "gives": ("text/event-stream",),
        "answer": "Server-sent events: `session` with a DriverSession, `place` with a PlaceDetails.",
    },
)
async def driver_follow(request: ApiRequest, session: Word = None, place: Word = None) -> Stream:
    """Follow one's session, a place, or both: how they are now, and again when something changes, at most every second."""
    drivers, tenant_id = drivers_of(request), tenant_of(request)
    if session is None and place is None:
        raise Invalid("Name a session or a place to follow.", field="session")
    who = await required(request, tenant_id) if session is not None else None
    driver = who.driver if who is not None else await signed_in(request, tenant_id)
    language = language_for(request, driver.language if driver is not None else "")
    if place is not None:
        await drivers.place(tenant_id, place, language=language)
    if session is not None and driver is not None:
        await drivers.sessions.get(driver, session, language=language)
    watch = drivers.watching.watch(tenant_id, frozenset({place} if place else ()))
    closed = False

    def close() -> None:
        nonlocal closed
        closed = True
        watch.close()

    async def happenings() -> AsyncIterator[Happening]:
        told: dict[str, object] = {}
        clock = request.app.state.clock
        while not closed:
            looked_at = clock.monotonic()
            try:
                if session is not None and driver is not None:
                    watch.look_at(
                        await drivers.sessions.keys(driver, session) | ({place} if place else set())
                    )
                    view = await drivers.sessions.get(driver, session, language=language)
                    if told.get("session") != view:
                        told["session"] = view
                        yield Happening(kind="session", data=view)
                if place is not None:
                    details = await drivers.place(tenant_id, place, language=language)
                    if told.get("place") != details:
                        told["place"] = details
                        yield Happening(kind="place", data=details)
            except NotFound:
                # It was erased, or is not public any more: there is nothing to follow.
                return
            await watch.changed(within_s=LOOK_AGAIN_S)
            rest = PACE_S - (clock.monotonic() - looked_at)
            if rest > 0:
                await watch.pause(rest)

    async def allowed() -> bool:
        """Whether the driver is still signed in at this browser, with nothing asked anew of a stranger."""
        again = await signed_in(request, tenant_id)
        return again is not None and driver is not None and again.id == driver.id

    if driver is not None:
        name = f"driver:{driver.id}"
        return stream(request, happenings(), on_end=close, name=name, most=OWN_MAX, allowed=allowed)
    # Many strangers may share an address.
    name = f"address:{remote_address(request)}"
    return stream(request, happenings(), on_end=close, name=name, most=STRANGERS_MAX)


routes = (driver_follow,)
