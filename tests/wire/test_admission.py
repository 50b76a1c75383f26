"""From a stranger at the door to a station of the network, and what a failing store means for it."""

import asyncio
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from network import PASSWORD, TENANT, Network, basic, call, network
from test_frames import RawStation, raw_station

from currant.stations.commanding.variables import GetVariables, Variable
from currant.stations.model import Admission, CommandStatus

BOOTS = {
    "ocpp1.6": call("boot", "BootNotification", chargePointVendor="V", chargePointModel="M"),
    "ocpp2.0.1": call(
        "boot", "BootNotification", chargingStation={"vendorName": "V", "model": "M"}, reason="PowerUp"
    ),
}
STATUSES = {
    "ocpp1.6": call("status", "StatusNotification", connectorId=1, errorCode="NoError", status="Available"),
    "ocpp2.0.1": call(
        "status",
        "StatusNotification",
        timestamp="2026-01-31T12:00:00Z",
        connectorStatus="Available",
        evseId=1,
        connectorId=1,
    ),
}


async def ask(station: RawStation, message: str) -> list[Any]:
    station.send(message.encode())
    return list(json.loads((await station.receive())[1]))


@pytest.mark.parametrize("subprotocol", list(BOOTS))
async def test_a_pending_station_is_accepted_while_it_is_connected(
    closed_network: Network, subprotocol: str
) -> None:
    own = basic("NEW", PASSWORD)
    async with raw_station(closed_network, "NEW", subprotocol=subprotocol, **own) as station:
        assert (await ask(station, BOOTS[subprotocol]))[2]["status"] == "Pending"
        refused = await ask(station, STATUSES[subprotocol])
        assert refused[:3] == [4, "status", "SecurityError"]
        await closed_network.admissions.accept(TENANT, "NEW", by="a test")
        _, _, action, wanted = json.loads((await station.receive())[1])
        assert (action, wanted["requestedMessage"]) == ("TriggerMessage", "BootNotification")
        assert (await ask(station, BOOTS[subprotocol]))[2]["status"] == "Accepted"
        assert (await ask(station, STATUSES[subprotocol]))[0] == 3


async def test_a_pending_station_may_send_what_it_was_asked_for(closed_network: Network) -> None:
    async with raw_station(closed_network, "NEW", subprotocol="ocpp2.0.1") as station:
        report = call("r", "NotifyReport", requestId=9, generatedAt="2026-01-31T12:00:00Z", seqNo=0)
        assert (await ask(station, report))[2] == "SecurityError"
        reading = asyncio.create_task(
            closed_network.commands.give(TENANT, "NEW", GetVariables(), by="a test", deadline_s=5)
        )
        message_id, _, wanted = json.loads((await station.receive())[1])[1:]
        station.send(json.dumps([3, message_id, {"status": "Accepted"}]).encode())
        part = [
            {
                "component": {"name": "SecurityCtrlr"},
                "variable": {"name": "SecurityProfile"},
                "variableAttribute": [{"value": "1"}],
            }
        ]
        told = call(
            "r", "NotifyReport", requestId=wanted["requestId"], generatedAt="2026-01-31T12:00:00Z", seqNo=0,
            reportData=part,
        )  # fmt: skip
        assert (await ask(station, told))[0] == 3
        record = await reading
        assert record.status is CommandStatus.ACCEPTED
        variable = Variable(name="SecurityProfile", component="SecurityCtrlr")
        assert [(value.variable, value.value) for value in record.variables] == [(variable, "1")]


async def test_a_station_that_is_turned_away_is_closed_and_stays_away(open_network: Network) -> None:
    async with raw_station(open_network, "OLD") as station:
        assert (await ask(station, BOOTS["ocpp1.6"]))[2]["status"] == "Accepted"
        await open_network.admissions.retire(TENANT, "OLD", by="a test")
        assert await station.close_code() == 1000
    with pytest.raises(AssertionError, match="403"):
        async with raw_station(open_network, "OLD"):
            pass
    entry = open_network.directory.find("OLD")
    assert entry is not None
    assert entry.admission is Admission.RETIRED


async def test_a_boot_loop_is_answered_each_time(open_network: Network) -> None:
    async with raw_station(open_network, "LOOP") as station:
        answers = [await ask(station, BOOTS["ocpp1.6"]) for _ in range(5)]
    assert [answer[2]["status"] for answer in answers] == ["Accepted"] * 5


async def test_passwords_do_not_reach_the_message_log(open_network: Network) -> None:
    from currant.stations.commanding.variables import SetVariables, VariableValue

    async with raw_station(open_network, "CP") as station:
        setting = SetVariables(
            values=(VariableValue(variable=Variable(name="AuthorizationKey"), value=PASSWORD),)
        )
        giving = asyncio.create_task(open_network.commands.give(TENANT, "CP", setting, by="a test"))
        _, message_id, action, sent = json.loads((await station.receive())[1])
        assert (action, sent["value"]) == ("ChangeConfiguration", PASSWORD)
        station.send(json.dumps([3, message_id, {"status": "Accepted"}]).encode())
        assert (await giving).status is CommandStatus.ACCEPTED
    [message] = await open_network.log("CP", action="ChangeConfiguration")
    assert PASSWORD not in message.request
    assert "AuthorizationKey" in message.request


async def test_nothing_is_acknowledged_while_the_store_is_locked(tmp_path: Path) -> None:
    async with network(tmp_path) as built:
        await built.add("CP")
        async with raw_station(built, "CP") as station:
            assert (await ask(station, BOOTS["ocpp1.6"]))[2]["status"] == "Accepted"
            locker = sqlite3.connect(tmp_path / "currant.sqlite", isolation_level=None)
            locker.execute("BEGIN EXCLUSIVE")
            station.send(STATUSES["ocpp1.6"].encode())
            async with asyncio.timeout(60):
                first, refused = 0, b""
                while first != 0x81:
                    try:
                        first, refused = await station.receive()
                    except TimeoutError:
                        continue
            assert json.loads(refused)[:3] == [4, "status", "InternalError"]
            locker.execute("ROLLBACK")
            locker.close()
            async with asyncio.timeout(30):
                while (await ask(station, STATUSES["ocpp1.6"]))[0] != 3:
                    await asyncio.sleep(0.2)
        overview = await built.inventory.get_station(TENANT, "CP")
        assert [(state.evse, state.connector) for state in overview.states] == [(1, 1)]
