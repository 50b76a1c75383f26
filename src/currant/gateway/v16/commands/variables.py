"""The configuration keys of OCPP 1.6, read and set as variables."""

from currant.gateway.outcomes import (
    Ask,
    Wording,
    outcome_of_reading,
    outcome_of_values,
)
from currant.gateway.services import Caller
from currant.ocpp import v16
from currant.stations.commanding.variables import GetVariables, SetVariables, Variable, VariableValue
from currant.stations.model import CommandOutcome

KEYS_A_MESSAGE = 50
"""`GetConfigurationMaxKeys` is rarely lower; a station that cannot hold so many says so."""


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


COMMANDS: dict[type, Wording] = {
    GetVariables: get_variables,
    SetVariables: set_variables,
}
