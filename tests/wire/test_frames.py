"""WebSocket frames as chargers send them: fragments, compression, garbage, too much of it."""

import asyncio
import json
import os
import struct
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import websockets
from network import Network, call, network
from test_opening import opening

from currant.stations.service import UnknownStations

HEARTBEAT = call("7", "Heartbeat").encode()


class RawStation:
    """A WebSocket client that sends any frame it is told to."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    def send(self, payload: bytes, *, first_byte: int = 0x81) -> None:
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))
        if len(payload) < 126:
            length = bytes([0x80 | len(payload)])
        elif len(payload) < 65536:
            length = b"\xfe" + struct.pack(">H", len(payload))
        else:
            length = b"\xff" + struct.pack(">Q", len(payload))
        self.writer.write(bytes([first_byte]) + length + mask + masked)

    async def receive(self) -> tuple[int, bytes]:
        """(first byte, payload) of the next frame; (0, b"") when the connection is closed."""
        try:
            async with asyncio.timeout(30):
                first, second = await self.reader.readexactly(2)
                size = second & 0x7F
                if size == 126:
                    size = struct.unpack(">H", await self.reader.readexactly(2))[0]
                return first, await self.reader.readexactly(size)
        except (asyncio.IncompleteReadError, ConnectionError):
            return 0, b""

    async def close_code(self) -> int:
        first, payload = await self.receive()
        assert first == 0x88, (first, payload)
        return int(struct.unpack(">H", payload[:2])[0])


@asynccontextmanager
async def raw_station(
    network: Network, identity: str = "RAW", *, subprotocol: str = "ocpp1.6", **headers: str
) -> AsyncIterator[RawStation]:
    reader, writer = await asyncio.open_connection("127.0.0.1", network.gateway.ports.plain)
    writer.write(opening(f"/ocpp/{identity}", **({"Sec-WebSocket-Protocol": subprotocol} | headers)))
    assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
    try:
        yield RawStation(reader, writer)
    finally:
        writer.close()


async def test_fragments_with_a_ping_between_are_one_message(open_network: Network) -> None:
    async with raw_station(open_network) as station:
        station.send(HEARTBEAT[:5], first_byte=0x01)
        station.send(b"are you there", first_byte=0x89)
        station.send(HEARTBEAT[5:9], first_byte=0x00)
        station.send(HEARTBEAT[9:], first_byte=0x80)
        assert await station.receive() == (0x8A, b"are you there")
        _, answer = await station.receive()
        assert answer.startswith(b'[3,"7",')


async def test_a_message_that_is_too_big_ends_the_connection(tmp_path: Path) -> None:
    async with network(tmp_path, unknown=UnknownStations.OPEN, max_message_bytes=10_000) as built:
        async with raw_station(built) as station:
            station.send(b"x" * 10_001)
            assert await station.close_code() == 1009
        async with raw_station(built) as station:
            for _ in range(3):
                station.send(b"x" * 5_000, first_byte=0x01 if _ == 0 else 0x00)
            assert await station.close_code() == 1009


@pytest.mark.parametrize("first_byte", [0xC1, 0xA1, 0x91, 0x80, 0x83])
async def test_reserved_bits_and_wrong_frames_end_the_connection(
    open_network: Network, first_byte: int
) -> None:
    async with raw_station(open_network) as station:
        station.send(HEARTBEAT, first_byte=first_byte)
        assert await station.close_code() == 1002


@pytest.mark.parametrize(
    "garbage",
    [
        b"",
        b"hello",
        b"{}",
        b"[]",
        b"[2]",
        b'[2,"1","Heartbeat",{"a":',
        b"\xff\xfe\x00",
        b'[99,"1"]',
        b"[" * 10_000,
    ],
)
async def test_garbage_is_survived_and_logged(open_network: Network, garbage: bytes) -> None:
    async with raw_station(open_network) as station:
        station.send(garbage)
        station.send(HEARTBEAT)
        answers = [(await station.receive())[1]]
        if not answers[0].startswith(b'[3,"7"'):
            answers.append((await station.receive())[1])
        assert answers[-1].startswith(b'[3,"7",')
    assert "malformed" in {message.outcome for message in await open_network.log("RAW")}


async def test_messages_sent_without_waiting_are_answered_in_order(open_network: Network) -> None:
    async with raw_station(open_network) as station:
        for number in range(60):
            station.send(call(str(number), "Heartbeat" if number % 3 else "StatusNotification", connectorId=1,
                              errorCode="NoError", status="Available" if number % 2 else "Preparing").encode())  # fmt: skip
        ids = [json.loads((await station.receive())[1])[1] for _ in range(60)]
    assert ids == [str(number) for number in range(60)]


async def test_a_binary_frame_is_read_as_text_and_found(open_network: Network) -> None:
    async with raw_station(open_network) as station:
        station.send(HEARTBEAT, first_byte=0x82)
        assert (await station.receive())[1].startswith(b'[3,"7",')
    assert ("binary-frame", "") in await open_network.findings()


@pytest.mark.parametrize("compression", [None, "deflate"])
async def test_stations_with_and_without_compression_are_understood(
    open_network: Network, compression: str | None
) -> None:
    async with websockets.connect(
        f"{open_network.url}/CS", subprotocols=["ocpp2.0.1"], compression=compression
    ) as socket:
        agreed = socket.response.headers.get("Sec-WebSocket-Extensions", "") if socket.response else ""
        assert ("permessage-deflate" in agreed) == (compression is not None)
        boot = {"chargingStation": {"model": "M", "vendorName": "V"}, "reason": "PowerUp"}
        await socket.send(call("1", "BootNotification", **boot))
        assert json.loads(await socket.recv())[2]["status"] == "Accepted"
        # Long enough for the answer to be compressed too.
        await socket.send(call("x" * 3000, "Heartbeat"))
        assert json.loads(await socket.recv())[1] == "x" * 3000


async def test_a_zip_bomb_ends_the_connection(open_network: Network) -> None:
    bomb = zlib.compress(bytes(20_000_000), 9, wbits=-15)
    async with raw_station(open_network, Sec_WebSocket_Extensions="permessage-deflate") as station:
        station.send(bomb, first_byte=0xC1)
        assert await station.close_code() == 1009


async def test_who_speaks_too_fast_is_slowed_down_and_then_closed(tmp_path: Path) -> None:
    limits = {"messages_per_second": 20.0, "message_burst": 10, "throttled_limit_s": 0.5}
    async with (
        network(tmp_path, unknown=UnknownStations.OPEN, **limits) as built,
        raw_station(built) as station,
    ):
        for _ in range(10):
            station.send(HEARTBEAT)
            await station.receive()
        began = asyncio.get_running_loop().time()
        code = 0
        while not code and asyncio.get_running_loop().time() - began < 8:
            station.send(HEARTBEAT)
            first, payload = await station.receive()
            if first == 0x88:
                code = struct.unpack(">H", payload[:2])[0]
        assert code == 1008
        assert asyncio.get_running_loop().time() - began > 0.4
        assert await built.security_events() == ["MessageRateExceeded"]


async def test_2_1_sends_are_never_answered_and_result_errors_are_kept(open_network: Network) -> None:
    async with raw_station(open_network, subprotocol="ocpp2.1") as station:
        stream = {"id": 1, "pending": 0, "basetime": "2026-01-31T12:00:00Z", "data": [{"t": 0.0, "v": "1"}]}
        station.send(json.dumps([6, "s1", "NotifyPeriodicEventStream", stream]).encode())
        station.send(json.dumps([5, "r1", "FormatViolation", "cannot read it", {}]).encode())
        station.send(HEARTBEAT)
        assert (await station.receive())[1].startswith(b'[3,"7",')
    outcomes = [message.outcome for message in await open_network.log("RAW")]
    assert outcomes == ["answered", "rejected", "send"]


async def test_what_a_2_1_station_calls_and_should_send_is_answered_and_found(open_network: Network) -> None:
    stream = {"id": 1, "pending": 0, "basetime": "2026-01-31T12:00:00Z", "data": [{"t": 0, "v": "1"}]}
    async with raw_station(open_network, subprotocol="ocpp2.1") as station:
        station.send(json.dumps([2, "c1", "NotifyPeriodicEventStream", stream]).encode())
        assert json.loads((await station.receive())[1]) == [3, "c1", {}]
    assert ("called-not-sent", "NotifyPeriodicEventStream") in await open_network.findings()


async def test_what_cannot_be_read_at_its_heart_is_no_error_of_ours(open_network: Network) -> None:
    async with raw_station(open_network, subprotocol="ocpp2.1") as station:

        async def asked(action: str, **payload: object) -> list[object]:
            station.send(json.dumps([2, action, action, payload]).encode())
            answer: list[object] = json.loads((await station.receive())[1])
            return answer

        boot = {"model": "M", "vendorName": "V"}
        assert (await asked("BootNotification", reason="PowerUp", chargingStation=boot))[0] == 3
        about = {"source": "CRL", "urls": [], "certificateHashData": {"hashAlgorithm": None}}
        answer = await asked("GetCertificateChainStatus", certificateStatusRequests=[about])
        assert answer[:3] == [4, "GetCertificateChainStatus", "OccurrenceConstraintViolation"]
        for evse in (-1, 2**40):
            rejected = (await asked("VatNumberValidation", vatNumber=10**30, evseId=evse))[2]
            assert isinstance(rejected, dict)
            assert "evseId" not in rejected
        assert (rejected["status"], rejected["vatNumber"]) == ("Rejected", "1" + "0" * 19)


async def test_what_is_to_be_called_is_not_taken_when_it_is_sent(open_network: Network) -> None:
    async with raw_station(open_network, subprotocol="ocpp2.1") as station:
        station.send(
            b'[2,"1","BootNotification",{"reason":"PowerUp","chargingStation":{"model":"M","vendorName":"V"}}]'
        )
        assert (await station.receive())[1].startswith(b'[3,"1",')
        event = b'"TransactionEvent",{"eventType":"Started","timestamp":"2026-01-01T00:00:00Z",'
        rest = b'"triggerReason":"CablePluggedIn","seqNo":0,"transactionInfo":{"transactionId":"T"}}]'
        station.send(b'[6,"2",' + event + rest)
        station.send(b'[2,"3","Heartbeat",{}]')
        # Nothing answers what was sent, and nothing came of it.
        assert (await station.receive())[1].startswith(b'[3,"3",')
    [sent] = [each for each in await open_network.log("RAW") if each.action == "TransactionEvent"]
    assert sent.outcome == "ignored"
    assert ("refused", "TransactionEvent") in await open_network.findings()


async def test_an_unreadable_answer_is_told_to_a_2_1_station_and_fails_the_command(
    open_network: Network,
) -> None:
    from currant.stations.commanding.remote import Reset
    from currant.stations.model import CommandStatus

    async with raw_station(open_network, subprotocol="ocpp2.1") as station:
        giving = asyncio.create_task(open_network.commands.give("the-operator", "RAW", Reset(), by="a test"))  # type: ignore[arg-type]
        _, sent = await station.receive()
        message_id = json.loads(sent)[1]
        station.send(json.dumps([3, message_id, {"status": 42}]).encode())
        _, told = await station.receive()
        assert json.loads(told)[:2] == [5, message_id]
        assert (await giving).status is CommandStatus.FAILED
