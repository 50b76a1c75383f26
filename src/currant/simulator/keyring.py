"""A station's keys and certificates: what it was given to trust, and what it has had signed.

Hashes are OCPP's: of the issuer's name in DER and of the bits of its public key (2.0.1 Part 2,
CertificateHashDataType; 1.6 security whitepaper).
"""

import hashlib
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

from currant.simulator.parts import Part

if TYPE_CHECKING:
    from currant.simulator.station import Station

INSTALLED_MAX = 20
CHAIN_MAX = 4
SERVER_ROOTS = ("CSMSRootCertificate", "CentralSystemRootCertificate")
STATION_CERTIFICATE = "ChargingStationCertificate"

Installed = Literal["Accepted", "Rejected", "Failed"]
Deleted = Literal["Accepted", "Failed", "NotFound"]


class HashData(msgspec.Struct, frozen=True, kw_only=True):
    """How OCPP names a certificate; compared without regard to case."""

    algorithm: str
    issuer_name: str
    issuer_key: str
    serial: str


class Trusted(msgspec.Struct, frozen=True, kw_only=True):
    """A root that was installed, and what for."""

    kind: str
    certificate: Any
    pem: str


class Signed(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate of the station's own, with its chain and its key, as PEM."""

    chain: str
    key: str


class Keyring(Part):
    """`own` maps the use of a certificate to it; `pending` the use to the key of a request under way."""

    __slots__ = ("_asked", "changes", "discarded", "former", "own", "pending", "trusted")

    def __init__(self, station: "Station") -> None:
        super().__init__(station)
        self.trusted: list[Trusted] = []
        self.own: dict[str, Signed] = {}
        self.pending: dict[str, tuple[int, ec.EllipticCurvePrivateKey]] = {}
        self._asked = 0
        # What a new certificate took the place of, until the new one has been used.
        self.former: dict[str, Signed | None] = {}
        self.discarded = False
        # Counts the changes of what the station shows and trusts when it connects.
        self.changes = 0

    def install(self, kind: str, pem: str) -> Installed:
        """Failed for what is no certificate, or no valid one; Rejected when there is no room (M05)."""
        certificates = _read(pem)
        if not certificates or not _valid(certificates[0], self.station.now):
            return "Failed"
        if any(each.certificate == certificates[0] and each.kind == kind for each in self.trusted):
            return "Accepted"
        if len(self.trusted) >= INSTALLED_MAX:
            return "Rejected"
        self.trusted.append(Trusted(kind=kind, certificate=certificates[0], pem=pem))
        self.changes += 1
        return "Accepted"

    def delete(self, wanted: HashData) -> Deleted:
        """One that was installed; the station's own cannot be taken away (M04.FR.06)."""
        for each in self.trusted:
            if same(hash_data(each.certificate, wanted.algorithm, self._issuer(each.certificate)), wanted):
                self.trusted.remove(each)
                self.changes += 1
                return "Accepted"
        for signed in self.own.values():
            leaf, *chain = _read(signed.chain)
            issuer = chain[0] if chain else self._issuer(leaf)
            if same(hash_data(leaf, wanted.algorithm, issuer), wanted):
                return "Failed"
        return "NotFound"

    def list_installed(self, kinds: list[str] | None) -> list[tuple[str, HashData, list[HashData]]]:
        """(kind, its hash, those of its sub-authorities), as SHA-256."""
        found: list[tuple[str, HashData, list[HashData]]] = [
            (each.kind, hash_data(each.certificate, "SHA256", self._issuer(each.certificate)), [])
            for each in self.trusted
            if kinds is None or each.kind in kinds
        ]
        v2g = self.own.get("V2GCertificate") or self.own.get("V2G20Certificate")
        if v2g is not None and (kinds is None or "V2GCertificateChain" in kinds):
            chain = _read(v2g.chain)
            issuers = [*chain[1:], self._issuer(chain[-1])]
            hashed = [
                hash_data(certificate, "SHA256", issuer)
                for certificate, issuer in zip(chain, issuers, strict=True)
            ]
            found.append(("V2GCertificateChain", hashed[0], hashed[1:]))
        return found

    def request(self, use: str, organisation: str) -> tuple[int, str]:
        """A new key and the request to have it signed: its number, and the CSR as PEM (A02.FR.02)."""
        key = ec.generate_private_key(ec.SECP256R1())
        self._asked += 1
        self.pending[use] = (self._asked, key)
        return self._asked, self.csr(key, organisation)

    def csr(self, key: ec.EllipticCurvePrivateKey, organisation: str) -> str:
        spec = self.station.spec
        name = [x509.NameAttribute(NameOID.COMMON_NAME, (spec.serial or spec.identity)[:64])]
        if organisation:
            name.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation[:64]))
        builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(name))
        return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()

    def accept(self, use: str, chain: str, request_id: int | None = None) -> bool:
        """A signed certificate came: take it up if it is for the key that was asked for, and valid."""
        asked = self.pending.get(use)
        certificates = _read(chain)
        if asked is None or (request_id is not None and request_id != asked[0]):
            return False
        if not certificates or not all(_valid(each, self.station.now) for each in certificates):
            return False
        public = asked[1].public_key()
        if certificates[0].public_key() != public or not _chained(certificates):
            return False
        key = asked[1].private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        del self.pending[use]
        self.former[use] = self.own.get(use)
        self.own[use] = Signed(chain=chain, key=key.decode())
        self.changes += 1
        return True

    def use_former(self, use: str) -> bool:
        """The new one led nowhere: go back to the one before, once (A02.FR.28)."""
        if use not in self.former:
            return False
        before = self.former.pop(use)
        if before is None and self.station.spec.client_certificate is None:
            return False
        self.own.pop(use)
        if before is not None:
            self.own[use] = before
        self.changes += 1
        self.discarded = True
        return True

    def connected(self) -> None:
        """The server has seen the one in use: the other is forgotten, and it is told which (A02.FR.10, 29)."""
        self.former.clear()
        if self.discarded:
            self.discarded = False
            self.station.dialect.security_event("DiscardedRenewedClientCertificate")

    @property
    def trusts_a_server(self) -> bool:
        return any(each.kind in SERVER_ROOTS for each in self.trusted)

    def server_roots(self) -> str:
        """What was installed to know the server by, as PEM."""
        return "\n".join(each.pem for each in self.trusted if each.kind in SERVER_ROOTS)

    def _issuer(self, certificate: x509.Certificate) -> x509.Certificate:
        for each in self.trusted:
            if each.certificate.subject == certificate.issuer:
                return each.certificate  # type: ignore[no-any-return]
        return certificate


