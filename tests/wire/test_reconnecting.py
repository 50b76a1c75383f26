"""Half-open sockets, silent ones, stations that answer nothing, and a server that goes."""

import asyncio
import json
from pathlib import Path

import websockets
from network import TENANT, Network, call, network, until
from test_frames import HEARTBEAT, RawStation, raw_station

from currant.stations.commanding.remote import Reset
from currant.stations.model import CommandStatus, StationSettings
from currant.stations.service import UnknownStations

STATIONS = 1_000


async def test_a_thousand_stations_take_over_from_their_half_open_sockets(tmp_path: Path) -> None:
    async with network(tmp_path, unknown=UnknownStations.OPEN, unknown_per_minute=10_000) as built:
        names = [f"CP{number:04}" for number in range(STATIONS)]

        async def join(name: str) -> tuple[RawStation, object]:
            context = raw_station(built, name)
            return await context.__aenter__(), context

        old = await asyncio.gather(*(join(name) for name in names))
        await until(lambda: len(built.registry) == STATIONS, within_s=30)
        new = await asyncio.gather(*(join(name) for name in names))
        for station, _ in new:
            station.send(HEARTBEAT)
        answers = await asyncio.gather(*(station.receive() for station, _ in new))
        assert all(answer.startswith(b'[3,"7"') for _, answer in answers)
        codes = await asyncio.gather(*(station.close_code() for station, _ in old))
        assert set(codes) == {1001}
        # What the dying ones still say, and their end, touches nothing.
        for station, _ in old:
            station.send(
                call("late", "BootNotification", chargePointVendor="OLD", chargePointModel="OLD").encode()
            )
            station.writer.close()
        await asyncio.sleep(0.3)
        await built.flush()
        assert len(built.registry) == STATIONS
        overviews = [await built.inventory.get_station(TENANT, name) for name in names[::100]]
        assert all(overview.station.connected for overview in overviews)
        assert {overview.station.vendor for overview in overviews} == {""}
        for station, _ in new:
            station.writer.close()
        await until(lambda: len(built.registry) == 0, within_s=30)


async def test_a_command_under_way_fails_when_the_station_connects_anew(open_network: Network) -> None:
    async with raw_station(open_network) as old:
        giving = asyncio.create_task(open_network.commands.give(TENANT, "RAW", Reset(), by="a test"))
        message_id = json.loads((await old.receive())[1])[1]
        async with raw_station(open_network) as new:
            record = await asyncio.wait_for(giving, 5)
            assert record.status is CommandStatus.UNANSWERED
            old.send(json.dumps([3, message_id, {"status": "Accepted"}]).encode())
            new.send(HEARTBEAT)
            assert (await new.receive())[1].startswith(b'[3,"7"')


async def test_a_start_whose_answer_was_lost_is_answered_again_on_the_new_socket(
    open_network: Network,
) -> None:
    await open_network.issue("04A1B2C3")
    start = call(
        "1",
        "StartTransaction",
        connectorId=1,
        idTag="04A1B2C3",
        meterStart=1,
        timestamp="2026-11-20T12:00:00Z",
    ).encode()
    async with raw_station(open_network) as old:
        old.send(start)
        # It gives up before the answer is there, and asks again at once.
        async with raw_station(open_network) as new:
            new.send(start.replace(b'"1"', b'"2"', 1))
            answer = json.loads((await new.receive())[1])
    [session] = await open_network.sessions()
    assert answer[2]["transactionId"] == session.number


async def test_three_unanswered_calls_in_a_row_end_the_connection(tmp_path: Path) -> None:
    async with network(tmp_path, unknown=UnknownStations.OPEN) as built, raw_station(built) as station:
        for _ in range(3):
            record = await built.commands.give(TENANT, "RAW", Reset(), by="a test", deadline_s=0.1)
            assert record.status is CommandStatus.UNANSWERED
            await station.receive()
        assert await station.close_code() == 1012
        outcomes = [message.outcome for message in await built.log("RAW", direction="out")]
        assert outcomes == ["unanswered"] * 3


