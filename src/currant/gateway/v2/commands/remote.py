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
from currant.gateway.v2.profile_words import wire_profile
from currant.gateway.v2.tokens import longest_token, wire_token
from currant.ocpp.catalogue import Version
from currant.stations.commanding.remote import (
    GetTransactionStatus,
    NotifyWebPaymentStarted,
    RequestBatterySwap,
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


async def start_charging(command: StartCharging, caller: Caller, ask: Ask) -> CommandOutcome:
    longest = longest_token(caller)
    if len(command.token_uid) > longest:
        return refused(f"OCPP {caller.version} carries tokens of at most {longest} characters.")
    profile = command.profile
    problem = None if profile is None else version_problem(profile, caller.version)
    if problem is not None:
        return refused(problem)
    return outcome_of(
        await ask(
            "RequestStartTransaction",
            caller.types.RequestStartTransaction(
                id_token=wire_token(command.token_uid, command.token_kind, caller),
                remote_start_id=command.remote_start_id or 0,
                evse_id=command.evse,
                # A group that the version cannot carry is left out, so that the session can begin.
                group_id_token=wire_token(command.parent_uid, "central", caller)
                if command.parent_uid and len(command.parent_uid) <= longest
                else None,
                charging_profile=None if profile is None else wire_profile(caller, profile),
            ),
        )
    )


async def stop_charging(command: StopCharging, caller: Caller, ask: Ask) -> CommandOutcome:
    request = caller.types.RequestStopTransaction(transaction_id=command.transaction_id)
    return outcome_of(await ask("RequestStopTransaction", request))


async def unlock(command: Unlock, caller: Caller, ask: Ask) -> CommandOutcome:
    request = caller.types.UnlockConnector(evse_id=command.evse, connector_id=command.connector)
    return outcome_of(await ask("UnlockConnector", request))


RESETS = {
    ResetKind.IMMEDIATE: "Immediate",
    ResetKind.ON_IDLE: "OnIdle",
    ResetKind.IMMEDIATE_AND_RESUME: "ImmediateAndResume",
}


async def reset(command: Reset, caller: Caller, ask: Ask) -> CommandOutcome:
    kind = RESETS[command.kind]
    if kind == "ImmediateAndResume" and caller.version is Version.V201:
        return refused("OCPP 2.0.1 cannot resume sessions after a reset: reset at once, or on idle.")
    return outcome_of(await ask("Reset", caller.types.Reset(type=kind, evse_id=command.evse)))


async def set_availability(command: SetAvailability, caller: Caller, ask: Ask) -> CommandOutcome:
    request = caller.types.ChangeAvailability(
        operational_status="Operative" if command.operative else "Inoperative",
        evse=evse_of(caller, command.evse, command.connector),
    )
    return outcome_of(await ask("ChangeAvailability", request))


TRIGGERS = {
    "boot": "BootNotification",
    "custom": "CustomTrigger",
    "firmware_status": "FirmwareStatusNotification",
    "heartbeat": "Heartbeat",
    "log_status": "LogStatusNotification",
    "meter_values": "MeterValues",
    "published_firmware_status": "PublishFirmwareStatusNotification",
    "sign_certificate": "SignChargingStationCertificate",
    "sign_combined_certificate": "SignCombinedCertificate",
    "sign_v2g_certificate": "SignV2GCertificate",
    "sign_v2g20_certificate": "SignV2G20Certificate",
    "status": "StatusNotification",
    "transaction": "TransactionEvent",
}


TRIGGERS_OF_21 = ("CustomTrigger", "SignV2G20Certificate")


async def trigger(command: Trigger, caller: Caller, ask: Ask) -> CommandOutcome:
    message = TRIGGERS.get(command.message)
    if message is None or (message in TRIGGERS_OF_21 and caller.version is Version.V201):
        return unsupported(
            caller.version, command, f"OCPP {caller.version} cannot trigger {command.message}."
        )
    evse = evse_of(caller, command.evse, command.connector)
    if message == "StatusNotification" and evse is not None and evse.connector_id is None:
        # F06.FR.12: the status is a connector's.
        evse = caller.types.EVSEType(id=evse.id, connector_id=1)
    caller.asked |= {message}
    outcome = outcome_of(
        await ask(
            "TriggerMessage",
            caller.types.TriggerMessage(
                requested_message=message,
                evse=evse,
                **({"custom_trigger": command.custom} if message == "CustomTrigger" else {}),
            ),
        )
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


async def get_transaction_status(command: GetTransactionStatus, caller: Caller, ask: Ask) -> CommandOutcome:
    answer = await ask(
        "GetTransactionStatus", caller.types.GetTransactionStatus(transaction_id=command.transaction_id)
    )
    return CommandOutcome(
        status=CommandStatus.ACCEPTED,
        answer=as_facts(answer),
        report=({"ongoing": answer.ongoing_indicator, "messages_queued": answer.messages_in_queue},),
    )


async def request_battery_swap(command: RequestBatterySwap, caller: Caller, ask: Ask) -> CommandOutcome:
    request = caller.types.RequestBatterySwap(
        id_token=wire_token(command.token_uid, command.token_kind, caller),
        request_id=command.request_id or 0,
    )
    return outcome_of(await ask("RequestBatterySwap", request))


async def notify_web_payment_started(
    command: NotifyWebPaymentStarted, caller: Caller, ask: Ask
) -> CommandOutcome:
    request = caller.types.NotifyWebPaymentStarted(evse_id=command.evse, timeout=command.timeout_s)
    answer = await ask("NotifyWebPaymentStarted", request)
    return CommandOutcome(status=CommandStatus.ACCEPTED, answer=as_facts(answer))


COMMANDS: dict[type, Wording] = {
    GetTransactionStatus: get_transaction_status,
    Reset: reset,
    SetAvailability: set_availability,
    StartCharging: start_charging,
    StopCharging: stop_charging,
    TransferData: transfer_data,
    Trigger: trigger,
    Unlock: unlock,
}

# What 2.1 alone has.
COMMANDS_21: dict[type, Wording] = {
    NotifyWebPaymentStarted: notify_web_payment_started,
    RequestBatterySwap: request_battery_swap,
}
