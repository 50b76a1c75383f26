"""Stations of OCPP 1.6 and 2.1 that nobody registered: told to wait, and let in when somebody accepts them."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from charger import CallError, now
from installation import Site, installation
from shows import shows

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def open_site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """An installation that keeps strangers waiting for an operator."""
    folder = tmp_path_factory.mktemp("pending")
    async with installation(folder, **{"ocpp.unknown_stations": "pending"}) as built:
        yield built


@shows("1.6 BootNotification", "2.1 BootNotification")
@pytest.mark.parametrize("version", ["1.6", "2.1"])
async def test_a_stranger_waits_until_somebody_accepts_it(open_site: Site, version: str) -> None:
    identity = f"STRANGER-{version}"
    async with open_site.charger(identity, version) as station:
        answer = await station.boot()
        assert answer["status"] == "Pending"
        assert answer["interval"] > 0
        if version == "2.1":
            # B02.FR.09: nothing else is heard before; 1.6 stations say all sorts of things.
            with pytest.raises(CallError, match="SecurityError"):
                await station.call(
                    "StatusNotification",
                    timestamp=now(),
                    connectorStatus="Available",
                    evseId=1,
                    connectorId=1,
                )
        refused = await open_site.api.post(
            f"/api/v1/stations/{identity}/commands", json={"command": "ClearCache"}
        )
        assert refused.json()["code"] == "station_not_accepted"
        # It may be asked what it is.
        record = await open_site.command(identity, "Trigger", message="boot")
        assert record["status"] == "accepted"
        await open_site.ask("POST", f"/stations/{identity}/accept")
        assert (await station.boot())["status"] == "Accepted"
        assert (await open_site.command(identity, "ClearCache"))["status"] == "accepted"
