"""What stations are told from the command line: one, many, at once or later; and what else is done to them."""

import asyncio
import json
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.app.chargers import charger
from tests.app.processes import CURRANT, Server, environment, finished

from currant.app.cli.exits import Failure
from currant.app.cli.fields import COMMANDS, command_named, command_of, described_within, moment_given
from currant.stations.commanding.certificates import InstallCertificate
from currant.stations.commanding.profiles import SetChargingProfile
from currant.stations.commanding.remote import Reset
from currant.stations.commanding.reservations import Reserve
from currant.stations.commanding.variables import GetVariables, SetMonitors, SetVariables
from currant.stations.commands import DEADLINE_MAX_S

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def test_fields_take_the_types_of_the_command() -> None:
    assert command_of(Reset, ["kind=immediate", "evse=2"]) == {
        "command": "Reset",
        "kind": "immediate",
        "evse": 2,
    }
    reserve = ["reservation_id=7", "expires_at=2026-01-31T12:00:00Z", "token_uid=007"]
    assert command_of(Reserve, reserve)["token_uid"] == "007"


def test_fields_of_fields_and_lists_are_written_plainly() -> None:
    line = [
        "evse=0",
        "profile.id=1",
        "profile.purpose=tx_default",
        'profile.schedules=[{"unit": "A", "periods": [{"start_s": 0, "limit": 16}]}]',
    ]
    assert command_of(SetChargingProfile, line)["profile"]["schedules"][0]["periods"][0]["limit"] == 16
    names = command_of(GetVariables, ["variables=HeartbeatInterval,Connector[left].Type"])["variables"]
    assert list(names) == [
        {"name": "HeartbeatInterval"},
        {"name": "Type", "component": "Connector", "component_instance": "left"},
    ]
    written = command_of(SetVariables, ["values=A.B=1,C=x=y"])["values"]
    assert [each["value"] for each in written] == ["1", "x=y"]


def test_a_text_comes_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "root.pem").write_text("-----BEGIN")
    made = command_of(InstallCertificate, ["use=csms", f"certificate=@{tmp_path}/root.pem"])
    assert made["certificate"] == "-----BEGIN"
    with pytest.raises(Failure, match="cannot be read"):
        command_of(InstallCertificate, ["use=csms", f"certificate=@{tmp_path}/other.pem"])


@pytest.mark.parametrize(
    ("kind", "pair"),
    [
        (Reset, "kind=never"),
        (Reset, "colour=red"),
        (Reset, "evse"),
        (Reset, "evse=two"),
        (Reset, "evse.id=1"),
        (SetMonitors, "monitors=1"),
        (SetMonitors, "monitors=[{]"),
        (Reserve, "token_uid=1"),
    ],
)
def test_a_wrong_field_is_a_usage_error(kind: Any, pair: str) -> None:
    with pytest.raises(Failure) as wrong:
        command_of(kind, [pair])
    assert wrong.value.exit == 2


def test_every_command_can_be_named_and_described() -> None:
    for name, kind in COMMANDS.items():
        assert command_named(name.lower()) is kind
        assert all(takes for _, takes, _ in described_within(kind))
    assert command_named("set-charging_profile") is SetChargingProfile
    with pytest.raises(Failure, match="no command"):
        command_named("Explode")


def test_times_are_given_as_such_or_from_now() -> None:
    assert moment_given("2h", now=NOON) == "2026-01-31T14:00:00+00:00"
    assert moment_given("2026-01-31T13:00:00+01:00", now=NOON) == NOON.isoformat()
    with pytest.raises(Failure, match="no time"):
        moment_given("soon", now=NOON)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Serves the tests of this file that ask for stations and tokens of their own alone."""
    with Server(tmp_path_factory.mktemp("server") / "data") as running:
        yield running


@pytest.fixture(scope="module")
def lonely(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with one station, which never comes: for what is said to all."""
    with Server(tmp_path_factory.mktemp("lonely") / "data") as running:
        running.run("stations", "add", "CP-OFF")
        yield running


@contextmanager
def connected(server: Server, *identities: str) -> Iterator[None]:
    """Chargers of OCPP 1.6 that do what they are told, in a thread of their own, until the block ends."""
    secrets = {each: server.run("stations", "add", each)["password"] for each in identities}
    ready, done = threading.Barrier(len(identities) + 1), threading.Event()

    async def charge(identity: str) -> None:
        async with charger(server.said["ocpp"], identity, secrets[identity]) as station:
            await station.boot()
            await asyncio.to_thread(ready.wait, 60)
            await asyncio.to_thread(done.wait, 120)

    async def all_of_them() -> None:
        await asyncio.gather(*(charge(identity) for identity in identities))

    thread = threading.Thread(target=asyncio.run, args=(all_of_them(),))
    thread.start()
    try:
        ready.wait(60)
        yield
    finally:
        done.set()
        thread.join(60)


