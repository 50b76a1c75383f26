"""What a simulated station answers to each request of OCPP 2.0.1 and 2.1."""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from currant.simulator import device_model, limits, verbs
from currant.simulator.device_model import Variable
from currant.simulator.dialect import Answering
from currant.simulator.limits import Period, Profile, Purpose
from currant.simulator.outlet import Outlet, Reservation

if TYPE_CHECKING:
    from currant.simulator.v2 import V2

PURPOSES = {
    "ChargingStationMaxProfile": Purpose.STATION_MAX,
    "ChargingStationExternalConstraints": Purpose.STATION_MAX,
    "TxDefaultProfile": Purpose.DEFAULT,
    "TxProfile": Purpose.TRANSACTION,
}
_WIRE_PURPOSES = {
    Purpose.STATION_MAX: "ChargingStationMaxProfile",
    Purpose.DEFAULT: "TxDefaultProfile",
    Purpose.TRANSACTION: "TxProfile",
}
REPORT_ITEMS_MAX = 20

# The types of 2.0.1 and 2.1 are chosen by the connection; the codec checks what leaves.
Request = Any
Answer = Any


def _outlet(words: "V2", evse_id: int | None) -> Outlet | None:
    outlets = words.station.outlets
    return outlets[evse_id - 1] if evse_id is not None and 1 <= evse_id <= len(outlets) else None


def _unknown_evse(words: "V2", evse_id: int | None) -> bool:
    return bool(evse_id) and _outlet(words, evse_id) is None


def request_start(words: "V2", request: Request) -> Answer:
    outlet = _outlet(words, request.evse_id)
    if outlet is None and request.evse_id is not None:
        return words.types.RequestStartTransactionResponse(status="Rejected")
    chosen = verbs.remote_start(words.station, outlet, request.id_token.id_token, request.remote_start_id)
    if chosen is None:
        return words.types.RequestStartTransactionResponse(status="Rejected")
    if request.charging_profile is not None:
        verbs.store_profile(words.station, _profile(chosen.number, request.charging_profile))
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
    outlet, respond = _outlet(words, request.evse_id), words.types.UnlockConnectorResponse
    if outlet is None or not 1 <= request.connector_id <= len(outlet.spec.connectors):
        return respond(status="UnknownConnector")
    if outlet.transaction is not None and outlet.transaction.token is not None:
        return respond(status="OngoingAuthorizedTransaction")
    return respond(status="UnlockFailed" if outlet.fault == "lock" else "Unlocked")


def change_availability(words: "V2", request: Request) -> Answer:
    evse_id = None if request.evse is None else request.evse.id
    if _unknown_evse(words, evse_id):
        return words.types.ChangeAvailabilityResponse(status="Rejected")
    outlet = _outlet(words, evse_id)
    outlets = words.station.outlets if outlet is None else [outlet]
    operative = request.operational_status == "Operative"
    scheduled = verbs.change_availability(words.station, outlets, operative=operative)
    return words.types.ChangeAvailabilityResponse(status="Scheduled" if scheduled else "Accepted")


def trigger(words: "V2", request: Request) -> Answer:
    station, respond = words.station, words.types.TriggerMessageResponse
    evse_id = None if request.evse is None else request.evse.id
    if _unknown_evse(words, evse_id):
        return respond(status="Rejected")
    outlet = _outlet(words, evse_id)
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


def _key(component: Any, variable: Any) -> str:
    evse = component.evse
    return Variable(
        component=component.name,
        name=variable.name,
        instance=variable.instance,
        evse=None if evse is None else evse.id,
        connector=None if evse is None else evse.connector_id,
        value="",
    ).key


def get_variables(words: "V2", request: Request) -> Answer:
    results = []
    for asked in request.get_variable_data:
        found = device_model.find(words.station, _key(asked.component, asked.variable))
        value = None
        if found is None:
            known = device_model.component_exists(words.station, asked.component.name)
            status = "UnknownVariable" if known else "UnknownComponent"
        elif asked.attribute_type not in (None, "Actual"):
            status = "NotSupportedAttributeType"
        elif found.hidden:
            status = "Rejected"
        else:
            status, value = "Accepted", found.value
        results.append(
            words.types.GetVariableResultType(
                attribute_status=status,
                component=asked.component,
                variable=asked.variable,
                attribute_type=asked.attribute_type,
                attribute_value=value,
            )
        )
    return words.types.GetVariablesResponse(get_variable_result=results)


def set_variables(words: "V2", request: Request) -> Answer:
    results = [
        words.types.SetVariableResultType(
            attribute_status=_set(words, asked),
            component=asked.component,
            variable=asked.variable,
            attribute_type=asked.attribute_type,
        )
        for asked in request.set_variable_data
    ]
    return words.types.SetVariablesResponse(set_variable_result=results)


