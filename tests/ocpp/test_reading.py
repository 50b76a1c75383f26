"""What stations get wrong in payloads, and what is understood all the same (quirks C1 to C17, D1 to D8, E)."""

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from currant.ocpp.catalogue import ACTIONS, Version
from currant.ocpp.codec import Decoded, codec_for
from currant.ocpp.errors import ErrorCode, Finding, Refusal
from currant.ocpp.frames import Call, Repaired, parse_frame

V16, V201, V21 = Version.V16, Version.V201, Version.V21
V2 = pytest.mark.parametrize("version", [V201, V21])
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)

BOOT = {"chargePointVendor": "V", "chargePointModel": "M"}
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


def metered(**sampled: Any) -> dict[str, Any]:
    value = {"timestamp": "2026-01-31T12:00:00Z", "sampledValue": [{"value": "1", **sampled}]}
    return {"connectorId": 1, "transactionId": 7, "meterValue": [value]}


def request(version: Version, action: str, payload: Any) -> tuple[Any, list[tuple[str, str]]]:
    """The message read, and the findings as (code, field)."""
    outcome = codec_for(version).decode_request(action, json.dumps(payload).encode())
    assert isinstance(outcome, Decoded), outcome
    return outcome.message, [(finding.code, finding.field) for finding in outcome.findings]


def answer(version: Version, action: str, payload: Any) -> tuple[Any, list[tuple[str, str]]]:
    outcome = codec_for(version).decode_response(action, json.dumps(payload).encode())
    assert isinstance(outcome, Decoded), outcome
    return outcome.message, [(finding.code, finding.field) for finding in outcome.findings]


def refused(version: Version, action: str, payload: Any) -> Refusal:
    outcome = codec_for(version).decode_request(action, json.dumps(payload).encode())
    assert isinstance(outcome, Refusal), outcome
    return outcome


@pytest.mark.parametrize(
    ("field", "attribute"),
    [
        ("chargeBoxSerialNumber", "charge_box_serial_number"),  # C1
        ("chargePointSerialNumber", "charge_point_serial_number"),  # C1
        ("chargePointVendor", "charge_point_vendor"),  # C2
    ],
)
def test_c1_c2_long_names_and_serial_numbers_are_kept_whole(field: str, attribute: str) -> None:
    boot, findings = request(V16, "BootNotification", {**BOOT, field: "x" * 34})
    assert getattr(boot, attribute) == "x" * 34
    assert findings == [("string-too-long", field)]


def test_c3_a_long_info_is_kept_whole() -> None:
    status, findings = request(V16, "StatusNotification", {**STATUS, "info": "y" * 51})
    assert status.info == "y" * 51
    assert findings == [("string-too-long", "info")]


def test_c4_a_long_configuration_value_is_kept_whole() -> None:
    payload = {"configurationKey": [{"key": "K", "readonly": True, "value": "z" * 900}]}
    configuration, findings = answer(V16, "GetConfiguration", payload)
    assert configuration.configuration_key[0].value == "z" * 900
    assert findings == [("string-too-long", "configurationKey[0].value")]


def test_c5_an_unknown_error_code_becomes_other_error_and_stays_readable() -> None:
    outcome = codec_for(V16).decode_request(
        "StatusNotification", json.dumps({**STATUS, "errorCode": "Error"}).encode()
    )
    assert isinstance(outcome, Decoded)
    assert outcome.message.error_code == "OtherError"
    assert outcome.findings == (Finding(code="unknown-word", field="errorCode", detail="Error"),)


@pytest.mark.parametrize(
    ("written", "meant", "codes"),
    [
        ("Hz", "Hertz", ["word-misspelt"]),
        ("Hertz", "Hertz", []),
        ("Celcius", "Celcius", []),
        ("Celsius", "Celsius", []),
        ("KWH", "kWh", ["word-misspelt"]),
        ("ppm", "ppm", ["unknown-word"]),
    ],
)
def test_c6_units_are_understood_in_other_spellings(written: str, meant: str, codes: list[str]) -> None:
    values, findings = request(V16, "MeterValues", metered(unit=written))
    assert values.meter_value[0].sampled_value[0].unit == meant
    assert [code for code, _ in findings] == codes


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        ({"connectorId": 1, "meterValue": []}, "meterValue"),
        (
            {"connectorId": 1, "meterValue": [{"timestamp": "2026-01-31T12:00:00Z", "sampledValue": []}]},
            "meterValue[0].sampledValue",
        ),
    ],
)
def test_c8_empty_lists_of_values_are_accepted(payload: dict[str, Any], field: str) -> None:
    values, findings = request(V16, "MeterValues", payload)
    assert [len(value.sampled_value) for value in values.meter_value] in ([], [0])
    assert findings == [("list-too-short", field)]


