"""OCPP 2.1: what stations tell of limits, vehicles' needs, DER controls, batteries and payments, and what comes of it."""

from typing import Any

import pytest
from charger import Payload, ScriptedCharger, now
from installation import Site
from shows import shows
from telling import look
from test_21_der_orders import CURVE, WIRE_CURVE
from test_21_energy_orders import DYNAMIC
from test_21_reports import Transaction, card

pytestmark = pytest.mark.asyncio(loop_scope="module")

SCHEDULE: Payload = {
    "id": 1,
    "chargingRateUnit": "W",
    "startSchedule": "2026-01-31T12:00:00Z",
    "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 7000, "dischargeLimit": -3000}],
}


async def charging(site: Site, station: ScriptedCharger) -> Transaction:
    """A session under way on EVSE 1."""
    await station.boot()
    await site.token(f"DRIVER-{station.identity}")
    told = Transaction(station)
    answer = await told.event(
        "Started",
        "Authorized",
        idToken=card(f"DRIVER-{station.identity}"),
        info={"chargingState": "EVConnected"},
    )
    assert answer["idTokenInfo"]["status"] == "Accepted"
    return told


async def needs_known(site: Site, station: ScriptedCharger) -> Any:
    [session] = await site.sessions(station.identity)
    return await site.ask("GET", f"/sessions/{session['id']}/needs")


@shows("2.1 NotifyChargingLimit", "2.1 ClearedChargingLimit")
async def test_limits_from_outside_come_and_go(site: Site) -> None:
    identity = await site.register()
    path = f"/stations/{identity}/limits"
    async with site.charger(identity, "2.1") as station:
        await station.boot()
        told = {
            "evseId": 1,
            "chargingLimit": {"chargingLimitSource": "EMS", "isGridCritical": True},
            "chargingSchedule": [SCHEDULE],
        }
        assert await station.call("NotifyChargingLimit", **told) == {}
        # In 2.1 a source may have any word, and the limit may be what is made on the spot.
        limit = {"chargingLimitSource": "Solar roof", "isLocalGeneration": True}
        assert await station.call("NotifyChargingLimit", chargingLimit=limit) == {}
        known = {each["source"]: each for each in await look(site, path)}
        assert set(known) == {"ems", "Solar roof"}
        assert (known["ems"]["evse"], known["ems"]["grid_critical"]) == (1, True)
        assert known["ems"]["schedules"][0]["periods"] == [
            {"start_s": 0, "limit": 7000, "discharge_limit": -3000}
        ]
        assert (known["Solar roof"]["evse"], known["Solar roof"]["local_generation"]) == (0, True)
        assert await station.call("ClearedChargingLimit", chargingLimitSource="EMS", evseId=1) == {}
        assert [each["source"] for each in await look(site, path)] == ["Solar roof"]


AC: Payload = {
    "requestedEnergyTransfer": "AC_three_phase",
    "availableEnergyTransfer": ["AC_three_phase", "AC_BPT"],
    "acChargingParameters": {
        "energyAmount": 20000,
        "evMinCurrent": 6,
        "evMaxCurrent": 32,
        "evMaxVoltage": 400,
    },
}


@shows("2.1 NotifyEVChargingNeeds", "2.1 NotifyEVChargingSchedule", "2.1 SetChargingProfile")
async def test_a_vehicle_tells_its_needs_is_offered_a_schedule_and_plans_within_it(site: Site) -> None:
    identity = await site.register()
    async with site.charger(identity, "2.1") as station:
        told = await charging(site, station)
        answer = await station.call(
            "NotifyEVChargingNeeds", evseId=1, maxScheduleTuples=3, timestamp=now(), chargingNeeds=AC
        )
        assert answer == {"status": "Accepted"}
        profile = (await station.asked_for("SetChargingProfile"))["chargingProfile"]
        assert (profile["chargingProfilePurpose"], profile["transactionId"]) == ("TxProfile", told.id)
        [schedule] = profile["chargingSchedule"]
        limits = [period["limit"] for period in schedule["chargingSchedulePeriod"]]
        assert (schedule["chargingRateUnit"], limits) == ("A", [32])

        async def plans(factor: float) -> str:
            periods = [
                {**period, "limit": period["limit"] * factor} for period in schedule["chargingSchedulePeriod"]
            ]
            answer = await station.call(
                "NotifyEVChargingSchedule",
                evseId=1,
                timeBase=now(),
                chargingSchedule={**schedule, "chargingSchedulePeriod": periods},
                selectedChargingScheduleId=schedule["id"],
            )
            return str(answer["status"])

        assert await plans(2) == "Rejected"
        # What lies above the offer is offered anew (K17.FR.05).
        again = await station.asked_for("SetChargingProfile")
        assert again["chargingProfile"]["id"] == profile["id"]
        assert await plans(0.5) == "Accepted"
        record = await needs_known(site, station)
        assert (record["planned_accepted"], record["needs"]["energy_wh"]) == (True, 20000)
        assert record["needs"]["available_transfers"] == ["ac_three_phase", "ac_bpt"]


