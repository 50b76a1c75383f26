"""Photos of places, and which places drivers are shown: kept by operators, served to everybody."""

from collections import Counter

import msgspec
from litestar import Response, Router, delete, get, post, put
from litestar.params import FromPath, JSONBody

from currant.api.authentication import PUBLIC, ApiRequest
from currant.api.driver.asking import drivers_of
from currant.api.driver.asking import tenant_of as tenant_of_host
from currant.api.problems import ApiError
from currant.api.routes.common import Body, caller_of, tenant_of
from currant.drivers.looking import PHOTOS_AT
from currant.drivers.photos import MEDIA_TYPES, PHOTO_BYTES_MAX
from currant.kit.ids import LocationId, TenantId
from currant.tenancy.model import Permission

PICTURES = tuple(MEDIA_TYPES.values())
AT_ONCE = 8
"""Photos that one organisation may be sending at the same moment."""


class LocationPhotos(msgspec.Struct, frozen=True, kw_only=True):
    """The addresses of a location's photos, in their order."""

    photos: tuple[str, ...]


class Listing(Body, frozen=True, kw_only=True):
    """Whether drivers are shown a location."""

    listed: bool


def _shown(names: tuple[str, ...]) -> LocationPhotos:
    return LocationPhotos(photos=tuple(PHOTOS_AT + name for name in names))


@get("/{location_id:str}/photos", opt={"permission": Permission.LOCATIONS_READ})
async def list_photos(request: ApiRequest, location_id: FromPath[str]) -> LocationPhotos:
    """The photos that drivers see of a location."""
    names = await drivers_of(request).photos.names(tenant_of(request), LocationId(location_id))
    return _shown(names)


@post(
    "/{location_id:str}/photos",
    status_code=201,
    opt={"permission": Permission.LOCATIONS_WRITE, "takes": PICTURES},
    request_max_body_size=PHOTO_BYTES_MAX + 1_024,
)
async def add_photo(request: ApiRequest, location_id: FromPath[str]) -> LocationPhotos:
    """Show drivers a photo of a location: the body is the picture itself (JPEG, PNG or WebP), at most 4 MB.

    What it says of itself is left out: where, when and with what it was taken. At most 50 million points.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in PICTURES:
        raise ApiError(
            415, "unsupported_media_type", f"Send the picture with its Content-Type: {', '.join(PICTURES)}."
        )
    caller = caller_of(request)
    under_way: Counter[TenantId] = request.app.state.setdefault("photos_under_way", Counter())
    if under_way[caller.tenant_id] >= AT_ONCE:
        raise ApiError(
            429,
            "too_many_requests",
            f"At most {AT_ONCE} photos at once: wait for those under way.",
            headers={"Retry-After": "2"},
        )
    # Each is held in memory, several times over, until it is kept.
    under_way[caller.tenant_id] += 1
    try:
        names = await drivers_of(request).photos.add(
            caller.tenant_id, LocationId(location_id), await request.body(), by=caller.label
        )
    finally:
        under_way[caller.tenant_id] -= 1
        if not under_way[caller.tenant_id]:
            del under_way[caller.tenant_id]
    return _shown(names)


@delete(
    "/{location_id:str}/photos/{number:str}",
    status_code=200,
    opt={"permission": Permission.LOCATIONS_WRITE},
)
async def remove_photo(
    request: ApiRequest, location_id: FromPath[str], number: FromPath[str]
) -> LocationPhotos:
    """Show a photo no more; they are counted from 1."""
    caller = caller_of(request)
    # Said as a text, so that who may not do this is told so whatever stands there.
    counted = int(number) if number.isascii() and number.isdigit() and len(number) < 4 else 0
    names = await drivers_of(request).photos.remove(
        caller.tenant_id, LocationId(location_id), counted, by=caller.label
    )
    return _shown(names)


@get("/{location_id:str}/listing", opt={"permission": Permission.LOCATIONS_READ})
async def get_listing(request: ApiRequest, location_id: FromPath[str]) -> Listing:
    """Whether drivers are shown a location. They are, unless somebody said otherwise."""
    listed = await drivers_of(request).photos.is_listed(tenant_of(request), LocationId(location_id))
    return Listing(listed=listed)


@put("/{location_id:str}/listing", opt={"permission": Permission.LOCATIONS_WRITE})
async def set_listing(request: ApiRequest, location_id: FromPath[str], data: JSONBody[Listing]) -> Listing:
    """Show drivers a location, or let it be there for nobody but its operator (a depot).

    The chargers of one that is not shown have no code that leads to them, and start from no driver's app.
    """
    caller = caller_of(request)
    await drivers_of(request).photos.set_listed(
        caller.tenant_id, LocationId(location_id), listed=data.listed, by=caller.label
    )
    return data


@get(
    "/photos/{photo:str}",
    opt={"permission": PUBLIC, "gives": PICTURES, "never_compressed": True},
)
async def driver_get_photo(request: ApiRequest, photo: FromPath[str]) -> Response[bytes]:
    """A photo of a place. Its name is made of its bytes, so that it may be kept for ever."""
    content, media_type = await drivers_of(request).photos.content(tenant_of_host(request), photo)
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(content, media_type=media_type, headers=headers)


routes = (driver_get_photo,)
router = Router(
    "/api/v1/locations",
    tags=["Locations"],
    route_handlers=[list_photos, add_photo, remove_photo, get_listing, set_listing],
)
