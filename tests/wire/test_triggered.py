"""What a station sends because it was asked to, over real sockets: it is not mistaken for news."""

import asyncio

import pytest
import websockets
from charge_points import connected
from network import TENANT, Network
from ocpp.routing import on
from ocpp.v16 import ChargePoint, call, call_result

from currant.kit.clock import SystemClock, wire_time
from currant.stations.commanding.displays import GetDisplayMessages
from currant.stations.commanding.remote import Trigger
from currant.stations.model import CommandStatus


class Bench(ChargePoint):
    """Reports its boot again over the same connection when it is asked to, as test benches do."""

    @on("TriggerMessage")
    def on_trigger(self, requested_message: str) -> call_result.TriggerMessage:
        wanted = requested_message == "BootNotification"
        return call_result.TriggerMessage(status="Accepted" if wanted else "Rejected")


async def test_a_boot_that_was_asked_for_is_no_restart(open_network: Network) -> None:
    await open_network.issue("04A1B2C3")
    boot = call.BootNotification(charge_point_model="M", charge_point_vendor="V")
    start = call.StartTransaction(
        connector_id=1, id_tag="04A1B2C3", meter_start=0, timestamp=wire_time(SystemClock().now())
    )

    async def repairs() -> list[str]:
        [session] = await open_network.sessions()
        return [repair.code for repair in session.repairs]

    async with websockets.connect(f"{open_network.url}/CP-16", subprotocols=["ocpp1.6"]) as socket:
        station = Bench("CP-16", socket)
        listening = asyncio.create_task(station.start())
        await station.call(boot)
        await station.call(start)
        asked = await open_network.commands.give(TENANT, "CP-16", Trigger(message="boot"), by="a test")
        assert asked.status is CommandStatus.ACCEPTED
        await station.call(boot)
        assert await repairs() == []
        # The next one nobody asked for.
        await station.call(boot)
        assert await repairs() == ["station_rebooted"]
        listening.cancel()


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
async def test_a_report_that_was_agreed_to_and_never_came_is_told_from_silence(
    open_network: Network, version: str
) -> None:
    async with connected(open_network, version, "CP-2", "GetDisplayMessages"):
        record = await open_network.commands.give(
            TENANT, "CP-2", GetDisplayMessages(), by="a test", deadline_s=0.5
        )
    assert record.status is CommandStatus.UNANSWERED
    assert record.reason == "The station agreed to report, and then told nothing in time."
