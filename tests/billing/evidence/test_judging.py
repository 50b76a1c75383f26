"""What meters signed is checked: by whose key, and whether it says what the session says."""

import base64
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.evidence.signing import AlfenMeter, Meter, rd
from currant.billing.evidence import alfen
from currant.billing.evidence.export import transparency_xml
from currant.billing.evidence.judging import judge
from currant.billing.evidence.model import (
    EvidenceStanding,
    KeyStanding,
    MeterKey,
    Nature,
    SessionEvidence,
    SignedFormat,
    SignedRecord,
)
from currant.billing.evidence.wire import RECORDS_MAX, key_hex, record_of, records_of
from currant.charging.model import Reading
from currant.kit.ids import SessionId, StationId, TenantId

NOW = datetime(2026, 5, 11, 12, tzinfo=UTC)


def reading(**signed: Any) -> Reading:
    return Reading(at=NOW, received_at=NOW, evse=1, signed=(signed,))


def record(
    text: str, nature: Nature = Nature.BETWEEN, *, key: str = "", form: SignedFormat = SignedFormat.OCMF
) -> SignedRecord:
    return SignedRecord(at=NOW, format=form, nature=nature, text=text, key=key)


def meter_key(key: str, standing: KeyStanding = KeyStanding.CONFIRMED, **more: Any) -> MeterKey:
    return MeterKey(
        id=key[-8:],
        tenant_id=TenantId("tenant"),
        station_id=StationId("station"),
        key=key,
        standing=standing,
        first_seen=NOW - timedelta(days=100),
        **more,
    )


def codes(judgement: Any) -> list[str]:
    return [problem.code for problem in judgement.problems]


def test_begin_and_end_signed_by_a_confirmed_key_are_verified_evidence() -> None:
    meter = Meter()
    records = [
        record(meter.ocmf(rd("B", "100.0")), Nature.BEGIN),
        record(meter.ocmf(rd("E", "112.5", at="2026-05-11T13:00:00,000+0000 S")), Nature.END),
    ]
    judged = judge(records, [meter_key(meter.key)], energy_wh=12_500)
    assert (judged.standing, judged.problems) == (EvidenceStanding.VERIFIED, ())
    assert judged.energy_wh == Decimal(12_500)
    assert judged.end_at is not None
    assert judged.begin_at is not None
    assert judged.end_at - judged.begin_at == timedelta(hours=1)
    assert judged.time_exact
    assert (judged.meter_serial, judged.key) == ("7EMH0001", meter.key)


def test_one_record_may_hold_begin_and_end() -> None:
    meter = Meter()
    text = meter.ocmf(rd("B", "1.0"), rd("E", "3.25", at="2026-05-11T13:00:00,000+0000 I"))
    judged = judge([record(text, Nature.END)], [meter_key(meter.key)], energy_wh=2250)
    assert (judged.standing, judged.energy_wh) == (EvidenceStanding.VERIFIED, Decimal(2250))
    assert not judged.time_exact


def test_a_key_that_only_the_station_told_leaves_it_unconfirmed() -> None:
    meter = Meter()
    text = meter.ocmf(rd("B", "1.0"), rd("E", "2.0"))
    told = judge([record(text, key=meter.key)], [], energy_wh=1000)
    assert told.standing is EvidenceStanding.UNCONFIRMED
    kept = judge([record(text)], [meter_key(meter.key, KeyStanding.TOLD)], energy_wh=1000)
    assert kept.standing is EvidenceStanding.UNCONFIRMED


def test_another_key_than_the_confirmed_one_fails() -> None:
    meter, stranger = Meter(), Meter()
    text = stranger.ocmf(rd("B", "1.0"), rd("E", "2.0"))
    judged = judge([record(text, key=stranger.key)], [meter_key(meter.key)], energy_wh=1000)
    assert judged.standing is EvidenceStanding.FAILED
    assert codes(judged) == ["key_changed", "signature_wrong"]


