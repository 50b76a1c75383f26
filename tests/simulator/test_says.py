"""Everything a station can be made to say of its own keeps the schema and gets its answer."""

from typing import Any

import pytest
from bench_top import Bench
from driving import start

from currant.ocpp import v21, v201
from currant.ocpp.catalogue import ACTIONS, Party, Version

V2 = pytest.mark.parametrize("version", ["2.0.1", "2.1"])
HASHES = {"hash_algorithm": "SHA256", "issuer_name_hash": "a", "issuer_key_hash": "b", "serial_number": "c"}


def everything(version: str) -> Bench:
    """A station that has been made to say all there is."""
    bench = Bench(version, iso15118=True).connect()
    said, types = bench.station.says, v21 if version == "2.1" else v201
    bench.judge.prepared |= {
        "Get15118EVCertificate": {"status": "Accepted", "exiResponse": "exi"},
        "GetCertificateStatus": {"status": "Accepted", "ocspResult": "ocsp"},
        "VatNumberValidation": {"status": "Accepted", "vatNumber": "DE1"},
    }
    start(bench)
    outlet = bench.station.outlets[0]
    said.security_event("TamperDetectionActivated", "the lid")
    said.sign_certificate()
    said.ev_certificate("exi")
    said.certificate_status(types.OCSPRequestDataType(responder_url="http://o", **HASHES))
    said.charging_limit(9_000)
    said.charging_limit_cleared()
    said.charging_limit(8_000)
    period = types.ChargingSchedulePeriodType(start_period=0, limit=10.0)
    schedule = types.ChargingScheduleType(id=1, charging_rate_unit="W", charging_schedule_period=[period])
    said.charging_schedule(outlet, schedule)
    said.event("ChargingStation", "Problem", "true")
    said.measures("ChargingStation", "Temperature", "90")
    said.data_transfer("Vendor", message="Hello", data={"a": 1})
    for ask in (
        ("GetBaseReport", {"requestId": 1, "reportBase": "SummaryInventory"}),
        ("GetMonitoringReport", {"requestId": 1}),
        ("GetChargingProfiles", {"requestId": 1, "chargingProfile": {}}),
        ("CustomerInformation", {"requestId": 1, "report": True, "clear": False, "customerIdentifier": "x"}),
        (
            "SetDisplayMessage",
            {
                "message": {
                    "id": 1,
                    "priority": "InFront",
                    "message": {"format": "UTF8", "content": "Hello"},
                }
            },
        ),
        ("GetDisplayMessages", {"requestId": 1}),
        (
            "GetLog",
            {"log": {"remoteLocation": "https://a/"}, "logType": "SecurityLog", "requestId": 1},
        ),
        ("PublishFirmware", {"location": "https://a/f", "checksum": "a" * 32, "requestId": 1}),
        ("TriggerMessage", {"requestedMessage": "MeterValues"}),
        ("TriggerMessage", {"requestedMessage": "FirmwareStatusNotification"}),
    ):
        bench.ask(*ask)
    bench.station.dialect.reservation_ended(3, "Expired")
    bench.station.dialect.authorize("OTHER", lambda _: None, lambda _: None)
    if version == "2.1":
        say_what_is_new(bench)
    bench.run(600)
    return bench


def say_what_is_new(bench: Bench) -> None:
    said, outlet = bench.station.says, bench.station.outlets[0]
    bench.judge.prepared["GetCertificateChainStatus"] = {
        "certificateStatus": [
            {
                "certificateHashData": {
                    "hashAlgorithm": "SHA256",
                    "issuerNameHash": "a",
                    "issuerKeyHash": "b",
                    "serialNumber": "c",
                },
                "source": "OCSP",
                "status": "Good",
                "nextUpdate": "2026-02-01T00:00:00Z",
            }
        ]
    }
    asked = v21.CertificateStatusRequestInfoType(
        certificate_hash_data=v21.CertificateHashDataType(**HASHES),  # type: ignore[arg-type]
        source="OCSP",
        urls=["http://o"],
    )
    said.certificate_chain_status([asked])
    said.priority_charging(outlet, activated=True)
    said.pull_dynamic_schedule(7)
    said.der_alarm("FreqDroop", fault="OverFrequency", info="50.4 Hz")
    said.der_started("control")
    said.vat_number("DE1", outlet=outlet)
    said.settlement("psp-1", 12.5, transaction="t", receipt_id="r")
    said.battery_swap("BatteryOutTimeout", 5, "BIKER")
    said.open_event_stream(2, interval=60)
    bench.run(5)
    said.measures("ChargingStation", "Temperature", "20")
    said.close_event_stream(1)
    token = {"idToken": "BIKER", "type": "Central"}
    bench.ask("RequestBatterySwap", {"idToken": token, "requestId": 1})
    content = {"priority": 1, "gradient": 10.0, "softGradient": 5.0}
    control = {"isDefault": True, "controlId": "c", "controlType": "Gradients", "gradient": content}
    bench.ask("SetDERControl", control)
    bench.ask("GetDERControl", {"requestId": 1})


@V2
def test_a_station_can_say_every_message_its_version_has(version: str) -> None:
    bench = everything(version)
    known = {name for name, spec in ACTIONS[Version(version)].items() if spec.sent_by is not Party.CSMS}
    # Its stream carried nothing: that one is seen in the tests of monitoring.
    assert known - set(bench.judge.actions) <= {"NotifyPeriodicEventStream"}


def test_what_comes_back_is_handed_on() -> None:
    bench = Bench("2.1").connect()
    bench.judge.prepared["VatNumberValidation"] = {"status": "Rejected", "vatNumber": "DE1"}
    answers: list[Any] = []
    bench.station.says.vat_number("DE1", answered=answers.append)
    bench.run(1)
    assert [answer.status for answer in answers] == ["Rejected"]


@V2
def test_a_contract_certificate_is_shown_for_authorization(version: str) -> None:
    bench = Bench(version).connect()
    bench.run(5)
    types = v21 if version == "2.1" else v201
    named = types.OCSPRequestDataType(responder_url="http://o", **HASHES)
    bench.station.says.authorize("DE-CUR-C12345678-9", certificate="PEM", hashes=[named])
    bench.run(1)
    [asked] = bench.judge.said("Authorize")
    assert asked["idToken"]["type"] == "eMAID"
    assert asked["iso15118CertificateHashData"][0]["responderURL"] == "http://o"


@pytest.mark.parametrize("version", ["1.6", "2.0.1", "2.1"])
def test_any_station_can_send_what_its_maker_thought_of(version: str) -> None:
    bench = Bench(version).connect()
    bench.run(5)
    answers: list[Any] = []
    bench.station.dialect.data_transfer("Maker", message="Hello", data="{}", answered=answers.append)
    bench.run(1)
    assert bench.judge.said("DataTransfer") == [{"vendorId": "Maker", "messageId": "Hello", "data": "{}"}]
    assert [answer.status for answer in answers] == ["Accepted"]


def test_one_six_has_no_words_for_it() -> None:
    with pytest.raises(AssertionError):
        _ = Bench("1.6").station.says
