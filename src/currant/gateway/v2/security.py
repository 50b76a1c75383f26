"""Blocks A and M, as far as a station asks: security events, certificates to sign and to look up."""

from datetime import datetime
from typing import Any

from currant.gateway.reports import note_security_event
from currant.gateway.services import Caller, Services, reported_at
from currant.ocpp import v21, v201


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


# Nobody here signs or looks up certificates yet. Said in the answer's own words, so that the station
# neither waits for a CertificateSigned nor takes a contract for valid.


def sign_certificate(request: Any, caller: Caller, services: Services, received_at: datetime) -> Any:
    return caller.types.SignCertificateResponse(status="Rejected")


def get_15118_ev_certificate(request: Any, caller: Caller, services: Services, received_at: datetime) -> Any:
    return caller.types.Get15118EVCertificateResponse(status="Failed", exi_response="")


def get_certificate_status(request: Any, caller: Caller, services: Services, received_at: datetime) -> Any:
    return caller.types.GetCertificateStatusResponse(status="Failed")
