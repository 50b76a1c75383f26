"""Commands that must not disturb a session, over real sockets: not sent while one runs, however lately it began."""

import asyncio
from typing import Any

import pytest
from charge_points import ago, begin, connected
from network import TENANT, Network

from currant.stations.commanding.remote import Reset, ResetKind, Trigger
from currant.stations.link import NOT_IDLE
from currant.stations.model import CommandRecord, CommandStatus

TOKEN = "04A1B2C3"


async def reset(network: Network, **options: Any) -> CommandRecord:
    return await network.commands.give(
        TENANT,
        "CP",
        Reset(kind=ResetKind.ON_IDLE),
        by="a test",
        deadline_s=5.0,
        **({"only_if_idle": True} | options),
    )


async def plug_in(station: Any, version: str) -> None:
    if version == "1.6":
        await station.call(
            station.calls.StartTransaction(connector_id=1, id_tag=TOKEN, meter_start=0, timestamp=ago(0))
        )
    else:
        await begin(station, "T-1")


@pytest.mark.parametrize("version", ["1.6", "2.0.1", "2.1"])
async def test_a_station_in_session_is_not_reset_and_an_idle_one_is(
    open_network: Network, version: str
) -> None:
    await open_network.issue(TOKEN)
    async with connected(open_network, version, "CP", "Reset") as station:
        assert (await reset(open_network)).status is CommandStatus.ACCEPTED
        await plug_in(station, version)
        record = await reset(open_network)
        assert (record.status, record.reason) == (NOT_IDLE.status, NOT_IDLE.reason)
        assert len(station.told_of("Reset")) == 1
        assert (await reset(open_network, only_if_idle=False)).status is CommandStatus.ACCEPTED


async def test_a_session_that_begins_while_the_reset_waits_its_turn_is_left_alone(
    open_network: Network,
) -> None:
    await open_network.issue(TOKEN)
    async with connected(open_network, "1.6", "CP", "Reset", "TriggerMessage") as station:
        hear = station.route_map["TriggerMessage"]["_on_action"]
        plugged_in: list[asyncio.Task[None]] = []

        async def slowly(*payload: Any, **words: Any) -> Any:
            await asyncio.sleep(0.1)
            # On the wire before the answer that the reset waits for.
            plugged_in.append(asyncio.create_task(plug_in(station, "1.6")))
            await asyncio.sleep(0.05)
            return await hear(*payload, **words)

        station.route_map["TriggerMessage"]["_on_action"] = slowly
        trigger = open_network.commands.give(TENANT, "CP", Trigger(message="heartbeat"), by="a test")
        triggered = asyncio.create_task(trigger)
        await asyncio.sleep(0.05)
        assert (await reset(open_network)).reason == NOT_IDLE.reason
        assert (await triggered).status is CommandStatus.ACCEPTED
        await plugged_in[0]
        assert station.told_of("Reset") == []
