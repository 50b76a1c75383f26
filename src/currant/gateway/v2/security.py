"""Blocks A and M, as far as a station asks: security events, certificates to sign and to look up."""

import base64
from datetime import datetime
from typing import Any

import msgspec

from currant.gateway.certificate_names import hash_of, wire_hash
from currant.gateway.reports import note_security_event
from currant.gateway.services import Caller, Services, reported_at
from currant.ocpp import v21, v201
from currant.ocpp.catalogue import Version
from currant.ocpp.errors import ErrorCode, Refusal
from currant.pki.contracts import CarAsks, CarGets, CarGetsNothing, Presented, Verdict
from currant.pki.ocsp import NoStatus, Standing, Status
from currant.pki.requests import Asked
from currant.stations.commanding.certificates import LeafUse

LEAVES = {
    "ChargingStationCertificate": LeafUse.STATION,
    "V2GCertificate": LeafUse.V2G,
    "V2G20Certificate": LeafUse.V2G20,
}
OCSP_RESULT_MAX = {Version.V201: 5_500, Version.V21: 18_000}
CHAIN_MAX = 4
URLS_MAX = 5
EXI_RESPONSE_MAX = {Version.V201: 7_500, Version.V21: 17_000}
STANDINGS: dict[Standing, v21.CertificateStatusEnumType] = {
    Standing.GOOD: "Good",
    Standing.REVOKED: "Revoked",
    Standing.UNKNOWN: "Unknown",
}
VERDICTS = {
    Verdict.ACCEPTED: "Accepted",
    Verdict.EXPIRED: "CertificateExpired",
    Verdict.REVOKED: "CertificateRevoked",
    Verdict.NO_CERTIFICATE: "NoCertificateAvailable",
    Verdict.CHAIN_ERROR: "CertChainError",
}
# C07.FR.13: the certificate holds, and the contract does not.
CANCELLED = ("Blocked", "Expired", "Invalid", "Unknown")


async def security_event(
    request: v201.SecurityEventNotification | v21.SecurityEventNotification,
    caller: Caller,
    services: Services,
    received_at: datetime,
) -> Any:
    await note_security_event(
        services,
        caller,
        kind=request.type,
        at=reported_at(request.timestamp, received_at),
        detail=request.tech_info or "",
    )
    return caller.types.SecurityEventNotificationResponse()


def sign_certificate(request: Any, caller: Caller, services: Services, received_at: datetime) -> Any:
    """A02, A03: judged at once; what is signed follows as a CertificateSigned."""
    types, signing = caller.types, services.securing.signing
    if signing is None:
        return types.SignCertificateResponse(
            status="Rejected", status_info=_info(types, "NoAuthority", "Nobody here signs certificates.")
        )
    unfit = signing.ask(
        caller.station.tenant_id,
        caller.station.station_id,
        Asked(
            csr=request.csr,
            # A02.FR.13: left out where one certificate serves both uses.
            use=LEAVES.get(request.certificate_type or "", LeafUse.COMBINED),
            request_id=getattr(request, "request_id", None),
        ),
    )
    if unfit is None:
        return types.SignCertificateResponse(status="Accepted")
    return types.SignCertificateResponse(
        status="Rejected", status_info=_info(types, unfit.code, unfit.reason)
    )


async def get_15118_ev_certificate(
    request: Any, caller: Caller, services: Services, received_at: datetime
) -> Any:
    """M01, M02: the car's message goes to the pool of contract certificates, and its answer to the car."""
    contracts = services.securing.contracts
    answer: CarGets | CarGetsNothing = CarGetsNothing(reason="No pool of contract certificates is set up.")
    if contracts is not None:
        answer = await contracts.exchange(
            CarAsks(
                action="update" if request.action == "Update" else "install",
                schema=request.iso15118_schema_version,
                exi_request=request.exi_request,
                station=caller.station.identity,
                maximum_contract_certificate_chains=getattr(
                    request, "maximum_contract_certificate_chains", None
                ),
                prioritized_emaids=tuple(getattr(request, "prioritized_emaids", None) or ()),
            )
        )
    types = caller.types
    if isinstance(answer, CarGets) and len(answer.exi_response) > EXI_RESPONSE_MAX[caller.version]:
        answer = CarGetsNothing(reason="The pool's answer is longer than OCPP can carry.")
    if isinstance(answer, CarGetsNothing):
        return types.Get15118EVCertificateResponse(
            status="Failed", exi_response="", status_info=_info(types, "NoContract", answer.reason)
        )
    more = {} if caller.version is Version.V201 else {"remaining_contracts": answer.remaining_contracts}
    return types.Get15118EVCertificateResponse(status="Accepted", exi_response=answer.exi_response, **more)


