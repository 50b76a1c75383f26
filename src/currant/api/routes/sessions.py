"""Charging sessions, their meter readings, and ending them. `session` in a path is an id or a number."""

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Response, Router, get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from currant.access.model import Presented, TokenKind
from currant.api.authentication import ApiRequest
from currant.api.idempotent import once
from currant.api.paging import Cursor, Limit
from currant.api.routes.common import Body, Count, caller_of, services_of, tenant_of
from currant.api.routes.parameters import Since, Station, Until, Word, check_times, station_id_of
from currant.api.views import SessionView, page_like, session_view
from currant.charging.model import Phase, Reading, Session, SessionFilter
from currant.kit.errors import NotFound
from currant.kit.ids import AccountId, LocationId, SessionId, TokenId
from currant.stations.model import CommandRecord, Page
from currant.stations.profiles.model import ProfileDraft
from currant.tenancy.model import Permission

NUMBER_MAX = 2**31 - 1

Active = Annotated[
    bool | None, QueryParameter(required=False, description="true: those under way; false: those that ended.")
]
Number = Annotated[int | None, QueryParameter(ge=1, le=NUMBER_MAX, required=False)]
TokenUid = Annotated[
    str | None,
    QueryParameter(max_length=255, required=False, description="The token's uid, as stations report it."),
]


class CloseSession(Body, frozen=True, kw_only=True):
    """Why a session is closed by hand; kept with it."""

    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=500, examples=["Station was dismantled"])]


class StartSession(Body, frozen=True, kw_only=True):
    """Ask a station (by id or identity) to begin a session for a token."""

    station: Annotated[str, msgspec.Meta(min_length=1, max_length=100, examples=["FR-001-A"])]
    token_uid: Annotated[str, msgspec.Meta(min_length=1, max_length=255, examples=["04A2B3C4D5E680"])]
    token_kind: TokenKind = TokenKind.UNKNOWN
    evse: Annotated[int, msgspec.Meta(ge=1, le=9_999)] | None = None
    connector: Annotated[int, msgspec.Meta(ge=1, le=9_999)] | None = None
    profile: ProfileDraft | None = None
    """A charging profile of purpose tx for the session, which the station gets with the request."""


