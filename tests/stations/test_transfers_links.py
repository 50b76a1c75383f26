"""Signed links, addresses, parts of files, and signatures over firmware: what is let through, and what is not."""

import base64
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from currant.api.ranges import Part, Unsatisfiable, part_wanted
from currant.kit.errors import Invalid
from currant.kit.ids import TransferId, new_id
from currant.stations.transfers import links
from currant.stations.transfers.addresses import check_address, masked
from currant.stations.transfers.addressing import fit_name
from currant.stations.transfers.links import Direction, ExpiredLink, Link, WrongLink
from currant.stations.transfers.signing import check_signature

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
KEY = links.key_for_links(b"k" * 32)


def word(direction: Direction = Direction.UP) -> str:
    link = Link(direction=direction, transfer_id=TransferId(new_id()), expires_at=NOW + timedelta(hours=1))
    return links.word_of(link, key=KEY)


def test_a_link_says_what_it_was_made_for() -> None:
    made = Link(
        direction=Direction.DOWN, transfer_id=TransferId(new_id()), expires_at=NOW + timedelta(hours=1)
    )
    text = links.word_of(made, key=KEY)
    assert len(text) == 50
    assert links.read(text, Direction.DOWN, key=KEY, now=NOW) == made
    with pytest.raises(WrongLink):
        links.read(text, Direction.UP, key=KEY, now=NOW)
    with pytest.raises(ExpiredLink):
        links.read(text, Direction.DOWN, key=KEY, now=NOW + timedelta(hours=1))
    with pytest.raises(WrongLink):
        links.read(text, Direction.DOWN, key=links.key_for_links(b"j" * 32), now=NOW)


@given(st.integers(0, 49), st.sampled_from("ABCxyz019-_"))
def test_no_letter_of_a_link_may_differ(place: int, letter: str) -> None:
    text = word()
    if text[place] == letter or place == 49:
        # The last letter holds bits that are not used.
        return
    with pytest.raises(WrongLink):
        links.read(text[:place] + letter + text[place + 1 :], Direction.UP, key=KEY, now=NOW)


@given(st.text(max_size=80))
def test_nothing_else_is_a_link(text: str) -> None:
    with pytest.raises(WrongLink):
        links.read(text, Direction.UP, key=KEY, now=NOW)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("ftp://u:p@h/x", "ftp://u:***@h/x"),
        ("ftp://token@h/x", "ftp://***@h/x"),
        ("https://h:8443/x?y=1", "https://h:8443/x?y=1"),
        ("https://h/files/up/AbC-_9/x.log", "https://h/files/up/***/x.log"),
    ],
)
def test_addresses_are_shown_without_their_secrets(url: str, shown: str) -> None:
    assert masked(url) == shown


@pytest.mark.parametrize(
    "url", ["https://h/x", "ftp://u:p@h:21/x/", "sftp://[::1]/x", "http://10.0.0.1:8080/a?b=c"]
)
def test_addresses_that_stations_can_use(url: str) -> None:
    check_address(url)


@pytest.mark.parametrize(
    "url", ["", "h/x", "file:///etc/passwd", "http://", "http://h:99999/", "http://h/\n", "http://h/ü"]
)
def test_addresses_that_none_can_use(url: str) -> None:
    with pytest.raises(Invalid):
        check_address(url)


@pytest.mark.parametrize(
    ("name", "fit"),
    [
        ("C:\\logs\\a b.log", "a_b.log"),
        ("../../etc/passwd", "passwd"),
        ("..", ""),
        ("x" * 100 + ".tar", "x" * 56 + ".tar"),
        ("über.bin", "ber.bin"),
    ],
)
def test_names_of_files_are_made_fit_for_addresses(name: str, fit: str) -> None:
    assert fit_name(name) == fit