async def get_certificate_status(
    request: Any, caller: Caller, services: Services, received_at: datetime
) -> Any:
    """M06: what the OCSP responder says, as it says it."""
    types, statuses = caller.types, services.securing.statuses
    if statuses is None:
        return types.GetCertificateStatusResponse(
            status="Failed", status_info=_info(types, "NoOcsp", "Nobody here asks OCSP responders.")
        )
    asked = request.ocsp_request_data
    known = await statuses.ask(hash_of(asked), asked.responder_url)
    if isinstance(known, Status):
        result = base64.b64encode(known.answer).decode()
        if len(result) <= OCSP_RESULT_MAX[caller.version]:
            return types.GetCertificateStatusResponse(status="Accepted", ocsp_result=result)
        known = NoStatus(reason="The responder's answer is longer than OCPP can carry.")
    return types.GetCertificateStatusResponse(
        status="Failed", status_info=_info(types, "NoStatus", known.reason)
    )


async def get_certificate_chain_status(
    request: v21.GetCertificateChainStatus, caller: Caller, services: Services, received_at: datetime
) -> v21.GetCertificateChainStatusResponse | Refusal:
    """2.1 M06: each certificate of a chain, by OCSP or by list; Failed where nobody said."""
    statuses = services.securing.statuses
    told: list[v21.CertificateStatusType] = []
    # The answer has room for so many, whatever was asked.
    requests = request.certificate_status_requests[:CHAIN_MAX]
    # All are asked at once, and then awaited one after the other.
    asked = [
        None
        if statuses is None or not each.urls
        else statuses.ask(hash_of(each.certificate_hash_data), each.urls[0])
        if each.source == "OCSP"
        else statuses.look_up(hash_of(each.certificate_hash_data), each.urls[:URLS_MAX])
        for each in requests
    ]
    for each, answer in zip(requests, asked, strict=True):
        known = NoStatus(reason="Nobody was asked.") if answer is None else await answer
        told.append(
            v21.CertificateStatusType(
                certificate_hash_data=wire_hash(v21, hash_of(each.certificate_hash_data)),
                source=each.source,
                status=STANDINGS[known.standing] if isinstance(known, Status) else "Failed",
                next_update=known.next_update if isinstance(known, Status) else received_at,
            )
        )
    if not told:
        return Refusal(
            code=ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION,
            description="No certificate that is asked about could be read.",
            details={"field": "certificateStatusRequests"},
        )
    return v21.GetCertificateChainStatusResponse(certificate_status=told)


async def certificate_verdict(request: v201.Authorize | v21.Authorize, services: Services) -> Verdict | None:
    """Whether the contract certificate that comes with an Authorize holds; None when none came (C07)."""
    contracts = services.securing.contracts
    names = request.iso15118_certificate_hash_data or []
    if contracts is None or not (request.certificate or names):
        return None
    return await contracts.judge(
        Presented(
            emaid=request.id_token.id_token,
            chain=request.certificate or "",
            names=tuple((hash_of(each), each.responder_url) for each in names),
        )
    )


def with_verdict(response: Any, verdict: Verdict | None, caller: Caller) -> Any:
    """The answer to an Authorize with what the certificate makes of it (C07.FR.13 to .17)."""
    if verdict is None:
        return response
    if verdict is Verdict.ACCEPTED:
        cancelled = response.id_token_info.status in CANCELLED
        return msgspec.structs.replace(
            response, certificate_status="ContractCancelled" if cancelled else "Accepted"
        )
    info = caller.types.IdTokenInfoType(status="Expired" if verdict is Verdict.EXPIRED else "Invalid")
    return msgspec.structs.replace(response, certificate_status=VERDICTS[verdict], id_token_info=info)


def _info(types: Any, code: str, reason: str) -> Any:
    return types.StatusInfoType(reason_code=code[:20], additional_info=reason[:512] or None)
