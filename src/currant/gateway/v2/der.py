"""Block R: what stations tell of DER controls and of the alarms that those raise (2.1)."""

from datetime import datetime
from typing import Any

from currant.gateway.services import Caller, Services, reported_at
from currant.gateway.v2.collecting import hand_over
from currant.gateway.v2.der_words import KINDS_READ, neutral_controls
from currant.ocpp import v21


async def report_der_control(
    request: v21.ReportDERControl, caller: Caller, services: Services, received_at: datetime
) -> Any:
    found = neutral_controls(request)
    await services.der.reported(
        caller.station, [(entry.control, entry.superseded) for entry in found], at=received_at
    )
    hand_over(caller, request)
    return v21.ReportDERControlResponse()


async def notify_der_start_stop(
    request: v21.NotifyDERStartStop, caller: Caller, services: Services, received_at: datetime
) -> Any:
    await services.der.started_or_stopped(
        caller.station,
        request.control_id,
        started=request.started,
        superseded=tuple(request.superseded_ids or ()),
        at=reported_at(request.timestamp, received_at),
    )
    return v21.NotifyDERStartStopResponse()


async def notify_der_alarm(
    request: v21.NotifyDERAlarm, caller: Caller, services: Services, received_at: datetime
) -> Any:
    await services.der.alarm(
        caller.station,
        KINDS_READ[request.control_type],
        request.grid_event_fault or "",
        ended=request.alarm_ended or False,
        info=request.extra_info or "",
        at=reported_at(request.timestamp, received_at),
    )
    return v21.NotifyDERAlarmResponse()
