"""Our types against the official schemas, message by message, with an independent validator as the judge."""

import importlib.util
import json
import random
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema_rs
import msgspec
import pytest

from currant.ocpp.catalogue import ACTIONS, Version
from currant.ocpp.codec import Decoded, Refusal, codec_for
from currant.ocpp.errors import ErrorCode, Unsendable

PACKAGES = {Version.V16: "v16", Version.V201: "v201", Version.V21: "v21"}
MESSAGES = [
    (version, action, answer)
    for version, actions in ACTIONS.items()
    for action, spec in actions.items()
    for answer in (False, True)
    if not answer or spec.response is not None
]
SAMPLES = 12

# Required by the schemas and yet tolerated when absent; each has a test of its own in test_reading.py.
TOLERATED_ABSENT = {"timestamp", "generatedAt", "basetime", "triggerReason", "errorCode"}

message = pytest.mark.parametrize(
    ("version", "action", "answer"),
    MESSAGES,
    ids=[f"{v}-{action}{'Response' * answer}" for v, action, answer in MESSAGES],
)


def schema_of(version: Version, action: str, answer: bool) -> dict[str, Any]:
    spec = importlib.util.find_spec("ocpp")
    assert spec is not None
    assert spec.origin is not None
    folder = Path(spec.origin).parent / PACKAGES[version] / "schemas"
    names = [f"{action}Response"] if answer else [f"{action}Request", action]
    path = next(path for name in names if (path := folder / f"{name}.json").exists())
    schema: dict[str, Any] = json.loads(path.read_text("utf-8-sig"))
    return schema


def judge_of(schema: dict[str, Any]) -> Any:
    return jsonschema_rs.validator_for(schema, validate_formats=True)


