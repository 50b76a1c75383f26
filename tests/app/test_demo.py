"""The demo network comes to life, and a second start finds it again."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
from tests.app.processes import Server

STATIONS = ("--stations", "12")
PATIENCE_S = 90


def watched(
    server: Server, key: str, path: str, until: Callable[[list[dict[str, Any]]], bool]
) -> list[dict[str, Any]]:
    """What the API lists at an address, once it is as wanted."""
    headers = {"Authorization": f"Bearer {key}"}
    ends = time.monotonic() + PATIENCE_S
    with httpx.Client(base_url=server.said["api"], headers=headers, timeout=30) as api:
        while True:
            found: list[dict[str, Any]] = api.get(path).raise_for_status().json()["items"]
            if until(found) or time.monotonic() > ends:
                return found
            time.sleep(0.1)


def test_the_demo_network_lives_and_is_found_again(tmp_path: Path) -> None:
    with Server(tmp_path / "data", *STATIONS, verb="demo") as server:
        key: str = server.run("key", "add", "watcher", "--role", "read_only")["secret"]
        sessions = watched(server, key, "/sessions", lambda found: any(each["authorised"] for each in found))
        assert any(each["authorised"] and each["station_identity"].startswith("DEMO-") for each in sessions)
        # Sessions of the days before are there at once; its stations come one after the other.
        watched(server, key, "/stations?connected=true", lambda found: len(found) == 12)
        stations = server.run("stations", "list", "--connected")
        assert len(stations) == 12
        assert {station["ocpp_version"] for station in stations} == {"1.6", "2.0.1", "2.1"}
        # It has prices, and what was made up of the days before is charged for.
        support: str = server.run("key", "add", "accounts", "--role", "support")["secret"]
        charges = watched(server, support, "/charges", lambda found: len(found) > 10)
        assert all(charge["version_id"] for charge in charges)
        assert any(charge["gross"] > 0 and charge["state"] == "final" for charge in charges)
        tokens, listed = server.run("token", "list"), server.run("sessions", "list")
        assert {token["kind"] for token in tokens} == {"rfid", "app"}
        assert "Traceback" not in server.errors.read_text()

    with Server(tmp_path / "data", *STATIONS, verb="demo") as server:
        watched(server, key, "/stations?connected=true", lambda found: len(found) == 12)
        assert {station["id"] for station in server.run("stations", "list")} == {
            station["id"] for station in stations
        }
        assert len(server.run("token", "list")) == len(tokens)
        assert len(server.run("sessions", "list")) >= len(listed)
        assert "Traceback" not in server.errors.read_text()
