"""Frames as stations send them, good and bad (quirks B1 to B7 and B13)."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from currant.ocpp.catalogue import Version
from currant.ocpp.errors import ErrorCode
from currant.ocpp.frames import (
    Call,
    CallError,
    CallResult,
    CallResultError,
    Frame,
    Malformed,
    Repaired,
    Send,
    parse_frame,
)

ALL = pytest.mark.parametrize("version", list(Version))
V2 = pytest.mark.parametrize("version", [Version.V201, Version.V21])


def parsed(data: bytes, version: Version = Version.V16) -> tuple[Any, list[str]]:
    """The frame and the codes of its findings."""
    result = parse_frame(data, version)
    if isinstance(result, Repaired):
        return result.frame, [finding.code for finding in result.findings]
    return result, []


def payload(frame: Frame) -> Any:
    assert isinstance(frame, Call | CallResult | Send)
    return msgspec.json.decode(frame.payload)


@ALL
def test_a_call_is_taken_apart(version: Version) -> None:
    frame, findings = parsed(b'[2, "19223201", "BootNotification", {"chargePointVendor": "V"}]', version)
    assert type(frame) is Call
    assert (bytes(frame.message_id), frame.action, findings) == (b'"19223201"', "BootNotification", [])
    assert payload(frame) == {"chargePointVendor": "V"}


@ALL
def test_results_and_errors_are_taken_apart(version: Version) -> None:
    result, _ = parsed(b'[3,"7",{"status":"Accepted"}]', version)
    assert type(result) is CallResult
    assert payload(result) == {"status": "Accepted"}
    error, _ = parsed(b'[4,"7","NotImplemented","no",{"a":1}]', version)
    assert type(error) is CallError
    assert (error.code, error.description, bytes(error.details)) == ("NotImplemented", "no", b'{"a":1}')


def test_2_1_has_two_more_kinds_of_frames() -> None:
    send, _ = parsed(b'[6,"7","NotifyPeriodicEventStream",{"id":1}]', Version.V21)
    assert type(send) is Send
    assert send.action == "NotifyPeriodicEventStream"
    error, _ = parsed(b'[5,"7","FormatViolation","",{}]', Version.V21)
    assert type(error) is CallResultError


def test_a_frame_survives_the_reuse_of_its_buffer() -> None:
    buffer = bytearray(b'[2,"1","Heartbeat",{}]')
    frame = parse_frame(memoryview(buffer), Version.V16)
    buffer[:] = b"x" * len(buffer)
    assert isinstance(frame, Call)
    assert bytes(frame.payload) == b"{}"


@pytest.mark.parametrize(
    "token",
    [b'"2"', b'"dd"', b"12345678901234567890", b"7", b'"%b"' % (b"x" * 50), b"null", b"1.50", rb'"\u0041\""'],
)
@ALL
def test_b7_a_message_id_stays_the_token_that_came(token: bytes, version: Version) -> None:
    frame, findings = parsed(b'[2,%b,"Heartbeat",{}]' % token, version)
    assert type(frame) is Call
    assert bytes(frame.message_id) == token
    assert findings == []


TRUNCATED = b'[3,"5",{"configurationKey":[}'
NO_VALUE = b'[2,"5","StopTransaction",{"transactionId":,"meterStop":1}]'
EMPTY_ELEMENT = b'[2,"5","MeterValues",{"connectorId":1,"meterValue":[{"sampledValue":[,{"value":"1"}]}]}]'


@pytest.mark.parametrize("data", [NO_VALUE, EMPTY_ELEMENT], ids=["B2", "B3"])
@ALL
def test_broken_json_whose_id_can_be_read_is_answered_under_it(data: bytes, version: Version) -> None:
    malformed = parse_frame(data, version)
    assert isinstance(malformed, Malformed)
    assert (malformed.kind, malformed.message_id) == (2, b'"5"')
    assert malformed.code is ErrorCode.FORMAT_VIOLATION


@ALL
def test_b1_a_truncated_answer_is_never_answered(version: Version) -> None:
    malformed = parse_frame(TRUNCATED, version)
    assert isinstance(malformed, Malformed)
    assert (malformed.kind, malformed.message_id, malformed.code) == (3, b'"5"', None)


@pytest.mark.parametrize("data", [b"", b"{", b"hello", b'[2,"5', b"[2", b"\xff\xfe", b"[" * 100_000])
def test_b1_what_cannot_be_read_is_dropped_in_1_6(data: bytes) -> None:
    malformed = parse_frame(data, Version.V16)
    assert isinstance(malformed, Malformed)
    assert malformed.code is None


@pytest.mark.parametrize("data", [b"", b"{", b"hello", b'[2,"5', b"[2", b"\xff\xfe", b"[" * 100_000])
@V2
def test_b1_what_cannot_be_read_is_answered_without_an_id_in_2_x(data: bytes, version: Version) -> None:
    malformed = parse_frame(data, version)
    assert isinstance(malformed, Malformed)
    assert malformed.message_id is None
    assert malformed.code is ErrorCode.RPC_FRAMEWORK_ERROR


@ALL
def test_b4_nul_characters_are_removed(version: Version) -> None:
    frame, findings = parsed(b'[2,"1","Authorize",{"idTag":"AB\x00\\u0000CD"}]\x00', version)
    assert payload(frame) == {"idTag": "ABCD"}
    assert findings == ["nul-character"]


@ALL
def test_b4_a_backslash_before_u0000_is_no_nul(version: Version) -> None:
    frame, findings = parsed(rb'[2,"1","Authorize",{"idTag":"AB\\u0000"}]', version)
    assert payload(frame) == {"idTag": "AB\\u0000"}
    assert findings == []


@ALL
def test_b4_invalid_utf8_is_replaced(version: Version) -> None:
    frame, findings = parsed(b'[2,"1","Authorize\x01",{"idTag":"\xe4B"}]', version)
    assert type(frame) is Call
    assert payload(frame) == {"idTag": "\ufffdB"}
    assert findings == ["invalid-utf8", "control-character"]
    assert frame.action == "Authorize "


@ALL
def test_b5_stray_backslashes_and_control_characters_are_kept_or_blanked(version: Version) -> None:
    frame, findings = parsed(b'[2,"1","Authorize",{"idTag":"A\\xB\x07C\\"D"}]', version)
    assert payload(frame) == {"idTag": 'A\\xB C"D'}
    assert findings == ["control-character", "invalid-escape"]


@ALL
def test_half_a_character_is_replaced_and_a_whole_one_kept(version: Version) -> None:
    frame, findings = parsed(rb'[2,"1","Authorize",{"idTag":"\ud83d\ude97 \ud83d \u0000"}]', version)
    assert payload(frame) == {"idTag": "🚗 \ufffd "}
    assert "nul-character" in findings


@pytest.mark.parametrize("kind", [1, 99])
def test_b6_unknown_kinds_of_messages_are_ignored(kind: int) -> None:
    for version in (Version.V16, Version.V21):
        malformed = parse_frame(b'[%d,"1","Heartbeat",{}]' % kind, version)
        assert isinstance(malformed, Malformed)
        assert malformed.code is None


@pytest.mark.parametrize("kind", [1, 5, 6, 99])
def test_b6_unknown_kinds_of_messages_are_refused_in_2_0_1(kind: int) -> None:
    malformed = parse_frame(b'[%d,"1","Heartbeat",{}]' % kind, Version.V201)
    assert isinstance(malformed, Malformed)
    assert malformed.code is ErrorCode.MESSAGE_TYPE_NOT_SUPPORTED
    assert malformed.message_id == b'"1"'


@pytest.mark.parametrize(
    ("data", "code", "description"),
    [
        (b'[4,"1","OccurenceConstraintViolation"]', "OccurenceConstraintViolation", ""),
        (b'[4,"1","GenericError",""]', "GenericError", ""),
        (b'[4,"1","InternalError","it broke","why it broke"]', "InternalError", "it broke"),
        (b'[4,"1","InternalError",null,null]', "InternalError", ""),
        (b'[4,"1",17,{"a":1},{}]', "17", '{"a":1}'),
        (b'[4,"1"]', "", ""),
    ],
)
@ALL
def test_b13_errors_of_any_shape_are_understood(
    data: bytes, code: str, description: str, version: Version
) -> None:
    frame, _ = parsed(data, version)
    assert type(frame) is CallError
    assert (frame.code, frame.description) == (code, description)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("OccurenceConstraintViolation", ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION),
        ("FormationViolation", ErrorCode.FORMAT_VIOLATION),
        ("notsupported", ErrorCode.NOT_SUPPORTED),
        ("Whatever", ErrorCode.GENERIC_ERROR),
    ],
)
def test_b13_misspelt_codes_are_understood(written: str, meant: ErrorCode) -> None:
    assert ErrorCode.read(written) is meant


def test_codes_are_spelled_as_each_version_does() -> None:
    assert ErrorCode.FORMAT_VIOLATION.spelled(Version.V16) == "FormationViolation"
    assert ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION.spelled(Version.V16) == "OccurenceConstraintViolation"
    assert ErrorCode.FORMAT_VIOLATION.spelled(Version.V201) == "FormatViolation"
    assert ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION.spelled(Version.V21) == "OccurrenceConstraintViolation"


@ALL
def test_a_call_without_a_payload_has_an_empty_one(version: Version) -> None:
    frame, findings = parsed(b'[2,"1","Heartbeat"]', version)
    assert payload(frame) == {}
    assert findings == ["payload-missing"]


@ALL
def test_a_message_type_in_quotes_is_understood(version: Version) -> None:
    frame, findings = parsed(b'["2","1","Heartbeat",{}]', version)
    assert type(frame) is Call
    assert findings == ["message-type-not-a-number"]


@ALL
@pytest.mark.parametrize("data", [b'[2,"1"]', b'[2,"1",{}]x', b'[2,"1",null,{}]', b"[2]"])
def test_a_call_without_an_action_is_refused(data: bytes, version: Version) -> None:
    assert isinstance(parse_frame(data, version), Malformed)


@given(st.binary(max_size=200), st.sampled_from(list(Version)))
def test_no_bytes_break_the_parser(data: bytes, version: Version) -> None:
    parse_frame(data, version)


FRAMES = [
    b'[2,"19223201","BootNotification",{"chargePointVendor":"V\\u0000","chargePointModel":"\\ud83d"}]',
    b'[4,"7","NotImplemented","no",{"a":1}]',
]


@given(st.sampled_from(FRAMES), st.integers(0, 100), st.binary(max_size=6), st.sampled_from(list(Version)))
def test_no_damage_breaks_the_parser(frame: bytes, at: int, damage: bytes, version: Version) -> None:
    parse_frame(frame[:at] + damage + frame[at + len(damage) :], version)
    parse_frame(frame[:at] + damage + frame[at:], version)
    parse_frame(frame[:at], version)
