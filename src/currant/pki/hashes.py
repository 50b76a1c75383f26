"""How OCPP names a certificate: digests of its issuer's name and key, and its serial number, as OCSP does.

OCPP 2.x Part 2, CertificateHashDataType; 1.6 security whitepaper, 5. The issuer of a root is itself.
"""

import hashlib
from collections.abc import Iterable

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from currant.stations.commanding.certificates import CertificateHash

_DIGESTS = {"SHA256": hashlib.sha256, "SHA384": hashlib.sha384, "SHA512": hashlib.sha512}
ALGORITHMS = tuple(_DIGESTS)


def hash_of(
    certificate: x509.Certificate, issuer: x509.Certificate, *, algorithm: str = "SHA256"
) -> CertificateHash:
    digest = _DIGESTS[algorithm]
    return CertificateHash(
        algorithm=algorithm,
        issuer_name_hash=digest(certificate.issuer.public_bytes()).hexdigest(),
        issuer_key_hash=digest(key_bytes(issuer)).hexdigest(),
        serial_number=f"{certificate.serial_number:x}",
    )


def hash_of_root(certificate: x509.Certificate, *, algorithm: str = "SHA256") -> CertificateHash:
    return hash_of(certificate, certificate, algorithm=algorithm)


def key_bytes(certificate: x509.Certificate) -> bytes:
    """The content of the bit string that holds the public key, which is what is digested (RFC 6960, 4.1.1)."""
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.PKCS1)
    if isinstance(key, ec.EllipticCurvePublicKey):
        return key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    return key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def same(one: CertificateHash, other: CertificateHash) -> bool:
    """Whether two names are one: stations write digits in either case, and some lead with zeros."""
    return _folded(one) == _folded(other)


def _folded(named: CertificateHash) -> tuple[str, str, str, str]:
    return (
        named.algorithm.upper(),
        named.issuer_name_hash.lower(),
        named.issuer_key_hash.lower(),
        folded_serial(named.serial_number),
    )


def folded_serial(serial: str) -> str:
    return serial.lower().lstrip("0") or "0"


def find_named(named: CertificateHash, roots: Iterable[x509.Certificate]) -> x509.Certificate | None:
    """The root among `roots` that a station means; None when it is none of them."""
    if named.algorithm not in _DIGESTS:
        return None
    for root in roots:
        if same(named, hash_of_root(root, algorithm=named.algorithm)):
            return root
    return None


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 of the whole certificate, in hexadecimal digits."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def read_certificates(pem: str | bytes) -> list[x509.Certificate]:
    """The certificates in a PEM text; raises ValueError when there is none, or one cannot be read."""
    data = pem.encode() if isinstance(pem, str) else pem
    return x509.load_pem_x509_certificates(data)
