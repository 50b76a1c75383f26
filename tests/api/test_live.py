"""The live stream over real sockets: topics, batches, what was missed, and who may read what."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
from served import LOCAL_KEY, Api, MakeApi

from currant.api.streams import STREAMS_PER_CALLER
from currant.events.board import TOPICS_MAX
from currant.kit.ids import StationId
from currant.tenancy.model import Role


class Told:
    """What a stream told, event by event."""

    def __init__(self, response: httpx.Response) -> None:
        self._lines: AsyncIterator[str] = response.aiter_lines()

    async def next(self) -> tuple[str, str, Any]:
        """(event, id, data) of the next event; comments are passed over."""
        kind, number, data = "", "", None
        async with asyncio.timeout(30):
            async for line in self._lines:
                if line.startswith("event: "):
                    kind = line.removeprefix("event: ")
                elif line.startswith("id: "):
                    number = line.removeprefix("id: ")
                elif line.startswith("data: "):
                    data = json.loads(line.removeprefix("data: "))
                elif line == "" and kind:
                    return kind, number, data
        raise AssertionError("The stream ended.")

    async def rest(self) -> list[str]:
        """The data told until the stream ends."""
        async with asyncio.timeout(30):
            return [line async for line in self._lines if line.startswith("data: ")]


async def test_a_change_is_told_with_what_changed_alone(api: Api, owner: httpx.AsyncClient) -> None:
    tenant_id = api.tenancy.host_tenant_id
    async with owner.stream("GET", "/api/v1/live?topics=stations") as response:
        told = Told(response)
        kind, _, ready = await told.next()
        assert kind == "ready"
        assert ready["topics"] == ["stations"]
        api.board.show(tenant_id, "stations", "s1", {"state": "charging"})
        api.board.show(tenant_id, "stations", "s1", {"power_w": 7_000})
        api.board.gone(tenant_id, "stations", "s2")
        kind, number, data = await told.next()
        assert kind == "changes"
        assert number == api.board.position
        assert data["set"] == {"s1": {"state": "charging", "power_w": 7_000}}
        assert data["gone"] == ["s2"]


async def test_topics_change_without_a_new_connection(api: Api, owner: httpx.AsyncClient) -> None:
    tenant_id = api.tenancy.host_tenant_id
    async with owner.stream("GET", "/api/v1/live?topics=stations") as response:
        told = Told(response)
        _, _, ready = await told.next()
        address = f"/api/v1/live/{ready['stream_id']}/topics"
        answer = await api.client(LOCAL_KEY).post(address, json={"topics": ["commands"]})
        assert answer.json()["topics"] == ["commands"]
        api.board.show(tenant_id, "stations", "s1", {"state": "charging"})
        api.board.show(tenant_id, "commands", "c1", {"status": "accepted"})
        _, _, data = await told.next()
        assert data["topic"] == "commands"
        somebody = api.client(await api.key(Role.READ_ONLY))
        assert (await somebody.post(address, json={"topics": []})).status_code == 404


async def test_what_was_missed_is_told_and_what_is_not_held_is_to_be_loaded_anew(
    api: Api, owner: httpx.AsyncClient
) -> None:
    tenant_id = api.tenancy.host_tenant_id
    fleet = (await owner.get("/api/v1/fleet")).json()
    api.board.show(tenant_id, "stations", "s1", {"state": "charging"})
    await asyncio.sleep(0.1)
    path = f"/api/v1/live?topics=stations,sessions&last_event_id={fleet['live_id']}"
    async with owner.stream("GET", path) as response:
        told = Told(response)
        assert (await told.next())[:2] == ("ready", "")
        kind, _, data = await told.next()
        # Nobody looked at sessions since the beginning, and yet nothing of them can have been missed.
        assert (kind, data["set"]) == ("changes", {"s1": {"state": "charging"}})
        kind, _, data = await told.next()
        assert (kind, data) == ("reload", {"topics": ["sessions"]})
    gone = {"Last-Event-ID": "0123abcd-1"}
    async with owner.stream("GET", "/api/v1/live?topics=stations", headers=gone) as response:
        told = Told(response)
        assert (await told.next())[0] == "ready"
        assert (await told.next())[2] == {"topics": ["stations"]}


async def test_a_topic_that_one_may_not_read_is_refused_and_the_others_are_told(api: Api) -> None:
    reader = api.client(await api.key(Role.READ_ONLY))
    path = "/api/v1/live?topics=stations,messages:1,nonsense,station:2"
    async with reader.stream("GET", path) as response:
        _, _, ready = await Told(response).next()
        assert ready["topics"] == ["stations", "station:2"]
        assert ready["refused"] == ["messages:1", "nonsense"]


async def test_a_silent_live_stream_says_that_it_lives_and_ends_with_the_server(make_api: MakeApi) -> None:
    api = await make_api(heartbeat_s=0.05)
    async with api.client(LOCAL_KEY).stream("GET", "/api/v1/live?topics=stations") as response:
        lines = response.aiter_lines()
        async with asyncio.timeout(30):
            async for line in lines:
                if line == ": alive":
                    break
        # Whoever waited for the stream would wait for the whole grace.
        api.server._server.config.timeout_graceful_shutdown = 600
        async with asyncio.timeout(60):
            await api.server.stop()
        assert [line async for line in lines if line.startswith("event")] == []
    assert api.board.readers == 0


async def test_a_reader_that_leaves_is_forgotten_by_the_board(api: Api, owner: httpx.AsyncClient) -> None:
    async with owner.stream("GET", "/api/v1/live?topics=stations") as response:
        await Told(response).next()
        assert api.board.readers == 1
    async with asyncio.timeout(30):
        while api.board.readers or api.app.state.open_streams:
            await asyncio.sleep(0.02)


async def test_the_fleet_is_one_table_and_its_changes_are_patches_of_it(
    api: Api, owner: httpx.AsyncClient
) -> None:
    station = (await owner.post("/api/v1/stations", json={"identity": "A", "name": "First"})).json()
    await api.network.load()
    fleet = (await owner.get("/api/v1/fleet")).json()
    rows = [dict(zip(fleet["columns"], row, strict=True)) for row in fleet["rows"]]
    assert [(row["id"], row["identity"], row["name"]) for row in rows] == [(station["id"], "A", "First")]
    assert rows[0]["state"] in ("offline", "pending")
    plain = await owner.get("/api/v1/fleet", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.json()["rows"] == fleet["rows"]


async def test_an_overview_of_nothing_is_empty_and_a_strange_time_zone_is_said(
    api: Api, owner: httpx.AsyncClient
) -> None:
    seen = (await owner.get("/api/v1/overview?time_zone=Europe/Berlin")).json()
    assert seen["sessions"] == {"active": 0, "today": 0}
    assert seen["energy"]["today_wh"] == 0
    assert len(seen["curve"]["before"]) in (92, 96, 100)
    answer = await owner.get("/api/v1/overview?time_zone=Mars/Olympus")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


async def test_one_caller_has_a_bounded_number_of_live_streams(api: Api, owner: httpx.AsyncClient) -> None:
    async with contextlib.AsyncExitStack() as stack:
        kept = []  # an iterator over a stream that is let go closes the stream
        for _ in range(STREAMS_PER_CALLER):
            response = await stack.enter_async_context(owner.stream("GET", "/api/v1/live?topics=stations"))
            kept.append(Told(response))
            await kept[-1].next()
        refused = await api.client(LOCAL_KEY).get("/api/v1/live?topics=stations")
        assert (refused.status_code, refused.json()["code"]) == (429, "too_many_streams")


async def test_too_many_topics_are_refused_with_the_number(owner: httpx.AsyncClient) -> None:
    topics = ",".join(f"station:{number}" for number in range(TOPICS_MAX + 1))
    answer = await owner.get(f"/api/v1/live?topics={topics}")
    assert answer.status_code == 422
    assert str(TOPICS_MAX) in answer.json()["detail"]


async def test_messages_of_a_station_are_told_to_whoever_follows_it(
    api: Api, owner: httpx.AsyncClient
) -> None:
    tenant_id = api.tenancy.host_tenant_id
    async with owner.stream("GET", "/api/v1/live?topics=messages:s1") as response:
        told = Told(response)
        await told.next()
        for station in ("s1", "s2"):
            api.messages.record(
                tenant_id, StationId(station), 0, "in", "Heartbeat", "m1", "answered", "{}", "{}", 2, 2, 5
            )
        _, _, data = await told.next()
        (message,) = data["set"].values()
        assert (message["station_id"], message["action"]) == ("s1", "Heartbeat")


async def test_a_stream_ends_when_its_key_is_revoked(make_api: MakeApi) -> None:
    api = await make_api(rights_s=0.05, heartbeat_s=0.05)
    owner = await api.owner()
    for path in ("/api/v1/live?topics=stations", "/api/v1/events/stream"):
        made = await api.tenancy.keys.make(owner.tenant_id, name="a wall", role=Role.READ_ONLY, by=owner)
        async with api.client(made.secret).stream("GET", path) as response:
            assert response.status_code == 200
            told = Told(response)
            await told.next()
            await asyncio.sleep(0.2)
            assert api.app.state.open_streams.total() == 1, "nothing has changed for who may read"
            await api.tenancy.keys.revoke(owner.tenant_id, made.key.id, by=owner)
            assert await told.rest() == []
        assert api.app.state.open_streams.total() == 0


async def test_a_stream_ends_when_its_reader_is_given_another_role(make_api: MakeApi) -> None:
    api = await make_api(rights_s=0.05, heartbeat_s=0.05)
    owner = await api.owner()
    browser = api.client()
    added = await api.tenancy.people.add(owner.tenant_id, login="ada", role=Role.OWNER, by=owner)
    entered = await browser.post("/api/v1/login", json={"login": "ada", "password": added.one_time_password})
    chosen = {"current_password": added.one_time_password, "new_password": "a horse on a staple"}
    headers = {"X-CSRF-Token": entered.json()["csrf_token"]}
    assert (await browser.post("/api/v1/me/password", json=chosen, headers=headers)).status_code == 200
    async with browser.stream("GET", "/api/v1/live?topics=commands") as response:
        told = Told(response)
        await told.next()
        person = await api.client(LOCAL_KEY).patch(
            f"/api/v1/people/{added.person.id}", json={"role": "read_only"}
        )
        assert person.status_code == 200
        assert await told.rest() == []


async def test_streams_opened_at_the_same_moment_are_counted_too(api: Api) -> None:
    key = await api.key(Role.READ_ONLY)
    for path in ("/api/v1/live?topics=stations", "/api/v1/events/stream"):
        client, held = api.client(key), []
        async with contextlib.AsyncExitStack() as stack:

            async def open_one(
                path: str = path, stack: Any = stack, client: Any = client, held: list[Any] = held
            ) -> bool:
                response = await stack.enter_async_context(client.stream("GET", path))
                # An iterator that nobody holds closes its connection, which makes room for the next.
                lines = response.aiter_lines()
                held.append(lines)
                async for line in lines:
                    if line.startswith("data: "):
                        return response.status_code == 200
                return False

            opened = await asyncio.gather(*(open_one() for _ in range(STREAMS_PER_CALLER * 3)))
            assert 0 < sum(opened) <= STREAMS_PER_CALLER
            assert api.app.state.open_streams.total() <= STREAMS_PER_CALLER
        async with asyncio.timeout(30):
            while api.app.state.open_streams.total():
                await asyncio.sleep(0.02)
