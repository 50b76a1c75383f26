"""Rows of the quirks table that show only when a whole message goes through."""

import asyncio
import json
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from network import TENANT, Network, call
from test_frames import RawStation, raw_station

from currant.charging.model import Phase
from currant.stations.commanding.remote import StartCharging
from currant.stations.commanding.variables import GetVariables, SetVariables, Variable, VariableValue
from currant.stations.events import StationReported
from currant.stations.model import CommandStatus, Connector, Evse, StationSettings


async def ask(station: RawStation, message: str) -> list[Any]:
    station.send(message.encode())
    return list(json.loads((await station.receive())[1]))


@pytest.mark.parametrize(
    "message_id", ["2", '"dd"', '"' + "9" * 20 + '"', '"' + "x" * 60 + '"', '"\\u00fc\\""']
)
async def test_b7_message_ids_are_echoed_as_they_came(open_network: Network, message_id: str) -> None:
    async with raw_station(open_network) as station:
        station.send(f'[2,{message_id},"Heartbeat",{{}}]'.encode())
        answer = (await station.receive())[1].decode()
    assert answer.startswith(f"[3,{message_id},")


async def test_c5_an_unknown_error_code_is_kept_as_the_charger_spelled_it(open_network: Network) -> None:
    async with raw_station(open_network) as station:
        assert (
            await ask(
                station, call("1", "StatusNotification", connectorId=1, errorCode="Error", status="Faulted")
            )
        )[0] == 3
        overview = await open_network.inventory.get_station(TENANT, "RAW")
    assert [state.raw_error for state in overview.states] == ["Error"]
    assert ("unknown-word", "StatusNotification") in await open_network.findings()


async def test_c8_empty_meter_values_are_accepted_and_store_nothing(open_network: Network) -> None:
    async with raw_station(open_network) as station:
        for values in ([], [{"timestamp": "2026-01-31T12:00:00Z", "sampledValue": []}]):
            assert (await ask(station, call("1", "MeterValues", connectorId=1, meterValue=values)))[0] == 3


async def test_c13_data_that_is_an_object_is_answered_unknown_vendor(open_network: Network) -> None:
    async with raw_station(open_network) as station:
        answer = await ask(station, call("1", "DataTransfer", vendorId="V", data={"a": 1}))
    assert answer[2] == {"status": "UnknownVendorId"}


async def test_d4_a_start_in_1970_takes_the_time_of_receipt(open_network: Network) -> None:
    async with raw_station(open_network) as station:
        before = open_network.clock.now()
        start = call(
            "1", "StartTransaction", connectorId=1, idTag="X", meterStart=0, timestamp="1970-01-01T00:00:00Z"
        )
        assert (await ask(station, start))[2]["idTagInfo"]["status"] == "Invalid"
    [session] = await open_network.sessions()
    assert before <= session.started_at <= open_network.clock.now()


async def test_d1_a_time_without_a_zone_is_local_where_a_zone_is_set(open_network: Network) -> None:
    zones = {"AEFA": "Europe/Berlin", "GROWATT": None}
    started = open_network.clock.now().replace(microsecond=0) - timedelta(days=1)
    for identity, zone in zones.items():
        await open_network.add(identity, settings=StationSettings(clock_zone=zone))
        async with raw_station(open_network, identity) as station:
            written = started.astimezone(ZoneInfo(zone or "UTC")).strftime("%Y-%m-%dT%H:%M:%S")
            start = call("1", "StartTransaction", connectorId=1, idTag="X", meterStart=0, timestamp=written)
            assert (await ask(station, start))[0] == 3
    assert [session.started_at for session in await open_network.sessions()] == [started, started]
    assert ("time-without-zone", "StartTransaction") in await open_network.findings()


@pytest.mark.parametrize(("described_w", "counted_wh"), [(None, 20_000), (11_000, 0)])
async def test_a_leap_of_the_meter_is_judged_by_the_described_hardware(
    open_network: Network, described_w: int | None, counted_wh: int
) -> None:
    """20 kWh in a quarter of an hour: much for any charger, and impossible for one of 11 kW."""
    await open_network.add("CS", evses=(Evse(number=1, max_power_w=described_w),))
    begun = open_network.clock.now() - timedelta(hours=1)
    async with raw_station(open_network, "CS") as station:
        start = call("1", "StartTransaction", connectorId=1, idTag="X", meterStart=0, timestamp=begun)
        number = (await ask(station, start))[2]["transactionId"]
        for minutes, wh in ((1, "0"), (16, "20000")):
            values = [{"timestamp": begun + timedelta(minutes=minutes), "sampledValue": [{"value": wh}]}]
            sent = call("2", "MeterValues", connectorId=1, transactionId=number, meterValue=values)
            assert (await ask(station, sent))[0] == 3
    [session] = await open_network.sessions()
    assert session.energy_wh == counted_wh


async def test_e10_e12_a_stop_alone_with_an_endless_tag_is_accepted_and_kept(open_network: Network) -> None:
    async with raw_station(open_network) as station:
        stop = call(
            "1",
            "StopTransaction",
            transactionId=4711,
            meterStop=100,
            idTag="F" * 60,
            timestamp="2026-01-31T12:00:00Z",
        )
        answer = await ask(station, stop)
        assert answer[0] == 3
    sessions = await open_network.sessions()
    assert [session.phase for session in sessions] == [Phase.ENDED]