@shows("2.1 NotifyEVChargingNeeds")
@pytest.mark.parametrize(
    ("needs", "answer"),
    [
        (
            {"requestedEnergyTransfer": "WPT", "v2xChargingParameters": {"maxChargePower": 7000}},
            "NoChargingProfile",
        ),
        (AC, "Rejected"),
    ],
    ids=["no profile", "not allowed"],
)
async def test_needs_that_cannot_be_met_are_declined(site: Site, needs: Payload, answer: str) -> None:
    identity = await site.register()
    async with site.charger(identity, "2.1") as station:
        told = await charging(site, station)
        if answer == "Rejected":
            await station.call("NotifyEVChargingNeeds", evseId=1, chargingNeeds=needs)
            await site.command(identity, "AllowEnergyTransfer", transaction_id=told.id, modes=["dc"])
            assert (await station.asked_for("NotifyAllowedEnergyTransfer"))["allowedEnergyTransfer"] == ["DC"]

            async def known() -> bool:
                return bool((await needs_known(site, station))["allowed_transfers"] == ["dc"])

            assert await site.eventually(known)
        said = await station.call("NotifyEVChargingNeeds", evseId=1, chargingNeeds=needs)
        assert said["status"] == answer


@shows("2.1 PullDynamicScheduleUpdate", "2.1 UpdateDynamicSchedule")
async def test_a_dynamic_profile_is_updated_and_pulled(site: Site) -> None:
    identity = await site.register()
    async with site.charger(identity, "2.1") as station:
        told = await charging(site, station)
        profile = {**DYNAMIC, "transaction_id": told.id}
        del profile["dynamic_updated_at"]
        record = await site.ask(
            "POST", f"/stations/{identity}/profiles", json={"evse": 1, "profile": profile}
        )
        assert record["status"] == "accepted"
        sent = (await station.asked_for("SetChargingProfile"))["chargingProfile"]
        assert (sent["chargingProfileKind"], sent["transactionId"]) == ("Dynamic", told.id)
        pulled = await station.call("PullDynamicScheduleUpdate", chargingProfileId=6)
        assert pulled == {"status": "Accepted", "scheduleUpdate": {"limit": 16}}
        await site.command(identity, "UpdateDynamicSchedule", profile_id=6, limit=10)

        async def in_force() -> bool:
            answer = await station.call("PullDynamicScheduleUpdate", chargingProfileId=6)
            return answer == {"status": "Accepted", "scheduleUpdate": {"limit": 10}}

        assert await site.eventually(in_force)
        unknown = await station.call("PullDynamicScheduleUpdate", chargingProfileId=99)
        assert (unknown["status"], "scheduleUpdate" in unknown) == ("Rejected", False)


@shows("2.1 NotifyPriorityCharging", "2.1 UsePriorityCharging")
async def test_priority_charging_is_asked_for_and_told(site: Site) -> None:
    identity = await site.register()
    async with site.charger(identity, "2.1") as station:
        told = await charging(site, station)
        record = await site.command(identity, "UsePriorityCharging", transaction_id=told.id)
        assert record["status"] == "accepted"
        assert await station.asked_for("UsePriorityCharging") == {"transactionId": told.id, "activate": True}
        for activated in (True, False):
            answer = await station.call("NotifyPriorityCharging", transactionId=told.id, activated=activated)
            assert answer == {}
            assert (await needs_known(site, station))["priority"] is activated


@shows("2.1 ReportChargingProfiles")
async def test_profiles_that_a_2_1_station_reports_are_known(site: Site) -> None:
    identity = await site.register()
    async with site.charger(identity, "2.1") as station:
        await station.boot()
        profile = {
            "id": 31,
            "stackLevel": 1,
            "chargingProfilePurpose": "TxDefaultProfile",
            "chargingProfileKind": "Absolute",
            "chargingSchedule": [SCHEDULE],
        }
        told = {"requestId": 0, "evseId": 1, "chargingLimitSource": "SO", "chargingProfile": [profile]}
        assert await station.call("ReportChargingProfiles", **told) == {}
        [kept] = await look(site, f"/stations/{identity}/profiles")
    assert (kept["profile"]["id"], kept["evse"], kept["source"]) == (31, 1, "so")


