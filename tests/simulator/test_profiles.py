"""Charging profiles by the book: what is taken, replaced, cleared and reported, and what moves by itself."""

from typing import Any

import pytest
from bench_top import TOKEN, Bench
from driving import start

from currant.simulator.specs import EvseSpec
from currant.simulator.vehicle import PowerType

V2 = pytest.mark.parametrize("version", ["2.0.1", "2.1"])
BEGINS = "2026-01-31T12:00:00Z"


def profile(id: int, limit: float, purpose: str = "TxDefaultProfile", **fields: Any) -> dict[str, Any]:
    schedule = {
        "id": 1,
        "chargingRateUnit": "W",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit}],
    }
    if fields.get("chargingProfileKind", "Absolute") == "Absolute":
        schedule["startSchedule"] = BEGINS
    return {
        "id": id,
        "stackLevel": 0,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Absolute",
        "chargingSchedule": [schedule],
    } | fields


def put(bench: Bench, evse: int, wire: dict[str, Any]) -> str:
    answer = bench.ask("SetChargingProfile", {"evseId": evse, "chargingProfile": wire})
    return str(answer.get("statusInfo", {}).get("reasonCode", answer["status"]))


def reported(bench: Bench, request_id: int, **criterion: Any) -> dict[int, dict[str, Any]]:
    """Profiles by id, as they were reported."""
    asked = {"requestId": request_id, "chargingProfile": criterion}
    assert bench.ask("GetChargingProfiles", asked)["status"] == "Accepted"
    bench.run(5)
    parts = [each for each in bench.judge.said("ReportChargingProfiles") if each["requestId"] == request_id]
    assert [part.get("tbc", False) for part in parts] == [True] * (len(parts) - 1) + [False]
    return {each["id"]: part | {"one": each} for part in parts for each in part["chargingProfile"]}


@V2
@pytest.mark.parametrize(
    ("evse", "wire", "reason"),
    [
        (9, profile(1, 7_000), "UnknownEVSE"),
        (0, profile(1, 7_000, "ChargingStationExternalConstraints"), "InvalidProfile"),
        (1, profile(1, 7_000, "ChargingStationMaxProfile"), "InvalidProfile"),
        (1, profile(1, 7_000, "TxProfile"), "InvalidProfile"),
        (1, profile(1, 7_000, "TxProfile", transactionId="unknown"), "TxNotFound"),
        (1, profile(1, 7_000, stackLevel=11), "InvalidSchedule"),
        (1, profile(1, 7_000, chargingProfileKind="Recurring"), "InvalidSchedule"),
        (1, profile(1, 7_000, validFrom=BEGINS, validTo=BEGINS), "InvalidSchedule"),
        (
            0,
            profile(1, 7_000, "ChargingStationMaxProfile", chargingProfileKind="Relative"),
            "InvalidSchedule",
        ),
    ],
)
def test_a_profile_that_breaks_a_rule_is_refused_with_the_reason(
    version: str, evse: int, wire: Any, reason: str
) -> None:
    assert put(Bench(version).connect(), evse, wire) == reason


@V2
def test_of_one_level_and_purpose_there_is_one_profile_and_its_own_id_replaces_it(version: str) -> None:
    bench = Bench(version).connect()
    assert put(bench, 1, profile(1, 7_000)) == "Accepted"
    assert put(bench, 1, profile(2, 6_000)) == "DuplicateProfile"
    assert put(bench, 0, profile(2, 6_000)) == "DuplicateProfile"
    assert put(bench, 2, profile(2, 6_000)) == "Accepted"
    assert put(bench, 1, profile(3, 6_000, stackLevel=1)) == "Accepted"
    assert put(bench, 1, profile(1, 5_000)) == "Accepted"
    found = reported(bench, 1)
    assert set(found) == {1, 2, 3}
    assert found[1]["one"]["chargingSchedule"][0]["chargingSchedulePeriod"][0]["limit"] == 5_000


@V2
def test_profiles_are_reported_as_they_were_given_and_by_who_set_them(version: str) -> None:
    bench = Bench(version).connect()
    wire = profile(4, 7_000, chargingProfileKind="Recurring", recurrencyKind="Daily")
    wire["chargingSchedule"][0] |= {"startSchedule": BEGINS, "duration": 3_600, "minChargingRate": 1_400.0}
    assert put(bench, 1, wire) == "Accepted"
    bench.station.says.charging_limit(9_000, source="EMS")
    bench.run(5)
    found = reported(bench, 1)
    assert found[4]["one"] == wire
    assert {each["chargingLimitSource"] for each in found.values()} == {"CSO", "EMS"}
    assert list(reported(bench, 2, chargingLimitSource=["CSO"])) == [4]
    assert list(reported(bench, 3, chargingProfilePurpose="TxDefaultProfile", stackLevel=0)) == [4]
    assert list(reported(bench, 4, chargingProfileId=[4, 5])) == [4]
    nothing = {"requestId": 5, "chargingProfile": {"stackLevel": 3}}
    assert bench.ask("GetChargingProfiles", nothing)["status"] == "NoProfiles"


