"""Outside authorities: asked over HTTP and EST, well-behaved and not."""

import base64
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from authorities import NOW, Made, served
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import NameOID

from currant.kit.http import Outbound
from currant.pki.hashes import read_certificates
from currant.pki.requests import Asked, Sound, judge
from currant.pki.signers import EstSigner, HttpSigner, NotSigned
from currant.stations.commanding.certificates import LeafUse

KEY = ec.generate_private_key(ec.SECP256R1())


@pytest.fixture
async def http() -> AsyncIterator[Outbound]:
    outbound = Outbound(allow_private=True)
    yield outbound
    await outbound.close()


def sound() -> Sound:
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Operator"),
            x509.NameAttribute(NameOID.COMMON_NAME, "CS-1"),
        ]
    )
    request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(KEY, hashes.SHA256())
    pem = request.public_bytes(serialization.Encoding.PEM).decode()
    judged = judge(Asked(csr=pem), identity="CS-1", serial_number="", organisation="Operator")
    assert isinstance(judged, Sound)
    return judged


class Outside:
    """A root and a sub-CA that sign for whatever key they are asked."""

    def __init__(self) -> None:
        self.root = Made("Outside root")
        self.sub = Made("Outside sub", self.root, ca=True)

    def sign(self, csr: x509.CertificateSigningRequest) -> x509.Certificate:
        assert NOW
        return Made("CS-1", self.sub, key=_Public(csr.public_key())).certificate


class _Public:
    """Stands where a key pair is expected of which only the public half is known."""

    def __init__(self, key: Any) -> None:
        self._key = key

    def public_key(self) -> Any:
        return self._key


async def test_a_chain_in_any_order_is_put_in_order(http: Outbound) -> None:
    outside, heard = Outside(), []

    def answer(path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        asked = msgspec.json.decode(body)
        heard.append((headers["authorization"], asked["station"], asked["use"]))
        leaf = outside.sign(x509.load_pem_x509_csr(asked["csr"].encode()))
        pem = leaf.public_bytes(serialization.Encoding.PEM).decode()
        return 200, msgspec.json.encode({"certificate_chain": outside.root.pem + outside.sub.pem + pem})

    async with served(answer) as url:
        signer = HttpSigner(http, url=url, token="secret")
        chain = await signer.sign(sound(), use=LeafUse.STATION, identity="CS-1")
    certificates = read_certificates(chain)
    assert certificates[0].public_key() == KEY.public_key()
    assert certificates[1:] == [outside.sub.certificate, outside.root.certificate]
    assert heard == [("Bearer secret", "CS-1", "station")]


@pytest.mark.parametrize(
    ("status", "body", "final"),
    [
        (403, b'{"reason":"not this one"}', True),
        (503, b"", False),
        (401, b"{}", False),
        (200, b"nonsense", False),
        (200, b'{"certificate_chain":""}', False),
        (200, msgspec.json.encode({"certificate_chain": Made("CS-1").pem}), True),
    ],
)
async def test_what_an_authority_does_wrong_is_said(
    http: Outbound, status: int, body: bytes, *, final: bool
) -> None:
    async with served(lambda *_: (status, body)) as url:
        with pytest.raises(NotSigned) as refused:
            await HttpSigner(http, url=url).sign(sound(), use=LeafUse.STATION, identity="CS-1")
    assert refused.value.final == final
    if status == 403:
        assert "not this one" in refused.value.reason


async def test_est_enrols_and_completes_the_chain(http: Outbound) -> None:
    outside, heard = Outside(), []

    def answer(path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        heard.append((path, headers.get("authorization")))
        if path.endswith("/cacerts"):
            certificates = [outside.root.certificate, outside.sub.certificate]
        else:
            assert headers["content-type"] == "application/pkcs10"
            certificates = [outside.sign(x509.load_der_x509_csr(base64.b64decode(body)))]
        packed = pkcs7.serialize_certificates(certificates, serialization.Encoding.DER)
        return 200, base64.encodebytes(packed)

    async with served(answer, kind="application/pkcs7-mime") as url:
        signer = EstSigner(http, url=f"{url}/.well-known/est/", user="currant", password="secret")
        chain = await signer.sign(sound(), use=LeafUse.STATION, identity="CS-1")
    assert [each.subject for each in read_certificates(chain)][1:] == [
        outside.sub.certificate.subject,
        outside.root.certificate.subject,
    ]
    basic = f"Basic {base64.b64encode(b'currant:secret').decode()}"
    assert heard == [("/.well-known/est/simpleenroll", basic), ("/.well-known/est/cacerts", basic)]


async def test_est_that_wants_to_be_asked_later_is_asked_later(http: Outbound) -> None:
    async with served(lambda *_: (202, b"")) as url:
        with pytest.raises(NotSigned) as refused:
            await EstSigner(http, url=url).sign(sound(), use=LeafUse.STATION, identity="CS-1")
    assert not refused.value.final


async def test_an_authority_that_is_away_is_said_to_be(http: Outbound) -> None:
    async with served(lambda *_: (200, b"")) as url:
        pass
    with pytest.raises(NotSigned) as refused:
        await HttpSigner(http, url=url).sign(sound(), use=LeafUse.STATION, identity="CS-1")
    assert not refused.value.final
