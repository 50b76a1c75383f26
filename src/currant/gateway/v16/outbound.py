"""How Currant's commands are worded for OCPP 1.6, and how the answers are read.

A new command is a function and a line in the table at the end.
"""

from currant.gateway.outcomes import (
    NOT_TO_COME,
    Ask,
    Wording,
    as_facts,
    outcome_of,
    outcome_of_reading,
    outcome_of_values,
    refused,
    unsupported,
)
from currant.gateway.services import Caller
from currant.ocpp import v16
from currant.stations.model import (
    CommandOutcome,
    CommandStatus,
    GetVariables,
    Reset,
    ResetKind,
    SetAvailability,
    SetVariables,
    StartCharging,
    StopCharging,
    TransferData,
    Trigger,
    Unlock,
    Variable,
    VariableValue,
)

ID_TAG_MAX = 20
KEYS_A_MESSAGE = 50
"""`GetConfigurationMaxKeys` is rarely lower; a station that cannot hold so many says so."""


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
    return outcome_of(
        await ask(
            "RemoteStartTransaction",
            v16.RemoteStartTransaction(id_tag=command.token_uid, connector_id=connector_id),
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


async def get_variables(command: GetVariables, caller: Caller, ask: Ask) -> CommandOutcome:
    keys = [variable.name for variable in command.variables]
    values: list[VariableValue] = []
    # A station may ignore the filter and tell everything (quirk C14): each key once, and only what was asked.
    for begin in range(0, max(len(keys), 1), KEYS_A_MESSAGE):
        asked = keys[begin : begin + KEYS_A_MESSAGE]
        answer: v16.GetConfigurationResponse = await ask(
            "GetConfiguration", v16.GetConfiguration(key=asked or None)
        )
        told = {entry.key: entry for entry in answer.configuration_key or []}
        folded = {key.lower(): entry for key, entry in told.items()}
        for key in asked or list(told):
            entry = told.get(key) or folded.get(key.lower())
            values.append(
                VariableValue(
                    variable=Variable(name=key),
                    value=None if entry is None else entry.value,
                    status="UnknownVariable" if entry is None else "Accepted",
                    read_only=None if entry is None else entry.readonly,
                )
            )
    return outcome_of_reading(values)


async def set_variables(command: SetVariables, caller: Caller, ask: Ask) -> CommandOutcome:
    values = []
    for wanted in command.values:
        answer: v16.ChangeConfigurationResponse = await ask(
            "ChangeConfiguration",
            v16.ChangeConfiguration(key=wanted.variable.name, value=wanted.value or ""),
        )
        values.append(VariableValue(variable=wanted.variable, value=wanted.value, status=answer.status))
    return outcome_of_values(values)


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
    GetVariables: get_variables,
    Reset: reset,
    SetAvailability: set_availability,
    SetVariables: set_variables,
    StartCharging: start_charging,
    StopCharging: stop_charging,
    TransferData: transfer_data,
    Trigger: trigger,
    Unlock: unlock,
}
