"""What an OCPP 1.6 station says: one translator per action, each of one service call."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from currant.access.model import Decision, Presented, Reason
from currant.charging.model import MeterReport, MeterSample, SampledValue, StartReport, StopReport
from currant.gateway.answers import boot_status, heartbeat_answer
from currant.gateway.progress import note_progress
from currant.gateway.reports import note_security_event
from currant.gateway.services import Caller, Services, reported_at
from currant.ocpp import v16
from currant.pki.requests import Asked
from currant.stations.model import Admission, BootReport, ConnectorStatus, StatusReport
from currant.stations.transfers.model import Family

STATUSES = {
    "Available": ConnectorStatus.AVAILABLE,
    "Preparing": ConnectorStatus.PREPARING,
    "Charging": ConnectorStatus.CHARGING,
    "SuspendedEV": ConnectorStatus.SUSPENDED_EV,
    "SuspendedEVSE": ConnectorStatus.SUSPENDED_EVSE,
    "Finishing": ConnectorStatus.FINISHING,
    "Reserved": ConnectorStatus.RESERVED,
    "Unavailable": ConnectorStatus.UNAVAILABLE,
    "Faulted": ConnectorStatus.FAULTED,
}

# 1.6 has five words (7.2 AuthorizationStatus).
AUTHORISATION: dict[Reason, v16.AuthorizationStatus] = {
    Reason.ACCEPTED: "Accepted",
    Reason.UNKNOWN: "Invalid",
    Reason.BLOCKED: "Blocked",
    Reason.ACCOUNT_BLOCKED: "Blocked",
    Reason.PAYMENT_OVERDUE: "Blocked",
    Reason.EXPIRED: "Expired",
    Reason.NOT_YET_VALID: "Invalid",
    Reason.IN_USE: "ConcurrentTx",
    Reason.NOT_HERE: "Invalid",
    Reason.NOT_AT_THIS_TIME: "Invalid",
    Reason.QUOTA_USED_UP: "Blocked",
    Reason.TOO_MANY_SESSIONS: "ConcurrentTx",
    # The card is in order and may not charge here now: 1.6 has no better word than "not allowed for charging".
    Reason.RESERVED: "Blocked",
    Reason.WRONG_KIND_OF_EVSE: "Invalid",
    Reason.REFUSED_BY_AUTHORISER: "Invalid",
    Reason.AUTHORISER_SILENT: "Invalid",
    Reason.MASTER_PASS: "Invalid",
    Reason.NO_TOKEN: "Invalid",
}


def id_tag_info(decision: Decision) -> v16.IdTagInfo:
    parent = decision.parent_uid
    return v16.IdTagInfo(
        status=AUTHORISATION[decision.reason],
        expiry_date=decision.valid_until,
        # An answer that cannot be sent would be asked for again for days: rather without the group.
        parent_id_tag=parent if parent and len(parent) <= 20 else None,
    )


async def authorize(
    request: v16.Authorize, caller: Caller, services: Services, received_at: datetime
) -> v16.AuthorizeResponse:
    decision = await services.charging.authorize(
        caller.station, caller.sessions, Presented(uid=request.id_tag)
    )
    return v16.AuthorizeResponse(id_tag_info=id_tag_info(decision))


async def boot_notification(
    request: v16.BootNotification, caller: Caller, services: Services, received_at: datetime
) -> v16.BootNotificationResponse:
    report = BootReport(
        vendor=request.charge_point_vendor,
        model=request.charge_point_model,
        serial_number=request.charge_point_serial_number or request.charge_box_serial_number or "",
        firmware_version=request.firmware_version or "",
        iccid=request.iccid or "",
        imsi=request.imsi or "",
        meter_type=request.meter_type or "",
        meter_serial_number=request.meter_serial_number or "",
    )
    answer = await services.stations.boot(caller.station, report, at=received_at)
    if answer.admission is Admission.ACCEPTED:
        # A boot reported because it was asked for (quirk B15, an operator's trigger) is no restart.
        if "BootNotification" not in caller.asked:
            await services.charging.booted(caller.station, caller.sessions, at=received_at)
        caller.asked -= {"BootNotification"}
        caller.booted = True
    return v16.BootNotificationResponse(
        status=boot_status(answer.admission), current_time=services.clock.now(), interval=answer.interval_s
    )


async def data_transfer(
    request: v16.DataTransfer, caller: Caller, services: Services, received_at: datetime
) -> v16.DataTransferResponse:
    # No vendor's extension is known yet; what was sent stands in the message log.
    return v16.DataTransferResponse(status="UnknownVendorId")


def heartbeat(request: v16.Heartbeat, caller: Caller, services: Services, received_at: datetime) -> bytes:
    return heartbeat_answer(received_at)


async def meter_values(
    request: v16.MeterValues, caller: Caller, services: Services, received_at: datetime
) -> v16.MeterValuesResponse:
    evse, connector = caller.station.place_of(request.connector_id)
    number = request.transaction_id
    await services.charging.meter(
        caller.station,
        caller.sessions,
        MeterReport(
            evse=evse,
            connector=connector,
            samples=samples_of(request.meter_value),
            received_at=received_at,
            transaction_id=None if number is None else str(number),
        ),
    )
    return _METERED


_METERED = v16.MeterValuesResponse()


def samples_of(values: list[v16.MeterValue]) -> tuple[MeterSample, ...]:
    return tuple(
        [
            MeterSample(
                at=value.timestamp,
                values=tuple(
                    [
                        SampledValue(
                            value=sampled.value,
                            measurand=sampled.measurand or "",
                            unit=sampled.unit or "",
                            phase=sampled.phase or "",
                            context=sampled.context or "",
                            location=sampled.location or "",
                            signed=None if sampled.format != "SignedData" else {"format": "SignedData"},
                        )
                        for sampled in value.sampled_value
                    ]
                ),
            )
            for value in values
        ]
    )


async def start_transaction(
    request: v16.StartTransaction, caller: Caller, services: Services, received_at: datetime
) -> v16.StartTransactionResponse:
    evse, connector = caller.station.place_of(request.connector_id)
    answer = await services.charging.start(
        caller.station,
        caller.sessions,
        StartReport(
            evse=evse,
            connector=connector,
            presented=Presented(uid=request.id_tag),
            meter_wh=request.meter_start,
            at=request.timestamp,
            received_at=received_at,
            reservation_id=request.reservation_id,
        ),
    )
    return v16.StartTransactionResponse(
        transaction_id=answer.number, id_tag_info=id_tag_info(answer.decision)
    )


async def status_notification(
    request: v16.StatusNotification, caller: Caller, services: Services, received_at: datetime
) -> v16.StatusNotificationResponse:
    evse, connector = caller.station.place_of(request.connector_id)
    # An error code that 1.6 does not know was read as OtherError; its own spelling is in the finding (C5).
    raw_error: str = request.error_code
    if raw_error == "OtherError":
        raw_error = caller.spelled_as("errorCode", raw_error)
    await services.charging.status(
        caller.station,
        caller.sessions,
        StatusReport(
            evse=evse,
            connector=connector,
            status=STATUSES[request.status],
            at=reported_at(request.timestamp, received_at),
            received_at=received_at,
            raw_status=request.status,
            raw_error="" if raw_error == "NoError" else raw_error,
            vendor_error=request.vendor_error_code or "",
            vendor_id=request.vendor_id or "",
            info=request.info or "",
        ),
    )
    return v16.StatusNotificationResponse()


async def stop_transaction(
    request: v16.StopTransaction, caller: Caller, services: Services, received_at: datetime
) -> v16.StopTransactionResponse:
    decision = await services.charging.stop(
        caller.station,
        caller.sessions,
        StopReport(
            transaction_id=request.transaction_id,
            meter_wh=request.meter_stop,
            at=request.timestamp,
            received_at=received_at,
            presented=Presented(uid=request.id_tag) if request.id_tag else None,
            reason=request.reason or "Local",
            samples=samples_of(request.transaction_data or []),
        ),
    )
    return v16.StopTransactionResponse(id_tag_info=None if decision is None else id_tag_info(decision))


async def diagnostics_status(
    request: v16.DiagnosticsStatusNotification, caller: Caller, services: Services, received_at: datetime
) -> v16.DiagnosticsStatusNotificationResponse:
    await note_progress(services, caller, Family.LOG, request.status, topic="diagnostics")
    return v16.DiagnosticsStatusNotificationResponse()


async def firmware_status(
    request: v16.FirmwareStatusNotification, caller: Caller, services: Services, received_at: datetime
) -> v16.FirmwareStatusNotificationResponse:
    await note_progress(services, caller, Family.FIRMWARE, request.status)
    return v16.FirmwareStatusNotificationResponse()


async def signed_firmware_status(
    request: v16.SignedFirmwareStatusNotification, caller: Caller, services: Services, received_at: datetime
) -> v16.SignedFirmwareStatusNotificationResponse:
    await note_progress(services, caller, Family.FIRMWARE, request.status, request_id=request.request_id)
    return v16.SignedFirmwareStatusNotificationResponse()


async def log_status(
    request: v16.LogStatusNotification, caller: Caller, services: Services, received_at: datetime
) -> v16.LogStatusNotificationResponse:
    await note_progress(services, caller, Family.LOG, request.status, request_id=request.request_id)
    return v16.LogStatusNotificationResponse()


async def security_event(
    request: v16.SecurityEventNotification, caller: Caller, services: Services, received_at: datetime
) -> v16.SecurityEventNotificationResponse:
    await note_security_event(
        services,
        caller,
        kind=request.type,
        at=reported_at(request.timestamp, received_at),
        detail=request.tech_info or "",
    )
    return v16.SecurityEventNotificationResponse()


def sign_certificate(
    request: v16.SignCertificate, caller: Caller, services: Services, received_at: datetime
) -> v16.SignCertificateResponse:
    """Judged at once; what is signed follows as a CertificateSigned."""
    signing = services.securing.signing
    asked = Asked(csr=request.csr)
    if signing is None or signing.ask(caller.station.tenant_id, caller.station.station_id, asked) is not None:
        return v16.SignCertificateResponse(status="Rejected")
    return v16.SignCertificateResponse(status="Accepted")


TRANSLATORS: dict[str, Callable[[Any, Caller, Services, datetime], Any]] = {
    "Authorize": authorize,
    "BootNotification": boot_notification,
    "DataTransfer": data_transfer,
    "DiagnosticsStatusNotification": diagnostics_status,
    "FirmwareStatusNotification": firmware_status,
    "Heartbeat": heartbeat,
    "LogStatusNotification": log_status,
    "MeterValues": meter_values,
    "SecurityEventNotification": security_event,
    "SignCertificate": sign_certificate,
    "SignedFirmwareStatusNotification": signed_firmware_status,
    "StartTransaction": start_transaction,
    "StatusNotification": status_notification,
    "StopTransaction": stop_transaction,
}
