"""Charging profiles, limits from outside, and vehicles that tell their needs, over real sockets."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from charge_points import ago, begin, connected, end
from network import TENANT, Network

from currant.app.subscriptions import smart_charging
from currant.charging.needs_model import EnergyRecord
from currant.events.delivery import Delivery
from currant.kit.errors import NotFound
from currant.kit.ids import StationId
from currant.stations.commanding.profiles import (
    AllowEnergyTransfer,
    ChargingProfile,
    ChargingSchedule,
    ClearChargingProfiles,
    GetChargingProfiles,
    GetCompositeSchedule,
    ProfileKind,
    ProfilePurpose,
    SchedulePeriod,
    SendAfrrSignal,
    SetChargingProfile,
    UpdateDynamicSchedule,
    UsePriorityCharging,
)
from currant.stations.commanding.remote import StartCharging
from currant.stations.model import CommandStatus
from currant.stations.profiles.model import InstalledProfile, ProfileDraft

BY = "a test"
TOKEN = "04A1B2C3"
# Whole seconds, as they travel.
START = datetime(2026, 1, 31, 12, tzinfo=UTC)
PROFILES = ("SetChargingProfile", "ClearChargingProfile", "GetCompositeSchedule")
ASKED = (*PROFILES, "GetChargingProfiles")
OF_21 = (
    *(*ASKED, "UsePriorityCharging", "UpdateDynamicSchedule", "NotifyAllowedEnergyTransfer", "AFRRSignal"),
)


@pytest.fixture
async def network(open_network: Network) -> AsyncIterator[Network]:
    """An open network in which events have their consequences."""
    reactions = smart_charging(open_network.profiles, open_network.der, open_network.energy_needs)
    delivery = Delivery(open_network.database, reactions)
    await delivery.start()
    await open_network.issue(TOKEN)
    yield open_network
    await delivery.stop()


def draft(*limits: tuple[int, float], unit: str = "A", **more: Any) -> ProfileDraft:
    schedule = {
        "unit": unit,
        "starts_at": START,
        "periods": tuple(
            SchedulePeriod(start_s=start, limit=limit) for start, limit in limits or ((0, 16.0),)
        ),
    }
    schedule |= more.pop("schedule", {})
    return ProfileDraft(
        **({"purpose": ProfilePurpose.TX_DEFAULT, "schedules": (ChargingSchedule(**schedule),)} | more)
    )


def station_id(network: Network, identity: str) -> StationId:
    entry = network.directory.find(identity)
    assert entry is not None
    return entry.station_id


async def installed(network: Network, identity: str) -> list[InstalledProfile]:
    return await network.profiles.of_station(TENANT, station_id(network, identity))


async def ids(network: Network, identity: str) -> list[int]:
    return [found.profile.id for found in await installed(network, identity)]


async def soon(condition: Any, *, within_s: float = 30.0) -> None:
    """Wait for something that is known by asking."""
    async with asyncio.timeout(within_s):
        while not await condition():
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("version", ["1.6", "2.0.1", "2.1"])
async def test_profiles_are_set_replaced_listed_and_cleared(network: Network, version: str) -> None:
    async with connected(network, version, "CP", *PROFILES) as station:
        default = await network.profiles.set(
            TENANT, "CP", 0, draft((0, 16.0), (3_600, 8.5), valid_until=START + timedelta(days=9_000)), by=BY
        )
        assert default.status is CommandStatus.ACCEPTED, default.reason
        sent = await station.was_told("SetChargingProfile")
        wire = sent["cs_charging_profiles" if version == "1.6" else "charging_profile"]
        assert sent["connector_id" if version == "1.6" else "evse_id"] == 0
        assert wire["charging_profile_purpose"] == "TxDefaultProfile"
        schedule = wire["charging_schedule"] if version == "1.6" else wire["charging_schedule"][0]
        assert schedule["start_schedule"].startswith("2026-01-31T12:00:00")
        assert [
            (period["start_period"], period["limit"]) for period in schedule["charging_schedule_period"]
        ] == [(0, 16.0), (3_600, 8.5)]
        maximum = await network.profiles.set(
            TENANT, "CP", 0, draft((0, 11_000.0), unit="W", purpose=ProfilePurpose.STATION_MAX, id=5), by=BY
        )
        assert maximum.status is CommandStatus.ACCEPTED
        [first, second] = await ids(network, "CP")
        assert (first, second > 100_000) == (5, True)
        # K01.FR.05: the same id takes its place.
        await network.profiles.set(
            TENANT, "CP", 0, draft((0, 9_000.0), unit="W", purpose=ProfilePurpose.STATION_MAX, id=5), by=BY
        )
        assert [found.profile.schedules[0].periods[0].limit for found in await installed(network, "CP")] == [
            9_000.0,
            16.0,
        ]
        await network.profiles.clear(TENANT, "CP", ClearChargingProfiles(profile_id=5), by=BY)
        assert await ids(network, "CP") == [second]
        # What somebody else's command changes is learned from the journal.
        cleared = await network.commands.give(
            TENANT, "CP", ClearChargingProfiles(purpose=ProfilePurpose.TX_DEFAULT), by=BY
        )
        assert cleared.status is CommandStatus.ACCEPTED

        async def all_gone() -> bool:
            return await ids(network, "CP") == []

        await soon(all_gone)


@pytest.mark.parametrize("version", ["1.6", "2.0.1", "2.1"])
async def test_a_recurring_profile_is_worded(network: Network, version: str) -> None:
    async with connected(network, version, "CP", *PROFILES) as station:
        for recurrency, word in (("daily", "Daily"), ("weekly", "Weekly")):
            await network.profiles.set(
                TENANT,
                "CP",
                1,
                draft(
                    kind=ProfileKind.RECURRING, recurrency=recurrency, id=5, schedule={"duration_s": 3_600}
                ),
                by=BY,
            )
            sent = (await station.was_told("SetChargingProfile"))[
                "cs_charging_profiles" if version == "1.6" else "charging_profile"
            ]
            assert (sent["charging_profile_kind"], sent["recurrency_kind"]) == ("Recurring", word)


@pytest.mark.parametrize("version", ["1.6", "2.0.1", "2.1"])
async def test_a_refused_profile_is_not_kept_and_an_unknown_one_is_forgotten(
    network: Network, version: str
) -> None:
    async with connected(network, version, "CP", *PROFILES) as station:
        await network.profiles.set(TENANT, "CP", 1, draft(id=5), by=BY)
        station.answers["SetChargingProfile"] = {"status": "Rejected"}
        record = await network.profiles.set(TENANT, "CP", 1, draft(id=6, stack_level=1), by=BY)
        assert record.status is CommandStatus.REFUSED
        assert await ids(network, "CP") == [5]
        station.answers["ClearChargingProfile"] = {"status": "Unknown"}
        record = await network.profiles.clear(TENANT, "CP", ClearChargingProfiles(profile_id=5), by=BY)
        assert record.status is CommandStatus.REFUSED
        assert await ids(network, "CP") == []


# In 2.1 the package does not answer at all to what it has no handler for.
@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
async def test_a_station_without_smart_charging_says_so(network: Network, version: str) -> None:
    async with connected(network, version, "CP"):
        record = await network.profiles.set(TENANT, "CP", 1, draft(), by=BY)
        assert record.status is CommandStatus.UNSUPPORTED


async def test_no_command_sets_what_is_in_the_way_of_another_profile(network: Network) -> None:
    async with connected(network, "2.0.1", "CP", *PROFILES) as station:
        await network.profiles.set(TENANT, "CP", 1, draft(id=5), by=BY)
        other = SetChargingProfile(evse=1, profile=draft().numbered(6))
        record = await network.commands.give(TENANT, "CP", other, by=BY)
        assert (record.status, "Profile 5" in record.reason) == (CommandStatus.REFUSED, True)
        assert len(station.told) == 1


@pytest.mark.parametrize("version", ["1.6", "2.0.1", "2.1"])
async def test_a_composite_schedule_is_told_in_the_same_words(network: Network, version: str) -> None:
    async with connected(network, version, "CP", *PROFILES) as station:
        periods = [{"start_period": 0, "limit": 10.0}]
        if version == "1.6":
            station.answers["GetCompositeSchedule"] = {
                "status": "Accepted",
                "connector_id": 1,
                "schedule_start": "2026-01-31T12:00:00Z",
                "charging_schedule": {
                    "duration": 300,
                    "charging_rate_unit": "A",
                    "charging_schedule_period": periods,
                },
            }
        else:
            station.answers["GetCompositeSchedule"] = {
                "status": "Accepted",
                "schedule": {
                    "evse_id": 1,
                    "duration": 300,
                    "schedule_start": "2026-01-31T12:00:00Z",
                    "charging_rate_unit": "A",
                    "charging_schedule_period": periods,
                },
            }
        record, schedule = await network.profiles.composite(
            TENANT, "CP", GetCompositeSchedule(evse=1, duration_s=300, unit="A"), by=BY
        )
        assert schedule is not None, record.reason
        assert (schedule.evse, schedule.starts_at, schedule.duration_s, schedule.unit) == (1, START, 300, "A")
        assert [(period.start_s, period.limit) for period in schedule.periods] == [(0, 10.0)]
        assert (await station.was_told("GetCompositeSchedule"))["duration"] == 300
        station.answers["GetCompositeSchedule"] = {"status": "Rejected"}
        record, schedule = await network.profiles.composite(
            TENANT, "CP", GetCompositeSchedule(evse=0, duration_s=300), by=BY
        )
        assert (record.status, schedule) == (CommandStatus.REFUSED, None)


@pytest.mark.parametrize("version", ["1.6", "2.0.1", "2.1"])
async def test_a_session_begins_with_a_profile_that_ends_with_it(network: Network, version: str) -> None:
    action = "RemoteStartTransaction" if version == "1.6" else "RequestStartTransaction"
    async with connected(network, version, "CP", action) as station:
        relative = ChargingProfile(
            id=9,
            purpose=ProfilePurpose.TX,
            kind=ProfileKind.RELATIVE,
            schedules=(ChargingSchedule(unit="A", periods=(SchedulePeriod(start_s=0, limit=10.0),)),),
        )
        record = await network.commands.give(
            TENANT, "CP", StartCharging(token_uid=TOKEN, evse=1, profile=relative), by=BY
        )
        assert record.status is CommandStatus.ACCEPTED
        sent = (await station.was_told(action))["charging_profile"]
        assert (sent["charging_profile_purpose"], sent["charging_profile_kind"]) == ("TxProfile", "Relative")
        assert "transaction_id" not in sent

        async def has_it() -> bool:
            return await ids(network, "CP") == [9]

        await soon(has_it)
        if version == "1.6":
            started = await station.call(
                station.calls.StartTransaction(connector_id=1, id_tag=TOKEN, meter_start=0, timestamp=ago(1))
            )
            transaction_id = str(started.transaction_id)
        else:
            transaction_id = "T1"
            await begin(station, transaction_id)

        async def found_its_transaction() -> bool:
            return [found.profile.transaction_id for found in await installed(network, "CP")] == [
                transaction_id
            ]

        await soon(found_its_transaction)
        if version == "1.6":
            await station.call(
                station.calls.StopTransaction(
                    transaction_id=int(transaction_id), meter_stop=10, timestamp=ago(0)
                )
            )
        else:
            await end(station, transaction_id)

        async def ended_with_it() -> bool:
            return await ids(network, "CP") == []

        await soon(ended_with_it)


async def test_1_6_cannot_be_asked_and_answers_from_what_is_known(network: Network) -> None:
    async with connected(network, "1.6", "CP", *PROFILES) as station:
        await network.profiles.set(TENANT, "CP", 1, draft(id=5), by=BY)
        told = await network.profiles.ask(TENANT, "CP", GetChargingProfiles(ids=(5, 6)), by=BY)
        assert [found.profile.id for found in told.profiles] == [5]
        assert "known to be installed" in told.reason
        assert {told.action for told in station.told} == {"SetChargingProfile"}


def wire_profile(profile_id: int, purpose: str = "TxDefaultProfile", **more: Any) -> dict[str, Any]:
    schedule = {
        "id": 1,
        "start_schedule": "2026-01-31T12:00:00Z",
        "charging_rate_unit": "A",
        "charging_schedule_period": [{"start_period": 0, "limit": 12.0}],
    }
    return {
        "id": profile_id,
        "stack_level": 0,
        "charging_profile_purpose": purpose,
        "charging_profile_kind": "Absolute",
        "charging_schedule": [schedule],
        **more,
    }


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
async def test_a_report_in_parts_corrects_what_is_known(network: Network, version: str) -> None:
    async with connected(network, version, "CP", *ASKED) as station:
        await network.profiles.set(TENANT, "CP", 1, draft(id=5), by=BY)
        await network.profiles.set(TENANT, "CP", 2, draft(id=6), by=BY)
        await network.profiles.set(TENANT, "CP", 0, draft(id=7, purpose=ProfilePurpose.STATION_MAX), by=BY)

        async def report() -> None:
            request_id = (await station.was_told("GetChargingProfiles"))["request_id"]
            for evse, number, last in ((1, 5, False), (0, 40, True)):
                await station.call(
                    station.calls.ReportChargingProfiles(
                        request_id=request_id,
                        charging_limit_source="CSO" if number == 5 else "EMS",
                        charging_profile=[wire_profile(number, stack_level=number)],
                        evse_id=evse,
                        tbc=not last,
                    )
                )

        reporting = asyncio.create_task(report())
        told = await network.profiles.ask(
            TENANT, "CP", GetChargingProfiles(purpose=ProfilePurpose.TX_DEFAULT), by=BY
        )
        await reporting
        assert [(found.profile.id, found.source) for found in told.profiles] == [(5, "cso"), (40, "ems")]
        # 6 was asked for and is not there; 7 nobody asked for.
        assert await ids(network, "CP") == [5, 7, 40]
        assert (await station.was_told("GetChargingProfiles"))["charging_profile"] == {
            "charging_profile_purpose": "TxDefaultProfile"
        }
        station.answers["GetChargingProfiles"] = {"status": "NoProfiles"}
        told = await network.profiles.ask(TENANT, "CP", GetChargingProfiles(ids=(5,)), by=BY)
        assert (told.status, told.profiles) == ("accepted", ())
        assert await ids(network, "CP") == [7, 40]


async def test_a_reported_profile_without_a_schedule_limits_nothing(network: Network) -> None:
    async with connected(network, "2.1", "CP") as station:
        empty, kept = wire_profile(5), wire_profile(6)
        for schedules in ([], [{**kept["charging_schedule"][0], "charging_schedule_period": []}]):
            empty["charging_schedule"] = schedules
            await station.call(
                station.calls.ReportChargingProfiles(
                    request_id=1, charging_limit_source="CSO", charging_profile=[empty, kept], evse_id=1
                ),
                skip_schema_validation=True,
            )
            assert await ids(network, "CP") == [6]


CRITERIA: list[tuple[GetChargingProfiles, dict[str, Any]]] = [
    (GetChargingProfiles(evse=0, purpose=ProfilePurpose.STATION_MAX), {"evse_id": 0}),
    (GetChargingProfiles(evse=1, ids=(5,)), {"evse_id": 1}),
    (GetChargingProfiles(ids=(5, 6)), {}),
    (GetChargingProfiles(evse=1, stack_level=2), {"evse_id": 1}),
    (GetChargingProfiles(evse=1, sources=("ems", "so")), {"evse_id": 1}),
    (GetChargingProfiles(evse=1, purpose=ProfilePurpose.TX, stack_level=3), {"evse_id": 1}),
]


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
async def test_profiles_are_asked_for_by_every_criterion(network: Network, version: str) -> None:
    async with connected(network, version, "CP", *ASKED) as station:
        station.answers["GetChargingProfiles"] = {"status": "NoProfiles"}
        for command, place in CRITERIA:
            await network.profiles.ask(TENANT, "CP", command, by=BY)
            sent = station.told_of("GetChargingProfiles")[-1]
            expected: dict[str, Any] = {}
            if command.ids:
                expected["charging_profile_id"] = list(command.ids)
            if command.purpose is not None:
                expected["charging_profile_purpose"] = {
                    ProfilePurpose.STATION_MAX: "ChargingStationMaxProfile",
                    ProfilePurpose.TX: "TxProfile",
                }[command.purpose]
            if command.stack_level is not None:
                expected["stack_level"] = command.stack_level
            if command.sources:
                expected["charging_limit_source"] = ["EMS", "SO"]
            assert sent["charging_profile"] == expected
            assert {key: sent[key] for key in ("evse_id",) if key in sent} == place


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
async def test_limits_from_outside_come_and_go(network: Network, version: str) -> None:
    async with connected(network, version, "CP") as station:
        schedule = wire_profile(1)["charging_schedule"]
        await station.call(
            station.calls.NotifyChargingLimit(
                charging_limit={"charging_limit_source": "EMS", "is_grid_critical": True},
                charging_schedule=schedule,
                evse_id=1,
            )
        )
        await station.call(station.calls.NotifyChargingLimit(charging_limit={"charging_limit_source": "SO"}))
        await station.call(
            station.calls.ReportChargingProfiles(
                request_id=-1,
                charging_limit_source="EMS",
                charging_profile=[wire_profile(-1, "ChargingStationExternalConstraints")],
                evse_id=1,
            )
        )
        found = await network.profiles.limits(TENANT, station_id(network, "CP"))
        assert [(limit.evse, limit.source, limit.grid_critical) for limit in found] == [
            (0, "so", False),
            (1, "ems", True),
        ]
        assert found[1].schedules[0].periods[0].limit == 12.0
        assert await ids(network, "CP") == [-1]
        await station.call(station.calls.ClearedChargingLimit(charging_limit_source="EMS", evse_id=1))
        assert [
            limit.source for limit in await network.profiles.limits(TENANT, station_id(network, "CP"))
        ] == ["so"]
        assert await ids(network, "CP") == []


# Vehicles that tell their needs


AC = {
    "requested_energy_transfer": "AC_three_phase",
    "ac_charging_parameters": {
        "energy_amount": 20_000,
        "ev_min_current": 6,
        "ev_max_current": 32,
        "ev_max_voltage": 400,
    },
}
DC = {
    "requested_energy_transfer": "DC",
    "dc_charging_parameters": {
        "ev_max_current": 200,
        "ev_max_voltage": 400,
        "ev_max_power": 50_000,
        "state_of_charge": 20,
    },
}


async def record_of(network: Network) -> EnergyRecord:
    [session] = await network.sessions()
    return await network.energy_needs.get(TENANT, session.id)


def plan_of(schedule: dict[str, Any], factor: float = 1.0) -> dict[str, Any]:
    periods = [
        {**period, "limit": period["limit"] * factor} for period in schedule["charging_schedule_period"]
    ]
    return {**schedule, "charging_schedule_period": periods}


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
@pytest.mark.parametrize(("needs", "unit", "limit"), [(AC, "A", 32.0), (DC, "W", 50_000.0)])
async def test_a_vehicles_needs_are_answered_with_a_schedule(
    network: Network, version: str, needs: dict[str, Any], unit: str, limit: float
) -> None:
    """TC_K_53: Accepted, a TxProfile of the transaction, and the vehicle's plan within it is accepted."""
    async with connected(network, version, "CP", *PROFILES) as station:
        await begin(station, "T1")
        answer = await station.call(
            station.calls.NotifyEVChargingNeeds(evse_id=1, charging_needs=needs, max_schedule_tuples=3)
        )
        assert answer.status == "Accepted"
        sent = await station.was_told("SetChargingProfile")
        profile = sent["charging_profile"]
        assert (sent["evse_id"], profile["charging_profile_purpose"]) == (1, "TxProfile")
        assert profile["transaction_id"] == "T1"
        [schedule] = profile["charging_schedule"]
        assert schedule["charging_rate_unit"] == unit
        assert [period["limit"] for period in schedule["charging_schedule_period"]] == [limit]
        planned = await station.call(
            station.calls.NotifyEVChargingSchedule(
                evse_id=1, time_base=schedule["start_schedule"], charging_schedule=schedule
            )
        )
        assert planned.status == "Accepted"
        await network.energy_needs.settled()
        record = await record_of(network)
        assert (record.outcome, record.planned_accepted, record.profile_id) == (
            "accepted",
            True,
            profile["id"],
        )
        assert record.needs is not None
        assert record.needs.soc_percent == (20 if needs is DC else None)
        assert len(station.told_of("SetChargingProfile")) == 1


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
async def test_a_plan_beyond_the_offer_is_rejected_and_renegotiated(network: Network, version: str) -> None:
    """TC_K_55."""
    async with connected(network, version, "CP", *PROFILES) as station:
        await begin(station, "T1")
        await station.call(station.calls.NotifyEVChargingNeeds(evse_id=1, charging_needs=AC))
        first = (await station.was_told("SetChargingProfile"))["charging_profile"]
        await network.energy_needs.settled()
        [schedule] = first["charging_schedule"]

        async def plan(schedule: dict[str, Any]) -> str:
            answer = await station.call(
                station.calls.NotifyEVChargingSchedule(
                    evse_id=1, time_base=schedule["start_schedule"], charging_schedule=schedule
                )
            )
            return str(answer.status)

        assert await plan(plan_of(schedule, 1.5)) == "Rejected"
        second = (await station.was_told("SetChargingProfile", 2))["charging_profile"]
        assert (second["id"], second["transaction_id"]) == (first["id"], "T1")
        assert await plan(second["charging_schedule"][0]) == "Accepted"
        record = await record_of(network)
        assert (record.renegotiations, record.planned_accepted) == (0, True)


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
async def test_new_needs_of_a_vehicle_are_offered_a_new_schedule(network: Network, version: str) -> None:
    """TC_K_57, and TC_K_59: needs told although the renegotiation was ours."""
    async with connected(network, version, "CP", *PROFILES) as station:
        await begin(station, "T1")
        await station.call(station.calls.NotifyEVChargingNeeds(evse_id=1, charging_needs=AC))
        first = (await station.was_told("SetChargingProfile"))["charging_profile"]
        await network.energy_needs.settled()
        [session] = await network.sessions()
        await network.energy_needs.renegotiate(TENANT, session.id)
        assert len(station.told_of("SetChargingProfile")) == 2
        slower = {
            **AC,
            "ac_charging_parameters": {**AC["ac_charging_parameters"], "ev_max_current": 16},  # type: ignore[dict-item]
        }
        answer = await station.call(station.calls.NotifyEVChargingNeeds(evse_id=1, charging_needs=slower))
        assert answer.status == "Accepted"
        third = (await station.was_told("SetChargingProfile", 3))["charging_profile"]
        assert third["id"] == first["id"]
        assert third["charging_schedule"][0]["charging_schedule_period"][0]["limit"] == 16.0


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
async def test_an_operators_profile_renegotiates_and_is_what_plans_are_held_to(
    network: Network, version: str
) -> None:
    """TC_K_58."""
    async with connected(network, version, "CP", *PROFILES) as station:
        await begin(station, "T1")
        await station.call(station.calls.NotifyEVChargingNeeds(evse_id=1, charging_needs=AC))
        await station.was_told("SetChargingProfile")
        await network.energy_needs.settled()
        record = await network.profiles.set(
            TENANT,
            "CP",
            1,
            draft((0, 10.0), purpose=ProfilePurpose.TX, transaction_id="T1", stack_level=1),
            by=BY,
        )
        assert record.status is CommandStatus.ACCEPTED
        [schedule] = station.told_of("SetChargingProfile")[-1]["charging_profile"]["charging_schedule"]
        answer = await station.call(
            station.calls.NotifyEVChargingSchedule(
                evse_id=1, time_base=schedule["start_schedule"], charging_schedule=schedule
            )
        )
        assert answer.status == "Accepted"
        beyond = await station.call(
            station.calls.NotifyEVChargingSchedule(
                evse_id=1, time_base=schedule["start_schedule"], charging_schedule=plan_of(schedule, 2.0)
            )
        )
        assert beyond.status == "Rejected"


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
async def test_an_offer_keeps_to_limits_and_few_periods_and_follows_new_ones(
    network: Network, version: str
) -> None:
    async with connected(network, version, "CP", *PROFILES) as station:
        await begin(station, "T1")
        soon_over = {
            "id": 1,
            "start_schedule": ago(1),
            "duration": 3_600,
            "charging_rate_unit": "A",
            "charging_schedule_period": [
                {"start_period": 0, "limit": 10.0, "number_phases": 3},
                {"start_period": 1_200, "limit": 12.0, "number_phases": 3},
                {"start_period": 2_400, "limit": 8.0, "number_phases": 3},
            ],
        }
        await station.call(
            station.calls.NotifyChargingLimit(
                charging_limit={"charging_limit_source": "EMS"}, charging_schedule=[soon_over], evse_id=1
            )
        )
        await station.call(
            station.calls.NotifyEVChargingNeeds(evse_id=1, charging_needs=AC, max_schedule_tuples=2)
        )
        sent = (await station.was_told("SetChargingProfile"))["charging_profile"]
        periods = sent["charging_schedule"][0]["charging_schedule_period"]
        assert [period["limit"] for period in periods] == [8.0, 32.0]
        await network.energy_needs.settled()
        await station.call(station.calls.ClearedChargingLimit(charging_limit_source="EMS", evse_id=1))
        sent = (await station.was_told("SetChargingProfile", 2))["charging_profile"]
        periods = sent["charging_schedule"][0]["charging_schedule_period"]
        assert [period["limit"] for period in periods] == [32.0]


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
async def test_needs_that_come_before_their_transaction_wait_for_it(network: Network, version: str) -> None:
    async with connected(network, version, "CP", *PROFILES) as station:
        answer = await station.call(station.calls.NotifyEVChargingNeeds(evse_id=1, charging_needs=AC))
        assert answer.status == "Processing"
        assert station.told == []
        await begin(station, "T1")
        sent = await station.was_told("SetChargingProfile")
        assert sent["charging_profile"]["transaction_id"] == "T1"


