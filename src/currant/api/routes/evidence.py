"""Signed meter values of sessions, and the keys of meters."""

from litestar import Response, Router, get, patch, post
from litestar.params import FromPath, JSONBody

from currant.api.authentication import ApiRequest
from currant.api.routes.common import caller_of, services_of, tenant_of
from currant.api.routes.parameters import station_id_of
from currant.api.routes.sessions import find_session
from currant.billing.evidence.export import transparency_xml
from currant.billing.evidence.model import MeterKey, SessionEvidence
from currant.billing.evidence.service import EvidenceService, MeterKeyChange, MeterKeyDraft, NoEvidence
from currant.stations.model import Page
from currant.tenancy.model import Permission


def _evidence_of(request: ApiRequest) -> EvidenceService:
    evidence = services_of(request).evidence
    assert evidence is not None, "Where sessions are billed their evidence is kept."
    return evidence


async def _found(request: ApiRequest, session: str) -> SessionEvidence:
    found = await _evidence_of(request).of(tenant_of(request), (await find_session(request, session)).id)
    if found is None:
        raise NoEvidence("Nothing was signed in this session.")
    return found


@get("/sessions/{session:str}/evidence", opt={"permission": Permission.SESSIONS_READ})
async def get_evidence(request: ApiRequest, session: FromPath[str]) -> SessionEvidence:
    """What a session's meter signed, and what came of checking it.

    `verified`: begin and end are signed by a confirmed key and say what the session says. `unconfirmed`: by a
    key that only the station told. 404 with `no_evidence` where nothing was signed.
    """
    return await _found(request, session)


@get("/sessions/{session:str}/evidence.xml", opt={"permission": Permission.SESSIONS_READ})
async def download_evidence(request: ApiRequest, session: FromPath[str]) -> Response[bytes]:
    """The same as a file for the transparency software of S.A.F.E., with which a driver can check it."""
    found = await _found(request, session)
    return Response(
        transparency_xml(found),
        media_type="application/xml",
        headers={"Content-Disposition": f'attachment; filename="session-{found.number}.xml"'},
    )


@post("/sessions/{session:str}/evidence", status_code=200, opt={"permission": Permission.SESSIONS_WRITE})
async def judge_evidence(request: ApiRequest, session: FromPath[str]) -> SessionEvidence:
    """Check a session's signed values once more, such as after a key was entered."""
    session_id = (await find_session(request, session)).id
    found = await _evidence_of(request).judge(tenant_of(request), session_id)
    if found is None:
        raise NoEvidence("Nothing was signed in this session.")
    return found


@get("/stations/{station:str}/meter-keys", opt={"permission": Permission.STATIONS_READ})
async def list_meter_keys(request: ApiRequest, station: FromPath[str]) -> Page[MeterKey]:
    """The public keys of a station's meters. They all come at once."""
    station_id = station_id_of(request, station)
    return Page(items=tuple(await _evidence_of(request).keys(tenant_of(request), station_id)))


@post("/stations/{station:str}/meter-keys", opt={"permission": Permission.STATIONS_WRITE})
async def enter_meter_key(
    request: ApiRequest, station: FromPath[str], data: JSONBody[MeterKeyDraft]
) -> MeterKey:
    """Enter the public key of a meter, from its papers: from then on its sessions must be signed by it.

    Sessions of the last 90 days that have signed values are checked again.
    """
    caller = caller_of(request)
    return await _evidence_of(request).enter_key(
        caller.tenant_id, station_id_of(request, station), data, by=caller.label
    )


@patch("/stations/{station:str}/meter-keys/{meter_key:str}", opt={"permission": Permission.STATIONS_WRITE})
async def change_meter_key(
    request: ApiRequest, station: FromPath[str], meter_key: FromPath[str], data: JSONBody[MeterKeyChange]
) -> MeterKey:
    """Confirm a key that a station told, refuse it, or say until when its meter was there."""
    caller = caller_of(request)
    return await _evidence_of(request).change_key(
        caller.tenant_id, station_id_of(request, station), meter_key, data, by=caller.label
    )


router = Router(
    "/api/v1",
    tags=["Evidence"],
    route_handlers=[
        get_evidence,
        download_evidence,
        judge_evidence,
        list_meter_keys,
        enter_meter_key,
        change_meter_key,
    ],
)