def resolved(schema: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        found: dict[str, Any] = root["definitions"][schema["$ref"].rsplit("/", 1)[1]]
        return found
    return schema


def sample(
    schema: dict[str, Any], root: dict[str, Any], chance: random.Random, optional: float, name: str
) -> Any:
    """Something that the schema accepts."""
    schema = resolved(schema, root)
    if "enum" in schema:
        return chance.choice(schema["enum"])
    match schema.get("type"):
        case "object":
            required = schema.get("required", [])
            made = {
                key: sample(inner, root, chance, optional, key)
                for key, inner in schema.get("properties", {}).items()
                if key in required or chance.random() < optional
            }
            if name == "customData":
                made["anything"] = {"deep": [1, "two", True]}
            return made
        case "array":
            most = min(3, schema.get("maxItems", 3))
            count = chance.randint(max(1, schema.get("minItems", 1)), most)
            return [sample(schema["items"], root, chance, optional, name) for _ in range(count)]
        case "string" if schema.get("format") == "date-time":
            at = datetime.fromtimestamp(chance.randint(1_300_000_000, 2_200_000_000), UTC)
            return at.strftime("%Y-%m-%dT%H:%M:%S") + chance.choice(
                ["Z", ".5Z", ".123456789Z", "+02:00", "-05:30"]
            )
        case "string":
            longest = schema.get("maxLength", 60)
            length = longest if chance.random() < 0.2 else chance.randint(1, min(longest, 30))
            if schema.get("format") == "uri":
                return "ftp://example.org/" + "a" * 5
            return "".join(chance.choice('abcXYZ0189 -_:/"\\{}äß漢🚗') for _ in range(length))
        case "integer":
            low = int(schema.get("minimum", 1))
            return chance.randint(low, int(schema.get("maximum", low + 100_000)))
        case "number":
            low, high = schema.get("minimum", -1000), schema.get("maximum", 1000)
            return round(chance.uniform(max(low, -1e6), min(high, 1e6)), 1)
        case "boolean":
            return chance.random() < 0.5
        case _:
            return chance.choice([{"any": ["thing"]}, "text", 7])


def samples(version: Version, action: str, answer: bool) -> Iterator[dict[str, Any]]:
    schema = schema_of(version, action, answer)
    judge = judge_of(schema)
    chance = random.Random(zlib.crc32(f"{version}{action}{answer}".encode()))
    for number in range(SAMPLES):
        made = sample(schema, schema, chance, {0: 0.0, 1: 1.0}.get(number, 0.4), "")
        judge.validate(made)
        yield made


def to_the_second(value: Any) -> Any:
    """The value with its times as we write them."""
    if isinstance(value, dict):
        return {key: to_the_second(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [to_the_second(inner) for inner in value]
    if isinstance(value, str) and len(value) >= 20 and value[4:5] == "-" and value[10:11] == "T":
        at = msgspec.convert(value, datetime).astimezone(UTC)
        return at.strftime("%Y-%m-%dT%H:%M:%SZ")
    return value


def read(version: Version, action: str, answer: bool, payload: bytes) -> Decoded | Refusal:
    codec = codec_for(version)
    return codec.decode_response(action, payload) if answer else codec.decode_request(action, payload)


@message
def test_what_the_schema_accepts_is_read_and_written_again_the_same(
    version: Version, action: str, answer: bool
) -> None:
    judge = judge_of(schema_of(version, action, answer))
    for made in samples(version, action, answer):
        outcome = read(version, action, answer, json.dumps(made).encode())
        assert isinstance(outcome, Decoded), (outcome, made)
        assert outcome.findings == (), made
        written = json.loads(codec_for(version).encode(outcome.message))
        judge.validate(written)
        assert written == to_the_second(made)


def required_scalars(
    schema: dict[str, Any], root: dict[str, Any], path: tuple[str, ...] = ()
) -> Iterator[Any]:
    """Where a required value stands that no list contains: (path, its schema)."""
    schema = resolved(schema, root)
    for key in schema.get("required", []):
        inner = resolved(schema["properties"][key], root)
        yield (*path, key), inner
        if inner.get("type") == "object":
            yield from required_scalars(inner, root, (*path, key))


def changed(made: dict[str, Any], path: tuple[str, ...], change: Any) -> bytes:
    copy = json.loads(json.dumps(made))
    owner = copy
    for key in path[:-1]:
        owner = owner[key]
    change(owner, path[-1])
    return json.dumps(copy).encode()


@message
def test_a_missing_required_value_is_refused_as_an_occurrence(
    version: Version, action: str, answer: bool
) -> None:
    schema = schema_of(version, action, answer)
    made = next(samples(version, action, answer))
    for path, _ in required_scalars(schema, schema):
        if path[-1] in TOLERATED_ABSENT:
            continue
        payload = changed(made, path, lambda owner, key: owner.pop(key))
        assert not judge_of(schema).is_valid(json.loads(payload))
        outcome = read(version, action, answer, payload)
        assert isinstance(outcome, Refusal), path
        assert outcome.code is ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION
        assert outcome.details["field"] == ".".join(path)


@message
def test_a_required_value_of_a_wrong_type_is_refused_as_a_type(
    version: Version, action: str, answer: bool
) -> None:
    schema = schema_of(version, action, answer)
    made = next(samples(version, action, answer))
    for path, inner in required_scalars(schema, schema):
        if path[-1] in TOLERATED_ABSENT or "type" not in inner or path[-1] == "data":
            continue
        wrong: Any = 17 if inner["type"] in ("object", "array") else [{"not": "this"}]
        payload = changed(made, path, lambda owner, key, wrong=wrong: owner.update({key: wrong}))
        assert not judge_of(schema).is_valid(json.loads(payload))
        outcome = read(version, action, answer, payload)
        assert isinstance(outcome, Refusal), path
        assert outcome.code is ErrorCode.TYPE_CONSTRAINT_VIOLATION
        assert outcome.details["field"] == ".".join(path)


@message
def test_what_is_no_object_is_refused_as_a_format(version: Version, action: str, answer: bool) -> None:
    for payload in (b"[]", b"7", b'"text"', b'{"a":', b""):
        outcome = read(version, action, answer, payload)
        assert isinstance(outcome, Refusal), payload
        assert outcome.code is ErrorCode.FORMAT_VIOLATION
        assert len(outcome.description) <= 255


@message
def test_a_text_longer_than_the_schema_allows_is_not_sent(
    version: Version, action: str, answer: bool
) -> None:
    schema = schema_of(version, action, answer)
    made = list(samples(version, action, answer))[1]
    outcome = read(version, action, answer, json.dumps(made).encode())
    assert isinstance(outcome, Decoded)
    fields = {field.encode_name: field.name for field in msgspec.structs.fields(outcome.message)}
    for wire, inner in schema.get("properties", {}).items():
        limit = inner.get("maxLength")
        if limit is None:
            continue
        too_long = msgspec.structs.replace(outcome.message, **{fields[wire]: "x" * (limit + 1)})
        with pytest.raises(Unsendable) as refused:
            codec_for(version).encode(too_long)
        assert refused.value.facts["field"] == wire


@message
def test_an_unknown_property_is_a_finding_and_never_written(
    version: Version, action: str, answer: bool
) -> None:
    made = next(samples(version, action, answer))
    outcome = read(version, action, answer, json.dumps({**made, "vendorSpecific": 1}).encode())
    assert isinstance(outcome, Decoded)
    assert [(f.code, f.field) for f in outcome.findings] == [("unknown-property", "vendorSpecific")]
    assert b"vendorSpecific" not in codec_for(version).encode(outcome.message)
