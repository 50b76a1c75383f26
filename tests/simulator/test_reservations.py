"""Reservations: of an EVSE, of a type of connector, of anything; used, run out and given up."""

from typing import Any

import pytest
from bench_top import TOKEN, Bench
from driving import VERSIONS, remote_start, start, statuses

from currant.simulator import drivers
from currant.simulator.specs import EvseSpec
from currant.simulator.vehicle import PowerType

UNTIL = "2026-01-31T12:30:00Z"
V2 = pytest.mark.parametrize("version", ["2.0.1", "2.1"])


@pytest.fixture(params=VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def reserve(
    bench: Bench,
    token: str = TOKEN,
    *,
    id: int = 8,
    evse: int | None = 1,
    group: str | None = None,
    until: str = UNTIL,
    kind: str | None = None,
) -> str:
    if bench.judge.version == "1.6":
        request: dict[str, Any] = {
            "connectorId": evse or 0,
            "expiryDate": until,
            "idTag": token,
            "reservationId": id,
        }
        request |= {"parentIdTag": group} if group else {}
    else:
        request = {"id": id, "expiryDateTime": until, "idToken": {"idToken": token, "type": "ISO14443"}}
        request |= {"evseId": evse} if evse else {}
        request |= {"groupIdToken": {"idToken": group, "type": "Central"}} if group else {}
        request |= {"connectorType": kind} if kind else {}
    return str(bench.ask("ReserveNow", request)["status"])


def ended(bench: Bench) -> list[tuple[int, str]]:
    said = bench.judge.said("ReservationStatusUpdate")
    return [(each["reservationId"], each["reservationUpdateStatus"]) for each in said]


def visit(bench: Bench, token: str, evse: int = 1) -> None:
    outlet = bench.station.outlets[evse - 1]
    outlet.receive_visit(drivers.visit(bench.station.spec, evse, token, bench.station.drivers_dice))
    bench.run(90)


def test_a_reservation_is_refused_with_the_reason(version: str) -> None:
    bench = Bench(version, remote_start_brings_car=True).connect()
    assert reserve(bench, until="2026-01-31T11:00:00Z") == "Rejected"
    assert reserve(bench, evse=7) == "Rejected"
    assert reserve(bench) == "Accepted"
    assert reserve(bench, "OTHER", id=9) == "Occupied"
    assert reserve(bench, "OTHER", id=8) == "Accepted"
    bench.station.break_down(bench.station.outlets[1], "ground", 500)
    assert reserve(bench, id=10, evse=2) == "Faulted"
    bench.station.outlets[0].reservation = None
    start(bench)
    assert reserve(bench, id=11) == "Occupied"


def test_a_reserved_outlet_shows_it_and_is_free_after_its_cancellation(version: str) -> None:
    bench = Bench(version).connect()
    reserve(bench)
    bench.run(5)
    assert bench.ask("CancelReservation", {"reservationId": 77})["status"] == "Rejected"
    assert bench.ask("CancelReservation", {"reservationId": 8})["status"] == "Accepted"
    bench.run(5)
    assert statuses(bench)[-2:] == ["Reserved", "Available"]
    assert ended(bench) == []


def test_its_holder_uses_it_and_the_session_names_it(version: str) -> None:
    bench = Bench(version).connect()
    reserve(bench)
    visit(bench, TOKEN)
    if version == "1.6":
        [begun] = bench.judge.said("StartTransaction")
    else:
        [begun] = [each for each in bench.judge.said("TransactionEvent") if each["eventType"] == "Started"]
    assert begun["reservationId"] == 8
    assert bench.station.outlets[0].reservation is None


@pytest.mark.parametrize(("group", "welcome"), [("FLEET", True), ("OTHERS", False)])
def test_a_member_of_its_group_may_charge_and_nobody_else(version: str, group: str, *, welcome: bool) -> None:
    bench = Bench(version).connect()
    reserve(bench, "HOLDER", group="FLEET")
    if version == "1.6":
        info: dict[str, Any] = {"idTagInfo": {"status": "Accepted", "parentIdTag": group}}
        bench.judge.prepared["Authorize"] = info
    else:
        belongs = {"status": "Accepted", "groupIdToken": {"idToken": group, "type": "Central"}}
        bench.judge.prepared["Authorize"] = {"idTokenInfo": belongs}
    visit(bench, "MEMBER")
    assert (bench.station.outlets[0].transaction is not None) is welcome


def test_one_for_anywhere_is_used_at_whichever_outlet_its_holder_comes_to(version: str) -> None:
    bench = Bench(version).connect()
    assert reserve(bench, evse=None) == "Accepted"
    visit(bench, TOKEN, evse=2)
    assert bench.station.outlets[1].transaction is not None
    assert bench.station.outlets[0].reservation is None
    assert statuses(bench)[-1] == "Available"


def test_one_for_anywhere_moves_on_when_its_outlet_fails(version: str) -> None:
    bench = Bench(version).connect()
    reserve(bench, evse=None)
    bench.station.break_down(bench.station.outlets[0], "ground", 500)
    bench.run(5)
    assert statuses(bench, 2)[-1] == "Reserved"
    bench.station.break_down(bench.station.outlets[1], "ground", 500)
    bench.run(5)
    assert ended(bench) == ([] if version == "1.6" else [(8, "Removed")])


@V2
def test_one_is_removed_when_its_outlet_goes_out_of_service(version: str) -> None:
    bench = Bench(version).connect()
    reserve(bench)
    bench.ask("ChangeAvailability", {"operationalStatus": "Inoperative", "evse": {"id": 1}})
    bench.run(5)
    assert ended(bench) == [(8, "Removed")]
    assert reserve(bench, id=9) == "Unavailable"


@V2
def test_a_type_of_connector_is_reserved_where_there_is_one(version: str) -> None:
    dc = EvseSpec(power_type=PowerType.DC, max_power_w=50_000, connectors=("IEC_62196_T2_COMBO",))
    bench = Bench(version, evses=(EvseSpec(), dc)).connect()
    assert reserve(bench, evse=None, kind="cG105") == "Rejected"
    assert reserve(bench, evse=None, kind="cCCS2") == "Accepted"
    bench.run(5)
    assert statuses(bench, 2)[-1] == "Reserved"


@V2
def test_reservations_that_are_switched_off_are_refused(version: str) -> None:
    bench = Bench(version).connect()
    bench.station.settings["reservationctrlr///enabled/"] = "false"
    assert reserve(bench) == "Rejected"


@V2
def test_one_that_was_used_and_led_to_nothing_is_told(version: str) -> None:
    bench = Bench(version, remote_start_brings_car=False).connect()
    reserve(bench)
    assert remote_start(bench) == "Accepted"
    bench.run(120)
    assert ended(bench) == [(8, "NoTransaction" if version == "2.1" else "Removed")]


@V2
def test_a_reservation_outlives_a_restart_and_runs_out_after_it(version: str) -> None:
    bench = Bench(version).connect()
    reserve(bench)
    bench.ask("Reset", {"type": "Immediate"})
    bench.run(60)
    assert statuses(bench)[-1] == "Reserved"
    bench.run(1_800)
    assert ended(bench) == [(8, "Expired")]
