"""A certificate authority of one's own: a root for chargers, server certificates, station certificates.

Made on first start, so that TLS works before anybody has bought a certificate. A charger is given
the root once (`root.pem`); the server's certificates under it are renewed without touching chargers.
There are two server certificates, RSA and ECDSA, because the security profiles demand cipher suites
of both kinds (OCPP 2.0.1 Part 2, A00.FR.318). One RSA root signs both: a charger has one place to
put a root, and every TLS library verifies RSA.
"""

import ipaddress
import os
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from currant.kit.clock import Clock

ROOT_LIFE = timedelta(days=20 * 365)
# Clients refuse server certificates that live longer than 398 days, some of them sooner.
SERVER_LIFE = timedelta(days=365)
RENEW_BEFORE = timedelta(days=60)
STATION_LIFE = timedelta(days=3 * 365)
CRL_LIFE = timedelta(days=7)
# A charger whose clock is behind must still find our certificate valid.
BACKDATED = timedelta(days=7)

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


class CertificateFiles(msgspec.Struct, frozen=True, kw_only=True):
    """Where a certificate chain and its private key lie, both PEM."""

    certificate: Path
    key: Path


class Issued(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate chain and its private key, both PEM."""

    certificate_pem: bytes
    key_pem: bytes


class Authority:
    """Currant's own root and what it signs; everything lies in one folder, keys readable by its user alone."""

    def __init__(
        self,
        folder: Path,
        certificate: x509.Certificate,
        key: rsa.RSAPrivateKey,
        clock: Clock,
        *,
        crl_url: str = "",
    ) -> None:
        self._folder = folder
        self._certificate = certificate
        self._key = key
        self._clock = clock
        self.crl_url = crl_url
        """Where the list of revoked certificates can be fetched, named in what is signed; empty for nowhere."""

    @classmethod
    def open(
        cls, folder: Path, *, clock: Clock, organisation: str = "Currant", crl_url: str = ""
    ) -> "Authority":
        """The authority in `folder`, made there when there is none."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        root, root_key = folder / "root.pem", folder / "root.key"
        if not (root.exists() and root_key.exists()):
            certificate, key = _make_root(clock.now(), organisation)
            # The key first: a crash between the two leaves no root without a key.
            _write(root_key, _key_pem(key), mode=0o600)
            _write(root, certificate.public_bytes(serialization.Encoding.PEM), mode=0o644)
        loaded = serialization.load_pem_private_key(root_key.read_bytes(), password=None)
        assert isinstance(loaded, rsa.RSAPrivateKey), f"{root_key} is not the key this authority made."
        certificate = x509.load_pem_x509_certificate(root.read_bytes())
        return cls(folder, certificate, loaded, clock, crl_url=crl_url)

    @property
    def root(self) -> Path:
        """The root certificate that chargers are given (PEM)."""
        return self._folder / "root.pem"

    @property
    def certificate(self) -> x509.Certificate:
        """The root certificate."""
        return self._certificate

    @property
    def crl(self) -> Path:
        """The list of revoked certificates (DER), as last written by `write_crl`."""
        return self._folder / "crl.der"

    def server_certificates(self, names: Sequence[str]) -> tuple[CertificateFiles, CertificateFiles]:
        """Server certificates (RSA, ECDSA) for host names and addresses; renewed near expiry or for new names."""
        return self._server("server-rsa", names, rsa_key=True), self._server(
            "server-ecdsa", names, rsa_key=False
        )

    def issue_for_station(self, common_name: str, *, organisation: str, rsa_key: bool = False) -> Issued:
        """A client certificate for security profile 3.

        `organisation` must be the operator's name and `common_name` the station's serial number or
        identity (OCPP 2.0.1 Part 2, A00.FR.404 and .405).
        """
        key = _new_key(rsa_key=rsa_key)
        certificate = self._sign(
            key.public_key(),
            subject=_name(common_name, organisation),
            life=STATION_LIFE,
            usage=ExtendedKeyUsageOID.CLIENT_AUTH,
            alternatives=None,
            revocable=True,
        )
        return Issued(certificate_pem=self._chain(certificate), key_pem=_key_pem(key))

    def sign_request(
        self, request: x509.CertificateSigningRequest, *, life: timedelta = STATION_LIFE, client: bool = True
    ) -> bytes:
        """Sign a station's own request, which has been judged (`requests.judge`); the chain as PEM, leaf first.

        Of the request only key and subject are taken. `client`: for use towards this server.
        """
        key = request.public_key()
        assert isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey), "Other keys are judged unfit."
        certificate = self._sign(
            key,
            subject=request.subject,
            life=life,
            usage=ExtendedKeyUsageOID.CLIENT_AUTH if client else None,
            alternatives=None,
            revocable=True,
        )
        return self._chain(certificate)

    def write_crl(self, revoked: Iterable[tuple[int, datetime]]) -> bytes:
        """Write the list of revoked certificates (serial number, since when) beside the root; DER."""
        now = self._clock.now()
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self._certificate.subject)
            .last_update(now - timedelta(minutes=5))
            .next_update(now + CRL_LIFE)
            .add_extension(x509.CRLNumber(int(now.timestamp() * 1000)), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False
            )
        )
        for serial, since in revoked:
            builder = builder.add_revoked_certificate(
                x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(since).build()
            )
        content = builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)
        _write(self.crl, content, mode=0o644)
        return content

    def _server(self, stem: str, names: Sequence[str], *, rsa_key: bool) -> CertificateFiles:
        files = CertificateFiles(certificate=self._folder / f"{stem}.pem", key=self._folder / f"{stem}.key")
        if not self._still_good(files, names):
            key = _new_key(rsa_key=rsa_key)
            certificate = self._sign(
                key.public_key(),
                subject=_name(names[0], None),
                life=SERVER_LIFE,
                usage=ExtendedKeyUsageOID.SERVER_AUTH,
                alternatives=_alternatives(names),
            )
            _write(files.key, _key_pem(key), mode=0o600)
            _write(files.certificate, self._chain(certificate), mode=0o644)
        return files

    def _still_good(self, files: CertificateFiles, names: Sequence[str]) -> bool:
        try:
            certificate = x509.load_pem_x509_certificate(files.certificate.read_bytes())
            key = serialization.load_pem_private_key(files.key.read_bytes(), password=None)
        except (OSError, ValueError):
            return False
        alternatives = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        return (
            certificate.public_key() == key.public_key()
            and certificate.issuer == self._certificate.subject
            and alternatives == _alternatives(names)
            and certificate.not_valid_after_utc - self._clock.now() > RENEW_BEFORE
        )

    def _chain(self, certificate: x509.Certificate) -> bytes:
        pem = serialization.Encoding.PEM
        return certificate.public_bytes(pem) + self._certificate.public_bytes(pem)

    def _sign(
        self,
        key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey,
        *,
        subject: x509.Name,
        life: timedelta,
        usage: x509.ObjectIdentifier | None,
        alternatives: x509.SubjectAlternativeName | None,
        revocable: bool = False,
    ) -> x509.Certificate:
        now = self._clock.now()
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._certificate.subject)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - BACKDATED)
            .not_valid_after(min(now + life, self._certificate.not_valid_after_utc))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(rsa_key=isinstance(key, rsa.RSAPublicKey)), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False
            )
        )
        if usage is not None:
            builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        if revocable and self.crl_url:
            point = x509.DistributionPoint(
                full_name=[x509.UniformResourceIdentifier(self.crl_url)],
                relative_name=None,
                reasons=None,
                crl_issuer=None,
            )
            builder = builder.add_extension(x509.CRLDistributionPoints([point]), critical=False)
        if alternatives is not None:
            builder = builder.add_extension(alternatives, critical=False)
        return builder.sign(self._key, hashes.SHA256())


def _make_root(now: datetime, organisation: str) -> tuple[x509.Certificate, rsa.RSAPrivateKey]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=3072)
    name = _name(f"{organisation} root", organisation)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + ROOT_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return certificate, key


def _new_key(*, rsa_key: bool) -> PrivateKey:
    if rsa_key:
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return ec.generate_private_key(ec.SECP256R1())


def _name(common_name: str, organisation: str | None) -> x509.Name:
    # X.520 ends a common name at 64 characters; the full host name stands among the alternatives.
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, common_name[:64])]
    if organisation:
        attributes.insert(0, x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation[:64]))
    return x509.Name(attributes)


def _alternatives(names: Sequence[str]) -> x509.SubjectAlternativeName:
    entries: list[x509.GeneralName] = []
    for name in names:
        try:
            entries.append(x509.IPAddress(ipaddress.ip_address(name)))
        except ValueError:
            entries.append(x509.DNSName(name))
    return x509.SubjectAlternativeName(entries)


def _key_usage(*, signs_certificates: bool = False, rsa_key: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        # TLS_RSA_WITH_AES_*_GCM, mandatory in the profiles, encrypts the secret to the key itself.
        key_encipherment=rsa_key,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _key_pem(key: PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(path: Path, content: bytes, *, mode: int) -> None:
    """Replace the file whole, with its mode from the first byte: a key is never readable for a moment."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
