"""OCPP 2.1: monitors, event streams, display messages and customer information, word by word, and what is answered."""

from typing import Any

import pytest
from installation import Site
from orders import NUMBER, Order, carried_out
from shows import shows
from test_21_orders import AT, HASH, INTERVAL, LATER, WIRE_HASH, WIRE_INTERVAL

pytestmark = pytest.mark.asyncio(loop_scope="module")

POWER = {"component": "EVSE", "name": "Power", "evse": 1}
WIRE_POWER: dict[str, Any] = {"component": {"name": "EVSE", "evse": {"id": 1}}, "variable": {"name": "Power"}}
SET: dict[str, Any] = {**WIRE_POWER, "type": "Periodic", "severity": 8}
STREAMED = {"kind": "periodic", "severity": 8, "variable": "EVSE.Power@1"}

MONITORING = (
    Order(
        command={
            "command": "SetMonitors",
            "monitors": [
                {
                    "variable": POWER,
                    "kind": "periodic",
                    "value": 10,
                    "severity": 8,
                    "stream": {"interval_s": 60, "values": 5},
                },
                {
                    "variable": INTERVAL,
                    "kind": "target_delta",
                    "value": 2.5,
                    "severity": 4,
                    "in_transaction_only": True,
                    "id": 3,
                },
            ],
        },
        action="SetVariableMonitoring",
        wire={
            "setMonitoringData": [
                {
                    **WIRE_POWER,
                    "type": "Periodic",
                    "value": 10,
                    "severity": 8,
                    "periodicEventStream": {"interval": 60, "values": 5},
                },
                {
                    **WIRE_INTERVAL,
                    "type": "TargetDelta",
                    "value": 2.5,
                    "severity": 4,
                    "transaction": True,
                    "id": 3,
                },
            ]
        },
        yes={
            "setMonitoringResult": [
                {**WIRE_INTERVAL, "type": "TargetDelta", "severity": 4, "status": "Accepted", "id": 3},
                {**SET, "status": "Accepted", "id": 7},
            ]
        },
        no={
            "setMonitoringResult": [
                {**WIRE_INTERVAL, "type": "TargetDelta", "severity": 4, "status": "UnsupportedMonitorType"},
                {**SET, "status": "Accepted", "id": 7},
            ]
        },
        report=[
            {**STREAMED, "status": "Accepted", "id": 7},
            {
                "variable": "OCPPCommCtrlr.HeartbeatInterval",
                "kind": "target_delta",
                "severity": 4,
                "status": "Accepted",
                "id": 3,
            },
        ],
    ),
    Order(
        command={"command": "ClearMonitors", "ids": [7, 9]},
        action="ClearVariableMonitoring",
        wire={"id": [7, 9]},
        yes={"clearMonitoringResult": [{"id": 7, "status": "Accepted"}, {"id": 9, "status": "Accepted"}]},
        no={"clearMonitoringResult": [{"id": 7, "status": "Rejected"}, {"id": 9, "status": "NotFound"}]},
        report=[{"id": 7, "status": "Accepted"}, {"id": 9, "status": "Accepted"}],
    ),
    *(
        Order(
            command={"command": "SetMonitoringBase", "base": base},
            action="SetMonitoringBase",
            wire={"monitoringBase": word},
            no={"status": "NotSupported"},
        )
        for base, word in (
            ("all", "All"),
            ("factory_default", "FactoryDefault"),
            ("hardwired_only", "HardWiredOnly"),
        )
    ),
    Order(
        command={"command": "SetMonitoringLevel", "severity": 4},
        action="SetMonitoringLevel",
        wire={"severity": 4},
    ),
    Order(
        command={
            "command": "GetMonitoringReport",
            "criteria": ["threshold", "delta", "periodic"],
            "components": [POWER],
        },
        action="GetMonitoringReport",
        wire={
            "requestId": NUMBER,
            "monitoringCriteria": ["ThresholdMonitoring", "DeltaMonitoring", "PeriodicMonitoring"],
            "componentVariable": [WIRE_POWER],
        },
        no={"status": "NotSupported"},
        parts=(
            ("NotifyMonitoringReport", {"generatedAt": AT, "seqNo": 0, "tbc": True}),
            ("NotifyMonitoringReport", {"generatedAt": AT, "seqNo": 1}),
        ),
        report=[],
    ),
    Order(
        command={"command": "GetEventStreams"},
        action="GetPeriodicEventStream",
        wire={},
        yes={
            "constantStreamData": [
                {"id": 1, "variableMonitoringId": 7, "params": {"interval": 60, "values": 5}}
            ]
        },
        no=None,
        report=[{"id": 1, "monitor_id": 7, "rate": {"interval_s": 60, "values": 5}}],
    ),
    Order(
        command={"command": "AdjustEventStream", "id": 1, "rate": {"interval_s": 30, "values": 2}},
        action="AdjustPeriodicEventStream",
        wire={"id": 1, "params": {"interval": 30, "values": 2}},
    ),
)
MESSAGE: dict[str, Any] = {
    "id": 4,
    "texts": [
        {"text": "Bienvenue", "language": "fr"},
        {"text": "https://currant.test/", "format": "qr_code"},
    ],
    "priority": "in_front",
    "state": "suspended",
    "starts_at": AT,
    "ends_at": LATER,
    "transaction_id": "abc-1",
    "evse": 1,
}
WIRE_MESSAGE: dict[str, Any] = {
    "id": 4,
    "message": {"format": "UTF8", "content": "Bienvenue", "language": "fr"},
    "messageExtra": [{"format": "QRCODE", "content": "https://currant.test/"}],
    "priority": "InFront",
    "state": "Suspended",
    "startDateTime": AT,
    "endDateTime": LATER,
    "transactionId": "abc-1",
    "display": {"name": "Display", "evse": {"id": 1}},
}
SHOWN: dict[str, Any] = {
    "id": 5,
    "message": {"format": "ASCII", "content": "Hi"},
    "priority": "AlwaysFront",
    "state": "Discharging",
}
DISPLAYS = (
    Order(
        command={"command": "SetDisplayMessage", "message": MESSAGE},
        action="SetDisplayMessage",
        wire={"message": WIRE_MESSAGE},
        no={"status": "LanguageNotSupported"},
    ),
    Order(
        command={
            "command": "GetDisplayMessages",
            "ids": [4, 5],
            "priority": "always_front",
            "state": "discharging",
        },
        action="GetDisplayMessages",
        wire={"requestId": NUMBER, "id": [4, 5], "priority": "AlwaysFront", "state": "Discharging"},
        no=None,
        parts=(
            ("NotifyDisplayMessages", {"messageInfo": [WIRE_MESSAGE], "tbc": True}),
            ("NotifyDisplayMessages", {"messageInfo": [SHOWN]}),
        ),
        report=[
            MESSAGE,
            {
                "id": 5,
                "texts": [{"text": "Hi", "format": "ascii"}],
                "priority": "always_front",
                "state": "discharging",
            },
        ],
    ),
    Order(
        command={"command": "GetDisplayMessages"},
        action="GetDisplayMessages",
        wire={"requestId": NUMBER},
        yes={"status": "Unknown"},
        no=None,
        report=[],
    ),
    Order(
        command={"command": "ClearDisplayMessage", "id": 4},
        action="ClearDisplayMessage",
        wire={"id": 4},
        no={"status": "Unknown"},
    ),
)
CUSTOMERS = (
    *(
        Order(
            command={"command": "GetCustomerInformation", "report": report, "clear": not report, **named},
            action="CustomerInformation",
            wire={"requestId": NUMBER, "report": report, "clear": not report, **wire},
            no={"status": "Invalid"},
            parts=(
                (
                    "NotifyCustomerInformation",
                    {"generatedAt": AT, "seqNo": 0, "data": "charged ", "tbc": True},
                ),
                ("NotifyCustomerInformation", {"generatedAt": AT, "seqNo": 1, "data": "twice"}),
            ),
            report=[{"data": "charged twice"}],
        )
        for report, named, wire in (
            (
                True,
                {"token_uid": "DECURC1", "token_kind": "emaid"},
                {"idToken": {"idToken": "DECURC1", "type": "eMAID"}},
            ),
            (True, {"certificate": HASH}, {"customerCertificate": WIRE_HASH}),
            (False, {"customer_identifier": "Jo"}, {"customerIdentifier": "Jo"}),
        )
    ),
)


@shows(
    "2.1 SetVariableMonitoring",
    "2.1 ClearVariableMonitoring",
    "2.1 SetMonitoringBase",
    "2.1 SetMonitoringLevel",
    "2.1 GetMonitoringReport",
    "2.1 NotifyMonitoringReport",
    "2.1 GetPeriodicEventStream",
    "2.1 AdjustPeriodicEventStream",
)
@pytest.mark.parametrize("order", MONITORING, ids=str)
async def test_monitors_and_streams_are_told_to_2_1(site: Site, order: Order) -> None:
    await carried_out(site, "2.1", order)


@shows(
    "2.1 SetDisplayMessage",
    "2.1 GetDisplayMessages",
    "2.1 NotifyDisplayMessages",
    "2.1 ClearDisplayMessage",
)
@pytest.mark.parametrize("order", DISPLAYS, ids=str)
async def test_display_messages_are_told_to_2_1(site: Site, order: Order) -> None:
    await carried_out(site, "2.1", order)


@shows("2.1 CustomerInformation", "2.1 NotifyCustomerInformation")
@pytest.mark.parametrize("order", CUSTOMERS, ids=str)
async def test_customers_are_asked_about_in_2_1(site: Site, order: Order) -> None:
    await carried_out(site, "2.1", order)