@V2
def test_profiles_are_cleared_by_id_and_by_criteria(version: str) -> None:
    bench = Bench(version).connect()
    for number, evse in ((1, 1), (2, 2)):
        put(bench, evse, profile(number, 7_000))
    put(bench, 0, profile(3, 9_000, "ChargingStationMaxProfile"))
    assert bench.ask("ClearChargingProfile", {"chargingProfileId": 9})["status"] == "Unknown"
    assert bench.ask("ClearChargingProfile", {"chargingProfileId": 1})["status"] == "Accepted"
    by = {"chargingProfileCriteria": {"chargingProfilePurpose": "ChargingStationMaxProfile"}}
    assert bench.ask("ClearChargingProfile", by)["status"] == "Accepted"
    assert set(bench.station.profiles) == {2}


@V2
def test_a_session_takes_its_own_profile_with_it(version: str) -> None:
    bench = Bench(version).connect()
    transaction = start(bench)
    assert put(bench, 1, profile(1, 7_000, "TxProfile", transactionId=transaction)) == "Accepted"
    assert put(bench, 1, profile(2, 7_000)) == "Accepted"
    bench.station.outlets[0].unplug()
    bench.run(10)
    assert set(bench.station.profiles) == {2}


@V2
def test_a_limit_from_outside_is_obeyed_told_and_lifted(version: str) -> None:
    bench = Bench(version).connect()
    start(bench, seconds=120)
    outlet = bench.station.outlets[0]
    free = outlet.draw.power_w
    bench.station.says.charging_limit(4_200, source="SO", grid_critical=True)
    bench.run(10)
    assert 0 < outlet.draw.power_w <= 4_200 < free
    [told] = bench.judge.said("NotifyChargingLimit")
    assert told["chargingLimit"] == {"chargingLimitSource": "SO", "isGridCritical": True}
    assert bench.ask("ClearChargingProfile", {"chargingProfileId": 900_000})["status"] == "Unknown"
    bench.station.says.charging_limit_cleared(source="SO")
    bench.run(10)
    assert outlet.draw.power_w > 4_200
    assert bench.judge.said("ClearedChargingLimit") == [{"chargingLimitSource": "SO"}]


@V2
def test_the_composite_schedule_shows_every_change_of_the_limit(version: str) -> None:
    bench = Bench(version).connect()
    wire = profile(1, 11_000)
    wire["chargingSchedule"][0]["chargingSchedulePeriod"].append({"startPeriod": 600, "limit": 5_000.0})
    put(bench, 1, wire)
    asked = {"duration": 1_200, "evseId": 1, "chargingRateUnit": "W"}
    schedule = bench.ask("GetCompositeSchedule", asked)["schedule"]
    periods = [(each["startPeriod"], each["limit"]) for each in schedule["chargingSchedulePeriod"]]
    assert periods == [(0, 11_000), (600, 5_000)]


@V2
@pytest.mark.parametrize("power", [PowerType.AC, PowerType.DC])
def test_a_car_that_speaks_tells_its_needs_and_how_it_will_charge(version: str, power: PowerType) -> None:
    ccs = ("IEC_62196_T2_COMBO",) if power is PowerType.DC else ("IEC_62196_T2",)
    bench = Bench(version, iso15118=True, evses=(EvseSpec(power_type=power, connectors=ccs),)).connect()
    transaction = start(bench)
    [needs] = bench.judge.said("NotifyEVChargingNeeds")
    wanted = "dcChargingParameters" if power is PowerType.DC else "acChargingParameters"
    assert needs["chargingNeeds"][wanted]["energyAmount"] > 0
    assert bench.judge.said("NotifyEVChargingSchedule") == []
    put(bench, 1, profile(1, 7_000, "TxProfile", transactionId=transaction))
    bench.run(10)
    [told] = bench.judge.said("NotifyEVChargingSchedule")
    assert told["chargingSchedule"]["chargingSchedulePeriod"] == [{"startPeriod": 0, "limit": 7_000}]


def dynamic(id: int, limit: float, interval: int | None = None) -> dict[str, Any]:
    wire = profile(id, limit, chargingProfileKind="Dynamic")
    return wire | ({"dynUpdateInterval": interval} if interval else {})


def test_a_dynamic_profile_is_updated_and_no_other_is() -> None:
    bench = Bench("2.1").connect()
    start(bench, seconds=120)
    put(bench, 1, dynamic(1, 9_000))
    put(bench, 2, profile(2, 9_000))
    update = {"scheduleUpdate": {"limit": 4_500.0}}
    assert bench.ask("UpdateDynamicSchedule", {"chargingProfileId": 2} | update)["status"] == "Rejected"
    assert bench.ask("UpdateDynamicSchedule", {"chargingProfileId": 9} | update)["status"] == "Rejected"
    assert bench.ask("UpdateDynamicSchedule", {"chargingProfileId": 1} | update)["status"] == "Accepted"
    bench.run(5)
    assert 0 < bench.station.outlets[0].draw.power_w <= 4_500
    period = reported(bench, 1)[1]["one"]["chargingSchedule"][0]["chargingSchedulePeriod"]
    assert period == [{"startPeriod": 0, "limit": 4_500}]


