"""OCPP 2.0.1, block M: root certificates in stations, the standing of certificates, and contracts for cars."""

import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from authorities import Made, Responder, responding, served
from charger import Payload, ScriptedCharger
from cryptography import x509
from cryptography.x509 import ocsp
from installation import Site, installation
from shows import shows

from currant.pki.hashes import hash_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

CSMS, MANUFACTURER, V2G = "CSMSRootCertificate", "ManufacturerRootCertificate", "V2GRootCertificate"
MOBILITY, CHAIN = "MORootCertificate", "V2GCertificateChain"
USES = {CSMS: "csms", MANUFACTURER: "manufacturer", V2G: "v2g", MOBILITY: "mobility_operator"}
ALGORITHMS = ("SHA256", "SHA384", "SHA512")


class Pool:
    """A pool of contract certificates: answers cars with what they said, turned round."""

    def __init__(self) -> None:
        self.asked: list[Payload] = []

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        asked = json.loads(body)
        self.asked.append(asked)
        return 200, json.dumps({"exi_response": turned_round(asked["exi_request"])}).encode()


def turned_round(exi: str) -> str:
    return base64.b64encode(base64.b64decode(exi)[::-1]).decode()


@pytest.fixture(scope="module")
def pool() -> Pool:
    return Pool()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory, pool: Pool) -> AsyncIterator[Site]:
    """An installation with a pool of contract certificates, which may ask OCSP responders of this machine."""
    async with (
        served(pool.answer, kind="application/json") as url,
        installation(
            tmp_path_factory.mktemp("currant"),
            **{"certificates.contracts_url": url, "certificates.ocsp_hosts": ("127.0.0.1",)},
        ) as built,
    ):
        yield built


def words(certificate: x509.Certificate, issuer: x509.Certificate, algorithm: str) -> Payload:
    """How a station names a certificate; it writes digests in capitals."""
    named = hash_of(certificate, issuer, algorithm=algorithm)
    return {
        "hashAlgorithm": algorithm,
        "issuerNameHash": named.issuer_name_hash.upper(),
        "issuerKeyHash": named.issuer_key_hash.upper(),
        "serialNumber": named.serial_number,
    }


def chain(use: str, *, algorithm: str = "SHA256", root: Made | None = None) -> Payload:
    """An entry of what a station says it holds."""
    root = root or Made(f"Root for {use}")
    entry: Payload = {
        "certificateType": use,
        "certificateHashData": words(root.certificate, root.certificate, algorithm),
    }
    if use == CHAIN:
        between = Made("Sub-authority", root, ca=True)
        leaf = Made("DE*CUR*E1", between)
        entry["certificateHashData"] = words(leaf.certificate, between.certificate, algorithm)
        entry["childCertificateHashData"] = [words(between.certificate, root.certificate, algorithm)]
    return entry


def holds(station: ScriptedCharger, *entries: Payload) -> None:
    station.answers["GetInstalledCertificateIds"] = {
        "status": "Accepted",
        "certificateHashDataChain": list(entries),
    }


async def held(site: Site, identity: str) -> list[Any]:
    found = await site.ask("GET", f"/stations/{identity}/certificates/installed")
    return list(found["items"])


def neutral(told: Payload) -> Payload:
    return {
        "algorithm": told["hashAlgorithm"],
        "issuer_name_hash": told["issuerNameHash"],
        "issuer_key_hash": told["issuerKeyHash"],
        "serial_number": told["serialNumber"],
    }


# Installing


@pytest.mark.parametrize("use", [CSMS, MANUFACTURER, V2G, MOBILITY])
@shows("TC_M_01_CSMS", "TC_M_02_CSMS", "TC_M_03_CSMS", "TC_M_04_CSMS")
async def test_a_root_is_installed(site: Site, use: str) -> None:
    identity, root = await site.register(), Made("Somebody's root")
    async with site.charger(identity) as station:
        await station.boot()
        record = await site.ask(
            "POST",
            f"/stations/{identity}/certificates/installed",
            json={"use": USES[use], "certificate": root.pem},
        )
        assert await station.asked_for("InstallCertificate") == {
            "certificateType": use,
            "certificate": root.pem,
        }
        assert record["status"] == "accepted"
        [kept] = await held(site, identity)
        assert (kept["use"], kept["name"]) == (USES[use], "CN=Somebody's root")


