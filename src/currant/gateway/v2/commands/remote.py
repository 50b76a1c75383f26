"""Remote control in OCPP 2.x: start, stop, unlock, reset, availability, triggers, vendors' data."""

from typing import Any

import msgspec

from currant.gateway.outcomes import (
    NOT_TO_COME,
    Ask,
    Wording,
    as_facts,
    explained,
    outcome_of,
    refused,
    unsupported,
)
from currant.gateway.services import Caller
from currant.gateway.v2.common import evse_of
from currant.gateway.v2.tokens import wire_token
from currant.ocpp.catalogue import Version
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
from currant.stations.model import CommandOutcome, CommandStatus


async def start_charging(command: StartCharging, caller: Caller, ask: Ask) -> CommandOutcome:
    longest = 36 if caller.version is Version.V201 else 255
    if len(command.token_uid) > longest:
        return refused(f"OCPP {caller.version} carries tokens of at most {longest} characters.")
    return outcome_of(
        await ask(
            "RequestStartTransaction",
            caller.types.RequestStartTransaction(
                id_token=wire_token(command.token_uid, command.token_kind, caller),
                remote_start_id=command.remote_start_id or 0,
                evse_id=command.evse,
            ),
        )
    )


async def stop_charging(command: StopCharging, caller: Caller, ask: Ask) -> CommandOutcome:
    request = caller.types.RequestStopTransaction(transaction_id=command.transaction_id)
    return outcome_of(await ask("RequestStopTransaction", request))


async def unlock(command: Unlock, caller: Caller, ask: Ask) -> CommandOutcome:
    request = caller.types.UnlockConnector(evse_id=command.evse, connector_id=command.connector)
    return outcome_of(await ask("UnlockConnector", request))


async def reset(command: Reset, caller: Caller, ask: Ask) -> CommandOutcome:
    kind = "Immediate" if command.kind is ResetKind.IMMEDIATE else "OnIdle"
    return outcome_of(await ask("Reset", caller.types.Reset(type=kind, evse_id=command.evse)))


async def set_availability(command: SetAvailability, caller: Caller, ask: Ask) -> CommandOutcome:
    request = caller.types.ChangeAvailability(
        operational_status="Operative" if command.operative else "Inoperative",
        evse=evse_of(caller, command.evse, command.connector),
    )
    return outcome_of(await ask("ChangeAvailability", request))


TRIGGERS = {
    "boot": "BootNotification",
    "firmware_status": "FirmwareStatusNotification",
    "heartbeat": "Heartbeat",
    "log_status": "LogStatusNotification",
    "meter_values": "MeterValues",
    "published_firmware_status": "PublishFirmwareStatusNotification",
    "sign_certificate": "SignChargingStationCertificate",
    "sign_combined_certificate": "SignCombinedCertificate",
    "sign_v2g_certificate": "SignV2GCertificate",
    "status": "StatusNotification",
    "transaction": "TransactionEvent",
}


async def trigger(command: Trigger, caller: Caller, ask: Ask) -> CommandOutcome:
    message = TRIGGERS.get(command.message)
    if message is None:
        return unsupported(
            caller.version, command, f"OCPP {caller.version} cannot trigger {command.message}."
        )
    evse = evse_of(caller, command.evse, command.connector)
    if message == "StatusNotification" and evse is not None and evse.connector_id is None:
        # F06.FR.12: the status is a connector's.
        evse = caller.types.EVSEType(id=evse.id, connector_id=1)
    caller.asked |= {message}
    outcome = outcome_of(
        await ask("TriggerMessage", caller.types.TriggerMessage(requested_message=message, evse=evse))
    )
    if outcome.status in NOT_TO_COME:
        caller.asked -= {message}
    return outcome


async def transfer_data(command: TransferData, caller: Caller, ask: Ask) -> CommandOutcome:
    data: Any = command.data
    if data is not None:
        # 2.x takes any JSON here; a text that holds JSON is sent as what it holds.
        try:
            data = msgspec.json.decode(data)
        except msgspec.MsgspecError:
            data = command.data
    answer = await ask(
        "DataTransfer",
        caller.types.DataTransfer(vendor_id=command.vendor_id, message_id=command.message_id, data=data),
    )
    accepted = answer.status == "Accepted"
    return CommandOutcome(
        status=CommandStatus.ACCEPTED if accepted else CommandStatus.REFUSED,
        reason="" if accepted else explained(answer),
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

# What 2.1 alone has.
COMMANDS_21: dict[type, Wording] = {}
