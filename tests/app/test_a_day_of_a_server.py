"""One installation from its first start to its restored backup, through the command line and real sockets."""

import asyncio
import json
import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.app.chargers import charger
from tests.app.processes import CURRANT, Server, currant, environment, finished
from websockets.exceptions import ConnectionClosed, InvalidStatus

TOKEN = "04A2B3C4D5E680"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Serves the tests that bring stations of their own, and leave it running."""
    with Server(tmp_path_factory.mktemp("shared") / "data") as running:
        yield running


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server of the test's own."""
    with Server(tmp_path / "data") as running:
        yield running


async def test_a_station_is_added_charges_and_is_seen(shared: Server) -> None:
    password = shared.run("stations", "add", "CP-1", "--name", "Left")["password"]
    shared.run("token", "add", TOKEN)
    async with charger(shared.said["ocpp"], "CP-1", password) as station:
        assert await station.boot() == "Accepted"
        number = await station.charge(TOKEN, wh=12_000)
        connection = shared.run("stations", "show", "CP-1")["connection"]
        del connection["since"]
        assert connection == {
            "connected": True,
            "security_profile": 1,
            "remote_address": "127.0.0.1",
            "ocpp_version": "1.6",
        }

    (session,) = shared.run("sessions", "list")
    assert (session["number"], session["phase"], session["energy_wh"]) == (number, "ended", 12_000)
    assert shared.run("sessions", "show", str(number), "--curve")["readings"]
    shown = shared.run("stations", "show", "CP-1")
    assert (shown["vendor"], shown["model"], shown["name"]) == ("Acme", "M1", "Left")
    assert shown["connection"]["security_profile"] is None
    assert "odd_count" not in shared.run("sessions", "show", str(number))

    key = shared.run("key", "add", "test")["secret"]
    answer = httpx.get(f"{shared.said['api']}/sessions/{number}", headers={"Authorization": f"Bearer {key}"})
    assert answer.json()["token_uid"] == TOKEN


async def test_the_log_shows_what_was_said(shared: Server) -> None:
    password = shared.run("stations", "add", "CP-2")["password"]
    async with charger(shared.said["ocpp"], "CP-2", password) as station:
        await station.boot()
        await station.boot()
    shown = finished("log", "CP-2", "--json", "--data-dir", str(shared.folder)).stdout
    said = [json.loads(line) for line in shown.splitlines()]
    boot = next(message for message in said if message["action"] == "BootNotification")
    assert (boot["direction"], boot["outcome"], boot["station_identity"]) == ("in", "answered", "CP-2")
    assert json.loads(boot["request"])["chargePointVendor"] == "Acme"


async def test_the_log_can_be_followed(shared: Server) -> None:
    password = shared.run("stations", "add", "CP-3")["password"]
    line = [*CURRANT, "log", "-f", "CP-3", "--json", "--data-dir", str(shared.folder)]
    following = await asyncio.create_subprocess_exec(*line, stdout=asyncio.subprocess.PIPE, env=environment())
    assert following.stdout is not None
    async with charger(shared.said["ocpp"], "CP-3", password) as station:
        async with asyncio.timeout(30):
            # It takes a moment to connect: what is said before that is in the log, and not followed.
            heard = asyncio.create_task(following.stdout.readline())
            while not heard.done():
                await station.boot()
                await asyncio.sleep(0.2)
    assert json.loads(await heard)["action"] == "BootNotification"
    following.terminate()
    await following.wait()


async def test_a_stranger_is_pending_until_it_is_accepted(shared: Server) -> None:
    async with charger(shared.said["ocpp"], "NEW-1", "a-password-of-its-own") as station:
        assert await station.boot() == "Pending"
        (pending,) = shared.run("stations", "list", "--admission", "pending")
        assert pending["identity"] == "NEW-1"
        shared.run("accept", "NEW-1", "--name", "Newcomer")
        assert await station.boot() == "Accepted"
    with pytest.raises(InvalidStatus):
        async with charger(shared.said["ocpp"], "NEW-1", "somebody-elses-guess"):
            raise AssertionError("A stranger came in as a known station.")


async def test_commands_end_with_what_the_station_said(shared: Server) -> None:
    password = shared.run("stations", "add", "CP-5")["password"]
    shared.run("token", "add", "04A2B3C4D5E681")
    assert shared.run("command", "reset", "CP-5", exit=6)["status"] == "offline"
    async with charger(shared.said["ocpp"], "CP-5", password) as station:
        await station.boot()
        started = await _in_thread(shared, "command", "start", "CP-5", "04A2B3C4D5E681")
        assert started["status"] == "accepted"
        refused = await _in_thread(shared, "command", "reset", "CP-5", exit=1)
        assert refused["status"] == "refused"
        assert station.told == ["RemoteStartTransaction", "Reset"]


