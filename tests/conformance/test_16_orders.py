"""OCPP 1.6 with its security extension: every message that Currant sends, word by word, and what its answers mean."""

from typing import Any

import pytest
from installation import Site
from orders import Order, carried_out
from shows import shows
from signed import signed

pytestmark = pytest.mark.asyncio(loop_scope="module")

AT, LATER = "2031-01-31T12:00:00Z", "2031-01-31T18:30:00Z"
PEM = signed(b"")["certificate"]
PROFILE: dict[str, Any] = {
    "id": 5,
    "purpose": "tx_default",
    "kind": "recurring",
    "recurrency": "daily",
    "stack_level": 2,
    "valid_from": AT,
    "valid_until": "2031-03-31T12:00:00Z",
    "schedules": [
        {
            "unit": "A",
            "starts_at": AT,
            "duration_s": 86400,
            "min_rate": 6,
            "periods": [{"start_s": 0, "limit": 16, "phases": 3}, {"start_s": 3600, "limit": 8.5}],
        }
    ],
}
WIRE_PROFILE: dict[str, Any] = {
    "chargingProfileId": 5,
    "stackLevel": 2,
    "chargingProfilePurpose": "TxDefaultProfile",
    "chargingProfileKind": "Recurring",
    "recurrencyKind": "Daily",
    "validFrom": AT,
    "validTo": "2031-03-31T12:00:00Z",
    "chargingSchedule": {
        "chargingRateUnit": "A",
        "startSchedule": AT,
        "duration": 86400,
        "minChargingRate": 6,
        "chargingSchedulePeriod": [
            {"startPeriod": 0, "limit": 16, "numberPhases": 3},
            {"startPeriod": 3600, "limit": 8.5},
        ],
    },
}
TX_PROFILE: dict[str, Any] = {
    "id": 6,
    "purpose": "tx",
    "kind": "relative",
    "schedules": [{"unit": "W", "periods": [{"start_s": 0, "limit": 7400}]}],
}
HASH = {"algorithm": "SHA256", "issuer_name_hash": "AB01", "issuer_key_hash": "CD02", "serial_number": "0EF3"}
WIRE_HASH = {
    "hashAlgorithm": "SHA256",
    "issuerNameHash": "AB01",
    "issuerKeyHash": "CD02",
    "serialNumber": "0EF3",
}
READ = {"key": "HeartbeatInterval", "readonly": False, "value": "300"}

