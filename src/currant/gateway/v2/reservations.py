"""Block H: what stations say of reservations of their own accord."""

from datetime import datetime

from currant.charging.reservations.model import StationWord
from currant.gateway.services import Caller, Services
from currant.ocpp import v21, v201

WORDS = {
    "Expired": StationWord.EXPIRED,
    "Removed": StationWord.REMOVED,
    # 2.1 alone (H03.FR.11).
    "NoTransaction": StationWord.NO_TRANSACTION,
}


async def reservation_status(
    request: v201.ReservationStatusUpdate | v21.ReservationStatusUpdate,
    caller: Caller,
    services: Services,
    received_at: datetime,
) -> bytes:
    if services.reservations is not None:
        await services.reservations.report(
            caller.station.tenant_id,
            caller.station.station_id,
            request.reservation_id,
            WORDS[request.reservation_update_status],
            at=received_at,
        )
    return b"{}"
