"""What is said of a station: what it is doing, what is wrong, and what to do about it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from currant.kit.ids import LocationId, StationId, TenantId
from currant.stations.errors import OTHER, OWN, ErrorCode
from currant.stations.insight import insight
from currant.stations.insight_model import Known, LimitSeen, OutOfService, SessionSeen, TransferSeen
from currant.stations.insight_words import DOING, SAYINGS, SEVERITIES, fault_code, sentence
from currant.stations.model import (
    Admission,
    Connector,
    ConnectorState,
    ConnectorStatus,
    Evse,
    SecurityEvent,
    Severity,
    Station,
)

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
STATION = Station(
    id=StationId("s"),
    tenant_id=TenantId("t"),
    identity="A",
    location_id=LocationId("l"),
    admission=Admission.ACCEPTED,
    evses=(Evse(number=1, connectors=(Connector(number=1),)),),
    last_seen_at=NOW,
    disconnected_at=NOW - timedelta(days=2),
)
FREE = ConnectorState(evse=1, connector=1, status=ConnectorStatus.AVAILABLE, since=NOW - timedelta(hours=1))
CONNECTED = Known(
    now=NOW,
    station=STATION,
    state="available",
    connected=True,
    since=NOW - timedelta(hours=3),
    profile=2,
    states=(FREE,),
)
CHARGING = SessionSeen(
    id="x",
    number=7,
    evse=1,
    activity="charging",
    activity_since=NOW - timedelta(minutes=9),
    started_at=NOW - timedelta(minutes=10),
    energy_wh=1200,
    power_w=7200.4,
    read_at=NOW,
    heard_at=NOW,
)


def known(**changes: Any) -> Known:
    return replace(CONNECTED, **changes)


def codes(known: Known) -> list[str]:
    return [problem.code for problem in insight(known).problems]


def test_a_free_station_that_is_well_is_idle_and_has_no_problems() -> None:
    seen = insight(CONNECTED)
    assert (seen.doing.code, seen.problems) == ("idle", ())
    assert seen.text == "It is free."


def test_a_charging_station_says_how_much_and_since_when() -> None:
    seen = insight(known(sessions=(CHARGING,), states=(replace(FREE, status=ConnectorStatus.CHARGING),)))
    assert seen.doing.code == "charging"
    assert seen.since == CHARGING.activity_since
    assert seen.doing.facts["power_w"] == 7200
    assert seen.problems == ()


def test_a_limit_is_said_beside_charging_and_as_the_reason_for_a_pause() -> None:
    limit = LimitSeen(evse=0, source="so", outside=True, limit=0.0, unit="W", grid_critical=True)
    seen = insight(known(sessions=(CHARGING,), limits=(limit,)))
    assert seen.doing.code == "charging_limited"
    assert [(problem.code, problem.severity) for problem in seen.problems] == [("limited_outside", "warning")]
    paused = replace(CHARGING, activity="paused_by_station")
    assert insight(known(sessions=(paused,), limits=(limit,))).doing.code == "suspended_by_limit"


def test_an_hour_offline_is_serious_and_a_minute_is_not() -> None:
    gone = known(connected=False, state="offline", since=NOW - timedelta(minutes=1))
    assert insight(gone).doing.code == "offline"
    assert codes(gone) == ["offline"]
    long = insight(replace(gone, since=NOW - timedelta(hours=2))).problems[0]
    assert (long.code, long.severity, long.todo[0]) == ("offline_long", "serious", "check_power")
    assert long.text == "It is not connected since 2026-01-31 10:00 UTC."


def test_a_station_that_never_came_is_led_to_its_onboarding() -> None:
    new = replace(STATION, last_seen_at=None, disconnected_at=None)
    seen = insight(known(connected=False, since=None, station=new))
    assert seen.doing.code == "never_connected"
    assert "follow_onboarding" in seen.problems[0].todo


def test_a_ground_failure_stops_use_first_of_all() -> None:
    broken = replace(FREE, status=ConnectorStatus.FAULTED, error="GroundFailure", vendor_error="E17")
    seen = insight(known(states=(broken,), station=replace(STATION, location_id=None)))
    assert seen.doing.code == "faulted"
    first = seen.problems[0]
    assert (first.code, first.severity) == ("fault_ground_failure", "critical")
    assert first.todo == ("stop_use", "send_technician")
    assert first.facts["vendor_error"] == "E17"
    assert first.text == "A residual current or ground failure was found (EVSE 1)."
    assert [problem.code for problem in seen.problems][1:] == ["not_placed"]


def test_an_error_beside_another_status_is_a_warning() -> None:
    warm = replace(FREE, error="CableOverTempStop")
    problem = insight(known(states=(warm,))).problems[0]
    assert (problem.code, problem.severity) == ("fault_cable_over_temp_stop", "warning")


def test_what_a_command_took_out_of_service_is_no_problem() -> None:
    out = replace(FREE, status=ConnectorStatus.UNAVAILABLE, since=NOW - timedelta(days=3))
    assert codes(known(states=(out,))) == ["unavailable_long"]
    by_command = known(states=(out,), out_of_service=(OutOfService(evse=None, by="Ann", at=NOW),))
    assert codes(by_command) == []
    assert insight(by_command).doing.facts["by"] == "Ann"


def test_passwords_rejected_count_until_the_station_got_in() -> None:
    tried = tuple(
        SecurityEvent(
            id=str(n),
            tenant_id=TenantId("t"),
            station_id=StationId("s"),
            identity="A",
            kind="FailedToAuthenticateAtCsms",
            at=NOW - timedelta(minutes=n),
            severity=Severity.MEDIUM,
            remote_address="192.0.2.7",
        )
        for n in (5, 6)
    )
    outside = insight(known(connected=False, security=tried)).problems
    assert outside[0].code == "password_rejected"
    assert outside[0].facts["count"] == 2
    assert codes(known(security=tried, since=NOW)) == []
    assert insight(known(security=tried)).problems[0].severity == "warning"


def test_a_session_without_readings_and_one_from_before_the_loss_are_told() -> None:
    silent = replace(CHARGING, read_at=NOW - timedelta(hours=1))
    assert codes(known(sessions=(silent,))) == ["session_silent"]
    assert "session_open_offline" in codes(known(sessions=(CHARGING,), connected=False))
    empty = replace(CHARGING, energy_wh=0, activity="waiting", started_at=NOW - timedelta(hours=1))
    assert codes(known(sessions=(empty,))) == ["session_without_energy"]


def test_repairs_of_many_sessions_point_at_the_meter() -> None:
    odd = tuple(replace(CHARGING, number=n, active=False, repairs=("meter_went_back",)) for n in range(3))
    assert codes(known(recent=odd)) == ["meter_unreliable"]
    assert codes(known(recent=odd[:2])) == []


def test_an_update_under_way_is_what_a_station_is_doing_and_a_failed_one_a_problem() -> None:
    update = TransferSeen(id="f", status="installing", open=True, failed=False, version="2.0", at=NOW)
    assert insight(known(firmware=update)).doing.code == "firmware_updating"
    failed = replace(update, open=False, failed=True, status="failed", reason="Wrong signature.")
    problem = insight(known(firmware=failed)).problems[0]
    assert (problem.code, problem.text) == (
        "firmware_failed",
        "Its last firmware update failed: Wrong signature.",
    )


def test_the_worst_comes_first() -> None:
    broken = replace(FREE, status=ConnectorStatus.FAULTED, error="CutCable")
    many = insight(known(states=(broken,), clock="it is 5 minutes ahead.", waiting_commands=3, profile=1))
    ranks = [SEVERITIES.index(problem.severity) for problem in many.problems]
    assert ranks == sorted(ranks, reverse=True)
    assert many.problems[0].code == "fault_cut_cable"


@pytest.mark.parametrize("error", [*ErrorCode, *OWN, OTHER, "SomethingNobodyKnows"])
def test_every_error_has_words_and_something_to_do(error: str) -> None:
    saying = SAYINGS[fault_code(error)]
    assert saying.severity in SEVERITIES
    assert saying.todo
    assert sentence(saying.text, {"evse": 2}).endswith("(EVSE 2).")


def test_one_is_not_many() -> None:
    of = SAYINGS["commands_waiting"].of
    assert of({"count": 1}) == "A command waits until it connects."
    assert of({"count": 3}) == "3 commands wait until it connects."
    many = [saying for saying in SAYINGS.values() if "{count}" in saying.text]
    assert all("{count}" not in saying.of({"count": 1}) and saying.one for saying in many)
    assert len(many) == 8


def test_sentences_do_without_the_facts_that_are_missing() -> None:
    for saying in SAYINGS.values():
        for told in (saying.of({}), saying.of({"count": 1})):
            assert "{" not in told
            assert "()" not in told
            assert ":." not in told.replace(" ", "")
            assert told.endswith(".")
    assert DOING["idle"] == sentence(DOING["idle"], {})
