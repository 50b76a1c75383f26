"""Reservations over real sockets: simulated stations and independent charge points, in all three versions."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
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

from currant.access.model import GroupDraft, Presented
from currant.charging.reservations.model import Reservation, ReservationDraft, ReservationState
from currant.kit.clock import SystemClock, wire_time
from currant.kit.errors import Invalid
from currant.simulator.fleet import Fleet
from currant.simulator.specs import EvseSpec, StationSpec, VersionName
from currant.simulator.station import Station
from currant.stations.commanding.reservations import CancelReservation, Reserve
from currant.stations.model import CommandStatus, ConnectorStatus

VERSIONS: tuple[VersionName, ...] = ("1.6", "2.0.1", "2.1")
DRIVER, STRANGER = "CAFE0001", "CAFE0002"
S = ReservationState


@asynccontextmanager
async def simulated(network: Network, version: VersionName, **spec: Any) -> AsyncIterator[Station]:
    """One simulated station with two EVSEs, booted and free; its time runs twenty times as fast."""
    made = StationSpec(identity="CP-1", version=version, evses=(EvseSpec(), EvseSpec()), **spec)
    fleet = Fleet([made], f"{network.url}/{{identity}}", seed=5, tokens=(DRIVER,), speed=20)
    fleet.start()
    try:
        [station] = fleet.stations
        await until(lambda: station.accepted, within_s=30)
        await status_is(network, 1, ConnectorStatus.AVAILABLE)
        await status_is(network, 2, ConnectorStatus.AVAILABLE)
        yield station
    finally:
        await fleet.stop()


async def status_is(network: Network, evse: int, status: ConnectorStatus) -> None:
    async with asyncio.timeout(30):
        while True:
            entry = network.directory.find("CP-1")
            if entry is not None:
                overview = await network.inventory.get_station(TENANT, "CP-1")
                if status in {state.status for state in overview.states if state.evse == evse}:
                    return
            await asyncio.sleep(0.05)


async def reaches(network: Network, reservation: Reservation, state: ReservationState) -> Reservation:
    async with asyncio.timeout(30):
        while True:
            found = await network.reservations.get(TENANT, reservation.id)
            if found.state is state:
                return found
            await asyncio.sleep(0.05)


async def reserve(network: Network, *, minutes: float = 30, **draft: Any) -> Reservation:
    return await network.reservations.reserve(
        TENANT,
        ReservationDraft(
            token_uid=DRIVER,
            station="CP-1",
            ends_at=network.clock.now() + timedelta(minutes=minutes),
            **draft,
        ),
        by="test",
    )


async def remote_start(network: Network, uid: str, evse: int) -> Any:
    entry = network.directory.find("CP-1")
    assert entry is not None
    return await network.charging.start_remotely(
        TENANT, entry.station_id, Presented(uid=uid), by="test", evse=evse
    )


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_simulated_station_holds_the_evse_until_its_driver_charges(
    open_network: Network, version: VersionName
) -> None:
    for uid in (DRIVER, STRANGER):
        await open_network.issue(uid)
    async with simulated(open_network, version) as station:
        made = await reserve(open_network, evse=1)
        assert made.state is S.HELD
        assert station.outlets[0].reservation is not None
        await status_is(open_network, 1, ConnectorStatus.RESERVED)
        refused = await remote_start(open_network, STRANGER, 1)
        assert refused.status is CommandStatus.REFUSED
        assert "reserved for another driver" in refused.reason
        assert (await remote_start(open_network, DRIVER, 1)).status is CommandStatus.ACCEPTED
        used = await reaches(open_network, made, S.USED)
        [session] = await open_network.sessions()
        assert (session.id, session.reservation_id) == (used.session_id, made.number)
        assert station.outlets[0].reservation is None


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_simulated_station_frees_what_is_cancelled(
    open_network: Network, version: VersionName
) -> None:
    await open_network.issue(DRIVER)
    async with simulated(open_network, version) as station:
        made = await reserve(open_network, evse=2)
        await status_is(open_network, 2, ConnectorStatus.RESERVED)
        over = await open_network.reservations.cancel(TENANT, made.id, by="test")
        assert (over.state, over.station_knows) == (S.CANCELLED, False)
        await status_is(open_network, 2, ConnectorStatus.AVAILABLE)
        assert station.outlets[1].reservation is None


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
async def test_a_simulated_station_tells_that_the_time_of_a_reservation_is_over(
    open_network: Network, version: VersionName
) -> None:
    await open_network.issue(DRIVER)
    async with simulated(open_network, version):
        # Twenty times as fast, the station is through with two minutes in six seconds.
        made = await reserve(open_network, evse=1, minutes=2)
        over = await reaches(open_network, made, S.EXPIRED)
        assert over.ended_at is not None
        assert over.ended_at < made.ends_at


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
async def test_a_simulated_station_that_breaks_down_gives_the_reservation_up(
    open_network: Network, version: VersionName
) -> None:
    await open_network.issue(DRIVER)
    async with simulated(open_network, version) as station:
        made = await reserve(open_network, evse=1)
        station.break_down(station.outlets[0], "overcurrent", 600)
        await reaches(open_network, made, S.REMOVED)


async def test_a_simulated_station_that_takes_no_reservations_leaves_them_to_us(
    open_network: Network,
) -> None:
    for uid in (DRIVER, STRANGER):
        await open_network.issue(uid)
    async with simulated(open_network, "1.6", unsupported=frozenset({"ReserveNow"})):
        made = await reserve(open_network, evse=1)
        assert made.state is S.HELD_BY_US
        refused = await remote_start(open_network, STRANGER, 1)
        assert "reserved for another driver" in refused.reason


# Independent charge points


class Asked:
    """What a charge point was told, and what it answers."""

    asked: dict[str, Any]
    answer = "Accepted"


class Station16(ChargePoint16, Asked):
    @on("ReserveNow")
    def on_reserve(self, **asked: Any) -> result16.ReserveNow:
        self.asked = asked
        return result16.ReserveNow(status=self.answer)

    @on("CancelReservation")
    def on_cancel(self, **asked: Any) -> result16.CancelReservation:
        self.asked = asked
        return result16.CancelReservation(status="Accepted")


class Station201(ChargePoint201, Asked):
    @on("ReserveNow")
    def on_reserve(self, **asked: Any) -> result201.ReserveNow:
        self.asked = asked
        return result201.ReserveNow(status=self.answer)

    @on("CancelReservation")
    def on_cancel(self, **asked: Any) -> result201.CancelReservation:
        self.asked = asked
        return result201.CancelReservation(status="Rejected")


class Station21(ChargePoint21, Asked):
    @on("ReserveNow")
    def on_reserve(self, **asked: Any) -> result21.ReserveNow:
        self.asked = asked
        return result21.ReserveNow(status=self.answer)

    @on("CancelReservation")
    def on_cancel(self, **asked: Any) -> result21.CancelReservation:
        self.asked = asked
        return result21.CancelReservation(status="Accepted")


@asynccontextmanager
async def connected(network: Network, kind: Callable[..., Any], subprotocol: str) -> AsyncIterator[Any]:
    async with websockets.connect(f"{network.url}/CP-1", subprotocols=[subprotocol]) as socket:
        station = kind("CP-1", socket)
        listening = asyncio.create_task(station.start())
        if kind is Station16:
            await station.call(call16.BootNotification(charge_point_model="M", charge_point_vendor="V"))
            await station.call(
                call16.StatusNotification(connector_id=1, error_code="NoError", status="Available")
            )
        else:
            calls = call201 if kind is Station201 else call21
            await station.call(
                calls.BootNotification(charging_station={"model": "M", "vendor_name": "V"}, reason="PowerUp")
            )
            await station.call(
                calls.StatusNotification(
                    timestamp=now(), connector_status="Available", evse_id=1, connector_id=1
                )
            )
        yield station
        listening.cancel()


def now() -> str:
    return wire_time(SystemClock().now())


async def test_a_1_6_charge_point_is_told_in_its_words_and_uses_it_up(open_network: Network) -> None:
    group = await open_network.access.create_group(
        TENANT, GroupDraft(name="Fleet", parent_uid="FLEET"), by="test"
    )
    await open_network.issue(DRIVER, group_id=group.id)
    await open_network.issue(STRANGER)
    async with connected(open_network, Station16, "ocpp1.6") as station:
        made = await reserve(open_network, evse=1, for_group=True)
        assert station.asked == {
            "connector_id": 1,
            "expiry_date": wire_time(made.ends_at),
            "id_tag": DRIVER,
            "parent_id_tag": "FLEET",
            "reservation_id": made.number,
        }
        # The station keeps its only EVSE itself, and asks about the token alone: that one is in order.
        answer = await station.call(call16.Authorize(id_tag=STRANGER))
        assert answer.id_tag_info["status"] == "Accepted"
        # What begins there all the same is not allowed to go on.
        soon = wire_time(made.created_at + timedelta(seconds=2))
        answer = await station.call(
            call16.StartTransaction(connector_id=1, id_tag=STRANGER, meter_start=0, timestamp=soon)
        )
        assert answer.id_tag_info["status"] == "Blocked"
        await station.call(
            call16.StopTransaction(transaction_id=answer.transaction_id, meter_stop=0, timestamp=soon)
        )
        answer = await station.call(call16.Authorize(id_tag=DRIVER))
        assert answer.id_tag_info == {"status": "Accepted", "parent_id_tag": "FLEET"}
        started = await station.call(
            call16.StartTransaction(
                connector_id=1, id_tag=DRIVER, meter_start=0, timestamp=now(), reservation_id=made.number
            )
        )
        assert started.id_tag_info["status"] == "Accepted"
        await reaches(open_network, made, S.USED)


@pytest.mark.parametrize(
    ("kind", "calls", "subprotocol"),
    [(Station201, call201, "ocpp2.0.1"), (Station21, call21, "ocpp2.1")],
)
async def test_a_2_x_charge_point_is_told_in_its_words_and_uses_it_up(
    open_network: Network, kind: Any, calls: Any, subprotocol: str
) -> None:
    group = await open_network.access.create_group(
        TENANT, GroupDraft(name="Fleet", parent_uid="FLEET"), by="test"
    )
    await open_network.issue(DRIVER, group_id=group.id)
    await open_network.issue(STRANGER)
    async with connected(open_network, kind, subprotocol) as station:
        made = await reserve(open_network, evse=1, for_group=True)
        assert station.asked == {
            "id": made.number,
            "expiry_date_time": wire_time(made.ends_at),
            "id_token": {"id_token": DRIVER, "type": "ISO14443"},
            "evse_id": 1,
            "group_id_token": {"id_token": "FLEET", "type": "Central"},
        }

        async def begins(transaction: str, uid: str, **more: Any) -> Any:
            return await station.call(
                calls.TransactionEvent(
                    event_type="Started",
                    timestamp=now(),
                    trigger_reason="Authorized",
                    seq_no=0,
                    transaction_info={"transaction_id": transaction},
                    evse={"id": 1, "connector_id": 1},
                    id_token={"id_token": uid, "type": "ISO14443"},
                    **more,
                )
            )

        stranger = await begins("tx-1", STRANGER)
        assert stranger.id_token_info["status"] == "NotAtThisTime"
        driver = await begins("tx-2", DRIVER, reservation_id=made.number)
        assert driver.id_token_info["status"] == "Accepted"
        await reaches(open_network, made, S.USED)


@pytest.mark.parametrize(
    ("kind", "calls", "subprotocol", "word", "state"),
    [
        (Station201, call201, "ocpp2.0.1", "Removed", S.REMOVED),
        (Station21, call21, "ocpp2.1", "Removed", S.REMOVED),
        (Station21, call21, "ocpp2.1", "NoTransaction", S.NO_SHOW),
        (Station201, call201, "ocpp2.0.1", "Expired", S.REMOVED),
    ],
)
async def test_what_a_2_x_charge_point_says_of_a_reservation_is_taken_as_it_is_meant(
    open_network: Network, kind: Any, calls: Any, subprotocol: str, word: str, state: ReservationState
) -> None:
    await open_network.issue(DRIVER)
    async with connected(open_network, kind, subprotocol) as station:
        made = await reserve(open_network, evse=1)
        update = calls.ReservationStatusUpdate(reservation_id=made.number, reservation_update_status=word)
        await station.call(update)
        await reaches(open_network, made, state)
        # Once more, and about one that nobody made: acknowledged, and of no effect.
        await station.call(update)
        await station.call(
            calls.ReservationStatusUpdate(reservation_id=99_999, reservation_update_status=word)
        )
        assert (await open_network.reservations.get(TENANT, made.id)).state is state


@pytest.mark.parametrize(
    ("kind", "subprotocol", "standard", "form", "word"),
    [
        (Station201, "ocpp2.0.1", "IEC_62196_T2_COMBO", None, "cCCS2"),
        (Station201, "ocpp2.0.1", "IEC_62196_T2", "cable", "cType2"),
        (Station21, "ocpp2.1", "IEC_62196_T2", None, "sType2"),
        (Station21, "ocpp2.1", "MCS", None, "cMCS"),
    ],
)
async def test_a_kind_of_connector_is_asked_for_in_the_words_of_the_version(
    open_network: Network, kind: Any, subprotocol: str, standard: str, form: str | None, word: str
) -> None:
    async with connected(open_network, kind, subprotocol) as station:
        record = await open_network.commands.give(
            TENANT,
            "CP-1",
            Reserve(
                reservation_id=5,
                expires_at=open_network.clock.now() + timedelta(minutes=5),
                token_uid=DRIVER,
                connector_standard=standard,
                connector_format=form,
            ),
            by="test",
        )
        assert record.status is CommandStatus.ACCEPTED
        assert station.asked["connector_type"] == word
        assert "evse_id" not in station.asked


async def test_a_reservation_that_is_over_already_is_not_sent(open_network: Network) -> None:
    async with connected(open_network, Station201, "ocpp2.0.1"):
        over = Reserve(reservation_id=5, expires_at=open_network.clock.now(), token_uid=DRIVER)
        with pytest.raises(Invalid, match="over already"):
            await open_network.commands.give(TENANT, "CP-1", over, by="test")
    assert (await open_network.commands.list(TENANT)).items == ()


async def test_what_a_version_cannot_say_is_told_and_not_sent(open_network: Network) -> None:
    async def outcome(**more: Any) -> tuple[CommandStatus, str]:
        expires_at = open_network.clock.now() + timedelta(minutes=5)
        command = Reserve(**({"reservation_id": 5, "expires_at": expires_at, "token_uid": DRIVER} | more))
        record = await open_network.commands.give(TENANT, "CP-1", command, by="test")
        return record.status, record.reason

    async with connected(open_network, Station201, "ocpp2.0.1"):
        assert (await outcome(connector_standard="MCS"))[0] is CommandStatus.UNSUPPORTED
        assert (await outcome(token_uid="A" * 37))[0] is CommandStatus.REFUSED
        unknown = await open_network.commands.give(
            TENANT, "CP-1", CancelReservation(reservation_id=77), by="test"
        )
        assert unknown.status is CommandStatus.REFUSED
    async with connected(open_network, Station16, "ocpp1.6") as station:
        assert (await outcome(connector_standard="IEC_62196_T2"))[0] is CommandStatus.UNSUPPORTED
        status, reason = await outcome(evse=1, token_uid="A" * 21)
        assert status is CommandStatus.REFUSED
        assert "20 characters" in reason
        assert (await outcome())[0] is CommandStatus.ACCEPTED
        assert station.asked["connector_id"] == 0
