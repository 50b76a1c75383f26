"""The network at a glance, and what changes in it as it changes."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Annotated

import msgspec
from litestar import Router, get
from litestar.params import QueryParameter
from litestar.response import Stream

from currant import __version__
from currant.api.authentication import ApiRequest
from currant.api.routes.common import caller_of, config_of, services_of, tenant_of
from currant.api.routes.parameters import Station, Word, station_id_of
from currant.api.streams import Happening, stream
from currant.charging.model import Phase, SessionFilter
from currant.charging.overview import HOUR_US, STEP_S, STEP_US, ProblemSum
from currant.events.live import Change
from currant.kit.errors import Invalid, NotFound
from currant.kit.ids import LocationId
from currant.stations.inventory import StationFilters
from currant.stations.model import Admission, ConnectorStatus
from currant.tenancy.model import Permission

KINDS_MAX = 50
NEEDS = {"SecurityEventSeen": Permission.SECURITY_READ}
"""Kinds of changes that not everybody who may follow the network may see."""


class StationCounts(msgspec.Struct, frozen=True, kw_only=True):
    """Stations: all that are accepted, those of them connected, those with a fault, and who waits for a decision."""

    accepted: int
    connected: int
    faulted: int
    pending: int


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """How the server and the caller's network stand now."""

    version: str
    at: datetime
    ready: bool
    problem: str | None
    ocpp_urls: tuple[str, ...]
    organisation: str
    stations: StationCounts
    sessions_active: int
    turned_away: dict[str, int]
    """Connections to the endpoints for stations that came to nothing since the server started, by kind
    (`tls_version`, `refused_401`, `garbage`, …); for those who may read security events."""


@get("/status", opt={"permission": Permission.STATIONS_READ}, tags=["Overview"])
async def get_overview(request: ApiRequest) -> Overview:
    """How the server and the network stand: health, addresses for stations, and counts."""
    services, tenant_id = services_of(request), tenant_of(request)
    health = services.database.health
    count = services.inventory.count_stations
    accepted = Admission.ACCEPTED
    organisation = await services.tenancy.organisations.get(tenant_id)
    return Overview(
        version=__version__,
        at=request.app.state.clock.now(),
        ready=health.ok,
        problem=health.problem,
        ocpp_urls=config_of(request).ocpp_urls,
        organisation=organisation.name,
        stations=StationCounts(
            accepted=await count(tenant_id, StationFilters(admission=accepted)),
            connected=await count(tenant_id, StationFilters(admission=accepted, connected=True)),
            faulted=await count(
                tenant_id, StationFilters(admission=accepted, status=ConnectorStatus.FAULTED)
            ),
            pending=await count(tenant_id, StationFilters(admission=Admission.PENDING)),
        ),
        turned_away=dict(services.turned_away()) if caller_of(request).may(Permission.SECURITY_READ) else {},
        sessions_active=await services.charging.count(tenant_id, SessionFilter(phase=Phase.ACTIVE)),
    )


@get(
    "/events/stream",
    opt={
        "permission": Permission.EVENTS_READ,
        "never_compressed": True,
        "gives": ("text/event-stream",),
        "answer": "Server-sent events; `event` is the kind of change, `data` its facts as JSON.",
    },
    tags=["Overview"],
)
async def follow_changes(
    request: ApiRequest,
    kinds: Annotated[
        str | None,
        QueryParameter(
            max_length=2_000,
            required=False,
            description="Only these kinds, separated by commas: `SessionStarted,ConnectorStatusChanged`.",
        ),
    ] = None,
    station: Station = None,
) -> Stream:
    """Follow what changes, live.

    `ready` comes first, or `reload` after a reconnection: look at the lists again, what happened meanwhile
    is not repeated. A slow reader gets the latest state of each thing, and `missed` when it lost some.
    """
    caller, tenant_id = caller_of(request), tenant_of(request)
    chosen = frozenset(kind.strip() for kind in kinds.split(",") if kind.strip()) if kinds else frozenset()
    if len(chosen) > KINDS_MAX:
        raise Invalid(f"Name at most {KINDS_MAX} kinds.", field="kinds")
    station_id = None if station is None else station_id_of(request, station)

    def wanted(change: Change) -> bool:
        needed = NEEDS.get(change.kind)
        if needed is not None and not caller.may(needed):
            return False
        if chosen and change.kind not in chosen:
            return False
        return station_id is None or _station_of(change) == station_id

    reader = services_of(request).live.subscribe(tenant_id, wanted)

    async def happenings() -> AsyncIterator[Happening]:
        async for change in reader:
            if change.missed:
                yield Happening(kind="missed", data={"count": change.missed})
            yield Happening(kind=change.kind, data=change.payload)

    return stream(request, happenings(), on_end=reader.close)


class ByState(msgspec.Struct, frozen=True, kw_only=True):
    """Stations that are accepted, and those that wait for a decision (`pending`), by how they stand."""

    by_state: dict[str, int]
    total: int
    """Accepted."""
    connected: int


class ByStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Connectors by status; those of offline stations are unknown."""

    by_status: dict[str, int]


class SessionsNow(msgspec.Struct, frozen=True, kw_only=True):
    """Sessions under way, and begun since midnight."""

    active: int
    today: int


class EnergyToday(msgspec.Struct, frozen=True, kw_only=True):
    """Wh since midnight, beside the same weekday a week ago: until this time of day, and in whole."""

    today_wh: int
    same_weekday_by_now_wh: int
    same_weekday_wh: int


class DayCurve(msgspec.Struct, frozen=True, kw_only=True):
    """Mean W of each step from midnight on: of today until now, and of the same weekday a week ago."""

    step_s: int
    today: list[int]
    before: list[int]


WEEK = timedelta(days=7)


class RevenueToday(msgspec.Struct, frozen=True, kw_only=True):
    """What sessions that ended since midnight came to, credits taken off; minor units."""

    currency: str
    net: int
    gross: int
    charges: int
    same_weekday_by_now_gross: int
    """Until the same time a week ago."""


class NetworkAtAGlance(msgspec.Struct, frozen=True, kw_only=True):
    """How the caller's network, or one place of it, stands and how its day goes."""

    at: datetime
    stations: ByState
    connectors: ByStatus
    power_w: int
    """Towards vehicles, of stations that are connected."""
    capacity_w: int
    """What all EVSEs can give at most, as far as somebody said so."""
    sessions: SessionsNow
    energy: EnergyToday
    revenue: tuple[RevenueToday, ...] | None
    """By currency; null for those who may not see money, and where nothing is sold."""
    problems: list[ProblemSum]
    """The most urgent first."""
    curve: DayCurve
    sessions_by_hour: list[int]
    """Sessions begun in each hour since midnight."""


@get("/overview", opt={"permission": Permission.STATIONS_READ}, tags=["Overview"])
async def get_network_overview(
    request: ApiRequest,
    time_zone: Annotated[
        str,
        QueryParameter(max_length=60, required=False, description="IANA name; where days begin."),
    ] = "UTC",
    location_id: Word = None,
) -> NetworkAtAGlance:
    """How the network stands now, and its day beside the same weekday a week ago."""
    services = services_of(request)
    if services.overview is None:
        raise NotFound("The network is not held in memory here.")
    glance = await services.overview.glance(
        tenant_of(request),
        zone=time_zone,
        location_id=None if location_id is None else LocationId(location_id),
    )
    counts, hours = glance.counts, STEP_S / 3600
    passed = min(glance.elapsed_us // STEP_US + 1, glance.today.steps)
    return NetworkAtAGlance(
        at=glance.at,
        stations=ByState(by_state=counts.by_state, total=counts.total, connected=counts.connected),
        connectors=ByStatus(by_status=counts.by_status),
        power_w=round(counts.power_w),
        capacity_w=counts.capacity_w,
        sessions=SessionsNow(active=counts.sessions, today=glance.today.sessions),
        energy=EnergyToday(
            today_wh=round(glance.today_wh),
            same_weekday_by_now_wh=round(glance.before_by_now_wh),
            same_weekday_wh=round(sum(glance.before.energy_wh)),
        ),
        revenue=await _revenue(request, glance.at, glance.elapsed_us, location_id),
        problems=glance.problems,
        curve=DayCurve(
            step_s=STEP_S,
            # The quarter of an hour under way has its power now.
            today=[
                *(round(energy / hours) for energy in glance.today.energy_wh[: passed - 1]),
                round(counts.power_w),
            ],
            before=[round(energy / hours) for energy in glance.before.energy_wh],
        ),
        sessions_by_hour=glance.today.started[: glance.elapsed_us // HOUR_US + 1],
    )


async def _revenue(
    request: ApiRequest, at: datetime, elapsed_us: int, location_id: str | None
) -> tuple[RevenueToday, ...] | None:
    charges = services_of(request).charges
    if charges is None or not caller_of(request).may(Permission.BILLING_READ):
        return None
    since, tenant_id = at - timedelta(microseconds=elapsed_us), tenant_of(request)
    place = None if location_id is None else LocationId(location_id)
    found = await charges.revenue(tenant_id, since=since, until=at, location_id=place)
    # A week ago by now: where clocks were put forward or back in between, an hour more or less is no matter.
    earlier = await charges.revenue(tenant_id, since=since - WEEK, until=at - WEEK, location_id=place)
    before = {currency: gross for currency, _, gross, _ in earlier}
    return tuple(
        RevenueToday(
            currency=currency,
            net=net,
            gross=gross,
            charges=count,
            same_weekday_by_now_gross=before.get(currency, 0),
        )
        for currency, net, gross, count in found
    )


def _station_of(change: Change) -> object:
    payload = change.payload
    return payload.get("station_id") if isinstance(payload, dict) else getattr(payload, "station_id", None)


router = Router("/api/v1", route_handlers=[get_overview, get_network_overview, follow_changes])
