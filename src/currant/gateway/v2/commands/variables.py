"""The device model in OCPP 2.x: variables read, set and reported."""

from collections.abc import Callable, Sequence
from typing import Any

from currant.gateway.outcomes import (
    Ask,
    CallFailed,
    Wording,
    as_facts,
    outcome_of,
    outcome_of_reading,
    outcome_of_values,
)
from currant.gateway.services import Caller
from currant.gateway.v2.collecting import Collected, collected
from currant.gateway.v2.commands import monitoring
from currant.gateway.v2.model_words import (
    attribute_of,
    component_of,
    in_pieces,
    in_words_of_2x,
    name_of,
    pair_of,
    reported_in,
    variable_of,
)
from currant.ocpp.errors import ErrorCode
from currant.ocpp.payload import Payload
from currant.stations.commanding.variables import (
    GetReport,
    GetVariables,
    ReportBase,
    SetVariables,
    Variable,
    VariableValue,
)
from currant.stations.device import mapping16, naming
from currant.stations.device.model import Extent, How
from currant.stations.model import CommandOutcome, CommandStatus

REPORTED_MAX = 5_000
AGAIN_LEFT_S = 2.0
"""A report with gaps is asked for again when so much is left until the deadline."""


async def get_variables(command: GetVariables, caller: Caller, ask: Ask) -> CommandOutcome:
    if not command.variables:
        return await _everything(caller, ask)
    return outcome_of_reading(await _read(command.variables, caller, ask))


async def _read(variables: Sequence[Variable], caller: Caller, ask: Ask) -> list[VariableValue]:
    types, device = caller.types, caller.services.device
    asked_as = {_key(in_words_of_2x(variable)): variable for variable in variables}
    wanted = [
        types.GetVariableDataType(
            component=component_of(caller, variable),
            variable=name_of(caller, variable),
            attribute_type=attribute_of(variable),
        )
        for variable in map(in_words_of_2x, variables)
    ]

    async def ask_some(some: Sequence[Any]) -> list[VariableValue]:
        answer = await ask("GetVariables", types.GetVariables(get_variable_data=list(some)))
        told = [
            VariableValue(
                variable=variable_of(result.component, result.variable, result.attribute_type),
                value=result.attribute_value,
                status=result.attribute_status,
            )
            for result in answer.get_variable_result
        ]
        device.learn(caller.station, told, How.GET)
        return [_as_asked(value, asked_as) for value in told]

    limits = await device.limits_of(caller.station)
    return [value for some in await in_pieces("GetVariables", wanted, limits, ask_some) for value in some]


async def set_variables(command: SetVariables, caller: Caller, ask: Ask) -> CommandOutcome:
    types, device = caller.types, caller.services.device
    asked_as = {_key(in_words_of_2x(value.variable)): value.variable for value in command.values}
    given: dict[tuple[str, ...], str] = {}
    wanted = []
    for value in command.values:
        variable, text = in_words_of_2x(value.variable), value.value or ""
        if not value.variable.component:
            text = mapping16.to_model(value.variable.name, text)
        given[_key(variable)] = text
        wanted.append(
            types.SetVariableDataType(
                component=component_of(caller, variable),
                variable=name_of(caller, variable),
                attribute_value=text,
                attribute_type=attribute_of(variable),
            )
        )

    async def ask_some(some: Sequence[Any]) -> list[VariableValue]:
        answer = await ask("SetVariables", types.SetVariables(set_variable_data=list(some)))
        taken = []
        for place, result in enumerate(answer.set_variable_result):
            variable = variable_of(result.component, result.variable, result.attribute_type)
            if _key(variable) not in given and place < len(some):
                # It names something else than it was asked for: the answers are in the order of the question.
                meant = some[place]
                variable = variable_of(meant.component, meant.variable, meant.attribute_type)
            taken.append(
                VariableValue(
                    variable=variable, value=given.get(_key(variable)), status=result.attribute_status
                )
            )
        device.learn(caller.station, taken, How.SET)
        return [_as_asked(value, asked_as) for value in taken]

    limits = await device.limits_of(caller.station)
    pieces = await in_pieces("SetVariables", wanted, limits, ask_some)
    return outcome_of_values(value for some in pieces for value in some)


