"""All routes of the driver's API."""

from litestar import Router

from currant.api.driver import account, live, photos, places, sessions, things

router = Router(
    "/driver/v1",
    tags=["Driver's app"],
    route_handlers=[
        *account.routes,
        *places.routes,
        *photos.routes,
        *sessions.routes,
        *things.routes,
        *live.routes,
    ],
)
places_router = photos.router
