"""The story of a session: what was reported, what was asked, what was repaired, in one order."""

import msgspec
from litestar import Router, get
from litestar.params import FromPath

from currant.api.authentication import ApiRequest
from currant.api.routes.common import caller_of, services_of, tenant_of
from currant.api.routes.sessions import find_session
from currant.charging.model import Session
from currant.charging.timeline import AFTER, BEFORE, Moment, story_of
from currant.kit.clock import EPOCH
from currant.kit.ids import first_id_of
from currant.stations import paging
from currant.stations.model import CommandRecord, StatusChange
from currant.tenancy.model import Permission

STATUSES_MAX = 300
COMMANDS_MAX = 300
READINGS_MAX = 2_000


class Timeline(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to a session, in order of time."""

    items: tuple[Moment, ...]


@get("/sessions/{session:str}/timeline", opt={"permission": Permission.SESSIONS_READ})
async def get_timeline(request: ApiRequest, session: FromPath[str]) -> Timeline:
    """The story of a session: started, authorised, what was going on, statuses of its connector, commands
    about it, a summary of its metering, its end, and every repair with what was made of it and why.
    """
    found, caller = await find_session(request, session), caller_of(request)
    readings = await services_of(request).charging.curve(caller.tenant_id, found.id, max_points=READINGS_MAX)
    moments = story_of(
        found,
        statuses=await _statuses(request, found),
        commands=await _commands(request, found) if caller.may(Permission.COMMANDS_READ) else (),
        readings=readings,
        with_tokens=caller.may(Permission.TOKENS_READ),
    )
    return Timeline(items=moments)


async def _statuses(request: ApiRequest, session: Session) -> list[StatusChange]:
    """What the session's EVSE reported shortly before it, during it, and shortly after it."""
    page = await services_of(request).inventory.status_history(
        tenant_of(request),
        session.station_id,
        evse=session.evse,
        since=session.started_at - AFTER,
        until=None if session.ended_at is None else session.ended_at + AFTER,
        limit=STATUSES_MAX,
    )
    return list(page.items)


async def _commands(request: ApiRequest, session: Session) -> list[CommandRecord]:
    """The commands given to the station around the session, latest first."""
    cursor = None
    if session.ended_at is not None:
        after = int((session.ended_at + AFTER - EPOCH).total_seconds() * 1000)
        cursor = paging.encode(first_id_of(after))
    page = await services_of(request).commands.list(
        tenant_of(request), station_id=session.station_id, cursor=cursor, limit=COMMANDS_MAX
    )
    return [record for record in page.items if record.asked_at >= session.started_at - BEFORE]


router = Router("/api/v1", tags=["Sessions"], route_handlers=[get_timeline])
