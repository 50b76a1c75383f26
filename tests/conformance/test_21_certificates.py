"""OCPP 2.1: contracts for cars, and how certificates stand, by responders and by lists of revoked ones."""

import base64
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from authorities import Made, Responder, responding, served
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp
from installation import Site, installation
from shows import shows
from test_m_certificates import Pool, turned_round, words

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def pool() -> Pool:
    return Pool()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory, pool: Pool) -> AsyncIterator[Site]:
    """An installation with a pool of contract certificates, which may ask servers of this machine."""
    options = {"certificates.ocsp_hosts": ("127.0.0.1",)}
    async with (
        served(pool.answer, kind="application/json") as url,
        installation(
            tmp_path_factory.mktemp("currant"), **{"certificates.contracts_url": url, **options}
        ) as built,
    ):
        yield built


@shows("2.1 Get15118EVCertificate")
async def test_a_car_gets_its_contracts_from_the_pool(site: Site, pool: Pool) -> None:
    exi = base64.b64encode(b"a car's request").decode()
    async with site.charger(await site.register(), "2.1") as station:
        await station.boot()
        answer = await station.call(
            "Get15118EVCertificate",
            iso15118SchemaVersion="urn:iso:std:iso:15118:-20:CommonMessages",
            action="Install",
            exiRequest=exi,
            maximumContractCertificateChains=2,
            prioritizedEMAIDs=["DECURC1"],
        )
        assert (answer["status"], answer["exiResponse"]) == ("Accepted", turned_round(exi))
    asked = pool.asked[-1]
    assert (asked["action"], asked["exi_request"]) == ("install", exi)
    assert (asked["maximum_contract_certificate_chains"], asked["prioritized_emaids"]) == (2, ["DECURC1"])


@shows("2.1 Get15118EVCertificate")
async def test_a_car_that_the_pool_does_not_understand_gets_nothing(site: Site) -> None:
    async with site.charger(await site.register(), "2.1") as station:
        await station.boot()
        # No Base64 at all: the pool of this test does not answer.
        answer = await station.call(
            "Get15118EVCertificate", iso15118SchemaVersion="urn:x", action="Update", exiRequest="A"
        )
    assert (answer["status"], answer["exiResponse"]) == ("Failed", "")
    assert answer["statusInfo"]["reasonCode"] == "NoContract"


@shows("2.1 GetCertificateStatus")
async def test_how_a_certificate_stands_is_told_as_its_responder_says_it(site: Site) -> None:
    root = Made("V2G root")
    good, bad = Made("Sub-authority 1", root, ca=True), Made("Sub-authority 2", root, ca=True)
    responder = Responder(root)
    responder.add(good)
    responder.add(bad)
    responder.revoked.add(bad.certificate.serial_number)
    async with responding(responder), site.charger(await site.register(), "2.1") as station:
        await station.boot()
        standings = []
        for each in (good, bad):
            name = words(each.certificate, root.certificate, "SHA256")
            answer = await station.call(
                "GetCertificateStatus", ocspRequestData={**name, "responderURL": responder.url}
            )
            assert answer["status"] == "Accepted"
            told = ocsp.load_der_ocsp_response(base64.b64decode(answer["ocspResult"]))
            standings.append(told.certificate_status)
        assert standings == [ocsp.OCSPCertStatus.GOOD, ocsp.OCSPCertStatus.REVOKED]
        elsewhere = {**name, "responderURL": "http://ocsp.elsewhere.test/"}
        answer = await station.call("GetCertificateStatus", ocspRequestData=elsewhere)
        assert (answer["status"], "ocspResult" in answer) == ("Failed", False)


def crl_of(root: Made, *revoked: Made) -> bytes:
    now = datetime.now(UTC).replace(microsecond=0)
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(root.certificate.subject)
        .last_update(now - timedelta(hours=1))
        .next_update(now + timedelta(hours=1))
    )
    for each in revoked:
        builder = builder.add_revoked_certificate(
            x509.RevokedCertificateBuilder()
            .serial_number(each.certificate.serial_number)
            .revocation_date(now - timedelta(hours=2))
            .build()
        )
    return builder.sign(root.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


@shows("2.1 GetCertificateChainStatus")
async def test_a_whole_chain_is_looked_up_by_responders_and_by_lists(site: Site) -> None:
    root = Made("V2G root")
    good, bad, listed, clean = (Made(f"Leaf {number}", root) for number in range(4))
    responder = Responder(root)
    responder.add(good)
    responder.add(bad)
    responder.revoked.add(bad.certificate.serial_number)
    crl = crl_of(root, listed)
    async with (
        responding(responder),
        served(lambda *_: (200, crl)) as list_url,
        site.charger(await site.register(), "2.1") as station,
    ):
        await station.boot()
        asked = [
            {
                "certificateHashData": words(each.certificate, root.certificate, "SHA256"),
                "source": source,
                "urls": [url],
            }
            for each, source, url in (
                (good, "OCSP", responder.url),
                (bad, "OCSP", responder.url),
                (listed, "CRL", f"{list_url}/root.crl"),
                (clean, "CRL", f"{list_url}/root.crl"),
            )
        ]
        elsewhere = {**asked[0], "urls": ["http://ocsp.elsewhere.test/"]}
        unknown = await station.call("GetCertificateChainStatus", certificateStatusRequests=[elsewhere])
        assert [each["status"] for each in unknown["certificateStatus"]] == ["Failed"]
        # One too many has no place in an answer; the others do not suffer by it.
        answer = await station.call(
            "GetCertificateChainStatus", certificateStatusRequests=[*asked, elsewhere]
        )
    told = answer["certificateStatus"]
    assert [each["status"] for each in told] == ["Good", "Revoked", "Revoked", "Good"]
    assert [each["source"] for each in told] == ["OCSP", "OCSP", "CRL", "CRL"]
    assert [each["certificateHashData"] for each in told] == [each["certificateHashData"] for each in asked]
    assert all(each["nextUpdate"] for each in told)
