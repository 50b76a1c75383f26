"""Firmware as a manufacturer signs it: an image, the signing certificate, and the signature over the image."""

import base64
from datetime import timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from currant.kit.clock import SystemClock


@cache
def _signer() -> tuple[ec.EllipticCurvePrivateKey, str]:
    key, now = ec.generate_private_key(ec.SECP256R1()), SystemClock().now()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Firmware signing")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .sign(key, hashes.SHA256())
    )
    return key, certificate.public_bytes(serialization.Encoding.PEM).decode()


def signed(content: bytes) -> dict[str, str]:
    """The fields `certificate` and `signature` for an image."""
    key, certificate = _signer()
    signature = key.sign(content, ec.ECDSA(hashes.SHA256()))
    return {"certificate": certificate, "signature": base64.b64encode(signature).decode()}
