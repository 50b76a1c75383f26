"""Two whole servers on one PostgreSQL: a screen at one of them goes on at the other, and is told the truth there."""

import asyncio
import contextlib
import gc
import json
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from ocpp.v16 import call
from tests.app.chargers import Charger, charger

from currant.app.container import Currant, running
from currant.app.settings import load
from currant.db.migrating import newest_version
from currant.tenancy.local_key import read_local_key
from services import PostgresServer

IDENTITY, TOKEN = "CP-1", "04A2B3C4D5E680"
TOPICS = "stations,sessions"
SHARED = ("installation.key", "push.pem", "pki")
"""What servers on one database have in common besides it: secrets are checked and certificates made with these."""
PATIENCE_S = 20.0


class Node:
    """One server, and how a screen asks it."""

    def __init__(self, currant: Currant, folder: Path) -> None:
        self.currant = currant
        self.browser = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{currant.api.port}/api/v1",
            headers={"Authorization": f"Bearer {read_local_key(folder)}"},
            timeout=PATIENCE_S,
        )

    async def ask(self, method: str, path: str, **more: Any) -> Any:
        answer = await self.browser.request(method, path, **more)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    async def eventually(self, look: Callable[[], Awaitable[Any]]) -> Any:
        async with asyncio.timeout(PATIENCE_S):
            while not (found := await look()):
                await asyncio.sleep(0.05)
            return found


