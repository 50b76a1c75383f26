"""Reservations: places kept for drivers. `reservation` in a path is an id or a number."""

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Response, Router, delete, get, patch, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from currant.api.authentication import ApiRequest
from currant.api.idempotent import once
from currant.api.paging import Cursor, Limit
from currant.api.routes.common import caller_of, services_of, tenant_of
from currant.api.routes.parameters import Since, Station, Until, Word, check_times, station_id_of
from currant.api.views import identity_of, page_like
from currant.charging.reservations.model import (
    Reservation,
    ReservationChange,
    ReservationDraft,
    ReservationFilter,
    ReservationState,
    Slot,
)
from currant.kit.errors import NotFound
from currant.kit.ids import (
    AccountId,
    LocationId,
    ReservationId,
    SessionId,
    StationId,
    TenantId,
    TokenId,
    WaitingId,
)
from currant.stations.directory import StationDirectory
from currant.stations.model import ConnectorStandard, Page
from currant.tenancy.model import Permission

NUMBER_MAX = 2**31 - 1

Open = Annotated[
    bool | None,
    QueryParameter(
        required=False, description="true: those that are still to come or held; false: those over."
    ),
]
Number = Annotated[
    int | None,
    QueryParameter(ge=1, le=NUMBER_MAX, required=False, description="Its id as stations know it."),
]
TokenUid = Annotated[
    str | None, QueryParameter(max_length=255, required=False, description="Of the token with this uid.")
]
# `state` itself is a word of the framework's.
InState = Annotated[ReservationState | None, QueryParameter(name="state", required=False)]
EvseNumber = Annotated[int | None, QueryParameter(ge=1, le=9_999, required=False)]
Watts = Annotated[int | None, QueryParameter(ge=1, le=10_000_000, required=False)]


class ReservationView(msgspec.Struct, frozen=True, kw_only=True):
    """A place kept for a token, from `starts_at` to `ends_at`, and how that stands.

    What was asked for is in `location_id`, `station_id`, `evse`, `connector_standard` and `min_power_w`;
    the place that it was given is in `place_station_id`, `place_station_identity` and `place_evse`. It can
    still change until the station has been told, where no EVSE was asked for.
    """

    id: ReservationId
    number: int
    """Its id as stations know it, and its short name for people."""
    tenant_id: TenantId
    state: ReservationState
    reason: str = ""
    """Why, in words: why the station does not hold it itself, or how it ended."""
    token_id: TokenId
    token_uid: str
    token_kind: str = ""
    account_id: AccountId | None = None
    parent_uid: str | None = None
    """The group whose tokens may use it too."""
    location_id: LocationId | None = None
    station_id: StationId | None = None
    evse: int | None = None
    connector_standard: ConnectorStandard | None = None
    min_power_w: int | None = None
    place_station_id: StationId
    place_station_identity: str = ""
    place_evse: int
    any_evse: bool = False
    """The station holds any one of its EVSEs, not that very one."""
    starts_at: datetime
    ends_at: datetime
    ad_hoc: bool = True
    """It began when it was made."""
    hold_from: datetime
    """From then on the place is kept free of others, and the station told."""
    release_at: datetime
    """Until then the place waits for its driver."""
    held_since: datetime | None = None
    ended_at: datetime | None = None
    session_id: SessionId | None = None
    """The session that used it."""
    session_number: int | None = None
    waiting_id: WaitingId | None = None
    """The waiting driver who was called to it."""
    created_at: datetime
    created_by: str = ""


_SHOWN = tuple(name for name in ReservationView.__struct_fields__ if name != "place_station_identity")


def reservation_view(reservation: Reservation, directory: StationDirectory) -> ReservationView:
    return ReservationView(
        **{name: getattr(reservation, name) for name in _SHOWN},
        place_station_identity=identity_of(directory, reservation.place_station_id),
    )


@post("/reservations", status_code=201, opt={"permission": Permission.SESSIONS_WRITE, "idempotent": True})
async def create_reservation(
    request: ApiRequest, data: JSONBody[ReservationDraft]
) -> Response[ReservationView]:
    """Keep a place for a token: an EVSE, any of a station, or any of a location.

    Without `starts_at` it begins now, and its station is told before the answer comes: `held` where the
    station keeps the place, `held_by_us` where it cannot and other tokens are refused when they ask,
    `refused` where the place is taken or broken. One that begins later is `planned`, and the station is
    told shortly before.
    """
    return await once(request, lambda: _create(request, data), status=201)


async def _create(request: ApiRequest, data: ReservationDraft) -> ReservationView:
    services = services_of(request)
    made = await services.reservations.reserve(tenant_of(request), data, by=caller_of(request).label)
    return reservation_view(made, services.directory)