@shows("2.1 SetDERControl", "2.1 NotifyDERStartStop", "2.1 ReportDERControl")
async def test_a_der_control_starts_stops_and_takes_the_place_of_another(site: Site) -> None:
    identity = await site.register()
    path = f"/stations/{identity}/der-controls/"
    async with site.charger(identity, "2.1") as station:
        await station.boot()
        for name in ("first", "second"):
            record = await site.ask("POST", path, json={**CURVE, "id": name})
            assert record["status"] == "accepted"

        async def controls() -> dict[str, tuple[bool, bool]]:
            found = await look(site, path)
            return {each["control"]["id"]: (each["started"], each["superseded"]) for each in found}

        assert await controls() == {"first": (False, False), "second": (False, False)}
        told = {"controlId": "first", "started": True, "timestamp": now(), "supersededIds": ["second"]}
        assert await station.call("NotifyDERStartStop", **told) == {}
        assert await controls() == {"first": (True, False), "second": (False, True)}
        assert (
            await station.call("NotifyDERStartStop", controlId="first", started=False, timestamp=now()) == {}
        )
        assert "first" not in await controls()
        # A report that nobody waits for is believed as well.
        entry = {
            "id": "theirs",
            "curveType": "VoltVar",
            "isDefault": False,
            "isSuperseded": False,
            "curve": WIRE_CURVE,
        }
        assert await station.call("ReportDERControl", requestId=999, curve=[entry]) == {}
        assert "theirs" in await controls()


@shows("2.1 NotifyDERAlarm")
async def test_an_alarm_of_the_grid_is_kept_with_its_end(site: Site) -> None:
    identity = await site.register()
    async with site.charger(identity, "2.1") as station:
        await station.boot()
        for minutes, ended in ((2, False), (1, True)):
            told = {
                "controlType": "HVMayTrip",
                "timestamp": now(minutes=-minutes),
                "gridEventFault": "OverVoltage",
                "alarmEnded": ended,
                "extraInfo": "phase 1",
            }
            assert await station.call("NotifyDERAlarm", **told) == {}
        [alarm] = await look(site, f"/stations/{identity}/der-controls/alarms")
    assert (alarm["kind"], alarm["fault"], alarm["info"]) == ("hv_may_trip", "OverVoltage", "phase 1")
    assert alarm["began_at"] < alarm["ended_at"]


@shows("2.1 RequestBatterySwap", "2.1 BatterySwap")
async def test_batteries_are_swapped(site: Site) -> None:
    identity = await site.register()
    async with site.charger(identity, "2.1") as station:
        await station.boot()
        await site.command(identity, "RequestBatterySwap", token_uid="04AA", token_kind="rfid")
        number = (await station.asked_for("RequestBatterySwap"))["requestId"]
        for step, serial, charge in (("BatteryIn", "B-1", 12), ("BatteryOut", "B-2", 98.5)):
            battery = {"evseId": 1, "serialNumber": serial, "soC": charge, "soH": 90}
            told = {"eventType": step, "requestId": number, "idToken": card("04AA"), "batteryData": [battery]}
            assert await station.call("BatterySwap", **told) == {}
        late = {**told, "eventType": "BatteryOutTimeout", "requestId": number + 1}
        assert await station.call("BatterySwap", **late) == {}
        steps = await look(site, "/battery-swaps", station=identity, request_id=number)
        assert [each["step"] for each in steps] == ["out", "in"]
        [out, _] = steps
        assert out["token_uid"] == "04AA"
        assert (out["batteries"][0]["serial_number"], out["batteries"][0]["soc_percent"]) == ("B-2", 98.5)
        assert len(await look(site, "/battery-swaps", station=identity)) == 3


@shows("2.1 NotifySettlement")
@pytest.mark.parametrize(
    ("word", "status"),
    [("Settled", "settled"), ("Canceled", "cancelled"), ("Rejected", "rejected"), ("Failed", "failed")],
)
async def test_what_a_terminal_settled_is_known(site: Site, word: str, status: str) -> None:
    identity = await site.register()
    company = {"name": "Buyer AG", "address1": "Street 1", "city": "Bern", "country": "CH"}
    async with site.charger(identity, "2.1") as station:
        await station.boot()
        answer = await station.call(
            "NotifySettlement",
            pspRef="PSP-1",
            status=word,
            settlementAmount=12.34,
            settlementTime=now(minutes=-1),
            transactionId="T-1",
            receiptId="R-1",
            receiptUrl="https://receipts.test/1",
            vatNumber="DE136695976",
            vatCompany=company,
        )
        # Without a receipt of ours the terminal's own stands (C19).
        assert answer == {}
        [kept] = await look(site, "/terminal-settlements", station=identity)
    assert (kept["reference"], kept["status"], kept["amount"]) == ("PSP-1", status, 12.34)
    assert (kept["receipt_id"], kept["company"], kept["vat_number"]) == ("R-1", "Buyer AG", "DE136695976")


@shows("2.1 VatNumberValidation")
@pytest.mark.parametrize(("number", "status"), [("DE136695976", "Accepted"), ("DE136695975", "Rejected")])
async def test_a_vat_number_is_looked_at(site: Site, number: str, status: str) -> None:
    async with site.charger(await site.register(), "2.1") as station:
        await station.boot()
        answer = await station.call("VatNumberValidation", vatNumber=number, evseId=2)
    assert (answer["vatNumber"], answer["evseId"], answer["status"]) == (number, 2, status)
