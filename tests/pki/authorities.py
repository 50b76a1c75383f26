"""Certificate authorities and OCSP responders of the tests' own, on loopback."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

NOW = datetime.now(UTC).replace(microsecond=0)


def name_of(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


class Made:
    """A certificate with its key."""

    def __init__(
        self,
        common_name: str,
        issuer: "Made | None" = None,
        *,
        ca: bool = False,
        responder_url: str = "",
        answers: bool = False,
        days: int = 30,
        key: Any = None,
    ) -> None:
        self.key = key or ec.generate_private_key(ec.SECP256R1())
        above = issuer or self
        builder = (
            x509.CertificateBuilder()
            .subject_name(name_of(common_name))
            .issuer_name(name_of(common_name) if issuer is None else issuer.certificate.subject)
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - timedelta(days=60))
            .not_valid_after(NOW + timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=ca or issuer is None, path_length=None), critical=True)
        )
        if responder_url:
            access = x509.AccessDescription(
                AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(responder_url)
            )
            builder = builder.add_extension(x509.AuthorityInformationAccess([access]), critical=False)
        if answers:
            builder = builder.add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), critical=False
            )
        self.certificate = builder.sign(above.key, hashes.SHA256())

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()


class Responder:
    """An OCSP responder: `standing` by serial number, signed by `signer` (with its certificate along)."""

    def __init__(self, issuer: Made, signer: Made | None = None) -> None:
        self.issuer = issuer
        self.signer = signer or issuer
        self.known: dict[int, Made] = {}
        self.revoked: set[int] = set()
        self.asked = 0
        self.silent = False
        self.url = ""

    def add(self, made: Made) -> None:
        self.known[made.certificate.serial_number] = made

    def answer(self, question: bytes) -> bytes:
        self.asked += 1
        asked = ocsp.load_der_ocsp_request(question)
        made = self.known[asked.serial_number]
        revoked = asked.serial_number in self.revoked
        builder = ocsp.OCSPResponseBuilder().add_response(
            cert=made.certificate,
            issuer=self.issuer.certificate,
            algorithm=hashes.SHA256(),
            cert_status=ocsp.OCSPCertStatus.REVOKED if revoked else ocsp.OCSPCertStatus.GOOD,
            this_update=NOW - timedelta(minutes=1),
            next_update=NOW + timedelta(days=1),
            revocation_time=NOW - timedelta(days=1) if revoked else None,
            revocation_reason=None,
        )
        builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, self.signer.certificate)
        if self.signer is not self.issuer:
            builder = builder.certificates([self.signer.certificate])
        return builder.sign(self.signer.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


@asynccontextmanager
async def served(answer: Any, *, kind: str = "application/octet-stream") -> AsyncIterator[str]:
    """A small HTTP server; `answer` gets (path, headers, body) and returns (status, body)."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            lines = head.split("\r\n")
            headers = {
                name.lower(): value.strip()
                for name, _, value in (line.partition(":") for line in lines[1:] if ":" in line)
            }
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            status, content = answer(lines[0].split(" ")[1], headers, body)
            writer.write(
                f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(content)}\r\n"
                "Connection: close\r\n\r\n".encode()
                + content
            )
            await writer.drain()
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


@asynccontextmanager
async def responding(responder: Responder) -> AsyncIterator[Responder]:
    def answer(path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        return (500, b"") if responder.silent else (200, responder.answer(body))

    async with served(answer, kind="application/ocsp-response") as url:
        responder.url = url
        yield responder
