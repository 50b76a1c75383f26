"""What was said and found: the message log, findings against the specification, security events."""

from collections.abc import AsyncIterator
from typing import Annotated

from litestar import Router, get
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.response import Stream

from currant.api.authentication import ApiRequest
from currant.api.paging import Cursor, Limit
from currant.api.routes.common import services_of, tenant_of
from currant.api.routes.parameters import Since, Station, Until, Word, check_times, station_id_of
from currant.api.streams import Happening, stream
from currant.api.views import MessageView, message_view, page_like
from currant.kit.ids import StationId
from currant.stations.model import Finding, Message, Page, SecurityEvent, Severity
from currant.tenancy.model import Permission

Action = Annotated[
    str | None,
    QueryParameter(max_length=100, required=False, description="The OCPP action, as `BootNotification`."),
]
Direction = Annotated[
    str | None,
    QueryParameter(
        pattern="^(in|out)$", required=False, description="in: the station called; out: Currant called."
    ),
]
Outcome = Annotated[
    str | None,
    QueryParameter(
        max_length=100,
        required=False,
        description="answered, unanswered, send, ignored, malformed, or `error:` for all errors.",
    ),
]


@get("/messages", opt={"permission": Permission.MESSAGES_READ}, tags=["Messages"])
async def list_messages(
    request: ApiRequest,
    station: Station = None,
    action: Action = None,
    direction: Direction = None,
    outcome: Outcome = None,
    since: Since = None,
    until: Until = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[MessageView]:
    """The message log, latest first: every call with its answer. Passwords and keys are masked."""
    check_times(since=since, until=until)
    services = services_of(request)
    page = await services.messages.search(
        tenant_of(request),
        station_id=None if station is None else station_id_of(request, station),
        action=action,
        direction=direction,
        outcome=outcome,
        since=since,
        until=until,
        cursor=cursor,
        limit=limit,
    )
    return page_like(page, tuple(message_view(each, services.directory) for each in page.items))


@get(
    "/messages/follow",
    opt={
        "permission": Permission.MESSAGES_READ,
        "never_compressed": True,
        "gives": ("text/event-stream",),
        "answer": "Server-sent events `message`, each a message of the log as it happens.",
    },
    tags=["Messages"],
)
async def follow_messages(
    request: ApiRequest,
    station: Station = None,
    action: Action = None,
    direction: Direction = None,
    outcome: Outcome = None,
) -> Stream:
    """Follow the message log live. The same filters as the list."""
    services = services_of(request)
    station_id = None if station is None else station_id_of(request, station)
    reader = services.messages.follow(tenant_of(request), station_id=station_id, action=action)

    async def happenings() -> AsyncIterator[Happening]:
        async for change in reader:
            if change.missed:
                yield Happening(kind="missed", data={"count": change.missed})
            message: Message = change.payload
            if direction in (None, message.direction) and (
                outcome is None or _fits(message.outcome, outcome)
            ):
                yield Happening(kind="message", data=message_view(message, services.directory))

    return stream(request, happenings(), on_end=reader.close)


def _fits(outcome: str, wanted: str) -> bool:
    return outcome.startswith(wanted) if wanted.endswith(":") else outcome == wanted


@get("/stations/{station:str}/messages", opt={"permission": Permission.MESSAGES_READ}, tags=["Messages"])
async def list_messages_of_station(
    request: ApiRequest,
    station: FromPath[str],
    action: Action = None,
    direction: Direction = None,
    outcome: Outcome = None,
    since: Since = None,
    until: Until = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[MessageView]:
    """The message log of one station, latest first."""
    check_times(since=since, until=until)
    services = services_of(request)
    page = await services.messages.search(
        tenant_of(request),
        station_id=station_id_of(request, station),
        action=action,
        direction=direction,
        outcome=outcome,
        since=since,
        until=until,
        cursor=cursor,
        limit=limit,
    )
    return page_like(page, tuple(message_view(each, services.directory) for each in page.items))


@get("/findings", opt={"permission": Permission.FINDINGS_READ}, tags=["Findings"])
async def list_findings(
    request: ApiRequest,
    station: Station = None,
    code: Word = None,
    vendor: Word = None,
    model: Word = None,
    by_model: Annotated[
        bool, QueryParameter(required=False, description="Add up all stations of a vendor and model.")
    ] = False,
    limit: Limit = 200,
) -> Page[Finding]:
    """What stations do against the specification, the most frequent first: what to show a vendor."""
    found = await services_of(request).inventory.list_findings(
        tenant_of(request),
        station=_checked(request, station),
        code=code,
        vendor=vendor,
        model=model,
        by_model=by_model,
        limit=limit,
    )
    return Page(items=found)


@get("/security-events", opt={"permission": Permission.SECURITY_READ}, tags=["Security events"])
async def list_security_events(
    request: ApiRequest,
    station: Station = None,
    kind: Word = None,
    severity: FromQuery[Severity | None] = None,
    since: Since = None,
    until: Until = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[SecurityEvent]:
    """What matters for security, latest first: reported by stations, or seen at the door."""
    check_times(since=since, until=until)
    return await services_of(request).inventory.list_security_events(
        tenant_of(request),
        station=_checked(request, station),
        kind=kind,
        severity=severity,
        since=since,
        until=until,
        cursor=cursor,
        limit=limit,
    )


def _checked(request: ApiRequest, station: str | None) -> StationId | None:
    return None if station is None else station_id_of(request, station)


router = Router(
    "/api/v1",
    route_handlers=[
        list_messages,
        follow_messages,
        list_messages_of_station,
        list_findings,
        list_security_events,
    ],
)
