"""Block G: heartbeats and connector statuses."""

from datetime import datetime
from typing import Any

from currant.gateway.answers import heartbeat_answer
from currant.gateway.services import Caller, Services, reported_at
from currant.ocpp import v21, v201
from currant.stations.model import ConnectorStatus, StatusReport

STATUSES = {
    "Available": ConnectorStatus.AVAILABLE,
    "Occupied": ConnectorStatus.OCCUPIED,
    "Reserved": ConnectorStatus.RESERVED,
    "Unavailable": ConnectorStatus.UNAVAILABLE,
    "Faulted": ConnectorStatus.FAULTED,
}


def heartbeat(request: Any, caller: Caller, services: Services, received_at: datetime) -> bytes:
    return heartbeat_answer(received_at)


async def status_notification(
    request: v201.StatusNotification | v21.StatusNotification,
    caller: Caller,
    services: Services,
    received_at: datetime,
) -> bytes:
    await services.charging.status(
        caller.station,
        caller.sessions,
        StatusReport(
            evse=request.evse_id,
            connector=request.connector_id,
            status=STATUSES[request.connector_status],
            at=reported_at(request.timestamp, received_at),
            received_at=received_at,
            raw_status=request.connector_status,
        ),
    )
    return b"{}"
