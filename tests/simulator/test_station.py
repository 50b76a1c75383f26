"""A simulated station in all three versions; every frame it sends is judged by the official schemas."""

import json
from typing import Any

import pytest
from bench_top import BEGIN, TOKEN, Bench

from currant.simulator.specs import EvseSpec, Faults
from currant.simulator.vehicle import PowerType

VERSIONS = ("1.6", "2.0.1", "2.1")
DC = (EvseSpec(power_type=PowerType.DC, max_power_w=180_000, connectors=("IEC_62196_T2_COMBO", "CHADEMO")),)


@pytest.fixture(params=VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def busy(version: str, **fields: Any) -> Bench:
    return Bench(version, sessions_per_day=80.0, demand="constant", **fields).connect()


def start(bench: Bench, *, seconds: float = 60) -> None:
    """Somebody with an app starts a session at outlet 1."""
    assert remote_start(bench)["status"] == "Accepted"
    bench.run(seconds)
    assert bench.station.outlets[0].transaction is not None


def remote_start(bench: Bench, token: str = TOKEN) -> Any:
    if bench.judge.version == "1.6":
        return bench.ask("RemoteStartTransaction", {"idTag": token, "connectorId": 1})
    return bench.ask(
        "RequestStartTransaction",
        {"idToken": {"idToken": token, "type": "ISO14443"}, "remoteStartId": 42, "evseId": 1},
    )


def begun(bench: Bench) -> list[dict[str, Any]]:
    if bench.judge.version == "1.6":
        return bench.judge.said("StartTransaction")
    return [said for said in bench.judge.said("TransactionEvent") if said["eventType"] == "Started"]


def ended(bench: Bench) -> list[dict[str, Any]]:
    if bench.judge.version == "1.6":
        return bench.judge.said("StopTransaction")
    return [said for said in bench.judge.said("TransactionEvent") if said["eventType"] == "Ended"]


def reason(stop: dict[str, Any]) -> str:
    return str(stop.get("reason") or stop["transactionInfo"]["stoppedReason"])


def test_it_boots_first_then_tells_every_connector_and_keeps_beating(version: str) -> None:
    bench = Bench(version).connect()
    bench.run(1000)
    assert bench.judge.actions[0] == "BootNotification"
    connectors = 3 if version == "1.6" else 2
    assert bench.judge.actions[1 : 1 + connectors] == ["StatusNotification"] * connectors
    assert 3 <= len(bench.judge.said("Heartbeat")) <= 4


def test_until_it_is_accepted_it_says_nothing_else(version: str) -> None:
    bench = Bench(version, sessions_per_day=80.0, demand="constant")
    bench.judge.boot_status = "Pending"
    bench.connect().run(3000)
    assert set(bench.judge.actions) == {"BootNotification"}
    assert len(bench.judge.actions) >= 10
    bench.judge.boot_status = "Accepted"
    bench.run(400)
    assert "StatusNotification" in bench.judge.actions


@pytest.mark.parametrize("evses", [(EvseSpec(), EvseSpec()), DC], ids=["ac", "dc"])
@pytest.mark.parametrize("starts_on", ["authorized", "connected"])
def test_a_day_of_sessions_keeps_every_schema(version: str, evses: Any, starts_on: str) -> None:
    bench = busy(version, evses=evses, starts_on=starts_on)
    bench.run(86_400)
    assert len(begun(bench)) >= 10
    assert abs(len(begun(bench)) - len(ended(bench))) <= len(evses)
    assert {"started", "reading", "stopped"} == {fact.kind for fact in bench.facts}


def test_energy_told_is_monotonic_and_the_session_is_its_difference(version: str) -> None:
    bench = busy(version)
    bench.run(86_400)
    by_session: dict[tuple[str, int], list[int]] = {}
    for fact in bench.facts:
        by_session.setdefault((fact.transaction, fact.evse), []).append(fact.energy_wh)
    assert all(readings == sorted(readings) for readings in by_session.values())
    assert max(readings[-1] - readings[0] for readings in by_session.values()) > 5_000


def test_sequence_numbers_of_a_session_have_no_gap(version: str) -> None:
    bench = busy(version)
    bench.run(40_000)
    bench.run(40_000, until=lambda: not bench.station.outbox)
    numbers: dict[str, list[int]] = {}
    for fact in bench.facts:
        numbers.setdefault(fact.transaction, []).append(fact.sequence)
    assert all(each == list(range(len(each))) for each in numbers.values())


def test_the_same_seed_is_the_same_day_and_another_seed_another(version: str) -> None:
    days = []
    for seed in (1, 1, 2):
        bench = busy(
            version, seed=seed, faults=Faults(errors_per_day=4, reboots_per_day=2, offline_per_day=3)
        )
        bench.run(50_000)
        days.append(bench.sent)
    assert days[0] == days[1]
    assert days[0] != days[2]


def test_two_runs_of_one_seed_never_share_an_id(version: str) -> None:
    ids: list[set[str]] = []
    for begins in (0.0, 1.0):
        bench = busy(version, begins=begins)
        bench.run(20_000)
        ids.append({message_id for message_id, _, _ in bench.judge.calls})
        if version != "1.6":
            ids[-1] |= {fact.transaction for fact in bench.facts}
    assert not ids[0] & ids[1]


def test_a_refused_token_charges_nothing(version: str) -> None:
    bench = Bench(version, sessions_per_day=80.0, demand="constant")
    bench.judge.token_status = "Blocked"
    bench.connect().run(40_000)
    assert bench.judge.said("Authorize")
    assert begun(bench) == []


def test_a_start_that_the_server_refuses_is_stopped_at_once(version: str) -> None:
    bench = Bench(version).connect()
    bench.judge.token_status = "Invalid"
    remote_start(bench)
    bench.run(60)
    assert [reason(stop) for stop in ended(bench)] == ["DeAuthorized"]


def test_remote_start_and_stop(version: str) -> None:
    bench = Bench(version).connect()
    start(bench)
    [first] = begun(bench)
    if version == "1.6":
        assert first["idTag"] == TOKEN
        answer = bench.ask("RemoteStopTransaction", {"transactionId": 101})
    else:
        assert first["transactionInfo"]["remoteStartId"] == 42
        assert first["triggerReason"] == "RemoteStart"
        transaction = first["transactionInfo"]["transactionId"]
        answer = bench.ask("RequestStopTransaction", {"transactionId": transaction})
    assert answer["status"] == "Accepted"
    bench.run(300)
    assert [reason(stop) for stop in ended(bench)] == ["Remote"]
    assert bench.station.outlets[0].status == "Available"


def test_a_second_remote_start_on_a_busy_outlet_is_rejected(version: str) -> None:
    bench = Bench(version).connect()
    start(bench)
    assert remote_start(bench)["status"] == "Rejected"


def test_what_happens_offline_is_told_later_in_order(version: str) -> None:
    bench = busy(version)
    bench.run(20_000, until=lambda: bench.station.outlets[0].transaction is not None)
    bench.station.faults = Faults(offline_s=20_000)
    bench.station.lose_network()
    bench.run(2)
    told, at = len(bench.judge.calls), bench.now
    bench.run(5_000)
    assert len(bench.judge.calls) == told
    assert len(bench.station.outbox.transactional) > 20
    bench.run(100_000, until=lambda: bench.station.has_network)
    bench.run(120)
    assert not bench.station.outbox.transactional
    replayed = [fact for fact in bench.facts if fact.acknowledged_at > at * 1_000_000]
    assert [fact.at for fact in replayed] == sorted(fact.at for fact in replayed)
    assert all(fact.offline for fact in replayed[:10])
    if version != "1.6":
        flags = [said.get("offline") for said in bench.judge.said("TransactionEvent")]
        assert flags.count(True) == sum(fact.offline for fact in bench.facts)


def test_a_reconnect_is_no_boot(version: str) -> None:
    bench = Bench(version).connect()
    bench.run(30)
    bench.drop()
    bench.connect().run(30)
    assert len(bench.judge.said("BootNotification")) == 1


def test_a_lost_answer_is_asked_for_again_with_the_same_content(version: str) -> None:
    bench = Bench(version).connect()
    bench.run(10)
    remote_start(bench)
    bench.hears = False
    bench.run(60, until=lambda: any(b'"Start' in frame for frame in bench.sent))
    bench.run(20)
    bench.hears = True
    bench.run(400)
    wanted = "StartTransaction" if version == "1.6" else "TransactionEvent"
    sent = [frame for frame in map(json.loads, bench.sent) if frame[2] == wanted]
    contents = [frame[3] for frame in sent if frame[3] == sent[0][3]]
    ids = {frame[1] for frame in sent if frame[3] == sent[0][3]}
    assert len(contents) >= 2
    # 2.1 may repeat the id, the others must not.
    assert (len(ids) == 1) == (version == "2.1")
    assert sum(fact.kind == "started" for fact in bench.facts) == 1


def test_power_loss_ends_the_session_after_power_is_back(version: str) -> None:
    bench = Bench(version).connect()
    start(bench, seconds=1200)
    bench.station.lose_power()
    meter = bench.station.outlets[0].meter_wh
    bench.run(3_000)
    assert [reason(stop) for stop in ended(bench)] == ["PowerLoss"]
    assert len(bench.judge.said("BootNotification")) == 2
    assert bench.station.outlets[0].meter_wh == meter


def test_a_fault_ends_the_session_and_is_told_with_its_code(version: str) -> None:
    bench = Bench(version).connect()
    start(bench)
    bench.station.break_down(bench.station.outlets[0], "ground", 300)
    bench.run(2)
    assert [reason(stop) for stop in ended(bench)] == ["EmergencyStop"]
    statuses = bench.judge.said("StatusNotification")
    if version == "1.6":
        assert ("GroundFailure", "Faulted") in [(said["errorCode"], said["status"]) for said in statuses]
    else:
        assert "Faulted" in [said["connectorStatus"] for said in statuses]
        [event] = bench.judge.said("NotifyEvent")
        assert event["eventData"][0]["component"]["name"] == "GroundFaultProtection"
    bench.run(1000)
    assert bench.station.outlets[0].status == "Available"


def test_a_security_error_makes_it_introduce_itself_again(version: str) -> None:
    bench = Bench(version).connect()
    bench.run(10)
    bench.hears = False
    bench.run(400, until=lambda: bench.station.line.awaited is not None)
    message_id = json.loads(bench.sent[-1])[1]
    bench.hears = True
    frame = json.dumps([4, message_id, "SecurityError", "Who are you?", {}]).encode()
    bench.station.receive(bench.now, frame)
    bench.run(10)
    assert len(bench.judge.said("BootNotification")) == 2
    assert bench.station.online


def test_a_hard_reset_reboots_and_says_why(version: str) -> None:
    bench = Bench(version).connect()
    start(bench)
    request = {"type": "Hard"} if version == "1.6" else {"type": "Immediate"}
    assert bench.ask("Reset", request)["status"] == "Accepted"
    bench.run(60)
    assert [reason(stop) for stop in ended(bench)] == ["HardReset" if version == "1.6" else "ImmediateReset"]
    boots = bench.judge.said("BootNotification")
    assert len(boots) == 2
    if version != "1.6":
        assert [boot["reason"] for boot in boots] == ["PowerUp", "RemoteReset"]


def test_a_charging_profile_holds_the_car_back(version: str) -> None:
    bench = Bench(version).connect()
    start(bench, seconds=120)
    period = {"startPeriod": 0, "limit": 6.0, "numberPhases": 3}
    if version == "1.6":
        schedule: dict[str, Any] = {"chargingRateUnit": "A", "chargingSchedulePeriod": [period]}
        profile = {
            "chargingProfileId": 5,
            "stackLevel": 0,
            "chargingProfilePurpose": "TxProfile",
            "chargingProfileKind": "Relative",
            "transactionId": 101,
            "chargingSchedule": schedule,
        }
        answer = bench.ask("SetChargingProfile", {"connectorId": 1, "csChargingProfiles": profile})
    else:
        outlet = bench.station.outlets[0]
        assert outlet.transaction is not None
        profile = {
            "id": 5,
            "stackLevel": 0,
            "chargingProfilePurpose": "TxProfile",
            "chargingProfileKind": "Relative",
            "transactionId": outlet.transaction.id,
            "chargingSchedule": [{"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": [period]}],
        }
        answer = bench.ask("SetChargingProfile", {"evseId": 1, "chargingProfile": profile})
    assert answer["status"] == "Accepted"
    bench.run(5)
    assert 0 < max(bench.station.outlets[0].draw.currents_a) <= 6
    bench.ask("ClearChargingProfile", {"id": 5} if version == "1.6" else {"chargingProfileId": 5})
    bench.run(5)
    assert max(bench.station.outlets[0].draw.currents_a) > 10


def test_samples_give_way_when_its_memory_is_full_but_never_starts_and_stops(version: str) -> None:
    bench = busy(version, meter_interval_s=1)
    bench.run(20_000, until=lambda: bench.station.outlets[0].transaction is not None)
    bench.station.faults = Faults(offline_s=60_000)
    bench.station.lose_network()
    bench.run(200_000, until=lambda: bench.station.has_network)
    assert bench.station.outbox.samples_dropped > 0
    started, stopped = bench.station.transactions_started, bench.station.transactions_ended
    bench.run(2_000, until=lambda: not bench.station.outbox.transactional)
    kinds = [fact.kind for fact in bench.facts]
    assert kinds.count("started") >= started
    assert kinds.count("stopped") >= stopped


def test_times_on_the_wire_are_the_stations_own() -> None:
    bench = Bench("1.6").connect()
    bench.run(10)
    assert bench.judge.said("StatusNotification")[0]["timestamp"] == "2026-01-31T12:00:00Z"
    assert bench.now == BEGIN + 10
