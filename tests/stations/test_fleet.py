"""One row and one word for each station."""

from datetime import UTC, datetime, timedelta
from typing import Any

from currant.kit.ids import SessionId, StationId, TenantId
from currant.stations.fleet import (
    COLUMNS,
    ConnectorNow,
    RunningSession,
    StationNow,
    counted,
    news,
    problem_of,
    problems_of,
    row_of,
    state_of,
)
from currant.stations.model import Admission, ConnectorStatus

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
S = ConnectorStatus


def station(*statuses: ConnectorStatus, **more: Any) -> StationNow:
    facts = {"admission": Admission.ACCEPTED, "connected": True, "connected_at": NOW} | more
    return StationNow(
        id=StationId("s"),
        tenant_id=TenantId("t"),
        identity="A",
        connectors={(number, 1): ConnectorNow(status=status) for number, status in enumerate(statuses, 1)},
        **facts,
    )


def test_the_worst_or_busiest_connector_is_the_stations_word() -> None:
    assert state_of(station(S.AVAILABLE, S.FAULTED, S.CHARGING)) == "faulted"
    assert state_of(station(S.AVAILABLE, S.CHARGING)) == "charging"
    assert state_of(station(S.AVAILABLE, S.SUSPENDED_EV)) == "occupied"
    assert state_of(station(S.AVAILABLE, S.RESERVED)) == "reserved"
    assert state_of(station(S.AVAILABLE, S.UNAVAILABLE)) == "available"
    assert state_of(station(S.UNAVAILABLE)) == "unavailable"
    assert state_of(station()) == "unknown"


def test_an_occupied_station_of_2x_is_charging_when_its_session_is() -> None:
    busy = station(S.OCCUPIED)
    busy.sessions[SessionId("x")] = RunningSession(power_w=7_000.0, charging=True)
    assert state_of(busy) == "charging"
    assert row_of(busy)[COLUMNS.index("power_w")] == 7_000


def test_offline_and_pending_come_before_what_connectors_last_said() -> None:
    assert state_of(station(S.CHARGING, connected=False, disconnected_at=NOW)) == "offline"
    assert state_of(station(S.CHARGING, admission=Admission.PENDING)) == "pending"
    gone = station(S.CHARGING, connected=False, disconnected_at=NOW)
    assert row_of(gone)[COLUMNS.index("connectors")] == [[1, 1, "unknown"]]


def test_the_station_as_a_whole_can_be_out_of_service() -> None:
    out = station(S.AVAILABLE)
    out.connectors[0, 0] = ConnectorNow(status=S.UNAVAILABLE)
    assert state_of(out) == "unavailable"
    out.connectors[0, 0] = ConnectorNow(status=S.FAULTED)
    assert state_of(out) == "faulted"
    assert problem_of(out) == "faulted"


def test_the_most_urgent_problem_is_the_rows() -> None:
    bad = station(S.FAULTED, failing={"security_critical": NOW, "desired_failing": NOW})
    assert [code for code, _ in problems_of(bad)] == ["security_critical", "faulted", "desired_failing"]
    assert problem_of(station(connected=False)) == "never_connected"
    assert problem_of(station(connected=False, disconnected_at=NOW)) == "offline"
    assert problem_of(station(S.AVAILABLE)) == ""


def test_news_are_what_differs_and_being_seen_again_is_none() -> None:
    before = row_of(station(S.AVAILABLE))
    assert news(None, before).keys() == set(COLUMNS)
    seen = row_of(station(S.AVAILABLE, last_seen_at=NOW))
    assert news(before, seen) == {}
    charging = news(before, row_of(station(S.CHARGING, last_seen_at=NOW)))
    assert charging == {"state": "charging", "connectors": [[1, 1, "charging"]]}
    gone = news(before, row_of(station(S.AVAILABLE, connected=False, disconnected_at=NOW, last_seen_at=NOW)))
    assert gone["last_seen_at"] == NOW


def test_a_network_is_added_up() -> None:
    charging = station(S.CHARGING, S.AVAILABLE, capacity_w=44_000)
    charging.sessions[SessionId("x")] = RunningSession(power_w=11_000.0, charging=True)
    lost = station(S.CHARGING, connected=False, disconnected_at=NOW - timedelta(days=1), capacity_w=22_000)
    lost.sessions[SessionId("y")] = RunningSession(power_w=22_000.0, charging=True)
    waiting = station(admission=Admission.PENDING)
    refused = station(admission=Admission.REFUSED)
    counts = counted([charging, lost, waiting, refused])
    assert counts.by_state == {"charging": 1, "offline": 1, "pending": 1}
    assert (counts.total, counts.connected, counts.sessions) == (2, 1, 2)
    assert (counts.power_w, counts.capacity_w) == (11_000, 66_000)
    assert counts.by_status == {"charging": 1, "available": 1, "unknown": 1}
