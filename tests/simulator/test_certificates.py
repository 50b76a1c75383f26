"""Certificates: installed, listed, deleted, and signed for keys the station made itself."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from bench_top import Bench
from certificates import Authority
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.ocsp import OCSPRequestBuilder
from driving import VERSIONS

from currant.simulator.keyring import INSTALLED_MAX, STATION_CERTIFICATE, Keyring


@pytest.fixture(params=VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def root_type(bench: Bench) -> str:
    return "CentralSystemRootCertificate" if bench.judge.version == "1.6" else "CSMSRootCertificate"


def install(bench: Bench, pem: str) -> str:
    request = {"certificateType": root_type(bench), "certificate": pem}
    return str(bench.ask("InstallCertificate", request)["status"])


def installed(bench: Bench) -> list[dict[str, Any]]:
    if bench.judge.version == "1.6":
        answer = bench.ask("GetInstalledCertificateIds", {"certificateType": root_type(bench)})
        return list(answer.get("certificateHashData", []))
    answer = bench.ask("GetInstalledCertificateIds", {"certificateType": [root_type(bench)]})
    return [each["certificateHashData"] for each in answer.get("certificateHashDataChain", [])]


def security_events(bench: Bench) -> list[str]:
    bench.run(2)
    return [each["type"] for each in bench.judge.said("SecurityEventNotification")]


def ask_for_signature(bench: Bench) -> str:
    """Have the station make a key; its CSR."""
    if bench.judge.version == "1.6":
        trigger = {"requestedMessage": "SignChargePointCertificate"}
        assert bench.ask("ExtendedTriggerMessage", trigger)["status"] == "Accepted"
    else:
        trigger = {"requestedMessage": "SignChargingStationCertificate"}
        assert bench.ask("TriggerMessage", trigger)["status"] == "Accepted"
    bench.run(2)
    return str(bench.judge.said("SignCertificate")[-1]["csr"])


def signed(bench: Bench, chain: str, **more: Any) -> str:
    return str(bench.ask("CertificateSigned", {"certificateChain": chain} | more)["status"])


def test_a_root_is_named_by_the_hashes_of_the_specification(version: str) -> None:
    bench, authority = Bench(version).connect(), Authority()
    assert install(bench, authority.pem) == "Accepted"
    [found] = installed(bench)
    # OCSP names certificates by the same hashes, and this is another's implementation of them.
    certificate = authority.certificate
    builder = OCSPRequestBuilder().add_certificate(certificate, certificate, hashes.SHA256())
    named = builder.build()
    assert found == {
        "hashAlgorithm": "SHA256",
        "issuerNameHash": named.issuer_name_hash.hex(),
        "issuerKeyHash": named.issuer_key_hash.hex(),
        "serialNumber": f"{certificate.serial_number:x}",
    }
    assert found["issuerNameHash"] == hashlib.sha256(authority.name.public_bytes()).hexdigest()


def test_a_root_is_deleted_by_its_hashes_whatever_their_case(version: str) -> None:
    bench = Bench(version).connect()
    install(bench, Authority("One").pem)
    install(bench, Authority("Two").pem)
    first, second = installed(bench)
    wanted = first | {"issuerNameHash": first["issuerNameHash"].upper()}
    statuses = [bench.ask("DeleteCertificate", {"certificateHashData": wanted})["status"] for _ in range(2)]
    assert statuses == ["Accepted", "NotFound"]
    assert installed(bench) == [second]


def test_rubbish_and_what_has_run_out_is_not_installed(version: str) -> None:
    bench = Bench(version).connect()
    expired = Authority(ends=datetime(2026, 1, 2, tzinfo=UTC)).pem
    assert [install(bench, pem) for pem in ("rubbish", expired)] == ["Failed", "Failed"]
    assert installed(bench) == []
    assert len(security_events(bench)) == 2


def test_there_is_room_for_so_many_and_no_more(version: str) -> None:
    bench = Bench(version).connect()
    pems = [Authority(f"Root {number}").pem for number in range(INSTALLED_MAX + 1)]
    assert [install(bench, pem) for pem in pems] == ["Accepted"] * INSTALLED_MAX + ["Rejected"]
    assert install(bench, pems[0]) == "Accepted"


def test_a_key_is_made_and_its_certificate_taken_up(version: str) -> None:
    bench, authority = Bench(version, serial="SN-77").connect(), Authority()
    csr = ask_for_signature(bench)
    subject = x509.load_pem_x509_csr(csr.encode()).subject.rfc4514_string()
    assert "CN=SN-77" in subject
    assert signed(bench, authority.sign(csr) + authority.pem) == "Accepted"
    keyring = bench.station.part(Keyring)
    assert keyring.own[STATION_CERTIFICATE].key.startswith("-----BEGIN PRIVATE KEY")
    assert security_events(bench) == []


AUTHORITY, STRANGER = Authority(), Authority("Somebody else")
UNFIT: list[Callable[[str], str]] = [
    lambda _: "rubbish",
    lambda _: AUTHORITY.sign(ask_for_signature(Bench("2.1", seed=2).connect())),
    lambda csr: AUTHORITY.sign(csr, ends=datetime(2026, 1, 2, tzinfo=UTC)),
    lambda csr: STRANGER.sign(csr) + AUTHORITY.pem,
]


@pytest.mark.parametrize("chain", UNFIT, ids=["rubbish", "another key", "run out", "wrong chain"])
def test_a_certificate_that_does_not_fit_is_refused_and_told(
    version: str, chain: Callable[[str], str]
) -> None:
    bench = Bench(version).connect()
    assert signed(bench, chain(ask_for_signature(bench))) == "Rejected"
    kind = "InvalidChargePointCertificate" if version == "1.6" else "InvalidChargingStationCertificate"
    assert security_events(bench) == [kind]
    assert bench.station.part(Keyring).own == {}


def test_nobody_can_send_a_certificate_that_was_not_asked_for(version: str) -> None:
    bench, authority = Bench(version).connect(), Authority()
    csr = ask_for_signature(bench)
    chain = authority.sign(csr)
    assert [signed(bench, chain) for _ in range(2)] == ["Accepted", "Rejected"]


@pytest.mark.parametrize("version", ["2.0.1", "2.1"], indirect=True)
def test_a_signature_that_does_not_come_is_asked_for_again_ever_more_slowly(version: str) -> None:
    bench = Bench(version).connect()
    ask_for_signature(bench)
    bench.run(70)
    assert len(bench.judge.said("SignCertificate")) == 2
    bench.run(3_000)
    assert len(bench.judge.said("SignCertificate")) == 4


def test_a_certificate_names_the_request_it_answers() -> None:
    bench, authority = Bench("2.1").connect(), Authority()
    csr = ask_for_signature(bench)
    number = bench.judge.said("SignCertificate")[-1]["requestId"]
    assert signed(bench, authority.sign(csr), requestId=number + 9) == "Rejected"
    csr = ask_for_signature(bench)
    number = bench.judge.said("SignCertificate")[-1]["requestId"]
    assert signed(bench, authority.sign(csr), requestId=number) == "Accepted"


@pytest.mark.parametrize("version", ["2.0.1", "2.1"], indirect=True)
def test_a_v2g_chain_is_listed_and_cannot_be_deleted(version: str) -> None:
    bench, authority = Bench(version).connect(), Authority()
    bench.ask("TriggerMessage", {"requestedMessage": "SignV2GCertificate"})
    bench.run(2)
    said = bench.judge.said("SignCertificate")[-1]
    assert said["certificateType"] == "V2GCertificate"
    chain = authority.sign(said["csr"]) + authority.pem
    assert signed(bench, chain, certificateType="V2GCertificate") == "Accepted"
    asked = {"certificateType": ["V2GCertificateChain"]}
    [found] = bench.ask("GetInstalledCertificateIds", asked)["certificateHashDataChain"]
    assert len(found["childCertificateHashData"]) == 1
    request = {"certificateHashData": found["certificateHashData"]}
    assert bench.ask("DeleteCertificate", request)["status"] == "Failed"
