"""Remote control in OCPP 1.6: start, stop, unlock, reset, availability, triggers, vendors' data."""

from currant.gateway.outcomes import (
    NOT_TO_COME,
    Ask,
    Wording,
    as_facts,
    outcome_of,
    refused,
    unsupported,
)
from currant.gateway.services import Caller
from currant.gateway.v16.commands.profiles import wire_profile
from currant.ocpp import v16
from currant.stations.commanding.remote import (
    Reset,
    ResetKind,
    SetAvailability,
    StartCharging,
    StopCharging,
    TransferData,
    Trigger,
    Unlock,
)
from currant.stations.commanding.rules.profile_versions import version_problem
from currant.stations.model import CommandOutcome, CommandStatus

ID_TAG_MAX = 20


async def start_charging(command: StartCharging, caller: Caller, ask: Ask) -> CommandOutcome:
    if len(command.token_uid) > ID_TAG_MAX:
        return refused(f"OCPP 1.6 carries tokens of at most {ID_TAG_MAX} characters.")
    connector_id = None
    if command.evse is not None:
        connector_id = caller.station.ocpp16_connector_of(command.evse, command.connector or 1)
    else:
        # Some stations refuse without one (quirk E15), so it is named when there is but one.
        station = caller.station
        known = {(evse, number or 1) for evse, number in (*station.places, *station.connectors) if evse > 0}
        if len(known) == 1:
            connector_id = station.ocpp16_connector_of(*known.pop())
    profile = command.profile
    problem = None if profile is None else version_problem(profile, "1.6")
    if problem is not None:
        return refused(problem)
    return outcome_of(
        await ask(
            "RemoteStartTransaction",
            v16.RemoteStartTransaction(
                id_tag=command.token_uid,
                connector_id=connector_id,
                charging_profile=None if profile is None else wire_profile(profile),
            ),
        )
    )


async def stop_charging(command: StopCharging, caller: Caller, ask: Ask) -> CommandOutcome:
    if not command.transaction_id.lstrip("-").isdigit():
        return refused("In OCPP 1.6 a transaction id is a number.")
    request = v16.RemoteStopTransaction(transaction_id=int(command.transaction_id))
    return outcome_of(await ask("RemoteStopTransaction", request))


async def unlock(command: Unlock, caller: Caller, ask: Ask) -> CommandOutcome:
    connector_id = caller.station.ocpp16_connector_of(command.evse, command.connector)
    return outcome_of(await ask("UnlockConnector", v16.UnlockConnector(connector_id=connector_id)))


async def reset(command: Reset, caller: Caller, ask: Ask) -> CommandOutcome:
    if command.evse is not None:
        return unsupported("1.6", command, "OCPP 1.6 can only reset the whole station.")
    if command.kind is ResetKind.IMMEDIATE_AND_RESUME:
        return refused("OCPP 1.6 cannot resume sessions after a reset: reset at once, or on idle.")
    kind: v16.ResetType = "Hard" if command.kind is ResetKind.IMMEDIATE else "Soft"
    return outcome_of(await ask("Reset", v16.Reset(type=kind)))


async def set_availability(command: SetAvailability, caller: Caller, ask: Ask) -> CommandOutcome:
    connector_id = 0
    if command.evse:
        connector_id = caller.station.ocpp16_connector_of(command.evse, command.connector or 1)
    request = v16.ChangeAvailability(
        connector_id=connector_id, type="Operative" if command.operative else "Inoperative"
    )
    return outcome_of(await ask("ChangeAvailability", request))


TRIGGERS: dict[str, v16.MessageTrigger] = {
    "boot": "BootNotification",
    "diagnostics_status": "DiagnosticsStatusNotification",
    "firmware_status": "FirmwareStatusNotification",
    "heartbeat": "Heartbeat",
    "meter_values": "MeterValues",
    "status": "StatusNotification",
}
EXTENDED_TRIGGERS: dict[str, v16.MessageTriggerEnumType] = {
    "log_status": "LogStatusNotification",
    "sign_certificate": "SignChargePointCertificate",
}


async def trigger(command: Trigger, caller: Caller, ask: Ask) -> CommandOutcome:
    connector_id = None
    if command.evse:
        connector_id = caller.station.ocpp16_connector_of(command.evse, command.connector or 1)
    message = TRIGGERS.get(command.message)
    if message is not None:
        caller.asked |= {message}
        outcome = outcome_of(
            await ask(
                "TriggerMessage", v16.TriggerMessage(requested_message=message, connector_id=connector_id)
            )
        )
        if outcome.status in NOT_TO_COME:
            caller.asked -= {message}
        return outcome
    extended = EXTENDED_TRIGGERS.get(command.message)
    if extended is None:
        return unsupported("1.6", command, f"OCPP 1.6 cannot trigger {command.message}.")
    request = v16.ExtendedTriggerMessage(requested_message=extended, connector_id=connector_id)
    return outcome_of(await ask("ExtendedTriggerMessage", request))


async def transfer_data(command: TransferData, caller: Caller, ask: Ask) -> CommandOutcome:
    answer: v16.DataTransferResponse = await ask(
        "DataTransfer",
        v16.DataTransfer(vendor_id=command.vendor_id, message_id=command.message_id, data=command.data),
    )
    accepted = answer.status == "Accepted"
    return CommandOutcome(
        status=CommandStatus.ACCEPTED if accepted else CommandStatus.REFUSED,
        reason="" if accepted else f"The station answered {answer.status}.",
        answer=as_facts(answer),
    )


COMMANDS: dict[type, Wording] = {
    Reset: reset,
    SetAvailability: set_availability,
    StartCharging: start_charging,
    StopCharging: stop_charging,
    TransferData: transfer_data,
    Trigger: trigger,
    Unlock: unlock,
}
