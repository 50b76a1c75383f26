"""Which variables are asked for to be sure: those that a station says it has taken, and all after a boot.

Some chargers accept a value and do not take it (C15 of the known quirks), some forget it when they restart.
"""

from collections.abc import Sequence

from currant.stations.commanding.variables import GetVariables, SetVariables
from currant.stations.desired.aspect import Desired, Step
from currant.stations.device import mapping16, naming
from currant.stations.device.service import is_secret
from currant.stations.model import CommandRecord, CommandStatus

ASPECT = "variables"
CHECKED_AT_ONCE = 500
CHECKED_FOR_S = 7 * 86_400
"""After so long a station is asked even if it has not booted."""


def read_back(step: Step, record: CommandRecord) -> GetVariables | None:
    """What to ask after variables were set: those that the station says it has taken at once."""
    if not isinstance(step.command, SetVariables):
        return None
    if record.status not in (CommandStatus.ACCEPTED, CommandStatus.REFUSED):
        return None
    taken = tuple(
        value.variable
        for value in record.variables
        if value.status == "Accepted" and not is_secret(value.variable)
    )
    return GetVariables(variables=taken) if taken else None


def after_boot(desired: Sequence[Desired]) -> GetVariables | None:
    """What to ask of a station that has restarted: everything that is declared for it."""
    variables = [mapping16.in_model(naming.read(each.key)) for each in desired]
    asked = tuple(variable for variable in variables if not is_secret(variable))[:CHECKED_AT_ONCE]
    return GetVariables(variables=asked) if asked else None
