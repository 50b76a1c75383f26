"""How the command line fails: with a sentence, what to do next, and a number that means something."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.app.processes import Server, currant, finished

from currant.app.cli.fields import variable
from currant.app.cli.state import hoisted


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("server") / "data") as running:
        yield running


def test_without_a_server_it_says_how_to_start_one(tmp_path: Path) -> None:
    wrong = currant("stations", "list", "--data-dir", str(tmp_path), exit=3)
    assert "currant serve" in wrong["hint"]


def test_a_server_that_is_gone_is_unreachable(tmp_path: Path) -> None:
    assert currant("status", "--url", "http://127.0.0.1:1", "--key", "x", exit=3)["code"] == "unreachable"


@pytest.mark.parametrize(
    "line", [["nonsense"], ["stations", "lst"], ["command", "set", "CP-1", "novalue"], ["stations", "show"]]
)
def test_a_wrong_line_is_a_usage_error(line: list[str]) -> None:
    assert finished(*line, exit=2).stderr


def test_wrong_settings_are_a_usage_error_that_names_the_right_key(tmp_path: Path) -> None:
    (tmp_path / "currant.toml").write_text("[ocpp]\nprot = 9000\n")
    wrong = currant("check", working=tmp_path, exit=2)
    assert "Did you mean ocpp.port?" in wrong["error"]


def test_what_the_server_refuses_has_its_own_exit_codes(server: Server) -> None:
    assert "NOPE" in server.run("stations", "show", "NOPE", exit=4)["error"]
    assert server.run("sessions", "show", "12345", exit=4)
    assert server.run("status", "--key", "wrong", exit=5)["code"]
    server.run("stations", "add", "CP-1")
    assert server.run("stations", "add", "CP-1", exit=1)["code"] == "conflict"


def test_people_and_keys_are_made_listed_and_ended(server: Server) -> None:
    assert server.said["one_time_password"]
    assert server.run("user", "add", "ada@example.org", "--role", "support")["one_time_password"]
    assert server.run("user", "password", "ada@example.org")["one_time_password"]
    assert {row["login"] for row in server.run("user", "list")} == {"admin", "ada@example.org"}
    server.run("user", "remove", "ada@example.org")
    server.run("user", "remove", "ada@example.org", exit=4)
    secret = server.run("key", "add", "export", "--role", "read_only")["secret"]
    url = server.said["api"].removesuffix("/api/v1")
    assert currant("status", "--url", url, "--key", secret)["ready"]
    assert currant("key", "list", "--url", url, "--key", secret, exit=5)
    server.run("key", "revoke", "export")
    currant("status", "--url", url, "--key", secret, exit=5)


def test_people_see_tables_and_sentences(server: Server) -> None:
    server.run("stations", "add", "CP-2", "--name", "Left")
    shown = finished("stations", "list", "--data-dir", str(server.folder)).stdout
    assert shown.splitlines()[0].startswith("IDENTITY")
    assert "CP-2" in shown
    assert "Left" in shown


def test_options_of_every_command_may_stand_anywhere() -> None:
    line = ["stations", "list", "--json", "--url", "http://x", "--key=k", "--admission", "pending"]
    assert hoisted(line) == [
        "--json",
        "--url",
        "http://x",
        "--key=k",
        "stations",
        "list",
        "--admission",
        "pending",
    ]
    assert hoisted(["log", "--", "--json"]) == ["log", "--", "--json"]


def test_variables_are_named_as_people_write_them() -> None:
    assert variable("HeartbeatInterval") == {"name": "HeartbeatInterval"}
    assert variable("OCPPCommCtrlr.HeartbeatInterval") == {
        "component": "OCPPCommCtrlr",
        "name": "HeartbeatInterval",
    }
    assert variable("Connector[left].Type") == {
        "component": "Connector",
        "component_instance": "left",
        "name": "Type",
    }