CORE = (
    Order(
        command={"command": "SetAvailability", "operative": False, "evse": 2},
        action="ChangeAvailability",
        wire={"connectorId": 2, "type": "Inoperative"},
    ),
    Order(
        command={"command": "SetAvailability", "operative": True},
        action="ChangeAvailability",
        wire={"connectorId": 0, "type": "Operative"},
    ),
    Order(
        command={
            "command": "SetVariables",
            "values": [{"variable": {"name": "LightIntensity"}, "value": "50"}],
        },
        action="ChangeConfiguration",
        wire={"key": "LightIntensity", "value": "50"},
        no={"status": "NotSupported"},
        variables=[{"variable": {"name": "LightIntensity"}, "value": "50", "status": "Accepted"}],
    ),
    Order(
        # By its name in 2.x.
        command={
            "command": "SetVariables",
            "values": [
                {"variable": {"component": "OCPPCommCtrlr", "name": "HeartbeatInterval"}, "value": "300"}
            ],
        },
        action="ChangeConfiguration",
        wire={"key": "HeartbeatInterval", "value": "300"},
        yes={"status": "RebootRequired"},
    ),
    Order(command={"command": "ClearCache"}, action="ClearCache", wire={}),
    Order(
        command={
            "command": "TransferData",
            "vendor_id": "com.vendor",
            "message_id": "Say",
            "data": '{"a": 1}',
        },
        action="DataTransfer",
        wire={"vendorId": "com.vendor", "messageId": "Say", "data": '{"a": 1}'},
        yes={"status": "Accepted", "data": "heard"},
        no={"status": "UnknownMessageId"},
        answer={"status": "Accepted", "data": "heard"},
    ),
    Order(
        command={"command": "GetVariables", "variables": [{"name": "HeartbeatInterval"}]},
        action="GetConfiguration",
        wire={"key": ["HeartbeatInterval"]},
        yes={"configurationKey": [READ]},
        no={"unknownKey": ["HeartbeatInterval"]},
        variables=[
            {
                "variable": {"name": "HeartbeatInterval"},
                "value": "300",
                "status": "Accepted",
                "read_only": False,
            }
        ],
    ),
    Order(
        command={"command": "StartCharging", "token_uid": "04AABBCC", "evse": 1},
        action="RemoteStartTransaction",
        wire={"idTag": "04AABBCC", "connectorId": 1},
    ),
    Order(
        command={"command": "StartCharging", "token_uid": "04AABBCC", "evse": 1, "profile": TX_PROFILE},
        action="RemoteStartTransaction",
        wire={
            "idTag": "04AABBCC",
            "connectorId": 1,
            "chargingProfile": {
                "chargingProfileId": 6,
                "stackLevel": 0,
                "chargingProfilePurpose": "TxProfile",
                "chargingProfileKind": "Relative",
                "chargingSchedule": {
                    "chargingRateUnit": "W",
                    "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 7400}],
                },
            },
        },
    ),
    Order(
        command={"command": "StopCharging", "transaction_id": "42"},
        action="RemoteStopTransaction",
        wire={"transactionId": 42},
    ),
    Order(command={"command": "Reset", "kind": "immediate"}, action="Reset", wire={"type": "Hard"}),
    Order(command={"command": "Reset", "kind": "on_idle"}, action="Reset", wire={"type": "Soft"}),
    Order(
        command={"command": "Unlock", "evse": 2},
        action="UnlockConnector",
        wire={"connectorId": 2},
        yes={"status": "Unlocked"},
        no={"status": "UnlockFailed"},
    ),
)
LISTS = (
    Order(
        command={"command": "GetLocalListVersion"},
        action="GetLocalListVersion",
        wire={},
        yes={"listVersion": 4},
        no=None,
        report=[{"version": 4}],
    ),
    Order(
        command={
            "command": "SendLocalList",
            "version": 5,
            "entries": [
                {"token_uid": "04AA", "valid_until": AT, "parent_uid": "FLEET"},
                {"token_uid": "04BB", "status": "blocked"},
            ],
        },
        action="SendLocalList",
        wire={
            "listVersion": 5,
            "updateType": "Full",
            "localAuthorizationList": [
                {
                    "idTag": "04AA",
                    "idTagInfo": {"status": "Accepted", "expiryDate": AT, "parentIdTag": "FLEET"},
                },
                {"idTag": "04BB", "idTagInfo": {"status": "Blocked"}},
            ],
        },
        no={"status": "VersionMismatch"},
    ),
    Order(
        command={
            "command": "SendLocalList",
            "version": 6,
            "full": False,
            "entries": [{"token_uid": "04AA", "status": None}],
        },
        action="SendLocalList",
        wire={
            "listVersion": 6,
            "updateType": "Differential",
            "localAuthorizationList": [{"idTag": "04AA"}],
        },
        no={"status": "Failed"},
    ),
)
RESERVATIONS = (
    Order(
        command={
            "command": "Reserve",
            "reservation_id": 12,
            "expires_at": AT,
            "token_uid": "04AA",
            "evse": 1,
            "parent_uid": "FLEET",
        },
        action="ReserveNow",
        wire={
            "connectorId": 1,
            "expiryDate": AT,
            "idTag": "04AA",
            "parentIdTag": "FLEET",
            "reservationId": 12,
        },
        no={"status": "Occupied"},
    ),
    Order(
        command={"command": "Reserve", "reservation_id": 13, "expires_at": AT, "token_uid": "04AA"},
        action="ReserveNow",
        wire={"connectorId": 0, "expiryDate": AT, "idTag": "04AA", "reservationId": 13},
        no={"status": "Unavailable"},
    ),
    Order(
        command={"command": "CancelReservation", "reservation_id": 12},
        action="CancelReservation",
        wire={"reservationId": 12},
    ),
)
SMART_CHARGING = (
    Order(
        command={"command": "SetChargingProfile", "evse": 1, "profile": PROFILE},
        action="SetChargingProfile",
        wire={"connectorId": 1, "csChargingProfiles": WIRE_PROFILE},
        no={"status": "NotSupported"},
    ),
    Order(
        command={"command": "ClearChargingProfiles", "profile_id": 5},
        action="ClearChargingProfile",
        wire={"id": 5},
        no={"status": "Unknown"},
    ),
    Order(
        command={"command": "ClearChargingProfiles", "evse": 0, "purpose": "station_max", "stack_level": 1},
        action="ClearChargingProfile",
        wire={"connectorId": 0, "chargingProfilePurpose": "ChargePointMaxProfile", "stackLevel": 1},
        no={"status": "Unknown"},
    ),
    Order(
        command={"command": "GetCompositeSchedule", "evse": 1, "duration_s": 3600, "unit": "A"},
        action="GetCompositeSchedule",
        wire={"connectorId": 1, "duration": 3600, "chargingRateUnit": "A"},
        yes={
            "status": "Accepted",
            "connectorId": 1,
            "scheduleStart": AT,
            "chargingSchedule": {
                "duration": 3600,
                "chargingRateUnit": "A",
                "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16, "numberPhases": 3}],
            },
        },
        report=[
            {
                "evse": 1,
                "starts_at": AT,
                "duration_s": 3600,
                "unit": "A",
                "periods": [{"start_s": 0, "limit": 16, "phases": 3}],
            }
        ],
    ),
)
TRIGGERS = (
    Order(
        command={"command": "Trigger", "message": "status", "evse": 2},
        action="TriggerMessage",
        wire={"requestedMessage": "StatusNotification", "connectorId": 2},
    ),
    *(
        Order(
            command={"command": "Trigger", "message": message},
            action="TriggerMessage",
            wire={"requestedMessage": word},
        )
        for message, word in (
            ("boot", "BootNotification"),
            ("diagnostics_status", "DiagnosticsStatusNotification"),
            ("firmware_status", "FirmwareStatusNotification"),
            ("heartbeat", "Heartbeat"),
            ("meter_values", "MeterValues"),
        )
    ),
)
SECURITY = (
    *(
        Order(
            command={"command": "Trigger", "message": message},
            action="ExtendedTriggerMessage",
            wire={"requestedMessage": word},
        )
        for message, word in (
            ("log_status", "LogStatusNotification"),
            ("sign_certificate", "SignChargePointCertificate"),
        )
    ),
    Order(
        command={"command": "SendSignedCertificate", "chain": PEM},
        action="CertificateSigned",
        wire={"certificateChain": PEM},
    ),
    Order(
        command={"command": "DeleteCertificate", "hash": HASH},
        action="DeleteCertificate",
        wire={"certificateHashData": WIRE_HASH},
        no={"status": "NotFound"},
    ),
    Order(
        command={"command": "GetInstalledCertificates", "uses": ["csms"]},
        action="GetInstalledCertificateIds",
        wire={"certificateType": "CentralSystemRootCertificate"},
        yes={"status": "Accepted", "certificateHashData": [WIRE_HASH]},
        no=None,
        report=[{"use": "csms", "hash": HASH}],
    ),
    Order(
        command={"command": "InstallCertificate", "use": "manufacturer", "certificate": PEM},
        action="InstallCertificate",
        wire={"certificateType": "ManufacturerRootCertificate", "certificate": PEM},
        no={"status": "Failed"},
    ),
)
FILES = (
    Order(
        command={
            "command": "GetLog",
            "kind": "security",
            "url": "https://files.test/up/",
            "request_id": 3,
            "oldest": AT,
            "latest": LATER,
            "retrying": {"times": 2, "interval_s": 60},
        },
        action="GetLog",
        wire={
            "log": {
                "remoteLocation": "https://files.test/up/",
                "oldestTimestamp": AT,
                "latestTimestamp": LATER,
            },
            "logType": "SecurityLog",
            "requestId": 3,
            "retries": 2,
            "retryInterval": 60,
        },
        yes={"status": "AcceptedCanceled", "filename": "security.log"},
    ),
    Order(
        command={
            "command": "GetLog",
            "kind": "diagnostics",
            "url": "ftp://files.test/up/",
            "request_id": 4,
            "oldest": AT,
            "latest": LATER,
            "retrying": {"times": 2, "interval_s": 60},
            "security_extension": False,
        },
        action="GetDiagnostics",
        wire={
            "location": "ftp://files.test/up/",
            "startTime": AT,
            "stopTime": LATER,
            "retries": 2,
            "retryInterval": 60,
        },
        yes={"fileName": "diagnostics.zip"},
        no=None,
    ),
    Order(
        command={
            "command": "UpdateFirmware",
            "url": "https://files.test/2.bin",
            "request_id": 5,
            "retrieve_at": AT,
            "retrying": {"times": 3, "interval_s": 30},
        },
        action="UpdateFirmware",
        wire={
            "location": "https://files.test/2.bin",
            "retrieveDate": AT,
            "retries": 3,
            "retryInterval": 30,
        },
        yes={},
        no=None,
    ),
    Order(
        command={
            "command": "UpdateFirmware",
            "url": "https://files.test/2.bin",
            "request_id": 6,
            "retrieve_at": AT,
            "install_at": LATER,
            "signing": {"certificate": PEM, "signature": "c2lnbmF0dXJl"},
        },
        action="SignedUpdateFirmware",
        wire={
            "requestId": 6,
            "firmware": {
                "location": "https://files.test/2.bin",
                "retrieveDateTime": AT,
                "installDateTime": LATER,
                "signingCertificate": PEM,
                "signature": "c2lnbmF0dXJl",
            },
        },
        no={"status": "InvalidCertificate"},
    ),
)


