"""The device model's words in OCPP 2.x: components, variables, characteristics, monitors; both ways."""

import math
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

import msgspec

from currant.gateway.outcomes import CallFailed
from currant.gateway.services import Caller
from currant.gateway.v2.common import evse_of
from currant.ocpp.errors import ErrorCode
from currant.stations.commanding.variables import MonitorKind, Traits, Variable, VariableValue
from currant.stations.device import mapping16, naming
from currant.stations.device.limits import Limits, cut

T = TypeVar("T")
R = TypeVar("R")

KINDS = {
    MonitorKind.UPPER_THRESHOLD: "UpperThreshold",
    MonitorKind.LOWER_THRESHOLD: "LowerThreshold",
    MonitorKind.DELTA: "Delta",
    MonitorKind.PERIODIC: "Periodic",
    MonitorKind.PERIODIC_CLOCK_ALIGNED: "PeriodicClockAligned",
    MonitorKind.TARGET_DELTA: "TargetDelta",
    MonitorKind.TARGET_DELTA_RELATIVE: "TargetDeltaRelative",
}
KINDS_READ = {word: kind for kind, word in KINDS.items()}

# What a station answers that cannot take so much at once (N06.FR.06 and .07 and their like).
_TOO_MUCH = (
    ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION,
    ErrorCode.FORMAT_VIOLATION,
)


def in_words_of_2x(variable: Variable) -> Variable:
    """The variable as a station of 2.x knows it, where a key of 1.6 may be meant."""
    if variable.component:
        return variable
    if mapping16.is_mapped(variable.name):
        return mapping16.variable_of(variable.name)
    return msgspec.structs.replace(variable, component=variable.name)


def component_of(caller: Caller, variable: Variable) -> Any:
    return caller.types.ComponentType(
        name=variable.component,
        instance=variable.component_instance,
        evse=evse_of(caller, variable.evse, variable.connector),
    )


def name_of(caller: Caller, variable: Variable) -> Any:
    return caller.types.VariableType(name=variable.name, instance=variable.instance)


def pair_of(caller: Caller, variable: Variable) -> Any:
    """A component with a variable, or with all of them where no name is given."""
    return caller.types.ComponentVariableType(
        component=component_of(caller, variable),
        variable=name_of(caller, variable) if variable.name else None,
    )


def attribute_of(variable: Variable) -> str | None:
    # Actual is the default, and some stations stumble over it.
    return None if variable.attribute == naming.ACTUAL else variable.attribute


def variable_of(component: Any, variable: Any, attribute: str | None = None) -> Variable:
    evse = component.evse
    return Variable(
        name=variable.name,
        instance=variable.instance or None,
        component=component.name,
        component_instance=component.instance or None,
        evse=None if evse is None else evse.id or None,
        connector=None if evse is None else evse.connector_id or None,
        attribute=attribute or naming.ACTUAL,
    )


def reported(entry: Any) -> list[VariableValue]:
    """One variable of a NotifyReport: a value for each of its attributes."""
    kind = entry.variable_characteristics
    return [
        VariableValue(
            variable=variable_of(entry.component, entry.variable, attribute.type),
            value=attribute.value,
            status="Accepted",
            read_only=attribute.mutability == "ReadOnly",
            traits=_traits(attribute, kind),
        )
        for attribute in entry.variable_attribute
    ]


def reported_in(parts: Sequence[Any]) -> list[VariableValue]:
    return [value for part in parts for entry in part.report_data or () for value in reported(entry)]


def _traits(attribute: Any, kind: Any) -> Traits:
    # ReadWrite is the default (2.x VariableAttributeType), and so are not constant, not persistent.
    mutability = attribute.mutability or "ReadWrite"
    if kind is None:
        return Traits(
            mutability=mutability,
            persistent=attribute.persistent or None,
            constant=attribute.constant or None,
        )
    return Traits(
        mutability=mutability,
        data_type=kind.data_type,
        unit=kind.unit or "",
        min_limit=_finite(kind.min_limit),
        max_limit=_finite(kind.max_limit),
        max_elements=getattr(kind, "max_elements", None),
        values=kind.values_list or "",
        monitorable=kind.supports_monitoring,
        persistent=attribute.persistent or None,
        constant=attribute.constant or None,
    )


def _finite(number: float | None) -> float | None:
    return number if number is not None and math.isfinite(number) else None


async def in_pieces(
    action: str, items: Sequence[T], limits: Limits, ask_some: Callable[[Sequence[T]], Awaitable[R]]
) -> list[R]:
    """Ask for all items, in pieces that the station takes; one that it finds too much is asked in halves."""
    waiting = deque(cut(action, items, limits, lambda item: len(msgspec.json.encode(item))))
    answers: list[R] = []
    while waiting:
        some = waiting.popleft()
        try:
            answers.append(await ask_some(some))
        except CallFailed as failed:
            if failed.code not in _TOO_MUCH or len(some) == 1:
                raise
            half = len(some) // 2
            waiting.extendleft((some[half:], some[:half]))
    return answers