async def test_tls_works_on_the_first_start(shared: Server) -> None:
    password = shared.run("stations", "add", "CP-6")["password"]
    trust = ssl.create_default_context(cafile=shared.said["root_certificate"])
    async with charger(
        shared.said["ocpp_tls"].replace("127.0.0.1", "localhost"), "CP-6", password, trust=trust
    ) as station:
        assert await station.boot() == "Accepted"


async def test_what_was_acknowledged_survives_kill_9(tmp_path: Path) -> None:
    with Server(tmp_path / "data") as server:
        password = server.run("stations", "add", "CP-1")["password"]
        server.run("token", "add", TOKEN)
        async with charger(server.said["ocpp"], "CP-1", password) as station:
            await station.boot()
            ended = await station.charge(TOKEN, wh=3_000)
            under_way = await station.begin(TOKEN)
            server.kill()
    with Server(tmp_path / "data") as server:
        found = {session["number"]: session for session in server.run("sessions", "list")}
        assert (found[ended]["phase"], found[ended]["energy_wh"]) == ("ended", 3_000)
        assert found[under_way]["phase"] == "active"
        async with charger(server.said["ocpp"], "CP-1", password) as station:
            assert await station.boot() == "Accepted"


async def test_a_backup_of_a_running_server_is_the_same_installation_elsewhere(tmp_path: Path) -> None:
    with Server(tmp_path / "data") as server:
        password = server.run("stations", "add", "CP-1")["password"]
        server.run("token", "add", TOKEN)
        async with charger(server.said["ocpp"], "CP-1", password) as station:
            await station.boot()
            number = await station.charge(TOKEN, wh=5_000)
            server.run("backup", str(tmp_path / "backup"))
            root = Path(server.said["root_certificate"]).read_bytes()
        refused = server.run("restore", str(tmp_path / "backup"), "--force", exit=2)
        assert "already runs" in refused["error"]

    elsewhere = tmp_path / "elsewhere"
    currant("--data-dir", str(elsewhere), "restore", str(tmp_path / "backup"))
    with Server(elsewhere) as server:
        (session,) = server.run("sessions", "list")
        assert (session["number"], session["energy_wh"]) == (number, 5_000)
        assert Path(server.said["root_certificate"]).read_bytes() == root
        async with charger(server.said["ocpp"], "CP-1", password) as station:
            assert await station.boot() == "Accepted"


async def test_stopping_tells_stations_to_come_back_later(server: Server) -> None:
    password = server.run("stations", "add", "CP-1")["password"]
    async with charger(server.said["ocpp"], "CP-1", password) as station:
        await station.boot()
        assert await _stopped(server) == 0
        with pytest.raises(ConnectionClosed) as closed:
            await station.socket.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code in (1001, 1012)
    assert "Traceback" not in server.errors.read_text()


def test_a_second_server_on_the_same_data_is_refused(shared: Server) -> None:
    wrong = currant("serve", "--data-dir", str(shared.folder), "--http-port", "0", exit=2)
    assert "already runs" in wrong["error"]


def test_what_is_exported_can_be_imported(server: Server, tmp_path: Path) -> None:
    server.run("stations", "add", "CP-1", "--name", "Left", "--no-password")
    server.run("export", "stations", str(tmp_path / "stations.csv"))
    text = (tmp_path / "stations.csv").read_text()
    (tmp_path / "more.csv").write_text(text.replace("CP-1", "CP-2").replace("Left", "Right"))
    assert server.run("import", "stations", str(tmp_path / "more.csv"), "--dry-run")["created"] == 1
    assert len(server.run("stations", "list")) == 1
    assert server.run("import", "stations", str(tmp_path / "more.csv"))["created"] == 1
    assert server.run("stations", "show", "CP-2")["name"] == "Right"


async def _in_thread(server: Server, *arguments: str, exit: int = 0) -> dict[str, str]:
    """A command that needs the charger in this loop to answer meanwhile."""
    found: dict[str, str] = await asyncio.to_thread(server.run, *arguments, exit=exit)
    return found


async def _stopped(server: Server) -> int:
    return await asyncio.to_thread(server.stop)


def test_simulated_stations_come_are_let_in_or_turned_away(tmp_path: Path) -> None:
    coming = ["simulate", "--stations", "2", "--prefix", "NEW", "--password", "secret-of-{identity}"]
    with Server(tmp_path / "data") as server:
        first = server.run(*coming, "--duration", "6")
        assert (first["stations"], first["accepted"]) == (2, 0)
        pending = server.run("stations", "list", "--admission", "pending")
        one, other = sorted(row["identity"] for row in pending)
        server.run("accept", one)
        server.run("refuse", other)
        again = server.run(*coming, "--duration", "10")
        assert again["messages_answered"] > 0
        admitted = {row["identity"]: row["admission"] for row in server.run("stations", "list")}
        assert admitted == {one: "accepted", other: "refused"}
        assert server.run("stations", "show", one)["last_boot_at"]
        assert server.run("findings") == []
        server.run("accept", "NOBODY", exit=4)
        server.run("refuse", "NOBODY", exit=4)
    assert currant("migrate", "--data-dir", str(server.folder))
    assert currant("version")["version"]