def hash_data(certificate: x509.Certificate, algorithm: str, issuer: x509.Certificate) -> HashData:
    digest = getattr(hashlib, algorithm.lower())
    bits = issuer.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return HashData(
        algorithm=algorithm,
        issuer_name=digest(certificate.issuer.public_bytes()).hexdigest(),
        issuer_key=digest(_bit_string(bits)).hexdigest(),
        serial=f"{certificate.serial_number:x}",
    )


def same(left: HashData, right: HashData) -> bool:
    def plain(value: HashData) -> tuple[str, str, str, str]:
        return (
            value.algorithm,
            value.issuer_name.lower(),
            value.issuer_key.lower(),
            value.serial.lower().lstrip("0"),
        )

    return plain(left) == plain(right)


def verifies(certificate_pem: str, signature: bytes, content: bytes) -> bool:
    """Whether a firmware's signature is that of this certificate's key (L01.FR.12, SHA-256)."""
    certificates = _read(certificate_pem)
    if not certificates:
        return False
    key = certificates[0].public_key()
    sha = hashes.SHA256()
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, content, ec.ECDSA(sha))
            return True
        if isinstance(key, rsa.RSAPublicKey):
            pss = padding.PSS(padding.MGF1(sha), padding.PSS.AUTO)
            try:
                key.verify(signature, content, pss, sha)
            except InvalidSignature:
                key.verify(signature, content, padding.PKCS1v15(), sha)
            return True
    except InvalidSignature:
        return False
    return False


def is_valid(pem: str, now: float) -> bool:
    """Whether this is a certificate, and in force."""
    certificates = _read(pem)
    return bool(certificates) and _valid(certificates[0], now)


def _read(pem: str) -> list[x509.Certificate]:
    try:
        found = x509.load_pem_x509_certificates(pem.encode())
    except ValueError:
        return []
    return found if len(found) <= CHAIN_MAX else []


def _valid(certificate: x509.Certificate, now: float) -> bool:
    at = datetime.fromtimestamp(now, UTC)
    return certificate.not_valid_before_utc <= at < certificate.not_valid_after_utc


def _chained(certificates: list[x509.Certificate]) -> bool:
    for certificate, issuer in pairwise(certificates):
        try:
            certificate.verify_directly_issued_by(issuer)
        except (ValueError, TypeError, InvalidSignature):
            return False
    return True


def _bit_string(key_info: bytes) -> bytes:
    """The key's bits inside a SubjectPublicKeyInfo: its second element, without tag, length and padding."""
    _, start, _ = _element(key_info, 0)
    _, _, after_algorithm = _element(key_info, start)
    tag, inside, end = _element(key_info, after_algorithm)
    assert tag == 3, "a bit string follows the algorithm"
    return key_info[inside + 1 : end]


def _element(der: bytes, at: int) -> tuple[int, int, int]:
    """(tag, where its content begins, where it ends) of the DER element at `at`."""
    length, start = der[at + 1], at + 2
    if length & 0x80:
        size = length & 0x7F
        length, start = int.from_bytes(der[start : start + size]), start + size
    return der[at], start, start + length