@pytest.mark.parametrize("action", ["MeterValues"])
@pytest.mark.parametrize("version", list(Version))
def test_c9_measurands_are_understood_in_any_case_and_kept_when_unknown(
    version: Version, action: str
) -> None:
    sampled: list[dict[str, Any]] = [{"measurand": "Current.import"}, {"measurand": "Vendor.Humidity"}]
    for sample in sampled:
        sample["value"] = "1" if version is V16 else 1
    where = {"connectorId": 1} if version is V16 else {"evseId": 1}
    value = {"timestamp": "2026-01-31T12:00:00Z", "sampledValue": sampled}
    values, findings = request(version, action, {**where, "meterValue": [value]})
    read = [sample.measurand for sample in values.meter_value[0].sampled_value]
    assert read == ["Current.Import", "Vendor.Humidity"]
    assert [code for code, _ in findings] == ["word-misspelt", "unknown-word"]


def test_c10_unknown_properties_are_dropped() -> None:
    stop, findings = request(V16, "StopTransaction", {**STOP, "connectorId": 1, "disconnectReason": "x"})
    assert stop.transaction_id == 7
    assert findings == [("unknown-property", "connectorId"), ("unknown-property", "disconnectReason")]


def test_c10_a_property_in_another_case_is_recognised() -> None:
    start, findings = request(
        V16, "StartTransaction", {k if k != "idTag" else "idtag": v for k, v in START.items()}
    )
    assert start.id_tag == "TAG"
    assert findings == [("property-misspelt", "idtag")]


@pytest.mark.parametrize("number", [0, -1])
def test_c11_no_reservation_may_be_written_as_zero(number: int) -> None:
    start, findings = request(V16, "StartTransaction", {**START, "reservationId": number})
    assert start.reservation_id is None
    assert findings == [("id-not-positive", "reservationId")]
    assert request(V16, "StartTransaction", {**START, "reservationId": 5})[0].reservation_id == 5


@pytest.mark.parametrize("nothing", ["", "null", "0x0000", None])
def test_c12_optional_texts_that_say_nothing_are_absent(nothing: str | None) -> None:
    boot, findings = request(V16, "BootNotification", {**BOOT, "meterSerialNumber": nothing, "iccid": "-67"})
    assert boot.meter_serial_number is None
    assert boot.iccid == "-67"
    assert findings == [("null-value" if nothing is None else "empty-value", "meterSerialNumber")]


def test_c12_an_empty_value_of_a_variable_is_a_value() -> None:
    result = {"attributeStatus": "Accepted", "component": {"name": "C"}, "variable": {"name": "V"}}
    got, findings = answer(V201, "GetVariables", {"getVariableResult": [{**result, "attributeValue": ""}]})
    assert got.get_variable_result[0].attribute_value == ""
    assert findings == []


def test_c13_the_data_of_a_data_transfer_may_be_an_object() -> None:
    transfer, findings = request(V16, "DataTransfer", {"vendorId": "V", "data": {"a": [1, 2]}})
    assert transfer.data == '{"a":[1,2]}'
    assert findings == [("not-a-string", "data")]


def test_c14_configuration_values_may_be_missing_numbers_or_booleans() -> None:
    keys = [
        {"key": "A", "readonly": False},
        {"key": "B", "readonly": False, "value": 30},
        {"key": "C", "readonly": "true", "value": True},
        {"key": "D", "value": "d"},
    ]
    configuration, findings = answer(V16, "GetConfiguration", {"configurationKey": keys})
    assert [entry.value for entry in configuration.configuration_key] == [None, "30", "true", "d"]
    assert [entry.readonly for entry in configuration.configuration_key] == [False, False, True, False]
    assert configuration.unknown_key is None
    assert [code for code, _ in findings] == [
        "not-a-string",
        "not-a-boolean",
        "not-a-string",
        "value-missing",
    ]


def test_c15_every_answer_to_a_change_of_configuration_is_read() -> None:
    for status in ("Accepted", "Rejected", "RebootRequired", "NotSupported"):
        assert answer(V16, "ChangeConfiguration", {"status": status}) == (
            ACTIONS[V16]["ChangeConfiguration"].response(status=status),  # type: ignore[misc]
            [],
        )


