"""A simulated station's monitors in the words of OCPP 2.x: set, cleared, reported, and speaking up."""

from typing import TYPE_CHECKING, Any, cast

from currant.simulator import device_model
from currant.simulator.dialect import Answering
from currant.simulator.monitoring import SEVERITY_MAX, Monitor, Monitors, Sighting, chosen
from currant.simulator.streams import Streams
from currant.simulator.v2_common import Answer, Request, in_parts
from currant.simulator.v2_variables import key_of, matches, named, too_many, unknown

if TYPE_CHECKING:
    from currant.simulator.v2 import V2

REPORT_ITEMS_MAX = 10


def set_variable_monitoring(words: "V2", request: Request) -> Answering:
    refused = too_many(words.station, request.set_monitoring_data)
    if refused is not None:
        return refused
    results = [_set(words, asked) for asked in request.set_monitoring_data]
    return cast("Answering", words.types.SetVariableMonitoringResponse(set_monitoring_result=results))


def _set(words: "V2", asked: Any) -> Any:
    station = words.station
    monitors = station.part(Monitors)
    key = key_of(asked.component, asked.variable)
    variable = device_model.find(station, key)
    given = None
    if variable is None:
        status = unknown(station, asked.component)
    elif station.refuses(f"{variable.component}.{variable.name}"):
        status = "Rejected"
    else:
        monitor = Monitor(
            id=asked.id or 0,
            key=key,
            kind=asked.type,
            value=asked.value,
            severity=asked.severity,
            transaction=bool(asked.transaction),
        )
        status = monitors.set(monitor, variable)
        given = monitor.id if status == "Accepted" else None
        if given is not None:
            _arrange_stream(words, monitor, getattr(asked, "periodic_event_stream", None))
    return words.types.SetMonitoringResultType(
        id=given,
        status=status,
        type=asked.type,
        component=asked.component,
        variable=asked.variable,
        severity=min(max(asked.severity, 0), SEVERITY_MAX),
    )


def _arrange_stream(words: "V2", monitor: Monitor, params: Any) -> None:
    """A stream is opened where one is asked for, and closed where it no longer is (N11, N13.FR.06)."""
    station = words.station
    if params is not None:
        interval, values = params.interval, params.values
        station.run_steps([(0.5, lambda: station.part(Streams).open(monitor, interval, values))])
        return
    streams = station.has(Streams)
    if streams is not None:
        streams.close_for(monitor.id)


def set_monitoring_base(words: "V2", request: Request) -> Answer:
    words.station.part(Monitors).set_base(request.monitoring_base)
    return words.types.SetMonitoringBaseResponse(status="Accepted")


def set_monitoring_level(words: "V2", request: Request) -> Answer:
    fits = 0 <= request.severity <= SEVERITY_MAX
    if fits:
        words.station.part(Monitors).level = request.severity
    return words.types.SetMonitoringLevelResponse(status="Accepted" if fits else "Rejected")


def clear_variable_monitoring(words: "V2", request: Request) -> Answering:
    refused = too_many(words.station, request.id)
    if refused is not None:
        return refused
    monitors, streams = words.station.part(Monitors), words.station.has(Streams)
    results = []
    for monitor_id in request.id:
        status = monitors.clear(monitor_id)
        if streams is not None and status == "Accepted":
            streams.close_for(monitor_id)
        results.append(words.types.ClearMonitoringResultType(status=status, id=monitor_id))
    return cast("Answering", words.types.ClearVariableMonitoringResponse(clear_monitoring_result=results))


def get_monitoring_report(words: "V2", request: Request) -> Answering:
    station, respond = words.station, words.types.GetMonitoringReportResponse
    wanted = request.component_variable or []
    refused = too_many(station, wanted)
    if refused is not None:
        return refused
    variables = [
        variable
        for variable in device_model.inventory(station)
        if not wanted or any(matches(variable, each) for each in wanted)
    ]
    monitors = station.part(Monitors)
    found = chosen(monitors.by_id.values(), variables, request.monitoring_criteria or [])
    if not found:
        return cast("Answering", respond(status="EmptyResultSet"))
    stamp = station.stamp()

    def send() -> None:
        for number, part, more in in_parts(found, REPORT_ITEMS_MAX):
            words.say(
                "NotifyMonitoringReport",
                request_id=request.request_id,
                seq_no=number,
                generated_at=stamp,
                tbc=True if more else None,
                monitor=[_reported(words, variable, own) for variable, own in part],
            )

    station.run_steps([(0.5, send)])
    return cast("Answering", respond(status="Accepted"))


def _reported(words: "V2", variable: device_model.Variable, monitors: list[Monitor]) -> Any:
    types = words.types
    component, name = named(types, variable)
    return types.MonitoringDataType(
        component=component,
        variable=name,
        variable_monitoring=[
            types.VariableMonitoringType(
                id=each.id,
                transaction=each.transaction,
                value=each.value,
                type=each.kind,
                severity=each.severity,
                # 2.1 alone tells whose monitor it is (N02.FR.22).
                **({"event_notification_type": each.origin} if words.is_21 else {}),
            )
            for each in monitors
        ],
    )


def tell(words: "V2", sighting: Sighting) -> None:
    """A monitor has seen something: into its stream, where it has one, else as an event (N07, N15)."""
    station, types = words.station, words.types
    streams = station.has(Streams)
    if streams is not None and streams.take(sighting.monitor, sighting.value):
        return
    component, name = named(types, sighting.variable)
    words.events_told += 1
    event = types.EventDataType(
        event_id=words.events_told,
        timestamp=station.stamp(),
        trigger=sighting.trigger,
        actual_value=sighting.value,
        cleared=True if sighting.cleared else None,
        transaction_id=sighting.transaction,
        variable_monitoring_id=sighting.monitor.id,
        component=component,
        variable=name,
        event_notification_type=sighting.monitor.origin,
        **({"severity": sighting.monitor.severity} if words.is_21 else {}),
    )
    most = int(device_model.value_of(station, "MonitoringCtrlr", "OfflineQueuingSeverity"))
    kept = sighting.monitor.severity <= most
    words.say("NotifyEvent", generated_at=station.stamp(), seq_no=0, event_data=[event], kept=kept)
