"""What the device model's commands must be, whatever the version."""

import math
from collections.abc import Callable, Sequence
from typing import Any

from currant.kit.errors import Invalid
from currant.stations.commanding import variables
from currant.stations.commanding.rules.common import between, count, place, text
from currant.stations.commanding.variables import MonitorKind, StreamRate, Variable
from currant.stations.device import naming

VARIABLES_MAX = 500
MONITORS_MAX = 200
IDS_MAX = 500
TEXT_MAX = 2_500
NAME_MAX = 500
REPORT_CRITERIA = ("active", "available", "enabled", "problem")
MONITORING_CRITERIA = ("threshold", "delta", "periodic")
SEVERITY_MAX = 9
RATE_MAX = 86_400
_PERIODS = (MonitorKind.PERIODIC, MonitorKind.PERIODIC_CLOCK_ALIGNED)
_DELTAS = (MonitorKind.DELTA, MonitorKind.TARGET_DELTA, MonitorKind.TARGET_DELTA_RELATIVE)


def get_variables(command: variables.GetVariables) -> None:
    count("variables", len(command.variables), least=0, most=VARIABLES_MAX)
    for variable in command.variables:
        _named(variable)
    _different("variables", command.variables)


def set_variables(command: variables.SetVariables) -> None:
    count("values", len(command.values), least=1, most=VARIABLES_MAX)
    for value in command.values:
        _named(value.variable)
        if value.value is None:
            raise Invalid(f"Say what {value.variable.name} shall be.", field="value")
        text("value", value.value, least=0, most=TEXT_MAX)
    # B05.FR.11
    _different("values", [value.variable for value in command.values])


def get_report(command: variables.GetReport) -> None:
    _criteria(command.criteria, REPORT_CRITERIA)
    _components(command.components)


def set_monitors(command: variables.SetMonitors) -> None:
    count("monitors", len(command.monitors), least=1, most=MONITORS_MAX)
    for monitor in command.monitors:
        check_monitor(monitor)
    seen = set()
    for monitor in command.monitors:
        # N04.FR.10: a station answers Duplicate to the second of a kind and severity on one variable.
        key = (naming.text_of(monitor.variable).lower(), monitor.kind, monitor.severity)
        if key in seen:
            raise Invalid(
                f"Two monitors of {key[0]} have the same kind and severity: give one of them another severity.",
                field="monitors",
            )
        seen.add(key)


def check_monitor(monitor: variables.Monitor) -> None:
    """Raise Invalid where no station could take this monitor."""
    _named(monitor.variable)
    if not monitor.variable.component:
        raise Invalid("Name the variable's component: monitors are of OCPP 2.x.", field="variable.component")
    if monitor.variable.attribute != naming.ACTUAL:
        raise Invalid("Monitors watch the actual value: leave the attribute out.", field="variable.attribute")
    if not math.isfinite(monitor.value):
        raise Invalid("A monitor's value is a number.", field="value")
    between("severity", monitor.severity, 0, SEVERITY_MAX)
    if monitor.kind in _DELTAS and monitor.value < 0:
        # N04.FR.14
        raise Invalid("A delta is not negative.", field="value")
    if monitor.kind in _PERIODS and monitor.value <= 0:
        raise Invalid("A period is a number of seconds above 0.", field="value")
    if monitor.id is not None and monitor.id < 0:
        raise Invalid("Monitors are numbered from 0.", field="id")
    if monitor.stream is not None:
        if monitor.kind not in _PERIODS:
            raise Invalid("Only a periodic monitor streams its values.", field="stream")
        _rate(monitor.stream)


def clear_monitors(command: variables.ClearMonitors) -> None:
    count("ids", len(command.ids), least=1, most=IDS_MAX)
    if any(number < 0 for number in command.ids):
        raise Invalid("Monitors are numbered from 0.", field="ids")
    if len(set(command.ids)) < len(command.ids):
        raise Invalid("Name each monitor once.", field="ids")


def set_monitoring_level(command: variables.SetMonitoringLevel) -> None:
    between("severity", command.severity, 0, SEVERITY_MAX)


def get_monitoring_report(command: variables.GetMonitoringReport) -> None:
    _criteria(command.criteria, MONITORING_CRITERIA)
    _components(command.components)


def adjust_event_stream(command: variables.AdjustEventStream) -> None:
    if command.id < 0:
        raise Invalid("Streams are numbered from 0.", field="id")
    _rate(command.rate)


def _rate(rate: StreamRate) -> None:
    if rate.interval_s is None and rate.values is None:
        raise Invalid("Say after how many seconds or values a stream sends.", field="rate")
    between("interval_s", rate.interval_s, 1, RATE_MAX)
    between("values", rate.values, 1, RATE_MAX)


def _named(variable: Variable) -> None:
    text("name", variable.name, least=1, most=NAME_MAX)
    _placed(variable)


def _placed(variable: Variable) -> None:
    for field, word in (
        ("component", variable.component),
        ("instance", variable.instance),
        ("component_instance", variable.component_instance),
    ):
        text(field, word or "", least=0, most=NAME_MAX)
    place(variable.evse, variable.connector)
    if naming.attribute_named(variable.attribute) != variable.attribute:
        raise Invalid(f"Attributes are written {', '.join(naming.ATTRIBUTES)}.", field="attribute")


def _components(asked: Sequence[Variable]) -> None:
    count("components", len(asked), least=0, most=VARIABLES_MAX)
    for variable in asked:
        if not variable.component and not variable.name:
            raise Invalid("Name a component.", field="components")
        text("name", variable.name, least=0, most=NAME_MAX)
        _placed(variable)
    _different("components", asked)


def _criteria(criteria: Sequence[str], known: Sequence[str]) -> None:
    for criterion in criteria:
        if criterion not in known:
            raise Invalid(
                f"{criterion[:50]!r} is no criterion: there are {', '.join(known)}.", field="criteria"
            )
    if len(set(criteria)) < len(criteria):
        raise Invalid("Name each criterion once.", field="criteria")


def _different(field: str, asked: Sequence[Variable]) -> None:
    seen = set()
    for variable in asked:
        key = naming.text_of(variable).lower()
        if key in seen:
            raise Invalid(f"{naming.text_of(variable)} is named twice.", field=field)
        seen.add(key)


CHECKS: dict[type, Callable[[Any], None]] = {
    variables.AdjustEventStream: adjust_event_stream,
    variables.ClearMonitors: clear_monitors,
    variables.GetEventStreams: lambda command: None,
    variables.GetMonitoringReport: get_monitoring_report,
    variables.GetReport: get_report,
    variables.GetVariables: get_variables,
    variables.SetMonitoringBase: lambda command: None,
    variables.SetMonitoringLevel: set_monitoring_level,
    variables.SetMonitors: set_monitors,
    variables.SetVariables: set_variables,
}
