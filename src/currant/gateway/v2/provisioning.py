"""Block B: booting, and reports of the device model."""

from datetime import datetime
from typing import Any

from currant.gateway.answers import boot_status
from currant.gateway.services import Caller, Services
from currant.gateway.v2.collecting import hand_over
from currant.gateway.v2.model_words import reported_in
from currant.ocpp import v21, v201
from currant.ocpp.catalogue import Version
from currant.stations.device.model import How
from currant.stations.model import Admission, BootReport


async def boot_notification(
    request: v201.BootNotification | v21.BootNotification,
    caller: Caller,
    services: Services,
    received_at: datetime,
) -> Any:
    station = request.charging_station
    modem = station.modem
    answer = await services.stations.boot(
        caller.station,
        BootReport(
            vendor=station.vendor_name,
            model=station.model,
            serial_number=station.serial_number or "",
            firmware_version=station.firmware_version or "",
            iccid=(modem.iccid or "") if modem is not None else "",
            imsi=(modem.imsi or "") if modem is not None else "",
            reason=request.reason,
        ),
        at=received_at,
    )
    if answer.admission is Admission.ACCEPTED:
        # A boot reported because it was asked for (quirk B15, an operator's trigger) is no restart.
        if request.reason != "Triggered" and "BootNotification" not in caller.asked:
            await services.charging.booted(caller.station, caller.sessions, at=received_at)
            if caller.version is Version.V21:
                # Streams end with a restart: the station opens new ones (N11).
                services.monitoring.forget_streams(caller.station)
        caller.asked -= {"BootNotification"}
        caller.booted = True
    return caller.types.BootNotificationResponse(
        current_time=services.clock.now(), interval=answer.interval_s, status=boot_status(answer.admission)
    )


def notify_report(
    request: v201.NotifyReport | v21.NotifyReport, caller: Caller, services: Services, received_at: datetime
) -> Any:
    # What nobody waits for is kept all the same; the answer does not wait for that.
    if not hand_over(caller, request):
        services.device.learn(caller.station, reported_in([request]), How.REPORT, at=received_at)
    return caller.types.NotifyReportResponse()