def _set(words: "V2", asked: Any) -> str:
    station, value = words.station, asked.attribute_value
    found = device_model.find(station, _key(asked.component, asked.variable))
    if found is None:
        known = device_model.component_exists(station, asked.component.name)
        return "UnknownVariable" if known else "UnknownComponent"
    if asked.attribute_type not in (None, "Actual"):
        return "NotSupportedAttributeType"
    if not found.writable or not device_model.fits(found, value):
        return "Rejected"
    if found.name == "BasicAuthPassword":
        station.password = value
    elif found.name == "HeartbeatInterval":
        station.change_heartbeat(max(1.0, float(value)))
    elif found.name == "TxUpdatedInterval" and float(value) > 0:
        station.sample_interval_s = float(value)
    else:
        station.settings[found.key] = value
    return "Accepted"


def get_base_report(words: "V2", request: Request) -> Answer:
    variables = list(device_model.inventory(words.station))
    if request.report_base == "ConfigurationInventory":
        variables = [variable for variable in variables if variable.writable]
    elif request.report_base == "SummaryInventory":
        variables = [variable for variable in variables if variable.name == "AvailabilityState"]
    _report(words, request.request_id, variables)
    return words.types.GetBaseReportResponse(status="Accepted")


def get_report(words: "V2", request: Request) -> Answer:
    wanted = request.component_variable or []
    variables = [
        variable
        for variable in device_model.inventory(words.station)
        if not wanted or any(_matches(variable, each) for each in wanted)
    ]
    if request.component_criteria and "Problem" in request.component_criteria:
        variables = []
    if not variables:
        return words.types.GetReportResponse(status="EmptyResultSet")
    _report(words, request.request_id, variables)
    return words.types.GetReportResponse(status="Accepted")


def _matches(variable: Variable, asked: Any) -> bool:
    component, name = asked.component, asked.variable
    if component.name.lower() != variable.component.lower():
        return False
    if component.evse is not None and component.evse.id != variable.evse:
        return False
    return name is None or name.name.lower() == variable.name.lower()


def _report(words: "V2", request_id: int, variables: Sequence[Variable]) -> None:
    types, station = words.types, words.station
    stamp = station.stamp()
    parts = [variables[i : i + REPORT_ITEMS_MAX] for i in range(0, len(variables), REPORT_ITEMS_MAX)]

    def send() -> None:
        for number, part in enumerate(parts):
            message = types.NotifyReport(
                request_id=request_id,
                generated_at=stamp,
                seq_no=number,
                tbc=True if number + 1 < len(parts) else None,
                report_data=[_report_data(types, variable) for variable in part],
            )
            station.post("NotifyReport", lambda message=message: message)  # type: ignore[misc]

    station.run_steps([(0.5, send)])


def _report_data(types: Any, variable: Variable) -> Any:
    evse = None
    if variable.evse is not None:
        evse = types.EVSEType(id=variable.evse, connector_id=variable.connector)
    mutability = "WriteOnly" if variable.hidden else "ReadWrite" if variable.writable else "ReadOnly"
    return types.ReportDataType(
        component=types.ComponentType(name=variable.component, evse=evse),
        variable=types.VariableType(name=variable.name, instance=variable.instance),
        variable_attribute=[
            types.VariableAttributeType(
                value=None if variable.hidden else variable.value, mutability=mutability, persistent=True
            )
        ],
        variable_characteristics=types.VariableCharacteristicsType(
            data_type=variable.data, supports_monitoring=False, unit=variable.unit
        ),
    )


def reserve(words: "V2", request: Request) -> Answer:
    outlet = _outlet(words, request.evse_id)
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


def set_charging_profile(words: "V2", request: Request) -> Answer:
    respond, wire = words.types.SetChargingProfileResponse, request.charging_profile
    outlet = _outlet(words, request.evse_id)
    if _unknown_evse(words, request.evse_id) or wire.charging_profile_purpose not in PURPOSES:
        return respond(status="Rejected")
    profile = _profile(request.evse_id, wire)
    if not verbs.profile_fits(words.station, outlet, profile):
        return respond(status="Rejected")
    return respond(status="Accepted" if verbs.store_profile(words.station, profile) else "Rejected")


def clear_charging_profile(words: "V2", request: Request) -> Answer:
    criteria = request.charging_profile_criteria
    purpose = getattr(criteria, "charging_profile_purpose", None)
    cleared = verbs.clear_profiles(
        words.station,
        id=request.charging_profile_id,
        evse=getattr(criteria, "evse_id", None),
        purpose=None if purpose is None else PURPOSES.get(purpose),
        stack_level=getattr(criteria, "stack_level", None),
    )
    return words.types.ClearChargingProfileResponse(status="Accepted" if cleared else "Unknown")


