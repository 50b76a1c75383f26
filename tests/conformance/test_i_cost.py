"""OCPP 2.0.1, block I: what a session costs by now. Who works that out tells it; Currant takes it to the station."""

from decimal import Decimal

import pytest
from charger import Answer, now
from installation import Site
from plugged import Visit
from shows import shows

pytestmark = pytest.mark.asyncio(loop_scope="module")

PRICE = Decimal("0.0004")
"""Of a Wh."""


@shows("TC_I_01_CSMS")
async def test_a_station_shows_what_others_work_out_that_a_session_costs(site: Site) -> None:
    answers: dict[str, Answer] = {"CostUpdated": {}}
    async with site.charger(await site.register(), answers=answers) as station:
        await station.boot()
        uid = f"CARD-{station.identity}"
        await site.token(uid)
        driver = Visit(station, uid)
        await driver.started()
        begin = {"value": 50_000, "context": "Transaction.Begin"}
        await driver.event("MeterValuePeriodic", meterValue=[{"timestamp": now(), "sampledValue": [begin]}])
        for energy, cost in ((1_000, 0.4), (2_500, 1.0)):
            reading = {"value": 50_000 + energy, "context": "Sample.Periodic"}
            told = {"timestamp": now(), "sampledValue": [reading]}
            answer = await driver.event("MeterValuePeriodic", meterValue=[told])
            assert "totalCost" not in answer
            [session] = await site.sessions(station.identity)
            record = await site.command(
                station.identity,
                "ShowCost",
                transaction_id=session["transaction_id"],
                total_cost=str(session["energy_wh"] * PRICE),
            )
            assert record["status"] == "accepted"
            assert await station.asked_for("CostUpdated") == {
                "totalCost": cost,
                "transactionId": driver.transaction_id,
            }
