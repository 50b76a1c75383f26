"""Certificates, passwords and security profiles as a client of the API meets them."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from served import Api

from currant.pki.authority import Authority
from currant.pki.held import HeldCertificates
from currant.pki.requests import Asked
from currant.pki.revocation import Revocations
from currant.pki.signers import OwnSigner
from currant.pki.signing import Signing
from currant.pki.upgrading import Upgrades
from currant.stations.commanding.certificates import InstallCertificate, SendSignedCertificate
from currant.stations.commanding.remote import Trigger
from currant.stations.commanding.variables import SetVariables
from currant.stations.model import CommandOutcome, CommandStatus
from currant.stations.security import Credentials
from currant.tenancy.model import Role


class Behind:
    """The services of link security behind the API."""

    def __init__(self, api: Api, authority: Authority) -> None:
        database, directory, link, clock = api.database, api.directory, api.link, api.clock
        self.authority = authority
        self.revocations = Revocations(database, authority)
        self.signing = Signing(
            database,
            directory,
            link,
            api.stations,
            api.commands,
            self.revocations,
            clock,
            signer=OwnSigner(authority),
            organisation="Operator",
        )
        self.held = HeldCertificates(database, directory, api.commands, clock, own=[authority.certificate])
        self.credentials = Credentials(database, directory, link, api.commands, clock)
        self.upgrades = Upgrades(
            database,
            directory,
            link,
            api.commands,
            api.inventory,
            api.stations,
            self.held,
            self.signing,
            clock,
            url="wss://csms.example.org/ocpp",
            look_every_s=0.05,
        )


@pytest.fixture
async def behind(api: Api, tmp_path: Path) -> AsyncIterator[Behind]:
    built = Behind(api, Authority.open(tmp_path / "pki", clock=api.clock))
    await built.revocations.load()
    api.app.state.services = msgspec.structs.replace(
        api.app.state.services,
        signing=built.signing,
        held=built.held,
        credentials=built.credentials,
        upgrades=built.upgrades,
        authority=built.authority,
    )
    yield built
    await built.upgrades.stop()
    await built.signing.stop()


async def station(owner: httpx.AsyncClient, api: Api, version: str = "2.0.1") -> str:
    made = await owner.post("/api/v1/stations", json={"identity": "CS-1"})
    await owner.post("/api/v1/stations/CS-1/password", json={})
    await api.attended("CS-1", version)
    return str(made.json()["id"])


def csr() -> str:
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Operator"),
            x509.NameAttribute(NameOID.COMMON_NAME, "CS-1"),
        ]
    )
    key = ec.generate_private_key(ec.SECP256R1())
    request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    return request.public_bytes(serialization.Encoding.PEM).decode()


async def test_a_certificate_is_listed_and_revoked_for_good(
    owner: httpx.AsyncClient, api: Api, behind: Behind
) -> None:
    station_id = await station(owner, api)
    tenant_id = (await api.owner()).tenant_id
    entry = api.directory.find("CS-1")
    assert entry is not None
    assert behind.signing.ask(tenant_id, entry.station_id, Asked(csr=csr())) is None
    while behind.signing.is_busy:
        await a_moment()
    [(_, sent)] = api.link.sent
    assert isinstance(sent, SendSignedCertificate)
    page = (await owner.get("/api/v1/certificates?station=CS-1")).json()
    [kept] = page["items"]
    assert (kept["station_id"], kept["status"], kept["use"]) == (station_id, "installed", "station")
    assert (await owner.get("/api/v1/certificates?ends_before=2026-01-01T00:00:00Z")).json()["items"] == []
    path = f"/api/v1/certificates/{kept['id']}"
    assert (await owner.get(path)).json() == kept
    assert "PRIVATE" not in str(page)
    revoked = (await owner.post(f"{path}/revoke", json={"reason": "stolen"})).json()
    assert (revoked["status"], revoked["reason"]) == ("revoked", "stolen")
    assert (await owner.post(f"{path}/revoke", json={})).status_code == 409
    assert (await owner.get("/api/v1/certificates/nothing")).status_code == 404
    crl = x509.load_der_x509_crl((await api.client().get("/pki/crl.der")).content)
    assert crl.is_signature_valid(behind.authority.certificate.public_key())  # type: ignore[arg-type]
    assert [each.serial_number for each in crl] == [int(kept["serial_number"], 16)]


async def a_moment() -> None:
    await asyncio.sleep(0.01)


async def test_the_root_is_there_for_everybody_and_named_for_operators(
    owner: httpx.AsyncClient, api: Api, behind: Behind
) -> None:
    pem = (await api.client().get("/pki/root.pem")).text
    assert pem == behind.authority.root.read_text()
    [root] = (await owner.get("/api/v1/roots")).json()["items"]
    assert root["own"] is True
    assert {each["algorithm"] for each in root["hashes"]} == {"SHA256", "SHA384", "SHA512"}


async def test_roots_are_installed_and_read(owner: httpx.AsyncClient, api: Api, behind: Behind) -> None:
    await station(owner, api)
    path = "/api/v1/stations/CS-1/certificates/installed"
    assert (await owner.get(path)).json() == {"items": [], "asked_at": None}
    done = (await owner.post(path, json={})).json()
    assert done["status"] == "accepted"
    assert isinstance(api.link.sent[-1][1], InstallCertificate)
    [held] = (await owner.get(path)).json()["items"]
    assert (held["use"], held["name"]) == ("csms", behind.authority.certificate.subject.rfc4514_string())
    gone = await owner.post(f"{path}/delete", json={"hash": held["hash"]})
    assert gone.status_code == 409
    api.link.outcome = CommandOutcome(status=CommandStatus.ACCEPTED, answer={"certificates": []})
    assert (await owner.post(f"{path}/read")).json()["status"] == "accepted"
    found = (await owner.get(path)).json()
    assert found["items"] == []
    assert found["asked_at"] is not None
    wrong = await owner.post(path, json={"certificate": "nonsense"})
    assert wrong.status_code == 422


async def test_a_station_is_asked_to_renew(owner: httpx.AsyncClient, api: Api, behind: Behind) -> None:
    await station(owner, api)
    done = await owner.post("/api/v1/stations/CS-1/certificates/renew", json={"use": "v2g"})
    assert done.json()["status"] == "accepted"
    assert api.link.sent[-1][1] == Trigger(message="sign_v2g_certificate")


async def test_a_password_is_rotated_and_never_shown(
    owner: httpx.AsyncClient, api: Api, behind: Behind
) -> None:
    await station(owner, api)
    answer = await owner.post("/api/v1/stations/CS-1/password/rotate")
    assert answer.json()["status"] == "accepted"
    sent = api.link.sent[-1][1]
    assert isinstance(sent, SetVariables)
    secret = sent.values[0].value
    assert secret is not None
    told = await owner.get("/api/v1/stations/CS-1/credentials")
    assert told.json()["has_password"] is True
    assert len(told.json()["rotations"]) == 1
    commands = await owner.get("/api/v1/commands?station=CS-1")
    assert secret not in answer.text + told.text + commands.text
    api.link.connected.clear()
    assert (await owner.post("/api/v1/stations/CS-1/password/rotate")).status_code == 409


async def test_a_move_is_begun_watched_and_stopped(
    owner: httpx.AsyncClient, api: Api, behind: Behind
) -> None:
    await station(owner, api, "1.6")
    path = "/api/v1/stations/CS-1/security-upgrade"
    assert (await owner.get(path)).status_code == 404
    assert (await owner.post(path, json={"to_profile": 1})).status_code == 422
    begun = await owner.post(path, json={"to_profile": 2})
    assert begun.status_code == 202
    assert begun.json()["phase"] == "preparing"
    for _ in range(200):
        found = (await owner.get(path)).json()
        if found["phase"] == "returning":
            break
        await a_moment()
    assert found["phase"] == "returning"
    assert (await owner.post(path, json={"to_profile": 2})).status_code == 409
    assert (await owner.delete(path)).json()["phase"] == "cancelled"
    [listed] = (await owner.get("/api/v1/security-upgrades?phase=cancelled")).json()["items"]
    assert listed["id"] == begun.json()["id"]


async def test_support_looks_and_changes_nothing(owner: httpx.AsyncClient, api: Api, behind: Behind) -> None:
    await station(owner, api)
    support = api.client(await api.key(Role.SUPPORT))
    for method, path in (
        ("GET", "/api/v1/certificates"),
        ("POST", "/api/v1/stations/CS-1/password/rotate"),
        ("POST", "/api/v1/stations/CS-1/certificates/renew"),
    ):
        assert (await support.request(method, path)).status_code == 403
    body = {"to_profile": 2}
    assert (await support.post("/api/v1/stations/CS-1/security-upgrade", json=body)).status_code == 403