def get_charging_profiles(words: "V2", request: Request) -> Answer:
    criterion = request.charging_profile
    found = [
        profile
        for profile in words.station.profiles.values()
        if (request.evse_id is None or profile.evse == request.evse_id)
        and (not criterion.charging_profile_id or profile.id in criterion.charging_profile_id)
        and (criterion.stack_level is None or profile.stack_level == criterion.stack_level)
        and (
            criterion.charging_profile_purpose is None
            or PURPOSES.get(criterion.charging_profile_purpose) is profile.purpose
        )
        and (not criterion.charging_limit_source or "CSO" in criterion.charging_limit_source)
    ]
    if not found:
        return words.types.GetChargingProfilesResponse(status="NoProfiles")
    words.station.run_steps([(0.5, lambda: _report_profiles(words, request.request_id, found))])
    return words.types.GetChargingProfilesResponse(status="Accepted")


def _report_profiles(words: "V2", request_id: int, profiles: Sequence[Profile]) -> None:
    for number, profile in enumerate(profiles, start=1):
        message = words.types.ReportChargingProfiles(
            request_id=request_id,
            charging_limit_source="CSO",
            evse_id=profile.evse,
            charging_profile=[_wire_profile(words.types, profile)],
            tbc=True if number < len(profiles) else None,
        )
        words.station.post("ReportChargingProfiles", lambda message=message: message)  # type: ignore[misc]


def composite_schedule(words: "V2", request: Request) -> Answer:
    types, outlet = words.types, _outlet(words, request.evse_id)
    if _unknown_evse(words, request.evse_id):
        return types.GetCompositeScheduleResponse(status="Rejected")
    unit = request.charging_rate_unit or "W"
    schedule = verbs.composite(words.station, outlet, request.duration, in_watts=unit == "W")
    return types.GetCompositeScheduleResponse(
        status="Accepted",
        schedule=types.CompositeScheduleType(
            evse_id=request.evse_id,
            duration=request.duration,
            schedule_start=words.station.stamp(),
            charging_rate_unit=unit,
            charging_schedule_period=[
                types.ChargingSchedulePeriodType(start_period=start, limit=limit) for start, limit in schedule
            ],
        ),
    )


def _profile(evse: int, wire: Any) -> Profile:
    schedule = wire.charging_schedule[0]
    repeats = {"Daily": limits.DAY_S, "Weekly": limits.WEEK_S}.get(wire.recurrency_kind or "")
    return Profile(
        id=wire.id,
        evse=evse,
        purpose=PURPOSES.get(wire.charging_profile_purpose, Purpose.DEFAULT),
        stack_level=wire.stack_level,
        in_watts=schedule.charging_rate_unit == "W",
        periods=tuple(_periods(schedule.charging_schedule_period)),
        relative=wire.charging_profile_kind == "Relative",
        starts_at=schedule.start_schedule.timestamp() if schedule.start_schedule else None,
        duration_s=schedule.duration,
        repeats_s=repeats if wire.charging_profile_kind == "Recurring" else None,
        valid_from=wire.valid_from.timestamp() if wire.valid_from else None,
        valid_to=wire.valid_to.timestamp() if wire.valid_to else None,
        transaction=wire.transaction_id,
    )


def _periods(wire: Iterable[Any]) -> Iterable[Period]:
    for period in wire:
        # 2.1 may give a setpoint in the place of a limit (K28).
        limit = period.limit if period.limit is not None else getattr(period, "setpoint", None)
        if limit is not None:
            yield Period(starts_after_s=period.start_period, limit=limit, phases=period.number_phases)


def _wire_profile(types: Any, profile: Profile) -> Any:
    kind = "Relative" if profile.relative else "Recurring" if profile.repeats_s else "Absolute"
    recurrency = {limits.DAY_S: "Daily", limits.WEEK_S: "Weekly"}.get(profile.repeats_s or 0.0)
    return types.ChargingProfileType(
        id=profile.id,
        stack_level=profile.stack_level,
        charging_profile_purpose=_WIRE_PURPOSES[profile.purpose],
        charging_profile_kind=kind,
        recurrency_kind=recurrency,
        transaction_id=profile.transaction,
        charging_schedule=[
            types.ChargingScheduleType(
                id=profile.id,
                charging_rate_unit="W" if profile.in_watts else "A",
                charging_schedule_period=[
                    types.ChargingSchedulePeriodType(
                        start_period=int(period.starts_after_s),
                        limit=period.limit,
                        number_phases=period.phases,
                    )
                    for period in profile.periods
                ],
            )
        ],
    )


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
