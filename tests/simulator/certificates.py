"""A certificate authority for the simulator's tests."""

from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
ENDS = datetime(2126, 1, 1, tzinfo=UTC)


class Authority:
    """Signs what it is asked to."""

    def __init__(self, name: str = "Test root", *, ends: datetime = ENDS) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = x509.CertificateBuilder(
            self.name, self.name, self.key.public_key(), x509.random_serial_number()
        )
        builder = builder.not_valid_before(BEGAN).not_valid_after(ends)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        self.certificate = builder.sign(self.key, hashes.SHA256())
        self.pem = pem(self.certificate)

    def sign(self, csr: str, *, ends: datetime = ENDS) -> str:
        request = x509.load_pem_x509_csr(csr.encode())
        assert request.is_signature_valid
        builder = x509.CertificateBuilder(
            self.name, request.subject, request.public_key(), x509.random_serial_number()
        )
        builder = builder.not_valid_before(BEGAN).not_valid_after(ends)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        return pem(builder.sign(self.key, hashes.SHA256()))

    def server(self, folder: Path, name: str = "server") -> tuple[Path, Path]:
        """Certificate and key files of a server at 127.0.0.1, or of anybody else."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = x509.CertificateBuilder(self.name, subject, key.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(BEGAN).not_valid_after(ENDS)
        address = x509.IPAddress(ip_address("127.0.0.1"))
        builder = builder.add_extension(x509.SubjectAlternativeName([address]), critical=False)
        paths = folder / f"{name}.pem", folder / f"{name}.key"
        paths[0].write_text(pem(builder.sign(self.key, hashes.SHA256())))
        paths[1].write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return paths


def pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()
