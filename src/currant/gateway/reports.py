"""What stations of every version tell in the same way: security events and their weight."""

from datetime import datetime

from currant.gateway.services import Caller, Services
from currant.ocpp.catalogue import Version
from currant.stations.model import Severity

# 1.6 security whitepaper ed. 3, 6: what is critical, and what is not.
CRITICAL_16 = frozenset(
    {
        "FirmwareUpdated", "MemoryExhaustion", "ResetOrReboot", "SecurityLogWasCleared", "SettingSystemTime",
        "StartupOfTheDevice", "TamperDetectionActivated",
    }
)  # fmt: skip
ORDINARY_16 = frozenset(
    {
        "AttemptedReplayAttacks", "CentralSystemFailedToAuthenticate", "FailedToAuthenticateAtCentralSystem",
        "InvalidCentralSystemCertificate", "InvalidChargePointCertificate", "InvalidFirmwareSignature",
        "InvalidFirmwareSigningCertificate", "InvalidMessages", "InvalidTLSCipherSuite", "InvalidTLSVersion",
        "ReconfigurationOfSecurityParameters",
        # As the whitepaper's table spells them.
        "CentralSystemFailedToAuthentication", "FailedToAuthenticationAtCentralSystem",
    }
)  # fmt: skip
# 2.0.1 and 2.1 Part 2, Appendix 1; `DiscardedRenewedClientCertificate` came with 2.1.
CRITICAL_2 = frozenset(
    {
        "DiscardedRenewedClientCertificate", "FirmwareUpdated", "InvalidChargingStationCertificate",
        "InvalidCsmsCertificate", "InvalidFirmwareSignature", "InvalidFirmwareSigningCertificate",
        "InvalidTLSCipherSuite", "InvalidTLSVersion", "MaintenanceLoginAccepted", "MaintenanceLoginFailed",
        "MemoryExhaustion", "ResetOrReboot", "SecurityLogWasCleared", "SettingSystemTime",
        "StartupOfTheDevice", "TamperDetectionActivated",
    }
)  # fmt: skip
ORDINARY_2 = frozenset(
    {
        "AttemptedReplayAttacks", "CsmsFailedToAuthenticate", "FailedToAuthenticateAtCsms", "InvalidMessages",
        "ReconfigurationOfSecurityParameters",
    }
)  # fmt: skip


def severity_of(kind: str, version: Version) -> Severity | None:
    """The weight by the version's own list; None for a word that is not on it."""
    critical, ordinary = (CRITICAL_16, ORDINARY_16) if version is Version.V16 else (CRITICAL_2, ORDINARY_2)
    if kind in critical:
        return Severity.CRITICAL
    return Severity.LOW if kind in ordinary else None


async def note_security_event(
    services: Services, caller: Caller, *, kind: str, at: datetime, detail: str
) -> None:
    station = caller.station
    severity = severity_of(kind, caller.version)
    if severity is None:
        # The list is not closed (2.x Appendix 1): a word of its own is kept, and shown to whoever asks the maker.
        services.stations.note_findings(
            station, "SecurityEventNotification", [("unknown-security-event", "type", kind)]
        )
        severity = Severity.MEDIUM
    await services.stations.security_event(
        station.tenant_id,
        station_id=station.station_id,
        identity=station.identity,
        kind=kind,
        at=at,
        detail=detail,
        severity=severity,
        remote_address=caller.remote_address,
    )