@get("/", opt={"permission": Permission.SESSIONS_READ})
async def list_sessions(
    request: ApiRequest,
    active: Active = None,
    station: Station = None,
    location_id: Word = None,
    token: TokenUid = None,
    token_id: Word = None,
    account_id: Word = None,
    certain: FromQuery[bool | None] = None,
    number: Number = None,
    transaction_id: Word = None,
    since: Since = None,
    until: Until = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[SessionView]:
    """Sessions, latest first; `limit=1` is the latest. `since` and `until` are about when they started."""
    wanted = sessions_wanted(
        request,
        active=active,
        station=station,
        location_id=location_id,
        token=token,
        token_id=token_id,
        account_id=account_id,
        certain=certain,
        number=number,
        transaction_id=transaction_id,
        since=since,
        until=until,
    )
    services = services_of(request)
    page = await services.charging.list(tenant_of(request), wanted, cursor=cursor, limit=limit)
    return page_like(page, tuple(session_view(each, services.directory) for each in page.items))


@get("/count", opt={"permission": Permission.SESSIONS_READ})
async def count_sessions(
    request: ApiRequest,
    active: Active = None,
    station: Station = None,
    location_id: Word = None,
    token: TokenUid = None,
    token_id: Word = None,
    account_id: Word = None,
    certain: FromQuery[bool | None] = None,
    since: Since = None,
    until: Until = None,
) -> Count:
    """How many sessions there are, with the filters of the list; 10,000 stands for that or more."""
    wanted = sessions_wanted(
        request,
        active=active,
        station=station,
        location_id=location_id,
        token=token,
        token_id=token_id,
        account_id=account_id,
        certain=certain,
        since=since,
        until=until,
    )
    return Count(count=await services_of(request).charging.count(tenant_of(request), wanted))


def sessions_wanted(
    request: ApiRequest,
    *,
    active: bool | None,
    station: str | None,
    location_id: str | None,
    token: str | None,
    token_id: str | None,
    account_id: str | None,
    certain: bool | None,
    since: datetime | None,
    until: datetime | None,
    number: int | None = None,
    transaction_id: str | None = None,
) -> SessionFilter:
    check_times(since=since, until=until)
    return SessionFilter(
        location_id=None if location_id is None else LocationId(location_id),
        station_id=None if station is None else station_id_of(request, station),
        token_id=None if token_id is None else TokenId(token_id),
        token_uid=token,
        account_id=None if account_id is None else AccountId(account_id),
        phase=None if active is None else (Phase.ACTIVE if active else Phase.ENDED),
        certain=certain,
        number=number,
        transaction_id=transaction_id,
        since=since,
        until=until,
    )


@post("/", status_code=200, opt={"permission": Permission.COMMANDS_GIVE, "idempotent": True})
async def start_session(request: ApiRequest, data: JSONBody[StartSession]) -> Response[CommandRecord]:
    """Ask a station to begin a session for a token, and wait for its answer.

    `accepted` means that the station will; the session appears once it has.
    """
    station_id, services = station_id_of(request, data.station), services_of(request)

    async def start() -> CommandRecord:
        profile = None
        if data.profile is not None:
            number = data.profile.id
            profile = data.profile.numbered(await services.profiles.next_id() if number is None else number)
        return await services.charging.start_remotely(
            tenant_of(request),
            station_id,
            Presented(uid=data.token_uid, kind=data.token_kind),
            by=caller_of(request).label,
            evse=data.evse,
            connector=data.connector,
            profile=profile,
        )

    return await once(request, start)


@get("/{session:str}", opt={"permission": Permission.SESSIONS_READ})
async def get_session(request: ApiRequest, session: FromPath[str]) -> SessionView:
    """One session: what is known of it, what is certain, and what was repaired and why."""
    return session_view(await find_session(request, session), services_of(request).directory)


@get("/{session:str}/readings", opt={"permission": Permission.SESSIONS_READ})
async def get_session_readings(
    request: ApiRequest,
    session: FromPath[str],
    max_points: Annotated[
        int,
        QueryParameter(ge=2, le=5_000, required=False, description="Thinned out evenly to at most so many."),
    ] = 500,
) -> Page[Reading]:
    """A session's meter readings over time, oldest first."""
    found = await find_session(request, session)
    readings = await services_of(request).charging.curve(tenant_of(request), found.id, max_points=max_points)
    return Page(items=readings)


@post(
    "/{session:str}/stop", status_code=200, opt={"permission": Permission.COMMANDS_GIVE, "idempotent": True}
)
async def stop_session(request: ApiRequest, session: FromPath[str]) -> Response[CommandRecord]:
    """Ask the station to end a session, and wait for its answer."""
    found = await find_session(request, session)
    return await once(
        request,
        lambda: services_of(request).charging.stop_remotely(
            tenant_of(request), found.id, by=caller_of(request).label
        ),
    )


@post("/{session:str}/close", status_code=200, opt={"permission": Permission.SESSIONS_WRITE})
async def close_session(
    request: ApiRequest, session: FromPath[str], data: JSONBody[CloseSession]
) -> SessionView:
    """Close a session that its station will never end, with what is known of it. It is marked as repaired."""
    found = await find_session(request, session)
    services = services_of(request)
    closed = await services.charging.close(
        tenant_of(request), found.id, by=caller_of(request).label, reason=data.reason
    )
    return session_view(closed, services.directory)


async def find_session(request: ApiRequest, session: str) -> Session:
    """The caller's session of this id, or of this number."""
    charging, tenant_id = services_of(request).charging, tenant_of(request)
    if not session.isdecimal():
        return await charging.get(tenant_id, SessionId(session))
    if session.isascii() and len(session) <= 10 and 1 <= int(session) <= NUMBER_MAX:
        page: Page[Session] = await charging.list(tenant_id, SessionFilter(number=int(session)), limit=1)
        if page.items:
            return page.items[0]
    raise NotFound(f"There is no session {session[:20]}.", field="session")


router = Router(
    "/api/v1/sessions",
    tags=["Sessions"],
    route_handlers=[
        list_sessions,
        count_sessions,
        start_session,
        get_session,
        get_session_readings,
        stop_session,
        close_session,
    ],
)