@V2
def test_c16_the_shape_of_2_0_is_refused_and_named(version: Version) -> None:
    event = {key: value for key, value in EVENT.items() if key != "transactionInfo"}
    refusal = refused(version, "TransactionEvent", {**event, "transactionData": {"id": "t1"}})
    assert refusal.code is ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION
    assert refusal.details == {"field": "transactionInfo"}
    assert "OCPP 2.0," in refusal.description


@V2
def test_c16_words_of_2_0_in_an_otherwise_clear_message_are_left_out(version: Version) -> None:
    info = {"transactionId": "t1", "chargingState": "EVDetected"}
    event, findings = request(version, "TransactionEvent", {**EVENT, "transactionInfo": info})
    assert event.transaction_info.charging_state is None
    assert findings == [("value-unusable", "transactionInfo.chargingState")]
    authorize = {"idToken": {"idToken": "A", "type": "ISO14443"}, "evseId": [1]}
    assert request(version, "Authorize", authorize)[1] == [("unknown-property", "evseId")]


@V2
def test_c17_a_transaction_event_may_lack_its_trigger_and_its_connector(version: Version) -> None:
    event = {key: value for key, value in EVENT.items() if key != "triggerReason"}
    read, findings = request(version, "TransactionEvent", {**event, "evse": {"id": 1}})
    assert read.trigger_reason is None
    assert read.evse.connector_id is None
    assert findings == [("value-missing", "triggerReason")]


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("2026-01-31T12:00:00", "time-without-zone"),
        ("2026-01-31 12:00:00", "time-without-zone"),
        ("2026-01-31T12:00", "time-without-zone"),
        (1769860800, "time-as-number"),
        (1769860800000, "time-as-number"),
    ],
)
def test_d1_a_time_without_a_zone_is_in_utc(written: Any, code: str) -> None:
    start, findings = request(V16, "StartTransaction", {**START, "timestamp": written})
    assert start.timestamp == NOON
    assert start.timestamp.tzinfo is UTC
    assert findings == [(code, "timestamp")]


@pytest.mark.parametrize("digits", range(10))
@pytest.mark.parametrize("zone", ["Z", "z", "+00:00", "", "+02:00", "-0530"])
def test_d3_fractions_of_any_length_are_read(digits: int, zone: str) -> None:
    fraction = "." + "123456789"[:digits] if digits else ""
    start, findings = request(
        V16, "StartTransaction", {**START, "timestamp": f"2026-01-31T12:00:00{fraction}{zone}"}
    )
    away = {"+02:00": -2 * 3600, "-0530": 5.5 * 3600}.get(zone, 0)
    assert (start.timestamp - NOON).total_seconds() == pytest.approx(float("0" + fraction) + away, abs=1e-5)
    assert start.timestamp.tzinfo is UTC
    assert findings == ([] if zone else [("time-without-zone", "timestamp")])


@pytest.mark.parametrize(
    "written", ["1970-01-01T00:00:10Z", "1970-01-01T00:00:10", "2000-01-01T00:00:00+01:00"]
)
def test_d4_a_clock_that_was_never_set_is_no_time(written: str) -> None:
    for action, payload in [
        ("StartTransaction", START),
        ("StopTransaction", STOP),
        ("StatusNotification", STATUS),
    ]:
        read, findings = request(V16, action, {**payload, "timestamp": written})
        assert read.timestamp is None
        assert findings[-1] == ("clock-not-set", "timestamp")


def test_d4_a_sample_of_a_clock_that_was_never_set_is_kept() -> None:
    payload = metered()
    payload["meterValue"][0]["timestamp"] = "1970-01-01T00:00:10Z"
    values, findings = request(V16, "MeterValues", payload)
    assert values.meter_value[0].timestamp is None
    assert values.meter_value[0].sampled_value[0].value == "1"
    assert findings == [("clock-not-set", "meterValue[0].timestamp")]


def test_d5_times_in_the_future_are_read_as_they_come() -> None:
    start, findings = request(V16, "StartTransaction", {**START, "timestamp": "2038-01-19T03:14:08Z"})
    assert start.timestamp == datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC)
    assert findings == []


@pytest.mark.parametrize(
    "written", ["", "null", "yesterday", "2026-13-45T99:00:00Z", {}, None, "9999-12-31T23:59:59-23:00", True]
)
def test_d8_an_unreadable_time_is_no_time(written: Any) -> None:
    for version, action, payload in [
        (V16, "StartTransaction", START),
        (V16, "StatusNotification", STATUS),
        (V201, "TransactionEvent", EVENT),
        (V21, "TransactionEvent", EVENT),
    ]:
        read, findings = request(version, action, {**payload, "timestamp": written})
        assert read.timestamp is None
        assert [field for _, field in findings] == ["timestamp"]


