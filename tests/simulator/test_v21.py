"""What only 2.1 has: tariffs, DER controls, battery swap and payments at the screen."""

from typing import Any

import pytest
from bench_top import TOKEN, Bench
from driving import start, updates

from currant.simulator import drivers
from currant.simulator.v21_swap import Swaps


def tariff(id: str, *, currency: str = "EUR", prices: int = 1, **fields: Any) -> dict[str, Any]:
    energy = {"prices": [{"priceKwh": 0.5}] * prices}
    return {"tariffId": id, "currency": currency, "energy": energy} | fields


def set_tariff(bench: Bench, wire: dict[str, Any], evse: int = 0) -> str:
    return str(bench.ask("SetDefaultTariff", {"evseId": evse, "tariff": wire})["status"])


def tariffs(bench: Bench, evse: int = 0) -> dict[str, tuple[str, tuple[int, ...]]]:
    answer = bench.ask("GetTariffs", {"evseId": evse})
    assert answer["status"] == ("Accepted" if "tariffAssignments" in answer else "NoTariff")
    return {
        each["tariffId"]: (each["tariffKind"], tuple(each["evseIds"]))
        for each in answer.get("tariffAssignments", [])
    }


def test_default_tariffs_are_set_listed_replaced_and_cleared() -> None:
    bench = Bench("2.1").connect()
    assert tariffs(bench) == {}
    assert set_tariff(bench, tariff("all")) == "Accepted"
    assert set_tariff(bench, tariff("all")) == "DuplicateTariffId"
    assert set_tariff(bench, tariff("one"), 1) == "Accepted"
    assert tariffs(bench) == {"one": ("DefaultTariff", (1,)), "all": ("DefaultTariff", (2,))}
    assert list(tariffs(bench, 1)) == ["one"]
    later = tariff("later", validFrom="2026-02-01T00:00:00Z")
    assert set_tariff(bench, later, 1) == "Accepted"
    assert set(tariffs(bench, 1)) == {"one", "later"}
    cleared = bench.ask("ClearTariffs", {"tariffIds": ["one", "nothing"]})["clearTariffsResult"]
    assert [(each["tariffId"], each["status"]) for each in cleared] == [
        ("one", "Accepted"),
        ("nothing", "NoTariff"),
    ]
    bench.ask("ClearTariffs", {})
    assert tariffs(bench) == {}
    assert bench.ask("ClearTariffs", {})["clearTariffsResult"] == [{"status": "NoTariff"}]


def test_a_tariff_that_cannot_be_is_refused_with_the_reason() -> None:
    bench = Bench("2.1").connect()
    assert set_tariff(bench, tariff("long", prices=11)) == "TooManyElements"
    assert set_tariff(bench, tariff("x"), 9) == "Rejected"
    data = {
        "component": {"name": "TariffCostCtrlr"},
        "variable": {"name": "Enabled", "instance": "Tariff"},
        "attributeValue": "false",
    }
    bench.ask("SetVariables", {"setVariableData": [data]})
    assert bench.ask("SetDefaultTariff", {"evseId": 0, "tariff": tariff("x")}) == "NotSupported"


def test_a_session_changes_its_tariff_and_says_so() -> None:
    bench = Bench("2.1").connect()
    set_tariff(bench, tariff("usual"))
    transaction = start(bench)

    def change(wire: dict[str, Any], id: str = transaction) -> str:
        request = {"transactionId": id, "tariff": wire}
        return str(bench.ask("ChangeTransactionTariff", request)["status"])

    assert change(tariff("new"), "unknown") == "TxNotFound"
    assert change(tariff("new", currency="CHF")) == "NoCurrencyChange"
    assert change(tariff("new", prices=11)) == "TooManyElements"
    assert change(tariff("new")) == "Accepted"
    bench.run(5)
    [told] = updates(bench, "TariffChanged")
    assert told["transactionInfo"]["tariffId"] == "new"
    assert tariffs(bench)["new"] == ("DriverTariff", (1,))
    bench.station.outlets[0].unplug()
    bench.run(5)
    assert "new" not in tariffs(bench)


def test_a_drivers_own_tariff_comes_with_his_authorization_and_is_named_at_the_start() -> None:
    bench = Bench("2.1").connect()
    set_tariff(bench, tariff("usual"))
    info = {"idTokenInfo": {"status": "Accepted"}, "tariff": tariff("his own")}
    bench.judge.prepared["Authorize"] = info
    for evse, token in ((1, TOKEN), (2, "OTHER")):
        if token == "OTHER":
            bench.judge.prepared["Authorize"] = {"idTokenInfo": {"status": "Accepted"}}
        visit = drivers.visit(bench.station.spec, evse, token, bench.station.drivers_dice)
        bench.station.outlets[evse - 1].receive_visit(visit)
        bench.run(120)
    begun = [each for each in bench.judge.said("TransactionEvent") if each["eventType"] == "Started"]
    assert [each["transactionInfo"]["tariffId"] for each in begun] == ["his own", "usual"]
    assert tariffs(bench)["his own"] == ("DriverTariff", (1,))


