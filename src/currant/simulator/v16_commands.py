"""What a simulated station answers to each request of OCPP 1.6."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from currant.ocpp import v16
from currant.simulator import allowlist, limits, network, profiles, reservations, verbs
from currant.simulator.dialect import Answering, Switch
from currant.simulator.files import Files, FirmwareOrder, Job, LogOrder
from currant.simulator.keyring import STATION_CERTIFICATE, HashData, Keyring
from currant.simulator.limits import Period, Profile, Purpose
from currant.simulator.reservations import Reservation
from currant.simulator.v16_configuration import change_configuration, get_configuration

if TYPE_CHECKING:
    from currant.simulator.v16 import V16

PURPOSES = {
    "ChargePointMaxProfile": Purpose.STATION_MAX,
    "TxDefaultProfile": Purpose.DEFAULT,
    "TxProfile": Purpose.TRANSACTION,
}


def change_availability(words: "V16", request: v16.ChangeAvailability) -> Answering:
    outlet = words.outlet_of(request.connector_id)
    if outlet is None and request.connector_id != 0:
        return v16.ChangeAvailabilityResponse(status="Rejected")
    outlets = words.station.outlets if outlet is None else [outlet]
    connector = None
    if outlet is None:
        # Said of the whole station it holds for every connector, whatever was said of it before (5.2).
        for each in outlets:
            each.inoperative_connectors = frozenset()
    else:
        connector = request.connector_id - words.connector_of(outlet, 1) + 1
    scheduled = verbs.change_availability(
        words.station, outlets, operative=request.type == "Operative", connector=connector
    )
    return v16.ChangeAvailabilityResponse(status="Scheduled" if scheduled else "Accepted")


def clear_cache(words: "V16", request: v16.ClearCache) -> Answering:
    done = verbs.clear_cache(words.station)
    return v16.ClearCacheResponse(status="Accepted" if done else "Rejected")


def data_transfer(words: "V16", request: v16.DataTransfer) -> Answering:
    if request.vendor_id != words.station.spec.vendor:
        return v16.DataTransferResponse(status="UnknownVendorId")
    if request.message_id != "Echo":
        return v16.DataTransferResponse(status="UnknownMessageId")
    return v16.DataTransferResponse(status="Accepted", data=request.data)


def remote_start(words: "V16", request: v16.RemoteStartTransaction) -> Answering:
    outlet, wire = None, request.charging_profile
    if wire is not None and wire.charging_profile_purpose != "TxProfile":
        # 1.6, 5.11: nothing else makes sense here.
        return v16.RemoteStartTransactionResponse(status="Rejected")
    if request.connector_id is not None:
        outlet = words.outlet_of(request.connector_id)
        if outlet is None:
            return v16.RemoteStartTransactionResponse(status="Rejected")
        outlet.connector = request.connector_id - words.connector_of(outlet, 1) + 1
    chosen = verbs.remote_start(words.station, outlet, request.id_tag)
    if chosen is not None and wire is not None:
        profiles.store(words.station, _profile(chosen.number, wire))
    return v16.RemoteStartTransactionResponse(status="Accepted" if chosen else "Rejected")


def remote_stop(words: "V16", request: v16.RemoteStopTransaction) -> Answering:
    for outlet in words.station.outlets:
        if outlet.transaction is not None and outlet.transaction.number == request.transaction_id:
            verbs.remote_stop(words.station, outlet)
            return v16.RemoteStopTransactionResponse(status="Accepted")
    return v16.RemoteStopTransactionResponse(status="Rejected")


def reset(words: "V16", request: v16.Reset) -> Answering:
    stopping = "ImmediateReset" if request.type == "Hard" else "SoftReset"
    words.station.run_steps([(0.2, lambda: words.station.reboot("RemoteReset", stopping=stopping))])
    return v16.ResetResponse(status="Accepted")


def unlock(words: "V16", request: v16.UnlockConnector) -> Answering:
    outlet = words.outlet_of(request.connector_id)
    if outlet is None or outlet.spec.cable_attached:
        return v16.UnlockConnectorResponse(status="NotSupported")
    if outlet.fault == "lock":
        return v16.UnlockConnectorResponse(status="UnlockFailed")
    words.station.run_steps([(0.2, lambda: outlet.stop("UnlockCommand"))])
    return v16.UnlockConnectorResponse(status="Unlocked")


def reserve(words: "V16", request: v16.ReserveNow) -> Answering:
    outlet = words.outlet_of(request.connector_id)
    outlets = words.station.outlets if request.connector_id == 0 else [outlet] if outlet else []
    reservation = Reservation(
        id=request.reservation_id,
        token=request.id_tag,
        group=request.parent_id_tag,
        until=request.expiry_date.timestamp(),
        anywhere=request.connector_id == 0,
    )
    status = reservations.reserve(words.station, outlets, reservation)
    return v16.ReserveNowResponse(status=cast("v16.ReservationStatus", status))


def cancel_reservation(words: "V16", request: v16.CancelReservation) -> Answering:
    done = reservations.cancel(words.station, request.reservation_id)
    return v16.CancelReservationResponse(status="Accepted" if done else "Rejected")


def local_list_version(words: "V16", request: v16.GetLocalListVersion) -> Answering:
    """-1 says that there are no local lists here (1.6, 5.10)."""
    used = words.switched_on(Switch.LOCAL_LIST)
    return v16.GetLocalListVersionResponse(list_version=words.station.local_list_version if used else -1)


def send_local_list(words: "V16", request: v16.SendLocalList) -> Answering:
    if not words.switched_on(Switch.LOCAL_LIST):
        return v16.SendLocalListResponse(status="NotSupported")
    listed = request.local_authorization_list or []
    entries = {
        entry.id_tag: None
        if entry.id_tag_info is None
        else (str(entry.id_tag_info.status), entry.id_tag_info.parent_id_tag)
        for entry in listed
    }
    full = request.update_type == "Full"
    status = allowlist.send_list(words.station, request.list_version, entries, full=full, items=len(listed))
    return v16.SendLocalListResponse(status=cast("v16.UpdateStatus", status))


def set_charging_profile(words: "V16", request: v16.SetChargingProfile) -> Answering:
    outlet, wire = words.outlet_of(request.connector_id), request.cs_charging_profiles
    profile = _profile(0 if outlet is None else outlet.number, wire)
    unknown = outlet is None and request.connector_id != 0
    # The station's maximum is for connector 0 alone (1.6, 3.13.1).
    misplaced = profile.purpose is Purpose.STATION_MAX and request.connector_id != 0
    recurs = (wire.charging_profile_kind == "Recurring") == (wire.recurrency_kind is not None)
    if unknown or misplaced or not recurs or not profiles.fits(words.station, outlet, profile):
        return v16.SetChargingProfileResponse(status="Rejected")
    done = profiles.store(words.station, profile)
    return v16.SetChargingProfileResponse(status="Accepted" if done else "Rejected")


def clear_charging_profile(words: "V16", request: v16.ClearChargingProfile) -> Answering:
    outlet = None if request.connector_id is None else words.outlet_of(request.connector_id)
    cleared = profiles.clear(
        words.station,
        id=request.id,
        evse=None if request.connector_id is None else outlet.number if outlet else 0,
        purpose=None
        if request.charging_profile_purpose is None
        else PURPOSES[request.charging_profile_purpose],
        stack_level=request.stack_level,
    )
    return v16.ClearChargingProfileResponse(status="Accepted" if cleared else "Unknown")


def composite_schedule(words: "V16", request: v16.GetCompositeSchedule) -> Answering:
    outlet = words.outlet_of(request.connector_id)
    if outlet is None and request.connector_id != 0:
        return v16.GetCompositeScheduleResponse(status="Rejected")
    unit = request.charging_rate_unit or "W"
    schedule = profiles.composite(words.station, outlet, request.duration, in_watts=unit == "W")
    return v16.GetCompositeScheduleResponse(
        status="Accepted",
        connector_id=request.connector_id,
        schedule_start=words.station.stamp(),
        charging_schedule=v16.ChargingSchedule(
            duration=request.duration,
            charging_rate_unit=unit,
            charging_schedule_period=[
                v16.ChargingSchedulePeriod(start_period=start, limit=limit) for start, limit in schedule
            ],
        ),
    )


def trigger(words: "V16", request: v16.TriggerMessage | v16.ExtendedTriggerMessage) -> str:
    station, dialect = words.station, words.station.dialect
    outlets, files = station.outlets, station.has(Files)
    if request.connector_id:
        outlet = words.outlet_of(request.connector_id)
        if outlet is None:
            return "Rejected"
        outlets = [outlet]

    def speak() -> None:
        match request.requested_message:
            case "BootNotification":
                station.boot_again_now()
            case "Heartbeat":
                dialect.heartbeat()
            case "StatusNotification":
                for outlet in outlets:
                    dialect.status(outlet)
            case "MeterValues":
                for outlet in outlets:
                    dialect.metered(outlet, "Trigger")
            case "DiagnosticsStatusNotification" | "LogStatusNotification":
                dialect.log_status(
                    *_stage(None if files is None else files.log, request.requested_message[0] == "L")
                )
            case "FirmwareStatusNotification":
                signed = isinstance(request, v16.ExtendedTriggerMessage)
                dialect.firmware_status(*_stage(None if files is None else files.firmware, signed))
            case "SignChargePointCertificate":
                dialect.sign_certificate(STATION_CERTIFICATE)

    station.run_steps([(0.2, speak)])
    return "Accepted"


def trigger_message(words: "V16", request: v16.TriggerMessage) -> Answering:
    return v16.TriggerMessageResponse(status=cast("v16.TriggerMessageStatus", trigger(words, request)))


def extended_trigger(words: "V16", request: v16.ExtendedTriggerMessage) -> Answering:
    return v16.ExtendedTriggerMessageResponse(
        status=cast("v16.TriggerMessageStatusEnumType", trigger(words, request))
    )


def _stage(job: Job | None, signed: bool) -> tuple[str, int | None]:
    """Where a job stands; without one the notification is idle, in the words of the security extension or not."""
    if job is None or (job.request_id is None) == signed:
        return "Idle", 0 if signed else None
    return job.status, job.request_id


def get_diagnostics(words: "V16", request: v16.GetDiagnostics) -> Answering:
    order = LogOrder(
        location=request.location,
        request_id=None,
        retries=request.retries or 0,
        retry_after_s=request.retry_interval or 0,
    )
    _, name = words.station.part(Files).send_log(order)
    return v16.GetDiagnosticsResponse(file_name=name)


def get_log(words: "V16", request: v16.GetLog) -> Answering:
    order = LogOrder(
        location=request.log.remote_location,
        request_id=request.request_id,
        kind=request.log_type,
        retries=request.retries or 0,
        retry_after_s=request.retry_interval or 0,
    )
    status, name = words.station.part(Files).send_log(order)
    return v16.GetLogResponse(status=status, filename=name)


def update_firmware(words: "V16", request: v16.UpdateFirmware) -> Answering:
    words.station.part(Files).update(
        FirmwareOrder(
            location=request.location,
            request_id=None,
            retrieve_at=request.retrieve_date.timestamp(),
            retries=request.retries or 0,
            retry_after_s=request.retry_interval or 0,
        )
    )
    return v16.UpdateFirmwareResponse()


def signed_update_firmware(words: "V16", request: v16.SignedUpdateFirmware) -> Answering:
    firmware = request.firmware
    status = words.station.part(Files).update(
        FirmwareOrder(
            location=firmware.location,
            request_id=request.request_id,
            retrieve_at=firmware.retrieve_date_time.timestamp(),
            install_at=firmware.install_date_time.timestamp() if firmware.install_date_time else None,
            certificate=firmware.signing_certificate,
            signature=firmware.signature,
            retries=request.retries or 0,
            retry_after_s=request.retry_interval or 0,
        )
    )
    return v16.SignedUpdateFirmwareResponse(status=status)


def certificate_signed(words: "V16", request: v16.CertificateSigned) -> Answering:
    fits = words.station.part(Keyring).accept(STATION_CERTIFICATE, request.certificate_chain)
    if not fits:
        words.station.run_steps([(0.5, lambda: words.security_event("InvalidChargePointCertificate"))])
    else:
        network.certificate_renewed(words.station)
    return v16.CertificateSignedResponse(status="Accepted" if fits else "Rejected")


def install_certificate(words: "V16", request: v16.InstallCertificate) -> Answering:
    status = words.station.part(Keyring).install(request.certificate_type, request.certificate)
    if status == "Failed":
        words.station.run_steps([(0.5, lambda: words.security_event("InvalidCentralSystemCertificate"))])
    return v16.InstallCertificateResponse(status=status)


def delete_certificate(words: "V16", request: v16.DeleteCertificate) -> Answering:
    wire = request.certificate_hash_data
    wanted = HashData(
        algorithm=wire.hash_algorithm,
        issuer_name=wire.issuer_name_hash,
        issuer_key=wire.issuer_key_hash,
        serial=wire.serial_number,
    )
    return v16.DeleteCertificateResponse(status=words.station.part(Keyring).delete(wanted))


def installed_certificates(words: "V16", request: v16.GetInstalledCertificateIds) -> Answering:
    installed = words.station.part(Keyring).list_installed([request.certificate_type])
    if not installed:
        return v16.GetInstalledCertificateIdsResponse(status="NotFound")
    return v16.GetInstalledCertificateIdsResponse(
        status="Accepted",
        certificate_hash_data=[
            v16.CertificateHashDataType(
                hash_algorithm="SHA256",
                issuer_name_hash=each.issuer_name,
                issuer_key_hash=each.issuer_key,
                serial_number=each.serial,
            )
            for _, each, _ in installed
        ],
    )


def _profile(evse: int, profile: v16.ChargingProfile) -> Profile:
    schedule = profile.charging_schedule
    repeats = {"Daily": limits.DAY_S, "Weekly": limits.WEEK_S}.get(profile.recurrency_kind or "")
    return Profile(
        id=profile.charging_profile_id,
        evse=evse,
        purpose=PURPOSES[profile.charging_profile_purpose],
        stack_level=profile.stack_level,
        in_watts=schedule.charging_rate_unit == "W",
        periods=tuple(
            Period(starts_after_s=period.start_period, limit=period.limit, phases=period.number_phases)
            for period in schedule.charging_schedule_period
        ),
        relative=profile.charging_profile_kind == "Relative",
        starts_at=schedule.start_schedule.timestamp() if schedule.start_schedule else None,
        duration_s=schedule.duration,
        repeats_s=repeats if profile.charging_profile_kind == "Recurring" else None,
        valid_from=profile.valid_from.timestamp() if profile.valid_from else None,
        valid_to=profile.valid_to.timestamp() if profile.valid_to else None,
        transaction=None if profile.transaction_id is None else str(profile.transaction_id),
    )


Command = Callable[["V16", Any], Answering]
COMMANDS: dict[str, Command] = {
    "CancelReservation": cancel_reservation,
    "CertificateSigned": certificate_signed,
    "ChangeAvailability": change_availability,
    "ChangeConfiguration": change_configuration,
    "ClearCache": clear_cache,
    "ClearChargingProfile": clear_charging_profile,
    "DataTransfer": data_transfer,
    "DeleteCertificate": delete_certificate,
    "ExtendedTriggerMessage": extended_trigger,
    "GetCompositeSchedule": composite_schedule,
    "GetConfiguration": get_configuration,
    "GetDiagnostics": get_diagnostics,
    "GetInstalledCertificateIds": installed_certificates,
    "GetLocalListVersion": local_list_version,
    "GetLog": get_log,
    "InstallCertificate": install_certificate,
    "RemoteStartTransaction": remote_start,
    "RemoteStopTransaction": remote_stop,
    "ReserveNow": reserve,
    "Reset": reset,
    "SendLocalList": send_local_list,
    "SetChargingProfile": set_charging_profile,
    "SignedUpdateFirmware": signed_update_firmware,
    "TriggerMessage": trigger_message,
    "UnlockConnector": unlock,
    "UpdateFirmware": update_firmware,
}