def test_a_missing_time_is_no_time() -> None:
    start, findings = request(V16, "StartTransaction", {k: v for k, v in START.items() if k != "timestamp"})
    assert start.timestamp is None
    assert findings == [("value-missing", "timestamp")]


@pytest.mark.parametrize("number", [0, -1])
def test_e2_no_transaction_may_be_written_as_zero(number: int) -> None:
    values, findings = request(V16, "MeterValues", {**metered(), "transactionId": number})
    assert values.transaction_id is None
    assert findings == [("id-not-positive", "transactionId")]
    stop, _ = request(V16, "StopTransaction", {**STOP, "transactionId": number})
    assert stop.transaction_id == number


def test_e3_meter_values_need_no_transaction() -> None:
    values, findings = request(V16, "MeterValues", {**metered(), "connectorId": 0, "transactionId": None})
    assert (values.connector_id, values.transaction_id) == (0, None)
    assert findings == [("null-value", "transactionId")]


@pytest.mark.parametrize(("tag", "read"), [("", None), ("x" * 40, "x" * 40)])
def test_e12_a_stop_may_have_an_empty_or_a_long_tag(tag: str, read: str | None) -> None:
    stop, findings = request(V16, "StopTransaction", {**STOP, "idTag": tag})
    assert stop.id_tag == read
    assert findings == [("empty-value" if not tag else "string-too-long", "idTag")]


def test_e12_a_start_may_have_an_empty_or_a_long_tag() -> None:
    assert request(V16, "StartTransaction", {**START, "idTag": ""})[0].id_tag == ""
    assert request(V16, "Authorize", {"idTag": "x" * 40})[0].id_tag == "x" * 40


def test_numbers_may_come_as_texts_and_texts_as_numbers() -> None:
    start, findings = request(
        V16, "StartTransaction", {**START, "connectorId": "2", "meterStart": 1234.6, "idTag": 4711}
    )
    assert (start.connector_id, start.meter_start, start.id_tag) == (2, 1235, "4711")
    assert sorted(findings) == [
        ("not-a-string", "idTag"),
        ("number-as-string", "connectorId"),
        ("number-not-whole", "meterStart"),
    ]


def test_a_single_sample_may_come_without_its_list() -> None:
    value = {"timestamp": "2026-01-31T12:00:00Z", "sampledValue": {"value": 5}}
    values, findings = request(V16, "MeterValues", {"connectorId": 1, "meterValue": value})
    assert values.meter_value[0].sampled_value[0].value == "5"
    assert [code for code, _ in findings] == ["element-without-list", "element-without-list", "not-a-string"]


def test_a_value_that_is_no_number_is_dropped_and_the_others_kept() -> None:
    frame = b'[2,"1","MeterValues",{"evseId":1,"meterValue":[%b]}]'
    value = b'{"timestamp":"2026-01-31T12:00:00Z","sampledValue":[{"value":NaN},{"value":-inf},{"value":2}]}'
    repaired = parse_frame(frame % value, V201)
    assert isinstance(repaired, Repaired)
    assert isinstance(repaired.frame, Call)
    assert [finding.code for finding in repaired.findings] == ["not-a-number"]
    outcome = codec_for(V201).decode_request("MeterValues", repaired.frame.payload)
    assert isinstance(outcome, Decoded)
    assert [sample.value for sample in outcome.message.meter_value[0].sampled_value] == [2]


def test_a_text_may_contain_what_is_no_number() -> None:
    frame = parse_frame(b'["2","1","Authorize",{"idTag":"NaN inf"}]', V16)
    assert isinstance(frame, Repaired)
    assert b"NaN inf" in bytes(frame.frame.payload)  # type: ignore[union-attr]


def test_one_useless_sample_does_not_cost_the_others() -> None:
    sampled = [{"value": "1"}, {"unit": "Wh"}, "junk", {"value": "3"}]
    value = {"timestamp": "2026-01-31T12:00:00Z", "sampledValue": sampled}
    values, findings = request(V16, "MeterValues", {"connectorId": 1, "meterValue": [value]})
    assert [sample.value for sample in values.meter_value[0].sampled_value] == ["1", "3"]
    assert findings == [
        ("element-unusable", "meterValue[0].sampledValue[1].value"),
        ("element-unusable", "meterValue[0].sampledValue[2]"),
    ]


