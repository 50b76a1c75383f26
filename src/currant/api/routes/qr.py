"""The code on a charger: where it leads, and as a drawing to be printed."""

from urllib.parse import quote

import msgspec
from litestar import Router, get
from litestar.params import FromPath

from currant.api.authentication import ApiRequest
from currant.api.routes.common import config_of, services_of, tenant_of
from currant.kit.errors import NotFound
from currant.kit.qr import svg_of
from currant.stations.model import Station
from currant.tenancy.model import Permission


class EvseCode(msgspec.Struct, frozen=True, kw_only=True):
    """The drivers' address of one EVSE, and its QR code as SVG: black on white, whatever page it stands in."""

    url: str
    svg: str


@get("/stations/{station:str}/evses/{evse:str}/qr", opt={"permission": Permission.STATIONS_READ})
async def get_evse_code(request: ApiRequest, station: FromPath[str], evse: FromPath[str]) -> EvseCode:
    """What a driver scans at this EVSE. Its address stays the same for as long as its reference does.

    It leads to the organisation's own host name where it has one (branding), else to this server.
    """
    found = (await services_of(request).inventory.get_station(tenant_of(request), station)).station
    url = f"{_origin(request)}/c/{quote(_code(found, evse), safe='*')}"
    # Printed small and scratched by keys: more of it may be missing than of one on a screen.
    return EvseCode(url=url, svg=svg_of(url, error="q"))


def _code(station: Station, number: str) -> str:
    """What names the EVSE to drivers: its reference, or the station's identity and its number."""
    evse = next((evse for evse in station.evses if str(evse.number) == number), None)
    if evse is None:
        raise NotFound(f"Station {station.identity} has no EVSE {number[:20]}.", field="evse")
    return "".join(evse.reference.split()) or f"{station.identity}-{number}"


def _origin(request: ApiRequest) -> str:
    """Where drivers find the app: over HTTPS at the organisation's host name, else where this was asked."""
    brandings = services_of(request).brandings
    own = None if brandings is None else brandings.host_of(tenant_of(request))
    if own is not None:
        return f"https://{own}"
    public = config_of(request).public_url.rstrip("/")
    return public or str(request.base_url).rstrip("/")


router = Router("/api/v1", tags=["Stations"], route_handlers=[get_evse_code])