def _as_asked(value: VariableValue, asked_as: dict[tuple[str, ...], Variable]) -> VariableValue:
    """A key of 1.6 is answered under its own name."""
    asked = asked_as.get(_key(value.variable))
    if asked is None or asked.component or not mapping16.is_mapped(asked.name):
        return value
    return VariableValue(variable=asked, value=value.value, status=value.status)


async def get_report(command: GetReport, caller: Caller, ask: Ask) -> CommandOutcome:
    if not command.criteria and not command.components:
        return await _base_report(BASES[command.base], caller, ask)
    criteria = [criterion.capitalize() for criterion in command.criteria] or None
    if not command.components:
        return _outcome(await _custom_report(criteria, None, caller, ask), caller)
    pairs = [pair_of(caller, in_words_of_2x(variable)) for variable in command.components]
    limits = await caller.services.device.limits_of(caller.station)
    reports = await in_pieces(
        "GetReport", pairs, limits, lambda some: _custom_report(criteria, list(some), caller, ask)
    )
    outcomes = [_outcome(report, caller) for report in reports]
    refused = next((outcome for outcome in outcomes if outcome.status is not CommandStatus.ACCEPTED), None)
    if refused is not None or len(outcomes) == 1:
        return refused or outcomes[0]
    return CommandOutcome(
        status=CommandStatus.ACCEPTED,
        reason=next((outcome.reason for outcome in outcomes if outcome.reason), ""),
        answer=outcomes[-1].answer,
        variables=tuple(value for outcome in outcomes for value in outcome.variables)[:REPORTED_MAX],
    )


BASES = {
    ReportBase.FULL: "FullInventory",
    ReportBase.CONFIGURATION: "ConfigurationInventory",
    ReportBase.SUMMARY: "SummaryInventory",
}


async def _custom_report(
    criteria: list[str] | None, pairs: list[Any] | None, caller: Caller, ask: Ask
) -> Collected:
    def request(request_id: int) -> Payload:
        made: Payload = caller.types.GetReport(
            request_id=request_id, component_criteria=criteria, component_variable=pairs
        )
        return made

    return await _without_gaps(caller, ask, "GetReport", request)


async def _base_report(base: str, caller: Caller, ask: Ask) -> CommandOutcome:
    """All variables of a kind (2.x B07): the station sends them afterwards, in parts."""

    def request(request_id: int) -> Payload:
        made: Payload = caller.types.GetBaseReport(request_id=request_id, report_base=base)
        return made

    report = await _without_gaps(caller, ask, "GetBaseReport", request)
    extent = Extent.WHOLE if base == "FullInventory" else Extent.PART
    return _outcome(report, caller, extent=extent)


async def _without_gaps(
    caller: Caller, ask: Ask, action: str, request: Callable[[int], Payload]
) -> Collected:
    """A report; asked for once more when parts of it did not come, and found against the station."""
    report = await collected(caller, ask, action, "NotifyReport", request)
    if not _broken(report):
        return report
    lost = ", ".join(str(number) for number in report.missing[:10]) or "the end"
    caller.services.stations.note_findings(
        caller.station, "NotifyReport", [("report-gap", "seqNo", f"Missing: {lost}.")]
    )
    if ask.left_s < AGAIN_LEFT_S:
        return report
    again = await collected(caller, ask, action, "NotifyReport", request)
    if again.answer.status != "Accepted" or (_broken(again) and len(again.parts) < len(report.parts)):
        return report
    return again


def _broken(report: Collected) -> bool:
    return report.answer.status == "Accepted" and (not report.complete or bool(report.missing))


