"""Drivers wait for the next free place of their choice, and nobody leaves a list for anybody else."""

import pytest
from riding import Town

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_driver_waits_is_called_and_leaves(town: Town) -> None:
    place = await town.place("Station square")
    identity = await town.station(place)
    async with town.charger(identity, "1.6") as station:
        await station.boot()
        await station.status("Preparing")
        await town.settled()
        first, second, guest = await town.driver(), await town.driver(), await town.guest()
        joined = await first.ask("POST", "/waiting", json={"place_id": place})
        assert (joined["place"]["name"], joined["position"]) == ("Station square", 1)
        again = await first.ask("POST", "/waiting", json={"place_id": place})
        assert again["id"] == joined["id"], "the same place in the line"
        behind = await second.ask("POST", "/waiting", json={"place_id": place})
        assert behind["position"] == 2
        assert (await guest.refused("POST", "/waiting", json={"place_id": place})).status == 409
        assert [each["id"] for each in (await second.ask("GET", "/waiting"))["items"]] == [behind["id"]]
        assert (await second.refused("DELETE", f"/waiting/{joined['id']}")).status == 404
        await first.ask("DELETE", f"/waiting/{joined['id']}")
        assert (await first.ask("GET", "/waiting"))["items"] == []
        assert (await second.ask("GET", "/waiting"))["items"][0]["position"] == 1


async def test_nobody_waits_at_a_place_that_is_not_shown(town: Town) -> None:
    place = await town.place("Depot")
    await town.station(place)
    await town.ask("PUT", f"/locations/{place}/listing", json={"listed": False})
    driver = await town.driver()
    assert (await driver.refused("POST", "/waiting", json={"place_id": place})).status == 404
