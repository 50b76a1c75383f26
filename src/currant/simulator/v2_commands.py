"""What a simulated station answers to each request of OCPP 2.0.1 and 2.1."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from currant.simulator import verbs
from currant.simulator.dialect import Answering
from currant.simulator.outlet import Outlet, Reservation
from currant.simulator.v2_common import Answer, Request, outlet_of, unknown_evse
from currant.simulator.v2_profiles import (
    clear_charging_profile,
    composite_schedule,
    get_charging_profiles,
    read_profile,
    set_charging_profile,
)
from currant.simulator.v2_variables import get_base_report, get_report, get_variables, set_variables

if TYPE_CHECKING:
    from currant.simulator.v2 import V2


def request_start(words: "V2", request: Request) -> Answer:
    outlet = outlet_of(words, request.evse_id)
    if outlet is None and request.evse_id is not None:
        return words.types.RequestStartTransactionResponse(status="Rejected")
    chosen = verbs.remote_start(words.station, outlet, request.id_token.id_token, request.remote_start_id)
    if chosen is None:
        return words.types.RequestStartTransactionResponse(status="Rejected")
    if request.charging_profile is not None:
        verbs.store_profile(words.station, read_profile(chosen.number, request.charging_profile))
    running = chosen.transaction
    return words.types.RequestStartTransactionResponse(
        status="Accepted", transaction_id=running.id if running is not None else None
    )


def request_stop(words: "V2", request: Request) -> Answer:
    for outlet in words.station.outlets:
        if outlet.transaction is not None and outlet.transaction.id == request.transaction_id:
            verbs.remote_stop(words.station, outlet)
            return words.types.RequestStopTransactionResponse(status="Accepted")
    return words.types.RequestStopTransactionResponse(status="Rejected")


def reset(words: "V2", request: Request) -> Answer:
    station, respond = words.station, words.types.ResetResponse
    if request.evse_id is not None:
        # One EVSE restarts alone only where AllowReset says so (B11.FR.09); here it does not.
        return respond(status="Rejected")
    busy = any(outlet.transaction is not None for outlet in station.outlets)
    if request.type == "OnIdle" and busy:
        station.reset_when_idle = True
        return respond(status="Scheduled")
    station.run_steps([(0.2, lambda: station.reboot("RemoteReset", stopping="ImmediateReset"))])
    return respond(status="Accepted")


def unlock(words: "V2", request: Request) -> Answer:
    outlet, respond = outlet_of(words, request.evse_id), words.types.UnlockConnectorResponse
    if outlet is None or not 1 <= request.connector_id <= len(outlet.spec.connectors):
        return respond(status="UnknownConnector")
    if outlet.transaction is not None and outlet.transaction.token is not None:
        return respond(status="OngoingAuthorizedTransaction")
    return respond(status="UnlockFailed" if outlet.fault == "lock" else "Unlocked")


def change_availability(words: "V2", request: Request) -> Answer:
    evse_id = None if request.evse is None else request.evse.id
    if unknown_evse(words, evse_id):
        return words.types.ChangeAvailabilityResponse(status="Rejected")
    outlet = outlet_of(words, evse_id)
    outlets = words.station.outlets if outlet is None else [outlet]
    operative = request.operational_status == "Operative"
    scheduled = verbs.change_availability(words.station, outlets, operative=operative)
    return words.types.ChangeAvailabilityResponse(status="Scheduled" if scheduled else "Accepted")


def trigger(words: "V2", request: Request) -> Answer:
    station, respond = words.station, words.types.TriggerMessageResponse
    evse_id = None if request.evse is None else request.evse.id
    if unknown_evse(words, evse_id):
        return respond(status="Rejected")
    outlet = outlet_of(words, evse_id)
    outlets = station.outlets if outlet is None else [outlet]
    actions: dict[str, Callable[[], None]] = {
        "BootNotification": station.boot_again_now,
        "Heartbeat": words.heartbeat,
        "StatusNotification": lambda: _each(outlets, words.status),
        "MeterValues": lambda: _each(outlets, lambda each: words.metered(each, "Trigger")),
        "TransactionEvent": lambda: _each(outlets, words.triggered),
        "LogStatusNotification": lambda: words.log_status("Idle", None),
        "FirmwareStatusNotification": lambda: words.firmware_status("Idle", None),
        "SignChargingStationCertificate": lambda: _sign(words, "ChargingStationCertificate"),
    }
    action = actions.get(request.requested_message)
    if action is None:
        return respond(status="NotImplemented")
    if request.requested_message == "BootNotification" and station.accepted:
        # A station that is accepted must not boot again for being asked (F06.FR.17).
        return respond(status="Rejected")
    station.run_steps([(0.2, action)])
    return respond(status="Accepted")


def _each(outlets: Iterable[Outlet], action: Callable[[Outlet], None]) -> None:
    for outlet in outlets:
        action(outlet)


def _sign(words: "V2", certificate_type: str) -> None:
    message = words.types.SignCertificate(
        csr=verbs.certificate_request(words.station.spec), certificate_type=certificate_type
    )
    words.station.post("SignCertificate", lambda: message)


def reserve(words: "V2", request: Request) -> Answer:
    outlet = outlet_of(words, request.evse_id)
    if outlet is None and request.evse_id is None:
        outlet = next((each for each in words.station.outlets if each.free and not each.reservation), None)
    if outlet is None:
        return words.types.ReserveNowResponse(status="Occupied" if request.evse_id is None else "Rejected")
    group = request.group_id_token
    reservation = Reservation(
        id=request.id,
        token=request.id_token.id_token,
        group=None if group is None else group.id_token,
        until=request.expiry_date_time.timestamp(),
    )
    return words.types.ReserveNowResponse(status=verbs.reserve(words.station, outlet, reservation))


def cancel_reservation(words: "V2", request: Request) -> Answer:
    done = verbs.cancel_reservation(words.station, request.reservation_id)
    return words.types.CancelReservationResponse(status="Accepted" if done else "Rejected")


def local_list_version(words: "V2", request: Request) -> Answer:
    return words.types.GetLocalListVersionResponse(version_number=words.station.local_list_version)


def send_local_list(words: "V2", request: Request) -> Answer:
    entries = {
        entry.id_token.id_token: None if entry.id_token_info is None else str(entry.id_token_info.status)
        for entry in request.local_authorization_list or []
    }
    full = request.update_type == "Full"
    status = verbs.send_local_list(words.station, request.version_number, entries, full=full)
    return words.types.SendLocalListResponse(status=status)


def transaction_status(words: "V2", request: Request) -> Answer:
    station = words.station
    waiting = bool(station.outbox.transactional)
    ongoing = None
    if request.transaction_id is not None:
        running = [outlet.transaction.id for outlet in station.outlets if outlet.transaction is not None]
        ongoing = request.transaction_id in running
    return words.types.GetTransactionStatusResponse(messages_in_queue=waiting, ongoing_indicator=ongoing)


def data_transfer(words: "V2", request: Request) -> Answer:
    respond = words.types.DataTransferResponse
    if request.vendor_id != words.station.spec.vendor:
        return respond(status="UnknownVendorId")
    if request.message_id != "Echo":
        return respond(status="UnknownMessageId")
    return respond(status="Accepted", data=request.data)


def get_log(words: "V2", request: Request) -> Answer:
    verbs.upload_log(words.station, request.request_id)
    return words.types.GetLogResponse(status="Accepted", filename=f"{words.station.spec.identity}.zip"[-255:])


def update_firmware(words: "V2", request: Request) -> Answer:
    firmware = request.firmware
    retrieve_at = firmware.retrieve_date_time.timestamp()
    verbs.update_firmware(words.station, firmware.location, request.request_id, retrieve_at)
    return words.types.UpdateFirmwareResponse(status="Accepted")


def customer_information(words: "V2", request: Request) -> Answer:
    station, types = words.station, words.types
    if request.report:
        message = types.NotifyCustomerInformation(
            data="No customer data is kept.",
            seq_no=0,
            generated_at=station.stamp(),
            request_id=request.request_id,
        )
        station.run_steps([(0.5, lambda: station.post("NotifyCustomerInformation", lambda: message))])
    return types.CustomerInformationResponse(status="Accepted")


def certificate_signed(words: "V2", request: Request) -> Answer:
    fits = "BEGIN CERTIFICATE" in request.certificate_chain
    return words.types.CertificateSignedResponse(status="Accepted" if fits else "Rejected")


def install_certificate(words: "V2", request: Request) -> Answer:
    fits = "BEGIN CERTIFICATE" in request.certificate
    return words.types.InstallCertificateResponse(status="Accepted" if fits else "Rejected")


def _always(response: str, **fields: Any) -> Callable[["V2", Request], Answer]:
    def command(words: "V2", request: Request) -> Answer:
        return getattr(words.types, response)(**fields)

    return command


Command = Callable[["V2", Request], Answering]
COMMANDS: dict[str, Command] = {
    "CancelReservation": cancel_reservation,
    "CertificateSigned": certificate_signed,
    "ChangeAvailability": change_availability,
    "ClearCache": _always("ClearCacheResponse", status="Accepted"),
    "ClearChargingProfile": clear_charging_profile,
    "CostUpdated": _always("CostUpdatedResponse"),
    "CustomerInformation": customer_information,
    "DataTransfer": data_transfer,
    "DeleteCertificate": _always("DeleteCertificateResponse", status="NotFound"),
    "GetBaseReport": get_base_report,
    "GetChargingProfiles": get_charging_profiles,
    "GetCompositeSchedule": composite_schedule,
    "GetDisplayMessages": _always("GetDisplayMessagesResponse", status="Unknown"),
    "GetInstalledCertificateIds": _always("GetInstalledCertificateIdsResponse", status="NotFound"),
    "GetLocalListVersion": local_list_version,
    "GetLog": get_log,
    "GetMonitoringReport": _always("GetMonitoringReportResponse", status="EmptyResultSet"),
    "GetReport": get_report,
    "GetTransactionStatus": transaction_status,
    "GetVariables": get_variables,
    "InstallCertificate": install_certificate,
    "RequestStartTransaction": request_start,
    "RequestStopTransaction": request_stop,
    "ReserveNow": reserve,
    "Reset": reset,
    "SendLocalList": send_local_list,
    "SetChargingProfile": set_charging_profile,
    "SetMonitoringBase": _always("SetMonitoringBaseResponse", status="NotSupported"),
    "SetMonitoringLevel": _always("SetMonitoringLevelResponse", status="Rejected"),
    "SetNetworkProfile": _always("SetNetworkProfileResponse", status="Accepted"),
    "SetVariables": set_variables,
    "TriggerMessage": trigger,
    "UnlockConnector": unlock,
    "UpdateFirmware": update_firmware,
}