def test_an_optional_part_without_a_meaning_is_left_out_of_a_transaction() -> None:
    stop, findings = request(V16, "StopTransaction", {**STOP, "transactionData": "none", "reason": "Because"})
    assert stop.transaction_data is None
    assert stop.reason == "Other"
    assert sorted(findings) == [("unknown-word", "reason"), ("value-unusable", "transactionData")]


def test_a_null_payload_is_an_empty_one() -> None:
    _, findings = request(V16, "Heartbeat", None)
    assert findings == [("null-value", "")]


@V2
def test_b12_an_answer_that_lacks_what_matters_fails_the_command(version: Version) -> None:
    schedule = {
        "evseId": 1,
        "duration": 60,
        "scheduleStart": "2026-01-31T12:00:00Z",
        "chargingSchedulePeriod": [],
    }
    outcome = codec_for(version).decode_response(
        "GetCompositeSchedule", json.dumps({"status": "Accepted", "schedule": schedule}).encode()
    )
    assert isinstance(outcome, Refusal)
    assert outcome.details == {"field": "schedule.chargingRateUnit"}


def test_b12_senseless_numbers_in_an_answer_are_kept_for_those_who_know() -> None:
    schedule = {
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": -1, "numberPhases": -1}],
    }
    read, _ = answer(V16, "GetCompositeSchedule", {"status": "Accepted", "chargingSchedule": schedule})
    assert read.charging_schedule.charging_schedule_period[0].limit == -1


def test_an_unknown_status_in_an_answer_fails_the_command() -> None:
    outcome = codec_for(V16).decode_response("Reset", b'{"status":"Perhaps"}')
    assert isinstance(outcome, Refusal)
    assert outcome.code is ErrorCode.PROPERTY_CONSTRAINT_VIOLATION


@pytest.mark.parametrize("version", list(Version))
@pytest.mark.parametrize("action", ["MakeCoffee", "heartbeat", "HeartbeatRequest", "", "MakeCoffee-Signed"])
def test_an_unknown_action_is_not_implemented(version: Version, action: str) -> None:
    assert refused(version, action, {}).code is ErrorCode.NOT_IMPLEMENTED


@V2
def test_custom_data_stays_open(version: Version) -> None:
    custom = {"vendorId": "V", "anything": {"deep": [1, None]}}
    event, _ = request(version, "TransactionEvent", {**EVENT, "customData": custom})
    assert event.custom_data == custom


@V2
def test_a_signed_request_is_taken_out_of_its_signature(version: Version) -> None:
    inner = base64.urlsafe_b64encode(json.dumps(EVENT).encode()).decode().rstrip("=")
    for jws in (
        {"payload": inner, "protected": "e30", "signature": "c2ln"},
        {"payload": inner, "signatures": [{"protected": "e30", "signature": "c2ln"}]},
    ):
        event, findings = request(version, "TransactionEvent-Signed", jws)
        assert event.transaction_info.transaction_id == "t1"
        assert findings == [("signature-not-checked", "")]


def test_b4_no_nul_comes_in_under_a_signature() -> None:
    inner = base64.urlsafe_b64encode(rb'{"vendorId":"A\u0000B"}').decode()
    transfer, _ = request(V21, "DataTransfer-Signed", {"payload": inner, "signature": "c2ln"})
    assert transfer.vendor_id == "AB"


@V2
def test_a_signed_answer_is_taken_out_of_its_signature(version: Version) -> None:
    inner = base64.urlsafe_b64encode(b'{"status":"Accepted"}').decode().rstrip("=")
    reset, findings = answer(version, "Reset", {"payload": inner, "protected": "e30", "signature": "c2ln"})
    assert reset.status == "Accepted"
    assert findings == [("signature-not-checked", "")]


@V2
def test_a_signed_request_without_a_signature_is_refused(version: Version) -> None:
    for payload in ({}, {"payload": "e30"}, {"payload": 7, "signature": "x"}, []):
        assert refused(version, "Heartbeat-Signed", payload).code is ErrorCode.FORMAT_VIOLATION


def test_invalid_text_in_a_payload_is_repaired_late() -> None:
    outcome = codec_for(V16).decode_request("Authorize", b'{"idTag":"\xe4\\xB"}')
    assert isinstance(outcome, Decoded)
    assert outcome.message.id_tag == "\ufffd\\xB"
    assert {finding.code for finding in outcome.findings} == {"invalid-utf8", "invalid-escape"}