async def test_a_queued_command_does_not_outlast_its_deadline(open_network: Network) -> None:
    async with raw_station(open_network) as station:
        give = open_network.commands.give
        first = asyncio.create_task(give(TENANT, "RAW", Reset(), by="a test", deadline_s=90))
        message_id = json.loads((await station.receive())[1])[1]
        async with asyncio.timeout(30):
            record = await give(TENANT, "RAW", Reset(), by="a test", deadline_s=0.2)
        assert record.status is CommandStatus.UNANSWERED
        assert "still queued" in record.reason
        station.send(json.dumps([3, message_id, {"status": "Accepted"}]).encode())
        assert (await first).status is CommandStatus.ACCEPTED
        # What was given up on is not sent after all.
        station.send(HEARTBEAT)
        assert (await station.receive())[1].startswith(b'[3,"7"')


async def test_a_late_answer_is_ignored(open_network: Network) -> None:
    async with raw_station(open_network) as station:
        record = await open_network.commands.give(TENANT, "RAW", Reset(), by="a test", deadline_s=0.1)
        assert record.status is CommandStatus.UNANSWERED
        _, sent = await station.receive()
        station.send(json.dumps([3, json.loads(sent)[1], {"status": "Accepted"}]).encode())
        station.send(HEARTBEAT)
        assert (await station.receive())[1].startswith(b'[3,"7"')
    assert "ignored" in {message.outcome for message in await open_network.log("RAW")}


async def test_calls_cross_in_both_directions(open_network: Network) -> None:
    async with raw_station(open_network) as station:
        giving = asyncio.create_task(open_network.commands.give(TENANT, "RAW", Reset(), by="a test"))
        _, sent = await station.receive()
        station.send(HEARTBEAT)
        assert (await station.receive())[1].startswith(b'[3,"7"')
        station.send(json.dumps([3, json.loads(sent)[1], {"status": "Accepted"}]).encode())
        assert (await giving).status is CommandStatus.ACCEPTED


async def test_a_silent_station_is_pinged_and_then_closed(open_network: Network) -> None:
    await open_network.add("RAW", settings=StationSettings(ping_interval_s=10))
    async with raw_station(open_network) as station:
        await until(lambda: len(open_network.registry) == 1)
        [connection] = open_network.registry.connections()
        connection.heard_at -= 11
        open_network.gateway.watch_silence(connection.heard_at + 11)
        assert (await station.receive())[0] == 0x89
        station.send(b"", first_byte=0x8A)
        await until(lambda: connection.ponged)
        # It is known to answer pings: three of them without an answer are enough.
        open_network.gateway.watch_silence(connection.heard_at + 31)
        assert await station.close_code() == 1001


async def test_a_station_that_never_answers_pings_has_three_heartbeats(open_network: Network) -> None:
    async with raw_station(open_network) as station:
        await until(lambda: len(open_network.registry) == 1)
        [connection] = open_network.registry.connections()
        open_network.gateway.watch_silence(connection.heard_at + 899)
        assert (await station.receive())[0] == 0x89
        open_network.gateway.watch_silence(connection.heard_at + 901)
        assert await station.close_code() == 1001


async def test_a_station_that_did_not_boot_is_asked_to_after_a_while(open_network: Network) -> None:
    async with raw_station(open_network) as station:
        await until(lambda: open_network.registry.connections()[0].caller is not None)
        [connection] = open_network.registry.connections()
        open_network.gateway.watch_silence(connection.opened_at + 119)
        open_network.gateway.watch_silence(connection.opened_at + 121)
        _, sent = await station.receive()
        while json.loads(sent or b"[]")[2:] != ["TriggerMessage", {"requestedMessage": "BootNotification"}]:
            _, sent = await station.receive()
        station.send(json.dumps([3, json.loads(sent)[1], {"status": "Accepted"}]).encode())
        boot = call("1", "BootNotification", chargePointVendor="V", chargePointModel="M").encode()
        station.send(boot)
        assert (await station.receive())[1].startswith(b'[3,"1"')


async def test_a_stopping_gateway_tells_stations_to_come_again_and_records_that_they_left(
    open_network: Network,
) -> None:
    async with websockets.connect(f"{open_network.url}/CP", subprotocols=["ocpp1.6"]) as socket:
        await socket.send(call("1", "Heartbeat"))
        await socket.recv()
        await open_network.gateway.stop()
        await socket.wait_closed()
        assert socket.close_code == 1012
    overview = await open_network.inventory.get_station(TENANT, "CP")
    assert not overview.station.connected


async def test_an_accepted_station_is_asked_for_its_password_at_once(closed_network: Network) -> None:
    async with raw_station(closed_network, "NEW") as station:
        await until(lambda: len(closed_network.registry) == 1)
        await closed_network.admissions.accept(TENANT, "NEW", by="a test")
        assert await station.close_code() == 1008
