"""Independent charge points (PyPI `ocpp`) charge over real sockets, in all three versions."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
import websockets
from network import TENANT, Network, until
from ocpp.routing import on
from ocpp.v16 import ChargePoint as ChargePoint16
from ocpp.v16 import call as call16
from ocpp.v16 import call_result as result16
from ocpp.v21 import ChargePoint as ChargePoint21
from ocpp.v21 import call as call21
from ocpp.v21 import call_result as result21
from ocpp.v201 import ChargePoint as ChargePoint201
from ocpp.v201 import call as call201
from ocpp.v201 import call_result as result201

from currant.access.model import GroupDraft, Presented, TokenKind
from currant.charging.model import Phase
from currant.kit.clock import SystemClock, wire_time
from currant.stations.commanding.remote import Reset, ResetKind, StartCharging, Trigger
from currant.stations.commanding.variables import GetVariables, Variable
from currant.stations.model import Admission, CommandStatus, ConnectorStatus


def ago(minutes: float) -> str:
    """A time on the wire: energy takes time to flow."""
    return wire_time(SystemClock().now() - timedelta(minutes=minutes))


def now() -> str:
    return ago(0)


class Station16(ChargePoint16):
    """A charge point that does what it is told, as far as the tests need it."""

    started: asyncio.Event
    number: int

    @on("RemoteStartTransaction")
    def on_remote_start(self, id_tag: str, **_: Any) -> result16.RemoteStartTransaction:
        self.started = asyncio.Event()
        asyncio.get_running_loop().create_task(self.charge(id_tag))
        return result16.RemoteStartTransaction(status="Accepted")

    @on("RemoteStopTransaction")
    def on_remote_stop(self, transaction_id: int) -> result16.RemoteStopTransaction:
        return result16.RemoteStopTransaction(
            status="Accepted" if transaction_id == self.number else "Rejected"
        )

    @on("Reset")
    def on_reset(self, type: str) -> result16.Reset:
        return result16.Reset(status="Accepted" if type == "Soft" else "Rejected")

    @on("GetConfiguration")
    def on_get_configuration(self, key: list[str] | None = None) -> result16.GetConfiguration:
        known = [{"key": "HeartbeatInterval", "readonly": False, "value": "300"}]
        return result16.GetConfiguration(configuration_key=known, unknown_key=["Nonsense"])

    @on("TriggerMessage")
    def on_trigger(self, requested_message: str, **_: Any) -> result16.TriggerMessage:
        return result16.TriggerMessage(status="NotImplemented")

    async def charge(self, id_tag: str) -> None:
        answer = await self.call(
            call16.StartTransaction(connector_id=1, id_tag=id_tag, meter_start=1000, timestamp=now())
        )
        self.number = answer.transaction_id
        self.started.set()


async def test_a_1_6_charge_point_charges_from_boot_to_stop(open_network: Network) -> None:
    await open_network.issue("04A1B2C3")
    async with websockets.connect(f"{open_network.url}/CP-16", subprotocols=["ocpp1.6"]) as socket:
        station = Station16("CP-16", socket)
        listening = asyncio.create_task(station.start())
        boot = await station.call(call16.BootNotification(charge_point_model="M", charge_point_vendor="V"))
        assert (boot.status, boot.interval) == ("Accepted", 300)
        await station.call(
            call16.StatusNotification(connector_id=1, error_code="NoError", status="Preparing")
        )
        assert (await station.call(call16.Authorize(id_tag="04a1b2c3"))).id_tag_info["status"] == "Accepted"
        assert (await station.call(call16.Authorize(id_tag="STRANGER"))).id_tag_info["status"] == "Invalid"
        started = await station.call(
            call16.StartTransaction(connector_id=1, id_tag="04A1B2C3", meter_start=1000, timestamp=ago(47))
        )
        assert started.id_tag_info["status"] == "Accepted"
        await station.call(
            call16.MeterValues(
                connector_id=1,
                transaction_id=started.transaction_id,
                meter_value=[{"timestamp": ago(23), "sampled_value": [{"value": "3500", "unit": "Wh"}]}],
            )
        )
        await station.call(
            call16.StopTransaction(
                transaction_id=started.transaction_id, meter_stop=5000, timestamp=now(), id_tag="04A1B2C3"
            )
        )
        listening.cancel()
    [session] = await open_network.sessions()
    assert (session.number, session.phase, session.energy_wh) == (started.transaction_id, Phase.ENDED, 4000)
    await until(lambda: not open_network.registry.is_connected(session.station_id))
    await open_network.flush()
    overview = await open_network.inventory.get_station(TENANT, "CP-16")
    assert (overview.station.vendor, overview.station.ocpp_version) == ("V", "1.6")
    assert [state.status for state in overview.states] == [ConnectorStatus.UNKNOWN]


async def test_a_1_6_charge_point_is_steered(open_network: Network) -> None:
    await open_network.issue("04A1B2C3")
    async with websockets.connect(f"{open_network.url}/CP-16", subprotocols=["ocpp1.6"]) as socket:
        station = Station16("CP-16", socket)
        listening = asyncio.create_task(station.start())
        await station.call(call16.BootNotification(charge_point_model="M", charge_point_vendor="V"))
        entry = open_network.directory.find("CP-16")
        assert entry is not None
        started = await open_network.charging.start_remotely(
            TENANT, entry.station_id, Presented(uid="04A1B2C3", kind=TokenKind.RFID), by="a test", evse=1
        )
        assert started.status is CommandStatus.ACCEPTED
        await asyncio.wait_for(station.started.wait(), 5)
        [session] = await open_network.sessions()
        assert session.number == station.number
        stopped = await open_network.charging.stop_remotely(TENANT, session.id, by="a test")
        assert stopped.status is CommandStatus.ACCEPTED

        async def outcome(command: Any) -> CommandStatus:
            return (await open_network.commands.give(TENANT, "CP-16", command, by="a test")).status

        assert await outcome(Reset()) is CommandStatus.ACCEPTED
        assert await outcome(Reset(kind=ResetKind.IMMEDIATE)) is CommandStatus.REFUSED
        assert await outcome(Reset(evse=1)) is CommandStatus.UNSUPPORTED
        assert await outcome(Trigger(message="heartbeat")) is CommandStatus.UNSUPPORTED
        read = await open_network.commands.give(
            TENANT, "CP-16", GetVariables(variables=(Variable(name="HeartbeatInterval"), Variable(name="Nonsense"))),
            by="a test",
        )  # fmt: skip
        assert [(value.value, value.status) for value in read.variables] == [
            ("300", "Accepted"),
            (None, "UnknownVariable"),
        ]
        listening.cancel()
    gone = await open_network.commands.give(TENANT, "CP-16", Reset(), by="a test")
    assert gone.status is CommandStatus.OFFLINE


def _station2(base: type, results: Any) -> type:
    class Station2(base):  # type: ignore[misc]
        @on("RequestStartTransaction")
        def on_start(self, remote_start_id: int, id_token: dict[str, Any], **_: Any) -> Any:
            self.wanted = (remote_start_id, id_token)
            return results.RequestStartTransaction(status="Accepted")

        @on("RequestStopTransaction")
        def on_stop(self, transaction_id: str) -> Any:
            return results.RequestStopTransaction(
                status="Rejected",
                status_info={"reason_code": "TxNotFound", "additional_info": "already over"},
            )

        @on("GetBaseReport")
        def on_base_report(self, request_id: int, **_: Any) -> Any:
            asyncio.get_running_loop().create_task(self.report(request_id))
            return results.GetBaseReport(status="Accepted")

        @on("GetVariables")
        def on_get_variables(self, get_variable_data: list[dict[str, Any]]) -> Any:
            self.asked = [*getattr(self, "asked", []), len(get_variable_data)]
            return results.GetVariables(
                get_variable_result=[
                    {**wanted, "attribute_status": "Accepted", "attribute_value": "42"}
                    for wanted in get_variable_data
                ]
            )

        async def report(self, request_id: int) -> None:
            for part in range(2):
                await self.call(
                    self.calls.NotifyReport(
                        request_id=request_id,
                        generated_at=now(),
                        seq_no=part,
                        tbc=part == 0,
                        report_data=[
                            {
                                "component": {"name": "OCPPCommCtrlr"},
                                "variable": {"name": f"Variable{part}"},
                                "variable_attribute": [{"value": str(part), "mutability": "ReadOnly"}],
                            }
                        ],
                    )
                )

    return Station2


VERSIONS_2 = [
    pytest.param("ocpp2.0.1", ChargePoint201, call201, result201, id="2.0.1"),
    pytest.param("ocpp2.1", ChargePoint21, call21, result21, id="2.1"),
]


@pytest.mark.parametrize(("subprotocol", "base", "calls", "results"), VERSIONS_2)
async def test_a_2_x_station_charges_and_is_steered(
    open_network: Network, subprotocol: str, base: type, calls: Any, results: Any
) -> None:
    await open_network.issue("04A1B2C3")
    token = {"id_token": "04A1B2C3", "type": "ISO14443"}
    async with websockets.connect(f"{open_network.url}/CS-2", subprotocols=[subprotocol]) as socket:
        station = _station2(base, results)("CS-2", socket)
        station.calls = calls
        listening = asyncio.create_task(station.start())
        boot = await station.call(
            calls.BootNotification(charging_station={"model": "M", "vendor_name": "V"}, reason="PowerUp")
        )
        assert boot.status == "Accepted"
        await station.call(
            calls.StatusNotification(timestamp=now(), connector_status="Occupied", evse_id=1, connector_id=1)
        )
        answer = await station.call(calls.Authorize(id_token=token))
        assert answer.id_token_info["status"] == "Accepted"

        async def event(event_type: str, seq_no: int, trigger: str, wh: float, **more: Any) -> Any:
            at = ago(47 - 23 * seq_no)
            info = {"transaction_id": "tx-1", "charging_state": "Charging"}
            if event_type == "Ended":
                info = {"transaction_id": "tx-1", "stopped_reason": "Local"}
            return await station.call(
                calls.TransactionEvent(
                    event_type=event_type,
                    timestamp=at,
                    trigger_reason=trigger,
                    seq_no=seq_no,
                    transaction_info=info,
                    meter_value=[{"timestamp": at, "sampled_value": [{"value": wh}]}],
                    **more,
                )
            )

        begun = await event(
            "Started", 0, "Authorized", 1000, evse={"id": 1, "connector_id": 1}, id_token=token
        )
        assert begun.id_token_info["status"] == "Accepted"
        await event("Updated", 1, "MeterValuePeriodic", 2500)
        [session] = await open_network.sessions()
        assert (session.transaction_id, session.phase) == ("tx-1", Phase.ACTIVE)
        stopped = await open_network.charging.stop_remotely(TENANT, session.id, by="a test")
        assert stopped.status is CommandStatus.REFUSED
        assert "already over" in stopped.reason
        await event("Ended", 2, "EVDeparted", 5000)
        [session] = await open_network.sessions()
        assert (session.phase, session.energy_wh) == (Phase.ENDED, 4000), str(session)

        wanted = tuple(Variable(name=f"V{n}", component="C") for n in range(45))
        read = await open_network.commands.give(TENANT, "CS-2", GetVariables(variables=wanted), by="a test")
        assert [value.value for value in read.variables] == ["42"] * 45
        assert station.asked == [20, 20, 5]
        everything = await open_network.commands.give(TENANT, "CS-2", GetVariables(), by="a test")
        assert [(value.variable.name, value.read_only) for value in everything.variables] == [
            ("Variable0", True),
            ("Variable1", True),
        ]
        # Its kind is that of the registered token, where nobody says which.
        remote = await open_network.charging.start_remotely(
            TENANT, session.station_id, Presented(uid="04A1B2C3"), by="a test", evse=1
        )
        assert remote.status is CommandStatus.ACCEPTED
        assert station.wanted[1] == {"id_token": "04A1B2C3", "type": "ISO14443"}
        listening.cancel()


async def test_what_was_queued_offline_is_replayed_and_counted_once(open_network: Network) -> None:
    await open_network.issue("04A1B2C3")
    start = call16.StartTransaction(connector_id=1, id_tag="04A1B2C3", meter_start=10, timestamp=ago(47))
    async with websockets.connect(f"{open_network.url}/CP-16", subprotocols=["ocpp1.6"]) as socket:
        station = Station16("CP-16", socket)
        listening = asyncio.create_task(station.start())
        await station.call(call16.BootNotification(charge_point_model="M", charge_point_vendor="V"))
        first = await station.call(start)
        listening.cancel()
    # The answer was lost with the connection: the station says it all again on the next one, and goes on.
    async with websockets.connect(f"{open_network.url}/CP-16", subprotocols=["ocpp1.6"]) as socket:
        station = Station16("CP-16", socket)
        listening = asyncio.create_task(station.start())
        again = await station.call(start)
        assert again.transaction_id == first.transaction_id
        stop = call16.StopTransaction(transaction_id=first.transaction_id, meter_stop=2010, timestamp=now())
        await station.call(stop)
        await station.call(stop)
        listening.cancel()
    [session] = await open_network.sessions()
    assert (session.phase, session.energy_wh) == (Phase.ENDED, 2000)


async def test_a_pending_station_may_only_boot_until_it_is_accepted(closed_network: Network) -> None:
    async with websockets.connect(f"{closed_network.url}/CP-NEW", subprotocols=["ocpp1.6"]) as socket:
        station = Station16("CP-NEW", socket)
        listening = asyncio.create_task(station.start())
        boot = await station.call(call16.BootNotification(charge_point_model="M", charge_point_vendor="V"))
        assert boot.status == "Pending"
        refused = await station.call(call16.Heartbeat(), suppress=True)
        assert refused is None
        listening.cancel()
    entry = closed_network.directory.find("CP-NEW")
    assert entry is not None
    assert entry.admission is Admission.PENDING
    outcomes = {message.action: message.outcome for message in await closed_network.log("CP-NEW")}
    assert outcomes == {"BootNotification": "answered", "Heartbeat": "error:SecurityError"}


@pytest.mark.parametrize(("subprotocol", "base", "calls", "results"), VERSIONS_2)
async def test_an_apps_token_comes_back_as_central_and_is_known(
    open_network: Network, subprotocol: str, base: type, calls: Any, results: Any
) -> None:
    issued = await open_network.issue("APP-4711", kind=TokenKind.APP)
    async with websockets.connect(f"{open_network.url}/CS-2", subprotocols=[subprotocol]) as socket:
        station = _station2(base, results)("CS-2", socket)
        listening = asyncio.create_task(station.start())
        await station.call(
            calls.BootNotification(charging_station={"model": "M", "vendor_name": "V"}, reason="PowerUp")
        )
        known = open_network.directory.find("CS-2")
        assert known is not None
        remote = await open_network.charging.start_remotely(
            TENANT, known.station_id, Presented(uid=issued.uid, kind=TokenKind.APP), by="a test", evse=1
        )
        assert remote.status is CommandStatus.ACCEPTED
        remote_start_id, id_token = station.wanted
        begun = await station.call(
            calls.TransactionEvent(
                event_type="Started",
                timestamp=ago(3),
                trigger_reason="RemoteStart",
                seq_no=0,
                transaction_info={"transaction_id": "tx-app", "remote_start_id": remote_start_id},
                evse={"id": 1, "connector_id": 1},
                id_token=id_token,
            )
        )
        listening.cancel()
    assert begun.id_token_info["status"] == "Accepted"
    [session] = await open_network.sessions()
    assert (session.token_id, session.authorised) == (issued.id, True)
    assert session.remote_start_id == remote_start_id


@pytest.mark.parametrize(("subprotocol", "base", "calls", "results"), VERSIONS_2)
async def test_a_session_that_was_asked_for_is_its_drivers_though_the_station_names_nobody(
    open_network: Network, subprotocol: str, base: type, calls: Any, results: Any
) -> None:
    issued = await open_network.issue("04A1B2C3")
    async with websockets.connect(f"{open_network.url}/CS-2", subprotocols=[subprotocol]) as socket:
        station = _station2(base, results)("CS-2", socket)
        listening = asyncio.create_task(station.start())
        await station.call(
            calls.BootNotification(charging_station={"model": "M", "vendor_name": "V"}, reason="PowerUp")
        )
        known = open_network.directory.find("CS-2")
        assert known is not None
        await open_network.charging.start_remotely(
            TENANT, known.station_id, Presented(uid=issued.uid), by="a test", evse=1
        )
        remote_start_id, _ = station.wanted

        async def begin(evse: int, number: int) -> Any:
            return await station.call(
                calls.TransactionEvent(
                    event_type="Started",
                    timestamp=ago(3),
                    trigger_reason="RemoteStart",
                    seq_no=0,
                    transaction_info={"transaction_id": f"tx-{evse}", "remote_start_id": number},
                    evse={"id": evse, "connector_id": 1},
                )
            )

        assert (await begin(1, remote_start_id)).id_token_info is None
        # A number that nobody gave away is nobody's.
        assert (await begin(2, remote_start_id + 1_000)).id_token_info is None
        listening.cancel()
    drivers = {
        session.evse: (session.token_id, session.authorised) for session in await open_network.sessions()
    }
    assert drivers == {1: (issued.id, True), 2: (None, False)}


async def test_a_station_is_told_of_which_group_its_driver_is(open_network: Network) -> None:
    group = await open_network.access.create_group(
        TENANT, GroupDraft(name="Fleet", parent_uid="FLEET"), by="a test"
    )
    await open_network.issue("04A1B2C3", group_id=group.id)
    await open_network.issue("04A1B2C4")
    async with websockets.connect(f"{open_network.url}/CP-16", subprotocols=["ocpp1.6"]) as socket:
        station = Station16("CP-16", socket)
        listening = asyncio.create_task(station.start())
        await station.call(call16.BootNotification(charge_point_model="M", charge_point_vendor="V"))
        known = open_network.directory.find("CP-16")
        assert known is not None
        told = []
        for uid in ("04A1B2C3", "04A1B2C4"):
            record = await open_network.charging.start_remotely(
                TENANT, known.station_id, Presented(uid=uid), by="a test", evse=1
            )
            assert isinstance(record.command, StartCharging)
            told.append(record.command.parent_uid)
        listening.cancel()
    assert told == ["FLEET", None]


async def test_a_token_that_may_not_charge_is_refused_before_the_station_is_troubled(
    open_network: Network,
) -> None:
    await open_network.issue("04A1B2C3")
    async with websockets.connect(f"{open_network.url}/CP-16", subprotocols=["ocpp1.6"]) as socket:
        station = Station16("CP-16", socket)
        listening = asyncio.create_task(station.start())
        await station.call(call16.BootNotification(charge_point_model="M", charge_point_vendor="V"))
        known = open_network.directory.find("CP-16")
        assert known is not None
        stranger = await open_network.charging.start_remotely(
            TENANT, known.station_id, Presented(uid="DEADBEEF", kind=TokenKind.RFID), by="a test", evse=1
        )
        listening.cancel()
    assert stranger.status is CommandStatus.REFUSED
    assert "DEADBEEF" in stranger.reason
    assert "RemoteStartTransaction" not in {message.action for message in await open_network.log("CP-16")}


@pytest.mark.parametrize(("subprotocol", "base", "calls", "results"), VERSIONS_2)
async def test_what_a_2_x_station_kept_while_offline_is_counted_once(
    open_network: Network, subprotocol: str, base: type, calls: Any, results: Any
) -> None:
    await open_network.issue("04A1B2C3")

    def event(event_type: str, seq_no: int, trigger: str, wh: float, **more: Any) -> Any:
        at = ago(190 - 60 * seq_no)
        info = {"transaction_id": "tx-offline", **more.pop("info", {})}
        return calls.TransactionEvent(
            event_type=event_type,
            timestamp=at,
            trigger_reason=trigger,
            seq_no=seq_no,
            offline=True,
            transaction_info=info,
            meter_value=[{"timestamp": at, "sampled_value": [{"value": wh}]}],
            **more,
        )

    kept = [
        event(
            "Started",
            0,
            "Authorized",
            1000,
            evse={"id": 1, "connector_id": 1},
            id_token={"id_token": "04A1B2C3", "type": "ISO14443"},
            info={"charging_state": "Charging"},
        ),
        event("Updated", 1, "MeterValuePeriodic", 1500),
        event("Updated", 2, "MeterValuePeriodic", 2000),
        event("Ended", 3, "EVDeparted", 2250, info={"stopped_reason": "EVDisconnected"}),
    ]
    # The line breaks after the second answer, which the station never hears: it sends that one again.
    for part in (kept[:2], kept[1:]):
        async with websockets.connect(f"{open_network.url}/CS-2", subprotocols=[subprotocol]) as socket:
            station = _station2(base, results)("CS-2", socket)
            listening = asyncio.create_task(station.start())
            await station.call(
                calls.BootNotification(charging_station={"model": "M", "vendor_name": "V"}, reason="PowerUp")
            )
            for report in part:
                await station.call(report)
            listening.cancel()
    [session] = await open_network.sessions()
    assert (session.phase, session.energy_wh, session.offline) == (Phase.ENDED, 1250, True), str(session)
    assert (session.authorised, session.certain) == (True, True), str(session.repairs)
    assert len(await open_network.charging.curve(TENANT, session.id)) == 4
