"""What chargers of 2.x ask about other people's certificates, and security events of every version."""

import base64
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from network import PASSWORD, TENANT, client_context
from securing import Charger, Secure, fresh_authority, password, secure_network

sys.path.insert(0, str(Path(__file__).parent.parent / "pki"))

from authorities import Made, Responder, responding
from cryptography.x509 import ocsp

from currant.access.model import TokenKind
from currant.kit.clock import SystemClock, wire_time
from currant.pki.authority import Authority
from currant.pki.hashes import hash_of
from currant.stations.model import Severity

EMAID = "DE-ABC-C12345678-9"
MODERN = ("2.0.1", "2.1")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return fresh_authority(tmp_path_factory.mktemp("pki"))


class Roaming:
    """A network that trusts a mobility operator, and the operator's responder."""

    def __init__(self, secure: Secure, responder: Responder, between: Made) -> None:
        self.secure = secure
        self.responder = responder
        self.between = between

    def contract(self, emaid: str = EMAID, **more: Any) -> Made:
        made = Made(emaid, self.between, responder_url=self.responder.url, **more)
        self.responder.add(made)
        return made

    def words(self, made: Made) -> dict[str, str]:
        named = hash_of(made.certificate, self.between.certificate)
        return {
            "hashAlgorithm": named.algorithm,
            "issuerNameHash": named.issuer_name_hash,
            "issuerKeyHash": named.issuer_key_hash,
            "serialNumber": named.serial_number,
        }

    async def charger(self, version: str) -> Charger:
        await self.secure.net.add("CS-1", password=PASSWORD)
        charger = Charger("CS-1", version)
        await charger.connect(
            self.secure.net.tls_url,
            ssl=client_context(self.secure.authority),
            **password("CS-1", PASSWORD),
        )
        return charger


@pytest.fixture
async def roaming(tmp_path: Path, authority: Authority) -> AsyncIterator[Roaming]:
    root = Made("MO root")
    between = Made("MO sub", root, ca=True)
    async with (
        responding(Responder(between)) as responder,
        secure_network(tmp_path, authority, contract_roots=[root.certificate, between.certificate]) as secure,
    ):
        yield Roaming(secure, responder, between)


@pytest.mark.parametrize("version", MODERN)
async def test_a_station_gets_the_responders_own_word(roaming: Roaming, version: str) -> None:
    charger, made = await roaming.charger(version), roaming.contract()
    asked = {**roaming.words(made), "responderURL": roaming.responder.url}
    answer = await charger.call("GetCertificateStatus", ocspRequestData=asked)
    assert answer["status"] == "Accepted"
    told = ocsp.load_der_ocsp_response(base64.b64decode(answer["ocspResult"]))
    assert told.certificate_status is ocsp.OCSPCertStatus.GOOD
    roaming.responder.silent = True
    other = {**roaming.words(roaming.contract()), "responderURL": roaming.responder.url}
    answer = await charger.call("GetCertificateStatus", ocspRequestData=other)
    assert answer["status"] == "Failed"
    assert "500" in answer["statusInfo"]["additionalInfo"]
    await charger.close()


async def test_the_status_of_a_chain_is_told_one_by_one(roaming: Roaming) -> None:
    charger, good, bad = await roaming.charger("2.1"), roaming.contract(), roaming.contract()
    roaming.responder.revoked.add(bad.certificate.serial_number)
    wanted = [
        {"certificateHashData": roaming.words(made), "source": source, "urls": [roaming.responder.url]}
        for made, source in ((good, "OCSP"), (bad, "OCSP"), (good, "CRL"))
    ]
    answer = await charger.call("GetCertificateChainStatus", certificateStatusRequests=wanted)
    assert [each["status"] for each in answer["certificateStatus"]] == ["Good", "Revoked", "Failed"]
    await charger.close()


@pytest.mark.parametrize("version", MODERN)
async def test_a_contract_is_authorised_by_its_certificate_and_its_id(roaming: Roaming, version: str) -> None:
    charger, made = await roaming.charger(version), roaming.contract()
    token = {"idToken": EMAID, "type": "eMAID"}
    chain = made.pem + roaming.between.pem
    names = [{**roaming.words(made), "responderURL": roaming.responder.url}]

    async def authorised(**more: Any) -> tuple[str | None, str]:
        answer = await charger.call("Authorize", idToken=token, **more)
        return answer.get("certificateStatus"), answer["idTokenInfo"]["status"]

    # The certificate holds, and nobody knows the contract (C07.FR.13).
    assert await authorised(certificate=chain) == ("ContractCancelled", "Unknown")
    await roaming.secure.net.issue(EMAID, kind=TokenKind.EMAID)
    assert await authorised(certificate=chain) == ("Accepted", "Accepted")
    assert await authorised(iso15118CertificateHashData=names) == ("Accepted", "Accepted")
    assert await authorised() == (None, "Accepted")
    stranger = Made(EMAID, Made("Somebody"))
    assert await authorised(certificate=stranger.pem) == ("CertChainError", "Invalid")
    ended = roaming.contract(days=-1)
    assert await authorised(certificate=ended.pem + roaming.between.pem) == ("CertificateExpired", "Expired")
    revoked = roaming.contract()
    roaming.responder.revoked.add(revoked.certificate.serial_number)
    assert await authorised(certificate=revoked.pem + roaming.between.pem) == (
        "CertificateRevoked",
        "Invalid",
    )
    await charger.close()


@pytest.mark.parametrize("version", MODERN)
async def test_a_car_that_wants_a_contract_is_told_that_nobody_has_one(
    roaming: Roaming, version: str
) -> None:
    charger = await roaming.charger(version)
    answer = await charger.call(
        "Get15118EVCertificate",
        iso15118SchemaVersion="urn:iso:15118:2:2013:MsgDef",
        action="Install",
        exiRequest="gJgCEQ==",
    )
    assert (answer["status"], answer["exiResponse"]) == ("Failed", "")
    assert "No pool" in answer["statusInfo"]["additionalInfo"]
    await charger.close()


@pytest.mark.parametrize(
    ("version", "kind", "severity"),
    [
        ("1.6", "TamperDetectionActivated", Severity.CRITICAL),
        ("1.6", "InvalidFirmwareSignature", Severity.LOW),
        ("2.0.1", "InvalidFirmwareSignature", Severity.CRITICAL),
        ("2.0.1", "ReconfigurationOfSecurityParameters", Severity.LOW),
        ("2.1", "DiscardedRenewedClientCertificate", Severity.CRITICAL),
        ("2.1", "SomethingOfItsMakers", Severity.MEDIUM),
    ],
)
async def test_a_security_event_weighs_what_its_versions_list_says(
    roaming: Roaming, version: str, kind: str, severity: Severity
) -> None:
    charger = await roaming.charger(version)
    await charger.call("SecurityEventNotification", type=kind, timestamp=wire_time(SystemClock().now()))
    await charger.close()
    page = await roaming.secure.net.inventory.list_security_events(TENANT)
    assert [(event.kind, event.severity) for event in page.items] == [(kind, severity)]
    unknown = ("unknown-security-event", "SecurityEventNotification") in await roaming.secure.net.findings()
    assert unknown == (severity is Severity.MEDIUM)