def test_a_refused_key_proves_nothing() -> None:
    meter = Meter()
    text = meter.ocmf(rd("B", "1.0"), rd("E", "2.0"))
    judged = judge([record(text, key=meter.key)], [meter_key(meter.key, KeyStanding.REFUSED)], energy_wh=1000)
    assert judged.standing is EvidenceStanding.FAILED
    assert "key_refused" in codes(judged)


def test_the_key_of_a_meter_that_was_taken_out_does_not_prove_later_values() -> None:
    meter = Meter()
    text = meter.ocmf(rd("B", "1.0"), rd("E", "2.0"))
    gone = meter_key(meter.key, valid_until=NOW - timedelta(days=1))
    assert judge([record(text)], [gone], energy_wh=1000).standing is EvidenceStanding.UNVERIFIABLE
    there = meter_key(meter.key, valid_until=NOW + timedelta(days=1))
    assert judge([record(text)], [there], energy_wh=1000).standing is EvidenceStanding.VERIFIED


@settings(max_examples=60)
@given(at=st.integers(0, 5000), to=st.integers(1, 255))
def test_a_changed_byte_of_what_was_signed_never_verifies(at: int, to: int) -> None:
    text = SIGNED.ocmf(rd("B", "1.0"), rd("E", "2.0"))
    end = text.index("|", 5)
    place = 5 + at % (end - 5)
    changed = text[:place] + chr((ord(text[place]) + to) % 256 or 1) + text[place + 1 :]
    judged = judge([record(changed)], [meter_key(SIGNED.key)], energy_wh=1000)
    assert judged.standing is not EvidenceStanding.VERIFIED


SIGNED = Meter()


def test_a_changed_signature_fails() -> None:
    meter = Meter()
    head, _, signature = meter.ocmf(rd("B", "1.0"), rd("E", "2.0")).rpartition("|")
    said = json.loads(signature)
    said["SD"] = Meter().ocmf(rd("B", "1.0")).rpartition('"SD": "')[2].rstrip('"}')
    judged = judge([record(f"{head}|{json.dumps(said)}")], [meter_key(meter.key)], energy_wh=1000)
    assert codes(judged) == ["signature_wrong"]


@pytest.mark.parametrize(
    ("energy_wh", "standing"),
    [
        (1000, EvidenceStanding.VERIFIED),
        (1010, EvidenceStanding.VERIFIED),
        (1011, EvidenceStanding.FAILED),
        (0, EvidenceStanding.FAILED),
    ],
)
def test_what_was_signed_has_to_be_what_the_session_says(energy_wh: int, standing: EvidenceStanding) -> None:
    meter = Meter()
    text = meter.ocmf(rd("B", "1.0"), rd("E", "2.0"))
    judged = judge([record(text)], [meter_key(meter.key)], energy_wh=energy_wh)
    assert judged.standing is standing
    assert ("energy_differs" in codes(judged)) == (standing is EvidenceStanding.FAILED)


def test_a_meter_at_fault_or_another_meter_at_the_end_fails() -> None:
    meter = Meter()
    faulty = meter.ocmf(rd("B", "1.0"), rd("E", "2.0", ST="M"))
    assert "meter_status" in codes(judge([record(faulty)], [meter_key(meter.key)], energy_wh=1000))
    begin = meter.ocmf(rd("B", "1.0"))
    meter.serial = "another"
    end = meter.ocmf(rd("E", "2.0"), GS="G2")
    changed = judge(
        [record(begin, Nature.BEGIN), record(end, Nature.END)], [meter_key(meter.key)], energy_wh=1000
    )
    assert {"serial_mismatch", "meter_changed"} <= set(codes(changed))
    assert changed.standing is EvidenceStanding.FAILED


