"""OCPP 2.1: every message that Currant sends of those that 2.0.1 has too, word by word, and what its answers mean.

What 2.1 adds to them (a reset that resumes, the station's identity in a connection profile, QR codes) is in the
tables too. Charging profiles, tariffs, DER controls and monitors have files of their own.
"""

from typing import Any

import pytest
from installation import Site
from orders import NUMBER, Order, carried_out
from shows import shows

pytestmark = pytest.mark.asyncio(loop_scope="module")

AT, LATER = "2031-01-31T12:00:00Z", "2031-01-31T18:30:00Z"
HASH = {"algorithm": "SHA256", "issuer_name_hash": "AB01", "issuer_key_hash": "CD02", "serial_number": "0EF3"}
WIRE_HASH = {
    "hashAlgorithm": "SHA256",
    "issuerNameHash": "AB01",
    "issuerKeyHash": "CD02",
    "serialNumber": "0EF3",
}
INTERVAL = {"component": "OCPPCommCtrlr", "name": "HeartbeatInterval"}
WIRE_INTERVAL: dict[str, Any] = {
    "component": {"name": "OCPPCommCtrlr"},
    "variable": {"name": "HeartbeatInterval"},
}
POWER = {
    "component": "Connector",
    "component_instance": "left",
    "name": "Power",
    "instance": "peak",
    "evse": 1,
    "connector": 2,
    "attribute": "MaxSet",
}
WIRE_POWER: dict[str, Any] = {
    "component": {"name": "Connector", "instance": "left", "evse": {"id": 1, "connectorId": 2}},
    "variable": {"name": "Power", "instance": "peak"},
    "attributeType": "MaxSet",
}
REPORTED = {
    **WIRE_INTERVAL,
    "variableAttribute": [{"type": "Actual", "value": "300", "mutability": "ReadWrite"}],
    "variableCharacteristics": {"dataType": "integer", "supportsMonitoring": True, "unit": "s"},
}

