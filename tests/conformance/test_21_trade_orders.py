"""OCPP 2.1: tariffs, running cost, web payments and battery swaps, word by word, and what the answers mean."""

from typing import Any

import pytest
from installation import Site
from orders import NUMBER, Order, carried_out
from shows import shows

pytestmark = pytest.mark.asyncio(loop_scope="module")

AT = "2031-01-31T12:00:00Z"
TARIFF: dict[str, Any] = {
    "id": "T-1",
    "currency": "EUR",
    "valid_from": AT,
    "texts": [{"text": "Two shillings", "language": "en"}],
    "energy": {
        "prices": [
            {
                "price": "0.25",
                "conditions": {
                    "from_time": "08:00",
                    "until_time": "20:00",
                    "weekdays": [1, 7],
                    "from_date": "2031-01-01",
                    "until_date": "2031-12-31",
                    "current_kind": "DC",
                    "min_energy_wh": 1000,
                    "max_energy_wh": 90000,
                    "min_current_a": 6,
                    "max_current_a": 500,
                    "min_power_w": 1400,
                    "max_power_w": 50000,
                    "min_time_s": 60,
                    "max_time_s": 3600,
                    "min_charging_s": 30,
                    "max_charging_s": 3000,
                    "min_idle_s": 10,
                    "max_idle_s": 600,
                },
            },
            {"price": "0.3"},
        ],
        "taxes": [{"name": "VAT", "percent": "19", "stack": 0}],
    },
    "charging_time": {"prices": [{"price": "0.02", "conditions": {"min_charging_s": 60}}]},
    "idle_time": {"prices": [{"price": "0.1", "conditions": {"min_idle_s": 900}}]},
    "fixed_fee": {
        "prices": [{"price": "1", "conditions": {"payment_brand": "VISA", "payment_recognition": "DEBIT"}}]
    },
    "reservation_time": {"prices": [{"price": "0.05"}]},
    "reservation_fixed": {"prices": [{"price": "2"}]},
    "min_cost": {"excluding_tax": "1"},
    "max_cost": {"excluding_tax": "50", "including_tax": "59.5"},
}
WIRE_TARIFF: dict[str, Any] = {
    "tariffId": "T-1",
    "currency": "EUR",
    "validFrom": AT,
    "description": [{"format": "UTF8", "content": "Two shillings", "language": "en"}],
    "energy": {
        "prices": [
            {
                "priceKwh": 0.25,
                "conditions": {
                    "startTimeOfDay": "08:00",
                    "endTimeOfDay": "20:00",
                    "dayOfWeek": ["Monday", "Sunday"],
                    "validFromDate": "2031-01-01",
                    "validToDate": "2031-12-31",
                    "evseKind": "DC",
                    "minEnergy": 1000,
                    "maxEnergy": 90000,
                    "minCurrent": 6,
                    "maxCurrent": 500,
                    "minPower": 1400,
                    "maxPower": 50000,
                    "minTime": 60,
                    "maxTime": 3600,
                    "minChargingTime": 30,
                    "maxChargingTime": 3000,
                    "minIdleTime": 10,
                    "maxIdleTime": 600,
                },
            },
            {"priceKwh": 0.3},
        ],
        "taxRates": [{"type": "VAT", "tax": 19, "stack": 0}],
    },
    "chargingTime": {"prices": [{"priceMinute": 0.02, "conditions": {"minChargingTime": 60}}]},
    "idleTime": {"prices": [{"priceMinute": 0.1, "conditions": {"minIdleTime": 900}}]},
    "fixedFee": {
        "prices": [{"priceFixed": 1, "conditions": {"paymentBrand": "VISA", "paymentRecognition": "DEBIT"}}]
    },
    "reservationTime": {"prices": [{"priceMinute": 0.05}]},
    "reservationFixed": {"prices": [{"priceFixed": 2}]},
    "minCost": {"exclTax": 1},
    "maxCost": {"exclTax": 50, "inclTax": 59.5},
}
TARIFFS = (
    Order(
        command={"command": "SetDefaultTariff", "evse": 2, "tariff": TARIFF},
        action="SetDefaultTariff",
        wire={"evseId": 2, "tariff": WIRE_TARIFF},
        no={"status": "TooManyElements"},
    ),
    Order(
        command={"command": "GetTariffs", "evse": 2},
        action="GetTariffs",
        wire={"evseId": 2},
        yes={
            "status": "Accepted",
            "tariffAssignments": [
                {"tariffId": "T-1", "tariffKind": "DefaultTariff", "evseIds": [2], "validFrom": AT},
                {"tariffId": "T-2", "tariffKind": "DriverTariff", "evseIds": [1], "idTokens": ["04AA"]},
            ],
        },
        report=[
            {"id": "T-1", "kind": "default", "valid_from": AT, "evses": [2], "tokens": []},
            {"id": "T-2", "kind": "driver", "valid_from": None, "evses": [1], "tokens": ["04AA"]},
        ],
    ),
    Order(
        command={"command": "GetTariffs"},
        action="GetTariffs",
        wire={"evseId": 0},
        yes={"status": "NoTariff"},
        report=[],
    ),
    Order(
        command={"command": "ClearTariffs", "ids": ["T-1", "T-9"], "evse": 1},
        action="ClearTariffs",
        wire={"tariffIds": ["T-1", "T-9"], "evseId": 1},
        yes={
            "clearTariffsResult": [
                {"tariffId": "T-1", "status": "Accepted"},
                {"tariffId": "T-9", "status": "NoTariff"},
            ]
        },
        no={"clearTariffsResult": [{"tariffId": "T-1", "status": "Rejected"}]},
        report=[{"id": "T-1", "status": "Accepted"}, {"id": "T-9", "status": "NoTariff"}],
    ),
    Order(
        command={
            "command": "ChangeTransactionTariff",
            "transaction_id": "abc-1",
            "tariff": {"id": "T-3", "currency": "EUR", "energy": {"prices": [{"price": "0.5"}]}},
        },
        action="ChangeTransactionTariff",
        wire={
            "transactionId": "abc-1",
            "tariff": {"tariffId": "T-3", "currency": "EUR", "energy": {"prices": [{"priceKwh": 0.5}]}},
        },
        no={"status": "TxNotFound"},
    ),
    Order(
        command={"command": "ShowCost", "transaction_id": "abc-1", "total_cost": "12.34"},
        action="CostUpdated",
        wire={"transactionId": "abc-1", "totalCost": 12.34},
        yes={},
        no=None,
    ),
)
TRADING = (
    Order(
        command={"command": "RequestBatterySwap", "token_uid": "04AA", "token_kind": "rfid"},
        action="RequestBatterySwap",
        wire={"requestId": NUMBER, "idToken": {"idToken": "04AA", "type": "ISO14443"}},
    ),
    Order(
        command={"command": "NotifyWebPaymentStarted", "evse": 2, "timeout_s": 120},
        action="NotifyWebPaymentStarted",
        wire={"evseId": 2, "timeout": 120},
        yes={},
        no=None,
    ),
)


@shows(
    "2.1 SetDefaultTariff",
    "2.1 GetTariffs",
    "2.1 ClearTariffs",
    "2.1 ChangeTransactionTariff",
    "2.1 CostUpdated",
)
@pytest.mark.parametrize("order", TARIFFS, ids=str)
async def test_tariffs_are_told_to_2_1(site: Site, order: Order) -> None:
    await carried_out(site, "2.1", order)


@shows("2.1 RequestBatterySwap", "2.1 NotifyWebPaymentStarted")
@pytest.mark.parametrize("order", TRADING, ids=str)
async def test_swaps_and_payments_are_told_to_2_1(site: Site, order: Order) -> None:
    await carried_out(site, "2.1", order)
