"""Every request that a server may send is answered within the schema, or with a proper CALLERROR."""

import json
import zlib
from pathlib import Path
from random import Random
from typing import Any

import pytest
from bench_top import TOKEN, Bench
from judge import FOLDERS, validator

import ocpp
from currant.ocpp.catalogue import ACTIONS, Party

ASKED = [
    (version.value, name)
    for version, actions in ACTIONS.items()
    for name, spec in sorted(actions.items())
    if spec.sent_by is not Party.STATION
]


def schema(version: str, name: str) -> dict[str, Any]:
    folder = Path(ocpp.__file__).parent / FOLDERS[version] / "schemas"
    path = folder / f"{name}Request.json"
    if not path.exists():
        path = folder / f"{name}.json"
    return dict(json.loads(path.read_text(encoding="utf-8-sig")))


def example(node: dict[str, Any], root: dict[str, Any], random: Random, *, optional: float) -> Any:
    """A value that keeps a schema; `optional` is the chance of a property that need not be there."""
    if "$ref" in node:
        return example(root["definitions"][node["$ref"].rsplit("/", 1)[1]], root, random, optional=optional)
    if "enum" in node:
        return random.choice(node["enum"])
    match node.get("type"):
        case "object":
            required = node.get("required", [])
            return {
                name: example(child, root, random, optional=optional * 0.7)
                for name, child in node.get("properties", {}).items()
                if name in required or (name != "customData" and random.random() < optional)
            }
        case "array":
            count = max(1, node.get("minItems", 1))
            return [example(node["items"], root, random, optional=optional) for _ in range(count)]
        case "integer":
            return random.randint(max(0, int(node.get("minimum", 0))), int(node.get("maximum", 2)))
        case "number":
            return min(float(node.get("maximum", 16.0)), 16.0)
        case "boolean":
            return random.random() < 0.5
        case _:
            if node.get("format") == "date-time":
                return "2026-01-31T13:00:00Z"
            return "7"[: node.get("maxLength", 1)]


@pytest.mark.parametrize(("version", "action"), ASKED)
def test_an_answer_keeps_the_schema_whatever_is_asked(version: str, action: str) -> None:
    random = Random(zlib.crc32(f"{version}{action}".encode()))
    root = schema(version, action)
    bench = Bench(version).connect()
    bench.run(10)
    for round_ in range(12):
        payload = example(root, root, random, optional=0.0 if round_ == 0 else 0.6)
        validator(version, f"{action}Request").validate(payload)
        answer = bench.ask(action, payload)
        assert isinstance(answer, dict), answer
        bench.run(30)
    bench.run(2_000)


def raw(bench: Bench, frame: bytes) -> Any:
    bench.hears = False
    bench.station.receive(bench.now, frame)
    return json.loads(bench.sent[-1])[:3]


def test_an_unknown_action_is_not_implemented() -> None:
    bench = Bench("1.6").connect()
    assert raw(bench, b'[2,"1","MakeCoffee",{}]') == [4, "1", "NotImplemented"]


def test_a_malformed_request_is_refused_with_the_versions_spelling() -> None:
    for version, code in (
        ("1.6", "OccurenceConstraintViolation"),
        ("2.0.1", "OccurrenceConstraintViolation"),
    ):
        bench = Bench(version).connect()
        assert raw(bench, b'[2,"1","UnlockConnector",{}]') == [4, "1", code]


def test_configuration_is_read_changed_and_read_back() -> None:
    bench = Bench("1.6").connect()
    keys = bench.ask("GetConfiguration", {})["configurationKey"]
    assert {"HeartbeatInterval", "NumberOfConnectors"} <= {entry["key"] for entry in keys}
    change = {"key": "HeartbeatInterval", "value": "20"}
    assert bench.ask("ChangeConfiguration", change)["status"] == "Accepted"
    read = bench.ask("GetConfiguration", {"key": ["HeartbeatInterval", "Nonsense"]})
    assert read == {
        "configurationKey": [{"key": "HeartbeatInterval", "readonly": False, "value": "20"}],
        "unknownKey": ["Nonsense"],
    }
    before = len(bench.judge.said("Heartbeat"))
    bench.run(205)
    assert len(bench.judge.said("Heartbeat")) - before == 10


