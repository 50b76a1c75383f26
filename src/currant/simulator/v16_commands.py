"""What a simulated station answers to each request of OCPP 1.6."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from currant.ocpp import v16
from currant.simulator import limits, verbs
from currant.simulator.dialect import Answering
from currant.simulator.limits import Period, Profile, Purpose
from currant.simulator.outlet import Reservation

if TYPE_CHECKING:
    from currant.simulator.v16 import V16

PURPOSES = {
    "ChargePointMaxProfile": Purpose.STATION_MAX,
    "TxDefaultProfile": Purpose.DEFAULT,
    "TxProfile": Purpose.TRANSACTION,
}

# Key: default, or None when it follows from the station; and whether it is read-only (1.6, chapter 9).
CONFIGURATION: dict[str, tuple[str, bool]] = {
    "AllowOfflineTxForUnknownId": ("true", False),
    "AuthorizationCacheEnabled": ("true", False),
    "AuthorizeRemoteTxRequests": ("false", True),
    "ClockAlignedDataInterval": ("0", False),
    "ConnectionTimeOut": ("60", False),
    "GetConfigurationMaxKeys": ("50", True),
    "LocalAuthorizeOffline": ("true", False),
    "LocalPreAuthorize": ("true", False),
    "MeterValuesAlignedData": ("Energy.Active.Import.Register", False),
    "MeterValuesSampledData": (
        "Energy.Active.Import.Register,Power.Active.Import,Current.Import,Voltage,SoC",
        False,
    ),
    "ResetRetries": ("1", False),
    "ConnectorPhaseRotation": ("0.RST", False),
    "StopTransactionOnEVSideDisconnect": ("true", True),
    "StopTransactionOnInvalidId": ("true", False),
    "StopTxnAlignedData": ("", False),
    "StopTxnSampledData": ("Energy.Active.Import.Register", False),
    "SupportedFeatureProfiles": (
        "Core,FirmwareManagement,LocalAuthListManagement,Reservation,SmartCharging,RemoteTrigger",
        True,
    ),
    "TransactionMessageAttempts": ("5", False),
    "TransactionMessageRetryInterval": ("10", False),
    "UnlockConnectorOnEVSideDisconnect": ("true", False),
    "WebSocketPingInterval": ("0", False),
    "LocalAuthListEnabled": ("true", False),
    "LocalAuthListMaxLength": (str(verbs.LOCAL_LIST_MAX), True),
    "SendLocalListMaxLength": ("500", True),
    "ReserveConnectorZeroSupported": ("false", True),
    "ChargeProfileMaxStackLevel": ("10", True),
    "ChargingScheduleAllowedChargingRateUnit": ("Current,Power", True),
    "ChargingScheduleMaxPeriods": ("24", True),
    "MaxChargingProfilesInstalled": (str(verbs.PROFILES_MAX), True),
    "SecurityProfile": ("1", True),
    "CpoName": ("", False),
}
_NUMBERS = {
    "ClockAlignedDataInterval",
    "ConnectionTimeOut",
    "HeartbeatInterval",
    "MeterValueSampleInterval",
    "ResetRetries",
    "TransactionMessageAttempts",
    "TransactionMessageRetryInterval",
    "WebSocketPingInterval",
}
_BOOLEANS = {key for key, (value, _) in CONFIGURATION.items() if value in ("true", "false")}


def _configuration(words: "V16") -> dict[str, tuple[str, bool]]:
    station = words.station
    everything = dict(CONFIGURATION)
    everything["HeartbeatInterval"] = (f"{station.heartbeat_s:.0f}", False)
    everything["MeterValueSampleInterval"] = (f"{station.sample_interval_s:.0f}", False)
    everything["NumberOfConnectors"] = (str(words.connectors), True)
    for key, value in station.settings.items():
        if key in everything:
            everything[key] = (value, everything[key][1])
    return everything


def get_configuration(words: "V16", request: v16.GetConfiguration) -> Answering:
    known = _configuration(words)
    asked = request.key or sorted(known)
    found = [
        v16.KeyValue(key=key, readonly=known[key][1], value=known[key][0] or None)
        for key in asked
        if key in known
    ]
    unknown = [key for key in asked if key not in known]
    return v16.GetConfigurationResponse(configuration_key=found or None, unknown_key=unknown or None)


def change_configuration(words: "V16", request: v16.ChangeConfiguration) -> Answering:
    station, key, value = words.station, request.key, request.value
    if key == "AuthorizationKey":
        # Given as hex digits, used as the bytes they stand for (security whitepaper, A05.FR.02).
        try:
            station.password = bytes.fromhex(value).decode("latin-1")
        except ValueError:
            station.password = value
        return v16.ChangeConfigurationResponse(status="Accepted")
    known = _configuration(words)
    if key not in known:
        return v16.ChangeConfigurationResponse(status="NotSupported")
    if known[key][1]:
        return v16.ChangeConfigurationResponse(status="Rejected")
    if key in _NUMBERS and not (value.isdigit() and int(value) < 10_000_000):
        return v16.ChangeConfigurationResponse(status="Rejected")
    if key in _BOOLEANS and value.lower() not in ("true", "false"):
        return v16.ChangeConfigurationResponse(status="Rejected")
    if key == "HeartbeatInterval" and int(value) > 0:
        station.change_heartbeat(float(value))
    elif key == "MeterValueSampleInterval" and int(value) > 0:
        station.sample_interval_s = float(value)
    else:
        station.settings[key] = value
    return v16.ChangeConfigurationResponse(status="Accepted")


def change_availability(words: "V16", request: v16.ChangeAvailability) -> Answering:
    outlet = words.outlet_of(request.connector_id)
    if outlet is None and request.connector_id != 0:
        return v16.ChangeAvailabilityResponse(status="Rejected")
    outlets = words.station.outlets if outlet is None else [outlet]
    scheduled = verbs.change_availability(words.station, outlets, operative=request.type == "Operative")
    return v16.ChangeAvailabilityResponse(status="Scheduled" if scheduled else "Accepted")


def clear_cache(words: "V16", request: v16.ClearCache) -> Answering:
    return v16.ClearCacheResponse(status="Accepted")


def data_transfer(words: "V16", request: v16.DataTransfer) -> Answering:
    if request.vendor_id != words.station.spec.vendor:
        return v16.DataTransferResponse(status="UnknownVendorId")
    if request.message_id != "Echo":
        return v16.DataTransferResponse(status="UnknownMessageId")
    return v16.DataTransferResponse(status="Accepted", data=request.data)


def remote_start(words: "V16", request: v16.RemoteStartTransaction) -> Answering:
    outlet = None
    if request.connector_id is not None:
        outlet = words.outlet_of(request.connector_id)
        if outlet is None:
            return v16.RemoteStartTransactionResponse(status="Rejected")
        outlet.connector = request.connector_id - words.connector_of(outlet, 1) + 1
    chosen = verbs.remote_start(words.station, outlet, request.id_tag)
    if chosen is not None and request.charging_profile is not None:
        profile = _profile(chosen.number, request.charging_profile)
        verbs.store_profile(words.station, profile)
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
    if outlet is None:
        return v16.ReserveNowResponse(status="Rejected")
    reservation = Reservation(
        id=request.reservation_id,
        token=request.id_tag,
        group=request.parent_id_tag,
        until=request.expiry_date.timestamp(),
    )
    status = verbs.reserve(words.station, outlet, reservation)
    return v16.ReserveNowResponse(status=cast("v16.ReservationStatus", status))


def cancel_reservation(words: "V16", request: v16.CancelReservation) -> Answering:
    done = verbs.cancel_reservation(words.station, request.reservation_id)
    return v16.CancelReservationResponse(status="Accepted" if done else "Rejected")


def local_list_version(words: "V16", request: v16.GetLocalListVersion) -> Answering:
    return v16.GetLocalListVersionResponse(list_version=words.station.local_list_version)


def send_local_list(words: "V16", request: v16.SendLocalList) -> Answering:
    entries = {
        entry.id_tag: None if entry.id_tag_info is None else str(entry.id_tag_info.status)
        for entry in request.local_authorization_list or []
    }
    status = verbs.send_local_list(
        words.station, request.list_version, entries, full=request.update_type == "Full"
    )
    return v16.SendLocalListResponse(status=cast("v16.UpdateStatus", status))


def set_charging_profile(words: "V16", request: v16.SetChargingProfile) -> Answering:
    outlet = words.outlet_of(request.connector_id)
    profile = _profile(0 if outlet is None else outlet.number, request.cs_charging_profiles)
    if (outlet is None and request.connector_id != 0) or not verbs.profile_fits(
        words.station, outlet, profile
    ):
        return v16.SetChargingProfileResponse(status="Rejected")
    done = verbs.store_profile(words.station, profile)
    return v16.SetChargingProfileResponse(status="Accepted" if done else "Rejected")


def clear_charging_profile(words: "V16", request: v16.ClearChargingProfile) -> Answering:
    outlet = None if request.connector_id is None else words.outlet_of(request.connector_id)
    cleared = verbs.clear_profiles(
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
    schedule = verbs.composite(words.station, outlet, request.duration, in_watts=unit == "W")
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
    outlets = station.outlets
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
                dialect.log_status("Idle", 0 if request.requested_message[0] == "L" else None)
            case "FirmwareStatusNotification":
                dialect.firmware_status("Idle", None)
            case "SignChargePointCertificate":
                message = v16.SignCertificate(csr=verbs.certificate_request(station.spec))
                station.post("SignCertificate", lambda: message)

    station.run_steps([(0.2, speak)])
    return "Accepted"


def trigger_message(words: "V16", request: v16.TriggerMessage) -> Answering:
    return v16.TriggerMessageResponse(status=cast("v16.TriggerMessageStatus", trigger(words, request)))


def extended_trigger(words: "V16", request: v16.ExtendedTriggerMessage) -> Answering:
    return v16.ExtendedTriggerMessageResponse(
        status=cast("v16.TriggerMessageStatusEnumType", trigger(words, request))
    )


def get_diagnostics(words: "V16", request: v16.GetDiagnostics) -> Answering:
    verbs.upload_log(words.station, None)
    return v16.GetDiagnosticsResponse(file_name=f"{words.station.spec.identity}.zip"[-255:])


def get_log(words: "V16", request: v16.GetLog) -> Answering:
    verbs.upload_log(words.station, request.request_id)
    return v16.GetLogResponse(status="Accepted", filename=f"{words.station.spec.identity}.zip"[-255:])


def update_firmware(words: "V16", request: v16.UpdateFirmware) -> Answering:
    verbs.update_firmware(words.station, request.location, None, request.retrieve_date.timestamp())
    return v16.UpdateFirmwareResponse()


def signed_update_firmware(words: "V16", request: v16.SignedUpdateFirmware) -> Answering:
    firmware = request.firmware
    verbs.update_firmware(
        words.station, firmware.location, request.request_id, firmware.retrieve_date_time.timestamp()
    )
    return v16.SignedUpdateFirmwareResponse(status="Accepted")


def certificate_signed(words: "V16", request: v16.CertificateSigned) -> Answering:
    fits = "BEGIN CERTIFICATE" in request.certificate_chain
    return v16.CertificateSignedResponse(status="Accepted" if fits else "Rejected")


def install_certificate(words: "V16", request: v16.InstallCertificate) -> Answering:
    fits = "BEGIN CERTIFICATE" in request.certificate
    return v16.InstallCertificateResponse(status="Accepted" if fits else "Rejected")


def delete_certificate(words: "V16", request: v16.DeleteCertificate) -> Answering:
    return v16.DeleteCertificateResponse(status="NotFound")


def installed_certificates(words: "V16", request: v16.GetInstalledCertificateIds) -> Answering:
    return v16.GetInstalledCertificateIdsResponse(status="NotFound")


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
