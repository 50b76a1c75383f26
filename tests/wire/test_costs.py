"""Costs reach stations: CostUpdated in OCPP 2.x, the OCA's cost messages in OCPP 1.6 (California Pricing)."""

import asyncio
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import websockets
from network import TENANT, Network
from ocpp.routing import on
from ocpp.v16 import ChargePoint as ChargePoint16
from ocpp.v16 import call_result as result16

from currant.stations.commanding.displays import CostShown, MessageFormat, MessageText, PriceShown, ShowCost
from currant.stations.model import CommandStatus

AT = datetime(2026, 5, 11, 12, tzinfo=UTC)


class Display(ChargePoint16):
    """A charge point that shows costs, if it knows the vendor's word for them."""

    knows = True

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.shown: list[tuple[str, Any]] = []

    @on("DataTransfer")
    def on_data(self, vendor_id: str, message_id: str = "", data: str = "") -> result16.DataTransfer:
        if not self.knows or vendor_id != "org.openchargealliance.costmsg":
            return result16.DataTransfer(status="UnknownVendorId")
        self.shown.append((message_id, json.loads(data)))
        return result16.DataTransfer(status="Accepted")


async def test_running_and_final_cost_are_told_to_a_1_6_station(open_network: Network) -> None:
    async with websockets.connect(f"{open_network.url}/CP-1", subprotocols=["ocpp1.6"]) as socket:
        station = Display("CP-1", socket)
        listening = asyncio.create_task(station.start())
        try:

            async def give(command: ShowCost) -> CommandStatus:
                record = await open_network.commands.give(TENANT, "CP-1", command, by="a test")
                return record.status

            day = PriceShown(per_kwh=Decimal("0.59"), idle_per_hour=Decimal(6), idle_grace_minutes=15)
            shown = CostShown(
                at=AT,
                meter_wh=12_345,
                price=day,
                changes_at=AT.replace(hour=20),
                then=PriceShown(per_kwh=Decimal("0.39")),
            )
            running = ShowCost(transaction_id="17", total_cost=Decimal("3.21"), shown=shown)
            assert await give(running) is CommandStatus.ACCEPTED
            texts = (
                MessageText(text="5.44 kWh x 0.59"),
                MessageText(text="5,44 kWh x 0,59", language="de", format=MessageFormat.UTF8),
            )
            end = CostShown(at=AT, meter_wh=12_345, texts=texts, link="https://example.com/r/1")
            final = ShowCost(transaction_id="17", total_cost=Decimal("3.21"), final=True, shown=end)
            assert await give(final) is CommandStatus.ACCEPTED
            assert station.shown == [
                (
                    "RunningCost",
                    {
                        "transactionId": 17,
                        "timestamp": "2026-05-11T12:00:00Z",
                        "meterValue": 12_345,
                        "cost": 3.21,
                        "state": "Charging",
                        "chargingPrice": {"kWhPrice": 0.59},
                        "idlePrice": {"graceMinutes": 15, "hourPrice": 6.0},
                        "nextPeriod": {
                            "atTime": "2026-05-11T20:00:00Z",
                            "chargingPrice": {"kWhPrice": 0.39},
                        },
                        "triggerMeterValue": {"atTime": "2026-05-11T20:00:00Z"},
                    },
                ),
                (
                    "FinalCost",
                    {
                        "transactionId": 17,
                        "cost": 3.21,
                        "priceText": "5.44 kWh x 0.59",
                        "priceTextExtra": [
                            {"format": "UTF8", "language": "de", "content": "5,44 kWh x 0,59"}
                        ],
                        "qrCodeText": "https://example.com/r/1",
                    },
                ),
            ]
            # Not without what 1.6 has to be told, and not to a station that knows nothing of it.
            bare = ShowCost(transaction_id="17", total_cost=Decimal(1))
            assert await give(bare) is CommandStatus.REFUSED
            station.knows = False
            assert await give(running) is CommandStatus.UNSUPPORTED
            assert len(station.shown) == 2
        finally:
            listening.cancel()
