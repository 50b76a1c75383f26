"""One command for many stations, and commands that wait."""

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Response, Router, get, post
from litestar.params import FromPath, JSONBody

from currant.api.authentication import ApiRequest
from currant.api.idempotent import once
from currant.api.paging import Cursor, Limit
from currant.api.routes.common import Body, caller_of, services_of, tenant_of
from currant.api.routes.parameters import check_times, station_id_of
from currant.api.views import CommandView, command_view
from currant.kit.errors import Invalid
from currant.kit.ids import BatchId, CommandId, LocationId, StationGroupId, StationId
from currant.stations.commanding import AnyCommand
from currant.stations.inventory import StationFilters
from currant.stations.model import Admission, BatchProgress, CommandBatch, Page
from currant.stations.queue_terms import AT_ONCE, AT_ONCE_MAX, Terms
from currant.stations.queueing import STATIONS_MAX
from currant.stations.transfers.making import ASKING
from currant.tenancy.model import Permission

NAMED_MAX = 10_000


class Which(Body, frozen=True, kw_only=True):
    """Stations by what they are; all that is given must fit. With nothing given: every accepted station."""

    location_id: LocationId | None = None
    group_id: StationGroupId | None = None
    vendor: Annotated[str, msgspec.Meta(max_length=200)] | None = None
    model: Annotated[str, msgspec.Meta(max_length=200)] | None = None
    version: Annotated[str, msgspec.Meta(max_length=10)] | None = None
    connected: bool | None = None


class ManyStations(Body, frozen=True, kw_only=True):
    """Whom to ask, and how: `stations` (ids or identities) or `which`, not both."""

    stations: Annotated[tuple[str, ...], msgspec.Meta(max_length=NAMED_MAX)] = ()
    which: Which | None = None
    at_once: Annotated[int, msgspec.Meta(ge=1, le=AT_ONCE_MAX)] = AT_ONCE
    """Under way to as many stations at the same time, at most."""
    not_before: datetime | None = None
    expires_at: datetime | None = None
    """Offline stations get it when they come, until then; 90 days when nothing is said."""
    note: Annotated[str, msgspec.Meta(max_length=500)] = ""


class ManyCommands(ManyStations, frozen=True, kw_only=True):
    """A command, and whom to give it to: `stations` (ids or identities) or `which`, not both."""

    command: AnyCommand


async def stations_meant(request: ApiRequest, data: ManyStations) -> list[StationId]:
    """The caller's stations that are named; `NotFound` for one that is not there."""
    if data.which is None:
        return [station_id_of(request, station) for station in data.stations]
    return await services_of(request).inventory.ids_of(
        tenant_of(request),
        StationFilters(
            admission=Admission.ACCEPTED,
            location_id=data.which.location_id,
            group_id=data.which.group_id,
            vendor=data.which.vendor,
            model=data.which.model,
            version=data.which.version,
            connected=data.which.connected,
        ),
        most=STATIONS_MAX,
    )


def check_meant(data: ManyStations) -> None:
    if bool(data.stations) == (data.which is not None):
        raise Invalid("Name the stations, or say which: one of the two.", field="stations")
    check_times(expires_at=data.expires_at, not_before=data.not_before)


def terms_of(request: ApiRequest, data: ManyStations) -> Terms:
    return Terms(
        by=caller_of(request).label,
        expires_at=data.expires_at,
        not_before=data.not_before,
        at_once=data.at_once,
        note=data.note,
    )


@post("/command-batches", opt={"permission": Permission.COMMANDS_GIVE, "idempotent": True})
async def give_to_many(request: ApiRequest, data: JSONBody[ManyCommands]) -> Response[CommandBatch]:
    """Give one command to many stations.

    Answered once every station's command is kept; they are sent as many `at_once`, and to offline stations when
    they come. Each is a command of its own, found with `batch` in the list of commands.
    """
    services, tenant_id = services_of(request), tenant_of(request)
    check_meant(data)

    async def give() -> CommandBatch:
        told, terms = await stations_meant(request, data), terms_of(request, data)
        if services.transfers is not None and isinstance(data.command, ASKING):
            return await services.transfers.give_many(tenant_id, told, data.command, terms)
        return await services.queue.put_many(
            tenant_id,
            told,
            data.command,
            by=terms.by,
            expires_at=terms.expires_at,
            not_before=terms.not_before,
            at_once=terms.at_once,
            note=terms.note,
        )

    return await once(request, give)


@get("/command-batches", opt={"permission": Permission.COMMANDS_READ})
async def list_batches(request: ApiRequest, cursor: Cursor = None, limit: Limit = 100) -> Page[BatchProgress]:
    """Batches and how far they are, latest first."""
    return await services_of(request).queue.batches(tenant_of(request), cursor=cursor, limit=limit)


@get("/command-batches/{batch_id:str}", opt={"permission": Permission.COMMANDS_READ})
async def get_batch(request: ApiRequest, batch_id: FromPath[str]) -> BatchProgress:
    """One batch and how far it is."""
    return await services_of(request).queue.progress(tenant_of(request), BatchId(batch_id))


@post("/command-batches/{batch_id:str}/pause", status_code=200, opt={"permission": Permission.COMMANDS_GIVE})
async def pause_batch(request: ApiRequest, batch_id: FromPath[str]) -> BatchProgress:
    """Send no more of a batch until it is resumed."""
    return await services_of(request).queue.pause_batch(tenant_of(request), BatchId(batch_id))


@post("/command-batches/{batch_id:str}/resume", status_code=200, opt={"permission": Permission.COMMANDS_GIVE})
async def resume_batch(request: ApiRequest, batch_id: FromPath[str]) -> BatchProgress:
    """Go on with a paused batch."""
    return await services_of(request).queue.resume_batch(tenant_of(request), BatchId(batch_id))


@post("/command-batches/{batch_id:str}/cancel", status_code=200, opt={"permission": Permission.COMMANDS_GIVE})
async def cancel_batch(request: ApiRequest, batch_id: FromPath[str]) -> BatchProgress:
    """Take back what of a batch still waits. What was sent stays sent."""
    return await services_of(request).queue.cancel_batch(
        tenant_of(request), BatchId(batch_id), by=caller_of(request).label
    )


@post("/commands/{command_id:str}/cancel", status_code=200, opt={"permission": Permission.COMMANDS_GIVE})
async def cancel_command(request: ApiRequest, command_id: FromPath[str]) -> CommandView:
    """Take back a command that waits; 409 when it does not wait any more."""
    services = services_of(request)
    record = await services.queue.cancel(
        tenant_of(request), CommandId(command_id), by=caller_of(request).label
    )
    return command_view(record, services.directory)


router = Router(
    "/api/v1",
    tags=["Commands"],
    route_handlers=[
        give_to_many,
        list_batches,
        get_batch,
        pause_batch,
        resume_batch,
        cancel_batch,
        cancel_command,
    ],
)
