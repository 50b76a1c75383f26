"""The audit log: who did what, and when."""

from typing import Annotated

from litestar import Router, get
from litestar.params import QueryParameter
from msgspec.structs import replace

from currant.api.authentication import ApiRequest
from currant.api.paging import Cursor, Limit
from currant.api.routes.common import services_of, tenant_of
from currant.api.routes.parameters import Since, Until, check_times
from currant.kit.clock import micros
from currant.kit.errors import Invalid
from currant.kit.ids import StationId
from currant.stations import paging
from currant.stations.model import Page
from currant.tenancy.audit import Audit
from currant.tenancy.audit_kinds import KINDS
from currant.tenancy.audit_model import AuditEntry, AuditFilter, AuditKind
from currant.tenancy.model import Permission

Kinds = Annotated[
    str | None,
    QueryParameter(
        name="kind", max_length=500, required=False, description="Only of these kinds, separated by commas."
    ),
]
By = Annotated[
    str | None,
    QueryParameter(
        max_length=200,
        required=False,
        description="Only what was done by: `person:ada@example.com`, `key:billing`, `local`, or the name alone.",
    ),
]
About = Annotated[
    str | None,
    QueryParameter(
        max_length=200,
        required=False,
        description="Only what is about this: `station:<id>`, `person:<id>`, …",
    ),
]


def audit_of(request: ApiRequest) -> Audit:
    audit = services_of(request).audit
    assert audit is not None, "Where people act there is an audit log."
    return audit


@get("/audit", opt={"permission": Permission.AUDIT_READ})
async def list_acts(
    request: ApiRequest,
    kinds: Kinds = None,
    by: By = None,
    about: About = None,
    since: Since = None,
    until: Until = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[AuditEntry]:
    """What people and programs did, latest first: sign-ins and their failures, people, keys, commands, settings.

    What the server does of its own accord is not in it. Kept as long as security events are.
    """
    wanted = wanted_of(request, kinds, by, about)
    check_times(since=since, until=until)
    before: tuple[int, int] | None = None
    if cursor is not None:
        at, last = paging.decode(cursor, int, int)
        before = (int(at), int(last))
    wanted = replace(wanted, since=since, until=until)
    found = await audit_of(request).search(tenant_of(request), wanted, before=before, limit=limit + 1)
    page = paging.page(found, limit, lambda entry: paging.encode(micros(entry.at), entry.id))
    return Page(items=tuple(labelled(request, entry) for entry in page.items), next_cursor=page.next_cursor)


@get("/audit/kinds", opt={"permission": Permission.AUDIT_READ})
async def list_kinds(request: ApiRequest) -> Page[AuditKind]:
    """The kinds of acts there are, with what they are called."""
    return Page(items=audit_of(request).kinds())


def wanted_of(request: ApiRequest, kinds: str | None, by: str | None, about: str | None) -> AuditFilter:
    """The filter in a request's words; Invalid for a kind there is not."""
    named = tuple(part.strip() for part in (kinds or "").split(",") if part.strip())
    for kind in named:
        if kind not in KINDS:
            raise Invalid(f"There is no kind {kind[:60]!r}: see /api/v1/audit/kinds.", field="kind")
    type_, colon, id_ = (about or "").partition(":")
    if colon and type_ == "station":
        # By its identity too.
        entry = services_of(request).directory.find(id_)
        if entry is not None and entry.tenant_id == tenant_of(request):
            about = f"station:{entry.station_id}"
    return AuditFilter(kinds=named, by=by, about=about or None)


def labelled(request: ApiRequest, entry: AuditEntry) -> AuditEntry:
    """The entry with the name of a station that the act did not name itself."""
    about = entry.about
    if about is None or about.type != "station" or about.label:
        return entry
    station = services_of(request).directory.by_id(StationId(about.id))
    if station is None or station.tenant_id != tenant_of(request):
        return entry
    return replace(entry, about=replace(about, label=station.identity))


router = Router("/api/v1", tags=["Audit"], route_handlers=[list_acts, list_kinds])
