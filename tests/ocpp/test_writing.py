"""What leaves the house: within every limit of the schema, or not at all."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from currant.ocpp import v16, v21, v201
from currant.ocpp.catalogue import Version
from currant.ocpp.codec import codec_for
from currant.ocpp.errors import ErrorCode, Unsendable
from currant.ocpp.frames import id_text, token
from currant.ocpp.payload import Payload

V16, V201, V21 = Version.V16, Version.V201, Version.V21
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def written(version: Version, message: Payload) -> Any:
    return json.loads(codec_for(version).encode(message))


def refusal(version: Version, message: Payload) -> Unsendable:
    with pytest.raises(Unsendable) as refused:
        codec_for(version).encode(message)
    return refused.value


def profile(**changes: Any) -> v16.SetChargingProfile:
    period = v16.ChargingSchedulePeriod(start_period=0, limit=changes.pop("limit", 16.0))
    schedule = v16.ChargingSchedule(
        charging_rate_unit="A", charging_schedule_period=[period], start_schedule=changes.pop("start", None)
    )
    return v16.SetChargingProfile(
        connector_id=1,
        cs_charging_profiles=v16.ChargingProfile(
            charging_profile_id=1,
            stack_level=0,
            charging_profile_purpose="TxProfile",
            charging_profile_kind="Absolute",
            charging_schedule=schedule,
            **changes,
        ),
    )


@pytest.mark.parametrize(
    "at",
    [
        NOON,
        NOON.replace(microsecond=123456),
        NOON.astimezone(timezone(timedelta(hours=2))),
        NOON.astimezone(timezone(timedelta(hours=-5, minutes=-30))).replace(microsecond=1),
    ],
)
def test_d7_times_are_written_to_the_second_with_a_z(at: datetime) -> None:
    assert written(V16, v16.HeartbeatResponse(current_time=at)) == {"currentTime": "2026-01-31T12:00:00Z"}
    deep = written(V16, profile(start=at, valid_from=at))["csChargingProfiles"]
    assert deep["validFrom"] == deep["chargingSchedule"]["startSchedule"] == "2026-01-31T12:00:00Z"


def test_a_time_without_a_zone_is_not_sent() -> None:
    for time in (NOON.replace(tzinfo=None), None, "2026-01-31T12:00:00Z"):
        answer = v16.HeartbeatResponse(current_time=time)  # type: ignore[arg-type]
        assert refusal(V16, answer).facts["field"] == "currentTime"


def test_what_is_reported_must_be_known_to_be_sent() -> None:
    start = v16.StartTransaction(connector_id=1, id_tag="A", meter_start=0, timestamp=None)
    assert refusal(V16, start).facts["field"] == "timestamp"


def test_absent_and_empty_fields_are_not_written() -> None:
    assert written(V16, v16.GetConfiguration(key=[])) == {}
    assert written(
        V16, v16.SendLocalList(list_version=1, update_type="Full", local_authorization_list=[])
    ) == {
        "listVersion": 1,
        "updateType": "Full",
    }
    assert written(V201, v201.TransactionEventResponse()) == {}


def test_fields_are_written_in_the_order_of_the_specification() -> None:
    entry = v16.AuthorizationData(id_tag="A")
    sent = v16.SendLocalList(update_type="Full", local_authorization_list=[entry], list_version=1)
    assert list(written(V16, sent)) == ["listVersion", "localAuthorizationList", "updateType"]


def test_required_fields_are_written_whatever_they_are() -> None:
    boot = v16.BootNotificationResponse(current_time=NOON, interval=0, status="Accepted")
    assert written(V16, boot)["interval"] == 0


def test_a_required_list_may_not_be_empty_where_the_schema_says_so() -> None:
    assert refusal(V201, v201.GetVariables(get_variable_data=[])).facts["field"] == "getVariableData"


def test_the_refusal_names_the_field_on_the_wire() -> None:
    info = v16.IdTagInfo(status="Accepted", parent_id_tag="x" * 21)
    refused = refusal(V16, v16.AuthorizeResponse(id_tag_info=info))
    assert refused.facts == {"field": "idTagInfo.parentIdTag", "message_type": "AuthorizeResponse"}
    assert "AuthorizeResponse.idTagInfo.parentIdTag" in refused.message


@pytest.mark.parametrize("status", ["accepted", "Whatever", "", None, 1])
def test_a_word_that_the_schema_does_not_know_is_not_sent(status: Any) -> None:
    assert refusal(V16, v16.DataTransferResponse(status=status)).facts["field"] == "status"


def test_limits_of_numbers_are_kept() -> None:
    stream = v21.PeriodicEventStreamParamsType(interval=-1)
    assert (
        refusal(V21, v21.AdjustPeriodicEventStream(id=1, params=stream)).facts["field"] == "params.interval"
    )
    assert (
        refusal(V16, v16.ChangeAvailability(connector_id=2**70, type="Operative")).facts["field"]
        == "connectorId"
    )


def test_limits_in_charging_schedules_of_1_6_have_one_decimal() -> None:
    assert refusal(V16, profile(limit=16.05)).facts["field"].endswith("chargingSchedulePeriod[0].limit")
    for limit in (16, 0.3, 6.1, 1e6):
        assert written(V16, profile(limit=limit))
    assert refusal(V16, profile(limit=float("nan"))).facts["field"].endswith("limit")


def dynamic(number: int, **changes: Any) -> v21.UpdateDynamicSchedule:
    return v21.UpdateDynamicSchedule(
        charging_profile_id=number, schedule_update=v21.ChargingScheduleUpdateType(**changes)
    )


def test_decimals_towards_stations_of_2_x_have_six_places() -> None:
    update = written(V21, dynamic(1, limit=32 / 3, setpoint=1e-9, discharge_limit=-0.1))["scheduleUpdate"]
    assert update == {"limit": 10.666667, "setpoint": 0.0, "dischargeLimit": -0.1}
    assert refusal(V21, dynamic(1, limit=float("inf"))).facts["field"] == "scheduleUpdate.limit"
    # What stations report keeps its resolution.
    reading = v201.SampledValueType(value=32 / 3)
    report = v201.MeterValues(
        evse_id=1, meter_value=[v201.MeterValueType(timestamp=NOON, sampled_value=[reading])]
    )
    assert written(V201, report)["meterValue"][0]["sampledValue"][0]["value"] == 32 / 3


def test_whole_numbers_towards_stations_of_2_x_have_32_bits() -> None:
    assert written(V21, v21.ClearDisplayMessage(id=2**31 - 1)) == {"id": 2**31 - 1}
    assert refusal(V21, v21.ClearDisplayMessage(id=2**31)).facts["field"] == "id"
    several = v201.ClearVariableMonitoring(id=[1, -(2**31) - 1])
    assert refusal(V201, several).facts["field"] == "id[1]"


@pytest.mark.parametrize("custom", [{}, {"vendorId": "x" * 256}, {"vendorId": 7}, {"other": 1}])
def test_custom_data_names_its_vendor(custom: dict[str, Any]) -> None:
    assert refusal(V201, v201.Heartbeat(custom_data=custom)).facts["field"] == "customData"


def test_custom_data_is_otherwise_free_but_holds_no_null() -> None:
    custom = {"vendorId": "V", "a": {"b": [1]}}
    assert written(V201, v201.Heartbeat(custom_data=custom)) == {"customData": custom}
    refused = refusal(V201, v201.Heartbeat(custom_data={"vendorId": "V", "a": {"b": [None]}}))
    assert refused.facts["field"] == "customData.a.b[0]"


def test_a_text_may_say_null() -> None:
    assert written(V16, v16.DataTransfer(vendor_id="null", data="null")) == {
        "vendorId": "null",
        "data": "null",
    }


def test_half_a_character_is_not_sent() -> None:
    refusal(V16, v16.DataTransfer(vendor_id="\ud800"))


def test_messages_of_another_version_are_not_sent() -> None:
    refusal(V16, v201.HeartbeatResponse(current_time=NOON))
    refusal(V16, v16.IdTagInfo(status="Accepted"))
    with pytest.raises(Unsendable):
        codec_for(V16).encode_call("1", "Reset", v16.ClearCache())
    with pytest.raises(Unsendable):
        codec_for(V16).encode_call("1", "MakeCoffee", v16.ClearCache())


def test_frames_are_written() -> None:
    codec = codec_for(V21)
    assert codec.encode_call("id-1", "ClearCache", v21.ClearCache()) == b'[2,"id-1","ClearCache",{}]'
    assert codec.encode_result(b"17", v21.MeterValuesResponse()) == b"[3,17,{}]"
    assert codec.encode_error(b'"1"', ErrorCode.GENERIC_ERROR) == b'[4,"1","GenericError","",{}]'
    assert codec.encode_result_error(b'"1"', ErrorCode.FORMAT_VIOLATION, 'a"b', {"c": 1}) == (
        b'[5,"1","FormatViolation","a\\"b",{"c":1}]'
    )
    stream = v21.NotifyPeriodicEventStream(
        id=1, pending=0, basetime=NOON, data=[v21.StreamDataElementType(t=0, v="1")]
    )
    frame = json.loads(codec.encode_send("id-2", "NotifyPeriodicEventStream", stream))
    assert frame[:3] == [6, "id-2", "NotifyPeriodicEventStream"]
    assert frame[3]["basetime"] == "2026-01-31T12:00:00Z"


def test_ids_are_shown_without_quotes() -> None:
    assert id_text(token("a-1")) == "a-1"
    assert id_text(token(17)) == "17"
