"""A real server: a charger is taken in while somebody watches, and what they did is in the audit log."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.app.chargers import charger
from tests.app.processes import Server
from websockets.exceptions import InvalidStatus


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder: Path = tmp_path_factory.mktemp("server") / "data"
    with Server(folder, CURRANT_MAIL_URL="smtp://ada:hunter2@mail.example:587") as running:
        yield running


@pytest.fixture
def owner(server: Server) -> Iterator[httpx.Client]:
    secret = server.run("key", "add", "pages", "--role", "owner")["secret"]
    with httpx.Client(
        base_url=server.said["api"], headers={"Authorization": f"Bearer {secret}"}, timeout=20
    ) as client:
        yield client


def told(lines: Iterator[str], key: str) -> Any:
    """The next state of this key on the stream."""
    for line in lines:
        if line.startswith("data: "):
            data = json.loads(line.removeprefix("data: "))
            if key in data.get("set", {}):
                return data["set"][key]
    raise AssertionError("The stream ended.")


async def test_a_charger_is_watched_from_its_first_mistake_to_its_first_status(
    server: Server, owner: httpx.Client
) -> None:
    begun = owner.post(
        "/onboarding", json={"location": {"name": "Depot"}, "identity": "CP-7", "security_profile": 1}
    ).json()
    station_id = begun["station"]["id"]
    owner.post("/tokens", json={"uid": "04A2B3C4D5E680"})
    assert begun["urls"][0]["url"].endswith("/ocpp/CP-7")
    with owner.stream("GET", "/live?topics=onboarding") as stream:
        lines = stream.iter_lines()
        with pytest.raises(InvalidStatus):
            async with charger(server.said["ocpp"], "CP-7", "not-the-password-at-all"):
                pass
        progress = told(lines, station_id)
        assert progress["attempts"][0]["problem"] == "wrong_password"
        assert {step["code"]: step["state"] for step in progress["steps"]}["password"] == "failed"
        with pytest.raises(InvalidStatus):
            # An address without an identity; who it is follows from where it came from before.
            async with charger(server.said["ocpp"], "", ""):
                pass
        assert told(lines, station_id)["attempts"][0]["problem"] == "wrong_path"
        with pytest.raises(InvalidStatus):
            async with charger(f"{server.said['ocpp']}elsewhere/", "SOMEBODY", ""):
                pass
        assert told(lines, "strangers")["attempts"][0]["identity"] == "SOMEBODY"
        async with charger(server.said["ocpp"], "CP-7", begun["password"]) as station:
            assert await station.boot() == "Accepted"
            await station.charge("04A2B3C4D5E680", wh=1_000)
            while not (progress := told(lines, station_id))["ready"]:
                pass
        assert [step["state"] for step in progress["steps"]] == ["done"] * 9


def test_what_was_done_is_in_the_audit_log(server: Server, owner: httpx.Client) -> None:
    server.run("stations", "add", "CP-8", "--name", "Right")
    entries: list[dict[str, Any]] = []
    while not any(entry["about"] and entry["about"]["label"] == "CP-8" for entry in entries):
        entries = owner.get("/audit").json()["items"]
    kinds = {entry["kind"] for entry in entries}
    # The very first acts are there too: the log begins with the journal.
    assert {"OrganisationCreated", "PersonAdded", "KeyMade", "StationChanged"} <= kinds


def test_the_installation_shows_how_it_is_set_and_no_secret(server: Server, owner: httpx.Client) -> None:
    answer = owner.get("/settings")
    items = {item["key"]: item for item in answer.json()["items"]}
    assert items["mail.url"]["value"] == "smtp://set@mail.example:587"
    assert items["mail.url"]["source"] == "environment"
    assert "hunter2" not in answer.text


def test_a_stranger_is_shown_the_installations_branding(server: Server, owner: httpx.Client) -> None:
    owner.put("/branding", json={"product_name": "Charge here", "primary_colour": "#224466"})
    public = httpx.get(f"{server.said['api']}/branding/public").json()
    assert (public["product_name"], public["primary_colour"]) == ("Charge here", "#224466")
    assert public["logo_url"] is None
