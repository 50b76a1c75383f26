"""Variables, monitors and problems over HTTP."""

import httpx
from served import Api

from currant.kit.ids import StationId
from currant.stations.commanding.variables import MonitorKind, Traits, VariableValue
from currant.stations.device import naming
from currant.stations.device.model import Extent, How
from currant.stations.device.watching import ComponentEvent, EventTrigger, KnownMonitor
from currant.stations.drafts import StationDraft
from currant.stations.model import AttendedStation, BootReport
from currant.tenancy.model import Role

INTERVAL = "OCPPCommCtrlr.HeartbeatInterval"
SECONDS = Traits(mutability="ReadWrite", data_type="integer", unit="s")


async def station(api: Api, identity: str, vendor: str, *, interval: str) -> AttendedStation:
    """A station that has told its variables."""
    tenant_id = (await api.owner()).tenant_id
    await api.inventory.create_station(tenant_id, StationDraft(identity=identity), by="a test")
    attended = await api.attended(identity, "2.0.1")
    await api.stations.boot(attended, BootReport(vendor=vendor, model="M"), at=api.clock.now())
    values = [
        VariableValue(variable=naming.read(key), value=value, status="Accepted", traits=SECONDS)
        for key, value in ((INTERVAL, interval), ("TxCtrlr.EVConnectionTimeOut", "60"))
    ]
    await api.device.learn(attended, values, How.REPORT, extent=Extent.WHOLE)
    return attended


async def test_a_stations_variables_are_listed(api: Api, owner: httpx.AsyncClient) -> None:
    await station(api, "CS-1", "ABB", interval="300")
    listed = (await owner.get("/api/v1/stations/CS-1/variables")).json()
    assert [item["key"] for item in listed["items"]] == [INTERVAL, "TxCtrlr.EVConnectionTimeOut"]
    first = listed["items"][0]
    assert (first["value"], first["ocpp16_key"]) == ("300", "HeartbeatInterval")
    assert first["traits"]["unit"] == "s"
    some = (await owner.get("/api/v1/stations/CS-1/variables", params={"component": "txctrlr"})).json()
    assert [item["value"] for item in some["items"]] == ["60"]
    one = (await owner.get("/api/v1/stations/CS-1/variables", params={"name": "HeartbeatInterval"})).json()
    assert [item["key"] for item in one["items"]] == [INTERVAL]
    state = (await owner.get("/api/v1/stations/CS-1/device-model")).json()
    assert (state["variables"], state["complete"]) == (2, True)


async def test_what_is_the_heartbeat_interval_of_all_abb_stations(api: Api, owner: httpx.AsyncClient) -> None:
    for number in range(5):
        vendor = "ABB" if number < 3 else "Alfen"
        await station(api, f"CS-{number}", vendor, interval="300" if number % 2 else "60")
    asked = {"name": "HeartbeatInterval", "vendor": "ABB"}
    counted = (await owner.get("/api/v1/variables/values", params=asked)).json()
    assert [(each["value"], each["stations"]) for each in counted] == [("60", 2), ("300", 1)]
    asked = {"component": "OCPPCommCtrlr", "name": "HeartbeatInterval", "value": "60", "limit": "2"}
    page = (await owner.get("/api/v1/variables", params=asked)).json()
    assert [item["identity"] for item in page["items"]] == ["CS-0", "CS-2"]
    page = (await owner.get("/api/v1/variables", params=asked | {"cursor": page["next_cursor"]})).json()
    assert [item["identity"] for item in page["items"]] == ["CS-4"]
    names = (await owner.get("/api/v1/variables/names", params={"search": "heartbeat"})).json()
    assert [item["key"] for item in names["items"]] == [INTERVAL]


async def test_a_variable_that_nobody_has_is_not_found_in_words(api: Api, owner: httpx.AsyncClient) -> None:
    answer = await owner.get("/api/v1/variables", params={"component": "A", "name": "B"})
    assert answer.status_code == 404
    assert "A.B" in answer.json()["detail"]


async def test_a_station_is_asked_for_its_variables_now(api: Api, owner: httpx.AsyncClient) -> None:
    await station(api, "CS-1", "ABB", interval="300")
    answer = await owner.post("/api/v1/stations/CS-1/variables/read")
    assert answer.status_code == 200
    assert answer.json()["status"] == "accepted"
    assert answer.json()["model"]["variables"] == 2
    assert [type(command).__name__ for _, command in api.link.sent] == ["GetVariables"]


async def test_who_may_only_look_does_not_trouble_a_station(api: Api) -> None:
    await station(api, "CS-1", "ABB", interval="300")
    viewer = api.client(await api.key(Role.READ_ONLY))
    assert (await viewer.get("/api/v1/stations/CS-1/variables")).status_code == 200
    assert (await viewer.post("/api/v1/stations/CS-1/variables/read")).status_code == 403


async def test_problems_are_listed_while_they_last(api: Api, owner: httpx.AsyncClient) -> None:
    attended = await station(api, "CS-1", "ABB", interval="300")
    hot = naming.read("ChargingStation.Temperature")
    monitor = KnownMonitor(
        id=7,
        variable=hot,
        kind=MonitorKind.UPPER_THRESHOLD,
        value=70.0,
        severity=3,
        known_since=api.clock.now(),
    )
    await api.monitoring.note_monitors(attended, [monitor])

    def told(value: str, *, cleared: bool) -> ComponentEvent:
        return ComponentEvent(
            station_id=StationId(attended.station_id),
            at=api.clock.now(),
            event_id=1,
            trigger=EventTrigger.ALERTING,
            variable=hot,
            value=value,
            cleared=cleared,
            monitor_id=7,
        )

    await api.monitoring.note_events(attended, [told("71.5", cleared=False)])
    for path in ("/api/v1/problems", "/api/v1/stations/CS-1/problems"):
        [problem] = (await owner.get(path)).json()["items"]
        assert (problem["error"], problem["severity"], problem["value"]) == ("HighTemperature", 3, "71.5")
        assert (problem["identity"], problem["source"]) == ("CS-1", "component")
    await api.monitoring.note_events(attended, [told("60", cleared=True)])
    assert (await owner.get("/api/v1/problems")).json()["items"] == []
    events = (await owner.get("/api/v1/stations/CS-1/events")).json()["items"]
    assert [event["value"] for event in events] == ["60", "71.5"]
    worse = (await owner.get("/api/v1/stations/CS-1/events", params={"problems_only": "true"})).json()
    assert [event["error"] for event in worse["items"]] == ["HighTemperature"]
    monitors = (await owner.get("/api/v1/stations/CS-1/monitors")).json()["items"]
    assert [(each["id"], each["kind"]) for each in monitors] == [(7, "upper_threshold")]
