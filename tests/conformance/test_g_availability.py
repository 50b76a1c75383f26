"""OCPP 2.0.1, block G: stations, EVSEs and connectors put in and out of service, and locks that fail."""

import pytest
from charger import Payload, ScriptedCharger, now
from installation import Site
from shows import shows
from visit import Visit, booted, card, connector_shown, tell_connector

pytestmark = pytest.mark.asyncio(loop_scope="module")

CONNECTOR, EVSE, STATION = {"evse": 1, "connector": 1}, {"evse": 1}, {}
PLACES: dict[str, tuple[dict[str, int], Payload]] = {
    "connector": (CONNECTOR, {"evse": {"id": 1, "connectorId": 1}}),
    "evse": (EVSE, {"evse": {"id": 1}}),
    "station": (STATION, {}),
}
"""What a command names, and what stations are told of it."""


async def set_availability(
    site: Site, station: ScriptedCharger, place: str, *, operative: bool, status: str = "Accepted"
) -> None:
    """Put a place in or out of service, which the station answers with this status."""
    station.answers["ChangeAvailability"] = {"status": status}
    named, told = PLACES[place]
    record = await site.command(station.identity, "SetAvailability", operative=operative, **named)
    assert record["status"] == status.lower()
    asked = await station.asked_for("ChangeAvailability")
    assert asked == {"operationalStatus": "Operative" if operative else "Inoperative", **told}


async def tells(site: Site, station: ScriptedCharger, status: str, *evses: int) -> None:
    """The station tells what became of its connectors, and the API shows it."""
    for evse in evses:
        await tell_connector(station, status, evse=evse)
        assert await connector_shown(site, station.identity, evse) == status.lower()


@shows("TC_G_03_CSMS", "TC_G_05_CSMS", "TC_G_07_CSMS")
@pytest.mark.parametrize(("place", "evses"), [("evse", [1]), ("station", [1, 2]), ("connector", [1])])
async def test_a_place_is_put_out_of_service(site: Site, place: str, evses: list[int]) -> None:
    async with booted(site) as station:
        await set_availability(site, station, place, operative=False)
        await tells(site, station, "Unavailable", *evses)


@shows("TC_G_04_CSMS", "TC_G_06_CSMS", "TC_G_08_CSMS")
@pytest.mark.parametrize(("place", "evses"), [("evse", [1]), ("station", [1, 2]), ("connector", [1])])
async def test_a_place_is_put_back_into_service(site: Site, place: str, evses: list[int]) -> None:
    async with booted(site) as station:
        await set_availability(site, station, place, operative=False)
        await tells(site, station, "Unavailable", *evses)
        await set_availability(site, station, place, operative=True)
        await tells(site, station, "Available", *evses)


@shows("TC_G_11_CSMS", "TC_G_14_CSMS", "TC_G_17_CSMS")
@pytest.mark.parametrize(("place", "idle"), [("evse", []), ("station", [2]), ("connector", [])])
async def test_a_place_that_charges_goes_out_of_service_once_its_session_is_over(
    site: Site, place: str, idle: list[int]
) -> None:
    uid = card()
    await site.token(uid)
    async with booted(site) as station:
        visit = Visit(station, uid)
        await visit.started()
        await set_availability(site, station, place, operative=False, status="Scheduled")
        await tells(site, station, "Unavailable", *idle)
        assert (await visit.session(site))["activity"] == "charging"
        await visit.stopped()
        assert await visit.left() == {}
        assert (await visit.session(site))["phase"] == "ended"
        await tells(site, station, "Unavailable", 1)


@shows("TC_G_20_CSMS")
async def test_a_lock_that_fails_is_a_problem_of_the_station(site: Site) -> None:
    async with booted(site) as station:
        answer = await station.call(
            "NotifyEvent",
            generatedAt=now(),
            seqNo=0,
            eventData=[
                {
                    "eventId": 1,
                    "timestamp": now(),
                    "trigger": "Delta",
                    "actualValue": "true",
                    "eventNotificationType": "HardWiredNotification",
                    "component": {
                        "name": "ConnectorPlugRetentionLock",
                        "evse": {"id": 1, "connectorId": 1},
                    },
                    "variable": {"name": "Problem"},
                }
            ],
        )
        assert answer == {}

        async def problem() -> list[str]:
            page = await site.ask("GET", f"/stations/{station.identity}/problems")
            return [each["component"] for each in page["items"]]

        assert await site.eventually(problem) == ["ConnectorPlugRetentionLock"]