async def test_what_no_schedule_fits_is_declined_in_the_versions_words(network: Network) -> None:
    wireless = {"requested_energy_transfer": "WPT", "v2x_charging_parameters": {"max_charge_power": 7_000.0}}
    async with connected(network, "2.1", "CP", *OF_21) as station:
        await begin(station, "T1")
        answer = await station.call(station.calls.NotifyEVChargingNeeds(evse_id=1, charging_needs=wireless))
        assert answer.status == "NoChargingProfile"
        await station.call(station.calls.NotifyEVChargingNeeds(evse_id=1, charging_needs=AC))
        await station.was_told("SetChargingProfile")
        allowed = await network.commands.give(
            TENANT, "CP", AllowEnergyTransfer(transaction_id="T1", modes=("dc",)), by=BY
        )
        assert allowed.status is CommandStatus.ACCEPTED
        assert (await station.was_told("NotifyAllowedEnergyTransfer"))["allowed_energy_transfer"] == ["DC"]

        async def known() -> bool:
            return (await record_of(network)).allowed_transfers == ("dc",)

        await soon(known)
        answer = await station.call(station.calls.NotifyEVChargingNeeds(evse_id=1, charging_needs=AC))
        assert answer.status == "Rejected"


async def test_a_plan_without_a_session_is_rejected(network: Network) -> None:
    async with connected(network, "2.0.1", "CP", *PROFILES) as station:
        answer = await station.call(
            station.calls.NotifyEVChargingSchedule(
                evse_id=1, time_base=ago(0), charging_schedule=wire_profile(1)["charging_schedule"][0]
            )
        )
        assert answer.status == "Rejected"
        with pytest.raises(NotFound):
            await network.profiles.one(TENANT, station_id(network, "CP"), 1)