@shows("TC_M_05_CSMS")
async def test_a_root_cannot_be_installed(site: Site) -> None:
    identity = await site.register()
    async with site.charger(identity, answers={"InstallCertificate": {"status": "Failed"}}) as station:
        await station.boot()
        record = await site.ask("POST", f"/stations/{identity}/certificates/installed")
        asked = await station.asked_for("InstallCertificate")
        # Without a certificate it is our own.
        own = await site.api.get("/pki/root.pem")
        assert asked == {"certificateType": CSMS, "certificate": own.text}
        assert record["status"] == "refused"
        assert "Failed" in record["reason"]
        assert await held(site, identity) == []


# Asking


async def asks(site: Site, *told: Payload, wanted: list[str] | None, **command: Any) -> list[Any]:
    """Have a station say what it holds; what is known of it then. `wanted` is what the station must be asked for."""
    identity = await site.register()
    async with site.charger(identity) as station:
        await station.boot()
        holds(station, *told)
        record = await site.command(identity, "GetInstalledCertificates", **command)
        asked = await station.asked_for("GetInstalledCertificateIds")
        assert asked == ({} if wanted is None else {"certificateType": wanted})
        assert record["status"] == "accepted"
        assert [each["hash"] for each in record["report"]] == [
            neutral(each["certificateHashData"]) for each in told
        ]
        return list(await site.eventually(lambda: held(site, identity)))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@shows("TC_M_12_CSMS")
async def test_roots_are_known_whatever_digest_names_them(site: Site, algorithm: str) -> None:
    [own] = x509.load_pem_x509_certificates((await site.api.get("/pki/root.pem")).content)
    ours = {"certificateType": CSMS, "certificateHashData": words(own, own, algorithm)}
    kept = await asks(site, ours, wanted=[CSMS], uses=["csms"], chains=False)
    assert [(each["use"], each["name"]) for each in kept] == [("csms", own.subject.rfc4514_string())]


@pytest.mark.parametrize("use", [MANUFACTURER, V2G, MOBILITY])
@shows("TC_M_13_CSMS", "TC_M_14_CSMS", "TC_M_16_CSMS")
async def test_roots_of_one_use_are_asked_for(site: Site, use: str) -> None:
    kept = await asks(site, chain(use), wanted=[use], uses=[USES[use]], chains=False)
    assert [each["use"] for each in kept] == [USES[use]]


@shows("TC_M_15_CSMS")
async def test_the_chain_towards_vehicles_is_asked_for(site: Site) -> None:
    told = chain(CHAIN)
    [kept] = await asks(site, told, wanted=[CHAIN], roots=False)
    assert kept["use"] == "v2g_chain"
    assert kept["children"] == [neutral(each) for each in told["childCertificateHashData"]]


async def test_roots_that_were_not_asked_about_stay_known(site: Site) -> None:
    identity = await site.register()
    async with site.charger(identity) as station:
        await station.boot()
        holds(station, chain(V2G), chain(CHAIN))
        await site.ask("POST", f"/stations/{identity}/certificates/installed/read")
        fresh = chain(CHAIN)
        holds(station, fresh)
        await site.command(identity, "GetInstalledCertificates", roots=False)

        async def replaced() -> list[Any]:
            known = await held(site, identity)
            return known if neutral(fresh["certificateHashData"]) in [each["hash"] for each in known] else []

        assert {each["use"] for each in await site.eventually(replaced)} == {"v2g", "v2g_chain"}
        assert len(await held(site, identity)) == 2
    wrong = {"command": "GetInstalledCertificates", "uses": ["csms"], "roots": False}
    answer = await site.api.post(f"/api/v1/stations/{identity}/commands", json=wrong)
    assert answer.status_code == 422


@shows("TC_M_17_CSMS")
async def test_roots_of_two_uses_are_asked_for_at_once(site: Site) -> None:
    told = chain(CSMS), chain(MANUFACTURER)
    kept = await asks(site, *told, wanted=[CSMS, MANUFACTURER], uses=["csms", "manufacturer"], chains=False)
    assert {each["use"] for each in kept} == {"csms", "manufacturer"}


@shows("TC_M_18_CSMS")
async def test_everything_that_a_station_holds_is_asked_for(site: Site) -> None:
    kept = await asks(site, *map(chain, (*USES, CHAIN)), wanted=None)
    assert {each["use"] for each in kept} == {*USES.values(), "v2g_chain"}


