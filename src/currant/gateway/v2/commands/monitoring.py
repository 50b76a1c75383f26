"""Block N in OCPP 2.x: monitors set, cleared and reported; periodic event streams of 2.1."""

from collections.abc import Sequence
from typing import Any

import msgspec

from currant.gateway.outcomes import Ask, Wording, as_facts, outcome_of, refused
from currant.gateway.services import Caller
from currant.gateway.v2.collecting import Collected, collected
from currant.gateway.v2.model_words import (
    KINDS,
    component_of,
    in_pieces,
    in_words_of_2x,
    name_of,
    pair_of,
    variable_of,
)
from currant.gateway.v2.monitoring import monitors_in
from currant.ocpp.catalogue import Version
from currant.ocpp.payload import Payload
from currant.stations.commanding.variables import (
    AdjustEventStream,
    ClearMonitors,
    GetEventStreams,
    GetMonitoringReport,
    Monitor,
    MonitoringBase,
    MonitorKind,
    SetMonitoringBase,
    SetMonitoringLevel,
    SetMonitors,
    Variable,
)
from currant.stations.device import naming
from currant.stations.device.watching import KnownMonitor, Origin
from currant.stations.model import CommandOutcome, CommandStatus

_OF_21 = (MonitorKind.TARGET_DELTA, MonitorKind.TARGET_DELTA_RELATIVE)


async def set_monitors(command: SetMonitors, caller: Caller, ask: Ask) -> CommandOutcome:
    types = caller.types
    if caller.version is Version.V201:
        if any(monitor.kind in _OF_21 for monitor in command.monitors):
            return refused("OCPP 2.0.1 has no monitors of a target's delta.")
        if any(monitor.stream is not None for monitor in command.monitors):
            return refused("OCPP 2.0.1 has no periodic event streams: leave `stream` out.")

    async def ask_some(some: Sequence[Monitor]) -> list[dict[str, Any]]:
        data = [_monitoring_data(caller, monitor) for monitor in some]
        answer = await ask("SetVariableMonitoring", types.SetVariableMonitoring(set_monitoring_data=data))
        results = _paired(some, answer.set_monitoring_result)
        now = caller.services.clock.now()
        taken = [
            KnownMonitor(
                id=result.id,
                variable=in_words_of_2x(monitor.variable),
                kind=monitor.kind,
                value=monitor.value,
                severity=monitor.severity,
                in_transaction_only=monitor.in_transaction_only,
                origin=Origin.CUSTOM,
                stream=monitor.stream,
                known_since=now,
            )
            for monitor, result in results
            if result is not None and result.status == "Accepted" and result.id is not None
        ]
        await caller.services.monitoring.note_monitors(caller.station, taken)
        return [_told(monitor, result) for monitor, result in results]

    limits = await caller.services.device.limits_of(caller.station)
    pieces = await in_pieces("SetVariableMonitoring", command.monitors, limits, ask_some)
    report = tuple(told for some in pieces for told in some)
    wrong = [told for told in report if told["status"] != "Accepted"]
    if not wrong:
        return CommandOutcome(status=CommandStatus.ACCEPTED, report=report)
    words = ", ".join(f"{told['variable']}: {told['status']}" for told in wrong[:5])
    return CommandOutcome(status=CommandStatus.REFUSED, reason=f"Not set: {words}.", report=report)


def _monitoring_data(caller: Caller, monitor: Monitor) -> Any:
    variable = in_words_of_2x(monitor.variable)
    data = caller.types.SetMonitoringDataType(
        id=monitor.id,
        transaction=monitor.in_transaction_only or None,
        value=monitor.value,
        type=KINDS[monitor.kind],
        severity=monitor.severity,
        component=component_of(caller, variable),
        variable=name_of(caller, variable),
    )
    if monitor.stream is None:
        return data
    rate = caller.types.PeriodicEventStreamParamsType(
        interval=monitor.stream.interval_s, values=monitor.stream.values
    )
    return msgspec.structs.replace(data, periodic_event_stream=rate)


def _paired(monitors: Sequence[Monitor], results: Sequence[Any]) -> list[tuple[Monitor, Any | None]]:
    """Each monitor with its result (N04.FR.01, .02: as many, of the same variables, in any order)."""
    left = list(results)
    paired: list[tuple[Monitor, Any | None]] = []
    for monitor in monitors:
        variable = in_words_of_2x(monitor.variable)
        found = next(
            (
                result
                for result in left
                if result.type == KINDS[monitor.kind]
                and result.severity == monitor.severity
                and naming.same_variable(variable_of(result.component, result.variable), variable)
            ),
            None,
        )
        if found is not None:
            left.remove(found)
        paired.append((monitor, found))
    return [(monitor, left.pop(0) if result is None and left else result) for monitor, result in paired]


def _told(monitor: Monitor, result: Any | None) -> dict[str, Any]:
    told: dict[str, Any] = {
        "variable": naming.text_of(monitor.variable),
        "kind": monitor.kind.value,
        "severity": monitor.severity,
        "status": "Unanswered" if result is None else result.status,
    }
    if result is not None and result.id is not None:
        told["id"] = result.id
    if result is not None and result.status_info is not None:
        told["reason"] = result.status_info.additional_info or result.status_info.reason_code
    return told