# What 2.1 adds


async def test_needs_of_iso_15118_20_are_read_from_its_own_parameters(network: Network) -> None:
    needs = {
        "requested_energy_transfer": "AC_BPT",
        "available_energy_transfer": ["AC_BPT", "AC_three_phase"],
        "control_mode": "DynamicControl",
        "mobility_needs_mode": "EVCC_SECC",
        "departure_time": "2036-01-01T00:00:00Z",
        "v2x_charging_parameters": {
            "max_charge_power": 11_040.0,
            "max_discharge_power": 7_000.0,
            "ev_target_energy_request": 30_000.0,
        },
    }
    async with connected(network, "2.1", "CP", *OF_21) as station:
        await begin(station, "T1")
        answer = await station.call(station.calls.NotifyEVChargingNeeds(evse_id=1, charging_needs=needs))
        assert answer.status == "Accepted"
        sent = (await station.was_told("SetChargingProfile"))["charging_profile"]
        assert sent["charging_schedule"][0]["charging_schedule_period"][0]["limit"] == 16.0
        await network.energy_needs.settled()
        told = (await record_of(network)).needs
        assert told is not None
        assert (told.transfer, told.available_transfers) == ("ac_bpt", ("ac_bpt", "ac_three_phase"))
        assert (told.control, told.mobility, told.iso15118_20) == ("dynamic", "ev_and_station", True)
        assert (told.max_power_w, told.max_discharge_w, told.energy_wh) == (11_040.0, 7_000.0, 30_000.0)
        # In dynamic control the vehicle has no plan to keep to.
        beyond = plan_of(sent["charging_schedule"][0], 3.0)
        planned = await station.call(
            station.calls.NotifyEVChargingSchedule(
                evse_id=1, time_base=ago(0), charging_schedule=beyond, selected_charging_schedule_id=1
            )
        )
        assert planned.status == "Accepted"