@shows(
    "1.6 ChangeAvailability",
    "1.6 ChangeConfiguration",
    "1.6 ClearCache",
    "1.6 DataTransfer",
    "1.6 GetConfiguration",
    "1.6 RemoteStartTransaction",
    "1.6 RemoteStopTransaction",
    "1.6 Reset",
    "1.6 UnlockConnector",
)
@pytest.mark.parametrize("order", CORE, ids=str)
async def test_the_core_is_told_to_1_6(site: Site, order: Order) -> None:
    await carried_out(site, "1.6", order)


@shows("1.6 GetLocalListVersion", "1.6 SendLocalList")
@pytest.mark.parametrize("order", LISTS, ids=str)
async def test_local_lists_are_told_to_1_6(site: Site, order: Order) -> None:
    await carried_out(site, "1.6", order)


@shows("1.6 ReserveNow", "1.6 CancelReservation")
@pytest.mark.parametrize("order", RESERVATIONS, ids=str)
async def test_reservations_are_told_to_1_6(site: Site, order: Order) -> None:
    await carried_out(site, "1.6", order)


@shows("1.6 SetChargingProfile", "1.6 ClearChargingProfile", "1.6 GetCompositeSchedule")
@pytest.mark.parametrize("order", SMART_CHARGING, ids=str)
async def test_charging_profiles_are_told_to_1_6(site: Site, order: Order) -> None:
    await carried_out(site, "1.6", order)


@shows("1.6 TriggerMessage")
@pytest.mark.parametrize("order", TRIGGERS, ids=str)
async def test_messages_are_triggered_in_1_6(site: Site, order: Order) -> None:
    await carried_out(site, "1.6", order)


@shows(
    "1.6 CertificateSigned",
    "1.6 DeleteCertificate",
    "1.6 ExtendedTriggerMessage",
    "1.6 GetInstalledCertificateIds",
    "1.6 InstallCertificate",
)
@pytest.mark.parametrize("order", SECURITY, ids=str)
async def test_certificates_are_told_to_1_6(site: Site, order: Order) -> None:
    await carried_out(site, "1.6", order)


@shows("1.6 GetDiagnostics", "1.6 GetLog", "1.6 SignedUpdateFirmware", "1.6 UpdateFirmware")
@pytest.mark.parametrize("order", FILES, ids=str)
async def test_files_are_told_to_1_6(site: Site, order: Order) -> None:
    await carried_out(site, "1.6", order)
