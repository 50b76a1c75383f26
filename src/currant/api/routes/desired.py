"""Desired state: what stations shall be is declared here, and Currant sees to it that they become so."""

from typing import Annotated

import msgspec
from litestar import Router, delete, get, post, put
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from currant.api.authentication import ApiRequest
from currant.api.paging import Cursor, Limit
from currant.api.routes.common import Body, caller_of, services_of, tenant_of
from currant.api.routes.parameters import Word, station_id_of
from currant.stations.desired.declaring import Declared, Preview
from currant.stations.desired.drafting import AT_ONCE_MAX, WHY_MAX
from currant.stations.desired.model import (
    UNPACED,
    Change,
    Declaration,
    DeclarationDraft,
    Pace,
    Pause,
    Progress,
    Revision,
    Rollout,
    RolloutState,
    RolloutStation,
    Scope,
    Standing,
)
from currant.stations.desired.overview import StandingCount, StationDesired, StationStanding
from currant.stations.desired.service import DesiredState
from currant.stations.model import Page
from currant.tenancy.model import Permission

READ = {"permission": Permission.STATIONS_READ}
WRITE = {"permission": Permission.DESIRED_WRITE}
WRITE_WITHOUT_BODY = {**WRITE, "body_optional": True}

Why = Annotated[str, msgspec.Meta(max_length=WHY_MAX)]
WhyQuery = Annotated[
    str, QueryParameter(max_length=WHY_MAX, required=False, description="Why, for the record.")
]
# Litestar keeps the plain words for itself.
OfScope = Annotated[Scope | None, QueryParameter(name="scope", required=False)]
InState = Annotated[RolloutState | None, QueryParameter(name="state", required=False)]
Aspect = Annotated[
    str | None,
    QueryParameter(max_length=100, required=False, description="Only of this aspect, as `variables`."),
]


class Declare(Body, frozen=True, kw_only=True):
    """Things to be declared together: one change, which is rolled out, watched and undone as one."""

    declarations: Annotated[tuple[DeclarationDraft, ...], msgspec.Meta(min_length=1, max_length=AT_ONCE_MAX)]
    why: Why = ""
    pace: Pace = UNPACED
    """How fast it goes out; without one, as fast as the server may (its `[desired]` settings)."""


class Remove(Body, frozen=True, kw_only=True):
    """Declarations, by id, that shall hold no more."""

    ids: Annotated[tuple[str, ...], msgspec.Meta(min_length=1, max_length=AT_ONCE_MAX)]
    why: Why = ""
    pace: Pace = UNPACED


class AskPreview(Body, frozen=True, kw_only=True):
    """What would be declared, and what removed."""

    declarations: Annotated[tuple[DeclarationDraft, ...], msgspec.Meta(max_length=AT_ONCE_MAX)] = ()
    remove: Annotated[tuple[str, ...], msgspec.Meta(max_length=AT_ONCE_MAX)] = ()


class Undo(Body, frozen=True, kw_only=True):
    """Why, and how fast; without a pace at that of the change that is undone."""

    why: Why = ""
    pace: Pace | None = None


class Undoing(Body, frozen=True, kw_only=True):
    """Why, for the record."""

    why: Why = ""


class RevisionView(Revision, frozen=True, kw_only=True):
    """A change of declarations, and what it did to each."""

    made: tuple[Change, ...] = ()


class Pauses(msgspec.Struct, frozen=True, kw_only=True):
    """What is paused."""

    items: tuple[Pause, ...]


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """How many stations stand how to each aspect."""

    items: tuple[StandingCount, ...]


def desired_of(request: ApiRequest) -> DesiredState:
    desired = services_of(request).desired
    assert desired is not None, "Every server has it; only tests of other things leave it out."
    return desired


# Declarations


