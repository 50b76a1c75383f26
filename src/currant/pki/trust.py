"""Whether a certificate, or the word of an OCSP responder, leads to a root that is trusted. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from currant.pki.hashes import hash_of, key_bytes, same
from currant.stations.commanding.certificates import CertificateHash

DEPTH_MAX = 5


def issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether `issuer`, which must be an authority, signed the certificate."""
    if certificate.issuer != issuer.subject or not _is_authority(issuer):
        return False
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError):
        return False
    return True


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return certificate.issuer == certificate.subject
    except ValueError:
        return False


def path_to_root(
    certificate: x509.Certificate, between: Iterable[x509.Certificate], roots: Sequence[x509.Certificate]
) -> list[x509.Certificate] | None:
    """From the certificate to a trusted root, both included; None when none leads there. Dates are not looked at."""
    candidates = list(between)
    path = [certificate]
    while len(path) <= DEPTH_MAX:
        last = path[-1]
        if last in roots:
            return path
        root = next((each for each in roots if issued_by(last, each)), None)
        if root is not None:
            return [*path, root]
        above = next((each for each in candidates if each not in path and issued_by(last, each)), None)
        if above is None:
            return None
        path.append(above)
    return None


def in_force(certificates: Iterable[x509.Certificate], now: datetime) -> bool:
    return all(each.not_valid_before_utc <= now < each.not_valid_after_utc for each in certificates)


def answer_is_trusted(
    answer: ocsp.OCSPResponse,
    named: CertificateHash,
    between: Iterable[x509.Certificate],
    roots: Sequence[x509.Certificate],
    now: datetime,
) -> bool:
    """Whether an OCSP answer is signed by the certificate's issuer, or by whom that issuer appointed (RFC 6960, 4.2.2.2)."""
    candidates = [*answer.certificates, *between, *roots]
    for signer in candidates:
        if not (_is_responder(answer, signer) and _signed(answer, signer)):
            continue
        path = path_to_root(signer, candidates, roots)
        if path is None or not in_force(path, now):
            continue
        if _is_issuer_of(signer, named):
            return True
        issuer = path[1] if len(path) > 1 else None
        if issuer is not None and _may_answer(signer) and _is_issuer_of(issuer, named):
            return True
    return False


def _is_responder(answer: ocsp.OCSPResponse, certificate: x509.Certificate) -> bool:
    if answer.responder_name is not None:
        return certificate.subject == answer.responder_name
    digest = hashes.Hash(hashes.SHA1())
    digest.update(key_bytes(certificate))
    return digest.finalize() == answer.responder_key_hash


def _signed(answer: ocsp.OCSPResponse, certificate: x509.Certificate) -> bool:
    key, algorithm = certificate.public_key(), answer.signature_hash_algorithm
    if algorithm is None:
        return False
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(answer.signature, answer.tbs_response_bytes, padding.PKCS1v15(), algorithm)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(answer.signature, answer.tbs_response_bytes, ec.ECDSA(algorithm))
        else:
            return False
    except InvalidSignature:
        return False
    return True


def _may_answer(certificate: x509.Certificate) -> bool:
    try:
        uses = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (x509.ExtensionNotFound, ValueError):
        return False
    return ExtendedKeyUsageOID.OCSP_SIGNING in uses


def _is_issuer_of(issuer: x509.Certificate, named: CertificateHash) -> bool:
    """Whether a certificate with this name says that `issuer` issued it."""
    digests = hash_of(issuer, issuer, algorithm=named.algorithm)
    # Of the issuer's own subject, not of who issued it.
    name = digests if issuer.issuer == issuer.subject else _subject_hash(issuer, named.algorithm)
    wanted = CertificateHash(
        algorithm=named.algorithm,
        issuer_name_hash=name.issuer_name_hash,
        issuer_key_hash=digests.issuer_key_hash,
        serial_number=named.serial_number,
    )
    return same(wanted, named)


def _subject_hash(issuer: x509.Certificate, algorithm: str) -> CertificateHash:
    digest = hashes.Hash(
        {"SHA384": hashes.SHA384(), "SHA512": hashes.SHA512()}.get(algorithm, hashes.SHA256())
    )
    digest.update(issuer.subject.public_bytes())
    return CertificateHash(
        algorithm=algorithm,
        issuer_name_hash=digest.finalize().hex(),
        issuer_key_hash="",
        serial_number="",
    )
