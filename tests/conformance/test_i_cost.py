"""OCPP 2.0.1, block I: what a session costs by now. Who works that out tells it; Currant takes it to the station."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from charger import Answer, now
from installation import Site
from plugged import Visit
from shows import shows

from currant.kit.clock import SystemClock, wire_time
from currant.pricing.drafts import PriceRuleDraft, TariffDraft, TariffVersionDraft
from currant.pricing.model import Component, Dimension, Element, Prices, PriceScope

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


@shows("TC_I_02_CSMS")
async def test_the_end_is_answered_with_the_total_cost(site: Site) -> None:
    shows_costs = {
        "getVariableResult": [
            {
                "attributeStatus": "Accepted",
                "attributeValue": "true",
                "component": {"name": "TariffCostCtrlr"},
                "variable": {"name": "Enabled", "instance": "Cost"},
            }
        ]
    }
    identity = await site.register()
    answers: dict[str, Answer] = {"GetVariables": shows_costs, "CostUpdated": {}}
    async with site.charger(identity, answers=answers) as station:
        await station.boot()
        await sell(site, identity)
        variable = {"component": "TariffCostCtrlr", "name": "Enabled", "instance": "Cost"}
        await site.command(identity, "GetVariables", variables=[variable])
        uid = f"CARD-{identity}"
        await site.token(uid)
        driver = Visit(station, uid)
        begin = SystemClock().now() - timedelta(minutes=47)

        def told(minutes: int, energy: int, context: str) -> dict[str, Any]:
            at = wire_time(begin + timedelta(minutes=minutes))
            reading = {"value": 50_000 + energy, "context": context}
            return {"timestamp": at, "meterValue": [{"timestamp": at, "sampledValue": [reading]}]}

        place = {"id": 1, "connectorId": 1}
        await driver.event(
            "CablePluggedIn",
            idToken=driver.token,
            evse=place,
            state="Charging",
            **told(0, 0, "Transaction.Begin"),
        )
        await driver.event("MeterValuePeriodic", **told(15, 2_500, "Sample.Periodic"))
        await site.currant.showing.turn()
        assert await station.asked_for("CostUpdated") == {
            "totalCost": 1.0,
            "transactionId": driver.transaction_id,
        }
        answer = await driver.event(
            "StopAuthorized",
            eventType="Ended",
            info={"stoppedReason": "Local"},
            **told(30, 5_000, "Transaction.End"),
        )
        assert answer["totalCost"] == 2.0


async def sell(site: Site, identity: str) -> None:
    """Charging at a station costs 0.40 a kWh, as if it had for days."""
    entry, pricing = site.currant.directory.find(identity), site.currant.pricing
    assert entry is not None
    held = SystemClock().now() - timedelta(days=2)
    tariff = await pricing.tariffs.create(
        entry.tenant_id, TariffDraft(name=identity, currency="EUR"), by="a test"
    )
    energy = Component(dimension=Dimension.ENERGY, price=Decimal("0.40"), tax_percent=Decimal(0))
    prices = Prices(currency="EUR", elements=(Element(components=(energy,)),))
    await pricing.tariffs.draft(entry.tenant_id, tariff.id, TariffVersionDraft(prices=prices), by="a test")
    await pricing.tariffs.publish(entry.tenant_id, tariff.id, 1, by="a test", valid_from=held, past=True)
    rule = PriceRuleDraft(
        tariff_id=tariff.id, scope=PriceScope.STATION, about=entry.station_id, valid_from=held
    )
    await pricing.rules.create(entry.tenant_id, rule, by="a test", past=True)