async def clear_monitors(command: ClearMonitors, caller: Caller, ask: Ask) -> CommandOutcome:
    async def ask_some(some: Sequence[int]) -> list[dict[str, Any]]:
        request = caller.types.ClearVariableMonitoring(id=list(some))
        answer = await ask("ClearVariableMonitoring", request)
        results = answer.clear_monitoring_result
        gone = [result.id for result in results if result.status in ("Accepted", "NotFound")]
        await caller.services.monitoring.note_cleared(caller.station, gone)
        return [{"id": result.id, "status": result.status} for result in results]

    limits = await caller.services.device.limits_of(caller.station)
    pieces = await in_pieces("ClearVariableMonitoring", command.ids, limits, ask_some)
    report = tuple(told for some in pieces for told in some)
    wrong = [told for told in report if told["status"] != "Accepted"]
    if not wrong:
        return CommandOutcome(status=CommandStatus.ACCEPTED, report=report)
    words = ", ".join(f"{told['id']}: {told['status']}" for told in wrong[:5])
    return CommandOutcome(status=CommandStatus.REFUSED, reason=f"Not cleared: {words}.", report=report)


_BASES = {
    MonitoringBase.ALL: "All",
    MonitoringBase.FACTORY_DEFAULT: "FactoryDefault",
    MonitoringBase.HARDWIRED_ONLY: "HardWiredOnly",
}


async def set_monitoring_base(command: SetMonitoringBase, caller: Caller, ask: Ask) -> CommandOutcome:
    request = caller.types.SetMonitoringBase(monitoring_base=_BASES[command.base])
    outcome = outcome_of(await ask("SetMonitoringBase", request))
    if outcome.status is CommandStatus.ACCEPTED:
        await caller.services.monitoring.note_base(caller.station, command.base)
    return outcome


async def set_monitoring_level(command: SetMonitoringLevel, caller: Caller, ask: Ask) -> CommandOutcome:
    request = caller.types.SetMonitoringLevel(severity=command.severity)
    return outcome_of(await ask("SetMonitoringLevel", request))


_CRITERIA = {
    "threshold": "ThresholdMonitoring",
    "delta": "DeltaMonitoring",
    "periodic": "PeriodicMonitoring",
}


async def get_monitoring_report(command: GetMonitoringReport, caller: Caller, ask: Ask) -> CommandOutcome:
    """N02: the station sends its monitors afterwards, in parts."""
    criteria = [_CRITERIA[criterion] for criterion in command.criteria] or None
    everything = not command.criteria and not command.components

    async def ask_some(some: Sequence[Variable]) -> Collected:
        pairs = [pair_of(caller, in_words_of_2x(variable)) for variable in some] or None

        def request(request_id: int) -> Payload:
            made: Payload = caller.types.GetMonitoringReport(
                request_id=request_id, monitoring_criteria=criteria, component_variable=pairs
            )
            return made

        return await collected(caller, ask, "GetMonitoringReport", "NotifyMonitoringReport", request)

    if command.components:
        limits = await caller.services.device.limits_of(caller.station)
        reports = await in_pieces("GetReport", command.components, limits, ask_some)
    else:
        reports = [await ask_some(())]
    found: list[KnownMonitor] = []
    whole = everything
    for report in reports:
        if report.answer.status not in ("Accepted", "EmptyResultSet"):
            return outcome_of(report.answer)
        found += monitors_in(report.parts, caller.services.clock.now())
        whole = whole and report.complete and not report.missing
    await caller.services.monitoring.note_monitors(caller.station, found, whole=whole)
    broken = any(report.missing or not report.complete for report in reports if report.parts)
    return CommandOutcome(
        status=CommandStatus.ACCEPTED,
        reason="The station's report broke off; this is what came of it." if broken else "",
        answer=as_facts(reports[-1].answer),
        report=tuple(msgspec.to_builtins(monitor) for monitor in found),
    )


async def get_event_streams(command: GetEventStreams, caller: Caller, ask: Ask) -> CommandOutcome:
    answer = await ask("GetPeriodicEventStream", caller.types.GetPeriodicEventStream())
    return CommandOutcome(
        status=CommandStatus.ACCEPTED,
        report=tuple(
            {
                "id": stream.id,
                "monitor_id": stream.variable_monitoring_id,
                "rate": {"interval_s": stream.params.interval, "values": stream.params.values},
            }
            for stream in answer.constant_stream_data or ()
        ),
    )


async def adjust_event_stream(command: AdjustEventStream, caller: Caller, ask: Ask) -> CommandOutcome:
    rate = caller.types.PeriodicEventStreamParamsType(
        interval=command.rate.interval_s, values=command.rate.values
    )
    request = caller.types.AdjustPeriodicEventStream(id=command.id, params=rate)
    outcome = outcome_of(await ask("AdjustPeriodicEventStream", request))
    if outcome.status is CommandStatus.ACCEPTED:
        await caller.services.monitoring.note_rate(caller.station, command.id, command.rate)
    return outcome


COMMANDS: dict[type, Wording] = {
    ClearMonitors: clear_monitors,
    GetMonitoringReport: get_monitoring_report,
    SetMonitoringBase: set_monitoring_base,
    SetMonitoringLevel: set_monitoring_level,
    SetMonitors: set_monitors,
}

# What 2.1 alone has.
COMMANDS_21: dict[type, Wording] = {
    AdjustEventStream: adjust_event_stream,
    GetEventStreams: get_event_streams,
}