def test_a_station_is_told_anything_and_the_exit_code_says_what_came_of_it(
    tmp_path: Path, server: Server
) -> None:
    with connected(server, "CP-1"):
        assert server.run("tell", "CP-1", "Trigger", "message=heartbeat")["status"] == "accepted"
        assert server.run("tell", "CP-1", "Reset", "kind=on_idle", exit=1)["status"] == "refused"
        (tmp_path / "reset.json").write_text(json.dumps({"command": "Reset", "kind": "immediate"}))
        told = server.run("tell", "CP-1", "Reset", "--json-body", str(tmp_path / "reset.json"), exit=1)
        assert told["command"]["kind"] == "immediate"
        unsupported = server.run("tell", "CP-1", "GetTariffs", exit=1)
        assert unsupported["status"] == "unsupported"
        later = server.run("tell", "CP-1", "Trigger", "message=boot", "--at", "2h")
        assert (later["status"], later["not_before"] is not None) == ("queued", True)
        server.run("tell", "CP-1", "Trigger", "message=boot", "--deadline", str(DEADLINE_MAX_S + 1), exit=1)
        server.run("tell", "CP-1", "Nonsense", exit=2)
        server.run("tell", "CP-1", exit=2)
        server.run("tell", "NOPE", "ClearCache", exit=4)


def test_an_offline_station_is_told_when_it_comes(server: Server) -> None:
    server.run("stations", "add", "CP-2")
    assert server.run("tell", "CP-2", "ClearCache", exit=6)["status"] == "offline"
    kept = server.run("tell", "CP-2", "ClearCache", "--queue-until", "1d")
    assert kept["status"] == "queued"


def test_many_stations_are_told_at_once_and_watched(tmp_path: Path) -> None:
    with Server(tmp_path / "data") as server, connected(server, "CP-1", "CP-2"):
        server.run("stations", "add", "CP-OFF")
        server.run("groups", "add", "pilots", "CP-1", "CP-OFF")
        line = ("tell", "--group", "pilots", "Trigger", "message=heartbeat")
        assert server.run(*line, "--dry-run")["count"] == 1
        said = finished("--data-dir", str(server.folder), *line).stdout
        assert said.splitlines()[-1] == "done: 1 stations; 1 accepted"
        refused = finished(
            "--data-dir", str(server.folder), "--json", "tell", "--all", "--at-once", "1", "Reset", exit=1
        )
        last = json.loads(refused.stdout.splitlines()[-1])
        assert (last["done"], last["by_status"]) == (True, {"refused": 2})
        shown = server.run("batches", "show", "--status", "refused")
        assert {row["station_identity"] for row in shown} == {"CP-1", "CP-2"}
        assert len(server.run("batches", "list")) == 2


def test_a_batch_is_paused_resumed_and_cancelled(lonely: Server) -> None:
    begun = lonely.run("tell", "--all", "ClearCache", "--queue-until", "1d", "--no-wait")
    assert begun["stations"] == 1
    assert lonely.run("batches", "pause")["batch"]["paused"]
    assert not lonely.run("batches", "resume", begun["id"])["batch"]["paused"]
    assert lonely.run("batches", "cancel")["by_status"] == {"cancelled": 1}
    lonely.run("batches", "watch", exit=1)
    lonely.run("tell", "--vendor", "Nobody", "ClearCache", exit=1)


def test_ctrl_c_ends_the_watching_and_not_the_batch(lonely: Server) -> None:
    line = ["--data-dir", str(lonely.folder), "tell", "--all", "ClearCache", "--queue-until", "1d"]
    with subprocess.Popen([*CURRANT, *line], stdout=subprocess.PIPE, text=True, env=environment()) as told:
        assert told.stdout is not None
        assert told.stdout.readline() == "running: 1 stations; 1 queued\n"
        told.send_signal(signal.SIGINT)
        assert "It goes on." in told.stdout.read()
    assert told.returncode == 130
    assert not lonely.run("batches", "watch", "--once")["done"]


def test_a_variable_is_declared_once_whatever_it_is_called(lonely: Server) -> None:
    lonely.run("desired", "declare", "HeartbeatInterval", "60", "--all")
    lonely.run("desired", "declare", "OCPPCommCtrlr.HeartbeatInterval", "90", "--all")
    declared = [(row["key"], row["value"]) for row in lonely.run("desired", "list")]
    assert declared == [("OCPPCommCtrlr.HeartbeatInterval", "90")]


