"""OCPP 2.0.1, block F: sessions begun and ended from afar, connectors unlocked, messages triggered."""

import pytest
from shows import shows

from conftest import Site  # type: ignore[attr-defined]

pytestmark = pytest.mark.asyncio(loop_scope="module")


@shows("TC_F_11_CSMS")
async def test_a_station_is_asked_to_report_its_meter_values(site: Site) -> None:
    identity = await site.register()
    async with site.charger(identity) as station:
        assert (await station.boot())["status"] == "Accepted"
        record = await site.command(identity, "Trigger", message="meter_values", evse=1)
        assert record["status"] == "accepted"
        assert await station.asked_for("TriggerMessage") == {
            "requestedMessage": "MeterValues",
            "evse": {"id": 1},
        }