@pytest.mark.parametrize(
    ("message", "action"),
    [
        (call("1", "StopTransaction", transactionId="none", meterStop=1), "StopTransaction"),
        ('[2,"1","StatusNotification",{"connectorId":1', ""),
    ],
)
async def test_b18_a_message_that_is_sent_again_and_again_in_vain_is_noticed(
    open_network: Network, message: str, action: str
) -> None:
    told: list[StationReported] = []
    open_network.database.listen(
        lambda _, events: told.extend(event for event in events if isinstance(event, StationReported))
    )
    for connection in range(2):
        async with raw_station(open_network) as station:
            for _ in range(3):
                # Each time it is answered, under its own id if that can be read, and nothing else is held up.
                station.send(message.encode())
                assert (await ask(station, call("h", "Heartbeat")))[0] in (3, 4)
                if action:
                    assert json.loads((await station.receive())[1])[1] == "h"
            assert await settled(open_network, told) == connection
    [event] = told
    assert (event.topic, event.status) == ("poison-message", action)
    assert "5 times" in event.detail
    assert ("poison-message", action) in await open_network.findings()


async def settled(network: Network, told: list[StationReported]) -> int:
    await network.flush()
    return len(told)


async def test_b18_messages_that_succeed_are_not_watched(open_network: Network) -> None:
    async with raw_station(open_network) as station:
        for _ in range(20):
            assert (await ask(station, call("1", "Heartbeat")))[0] == 3
    assert len(open_network.gateway.poison) == 0


async def test_a14_the_version_is_the_connections_and_not_the_stations(open_network: Network) -> None:
    async with raw_station(open_network, "BOTH", subprotocol="ocpp2.0.1") as station:
        assert (await ask(station, call("1", "Nonsense")))[2] == "NotImplemented"
        station.send(b"[2]")
        assert json.loads((await station.receive())[1])[1] == "-1"
    async with raw_station(open_network, "BOTH", subprotocol="ocpp1.6") as station:
        boot = call("1", "BootNotification", chargePointVendor="V", chargePointModel="M")
        assert (await ask(station, boot))[2]["status"] == "Accepted"


@pytest.mark.parametrize(
    ("subprotocol", "code"),
    [("ocpp1.6", "OccurenceConstraintViolation"), ("ocpp2.0.1", "OccurrenceConstraintViolation")],
)
async def test_what_has_no_clear_meaning_gets_the_right_error(
    open_network: Network, subprotocol: str, code: str
) -> None:
    async with raw_station(open_network, subprotocol=subprotocol) as station:
        assert (await ask(station, call("1", "BootNotification")))[2] == code
        assert (await ask(station, call("2", "Reset", type="Soft")))[2] in (
            "NotSupported", "PropertyConstraintViolation", "NotImplemented",
        )  # fmt: skip


async def test_every_action_of_every_version_is_answered(open_network: Network) -> None:
    """With an empty payload most are refused, and none is left unanswered or ends the connection."""
    from currant.ocpp.catalogue import ACTIONS, Party

    for version, actions in ACTIONS.items():
        async with raw_station(open_network, f"ALL-{version}", subprotocol=version.subprotocol) as station:
            for name, spec in actions.items():
                if spec.sent_by is not Party.CSMS and spec.response is not None:
                    answer = await ask(station, call(name, name))
                    assert answer[0] in (3, 4)
                    assert answer[1] == name
                    assert answer[2] != "InternalError"


async def answering(station: RawStation, answers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Answer calls of ours one after the other; what was asked."""
    asked = []
    for answer in answers:
        _, message_id, _, payload = json.loads((await station.receive())[1])
        asked.append(payload)
        station.send(json.dumps([3, message_id, answer]).encode())
    return asked


async def test_c14_a_station_that_ignores_the_filter_tells_only_what_was_asked(open_network: Network) -> None:
    wanted = GetVariables(variables=(Variable(name="HeartbeatInterval"), Variable(name="Missing")))
    told = [{"key": key, "readonly": False, "value": 300} for key in ("Other", "heartbeatinterval")]
    async with raw_station(open_network) as station:
        giving = asyncio.create_task(open_network.commands.give(TENANT, "RAW", wanted, by="a test"))
        await answering(station, [{"configurationKey": told}])
        record = await giving
    values = [(value.variable.name, value.value, value.status) for value in record.variables]
    assert values == [("HeartbeatInterval", "300", "Accepted"), ("Missing", None, "UnknownVariable")]


async def test_c15_a_change_that_is_refused_is_said_beside_those_that_are_not(open_network: Network) -> None:
    names = ("MeterValueSampleInterval", "MeterValuesSampledData")
    wanted = SetVariables(
        values=tuple(VariableValue(variable=Variable(name=name), value="60") for name in names)
    )
    async with raw_station(open_network) as station:
        giving = asyncio.create_task(open_network.commands.give(TENANT, "RAW", wanted, by="a test"))
        asked = await answering(station, [{"status": "Accepted"}, {"status": "Rejected"}])
        record = await giving
    assert [change["key"] for change in asked] == list(names)
    assert record.status is CommandStatus.REFUSED
    assert [value.status for value in record.variables] == ["Accepted", "Rejected"]


async def test_e15_a_remote_start_names_the_connector_where_there_is_but_one(open_network: Network) -> None:
    start = StartCharging(token_uid="04A1B2C3", token_kind="rfid")
    await open_network.add("ONE", evses=(Evse(number=1, connectors=(Connector(number=1),)),))
    async with raw_station(open_network, "ONE") as station:
        giving = asyncio.create_task(open_network.commands.give(TENANT, "ONE", start, by="a test"))
        [asked] = await answering(station, [{"status": "Accepted"}])
        assert (await giving).status is CommandStatus.ACCEPTED
    assert asked == {"idTag": "04A1B2C3", "connectorId": 1}