def test_variables_are_read_shown_and_counted(server: Server) -> None:
    with connected(server, "CP-3"):
        server.run("stations", "add", "CP-4")
        assert server.run("variables", "read", "CP-4", exit=6)["status"] == "offline"
        assert server.run("variables", "read", "CP-3")["model"]["variables"] == 1
        shown = server.run("variables", "show", "CP-3")
        assert [(row["key"], row["value"]) for row in shown] == [("OCPPCommCtrlr.HeartbeatInterval", "300")]
        counted = server.run("variables", "values", "HeartbeatInterval")
        assert [(row["value"], row["stations"]) for row in counted] == [("300", 1)]
        line = ("variables", "values", "OCPPCommCtrlr.HeartbeatInterval", "--value")
        assert [row["identity"] for row in server.run(*line, "300")] == ["CP-3"]
        assert server.run(*line, "60") == []
        server.run("variables", "values", "Nothing.AtAll", exit=4)
        assert server.run("variables", "monitors", "CP-3") == []
        assert server.run("problems") == []


def test_firmware_is_kept_and_given_and_logs_are_asked_for(tmp_path: Path, server: Server) -> None:
    image = tmp_path / "image.bin"
    image.write_bytes(b"firmware" * 1000)
    server.run("stations", "add", "CP-5")
    made = server.run("firmware", "upload", str(image), "--version", "2.0", "--model", "A", "--model", "B")
    assert (made["size"], made["models"], made["name"]) == (8000, ["A", "B"], "image.bin")
    assert [row["id"] for row in server.run("firmware", "list")] == [made["id"]]
    server.run("firmware", "update", "CP-5", exit=2)
    server.run("firmware", "update", "CP-5", "3.0", exit=4)
    assert server.run("firmware", "update", "CP-5", "2.0", exit=1)["version"] == "2.0"
    assert server.run("firmware", "status", "--station", "CP-5")[0]["firmware_id"] == made["id"]
    assert server.run("logs", "get", "CP-5", exit=1)["kind"] == "diagnostics"
    assert server.run("logs", "get", "CP-5", "--queue-until", "1d")["status"] == "waiting"
    assert server.run("logs", "list") == []


def test_the_security_of_links_is_shown_and_changed(server: Server) -> None:
    server.run("stations", "add", "CP-6")
    assert server.run("certificates", "list") == []
    server.run("certificates", "revoke", "nothing", exit=4)
    assert server.run("certificates", "renew", "CP-6", exit=6)["status"] == "offline"
    assert server.run("certificates", "installed", "CP-6") == []
    assert server.run("security", "show", "CP-6")["credentials"]["has_password"]
    assert server.run("security", "upgrades") == []
    server.run("security", "upgrade", "CP-6", "2", "--no-wait", exit=1)


def test_places_are_kept_and_drivers_wait(server: Server) -> None:
    server.run("token", "add", "04A1")
    server.run("stations", "add", "CP-7")
    assert server.run("reservations", "list") == []
    server.run("reservations", "make", "04A1", "--location", "Nowhere", exit=4)
    assert server.run("reservations", "make", "04A1", "--station", "CP-7", exit=1)["error"]
    server.run("reservations", "cancel", "17", exit=4)
    assert server.run("waiting", "list") == []
    server.run("waiting", "leave", "nobody", exit=4)


def test_policies_and_groups_are_made_and_given(tmp_path: Path, server: Server) -> None:
    draft = tmp_path / "visitors.json"
    draft.write_text(json.dumps({"name": "Visitors", "parallel": {"limit": 1}}))
    token = server.run("token", "add", "04A2")
    server.run("policies", "add", str(draft))
    server.run("policies", "give", "Visitors", "--token", "04A2")
    assert server.run("policies", "show", "Visitors")["members"]["tokens"] == [token["id"]]
    server.run("policies", "take", "Visitors", "--token", "04A2")
    assert server.run("policies", "show", "Visitors")["members"]["tokens"] == []
    server.run("policies", "give", "Visitors", exit=2)
    server.run("stations", "add", "CP-8")
    assert server.run("groups", "add", "pilots")["stations"] == 0
    assert server.run("groups", "add", "pilots", "CP-8")["stations"] == 1
    assert [row["identity"] for row in server.run("groups", "show", "pilots")] == ["CP-8"]
    assert server.run("groups", "remove", "pilots", "CP-8")["stations"] == 0
    server.run("groups", "dissolve", "pilots")
    assert server.run("groups", "list") == []
