"""Which requests for certificates are signed, and which are turned down in words."""

import base64
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID

from currant.pki.requests import Asked, Sound, Unfit, judge
from currant.stations.commanding.certificates import LeafUse

EC = ec.generate_private_key(ec.SECP256R1())


def csr(
    common_name: str | None = "SN-1",
    organisation: str | None = "Operator",
    *,
    key: Any = EC,
    digest: Any = None,
) -> x509.CertificateSigningRequest:
    attributes = []
    if organisation:
        attributes.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation))
    if common_name:
        attributes.append(x509.NameAttribute(NameOID.COMMON_NAME, common_name))
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(attributes))
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else digest or hashes.SHA256()
    return builder.sign(key, algorithm)


def pem(request: x509.CertificateSigningRequest) -> str:
    return request.public_bytes(serialization.Encoding.PEM).decode()


def judged(text: str, use: LeafUse = LeafUse.STATION) -> Sound | Unfit:
    return judge(Asked(csr=text, use=use), identity="CS-1", serial_number="SN-1", organisation="Operator")


def test_a_request_in_the_name_of_the_serial_number_or_the_identity_is_sound() -> None:
    for name in ("SN-1", "sn-1", "CS-1"):
        found = judged(pem(csr(name)))
        assert isinstance(found, Sound)
        assert found.common_name == name
    rsa_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert isinstance(judged(pem(csr(key=rsa_key))), Sound)


def test_der_in_base64_and_line_ends_as_two_characters_are_read() -> None:
    request = csr()
    bare = base64.b64encode(request.public_bytes(serialization.Encoding.DER)).decode()
    assert isinstance(judged(bare), Sound)
    assert isinstance(judged(pem(request).replace("\n", "\\n")), Sound)


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (csr("CS-2"), "WrongCommonName"),
        (csr(None), "WrongCommonName"),
        (csr(organisation="Somebody"), "WrongOrganisation"),
        (csr(organisation=None), "WrongOrganisation"),
        (csr(key=rsa.generate_private_key(public_exponent=65537, key_size=1024)), "WeakKey"),
        (csr(key=ec.generate_private_key(ec.SECP192R1())), "WeakKey"),
        (csr(key=ed25519.Ed25519PrivateKey.generate()), "WeakKey"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_not_sound_is_named(request_: x509.CertificateSigningRequest, code: str) -> None:
    found = judged(pem(request_))
    assert isinstance(found, Unfit)
    assert found.code == code
    assert len(found.code) <= 20


def test_a_request_that_somebody_changed_is_not_signed() -> None:
    der = bytearray(csr().public_bytes(serialization.Encoding.DER))
    place = der.index(b"SN-1")
    der[place : place + 4] = b"CS-1"
    found = judged(base64.b64encode(bytes(der)).decode())
    assert isinstance(found, Unfit)
    assert found.code == "InvalidSignature"


@pytest.mark.parametrize("text", ["", "-----BEGIN CERTIFICATE REQUEST-----", "x" * 30_000, "\u00e4", "MIIB"])
def test_what_is_no_request_is_said_to_be_none(text: str) -> None:
    found = judged(text)
    assert isinstance(found, Unfit)
    assert found.code == "InvalidCSR"


def test_a_common_name_in_the_form_of_an_address_is_refused() -> None:
    asked = Asked(csr=pem(csr("10.0.0.7")))
    found = judge(asked, identity="10.0.0.7", serial_number="", organisation=None)
    assert isinstance(found, Unfit)
    assert "address" in found.reason


def test_the_name_that_a_station_shows_to_vehicles_is_its_own_affair() -> None:
    assert isinstance(judged(pem(csr("DE*ABC*E1", None)), LeafUse.V2G), Sound)
    assert isinstance(judged(pem(csr(None, None)), LeafUse.V2G), Unfit)
