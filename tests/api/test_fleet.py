"""The network in memory: what stations do moves their rows, the overview and what is told live."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import httpx
import msgspec
import pytest
from served import Api

from currant.access.model import Presented, TokenKind
from currant.app.live_view import LiveView
from currant.charging.failing import FailingStations
from currant.charging.model import MeterReport, MeterSample, SampledValue, StartReport, StopReport
from currant.charging.network import Network
from currant.events.board import BoardReader
from currant.kit.event import Event
from currant.stations.model import BootReport, ConnectorStatus, Severity, StatusReport

EVSES = [{"number": 1, "max_power_w": 22_000, "connectors": [{"number": 1}]}]


class Watched:
    """An API whose events reach the network in memory, and a screen that looks at it."""

    def __init__(self, api: Api, client: httpx.AsyncClient) -> None:
        self.api = api
        self.client = client
        self.tenant_id = api.tenancy.host_tenant_id
        self.view = LiveView(api.live, api.board, api.network, api.charging, api.directory)
        self._told: asyncio.Queue[Event] = asyncio.Queue()
        api.database.listen(self._committed)

    def _committed(self, _: int, events: Sequence[Event]) -> None:
        for event in events:
            self._told.put_nowait(event)

    async def settled(self) -> None:
        await asyncio.sleep(0.02)
        while not self._told.empty():
            answer = self.view.show(self._told.get_nowait())
            if answer is not None:
                await answer

    async def row(self, identity: str) -> dict[str, Any]:
        await self.settled()
        for held in self.api.network._tenants.values():
            held.snapshot = None
        fleet = (await self.client.get("/api/v1/fleet")).json()
        for values in fleet["rows"]:
            row = dict(zip(fleet["columns"], values, strict=True))
            if row["identity"] == identity:
                return row
        raise AssertionError(f"{identity} is in no row.")

    async def told(self, reader: BoardReader) -> dict[str, dict[str, Any]]:
        """What was told of each topic, merged."""
        await self.settled()
        found: dict[str, dict[str, Any]] = {}
        async with asyncio.timeout(30):
            while not found:
                frames = (await reader.next(within=1.0) or b"").decode()
                for line in frames.split("\n"):
                    if line.startswith("data: "):
                        data = msgspec.json.decode(line[6:])
                        for key, value in data["set"].items():
                            found.setdefault(data["topic"], {}).setdefault(key, {}).update(value)
        return found


@pytest.fixture
async def watched(api: Api, owner: httpx.AsyncClient) -> Watched:
    watched = Watched(api, owner)
    answer = await owner.post("/api/v1/stations", json={"identity": "A", "evses": EVSES})
    assert answer.status_code == 201, answer.text
    await watched.settled()
    await owner.post("/api/v1/stations/A/accept", json={})
    return watched


def status(api: Api, word: ConnectorStatus, **more: Any) -> StatusReport:
    now = api.clock.now()
    return StatusReport(evse=1, connector=1, status=word, at=now, received_at=now, **more)


async def test_a_stations_row_follows_what_it_does(watched: Watched) -> None:
    api = watched.api
    assert (await watched.row("A"))["problem"] == "never_connected"
    station = await api.attended("A")
    await api.stations.boot(
        station, BootReport(vendor="V", model="M", firmware_version="1"), at=api.clock.now()
    )
    sessions = await api.charging.attend(station)
    row = await watched.row("A")
    assert (row["connected"], row["state"], row["vendor"], row["firmware"]) == (True, "unknown", "V", "1")
    await api.charging.status(station, sessions, status(api, ConnectorStatus.AVAILABLE))
    assert (await watched.row("A"))["state"] == "available"
    await api.charging.status(
        station, sessions, status(api, ConnectorStatus.FAULTED, raw_error="GroundFailure")
    )
    row = await watched.row("A")
    assert row["connectors"] == [[1, 1, "faulted", "GroundFailure"]]
    assert (row["state"], row["problem"]) == ("faulted", "faulted")
    await api.stations.departed(station, at=api.clock.now())
    row = await watched.row("A")
    assert (row["state"], row["problem"], row["connected"]) == ("offline", "offline", False)
    assert row["connectors"] == [[1, 1, "unknown"]]


async def test_power_of_a_session_is_told_and_ends_with_it(watched: Watched) -> None:
    api = watched.api
    station = await api.attended("A")
    sessions = await api.charging.attend(station)
    now = api.clock.now()
    reader = api.board.subscribe(watched.tenant_id, ["stations", "sessions", "overview"])
    answer = await api.charging.start(
        station,
        sessions,
        StartReport(
            evse=1,
            connector=1,
            presented=Presented(uid="CAFE", kind=TokenKind.RFID),
            meter_wh=0,
            at=now,
            received_at=now,
        ),
    )
    await api.charging.status(station, sessions, status(api, ConnectorStatus.CHARGING))
    await watched.told(reader)
    values = (
        SampledValue(value=100, measurand="Energy.Active.Import.Register", unit="Wh"),
        SampledValue(value=11_000, measurand="Power.Active.Import", unit="W"),
    )
    await api.charging.meter(
        station,
        sessions,
        MeterReport(
            evse=1,
            connector=1,
            samples=(MeterSample(at=now + timedelta(seconds=1), values=values),),
            received_at=now,
        ),
    )
    merged: dict[str, Any] = {}
    async with asyncio.timeout(30):
        while merged.get("power_w") != 11_000:
            for topic, things in (await watched.told(reader)).items():
                if topic == "stations":
                    for patch in things.values():
                        merged.update(patch)
    row = await watched.row("A")
    assert (row["state"], row["power_w"], row["sessions"]) == ("charging", 11_000, 1)
    seen = (await watched.client.get("/api/v1/overview")).json()
    assert (seen["power_w"], seen["capacity_w"]) == (11_000, 22_000)
    assert seen["sessions"]["active"] == 1
    assert seen["curve"]["today"][-1] == 11_000
    await api.charging.stop(
        station,
        sessions,
        StopReport(
            transaction_id=answer.number, meter_wh=100, at=now + timedelta(seconds=9), received_at=now
        ),
    )
    row = await watched.row("A")
    assert (row["power_w"], row["sessions"]) == (0, 0)


async def test_sessions_are_told_as_lists_show_them(watched: Watched) -> None:
    api = watched.api
    station = await api.attended("A")
    sessions = await api.charging.attend(station)
    now = api.clock.now()
    reader = api.board.subscribe(watched.tenant_id, ["sessions"])
    presented = Presented(uid="CAFE", kind=TokenKind.RFID)
    await api.charging.start(
        station,
        sessions,
        StartReport(evse=1, connector=1, presented=presented, meter_wh=0, at=now, received_at=now),
    )
    ((session_id, told),) = (await watched.told(reader))["sessions"].items()
    listed = (await watched.client.get(f"/api/v1/sessions/{session_id}")).json()
    assert told == listed


async def test_a_second_node_knows_the_same(watched: Watched) -> None:
    api = watched.api
    station = await api.attended("A")
    sessions = await api.charging.attend(station)
    await api.charging.status(station, sessions, status(api, ConnectorStatus.AVAILABLE))
    other = Network(api.database, api.directory, api.board, api.clock)
    await other.load()
    await watched.row("A")
    mine, theirs = (network.counts(watched.tenant_id) for network in (api.network, other))
    assert mine == theirs


async def test_what_another_node_meters_is_read_where_it_is_kept(watched: Watched) -> None:
    api = watched.api
    api.charging.metered = None  # another node's charging: what it reads does not come here
    station = await api.attended("A")
    sessions = await api.charging.attend(station)
    now = api.clock.now()
    presented = Presented(uid="CAFE", kind=TokenKind.RFID)
    await api.charging.start(
        station,
        sessions,
        StartReport(evse=1, connector=1, presented=presented, meter_wh=0, at=now, received_at=now),
    )
    values = (
        SampledValue(value=100, measurand="Energy.Active.Import.Register", unit="Wh"),
        SampledValue(value=7_400, measurand="Power.Active.Import", unit="W"),
    )
    sample = MeterSample(at=now + timedelta(seconds=1), values=values)
    await api.charging.meter(
        station, sessions, MeterReport(evse=1, connector=1, samples=(sample,), received_at=api.clock.now())
    )
    assert (await watched.row("A"))["power_w"] == 0
    await api.network.look_elsewhere(now - timedelta(seconds=12))
    assert (await watched.row("A"))["power_w"] == 7_400


async def test_what_no_event_told_is_put_right(watched: Watched) -> None:
    api = watched.api
    await api.attended("A")
    await watched.row("A")
    # The node that held the connection died, and forgot it without a word when it came back.
    await api.stations.start()
    assert (await watched.row("A"))["connected"] is True
    assert await api.network.refresh() == 1
    assert (await watched.row("A"))["connected"] is False
    assert await api.network.refresh() == 0


async def test_something_critical_is_the_rows_and_the_overviews_problem(watched: Watched) -> None:
    api = watched.api
    await api.attended("A")
    entry = api.directory.find("A")
    assert entry is not None
    await api.stations.security_event(
        watched.tenant_id,
        identity="A",
        kind="TamperDetectionActivated",
        at=api.clock.now(),
        severity=Severity.CRITICAL,
        station_id=entry.station_id,
    )
    await FailingStations(api.network, api.inventory, api.charging, api.clock, desired=api.desired).look()
    assert (await watched.row("A"))["problem"] == "security_critical"
    problems = (await watched.client.get("/api/v1/overview")).json()["problems"]
    assert problems[0]["code"] == "security_critical"
    assert problems[0]["example"]["identity"] == "A"
    insight = (await watched.client.get("/api/v1/stations/A/insight")).json()
    assert insight["problems"][0]["code"] == "tampered"


async def test_insight_keeps_security_from_those_who_may_not_read_it(watched: Watched) -> None:
    api = watched.api
    from currant.tenancy.model import Role

    await api.stations.security_event(
        watched.tenant_id,
        identity="A",
        kind="TamperDetectionActivated",
        at=api.clock.now(),
        severity=Severity.CRITICAL,
        station_id=api.directory.find("A").station_id,  # type: ignore[union-attr]
    )
    reader = api.client(await api.key(Role.READ_ONLY))
    seen = (await reader.get("/api/v1/stations/A/insight")).json()
    assert "tampered" not in [problem["code"] for problem in seen["problems"]]
    assert seen["doing"]["code"] == "never_connected"


async def test_curves_over_the_api_are_of_the_callers_own(watched: Watched) -> None:
    curve = (await watched.client.get("/api/v1/stations/A/curve?points=10")).json()
    assert set(curve) == {"from", "step_s", "power_w", "peak_w", "energy_wh", "temperature_c"}
    assert (await watched.client.get("/api/v1/stations/B/curve")).status_code == 404
    assert (await watched.client.get("/api/v1/sessions/999/curve")).status_code == 404
    places = (await watched.client.get("/api/v1/fleet/locations")).json()
    assert places == {"items": []}