def test_without_begin_or_end_it_is_incomplete_and_without_anything_there_is_none() -> None:
    meter = Meter()
    alone = judge([record(meter.ocmf(rd("E", "2.0")), Nature.END)], [meter_key(meter.key)], energy_wh=1000)
    assert (alone.standing, codes(alone)) == (EvidenceStanding.INCOMPLETE, ["incomplete"])
    assert judge([], [meter_key(meter.key)], energy_wh=1000).standing is EvidenceStanding.NONE


@pytest.mark.parametrize(
    ("curve", "name"),
    [
        (ec.SECP256K1(), "secp256k1"),
        (ec.SECP384R1(), "secp384r1"),
        (ec.BrainpoolP256R1(), "brainpool256r1"),
        (ec.SECP192R1(), "secp192r1"),
    ],
)
def test_every_curve_that_meters_use_is_checked(curve: ec.EllipticCurve, name: str) -> None:
    meter = Meter(curve, algorithm=f"ECDSA-{name}-SHA256")
    text = meter.ocmf(rd("B", "1.0"), rd("E", "2.0"))
    assert judge([record(text)], [meter_key(meter.key)], energy_wh=1000).standing is EvidenceStanding.VERIFIED


def test_what_cannot_be_checked_here_is_kept_and_said() -> None:
    meter = Meter(algorithm="RSA-2048-SHA256")
    text = meter.ocmf(rd("B", "1.0"), rd("E", "2.0"))
    rsa = judge([record(text)], [meter_key(meter.key)], energy_wh=1000)
    assert (rsa.standing, codes(rsa)) == (EvidenceStanding.UNVERIFIABLE, ["algorithm_unknown"])
    other = record_of(reading(), {"value": "1B1B1B1B01010101", "format": "SignedData"})
    assert other is not None
    assert other.format is SignedFormat.OTHER
    assert codes(judge([other], [], energy_wh=1)) == ["format_unknown"]
    broken = judge([record("OCMF|{}|{")], [], energy_wh=1)
    assert (broken.standing, codes(broken)) == (EvidenceStanding.FAILED, ["malformed"])


def test_alfen_values_are_read_and_checked() -> None:
    meter = AlfenMeter()
    begin = meter.signed("0", 15_762, seconds=10, page=17)
    end = meter.signed("1", 18_262, seconds=3610, page=18)
    value = alfen.read(begin)
    assert (value.nature, value.energy_wh, value.session, value.page, value.uid) == (
        "begin",
        Decimal(15_762),
        3,
        17,
        "CAFE0001",
    )
    records = [record(begin, form=SignedFormat.ALFEN), record(end, form=SignedFormat.ALFEN)]
    told = judge(records, [], energy_wh=2500)
    assert (told.standing, told.energy_wh) == (EvidenceStanding.UNCONFIRMED, Decimal(2500))
    confirmed = judge(records, [meter_key(meter.point.hex())], energy_wh=2500)
    assert confirmed.standing is EvidenceStanding.VERIFIED
    der = meter.private.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    assert judge(records, [meter_key(der.hex())], energy_wh=2500).standing is EvidenceStanding.VERIFIED


def test_alfen_values_that_do_not_fit_each_other_fail() -> None:
    meter = AlfenMeter()
    begin = meter.signed("0", 2_000, seconds=10, page=18, session=3)
    end = meter.signed("1", 1_000, seconds=20, page=17, session=4, status=1 << 1 | 1 << 26)
    judged = judge(
        [record(begin, form=SignedFormat.ALFEN), record(end, form=SignedFormat.ALFEN)], [], energy_wh=1000
    )
    assert judged.standing is EvidenceStanding.FAILED
    assert {
        "session_differs",
        "pagination_inconsistent",
        "value_regression",
        "meter_status",
        "meter_start_mismatch",
        "energy_differs",
    } <= set(codes(judged))
    stranger = AlfenMeter().point.hex()
    wrong = judge([record(begin, form=SignedFormat.ALFEN)], [meter_key(stranger)], energy_wh=0)
    assert codes(wrong)[:2] == ["key_changed", "signature_wrong"]
    for text in ("AP;0;3;A;B", "AP;9;3;A;B;C", "AP;0;3;!;B;C", "AP;0;3;AA;AA;AA"):
        with pytest.raises(ValueError, match="It"):
            alfen.read(text) if "!" not in text else alfen.read("It")


