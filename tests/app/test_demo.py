"""The demo network comes to life, and a second start finds it again."""

import time
from pathlib import Path
from typing import Any

from tests.app.processes import Server

STATIONS = ("--stations", "12")
PATIENCE_S = 45


def watched(server: Server, until: Any) -> list[dict[str, Any]]:
    """Sessions, once there are some that fit."""
    ends = time.monotonic() + PATIENCE_S
    while True:
        sessions: list[dict[str, Any]] = server.run("sessions", "list")
        if until(sessions) or time.monotonic() > ends:
            return sessions
        time.sleep(0.5)


def test_the_demo_network_lives_and_is_found_again(tmp_path: Path) -> None:
    with Server(tmp_path / "data", *STATIONS, verb="demo") as server:
        sessions = watched(server, lambda found: any(each["authorised"] for each in found))
        assert any(each["authorised"] and each["station_identity"].startswith("DEMO-") for each in sessions)
        # Sessions of the days before are there at once; its stations come one after the other.
        watched(server, lambda _: len(server.run("stations", "list", "--connected")) == 12)
        stations = server.run("stations", "list", "--connected")
        assert len(stations) == 12
        assert {station["ocpp_version"] for station in stations} == {"1.6", "2.0.1", "2.1"}
        tokens = server.run("token", "list")
        assert {token["kind"] for token in tokens} == {"rfid", "app"}
        assert "Traceback" not in server.errors.read_text()

    with Server(tmp_path / "data", *STATIONS, verb="demo") as server:
        watched(server, lambda _: len(server.run("stations", "list", "--connected")) == 12)
        assert {station["id"] for station in server.run("stations", "list")} == {
            station["id"] for station in stations
        }
        assert len(server.run("token", "list")) == len(tokens)
        assert len(server.run("sessions", "list")) >= len(sessions)
        assert "Traceback" not in server.errors.read_text()
