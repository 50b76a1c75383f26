"""What stations of every version tell in the same way: security events and their weight."""

from datetime import datetime

from currant.gateway.services import Caller, Services
from currant.stations.model import Severity

# Those that the specifications call critical (1.6 whitepaper and 2.x Part 2, Appendix 1: "Critical: Yes").
_CRITICAL = frozenset(
    {
        "FirmwareUpdated", "SettingSystemTime", "StartupOfTheDevice", "ResetOrReboot", "SecurityLogWasCleared",
        "MemoryExhaustion", "TamperDetectionActivated", "InvalidFirmwareSignature",
        "InvalidFirmwareSigningCertificate", "InvalidCsmsCertificate", "InvalidCentralSystemCertificate",
        "InvalidChargingStationCertificate", "InvalidChargePointCertificate", "InvalidTLSVersion",
        "InvalidTLSCipherSuite", "MaintenanceLoginAccepted", "MaintenanceLoginFailed",
    }
)  # fmt: skip
# Critical by the book, and yet what every healthy station says each time that it starts.
_EVERYDAY = frozenset({"StartupOfTheDevice", "ResetOrReboot", "SettingSystemTime", "FirmwareUpdated"})


def severity_of(kind: str) -> Severity:
    if kind in _EVERYDAY:
        return Severity.LOW
    return Severity.CRITICAL if kind in _CRITICAL else Severity.MEDIUM


async def note_security_event(
    services: Services, caller: Caller, *, kind: str, at: datetime, detail: str
) -> None:
    station = caller.station
    await services.stations.security_event(
        station.tenant_id,
        station_id=station.station_id,
        identity=station.identity,
        kind=kind,
        at=at,
        detail=detail,
        severity=severity_of(kind),
        remote_address=caller.remote_address,
    )
