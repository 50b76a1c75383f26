"""What stations of OCPP 2.0.1 and 2.1 say: the tables of action to translator.

Every action that a station may send stands here; its translator is in the module of its block.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from currant.gateway.services import Caller, Services
from currant.gateway.v2 import (
    availability,
    charging,
    der,
    diagnostics,
    displays,
    firmware,
    monitoring,
    provisioning,
    reservations,
    security,
    smart_charging,
    trading,
)

Translator = Callable[[Any, Caller, Services, datetime], Any]


def data_transfer(request: Any, caller: Caller, services: Services, received_at: datetime) -> Any:
    return caller.types.DataTransferResponse(status="UnknownVendorId")


TRANSLATORS_201: dict[str, Translator] = {
    "Authorize": charging.authorize,
    "BootNotification": provisioning.boot_notification,
    "ClearedChargingLimit": smart_charging.cleared_charging_limit,
    "DataTransfer": data_transfer,
    "FirmwareStatusNotification": firmware.firmware_status,
    "Get15118EVCertificate": security.get_15118_ev_certificate,
    "GetCertificateStatus": security.get_certificate_status,
    "Heartbeat": availability.heartbeat,
    "LogStatusNotification": firmware.log_status,
    "MeterValues": charging.meter_values,
    "NotifyChargingLimit": smart_charging.notify_charging_limit,
    "NotifyCustomerInformation": displays.notify_customer_information,
    "NotifyDisplayMessages": displays.notify_display_messages,
    "NotifyEVChargingNeeds": smart_charging.notify_ev_charging_needs,
    "NotifyEVChargingSchedule": smart_charging.notify_ev_charging_schedule,
    "NotifyEvent": diagnostics.notify_event,
    "NotifyMonitoringReport": monitoring.notify_monitoring_report,
    "NotifyReport": provisioning.notify_report,
    "PublishFirmwareStatusNotification": firmware.publish_firmware_status,
    "ReportChargingProfiles": smart_charging.report_charging_profiles,
    "ReservationStatusUpdate": reservations.reservation_status,
    "SecurityEventNotification": security.security_event,
    "SignCertificate": security.sign_certificate,
    "StatusNotification": availability.status_notification,
    "TransactionEvent": charging.transaction_event,
}

TRANSLATORS_21: dict[str, Translator] = {
    **TRANSLATORS_201,
    "BatterySwap": trading.battery_swap,
    "ClosePeriodicEventStream": monitoring.close_stream,
    "GetCertificateChainStatus": security.get_certificate_chain_status,
    "NotifyDERAlarm": der.notify_der_alarm,
    "NotifyDERStartStop": der.notify_der_start_stop,
    "NotifyPeriodicEventStream": monitoring.notify_stream,
    "NotifyPriorityCharging": smart_charging.notify_priority_charging,
    "NotifySettlement": trading.notify_settlement,
    "OpenPeriodicEventStream": monitoring.open_stream,
    "PullDynamicScheduleUpdate": smart_charging.pull_dynamic_schedule_update,
    "ReportDERControl": der.report_der_control,
    "VatNumberValidation": trading.vat_number_validation,
}
