"""The whole fleet at once, as maps and long tables show it."""

from datetime import datetime
from typing import Any

import msgspec
from litestar import Response, Router, get

from currant.api.authentication import ApiRequest
from currant.api.routes.common import services_of, tenant_of
from currant.charging.network import Network
from currant.kit.errors import NotFound
from currant.tenancy.model import Permission


class Fleet(msgspec.Struct, frozen=True, kw_only=True):
    """Every station as it stands, one row each, its values in the order of `columns`.

    `live_id` is where the live stream goes on from this: `GET /live?topics=stations&last_event_id=<live_id>`.
    """

    at: datetime
    live_id: str
    columns: list[str]
    rows: list[list[Any]]


class FleetPlace(msgspec.Struct, frozen=True, kw_only=True):
    """A place, as a map shows it."""

    id: str
    name: str
    city: str
    country: str
    address: str
    latitude: float | None
    longitude: float | None
    time_zone: str


class FleetPlaces(msgspec.Struct, frozen=True, kw_only=True):
    """Every place."""

    items: list[FleetPlace]


@get("/fleet", opt={"permission": Permission.STATIONS_READ, "never_compressed": True}, sync_to_thread=False)
def get_fleet(request: ApiRequest) -> Response[Fleet]:
    """Every station as it stands, in one answer. What changes from then on is told by the live topic `stations`."""
    snapshot = network_of(request).snapshot(tenant_of(request))
    # Compressed once for everybody who asks within a second, and so not by the application.
    zipped = "gzip" in request.headers.get("accept-encoding", "")
    headers = {"Vary": "Accept-Encoding"} | ({"Content-Encoding": "gzip"} if zipped else {})
    body: Any = snapshot.zipped if zipped else snapshot.plain
    return Response(body, media_type="application/json", headers=headers)


@get("/fleet/locations", opt={"permission": Permission.LOCATIONS_READ})
async def get_fleet_locations(request: ApiRequest) -> FleetPlaces:
    """Every place, with where it is."""
    places = await network_of(request).places(tenant_of(request))
    return FleetPlaces(items=msgspec.convert(places, list[FleetPlace]))


def network_of(request: ApiRequest) -> Network:
    network = services_of(request).network
    if network is None:
        raise NotFound("The network is not held in memory here.")
    return network


router = Router("/api/v1", tags=["Overview"], route_handlers=[get_fleet, get_fleet_locations])
