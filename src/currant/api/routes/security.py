"""How stations are let in, changed from afar: passwords rotated, security profiles raised."""

from typing import Annotated

import msgspec
from litestar import Response, Router, delete, get, post
from litestar.params import FromPath, FromQuery, JSONBody

from currant.api.authentication import ApiRequest
from currant.api.idempotent import once
from currant.api.paging import Cursor, Limit
from currant.api.routes.common import Body, caller_of, services_of, tenant_of
from currant.api.routes.parameters import Station, station_id_of
from currant.kit.errors import NotFound
from currant.pki.security_upgrade import Upgrade, UpgradePhase
from currant.pki.upgrading import Upgrades
from currant.stations.model import Page
from currant.stations.security import Credentials
from currant.stations.security_model import Credential, PasswordOffer
from currant.tenancy.model import Permission


class MoveStation(Body, frozen=True, kw_only=True):
    """Which security profile a station shall use from now on."""

    to_profile: Annotated[int, msgspec.Meta(ge=1, le=3)]
    url: Annotated[str, msgspec.Meta(max_length=512)] = ""
    """Where it shall connect, without its identity; this server's own address without it."""
    slot: Annotated[int, msgspec.Meta(ge=0, le=999)] | None = None
    """2.x: the slot for its new connection profile; a free one without it."""
    address_key: Annotated[str, msgspec.Meta(max_length=50)] = ""
    """1.6: the configuration key in which this make keeps the address; left alone without it."""
    allow_downgrade: bool = False
    """Also down, from 3 to 2, at a station of OCPP 2.1 that allows it."""


def credentials_of(request: ApiRequest) -> Credentials:
    credentials = services_of(request).credentials
    if credentials is None:
        raise NotFound("This server changes no passwords.")
    return credentials


def upgrades_of(request: ApiRequest) -> Upgrades:
    upgrades = services_of(request).upgrades
    if upgrades is None:
        raise NotFound("This server moves no stations.")
    return upgrades


@get("/stations/{station:str}/credentials", opt={"permission": Permission.SECURITY_READ})
async def get_credential(request: ApiRequest, station: FromPath[str]) -> Credential:
    """Whether a station has a password, since when, and what became of the changes of it. Never the password."""
    return await credentials_of(request).of(tenant_of(request), station)


@post(
    "/stations/{station:str}/password/rotate",
    status_code=200,
    opt={"permission": Permission.STATIONS_ADMIT, "idempotent": True},
)
async def rotate_password(request: ApiRequest, station: FromPath[str]) -> Response[PasswordOffer]:
    """Give a connected station a new random password, which nobody ever sees.

    Old and new are both taken until the station has come with the new one. A station that refuses it keeps
    the old one; after an answer that never came nobody knows, and both stay good.
    """
    return await once(
        request,
        lambda: credentials_of(request).rotate(tenant_of(request), station, by=caller_of(request).label),
    )


@post(
    "/stations/{station:str}/security-upgrade",
    status_code=202,
    opt={"permission": Permission.STATIONS_ADMIT, "idempotent": True},
)
async def move_station(
    request: ApiRequest, station: FromPath[str], data: JSONBody[MoveStation]
) -> Response[Upgrade]:
    """Begin to move a connected station to a higher security profile; it goes on by itself.

    Until it has come back both profiles are taken. One that comes back in the old profile, or not at all, has
    fallen back, and its old profile stays good.
    """
    return await once(
        request,
        lambda: upgrades_of(request).start(
            tenant_of(request),
            station,
            data.to_profile,
            by=caller_of(request).label,
            url=data.url,
            slot=data.slot,
            address_key=data.address_key,
            allow_downgrade=data.allow_downgrade,
        ),
        status=202,
    )


@get("/stations/{station:str}/security-upgrade", opt={"permission": Permission.SECURITY_READ})
async def get_move(request: ApiRequest, station: FromPath[str]) -> Upgrade:
    """How a station's latest move to another security profile stands."""
    found = await upgrades_of(request).of(tenant_of(request), station)
    if found is None:
        raise NotFound("The station was never moved to another security profile.")
    return found


@delete(
    "/stations/{station:str}/security-upgrade",
    status_code=200,
    opt={"permission": Permission.STATIONS_ADMIT},
)
async def stop_move(request: ApiRequest, station: FromPath[str]) -> Upgrade:
    """Stop a station's move where it stands."""
    return await upgrades_of(request).cancel(tenant_of(request), station, by=caller_of(request).label)


@get("/security-upgrades", opt={"permission": Permission.SECURITY_READ})
async def list_moves(
    request: ApiRequest,
    station: Station = None,
    phase: FromQuery[UpgradePhase | None] = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[Upgrade]:
    """Moves of stations to other security profiles, latest first."""
    return await upgrades_of(request).list(
        tenant_of(request),
        station_id=None if station is None else station_id_of(request, station),
        phase=phase,
        cursor=cursor,
        limit=limit,
    )


router = Router(
    "/api/v1",
    tags=["Link security"],
    route_handlers=[
        get_credential,
        rotate_password,
        move_station,
        get_move,
        stop_move,
        list_moves,
    ],
)
