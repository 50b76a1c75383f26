"""The messages that are measured, spelled as chargers spell them, ready for the wire."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from currant.kit.clock import SystemClock

Answer = dict[str, Any]
Check = Callable[[Answer], bool]

TOKEN_UIDS = 1000


def token_uid(number: int) -> str:
    return f"BE{number % TOKEN_UIDS:06X}"


def call(message_id: str, action: str, payload: dict[str, Any]) -> bytes:
    return json.dumps([2, message_id, action, payload], separators=(",", ":")).encode()


def time_text(second: int) -> str:
    """A device's time, `second` seconds after the bench's own beginning (two days ago: nothing is in the future)."""
    return (_BEGINNING + timedelta(seconds=second)).strftime("%Y-%m-%dT%H:%M:%S.") + f"{second % 1000:03d}Z"


_BEGINNING = SystemClock().now() - timedelta(days=2)


def _empty(answer: Answer) -> bool:
    return answer == {}


def _token_accepted(answer: Answer) -> bool:
    return bool(answer.get("idTokenInfo", {}).get("status") == "Accepted")


def _has(key: str) -> Check:
    return lambda answer: key in answer


def _status(value: str) -> Check:
    return lambda answer: answer.get("status") == value


def boot(version: str) -> tuple[bytes, Check]:
    if version == "1.6":
        payload: dict[str, Any] = {
            "chargePointVendor": "Bench",
            "chargePointModel": "B-1",
            "chargePointSerialNumber": "B0001",
            "firmwareVersion": "1.0",
        }
    else:
        payload = {
            "reason": "PowerUp",
            "chargingStation": {
                "vendorName": "Bench",
                "model": "B-2",
                "serialNumber": "B0002",
                "firmwareVersion": "1.0",
            },
        }
    return call("boot", "BootNotification", payload), _status("Accepted")


def heartbeat(number: int) -> tuple[bytes, Check]:
    return call(f"h{number}", "Heartbeat", {}), _has("currentTime")


def samples_16(second: int, energy_wh: int) -> list[dict[str, Any]]:
    return [
        {
            "timestamp": time_text(second),
            "sampledValue": [
                {
                    "value": str(energy_wh),
                    "context": "Sample.Periodic",
                    "measurand": "Energy.Active.Import.Register",
                    "location": "Outlet",
                    "unit": "Wh",
                },
                {
                    "value": "11040",
                    "context": "Sample.Periodic",
                    "measurand": "Power.Active.Import",
                    "location": "Outlet",
                    "unit": "W",
                },
                {
                    "value": "16.0",
                    "context": "Sample.Periodic",
                    "measurand": "Current.Import",
                    "phase": "L1",
                    "location": "Outlet",
                    "unit": "A",
                },
                {
                    "value": "230.1",
                    "context": "Sample.Periodic",
                    "measurand": "Voltage",
                    "phase": "L1",
                    "location": "Outlet",
                    "unit": "V",
                },
            ],
        }
    ]


def meter_values_16(number: int, transaction: int, second: int, energy_wh: int) -> tuple[bytes, Check]:
    payload = {"connectorId": 1, "transactionId": transaction, "meterValue": samples_16(second, energy_wh)}
    return call(f"m{number}", "MeterValues", payload), _empty


def samples_2(second: int, energy_wh: int) -> list[dict[str, Any]]:
    return [
        {
            "timestamp": time_text(second),
            "sampledValue": [
                {
                    "value": energy_wh,
                    "measurand": "Energy.Active.Import.Register",
                    "unitOfMeasure": {"unit": "Wh"},
                },
                {"value": 11040, "measurand": "Power.Active.Import", "unitOfMeasure": {"unit": "W"}},
                {"value": 16.0, "measurand": "Current.Import", "phase": "L1", "unitOfMeasure": {"unit": "A"}},
                {"value": 230.1, "measurand": "Voltage", "phase": "L1", "unitOfMeasure": {"unit": "V"}},
            ],
        }
    ]


def transaction_event(
    number: int,
    kind: str,
    transaction: str,
    sequence: int,
    second: int,
    energy_wh: int,
    *,
    trigger: str = "MeterValuePeriodic",
    state: str = "Charging",
    uid: str | None = None,
    stopped: str | None = None,
) -> tuple[bytes, Check]:
    info: dict[str, Any] = {"transactionId": transaction, "chargingState": state}
    if stopped:
        info["stoppedReason"] = stopped
    payload: dict[str, Any] = {
        "eventType": kind,
        "timestamp": time_text(second),
        "triggerReason": trigger,
        "seqNo": sequence,
        "transactionInfo": info,
        "meterValue": samples_2(second, energy_wh),
    }
    if kind == "Started":
        payload["evse"] = {"id": 1, "connectorId": 1}
    check: Check = _empty
    if uid:
        payload["idToken"] = {"idToken": uid, "type": "ISO14443"}
        check = _token_accepted
    return call(f"t{number}", "TransactionEvent", payload), check


def status_16(number: int, status: str, second: int) -> tuple[bytes, Check]:
    return call(
        f"s{number}",
        "StatusNotification",
        {"connectorId": 1, "errorCode": "NoError", "status": status, "timestamp": time_text(second)},
    ), _empty


def status_2(number: int, status: str, second: int) -> tuple[bytes, Check]:
    return call(
        f"s{number}",
        "StatusNotification",
        {"timestamp": time_text(second), "connectorStatus": status, "evseId": 1, "connectorId": 1},
    ), _empty


def authorize(number: int, version: str, uid: str) -> tuple[bytes, Check]:
    if version == "1.6":
        return call(
            f"a{number}", "Authorize", {"idTag": uid}
        ), lambda answer: answer["idTagInfo"]["status"] == "Accepted"
    return call(
        f"a{number}", "Authorize", {"idToken": {"idToken": uid, "type": "ISO14443"}}
    ), lambda answer: answer["idTokenInfo"]["status"] == "Accepted"


def start_16(number: int, uid: str, second: int, energy_wh: int) -> tuple[bytes, Check]:
    payload = {"connectorId": 1, "idTag": uid, "meterStart": energy_wh, "timestamp": time_text(second)}
    return call(
        f"b{number}", "StartTransaction", payload
    ), lambda answer: answer["transactionId"] > 0 and answer["idTagInfo"]["status"] == "Accepted"


def stop_16(number: int, transaction: int, uid: str, second: int, energy_wh: int) -> tuple[bytes, Check]:
    payload = {
        "transactionId": transaction,
        "idTag": uid,
        "meterStop": energy_wh,
        "timestamp": time_text(second),
        "reason": "EVDisconnected",
    }
    return call(
        f"e{number}", "StopTransaction", payload
    ), lambda answer: answer.get("idTagInfo", {}).get("status", "Accepted") == "Accepted"
