"""What the device model's commands must be, whatever the version."""

from collections.abc import Callable
from typing import Any

from currant.kit.errors import Invalid
from currant.stations.commanding import variables
from currant.stations.commanding.rules.common import count, text

VARIABLES_MAX = 500
TEXT_MAX = 2_500


def get_variables(command: variables.GetVariables) -> None:
    count("variables", len(command.variables), least=0, most=VARIABLES_MAX)
    for variable in command.variables:
        text("name", variable.name, least=1, most=500)


def set_variables(command: variables.SetVariables) -> None:
    count("values", len(command.values), least=1, most=VARIABLES_MAX)
    for value in command.values:
        text("name", value.variable.name, least=1, most=500)
        if value.value is None:
            raise Invalid(f"Say what {value.variable.name} shall be.", field="value")
        text("value", value.value, least=0, most=TEXT_MAX)


CHECKS: dict[type, Callable[[Any], None]] = {
    variables.GetVariables: get_variables,
    variables.SetVariables: set_variables,
}