@pytest.mark.parametrize(
    ("wanted", "part"),
    [
        ("bytes=0-9", Part(0, 10)),
        ("bytes=90-", Part(90, 100)),
        ("bytes=90-500", Part(90, 100)),
        ("bytes=-5", Part(95, 100)),
        ("bytes=-500", Part(0, 100)),
        ("bytes=5-3", None),
        ("bytes=0-1,5-6", None),
        ("lines=1-2", None),
        ("bytes=-", None),
        ("", None),
    ],
)
def test_parts_of_a_file(wanted: str, part: Part | None) -> None:
    assert part_wanted(wanted, if_range="", tag='"t"', changed_at=NOW, size=100) == part


@pytest.mark.parametrize("wanted", ["bytes=100-", "bytes=-0"])
def test_parts_that_no_file_has(wanted: str) -> None:
    with pytest.raises(Unsatisfiable):
        part_wanted(wanted, if_range="", tag='"t"', changed_at=NOW, size=100)


@pytest.mark.parametrize(
    ("if_range", "resumed"),
    [
        ('"t"', True),
        ('W/"t"', False),
        ('"u"', False),
        ("Sat, 31 Jan 2026 12:00:00 GMT", True),
        ("Sat, 31 Jan 2026 11:00:00 GMT", False),
        ("yesterday", False),
    ],
)
def test_a_download_goes_on_only_while_the_file_is_the_same(if_range: str, resumed: bool) -> None:
    found = part_wanted("bytes=10-", if_range=if_range, tag='"t"', changed_at=NOW, size=100)
    assert (found is not None) == resumed


Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
IMAGE = b"an image"
DIGEST = hashes.Hash(hashes.SHA256())
DIGEST.update(IMAGE)
SHA256 = DIGEST.finalize()


def certificate(key: Key, *, days: int = 30) -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Firmware signing")])
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW - timedelta(days=60))
        .not_valid_after(NOW + timedelta(days=days))
    )
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return built.sign(key, algorithm).public_bytes(serialization.Encoding.PEM).decode()


RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC = ec.generate_private_key(ec.SECP256R1())
PSS = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=32)


def by_pss(content: bytes) -> bytes:
    return RSA.sign(content, PSS, hashes.SHA256())


def by_ecdsa(content: bytes) -> bytes:
    return EC.sign(content, ec.ECDSA(hashes.SHA256()))


def by_pkcs1(content: bytes) -> bytes:
    return RSA.sign(content, padding.PKCS1v15(), hashes.SHA256())


@pytest.mark.parametrize(("key", "sign"), [(RSA, by_pss), (EC, by_ecdsa)])
def test_a_right_signature_is_right(key: Key, sign: Callable[[bytes], bytes]) -> None:
    signature = base64.b64encode(sign(IMAGE)).decode()
    check_signature(SHA256, certificate(key), signature, now=NOW)
    with pytest.raises(Invalid, match="another file"):
        check_signature(SHA256, certificate(key), base64.b64encode(sign(b"other")).decode(), now=NOW)


def test_a_signature_that_stations_refuse_is_refused_here_in_words() -> None:
    signature = base64.b64encode(by_pkcs1(IMAGE)).decode()
    with pytest.raises(Invalid, match="PSS"):
        check_signature(SHA256, certificate(RSA), signature, now=NOW)
    right = base64.b64encode(by_pss(IMAGE)).decode()
    with pytest.raises(Invalid, match="valid from"):
        check_signature(SHA256, certificate(RSA, days=-1), right, now=NOW)
    with pytest.raises(Invalid, match="PEM"):
        check_signature(SHA256, "no certificate", right, now=NOW)
    with pytest.raises(Invalid, match="Base64"):
        check_signature(SHA256, certificate(RSA), "***", now=NOW)
    other = certificate(ed25519.Ed25519PrivateKey.generate())
    with pytest.raises(Invalid, match="elliptic"):
        check_signature(SHA256, other, right, now=NOW)
    small = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    with pytest.raises(Invalid, match="1024 bits"):
        check_signature(SHA256, certificate(small), right, now=NOW)
