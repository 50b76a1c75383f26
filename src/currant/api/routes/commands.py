"""Commands: what stations are told to do, in neutral words, and what came of it."""

from datetime import datetime
from typing import Annotated

from litestar import Response, Router, get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from currant.api.authentication import ApiRequest
from currant.api.idempotent import once
from currant.api.paging import Cursor, Limit
from currant.api.routes.common import caller_of, services_of, tenant_of
from currant.api.routes.parameters import Station, Word, check_times, station_id_of
from currant.api.views import CommandView, command_view, page_like
from currant.kit.ids import BatchId, CommandId, StationId
from currant.stations.commanding import AnyCommand
from currant.stations.commands import DEADLINE_MAX_S
from currant.stations.model import CommandRecord, CommandStatus, Page
from currant.stations.security import sets_password
from currant.stations.transfers.making import ASKING
from currant.stations.transfers.service import When
from currant.tenancy.model import Permission

Deadline = Annotated[
    float | None,
    QueryParameter(
        gt=0,
        le=DEADLINE_MAX_S,
        required=False,
        description="Seconds to wait for the answer before the outcome is `unanswered`: 30, or 120 for reports.",
    ),
]


QueueUntil = Annotated[
    datetime | None,
    QueryParameter(
        required=False,
        description="Keep it for a station that is offline, until then; its status is `queued` meanwhile.",
    ),
]
NotBefore = Annotated[
    datetime | None,
    QueryParameter(
        required=False, description="Send it at this time and not earlier; it is queued until then."
    ),
]


@post(
    "/stations/{station:str}/commands",
    status_code=200,
    opt={"permission": Permission.COMMANDS_GIVE, "idempotent": True},
)
async def give_command(
    request: ApiRequest,
    station: FromPath[str],
    data: JSONBody[AnyCommand],
    deadline_s: Deadline = None,
    queue_until: QueueUntil = None,
    not_before: NotBefore = None,
) -> Response[CommandRecord]:
    """Tell a station to do something, and wait for what comes of it.

    `command` says what. Whatever the station makes of it is a 200 with `status`: accepted, scheduled, refused,
    unanswered, offline, unsupported or failed, and `reason` in words. With `queue_until` or `not_before` it may be
    queued: what came of it is then told by `GET /commands/{id}` and the event `CommandEnded`. A new password of
    the station (`SetVariables`) is taken beside the old one until the station has come with it. `GetLog`,
    `UpdateFirmware` and `PublishFirmware` begin a transfer, which `GET /stations/{station}/transfers` shows.
    """
    check_times(queue_until=queue_until, not_before=not_before)
    services, tenant_id, by = services_of(request), tenant_of(request), caller_of(request).label

    async def give() -> CommandRecord:
        waits = queue_until is not None and not services.queue.reaches(station_id_of(request, station))
        if services.transfers is not None and isinstance(data, ASKING):
            # What the station reports of it later has to be of something.
            return await services.transfers.give(
                tenant_id,
                station,
                data,
                by=by,
                deadline_s=deadline_s,
                when=When(queue_until=queue_until, not_before=not_before),
            )
        if waits or not_before is not None:
            return await services.queue.put(
                tenant_id, station, data, by=by, expires_at=queue_until, not_before=not_before
            )
        if services.credentials is not None and sets_password(data):
            # Sent as a bare command it would lock the station out: nobody here would know it.
            return await services.credentials.give(tenant_id, station, data, by=by, deadline_s=deadline_s)
        return await services.commands.give(tenant_id, station, data, by=by, deadline_s=deadline_s)

    return await once(request, give)


@get("/stations/{station:str}/commands", opt={"permission": Permission.COMMANDS_READ})
async def list_commands_of_station(
    request: ApiRequest,
    station: FromPath[str],
    kind: Word = None,
    status: FromQuery[CommandStatus | None] = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[CommandView]:
    """What a station was told, latest first."""
    return await _list(request, station_id_of(request, station), kind, status, cursor, limit)


@get("/commands", opt={"permission": Permission.COMMANDS_READ})
async def list_commands(
    request: ApiRequest,
    station: Station = None,
    kind: Word = None,
    status: FromQuery[CommandStatus | None] = None,
    batch: Word = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[CommandView]:
    """What stations were told, latest first. `kind` is the command's name, as `Reset`."""
    station_id = None if station is None else station_id_of(request, station)
    return await _list(request, station_id, kind, status, cursor, limit, batch=batch)


@get("/commands/{command_id:str}", opt={"permission": Permission.COMMANDS_READ})
async def get_command(request: ApiRequest, command_id: FromPath[str]) -> CommandView:
    """One command and what came of it."""
    services = services_of(request)
    found = await services.commands.get(tenant_of(request), CommandId(command_id))
    return command_view(found, services.directory)


async def _list(
    request: ApiRequest,
    station_id: StationId | None,
    kind: str | None,
    status: CommandStatus | None,
    cursor: str | None,
    limit: int,
    *,
    batch: str | None = None,
) -> Page[CommandView]:
    services = services_of(request)
    page = await services.commands.list(
        tenant_of(request),
        station_id=station_id,
        kind=kind,
        status=status,
        batch_id=None if batch is None else BatchId(batch),
        cursor=cursor,
        limit=limit,
    )
    return page_like(page, tuple(command_view(record, services.directory) for record in page.items))


router = Router(
    "/api/v1",
    tags=["Commands"],
    route_handlers=[give_command, list_commands_of_station, list_commands, get_command],
)