def test_a_dynamic_profile_with_an_interval_asks_for_its_limit() -> None:
    bench = Bench("2.1").connect()
    bench.judge.prepared["PullDynamicScheduleUpdate"] = {
        "status": "Accepted",
        "scheduleUpdate": {"limit": 3_300.0},
    }
    put(bench, 1, dynamic(1, 9_000, interval=60))
    bench.run(190)
    assert bench.judge.said("PullDynamicScheduleUpdate") == [{"chargingProfileId": 1}] * 3
    assert bench.station.profiles[1].periods[0].limit == 3_300
    bench.ask("ClearChargingProfile", {"chargingProfileId": 1})
    bench.run(300)
    assert len(bench.judge.said("PullDynamicScheduleUpdate")) == 3


def test_a_dynamic_profile_has_one_period_only() -> None:
    wire = dynamic(1, 9_000)
    wire["chargingSchedule"][0]["chargingSchedulePeriod"].append({"startPeriod": 60, "limit": 1.0})
    assert put(Bench("2.1").connect(), 1, wire) == "InvalidSchedule"
    assert put(Bench("2.1").connect(), 1, profile(1, 1.0, dynUpdateInterval=5)) == "InvalidSchedule"


def test_priority_charging_is_used_told_and_given_up() -> None:
    bench = Bench("2.1").connect()
    transaction = start(bench, seconds=120)
    outlet = bench.station.outlets[0]
    put(bench, 1, profile(1, 4_200))
    use = {"transactionId": transaction, "activate": True}
    assert bench.ask("UsePriorityCharging", use)["status"] == "NoProfile"
    put(bench, 0, profile(2, 11_000, "PriorityCharging"))
    assert bench.ask("UsePriorityCharging", use | {"transactionId": "unknown"})["status"] == "Rejected"
    assert bench.ask("UsePriorityCharging", use)["status"] == "Accepted"
    bench.run(10)
    assert outlet.draw.power_w > 4_200
    bench.station.says.priority_charging(outlet, activated=False)
    bench.run(10)
    assert outlet.draw.power_w <= 4_200
    told = bench.judge.said("NotifyPriorityCharging")
    assert [each["activated"] for each in told] == [True, False]


def test_the_cars_energy_transfer_is_allowed_for_a_session_that_speaks() -> None:
    bench = Bench("2.1", iso15118=True).connect()
    transaction = start(bench)
    allowed = {"allowedEnergyTransfer": ["AC_three_phase"]}
    for id, status in ((transaction, "Accepted"), ("unknown", "Rejected")):
        answer = bench.ask("NotifyAllowedEnergyTransfer", {"transactionId": id} | allowed)
        assert answer["status"] == status


def test_a_frequency_signal_needs_a_profile_that_follows_it() -> None:
    bench = Bench("2.1").connect()
    signal = {"timestamp": BEGINS, "signal": 30}
    assert bench.ask("AFRRSignal", signal)["status"] == "Rejected"
    wire = profile(1, 9_000)
    wire["chargingSchedule"][0]["chargingSchedulePeriod"][0]["operationMode"] = "CentralFrequency"
    put(bench, 1, wire)
    assert bench.ask("AFRRSignal", signal)["status"] == "Accepted"


@pytest.mark.parametrize(
    ("connector", "fields"),
    [
        (1, {"chargingProfilePurpose": "ChargePointMaxProfile"}),
        (0, {"chargingProfilePurpose": "TxProfile"}),
        (1, {"chargingProfilePurpose": "TxProfile"}),
        (1, {"stackLevel": 11}),
        (9, {}),
        (1, {"chargingProfileKind": "Recurring"}),
    ],
)
def test_a_profile_of_one_six_that_breaks_a_rule_is_refused(connector: int, fields: dict[str, Any]) -> None:
    wire = {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Absolute",
        "chargingSchedule": {
            "chargingRateUnit": "A",
            "startSchedule": BEGINS,
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 10.0}],
        },
    }
    bench = Bench("1.6").connect()
    asked = {"connectorId": connector, "csChargingProfiles": wire | fields}
    assert bench.ask("SetChargingProfile", asked)["status"] == "Rejected"
    fine = {"connectorId": 1, "csChargingProfiles": wire}
    assert bench.ask("SetChargingProfile", fine)["status"] == "Accepted"


def test_a_remote_start_of_one_six_takes_only_a_profile_for_its_session() -> None:
    bench = Bench("1.6").connect()
    wire = {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": {
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 6.0}],
        },
    }
    asked = {"idTag": TOKEN, "connectorId": 1, "chargingProfile": wire}
    assert bench.ask("RemoteStartTransaction", asked)["status"] == "Rejected"
    asked["chargingProfile"] = wire | {"chargingProfilePurpose": "TxProfile"}
    assert bench.ask("RemoteStartTransaction", asked)["status"] == "Accepted"
    bench.run(120)
    assert 0 < max(bench.station.outlets[0].draw.currents_a) <= 6