PROVISIONING = (
    Order(
        command={"command": "GetVariables", "variables": [INTERVAL, POWER]},
        action="GetVariables",
        wire={"getVariableData": [WIRE_INTERVAL, WIRE_POWER]},
        yes={
            "getVariableResult": [
                {**WIRE_INTERVAL, "attributeStatus": "Accepted", "attributeValue": "300"},
                {**WIRE_POWER, "attributeStatus": "NotSupportedAttributeType"},
            ]
        },
        no={
            "getVariableResult": [
                {**WIRE_INTERVAL, "attributeStatus": "UnknownVariable"},
                {**WIRE_POWER, "attributeStatus": "UnknownComponent"},
            ]
        },
        variables=[
            {"variable": INTERVAL, "value": "300", "status": "Accepted"},
            {"variable": POWER, "status": "NotSupportedAttributeType"},
        ],
    ),
    Order(
        command={
            "command": "SetVariables",
            "values": [{"variable": INTERVAL, "value": "60"}, {"variable": POWER, "value": "7000"}],
        },
        action="SetVariables",
        wire={
            "setVariableData": [
                {**WIRE_INTERVAL, "attributeValue": "60"},
                {**WIRE_POWER, "attributeValue": "7000"},
            ]
        },
        yes={
            "setVariableResult": [
                {**WIRE_INTERVAL, "attributeStatus": "Accepted"},
                {**WIRE_POWER, "attributeStatus": "RebootRequired"},
            ]
        },
        no={
            "setVariableResult": [
                {**WIRE_INTERVAL, "attributeStatus": "Accepted"},
                {**WIRE_POWER, "attributeStatus": "Rejected"},
            ]
        },
        variables=[
            {"variable": INTERVAL, "value": "60", "status": "Accepted"},
            {"variable": POWER, "value": "7000", "status": "RebootRequired"},
        ],
    ),
    *(
        Order(
            command={"command": "GetReport", "base": base},
            action="GetBaseReport",
            wire={"requestId": NUMBER, "reportBase": word},
            parts=(
                ("NotifyReport", {"generatedAt": AT, "seqNo": 0, "tbc": True, "reportData": [REPORTED]}),
                ("NotifyReport", {"generatedAt": AT, "seqNo": 1}),
            ),
            variables=[
                {
                    "variable": INTERVAL,
                    "value": "300",
                    "status": "Accepted",
                    "read_only": False,
                    "traits": {
                        "mutability": "ReadWrite",
                        "data_type": "integer",
                        "unit": "s",
                        "monitorable": True,
                    },
                }
            ],
        )
        for base, word in (
            ("full", "FullInventory"),
            ("configuration", "ConfigurationInventory"),
            ("summary", "SummaryInventory"),
        )
    ),
    Order(
        command={
            "command": "GetReport",
            "criteria": ["problem", "enabled"],
            "components": [{"component": "EVSE", "name": "", "evse": 1}, INTERVAL],
        },
        action="GetReport",
        wire={
            "requestId": NUMBER,
            "componentCriteria": ["Problem", "Enabled"],
            "componentVariable": [{"component": {"name": "EVSE", "evse": {"id": 1}}}, WIRE_INTERVAL],
        },
        parts=(("NotifyReport", {"generatedAt": AT, "seqNo": 0, "reportData": [REPORTED]}),),
    ),
    Order(
        command={"command": "GetReport", "criteria": ["active"]},
        action="GetReport",
        wire={"requestId": NUMBER, "componentCriteria": ["Active"]},
        yes={"status": "EmptyResultSet"},
        no={"status": "NotSupported"},
        variables=[],
    ),
    Order(
        command={
            "command": "SetNetworkProfile",
            "slot": 2,
            "profile": {
                "url": "wss://csms.test/ocpp",
                "security_profile": 2,
                "version": "2.1",
                "interface": "Any",
                "message_timeout_s": 45,
                "identity": "CS-NEW",
                "password": "a-long-enough-password",
                "apn": {"apn": "internet", "authentication": "CHAP", "user": "u", "password": "p"},
            },
        },
        action="SetNetworkProfile",
        wire={
            "configurationSlot": 2,
            "connectionData": {
                "ocppVersion": "OCPP21",
                "ocppInterface": "Any",
                "ocppTransport": "JSON",
                "ocppCsmsUrl": "wss://csms.test/ocpp",
                "messageTimeout": 45,
                "securityProfile": 2,
                "identity": "CS-NEW",
                "basicAuthPassword": "a-long-enough-password",
                "apn": {
                    "apn": "internet",
                    "apnAuthentication": "CHAP",
                    "apnUserName": "u",
                    "apnPassword": "p",
                },
            },
        },
        no={"status": "Failed"},
    ),
    Order(
        command={
            "command": "SetNetworkProfile",
            "slot": 3,
            "profile": {
                "url": "ws://csms.test/",
                "security_profile": 1,
                "version": "1.6",
                "interface": "Wireless2",
                "apn": {
                    "apn": "iot",
                    "sim_pin": 1234,
                    "preferred_network": "26201",
                    "only_preferred_network": True,
                },
                "vpn": {
                    "server": "vpn.test",
                    "user": "u",
                    "password": "p",
                    "key": "k",
                    "kind": "IPSec",
                    "group": "g",
                },
            },
        },
        action="SetNetworkProfile",
        wire={
            "configurationSlot": 3,
            "connectionData": {
                "ocppVersion": "OCPP16",
                "ocppInterface": "Wireless2",
                "ocppTransport": "JSON",
                "ocppCsmsUrl": "ws://csms.test/",
                "messageTimeout": 30,
                "securityProfile": 1,
                "apn": {
                    "apn": "iot",
                    "apnAuthentication": "AUTO",
                    "simPin": 1234,
                    "preferredNetwork": "26201",
                    "useOnlyPreferredNetwork": True,
                },
                "vpn": {
                    "server": "vpn.test",
                    "user": "u",
                    "password": "p",
                    "key": "k",
                    "type": "IPSec",
                    "group": "g",
                },
            },
        },
    ),
    *(
        Order(command={"command": "Reset", "kind": kind, **of}, action="Reset", wire={"type": word, **wire})
        for kind, word, of, wire in (
            ("immediate", "Immediate", {}, {}),
            ("on_idle", "OnIdle", {"evse": 2}, {"evseId": 2}),
            ("immediate_and_resume", "ImmediateAndResume", {}, {}),
        )
    ),
)
REMOTE = (
    Order(
        command={
            "command": "StartCharging",
            "token_uid": "04AA",
            "token_kind": "rfid",
            "evse": 1,
            "parent_uid": "FLEET",
        },
        action="RequestStartTransaction",
        wire={
            "idToken": {"idToken": "04AA", "type": "ISO14443"},
            "remoteStartId": NUMBER,
            "evseId": 1,
            "groupIdToken": {"idToken": "FLEET", "type": "Central"},
        },
    ),
    Order(
        command={"command": "StopCharging", "transaction_id": "abc-1"},
        action="RequestStopTransaction",
        wire={"transactionId": "abc-1"},
    ),
    Order(
        command={"command": "GetTransactionStatus", "transaction_id": "abc-1"},
        action="GetTransactionStatus",
        wire={"transactionId": "abc-1"},
        yes={"ongoingIndicator": True, "messagesInQueue": False},
        no=None,
        report=[{"ongoing": True, "messages_queued": False}],
    ),
    Order(
        command={"command": "GetTransactionStatus"},
        action="GetTransactionStatus",
        wire={},
        yes={"messagesInQueue": True},
        no=None,
        report=[{"ongoing": None, "messages_queued": True}],
    ),
    Order(
        command={"command": "Unlock", "evse": 2, "connector": 1},
        action="UnlockConnector",
        wire={"evseId": 2, "connectorId": 1},
        yes={"status": "Unlocked"},
        no={"status": "OngoingAuthorizedTransaction"},
    ),
    Order(
        command={"command": "SetAvailability", "operative": False, "evse": 1, "connector": 2},
        action="ChangeAvailability",
        wire={"operationalStatus": "Inoperative", "evse": {"id": 1, "connectorId": 2}},
    ),
    Order(
        command={"command": "SetAvailability", "operative": True},
        action="ChangeAvailability",
        wire={"operationalStatus": "Operative"},
    ),
    Order(
        command={
            "command": "TransferData",
            "vendor_id": "com.vendor",
            "message_id": "Say",
            "data": '{"a": [1]}',
        },
        action="DataTransfer",
        wire={"vendorId": "com.vendor", "messageId": "Say", "data": {"a": [1]}},
        yes={"status": "Accepted", "data": {"b": 2}},
        no={"status": "UnknownVendorId"},
        answer={"status": "Accepted", "data": {"b": 2}},
    ),
    *(
        Order(
            command={"command": "Trigger", "message": message, **more},
            action="TriggerMessage",
            wire={"requestedMessage": word, **wire},
        )
        for message, word, more, wire in (
            ("boot", "BootNotification", {}, {}),
            ("custom", "CustomTrigger", {"custom": "Wipers"}, {"customTrigger": "Wipers"}),
            ("firmware_status", "FirmwareStatusNotification", {}, {}),
            ("heartbeat", "Heartbeat", {}, {}),
            ("log_status", "LogStatusNotification", {}, {}),
            ("meter_values", "MeterValues", {"evse": 2}, {"evse": {"id": 2}}),
            ("published_firmware_status", "PublishFirmwareStatusNotification", {}, {}),
            ("sign_certificate", "SignChargingStationCertificate", {}, {}),
            ("sign_combined_certificate", "SignCombinedCertificate", {}, {}),
            ("sign_v2g_certificate", "SignV2GCertificate", {}, {}),
            ("sign_v2g20_certificate", "SignV2G20Certificate", {}, {}),
            ("status", "StatusNotification", {"evse": 1}, {"evse": {"id": 1, "connectorId": 1}}),
            ("transaction", "TransactionEvent", {"evse": 1}, {"evse": {"id": 1}}),
        )
    ),
)
TOKENS = (
    Order(command={"command": "ClearCache"}, action="ClearCache", wire={}),
    Order(
        command={"command": "GetLocalListVersion"},
        action="GetLocalListVersion",
        wire={},
        yes={"versionNumber": 4},
        no=None,
        report=[{"version": 4}],
    ),
    Order(
        command={
            "command": "SendLocalList",
            "version": 5,
            "entries": [
                {"token_uid": "04AA", "valid_until": AT, "parent_uid": "FLEET", "language": "de"},
                {"token_uid": "DECURC1", "token_kind": "emaid", "status": "blocked"},
            ],
        },
        action="SendLocalList",
        wire={
            "versionNumber": 5,
            "updateType": "Full",
            "localAuthorizationList": [
                {
                    "idToken": {"idToken": "04AA", "type": "ISO14443"},
                    "idTokenInfo": {
                        "status": "Accepted",
                        "cacheExpiryDateTime": AT,
                        "language1": "de",
                        "groupIdToken": {"idToken": "FLEET", "type": "Central"},
                    },
                },
                {
                    "idToken": {"idToken": "DECURC1", "type": "eMAID"},
                    "idTokenInfo": {"status": "Blocked"},
                },
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
            "versionNumber": 6,
            "updateType": "Differential",
            "localAuthorizationList": [{"idToken": {"idToken": "04AA", "type": "ISO14443"}}],
        },
        no={"status": "Failed"},
    ),
    Order(
        command={
            "command": "Reserve",
            "reservation_id": 12,
            "expires_at": AT,
            "token_uid": "04AA",
            "token_kind": "rfid",
            "evse": 1,
            "parent_uid": "FLEET",
        },
        action="ReserveNow",
        wire={
            "id": 12,
            "expiryDateTime": AT,
            "evseId": 1,
            "idToken": {"idToken": "04AA", "type": "ISO14443"},
            "groupIdToken": {"idToken": "FLEET", "type": "Central"},
        },
        no={"status": "Occupied"},
    ),
    Order(
        # 2.1 has words that 2.0.1 had not.
        command={
            "command": "Reserve",
            "reservation_id": 13,
            "expires_at": AT,
            "token_uid": "04AA",
            "connector_standard": "MCS",
        },
        action="ReserveNow",
        wire={
            "id": 13,
            "expiryDateTime": AT,
            "connectorType": "cMCS",
            "idToken": {"idToken": "04AA", "type": "Central"},
        },
        no={"status": "Unavailable"},
    ),
    Order(
        command={"command": "CancelReservation", "reservation_id": 12},
        action="CancelReservation",
        wire={"reservationId": 12},
    ),
)


@shows(
    "2.1 GetVariables",
    "2.1 SetVariables",
    "2.1 GetBaseReport",
    "2.1 GetReport",
    "2.1 NotifyReport",
    "2.1 SetNetworkProfile",
    "2.1 Reset",
)
@pytest.mark.parametrize("order", PROVISIONING, ids=str)
async def test_provisioning_is_told_to_2_1(site: Site, order: Order) -> None:
    await carried_out(site, "2.1", order)


@shows(
    "2.1 RequestStartTransaction",
    "2.1 RequestStopTransaction",
    "2.1 GetTransactionStatus",
    "2.1 UnlockConnector",
    "2.1 ChangeAvailability",
    "2.1 DataTransfer",
    "2.1 TriggerMessage",
)
@pytest.mark.parametrize("order", REMOTE, ids=str)
async def test_remote_control_is_told_to_2_1(site: Site, order: Order) -> None:
    await carried_out(site, "2.1", order)


@shows(
    "2.1 ClearCache",
    "2.1 GetLocalListVersion",
    "2.1 SendLocalList",
    "2.1 ReserveNow",
    "2.1 CancelReservation",
)
@pytest.mark.parametrize("order", TOKENS, ids=str)
async def test_tokens_and_reservations_are_told_to_2_1(site: Site, order: Order) -> None:
    await carried_out(site, "2.1", order)
