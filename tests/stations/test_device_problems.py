"""What an event of a component means: a pure rule, by example."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from currant.kit.ids import StationId
from currant.stations.commanding.variables import MonitorKind
from currant.stations.device import naming
from currant.stations.device.limits import Limits, cut, limits_from
from currant.stations.device.monitoring import thinned
from currant.stations.device.problems import Verdict, judged
from currant.stations.device.watching import ComponentEvent, EventTrigger, KnownMonitor, Origin
from currant.stations.errors import CHARGEX, OTHER, OWN, error_of_part

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def event(key: str, value: str, **more: Any) -> ComponentEvent:
    told = {"trigger": EventTrigger.DELTA, "event_id": 1, "at": NOW, "station_id": StationId("1")} | more
    return ComponentEvent(variable=naming.read(key), value=value, **told)


def monitor(kind: MonitorKind, severity: int = 4) -> KnownMonitor:
    return KnownMonitor(
        id=1, variable=naming.read("A.X"), kind=kind, value=1.0, severity=severity, known_since=NOW
    )


@pytest.mark.parametrize(
    ("key", "value", "verdict", "error"),
    [
        ("RCD.Tripped@1", "true", Verdict.RAISED, "GroundFailure"),
        ("RCD.Tripped@1", "False", Verdict.CLEARED, ""),
        ("TokenReader.Problem", "TRUE", Verdict.RAISED, "ReaderFailure"),
        ("Display.Available", "false", Verdict.RAISED, OTHER),
        ("Display.Available", "true", Verdict.CLEARED, ""),
        ("EVSE.AvailabilityState@2", "Faulted", Verdict.RAISED, OTHER),
        ("EVSE.AvailabilityState@2", "Occupied", Verdict.CLEARED, ""),
        ("ChargingStation.Temperature", "25", Verdict.NEITHER, ""),
    ],
)
def test_some_variables_say_it_outright(key: str, value: str, verdict: Verdict, error: str) -> None:
    assert judged(event(key, value), None) == (verdict, error)


def test_the_stations_own_code_is_more_precise_than_the_component() -> None:
    told = event("Controller.Problem", "true", tech_code="CX008")
    assert judged(told, None) == (Verdict.RAISED, CHARGEX["CX008"])
    told = event("TokenReader.Problem", "true", tech_code="0x77")
    assert judged(told, None) == (Verdict.RAISED, "ReaderFailure")


def test_a_threshold_that_is_crossed_is_a_problem_until_it_is_cleared() -> None:
    told = event("EVSE.ACVoltage@1", "260", trigger=EventTrigger.ALERTING, monitor_id=1)
    assert judged(told, monitor(MonitorKind.UPPER_THRESHOLD)) == (Verdict.RAISED, "OverVoltage")
    assert judged(told, monitor(MonitorKind.LOWER_THRESHOLD)) == (Verdict.RAISED, "UnderVoltage")
    told = event("EVSE.ACVoltage@1", "231", trigger=EventTrigger.ALERTING, monitor_id=1, cleared=True)
    assert judged(told, monitor(MonitorKind.UPPER_THRESHOLD)) == (Verdict.CLEARED, "")


def test_a_threshold_for_information_is_no_problem() -> None:
    told = event("EVSE.ACVoltage@1", "260", trigger=EventTrigger.ALERTING, monitor_id=1)
    assert judged(told, monitor(MonitorKind.UPPER_THRESHOLD, severity=8)) == (Verdict.NEITHER, "")
    # 2.1 says the severity with the event, whatever is known of its monitor.
    told = event("EVSE.ACVoltage@1", "260", trigger=EventTrigger.ALERTING, monitor_id=9, severity=8)
    assert judged(told, None) == (Verdict.NEITHER, "")


def test_what_is_always_told_is_a_problem_where_it_has_a_code() -> None:
    told = event(
        "Controller.State", "x", trigger=EventTrigger.ALERTING, origin=Origin.HARDWIRED, tech_code="E77"
    )
    assert judged(told, None) == (Verdict.RAISED, "InternalError")
    told = event("Controller.State", "x", trigger=EventTrigger.ALERTING, origin=Origin.HARDWIRED)
    assert judged(told, None) == (Verdict.NEITHER, "")


def test_every_word_for_a_part_is_of_the_vocabulary() -> None:
    words = {*(code.value for code in CHARGEX.values()), *OWN, OTHER}
    for component in ("RCD", "PowerContactor", "DataLink", "Nonsense", "CPPWMController", "Controller"):
        for too_low in (False, True):
            for variable in ("Problem", "Temperature", "SignalStrength", "DCVoltage"):
                assert error_of_part(component, variable, too_low=too_low) in words


def test_requests_are_cut_by_items_and_by_bytes() -> None:
    limits = Limits(items={"GetVariables": 3}, bytes={"GetVariables": 150 + 25})
    assert list(cut("GetVariables", "abcdefgh", limits, lambda _: 1)) == [
        "abc",
        "def",
        "gh",
    ]
    assert list(cut("GetVariables", "abcd", limits, lambda _: 11)) == ["ab", "cd"]
    # One that is too long by itself goes alone, and the station says what it thinks of it.
    assert list(cut("GetVariables", "abc", limits, lambda _: 99)) == ["a", "b", "c"]
    assert list(cut("GetVariables", "", limits, lambda _: 1)) == []


def test_nonsense_limits_say_nothing() -> None:
    name = "devicedatactrlr.itemspermessage[getvariables]"
    assert limits_from({name: "0"}).items == {}
    assert limits_from({name: "many"}).items == {}
    assert limits_from({name: "5"}).items_of("GetVariables") == 5
    assert limits_from({name: None}).items_of("GetVariables") == 20


def test_one_value_a_minute_is_kept_of_a_stream() -> None:
    values = [(NOW + timedelta(seconds=second), str(second)) for second in (0, 20, 59, 60, 130, 125)]
    assert thinned(values) == [
        (NOW, "59"),
        (NOW + timedelta(minutes=1), "60"),
        (NOW + timedelta(minutes=2), "130"),
    ]
