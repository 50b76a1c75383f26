"""OCPP 2.1's battery swaps (S), and payments at the station: settlements and VAT numbers (C19, C22 to C25)."""

from datetime import datetime

from currant.charging.swaps import Battery, Settlement, SwapStep
from currant.gateway.services import Caller, Services, reported_at
from currant.kit.ids import new_id
from currant.kit.vat import is_plausible
from currant.ocpp import v21

VAT_NUMBER_MAX = 20
STEPS = {"BatteryIn": SwapStep.IN, "BatteryOut": SwapStep.OUT, "BatteryOutTimeout": SwapStep.OUT_TIMEOUT}
STATUSES = {"Settled": "settled", "Canceled": "cancelled", "Rejected": "rejected", "Failed": "failed"}


async def battery_swap(
    request: v21.BatterySwap, caller: Caller, services: Services, received_at: datetime
) -> v21.BatterySwapResponse:
    await services.swaps.swapped(
        caller.station,
        request_id=request.request_id,
        step=STEPS[request.event_type],
        token_uid=request.id_token.id_token,
        batteries=tuple(
            Battery(
                evse=battery.evse_id,
                serial_number=battery.serial_number,
                soc_percent=battery.soc,
                soh_percent=battery.soh,
                made_at=battery.production_date,
                info=battery.vendor_info or "",
            )
            for battery in request.battery_data
        ),
        at=received_at,
    )
    return v21.BatterySwapResponse()


async def notify_settlement(
    request: v21.NotifySettlement, caller: Caller, services: Services, received_at: datetime
) -> v21.NotifySettlementResponse:
    """C19: the terminal's own receipt stands; ours come with invoices."""
    company = request.vat_company
    await services.swaps.settled(
        caller.station,
        Settlement(
            id=new_id(),
            tenant_id=caller.station.tenant_id,
            station_id=caller.station.station_id,
            reference=request.psp_ref,
            status=STATUSES[request.status],
            amount=request.settlement_amount,
            settled_at=reported_at(request.settlement_time, received_at),
            transaction_id=request.transaction_id or "",
            receipt_id=request.receipt_id or "",
            receipt_url=request.receipt_url or "",
            vat_number=request.vat_number or "",
            company="" if company is None else company.name,
            detail=request.status_info or "",
        ),
    )
    return v21.NotifySettlementResponse()


def vat_number_validation(
    request: v21.VatNumberValidation, caller: Caller, services: Services, received_at: datetime
) -> v21.VatNumberValidationResponse:
    """C25: by form and check digits. Whether the number is in use, its country's register alone knows."""
    plausible = is_plausible(request.vat_number)
    return v21.VatNumberValidationResponse(
        # No longer than the answer has room for: one that long is rejected anyway.
        vat_number=request.vat_number[:VAT_NUMBER_MAX],
        status="Accepted" if plausible else "Rejected",
        evse_id=None if request.evse_id is None or not 0 <= request.evse_id < 2**31 else request.evse_id,
        status_info=None
        if plausible
        else v21.StatusInfoType(
            reason_code="InvalidValue", additional_info="The number's form or check digits are wrong."
        ),
    )