def test_every_way_a_station_sends_signed_values_is_read() -> None:
    meter = Meter()
    text = meter.ocmf(rd("B", "1.0"))
    encoded = base64.b64encode(text.encode()).decode()
    oca = base64.b64encode(f"oca:base16:asn1:{meter.key}".encode()).decode()
    pem = meter.private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    der64 = base64.b64encode(meter.der).decode()
    ways: list[tuple[dict[str, Any], str]] = [
        ({"value": text, "format": "SignedData"}, ""),
        ({"value": text.encode().hex()}, ""),
        ({"value": f"{text}|{meter.key}"}, meter.key),
        (
            {
                "value": json.dumps(
                    {"signedMeterValue": encoded, "encodingMethod": "OCMF", "publicKey": meter.key}
                )
            },
            meter.key,
        ),
        ({"value": json.dumps({"signedMeterData": encoded, "publicKey": oca})}, meter.key),
        ({"signedMeterData": encoded, "publicKey": oca, "encodingMethod": "OCMF"}, meter.key),
        ({"signedMeterData": encoded, "publicKey": der64}, meter.key),
        ({"signedMeterData": text, "publicKey": base64.b64encode(pem).decode()}, meter.key),
        ({"signedMeterData": encoded, "publicKey": "nonsense"}, ""),
    ]
    for raw, key in ways:
        found = record_of(reading(), {"context": "Transaction.Begin", **raw})
        assert found is not None
        assert (found.format, found.nature, found.key) == (SignedFormat.OCMF, Nature.BEGIN, key)
        assert found.text.startswith(text)
    assert key_hex(pem.decode()) == meter.key
    assert record_of(reading(), {"value": ""}) is None
    assert record_of(reading(), {"value": "x" * 100_000}) is None


def test_a_value_sent_twice_counts_once_and_many_keep_begin_and_end() -> None:
    meter = Meter()
    begin, end = meter.ocmf(rd("B", "1.0")), meter.ocmf(rd("E", "2.0"))
    twice = records_of(
        [
            reading(value=begin, context="Transaction.Begin"),
            reading(signedMeterData=begin, publicKey=meter.key, context="Transaction.Begin"),
        ]
    )
    assert [each.key for each in twice] == [meter.key]
    many = [reading(value=f"OCMF|{{}}|{{}}{n}", context="Sample.Periodic") for n in range(RECORDS_MAX + 50)]
    kept = records_of(
        [
            reading(value=begin, context="Transaction.Begin"),
            *many,
            reading(value=end, context="Transaction.End"),
        ]
    )
    assert len(kept) == RECORDS_MAX
    assert {begin, end} <= {each.text for each in kept}


def test_the_file_for_drivers_holds_what_was_signed_byte_by_byte() -> None:
    meter = Meter()
    text = meter.ocmf(rd("B", "1.0"), rd("E", "2.0"), TT="a <tariff> & more")
    records = (record(text, Nature.BEGIN, key=meter.key),)
    evidence = SessionEvidence(
        session_id=SessionId("session"),
        tenant_id=TenantId("tenant"),
        station_id=StationId("station"),
        number=7,
        judged_at=NOW,
        judgement=judge(records, [], energy_wh=1000),
        records=records,
        energy_wh=1000,
    )
    root = fromstring(transparency_xml(evidence))
    assert root.findtext("value/signedData") == text
    assert root.findtext("value/publicKey") == meter.key
    assert root.find("value").attrib == {"transactionId": "7", "context": "Transaction.Begin"}  # type: ignore[union-attr]
