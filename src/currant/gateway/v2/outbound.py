"""How Currant's commands are worded for OCPP 2.0.1 and 2.1, and how the answers are read.

A new command is a function and a line in the table at the end.
"""

import asyncio
import itertools
from typing import Any

import msgspec

from currant.gateway.outcomes import (
    NOT_TO_COME,
    Ask,
    CallUnanswered,
    Wording,
    as_facts,
    explained,
    outcome_of,
    outcome_of_reading,
    outcome_of_values,
    refused,
    unsupported,
)
from currant.gateway.services import COLLECTORS_MAX, Caller
from currant.gateway.v2.tokens import wire_token
from currant.ocpp.catalogue import Version
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

VARIABLES_A_MESSAGE = 20
"""`DeviceDataCtrlr.ItemsPerMessage` of a station is not known before it is asked; few are lower."""
REPORTED_MAX = 5_000

_request_ids = itertools.count(1)


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
        evse=_evse(caller, command.evse, command.connector),
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
    evse = _evse(caller, command.evse, command.connector)
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


def _evse(caller: Caller, evse: int | None, connector: int | None) -> Any:
    return None if not evse else caller.types.EVSEType(id=evse, connector_id=connector)


async def get_variables(command: GetVariables, caller: Caller, ask: Ask) -> CommandOutcome:
    if not command.variables:
        return await _base_report(caller, ask)
    types = caller.types
    values: list[VariableValue] = []
    for begin in range(0, len(command.variables), VARIABLES_A_MESSAGE):
        wanted = [
            types.GetVariableDataType(
                component=_component(caller, variable),
                variable=types.VariableType(name=variable.name, instance=variable.instance),
                # Actual is the default, and some stations stumble over it.
                attribute_type=None if variable.attribute == "Actual" else variable.attribute,
            )
            for variable in command.variables[begin : begin + VARIABLES_A_MESSAGE]
        ]
        answer = await ask("GetVariables", types.GetVariables(get_variable_data=wanted))
        values += [
            VariableValue(
                variable=_variable(result.component, result.variable, result.attribute_type),
                value=result.attribute_value,
                status=result.attribute_status,
            )
            for result in answer.get_variable_result
        ]
    return outcome_of_reading(values)


async def set_variables(command: SetVariables, caller: Caller, ask: Ask) -> CommandOutcome:
    types = caller.types
    values: list[VariableValue] = []
    for begin in range(0, len(command.values), VARIABLES_A_MESSAGE):
        wanted = command.values[begin : begin + VARIABLES_A_MESSAGE]
        answer = await ask(
            "SetVariables",
            types.SetVariables(
                set_variable_data=[
                    types.SetVariableDataType(
                        component=_component(caller, value.variable),
                        variable=types.VariableType(
                            name=value.variable.name, instance=value.variable.instance
                        ),
                        attribute_value=value.value or "",
                        attribute_type=None
                        if value.variable.attribute == "Actual"
                        else value.variable.attribute,
                    )
                    for value in wanted
                ]
            ),
        )
        given = {_key(value.variable): value.value for value in wanted}
        for result in answer.set_variable_result:
            variable = _variable(result.component, result.variable, result.attribute_type)
            values.append(
                VariableValue(
                    variable=variable, value=given.get(_key(variable)), status=result.attribute_status
                )
            )
    return outcome_of_values(values)


async def _base_report(caller: Caller, ask: Ask) -> CommandOutcome:
    """All variables there are (2.x B07): the station sends them afterwards, in parts."""
    collectors = caller.collectors
    if collectors is None:
        collectors = caller.collectors = {}
    if len(collectors) >= COLLECTORS_MAX:
        return refused("Reports of the station are under way already: wait for them to end.")
    request_id = next(_request_ids)
    values: list[VariableValue] = []
    complete: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def collect(report: Any) -> None:
        for entry in report.report_data or []:
            values.extend(_reported(entry)[: max(REPORTED_MAX - len(values), 0)])
        if not report.tbc and not complete.done():
            complete.set_result(None)

    collectors[request_id] = collect
    # What it reports may come before it is accepted (B02.FR.06).
    caller.asked |= {"NotifyReport"}
    try:
        answer = await ask(
            "GetBaseReport", caller.types.GetBaseReport(request_id=request_id, report_base="FullInventory")
        )
        if answer.status == "EmptyResultSet":
            return CommandOutcome(status=CommandStatus.ACCEPTED, answer=as_facts(answer))
        if answer.status != "Accepted":
            return outcome_of(answer)
        try:
            await asyncio.wait_for(complete, ask.left_s)
        except TimeoutError:
            if not values:
                raise CallUnanswered(lost=False) from None
            return CommandOutcome(
                status=CommandStatus.ACCEPTED,
                reason="The station's report broke off; this is what came of it.",
                variables=tuple(values),
            )
    finally:
        del collectors[request_id]
    return CommandOutcome(status=CommandStatus.ACCEPTED, variables=tuple(values))


def _reported(entry: Any) -> list[VariableValue]:
    return [
        VariableValue(
            variable=_variable(entry.component, entry.variable, attribute.type),
            value=attribute.value,
            status="Accepted",
            read_only=attribute.mutability == "ReadOnly",
        )
        for attribute in entry.variable_attribute
    ]


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


def _component(caller: Caller, variable: Variable) -> Any:
    return caller.types.ComponentType(
        name=variable.component or variable.name,
        instance=variable.component_instance,
        evse=_evse(caller, variable.evse, variable.connector),
    )


def _variable(component: Any, variable: Any, attribute: str | None) -> Variable:
    evse = component.evse
    return Variable(
        name=variable.name,
        instance=variable.instance,
        component=component.name,
        component_instance=component.instance,
        evse=None if evse is None else evse.id,
        connector=None if evse is None else evse.connector_id,
        attribute=attribute or "Actual",
    )


def _key(variable: Variable) -> tuple[str, ...]:
    parts = (variable.component, variable.component_instance, variable.name, variable.instance)
    return tuple((part or "").lower() for part in (*parts, variable.attribute))


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
