"""Lists as files: sessions, findings and the audit log as CSV or JSON, read and sent a little at a time."""

from typing import Annotated, Any

import msgspec
from litestar import Router, get
from litestar.params import FromQuery, QueryParameter
from litestar.response import Stream

from currant.api.authentication import ApiRequest
from currant.api.routes.audit import About, By, Kinds, audit_of, labelled, wanted_of
from currant.api.routes.bulk import TYPES, Form, download
from currant.api.routes.common import caller_of, services_of, tenant_of
from currant.api.routes.parameters import Since, Station, Until, Word, check_times, station_id_of
from currant.api.routes.sessions import Active, TokenUid, sessions_wanted
from currant.api.views import SessionView, session_view
from currant.charging.model import Session
from currant.kit.clock import micros
from currant.stations import paging
from currant.stations.bulk import Format, Row, export
from currant.stations.model import Finding, Page
from currant.tenancy.audit_model import AuditEntry
from currant.tenancy.model import Permission

READ_AT_ONCE = 500
FINDINGS_MAX = 1_000

SESSION_COLUMNS = (
    "number",
    "id",
    "station_identity",
    "evse",
    "connector",
    "location_id",
    "transaction_id",
    "phase",
    "activity",
    "started_at",
    "ended_at",
    "energy_wh",
    "meter_start_wh",
    "meter_stop_wh",
    "idle_s",
    "token_uid",
    "token_kind",
    "account_id",
    "authorised",
    "authorisation",
    "start_cause",
    "stop_reason",
    "certain",
    "repairs",
)
FINDING_COLUMNS = (
    "station",
    "vendor",
    "model",
    "action",
    "code",
    "field",
    "count",
    "first_at",
    "last_at",
    "example",
)
AUDIT_COLUMNS = ("id", "at", "kind", "text", "by", "about_type", "about_id", "about_label", "facts")


@get(
    "/sessions/export", opt={"permission": Permission.SESSIONS_READ, "gives": tuple(TYPES)}, tags=["Sessions"]
)
async def export_sessions(
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
    form: Form = Format.CSV,
) -> Stream:
    """Export sessions, latest first, with the filters of the list."""
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
    services, tenant_id = services_of(request), tenant_of(request)

    async def pages(cursor: str | None) -> Page[Session]:
        return await services.charging.list(tenant_id, wanted, cursor=cursor, limit=READ_AT_ONCE)

    def rows(session: Session) -> list[Row]:
        view = session_view(session, services.directory)
        return [_session_row(view)]

    return download(export(pages, rows, SESSION_COLUMNS, form), "sessions", form)


def _session_row(view: SessionView) -> Row:
    row = {name: getattr(view, name) for name in SESSION_COLUMNS if name != "repairs"}
    return _plain({**row, "repairs": tuple(repair.code for repair in view.repairs)})


@get(
    "/findings/export", opt={"permission": Permission.FINDINGS_READ, "gives": tuple(TYPES)}, tags=["Findings"]
)
async def export_findings(
    request: ApiRequest,
    station: Station = None,
    code: Word = None,
    vendor: Word = None,
    model: Word = None,
    by_model: Annotated[
        bool, QueryParameter(required=False, description="Add up all stations of a vendor and model.")
    ] = False,
    form: Form = Format.CSV,
) -> Stream:
    """Export what stations do against the specification, the most frequent first: what to show a vendor."""
    services, tenant_id = services_of(request), tenant_of(request)
    station_id = None if station is None else station_id_of(request, station)

    async def pages(_: str | None) -> Page[Finding]:
        found = await services.inventory.list_findings(
            tenant_id,
            station=station_id,
            code=code,
            vendor=vendor,
            model=model,
            by_model=by_model,
            limit=FINDINGS_MAX,
        )
        return Page(items=found)

    def rows(finding: Finding) -> list[Row]:
        facts = msgspec.to_builtins(finding)
        entry = None if finding.station_id is None else services.directory.by_id(finding.station_id)
        facts["station"] = "" if entry is None else entry.identity
        return [_plain({name: facts.get(name) for name in FINDING_COLUMNS})]

    return download(export(pages, rows, FINDING_COLUMNS, form), "findings", form)


@get("/audit/export", opt={"permission": Permission.AUDIT_READ, "gives": tuple(TYPES)}, tags=["Audit"])
async def export_audit(
    request: ApiRequest,
    kinds: Kinds = None,
    by: By = None,
    about: About = None,
    since: Since = None,
    until: Until = None,
    form: Form = Format.CSV,
) -> Stream:
    """Export the audit log, latest first, with the filters of the list."""
    check_times(since=since, until=until)
    wanted = msgspec.structs.replace(wanted_of(request, kinds, by, about), since=since, until=until)
    audit, tenant_id = audit_of(request), caller_of(request).tenant_id

    async def pages(cursor: str | None) -> Page[AuditEntry]:
        before = None
        if cursor is not None:
            at, last = paging.decode(cursor, int, int)
            before = (int(at), int(last))
        found = await audit.search(tenant_id, wanted, before=before, limit=READ_AT_ONCE + 1)
        return paging.page(found, READ_AT_ONCE, lambda entry: paging.encode(micros(entry.at), entry.id))

    def rows(entry: AuditEntry) -> list[Row]:
        told = labelled(request, entry)
        about = told.about
        return [
            _plain(
                {
                    "id": told.id,
                    "at": told.at,
                    "kind": told.kind,
                    "text": told.text,
                    "by": told.by,
                    "about_type": "" if about is None else about.type,
                    "about_id": "" if about is None else about.id,
                    "about_label": "" if about is None else about.label,
                    "facts": msgspec.json.encode(told.facts).decode(),
                }
            )
        ]

    return download(export(pages, rows, AUDIT_COLUMNS, form), "audit", form)


def _plain(row: dict[str, Any]) -> Row:
    """Times and enumerations as text, the rest as it is."""
    plain: Row = msgspec.to_builtins(row)
    return plain


router = Router("/api/v1", route_handlers=[export_sessions, export_findings, export_audit])
