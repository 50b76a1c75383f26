"""What a station's request for a certificate must be (2.x A02, A03 and A00.FR.501 to .511; 1.6 likewise)."""

import base64
import binascii
import hashlib
import ipaddress

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from currant.stations.commanding.certificates import LeafUse

RSA_BITS_MIN = 2048
EC_BITS_MIN = 224
WEAK_HASHES = ("md5", "sha1")
TEXT_MAX = 20_000


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A station asks for a certificate: `csr` as it sent it, and 2.1's number of the request."""

    csr: str
    use: LeafUse = LeafUse.STATION
    request_id: int | None = None


class Sound(msgspec.Struct, frozen=True, kw_only=True):
    """A request that may be signed. `key_digest` (SHA-256, hexadecimal) tells its key from others."""

    csr: x509.CertificateSigningRequest
    common_name: str
    key_digest: str

    @property
    def pem(self) -> str:
        return self.csr.public_bytes(serialization.Encoding.PEM).decode()


class Unfit(msgspec.Struct, frozen=True, kw_only=True):
    """A request that is not signed, and why, in words; `code` fits OCPP's 20 characters."""

    code: str
    reason: str


def judge(asked: Asked, *, identity: str, serial_number: str, organisation: str | None) -> Sound | Unfit:
    """Whether a request may be signed for the station with this identity and serial number.

    `organisation` is the operator's name that a client certificate must carry; None does not look.
    """
    csr = _read(asked.csr)
    if csr is None:
        return Unfit(code="InvalidCSR", reason="The request is no PKCS #10 request in PEM.")
    try:
        signed = csr.is_signature_valid
        hash_name = csr.signature_hash_algorithm.name if csr.signature_hash_algorithm else ""
        key = csr.public_key()
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError):
        return Unfit(code="InvalidCSR", reason="The request's key or signature is of an unknown kind.")
    if not signed:
        return Unfit(code="InvalidSignature", reason="The request is not signed with the key that it is for.")
    if hash_name in WEAK_HASHES:
        return Unfit(code="WeakHash", reason=f"The request is signed over {hash_name}, which is broken.")
    weak = _weakness(key)
    if weak:
        return Unfit(code="WeakKey", reason=weak)
    names = [str(each.value) for each in csr.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    common_name = names[0] if names else ""
    if asked.use in (LeafUse.STATION, LeafUse.COMBINED):
        wrong = _name_wrong(names, csr, identity, serial_number, organisation)
        if wrong is not None:
            return wrong
    elif not common_name:
        # The name of an SECC is the vehicle's business (ISO 15118), but it needs one.
        return Unfit(code="NoCommonName", reason="The request names nobody (its common name is missing).")
    public = csr.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return Sound(csr=csr, common_name=common_name, key_digest=hashlib.sha256(public).hexdigest())


def _read(text: str) -> x509.CertificateSigningRequest | None:
    if len(text) > TEXT_MAX:
        return None
    # Line ends written as two characters, and DER in base64 without the PEM's frame, come from the street.
    text = text.replace("\\n", "\n").strip()
    try:
        if text.startswith("-----BEGIN"):
            return x509.load_pem_x509_csr(text.encode())
        return x509.load_der_x509_csr(base64.b64decode("".join(text.split()), validate=True))
    except (ValueError, binascii.Error, UnsupportedAlgorithm):
        return None


def _weakness(key: object) -> str:
    """Why the key is not as strong as 112 bits (A00.FR.501 to .503); empty when it is."""
    if isinstance(key, rsa.RSAPublicKey):
        if key.key_size < RSA_BITS_MIN:
            return f"An RSA key has at least {RSA_BITS_MIN} bits; this has {key.key_size}."
    elif isinstance(key, ec.EllipticCurvePublicKey):
        if key.curve.key_size < EC_BITS_MIN:
            return (
                f"A key on an elliptic curve has at least {EC_BITS_MIN} bits; this has {key.curve.key_size}."
            )
    else:
        return "The key is neither RSA nor on an elliptic curve."
    return ""


def _name_wrong(
    names: list[str],
    csr: x509.CertificateSigningRequest,
    identity: str,
    serial_number: str,
    organisation: str | None,
) -> Unfit | None:
    wanted = {name.casefold() for name in (identity, serial_number) if name}
    if len(names) != 1 or names[0].casefold() not in wanted:
        said = names[0] if names else "nobody"
        return Unfit(
            code="WrongCommonName",
            reason=f"The request is for {said}: its common name has to be the station's serial number or identity.",
        )
    if _is_address(names[0]):
        # A00.FR.511: so that it cannot pass for a server's.
        return Unfit(code="WrongCommonName", reason="The common name must not be an address.")
    if organisation is not None:
        told = [str(each.value) for each in csr.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)]
        if organisation not in told:
            said = told[0] if told else "none"
            return Unfit(
                code="WrongOrganisation",
                reason=f"The request's organisation is {said}: it has to be the operator, {organisation}.",
            )
    return None


def _is_address(name: str) -> bool:
    if "://" in name:
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
