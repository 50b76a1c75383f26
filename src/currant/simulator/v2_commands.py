"""What a simulated station answers to each request of OCPP 2.0.1 and 2.1."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from currant.simulator import (
    allowlist,
    device_model,
    network,
    profiles,
    reservations,
    v2_certificates,
    v2_display,
    v2_energy,
    v2_files,
    v2_monitoring,
    v2_profiles,
    v2_variables,
    v21_der,
    v21_streams,
    v21_swap,
    v21_tariffs,
    verbs,
)
from currant.simulator.dialect import Answering, Switch
from currant.simulator.outlet import Outlet
from currant.simulator.reservations import Reservation
from currant.simulator.v2_common import Answer, Request, outlet_of, outlet_with, unknown_evse

if TYPE_CHECKING:
    from currant.simulator.v2 import V2

EVENT = "TransactionEvent"


def request_start(words: "V2", request: Request) -> Answer:
    outlet = outlet_of(words, request.evse_id)
    if outlet is None and request.evse_id is not None:
        return words.types.RequestStartTransactionResponse(status="Rejected")
    wire, group = request.charging_profile, request.group_id_token
    if wire is not None and (wire.charging_profile_purpose != "TxProfile" or wire.transaction_id is not None):
        # F01.FR.10, 11: there is no transaction yet that it could name.
        return words.types.RequestStartTransactionResponse(status="Rejected")
    chosen = verbs.remote_start(
        words.station,
        outlet,
        request.id_token.id_token,
        request.remote_start_id,
        group=None if group is None else group.id_token,
    )
    if chosen is None:
        return words.types.RequestStartTransactionResponse(status="Rejected")
    words.remember_kind(request.id_token)
    if wire is not None:
        profiles.store(words.station, v2_profiles.read_profile(chosen.number, wire))
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
    if request.evse_id:
        return _reset_one(words, request)
    busy = any(outlet.transaction is not None for outlet in station.outlets)
    if request.type == "OnIdle" and busy:
        station.when_idle(lambda: station.reboot("ScheduledReset"))
        return respond(status="Scheduled")
    resuming = request.type == "ImmediateAndResume"
    station.run_steps(
        [(0.2, lambda: station.reboot("RemoteReset", stopping="ImmediateReset", resuming=resuming))]
    )
    return respond(status="Accepted")


def _reset_one(words: "V2", request: Request) -> Answer:
    """One EVSE restarts alone only where AllowReset says so (B11.FR.09)."""
    station, respond = words.station, words.types.ResetResponse
    outlet = outlet_of(words, request.evse_id)
    if outlet is None or not station.spec.evse_reset:
        return respond(status="Rejected")
    chosen = outlet
    if request.type == "OnIdle" and chosen.transaction is not None:
        chosen.reset_when_idle = True
        return respond(status="Scheduled")
    station.run_steps([(0.2, lambda: verbs.reset_outlet(station, chosen))])
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
    connector = None if request.evse is None else request.evse.connector_id
    if connector is not None and (outlet is None or not 1 <= connector <= len(outlet.spec.connectors)):
        return words.types.ChangeAvailabilityResponse(status="Rejected")
    outlets = words.station.outlets if outlet is None else [outlet]
    operative = request.operational_status == "Operative"
    scheduled = verbs.change_availability(words.station, outlets, operative=operative, connector=connector)
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
        "LogStatusNotification": lambda: v2_files.tell_log(words),
        "FirmwareStatusNotification": lambda: v2_files.tell_firmware(words),
        "PublishFirmwareStatusNotification": lambda: v2_files.tell_publishing(words),
    }
    use = v2_certificates.SIGNING.get(request.requested_message)
    action = actions.get(request.requested_message)
    if use is not None:
        action = partial(v2_certificates.sign, words, use)
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


def reserve(words: "V2", request: Request) -> Answer:
    station, respond = words.station, words.types.ReserveNowResponse
    if not device_model.is_on(station, "ReservationCtrlr", "Enabled") or unknown_evse(words, request.evse_id):
        return respond(status="Rejected")
    outlet, kind = outlet_of(words, request.evse_id), request.connector_type
    outlets = [
        each
        for each in (station.outlets if outlet is None else [outlet])
        if kind is None or kind in words.connector_kinds(each)
    ]
    group = request.group_id_token
    reservation = Reservation(
        id=request.id,
        token=request.id_token.id_token,
        group=None if group is None else group.id_token,
        until=request.expiry_date_time.timestamp(),
        anywhere=outlet is None,
        connector_type=kind,
    )
    return respond(status=reservations.reserve(station, outlets, reservation))


def cancel_reservation(words: "V2", request: Request) -> Answer:
    done = reservations.cancel(words.station, request.reservation_id)
    return words.types.CancelReservationResponse(status="Accepted" if done else "Rejected")


def local_list_version(words: "V2", request: Request) -> Answer:
    """0 says that there is none (D02.FR.02)."""
    used = words.switched_on(Switch.LOCAL_LIST)
    version = words.station.local_list_version if used else 0
    return words.types.GetLocalListVersionResponse(version_number=version)


def send_local_list(words: "V2", request: Request) -> Answer:
    listed = request.local_authorization_list or []
    entries: dict[str, tuple[str, str | None] | None] = {}
    for entry in listed:
        info = entry.id_token_info
        group = None if info is None or info.group_id_token is None else info.group_id_token.id_token
        entries[entry.id_token.id_token] = None if info is None else (str(info.status), group)
    full = request.update_type == "Full"
    status = allowlist.send_list(words.station, request.version_number, entries, full=full, items=len(listed))
    return words.types.SendLocalListResponse(status=status)


def clear_cache(words: "V2", request: Request) -> Answer:
    done = verbs.clear_cache(words.station)
    return words.types.ClearCacheResponse(status="Accepted" if done else "Rejected")


def transaction_status(words: "V2", request: Request) -> Answer:
    """Whether messages of it, or of any, wait to be delivered; and whether it is going on (E14)."""
    station, wanted = words.station, request.transaction_id
    awaited = [] if station.line.awaited is None else [station.line.awaited]
    waiting: list[Any] = [
        letter.build() for letter in (*awaited, *station.outbox.transactional) if letter.action == EVENT
    ]
    queued = any(wanted in (None, message.transaction_info.transaction_id) for message in waiting)
    return words.types.GetTransactionStatusResponse(
        messages_in_queue=queued,
        ongoing_indicator=None if wanted is None else outlet_with(words, wanted) is not None,
    )


def data_transfer(words: "V2", request: Request) -> Answer:
    respond = words.types.DataTransferResponse
    if request.vendor_id != words.station.spec.vendor:
        return respond(status="UnknownVendorId")
    if request.message_id != "Echo":
        return respond(status="UnknownMessageId")
    return respond(status="Accepted", data=request.data)


def set_network_profile(words: "V2", request: Request) -> Answer:
    """Stored for the next start; not one that is weaker than the present (B09.FR.02, 04, 05)."""
    station, respond, wire = words.station, words.types.SetNetworkProfileResponse, request.connection_data
    slot, level = request.configuration_slot, wire.security_profile
    scheme = wire.ocpp_csms_url.partition("://")[0].lower()
    fits = scheme in ("ws", "wss") and (level < 2 or scheme == "wss") and wire.ocpp_transport == "JSON"
    if slot not in network.SLOTS or not fits or not 0 <= level <= 3:
        return respond(status="Rejected")
    if level < network.security_profile(station):
        return respond(status="Rejected")
    station.part(network.Network).slots[slot] = network.Way(
        slot=slot,
        url=wire.ocpp_csms_url,
        security_profile=level,
        identity=getattr(wire, "identity", None),
        password=getattr(wire, "basic_auth_password", None),
    )
    return respond(status="Accepted")


Command = Callable[["V2", Request], Answering]
COMMANDS: dict[str, Command] = {
    "AFRRSignal": v2_energy.afrr_signal,
    "AdjustPeriodicEventStream": v21_streams.adjust,
    "CancelReservation": cancel_reservation,
    "CertificateSigned": v2_certificates.certificate_signed,
    "ChangeAvailability": change_availability,
    "ChangeTransactionTariff": v21_tariffs.change_transaction_tariff,
    "ClearCache": clear_cache,
    "ClearChargingProfile": v2_profiles.clear_charging_profile,
    "ClearDERControl": v21_der.clear_der_control,
    "ClearDisplayMessage": v2_display.clear_display_message,
    "ClearTariffs": v21_tariffs.clear_tariffs,
    "ClearVariableMonitoring": v2_monitoring.clear_variable_monitoring,
    "CostUpdated": v2_display.cost_updated,
    "CustomerInformation": v2_display.customer_information,
    "DataTransfer": data_transfer,
    "DeleteCertificate": v2_certificates.delete_certificate,
    "GetBaseReport": v2_variables.get_base_report,
    "GetChargingProfiles": v2_profiles.get_charging_profiles,
    "GetCompositeSchedule": v2_profiles.composite_schedule,
    "GetDERControl": v21_der.get_der_control,
    "GetDisplayMessages": v2_display.get_display_messages,
    "GetInstalledCertificateIds": v2_certificates.installed_certificates,
    "GetLocalListVersion": local_list_version,
    "GetLog": v2_files.get_log,
    "GetMonitoringReport": v2_monitoring.get_monitoring_report,
    "GetPeriodicEventStream": v21_streams.list_open,
    "GetReport": v2_variables.get_report,
    "GetTariffs": v21_tariffs.get_tariffs,
    "GetTransactionStatus": transaction_status,
    "GetVariables": v2_variables.get_variables,
    "InstallCertificate": v2_certificates.install_certificate,
    "NotifyAllowedEnergyTransfer": v2_energy.notify_allowed_energy_transfer,
    "NotifyWebPaymentStarted": v21_swap.web_payment_started,
    "PublishFirmware": v2_files.publish_firmware,
    "RequestBatterySwap": v21_swap.request_battery_swap,
    "RequestStartTransaction": request_start,
    "RequestStopTransaction": request_stop,
    "ReserveNow": reserve,
    "Reset": reset,
    "SendLocalList": send_local_list,
    "SetChargingProfile": v2_profiles.set_charging_profile,
    "SetDERControl": v21_der.set_der_control,
    "SetDefaultTariff": v21_tariffs.set_default_tariff,
    "SetDisplayMessage": v2_display.set_display_message,
    "SetMonitoringBase": v2_monitoring.set_monitoring_base,
    "SetMonitoringLevel": v2_monitoring.set_monitoring_level,
    "SetNetworkProfile": set_network_profile,
    "SetVariableMonitoring": v2_monitoring.set_variable_monitoring,
    "SetVariables": v2_variables.set_variables,
    "TriggerMessage": trigger,
    "UnlockConnector": unlock,
    "UnpublishFirmware": v2_files.unpublish_firmware,
    "UpdateDynamicSchedule": v2_profiles.update_dynamic_schedule,
    "UpdateFirmware": v2_files.update_firmware,
    "UsePriorityCharging": v2_profiles.use_priority_charging,
}