async def test_a_dynamic_profile_is_updated_and_pulled(network: Network) -> None:
    async with connected(network, "2.1", "CP", *OF_21) as station:
        await begin(station, "T1")
        period = SchedulePeriod(start_s=0, setpoint=5_000.0, operation_mode="central_setpoint")
        record = await network.profiles.set(
            TENANT,
            "CP",
            1,
            draft(
                purpose=ProfilePurpose.TX,
                kind=ProfileKind.DYNAMIC,
                transaction_id="T1",
                dynamic_interval_s=60,
                id=5,
                schedule={"unit": "W", "periods": (period,), "starts_at": None},
            ),
            by=BY,
        )
        assert record.status is CommandStatus.ACCEPTED
        sent = station.told_of("SetChargingProfile")[-1]["charging_profile"]
        assert (sent["charging_profile_kind"], sent["dyn_update_interval"]) == ("Dynamic", 60)
        assert sent["charging_schedule"][0]["charging_schedule_period"][0] == {
            "start_period": 0,
            "setpoint": 5_000.0,
            "operation_mode": "CentralSetpoint",
        }
        pulled = await station.call(station.calls.PullDynamicScheduleUpdate(charging_profile_id=5))
        assert (pulled.status, pulled.schedule_update) == ("Accepted", {"setpoint": 5_000.0})
        updated = await network.commands.give(
            TENANT, "CP", UpdateDynamicSchedule(profile_id=5, setpoint=-2_000.0), by=BY
        )
        assert updated.status is CommandStatus.ACCEPTED
        assert (await station.was_told("UpdateDynamicSchedule"))["schedule_update"] == {"setpoint": -2_000.0}

        async def in_force() -> bool:
            answer = await station.call(station.calls.PullDynamicScheduleUpdate(charging_profile_id=5))
            return bool(answer.schedule_update == {"setpoint": -2_000.0})

        await soon(in_force)
        for unknown in (6, -3):
            refused = await station.call(station.calls.PullDynamicScheduleUpdate(charging_profile_id=unknown))
            assert (refused.status, refused.status_info["reason_code"]) == ("Rejected", "InvalidProfile")


