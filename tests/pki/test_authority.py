"""The authority makes TLS work at once, and keeps working without anybody watching it."""

import asyncio
import ssl
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from currant.kit.clock import ManualClock, SystemClock
from currant.pki.authority import Authority, CertificateFiles

NAMES = ("localhost", "127.0.0.1", "csms.example.org")


def validity_end(files: CertificateFiles) -> object:
    return x509.load_pem_x509_certificate(files.certificate.read_bytes()).not_valid_after_utc


@pytest.mark.parametrize("which", [0, 1], ids=["rsa", "ecdsa"])
async def test_a_client_that_holds_the_root_trusts_the_server(tmp_path: Path, which: int) -> None:
    authority = Authority.open(tmp_path / "pki", clock=SystemClock())
    files = authority.server_certificates(NAMES)[which]
    ours = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ours.load_cert_chain(files.certificate, files.key)

    async def hello(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hello")
        writer.close()

    server = await asyncio.start_server(hello, "127.0.0.1", 0, ssl=ours)
    port = server.sockets[0].getsockname()[1]
    theirs = ssl.create_default_context(cafile=str(authority.root))
    for name in ("localhost", "127.0.0.1", "csms.example.org"):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=theirs, server_hostname=name)
        assert await reader.read() == b"hello"
        writer.close()
    with pytest.raises(ssl.SSLCertVerificationError):
        await asyncio.open_connection("127.0.0.1", port, ssl=theirs, server_hostname="other.example.org")
    server.close()


async def test_a_station_shows_a_certificate_of_ours_and_is_known_by_it(tmp_path: Path) -> None:
    authority = Authority.open(tmp_path / "pki", clock=SystemClock())
    files = authority.server_certificates(NAMES)[1]
    issued = authority.issue_for_station("CP-1", organisation="Example Charging")
    (tmp_path / "station.pem").write_bytes(issued.certificate_pem)
    (tmp_path / "station.key").write_bytes(issued.key_pem)
    ours = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(authority.root))
    ours.load_cert_chain(files.certificate, files.key)
    ours.verify_mode = ssl.CERT_REQUIRED
    seen: list[bytes] = []

    async def look(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(writer.get_extra_info("ssl_object").getpeercert(binary_form=True))
        writer.close()

    server = await asyncio.start_server(look, "127.0.0.1", 0, ssl=ours)
    port = server.sockets[0].getsockname()[1]
    theirs = ssl.create_default_context(cafile=str(authority.root))
    theirs.load_cert_chain(tmp_path / "station.pem", tmp_path / "station.key")
    reader, writer = await asyncio.open_connection("localhost", port, ssl=theirs)
    await reader.read()
    writer.close()
    server.close()
    subject = x509.load_der_x509_certificate(seen[0]).subject
    assert subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == "CP-1"
    assert subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value == "Example Charging"


def test_the_root_stays_and_the_server_certificate_is_renewed_before_it_ends(tmp_path: Path) -> None:
    clock = ManualClock()
    authority = Authority.open(tmp_path, clock=clock)
    root = authority.root.read_bytes()
    first = [validity_end(files) for files in authority.server_certificates(NAMES)]

    clock.advance(timedelta(days=200))
    assert [validity_end(files) for files in authority.server_certificates(NAMES)] == first

    clock.advance(timedelta(days=120))
    again = Authority.open(tmp_path, clock=clock)
    assert all(validity_end(files) not in first for files in again.server_certificates(NAMES))
    assert again.root.read_bytes() == root


def test_a_new_host_name_gets_a_new_certificate_at_once(tmp_path: Path) -> None:
    authority = Authority.open(tmp_path, clock=ManualClock())
    before = authority.server_certificates(["localhost"])[0].certificate.read_bytes()
    after = authority.server_certificates(["localhost", "10.0.0.7"])[0].certificate.read_bytes()
    assert before != after
    assert authority.server_certificates(["localhost", "10.0.0.7"])[0].certificate.read_bytes() == after


def test_a_damaged_certificate_is_replaced(tmp_path: Path) -> None:
    authority = Authority.open(tmp_path, clock=ManualClock())
    files = authority.server_certificates(NAMES)[0]
    files.certificate.write_bytes(b"-----BEGIN")
    assert validity_end(authority.server_certificates(NAMES)[0])


def test_private_keys_are_readable_by_their_user_alone(tmp_path: Path) -> None:
    authority = Authority.open(tmp_path / "pki", clock=ManualClock())
    authority.server_certificates(NAMES)
    keys = sorted((tmp_path / "pki").glob("*.key"))
    assert [key.name for key in keys] == ["root.key", "server-ecdsa.key", "server-rsa.key"]
    assert all(stat.S_IMODE(key.stat().st_mode) == 0o600 for key in keys)
    assert stat.S_IMODE((tmp_path / "pki").stat().st_mode) == 0o700