def _outcome(report: Collected, caller: Caller, *, extent: Extent = Extent.PART) -> CommandOutcome:
    """What came of a report; its values are kept."""
    answer = report.answer
    if answer.status == "EmptyResultSet":
        return CommandOutcome(status=CommandStatus.ACCEPTED, answer=as_facts(answer))
    if answer.status != "Accepted":
        return outcome_of(answer)
    values = reported_in(report.parts)
    problem = "The station's report broke off; this is what came of it." if _broken(report) else ""
    if problem and extent is Extent.WHOLE:
        extent = Extent.READABLE
    caller.services.device.learn(caller.station, values, How.REPORT, extent=extent, problem=problem)
    return CommandOutcome(
        status=CommandStatus.ACCEPTED,
        reason=problem,
        answer=as_facts(answer),
        variables=tuple(values[:REPORTED_MAX]),
    )


async def _everything(caller: Caller, ask: Ask) -> CommandOutcome:
    """All that a station can be made to tell: its full inventory, else its configuration, else what every station has."""
    first: CommandOutcome | None = None
    for base in ("FullInventory", "ConfigurationInventory"):
        try:
            outcome = await _base_report(base, caller, ask)
        except CallFailed as failed:
            if failed.code not in (ErrorCode.NOT_IMPLEMENTED, ErrorCode.NOT_SUPPORTED):
                raise
            continue
        if outcome.status is CommandStatus.ACCEPTED and outcome.variables:
            if base != "FullInventory":
                _note_extent(caller, outcome.variables, "The station reports its configuration alone.")
            return outcome
        first = first or outcome
        if not _not_supported(outcome):
            return outcome
    values = [value for value in await _read(_USUAL, caller, ask) if value.status == "Accepted"]
    if not values and first is not None:
        return first
    _note_extent(caller, values, "The station makes no reports: it was asked for the usual variables.")
    return CommandOutcome(
        status=CommandStatus.ACCEPTED,
        reason="The station makes no reports: these are the usual variables.",
        variables=tuple(values),
    )


def _not_supported(outcome: CommandOutcome) -> bool:
    return outcome.answer is not None and outcome.answer.get("status") in ("NotSupported", "EmptyResultSet")


def _note_extent(caller: Caller, values: Sequence[VariableValue], problem: str) -> None:
    caller.services.device.learn(caller.station, values, How.REPORT, extent=Extent.READABLE, problem=problem)


# What 2.x requires of every station, and what is asked for most: read from those that make no reports.
_USUAL = (
    *(mapped.variable for mapped in mapping16.MAPPED if mapped.kind is not mapping16.Kind.PASSWORD),
    *map(
        naming.read,
        (
            "AuthCtrlr.Enabled",
            "ChargingStation.FirmwareVersion",
            "ChargingStation.Model",
            "ChargingStation.SerialNumber",
            "ChargingStation.VendorName",
            "ClockCtrlr.DateTime",
            "ClockCtrlr.TimeSource",
            "DeviceDataCtrlr.BytesPerMessage[GetReport]",
            "DeviceDataCtrlr.BytesPerMessage[GetVariables]",
            "DeviceDataCtrlr.BytesPerMessage[SetVariables]",
            "DeviceDataCtrlr.ItemsPerMessage[GetReport]",
            "DeviceDataCtrlr.ItemsPerMessage[SetVariables]",
            "LocalAuthListCtrlr.Entries",
            "OCPPCommCtrlr.NetworkConfigurationPriority",
            "OCPPCommCtrlr.OfflineThreshold",
            "SampledDataCtrlr.TxEndedInterval",
            "SecurityCtrlr.CertificateEntries",
            "SecurityCtrlr.Identity",
            "SmartChargingCtrlr.Enabled",
            "TxCtrlr.TxStartPoint",
            "TxCtrlr.TxStopPoint",
        ),
    ),
)


def _key(variable: Variable) -> tuple[str, ...]:
    parts = (variable.component, variable.component_instance, variable.name, variable.instance)
    place = (str(variable.evse or 0), str(variable.connector or 0))
    return tuple((part or "").lower() for part in (*parts, *place, variable.attribute))


COMMANDS: dict[type, Wording] = {
    GetReport: get_report,
    GetVariables: get_variables,
    SetVariables: set_variables,
    **monitoring.COMMANDS,
}

# What 2.1 alone has.
COMMANDS_21: dict[type, Wording] = dict(monitoring.COMMANDS_21)