async def test_priority_charging_is_asked_for_told_and_shown(network: Network) -> None:
    async with connected(network, "2.1", "CP", *OF_21) as station:
        await begin(station, "T1")
        asked = await network.commands.give(TENANT, "CP", UsePriorityCharging(transaction_id="T1"), by=BY)
        assert asked.status is CommandStatus.ACCEPTED
        assert await station.was_told("UsePriorityCharging") == {"transaction_id": "T1", "activate": True}
        for activated in (True, False):
            await station.call(station.calls.NotifyPriorityCharging(transaction_id="T1", activated=activated))
            assert (await record_of(network)).priority is activated
        station.answers["UsePriorityCharging"] = {"status": "NoProfile"}
        asked = await network.commands.give(TENANT, "CP", UsePriorityCharging(transaction_id="T1"), by=BY)
        assert asked.status is CommandStatus.REFUSED


async def test_an_afrr_signal_is_sent(network: Network) -> None:
    async with connected(network, "2.1", "CP", *OF_21) as station:
        sent = await network.commands.give(TENANT, "CP", SendAfrrSignal(at=START, signal=-3), by=BY)
        assert sent.status is CommandStatus.ACCEPTED
        assert (await station.was_told("AFRRSignal"))["signal"] == -3


async def test_older_stations_are_not_sent_what_only_2_1_knows(network: Network) -> None:
    async with connected(network, "2.0.1", "CP", *ASKED) as station:
        priority = draft(purpose=ProfilePurpose.PRIORITY)
        record = await network.profiles.set(TENANT, "CP", 1, priority, by=BY)
        assert (record.status, "2.1" in record.reason) == (CommandStatus.REFUSED, True)
        for command in (UsePriorityCharging(transaction_id="T1"), SendAfrrSignal(at=START, signal=1)):
            assert (await network.commands.give(TENANT, "CP", command, by=BY)).status is (
                CommandStatus.UNSUPPORTED
            )
        assert station.told == []


async def test_a_restart_forgets_what_the_station_forgets(network: Network) -> None:
    async with connected(network, "2.1", "CP", *OF_21) as station:
        await begin(station, "T1")
        await network.profiles.set(TENANT, "CP", 1, draft(id=5), by=BY)
        await network.profiles.set(
            TENANT, "CP", 1, draft(id=6, purpose=ProfilePurpose.TX, transaction_id="T1"), by=BY
        )
        assert await ids(network, "CP") == [5, 6]
        await station.call(
            station.calls.BootNotification(
                charging_station={"model": "M", "vendor_name": "V"}, reason="Watchdog"
            )
        )

        async def forgotten() -> bool:
            return await ids(network, "CP") == [5]

        await soon(forgotten)