@pytest.mark.parametrize(
    ("key", "value", "status"),
    [
        ("NumberOfConnectors", "9", "Rejected"),
        ("HeartbeatInterval", "soon", "Rejected"),
        ("Nonsense", "1", "NotSupported"),
    ],
)
def test_what_cannot_be_configured_is_refused(key: str, value: str, status: str) -> None:
    bench = Bench("1.6").connect()
    assert bench.ask("ChangeConfiguration", {"key": key, "value": value})["status"] == status


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
def test_variables_are_read_set_and_reported(version: str) -> None:
    bench = Bench(version).connect()
    where = {"component": {"name": "SampledDataCtrlr"}, "variable": {"name": "TxUpdatedInterval"}}
    setting = {"setVariableData": [where | {"attributeValue": "15"}]}
    assert bench.ask("SetVariables", setting)["setVariableResult"][0]["attributeStatus"] == "Accepted"
    [found] = bench.ask("GetVariables", {"getVariableData": [where]})["getVariableResult"]
    assert (found["attributeStatus"], found["attributeValue"]) == ("Accepted", "15")
    assert bench.station.sample_interval_s == 15
    asked = {"requestId": 3, "reportBase": "FullInventory"}
    assert bench.ask("GetBaseReport", asked) == {"status": "Accepted"}
    bench.run(10)
    reports = bench.judge.said("NotifyReport")
    assert [report["seqNo"] for report in reports] == list(range(len(reports)))
    assert [report.get("tbc", False) for report in reports] == [True] * (len(reports) - 1) + [False]
    names = {entry["variable"]["name"] for report in reports for entry in report["reportData"]}
    assert {"ConnectorType", "HeartbeatInterval", "AvailabilityState"} <= names


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
def test_unknown_components_and_variables_are_told_apart(version: str) -> None:
    bench = Bench(version).connect()
    asked = [
        {"component": {"name": "Toaster"}, "variable": {"name": "Heat"}},
        {"component": {"name": "TxCtrlr"}, "variable": {"name": "Heat"}},
        {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "BasicAuthPassword"}},
    ]
    results = bench.ask("GetVariables", {"getVariableData": asked})["getVariableResult"]
    statuses = [result["attributeStatus"] for result in results]
    assert statuses == ["UnknownComponent", "UnknownVariable", "Rejected"]


def reserve(bench: Bench, token: str) -> str:
    until = "2026-01-31T12:30:00Z"
    if bench.judge.version == "1.6":
        request: dict[str, Any] = {"connectorId": 1, "expiryDate": until, "idTag": token, "reservationId": 8}
    else:
        request = {
            "id": 8,
            "expiryDateTime": until,
            "idToken": {"idToken": token, "type": "ISO14443"},
            "evseId": 1,
        }
    return str(bench.ask("ReserveNow", request)["status"])


@pytest.mark.parametrize("version", ["1.6", "2.0.1", "2.1"])
def test_a_reserved_outlet_is_for_its_token_alone_and_free_again_in_time(version: str) -> None:
    bench = Bench(version).connect()
    assert reserve(bench, TOKEN) == "Accepted"
    bench.run(5)
    assert bench.station.outlets[0].status == "Reserved"
    if version == "1.6":
        start: tuple[str, dict[str, Any]] = ("RemoteStartTransaction", {"idTag": "OTHER", "connectorId": 1})
    else:
        token = {"idToken": "OTHER", "type": "Central"}
        start = ("RequestStartTransaction", {"idToken": token, "remoteStartId": 1, "evseId": 1})
    assert bench.ask(*start)["status"] == "Rejected"
    bench.run(1900)
    assert bench.station.outlets[0].status == "Available"
    if version != "1.6":
        [update] = bench.judge.said("ReservationStatusUpdate")
        assert update == {"reservationId": 8, "reservationUpdateStatus": "Expired"}


@pytest.mark.parametrize("version", ["1.6", "2.0.1", "2.1"])
def test_a_firmware_update_goes_through_its_stages_and_a_reboot(version: str) -> None:
    bench = Bench(version).connect()
    if version == "1.6":
        request: dict[str, Any] = {
            "location": "https://example/fw-5.0.bin",
            "retrieveDate": "2026-01-31T12:00:00Z",
        }
    else:
        firmware = {"location": "https://example/fw-5.0.bin", "retrieveDateTime": "2026-01-31T12:00:00Z"}
        request = {"requestId": 4, "firmware": firmware}
    bench.ask("UpdateFirmware", request)
    bench.run(300)
    stages = [said["status"] for said in bench.judge.said("FirmwareStatusNotification")]
    assert [stages[0], stages[-1]] == ["Downloading", "Installed"]
    boot = bench.judge.said("BootNotification")[-1]
    version_told = boot.get("firmwareVersion") or boot["chargingStation"]["firmwareVersion"]
    assert version_told == "fw-5.0"
