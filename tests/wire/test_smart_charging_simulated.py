"""Simulated stations and their cars: profiles obeyed, needs told and met, DER controls taken, in every version."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from network import TENANT, Network, until

from currant.access.model import Presented, TokenKind
from currant.app.subscriptions import smart_charging
from currant.charging.needs_model import EnergyRecord
from currant.events.delivery import Delivery
from currant.kit.errors import NotFound
from currant.simulator import EvseSpec, Fleet, StationSpec
from currant.simulator.fleet import Link
from currant.simulator.specs import VersionName
from currant.stations.commanding.der import DerControl, GetDerControls, SetDerControl
from currant.stations.commanding.profiles import (
    AllowEnergyTransfer,
    ChargingSchedule,
    ClearChargingProfiles,
    GetChargingProfiles,
    GetCompositeSchedule,
    ProfileKind,
    ProfilePurpose,
    SchedulePeriod,
    UpdateDynamicSchedule,
    UsePriorityCharging,
)
from currant.stations.model import CommandStatus
from currant.stations.profiles.model import ProfileDraft

BY = "a test"
TOKEN = "04A1B2C3"
VERSIONS: tuple[VersionName, ...] = ("1.6", "2.0.1", "2.1")


@asynccontextmanager
async def simulated(network: Network, version: VersionName, **spec: Any) -> AsyncIterator[Link]:
    """One station whose cars come when they are called, living somewhat faster than we do."""
    made = StationSpec(identity="ST-1", version=version, evses=(EvseSpec(), EvseSpec()), **spec)
    fleet = Fleet([made], f"{network.url}/{{identity}}", seed=7, speed=8)
    reactions = smart_charging(network.profiles, network.der, network.energy_needs)
    delivery = Delivery(network.database, reactions)
    await delivery.start()
    fleet.start()
    try:
        [link] = fleet.links
        await until(lambda: link.station.accepted, within_s=30)
        yield link
    finally:
        await fleet.stop()
        await delivery.stop()


def default_profile(network: Network, limit: float, **more: Any) -> ProfileDraft:
    start = network.clock.now().replace(microsecond=0) - timedelta(hours=1)
    schedule = ChargingSchedule(unit="A", starts_at=start, periods=(SchedulePeriod(start_s=0, limit=limit),))
    return ProfileDraft(**({"purpose": ProfilePurpose.TX_DEFAULT, "schedules": (schedule,)} | more))


async def eventually(true: Callable[[], Awaitable[bool]], *, within_s: float = 30.0) -> None:
    async with asyncio.timeout(within_s):
        while not await true():
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_simulated_station_obeys_and_tells(open_network: Network, version: VersionName) -> None:
    network = open_network
    async with simulated(network, version):
        for evse, limit in ((1, 10.0), (2, 8.0)):
            record = await network.profiles.set(TENANT, "ST-1", evse, default_profile(network, limit), by=BY)
            assert record.status is CommandStatus.ACCEPTED, record.reason
        told = await network.profiles.ask(
            TENANT, "ST-1", GetChargingProfiles(purpose=ProfilePurpose.TX_DEFAULT), by=BY
        )
        assert sorted(found.evse for found in told.profiles) == [1, 2]
        record, schedule = await network.profiles.composite(
            TENANT, "ST-1", GetCompositeSchedule(evse=1, duration_s=600, unit="A"), by=BY
        )
        assert schedule is not None, record.reason
        assert schedule.periods[0].limit == pytest.approx(10.0, abs=0.1)
        cleared = await network.profiles.clear(TENANT, "ST-1", ClearChargingProfiles(evse=1), by=BY)
        assert cleared.status is CommandStatus.ACCEPTED
        told = await network.profiles.ask(
            TENANT, "ST-1", GetChargingProfiles(purpose=ProfilePurpose.TX_DEFAULT), by=BY
        )
        assert [found.evse for found in told.profiles] == [2]


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
async def test_a_simulated_car_tells_its_needs_and_keeps_to_the_offer(
    open_network: Network, version: VersionName
) -> None:
    network = open_network
    await network.issue(TOKEN)
    async with simulated(network, version, iso15118=True):
        await network.profiles.set(TENANT, "ST-1", 0, default_profile(network, 12.0), by=BY)
        entry = network.directory.find("ST-1")
        assert entry is not None
        started = await network.charging.start_remotely(
            TENANT, entry.station_id, Presented(uid=TOKEN, kind=TokenKind.UNKNOWN), by=BY, evse=1
        )
        assert started.status is CommandStatus.ACCEPTED, started.reason
        records: list[EnergyRecord] = []

        async def planned() -> bool:
            for session in await network.sessions():
                try:
                    found = await network.energy_needs.get(TENANT, session.id)
                except NotFound:
                    continue
                records.append(found)
                return found.planned_accepted is not None and found.outcome != ""
            return False

        await eventually(planned)
        record = records[-1]
        assert (record.outcome, record.planned_accepted) == ("accepted", True)
        assert record.offered is not None
        # The default profile of the station is kept to.
        assert max(period.limit or 0.0 for period in record.offered.periods) <= 12.0


async def test_a_simulated_station_takes_what_2_1_adds(open_network: Network) -> None:
    network = open_network
    await network.issue(TOKEN)
    async with simulated(network, "2.1", iso15118=True) as link:
        entry = network.directory.find("ST-1")
        assert entry is not None
        await network.charging.start_remotely(
            TENANT, entry.station_id, Presented(uid=TOKEN, kind=TokenKind.UNKNOWN), by=BY, evse=1
        )

        async def begun() -> bool:
            return bool(await network.sessions())

        await eventually(begun)
        [session] = await network.sessions()
        transaction_id = session.transaction_id
        priority = default_profile(network, 32.0, purpose=ProfilePurpose.PRIORITY)
        setpoint = SchedulePeriod(start_s=0, setpoint=5_000.0, operation_mode="central_setpoint")
        dynamic = ProfileDraft(
            purpose=ProfilePurpose.TX,
            kind=ProfileKind.DYNAMIC,
            id=77,
            stack_level=2,
            transaction_id=transaction_id,
            schedules=(ChargingSchedule(unit="W", periods=(setpoint,)),),
        )
        for draft in (priority, dynamic):
            record = await network.profiles.set(TENANT, "ST-1", 1, draft, by=BY)
            assert record.status is CommandStatus.ACCEPTED, record.reason
        for command in (
            UsePriorityCharging(transaction_id=transaction_id),
            UpdateDynamicSchedule(profile_id=77, setpoint=4_000.0),
            AllowEnergyTransfer(transaction_id=transaction_id, modes=("ac_three_phase", "dc")),
        ):
            record = await network.commands.give(TENANT, "ST-1", command, by=BY)
            assert record.status is CommandStatus.ACCEPTED, (command, record.reason)

        async def with_priority() -> bool:
            try:
                return (await network.energy_needs.get(TENANT, session.id)).priority
            except NotFound:
                return False

        await eventually(with_priority)
        assert link.station.accepted


async def test_a_simulated_station_takes_der_controls(open_network: Network) -> None:
    network = open_network
    async with simulated(network, "2.1"):
        ramp = DerControl(
            id="ramp", kind="gradients", default=True, settings={"gradient": 10.0, "soft_gradient": 5.0}
        )
        curve = DerControl(
            id="curve",
            kind="freq_watt",
            starts_at=network.clock.now() + timedelta(seconds=1),
            duration_s=3_600.0,
            points=((50.0, 100.0), (50.5, 0.0)),
            y_unit="percent_max_w",
        )
        for control in (ramp, curve):
            record = await network.der.give(TENANT, "ST-1", SetDerControl(control=control), by=BY)
            assert record.status is CommandStatus.ACCEPTED, record.reason

        async def started() -> bool:
            found = await network.der.controls(TENANT, record.station_id)
            return {each.control.id: each.started for each in found} == {"curve": True, "ramp": False}

        await eventually(started)
        asked = await network.der.give(TENANT, "ST-1", GetDerControls(), by=BY)
        assert asked.status is CommandStatus.ACCEPTED
        found = await network.der.controls(TENANT, record.station_id)
        assert {each.control.id for each in found} == {"curve", "ramp"}
