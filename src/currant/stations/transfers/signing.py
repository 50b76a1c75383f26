"""Whether a firmware image is signed as stations demand it: found out here, before a thousand of them refuse it.

2.x L01.FR.11 and .12, and the same of the 1.6 security extension: the manufacturer's certificate
goes with the request, and the signature, in Base64, is by RSA-PSS or ECDSA over SHA-256.
"""

import base64
import binascii
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from currant.kit.errors import Invalid

CERTIFICATE_MAX = 5_500
SIGNATURE_MAX = 800
RSA_BITS_MIN = 2_048
EC_BITS_MIN = 224
_SHA256 = Prehashed(hashes.SHA256())


def check_signature(sha256: bytes, certificate: str, signature: str, *, now: datetime) -> None:
    """Raise Invalid, saying why, unless this is the certificate's signature over the image with this digest."""
    check_form(certificate, signature)
    try:
        found = x509.load_pem_x509_certificate(certificate.encode())
        key = found.public_key()
    except (ValueError, TypeError) as error:
        raise Invalid("This is no certificate in PEM form.", field="certificate") from error
    if not found.not_valid_before_utc <= now <= found.not_valid_after_utc:
        raise Invalid(
            f"The signing certificate is valid from {found.not_valid_before_utc:%Y-%m-%d} to "
            f"{found.not_valid_after_utc:%Y-%m-%d}: stations would refuse it now.",
            field="certificate",
        )
    made = base64.b64decode(signature)
    if isinstance(key, rsa.RSAPublicKey):
        _check_rsa(key, made, sha256)
    elif isinstance(key, ec.EllipticCurvePublicKey):
        _check_ec(key, made, sha256)
    else:
        raise Invalid("Firmware is signed with an RSA or an elliptic-curve key.", field="certificate")


def check_form(certificate: str, signature: str) -> None:
    """Raise Invalid where certificate or signature could not even be sent."""
    if not 1 <= len(certificate) <= CERTIFICATE_MAX or not certificate.isascii():
        raise Invalid(
            f"A signing certificate is PEM of at most {CERTIFICATE_MAX} letters.", field="certificate"
        )
    try:
        base64.b64decode(signature, validate=True)
    except (ValueError, binascii.Error):
        raise Invalid("A signature is written in Base64, without blanks.", field="signature") from None
    if not 1 <= len(signature) <= SIGNATURE_MAX:
        raise Invalid(f"A signature has at most {SIGNATURE_MAX} letters.", field="signature")


def _check_rsa(key: rsa.RSAPublicKey, signature: bytes, sha256: bytes) -> None:
    if key.key_size < RSA_BITS_MIN:
        raise Invalid(
            f"The signing key has {key.key_size} bits: at least {RSA_BITS_MIN} are needed.",
            field="certificate",
        )
    pss = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=padding.PSS.AUTO)
    try:
        key.verify(signature, sha256, pss, _SHA256)
        return
    except InvalidSignature:
        pass
    try:
        key.verify(signature, sha256, padding.PKCS1v15(), _SHA256)
    except InvalidSignature:
        raise _wrong() from None
    raise Invalid(
        "The image is signed by PKCS#1 v1.5, which stations refuse: sign it by RSA-PSS with SHA-256.",
        field="signature",
    )


def _check_ec(key: ec.EllipticCurvePublicKey, signature: bytes, sha256: bytes) -> None:
    if key.key_size < EC_BITS_MIN:
        raise Invalid(
            f"The signing key has {key.key_size} bits: at least {EC_BITS_MIN} are needed.",
            field="certificate",
        )
    try:
        key.verify(signature, sha256, ec.ECDSA(_SHA256))
    except InvalidSignature:
        raise _wrong() from None


def _wrong() -> Invalid:
    return Invalid(
        "This is not the certificate's signature over this image. Was another file signed, or signed twice?",
        field="signature",
    )
