"""Block N: what stations tell of their components."""

from datetime import datetime
from typing import Any

from currant.gateway.services import Caller, Services, reported_at
from currant.gateway.v2.availability import STATUSES
from currant.ocpp import v21, v201
from currant.stations.model import StatusReport

EVENTS_MAX = 50
"""Component events of one message that are kept one by one; all of them stand in the message log."""


async def notify_event(
    request: v201.NotifyEvent | v21.NotifyEvent, caller: Caller, services: Services, received_at: datetime
) -> Any:
    for event in request.event_data[:EVENTS_MAX]:
        at = reported_at(event.timestamp, received_at)
        evse = event.component.evse
        if _is_connector_status(event):
            await _report_status(event, caller, services, at, received_at)
            continue
        if event.trigger == "Periodic":
            continue
        await services.stations.note_fact(
            caller.station,
            topic="component_event",
            status="cleared" if event.cleared else event.actual_value,
            evse=None if evse is None else evse.id,
            connector=None if evse is None else evse.connector_id,
            error=_error_of(event),
            detail=_words(event),
            at=at,
        )
    return caller.types.NotifyEventResponse()


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


def _error_of(event: v201.EventDataType | v21.EventDataType) -> str:
    """The code of a problem: the technical code, or a component's Problem variable that became true."""
    if event.cleared:
        return ""
    if event.tech_code:
        return event.tech_code
    is_problem = event.variable.name == "Problem" and event.actual_value.lower() == "true"
    return event.component.name if is_problem else ""


def _words(event: v201.EventDataType | v21.EventDataType) -> str:
    component, variable = event.component, event.variable
    parts = [
        f"{component.name}{f'[{component.instance}]' if component.instance else ''}",
        f"{variable.name}{f'[{variable.instance}]' if variable.instance else ''}",
        event.actual_value,
        event.tech_code or "",
        event.tech_info or "",
    ]
    return " ".join(part for part in parts if part)
