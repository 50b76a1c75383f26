"""A simulated station and its device model: reading, setting and reporting variables (OCPP 2.x)."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from currant.simulator import device_model, network
from currant.simulator.device_model import Variable
from currant.simulator.dialect import Answering, Refused
from currant.simulator.monitoring import Monitors
from currant.simulator.network import Network
from currant.simulator.v2_common import Answer, Request, in_parts

if TYPE_CHECKING:
    from currant.simulator.station import Station
    from currant.simulator.v2 import V2

REPORT_ITEMS_MAX = 20


def key_of(component: Any, variable: Any) -> str:
    evse = component.evse
    return Variable(
        component=component.name,
        component_instance=component.instance,
        name=variable.name,
        instance=variable.instance,
        evse=None if evse is None else evse.id,
        connector=None if evse is None else evse.connector_id,
        value="",
    ).key


def unknown(station: "Station", component: Any) -> str:
    """The word for a variable that was not found: which of its two names is wrong."""
    evse = None if component.evse is None else component.evse.id
    exists = device_model.component_exists(station, component.name, evse, component.instance)
    return "UnknownVariable" if exists else "UnknownComponent"


def too_many(station: "Station", items: Sequence[Any]) -> Refused | None:
    """More than ItemsPerMessage allows (B05.FR.11, B06.FR.16, B08.FR.17, N04, N06.FR.06)."""
    most = station.spec.items_per_message
    if len(items) <= most:
        return None
    return Refused(code="OccurrenceConstraintViolation", description=f"At most {most} in one message.")


def get_variables(words: "V2", request: Request) -> Answering:
    refused = too_many(words.station, request.get_variable_data)
    if refused is not None:
        return refused
    known = {variable.key: variable for variable in device_model.inventory(words.station)}
    results = []
    for asked in request.get_variable_data:
        found = known.get(key_of(asked.component, asked.variable))
        value = None
        if found is None:
            status = unknown(words.station, asked.component)
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
    return words.types.GetVariablesResponse(get_variable_result=results)  # type: ignore[no-any-return]


def set_variables(words: "V2", request: Request) -> Answering:
    refused = too_many(words.station, request.set_variable_data)
    if refused is not None:
        return refused
    results = [
        words.types.SetVariableResultType(
            attribute_status=_set(words.station, asked),
            component=asked.component,
            variable=asked.variable,
            attribute_type=asked.attribute_type,
        )
        for asked in request.set_variable_data
    ]
    return words.types.SetVariablesResponse(set_variable_result=results)  # type: ignore[no-any-return]


def _set(station: "Station", asked: Any) -> str:
    value = asked.attribute_value
    found = device_model.find(station, key_of(asked.component, asked.variable))
    if found is None:
        return unknown(station, asked.component)
    if asked.attribute_type not in (None, "Actual"):
        return "NotSupportedAttributeType"
    if station.refuses(f"{found.component}.{found.name}"):
        return "Rejected"
    if not found.writable or not device_model.fits(found, value):
        return "Rejected"
    special = _SPECIAL.get(found.name)
    if special is not None:
        if not special(station, value):
            return "Rejected"
    elif found.reboots:
        # B05.FR.13: it is taken note of, and does nothing before the next start.
        station.pending_settings = (station.pending_settings or {}) | {found.key: value}
        return "RebootRequired"
    else:
        station.settings[found.key] = value
    watching = station.has(Monitors)
    if watching is not None:
        watching.look()
    return "Accepted"


def _set_heartbeat(station: "Station", value: str) -> bool:
    station.change_heartbeat(max(1.0, float(value)))
    return True


def _set_sampling(station: "Station", value: str) -> bool:
    if float(value) > 0:
        station.sample_interval_s = float(value)
    return True


def _set_password(station: "Station", value: str) -> bool:
    network.change_password(station, value)
    return True


def _set_priority(station: "Station", value: str) -> bool:
    """Only slots that hold a profile, and none that is beyond what was installed (B10.FR.02, A05.FR.02)."""
    slots, known = network.read_priority(value), station.part(Network).slots
    if slots is None or not all(slot in known for slot in slots):
        return False
    if not all(network.can_use(station, known[slot].security_profile or 0) for slot in slots):
        return False
    station.settings[network.PRIORITY] = value
    return True


_SPECIAL: dict[str, Callable[["Station", str], bool]] = {
    "BasicAuthPassword": _set_password,
    "HeartbeatInterval": _set_heartbeat,
    "NetworkConfigurationPriority": _set_priority,
    "TxUpdatedInterval": _set_sampling,
}


def get_base_report(words: "V2", request: Request) -> Answer:
    variables = list(device_model.inventory(words.station))
    if request.report_base == "ConfigurationInventory":
        variables = [variable for variable in variables if variable.writable]
    elif request.report_base == "SummaryInventory":
        variables = [variable for variable in variables if variable.in_summary]
    _report(words, request.request_id, variables)
    return words.types.GetBaseReportResponse(status="Accepted")


def get_report(words: "V2", request: Request) -> Answering:
    wanted = request.component_variable or []
    refused = too_many(words.station, wanted)
    if refused is not None:
        return refused
    everything = list(device_model.inventory(words.station))
    criteria = request.component_criteria or []
    variables = [
        variable
        for variable in everything
        if (not wanted or any(matches(variable, each) for each in wanted))
        and (not criteria or _meets(variable, everything, criteria))
    ]
    if not variables:
        return words.types.GetReportResponse(status="EmptyResultSet")  # type: ignore[no-any-return]
    _report(words, request.request_id, variables)
    return words.types.GetReportResponse(status="Accepted")  # type: ignore[no-any-return]


def _meets(variable: Variable, everything: Sequence[Variable], criteria: Sequence[str]) -> bool:
    """Any criterion is enough; what has no such variable counts, except for Problem (B08.FR.07 to 13)."""
    beside = {
        other.name: other.value.lower() == "true"
        for other in everything
        if (other.component, other.evse, other.connector)
        == (variable.component, variable.evse, variable.connector)
    }
    return any(beside.get(criterion, criterion != "Problem") for criterion in criteria)


def matches(variable: Variable, asked: Any) -> bool:
    """What is asked for without a variable, an EVSE or an instance, is asked for with all of them (B08.FR.20 to 25)."""
    component, name = asked.component, asked.variable
    if component.name.lower() != variable.component.lower():
        return False
    if component.instance and component.instance.lower() != (variable.component_instance or "").lower():
        return False
    evse = component.evse
    if evse is not None and evse.id != variable.evse:
        return False
    if evse is not None and evse.connector_id is not None and evse.connector_id != variable.connector:
        return False
    if name is None:
        return True
    if name.name.lower() != variable.name.lower():
        return False
    return not name.instance or name.instance.lower() == (variable.instance or "").lower()


def _report(words: "V2", request_id: int, variables: Sequence[Variable]) -> None:
    types, station = words.types, words.station
    stamp = station.stamp()

    def send() -> None:
        for number, part, more in in_parts(variables, REPORT_ITEMS_MAX):
            words.say(
                "NotifyReport",
                request_id=request_id,
                generated_at=stamp,
                seq_no=number,
                tbc=True if more else None,
                report_data=[_report_data(types, variable) for variable in part],
            )

    station.run_steps([(0.5, send)])


def named(types: Any, variable: Variable) -> tuple[Any, Any]:
    """Component and variable as the wire has them."""
    evse = None
    if variable.evse is not None:
        evse = types.EVSEType(id=variable.evse, connector_id=variable.connector)
    component = types.ComponentType(name=variable.component, instance=variable.component_instance, evse=evse)
    return component, types.VariableType(name=variable.name, instance=variable.instance)


def _report_data(types: Any, variable: Variable) -> Any:
    component, name = named(types, variable)
    mutability = "WriteOnly" if variable.hidden else "ReadWrite" if variable.writable else "ReadOnly"
    return types.ReportDataType(
        component=component,
        variable=name,
        variable_attribute=[
            types.VariableAttributeType(
                value=None if variable.hidden else variable.value, mutability=mutability, persistent=True
            )
        ],
        variable_characteristics=types.VariableCharacteristicsType(
            data_type=variable.data,
            supports_monitoring=variable.monitored,
            unit=variable.unit,
            min_limit=variable.low,
            max_limit=variable.high,
            values_list=variable.choices,
        ),
    )
