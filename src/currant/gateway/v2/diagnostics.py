"""Block N: what stations tell of their components."""

from datetime import datetime
from typing import Any

from currant.gateway.services import Caller, Services, reported_at
from currant.gateway.v2.availability import STATUSES
from currant.gateway.v2.model_words import variable_of
from currant.gateway.v2.monitoring import ORIGINS
from currant.ocpp import v21, v201
from currant.stations.commanding.variables import VariableValue
from currant.stations.device.model import How
from currant.stations.device.watching import ComponentEvent, EventTrigger, Origin
from currant.stations.model import StatusReport
from currant.stations.reports import plausible

EVENTS_MAX = 200
"""Component events of one message that are kept one by one; all of them stand in the message log."""

CAUSES = {"Alerting": EventTrigger.ALERTING, "Delta": EventTrigger.DELTA, "Periodic": EventTrigger.PERIODIC}


async def notify_event(
    request: v201.NotifyEvent | v21.NotifyEvent, caller: Caller, services: Services, received_at: datetime
) -> Any:
    told: list[ComponentEvent] = []
    statuses: list[VariableValue] = []
    for event in request.event_data[:EVENTS_MAX]:
        at = reported_at(event.timestamp, received_at)
        if _is_connector_status(event):
            await _report_status(event, caller, services, at, received_at)
            variable = variable_of(event.component, event.variable)
            statuses.append(VariableValue(variable=variable, value=event.actual_value, status="Accepted"))
        else:
            told.append(_component_event(event, caller, plausible(at, received_at)))
    if told:
        await services.monitoring.note_events(caller.station, told)
    if statuses:
        services.device.learn(caller.station, statuses, How.EVENT, at=received_at)
    return caller.types.NotifyEventResponse()


def _component_event(
    event: v201.EventDataType | v21.EventDataType, caller: Caller, at: datetime
) -> ComponentEvent:
    return ComponentEvent(
        station_id=caller.station.station_id,
        at=at,
        event_id=event.event_id,
        trigger=CAUSES.get(event.trigger, EventTrigger.ALERTING),
        origin=ORIGINS.get(event.event_notification_type, Origin.UNKNOWN),
        variable=variable_of(event.component, event.variable),
        value=event.actual_value,
        cleared=bool(event.cleared),
        tech_code=event.tech_code or "",
        tech_info=event.tech_info or "",
        # 2.1 alone says it with the event.
        severity=getattr(event, "severity", None),
        monitor_id=event.variable_monitoring_id,
        cause=event.cause,
        transaction_id=event.transaction_id,
    )


def _is_connector_status(event: v201.EventDataType | v21.EventDataType) -> bool:
    """2.1 G01.FR.08: a Connector's AvailabilityState may be reported as an event in place of a StatusNotification."""
    return (
        event.component.name == "Connector"
        and event.variable.name == "AvailabilityState"
        and event.component.evse is not None
        and event.actual_value in STATUSES
    )


async def _report_status(
    event: v201.EventDataType | v21.EventDataType,
    caller: Caller,
    services: Services,
    at: datetime,
    received_at: datetime,
) -> None:
    evse = event.component.evse
    assert evse is not None
    await services.charging.status(
        caller.station,
        caller.sessions,
        StatusReport(
            evse=evse.id,
            connector=evse.connector_id or 1,
            status=STATUSES[event.actual_value],
            at=at,
            received_at=received_at,
            raw_status=event.actual_value,
            raw_error=event.tech_code or "",
            info=event.tech_info or "",
        ),
    )
