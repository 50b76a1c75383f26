"""A simulated station and its device model: reading, setting and reporting variables (OCPP 2.x)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from currant.simulator import device_model
from currant.simulator.device_model import Variable
from currant.simulator.v2_common import Answer, Request

if TYPE_CHECKING:
    from currant.simulator.v2 import V2

REPORT_ITEMS_MAX = 20


def _key(component: Any, variable: Any) -> str:
    evse = component.evse
    return Variable(
        component=component.name,
        name=variable.name,
        instance=variable.instance,
        evse=None if evse is None else evse.id,
        connector=None if evse is None else evse.connector_id,
        value="",
    ).key


def get_variables(words: "V2", request: Request) -> Answer:
    results = []
    for asked in request.get_variable_data:
        found = device_model.find(words.station, _key(asked.component, asked.variable))
        value = None
        if found is None:
            known = device_model.component_exists(words.station, asked.component.name)
            status = "UnknownVariable" if known else "UnknownComponent"
        elif asked.attribute_type not in (None, "Actual"):
            status = "NotSupportedAttributeType"
        elif found.hidden:
            status = "Rejected"
        else:
            status, value = "Accepted", found.value
        results.append(
            words.types.GetVariableResultType(
                attribute_status=status,
                component=asked.component,
                variable=asked.variable,
                attribute_type=asked.attribute_type,
                attribute_value=value,
            )
        )
    return words.types.GetVariablesResponse(get_variable_result=results)


def set_variables(words: "V2", request: Request) -> Answer:
    results = [
        words.types.SetVariableResultType(
            attribute_status=_set(words, asked),
            component=asked.component,
            variable=asked.variable,
            attribute_type=asked.attribute_type,
        )
        for asked in request.set_variable_data
    ]
    return words.types.SetVariablesResponse(set_variable_result=results)


def _set(words: "V2", asked: Any) -> str:
    station, value = words.station, asked.attribute_value
    found = device_model.find(station, _key(asked.component, asked.variable))
    if found is None:
        known = device_model.component_exists(station, asked.component.name)
        return "UnknownVariable" if known else "UnknownComponent"
    if asked.attribute_type not in (None, "Actual"):
        return "NotSupportedAttributeType"
    if not found.writable or not device_model.fits(found, value):
        return "Rejected"
    if found.name == "BasicAuthPassword":
        station.password = value
    elif found.name == "HeartbeatInterval":
        station.change_heartbeat(max(1.0, float(value)))
    elif found.name == "TxUpdatedInterval" and float(value) > 0:
        station.sample_interval_s = float(value)
    else:
        station.settings[found.key] = value
    return "Accepted"


def get_base_report(words: "V2", request: Request) -> Answer:
    variables = list(device_model.inventory(words.station))
    if request.report_base == "ConfigurationInventory":
        variables = [variable for variable in variables if variable.writable]
    elif request.report_base == "SummaryInventory":
        variables = [variable for variable in variables if variable.name == "AvailabilityState"]
    _report(words, request.request_id, variables)
    return words.types.GetBaseReportResponse(status="Accepted")


def get_report(words: "V2", request: Request) -> Answer:
    wanted = request.component_variable or []
    variables = [
        variable
        for variable in device_model.inventory(words.station)
        if not wanted or any(_matches(variable, each) for each in wanted)
    ]
    if request.component_criteria and "Problem" in request.component_criteria:
        variables = []
    if not variables:
        return words.types.GetReportResponse(status="EmptyResultSet")
    _report(words, request.request_id, variables)
    return words.types.GetReportResponse(status="Accepted")


def _matches(variable: Variable, asked: Any) -> bool:
    component, name = asked.component, asked.variable
    if component.name.lower() != variable.component.lower():
        return False
    if component.evse is not None and component.evse.id != variable.evse:
        return False
    return name is None or name.name.lower() == variable.name.lower()


def _report(words: "V2", request_id: int, variables: Sequence[Variable]) -> None:
    types, station = words.types, words.station
    stamp = station.stamp()
    parts = [variables[i : i + REPORT_ITEMS_MAX] for i in range(0, len(variables), REPORT_ITEMS_MAX)]

    def send() -> None:
        for number, part in enumerate(parts):
            message = types.NotifyReport(
                request_id=request_id,
                generated_at=stamp,
                seq_no=number,
                tbc=True if number + 1 < len(parts) else None,
                report_data=[_report_data(types, variable) for variable in part],
            )
            station.post("NotifyReport", lambda message=message: message)  # type: ignore[misc]

    station.run_steps([(0.5, send)])


def _report_data(types: Any, variable: Variable) -> Any:
    evse = None
    if variable.evse is not None:
        evse = types.EVSEType(id=variable.evse, connector_id=variable.connector)
    mutability = "WriteOnly" if variable.hidden else "ReadWrite" if variable.writable else "ReadOnly"
    return types.ReportDataType(
        component=types.ComponentType(name=variable.component, evse=evse),
        variable=types.VariableType(name=variable.name, instance=variable.instance),
        variable_attribute=[
            types.VariableAttributeType(
                value=None if variable.hidden else variable.value, mutability=mutability, persistent=True
            )
        ],
        variable_characteristics=types.VariableCharacteristicsType(
            data_type=variable.data, supports_monitoring=False, unit=variable.unit
        ),
    )
