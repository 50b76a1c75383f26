"""Which messages each version of OCPP knows, who sends them, and the types they are made of.

The tables list actions by functional block (2.x) or profile (1.6) and by who sends them; the
types are looked up in the generated packages by name, so a missing one fails at import.
"""

from enum import StrEnum
from functools import cached_property
from types import ModuleType

import msgspec

from currant.ocpp import v16, v21, v201
from currant.ocpp.payload import Payload


class Version(StrEnum):
    """A version of OCPP; a property of a connection, never of a station."""

    V16 = "1.6"
    V201 = "2.0.1"
    V21 = "2.1"

    @cached_property
    def subprotocol(self) -> str:
        """Its name in `Sec-WebSocket-Protocol`."""
        return f"ocpp{self.value}"


SUBPROTOCOLS = {version.subprotocol: version for version in Version}


class Party(StrEnum):
    """Who sends an action as a request."""

    STATION = "station"
    CSMS = "csms"
    BOTH = "both"


class ActionSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One action: `response` is None for what is sent unanswered (NotifyPeriodicEventStream, 2.1)."""

    name: str
    request: type[Payload]
    response: type[Payload] | None
    sent_by: Party
    block: str


Table = dict[str, dict[Party, str]]

_V16: Table = {
    "Core": {
        Party.STATION: "Authorize BootNotification Heartbeat MeterValues StartTransaction StatusNotification StopTransaction",
        Party.CSMS: "ChangeAvailability ChangeConfiguration ClearCache GetConfiguration RemoteStartTransaction RemoteStopTransaction Reset UnlockConnector",
        Party.BOTH: "DataTransfer",
    },
    "Firmware Management": {
        Party.STATION: "DiagnosticsStatusNotification FirmwareStatusNotification",
        Party.CSMS: "GetDiagnostics UpdateFirmware",
    },
    "Local Auth List Management": {
        Party.CSMS: "GetLocalListVersion SendLocalList",
    },
    "Reservation": {
        Party.CSMS: "CancelReservation ReserveNow",
    },
    "Smart Charging": {
        Party.CSMS: "ClearChargingProfile GetCompositeSchedule SetChargingProfile",
    },
    "Remote Trigger": {
        Party.CSMS: "TriggerMessage",
    },
    "Security": {
        Party.STATION: "LogStatusNotification SecurityEventNotification SignCertificate SignedFirmwareStatusNotification",
        Party.CSMS: "CertificateSigned DeleteCertificate ExtendedTriggerMessage GetInstalledCertificateIds GetLog InstallCertificate SignedUpdateFirmware",
    },
}

_V201: Table = {
    "Security": {
        Party.STATION: "SecurityEventNotification SignCertificate",
        Party.CSMS: "CertificateSigned",
    },
    "Provisioning": {
        Party.STATION: "BootNotification NotifyReport",
        Party.CSMS: "GetBaseReport GetReport GetVariables Reset SetNetworkProfile SetVariables",
    },
    "Authorization": {
        Party.STATION: "Authorize",
        Party.CSMS: "ClearCache",
    },
    "Local authorization list": {
        Party.CSMS: "GetLocalListVersion SendLocalList",
    },
    "Transactions": {
        Party.STATION: "TransactionEvent",
        Party.CSMS: "GetTransactionStatus",
    },
    "Remote control": {
        Party.CSMS: "RequestStartTransaction RequestStopTransaction TriggerMessage UnlockConnector",
    },
    "Availability": {
        Party.STATION: "Heartbeat StatusNotification",
        Party.CSMS: "ChangeAvailability",
    },
    "Reservation": {
        Party.STATION: "ReservationStatusUpdate",
        Party.CSMS: "CancelReservation ReserveNow",
    },
    "Tariff & cost": {
        Party.CSMS: "CostUpdated",
    },
    "Metering": {
        Party.STATION: "MeterValues",
    },
    "Smart charging": {
        Party.STATION: "ClearedChargingLimit NotifyChargingLimit NotifyEVChargingNeeds NotifyEVChargingSchedule ReportChargingProfiles",
        Party.CSMS: "ClearChargingProfile GetChargingProfiles GetCompositeSchedule SetChargingProfile",
    },
    "Firmware management": {
        Party.STATION: "FirmwareStatusNotification PublishFirmwareStatusNotification",
        Party.CSMS: "PublishFirmware UnpublishFirmware UpdateFirmware",
    },
    "ISO 15118 certificates": {
        Party.STATION: "Get15118EVCertificate GetCertificateStatus",
        Party.CSMS: "DeleteCertificate GetInstalledCertificateIds InstallCertificate",
    },
    "Diagnostics / monitoring": {
        Party.STATION: "LogStatusNotification NotifyCustomerInformation NotifyEvent NotifyMonitoringReport",
        Party.CSMS: "ClearVariableMonitoring CustomerInformation GetLog GetMonitoringReport SetMonitoringBase SetMonitoringLevel SetVariableMonitoring",
    },
    "Display message": {
        Party.STATION: "NotifyDisplayMessages",
        Party.CSMS: "ClearDisplayMessage GetDisplayMessages SetDisplayMessage",
    },
    "DataTransfer": {
        Party.BOTH: "DataTransfer",
    },
}

# What 2.1 adds; it keeps all of 2.0.1.
_V21: Table = {
    "Authorization": {
        Party.STATION: "VatNumberValidation NotifySettlement",
        Party.CSMS: "NotifyWebPaymentStarted",
    },
    "Tariff & cost": {
        Party.CSMS: "SetDefaultTariff GetTariffs ClearTariffs ChangeTransactionTariff",
    },
    "Smart charging": {
        Party.STATION: "NotifyPriorityCharging PullDynamicScheduleUpdate",
        Party.CSMS: "UsePriorityCharging UpdateDynamicSchedule",
    },
    "ISO 15118 certificates": {
        Party.STATION: "GetCertificateChainStatus",
    },
    "Diagnostics / monitoring": {
        Party.STATION: "OpenPeriodicEventStream ClosePeriodicEventStream NotifyPeriodicEventStream",
        Party.CSMS: "GetPeriodicEventStream AdjustPeriodicEventStream",
    },
    "Bidirectional / V2X": {
        Party.CSMS: "AFRRSignal NotifyAllowedEnergyTransfer",
    },
    "DER control": {
        Party.STATION: "NotifyDERAlarm NotifyDERStartStop ReportDERControl",
        Party.CSMS: "ClearDERControl GetDERControl SetDERControl",
    },
    "Battery swap": {
        Party.STATION: "BatterySwap",
        Party.CSMS: "RequestBatterySwap",
    },
}


def _actions(types: ModuleType, *tables: Table) -> dict[str, ActionSpec]:
    return {
        name: ActionSpec(
            name=name,
            request=getattr(types, name),
            # Only NotifyPeriodicEventStream has no answer (2.1 Part 4, 4.2.5: SEND).
            response=getattr(types, f"{name}Response", None),
            sent_by=party,
            block=block,
        )
        for table in tables
        for block, by_party in table.items()
        for party, names in by_party.items()
        for name in names.split()
    }


ACTIONS: dict[Version, dict[str, ActionSpec]] = {
    Version.V16: _actions(v16, _V16),
    Version.V201: _actions(v201, _V201),
    Version.V21: _actions(v21, _V201, _V21),
}