class Screen:
    """A browser's live stream, and what it has been told; `seen` is the newest state of every thing by topic."""

    def __init__(self, response: httpx.Response) -> None:
        self._response = response
        self.position = ""
        self.reloads: set[str] = set()
        self.seen: dict[str, dict[str, dict[str, Any]]] = {}
        self._reading = asyncio.create_task(self._read())
        self._news = asyncio.Event()

    async def _read(self) -> None:
        kind = ""
        with contextlib.suppress(httpx.HTTPError):
            async for line in self._response.aiter_lines():
                name, _, value = line.partition(": ")
                if name == "event":
                    kind = value
                elif name == "id":
                    self.position = value
                elif name == "data":
                    self._take(kind, json.loads(value))

    def _take(self, kind: str, data: Any) -> None:
        if kind == "reload":
            self.reloads.update(data["topics"])
        elif kind == "changes":
            things = self.seen.setdefault(data["topic"], {})
            for key, values in data["set"].items():
                things.setdefault(key, {}).update(values)
        self._news.set()

    async def until(self, told: Callable[["Screen"], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not told(self):
                self._news.clear()
                await self._news.wait()

    async def close(self) -> None:
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)


@asynccontextmanager
async def screen(node: Node, *, since: str = "") -> AsyncIterator[Screen]:
    headers = {"Last-Event-ID": since} if since else {}
    async with node.browser.stream("GET", f"/live?topics={TOPICS}", headers=headers) as response:
        assert response.status_code == 200
        opened = Screen(response)
        try:
            yield opened
        finally:
            await opened.close()


@asynccontextmanager
async def server(name: str, folder: Path, database: str) -> AsyncIterator[Node]:
    options = {
        "data_dir": folder,
        "node": name,
        "database.url": database,
        "operator": "Test network",
        "ocpp.port": 0,
        "ocpp.tls": False,
        "http.port": 0,
    }
    async with running(load(options=options, environment={})) as currant:
        node = Node(currant, folder)
        try:
            yield node
        finally:
            await node.browser.aclose()


@pytest.fixture
def shared_database(postgres: PostgresServer) -> str:
    """With the tables as the stores declare them: faster than migrating, which has tests of its own."""
    url = postgres.new_tables()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(b"CREATE TABLE alembic_version (version_num VARCHAR(64) NOT NULL PRIMARY KEY)")
        connection.execute("INSERT INTO alembic_version VALUES (%s)", (newest_version(),))
    return url


@pytest.fixture
async def servers(tmp_path: Path, shared_database: str) -> AsyncIterator[tuple[Node, Node]]:
    thresholds = gc.get_threshold()
    one, other = tmp_path / "one", tmp_path / "other"
    async with server("one", one, shared_database) as first:
        other.mkdir(mode=0o700)
        for name in SHARED:
            if (one / name).is_dir():
                shutil.copytree(one / name, other / name)
            elif (one / name).exists():
                shutil.copy(one / name, other / name)
        async with server("other", other, shared_database) as second:
            yield first, second
    # A server sets the garbage collector of its process, and here that is the tests' own.
    gc.set_threshold(*thresholds)
    gc.unfreeze()


async def state_at(node: Node) -> str:
    """As the node's own list has it; empty while it does not know the station yet."""
    fleet = await node.ask("GET", "/fleet")
    rows = [dict(zip(fleet["columns"], row, strict=True)) for row in fleet["rows"]]
    return str(rows[0]["state"]) if rows else ""


async def prepared(node: Node) -> str:
    """A station and a card; the station's password."""
    evses = [{"number": 1, "connectors": [{"number": 1, "standard": "IEC_62196_T2", "format": "socket"}]}]
    await node.ask("POST", "/stations/", json={"identity": IDENTITY, "evses": evses})
    await node.ask("POST", "/tokens/", json={"uid": TOKEN})
    given = await node.ask("POST", f"/stations/{IDENTITY}/password", json={})
    return str(given["password"])


async def status(station: Charger, word: str) -> None:
    await station.call(call.StatusNotification(connector_id=1, error_code="NoError", status=word))


async def test_a_screen_goes_on_at_the_other_server_and_shows_the_truth(servers: tuple[Node, Node]) -> None:
    first, second = servers
    password = await prepared(first)
    station_id = (await first.ask("GET", f"/stations/{IDENTITY}"))["id"]

    async with charger(first.currant.ocpp_url, IDENTITY, password) as station:
        assert await station.boot() == "Accepted"
        async with screen(first) as shown:
            await status(station, "Available")
            await shown.until(
                lambda it: it.seen.get("stations", {}).get(station_id, {}).get("state") == "available"
            )
            position = shown.position

        # While nobody looks, and the screen's next request goes to the other server, a session begins.
        await status(station, "Preparing")
        number = await station.begin(TOKEN)
        await status(station, "Charging")

        async def known() -> bool:
            return await state_at(second) == "charging"

        async with screen(second, since=position) as shown:
            # Where one server's stream was means nothing at another: everything is to be loaded anew …
            await shown.until(lambda it: it.reloads == {"stations", "sessions"})
            # … and what is loaded there is what happened at the first one.
            await second.eventually(known)
            (running_now,) = (await second.ask("GET", "/sessions/", params={"active": True}))["items"]
            assert (running_now["number"], running_now["token_uid"]) == (number, TOKEN)

            # From then on this stream tells what the first server's station does.
            await status(station, "Faulted")
            await shown.until(
                lambda it: it.seen.get("stations", {}).get(station_id, {}).get("state") == "faulted"
            )
            resumed = shown.position
            assert shown.reloads == {"stations", "sessions"}

        # At the same server again nothing is loaded anew: what was missed is told.
        await status(station, "Charging")

        async def well() -> bool:
            return await state_at(second) == "charging"

        await second.eventually(well)
        async with screen(second, since=resumed) as shown:
            await shown.until(
                lambda it: it.seen.get("stations", {}).get(station_id, {}).get("state") == "charging"
            )
            assert shown.reloads == set()


async def test_a_position_of_before_a_restart_is_not_taken_for_one_of_after_it(
    tmp_path: Path, shared_database: str
) -> None:
    thresholds = gc.get_threshold()
    folder = tmp_path / "data"
    async with server("one", folder, shared_database) as before:
        password = await prepared(before)
        async with screen(before) as shown:
            async with charger(before.currant.ocpp_url, IDENTITY, password) as station:
                await station.boot()
                await status(station, "Available")
                await shown.until(lambda it: bool(it.seen.get("stations")))
            position = shown.position
    async with server("one", folder, shared_database) as after, screen(after, since=position) as shown:
        await shown.until(lambda it: it.reloads == {"stations", "sessions"})
        assert shown.seen == {}
        assert await state_at(after) != "available"
    gc.set_threshold(*thresholds)
    gc.unfreeze()