@get("/desired/declarations", opt=READ)
async def list_declarations(
    request: ApiRequest,
    aspect: Aspect = None,
    key: Word = None,
    of_scope: OfScope = None,
    station: Annotated[
        str | None,
        QueryParameter(max_length=100, required=False, description="Only for this station: id or identity."),
    ] = None,
    group: Annotated[
        str | None,
        QueryParameter(max_length=100, required=False, description="Only for this station group (id)."),
    ] = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[Declaration]:
    """What is declared, the latest made first."""
    target = group if station is None else station_id_of(request, station)
    return await desired_of(request).declarations.search(
        tenant_of(request), aspect=aspect, key=key, scope=of_scope, target=target, cursor=cursor, limit=limit
    )


@post("/desired/declarations", opt=WRITE)
async def declare(request: ApiRequest, data: JSONBody[Declare]) -> Declared:
    """Declare what stations shall have. One call is enough, however many stations it is for.

    `scope` says whom each declaration is for: a station, a station group, a model, or all; the narrower
    one wins. A declaration of the same thing for the same stations is replaced. A value of null means that
    they shall not have it. The answer names the rollout, in which progress can be watched.
    """
    return await desired_of(request).declarations.declare(
        tenant_of(request), data.declarations, by=caller_of(request).label, why=data.why, pace=data.pace
    )


@post("/desired/declarations/preview", status_code=200, opt=READ)
async def preview_declarations(request: ApiRequest, data: JSONBody[AskPreview]) -> Preview:
    """Which stations would change, and what would be desired of each instead of what. Nothing is changed."""
    return await desired_of(request).declarations.preview(
        tenant_of(request), data.declarations, remove=data.remove, by=caller_of(request).label
    )


@post("/desired/declarations/remove", status_code=200, opt=WRITE)
async def remove_declarations(request: ApiRequest, data: JSONBody[Remove]) -> Declared:
    """Declare things no more, together. Stations keep what they have, unless a wider declaration holds now."""
    return await desired_of(request).declarations.remove(
        tenant_of(request), data.ids, by=caller_of(request).label, why=data.why, pace=data.pace
    )


@get("/desired/declarations/{declaration:str}", opt=READ)
async def get_declaration(request: ApiRequest, declaration: FromPath[str]) -> Declaration:
    """One declaration."""
    return await desired_of(request).declarations.get(tenant_of(request), declaration)


@delete("/desired/declarations/{declaration:str}", status_code=200, opt=WRITE)
async def remove_declaration(request: ApiRequest, declaration: FromPath[str], why: WhyQuery = "") -> Declared:
    """Declare one thing no more."""
    return await desired_of(request).declarations.remove(
        tenant_of(request), [declaration], by=caller_of(request).label, why=why
    )


# History


@get("/desired/revisions", opt=READ)
async def list_revisions(request: ApiRequest, cursor: Cursor = None, limit: Limit = 100) -> Page[Revision]:
    """Every change of declarations: who made it, when and why. Latest first."""
    return await desired_of(request).declarations.revisions(tenant_of(request), cursor=cursor, limit=limit)


@get("/desired/revisions/{revision:str}", opt=READ)
async def get_revision(request: ApiRequest, revision: FromPath[str]) -> RevisionView:
    """One change, with each declaration as it was before and after."""
    found, made = await desired_of(request).declarations.changes(tenant_of(request), revision)
    return RevisionView(**msgspec.structs.asdict(found), made=made)


@post("/desired/revisions/{revision:str}/undo", status_code=200, opt=WRITE_WITHOUT_BODY)
async def undo_revision(
    request: ApiRequest, revision: FromPath[str], data: JSONBody[Undo | None] = None
) -> Declared:
    """Have declarations as they were before a change. Refused where one of them was changed again since."""
    data = data or Undo()
    return await desired_of(request).declarations.undo(
        tenant_of(request), revision, by=caller_of(request).label, why=data.why, pace=data.pace
    )


# Rollouts


@get("/desired/rollouts", opt=READ)
async def list_rollouts(
    request: ApiRequest,
    in_state: InState = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[Rollout]:
    """Changes on their way to stations, latest first."""
    return await desired_of(request).rollouts.search(
        tenant_of(request), state=in_state, cursor=cursor, limit=limit
    )


@get("/desired/rollouts/{rollout:str}", opt=READ)
async def get_rollout(request: ApiRequest, rollout: FromPath[str]) -> Progress:
    """How far a rollout is: stations by standing."""
    return await desired_of(request).rollouts.get(tenant_of(request), rollout)


@get("/desired/rollouts/{rollout:str}/stations", opt=READ)
async def list_stations_of_rollout(
    request: ApiRequest,
    rollout: FromPath[str],
    standing: FromQuery[Standing | None] = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[RolloutStation]:
    """The stations of a rollout, and how each stands to it."""
    return await desired_of(request).rollouts.stations(
        tenant_of(request), rollout, standing=standing, cursor=cursor, limit=limit
    )


@post("/desired/rollouts/{rollout:str}/pause", status_code=200, opt=WRITE_WITHOUT_BODY)
async def pause_rollout(
    request: ApiRequest, rollout: FromPath[str], data: JSONBody[Undoing | None] = None
) -> Rollout:
    """Begin no more stations, and do no more at those begun."""
    return await desired_of(request).rollouts.pause(
        tenant_of(request), rollout, by=caller_of(request).label, why=(data or Undoing()).why
    )


@post("/desired/rollouts/{rollout:str}/resume", status_code=200, opt=WRITE)
async def resume_rollout(request: ApiRequest, rollout: FromPath[str]) -> Rollout:
    """Go on with a rollout that was paused, or that stopped by itself (then failures do not stop it again)."""
    return await desired_of(request).rollouts.resume(tenant_of(request), rollout, by=caller_of(request).label)


@post("/desired/rollouts/{rollout:str}/release", status_code=200, opt=WRITE)
async def release_rollout(request: ApiRequest, rollout: FromPath[str]) -> Rollout:
    """End the pacing: the rest of the stations are served as soon as they can be."""
    return await desired_of(request).rollouts.release(
        tenant_of(request), rollout, by=caller_of(request).label
    )


@post("/desired/rollouts/{rollout:str}/undo", status_code=200, opt=WRITE_WITHOUT_BODY)
async def undo_rollout(
    request: ApiRequest, rollout: FromPath[str], data: JSONBody[Undo | None] = None
) -> Declared:
    """Undo the change that is being rolled out; the stations that have it already get back what was declared."""
    data = data or Undo()
    desired, tenant_id = desired_of(request), tenant_of(request)
    progress = await desired.rollouts.get(tenant_id, rollout)
    return await desired.declarations.undo(
        tenant_id,
        progress.rollout.revision_id,
        by=caller_of(request).label,
        why=data.why,
        pace=data.pace,
    )


# Pauses


@get("/desired/pauses", opt=READ)
async def list_pauses(request: ApiRequest) -> Pauses:
    """What is paused: an aspect, or everything."""
    return Pauses(items=await desired_of(request).declarations.pauses(tenant_of(request)))


@put("/desired/pauses/{aspect:str}", opt=WRITE_WITHOUT_BODY)
async def pause_aspect(
    request: ApiRequest, aspect: FromPath[str], data: JSONBody[Undoing | None] = None
) -> Pause:
    """Change nothing of an aspect at any station until it is resumed; `all` for every aspect."""
    return await desired_of(request).declarations.pause(
        tenant_of(request),
        "" if aspect == "all" else aspect,
        by=caller_of(request).label,
        why=(data or Undoing()).why,
    )


@delete("/desired/pauses/{aspect:str}", opt=WRITE)
async def resume_aspect(request: ApiRequest, aspect: FromPath[str]) -> None:
    """Go on with an aspect that was paused; `all` ends the pause of everything."""
    await desired_of(request).declarations.resume(
        tenant_of(request), "" if aspect == "all" else aspect, by=caller_of(request).label
    )


# How stations stand


@get("/desired/counts", opt=READ)
async def count_standings(request: ApiRequest) -> Counts:
    """How many stations stand how to each aspect: in step, waiting (for what), refused, drifting, …"""
    return Counts(items=await desired_of(request).overview.counts(tenant_of(request)))


@get("/desired/stations", opt=READ)
async def list_standings(
    request: ApiRequest,
    aspect: Aspect = None,
    standing: FromQuery[Standing | None] = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[StationStanding]:
    """How each station stands to each aspect; of one aspect or standing, or of all."""
    return await desired_of(request).overview.stations(
        tenant_of(request), aspect=aspect, standing=standing, cursor=cursor, limit=limit
    )


@get("/stations/{station:str}/desired", opt=READ)
async def get_desired_of_station(request: ApiRequest, station: FromPath[str]) -> StationDesired:
    """What a station shall have and what it has, key by key: how far it is, since when, and which declaration
    it follows from (and which others it prevails over)."""
    return await desired_of(request).overview.of_station(tenant_of(request), station)


@post("/stations/{station:str}/desired/retry", status_code=202, opt=WRITE)
async def retry_station(request: ApiRequest, station: FromPath[str]) -> None:
    """Have a station asked again now, also for what it refused or could not do."""
    await desired_of(request).overview.retry(tenant_of(request), station, by=caller_of(request).label)


router = Router(
    "/api/v1",
    tags=["Desired state"],
    route_handlers=[
        list_declarations,
        declare,
        preview_declarations,
        remove_declarations,
        get_declaration,
        remove_declaration,
        list_revisions,
        get_revision,
        undo_revision,
        list_rollouts,
        get_rollout,
        list_stations_of_rollout,
        pause_rollout,
        resume_rollout,
        release_rollout,
        undo_rollout,
        list_pauses,
        pause_aspect,
        resume_aspect,
        count_standings,
        list_standings,
        get_desired_of_station,
        retry_station,
    ],
)
