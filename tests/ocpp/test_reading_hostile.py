"""Payloads made to hurt: deep, endless, huge or of any shape; none of them breaks the reader."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from currant.ocpp.catalogue import Version
from currant.ocpp.codec import Decoded, codec_for
from currant.ocpp.errors import ErrorCode, Refusal

V16, V201, V21 = Version.V16, Version.V201, Version.V21

START = {"connectorId": 1, "idTag": "TAG", "meterStart": 0, "timestamp": "2026-01-31T12:00:00Z"}
STOP = {"transactionId": 7, "meterStop": 10, "timestamp": "2026-01-31T12:00:00Z"}
STATUS = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}
EVENT = {
    "eventType": "Updated",
    "timestamp": "2026-01-31T12:00:00Z",
    "triggerReason": "MeterValuePeriodic",
    "seqNo": 3,
    "transactionInfo": {"transactionId": "t1"},
}
SAMPLES = [{"timestamp": "2026-01-31T12:00:00Z", "sampledValue": [{"value": "1"}]}]


@pytest.mark.parametrize("depth", [10, 500, 900, 950, 980, 5000])
@pytest.mark.parametrize("key", ["data", "extra"])
def test_deep_nesting_harms_nothing(depth: int, key: str) -> None:
    payload = b'{"vendorId":"V","%b":%b%b}' % (key.encode(), b"[" * depth, b"]" * depth)
    outcome = codec_for(V16).decode_request("DataTransfer", payload)
    if depth == 10:
        assert isinstance(outcome, Decoded)
    elif isinstance(outcome, Refusal):
        assert outcome.code is ErrorCode.FORMAT_VIOLATION


def test_findings_are_bounded() -> None:
    junk = {f"extra{number}": "x" * 5000 for number in range(500)}
    outcome = codec_for(V16).decode_request("Authorize", json.dumps({"idTag": "A", **junk}).encode())
    assert isinstance(outcome, Decoded)
    assert len(outcome.findings) <= 50
    assert all(len(finding.detail) <= 100 for finding in outcome.findings)


def test_numbers_too_large_for_any_store_are_refused() -> None:
    for number in (2**63, -(2**64), "1e300"):
        payload = json.dumps({**START, "meterStart": number}).encode()
        outcome = codec_for(V16).decode_request("StartTransaction", payload)
        assert isinstance(outcome, Refusal)
        assert outcome.code is ErrorCode.PROPERTY_CONSTRAINT_VIOLATION


@pytest.mark.parametrize("digits", [20, 400, 5000])
@pytest.mark.parametrize("key", ["connectorId", "idTag", "meterStart", "timestamp", "reservationId", "extra"])
@pytest.mark.parametrize("form", [b"%b", b"-%b", b'"%b"', b"%b.5", b"%be9", b"1e-%b"])
def test_endless_numbers_harm_nothing(digits: int, key: str, form: bytes) -> None:
    marked = json.dumps({**START, key: "MARK"}).encode()
    outcome = codec_for(V16).decode_request(
        "StartTransaction", marked.replace(b'"MARK"', form % (b"7" * digits))
    )
    assert isinstance(outcome, Decoded | Refusal)
    if isinstance(outcome, Decoded):
        assert abs(outcome.message.connector_id) < 2**63
        assert abs(outcome.message.meter_start) < 2**63


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
BASES = [
    (V16, "StartTransaction", START),
    (V16, "StopTransaction", {**STOP, "transactionData": SAMPLES}),
    (V16, "MeterValues", {"connectorId": 1, "meterValue": SAMPLES}),
    (V16, "StatusNotification", STATUS),
    (V201, "TransactionEvent", {**EVENT, "evse": {"id": 1}}),
    (V21, "TransactionEvent", {**EVENT, "idToken": {"idToken": "A", "type": "Central"}}),
]


@given(st.sampled_from(BASES), st.data())
def test_no_value_anywhere_breaks_the_reader(
    base: tuple[Version, str, dict[str, Any]], data: st.DataObject
) -> None:
    version, action, payload = base
    key = data.draw(st.sampled_from(sorted(payload)))
    changed = {**payload, key: data.draw(values)}
    outcome = codec_for(version).decode_request(action, json.dumps(changed).encode())
    assert isinstance(outcome, Decoded | Refusal)
    if isinstance(outcome, Refusal):
        assert outcome.details["field"].startswith(key)
        assert len(outcome.description) <= 255
