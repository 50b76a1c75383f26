"""The device model in OCPP 2.x: variables read, set and reported."""

from typing import Any

from currant.gateway.outcomes import (
    Ask,
    Wording,
    as_facts,
    outcome_of,
    outcome_of_reading,
    outcome_of_values,
)
from currant.gateway.services import Caller
from currant.gateway.v2.collecting import collected
from currant.gateway.v2.common import evse_of
from currant.stations.commanding.variables import GetVariables, SetVariables, Variable, VariableValue
from currant.stations.model import CommandOutcome, CommandStatus

VARIABLES_A_MESSAGE = 20
"""`DeviceDataCtrlr.ItemsPerMessage` of a station is not known before it is asked; few are lower."""
REPORTED_MAX = 5_000


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
    report = await collected(
        caller,
        ask,
        "GetBaseReport",
        "NotifyReport",
        lambda request_id: caller.types.GetBaseReport(request_id=request_id, report_base="FullInventory"),
    )
    if report.answer.status == "EmptyResultSet":
        return CommandOutcome(status=CommandStatus.ACCEPTED, answer=as_facts(report.answer))
    if report.answer.status != "Accepted":
        return outcome_of(report.answer)
    entries = [entry for part in report.parts for entry in part.report_data or ()]
    values = [value for entry in entries for value in _reported(entry)]
    broken = not report.complete or report.missing
    return CommandOutcome(
        status=CommandStatus.ACCEPTED,
        reason="The station's report broke off; this is what came of it." if broken else "",
        variables=tuple(values[:REPORTED_MAX]),
    )


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


def _component(caller: Caller, variable: Variable) -> Any:
    return caller.types.ComponentType(
        name=variable.component or variable.name,
        instance=variable.component_instance,
        evse=evse_of(caller, variable.evse, variable.connector),
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
    SetVariables: set_variables,
}

# What 2.1 alone has.
COMMANDS_21: dict[type, Wording] = {}
