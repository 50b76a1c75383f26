"""OCPP 2.0.1, block A: who is let in, by a password or a certificate, and over which TLS."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from installation import Site
from secured import PASSWORD, booted, certified, comes, let_in, secured, shown, told, trusting
from shows import shows

from currant.kit.clock import ManualClock, SystemClock
from currant.pki.authority import Authority

pytestmark = pytest.mark.asyncio(loop_scope="module")

SUITES = (
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "AES128-GCM-SHA256",
    "AES256-GCM-SHA384",
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    async with secured(tmp_path_factory.mktemp("currant")) as built:
        yield built


# Passwords


@pytest.mark.parametrize("encrypted", [False, True])
@shows("TC_A_01_CSMS", "TC_A_02_CSMS", "TC_A_03_CSMS")
async def test_a_name_and_its_password_are_let_in_and_no_others(site: Site, encrypted: bool) -> None:
    identity = await site.register(password=PASSWORD, security_profile=2 if encrypted else 1)
    tls = await trusting(site) if encrypted else None
    assert not await let_in(site, identity, user=f"{identity}Invalid", password=PASSWORD, tls=tls)
    assert not await let_in(site, identity, password=PASSWORD[::-1], tls=tls)
    assert not await let_in(site, identity, tls=tls)
    assert await told(site, "FailedToAuthenticateAtCsms", identity)
    assert await let_in(site, identity, password=PASSWORD, tls=tls)


# TLS


async def greeted(site: Site, context: ssl.SSLContext) -> ssl.SSLObject:
    """What TLS agreed on with the server."""
    _, writer = await asyncio.open_connection(
        "127.0.0.1", site.currant.gateway.ports.tls, ssl=context, server_hostname="localhost"
    )
    writer.close()
    agreed = writer.get_extra_info("ssl_object")
    assert isinstance(agreed, ssl.SSLObject)
    return agreed


@pytest.mark.parametrize("suite", SUITES)
@shows("TC_A_04_CSMS")
async def test_the_server_s_certificate_and_ciphers_are_as_the_profiles_ask(site: Site, suite: str) -> None:
    identity = await site.register(password=PASSWORD, security_profile=2)
    context = await trusting(site)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(suite)
    agreed = await greeted(site, context)
    assert agreed.version() == "TLSv1.2"
    assert (agreed.cipher() or ("",))[0] == suite
    der = agreed.getpeercert(binary_form=True)
    assert der is not None
    certificate = x509.load_der_x509_certificate(der)
    key = certificate.public_key()
    if "ECDSA" in suite:
        assert isinstance(key, ec.EllipticCurvePublicKey)
        assert key.key_size >= 224
    else:
        assert isinstance(key, rsa.RSAPublicKey)
        assert key.key_size >= 2048
    assert certificate.serial_number > 0
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    assert [each.value for each in names] == ["localhost"]
    assert await let_in(site, identity, password=PASSWORD, tls=context)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
@shows("TC_A_06_CSMS")
async def test_tls_below_1_2_is_turned_away(site: Site) -> None:
    identity = await site.register(password=PASSWORD, security_profile=2)
    old = await trusting(site)
    old.minimum_version = ssl.TLSVersion.TLSv1
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    # OpenSSL itself would not try it.
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await greeted(site, old)
    # It was the server that broke off, and it knows why.
    assert await told(site, "InvalidTLSVersion")
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        new = await trusting(site)
        new.maximum_version = version
        assert await let_in(site, identity, password=PASSWORD, tls=new)


@pytest.mark.parametrize("suite", SUITES)
@shows("TC_A_07_CSMS")
async def test_a_certificate_is_enough(site: Site, tmp_path: Path, suite: str) -> None:
    identity = await site.register(security_profile=3)
    context = await certified(site, tmp_path, identity)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(suite)
    async with comes(site, identity, tls=context) as station:
        await booted(station)
        found = await site.ask("GET", f"/stations/{identity}")
        assert found["connection"]["security_profile"] == 3


async def unknown(site: Site, folder: Path, identity: str) -> ssl.SSLContext:
    stranger = Authority.open(folder / "stranger", clock=SystemClock())
    issued = stranger.issue_for_station(identity, organisation=site.currant.settings.operator)
    return shown(folder, await trusting(site), issued.certificate_pem, issued.key_pem)


async def expired(site: Site, folder: Path, identity: str) -> ssl.SSLContext:
    return await certified(
        site, folder, identity, clock=ManualClock(SystemClock().now() - timedelta(days=2000))
    )


async def another_s(site: Site, folder: Path, identity: str) -> ssl.SSLContext:
    return await certified(site, folder, "SOMEBODY-ELSE")


@pytest.mark.parametrize("wrong", [unknown, expired, another_s])
@shows("TC_A_08_CSMS")
async def test_a_wrong_certificate_is_not_enough(site: Site, tmp_path: Path, wrong: Any) -> None:
    identity = await site.register(security_profile=3)
    assert not await let_in(site, identity, tls=await wrong(site, tmp_path, identity))
    # Nor is a password instead of it.
    await site.ask("POST", f"/stations/{identity}/password", json={"password": PASSWORD})
    assert not await let_in(site, identity, tls=await trusting(site), password=PASSWORD)
    assert await told(site, "InvalidChargingStationCertificate", identity)
    assert await let_in(site, identity, tls=await certified(site, tmp_path, identity))