@shows("TC_M_19_CSMS")
async def test_a_station_that_holds_none_of_them_says_so(site: Site) -> None:
    identity = await site.register()
    async with site.charger(
        identity, answers={"GetInstalledCertificateIds": {"status": "NotFound"}}
    ) as station:
        await station.boot()
        record = await site.ask(
            "POST",
            f"/stations/{identity}/certificates/installed/read",
            params={"use": "manufacturer"},
        )
        assert await station.asked_for("GetInstalledCertificateIds") == {"certificateType": [MANUFACTURER]}
        assert (record["status"], record["report"]) == ("accepted", [])
        assert record["answer"]["status"] == "NotFound"


# Deleting


async def named(site: Site, station: ScriptedCharger, algorithm: str = "SHA256") -> Payload:
    """Have the station say that it holds a root for us under such a name; the name."""
    told = chain(CSMS, algorithm=algorithm)
    holds(station, told)
    await site.ask("POST", f"/stations/{station.identity}/certificates/installed/read")
    assert await station.asked_for("GetInstalledCertificateIds") == {}
    return dict(told["certificateHashData"])


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@shows("TC_M_20_CSMS")
async def test_a_certificate_is_deleted_by_the_name_that_the_station_gave_it(
    site: Site, algorithm: str
) -> None:
    identity = await site.register()
    path = f"/stations/{identity}/certificates/installed"
    async with site.charger(identity) as station:
        await station.boot()
        await site.ask("POST", path, json={"use": "csms", "certificate": Made("Old root").pem})
        name = await named(site, station, algorithm)
        wanted = {"hash": neutral(name)}
        # It is the last by which the station trusts us: not without a second word.
        refused = await site.api.post(f"/api/v1{path}/delete", json=wanted)
        assert refused.status_code == 409
        assert station.not_asked_for("DeleteCertificate")
        record = await site.ask("POST", f"{path}/delete", json={**wanted, "even_last": True})
        assert await station.asked_for("DeleteCertificate") == {"certificateHashData": name}
        assert record["status"] == "accepted"
        assert await held(site, identity) == []


@shows("TC_M_21_CSMS")
async def test_a_certificate_cannot_be_deleted(site: Site) -> None:
    identity = await site.register()
    path = f"/stations/{identity}/certificates/installed"
    async with site.charger(identity, answers={"DeleteCertificate": {"status": "Failed"}}) as station:
        await station.boot()
        name = await named(site, station)
        record = await site.ask("POST", f"{path}/delete", json={"hash": neutral(name), "even_last": True})
        assert await station.asked_for("DeleteCertificate") == {"certificateHashData": name}
        assert record["status"] == "refused"
        # It is still there, and stays known.
        assert [each["hash"] for each in await held(site, identity)] == [neutral(name)]


# Looking up, and contracts for cars


@shows("TC_M_24_CSMS")
async def test_how_a_certificate_stands_is_told_as_its_responder_says_it(site: Site) -> None:
    root = Made("V2G root")
    authorities = [Made(f"Sub-authority {number}", root, ca=True) for number in (1, 2)]
    responder = Responder(root)
    for each in authorities:
        responder.add(each)
    responder.revoked.add(authorities[1].certificate.serial_number)
    async with responding(responder), site.charger(await site.register()) as station:
        await station.boot()
        standings = []
        for each in authorities:
            asked = {
                **words(each.certificate, root.certificate, "SHA256"),
                "responderURL": responder.url,
            }
            answer = await station.call("GetCertificateStatus", ocspRequestData=asked)
            assert answer["status"] == "Accepted"
            told = ocsp.load_der_ocsp_response(base64.b64decode(answer["ocspResult"]))
            assert told.serial_number == each.certificate.serial_number
            standings.append(told.certificate_status)
        assert standings == [ocsp.OCSPCertStatus.GOOD, ocsp.OCSPCertStatus.REVOKED]


@pytest.mark.parametrize("action", ["Install", "Update"])
@shows("TC_M_26_CSMS", "TC_M_28_CSMS")
async def test_a_car_gets_its_contract_from_the_pool(site: Site, pool: Pool, action: str) -> None:
    exi = base64.b64encode(f"a car's request to {action}".encode()).decode()
    async with site.charger(await site.register()) as station:
        await station.boot()
        answer = await station.call(
            "Get15118EVCertificate",
            iso15118SchemaVersion="urn:iso:15118:2:2013:MsgDef",
            action=action,
            exiRequest=exi,
        )
        assert answer == {"status": "Accepted", "exiResponse": turned_round(exi)}
        asked = pool.asked[-1]
        assert (asked["action"], asked["exi_request"]) == (action.lower(), exi)