@get("/reservations", opt={"permission": Permission.SESSIONS_READ})
async def list_reservations(
    request: ApiRequest,
    active: Open = None,
    station: Station = None,
    evse: EvseNumber = None,
    location_id: Word = None,
    token: TokenUid = None,
    token_id: Word = None,
    account_id: Word = None,
    number: Number = None,
    in_state: InState = None,
    since: Since = None,
    until: Until = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[ReservationView]:
    """Reservations, latest made first: of a station's EVSE, a token, a number; `active` are those not over.

    `since` and `until` find those whose time touches that between them.
    """
    check_times(since=since, until=until)
    services = services_of(request)
    page = await services.reservations.list(
        tenant_of(request),
        ReservationFilter(
            location_id=None if location_id is None else LocationId(location_id),
            station_id=None if station is None else station_id_of(request, station),
            evse=evse,
            token_id=None if token_id is None else TokenId(token_id),
            token_uid=token,
            account_id=None if account_id is None else AccountId(account_id),
            number=number,
            state=in_state,
            open=active,
            since=since,
            until=until,
        ),
        cursor=cursor,
        limit=limit,
    )
    return page_like(page, tuple(reservation_view(each, services.directory) for each in page.items))


@get("/reservations/{reservation:str}", opt={"permission": Permission.SESSIONS_READ})
async def get_reservation(request: ApiRequest, reservation: FromPath[str]) -> ReservationView:
    """One reservation, and how it stands."""
    return reservation_view(await _find(request, reservation), services_of(request).directory)


@patch("/reservations/{reservation:str}", opt={"permission": Permission.SESSIONS_WRITE, "idempotent": True})
async def change_reservation(
    request: ApiRequest, reservation: FromPath[str], data: JSONBody[ReservationChange]
) -> Response[ReservationView]:
    """Give a reservation other times. Once its place is held only its end can change, and the station is told."""
    found = await _find(request, reservation)
    return await once(request, lambda: _change(request, found, data))


async def _change(request: ApiRequest, found: Reservation, data: ReservationChange) -> ReservationView:
    services = services_of(request)
    changed = await services.reservations.change(
        tenant_of(request), found.id, data, by=caller_of(request).label
    )
    return reservation_view(changed, services.directory)


@delete(
    "/reservations/{reservation:str}",
    status_code=200,
    opt={"permission": Permission.SESSIONS_WRITE, "idempotent": True},
)
async def cancel_reservation(request: ApiRequest, reservation: FromPath[str]) -> Response[ReservationView]:
    """Cancel a reservation: the place is free at once, and the station is told. One that is over stays as it is."""
    found = await _find(request, reservation)
    return await once(request, lambda: _cancel(request, found))


async def _cancel(request: ApiRequest, found: Reservation) -> ReservationView:
    services = services_of(request)
    over = await services.reservations.cancel(tenant_of(request), found.id, by=caller_of(request).label)
    return reservation_view(over, services.directory)


@get("/locations/{location_id:str}/slots", opt={"permission": Permission.SESSIONS_READ})
async def list_slots(
    request: ApiRequest,
    location_id: FromPath[str],
    since: Annotated[
        datetime, QueryParameter(name="from", description="From this time on (RFC 3339); not before now.")
    ],
    until: Annotated[
        datetime, QueryParameter(description="Before this time (RFC 3339), at most 7 days later.")
    ],
    connector_standard: FromQuery[ConnectorStandard | None] = None,
    min_power_w: Watts = None,
    station: Station = None,
) -> Page[Slot]:
    """When the EVSEs of a location can be booked: stretches of time, the soonest first; 500 at most."""
    check_times(since=since, until=until)
    services, tenant_id = services_of(request), tenant_of(request)
    location = await services.inventory.get_location(tenant_id, LocationId(location_id))
    slots = await services.reservations.slots(
        tenant_id,
        location.id,
        since=since,
        until=until,
        connector_standard=connector_standard,
        min_power_w=min_power_w,
        station_id=None if station is None else station_id_of(request, station),
    )
    return Page(items=slots)


async def _find(request: ApiRequest, reservation: str) -> Reservation:
    """The caller's reservation of this id, or of this number."""
    reservations, tenant_id = services_of(request).reservations, tenant_of(request)
    if not reservation.isdecimal():
        return await reservations.get(tenant_id, ReservationId(reservation))
    if reservation.isascii() and len(reservation) <= 10 and 1 <= int(reservation) <= NUMBER_MAX:
        page = await reservations.list(tenant_id, ReservationFilter(number=int(reservation)), limit=1)
        if page.items:
            return page.items[0]
    raise NotFound(f"There is no reservation {reservation[:20]}.", field="reservation")


router = Router(
    "/api/v1",
    tags=["Reservations"],
    route_handlers=[
        create_reservation,
        list_reservations,
        get_reservation,
        change_reservation,
        cancel_reservation,
        list_slots,
    ],
)
