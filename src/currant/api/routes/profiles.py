"""Charging profiles, composite schedules, outside limits, and what vehicles need."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from litestar import Response, Router, delete, get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from currant.api.authentication import ApiRequest
from currant.api.idempotent import once
from currant.api.paging import Cursor, Limit
from currant.api.routes.common import Body, caller_of, services_of, tenant_of
from currant.api.routes.parameters import Station, Word, station_id_of
from currant.api.routes.sessions import find_session as session_of
from currant.api.views import identity_of, page_like
from currant.charging.needs_model import EnergyRecord
from currant.kit.errors import Conflict, NotFound
from currant.kit.ids import CommandId, StationId
from currant.stations.commanding.profiles import (
    ChargingProfile,
    ClearChargingProfiles,
    GetChargingProfiles,
    GetCompositeSchedule,
    ProfilePurpose,
)
from currant.stations.commands import DEADLINE_MAX_S, DEADLINE_S
from currant.stations.model import CommandRecord, CommandStatus, Page
from currant.stations.profiles.model import (
    CompositeSchedule,
    InstalledProfile,
    OutsideLimit,
    ProfileDraft,
    ProfileFilter,
)
from currant.tenancy.model import Permission

Evse = Annotated[
    int | None, QueryParameter(ge=0, le=9_999, required=False, description="0: the station as a whole.")
]
Purpose = FromQuery[ProfilePurpose | None]
StackLevel = Annotated[int | None, QueryParameter(ge=0, le=10_000, required=False)]
Deadline = Annotated[
    float,
    QueryParameter(
        gt=0, le=DEADLINE_MAX_S, required=False, description="Seconds to wait for the station's answer."
    ),
]
ProfileId = Annotated[int | None, QueryParameter(ge=-(2**31), le=2**31 - 1, required=False)]


class SetProfile(Body, frozen=True, kw_only=True):
    """A profile for an EVSE (0: the station). Without `id` it gets one that nothing else has."""

    evse: Annotated[int, msgspec.Meta(ge=0, le=9_999)]
    profile: ProfileDraft


class AskForProfiles(Body, frozen=True, kw_only=True):
    """Which profiles to ask the station for: ids, or purpose, stack level and sources. EVSE 0 is the station."""

    evse: Annotated[int, msgspec.Meta(ge=0, le=9_999)] | None = None
    ids: tuple[int, ...] = ()
    purpose: ProfilePurpose | None = None
    stack_level: int | None = None
    sources: tuple[str, ...] = ()


class ProfileView(msgspec.Struct, frozen=True, kw_only=True):
    """A charging profile that a station is known to have."""

    station_id: StationId
    station_identity: str
    evse: int
    """0: the station; a profile of purpose tx_default is then for every EVSE."""
    source: str
    """Who set the limit: cso (an operator), ems, so, other, or the station's own word."""
    installed_at: datetime
    confirmed_at: datetime | None
    """When the station last reported it; None for what it only accepted."""
    command_id: CommandId | None
    """The command that set it; None when somebody else did."""
    profile: ChargingProfile


class ReportedProfiles(msgspec.Struct, frozen=True, kw_only=True):
    """What a station says that it has. `reason` says so when it could not be asked, or did not answer."""

    status: str
    reason: str
    profiles: tuple[ProfileView, ...]


class CompositeAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What a station works out that it will allow; an indication, for anything may change (2.x K08)."""

    status: CommandStatus
    reason: str
    schedule: CompositeSchedule | None


def profile_view(request: ApiRequest, found: InstalledProfile) -> ProfileView:
    return ProfileView(
        station_id=found.station_id,
        station_identity=identity_of(services_of(request).directory, found.station_id),
        evse=found.evse,
        source=found.source,
        installed_at=found.installed_at,
        confirmed_at=found.confirmed_at,
        command_id=found.command_id,
        profile=found.profile,
    )


@get("/profiles", opt={"permission": Permission.STATIONS_READ})
async def list_profiles(
    request: ApiRequest,
    station: Station = None,
    evse: Evse = None,
    profile_id: ProfileId = None,
    purpose: Purpose = None,
    stack_level: StackLevel = None,
    transaction_id: Word = None,
    source: Word = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[ProfileView]:
    """Charging profiles known to be installed at stations, by id."""
    wanted = ProfileFilter(
        station_id=None if station is None else station_id_of(request, station),
        evse=evse,
        profile_id=profile_id,
        purpose=purpose,
        stack_level=stack_level,
        transaction_id=transaction_id,
        source=source,
    )
    page = await services_of(request).profiles.list(tenant_of(request), wanted, cursor=cursor, limit=limit)
    return page_like(page, tuple(profile_view(request, found) for found in page.items))


@get("/stations/{station:str}/profiles", opt={"permission": Permission.STATIONS_READ})
async def list_profiles_of_station(
    request: ApiRequest,
    station: FromPath[str],
    evse: Evse = None,
    profile_id: ProfileId = None,
    purpose: Purpose = None,
    stack_level: StackLevel = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[ProfileView]:
    """Charging profiles known to be installed at a station: accepted by it, or reported."""
    wanted = ProfileFilter(
        station_id=station_id_of(request, station),
        evse=evse,
        profile_id=profile_id,
        purpose=purpose,
        stack_level=stack_level,
    )
    page = await services_of(request).profiles.list(tenant_of(request), wanted, cursor=cursor, limit=limit)
    return page_like(page, tuple(profile_view(request, found) for found in page.items))


@post(
    "/stations/{station:str}/profiles",
    status_code=200,
    opt={"permission": Permission.COMMANDS_GIVE, "idempotent": True},
)
async def set_profile(
    request: ApiRequest,
    station: FromPath[str],
    data: JSONBody[SetProfile],
    deadline_s: Deadline = DEADLINE_S,
) -> Response[CommandRecord]:
    """Set a charging profile, and wait for what the station makes of it.

    It is checked first against the specifications, what the station says that it can take, and the profiles
    that it has: 422 and 409 say what to change. A profile with an id that the station has replaces that one.
    """
    services, tenant_id = services_of(request), tenant_of(request)

    async def work() -> CommandRecord:
        transaction_id = data.profile.transaction_id
        return await services.profiles.set(
            tenant_id,
            station,
            data.evse,
            data.profile,
            by=caller_of(request).label,
            iso15118=await services.energy_needs.speaks_iso15118(
                tenant_id, station_id_of(request, station), transaction_id
            ),
            deadline_s=deadline_s,
        )

    return await once(request, work)


@delete(
    "/stations/{station:str}/profiles",
    status_code=200,
    opt={"permission": Permission.COMMANDS_GIVE, "idempotent": True},
)
async def clear_profiles(
    request: ApiRequest,
    station: FromPath[str],
    evse: Evse = None,
    purpose: Purpose = None,
    stack_level: StackLevel = None,
    deadline_s: Deadline = DEADLINE_S,
) -> Response[CommandRecord]:
    """Clear every profile of a station that fits all that is given; at least one must be."""
    command = ClearChargingProfiles(evse=evse, purpose=purpose, stack_level=stack_level)
    return await _clear(request, station, command, deadline_s)


@delete(
    "/stations/{station:str}/profiles/{profile_id:str}",
    status_code=200,
    opt={"permission": Permission.COMMANDS_GIVE, "idempotent": True},
)
async def clear_profile(
    request: ApiRequest, station: FromPath[str], profile_id: FromPath[str], deadline_s: Deadline = DEADLINE_S
) -> Response[CommandRecord]:
    """Clear one profile of a station."""
    # A path that holds no number names no profile.
    if not profile_id.removeprefix("-").isdecimal() or len(profile_id) > 11:
        raise NotFound(f"There is no profile {profile_id[:20]}: profiles have numbers.", field="profile_id")
    return await _clear(request, station, ClearChargingProfiles(profile_id=int(profile_id)), deadline_s)


async def _clear(
    request: ApiRequest, station: str, command: ClearChargingProfiles, deadline_s: float
) -> Response[CommandRecord]:
    return await once(
        request,
        lambda: services_of(request).profiles.clear(
            tenant_of(request), station, command, by=caller_of(request).label, deadline_s=deadline_s
        ),
    )


@post(
    "/stations/{station:str}/profiles/ask",
    status_code=200,
    opt={"permission": Permission.COMMANDS_GIVE},
)
async def ask_for_profiles(
    request: ApiRequest,
    station: FromPath[str],
    data: JSONBody[AskForProfiles],
    deadline_s: Deadline = DEADLINE_S,
) -> ReportedProfiles:
    """Ask a station which profiles it has, and correct what is known by that.

    OCPP 1.6 has no such question: then the answer is what is known to be installed, and `reason` says so.
    """
    told = await services_of(request).profiles.ask(
        tenant_of(request),
        station,
        GetChargingProfiles(
            evse=data.evse,
            ids=data.ids,
            purpose=data.purpose,
            stack_level=data.stack_level,
            sources=data.sources,
        ),
        by=caller_of(request).label,
        deadline_s=deadline_s,
    )
    return ReportedProfiles(
        status=told.status,
        reason=told.reason,
        profiles=tuple(profile_view(request, found) for found in told.profiles),
    )


@get("/stations/{station:str}/composite-schedule", opt={"permission": Permission.COMMANDS_GIVE})
async def get_composite_schedule(
    request: ApiRequest,
    station: FromPath[str],
    evse: Annotated[int, QueryParameter(ge=0, le=9_999, required=False)] = 0,
    duration_s: Annotated[int, QueryParameter(ge=1, le=31_622_400, required=False)] = 86_400,
    unit: FromQuery[Literal["W", "A"] | None] = None,
    deadline_s: Deadline = DEADLINE_S,
) -> CompositeAnswer:
    """Ask a station what it will allow an EVSE (0: all of it) from now on, by all its profiles and limits."""
    record, schedule = await services_of(request).profiles.composite(
        tenant_of(request),
        station,
        GetCompositeSchedule(evse=evse, duration_s=duration_s, unit=unit),
        by=caller_of(request).label,
        deadline_s=deadline_s,
    )
    return CompositeAnswer(status=record.status, reason=record.reason, schedule=schedule)


@get("/stations/{station:str}/limits", opt={"permission": Permission.STATIONS_READ})
async def list_outside_limits(request: ApiRequest, station: FromPath[str]) -> Page[OutsideLimit]:
    """What somebody outside (an energy management, the grid's operator) limits a station to, as it says."""
    found = await services_of(request).profiles.limits(tenant_of(request), station_id_of(request, station))
    return Page(items=tuple(found))


@get("/sessions/{session:str}/needs", opt={"permission": Permission.SESSIONS_READ})
async def get_needs(request: ApiRequest, session: FromPath[str]) -> EnergyRecord:
    """What a session's vehicle said that it needs, what it was offered, and how it plans to charge."""
    found = await session_of(request, session)
    return await services_of(request).energy_needs.get(tenant_of(request), found.id)


@post(
    "/sessions/{session:str}/offer",
    status_code=200,
    opt={"permission": Permission.COMMANDS_GIVE, "idempotent": True},
)
async def offer_anew(request: ApiRequest, session: FromPath[str]) -> Response[EnergyRecord]:
    """Offer a session's vehicle a schedule anew, by the limits of now; `outcome` says what the station did."""
    found = await session_of(request, session)
    if found.ended_at is not None:
        raise Conflict("The session has ended: there is nobody to offer a schedule.", field="session")
    return await once(
        request, lambda: services_of(request).energy_needs.renegotiate(tenant_of(request), found.id)
    )


router = Router(
    "/api/v1",
    tags=["Charging profiles"],
    route_handlers=[
        list_profiles,
        list_profiles_of_station,
        set_profile,
        clear_profiles,
        clear_profile,
        ask_for_profiles,
        get_composite_schedule,
        list_outside_limits,
        get_needs,
        offer_anew,
    ],
)
