"""Block N: monitors that stations report, and the streams of values that 2.1 opens for them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from currant.gateway.services import Caller, Services
from currant.gateway.v2.collecting import hand_over
from currant.gateway.v2.model_words import KINDS_READ, variable_of
from currant.ocpp import v21, v201
from currant.stations.commanding.variables import StreamRate
from currant.stations.device.watching import KnownMonitor, Origin
from currant.stations.reports import plausible

BACK_S_MAX = 30 * 86_400.0
"""How far from its message's own time a value may be: a station keeps some while it is offline."""
VALUES_MAX = 1_000
"""Values of one stream message that are taken; all of them stand in the message log."""

ORIGINS = {
    "HardWiredNotification": Origin.HARDWIRED,
    "HardWiredMonitor": Origin.HARDWIRED,
    "PreconfiguredMonitor": Origin.PRECONFIGURED,
    "CustomMonitor": Origin.CUSTOM,
}


def monitors_in(parts: Sequence[Any], now: datetime) -> list[KnownMonitor]:
    """The monitors in parts of a report; those of a kind that nobody knows are left out."""
    return [
        KnownMonitor(
            id=monitor.id,
            variable=variable_of(entry.component, entry.variable),
            kind=KINDS_READ[monitor.type],
            value=monitor.value,
            severity=monitor.severity,
            in_transaction_only=monitor.transaction,
            # 2.1 alone says who made it.
            origin=ORIGINS.get(getattr(monitor, "event_notification_type", ""), Origin.UNKNOWN),
            known_since=now,
        )
        for part in parts
        for entry in part.monitor or ()
        for monitor in entry.variable_monitoring
        if monitor.type in KINDS_READ
    ]


async def notify_monitoring_report(
    request: v201.NotifyMonitoringReport | v21.NotifyMonitoringReport,
    caller: Caller,
    services: Services,
    received_at: datetime,
) -> Any:
    if not hand_over(caller, request):
        await services.monitoring.note_monitors(caller.station, monitors_in([request], received_at))
    return caller.types.NotifyMonitoringReportResponse()


async def open_stream(
    request: v21.OpenPeriodicEventStream, caller: Caller, services: Services, received_at: datetime
) -> v21.OpenPeriodicEventStreamResponse:
    stream = request.constant_stream_data
    why_not = await services.monitoring.open_stream(
        caller.station,
        stream_id=stream.id,
        monitor_id=stream.variable_monitoring_id,
        rate=StreamRate(interval_s=stream.params.interval, values=stream.params.values),
    )
    if not why_not:
        return v21.OpenPeriodicEventStreamResponse(status="Accepted")
    return v21.OpenPeriodicEventStreamResponse(
        status="Rejected",
        status_info=v21.StatusInfoType(reason_code="InvalidValue", additional_info=why_not),
    )


async def close_stream(
    request: v21.ClosePeriodicEventStream, caller: Caller, services: Services, received_at: datetime
) -> v21.ClosePeriodicEventStreamResponse:
    await services.monitoring.close_stream(caller.station, request.id)
    return v21.ClosePeriodicEventStreamResponse()


async def notify_stream(
    request: v21.NotifyPeriodicEventStream, caller: Caller, services: Services, received_at: datetime
) -> None:
    """Sent without an answer (2.1 N15). Each value's time is in seconds after the message's own."""
    begins = plausible(request.basetime or received_at, received_at)
    values = [
        (begins + timedelta(seconds=value.t), value.v)
        for value in request.data[:VALUES_MAX]
        if abs(value.t) <= BACK_S_MAX
    ]
    if not await services.monitoring.note_stream(caller.station, request.id, values):
        services.stations.note_findings(
            caller.station, "NotifyPeriodicEventStream", [("stream-unknown", "id", str(request.id))]
        )
