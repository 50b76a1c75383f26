"""Blocks L and N01: how far firmware, published firmware and logs have come, as stations tell."""

from datetime import datetime
from typing import Any

from currant.gateway.progress import note_progress
from currant.gateway.services import Caller, Services
from currant.ocpp import v21, v201
from currant.stations.transfers.model import Family


async def firmware_status(
    request: v201.FirmwareStatusNotification | v21.FirmwareStatusNotification,
    caller: Caller,
    services: Services,
    received_at: datetime,
) -> Any:
    await note_progress(
        services,
        caller,
        Family.FIRMWARE,
        request.status,
        request_id=request.request_id,
        detail=_explained(request),
    )
    return caller.types.FirmwareStatusNotificationResponse()


async def publish_firmware_status(
    request: v201.PublishFirmwareStatusNotification | v21.PublishFirmwareStatusNotification,
    caller: Caller,
    services: Services,
    received_at: datetime,
) -> Any:
    await note_progress(
        services,
        caller,
        Family.PUBLISHING,
        request.status,
        request_id=request.request_id,
        detail=_explained(request),
        locations=tuple(request.location or ()),
    )
    return caller.types.PublishFirmwareStatusNotificationResponse()


async def log_status(
    request: v201.LogStatusNotification | v21.LogStatusNotification,
    caller: Caller,
    services: Services,
    received_at: datetime,
) -> Any:
    await note_progress(
        services,
        caller,
        Family.LOG,
        request.status,
        request_id=request.request_id,
        detail=_explained(request),
    )
    return caller.types.LogStatusNotificationResponse()


def _explained(request: Any) -> str:
    """The station's own explanation, which 2.1 alone has."""
    info = getattr(request, "status_info", None)
    if info is None:
        return ""
    return f"{info.reason_code}: {info.additional_info}" if info.additional_info else str(info.reason_code)
