"""Logs asked of stations that are offline, one or many, through the public API: sent when they come."""

import pytest
from charger import now
from installation import Site

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def status_of(site: Site, transfer: str) -> str:
    return str((await site.ask("GET", f"/transfers/{transfer}"))["status"])


async def test_a_log_is_asked_for_when_the_station_comes(site: Site) -> None:
    identity = await site.register()
    asked = await site.ask(
        "POST",
        f"/stations/{identity}/logs",
        json={"kind": "diagnostics"},
        params={"queue_until": now(hours=1)},
    )
    assert asked["status"] == "waiting"
    async with site.charger(identity, answers={"GetLog": {"status": "Accepted"}}) as station:
        await station.boot()
        told = await station.asked_for("GetLog")
        assert (told["logType"], told["requestId"]) == ("DiagnosticsLog", asked["request_id"])
        assert "/files/up/" in told["log"]["remoteLocation"]

        async def accepted() -> bool:
            return await status_of(site, asked["id"]) == "accepted"

        await site.eventually(accepted)


async def test_a_log_that_waits_can_be_taken_back(site: Site) -> None:
    identity = await site.register()
    asked = await site.ask(
        "POST",
        f"/stations/{identity}/logs",
        json={"kind": "diagnostics"},
        params={"queue_until": now(hours=1)},
    )
    await site.ask("POST", f"/commands/{asked['command_id']}/cancel")

    async def cancelled() -> bool:
        return await status_of(site, asked["id"]) == "cancelled"

    await site.eventually(cancelled)


async def test_the_logs_of_many_stations_are_one_request(site: Site) -> None:
    here, gone = await site.register(), await site.register()
    async with site.charger(here, "1.6", answers={"GetLog": {"status": "Accepted"}}) as station:
        await station.boot()
        batch = await site.ask(
            "POST",
            "/transfers/batch",
            json={
                "log": {"kind": "security"},
                "stations": [here, gone],
                "expires_at": now(hours=1),
            },
        )
        assert (await station.asked_for("GetLog"))["logType"] == "SecurityLog"

        async def as_it_should_be() -> bool:
            found = await site.ask("GET", "/transfers", params={"batch": batch["id"]})
            return sorted(each["status"] for each in found["items"]) == ["accepted", "waiting"]

        await site.eventually(as_it_should_be)


async def test_a_raw_command_for_a_log_makes_a_transfer(site: Site) -> None:
    identity = await site.register()
    async with site.charger(identity, answers={"GetLog": {"status": "Accepted"}}) as station:
        await station.boot()
        record = await site.command(
            identity, "GetLog", kind="diagnostics", url="https://logs.example/up", request_id=4_711
        )
        assert record["status"] == "accepted"
        assert (await station.asked_for("GetLog"))["requestId"] == 4_711
        await station.call("LogStatusNotification", status="Uploading", requestId=4_711)
        found = await site.ask("GET", f"/stations/{identity}/transfers")
        assert [(each["request_id"], each["status"]) for each in found["items"]] == [(4_711, "transferring")]
