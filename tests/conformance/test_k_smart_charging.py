"""OCPP 2.0.1, block K: charging profiles set, cleared and reported, schedules worked out, limits from outside."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from charger import Answer, Refusing, ScriptedCharger
from installation import Site
from plugged import Visit
from shows import shows

from currant.kit.clock import SystemClock, wire_time

pytestmark = pytest.mark.asyncio(loop_scope="module")

DURATION_S = 300
# A station is always asked by something (K09.FR.03); whoever set them, these are all profiles.
SOURCES = ["cso", "ems", "other", "so"]
FROM_ANYBODY = {"chargingLimitSource": ["CSO", "EMS", "Other", "SO"]}


@asynccontextmanager
async def there(site: Site, **answers: Answer) -> AsyncIterator[ScriptedCharger]:
    """A station with two EVSEs, at which nobody charges."""
    async with site.charger(await site.register(), answers=answers) as station:
        await station.boot()
        for evse in (1, 2):
            await station.status("Available", evse)
        yield station


async def charging(site: Site, station: ScriptedCharger) -> Visit:
    uid = f"CARD-{station.identity}"
    await site.token(uid)
    driver = Visit(station, uid)
    await driver.started()
    return driver


def draft(limit: float = 6.0, **more: Any) -> dict[str, Any]:
    """A profile for the next five minutes, which leaves a vehicle one phase."""
    begins = SystemClock().now().replace(microsecond=0)
    schedule = {
        "unit": "A",
        "starts_at": wire_time(begins),
        "duration_s": DURATION_S,
        "periods": [{"start_s": 0, "limit": limit, "phases": 1}],
    }
    return {
        "purpose": "tx_default",
        "kind": "absolute",
        "valid_from": wire_time(begins),
        "valid_until": wire_time(begins + timedelta(seconds=DURATION_S)),
        "schedules": [schedule],
        **more,
    }


def relative(limit: float, **more: Any) -> dict[str, Any]:
    """A profile of a transaction, counted from its beginning."""
    schedule = {"unit": "A", "periods": [{"start_s": 0, "limit": limit, "phases": 1}]}
    return {"purpose": "tx", "kind": "relative", "schedules": [schedule], **more}


async def sets(site: Site, station: ScriptedCharger, evse: int, profile: Any) -> tuple[Any, Any]:
    """Set a profile: what came of it, and what the station was told."""
    record = await site.ask(
        "POST", f"/stations/{station.identity}/profiles", json={"evse": evse, "profile": profile}
    )
    return record, await station.asked_for("SetChargingProfile")


async def known(site: Site, station: ScriptedCharger) -> list[Any]:
    return list((await site.ask("GET", f"/stations/{station.identity}/profiles"))["items"])


def expected(asked: Any, profile_id: int, purpose: str, limit: float, **more: Any) -> dict[str, Any]:
    """An absolute profile on the wire, as it was asked for."""
    [schedule] = asked["schedules"]
    return {
        "id": profile_id,
        "stackLevel": 0,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Absolute",
        "validFrom": asked["valid_from"],
        "validTo": asked["valid_until"],
        "chargingSchedule": [
            {
                "id": 0,
                "startSchedule": schedule["starts_at"],
                "duration": DURATION_S,
                "chargingRateUnit": "A",
                "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit, "numberPhases": 1}],
            }
        ],
        **more,
    }


# Profiles are set


@shows("TC_K_01_CSMS")
async def test_a_default_for_an_evse_is_set(site: Site) -> None:
    async with there(site) as station:
        asked = draft(6.0, stack_level=1, id=41)
        record, request = await sets(site, station, 1, asked)
        assert record["status"] == "accepted"
        assert request == {
            "evseId": 1,
            "chargingProfile": expected(asked, 41, "TxDefaultProfile", 6.0, stackLevel=1),
        }
        assert [each["profile"]["id"] for each in await known(site, station)] == [41]


@shows("TC_K_02_CSMS")
async def test_a_profile_for_a_session_that_is_not_there_is_refused(site: Site) -> None:
    async with there(site, SetChargingProfile={"status": "Rejected"}) as station:
        record, request = await sets(
            site, station, 1, relative(7.0, id=42, stack_level=1, transaction_id="none")
        )
        assert request["evseId"] == 1
        profile = request["chargingProfile"]
        assert (profile["id"], profile["stackLevel"]) == (42, 1)
        assert (profile["chargingProfilePurpose"], profile["chargingProfileKind"]) == (
            "TxProfile",
            "Relative",
        )
        [schedule] = profile["chargingSchedule"]
        assert (schedule["chargingRateUnit"], schedule["chargingSchedulePeriod"]) == (
            "A",
            [{"startPeriod": 0, "limit": 7.0, "numberPhases": 1}],
        )
        assert (record["status"], "Rejected" in record["reason"]) == ("refused", True)
        assert await known(site, station) == []


@shows("TC_K_03_CSMS")
async def test_a_maximum_for_the_station_is_set(site: Site) -> None:
    async with there(site) as station:
        asked = draft(8.0, purpose="station_max", id=43)
        record, request = await sets(site, station, 0, asked)
        assert record["status"] == "accepted"
        assert request == {
            "evseId": 0,
            "chargingProfile": expected(asked, 43, "ChargingStationMaxProfile", 8.0),
        }


@shows("TC_K_04_CSMS")
async def test_a_profile_takes_the_place_of_the_one_with_its_number(site: Site) -> None:
    async with there(site) as station:
        record, first = await sets(site, station, 1, draft(8.0))
        number = record["command"]["profile"]["id"]
        record, second = await sets(site, station, 1, draft(6.0, id=number))
        assert record["status"] == "accepted"
        profiles = [first["chargingProfile"], second["chargingProfile"]]
        assert [each["id"] for each in profiles] == [number, number]
        limits = [each["chargingSchedule"][0]["chargingSchedulePeriod"][0]["limit"] for each in profiles]
        assert limits == [8.0, 6.0]
        [kept] = await known(site, station)
        assert kept["profile"]["schedules"][0]["periods"][0]["limit"] == 6.0


@shows("TC_K_10_CSMS")
async def test_a_default_for_all_evses_is_set(site: Site) -> None:
    async with there(site) as station:
        asked = draft(6.0, id=44)
        record, request = await sets(site, station, 0, asked)
        assert record["status"] == "accepted"
        assert request == {"evseId": 0, "chargingProfile": expected(asked, 44, "TxDefaultProfile", 6.0)}


@shows("TC_K_15_CSMS")
async def test_a_station_has_no_smart_charging(site: Site) -> None:
    def unknown(_: Any) -> Any:
        raise Refusing("NotSupported")

    async with there(site, SetChargingProfile=unknown) as station:
        asked = draft(6.0, id=45)
        record, request = await sets(site, station, 1, asked)
        assert request == {"evseId": 1, "chargingProfile": expected(asked, 45, "TxDefaultProfile", 6.0)}
        assert record["status"] == "unsupported"
        assert await known(site, station) == []


@shows("TC_K_19_CSMS")
@pytest.mark.parametrize(("recurrency", "word"), [("daily", "Daily"), ("weekly", "Weekly")])
async def test_a_profile_that_comes_again_is_set(site: Site, recurrency: str, word: str) -> None:
    async with there(site) as station:
        record, request = await sets(site, station, 1, draft(6.0, kind="recurring", recurrency=recurrency))
        assert (record["status"], request["evseId"]) == ("accepted", 1)
        profile = request["chargingProfile"]
        assert profile["chargingProfilePurpose"] == "TxDefaultProfile"
        assert (profile["chargingProfileKind"], profile["recurrencyKind"]) == ("Recurring", word)
        assert profile["chargingSchedule"][0]["chargingSchedulePeriod"][0]["startPeriod"] == 0


@shows("TC_K_60_CSMS")
async def test_a_profile_for_a_session_is_set(site: Site) -> None:
    async with there(site) as station:
        driver = await charging(site, station)
        [session] = await site.sessions(station.identity)
        record, request = await sets(
            site, station, 1, relative(10.0, transaction_id=session["transaction_id"])
        )
        assert (record["status"], request["evseId"]) == ("accepted", 1)
        assert request["chargingProfile"]["chargingProfilePurpose"] == "TxProfile"
        assert request["chargingProfile"]["transactionId"] == driver.transaction_id


@shows("TC_K_70_CSMS")
async def test_profiles_of_two_levels_are_set_beside_each_other(site: Site) -> None:
    async with there(site) as station:
        sent = []
        for level in (1, 2):
            record, request = await sets(site, station, 1, draft(6.0, stack_level=level))
            assert record["status"] == "accepted"
            sent.append(request["chargingProfile"])
        assert [each["stackLevel"] for each in sent] == [1, 2]
        assert sent[0]["id"] != sent[1]["id"]
        assert {each["profile"]["id"] for each in await known(site, station)} == {each["id"] for each in sent}


@shows("TC_K_37_CSMS")
async def test_a_session_is_started_with_a_profile_of_its_own(site: Site) -> None:
    async with there(site) as station:
        uid = f"CARD-{station.identity}"
        await site.token(uid)
        record = await site.ask(
            "POST",
            "/sessions/",
            json={
                "station": station.identity,
                "token_uid": uid,
                "token_kind": "rfid",
                "evse": 1,
                "profile": relative(10.0),
            },
        )
        assert record["status"] == "accepted"
        request = await station.asked_for("RequestStartTransaction")
        assert (request["evseId"], request["idToken"]) == (1, {"idToken": uid, "type": "ISO14443"})
        profile = request["chargingProfile"]
        assert (profile["chargingProfilePurpose"], profile["chargingProfileKind"]) == (
            "TxProfile",
            "Relative",
        )
        assert "transactionId" not in profile
        driver = Visit(station, uid)
        told = await driver.event(
            "RemoteStart",
            state="EVConnected",
            info={"remoteStartId": request["remoteStartId"]},
            evse={"id": 1, "connectorId": 1},
            idToken=driver.token,
        )
        assert told["idTokenInfo"]["status"] == "Accepted"

        async def belongs_to_it() -> bool:
            found = await known(site, station)
            return [each["profile"].get("transaction_id") for each in found] == [driver.transaction_id]

        await site.eventually(belongs_to_it)


# Profiles are cleared


@shows("TC_K_05_CSMS")
async def test_a_profile_is_cleared_by_its_number(site: Site) -> None:
    async with there(site) as station:
        await sets(site, station, 0, draft(8.0, purpose="station_max", id=46))
        maximum = {"purpose": "station_max"}
        [found], _ = await asks(site, station, maximum, (0, reported(46, "ChargingStationMaxProfile")))
        number = found["id"]
        record = await site.ask("DELETE", f"/stations/{station.identity}/profiles/{number}")
        assert record["status"] == "accepted"
        assert await station.asked_for("ClearChargingProfile") == {"chargingProfileId": 46}
        assert await known(site, station) == []


async def clears(site: Site, station: ScriptedCharger) -> Any:
    """Clear the defaults of level 1 at EVSE 1; what came of it."""
    record = await site.ask(
        "DELETE",
        f"/stations/{station.identity}/profiles",
        params={"evse": 1, "purpose": "tx_default", "stack_level": 1},
    )
    assert await station.asked_for("ClearChargingProfile") == {
        "chargingProfileCriteria": {
            "evseId": 1,
            "chargingProfilePurpose": "TxDefaultProfile",
            "stackLevel": 1,
        }
    }
    return record


@shows("TC_K_06_CSMS")
async def test_profiles_are_cleared_by_what_they_are(site: Site) -> None:
    async with there(site) as station:
        await sets(site, station, 1, draft(6.0, stack_level=1))
        await sets(site, station, 1, draft(6.0, stack_level=2, id=47))
        assert (await clears(site, station))["status"] == "accepted"
        assert [each["profile"]["id"] for each in await known(site, station)] == [47]


@shows("TC_K_08_CSMS")
async def test_there_is_nothing_to_clear(site: Site) -> None:
    async with there(site, ClearChargingProfile={"status": "Unknown"}) as station:
        record = await clears(site, station)
        assert (record["status"], "Unknown" in record["reason"]) == ("refused", True)


# Profiles are reported


def reported(profile_id: int, purpose: str = "TxDefaultProfile", **more: Any) -> dict[str, Any]:
    """A profile as a station reports it."""
    schedule = {
        "id": 1,
        "startSchedule": "2026-01-31T12:00:00Z",
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 12.0}],
    }
    return {
        "id": profile_id,
        "stackLevel": 1,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Absolute",
        "chargingSchedule": [schedule],
        **more,
    }


async def asks(
    site: Site, station: ScriptedCharger, wanted: Any, *parts: tuple[int, Any], source: str = "CSO"
) -> tuple[list[Any], Any]:
    """Ask which profiles there are; the station reports these, of an EVSE each. What is told, and what was asked."""
    asking = asyncio.create_task(site.ask("POST", f"/stations/{station.identity}/profiles/ask", json=wanted))
    request = await station.asked_for("GetChargingProfiles")
    for number, (evse, profile) in enumerate(parts, start=1):
        answer = await station.call(
            "ReportChargingProfiles",
            requestId=request["requestId"],
            chargingLimitSource=source,
            evseId=evse,
            chargingProfile=[profile],
            tbc=number < len(parts),
        )
        assert answer == {}
    told = await asking
    assert told["status"] == "accepted"
    profiles = [
        {"id": each["profile"]["id"], "evse": each["evse"], "source": each["source"]}
        for each in told["profiles"]
    ]
    return profiles, {name: value for name, value in request.items() if name != "requestId"}


@shows("TC_K_29_CSMS")
async def test_the_profiles_of_the_station_itself_are_reported(site: Site) -> None:
    async with there(site) as station:
        await charging(site, station)
        found, request = await asks(
            site,
            station,
            {"evse": 0, "purpose": "station_max"},
            (0, reported(51, "ChargingStationMaxProfile")),
        )
        assert request == {
            "evseId": 0,
            "chargingProfile": {"chargingProfilePurpose": "ChargingStationMaxProfile"},
        }
        assert found == [{"id": 51, "evse": 0, "source": "cso"}]


@shows("TC_K_30_CSMS")
async def test_the_profiles_of_an_evse_are_reported(site: Site) -> None:
    async with there(site) as station:
        found, request = await asks(site, station, {"evse": 1, "sources": SOURCES}, (1, reported(52)))
        assert request == {"evseId": 1, "chargingProfile": FROM_ANYBODY}
        assert found == [{"id": 52, "evse": 1, "source": "cso"}]


@shows("TC_K_31_CSMS")
async def test_all_profiles_are_reported_evse_by_evse(site: Site) -> None:
    async with there(site) as station:
        parts = [(1, reported(53)), (2, reported(54))]
        found, request = await asks(site, station, {"sources": SOURCES}, *parts)
        assert request == {"chargingProfile": FROM_ANYBODY}
        assert [(each["id"], each["evse"]) for each in found] == [(53, 1), (54, 2)]
        assert [each["profile"]["id"] for each in await known(site, station)] == [53, 54]


@shows("TC_K_32_CSMS")
async def test_one_profile_is_reported(site: Site) -> None:
    async with there(site) as station:
        record, _ = await sets(site, station, 1, draft(6.0))
        number = record["command"]["profile"]["id"]
        found, request = await asks(site, station, {"ids": [number]}, (1, reported(number)))
        assert request == {"chargingProfile": {"chargingProfileId": [number]}}
        assert [each["id"] for each in found] == [number]


@shows("TC_K_33_CSMS", "TC_K_34_CSMS", "TC_K_35_CSMS", "TC_K_36_CSMS")
@pytest.mark.parametrize(
    ("wanted", "criterion"),
    [
        ({"stack_level": 1}, {"stackLevel": 1}),
        ({"sources": ["ems"]}, {"chargingLimitSource": ["EMS"]}),
        ({"purpose": "tx_default"}, {"chargingProfilePurpose": "TxDefaultProfile"}),
        (
            {"purpose": "tx_default", "stack_level": 1},
            {"chargingProfilePurpose": "TxDefaultProfile", "stackLevel": 1},
        ),
    ],
    ids=["level", "source", "purpose", "purpose_and_level"],
)
async def test_profiles_of_an_evse_are_reported_by_what_they_are(
    site: Site, wanted: Any, criterion: Any
) -> None:
    async with there(site) as station:
        found, request = await asks(site, station, {"evse": 1, **wanted}, (1, reported(55)), source="EMS")
        assert request == {"evseId": 1, "chargingProfile": criterion}
        assert found == [{"id": 55, "evse": 1, "source": "ems"}]


@shows("TC_K_52_CSMS")
async def test_limits_from_outside_are_reported_as_profiles(site: Site) -> None:
    async with there(site) as station:
        profile = reported(1, "ChargingStationExternalConstraints")
        found, request = await asks(site, station, {"purpose": "external"}, (0, profile), source="EMS")
        assert request == {
            "chargingProfile": {"chargingProfilePurpose": "ChargingStationExternalConstraints"}
        }
        assert found == [{"id": 1, "evse": 0, "source": "ems"}]


# What a station allows


@shows("TC_K_43_CSMS", "TC_K_44_CSMS")
@pytest.mark.parametrize("evse", [1, 0])
@pytest.mark.parametrize(("unit", "limit"), [("A", 10.0), ("W", 10_000.0)])
async def test_a_station_works_a_schedule_out(site: Site, evse: int, unit: str, limit: float) -> None:
    begins = wire_time(SystemClock().now().replace(microsecond=0))
    answer = {
        "status": "Accepted",
        "schedule": {
            "evseId": evse,
            "duration": DURATION_S,
            "scheduleStart": begins,
            "chargingRateUnit": unit,
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit}],
        },
    }
    async with there(site, GetCompositeSchedule=answer) as station:
        told = await site.ask(
            "GET",
            f"/stations/{station.identity}/composite-schedule",
            params={"evse": evse, "duration_s": DURATION_S, "unit": unit},
        )
        assert await station.asked_for("GetCompositeSchedule") == {
            "evseId": evse,
            "duration": DURATION_S,
            "chargingRateUnit": unit,
        }
        assert told["status"] == "accepted"
        assert (told["schedule"]["evse"], told["schedule"]["unit"]) == (evse, unit)
        assert [period["limit"] for period in told["schedule"]["periods"]] == [limit]


# Limits from outside


async def limits(site: Site, station: ScriptedCharger) -> list[tuple[int, str]]:
    found = await site.ask("GET", f"/stations/{station.identity}/limits")
    return [(each["evse"], each["source"]) for each in found["items"]]


async def is_limited(site: Site, station: ScriptedCharger) -> None:
    limit = {"chargingLimitSource": "EMS", "isGridCritical": False}
    assert await station.call("NotifyChargingLimit", chargingLimit=limit) == {}
    assert await limits(site, station) == [(0, "ems")]


@shows("TC_K_48_CSMS")
async def test_a_limit_from_outside_is_known(site: Site) -> None:
    async with there(site) as station:
        await is_limited(site, station)


@shows("TC_K_50_CSMS")
async def test_a_limit_from_outside_is_over(site: Site) -> None:
    async with there(site) as station:
        await is_limited(site, station)
        assert await station.call("ClearedChargingLimit", chargingLimitSource="EMS") == {}
        assert await limits(site, station) == []


@shows("TC_K_51_CSMS")
async def test_a_limit_from_outside_is_over_while_somebody_charges(site: Site) -> None:
    async with there(site) as station:
        driver = await charging(site, station)
        await is_limited(site, station)
        assert await station.call("ClearedChargingLimit", chargingLimitSource="EMS") == {}
        assert await driver.event("ChargingRateChanged") == {}
        assert await limits(site, station) == []


# Vehicles that tell their needs


def needs(current: int = 32) -> dict[str, Any]:
    return {
        "requestedEnergyTransfer": "AC_three_phase",
        "acChargingParameters": {
            "energyAmount": 20_000,
            "evMinCurrent": 6,
            "evMaxCurrent": current,
            "evMaxVoltage": 400,
        },
    }


async def plugged(site: Site, station: ScriptedCharger) -> Visit:
    """A driver who presented a card and plugged a vehicle in."""
    uid = f"CARD-{station.identity}"
    await site.token(uid)
    driver = Visit(station, uid)
    await driver.authorized()
    await driver.plugged_in()
    return driver


async def tells_needs(driver: Visit, current: int = 32) -> None:
    answer = await driver.station.call(
        "NotifyEVChargingNeeds", evseId=driver.evse, chargingNeeds=needs(current), maxScheduleTuples=3
    )
    assert answer["status"] == "Accepted"


async def offered(driver: Visit) -> Any:
    """The profile that the vehicle is offered."""
    request = await driver.station.asked_for("SetChargingProfile")
    profile = request["chargingProfile"]
    assert (request["evseId"], profile["chargingProfilePurpose"]) == (driver.evse, "TxProfile")
    assert profile["transactionId"] == driver.transaction_id
    return profile


async def plans(driver: Visit, profile: Any, factor: float = 1.0) -> str:
    """The vehicle's plan: what it was offered, or more than that. The answer's status."""
    [schedule] = profile["chargingSchedule"]
    periods = [{**period, "limit": period["limit"] * factor} for period in schedule["chargingSchedulePeriod"]]
    answer = await driver.station.call(
        "NotifyEVChargingSchedule",
        evseId=driver.evse,
        timeBase=schedule["startSchedule"],
        chargingSchedule={**schedule, "chargingSchedulePeriod": periods},
    )
    return str(answer["status"])


async def settles(driver: Visit) -> Any:
    """A vehicle tells its needs, is offered a schedule, and charges by it; the profile."""
    await tells_needs(driver)
    profile = await offered(driver)
    assert await plans(driver, profile) == "Accepted"
    assert "idTokenInfo" not in await driver.event("ChargingStateChanged", state="Charging")
    return profile


async def record_of(site: Site, driver: Visit) -> Any:
    [session] = await site.sessions(driver.station.identity)
    return await site.ask("GET", f"/sessions/{session['id']}/needs")


async def offers_anew(site: Site, driver: Visit) -> None:
    [session] = await site.sessions(driver.station.identity)
    await site.ask("POST", f"/sessions/{session['id']}/offer")


@shows("TC_K_53_CSMS")
async def test_a_vehicle_is_offered_what_it_needs(site: Site) -> None:
    async with there(site) as station:
        driver = await plugged(site, station)
        profile = await settles(driver)
        [period] = profile["chargingSchedule"][0]["chargingSchedulePeriod"]
        assert period["limit"] == 32.0
        record = await record_of(site, driver)
        assert (record["profile_id"], record["planned_accepted"]) == (profile["id"], True)


@shows("TC_K_55_CSMS")
async def test_a_vehicle_that_plans_more_than_it_was_offered_is_offered_anew(site: Site) -> None:
    async with there(site) as station:
        driver = await plugged(site, station)
        await tells_needs(driver)
        assert await plans(driver, await offered(driver), 1.5) == "Rejected"
        await driver.event("ChargingStateChanged", state="Charging")
        again = await offered(driver)
        assert await plans(driver, again) == "Accepted"
        await driver.event("ChargingRateChanged")
        assert (await record_of(site, driver))["planned_accepted"]


@shows("TC_K_57_CSMS")
async def test_a_vehicle_with_new_needs_is_offered_anew(site: Site) -> None:
    async with there(site) as station:
        driver = await plugged(site, station)
        await settles(driver)
        await tells_needs(driver, 16)
        await driver.event("ChargingRateChanged")
        again = await offered(driver)
        assert again["chargingSchedule"][0]["chargingSchedulePeriod"][0]["limit"] == 16.0
        assert await plans(driver, again) == "Accepted"
        await driver.event("ChargingRateChanged")


@shows("TC_K_58_CSMS")
async def test_a_vehicle_is_offered_anew_when_an_operator_wants_it(site: Site) -> None:
    async with there(site) as station:
        driver = await plugged(site, station)
        await settles(driver)
        await offers_anew(site, driver)
        assert await plans(driver, await offered(driver)) == "Accepted"
        await driver.event("ChargingRateChanged")


@shows("TC_K_59_CSMS")
async def test_a_vehicle_answers_a_new_offer_with_new_needs(site: Site) -> None:
    async with there(site) as station:
        driver = await plugged(site, station)
        await settles(driver)
        await offers_anew(site, driver)
        await offered(driver)
        await tells_needs(driver, 16)
        again = await offered(driver)
        assert again["chargingSchedule"][0]["chargingSchedulePeriod"][0]["limit"] == 16.0
        assert await plans(driver, again) == "Accepted"
        await driver.event("ChargingRateChanged")