def droop(id: str, priority: int, *, default: bool = True, **times: Any) -> dict[str, Any]:
    content = {
        "priority": priority,
        "overFreq": 50.2,
        "underFreq": 49.8,
        "overDroop": 5.0,
        "underDroop": 5.0,
        "responseTime": 1.0,
    }
    return {
        "isDefault": default,
        "controlId": id,
        "controlType": "FreqDroop",
        "freqDroop": content | times,
    }


def controls(bench: Bench, request_id: int, **criteria: Any) -> dict[str, bool]:
    """Whether each control reported is superseded."""
    assert bench.ask("GetDERControl", {"requestId": request_id} | criteria)["status"] == "Accepted"
    bench.run(5)
    parts = [each for each in bench.judge.said("ReportDERControl") if each["requestId"] == request_id]
    return {
        each["id"]: each.get("isSuperseded", False)
        for part in parts
        for kind in part.values()
        if isinstance(kind, list)
        for each in kind
    }


def test_a_stronger_control_sets_a_weaker_one_aside() -> None:
    bench = Bench("2.1").connect()
    assert bench.ask("SetDERControl", droop("weak", 5)) == {"status": "Accepted"}
    assert bench.ask("SetDERControl", droop("strong", 1)) == {
        "status": "Accepted",
        "supersededIds": ["weak"],
    }
    assert bench.ask("SetDERControl", droop("weaker", 7)) == {
        "status": "Accepted",
        "supersededIds": ["weaker"],
    }
    assert controls(bench, 1) == {"weak": True, "strong": False, "weaker": True}


def test_controls_are_reported_by_what_is_asked_for_and_cleared() -> None:
    bench = Bench("2.1").connect()
    curve = {"priority": 1, "yUnit": "PctMaxW", "curveData": [{"x": 50.0, "y": 100.0}]}
    volts = {"isDefault": True, "controlId": "volts", "controlType": "VoltWatt", "curve": curve}
    gradient = {"priority": 1, "gradient": 10.0, "softGradient": 5.0}
    ramp = {"isDefault": True, "controlId": "ramp", "controlType": "Gradients", "gradient": gradient}
    for wanted in (droop("droop", 1), volts, ramp):
        assert bench.ask("SetDERControl", wanted)["status"] == "Accepted"
    assert set(controls(bench, 1)) == {"droop", "volts", "ramp"}
    assert set(controls(bench, 2, controlType="VoltWatt")) == {"volts"}
    assert set(controls(bench, 3, controlId="ramp")) == {"ramp"}
    statuses = [
        bench.ask(action, asked)["status"]
        for action, asked in (
            ("GetDERControl", {"requestId": 4, "controlType": "FixedVar"}),
            ("GetDERControl", {"requestId": 4, "controlType": "PowerMonitoringMustTrip"}),
            ("ClearDERControl", {"isDefault": False, "controlId": "droop"}),
            ("ClearDERControl", {"isDefault": True, "controlId": "droop"}),
            ("ClearDERControl", {"isDefault": True, "controlType": "FreqDroop"}),
            ("ClearDERControl", {"isDefault": True}),
            ("GetDERControl", {"requestId": 5}),
        )
    ]
    assert statuses == [
        "NotFound",
        "NotSupported",
        "NotFound",
        "Accepted",
        "NotFound",
        "Accepted",
        "NotFound",
    ]
    without = {"isDefault": True, "controlId": "x", "controlType": "FreqDroop"}
    assert bench.ask("SetDERControl", without)["status"] == "Rejected"


def test_a_scheduled_control_begins_and_ends_and_both_are_told() -> None:
    bench = Bench("2.1").connect()
    times = {"startTime": "2026-01-31T12:05:00Z", "duration": 120.0}
    bench.ask("SetDERControl", droop("later", 1, default=False, **times))
    bench.run(290)
    assert bench.judge.said("NotifyDERStartStop") == []
    bench.run(60)
    bench.run(120)
    told = bench.judge.said("NotifyDERStartStop")
    assert [(each["started"], each["timestamp"]) for each in told] == [
        (True, "2026-01-31T12:05:00Z"),
        (False, "2026-01-31T12:07:00Z"),
    ]
    assert bench.ask("GetDERControl", {"requestId": 1})["status"] == "NotFound"


def test_batteries_are_swapped_while_there_are_any() -> None:
    bench = Bench("2.1", battery_slots=1).connect()
    request = {"idToken": {"idToken": "BIKER", "type": "Central"}, "requestId": 12}
    assert bench.ask("RequestBatterySwap", request)["status"] == "Accepted"
    bench.run(60)
    told = bench.judge.said("BatterySwap")
    assert [(each["eventType"], each["requestId"]) for each in told] == [
        ("BatteryIn", 12),
        ("BatteryOut", 12),
    ]
    assert told[0]["batteryData"][0]["soC"] < told[1]["batteryData"][0]["soC"]
    assert bench.ask("RequestBatterySwap", request)["status"] == "Rejected"


def test_a_payment_on_the_phone_is_known_at_the_screen() -> None:
    bench = Bench("2.1").connect()
    assert bench.ask("NotifyWebPaymentStarted", {"evseId": 1, "timeout": 120}) == {}
    assert bench.station.part(Swaps).paying[1] == pytest.approx(bench.now + 120)
